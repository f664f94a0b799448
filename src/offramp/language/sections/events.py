"""`events`: what happens by date or by chance."""

from __future__ import annotations

from offramp.language import keys
from offramp.language.constants import fold
from offramp.language.fields import NO_FORMULA, Fields
from offramp.language.reader import Reader
from offramp.language.sections.names import Names, check_name
from offramp.language.sections.values import not_negative, read_effects
from offramp.language.source import Scalar
from offramp.language.units import PER_MONTH, PLAIN
from offramp.model import Branch, Event, Formula

MAX_MEAN = 10  # events in one step: above it a run fails


def read_events(reader: Reader, file: Fields, names: Names) -> tuple[Event, ...]:
    """The section `events`."""
    found = []
    for key, value in file.entries("events"):
        fields = Fields.read(reader, key, value, keys.EVENT)
        if fields is not None:
            found.append(_event(reader, fields, names))
    return tuple(found)


def _event(reader: Reader, fields: Fields, names: Names) -> Event:
    name = fields.key.text
    if fields.has("on") and fields.has("rate"):
        hint = "An event is dated (`on`) or random (`rate`): make two events of it, or take one out."
        reader.say(fields.at("rate"), f"`{name}` has both `on` and `rate`", hint)
    elif not fields.meant("on") and not fields.meant("rate"):
        hint = "A dated event has `on: 2020-11-03`; a random one a `rate` per month."
        reader.say(fields.key, f"`{name}` has neither `on` nor `rate`", hint)
    on = fields.day("on")
    acts = fields.has("effects") or fields.has("branches")
    at = fields.value("on")
    if on is not None and at is not None and acts and reader.dated:
        calendar = names.calendar
        if not 0 <= calendar.step_of(on) < calendar.steps:
            last = calendar.date_of(calendar.steps)
            reader.say(
                at,
                f"`{name}` is outside the horizon, so it would never happen",
                f"The model runs from {calendar.start} up to {last}. "
                "Only a date without effects and branches may lie outside.",
            )
    if fields.has("effects") and fields.has("branches"):
        hint = "Put effects into the branches; what always happens goes into each of them."
        reader.say(fields.at("effects"), f"`{name}` has both `effects` and `branches`", hint)
    rate = fields.formula("rate", names.scope(), PER_MONTH, f"the rate of `{name}`")
    not_negative(fields, "rate", rate, "a rate of ")
    once = fields.flag("once")
    if fields.keys_in_need() and fields.has("on"):
        hint = "A dated event happens once in any case: take `once` out."
        reader.say(fields.at("once"), f"`{name}` has `once` but no `rate`", hint)
    mean = (fold(rate.node) or 0.0) * names.calendar.step_length if rate is not None else 0.0
    at = fields.value("rate")
    if at is not None and mean > MAX_MEAN and not once:
        reader.say(
            at,
            f"{mean:.4g} of `{name}` in every {names.calendar.step}; {MAX_MEAN} is the most",
            "What happens this often is a flow: put it into the `change` of a variable. "
            "If it counts at most once in a step, add `once: true`.",
        )
    return Event(
        name=name,
        title=fields.title(),
        on=on,
        rate=rate,
        once=once,
        effects=read_effects(fields, names),
        branches=_branches(reader, fields, names),
        origin=fields.origin(),
    )


def _branches(reader: Reader, event: Fields, names: Names) -> tuple[Branch, ...]:
    if not event.has("branches"):
        return ()
    found: list[Branch] = []
    rests: list[Fields] = []
    numbers: list[float | None] = []
    before = len(reader.problems)
    for key, value in event.entries("branches"):
        check_name(reader, key)
        fields = Fields.read(reader, key, value, keys.BRANCH, f"branch `{key.text}`")
        if fields is None:
            continue
        probability: Formula | None = None
        given = fields.value("probability")
        if isinstance(given, Scalar) and given.text.strip() == "rest":
            rests.append(fields)
        elif given is not None:
            what = f"the probability of `{key.text}`"
            probability = fields.formula_at(given, "probability", names.scope(), PLAIN, what)
            number = fold(probability.node) if probability is not NO_FORMULA else None
            numbers.append(number)
            if number is not None and not 0 <= number <= 1:
                hint = f"{number:g} % is {number / 100:g}." if 1 < number <= 100 else ""
                reader.say(given, f"{what} is {number:g}; it must lie between 0 and 1", hint)
        effects = read_effects(fields, names)
        found.append(Branch(key.text, fields.title(), probability, effects, fields.origin()))
    if len(reader.problems) == before:
        _sum(reader, event, len(found), rests, numbers)
    return tuple(found)


def _sum(
    reader: Reader, event: Fields, branches: int, rests: list[Fields], numbers: list[float | None]
) -> None:
    """Hold the probabilities of all branches together."""
    at, name = event.at("branches"), event.key.text
    if branches < 2:
        hint = "What always happens goes under `effects`."
        reader.say(
            at, f"`{name}` has {'one branch' if branches else 'no branches'}; two are the fewest", hint
        )
    elif len(rests) > 1:
        reader.say(rests[1].at("probability"), f"two branches of `{name}` say `rest`", "Only one may.")
    elif None not in numbers:
        total = sum(n for n in numbers if n is not None)
        shown = " + ".join(f"{n:g}" for n in numbers)
        if rests and total > 1 + 1e-9:
            hint = "They may not pass 1; the `rest` is what they leave."
            reader.say(at, f"the probabilities of `{name}` are {shown} = {total:.10g}", hint)
        elif not rests and abs(total - 1) > 1e-9:
            hint = "They must sum to 1. Correct them, or write `probability: rest` in one branch."
            reader.say(at, f"the probabilities of `{name}` are {shown} = {total:.10g}, not 1", hint)
