"""Formulas: Python's arithmetic with units, and nothing else."""

from __future__ import annotations

import ast
import math
from operator import add, mul, sub, truediv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offramp.language import units
from offramp.language.constants import fold
from offramp.language.formula import resolve, write_call
from offramp.language.ranges import Ranges
from offramp.language.scope import Known, Result, Scope
from offramp.language.units import BARE, CONDITION, UNKNOWN, Unit
from offramp.tree import (
    Binary,
    Call,
    Compare,
    Logic,
    Negate,
    Node,
    Not,
    Now,
    Number,
    Parameter,
    StepLength,
    Variable,
    children,
    walk,
)
from rendering import render

NAMES = {
    "x": Known("variable", UNKNOWN),
    "y": Known("variable", UNKNOWN),
    "p": Known("parameter", UNKNOWN),
}
ANYTHING = Scope(NAMES)


def read(text: str) -> Node:
    result = resolve(text, ANYTHING, UNKNOWN)
    if any("must be a number" in f.message for f in result.faults):
        result = resolve(text, ANYTHING, CONDITION)
    assert result.faults == (), result.faults
    return result.node


# ---------------------------------------------------------------------- the same arithmetic as Python's

NUMBERS = st.one_of(
    st.integers(0, 10**6).map(float),
    st.floats(0, 1e12, allow_nan=False, allow_infinity=False),
).map(Number)
LEAVES: st.SearchStrategy[Node] = st.one_of(
    NUMBERS,
    st.sampled_from([Variable("x"), Variable("y"), Parameter("p")]),
)


# A right-hand side that reads something: arithmetic on numbers alone can have no value (1 / 0).
READING = st.sampled_from([Variable("x"), Parameter("p")])


def grown(part: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(Negate, part),
        st.builds(Binary, st.sampled_from(["+", "-", "*"]), part, part),
        st.builds(Binary, st.sampled_from(["/", "**"]), part, READING),
        st.builds(lambda a: Call("abs", (a,)), part),
        st.builds(lambda x, a: write_call("logistic", (Binary("*", x, a),)), READING, part),
        st.builds(lambda f, a, b: Call(f, (a, b)), st.sampled_from(["min", "max"]), part, part),
    )


SUMS = st.recursive(LEAVES, grown, max_leaves=8)
CONDITIONS = st.recursive(
    st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), SUMS, SUMS),
    lambda c: st.one_of(
        st.builds(Not, c),
        st.builds(lambda op, a, b: Logic(op, (a, b)), st.sampled_from(["and", "or"]), c, c),
    ),
    max_leaves=4,
)
CHOICES = st.builds(lambda c, a, b: Call("where", (c, a, b)), CONDITIONS, SUMS, SUMS)
FORMULAS = st.one_of(SUMS, CONDITIONS, CHOICES, st.builds(Binary, st.just("-"), SUMS, CHOICES))
MANY = settings(max_examples=200, deadline=None)


@MANY
@given(FORMULAS)
def test_a_formula_written_out_and_read_again_is_the_same(node):
    assert read(render(node)) == node


WORDS = [
    *("x", "y", "p", "now", "1", "2.5", "+", "-", "*", "/", "**", "(", ")", "<", "<=", "=="),
    *("and", "or", "not", ",", "max(", "min("),
]

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def as_python_reads(tree: ast.expr) -> Node:
    """Python's own syntax tree of a formula, node by node."""
    match tree:
        case ast.Constant(value):
            assert isinstance(value, int | float)
            return Number(float(value))
        case ast.Name("now"):
            return Now()
        case ast.Name("dt"):
            return StepLength()
        case ast.Name(name):
            return Parameter(name) if name == "p" else Variable(name)
        case ast.UnaryOp(ast.USub(), of):
            return Negate(as_python_reads(of))
        case ast.UnaryOp(ast.UAdd(), of):
            return as_python_reads(of)
        case ast.UnaryOp(ast.Not(), of):
            return Not(as_python_reads(of))
        case ast.BinOp(left, op, right):
            return Binary(OPERATORS[type(op)], as_python_reads(left), as_python_reads(right))  # type: ignore[arg-type]
        case ast.BoolOp(op, values):
            return Logic(
                "and" if isinstance(op, ast.And) else "or", tuple(as_python_reads(v) for v in values)
            )
        case ast.Compare(left, ops, others):
            parts = [as_python_reads(p) for p in (left, *others)]
            pairs = [
                Compare(OPERATORS[type(op)], a, b)  # type: ignore[arg-type]
                for op, a, b in zip(ops, parts, parts[1:], strict=False)
            ]
            return pairs[0] if len(pairs) == 1 else Logic("and", tuple(pairs))
        case ast.Call(ast.Name(function), args):
            return write_call(function, tuple(as_python_reads(a) for a in args))
    raise AssertionError(ast.dump(tree))


