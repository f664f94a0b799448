"""Paired differences: published intervals, nominal coverage, and what uncertain numbers contribute."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from offramp.analysis.intervals import student_quantile
from offramp.analysis.measures import arrival
from offramp.analysis.paired import (
    mean_difference,
    ratio_difference,
    share_difference,
    tango,
)
from offramp.analysis.worlds import between_worlds
from offramp.questions.paired_runs import run_paired
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import engine_for, simulate
from small_models import made

# War at a constant rate, and events that add to x: both times a number that nobody knows exactly.
KNOWN = """
variables: {x: {initial: 0}}
parameters:
  base: {unit: 1/month, value: 0.05}
  unknown: {value: "uniform(0.5, 1.5)"}
actors: {nobody: {actions: {wait: {}}}}
events: {push: {rate: 10 * base * unknown, effects: {x: 1}}}
outcomes: {war: {rate: base * unknown}}
policies: {calm: {do: [{set: {base: 0.02}}]}}
"""
STEPS, CALM, BASE = 6, 0.02, 0.05


def chance(rate):
    """That war has come by the end, over a uniform(0.5, 1.5) factor on its rate."""
    t = rate * STEPS
    return 1 - (math.exp(-0.5 * t) - math.exp(-1.5 * t)) / t


@pytest.fixture(scope="module")
def known():
    return made(KNOWN, STEPS)


def test_intervals_of_paired_differences_hold_the_truth_nine_times_in_ten(known):
    """400 seeds of 150 futures each, against closed forms."""
    engine = engine_for(known)
    truth = chance(CALM) - chance(BASE), (CALM - BASE) * 10 * STEPS
    held = np.zeros(2)
    for seed in range(400):
        design = Design(known, ["baseline", "calm"], scenarios=150, seed=seed)
        there, here = (engine.run(inputs) for inputs in design.inputs_of_all(design.scenarios))
        war = share_difference(*((o.outcome[:, 0] >= 0).astype(float) for o in (here, there)))
        x = mean_difference(here.state[:, -1, 0], there.state[:, -1, 0])
        held += [war.low <= truth[0] <= war.high, x.low <= truth[1] <= x.high]
    # Binomial(400, 0.9) lies within 340 to 379 in 99.9 % of cases.
    assert (held >= 340).all()
    assert (held <= 379).all()


def test_worlds_run_again_tell_uncertain_numbers_from_luck(known):
    """The effect on x in a world is -1.8 times its unknown number: deviation 1.8 / sqrt(12), uniform."""
    design = Design(known, ["baseline", "calm"], scenarios=600, seed=3)
    paired = run_paired(design, lambda runs: {"x": runs["x"].values[:, :, -1]}, worlds=600)
    effect = (CALM - BASE) * 10 * STEPS
    spread = between_worlds(paired.worlds["x"][1] - paired.worlds["x"][0], effect)
    assert spread.deviation == pytest.approx(-effect / math.sqrt(12), rel=0.15)
    assert spread.low == pytest.approx(1.45 * effect, rel=0.1)
    assert spread.high == pytest.approx(0.55 * effect, rel=0.1)
    assert spread.distinguishable
    assert spread.at_most > spread.deviation
    assert (spread.worlds, spread.lives) == (600, 10)


def test_the_first_replicate_of_a_world_is_its_future(known):
    """Worlds that are run again cost only their further replicates."""
    design = Design(known, ["baseline", "calm"], scenarios=40, seed=3)
    counted = []
    paired = run_paired(
        design,
        lambda runs: {"war": arrival(runs, "war").astype(float)},
        worlds=10,
        how=How(progress=lambda done, total: counted.append((done, total))),
    )
    np.testing.assert_array_equal(paired.worlds["war"][:, :, 0], paired.futures["war"][:, :10])
    np.testing.assert_array_equal(paired.futures["war"], arrival(simulate(design), "war"))
    assert max(counted) == (2 * (40 + 9 * 10),) * 2


def test_worlds_that_do_not_differ_are_told_apart_at_the_nominal_rate_only():
    rng = np.random.default_rng(1)
    found = [between_worlds(rng.normal(0, 1, (100, 10)), 0.0).distinguishable for _ in range(400)]
    assert sum(found) <= 34  # 5 % of 400, and three deviations


@pytest.mark.parametrize("deviation", [0.3, 1.0])
def test_the_deviation_between_worlds_is_found_whatever_luck_adds(deviation):
    rng = np.random.default_rng(2)
    found = [
        between_worlds(rng.normal(0, deviation, (200, 1)) + rng.normal(0, 1, (200, 10)), 0.0)
        for _ in range(100)
    ]
    assert np.mean([s.deviation**2 for s in found]) == pytest.approx(deviation**2, rel=0.05)
    assert np.mean([s.deviation <= s.at_most for s in found]) == 1
    assert np.mean([deviation <= s.at_most for s in found]) >= 0.88
    # Nine tenths of worlds lie within 1.645 deviations, once luck is drawn out of their means.
    assert np.mean([s.high - s.low for s in found]) == pytest.approx(2 * 1.645 * deviation, rel=0.05)


def test_too_few_worlds_or_lives_say_nothing_of_the_spread():
    assert between_worlds(np.zeros((9, 10)), 0.0) is None
    assert between_worlds(np.zeros((50, 1)), 0.0) is None
    lived = np.zeros((12, 2))
    lived[:3, 1] = np.nan  # a failed life takes its world out
    assert between_worlds(lived, 0.0) is None


def test_tangos_interval_is_the_published_one():
    """Airway hyper-responsiveness before and after a transplant (Fagerland, Lydersen and Laake 2014)."""
    low, high = tango(1, 7, 21, level=0.95)
    assert (round(low, 3), round(high, 3)) == (-0.517, -0.026)


@pytest.mark.parametrize(("b", "c", "n"), [(3, 1, 40), (0, 5, 200), (12, 12, 50), (7, 0, 7)])
def test_tangos_bounds_solve_the_score_equation_found_by_maximum_likelihood(b, c, n):
    z = stats.norm.ppf(0.95)

    def score(difference):
        def negative(q):
            p = q + difference
            rest = 1 - p - q
            if min(p, q, rest) < -1e-12:
                return math.inf
            logs = ((b, p), (c, q), (n - b - c, rest))
            return -sum(k * math.log(max(v, 1e-300)) for k, v in logs if k)

        lowest, highest = max(0.0, -difference), (1 - difference) / 2
        q = optimize.minimize_scalar(
            negative, bounds=(lowest, highest), method="bounded", options={"xatol": 1e-12}
        ).x
        return (b - c - n * difference) / math.sqrt(n * (2 * q + difference * (1 - difference)))

    low, high = tango(b, c, n)
    for bound, side in ((low, z), (high, -z)):
        if abs(bound) < 0.999:
            assert score(bound) == pytest.approx(side, abs=2e-3)


def test_futures_that_never_differ_leave_an_interval_of_known_width():
    z2 = stats.norm.ppf(0.95) ** 2
    low, high = tango(0, 0, 500)
    assert (-low, high) == pytest.approx((z2 / (500 + z2),) * 2, rel=1e-9)


@given(
    n=st.integers(1, 60),
    b=st.integers(0, 60),
    c=st.integers(0, 60),
)
@settings(max_examples=60, deadline=None)
def test_the_interval_of_a_difference_of_chances_is_within_bounds_and_turns_with_the_pair(n, b, c):
    b, c = min(b, n), min(c, n - min(b, n))
    low, high = tango(b, c, n)
    assert -1 <= low <= (b - c) / n <= high <= 1
    assert tango(c, b, n) == pytest.approx((-high, -low), abs=1e-9)


def test_a_difference_knows_how_many_futures_would_tell_it_apart():
    """With so many futures four of five samples distinguish it (Connor 1987)."""
    rng = np.random.default_rng(5)
    b, c = 0.06, 0.04
    many = rng.multinomial(1, [b, c, 1 - b - c], size=200_000)
    needed = share_difference(many[:, 0].astype(float), many[:, 1].astype(float)).needed
    assert needed == pytest.approx(
        (1.645 * math.sqrt(0.1) + 0.842 * math.sqrt(0.0996)) ** 2 / 0.02**2, rel=0.1
    )
    samples = rng.multinomial(needed, [b, c, 1 - b - c], size=400)
    told = [tango(int(x), int(y), needed)[0] > 0 for x, y, _ in samples]
    assert 0.74 <= np.mean(told) <= 0.86


def test_how_many_futures_a_large_difference_needs_is_connors_formula():
    """50 against 10 of 100: 60 of 100 differ, by 40; spreads of sqrt(0.6) under none and sqrt(0.44)."""
    pairs = [(1.0, 0.0)] * 50 + [(0.0, 1.0)] * 10 + [(0.0, 0.0)] * 40
    here, there = np.array(pairs).T
    by_hand = ((1.644854 * math.sqrt(0.6) + 0.841621 * math.sqrt(0.44)) / 0.4) ** 2  # 20.9
    assert share_difference(here, there).needed == math.ceil(by_hand) == 21
    assert 1.644854 * math.sqrt(0.6) + 0.841621 * math.sqrt(0.76) > 0.4 * math.sqrt(21), "were they added"


def test_failed_runs_count_under_neither_policy():
    here, there = np.array([1.0, np.nan, 0.0, 1.0]), np.array([0.0, 1.0, np.nan, 1.0])
    found = share_difference(here, there)
    assert (found.scenarios, found.here, found.there, found.differing) == (2, 1.0, 0.5, 1)
    assert mean_difference(here, there).scenarios == 2
    nothing = share_difference(np.array([np.nan]), np.array([1.0]))
    assert nothing.scenarios == 0
    assert math.isnan(nothing.value)
    assert not nothing.distinguishable


def test_a_difference_of_ratios_holds_the_truth_nine_times_in_ten():
    """Shares of attacks answered, where both attacks and answers vary from future to future."""
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(400):
        attacks = rng.poisson(3, (2, 200))
        answers = rng.binomial(attacks, [[0.5], [0.3]])
        found = ratio_difference((answers[0] * 1.0, attacks[0] * 1.0), (answers[1] * 1.0, attacks[1] * 1.0))
        held += found.low <= 0.2 <= found.high
    assert 338 <= held <= 381


def test_the_interval_of_a_mean_is_students_of_the_paired_differences():
    rng = np.random.default_rng(6)
    common = rng.normal(0, 5, 7)
    here, there = common + rng.normal(1, 1, 7), common + rng.normal(0, 1, 7)
    found = mean_difference(here, there)
    published = stats.ttest_rel(here, there).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((published.low, published.high), rel=2e-3)


def test_a_mean_that_never_differed_keeps_an_interval_as_wide_as_that_of_a_chance():
    """Of 20 futures none differs: that says no more of a count than of a chance; a point would be wrong."""
    count = np.arange(20.0) % 3
    found = mean_difference(count, count, size=2.0)
    chance = share_difference(count > 1, count > 1)
    assert found.value == 0
    assert (found.low, found.high) == pytest.approx((2 * chance.low, 2 * chance.high))
    assert not found.distinguishable


@pytest.mark.parametrize(("futures", "share"), [(20, 0.03), (150, 0.01), (150, 0.05), (1000, 0.003)])
def test_the_mean_of_what_differs_in_few_futures_is_held_nine_times_in_ten(futures, share):
    """One more in few futures, none in the others. Student's interval alone misses up to 54 in 100."""
    rng = np.random.default_rng(futures)
    held = 0
    for differing in rng.binomial(futures, share, 400):
        here = (np.arange(futures) < differing).astype(float)
        found = mean_difference(here, np.zeros(futures), size=1.0)
        held += found.low <= share <= found.high
    assert held >= 340


