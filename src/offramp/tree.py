"""The shape of a checked formula.

`formula.py` parses text into these nodes and `check.py` resolves every name, so that the engine,
the oracle and the explainer see nothing else. Values are numbers in each name's declared unit;
truth values only stand where a condition stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Number:
    """A literal. Unit names such as `month` become 1 and dates become months since the start."""

    value: float


@dataclass(frozen=True, slots=True)
class Variable:
    """The current value of a variable, stock or auxiliary."""

    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the world in which the formula is evaluated (the true one or a picture)."""

    name: str


@dataclass(frozen=True, slots=True)
class Now:
    """Months since the start of the model."""


@dataclass(frozen=True, slots=True)
class StepLength:
    """Length of one step in months: 1 for monthly models, about 0.23 for weekly ones."""


@dataclass(frozen=True, slots=True)
class Negate:
    of: Node


@dataclass(frozen=True, slots=True)
class Binary:
    op: Literal["+", "-", "*", "/", "**"]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare:
    op: Literal["<", "<=", ">", ">=", "==", "!="]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic:
    op: Literal["and", "or"]
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    of: Node


@dataclass(frozen=True, slots=True)
class Call:
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
