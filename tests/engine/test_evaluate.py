"""Formulas mean what "Numbers" of docs/explanation/semantics.md says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.language.formula import write_call
from offramp.tree import (
    Binary,
    Call,
    Compare,
    Logic,
    Negate,
    Not,
    Now,
    Number,
    Parameter,
    StepLength,
    Variable,
)

X, Y = Variable("x"), Variable("y")
finite = st.floats(-1e6, 1e6)


def value(node, x=0.0, y=0.0, now=0.0, dt=1.0, **parameters):
    variables = {"x": np.atleast_1d(np.asarray(x, float)), "y": np.atleast_1d(np.asarray(y, float))}
    env = Environment(variables, {k: np.asarray(v) for k, v in parameters.items()}, now, dt)
    return np.broadcast_to(evaluate(node, env), variables["x"].shape)[0]


@given(x=finite, y=finite)
def test_arithmetic_is_that_of_ieee_doubles(x, y):
    assert value(Binary("+", X, Y), x, y) == x + y
    assert value(Binary("-", X, Y), x, y) == x - y
    assert value(Binary("*", X, Y), x, y) == x * y
    assert value(Negate(X), x) == -x
    if y:
        assert value(Binary("/", X, Y), x, y) == x / y


def test_division_by_zero_is_a_value_and_not_an_exception():
    """The run that meets it is marked; the others go on."""
    assert value(Binary("/", X, Y), 1.0, 0.0) == math.inf
    assert math.isnan(value(Binary("/", X, Y), 0.0, 0.0))


@given(x=st.floats(-50, 50).filter(lambda x: abs(x) > 1e-3), n=st.integers(1, 8))
def test_small_whole_powers_are_repeated_multiplication_from_the_left(x, n):
    product = x
    for _ in range(n - 1):
        product *= x
    assert value(Binary("**", X, Number(float(n))), x) == product
    assert value(Binary("**", X, Negate(Number(float(n)))), x) == 1 / product


def test_other_powers():
    assert value(Binary("**", X, Number(0.0)), 0.0) == 1
    assert value(Binary("**", X, Number(0.5)), 2.0) == math.sqrt(2)
    assert value(Binary("**", X, Number(1.5)), 0.0) == 0
    assert value(Binary("**", X, Number(9.0)), 2.0) == pytest.approx(512, rel=1e-14)
    assert math.isnan(value(Binary("**", X, Number(1.5)), -2.0))
    assert value(Binary("**", X, Y), 0.0, 2.0) == 0
    assert value(Binary("**", X, Y), 0.0, -2.0) == math.inf
    assert value(Binary("**", X, Y), 3.0, 2.0) == math.exp(2 * math.log(3))


@pytest.mark.parametrize("function", ["min", "max"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_smallest_and_largest_pass_a_nan_on(function, at):
    """Python's min() would drop it or keep it by order, and a broken run would go unseen."""
    args = [Number(1.0), Number(2.0), Number(3.0)]
    args[at] = Number(math.nan)
    assert math.isnan(value(Call(function, tuple(args))))


@given(x=finite, low=finite, high=finite)
def test_clip_min_and_max(x, low, high):
    assert value(write_call("clip", (X, Number(low), Number(high))), x) == min(max(x, low), high)
    assert value(Call("min", (X, Number(low), Number(high))), x) == min(x, low, high)
    assert value(Call("max", (X, Number(low), Number(high))), x) == max(x, low, high)


@given(x=st.floats(-700, 700))
@settings(max_examples=50)
def test_functions(x):
    assert value(Call("exp", (X,)), x) == pytest.approx(math.exp(x), rel=1e-14)
    assert value(Call("abs", (X,)), x) == abs(x)
    assert value(write_call("logistic", (X,)), x) == pytest.approx(1 / (1 + math.exp(-x)), rel=1e-14)
    if x > 0:
        assert value(Call("log", (X,)), x) == pytest.approx(math.log(x), rel=1e-14, abs=1e-300)
        assert value(Call("sqrt", (X,)), x) == math.sqrt(x)


def test_the_logistic_of_a_large_negative_number_is_zero():
    assert value(write_call("logistic", (X,)), -1e6) == 0
    assert math.isnan(value(Call("log", (X,)), -1.0))


@given(x=st.integers(-2, 2), y=st.integers(-2, 2))
def test_conditions(x, y):
    for op, expected in [
        ("<", x < y),
        ("<=", x <= y),
        (">", x > y),
        (">=", x >= y),
        ("==", x == y),
        ("!=", x != y),
    ]:
        assert bool(value(Compare(op, X, Y), x, y)) is expected
    small, equal = Compare("<", X, Number(0.0)), Compare("==", X, Y)
    assert bool(value(Logic("and", (small, equal, Not(equal))), x, y)) is False
    assert bool(value(Logic("or", (small, equal)), x, y)) is (x < 0 or x == y)
    assert value(Call("where", (small, Number(1.0), Number(2.0))), x) == (1 if x < 0 else 2)


def test_time_and_parameters():
    assert value(Binary("*", Now(), StepLength()), now=6.0, dt=0.25) == 1.5
    assert value(Parameter("k"), k=7.0) == 7


def test_every_run_has_its_own_value():
    env = Environment({"x": np.array([1.0, 2.0, 3.0])}, {"k": np.array([10.0, 20.0, 30.0])})
    assert evaluate(Binary("*", X, Parameter("k")), env).tolist() == [10, 40, 90]
