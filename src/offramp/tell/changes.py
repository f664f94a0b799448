"""Changes in words and numbers: signed, with the digits that the interval is worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from offramp.analysis.changes import Change, OverWorlds
from offramp.model import Model, Variable
from offramp.tell import figures


class Ranged(Protocol):
    """A change and its interval, which says how many digits are worth showing."""

    @property
    def difference(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


@dataclass(frozen=True)
class Digits:
    """Digits after the point that all numbers of one thing have, whatever the interval of each."""

    after: int


Shown = Ranged | Digits
Written = Callable[[float, Shown], str]


def digits_of_chances(some: Iterable[Change]) -> Digits:
    """Of the changes of one chance, in points of a hundred: what half of their intervals are worth.

    One more, where a change that is told from none would otherwise look like none.
    """
    changes = [c for c in some if not math.isnan(c.high - c.low)]
    digits = figures.digits_together((c.low, c.high) for c in changes) if changes else 0
    clear = [abs(c.difference) for c in changes if c.distinguishable]
    return Digits(digits + any(not round(100 * size, digits) for size in clear))


def digits_of_means(some: Iterable[Change]) -> Digits:
    """The same of the changes of one mean, in its unit."""
    decimals = sorted(_decimals(c) for c in some if not math.isnan(c.high - c.low))
    return Digits(decimals[(len(decimals) - 1) // 2] if decimals else 0)


def policy_title(model: Model, name: str) -> str:
    """A policy's title, and the name to type where that is another word."""
    title = next((p.title for p in model.policies if p.name == name and p.title), name)
    return title if title.casefold() == name.casefold() else f"{title} ({name})"


def variable_title(variable: Variable) -> str:
    """A variable's title with its unit."""
    unit = figures.unit_words(variable.unit).replace("*", " ")
    return (variable.title or variable.name) + (f", {unit}" if unit else "")


def chance(share: float, change: Shown) -> str:
    """A chance, with the digits that the interval of its change is worth."""
    return "none" if math.isnan(share) else figures.percent(share, _digits(change))


def points(value: float, change: Shown) -> str:
    """A change of a chance in points of a hundred, with its sign."""
    return "none" if math.isnan(value) else _signed(100 * value, _digits(change))


def points_range(change: Ranged, digits: Digits | None = None) -> str:
    """The interval of a change of a chance."""
    shown = digits or change
    return f"{points(change.low, shown)} to {points(change.high, shown)}"


def amount(value: float, change: Shown) -> str:
    """A mean, with the digits that the interval of its change is worth."""
    if math.isnan(value):
        return "none"
    return f"{value:,.{_decimals(change)}f}".replace("-", figures.MINUS)


def signed(value: float, change: Shown) -> str:
    """A change of a mean, with its sign."""
    return "none" if math.isnan(value) else _signed(value, _decimals(change))


def signed_range(change: Ranged, digits: Digits | None = None) -> str:
    """The interval of a change of a mean."""
    shown = digits or change
    return f"{signed(change.low, shown)} to {signed(change.high, shown)}"


def over_worlds(change: Shown, worlds: OverWorlds | None, written: Written) -> str:
    """Where a change lies in nine worlds of ten; or at most, where worlds are not told from luck.

    Parameters
    ----------
    worlds : how the change varies with the uncertain numbers; None where that was not asked
    written : `points` for a chance, `signed` for a mean
    """
    if worlds is None:
        return ""
    if worlds.distinguishable:
        return f"{written(worlds.low, change)} to {written(worlds.high, change)}"
    if not worlds.at_most:
        return "none seen"
    # Nine tenths of a normal spread of that deviation.
    return f"at most ±{written(1.645 * worlds.at_most, change).lstrip('+')}"


def _digits(change: Shown) -> int:
    """Digits of points of a hundred: an interval without 0 does not end in "0"."""
    if isinstance(change, Digits):
        return change.after
    low, high = change.low, change.high
    if math.isnan(high - low):
        return 0
    digits = figures.digits_for(low, high)
    nearest = min(abs(low), abs(high))
    return digits + 1 if low * high > 0 and not round(100 * nearest, digits) else digits


def _decimals(change: Shown) -> int:
    """Digits after the point that show the half-width of the interval; three digits where it has none."""
    if isinstance(change, Digits):
        return change.after
    half = (change.high - change.low) / 2
    if half > 0:
        return min(6, max(0, math.ceil(-math.log10(half))))
    size = abs(change.difference)
    if not size > 0:
        return 2
    return 0 if size == round(size) else min(6, max(0, 2 - math.floor(math.log10(size))))


def _signed(value: float, decimals: int) -> str:
    text = f"{abs(value):,.{decimals}f}"
    sign = "" if not float(text.replace(",", "")) else "+" if value > 0 else figures.MINUS
    return sign + text
