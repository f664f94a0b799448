"""Chances counted from runs: intervals, dates, failures, and adding up in parts."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import offramp as ofr
from offramp.analysis.intervals import wilson
from offramp.analysis.outcomes import over_time, probability
from offramp.analysis.summary import Outlook, Quantiles, Tally, summary
from offramp.errors import OfframpError, UsageError
from offramp.questions.outlook.ask import outlook
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.memory import bytes_of_run
from offramp.runs.simulate import simulate, simulate_blocks
from small_models import STRAIT, made

STEPS = 6


@pytest.fixture(scope="module")
def model():
    return made(STRAIT.replace("2020-07", "2020-05"), STEPS)


@pytest.fixture(scope="module")
def design(model):
    return Design(model, ["baseline", "late"], 200, seed=3)


@pytest.fixture(scope="module")
def runs(design):
    return simulate(design, how=How(engine="oracle"))


def written_by_hand(runs):
    """Ten baseline runs of six steps: two wars (steps 0 and 4), three scares, one run failed."""
    some = runs.isel(policy=[0], scenario=slice(10)).copy(deep=True)
    some["outcome_step"].values[:] = -1
    some["outcome_step"].values[0, :2, 0] = [0, 4]  # war
    some["outcome_step"].values[0, :3, 1] = [0, 2, 5]  # scare
    some["status"].values[:] = 0
    some["failed_step"].values[:] = -1
    some["status"].values[0, 9] = 1
    some["failed_step"].values[0, 9] = 2
    some["failed_variable"].values[0, 9] = 1
    some["outcome_step"].values[0, 9] = 1  # what a failed run says is worth nothing
    some["outcome_part"].values[:] = 0.5
    return some


def test_the_wilson_interval_is_that_of_the_worked_example():
    """15 of 50 at 90 %, by hand: z = 1.644854, z² = 2.705543; centre (15 + 1.352772) / 52.705543 = 0.310266;
    half 1.644854 · sqrt(15 · 35 / 50 + 0.676386) / 52.705543 = 0.104333."""
    low, high = wilson(15, 50)
    assert low == pytest.approx(0.310266 - 0.104333, abs=2e-6)
    assert high == pytest.approx(0.310266 + 0.104333, abs=2e-6)


def test_the_interval_of_nothing_seen_reaches_up_to_z2_over_n_plus_z2():
    """For 0 of n Wilson's formula reduces to [0, z² / (n + z²)], for n of n to its mirror image."""
    z2 = 1.6448536269514722**2
    for n in (1, 10, 10_000):
        assert np.allclose(wilson(0, n), (0.0, z2 / (n + z2)), rtol=1e-12)
        assert np.allclose(wilson(n, n), (n / (n + z2), 1.0), rtol=1e-12)
        assert wilson(0, n)[0] == 0
        assert wilson(n, n)[1] == 1


@given(st.integers(1, 5000), st.floats(0, 1), st.floats(0.5, 0.99))
def test_an_interval_lies_within_0_and_1_and_around_its_share(trials, share, level):
    count = round(share * trials)
    low, high = wilson(count, trials, level)
    assert 0 <= low <= count / trials <= high <= 1
    assert high > low


@given(st.integers(0, 200), st.integers(1, 200))
def test_intervals_of_hits_and_misses_mirror_each_other(count, more):
    trials = count + more
    low, high = wilson(count, trials)
    other_low, other_high = wilson(trials - count, trials)
    assert (low, high) == (pytest.approx(1 - other_high, abs=1e-12), pytest.approx(1 - other_low, abs=1e-12))


def test_nine_intervals_in_ten_hold_the_true_share():
    """Coverage of Wilson's interval, added up exactly over the binomial distribution of 100 trials at 7 %."""
    n, p = 100, 0.07
    counts = np.arange(n + 1)
    low, high = wilson(counts, n)
    weight = np.array([math.comb(n, int(k)) * p**k * (1 - p) ** (n - k) for k in counts])
    assert 0.86 < weight[(low <= p) & (p <= high)].sum() < 0.94


def test_no_trials_have_no_interval_and_impossible_counts_no_answer():
    assert all(math.isnan(v) for v in wilson(0, 0))
    for count, trials, level in ((5, 4, 0.9), (-1, 4, 0.9), (1, 4, 1.0)):
        with pytest.raises(ValueError, match="lies between"):
            wilson(count, trials, level)


def test_an_outcome_has_happened_from_the_end_of_its_step(runs):
    """A war in step 0 is known at the second date, not at the first."""
    found = over_time(written_by_hand(runs), "war")
    assert found["count"].values[0].tolist() == [0, 1, 1, 1, 1, 2, 2]
    assert found["runs"].values.tolist() == [9]
    assert float(found["probability"][0, -1]) == pytest.approx(2 / 9)


