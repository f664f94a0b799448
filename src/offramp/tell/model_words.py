"""What a model rests on, in words: priors, guesses and their reasons, misreadings, what each side sees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from offramp import distribution
from offramp.model import (
    Actor,
    Belief,
    Chances,
    Distribution,
    Formula,
    Intervention,
    Misreading,
    Model,
    Origin,
    Policy,
    Signal,
    Type,
)
from offramp.tell import figures
from offramp.tell.words import counted, enumerated, quoted
from offramp.tree import Binary, Negate, Number, Parameter


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
    """One wrong number in an actor's picture beside the true one."""

    title: str
    parameter: str
    supposed: str
    true: str
    sources: str
    reason: str


@dataclass(frozen=True)
class Side:
    """How one actor sees and decides."""

    title: str
    mind: str
    misreads: list[Misread]
    signals: list[tuple[str, str]]
    beliefs: list[tuple[str, str, str, str]]  # about whom, the prior, the truth, how it learns


def in_numbers(value: float | Distribution | Formula | None, unit: str = "") -> str:
    """A number as it is; a prior by its median and the range of nine draws in ten; a formula as written.

    >>> in_numbers(Distribution("uniform", (0.0, 1.0)), "month").replace(figures.NBSP, " ")
    '0.5 (0.05 to 0.95) months'
    """
    if value is None:
        return ""
    if isinstance(value, Formula):
        return value.text
    if isinstance(value, Distribution):
        low, median, high = distribution.quantile(value, np.array([0.05, 0.5, 0.95]))
        first, middle, last = figures.together([float(low), float(median), float(high)])
        text = f"{middle} ({first} to {last})"
        words = figures.unit_words(unit)
        return f"{text}{figures.NBSP}{words}" if words else text
    return figures.with_unit(value, unit)


def guesses(model: Model) -> dict[str, list[Guess]]:
    """All guesses by kind, in the order of the file."""
    found: dict[str, list[Guess]] = {}
    for kind, title, name, value, origin in _parts(model):
        if origin.guess:
            row = Guess(title, name, value, origin.reason, _cited(origin))
            found.setdefault(kind, []).append(row)
    return found


def _parts(model: Model) -> Iterator[tuple[str, str, str, str, Origin]]:
    """Every part that may be a guess: kind, title, name, value, origin."""
    for p in model.parameters:
        yield "Parameters", p.title or p.name, p.name, in_numbers(p.value, p.unit), p.origin
    for v in model.variables:
        starts = in_numbers(v.initial, v.unit)
        yield "Variables", v.title or v.name, v.name, f"starts at {starts}" if starts else "", v.origin
    titles = {v.name: v.title or v.name for v in model.variables}
    titles |= {p.name: p.title or p.name for p in model.parameters}
    for actor in model.actors:
        who = actor.title or actor.name
        yield "Actors", who, actor.name, "", actor.origin
        for m in actor.misreads:
            title = f"{who}: {m.title or titles.get(m.parameter, m.parameter)}"
            yield "Misreadings", title, m.parameter, in_numbers(m.value), m.origin
        for s in actor.sees:
            yield (
                "Signals",
                f"{who}: {titles.get(s.variable, s.variable)}",
                s.variable,
                _signal(s, model),
                s.origin,
            )
        for t in actor.types:
            yield "Types", f"{who}: {t.title or t.name}", t.name, _overlays(t), t.origin
        for b in actor.beliefs:
            whom, prior, _, learns = _belief(model, b)
            yield "Beliefs", f"{who} about {whom}", b.about, f"{prior}; {learns}", b.origin
        for action in actor.actions:
            yield "Actions", f"{who}: {action.title or action.name}", action.name, "", action.origin
    for event in model.events:
        yield "Events", event.title or event.name, event.name, _rate(event.rate), event.origin
        for branch in event.branches:
            title = f"{event.title or event.name}: {branch.title or branch.name}"
            yield (
                "Events",
                title,
                branch.name,
                "" if branch.probability is None else branch.probability.text,
                branch.origin,
            )
    for outcome in model.outcomes:
        yield "Outcomes", outcome.title or outcome.name, outcome.name, _rate(outcome.rate), outcome.origin
    for ladder in model.ladders:
        title = ladder.title or ladder.name
        yield "Ladders", title, ladder.name, _rate(ladder.rate), ladder.origin
        for rung in ladder.rungs:
            lost = in_numbers(rung.loses_control)
            value = f"control lost with chance {lost}" if lost else ""
            yield "Ladders", f"{title}: {rung.title or rung.name}", rung.name, value, rung.origin
    for policy in model.policies:
        yield "Policies", policy.title or policy.name, policy.name, "", policy.origin


