"""`actors`: what they want, see, take for true and can do."""

from __future__ import annotations

from offramp import keys
from offramp.formula import UNKNOWN, fold
from offramp.model import Action, Actor, Formula, Misreading, Signal, Term
from offramp.reader import Fields, Reader
from offramp.sections.effects import is_stock, read_effects
from offramp.sections.names import Names
from offramp.sections.values import PARAMETERS_ONLY, title_of
from offramp.source import Mapping, Scalar
from offramp.units import PLAIN

MAX_ACTORS = 8
MAX_ACTIONS = 24
LOOKING_AHEAD = ("horizon", "precision", "discount", "utility")


def read_actors(reader: Reader, file: Fields, names: Names) -> tuple[Actor, ...]:
    found = []
    for key, value in reader.entries(file, "actors"):
        fields = reader.fields(key, value, keys.ACTOR)
        if fields is not None:
            found.append(_actor(reader, fields, names))
    if len(found) > MAX_ACTORS:
        reader.say(file.at("actors"), f"{len(found)} actors; {MAX_ACTORS} is the most")
    return tuple(found)


def _actor(reader: Reader, fields: Fields, names: Names) -> Actor:
    name = fields.key.text
    depth = _depth(fields)
    constant = names.scope(PARAMETERS_ONLY, timeless=True)
    if depth == 1:
        missing = [k for k in ("horizon", "precision", "utility") if not fields.has(k)]
        if missing:
            shown = ", ".join(f"`{k}`" for k in missing)
            reader.say(
                fields.at("depth"),
                f"`{name}` looks ahead (depth 1) but has no {shown}",
                *(keys.ACTOR[k].about for k in missing),
            )
    else:
        for wrong in LOOKING_AHEAD:
            if fields.has(wrong):
                reader.say(
                    fields.at(wrong),
                    f"`{wrong}` has no use for `{name}`, who acts by habit (depth 0)",
                    "Add `depth: 1` to make it look ahead, or take the key out.",
                )
    horizon = 0.0
    given = fields.value("horizon")
    if given is not None:
        horizon = fields.number_at(given, "horizon", PLAIN, "the horizon in months") or 0.0
        if horizon <= 0 and isinstance(given, Scalar) and fold_text(given) is not None:
            reader.say(given, f"the horizon is {horizon:g} months; it must be above 0")
    precision = fields.formula("precision", constant, PLAIN, "the precision")
    _within(fields, "precision", precision, 0.0, None)
    discount = fields.formula("discount", constant, PLAIN, "the discount")
    _within(fields, "discount", discount, 0.0, 1.0)
    terms = []
    mapping = reader.mapping(fields.value("utility"), "utility", "named terms")
    for key, value in mapping.entries if mapping is not None else ():
        terms.append(
            Term(
                key.text,
                fields.formula_at(value, key.text, names.scope(), PLAIN, f"the utility term `{key.text}`"),
            )
        )
    return Actor(
        name=name,
        title=title_of(fields),
        actions=_actions(reader, fields, names),
        depth=depth,
        horizon=horizon,
        precision=precision,
        discount=discount,
        utility=tuple(terms),
        sees=_sees(reader, fields, names),
        misreads=_misreads(reader, fields, names),
        origin=fields.origin(),
    )


def _depth(fields: Fields) -> int:
    value = fields.value("depth")
    if isinstance(value, Scalar) and value.text.strip() in ("2", "3"):
        fields.reader.say(
            value,
            f"depth {value.text.strip()} belongs to the language but is not computed in this version",
            "0 is habit; 1 looks ahead against the habits of others.",
        )
        return 1
    return fields.integer("depth", 0, 1, 0)


def fold_text(value: Scalar) -> float | None:
    """The number written in a scalar, or None."""
    from offramp.formula import Scope, resolve

    result = resolve(value.text, Scope({}, timeless=True, constant=True), UNKNOWN)
    return None if result.faults else fold(result.node)


def _within(fields: Fields, name: str, formula: Formula | None, low: float, high: float | None) -> None:
    value = None if formula is None or not formula.text else fold(formula.node)
    at = fields.value(name)
    if value is None or at is None:
        return
    if value < low or (high is not None and value > high):
        ends = f"between {low:g} and {high:g}" if high is not None else f"at least {low:g}"
        fields.reader.say(at, f"`{name}` is {value:g}; it must be {ends}")


