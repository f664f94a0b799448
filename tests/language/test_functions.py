"""What holds for every function of the language, whatever its record says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine_bench import apply
from offramp.engine.compiled.layout import Layout
from offramp.engine.compiled.reader import PRIMITIVES as COMPILED
from offramp.engine.compiled.reader import FormulaReader, State
from offramp.engine.plain.evaluate import PRIMITIVES as PLAIN_WRITING
from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.language import functions, units
from offramp.language.constants import fold
from offramp.language.formula import MOST_LEVELS, resolve, write_call
from offramp.language.functions import FUNCTIONS, FunctionRecord
from offramp.language.ranges import Ranges
from offramp.language.scope import Known, Scope
from offramp.language.units import BARE, UNKNOWN, Unit
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import simulate
from offramp.tree import (
    PRIMITIVES,
    Binary,
    Call,
    Compare,
    Negate,
    Node,
    Number,
    Variable,
    size_and_depth,
    walk,
    with_parameters,
)
from small_models import STRAIT, made

INF, NAN = math.inf, math.nan
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 710.0, -710.0, 1e-300, -1e300, 5e-324, INF, -INF, NAN]
NAMES = ("a", "b", "c")
SIGMOID = FunctionRecord("sigmoid2(x)", "a share that rises from 0 to 1", "0.5 * (1 + x / sqrt(1 + x * x))")
rows = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))


def literal(value: float) -> Node:
    return Negate(Number(-value)) if value < 0 else Number(value)


def call_of(function: FunctionRecord, args: list[Node]) -> Node:
    """A call with these numbers; a condition is whether the number is above 0."""
    if function.units == "choice":
        args = [Compare(">", args[0], Number(0.0)), *args[1:]]
    return write_call(function.name, args)


def is_exact(node: Node) -> bool:
    """Whether a formula is arithmetic that IEEE 754 rounds correctly; exp, log and powers are not."""
    return not any(
        n.function in ("exp", "log") if isinstance(n, Call) else isinstance(n, Binary) and n.op == "**"
        for n in walk(node)
    )


def assert_same(got, expected, exact):
    if exact:
        np.testing.assert_array_equal(got, expected)
    else:
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


def points(function: FunctionRecord, n: int = 400) -> np.ndarray:
    """(argument, point): every special value beside every other, and random numbers."""
    rng, count = np.random.default_rng(4), function.counts[0]
    special = np.array(np.meshgrid(*[SPECIAL] * count)).reshape(count, -1)
    return np.concatenate([special, rng.normal(0, 3, (count, n)), rng.normal(0, 300, (count, n))], axis=1)


def plainly(node: Node, values: np.ndarray) -> np.ndarray:
    env = Environment(dict(zip(NAMES, values, strict=False)), {})
    return np.broadcast_to(evaluate(node, env), values.shape[1:])


def test_records_and_engines_know_the_same_primitives():
    """A name that only the checker knew would be found sound and then end in a traceback."""
    assert set(PRIMITIVES) == set(PLAIN_WRITING) == set(COMPILED)
    assert set(PRIMITIVES) == {f.name for f in FUNCTIONS.values() if not f.made_of}


@pytest.mark.parametrize(("usage", "made_of"), [("tanh(x)", ""), ("exp(x)", "2.718 ** x")])
def test_a_record_without_a_meaning_or_with_two_is_refused(usage, made_of):
    with pytest.raises(ValueError, match="either made of others or one of"):
        FunctionRecord(usage, "something", made_of)


@rows
def test_a_function_is_made_of_primitives_in_the_end(function):
    node = call_of(function, [Variable(n) for n in NAMES[: function.counts[0]]])
    assert {n.function for n in walk(node) if isinstance(n, Call)} <= set(PRIMITIVES)
    assert {n.name for n in walk(node) if isinstance(n, Variable)} == set(NAMES[: function.counts[0]])


@rows
def test_both_engines_agree_on_a_function_at_its_edges_and_elsewhere(function):
    values = points(function)
    node = call_of(function, [Variable(n) for n in NAMES[: len(values)]])
    layout = Layout(made(STRAIT, steps=14))

    def compiled(f, *given):
        read = FormulaReader(f, layout, State(f["x"], f["x"], f["n"]), use_derived=False)
        read._reals.update({Variable(n): v for n, v in zip(NAMES, given, strict=False)})
        return read.real(node)

    expected = plainly(node, values)
    assert_same(apply(compiled, *values), expected, is_exact(node))


@rows
def test_a_function_of_numbers_has_the_value_that_the_engine_gives(function):
    """The checker folds constants; a prior or a bound made of them must not differ from a formula of them."""
    values = points(function, 60)
    node = call_of(function, [Variable(n) for n in NAMES[: len(values)]])
    for point, expected in zip(values.T, plainly(node, values), strict=True):
        if not np.isfinite(point).all():
            continue  # no number of a model file
        got = fold(call_of(function, [literal(float(v)) for v in point]))
        assert (got is not None) == math.isfinite(expected), point
        if got is not None:
            assert_same(got, expected, is_exact(node))


ends = st.one_of(st.sampled_from([-INF, INF, 0.0, 1.0, -1.0]), st.floats(-50, 50))


@rows
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_range_of_a_function_holds_its_values(function, data):
    """A range that is too narrow would call a possible condition impossible."""
    names = NAMES[: function.counts[0]]
    given_ranges, inside = {}, []
    for name in names:
        low, high = sorted(data.draw(st.tuples(ends, ends)))
        given_ranges[name] = (low, high)
        inside.append(data.draw(st.floats(max(low, -1e6), min(high, 1e6))) if low < high < INF else low)
    assume(np.isfinite(inside).all())
    node = call_of(function, [Variable(n) for n in names])
    value = float(plainly(node, np.array(inside)[:, None])[0])
    low, high = Ranges(given_ranges, (0.0, 12.0), 1.0).of(node)
    assert low <= high
    slack = 0.0 if is_exact(node) else 1e-12 * max(1.0, abs(value))
    assert math.isnan(value) or low - slack <= value <= high + slack


KG = units.parse("kg")
SCOPE = Scope({n: Known("variable", KG) for n in NAMES})


def written(function: FunctionRecord, scope: Scope, args: tuple[str, ...] = NAMES):
    """A call as text, read: the first argument of a choice is a condition."""
    given_args = list(args[: function.counts[0]])
    if function.units == "choice":
        given_args[0] = f"{given_args[0]} > 0"
    return resolve(f"{function.name}({', '.join(given_args)})", scope, UNKNOWN)


IN_KG = {f.name: result for f in FUNCTIONS.values() if not (result := written(f, SCOPE)).faults}


@pytest.mark.parametrize("name", IN_KG)
def test_a_function_that_takes_a_unit_means_the_same_in_every_unit(name):
    """In tonnes all numbers are a thousandth; the answer must be the same amount, in tonnes or their root."""
    result = IN_KG[name]
    assert isinstance(result.kind, Unit)
    powers = dict(result.kind.powers)
    assert set(powers) <= {"kg"}
    values = np.abs(np.random.default_rng(1).normal(0, 5, (FUNCTIONS[name].counts[0], 50)))
    in_tonnes = plainly(result.node, values / 1000)
    np.testing.assert_allclose(in_tonnes, plainly(result.node, values) / 1000 ** powers.get("kg", 0.0))


@rows
def test_a_function_of_plain_numbers_is_one_and_of_bare_numbers_takes_any_unit(function):
    plain = Scope({n: Known("variable", units.PLAIN) for n in NAMES})
    result = written(function, plain)
    assert result.faults == ()
    assert isinstance(result.kind, Unit)
    assert result.kind.is_plain
    assert written(function, plain, ("1", "2", "3")).kind == BARE


RULED = [f for f in FUNCTIONS.values() if f.made_of and f.units != "of its parts"]


@pytest.mark.parametrize("function", RULED, ids=[f.name for f in RULED])
def test_a_rule_for_units_allows_no_more_than_the_parts(function):
    """A function that is made of others has a rule of its own for the sake of its messages."""
    for unit in (units.PLAIN, KG, units.parse("percent")):
        scope = Scope({n: Known("variable", unit) for n in function.arguments})
        by_rule, by_parts = (resolve(text, scope, UNKNOWN) for text in (function.usage, function.made_of))
        if not by_rule.faults:
            assert by_parts.faults == ()
            assert by_rule.kind == by_parts.kind


@rows
def test_too_few_and_too_many_arguments_are_refused(function):
    least, most = function.counts
    for count in (least - 1, most + 1):
        result = resolve(f"{function.name}({', '.join(['1'] * count)})", SCOPE, UNKNOWN)
        assert f"`{function.name}` takes" in result.faults[0].message
        assert result.faults[0].hint == (f"Write {function.usage}.",)


@rows
def test_a_condition_stands_only_where_a_choice_begins(function):
    count = function.counts[0]
    for at in range(count):
        args = ["1 > 0" if i == at else "1" for i in range(count)]
        result = resolve(f"{function.name}({', '.join(args)})", SCOPE, UNKNOWN)
        assert bool(result.faults) != (function.units == "choice" and at == 0)


@pytest.fixture
def sigmoid(monkeypatch):
    monkeypatch.setitem(functions.FUNCTIONS, "sigmoid2", SIGMOID)


def test_one_record_is_all_that_a_new_function_needs(sigmoid):
    """Checked and run by both engines, without another edit anywhere."""
    text = STRAIT.replace("-0.1 / month * (", "-0.1 / month * sigmoid2(arms) * (")
    assert text != STRAIT
    model = made(text, steps=14)
    design = Design(model, policies=["baseline"], scenarios=8, seed=2)
    fast, slow = (simulate(design, how=How(engine=engine)) for engine in ("compiled", "oracle"))
    np.testing.assert_allclose(fast["tension"], slow["tension"], rtol=1e-12)


def test_a_number_in_the_definition_of_a_function_has_no_unit(sigmoid):
    """Or `1 + x * x` would take an x in any unit, and mean another function in each."""
    fault = resolve("sigmoid2(a)", SCOPE, UNKNOWN).faults[0]
    assert fault.message.startswith(f"sigmoid2(x) is `{SIGMOID.made_of}`: adding different units")


def test_functions_within_functions_do_not_grow_without_bound(sigmoid):
    """Three uses of x in the definition make 3 ** 30 of them in thirty calls."""
    text = "sigmoid2(" * 30 + "a" + ")" * 30
    scope = Scope({"a": Known("variable", units.PLAIN)})
    assert "written out, this has more than" in resolve(text, scope, UNKNOWN).faults[0].message
    deep = "logistic(" * 39 + "+".join(["a"] * 80) + ")" * 39
    fault = resolve(deep, scope, UNKNOWN).faults[0]
    assert f"{MOST_LEVELS} in a row" in fault.message


def test_the_deepest_formula_that_is_allowed_can_be_worked_with():
    """Later stages walk trees by recursion; the limit on levels leaves room for that."""
    levels = MOST_LEVELS - 4 * 38
    text = "logistic(" * 38 + "+".join(["a"] * levels) + ")" * 38
    scope = Scope({"a": Known("variable", units.PLAIN)})
    node = resolve(text, scope, UNKNOWN).node
    assert size_and_depth(node)[1] in range(MOST_LEVELS - 3, MOST_LEVELS + 1)
    assert 0 < plainly(node, np.zeros((1, 1)))[0] < 1
    assert fold(with_parameters(node, {})) is None
    assert Ranges({"a": (0.0, 0.0)}, (0.0, 0.0), 1.0).of(node)[1] <= 1