def _overlays(type_: Type) -> str:
    return "; ".join(f"{o.parameter} {in_numbers(o.value)}" for o in type_.overlays)


def _rate(rate: Formula | None) -> str:
    if rate is None:
        return ""
    return rate.text if "month" in rate.text else f"{rate.text} a month"


def sides(model: Model) -> tuple[list[Side], list[str]]:
    """How each actor decides, what it misreads, what it sees otherwise than it is.

    Returns
    -------
    Those of whom there is something to say, and the titles of those who act from habit and see all as it is.
    """
    plain = [a for a in model.actors if not (a.depth or a.misreads or a.sees or a.beliefs)]
    told = [
        Side(
            title=actor.title or actor.name,
            mind=_mind(actor),
            misreads=[_misread(model, m) for m in actor.misreads],
            signals=_signals(model, actor),
            beliefs=[_belief(model, b) for b in actor.beliefs],
        )
        for actor in model.actors
        if actor not in plain
    ]
    return told, [a.title or a.name for a in plain]


def _mind(actor: Actor) -> str:
    if actor.depth == 0:
        return "Acts from habit: what it does depends on how things stand, not on what it may bring."
    if actor.depth_as is not None or actor.horizon_as is not None:
        return (
            "Acts from habit and leans towards what it expects to serve it; how many levels deep "
            f"({actor.depth_as.text if actor.depth_as else actor.depth}) and how many months ahead "
            f"({actor.horizon_as.text if actor.horizon_as else figures.number(actor.horizon)}) it thinks is "
            "drawn in each future."
        )
    months = counted_number(actor.horizon, "month")
    told = f"Acts from habit and leans towards what it expects to serve it, looking {months} ahead"
    if actor.depth == 1:
        return f"{told}; supposes that the others act from habit."
    deeper = "look ahead as well" if actor.depth == 2 else "look ahead, and suppose the same of others"
    return f"{told}; supposes that the others {deeper}."


def counted_number(value: float, noun: str) -> str:
    """`6 months`, `1 month`, `1.5 months`."""
    whole = float(value).is_integer()
    return counted(int(value), noun) if whole else f"{figures.number(value)}{figures.NBSP}{noun}s"


def _misread(model: Model, misreading: Misreading) -> Misread:
    parameter = next(p for p in model.parameters if p.name == misreading.parameter)
    return Misread(
        title=misreading.title or parameter.title or parameter.name,
        parameter=parameter.title or parameter.name,
        supposed=_supposed(misreading, parameter.unit),
        true=in_numbers(parameter.value, parameter.unit),
        sources=_cited(misreading.origin),
        reason=misreading.origin.reason,
    )


def _supposed(misreading: Misreading, unit: str) -> str:
    value = misreading.value
    if isinstance(value, Distribution):
        return in_numbers(value, unit)
    match value.node:
        case Binary("*", Number(factor), Parameter(name)) if name == misreading.parameter:
            return f"{figures.number(factor)} times the true value"
    return _amount(value, unit)


def _signals(model: Model, actor: Actor) -> list[tuple[str, str]]:
    titles = {v.name: v.title or v.name for v in model.variables}
    return [(titles[s.variable], _signal(s, model)) for s in actor.sees]


def _signal(signal: Signal, model: Model) -> str:
    """How a stock is seen, in words."""
    unit = next(v.unit for v in model.variables if v.name == signal.variable)
    if signal.hidden:
        if signal.assumed is None:
            return "not seen; taken to be what it was at the start"
        return f"not seen; taken to be {_amount(signal.assumed, unit)}"
    parts = []
    if signal.delay:
        parts.append(f"{counted(signal.delay, model.step)} late")
    if signal.bias is not None:
        bias = _constant(signal.bias)
        if bias is None:
            parts.append(f"off by {signal.bias.text}")
        elif bias:
            parts.append(f"{figures.with_unit(abs(bias), unit)} too {'high' if bias > 0 else 'low'}")
    if signal.noise is not None:
        parts.append(f"with errors of standard deviation {_amount(signal.noise, unit)}")
    return f"seen {', '.join(parts)}" if parts else "seen as it is"


def _belief(model: Model, belief: Belief) -> tuple[str, str, str, str]:
    about = next(a for a in model.actors if a.name == belief.about)
    titles = {t.name: t.title or t.name for t in about.types}
    prior, truth = _chances(belief.prior, titles), _chances(about.true_type, titles)
    if len(about.true_type) > 1:
        truth = f"drawn for each future, {truth}"
    return about.title or about.name, prior, truth, _learns(model, belief)


