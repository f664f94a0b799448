"""`offramp forecast`: a forecast, made and written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

from offramp.analysis.answer import Answer, head
from offramp.errors import UsageError
from offramp.questions.calibrate.ask import sampling_of
from offramp.questions.question import Request
from offramp.truth import ledger
from offramp.truth.ledger import Forecast, forecast
from offramp.truth.question_list import load_questions

INTERVALS = {
    "quantiles": "0.05 to 0.95, of counts and levels: nine in ten futures lie within, if the model is right."
}


@dataclass(frozen=True, kw_only=True)
class Issued(Answer):
    """A forecast that was written.

    Attributes
    ----------
    as_of, questions_list, after, particles, chains : what was asked, as on the command line
    file : where it was written
    forecast : what the file holds, key by key
    """

    QUESTION: ClassVar[str] = "forecast"

    as_of: date
    questions_list: str
    after: str | None
    particles: int
    chains: int
    file: str
    forecast: Forecast


ANSWER = Issued


def asked(request: Request) -> Issued:
    """The answer to a request, once it is written.

    Raises
    ------
    UsageError
        If the file is there already, or the forecast before it is none or was changed.
    """
    model, as_of, after = request.model, request["as_of"], request["after"]
    assert model is not None
    listed = load_questions(request["questions_list"])
    previous = None if after is None else ledger.read(after)
    path = request["out"] or Path(f"{model.name}-forecast-{as_of}.json")
    if path.exists():
        raise UsageError(f"{path} exists; a forecast is not overwritten. Give another name with --out.")
    if previous is not None and previous.as_of > as_of:
        raise UsageError(
            f"{after} is of {previous.as_of}, after this one ({as_of}): --after takes the one before it."
        )
    sampling = sampling_of(request)
    found = forecast(
        model, listed, as_of, sampling, previous=previous, how=request.how, checkpoint=request["resume"]
    )
    ledger.write(found, path)
    return Issued(
        **head(model, seed=sampling.seed, settings={}, intervals=INTERVALS),
        as_of=as_of,
        questions_list=listed.known_as,
        after=None if after is None else str(after),
        particles=sampling.particles,
        chains=sampling.chains,
        file=str(path),
        forecast=found,
    )
