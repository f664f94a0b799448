"""A model in words: how actors decide, misread, see and believe, what policies do, what claims measure.

A brief and `offramp explain` use the same sentences but call things differently: a brief by their titles,
with numbers that read well (`Titles`); `explain` as the model file does, to be looked up there (`Names`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from offramp import anatomy, distribution, explanation
from offramp.model import (
    Actor,
    Belief,
    Chances,
    Curve,
    Distribution,
    Formula,
    Intervention,
    Learning,
    Misreading,
    Model,
    Origin,
    Policy,
    Quantity,
    Remembered,
    Signal,
)
from offramp.tell import figures
from offramp.tell.words import counted, enumerated, quoted
from offramp.tree import Binary, Negate, Number, variables_in
from offramp.tree import Parameter as ParameterName

Value = float | Distribution | Formula

_FEW_VALUES = 5  # of a discrete prior, each of which is named


@dataclass(frozen=True)
class Guess:
    """One part of a model whose numbers nothing backs, or not to the digit."""

    title: str
    name: str
    value: str
    reason: str
    sources: str


@dataclass(frozen=True)
class Misread:
    """A number that an actor takes to be other than it is, beside the true one."""

    title: str
    parameter: str
    supposed: str
    true: str
    origin: Origin

    @property
    def sources(self) -> str:
        return "; ".join(self.origin.sources)


@dataclass(frozen=True)
class Conviction:
    """What an actor believes of the type of another, what is true, and how it learns."""

    about: str
    prior: str
    truth: str
    learns: str


@dataclass(frozen=True)
class SideWords:
    """How one actor sees and decides."""

    title: str
    mind: str
    misreads: list[Misread]
    signals: list[tuple[str, str]]
    beliefs: list[Conviction]


def in_numbers(value: Value | None, unit: str = "") -> str:
    """A number as it is; a prior by its median and the range of nine draws in ten; a formula as written.

    >>> in_numbers(Distribution("uniform", (0.0, 1.0)), "month").replace(figures.NBSP, " ")
    '0.5 (0.05 to 0.95) months'
    """
    if value is None:
        return ""
    if isinstance(value, Formula):
        return value.text
    if isinstance(value, Distribution):
        table = distribution.values(value)
        if table is not None and len(table[0]) <= _FEW_VALUES:
            return _each_value(table[0].tolist(), table[1].tolist(), figures.unit_words(unit))
        low, median, high = distribution.quantile(value, np.array([0.05, 0.5, 0.95]))
        first, middle, last = figures.together([float(low), float(median), float(high)])
        text = f"{middle} ({first} to {last})"
        words = figures.unit_words(unit)
        return f"{text}{figures.NBSP}{words}" if words else text
    return figures.with_unit(value, unit)


def _each_value(values: list[float], chances: list[float], unit: str) -> str:
    """The few values that a number can have, each with its chance unless they are alike."""
    shown = [figures.number(v) for v in values]
    if len({round(c, 9) for c in chances}) > 1:
        shown = [f"{v} ({figures.percent(c)})" for v, c in zip(shown, chances, strict=True)]
    text = enumerated(shown, "or")
    return f"{text}{figures.NBSP}{unit}" if unit else text


def constant(value: Value) -> float | None:
    """The value of a number, or of a formula that is one, with a sign or without; None for any other."""
    if not isinstance(value, Formula):
        return None if isinstance(value, Distribution) else value
    match value.node:
        case Number(number):
            return number
        case Negate(Number(number)):
            return -number
    return None


# ---------------------------------------------------------------------- how things are called


class Titles:
    """By their titles, with numbers as a reader wants them: how a brief calls things."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._units = {v.name: v.unit for v in model.variables} | {p.name: p.unit for p in model.parameters}
        self._titles = {
            (part.kind, part.path): part.item.title or anatomy.name_of(part.item)
            for part in anatomy.parts(model)
            if hasattr(part.item, "title")
        }

    def title(self, kind: str, *path: str) -> str:
        """What a part is called; one that belongs to another comes after it: `"action", "blue", "press"`."""
        return self._titles[kind, ".".join(path)]

    def quoted(self, kind: str, *path: str) -> str:
        """The same where a title could be taken for words of the sentence."""
        return quoted(self.title(kind, *path))

    def any_of(self, name: str, *kinds: str) -> str:
        """What something is called that may be one of several kinds, in this order."""
        return next(self.title(kind, name) for kind in kinds if (kind, name) in self._titles)

    def number(self, name: str) -> str:
        """What a variable or parameter is called."""
        return self.any_of(name, "variable", "parameter")

    def variable(self, name: str) -> str:
        """What a variable is called, with its unit."""
        unit = figures.unit_words(self._units[name]).replace("*", " ")
        return f"{self.number(name)}, {unit}" if unit else self.number(name)

    def value(self, value: Value, of: str) -> str:
        """A value of a variable or parameter: a number or prior with its unit, or a formula."""
        number = constant(value)
        return in_numbers(value if number is None else number, self._units[of])

    def supposed(self, value: Formula | Distribution, of: str) -> str:
        """What a parameter is taken to be."""
        match value:
            case Formula(node=Binary("*", Number(factor), ParameterName(name))) if name == of:
                return _times(factor)
        return self.value(value, of)

    def chance(self, value: float | Formula) -> str:
        """A number from 0 to 1, or a formula of one."""
        number = constant(value)
        return in_numbers(value) if number is None else figures.percent(number)

    def share(self, value: Formula) -> str:
        """The same; for a parameter its value, since its name says nothing to a reader."""
        named = (p for p in self.model.parameters if p.name == value.text)
        found = next((in_numbers(p.value) for p in named), None)
        return self.chance(value) if found is None else f"{found} parts in one"

    def day(self, day: date) -> str:
        """A date."""
        return figures.table_date(day)

    def inclined(self, by: float) -> str:
        """How much more or less inclined to an action, in odds."""
        return f"{figures.number(math.exp(abs(by)))} times {'more' if by > 0 else 'less'} inclined"


