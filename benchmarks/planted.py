"""Planted worlds: does calibration find the parameters that made the data, and is it as sure as it may be?

    python benchmarks/planted.py [WORLDS] [RUNS]

Draws worlds from the prior of a small crisis (seven uncertain numbers; noise, a logit choice, random events),
publishes what would be published of each, and calibrates on that. By construction a true value is equally
likely at every rank among draws of its posterior (simulation-based calibration; Talts and others 2018, arXiv
1804.06788), so 50 and 90 % intervals must hold it in 50 and 90 % of worlds. Three methods get the same number
of runs (RUNS, 20,000 if left out):

* worlds and luck: offramp.truth.calibration
* ABC: population Monte Carlo with a falling tolerance on the distance of what is published (Beaumont and
  others 2009, Biometrika 96), 5 rounds, the last tolerance keeps a tenth
* synthetic likelihood: population Monte Carlo in which 20 runs of a world give mean and variance of each
  figure (Wood 2010, Nature 466; independent normals), 4 rounds

Prints coverage, mean width of the 90 % interval against the prior's, and the distance of posterior mean from
truth in standard deviations of the prior.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.spatial.distance import cdist

from offramp import load
from offramp.model import Model, Row
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import engine_for
from offramp.truth.calibration import Sampling, calibrate
from offramp.truth.evidence import Record, with_error
from offramp.truth.sampler import Sampler
from offramp.truth.worlds import Worlds

CRISIS = """
model: {name: planted, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 18}
variables:
  tension: {unit: points, initial: "normal(40, 8)", change: fading * (calm - tension), noise: 4,
            bounds: [0, 100], saturates: true}
  arms: {unit: index, initial: 20, change: 0.02 / month * arms, bounds: [0, 500], saturates: true}
parameters:
  fading: {unit: 1/month, value: "lognormal(0.15, 0.4)"}
  calm: {unit: points, value: "normal(35, 8)"}
  resolve: {value: "normal(0, 1)"}
  fear: {unit: 1/points, value: "lognormal(0.03, 0.5)"}
  heat: {unit: points, value: "lognormal(6, 0.4)"}
  accident: {unit: 1/month, value: "lognormal(0.3, 0.6)"}
actors:
  blue:
    actions:
      wait: {propensity: 1}
      press: {propensity: resolve, effects: {tension: heat, arms: 1}}
      talk: {propensity: fear * tension - 1, effects: {tension: -heat}}
events:
  incident: {rate: accident * tension / 40, effects: {tension: 3}}
evidence:
  tensions: {observes: tension, data: seen.csv, series: tension, error: normal, sd: 4}
  presses: {observes: blue/press, data: seen.csv, series: press, error: poisson, window: 3, stray: 0.05}
  incidents: {observes: incident, data: seen.csv, series: incident, error: poisson, window: 3, stray: 0.05}
