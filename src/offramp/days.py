"""Days that users of the library give: a date, or its text."""

from __future__ import annotations

from datetime import date

from offramp.errors import UsageError


def day_of(given: date | str) -> date:
    """A date as it is, or read from text such as "2020-11-03".

    Raises
    ------
    UsageError
        If the text is no date.
    """
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{given!r} is no date. Dates are year-month-day: 2020-11-03.") from error
