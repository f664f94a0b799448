"""Whatever stands in a model file: a problem with its place, or a model that runs. Never a traceback."""

from __future__ import annotations

import copy
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.cli_calls import call

from offramp.errors import ModelError, Problem
from offramp.explanation import explain
from offramp.language import units
from offramp.language.check import load, loads
from offramp.language.notes import notes
from offramp.language.yaml_reader import read
from offramp.model import Distribution
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from offramp.tell.model import explanation_text

MODEL = """\
model: {{name: t, illustrative: true}}
horizon: {{start: 2020-01-01, step: month, steps: 3}}
variables: {{v: {{initial: 1, unit: "{unit}", change: "{change}"}}}}
parameters: {{k: {{value: "{value}"}}}}
actors: {{a: {actor}}}
outcomes: {{o: {{otherwise: true}}}}
"""
RIGHT = {"unit": "kg", "change": "0 / month * v", "value": "1", "actor": "{actions: {x: {}}}"}


def problems_of(text: str) -> tuple[Problem, ...]:
    """Everything that is wrong with a model."""
    with pytest.raises(ModelError) as found:
        loads(text)
    return found.value.problems


def only_problem(**other: str) -> tuple[str, int, int]:
    """Message, line and column of the one thing that is wrong."""
    (problem,) = problems_of(MODEL.format(**RIGHT | other))
    return problem.message, problem.line, problem.column


def check_start(text: str, start: int) -> None:
    """A place lies within a text, or right behind it."""
    assert 0 <= start <= max(len(text), 1)


def check_places(text: str, error: ModelError) -> None:
    """Every place that is named exists."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in error.problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


# ---------------------------------------------------------------------- units


@pytest.mark.parametrize("empty", ["{actions: }", "{actions: {}}", "{actions: null}", "{actions: ~}"])
def test_an_actor_with_nothing_under_actions_has_no_actions(empty):
    assert only_problem(actor=empty) == ("`a` has no actions", 5, 14)


@pytest.mark.parametrize("empty", ["types: ", "types: {}"])
def test_an_actor_with_nothing_under_types_has_none(empty):
    message, line, _ = only_problem(actor=f"{{actions: {{x: {{}}}}, {empty}}}")
    assert "types" in message
    assert line == 5


@pytest.mark.parametrize("unit", ["kg**²", "kg**" + "1" * 5000, "kg**-²", "kg^³"])
def test_a_power_in_a_unit_is_a_digit(unit):
    message, line, _ = only_problem(unit=unit)
    assert message.startswith("a power must be a small whole number")
    assert line == 3


@pytest.mark.parametrize(
    "unit",
    ["trillion**9*trillion**9*trillion**9", "1/trillion**9/trillion**9/trillion**9", "*".join(["kg**9"] * 9)],
)
def test_a_unit_of_absurd_powers_is_refused(unit):
    assert only_problem(unit=unit)[:2] == ("no quantity has a unit of such powers", 3)


LONG = f"v * {' * '.join(['trillion'] * 60)} / month"


@pytest.mark.parametrize(
    "change",
    ["v*((trillion**20)**20)/month", "v/((trillion**20)**20)/month", "v*(percent**20)**20/month", LONG],
)
def test_a_formula_whose_unit_has_absurd_powers_is_refused(change):
    message, line, _ = only_problem(change=change)
    assert message.startswith("no quantity has the unit of")
    assert line == 3


WORDS = [*units.NAMES, *units.DIMENSIONLESS, "²", "³", "1", "9", "-", "**", "^", "*", "/", " ", "(", ".", "x"]
PIECES = st.lists(st.sampled_from(WORDS), max_size=12).map("".join) | st.text(max_size=12)


@settings(max_examples=150, deadline=None)
@given(PIECES)
@example("trillion**9" * 3)
@example("kg**" + "9" * 5000)
def test_a_unit_is_read_or_refused_with_its_place(text):
    try:
        unit = units.parse(text)
    except units.UnitError as error:
        check_start(text, error.start)
        return
    assert unit.same(unit)
    assert isinstance(str(unit), str)
    for other in (units.PLAIN, units.MONTH, units.parse("kg")):
        if unit.dimension == other.dimension and not unit.same(other):
            assert units.advice(unit, other)


ATOMS = [
    "v",
    "k",
    "month",
    "trillion",
    "percent",
    "kg",
    "0",
    "1",
    "2.5",
    "1e308",
    "9" * 41,
    "'2020-01-01'",
    "²",
]
SIGNS = [
    "+",
    "-",
    "*",
    "/",
    "**",
    "(",
    ")",
    ",",
    " ",
    "<",
    "==",
    " and ",
    "not ",
    "max(",
    "where(",
    "exp(",
    "[",
    "‘",
]
FORMULAS = st.lists(st.sampled_from(ATOMS + SIGNS), max_size=14).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FORMULAS, FORMULAS)
@example("v/((trillion**20)**20)/month", "uniform(1e308, 9e307)")
@example("0 / month * v", "beta(1e-300, 1e-300)")
def test_a_formula_is_read_or_refused_with_its_place(change, value):
    text = MODEL.format(**RIGHT | {"change": change, "value": value})
    try:
        model = loads(text)
    except ModelError as error:
        check_places(text, error)
        return
    runs_and_is_told(model)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "prior",
    [
        "beta(1e-300, 1e-300)",
        "beta(1e300, 1e300)",
        "normal(1e308, 1e308)",
        "uniform(-1e308, 1e308)",
        "lognormal(1, 300)",
        "triangular(-1e308, 0, 1e308)",
    ],
)
def test_a_prior_whose_draws_no_computer_holds_is_refused(prior):
    assert only_problem(value=prior)[0] == "draws of this prior are too large or too small for any number"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "prior", ["beta(1e-6, 1e-6)", "beta(1e9, 1e9)", "normal(1e300, 1e290)", "lognormal(1, 20)"]
)
def test_a_prior_at_the_edge_draws_numbers_without_a_word(prior):
    model = loads(MODEL.format(**RIGHT | {"value": prior}))
    assert isinstance(model.parameters[0].value, Distribution)
    runs_and_is_told(model)


# ---------------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: {b: 1, c: {d: e, ", (1, 14)),
        ("a: {b: 1, c: {d: e, \n\n\n", (1, 14)),
        ("model:\n  a: [1, 2\n", (2, 6)),
        ("model: {name: 'x\n\n", (1, 15)),
        ('model: "x', (1, 8)),
    ],
)
def test_what_is_not_closed_is_placed_where_it_opens(text, place):
    with pytest.raises(ModelError) as found:
        read(text.encode())
    (problem,) = found.value.problems
    assert (problem.line, problem.column) == place
    assert problem.text
    assert not any("noticed" in hint for hint in problem.hint)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.integers(1, 6), st.randoms(use_true_random=False))
def test_a_damaged_file_has_its_problems_within_it(cut, times, luck):
    text = MODEL.format(**RIGHT)
    for _ in range(times):
        at = (cut * 7919 + luck.randrange(10_000)) % len(text)
        text = (
            luck.choice(
                [
                    text[:at],
                    text[:at] + luck.choice("{}[]\"':,#-\t\n &*!%@`“ ") + text[at:],
                    text[:at] + text[at + 1 :],
                ]
            )
            or "{"
        )
    try:
        loads(text)
    except ModelError as error:
        check_places(text, error)


# ---------------------------------------------------------------------- every node


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield (*path, key)
        yield from nodes(below, (*path, key))


class Plain(yaml.SafeDumper):
    """Writes every text without quotes where YAML allows: `24` and `true` as they stood."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


