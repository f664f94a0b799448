"""Words that calibrations, backtests, forecasts and scores share."""

from __future__ import annotations

import re

from offramp.tell import figures
from offramp.truth.scores import LEAST_FOR_SHARES

CHANCE_RULES = "one answer more or less would change them too much"


def part_of(share: float, n: int) -> str:
    """A share of few as a count of them: `3 of 4`."""
    return f"{round(share * n)} of {n}" if n < LEAST_FOR_SHARES else figures.percent(share)


def titled(title: str, unit: str) -> str:
    """The title of a question with the unit of its level, unless that stands there already."""
    words = figures.unit_words(unit)
    there = title.replace(" a ", " per ")
    has = (re.search(rf"(?<!\w){re.escape(word)}(?!\w)", there, re.IGNORECASE) for word in (unit, words))
    return title if not words or any(has) else f"{title}, {words}"


def level(value: float) -> str:
    """A level or a count, with four digits."""
    return figures.number(value, 4)
