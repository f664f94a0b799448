"""Designs: who is drawn, from what, and what cannot be asked for."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from offramp.engine.schedule import schedule_of
from offramp.errors import UsageError
from offramp.model import Intervention, Policy
from offramp.runs.design import Design
from offramp.runs.simulate import simulate
from small_models import STRAIT, made

RUNS = 20_000


@pytest.fixture(scope="module")
def strait():
    return made(STRAIT, 10)


def column(model, name):
    return [p.name for p in model.parameters].index(name)


def test_parameters_follow_their_priors(strait):
    drawn = Design(strait, scenarios=RUNS).inputs("baseline").parameters
    calm, resolve = drawn[:, column(strait, "calm_level")], drawn[:, column(strait, "resolve")]
    assert stats.kstest(calm, stats.uniform(20, 20).cdf).pvalue > 1e-4
    assert stats.kstest(resolve, stats.beta(2, 3).cdf).pvalue > 1e-4
    assert abs(np.corrcoef(calm, resolve)[0, 1]) < 4 / np.sqrt(RUNS)


def test_uncertain_initial_values_follow_their_priors(strait):
    initial = Design(strait, scenarios=RUNS).inputs("baseline").initial
    assert stats.kstest(initial[:, 0], stats.norm(40, 5).cdf).pvalue > 1e-4
    assert (initial[:, 1] == 10).all()


def test_initial_values_and_misreadings_may_be_formulas_of_the_true_parameters():
    model = made(
        """
        variables: {x: {initial: 2 * a + b}}
        parameters: {a: {value: "uniform(0, 1)"}, b: {value: 3}}
        actors:
          blue: {misreads: {a: 1 - a}, actions: {wait: {}}}
          red: {misreads: {b: "normal(0, 1)", a: 0.5}, actions: {wait: {}}}
        """
    )
    inputs = Design(model, scenarios=RUNS, overrides={"b": 4}).inputs("baseline")
    a = inputs.parameters[:, 0]
    np.testing.assert_array_equal(inputs.initial[:, 0], 2 * a + 4)
    np.testing.assert_array_equal(inputs.misread[:, 0], 1 - a)  # blue's a
    assert stats.kstest(inputs.misread[:, 1], "norm").pvalue > 1e-4  # red's b
    assert (inputs.misread[:, 2] == 0.5).all()


@given(
    numbers=st.lists(st.integers(0, 2**50), min_size=1, max_size=30, unique=True),
    seed=st.integers(0, 2**64 - 1),
)
@settings(max_examples=20, deadline=None)
def test_a_scenario_is_a_function_of_seed_and_number_alone(strait, numbers, seed):
    together = Design(strait, scenarios=numbers, seed=seed).inputs("baseline")
    for i, number in enumerate(numbers):
        alone = Design(strait, ["late"], [number], seed).inputs("late")
        np.testing.assert_array_equal(alone.parameters[0], together.parameters[i])
        np.testing.assert_array_equal(alone.initial[0], together.initial[i])


def test_setting_one_thing_leaves_every_other_draw_as_it_was(strait):
    free = Design(strait, scenarios=50).inputs("baseline")
    held = Design(strait, scenarios=50, overrides={"resolve": 0.25, "arms": 12}).inputs("baseline")
    other = column(strait, "calm_level")
    np.testing.assert_array_equal(free.parameters[:, other], held.parameters[:, other])
    np.testing.assert_array_equal(free.initial[:, 0], held.initial[:, 0])
    assert (held.parameters[:, column(strait, "resolve")] == 0.25).all()
    assert (held.initial[:, 1] == 12).all()


def test_seed_zero_is_a_seed_and_the_largest_is_another(strait):
    draws = [Design(strait, scenarios=5, seed=s).inputs("baseline").parameters for s in (0, 1, 2**64 - 1)]
    assert len({d.tobytes() for d in draws}) == 3
    assert Design(strait, scenarios=5).inputs("baseline").parameters.tobytes() == draws[0].tobytes()


def test_pieces_make_up_the_whole(strait):
    design = Design(strait, ["baseline", "late"], 10, seed=3, overrides={"resolve": 0.5})
    pieces = list(design.blocks(4))
    assert [len(p.scenarios) for p in pieces] == [4, 4, 2]
    assert [n for p in pieces for n in p.scenarios] == list(range(10))
    assert all((p.policies, p.seed, p.overrides) == (design.policies, 3, {"resolve": 0.5}) for p in pieces)
    assert design.only(range(3, 5), ["late"]).runs == 2
    assert design.only(7).scenarios.tolist() == [7]
    assert design.runs == 20


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"policies": ["lat"]}, r"model `small` has no policy `lat`. Did you mean `late`\?"),
        ({"policies": ["xyz"]}, r"no policy `xyz`. There are: baseline, nothing, late."),
        ({"policies": []}, "at least one policy"),
        ({"policies": ["late", "late"]}, "named twice"),
        ({"scenarios": 0}, "0 scenarios: at least 1"),
        ({"scenarios": []}, "at least one scenario"),
        ({"scenarios": [1, 1]}, "named twice"),
        ({"scenarios": [-1]}, "numbered with whole numbers from 0"),
        ({"scenarios": [0.5]}, "numbered with whole numbers from 0"),
        ({"seed": -1}, "seed -1 is not a whole number from 0"),
        ({"seed": 2**64}, "is not a whole number from 0"),
        ({"seed": True}, "is not a whole number from 0"),
        ({"overrides": {"resolv": 1}}, r"no parameter or stock `resolv`. Did you mean `resolve`\?"),
        ({"overrides": {"threat": 1}}, "`threat` of model `small` is computed from others"),
        ({"overrides": {"resolve": float("nan")}}, "a finite number is needed"),
        ({"overrides": {"resolve": "high"}}, "'high': a finite number is needed"),
        ({"overrides": {"tension": 101}}, "its bounds are 0 to 100"),
    ],
)
def test_what_cannot_be_asked_for_is_said(strait, how, message):
    with pytest.raises(UsageError, match=message):
        Design(strait, **how)


def test_a_scenario_outside_the_design_cannot_be_picked_from_it(strait):
    with pytest.raises(UsageError, match="scenario 10 is not in this design"):
        Design(strait, scenarios=10).only([3, 10])


def test_inputs_are_there_for_the_policies_of_the_design_alone(strait):
    with pytest.raises(UsageError, match=r"no policy `late`. There are: baseline"):
        Design(strait, scenarios=2).inputs("late")


def test_one_policy_by_name_is_one_policy(strait):
    assert Design(strait, "late").policies == ("late",)
    assert Design(strait).policies == ("baseline",)


def test_baseline_is_there_even_if_the_file_does_not_name_it():
    model = made("variables: {x: {initial: 0}}")
    schedule = Design(model, ["baseline"]).inputs("baseline").schedule
    assert schedule.allowed.all()
    assert np.isnan(schedule.hold).all()


def test_in_weeks_an_intervention_holds_from_the_week_of_its_date_until_that_of_its_end():
    model = made(
        """
        variables: {x: {initial: 0}}
        actors: {blue: {actions: {wait: {}, go: {}}}}
        policies: {ours: {do: [{from: 2020-01-10, until: 2020-01-24, force: {blue: go}, shift: {x: 1}}]}}
        """,
        steps=5,
        step="week",
    )
    # Weeks begin on 1, 8, 15, 22 and 29 January.
    schedule = schedule_of(model, model.policies[1])
    np.testing.assert_array_equal(schedule.forced[:, 0], [-1, 1, 1, -1, -1])
    np.testing.assert_array_equal(schedule.shift_stock[:, 0], [0, 1, 0, 0, 0])


def test_of_interventions_that_overlap_the_later_holds():
    """In a file two values at one time are refused; in code the later of two is taken."""
    model = made(
        """
        variables: {x: {initial: 0}}
        parameters: {k: {value: 1}}
        actors: {blue: {actions: {wait: {}, go: {}, stop: {}}}}
        policies:
          ours:
            do:
              - {from: 2020-01-20, until: 2020-03-10, force: {blue: go}, shift: {k: 2}, set: {x: 3}}
              - {from: 2020-02-01, set: {k: 7}, shift: {k: 1, x: 2}, forbid: {blue: [stop]}}
        """,
        steps=4,
    )
    schedule = schedule_of(model, model.policies[1])
    np.testing.assert_array_equal(schedule.forced[:, 0], [1, 1, -1, -1])
    np.testing.assert_array_equal(schedule.hold[:, 0], [np.nan, 7, 7, 7])
    np.testing.assert_array_equal(schedule.shift[:, 0], [2, 3, 1, 1])
    np.testing.assert_array_equal(schedule.set_stock[:, 0], [3, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(schedule.shift_stock[:, 0], [0, 2, 0, 0])
    np.testing.assert_array_equal(schedule.allowed[:, 2], [True, False, False, False])
    assert schedule.allowed[:, :2].all()

    early = Intervention(end=date(2020, 3, 10), set=(("k", 5.0),), force=(("blue", "go"),))
    late = Intervention(start=date(2020, 2, 1), set=(("k", 7.0),), force=(("blue", "stop"),))
    schedule = schedule_of(model, Policy("by_hand", "", (early, late)))
    np.testing.assert_array_equal(schedule.hold[:, 0], [5, 7, 7, 7])
    np.testing.assert_array_equal(schedule.forced[:, 0], [1, 2, 2, 2])
    schedule = schedule_of(model, Policy("turned", "", (late, early)))
    np.testing.assert_array_equal(schedule.hold[:, 0], [5, 5, 7, 7])
    np.testing.assert_array_equal(schedule.forced[:, 0], [1, 1, 2, 2])


# Types

TYPED = """
variables: {x: {initial: resolve * 10}}
parameters:
  resolve: {value: 0.5}
  base: {value: "uniform(0, 1)"}
  chance: {value: "uniform(0.2, 0.4)"}
