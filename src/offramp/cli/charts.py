"""`--picture FILE` and its like: charts of an answer as SVG or PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from offramp import writing
from offramp.cli.options import say
from offramp.errors import UsageError

if TYPE_CHECKING:
    from offramp.tell.blocks import Spec


def form_of(path: Path) -> writing.Form:
    """Whether a chart is written as SVG or as PNG.

    Raises
    ------
    UsageError
        If its name ends in neither .svg nor .png.
    """
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"a chart is written as .svg or .png, so {path} does not say how.")
    return writing.PNG if path.suffix.lower() == ".png" else writing.SVG


def save(chart: Spec | str, path: Path | None) -> None:
    """Draw a specification, or take an SVG as it is, and write it; says on stderr where it is.

    Raises
    ------
    OfframpError
        If it cannot be written.
    """
    if path is None:
        return
    from offramp.charts import render

    drawn = chart if isinstance(chart, str) else render.svg(chart)
    if form_of(path) is writing.PNG:
        writing.write(path, writing.mark_png(render.png(drawn)))
    else:
        writing.write(path, writing.mark_svg(drawn))
    say(f"Drawn in {path}.")
