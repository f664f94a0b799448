"""Shares of an effect among things that bring it about together: Shapley values, exact or sampled.

A game gives every coalition of players a value in every scenario. Player i's share is its marginal value
averaged over all orders in which the players may come in (Shapley 1953); shares add up to the value of all
players less that of none, whatever the players do to one another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate, estimate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Coalition = frozenset[int]

# Up to so many players all coalitions are played (2**5 = 32), beyond that orders are drawn.
MOST_EXACT = 5

LARGEST_CLUSTER = 8
CLUSTERS = 20


@dataclass(frozen=True)
class Plan:
    """Which coalition is played in which scenarios.

    Attributes
    ----------
    players : how many
    scenarios : how many
    orders : for each cluster of scenarios an order of the players and its reverse; empty where all
        coalitions are played
    size : scenarios in a cluster (the last may have fewer)
    """

    players: int
    scenarios: int
    orders: tuple[tuple[int, ...], ...]
    size: int

    @property
    def exact(self) -> bool:
        """Whether every coalition is played in every scenario: no sampling of orders."""
        return not self.orders

    def plays(self) -> dict[Coalition, list[slice]]:
        """Coalition -> the scenarios in which it is played, as positions."""
        whole = slice(0, self.scenarios)
        if self.exact:
            return {c: [whole] for c in coalitions(self.players)}
        result: dict[Coalition, list[slice]] = {frozenset(): [whole], frozenset(range(self.players)): [whole]}
        for number, order in enumerate(self.orders):
            here = slice(number * self.size, min(self.scenarios, (number + 1) * self.size))
            inner = {frozenset(w[:k]) for w in (order, order[::-1]) for k in range(1, self.players)}
            for coalition in sorted(inner, key=sorted):
                result.setdefault(coalition, []).append(here)
        return result

    @property
    def runs(self) -> int:
        """Runs that it takes: coalitions times scenarios."""
        return sum(s.stop - s.start for slices in self.plays().values() for s in slices)


def plan(players: int, scenarios: int, seed: int = 0, size: int | None = None) -> Plan:
    """Lay out a game: all coalitions where these are few, else antithetic orders on common scenarios.

    Each cluster of `size` scenarios gets an order drawn by `seed` and the reverse of it, which evens out
    who comes early and who late (Mitchell et al. 2022). Left out it is 8, and fewer where there are few
    scenarios: intervals rest on how clusters differ, so there are to be some 20 of them.
    """
    size = size or max(1, min(LARGEST_CLUSTER, scenarios // CLUSTERS))
    if players <= MOST_EXACT:
        return Plan(players, scenarios, (), scenarios)
    generator = np.random.Generator(np.random.Philox(key=seed))
    clusters = -(-scenarios // size)
    orders = tuple(tuple(int(i) for i in generator.permutation(players)) for _ in range(clusters))
    return Plan(players, scenarios, orders, size)


def coalitions(players: int) -> list[Coalition]:
    """All coalitions, small ones first."""
    return [frozenset(c) for size in range(players + 1) for c in combinations(range(players), size)]


@dataclass(frozen=True)
class Shares:
    """Mean contributions of players.

    Attributes
    ----------
    players : one each, in their order
    groups : of the players in each group together
    total : value of all players less that of none
    scenarios : how many hold; those without a value in any of their coalitions are left out
    """

    players: tuple[Estimate, ...]
    groups: tuple[Estimate, ...]
    total: Estimate
    scenarios: int


def shares(
    layout: Plan,
    value: Callable[[Coalition, slice], Floats],
    groups: Sequence[Sequence[int]] = (),
    level: float = LEVEL,
    of_chances: bool = False,
) -> Shares:
    """Shapley shares with their intervals.

    Parameters
    ----------
    layout : what was played
    value : value of a coalition in some scenarios, (scenario,); NaN where a scenario does not hold
    groups : players whose shares are also wanted in sum
    level : of the intervals
    of_chances : values are 0 or 1; see `estimate`

    Returns
    -------
    Shares, those of the players summing to the total but for rounding. The intervals hold the sampling of
    scenarios and of orders: each cluster of scenarios has an order of its own, so the spread between clusters
    holds both.

    References
    ----------
    Shapley (1953), A value for n-person games. Contributions to the Theory of Games II, 307-317.
    Castro, Gómez and Tejada (2009), Polynomial calculation of the Shapley value based on sampling. Computers
    & Operations Research 36, 1726-1730.
    Mitchell, Cooper, Frank and Holmes (2022), Sampling permutations for Shapley value estimation. Journal of
    Machine Learning Research 23 (43), 1-46: antithetic orders.
    """
    n = layout.players
    if layout.exact:
        whole = slice(0, layout.scenarios)
        found = _all_orders(n, {c: value(c, whole) for c in coalitions(n)})
        holds = np.asarray(~np.isnan(found).any(axis=0), np.bool_)
        parts, counts = np.where(holds, found, 0.0), holds.astype(np.float64)
    else:
        parts, counts = np.empty((n, len(layout.orders))), np.empty(len(layout.orders))
        for number, order in enumerate(layout.orders):
            here = slice(number * layout.size, min(layout.scenarios, (number + 1) * layout.size))
            found = (_one_order(order, value, here) + _one_order(order[::-1], value, here)) / 2
            holds = np.asarray(~np.isnan(found).any(axis=0), np.bool_)
            parts[:, number] = found[:, holds].sum(axis=1)
            counts[number] = holds.sum()

    def estimated(players: Sequence[int]) -> Estimate:
        together: Floats = parts[list(players)].sum(axis=0)
        return estimate(together, counts, level, of_chances)

    return Shares(
        tuple(estimated([i]) for i in range(n)),
        tuple(estimated(group) for group in groups),
        estimated(range(n)),
        int(counts.sum()),
    )


def _all_orders(n: int, values: dict[Coalition, Floats]) -> Floats:
    """Contribution of each player in each scenario, averaged over all orders: (player, scenario)."""
    result = np.zeros((n, len(values[frozenset()])))
    for coalition, without in values.items():
        for i in set(range(n)) - coalition:
            # The share of orders in which exactly this coalition stands before i.
            weight = 1 / (n * math.comb(n - 1, len(coalition)))
            result[i] += weight * (values[coalition | {i}] - without)
    return result


def _one_order(order: Sequence[int], value: Callable[[Coalition, slice], Floats], here: slice) -> Floats:
    """What each player adds as it comes in: (player, scenario)."""
    result = np.empty((len(order), here.stop - here.start))
    before = value(frozenset(), here)
    for k, i in enumerate(order):
        after = value(frozenset(order[: k + 1]), here)
        result[i] = after - before
        before = after
    return result
