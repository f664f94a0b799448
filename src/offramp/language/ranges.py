"""What values a formula can take, by interval arithmetic: always at least as wide as the truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from offramp.language.functions import ANY, FUNCTIONS, Range
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


class Ranges:
    """Ranges of formulas, given those of what they read.

    Parameters
    ----------
    variables : lowest and highest value of each variable that has any
    now : of the time, in months
    step_length : months
    parameters : of each parameter that has any; a model can be run with others than it was written with, so
        to leave them out is to ask what holds in every run
    """

    def __init__(
        self,
        variables: Mapping[str, Range],
        now: Range,
        step_length: float,
        parameters: Mapping[str, Range] | None = None,
    ) -> None:
        self.variables = variables
        self.parameters = parameters or {}
        self.now = now
        self.step_length = step_length

    def of(self, node: Node) -> Range:
        """Lowest and highest value of a formula for a number."""
        match node:
            case Number(value):
                return value, value
            case Variable(name):
                return self.variables.get(name, ANY)
            case Parameter(name):
                return self.parameters.get(name, ANY)
            case Now():
                return self.now
            case StepLength():
                return self.step_length, self.step_length
            case Negate(of):
                low, high = self.of(of)
                return -high, -low
            case Binary(op, left, right):
                return _binary(op, self.of(left), self.of(right))
            case Call("where", (condition, a, b)):
                can, cannot = self.truths(condition)
                kept = [self.of(part) for part, open_ in ((a, can), (b, cannot)) if open_]
                return _hull(*(end for part in kept for end in part))
            case Call(function, args):
                rule = FUNCTIONS[function].range
                return ANY if rule is None else rule(*(self.of(a) for a in args))
            case _:
                return ANY

    def truths(self, node: Node) -> tuple[bool, bool]:
        """Whether a condition can be true, and whether it can be false."""
        match node:
            case Compare(op, left, right):
                return _compare(op, self.of(left), self.of(right))
            case Not(of):
                can, cannot = self.truths(of)
                return cannot, can
            case Logic("or", parts):
                every = [self.truths(p) for p in parts]
                return any(t for t, _ in every), all(f for _, f in every)
            case Logic("and", parts):
                # What one part says of a variable holds for the others: `x > 5 and x < 3` is never true.
                narrowed = dict(self.variables)
                for part in parts:
                    self._narrow(part, narrowed)
                closed = any(low > high for low, high in narrowed.values())
                inner = Ranges(narrowed, self.now, self.step_length, self.parameters)
                can = not closed and all(inner.truths(p)[0] for p in parts)
                return can, any(self.truths(p)[1] for p in parts)
            case _:
                return True, True

    def _narrow(self, part: Node, ranges: dict[str, Range]) -> None:
        if not isinstance(part, Compare):
            return
        name, op, other = part.left, part.op, part.right
        if isinstance(other, Variable):
            mirrored: dict[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
            name, other = part.right, part.left
            turned = mirrored.get(part.op, part.op)
        else:
            turned = str(op)
        if not isinstance(name, Variable):
            return
        low, high = self.of(other)
        was_low, was_high = ranges.get(name.name, ANY)
        if turned in ("<", "<=", "=="):
            was_high = min(was_high, high)
        if turned in (">", ">=", "=="):
            was_low = max(was_low, low)
        ranges[name.name] = (was_low, was_high)


def _hull(*ends: float) -> Range:
    """The range of several values; anything, where one is not a number."""
    if not ends or any(math.isnan(e) for e in ends):
        return ANY
    return min(ends), max(ends)


def _product(a: float, b: float) -> float:
    # The ends of a range are never reached where they are infinite, so 0 times them is 0.
    return 0.0 if a == 0 or b == 0 else a * b


def _binary(op: str, a: Range, b: Range) -> Range:
    if op == "+":
        return _hull(a[0] + b[0], a[1] + b[1])
    if op == "-":
        return _hull(a[0] - b[1], a[1] - b[0])
    if op == "*":
        return _hull(*(_product(x, y) for x in a for y in b))
    if op == "/":
        if b[0] <= 0 <= b[1]:
            return ANY
        # Divided and not multiplied by 1 / y: rounded as the value is, the ends hold it.
        return _hull(*(0.0 if math.isinf(y) else x / y for x in a for y in b))
    if a[0] >= 0 and b[0] == b[1] and b[0] > 0:
        return _hull(_value(math.pow, a[0], b[0]), _value(math.pow, a[1], b[0]))
    return ANY


def _value(function: Callable[..., float], *args: float) -> float:
    try:
        return function(*args)
    except OverflowError:
        return math.inf


def _compare(op: str, a: Range, b: Range) -> tuple[bool, bool]:
    if op in (">", ">="):
        return _compare("<" if op == ">" else "<=", b, a)
    if op == "<":
        return a[0] < b[1], a[1] >= b[0]
    if op == "<=":
        return a[0] <= b[1], a[1] > b[0]
    meet = a[0] <= b[1] and b[0] <= a[1]
    same = a[0] == a[1] == b[0] == b[1]
    return (meet, not same) if op == "==" else (not same, meet)
