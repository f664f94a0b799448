"""`types`, `true_type` and `beliefs` of an actor: what it might be like, and what others believe of that."""

from __future__ import annotations

import math

from offramp.given import did_you_mean
from offramp.language import keys
from offramp.language.constants import fold
from offramp.language.fields import Fields
from offramp.language.reader import Reader, holds_nothing, shape
from offramp.language.scope import Scope
from offramp.language.sections.names import Names, check_name
from offramp.language.sections.outcomes import is_actor
from offramp.language.sections.values import some
from offramp.language.source import Mapping, Scalar, Value, find
from offramp.language.units import PLAIN, UNKNOWN
from offramp.model import Actor, Belief, Chances, Formula, Overlay, Type, constant

MAX_TYPES = 16
MAX_PICTURES = 16  # joint types that one actor reasons through
HOW_IT_LEARNS = ("confirmation_bias", "fading", "floor")


def read_types(reader: Reader, actor: Fields, names: Names) -> tuple[Type, ...]:
    """The key `types` of an actor."""
    entries = list(actor.entries("types"))
    if len(entries) > MAX_TYPES:
        message = f"{actor.label} has {len(entries)} types; {MAX_TYPES} is the most"
        reader.say(actor.at("types"), message)
        return ()
    if not entries and holds_nothing(actor.value("types")):
        hint = "Give it some, such as `hard: {parameters: {resolve: 0.9}}`, or take `types` out."
        reader.say(actor.at("types"), f"{actor.label} has no types", hint)
    found: list[Type] = []
    for key, value in entries:
        check_name(reader, key)
        fields = Fields.read(reader, key, value, keys.TYPE, f"type `{key.text[:60]}`")
        if fields is None:
            continue
        overlays = _overlays(reader, actor, fields, names)
        if overlays is None:
            continue
        if not found or _same_parameters(reader, fields, overlays, found[0]):
            order = [o.parameter for o in found[0].overlays] if found else list(overlays)
            in_order = tuple(overlays[name] for name in order)
            found.append(Type(key.text, fields.title(), in_order, fields.origin()))
    return tuple(found)


def _overlays(reader: Reader, actor: Fields, fields: Fields, names: Names) -> dict[str, Overlay] | None:
    """Parameter -> the value it has in a type; None after a problem."""
    if not fields.has("parameters"):
        return None
    found: dict[str, Overlay] = {}
    right = True
    scope = names.parameters_only()
    for key, value in fields.entries("parameters", "names of parameters"):
        name = key.text
        if name not in names.parameters:
            _not_a_parameter(reader, key, names)
            right = False
            continue
        if isinstance(value, Mapping):
            hint = f"Write `{name}: 0.9`; `source` and `reason` stand beside `parameters`."
            reader.say(value, f"the value of `{name}` must be a number, prior or formula", hint)
            right = False
            continue
        what = f"`{name}` in {fields.label} of {actor.label}"
        unit = names.units.get(name, UNKNOWN)
        found[name] = Overlay(name, fields.prior_at(value, name, scope, unit, what))
    if right and not found and isinstance(fields.value("parameters"), Mapping | Scalar):
        hint = "A type is told from others by the values of parameters: `parameters: {resolve: 0.9}`."
        reader.say(fields.at("parameters"), f"{fields.label} gives no values", hint)
        return None
    return found if right else None


def _same_parameters(reader: Reader, fields: Fields, overlays: dict[str, Overlay], first: Type) -> bool:
    """Whether a type gives values to the parameters of the actor's first type; notes it if not."""
    order = [o.parameter for o in first.overlays]
    missing = [n for n in order if n not in overlays]
    more = [n for n in overlays if n not in order]
    if not missing and not more:
        return True
    giving, lacking = f"type `{first.name}`", fields.label
    if not missing:
        giving, lacking = lacking, giving
    reader.say(
        fields.at("parameters"),
        f"{giving} gives a value to `{[*missing, *more][0]}`, and {lacking} does not",
        "All types of an actor give values to the same parameters.",
    )
    return False


