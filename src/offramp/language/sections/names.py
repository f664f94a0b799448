"""Who is called what: every name of a model, collected before any formula is read."""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from offramp.distribution import PRIORS
from offramp.language import keys, units
from offramp.language.fields import Fields, look_up
from offramp.language.functions import DATE_FUNCTIONS, FUNCTIONS, TIME
from offramp.language.memories import Memories
from offramp.language.reader import Reader, holds_nothing
from offramp.language.scope import Known, Scope
from offramp.language.source import Mapping, Scalar, Value
from offramp.language.units import UNKNOWN, Kind
from offramp.model import Curve, Model

# Section -> what its names are, in the order in which the shared names are given out.
_SHARED = (
    ("variables", "a variable", keys.VARIABLE),
    ("parameters", "a parameter", keys.PARAMETER),
    ("events", "an event", keys.EVENT),
    ("outcomes", "an outcome", keys.OUTCOME),
    ("ladders", "a ladder", keys.LADDER),
    ("lookups", "a lookup table", keys.LOOKUP),
)
# More would only make a wrong file slow to refuse.
_MOST = {
    "variables": 200,
    "parameters": 1000,
    "events": 200,
    "outcomes": 100,
    "ladders": 4,
    "lookups": 100,
    "actors": 8,
    "policies": 200,
}


@dataclass(slots=True)
class Names:
    """Names and what they stand for; the sections share one.

    Attributes
    ----------
    calendar : an empty model with the horizon of this one, for its dates
    stocks, auxiliaries, parameters, events, outcomes, ladders, lookups, actors, policies : names in the order
        of the file
    wars : outcomes that ladders name as their war, whether or not they are there
    units : of variables and parameters
    actions, types : actor -> its actions, its types
    dates : dated event -> its day (the start, where the day is wrong)
    kinds : name -> what it is ("a variable")
    lines : name -> the line on which it is defined, for messages
    tables : those of `lookups`, once they have been read
    known : variables and parameters, as formulas know them
    memories : what formulas remember, as they are read
    incomplete : True where names may be missing because a section could not be read
    """

    calendar: Model
    stocks: list[str] = field(default_factory=list)
    auxiliaries: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    ladders: list[str] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    tables: dict[str, Curve] = field(default_factory=dict)
    wars: list[str] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    actions: dict[str, list[str]] = field(default_factory=dict)
    types: dict[str, list[str]] = field(default_factory=dict)
    units: dict[str, Kind] = field(default_factory=dict)
    dates: dict[str, date] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    incomplete: bool = False
    memories: Memories = field(init=False)
    _scopes: dict[tuple[str, bool, bool], Scope] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.memories = Memories(self.calendar)

    @property
    def variables(self) -> list[str]:
        return [*self.stocks, *self.auxiliaries]

    def line(self, name: str) -> str:
        """Where a name is defined, for messages."""
        return f" ({self.lines[name]})" if name in self.lines else ""

    def scope(self, refused: str = "", timeless: bool = False, constant: bool = False) -> Scope:
        """What a formula may use; see Scope for what can be left out."""
        key = (refused, timeless, constant)
        if key not in self._scopes:
            elsewhere = {n: k for n, k in self.kinds.items() if n not in self.known and n not in self.dates}
            for actor in self.actors:
                elsewhere.setdefault(actor, "an actor")
                for action in self.actions[actor]:
                    elsewhere.setdefault(action, f"an action of `{actor}`")
                for type_ in self.types[actor]:
                    elsewhere.setdefault(type_, f"a type of `{actor}`")
            months = {n: self.calendar.months_at(d) for n, d in self.dates.items()}
            self._scopes[key] = Scope(
                self.known,
                months,
                elsewhere,
                self.calendar.months_at,
                *key,
                self.incomplete,
                self.tables,
                self.memories,
            )
        return self._scopes[key]

    def parameters_only(self) -> Scope:
        """For what is read once, before anything has happened."""
        return self.scope("here a formula may read parameters only", timeless=True)

    def numbers_only(self, what: str) -> Scope:
        """For what is a number as such; `what` says so."""
        return self.scope(what, timeless=True, constant=True)


def collect(reader: Reader, file: Fields, calendar: Model) -> Names:
    """Go through all sections for names and units; wrong and doubly used names are noted."""
    names = Names(calendar)
    for section, kind, table in _SHARED:
        names.incomplete = names.incomplete or _unreadable(file, section)
        for key, value in _entries(reader, file, section):
            _check(reader, key)
            first = names.lines.get(key.text)
            if first is not None:
                reader.say(
                    key,
                    f"`{key.text[:60]}` is {names.kinds[key.text]} already ({first})",
                    "Variables, parameters, events, outcomes and ladders share one set of names: rename one.",
                )
                continue
            names.lines[key.text] = reader.source.words_for(key)
            names.kinds[key.text] = kind
            found = look_up(value, table).known if isinstance(value, Mapping) else {}
            of_section: list[str] = getattr(names, "stocks" if section == "variables" else section)
            (names.auxiliaries if "equals" in found else of_section).append(key.text)
            if section in ("variables", "parameters"):
                _note_unit(names, reader, key, value, table)
            war = found["war"][1] if "war" in found else None
            names.wars += [war.text] if isinstance(war, Scalar) else []
            if "on" in found:
                names.kinds[key.text] = "a dated event"
                names.dates[key.text] = _day(found["on"][1]) or calendar.start
    _stand_in(names)
    for key, value in _entries(reader, file, "actors"):
        _check(reader, key, reserved=False)
        names.actors.append(key.text)
        known = look_up(value, keys.ACTOR).known if isinstance(value, Mapping) else {}
        names.actions[key.text] = _below(known, "actions")
        names.types[key.text] = _below(known, "types")
        for those in (names.actions[key.text], names.types[key.text]):
            those += [r for n in those if why_not(n, False)[0] and (r := better_name(n)) not in those]
        right = better_name(key.text)
        if right and why_not(key.text, False)[0] and right not in names.actors:
            names.actors.append(right)
            names.actions.setdefault(right, names.actions[key.text])
            names.types.setdefault(right, names.types[key.text])
    for key, _ in _entries(reader, file, "policies"):
        _check(reader, key, reserved=False)
        names.policies.append(key.text)
    return names


