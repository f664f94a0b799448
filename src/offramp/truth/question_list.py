"""A list of questions as a file: read with every problem at its line and column."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path

from offramp.errors import ModelError, Problem, UsageError
from offramp.given import did_you_mean
from offramp.language.fields import Fields
from offramp.language.keys import Key, KeyTable
from offramp.language.reader import Reader, shape
from offramp.language.sections.evidence import Tables, rows_of, table_of
from offramp.language.sections.names import check_name
from offramp.language.source import Scalar, Sequence, Value
from offramp.language.tables import DataTable
from offramp.language.units import UNKNOWN
from offramp.language.yaml_reader import MAX_BYTES, read
from offramp.model import Row
from offramp.truth.asked import bins, closings, joined, made_of_others, number, thresholds
from offramp.truth.horizons import UNITS, Horizon, read_horizon
from offramp.truth.questions import COMBINED, FORMS, THRESHOLDS, ForecastQuestion, Questions

HORIZONS = (Horizon(1), Horizon(3), Horizon(6), Horizon(12))
_MOST_QUESTIONS = 500
_MOST_ORIGINS = 400
_MOST_EDGES = 20
_MOST_CLOSINGS = 60

ORIGINS = KeyTable(
    "origins",
    (
        Key("from", "date", "The first day at which to ask.", required=True),
        Key("until", "date", "The last day at which to ask.", required=True),
        Key("months", "integer", "Months between two days; 3 if nothing is said."),
        Key("weeks", "integer", "Weeks between two days."),
        Key("days", "integer", "Days between two days."),
    ),
    apart=True,
)
OF = KeyTable(
    "what a question asks for",
    (
        Key("happens", "names", "Events, ACTOR/ACTION or LADDER/RUNG: does any of them come?"),
        Key("count", "names", "The same: how often do they come?"),
        Key("level", "text", "A variable: its value at the end."),
        Key("reaches", "text", "A variable: does it reach `at_least`?", needs="at_least"),
        Key("grows", "text", "A variable that counts: does it grow by one or more?"),
        Key("ends", "text", "An outcome that ends a run: does it come?"),
        Key("above", "number", "With `level` or `count`: is it above this?", only_with=("level", "count")),
        Key("below", "number", "With `level` or `count`: is it below this?", only_with=("level", "count")),
        Key("at_least", "number", "With `reaches`: this much.", only_with=("reaches",)),
        Key(
            "bins",
            "list",
            "With `level` or `count`: edges of the bins it may fall in.",
            only_with=("level", "count"),
        ),
    ),
    apart=True,
)
SEEN = KeyTable(
    "what resolves a question",
    (
        Key(
            "data",
            "text",
            "A table that comes with offramp, or a CSV file in the same folder or below.",
            True,
        ),
        Key("series", "text", "Which series of the table.", True),
        Key("holds", "flag", "The last row holds until the next, as facts do."),
        Key(
            "from",
            "date",
            "The table is whole from this day on; the first day that it has something of if left out.",
        ),
        Key("until", "date", "The table is whole up to this day; the last day known in it if left out."),
        Key("incidents", "flag", "With `reaches`: a row says that it came, whatever its number."),
    ),
    apart=True,
)
BASE_RATE = KeyTable(
    "a base rate",
    (
        Key("per_year", "number", "How often a year.", True),
        Key("source", "text", "Where that comes from.", True),
    ),
    apart=True,
)
QUESTION = KeyTable(
    "a question",
    (
        Key("title", "text", "What is asked, for readers."),
        Key("topic", "text", "What it belongs to."),
        Key("of", "table", "What a model answers with.", of=OF),
        Key("seen", "table", "What resolves it.", of=SEEN),
        Key("all_of", "names", "In place of `of`: yes-or-no questions of the list. Do all of them come?"),
        Key("any_of", "names", "The same: does any of them come?"),
        Key("first_of", "names", "The same: which of them comes first, or none?"),
        Key("given", "text", "A yes-or-no question of the list: void unless it comes in the same time."),
        Key("void_if", "text", "A yes-or-no question of the list: void if it comes in the same time."),
        Key("closes", "names", "A day, or several: asked up to it on every day before."),
        Key("base_rate", "table", "How often it comes by data on other crises.", of=BASE_RATE),
    ),
    apart=True,
)
LIST = KeyTable(
    "a list of questions",
    (
        Key("model", "text", "The model that it was written for."),
        Key("origins", "table", "At which days to ask.", True, ORIGINS),
        Key(
            "horizons",
            "list",
            "Months ahead (`3`), `1 week`, `10 days`; 1, 3, 6 and 12 if left out.",
        ),
        Key("held_out", "date", "Answers from this day on are scored apart from those before."),
        Key("questions", "named", "What is asked.", True, QUESTION),
    ),
    apart=True,
)


def bundled_questions() -> tuple[str, ...]:
    """Names of the lists that come with offramp."""
    folder = resources.files("offramp.crises") / "questions"
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def load_questions(name: str) -> Questions:
    """Read a list of questions: a bundled one by name, or a YAML file, with its tables beside it.

    Raises
    ------
    UsageError
        If there is none, or it cannot be read.
    ModelError
        With every problem found in it.
    """
    if name in bundled_questions():
        file, folder = f"{name}.yaml", None
        data = (resources.files("offramp.crises") / "questions" / file).read_bytes()
    else:
        file, folder = name, Path(name).parent
        try:
            with Path(name).open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            there = ", ".join(bundled_questions())
            hint = did_you_mean(name, bundled_questions())
            raise UsageError(
                f"there is no list of questions `{name}` ({error.strerror}). Bundled: {there}. {hint}".strip()
            ) from error
    if not data.strip():
        hint = "A list of questions has `origins` and `questions`."
        raise ModelError([Problem(file, 1, 1, "the file is empty", hint=(hint,))])
    found = _listed(Reader(read(data, file, folder)), Path(name).stem, data)
    return found if folder is None else replace(found, file=name)


def _listed(reader: Reader, name: str, data: bytes) -> Questions:
    root = reader.source.root
    top = Fields(reader, Scalar("", 1, 1), root, LIST, "the list")
    top.check_keys()
    read_so_far: Tables = {}
    entries = tuple(top.entries("questions"))
    if top.has("questions") and not entries:
        reader.say(top.at("questions"), "the list asks nothing", "Write at least one question.")
    if len(entries) > _MOST_QUESTIONS:
        reader.say(top.at("questions"), f"{len(entries)} questions; {_MOST_QUESTIONS} is the most")
        raise reader.error()
    waiting: list[tuple[Fields, ForecastQuestion]] = []
    for key, value in entries:
        check_name(reader, key)
        fields = Fields.read(reader, key, value, QUESTION)
        if fields is not None:
            question = _question(reader, fields, read_so_far)
            if question is not None:
                waiting.append((fields, question))
    found = joined(reader, waiting)
    origins, horizons = _origins(reader, top), _horizons(reader, top)
    model, held_out = top.text("model"), top.day("held_out")
    if not reader.clean():
        raise reader.error()
    digest = hashlib.sha256(data)
    for _, table in sorted(read_so_far.items()):
        digest.update(table.hash.encode() if table is not None else b"")
    return Questions(
        name, model, tuple(found), origins, horizons, digest.hexdigest(), held_out, reader.source
    )


def _question(reader: Reader, fields: Fields, read_so_far: Tables) -> ForecastQuestion | None:
    combined = [form for form in COMBINED if fields.has(form)]
    if combined:
        return made_of_others(reader, fields, combined)
    for name in ("of", "seen"):
        if not fields.meant(name):
            hint = "Or `all_of`, `any_of` or `first_of` other questions of the list."
            reader.say(fields.key, f"`{fields.key.text[:60]}` has no `{name}`", hint)
    of = Fields.read(reader, fields.at("of"), fields.value("of"), OF) if fields.has("of") else None
    seen = Fields.read(reader, fields.at("seen"), fields.value("seen"), SEEN) if fields.has("seen") else None
    if of is None or seen is None:
        return None
    form, targets = _form_and_targets(reader, of)
    numbers, relative = thresholds(reader, of, form)
    _check_thresholds(reader, of, form)
    edges = bins(reader, of, form)
    holds, incidents = seen.flag("holds"), seen.flag("incidents")
    if incidents:
        _check_incidents(reader, seen, form)
    table = table_of(reader, seen, read_so_far)
    first, until = _coverage(reader, seen, table)
    counted = not holds and form in ("happens", "count")
    rows: tuple[Row, ...] = rows_of(reader, seen, table, UNKNOWN, counted)
    per_year, source = _base_rate(reader, fields)
    if not form:
        return None
    return ForecastQuestion(
        name=fields.key.text,
        title=fields.text("title") or fields.key.text,
        form=form,
        targets=tuple(t.text.strip() for t in targets),
        series=seen.text("series"),
        table=seen.text("data"),
        holds=holds,
        incidents=incidents,
        covers=first or date.min,
        covered=until or date.max,
        base_rate=per_year,
        base_source=source,
        rows=rows,
        topic=fields.text("topic"),
        places=targets,
        limits=tuple((n, at) for n in THRESHOLDS if isinstance(at := of.value(n), Scalar)),
        relative=relative,
        bins=edges,
        closes=closings(reader, fields),
        above=numbers["above"],
        below=numbers["below"],
        at_least=numbers["at_least"],
    )


def _coverage(reader: Reader, seen: Fields, table: DataTable | None) -> tuple[date | None, date | None]:
    """The first and the last day of which a table tells what came and what did not."""
    first, until = seen.day("from"), seen.day("until")
    if first is not None and until is not None and until < first:
        reader.say(seen.at("until"), f"`until` ({until}) is before `from` ({first})")
    if table is None:
        return first, until
    return first or table.first_day, until or table.last_known


def _check_incidents(reader: Reader, seen: Fields, form: str) -> None:
    """Note `incidents` where the form reads rows otherwise."""
    if form and form != "reaches":
        what = "is read in levels" if form == "level" else "counts rows as incidents as it is"
        reader.say(seen.at("incidents"), f"`incidents` goes with `reaches`; `{form}` {what}")
    elif seen.flag("holds"):
        reader.say(seen.at("incidents"), "`incidents` and `holds` together", "A row is one or the other.")


def _form_and_targets(reader: Reader, of: Fields) -> tuple[str, tuple[Scalar, ...]]:
    """The form of a question and what it asks for; an empty form after a problem."""
    given = [f for f in FORMS if of.has(f)]
    if len(given) != 1:
        what = f"both `{given[0]}` and `{given[1]}`" if given else "nothing"
        reader.say(
            of.at(given[1]) if given else of.key,
            f"a question asks for one thing, and this for {what}",
            f"`of` has one of {', '.join(FORMS)}.",
        )
        return "", ()
    value = of.value(given[0])
    some = value.items if isinstance(value, Sequence) and given[0] in ("happens", "count") else (value,)
    targets = [t for t in some if isinstance(t, Scalar) and not t.is_null]
    if len(targets) != len(some) or not targets:
        wanted = "a name, or a list of names" if given[0] in ("happens", "count") else "a name"
        at: Value = value if value is not None else of.key
        reader.say(at, f"`{given[0]}` must be {wanted}, not {shape(at)}")
        return "", ()
    return given[0], tuple(targets)


def _check_thresholds(reader: Reader, of: Fields, form: str) -> None:
    """Note thresholds that the form has no use for, or lacks."""
    if not form:
        return
    home = {k.name: k.only_with for k in of.table.keys}
    for name in of.useless_keys(form):
        reader.say(of.at(name), f"`{name}` goes with `{home[name][0]}`, and this asks `{form}`")
    for name, needs in of.keys_in_need():
        reader.say(of.at(name), f"`{name}` needs `{needs}` beside it", f"`{needs}: 5` asks for 5 or more.")
    if of.has("above") and of.has("below"):
        reader.say(of.at("below"), "`above` and `below` together", "Ask two questions.")


def _base_rate(reader: Reader, question: Fields) -> tuple[float | None, str]:
    if not question.has("base_rate"):
        return None, ""
    fields = Fields.read(reader, question.at("base_rate"), question.value("base_rate"), BASE_RATE)
    if fields is None:
        return None, ""
    rate, value = number(reader, fields, "per_year"), fields.value("per_year")
    if rate is not None and rate < 0 and value is not None:
        reader.say(value, f"`per_year` cannot be below 0, as {rate:g} is")
    return rate, fields.text("source")


def _origins(reader: Reader, top: Fields) -> tuple[date, ...]:
    if not top.has("origins"):
        return ()
    fields = Fields.read(reader, top.at("origins"), top.value("origins"), ORIGINS)
    if fields is None:
        return ()
    first, last, between = fields.day("from"), fields.day("until"), _between(reader, fields)
    if first is None or last is None:
        return ()
    if last < first:
        reader.say(fields.at("until"), f"`until` ({last}) is before `from` ({first})")
        return ()
    if first.day > 28 and between.unit == "month":
        hint = "Take a day up to the 28th, which every month has; or ask every so many `weeks` or `days`."
        reader.say(fields.at("from"), f"not every month has a day {first.day}", hint)
        return ()
    day, found = first, []
    while day <= last:
        found.append(day)
        day = between.after(day)
    if len(found) > _MOST_ORIGINS:
        reader.say(fields.at("until"), f"{len(found)} origins; {_MOST_ORIGINS} is the most")
    return tuple(found)


def _between(reader: Reader, fields: Fields) -> Horizon:
    """How far apart the days are at which is asked."""
    given = [f"{unit}s" for unit in UNITS if fields.has(f"{unit}s")]
    if len(given) > 1:
        reader.say(fields.at(given[1]), f"both `{given[0]}` and `{given[1]}`", "Days are one of them apart.")
    name = given[0] if given else "months"
    number = fields.integer(name, 1, 120 if name == "months" else 500, 3)
    return Horizon(number, next(unit for unit in UNITS if f"{unit}s" == name))


def _horizons(reader: Reader, top: Fields) -> tuple[Horizon, ...]:
    value = top.value("horizons")
    if value is None:
        return HORIZONS
    if not isinstance(value, Sequence) or not value.items:
        hint = "Write `horizons: [1, 6]`, or `[1 week, 10 days]`."
        reader.say(value, f"`horizons` must be a list of months, not {shape(value)}", hint)
        return HORIZONS
    found: list[Horizon] = []
    for item in value.items:
        span = read_horizon(item.text) if isinstance(item, Scalar) else None
        if span is None:
            hint = "Days and weeks are named: `10 days`, `1 week`."
            reader.say(item, f"a horizon is a whole number of months, 1 to 120, not {shape(item)}", hint)
        elif span in found:
            reader.say(
                item, f"the horizon {item.text.strip() if isinstance(item, Scalar) else ''} is there twice"
            )
        else:
            found.append(span)
    return tuple(found)
