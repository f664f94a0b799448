"""What an engine gives back is what one table says, in both engines and however blocks are cut."""

from __future__ import annotations

import numpy as np
import pytest

from offramp.engine.outputs import TABLE, Status, blank, joined, lengths
from offramp.runs.dataset import PER_RUN
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for, simulate
from random_models import ModelMaker
from small_models import ENGINES, made

CLIMB = """
variables: {tension: {initial: 0.4, bounds: [0, 1], saturates: true}}
parameters: {how_deep: {value: "uniform(0, 2)"}}
actors:
  blue: {depth: sqrt(how_deep - 1), horizon: 2, precision: 1, utility: {calm: -tension}, actions: {wait: {}}}
  red: {actions: {wait: {}}}
ladders:
  brink:
    sides: [blue, red]
    rate: 20 / month
    moves: 3
    war: war
    war_worth: {blue: -10, red: -10}
    rungs: {low: {}, high: {loses_control: 0.2}}
outcomes: {war: {absorbing: true}}
"""


@pytest.fixture(scope="module", params=ENGINES)
def outputs(request):
    model = ModelMaker(7, deep=True, ladders=True).model()
    inputs = Design(model, scenarios=9).inputs("baseline")
    return model, engine_for(model, request.param).run(inputs, probabilities=True)


def test_every_array_has_the_axes_and_the_type_that_the_table_says(outputs):
    model, found = outputs
    size = lengths(model)
    assert list(found.arrays) == list(TABLE)
    for name, row in TABLE.items():
        assert (name, found.arrays[name].shape) == (name, (9, *row.shape(size)))
        assert (name, found.arrays[name].dtype) == (name, row.dtype)


def test_of_a_run_that_is_over_nothing_is_told_but_its_last_state(outputs):
    model, found = outputs
    over = np.argwhere((found.action == -1).all(axis=2) & (len(model.actors) > 0))
    assert len(over), "some runs end or fail on the way"
    nothing = blank(model, 9, True)
    for name, row in TABLE.items():
        if row.axes[:1] == ("step",):
            for run, step in over:
                ours, expected = found.arrays[name][run, step], nothing.arrays[name][run, step]
                np.testing.assert_array_equal(ours, expected, err_msg=name)
    for run, step in over:
        np.testing.assert_array_equal(found.state[run, step + 1], found.state[run, step])


def test_blocks_joined_are_the_block_that_they_were_cut_from(outputs):
    _, found = outputs
    parts = [
        type(found)(**{n: v[rows] for n, v in found.arrays.items()}) for rows in np.split(np.arange(9), 3)
    ]
    for name, values in joined(parts).arrays.items():
        np.testing.assert_array_equal(values, found.arrays[name], err_msg=name)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_fails_as_it_begins_leaves_nothing_of_its_exchanges_either(engine):
    model = made(CLIMB, 2)
    inputs = Design(model, scenarios=32).inputs("baseline")
    found = engine_for(model, engine).run(inputs)
    failed = found.status == Status.NOT_FINITE
    np.testing.assert_array_equal(failed, inputs.parameters[:, 0] < 1)
    assert (found.ladder_rung[~failed] >= 0).any()
    assert (found.ladder_rung[failed] == -1).all()
    assert (found.ladder_moves[failed] == 0).all()
    assert np.isnan(found.ladder_foreseen[failed]).all()


def test_a_dataset_keeps_arrays_of_runs_under_the_dimensions_of_the_table():
    model = made(CLIMB, 2)
    runs = simulate(Design(model, scenarios=4), chances=True)
    assert {n: runs[n].dims for n in PER_RUN} == {
        n: ("policy", "scenario", *row.axes) for n, row in PER_RUN.items()
    }
