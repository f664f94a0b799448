"""Charts of a calibration: what the data move, the way there, and how what was published is met."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

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
    pixel,
    time_ticks,
)
from offramp.charts.palette import BETTER, GOING_ON, GRID, INK, MUTED, NEITHER, SERIES, WORSE, Colour
from offramp.charts.text_metrics import text_width, wrap
from offramp.model import Model
from offramp.tell import figures
from offramp.tell.blocks import Spec
from offramp.truth.posterior import Fit, Posterior, TraceStage

_MOST = 18  # numbers before and after
_LEAST_TRACES, _TRACES = 4, 8  # numbers whose way is drawn
_NO_UNIT = ("", "1", "count", "share")
_BAND = 1.645  # standard deviations to either side of nine tenths of a normal distribution
_LEFT, _GAP, _RIGHT = 52.0, 34.0, 32.0
_HIGH, _STEP = 84.0, 154.0  # of one panel, and from one row of panels to the next
# One hue a population; from the fifth on they come again.
_NAMED = 8  # populations above the chart
_POPULATIONS = (SERIES, WORSE[0], BETTER[1], NEITHER[0])

_XY = {"x": pixel("x"), "y": pixel("y")}
_X2, _Y2 = {"x2": {"field": "x2"}}, {"y2": {"field": "y2"}}
_FILL, _STROKE = {"fill": own("c")}, {"stroke": own("c")}


class _Panel:
    """One of several small plots in a chart: maps values to its pixels, draws its grid and labels."""

    def __init__(
        self,
        drawing: Drawing,
        x: float,
        y: float,
        width: float,
        ticks: Sequence[float],
        reach: float | None = None,
    ) -> None:
        self.drawing, self.x, self.y, self.width, self.height = drawing, x, y, width, _HIGH
        self.low, self.high = (ticks[0], ticks[-1]) if reach is None else (-reach, reach)
        self.ticks = ticks

    def down(self, value: float) -> float:
        """Height of a value, kept inside."""
        inside = min(max(value, self.low), self.high)
        return self.y + self.height * (self.high - inside) / (self.high - self.low)

    def grid(self, labels: Sequence[str]) -> list[Row]:
        """Lines of the grid to be drawn, labels left of them."""
        for tick, label in zip(self.ticks, labels, strict=True):
            self.drawing.write([label], self.x - 7, self.down(tick), align="right", colour=MUTED)
        return [{"x": self.x, "x2": self.x + self.width, "y": self.down(t)} for t in self.ticks]

    def across(self, ticks: Sequence[tuple[float, str]]) -> None:
        """Labels below; one that would run into the one before is left out."""
        end = -1e9
        for at, label in ticks:
            half = text_width(label, SIZE) / 2
            if at - half > end + 6:
                self.drawing.write([label], at, self.y + self.height + 13, align="center", colour=MUTED)
                end = at + half


def chart(found: Posterior, model: Model | None = None, width: float = WIDE) -> Spec:
    """What the data move: each number before (grey) and after (blue), in standard deviations of the prior.

    Parameters
    ----------
    width : of the whole chart, pixels
    """
    rows = [found.parameters[name] for name in found.moved][:_MOST]
    plot = width - NAMES - 20
    drawing = Drawing()
    most = 3.0
    drawing.write([f"Numbers that evidence known by {found.until} moves"], -NAMES + 8, -26, bold=True)
    key = "90 % before (grey) and after (blue), in standard deviations of the prior"
    drawing.write([key], -NAMES + 8, -9, colour=MUTED)

    def across(z: float) -> float:
        return plot * (min(max(z, -most), most) + most) / (2 * most)

    before, after, dots = [], [], []
    bands = name_rows(drawing, [p.title for p in rows], top=8.0, least=22.0)
    for p, middle in zip(rows, (band.middle for band in bands), strict=True):
        sd = 1 - p.narrower
        before.append({"x": across(-_BAND), "x2": across(_BAND), "y": middle})
        low, up = (across(p.shift + side * _BAND * sd) for side in (-1, 1))
        after.append({"x": low, "x2": up, "y": middle})
        dots.append({"x": across(p.shift), "y": middle, "c": SERIES.light})
    height = max(bands[-1].bottom + 4 if bands else 0.0, 40.0)
    if not rows:
        drawing.write(["The evidence moves none of the uncertain numbers."], 0, 20)
    grid = [{"x": across(z), "y": 0.0, "y2": height} for z in (-2, -1, 0, 1, 2)]
    drawing.lines(grid, DOWN, GRID)
    for z in (-2, -1, 0, 1, 2):
        drawing.write([f"{z:+d}" if z else "0"], across(z) - 7, height + 12, colour=MUTED)
    drawing.lines(before, ACROSS, GOING_ON, strokeWidth=9, opacity=0.55)
    drawing.lines(after, ACROSS, SERIES, strokeWidth=4)
    drawing.dots(dots, size=44)
    return drawing.spec(plot, height, (NAMES, 40, 20, 26))


def trace(found: Posterior, model: Model | None = None, width: float = WIDE) -> Spec:
    """How populations went from prior to posterior: steps of temperature, moves, the numbers that move most.

    Parameters
    ----------
    width : of the whole chart, pixels
    """
    way, drawing = found.trace, Drawing()
    days, stages = way.days, way.stages
    colours = [_POPULATIONS[c % len(_POPULATIONS)] for c in range(len(stages))]
    _heading(drawing, found, colours)
    plot = (width - 2 * _LEFT - _GAP - _RIGHT) / 2
    grid: list[Row] = []
    dots: list[Row] = []
    lines: list[Row] = []
    bands: list[Row] = []

    def panel(
        number: int, title: str, top: float, ticks: Sequence[float], reach: float | None = None
    ) -> _Panel:
        x = (number % 2) * (plot + _LEFT + _GAP)
        _title(drawing, title, x, top, plot)
        made = _Panel(drawing, x, top, plot, ticks, reach)

        def at(k: float) -> float:
            return x + plot * k / max(len(days), 1)

        made.across([(at(k), words) for k, words in enumerate(_days(days), 1)])
        return made

    shares = [0.0, 0.25, 0.5, 0.75, 1.0]
    for number, (title, share_of) in enumerate(_SHARES.items()):
        one = panel(number, title, 30 + (number // 2) * _STEP, shares)
        grid += one.grid([f"{100 * s:.0f} %" for s in shares])
        for c, steps in enumerate(stages):
            for stage in steps:
                share = share_of(stage)
                if share is not None:
                    x = one.x + plot * (stage.day + stage.temperature) / max(len(days), 1)
                    dots.append({"x": x, "y": one.down(share), "c": colours[c].light})
    y = 30 + ((len(_SHARES) + 1) // 2) * _STEP
    names = _traced(found)
    drawing.write(
        ["Numbers that the data move most, after each day of new evidence"], -_LEFT + 8, y, bold=True
    )
    drawing.write(
        ["middle, and the band that holds nine tenths, in standard deviations of the prior"],
        -_LEFT + 8, y + 17, colour=MUTED,
    )  # fmt: skip
    y += 64
    for number, name in enumerate(names):
        path = way.parameters[name]
        apart = " (populations do not agree)" if name in found.populations.apart else ""
        title = found.parameters[name].title + apart
        one = panel(number, title, y + (number // 2) * _STEP, [-2, -1, 0, 1, 2], 2.6)
        grid += one.grid(["−2", "−1", "0", "+1", "+2"])
        for c in range(len(stages)):
            for k, (mean, sd) in enumerate(zip(path.mean[c], path.sd[c], strict=True)):
                x = one.x + plot * k / max(len(days), 1)
                row = {"x": x, "c": colours[c].light, "g": f"{name} {c}"}
                bands.append(row | {"y": one.down(mean - _BAND * sd), "y2": one.down(mean + _BAND * sd)})
                lines.append(row | {"y": one.down(mean)})
    height = y + ((len(names) + 1) // 2) * _STEP - 30
    drawing.lines(grid, ACROSS, GRID)
    of = {"detail": {"field": "g", "type": "nominal"}}
    drawing.add(bands, "area", {**_XY, **_Y2, **_FILL, **of}, opacity=0.2, orient="vertical")
    drawing.add(lines, "line", {**_XY, **_STROKE, **of}, strokeWidth=2)
    drawing.add(dots, "point", _XY | _FILL, filled=True, size=22, opacity=0.8)
    return drawing.spec(width - _LEFT - _RIGHT, height, (_LEFT, 56, _RIGHT, 12))


def _traced(found: Posterior) -> list[str]:
    """Numbers whose way is drawn: moved ones, those not agreed on, and others if these are few."""
    traced = list(found.trace.parameters)
    first = [n for n in traced if found.parameters[n].moved]
    first += [n for n in found.populations.apart if n in traced]
    return (first + [n for n in traced if n not in first])[: max(_LEAST_TRACES, min(len(first), _TRACES))]


_SHARES: dict[str, Callable[[TraceStage], float | None]] = {
    "Worlds that count, when weighted": lambda stage: stage.effective,
    "Worlds that are not copies, after moving": lambda stage: stage.distinct,
    "Moves to other numbers that were taken": lambda stage: stage.worlds,
    "Moves to other luck that were taken": lambda stage: stage.luck,
}


def _title(drawing: Drawing, words: str, x: float, y: float, width: float) -> None:
    """Above a panel, on up to two lines."""
    lines = wrap(words, width + 10, SIZE, 2, bold=True)
    drawing.write(lines, x - 4, y - 14 - (len(lines) - 1) * LINE, bold=True)


def _heading(drawing: Drawing, found: Posterior, colours: Sequence[Colour]) -> None:
    drawing.write([f"From prior to posterior: evidence known by {found.until}"], -_LEFT + 8, -40, bold=True)
    x, words = -_LEFT + 8, "A dot is a step of temperature, which may cost half of the worlds' weight."
    drawing.write([words], x, -23, colour=MUTED)
    x += text_width(words, SIZE)
    for c, colour in enumerate(colours[:_NAMED]):
        more = " ..." if c + 1 == _NAMED < len(colours) else ""
        name = (str(c + 1) if c else "population 1") + more
        drawing.write([name], x + 12, -23, colour=colour, bold=True)
        x += 12 + text_width(name, SIZE, bold=True)


def fit(found: Posterior, model: Model | None = None, width: float = WIDE) -> Spec:
    """What was published beside what the calibrated model would publish, series by series.

    With what came afterwards, if it was asked for.

    Parameters
    ----------
    width : of the whole chart, pixels
    """
    drawing, after = Drawing(), found.held_back
    plot = (width - 2 * _LEFT - _GAP - _RIGHT) / 2
    bars: list[Row] = []
    middles: list[Row] = []
    dots: list[Row] = []
    grid: list[Row] = []
    names = list(dict.fromkeys([*found.series, *after]))
    for number, name in enumerate(names):
        rows = _points(found.series.get(name), False) + _points(after.get(name), True)
        one_of = found.series.get(name) or after[name]
        title = one_of.title + (f", {one_of.unit}" if one_of.unit not in _NO_UNIT else "")
        x, y = (number % 2) * (plot + _LEFT + _GAP), 30 + (number // 2) * _STEP
        ticks = _ticks(rows)
        one = _Panel(drawing, x, y, plot, ticks)
        _title(drawing, title, x, y, plot)
        grid += one.grid([figures.number(t) for t in ticks])
        begin, end = min(r.day for r in rows), max(r.day for r in rows)
        span = max((end - begin).days, 1)

        def at(day: date, x: float = x, begin: date = begin, span: int = span) -> float:
            return x + 6 + (plot - 12) * (day - begin).days / span

        one.across([(at(d), _month(d)) for d in time_ticks(begin, end, plot) if begin <= d <= end])
        for r in rows:
            place: Row = {"x": at(r.day)}
            colour = NEITHER[0] if r.after else SERIES
            bars.append(place | {"y": one.down(r.p5), "y2": one.down(r.p95), "c": colour.light})
            middles.append(
                {"x": place["x"] - 3, "x2": place["x"] + 3, "y": one.down(r.p50), "c": colour.light}
            )
            inside = r.p5 <= r.value <= r.p95
            dots.append(place | {"y": one.down(r.value), "c": (INK if inside else WORSE[0]).light})
    drawing.lines(grid, ACROSS, GRID)
    drawing.add(bars, "rule", {**_XY, **_Y2, **_STROKE}, strokeWidth=3, opacity=0.45)
    drawing.add(middles, "rule", {**_XY, **_X2, **_STROKE}, strokeWidth=2)
    drawing.add(dots, "point", _XY | _FILL, filled=True, size=20, opacity=1)
    drawing.write([f"What was published, and what the model calibrated to {found.until} would publish"],
                  -_LEFT + 8, -40, bold=True)  # fmt: skip
    _key(drawing, bool(after))
    height = 30 + ((len(names) + 1) // 2) * _STEP - 30
    return drawing.spec(width - _LEFT - _RIGHT, max(height, 40.0), (_LEFT, 56, _RIGHT, 12))


def _key(drawing: Drawing, after: bool) -> None:
    """What the colours mean."""
    x = -_LEFT + 8
    words: list[tuple[str, Colour]] = [("nine tenths of it, and its middle", SERIES)]
    if after:
        words.append(("what came after, unseen", NEITHER[0]))
    words += [("published", INK), ("published, outside", WORSE[0])]
    for word, colour in words:
        drawing.write([word], x, -23, colour=colour, bold=True)
        x += 16 + text_width(word, SIZE, bold=True)


@dataclass(frozen=True)
class _Point:
    """A figure and what would be published; `after` : whether it became known later."""

    day: date
    value: float
    p5: float
    p50: float
    p95: float
    after: bool


def _points(series: Fit | None, after: bool) -> list[_Point]:
    if series is None:
        return []
    columns = (series.days, series.published, series.p5, series.p50, series.p95)
    return [_Point(*row, after) for row in zip(*columns, strict=True)]


def _ticks(rows: Sequence[_Point]) -> list[float]:
    """Of a panel: whole numbers for a few incidents, round ones for all else."""
    low, high = min(min(r.value, r.p5) for r in rows), max(max(r.value, r.p95) for r in rows)
    if low >= 0 and high <= 4 and all(r.value == round(r.value) for r in rows):
        return [float(n) for n in range(max(1, math.ceil(high)) + 1)]
    return number_ticks(low, high, 4)


def _days(days: Sequence[date]) -> list[str]:
    """Days by their month, and two of one month by the day."""
    months = [_month(day) for day in days]
    return [m if months.count(m) == 1 else f"{d.day} {d:%b}" for d, m in zip(days, months, strict=True)]


def _month(day: date) -> str:
    return f"{day:%b %Y}"