def test_failed_runs_count_neither_above_nor_below_the_line(runs):
    some = written_by_hand(runs)
    assert probability(some, "scare")["count"].item() == 3
    some["status"].values[:] = 2
    nothing = probability(some, "scare")
    assert nothing["runs"].item() == 0
    assert math.isnan(nothing["probability"].item())
    assert math.isnan(nothing["low"].item())


def test_otherwise_holds_in_the_runs_that_no_absorbing_outcome_has_ended(runs):
    """Scares come and go; only the two wars end a run."""
    found = over_time(written_by_hand(runs), "simmering")
    assert found["count"].values[0].tolist() == [9, 8, 8, 8, 8, 7, 7]


def test_ends_and_otherwise_share_out_all_runs_at_every_date(runs):
    total = over_time(runs, "war")["count"] + over_time(runs, "simmering")["count"]
    assert (total == over_time(runs, "war")["runs"]).all()


def test_an_outcome_has_come_by_the_days_after_its_moment(runs):
    """A scare in the first month, when a quarter of it was over: on 8 January, counted from the 9th."""
    some = written_by_hand(runs)
    some["outcome_part"].values[0, 0, 1] = 0.25
    by = {day: probability(some, "scare", by=f"2020-01-{day:02}")["count"].item() for day in (8, 9, 31)}
    assert by == {8: 0, 9: 1, 31: 1}
    assert probability(some, "scare", by="2020-01-09").attrs["by"] == "2020-01-09"
    assert probability(some, "simmering", by="2020-01-31")["count"].item() == 8, (
        "9 hold, 1 of 2 wars has come"
    )


def test_runs_that_know_no_moments_count_the_steps_that_have_ended(runs):
    some = written_by_hand(runs).drop_vars("outcome_part")
    by = {day: probability(some, "scare", by=day)["count"].item() for day in ("2020-01-31", "2020-02-01")}
    assert by == {"2020-01-31": 0, "2020-02-01": 1}
    assert probability(some, "scare", by=date(2020, 7, 1))["count"].item() == 3
    assert probability(some, "scare", by="2020-01-31").attrs["by"] == "2020-01-01"  # not the day asked for
    assert probability(some, "scare").attrs["by"] == "2020-07-01"


@pytest.mark.parametrize("day", ["2019-12-31", "2021-01-01", "July"])
def test_a_day_outside_the_runs_is_refused(runs, day):
    with pytest.raises(UsageError, match=r"lies outside|is no date"):
        probability(runs, "war", by=day)


def test_an_unknown_outcome_is_answered_with_the_one_that_was_meant(runs):
    with pytest.raises(UsageError, match="Did you mean `simmering`"):
        probability(runs, "simering")


def test_the_summary_agrees_with_counting_by_hand(runs):
    found = summary(written_by_hand(runs))
    baseline = found.policies["baseline"]
    assert (found.runs, found.failed_runs, baseline.runs, baseline.failed_runs) == (10, 1, 9, 1)
    assert found.failures == (1, 10)
    war = baseline.outcomes["war"]
    assert war.probability == 2 / 9
    assert list(war.by.values()) == [0, 1 / 9, 1 / 9, 1 / 9, 1 / 9, 2 / 9, 2 / 9]
    assert min(war.by) == found.start == date(2020, 1, 1)
    assert max(war.by) == found.end == date(2020, 7, 1)
    assert found.as_dict()["failures"] == [
        {
            "policy": "baseline",
            "why": "not_finite",
            "variable": "arms",
            "runs": 1,
            "first": "2020-03-01",
            "scenario": 9,
        }
    ]


def test_percentiles_are_those_of_the_runs_that_hold(runs):
    some = written_by_hand(runs)
    some["arms"].values[0, :, 3] = np.arange(10.0) + 1  # the last one, 10, failed
    some["arms"].values[0, 9, :] = np.nan
    at = summary(some).policies["baseline"].variables["arms"].by[date(2020, 4, 1)]
    assert at == Quantiles(p05=1.4, p50=5.0, p95=8.6)  # of 1 to 9, linear between ranks


def test_shares_of_actions_are_of_the_months_in_which_an_actor_acted(runs):
    some = written_by_hand(runs)
    some["action"].values[:] = -1
    some["action"].values[0, 0, :4, 1] = [0, 0, 1, 2]
    some["action"].values[0, 9, :, 1] = 2  # failed
    found = summary(some)
    assert found.policies["baseline"].actions["red"] == {"wait": 0.5, "arm": 0.25, "shout": 0.25}
    plain = found.as_dict()["policies"]["baseline"]["actions"]
    assert plain["blue"] == {"wait": None, "press": None, "talk": None}


