"""Changes around zero: dots with the sampling interval as a bar and the spread over worlds as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from offramp.charts.canvas import LINE, NAMES, SIZE, WIDE, Drawing, Row, number_ticks, pixel, quantity
from offramp.charts.palette import GRID, MUTED, RULE, SERIES, TYPES, Colour
from offramp.charts.text_metrics import text_width, wrap
from offramp.model import Model
from offramp.tell import changes, figures
from offramp.tell.blocks import Spec

MOST = 12  # outcomes drawn


@dataclass(frozen=True)
class Gap:
    """One change: all of `value` to `wide_high` in the unit of the axis."""

    title: str
    value: float
    low: float
    high: float
    number: str
    wide: tuple[float, float] | None = None  # over uncertain numbers
    colour: Colour = SERIES


def differences(
    groups: Sequence[tuple[str, Sequence[Gap]]],
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
    width : of the whole picture, pixels
    less, more : what the sides of zero mean
    unit : of the axis
    beside : names stand to the left; otherwise above each row
    note : below the picture, for one that stands alone
    """
    rows = [row for _, some in groups for row in some]
    reach = [edge for r in rows for edge in (r.low, r.high, r.value, *(r.wide or ()))] or [0.0]
    ticks = number_ticks(min(0.0, *reach), max(0.0, *reach), 6 if beside else 4)
    right = max((text_width(r.number, SIZE, bold=True) for r in rows), default=0.0) + 16
    left = NAMES if beside else 14.0
    plot = width - left - right
    drawing = Drawing()
    dots: list[Row] = []
    y = 22.0

    def named(title: str, bold: bool) -> float:
        """Write a name; gives the room that it takes above its row (0 where it stands beside)."""
        lines = wrap(title, left - 22 if beside else width - 8, SIZE, bold=bold)
        if not beside:
            drawing.write(lines, 2 - left, y + 9, bold=bold)
            return len(lines) * LINE
        tall = len(lines) * LINE
        middle = y + (9 if bold else max(22.0, tall + 6.0) / 2 - (len(lines) - 1) * LINE / 2)
        drawing.write(lines, -14, middle, align="right", bold=bold)
        return 0.0

    for heading, some in groups:
        if heading:
            above = named(heading, True)
            y += above + 4 if above else len(wrap(heading, left - 22, SIZE, bold=True)) * LINE + 4
        for row in some:
            y += named(row.title, False)
            lines = len(wrap(row.title, left - 22, SIZE)) if beside else 1
            tall = max(22.0, lines * LINE + 6.0)
            middle = y + tall / 2
            drawing.write([row.number], plot + 10, middle, bold=True)
            wide = row.wide or (row.value, row.value)
            dots.append(
                {
                    "p": row.value, "a": row.low, "b": row.high, "v": wide[0], "w": wide[1], "y": middle,
                    "c": row.colour.light,
                }
            )  # fmt: skip
            y += tall
        y += 6 if heading else 0
    axis: Spec = {
        "scale": {"domain": [ticks[0], ticks[-1]], "nice": False},
        "axis": {"values": ticks, "orient": "bottom", "labels": False},
    }

    def across(value: float) -> float:
        return plot * (value - ticks[0]) / (ticks[-1] - ticks[0])

    for tick in ticks:
        drawing.write([figures.number(tick)], across(tick), y + 13, align="center", colour=MUTED)
    if unit and beside:
        edge = text_width(figures.number(ticks[0]), SIZE) / 2
        drawing.write([unit], -10 - edge, y + 13, align="right", colour=MUTED)
    elif unit:
        drawing.write([unit], 2 - left, y + 29, colour=MUTED)
    zero = across(0.0)
    # Which side means what, where there is room for it.
    if zero > text_width(less, SIZE) + 24:
        drawing.write([f"← {less}"], zero - 8, 8, align="right", colour=MUTED)
    if plot - zero > text_width(more, SIZE) + 24:
        drawing.write([f"{more} →"], zero + 8, 8, colour=MUTED)
    up = {"x": pixel("x"), "y": pixel("y"), "y2": {"field": "y2"}}
    tracks = [{"x": 0, "x2": plot, "y": d["y"]} for d in dots]
    drawing.lines(tracks, {"x": pixel("x"), "x2": {"field": "x2"}, "y": pixel("y")}, GRID)
    drawing.lines([{"x": zero, "y": 0, "y2": y}], up, RULE, strokeWidth=1.5)
    own = {"field": "c", "type": "nominal", "scale": None, "legend": None}
    for first, last, thick, strength in (("v", "w", 1.5, 0.9), ("a", "b", 6, 0.4)):
        drawing.add(
            dots,
            "rule",
            {"x": quantity(first, **axis), "x2": {"field": last}, "y": pixel("y"), "stroke": own},
            strokeWidth=thick,
            opacity=strength,
        )
    drawing.add(
        dots, "point", {"x": quantity("p", **axis), "y": pixel("y"), "fill": own},
        filled=True, size=50, opacity=1,
    )  # fmt: skip
    below = 28 if beside else 44
    if note:
        remark = wrap(note, width - 20, SIZE)
        drawing.write(remark, 10 - left, y + below + 10, colour=MUTED)
        below += 14 + len(remark) * round(LINE)
    return drawing.spec(plot, y, (left, 4, right, below))


def gap(title: str, change: dict[str, Any], colour: Colour = SERIES) -> Gap:
    """A change of a chance as `offramp compare --format json` prints it, in points of a hundred."""
    worlds = change["parameters"]
    wide = (100 * worlds["low"], 100 * worlds["high"]) if worlds and worlds["told_apart"] else None
    number = changes.points(change["difference"], change) + ("" if change["told_apart"] else "*")
    d, low, high = (100 * (change[k] or 0.0) for k in ("difference", "low", "high"))
    return Gap(title, d, low, high, number, wide, colour)


def compare_picture(found: dict[str, Any], model: Model, width: float = WIDE) -> Spec:
    """Changes of the chances that differ most, policy by policy, in points of a hundred.

    Parameters
    ----------
    found : what `offramp compare --format json` prints
    model : of which it is, for titles
    width : of the whole picture, pixels
    """
    policies = found["policies"]
    size = {
        o.name: max((abs(p["outcomes"][o.name]["difference"] or 0.0) for p in policies.values()), default=0.0)
        for o in model.outcomes
        if any(p["outcomes"][o.name]["differing"] for p in policies.values())
    }
    # How futures end is what is asked first; then what moves most.
    ends = {o.name for o in model.outcomes if o.absorbing}
    kept = set(sorted(size, key=lambda n: (n not in ends, -size[n]))[:MOST])
    shown = [o for o in model.outcomes if o.name in kept]
    single = len(policies) == 1
    colours = dict(zip(policies, [TYPES[i % len(TYPES)] for i in range(len(policies))], strict=True))

    against = changes.policy_title(model, found["against"])
    note = (
        f"Changes against “{against}” by {figures.end_words(date.fromisoformat(found['end']))}; "
        f"{found['runs']:,} futures under each policy. Bar: 90 % sampling interval. Thin line: nine worlds "
        "of ten over the uncertain numbers, where these matter beyond luck. Asterisk: not told apart from "
        "none."
    )
    if single:
        (only,) = policies.values()
        rows = [gap(o.title or o.name, only["outcomes"][o.name], SERIES) for o in shown]
        return differences([("", rows)], width, note=f"{only['title']}. {note}")
    return differences(
        [
            (
                o.title or o.name,
                [gap(p["title"], p["outcomes"][o.name], colours[n]) for n, p in policies.items()],
            )
            for o in shown
        ],
        width,
        note=note,
    )
