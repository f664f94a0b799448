"""The day that people mean who write a date otherwise than year-month-day."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from offramp.language.numbers_meant import LONG_DASHES, QUOTES

_FORM = "Dates are year-month-day: 2020-11-03."
_MONTHS = {name.lower(): i for i in range(1, 13) for name in (calendar.month_name[i], calendar.month_abbr[i])}
_MONTHS["sept"] = 9
_WORD = rf"(?P<word>{'|'.join(_MONTHS)})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
# Day 0 of a spreadsheet, which counts a 29 February 1900 that never was.
_SHEET, _SHEET_DAYS = date(1899, 12, 30), range(20_000, 80_000)


def date_hint(text: str) -> str:
    """What to write for a text that is no date: the day itself where it can be told which is meant.

    >>> date_hint("3 March 2020")
    'Dates are year-month-day: 2020-03-03.'
    """
    plain = re.sub(f"[{LONG_DASHES}]", "-", text.strip().strip(QUOTES)).strip()
    plain = re.sub(r"[T ]\d{1,2}:\d{2}.*$", "", plain)
    days = _days(plain)
    if len(days) == 1:
        return f"Dates are year-month-day: {days[0]}."
    if len(days) == 2:
        return f"Dates are year-month-day: {days[0]} or {days[1]}, whichever is meant."
    return _rough(plain)


def _days(text: str) -> list[date]:
    """The days that a text may stand for."""
    found = []
    for pattern in (rf"{_DAY}[ .-]*{_WORD}[ ,.-]*{_YEAR}", rf"{_WORD}\s*{_DAY},?\s*{_YEAR}"):
        if match := re.fullmatch(pattern, text, re.IGNORECASE):
            found.append((int(match["year"]), _MONTHS[match["word"].lower()], int(match["day"])))
    if match := re.fullmatch(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})", text) or re.fullmatch(
        r"(\d{4})(\d\d)(\d\d)", text
    ):
        found.append((int(match[1]), int(match[2]), int(match[3])))
    if match := re.fullmatch(r"(\d{1,2})([-/. ])(\d{1,2})[-/. ](\d{4})", text):
        one, other, year = int(match[1]), int(match[3]), int(match[4])
        found.append((year, other, one))  # day first, as in most countries
        if match[2] != ".":
            found.append((year, one, other))
    if re.fullmatch(r"\d{5}", text) and int(text) in _SHEET_DAYS:
        return [_SHEET + timedelta(int(text))]
    return list(dict.fromkeys(day for parts in found if (day := _day(*parts)) is not None))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _rough(text: str) -> str:
    """For a month, a quarter or a year: its first day."""
    first = None
    if match := re.fullmatch(rf"{_WORD},?\s*{_YEAR}", text, re.IGNORECASE):
        first = _day(int(match["year"]), _MONTHS[match["word"].lower()], 1)
    elif match := re.fullmatch(r"(\d{4})[-/](\d{1,2})", text):
        first = _day(int(match[1]), int(match[2]), 1)
    elif match := re.fullmatch(r"Q([1-4])[ /-]*(\d{4})|(\d{4})[ /-]*Q([1-4])", text, re.IGNORECASE):
        first = _day(int(match[2] or match[3]), 3 * int(match[1] or match[4]) - 2, 1)
    elif match := re.fullmatch(r"(?:in\s+)?(\d{4})", text):
        first = _day(int(match[1]), 1, 1)
    return _FORM if first is None else f"{_FORM} A date is one day: for its beginning write {first}."


# Years that a calendar of ours hardly means in a crisis, and the Iranian one does.
IRANIAN_YEARS = range(1250, 1500)
_NOWRUZ = date(2020, 3, 20)  # 1 Farvardin 1399


def from_iranian(year: int, month: int, day: int) -> date:
    """The day of the common calendar of one of the Iranian (solar Hijri) calendar.

    By the cycle of 33 years with eight leap years, right from 1178 to 1633 after the Hijra (Borkowski 1996,
    Earth, Moon, and Planets 74).

    >>> from_iranian(1399, 3, 12), from_iranian(1357, 11, 22)
    (datetime.date(2020, 6, 1), datetime.date(1979, 2, 11))
    """
    return _NOWRUZ + timedelta(_iranian_days(year, month, day) - _iranian_days(1399, 1, 1))


def _iranian_days(year: int, month: int, day: int) -> int:
    """Days from some beginning."""
    years = year + 1595
    whole = 365 * years + 8 * (years // 33) + (years % 33 + 3) // 4
    return whole + day + (31 * (month - 1) if month < 7 else 30 * (month - 7) + 186)
