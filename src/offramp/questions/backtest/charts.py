"""Pictures of trust: what data move, how forecasts kept their word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from offramp.charts.canvas import BELOW, LINE, NAMES, SIZE, WIDE, Drawing, percent_axis, pixel, quantity
from offramp.charts.palette import GOING_ON, GRID, INK, MUTED, SERIES, WORSE
from offramp.charts.text_metrics import wrap
from offramp.tell.blocks import Spec

_MOST = 18
_ENDS = {"x2": {"field": "x2"}}


def calibration_picture(told: dict[str, Any], width: float = WIDE) -> Spec:
    """What the data move: each number before (grey) and after (blue), in standard deviations of the prior.

    Parameters
    ----------
    told : as `offramp calibrate --format json` prints it
    width : of the whole picture, pixels
    """
    rows = [p for p in told["parameters"].values() if p["moved"]][:_MOST]
    plot, tall = width - NAMES - 20, 22.0
    drawing = Drawing()
    most = 3.0
    drawing.write([f"Numbers that evidence known by {told['until']} moves"], -NAMES + 8, -26, bold=True)
    drawing.write(
        ["90 % before (grey) and after (blue), in standard deviations of the prior"],
        -NAMES + 8,
        -9,
        colour=MUTED,
    )

    def across(z: float) -> float:
        return plot * (min(max(z, -most), most) + most) / (2 * most)

    y, before, after, dots = 8.0, [], [], []
    for p in rows:
        lines = wrap(p["title"], NAMES - 22, SIZE)
        high = max(tall, len(lines) * LINE + 6.0)
        middle = y + high / 2
        drawing.write(lines, -14, middle - (len(lines) - 1) * LINE / 2, align="right")
        sd = 1 - p["narrower"]
        before.append({"x": across(-1.645), "x2": across(1.645), "y": middle})
        after.append(
            {"x": across(p["shift"] - 1.645 * sd), "x2": across(p["shift"] + 1.645 * sd), "y": middle}
        )
        dots.append({"x": across(p["shift"]), "y": middle})
        y += high
    height = max(y + 4, 40.0)
    if not rows:
        drawing.write(["The evidence moves none of the uncertain numbers."], 0, 20)
    grid = [{"x": across(z), "x2": across(z), "y": 0.0, "y2": height} for z in (-2, -1, 0, 1, 2)]
    drawing.lines(grid, {"x": pixel("x"), "y": pixel("y"), "y2": {"field": "y2"}}, GRID)
    for z in (-2, -1, 0, 1, 2):
        drawing.write([f"{z:+d}" if z else "0"], across(z) - 7, height + 12, colour=MUTED)
    bar = {"x": pixel("x"), **_ENDS, "y": pixel("y")}
    drawing.lines(before, bar, GOING_ON, strokeWidth=9, opacity=0.55)
    drawing.lines(after, bar, SERIES, strokeWidth=4)
    drawing.add(
        dots, "point", {"x": pixel("x"), "y": pixel("y")}, filled=True, size=44, fill=SERIES.light, opacity=1
    )
    return drawing.spec(plot, height, (NAMES, 40, 20, 26))


def reliability_picture(told: dict[str, Any], width: float = 460) -> Spec:
    """How often things came where so much was said; on the diagonal a forecaster keeps its word.

    Parameters
    ----------
    told : as `offramp backtest --format json` prints it
    width : of the whole picture, pixels
    """
    table = told["reliability"]
    left = 58.0
    plot = width - left - 24
    height = plot
    drawing = Drawing()
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    x = quantity("said", **percent_axis(ticks, orient="bottom"))
    y = quantity("happened", **percent_axis(ticks))
    drawing.lines([{"x": 0, "x2": plot, "y": height, "y2": 0}],
                  {"x": pixel("x"), **_ENDS, "y": pixel("y"), "y2": {"field": "y2"}},
                  MUTED, strokeDash=[4, 4])  # fmt: skip
    rows = [dict(r, size=20 + 380 * (r["n"] / max(s["n"] for s in table)) ** 0.5) for r in table]
    drawing.lines(
        rows,
        {"x": x, "y": quantity("low", **percent_axis(ticks)), "y2": {"field": "high"}},
        SERIES,
        strokeWidth=2,
        opacity=0.5,
    )
    size = {"field": "size", "type": "quantitative", "scale": None, "legend": None}
    drawing.add(rows, "point", {"x": x, "y": y, "size": size}, filled=True, fill=SERIES.light, opacity=0.9)
    drawing.write(
        [f"Yes-or-no questions of {told['model']}, {told['origins'][0][:7]} to {told['origins'][-1][:7]}"],
        -left + 6,
        -40,
        bold=True,
    )
    drawing.write(
        ["how often it came (up), where so much was said (across); size: how many"],
        -left + 6,
        -23,
        colour=MUTED,
    )
    return drawing.spec(plot, height, (left, 54, 24, BELOW))


def skill_picture(told: dict[str, Any], width: float = WIDE) -> Spec:
    """Brier skill against each forecast without a model: right of zero the model is better.

    Parameters
    ----------
    told : as `offramp backtest --format json` prints it
    """
    names: Sequence[str] = [
        n
        for n in told["skill"]
        if isinstance(told["skill"][n], dict) and n not in ("best_baseline", "best_without_model")
    ]
    plot, tall = width - NAMES - 90, 30.0
    drawing = Drawing()
    low, high = -0.5, 1.0

    def across(v: float) -> float:
        return plot * (min(max(v, low), high) - low) / (high - low)

    bars, dots, y = [], [], 8.0
    for name in names:
        one = told["skill"][name]
        middle = y + tall / 2
        drawing.write(
            wrap(one["title"], NAMES - 22, SIZE),
            -14,
            middle - (len(wrap(one["title"], NAMES - 22, SIZE)) - 1) * LINE / 2,
            align="right",
        )
        value = one["brier_skill"]
        bars.append(
            {
                "x": across(one["low"] if one["low"] is not None else low),
                "x2": across(one["high"]),
                "y": middle,
            }
        )
        dots.append({"x": across(value), "y": middle, "c": (SERIES if value > 0 else WORSE[0]).light})
        drawing.write([f"{100 * value:+.0f} %"], plot + 12, middle, bold=True, colour=INK)
        y += tall
    drawing.lines(
        [{"x": across(0), "x2": across(0), "y": 0.0, "y2": y}],
        {"x": pixel("x"), "y": pixel("y"), "y2": {"field": "y2"}},
        MUTED,
    )
    for v in (-0.5, 0, 0.5, 1):
        drawing.write([f"{100 * v:+.0f} %" if v else "0"], across(v) - 14, y + 14, colour=MUTED)
    drawing.lines(bars, {"x": pixel("x"), **_ENDS, "y": pixel("y")}, MUTED, strokeWidth=2)
    fill = {"field": "c", "type": "nominal", "scale": None, "legend": None}
    drawing.add(
        dots, "point", {"x": pixel("x"), "y": pixel("y"), "fill": fill}, filled=True, size=70, opacity=1
    )
    drawing.write(
        ["Share of another forecast's Brier score that the model saves"], -NAMES + 8, -12, bold=True
    )
    return drawing.spec(plot, y, (NAMES, 28, 90, 30))
