"""Questions asked at days of the past: what a calibrated model and rules without one predict of each."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from offramp.engine.depths import Engine
from offramp.engine.inputs import Bools, Floats
from offramp.engine.outputs import Outputs, Status
from offramp.engine.within import steps_until
from offramp.model import Evidence, Model
from offramp.runs.how import AS_SUITS, How
from offramp.truth import baselines
from offramp.truth.calibration import Calibration, Sampling, from_prior, futures
from offramp.truth.evidence import Record, published_range, with_error
from offramp.truth.questions import ForecastQuestion, Questions
from offramp.windows import Window, after, come_by

FUTURES = 6  # of each particle, at each origin


@dataclass(frozen=True)
class Prediction:
    """One question at one origin and horizon: what was predicted, and what came.

    Attributes
    ----------
    answer : what came; None where the table does not tell
    by : who predicts -> a probability in an array of one, or a sample of counts or levels
    unit : of a level; empty for all else
    source : the evidence whose error a level has; None for the level of the model itself
    """

    question: ForecastQuestion
    origin: date
    months: int
    resolves: date
    answer: float | None
    by: dict[str, Floats]
    unit: str = ""
    source: str | None = None

    @property
    def binary(self) -> bool:
        return self.question.kind == "binary"

    @property
    def complete(self) -> bool:
        """Whether everyone predicts something: a rule without data has no sample."""
        return all(len(predicted) for predicted in self.by.values())


def predictions(
    questions: Questions,
    calibration: Calibration,
    prior: UncalibratedModel,
    *,
    how: How = AS_SUITS,
    resolve_by: date = date.max,
) -> list[Prediction]:
    """All questions, asked at the day of a calibration.

    Parameters
    ----------
    questions : what to ask, and how many months ahead; horizons beyond the end of the model are left out
    prior : the model before any evidence
    resolve_by : answers known only after this day are kept back
    """
    model, origin = calibration.model, calibration.record.until
    ends = {h: months_after(origin, h) for h in questions.horizons}
    ends = {h: day for h, day in ends.items() if day <= model.dates[-1]}
    if not ends:
        return []
    steps = max(steps_until(model, day) for day in ends.values())
    runs = futures(calibration, steps, per_particle=FUTURES, threads=how.threads)
    # A stream of its own for each origin: the noise of data in what is predicted.
    rng = np.random.Generator(np.random.Philox(key=[calibration.seed, origin.toordinal()]))
    fine = np.asarray(runs.status == Status.OK)
    found = []
    for question in questions.questions:
        source = source_of(question, model)
        for months, day in ends.items():
            window = after(model.dates, origin, day)
            carried = _carried(source, calibration.record, runs, day)
            by = {"model": _predicted(question, model, runs, fine, window, rng, carried, origin)}
            for who, baseline in baselines.BASELINES.items():
                by[who] = baseline(question, model.start, origin, months)
            by["prior_model"] = prior.predicted(question, window, rng)
            found.append(
                Prediction(
                    question, origin, months, day,
                    answer=question.answer(origin, day, resolve_by),
                    by=by,
                    unit=_unit(question, model),
                    source=None if source is None else source.name,
                )
            )  # fmt: skip
    return found


class UncalibratedModel:
    """Runs of a model that knows nothing but what its file says."""

    def __init__(
        self, model: Model, runs: int, seed: int, how: How = AS_SUITS, runner: Engine | None = None
    ) -> None:
        self.model = model
        drawn = from_prior(model, Sampling(particles=runs, chains=1, seed=seed), runner)
        self.runs = futures(drawn, model.steps, threads=how.threads)

    def predicted(self, question: ForecastQuestion, window: Window, rng: np.random.Generator) -> Floats:
        """What runs predict that still went on at the origin, when the window begins."""
        going = np.asarray(self.runs.status == Status.OK)
        for i, outcome in enumerate(self.model.outcomes):
            if outcome.absorbing:
                going &= ~come_by(self.runs.outcome[:, i], self.runs.outcome_part[:, i], window.start)
        return _predicted(question, self.model, self.runs, going, window, rng)


def months_after(day: date, months: int) -> date:
    """The same day of the month, so many months later; the last one where a month has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def of_question(predicted: Sequence[Prediction]) -> Iterator[tuple[ForecastQuestion, list[Prediction]]]:
    """Predictions question by question, in the order in which these first stand."""
    for question in dict.fromkeys(p.question for p in predicted):
        yield question, [p for p in predicted if p.question is question]


def _unit(question: ForecastQuestion, model: Model) -> str:
    if question.kind != "continuous":
        return ""
    return next(v.unit for v in model.variables if v.name == question.targets[0])


def source_of(question: ForecastQuestion, model: Model) -> Evidence | None:
    """The evidence that observes what a question asks for the level of."""
    if question.form != "level" or question.holds:
        return None
    return next(
        (e for e in model.evidence if e.observes == question.targets[0] and e.series == question.series), None
    )


def _carried(
    source: Evidence | None, record: Record, runs: Outputs, day: date
) -> tuple[Floats, float] | None:
    """How far what will be published on a day is off each run, from how far the run was off so far."""
    return None if source is None else record.carried(source, day, runs)


def _predicted(
    question: ForecastQuestion,
    model: Model,
    runs: Outputs,
    which: Bools,
    window: Window,
    rng: np.random.Generator,
    carried: tuple[Floats, float] | None = None,
    known: date | None = None,
) -> Floats:
    """What runs predict: a probability (with half a run added on either side), or a sample.

    Parameters
    ----------
    which : (run,), the runs that count
    carried : what is known of the errors of a source, from `Record.carried`
    known : rows of evidence known by then count; None for none
    """
    values = question.simulated(model, runs, window)[which]
    if question.form == "level":
        # What is asked for is what will be published, so the error of the source is part of the forecast.
        source = source_of(question, model)
        if source is not None:
            some = None if carried is None else (carried[0][which], carried[1])
            within = published_range(model, source, values, known)
            values = with_error(source, values, 1.0, rng, some, within)
        if question.has_threshold:
            values = question.passed(values)
    if question.kind == "binary":
        return np.array([(values.sum() + 0.5) / (len(values) + 1)])
    return np.asarray(values)
