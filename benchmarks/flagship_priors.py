"""The figures of "Prior predictive check" in docs/crises/us-iran-2020.md, as Markdown tables.

`python benchmarks/flagship_priors.py [--scenarios N]`: futures drawn from the priors, before any calibration.
"""

from __future__ import annotations

import argparse

import numpy as np
import xarray as xr

from offramp.language.check import load
from offramp.runs.design import Design
from offramp.runs.simulate import simulate

LEVELS = (
    ("breakout time, start, months", "breakout", 0, 1),
    ("breakout time, 1 January 2021", "breakout", 7, 1),
    ("breakout time, end of 2021", "breakout", 19, 1),
    ("enriched uranium, 1 January 2021, kg", "leu", 7, 1),
    ("enriched uranium, end of 2021, kg", "leu", 19, 1),
    ("oil exports, end of 2021, million barrels a day", "oil_exports", 19, 1),
    ("GDP, end of 2021 (2017 = 100)", "gdp", 19, 1),
    ("dollar, end of 2021, thousand rial", "dollar_rate", 19, 1000),
    ("tension, end of 2021", "tension", 19, 1),
    ("coalition, end of 2021", "coalition", 19, 1),
)
ALL_2020 = 7


def came(data: xr.Dataset, outcome: str, by: int) -> float:
    """Share of futures, in percent, in which an outcome came within `by` steps."""
    step = data["outcome_step"].sel(outcome=outcome).values
    return float(100 * ((step >= 0) & (step < by)).mean())


def number(data: xr.Dataset, actor: str, action: str) -> np.ndarray:
    """Whether the actor did the act, by future and step."""
    actions = [a.name for a in next(a for a in load("us-iran-2020").actors if a.name == actor).actions]
    done: np.ndarray = data["action"].sel(actor=actor).values == actions.index(action)
    return done


def recently(mask: np.ndarray, months: int = 3) -> np.ndarray:
    """Whether the mask held in any of the months before each."""
    found = np.zeros_like(mask)
    for k in range(mask.shape[1]):
        found[:, k] = mask[:, max(0, k - months) : k].any(axis=1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenarios", type=int, default=2000)
    options = parser.parse_args()
    model = load("us-iran-2020")
    data = simulate(Design(model, scenarios=options.scenarios, seed=20200601)).isel(policy=0)
    print("failed:", int((data["status"] != 0).sum()))
    print("| | 5 % | median | 95 % |\n|---|---|---|---|")
    for title, name, month, scale in LEVELS:
        low, middle, high = np.quantile(data[name].isel(time=month) / scale, [0.05, 0.5, 0.95])
        print(f"| {title} | {low:.4g} | {middle:.4g} | {high:.4g} |")
    print("\n| outcome | by the end of 2020 | by the end of 2021 |\n|---|---|---|")
    for outcome in model.outcomes:
        if not outcome.otherwise:
            early, late = (came(data, outcome.name, by) for by in (ALL_2020, 10**6))
            print(f"| {outcome.title} | {early:.1f} % | {late:.1f} % |")
    lived = (data["action"].sel(actor="tehran").values >= 0).sum() / 12
    print("\nA year sees, of events:")
    for event in model.events:
        if event.rate is not None:
            count = float(data["event_count"].sel(event=event.name).values.clip(0).sum())
            print(f"  {event.title}: {count / lived:.2f}")
    if "ladder_rung" in data:
        for ladder in model.ladders:
            rung = data["ladder_rung"].sel(ladder=ladder.name).values
            print(f"  {ladder.title}: {(rung >= 0).sum() / lived:.2f}; highest rung:")
            for k, one in enumerate(ladder.rungs):
                print(f"    {one.title}: {100 * (rung == k).sum() / max(1, (rung >= 0).sum()):.1f} %")
    blow = number(data, "washington", "kill_commander") | number(data, "washington", "strike_iran")
    deaths = data["event_count"].sel(event="deadly_rockets").values > 0
    hit = number(data, "tehran", "attack_partners") | number(data, "tehran", "down_drone") | deaths
    for title, act, cause in (
        ("Salvo; after a commander killed or Iran struck", number(data, "tehran", "missile_salvo"), blow),
        ("Commander killed; after deaths", number(data, "washington", "kill_commander"), deaths),
        (
            "Iran struck; after deaths, partners hit or a drone down",
            number(data, "washington", "strike_iran"),
            hit,
        ),
        (
            "Militia struck; after deaths, partners hit or a drone down",
            number(data, "washington", "strike_militia"),
            hit,
        ),
    ):
        fresh = recently(cause) | (cause if cause is not blow else False)
        print(
            f"{title}: in {100 * act.any(axis=1).mean():.1f} % of futures; {100 * fresh[act].mean():.0f} % of"
            f" them within three months ({100 * fresh.mean():.0f} % of all months)"
        )
    for supposition in data["supposition"].values:
        belief = np.nanmean(data["belief"].sel(supposition=supposition).values, axis=0)
        means = ", ".join(f"{belief[k]:.2f}" for k in (0, ALL_2020, -1))
        print(f"belief {supposition}: {means}")
    challenger = data["new_administration"].isel(time=-1).values > 0.5
    for outcome_name in ("return_talks_begin", "comprehensive_deal"):
        share = (data["outcome_step"].sel(outcome=outcome_name).values[challenger] >= 0).mean()
        print(f"{outcome_name} where a new administration came: {100 * share:.0f} %")


if __name__ == "__main__":
    main()
