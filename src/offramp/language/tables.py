"""Tables of evidence: CSV files in which every row says when it could be known.

Columns: `series`, `date`, `until`, `known`, `value`, `unit`, `source`, `id`, and for readers `note`; others
are passed over. What is wrong is said with the line of the CSV file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from offramp.errors import Problem
from offramp.language.dates_meant import date_hint
from offramp.language.numbers_meant import number_meant, shown
from offramp.model import Row

NEEDED = ("series", "date", "known", "value")
COLUMNS = (*NEEDED, "until", "unit", "source", "id", "note")
FIRST_YEAR = 1000  # as of a model: an earlier one is a slip, such as 0020 for 2020
MAX_BYTES = 4_000_000
MAX_ROWS = 100_000
_MOST_PROBLEMS = 20
_QUOTES = "Put texts that hold a comma in double quotes, and write numbers without one: 1000, 0.5."
_Say = Callable[..., None]  # (line, message, *hints)


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table that was read: series -> its rows in order of `known`, then of `date`; units where given."""

    file: str
    hash: str
    series: dict[str, tuple[Row, ...]]
    units: dict[str, str]
    problems: tuple[Problem, ...] = ()
    bundled: bool = False

    @property
    def first_day(self) -> date | None:
        """The first day that anything in it describes."""
        return min((row.day for rows in self.series.values() for row in rows), default=None)

    @property
    def last_known(self) -> date | None:
        """The last day on which anything in it was known."""
        return max((row.known for rows in self.series.values() for row in rows), default=None)


def read_table(data: bytes, file: str) -> DataTable:
    """Read a table of evidence; rows that are wrong are noted and left out."""
    problems: list[Problem] = []

    def say(line: int, message: str, *hint: str) -> None:
        if len(problems) < _MOST_PROBLEMS:
            problems.append(Problem(file, line, 1, message, hint=hint))

    series: dict[str, list[Row]] = {}
    units: dict[str, str] = {}
    for line, cells in _cells(data, say):
        name, unit = cells["series"], cells.get("unit", "")
        row = _row(line, cells, say)
        if row is None:
            continue
        series.setdefault(name, []).append(row)
        if unit and units.setdefault(name, unit) != unit:
            hint = "Units are not converted: a series has one unit in all of its rows."
            say(
                line,
                f"series `{name[:60]}` was in `{units[name]}` so far, and is in `{unit[:40]}` here",
                hint,
            )
    ordered = {n: tuple(sorted(r, key=lambda row: (row.known, row.day))) for n, r in series.items()}
    for name, rows in series.items():
        _tell_apart(name, rows, say)
    return DataTable(file, hashlib.sha256(data).hexdigest(), ordered, units, tuple(problems))


