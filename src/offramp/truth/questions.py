"""Questions that events answer: what is asked, how a table resolves it, and what a model says.

The list for the United States and Iran is src/offramp/crises/questions/us-iran.yaml; its head says what each
form means. A question is asked of a time after an origin, so it stands for many: every origin and horizon.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import numpy as np

from offramp.engine import within
from offramp.engine.inputs import Floats
from offramp.engine.outputs import Outputs
from offramp.errors import ModelError, Problem, UsageError
from offramp.given import did_you_mean
from offramp.language.source import ParsedModel, Scalar
from offramp.model import Model, Row, latest
from offramp.windows import Window, come_by

Kind = Literal["binary", "count", "continuous"]
# What a question asks for and what resolves it, key by key as a forecast file has it.
Terms = dict[str, str | list[str] | float | bool]
# The share of the way between two readings is only read off where both are this near.
NEAR = timedelta(days=120)
_ANOTHER = 10  # so many problems, and nothing right: the list is for another model
FORMS = ("happens", "count", "level", "reaches", "grows", "ends")
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
    # Where targets and thresholds stand in the list.
    places: tuple[Scalar, ...] = field(default=(), repr=False, compare=False)
    limits: tuple[tuple[str, Scalar], ...] = field(default=(), repr=False, compare=False)

    @property
    def kind(self) -> Kind:
        if self.form == "count":
            return "count"
        return "binary" if self.form in _BINARY or self.has_threshold else "continuous"

    @property
    def has_threshold(self) -> bool:
        return self.above is not None or self.below is not None

    @property
    def counts_rows(self) -> bool:
        """Whether rows of the series are counted, not read."""
        if self.form == "reaches":
            return self.incidents
        return not self.holds and self.form != "level"

    @property
    def terms(self) -> Terms:
        """Everything that says what is asked and what resolves it, but for the rows themselves."""
        thresholds = {n: getattr(self, n) for n in THRESHOLDS}
        return {
            "form": self.form,
            "of": list(self.targets),
            **{n: v for n, v in thresholds.items() if v is not None},
            "data": self.table,
            "series": self.series,
            **{n: True for n in ("holds", "incidents") if getattr(self, n)},
        }

    def passed(self, value: Floats) -> Floats:
        """1 where a level is beyond the threshold."""
        beyond = value > self.above if self.above is not None else value < (self.below or 0.0)
        found: Floats = beyond.astype(np.float64)
        return found

    def answer(self, origin: date, horizon: date, known: date = date.max) -> float | None:
        """What happened, 0 or 1 for yes and no; None where the table does not tell."""
        if self.counts_rows:
            count, whole = self._counted(origin, horizon, known)
            if not whole and not (count and self.form != "count"):
                return None  # that nothing is there does not say that nothing came
            return float(count) if self.form == "count" else float(count > 0)
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
        return float(self.passed(np.array([value]))[0]) if self.has_threshold else value

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
        """What each run answers: (run,), 0 or 1 for yes and no, a count or a level.

        Parameters
        ----------
        window : the time after the origin, up to the horizon
        """
        if self.form in ("happens", "count"):
            total = np.sum([within.happened(model, outputs, t, window) for t in self.targets], axis=0)
            return np.asarray(np.minimum(total, 1.0) if self.form == "happens" else total, dtype=np.float64)
        if self.form == "ends":
            o = [x.name for x in model.outcomes].index(self.targets[0])
            step, part = outputs.outcome[:, o], outputs.outcome_part[:, o]
            came = come_by(step, part, window.end) & ~come_by(step, part, window.start)
            return came.astype(np.float64)
        paths, variable = within.Paths(model, outputs), self.targets[0]
        if self.form == "reaches":
            assert self.at_least is not None
            highest = paths.highest(variable, window)
            if self.holds:  # a fact that holds on the day of asking is there on the days after
                highest = np.maximum(highest, paths.at(variable, window.start))
            return np.asarray(highest >= self.at_least, dtype=np.float64)
        level = paths.at(variable, window.end)
        if self.form == "grows":
            return np.asarray(level - paths.at(variable, window.start) > 0.5, dtype=np.float64)
        return level


@dataclass(frozen=True, slots=True)
class Questions:
    """A list of questions with the origins and horizons at which they are asked."""

    name: str
    model: str
    questions: tuple[ForecastQuestion, ...]
    origins: tuple[date, ...]
    horizons: tuple[int, ...]  # months
    hash: str  # of the list and of the tables that resolve it
    held_out: date | None = None  # answers from this day on are scored apart
    source: ParsedModel | None = field(default=None, repr=False, compare=False)
    file: str = ""  # that it was read from; empty for one that comes with offramp or was made in code

    @property
    def known_as(self) -> str:
        """What it is called on the command line."""
        return self.file or self.name


def check_answers(questions: Questions, model: Model) -> None:
    """Make sure that a model can answer every question, and that the answer is not known beforehand.

    Raises
    ------
    ModelError
        With every question of a file that names something that the model does not have, or asks for a
        threshold that a variable can never pass, or always has.
    UsageError
        The same of questions that were made in code, and where the list is plainly for another model.
    """
    problems: list[Problem] = []
    lost = 0
    for question in questions.questions:
        names, what = _can_be_asked(model, question.form)
        lost += not set(question.targets) & set(names)
        for i, target in enumerate(question.targets):
            if target not in names:
                message = f"`{model.name}` has no {what} `{target[:60]}`"
                hint = did_you_mean(target, names) or (
                    f"There are: {', '.join(names)}." if len(names) <= 12 else ""
                )
                place = question.places[i] if i < len(question.places) else None
                problems += _problem(questions, question, place, message, hint)
        for name, message, hint in _decided_by_bounds(question, model):
            problems += _problem(questions, question, dict(question.limits).get(name), message, hint)
    if len(problems) > _ANOTHER and _is_of_another(questions, model, lost):
        of = f", written for `{questions.model}`," if questions.model else ""
        raise UsageError(
            f"`{model.name}` has nothing that {lost} of the {len(questions.questions)} questions of "
            f"`{questions.name}`{of} ask for. Name a list of questions that are its own: --questions "
            "LIST.yaml."
        )
    if problems:
        raise ModelError(problems)


def _can_be_asked(model: Model, form: str) -> tuple[list[str], str]:
    """What of a model a form of question may ask for, and what that is called."""
    if form in ("happens", "count"):
        acts = [f"{a.name}/{x.name}" for a in model.actors for x in a.actions]
        rungs = [f"{ladder.name}/{rung.name}" for ladder in model.ladders for rung in ladder.rungs]
        return [*(e.name for e in model.events), *acts, *rungs], "event, action or rung"
    if form == "ends":
        return [o.name for o in model.outcomes if o.absorbing], "outcome that ends a run"
    return [v.name for v in model.variables], "variable"


def _problem(
    questions: Questions, question: ForecastQuestion, place: Scalar | None, message: str, hint: str
) -> list[Problem]:
    """A problem at its place in the file of a list.

    Raises
    ------
    UsageError
        Where there is no file, or no place.
    """
    if questions.source is None or place is None:
        raise UsageError(f"question `{question.name}`: {message}. {hint}".strip())
    return [questions.source.problem(place, message, hint)]


def _is_of_another(questions: Questions, model: Model, lost: int) -> bool:
    """Whether a list is plainly for another model, of which `lost` questions find nothing here."""
    other = bool(questions.model) and questions.model != model.name
    return lost == len(questions.questions) or (other and 2 * lost > len(questions.questions))


def _decided_by_bounds(question: ForecastQuestion, model: Model) -> Iterator[tuple[str, str, str]]:
    """Thresholds that the bounds of a variable decide beforehand: name, what is wrong, the likely fix."""
    variable = next((v for v in model.variables if v.name == question.targets[0]), None)
    if variable is None or variable.bounds is None:
        return
    low, high = variable.bounds
    for name in THRESHOLDS:
        asked = getattr(question, name)
        if asked is None:
            continue
        # Whether the least and the greatest value pass: both or neither decides it.
        ends = [_passes(name, end, asked) for end in variable.bounds]
        if ends[0] != ends[1]:
            continue
        words = "at least" if name == "at_least" else name
        often = "always" if ends[0] else "never"
        unit = "" if variable.unit in ("", "dimensionless") else f" {variable.unit}"
        message = f"`{variable.name}` is {often} {words} {asked:g}: its bounds are {low:g} to {high:g}{unit}"
        if high == 1 and low < asked / 100 < high:  # percent of a share
            hint = f"Did you mean `{name}: {asked / 100:g}`? It is in the unit of the variable."
        elif not ends[0] and name == "above" and asked == high:
            hint = f"`reaches` with `at_least: {high:g}` asks whether it gets there."
        else:
            hint = f"Ask for something between {low:g} and {high:g}, or widen the bounds in the model."
        yield name, message, hint


def _passes(name: str, value: float, asked: float) -> bool:
    return {"above": value > asked, "below": value < asked, "at_least": value >= asked}[name]


def _middle(row: Row) -> date:
    """The day for which a row stands: of a period its middle."""
    return row.day if row.until is None else row.day + (row.until - row.day) / 2
