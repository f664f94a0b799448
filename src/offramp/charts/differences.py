"""Changes around zero: dots with the sampling interval as a bar and the spread over worlds as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from offramp.charts.canvas import (
    ACROSS,
    DOWN,
    LINE,
    NAMES,
    SIZE,
    Drawing,
    Row,
    number_ticks,
    own,
    pixel,
    quantity,
)
from offramp.charts.palette import GRID, MUTED, RULE, SERIES, Colour
from offramp.charts.text_metrics import text_width, wrap
from offramp.tell import figures
from offramp.tell.blocks import Spec

_ROW = 22.0  # pixels that a row takes at least
_ABOVE = 22.0  # of the first row, for what the sides of zero mean


@dataclass(frozen=True)
class ChangeBar:
    """One change: all of `value` to `wide` in the unit of the axis."""

    title: str
    value: float
    low: float
    high: float
    number: str
    wide: tuple[float, float] | None = None  # over uncertain numbers
    colour: Colour = SERIES


def differences(
    groups: Sequence[tuple[str, Sequence[ChangeBar]]],
    width: float,
    less: str = "less likely",
    more: str = "likelier",
    unit: str = "points of a hundred",
    beside: bool = True,
    note: str = "",
) -> Spec:
    """Changes to the left and right of zero, in groups with a heading each.

    Parameters
    ----------
    groups : heading (empty: none) and rows, top to bottom
    width : of the whole chart, pixels
    less, more : what the sides of zero mean
    unit : of the axis
    beside : names stand to the left; otherwise above each row
    note : below the chart, for one that stands alone
    """
    rows = [row for _, some in groups for row in some]
    reach = [edge for r in rows for edge in (r.low, r.high, r.value, *(r.wide or ()))] or [0.0]
    ticks = number_ticks(min(0.0, *reach), max(0.0, *reach), 6 if beside else 4)
    right = max((text_width(r.number, SIZE, bold=True) for r in rows), default=0.0) + 16
    left = NAMES if beside else 14.0
    chart = _Chart(width, left, width - left - right, ticks, beside)
    for heading, some in groups:
        chart.group(heading, some)
    chart.axis(unit)
    chart.sides(less, more)
    chart.marks()
    below = chart.note(note, 28 if beside else 44)
    return chart.drawing.spec(chart.plot, chart.y, (left, 4, right, below))


@dataclass
class _Chart:
    """A chart that grows downwards.

    Attributes
    ----------
    width, left, plot : of the whole, of the names, and of what lies between names and numbers
    y : where the next row begins
    """

    width: float
    left: float
    plot: float
    ticks: Sequence[float]
    beside: bool
    y: float = _ABOVE
    drawing: Drawing = field(default_factory=Drawing)
    dots: list[Row] = field(default_factory=list)

    def group(self, heading: str, rows: Sequence[ChangeBar]) -> None:
        """Rows below a heading."""
        if heading:
            above = self._name(heading, True)
            self.y += above + 4 if above else len(self._beside(heading, True)) * LINE + 4
        for row in rows:
            self._row(row)
        self.y += 6 if heading else 0

    def _row(self, row: ChangeBar) -> None:
        self.y += self._name(row.title, False)
        lines = len(self._beside(row.title)) if self.beside else 1
        tall = max(_ROW, lines * LINE + 6.0)
        middle = self.y + tall / 2
        self.drawing.write([row.number], self.plot + 10, middle, bold=True)
        first, last = row.wide or (row.value, row.value)
        self.dots.append(
            {
                "p": row.value, "a": row.low, "b": row.high, "v": first, "w": last, "y": middle,
                "c": row.colour.light,
            }
        )  # fmt: skip
        self.y += tall

    def _name(self, title: str, bold: bool) -> float:
        """Write a name; gives the room that it takes above its row (0 where it stands beside)."""
        if not self.beside:
            lines = wrap(title, self.width - 8, SIZE, bold=bold)
            self.drawing.write(lines, 2 - self.left, self.y + 9, bold=bold)
            return len(lines) * LINE
        lines = self._beside(title, bold)
        tall = len(lines) * LINE
        middle = self.y + (9 if bold else max(_ROW, tall + 6.0) / 2 - (len(lines) - 1) * LINE / 2)
        self.drawing.write(lines, -14, middle, align="right", bold=bold)
        return 0.0

    def _beside(self, title: str, bold: bool = False) -> list[str]:
        return wrap(title, self.left - 22, SIZE, bold=bold)

    def across(self, value: float) -> float:
        """Where a value lies, in pixels of the plot."""
        return self.plot * (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])

    def axis(self, unit: str) -> None:
        """Numbers below, and what they count."""
        for tick in self.ticks:
            self.drawing.write(
                [figures.number(tick)], self.across(tick), self.y + 13, align="center", colour=MUTED
            )
        if unit and self.beside:
            edge = text_width(figures.number(self.ticks[0]), SIZE) / 2
            self.drawing.write([unit], -10 - edge, self.y + 13, align="right", colour=MUTED)
        elif unit:
            self.drawing.write([unit], 2 - self.left, self.y + 29, colour=MUTED)

    def sides(self, less: str, more: str) -> None:
        """Which side of zero means what, where there is room for it."""
        zero = self.across(0.0)
        if zero > text_width(less, SIZE) + 24:
            self.drawing.write([f"← {less}"], zero - 8, 8, align="right", colour=MUTED)
        if self.plot - zero > text_width(more, SIZE) + 24:
            self.drawing.write([f"{more} →"], zero + 8, 8, colour=MUTED)

    def marks(self) -> None:
        """Tracks, zero, and over them lines, bars and dots."""
        self.drawing.lines([{"x": 0, "x2": self.plot, "y": d["y"]} for d in self.dots], ACROSS, GRID)
        self.drawing.lines([{"x": self.across(0.0), "y": 0, "y2": self.y}], DOWN, RULE, strokeWidth=1.5)
        axis: Spec = {
            "scale": {"domain": [self.ticks[0], self.ticks[-1]], "nice": False},
            "axis": {"values": self.ticks, "orient": "bottom", "labels": False},
        }
        for first, last, thick, strength in (("v", "w", 1.5, 0.9), ("a", "b", 6, 0.4)):
            ends = {"x": quantity(first, **axis), "x2": {"field": last}, "y": pixel("y")}
            self.drawing.add(
                self.dots, "rule", {**ends, "stroke": own("c")}, strokeWidth=thick, opacity=strength
            )
        self.drawing.dots(self.dots, quantity("p", **axis), size=50)

    def note(self, text: str, below: int) -> int:
        """Write a note below the axis; gives the room below the plot."""
        if not text:
            return below
        lines = wrap(text, self.width - 20, SIZE)
        self.drawing.write(lines, 10 - self.left, self.y + below + 10, colour=MUTED)
        return below + 14 + len(lines) * round(LINE)
