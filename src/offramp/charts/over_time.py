"""Charts along time as Vega-Lite specifications: one function for each kind, numbers in, a dict out.

Nothing here draws or computes statistics. Words of a model enter as data only, never as an expression, and
every size is set here, so that a chart is the same wherever it is rendered. `offramp.charts.render` turns
a specification into SVG without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from offramp.charts.canvas import (
    BELOW,
    DOWN,
    LINE,
    NAMES,
    SIZE,
    Drawing,
    Row,
    moment,
    number_ticks,
    own,
    percent_axis,
    percent_ticks,
    pixel,
    quantity,
    time_axis,
)
from offramp.charts.palette import GRID, INK, MUTED, PAPER, RULE, SERIES, Colour
from offramp.charts.text_metrics import apart, text_width, wrap
from offramp.tell import figures
from offramp.tell.blocks import Spec


@dataclass(frozen=True)
class Layer:
    """One part of a whole over time: `share` (time,), 0 to 1; `label` is what stands beside it."""

    label: str
    colour: Colour
    share: Sequence[float]


@dataclass(frozen=True)
class DatedMark:
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


def standing(
    times: Sequence[date],
    layers: Sequence[Layer],
    width: float,
    beside: bool = True,
    height: float | None = None,
) -> Spec:
    """Shares of a whole over time as stacked areas, bottom to top, each with its name and last share.

    Parameters
    ----------
    times : (time,)
    layers : at each time their shares sum to 1
    width : of the whole chart, pixels
    beside : names stand to the right of the areas; otherwise below the chart
    height : of the areas, pixels
    """
    left, height = 44.0, height or (300.0 if beside else 220.0)
    names = 206.0 if beside else 14.0
    plot = width - left - names
    drawing = Drawing()
    areas, middles = _stacked(times, layers)
    colours = {
        "field": "k",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(range(len(layers))), "range": [layer.colour.light for layer in layers]},
    }
    x = time_axis(times[0], times[-1], plot, grid=False)
    y = quantity("low", **percent_axis([0, 0.25, 0.5, 0.75, 1.0]))
    drawing.add(
        areas,
        "area",
        {"x": x, "y": y, "y2": {"field": "high"}, "fill": colours, "detail": {"field": "k"}},
        stroke=PAPER.light,
        strokeWidth=0.75,
    )
    labels = [layer.label for layer in layers]
    if beside:
        broken = [wrap(label, names - 22, SIZE) for label in labels]
        wanted = [height * (1 - m) for m in middles]
        placed = apart(wanted, [float(len(lines) * LINE) for lines in broken], -8, height + 34)
        leaders = []
        for layer, lines, where, aim in zip(layers, broken, placed, wanted, strict=True):
            drawing.write(lines, plot + 16, where - (len(lines) - 1) * LINE / 2)
            ends = {"x": plot + 2, "y": aim, "x2": plot + 12, "y2": where}
            leaders.append({**ends, "c": layer.colour.light})
        ends_at = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}
        channels = {"x": pixel("x"), "y": pixel("y"), **ends_at, "stroke": own("c")}
        drawing.add(leaders, "rule", channels, strokeWidth=1.5)
        return drawing.spec(plot, height, (left, 10, names, 40))
    at, swatches = height + 56.0, []
    for label, layer in zip(labels, layers, strict=True):
        lines = wrap(label, width - 30, SIZE)
        swatches.append({"x": 12 - left, "y": at, "c": layer.colour.light})
        drawing.write(lines, 24 - left, at)
        at += len(lines) * LINE + 5
    drawing.dots(swatches, shape="square", size=110)
    return drawing.spec(plot, height, (left, 10, names, at - height))


def _stacked(times: Sequence[date], layers: Sequence[Layer]) -> tuple[list[Row], list[float]]:
    """Areas one on the other, and the middle of each at the last time."""
    rows: list[Row] = []
    middles = []
    below = np.zeros(len(times))
    for i, layer in enumerate(layers):
        above = below + np.asarray(layer.share, dtype=float)
        rows += [
            {"t": moment(t), "low": round(float(a), 6), "high": round(float(b), 6), "k": i}
            for t, a, b in zip(times, below, above, strict=True)
        ]
        middles.append(float(below[-1] + above[-1]) / 2)
        below = above
    return rows, middles


def cumulative(
    times: Sequence[date],
    share: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    events: Sequence[date],
    width: float,
    colour: Colour = SERIES,
) -> Spec:
    """How a share grew from the start, as a line with its interval.

    Parameters
    ----------
    times, share, low, high : (time,), shares 0 to 1
    events : dates of events, drawn as thin rules
    width : of the whole chart, pixels
    """
    digits = figures.digits_for(low[-1], high[-1])
    return _share_line(times, share, low, high, events, width, 128.0, colour, max(high), digits)


def share_over_time(
    times: Sequence[date], share: Sequence[float], events: Sequence[date], width: float
) -> Spec:
    """Share of futures in which a yes-or-no variable holds, as a line filled down to 0."""
    zeros = [0.0] * len(times)
    return _share_line(times, share, zeros, share, events, width, 150.0, SERIES, max(*share, 0.01))


def _share_line(
    times: Sequence[date],
    share: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    events: Sequence[date],
    width: float,
    height: float,
    colour: Colour,
    top: float,
    digits: int | None = None,
) -> Spec:
    left, right = 46.0, 50.0
    plot = width - left - right
    ticks = percent_ticks(top, 4)
    x, y = time_axis(times[0], times[-1], plot, grid=False), percent_axis(ticks)
    rows = [
        {"t": moment(t), "p": round(p, 6), "low": round(a, 6), "high": round(b, 6)}
        for t, p, a, b in zip(times, share, low, high, strict=True)
    ]
    drawing = Drawing()
    _event_rules(drawing, events, times, x, height)
    _band(drawing, rows, x, y, "low", "high", colour, 0.25)
    drawing.add(rows, "line", {"x": x, "y": quantity("p", **y)}, stroke=colour.light, strokeWidth=2)
    drawing.write(
        [figures.percent(share[-1], digits)], plot + 7, height * (1 - share[-1] / ticks[-1]), bold=True
    )
    return drawing.spec(plot, height, (left, 10, right, BELOW))


def fan(
    times: Sequence[date], quantiles: Sequence[Sequence[float]], events: Sequence[date], width: float
) -> Spec:
    """Where a quantity may go: the middle half and the middle nine tenths of futures around their median.

    Parameters
    ----------
    times : (time,)
    quantiles : (quantile, time), the 5th, 25th, 50th, 75th and 95th percentile
    events : dates of events, drawn as thin rules
    width : of the whole chart, pixels
    """
    q = np.asarray(quantiles, dtype=float)
    ticks = number_ticks(float(q.min()), float(q.max()), 5)
    scale_words = [figures.number(t) for t in ticks]
    ends = [float(v) for v in q[[4, 2, 0], -1]]
    end_words = figures.together(ends)
    left = max(30.0, max(text_width(w, SIZE) for w in scale_words) + 10)
    right = max(text_width(w, SIZE, bold=True) for w in end_words) + 12
    plot, height = width - left - right, 150.0
    x = time_axis(times[0], times[-1], plot, grid=False)
    y: Spec = {
        "scale": {"domain": [ticks[0], ticks[-1]], "nice": False, "zero": False},
        "axis": {"values": ticks, "labels": False},
    }
    rows = [
        {"t": moment(t), **{f"q{i}": float(f"{q[i, k]:.6g}") for i in range(5)}} for k, t in enumerate(times)
    ]

    def down(value: float) -> float:
        return height * (1 - (value - ticks[0]) / (ticks[-1] - ticks[0]))

    drawing = Drawing()
    _event_rules(drawing, events, times, x, height)
    _band(drawing, rows, x, y, "q0", "q4", SERIES, 0.2)
    _band(drawing, rows, x, y, "q1", "q3", SERIES, 0.3)
    drawing.add(rows, "line", {"x": x, "y": quantity("q2", **y)}, stroke=SERIES.light, strokeWidth=2)
    for tick, word in zip(ticks, scale_words, strict=True):
        drawing.write([word], -6, down(tick), align="right", colour=MUTED)
    # Percentiles that end close together have their numbers moved apart; those that agree are written once.
    if len(set(end_words)) == 1:
        drawing.write(end_words[:1], plot + 7, down(ends[1]), bold=True)
    else:
        placed = apart([down(v) for v in ends], [float(LINE - 1)] * 3, -6, height + 8, gap=0)
        for word, where, middle in zip(end_words, placed, (False, True, False), strict=True):
            drawing.write([word], plot + 7, where, colour=INK if middle else MUTED, bold=middle)
    return drawing.spec(plot, height, (left, 10, right, BELOW))


def timeline(start: date, end: date, entries: Sequence[DatedMark], width: float) -> Spec:
    """Dates along an axis with what they are, one row for each, earliest on top.

    Parameters
    ----------
    start, end : of the axis
    entries : by date
    width : of the whole chart, pixels
    """
    left, right = 15.0, 18.0
    plot = width - left - right
    days = max(1, (end - start).days)
    drawing = Drawing()
    dots: list[Row] = []
    y = 16.0
    for entry in entries:
        here = plot * (entry.day - start).days / days
        to_the_right = here <= plot * 0.55
        room = (plot - here if to_the_right else here) - 10
        align, where = ("left", here + 10) if to_the_right else ("right", here - 10)
        head = wrap(f"{figures.full_date(entry.day)}: {entry.title}", room, SIZE, lines=4, bold=True)
        tail = wrap(entry.more, room, SIZE, lines=5) if entry.more else []
        drawing.write(head, where, y, align=align, bold=True)
        drawing.write(tail, where, y + len(head) * LINE, align=align, colour=MUTED)
        dots.append({"t": moment(entry.day), "y": y, "c": SERIES.light})
        y += (len(head) + len(tail)) * LINE + 12
    # Room above for the second line of a label: a year below its month.
    above = {"orient": "top", "domain": True, "domainColor": RULE.light, "labelPadding": 5 + LINE}
    drawing.dots(dots, x=time_axis(start, end, plot, **above))
    return drawing.spec(plot, y, (left, 44, right, 0))


def opacity(share: float) -> float:
    """How dark a share is painted in `strips`: by its root, so that rare choices are seen too.

    The key beside the chart is the measure; the numbers stand in the table.
    """
    return round(float(share) ** 0.5, 3) if share > 0 else 0.0


def strips(edges: Sequence[date], rows: Sequence[Strip], width: float, beside: bool = True) -> Spec:
    """How often each of several things was chosen, as strips of cells, darker for more often.

    Parameters
    ----------
    edges : (column + 1,), where the cells begin and the last ends
    rows : top to bottom
    width : of the whole chart, pixels
    beside : names stand to the left; otherwise above each strip
    """
    left, right = NAMES if beside else 14.0, 48.0
    plot = width - left - right
    drawing = Drawing()
    grounds: list[Row] = []
    cells: list[Row] = []
    y = 6.0
    for strip in rows:
        name = wrap(strip.title, left - 14 if beside else width, SIZE, lines=2)
        thick = max(16.0, len(name) * (LINE - 1.0)) if beside else 15.0
        if beside:
            drawing.write(name, -10, y + thick / 2 - (len(name) - 1) * LINE / 2, align="right")
        else:
            drawing.write(name, -left, y + 5)
            y += len(name) * LINE + 1
        grounds.append({"t": moment(edges[0]), "u": moment(edges[-1]), "y": y, "y2": y + thick})
        cells += [
            {"t": moment(a), "u": moment(b), "y": y, "y2": y + thick, "o": opacity(s)}
            for a, b, s in zip(edges, edges[1:], strip.share, strict=False)
            if s > 0
        ]
        drawing.write([figures.percent(strip.overall)], plot + 8, y + thick / 2, bold=True)
        y += thick + (4 if beside else 8)
    x = time_axis(edges[0], edges[-1], plot, grid=False)
    place = {"x": x, "x2": {"field": "u"}, "y": pixel("y"), "y2": {"field": "y2"}}
    drawing.add(grounds, "rect", place, fill=GRID.light, opacity=0.55)
    shade = {"field": "o", "type": "quantitative", "scale": None, "legend": None}
    gap = 1 if plot / max(1, len(edges) - 1) >= 5 else 0
    drawing.add(
        cells, "rect", {**place, "fillOpacity": shade}, fill=SERIES.light, stroke=PAPER.light, strokeWidth=gap
    )
    return drawing.spec(plot, y, (left, 4, right, BELOW))


def _band(
    drawing: Drawing,
    rows: Sequence[Row],
    x: Spec,
    y: Spec,
    low: str,
    high: str,
    colour: Colour,
    strength: float,
) -> None:
    channels = {"x": x, "y": quantity(low, **y), "y2": {"field": high}}
    drawing.add(rows, "area", channels, fill=colour.light, opacity=strength)


def _event_rules(
    drawing: Drawing, events: Sequence[date], times: Sequence[date], x: Spec, height: float
) -> None:
    rows = [{"t": moment(d), "y": 0, "y2": height} for d in events if times[0] < d < times[-1]]
    drawing.lines(rows, {**DOWN, "x": x}, strokeDash=[2, 2])
