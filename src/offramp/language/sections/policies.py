"""`policies`: what we might do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from offramp.given import did_you_mean
from offramp.language import keys
from offramp.language.fields import Fields
from offramp.language.reader import Reader, shape
from offramp.language.sections.names import Names
from offramp.language.sections.outcomes import is_actor
from offramp.language.sections.thoughts import (
    is_action,
    read_believe,
    read_correct,
    read_misread,
    read_nudge,
)
from offramp.language.source import Scalar, Sequence
from offramp.language.units import UNKNOWN
from offramp.model import Actor, Intervention, Model, Policy, Variable

BASELINE = "baseline"
_ALL_OF = "all of"
Bounds = dict[str, tuple[float, float]]


def read_policies(
    reader: Reader, file: Fields, names: Names, variables: tuple[Variable, ...], actors: tuple[Actor, ...]
) -> tuple[Policy, ...]:
    """The section `policies`, with `baseline` first whether or not the file has it."""
    bounds = {v.name: v.bounds for v in variables if v.bounds is not None}
    own: dict[str, _Own] = {}
    for key, value in file.entries("policies"):
        fields = Fields.read(reader, key, value, keys.POLICY)
        if fields is not None:
            interventions = _interventions(reader, fields, names, bounds, actors)
            own[key.text] = _Own(fields, interventions, _parts(reader, fields, names))
    found = []
    for name, policy in own.items():
        everything = _combined(reader, names, name, own)
        parts = tuple(p.text for p in policy.parts)
        fields = policy.fields
        found.append(Policy(name, fields.title(), everything, parts, fields.origin(), fields.flag("variant")))
    if not any(p.name == BASELINE for p in found):
        found.append(Policy(BASELINE, "Baseline"))
    return tuple(sorted(found, key=lambda p: p.name != BASELINE))


def _interventions(
    reader: Reader, policy: Fields, names: Names, bounds: Bounds, actors: tuple[Actor, ...]
) -> tuple[Intervention, ...]:
    value = policy.value("do")
    if value is None or (isinstance(value, Scalar) and value.is_null):
        return ()
    if not isinstance(value, Sequence):
        hint = "Begin each with `- `, as in `- from: 2020-07-01`."
        reader.say(value, f"`do` must be a list of interventions, not {shape(value)}", hint)
        return ()
    found: list[Intervention] = []
    for item in value.items:
        at = Scalar("do", item.line, item.column, within=item.within)
        fields = Fields.read(reader, at, item, keys.INTERVENTION, "this intervention")
        if fields is None:
            continue
        intervention = _intervention(reader, fields, names, bounds, actors)
        _hold_against_others(reader, fields, names, intervention, found)
        found.append(intervention)
    return tuple(found)


def _intervention(
    reader: Reader, fields: Fields, names: Names, bounds: Bounds, actors: tuple[Actor, ...]
) -> Intervention:
    start, end = fields.day("from"), fields.day("until")
    _window(reader, fields, names, start, end)
    return Intervention(
        start=start,
        end=end,
        force=_read_force(reader, fields, names),
        forbid=_read_forbid(reader, fields, names),
        set=_read_numbers(reader, fields, names, "set", bounds),
        shift=_read_numbers(reader, fields, names, "shift", {}),
        correct=read_correct(reader, fields, names, actors),
        misread=read_misread(reader, fields, names, actors),
        believe=read_believe(reader, fields, names, actors),
        nudge=read_nudge(reader, fields, names),
    )


def _read_force(reader: Reader, fields: Fields, names: Names) -> tuple[tuple[str, str], ...]:
    found = []
    for key, value in fields.entries("force", "an action for each actor"):
        if is_actor(reader, key, names) and is_action(reader, value, key.text, names):
            assert isinstance(value, Scalar)
            found.append((key.text, value.text))
    return tuple(found)


def _read_forbid(reader: Reader, fields: Fields, names: Names) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for key, value in fields.entries("forbid", "actions for each actor"):
        if not is_actor(reader, key, names):
            continue
        items = value.items if isinstance(value, Sequence) else (value,)
        named = [v for v in items if is_action(reader, v, key.text, names)]
        actions = tuple(dict.fromkeys(v.text for v in named if isinstance(v, Scalar)))
        if actions and set(actions) == set(names.actions[key.text]):
            hint = "Leave it at least one; a prohibition that leaves none has no effect."
            reader.say(value, f"every action of `{key.text}` is forbidden", hint)
        found.append((key.text, actions))
    return tuple(found)


def _read_numbers(
    reader: Reader, fields: Fields, names: Names, how: Literal["set", "shift"], bounds: Bounds
) -> tuple[tuple[str, float], ...]:
    """What parameters and stocks are set to, or what is added to them."""
    found = []
    scope = names.numbers_only("a policy sets numbers")
    for key, value in fields.entries(how, "a number for each parameter or stock"):
        name = key.text
        if not _is_settable(reader, key, names):
            continue
        what = f"what `{name}` is set to" if how == "set" else f"what is added to `{name}`"
        number = fields.number_at(value, name, scope, names.units.get(name, UNKNOWN), what)
        if number is None:
            continue
        low, high = bounds.get(name, (number, number))
        if not low <= number <= high:
            reader.say(value, f"`{name}` is set to {number:g}, outside its bounds [{low:g}, {high:g}]")
        found.append((name, number))
    return tuple(found)


def _window(reader: Reader, fields: Fields, names: Names, start: date | None, end: date | None) -> None:
    calendar = names.calendar
    first, last = calendar.start, calendar.date_of(calendar.steps)
    runs = f"The model runs from {first} up to {last}."
    at_start, at_end = fields.value("from"), fields.value("until")
    if start is not None and at_start is not None and not first <= start < last:
        reader.say(at_start, f"`from` is {start}, outside the horizon", runs)
    elif end is not None and at_end is not None:
        if start is not None and end <= start:
            hint = "`until` is the day on which the intervention is over."
            reader.say(at_end, f"`until` ({end}) is not after `from` ({start})", hint)
        elif not first < end <= last:
            hint = "Leave `until` out for: to the end."
            reader.say(at_end, f"`until` is {end}, outside the horizon", runs, hint)
        elif calendar.step_of(end) == (calendar.step_of(start) if start is not None else 0):
            hint = f"It ends in the {calendar.step} in which it begins; make it longer."
            reader.say(at_end, "this intervention is never in force", hint)


def _hold_against_others(
    reader: Reader, fields: Fields, names: Names, new: Intervention, others: list[Intervention]
) -> None:
    """Note what an intervention contradicts: an earlier one of its policy, or itself."""
    for other in [*others, new]:
        found = contradiction(names.calendar, new, other, names.stocks)
        if found is not None:
            reader.say(fields.at(found.key), found.message, found.hint)


@dataclass(frozen=True, slots=True)
class _Own:
    """A policy as it stands in the file: its own interventions, and what it combines."""

    fields: Fields
    interventions: tuple[Intervention, ...]
    parts: tuple[Scalar, ...]


def _parts(reader: Reader, policy: Fields, names: Names) -> tuple[Scalar, ...]:
    """The key `all of`: names of policies."""
    value = policy.value(_ALL_OF)
    if value is None:
        return ()
    if not isinstance(value, Sequence) or not value.items:
        what = "an empty list" if isinstance(value, Sequence) else shape(value)
        hint = "Write `all of: [one_policy, another]`."
        reader.say(value, f"`{_ALL_OF}` must be a list of policies, not {what}", hint)
        return ()
    found: dict[str, Scalar] = {}
    for item in value.items:
        if not isinstance(item, Scalar) or item.is_null:
            reader.say(item, "the name of a policy stands here, not something else", "Write its name alone.")
        elif item.text != BASELINE and item.text not in names.policies:
            possible = [BASELINE, *(n for n in names.policies if n not in (BASELINE, policy.key.text))]
            reader.say(
                item,
                f"unknown policy `{item.text[:60]}`",
                f"Policies are: {', '.join(possible)}.",
                did_you_mean(item.text, possible),
                missing=f"policy {item.text}",
            )
        elif item.text in found:
            reader.say(item, f"`{item.text}` stands here twice", "It counts once: take one out.")
        else:
            found[item.text] = item
    return tuple(found.values())


def _combined(reader: Reader, names: Names, name: str, own: dict[str, _Own]) -> tuple[Intervention, ...]:
    """Interventions of all policies that one combines, each policy once, then its own."""
    order: list[str] = []
    circle = _gather(name, own, order, ())
    if circle:
        if name == min(circle, key=list(own).index):  # said once, where the file comes to it first
            way = " -> ".join(f"`{n}`" for n in (*circle, circle[0]))
            message = f"a policy cannot be part of itself: {way}"
            reader.say(own[name].fields.at(_ALL_OF), message, "Take one of them out of `all of`.")
        return ()
    for i, later in enumerate(order):
        for earlier in order[:i]:
            found = next(
                (
                    c
                    for one in own[later].interventions
                    for other in own[earlier].interventions
                    if (c := contradiction(names.calendar, one, other, names.stocks))
                ),
                None,
            )
            if found is not None:
                who = f"`{earlier}` and `{later}`" if later != name else f"`{earlier}` and `{name}` itself"
                message = f"{who} cannot be combined: {found.message}"
                reader.say(own[name].fields.at(_ALL_OF), message, found.hint)
                return ()
    return tuple(i for part in order for i in own[part].interventions)


def _gather(name: str, own: dict[str, _Own], order: list[str], above: tuple[str, ...]) -> tuple[str, ...]:
    """Put a policy and all that it combines into `order`, parts first; gives a circle, if there is one."""
    above = (*above, name)
    for part in (p.text for p in own[name].parts):
        if part in above:
            return above[above.index(part) :]
        if part in own and part not in order and (circle := _gather(part, own, order, above)):
            return circle
    order.append(name)
    return ()


def _is_settable(reader: Reader, key: Scalar, names: Names) -> bool:
    name = key.text
    if name in names.parameters or name in names.stocks:
        return True
    kind = names.kinds.get(name)
    if name in names.auxiliaries:
        message = f"`{name}` is an auxiliary: it always equals its formula{names.line(name)}"
        reader.say(key, message, "Set a stock or parameter that it is made of.")
    elif kind is not None:
        reader.say(key, f"`{name}` is {kind}; only parameters and stocks can be set")
    elif not names.incomplete:
        hint = did_you_mean(name, [*names.parameters, *names.stocks])
        message = f"unknown parameter or stock `{name[:60]}`"
        reader.say(key, message, hint or "Only parameters and stocks can be set.", missing=name)
    return False


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What is wrong with two interventions, the key of the new one that it concerns, and what to do."""

    key: str
    message: str
    hint: str


