"""Thresholds that are relative: to the day of asking, to the time before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from offramp.truth.horizons import Horizon

Than = Literal["asking", "mean", "highest", "lowest", "before"]


@dataclass(frozen=True, slots=True)
class Relative:
    """A threshold that is known when a question is asked.

    Attributes
    ----------
    than : the level on the day of asking; the mean, highest or lowest of the readings within `over` up to
        that day, as known then; or, of a count, how often it came in the time just as long before
    times, plus : the threshold is times · that + plus
    """

    than: Than
    over: Horizon | None = None
    times: float = 1.0
    plus: float = 0.0

    @property
    def words(self) -> str:
        """Such as `2 * mean of 12 months + 5`."""
        of = "" if self.over is None else f" of {self.over.words}"
        times = f"{self.times:g} * " if self.times != 1 else ""
        plus = f" {'+' if self.plus > 0 else '-'} {abs(self.plus):g}" if self.plus else ""
        return f"{times}{self.than}{of}{plus}"
