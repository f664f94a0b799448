"""Draw outlook.svg and outlook.png, the README's picture of the flagship: python docs/images/outlook.py"""

from __future__ import annotations

from pathlib import Path

import offramp as ofr
from offramp.brief.outlook import standing_spec
from offramp.brief.view import RunsView
from offramp.charts.canvas import WIDE
from offramp.charts.palette import PAPER
from offramp.charts.render import png, svg
from offramp.tell import words


def main() -> None:
    """Run the futures of `offramp brief us-iran-2020` and draw how they stand over time."""
    model = ofr.load("us-iran-2020")
    view = RunsView(ofr.simulate(ofr.Design(model, scenarios=10_000, seed=0)), model)
    # Shown on pages of any colour, so it brings its own paper.
    picture = svg(standing_spec(view, WIDE) | {"background": PAPER.light})
    here = Path(__file__).parent
    (here / "outlook.svg").write_text(picture + "\n", encoding="utf-8")
    (here / "outlook.png").write_bytes(png(picture))
    print(words.standing(view.ends_in_words, view.futures, view.end))


if __name__ == "__main__":
    main()
