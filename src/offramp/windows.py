"""Days within steps: where a day lies among the dates of a model, and what a window holds of each step.

A day is the moment at which its date stands: `2020-07-16` lies 15/31 into the step that begins on 1 July. A
window goes from one moment, which it leaves out, to another, which belongs to it.
docs/explanation/semantics.md, "Days within a step", says what happens when.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Instant(NamedTuple):
    """A moment among the steps of a model, in their order.

    Attributes
    ----------
    step : number of the step in which it lies; the number of all steps for the end of the last
    part : share of that step that is over, 0 up to but not including 1
    """

    step: int
    part: float

    @property
    def steps(self) -> float:
        """Steps from the start."""
        return self.step + self.part

    def months(self, step_months: float) -> float:
        """Months from the start, where a step has so many."""
        return self.steps * step_months

    @property
    def whole(self) -> int:
        """Steps that have to be played to get there."""
        return self.step + (self.part > 0)


def place_in(dates: Sequence[date], day: date) -> Instant:
    """Where a day lies among the dates of a model: the start of every step, and the end of the last.

    A day before the first is taken to be the first, one after the last the last.
    """
    k = bisect_right(dates, day) - 1
    if k < 0:
        return Instant(0, 0.0)
    if k >= len(dates) - 1:
        return Instant(len(dates) - 1, 0.0)
    return Instant(k, (day - dates[k]).days / (dates[k + 1] - dates[k]).days)


def come_by(step: npt.NDArray[np.integer], part: Floats, place: Instant) -> Bools:
    """Whether what came in a step (-1: never), when a share of it was over, had come by a moment."""
    earlier = (step < place.step) | ((step == place.step) & (part <= place.part))
    return np.asarray((step >= 0) & earlier, np.bool_)


class Window(NamedTuple):
    """The time after one moment, up to another and with it.

    Attributes
    ----------
    start, end : the moments
    first, last : the days that belong to it, both included, for what has a day: rows and dated events
    """

    start: Instant
    end: Instant
    first: date
    last: date

    @property
    def length(self) -> float:
        """In steps."""
        return self.end.steps - self.start.steps

    @property
    def whole(self) -> slice:
        """The steps that lie in it from beginning to end."""
        first = self.start.whole
        return slice(first, max(first, self.end.step))

    def partly(self) -> Iterator[tuple[int, float, float]]:
        """The steps of which it holds a part: number, and the shares at which the part begins and ends."""
        (first, begin), (last, end) = self.start, self.end
        if first == last:
            if begin < end:
                yield first, begin, end
            return
        if begin > 0:
            yield first, begin, 1.0
        if end > 0:
            yield last, 0.0, end

    def parts(self) -> Iterator[tuple[int, float, float]]:
        """Every step that it holds anything of, in order, in the same way."""
        some = [*self.partly(), *((k, 0.0, 1.0) for k in range(*self.whole.indices(self.end.step + 1)))]
        yield from sorted(some)


def after(dates: Sequence[date], day: date, until: date) -> Window:
    """The days after one, up to another and with it: what a question asked on a day asks of."""
    return Window(place_in(dates, day), place_in(dates, until), day + timedelta(days=1), until)


def between(dates: Sequence[date], start: date, stop: date) -> Window:
    """The days from one on, up to another and without it: what is counted `from` one day `until` another."""
    return Window(place_in(dates, start), place_in(dates, stop), start, stop - timedelta(days=1))
