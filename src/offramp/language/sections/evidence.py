"""`evidence`: what is known of how it went, and how well."""

from __future__ import annotations

import re
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
_SIZES = ("sd", "share", "lasting", "lasts", "listed", "stray")


def bundled_tables() -> tuple[str, ...]:
    """Names of the tables of evidence that come with offramp."""
    folder = resources.files("offramp.crises") / "evidence"
    return tuple(sorted(f.name.removesuffix(".csv") for f in folder.iterdir() if f.name.endswith(".csv")))


def read_evidence(reader: Reader, file: Fields, names: Names) -> tuple[Evidence, ...]:
    """The section `evidence`."""
    found = []
    entries = tuple(file.entries("evidence"))
    if len(entries) > _MOST:
        reader.say(file.at("evidence"), f"{len(entries)} entries of evidence; {_MOST} is the most")
        raise reader.error()
    read: Tables = {}
    for key, value in entries:
        check_name(reader, key)
        fields = Fields.read(reader, key, value, keys.EVIDENCE)
        if fields is not None:
            found.append(_evidence(reader, fields, names, read))
    return tuple(found)


def _evidence(reader: Reader, fields: Fields, names: Names, read: Tables) -> Evidence:
    observes, kind, unit = _observed(reader, fields, names)
    error = fields.choice("error")
    numbers = {n: _number(reader, fields, names, n, unit) for n in _SIZES}
    window = fields.integer("window", 1, 60, 1)
    _fitting(reader, fields, kind, error)
    start, end = fields.day("from"), fields.day("until")
    at = fields.value("until")
    if start is not None and end is not None and end <= start and at is not None:
        reader.say(at, f"`until` ({end}) is not after `from` ({start})")
    table = table_of(reader, fields, read)
    rows = rows_of(reader, fields, table, unit, error)
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
        stray=0.1 if stray is None else stray,
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
    if kind != "variable" and error != "poisson":
        reader.say(at, f"{fields.label} counts {_ARTICLE[kind]}: its error is `poisson`, not `{error}`")
        return
    if error == "poisson" and kind == "variable":
        hint = "A stock that counts is observed with `normal` and an `sd`."
        reader.say(at, "`poisson` is for counts of events or actions, and this observes a variable", hint)
        return
    for name in fields.useless_keys(error):
        if error == "poisson":
            hint = "Counts have `listed` and `stray`."
            reader.say(fields.at(name), f"`{name}` has no use for counts", hint)
        elif name == "sd":
            hint = "Write `share`: 0.1 is an error of about 10 %."
            reader.say(fields.at(name), "a lognormal error has no `sd`", hint)
        else:
            reader.say(fields.at(name), f"`{name}` is for counts, with `error: poisson`")
    if error == "poisson":
        return
    for name, missing in fields.keys_in_need():
        hint = "`lasting: 0.8` and `lasts: 9` let four fifths of the error's variance fade over nine months."
        reader.say(fields.at(name), f"`{name}` needs `{missing}` beside it", hint)
    if not fields.has("sd") and not fields.has("share"):
        what = "`sd` or `share`" if error == "normal" else "`share`"
        reader.say(fields.key, f"nothing says how far {fields.label} can be off", f"Write {what}.")


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
        return _noted(reader, tables.read_table(data, f"{name}.csv"))
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
    reader: Reader, fields: Fields, table: tables.DataTable | None, unit: Kind, error: str
) -> tuple[Row, ...]:
    """The rows of the series under `series`, held against the unit and the error that they are to have."""
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
    bad = next((r for r in rows if not _possible(r.value, error)), None)
    if bad is not None:
        place = f"line {bad.line} of {table.file}"
        hint = "A lognormal error knows only values above 0; take `normal`."
        hint = "Counts are whole numbers from 0." if error == "poisson" else hint
        reader.say(value, f"series `{name}` has the value {bad.value:g} ({place})", hint)
    given = table.units.get(name, "")
    if given and isinstance(unit, Unit) and error != "poisson":
        try:
            same = units.parse(given).same(unit)
        except units.UnitError:
            same = False
        if not same:
            hint = "Units are not converted: give the table the unit of the variable."
            reader.say(value, f"series `{name}` is in `{given}`, the variable in `{unit}`", hint)
    return rows


def _possible(value: float, error: str) -> bool:
    """Whether a value can come about with such an error."""
    if error == "poisson":
        return value >= 0 and value == int(value)
    return error != "lognormal" or value > 0