def _stand_in(names: Names) -> None:
    """Let `nerve` stand for what is called `Nerve`, of which it has been said that it cannot be a name."""
    for wrong in [n for n in names.lines if why_not(n)[0]]:
        right = better_name(wrong)
        if not right or right in names.lines or why_not(right)[0]:
            continue
        tables: list[dict[str, Any]] = [names.lines, names.kinds, names.dates, names.units, names.known]
        for table in tables:
            if wrong in table:
                table[right] = table[wrong]
        for those in (names.stocks, names.auxiliaries, names.parameters, names.events, names.outcomes):
            if wrong in those:
                those.append(right)


def _note_unit(names: Names, reader: Reader, key: Scalar, value: Value, table: keys.KeyTable) -> None:
    """What formulas know of a variable or parameter."""
    unit = Fields(reader, key, value, table).unit() if isinstance(value, Mapping) else UNKNOWN
    names.units[key.text] = unit
    what: Literal["variable", "parameter"] = "variable" if table is keys.VARIABLE else "parameter"
    names.known[key.text] = Known(what, unit, names.lines[key.text])


def check_name(reader: Reader, key: Scalar) -> None:
    """Note a name of an action, branch or term that cannot be one."""
    _check(reader, key, reserved=False)


def _check(reader: Reader, key: Scalar, reserved: bool = True) -> None:
    message, hint = why_not(key.text, reserved)
    if message:
        reader.say(key, message, hint)


def _below(known: dict[str, tuple[Scalar, Value]], key: str) -> list[str]:
    """Names under a key."""
    value = known[key][1] if key in known else None
    return [k.text for k, _ in value.entries] if isinstance(value, Mapping) else []


def _day(value: Value) -> date | None:
    """A date without complaint: what is wrong with it is said where the event is read."""
    try:
        return date.fromisoformat(value.text.strip()) if isinstance(value, Scalar) else None
    except ValueError:
        return None


def _entries(reader: Reader, file: Fields, section: str) -> tuple[tuple[Scalar, Value], ...]:
    value = file.value(section)
    entries = value.entries if isinstance(value, Mapping) else ()
    if len(entries) > _MOST[section]:
        reader.say(file.at(section), f"{len(entries)} {section}; {_MOST[section]} is the most")
        raise reader.error()
    return entries


def _unreadable(file: Fields, section: str) -> bool:
    value = file.value(section)
    if value is None:
        return section == "variables"
    return not isinstance(value, Mapping) and not holds_nothing(value)


# Names that results, reports and the command line use for themselves.
_OURS = (
    "policy", "scenario", "time", "step", "actor", "action", "outcome", "status", "parameter", "event",
    "variable", "date", "outcome_step", "outcome_part", "outcome_chance", "event_count", "parameter_value",
    "true_type", "belief", "supposition", "expected", "expectation", "failed_step", "failed_variable",
    "ladder", "side", "dated_jump", "moved_variable", "estimate", "estimate_mean", "estimate_sd",
    "ladder_rung", "ladder_first", "ladder_moves", "ladder_ending", "ladder_foreseen",
)  # fmt: skip


MAX_LENGTH = 60


def better_name(name: str) -> str:
    """What a text would be called that cannot be a name; empty if that cannot be told."""
    plain = unicodedata.normalize("NFKD", name[:60].lower()).encode("ascii", "ignore").decode()
    better = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return better if better[:1].isalpha() else ""


def why_not(name: str, reserved: bool = True) -> tuple[str, str]:
    """What is wrong with a name and what to do, or two empty texts.

    `reserved` is False for names that no formula reads and no result is called by: actors, actions, branches.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        better = better_name(name)
        return (
            f"`{name[:60]}` cannot be a name: names are small letters, digits and `_`, from a letter on",
            f"Write `{better}`; a `title` may be anything." if better else "A `title` may be anything.",
        )
    if len(name) > MAX_LENGTH:
        return f"this name has {len(name)} characters; {MAX_LENGTH} is the most", "A `title` may be longer."
    why = ""
    if reserved:
        if name in TIME or name in _OURS:
            why = "results use this name themselves"
        elif name in FUNCTIONS or name in DATE_FUNCTIONS or name in PRIORS:
            why = "it is a function of the formula language"
        elif name in units.NAMES:
            why = "it is a unit"
        elif keyword.iskeyword(name) or name in ("rest", "hidden", "true", "false", "null"):
            why = "it is a word of the language"
    return (f"`{name}` is reserved: {why}", "Choose another name.") if why else ("", "")
