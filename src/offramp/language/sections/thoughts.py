"""Interventions of a policy on what actors think: `correct`, `misread`, `believe` and `nudge`."""

from __future__ import annotations

from offramp.given import did_you_mean
from offramp.language.constants import fold
from offramp.language.fields import Fields
from offramp.language.reader import Reader, shape
from offramp.language.sections.minds import chances_at
from offramp.language.sections.names import Names
from offramp.language.sections.outcomes import is_actor
from offramp.language.source import Scalar, Sequence, Value
from offramp.language.units import PLAIN, UNKNOWN
from offramp.model import Actor

ALL = "all"
Correct = tuple[tuple[str, tuple[str, ...]], ...]
Numbers = tuple[tuple[str, str, float], ...]
Believe = tuple[tuple[str, str, tuple[tuple[str, float], ...]], ...]


def read_correct(reader: Reader, fields: Fields, names: Names, actors: tuple[Actor, ...]) -> Correct:
    """The key `correct`: for each actor what it then sees right; `all` is written out."""
    found = []
    for key, value in fields.entries("correct", "names, or `all`, for each actor"):
        if not is_actor(reader, key, names):
            continue
        actor = next((a for a in actors if a.name == key.text), None)
        if actor is None:  # it could not be read, which has been said
            continue
        possible = actor.correctable
        if not possible:
            hint = "It has no `misreads`, `sees` or `beliefs`."
            reader.say(key, f"`{key.text}` gets nothing wrong that could be corrected", hint)
            continue
        items = value.items if isinstance(value, Sequence) else (value,)
        right: list[str] = []
        for item in items:
            if not isinstance(item, Scalar) or item.is_null:
                what = "nothing" if isinstance(item, Scalar) else shape(item)
                message = f"what `{key.text}` gets right stands here, not {what}"
                reader.say(item, message, "Write names, or `all`.")
            elif item.text == ALL:
                right += possible
            elif item.text in possible:
                right.append(item.text)
            else:
                reader.say(
                    item,
                    f"`{key.text}` does not get `{item.text[:60]}` wrong",
                    f"It can be corrected in: {', '.join(possible)}; or write `all`.",
                    did_you_mean(item.text, possible),
                )
        found.append((key.text, tuple(dict.fromkeys(right))))
    return tuple(found)


def read_misread(reader: Reader, fields: Fields, names: Names, actors: tuple[Actor, ...]) -> Numbers:
    """The key `misread`: for each actor what it takes parameters for."""
    found = []
    for actor, key, value in _pairs(reader, fields, "misread", "a number for each parameter", names):
        name = key.text
        if name not in names.parameters:
            kind = names.kinds.get(name)
            if kind is not None or not names.incomplete:
                reader.say(
                    key,
                    f"`{name}` is {kind}; only parameters can be misread"
                    if kind
                    else f"unknown parameter `{name[:60]}`",
                    did_you_mean(name, names.parameters),
                    missing="" if kind else name,
                )
            continue
        about = _believed(name, actor, actors)
        if about:
            message = f"what `{actor}` takes `{name}` for is said by its belief about `{about}`"
            reader.say(key, message, f"Change the belief: `believe: {{{actor}: {{{about}: ...}}}}`.")
            continue
        scope = names.numbers_only("a policy sets numbers")
        unit = names.units.get(name, UNKNOWN)
        number = fields.number_at(value, name, scope, unit, f"what `{actor}` takes `{name}` for")
        if number is not None:
            found.append((actor, name, number))
    return tuple(found)


def _believed(parameter: str, actor: str, actors: tuple[Actor, ...]) -> str:
    """The other actor whose types give the parameter its value in what an actor believes; "" if none."""
    by_name = {a.name: a for a in actors}
    if actor not in by_name:
        return ""
    for belief in by_name[actor].beliefs:
        types = by_name[belief.about].types if belief.about in by_name else ()
        if types and any(o.parameter == parameter for o in types[0].overlays):
            return belief.about
    return ""


def read_believe(reader: Reader, fields: Fields, names: Names, actors: tuple[Actor, ...]) -> Believe:
    """The key `believe`: for each actor what it then believes of others."""
    found = []
    by_name = {a.name: a for a in actors}
    for actor, key, value in _pairs(reader, fields, "believe", "a belief about each other actor", names):
        if not is_actor(reader, key, names):
            continue
        held = [b.about for b in by_name[actor].beliefs] if actor in by_name else [key.text]
        if key.text not in held:
            hint = f"It has beliefs about: {', '.join(held)}." if held else "It has no `beliefs` at all."
            reader.say(key, f"`{actor}` holds no belief about `{key.text}` that could be changed", hint)
            continue
        if not names.types[key.text]:
            continue  # said where the belief is read
        scope = names.numbers_only("a policy sets numbers")
        before = len(reader.problems)
        chances = chances_at(reader, fields, key, value, key.text, names, scope)
        if chances and len(reader.problems) == before:
            numbers = [None if f is None else fold(f.node) or 0.0 for _, f in chances]
            rest = max(0.0, 1.0 - sum(n for n in numbers if n is not None))
            types = (name for name, _ in chances)
            whole = tuple((t, rest if n is None else n) for t, n in zip(types, numbers, strict=True))
            found.append((actor, key.text, whole))
    return tuple(found)


def read_nudge(reader: Reader, fields: Fields, names: Names) -> Numbers:
    """The key `nudge`: for each actor what is added to the propensities of its actions."""
    found = []
    for actor, key, value in _pairs(reader, fields, "nudge", "a number for each action", names):
        if not is_action(reader, key, actor, names):
            continue
        scope = names.numbers_only("a policy sets numbers")
        number = fields.number_at(value, key.text, scope, PLAIN, f"what is added to `{key.text}`")
        if number is not None:
            found.append((actor, key.text, number))
    return tuple(found)


def is_action(reader: Reader, value: Value, actor: str, names: Names) -> bool:
    """Whether a value names an action of an actor; notes it if not."""
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


def _pairs(
    reader: Reader, fields: Fields, name: str, what: str, names: Names
) -> list[tuple[str, Scalar, Value]]:
    """(actor, key, value) for each key below each actor below a key of an intervention."""
    found = []
    for key, value in fields.entries(name, f"{what} of each actor"):
        if is_actor(reader, key, names):
            mapping = reader.mapping(value, key.text, what)
            found += [(key.text, inner, of) for inner, of in (mapping.entries if mapping else ())]
    return found
