"""Claim C20: united front, realistic offer, quiet channel, each on and off, in the world of 2012.

    python benchmarks/c20.py [--runs N] [--set NAME=VALUE]

All combinations meet the same futures. The tables are those of docs/crises/us-iran-2012.md.
"""

from __future__ import annotations

import argparse

import numpy as np

from offramp.language.check import load
from offramp.runs.design import Design
from offramp.runs.simulate import simulate

# (name of the policy, front, offer, channel)
COMBINATIONS = (
    ("front_offer_channel", "on", "on", "on"),
    ("front_offer", "on", "on", "-"),
    ("offer_channel", "-", "on", "on"),
    ("offer_only", "-", "on", "-"),
    ("front_channel", "on", "-", "on"),
    ("front_only", "on", "-", "-"),
    ("channel_only", "-", "-", "on"),
    ("none_of_three", "-", "-", "-"),
    ("without_pressure", "on", "on", "on, pressure off"),
    ("baseline", "as it was", "as it was", "as it was"),
)
# What happened: variable, date, value, where it was published.
HAPPENED = (
    ("leu", "2013-11-01", 4836, "IAEA GOV/2013/56: 7,154 kg UF6"),
    ("heu_20", "2013-11-01", 132, "IAEA GOV/2013/56: 196 kg UF6"),
    ("dollar_rate", "2012-10-01", 33690, "bonbast.com archive, mean of October 2012"),
    ("dollar_rate", "2013-11-01", 29820, "bonbast.com archive, mean of November 2013"),
    ("oil_price", "2013-11-01", 108, "EIA, Brent, mean of November 2013"),
    ("gdp", "2013-01-01", 83, "IMF, growth of 2012 to 2016 chained back from 2017"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    asked = parser.parse_args()
    model = load("us-iran-2012")
    overrides = {name: float(value) for name, value in (s.split("=") for s in asked.set)}
    names = [name for name, *_ in COMBINATIONS]
    runs = simulate(Design(model, names, asked.runs, seed=20120701, overrides=overrides))
    dates = [d.isoformat() for d in model.dates]
    print("| front | offer | channel | interim deal by 2014 | by 2016 | settlement by 2016 | war |")
    print("|---|---|---|---|---|---|---|")
    for name, *parts in COMBINATIONS:
        steps = runs.outcome_step.sel(policy=name)

        def share(outcome: str, by: str, steps: object = steps) -> float:
            found = steps.sel(outcome=outcome).to_numpy()  # type: ignore[attr-defined]
            return float(np.mean((found >= 0) & (found < dates.index(by))))

        chances = [
            share("interim_deal", "2014-01-01"),
            share("interim_deal", "2016-01-01"),
            share("comprehensive_deal", "2016-01-01"),
            share("war", "2016-01-01"),
        ]
        print(f"| {' | '.join(parts)} | {' | '.join(f'{c:.2f}' for c in chances)} |")
    print("\n| | date | happened | model: 5 % | median | 95 % | source |\n|---|---|---|---|---|---|---|")
    titles = {v.name: v.title for v in model.variables}
    for name, day, value, source in HAPPENED:
        course = runs[name].sel(policy="baseline").isel(time=dates.index(day)).to_numpy()
        shown = " | ".join(f"{x:,.0f}" for x in (value, *np.quantile(course, [0.05, 0.5, 0.95])))
        print(f"| {titles[name]} | {day} | {shown} | {source} |")


if __name__ == "__main__":
    main()