class FileNames(Titles):
    """As the model file calls them, with values as written there: how `explain` calls things."""

    def title(self, kind: str, *path: str) -> str:
        """The name."""
        return path[-1]

    def quoted(self, kind: str, *path: str) -> str:
        """The name, which needs no quotes."""
        return path[-1]

    def value(self, value: Value, of: str) -> str:
        """A value as written, with its unit."""
        text = value if constant(value) is None else constant(value)
        return f"{explanation.written(text)} {self._units[of]}".rstrip()

    def supposed(self, value: Formula | Distribution, of: str) -> str:
        """As any other value."""
        return self.value(value, of)

    def chance(self, value: float | Formula) -> str:
        """As written."""
        return explanation.written(value) or ""

    def share(self, value: Formula) -> str:
        """As written."""
        return self.chance(value)

    def day(self, day: date) -> str:
        """A date as in the file."""
        return day.isoformat()

    def inclined(self, by: float) -> str:
        """In odds, and as the number that is added to the propensity."""
        return f"{super().inclined(by)} ({by:+g})"


_TIMES = {2: "twice", 3: "three times", 4: "four times", 5: "five times", 8: "eight times", 10: "ten times"}


def _times(factor: float) -> str:
    """A share or a multiple of what a number is.

    >>> _times(8.0), _times(0.25).replace(figures.NBSP, " "), _times(2.5)
    ('eight times what it is', '25 % of what it is', '2.5 times what it is')
    """
    if 0 <= factor < 1:
        return f"{figures.percent(factor)} of what it is"
    times = next((words for n, words in _TIMES.items() if n == factor), f"{figures.number(factor)} times")
    return f"{times} what it is"


# ---------------------------------------------------------------------- actors


def sides(model: Model) -> tuple[list[SideWords], list[str]]:
    """How each actor decides, what it misreads, what it sees otherwise than it is.

    Returns
    -------
    Those of whom there is something to say, and the titles of those who act from habit and see all as it is.
    """
    call = Titles(model)
    found, plain = [], []
    for actor in model.actors:
        if actor.depth or actor.misreads or actor.sees or actor.beliefs or actor.after:
            found.append(side(actor, call))
        else:
            plain.append(call.title("actor", actor.name))
    return found, plain


def side(actor: Actor, call: Titles) -> SideWords:
    """How an actor sees and decides."""
    return SideWords(
        title=call.title("actor", actor.name),
        mind=mind(actor, call),
        misreads=[_misread(m, call) for m in actor.misreads],
        signals=[(call.number(s.variable), seen(s, call)) for s in actor.sees],
        beliefs=[conviction(b, call) for b in actor.beliefs],
    )