@pytest.mark.parametrize(
    "text",
    [
        *("-x ** 2", "x ** -y", "2 ** 3 ** x", "-x ** -y ** 2", "x - y - 1", "x / y / 2", "x - (y - 1)"),
        *("x / y * 2", "-x * y", "- -x", "+x", "x*-y", "x--y", "(x)", "((x + y)) * (y)", "abs(-x)", " x "),
        *("not x < y", "not x < y and y < x", "x < y or y < x and x < 1", "not not x < y", "x < y == y"),
        *("not (x < y or x > 1)", "(x < y and y < 1) and x < 1", "0 < x <= 1", "where(x < y, 1, 2) + 1"),
        *("1.", ".5", "1e3", "1E-3", "1_000", "max(x, y, 1)", "min(x, max(y, 1))", "x\n+ y"),
        *("x + y * p ** 2 / (now / dt)", "now - dt"),
    ],
)
def test_precedence_and_grouping_are_pythons(text):
    assert read(text) == as_python_reads(ast.parse(f"({text})", mode="eval").body)


@MANY
@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_what_is_read_is_what_python_reads(words):
    """Whatever the formula language accepts is Python, with the same meaning."""
    text = " ".join(words)
    result = resolve(text, ANYTHING, UNKNOWN)
    if result.faults:
        result = resolve(text, ANYTHING, CONDITION)
    if not result.faults:
        assert result.node == as_python_reads(ast.parse(f"({text})", mode="eval").body)


@MANY
@given(st.text(max_size=60))
def test_arbitrary_text_gives_a_tree_or_faults_inside_the_text(text):
    result = resolve(text, ANYTHING, UNKNOWN)
    for fault in result.faults:
        assert 0 <= fault.start < fault.end <= max(len(text), 1) + 1


def test_the_tree_of_the_longest_formula_can_be_walked():
    """Later stages walk trees by recursion; the limits leave room for that."""
    node = read("+".join(["x"] * 120))

    def depth(part: Node) -> int:
        return 1 + max((depth(c) for c in children(part)), default=0)

    assert depth(node) == 120
    assert sum(1 for _ in walk(node)) == 239


# ---------------------------------------------------------------------- units

MODEL = Scope(
    {
        "stock": Known("variable", units.parse("kg")),
        "ore": Known("variable", units.parse("tonne")),
        "flow": Known("parameter", units.parse("kg/month")),
        "oil": Known("variable", units.parse("barrel/day")),
        "price": Known("variable", units.parse("USD/barrel")),
        "tension": Known("variable", units.parse("points")),
        "support": Known("variable", units.parse("percent")),
    }
)


