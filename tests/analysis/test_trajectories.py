"""What happens along the way, against counting by hand."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from offramp.analysis import trajectories
from offramp.errors import UsageError
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import simulate
from small_models import STRAIT, TWO_MINDS, made


def ran(body, steps=6, scenarios=60, step="month", policies=("baseline",)):
    design = Design(made(body, steps, step), list(policies), scenarios, seed=3)
    return simulate(design, how=How(engine="oracle"))


@pytest.fixture(scope="module")
def runs():
    return ran(STRAIT.replace("2020-07", "2020-05"), policies=("baseline", "late"))


@pytest.fixture
def some_failed(runs):
    found = runs.copy(deep=True)
    found["status"].values[0, :30] = 1
    return found


def test_percentiles_are_those_of_the_runs_that_hold(some_failed):
    found = trajectories.percentiles(some_failed, "tension").sel(policy="baseline")
    values = np.sort(some_failed["tension"].values[0, 30:], axis=0)
    assert found.sel(percentile=50).values == pytest.approx((values[14] + values[15]) / 2)
    assert (np.diff(found.values, axis=0) >= 0).all()


def test_percentiles_where_every_run_failed_are_no_numbers(runs):
    failed = runs.copy(deep=True)
    failed["status"].values[1] = 1
    found = trajectories.percentiles(failed, "tension")
    assert np.isnan(found.sel(policy="late").values).all()
    assert np.isfinite(found.sel(policy="baseline").values).all()


def test_only_what_is_never_but_0_or_1_is_a_share(some_failed):
    assert trajectories.share_holding(some_failed, "tension") is None
    flag = some_failed.copy(deep=True)
    flag["elected"].values[:] = 0
    flag["elected"].values[0, 30:45, -1] = 1
    flag["elected"].values[0, 0, 0] = 7  # a failed run, which says nothing
    shares = trajectories.share_holding(flag, "elected").sel(policy="baseline").values
    assert shares.tolist() == [0, 0, 0, 0, 0, 0, 0.5]


def test_an_unknown_variable_is_answered_with_the_one_that_was_meant(runs):
    with pytest.raises(UsageError, match="`tension`"):
        trajectories.percentiles(runs, "tenson")
    # `status` is in the dataset and yet no variable of the model.
    with pytest.raises(UsageError):
        trajectories.percentiles(runs, "status")


def test_shares_of_choices_count_the_runs_that_go_on(some_failed):
    some_failed["action"].values[0, 30:40, 3:, 0] = -1  # ten runs have ended by the fourth month
    some_failed["action"].values[0, 40:, 3, 0] = 1
    found = trajectories.choices(some_failed, "blue").sel(policy="baseline")
    assert found["chosen"].values[3] == 20
    assert found["share"].values[:, 3].tolist() == [0, 1, 0]
    assert found["share"].sum("action").values == pytest.approx(1)
    names = json.loads(some_failed["action"].attrs["actions"])["blue"]
    taken = some_failed["action"].values[0, 30:, :, 0]
    by_hand = [(taken == i).sum() / (taken >= 0).sum() for i in range(len(names))]
    assert found["overall"].values == pytest.approx(by_hand)


def test_a_month_in_which_no_run_goes_on_has_no_shares(runs):
    ended = runs.copy(deep=True)
    ended["action"].values[0, :, 5] = -1
    found = trajectories.choices(ended, "red").sel(policy="baseline")
    assert np.isnan(found["share"].values[:, 5]).all()
    assert np.isfinite(found["overall"].values).all()


def test_weeks_are_counted_by_calendar_month():
    """1 January 2020 and eight weeks: five begin in January, three in February."""
    body = "variables: {x: {initial: 1}}\nactors: {red: {actions: {wait: {}, go: {}}}}\n"
    found = trajectories.choices(ran(body, steps=8, step="week"), "red")
    months = [d.item() for d in found["month"].values.astype("datetime64[D]")]
    assert months == [date(2020, 1, 1), date(2020, 2, 5)]
    assert found["chosen"].values[0].tolist() == [5 * 60, 3 * 60]


def test_long_runs_are_counted_in_at_most_sixty_spans():
    plain = "variables: {x: {initial: 1}}\nactors: {a: {actions: {wait: {}, go: {}}}}\n"
    found = trajectories.choices(ran(plain, steps=150, scenarios=4), "a")
    assert found.sizes["month"] == 50
    assert set(found["chosen"].values[0].tolist()) == {3 * 4}
    assert found.attrs["end"] == "2032-07-01"


def test_an_unknown_actor_is_refused(runs):
    with pytest.raises(UsageError, match="actor"):
        trajectories.choices(runs, "blu")


def test_events_a_year_divide_by_the_time_that_runs_lived():
    """Two a month for six months, in four runs of which one ends after three: 42 events in 21 months."""
    body = "variables: {x: {initial: 1}}\nevents: {storm: {rate: 2 / month}}\n"
    body += "outcomes: {end: {when: x > 2, absorbing: true}}\n"
    runs = ran(body, scenarios=4)
    runs["event_count"].values[:] = 2
    runs["outcome_step"].values[0, 0, 0] = 2
    runs["event_count"].values[0, 0, 3:] = 0
    found = trajectories.event_frequency(runs, "storm").sel(policy="baseline")
    assert found["per_year"].item() == pytest.approx(24)
    assert found["at_least_once"].item() == 1
    assert found["p95"].item() == 12


def test_a_poisson_rate_comes_back_as_times_a_year():
    body = "variables: {x: {initial: 1}}\nevents: {storm: {rate: 0.25 / month}}\n"
    found = trajectories.event_frequency(ran(body, steps=24, scenarios=400), "storm")
    # 400 runs of two years at 3 a year: 2,400 events, so the standard error is 3 / sqrt(2400).
    assert found["per_year"].item() == pytest.approx(3, abs=4 * 3 / np.sqrt(2400))


def test_mean_beliefs_are_of_the_runs_that_hold_and_go_on():
    runs = ran(TWO_MINDS, scenarios=4)
    runs["belief"].values[0, :, 2, 0] = [0.2, 0.4, np.nan, 0.9]
    runs["belief"].values[0, :, 2, 1] = [0.8, 0.6, np.nan, 0.1]
    runs["belief"].values[0, :, 5] = np.nan
    runs["status"].values[0, 3] = 1
    found = trajectories.mean_belief(runs, "blue", "red").sel(policy="baseline")
    assert found.isel(step=2).values == pytest.approx([0.3, 0.7])
    assert found.isel(step=0).values == pytest.approx([0.8, 0.2])
    assert np.isnan(found.isel(step=5).values).all()


def test_branches_are_counted_in_the_runs_that_reach_the_date(some_failed):
    which = some_failed["event_count"].sel(event="election").values[0]  # (scenario, step)
    reached = which[30:].max(axis=1)
    found = trajectories.branch_counts(some_failed, "election").sel(policy="baseline")
    assert found.sel(branch="won").item() == (reached == 1).sum()
    assert found.sel(branch="lost").item() == (reached == 2).sum()
    assert trajectories.branch_counts(some_failed, "incident").sizes["branch"] == 0
