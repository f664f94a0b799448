"""The pictures of a brief as Vega-Lite specifications: one function for each kind, numbers in, a dict out.

Nothing here draws or computes statistics. Words of a model enter as data only, never as an expression, and
every size is set here, so that a picture is the same wherever it is rendered. `offramp.report.render` turns
a specification into SVG without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from offramp.report import figures
from offramp.report.canvas import (
    LINE,
    SIZE,
    Row,
    Spec,
    at,
    frame,
    moment,
    number_ticks,
    percent_axis,
    percent_ticks,
    quantity,
    rule,
    text,
    time_axis,
    values,
)
from offramp.report.lettering import apart, text_width, wrap
from offramp.report.palette import GRID, INK, MUTED, PAPER, RULE, SERIES, Colour


@dataclass(frozen=True)
class Layer:
    """One part of a whole over time: `share` (time,), 0 to 1."""

    title: str
    colour: Colour
    share: Sequence[float]


@dataclass(frozen=True)
class Rule:
    """A dated event as a thin line through a chart."""

    day: date
    title: str


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
class Moment:
    """An entry of the timeline: a date, what it is, and a second line (the odds of its branches)."""

    day: date
    title: str
    more: str = ""


@dataclass(frozen=True)
class Strip:
    """How often something was chosen: `share` (column,), NaN where nobody chose any more; and overall."""

    title: str
    share: Sequence[float]
    overall: float


def standing(times: Sequence[date], layers: Sequence[Layer], width: float, beside: bool = True) -> Spec:
    """Shares of a whole over time as stacked areas, bottom to top, each with its name and last share.

    Parameters
    ----------
    times : (time,)
    layers : at each time their shares sum to 1
    width : of the whole picture, pixels
    beside : names stand to the right of the areas; otherwise below the picture
    """
    left, top, height = 40.0, 10.0, 300.0 if beside else 220.0
    names = 206.0 if beside else 10.0
    plot = width - left - names
    x = time_axis(times[0], times[-1], plot, grid=False)
    labels = [f"{figures.percent(layer.share[-1])} {layer.title}" for layer in layers]
    area: list[Row] = []
    below = np.zeros(len(times))
    middles = []
    for i, layer in enumerate(layers):
        above = below + np.asarray(layer.share, dtype=float)
        area += [
            {"t": moment(t), "low": round(float(a), 6), "high": round(float(b), 6), "k": i}
            for t, a, b in zip(times, below, above, strict=True)
        ]
        middles.append(float(below[-1] + above[-1]) / 2)
        below = above
    colours = {
        "field": "k",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(range(len(layers))), "range": [layer.colour.light for layer in layers]},
    }
    y_scale = percent_axis([0, 0.25, 0.5, 0.75, 1.0])
    drawing: list[Spec] = [
        {
            "data": values(area),
            "mark": {"type": "area", "line": False, "stroke": PAPER.light, "strokeWidth": 0.75},
            "encoding": {
                "x": x,
                "y": quantity("low", **y_scale),
                "y2": {"field": "high"},
                "fill": colours,
                "detail": {"field": "k"},
            },
        }
    ]
    bottom = 40.0
    if beside:
        broken = [wrap(label, names - 22, SIZE, lines=3) for label in labels]
        tall = [len(lines) * LINE for lines in broken]
        wanted = [height * (1 - m) for m in middles]
        placed = apart(wanted, [float(t) for t in tall], -8, height + 34)
        for i, (lines, y, y0) in enumerate(zip(broken, placed, wanted, strict=True)):
            colour = layers[i].colour.light
            drawing.append(
                rule([{}], at(plot + 2), at(y0), x2=at(plot + 12), y2=at(y), stroke=colour, strokeWidth=1.5)
            )
            drawing.append(_lines(lines, plot + 16, y - (len(lines) - 1) * LINE / 2))
    else:
        y = height + 56.0
        for label, layer in zip(labels, layers, strict=True):
            lines = wrap(label, width - 30, SIZE, lines=3)
            drawing.append(_swatch(-left + 12, y, layer.colour))
            drawing.append(_lines(lines, -left + 24, y))
            y += len(lines) * LINE + 5
        bottom = y - height
    return frame(plot, height, (left, top, names, bottom), drawing)


def cumulative(
    times: Sequence[date],
    share: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    rules: Sequence[Rule],
    width: float,
    colour: Colour = SERIES,
) -> Spec:
    """How a share grew from the start, as a line with its interval.

    Parameters
    ----------
    times, share, low, high : (time,), shares 0 to 1
    rules : dated events
    width : of the whole picture, pixels
    """
    ticks = percent_ticks(max(high), 4)
    left, height, right = 46.0, 128.0, 44.0
    plot = width - left - right
    x, y = time_axis(times[0], times[-1], plot, grid=False), percent_axis(ticks)
    rows = [
        {"t": moment(t), "p": round(p, 6), "low": round(a, 6), "high": round(b, 6)}
        for t, p, a, b in zip(times, share, low, high, strict=True)
    ]
    end = [{"t": moment(times[-1]), "p": share[-1], "label": figures.percent(share[-1])}]
    drawing = [
        *_rules(rules, times, x, height),
        _band(rows, x, y, "low", "high", colour, 0.25),
        {
            "data": values(rows),
            "mark": {"type": "line", "stroke": colour.light, "strokeWidth": 2},
            "encoding": {"x": x, "y": quantity("p", **y)},
        },
        text(end, x, quantity("p", **y), dx=6),
    ]
    return frame(plot, height, (left, 10, right, 38), drawing)


def fan(
    times: Sequence[date],
    quantiles: Sequence[Sequence[float]],
    rules: Sequence[Rule],
    width: float,
) -> Spec:
    """Where a quantity may go: the middle half and the middle nine tenths of futures around their median.

    Parameters
    ----------
    times : (time,)
    quantiles : (quantile, time), the 5th, 25th, 50th, 75th and 95th percentile
    rules : dated events
    width : of the whole picture, pixels
    """
    q = np.asarray(quantiles, dtype=float)
    ticks = number_ticks(float(q.min()), float(q.max()), 5)
    axis_words = [figures.number(t) for t in ticks]
    left = max(30.0, max(text_width(w, SIZE) for w in axis_words) + 10)
    ends = [float(v) for v in q[[4, 2, 0], -1]]
    end_words = [figures.number(v) for v in ends]
    right = max(text_width(w, SIZE) for w in end_words) + 14
    height = 150.0
    plot = width - left - right
    x = time_axis(times[0], times[-1], plot, grid=False)
    y: Spec = {
        "scale": {"domain": [ticks[0], ticks[-1]], "nice": False, "zero": False},
        "axis": {"values": ticks, "labels": False},
    }
    rows = [
        {"t": moment(t), **{f"q{i}": _significant(q[i, k]) for i in range(5)}} for k, t in enumerate(times)
    ]
    span = ticks[-1] - ticks[0]

    def pixel(value: float) -> float:
        return height * (1 - (value - ticks[0]) / span)

    drawing = [
        *_rules(rules, times, x, height),
        _band(rows, x, y, "q0", "q4", SERIES, 0.2),
        _band(rows, x, y, "q1", "q3", SERIES, 0.3),
        {
            "data": values(rows),
            "mark": {"type": "line", "stroke": SERIES.light, "strokeWidth": 2},
            "encoding": {"x": x, "y": quantity("q2", **y)},
        },
    ]
    for tick, word in zip(ticks, axis_words, strict=True):
        drawing.append(_lines([word], -6, pixel(tick), align="right", colour=MUTED))
    # Where the percentiles end close together their numbers would overlap; those that agree are written once.
    placed = apart([pixel(v) for v in ends], [float(LINE - 1)] * 3, -4, height + 8, gap=0)
    if len(set(end_words)) == 1:
        placed, end_words = [pixel(ends[1])], end_words[:1]
    for i, (word, where) in enumerate(zip(end_words, placed, strict=True)):
        median = len(end_words) == 1 or i == 1
        drawing.append(_lines([word], plot + 7, where, colour=INK if median else MUTED, bold=median))
    return frame(plot, height, (left, 10, right, 38), drawing)


def share_over_time(
    times: Sequence[date], share: Sequence[float], rules: Sequence[Rule], width: float
) -> Spec:
    """Share of futures in which a yes-or-no variable holds, as a filled line from 0 to 100 %."""
    zeros = [0.0] * len(times)
    ticks = percent_ticks(max(*share, 0.01), 4)
    left, height, right = 46.0, 150.0, 48.0
    plot = width - left - right
    x, y = time_axis(times[0], times[-1], plot, grid=False), percent_axis(ticks)
    rows = [{"t": moment(t), "p": round(p, 6), "z": z} for t, p, z in zip(times, share, zeros, strict=True)]
    end = [{"t": moment(times[-1]), "p": share[-1], "label": figures.percent(share[-1])}]
    drawing = [
        *_rules(rules, times, x, height),
        _band(rows, x, y, "z", "p", SERIES, 0.25),
        {
            "data": values(rows),
            "mark": {"type": "line", "stroke": SERIES.light, "strokeWidth": 2},
            "encoding": {"x": x, "y": quantity("p", **y)},
        },
        text(end, x, quantity("p", **y), dx=6, fontWeight="bold"),
    ]
    return frame(plot, height, (left, 10, right, 38), drawing)


def intervals(rows: Sequence[Interval], width: float, beside: bool = True) -> Spec:
    """Shares as dots with their intervals, one below the other.

    Parameters
    ----------
    rows : in the order in which they stand
    width : of the whole picture, pixels
    beside : names stand to the left of the dots; otherwise above each
    """
    ticks = percent_ticks(max([r.high for r in rows], default=1.0), 5)
    words = [figures.percent(r.share, figures.digits_for(r.low, r.high)) for r in rows]
    layout = _rows([r.title for r in rows], words, width, beside)
    y_axis = percent_axis(ticks, orient="bottom")
    drawing: list[Spec] = []
    for r, word, row in zip(rows, words, layout.rows, strict=True):
        x = {**y_axis}
        ends = [{"a": r.low, "b": r.high, "p": r.share}]
        drawing += [
            rule([{}], at(0), at(row.middle), x2=at(layout.plot), stroke=GRID.light),
            rule(
                ends, quantity("a", **x), at(row.middle), x2={"field": "b"}, stroke=r.colour.light,
                strokeWidth=5, opacity=0.4,
            ),
            {
                "data": values(ends),
                "mark": {"type": "point", "filled": True, "size": 64, "fill": r.colour.light, "opacity": 1},
                "encoding": {"x": quantity("p", **x), "y": at(row.middle)},
            },
            _lines([word], layout.plot + 10, row.middle, bold=True),
            row.name,
        ]  # fmt: skip
    return frame(layout.plot, layout.height, layout.padding, drawing)


def amounts(rows: Sequence[Amount], width: float, beside: bool = True) -> Spec:
    """Quantities as bars from 0, one below the other, each with its number."""
    top = max((r.value for r in rows), default=1.0) or 1.0
    ticks = number_ticks(0.0, top, 5)
    words = [figures.number(r.value, 2) for r in rows]
    layout = _rows([r.title for r in rows], words, width, beside)
    x: Spec = {
        "scale": {"domain": [0, ticks[-1]], "nice": False},
        "axis": {"values": ticks, "orient": "bottom"},
    }
    drawing: list[Spec] = []
    for r, word, row in zip(rows, words, layout.rows, strict=True):
        drawing += [
            {
                "data": values([{"a": 0, "b": r.value}]),
                "mark": {"type": "bar", "fill": SERIES.light, "height": 11},
                "encoding": {"x": quantity("a", **x), "x2": {"field": "b"}, "y": at(row.middle)},
            },
            _lines([word], layout.plot + 10, row.middle, bold=True),
            row.name,
        ]
    return frame(layout.plot, layout.height, layout.padding, drawing)


def timeline(start: date, end: date, entries: Sequence[Moment], width: float) -> Spec:
    """Dates along an axis with what they are, one row for each, earliest on top.

    Parameters
    ----------
    start, end : of the axis
    entries : by date
    width : of the whole picture, pixels
    """
    side = 12.0
    plot = width - 2 * side
    days = max(1, (end - start).days)
    x = time_axis(start, end, plot, orient="top", domain=True, domainColor=RULE.light)
    rules: list[Row] = []
    drawing: list[Spec] = []
    y = 14.0
    for entry in entries:
        here = plot * (entry.day - start).days / days
        to_the_right = here <= plot * 0.55
        room = (plot - here if to_the_right else here) - 10
        align = "left" if to_the_right else "right"
        where = here + 10 if to_the_right else here - 10
        first = f"{figures.full_date(entry.day)}  {entry.title}"
        head = wrap(first, room, SIZE, lines=4, bold=True)
        tail = wrap(entry.more, room, SIZE, lines=5) if entry.more else []
        rules.append({"t": moment(entry.day), "y": y})
        drawing.append(_lines(head, where, y, align=align, bold=True))
        if tail:
            drawing.append(_lines(tail, where, y + len(head) * LINE, align=align, colour=MUTED))
        drawing.append(
            {
                "data": values([rules[-1]]),
                "mark": {"type": "point", "filled": True, "size": 58, "fill": SERIES.light, "opacity": 1},
                "encoding": {"x": x, "y": at(y)},
            }
        )
        y += (len(head) + len(tail)) * LINE + 12
    lines = [
        rule([{"t": row["t"]}], x, at(0), y2=at(row["y"]), stroke=RULE.light, strokeDash=[2, 2])
        for row in rules
    ]
    return frame(plot, y, (side, 40, side, 0), [*lines, *drawing])


def opacity(share: float) -> float:
    """How dark a share is painted in `strips`: grows fast at first, so that rare choices are seen.

    The eye takes the key beside the picture for its measure; numbers stand in the table.
    """
    return 0.0 if not share > 0 else round(0.06 + 0.94 * float(share) ** 0.6, 3)


def strips(edges: Sequence[date], rows: Sequence[Strip], width: float, beside: bool = True) -> Spec:
    """How often each of several things was chosen, as strips of cells, darker for more often.

    Parameters
    ----------
    edges : (column + 1,), where the cells begin and the last ends
    rows : top to bottom
    width : of the whole picture, pixels
    beside : names stand to the left; otherwise above each strip
    """
    right = 48.0
    left = 226.0 if beside else 0.0
    plot = width - left - right
    x = time_axis(edges[0], edges[-1], plot, grid=False)
    cell = plot / max(1, len(edges) - 1)
    gap = 1 if cell >= 5 else 0
    drawing: list[Spec] = []
    y = 6.0
    for strip in rows:
        name = wrap(strip.title, left - 14 if beside else plot + right, SIZE, lines=2)
        if beside:
            thick = max(16.0, len(name) * (LINE - 1.0))
            drawing.append(_lines(name, -10, y + thick / 2 - (len(name) - 1) * LINE / 2, align="right"))
        else:
            thick = 15.0
            drawing.append(_lines(name, 0, y + 5))
            y += len(name) * LINE + 1
        cells = [
            {"t": moment(a), "u": moment(b), "o": opacity(s)}
            for a, b, s in zip(edges, edges[1:], strip.share, strict=False)
        ]
        drawing += [
            {
                "data": values([{"t": moment(edges[0]), "u": moment(edges[-1])}]),
                "mark": {"type": "rect", "fill": GRID.light, "opacity": 0.55},
                "encoding": {"x": x, "x2": {"field": "u"}, "y": at(y), "y2": at(y + thick)},
            },
            {
                "data": values([c for c in cells if c["o"] > 0]),
                "mark": {
                    "type": "rect", "fill": SERIES.light, "stroke": PAPER.light, "strokeWidth": gap,
                    "strokeOpacity": 1,
                },
                "encoding": {
                    "x": x, "x2": {"field": "u"}, "y": at(y), "y2": at(y + thick),
                    "fillOpacity": {"field": "o", "type": "quantitative", "scale": None, "legend": None},
                },
            },
            _lines([figures.percent(strip.overall)], plot + 8, y + thick / 2, bold=True),
        ]  # fmt: skip
        y += thick + (4 if beside else 8)
    return frame(plot, y, (left, 4, right, 38), drawing)


@dataclass(frozen=True)
class _PlacedRow:
    middle: float
    name: Spec


@dataclass(frozen=True)
class _Layout:
    plot: float
    height: float
    padding: tuple[float, float, float, float]
    rows: list[_PlacedRow]


def _rows(titles: Sequence[str], numbers: Sequence[str], width: float, beside: bool) -> _Layout:
    """Places for rows of a chart whose names stand beside or above and whose numbers stand on the right."""
    right = max((text_width(n, SIZE, bold=True) for n in numbers), default=0.0) + 16
    left = 226.0 if beside else 10.0
    plot = width - left - right
    placed: list[_PlacedRow] = []
    y = 4.0
    for title in titles:
        lines = wrap(title, left - 22 if beside else width - 4, SIZE, lines=3)
        if beside:
            tall = max(24.0, len(lines) * LINE + 6.0)
            name = _lines(lines, -14, y + tall / 2 - (len(lines) - 1) * LINE / 2, align="right")
            placed.append(_PlacedRow(y + tall / 2, name))
            y += tall
        else:
            name = _lines(lines, -left + 2, y + 7)
            placed.append(_PlacedRow(y + len(lines) * LINE + 9, name))
            y += len(lines) * LINE + 24
    return _Layout(plot, y, (left, 4, right, 28), placed)


def _lines(
    lines: Sequence[str],
    x: float,
    y: float,
    align: str = "left",
    colour: Colour = INK,
    bold: bool = False,
) -> Spec:
    """Lines of text from a fixed place; `y` is the middle of the first."""
    return text(
        [{"label": "\n".join(lines)}], at(x), at(y), align=align, fill=colour.light,
        fontWeight="bold" if bold else "normal",
    )  # fmt: skip


def _swatch(x: float, y: float, colour: Colour) -> Spec:
    return {
        "data": values([{}]),
        "mark": {"type": "point", "shape": "square", "filled": True, "size": 110, "fill": colour.light,
                 "opacity": 1},
        "encoding": {"x": at(x), "y": at(y)},
    }  # fmt: skip


def _band(rows: Sequence[Row], x: Spec, y: Spec, low: str, high: str, colour: Colour, opacity: float) -> Spec:
    return {
        "data": values(rows),
        "mark": {"type": "area", "line": False, "fill": colour.light, "opacity": opacity},
        "encoding": {"x": x, "y": quantity(low, **y), "y2": {"field": high}},
    }


def _rules(rules: Sequence[Rule], times: Sequence[date], x: Spec, height: float) -> list[Spec]:
    inside = [{"t": moment(r.day)} for r in rules if times[0] < r.day < times[-1]]
    if not inside:
        return []
    return [rule(inside, x, at(0), y2=at(height), strokeDash=[2, 2])]


def _significant(value: float) -> float:
    return float(f"{value:.6g}")
