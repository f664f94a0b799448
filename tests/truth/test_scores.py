"""Scores against examples worked by hand, and forecasters whose skill is known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from offramp.truth import scores

P = np.array([0.9, 0.2, 0.5, 0.0])
Y = np.array([1.0, 0.0, 0.0, 0.0])


def test_scores_are_those_worked_by_hand():
    np.testing.assert_allclose(scores.brier(P, Y), [0.01, 0.04, 0.25, 0.0], atol=1e-12)
    wanted = [-math.log(0.9), -math.log(0.8), math.log(2), -math.log(0.995)]
    np.testing.assert_allclose(scores.log_score(P, Y), wanted)
    # Mean distance of 1, 2 and 6 to 3 is 2; half the mean distance among them is (1 + 5 + 4) / 9.
    assert scores.crps(np.array([1.0, 2.0, 6.0]), 3.0) == pytest.approx(2 - 10 / 9)
    assert scores.crps(np.array([4.0, 4.0]), 3.0) == pytest.approx(1.0), "without spread: the absolute error"


def test_who_was_certain_and_wrong_pays_for_199_to_1_and_no_more():
    wrong = scores.log_score(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    np.testing.assert_allclose(wrong, math.log(200))


def test_beside_a_perfect_forecast_others_are_as_good_or_beyond_comparison():
    assert scores.skill(np.zeros(3), np.zeros(3)) == 0.0
    assert scores.skill(np.array([0.0, 0.1]), np.zeros(2)) == -math.inf


def test_an_interval_of_skill_reaches_farther_by_two_factors_worked_by_hand():
    """14 origins in stretches of 4: 1.5 * 14 / 4 - 1 = 4.25 degrees of freedom; of 4, t is 2.1318."""
    by_hand = 2.131847 / 1.644854 * math.sqrt(14 / 10)
    assert scores._widening(14, 4) == pytest.approx(by_hand, rel=3e-4)
    # One at a time: 1.5 * 14 - 1 = 20 degrees, for which t is 1.7247.
    assert scores._widening(14, 1) == pytest.approx(1.724718 / 1.644854 * math.sqrt(14 / 13), rel=3e-4)


def test_intervals_of_skill_come_from_stretches_of_neighbours_that_close_in_a_ring():
    """Three origins in stretches of two: of 0 1 2 | 0 only the pairs 01, 12 and 20, the last cut to three."""
    ours, theirs = np.array([0.1, 0.2, 0.6]), np.ones(3)
    found = scores.skill_interval(ours, theirs, [0, 1, 2], length=2)
    # Two stretches make four origins, of which three stay: a pair and the first of a pair.
    means = [(a + b + c) / 3 for a, b in ((0.1, 0.2), (0.2, 0.6), (0.6, 0.1)) for c in (0.1, 0.2, 0.6)]
    ends = 1 - np.array([max(means), min(means)])
    wider = scores._widening(3, 2)
    assert found.value == pytest.approx(0.7)
    assert found.low == pytest.approx(0.7 + wider * (ends[0] - 0.7))
    assert found.high == 1.0


def test_one_answer_is_worth_what_its_origins_leave_of_it_by_hand():
    """Three origins of two answers each, all in one bin: offs sum to 1, 0 and -1 at the origins."""
    place, y = np.zeros(6, dtype=int), np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    blocks = np.array([0, 0, 1, 1, 2, 2])
    # Alone: six squares of a half. Shown: 1 + 0 + 1, times 3 / 2 for three means are taken of three.
    assert scores.worth(place, y, blocks, 1) == pytest.approx(1.5 / 3.0)
    # In stretches of two, neighbours count by half (there 1 * 0 and 0 * -1: nothing), times 3 / 1.
    assert scores.worth(place, y, blocks, 2) == pytest.approx(1.5 / 6.0)
    # Neighbours 0 and 2, with sums 1 and -1: 2 - 2 * 1 / 2 = 1, times 3.
    assert scores.worth(place, y, np.array([0, 0, 2, 2, 1, 1]), 2) == pytest.approx(1.5 / 3.0)
    # Bins are distinguished: what one of them owes to its origins, another does not.
    two = np.concatenate([place, place + 1])
    alternating = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    both = scores.worth(two, np.concatenate([y, alternating]), np.concatenate([blocks, blocks]), 1)
    assert both == pytest.approx(3.0 / 3.0)


def test_a_reliability_diagram_counts_certainty_in_its_last_bin_and_has_wilsons_intervals():
    said, came = np.array([1.0, 0.95, 0.92, 0.0]), np.array([1.0, 1.0, 0.0, 0.0])
    low, high = scores.reliability(said, came)
    assert (low.n, low.happened, high.n, high.happened) == (1, 0.0, 3, 2 / 3)
    assert high.said == pytest.approx((1.0 + 0.95 + 0.92) / 3)
    # Wilson (1927) for 2 of 3 at 90 %.
    z, p, n = stats.norm.ppf(0.95), 2 / 3, 3
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (high.low, high.high) == pytest.approx(
        ((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))
    )


def test_parts_of_the_brier_score_are_murphys_by_hand():
    parts = scores.decomposition(np.array([0.25, 0.25, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert parts.reliability == pytest.approx(0.5 * 0.25**2)
    assert parts.resolution == pytest.approx(2 * 0.5 * 0.25**2)
    assert parts.uncertainty == pytest.approx(3 / 16)
    assert parts.sharpness == pytest.approx(0.375)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=2, max_size=12), st.floats(-50, 50))
def test_crps_is_the_integral_of_the_brier_score_over_all_thresholds(members, answer):
    """The definition, integrated between the points at which anything changes."""
    ensemble = np.array(members)
    edges = np.unique(np.concatenate([ensemble, [answer]]))
    middle = (edges[1:] + edges[:-1]) / 2
    below = (ensemble[None, :] <= middle[:, None]).mean(axis=1)
    integral = float((((below - (answer <= middle)) ** 2) * np.diff(edges)).sum())
    assert scores.crps(ensemble, answer) == pytest.approx(integral, abs=1e-6)


def test_a_perfect_forecaster_has_skill_one_and_a_climatologist_none():
    rng = np.random.default_rng(1)
    y = (rng.random(400) < 0.3).astype(float)
    climate = scores.brier(np.full(400, y.mean()), y)
    assert scores.skill(scores.brier(y, y), climate) == 1.0
    assert scores.skill(climate, climate) == 0.0
    # Brier score of the base rate is its variance; who says the opposite of it does worse.
    assert climate.mean() == pytest.approx(y.mean() * (1 - y.mean()))
    assert scores.skill(scores.brier(np.full(400, 1 - y.mean()), y), climate) < 0


def test_parts_of_the_brier_score_add_up():
    rng = np.random.default_rng(2)
    p = (np.floor(rng.random(500) * 10) + 0.5) / 10  # one value in a bin: then the sum is exact
    y = (rng.random(500) < p).astype(float)
    parts = scores.decomposition(p, y)
    whole = parts.reliability - parts.resolution + parts.uncertainty
    assert whole == pytest.approx(scores.brier(p, y).mean(), abs=1e-9)
    table = scores.reliability(p, y)
    assert sum(row.n for row in table) == 500
    assert all(row.low <= row.happened <= row.high for row in table)


def test_intervals_of_skill_hold_the_true_skill_nine_times_in_ten():
    """Independent origins with scores of known means: skill 0.2."""
    rng = np.random.default_rng(3)
    held = 0
    for trial in range(60):
        blocks = np.repeat(np.arange(30), 6)
        ours, theirs = rng.gamma(2.0, 0.08, 180), rng.gamma(2.0, 0.1, 180)
        interval = scores.skill_interval(ours, theirs, blocks.tolist(), seed=trial)
        held += interval.low <= 0.2 <= interval.high
    assert 0.8 <= held / 60 <= 0.98


@pytest.mark.parametrize(("share", "least"), [(0.0, 0.86), (0.4, 0.76)])
def test_of_few_origins_that_share_their_answers_intervals_of_skill_still_hold(share, least):
    """14 origins a quarter apart, questions a year long: neighbours share three quarters of what decides.

    Both say a constant, so the true skill is known: y is 1 with chance P(N > 0.5). Resampled percentiles
    alone hold it in 78 and 67 of 100.
    """
    chance = stats.norm.sf(0.5)
    true = 1 - (chance - 2 * 0.30 * chance + 0.09) / (chance - 2 * 0.4 * chance + 0.16)
    held, trials = 0, 200
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        quarters = rng.normal(size=17)
        year = np.array([quarters[o : o + 4].sum() / 2 for o in range(14)])
        answer = share * year[:, None] + np.sqrt(1 - share**2) * rng.normal(size=(14, 6)) > 0.5
        y, blocks = answer.ravel().astype(float), np.repeat(np.arange(14), 6).tolist()
        interval = scores.skill_interval((0.30 - y) ** 2, (0.4 - y) ** 2, blocks, length=4, seed=trial)
        held += interval.low <= true <= interval.high
    assert least <= held / trials <= 0.98


def test_answers_that_come_in_sixes_are_worth_a_sixth_in_a_reliability_diagram():
    """300 origins with six questions that one event answers, against as many with one question each."""
    rng = np.random.default_rng(7)
    said = rng.choice([0.15, 0.45, 0.85], 300)
    came = (rng.random(300) < said).astype(float)
    alone = scores.reliability(said, came)
    sixfold = scores.reliability(
        np.repeat(said, 6), np.repeat(came, 6), blocks=np.repeat(np.arange(300), 6).tolist()
    )
    for one, six in zip(alone, sixfold, strict=True):
        assert six.n == 6 * one.n
        assert six.happened == one.happened
        assert six.high - six.low == pytest.approx(one.high - one.low, rel=0.08)
    free = scores.reliability(said, came, blocks=range(300))
    assert [r.low for r in free] == pytest.approx([r.low for r in alone], abs=0.03)


def test_reliability_intervals_hold_the_chance_where_neighbouring_origins_share_their_answers():
    """14 origins, ten questions a year long with chances of 0.2 and 0.6, as in a backtest."""
    held = crude = 0
    for trial in range(150):
        rng = np.random.default_rng(trial)
        quarters = rng.normal(size=17)
        year = np.array([quarters[o : o + 4].sum() / 2 for o in range(14)])
        said = np.tile([0.2] * 5 + [0.6] * 5, (14, 1))
        latent = 0.5 * year[:, None] + np.sqrt(0.75) * rng.normal(size=said.shape)
        y = (latent > stats.norm.isf(said)).astype(float).ravel()
        blocks = np.repeat(np.arange(14), 10).tolist()
        for plain in (True, False):
            table = scores.reliability(said.ravel(), y, blocks=None if plain else blocks, length=4)
            hits = sum(row.low <= row.said <= row.high for row in table)
            held, crude = (held, crude + hits) if plain else (held + hits, crude)
    assert crude / 300 < 0.72
    assert 0.78 < held / 300 < 0.97


def test_no_skill_is_said_to_be_above_that_of_a_perfect_forecast():
    rng = np.random.default_rng(1)
    ours, theirs = rng.gamma(0.1, 0.05, 12), rng.gamma(2.0, 0.1, 12)
    assert scores.skill_interval(ours, theirs, range(12), length=4).high <= 1


def test_questions_answered_by_the_same_events_widen_the_interval():
    """Scores shared by four neighbouring origins are one observation, not four."""
    rng = np.random.default_rng(4)
    shared = np.repeat(rng.normal(0, 0.05, 8), 4)
    ours, theirs = 0.2 + shared, np.full(32, 0.25)
    one = scores.skill_interval(ours, theirs, range(32), length=1)
    stretch = scores.skill_interval(ours, theirs, range(32), length=4)
    assert stretch.high - stretch.low > 1.3 * (one.high - one.low)
    assert one.value == stretch.value