def unit_of(text: str) -> Result:
    return resolve(text, MODEL, UNKNOWN)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("stock", "kg"),
        ("stock / flow", "month"),
        ("stock + 5", "kg"),
        ("5 + stock", "kg"),
        ("2 * stock - 3 * 4", "kg"),
        ("max(0, stock)", "kg"),
        ("clip(stock, 0, 10)", "kg"),
        ("where(stock > 5, stock, 0)", "kg"),
        ("oil * price", "USD/day"),
        ("0.05 / month * tension", "1/month"),
        ("sqrt(stock ** 2)", "kg"),
        ("stock ** 0.5 * stock ** 0.5", "kg"),
        ("stock * ore", "kg*tonne"),
        ("1 / stock", "1/kg"),
        ("abs(-stock)", "kg"),
        ("log(stock / (5 * kg))", ""),
        ("exp(tension / 10)", ""),
        ("tension ** tension", ""),
        ("now", "month"),
        ("now / dt", ""),
        ("stock / kg", ""),
        ("ore * (1000 * kg/tonne)", "kg"),
        ("support / (100 * percent)", ""),
        ("tension * (100 * percent)", "percent"),
        ("1 / (now + 1 * month)", "1/month"),
    ],
)
def test_the_unit_of_a_formula_follows_from_those_of_its_parts(text, unit):
    result = unit_of(text)
    assert result.faults == ()
    assert isinstance(result.kind, Unit)
    assert result.kind.same(units.parse(unit) if unit else units.PLAIN)


@pytest.mark.parametrize("text", ["5", "2 * 3 + 1", "-1", "max(1, 2)", "exp(2)", "2 ** 0.5"])
def test_numbers_alone_have_whatever_unit_is_wanted(text):
    assert unit_of(text).kind == BARE
    wanted = resolve(text, MODEL, units.parse("kg"))
    assert wanted.faults == ()
    assert wanted.kind == units.parse("kg")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("2 + (stock + ore)", "stock + ore"),
        ("stock + flow * 2", "stock + flow * 2"),
        ("max(stock, 2, ore)", "stock, 2, ore"),
        ("stock > ore", "stock > ore"),
        ("where(tension > 1, stock, 2 * ore)", "stock, 2 * ore"),
        ("log(stock)", "stock"),
        ("stock ** tension", "tension"),
        ("2 ** (stock / month)", "(stock / month)"),
        ("1 - support", None),
    ],
)
def test_a_mistake_in_units_points_to_the_part_that_makes_it(text, marked):
    result = unit_of(text)
    assert [text[f.start : f.end] for f in result.faults] == ([marked] if marked else [])


def test_units_are_never_converted_but_the_factor_is_named():
    """The advice is a formula, and following it mends the mistake."""
    fault = unit_of("stock + ore").faults[0]
    assert "1 tonne is 1000 kg" in fault.hint[0]
    assert unit_of("stock + ore * (1000 * kg/tonne)").faults == ()
    fault = resolve("support", MODEL, units.PLAIN).faults[0]
    assert "100 percent" in fault.hint[0]
    assert resolve("support / (100 * percent)", MODEL, units.PLAIN).faults == ()
    fault = resolve("flow", MODEL, units.parse("kg/year")).faults[0]
    assert "1 kg/month is 12 kg/year: multiply it by `(12 * month/year)`" in fault.hint[0]
    assert resolve("flow * (12 * month/year)", MODEL, units.parse("kg/year")).faults == ()


def test_a_month_is_the_mean_month_of_the_calendar():
    assert units.parse("year").factor == pytest.approx(12)
    assert units.parse("month").factor / units.parse("day").factor == pytest.approx(365.2425 / 12)
    assert units.parse("week").factor / units.parse("day").factor == pytest.approx(7)


@pytest.mark.parametrize(
    ("one", "times", "other"),
    [
        ("barrel", 42, "gallon"),
        ("gigawatt_hour", 3.6e12, "joule"),
        ("MW", 1e6, "kg*meter**2/second**3"),
        ("km**2", 100, "hectare"),
        ("nautical_mile", 1.852, "km"),
        ("meter**3", 1000, "liter"),
        ("pound", 453.59237, "g"),
        ("billion percent", 10, "million"),
    ],
)
def test_units_stand_to_each_other_as_everyone_knows(one, times, other):
    one, other = units.parse(one), units.parse(other)
    assert one.dimension == other.dimension
    assert one.factor / other.factor == pytest.approx(times, rel=1e-12)


