"""What each factor brings to the variance of a response: Sobol' indices of a stochastic model.

The response is a mean over courses of luck. Its error is not a property of the factors, so it is kept out of
their indices: luck is one more group of inputs. All points of a row but the last share their courses (common
random numbers), the last has its own; then the numerator of a first-order index holds no luck at all, and
what luck adds to the total variance and to the numerators of total indices is known without bias from paired
courses and is subtracted. Without noise these are SALib's estimators as they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate, estimate
from offramp.errors import OfframpError
from offramp.given import library
from offramp.questions.sensitivity.screening import Evaluate, problem_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RESAMPLES = 500
FIFTH = 0.2


@dataclass(frozen=True)
class Indices:
    """Shares of the variance of a response.

    Attributes
    ----------
    first, total : of each factor: alone, and with all interactions that it takes part in
    at : of each mark: mean of the response in its lowest and its highest fifth, or at each of its values
    mean : of the response
    variance : of the response over the factors, without luck
    noise : what luck adds to the variance of the means that were computed
    divisible : whether the variance lies above 0 beyond doubt, so that shares of it mean anything
    rows, runs, failed_runs : how many
    """

    first: tuple[Estimate, ...]
    total: tuple[Estimate, ...]
    at: tuple[tuple[Estimate, ...], ...]
    mean: Estimate
    variance: Estimate
    noise: float
    divisible: bool
    rows: int
    runs: int
    failed_runs: int


# Where things are at (point, coordinate) with (point,) numbers of luck: (point, mark).
Marks = Callable[[Floats, Ints], Floats]


def indices(
    factors: int,
    evaluate: Evaluate,
    rows: int,
    courses: int,
    seed: int = 0,
    level: float = LEVEL,
    *,
    coordinates: Sequence[int] = (),
    marks: Marks | None = None,
    values: Sequence[int] = (),
) -> Indices:
    """Sobol' indices with bootstrap intervals.

    The index of a factor with several coordinates is that of the group of them. Groups may be of correlated
    numbers; between factors there is no correlation, so the variance divides as it does without any (Jacques,
    Lavergne and Devictor 2006).

    Parameters
    ----------
    factors : how many
    evaluate : the response at points (probabilities of priors) for courses of luck
    rows : of the design, a power of 2; it takes rows · (factors + 2) · courses runs
    courses : of luck at each point, at least 2
    seed : of the points and of the bootstrap
    level : of the intervals, which hold the sampling of points and of luck: rows are resampled whole
    coordinates : number of the factor of each coordinate; left out, each factor is one
    marks : where things are at a point, probabilities or numbers of values, for `Indices.at`; None for the
        coordinates themselves
    values : how many values each mark has; 0, or left out, for a continuum

    Raises
    ------
    UsageError
        If SALib is not installed.
    OfframpError
        If runs fail in every row.

    References
    ----------
    Saltelli, Annoni, Azzini, Campolongo, Ratto and Tarantola (2010), Variance based sensitivity analysis of
    model output. Computer Physics Communications 181, 259-270: the estimators (that of total indices is
    Jansen's). Hart, Alexanderian and Gremaud (2017), Efficient computation of Sobol' indices for stochastic
    models. SIAM Journal on Scientific Computing 39, A1514-A1530: indices of the mean response.
    """
    sampling = library("SALib.sample.sobol", "sensitivity")
    factor_of = np.array(coordinates or range(factors))
    problem = problem_of(range(len(factor_of)))
    drawn = np.asarray(sampling.sample(problem, rows, calc_second_order=False, seed=seed))
    points = _plan(np.clip(drawn, 2.0**-33, 1 - 2.0**-33), factor_of, factors)
    # Courses of row i: one set for its first points, another for the last.
    own = np.arange(rows)[:, None] * courses + np.arange(courses)
    luck = np.repeat(own[:, None, :], factors + 2, axis=1)
    luck[:, -1] += rows * courses
    found = evaluate(points, luck.reshape(-1, courses)).reshape(rows, factors + 2, courses)
    where = points if marks is None else marks(points, luck[..., 0].ravel())
    return analysed(where.reshape(rows, factors + 2, -1), found, seed, level, values or [0] * where.shape[1])


def _plan(points: Floats, factor_of: Ints, factors: int) -> Floats:
    """Points A, A with the coordinates of one factor of B for each factor, B; from SALib's, one by one."""
    wide = len(factor_of)
    blocks = points.reshape(-1, wide + 2, wide)
    a, b = blocks[:, 0], blocks[:, -1]
    mixed = [np.where(factor_of == k, b, a) for k in range(factors)]
    return np.stack([a, *mixed, b], axis=1).reshape(-1, wide)


def analysed(marks: Floats, values: Floats, seed: int, level: float, kinds: Sequence[int]) -> Indices:
    """Indices from marks (row, point, mark) and values (row, point, course).

    The points of a row: A, A with a factor of B each, B.
    """
    runs, failed = values.size, int(np.isnan(values).sum())
    shared = np.asarray(~np.isnan(values[:, :-1]).any(axis=1), np.bool_)
    last = ~np.isnan(values[:, -1])
    held = (shared.sum(axis=1) >= 2) & (last.sum(axis=1) >= 2)
    if held.sum() < 2:
        raise OfframpError("runs fail at almost every point of the priors; `offramp run` says why.")
    marks, values, shared, last = marks[held], values[held], shared[held], last[held]
    values = np.where(np.concatenate([np.repeat(shared[:, None], values.shape[1] - 1, 1), last[:, None]], 1),
                      values, np.nan)  # fmt: skip
    means = np.nanmean(values, axis=2)
    row = _Rows(
        a=means[:, 0],
        ab=means[:, 1:-1],
        b=means[:, -1],
        of_a=_noise(values[:, 0]),
        of_b=_noise(values[:, -1]),
        of_change=_noise(values[:, :1] - values[:, 1:-1]),
    )
    generator = np.random.Generator(np.random.Philox(key=seed))
    drawn = generator.integers(0, len(means), (RESAMPLES, len(means)))
    first, total, variance = row.shares(np.arange(len(means))[None])
    some_first, some_total, some_variance = row.shares(drawn)
    edges = 100 * np.array([(1 - level) / 2, (1 + level) / 2])

    def interval(value: float, resampled: Floats) -> Estimate:
        known = resampled[np.isfinite(resampled)]
        low, high = np.percentile(known, edges) if len(known) else (np.nan, np.nan)
        return Estimate(float(value), float(low), float(high))

    both = np.concatenate([row.a, row.b])
    return Indices(
        first=tuple(interval(f, r) for f, r in zip(first[0], some_first.T, strict=True)),
        total=tuple(interval(t, r) for t, r in zip(total[0], some_total.T, strict=True)),
        at=tuple(_at(marks[:, :, j], means, kind, level) for j, kind in enumerate(kinds)),
        mean=estimate(both, np.ones(len(both)), level),
        variance=interval(variance[0], some_variance),
        noise=float(row.of_a.mean() + row.of_b.mean()) / 2,
        divisible=bool(np.percentile(some_variance, edges[0]) > 0),
        rows=len(means),
        runs=runs,
        failed_runs=failed,
    )


def _noise(values: Floats) -> Floats:
    """Variance that luck gives to means over courses, without bias: `values` without their last axis."""
    result: Floats = np.nanvar(values, axis=-1, ddof=1) / (~np.isnan(values)).sum(axis=-1)
    return result


@dataclass(frozen=True)
class _Rows:
    """Means of each row, and what luck adds to their variances: (row,) and (row, factor)."""

    a: Floats
    ab: Floats
    b: Floats
    of_a: Floats
    of_b: Floats
    of_change: Floats

    def shares(self, drawn: Ints) -> tuple[Floats, Floats, Floats]:
        """First and total indices (sample, factor), and the variance (sample,), of samples of rows."""
        sobol = library("SALib.analyze.sobol", "sensitivity")
        centre = np.concatenate([self.a, self.ab.ravel(), self.b]).mean()
        a, b = (x[drawn].T - centre for x in (self.a, self.b))
        crude = np.var(np.concatenate([a, b]), axis=0)
        variance = crude - (self.of_a[drawn] + self.of_b[drawn]).mean(axis=1) / 2
        first, total = [], []
        with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a response that is constant: shares say so themselves
            for j in range(self.ab.shape[1]):
                ab = self.ab[drawn, j].T - centre
                added = self.of_change[drawn, j].mean(axis=1) / 2
                first.append(sobol.first_order(a, ab, b) * crude / variance)
                total.append((sobol.total_order(a, ab, b) * crude - added) / variance)
        return np.array(first).T, np.array(total).T, variance


def _at(mark: Floats, means: Floats, values: int, level: float) -> tuple[Estimate, ...]:
    """Mean response in the lowest and highest fifth of a mark, or at its values; a row is one cluster."""
    cells = [mark == k for k in range(values)] if values else [mark < FIFTH, mark > 1 - FIFTH]
    found = []
    for inside in cells:
        sums = np.where(inside, means, 0.0).sum(axis=1)
        found.append(estimate(sums, inside.sum(axis=1).astype(np.float64), level))
    return tuple(found)
