"""`model` and `horizon`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from offramp import keys
from offramp.model import Model, Source
from offramp.reader import Fields, Reader
from offramp.source import Scalar

MAX_STEPS = 600


@dataclass(frozen=True, slots=True)
class Head:
    name: str = "model"
    title: str = ""
    summary: str = ""
    illustrative: bool = False
    sources: tuple[Source, ...] = ()


def read_model(reader: Reader, file: Fields) -> Head:
    """The section `model`; its sources and `illustrative` go to the reader for all others."""
    value = file.value("model")
    fields = reader.fields(file.at("model"), value, keys.MODEL, "`model`") if value is not None else None
    if fields is None:
        # Without its sources nothing can be said about them: do not ask for any.
        reader.illustrative = True
        return Head()
    sources = []
    for key, inner in reader.entries(fields, "sources"):
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", key.text) is None:
            reader.say(
                key,
                f"`{key.text[:60]}` cannot be the key of a source",
                "Keys are letters, digits, `-` and `_`, and begin with a letter.",
            )
        source = reader.fields(key, inner, keys.SOURCE)
        if source is not None:
            sources.append(Source(key.text, *(source.text(k) for k in ("title", "date", "url", "note"))))
    reader.source_keys = tuple(s.key for s in sources)
    reader.illustrative = fields.flag("illustrative")
    name = fields.text("name")
    at = fields.value("name")
    if isinstance(at, Scalar) and name and re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) is None:
        reader.say(
            at,
            f"`{name[:60]}` cannot be the name of a model",
            "Names are small letters, digits, `-` and `_`.",
        )
    return Head(
        name,
        fields.text("title") or name,
        fields.text("summary"),
        reader.illustrative,
        tuple(sources),
    )


def read_horizon(reader: Reader, file: Fields) -> tuple[Model, bool]:
    """The section `horizon` as an empty model that can count its dates, and whether it was right."""
    before = len(reader.problems)
    start, steps = date(2000, 1, 1), 1
    step: Literal["month", "week"] = "month"
    value = file.value("horizon")
    fields = (
        reader.fields(file.at("horizon"), value, keys.HORIZON, "`horizon`") if value is not None else None
    )
    if fields is not None:
        start = fields.day("start") or start
        step = "week" if fields.choice("step") == "week" else "month"
        steps = fields.integer("steps", 1, MAX_STEPS, 1)
        at = fields.value("start")
        if step == "month" and start.day > 28 and at is not None:
            reader.say(
                at,
                f"monthly steps cannot start on day {start.day}: not every month has one",
                "Start on day 1 to 28, or use `step: week`.",
            )
            start = start.replace(day=28)
        if at is not None and not 1 < start.year < 9900:
            reader.say(at, f"the year {start.year} is out of reach", "Years run from 2 to 9899.")
            start = date(2000, 1, 1)
    calendar = Model("", "", "", (), start, step, steps, (), ())
    return calendar, value is not None and len(reader.problems) == before
