"""Runs played with what is known to have come in some of their steps: both engines alike, and rightly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from offramp import loads
from offramp.engine.inputs import Observed
from offramp.engine.outputs import lengths
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from random_models import ModelMaker

MODEL = """
model: {name: known, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 4}
variables:
  x: {initial: 0, noise: 1, headline: true}
  y: {initial: 1, change: 0.1 / month * x, headline: true}
parameters: {r: {unit: 1/month, value: 3}}
actors: {red: {actions: {wait: {}, strike: {propensity: 0.1 * x, effects: {x: 1}}, talk: {propensity: 1}}}}
events:
  raid: {rate: "r * max(0.1, 1 + 0.1 * x)", effects: {x: 1}}
  fall: {rate: 0.3 / month, once: true, effects: {x: -1}}
"""
ENGINES = ("oracle", "compiled")


def nothing(model):
    size = lengths(model)
    shape = (model.steps, size["event"])
    return Observed(np.full(shape, -1), np.zeros(shape[1]), np.full((model.steps, size["slot"]), -1))


def played(model, observed, runs, engine="compiled", seed=1):
    inputs = Design(model, ["baseline"], runs, seed=seed).inputs("baseline")
    return engine_for(model, engine).run(replace(inputs, observed=observed), probabilities=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_runs_have_what_is_known_and_where_nothing_is_what_they_had(engine):
    model, free = loads(MODEL), None
    observed = nothing(model)
    free, same = (played(model, o, 200, engine) for o in (None, observed))
    for name in free.arrays:
        assert np.array_equal(
            free.arrays[name], same.arrays[name], equal_nan=free.arrays[name].dtype.kind == "f"
        )
    observed.counts[1] = [5, 1]
    observed.share[:] = 1
    observed.acts[0] = [0, 0, 1]
    observed.acts[2, 1] = 0
    some = played(model, observed, 200, engine)
    assert (some.event[:, 1] == [5, 1]).all()
    assert (some.action[:, 0, 0] == 2).all()
    assert set(np.unique(some.action[:, 2, 0])) == {0, 2}
    assert np.array_equal(some.event[:, 0], free.event[:, 0]), "what came before is as it was"


@pytest.mark.parametrize("seed", range(6))
def test_both_engines_agree_on_what_is_known_of_random_models(seed):
    model = ModelMaker(seed).model()
    observed, rng = nothing(model), np.random.default_rng(seed)
    observed.share[:] = rng.choice([0.3, 1.0], len(observed.share))
    observed.counts[:] = np.where(
        rng.random(observed.counts.shape) < 0.5, rng.integers(0, 2, observed.counts.shape), -1
    )
    observed.acts[:] = rng.choice([-1, 0, -1, 1], observed.acts.shape)
    one, other = (played(model, observed, 8, engine, seed) for engine in ENGINES)
    for name in ("event", "action", "status", "outcome"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in ("state", "probability", "event_mean"):
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=1e-6, atol=1e-6, equal_nan=True
        )


def test_what_is_not_known_is_as_likely_as_it_is_given_that():
    """Against runs of the same model that have it by luck: what follows is distributed alike once weighed."""
    model, observed = loads(MODEL), nothing(loads(MODEL))
    observed.counts[0, 0], observed.share[0] = 2, 1.0
    observed.acts[1] = [-1, 0, -1]
    known, free = played(model, observed, 6000), played(model, None, 60_000, seed=2)
    weight = stats.poisson.pmf(2, known.event_mean[:, 0, 0]) * (1 - known.probability[:, 1, 1])
    by_luck = (free.event[:, 0, 0] == 2) & (free.action[:, 1, 0] != 1)
    assert weight.mean() == pytest.approx(by_luck.mean(), rel=0.04)
    x = known.state[:, 4, 0]
    assert np.average(x, weights=weight) == pytest.approx(free.state[by_luck, 4, 0].mean(), abs=0.15)
    talked = np.average(known.action[:, 1, 0] == 2, weights=weight)
    assert talked == pytest.approx((free.action[by_luck, 1, 0] == 2).mean(), abs=0.03)


def test_of_what_is_listed_in_part_the_rest_is_drawn_apart():
    model, observed = loads(MODEL), nothing(loads(MODEL))
    observed.counts[0, 0], observed.share[0] = 4, 0.25
    count = played(model, observed, 20_000).event[:, 0, 0]
    assert count.min() == 4
    assert (count.mean() - 4, count.var()) == (pytest.approx(2.25, abs=0.05), pytest.approx(2.25, abs=0.08))


def test_hundreds_may_come_in_a_step():
    """Forty a week, and means up to 500: as SciPy has them, in both engines alike."""
    text = """
model: {name: many, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 2}
variables: {x: {initial: 0, headline: true}}
parameters: {r: {unit: 1/month, value: 480}}
events: {raid: {rate: r, effects: {x: 1}}}
"""
    one, other = (played(loads(text), None, 4000, engine) for engine in ENGINES)
    assert np.array_equal(one.event, other.event)
    count = one.event.ravel()
    assert (one.status == 0).all()
    assert (
        stats.kstest(count + np.random.default_rng(1).random(len(count)), lambda v: _cdf(v, 480)).pvalue
        > 1e-3
    )


def _cdf(v, mean):
    """Of a Poisson number plus a uniform one."""
    n = np.floor(v)
    return stats.poisson.cdf(n - 1, mean) + (v - n) * stats.poisson.pmf(n, mean)
