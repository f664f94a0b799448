"""How published counts differ from what happened: `exact`, `binomial`, `poisson`, `negative_binomial`.

docs/reference/model-file.md, "evidence", says what each means. Under-reporting as a binomial thinning of what
happened, with spurious entries on top, follows Winkelmann and Zimmermann (1993, Poisson-logistic regression)
and Cameron and Trivedi (2013, Regression Analysis of Count Data, ch. 13); the negative binomial is their NB2.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from offramp.engine.inputs import Floats
from offramp.model import Evidence

# A count of 0 where something was published: unlikely, not impossible beyond recovery.
_TINY = 1e-12
# Up to here logarithms of factorials are sums, as they always were here, bit for bit; then by log-gamma.
_SUMMED = 1000


def log_density(evidence: Evidence, value: float, simulated: Floats, months: float) -> Floats:
    """Log-probability that a count is published where a run has `simulated`: (run,).

    Parameters
    ----------
    value : what was published, a whole number
    simulated : (run,), how often it came, whole numbers
    months : length of the window
    """
    if evidence.error == "exact":
        return np.where(simulated == value, 0.0, -np.inf)
    if evidence.error == "binomial":
        return _thinned(value, simulated, evidence.listed, evidence.stray * months)
    mean = np.maximum(evidence.listed * simulated + evidence.stray * months, _TINY)
    if evidence.error == "negative_binomial":
        return _dispersed(value, mean, evidence.dispersion)
    found: Floats = value * np.log(mean) - mean - log_factorial(int(value))
    return found


def drawn(evidence: Evidence, simulated: Floats, months: float, rng: np.random.Generator) -> Floats:
    """Counts as they might be published where runs have `simulated`: (run,)."""
    if evidence.error == "exact":
        return simulated
    stray = evidence.stray * months
    if evidence.error == "binomial":
        happened = np.maximum(simulated, 0).astype(np.int64)
        return (rng.binomial(happened, evidence.listed) + rng.poisson(stray, len(simulated))).astype(float)
    mean = np.maximum(evidence.listed * simulated + stray, 0)
    if evidence.error == "negative_binomial":
        size = 1 / evidence.dispersion
        return rng.negative_binomial(size, size / (size + mean)).astype(float)
    return rng.poisson(mean).astype(float)


@cache
def log_factorial(n: int) -> float:
    """Natural logarithm of n!."""
    return float(sum(np.log(np.arange(1, n + 1)))) if n <= _SUMMED else math.lgamma(n + 1)


def _thinned(value: float, simulated: Floats, listed: float, stray: float) -> Floats:
    """Each of what happened is listed with a chance, and stray entries come on top: the sum over these.

    Parameters
    ----------
    stray : mean of the stray entries
    """
    # Of stray entries beyond this there is less than one chance in a thousand million.
    most = int(min(value, math.ceil(stray + 6 * math.sqrt(stray) + 12))) if stray else 0
    terms = []
    for others in range(most + 1):
        # Of few of them first; all the rest of the value were listed.
        chance = _log_binomial(value - others, simulated, listed)
        if stray:
            chance = chance + others * math.log(stray) - stray - log_factorial(others)
        terms.append(chance)
    found: Floats = np.logaddexp.reduce(np.stack(terms), axis=0)
    return found


def _log_binomial(listed: float, happened: Floats, chance: float) -> Floats:
    """Log-probability that so many of what happened are listed: (run,)."""
    if chance == 1:
        return np.where(happened == listed, 0.0, -np.inf)
    missed = np.maximum(happened - listed, 0)
    found = _log_gamma(happened + 1) - log_factorial(int(listed)) - _log_gamma(missed + 1)
    found = found + listed * math.log(chance) + missed * math.log1p(-chance)
    return np.where(happened >= listed, found, -np.inf)


def _dispersed(value: float, mean: Floats, dispersion: float) -> Floats:
    """The negative binomial distribution with variance mean + dispersion * mean**2: (run,)."""
    size = 1 / dispersion
    ways = math.lgamma(value + size) - math.lgamma(size) - log_factorial(int(value))
    found: Floats = ways - size * np.log1p(mean / size) + value * (np.log(mean) - np.log(size + mean))
    return found


_log_gamma_each = np.frompyfunc(math.lgamma, 1, 1)


def _log_gamma(x: Floats) -> Floats:
    """The logarithm of the gamma function of positive numbers, of which many are alike."""
    distinct, where = np.unique(x, return_inverse=True)
    found: Floats = np.asarray(_log_gamma_each(distinct), np.float64)[where]
    return found
