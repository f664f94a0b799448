"""One walk over a model: every part of it, every formula with where it stands, and what moves what.

The walk follows the dataclasses of `offramp.model` and lists no kinds of parts. A part or a formula that is
added there is found by whatever walks: the engine, `explain`, notes, briefs, the diagnosis of failures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from offramp.model import (
    Base,
    Distribution,
    Effect,
    Formula,
    Intervention,
    Model,
    Origin,
    Remembered,
    Row,
    Variable,
)
from offramp.tree import Node, replaced, variables_in
from offramp.tree import Variable as VariableName

# What parts are made of; nothing below these is a part.
_VALUES = (Formula, Distribution, Origin, Base, Row)

# Of the fields of one part these come last: what an actor does comes after what it sees and believes.
_LAST = ("actions",)

# Keys of formulas that are read once, before a run begins.
BEFORE_A_RUN = frozenset(
    {"initial", "value", "prior", "true_type", "depth_as", "horizon_as", "inner_horizon_as"}
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a model, such as a variable, an action of an actor, a side of a test.

    `holders` are the parts that it belongs to, outermost first; `section` is the field of the model through
    which it is reached, such as `actors`.
    """

    item: Any
    holders: tuple[Any, ...]
    section: str

    @property
    def kind(self) -> str:
        """What it is, as a word: `variable`, `action`, `rung`."""
        return kind_of(self.item)

    @property
    def path(self) -> str:
        """Its name after those of its holders: `blue.press`."""
        return ".".join(filter(None, map(name_of, (*self.holders, self.item))))

    @property
    def holder(self) -> Part:
        """The part that it belongs to."""
        return Part(self.holders[-1], self.holders[:-1], self.section)

    @property
    def origin(self) -> Origin | None:
        """Where it stands and what backs it; None for a part without an origin of its own, as an effect."""
        return getattr(self.item, "origin", None)


@dataclass(frozen=True, slots=True)
class Place:
    """A formula and where it stands: the part, the key, and which actor, side or type it is for, if it is."""

    part: Part
    key: str
    of: str
    formula: Formula

    @property
    def target(self) -> str:
        """The variable or parameter that the formula gives a value to; empty if it gives one to neither."""
        item = self.part.item
        if isinstance(item, Variable):
            return item.name
        return str(getattr(item, "variable", "") or getattr(item, "parameter", ""))


@dataclass(frozen=True, slots=True)
class Mover:
    """What a part does to a stock or, if the part is a policy, to a stock or a parameter: `add` or `set`."""

    by: Part
    target: str
    how: str
    amount: Formula | float


def kind_of(item: Any) -> str:
    """What a part is, as a word."""
    return type(item).__name__.lower()


def name_of(item: Any) -> str:
    """The name of a part; for a signal, a misreading or a belief the name of what it is about; or empty."""
    keys = ("name", "parameter", "variable", "about", "key")
    return next((name for key in keys if (name := getattr(item, key, ""))), "")


def parts(model: Model) -> Iterator[Part]:
    """Every part, each before the parts that belong to it, otherwise in the order of the file."""
    for section in _fields(model):
        yield from _parts(getattr(model, section), (), section)


def _parts(value: Any, holders: tuple[Any, ...], section: str) -> Iterator[Part]:
    if isinstance(value, tuple):
        for item in value:
            yield from _parts(item, holders, section)
    elif is_dataclass(value) and not isinstance(value, _VALUES):
        yield Part(value, holders, section)
        for field in _fields(value):
            yield from _parts(getattr(value, field), (*holders, value), section)


def _fields(item: Any) -> list[str]:
    return sorted((f.name for f in fields(item)), key=_LAST.__contains__)


def formulas(model: Model) -> Iterator[Place]:
    """Every formula of a model and where it stands."""
    for part in parts(model):
        for key, of, formula in formulas_of(part.item):
            yield Place(part, key, of, formula)


def formulas_of(item: Any) -> Iterator[tuple[str, str, Formula]]:
    """The formulas of a part itself: (key, the actor, side or type that it is for or "", formula)."""
    for key in _fields(item):
        value = getattr(item, key)
        if isinstance(value, Formula):
            yield key, "", value
        elif isinstance(value, tuple):
            for pair in value:
                if isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], Formula):
                    yield key, pair[0], pair[1]


def effects_of(item: Any) -> list[Effect]:
    """All effects of an action, event, branch or rung, in whichever of its fields they stand."""
    values = (getattr(item, key) for key in _fields(item))
    return [e for v in values if isinstance(v, tuple) for e in v if isinstance(e, Effect)]


def moves(model: Model) -> Iterator[Mover]:
    """Everything that actions, events, rungs and policies do to stocks, and policies to parameters."""
    for part in parts(model):
        match part.item:
            case Effect(variable, how, amount):
                yield Mover(part.holder, variable, how, amount)
            case Intervention():
                yield from (Mover(part.holder, name, "set", value) for name, value in part.item.set)
                yield from (Mover(part.holder, name, "add", value) for name, value in part.item.shift)


def behind(model: Model, node: Node) -> Iterator[Node]:
    """A formula, then those by which what it remembers comes about, at any remove."""
    memories = {place: memory for memory in model.memories for place in memory.places}
    waiting, seen = [node], set[str]()
    while waiting:
        yield (node := waiting.pop())
        for name in sorted(variables_in(node)):
            if name in memories and (memory := memories[name]).name not in seen:
                seen.add(memory.name)
                waiting += [formula.node for formula in (memory.of, memory.time, memory.start)]