def read_true_type(reader: Reader, actor: Fields, names: Names) -> Chances:
    """The key `true_type` of an actor."""
    types = names.types[actor.key.text]
    if actor.has("true_type") and not actor.meant("types"):
        hint = "Give it `types`, or take `true_type` out."
        reader.say(actor.at("true_type"), f"{actor.label} has a `true_type` but no `types`", hint)
        return ()
    if types and not actor.meant("true_type"):
        reader.say(
            actor.at("types"),
            f"{actor.label} has `types`, but nothing says which is true",
            f"Add `true_type: {types[0]}`, or a chance for each, such as {_example(types)}.",
        )
    return _chances(reader, actor, "true_type", actor.key.text, names) if types else ()


def read_beliefs(reader: Reader, actor: Fields, names: Names) -> tuple[Belief, ...]:
    """The key `beliefs` of an actor."""
    found = []
    for key, value in actor.entries("beliefs", "names of actors"):
        if not is_actor(reader, key, names):
            continue
        if key.text == actor.key.text:
            reader.say(
                key, f"{actor.label} cannot hold a belief about itself", "An actor knows its own type."
            )
            continue
        if not names.types[key.text]:
            message = f"`{key.text}` has no types, so there is nothing to believe of it"
            reader.say(key, message, "Give it `types`, or write a misreading of a parameter.")
            continue
        label = f"the belief of {actor.label} about `{key.text}`"
        fields = Fields.read(reader, key, value, keys.BELIEF, label)
        if fields is not None:
            found.append(_belief(reader, fields, names))
    pictures = math.prod(len(names.types[b.about]) for b in found)
    if pictures > MAX_PICTURES:
        counts = " x ".join(str(len(names.types[b.about])) for b in found)
        reader.say(
            actor.at("beliefs"),
            f"{actor.label} would reason through {counts} = {pictures} pictures; {MAX_PICTURES} is the most",
            "Join types that are alike, or hold beliefs about fewer actors.",
        )
    return tuple(found)


def _belief(reader: Reader, fields: Fields, names: Names) -> Belief:
    about, scope = fields.key.text, names.parameters_only()
    learns = fields.flag("learns", default=True)
    for key in HOW_IT_LEARNS:
        if fields.has(key) and not learns:
            hint = "Take it out, or take `learns: false` out."
            reader.say(fields.at(key), f"{fields.label} does not learn, so `{key}` has no use", hint)
    floor = fields.formula("floor", scope, PLAIN, "the floor")
    count, value = len(names.types[about]), fields.value("floor")
    least = fold(floor.node) if floor is not None else None
    if value is not None and least is not None and not 0 <= least <= 1 / count:
        hint = f"`{about}` has {count} types, so all of them can have at least 1/{count} and no more."
        reader.say(value, f"`floor` is {least:g}; it must be between 0 and {1 / count:.4g}", hint)
    prior = _chances(reader, fields, "prior", about, names)
    return Belief(about, prior, learns, floor=floor, **fields.formulas(names), origin=fields.origin())


def _chances(reader: Reader, fields: Fields, name: str, actor: str, names: Names) -> Chances:
    """The chances of an actor's types under a key: one name, or a chance for each; left out is 0."""
    value = fields.value(name)
    if value is None:
        return ()
    return chances_at(reader, fields, fields.at(name), value, actor, names, names.parameters_only())


