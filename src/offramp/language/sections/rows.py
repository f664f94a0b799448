"""Rows of evidence held against the model: what cannot be meant is refused, and what is not used is noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from offramp.errors import Problem
from offramp.language.fields import Fields
from offramp.language.reader import Reader
from offramp.language.source import Value, find
from offramp.language.tables import DataTable, repeated
from offramp.model import Evidence, Model, Row, latest

_SHOWN = 4  # lines that a note names
# Values that data sets write where they have none, as Correlates of War does with -9.
_MISSING = {-9.0, -99.0, -999.0, -9999.0, -8.0, -88.0, -7.0, -77.0, 999.0, 9999.0, 99999.0}
# Readings a step from which on the most of them tell next to nothing.
_MANY, _DENSE = 300, 8


def check_rows(reader: Reader, file: Fields, model: Model, tables: Mapping[str, DataTable]) -> None:
    """Note rows that cannot be meant, and entries of evidence that use no row."""
    section = file.value("evidence")
    for evidence in model.evidence:
        table = tables.get(evidence.name)
        entry = find(section, evidence.name)
        if table is None or entry is None:
            continue
        at = find(entry, "series") or entry
        if evidence.kind == "variable":
            _within_bounds(reader, model, evidence, table)
        else:
            _possible(reader, model, evidence, table)
        own = not table.bundled and evidence.origin.file in {f.file for f in model.files if f.own}
        if own and reader.clean() and evidence.rows:
            _used(reader, at, model, evidence, table, quiet=_says_days(entry))
            _notes(reader, entry, model, evidence, table)


# ---------------------------------------------------------------------- what is refused


def _within_bounds(reader: Reader, model: Model, evidence: Evidence, table: DataTable) -> None:
    """Figures that the variable can never have: a code for missing, another unit, a slip."""
    variable = next((v for v in model.variables if v.name == evidence.observes), None)
    if variable is None or variable.bounds is None:
        return
    low, high = variable.bounds
    unit = "" if variable.unit in ("", "dimensionless") else f" {variable.unit}"
    slack = 1e-9 * (high - low)
    for row in evidence.rows:
        if low - slack <= row.value <= high + slack:
            continue
        if row.value in _MISSING:
            hint = f"If {row.value:g} stands for no value, leave the row out."
        elif row.value and low < row.value / 100 < high:
            hint = f"Did you mean {row.value / 100:g}? Else widen the `bounds` of `{variable.name}`."
        else:
            hint = f"Mend the row, or widen the `bounds` of `{variable.name}`."
        message = f"{row.value:g} cannot be: the bounds of `{variable.name}` are {low:g} to {high:g}{unit}"
        reader.say_at(table.file, row.line, message, hint)


def _possible(reader: Reader, model: Model, evidence: Evidence, table: DataTable) -> None:
    """Known counts of what comes at most once in a step: two in one step no future can have."""
    if evidence.error not in ("exact", "binomial") or evidence.stray:
        return
    event = next((e for e in model.events if e.name == evidence.observes), None)
    if event is not None and not event.once and event.on is None:
        return
    most = 1 if event is not None and event.on is not None else None
    by_step: dict[int, list[Row]] = {}
    for row in latest(evidence.rows):
        if row.value and model.start <= row.day < model.dates[-1]:
            by_step.setdefault(0 if most else model.step_of(row.day), []).append(row)
    for step, rows in by_step.items():
        room = 1 if most else model.step_of(rows[0].last) - step + 1
        if sum(r.value for r in rows) > room and all(r.last == rows[0].last for r in rows):
            count = f"{sum(r.value for r in rows):g}"
            when = "at all" if most else f"in a {model.step}"
            message = (
                f"`{evidence.observes}` can come once {when}, and the table has {count} from {rows[0].day}"
            )
            hint = (
                f"Write 1 for a {model.step} in which it came, take shorter steps, or an error by which more "
                "is listed than happened: `poisson`, or `binomial` with `stray`."
            )
            reader.say_at(table.file, rows[-1].line, message, hint)


def _used(reader: Reader, at: Value, model: Model, evidence: Evidence, table: DataTable, quiet: bool) -> None:
    """Rows outside the horizon, and series of which nothing is left.

    `quiet` says that a time without a row may be meant: the file says from when or until when a count is
    whole.
    """
    end = model.dates[-1]
    outside = [r for r in evidence.rows if r.last < model.start or r.day > end]
    first, last = evidence.start or model.start, evidence.end or date.max
    used = [r for r in evidence.rows if r not in outside and first <= r.day and r.last < last]
    quiet = quiet and evidence.counts and first < end and last > model.start
    if not used and not quiet:
        span = f"{max(first, model.start)} to {min(last, end)}"
        lines = _lines(evidence.rows)
        what = f"{evidence.rows[0].day}" if len(evidence.rows) == 1 else f"{_span(evidence.rows)}"
        message = f"`{evidence.name}` uses no row of series `{evidence.series}`: they are of {what} ({lines})"
        reader.say(at, message, f"Used are days from {span}: the horizon, and `from` and `until`.")
    elif outside:
        _note(
            reader, table, outside[0],
            f"{_rows(outside)} outside the horizon, {model.start} to {end}: series `{evidence.series}` has "
            f"{_values(outside)}",
            "Nothing uses them.",
        )  # fmt: skip


def _says_days(entry: Value) -> bool:
    return any(find(entry, name) is not None for name in ("from", "until"))


# ---------------------------------------------------------------------- what is noted


def _notes(reader: Reader, entry: Value, model: Model, evidence: Evidence, table: DataTable) -> None:
    for row, before in repeated(evidence.rows):
        message = f"series `{evidence.series}` has the same {row.value:g} of {row.day} on line {before.line}"
        _note(
            reader,
            table,
            row,
            message,
            "It is used once. Two reports of one day have a `source` or `id` each.",
        )
    odd = [r for r in evidence.rows if r.value in _MISSING]
    others = [r.value for r in evidence.rows if r.value not in _MISSING]
    for row in odd:
        if others and (
            row.value < 0 <= min(others) or row.value > 100 * max(map(abs, others), default=0.0) > 0
        ):
            message = f"{row.value:g} of series `{evidence.series}` looks like a code for a missing value"
            _note(reader, table, row, message, "If it is one, leave the row out.")
    if evidence.counts:
        _notes_on_counts(reader, entry, evidence, table)
        return
    steps = max(1, len({model.step_of(r.day) for r in evidence.rows}))
    if len(evidence.rows) > _MANY and len(evidence.rows) / steps > _DENSE:
        message = (
            f"series `{evidence.series}` has {len(evidence.rows):,} rows, some "
            f"{len(evidence.rows) / steps:.0f} a {model.step}: calibration takes long, and counts them as so "
            "many witnesses"
        )
        hint = f"A mean or the last reading of each {model.step} says nearly as much; or take shorter steps."
        reader.notes.append(reader.source.problem(find(entry, "series") or entry, message, hint))


def _notes_on_counts(reader: Reader, entry: Value, evidence: Evidence, table: DataTable) -> None:
    missing = [n for n in ("from", "until") if find(entry, n) is None]
    if missing and evidence.start and evidence.end:
        message = (
            f"`{evidence.name}` counts from {evidence.start} to {evidence.end - timedelta(days=1)}, from "
            "the first day of which its table has something to the last"
        )
        says = " and ".join(f"`{n}`" for n in missing)
        hint = f"Say {says}: of which days the table is whole. A count that begins with an event is too high."
        reader.notes.append(reader.source.problem(find(entry, "data") or entry, message, hint))
    if evidence.error == "poisson" and evidence.listed == 1 and not evidence.stray:
        message = (
            "with `poisson` a published count is a draw around what happened, even where all is listed and "
            "nothing stray"
        )
        hint = "Where what is published is what happened, write `error: exact`."
        reader.notes.append(reader.source.problem(find(entry, "error") or entry, message, hint))


def _note(reader: Reader, table: DataTable, row: Row, message: str, hint: str) -> None:
    reader.notes.append(Problem(table.file, row.line, 1, message, hint=(hint,)))


def _rows(rows: Sequence[Row]) -> str:
    return "1 row lies" if len(rows) == 1 else f"{len(rows)} rows lie"


def _values(rows: Sequence[Row]) -> str:
    shown = [f"{r.value:g} of {r.day} on line {r.line}" for r in rows[:_SHOWN]]
    more = [f"{len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else []
    return ", ".join(shown + more)


def _lines(rows: Sequence[Row]) -> str:
    numbers = [str(r.line) for r in rows[:_SHOWN]] + (["..."] if len(rows) > _SHOWN else [])
    return f"line{'s' * (len(rows) > 1)} {', '.join(numbers)}"


def _span(rows: Sequence[Row]) -> str:
    return f"{min(r.day for r in rows)} to {max(r.last for r in rows)}"
