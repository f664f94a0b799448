"""Priors: draws by inverse distribution function, and what they say of themselves (mean, quantiles, support).

A draw is a function of one uniform number, so it belongs to a scenario and to nothing else.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from offramp.model import Distribution

Floats = npt.NDArray[np.float64]


def quantile(distribution: Distribution, u: npt.ArrayLike) -> Floats:
    """Inverse distribution function.

    Parameters
    ----------
    distribution : a prior of docs/reference/model-file.md
    u : any shape, in (0, 1)

    Returns
    -------
    Values of the shape of `u`, in the unit of the thing the prior is for. Exact to rounding but for
    `beta`, which is interpolated to about 1e-7 of its width.

    Raises
    ------
    ValueError
        If there is no such prior; a checked model has none.

    Examples
    --------
    >>> quantile(Distribution("triangular", (0.0, 1.0, 2.0)), [0.125, 0.5]).tolist()
    [0.5, 1.0]
    """
    u = np.asarray(u, dtype=np.float64)
    match distribution.kind, distribution.args:
        case "normal", (mean, sd):
            return mean + sd * standard_normal_quantile(u)
        case "normal", (mean, sd, low, high):
            return _truncated_normal(u, mean, sd, low, high)
        case "lognormal", (median, sigma):
            return np.asarray(median * np.exp(sigma * standard_normal_quantile(u)))
        case "uniform", (low, high):
            return np.asarray(low + (high - low) * u)
        case "triangular", (low, mode, high):
            width, left = high - low, mode - low
            rising = low + np.sqrt(u * width * left)
            falling = high - np.sqrt((1 - u) * width * (high - mode))
            return np.where(u * width < left, rising, falling)
        case "beta", (a, b):
            return _beta_quantile(u, a, b)
        case "beta", (a, b, low, high):
            return np.asarray(low + (high - low) * _beta_quantile(u, a, b))
    raise ValueError(f"no such prior: {distribution.kind} with {len(distribution.args)} arguments")


def mean(distribution: Distribution) -> float:
    """Expected value."""
    match distribution.kind, distribution.args:
        case "normal", (mu, _):
            return mu
        case "normal", (mu, sd, low, high):
            # Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, section 10.1.
            a, b = (low - mu) / sd, (high - mu) / sd
            return mu + sd * (_density(a) - _density(b)) / _mass_between(a, b)
        case "lognormal", (median, sigma):
            return median * math.exp(sigma**2 / 2)
        case "uniform", (low, high):
            return (low + high) / 2
        case "triangular", (low, mode, high):
            return (low + mode + high) / 3
        case "beta", (a, b):
            return a / (a + b)
        case "beta", (a, b, low, high):
            return low + (high - low) * a / (a + b)
    raise ValueError(f"no such prior: {distribution.kind} with {len(distribution.args)} arguments")


def support(distribution: Distribution) -> tuple[float, float]:
    """Smallest and largest possible value; infinite where there is no limit."""
    match distribution.kind, distribution.args:
        case "normal", (_, _):
            return -math.inf, math.inf
        case "lognormal", _:
            return 0.0, math.inf
        case "beta", (_, _):
            return 0.0, 1.0
        case (("normal" | "beta"), (_, _, low, high)):
            return low, high
        case "uniform", (low, high):
            return low, high
        case "triangular", (low, _, high):
            return low, high
    raise ValueError(f"no such prior: {distribution.kind} with {len(distribution.args)} arguments")


# Wichura (1988), Algorithm AS 241 (PPND16), Applied Statistics 37, 477-484: coefficients of the
# numerators and denominators, highest power first. Relative accuracy about 1 part in 1e16.
_CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
_MIDDLE = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
     4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
     2.05319162663775882187e0, 1.0),
)  # fmt: skip
_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
     5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def standard_normal_quantile(u: npt.ArrayLike) -> Floats:
    """Inverse of the standard normal distribution function, by Wichura's AS 241.

    Parameters
    ----------
    u : any shape, in (0, 1)

    Examples
    --------
    >>> round(float(standard_normal_quantile(0.975)), 6)
    1.959964
    """
    u = np.asarray(u, dtype=np.float64)
    q = u - 0.5
    central = _ratio(_CENTRE, 0.180625 - q * q) * q
    with np.errstate(divide="ignore"):
        r = np.sqrt(-np.log(np.minimum(u, 1.0 - u)))
    outer = np.where(
        r <= 5.0, _ratio(_MIDDLE, np.minimum(r, 5.0) - 1.6), _ratio(_TAIL, np.maximum(r, 5.0) - 5.0)
    )
    return np.where(np.abs(q) <= 0.425, central, np.copysign(outer, q))


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    return np.asarray(np.polyval(coefficients[0], x) / np.polyval(coefficients[1], x))


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _below(x: float) -> float:
    """Standard normal distribution function; accurate in the lower tail."""
    return math.erfc(-x / math.sqrt(2)) / 2


def _mass_between(a: float, b: float) -> float:
    # In the upper tail differences of numbers near 1 would lose everything: mirror it.
    return _below(-a) - _below(-b) if a > 0 else _below(b) - _below(a)


def _truncated_normal(u: Floats, mean: float, sd: float, low: float, high: float) -> Floats:
    a, b = (low - mean) / sd, (high - mean) / sd
    if a > 0:
        z = -standard_normal_quantile(_below(-a) - u * _mass_between(a, b))
    else:
        z = standard_normal_quantile(_below(a) + u * _mass_between(a, b))
    return np.minimum(np.maximum(mean + sd * z, low), high)


_BETA_NODES = 16_385
_NEGLIGIBLE = 60.0  # natural logarithm of the mode's density over that of the ends of the table


@lru_cache(maxsize=256)
def _beta_table(a: float, b: float) -> tuple[Floats, Floats, Floats]:
    """Nodes y = logit(x), distribution function and density in y, of a beta distribution.

    In y the density is proportional to x**a (1-x)**b: smooth, one-peaked and vanishing at both ends
    whatever a and b, so the trapezium rule with its first end correction converges fast.
    """

    def log_density(y: Floats) -> Floats:
        return -a * np.logaddexp(0.0, -y) - b * np.logaddexp(0.0, y)

    mode = math.log(a / b)
    peak = float(log_density(np.array(mode)))
    ends = []
    for direction, slope in ((-1.0, a), (1.0, b)):
        # Outside `far` the log-density has fallen far enough for sure: it ends as a line of this slope.
        near, far = 0.0, (_NEGLIGIBLE + abs(peak)) / slope + abs(mode) + 40.0
        for _ in range(80):
            middle = (near + far) / 2
            if peak - float(log_density(np.array(mode + direction * middle))) < _NEGLIGIBLE:
                near = middle
            else:
                far = middle
        ends.append(mode + direction * far)
    y = np.linspace(ends[0], ends[1], _BETA_NODES)
    h = y[1] - y[0]
    density = np.exp(log_density(y) - peak)
    x = 1 / (1 + np.exp(-y))
    slope_of_density = density * (a * (1 - x) - b * x)
    cells = h / 2 * (density[:-1] + density[1:]) + h**2 / 12 * (slope_of_density[:-1] - slope_of_density[1:])
    below = np.concatenate([[0.0], np.cumsum(np.maximum(cells, 0.0))])
    return y, below / below[-1], density / below[-1]


def _beta_quantile(u: Floats, a: float, b: float) -> Floats:
    # Each half by its own tail: near 1 the probability below would have lost its digits.
    lower = _beta_logit(np.minimum(u, 0.5), a, b)
    upper = -_beta_logit(np.minimum(1.0 - u, 0.5), b, a)
    return np.asarray(1 / (1 + np.exp(-np.where(u <= 0.5, lower, upper))))


def _beta_logit(u: Floats, a: float, b: float) -> Floats:
    """Logit of the quantile for u up to 0.5, by cubic interpolation of the table backwards."""
    y, below, density = _beta_table(a, b)
    cell = np.clip(np.searchsorted(below, u, side="right") - 1, 0, len(y) - 2)
    width = np.maximum(below[cell + 1] - below[cell], np.finfo(np.float64).tiny)
    t = np.clip((u - below[cell]) / width, 0.0, 1.0)
    rise = y[cell + 1] - y[cell]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        # Slopes past three times the chord would bend the curve back (Fritsch & Carlson 1980).
        m0 = np.minimum(width / density[cell], 3 * rise)
        m1 = np.minimum(width / density[cell + 1], 3 * rise)
    return np.asarray(y[cell] + t * (m0 + t * (3 * rise - 2 * m0 - m1 + t * (m0 + m1 - 2 * rise))))
