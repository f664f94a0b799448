"""A chance at the low and the high end of each of several numbers: a tornado chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from offramp.analysis.intervals import Estimate
from offramp.charts.canvas import LINE, SIZE, WIDE, Drawing, Row, percent_axis, percent_ticks, pixel, quantity
from offramp.charts.charts import NAMES
from offramp.charts.palette import BETTER, INK, MUTED, RULE, WORSE
from offramp.charts.text_metrics import text_width, wrap
from offramp.model import Model
from offramp.questions.sensitivity.ask import Sensitivity, Share
from offramp.tell import figures
from offramp.tell.blocks import Spec


@dataclass(frozen=True)
class Swing:
    """The chance, with its interval, where one number is low and where it is high."""

    title: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    low_words: str
    high_words: str


def tornado(title: str, middle: float, swings: Sequence[Swing], width: float = WIDE) -> Spec:
    """Bars around the mean chance, the longest on top: blue where the number is low, red where it is high.

    Parameters
    ----------
    title : of the chart
    middle : mean chance
    width : of the whole chart, pixels
    """
    longest = sorted(swings, key=lambda s: -abs(s.high[0] - s.low[0]))
    ticks = percent_ticks(max(x for s in swings for end in (s.low, s.high) for x in end), 6)
    words = [(s.low_words, s.high_words) for s in longest]
    right = max(text_width(w, SIZE) for pair in words for w in pair) + 96
    plot = width - NAMES - right
    axis = percent_axis(ticks, orient="bottom")
    drawing = Drawing()
    bars: list[Row] = []
    whiskers: list[Row] = []
    drawing.write(wrap(title, width - 20, SIZE, bold=True), 10 - NAMES, -14, bold=True)
    y = 6.0
    for swing, (low, high) in zip(longest, words, strict=True):
        lines = wrap(swing.title, NAMES - 22, SIZE)
        tall = max(40.0, len(lines) * LINE + 8.0)
        centre = y + tall / 2
        drawing.write(lines, -14, centre - (len(lines) - 1) * LINE / 2, align="right")
        for shift, end, colour, word in (
            (-8.0, swing.low, BETTER[0], f"at {low}"),
            (8.0, swing.high, WORSE[0], f"at {high}"),
        ):
            at = centre + shift
            bars.append({"a": middle, "b": end[0], "y": at - 6, "y2": at + 6, "c": colour.light})
            whiskers.append({"a": end[1], "b": end[2], "y": at})
            number = figures.percent(end[0], figures.digits_for(end[1], end[2]))
            drawing.write([f"{number} {word}"], plot + 10, at, colour=MUTED)
        y += tall
    x, x2 = quantity("a", **axis), {"field": "b"}
    up = {"y": pixel("y"), "y2": {"field": "y2"}}
    fill: dict[str, Any] = {"field": "c", "type": "nominal", "scale": None, "legend": None}
    drawing.add(bars, "rect", {"x": x, "x2": x2, **up, "fill": fill}, opacity=0.85)
    drawing.lines(whiskers, {"x": x, "x2": x2, "y": pixel("y")}, INK, strokeWidth=1.5)
    drawing.lines([{"a": middle, "y": 0, "y2": y}], {"x": x, **up}, RULE, strokeWidth=1.5)
    note = (
        "Blue: the number is in the lowest fifth of what it may be. Red: in the highest. "
        "Black line: 90 % sampling interval."
    )
    lines = wrap(note, width - 20, SIZE)
    drawing.write(lines, 10 - NAMES, y + 38, colour=MUTED)
    return drawing.spec(plot, y, (NAMES, 36, right, 42 + len(lines) * round(LINE)))


def chart(found: Sensitivity, model: Model | None = None, width: float = WIDE) -> Spec:
    """The tornado of an answer: each number in the lowest and in the highest fifth of its prior."""
    title = f"{found.outcome_title}: chance where each number is low and where it is high"
    return tornado(title, found.chance.value, [_swing(s) for s in found.shares], width)


def _swing(share: Share) -> Swing:
    ends = figures.together([share.low_value, share.high_value])
    low, high = (f"{value}{figures.NBSP}{figures.unit_words(share.unit)}".strip() for value in ends)
    return Swing(share.title, _end(share.low), _end(share.high), low, high)


def _end(chance: Estimate) -> tuple[float, float, float]:
    return chance.value, max(0.0, chance.low), chance.high
