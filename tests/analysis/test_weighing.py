"""Luck taken out of differences of chances: what it leaves where it is, and how much it spares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import offramp as ofr
from offramp.analysis import measures
from offramp.analysis.changes import ChangeAt
from offramp.analysis.paired import share_difference
from offramp.analysis.weighing import Weighed, luck_known, remainder, weigh
from small_models import made

# War by a rate that is uncertain and that guns raise; blue chooses by habit.
MODEL = """
variables:
  guns: {unit: points, initial: 10}
parameters:
  danger: {unit: 1/month, value: "uniform(0.001, 0.005)"}
actors:
  blue:
    actions: {wait: {}, arm: {effects: {guns: 1}, propensity: -1}}
outcomes:
  war: {rate: danger * guns, absorbing: true}
  calm: {rate: 0.01 / month, absorbing: true}
  armed: {when: guns > 12.5}
  peace: {otherwise: true}
policies:
  arming: {do: [{force: {blue: arm}}]}
  resting: {do: [{force: {blue: wait}}]}
"""


def risky(seed, runs=400, effect=0.7):
    """Scenarios of unlike risk, which the second policy lowers; the same luck decides under both."""
    rng = np.random.default_rng(seed)
    risk = np.minimum(rng.gamma(0.5, 0.1, runs), 0.9)
    u = rng.random(runs)
    likely = np.stack([risk, effect * risk])
    return (u < likely).astype(float), likely


def test_what_is_likely_and_what_came_have_one_mean_and_so_has_every_mixture():
    came, likely = risky(1, 200_000)
    found = weigh(came, likely)
    assert 0 < found.taken <= 1
    assert found.left == pytest.approx(came - found.taken * (came - likely))
    true = -0.3 * np.minimum(np.random.default_rng(1).gamma(0.5, 0.1, 200_000), 0.9).mean()
    for share in (0.0, found.taken, 1.0):
        left = came - share * (came - likely)
        assert (left[1] - left[0]).mean() == pytest.approx(true, abs=4e-4)


def test_intervals_hold_the_true_change_nine_times_in_ten_and_are_narrower():
    true = -0.3 * np.minimum(np.random.default_rng(99).gamma(0.5, 0.1, 4_000_000), 0.9).mean()
    held, width, counted = 0, 0.0, 0.0
    for seed in range(300):
        came, likely = risky(seed)
        found = weigh(came, likely).difference()
        held += found.low <= true <= found.high
        width += found.high - found.low
        by_count = share_difference(came[1], came[0])
        counted += by_count.high - by_count.low
    assert 0.86 <= held / 300 <= 0.94
    assert width < 0.6 * counted


def test_as_much_is_taken_as_makes_the_chance_vary_least():
    came, likely = risky(3, 2_000)
    taken = luck_known(came[0], likely[0])

    def variance(share):
        return np.var(came[0] - share * (came[0] - likely[0]))

    # Where most come near to it, what came and how likely it was vary alike, and half of each is best: a
    # hazard adds up until it strikes, which it does when the sum passes an exponential number.
    rng = np.random.default_rng(4)
    hazard, until = rng.gamma(2, 0.5, 2_000), rng.exponential(1, 2_000)
    struck, summed = (until < hazard).astype(float), np.minimum(hazard, until)
    between = luck_known(struck, summed)
    assert 0.4 < between < 0.7
    for other in (between - 0.05, between + 0.05, 0.0, 1.0):
        less = struck - between * (struck - summed)
        assert np.var(less) <= np.var(struck - other * (struck - summed))
    assert variance(taken) < 0.8 * variance(0.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_a_chance_never_varies_more_than_counted_and_stays_a_chance(runs, seed):
    rng = np.random.default_rng(seed)
    came = (rng.random((2, runs)) < 0.3).astype(float)
    likely = rng.gamma(1.0, 0.5, (2, runs))  # single values may be above 1
    found = weigh(came, likely)
    assert np.var(found.left[0]) <= np.var(came[0]) + 1e-12
    assert 0 <= found.left.mean(axis=1).min() <= found.left.mean(axis=1).max() <= 1


def test_where_luck_tells_nothing_it_is_counted():
    came = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    assert weigh(came, came).taken == 0.0, "what came was certain"
    assert weigh(came, np.full((2, 4), 0.3)).taken == 1.0, "what came was luck alone"
    against = weigh(came, 2 * came - 1)  # luck that runs the other way
    assert against.taken == 0.0
    assert against.difference() == share_difference(came[1], came[0])
    beyond = weigh(np.array([[1.0, 1, 1, 0], [1, 1, 0, 1]]), np.array([[0.7, 0.8, 0.7, 0.6], [3, 3, 3, 3]]))
    assert luck_known(np.array([1.0, 1, 1, 0]), np.array([0.7, 0.8, 0.7, 0.6])) > 0.5
    assert beyond.taken == 0.0, "what is left would be a chance above 1"


def test_a_policy_has_one_number_whatever_else_it_is_compared_with():
    came, likely = risky(6, 3_000)
    third = np.minimum(1.3 * likely[0], 1.0)
    u = np.random.default_rng(8).random(3_000)
    more, likelier = np.vstack([came, u < third]), np.vstack([likely, third])
    two, three = weigh(came, likely), weigh(more, likelier)
    assert three.difference(1, 0) == two.difference(1, 0)
    one, other = three.difference(1, 0), three.difference(2, 1)
    assert one.here == other.there
    assert one.value + other.value == pytest.approx(three.difference(2, 0).value)


def test_runs_that_failed_count_under_no_policy():
    came, likely = risky(5, 500)
    gone = came.copy()
    gone[0, :50], gone[1, 50:80] = np.nan, np.nan
    found, whole = weigh(gone, likely), weigh(came[:, 50:], likely[:, 50:])
    assert found.taken == pytest.approx(whole.taken)
    assert found.difference().scenarios == 420
    left = Weighed(came[:, 80:], came[:, 80:] - whole.taken * (came - likely)[:, 80:], whole.taken)
    assert found.difference().value == pytest.approx(left.difference().value)


def test_what_nothing_ends_is_what_all_ends_leave():
    came, likely = risky(7)
    war, deal = weigh(came, likely), Weighed(1 - came, 1 - came, 0.0)
    none = remainder(np.zeros_like(came), [war, deal])
    assert none.taken == war.taken
    assert none.left + war.left + deal.left == pytest.approx(np.ones_like(came))
    assert remainder(came, [deal]).taken == 0.0


@pytest.fixture(scope="module")
def model():
    return made(MODEL, 12)


def test_runs_keep_the_chance_of_each_step_where_they_are_asked_to(model):
    design = ofr.Design(model, ["resting"], scenarios=300)
    assert "outcome_chance" not in ofr.simulate(design)
    runs = ofr.simulate(design, chances=True)
    chance = runs.outcome_chance.sel(policy="resting")
    # Guns stay at 10: the hazards are 10 * danger and 0.01 a month, so long as nothing has come.
    danger = runs.parameter_value.sel(parameter="danger").values
    total = 10 * danger + 0.01
    first = 10 * danger / total * -np.expm1(-total)
    assert chance.sel(outcome="war").values[:, 0] == pytest.approx(first)
    ended = np.maximum(*(runs.outcome_step.sel(policy="resting", outcome=o).values for o in ("war", "calm")))
    for run in np.flatnonzero(ended >= 0)[:20]:
        of_run = chance.sel(outcome="war").values[run]
        assert of_run[: ended[run] + 1] == pytest.approx(first[run])
        assert (of_run[ended[run] + 1 :] == 0).all()
    assert np.isnan(chance.sel(outcome=["armed", "peace"])).all()
    likely = measures.likely(runs, "war")[0]
    assert likely == pytest.approx(chance.sel(outcome="war").sum("step").values)
    peace = 1 - measures.likely(runs, "calm")[0] - likely
    assert measures.likely(runs, "peace")[0] == pytest.approx(peace)
    assert measures.likely(runs, "armed")[0].tolist() == measures.came(runs, "armed")[0].tolist()


def test_compared_policies_have_the_chances_of_closed_forms_from_few_futures(model):
    """Resting, the chance is an integral over danger; 300 futures come within a fifth of a point of it."""

    def war(danger):
        total = 10 * danger + 0.01
        return 10 * danger / total * -math.expm1(-12 * total)

    true = np.mean([war(d) for d in np.linspace(0.001, 0.005, 2001)])
    found = ofr.compare(ofr.Design(model, ["resting"], scenarios=300), "arming", worlds=0)
    change = found.policies["resting"].outcomes["war"]
    assert change.without_luck > 0.3
    assert change.here == pytest.approx(true, abs=0.02)
    assert change.high - change.low < 0.06
    ends = [found.policies["resting"].outcomes[n] for n in ("war", "calm", "peace")]
    assert sum(d.here for d in ends) == pytest.approx(1.0, abs=3e-6)  # to six digits each
    assert sum(d.difference for d in ends) == pytest.approx(0.0, abs=3e-6)
    assert change.by[model.dates[-1]] == ChangeAt(
        difference=change.difference, low=change.low, high=change.high
    )


def test_an_outcome_with_a_condition_that_a_ladder_may_bring_too_is_counted_as_it_came():
    from offramp.engine.hazards import is_smooth

    text = """
variables: {x: {initial: 0, change: 1 / month}}
actors:
  a: {actions: {go: {}, stay: {}}}
  b: {actions: {go: {}, stay: {}}}
outcomes:
  war: {when: x > 3, absorbing: true}
  end: {absorbing: true}
ladders:
  one: {sides: [a, b], rate: 0.1 / month, moves: 2, war: war, war_worth: {a: -1, b: -1},
        rungs: {shots: {loses_control: 0.5}}}
  two: {sides: [a, b], rate: 0.1 / month, moves: 2, war: end, war_worth: {a: -1, b: -1},
        rungs: {shots: {loses_control: 0.5}}}
"""
    model = made(text)
    assert not is_smooth(model, "war")
    assert is_smooth(model, "end")
    runs = ofr.simulate(ofr.Design(model, scenarios=20), chances=True)
    assert np.isnan(runs.outcome_chance.sel(outcome="war")).all()
