"""What a run may depend on and what it may not; how runs end, and how they fail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offramp.engine.outputs import Status
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from small_models import ENGINES, STRAIT, made, outputs, path, same_bits

pytestmark = pytest.mark.parametrize("engine", ENGINES)

MONTHS = 10


@pytest.fixture(scope="module")
def strait():
    return made(STRAIT, MONTHS)


def with_policy(text):
    """The strait with one more policy, `ours`."""
    return made(STRAIT + f"  ours: {{do: [{text}]}}\n", MONTHS)


# Luck belongs to the scenario


def test_two_policies_that_differ_in_nothing_give_identical_bits(engine, strait):
    base = outputs(strait, engine, 300)
    assert same_bits(base, outputs(strait, engine, 300, "nothing"))
    assert (base.action == 1).any()


def test_two_policies_that_differ_from_july_agree_bit_for_bit_until_then(engine, strait):
    base, late = outputs(strait, engine, 300), outputs(strait, engine, 300, "late")
    for name in ("action", "event"):
        before, after = getattr(base, name), getattr(late, name)
        assert before[:, :6].tobytes() == after[:, :6].tobytes()
    assert base.probability[:, :6].tobytes() == late.probability[:, :6].tobytes()
    assert base.state[:, :7].tobytes() == late.state[:, :7].tobytes()
    assert not (base.state[:, 7] == late.state[:, 7]).all()


@given(number=st.integers(0, 2**40), others=st.lists(st.integers(0, 2**40), max_size=20))
@settings(max_examples=10, deadline=None)
def test_a_run_is_the_same_alone_or_in_a_crowd(engine, strait, number, others):
    """Vectorising must not let one scenario leak into another."""
    runner = engine_for(strait, engine)
    crowd = [n for n in dict.fromkeys(others) if n != number]
    design = Design(strait, scenarios=[*crowd, number], seed=5)
    together = runner.run(design.inputs("baseline"), probabilities=True)
    alone = runner.run(design.inputs("baseline", [number]), probabilities=True)
    at = np.array([len(crowd)])
    assert together.state[at].tobytes() == alone.state.tobytes()
    assert together.action[at].tobytes() == alone.action.tobytes()
    assert together.probability[at].tobytes() == alone.probability.tobytes()
    assert together.outcome[at].tobytes() == alone.outcome.tobytes()


def test_other_seeds_and_other_scenarios_are_other_runs(engine, strait):
    one, two = outputs(strait, engine, 50, seed=1), outputs(strait, engine, 50, seed=2)
    assert (one.state[:, -1, 0] != two.state[:, -1, 0]).all()
    assert len(np.unique(one.state[:, 1, 0])) == 50


def test_the_order_of_the_file_changes_no_run(engine, strait):
    """Actions, actors, variables, parameters and events turned round: the same runs but for rounding."""
    import yaml

    def reverse(value, key=""):
        if not isinstance(value, dict):
            return value
        # Branches are drawn and outcomes break ties in the order of the file: that order has a meaning.
        items = value.items() if key in ("branches", "outcomes") else reversed(value.items())
        return {k: reverse(v, k) for k, v in items}

    text = yaml.safe_dump(reverse(yaml.load(STRAIT, yaml.BaseLoader)), sort_keys=False)
    turned = made(text.replace("'true'", "true"), MONTHS)
    assert [v.name for v in turned.variables] != [v.name for v in strait.variables]
    one, two = outputs(strait, engine, 200), outputs(turned, engine, 200)
    for variable in strait.variables:
        a, b = path(strait, one, variable.name), path(turned, two, variable.name)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    for i, actor in enumerate(strait.actors):
        j = [a.name for a in turned.actors].index(actor.name)
        names = np.array([x.name for x in actor.actions] + ["none"])
        others = np.array([x.name for x in turned.actors[j].actions] + ["none"])
        assert (names[one.action[:, :, i]] == others[two.action[:, :, j]]).all()
    assert (one.outcome == two.outcome).all()


# Policies


def test_forcing_what_would_have_been_done_anyway_changes_nothing(engine, strait):
    base = outputs(strait, engine, 400)
    forced = with_policy("{from: 2020-04-01, until: 2020-05-01, force: {blue: press}}")
    out = outputs(forced, engine, 400, "ours")
    pressed = base.action[:, 3, 0] == 1
    assert 20 < pressed.sum() < 380
    assert same_bits(base, out, pressed)
    going = base.action[:, 3, 0] >= 0
    assert (out.action[going, 3, 0] == 1).all()


def test_forbidding_what_is_never_done_changes_nothing(engine, strait):
    """The luck of each action is its own: taking one away leaves the race of the others as it was."""
    base = outputs(strait, engine, 400)
    out = outputs(with_policy("{forbid: {blue: [press]}}"), engine, 400, "ours")
    never = (base.action[:, :, 0] != 1).all(axis=1)
    assert 5 < never.sum() < 395
    assert same_bits(base, out, never)
    assert (out.action[:, :, 0] != 1).all()


def test_a_force_waits_until_the_action_is_possible(engine):
    model = made(
        """
        variables: {x: {initial: 0, change: 1 / month}}
        actors:
          blue: {actions: {wait: {propensity: 50}, push: {when: x > 1.5}}}
        policies:
          push: {do: [{force: {blue: push}}]}
          ban: {do: [{forbid: {blue: [wait]}}]}
        """,
        steps=4,
    )
    for policy in ("push", "ban"):  # a prohibition that would leave nothing has no effect either
        out = outputs(model, engine, 20, policy)
        assert (out.action[:, :, 0] == [0, 0, 1, 1]).all()
        np.testing.assert_array_equal(out.probability[0, :, 1], [0, 0, 1, 1])


def test_what_a_policy_sets_and_shifts_by_hand(engine):
    model = made(
        """
        variables:
          x: {initial: 10, change: growth}
          seen: {equals: growth * month}
        parameters: {growth: {unit: 1/month, value: 1}}
        policies:
          ours:
            do:
              - {from: 2020-02-15, until: 2020-04-01, set: {growth: 5, x: 100}, shift: {x: 0.5}}
              - {from: 2020-03-01, shift: {growth: 2}}
        """,
        steps=5,
    )
    out = outputs(model, engine, 1, "ours")
    # A shock falls in the step of its date, after that date's value was written down.
    np.testing.assert_array_equal(path(model, out, "x")[0], [10, 11, 105.5, 112.5, 115.5, 118.5])
    np.testing.assert_array_equal(path(model, out, "seen")[0], [1, 1, 5, 7, 3, 3])


def test_nobody_foresees_what_a_policy_will_force(engine):
    """Red will be forced to help from February on; blue's look-ahead knows red's habit alone."""
    model = made(
        """
        variables: {x: {initial: 0}}
        actors:
          blue:
            depth: 1
            horizon: 6
            precision: 1
            utility: {x: x}
            actions: {wait: {}, gain: {effects: {x: 0.1}}}
          red: {actions: {wait: {}, help: {effects: {x: 5}, propensity: -2}}}
        policies: {helped: {do: [{from: 2020-02-01, force: {red: help}}]}}
        """,
        steps=2,
    )
    base, helped = outputs(model, engine, 50), outputs(model, engine, 50, "helped")
    assert base.probability[:, 0].tobytes() == helped.probability[:, 0].tobytes()
    assert (helped.probability[:, 1, 3] == 1).all()


def test_an_actor_decides_in_its_own_picture(engine):
    model = made(
        """
        variables: {x: {initial: 0}, power: {equals: 2 * strength}}
        parameters: {strength: {value: 3}, fear: {value: 0}}
        actors:
          blue:
            misreads: {strength: strength + fear + 1}
            actions: {wait: {}, push: {effects: {x: power}, propensity: 0.1 * power, when: strength > 3.5}}
        """
    )
    out = outputs(model, engine, 300)
    assert np.log(out.probability[0, 0, 1] / out.probability[0, 0, 0]) == pytest.approx(0.8, rel=1e-12)
    assert set(path(model, out, "x")[:, 1]) == {0, 6}  # what it does works in the true world
    frightened = outputs(model, engine, 1, fear=2.0)
    assert np.log(frightened.probability[0, 0, 1] / frightened.probability[0, 0, 0]) == pytest.approx(1.2)


def test_effects_of_one_moment_are_computed_from_the_state_before_them(engine):
    """Two who each copy the other swap; two settings of one stock meet at their mean."""
    model = made(
        """
        variables: {a: {initial: 1}, b: {initial: 2}, c: {initial: 10, bounds: [0, 30], saturates: true}}
        actors:
          blue: {actions: {go: {effects: {a: {set: b}, c: {set: 20}}}}}
          red: {actions: {go: {effects: {b: {set: a}, c: {set: 25}}}}}
        """,
        steps=2,
    )
    out = outputs(model, engine)
    np.testing.assert_array_equal(path(model, out, "a")[0], [1, 2, 1])
    np.testing.assert_array_equal(path(model, out, "b")[0], [2, 1, 2])
    np.testing.assert_array_equal(path(model, out, "c")[0], [10, 22.5, 22.5])


# How runs end


def test_a_run_that_has_ended_stands_still(engine, strait):
    out = outputs(strait, engine, 400)
    ended = out.outcome[:, 0]
    assert 20 < (ended >= 0).sum() < 380
    for run in np.flatnonzero(ended >= 0):
        last = ended[run]
        assert (out.state[run, last + 1 :] == out.state[run, last + 1]).all()
        assert (out.action[run, : last + 1] >= 0).all()
        assert (out.action[run, last + 1 :] == -1).all()
        assert (out.event[run, last + 1 :] == 0).all()
        assert np.isnan(out.probability[run, last + 1 :]).all()
        assert np.isfinite(out.probability[run, : last + 1]).all()
        assert (out.outcome[run] <= last).all()
    assert (out.action[ended < 0] >= 0).all()


def test_outcomes_are_recorded_when_they_first_hold_and_only_one_ends_a_run(engine):
    model = made(
        """
        variables: {x: {initial: 0, change: 1 / month}}
        outcomes:
          early: {when: x > 0.5 and x < 1.5}
          afterwards: {when: x > 3.5, absorbing: true}
          first_in_file: {when: x > 2.5, absorbing: true}
          too: {when: x > 2.5, absorbing: true}
          beside: {when: x > 2.5}
          later: {when: x > 3.5}
          none: {otherwise: true}
        """,
        steps=6,
    )
    out = outputs(model, engine, 3)
    assert (out.outcome == [0, -1, 2, -1, 2, -1, -1]).all()
    np.testing.assert_array_equal(path(model, out, "x")[0], [0, 1, 2, 3, 3, 3, 3])


def test_what_may_happen_again_is_recorded_once(engine):
    model = made("variables: {x: {initial: 0}}\noutcomes: {o: {rate: 1 / month}}", 12)
    first = outputs(model, engine, 3000).outcome[:, 0]
    # Of those that it has met the first month has seen the largest share; the last time would be the reverse.
    assert (first == 0).mean() == pytest.approx(1 - np.exp(-1), abs=0.05)


def test_a_date_is_described_by_what_holds_on_it(engine):
    """Auxiliaries that read the time are those of the date under which they stand."""
    model = made("variables: {x: {initial: 0, change: t / month ** 2}, t: {unit: month, equals: now}}", 4)
    out = outputs(model, engine)
    np.testing.assert_array_equal(path(model, out, "t")[0], [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(path(model, out, "x")[0], [0, 0, 1, 3, 6])  # a step sees its beginning


# How runs fail


def failing(formula, extra="", bounds=""):
    return f"""
        variables:
          t: {{initial: 0, change: 1 / month}}
          x: {{equals: {formula}{bounds}}}
        {extra}
        """


@pytest.mark.parametrize(
    ("body", "status", "step", "variable"),
    [
        (failing("log(2.5 - t)"), Status.NOT_FINITE, 2, 1),
        (failing("1 / (2 - t)"), Status.NOT_FINITE, 1, 1),
        (failing("t", bounds=", bounds: [0, 2.5]"), Status.OUT_OF_BOUNDS, 2, 1),
        (failing("0 * t", "events: {e: {rate: 170 / month * t}}"), Status.TOO_MANY_EVENTS, 3, -1),
        (failing("0 * t", "events: {e: {rate: 1 / month / (2 - t)}}"), Status.NOT_FINITE, 2, -1),
        (failing("0 * t", "outcomes: {o: {rate: 1 / month / (2 - t)}}"), Status.NOT_FINITE, 1, -1),
        (
            failing("0 * t", "actors: {a: {actions: {wait: {}, go: {propensity: 1 / (2 - t)}}}}"),
            Status.NOT_FINITE,
            2,
            -1,
        ),
        (
            failing(
                "0 * t",
                "actors: {a: {depth: 1, horizon: 1, precision: 1, utility: {u: log(2.5 - t)}, "
                "actions: {wait: {}}}}",
            ),
            Status.NOT_FINITE,
            2,
            -1,
        ),
    ],
)
def test_a_run_that_fails_is_marked_and_leaves_no_trace_of_the_step(engine, body, status, step, variable):
    model = made(body, steps=6)
    out = outputs(model, engine, 3)
    assert (out.status == status).all()
    assert (out.failed_step == step).all()
    assert (out.failed_variable == variable).all()
    np.testing.assert_array_equal(path(model, out, "t")[0], np.minimum(np.arange(7), step))
    assert (out.state[:, step:] == out.state[:, [step]]).all()
    assert (out.action[:, :step] >= 0).all()
    assert (out.action[:, step:] == -1).all()
    assert (out.event[:, step:] == 0).all()
    assert (out.outcome < step).all()


def test_one_failing_run_does_not_touch_its_neighbours(engine):
    body = """
        variables:
          x: {initial: "normal(10, 3)", change: 0.15 / month * x, noise: 1}
          root: {equals: sqrt(30 - x)}
        """
    out = outputs(made(body, steps=5), engine, 300)
    failed = out.status == Status.NOT_FINITE
    assert 10 < failed.sum() < 290
    assert (out.failed_variable[failed] == 1).all()
    assert np.isfinite(out.state).all()
    assert (out.status[~failed] == Status.OK).all()
    assert (out.failed_step[~failed] == -1).all()
    alone = outputs(made(body.replace("sqrt(30 - x)", "x"), steps=5), engine, 300)
    assert out.state[~failed][:, :, 0].tobytes() == alone.state[~failed][:, :, 0].tobytes()


def test_a_start_outside_bounds_fails_before_anything_happens(engine):
    model = made(
        """
        variables: {x: {initial: high, bounds: [0, 10]}, y: {initial: high, bounds: [0, 10], saturates: true}}
        parameters: {high: {value: 5}}
        """,
        steps=2,
    )
    assert (outputs(model, engine).status == Status.OK).all()
    out = outputs(model, engine, high=10.5)
    assert (out.status[0], out.failed_step[0], out.failed_variable[0]) == (Status.OUT_OF_BOUNDS, 0, 0)
    np.testing.assert_array_equal(path(model, out, "y")[0], [10, 10, 10])  # held, not failed


def test_an_effect_that_is_not_applied_cannot_fail_a_run(engine):
    """The formula of an action not taken may be anything."""
    model = made(
        """
        variables: {x: {initial: 0, change: 0}, y: {initial: 1}}
        actors:
          blue: {actions: {wait: {}, go: {when: x > 0.5, effects: {y: 1 / x}}}}
        events: {e: {rate: 0.001 / month * x, effects: {y: log(x)}}}
        """,
        steps=3,
    )
    out = outputs(model, engine, 5)
    assert (out.status == Status.OK).all()
    assert (path(model, out, "y") == 1).all()


def test_rounding_at_a_bound_is_no_failure(engine):
    model = made("variables: {x: {initial: 0.3, bounds: [0, 0.3], change: 1e-11 / month}}", steps=40)
    out = outputs(model, engine)
    assert out.status[0] == Status.OUT_OF_BOUNDS
    assert out.failed_step[0] == 30  # when 1e-9 of the width is passed


def test_leaving_bounds_for_a_moment_is_leaving_them(engine):
    """The event takes x out, the move would bring it back: the run has failed all the same."""
    model = made(
        """
        variables: {x: {initial: 5, bounds: [0, 10]}}
        actors: {blue: {actions: {save: {effects: {x: {set: 5}}}}}}
        events: {e: {on: 2020-02-10, effects: {x: 6}}}
        """,
        steps=3,
    )
    out = outputs(model, engine)
    assert (out.status[0], out.failed_step[0], out.failed_variable[0]) == (Status.OUT_OF_BOUNDS, 1, 0)


def test_moves_that_leave_bounds_fail_even_if_change_would_mend_it(engine):
    model = made(
        """
        variables: {x: {initial: 5, bounds: [0, 10], change: -6 / month}}
        actors: {blue: {actions: {push: {effects: {x: 6}}}}}
        """
    )
    assert outputs(model, engine).status[0] == Status.OUT_OF_BOUNDS


def test_what_an_unavailable_action_would_bring_cannot_fail_a_run(engine):
    model = made(
        """
        variables: {x: {initial: 0, change: x / month}, y: {initial: 0}}
        actors:
          blue:
            depth: 1
            horizon: 2
            precision: 1
            utility: {y: y}
            actions: {wait: {}, go: {when: x > 0.5, effects: {y: 1 / x}, cost: log(x), propensity: 1 / x}}
        """,
        steps=2,
    )
    out = outputs(model, engine, 5)
    assert (out.status == Status.OK).all()
    assert (out.probability[:, :, 0] == 1).all()


def test_a_hidden_stock_is_supposed_to_be_where_it_began_within_its_bounds(engine):
    model = made(
        """
        variables: {x: {initial: high, change: -1 / month, bounds: [0, 10], saturates: true}}
        parameters: {high: {value: 15}}
        actors: {blue: {sees: {x: hidden}, actions: {wait: {}, go: {propensity: x}}}}
        """,
        steps=3,
    )
    out = outputs(model, engine)
    np.testing.assert_allclose(np.log(out.probability[0, :, 1] / out.probability[0, :, 0]), 10)


def test_a_propensity_of_minus_infinity_is_a_chance_of_nothing(engine):
    model = made(
        """
        variables: {x: {initial: 0}}
        actors: {blue: {actions: {wait: {}, go: {propensity: log(x)}}}}
        """
    )
    out = outputs(model, engine, 50)
    assert (out.status == Status.OK).all()
    assert (out.action == 0).all()
