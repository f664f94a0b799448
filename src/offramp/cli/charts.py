"""`--picture FILE` and its like: charts of an answer as SVG or PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from offramp.cli.options import need_folder, say
from offramp.errors import OfframpError, UsageError

if TYPE_CHECKING:
    from offramp.tell.blocks import Spec


def need(path: Path | None) -> None:
    """Make sure, before any work is done, that a chart can be written there.

    Raises
    ------
    UsageError
        If its name ends in neither .svg nor .png, or its folder is not there.
    """
    if path is None:
        return
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"a chart is written as .svg or .png, so {path} does not say how.")
    need_folder(path)


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
    try:
        if path.suffix.lower() == ".png":
            path.write_bytes(render.png(drawn))
        else:
            path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise OfframpError(f"{path} cannot be written: {error.strerror or error}.") from error
    say(f"Drawn in {path}.")