def mind(actor: Actor, call: Titles) -> str:
    """How an actor decides, and after whom, in a sentence or two."""
    if not actor.after:
        return _decides(actor)
    before = enumerated([call.title("actor", name) for name in actor.after])
    did = "it" if len(actor.after) == 1 else "they"
    return f"{_decides(actor)} It moves after {before}, and sees what {did} did."


def _decides(actor: Actor) -> str:
    if actor.depth == 0:
        return "Acts from habit: what it does depends on how things stand, not on what it may bring."
    leans = "Acts from habit and leans towards what it expects to serve it"
    if actor.depth_as is not None or actor.horizon_as is not None:
        depth = actor.depth_as.text if actor.depth_as else actor.depth
        horizon = actor.horizon_as.text if actor.horizon_as else figures.number(actor.horizon)
        return (
            f"{leans}; how many levels deep ({depth}) and how many months ahead ({horizon}) it thinks is "
            "drawn in each future."
        )
    others = ("act from habit", "look ahead as well", "look ahead, and suppose the same of others")
    return (
        f"{leans}, looking {months(actor.horizon)} ahead; supposes that the others {others[actor.depth - 1]}."
    )


def months(value: float) -> str:
    """`6 months`, `1 month`, `1.5 months`."""
    whole = float(value).is_integer()
    return counted(int(value), "month") if whole else f"{figures.number(value)}{figures.NBSP}months"


def points(curve: Curve) -> str:
    """The points of a lookup table, and what it is beyond them."""
    at = ", ".join(f"{y:g} at {x:g}" for x, y in zip(curve.x, curve.y, strict=True))
    unit = f" {curve.unit}" if curve.unit else ""
    x_unit = f" {curve.x_unit}" if curve.x_unit else ""
    beyond = "goes on beyond its ends" if curve.extrapolate else "flat beyond its ends"
    return f"{at}{x_unit}{f' (in{unit})' if unit else ''}; {beyond}"


def remembers(memory: Remembered, model: Model) -> Iterator[tuple[str, str]]:
    """What a formula remembers: what it follows, how, from where, and who reads it, as name and value."""
    yield "follows", explanation.written(memory.of) or ""
    time, stages = explanation.written(memory.time), counted(memory.order, "stage")
    match memory.function:
        case "smooth":
            yield "as", f"an average over {time}, the weight of what is past fading away; {stages}"
        case "delay":
            yield "as", f"what leaves a pipeline {time} after it came in, on average; {stages}"
        case "was":
            yield "as", f"it was up to {counted(memory.order, model.step)} ago"
    same = memory.start.text == memory.of.text
    yield (
        "at the start",
        "as if it had long been as it is then" if same else explanation.written(memory.start) or "",
    )
    places = set(memory.places)
    readers = (p.part for p in anatomy.formulas(model) if variables_in(p.formula.node) & places)
    names = dict.fromkeys(part.path for part in readers if part.item is not memory)
    yield "read by", ", ".join(names) or "nothing"


def _misread(misreading: Misreading, call: Titles) -> Misread:
    name = misreading.parameter
    parameter = next(p for p in call.model.parameters if p.name == name)
    return Misread(
        title=misreading.title or parameter.title or name,
        parameter=call.number(name),
        supposed=call.supposed(misreading.value, name),
        true=call.value(parameter.value, name),
        origin=misreading.origin,
    )


def seen(signal: Signal, call: Titles) -> str:
    """How a stock is seen."""
    learned = f"; {_estimated(signal, signal.learns, call)}" if signal.learns is not None else ""
    return f"{_shown(signal, call)}{learned}"


def _shown(signal: Signal, call: Titles) -> str:
    name = signal.variable
    if signal.hidden and signal.learns is not None:
        return "not seen"
    if signal.hidden:
        assumed = "what it was at the start" if signal.assumed is None else call.value(signal.assumed, name)
        return f"not seen; taken to be {assumed}"
    parts = [f"{counted(signal.delay, call.model.step)} late"] if signal.delay else []
    if signal.bias is not None:
        bias = constant(signal.bias)
        if bias is None:
            parts.append(f"off by {call.value(signal.bias, name)}")
        elif bias:
            parts.append(f"{call.value(abs(bias), name)} too {'high' if bias > 0 else 'low'}")
    if signal.noise is not None:
        parts.append(f"with errors of standard deviation {call.value(signal.noise, name)}")
    return f"seen {', '.join(parts)}" if parts else "seen as it is"


