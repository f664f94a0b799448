"""`events` and `outcomes`."""

from __future__ import annotations

from offramp import keys
from offramp.formula import fold
from offramp.model import Branch, Event, Formula, Outcome
from offramp.reader import Fields, Reader
from offramp.sections.effects import read_effects
from offramp.sections.names import Names
from offramp.sections.values import title_of
from offramp.source import Mapping, Scalar
from offramp.units import PER_MONTH, PLAIN


def read_events(reader: Reader, file: Fields, names: Names) -> tuple[Event, ...]:
    found = []
    for key, value in reader.entries(file, "events"):
        fields = reader.fields(key, value, keys.EVENT)
        if fields is not None:
            found.append(_event(reader, fields, names))
    return tuple(found)


def _event(reader: Reader, fields: Fields, names: Names) -> Event:
    name, scope = fields.key.text, names.scope()
    if fields.has("on") and fields.has("rate"):
        reader.say(
            fields.at("rate"),
            f"`{name}` has both `on` and `rate`",
            "An event is dated (`on`) or random (`rate`).",
        )
    elif not fields.has("on") and not fields.has("rate"):
        reader.say(
            fields.key,
            f"`{name}` has neither `on` nor `rate`",
            "A dated event has `on: 2020-11-03`; a random one a `rate` per month.",
        )
    on = fields.day("on")
    if on is not None and (fields.has("effects") or fields.has("branches")):
        step = names.calendar.step_of(on)
        if not 0 <= step < names.calendar.steps:
            first, last = names.calendar.start, names.calendar.date_of(names.calendar.steps)
            at = fields.value("on")
            assert at is not None
            reader.say(
                at,
                f"`{name}` is outside the horizon, so it would never happen",
                f"The model runs from {first} up to {last}. Only a date without effects may lie outside.",
            )
    if fields.has("effects") and fields.has("branches"):
        reader.say(
            fields.at("effects"),
            f"`{name}` has both `effects` and `branches`",
            "Give each branch its effects; what always happens goes into every branch.",
        )
    rate = fields.formula("rate", scope, PER_MONTH, f"the rate of `{name}`")
    _not_negative(fields, "rate", rate)
    return Event(
        name=name,
        title=title_of(fields),
        on=on,
        rate=rate,
        effects=read_effects(fields, names, scope),
        branches=_branches(reader, fields, names),
        origin=fields.origin(),
    )


def _not_negative(fields: Fields, name: str, formula: Formula | None) -> None:
    at = fields.value(name)
    value = fold(formula.node) if formula is not None and formula.text else None
    if at is not None and value is not None and value < 0:
        fields.reader.say(at, f"the {name} is {value:g}; it must be at least 0")


def _branches(reader: Reader, event: Fields, names: Names) -> tuple[Branch, ...]:
    if not event.has("branches"):
        return ()
    found: list[Branch] = []
    rests: list[Fields] = []
    numbers: list[float] | None = []
    clean = len(reader.problems)
    scope = names.scope()
    for key, value in reader.entries(event, "branches"):
        fields = reader.fields(key, value, keys.BRANCH, f"branch `{key.text}`")
        if fields is None:
            continue
        probability: Formula | None = None
        given = fields.value("probability")
        if isinstance(given, Scalar) and given.text == "rest":
            rests.append(fields)
        elif given is not None:
            probability = fields.formula_at(
                given, "probability", scope, PLAIN, f"the probability of `{key.text}`"
            )
            folded = fold(probability.node) if probability.text else None
            if folded is not None and not 0 <= folded <= 1:
                percent = f"{folded:g} percent is {folded / 100:g}." if 1 < folded <= 100 else ""
                reader.say(
                    given,
                    f"the probability of `{key.text}` is {folded:g}; it must lie between 0 and 1",
                    percent,
                )
            if numbers is not None:
                numbers = None if folded is None else [*numbers, folded]
        found.append(
            Branch(
                key.text, title_of(fields), probability, read_effects(fields, names, scope), fields.origin()
            )
        )
    at, name = event.at("branches"), event.key.text
    if len(reader.problems) > clean:
        return tuple(found)
    if len(rests) > 1:
        reader.say(rests[1].at("probability"), f"two branches of `{name}` say `rest`", "Only one may.")
    if len(found) < 2:
        reader.say(at, f"`{name}` has fewer than two branches", "What always happens goes under `effects`.")
    elif numbers is not None:
        total = sum(numbers)
        if rests and total > 1 + 1e-9:
            reader.say(
                at,
                f"the probabilities of `{name}` sum to {total:g} before the `rest`",
                "They may not pass 1.",
            )
        elif not rests and abs(total - 1) > 1e-9:
            reader.say(
                at,
                f"the probabilities of `{name}` sum to {total:.10g}, not 1",
                "Correct them, or write `probability: rest` in one branch.",
            )
    return tuple(found)


def read_outcomes(reader: Reader, file: Fields, names: Names) -> tuple[Outcome, ...]:
    found = []
    for key, value in reader.entries(file, "outcomes"):
        fields = reader.fields(key, value, keys.OUTCOME)
        if fields is not None:
            found.append(_outcome(reader, fields, names))
    names.absorbing.extend(o.name for o in found if o.absorbing)
    return tuple(found)


def _outcome(reader: Reader, fields: Fields, names: Names) -> Outcome:
    name, scope = fields.key.text, names.scope()
    given = [k for k in ("when", "rate", "otherwise") if fields.has(k)]
    if len(given) != 1:
        has = " and ".join(f"`{k}`" for k in given) if given else "none of `when`, `rate` and `otherwise`"
        reader.say(
            fields.at(given[1]) if given else fields.key,
            f"`{name}` has {has}",
            "An outcome has exactly one: a condition (`when`), a hazard (`rate`), or `otherwise: true`.",
        )
    absorbing, otherwise = fields.flag("absorbing"), fields.flag("otherwise")
    if otherwise and absorbing:
        reader.say(
            fields.at("absorbing"),
            f"`{name}` holds where nothing has ended the run, so it cannot end it",
            "Take `absorbing` out.",
        )
    rate = fields.formula("rate", scope, PER_MONTH, f"the rate of `{name}`")
    _not_negative(fields, "rate", rate)
    worth = []
    mapping = reader.mapping(fields.value("worth"), "worth", "names of actors")
    if mapping is not None and mapping.entries and not absorbing:
        reader.say(
            fields.at("worth"),
            f"`worth` has no use for `{name}`, which does not end the run",
            "Add `absorbing: true`, or put the worth into the utility of the actors.",
        )
    for key, value in mapping.entries if isinstance(mapping, Mapping) else ():
        if key.text not in names.actors:
            reader.say(
                key,
                f"unknown actor `{key.text[:60]}`",
                f"Actors are: {', '.join(names.actors)}." if names.actors else "The model has no actors.",
                reader.close(key.text, names.actors),
            )
            continue
        worth.append(
            (key.text, fields.formula_at(value, key.text, scope, PLAIN, f"the worth for `{key.text}`"))
        )
    return Outcome(
        name=name,
        title=title_of(fields),
        when=fields.condition("when", scope),
        rate=rate,
        otherwise=otherwise,
        absorbing=absorbing,
        worth=tuple(worth),
        origin=fields.origin(),
    )
