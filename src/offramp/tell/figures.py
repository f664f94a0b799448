"""Numbers, dates and units as a reader meets them: never rounded into a certainty that is not there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

# A number never parts from its unit at the end of a line.
NBSP = "\u00a0"
MINUS = "\u2212"

_PLURALS = {
    "month": "months",
    "week": "weeks",
    "day": "days",
    "year": "years",
    "hour": "hours",
    "barrel": "barrels",
    "person": "people",
    "point": "points",
    "flag": "",
    "index": "",
    "share": "",
    "dimensionless": "",
    "percent": "%",
}


def count(n: int) -> str:
    """A whole number with commas between thousands.

    >>> count(10000)
    '10,000'
    """
    return f"{n:,}"


def percent(share: float, decimals: int | None = None) -> str:
    """A share as percent: 0 and 100 only where they are exact.

    Parameters
    ----------
    share : 0 to 1
    decimals : digits after the point; None for what the size asks for

    >>> percent(0.0312).replace(NBSP, " "), percent(0.99996).replace(NBSP, " ")
    ('3.1 %', '>99.99 %')
    """
    return _percent_number(share, decimals) + NBSP + "%"


def _percent_number(share: float, decimals: int | None = None) -> str:
    if share <= 0:
        return "0"
    if share >= 1:
        return "100"
    value = 100 * share
    edge = min(value, 100 - value)
    if decimals is None:
        decimals = 2 if edge < 0.1 else 1 if value < 10 or edge < 1 else 0
    smallest = 10**-decimals
    # The nearest number that this many digits can write may be 0 or 100: then say on which side it lies.
    if round(value, decimals) <= 0:
        return f"<{smallest:.{decimals}f}"
    if round(value, decimals) >= 100:
        return f">{100 - smallest:.{decimals}f}"
    return f"{value:.{decimals}f}"


def digits_for(low: float, high: float) -> int:
    """Digits after the point of a percentage with this interval: enough to show the interval, no more."""
    half = 50 * (high - low)
    if not 0 < half < math.inf:  # of no width, or of no end
        return 0
    return min(3, max(0, math.ceil(-math.log10(half))))


def digits_together(intervals: Iterable[tuple[float, float]]) -> int:
    """Digits after the point of percentages in one column: what half of their intervals are worth.

    Parameters
    ----------
    intervals : (low, high) as shares; those of no width do not count

    >>> digits_together([(0.1, 0.2), (0.4, 0.5)]), digits_together([(0.031, 0.033)]), digits_together([])
    (0, 1, 1)
    """
    widths = sorted(high - low for low, high in intervals if high > low)
    return digits_for(0.0, widths[len(widths) // 2 - (len(widths) > 1)]) if widths else 1


def points(change: float, decimals: int) -> str:
    """A change of a share in points of a hundred, with its sign.

    >>> points(0.0312, 1), points(-0.0312, 2).replace(MINUS, "-"), points(0.0001, 1)
    ('+3.1', '-3.12', '0')
    """
    text = f"{abs(100 * change):,.{decimals}f}"
    sign = "" if not float(text.replace(",", "")) else "+" if change > 0 else MINUS
    return sign + (text if sign else "0")


def points_range(low: float, high: float, decimals: int) -> str:
    """An interval of such changes."""
    return f"{points(low, decimals)} to {points(high, decimals)}"


def percent_range(low: float, high: float) -> str:
    """An interval of shares as percent.

    >>> percent_range(0.0283, 0.0341).replace(NBSP, " ")
    '2.8 to 3.4 %'
    """
    decimals = digits_for(low, high)
    return f"{_percent_number(low, decimals)} to {_percent_number(high, decimals)}{NBSP}%"


def number(value: float, digits: int = 3) -> str:
    """A quantity with about this many significant digits, a true minus sign and commas between thousands.

    >>> number(1234.6), number(0.01234), number(-2.5)
    ('1,235', '0.0123', '\u22122.5')
    """
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("\u2212" if value < 0 else "") + "\u221e"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        mantissa, _, exponent = f"{size:.{digits - 1}e}".partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}×10{_superscript(int(exponent))}"
    else:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        text = f"{size:,.{decimals}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
    return ("\u2212" if value < 0 and text != "0" else "") + text


def _superscript(n: int) -> str:
    return str(n).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def unit_words(unit: str) -> str:
    """A unit of the model file in words, plural; nothing for what is only a number.

    >>> unit_words("month"), unit_words("million*barrel/day"), unit_words("1/month"), unit_words("index")
    ('months', 'million barrels per day', 'per month', '')
    """
    top, slash, bottom = unit.strip().partition("/")
    if "/" in bottom or "(" in unit or "**" in unit:
        return unit.strip()
    # The last factor above the line is what is counted: million*barrel are million barrels.
    factors = [f.strip() for f in top.split("*")]
    factors = [*factors[:-1], _PLURALS.get(factors[-1], factors[-1])]
    above = " ".join(f for f in factors if f != "1")
    return f"{above} per {bottom.strip().replace('*', ' ')}".strip() if slash else above


def with_unit(value: float, unit: str) -> str:
    """A quantity and its unit.

    >>> with_unit(3.25, "month").replace(NBSP, " "), with_unit(1, "month").replace(NBSP, " ")
    ('3.25 months', '1 month')
    """
    text = number(value)
    words = unit if text == "1" and unit in ("month", "week", "day", "year", "hour") else unit_words(unit)
    return f"{text}{NBSP}{words}" if words else text


def full_date(day: date) -> str:
    """`1 June 2020`."""
    return f"{day.day}{NBSP}{day:%B}{NBSP}{day.year}"


def end_words(day: date) -> str:
    """The end of a span in words: the first of a month closes the month before it.

    >>> end_words(date(2022, 1, 1)).replace(NBSP, " "), end_words(date(2021, 7, 1)).replace(NBSP, " ")
    ('the end of 2021', 'the end of June 2021')
    """
    if day.day != 1:
        return full_date(day)
    last = day - timedelta(days=1)
    if last.month == 12:
        return f"the end of {last.year}"
    return f"the end of {last:%B}{NBSP}{last.year}"


def table_date(day: date) -> str:
    """`1 Jun 2020`."""
    return f"{day.day}{NBSP}{day:%b}{NBSP}{day.year}"


def together(values: Sequence[float]) -> list[str]:
    """Several values of one quantity, all with the digits that their spread is worth.

    >>> together([1.0123, 2.3877, 3.7061]), together([28.04, 49.83, 83.31])
    (['1.0', '2.4', '3.7'], ['28', '50', '83'])
    """
    spread = max(values) - min(values)
    size = max(abs(v) for v in values)
    if not math.isfinite(spread) or spread == 0 or size >= 1e7 or spread < 1e-4:
        return [number(v) for v in values]
    decimals = max(0, 1 - math.floor(math.log10(spread)))
    return [_with_decimals(v, decimals) for v in values]


def _with_decimals(value: float, decimals: int) -> str:
    if value == 0:
        return "0"
    text = f"{abs(value):,.{decimals}f}"
    if not float(text.replace(",", "")):
        # Small beside the others, and yet not nothing.
        return number(value, 1)
    return ("\u2212" if value < 0 else "") + text


def duration(seconds: float) -> str:
    """A length of time in words.

    >>> duration(8.2), duration(95), duration(4000)
    ('9 s', '1 min 35 s', '1 h 7 min')
    """
    s = max(1, int(-(-seconds // 1)))
    if s < 60:
        return f"{s} s"
    if s < 3600:
        return f"{s // 60} min {s % 60} s"
    return f"{s // 3600} h {s % 3600 // 60} min"