def test_a_summary_is_plain_json_without_nan(runs):
    some = written_by_hand(runs)
    some["status"].values[:] = 1
    assert (
        json.loads(summary(some).to_json())["policies"]["baseline"]["outcomes"]["war"]["probability"] is None
    )


def without_percentiles(found):
    policies = {name: replace(p, variables={}) for name, p in found.policies.items()}
    return replace(found, quantiles_from=0, policies=policies)


def test_an_outlook_comes_back_from_its_json(runs):
    found = summary(written_by_hand(runs))
    assert found.failed, "with a failure in it"
    assert Outlook.from_dict(json.loads(found.to_json())) == found


def test_parts_add_up_to_the_whole(design, runs):
    """Counting 200 runs in four parts gives the bytes of counting them at once, but for percentiles."""
    whole, tally = summary(runs), Tally()
    for part in simulate_blocks(design, 50, how=How(engine="oracle")):
        tally.add(part)
    parts = tally.summary()
    assert (parts.quantiles_from, whole.quantiles_from) == (50, 200)
    first = summary(runs.isel(scenario=slice(50)))
    for name, policy in parts.policies.items():
        assert policy.variables == first.policies[name].variables
    assert without_percentiles(parts) == without_percentiles(whole)


def test_the_same_runs_are_not_counted_twice(runs):
    tally = Tally().add(runs)
    with pytest.raises(OfframpError, match="counted before"):
        tally.add(runs)


def test_runs_of_another_seed_are_not_added(model, runs):
    other = simulate(Design(model, ["baseline"], [900], seed=4), how=How(engine="oracle"))
    with pytest.raises(OfframpError, match="seed"):
        Tally().add(runs).add(other)


def test_nothing_added_has_no_summary():
    with pytest.raises(OfframpError, match="no runs"):
        Tally().summary()


def test_an_outlook_short_of_memory_counts_the_same_runs(model):
    """With room for the paths of 1,000 runs only, 2,500 runs are counted in full and the summary says so."""
    design = Design(model, ["baseline", "late"], 2_500, seed=1)
    roomy, done = outlook(design), []
    how = How(progress=lambda n, all: done.append((n, all)))
    tight = outlook(design, memory=1_000 * bytes_of_run(model), how=how)
    assert (roomy.quantiles_from, tight.quantiles_from) == (2_500, 1_000)
    assert done[-1] == (5_000, 5_000)
    assert [n for n, _ in done] == sorted(n for n, _ in done)
    assert without_percentiles(tight) == without_percentiles(roomy)
    assert "arms" in tight.policies["late"].variables


def test_the_memory_of_a_run_is_estimated_from_above_and_not_by_much(model):
    runs = simulate(Design(model, ["baseline"], 400), how=How(engine="oracle"))
    assert 0.95 < 400 * bytes_of_run(model) / runs.nbytes < 1.3


def test_overrides_are_part_of_a_summary(model):
    found = ofr.outlook(Design(model, scenarios=2, seed=0, overrides={"arms": 12}))
    assert found.set == {"arms": 12}
    assert found.seed == 0


def test_chances_by_days_of_ones_own_are_to_the_day_however_runs_are_counted(model):
    """A hazard of 0.4 a month: 1 - exp(-0.4 t) by the 11th and 21st of the first month and by the end."""
    hazard = made(
        "variables: {x: {initial: 0}}\noutcomes: {war: {rate: 0.4 / month, absorbing: true},"
        " peace: {otherwise: true}}",
        STEPS,
    )
    design = Design(hazard, scenarios=20_000, seed=1)
    days = ["2020-01-11", "2020-01-21", "2020-07-01"]
    whole = outlook(design, by=days)
    assert [d.isoformat() for d in whole.by] == days
    asked = whole.policies["baseline"].outcomes
    for day, months in zip(whole.by, (10 / 31, 20 / 31, 6), strict=True):
        chance, peace = asked["war"].asked[day], asked["peace"].asked[day]
        assert chance.probability == pytest.approx(1 - np.exp(-0.4 * months), abs=0.011)
        assert chance.low < chance.probability < chance.high
        assert peace.probability == pytest.approx(1 - chance.probability)
    assert asked["war"].asked[whole.by[-1]].probability == asked["war"].probability
    in_parts = outlook(design, by=days, memory=1000)
    assert in_parts.policies["baseline"].outcomes["war"].asked == asked["war"].asked
    assert [probability(simulate(design), "war", by=d).probability.item() for d in days] == [
        asked["war"].asked[d].probability for d in whole.by
    ]
    with pytest.raises(UsageError, match="lies outside"):
        outlook(design, by=["2020-08-01"])
