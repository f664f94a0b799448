"""The questions that can be asked. A new one is a room (decision 0028) and a line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.questions.question import Question

# The rooms of `offramp.questions`, in the order of the help.
ROOMS = (
    "outlook",
    "story",
    "minds",
    "ladder",
    "compare",
    "claims",
    "misreadings",
    "why",
    "sensitivity",
    "discover",
    "tipping",
    "sweep",
    "loops",
    "reach",
    "calibrate",
    "backtest",
    "forecast",
    "score",
)


@cache
def questions() -> dict[str, Question]:
    """Name of each question -> the question, in the order of the help."""
    found = [import_module(f"offramp.questions.{room}").QUESTION for room in ROOMS]
    return {q.name: q for q in found}


def question(name: str) -> Question:
    """The question of a name.

    Raises
    ------
    UsageError
        If there is none.
    """
    if name not in questions():
        hint = did_you_mean(name, questions()) or f"There are: {', '.join(questions())}."
        raise UsageError(f"there is no question `{name}`. {hint}")
    return questions()[name]
