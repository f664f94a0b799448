"""Priors, one record each: quantiles, mean, support, and how the language reads and explains them.

A draw is a function of one uniform number, so it belongs to a scenario and to nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from offramp.model import Distribution

Floats = npt.NDArray[np.float64]


Range = tuple[float, float]


@dataclass(frozen=True)
class PriorRecord:
    """One prior of the model file; all its functions take the arguments in the order of `usage`.

    Attributes
    ----------
    usage : how to write it
    meaning : for the reference
    quantile : of probabilities u, any shape, and the arguments; the same bits on every machine
    mean, support : of the arguments
    wrong : what is wrong with arguments that are finite numbers; empty if nothing is
    likely : for a prior without ends, the range that a draw leaves about 3 times in 1,000
    plain : names of arguments that are plain numbers whatever the unit of the value
    also : what other languages call it
    table : for a discrete prior, its values in rising order and the chance of each, those too rare to be
        drawn left out
    others : other ways to write it, for the reference and messages; a prior that has some takes any number of
        arguments
    """

    usage: str
    meaning: str
    quantile: Callable[..., Floats]
    mean: Callable[..., float]
    support: Callable[..., Range]
    wrong: Callable[..., str]
    likely: Callable[..., Range] | None = None
    plain: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    table: Callable[..., tuple[Floats, Floats]] | None = None
    others: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.usage.partition("(")[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(self.usage.partition("(")[2].rstrip(")").split(", "))


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
    with np.errstate(all="ignore"):  # what is not finite marks its run instead
        u = np.asarray(u, dtype=np.float64)
        return np.asarray(prior_of(distribution).quantile(u, *distribution.args), dtype=np.float64)


def is_finite(distribution: Distribution) -> bool:
    """Whether its mean, its middle and its tails to 1 in 1,000 million are numbers that a computer holds."""
    tails = np.array([1e-9, 1e-3, 0.5, 1 - 1e-3, 1 - 1e-9])
    try:
        with np.errstate(all="ignore"):
            return bool(np.isfinite([mean(distribution), *quantile(distribution, tails)]).all())
    except ArithmeticError:
        return False


def mean(distribution: Distribution) -> float:
    """Expected value.

    Raises
    ------
    ValueError
        If there is no such prior.
    """
    return prior_of(distribution).mean(*distribution.args)


def support(distribution: Distribution) -> Range:
    """Smallest and largest possible value; infinite where there is no limit.

    Raises
    ------
    ValueError
        If there is no such prior.
    """
    return prior_of(distribution).support(*distribution.args)


def likely(distribution: Distribution) -> Range:
    """The range that a draw leaves about 3 times in 1,000, for a prior without ends; otherwise its support.

    Raises
    ------
    ValueError
        If there is no such prior.
    """
    prior = prior_of(distribution)
    return (prior.likely or prior.support)(*distribution.args)


def values(distribution: Distribution) -> tuple[Floats, Floats] | None:
    """The values of a discrete prior in rising order, and the chance of each; None for one of a continuum.

    Values too rare to be drawn (Poisson and binomial tails below about 1e-20) are left out.

    Raises
    ------
    ValueError
        If there is no such prior.
    """
    table = prior_of(distribution).table
    return None if table is None else table(*distribution.args)


def possible(distribution: Distribution, value: float) -> bool:
    """Whether a prior can give a value: within its ends, and of a discrete one among its values.

    Raises
    ------
    ValueError
        If there is no such prior.
    """
    low, high = support(distribution)
    table = values(distribution)
    if table is None or not low <= value <= high:
        return low <= value <= high
    # Of counts any whole number can be, however rare.
    return bool((table[0] == value).any()) or (distribution.kind != "choice" and value == math.floor(value))


def prior_of(distribution: Distribution) -> PriorRecord:
    """The record of a prior.

    Raises
    ------
    ValueError
        If there is no such prior.
    """
    kind, count = distribution.kind, len(distribution.args)
    ways = PRIORS.get(kind, {})
    prior = ways.get(count) or ways.get(ANY)
    if prior is None:
        raise ValueError(f"no such prior: {kind} with {count} arguments")
    return prior


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


def standard_normal_below(z: npt.ArrayLike) -> Floats:
    """The standard normal distribution function, accurate in the lower tail; `z` of any shape."""
    return np.asarray(_below_all(np.asarray(z, np.float64)), np.float64)


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    return np.asarray(np.polyval(coefficients[0], x) / np.polyval(coefficients[1], x))


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _below(x: float) -> float:
    """Standard normal distribution function; accurate in the lower tail."""
    return math.erfc(-x / math.sqrt(2)) / 2


_below_all = np.frompyfunc(_below, 1, 1)


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


def _truncated_mean(mean: float, sd: float, low: float, high: float) -> float:
    # Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, section 10.1.
    a, b = (low - mean) / sd, (high - mean) / sd
    return mean + sd * (_density(a) - _density(b)) / _mass_between(a, b)


def _triangular_quantile(u: Floats, low: float, mode: float, high: float) -> Floats:
    width, left = high - low, mode - low
    rising = low + np.sqrt(u * width * left)
    falling = high - np.sqrt((1 - u) * width * (high - mode))
    return np.where(u * width < left, rising, falling)


# ── discrete priors ───────────────────────────────────────────────────────────────────────────────────────

LARGEST_COUNT = 1_000_000.0  # mean of a Poisson, n of a binomial prior
MOST_VALUES = 100  # of a choice
_SUM = 1e-9  # by which chances may miss 1


@lru_cache(maxsize=256)
def _chosen(*pairs: float) -> tuple[Floats, Floats]:
    """Values and chances of a choice, from (value, chance, value, chance, ...)."""
    rising = sorted(zip(pairs[::2], pairs[1::2], strict=True))
    return np.array([v for v, _ in rising]), np.array([c for _, c in rising])


def _around(mode: float, up: Floats, down: Floats) -> tuple[Floats, Floats]:
    """Counts and chances from the ratios of neighbouring chances, going up and going down from the mode.

    Multiplications and one division alone: the same bits on every machine.
    """
    upward, downward = np.cumprod(up), np.cumprod(down)
    upward, downward = upward[upward > 1e-20], downward[downward > 1e-20]
    weights = np.concatenate([downward[::-1], [1.0], upward])
    first = mode - len(downward)
    chances: Floats = weights / weights.sum()
    return np.asarray(first + np.arange(len(weights)), np.float64), chances


def _reach(deviation: float) -> int:
    """How many counts away from the mode still matter, with room to spare."""
    return int(12 * deviation) + 80


@lru_cache(maxsize=256)
def _poisson_counts(mean: float) -> tuple[Floats, Floats]:
    mode, reach = math.floor(mean), _reach(math.sqrt(mean))
    above = mode + np.arange(1.0, reach + 1)
    below = np.arange(float(mode), max(0.0, mode - reach), -1.0)
    return _around(mode, mean / above, below / mean)


@lru_cache(maxsize=256)
def _binomial_counts(n: float, p: float) -> tuple[Floats, Floats]:
    mode, reach = min(n, math.floor((n + 1) * p)), _reach(math.sqrt(n * p * (1 - p)))
    odds = p / (1 - p)
    above = np.arange(mode + 1, min(n, mode + reach) + 1)
    below = np.arange(mode, max(0.0, mode - reach), -1.0)
    return _around(mode, (n - above + 1) / above * odds, below / (n - below + 1) / odds)


def _of_table(u: Floats, table: tuple[Floats, Floats]) -> Floats:
    """The smallest value below or at which at least u of the probability lies.

    Each half by its own tail: near 1 the probability below would have lost its digits.
    """
    values, chances = table
    below = np.cumsum(chances)
    above = np.cumsum(chances[::-1])  # from the largest value down to this one, this one included
    lower = np.searchsorted(below, np.minimum(u, 0.5), side="left")
    upper = len(values) - 1 - np.searchsorted(above, 1.0 - np.maximum(u, 0.5), side="right")
    return np.asarray(values[np.clip(np.where(u <= 0.5, lower, upper), 0, len(values) - 1)])


def _likely_counts(table: tuple[Floats, Floats]) -> Range:
    low, high = _of_table(np.array([0.0015, 0.9985]), table).tolist()
    # A range has a width, though nearly all draws be one value.
    return (low, high) if low < high else (low, low + 1)


def _wrong_choice(*pairs: float) -> str:
    given, chances = pairs[::2], pairs[1::2]
    if len(pairs) % 2 or len(given) < 2:
        return "a choice is made between at least two values"
    if len(given) > MOST_VALUES:
        return f"a choice between {len(given)} values; {MOST_VALUES} is the most"
    twice = next((v for i, v in enumerate(given) if v in given[:i]), None)
    if twice is not None:
        return f"{twice:g} stands twice among the values; give it one chance, the sum of both"
    for value, chance in zip(given, chances, strict=True):
        if chance <= 0:
            return f"the chance of {value:g} is {chance:g}; a value that cannot be is left out"
    total = sum(chances)
    if abs(total - 1) > _SUM:
        shown = " + ".join(f"{c:g}" for c in chances)
        return f"the chances are {shown} = {total:.10g}, not 1"
    return ""


def _wrong_poisson(mean: float) -> str:
    if mean <= 0:
        return f"the mean is {mean:g}; it must be above 0"
    return f"the mean is {mean:g}; {LARGEST_COUNT:g} is the most" if mean > LARGEST_COUNT else ""


def _wrong_binomial(n: float, p: float) -> str:
    if n < 1 or n != math.floor(n):
        return f"n is {n:g}; it must be a whole number of tries, at least 1"
    if n > LARGEST_COUNT:
        return f"n is {n:g}; {LARGEST_COUNT:g} is the most"
    return "" if 0 < p < 1 else f"p is {p:g}; the chance of one try must lie between 0 and 1, ends left out"


def _wrong_ends(low: float, high: float) -> str:
    if low == high:
        return f"low and high are both {low:g}; a value without doubt is a number, not a prior"
    return f"low is {low:g} and high is {high:g}: the lower comes first" if low > high else ""


def _wrong_normal(mean: float, sd: float) -> str:
    return f"the standard deviation is {sd:g}; it must be above 0" if sd <= 0 else ""


def _wrong_truncated(mean: float, sd: float, low: float, high: float) -> str:
    wrong = _wrong_normal(mean, sd) or _wrong_ends(low, high)
    if not wrong and (low > mean + 6 * sd or high < mean - 6 * sd):
        return f"the range {low:g} to {high:g} is over six standard deviations away from the mean {mean:g}"
    return wrong


def _wrong_lognormal(median: float, sigma: float) -> str:
    if median <= 0:
        return f"the median is {median:g}; a lognormal is above 0"
    return f"sigma is {sigma:g}; it must be above 0" if sigma <= 0 else ""


def _wrong_triangular(low: float, mode: float, high: float) -> str:
    if low == high:
        return _wrong_ends(low, high)
    return "" if low <= mode <= high else f"{low:g}, {mode:g}, {high:g} are not in rising order"


def _wrong_beta(a: float, b: float) -> str:
    return f"a is {a:g} and b is {b:g}; both must be above 0" if a <= 0 or b <= 0 else ""


_ALL = (
    PriorRecord(
        "normal(mean, sd)",
        "the bell curve",
        quantile=lambda u, mean, sd: mean + sd * standard_normal_quantile(u),
        mean=lambda mean, sd: mean,
        support=lambda mean, sd: (-math.inf, math.inf),
        likely=lambda mean, sd: (mean - 3 * sd, mean + 3 * sd),
        wrong=_wrong_normal,
        also=("gaussian", "gauss", "norm"),
    ),
    PriorRecord(
        "normal(mean, sd, low, high)",
        "the same truncated: values outside its ends are drawn again",
        quantile=_truncated_normal,
        mean=_truncated_mean,
        support=lambda mean, sd, low, high: (low, high),
        wrong=_wrong_truncated,
    ),
    PriorRecord(
        "lognormal(median, sigma)",
        "above 0; its logarithm is normal with standard deviation sigma",
        quantile=lambda u, median, sigma: median * np.exp(sigma * standard_normal_quantile(u)),
        mean=lambda median, sigma: median * math.exp(sigma**2 / 2),
        support=lambda median, sigma: (0.0, math.inf),
        likely=lambda median, sigma: (
            median * math.exp(-3 * sigma),
            median * math.exp(min(700.0, 3 * sigma)),
        ),
        wrong=_wrong_lognormal,
        plain=("sigma",),
        also=("lognorm",),
    ),
    PriorRecord(
        "uniform(low, high)",
        "all values between its ends alike",
        quantile=lambda u, low, high: low + (high - low) * u,
        mean=lambda low, high: (low + high) / 2,
        support=lambda low, high: (low, high),
        wrong=_wrong_ends,
        also=("unif", "between", "range"),
    ),
    PriorRecord(
        "triangular(low, mode, high)",
        "likeliest at the mode, falling in straight lines to nothing at its ends",
        quantile=_triangular_quantile,
        mean=lambda low, mode, high: (low + mode + high) / 3,
        support=lambda low, mode, high: (low, high),
        wrong=_wrong_triangular,
        also=("triangle", "pert"),
    ),
    PriorRecord(
        "beta(a, b)",
        "a share between 0 and 1 with mean a / (a + b); narrower the larger a + b",
        quantile=lambda u, a, b: _beta_quantile(u, a, b),
        mean=lambda a, b: a / (a + b),
        support=lambda a, b: (0.0, 1.0),
        wrong=_wrong_beta,
        plain=("a", "b"),
    ),
    PriorRecord(
        "beta(a, b, low, high)",
        "the same stretched between other ends",
        quantile=lambda u, a, b, low, high: low + (high - low) * _beta_quantile(u, a, b),
        mean=lambda a, b, low, high: low + (high - low) * a / (a + b),
        support=lambda a, b, low, high: (low, high),
        wrong=lambda a, b, low, high: _wrong_beta(a, b) or _wrong_ends(low, high),
        plain=("a", "b"),
    ),
    PriorRecord(
        "choice(1, 2, 5)",
        "one of some values, all alike",
        quantile=lambda u, *pairs: _of_table(u, _chosen(*pairs)),
        mean=lambda *pairs: float(np.dot(*_chosen(*pairs))),
        support=lambda *pairs: (min(pairs[::2]), max(pairs[::2])),
        wrong=_wrong_choice,
        also=("discrete", "categorical", "one_of", "oneof", "mixture", "mx"),
        table=_chosen,
        others=("choice(1 with 0.5, 2 with 0.3, 5 with rest)",),
    ),
    PriorRecord(
        "poisson(mean)",
        "a count: 0, 1, 2, ... of its unit, as many as come at random with this mean",
        quantile=lambda u, mean: _of_table(u, _poisson_counts(mean)),
        mean=lambda mean: mean,
        support=lambda mean: (0.0, math.inf),
        likely=lambda mean: _likely_counts(_poisson_counts(mean)),
        wrong=_wrong_poisson,
        plain=("mean",),
        also=("pois",),
        table=_poisson_counts,
    ),
    PriorRecord(
        "binomial(n, p)",
        "a count from 0 to n of its unit: how many of n tries succeed, each with chance p",
        quantile=lambda u, n, p: _of_table(u, _binomial_counts(n, p)),
        mean=lambda n, p: n * p,
        support=lambda n, p: (0.0, n),
        wrong=_wrong_binomial,
        plain=("n", "p"),
        also=("binom", "bernoulli"),
        table=_binomial_counts,
    ),
)
# Name -> number of arguments -> the prior; ANY where it takes any number of them.
ANY = 0
PRIORS: dict[str, dict[int, PriorRecord]] = {}
for _prior in _ALL:
    PRIORS.setdefault(_prior.name, {})[ANY if _prior.others else len(_prior.arguments)] = _prior
