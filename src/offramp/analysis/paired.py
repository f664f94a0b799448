"""Differences between two policies that met the same scenarios: how large, and how sure.

Under both policies a scenario is the same world with the same luck, so scenarios are compared one by one and
what they have in common drops out. Intervals here hold sampling error only; `offramp.analysis.worlds` says
what uncertain numbers contribute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, normal_quantile, student_quantile, wilson

Floats = npt.NDArray[np.float64]

POWER = 0.8  # with which `runs_needed` would tell a difference apart

# What the interval of a difference holds, and what it does not.
SAMPLING_INTERVAL = (
    "the sampling interval says how far the difference may be off because these are so many futures and not "
    "endlessly many; more runs narrow it. Each future is compared with itself under the other policy, same "
    "world and same luck."
)

_HALVINGS = 60  # of an interval of at most 2: to below the rounding of a double


@dataclass(frozen=True)
class Difference:
    """What one policy changes, as against another, on average over the scenarios that hold under both.

    Attributes
    ----------
    here, there : mean under the policy and under the one that it is held against
    value : here - there
    low, high : sampling interval of `value`
    scenarios : how many were compared
    differing : in how many of them the two differ at all
    needed : scenarios with which a difference as large as this one would be told from none in 4 of 5 cases;
        None where none was seen
    without_luck : how much of the luck that decided is taken out, 0 to 1 (`offramp.analysis.weighing`)
    """

    here: float
    there: float
    value: float
    low: float
    high: float
    scenarios: int
    differing: int
    needed: int | None
    without_luck: float = 0.0

    @property
    def distinguishable(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


_NONE = Difference(math.nan, math.nan, math.nan, math.nan, math.nan, 0, 0, None)


def share_difference(here: Floats, there: Floats, level: float = LEVEL) -> Difference:
    """Difference of two chances, counted in the same scenarios.

    Parameters
    ----------
    here, there : (scenario,), 1 where it happened, 0 where not, NaN where the run failed
    level : of the interval, 0 to 1

    Returns
    -------
    Difference, from -1 to 1, with Tango's score interval. It rests on the scenarios in which the two differ,
    and keeps a width where there are none: +-z^2 / (n + z^2).

    References
    ----------
    Tango (1998), Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design. Statistics in Medicine 17, 891-908. Compared with others in Fagerland, Lydersen and
    Laake (2014), Recommended tests and confidence intervals for paired binomial proportions. Statistics in
    Medicine 33, 2850-2875.
    """
    a, b = _both(here, there)
    n = len(a)
    if not n:
        return _NONE
    only_here, only_there = int(((a == 1) & (b == 0)).sum()), int(((a == 0) & (b == 1)).sum())
    low, high = tango(only_here, only_there, n, level)
    value = (only_here - only_there) / n
    differing = only_here + only_there
    # Connor (1987), Sample size for testing differences in proportions for the paired-sample design.
    # Biometrics 43, 207-211: spread under no difference, and under this one.
    discordance = differing / n
    needed = _needed(value, math.sqrt(discordance), math.sqrt(discordance - value**2), level)
    return Difference(float(a.mean()), float(b.mean()), value, low, high, n, differing, needed)


def tango(only_here: int, only_there: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Tango's score interval for the difference of two paired proportions.

    Parameters
    ----------
    only_here, only_there : pairs in which it happened in the first, or the second, alone
    trials : pairs
    level : 0 to 1

    Examples
    --------
    >>> low, high = tango(1, 7, 21, level=0.95)  # Fagerland, Lydersen and Laake (2014), table 4
    >>> round(low, 3), round(high, 3)
    (-0.517, -0.026)
    """
    z = normal_quantile((1 + level) / 2)
    b, c, n = float(only_here), float(only_there), float(trials)

    def score(difference: float) -> float:
        # Probability of `only_there`, at its likeliest where the difference is as supposed.
        linear = (2 * n - b + c) * difference - b - c
        constant = -c * difference * (1 - difference)
        q = (math.sqrt(max(0.0, linear**2 - 8 * n * constant)) - linear) / (4 * n)
        variance = n * (2 * q + difference * (1 - difference))
        distance = b - c - n * difference
        if variance <= 0:
            return math.copysign(math.inf, distance) if distance else 0.0
        return distance / math.sqrt(variance)

    def solved(target: float, low: float, high: float) -> float:
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if score(middle) > target else (low, middle)
        return (low + high) / 2

    seen = (b - c) / n
    return solved(z, -1.0, seen), solved(-z, seen, 1.0)


