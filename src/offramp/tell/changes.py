"""Changes in words and numbers: signed, with the digits that the interval is worth."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from offramp.analysis.changes import OverWorlds
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


Written = Callable[[float, Ranged], str]


def policy_title(model: Model, name: str) -> str:
    """A policy's title, and the name to type where that is another word."""
    title = next((p.title for p in model.policies if p.name == name and p.title), name)
    return title if title.casefold() == name.casefold() else f"{title} ({name})"


def variable_title(variable: Variable) -> str:
    """A variable's title with its unit."""
    unit = figures.unit_words(variable.unit).replace("*", " ")
    return (variable.title or variable.name) + (f", {unit}" if unit else "")


def chance(share: float, change: Ranged) -> str:
    """A chance, with the digits that the interval of its change is worth."""
    return "none" if math.isnan(share) else figures.percent(share, _digits(change))


def points(value: float, change: Ranged) -> str:
    """A change of a chance in points of a hundred, with its sign."""
    return "none" if math.isnan(value) else _signed(100 * value, _digits(change))


def points_range(change: Ranged) -> str:
    """The interval of a change of a chance."""
    return f"{points(change.low, change)} to {points(change.high, change)}"


def amount(value: float, change: Ranged) -> str:
    """A mean, with the digits that the interval of its change is worth."""
    if math.isnan(value):
        return "none"
    return f"{value:,.{_decimals(change)}f}".replace("-", figures.MINUS)


def signed(value: float, change: Ranged) -> str:
    """A change of a mean, with its sign."""
    return "none" if math.isnan(value) else _signed(value, _decimals(change))


def signed_range(change: Ranged) -> str:
    """The interval of a change of a mean."""
    return f"{signed(change.low, change)} to {signed(change.high, change)}"


def over_worlds(change: Ranged, worlds: OverWorlds | None, written: Written) -> str:
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


def _digits(change: Ranged) -> int:
    """Digits of points of a hundred: an interval without 0 does not end in "0"."""
    low, high = change.low, change.high
    if math.isnan(high - low):
        return 0
    digits = figures.digits_for(low, high)
    nearest = min(abs(low), abs(high))
    return digits + 1 if low * high > 0 and not round(100 * nearest, digits) else digits


def _decimals(change: Ranged) -> int:
    """Digits after the point that show the half-width of the interval; three digits where it has none."""
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