def contradiction(
    calendar: Model, new: Intervention, other: Intervention, stocks: Collection[str]
) -> Contradiction | None:
    """The first contradiction between two interventions, if they meet at all.

    `new` may be `other`: an intervention may contradict itself. `stocks` are set once, as an intervention
    begins; parameters are held at their value as long as it lasts.
    """
    if not _meet(calendar, new, other):
        return None
    found = _rival_acts(new, other)
    for one, two in ((new, other), (other, new)):
        found = found or _opposites(calendar, one, two, one is new)
    return found or _rival_numbers(calendar, new, other, stocks)


def _rival_acts(new: Intervention, other: Intervention) -> Contradiction | None:
    """An actor forced to two acts at once."""
    for actor, action in new.force:
        rival = next((a for who, a in other.force if who == actor and a != action), None)
        if rival is not None:
            message = f"`{actor}` is forced to `{action}` and to `{rival}` at the same time"
            return Contradiction("force", message, "Let one end before the other begins.")
    return None


def _opposites(calendar: Model, one: Intervention, two: Intervention, is_new: bool) -> Contradiction | None:
    """What `one` forbids or sees right and `two` forces or misreads; `is_new`: `one` is the new one."""
    hint = "Take it out of one of them."
    forbidden = {(who, a) for who, actions in one.forbid for a in actions}
    both = next((f for f in two.force if f in forbidden), None)
    if both is not None:
        message = f"`{both[1]}` of `{both[0]}` is forced and forbidden at the same time"
        return Contradiction("forbid" if is_new else "force", message, hint)
    corrected = {(who, name) for who, names in one.correct for name in names}
    wrong = next((m for m in two.misread if m[:2] in corrected), None)
    if wrong is not None:
        message = f"`{wrong[0]}` is to see `{wrong[1]}` right and to misread it at the same time"
        return Contradiction("correct" if is_new else "misread", message, hint)
    certain = next((b for b in two.believe if b[:2] in corrected), None)
    if certain is not None and _begins_within(calendar, two, one):
        message = f"`{certain[0]}` is to know the type of `{certain[1]}` and to believe something of it"
        return Contradiction("correct" if is_new else "believe", f"{message} at the same time", hint)
    return None