def read_in(model: Model, node: Node) -> set[str]:
    """Variables that a formula reads directly, those among them that it reads through what it remembers."""
    places = {place for memory in model.memories for place in memory.places}
    return {name for part in behind(model, node) for name in variables_in(part)} - places


def remembered(model: Model, memory: Remembered) -> set[str]:
    """Stocks that a memory follows, also through auxiliaries and other memories."""
    equals = {v.name: v.equals.node for v in model.variables if v.equals is not None}
    found: set[str] = set()
    waiting = read_in(model, memory.of.node)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= read_in(model, equals[name]) if name in equals else set()
    return found - equals.keys()


def steady(model: Model) -> tuple[Remembered, ...]:
    """What formulas remember, each with formulas that read no memory themselves but what is now."""
    settled = _settling(model)
    return tuple(_with_formulas(memory, settled) for memory in model.memories)


def without_memory(model: Model) -> Model:
    """The model as it would be had all that formulas remember long been as it is now."""
    return replace(_with_formulas(model, _settling(model)), memories=()) if model.memories else model


def _settling(model: Model) -> Callable[[Node], Node]:
    """What puts what is followed in place of what is remembered of it."""
    steady: dict[Node, Node] = {
        VariableName(place): memory.steady.node for memory in model.memories for place in memory.places
    }

    def settled(node: Node) -> Node:
        # What a memory follows may read another; the longest chain is one through all of them.
        for _ in model.memories:
            if (node := replaced(before := node, steady)) == before:
                break
        return node

    return settled


def _with_formulas(part: Any, new: Callable[[Node], Node]) -> Any:
    """A part of a model with other formulas."""
    if isinstance(part, Formula):
        return replace(part, node=new(part.node))
    if isinstance(part, tuple):
        return tuple(_with_formulas(item, new) for item in part)
    if not is_dataclass(part) or isinstance(part, _VALUES):
        return part
    changed = {f.name: _with_formulas(getattr(part, f.name), new) for f in fields(part)}
    return replace(part, **changed)  # type: ignore[type-var]


def moved(model: Model) -> set[str]:
    """Names of the stocks that can change, and of the parameters that a policy changes."""
    alone = {v.name for v in model.stocks if v.change is not None or v.noise is not None}
    return alone | {move.target for move in moves(model)}


def set_by_policies(model: Model) -> set[str]:
    """Names of all parameters and stocks that some policy sets or shifts."""
    return {move.target for move in moves(model) if move.by.kind == "policy"}


def readers(model: Model) -> dict[str, list[Place]]:
    """Variable -> the formulas that read it, themselves or through auxiliaries, in the order of the file.

    A formula that gives x its value is no reader of x; the formula of an auxiliary is none of anything, as
    whoever reads the auxiliary is.
    """
    below = {v.name: read_in(model, v.equals.node) for v in model.variables if v.equals is not None}
    for name in [v.name for v in model.auxiliaries]:  # each after those that it is made of
        below[name] = below[name].union(*(below.get(other, ()) for other in below[name]))
    found: dict[str, list[Place]] = {v.name: [] for v in model.variables}
    for place in formulas(model):
        if place.key == "equals" or place.part.kind == "remembered":
            continue
        read = read_in(model, place.formula.node)
        for name in read.union(*(below.get(other, ()) for other in read)) - {place.target}:
            found[name].append(place)
    return found


def made_of(model: Model, auxiliary: str) -> list[str]:
    """The stocks that an auxiliary is made of, itself or through others, in the order of the file."""
    formulas_ = {v.name: v.equals for v in model.variables}
    waiting, known = [auxiliary], set()
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            equals = formulas_[name]
            waiting += [] if equals is None else read_in(model, equals.node)
    return [s.name for s in model.stocks if s.name in known]


def within_reach(model: Model) -> set[str]:
    """The variables that a choice can hang on, now or later: who decides reads them or what they move.

    All that a deciding actor holds may be read as it chooses; where one looks ahead, ends and ladders too.
    What moves a variable, or decides whether it is moved, counts as far as that variable does.
    """
    read = {name: {id(p.formula) for p in places} for name, places in readers(model).items()}
    deciding = {id(a) for a in model.actors if len(a.actions) > 1}
    ahead = any(a.depth for a in model.actors if id(a) in deciding)
    let_move: dict[int, set[str]] = {}  # event or ladder -> the stocks that it moves
    for move in moves(model):
        if move.by.section in ("events", "ladders"):
            let_move.setdefault(id(_outermost(move.by)), set()).add(move.target)
    minds: set[int] = set()
    movers: dict[int, set[str]] = {}  # formula -> the stocks that it moves, or lets be moved
    for place in formulas(model):
        outer, section = _outermost(place.part), place.part.section
        ends = section == "ladders" or (section == "outcomes" and outer.absorbing)
        if (section == "actors" and (id(outer) in deciding or ahead)) or (ends and ahead):
            minds.add(id(place.formula))
        own = {place.target} if place.target else set()
        movers[id(place.formula)] = own | let_move.get(id(outer), set())
    reached = {name for name, by in read.items() if by & minds}
    while True:
        more = {n for n, by in read.items() if n not in reached and any(movers[f] & reached for f in by)}
        if not more:
            return reached
        reached |= more


def _outermost(part: Part) -> Any:
    return part.holders[0] if part.holders else part.item
