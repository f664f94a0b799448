"""Intervals of many things that are looked at together.

Who looks at a hundred changes that are none finds ten of them "clear" at 90 %. So the intervals of all
changes of one kind on a page, a picture or a terminal are at one level, chosen so that of those that leave
out 0 one in ten at most does so by luck, on average. What has a mark in one place has it in every other.
"""

from __future__ import annotations

from collections.abc import Callable

from offramp.analysis.intervals import LEVEL

# What a reader is told of it.
TOGETHER = (
    "of the changes of one kind that are told from none, one in ten at most is so by luck, on average over "
    "such analyses (Benjamini and Hochberg 1995), and every interval is at the level that this takes "
    "(Benjamini and Yekutieli 2005)"
)


def level_together(clear: Callable[[float], int], of: int, level: float = LEVEL) -> float:
    """The level of each of some intervals at which so few are clear by luck.

    It is 1 - (1 - level) * r / of, with the largest r for which at least r intervals of that level leave out
    0: `level` where all are clear, 1 - (1 - level) / of where none is. That is the step-up rule for the false
    discovery rate, read off the intervals themselves. Those that leave out 0 at this level are the
    discoveries, and one in ten at most of their intervals misses what it is of.

    Parameters
    ----------
    clear : how many of the intervals leave out 0 at a level; not more at a higher one
    of : how many there are
    level : one less the share of discoveries that may be luck

    References
    ----------
    Benjamini and Hochberg (1995), Controlling the false discovery rate. Journal of the Royal Statistical
    Society B 57, 289-300. Benjamini and Yekutieli (2005), False discovery rate-adjusted multiple confidence
    intervals for selected parameters. Journal of the American Statistical Association 100, 71-81.

    Examples
    --------
    >>> from offramp.analysis.intervals import normal_quantile
    >>> scores = [0.3, 1.9, 2.4, 4.0]
    >>> each = level_together(lambda level: sum(z > normal_quantile((1 + level) / 2) for z in scores), 4)
    >>> round(each, 3), sum(z > normal_quantile((1 + each) / 2) for z in scores)
    (0.925, 3)
    """
    found = max(of, 1)
    while True:
        each = 1 - (1 - level) * found / max(of, 1)
        fewer = max(1, clear(each))
        if fewer >= found:
            return each
        found = fewer