def mean_difference(here: Floats, there: Floats, level: float = LEVEL, size: float = 0.0) -> Difference:
    """Difference of two means of a quantity measured in the same scenarios.

    Parameters
    ----------
    here, there : (scenario,), in one unit; NaN where the run failed
    level : of the interval, 0 to 1
    size : how large a difference in one scenario may be where none was seen in any, in the unit

    Returns
    -------
    Difference in that unit, with Student's interval (1908) of the mean of the differences. Where few
    scenarios differ, it reaches at least as far as more of them may, by Wilson's interval of how often, each
    time by as much as where they do (root mean square; `size` where none differs).
    """
    a, b = _both(here, there)
    here_mean, there_mean = (float(x.mean()) if len(x) else math.nan for x in (a, b))
    return _of_mean(a - b, here_mean, there_mean, level, size)


def spread_of(here: Floats, there: Floats) -> float:
    """How far the values of a quantity lie apart, in its unit: a `size` for `mean_difference`."""
    values = np.concatenate(_both(here, there))
    return float(np.ptp(values)) if len(values) else 0.0


def ratio_difference(
    here: tuple[Floats, Floats], there: tuple[Floats, Floats], level: float = LEVEL
) -> Difference:
    """Difference of two ratios of sums, such as the share of attacks that were answered.

    Parameters
    ----------
    here, there : numerator and denominator in each scenario, (scenario,) each; NaN where the run failed
    level : of the interval, 0 to 1

    Returns
    -------
    Difference with a normal interval of the linearised ratios; all NaN where a denominator sums to 0.

    References
    ----------
    Cochran (1977), Sampling Techniques, section 6.4: variance of a ratio by linearisation.
    """
    holds = ~np.isnan(np.stack([*here, *there])).any(axis=0)
    ratios, residuals = [], []
    for top, bottom in (here, there):
        mean = float(bottom[holds].mean()) if holds.any() else 0.0
        if mean == 0:
            return _NONE
        ratio = float(top[holds].mean()) / mean
        ratios.append(ratio)
        residuals.append((top[holds] - ratio * bottom[holds]) / mean + ratio)
    found = _of_mean(residuals[0] - residuals[1], ratios[0], ratios[1], level, spread_of(*residuals))
    # Residuals differ a little wherever the ratios do, also in scenarios that are alike.
    apart = np.any([(a != b)[holds] for a, b in zip(here, there, strict=True)], axis=0)
    return replace(found, differing=int(apart.sum()))


def _of_mean(differences: Floats, here: float, there: float, level: float, size: float = 0.0) -> Difference:
    n = len(differences)
    if not n:
        return _NONE
    value = here - there
    deviation = float(differences.std(ddof=1)) if n > 1 else math.inf
    half = student_quantile((1 + level) / 2, n - 1) * deviation / math.sqrt(n) if n > 1 else math.inf
    # Student's interval takes the differences for normal. Where nearly all are 0 that misses those that did
    # not show: with none of 20 it would be a point.
    differing = int((differences != 0).sum())
    typical = math.sqrt(float((differences**2).sum()) / differing) if differing else size
    more = float(wilson(differing, n, level)[1]) - differing / n
    half = max(half, more * typical)
    return Difference(
        here, there, value, value - half, value + half, n, differing,
        _needed(value, deviation, deviation, level),
    )  # fmt: skip


def _needed(effect: float, spread_of_none: float, spread: float, level: float) -> int | None:
    """Scenarios with which an effect is told from none with `POWER`: the usual sum of two quantiles."""
    if effect == 0 or not math.isfinite(effect) or not math.isfinite(spread):
        return None
    z = normal_quantile((1 + level) / 2) * spread_of_none
    more = normal_quantile(POWER) * spread
    return max(2, math.ceil(((z + more) / effect) ** 2))


def _both(here: Floats, there: Floats) -> tuple[Floats, Floats]:
    """The scenarios that hold under both."""
    holds = ~(np.isnan(here) | np.isnan(there))
    return here[holds], there[holds]
