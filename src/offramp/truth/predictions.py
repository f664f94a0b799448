"""Questions asked at days of the past: what a calibrated model and rules without one predict of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from offramp.dates import DAYS_PER_MONTH
from offramp.engine.depths import Engine
from offramp.engine.inputs import Floats
from offramp.engine.outputs import Status
from offramp.engine.within import steps_until
from offramp.model import Model
from offramp.runs.how import AS_SUITS, How
from offramp.truth.baselines import BASELINES
from offramp.truth.calibration import Calibration, Sampling, from_prior, futures
from offramp.truth.questions import ForecastQuestion, Questions
from offramp.truth.rules import said
from offramp.truth.told import Told, source_of
from offramp.windows import Window, after, come_by

FUTURES = 6  # of each particle, at each origin


@dataclass(frozen=True)
class Prediction:
    """One question at one origin and horizon: what was predicted, and what came.

    Attributes
    ----------
    months : how far ahead; a whole number where the horizon is one of months
    answer : what came; None where the table does not tell, and where the question is `void`
    by : who predicts -> a probability in an array of one, of several choices one of each; or a sample of
        counts or levels
    ahead : the horizon in words; empty for a day of the question's own
    unit : of a level; empty for all else
    source : the evidence whose error a level has; None for the level of the model itself
    """

    question: ForecastQuestion
    origin: date
    months: float
    resolves: date
    answer: float | None
    by: dict[str, Floats]
    unit: str = ""
    source: str | None = None
    ahead: str = ""
    void: bool = False

    @property
    def binary(self) -> bool:
        return self.question.kind == "binary"

    @property
    def choice(self) -> bool:
        return self.question.kind == "choice"

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
    """All questions, asked on the day of a calibration.

    Parameters
    ----------
    questions : what to ask, and how far ahead; what ends beyond the model is left out
    prior : the model before any evidence
    resolve_by : answers known only after this day are kept back
    """
    model, origin = calibration.model, calibration.record.until
    asked = [
        (question, span, day)
        for question in questions.questions
        for span, day in questions.ends(question, origin)
        if day <= model.dates[-1]
    ]
    if not asked:
        return []
    steps = max(steps_until(model, day) for _, _, day in asked)
    runs = futures(calibration, steps, per_particle=FUTURES, threads=how.threads)
    # A stream of its own for each origin: the noise of data in what is predicted.
    rng = np.random.Generator(np.random.Philox(key=[calibration.seed, origin.toordinal()]))
    told = Told(model, runs, np.asarray(runs.status == Status.OK), rng, calibration.record)
    found = []
    for question, span, day in asked:
        window = after(model.dates, origin, day)
        months = (day - origin).days / DAYS_PER_MONTH if span is None else span.months
        by = {"model": told.predicted(question, window)}
        for who in BASELINES:
            by[who] = said(who, question, model.start, origin, months, day)
        by["prior_model"] = prior.predicted(question, window, rng)
        source = source_of(question, model)
        void = question.is_void(origin, day, resolve_by)
        found.append(
            Prediction(
                question, origin, months, day,
                answer=None if void else question.answer(origin, day, resolve_by),
                by=by,
                unit=_unit(question, model),
                source=None if source is None else source.name,
                ahead="" if span is None else span.words,
                void=void,
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
        return Told(self.model, self.runs, going, rng).predicted(question, window)


def of_question(predicted: Sequence[Prediction]) -> Iterator[tuple[ForecastQuestion, list[Prediction]]]:
    """Predictions question by question, in the order in which these first stand."""
    for question in dict.fromkeys(p.question for p in predicted):
        yield question, [p for p in predicted if p.question is question]


def _unit(question: ForecastQuestion, model: Model) -> str:
    if question.kind != "continuous":
        return ""
    return next(v.unit for v in model.variables if v.name == question.targets[0])