def _estimated(signal: Signal, learns: Learning, call: Titles) -> str:
    """How an actor estimates what it sees badly."""
    name = signal.variable
    start = "what it is" if signal.assumed is None else call.value(signal.assumed, name)
    of = "what it knows to be done" if signal.hidden else "that and what it knows to be done"
    parts = [f"estimated from {of}, at first {start} give or take {call.value(learns.sd, name)}"]
    if learns.noise is not None:
        parts.append(f"taking the errors for {call.value(learns.noise, name)}")
    if learns.drift is not None:
        parts.append(f"allowing for {call.value(learns.drift, name)} of drift a month")
    return ", ".join(parts)


def conviction(belief: Belief, call: Titles) -> Conviction:
    """What an actor believes of the type of another."""
    about = next(a for a in call.model.actors if a.name == belief.about)
    truth = chances(about.true_type, about.name, call)
    return Conviction(
        about=call.title("actor", about.name),
        prior=chances(belief.prior, about.name, call),
        truth=f"drawn for each future, {truth}" if len(about.true_type) > 1 else truth,
        learns=_learns(belief, call),
    )


def chances(of_types: Chances, actor: str, call: Titles) -> str:
    """Types of an actor with their chances: `“Hard” 80 %, “Soft” the rest`; a single type alone."""
    if len(of_types) == 1:
        return call.quoted("type", actor, of_types[0][0])
    return ", ".join(
        f"{call.quoted('type', actor, name)} {'the rest' if chance is None else call.chance(chance)}"
        for name, chance in of_types
    )


def _learns(belief: Belief, call: Titles) -> str:
    if not belief.learns:
        return "does not learn"
    how = (
        (belief.confirmation_bias, "ignores {} of what speaks against the leading type"),
        (belief.fading, "drifts back by {} a month"),
        (belief.floor, "gives no type less than {}"),
    )
    also = [text.format(call.share(value)) for value, text in how if value is not None]
    return ", ".join(["learns from what it sees done", *also])


# ---------------------------------------------------------------------- policies


