"""A chart with what goes with it: one sentence, a description, the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from offramp.charts.render import inline
from offramp.tell.blocks import Spec

# Heads and rows.
Table = tuple[tuple[str, ...], Sequence[tuple[str, ...]]]


@dataclass(frozen=True)
class Chart:
    """A drawing (in two widths, or one that suits both) with its sentence and its numbers.

    Attributes
    ----------
    identity : unique in the page
    sentence : what it shows, in one sentence
    drawings : SVG
    table : heads and rows
    title, note : above the drawing; empty for none
    """

    identity: str
    sentence: str
    drawings: tuple[Markup, ...]
    table: Table
    title: str = ""
    note: str = ""


def draw(
    identity: str, title: str, sentence: str, wide: Spec, narrow: Spec | None = None
) -> tuple[Markup, ...]:
    """One or two specifications as SVG that may stand in the page."""
    if narrow is None:
        return (Markup(inline(wide, identity, title, sentence, "half")),)
    return (
        Markup(inline(wide, f"{identity}-w", title, sentence, "wide")),
        Markup(inline(narrow, f"{identity}-n", title, sentence, "narrow")),
    )