actors:
  blue:
    depth: 1
    horizon: 1
    precision: 1
    utility: {x: x}
    misreads: {base: 2 * resolve}
    beliefs: {red: {prior: {hard: chance, mild: chance, soft: rest}}}
    actions: {wait: {}}
  red:
    types:
      hard: {parameters: {resolve: "uniform(0.8, 1)"}}
      mild: {parameters: {resolve: base / 2 + resolve}}
      soft: {parameters: {resolve: 0.1}}
    true_type: {hard: chance, mild: 0.3, soft: rest}
    actions: {wait: {}}
policies: {firm: {do: [{set: {resolve: 0.7}}]}}
"""


@pytest.fixture(scope="module")
def typed():
    return made(TYPED, 3)


def test_true_types_are_drawn_with_their_chances(typed):
    inputs = Design(typed, scenarios=RUNS).inputs("baseline")
    assert (inputs.true_type[:, 0] == -1).all()
    chance = inputs.parameters[:, column(typed, "chance")]
    expected = np.array([chance.mean(), 0.3, 0.7 - chance.mean()])
    counted = np.bincount(inputs.true_type[:, 1], minlength=3)
    assert stats.chisquare(counted, expected * RUNS).pvalue > 1e-4
    high = chance > 0.3
    assert (inputs.true_type[high, 1] == 0).mean() > (inputs.true_type[~high, 1] == 0).mean()


def test_the_truth_has_the_values_of_the_true_type(typed):
    inputs = Design(typed, scenarios=500).inputs("baseline")
    resolve, base = (
        inputs.parameters[:, column(typed, "resolve")],
        inputs.parameters[:, column(typed, "base")],
    )
    hard, mild, soft = (inputs.true_type[:, 1] == k for k in range(3))
    assert stats.kstest(resolve[hard], stats.uniform(0.8, 0.2).cdf).pvalue > 1e-4
    np.testing.assert_array_equal(resolve[mild], base[mild] / 2 + 0.5)  # a type reads what is drawn
    assert (resolve[soft] == 0.1).all()
    np.testing.assert_array_equal(inputs.initial[:, 0], resolve * 10)  # all else reads the truth
    np.testing.assert_array_equal(inputs.misread[:, 0], resolve * 2)
    np.testing.assert_array_equal(inputs.type_value[:, 1], base / 2 + 0.5)  # known of all types
    np.testing.assert_array_equal(inputs.type_value[hard, 0], resolve[hard])


def test_prior_beliefs_sum_to_one(typed):
    inputs = Design(typed, scenarios=500).inputs("baseline")
    chance = inputs.parameters[:, column(typed, "chance")]
    expected = np.stack([chance, chance, 1 - 2 * chance], axis=1)
    np.testing.assert_allclose(inputs.prior, expected, rtol=1e-12)
    assert typed.suppositions == tuple(("blue", "red", t) for t in ("hard", "mild", "soft"))


def test_a_scenario_has_the_same_true_type_under_every_policy_and_in_any_company(typed):
    whole = Design(typed, ["baseline", "firm"], 50, seed=4)
    baseline, firm = whole.inputs("baseline"), whole.inputs("firm")
    np.testing.assert_array_equal(baseline.true_type, firm.true_type)
    np.testing.assert_array_equal(baseline.parameters, firm.parameters)
    alone = whole.only(17).inputs("firm")
    np.testing.assert_array_equal(alone.true_type[0], firm.true_type[17])
    np.testing.assert_array_equal(alone.type_value[0], firm.type_value[17])


def test_a_parameter_set_by_hand_holds_whatever_the_true_type(typed):
    design = Design(typed, scenarios=50, overrides={"resolve": 0.3})
    inputs, free = design.inputs("baseline"), Design(typed, scenarios=50).inputs("baseline")
    assert (inputs.parameters[:, column(typed, "resolve")] == 0.3).all()
    np.testing.assert_array_equal(inputs.true_type, free.true_type)
    np.testing.assert_array_equal(inputs.type_value[:, 2], 0.1)  # what red might be stays


def test_a_true_type_without_finite_chances_leaves_no_value():
    model = made(TYPED.replace("{hard: chance, mild: 0.3, soft: rest}", "{hard: log(-chance), soft: rest}"))
    inputs = Design(model, scenarios=5).inputs("baseline")
    assert (inputs.true_type == -1).all()
    assert np.isnan(inputs.parameters[:, column(model, "resolve")]).all()


def test_lives_of_a_scenario_share_its_world_and_none_of_its_luck(strait):
    """Parameters, beginnings and misreadings are drawn once; what befalls the world is drawn anew."""
    first, second = (Design(strait, scenarios=500, life=n) for n in (0, 1))
    a, b = first.inputs("baseline"), second.inputs("baseline")
    np.testing.assert_array_equal(a.parameters, b.parameters)
    np.testing.assert_array_equal(a.initial, b.initial)
    assert not np.isin(a.scenario, b.scenario).any()
    runs, again = simulate(first), simulate(second)
    np.testing.assert_array_equal(runs["tension"][..., 0], again["tension"][..., 0])
    noise = runs["tension"][0, :, 1] - again["tension"][0, :, 1]
    # Of equal worlds the noise of one step differs with standard deviation 3 * sqrt(2), at the least.
    assert float(noise.std()) > 3
    assert (runs.attrs["life"], again.attrs["life"]) == (0, 1)


@pytest.mark.parametrize("life", [-1, 4096, 0.5, True])
def test_a_life_that_cannot_be_is_refused(strait, life):
    with pytest.raises(UsageError, match=r"life .* is not a whole number from 0 to 4095"):
        Design(strait, life=life)
