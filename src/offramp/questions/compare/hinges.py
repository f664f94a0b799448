"""On which uncertain number the effect of a policy hangs most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL
from offramp.distribution import standard_normal_quantile
from offramp.model import Distribution
from offramp.runs.design import Design

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

FEWEST = 30  # scenarios from which a correlation is taken


@dataclass(frozen=True, kw_only=True)
class Hinge:
    """The uncertain number with which an effect goes most.

    Attributes
    ----------
    correlation : of the effect with the number, by ranks
    lower_third, upper_third : mean effect where the number is in its lower and in its upper third
    """

    parameter: str
    correlation: float
    lower_third: float
    upper_third: float


def hinges_of(design: Design, effects: Mapping[str, Mapping[str, Floats]]) -> dict[str, dict[str, Hinge]]:
    """Which uncertain number each effect hangs on most: rank correlations.

    All numbers, policies and outcomes are looked at together: named is only what passes Bonferroni's
    correction (Dunn 1961) over all of these tests.

    Parameters
    ----------
    design : of which the effects are
    effects : policy -> outcome -> (scenario,), the effect in each; NaN where a run failed

    Returns
    -------
    policy -> outcome -> hinge, of those that have one.

    References
    ----------
    Spearman (1904), The proof and measurement of association between two things. American Journal of
    Psychology 15, 72-101.
    Dunn (1961), Multiple comparisons among means. Journal of the American Statistical Association 56, 52-64.
    """
    parameters = design.model.parameters
    uncertain = [i for i, p in enumerate(parameters) if isinstance(p.value, Distribution)]
    if not uncertain:
        return {}
    names = [parameters[i].name for i in uncertain]
    values = design.inputs(design.policies[0]).parameters[:, uncertain]
    tests = len(uncertain) * len(effects) * max(1, len(design.model.outcomes))
    needed = float(standard_normal_quantile(1 - (1 - LEVEL) / (2 * tests)))
    found = {
        policy: {n: hinge for n, e in some.items() if (hinge := _hinge(names, values, e, needed))}
        for policy, some in effects.items()
    }
    return {policy: some for policy, some in found.items() if some}


def _hinge(names: list[str], values: Floats, effect: Floats, needed: float) -> Hinge | None:
    """The number that correlates most, if that is worth so many standard errors."""
    holds = ~np.isnan(effect)
    if holds.sum() < FEWEST or not effect[holds].any():
        return None
    ranks = np.stack([_ranks(column) for column in values.T], axis=1)
    r = _correlations(ranks[holds], effect[holds])
    best = int(np.abs(r).argmax())
    if abs(r[best]) * np.sqrt(holds.sum() - 1) < needed:
        return None
    column, kept = values[holds, best], effect[holds]
    low, high = _thirds(column)
    return Hinge(
        parameter=names[best],
        correlation=float(r[best]),
        lower_third=float(kept[low].mean()),
        upper_third=float(kept[high].mean()),
    )


def _thirds(column: Floats) -> tuple[Bools, Bools]:
    """Which values are in the lower and which in the upper third, none in both; of few values, about so."""
    low, high = np.quantile(column, [1 / 3, 2 / 3])
    if low < high:
        return column <= low, column >= high
    below = column < low
    return (below, ~below) if below.any() else (column <= low, column > low)


def _ranks(values: Floats) -> Floats:
    """Ranks from 0, ties at their mean."""
    _, position, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts + 1) / 2)[position]
    return ranks


def _correlations(ranks: Floats, effect: Floats) -> Floats:
    """Correlation of each column of ranks with the ranks of an effect (ties at their mean): (parameter,)."""
    tied = _ranks(effect)
    x, y = ranks - ranks.mean(axis=0), tied - tied.mean()
    norm = np.sqrt((x**2).sum(axis=0) * (y**2).sum())
    return np.asarray(np.divide(x.T @ y, norm, out=np.zeros(x.shape[1]), where=norm > 0), np.float64)
