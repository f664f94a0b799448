"""Does the calendar matter? The flagship in months and in weeks, and with decisions every week.

`python benchmarks/flagship_calendar.py [--scenarios N] [--depth D]` prints a Markdown table. The weekly
variant is the same file with another step: if model and calendar are consistent, only the sampling error is
left. The third column is no question of the calendar but of behaviour: governments that settle every week
(`rhythm`), acts being as frequent by habit.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import xarray as xr

from offramp.language.check import load, loads
from offramp.model import Model
from offramp.runs.design import Design
from offramp.runs.simulate import simulate

OUTCOMES = ("war", "comprehensive_deal", "interim_deal", "strike_on_iran", "americans_killed", "capitulation")
VARIABLES = (
    "tension", "attacks", "ships_hit", "killings", "breakout", "leu", "oil_exports", "gdp", "hardliners",
    "coalition",
)  # fmt: skip
WEEK = 7 / 30.436875


def variant(weekly: bool, depth: int | None, crisis: str = "us-iran-2020") -> Model:
    """The crisis by months or by weeks; with `depth`, the deeper actors think only so deep."""
    model = load(crisis)
    if weekly:
        model = loads(model.text.replace("step: month, steps: 19", "step: week, steps: 83"))
    if depth is None:
        return model
    actors = tuple(
        replace(a, depth=min(a.depth, depth), inner_horizon=a.inner_horizon if depth > 1 else None)
        for a in model.actors
    )
    return replace(model, actors=actors)


def run(model: Model, scenarios: int, rhythm: float | None = None) -> xr.Dataset:
    overrides = {} if rhythm is None else {"rhythm": rhythm}
    return simulate(Design(model, scenarios=scenarios, seed=20200601, overrides=overrides)).isel(policy=0)


def share_with(data: xr.Dataset, outcome: str) -> float:
    """Share of futures, in percent, in which an outcome came."""
    return float(100 * (data["outcome_step"].sel(outcome=outcome) >= 0).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--depth", type=int, help="think at most so deep (faster)")
    options = parser.parse_args()
    columns = [
        run(variant(False, options.depth), options.scenarios),
        run(variant(True, options.depth), options.scenarios),
        run(variant(True, options.depth), options.scenarios, rhythm=WEEK),
    ]
    print("| | months | weeks | weeks, decisions every week | sampling error |")
    print("|---|---|---|---|---|")
    for name in OUTCOMES:
        values = [share_with(data, name) for data in columns]
        p = values[0] / 100
        error = 100 * np.sqrt(2 * p * (1 - p) / options.scenarios)
        print(f"| {name} | " + " | ".join(f"{v:.1f} %" for v in values) + f" | {error:.1f} |")
    for name in VARIABLES:
        last = [data[name].isel(time=-1).values for data in columns]
        error = np.std(last[0]) * np.sqrt(2 / options.scenarios)
        print(f"| {name}, end | " + " | ".join(f"{v.mean():.4g}" for v in last) + f" | {error:.2g} |")


if __name__ == "__main__":
    main()
