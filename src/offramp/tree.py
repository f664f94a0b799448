"""The shape of a checked formula.

`language/syntax.py` parses text, and `language/formula.py` resolves every name and makes these nodes: both
engines and all that explains a model see nothing else. Values are numbers in each name's declared unit; truth
values only stand where a condition stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast, dataclass_transform

_Made = TypeVar("_Made")


@dataclass_transform(frozen_default=True)
def _node(made: type[_Made]) -> type[_Made]:
    """A frozen dataclass that computes its hash once: formulas are looked up by what they say, often."""
    data: Any = dataclass(frozen=True, slots=True)(made)
    computed: Callable[[Any], int] = data.__hash__

    def kept(self: Any) -> int:
        try:
            return int(self._hash)
        except AttributeError:
            object.__setattr__(self, "_hash", computed(self))
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
    """One of PRIMITIVES; all other functions of the language are made of these."""

    function: str
    args: tuple[Node, ...]


# The functions that an engine must know. `min` and `max` take two or more arguments, `where` a condition and
# two values, the others one.
PRIMITIVES = ("min", "max", "exp", "log", "sqrt", "abs", "where")

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


def with_parameters(node: Node, values: Mapping[str, Node]) -> Node:
    """`node` with other nodes in place of its parameters; those that `values` does not name stay."""
    return replaced(node, {Parameter(name): value for name, value in values.items()})


def replaced(node: Node, values: Mapping[Node, Node]) -> Node:
    """`node` with other nodes in place of some of its parts; what stands in their place stays as it is."""

    def new(of: Node) -> Node:
        return replaced(of, values)

    if node in values:
        return values[node]
    match node:
        case Negate(of):
            return Negate(new(of))
        case Not(of):
            return Not(new(of))
        case Binary(op, left, right):
            return Binary(op, new(left), new(right))
        case Compare(op, left, right):
            return Compare(op, new(left), new(right))
        case Logic(op, parts):
            return Logic(op, tuple(map(new, parts)))
        case Call(function, args):
            return Call(function, tuple(map(new, args)))
        case _:
            return node


def size_and_depth(node: Node, known: dict[int, tuple[int, int]] | None = None) -> tuple[int, int]:
    """Number of nodes of a formula when written out, and of levels; a part that stands twice counts twice."""
    known = {} if known is None else known
    if id(node) not in known:
        below = [size_and_depth(child, known) for child in children(node)]
        known[id(node)] = 1 + sum(s for s, _ in below), 1 + max((d for _, d in below), default=0)
    return known[id(node)]


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
