"""`evidence`: what is known of how it went, and how well."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from pathlib import Path, PurePosixPath

from offramp.given import did_you_mean
from offramp.language import keys, tables, units
from offramp.language.fields import Fields
from offramp.language.paths import bytes_of, resolved
from offramp.language.reader import Reader
from offramp.language.sections.names import Names, check_name
from offramp.language.source import Scalar
from offramp.language.units import UNKNOWN, Kind, Unit
from offramp.model import Evidence, File, Row

_MOST = 100
_BUNDLED = re.compile(r"[a-z0-9][a-z0-9_-]*")
# Tables read so far, by folder and name; None: with problems.
Tables = dict[tuple[Path | None, str], tables.DataTable | None]
_SIZES = ("sd", "share", "lasting", "lasts", "listed", "stray", "dispersion")


def bundled_tables() -> tuple[str, ...]:
    """Names of the tables of evidence that come with offramp."""
    folder = resources.files("offramp.crises") / "evidence"
    return tuple(sorted(f.name.removesuffix(".csv") for f in folder.iterdir() if f.name.endswith(".csv")))


def read_evidence(
    reader: Reader, file: Fields, names: Names
) -> tuple[tuple[Evidence, ...], dict[str, tables.DataTable]]:
    """The section `evidence`, and the tables of its entries by their names."""
    found, of = [], {}
    entries = tuple(file.entries("evidence"))
    if len(entries) > _MOST:
        reader.say(file.at("evidence"), f"{len(entries)} entries of evidence; {_MOST} is the most")
        raise reader.error()
    read: Tables = {}
    for key, value in entries:
        check_name(reader, key)
        fields = Fields.read(reader, key, value, keys.EVIDENCE)
        if fields is not None:
            table = table_of(reader, fields, read)
            found.append(_evidence(reader, fields, names, table))
            if table is not None:
                of[found[-1].name] = table
    return tuple(found), of


def _evidence(reader: Reader, fields: Fields, names: Names, table: tables.DataTable | None) -> Evidence:
    observes, kind, unit = _observed(reader, fields, names)
    error = fields.choice("error")
    numbers = {n: _number(reader, fields, names, n, unit) for n in _SIZES}
    window = fields.integer("window", 1, 60, 1)
    _fitting(reader, fields, kind, error)
    start, end = fields.day("from"), fields.day("until")
    at = fields.value("until")
    if start is not None and end is not None and end <= start and at is not None:
        reader.say(at, f"`until` ({end}) is not after `from` ({start})")
    if kind in _ARTICLE and table is not None:
        # Of other days the table says nothing, so that no row there is not none.
        start = start or table.first_day
        end = end or (table.last_known + timedelta(days=1) if table.last_known else None)
    rows = rows_of(reader, fields, table, unit, error in keys.COUNTS, error == "lognormal")
    listed, stray = numbers["listed"], numbers["stray"]
    return Evidence(
        name=fields.key.text,
        title=fields.title(),
        observes=observes,
        kind=kind,  # type: ignore[arg-type]
        data=fields.text("data"),
        series=fields.text("series"),
        error=error,  # type: ignore[arg-type]
        sd=numbers["sd"] or 0.0,
        share=numbers["share"] or 0.0,
        lasting=numbers["lasting"] or 0.0,
        lasts=numbers["lasts"] or 0.0,
        listed=1.0 if listed is None else listed,
        stray=stray if stray is not None else 0.0 if error in ("exact", "binomial") else 0.1,
        dispersion=numbers["dispersion"] or 0.0,
        window=window,
        start=start,
        end=end,
        rows=rows,
        hash=table.hash if table is not None else "",
        origin=fields.origin(),
    )


def _observed(reader: Reader, fields: Fields, names: Names) -> tuple[str, str, Kind]:
    """What is observed, which kind of thing it is, and its unit."""
    value = fields.scalar("observes", "a name")
    if value is None:
        return "", "unknown", UNKNOWN
    name = value.text.strip()
    if name in names.stocks or name in names.auxiliaries:
        return name, "variable", names.units.get(name, UNKNOWN)
    if name in names.events:
        return name, "event", units.PLAIN
    actor, slash, action = name.partition("/")
    if slash and actor in names.actors and action in names.actions[actor]:
        return name, "action", units.PLAIN
    if slash and actor in names.actors:
        possible = names.actions[actor]
        hint = f"Its actions are: {', '.join(possible)}."
        reader.say(value, f"`{actor}` has no action `{action[:60]}`", hint, did_you_mean(action, possible))
    elif name in names.kinds:
        what = names.kinds[name]
        hint = "Observe the variable that the outcome reads." if name in names.outcomes else ""
        reader.say(value, f"`{name}` is {what}; only variables, events and actions can be observed", hint)
    elif not names.incomplete:
        every = [
            *names.variables,
            *names.events,
            *(f"{a}/{x}" for a in names.actors for x in names.actions[a]),
        ]
        hint = did_you_mean(name, every) or "Name a variable, an event, or an action as ACTOR/ACTION."
        reader.say(value, f"nothing is called `{name[:60]}`", hint, missing=name)
    return name, "action" if slash else "unknown", UNKNOWN


_UNITS = {
    "share": units.PLAIN,
    "lasting": units.PLAIN,
    "listed": units.PLAIN,
    "lasts": units.MONTH,
    "stray": units.PER_MONTH,
    "dispersion": units.PLAIN,
}
# With all of it lasting, two reports of one day would have to be equal.
_MOST_LASTING = 0.99


def _number(reader: Reader, fields: Fields, names: Names, name: str, unit: Kind) -> float | None:
    value = fields.value(name)
    if value is None:
        return None
    scope = names.numbers_only("an error of data is a number")
    plain = _UNITS.get(name, unit)
    expected = plain if isinstance(plain, Unit) else UNKNOWN
    number = fields.number_at(value, name, scope, expected, f"`{name}`")
    if number is None:
        return None
    if number < 0 or (number == 0 and name != "stray"):
        reader.say(value, f"`{name}` must be above 0, not {number:g}" if name != "stray" else
                   f"`stray` cannot be below 0, as {number:g} is")  # fmt: skip
        return None
    if name == "listed" and number > 1:
        reader.say(value, f"`listed` is a share of what happens, at most 1, not {number:g}")
        return None
    if name == "lasting" and number > _MOST_LASTING:
        reader.say(
            value,
            f"`lasting` must be at most {_MOST_LASTING}, not {number:g}",
            "Something of an error is new each time.",
        )
        return None
    return number


def _fitting(reader: Reader, fields: Fields, kind: str, error: str) -> None:
    """Note an error that does not fit what is observed, or lacks its size."""
    if not fields.has("error") or kind == "unknown":
        return
    at = fields.value("error") or fields.key
    if kind != "variable" and error not in keys.COUNTS:
        message = f"{fields.label} counts {_ARTICLE[kind]}: its error is one of a count, not `{error}`"
        reader.say(at, message, _COUNTED)
        return
    if error in keys.COUNTS and kind == "variable":
        hint = "A stock that counts is observed with `normal` and an `sd`."
        reader.say(at, f"`{error}` is for counts of events or actions, and this observes a variable", hint)
        return
    for name in fields.useless_keys(error):
        _useless(reader, fields, name, error)
    if error == "negative_binomial" and not fields.has("dispersion"):
        hint = (
            "Write `dispersion: 0.5`: counts around a mean of 4 then vary by sqrt(4 + 0.5 * 16), about 3.5."
        )
        reader.say(fields.key, f"nothing says how far the counts of {fields.label} are dispersed", hint)
    if error in keys.COUNTS:
        return
    for name, missing in fields.keys_in_need():
        hint = "`lasting: 0.8` and `lasts: 9` let four fifths of the error's variance fade over nine months."
        reader.say(fields.at(name), f"`{name}` needs `{missing}` beside it", hint)
    if not fields.has("sd") and not fields.has("share"):
        what = "`sd` or `share`" if error == "normal" else "`share`"
        reader.say(fields.key, f"nothing says how far {fields.label} can be off", f"Write {what}.")


def _useless(reader: Reader, fields: Fields, name: str, error: str) -> None:
    """Note a key that the error has no use for."""
    at = fields.at(name)
    if error == "exact":
        hint = "Where each is listed with a chance, and something else may be too, it is `binomial`."
        reader.say(at, f"`{name}` has no use where counts are `exact`: all is listed, and nothing else", hint)
    elif name == "dispersion":
        reader.say(at, f"`dispersion` goes with `error: negative_binomial`, not with `{error}`")
    elif error in keys.COUNTS:
        reader.say(at, f"`{name}` has no use for counts", "Counts have `listed` and `stray`.")
    elif name == "sd":
        hint = "Write `share`: 0.1 is an error of about 10 %."
        reader.say(at, "a lognormal error has no `sd`", hint)
    else:
        reader.say(at, f"`{name}` is for counts, with `error: poisson`")


_COUNTED = (
    "`exact` where what happens is published, `binomial` where a share of it is, `poisson` or "
    "`negative_binomial` where what is published only hangs together with it."
)
_ARTICLE = {"event": "an event", "action": "an action"}


def table_of(reader: Reader, fields: Fields, read: Tables) -> tables.DataTable | None:
    """The table under `data`, each read once; None after a problem."""
    value = fields.scalar("data", "the name of a table")
    if value is None:
        return None
    name = value.text.strip()
    # A file that another extends may stand in a folder below.
    folder = reader.source.text_of(value).folder
    if (folder, name) not in read:
        read[folder, name] = _opened(reader, value, name, folder)
    return read[folder, name]


def _opened(reader: Reader, at: Scalar, name: str, folder: Path | None) -> tables.DataTable | None:
    if _BUNDLED.fullmatch(name):
        if name not in bundled_tables():
            reader.say(
                at,
                f"no table `{name}` comes with offramp",
                did_you_mean(name, bundled_tables()),
                f"There are: {', '.join(bundled_tables())}. The name of a file ends in `.csv`.",
            )
            return None
        data = (resources.files("offramp.crises") / "evidence" / f"{name}.csv").read_bytes()
        return _noted(reader, replace(tables.read_table(data, f"{name}.csv"), bundled=True))
    parts = name.removeprefix("./").split("/")
    if not name.endswith(".csv") or re.search(r"[\\:~\0]", name) or {"", ".", ".."} & set(parts):
        hint = "`data: us-iran-uranium` is a bundled table, `data: counts.csv` a file beside this one."
        reader.say(at, f"`{name[:60]}` cannot be the name of a table", hint)
        return None
    if folder is None:
        reader.say(at, f"text stands in no folder, so there is no `{name[:60]}` beside it")
        return None
    path = folder.joinpath(*parts)
    try:
        if not resolved(path).is_relative_to(resolved(folder)):
            reader.say(at, f"{path} is a link that leads out of the folder", "Put a copy of the table there.")
            return None
        data = bytes_of(path, tables.MAX_BYTES + 1)
    except FileNotFoundError:
        reader.say(at, f"there is no file {path}", "The name is read from the folder of this file.")
        return None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reader.say(
            at, f"{path} cannot be read: {getattr(error, 'strerror', None) or 'no file has such a name'}"
        )
        return None
    beside = PurePosixPath(reader.source.text_of(at).path).parent
    reader.tables.append(File(str(path), str(beside.joinpath(*parts)), "", data, place=path))
    return _noted(reader, tables.read_table(data, str(path)))


def _noted(reader: Reader, table: tables.DataTable) -> tables.DataTable:
    reader.problems.extend(table.problems)
    return table


def rows_of(
    reader: Reader,
    fields: Fields,
    table: tables.DataTable | None,
    unit: Kind,
    counted: bool,
    above_zero: bool = False,
) -> tuple[Row, ...]:
    """The rows of the series under `series`, held against the unit and the error that they are to have.

    Parameters
    ----------
    unit : that of the variable
    counted : whether rows say how often
    above_zero : whether only values above 0 can be published
    """
    value = fields.scalar("series", "the name of a series")
    if value is None or table is None:
        return ()
    name = value.text.strip()
    if name not in table.series:
        known = list(table.series)
        if known and not table.problems:
            hint = f"It has: {', '.join(known)}."
            reader.say(value, f"{table.file} has no series `{name[:60]}`", hint, did_you_mean(name, known))
        elif not table.problems:
            reader.say(value, f"{table.file} has no rows")
        return ()
    rows = table.series[name]
    if counted:
        _counts(reader, value, table, name, rows)
    elif above_zero and (bad := [r for r in rows if r.value <= 0]):
        hint = "A lognormal error knows only values above 0; take `normal`."
        place = f"line {bad[0].line} of {table.file}"
        reader.say(value, f"series `{name}` has the value {bad[0].value:g} ({place})", hint)
    given = table.units.get(name, "")
    if given and isinstance(unit, Unit) and not counted:
        try:
            same = units.parse(given).same(unit)
        except units.UnitError:
            same = False
        if not same:
            hint = "Units are not converted: give the table the unit of the variable."
            reader.say(value, f"series `{name}` is in `{given}`, the variable in `{unit}`", hint)
    return rows


def _counts(reader: Reader, at: Scalar, table: tables.DataTable, name: str, rows: tuple[Row, ...]) -> None:
    """Note rows that cannot be counts, or that say the same twice."""
    bad = [r for r in rows if r.value < 0 or r.value != int(r.value)]
    if bad:
        hint = "Counts are whole numbers from 0. Leave out rows that say of nothing how often it came."
        place = f"line {bad[0].line} of {table.file}"
        reader.say(at, f"series `{name}` has the value {bad[0].value:g} ({place})", hint)
    for row, before in tables.repeated(rows):
        if row.value and row.value == before.value:
            hint = "Take the copy out. If there were two, write their number, or give each an `id`."
            message = f"series `{name}` has the same {row.value:g} of {row.day} on line {before.line} already"
            reader.say_at(table.file, row.line, message, hint)
