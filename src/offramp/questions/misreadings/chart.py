"""Charts of what misperception costs."""

from __future__ import annotations

from offramp.charts.canvas import WIDE
from offramp.charts.palette import BETTER, NEITHER, WORSE
from offramp.charts.rows import Fall, waterfall
from offramp.model import Model
from offramp.questions.misreadings.ask import MisreadingCost, Misreadings
from offramp.tell import figures
from offramp.tell.blocks import Spec

MOST = 12  # misreadings shown one by one


def chart(found: Misreadings, model: Model | None = None, width: float = WIDE) -> Spec:
    """From the chance with everyone seeing true to that of today: what each misreading adds.

    Parameters
    ----------
    width : of the whole chart, pixels
    """
    sides = {s.actor: s.title for s in found.sides}
    kept = shown(found)
    rest = [m for m in found.misreadings if m not in kept]
    steps = [Fall(f"{sides[m.actor]}: {m.title}", -m.share, -m.high, -m.low) for m in kept]
    if rest:
        together = sum(m.share for m in rest)
        # The widest of their intervals: those of a sum are not known from those of its parts.
        half = max(m.high - m.low for m in rest) / 2
        others = f"{len(rest)} other{'s' * (len(rest) > 1)}"
        steps.append(Fall(others, -together, -together - half, -together + half))
    start = found.today.value + sum(f.fall for f in steps)
    title = f"{found.outcome_title}: what misreadings add to its chance, in points of a hundred"
    first, last = ("With everyone seeing true", start), ("As it is", found.today.value)
    up = {"less": WORSE[0], "more": BETTER[0], "none": NEITHER[0]}[found.wanted.aim]
    down = {"less": BETTER[0], "more": WORSE[0], "none": NEITHER[0]}[found.wanted.aim]
    return waterfall(title, first, steps, last, width, (down, up))


def shown(found: Misreadings) -> list[MisreadingCost]:
    """The misreadings that stand one by one: not those that are 0 to the digits that are shown."""
    digits = figures.digits_together((m.low, m.high) for m in found.misreadings)
    matter = [m for m in found.misreadings if round(100 * m.share, digits) or m.low > 0 or m.high < 0]
    by_size = sorted(matter, key=lambda m: -abs(m.share))
    most = MOST if len(matter) == len(found.misreadings) <= MOST else MOST - 1
    return [m for m in found.misreadings if m in by_size[:most]]
