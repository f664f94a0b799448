"""What lies before an outcome: lifts worked by hand, and cases that are typical."""

from __future__ import annotations

import numpy as np
import pytest

from offramp.analysis.between import Group, ahead, lately, lifts, typical


def group(present, came, steps=None):
    """Runs of one feature; a run goes on until its outcome."""
    present = np.asarray(present, bool)
    came = np.asarray(came)
    steps = np.arange(present.shape[1])
    going = (came[:, None] < 0) | (steps <= came[:, None])
    return Group(present[:, :, None], came, going)


def test_a_lift_compares_cases_with_runs_still_open_at_the_same_date():
    """Step 0: 2 cases, both with the feature, of 4 others 1. Step 1: 1 case without, of 3 others all."""
    present = [[1, 1], [1, 1], [1, 1], [0, 0], [0, 1], [0, 1]]
    found = lifts([group(present, [0, 0, -1, 1, -1, -1])])
    assert found.cases == 3
    assert found.share[0] == pytest.approx(2 / 3)
    assert found.expected[0] == pytest.approx((2 * 1 / 4 + 1 * 3 / 3) / 3)
    assert found.lift[0] == pytest.approx(2 / 1.5)


def test_what_only_grows_commoner_with_time_has_no_lift():
    """The feature is there in every run from step 5, the outcome comes later: no more often than "
    "elsewhere."""
    rng = np.random.default_rng(0)
    came = np.where(rng.random(400) < 0.3, rng.integers(6, 10, 400), -1)
    present = np.tile(np.arange(10) >= 5, (400, 1))
    assert lifts([group(present, came)]).lift[0] == pytest.approx(1)


def test_intervals_hold_the_true_lift_as_often_as_they_say():
    """Hazard 0.15 with the feature and 0.05 without, drawn anew each step: half have it, so 1.5 in one "
    "step."""
    held = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        present = rng.random((400, 1)) < 0.5
        came = np.where(rng.random(400) < np.where(present[:, 0], 0.15, 0.05), 0, -1)
        found = lifts([group(present, came)], seed)
        share, other = 0.15 / 0.2, 0.85 / (0.85 + 0.95)
        held.append(found.low[0] <= share / other <= found.high[0])
    assert np.mean(held) == pytest.approx(0.9, abs=0.1)


def test_a_feature_that_is_nowhere_has_no_lift_and_takes_nothing_from_another():
    """100 of 200 runs end, all with the first feature, which 20 of the others have; the second none has."""
    came = np.repeat([0, -1], 100)
    first = np.repeat([1, 1, 0], [100, 20, 80])
    present = np.stack([first, np.zeros(200)], axis=1)[:, None, :].astype(bool)
    found = lifts([Group(present, came, np.ones((200, 1), bool))])
    assert found.lift[0] == pytest.approx(5.0)
    assert found.low[0] > 3
    assert found.sure.tolist() == [True, False]
    assert np.isnan([found.lift[1], found.low[1], found.high[1]]).all()
    # One that is as common among the others is not sure to lead there, though its lift is known.
    common = np.stack([first, np.tile([1, 0], 100)], axis=1)[:, None, :].astype(bool)
    found = lifts([Group(common, came, np.ones((200, 1), bool))])
    assert found.lift[1] == pytest.approx(1.0)
    assert found.sure.tolist() == [True, False]


def test_groups_are_compared_within_themselves():
    """Every run of one group has the feature and none of the other: it tells nothing about the outcome."""
    one = group(np.ones((4, 1)), [0, 0, -1, -1])
    two = group(np.zeros((4, 1)), [0, -1, -1, -1])
    found = lifts([one, two])
    assert found.lift[0] == 1
    assert found.cases == 3


def test_lately_and_ahead_count_by_step():
    happened = np.array([[1, 0, 0, 1, 0]], bool)[:, :, None]
    assert lately(happened, 2)[0, :, 0].tolist() == [True, True, False, True, True]
    other = np.array([[0, 1, 1, 0, 0]], bool)[:, :, None]
    assert ahead(happened, other)[0, :, 0].tolist() == [True, False, False, False, False]


def test_typical_cases_stand_for_the_others():
    kinds = np.array([[1, 1, 0, 0, 0]] * 6 + [[0, 0, 1, 1, 0]] * 3 + [[0, 0, 0, 0, 1]], bool)
    chosen, shares = typical(kinds)
    assert [kinds[i].tolist() for i in chosen] == [kinds[0].tolist(), kinds[6].tolist(), kinds[9].tolist()]
    assert shares.tolist() == [0.6, 0.3, 0.1]
    assert typical(kinds[:6]) == ([0], [1.0])
