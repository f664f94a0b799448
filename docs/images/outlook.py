"""Draw outlook.svg, the picture of the README, from the flagship: python docs/images/outlook.py"""

from __future__ import annotations

from pathlib import Path

import offramp as ofr
from offramp.report import charts
from offramp.report.pictures import WIDE
from offramp.report.render import svg
from offramp.report.view import View


def main() -> None:
    """Run the futures of `offramp brief us-iran-2020` and draw how they stand over time."""
    model = ofr.load("us-iran-2020")
    view = View(ofr.simulate(ofr.Design(model, scenarios=10_000, seed=0)), model)
    ends = sorted(view.endings, key=lambda c: (not view.is_warm(c.name), c.absorbing))
    layers = [charts.Layer(c.title, view.colours[c.name], c.share) for c in ends]
    spec = charts.standing(view.times, layers, WIDE) | {"background": "#ffffff"}
    path = Path(__file__).with_suffix(".svg")
    path.write_text(svg(spec) + "\n", encoding="utf-8")
    print(f"{path.name}: " + ", ".join(f"{c.title} {c.share[-1]:.1%}" for c in ends))


if __name__ == "__main__":
    main()