"""
END = date(2021, 7, 1)
WORLDS, RUNS = 60, 20_000
Draws = dict[str, np.ndarray]


def small_crisis(folder: Path) -> Model:
    """The crisis beside a table that does not matter: rows are planted."""
    head = "series,date,until,known,value,unit,source,note\n"
    rows = "".join(f"{s},2019-01-01,,2019-01-01,1,,none,\n" for s in ("tension", "press", "incident"))
    (folder / "seen.csv").write_text(head + rows)
    (folder / "planted.yaml").write_text(CRISIS)
    return load(folder / "planted.yaml")


def planted(model: Model, number: int) -> tuple[Model, Draws]:
    """A world of the prior, and the model with what is published of it every two months."""
    design = Design(model, scenarios=[number], seed=123)
    inputs = design.inputs("baseline")
    run = engine_for(model).run(inputs)
    rng = np.random.default_rng(number)
    tension, press, incident = model.evidence
    path = run.state[0, :, [v.name for v in model.variables].index("tension")]
    published = [(model.date_of(k), with_error(tension, path[k : k + 1], 1, rng)[0]) for k in range(2, 19, 2)]
    rows = [Row(day, None, day + timedelta(20), float(v)) for day, v in published]
    actions, events = run.action[0, :, 0] == 1, run.event[0, :, 0]
    counted = []
    for evidence, happened in ((press, actions), (incident, events)):
        some = []
        for k in range(0, 18, 3):
            n = with_error(evidence, np.array([float(happened[k : k + 3].sum())]), 3, rng)[0]
            some.append(Row(model.date_of(k), None, model.date_of(k), float(n)))
        counted.append(replace(evidence, rows=tuple(some)))
    truth = {p.name: inputs.parameters[0, i] for i, p in enumerate(model.parameters)}
    return replace(model, evidence=(replace(tension, rows=tuple(rows)), *counted)), truth


def moving(model: Model, runs: int, seed: int) -> Draws:
    """Worlds and luck."""
    # Particles for about so many runs: two moves in five sweeps, some seven stages.
    sampling = Sampling(particles=max(40, runs // 75), chains=1, seed=seed)
    found = calibrate(model, END, sampling, how=How(threads=1))
    return {name: v.ravel() for name, v in found.parameters().items()}


def abc(model: Model, runs: int, seed: int) -> Draws:
    """Population Monte Carlo with a falling tolerance, on the normal scale of the prior."""
    return _population(model, runs, seed, rounds=5, per_world=1, synthetic=False)


def synthetic(model: Model, runs: int, seed: int) -> Draws:
    """Population Monte Carlo with a synthetic likelihood."""
    return _population(model, runs, seed, rounds=4, per_world=20, synthetic=True)


def _population(model: Model, runs: int, seed: int, rounds: int, per_world: int, synthetic: bool) -> Draws:
    rng = np.random.default_rng(seed)
    worlds, record = Worlds(model, None, seed), Record(model, END)
    sampler = Sampler(worlds, engine_for(model), threads=1)
    y = np.array([p.value for p in record.points])
    count = runs // (rounds * per_world)
    d = worlds.dimensions
    z, weights = rng.standard_normal((count, d)), np.full(count, 1 / count)
    scale = None
    for r in range(rounds):
        if r:
            spread = 2 * np.cov(z.T, aweights=weights) + 1e-9 * np.eye(d)
            chosen = z[rng.choice(len(z), count, p=weights)]
            new = chosen + rng.multivariate_normal(np.zeros(d), spread, count)
            half = np.linalg.inv(np.linalg.cholesky(spread)).T
            kernel = np.exp(-0.5 * cdist(new @ half, z @ half, "sqeuclidean")) @ weights
            log_prior = -0.5 * (new**2).sum(axis=1)
        else:
            new, kernel, log_prior = z, np.ones(count), np.zeros(count)
        lineage = (2**40 * (r + 1) + np.arange(count * per_world))[:, None] + np.zeros(
            (1, model.steps), np.int64
        )
        outputs = sampler.play(np.repeat(new, per_world, axis=0), lineage.astype(np.int64), record.steps)
        shown = record.replicated(outputs, rng).reshape(count, per_world, -1)
        if synthetic:
            mean, var = shown.mean(axis=1), shown.var(axis=1, ddof=1) + 1e-2
            log_like = -0.5 * ((y - mean) ** 2 / var + np.log(var)).sum(axis=1)
            log_w = log_like / (1 if r == rounds - 1 else 4 / (r + 1)) + log_prior - np.log(kernel)
        else:
            scale = shown[:, 0].std(axis=0) + 1e-9 if scale is None else scale
            distance = np.sqrt((((shown[:, 0] - y) / scale) ** 2).sum(axis=1))
            near = distance <= np.quantile(distance, 0.5 if r < rounds - 1 else 0.1)
            log_w = np.where(near, log_prior - np.log(kernel), -np.inf)
        weights = np.exp(log_w - log_w.max())
        z, weights = new, weights / weights.sum()
        keep = weights > 0
        z, weights = z[keep], weights[keep] / weights[keep].sum()
    again = z[rng.choice(len(z), 400, p=weights)]
    values = worlds.inputs(_unit(again), np.zeros((len(again), model.steps), np.int64)).parameters
    return {p.name: values[:, i] for i, p in enumerate(model.parameters)}


def _unit(z: np.ndarray) -> np.ndarray:
    from offramp.truth.worlds import to_unit

    return to_unit(z)


def measured(method: Callable[[Model, int, int], Draws], worlds: int, runs: int) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        model = small_crisis(Path(folder))
        prior = Design(model, scenarios=2000, seed=9).inputs("baseline").parameters
        spread = {p.name: prior[:, i].std() for i, p in enumerate(model.parameters)}
        width = {
            p.name: np.ptp(np.quantile(prior[:, i], [0.05, 0.95])) for i, p in enumerate(model.parameters)
        }
        half, most, narrow, off, ranks = [], [], [], [], []
        began = time.perf_counter()
        for number in range(worlds):
            seen, truth = planted(model, number)
            found = method(seen, runs, number)
            for name, value in truth.items():
                q = np.quantile(found[name], [0.05, 0.25, 0.75, 0.95])
                half.append(q[1] <= value <= q[2])
                most.append(q[0] <= value <= q[3])
                narrow.append((q[3] - q[0]) / width[name])
                off.append(abs(found[name].mean() - value) / spread[name])
                ranks.append((found[name] < value).mean())
        counts = np.histogram(ranks, 10, (0, 1))[0]
        expected = len(ranks) / 10
    return {
        "in 50 %": float(np.mean(half)), "in 90 %": float(np.mean(most)), "width": float(np.mean(narrow)),
        "distance": float(np.mean(off)),
        "chi2 of ranks (9)": float(((counts - expected) ** 2 / expected).sum()),
        "seconds each": (time.perf_counter() - began) / worlds, "ranks": counts.tolist(),
    }  # fmt: skip


if __name__ == "__main__":
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else WORLDS
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else RUNS
    for title, method in (("worlds and luck", moving), ("ABC", abc), ("synthetic likelihood", synthetic)):
        found = measured(method, worlds, runs)
        print(title, {k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()}, flush=True)
