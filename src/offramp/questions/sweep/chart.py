"""Charts of a sweep: lines along numbers, dots for types and policies, a heat map over two."""

from __future__ import annotations

from dataclasses import dataclass, field

from offramp.analysis.intervals import Estimate
from offramp.charts.canvas import (
    ACROSS,
    DOWN,
    LINE,
    NAMES,
    SIZE,
    WIDE,
    Drawing,
    Row,
    name_rows,
    number_ticks,
    own,
    percent_ticks,
    pixel,
)
from offramp.charts.palette import BETTER, GRID, MUTED, NEITHER, RULE, SERIES, WORSE, Colour
from offramp.charts.text_metrics import text_width, wrap
from offramp.model import Model
from offramp.questions.sweep.ask import Axis, Cell, Sweep
from offramp.tell import figures
from offramp.tell.blocks import Spec

_LEFT, _RIGHT, _TALL, _AIR = 52, 22, 180, 78
_MOST_MAPS = 4  # outcomes that have a map of their own
_CELL_HIGH, _LABEL_ROOM = 30, 150
_COLOURS = (SERIES, WORSE[0], BETTER[1], NEITHER[0], WORSE[2], NEITHER[1])
_NOTE = "Band or black line: 90 % interval. The same futures, under the same luck, everywhere."


@dataclass
class _Marks:
    """What is to be drawn, by kind."""

    grid: list[Row] = field(default_factory=list)
    down: list[Row] = field(default_factory=list)
    bands: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    whiskers: list[Row] = field(default_factory=list)
    dots: list[Row] = field(default_factory=list)

    def draw(self, drawing: Drawing) -> None:
        each = {"detail": {"field": "g", "type": "nominal"}, "x": pixel("x"), "y": pixel("y")}
        drawing.lines(self.grid, ACROSS, GRID)
        drawing.lines(self.down, DOWN, RULE, strokeDash=[4, 3])
        drawing.add(
            self.bands,
            "area",
            {**each, "y2": {"field": "y2"}, "fill": own("c")},
            opacity=0.18,
            orient="vertical",
        )
        drawing.add(self.lines, "line", {**each, "stroke": own("c")}, strokeWidth=2)
        drawing.lines(self.whiskers, ACROSS, MUTED, strokeWidth=1.5)
        drawing.dots(self.dots, size=44)


def chart(found: Sweep, model: Model | None = None, width: float = WIDE) -> Spec:
    """Lines and dots where each is moved alone; a heat map for each outcome over a grid of two."""
    if len(found.axes) == 2 and not found.one_at_a_time:
        return _maps(found, width)
    drawing, marks = Drawing(), _Marks()
    top = max(c.chance.high for cell in found.cells for c in cell.outcomes.values())
    ticks = percent_ticks(max(top, *(b.chance.value for b in found.base.values())))
    y = float(_legend(drawing, found, width))
    for i, axis in enumerate(found.axes):
        draw = _line if axis.is_number else _choices
        y = draw(drawing, marks, found, i, width, y, ticks)
    marks.draw(drawing)
    note = wrap(_NOTE, width - 20, SIZE)
    drawing.write(note, 10 - _LEFT, y, colour=MUTED)
    return drawing.spec(width - _LEFT - _RIGHT, y, (_LEFT, 34, _RIGHT, 12 + len(note) * LINE))


def _legend(drawing: Drawing, found: Sweep, width: float) -> float:
    """The outcomes in their colours; says where the first panel begins."""
    x, y = 10.0 - _LEFT, -14.0
    for outcome, colour in zip(found.base.values(), _cycle(len(found.base)), strict=True):
        wide = text_width(outcome.title, SIZE, bold=True)
        if x + wide > width - _LEFT - 10 and x > 10 - _LEFT:
            x, y = 10.0 - _LEFT, y + LINE
        drawing.write([outcome.title], x, y, colour=colour, bold=True)
        x += wide + 18
    return y + 34


def _cycle(n: int) -> list[Colour]:
    return [_COLOURS[k % len(_COLOURS)] for k in range(n)]


def _with_unit(axis: Axis) -> str:
    unit = figures.unit_words(axis.unit)
    return f"{axis.title}{f', {unit}' if unit else ''}"


