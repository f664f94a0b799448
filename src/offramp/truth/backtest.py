"""`backtest`: a model asked, at each of many days, what would come of what was known by then."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from offramp.errors import UsageError
from offramp.given import library, need
from offramp.model import Model
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import engine_for
from offramp.truth.calibration import QUICK, Sampling, calibrate_at
from offramp.truth.fits import check_answers
from offramp.truth.predictions import FUTURES, UncalibratedModel, predictions
from offramp.truth.questions import Questions
from offramp.truth.results import Backtest, Hindcasts, summarise


def backtest(
    model: Model,
    questions: Questions,
    sampling: Sampling = QUICK,
    *,
    until: date | None = None,
    how: How = AS_SUITS,
    checkpoint: Path | None = None,
) -> Backtest:
    """Ask a list of questions at each of its origins, calibrated each time on what was known by then alone.

    Parameters
    ----------
    model : with evidence, and a horizon that holds origins and horizons
    questions : what to ask, when and how far ahead
    sampling : how many particles and chains, and the seed; 200 and 2 by default
    until : leave out origins and answers after this day, so that later ones stay unseen
    how : how runs are run
    checkpoint : a file in which calibrations are kept

    Raises
    ------
    UsageError
        If the model cannot answer a question, no origin lies within its horizon, or scoringrules is missing.
    """
    return summarise(hindcasts(model, questions, sampling, until=until, how=how, checkpoint=checkpoint))


def hindcasts(
    model: Model,
    questions: Questions,
    sampling: Sampling = QUICK,
    *,
    until: date | None = None,
    how: How = AS_SUITS,
    checkpoint: Path | None = None,
) -> Hindcasts:
    """What was predicted, before it is scored; parameters and errors are those of `backtest`."""
    need(model, "Model")
    need(questions, "Questions")
    check_answers(questions, model)
    library("scoringrules", "a backtest", "truth")  # before any run: scores come last
    last = until or date.max
    origins = [d for d in questions.origins if model.start < d < model.dates[-1] and d < last]
    if not origins:
        raise UsageError(
            f"no origin of the questions `{questions.name}` lies within the horizon of `{model.name}`, "
            f"{model.start} to {model.dates[-1]}."
        )
    runner = engine_for(model, how.engine)
    calibrations = calibrate_at(model, origins, sampling, how=how, checkpoint=checkpoint, runner=runner)
    prior = UncalibratedModel(
        model, sampling.particles * sampling.chains * FUTURES, sampling.seed, how, runner
    )
    found = [
        p
        for calibration in calibrations
        for p in predictions(questions, calibration, prior, how=how, resolve_by=last)
        if p.resolves <= last
    ]
    if not found:
        due = f"by {until}" if until is not None else f"before `{model.name}` ends, on {model.dates[-1]}"
        raise UsageError(
            f"no answer to the questions `{questions.name}` falls due {due}: ask with earlier origins, "
            "shorter horizons or a later --until."
        )
    return Hindcasts(model, questions, sampling, found, calibrations, until)
