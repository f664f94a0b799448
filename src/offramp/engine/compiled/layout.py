"""Where a model's values stand in arrays, and what its formulas read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from offramp import anatomy
from offramp.model import Action, Actor, Event, Formula, Model
from offramp.tree import (
    Binary,
    Call,
    Negate,
    Node,
    Now,
    Number,
    Parameter,
    Variable,
    children,
    variables_in,
    walk,
)


@dataclass(frozen=True)
class Slot:
    """One action of one actor; slots are numbered actor by actor, in file order."""

    actor: int
    position: int  # among the actor's own actions
    action: Action


# What is kept of the odds of a ladder before the chances of its rungs: points of two sides, chance of war.
ODDS = 3


class Layout:
    """Positions of a model's stocks, parameters, actions and events in lane-major arrays.

    A vector of parameters is longer than the model's: behind the parameters stand the values of all
    parts of formulas that read nothing but parameters. They are computed once for a vector (the function
    `derive`) and not again in every step of a look-ahead.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.dt = model.step_length
        self.carried = model.carried
        self.stock = {v.name: i for i, v in enumerate(self.carried)}
        self.parameter = {p.name: i for i, p in enumerate(model.parameters)}
        self.by_name = {v.name: v for v in (*model.variables, *self.carried)}
        self.pasts = [memory for memory in model.memories if memory.function == "was"]
        self._made_of: dict[str, list[str]] = {}
        self._reads: dict[Node, frozenset[str]] = {}
        self.first_slot: list[int] = []
        self.slots: list[Slot] = []
        for a, actor in enumerate(model.actors):
            self.first_slot.append(len(self.slots))
            self.slots += [Slot(a, i, action) for i, action in enumerate(actor.actions)]
        self.stages = model.stages
        self.stage_of = {a: g for g, stage in enumerate(self.stages) for a in stage}

    @property
    def is_staged(self) -> bool:
        """Whether some actors see in a step what others have done in it."""
        return len(self.stages) > 1

    def in_stage(self, name: str, g: int) -> str:
        """Name of a function for one stage of a step; where there is but one it needs no number."""
        return f"{name}_stage{g}" if self.is_staged else name

    def slots_of_stage(self, g: int) -> list[tuple[int, Slot]]:
        """The actions of those who move in a stage, each with its number."""
        return [(s, slot) for s, slot in enumerate(self.slots) if self.stage_of[slot.actor] == g]

    @cached_property
    def derived(self) -> dict[Node, int]:
        """Parts of formulas made of parameters alone -> position in a vector of parameters."""
        found: dict[Node, int] = {}
        for node in all_formulas(self.model):
            for part in _parameter_parts(node):
                found.setdefault(part, len(self.parameter) + len(found))
        for actor in self.model.actors:
            for own in (actor.precision, self.discount_per_step(actor)):
                if own is not None:
                    node = own.node if isinstance(own, Formula) else own
                    found.setdefault(node, len(self.parameter) + len(found))
        return found

    def discount_per_step(self, actor: Actor) -> Node | None:
        """The actor's discount over one step, as a formula."""
        if actor.discount is None:
            return None
        return actor.discount.node if self.dt == 1 else Binary("**", actor.discount.node, Number(self.dt))

    @property
    def vector_length(self) -> int:
        """Reals in a vector of parameters, with derived parts, steady habits and odds of ladders."""
        return self.first_odds + sum(ODDS + len(ladder.rungs) for ladder in self.model.ladders)

    @property
    def first_odds(self) -> int:
        return self.first_steady + sum(len(self.model.actors[i].actions) for i in self.steady)

    @cached_property
    def odds(self) -> dict[str, int]:
        """Ladders -> first place, in a vector, of what an exchange brings as expected in that picture.

        There stand the points of the first and of the second side besides war, the chance of war, and for
        each rung the chance that it is the highest reached; over who moves first.
        """
        places, found = self.first_odds, {}
        for ladder in self.model.ladders:
            found[ladder.name] = places
            places += ODDS + len(ladder.rungs)
        return found

    @cached_property
    def steady_ladders(self) -> frozenset[str]:
        """Ladders that, once open, read parameters alone: one solution serves a vector in every step."""
        sides = {a.name: a for a in self.model.actors}
        found = set()
        for ladder in self.model.ladders:
            given = [ladder.first, *(sides[side].precision for side in ladder.sides)]
            by_side = [ladder.war_worth]
            for rung in ladder.rungs:
                given.append(rung.loses_control)
                by_side += [rung.harm, rung.stakes, rung.audience_cost]
            given += [formula for values in by_side for _, formula in values]
            if not any(isinstance(n, Variable | Now) for g in given if g is not None for n in walk(g.node)):
                found.add(ladder.name)
        return frozenset(found)

    @cached_property
    def rung(self) -> dict[tuple[str, int], int]:
        """(ladder, position of a rung) -> position among all rungs of all ladders."""
        every = [(ladder.name, r) for ladder in self.model.ladders for r in range(len(ladder.rungs))]
        return {key: i for i, key in enumerate(every)}

    @property
    def first_steady(self) -> int:
        return len(self.parameter) + len(self.derived)

    def stocks_read(self, formulas: Iterable[Node]) -> set[str]:
        """Stocks that some formulas read, also through auxiliaries."""
        found: set[str] = set()
        names = {n.name for node in formulas for n in walk(node) if isinstance(n, Variable)}
        while names:
            found |= names
            equals = [e.node for name in names if (e := self.by_name[name].equals) is not None]
            names = {n.name for node in equals for n in walk(node) if isinstance(n, Variable)} - found
        return found & self.stock.keys()

    def reads(self, node: Node) -> frozenset[str]:
        """Stocks that a formula reads, also through auxiliaries."""
        if node not in self._reads:
            if isinstance(node, Variable):
                found = frozenset(self.stocks_read([node]))
            else:
                found = frozenset().union(*(self.reads(child) for child in children(node)))
            self._reads[node] = found
        return self._reads[node]

    def made_of(self, auxiliary: str) -> list[str]:
        """Other auxiliaries that one is made of, at any remove, each after those that it reads itself."""
        if auxiliary not in self._made_of:
            found: set[str] = set()
            waiting = [auxiliary]
            while waiting:
                equals = self.by_name[waiting.pop()].equals
                names = variables_in(equals.node) if equals is not None else frozenset()
                new = {n for n in names if self.by_name[n].is_auxiliary} - found
                found |= new
                waiting += new
            self._made_of[auxiliary] = [n for n in self.model.auxiliary_order if n in found]
        return self._made_of[auxiliary]

    def stocks_valued(self, i: int) -> set[str]:
        """Stocks that say what the end of a step is worth to actor i, and whether the course ends."""
        return self.stocks_read(self.valuation(i))

    def valuation(self, i: int) -> list[Node]:
        """The formulas that say what the end of a step is worth to actor i, and whether the course ends."""
        actor = self.model.actors[i]
        given = [term.formula for term in actor.utility]
        for outcome in self.model.outcomes:
            if outcome.absorbing:
                own = dict(outcome.worth).get(actor.name)
                given += [g for g in (outcome.rate, outcome.when, own) if g is not None]
        return [formula.node for formula in given]

    @cached_property
    def steady(self) -> dict[int, int]:
        """Actors whose habit reads nothing but parameters -> position of its probabilities in a vector."""
        found: dict[int, int] = {}
        place = self.first_steady
        for i, actor in enumerate(self.model.actors):
            given = [g.node for a in actor.actions for g in (a.when, a.propensity) if g is not None]
            if not any(isinstance(n, Variable | Now) for node in given for n in walk(node)):
                found[i] = place
                place += len(actor.actions)
        return found

    @cached_property
    def misled(self) -> frozenset[int]:
        """Actors that some policy makes take a parameter for another number."""
        names = {
            who
            for policy in self.model.policies
            for intervention in policy.interventions
            for who, _, _ in intervention.misread
        }
        return frozenset(i for i, actor in enumerate(self.model.actors) if actor.name in names)

    @cached_property
    def dated(self) -> dict[int, list[Event]]:
        """Step -> the dated events with effects or branches that fall into it, in file order.

        Steps after the model's last are kept: a look-ahead sees them.
        """
        steps: dict[int, list[Event]] = {}
        for event in self.model.events:
            if event.on is not None and (event.effects or event.branches):
                steps.setdefault(self.model.step_of(event.on), []).append(event)
        return {k: events for k, events in steps.items() if k >= 0}

    @cached_property
    def random(self) -> list[Event]:
        return [e for e in self.model.events if e.rate is not None]

    @cached_property
    def mean_position(self) -> dict[tuple[str, str], int]:
        """(event, branch) -> position in the array of means of random events; branch "" is the event."""
        keys = []
        for event in self.random:
            keys += [(event.name, ""), *((event.name, b.name) for b in event.branches)]
        return {key: i for i, key in enumerate(keys)}


