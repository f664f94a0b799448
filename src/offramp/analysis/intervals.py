"""Intervals around shares counted in a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from offramp.distribution import standard_normal_quantile

Floats = npt.NDArray[np.float64]

LEVEL = 0.9  # of every interval that offramp reports, unless asked otherwise


def wilson(count: npt.ArrayLike, trials: npt.ArrayLike, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Wilson's score interval for a share: where the true share lies when `count` of `trials` were hits.

    It holds the sampling error of a count and nothing else. It stays within 0 and 1 and keeps a width where
    nothing, or everything, was counted, which the normal approximation around the share does not.

    Parameters
    ----------
    count : any shape, 0 to trials
    trials : the same shape or a single number, whole; NaN bounds where it is 0
    level : 0 to 1, how often such intervals hold the true share

    Returns
    -------
    low, high : the shape of `count`, 0 to 1

    Raises
    ------
    ValueError
        If a count is negative or above its trials, or `level` is not between 0 and 1.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22, 209-212. Without continuity correction.

    Examples
    --------
    >>> low, high = wilson(0, 10, level=0.95)
    >>> float(low.round(4)), float(high.round(4))
    (0.0, 0.2775)
    """
    x, n = np.broadcast_arrays(np.asarray(count, np.float64), np.asarray(trials, np.float64))
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")
    if (x < 0).any() or (x > n).any():
        raise ValueError("a count lies between 0 and its trials")
    z2 = normal_quantile((1 + level) / 2) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (x + z2 / 2) / (n + z2)
        half = np.sqrt(z2 * (x * (n - x) / n + z2 / 4)) / (n + z2)
        # At the ends the formula gives exactly 0 or 1 but for rounding.
        low = np.where(x == 0, 0.0, centre - half)
        high = np.where(x == n, 1.0, centre + half)
    empty = n == 0
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


@lru_cache(maxsize=256)
def normal_quantile(p: float) -> float:
    """Quantile of the standard normal distribution for a single p, remembered: intervals ask for few."""
    return float(standard_normal_quantile(p))


def student_quantile(p: float, degrees: int) -> float:
    """Quantile of Student's t for p of 0.5 or more.

    Exact for 1 and 2 degrees of freedom; beyond that the expansion around the normal quantile, within 0.1 %
    of the truth for p up to 0.95, and within 0.4 % for p up to 0.99.

    References
    ----------
    Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 26.7.5.
    """
    if degrees == 1:
        return math.tan(math.pi * (p - 0.5))
    if degrees == 2:
        return (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    x = normal_quantile(p)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum((term / degrees**k for k, term in enumerate(terms, 1)), start=0.0)


@dataclass(frozen=True)
class Estimate:
    """A mean over scenarios with its interval, in the unit of the value."""

    value: float
    low: float
    high: float

    def turned(self) -> Estimate:
        """The same with the other sign."""
        return Estimate(-self.value, -self.high, -self.low)


def estimate(sums: Floats, counts: Floats, level: float = LEVEL, of_chances: bool = False) -> Estimate:
    """Mean over scenarios that come in clusters, with Student's interval; infinite for a single cluster.

    Parameters
    ----------
    sums : (cluster,), sum of a value over the scenarios of each cluster
    counts : (cluster,), how many scenarios that are
    level : of the interval
    of_chances : the value is a change of a chance, from -1 to 1 in each scenario: half a scenario with +1
        and half a one with -1 are added to the variance, so that "never seen to matter" keeps an interval
        (Agresti and Min 2005)

    References
    ----------
    Cochran (1977), Sampling Techniques, section 9A.3: clusters of unequal size, as a ratio estimate.
    Agresti and Min (2005), Simple improved confidence intervals for comparing matched proportions. Statistics
    in Medicine 24, 729-740.
    """
    scenarios, clusters = float(counts.sum()), int((counts > 0).sum())
    if not scenarios:
        return Estimate(math.nan, math.nan, math.nan)
    mean = float(sums.sum()) / scenarios
    square = float(((sums - mean * counts) ** 2).sum()) * clusters / max(1, clusters - 1)
    if clusters < 2:
        return Estimate(mean, -math.inf, math.inf)
    times = student_quantile((1 + level) / 2, clusters - 1)
    half = times * math.sqrt(square + of_chances) / (scenarios + 2 * of_chances)
    return Estimate(mean, mean - half, mean + half)