def _rival_numbers(
    calendar: Model, new: Intervention, other: Intervention, stocks: Collection[str]
) -> Contradiction | None:
    """A number that two interventions set to different values at the same time."""
    hint = "Let one end before the other begins, or take it out of one of them."
    given, together = dict(other.set), _first(calendar, new) == _first(calendar, other)
    for name, value in new.set:
        if given.get(name, value) != value and (together or name not in stocks):
            message = f"`{name}` is set to {given[name]:g} and to {value:g} at the same time"
            return Contradiction("set", message, hint)
    taken = {m[:2]: m[2] for m in other.misread}
    for actor, name, value in new.misread:
        if taken.get((actor, name), value) != value:
            first = taken[actor, name]
            message = f"`{actor}` is to take `{name}` for {first:g} and for {value:g} at the same time"
            return Contradiction("misread", message, hint)
    held = {b[:2]: b[2] for b in other.believe}
    for actor, about, chances in new.believe:
        if held.get((actor, about), chances) != chances and _first(calendar, new) == _first(calendar, other):
            message = f"`{actor}` is to believe two things of `{about}` at the same time"
            return Contradiction("believe", message, hint)
    return None


def _first(calendar: Model, i: Intervention) -> int:
    return 0 if i.start is None else max(0, calendar.step_of(i.start))


def _end(calendar: Model, i: Intervention) -> int:
    return calendar.steps if i.end is None else calendar.step_of(i.end)


def _meet(calendar: Model, a: Intervention, b: Intervention) -> bool:
    """Whether two interventions are in force in the same step."""
    return max(_first(calendar, a), _first(calendar, b)) < min(_end(calendar, a), _end(calendar, b))


def _begins_within(calendar: Model, one: Intervention, other: Intervention) -> bool:
    """Whether one begins while the other is in force."""
    return _first(calendar, other) <= _first(calendar, one) < _end(calendar, other)