def all_formulas(model: Model) -> Iterator[Node]:
    """Every formula that is read while a run goes on, but for `precision` and `discount`."""
    apart = {*anatomy.BEFORE_A_RUN, "precision", "discount"}
    return (place.formula.node for place in anatomy.formulas(model) if place.key not in apart)


def _parameter_parts(node: Node) -> Iterator[Node]:
    """The largest parts of a formula that read only parameters and are more than one name or number."""
    below = list(walk(node))
    if not any(isinstance(n, Variable | Now) for n in below) and isinstance(node, Negate | Binary | Call):
        # Plain arithmetic on literals is left to LLVM.
        if any(isinstance(n, Parameter | Call) or (isinstance(n, Binary) and n.op == "**") for n in below):
            yield node
        return
    if isinstance(node, Binary) and node.op == "/":
        reciprocal = reciprocal_of(node.right)
        if isinstance(reciprocal, Binary):
            yield reciprocal
    for child in children(node):
        yield from _parameter_parts(child)


def reciprocal_of(divisor: Node) -> Binary | float | None:
    """One over a divisor, if it is a number or made of parameters alone: then it can be had beforehand."""
    number = number_of(divisor)
    if number is not None:
        return 1.0 / number if number else None
    if any(isinstance(n, Variable | Now) for n in walk(divisor)):
        return None
    return Binary("/", Number(1.0), divisor)


def number_of(node: Node) -> float | None:
    """Value of plain arithmetic on literals."""
    match node:
        case Number(value):
            return value
        case Negate(of):
            positive = number_of(of)
            return None if positive is None else -positive
        case Binary(op, left, right) if op in ("+", "-", "*", "/"):
            a, b = number_of(left), number_of(right)
            if a is None or b is None or (op == "/" and b == 0):
                return None
            return {"+": a + b, "-": a - b, "*": a * b, "/": a / (b or 1.0)}[op]
    return None
