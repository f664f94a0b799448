"""Arithmetic on numbers alone, in floating point: nothing here can grow without bound."""

from __future__ import annotations

import math
from collections.abc import Callable

from offramp.language.functions import FUNCTIONS
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
    walk,
)


def fold(node: Node) -> float | None:
    """The value of arithmetic on numbers alone; None where it reads anything, or has no finite value."""
    value = _value(node)
    return value if value is not None and math.isfinite(value) else None


def _value(node: Node) -> float | None:
    """As `fold`, but what is not finite is passed on, as the engines do: 1 / (1 + exp(800)) is 0."""
    match node:
        case Number(value):
            return value
        case Negate(of):
            inner = _value(of)
            return None if inner is None else -inner
        case Binary(op, left, right):
            a, b = _value(left), _value(right)
            return None if a is None or b is None else _arithmetic(op, a, b)
        case Call("where", (condition, a_node, b_node)):
            truth = fold_condition(condition)
            return None if truth is None else _value(a_node if truth else b_node)
        case Call(name, args):
            values = [_value(a) for a in args]
            known = [v for v in values if v is not None]
            function = FUNCTIONS[name].fold
            return function(*known) if function is not None and len(known) == len(values) else None
        case _:
            return None


def fold_condition(node: Node) -> bool | None:
    """Whether a condition on numbers alone holds; None where it reads anything."""
    match node:
        case Compare(op, left, right):
            a, b = fold(left), fold(right)
            return None if a is None or b is None else _COMPARE[op](a, b)
        case Not(of):
            inner = fold_condition(of)
            return None if inner is None else not inner
        case Logic(op, parts):
            truths = [fold_condition(p) for p in parts]
            decides = op == "or"
            if decides in truths:
                return decides
            return None if None in truths else not decides
        case _:
            return None


def is_constant(node: Node) -> bool:
    """Whether a formula reads nothing: no name, no time."""
    return not any(isinstance(n, Variable | Parameter | Now | StepLength) for n in walk(node))


def _arithmetic(op: str, a: float, b: float) -> float:
    """NaN where Python would raise an error."""
    try:
        return _BINARY[op](a, b)
    except (ArithmeticError, ValueError):
        return math.nan


_BINARY: dict[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": math.pow,
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
