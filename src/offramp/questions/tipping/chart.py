"""A chance along one number, and where it crosses a level."""

from __future__ import annotations

from offramp.charts.canvas import (
    LINE,
    SIZE,
    WIDE,
    Drawing,
    number_ticks,
    percent_axis,
    percent_ticks,
    pixel,
    quantity,
)
from offramp.charts.palette import GRID, INK, MUTED, SERIES, WORSE
from offramp.charts.text_metrics import wrap
from offramp.model import Model
from offramp.questions.tipping.ask import Tipping
from offramp.tell import figures
from offramp.tell.blocks import Spec
from offramp.tell.words import quoted

_LEFT, _RIGHT, _TALL = 52, 20, 240


def chart(found: Tipping, model: Model | None = None, width: float = WIDE) -> Spec:
    """The chance at each value with its interval, the level as a line, crossings as bands."""
    plot = width - _LEFT - _RIGHT
    ticks = number_ticks(found.low, found.high, max(3, int(plot // 90)))
    across = [t for t in ticks if found.low <= t <= found.high]
    up = percent_ticks(max(found.chance, *(p.chance.high for p in found.points)))
    x = quantity("v", scale={"domain": [found.low, found.high], "nice": False}, axis={"values": across})
    y = percent_axis(up, orient="left")
    drawing = Drawing()
    points = [
        {"v": p.value, "p": p.chance.value, "a": max(0.0, p.chance.low), "b": p.chance.high}
        for p in found.points
    ]
    bands = [{"v": c.at.low, "w": c.at.high, "y": 0, "y2": _TALL} for c in found.crossings]
    marks = [{"v": c.at.value, "y": 0, "y2": _TALL} for c in found.crossings]
    full = {"y": pixel("y"), "y2": {"field": "y2"}}
    drawing.add(bands, "rect", {"x": x, "x2": {"field": "w"}, **full}, fill=GRID.light)
    drawing.lines(marks, {"x": x, **full}, MUTED, strokeDash=[4, 3])
    drawing.lines([{"p": found.chance}], {"y": quantity("p", **y)}, WORSE[0], strokeWidth=1.5)
    drawing.add(points, "line", {"x": x, "y": quantity("p", **y)}, stroke=SERIES.light, strokeWidth=2)
    drawing.lines(points, {"x": x, "y": quantity("a", **y), "y2": {"field": "b"}}, INK, strokeWidth=1.5)
    drawing.add(points, "circle", {"x": x, "y": quantity("p", **y)}, fill=SERIES.light, size=40, opacity=1)
    title = wrap(f"{found.outcome_title}: chance along {quoted(found.of_title)}", width - 20, SIZE, bold=True)
    drawing.write(title, 10 - _LEFT, -14 - (len(title) - 1) * LINE, bold=True)
    unit = figures.unit_words(found.unit)
    note = wrap(
        f"Across: {found.of_title}{f', {unit}' if unit else ''}. Line across: the chance asked about. Band: "
        "where it is crossed, 90 % interval.",
        width - 20, SIZE,
    )  # fmt: skip
    drawing.write(note, 10 - _LEFT, _TALL + 38, colour=MUTED)
    return drawing.spec(plot, _TALL, (_LEFT, 24 + len(title) * LINE, _RIGHT, 44 + len(note) * LINE))
