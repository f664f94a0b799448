"""`offramp backtest`: the options as a backtest; the answer is in `offramp.truth.results`."""

from __future__ import annotations

from offramp.questions.calibrate.ask import sampling_of
from offramp.questions.question import Request
from offramp.truth.backtest import backtest
from offramp.truth.question_list import load_questions
from offramp.truth.results import Backtest

ANSWER = Backtest


def asked(request: Request) -> Backtest:
    """The answer to a request."""
    assert request.model is not None
    return backtest(
        request.model, load_questions(request["questions_list"]), sampling_of(request),
        until=request["until"], how=request.how, checkpoint=request["resume"],
    )  # fmt: skip