def _actions(reader: Reader, actor: Fields, names: Names) -> tuple[Action, ...]:
    found, always = [], False
    scope = names.scope()
    for key, value in reader.entries(actor, "actions"):
        fields = reader.fields(key, value, keys.ACTION)
        if fields is None:
            always = True
            continue
        always = always or not fields.has("when")
        found.append(
            Action(
                name=key.text,
                title=title_of(fields),
                effects=read_effects(fields, names, scope),
                when=fields.condition("when", scope),
                cost=fields.formula("cost", scope, PLAIN, "the cost"),
                propensity=fields.formula("propensity", scope, PLAIN, "the propensity"),
                origin=fields.origin(),
            )
        )
    name = actor.key.text
    if len(found) > MAX_ACTIONS:
        reader.say(actor.at("actions"), f"`{name}` has {len(found)} actions; {MAX_ACTIONS} is the most")
    if actor.has("actions") and not found and not always:
        reader.say(
            actor.at("actions"), f"`{name}` has no actions", "Give it at least one, such as `wait: {}`."
        )
    elif actor.has("actions") and not always:
        reader.say(
            actor.at("actions"),
            f"every action of `{name}` has a `when`, so it might have none to choose",
            "Give it one action without `when`, such as `wait: {}`.",
        )
    return tuple(found)


def _sees(reader: Reader, actor: Fields, names: Names) -> tuple[Signal, ...]:
    found = []
    mapping = reader.mapping(actor.value("sees"), "sees", "names of stocks")
    for key, value in mapping.entries if mapping is not None else ():
        if not is_stock(actor, key, names, "that can be seen wrongly"):
            continue
        unit = names.units.get(key.text, UNKNOWN)
        if isinstance(value, Scalar):
            if value.text == "hidden":
                found.append(Signal(key.text, hidden=True))
            else:
                reader.say(
                    value,
                    f"what `{actor.key.text}` sees of `{key.text}` must be `hidden` or a mapping, not `{value.text[:40]}`",
                    "Such as {bias: -5, noise: 3, delay: 1}. A stock that is seen as it is need not be listed.",
                )
            continue
        label = f"what `{actor.key.text}` sees of `{key.text}`"
        fields = reader.fields(key, value, keys.SIGNAL, label)
        if fields is None:
            continue
        scope = names.scope()
        hidden = fields.flag("hidden")
        for wrong in ("bias", "noise", "delay"):
            if hidden and fields.has(wrong):
                reader.say(
                    fields.at(wrong), f"`{key.text}` is hidden, so `{wrong}` has no use", "Use `assumed`."
                )
        if fields.has("assumed") and not hidden:
            reader.say(fields.at("assumed"), "`assumed` is for hidden stocks", "Add `hidden: true`.")
        found.append(
            Signal(
                variable=key.text,
                hidden=hidden,
                assumed=fields.formula(
                    "assumed", names.scope(PARAMETERS_ONLY), unit, f"what is assumed of `{key.text}`"
                ),
                bias=fields.formula("bias", scope, unit, f"the bias on `{key.text}`"),
                noise=fields.formula("noise", scope, unit, f"the noise on `{key.text}`"),
                delay=fields.integer("delay", 0, 60, 0),
                origin=fields.origin(),
            )
        )
    return tuple(found)


def _misreads(reader: Reader, actor: Fields, names: Names) -> tuple[Misreading, ...]:
    found = []
    mapping = reader.mapping(actor.value("misreads"), "misreads", "names of parameters")
    scope = names.scope(PARAMETERS_ONLY, timeless=True)
    for key, value in mapping.entries if mapping is not None else ():
        name = key.text
        if name not in names.parameters:
            kind = names.kinds.get(name)
            reader.say(
                key,
                f"`{name[:60]}` is {kind}; only parameters can be misread"
                if kind
                else f"unknown parameter `{name[:60]}`",
                "Stocks are seen wrongly through `sees`." if name in names.variables else "",
                reader.close(name, names.parameters),
            )
            continue
        unit = names.units.get(name, UNKNOWN)
        what = f"what `{actor.key.text}` takes `{name}` for"
        if isinstance(value, Mapping):
            fields = reader.fields(key, value, keys.MISREADING, f"the misreading of `{name}`")
            given = value.get("value")
            if fields is None or given is None:
                continue
        else:
            # Short form: the value alone; its backing is the actor's.
            fields, given = actor, value
        read = fields.prior_at(given, name, scope, unit, what)
        if fields is actor:
            found.append(Misreading(name, read))
        else:
            found.append(Misreading(name, read, fields.text("title"), fields.origin()))
    return tuple(found)