def test_separative_work_is_not_a_mass():
    assert not units.parse("SWU").same(units.parse("kg"))
    assert units.parse("SWU/month*month").same(units.parse("SWU"))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1/month", "month**-1"),
        ("million USD", "million*USD"),
        ("kg*meter^2", "meter**2 kg"),
        ("kg/kg", "points"),
        ("months", "month"),
        ("people", "person"),
        ("USD/barrel*barrel", "USD"),
        ("1", "share"),
    ],
)
def test_units_can_be_written_in_several_ways(text, same):
    assert units.parse(text).same(units.parse(same))


@MANY
@given(st.text(max_size=30))
def test_arbitrary_text_is_a_unit_or_a_unit_error(text):
    try:
        units.parse(text)
    except units.UnitError as error:
        at = (error.start, error.end)
    else:
        at = (0, 1)
    assert 0 <= at[0] < at[1]


# ---------------------------------------------------------------------- constants and ranges


def test_powers_of_numbers_are_folded_in_floating_point():
    assert fold(read("2 ** 10")) == 1024.0
    assert fold(Binary("**", Number(9.0), Number(400.0))) is None


POINTS = {"x": 3.0, "y": -0.5}


def at_a_point(node: Node) -> float | bool:
    """Plain evaluation, to hold ranges against."""
    match node:
        case Number(value):
            return value
        case Variable(name):
            return POINTS[name]
        case Parameter():
            return 7.0
        case Now():
            return 2.0
        case StepLength():
            return 1.0
        case Negate(of):
            return -at_a_point(of)
        case Not(of):
            return not at_a_point(of)
        case Logic(op, parts):
            return all(map(at_a_point, parts)) if op == "and" else any(map(at_a_point, parts))
        case Compare(op, left, right):
            a, b = at_a_point(left), at_a_point(right)
            return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op]
        case Binary(op, left, right):
            a, b = at_a_point(left), at_a_point(right)
            return {"+": add, "-": sub, "*": mul, "/": truediv, "**": math.pow}[op](a, b)
        case Call("where", (condition, a_node, b_node)):
            return at_a_point(a_node) if at_a_point(condition) else at_a_point(b_node)
        case Call(function, args):
            values = [at_a_point(a) for a in args]
            known = {
                "min": min,
                "max": max,
                "abs": lambda v: abs(v),
                "exp": math.exp,
            }
            return known[function](*values)
    raise AssertionError(node)


@MANY
@given(FORMULAS)
def test_a_range_holds_every_value_that_the_formula_takes(node):
    """A range that is too narrow would call a possible condition impossible."""
    ranges = Ranges({"x": (-2.0, 5.0), "y": (-1.0, 0.0)}, (0.0, 12.0), 1.0)
    try:
        value = at_a_point(node)
    except (ArithmeticError, ValueError):
        return
    if isinstance(value, bool):
        assert ranges.truths(node)[0 if value else 1]
    elif math.isfinite(value):
        low, high = ranges.of(node)
        slack = 1e-9 * max(1.0, abs(value))
        assert low - slack <= value <= high + slack


def test_the_reference_lists_every_unit():
    text = (Path(__file__).parents[2] / "docs" / "reference" / "model-file.md").read_text(encoding="utf-8")
    for name in (*units.MAIN_NAMES, "points", "index", "share", "flag", "score", "count"):
        assert f"`{name}`" in text, name


@pytest.mark.parametrize(
    ("unit", "better"),
    [
        ("m3", "meter**3"),
        ("m²", "meter**2"),
        ("km2", "km**2"),
        ("bbl/day", "barrel"),
        ("bcm", "billion*meter**3"),
    ],
)
def test_a_unit_as_people_write_it_is_answered_with_ours(unit, better):
    with pytest.raises(units.UnitError) as caught:
        units.parse(unit)
    assert f"Write `{better}`." in caught.value.hint
    units.parse(better)
    assert not any("docs/" in line for line in caught.value.hint)
