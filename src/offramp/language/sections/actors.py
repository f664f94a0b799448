"""`actors`: what they want, see, take for true and can do."""

from __future__ import annotations

import re

from offramp.given import did_you_mean
from offramp.language import keys
from offramp.language.constants import fold
from offramp.language.fields import NO_FORMULA, Fields
from offramp.language.reader import Reader, holds_nothing
from offramp.language.sections.after import no_circle, read_after
from offramp.language.sections.estimates import read_estimate
from offramp.language.sections.minds import hold_minds_together, read_beliefs, read_true_type, read_types
from offramp.language.sections.names import Names, check_name
from offramp.language.sections.values import is_stock, not_negative, read_effects, some
from offramp.language.source import Mapping, Scalar
from offramp.language.units import MONTH, PER_MONTH, PLAIN, UNKNOWN
from offramp.model import MOST_AHEAD, Action, Actor, Formula, Misreading, Signal, Term, constant

MAX_ACTIONS = 24
MAX_HORIZON = 120  # months
MAX_DELAY = 60  # steps
_MISREAD_IT = "What the actor takes it for goes under `misreads`."
MAX_DEPTH = 3


def read_actors(reader: Reader, file: Fields, names: Names) -> tuple[Actor, ...]:
    """The section `actors`."""
    found = []
    for key, value in file.entries("actors"):
        fields = Fields.read(reader, key, value, keys.ACTOR)
        if fields is not None:
            found.append(_actor(reader, fields, names))
    actors = tuple(found)
    hold_minds_together(reader, file, actors)
    no_circle(reader, file, actors)
    return actors


def _actor(reader: Reader, fields: Fields, names: Names) -> Actor:
    depth, depth_as = _depth(reader, fields, names)
    horizon, horizon_as = _horizon(reader, fields, names, "horizon")
    inner_horizon, inner_horizon_as = _horizon(reader, fields, names, "inner_horizon")
    formulas = fields.formulas(names)
    if formulas["discount"] is None and depth > 0:
        formulas["discount"] = constant(1.0)
    terms = []
    for key, value in fields.entries("utility", "named terms"):
        check_name(reader, key)
        what = f"the utility term `{key.text}`"
        # Points per month: `-1 * tension` and `-1 / month * tension` are the same number.
        formula = fields.formula_at(value, key.text, names.scope(), PLAIN, what, also=PER_MONTH)
        terms.append(Term(key.text, formula))
    misreads = _misreads(reader, fields, names)
    return Actor(
        name=fields.key.text,
        title=fields.title(),
        actions=_actions(reader, fields, names),
        depth=depth,
        horizon=horizon or 0.0,
        inner_horizon=inner_horizon,
        depth_as=depth_as,
        horizon_as=horizon_as,
        inner_horizon_as=inner_horizon_as,
        utility=tuple(terms),
        sees=_sees(reader, fields, names),
        misreads=misreads,
        types=read_types(reader, fields, names),
        true_type=read_true_type(reader, fields, names),
        beliefs=read_beliefs(reader, fields, names),
        after=read_after(reader, fields, names),
        **formulas,
        origin=fields.origin(),
    )


def _depth(reader: Reader, fields: Fields, names: Names) -> tuple[int, Formula | None]:
    """How many levels the actor looks ahead, at most; notes keys that are missing or have no use for that."""
    name, value = fields.label, fields.value("depth")
    formula = None
    if isinstance(value, Scalar) and re.match(r"[(a-z]", value.text.strip()):
        formula = fields.formula("depth", names.parameters_only(), PLAIN, "the depth")
        depth = MAX_DEPTH
    else:
        depth = fields.integer("depth", 0, MAX_DEPTH, 0)
    missing = [k for k in keys.ACTOR.keys if k.name in ("horizon", "precision", "utility")]
    missing = [k for k in missing if not fields.meant(k.name)]
    shown = value.text.strip() if isinstance(value, Scalar) else depth
    if depth >= 1 and missing:
        reader.say(
            fields.at("depth"),
            f"{name} looks ahead (depth {shown}) but has no {', '.join(f'`{k.name}`' for k in missing)}",
            *(f"`{k.name}`: {k.about[:1].lower()}{k.about[1:]}" for k in missing),
        )
    for unused, _ in fields.keys_in_need()[:1]:
        reader.say(
            fields.at(unused),
            f"{name} has `{unused}` but no `depth`, so it acts by habit and never looks ahead",
            "Add `depth: 1` to make it look ahead, or `depth: 0` to say that it does not.",
        )
    return depth, formula


def _horizon(reader: Reader, fields: Fields, names: Names, key: str) -> tuple[float | None, Formula | None]:
    """Months as a number, or as a formula of parameters: then it is read once in each scenario."""
    given = fields.value(key)
    if given is None:
        return None, None
    what = f"the {key.replace('_', ' ')} in months"
    formula = fields.formula_at(given, key, names.parameters_only(), MONTH, what)
    if formula is NO_FORMULA:
        return None, None
    months = fold(formula.node)
    if months is None:
        return None, formula
    if not 0 < months <= MAX_HORIZON:
        what = f"{'an' if key[0] == 'i' else 'a'} {key.replace('_', ' ')} of {months:g} months"
        reader.say(given, what, f"It must be above 0 and at most {MAX_HORIZON}.")
    elif months > MOST_AHEAD * (dt := names.calendar.step_length) * (1 + 1e-9):
        what = f"a horizon of {months:g} months is {months / dt:,.0f} steps; {MOST_AHEAD:,} is the most"
        reader.say(given, what, f"Look at most {MOST_AHEAD * dt:.3g} months ahead, or take longer steps.")
    return months, None


