"""Differences of chances from what came and from how likely it was.

What came in a scenario, less the chance that its course gave to it (`offramp.engine.hazards`), is luck: its
mean is 0 under every policy. It is a control variate, of which as much is subtracted, between none and all,
as makes the chance vary least (Asmussen and Glynn 2007, Stochastic Simulation, sections V.2 and V.4). War
in us-iran-2020 needs nine times fewer scenarios so: decision 0026.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL
from offramp.analysis.paired import Difference, mean_difference, share_difference

Floats = npt.NDArray[np.float64]

# What a reader is told of it.
LUCK_TAKEN_OUT = (
    "where an outcome comes by a rate or an exchange, each future counts by how likely its course made the "
    "outcome as well as by whether it came. The mean is the same, with less luck in it; so chances here "
    "differ a little from shares that are only counted."
)

SPARED = 1.25  # times as many scenarios to count as to weigh: what it takes to weigh


@dataclass(frozen=True, eq=False)
class Weighed:
    """An outcome under some policies in the same scenarios, and how much of the luck in it is taken out.

    Attributes
    ----------
    came : (policy, scenario), 1 where it happened, 0 where not, NaN where the run failed
    left : (policy, scenario), the same without that luck: the mean is the same but for sampling
    taken : share of the luck that is taken out, 0 to 1; where 0, `left` is `came`
    """

    came: Floats
    left: Floats
    taken: float

    def difference(self, here: int = 1, there: int = 0, level: float = LEVEL) -> Difference:
        """Of two of the chances: weighed with Student's interval, or counted with Tango's."""
        if not self.taken:
            return share_difference(self.came[here], self.came[there], level)
        found = mean_difference(self.left[here], self.left[there], level, size=1.0)
        differing = int((np.abs(self.came[here] - self.came[there]) > 0).sum())
        return replace(found, differing=differing, without_luck=self.taken)


def luck_known(came: Floats, likely: Floats) -> float:
    """Which share of its luck to take out of an outcome, 0 to 1, so that its chance varies least.

    Nothing, where that would not spare a fifth of the scenarios.

    Parameters
    ----------
    came : (scenario,), 1 where it happened, 0 where not, NaN where the run failed
    likely : (scenario,), the chance that the course of the run gave to it
    """
    holds = ~np.isnan(came)
    if holds.sum() < 2:
        return 0.0
    spread = np.cov(came[holds], (came - likely)[holds])
    taken = float(np.clip(spread[0, 1] / spread[1, 1], 0.0, 1.0)) if spread[1, 1] > 0 else 0.0
    left = (came - taken * (came - likely))[holds]
    return taken if spread[0, 0] >= SPARED * float(left.var(ddof=1)) else 0.0


def weigh(came: Floats, likely: Floats) -> Weighed:
    """Take out of an outcome what luck there is to know.

    All policies lose the share that suits the first: so each has one number, whatever it is held against
    and whatever else is asked. Nothing is taken where what is left would be no chance.

    Parameters
    ----------
    came, likely : (policy, scenario), as for `luck_known`; the first policy is what others are held against
    """
    taken = luck_known(came[0], likely[0])
    left = came - taken * (came - likely)
    holds = ~np.isnan(came).any(axis=0)
    means = left[:, holds].mean(axis=1) if holds.any() else np.zeros(1)
    if not taken or means.min() < 0 or means.max() > 1:
        return Weighed(came, came, 0.0)
    return Weighed(came, left, taken)


def remainder(came: Floats, others: Sequence[Weighed]) -> Weighed:
    """What stays where none of the others comes: 1 less all of them, so that chances sum to 1.

    Parameters
    ----------
    came : (policy, scenario), as for `weigh`
    others : all outcomes of which at most one can come
    """
    taken = max((o.taken for o in others), default=0.0)
    if not taken:
        return Weighed(came, came, 0.0)
    return Weighed(came, 1.0 - np.sum([o.left for o in others], axis=0), taken)
