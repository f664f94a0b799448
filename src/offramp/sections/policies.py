"""`policies`: what we might do."""

from __future__ import annotations

from datetime import date

from offramp import keys
from offramp.formula import UNKNOWN
from offramp.model import Intervention, Policy, Variable
from offramp.reader import Fields, Reader
from offramp.sections.names import Names
from offramp.sections.values import title_of
from offramp.source import Scalar, Sequence

BASELINE = "baseline"


def read_policies(
    reader: Reader, file: Fields, names: Names, variables: tuple[Variable, ...]
) -> tuple[Policy, ...]:
    """All policies, `baseline` first."""
    bounds = {v.name: v.bounds for v in variables if v.bounds is not None}
    found = []
    for key, value in reader.entries(file, "policies"):
        fields = reader.fields(key, value, keys.POLICY)
        if fields is None:
            continue
        found.append(
            Policy(
                key.text,
                title_of(fields),
                tuple(_interventions(reader, fields, names, bounds)),
                fields.origin(),
            )
        )
    if not any(p.name == BASELINE for p in found):
        found.insert(0, Policy(BASELINE, "As things are"))
    return tuple(sorted(found, key=lambda p: p.name != BASELINE))


def _interventions(
    reader: Reader, policy: Fields, names: Names, bounds: dict[str, tuple[float, float]]
) -> list[Intervention]:
    value = policy.value("do")
    if value is None or (isinstance(value, Scalar) and value.is_null):
        return []
    if not isinstance(value, Sequence):
        reader.say(
            value,
            "`do` must be a list of interventions",
            "Begin each with `- `, such as `- from: 2020-07-01`.",
        )
        return []
    found = []
    for item in value.items:
        at = Scalar("do", item.line, item.column)
        fields = reader.fields(at, item, keys.INTERVENTION, "this intervention")
        if fields is not None:
            found.append(_intervention(reader, fields, names, bounds))
    return found


def _intervention(
    reader: Reader, fields: Fields, names: Names, bounds: dict[str, tuple[float, float]]
) -> Intervention:
    start, end = fields.day("from"), fields.day("until")
    _window(reader, fields, names, start, end)
    force = []
    mapping = reader.mapping(fields.value("force"), "force", "an action for each actor")
    for key, value in mapping.entries if mapping is not None else ():
        if _is_actor(reader, key, names) and _is_action(reader, value, key.text, names):
            assert isinstance(value, Scalar)
            force.append((key.text, value.text))
    forbid = []
    mapping = reader.mapping(fields.value("forbid"), "forbid", "actions for each actor")
    for key, value in mapping.entries if mapping is not None else ():
        if not _is_actor(reader, key, names):
            continue
        items = value.items if isinstance(value, Sequence) else (value,)
        actions = [v.text for v in items if _is_action(reader, v, key.text, names) and isinstance(v, Scalar)]
        forbid.append((key.text, tuple(dict.fromkeys(actions))))
        both = [a for a in actions if (key.text, a) in force]
        if both:
            reader.say(value, f"`{both[0]}` is both forced and forbidden", "Take it out of one of them.")
        elif actions and set(actions) == set(names.actions[key.text]):
            reader.say(
                value, f"every action of `{key.text}` is forbidden", "Leave it at least one, or force one."
            )
    changed: dict[str, list[tuple[str, float]]] = {"set": [], "shift": []}
    for how, pairs in changed.items():
        mapping = reader.mapping(fields.value(how), how, "a number for each parameter or stock")
        for key, value in mapping.entries if mapping is not None else ():
            name = key.text
            if not _is_settable(reader, key, names):
                continue
            doing = f"what `{name}` is set to" if how == "set" else f"what is added to `{name}`"
            number = fields.number_at(value, name, names.units.get(name, UNKNOWN), doing)
            if number is None:
                continue
            low, high = bounds.get(name, (number, number))
            if how == "set" and not low <= number <= high:
                reader.say(value, f"`{name}` is set to {number:g}, outside its bounds [{low:g}, {high:g}]")
            pairs.append((name, number))
    return Intervention(
        start, end, tuple(force), tuple(forbid), tuple(changed["set"]), tuple(changed["shift"])
    )


def _window(reader: Reader, fields: Fields, names: Names, start: date | None, end: date | None) -> None:
    calendar = names.calendar
    first, last = calendar.start, calendar.date_of(calendar.steps)
    runs = f"The model runs from {first} up to {last}."
    at_start, at_end = fields.value("from"), fields.value("until")
    if start is not None and at_start is not None and not first <= start < last:
        reader.say(at_start, f"`from` is {start}, outside the horizon", runs)
    elif end is not None and at_end is not None:
        if start is not None and end <= start:
            reader.say(at_end, f"`until` ({end}) is not after `from` ({start})", "Swap them?")
        elif not first < end <= last:
            reader.say(
                at_end, f"`until` is {end}, outside the horizon", runs, "Leave `until` out for: to the end."
            )


def _is_actor(reader: Reader, key: Scalar, names: Names) -> bool:
    if key.text in names.actors:
        return True
    reader.say(
        key,
        f"unknown actor `{key.text[:60]}`",
        f"Actors are: {', '.join(names.actors)}." if names.actors else "The model has no actors.",
        reader.close(key.text, names.actors),
    )
    return False


def _is_action(reader: Reader, value: object, actor: str, names: Names) -> bool:
    actions = names.actions[actor]
    if not isinstance(value, Scalar):
        if isinstance(value, Sequence):
            reader.say(value, f"one action can be forced on `{actor}`, not a list")
        return False
    if value.text in actions:
        return True
    reader.say(
        value,
        f"`{actor}` has no action `{value.text[:60]}`",
        f"Its actions are: {', '.join(actions)}.",
        reader.close(value.text, actions),
    )
    return False


def _is_settable(reader: Reader, key: Scalar, names: Names) -> bool:
    name = key.text
    if name in names.parameters or name in names.stocks:
        return True
    if name in names.auxiliaries:
        reader.say(
            key,
            f"`{name}` is an auxiliary: it always equals its formula{names.line(name)}",
            "Set a stock or parameter that it is made of.",
        )
        return False
    kind = names.kinds.get(name)
    possible = [*names.parameters, *names.stocks]
    reader.say(
        key,
        f"`{name[:60]}` is {kind}, and only parameters and stocks can be set"
        if kind
        else f"unknown name `{name[:60]}`",
        "" if kind else "Parameters and stocks can be set.",
        reader.close(name, possible),
    )
    return False
