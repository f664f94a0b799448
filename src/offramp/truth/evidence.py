"""What was known of a crisis on a day, as numbers to hold runs against.

`Record` is the only way by which evidence reaches a calibration or a forecast, and it is made of what was
known on or before one day. docs/reference/model-file.md, "evidence", says what is compared with what.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from offramp.engine.inputs import Bools, Floats
from offramp.engine.outputs import Outputs, Status
from offramp.engine.within import Paths, happened
from offramp.errors import UsageError
from offramp.model import DAYS_PER_MONTH, Evidence, Model, Row, latest
from offramp.truth import counts
from offramp.truth.observed import KnownSteps, known_of
from offramp.windows import Instant, Window, between, come_by, place_in

_HALF_LOG_TAU = 0.5 * np.log(2 * np.pi)
# A count or variable of 0 where something was published: unlikely, not impossible beyond recovery.
_TINY = 1e-12
ANYTHING = (-np.inf, np.inf)


def known_by(evidence: Evidence, until: date) -> tuple[Row, ...]:
    """The rows of a series that could be known on a day, of those that replace one another the last.

    The only filter there is.
    """
    return latest(row for row in evidence.rows if row.known <= until)


def last_day(model: Model) -> date:
    """The last day of which evidence says anything: by then all of it is known."""
    known = [row.known for e in model.evidence for row in e.rows]
    counted = [e.end for e in model.evidence if e.counts and e.end is not None]
    return min(max([*known, *counted], default=model.dates[-1]), model.dates[-1])


@dataclass(frozen=True, slots=True)
class Point:
    """One comparison of a run with what was published.

    Attributes
    ----------
    day : that it describes; of periods and windows the last
    weights : (time), what is read of the path of a variable where it is straight between dates
    window : of a count, or the time over which a variable is read; of a day it has no length
    """

    evidence: Evidence
    day: date
    known: date
    value: float
    window: Window
    weights: tuple[tuple[int, float], ...] = ()
    lines: tuple[int, ...] = ()  # of the rows in their table

    @property
    def steps(self) -> tuple[float, float]:
        """Where a window of counts begins and ends, in steps from the start; of a variable 0 and 0."""
        if self.weights:
            return 0, 0
        first, last = (w.steps if w.part else w.step for w in (self.window.start, self.window.end))
        return first, last


class Record:
    """All that was known of a model's crisis by the end of a day.

    Parameters
    ----------
    model : a model with evidence
    until : the day

    Raises
    ------
    UsageError
        If the model has no evidence, or `until` lies before its start.

    Attributes
    ----------
    points : what runs are compared with, in order of the day on which it was known
    steps : steps that have to be played to compare
    """

    def __init__(self, model: Model, until: date) -> None:
        if not model.evidence:
            raise UsageError(
                f"model `{model.name}` names no evidence to be held against. Add a section `evidence`: "
                "docs/reference/model-file.md."
            )
        if until < model.start:
            raise UsageError(
                f"on {until} nothing of `{model.name}` has happened: it begins on {model.start}."
            )
        self.model, self.until = model, min(until, model.dates[-1])
        self.steps = self.place.whole
        self.points = tuple(sorted(self._points(), key=lambda p: (p.known, p.day)))

    @cached_property
    def place(self) -> Instant:
        """Where the day lies among the steps."""
        return place_in(self.model.dates, self.until)

    @cached_property
    def known(self) -> KnownSteps:
        """What it knows of single steps, with which runs are played."""
        return known_of(self.model, [(p.evidence, p.window, p.value) for p in self.points])

    @cached_property
    def hash(self) -> str:
        """SHA-256 of every point: two records with the same say the same."""
        points = [
            [p.evidence.name, p.day.isoformat(), p.known.isoformat(), p.value, p.weights, p.steps]
            for p in self.points
        ]
        return hashlib.sha256(json.dumps(points).encode()).hexdigest()

    def log_likelihood(self, outputs: Outputs) -> Floats:
        """Log-density of all points given each run: (run,), minus infinity where a run cannot be.

        Runs are those played with what the record knows of single steps (`known`).

        A run cannot be what happened if it failed, or if an outcome that ends runs came before the day: the
        crisis is known to have gone on.
        """
        total = self.by_point(outputs).sum(axis=1)
        return np.where(self.possible(outputs), total, -np.inf)

    def possible(self, outputs: Outputs) -> Bools:
        """Runs that have not failed and still go on: (run,)."""
        ended = np.zeros(len(outputs.status), dtype=np.bool_)
        for i, outcome in enumerate(self.model.outcomes):
            if outcome.absorbing:
                ended |= come_by(outputs.outcome[:, i], outputs.outcome_part[:, i], self.place)
        fine: Bools = (outputs.status == Status.OK) & ~ended
        return fine

    def by_point(self, outputs: Outputs) -> Floats:
        """Log-density of each point given each run and the points of its series before it: (run, point)."""
        simulated = self.simulated(outputs)
        result = np.empty_like(simulated)
        for i, point in enumerate(self.points):
            result[:, i] = log_density(point.evidence, point.value, simulated[:, i], self._months(point))
        self.known.log_density(outputs, result)
        for which, root in self._lasting.values():
            off, spread = self._off(which, simulated)
            alone = np.linalg.solve(root, off.T).T
            density = -0.5 * alone**2 - np.log(np.diag(root)) - spread - _HALF_LOG_TAU
            result[:, which] = np.where(np.isfinite(density), density, -np.inf)
        return result

    def carried(self, evidence: Evidence, day: date, outputs: Outputs) -> tuple[Floats, float]:
        """What is known of the error of a series on a later day, from how far each run has been off so far.

        Errors that last are a stationary Gaussian process (docs/reference/model-file.md, "evidence"), so
        this is its conditional mean and standard deviation, in standard deviations of the error.

        Returns
        -------
        (run,) means, and the standard deviation that they share; 0 and 1 where nothing lasts or is known
        """
        which, _ = self._lasting.get(evidence.name, ([], None))
        if not which:
            return np.zeros(len(outputs.status)), 1.0
        days = [*self._days(which), day]
        between = correlation(evidence, days)
        weights = np.linalg.solve(between[:-1, :-1], between[:-1, -1])
        off, _ = self._off(which, self.simulated(outputs))
        left = 1.0 - float(weights @ between[:-1, -1])
        return np.asarray(off @ weights), float(np.sqrt(max(0.0, left)))

    def simulated(self, outputs: Outputs) -> Floats:
        """What each run has where something was published: (run, point), without error."""
        result = np.empty((len(outputs.status), len(self.points)))
        paths = Paths(self.model, outputs)
        for i, point in enumerate(self.points):
            observed = point.evidence.observes
            if point.evidence.kind == "variable":
                with np.errstate(invalid="ignore"):
                    result[:, i] = self._read(observed, point, paths)
            else:
                result[:, i] = happened(self.model, outputs, observed, point.window)
        return result

    def _read(self, variable: str, point: Point, paths: Paths) -> Floats:
        """What each run has of a variable: (run,)."""
        start, end = point.window.start, point.window.end
        if any(paths.jumps(variable, k) for k in range(start.step, end.step + 1)):
            return paths.mean(variable, point.window)
        path = paths.path(variable)
        return np.asarray(sum(weight * path[:, k] for k, weight in point.weights))

    def replicated(self, outputs: Outputs, rng: np.random.Generator, *, known: date | None = None) -> Floats:
        """What would have been published of each run, with errors: (run, point).

        Parameters
        ----------
        outputs : runs as long as the record
        rng : for the errors
        known : what was known by this day is given, so that errors which last go on from there
        """
        simulated = self.simulated(outputs)
        result = np.empty_like(simulated)
        within = [
            published_range(self.model, point.evidence, simulated[:, i], known or self.until)
            for i, point in enumerate(self.points)
        ]
        for i, point in enumerate(self.points):
            result[:, i] = with_error(
                point.evidence, simulated[:, i], self._months(point), rng, within=within[i]
            )
        for name, (which, _) in self._lasting.items():
            evidence = next(e for e in self.model.evidence if e.name == name)
            given = [i for i in which if known is not None and self.points[i].known <= known]
            later = [i for i in which if i not in given]
            order = given + later
            root = np.linalg.cholesky(correlation(evidence, self._days(order)))
            off, _ = self._off(order, simulated)
            alone = rng.standard_normal(off.shape)
            if given:
                n = len(given)
                alone[:, :n] = np.linalg.solve(root[:n, :n], off[:, :n].T).T
            error = alone @ root.T
            for k, i in enumerate(order):
                if i in given:
                    continue
                result[:, i] = np.clip(off_by(evidence, simulated[:, i], error[:, k]), *within[i])
        return result

    @cached_property
    def _lasting(self) -> dict[str, tuple[list[int], Floats]]:
        """Series whose errors last: the places of their points, and a root of their correlation."""
        found: dict[str, tuple[list[int], Floats]] = {}
        for evidence in self.model.evidence:
            which = [i for i, p in enumerate(self.points) if p.evidence.name == evidence.name]
            if evidence.lasting and which:
                root = np.asarray(np.linalg.cholesky(correlation(evidence, self._days(which))), np.float64)
                found[evidence.name] = which, root
        return found

    def _days(self, which: Sequence[int]) -> list[date]:
        return [self.points[i].day for i in which]

    def _off(self, which: Sequence[int], simulated: Floats) -> tuple[Floats, Floats]:
        """How far published values are off, in standard deviations, and the logarithms of these."""
        both = [residual(self.points[i].evidence, self.points[i].value, simulated[:, i]) for i in which]
        return np.stack([off for off, _ in both], axis=1), np.stack([spread for _, spread in both], axis=1)

    def _months(self, point: Point) -> float:
        return point.window.length * self.model.step_length

    def _points(self) -> Iterator[Point]:
        for evidence in self.model.evidence:
            rows = known_by(evidence, self.until)
            if evidence.kind == "variable":
                yield from self._of_variable(evidence, rows)
            else:
                yield from self._of_count(evidence, rows)

    def _of_variable(self, evidence: Evidence, rows: tuple[Row, ...]) -> Iterator[Point]:
        start = evidence.start or self.model.start
        end = evidence.end or date.max
        for row in rows:
            last = row.until or row.day
            if not (start <= row.day and last < end and row.day >= self.model.start):
                continue
            # A period ends with its last day: at the beginning of the next.
            to = row.day if row.until is None else row.until + timedelta(days=1)
            if to > self.model.date_of(self.steps):
                continue
            window = between(self.model.dates, row.day, to)
            weights = self._weights(row.day, to)
            yield Point(evidence, last, row.known, row.value, window, weights, (row.line,))

    def _weights(self, day: date, to: date) -> tuple[tuple[int, float], ...]:
        """What to take of each recorded date for the mean of the path, straight between dates.

        A day is read from the two dates around it. The mean over a period is the integral of the straight
        lines, so weights are the integrals of their hat functions.
        """
        dt = self.model.step_length
        a, b = self.model.months_at(day) / dt, self.model.months_at(to) / dt
        if b <= a:
            k = min(int(a), self.steps - 1) if self.steps else 0
            part = a - k
            return tuple((i, w) for i, w in ((k, 1 - part), (k + 1, part)) if w > 0)
        return tuple(
            (k, w)
            for k in range(int(a), min(int(np.ceil(b)), self.steps) + 1)
            if (w := (_hat(b - k) - _hat(a - k)) / (b - a)) > 0
        )

    def _of_count(self, evidence: Evidence, rows: tuple[Row, ...]) -> Iterator[Point]:
        periods = [row for row in rows if row.last > row.day]
        over = min(self.until, evidence.end or date.max)
        for row in periods:
            stop = row.last + timedelta(days=1)
            if (
                (evidence.start or self.model.start) <= row.day
                and self.model.start <= row.day
                and stop <= over
            ):
                window = between(self.model.dates, row.day, stop)
                yield Point(evidence, row.last, max(stop, row.known), row.value, window, lines=(row.line,))
        for window in self._windows(evidence):
            if any(row.day <= window.last and window.first <= row.last for row in periods):
                continue  # how many of a period came in a part of it, nobody says
            here = [row for row in rows if window.first <= row.day <= window.last]
            end = min(self.until, window.last + timedelta(days=1))
            known = max([end, *(row.known for row in here)])
            lines = tuple(sorted(row.line for row in here))
            yield Point(evidence, window.last, known, sum(r.value for r in here), window, lines=lines)

    def _windows(self, evidence: Evidence) -> Iterator[Window]:
        """The windows over which a series is counted.

        Steps that are over, so many together as the series says, from the first that begins on its first day
        or after it. Where steps are counted one by one, the parts of steps that the series or what is known
        begin and end with count too: of the day of knowledge itself what is known.
        """
        dates = self.model.dates
        start = max(evidence.start or dates[0], dates[0])
        stop = min(evidence.end or dates[-1], dates[-1])
        if stop <= start or self.until <= start:
            return
        first, over = place_in(dates, start), place_in(dates, min(stop, self.until))
        alone = evidence.window == 1
        if alone and first.part and first.step < over.step:
            yield between(dates, start, dates[first.step + 1])
        for k in range(first.whole, over.step - evidence.window + 1, evidence.window):
            yield between(dates, dates[k], dates[k + evidence.window])
        if alone and over.part:
            begin = max(start, dates[over.step])
            if stop <= self.until:
                yield between(dates, begin, stop)
            else:
                window = between(dates, begin, self.until)
                yield window._replace(last=self.until)


def log_density(evidence: Evidence, value: float, simulated: Floats, months: float = 1.0) -> Floats:
    """Log-density of a published value where a run has `simulated`: (run,).

    Raises nothing: a run without a finite value has minus infinity.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if evidence.counts:
            found = counts.log_density(evidence, value, simulated, months)
        else:
            off, spread = residual(evidence, value, simulated)
            found = -0.5 * off**2 - spread - _HALF_LOG_TAU
    return np.where(np.isfinite(found), found, -np.inf)