def changed(tree: Any, path: tuple[Any, ...], to: Any) -> Any:
    tree = copy.deepcopy(tree)
    at = tree
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = [at[path[-1]]] if to == "list" else to
    return tree


def runs_and_is_told(model: Any) -> None:
    """An accepted model runs, and is explained and noted."""
    engine_for(model, "oracle").run(Design(model, scenarios=2).inputs("baseline"))
    explanation_text(model, 80, False)
    explain(model)
    notes(model)


@pytest.mark.filterwarnings("error")
def test_whatever_stands_at_a_node_is_refused_with_its_place_or_runs():
    everything = yaml.load(
        (resources.files("offramp.crises") / "brinkmanship.yaml").read_text(), Loader=yaml.BaseLoader
    )
    luck, ends, accepted = random.Random(1), time.monotonic() + 2.0, 0
    cases = [
        (path, to) for path in nodes(everything) for to in ("", {}, [], "0", "-1", "word", "list", "“5”")
    ]
    luck.shuffle(cases)
    for number, (path, to) in enumerate(cases):
        if number >= 30 and time.monotonic() > ends:
            break
        text = yaml.dump(changed(everything, path, to), Dumper=Plain, sort_keys=False, allow_unicode=True)
        text = text.replace("''", "")
        try:
            model = loads(text)
        except ModelError as error:
            check_places(text, error)
            continue
        accepted += 1
        if accepted % 8 == 1:
            runs_and_is_told(model)
    assert accepted > 1


# ---------------------------------------------------------------------- files


def problem_of(path: Path) -> str:
    with pytest.raises(ModelError) as found:
        load(path)
    return found.value.problems[0].message


@pytest.mark.skipif(os.name == "nt", reason="Windows makes links for administrators only")
def test_a_link_in_a_circle_is_no_file_whatever_names_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("loop.yaml").symlink_to("loop.yaml")
    Path("loop.csv").symlink_to("loop.csv")
    Path("above.yaml").write_text("extend: loop.yaml\nmodel: {name: z}\n")
    assert problem_of(Path("above.yaml")).startswith("there is no file loop.yaml")
    evidence = "evidence: {e: {observes: v, data: loop.csv, series: s, error: normal, sd: 1}}\n"
    Path("seen.yaml").write_text(MODEL.format(**RIGHT) + evidence)
    assert "loop.csv" in problem_of(Path("seen.yaml"))
    asked = call("check", "loop.yaml")
    assert asked.exit_code == 2
    assert "a link that leads to no file" in asked.output
    assert "Did you mean" not in asked.output


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "m.yaml").write_text(
        MODEL.format(**RIGHT)
        + "evidence: {e: {observes: v, data: pipe.csv, series: s, error: normal, sd: 1}}\n"
    )
    asked = subprocess.run(
        [sys.executable, "-m", "offramp", "check", tmp_path / "m.yaml"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert asked.returncode == 3
    assert "no file" in asked.stderr


def test_a_name_that_no_file_can_have_is_that_of_no_file():
    for name in ("a" * 5000 + ".yaml", "a" * 300 + "/b.yaml"):
        asked = call("check", name)
        assert asked.exit_code == 2
        assert "there is no file `aaa" in asked.output
        assert len(asked.output) < 600
