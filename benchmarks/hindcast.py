"""How a model from its priors alone covers what happened: intervals of each series, counts of each act.

    python benchmarks/hindcast.py [MODEL] [--runs N] [--until DATE] [--seed S]

MODEL (us-iran-2018 if left out) has an `evidence` section. For every row that describes a time between the
start and `--until`, each future predicts what would have been published: its own value and an error as the
section says. Nothing is fitted. A central interval of 50 % should cover half of the rows of a series, one of
90 % nine in ten; rows of one series are close relatives of each other, so few rows tell little. Counts are
summed over the whole time. Series that did not move in the time are left out.
"""

from __future__ import annotations

import argparse
from datetime import date

import numpy as np
import xarray as xr

from offramp.language.check import load
from offramp.model import Evidence, Model, Row
from offramp.runs.design import Design
from offramp.runs.simulate import simulate


def values(runs: xr.Dataset, model: Model, observed: Evidence, row: Row) -> np.ndarray:
    """(scenario,) of the variable on the day of a row, or its mean over the period."""
    path = runs[observed.observes].to_numpy()
    last = row.until or row.day
    first, end = model.months_at(row.day), model.months_at(last)
    length = model.step_length
    points = np.clip(np.linspace(first, end, 1 if row.until is None else 9) / length, 0, model.steps)
    below = np.minimum(points.astype(int), model.steps - 1)
    share = points - below
    return (path[:, below] * (1 - share) + path[:, below + 1] * share).mean(axis=1)


def published(x: np.ndarray, observed: Evidence, luck: np.random.Generator) -> np.ndarray:
    """What would have been published of it."""
    z = luck.standard_normal(len(x))
    if observed.error == "lognormal":
        return x * np.exp(observed.share * z)
    return x + z * np.sqrt(observed.sd**2 + (observed.share * x) ** 2)


def counts(runs: xr.Dataset, model: Model, observed: Evidence, first: date, last: date) -> np.ndarray:
    """(scenario,) how often it happens in the steps from one day to another."""
    steps = slice(max(0, model.step_of(first)), model.step_of(last))
    if observed.kind == "event":
        return runs.event_count.sel(event=observed.observes).to_numpy()[:, steps].sum(axis=1)
    actor, act = observed.observes.split("/")
    names = [a.name for a in next(a for a in model.actors if a.name == actor).actions]
    return (runs.action.sel(actor=actor).to_numpy()[:, steps] == names.index(act)).sum(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("model", nargs="?", default="us-iran-2018")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--until", type=date.fromisoformat, default=date(2020, 6, 30))
    parser.add_argument("--seed", type=int, default=20180501)
    asked = parser.parse_args()
    model = load(asked.model)
    runs = simulate(Design(model, scenarios=asked.runs, seed=asked.seed)).isel(policy=0)
    runs = runs.isel(scenario=np.flatnonzero(runs.status.to_numpy() == 0))
    luck = np.random.default_rng(asked.seed)
    print(f"{model.title}: {runs.sizes['scenario']} futures, {model.start} to {asked.until}\n")
    print("| series | rows | in 50 % | in 90 % | mean rank |\n|---|---|---|---|---|")
    every = []
    for observed in model.evidence:
        if observed.kind != "variable":
            continue
        ranks, seen = [], set()
        for row in observed.rows:
            if model.start <= row.day and (row.until or row.day) <= asked.until:
                predicted = published(values(runs, model, observed, row), observed, luck)
                ranks.append(float(np.mean(predicted < row.value)))
                seen.add(row.value)
        if len(seen) < 2:  # nothing moved: to have been right about that is no feat
            continue
        every += ranks
        print(line(observed.title or observed.name, ranks))
    print(line("all", every))
    print("\n| counted | happened | model: 5 % | median | 95 % |\n|---|---|---|---|---|")
    for observed in model.evidence:
        if observed.kind == "variable":
            continue
        first, last = observed.start or model.start, min(asked.until, observed.end or asked.until)
        happened = sum(r.value for r in observed.rows if first <= r.day <= last)
        mean = observed.listed * counts(runs, model, observed, first, last)
        mean = mean + observed.stray * (model.months_at(last) - model.months_at(first))
        low, middle, high = np.quantile(luck.poisson(mean), [0.05, 0.5, 0.95])
        print(f"| {observed.title or observed.name} | {happened:g} | {low:g} | {middle:g} | {high:g} |")


def line(title: str, ranks: list[float]) -> str:
    """Of one series: how many rows its intervals cover, and where in the forecasts they lie on average."""
    if not ranks:
        return f"| {title} | 0 | | | |"
    r = np.array(ranks)
    inside = [float(np.mean(np.abs(r - 0.5) <= level / 2)) for level in (0.5, 0.9)]
    return f"| {title} | {len(r)} | {inside[0]:.2f} | {inside[1]:.2f} | {r.mean():.2f} |"


if __name__ == "__main__":
    main()
