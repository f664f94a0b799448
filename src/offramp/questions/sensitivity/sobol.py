"""What each factor brings to the variance of a response: Sobol' indices of a stochastic model.

The response is a mean over courses of luck. Its error is not a property of the factors, so it is kept out of
their indices: luck is one more group of inputs. All points of a row but the last share their courses (common
random numbers), the last has its own; then the numerator of a first-order index holds no luck at all, and
what luck adds to the total variance and to the numerators of total indices is known without bias from paired
courses and is subtracted. Without noise these are SALib's estimators as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate, estimate
from offramp.errors import OfframpError
from offramp.given import library
from offramp.questions.sensitivity.screening import Evaluate

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
    low_fifth, high_fifth : mean of the response where the factor is in the lowest and highest fifth of its
        prior
    mean : of the response
    variance : of the response over the factors, without luck
    noise : what luck adds to the variance of the means that were computed
    divisible : whether the variance lies above 0 beyond doubt, so that shares of it mean anything
    rows, runs, failed_runs : how many
    """

    first: tuple[Estimate, ...]
    total: tuple[Estimate, ...]
    low_fifth: tuple[Estimate, ...]
    high_fifth: tuple[Estimate, ...]
    mean: Estimate
    variance: Estimate
    noise: float
    divisible: bool
    rows: int
    runs: int
    failed_runs: int


def indices(
    factors: int, evaluate: Evaluate, rows: int, courses: int, seed: int = 0, level: float = LEVEL
) -> Indices:
    """Sobol' indices with bootstrap intervals.

    Parameters
    ----------
    factors : how many
    evaluate : the response at points (probabilities of priors) for courses of luck
    rows : of the design, a power of 2; it takes rows · (factors + 2) · courses runs
    courses : of luck at each point, at least 2
    seed : of the points and of the bootstrap
    level : of the intervals, which hold the sampling of points and of luck: rows are resampled whole

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
    problem: dict[str, Any] = {
        "num_vars": factors,
        "names": [f"x{i}" for i in range(factors)],
        "bounds": [[0.0, 1.0]] * factors,
    }
    points = np.asarray(sampling.sample(problem, rows, calc_second_order=False, seed=seed))
    points = np.clip(points, 2.0**-33, 1 - 2.0**-33).reshape(rows, factors + 2, factors)
    # Courses of row i: one set for its first points, another for the last.
    own = np.arange(rows)[:, None] * courses + np.arange(courses)
    luck = np.repeat(own[:, None, :], factors + 2, axis=1)
    luck[:, -1] += rows * courses
    values = evaluate(points.reshape(-1, factors), luck.reshape(-1, courses))
    return analysed(points, values.reshape(rows, factors + 2, courses), seed, level)


def analysed(points: Floats, values: Floats, seed: int, level: float) -> Indices:
    """Indices from (row, point, factor) and (row, point, course): points A, A with a factor of B each, B."""
    runs, failed = values.size, int(np.isnan(values).sum())
    shared = np.asarray(~np.isnan(values[:, :-1]).any(axis=1), np.bool_)
    last = ~np.isnan(values[:, -1])
    held = (shared.sum(axis=1) >= 2) & (last.sum(axis=1) >= 2)
    if held.sum() < 2:
        raise OfframpError("runs fail at almost every point of the priors; `offramp run` says why.")
    points, values, shared, last = points[held], values[held], shared[held], last[held]
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

    fifths = [_fifths(points, means, j, level) for j in range(points.shape[2])]
    both = np.concatenate([row.a, row.b])
    return Indices(
        first=tuple(interval(f, r) for f, r in zip(first[0], some_first.T, strict=True)),
        total=tuple(interval(t, r) for t, r in zip(total[0], some_total.T, strict=True)),
        low_fifth=tuple(low for low, _ in fifths),
        high_fifth=tuple(high for _, high in fifths),
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
        with np.errstate(divide="ignore", invalid="ignore"):
            for j in range(self.ab.shape[1]):
                ab = self.ab[drawn, j].T - centre
                added = self.of_change[drawn, j].mean(axis=1) / 2
                first.append(sobol.first_order(a, ab, b) * crude / variance)
                total.append((sobol.total_order(a, ab, b) * crude - added) / variance)
        return np.array(first).T, np.array(total).T, variance


def _fifths(points: Floats, means: Floats, factor: int, level: float) -> tuple[Estimate, Estimate]:
    """Mean response in the lowest and highest fifth of a factor; the points of a row are one cluster."""
    u = points[:, :, factor]
    found = []
    for inside in (u < FIFTH, u > 1 - FIFTH):
        sums = np.where(inside, means, 0.0).sum(axis=1)
        found.append(estimate(sums, inside.sum(axis=1).astype(np.float64), level))
    return found[0], found[1]
