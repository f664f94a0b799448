"""Which of many factors matter at all: Morris' elementary effects, with the noise of luck taken off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.errors import OfframpError
from offramp.given import library

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# A response at (point, factor) for courses of luck (point, course): (point, course).
Evaluate = Callable[[Floats, Ints], Floats]

LEVELS = 4
TRAJECTORIES = 10
EDGE = 0.05  # factors move between these two percentiles: at the very ends a prior may be infinite

# How often luck alone makes a number stand out.
BY_LUCK = 0.01


@dataclass(frozen=True)
class Screening:
    """Elementary effects of factors: the change of the response from the 5th to the 95th percentile.

    Attributes
    ----------
    mu, mu_star, sigma : (factor,), mean, mean size and spread of the elementary effects
    effect : (factor,), root mean square of the effects, less what luck alone adds to it
    noise : (factor,), root mean square that luck alone would give
    stands_out : (factor,), whether the squares lie above the noise beyond doubt: luck alone makes one number
        in a hundred stand out
    runs, failed_runs : how many
    """

    mu: Floats
    mu_star: Floats
    sigma: Floats
    effect: Floats
    noise: Floats
    stands_out: npt.NDArray[np.bool_]
    runs: int
    failed_runs: int


@dataclass(frozen=True)
class Coordinate:
    """One coordinate of a point.

    Attributes
    ----------
    factor : position of the factor that it belongs to; those of one factor move together
    cells : for a factor with few values, probabilities in the middle of each, (value,); None otherwise
    """

    factor: int
    cells: Floats | None = None


def screen(
    factors: int,
    evaluate: Evaluate,
    courses: int,
    seed: int = 0,
    trajectories: int = TRAJECTORIES,
    coordinates: Sequence[Coordinate] = (),
) -> Screening:
    """Screen factors along random one-at-a-time trajectories.

    A factor with few values moves between these, for its 5th percentile may well be its 95th; its effect is
    the change as it does. Of several coordinates that move together each goes its own way.

    Parameters
    ----------
    factors : how many
    evaluate : the response at points (probabilities of priors) for courses of luck
    courses : of luck that meet every point of a trajectory: common random numbers, so that an effect is the
        mean of paired differences and its noise variance is known without bias from their spread
    seed : of the trajectories
    trajectories : how many
    coordinates : of points, factor by factor; left out, each factor is one

    Raises
    ------
    UsageError
        If SALib is not installed.
    OfframpError
        If runs fail in every trajectory.

    References
    ----------
    Morris (1991), Factorial sampling plans for preliminary computational experiments. Technometrics 33,
    161-174. Campolongo, Cariboni and Saltelli (2007), An effective screening design for sensitivity analysis
    of large models. Environmental Modelling & Software 22, 1509-1518. What stands out: Satterthwaite (1946),
    An approximate distribution of estimates of variance components. Biometrics Bulletin 2, 110-114.
    """
    sampling = library("SALib.sample.morris", "screening")
    coordinates = coordinates or [Coordinate(i) for i in range(factors)]
    problem = problem_of([c.factor for c in coordinates], (EDGE, 1 - EDGE))
    points = np.asarray(sampling.sample(problem, trajectories, num_levels=LEVELS, seed=seed))
    of_trajectory = np.repeat(np.arange(trajectories), factors + 1)
    luck = of_trajectory[:, None] * courses + np.arange(courses)
    values = evaluate(_at_values(points, coordinates), luck).reshape(trajectories, factors + 1, courses)
    runs, failed = values.size, int(np.isnan(values).sum())
    # A course in which a run failed says nothing of its trajectory; one with fewer than two has no noise to
    # know.
    held = np.asarray(~np.isnan(values).any(axis=1), np.bool_)
    some = held.sum(axis=1) >= 2
    if not some.any():
        raise OfframpError("runs fail at almost every point of the priors; `offramp run` says why.")
    values, held, points = values[some], held[some], points.reshape(trajectories, factors + 1, -1)[some]
    effects, noise = _effects(points, values, held, coordinates)
    square, by_luck = (effects**2).mean(axis=0), noise.mean(axis=0)
    return Screening(
        mu=effects.mean(axis=0),
        mu_star=np.abs(effects).mean(axis=0),
        sigma=effects.std(axis=0, ddof=1) if len(effects) > 1 else np.zeros(factors),
        effect=np.sqrt(np.maximum(square - by_luck, 0.0)),
        noise=np.sqrt(by_luck),
        stands_out=_stands_out(square, noise, held.sum(axis=1)),
        runs=runs,
        failed_runs=failed,
    )


def _stands_out(square: Floats, noise: Floats, courses: Ints) -> npt.NDArray[np.bool_]:
    """Whether mean squares of effects are more than luck gives, by the F distribution: (factor,).

    Under luck alone both the mean square and the mean of the noise variances, (trajectory, factor), are sums
    of chi-squares. Trajectories differ in how loud luck is, so their degrees of freedom are Satterthwaite's:
    as many as the trajectories that count, and for the noise times the courses less 1.
    """
    f_quantile = library("scipy.special", "screening").fdtri
    of_noise = (courses - 1.0)[:, None]
    # Without bias: a variance on d degrees of freedom has a mean square of (d + 2) / d times its own.
    squares = noise**2 * of_noise / (of_noise + 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.clip(noise.sum(axis=0) ** 2 / squares.sum(axis=0), 1.0, len(noise))
        beyond = square / noise.mean(axis=0) > f_quantile(count, count * of_noise.mean(), 1 - BY_LUCK)
    quiet = noise.sum(axis=0) == 0
    return np.asarray((square > 1e-300) & (quiet | beyond), np.bool_)


def problem_of(factors: Sequence[int], ends: tuple[float, float] = (0.0, 1.0)) -> dict[str, Any]:
    """What SALib samples: coordinates, each with the number of the factor that it belongs to."""
    names = [f"x{i}" for i in range(len(factors))]
    problem: dict[str, Any] = {"num_vars": len(names), "names": names, "bounds": [list(ends)] * len(names)}
    if len(set(factors)) < len(names):
        problem["groups"] = [f"g{k}" for k in factors]
    return problem


def _at_values(points: Floats, coordinates: Sequence[Coordinate]) -> Floats:
    """Points of the plan with coordinates of few values at these instead: (point, coordinate)."""
    result = points.copy()
    for i, coordinate in enumerate(coordinates):
        if coordinate.cells is not None:
            share = (points[:, i] - EDGE) / (1 - 2 * EDGE)
            last = len(coordinate.cells) - 1
            result[:, i] = coordinate.cells[np.round(share * last).astype(np.int64)]
    return result


def _effects(
    points: Floats, values: Floats, held: npt.NDArray[np.bool_], coordinates: Sequence[Coordinate]
) -> tuple[Floats, Floats]:
    """Elementary effects and the variance that luck gives to each: (trajectory, factor)."""
    factor_of = np.array([c.factor for c in coordinates])
    alone = np.bincount(factor_of)[factor_of] == 1
    valued = np.array([c.cells is not None for c in coordinates])
    steps = np.diff(points, axis=1)
    first = np.abs(steps).argmax(axis=2)
    size = np.take_along_axis(steps, first[:, :, None], axis=2)
    # From one end of the range to the other, whatever the size of the step; values are as far apart as they
    # are. Coordinates that move together have no common direction.
    size = np.where(alone[first][:, :, None], size, np.abs(size))
    scale = np.where(valued[first][:, :, None], np.sign(size), (1 - 2 * EDGE) / size)
    paired = np.where(held[:, None, :], np.diff(values, axis=1) * scale, np.nan)
    effect = np.nanmean(paired, axis=2)
    variance = np.nanvar(paired, axis=2, ddof=1) / held.sum(axis=1)[:, None]
    order = np.argsort(factor_of[first], axis=1)
    return np.take_along_axis(effect, order, 1), np.take_along_axis(variance, order, 1)
