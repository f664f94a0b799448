"""Steps of time: on which days they begin, how long they are, and where a day lies among them."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

# Mean length of a Gregorian month; a day and a week are parts of it.
DAYS_PER_MONTH = 365.2425 / 12

Step = Literal["day", "week", "month", "quarter", "year"]
STEPS: tuple[Step, ...] = get_args(Step)
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Calendar:
    """Steps of one length, counted from a day.

    Steps of a day or a week are as many days, whatever the month. Those of a month, a quarter or a year begin
    on the same day of a month each time and count as 1, 3 and 12 months however many days they have.
    """

    start: date
    step: Step

    @property
    def step_length(self) -> float:
        """Months in one step."""
        days = _DAYS.get(self.step)
        return float(_MONTHS[self.step]) if days is None else days / DAYS_PER_MONTH

    def date_of(self, k: int) -> date:
        """First day of step k."""
        if self.step in _DAYS:
            return self.start + timedelta(days=k * _DAYS[self.step])
        month = self.start.year * 12 + self.start.month - 1 + k * _MONTHS[self.step]
        return date(month // 12, month % 12 + 1, self.start.day)

    def step_of(self, day: date) -> int:
        """Number of the step that contains `day` (negative before the start)."""
        if self.step in _DAYS:
            return (day - self.start).days // _DAYS[self.step]
        months = (day.year - self.start.year) * 12 + day.month - self.start.month
        return (months - (day.day < self.start.day)) // _MONTHS[self.step]

    def months_at(self, day: date) -> float:
        """Months from the start to `day`; whole steps land on whole multiples of step_length."""
        if self.step in _DAYS:
            return (day - self.start).days / DAYS_PER_MONTH
        k = self.step_of(day)
        first = self.date_of(k)
        return (k + (day - first).days / (self.date_of(k + 1) - first).days) * _MONTHS[self.step]

    def why_no_start(self) -> tuple[str, str]:
        """Why steps cannot begin on the start, and what to do; two empty texts where they can.

        Each of them must begin on a day that exists: none of a month on the 31st, for April has none.
        """
        day, month = self.start.day, self.start.month
        if self.step in _DAYS:
            return "", ""
        cycle = range(month, month + 12, _MONTHS[self.step])
        lacking = [m for m in ((n - 1) % 12 + 1 for n in cycle) if day > calendar.monthrange(2001, m)[1]]
        if not lacking:
            return "", ""
        if self.step == "year":
            return "steps of a year cannot start on 29 February: not every year has one", (
                "Start on 28 February or 1 March."
            )
        if self.step == "month":
            return f"monthly steps cannot start on day {day}: not every month has one", (
                "Start on day 1 to 28, or use `step: week`."
            )
        name = calendar.month_name
        return (
            f"quarterly steps cannot start on {day} {name[month]}: one would begin on {day} "
            f"{name[lacking[0]]}, and there is no such day in every year",
            "Start on day 1 to 28; quarters that end with a month begin on the first of the next.",
        )
