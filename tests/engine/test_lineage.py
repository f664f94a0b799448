"""A run can meet the luck of one scenario first and of another afterwards, and can be stopped early."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from small_models import ENGINES, STRAIT, assert_agree, assert_same_bits, made

RUNS = 24


def inputs(model):
    return Design(model, scenarios=RUNS, seed=3).inputs("baseline")


def of_own(model, given):
    """The lineage that says what is so without one."""
    return np.repeat(given.scenario[:, None], model.steps, axis=1)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_lineage_of_a_single_scenario_changes_nothing(engine):
    model = made(STRAIT, 14)
    runner, given = engine_for(model, engine), inputs(model)
    whole = runner.run(given, probabilities=True)
    assert_same_bits(runner.run(replace(given, lineage=of_own(model, given)), probabilities=True), whole)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_shares_its_past_with_those_of_the_same_lineage_and_no_more(engine):
    model = made(STRAIT, 14)
    runner, given = engine_for(model, engine), inputs(model)
    changed = of_own(model, given)
    changed[:, 3:] += 1_000
    one, other = runner.run(given), runner.run(replace(given, lineage=changed))
    np.testing.assert_array_equal(one.state[:, :4], other.state[:, :4])
    np.testing.assert_array_equal(one.action[:, :3], other.action[:, :3])
    assert (one.state[:, 5] != other.state[:, 5]).any(axis=1).all(), "noise is drawn anew"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_is_stopped_early_is_the_beginning_of_the_whole(engine):
    model = made(STRAIT, 14)
    runner, given = engine_for(model, engine), inputs(model)
    whole, early = runner.run(given, probabilities=True), runner.run(replace(given, steps=4), True)
    np.testing.assert_array_equal(early.state, whole.state[:, :5])
    for name in ("action", "probability", "belief", "expected", "event"):
        np.testing.assert_array_equal(getattr(early, name), getattr(whole, name)[:, :4])
    came = np.where(whole.outcome < 4, whole.outcome, -1)
    np.testing.assert_array_equal(early.outcome, came)


def test_both_engines_meet_the_same_luck():
    model = made(STRAIT, 14)
    given = inputs(model)
    mixed = of_own(model, given)
    mixed[:, ::2] = 7
    given = replace(given, lineage=mixed, steps=6)
    assert_agree(*(engine_for(model, e).run(given, probabilities=True) for e in ("compiled", "oracle")))
