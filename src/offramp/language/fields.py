"""Reading the keys of one thing in the file: each by its shape, every problem noted."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from offramp.given import did_you_mean, nearest
from offramp.language import syntax, units
from offramp.language.constants import fold
from offramp.language.dates_meant import date_hint
from offramp.language.formula import resolve, resolve_part
from offramp.language.formula_names import YEARS
from offramp.language.keys import ELSEWHERE, HOMES, OTHER_WORDS, Key, KeyTable, Reads, tables_with
from offramp.language.numbers_meant import QUOTES, number_meant, shown
from offramp.language.priors import names_a_prior, read_prior
from offramp.language.reader import Reader, shape
from offramp.language.scope import Result, Scope
from offramp.language.slips import slip_of
from offramp.language.source import Mapping, Scalar, Sequence, Value
from offramp.language.tokens import FormulaError
from offramp.language.units import CONDITION, PLAIN, UNKNOWN, Kind, Unit
from offramp.model import Distribution, Formula, Origin
from offramp.tree import Node, Number, walk

# `40-60` is arithmetic, but hardly ever meant so.
_SPAN = re.compile(r"\s*([0-9.]+)-([0-9.]+)\s*")
# Stands for a formula in which something is wrong.
NO_FORMULA = Formula("", Number(0.0))


class Scopes(Protocol):
    """What formulas of a file may use."""

    def scope(self) -> Scope:
        """All of it."""

    def parameters_only(self) -> Scope:
        """For what is read once, before anything has happened."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """The keys of a mapping held against their table.

    A key that is surely a misspelling of one in the table is read as that one, so that one slip makes one
    problem.
    """

    known: dict[str, tuple[Scalar, Value]]
    unknown: tuple[tuple[Scalar, str], ...]  # each with the key it was likely meant for, or ""


def look_up(mapping: Mapping, table: KeyTable) -> Lookup:
    """Sort the keys of a mapping into known and unknown ones."""
    known = {k.text: (k, v) for k, v in mapping.entries if k.text in table.names}
    unknown = []
    for key, value in mapping.entries:
        if key.text in table.names:
            continue
        free = [n for n in table.names if n not in known]
        name, colon, rest = key.text.partition(":")
        if colon and name in free and isinstance(value, Scalar) and value.is_null:  # `{title:Tension}`
            known[name] = (key, Scalar(rest, key.line, key.column + len(name) + 1, within=key.within))
            unknown.append((key, name))
            continue
        meant = next((n for n in free if key.text.lower() in OTHER_WORDS.get(n, ())), None)
        if meant is None:
            # A key of something else is rather in the wrong place than misspelt.
            meant = nearest(key.text, free, 0.85 if tables_with(key.text) else 0.7)
            if meant is not None:
                known[meant] = (key, value)
        unknown.append((key, meant or ""))
    return Lookup(known, tuple(unknown))


class Fields:
    """The keys of one thing in the file.

    Attributes
    ----------
    label : what messages call it
    numbers : True once a literal other than 0 and 1 has been read
    """

    def __init__(
        self, reader: Reader, key: Scalar, mapping: Mapping, table: KeyTable, label: str = ""
    ) -> None:
        self.reader = reader
        self.key = key
        self.table = table
        self.label = label or f"`{key.text[:60]}`"
        self.numbers = False
        self._entries = mapping.entries
        self._keys = look_up(mapping, table)

    @classmethod
    def read(
        cls, reader: Reader, key: Scalar, value: Value | None, table: KeyTable, label: str = ""
    ) -> Fields | None:
        """The keys under `key`, held against their table; None if it does not hold keys and values."""
        hint = ""
        if isinstance(value, Scalar) and table.short and not value.is_null:
            hint = f"Write `{key.text[:40]}: {{{table.short}: {shape(value)[1:-1]}}}`."
        mapping = reader.mapping(value, key.text, "keys and values", hint)
        if mapping is None:
            return None
        fields = cls(reader, key, mapping, table, label)
        fields.check_keys()
        return fields

    # ------------------------------------------------------------------ keys

    def check_keys(self) -> None:
        """Refuse keys that do not exist and name those that are missing."""
        for key, meant in self._keys.unknown:
            homes = [] if meant or self.table.apart else tables_with(key.text)
            first = key.text.split()[0] if key.text.split() else ""
            self.reader.say(
                key,
                f"{self.table.what} has no key `{key.text[:60]}`",
                f"It may have: {', '.join(self.table.names)}.",
                f"Is a `:` missing after `{first}`?" if first in self.table.names else "",
                f"A space is missing after `{meant}:`."
                if meant and key.text.startswith(f"{meant}:")
                else f"Did you mean `{meant}`?"
                if meant
                else self._cut_off(key),
                self._home(key.text, homes[0]) if homes else "",
            )
        for wanted in self.table.keys:
            if wanted.required and not self.meant(wanted.name):
                self.reader.say(self.key, f"{self.label} has no `{wanted.name}`", _explain(wanted))

    def _home(self, key: str, home: str) -> str:
        """Where a key belongs that is one of another kind of thing."""
        usual = HOMES.get((self.table.what, home), f"`{key}` is a key of {home}: check the indentation.")
        return ELSEWHERE.get((self.table.what, key), usual)

    def _cut_off(self, key: Scalar) -> str:
        """A hint where a key may be the end of a text that a comma cut: `{title: Two, three: four}`."""
        lines = self.reader.source.text_of(key).lines
        if not lines[key.line - 1][: key.column - 1].rstrip().endswith(","):
            return ""
        keys = [k for k, _ in self._entries]
        at = next((i for i, k in enumerate(keys) if k is key), 0)
        before, value = self._entries[at - 1] if at else (key, None)
        shapes = {k.name: k.shape for k in self.table.keys}
        if not isinstance(value, Scalar) or value.style != "plain" or shapes.get(before.text) != "text":
            return ""
        return f"If it belongs to the `{before.text}` before it, put that in quotes: a comma ends it here."

    def has(self, name: str) -> bool:
        return name in self._keys.known

    def meant(self, name: str) -> bool:
        """Whether a key is there, or one that was likely meant for it: then its absence needs no word."""
        return self.has(name) or any(name == meant for _, meant in self._keys.unknown)

    def useless_keys(self, case: str) -> list[str]:
        """The keys that are there though this case has no use for them."""
        useless = (k.name for k in self.table.keys if k.only_with and case not in k.only_with)
        return [name for name in useless if self.has(name)]

    def keys_in_need(self) -> list[tuple[str, str]]:
        """The keys that are there without the one that they need, each with that."""
        needy = ((k.name, k.needs) for k in self.table.keys if k.needs and self.has(k.name))
        return [(name, needs) for name, needs in needy if not self.meant(needs)]

    def value(self, name: str) -> Value | None:
        found = self._keys.known.get(name)
        return found[1] if found else None

    def at(self, name: str) -> Scalar:
        """Where to point for a key: the key itself, or the whole thing where it is missing."""
        found = self._keys.known.get(name)
        return found[0] if found else self.key

    def entries(self, name: str, what: str = "names") -> Iterator[tuple[Scalar, Value]]:
        """Names and values under a key."""
        mapping = self.reader.mapping(self.value(name), name, what)
        if mapping is not None:
            yield from mapping.entries

    # ------------------------------------------------------------------ plain values

    def scalar(self, name: str, wanted: str) -> Scalar | None:
        """The one value under a key; None if there is none, or after a problem."""
        value = self.value(name)
        if value is None:
            return None
        if not isinstance(value, Scalar):
            self.reader.say(value, f"`{name}` must be {wanted}, not {shape(value)}")
            return None
        if value.is_null:
            self.reader.say(
                self.at(name), f"`{name}` has no value", f"It must be {wanted}; or leave the key out."
            )
            return None
        return value

    def text(self, name: str) -> str:
        """Text with its spaces evened out; paragraphs stay apart."""
        value = self.scalar(name, "text")
        if value is None:
            return ""
        # Only in `|` blocks is a line end kept as such; elsewhere one line end is left of a blank line.
        paragraphs = re.split(r"\n\s*\n" if value.style == "literal" else r"\n+", value.text.strip())
        return "\n\n".join(" ".join(p.split()) for p in paragraphs)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.scalar(name, "`true` or `false`")
        if value is None:
            return default
        if value.truth is None:
            meant = _FLAGS.get(value.text.strip(f"{QUOTES} .").lower(), "")
            hint = f"Write `{meant}`." if meant else ""
            self.reader.say(value, f"`{name}` must be `true` or `false`, not {shape(value)}", hint)
        # Whoever wrote the key meant it: nothing else is to be complained of for a misspelt `true`.
        return value.truth is not False

    def day(self, name: str) -> date | None:
        """A date."""
        value = self.scalar(name, "a date such as 2020-11-03")
        if value is None:
            return None
        match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", value.text.strip(), re.ASCII)
        if match is None:
            self.reader.say(value, f"`{name}` must be a date, not {shape(value)}", date_hint(value.text))
            return None
        try:
            day = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            self.reader.say(value, f"there is no {value.text.strip()}", _why_no_date(match))
            return None
        if not YEARS[0] <= day.year <= YEARS[1]:
            self.reader.say(value, f"the year {day.year} is out of reach: {YEARS[0]} to {YEARS[1]}")
            return None
        return day

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        wanted = f"{low} or {high}" if high == low + 1 else f"a whole number, {low} to {high}"
        value = self.scalar(name, wanted)
        if value is None:
            return default
        text = value.text.strip()
        if re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII) is None or not low <= int(text) <= high:
            self.reader.say(value, f"`{name}` must be {wanted}, not {shape(value)}", _whole(text, low, high))
            return default
        self.numbers = self.numbers or int(text) not in (0, 1)
        return int(text)

    def choice(self, name: str) -> str:
        """One of the words that the table lists; the first of them after a problem."""
        choices = self._choices(name)
        value = self.scalar(name, _one_of(choices))
        return choices[0] if value is None else self.word_at(value, name, name)

    def word_at(self, value: Value, name: str, what: str) -> str:
        """One of the words that the table lists under a key; the first of them after a problem."""
        choices = self._choices(name)
        if isinstance(value, Scalar) and value.text in choices:
            return value.text
        hint = did_you_mean(value.text, choices, 0.5) if isinstance(value, Scalar) else ""
        self.reader.say(value, f"`{what}` must be {_one_of(choices)}, not {shape(value)}", hint)
        return choices[0]

    def _choices(self, name: str) -> tuple[str, ...]:
        return next(k for k in self.table.keys if k.name == name).choices

    def unit(self, name: str = "unit") -> Kind:
        """Meaning of a unit; UNKNOWN where it cannot be read."""
        value = self.scalar(name, "a unit such as kg or 1/month")
        if value is None:
            return UNKNOWN if self.has(name) else units.PLAIN
        try:
            return units.parse(value.text.strip())
        except units.UnitError as error:
            self.reader.say(value, error.message, *error.hint, start=error.start, end=error.end)
            return UNKNOWN

    def unit_text(self, name: str = "unit") -> str:
        """The unit as written; what is wrong with it has been said by `unit`."""
        value = self.value(name)
        return value.text.strip() if isinstance(value, Scalar) and not value.is_null else ""

    # ------------------------------------------------------------------ formulas

    def formula_at(
        self, value: Value, name: str, scope: Scope, expected: Kind, what: str, also: Unit | None = None
    ) -> Formula:
        """Read a formula under `name`; a stand-in after a problem. Arguments as for `formula.resolve`."""
        if not isinstance(value, Scalar):
            self.reader.say(value, f"{what} must be a formula, not {shape(value)}", *_of_list(value))
            return NO_FORMULA
        if value.is_null:
            self.reader.say(
                value, f"{what} has no value", "Write a number or a formula, or leave the key out."
            )
            return NO_FORMULA
        return self._finish(value, resolve(value.text, scope, expected, what, also))

    def _finish(self, value: Scalar, result: Result) -> Formula:
        self.reader.faults(value, result.faults)
        self.note_numbers(result.node)
        if result.faults:
            return NO_FORMULA
        unit = str(result.kind) if isinstance(result.kind, Unit) and not result.kind.is_plain else ""
        return Formula(value.text.strip(), result.node, unit, value.line)

    def note_numbers(self, node: Node) -> None:
        """Remember whether a literal other than 0 and 1 stands here (names of units are 1)."""
        if any(isinstance(n, Number) and n.value not in (0.0, 1.0) for n in walk(node)):
            self.numbers = True

    def formula(
        self, name: str, scope: Scope, expected: Kind, what: str, also: Unit | None = None
    ) -> Formula | None:
        """The formula under a key, or None if the key is not there."""
        value = self.value(name)
        return None if value is None else self.formula_at(value, name, scope, expected, what, also)

    def formulas(self, scopes: Scopes) -> dict[str, Formula | None]:
        """The formula under each key whose record says how it is read: field of the model -> formula."""
        return {
            key.name: self._read_formula(key.name, key.reads, scopes) for key in self.table.keys if key.reads
        }

    def _read_formula(self, name: str, reads: Reads, scopes: Scopes) -> Formula | None:
        scope = scopes.parameters_only() if reads.parameters_only else scopes.scope()
        unit = units.parse(reads.unit) if reads.unit else PLAIN
        formula = self.formula(name, scope, unit, reads.what.format(name=self.key.text))
        at, value = self.value(name), None if formula is None else fold(formula.node)
        if at is not None and value is not None and not reads.least <= value <= reads.most:
            ends = f"between {reads.least:g} and {reads.most:g}"
            ends = ends if reads.most < math.inf else f"at least {reads.least:g}"
            self.reader.say(at, f"`{name}` is {value:g}; it must be {ends}")
        return formula

    def condition(self, name: str, scope: Scope) -> Formula | None:
        """The condition under a key, or None if it is not there."""
        value = self.value(name)
        if isinstance(value, Scalar) and value.truth is not None:
            always = "always true" if value.truth else "never true"
            hint = f"Leave `{name}` out." if value.truth else f"Take {self.label} out, or write a condition."
            self.reader.say(value, f"`{name}` is {always}", hint)
            return NO_FORMULA
        return self.formula(name, scope, CONDITION, f"`{name}`")

    def number_at(self, value: Value, name: str, scope: Scope, unit: Kind, what: str) -> float | None:
        """A number, or arithmetic of numbers and units; None after a problem. `scope` must be constant."""
        formula = self.formula_at(value, name, scope, unit, what)
        return fold(formula.node) if formula is not NO_FORMULA else None

    def prior_at(
        self, value: Value, name: str, scope: Scope, unit: Kind, what: str
    ) -> Formula | Distribution:
        """A number, a prior or (as far as the scope allows) a formula; a stand-in after a problem."""
        if not isinstance(value, Scalar) or value.is_null:
            return self.formula_at(value, name, scope, unit, what)
        span = _SPAN.fullmatch(value.text)
        if span:
            hint = f"A range is `uniform({span[1]}, {span[2]})`. A difference: `{span[1]} - {span[2]}`."
            self.reader.say(value, f"`{value.text.strip()[:40]}` is a difference here, not a range", hint)
            return NO_FORMULA
        try:
            expr = syntax.parse(value.text)
        except FormulaError:
            return self.formula_at(value, name, scope, unit, what)
        if isinstance(expr, syntax.Apply) and names_a_prior(expr):
            prior, faults = read_prior(expr, value.text, scope, unit)
            self.reader.faults(value, faults)
            self.numbers = True
            return prior or NO_FORMULA
        return self._finish(value, resolve_part(expr, value.text, scope, unit, what))

    # ------------------------------------------------------------------ backing

    def title(self) -> str:
        """The title, or the name in words."""
        return self.text("title") or self.key.text.replace("_", " ").capitalize()

    def origin(self, always: bool = False) -> Origin:
        """Position and backing of the thing; to be called once its numbers have been read.

        `always` is for things that are a number as such (parameters): there even 0 needs a source.
        """
        sources = self._sources()
        guess = self.flag("guess")
        reason = self.text("reason")
        if not self.reader.illustrative:
            if (self.numbers or always) and not self.has("source") and not guess:
                what = f"the value of {self.label} comes" if always else f"the numbers of {self.label} come"
                self.reader.say(
                    self.key,
                    f"nothing says where {what} from",
                    "Add `source:` with a key of model.sources and the place in it: `source: account P4`.",
                    "If it is judgement, add `guess: true` and `reason:`.",
                )
            if guess and not self.has("reason"):
                hint = "Add `reason:` why this value and not another."
                self.reader.say(self.at("guess"), f"{self.label} is a guess without a reason", hint)
        file = self.reader.source.text_of(self.key).file
        return Origin(self.key.line, self.key.column, sources, guess, reason, file)

    def _sources(self) -> tuple[str, ...]:
        value = self.value("source")
        if value is None:
            return ()
        found = []
        for item in value.items if isinstance(value, Sequence) else (value,):
            if not isinstance(item, Scalar) or item.is_null:
                self.reader.say(item, "`source` must be text such as `account P4`, or a list of such")
                continue
            words = item.text.split()
            key = words[0] if words else ""
            known = self.reader.source_keys
            if key not in known:
                self.reader.say(
                    item,
                    f"`{key[:60]}` is not a source of this model",
                    f"Sources are: {', '.join(known[:12])}{', ...' if len(known) > 12 else ''}."
                    if known
                    else "List it under `sources:` in `model:` first.",
                    did_you_mean(key, known),
                    start=0,
                    end=len(key),
                    missing=f"source {key}",
                )
            found.append(" ".join(words))
        return tuple(found)


_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "on", "1", "t", "x", "wahr", "ja", "oui", "vrai"), "true"),
    **dict.fromkeys(("false", "no", "n", "off", "0", "f", "falsch", "nein", "non", "faux"), "false"),
}


def _one_of(choices: tuple[str, ...]) -> str:
    *others, last = (f"`{c}`" for c in choices)
    return f"{', '.join(others)} or {last}"


def _whole(text: str, low: int, high: int) -> str:
    """What to write for a text that is no whole number, where it can be told."""
    meant = number_meant(re.sub(r"(?<=\d)\s+[a-z]+$", "", text))
    fits = meant is not None and meant == int(meant) and low <= meant <= high
    return f"Write `{shown(meant)}`." if fits and meant is not None else ""


def _of_list(value: Value) -> tuple[str, ...]:
    """A prior for a list of two or three numbers."""
    items = value.items if isinstance(value, Sequence) else ()
    slip = slip_of(", ".join(i.text for i in items if isinstance(i, Scalar)))
    return slip[1:] if slip else ()


def _explain(key: Key) -> str:
    return f"`{key.name}`: {key.about[:1].lower()}{key.about[1:]}"


def _why_no_date(match: re.Match[str]) -> str:
    month, day = int(match[2]), int(match[3])
    if not 1 <= month <= 12:
        swapped = 1 <= day <= 12 and month <= 31
        return f"There is no month {month}." + (" Dates are year-month-day." if swapped else "")
    return f"{calendar.month_name[month]} {match[1]} has {calendar.monthrange(int(match[1]), month)[1]} days."
