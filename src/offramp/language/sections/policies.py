"""`policies`: what we might do."""

from __future__ import annotations

from datetime import date

from offramp.language import keys
from offramp.language.fields import Fields
from offramp.language.kinds import UNKNOWN
from offramp.language.reader import Reader, shape
from offramp.language.sections.names import Names
from offramp.language.sections.outcomes import is_actor
from offramp.language.source import Scalar, Sequence, Value
from offramp.model import Intervention, Policy, Variable
from offramp.suggest import did_you_mean

BASELINE = "baseline"
Bounds = dict[str, tuple[float, float]]


def read_policies(
    reader: Reader, file: Fields, names: Names, variables: tuple[Variable, ...]
) -> tuple[Policy, ...]:
    """The section `policies`, with `baseline` first whether or not the file has it."""
    bounds = {v.name: v.bounds for v in variables if v.bounds is not None}
    found = []
    for key, value in file.entries("policies"):
        fields = Fields.read(reader, key, value, keys.POLICY)
        if fields is not None:
            interventions = _interventions(reader, fields, names, bounds)
            found.append(Policy(key.text, fields.title(), interventions, fields.origin()))
    if not any(p.name == BASELINE for p in found):
        found.append(Policy(BASELINE, "Baseline"))
    return tuple(sorted(found, key=lambda p: p.name != BASELINE))


def _interventions(reader: Reader, policy: Fields, names: Names, bounds: Bounds) -> tuple[Intervention, ...]:
    value = policy.value("do")
    if value is None or (isinstance(value, Scalar) and value.is_null):
        return ()
    if not isinstance(value, Sequence):
        hint = "Begin each with `- `, as in `- from: 2020-07-01`."
        reader.say(value, f"`do` must be a list of interventions, not {shape(value)}", hint)
        return ()
    found: list[Intervention] = []
    for item in value.items:
        at = Scalar("do", item.line, item.column, layer=item.layer)
        fields = Fields.read(reader, at, item, keys.INTERVENTION, "this intervention")
        if fields is None:
            continue
        intervention = _intervention(reader, fields, names, bounds)
        _hold_against_others(reader, fields, names, intervention, found)
        found.append(intervention)
    return tuple(found)


def _intervention(reader: Reader, fields: Fields, names: Names, bounds: Bounds) -> Intervention:
    start, end = fields.day("from"), fields.day("until")
    _window(reader, fields, names, start, end)
    force = []
    for key, value in fields.entries("force", "an action for each actor"):
        if is_actor(reader, key, names) and _is_action(reader, value, key.text, names):
            assert isinstance(value, Scalar)
            force.append((key.text, value.text))
    forbid = []
    for key, value in fields.entries("forbid", "actions for each actor"):
        if not is_actor(reader, key, names):
            continue
        items = value.items if isinstance(value, Sequence) else (value,)
        named = [v for v in items if _is_action(reader, v, key.text, names)]
        actions = tuple(dict.fromkeys(v.text for v in named if isinstance(v, Scalar)))
        if actions and set(actions) == set(names.actions[key.text]):
            hint = "Leave it at least one; a prohibition that leaves none has no effect."
            reader.say(value, f"every action of `{key.text}` is forbidden", hint)
        forbid.append((key.text, actions))
    changes: dict[str, list[tuple[str, float]]] = {"set": [], "shift": []}
    for how, pairs in changes.items():
        for key, value in fields.entries(how, "a number for each parameter or stock"):
            name = key.text
            if not _is_settable(reader, key, names):
                continue
            what = f"what `{name}` is set to" if how == "set" else f"what is added to `{name}`"
            scope = names.numbers_only("a policy sets numbers")
            number = fields.number_at(value, name, scope, names.units.get(name, UNKNOWN), what)
            if number is None:
                continue
            low, high = bounds.get(name, (number, number))
            if how == "set" and not low <= number <= high:
                reader.say(value, f"`{name}` is set to {number:g}, outside its bounds [{low:g}, {high:g}]")
            pairs.append((name, number))
    return Intervention(
        start, end, tuple(force), tuple(forbid), tuple(changes["set"]), tuple(changes["shift"])
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
    """Note an action that is forced where it is forbidden, or two that are forced at once."""
    for other in [*others, new]:
        if not _overlap(names, new, other):
            continue
        for actor, action in new.force:
            rival = next((a for who, a in other.force if who == actor and a != action), None)
            if rival is not None:
                message = f"`{actor}` is forced to `{action}` and to `{rival}` at the same time"
                reader.say(fields.at("force"), message, "Let one end before the other begins.")
        for one, two in ((new, other), (other, new)):
            forbidden = {(who, a) for who, actions in one.forbid for a in actions}
            both = next((f for f in two.force if f in forbidden), None)
            if both is not None:
                at = fields.at("forbid" if one is new else "force")
                message = f"`{both[1]}` of `{both[0]}` is forced and forbidden at the same time"
                reader.say(at, message, "Take it out of one of them.")
                break


def _overlap(names: Names, a: Intervention, b: Intervention) -> bool:
    """Whether two interventions are in force in the same step."""
    calendar = names.calendar

    def steps(i: Intervention) -> tuple[int, int]:
        first = 0 if i.start is None else calendar.step_of(i.start)
        return first, calendar.steps if i.end is None else calendar.step_of(i.end)

    (a_first, a_end), (b_first, b_end) = steps(a), steps(b)
    return max(a_first, b_first) < min(a_end, b_end)


def _is_action(reader: Reader, value: Value, actor: str, names: Names) -> bool:
    actions = names.actions[actor]
    if not isinstance(value, Scalar):
        reader.say(value, f"an action of `{actor}` stands here, not {shape(value)}", "Write its name alone.")
        return False
    if value.text in actions:
        return True
    reader.say(
        value,
        f"`{actor}` has no action `{value.text[:60]}`",
        f"Its actions are: {', '.join(actions)}." if actions else "",
        did_you_mean(value.text, actions),
        missing=f"action {actor} {value.text}",
    )
    return False


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