def chances_at(
    reader: Reader, fields: Fields, at: Scalar, value: Value, actor: str, names: Names, scope: Scope
) -> Chances:
    """The chances of an actor's types under the key `at` of `fields`; nothing after a problem."""
    types, name = names.types[actor], at.text
    if isinstance(value, Scalar) and not value.is_null:
        if _is_type(reader, value, actor, types):
            return tuple((t, constant(float(t == value.text))) for t in types)
        return ()
    if not isinstance(value, Mapping):
        what = "nothing" if isinstance(value, Scalar) else shape(value)
        hint = f"Write `{name}: {types[0]}`, or {_example(types)}."
        reader.say(at, f"`{name}` must be a type or chances of types, not {what}", hint)
        return ()
    given: dict[str, Formula | None] = dict.fromkeys(types, constant(0.0))
    numbers: list[float | None] = []
    rests: list[Scalar] = []
    before = len(reader.problems)
    for key, chance in value.entries:
        if not _is_type(reader, key, actor, types):
            continue
        if isinstance(chance, Scalar) and chance.text.strip() == "rest":
            given[key.text] = None
            rests.append(chance)
            continue
        what = f"the chance of `{key.text}`"
        formula = fields.formula_at(chance, key.text, scope, PLAIN, what)
        number = fold(formula.node)
        numbers.append(number)
        given[key.text] = formula
        if number is not None and not 0 <= number <= 1:
            hint = f"{number:g} % is {number / 100:g}." if 1 < number <= 100 else ""
            reader.say(chance, f"{what} is {number:g}; it must lie between 0 and 1", hint)
    if len(reader.problems) == before:
        _sum(reader, at, name, rests, numbers)
    return tuple(given.items())


def _sum(reader: Reader, at: Scalar, name: str, rests: list[Scalar], numbers: list[float | None]) -> None:
    """Hold the chances of all types together."""
    if len(rests) > 1:
        reader.say(rests[1], f"two types of `{name}` say `rest`", "Only one may.")
    elif None not in numbers:
        total = sum(n for n in numbers if n is not None)
        shown = (" + ".join(f"{n:g}" for n in numbers) + " = ") if len(numbers) > 1 else ""
        if rests and total > 1 + 1e-9:
            hint = "They may not pass 1; the `rest` is what they leave."
            reader.say(at, f"the chances of `{name}` are {shown}{total:.10g}", hint)
        elif not rests and abs(total - 1) > 1e-9:
            hint = "They must sum to 1; types left out have 0. Correct them, or write `rest` for one type."
            reader.say(at, f"the chances of `{name}` are {shown}{total:.10g}, not 1", hint)


def _is_type(reader: Reader, key: Scalar, actor: str, types: list[str]) -> bool:
    if key.text in types:
        return True
    reader.say(
        key,
        f"`{actor}` has no type `{key.text[:60]}`",
        f"Its types are: {', '.join(types)}.",
        did_you_mean(key.text, types),
    )
    return False


def _example(types: list[str]) -> str:
    others = ", ".join(f"{t}: {0.6 if i == 0 else 'rest'}" for i, t in enumerate(types[:2]))
    return f"`{{{others}}}`"


def _not_a_parameter(reader: Reader, key: Scalar, names: Names) -> None:
    kind = names.kinds.get(key.text)
    if kind is None and names.incomplete:
        return
    possible = some(key.text, names.parameters)
    reader.say(
        key,
        f"`{key.text}` is {kind}; a type gives values to parameters only"
        if kind
        else f"unknown parameter `{key.text[:60]}`",
        "Make a parameter of what differs between the types." if kind else "",
        f"Parameters are: {possible}." if possible and not kind else "",
        did_you_mean(key.text, names.parameters),
        missing="" if kind else key.text,
    )


def hold_minds_together(reader: Reader, file: Fields, actors: tuple[Actor, ...]) -> None:
    """Note parameters of two actors' types, and misreadings that beliefs write over."""
    section = file.value("actors")
    owner: dict[str, str] = {}
    for actor in actors:
        for overlay in actor.types[0].overlays if actor.types else ():
            first = owner.setdefault(overlay.parameter, actor.name)
            if first != actor.name:
                at = find(section, actor.name, "types", actor.types[0].name, "parameters", overlay.parameter)
                message = f"the types of `{first}` give values to `{overlay.parameter}` already"
                reader.say(at or file.key, message, "Give each actor a parameter of its own.")
    for actor in actors:
        held = {belief.about for belief in actor.beliefs}
        for misreading in actor.misreads:
            about = owner.get(misreading.parameter)
            if about in held:
                where = find(section, actor.name, "misreads", misreading.parameter)
                reader.say(
                    where or file.key,
                    f"`{actor.name}` misreads `{misreading.parameter}`, but its belief about `{about}` "
                    "says what it takes it for",
                    "Take one of the two out.",
                )
