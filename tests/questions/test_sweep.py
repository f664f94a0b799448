"""Sweeps: closed forms along one number and over two, paired futures, and what can be asked."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest

from cli_calls import call
from offramp.charts.render import svg
from offramp.errors import UsageError
from offramp.questions.sweep.ask import Sweep, sweep
from offramp.questions.sweep.chart import chart
from offramp.questions.sweep.csv import sweep_csv
from offramp.questions.sweep.tell import tell
from offramp.runs.design import Design
from offramp.runs.how import How
from small_models import made

HAZARD = """
variables: {x: {initial: "uniform(0, 1)", unit: points, bounds: [0, 2]}}
parameters:
  r: {title: Rate, unit: 1/month, value: "uniform(0.01, 0.2)"}
  b: {value: 1}
  n: {title: Raids, value: "choice(1 with 0.5, 2 with 0.3, 5 with rest)"}
  m: {value: "poisson(3)"}
actors:
  red:
    title: Red
    types: {hawk: {title: A hawk, parameters: {b: 2}}, dove: {parameters: {b: 1}}}
    true_type: {hawk: 0.5, dove: rest}
    actions: {wait: {}}
outcomes: {war: {title: War, rate: "r * b", absorbing: true}, peace: {title: Peace, otherwise: true}}
policies: {calm: {title: Calm, do: [{set: {r: 0.01}}]}}
"""


@pytest.fixture(scope="module")
def design():
    return Design(made(HAZARD, steps=12), scenarios=1500, seed=2)


def test_a_hazard_along_its_rate_is_the_closed_form(design):
    """1 - exp(-r t) for a dove and 1 - exp(-2 r t) for a hawk; all intervals hold it."""
    found = sweep(design, ["r=0.02..0.2/4", "red"], ["war", "peace"])
    assert [len(a.values) for a in found.axes] == [4, 2]
    assert len(found.cells) == 8
    for cell in found.cells:
        r, kind = (a.values[k] for a, k in zip(found.axes, cell.at, strict=True))
        true = 1 - math.exp(-12 * r * (2 if kind == "hawk" else 1))
        for outcome, p in (("war", true), ("peace", 1 - true)):
            chance = cell.outcomes[outcome].chance
            assert chance.low <= p <= chance.high, (r, kind, outcome)
            assert chance.value == pytest.approx(p, abs=0.06)


def test_changes_are_paired_against_the_model_as_it_is(design):
    """What is not moved meets the same luck: a number that does nothing changes no future at all."""
    found = sweep(design, "x=0,0.5,1", ["peace"])
    for cell in found.cells:
        one = cell.outcomes["peace"]
        assert one.change.value == 0
        assert one.chance == found.base["peace"].chance
    moved = sweep(design, "r=0.01,0.2", ["peace"])
    less, more = (c.outcomes["peace"].change for c in moved.cells)
    assert less.low > 0 > more.high
    # Paired, it is surer than two shares of 1,500 that know nothing of each other.
    assert less.high - less.low < 0.8 * 2 * 2.4 * math.sqrt(2 * 0.25 / 1500)


def test_one_at_a_time_moves_each_alone_with_the_others_as_drawn(design):
    found = sweep(design, ["r=0.01,0.2", "red", "policy", "n"], one_at_a_time=True)
    assert [a.kind for a in found.axes] == ["parameter", "true type", "policy", "parameter"]
    assert [c.at for c in found.cells] == [
        [0, None, None, None], [1, None, None, None], [None, 0, None, None], [None, 1, None, None],
        [None, None, 0, None], [None, None, 1, None], [None, None, None, 0], [None, None, None, 1],
        [None, None, None, 2],
    ]  # fmt: skip
    assert found.outcomes == ["war"], "those that end a run"
    baseline = found.along(2)[0].outcomes["war"]
    assert baseline.chance == found.base["war"].chance
    assert found.axes[2].labels == ["Baseline", "Calm"]
    calm = found.along(2)[1].outcomes["war"].chance.value
    assert calm == pytest.approx(1 - (math.exp(-0.12) + math.exp(-0.24)) / 2, abs=0.01)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("r=0.01..0.03/3", [0.01, 0.02, 0.03]),
        ("r = 0.01 .. 0.03 / 3", [0.01, 0.02, 0.03]),
        ("r=0.01..0.03/3 1/month", [0.01, 0.02, 0.03]),
        ("r=1e-2,.02", [0.01, 0.02]),
        ("r=0.1", [0.1]),
        ("b=-1..1/2", [-1, 1]),
        ("x=0,1 points", [0, 1]),
        ("n", [1, 2, 5]),
        ("n=1..4", [1, 2]),
        ("m=2..5", [2, 3, 4, 5]),
        ("m=0..1/3", [0, 0.5, 1]),
        ("red", ["hawk", "dove"]),
        ("red=dove", ["dove"]),
        ("policy=calm,baseline", ["calm", "baseline"]),
    ],
)
def test_values_are_read_as_they_are_meant(design, text, values):
    found = sweep(design.only(scenario=range(20)), text)
    assert found.axes[0].values == pytest.approx(values) if isinstance(values[0], float) else values


def test_a_name_alone_goes_along_its_prior(design):
    (axis,) = sweep(design.only(scenario=range(20)), "r").axes
    assert axis.values == pytest.approx(np.linspace(0.01 + 0.05 * 0.19, 0.2 - 0.05 * 0.19, 9).tolist())


@pytest.mark.parametrize(
    ("over", "words"),
    [
        (["q"], "no parameter, stock or actor with types `q`"),
        (["b"], "`b` has no prior, so say between which values"),
        (["r="], "names no values"),
        (["r=a..b"], "`a..b` in `--over r=a..b` is not a number. Write --over r=0.0195..0.191"),
        (["r=0.1,,0.2"], "is not a number"),
        (["r=2..1"], "from a lower to a higher"),
        (["r=0..1/1"], "a range has 2 to 101 values, not 1"),
        (["r=0..1/1000"], "a range has 2 to 101 values"),
        (["r=1,1"], "has 1 twice"),
        (["r=1 month"], "`r` is in 1/month, not in month"),
        (["b=1 month"], "no unit: it is a plain number"),
        (["red=hwak"], "`red` has no `hwak`. Did you mean `hawk`?"),
        (["policy=clam"], "Did you mean `calm`?"),
        (["r", "r=1,2"], "stands twice"),
        (["r", "n", "x"], "Add --one-at-a-time"),
        (["x=0..3"], "its bounds are 0 to 2"),
        ([], "say what is moved"),
    ],
)
def test_what_cannot_be_moved_is_said(design, over, words):
    with pytest.raises(UsageError) as caught:
        sweep(design.only(scenario=range(10)), over)
    assert words in str(caught.value)


def test_what_is_set_by_hand_cannot_be_moved_and_outcomes_must_be_there(design):
    model = design.model
    with pytest.raises(UsageError, match=r"set to 0\.1 by hand"):
        sweep(Design(model, scenarios=10, overrides={"r": 0.1}), "r")
    with pytest.raises(UsageError, match="Did you mean `war`"):
        sweep(Design(model, scenarios=10), "r", ["wra"])
    with pytest.raises(UsageError, match="under one policy, or `--over policy`"):
        sweep(Design(model, ["baseline", "calm"], scenarios=10), "r")


def test_answers_come_back_from_json_and_are_the_same_on_any_number_of_threads(design):
    small = design.only(scenario=range(700))
    found = sweep(small, ["r=0.01,0.2", "n"], how=How(threads=1))
    assert found == sweep(small, ["r=0.01,0.2", "n"], how=How(threads=2))
    assert Sweep.from_dict(json.loads(found.to_json())) == found


def test_the_table_for_a_spreadsheet_has_a_row_for_each_point_and_outcome(design):
    found = sweep(design.only(scenario=range(50)), ["r=0.01,0.2", "red"], ["war", "peace"])
    rows = list(csv.DictReader(io.StringIO(sweep_csv(found))))
    assert len(rows) == 2 + 4 * 2
    assert list(rows[0])[:4] == ["r", "red", "outcome", "chance"]
    assert (rows[0]["r"], rows[0]["change"]) == ("", "0")
    assert (rows[2]["r"], rows[2]["red"]) == ("0.01", "hawk")
    assert float(rows[2]["chance"]) == found.cells[0].outcomes["war"].chance.value


@pytest.mark.parametrize(
    ("over", "alone", "words"),
    [
        (["r=0.01..0.2/4"], False, ["War", "Rate, per month", "0.1"]),
        (["r", "red"], False, ["A hawk", "Dove", "Up: Rate, per month. Across: what Red truly is"]),
        (["n", "red", "policy"], True, ["Raids", "What Red truly is", "Calm"]),
    ],
)
def test_pictures_name_what_is_moved_with_its_unit(design, over, alone, words):
    found = sweep(design.only(scenario=range(60)), over, ["war", "peace"], one_at_a_time=alone)
    drawn = svg(chart(found))
    for word in words:
        assert word in drawn, word


def test_words_say_where_an_outcome_is_least_and_most_likely(design):
    found = sweep(design, "r=0.01,0.1,0.2")
    text = tell(found).head[0].text.replace("\u00a0", " ")
    assert text.startswith("War by the end of 2020: from 1")
    assert "at 0.01 per month" in text
    assert "at 0.2 per month" in text
    assert "in the model as it is" in text
    flat = tell(sweep(design, "x=0,1")).head[0].text
    assert "nothing that is beyond doubt" in flat


def test_the_command_asks_again_with_what_was_asked(tmp_path):
    path = tmp_path / "m.yaml"
    head = "model: {name: small, title: Small, illustrative: true}\n"
    path.write_text(head + "horizon: {start: 2020-01-01, step: month, steps: 3}\n" + HAZARD)
    arguments = ["--over", "r=0.01..0.2/3", "--over", "red", "--runs", "60"]
    done = call("sweep", str(path), *arguments)
    assert done.exit_code == 0
    again = done.stdout.replace("\n      ", "")
    assert "--over r=0.01..0.2/3 --over red" in again
    table = call("sweep", str(path), *arguments, "--format", "csv")
    assert table.stdout.startswith("r,red,outcome,chance")
    page = call("sweep", str(path), *arguments, "--format", "json")
    answer = tmp_path / "answer.json"
    answer.write_text(page.stdout)
    brief = call(
        "brief",
        str(path),
        "--with",
        str(answer),
        "--runs",
        "60",
        "--quick",
        "--out",
        str(tmp_path / "b.html"),
    )
    assert brief.exit_code == 0, brief.stderr
    assert "How chances change along them" in (tmp_path / "b.html").read_text()
