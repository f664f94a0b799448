"""`backtest`: a model asked, at each of many days, what would come of what was known by then."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from offramp.engine.inputs import Floats
from offramp.engine.outputs import Status
from offramp.errors import UsageError
from offramp.given import library, need
from offramp.model import Evidence, Model
from offramp.runs.simulate import Progress, engine_for
from offramp.truth import baselines
from offramp.truth.calibration import Calibration, calibrate_at, from_prior, futures
from offramp.truth.evidence import Record, published_range, with_error
from offramp.truth.questions import Question, Questions, check_answers

PARTICLES = 200
CHAINS = 2
FUTURES = 6  # of each particle, at each origin


@dataclass(frozen=True)
class Asked:
    """One question at one origin and horizon: what was said, and what came.

    Attributes
    ----------
    answer : None where the table does not tell
    said : who -> a probability in an array of one, or a sample of counts or levels
    unit : of a level; empty for all else
    source : the evidence whose error a level has; None for the level of the model itself
    """

    question: Question
    origin: date
    months: int
    resolves: date
    answer: float | None
    said: dict[str, Floats]
    unit: str = ""
    source: str | None = None

    @property
    def binary(self) -> bool:
        return self.question.kind == "binary"


def asked_of(
    questions: Questions,
    model: Model,
    calibration: Calibration,
    prior: Prior,
    *,
    horizons: Sequence[int] | None = None,
    threads: int | None = None,
    engine: Any = None,
    resolve_by: date = date.max,
) -> list[Asked]:
    """All questions at the day of a calibration.

    `resolve_by` keeps back answers known only after that day.
    """
    origin = calibration.record.until
    wanted = [h for h in (horizons or questions.horizons) if months_after(origin, h) <= model.dates[-1]]
    if not wanted:
        return []
    first = model.step_of(origin)
    ends = {h: model.step_of(months_after(origin, h)) for h in wanted}
    runs = futures(calibration, max(ends.values()), per_particle=FUTURES, threads=threads, engine=engine)
    # A stream of its own for each origin: the noise of data in what is said.
    rng = np.random.Generator(np.random.Philox(key=[calibration.seed, origin.toordinal()]))
    fine = runs.status == Status.OK
    found = []
    for question in questions.questions:
        unit, source = _unit(question, model), source_of(question, model)
        name = None if source is None else source.name
        for months in wanted:
            day = months_after(origin, months)
            carried = _carried(question, calibration.record, runs, model.date_of(ends[months]))
            said = {"model": _said(question, model, runs, fine, first, ends[months], rng, carried, origin)}
            for who, baseline in baselines.BASELINES.items():
                said[who] = baseline(question, model.start, origin, months)
            said["prior_model"] = prior.said(question, first, ends[months], rng)
            answer = question.answer(origin, day, resolve_by)
            found.append(Asked(question, origin, months, day, answer, said, unit, name))
    return found


class Prior:
    """Runs of a model that knows nothing but what its file says."""

    def __init__(
        self, model: Model, runs: int, seed: int, threads: int | None = None, engine: Any = None
    ) -> None:
        self.model = model
        without = from_prior(model, particles=runs, seed=seed)
        self.runs = futures(without, model.steps, threads=threads, engine=engine)

    def said(self, question: Question, first: int, last: int, rng: np.random.Generator) -> Floats:
        """What runs say that still went on at the origin."""
        going = self.runs.status == Status.OK
        for i, outcome in enumerate(self.model.outcomes):
            if outcome.absorbing:
                step = self.runs.outcome[:, i]
                going &= (step < 0) | (step >= first)
        return _said(question, self.model, self.runs, going, first, last, rng)


def months_after(day: date, months: int) -> date:
    """The same day of the month, so many months later; the last one where a month has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _unit(question: Question, model: Model) -> str:
    if question.kind != "continuous":
        return ""
    return next(v.unit for v in model.variables if v.name == question.targets[0])


def source_of(question: Question, model: Model) -> Evidence | None:
    """The evidence that observes what a question asks for the level of."""
    if question.form != "level" or question.holds:
        return None
    return next(
        (e for e in model.evidence if e.observes == question.targets[0] and e.series == question.series), None
    )


def _carried(question: Question, record: Record, runs: Any, day: date) -> tuple[Floats, float] | None:
    """How far what will be published on a day is off each run, from how far the run was off so far."""
    source = source_of(question, record.model)
    return None if source is None else record.carried(source, day, runs)


def _said(
    question: Question,
    model: Model,
    runs: Any,
    which: Any,
    first: int,
    last: int,
    rng: np.random.Generator,
    carried: tuple[Floats, float] | None = None,
    known: date | None = None,
) -> Floats:
    """The forecast that runs make: a probability (with half a run added on either side), or a sample.

    `carried` and `known` are what is known of the errors of a source, and the day by which it was.
    """
    values = question.said(model, runs, first, last)[which]
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


@dataclass(frozen=True)
class Backtest:
    """Forecasts of a model and of others, and how they fared."""

    model: Model
    questions: Questions
    asked: list[Asked]
    calibrations: list[Calibration]
    settings: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values; docs/reference/commands.md lists the keys."""
        from offramp.truth.results import reckoned

        return reckoned(self)


def backtest(
    model: Model,
    questions: Questions,
    *,
    until: date | None = None,
    particles: int = PARTICLES,
    chains: int = CHAINS,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> Backtest:
    """Ask a list of questions at each of its origins, calibrated each time on what was known by then alone.

    Parameters
    ----------
    model : with evidence, and a horizon that holds origins and horizons
    questions : what to ask, when and how far ahead
    until : leave out origins and answers after this day, so that later ones stay unseen
    particles, chains : as for `calibrate`
    checkpoint : a file in which calibrations are kept

    Raises
    ------
    UsageError
        If the model cannot answer a question, no origin lies within its horizon, or scoringrules is missing.
    """
    need(model, "Model")
    need(questions, "Questions")
    check_answers(questions, model)
    library("scoringrules", "a backtest", "truth")  # before any run: scores come last
    origins = [d for d in questions.origins if model.start < d < model.dates[-1] and d < (until or date.max)]
    if not origins:
        raise UsageError(
            f"no origin of the questions `{questions.name}` lies within the horizon of `{model.name}`, "
            f"{model.start} to {model.dates[-1]}."
        )
    engine = engine_for(model)
    found = calibrate_at(
        model, origins, particles=particles, chains=chains, seed=seed, threads=threads, progress=progress,
        checkpoint=checkpoint, engine=engine,
    )  # fmt: skip
    prior = Prior(model, particles * chains * FUTURES, seed, threads, engine)
    asked = []
    for calibration in found:
        some = asked_of(
            questions, model, calibration, prior, threads=threads, engine=engine, resolve_by=until or date.max
        )
        asked += [a for a in some if a.resolves <= (until or date.max)]
    settings = {
        "particles": particles,
        "chains": chains,
        "futures": particles * chains * FUTURES,
        "seed": seed,
        "until": None if until is None else until.isoformat(),
        "runs": found[-1].runs,
        "seconds": found[-1].seconds,
    }
    return Backtest(model, questions, asked, found, settings)
