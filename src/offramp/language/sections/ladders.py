"""`ladders`: exchanges of two actors who climb, match or stand down."""

from __future__ import annotations

from offramp.given import did_you_mean
from offramp.language import keys
from offramp.language.constants import fold
from offramp.language.fields import NO_FORMULA, Fields
from offramp.language.reader import Reader, shape
from offramp.language.sections.names import Names, check_name
from offramp.language.sections.outcomes import is_actor
from offramp.language.sections.values import not_negative, read_effects, some
from offramp.language.source import Scalar, Sequence
from offramp.language.units import PER_MONTH, PLAIN
from offramp.model import BySide, Ladder, Outcome, Rung

MAX_MOVES = 20
MAX_RUNGS = 8


def read_ladders(
    reader: Reader, file: Fields, names: Names, outcomes: tuple[Outcome, ...]
) -> tuple[Ladder, ...]:
    """The section `ladders`."""
    found = []
    for key, value in file.entries("ladders"):
        fields = Fields.read(reader, key, value, keys.LADDER)
        if fields is not None:
            found.append(_ladder(reader, fields, names, outcomes))
    return tuple(found)


def _ladder(reader: Reader, fields: Fields, names: Names, outcomes: tuple[Outcome, ...]) -> Ladder:
    name, scope = fields.key.text, names.scope()
    sides = _sides(reader, fields, names)
    rate = fields.formula("rate", scope, PER_MONTH, f"the rate of `{name}`")
    not_negative(fields, "rate", rate, "a rate of ")
    moves = fields.integer("moves", 1, MAX_MOVES, MAX_MOVES)
    war_worth = _by_side(reader, fields, "war_worth", sides, names, "what war is worth to")
    for side in sides or ():
        if fields.has("war_worth") and side not in dict(war_worth) and _is_mapping(fields, "war_worth"):
            hint = "Both sides weigh war as they move: give its points for each, below 0 where it is dreaded."
            reader.say(fields.at("war_worth"), f"`war_worth` says nothing of `{side}`", hint)
    rungs = _rungs(reader, fields, names, sides, moves)
    return Ladder(
        name=name,
        title=fields.title(),
        sides=sides or ("", ""),
        rate=rate or NO_FORMULA,
        moves=moves,
        war=_war(reader, fields, names, outcomes),
        war_worth=war_worth,
        rungs=rungs,
        **fields.formulas(names),
        origin=fields.origin(),
    )


def _sides(reader: Reader, fields: Fields, names: Names) -> tuple[str, str] | None:
    """The two actors; None after a problem."""
    value = fields.value("sides")
    if value is None:
        return None
    hint = f"Write `sides: [{', '.join([*names.actors, 'blue', 'red'][:2])}]`."
    if not isinstance(value, Sequence):
        reader.say(value, f"`sides` must be two actors, not {shape(value)}", hint)
        return None
    if len(value.items) != 2:
        reader.say(value, f"a ladder has two sides, not {len(value.items)}", hint)
        return None
    found = []
    for item in value.items:
        if not isinstance(item, Scalar) or item.is_null:
            reader.say(item, f"a side must be an actor, not {shape(item)}", hint)
        elif is_actor(reader, item, names):
            found.append(item.text)
    if len(found) < 2:
        return None
    if found[0] == found[1]:
        reader.say(value.items[1], f"`{found[0]}` cannot be on both sides", hint)
        return None
    return found[0], found[1]


def _war(reader: Reader, fields: Fields, names: Names, outcomes: tuple[Outcome, ...]) -> str:
    """The outcome that loss of control brings."""
    value = fields.scalar("war", "the name of an outcome")
    if value is None:
        return ""
    if value.text not in names.outcomes:
        reader.say(
            value,
            f"unknown outcome `{value.text[:60]}`",
            f"Outcomes are: {some(value.text, names.outcomes)}."
            if names.outcomes
            else "The model has none: add `outcomes: {war: {absorbing: true}}`.",
            did_you_mean(value.text, names.outcomes),
            missing=f"outcome {value.text}",
        )
        return ""
    outcome = next((o for o in outcomes if o.name == value.text), None)
    if outcome is not None and not outcome.absorbing:
        hint = f"Add `absorbing: true` to the outcome `{value.text}`, or name another."
        reader.say(value, f"`{value.text}` does not end the run, and war on a ladder does", hint)
    return value.text


def _rungs(
    reader: Reader, ladder: Fields, names: Names, sides: tuple[str, str] | None, moves: int
) -> tuple[Rung, ...]:
    entries = list(ladder.entries("rungs"))
    at, name = ladder.at("rungs"), ladder.key.text
    if ladder.has("rungs") and not entries and _is_mapping(ladder, "rungs"):
        reader.say(at, f"`{name}` has no rungs", "Give it at least one: `shots: {loses_control: 0.1}`.")
    if len(entries) > MAX_RUNGS:
        reader.say(at, f"`{name}` has {len(entries)} rungs; {MAX_RUNGS} is the most")
        return ()
    if len(entries) > moves + 1:
        reader.say(
            entries[moves + 1][0],
            f"`{entries[moves + 1][0].text[:60]}` cannot be reached in {moves} moves",
            "Every climb is a move from the lowest rung on: allow more `moves`, or take rungs out.",
        )
    found = []
    for key, value in entries:
        check_name(reader, key)
        fields = Fields.read(reader, key, value, keys.RUNG, f"rung `{key.text[:60]}`")
        if fields is not None:
            found.append(_rung(reader, fields, names, sides))
    return tuple(found)


def _rung(reader: Reader, fields: Fields, names: Names, sides: tuple[str, str] | None) -> Rung:
    name = fields.key.text
    return Rung(
        name=name,
        title=fields.title(),
        harm=_by_side(reader, fields, "harm", sides, names, f"the harm of `{name}` to", positive=True),
        stakes=_by_side(reader, fields, "stakes", sides, names, f"the stakes of `{name}` for"),
        audience_cost=_by_side(
            reader, fields, "audience_cost", sides, names, f"the audience cost on `{name}` of", positive=True
        ),
        effects=read_effects(fields, names),
        **fields.formulas(names),
        origin=fields.origin(),
    )


def _by_side(
    reader: Reader,
    fields: Fields,
    key: str,
    sides: tuple[str, str] | None,
    names: Names,
    what: str,
    positive: bool = False,
) -> BySide:
    """A formula for each of some sides; `positive` is for what is a loss when above 0."""
    found = []
    for side, value in fields.entries(key, "names of the sides"):
        if not is_actor(reader, side, names):
            continue
        if sides is not None and side.text not in sides:
            hint = f"Its sides are: {', '.join(sides)}."
            reader.say(side, f"`{side.text}` is not a side of this ladder", hint)
            continue
        formula = fields.formula_at(value, side.text, names.scope(), PLAIN, f"{what} `{side.text}`")
        number = fold(formula.node)
        if positive and number is not None and number < 0:
            reader.say(value, f"`{key}` is {number:g}; it is a loss, so write it above 0")
        found.append((side.text, formula))
    return tuple(found)


def _is_mapping(fields: Fields, key: str) -> bool:
    """Whether keys and values could be read under a key; else what is wrong has been said."""
    value = fields.value(key)
    return not isinstance(value, Sequence) and (not isinstance(value, Scalar) or value.is_null)
