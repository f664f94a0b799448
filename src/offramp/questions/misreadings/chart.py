"""The picture of what misperception costs."""

from __future__ import annotations

from typing import Any

from offramp.charts.canvas import WIDE, Spec
from offramp.charts.waterfall import Fall, waterfall

MOST = 12  # misreadings shown one by one


def misreadings_picture(found: dict[str, Any], width: float = WIDE) -> Spec:
    """From today's chance to the one with everyone seeing true, misreading by misreading.

    Parameters
    ----------
    found : what `offramp misreadings --format json` prints
    width : of the whole picture, pixels
    """
    sides = {s["actor"]: s["title"] for s in found["sides"]}
    shown = found["misreadings"]
    rest = []
    if len(shown) > MOST:
        # Those that matter least, either way, are taken together.
        kept = sorted(shown, key=lambda m: -abs(m["share"]))[: MOST - 1]
        rest = [m for m in shown if m not in kept]
        shown = [m for m in shown if m in kept]
    falls = [Fall(f"{sides[m['actor']]}: {m['title']}", m["share"], m["low"], m["high"]) for m in shown]
    if rest:
        together = sum(m["share"] for m in rest)
        # The widest of their intervals: those of a sum are not known from those of its parts.
        half = max(m["high"] - m["low"] for m in rest) / 2
        falls.append(Fall(f"{len(rest)} others", together, together - half, together + half))
    left = found["today"]["value"] - sum(f.fall for f in falls)
    title = f"{found['outcome_title']}: what goes if misreadings are corrected, in points of a hundred"
    return waterfall(
        title, ("As it is", found["today"]["value"]), falls, ("With everyone seeing true", left), width
    )
