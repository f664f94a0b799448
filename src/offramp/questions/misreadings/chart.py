"""Charts of what misperception costs."""

from __future__ import annotations

from offramp.charts.canvas import WIDE
from offramp.charts.rows import Fall, waterfall
from offramp.model import Model
from offramp.questions.misreadings.ask import Misreadings
from offramp.tell.blocks import Spec

MOST = 12  # misreadings shown one by one


def chart(found: Misreadings, model: Model | None = None, width: float = WIDE) -> Spec:
    """From today's chance to the one with everyone seeing true, misreading by misreading.

    Parameters
    ----------
    width : of the whole chart, pixels
    """
    sides = {s.actor: s.title for s in found.sides}
    # Those that matter least, either way, are taken together.
    by_size = sorted(found.misreadings, key=lambda m: -abs(m.share))
    kept = by_size if len(by_size) <= MOST else by_size[: MOST - 1]
    rest = [m for m in found.misreadings if m not in kept]
    falls = [
        Fall(f"{sides[m.actor]}: {m.title}", m.share, m.low, m.high) for m in found.misreadings if m in kept
    ]
    if rest:
        together = sum(m.share for m in rest)
        # The widest of their intervals: those of a sum are not known from those of its parts.
        half = max(m.high - m.low for m in rest) / 2
        falls.append(Fall(f"{len(rest)} others", together, together - half, together + half))
    left = found.today.value - sum(f.fall for f in falls)
    title = f"{found.outcome_title}: what goes if misreadings are corrected, in points of a hundred"
    first, last = ("As it is", found.today.value), ("With everyone seeing true", left)
    return waterfall(title, first, falls, last, width)
