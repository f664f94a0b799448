"""Arithmetic on numbers alone, in floating point: nothing here can grow without bound."""

from __future__ import annotations

import math
from collections.abc import Callable

from offramp.tree import Binary, Call, Compare, Logic, Negate, Node, Not, Number


def fold(node: Node) -> float | None:
    """The value of arithmetic on numbers alone; None where it reads anything, or has no finite value."""
    match node:
        case Number(value):
            return value
        case Negate(of):
            inner = fold(of)
            return None if inner is None else -inner
        case Binary(op, left, right):
            a, b = fold(left), fold(right)
            return None if a is None or b is None else _finite(_BINARY[op], a, b)
        case Call("where", (condition, a_node, b_node)):
            truth = fold_condition(condition)
            return None if truth is None else fold(a_node if truth else b_node)
        case Call(function, args):
            values = [fold(a) for a in args]
            known = [v for v in values if v is not None]
            return _finite(_CALLS[function], *known) if len(known) == len(values) else None
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
    """Whether a formula for a number reads nothing: no name, no time."""
    match node:
        case Number():
            return True
        case Negate(of) | Not(of):
            return is_constant(of)
        case Binary(_, left, right) | Compare(_, left, right):
            return is_constant(left) and is_constant(right)
        case Logic(_, parts) | Call(_, parts):
            return all(is_constant(p) for p in parts)
        case _:
            return False


def _finite(function: Callable[..., float], *args: float) -> float | None:
    try:
        value = function(*args)
    except (ArithmeticError, ValueError):
        return None
    return value if math.isfinite(value) else None


_BINARY: dict[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": math.pow,
}
_CALLS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "clip": lambda x, low, high: min(max(x, low), high),
    "logistic": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0,
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
