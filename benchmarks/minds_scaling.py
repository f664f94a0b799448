"""What thinking costs as runs, horizons and types grow: a table, and a picture of it.

    python benchmarks/minds_scaling.py [--rounds 4] [--size 256]

Writes docs/images/minds-cost.svg. Times are those of one core, on `synthetic.yaml`; all points are measured
in turn, several times over, and of each the fastest is kept, so that other work on the machine weighs on all
alike. A straight line is fitted to the points of each panel (least squares of relative errors); how far the
worst of them lies from it is printed and drawn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from minds_speed import SYNTHETIC, inputs_of, with_minds

from offramp.charts.canvas import FONT, LINE, SIZE, WIDE, number_ticks
from offramp.charts.palette import GRID, INK, MUTED, PAPER, RULE, SERIES
from offramp.charts.render import svg
from offramp.engine.compiled.compile import compile_model
from offramp.language.check import load
from offramp.model import Model
from offramp.tell.blocks import Spec

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "minds-cost.svg"


@dataclass
class Panel:
    """One thing that grows: its values, and the work at each."""

    title: str
    grows: str
    unit: str
    times: float
    values: Sequence[float]
    work: Callable[[float], Callable[[], object]]
    runs: Callable[[float], float]
    seconds: list[float] = field(default_factory=list)

    @property
    def cost(self) -> np.ndarray:
        """In the panel's unit."""
        runs = np.array([self.runs(v) for v in self.values])
        found: np.ndarray = self.times * np.array(self.seconds) / runs
        return found

    def line(self) -> tuple[float, float, float]:
        """Cost at 0, cost for one more, and the largest relative distance of a point from the line."""
        rows = np.stack([np.ones(len(self.values)), np.array(self.values)], axis=1) / self.cost[:, None]
        (begins, more), *_ = np.linalg.lstsq(rows, np.ones(len(self.values)), rcond=None)
        fitted = begins + more * np.array(self.values)
        return float(begins), float(more), float(np.abs(fitted / self.cost - 1).max())


def panels(model: Model, size: int) -> list[Panel]:
    """The panels of the picture; `size` runs at level 1, an eighth as many at level 2."""
    few = max(size // 8, 8)

    def running(made: Model, runs: int) -> Callable[[], object]:
        compiled, inputs = compile_model(made), inputs_of(made, runs)
        return lambda: compiled.run(inputs)

    return [
        Panel("Runs, level 1", "runs", "seconds", 1.0, [size * k // 4 for k in (1, 2, 4, 6, 8)],
              lambda v: running(with_minds(model, 1), int(v)), lambda _: 1.0),
        Panel("Types, level 1", "pictures of each actor: types of the others, multiplied", "ms a run", 1e3,
              [1, 4, 9], lambda v: running(with_minds(model, 1, types=round(v**0.5)), size),
              lambda _: size),
        Panel("Horizon, level 1", "months", "ms a run", 1e3, [2, 3, 4, 6, 8, 10, 12],
              lambda v: running(with_minds(model, 1, v), size), lambda _: size),
        Panel("Horizon, level 2, inner horizon 2 months", "months", "ms a run", 1e3, [2, 3, 4, 6, 8],
              lambda v: running(with_minds(model, 2, v, 2), few), lambda _: few),
    ]  # fmt: skip


def measure(every: list[Panel], rounds: int) -> None:
    work = [[panel.work(v) for v in panel.values] for panel in every]
    for panel in every:
        panel.seconds = [float("inf")] * len(panel.values)
    for _ in range(rounds):
        for panel, works in zip(every, work, strict=True):
            for n, run in enumerate(works):
                began = time.process_time()
                run()
                panel.seconds[n] = min(panel.seconds[n], time.process_time() - began)


def drawn(panel: Panel, width: float) -> Spec:
    """A panel: points as measured, the line through them."""
    begins, more, worst = panel.line()
    least, most = min(panel.values), max(panel.values)
    ticks = number_ticks(0.0, max(float(panel.cost.max()), begins + more * most))

    def axis(title: str, **of: Any) -> dict[str, Any]:
        return {"title": title, "titleFontWeight": "normal", "titleColor": MUTED.light, **of}

    x = {
        "field": "x", "type": "quantitative", "scale": {"domain": [0, most * 1.04], "nice": False},
        "axis": axis(panel.grows, values=[0, *panel.values], grid=False),
    }  # fmt: skip
    y = {
        "field": "y", "type": "quantitative", "scale": {"domain": [0, ticks[-1]]},
        "axis": axis(panel.unit, values=ticks, labelExpr="'' + datum.value", minExtent=36),
    }  # fmt: skip
    points = [{"x": v, "y": float(c)} for v, c in zip(panel.values, panel.cost, strict=True)]
    line = [{"x": least, "y": begins + more * least}, {"x": most, "y": begins + more * most}]
    return {
        "width": width,
        "height": 150,
        "title": {
            "text": panel.title, "anchor": "start", "fontSize": SIZE + 1,
            "subtitle": f"no point further than {100 * worst:.{0 if worst > 0.02 else 1}f} % from the line",
            "subtitleColor": MUTED.light, "subtitleFontSize": SIZE, "subtitlePadding": 4,
            "offset": 8, "lineHeight": LINE,
        },
        "layer": [
            {"data": {"values": line}, "mark": {"type": "line", "color": MUTED.light, "strokeWidth": 1},
             "encoding": {"x": x, "y": y}},
            {"data": {"values": points}, "mark": {"type": "point", "filled": True, "size": 50, "opacity": 1,
             "color": SERIES.light}, "encoding": {"x": x, "y": y}},
        ],
    }  # fmt: skip


def picture(every: list[Panel]) -> Spec:
    width = WIDE / 2 - 70
    rows = [every[k : k + 2] for k in range(0, len(every), 2)]
    axis = {
        "labelColor": MUTED.light, "gridColor": GRID.light,
        "domainColor": RULE.light, "tickColor": RULE.light, "labelFontSize": SIZE - 1, "titleFontSize": SIZE,
    }  # fmt: skip
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": PAPER.light,
        "padding": 12,
        "vconcat": [{"hconcat": [drawn(panel, width) for panel in row], "spacing": 36} for row in rows],
        "spacing": 30,
        "config": {
            "font": FONT, "view": {"stroke": None}, "title": {"color": INK.light},
            "axis": axis,
        },
    }  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--rounds", type=int, default=4, help="how often each point is measured")
    options.add_argument("--size", type=int, default=256, help="runs at level 1")
    given = options.parse_args()
    every = panels(load(str(SYNTHETIC)), given.size)
    measure(every, given.rounds)
    for panel in every:
        begins, more, worst = panel.line()
        print(f"{panel.title} ({panel.unit})")
        for value, cost in zip(panel.values, panel.cost, strict=True):
            print(f"{value:10g} {cost:12.4g} {(begins + more * value):12.4g} on the line")
        print(f"  {begins:.3g} + {more:.3g} for each; worst {100 * worst:.1f} %")
    PICTURE.write_text(svg(picture(every)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
