"""Formulas as IR.

World and minds are run by the same functions on other vectors: a function takes the address of the stocks, of
a vector of parameters (the truth, or an actor's picture) and the time. These three are a `State`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from offramp.engine.compiled import elementary
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.layout import Layout, reciprocal_of
from offramp.engine.compiled.values import Value
from offramp.engine.inputs import LARGEST_REPEATED_POWER
from offramp.engine.plain.evaluate import literal_of
from offramp.model import Formula
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


class State(NamedTuple):
    """What formulas are read in.

    Attributes
    ----------
    x : address of the stocks
    p : address of a vector of parameters
    now : months since the start, uniform
    """

    x: Value
    p: Value
    now: Value


class FormulaReader:
    """Reads formulas in one state.

    Auxiliaries are computed where a formula needs them, once.

    Parameters
    ----------
    f : the function being written
    use_derived : read derived parts from the vector instead of computing them
    inline : write exp and log out instead of calling them: faster, for many are under way at once, but
        longer to compile
    """

    def __init__(
        self,
        f: FunctionWriter,
        layout: Layout,
        state: State,
        *,
        use_derived: bool = True,
        inline: bool = False,
    ) -> None:
        self.f, self.layout, self.inline = f, layout, inline
        self.x, self.p, self.now = state
        self._derived = layout.derived if use_derived else {}
        self._reals: dict[Node, Value] = {}
        self._masks: dict[Node, Value] = {}

    def stock(self, name: str) -> Value:
        return self.real(Variable(name))

    def made_of(self, auxiliary: str) -> list[str]:
        """Auxiliaries to be computed before one that reads them."""
        return self.layout.made_of(auxiliary)

    def read(self, formula: Formula | None, absent: float = 0.0) -> Value:
        """Value of a formula, or a constant where the model file gives none."""
        return self.f.real(absent) if formula is None else self.real(formula.node)

    def real(self, node: Node) -> Value:
        if node not in self._reals:
            self._reals[node] = self._real(node)
        return self._reals[node]

    def mask(self, node: Node) -> Value:
        """A condition; a number holds where it is not 0."""
        if node not in self._masks:
            self._masks[node] = self._mask(node)
        return self._masks[node]

    def _real(self, node: Node) -> Value:
        f = self.f
        if node in self._derived:
            return f.load(self.p, self._derived[node])
        match node:
            case Number(value):
                return f.real(value)
            case Parameter(name):
                return f.load(self.p, self.layout.parameter[name])
            case Variable(name):
                equals = self.layout.by_name[name].equals
                if equals is not None:
                    # What it is made of comes first, in order: a long chain is not a deep recursion.
                    for auxiliary in self.made_of(name):
                        self.real(Variable(auxiliary))
                    return self.real(equals.node)
                return f.load(self.x, self.layout.stock[name])
            case Now():
                return f.to("real", self.now)
            case StepLength():
                return f.real(self.layout.dt)
            case Negate(Number(value)):
                return f.real(-value)
            case Negate(of):
                return -self.real(of)
            case Binary("**", base, exponent):
                return self._power(self.real(base), exponent)
            case Binary("+", left, right):
                return self.real(left) + self.real(right)
            case Binary("-", left, right):
                return self.real(left) - self.real(right)
            case Binary("*", left, right):
                return self.real(left) * self.real(right)
            case Binary("/", left, right):
                return self._quotient(left, right)
            case Call(function, args):
                return PRIMITIVES[function](self, *args)
            case Compare() | Logic() | Not():
                return f.to("real", self.mask(node))
        raise TypeError(f"not a formula: {node!r}")

    def _mask(self, node: Node) -> Value:
        match node:
            case Compare(op, left, right):
                return self.f.compare(op, self.real(left), self.real(right))
            case Not(of):
                return ~self.mask(of)
            case Logic(op, parts):
                result = self.mask(parts[0])
                for part in parts[1:]:
                    result = result & self.mask(part) if op == "and" else result | self.mask(part)
                return result
        return self.real(node).differs(0.0)

    def _quotient(self, left: Node, right: Node) -> Value:
        x = self.real(left)
        reciprocal = reciprocal_of(right)
        if isinstance(reciprocal, float):
            if math.frexp(reciprocal)[0] in (0.5, -0.5):  # a power of 2: exact
                return x * reciprocal
            return self.f.divide(x, self.real(right), self.f.real(reciprocal))
        if reciprocal in self._derived:
            return self.f.divide(x, self.real(right), self.real(reciprocal))
        return x / self.real(right)

    def _power(self, base: Value, exponent: Node) -> Value:
        f = self.f
        literal = literal_of(exponent)
        if literal is not None and literal.is_integer() and abs(literal) <= LARGEST_REPEATED_POWER:
            if literal == 0:
                return f.real(1.0)
            result = base
            for _ in range(int(abs(literal)) - 1):
                result = result * base
            return 1.0 / result if literal < 0 else result
        if literal == 0.5:
            return f.square_root(base)
        n = self.real(exponent)
        value = self.elementary("exp", n * self.elementary("log", base))
        return f.select(base.equals(0.0) & (n > 0.0), 0.0, value)

    def combine(self, function: Callable[[Value, Value | float], Value], args: tuple[Node, ...]) -> Value:
        """`min` or `max` of all arguments, from the left."""
        result = self.real(args[0])
        for arg in args[1:]:
            result = function(result, self._operand(arg))
        return result

    def elementary(self, function: str, x: Value) -> Value:
        if not self.inline:
            return self.f.call(function, x)
        return (elementary.exp if function == "exp" else elementary.log)(self.f, x)

    def _operand(self, node: Node) -> Value | float:
        """A literal as a number, so that `min` and `max` know that it is not NaN."""
        literal = literal_of(node)
        return self.real(node) if literal is None else literal


# By the names of tree.PRIMITIVES.
PRIMITIVES: dict[str, Callable[..., Value]] = {
    "min": lambda read, *args: read.combine(read.f.smaller, args),
    "max": lambda read, *args: read.combine(read.f.larger, args),
    "exp": lambda read, x: read.elementary("exp", read.real(x)),
    "log": lambda read, x: read.elementary("log", read.real(x)),
    "sqrt": lambda read, x: read.f.square_root(read.real(x)),
    "abs": lambda read, x: read.f.absolute(read.real(x)),
    "where": lambda read, condition, a, b: read.f.select(read.mask(condition), read.real(a), read.real(b)),
}


def hold(f: FunctionWriter, layout: Layout, stock: str, value: Value) -> Value:
    """Keep a stock that saturates within its bounds."""
    variable = layout.by_name[stock]
    if variable.saturates and variable.bounds:
        return f.within(value, *variable.bounds)
    return value


def weigh(weight: Value, value: Value, node: Node | None = None) -> Value:
    """weight·value, and 0 where the weight is 0 whatever the value. `node`: what the value was read from."""
    product = weight * value
    if node is not None and literal_of(node) is not None:
        return product  # a literal is finite, so 0 times it is 0
    return weight.of.select(weight.differs(0.0), product, 0.0)


def power(f: FunctionWriter, base: Value, exponent: Value) -> Value:
    """base**exponent for a positive exponent, as formulas compute it."""
    value = f.call("exp", exponent * f.call("log", base))
    return f.select(base.equals(0.0), 0.0, value)
