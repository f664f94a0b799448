"""Depths and horizons that differ from scenario to scenario."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from offramp.engine.depths import reach_of
from offramp.engine.outputs import Status
from offramp.errors import ModelError
from offramp.language.check import loads
from offramp.questions.minds.ask import minds
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import engine_for, simulate
from small_models import ENGINES, made

# Blue thinks as deep and as far as its scenario says; red thinks one level and four months.
BLUE = """
variables: {tension: {initial: 40, change: -0.1 / month * tension, bounds: [0, 100], saturates: true}}
parameters:
  how_deep: {value: "uniform(-0.5, 3.5)"}
  how_far: {value: "uniform(0, 4)", unit: month}
actors:
  blue:
    depth: how_deep
    horizon: how_far
    precision: 0.3
    utility: {calm: -tension}
    actions: {wait: {}, strike: {effects: {tension: 9}, cost: -12}}
  red:
    depth: 1
    horizon: 4
    precision: 0.1
    utility: {pride: tension / 2}
    actions: {wait: {}, hit: {effects: {tension: 10}, propensity: -0.02 * tension}}
"""


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


def run(model, engine, scenarios=64):
    inputs = Design(model, scenarios=scenarios).inputs("baseline")
    return inputs, engine_for(model, engine).run(inputs, probabilities=True)


def fixed(model, depth, months):
    blue = replace(model.actors[0], depth=depth, horizon=months, depth_as=None, horizon_as=None)
    return replace(model, actors=(blue, model.actors[1]))


def test_each_run_is_that_of_the_model_with_the_depth_and_horizon_of_its_scenario(engine):
    model = made(BLUE, 3)
    inputs, out = run(model, engine)
    depth = np.floor(inputs.parameters[:, 0] + 0.5).astype(int)
    months = np.maximum(np.floor(inputs.parameters[:, 1] + 0.5), 1)
    assert set(depth) == {0, 1, 2, 3}
    # An odd horizon at depth 2: red is supposed to look half of it ahead, rounded up.
    for d, m in [(0, 2), (1, 3), (2, 1), (2, 3), (3, 4)]:
        rows = np.flatnonzero((depth == d) & (months == m))
        assert len(rows)
        _, same = run(fixed(model, d, float(m)), engine)
        for name in ("state", "action", "probability"):
            np.testing.assert_array_equal(getattr(out, name)[rows], getattr(same, name)[rows])
        # Red is asked what it expects whatever blue's depth, blue only where it looks ahead.
        mine = np.isfinite(out.expected[rows, :, 0]).all()
        assert mine == (d > 0)
        assert np.isfinite(out.expected[rows, :, 1]).all()


def test_both_engines_agree_where_depths_and_horizons_are_drawn():
    inner = "horizon: how_far\n    inner_horizon: 1 * month + how_far / 3"
    model = made(BLUE.replace("horizon: how_far", inner), 3)
    (_, ours), (_, oracle) = run(model, "compiled"), run(model, "oracle")
    np.testing.assert_array_equal(ours.action, oracle.action)
    np.testing.assert_allclose(ours.probability, oracle.probability, rtol=1e-9)
    np.testing.assert_allclose(ours.expected, oracle.expected, rtol=1e-9)


@pytest.mark.parametrize(("given", "depth"), [(-2, 0), (0.49, 0), (0.5, 1), (2.49, 2), (2.5, 3), (40, 3)])
def test_a_depth_is_rounded_and_held_between_0_and_3(given, depth):
    design = Design(made(BLUE, 2), scenarios=1, overrides={"how_deep": given, "how_far": 2})
    assert minds(design).actors[0].depth == depth


@pytest.mark.parametrize(("given", "months"), [(-1, 1), (0.2, 1), (2.5, 3), (1e9, 120)])
def test_a_horizon_is_rounded_to_steps_of_which_there_is_one_at_least(given, months):
    model = made(BLUE.replace("depth: how_deep", "depth: 1"), 1)
    design = Design(model, scenarios=1, overrides={"how_far": given})
    assert minds(design, how=How(engine="oracle")).actors[0].months == months


def test_a_depth_that_is_no_number_fails_the_run_as_it_begins(engine):
    text = BLUE.replace("depth: how_deep", "depth: sqrt(how_deep - 1)")
    inputs, out = run(made(text, 2), engine)
    wrong = inputs.parameters[:, 0] < 1
    np.testing.assert_array_equal(out.status, np.where(wrong, Status.NOT_FINITE, Status.OK))
    assert (out.failed_step[wrong] == 0).all()
    assert (out.action[wrong] == -1).all()
    assert (out.state[wrong] == 40).all()
    assert np.isnan(out.probability[wrong]).all()


def test_runs_do_not_depend_on_the_others_of_their_block(engine):
    model = made(BLUE, 2)
    whole = Design(model, scenarios=60)
    alone = engine_for(model, engine).run(whole.only(17).inputs("baseline"), probabilities=True)
    _, crowd = run(model, engine, 60)
    assert alone.arrays.keys() == crowd.arrays.keys() >= {"state", "probability", "estimate_mean"}
    for name, values in alone.arrays.items():
        np.testing.assert_array_equal(values[0], crowd.arrays[name][17], err_msg=name)
    blocks = [simulate(whole, how=How(block=b)).tension.values for b in (7, 60)]
    np.testing.assert_array_equal(*blocks)


def test_nobody_is_supposed_to_look_farther_than_it_does_or_than_the_one_who_supposes_it():
    model = fixed(made(BLUE), 2, 7.0)
    assert reach_of(model).tolist() == [[4, 4, 7], [2, 2, 4]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("depth: tension", "`tension` is a variable; here a formula may read parameters only"),
        ("depth: how_far", "the depth must be in plain numbers, and this is in `month`"),
        ("depth: 4", "`depth` must be a whole number, 0 to 3, not `4`"),
    ],
)
def test_what_cannot_be_a_depth_is_said(line, message):
    head = "model: {name: t, illustrative: true}\nhorizon: {start: 2020-01-01, step: month, steps: 3}\n"
    with pytest.raises(ModelError) as caught:
        loads(head + BLUE.replace("depth: how_deep", line))
    assert caught.value.problems[0].message == message
