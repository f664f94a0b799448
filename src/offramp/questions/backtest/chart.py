"""Charts of a backtest: whether forecasts come as often as they say, and whom the model beats."""

from __future__ import annotations

from offramp.charts.canvas import (
    ACROSS,
    BELOW,
    DOWN,
    NAMES,
    WIDE,
    Drawing,
    name_rows,
    percent_axis,
    quantity,
)
from offramp.charts.palette import INK, MUTED, SERIES, WORSE
from offramp.model import Model
from offramp.tell.blocks import Spec
from offramp.truth.results import Backtest

_LEFT = 58.0
_TICKS = [0.0, 0.25, 0.5, 0.75, 1.0]
_LOW, _HIGH = -0.5, 1.0  # of skill


def chart(found: Backtest, model: Model | None = None, width: float = 460) -> Spec:
    """How often things came where so much was said: a reliability diagram.

    Parameters
    ----------
    width : of the whole chart, pixels
    """
    plot = width - _LEFT - 24
    drawing = Drawing()
    x, y = (
        quantity("said", **percent_axis(_TICKS, orient="bottom")),
        quantity("happened", **percent_axis(_TICKS)),
    )
    diagonal = {**ACROSS, **DOWN}
    drawing.lines([{"x": 0, "x2": plot, "y": plot, "y2": 0}], diagonal, MUTED, strokeDash=[4, 4])
    most = max((b.n for b in found.reliability), default=1)
    rows = [
        {"said": b.said, "happened": b.happened, "low": b.low, "high": b.high, "n": b.n,
         "size": 20 + 380 * (b.n / most) ** 0.5}
        for b in found.reliability
    ]  # fmt: skip
    low, high = quantity("low", **percent_axis(_TICKS)), {"field": "high"}
    drawing.lines(rows, {"x": x, "y": low, "y2": high}, SERIES, strokeWidth=2, opacity=0.5)
    size = {"field": "size", "type": "quantitative", "scale": None, "legend": None}
    drawing.add(rows, "point", {"x": x, "y": y, "size": size}, filled=True, fill=SERIES.light, opacity=0.9)
    first, last = (f"{day:%Y-%m}" for day in (found.origins[0], found.origins[-1]))
    title = f"Yes-or-no questions of {found.model}, {first} to {last}"
    drawing.write([title], -_LEFT + 6, -40, bold=True)
    key = "how often it came (up), where so much was said (across); size: how many"
    drawing.write([key], -_LEFT + 6, -23, colour=MUTED)
    return drawing.spec(plot, plot, (_LEFT, 54, 24, BELOW))


def skill(found: Backtest, model: Model | None = None, width: float = WIDE) -> Spec:
    """Brier skill against each of the others: right of zero the model is better.

    Parameters
    ----------
    width : of the whole chart, pixels
    """
    plot = width - NAMES - 90
    drawing = Drawing()

    def across(v: float) -> float:
        return plot * (min(max(v, _LOW), _HIGH) - _LOW) / (_HIGH - _LOW)

    bars, dots = [], []
    others = [*found.skill.each.values(), found.skill.best_of_each]
    bands = name_rows(drawing, [one.title or "" for one in others], top=8.0, least=30.0)
    for one, band in zip(others, bands, strict=True):
        middle, value = band.middle, one.brier_skill or 0.0
        low = across(_LOW if one.low is None else one.low)
        bars.append({"x": low, "x2": across(one.high or 0.0), "y": middle})
        dots.append({"x": across(value), "y": middle, "c": (SERIES if value > 0 else WORSE[0]).light})
        drawing.write([f"{100 * value:+.0f} %"], plot + 12, middle, bold=True, colour=INK)
    y = bands[-1].bottom
    drawing.lines([{"x": across(0), "y": 0.0, "y2": y}], DOWN, MUTED)
    for v in (-0.5, 0, 0.5, 1):
        drawing.write([f"{100 * v:+.0f} %" if v else "0"], across(v) - 14, y + 14, colour=MUTED)
    drawing.lines(bars, ACROSS, MUTED, strokeWidth=2)
    drawing.dots(dots, size=70)
    title = "Share of another forecast's Brier score that the model saves"
    drawing.write([title], -NAMES + 8, -12, bold=True)
    return drawing.spec(plot, y, (NAMES, 28, 90, 30))
