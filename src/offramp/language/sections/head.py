"""`model` and `horizon`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import cast

from offramp.dates import Calendar, Step
from offramp.language import keys
from offramp.language.dates_meant import IRANIAN_YEARS, from_iranian
from offramp.language.fields import Fields
from offramp.language.reader import Reader
from offramp.language.source import Scalar
from offramp.model import Model, Source

MAX_STEPS = 4000  # ten years of days
MAX_SUBSTEPS = 100
LAST_YEAR = 9999  # of dates


@dataclass(frozen=True, slots=True)
class Head:
    """What `model` says."""

    name: str = ""
    title: str = ""
    summary: str = ""
    illustrative: bool = False
    sources: tuple[Source, ...] = ()


def read_model(reader: Reader, file: Fields) -> Head:
    """The section `model`; its sources and `illustrative` go to the reader, for all other sections."""
    value = file.value("model")
    fields = Fields.read(reader, file.at("model"), value, keys.MODEL) if value is not None else None
    if fields is None:
        # Without this section nothing is known of sources: do not ask for any.
        reader.illustrative = True
        return Head()
    sources = []
    for key, inner in fields.entries("sources", "keys of sources"):
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", key.text) is None:
            reader.say(
                key,
                f"`{key.text[:60]}` cannot be the key of a source",
                "Keys are letters, digits, `-` and `_`, from a letter on, without spaces.",
            )
        source = Fields.read(reader, key, inner, keys.SOURCE, f"source `{key.text[:60]}`")
        if source is not None:
            title, day, url, note = (source.text(k) for k in ("title", "date", "url", "note"))
            sources.append(Source(key.text, title, day, url, note, reader.place(key)))
    reader.source_keys = tuple(s.key for s in sources)
    reader.illustrative = fields.flag("illustrative")
    name = fields.text("name")
    at = fields.value("name")
    if at is not None and name and re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", name) is None:
        better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
        reader.say(
            at,
            f"`{name[:60]}` cannot be the name of a model: small letters, digits, `-` and `_`",
            f"Write `{better}`; the `title` may be anything." if better else "The `title` may be anything.",
        )
    return Head(
        name, fields.text("title") or name, fields.text("summary"), reader.illustrative, tuple(sources)
    )


def read_horizon(reader: Reader, file: Fields) -> Model:
    """The section `horizon` as an empty model that can count its dates."""
    start, steps, substeps = date(2000, 1, 1), 1, 1
    step: Step = "month"
    value = file.value("horizon")
    fields = Fields.read(reader, file.at("horizon"), value, keys.HORIZON) if value is not None else None
    if fields is not None:
        reader.dated = fields.day("start") is not None
        start = fields.day("start") or start
        _note_iranian(reader, fields, start)
        word, given = fields.choice("step"), fields.value("step")
        # After a problem no length is as likely as a month.
        step = cast(Step, word) if isinstance(given, Scalar) and given.text == word else step
        before = len(reader.problems)
        steps = fields.integer("steps", 1, MAX_STEPS, 1)
        reader.dated = reader.dated and len(reader.problems) == before
        message, hint = Calendar(start, step).why_no_start()
        at = fields.value("start")
        if message and at is not None:
            reader.say(at, message, hint)
            start = start.replace(day=28)
        if start.year + steps * Calendar(start, step).step_length / 12 > LAST_YEAR:
            reader.say(fields.at("steps"), f"{steps} steps of a {step} end after the year {LAST_YEAR}")
            steps = 1
        substeps = fields.integer("substeps", 1, MAX_SUBSTEPS, 1)
    return Model("", "", "", (), start, step, steps, (), (), substeps=substeps)


def _note_iranian(reader: Reader, fields: Fields, start: date) -> None:
    """Note a start that reads as a day of the Iranian calendar."""
    at = fields.value("start")
    if at is None or start.year not in IRANIAN_YEARS:
        return
    common = from_iranian(start.year, start.month, start.day)
    hint = f"As a day of the Iranian calendar it is {common}: write that. Dates are of the common calendar."
    reader.notes.append(reader.source.problem(at, f"{start} is a day of the year {start.year} here", hint))
