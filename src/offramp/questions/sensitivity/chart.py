"""The chart of what a chance hangs on."""

from __future__ import annotations

from offramp.analysis.intervals import Estimate
from offramp.charts.canvas import WIDE
from offramp.charts.rows import End, Swing, tornado
from offramp.model import Model
from offramp.questions.factors import TRUE_TYPE
from offramp.questions.sensitivity.ask import Moved, Sensitivity
from offramp.tell import figures
from offramp.tell.blocks import Spec

NOTE = (
    "Blue: the number is in the lowest fifth of what it may be. Red: in the highest. What has few values or "
    "types has a bar for each. Black line: 90 % sampling interval."
)


def chart(found: Sensitivity, model: Model | None = None, width: float = WIDE) -> Spec:
    """The tornado of an answer: each number at both ends of its prior, or at each of its values."""
    title = f"{found.outcome_title}: chance where each number is low and where it is high"
    swings = [_swing(m) for s in found.shares for m in s.members if m.at]
    return tornado(title, found.chance.value, swings, width, NOTE)


def _swing(moved: Moved) -> Swing:
    at = sorted(moved.at, key=lambda a: a.chance.value) if moved.kind == TRUE_TYPE else moved.at
    words = [a.label for a in at]
    if not all(words):
        unit = figures.unit_words(moved.unit)
        middles = figures.together([a.value for a in at if a.value is not None])
        words = [f"{middle}{figures.NBSP}{unit}".strip() for middle in middles]
    return Swing(moved.title, tuple(End(_chance(a.chance), w) for a, w in zip(at, words, strict=True)))


def _chance(chance: Estimate) -> tuple[float, float, float]:
    return chance.value, max(0.0, chance.low), chance.high
