"""What all charts share: the frame of a Vega-Lite specification, time axes, percent axes, text marks."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from offramp.charts.palette import GRID, INK, MUTED, RULE, Colour
from offramp.charts.text_metrics import wrap
from offramp.tell.blocks import Spec

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

NAMES = 226.0  # room for names that stand to the left of rows
BELOW = 38.0  # room for labels of a time axis

DAY = 86_400_000  # milliseconds


def moment(day: date) -> int:
    """A date as Vega takes it: milliseconds since 1970, in universal time."""
    return (day - date(1970, 1, 1)).days * DAY


# What XML cannot hold, and marks that turn the direction of the text after them.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(words: str) -> str:
    """Words of a model without what would break or bend a page."""
    return _UNPRINTABLE.sub("", words)


def quantity(field: str, **more: Any) -> Spec:
    return {"field": field, "type": "quantitative", **more}


# A time axis of less than so many days has days on it, a longer one firsts of months.
FEW_DAYS = 75


def time_ticks(start: date, end: date, width: float) -> list[date]:
    """Days for a time axis, firsts of months if it is long: as many as have room, evenly spaced."""
    room = max(2, int(width // 48))
    days = (end - start).days
    if 0 < days < FEW_DAYS:
        stride = next(s for s in (1, 2, 7, 14, 28, 56, FEW_DAYS) if days / s + 1 <= room)
        return [start + timedelta(n) for n in range(0, days + 1, stride)]
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    stride = next(
        (s for s in (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000) if months / s <= room), 12000
    )
    first = start.year * 12 + start.month - 1 + (start.day > 1)
    last = end.year * 12 + end.month - 1
    ticks = [date(m // 12, m % 12 + 1, 1) for m in range(first, last + 1) if m % stride == 0]
    return ticks or [start]


def time_axis(start: date, end: date, width: float, **more: Any) -> Spec:
    """The x channel of a field `t` in milliseconds, with days or months below and years where they begin."""
    ticks = time_ticks(start, end, width)
    axis = {
        "values": [moment(t) for t in ticks],
        "labelExpr": _time_label(ticks, by_day=0 < (end - start).days < FEW_DAYS),
        "labelLineHeight": LINE - 1,
        "labelFlush": False,
        "labelPadding": 8,
        **more,
    }
    return {
        "field": "t",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [moment(start), moment(end)], "nice": False},
        "axis": axis,
    }


def _time_label(ticks: Sequence[date], by_day: bool) -> str:
    """The expression of a tick's label. Nothing from a model enters it."""
    if by_day:
        return (
            f"datum.value <= {moment(ticks[0])}"
            " ? [utcFormat(datum.value, '%-d %b'), utcFormat(datum.value, '%Y')]"
            " : utcFormat(datum.value, '%-d %b')"
        )
    if all(t.month == 1 for t in ticks) and len(ticks) > 1:
        return "utcFormat(datum.value, '%Y')"
    # The year stands under the first tick and under each January.
    with_year = f"datum.value <= {moment(ticks[0])} || utcmonth(datum.value) == 0"
    return (
        f"({with_year}) ? [utcFormat(datum.value, '%b'), utcFormat(datum.value, '%Y')]"
        " : utcFormat(datum.value, '%b')"
    )


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
    # As many digits as the ticks need, so that 2.5 % is not written as 3 %.
    decimals = next((d for d in range(4) if all(math.isclose(100 * t, round(100 * t, d)) for t in ticks)), 4)
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
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-3):
        # One value, or several that no axis could tell apart: some room around it.
        spread = abs(low) if abs(low) > 1e-9 else 1.0
        low, high = low - spread / 2, high + spread / 2
    scale = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    while True:
        for factor in (1, 2, 2.5, 5):
            step = factor * scale
            first, last = math.floor(round(low / step, 9)), math.ceil(round(high / step, 9))
            if last - first <= most:
                return [round(i * step, 12) for i in range(first, last + 1)]
        scale *= 10


def pixel(field: str) -> Spec:
    """A channel whose field holds pixels of the plot area."""
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def own(field: str) -> Spec:
    """A channel whose field holds colours."""
    return {"field": field, "type": "nominal", "scale": None, "legend": None}


# Channels of straight lines whose ends are pixels: across from x to x2, and down from y to y2.
ACROSS: Spec = {"x": pixel("x"), "x2": {"field": "x2"}, "y": pixel("y")}
_UPRIGHT: Spec = {"y": pixel("y"), "y2": {"field": "y2"}}
DOWN: Spec = {"x": pixel("x"), **_UPRIGHT}


