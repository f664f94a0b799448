"""Shapley shares: games worked by hand, the axioms, and intervals that hold what they say."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from offramp.analysis.intervals import estimate
from offramp.analysis.shapley import Plan, coalitions, plan, shares

ONE = slice(0, 1)


def in_words(worth):
    """A game without luck, from a function of the coalition."""
    return lambda coalition, here: np.full(here.stop - here.start, float(worth(coalition)))


def found(players, worth, scenarios=1, **more):
    return shares(plan(players, scenarios), in_words(worth), **more)


def values(result):
    return [round(e.value, 12) for e in result.players]


def test_who_acts_alone_gets_what_it_brings():
    assert values(found(3, lambda c: sum((1, -2, 4)[i] for i in c))) == [1, -2, 4]


def test_what_two_bring_only_together_is_halved_between_them():
    assert values(found(3, lambda c: 6 if {0, 1} <= c else 0)) == [3, 3, 0]


def test_the_glove_game():
    """One left glove, two right ones: a pair is worth 1. Two thirds go to the left (Shapley 1953)."""
    assert values(found(3, lambda c: 0 in c and len(c) > 1)) == [
        pytest.approx(2 / 3), pytest.approx(1 / 6), pytest.approx(1 / 6)
    ]  # fmt: skip


def test_the_airport_game():
    """A runway costs what its largest aircraft needs; each part is shared by those who need it (Littlechild
    and Owen 1973): for 1, 2 and 4 that is 1/3, 1/3 + 1/2, 1/3 + 1/2 + 2."""
    cost = (1, 2, 4)
    assert values(found(3, lambda c: max([cost[i] for i in c], default=0))) == pytest.approx(
        [1 / 3, 5 / 6, 17 / 6]
    )


tables = st.lists(st.integers(-9, 9), min_size=16, max_size=16)


@given(tables)
@settings(max_examples=40, deadline=None)
def test_shares_sum_to_the_total_and_equal_the_average_over_all_orders(table):
    worth = dict(zip(coalitions(4), table, strict=True))
    result = found(4, worth.__getitem__)
    by_hand = np.zeros(4)
    for order in permutations(range(4)):
        for k, i in enumerate(order):
            by_hand[i] += (worth[frozenset(order[: k + 1])] - worth[frozenset(order[:k])]) / 24
    assert values(result) == pytest.approx(by_hand, abs=1e-9)
    assert sum(values(result)) == pytest.approx(result.total.value, abs=1e-9)
    assert result.total.value == pytest.approx(worth[frozenset(range(4))] - worth[frozenset()], abs=1e-9)


def drawn(players=8, scenarios=160, seed=0, of_chances=True, groups=()):
    """A game of chances under luck: 0 and 1 work together, the last does nothing, 2 and 3 are alike."""
    adds = np.array([0.1, 0.02, 0.05, 0.05, -0.06, 0.0, 0.04, 0.0])[:players]
    u = np.random.default_rng(seed).random(scenarios)

    def value(coalition, here):
        chance = 0.4 + sum(adds[i] for i in coalition) + 0.12 * ({0, 1} <= coalition)
        return (u[here] < chance).astype(float)

    true = adds + 0.06 * np.isin(np.arange(players), [0, 1])
    layout = plan(players, scenarios, seed)
    return shares(layout, value, groups, of_chances=of_chances), true, layout


def test_sampled_orders_keep_the_sum_and_give_the_idle_nothing():
    result, _, layout = drawn(groups=[[0, 1, 2], [3, 4, 5, 6, 7]])
    assert not layout.exact
    assert sum(e.value for e in result.players) == pytest.approx(result.total.value)
    assert sum(e.value for e in result.groups) == pytest.approx(result.total.value)
    assert result.players[7].value == 0
    assert result.players[7].low < 0 < result.players[7].high, "never seen to matter is not never matters"


def test_sampled_shares_come_to_the_exact_ones_on_average_and_like_players_get_alike():
    games = [drawn(seed=s) for s in range(200)]
    mean = np.mean([[e.value for e in g.players] for g, _, _ in games], axis=0)
    assert mean == pytest.approx(games[0][1], abs=0.008)
    assert mean[2] == pytest.approx(mean[3], abs=0.008)


@pytest.mark.parametrize("players", [4, 8])
def test_intervals_hold_the_truth_as_often_as_they_say(players):
    """90 % intervals over 300 seeds: each share's misses are within what chance allows."""
    held = np.zeros(players)
    for seed in range(300):
        result, true, _ = drawn(players, 160, seed)
        held += [e.low <= t <= e.high for e, t in zip(result.players, true, strict=True)]
    moving = np.arange(players) < 5  # whose share is not 0 by construction
    assert (held[moving] / 300 > 0.84).all()
    assert held[moving].mean() / 300 == pytest.approx(0.91, abs=0.04)


