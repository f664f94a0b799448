"""Evaluate a checked formula with NumPy arrays over runs: docs/explanation/semantics.md, "Numbers"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.engine.inputs import LARGEST_REPEATED_POWER, Floats
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
)

Value = npt.NDArray[Any]  # floats, or truth values where a condition stands


@dataclass(frozen=True)
class Environment:
    """What the names in a formula stand for.

    Attributes
    ----------
    variables, parameters : name -> (run,) or a number, in the name's unit
    now : months since the start
    dt : months in a step
    """

    variables: Mapping[str, Floats]
    parameters: Mapping[str, Floats]
    now: float | Floats = 0.0
    dt: float = 1.0


def evaluate(node: Node, env: Environment) -> Value:
    """Value of a formula in every run.

    Parameters
    ----------
    node : a checked formula
    env : values of the names; arrays broadcast against each other

    Returns
    -------
    Array of floats, or of truth values if the formula is a condition. A result without numbers for
    every run (a constant) has shape ().

    Examples
    --------
    >>> tension = np.array([10.0, 30.0])
    >>> formula = Binary("*", Number(-0.1), Variable("tension"))
    >>> evaluate(formula, Environment({"tension": tension}, {}))
    array([-1., -3.])
    """
    with np.errstate(all="ignore"):  # what is not finite is found in the run and marked there
        return np.asarray(_value(node, env))


def _value(node: Node, env: Environment) -> Value:
    match node:
        case Number(value):
            return np.asarray(value, dtype=np.float64)
        case Variable(name):
            return np.asarray(env.variables[name])
        case Parameter(name):
            return np.asarray(env.parameters[name])
        case Now():
            return np.asarray(env.now)
        case StepLength():
            return np.asarray(env.dt)
        case Negate(of):
            return np.negative(_value(of, env))
        case Not(of):
            return np.logical_not(_value(of, env))
        case Binary("**", base, exponent):
            return _power(_value(base, env), exponent, env)
        case Binary(op, left, right):
            return _ARITHMETIC[op](_value(left, env), _value(right, env))
        case Compare(op, left, right):
            return _COMPARISON[op](_value(left, env), _value(right, env))
        case Logic(op, parts):
            combine = np.logical_and if op == "and" else np.logical_or
            result = _value(parts[0], env)
            for part in parts[1:]:
                result = combine(result, _value(part, env))
            return result
        case Call(function, args):
            return np.asarray(PRIMITIVES[function](*(_value(a, env) for a in args)))
    raise TypeError(f"not a formula: {node!r}")  # pragma: no cover - the checker builds nothing else


def literal_of(node: Node) -> float | None:
    """The number that a node is written as, if it is one."""
    match node:
        case Number(value):
            return value
        case Negate(Number(value)):
            return -value
    return None


def _power(base: Value, exponent: Node, env: Environment) -> Value:
    literal = literal_of(exponent)
    if literal is not None and literal.is_integer() and abs(literal) <= LARGEST_REPEATED_POWER:
        return integer_power(base, int(literal))
    if literal == 0.5:
        return np.sqrt(base)
    return general_power(base, _value(exponent, env))


def integer_power(base: Value, n: int) -> Value:
    """base**n by repeated multiplication from the left; a negative n gives 1 over that."""
    if n == 0:
        return np.ones_like(base)
    result = base
    for _ in range(abs(n) - 1):
        result = result * base
    return np.asarray(1.0 / result if n < 0 else result)


def general_power(base: Value, exponent: Value) -> Value:
    """base**exponent as exp(exponent·ln base), and 0 to a positive power is 0. Negative bases give NaN."""
    return np.where((base == 0) & (exponent > 0), 0.0, np.exp(exponent * np.log(base)))


def _smallest(*args: Value) -> Value:
    result = args[0]
    for other in args[1:]:
        result = np.minimum(result, other)  # a NaN on either side passes on
    return result


def _largest(*args: Value) -> Value:
    result = args[0]
    for other in args[1:]:
        result = np.maximum(result, other)
    return result


_ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
_COMPARISON = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
# By the names of tree.PRIMITIVES.
PRIMITIVES: dict[str, Any] = {
    "min": _smallest,
    "max": _largest,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "where": np.where,
}
