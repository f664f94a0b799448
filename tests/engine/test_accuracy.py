"""The error of the step, as `check` measures it, against equations with a solution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from offramp.cli import main
from offramp.engine.accuracy import step_errors
from offramp.tell.step_notes import step_notes
from random_models import ModelMaker
from small_models import made

TEACUP = """
variables:
  cup: {initial: 180, change: -gap / (10 * month)}
  gap: {equals: cup - 70}
"""


def test_the_error_found_is_that_against_the_solution():
    [found] = step_errors(made(TEACUP, steps=30))
    k = 10
    assert (found.stock.name, found.day) == ("cup", made(TEACUP, steps=30).dates[k])
    assert found.value == pytest.approx(70 + 110 * 0.9**k)
    assert found.exact == pytest.approx(70 + 110 * np.exp(-1), abs=0.06)
    assert (found.parts, found.left) == (4, pytest.approx(found.share / 4))


def test_with_the_sub_steps_that_it_asks_for_nothing_is_left_to_say():
    assert not list(step_errors(replace(made(TEACUP, steps=30), substeps=4)))


def test_the_note_says_which_stock_how_far_and_what_helps():
    [note] = step_notes(made(TEACUP, steps=30))
    assert note.message == (
        "the step is long for `cup`, which nobody touches: on 1 November 2020 it is 108.4 where its equation "
        "gives about 110.5, 2.1 % of how far it moves"
    )
    assert note.hint == ("`substeps: 4` in `horizon` makes that 0.5 %; the error halves with the step.",)


@pytest.mark.parametrize(
    "more",
    [
        "actors: {one: {actions: {stay: {}, warm: {effects: {cup: 1}}}}}",
        "events: {draught: {rate: 0.1 / month, effects: {cup: -1}}}",
        """
events:
  guest:
    on: 2020-06-01
    branches: {a: {probability: 0.5, effects: {cup: 1}}, b: {probability: rest}}
""",
    ],
)
def test_nothing_is_said_of_what_acts_or_luck_touch_nor_of_what_reads_it(more):
    saucer = "  saucer: {initial: 20, change: '(smooth(cup, 5 * month) - saucer) / (9 * month)'}\n"
    assert not list(step_errors(made(TEACUP + saucer + more, 30)))


def test_a_step_that_is_far_too_long_is_said_to_be():
    [found] = step_errors(made("variables: {x: {initial: 1, change: -1.9 / month * x}}", 12))
    assert found.share > 0.5


def test_smooths_and_dated_events_without_branches_are_followed():
    text = """
    variables:
      x: {initial: 0}
      felt: {initial: 0, change: "(smooth(x, 2 * month) - felt) / (2 * month)"}
    events: {blow: {on: 2020-04-10, effects: {x: 1}}}
    """
    [found] = step_errors(made(text, 20))
    assert found.stock.name == "felt"
    assert found.share > 0.05


def test_no_model_is_too_odd_to_be_measured():
    for seed in range(40):
        for found in step_errors(ModelMaker(seed, deep=seed % 2 == 0).model()):
            assert np.isfinite([found.share, found.value, found.exact]).all()


def test_check_prints_it(tmp_path):
    file = tmp_path / "tea.yaml"
    file.write_text(
        "model: {name: tea, illustrative: true}\nhorizon: {start: 2020-01-01, step: month, steps: 30}\n"
        + TEACUP
    )
    result = CliRunner().invoke(main, ["check", str(file)])
    assert "the step is long for `cup`" in result.stderr + result.stdout
