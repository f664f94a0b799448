"""What all charts share: the frame of a Vega-Lite specification, time axes, percent axes, text marks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

from offramp.report.palette import GRID, INK, MUTED, PAPER, RULE

Spec = dict[str, Any]
Row = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"

# Faces that are there without a network; Liberation Sans and Arial have the widths that labels are set by.
FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"

# Width of a drawing in pixels: for a page of print or a desktop, for half of one, and for a telephone.
WIDE = 704
HALF = 340
NARROW = 328

SIZE = 12  # of letters
LINE = 15  # from one line of text to the next

DAY = 86_400_000  # milliseconds


def moment(day: date) -> int:
    """A date as Vega takes it: milliseconds since 1970, in universal time."""
    return (day - date(1970, 1, 1)).days * DAY


def frame(
    width: float, height: float, padding: tuple[float, float, float, float], layers: list[Spec]
) -> Spec:
    """A specification with a fixed plot area and fixed room around it for labels.

    Parameters
    ----------
    width, height : of the plot area, pixels
    padding : left, top, right, bottom, pixels
    layers : drawn in order
    """
    left, top, right, bottom = padding
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": height,
        "padding": {"left": left, "top": top, "right": right, "bottom": bottom},
        "autosize": "none",
        "background": None,
        "layer": layers,
        "config": {
            "aria": False,
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": MUTED.light,
                "labelFontSize": SIZE,
                "labelPadding": 5,
                "domain": False,
                "ticks": False,
                "grid": True,
                "gridColor": GRID.light,
                "title": None,
                "labelOverlap": False,
            },
            "text": {"fontSize": SIZE, "fill": INK.light, "lineHeight": LINE, "lineBreak": "\n"},
        },
    }


def values(rows: Sequence[Row]) -> Spec:
    """Data written into the specification."""
    return {"values": list(rows)}


def quantity(field: str, **more: Any) -> Spec:
    return {"field": field, "type": "quantitative", **more}


def at(pixels: float) -> Spec:
    """A fixed place, in pixels from the left or the top of the plot area."""
    return {"value": pixels}


def time_ticks(start: date, end: date, width: float) -> list[date]:
    """Firsts of months for a time axis: as many as have room, evenly spaced in the calendar."""
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    room = max(2, int(width // 48))
    stride = next((s for s in (1, 2, 3, 6, 12, 24, 60, 120, 240) if months / s <= room), 600)
    first = start.year * 12 + start.month - 1 + (start.day > 1)
    last = end.year * 12 + end.month - 1
    ticks = [date(m // 12, m % 12 + 1, 1) for m in range(first, last + 1) if m % stride == 0]
    return ticks or [start]


def time_axis(start: date, end: date, width: float, **more: Any) -> Spec:
    """The x channel of a field `t` in milliseconds, with months below and years where they begin."""
    ticks = time_ticks(start, end, width)
    yearly = all(t.month == 1 for t in ticks) and len(ticks) > 1
    # The year stands under the first tick and under each January. Nothing from a model enters the expression.
    with_year = f"datum.value <= {moment(ticks[0])} || utcmonth(datum.value) == 0"
    label = (
        "utcFormat(datum.value, '%Y')"
        if yearly
        else f"({with_year}) ? [utcFormat(datum.value, '%b'), utcFormat(datum.value, '%Y')]"
        " : utcFormat(datum.value, '%b')"
    )
    axis = {
        "values": [moment(t) for t in ticks],
        "labelExpr": label,
        "labelLineHeight": LINE - 1,
        "labelFlush": False,
        **more,
    }
    return {
        "field": "t",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [moment(start), moment(end)], "nice": False},
        "axis": axis,
    }


def percent_ticks(top: float, most: int = 5) -> list[float]:
    """Round shares from 0 to at least `top`: at most `most` of them above 0, the last not below `top`."""
    top = min(1.0, max(top, 1e-4))
    scale: float = 10.0 ** math.floor(math.log10(top) - 1)
    for _ in range(4):
        for factor in (1, 2, 2.5, 5):
            step = factor * scale
            n = math.ceil(round(top / step, 9))
            if n <= most:
                return [round(i * step, 9) for i in range(n + 1)]
        scale *= 10
    return [0.0, 1.0]


def percent_axis(ticks: Sequence[float], **more: Any) -> Spec:
    """Scale and axis of a share with these ticks; the channel adds its field."""
    smallest = min((t for t in ticks if t > 0), default=1.0)
    decimals = max(0, -math.floor(math.log10(100 * smallest) + 1e-9))
    return {
        "scale": {"domain": [ticks[0], ticks[-1]], "nice": False, "clamp": True},
        "axis": {
            "values": list(ticks),
            "labelExpr": f"datum.value == 0 ? '0' : format(100 * datum.value, '.{decimals}~f') + ' %'",
            **more,
        },
    }


def number_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers that enclose low and high."""
    if not high > low:
        spread = abs(low) or 1.0
        low, high = low - spread / 2, high + spread / 2
    scale = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    while True:
        for factor in (1, 2, 2.5, 5):
            step = factor * scale
            first, last = math.floor(round(low / step, 9)), math.ceil(round(high / step, 9))
            if last - first <= most:
                return [round(i * step, 12) for i in range(first, last + 1)]
        scale *= 10


def text(
    rows: Sequence[Row], x: Spec, y: Spec, align: str = "left", baseline: str = "middle", **mark: Any
) -> Spec:
    """Words, from field `label`; they may stand outside the plot area."""
    return {
        "data": values(rows),
        "mark": {"type": "text", "align": align, "baseline": baseline, "clip": False, **mark},
        "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
    }


def rule(rows: Sequence[Row], x: Spec, y: Spec, **more: Any) -> Spec:
    """Thin lines; `x2` and `y2` among `more` are channels, the rest belongs to the mark."""
    channels = {k: more.pop(k) for k in ("x2", "y2") if k in more}
    return {
        "data": values(rows),
        "mark": {"type": "rule", "stroke": RULE.light, "strokeWidth": 1, **more},
        "encoding": {"x": x, "y": y, **channels},
    }


HALO = {"stroke": PAPER.light, "strokeWidth": 3, "strokeJoin": "round"}
"""Around letters that stand on lines: drawn first, in the colour of the paper."""

MUTED_TEXT = {"fill": MUTED.light}