def _chances(chances: Chances, titles: Mapping[str, str]) -> str:
    """Types with their chances: `“Hard” 80 %, “Soft” the rest`; a single type alone."""
    if len(chances) == 1:
        return quoted(titles[chances[0][0]])
    parts = []
    for name, formula in chances:
        chance = "the rest" if formula is None else _part(formula)
        parts.append(f"{quoted(titles[name])} {chance}")
    return ", ".join(parts)


def _learns(model: Model, belief: Belief) -> str:
    if not belief.learns:
        return "does not learn"
    parts = ["learns from what it sees done"]
    if belief.confirmation_bias is not None:
        parts.append(
            f"ignores {_part(belief.confirmation_bias, model)} of what speaks against the leading type"
        )
    if belief.fading is not None:
        parts.append(f"drifts back by {_part(belief.fading, model)} a month")
    return ", ".join(parts)


def _part(formula: Formula, model: Model | None = None) -> str:
    """A part of one; of a parameter its value, for its name says nothing to a reader."""
    value = _constant(formula)
    if value is not None:
        return figures.percent(value)
    named = [p for p in model.parameters if p.name == formula.text] if model is not None else []
    return f"{in_numbers(named[0].value)} parts in one" if named else formula.text


def _amount(formula: Formula, unit: str) -> str:
    value = _constant(formula)
    return formula.text if value is None else figures.with_unit(value, unit)


def _constant(formula: Formula) -> float | None:
    """The value of a formula that is a plain number, with a sign or without; None for any other."""
    match formula.node:
        case Number(value):
            return value
        case Negate(Number(value)):
            return -value
    return None


def policies(model: Model, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """What each of some policies does: its title, and a line for each intervention."""
    by_name = {p.name: p for p in model.policies}
    told = [by_name.get(name, Policy(name, "Baseline")) for name in names]
    return [(p.title or p.name, [_intervention(model, i) for i in p.interventions]) for p in told]


def _intervention(model: Model, step: Intervention) -> str:
    """One intervention in words, without a full stop."""
    actors = {a.name: a for a in model.actors}
    units = {v.name: v.unit for v in (*model.stocks,)} | {p.name: p.unit for p in model.parameters}
    titles = {v.name: v.title or v.name for v in model.stocks}
    titles |= {p.name: p.title or p.name for p in model.parameters}

    def action(actor: str, name: str) -> str:
        found = next(a for a in actors[actor].actions if a.name == name)
        return quoted(found.title or found.name)

    def who(actor: str) -> str:
        return actors[actor].title or actor

    when = []
    if step.start is not None:
        when.append(f"from {figures.table_date(step.start)}")
    if step.end is not None:
        when.append(f"until {figures.table_date(step.end)}")
    what = [f"{who(actor)}: nothing but {action(actor, name)}" for actor, name in step.force]
    for actor, names in step.forbid:
        what.append(f"{who(actor)}: no {enumerated([action(actor, n) for n in names], 'or')}")
    what += [f"{titles[name]} set to {figures.with_unit(value, units[name])}" for name, value in step.set]
    what += [
        f"{titles[name]} shifted by {figures.with_unit(value, units[name])}" for name, value in step.shift
    ]
    what += _thoughts(model, step)
    return f"{' '.join(when) or 'throughout'}, {enumerated(what)}"


def _thoughts(model: Model, step: Intervention) -> list[str]:
    """What an intervention does to what actors think, in words."""
    actors = {a.name: a for a in model.actors}
    titles = {v.name: v.title or v.name for v in model.variables}
    titles |= {p.name: p.title or p.name for p in model.parameters}
    titles |= {a.name: a.title or a.name for a in model.actors}
    units = {p.name: p.unit for p in model.parameters}

    def inclined(actor: str, action: str, by: float) -> str:
        title = next(x.title or x.name for x in actors[actor].actions if x.name == action)
        odds = figures.number(math.exp(abs(by)))
        how = "more" if by > 0 else "less"
        return f"{titles[actor]} is {odds} times {how} inclined to {quoted(title)}"

    what = [
        f"{titles[actor]} gets {enumerated([titles[n] for n in names])} right"
        for actor, names in step.correct
        if names
    ]
    what += [
        f"{titles[actor]} takes {titles[name]} to be {figures.with_unit(value, units[name])}"
        for actor, name, value in step.misread
    ]
    for actor, about, chances in step.believe:
        types = {t.name: t.title or t.name for t in actors[about].types}
        given = enumerated([f"{figures.percent(p)} {quoted(types[t])}" for t, p in chances if p])
        what.append(f"{titles[actor]} comes to hold {titles[about]} for {given}")
    return what + [inclined(*nudge) for nudge in step.nudge]


def _cited(origin: Origin) -> str:
    return "; ".join(origin.sources)
