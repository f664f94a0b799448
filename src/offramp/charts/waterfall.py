"""A chance brought down to another in steps: what each of several things adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from offramp.charts.canvas import LINE, SIZE, Drawing, Row, percent_axis, percent_ticks, pixel, quantity
from offramp.charts.charts import NAMES
from offramp.charts.palette import BETTER, GRID, MUTED, RULE, SERIES, WORSE
from offramp.charts.text_metrics import text_width, wrap
from offramp.tell import figures
from offramp.tell.blocks import Spec


@dataclass(frozen=True)
class Fall:
    """One thing that adds to a chance: by how much that falls without it (negative: rises)."""

    title: str
    fall: float
    low: float
    high: float


def waterfall(
    title: str, first: tuple[str, float], falls: Sequence[Fall], last: tuple[str, float], width: float
) -> Spec:
    """Steps from one chance down to another, top to bottom, each with its interval.

    Parameters
    ----------
    title : of the picture
    first, last : title and chance, 0 to 1, of where it begins and ends
    falls : in the order in which they are taken off; `first` less their sum is `last`
    width : of the whole picture, pixels
    """
    numbers = [
        figures.percent(first[1]),
        *(figures.points(-f.fall, max(1, figures.digits_for(f.low, f.high))) for f in falls),
        figures.percent(last[1]),
    ]
    levels = [first[1]]
    for fall in falls:
        levels.append(levels[-1] - fall.fall)
    # A whisker shows how far the end of a bar may lie from its beginning.
    tips = [level - edge for level, f in zip(levels, falls, strict=False) for edge in (f.low, f.high)]
    ticks = percent_ticks(max(*levels, *tips, last[1], 1e-4), 6)
    right = max(text_width(n, SIZE, bold=True) for n in numbers) + 16
    plot = width - NAMES - right
    axis = percent_axis(ticks, orient="bottom")
    drawing = Drawing()
    bars: list[Row] = []
    joints: list[Row] = []
    whiskers: list[Row] = []
    drawing.write(wrap(title, width - 20, SIZE, bold=True), 10 - NAMES, -14, bold=True)
    y = 4.0
    rows = [
        (first[0], 0.0, first[1]),
        *((f.title, a, b) for f, a, b in zip(falls, levels, levels[1:], strict=False)),
    ]
    for k, (name, start, end) in enumerate([*rows, (last[0], 0.0, last[1])]):
        whole = k in (0, len(falls) + 1)
        lines = wrap(name, NAMES - 22, SIZE, bold=whole)
        tall = max(24.0, len(lines) * LINE + 6.0)
        middle = y + tall / 2
        drawing.write(lines, -14, middle - (len(lines) - 1) * LINE / 2, align="right", bold=whole)
        colour = SERIES if whole else WORSE[0] if end <= start else BETTER[0]
        bars.append({"a": start, "b": end, "y": middle - 7, "y2": middle + 7, "c": colour.light})
        if not whole:
            fall = falls[k - 1]
            whiskers.append({"a": max(0.0, start - fall.high), "b": start - fall.low, "y": middle})
        if k <= len(falls):
            joints.append({"a": end, "y": middle + 7, "y2": middle + tall / 2 + 5})
        drawing.write([numbers[k]], plot + 10, middle, bold=whole, colour=MUTED if not whole else SERIES)
        y += tall
    x, x2 = quantity("a", **axis), {"field": "b"}
    fill = {"field": "c", "type": "nominal", "scale": None, "legend": None}
    up = {"y": pixel("y"), "y2": {"field": "y2"}}
    drawing.lines(joints, {"x": x, **up}, RULE)
    drawing.add(bars, "rect", {"x": x, "x2": x2, **up, "fill": fill})
    drawing.lines(whiskers, {"x": x, "x2": x2, "y": pixel("y")}, MUTED, strokeWidth=1.5)
    drawing.lines(
        [{"x": 0, "x2": plot, "y": y}], {"x": pixel("x"), "x2": {"field": "x2"}, "y": pixel("y")}, GRID
    )
    return drawing.spec(plot, y, (NAMES, 36, right, 28))
