"""The colours of charts: one set for paper and one for dark screens, distinct for the colour-blind too.

Charts are drawn in the light colours. In dark mode the style sheet paints over each of them by its exact
value (`dark_rules`), so one drawing serves both and stays valid by itself.

The hues are chosen after Okabe and Ito (2008), Color Universal Design: they differ in lightness too, and
no two that stand for outcomes of one chart depend on telling red from green.
"""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """One role in light and in dark surroundings, as #rrggbb."""

    light: str
    dark: str


# Text and lines. On their backgrounds (#ffffff, #16181c) texts have a contrast of at least 4.5.
INK = Colour("#1d2126", "#e8e9eb")
MUTED = Colour("#5b626c", "#a7adb6")
RULE = Colour("#c9cdd3", "#474c55")
GRID = Colour("#e7e9ec", "#2b2f36")
PAPER = Colour("#fefefe", "#16181d")

# Outcomes: what the model says is bad for those concerned, good for them, or neither.
WORSE = (Colour("#c2410c", "#f2804f"), Colour("#8c2d5e", "#d879ab"), Colour("#b07d00", "#e0b13c"))
BETTER = (Colour("#1f66b0", "#67a9ec"), Colour("#0f8277", "#41bfae"), Colour("#3f4f9f", "#919fea"))
NEITHER = (Colour("#76558f", "#b495cf"), Colour("#5d7a2b", "#a3bf6b"), Colour("#8a6246", "#c79d80"))
GOING_ON = Colour("#b3b8c0", "#5a606b")

# One hue for everything that is not an outcome.
SERIES = Colour("#2a6592", "#72b2e0")

# Types that an actor may be of, in the order of the file.
TYPES = (SERIES, NEITHER[2], BETTER[1], NEITHER[0], WORSE[2], NEITHER[1])

_ALL = (INK, MUTED, RULE, GRID, PAPER, *WORSE, *BETTER, *NEITHER, GOING_ON, SERIES)


def dark_rules(scope: str) -> str:
    """CSS that turns every light colour of a chart into its dark partner.

    Parameters
    ----------
    scope : selector of what holds the charts
    """
    rules = []
    for colour in _ALL:
        for attribute in ("fill", "stroke"):
            rules.append(f'{scope} [{attribute}="{colour.light}"] {{ {attribute}: {colour.dark} }}')
    return "\n".join(rules)
