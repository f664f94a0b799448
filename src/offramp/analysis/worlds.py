"""What uncertain numbers contribute to an effect: worlds run several times, luck averaged out.

A world is one draw of everything uncertain (parameters, misreadings, types, beginnings); a life is one course
of luck in it. The effect in one life is the effect in that world plus luck. The spread between worlds beyond
what luck explains is what the uncertain numbers contribute: no number of futures narrows it, only knowing
more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offramp.analysis.deconvolution import ShareWithin, share_within
from offramp.distribution import standard_normal_quantile

Floats = npt.NDArray[np.float64]

PARAMETER_INTERVAL = (
    "the interval over uncertain numbers says where the difference lies in nine worlds of ten, each drawn "
    "from what the file holds possible, with luck averaged out. More futures do not narrow it; knowing the "
    "numbers would. How wrong the model itself is, is in neither interval."
)

_MIDDLE = (0.05, 0.95)  # the middle nine tenths of worlds
_FEWEST = 10  # worlds from which a spread is estimated
_SURE = float(standard_normal_quantile(0.95))


@dataclass(frozen=True)
class Spread:
    """How an effect varies from world to world.

    Attributes
    ----------
    effects : (world,), the effect in each, luck taken out as far as it can be
    means : (world,), the effect in each, with what luck is left in its lives
    luck : (world,), the variance that luck gives to each of these, as its lives tell
    low, high : the 5th and 95th percentile of `effects`
    deviation : standard deviation of the effect between worlds
    at_most : upper end of a one-sided 95 % interval of `deviation`; where a few worlds stand far out, it
        holds in 80 to 85 of 100
    distinguishable : whether worlds differ by more than luck explains
    worlds, lives : how many worlds hold in all their lives, and how many lives each
    """

    effects: Floats
    means: Floats
    luck: Floats
    low: float
    high: float
    deviation: float
    at_most: float
    distinguishable: bool
    worlds: int
    lives: int

    def share_above(self, threshold: float) -> float:
        """Share of worlds in which the effect lies above a threshold."""
        return float((self.effects > threshold).mean())

    def share_within(self, low: float, high: float) -> ShareWithin:
        """How surely which share of worlds has its effect from `low` to `high`, both included."""
        return share_within(self.means, self.luck, low, high)


def between_worlds(replicates: Floats, mean: float) -> Spread | None:
    """Split the spread of an effect into worlds and luck: one-way analysis of variance.

    Parameters
    ----------
    replicates : (world, replicate), the effect in each; NaN where a run failed, which leaves out its world
    mean : the effect over all futures, around which the worlds are placed

    Returns
    -------
    Spread, in the unit of the effect; None where fewer than 10 worlds hold, or worlds have one life only. The
    variance between worlds is that between their means less what luck contributes to it; the means are drawn
    in until they have this variance, so that their percentiles are those of effects and not of luck.

    References
    ----------
    O'Hagan, Stevenson and Madan (2007), Monte Carlo probabilistic sensitivity analysis for patient level
    simulation models: efficient estimation of mean and variance using ANOVA. Health Economics 16, 1009-1023.
    Louis (1984), Estimating a population of parameter values using Bayes and empirical Bayes methods. Journal
    of the American Statistical Association 79, 393-398: means drawn in to have the right spread.
    Johnson (1978), Modified t tests and confidence intervals for asymmetrical populations. The same journal
    73, 536-544: squares of deviations are skewed, so the upper bound of their mean lies farther away.
    """
    kept = replicates[~np.isnan(replicates).any(axis=1)] if replicates.size else replicates
    if len(kept) < _FEWEST or kept.shape[1] < 2:
        return None
    worlds, lives = kept.shape
    means = kept.mean(axis=1)
    within = kept.var(axis=1, ddof=1) / lives  # what luck adds to the variance of each mean
    apart = (means - means.mean()) ** 2 * worlds / (worlds - 1)
    parts = apart - within
    variance = float(parts.mean())
    spread = float(parts.std(ddof=1))
    error = spread / math.sqrt(worlds)
    skewed = float(((parts - variance) ** 3).mean()) / spread**3 if spread > 0 else 0.0
    upwards = _SURE + skewed * (1 + 2 * _SURE**2) / (6 * math.sqrt(worlds))
    between = float(apart.mean())
    drawn_in = math.sqrt(max(0.0, variance) / between) if between > 0 else 0.0
    effects = mean + drawn_in * (means - means.mean())
    low, high = (float(v) for v in np.quantile(effects, _MIDDLE))
    return Spread(
        effects=effects,
        means=means + (mean - means.mean()),
        luck=within,
        low=low,
        high=high,
        deviation=math.sqrt(max(0.0, variance)),
        at_most=math.sqrt(max(0.0, variance) + max(_SURE, upwards) * error),
        distinguishable=variance > _SURE * error,
        worlds=worlds,
        lives=lives,
    )
