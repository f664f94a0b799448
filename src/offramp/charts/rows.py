"""Charts of rows with names: shares, amounts, steps and swings, one below the other.

As in `offramp.charts.over_time`, numbers go in and a specification comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from offramp.charts.canvas import (
    ACROSS,
    DOWN,
    LINE,
    NAMES,
    SIZE,
    Band,
    Drawing,
    Row,
    name_rows,
    number_ticks,
    own,
    percent_axis,
    percent_ticks,
    pixel,
    quantity,
)
from offramp.charts.palette import BETTER, GRID, INK, MUTED, NEITHER, RULE, SERIES, WORSE, Colour
from offramp.charts.text_metrics import text_width, wrap
from offramp.tell import figures
from offramp.tell.blocks import Spec


@dataclass(frozen=True)
class Interval:
    """A share with its interval, and what it is the share of."""

    title: str
    share: float
    low: float
    high: float
    colour: Colour = SERIES


@dataclass(frozen=True)
class Amount:
    """A quantity that has no interval."""

    title: str
    value: float


@dataclass(frozen=True)
class Fall:
    """One thing that adds to a chance: by how much that falls without it (negative: rises)."""

    title: str
    fall: float
    low: float
    high: float


@dataclass(frozen=True)
class End:
    """The chance, with its interval, where a number has a value; `words` say which."""

    chance: tuple[float, float, float]
    words: str


@dataclass(frozen=True)
class Swing:
    """The chance where one number is low and where it is high, or at each value that it can have."""

    title: str
    ends: tuple[End, ...]

    @property
    def width(self) -> float:
        """How far the chance moves."""
        shares = [e.chance[0] for e in self.ends]
        return max(shares) - min(shares)

    def colour(self, k: int) -> Colour:
        """Blue for the first, red for the last, neither between."""
        return BETTER[0] if k == 0 else WORSE[0] if k == len(self.ends) - 1 else NEITHER[0]


def intervals(rows: Sequence[Interval], width: float, beside: bool = True) -> Spec:
    """Shares as dots with their intervals, one below the other.

    Parameters
    ----------
    rows : in the order in which they stand
    width : of the whole chart, pixels
    beside : names stand to the left of the dots; otherwise above each
    """
    ticks = percent_ticks(max([r.high for r in rows], default=1.0), 5 if beside else 4)
    numbers = [figures.percent(r.share, figures.digits_for(r.low, r.high)) for r in rows]
    drawing = Drawing()
    layout = _rows(drawing, [r.title for r in rows], numbers, width, beside)
    data = [
        {"a": r.low, "b": r.high, "p": r.share, "y": y, "c": r.colour.light}
        for r, y in zip(rows, layout.middles, strict=True)
    ]
    axis = percent_axis(ticks, orient="bottom")
    drawing.lines([{"x": 0, "x2": layout.plot, "y": y} for y in layout.middles], ACROSS, GRID)
    channels = {"x": quantity("a", **axis), "x2": {"field": "b"}, "y": pixel("y"), "stroke": own("c")}
    drawing.add(data, "rule", channels, strokeWidth=5, opacity=0.4)
    drawing.dots(data, x=quantity("p", **axis))
    return drawing.spec(layout.plot, layout.height, layout.padding)


def amounts(rows: Sequence[Amount], width: float, beside: bool = True) -> Spec:
    """Quantities as bars from 0, one below the other, each with its number."""
    ticks = number_ticks(0.0, max((r.value for r in rows), default=0.0) or 1.0, 5)
    drawing = Drawing()
    numbers = [figures.number(r.value, 2) for r in rows]
    layout = _rows(drawing, [r.title for r in rows], numbers, width, beside)
    # Written out, since ticks of a number axis are otherwise rounded each in its own way.
    axis: Spec = {
        "scale": {"domain": [0, ticks[-1]], "nice": False},
        "axis": {"values": ticks, "orient": "bottom", "labels": False},
    }
    for tick in ticks:
        where = layout.plot * tick / ticks[-1]
        drawing.write([figures.number(tick)], where, layout.height + 13, align="center", colour=MUTED)
    bars = [_bar(0, r.value, y, 5.5, SERIES) for r, y in zip(rows, layout.middles, strict=True)]
    drawing.bars(bars, axis)
    return drawing.spec(layout.plot, layout.height, layout.padding)


def waterfall(
    title: str,
    first: tuple[str, float],
    falls: Sequence[Fall],
    last: tuple[str, float],
    width: float,
    colours: tuple[Colour, Colour] = (WORSE[0], BETTER[0]),
) -> Spec:
    """Steps from one chance down to another, top to bottom, each with its interval.

    Parameters
    ----------
    title : of the chart
    first, last : title and chance, 0 to 1, of where it begins and ends
    falls : in the order in which they are taken off; `first` less their sum is `last`
    width : of the whole chart, pixels
    colours : of steps down and of steps up
    """
    digits = figures.digits_together((f.low, f.high) for f in falls)
    steps = [figures.points(-f.fall, digits) for f in falls]
    numbers = [figures.percent(first[1]), *steps, figures.percent(last[1])]
    levels = [first[1]]
    for fall in falls:
        levels.append(levels[-1] - fall.fall)
    # A whisker shows how far the end of a bar may lie from its beginning.
    tips = [level - edge for level, f in zip(levels, falls, strict=False) for edge in (f.low, f.high)]
    axis = percent_axis(percent_ticks(max(*levels, *tips, last[1], 1e-4), 6), orient="bottom")
    plot, right = _plot(width, numbers, 16)
    whole = (0, len(falls) + 1)
    drawing = _titled(title, width)
    bands = name_rows(drawing, [first[0], *(f.title for f in falls), last[0]], bold=whole)
    starts, ends = [0.0, *levels[:-1], 0.0], [first[1], *levels[1:], last[1]]
    bars: list[Row] = []
    for k, (band, start, end, number) in enumerate(zip(bands, starts, ends, numbers, strict=True)):
        colour = SERIES if k in whole else colours[0] if end <= start else colours[1]
        bars.append(_bar(start, end, band.middle, 7, colour))
        drawing.write(
            [number], plot + 10, band.middle, bold=k in whole, colour=SERIES if k in whole else MUTED
        )
    joints = [
        {"a": end, "y": band.middle + 7, "y2": band.bottom + 5}
        for band, end in zip(bands[:-1], ends, strict=False)
    ]
    whiskers = [
        {"a": max(0.0, start - f.high), "b": start - f.low, "y": band.middle}
        for f, start, band in zip(falls, levels, bands[1:], strict=False)
    ]
    drawing.lines(joints, {**DOWN, "x": quantity("a", **axis)}, RULE)
    drawing.bars(bars, axis)
    drawing.whiskers(whiskers, axis, MUTED)
    bottom = bands[-1].bottom
    drawing.lines([{"x": 0, "x2": plot, "y": bottom}], ACROSS, GRID)
    return drawing.spec(plot, bottom, (NAMES, 36, right, 28))


def tornado(title: str, middle: float, swings: Sequence[Swing], width: float, note: str = "") -> Spec:
    """Bars around a chance, the longest on top: blue where a number is low, red where it is high.

    Parameters
    ----------
    title : of the chart
    middle : the chance from which bars go out
    width : of the whole chart, pixels
    note : below the chart
    """
    longest = sorted(swings, key=lambda s: -s.width)
    ticks = percent_ticks(max(x for s in swings for end in s.ends for x in end.chance), 6)
    axis = percent_axis(ticks, orient="bottom")
    right = max(text_width(end.words, SIZE) for s in swings for end in s.ends) + 96
    plot = width - NAMES - right
    drawing = _titled(title, width)
    bars: list[Row] = []
    whiskers: list[Row] = []
    heights = [16.0 * len(s.ends) + 8 for s in longest]
    bands = name_rows(drawing, [s.title for s in longest], top=6.0, least=heights)
    for swing, band in zip(longest, bands, strict=True):
        for k, end in enumerate(swing.ends):
            chance, low, high = end.chance
            at = band.middle + 16.0 * k - 8.0 * (len(swing.ends) - 1)
            bars.append(_bar(middle, chance, at, 6, swing.colour(k)))
            whiskers.append({"a": low, "b": high, "y": at})
            number = figures.percent(chance, figures.digits_for(low, high))
            drawing.write([f"{number} at {end.words}"], plot + 10, at, colour=MUTED)
    bottom = bands[-1].bottom
    drawing.bars(bars, axis, opacity=0.85)
    drawing.whiskers(whiskers, axis, INK)
    centre = {**DOWN, "x": quantity("a", **axis)}
    drawing.lines([{"a": middle, "y": 0, "y2": bottom}], centre, RULE, strokeWidth=1.5)
    lines = wrap(note, width - 20, SIZE)
    drawing.write(lines, 10 - NAMES, bottom + 38, colour=MUTED)
    return drawing.spec(plot, bottom, (NAMES, 36, right, 42 + len(lines) * LINE))


def _bar(start: float, end: float, middle: float, half: float, colour: Colour) -> Row:
    return {"a": start, "b": end, "y": middle - half, "y2": middle + half, "c": colour.light}


def _titled(title: str, width: float) -> Drawing:
    """A drawing with its title above, from the left edge."""
    drawing = Drawing()
    drawing.write(wrap(title, width - 20, SIZE, bold=True), 10 - NAMES, -14, bold=True)
    return drawing


def _plot(width: float, numbers: Sequence[str], air: float, left: float = NAMES) -> tuple[float, float]:
    """Width of the plot area, and of what the numbers to its right need."""
    right = max((text_width(n, SIZE, bold=True) for n in numbers), default=0.0) + air
    return width - left - right, right


@dataclass(frozen=True)
class _Layout:
    plot: float
    height: float
    padding: tuple[float, float, float, float]
    middles: list[float]


def _rows(
    drawing: Drawing, titles: Sequence[str], numbers: Sequence[str], width: float, beside: bool
) -> _Layout:
    """Rows of a chart: names beside or above, numbers on the right; gives the middle of each row."""
    left = NAMES if beside else 10.0
    plot, right = _plot(width, numbers, 16, left)
    bands = name_rows(drawing, titles) if beside else _names_above(drawing, titles, width, left)
    for number, band in zip(numbers, bands, strict=True):
        drawing.write([number], plot + 10, band.middle, bold=True)
    height = bands[-1].bottom if bands else 4.0
    return _Layout(plot, height, (left, 4, right, 28), [b.middle for b in bands])


def _names_above(drawing: Drawing, titles: Sequence[str], width: float, left: float) -> list[Band]:
    """Write each name above its row."""
    bands, y = [], 4.0
    for title in titles:
        lines = wrap(title, width - 4, SIZE)
        drawing.write(lines, 2 - left, y + 7)
        y += len(lines) * LINE + 24
        bands.append(Band(y - 15, y))
    return bands
