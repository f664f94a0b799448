"""What lies before an outcome more often than elsewhere: lifts against runs at the same date, with
intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

RESAMPLES = 400
DOUBT = 0.005  # share of resamples without a lift above which one is not sure of it


@dataclass(frozen=True)
class Group:
    """Runs of one kind in which an outcome may come.

    Attributes
    ----------
    present : (run, step, feature), whether a feature lies there as the step ends
    came : (run,), step at whose end the outcome came, -1 for never
    going : (run, step), whether the run goes on through the step
    """

    present: Bools
    came: Ints
    going: Bools


@dataclass(frozen=True)
class Lifts:
    """How much more often features lie before an outcome than at the same dates elsewhere: (feature,).

    Attributes
    ----------
    share : of the cases in which the feature is there
    expected : share of the others at the same dates in which it is
    lift, low, high : share over expected, with its bootstrap interval over runs
    sure : whether nearly all resamples have a lift: many features are looked at, so 90 % would not do
    cases : how many
    """

    share: Floats
    expected: Floats
    lift: Floats
    low: Floats
    high: Floats
    sure: Bools
    cases: int


def lifts(groups: list[Group], seed: int = 0, level: float = LEVEL) -> Lifts:
    """Compare cases with others that were still open at the same date.

    Each case is set beside all runs of its group in which the outcome had not come by the end of that step
    and that still went on: incidence density sampling with all controls (Greenland and Thomas 1982), so that
    a feature which merely grows commoner with time has no lift. Runs are resampled whole.

    Parameters
    ----------
    groups : several where runs differ in kind; a case is compared within its group alone
    """
    count = len(groups[0].came)
    generator = np.random.Generator(np.random.Philox(key=seed))
    drawn = generator.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float64)
    weights = np.concatenate([np.ones((1, count)), drawn])
    features = groups[0].present.shape[2]
    observed, expected = np.zeros((len(weights), features)), np.zeros((len(weights), features))
    cases = np.zeros(len(weights))
    for group in groups:
        for step in np.unique(group.came[group.came >= 0]):
            case = group.came == step
            other = group.going[:, step] & ((group.came < 0) | (group.came > step))
            if not other.any():
                continue
            here = group.present[:, step]
            at_risk = weights[:, other].sum(axis=1)
            some = weights[:, case].sum(axis=1) * (at_risk > 0)
            cases += some
            observed += (weights[:, case] @ here[case]) * (at_risk > 0)[:, None]
            share = weights[:, other] @ here[other] / np.maximum(at_risk, 1e-300)[:, None]
            expected += some[:, None] * share
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = observed / expected
    some_ratio = np.where(np.isfinite(ratio[1:]), ratio[1:], np.nan)
    known = np.isfinite(some_ratio).any(axis=0)
    edges = [50 * (1 - level), 50 * (1 + level)]
    low, high = np.full(features, np.nan), np.full(features, np.nan)
    if known.any():
        low[known], high[known] = np.nanpercentile(some_ratio[:, known], edges, axis=0)
    total = max(cases[0], 1e-300)
    # A resample in which the feature is nowhere elsewhere has no finite lift, but no lack of one either.
    none = (observed[1:] <= expected[1:]).mean(axis=0)
    sure = np.asarray(known & (none <= DOUBT), np.bool_)
    return Lifts(observed[0] / total, expected[0] / total, ratio[0], low, high, sure, int(cases[0]))


def lately(happened: Bools, window: int) -> Bools:
    """Whether a feature happened in the last `window` steps, this one included: (run, step, feature)."""
    total = np.cumsum(happened, axis=1, dtype=np.int32)
    before = np.zeros_like(total)
    before[:, window:] = total[:, :-window]
    return np.asarray(total > before, np.bool_)


def ahead(one: Bools, other: Bools) -> Bools:
    """Whether a feature has happened more often so far in one of two paired runs: (run, step, feature).

    Until paired runs part they hold the same, so what differs lies between their parting and the step.
    """
    return np.asarray(
        np.cumsum(one, axis=1, dtype=np.int32) > np.cumsum(other, axis=1, dtype=np.int32), np.bool_
    )


def typical(present: Bools, most: int = 3) -> tuple[list[int], Floats]:
    """Positions of the most typical of some cases, and the share of cases nearest to each.

    Medoids under the count of features that differ, chosen one after another so that each brings all cases
    nearest to one of them (the first phase of PAM: Kaufman and Rousseeuw 1990, chapter 2).
    """
    x = present.astype(np.float64)
    distance = x @ (1 - x).T + (1 - x) @ x.T
    chosen: list[int] = []
    nearest = np.full(len(x), np.inf)
    while len(chosen) < min(most, len(x)):
        cost = np.minimum(nearest[:, None], distance).sum(axis=0)
        best = int(np.argmin(cost))
        if best in chosen or (chosen and cost[best] >= nearest.sum()):
            break
        chosen.append(best)
        nearest = np.minimum(nearest, distance[:, best])
    belongs = np.argmin(distance[:, chosen], axis=1)
    return chosen, np.bincount(belongs, minlength=len(chosen)) / len(x)
