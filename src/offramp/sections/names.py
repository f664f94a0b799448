"""Who is called what: every name of a model, collected before any formula is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from offramp.formula import Kind, Known, Scope
from offramp.model import Model
from offramp.naming import why_not
from offramp.reader import Reader
from offramp.source import Mapping, Scalar, Value


@dataclass(slots=True)
class Names:
    """Names and what they stand for; the sections share one.

    Attributes
    ----------
    calendar : an empty model with the horizon of this one, for its dates
    stocks, auxiliaries : names of variables
    units : of variables and parameters
    actions : actor -> its actions
    absorbing : outcomes that end a run
    lines : where each name of the shared namespace stands
    """

    calendar: Model
    stocks: list[str] = field(default_factory=list)
    auxiliaries: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    units: dict[str, Kind] = field(default_factory=dict)
    actors: list[str] = field(default_factory=list)
    actions: dict[str, list[str]] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    absorbing: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    dates: dict[str, date] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)

    @property
    def variables(self) -> list[str]:
        return [*self.stocks, *self.auxiliaries]

    def line(self, name: str) -> str:
        return f" (line {self.lines[name]})" if name in self.lines else ""

    def scope(self, refused: str = "", timeless: bool = False, constant: bool = False) -> Scope:
        """What a formula may use; see Scope for what is left out."""
        elsewhere = {n: k for n, k in self.kinds.items() if n not in self.known and n not in self.dates}
        for actor in self.actors:
            elsewhere.setdefault(actor, "an actor")
            for action in self.actions[actor]:
                elsewhere.setdefault(action, f"an action of `{actor}`")
        months = {n: self.calendar.months_at(d) for n, d in self.dates.items()}
        return Scope(self.known, months, elsewhere, self.calendar.months_at, refused, timeless, constant)


def collect(reader: Reader, root: Mapping, calendar: Model) -> Names:
    """Go through all sections for names only; wrong and doubly used names are noted."""
    names = Names(calendar)
    for section, kind in (
        ("variables", "a variable"),
        ("parameters", "a parameter"),
        ("events", "an event"),
        ("outcomes", "an outcome"),
    ):
        for key, value in _entries(root, section):
            _check(reader, key)
            first = names.lines.get(key.text)
            if first is not None:
                reader.say(
                    key,
                    f"`{key.text}` is {names.kinds[key.text]} already (line {first})",
                    "Variables, parameters, events and outcomes share one set of names.",
                )
                continue
            names.lines[key.text] = key.line
            names.kinds[key.text] = kind
            if section == "variables":
                is_auxiliary = isinstance(value, Mapping) and value.get("equals") is not None
                (names.auxiliaries if is_auxiliary else names.stocks).append(key.text)
            elif section == "parameters":
                names.parameters.append(key.text)
            elif section == "outcomes":
                names.outcomes.append(key.text)
            else:
                names.events.append(key.text)
                on = value.get("on") if isinstance(value, Mapping) else None
                if isinstance(on, Scalar):
                    day = _day(on.text)
                    names.kinds[key.text] = "a dated event"
                    # After a wrong date (noted later) the name still is one of a dated event.
                    names.dates[key.text] = day or calendar.start
    for key, value in _entries(root, "actors"):
        _check(reader, key)
        names.actors.append(key.text)
        names.actions[key.text] = []
        inner = value.get("actions") if isinstance(value, Mapping) else None
        if isinstance(inner, Mapping):
            for action, _ in inner.entries:
                _check(reader, action)
                names.actions[key.text].append(action.text)
    for key, _ in _entries(root, "policies"):
        if key.text != "baseline":
            _check(reader, key)
    return names


def _check(reader: Reader, key: Scalar) -> None:
    message, hint = why_not(key.text)
    if message:
        reader.say(key, message, hint)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _entries(root: Mapping, section: str) -> tuple[tuple[Scalar, Value], ...]:
    value = root.get(section)
    return value.entries if isinstance(value, Mapping) else ()
