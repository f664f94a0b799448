"""What a sound model holds to no effect: parts that nothing reads, types that change nothing, tests decided
beforehand.

Each note is certain. What may well be meant is passed over: dates are drawn, actors wait, and a variable may
be there to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from offramp.errors import Problem
from offramp.language.constants import fold
from offramp.language.source import located
from offramp.model import (
    Action,
    Actor,
    Chances,
    Claim,
    Distribution,
    Effect,
    Formula,
    Misreading,
    Model,
    Origin,
    Overlay,
    Signal,
    Test,
    Variable,
)
from offramp.tree import Node, Parameter, parameters_in, variables_in


def notes(model: Model) -> tuple[Problem, ...]:
    """Parts of a model that change nothing, in the order of its files.

    Of a model that extends another only its own parts are told of: those below have readers of their own.
    """
    own = {f.file: tuple(f.text.split("\n")) for f in model.files if f.own}
    found = [
        located(at.file, own[at.file], at.line, at.column, message, hint, width=len(name))
        for at, name, message, hint in _found(model)
        if at.file in own
    ]
    order = {file: i for i, file in enumerate(own)}
    return tuple(sorted((*model.noticed, *found), key=lambda p: (order[p.file], p.line, p.column, p.message)))


# Where it stands, its name, what is noted and the likely fix.
_Found = Iterator[tuple[Origin, str, str, str]]


def _found(model: Model) -> _Found:
    yield from _unread(model)
    yield from _uncited(model)
    for actor in model.actors:
        yield from _types(model, actor)
        yield from _misreadings(model, actor)
        yield from _empty_actions(model, actor)
    yield from _empty_events(model)
    for claim in model.claims:
        for test in claim.tests:
            yield from _decided(model, claim, test)


# ---------------------------------------------------------------------- what nothing reads


def _formulas(value: object, into: str = "") -> Iterator[tuple[str, Formula]]:
    """Every formula of a part of a model, with the name of what it gives a value to, if it does.

    What is read only to give a value to itself is read by nobody: `change: -0.1 / month * x` of x.
    """
    if isinstance(value, Formula):
        yield into, value
    elif isinstance(value, tuple):
        for item in value:
            yield from _formulas(item, into)
    elif is_dataclass(value) and not isinstance(value, Origin):
        if isinstance(value, Variable):
            into = value.name
        elif isinstance(value, Effect | Signal):
            into = value.variable
        elif isinstance(value, Misreading | Overlay):
            into = value.parameter
        for field in fields(value):
            yield from _formulas(getattr(value, field.name), into)


def _unread(model: Model) -> _Found:
    """Parameters and variables without a reader."""
    read: set[str] = set()
    for into, formula in _formulas(model):
        read |= (variables_in(formula.node) | parameters_in(formula.node)) - {into}
    for parameter in model.parameters:
        name = parameter.name
        if name not in read:
            hint = f"{_given(model, name)}Use it in a formula, or take it out."
            yield parameter.origin, name, f"nothing reads `{name}`", hint
    shown = {e.observes for e in model.evidence}
    shown |= {s.quantity.name for c in model.claims for t in c.tests for s in t.sides}
    moved = set(_moved(model))
    for variable in model.variables:
        name = variable.name
        if name in read | shown:
            continue
        if not variable.is_auxiliary and name not in moved:
            hint = "Give it a `change` or an effect, use it in a formula, or take it out."
            yield variable.origin, name, f"nothing changes `{name}`, and nothing reads it", hint
        elif not variable.headline:
            hint = "If it is there to be looked at, say `headline: true`; else use it or take it out."
            yield variable.origin, name, f"nothing reads `{name}`", hint


def _given(model: Model, parameter: str) -> str:
    """Who gives a value to a parameter, all of them in vain, as a sentence."""
    givers = [f"`{a.name}` misreads it" for a in model.actors for m in a.misreads if m.parameter == parameter]
    givers += [
        f"types of `{a.name}` give it values"
        for a in model.actors
        if any(o.parameter == parameter for t in a.types[:1] for o in t.overlays)
    ]
    givers += [
        f"policy `{p.name}` changes it"
        for p in model.policies
        if any(parameter == name for i in p.interventions for name, _ in (*i.set, *i.shift))
    ]
    if not givers:
        return ""
    said = f"{', '.join(givers[:3])}{', ...' * (len(givers) > 3)}: that changes nothing either. "
    return said[:1].upper() + said[1:]


def _moved(model: Model) -> Iterator[str]:
    """Stocks that something can change."""
    yield from (v.name for v in model.stocks if v.change is not None or v.noise is not None)
    parts: list[tuple[Effect, ...]] = [a.effects for actor in model.actors for a in actor.actions]
    parts += [e.effects for e in model.events]
    parts += [b.effects for e in model.events for b in e.branches]
    parts += [r.effects for ladder in model.ladders for r in ladder.rungs]
    yield from (effect.variable for effects in parts for effect in effects)
    yield from _set(model)


def _set(model: Model) -> Iterator[str]:
    """Parameters and stocks that some policy sets or shifts."""
    for policy in model.policies:
        for intervention in policy.interventions:
            yield from (name for name, _ in (*intervention.set, *intervention.shift))


def _uncited(model: Model) -> _Found:
    """Sources that nothing names; where no number needs one, a list of reading is no slip."""
    if model.illustrative:
        return
    cited = {s.split(maxsplit=1)[0] for o in _origins(model) for s in o.sources if s}
    files = {f.file for f in model.files if f.own}
    own = [s for s in model.sources if s.key not in cited and s.origin.file in files]
    if own:
        message = f"nothing rests on {_listed([s.key for s in own])} of the sources"
        yield (
            own[0].origin,
            own[0].key,
            message,
            "Name it in the `source` of what rests on it, or take it out.",
        )


def _origins(value: object) -> Iterator[Origin]:
    if isinstance(value, Origin):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _origins(item)
    elif is_dataclass(value) and not isinstance(value, Formula):
        for field in fields(value):
            yield from _origins(getattr(value, field.name))


# ---------------------------------------------------------------------- minds


def _types(model: Model, actor: Actor) -> _Found:
    """Types that are like another, and those that are neither true nor believed in."""
    values = {t.name: tuple(_value(model, o.value) for o in t.overlays) for t in actor.types}
    if len(actor.types) == 1:
        (only,) = actor.types
        own = tuple(_own(model, o.parameter) for o in only.overlays)
        varied = {o.parameter for o in only.overlays} & set(_set(model))
        if None not in own and not varied and values[only.name] == own:
            message = (
                f"type `{only.name}` of `{actor.name}` gives parameters the values that they have anyway"
            )
            yield only.origin, only.name, message, "Give it other values, or a second type beside it."
    for i, type_ in enumerate(actor.types):
        mine = values[type_.name]
        twin = next((t for t in actor.types[:i] if None not in mine and values[t.name] == mine), None)
        name = type_.name
        if twin is not None:
            message = f"types `{twin.name}` and `{name}` of `{actor.name}` are alike in all that they say"
            yield type_.origin, name, message, "Give one of them other values, or take it out."
        if _never(actor.true_type, name) and not _believed(model, actor, name):
            message = f"type `{name}` of `{actor.name}` is never true, and nobody believes that it is"
            hint = "Give it a chance in `true_type`, or in the `beliefs` of another actor; or take it out."
            yield type_.origin, name, message, hint


def _value(model: Model, value: Formula | Distribution) -> float | Node | None:
    """What can be held against another value; None of a prior: each draw of one is its own."""
    if isinstance(value, Distribution):
        return None
    number = fold(value.node)
    if number is None and isinstance(value.node, Parameter):
        number = _own(model, value.node.name)
    return value.node if number is None else number


def _own(model: Model, parameter: str) -> float | None:
    """The number that a parameter is; None of a prior."""
    value = next(p.value for p in model.parameters if p.name == parameter)
    return None if isinstance(value, Distribution) else value


def _never(chances: Chances, type_: str) -> bool:
    """Whether a type has no chance at all."""
    numbers = {name: None if f is None else fold(f.node) for name, f in chances}
    rest = [name for name, f in chances if f is None]
    if type_ in rest:
        others = [n for name, n in numbers.items() if name not in rest]
        return None not in others and sum(n for n in others if n is not None) >= 1 - 1e-9
    return numbers.get(type_, 0.0) == 0


def _believed(model: Model, actor: Actor, type_: str) -> bool:
    """Whether somebody can come to hold a type of an actor for true."""
    beliefs = [b for a in model.actors for b in a.beliefs if b.about == actor.name]
    made = [
        dict(chances).get(type_, 0.0)
        for p in model.policies
        for i in p.interventions
        for _, about, chances in i.believe
        if about == actor.name
    ]
    return any(made) or any(b.floor is not None or not _never(b.prior, type_) for b in beliefs)


def _misreadings(model: Model, actor: Actor) -> _Found:
    """Misreadings that take a parameter for what it is."""
    # A policy may change the truth beside a misreading, which stays, and types may give another one.
    varied = {o.parameter for a in model.actors for t in a.types for o in t.overlays} | set(_set(model))
    for misreading in actor.misreads:
        name, value = misreading.parameter, misreading.value
        itself = isinstance(value, Formula) and value.node == Parameter(name)
        own = _own(model, name)
        if name not in varied and (itself or (own is not None and _value(model, value) == own)):
            message = f"`{actor.name}` takes `{name}` for what it is"
            yield misreading.origin, name, message, "Give it another value, or take it out."


# ---------------------------------------------------------------------- what happens


def _empty_actions(model: Model, actor: Actor) -> _Found:
    """Several actions that change nothing; one of that kind is waiting."""
    if any(b.about == actor.name for a in model.actors for b in a.beliefs):
        return  # others learn from which of them is taken
    meant = {e.observes for e in model.evidence}
    for claim in model.claims:
        quantities = [s.quantity for t in claim.tests for s in t.sides]
        meant |= {f"{who}/{a}" for q in quantities for who, acts in (*q.acts, *q.after) for a in acts}
    for policy in model.policies:
        for i in policy.interventions:
            meant |= {f"{who}/{act}" for who, act, *_ in (*i.force, *i.nudge)}
            meant |= {f"{who}/{a}" for who, acts in i.forbid for a in acts}
    empty = [a for a in actor.actions if _is_empty(a) and f"{actor.name}/{a.name}" not in meant]
    if len(empty) > 1:
        named = _listed([a.name for a in empty])
        message = f"{named} of `{actor.name}` have neither effects nor a cost: which is taken changes nothing"
        hint = "Give `effects` to what is more than waiting, or leave one of them."
        yield empty[1].origin, empty[1].name, message, hint


def _is_empty(action: Action) -> bool:
    return not action.effects and (action.cost is None or fold(action.cost.node) == 0)


def _empty_events(model: Model) -> _Found:
    """Random events that change nothing and that nobody counts; a date without effects is shown."""
    counted = {e.observes for e in model.evidence}
    counted |= {s.quantity.name for c in model.claims for t in c.tests for s in t.sides}
    for event in model.events:
        empty = not event.effects and not any(b.effects for b in event.branches)
        if event.on is None and empty and event.name not in counted:
            message = f"`{event.name}` changes nothing: it has no effects"
            yield event.origin, event.name, message, "Add `effects: {VARIABLE: amount}`, or take it out."


# ---------------------------------------------------------------------- claims


def _decided(model: Model, claim: Claim, test: Test) -> _Found:
    """Tests that the bounds of what they measure decide, whatever happens."""
    bounds = {v.name: v.bounds for v in model.variables if v.bounds is not None}
    ranges = [
        (0.0, 1.0) if s.quantity.kind == "chance" else bounds.get(s.quantity.name)
        for s in test.sides
        if s.quantity.kind in ("chance", "variable")
    ]
    if len(ranges) != len(test.sides) or None in ranges or not ranges:
        return
    known = [r for r in ranges if r is not None]
    low, high = min(r[0] for r in known), max(r[1] for r in known)
    least, most = test.limits
    if len(test.sides) == 1:
        never = least >= high or most <= low
        always = least < low and most > high
    else:
        never = test.least > high - low and test.expect in ("higher", "lower", "rising", "falling")
        always = test.least > high - low and not never
    if never or always:
        what = f"`{test.sides[0].quantity.name}` stays within [{low:g}, {high:g}]"
        which = f"test {claim.tests.index(test) + 1}" if len(claim.tests) > 1 else "its test"
        message = (
            f"claim `{claim.name}`: {what}, so {which} {'can never be borne out' if never else 'cannot fail'}"
        )
        yield claim.origin, claim.name, message, "Check the number, its unit and the bounds."


def _listed(names: list[str]) -> str:
    """Up to five names in words."""
    shown = [f"`{n}`" for n in names[:5]]
    if len(names) > len(shown):
        return f"{', '.join(shown)} and {len(names) - len(shown)} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