def policies(model: Model, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """What each of some policies does: its title, and a line for each intervention, without a full stop."""
    call = Titles(model)
    by_name = {p.name: p for p in model.policies}
    found = [by_name.get(name, Policy(name, "Baseline")) for name in names]
    return [
        (p.title or p.name, [f"{when(i, call)}, {enumerated(does(i, call))}" for i in p.interventions])
        for p in found
    ]


def when(step: Intervention, call: Titles) -> str:
    """How long an intervention is in force."""
    begin = "" if step.start is None else f"from {call.day(step.start)}"
    end = "" if step.end is None else f"until {call.day(step.end)}"
    return f"{begin} {end}".strip() or "throughout"


def does(step: Intervention, call: Titles) -> list[str]:
    """What an intervention does, to the world and to what actors think."""

    def who(actor: str) -> str:
        return call.title("actor", actor)

    def actions(actor: str, names: Sequence[str]) -> str:
        return enumerated([call.quoted("action", actor, name) for name in names], "or")

    def right(names: Sequence[str]) -> str:
        return enumerated([call.any_of(name, "actor", "parameter", "variable") for name in names])

    def types(about: str, shares: Sequence[tuple[str, float]]) -> str:
        return enumerated([f"{call.chance(p)} {call.quoted('type', about, t)}" for t, p in shares if p])

    return [
        *(f"{who(actor)}: nothing but {actions(actor, [name])}" for actor, name in step.force),
        *(f"{who(actor)}: no {actions(actor, names)}" for actor, names in step.forbid),
        *(f"{call.number(name)} set to {call.value(value, name)}" for name, value in step.set),
        *(f"{call.number(name)} shifted by {call.value(value, name)}" for name, value in step.shift),
        *(f"{who(actor)} gets {right(names)} right" for actor, names in step.correct if names),
        *(
            f"{who(actor)} takes {call.number(name)} to be {call.value(value, name)}"
            for actor, name, value in step.misread
        ),
        *(
            f"{who(actor)} comes to hold {who(about)} for {types(about, shares)}"
            for actor, about, shares in step.believe
        ),
        *(
            f"{who(actor)} is {call.inclined(by)} to {actions(actor, [name])}"
            for actor, name, by in step.nudge
        ),
    ]


# ---------------------------------------------------------------------- claims


def measured(quantity: Quantity, call: Titles) -> str:
    """What is measured in each future."""
    name, step = quantity.name, call.model.step
    window = _window(quantity)
    end = figures.end_words(quantity.at or call.model.dates[-1])
    match quantity.kind:
        case "chance":
            return f"Chance of: {call.title('outcome', name)}, by {end}"
        case "months":
            return f"Months until: {call.title('outcome', name)}{window}"
        case "variable":
            return f"{call.variable(name)}, {f'mean{window}' if window else f'at {end}'}"
        case "event":
            branch = f": {quantity.branch.replace('_', ' ')}" if quantity.branch else ""
            return f"{call.title('event', name)}{branch}, times{window}"
        case "answered":
            first, then = _acts(quantity.after, call), _acts(quantity.acts, call)
            steps = f"{quantity.within} {step}{'s' * (quantity.within > 1)}"
            return f"Share of {step}s with {first}, after which within {steps} comes {then}{window}"
        case "acts":
            return f"{_acts(quantity.acts, call)}, times{window}"


def _acts(acts: Sequence[tuple[str, Sequence[str]]], call: Titles) -> str:
    return enumerated(
        [
            f"{call.title('actor', who)}: {' or '.join(call.title('action', who, name) for name in names)}"
            for who, names in acts
        ]
    )


def _window(quantity: Quantity) -> str:
    start, until = (d and figures.full_date(d) for d in (quantity.start, quantity.until))
    if start is None:
        return "" if until is None else f" until {until}"
    return f" from {start}" if until is None else f" from {start} to {until}"


# ---------------------------------------------------------------------- guesses

# Kind of part -> the list in which its guesses stand. Data are not among them: no future rests on them.
_LISTS = {
    "parameter": "Parameters",
    "variable": "Variables",
    "actor": "Actors",
    "misreading": "Misreadings",
    "signal": "Signals",
    "type": "Types",
    "belief": "Beliefs",
    "action": "Actions",
    "event": "Events",
    "branch": "Events",
    "outcome": "Outcomes",
    "ladder": "Ladders",
    "rung": "Ladders",
    "policy": "Policies",
}


def guesses(model: Model) -> dict[str, list[Guess]]:
    """The guesses that futures rest on, by kind, in the order of the file."""
    call = Titles(model)
    found: dict[str, list[Guess]] = {heading: [] for heading in _LISTS.values()}
    for part, origin in explanation.guesses(model):
        if part.kind in _LISTS:
            name, sources = anatomy.name_of(part.item), "; ".join(origin.sources)
            numbers = _NUMBERS[part.kind](part.item, call) if part.kind in _NUMBERS else ""
            guess = Guess(_headline(part, call), name, numbers, origin.reason, sources)
            found[_LISTS[part.kind]].append(guess)
    return {heading: rows for heading, rows in found.items() if rows}


def _headline(part: anatomy.Part, call: Titles) -> str:
    """What a part is called, after the part that it belongs to."""
    item = part.item
    if part.kind == "belief":
        return f"{call.title('actor', part.holder.path)} about {call.title('actor', item.about)}"
    own = getattr(item, "title", "") or (
        item.name if hasattr(item, "name") else call.number(anatomy.name_of(item))
    )
    return f"{call.title(part.holder.kind, part.holder.path)}: {own}" if part.holders else own


# Kind of part -> the numbers of one that is a guess, in short.
_NUMBERS: dict[str, Callable[[Any, Titles], str]] = {
    "parameter": lambda p, _: in_numbers(p.value, p.unit),
    "variable": lambda v, _: f"starts at {in_numbers(v.initial, v.unit)}" if v.initial is not None else "",
    "misreading": lambda m, _: in_numbers(m.value),
    "signal": lambda s, call: seen(s, call),
    "type": lambda t, _: "; ".join(f"{o.parameter} {in_numbers(o.value)}" for o in t.overlays),
    "belief": lambda b, call: "; ".join((chances(b.prior, b.about, call), _learns(b, call))),
    "event": lambda e, _: _rate(e.rate),
    "branch": lambda b, _: in_numbers(b.probability),
    "outcome": lambda o, _: _rate(o.rate),
    "ladder": lambda x, _: _rate(x.rate),
    "rung": lambda r, _: f"control lost with chance {r.loses_control.text}" if r.loses_control else "",
}


def _rate(rate: Formula | None) -> str:
    if rate is None:
        return ""
    return rate.text if "month" in rate.text else f"{rate.text} a month"