def _line(
    drawing: Drawing, marks: _Marks, found: Sweep, i: int, width: float, top: float, ticks: list[float]
) -> float:
    """Chances along a number; says where what follows begins."""
    axis, plot = found.axes[i], width - _LEFT - _RIGHT
    values = [float(v) for v in axis.values]
    low, high = min(values), max(values)
    span = (high - low) or 1.0

    def across(value: float) -> float:
        return plot * (value - low) / span

    def down(share: float) -> float:
        return top + _TALL * (1 - min(max(share, 0.0), ticks[-1]) / ticks[-1])

    for tick in ticks:
        marks.grid.append({"x": 0, "x2": plot, "y": down(tick)})
        drawing.write([figures.percent(tick) if tick else "0"], -8, down(tick), align="right", colour=MUTED)
    for tick in number_ticks(low, high, max(3, int(plot // 90))):
        if low <= tick <= high:
            label = figures.number(tick)
            drawing.write([label], across(tick), top + _TALL + 14, align="center", colour=MUTED)
    drawing.write([_with_unit(axis)], plot / 2, top + _TALL + 34, align="center")
    for name, colour in zip(found.outcomes, _cycle(len(found.outcomes)), strict=True):
        told = sorted((float(axis.values[k]), c.outcomes[name].chance) for c, k in _cells(found, i))
        for value, e in told:
            row: Row = {"x": across(value), "c": colour.light, "g": f"{i} {name}"}
            marks.bands.append(row | {"y": down(e.low), "y2": down(e.high)})
            marks.lines.append(row | {"y": down(e.value)})
            marks.dots.append(row | {"y": down(e.value)})
    return top + _TALL + _AIR


def _choices(
    drawing: Drawing, marks: _Marks, found: Sweep, i: int, width: float, top: float, ticks: list[float]
) -> float:
    """Chances by type or policy, a row for each."""
    axis, left = found.axes[i], NAMES - _LEFT
    plot = width - _LEFT - _RIGHT - left
    high = 14.0 * len(found.outcomes) + 12

    def across(share: float) -> float:
        return left + plot * min(max(share, 0.0), ticks[-1]) / ticks[-1]

    drawing.write(wrap(axis.title[:1].upper() + axis.title[1:], width - 40, SIZE), 10 - _LEFT, top - 12)
    shifted = Drawing()  # names stand left of 0; here the plot begins further right
    bands = name_rows(shifted, axis.labels, top=top + 4, least=[high] * len(axis.labels))
    middles = {k: band.middle for k, band in enumerate(bands)}
    for k, label in enumerate(axis.labels):
        lines = wrap(label, NAMES - 22, SIZE)
        first = middles[k] - (len(lines) - 1) * LINE / 2
        drawing.write(lines, left - 14, first, align="right")
    bottom = bands[-1].bottom
    for tick in ticks:
        marks.down.append({"x": across(tick), "y": top, "y2": bottom})
        label = figures.percent(tick) if tick else "0"
        drawing.write([label], across(tick), bottom + 14, align="center", colour=MUTED)
    for j, (name, colour) in enumerate(zip(found.outcomes, _cycle(len(found.outcomes)), strict=True)):
        for cell, k in _cells(found, i):
            e = cell.outcomes[name].chance
            y = middles[k] + 14.0 * (j - (len(found.outcomes) - 1) / 2)
            marks.whiskers.append({"x": across(e.low), "x2": across(e.high), "y": y})
            marks.dots.append({"x": across(e.value), "y": y, "c": colour.light})
    return bottom + 54


def _cells(found: Sweep, i: int) -> list[tuple[Cell, int]]:
    """The cells along an axis, each with its position on it."""
    return [(c, k) for c in found.cells if (k := c.at[i]) is not None]


def _maps(found: Sweep, width: float) -> Spec:
    """A heat map for each outcome: the first axis down, the second across."""
    rows, columns = found.axes
    drawing = Drawing()
    left = min(_LABEL_ROOM, max(text_width(label, SIZE) for label in rows.labels) + 24)
    wide = (width - left - _RIGHT) / len(columns.labels)
    squares: list[Row] = []
    y = 30.0
    for name in found.outcomes[:_MOST_MAPS]:
        chances = {tuple(c.at): c.outcomes[name].chance for c in found.cells}
        most = max(e.value for e in chances.values()) or 1.0
        drawing.write([found.base[name].title], 10 - left, y - 14, bold=True)
        for (r, c), e in chances.items():
            assert r is not None
            assert c is not None
            at = y + (len(rows.labels) - 1 - r) * _CELL_HIGH  # numbers rise upwards
            square: Row = {"x": c * wide, "x2": (c + 1) * wide - 1, "y": at, "y2": at + _CELL_HIGH - 1}
            squares.append(square | {"o": 0.04 + 0.56 * e.value / most})
            drawing.write([_in_cell(e, wide)], (c + 0.5) * wide, at + _CELL_HIGH / 2, align="center")
        for r, label in enumerate(rows.labels):
            at = y + (len(rows.labels) - 1 - r + 0.5) * _CELL_HIGH
            lines = wrap(label, left - 14, SIZE, 2)
            drawing.write(lines, -8, at - (len(lines) - 1) * LINE / 2, align="right", colour=MUTED)
        bottom = y + len(rows.labels) * _CELL_HIGH
        for c, label in enumerate(columns.labels):
            lines = wrap(label, wide - 6, SIZE, 2)
            drawing.write(lines, (c + 0.5) * wide, bottom + 12, align="center", colour=MUTED)
        y = bottom + 70
    y -= 26
    words = wrap(
        f"Up: {_with_unit(rows)}. Across: {_with_unit(columns)}. The darker, the likelier. The same "
        f"futures, under the "
        "same luck, everywhere.", width - 20, SIZE,
    )  # fmt: skip
    drawing.write(words, 10 - left, y, colour=MUTED)
    opacity = {"field": "o", "type": "quantitative", "scale": None, "legend": None}
    channels = {**ACROSS, "y2": {"field": "y2"}, "fillOpacity": opacity}
    colours = Drawing()
    colours.add(squares, "rect", channels, fill=SERIES.light)
    spec = drawing.spec(width - left - _RIGHT, y, (left, 10, _RIGHT, 12 + len(words) * LINE))
    spec["layer"] = [*colours.spec(1, 1, (0, 0, 0, 0))["layer"], *spec["layer"]]
    return spec


def _in_cell(e: Estimate, wide: float) -> str:
    """A chance as fits its cell."""
    exact = figures.percent(e.value, figures.digits_for(e.low, e.high))
    return exact if text_width(exact, SIZE) < wide - 6 else figures.percent(e.value)
