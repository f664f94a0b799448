"""Questions that events answer: what is asked, how a table resolves it, and what a run says.

The list for the United States and Iran is src/offramp/crises/questions/us-iran.yaml; its head says what each
form means. A question is asked of a time after an origin, so it stands for many: every origin and horizon.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from offramp.engine import within
from offramp.engine.inputs import Floats
from offramp.engine.outputs import Outputs
from offramp.language.source import ParsedModel, Scalar
from offramp.model import Model, Row, latest
from offramp.truth.horizons import Horizon
from offramp.truth.relative import Relative
from offramp.windows import Window, come_by

Kind = Literal["binary", "count", "continuous", "choice"]
# What a question asks for and what resolves it, key by key as a forecast file has it.
Terms = dict[str, str | list[str] | float | bool]
# The share of the way between two readings is only read off where both are this near.
NEAR = timedelta(days=120)
FORMS = ("happens", "count", "level", "reaches", "grows", "ends")
COMBINED = ("all_of", "any_of", "first_of")  # made of other questions of the list
THRESHOLDS = ("above", "below", "at_least")
_BINARY = ("happens", "reaches", "grows", "ends")


@dataclass(frozen=True, slots=True)
class ForecastQuestion:
    """One question, to be asked at many origins and horizons.

    Attributes
    ----------
    form : how it is answered; targets : of which events, actions, rungs, variables or outcomes
    above, below : thresholds of a level; at_least : of `reaches`
    table, series : what resolves it; holds : a row stands until the next; incidents : of `reaches`, that a
        row says that it came; covers, covered : the first and the last day of which the table tells what came
        and what did not
    base_rate : per year, from other data, as `base_source` says; None where there is none
    topic : what it belongs to, in words; empty for none
    relative : thresholds that are known when it is asked, by name
    bins : edges of the choices among which a level or count falls, in order; each edge belongs above it
    parts : the yes-or-no questions of which it is made; their order decides where several come first
    given : it is void, and never scored, unless this comes in the same time; void_if : if this does
    closes : it is asked up to these days, whatever the horizons of the list
    """

    name: str
    title: str
    form: str
    targets: tuple[str, ...]
    series: str
    table: str
    holds: bool = False
    incidents: bool = False
    covers: date = date.min
    covered: date = date.max
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    base_rate: float | None = None
    base_source: str = ""
    rows: tuple[Row, ...] = ()
    topic: str = ""
    relative: tuple[tuple[str, Relative], ...] = ()
    bins: tuple[float, ...] = ()
    parts: tuple[ForecastQuestion, ...] = ()
    given: ForecastQuestion | None = None
    void_if: ForecastQuestion | None = None
    closes: tuple[date, ...] = ()
    # Where targets and thresholds stand in the list.
    places: tuple[Scalar, ...] = field(default=(), repr=False, compare=False)
    limits: tuple[tuple[str, Scalar], ...] = field(default=(), repr=False, compare=False)

    @property
    def kind(self) -> Kind:
        if self.bins or self.form == "first_of":
            return "choice"
        if self.form in _BINARY or self.parts or self.has_threshold:
            return "binary"
        return "count" if self.form == "count" else "continuous"

    @property
    def has_threshold(self) -> bool:
        names = [name for name, _ in self.relative]
        return any(getattr(self, n) is not None or n in names for n in ("above", "below"))

    @property
    def options(self) -> tuple[str, ...]:
        """What may come of a question of several choices; none for any other."""
        if self.form == "first_of":
            return (*(part.name for part in self.parts), "none")
        return tuple(bin_names(self.bins, whole=self.form == "count")) if self.bins else ()

    @property
    def conditions(self) -> tuple[tuple[ForecastQuestion, float], ...]:
        """Questions on which it hangs, and what each has to come to for it to count."""
        pairs = ((self.given, 1.0), (self.void_if, 0.0))
        return tuple((question, wanted) for question, wanted in pairs if question is not None)

    @property
    def plain(self) -> ForecastQuestion:
        """The same without conditions."""
        return replace(self, given=None, void_if=None)

    @property
    def counts_rows(self) -> bool:
        """Whether rows of the series are counted, not read."""
        if self.form == "reaches":
            return self.incidents
        return not self.holds and self.form != "level"

    @property
    def terms(self) -> Terms:
        """Everything that says what is asked and what resolves it, but for the rows themselves."""
        found: Terms = {"form": self.form, "of": list(self.targets)}
        found |= {n: v for n in THRESHOLDS if (v := getattr(self, n)) is not None}
        found |= {name: relative.words for name, relative in self.relative}
        if self.bins:
            found["bins"] = [f"{edge:g}" for edge in self.bins]
        if not self.parts:
            found |= {"data": self.table, "series": self.series}
        found |= {n: True for n in ("holds", "incidents") if getattr(self, n)}
        for name, question in (("given", self.given), ("void_if", self.void_if)):
            if question is not None:
                found[name] = question.name
        for other in (*self.parts, *(question for question, _ in self.conditions)):
            found |= {f"{other.name}.{key}": value for key, value in other.terms.items()}
        return found

    def answer(self, origin: date, horizon: date, known: date = date.max) -> float | None:
        """What happened: 0 or 1 for yes and no, a count, a level, or the position of a choice.

        None where the tables do not tell, and where the question is void.
        """
        if any(q.answer(origin, horizon, known) != wanted for q, wanted in self.conditions):
            return None
        if self.parts:
            return self._of_parts(origin, horizon, known)
        asked = self.at_asking(origin, horizon, known)
        value = None if asked is None else asked.found(origin, horizon, known)
        if value is not None and self.bins:
            return float(self.chosen(np.array([value]))[0])
        return value

    def is_void(self, origin: date, horizon: date, known: date = date.max) -> bool:
        """Whether it is never scored: what it hangs on came otherwise, or it has nothing to compare with."""
        for question, wanted in self.conditions:
            came = question.answer(origin, horizon, known)
            if question.is_void(origin, horizon, known) or (came is not None and came != wanted):
                return True
        if any(part.is_void(origin, horizon, known) for part in self.parts):
            return True
        return any(
            r.than not in ("asking", "before") and self._past(r, origin) is None for _, r in self.relative
        )

    def _of_parts(self, origin: date, horizon: date, known: date) -> float | None:
        """Of questions that are made of others."""
        came = [part.answer(origin, horizon, known) for part in self.parts]
        if self.form == "first_of":
            return self._first(came, origin, horizon, known)
        decisive = 0.0 if self.form == "all_of" else 1.0
        if decisive in came:
            return decisive
        return None if None in came else 1.0 - decisive

    def _first(self, came: Sequence[float | None], origin: date, horizon: date, known: date) -> float | None:
        """The position of the part that came first, that of `none` where none did."""
        days = [
            part.came_on(origin, horizon, known) if yes else None
            for part, yes in zip(self.parts, came, strict=True)
        ]
        there = [(day, i) for i, day in enumerate(days) if day is not None]
        if not there:
            return float(len(self.parts)) if all(yes == 0 for yes in came) else None
        day, first = min(there)
        untold = (part for part, yes in zip(self.parts, came, strict=True) if yes is None)
        if any(part.covered < day or part.covers > origin + timedelta(days=1) for part in untold):
            return None
        return float(first)

    def came_on(self, origin: date, horizon: date, known: date = date.max) -> date | None:
        """The first day after the origin, up to the horizon, on which rows say that it came."""
        least = 0.5 if self.at_least is None or self.incidents else self.at_least
        rows = (r for r in self.known_by(known) if r.value >= least)
        return min((day for r in rows if origin < (day := _middle(r)) <= horizon), default=None)

    def at_asking(self, origin: date, horizon: date, known: date = date.max) -> ForecastQuestion | None:
        """The same with thresholds as numbers, as tables tell; None where they do not."""
        found: dict[str, Any] = {}
        for name, relative in self.relative:
            base = self.compared_with(relative, origin, horizon, known)
            if base is None:
                return None
            found[name] = relative.times * base + relative.plus
        return replace(self, relative=(), **found) if found else self

    def compared_with(self, relative: Relative, origin: date, horizon: date, known: date) -> float | None:
        """What a threshold is relative to; None where that is not known by a day."""
        if relative.than == "before":
            before = origin - (horizon - origin)
            return self._counted(before, origin, origin)[0]
        if relative.than == "asking":
            published = self.reading(origin, origin)
            return self.reading(origin, known) if published is None else published
        return self._past(relative, origin)

    def _past(self, relative: Relative, origin: date) -> float | None:
        """The mean, highest or lowest of what was known on a day of the time before it."""
        assert relative.over is not None
        first = relative.over.before(origin)
        values = [r.value for r in self._latest(origin) if first < _middle(r) <= origin]
        if not values:
            return None
        return {"mean": sum(values) / len(values), "highest": max(values), "lowest": min(values)}[
            relative.than
        ]

    def chosen(self, values: Floats) -> Floats:
        """The position of the bin in which each value lies."""
        return np.searchsorted(np.array(self.bins), values, side="right").astype(np.float64)

    def found(self, origin: date, horizon: date, known: date) -> float | None:
        """What came of a question of one form, by rows of its table."""
        if self.counts_rows:
            return self._came(origin, horizon, known)
        if self.form == "reaches":
            return self._reached(origin, horizon, known)
        value = self.reading(horizon, known)
        if value is None:
            return None
        if self.form == "grows":
            before = self.reading(origin, known)
            return None if before is None else float(value - before > 0.5)
        if self.form == "ends":
            return float(value > 0.5)
        return self._beyond(value)

    def _came(self, origin: date, horizon: date, known: date) -> float | None:
        """How often rows say that it came, or whether they do."""
        count, whole = self._counted(origin, horizon, known)
        value = float(count > 0) if self.form != "count" else self._beyond(count)
        # That nothing is there does not say that nothing came; more may still come to what is there.
        certain = self.kind == "binary" and value == (1.0 if self.below is None else 0.0)
        return value if whole or certain else None

    def _beyond(self, value: float) -> float:
        """A value as it is, or whether it is beyond the threshold where there is one."""
        return float(self.decided(np.array([value]))[0]) if self.has_threshold else value

    def known_by(self, day: date) -> tuple[Row, ...]:
        """What was published by a day, of rows that replace one another the last known."""
        return latest(r for r in self.rows if r.known <= day)

    def _counted(self, origin: date, horizon: date, known: date) -> tuple[float, bool]:
        """How much rows count after a day and up to another, and whether that is all there was.

        It is not where the table does not tell of all the time, or where a row is of a period that lies in it
        in part: nobody knows how much came when, unless it was nothing. A period from the first day up to the
        last without it lies in it, as for the model.
        """
        total, whole = 0.0, self.covers <= origin + timedelta(days=1) and horizon <= self.covered
        for row in self.known_by(known):
            if row.last == row.day:
                total += row.value if origin < row.day <= horizon else 0.0
            elif origin <= row.day and row.last < horizon:
                total += row.value
            elif row.value and row.day < horizon and row.last >= origin:
                whole = False
        return total, whole

    def _reached(self, origin: date, horizon: date, known: date) -> float | None:
        """Whether the level was `at_least` so much at any time after the origin, up to the horizon."""
        assert self.at_least is not None
        end = self.reading(horizon, known)
        found = [r.value for r in self._latest(known) if origin < _middle(r) <= horizon]
        found += [v for v in (end, self.reading(origin, known) if self.holds else None) if v is not None]
        if any(v >= self.at_least for v in found):
            return 1.0
        return None if end is None else 0.0

    def _latest(self, known: date) -> list[Row]:
        """What was published by a day, in order of what it describes; of revisions the last."""
        rows = sorted(self.known_by(known), key=lambda r: (_middle(r), r.known))
        return list({_middle(r): r for r in rows}.values())

    def reading(self, day: date, known: date = date.max) -> float | None:
        """The level on a day as published by `known`, or None where no reading is near."""
        levels = {_middle(r): r.value for r in self._latest(known)}
        days = sorted(levels)
        i = bisect_right(days, day)
        if self.holds:
            return levels[days[i - 1]] if i and day <= self.covered else None
        before, after = (days[i - 1] if i else None), (days[i] if i < len(days) else None)
        if before == day:
            return levels[day]
        if before is None or after is None or max(day - before, after - day) > NEAR:
            return None
        part = (day - before) / (after - before)
        return levels[before] + part * (levels[after] - levels[before])

    def last_level(self, day: date) -> tuple[date, float] | None:
        """The latest reading described and known by a day."""
        rows = [r for r in self.known_by(day) if _middle(r) <= day]
        if not rows:
            return None
        row = max(rows, key=lambda r: (_middle(r), r.known))
        return _middle(row), row.value

    def simulated(self, model: Model, outputs: Outputs, window: Window) -> Floats:
        """What each run answers: (run,), 0 or 1 for yes and no, a count, a level or the position of a choice.

        Parameters
        ----------
        window : the time after the origin, up to the horizon
        """
        return self.decided(self.measured(model, outputs, window))

    def measured(self, model: Model, outputs: Outputs, window: Window) -> Floats:
        """What each run holds by which it answers: (run,), a count, a level, the highest one, a growth."""
        if self.form in ("happens", "count"):
            some = [within.happened(model, outputs, target, window) for target in self.targets]
            return np.asarray(np.sum(some, axis=0), dtype=np.float64)
        if self.form == "ends":
            o = [x.name for x in model.outcomes].index(self.targets[0])
            step, part = outputs.outcome[:, o], outputs.outcome_part[:, o]
            came = come_by(step, part, window.end) & ~come_by(step, part, window.start)
            return came.astype(np.float64)
        paths, variable = within.Paths(model, outputs), self.targets[0]
        if self.form == "reaches":
            highest = paths.highest(variable, window)
            # A fact that holds on the day of asking is there on the days after.
            return np.maximum(highest, paths.at(variable, window.start)) if self.holds else highest
        level = paths.at(variable, window.end)
        return level - paths.at(variable, window.start) if self.form == "grows" else level

    def decided(self, values: Floats, thresholds: Mapping[str, float | Floats] | None = None) -> Floats:
        """The answers that measured values give: (run,).

        Parameters
        ----------
        thresholds : in place of those that are numbers, for each run or for all of them
        """
        beyond = dict(thresholds or {})
        beyond |= {n: v for n in THRESHOLDS if n not in beyond and (v := getattr(self, n)) is not None}
        if self.form == "happens":
            return np.asarray(values > 0, dtype=np.float64)
        if self.form == "reaches":
            return np.asarray(values >= beyond["at_least"], dtype=np.float64)
        if self.form == "grows":
            return np.asarray(values > 0.5, dtype=np.float64)
        if "above" in beyond:
            return np.asarray(values > beyond["above"], dtype=np.float64)
        if "below" in beyond:
            return np.asarray(values < beyond["below"], dtype=np.float64)
        return self.chosen(values) if self.bins else values


@dataclass(frozen=True, slots=True)
class Questions:
    """A list of questions with the origins and horizons at which they are asked."""

    name: str
    model: str
    questions: tuple[ForecastQuestion, ...]
    origins: tuple[date, ...]
    horizons: tuple[Horizon, ...]
    hash: str  # of the list and of the tables that resolve it
    held_out: date | None = None  # answers from this day on are scored apart
    source: ParsedModel | None = field(default=None, repr=False, compare=False)
    file: str = ""  # that it was read from; empty for one that comes with offramp or was made in code

    def __post_init__(self) -> None:
        """Whole numbers of months may be given as such."""
        spans = tuple(Horizon(h) if isinstance(h, int) else h for h in self.horizons)
        object.__setattr__(self, "horizons", spans)

    @property
    def known_as(self) -> str:
        """What it is called on the command line."""
        return self.file or self.name

    def ends(self, question: ForecastQuestion, origin: date) -> list[tuple[Horizon | None, date]]:
        """The days up to which a question is asked on a day, and their horizon (None: a day of its own)."""
        if question.closes:
            return [(None, day) for day in question.closes if day > origin]
        return [(span, span.after(origin)) for span in self.horizons]


def _middle(row: Row) -> date:
    """The day for which a row stands: of a period its middle."""
    return row.day if row.until is None else row.day + (row.until - row.day) / 2


def bin_names(edges: Sequence[float], *, whole: bool = False) -> list[str]:
    """What the bins between edges are called: `below 10`, `10 to 20`, `20 or more`.

    Parameters
    ----------
    whole : whether they hold whole numbers from 0 on: `0`, `1 to 2`, `3 or more`
    """
    between = [
        f"{low:g} to {high - whole:g}" if not whole or high - 1 > low else f"{low:g}"
        for low, high in pairwise([0, *edges] if whole else edges)
    ]
    return [*([] if whole else [f"below {edges[0]:g}"]), *between, f"{edges[-1]:g} or more"]
