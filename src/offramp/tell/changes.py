"""What a policy changes, in words and numbers: signed, with the digits that the interval is worth."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from offramp.analysis.intervals import LEVEL
from offramp.distribution import standard_normal_quantile
from offramp.model import Model, Variable
from offramp.tell import figures


def policy_title(model: Model, name: str) -> str:
    """A policy's title, and the name to type where that is another word."""
    title = next((p.title for p in model.policies if p.name == name and p.title), name)
    return title if title.casefold() == name.casefold() else f"{title} ({name})"


def variable_title(variable: Variable) -> str:
    """A variable's title with its unit."""
    unit = figures.unit_words(variable.unit).replace("*", " ")
    return (variable.title or variable.name) + (f", {unit}" if unit else "")


def chance(share: float | None, change: dict[str, Any]) -> str:
    """A chance, with the digits that the interval of its change is worth."""
    if share is None:
        return "none"
    return figures.percent(share, _digits(change))


def points(value: float | None, change: dict[str, Any]) -> str:
    """A change of a chance in points of a hundred, with its sign."""
    if value is None:
        return "none"
    return _signed(100 * value, _digits(change))


def points_range(low: float | None, high: float | None, change: dict[str, Any]) -> str:
    """An interval of such changes."""
    return f"{points(low, change)} to {points(high, change)}"


def amount(value: float | None, change: dict[str, Any]) -> str:
    """A mean, with the digits that the interval of its change is worth."""
    return "none" if value is None else _plain(value, _decimals(change))


def signed(value: float | None, change: dict[str, Any]) -> str:
    """A change of a mean, with its sign."""
    return "none" if value is None else _signed(value, _decimals(change))


def signed_range(low: float | None, high: float | None, change: dict[str, Any]) -> str:
    """An interval of such changes."""
    return f"{signed(low, change)} to {signed(high, change)}"


def over_worlds(change: dict[str, Any], written: Callable[[float | None, dict[str, Any]], str]) -> str:
    """Where a change lies in nine worlds of ten; or at most, where worlds are not told from luck."""
    worlds = change["parameters"]
    if worlds is None:
        return ""
    if not worlds["told_apart"]:
        if not worlds["at_most"]:
            return "none seen"
        # Nine tenths of a normal spread of that deviation.
        return f"at most ±{written(1.645 * worlds['at_most'], change).lstrip('+')}"
    return f"{written(worlds['low'], change)} to {written(worlds['high'], change)}"


def clear(change: dict[str, Any], of: int, runs: int) -> bool:
    """Whether a change is told apart from none among so many that were looked at together.

    Of a hundred policies that do nothing, ten are told apart by luck at 90 %. So an interval that is wider by
    Bonferroni's factor (Dunn 1961) has to leave out 0: about, for it is widened as if it were normal. Where
    few of the `runs` pairs differ it is not, and the exact test of those that do (McNemar 1947) decides too,
    unless all of them count by how likely it was.
    """
    if not change["told_apart"]:
        return False
    counted = not change.get("without_luck")
    if counted and of * _by_luck(change["differing"], round(abs(change["difference"]) * runs)) > 1 - LEVEL:
        return False
    either_side = (1 - LEVEL) / 2
    wider = standard_normal_quantile(1 - either_side / max(1, of)) / standard_normal_quantile(1 - either_side)
    value = change["difference"]
    return bool(abs(value) > float(wider) * (value - change["low"] if value > 0 else change["high"] - value))


def _by_luck(differing: int, net: int) -> float:
    """How likely pairs that differ fall so far apart, to either side, where each side is as likely."""
    if differing > 1000:
        return 0.0  # the normal interval is as good
    more = min(differing, -(-(differing + net) // 2))
    return float(
        min(1.0, 2 * sum(math.comb(differing, k) for k in range(more, differing + 1)) / 2**differing)
    )


def futures_needed(count: int) -> str:
    """A number of futures to two digits."""
    if count > 10_000_000:
        return "over 10 million"
    scale = 10 ** max(0, len(str(count)) - 2)
    return f"{-(-count // scale) * scale:,}"


def sentence(policy: dict[str, Any], model: Model, name: str, most: int = 3) -> str:
    """What a policy changes most among outcomes, in one sentence."""
    titles = {o.name: o.title or o.name for o in model.outcomes}
    told = [(n, o) for n, o in policy["outcomes"].items() if o["told_apart"] and o["differing"]]
    told.sort(key=lambda item: -abs(item[1]["difference"]))
    title = policy_title(model, name)
    if not told:
        return f"{title}: no outcome is told apart from no difference."
    ends = [o.name for o in model.outcomes if o.absorbing]
    first = [item for item in told if item[0] in ends]
    rest = [item for item in told if item[0] not in ends]
    said = [
        f"“{titles[n]}” {chance(o['there'], o)} to {chance(o['here'], o)}"
        for n, o in (first + rest)[: max(most, len(first))]
    ]
    same = [titles[n] for n in ends if n not in {m for m, _ in first}]
    tail = f" Not told apart: {'; '.join(same)}." if same else ""
    return f"{title}: {'; '.join(said)}.{tail}"


def _digits(change: dict[str, Any]) -> int:
    """Digits of points of a hundred: an interval without 0 does not end in "0"."""
    low, high = change["low"], change["high"]
    digits = figures.digits_for(low, high)
    nearest = min(abs(low), abs(high))
    return digits + 1 if low * high > 0 and not round(100 * nearest, digits) else digits


def _decimals(change: dict[str, Any]) -> int:
    """Digits after the point that show the half-width of the interval."""
    half = (change["high"] - change["low"]) / 2 if change["low"] is not None else 0.0
    size = half or abs(change["difference"] or 0.0)
    return 2 if size <= 0 else min(6, max(0, math.ceil(-math.log10(size))))


def _plain(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}".replace("-", figures.MINUS)


def _signed(value: float, decimals: int) -> str:
    text = f"{abs(value):,.{decimals}f}"
    sign = "" if not float(text.replace(",", "")) else "+" if value > 0 else figures.MINUS
    return sign + text