class Drawing:
    """Layers of a chart. Labels are gathered and drawn last, few layers for many of them: compiling a
    specification takes time for each layer.
    """

    def __init__(self) -> None:
        self._layers: list[Spec] = []
        self._words: dict[tuple[str, Colour, bool], list[Row]] = {}

    def add(self, rows: Sequence[Row], mark: str, channels: Spec, **properties: Any) -> None:
        """A layer of marks over rows of data; nothing for no rows."""
        if rows:
            self._layers.append(
                {
                    "data": {"values": list(rows)},
                    "mark": {"type": mark, **properties},
                    "encoding": channels,
                }
            )

    def lines(self, rows: Sequence[Row], channels: Spec, colour: Colour = RULE, **properties: Any) -> None:
        """Straight thin lines."""
        self.add(rows, "rule", channels, **({"stroke": colour.light, "strokeWidth": 1} | properties))

    def dots(self, rows: Sequence[Row], x: Spec | None = None, **mark: float | str) -> None:
        """Filled points at pixel `y`, in colour `c`; `x` is a channel, or pixels of that name."""
        channels = {"x": x or pixel("x"), "y": pixel("y"), "fill": own("c")}
        self.add(rows, "point", channels, **({"filled": True, "size": 60, "opacity": 1} | mark))

    def bars(self, rows: Sequence[Row], axis: Spec, **mark: float | str) -> None:
        """Bars in colour `c` from `a` to `b` on an axis, from pixel `y` to `y2`."""
        channels = {"x": quantity("a", **axis), "x2": {"field": "b"}, **_UPRIGHT, "fill": own("c")}
        self.add(rows, "rect", channels, **mark)

    def whiskers(self, rows: Sequence[Row], axis: Spec, colour: Colour) -> None:
        """Lines from `a` to `b` on an axis, at pixel `y`."""
        channels = {"x": quantity("a", **axis), "x2": {"field": "b"}, "y": pixel("y")}
        self.lines(rows, channels, colour, strokeWidth=1.5)

    def write(
        self,
        lines: Sequence[str],
        x: float,
        y: float,
        align: str = "left",
        colour: Colour = INK,
        bold: bool = False,
    ) -> None:
        """Lines of text at a fixed place, also outside the plot area; `y` is the middle of the first."""
        rows = self._words.setdefault((align, colour, bold), [])
        rows += [
            {"x": round(x, 2), "y": round(y + i * LINE, 2), "label": printable(line)}
            for i, line in enumerate(lines)
        ]

    def spec(self, width: float, height: float, padding: tuple[float, float, float, float]) -> Spec:
        """The chart as a specification with a fixed plot area and fixed room around it.

        Parameters
        ----------
        width, height : of the plot area, pixels
        padding : left, top, right, bottom, pixels
        """
        for (align, colour, bold), rows in self._words.items():
            self.add(
                rows,
                "text",
                {"x": pixel("x"), "y": pixel("y"), "text": {"field": "label", "type": "nominal"}},
                align=align,
                baseline="middle",
                clip=False,
                fill=colour.light,
                fontWeight="bold" if bold else "normal",
            )
        self._words = {}
        left, top, right, bottom = padding
        return {
            "$schema": SCHEMA,
            "width": width,
            "height": height,
            "padding": {"left": left, "top": top, "right": right, "bottom": bottom},
            "autosize": "none",
            "background": None,
            "layer": self._layers,
            "config": _CONFIG,
        }


@dataclass(frozen=True)
class Band:
    """Where a row of a chart stands, in pixels from the top."""

    middle: float
    bottom: float


def name_rows(
    drawing: Drawing,
    titles: Sequence[str],
    top: float = 4.0,
    least: float | Sequence[float] = 24.0,
    bold: Collection[int] = (),
) -> list[Band]:
    """Write names to the left of rows, one below the other, and say where the rows stand.

    Parameters
    ----------
    titles : of the rows; broken into lines where they must be
    top : of the first row, pixels
    least : height of a row, or of each, pixels
    bold : positions of rows whose names are
    """
    bands = []
    for position, title in enumerate(titles):
        lines = wrap(title, NAMES - 22, SIZE, bold=position in bold)
        tall = max(least if isinstance(least, float) else least[position], len(lines) * LINE + 6.0)
        middle = top + tall / 2
        first = middle - (len(lines) - 1) * LINE / 2
        drawing.write(lines, -14, first, align="right", bold=position in bold)
        top += tall
        bands.append(Band(middle, top))
    return bands


_CONFIG: Spec = {
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
    "text": {"fontSize": SIZE},
}
