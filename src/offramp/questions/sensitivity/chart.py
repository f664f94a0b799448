"""The chart of what a chance hangs on."""

from __future__ import annotations

from offramp.analysis.intervals import Estimate
from offramp.charts.canvas import WIDE
from offramp.charts.rows import Swing, tornado
from offramp.model import Model
from offramp.questions.sensitivity.ask import Sensitivity, Share
from offramp.tell import figures
from offramp.tell.blocks import Spec

NOTE = (
    "Blue: the number is in the lowest fifth of what it may be. Red: in the highest. "
    "Black line: 90 % sampling interval."
)


def chart(found: Sensitivity, model: Model | None = None, width: float = WIDE) -> Spec:
    """The tornado of an answer: each number in the lowest and in the highest fifth of its prior."""
    title = f"{found.outcome_title}: chance where each number is low and where it is high"
    return tornado(title, found.chance.value, [_swing(s) for s in found.shares], width, NOTE)


def _swing(share: Share) -> Swing:
    ends = figures.together([share.low_value, share.high_value])
    low, high = (f"{value}{figures.NBSP}{figures.unit_words(share.unit)}".strip() for value in ends)
    return Swing(share.title, _end(share.low), _end(share.high), low, high)


def _end(chance: Estimate) -> tuple[float, float, float]:
    return chance.value, max(0.0, chance.low), chance.high
