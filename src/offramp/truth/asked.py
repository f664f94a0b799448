"""How a question of a list is read: thresholds, bins, days on which it closes, and what it is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence as Several
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any, get_args

from offramp.given import did_you_mean
from offramp.language.fields import Fields
from offramp.language.keys import Key, KeyTable
from offramp.language.reader import Reader, shape
from offramp.language.source import Mapping, Scalar, Sequence, Value
from offramp.truth.horizons import Horizon, read_horizon
from offramp.truth.questions import COMBINED, THRESHOLDS, ForecastQuestion
from offramp.truth.relative import Relative, Than

MOST_EDGES = 20
MOST_CLOSINGS = 60
TIMED = ("happens", "ends", "reaches")  # forms of which one can say when they come

RELATIVE = KeyTable(
    "a threshold that is relative",
    (
        Key(
            "than",
            "choice",
            "What it is compared with.",
            True,
            choices=get_args(Than),
        ),
        Key("over", "text", "With `mean`, `highest`, `lowest`: how long before the day of asking."),
        Key("times", "number", "So many times that; 1 if left out."),
        Key("plus", "number", "And so much more."),
    ),
    apart=True,
)


def number(reader: Reader, fields: Fields, name: str) -> float | None:
    """A plain number, in the unit of what is asked for."""
    value = fields.scalar(name, "a number")
    return None if value is None else _plain(reader, value, f"`{name}`")


def _plain(reader: Reader, value: Value, what: str) -> float | None:
    try:
        found = float(value.text) if isinstance(value, Scalar) else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        hint = "Write it plainly, in the unit of the variable: 1000 or 0.5."
        reader.say(value, f"{what} must be a number, not {shape(value)}", hint)
        return None
    return found


def thresholds(
    reader: Reader, of: Fields, form: str
) -> tuple[dict[str, float | None], tuple[tuple[str, Relative], ...]]:
    """Thresholds that are numbers, and those that are relative."""
    numbers: dict[str, float | None] = {}
    relative = []
    for name in THRESHOLDS:
        value = of.value(name)
        if isinstance(value, Mapping):
            numbers[name] = None
            found = _relative(reader, of.at(name), value, form)
            relative += [] if found is None else [(name, found)]
        else:
            numbers[name] = number(reader, of, name)
    return numbers, tuple(relative)


def _relative(reader: Reader, key: Scalar, value: Mapping, form: str) -> Relative | None:
    fields = Fields.read(reader, key, value, RELATIVE)
    if fields is None or not fields.has("than"):
        return None
    than = fields.choice("than")
    if form and (than == "before") != (form == "count"):
        at = fields.value("than")
        assert at is not None
        what = (
            "`before` goes with `count`"
            if than == "before"
            else f"`{than}` goes with levels, not with `count`"
        )
        hint = "`before` is how often it came in the time just as long before." if form == "count" else ""
        reader.say(at, what, hint)
    over = _over(reader, fields, than)
    times, plus = number(reader, fields, "times"), number(reader, fields, "plus")
    kinds: tuple[Than, ...] = get_args(Than)
    return Relative(
        next(kind for kind in kinds if kind == than), over, 1.0 if times is None else times, plus or 0.0
    )


def _over(reader: Reader, fields: Fields, than: str) -> Horizon | None:
    """How long before the day of asking the readings reach."""
    needed = than in ("mean", "highest", "lowest")
    if not fields.has("over"):
        if needed:
            reader.say(fields.at("than"), f"`{than}` needs `over` beside it", "Write `over: 12 months`.")
            return Horizon(12) if needed else None
        return None
    if not needed:
        reader.say(fields.at("over"), f"`over` goes with `mean`, `highest` or `lowest`, not with `{than}`")
        return None
    value = fields.scalar("over", "a time such as `12 months`")
    span = None if value is None else read_horizon(value.text)
    if value is not None and span is None:
        reader.say(
            value, f"`over` must be months, weeks or days, not {shape(value)}", "Write `over: 12 months`."
        )
    return span or Horizon(12)


def bins(reader: Reader, of: Fields, form: str) -> tuple[float, ...]:
    """Edges of bins, in order."""
    value = of.value("bins")
    if value is None:
        return ()
    for name in ("above", "below"):
        if of.has(name):
            reader.say(of.at(name), f"`{name}` and `bins` together", "Ask two questions.")
    if not isinstance(value, Sequence) or not value.items:
        reader.say(
            value, f"`bins` must be a list of edges, not {shape(value)}", "Write `bins: [10, 20, 40]`."
        )
        return ()
    read = [_plain(reader, item, "an edge") for item in value.items]
    edges = tuple(edge for edge in read if edge is not None)
    if len(edges) < len(read):
        return ()
    for item, (low, high) in zip(value.items[1:], pairwise(edges), strict=True):
        if high <= low:
            reader.say(item, f"edges rise, and {high:g} follows {low:g}")
            return ()
    if len(edges) > MOST_EDGES:
        reader.say(of.at("bins"), f"{len(edges)} edges; {MOST_EDGES} is the most")
    if form == "count":
        for item, edge in zip(value.items, edges, strict=True):
            if edge != round(edge) or edge <= 0:
                reader.say(item, f"a count is a whole number, so its edges are 1 or more, not {edge:g}")
                return ()
    return edges


def closings(reader: Reader, fields: Fields) -> tuple[date, ...]:
    """Days up to which a question is asked."""
    value = fields.value("closes")
    if value is None:
        return ()
    items = value.items if isinstance(value, Sequence) else (value,)
    found: list[date] = []
    for item in items:
        day = _day(reader, item)
        if day is None:
            continue
        if day in found:
            reader.say(item, f"it closes on {day} twice")
        found.append(day)
    if not items:
        reader.say(value, "`closes` names no day", "Write `closes: 2020-12-31`.")
    if len(found) > MOST_CLOSINGS:
        reader.say(fields.at("closes"), f"{len(found)} days; {MOST_CLOSINGS} is the most")
    return tuple(sorted(found))


def _day(reader: Reader, item: Value) -> date | None:
    try:
        return date.fromisoformat(item.text.strip()) if isinstance(item, Scalar) else date.fromisoformat("")
    except ValueError:
        hint = "Write it as 2020-12-31."
        reader.say(item, f"`closes` must be a date, or a list of dates, not {shape(item)}", hint)
        return None


def made_of_others(reader: Reader, fields: Fields, forms: Several[str]) -> ForecastQuestion | None:
    """A question that is made of others, which `joined` finds."""
    for name in (*forms[1:], *(n for n in ("of", "seen", "base_rate") if fields.has(n))):
        reader.say(fields.at(name), f"both `{forms[0]}` and `{name}`", f"`{forms[0]}` needs no other.")
    value = fields.value(forms[0])
    items = value.items if isinstance(value, Sequence) else ()
    targets = tuple(item for item in items if isinstance(item, Scalar) and not item.is_null)
    if len(targets) < 2 or len(targets) != len(items):
        at = fields.at(forms[0]) if value is None else value
        reader.say(at, f"`{forms[0]}` must be a list of two questions or more, not {shape(at)}")
        return None
    names = [t.text.strip() for t in targets]
    for item, name in zip(targets, names, strict=True):
        if names.count(name) > 1:
            reader.say(item, f"`{name}` is there twice")
            return None
    return ForecastQuestion(
        name=fields.key.text,
        title=fields.text("title") or fields.key.text,
        form=forms[0],
        targets=tuple(names),
        series="",
        table="",
        topic=fields.text("topic"),
        places=targets,
        closes=closings(reader, fields),
    )


def joined(reader: Reader, waiting: Several[tuple[Fields, ForecastQuestion]]) -> list[ForecastQuestion]:
    """Questions with the others that they are made of or hang on."""
    known = {question.name: question for _, question in waiting}
    hanging = {question.name for fields, question in waiting if fields.has("given") or fields.has("void_if")}
    found = []
    for fields, question in waiting:
        parts = [
            _other(reader, at, question, known, hanging, question.form)
            for at in (question.places if question.form in COMBINED else ())
        ]
        conditions: dict[str, Any] = {}
        for name in ("given", "void_if"):
            at = fields.scalar(name, "the name of a question")
            conditions[name] = None if at is None else _other(reader, at, question, known, hanging, name)
        found.append(replace(question, parts=tuple(p for p in parts if p is not None), **conditions))
    return found


def _other(
    reader: Reader,
    at: Scalar,
    question: ForecastQuestion,
    known: dict[str, ForecastQuestion],
    hanging: set[str],
    key: str,
) -> ForecastQuestion | None:
    """Another question by its name; None after a problem."""
    name = at.text.strip()
    other = known.get(name)
    if other is None:
        names = [n for n in known if n != question.name]
        hint = did_you_mean(name, names) or (f"There are: {', '.join(names)}." if len(names) <= 12 else "")
        reader.say(at, f"the list has no question `{name[:60]}`", hint)
    elif other is question:
        reader.say(at, f"`{name}` hangs on itself")
    elif other.form in COMBINED:
        reader.say(at, f"`{name}` is itself made of others", "Name those.")
    elif name in hanging:
        reader.say(at, f"`{name}` itself hangs on another question", "Name one that does not.")
    elif other.kind != "binary":
        hint = "Give it `above` or `below`." if other.form in ("level", "count") else ""
        reader.say(at, f"`{name}` is no yes-or-no question", hint)
    elif key == "first_of" and (other.form not in TIMED or other.relative):
        reader.say(at, f"of `{name}` nobody can say when it comes", f"`first_of` takes {', '.join(TIMED)}.")
    else:
        return other
    return None
