"""`smooth`, `delay`, `was` and `lookup` as they are written: what they ask for, and what is said if not."""

from __future__ import annotations

import json

import pytest

from offramp.errors import ModelError
from offramp.explanation import explain
from offramp.language.notes import notes
from small_models import made

FILE = """
lookups:
  effect: {{x: [0, 1, 2], y: [1, 0.5, 0], x_unit: kg, unit: points}}
parameters: {{slow: {{unit: month, value: 3}}, weight: {{unit: kg, value: 1}}}}
variables:
  x: {{unit: kg, initial: 1, change: -0.1 / month * x}}
  n: {{initial: 2, change: -0.1 / month * n}}
  y: {{equals: "{formula}", unit: {unit}}}
"""


def read(formula: str, unit: str = "kg", step: str = "month"):
    return made(FILE.format(formula=formula, unit=unit), steps=3, step=step)


@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        ("smooth(x, slow)", "kg"),
        ("smooth(2 * x, 90 * day, 3, weight)", "kg"),
        ("delay(x / month, 1 * year, 12)", "kg/month"),
        ("was(x, 2 * dt)", "kg"),
        ("was(x, 1 * quarter, 3 * weight)", "kg"),
        ("lookup(effect, smooth(x, slow))", "points"),
        ("smooth(n, slow + 2 * month)", "index"),
    ],
)
def test_it_has_the_unit_of_what_it_follows(formula, unit):
    assert read(formula, unit).variables[2].equals.text == formula


@pytest.mark.parametrize(
    ("formula", "message", "hint"),
    [
        ("smooth(x, 6)", "`6` is a time without a unit", "6 * month"),
        ("smooth(x, weight)", "how long it takes is a time, and `weight` is in `kg`", ""),
        ("smooth(x)", "`smooth` takes 2 to 4 arguments, and 1 is given", "smooth(x, time[, stages, start])"),
        ("was(x, 3 * month, x, x)", "`was` takes 2 to 3 arguments, and 4 are given", ""),
        ("smooth(x > 1 * kg, slow)", "is true or false, and a number is wanted", ""),
        ("smooth(x, 6 * month, 2.5)", "the stages of `smooth` are a whole number, 1 to 12", ""),
        ("smooth(x, 6 * month, 1, n)", "beginning with different units", ""),
        ("smooth(x, 10 * day)", "0.329 months: a stage cannot be shorter than a step", "substeps: 4"),
        (
            "delay(x, 2 * month, 3)",
            "3 stages of 0.667 months",
            "Say `substeps: 2` in `horizon`, take shorter",
        ),
        ("smooth(x, 0 * month)", "how long it takes is 0 months; it must be above 0", ""),
        ("was(x, slow)", "how far `was` looks back is the same in every future", "`2 * dt` is two months"),
        ("was(x, 9 * day)", "0.296 months are less than half a step", "`dt` is one"),
        ("was(x, 80 * year)", "960 months are 960 months; 600 is the most", ""),
        ("smooth(x, slow) + 1 / month", "adding different units", ""),
        ("lookup(effect, n)", "what `effect` is looked up at must be in `kg`", ""),
        ("lookup(efect, x)", "unknown table `efect`", "Did you mean `effect`?"),
        ("lookup(n, x)", "`n` is a variable or parameter, not a table", "Tables are: effect"),
        ("lookup(effect)", "`lookup` takes 2 arguments, and 1 is given", "lookup(TABLE, x)"),
        ("effect(x)", "`effect` is a table of `lookups`, not a function", "lookup(effect, ...)"),
        ("effect * x", "`effect` is a table of `lookups`, not a number", "lookup(effect, x)"),
        ("smooth * x", "`smooth` is a function", "smooth(x, time[, stages, start])"),
        ("smooth3(x, slow)", "unknown function `smooth3`", "Did you mean `smooth`?"),
        ("delay_fixed(x, slow)", "unknown function `delay_fixed`", "Did you mean `was`?"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(formula, message, hint):
    with pytest.raises(ModelError) as found:
        read(formula)
    text = str(found.value)
    assert message in text
    assert hint in text
    assert "1 problem." in text


def test_nothing_is_followed_where_only_parameters_may_be_read():
    text = "variables: {x: {initial: 1}, y: {initial: 'smooth(x, 6 * month)'}}"
    with pytest.raises(
        ModelError, match="`smooth` follows a value over time; here a formula may read parameters"
    ):
        made(text)


def test_what_would_have_to_be_known_before_it_begins_needs_a_start():
    text = "variables: {{x: {{equals: '1 + 0.5 * {call}'}}}}"
    with pytest.raises(ModelError, match="at the start `x` depends on itself, through `smooth") as found:
        made(text.format(call="smooth(x, 6 * month)"))
    assert "smooth(x, TIME, STAGES, START)" in str(found.value)
    made(text.format(call="smooth(x, 6 * month, 1, 2)"))
    with pytest.raises(ModelError, match=r"was\(x, TIME, START\)"):
        made(text.format(call="was(x, 6 * month)"))
    made(text.format(call="was(x, 6 * month, 2)"))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("{x: [0, 1, 1], y: [0, 1, 2]}", "`x` must rise from point to point, and 1 follows 1"),
        ("{x: [0, 1], y: [0, 1, 2]}", "2 values of `x` and 3 of `y`"),
        ("{x: [0], y: [1]}", "`x` must be a list of 2 to 100 numbers"),
        ("{x: [0, 1], y: [0, soft]}", "unknown name `soft`"),
        ("{x: 3, y: [0, 1]}", "`x` must be a list of 2 to 100 numbers"),
        ("{x: [0, 1]}", "has no `y`"),
    ],
)
def test_a_table_must_be_a_curve(table, message):
    with pytest.raises(ModelError) as found:
        made(f"lookups: {{t: {table}}}\nvariables: {{x: {{initial: 1}}, y: {{equals: 'lookup(t, x)'}}}}")
    assert message in str(found.value)


def test_calls_that_say_the_same_share_what_they_remember():
    model = read(
        "smooth(x, slow) + smooth(x,  slow) + was(x, 1 * month) + was(x, 3 * month) + delay(x, slow)"
    )
    assert [(m.name, m.order) for m in model.memories] == [
        ("smooth(x, slow)", 1), ("was(x)", 3), ("delay(x, slow)", 1),
    ]  # fmt: skip
    assert [v.name for v in model.variables] == ["x", "n", "y"]


def test_explain_tells_what_is_remembered_and_by_whom_it_is_read():
    model = read("lookup(effect, smooth(x, slow))", "points")
    found = explain(model)
    assert found["memories"] == [
        {"name": "smooth(x, slow)", "function": "smooth", "of": "x", "time": "slow", "order": 1, "start": "x"}
    ]
    assert found["variables"][2]["depends_on"] == {"variables": ["x"], "parameters": ["slow"]}
    assert found["lookups"][0]["x"] == [0.0, 1.0, 2.0]
    assert json.dumps(found)


def test_a_table_that_nothing_reads_is_noted():
    model = read("smooth(x, slow)")
    assert [n.message for n in notes(model) if "effect" in n.message] == ["nothing reads `effect`"]
    model = read("lookup( effect , x)", "points")
    assert not [n for n in notes(model) if "effect" in n.message]