def test_an_order_and_its_reverse_give_pairs_their_exact_shares_whatever_the_order():
    """Where players meet in pairs only, one of two orders has each of a pair come last: no error is left."""
    rng = np.random.default_rng(8)
    alone, pairs = rng.normal(size=7), np.triu(rng.normal(size=(7, 7)), 1)

    def worth(c):
        return sum(alone[i] for i in c) + sum(pairs[i, j] for i in c for j in c)

    for seed in range(5):
        result = shares(plan(7, 4, seed), in_words(worth))
        exact = alone + (pairs.sum(axis=0) + pairs.sum(axis=1)) / 2
        assert [e.value for e in result.players] == pytest.approx(exact)


def test_what_never_matters_keeps_the_interval_of_agresti_and_min():
    """Of n scenarios none shows a change: t / (n + 2) on either side, as with half a scenario of each."""
    found = estimate(np.zeros(30), np.ones(30), 0.9, of_chances=True)
    t = stats.t.ppf(0.95, 29)
    assert (found.low, found.high) == (pytest.approx(-t / 32, rel=1e-4), pytest.approx(t / 32, rel=1e-4))
    sure = estimate(np.zeros(30), np.ones(30), 0.9)
    assert sure.low == sure.high == 0


def test_of_few_scenarios_each_has_an_order_of_its_own_and_one_alone_says_nothing_of_its_error():
    """Intervals rest on how clusters differ: eight scenarios in one cluster would have none."""
    assert [plan(8, n).size for n in (1, 8, 39, 40, 100, 160, 5000)] == [1, 1, 1, 2, 5, 8, 8]
    alone = estimate(np.array([0.3]), np.array([8.0]))
    assert (alone.value, alone.low, alone.high) == (0.3 / 8, -np.inf, np.inf)
    held = np.zeros(8)
    for seed in range(200):
        result, true, _ = drawn(8, 12, seed)
        held += [e.low <= t <= e.high for e, t in zip(result.players, true, strict=True)]
    assert (held[:5] / 200 > 0.8).all()


def test_an_order_and_its_reverse_are_played_on_the_same_scenarios():
    layout = plan(7, 20, seed=3, size=8)
    assert [len(order) for order in layout.orders] == [7, 7, 7]
    for order in layout.orders:
        assert sorted(order) == list(range(7))
    last = slice(16, 20)
    played = [c for c, slices in layout.plays().items() if last in slices]
    assert {frozenset(layout.orders[2][:3]), frozenset(layout.orders[2][-3:])} <= set(played)
    assert layout.runs == 2 * 20 + 20 * 2 * 6
    assert plan(7, 20, seed=3, size=8) == layout
    assert plan(7, 20, seed=4, size=8) != layout


def test_a_scenario_that_fails_in_one_world_is_left_out_of_all():
    def value(coalition, here):
        result = np.full(4, 1.0 if 0 in coalition else 0.0)
        result[2] = np.nan if coalition == {1} else 7.0
        return result[here]

    result = shares(Plan(2, 4, (), 4), value)
    assert result.scenarios == 3
    assert values(result) == [1, 0]


def test_the_same_holds_where_orders_are_drawn():
    """Seven add 1 each; scenario 2 has no value where 3 plays without 0, which half of all orders meet."""

    def value(coalition, here):
        result = np.full(here.stop - here.start, float(len(coalition)))
        if here.start <= 2 < here.stop and 3 in coalition and 0 not in coalition:
            result[2 - here.start] = np.nan
        return result

    result = shares(plan(7, 40, seed=1, size=8), value)
    assert result.scenarios == 39
    assert [p.value for p in result.players] == pytest.approx([1.0] * 7)
    assert result.total.value == pytest.approx(7.0)


def test_clusters_of_unequal_size_count_by_their_scenarios():
    """(3 + 1) / (2 + 1) with residuals 3 - 8/3 and 1 - 4/3: variance of the mean 2/9 · 2/1 / 9."""
    mean = estimate(np.array([3.0, 1.0]), np.array([2.0, 1.0]))
    assert mean.value == pytest.approx(4 / 3)
    assert mean.high - mean.value == pytest.approx(stats.t.ppf(0.95, 1) * np.sqrt(4 / 9) / 3)
