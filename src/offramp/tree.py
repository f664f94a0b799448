"""The shape of a checked formula.

`formula.py` parses text into these nodes and `check.py` resolves every name, so that the engine,
the oracle and the explainer see nothing else. Values are numbers in each name's declared unit;
truth values only stand where a condition stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast, dataclass_transform

_Made = TypeVar("_Made")


@dataclass_transform(frozen_default=True)
def _node(made: type[_Made]) -> type[_Made]:
    """A frozen dataclass that reckons its hash once: formulas are looked up by what they say, often."""
    data: Any = dataclass(frozen=True, slots=True)(made)
    reckoned: Callable[[Any], int] = data.__hash__

    def kept(self: Any) -> int:
        try:
            return int(self._hash)
        except AttributeError:
            object.__setattr__(self, "_hash", reckoned(self))
            return int(self._hash)

    data.__hash__ = kept
    return cast(type[_Made], data)


class _Hashed:
    """Room for the hash. It is no field: nothing compares, shows or pickles it."""

    __slots__ = ("_hash",)


@_node
class Number(_Hashed):
    """A literal. Unit names such as `month` become 1 and dates become months since the start."""

    value: float


@_node
class Variable(_Hashed):
    """The current value of a variable, stock or auxiliary."""

    name: str


@_node
class Parameter(_Hashed):
    """A parameter of the world in which the formula is evaluated (the true one or a picture)."""

    name: str


@_node
class Now(_Hashed):
    """Months since the start of the model."""


@_node
class StepLength(_Hashed):
    """Length of one step in months: 1 for monthly models, about 0.23 for weekly ones."""


@_node
class Negate(_Hashed):
    of: Node


@_node
class Binary(_Hashed):
    op: Literal["+", "-", "*", "/", "**"]
    left: Node
    right: Node


@_node
class Compare(_Hashed):
    op: Literal["<", "<=", ">", ">=", "==", "!="]
    left: Node
    right: Node


@_node
class Logic(_Hashed):
    op: Literal["and", "or"]
    parts: tuple[Node, ...]


@_node
class Not(_Hashed):
    of: Node


@_node
class Call(_Hashed):
    """min, max (two or more arguments), exp, log, sqrt, abs, logistic, clip(x, low, high),
    where(condition, if_true, if_false)."""

    function: str
    args: tuple[Node, ...]


Node = Number | Variable | Parameter | Now | StepLength | Negate | Binary | Compare | Logic | Not | Call


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below `node`, left to right."""
    match node:
        case Negate(of) | Not(of):
            return (of,)
        case Binary(_, left, right) | Compare(_, left, right):
            return (left, right)
        case Logic(_, parts):
            return parts
        case Call(_, args):
            return args
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, parents first."""
    stack: list[Node] = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def is_plain(node: Node) -> bool:
    """Whether a formula is arithmetic of numbers alone."""
    return not any(isinstance(n, Variable | Parameter | Now) for n in walk(node))


def variables_in(node: Node) -> frozenset[str]:
    """Names of the variables that `node` reads directly."""
    return frozenset(n.name for n in walk(node) if isinstance(n, Variable))


def parameters_in(node: Node) -> frozenset[str]:
    """Names of the parameters that `node` reads directly."""
    return frozenset(n.name for n in walk(node) if isinstance(n, Parameter))
