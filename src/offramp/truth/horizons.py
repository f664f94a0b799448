"""How far ahead a question is asked: months, weeks or days after a day."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from offramp.dates import DAYS_PER_MONTH

Unit = Literal["day", "week", "month"]
UNITS: tuple[Unit, ...] = get_args(Unit)
_LONGEST = {"day": 3650, "week": 520, "month": 120}
_WRITTEN = re.compile(r"(\d{1,4})(?:\s*(day|week|month)s?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Horizon:
    """So many days, weeks or months."""

    number: int
    unit: Unit = "month"

    @property
    def months(self) -> int | float:
        """Its length; a whole number of months as such."""
        if self.unit == "month":
            return self.number
        return self.number * (7 if self.unit == "week" else 1) / DAYS_PER_MONTH

    @property
    def words(self) -> str:
        """`1 week`, `10 days`."""
        return f"{self.number} {self.unit}{'s' * (self.number != 1)}"

    def after(self, day: date) -> date:
        """The day so long after another; of months the same day, or the last of a month that has none."""
        return self._from(day, 1)

    def before(self, day: date) -> date:
        """The day so long before another, in the same way."""
        return self._from(day, -1)

    def _from(self, day: date, sign: int) -> date:
        if self.unit != "month":
            return day + timedelta(days=sign * self.number * (7 if self.unit == "week" else 1))
        year, month = divmod(day.year * 12 + day.month - 1 + sign * self.number, 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def read_horizon(text: str) -> Horizon | None:
    """A span as it is written: `6` (months), `1 week`, `10 days`; None for anything else, or one too long."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    number: int = int(match[1])
    unit: Unit = next((u for u in UNITS if u == match[2]), "month")
    return Horizon(number, unit) if 1 <= number <= _LONGEST[unit] else None