def residual(evidence: Evidence, value: float, simulated: Floats) -> tuple[Floats, Floats]:
    """How far a published value is off what runs have, in standard deviations of its error: (run,), (run,).

    The second is the logarithm of the density's scale: of the standard deviation, and for a lognormal error
    of `share` times the value.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if evidence.error == "lognormal":
            off = (np.log(value) - np.log(np.maximum(simulated, _TINY))) / evidence.share
            return off, np.full_like(off, np.log(evidence.share * value))
        sd = np.maximum(np.hypot(evidence.sd, evidence.share * simulated), _TINY)
        return (value - simulated) / sd, np.log(sd)


def off_by(evidence: Evidence, simulated: Floats, error: Floats) -> Floats:
    """What is published where runs have `simulated` and the error is so many standard deviations: (run,)."""
    if evidence.error == "lognormal":
        return np.asarray(np.maximum(simulated, _TINY) * np.exp(evidence.share * error))
    return np.asarray(simulated + np.hypot(evidence.sd, evidence.share * simulated) * error)


def correlation(evidence: Evidence, days: Sequence[date]) -> Floats:
    """Correlation of the errors of a series on different days: (day, day).

    `lasting` is the share of their variance that lasts and fades as exp(-t / lasts), an Ornstein-Uhlenbeck
    process; the rest is new each time. Such a discrepancy between a model and what it is a model of follows
    Kennedy and O'Hagan (2001, Journal of the Royal Statistical Society B 63).
    """
    at = np.array([day.toordinal() for day in days]) / DAYS_PER_MONTH
    apart = np.abs(at[:, None] - at)
    between = evidence.lasting * np.exp(-apart / (evidence.lasts or np.inf))
    return np.asarray(between + (1.0 - evidence.lasting) * np.eye(len(at)))


def with_error(
    evidence: Evidence,
    simulated: Floats,
    months: float,
    rng: np.random.Generator,
    carried: tuple[Floats, float] | None = None,
    within: tuple[float, float] = ANYTHING,
) -> Floats:
    """Values as they might be published where runs have `simulated`: (run,).

    Parameters
    ----------
    evidence : the series
    simulated : (run,)
    months : length of the window of a count
    rng : for the errors
    carried : what is known of the errors, from `Record.carried`; nothing by default
    within : what can be published, from `published_range`; errors that lead beyond are held at its ends
    """
    if evidence.counts:
        return counts.drawn(evidence, simulated, months, rng)
    mean, sd = carried if carried is not None else (0.0, 1.0)
    return np.clip(off_by(evidence, simulated, mean + sd * rng.standard_normal(len(simulated))), *within)


def published_range(
    model: Model, evidence: Evidence, simulated: Floats, known: date | None = None
) -> tuple[float, float]:
    """Lowest and highest figure that can be published of what a series observes: decision 0027.

    The bounds of the variable. Where it has none, nothing below 0 is published of what neither any run nor
    any row known by a day has below 0.

    Parameters
    ----------
    simulated : (run,), of that day
    known : rows known by then count; none by default
    """
    if evidence.kind != "variable":
        return ANYTHING
    variable = next(v for v in model.variables if v.name == evidence.observes)
    if variable.bounds is not None:
        return variable.bounds
    rows = () if known is None else known_by(evidence, known)
    below = bool((simulated < 0).any()) or any(row.value < 0 for row in rows)
    return ANYTHING if below else (0.0, np.inf)


def _hat(x: float) -> float:
    """Integral of the hat function 1 - |t| from minus infinity to x."""
    if x <= -1:
        return 0.0
    if x >= 1:
        return 1.0
    return 0.5 * (1 + x) ** 2 if x < 0 else 1 - 0.5 * (1 - x) ** 2