def _actions(reader: Reader, actor: Fields, names: Names) -> tuple[Action, ...]:
    found, always, scope = [], False, names.scope()
    entries = list(actor.entries("actions"))
    if len(entries) > MAX_ACTIONS:
        reader.say(
            actor.at("actions"), f"{actor.label} has {len(entries)} actions; {MAX_ACTIONS} is the most"
        )
        return ()
    for key, value in entries:
        check_name(reader, key)
        fields = Fields.read(reader, key, value, keys.ACTION)
        if fields is None:
            always = True
            continue
        always = always or not fields.has("when")
        found.append(
            Action(
                name=key.text,
                title=fields.title(),
                effects=read_effects(fields, names),
                when=fields.condition("when", scope),
                **fields.formulas(names),
                origin=fields.origin(),
            )
        )
    if not entries and holds_nothing(actor.value("actions")):
        hint = "Give it at least one, such as `wait: {}`."
        reader.say(actor.at("actions"), f"{actor.label} has no actions", hint)
    elif entries and not always:
        reader.say(
            actor.at("actions"),
            f"every action of {actor.label} has a `when`, so there might be none to choose",
            "Give it one action without `when`, such as `wait: {}`.",
        )
    return tuple(found)


def _sees(reader: Reader, actor: Fields, names: Names) -> tuple[Signal, ...]:
    found = []
    for key, value in actor.entries("sees", "names of stocks"):
        if not is_stock(actor, key, names, "Stocks are", _MISREAD_IT):
            continue
        if isinstance(value, Scalar) and not value.is_null:
            if value.text == "hidden":
                found.append(Signal(key.text, hidden=True))
            else:
                reader.say(
                    value,
                    f"a signal is `hidden`, or keys and values, not `{value.text[:40]}`",
                    "Such as {bias: -5, noise: 3, delay: 1}. A stock seen as it is need not be listed.",
                )
            continue
        label = f"what {actor.label} sees of `{key.text}`"
        fields = Fields.read(reader, key, value, keys.SIGNAL, label)
        if fields is not None:
            found.append(_signal(reader, fields, names))
    return tuple(found)


def _signal(reader: Reader, fields: Fields, names: Names) -> Signal:
    name, scope = fields.key.text, names.scope()
    unit = names.units.get(name, UNKNOWN)
    hidden = fields.flag("hidden")
    for wrong in ("bias", "noise", "delay"):
        if hidden and fields.has(wrong):
            hint = "Write `assumed` for the value that is supposed instead, or take `hidden` out."
            reader.say(fields.at(wrong), f"`{name}` is hidden, so `{wrong}` has no use", hint)
    if fields.has("assumed") and not hidden and not fields.has("learns"):
        hint = "Add `hidden: true`, or write `bias`."
        reader.say(fields.at("assumed"), "`assumed` is for a stock that is hidden or learned of", hint)
    noise = fields.formula("noise", scope, unit, f"the noise on `{name}`")
    not_negative(fields, "noise", noise, "noise is a standard deviation: ")
    learns = read_estimate(reader, fields, names, unit)
    return Signal(
        variable=name,
        hidden=hidden,
        assumed=fields.formula("assumed", names.parameters_only(), unit, f"what is assumed of `{name}`"),
        bias=fields.formula("bias", scope, unit, f"the bias on `{name}`"),
        noise=noise,
        delay=fields.integer("delay", 0, MAX_DELAY, 0),
        learns=learns,
        origin=fields.origin(),
    )


def _misreads(reader: Reader, actor: Fields, names: Names) -> tuple[Misreading, ...]:
    found = []
    scope = names.parameters_only()
    for key, value in actor.entries("misreads", "names of parameters"):
        name = key.text
        if name not in names.parameters:
            _not_a_parameter(reader, key, names)
            continue
        unit, what = names.units.get(name, UNKNOWN), f"what {actor.label} takes `{name}` for"
        if not isinstance(value, Mapping):
            # The value alone; what backs it is what backs the actor.
            taken = actor.prior_at(value, name, scope, unit, what)
            found.append(Misreading(name, taken, origin=reader.place(key)))
            continue
        fields = Fields.read(reader, key, value, keys.MISREADING, f"the misreading of `{name}`")
        given = fields.value("value") if fields is not None else None
        if fields is not None and given is not None:
            read = fields.prior_at(given, name, scope, unit, what)
            found.append(Misreading(name, read, fields.text("title"), fields.origin()))
    return tuple(found)


def _not_a_parameter(reader: Reader, key: Scalar, names: Names) -> None:
    kind = names.kinds.get(key.text)
    if kind is None and names.incomplete:
        return
    possible = some(key.text, names.parameters)
    reader.say(
        key,
        f"`{key.text}` is {kind}; only parameters can be misread"
        if kind
        else f"unknown parameter `{key.text[:60]}`",
        "A stock is seen wrongly through `sees`." if key.text in names.stocks else "",
        f"Parameters are: {possible}." if possible and not kind else "",
        did_you_mean(key.text, names.parameters),
        missing="" if kind else key.text,
    )
