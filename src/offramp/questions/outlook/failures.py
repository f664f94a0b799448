"""What made a run fail: the run again with the plain interpreter, watching every formula that it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offramp import anatomy
from offramp.analysis.summary import Failure
from offramp.engine.inputs import Floats, Inputs
from offramp.engine.outputs import Status
from offramp.engine.plain.course import Course, Moment, Phase
from offramp.engine.plain.world import State, World
from offramp.model import Effect, Formula, Model, Term, Variable
from offramp.runs.design import Design
from offramp.tree import variables_in

_MOST = 12  # formulas that are looked at in turn before giving up


@dataclass(frozen=True)
class Cause:
    """What made a run fail.

    Attributes
    ----------
    what : in words, such as ``term `cold` of what Sudia wants``; empty where no one formula can be named
    formula : as the file has it; empty where there is none
    through : variables in the formula that had no finite value there
    mind : title of the actor in whose look-ahead it happened; empty where it happened in the true world
    section : of `offramp explain` that shows it
    """

    what: str
    formula: str
    through: tuple[str, ...]
    mind: str
    section: str


@dataclass(frozen=True)
class _FormulaPlace:
    """Where a formula stands. `moves` the state, or is what comes of the state."""

    what: str
    section: str
    moves: bool = False


@dataclass(frozen=True)
class _Read:
    """A formula that had no finite value, and the variables in it that had none."""

    formula: Formula
    through: tuple[str, ...]


def cause_of(design: Design, failure: Failure) -> Cause | None:
    """What made the run named in a failure fail where no variable did.

    The run is played again to where it failed. A formula is accused only if the run does not fail there
    once that formula (and each other that is accused) is taken to be 0.

    Parameters
    ----------
    design : of which the failed run is one
    failure : one of the ways in which runs failed

    Returns
    -------
    None where a variable failed, so that there is nothing to find out, or the failure does not happen again.
    """
    if failure.variable is not None:
        return None
    model, step = design.model, design.model.step_of(failure.first)
    one = design.another(policies=[failure.policy], scenarios=[failure.scenario])
    inputs = next(iter(one.inputs_of_all(one.scenarios)))

    def inquiry(accused: list[_Read]) -> _Inquiry:
        """The run, with what is accused taken to be 0."""
        return _Inquiry(model, inputs, step, frozenset(id(r.formula) for r in accused))

    first = inquiry([])
    failed = first.failure
    if failed is None or failed.step != step:
        return None
    places = {id(formula): place for formula, place in _places(model)}
    mind = next((a.title or a.name for a in model.actors if a.name == failed.mind), "")
    if failed.status == Status.TOO_MANY_EVENTS and first.last is not None:
        return _cause(_Read(first.last, ()), places, mind)
    accused = _accused(inquiry, places)
    if accused is None:
        return Cause("", "", (), mind, "actors" if mind else "events")
    return _cause(accused[0], places, mind)


def _accused(
    inquiry: Callable[[list[_Read]], _Inquiry], places: dict[int, _FormulaPlace]
) -> list[_Read] | None:
    """Formulas that together make a run fail, each of which is needed for it; None where none are found."""
    accused: list[_Read] = []
    found = inquiry(accused)
    while found.failure and len(accused) < _MOST:
        known = {id(r.formula) for r in accused}
        open_ = (r for r in found.reads if id(r.formula) not in known and _may_be_at_fault(r, places))
        read = next(open_, None)
        if read is None:
            return None
        accused.append(read)
        found = inquiry(accused)
    # A value that is not finite does no harm where its weight is 0: keep those without which all is well.
    for read in list(accused):
        others = [r for r in accused if r is not read]
        if others and not inquiry(others).failure:
            accused = others
    return None if found.failure else accused


def _may_be_at_fault(read: _Read, places: dict[int, _FormulaPlace]) -> bool:
    """Whether a formula can be at fault itself: one that moves a variable would have failed as that."""
    place = places.get(id(read.formula))
    return place is not None and not place.moves


def _cause(read: _Read, places: dict[int, _FormulaPlace], mind: str) -> Cause | None:
    place = places.get(id(read.formula))
    if place is None:
        return None
    return Cause(place.what, " ".join(read.formula.text.split()), read.through, mind, place.section)


def _places(model: Model) -> Iterator[tuple[Formula, _FormulaPlace]]:
    """Every formula that a step reads, and where it stands in the file."""
    titles = {a.name: a.title or a.name for a in model.actors}
    for place in anatomy.formulas(model):
        if place.key not in anatomy.BEFORE_A_RUN:
            item = place.part.item
            moves = isinstance(item, Effect | Variable)
            yield place.formula, _FormulaPlace(_where(place, titles), place.part.section, moves)


# Keys that read as words of a sentence; others are quoted as they stand in the file.
_WORDS = ("precision", "discount", "propensity", "cost", "rate", "probability")


def _where(place: anatomy.Place, titles: Mapping[str, str]) -> str:
    """Where a formula stands, in words. `titles` are those of the actors."""
    part, key = place.part, place.key
    what = _phrase(part, titles)
    match part.item:
        case Effect(variable):
            return f"the effect of {what} on `{variable}`"
        case Term(name):
            return f"the term `{name}` of what {what} wants"
    if key == "worth":
        return f"what {what} is worth to {place.of}"
    if key == "war_worth":
        return f"what war on {what} is worth to {place.of}"
    given = f"the {key}" if key in _WORDS else f"`{key}`"
    return f"{given} of {what}" + (f" for {place.of}" if place.of else "")


def _phrase(part: anatomy.Part, titles: Mapping[str, str]) -> str:
    """A part of a model as the subject or object of a sentence."""
    name = anatomy.name_of(part.item)
    match part.kind:
        case "variable":
            return f"`{name}`"
        case "actor":
            return titles[name]
        case "effect" | "term":
            # What an event does needs no article: "the effect of `storm` on".
            holder = part.holder
            return f"`{holder.path}`" if holder.kind == "event" else _phrase(holder, titles)
        case "event" | "outcome" | "ladder":
            return f"the {part.kind} `{name}`"
        case "rung":
            return f"rung `{name}` of {_phrase(part.holder, titles)}"
        case "signal":
            return f"how {_phrase(part.holder, titles)} sees `{name}`"
        case "belief":
            return f"what {_phrase(part.holder, titles)} believes of {name}"
        case _:
            return f"`{name}` of {_phrase(part.holder, titles)}"


@dataclass(frozen=True)
class _Failure:
    """That a run fails in a step, and in whose look-ahead: the name of an actor, or empty."""

    step: int
    status: Status
    mind: str


class _Inquiry(Course):
    """One run, watched in the step in which it fails; `excused` formulas count as 0 there if not finite.

    Attributes
    ----------
    failure : how the run failed, unless a variable failed or it never did; known once it has been played
    reads : formulas of no finite value that were read on the way to the failure, first things first
    last : the formula read last
    """

    def __init__(self, model: Model, inputs: Inputs, suspect: int, excused: frozenset[int]) -> None:
        super().__init__(model, inputs, probabilities=False)
        self.suspect, self.excused = suspect, excused
        self.failure: _Failure | None = None
        self.reads: list[_Read] = []
        self.last: Formula | None = None
        self._over = False
        self._step_now = 0
        self._mind = ""  # whose look-ahead is being worked out
        with np.errstate(all="ignore"):
            for moment in self.moments():
                if self._over or moment.step > suspect:
                    break
                self._enter(moment)

    def _enter(self, moment: Moment) -> None:
        self._step_now = moment.step
        if moment.phase in (Phase.CHOICE, Phase.OUTCOMES):
            self.reads = []
        if moment.phase in (Phase.CHOICE, Phase.LEARNING, Phase.OUTCOMES):
            self._mind = moment.actor.name if moment.actor else ""

    def world(self, parameters: State) -> World:
        return _WatchedWorld(self, super().world(parameters))

    def read(self, formula: Formula, value: Floats, state: State) -> Floats:
        """Take down a formula that was read; its value, or 0 if it is excused."""
        if self._over:
            return value
        self.last = formula
        if self._step_now != self.suspect or np.isfinite(value).all():
            return value
        if id(formula) in self.excused:
            return np.where(np.isfinite(value), value, 0.0)
        broken = [v for v in variables_in(formula.node) if v in state and not np.isfinite(state[v]).all()]
        self.reads.append(_Read(formula, tuple(sorted(broken))))
        return value

    def fail(self, k: int, failing: npt.ArrayLike, status: Status, variable: int = -1) -> None:
        if self._over:
            return
        if np.asarray(failing).any() and not self.ended.any():
            self._over = True
            if variable < 0:  # a variable is another way of failing than the one that is asked about
                self.failure = _Failure(k, status, self._mind)
        elif not self._mind:
            # What did no harm until here is not to blame for what comes; a mind is judged as a whole.
            self.reads = []


class _WatchedWorld(World):
    """A world that reports what it reads."""

    def __init__(self, inquiry: _Inquiry, world: World) -> None:
        super().__init__(world.model, world.parameters, world.runs)
        self.inquiry = inquiry

    def like(self, parameters: State, runs: int) -> World:
        return _WatchedWorld(self.inquiry, super().like(parameters, runs))

    def read(self, formula: Formula | None, state: State, now: float, absent: float = 0.0) -> Floats:
        value = super().read(formula, state, now, absent)
        return value if formula is None else self.inquiry.read(formula, value, state)
