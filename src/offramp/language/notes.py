"""Parts of a valid model that do nothing: nothing reads them, they change nothing, or bounds decide them.

Each note but those of `scale_notes` is certain. What may be meant is passed over: dates are drawn, actors
wait, and a variable may be there to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from offramp import anatomy
from offramp.errors import Problem
from offramp.language.constants import fold
from offramp.language.possible import can_be_taken
from offramp.language.scale_notes import out_of_scale
from offramp.language.source import located
from offramp.language.time_notes import short_horizons
from offramp.model import (
    Action,
    Actor,
    Chances,
    Claim,
    Distribution,
    Effect,
    Event,
    Formula,
    Model,
    Origin,
    Quantity,
    Test,
    Variable,
)
from offramp.tree import Node, Parameter, parameters_in, variables_in


def notes(model: Model) -> tuple[Problem, ...]:
    """Parts of a model that change nothing, in the order of its files.

    Of a file that extends another only its own parts are noted: the file below has readers of its own.
    """
    own = {f.file: tuple(f.text.split("\n")) for f in model.files if f.own}
    found = [
        located(at.file, own[at.file], at.line, at.column, message, hint, width=len(name))
        for at, name, message, hint in _found(model)
        if at.file in own
    ]
    order = {file: i for i, file in enumerate(own)}
    last = len(order)  # tables come after the files that name them
    every = (*model.noticed, *found)
    return tuple(sorted(every, key=lambda p: (order.get(p.file, last), p.file, p.line, p.column, p.message)))


# Where it stands, its name, what is noted and the likely fix.
_Found = Iterator[tuple[Origin, str, str, str]]


def _found(model: Model) -> _Found:
    yield from _unread(model)
    yield from _uncited(model)
    changed = anatomy.set_by_policies(model)
    for actor in model.actors:
        yield from _types(model, actor, changed)
        yield from _misreadings(model, actor, changed)
    yield from _empty_actions(model)
    yield from _empty_events(model)
    yield from short_horizons(model)
    yield from _out_of_reach(model)
    yield from _effects_of_nothing(model)
    yield from _idle_policies(model)
    yield from out_of_scale(model)
    yield from _unread_tables(model)
    for claim in model.claims:
        for test in claim.tests:
            yield from _decided(model, claim, test)


# ---------------------------------------------------------------------- what nothing reads


def _unread(model: Model) -> _Found:
    """Parameters and variables that no formula reads.

    A formula that gives x its value is no reader of x, although it names it: `change: -0.1 / month * x`.
    """
    read: set[str] = set()
    for place in anatomy.formulas(model):
        node = place.formula.node
        read |= (variables_in(node) | parameters_in(node)) - {place.target}
    for parameter in model.parameters:
        name = parameter.name
        if name not in read:
            hint = f"{_givers(model, name)}Use it in a formula, or take it out."
            yield parameter.origin, name, f"nothing reads `{name}`", hint
    watched = {e.observes for e in model.evidence} | {q.name for q in _quantities(model)}
    moved = anatomy.moved(model)
    for variable in model.variables:
        if variable.name not in read | watched:
            yield from _unread_variable(variable, variable.is_auxiliary or variable.name in moved)


def _unread_tables(model: Model) -> _Found:
    """Lookup tables that no formula reads."""
    texts = ["".join(place.formula.text.split()) for place in anatomy.formulas(model)]
    for table in model.lookups:
        if not any(f"lookup({table.name}," in text for text in texts):
            hint = f"Write lookup({table.name}, ...) in a formula, or take it out."
            yield table.origin, table.name, f"nothing reads `{table.name}`", hint


def _unread_variable(variable: Variable, changes: bool) -> _Found:
    name = variable.name
    if not changes:
        hint = "Give it a `change` or an effect, use it in a formula, or take it out."
        yield variable.origin, name, f"nothing changes `{name}`, and nothing reads it", hint
    elif not variable.headline:
        hint = "If it is there to be looked at, say `headline: true`; else use it or take it out."
        yield variable.origin, name, f"nothing reads `{name}`", hint


def _quantities(model: Model) -> list[Quantity]:
    """Everything that claims measure."""
    return [side.quantity for claim in model.claims for test in claim.tests for side in test.sides]


def _givers(model: Model, parameter: str) -> str:
    """Who gives a value to a parameter that nothing reads, as a sentence."""
    misreaders = [a.name for a in model.actors if parameter in {m.parameter for m in a.misreads}]
    typed = [a.name for a in model.actors if parameter in _overlaid(a)]
    policies = dict.fromkeys(
        move.by.path for move in anatomy.moves(model) if move.by.kind == "policy" and move.target == parameter
    )
    givers = [f"`{name}` misreads it" for name in misreaders]
    givers += [f"types of `{name}` give it values" for name in typed]
    givers += [f"policy `{name}` changes it" for name in policies]
    if not givers:
        return ""
    sentence = f"{', '.join(givers[:3])}{', ...' * (len(givers) > 3)}: that changes nothing either. "
    return sentence[:1].upper() + sentence[1:]


def _overlaid(actor: Actor) -> set[str]:
    """Parameters to which the types of an actor give values: the same ones in each type."""
    return {o.parameter for t in actor.types for o in t.overlays}


def _uncited(model: Model) -> _Found:
    """Sources that no part names. An illustrative model needs none: there they may be a reading list."""
    if model.illustrative:
        return
    origins = (part.origin for part in anatomy.parts(model))
    cited = {s.split(maxsplit=1)[0] for o in origins if o is not None for s in o.sources if s}
    files = {f.file for f in model.files if f.own}
    own = [s for s in model.sources if s.key not in cited and s.origin.file in files]
    if own:
        message = f"nothing rests on {_listed([s.key for s in own])} of the sources"
        hint = "Name it in the `source` of what rests on it, or take it out."
        yield own[0].origin, own[0].key, message, hint


# ---------------------------------------------------------------------- minds


def _types(model: Model, actor: Actor, changed: set[str]) -> _Found:
    """Types that are like another, and those that are neither true nor believed in."""
    values = {t.name: tuple(_value(model, o.value) for o in t.overlays) for t in actor.types}
    if len(actor.types) == 1:
        yield from _only_type(model, actor, values[actor.types[0].name], changed)
    for i, type_ in enumerate(actor.types):
        name, own = type_.name, values[type_.name]
        twin = next((t.name for t in actor.types[:i] if None not in own and values[t.name] == own), None)
        if twin is not None:
            message = f"types `{twin}` and `{name}` of `{actor.name}` are alike in all that they say"
            yield type_.origin, name, message, "Give one of them other values, or take it out."
        if _never(actor.true_type, name) and not _believed(model, actor, name):
            message = f"type `{name}` of `{actor.name}` is never true, and nobody believes that it is"
            hint = "Give it a chance in `true_type`, or in the `beliefs` of another actor; or take it out."
            yield type_.origin, name, message, hint


def _only_type(
    model: Model, actor: Actor, values: tuple[float | Node | None, ...], changed: set[str]
) -> _Found:
    """A single type that leaves all parameters as they are."""
    (only,) = actor.types
    as_they_are = tuple(_own(model, o.parameter) for o in only.overlays)
    if None not in as_they_are and not _overlaid(actor) & changed and values == as_they_are:
        message = f"type `{only.name}` of `{actor.name}` gives parameters the values that they have anyway"
        yield only.origin, only.name, message, "Give it other values, or a second type beside it."


def _value(model: Model, value: Formula | Distribution) -> float | Node | None:
    """What can be compared with another value; None for a prior, each draw of which is its own."""
    if isinstance(value, Distribution):
        return None
    number = fold(value.node)
    if number is None and isinstance(value.node, Parameter):
        number = _own(model, value.node.name)
    return value.node if number is None else number


def _own(model: Model, parameter: str) -> float | None:
    """The number that a parameter is; None for a prior."""
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
    """Whether somebody can come to believe that an actor is of this type."""
    beliefs = [b for a in model.actors for b in a.beliefs if b.about == actor.name]
    if any(b.floor is not None or not _never(b.prior, type_) for b in beliefs):
        return True
    given = [chances for p in model.policies for i in p.interventions for chances in i.believe]
    return any(dict(chances).get(type_, 0.0) for _, about, chances in given if about == actor.name)


def _misreadings(model: Model, actor: Actor, changed: set[str]) -> _Found:
    """Misreadings that take a parameter for what it is."""
    # A policy may change the truth beside a misreading, which stays, and types may give another one.
    varied = changed.union(*map(_overlaid, model.actors))
    for misreading in actor.misreads:
        name, value = misreading.parameter, misreading.value
        if name not in varied and _is_itself(model, name, value):
            message = f"`{actor.name}` takes `{name}` for what it is"
            yield misreading.origin, name, message, "Give it another value, or take it out."


def _is_itself(model: Model, parameter: str, value: Formula | Distribution) -> bool:
    """Whether a value is certainly that of the parameter."""
    if isinstance(value, Formula) and value.node == Parameter(parameter):
        return True
    own = _own(model, parameter)
    return own is not None and _value(model, value) == own


# ---------------------------------------------------------------------- what happens


def _empty_actions(model: Model) -> _Found:
    """Several actions of an actor that change nothing; one of that kind is waiting."""
    meant = _meant(model)
    believed = {b.about for a in model.actors for b in a.beliefs}  # others learn from which they take
    for actor in model.actors:
        empty = [a for a in actor.actions if _is_empty(a) and (actor.name, a.name) not in meant]
        if len(empty) > 1 and actor.name not in believed:
            named = _listed([a.name for a in empty])
            message = (
                f"{named} of `{actor.name}` have neither effects nor a cost: which is taken changes nothing"
            )
            hint = "Give `effects` to what is more than waiting, or leave one of them."
            yield empty[1].origin, empty[1].name, message, hint


def _meant(model: Model) -> set[tuple[str, str]]:
    """(actor, action) of every action that evidence, a claim or a policy names."""
    named = {(who, act) for who, _, act in (e.observes.partition("/") for e in model.evidence)}
    several = [pair for q in _quantities(model) for pair in (*q.acts, *q.after)]
    for policy in model.policies:
        for step in policy.interventions:
            several += step.forbid
            named |= {*step.force, *((who, act) for who, act, _ in step.nudge)}
    return named | {(who, act) for who, acts in several for act in acts}


def _out_of_reach(model: Model) -> _Found:
    """Headlines that no choice can ever hang on."""
    if not any(len(a.actions) > 1 for a in model.actors):
        return
    reached = anatomy.within_reach(model)
    read = anatomy.readers(model)
    for variable in model.variables:
        name = variable.name
        if reached and variable.headline and name not in reached and read[name]:
            message = f"headline `{name}` is inert: no actor reads it, nor anything that it moves"
            hint = "If somebody should mind it, put it into a `utility`, a `when` or a `propensity`."
            yield variable.origin, name, message, hint


def _effects_of_nothing(model: Model) -> _Found:
    """Effects that add 0 to a stock."""
    for part in anatomy.parts(model):
        item = part.item
        if isinstance(item, Effect) and item.how == "add" and fold(item.amount.node) == 0:
            holder, name = part.holder, part.holder.item.name
            message = f"the effect of `{name}` on `{item.variable}` is 0: it changes nothing"
            hint = "Give it an amount; `{set: 0}` moves the stock to 0. Or take it out."
            if holder.origin is not None:
                yield holder.origin, name, message, hint


def _idle_policies(model: Model) -> _Found:
    """Policies that change nothing, and those that force what can never be taken while they last."""
    for policy in model.policies:
        if not policy.interventions and policy.origin.line and policy.name != "baseline":
            message = f"policy `{policy.name}` does nothing: it is `baseline` under another name"
            yield policy.origin, policy.name, message, "Say what it does under `do`, or take it out."
        for step in policy.interventions:
            for who, act in step.force:
                if not can_be_taken(model, who, act, step):
                    message = (
                        f"policy `{policy.name}` forces `{act}` of `{who}`, which is never possible then"
                    )
                    hint = "Its `when` cannot be true while the policy lasts: change one of them."
                    yield policy.origin, policy.name, message, hint


def _is_empty(action: Action) -> bool:
    return not anatomy.effects_of(action) and (action.cost is None or fold(action.cost.node) == 0)


def _empty_events(model: Model) -> _Found:
    """Random events that change nothing and that nobody counts; a date without effects is shown."""
    counted = {e.observes for e in model.evidence} | {q.name for q in _quantities(model)}
    for event in model.events:
        if event.on is None and _has_no_effects(event) and event.name not in counted:
            message = f"`{event.name}` changes nothing: it has no effects"
            yield event.origin, event.name, message, "Add `effects: {VARIABLE: amount}`, or take it out."


def _has_no_effects(event: Event) -> bool:
    return not anatomy.effects_of(event) and not any(map(anatomy.effects_of, event.branches))


# ---------------------------------------------------------------------- claims


def _decided(model: Model, claim: Claim, test: Test) -> _Found:
    """Tests that the bounds of what they measure decide, whatever happens."""
    ranges = [_range(model, side.quantity) for side in test.sides]
    known = [r for r in ranges if r is not None]
    if not known or len(known) < len(ranges):
        return
    low, high = min(r[0] for r in known), max(r[1] for r in known)
    verdict = _verdict(test, low, high)
    if verdict:
        what = f"`{test.sides[0].quantity.name}` stays within [{low:g}, {high:g}]"
        which = f"test {claim.tests.index(test) + 1}" if len(claim.tests) > 1 else "its test"
        message = f"claim `{claim.name}`: {what}, so {which} {verdict}"
        yield claim.origin, claim.name, message, "Check the number, its unit and the bounds."


def _range(model: Model, quantity: Quantity) -> tuple[float, float] | None:
    """Within what a quantity lies whatever happens; None if the model does not bound it."""
    if quantity.kind == "chance":
        return 0.0, 1.0
    if quantity.kind != "variable":
        return None
    return next(v.bounds for v in model.variables if v.name == quantity.name)


def _verdict(test: Test, low: float, high: float) -> str:
    """What comes of a test of quantities within [low, high], if that is decided beforehand."""
    least, most = test.limits
    never, always = "can never be supported", "cannot fail"
    if len(test.sides) == 1:
        if least >= high or most <= low:
            return never
        return always if least < low and most > high else ""
    if test.least <= high - low:
        return ""
    return never if test.expect in ("higher", "lower", "rising", "falling") else always


def _listed(names: list[str]) -> str:
    """Up to five names in words."""
    shown = [f"`{n}`" for n in names[:5]]
    if len(names) > len(shown):
        return f"{', '.join(shown)} and {len(names) - len(shown)} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
