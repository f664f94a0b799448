"""Tables of evidence: CSV files in which every row says when it could be known.

Columns: `series`, `date`, `until`, `known`, `value`, and for readers `unit`, `source`, `note`; others are
passed over. What is wrong is said with the line of the CSV file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from offramp.errors import Problem
from offramp.model import Row

NEEDED = ("series", "date", "known", "value")
MAX_BYTES = 4_000_000
MAX_ROWS = 100_000
_MOST_PROBLEMS = 20
_QUOTES = "Put texts that hold a comma in double quotes."
_Say = Callable[..., None]  # (line, message, *hints)


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table that was read: series -> its rows in order of `known`, then of `date`; units where given."""

    file: str
    hash: str
    series: dict[str, tuple[Row, ...]]
    units: dict[str, str]
    problems: tuple[Problem, ...] = ()

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
    return DataTable(file, hashlib.sha256(data).hexdigest(), ordered, units, tuple(problems))


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
        missing = [n for n in NEEDED if n not in header]
        if missing:
            columns = ", ".join(f"`{n}`" for n in missing)
            hint = "The first line names the columns: series,date,until,known,value,unit,source,note."
            if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
                hint = "Columns are separated by commas."
            say(1, f"the table has no column {columns}", hint)
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


def _row(line: int, cells: dict[str, str], say: _Say) -> Row | None:
    if not cells["series"]:
        say(line, "the row belongs to no series", "Write the name of the series in column `series`.")
        return None
    days = {}
    for column in ("date", "until", "known"):
        text = cells.get(column, "")
        if not text and column == "until":
            continue
        try:
            if len(text) != 10:
                raise ValueError
            days[column] = date.fromisoformat(text)
        except ValueError:
            say(
                line, f"`{column}` must be a date, not `{text[:40]}`", "Dates are year-month-day: 2020-11-03."
            )
            return None
    try:
        value = float(cells["value"])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        hint = "Write digits and a point, 1760 or 0.5; the unit has a column of its own."
        hint = hint if cells["value"] else "Leave out rows without one."
        say(line, f"`value` must be a number, not `{cells['value'][:40]}`", hint)
        return None
    day, until, known = days["date"], days.get("until"), days["known"]
    if until is not None and until < day:
        say(line, f"`until` ({until}) is before `date` ({day})")
        return None
    if known < day:
        say(
            line,
            f"known on {known}, before {day}, the day that it describes",
            "`known` is the day on which it was published. A forecast is no evidence.",
        )
        return None
    return Row(day, until, known, value, cells.get("source", ""), cells.get("note", ""), line)