def test_what_futures_have_in_common_drops_out_of_a_difference_of_ratios():
    """Four futures in five see the same attacks and answers under both policies; only the fifth tells."""
    rng = np.random.default_rng(12)
    attacks = np.repeat(rng.poisson(3, (1, 200)), 2, axis=0) * 1.0
    answers = np.repeat(rng.binomial(attacks[:1].astype(int), 0.5), 2, axis=0) * 1.0
    apart = np.arange(200) % 5 == 0
    answers[1, apart] = 0
    paired = ratio_difference((answers[0], attacks[0]), (answers[1], attacks[1]))
    order = rng.permutation(200)
    alone = ratio_difference((answers[0], attacks[0]), (answers[1][order], attacks[1][order]))
    assert paired.value == pytest.approx(alone.value)
    assert paired.high - paired.low < 0.7 * (alone.high - alone.low)
    assert paired.differing == (answers[0] != answers[1]).sum() < 40
    same = ratio_difference((answers[0], attacks[0]), (answers[0], attacks[0]))
    assert same.differing == 0
    assert same.low < 0 < same.high


def test_worlds_lie_around_the_mean_of_all_futures():
    """Worlds that are run again are some of them; where these stand is known better from all."""
    lived = np.random.default_rng(2).normal(0, 1, (50, 1)) + np.zeros((50, 4))
    spread = between_worlds(lived, 7.0)
    assert spread.effects.mean() == pytest.approx(7.0)
    assert spread.low < 7.0 < spread.high


def test_the_bound_of_the_deviation_between_worlds_holds_where_few_worlds_stand_out():
    """Chances of worlds are gamma distributed, each seen in ten lives; a symmetric bound held in 78."""
    rng = np.random.default_rng(5)
    for worlds, chance, deviation in ((100, 0.05, 0.06), (200, 0.02, 0.02)):
        shape = (chance / deviation) ** 2
        held = 0
        for _ in range(300):
            true = np.clip(rng.gamma(shape, chance / shape, worlds), 0, 1)
            lived = (rng.random((worlds, 10)) < true[:, None]).astype(float)
            held += between_worlds(lived, 0.0).at_most >= deviation
        assert held >= 0.79 * 300


def test_a_ratio_to_nothing_is_no_ratio():
    none, one = np.zeros(5), np.ones(5)
    assert math.isnan(ratio_difference((none, none), (one, one)).value)


@pytest.mark.parametrize("degrees", [1, 2, 3, 5, 9, 30, 400])
def test_students_quantiles_are_those_of_the_tables(degrees):
    within = 5e-4 if degrees < 9 else 3e-6
    assert student_quantile(0.95, degrees) == pytest.approx(stats.t.ppf(0.95, degrees), rel=within)
