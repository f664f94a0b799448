"""Reading one mapping of a model file: every key by its shape, every problem noted.

Readers return a stand-in where something is wrong, so that the rest can still be checked; a `Model` is
made only if no problem was noted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date

from offramp import syntax, units
from offramp.errors import Problem
from offramp.formula import (
    CONDITION,
    UNKNOWN,
    Fault,
    Kind,
    Result,
    Scope,
    fold,
    resolve,
    resolve_part,
)
from offramp.keys import LATER, Key, Table
from offramp.model import Distribution, Formula, Origin
from offramp.priors import names_a_prior, read_prior
from offramp.source import Mapping, Scalar, Sequence, Source, Value
from offramp.tree import Node, Number, walk
from offramp.units import Unit

NO_FORMULA = Formula("", Number(0.0))


class Reader:
    """What all sections share: the source, the problems found, and the model's own rules.

    Attributes
    ----------
    source_keys : keys of model.sources
    illustrative : True where no number needs a source
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = list(source.problems)
        self.source_keys: tuple[str, ...] = ()
        self.illustrative = False

    def say(
        self, at: Value, message: str, *hint: str, start: int | None = None, end: int | None = None
    ) -> None:
        """Note a problem at a value, or at some characters of its text."""
        self.problems.append(self.source.problem(at, message, *[h for h in hint if h], start=start, end=end))

    def faults(self, at: Scalar, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            self.say(at, fault.message, *fault.hint, start=fault.start, end=fault.end)

    def mapping(self, value: Value | None, name: str, what: str) -> Mapping | None:
        """The mapping under a key, or None after a problem; nothing at all counts as an empty one."""
        if value is None:
            return None
        if isinstance(value, Mapping):
            return value
        if isinstance(value, Scalar) and value.is_null:
            return Mapping((), value.line, value.column)
        shown = "a list" if isinstance(value, Sequence) else f"`{value.text[:40]}`"
        self.say(
            value,
            f"`{name}` must hold {what}, not {shown}",
            f"Write `{name}:` and, indented below it, `key: value` lines.",
        )
        return None

    def fields(
        self, key: Scalar, value: Value | None, table: Table, label: str | None = None
    ) -> Fields | None:
        """The keys under `key`, held against their table; None if it is not a mapping."""
        mapping = self.mapping(value, key.text, "keys and values")
        if mapping is None:
            return None
        fields = Fields(self, key, mapping, table, label or f"`{key.text}`")
        fields.check_keys()
        return fields

    def entries(self, fields: Fields, name: str) -> Iterator[tuple[Scalar, Value]]:
        """Names and values of a collection such as `actors`."""
        mapping = self.mapping(fields.value(name), name, "names")
        if mapping is not None:
            yield from mapping.entries

    def close(self, word: str, possible: list[str] | tuple[str, ...], cutoff: float = 0.6) -> str:
        """`Did you mean ...?`, or nothing."""
        near = difflib.get_close_matches(word.lower(), possible, 1, cutoff)
        return f"Did you mean `{near[0]}`?" if near else ""


class Fields:
    """The keys of one thing in the file.

    Attributes
    ----------
    label : what messages call it
    numbers : True once a literal other than 0 and 1 has been read
    """

    def __init__(self, reader: Reader, key: Scalar, mapping: Mapping, table: Table, label: str) -> None:
        self.reader = reader
        self.key = key
        self.mapping = mapping
        self.table = table
        self.label = label
        self.numbers = False

    # ------------------------------------------------------------------ keys

    def check_keys(self) -> None:
        """Refuse keys that do not exist and name those that are missing."""
        for key, _ in self.mapping.entries:
            if key.text in self.table.names:
                continue
            if key.text in LATER.get(self.table.what, ()):
                self.reader.say(
                    key,
                    f"`{key.text}` belongs to the language but is not computed in this version",
                    "Take it out (or comment it out with #) to run the rest of the model.",
                )
                continue
            free = [n for n in self.table.names if self.mapping.get(n) is None]
            self.reader.say(
                key,
                f"{self.table.what} has no key `{key.text[:60]}`",
                f"It may have: {', '.join(self.table.names)}.",
                self.reader.close(key.text, free),
            )
        for wanted in self.table.keys:
            if wanted.required and self.mapping.get(wanted.name) is None and not self._misspelt(wanted):
                self.reader.say(self.key, f"{self.label} has no `{wanted.name}`", wanted.about)

    def _misspelt(self, wanted: Key) -> bool:
        """Whether an unknown key was surely meant for this one: then one problem is enough."""
        unknown = [k.text for k, _ in self.mapping.entries if k.text not in self.table.names]
        return bool(difflib.get_close_matches(wanted.name, [u.lower() for u in unknown], 1, 0.6))

    def has(self, name: str) -> bool:
        return self.mapping.get(name) is not None

    def value(self, name: str) -> Value | None:
        assert name in self.table.names, name
        return self.mapping.get(name)

    def at(self, name: str) -> Scalar:
        """Where to point for a key: the key itself, or the whole thing where it is missing."""
        return self.mapping.key(name) or self.key

    # ------------------------------------------------------------------ plain values

    def scalar(self, name: str, wanted: str) -> Scalar | None:
        """The one value under a key; None if there is none, or after a problem."""
        value = self.value(name)
        if value is None:
            return None
        if not isinstance(value, Scalar):
            shown = "a list" if isinstance(value, Sequence) else "a mapping"
            self.reader.say(value, f"`{name}` must be {wanted}, not {shown}")
            return None
        if value.is_null:
            self.reader.say(
                self.at(name), f"`{name}` has no value", f"It must be {wanted}; or leave the key out."
            )
            return None
        return value

    def text(self, name: str, default: str = "") -> str:
        value = self.scalar(name, "text")
        return default if value is None else " ".join(value.text.split())

    def flag(self, name: str) -> bool:
        value = self.scalar(name, "`true` or `false`")
        if value is None:
            return False
        if value.truth is None:
            self.reader.say(value, f"`{name}` must be `true` or `false`, not `{value.text[:40]}`")
        return bool(value.truth)

    def day(self, name: str) -> date | None:
        value = self.scalar(name, "a date such as 2020-11-03")
        return None if value is None else self.date_at(value, name)

    def date_at(self, value: Scalar, name: str) -> date | None:
        match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", value.text.strip())
        if match is None:
            self.reader.say(
                value,
                f"`{name}` must be a date, not `{value.text[:40]}`",
                "Dates are year-month-day: 2020-11-03.",
            )
            return None
        try:
            day = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            self.reader.say(value, f"there is no {value.text.strip()}", _why_no_date(match))
            return None
        return day

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        value = self.scalar(name, f"a whole number, {low} to {high}")
        if value is None:
            return default
        if re.fullmatch(r"[+-]?\d{1,9}", value.text.strip()) is None or not low <= int(value.text) <= high:
            self.reader.say(
                value, f"`{name}` must be a whole number, {low} to {high}, not `{value.text[:40]}`"
            )
            return default
        if int(value.text) not in (0, 1):
            self.numbers = True
        return int(value.text)

    def choice(self, name: str) -> str:
        choices = self.table[name].choices
        wanted = " or ".join(f"`{c}`" for c in choices)
        value = self.scalar(name, wanted)
        if value is None:
            return choices[0]
        if value.text not in choices:
            self.reader.say(
                value,
                f"`{name}` must be {wanted}, not `{value.text[:40]}`",
                self.reader.close(value.text, choices),
            )
            return choices[0]
        return value.text

    def unit(self, name: str = "unit") -> tuple[str, Kind]:
        """Text and meaning of a unit; UNKNOWN where it cannot be read."""
        value = self.scalar(name, "a unit such as kg or 1/month")
        if value is None:
            return "", units.PLAIN if not self.has(name) else UNKNOWN
        try:
            return value.text, units.parse(value.text)
        except units.UnitError as error:
            self.reader.say(value, error.message, *error.hint, start=error.start, end=error.end)
            return value.text, UNKNOWN

    def unit_text(self, name: str = "unit") -> str:
        """The unit as written; what is wrong with it has been said before."""
        value = self.value(name)
        return value.text.strip() if isinstance(value, Scalar) and not value.is_null else ""

    # ------------------------------------------------------------------ formulas

    def formula_at(self, value: Value, name: str, scope: Scope, expected: Kind, what: str) -> Formula:
        """Read a formula under `name`; a stand-in after a problem."""
        if not isinstance(value, Scalar):
            shown = "a list" if isinstance(value, Sequence) else "a mapping"
            self.reader.say(value, f"`{name}` must be a formula, not {shown}")
            return NO_FORMULA
        if value.is_null:
            self.reader.say(
                value, f"{what} has no value", "Write a number or a formula, or leave the key out."
            )
            return NO_FORMULA
        return self.finish(value, resolve(value.text, scope, expected, what))

    def finish(self, value: Scalar, result: Result) -> Formula:
        self.reader.faults(value, result.faults)
        self.note_numbers(result.node)
        unit = str(result.kind) if isinstance(result.kind, Unit) and not result.kind.is_plain else ""
        return Formula(value.text.strip(), result.node, unit, value.line)

    def note_numbers(self, node: Node) -> None:
        """Remember whether a literal other than 0 and 1 stands here (names of units are 1)."""
        if any(isinstance(n, Number) and n.value not in (0.0, 1.0) for n in walk(node)):
            self.numbers = True

    def formula(self, name: str, scope: Scope, expected: Kind, what: str) -> Formula | None:
        value = self.value(name)
        return None if value is None else self.formula_at(value, name, scope, expected, what)

    def condition(self, name: str, scope: Scope) -> Formula | None:
        value = self.value(name)
        if isinstance(value, Scalar) and value.truth is True:
            self.reader.say(value, f"`{name}` is always true", f"Leave `{name}` out.")
            return None
        return self.formula(name, scope, CONDITION, f"`{name}`")

    def number_at(self, value: Value, name: str, unit: Kind, what: str) -> float | None:
        """A number, or arithmetic of numbers and units."""
        nothing = Scope({}, refused=f"{what} is a number", timeless=True, constant=True)
        before = len(self.reader.problems)
        formula = self.formula_at(value, name, nothing, unit, what)
        if len(self.reader.problems) > before:
            return None
        folded = fold(formula.node)
        if folded is None:
            self.reader.say(value, f"{what} has no finite value")
        return folded

    def prior_at(
        self, value: Value, name: str, scope: Scope, unit: Kind, what: str
    ) -> Formula | Distribution:
        """A number, a prior or (as far as the scope allows) a formula."""
        if isinstance(value, Scalar) and not value.is_null:
            try:
                expr = syntax.parse(value.text)
            except syntax.FormulaError:
                return self.formula_at(value, name, scope, unit, what)
            if isinstance(expr, syntax.Apply) and names_a_prior(expr):
                result = read_prior(expr, value.text, scope, unit)
                self.reader.faults(value, result.faults)
                self.numbers = True
                return result.prior or NO_FORMULA
            return self.finish(value, resolve_part(expr, value.text, scope, unit, what))
        return self.formula_at(value, name, scope, unit, what)

    # ------------------------------------------------------------------ backing

    def origin(self, always: bool = False) -> Origin:
        """Position and backing of the thing; to be called once its numbers have been read.

        `always` is for things that are a number as such (parameters): a 0 needs a reason there too.
        """
        sources = self._sources()
        guess = self.flag("guess")
        reason = self.text("reason")
        if not self.reader.illustrative:
            if (self.numbers or always) and not self.has("source") and not guess:
                self.reader.say(
                    self.key,
                    f"nothing says where the numbers of {self.label} come from",
                    "Add `source: KEY place` with a key of model.sources, or `guess: true` and a `reason`.",
                )
            if guess and not self.has("reason"):
                self.reader.say(
                    self.at("guess"),
                    f"{self.label} is a guess without a reason",
                    "Add `reason:` why this value and not another.",
                )
        return Origin(self.key.line, self.key.column, sources, guess, reason)

    def _sources(self) -> tuple[str, ...]:
        value = self.value("source")
        if value is None:
            return ()
        items = value.items if isinstance(value, Sequence) else (value,)
        found = []
        for item in items:
            if not isinstance(item, Scalar) or item.is_null:
                self.reader.say(item, "`source` must be text such as `account P4`, or a list of such")
                continue
            words = item.text.split()
            key = words[0] if words else ""
            if key not in self.reader.source_keys:
                known = ", ".join(self.reader.source_keys)
                self.reader.say(
                    item,
                    f"`{key[:60]}` is not a source of this model",
                    f"Sources are: {known}." if known else "List it in `model:` under `sources:` first.",
                    self.reader.close(key, self.reader.source_keys),
                    start=0,
                    end=len(key),
                )
            found.append(" ".join(words))
        return tuple(found)


def _why_no_date(match: re.Match[str]) -> str:
    month, day = int(match[2]), int(match[3])
    if not 1 <= month <= 12:
        return f"Month {month} does not exist." + (" Dates are year-month-day." if 1 <= day <= 12 else "")
    names = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
             "November", "December")  # fmt: skip
    return f"{names[month - 1]} {match[1]} has no day {day}."