def repeated(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Rows that say the same again, known on the same day: each with the one before."""
    seen: dict[tuple[object, ...], Row] = {}
    for row in sorted(rows, key=lambda r: r.line):
        before = seen.setdefault((row.key, row.known), row)
        if before is not row:
            yield row, before


def _tell_apart(series: str, rows: list[Row], say: _Say) -> None:
    """Note rows of which neither can replace the other: one key, known on the same day, and not alike."""
    for row, before in repeated(rows):
        if (row.value, row.day, row.last) != (before.value, before.day, before.last):
            same = f"have the `id` `{row.id}`" if row.id else f"are of {row.day}"
            message = (
                f"series `{series[:60]}` is {before.value:g} on line {before.line} and {row.value:g} here: "
                f"both {same}, known on {row.known}"
            )
            hint = "A correction has a later `known`. Reports of their own have a `source` or an `id` each."
            say(row.line, message, hint)


def _cells(data: bytes, say: _Say) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of each row, columns by name."""
    if len(data) > MAX_BYTES:
        say(1, f"the table is too long: {MAX_BYTES // 1_000_000} million bytes are the most")
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        say(line, "this is not UTF-8 text", "Save the table as CSV in UTF-8.")
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [c.strip() for c in next(reader, [])]
        if not _has_columns(header, say):
            return
        for count, cells in enumerate(reader):
            if not any(c.strip() for c in cells):
                continue
            if count >= MAX_ROWS:
                say(reader.line_num, f"more than {MAX_ROWS:,} rows")
                return
            if len(cells) != len(header):
                say(reader.line_num, f"{len(cells)} cells under {len(header)} columns", _QUOTES)
                continue
            yield reader.line_num, {n: c.strip() for n, c in zip(header, cells, strict=True)}
    except csv.Error as error:
        say(reader.line_num, f"this is not CSV: {error}", _QUOTES)


def _has_columns(header: list[str], say: _Say) -> bool:
    """Whether the first line names every column once; what is wrong with it is said."""
    missing = [n for n in NEEDED if n not in header]
    if missing:
        columns = ", ".join(f"`{n}`" for n in missing)
        say(1, f"the table has no column {columns}", _columns_hint(header, missing))
        return False
    twice = [n for n in COLUMNS if header.count(n) > 1]
    for name in twice:
        at = [str(i) for i, n in enumerate(header, 1) if n == name]
        hint = "Take one out, or call it something else: columns of other names are passed over."
        say(1, f"{len(at)} columns are called `{name}`: columns {' and '.join(at)}", hint)
    return not twice


def _columns_hint(header: list[str], missing: list[str]) -> str:
    """What is likely wrong with a first line."""
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) <= 2 and any(mark in c for c in header):
            return (
                f"Here {name} separate the columns: save the table as CSV with commas between columns and "
                "points in numbers (`0.5`)."
            )
    as_written = {c.lower(): c for c in header}
    if all(n in as_written for n in missing):
        return f"Write {', '.join(f'`{n}` for `{as_written[n]}`' for n in missing)}."
    return "The first line names the columns: series,date,until,known,value,unit,source,note."


def _day(text: str) -> date | None:
    """A day of the form 2020-11-03 and of a year that can be meant."""
    if len(text) != 10:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year >= FIRST_YEAR else None


def _day_hint(text: str) -> str:
    early = re.fullmatch(r"0\d(\d\d-\d\d-\d\d)", text)
    return f"Did you mean 20{early[1]}?" if early else date_hint(text)


def _number_hint(text: str) -> str:
    if not text:
        return "Leave out rows without one. For counts, 0 says that there was none."
    meant = number_meant(text)
    if meant is None:
        return "Write digits and a point, 1760 or 0.5; the unit has a column of its own."
    return f"Write {shown(meant)}: digits and a point, no separator of thousands, the unit in its own column."


def _row(line: int, cells: dict[str, str], say: _Say) -> Row | None:
    if not cells["series"]:
        say(line, "the row belongs to no series", "Write the name of the series in column `series`.")
        return None
    days: dict[str, date] = {}
    for column in ("date", "until", "known"):
        text = cells.get(column, "")
        if not text and column == "until":
            continue
        found = _day(text)
        if found is None:
            say(line, f"`{column}` must be a date, not `{text[:40]}`", _day_hint(text))
            return None
        days[column] = found
    text = cells["value"]
    try:
        # Python would take 1_000 for a number, and digits of other scripts.
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        say(line, f"`value` must be a number, not `{text[:40]}`", _number_hint(text))
        return None
    day, until, known = days["date"], days.get("until"), days["known"]
    if until is not None and until < day:
        say(line, f"`until` ({until}) is before `date` ({day})")
        return None
    if known < (until or day):
        what = f"{until}, the last day that it describes" if until else f"{day}, the day that it describes"
        say(
            line,
            f"known on {known}, before {what}",
            "`known` is the day on which it was published. A forecast is no evidence.",
        )
        return None
    source, note, known_as = (cells.get(n, "") for n in ("source", "note", "id"))
    return Row(day, until, known, value, source, note, line, known_as)
