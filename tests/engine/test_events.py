"""Random events that happen at most once in a step, branches, and settings that meet, on both engines."""

from __future__ import annotations

import numpy as np
import pytest

from offramp.engine import luck
from offramp.engine.outputs import Status
from offramp.explanation import explain
from offramp.model import DAYS_PER_MONTH
from small_models import ENGINES, made, outputs, path

both_engines = pytest.mark.parametrize("engine", ENGINES)


def uniforms(purpose, runs, step=0):
    return luck.uniform(0, np.arange(runs), step, purpose)


# At most once


@both_engines
def test_an_event_that_is_once_happens_where_its_poisson_number_would_not_be_zero(engine):
    runs = 400
    body = "variables: {{x: {{initial: 0}}}}\nevents: {{e: {{rate: 1.5 / month, {}effects: {{x: 1}}}}}}"
    once = outputs(made(body.format("once: true, "), steps=3), engine, runs)
    often = outputs(made(body.format(""), steps=3), engine, runs)
    assert often.event.max() > 1
    np.testing.assert_array_equal(once.event, np.minimum(often.event, 1))
    np.testing.assert_array_equal(once.state[:, -1, 0], once.event[:, :, 0].sum(axis=1))


@both_engines
def test_of_the_branches_of_an_event_that_is_once_one_comes_about(engine):
    model = made(
        """
        variables: {a: {initial: 0}, b: {initial: 0}}
        events:
          e:
            rate: 2 / month
            once: true
            branches:
              a: {probability: 0.3, effects: {a: 1}}
              b: {probability: rest, effects: {b: {set: 5}}}
        """
    )
    runs = 400
    out = outputs(model, engine, runs)
    happens = uniforms("event/e", runs) > np.exp(-2.0)
    first = uniforms("branch/e", runs) < 0.3
    np.testing.assert_array_equal(out.event[:, 0, 0], happens)
    np.testing.assert_array_equal(path(model, out, "a")[:, 1], happens & first)
    np.testing.assert_array_equal(path(model, out, "b")[:, 1], 5.0 * (happens & ~first))


@both_engines
@pytest.mark.parametrize(("step", "dt"), [("month", 1.0), ("week", 7 / DAYS_PER_MONTH)])
def test_a_look_ahead_counts_an_event_that_is_once_by_its_chance(engine, step, dt):
    """Two steps ahead; the event of the second adds 1 and moves y to 1, or in the rarer branch z to 1."""
    model = made(
        """
        variables: {bet: {initial: 0}, x: {initial: 0}, y: {initial: 0}, z: {initial: 0}}
        actors:
          a:
            depth: 1
            horizon: %s
            precision: 1
            utility: {all: bet * (x + 10 * y + 100 * z)}
            actions: {bet: {effects: {bet: {set: 1}}}, pass: {}}
        events:
          plain: {rate: 3 / month, once: true, effects: {x: 1, y: {set: 1}}}
          branched:
            rate: 2 / month
            once: true
            branches:
              rare: {probability: 0.25, effects: {z: {set: 1}}}
              other: {probability: rest, effects: {x: 1}}
        """
        % (2 * dt),
        step=step,
    )
    out = outputs(model, engine)
    # Events of the first step have happened when the actor chooses: read what they left.
    x, y, z = (path(model, out, n)[0, 1] for n in "xyz")
    plain, branched = 1 - np.exp(-3 * dt), 1 - np.exp(-2 * dt)
    first = x + 10 * y + 100 * z
    second = (
        (x + plain + 0.75 * branched) + 10 * (y + plain * (1 - y)) + 100 * (z + 0.25 * branched * (1 - z))
    )
    odds = np.log(out.probability[0, 0, 0] / out.probability[0, 0, 1])
    # In the second step habit bets with chance 1/2, so it matters half as much what the first move was.
    assert odds == pytest.approx(dt * (first + second / 2), rel=1e-9)


@both_engines
def test_the_limit_of_ten_does_not_hold_for_what_happens_once(engine):
    body = "variables: {x: {initial: 0}}\nevents: {e: {rate: 40 / month, once: true, effects: {x: 1}}}"
    out = outputs(made(body), engine)
    assert (out.status == Status.OK).all()
    assert (out.event == 1).all()


def test_explain_says_what_happens_once():
    body = "variables: {x: {initial: 0}}\nevents: {e: {rate: 1 / month, once: true}, f: {rate: 1 / month}}"
    model = made(body)
    assert [e["once"] for e in explain(model)["events"]] == [True, False]


# Settings that meet, probabilities that pass 1


@both_engines
def test_two_actors_who_set_one_stock_at_once_meet_at_the_mean(engine):
    """Additions of the same moment come on top."""
    model = made(
        """
        variables: {x: {initial: 0.8}, y: {initial: 0.8}}
        actors:
          a: {actions: {up: {effects: {x: {set: 1}, y: {set: 1}}}}}
          b: {actions: {down: {effects: {x: {set: 0}, y: 0.25}}}}
        """
    )
    out = outputs(model, engine)
    assert path(model, out, "x")[0, 1] == pytest.approx(0.5)
    assert path(model, out, "y")[0, 1] == pytest.approx(1.25)


@both_engines
def test_a_setting_that_does_not_apply_has_no_say(engine):
    model = made(
        """
        variables: {x: {initial: 0.8}}
        actors:
          a: {actions: {up: {effects: {x: {set: 1}}}}}
          b: {actions: {down: {effects: {x: {set: 0}}}, wait: {}}}
        """
    )
    out = outputs(model, engine, 100)
    assert set(out.action[:, 0, 1]) == {0, 1}
    np.testing.assert_allclose(path(model, out, "x")[:, 1], np.where(out.action[:, 0, 1] == 0, 0.5, 1.0))


@both_engines
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("a: {on: 2020-01-05, effects: {x: {set: 1}}}, b: {on: 2020-01-09, effects: {x: {set: 0}}}", 0.5),
        ("a: {rate: 9 / month, effects: {x: {set: 1}}}, b: {rate: 9 / month, effects: {x: {set: 0}}}", 0.5),
        (
            "a: {rate: 9.9 / month, branches: {u: {probability: 0.5, effects: {x: {set: 1}}}, "
            "v: {probability: 0.5, effects: {x: {set: 0}}}}}",
            0.5,
        ),
    ],
)
def test_events_that_set_one_stock_at_once_meet_at_the_mean(engine, events, expected):
    model = made(f"variables: {{x: {{initial: 0.8}}}}\nevents: {{{events}}}")
    out = outputs(model, engine, 50)
    assert np.median(path(model, out, "x")[:, 1]) == pytest.approx(expected)


@both_engines
def test_a_look_ahead_divides_settings_only_where_their_weights_pass_one(engine):
    """b sets x to 0 with chance 1/2. If a sets it to 1, the weights are 1 and 1/2; if not, 1/2 alone."""
    model = made(
        """
        variables: {x: {initial: 0.8}}
        actors:
          a:
            depth: 1
            horizon: 1
            precision: 1
            utility: {high: 10 * x}
            actions: {up: {effects: {x: {set: 1}}}, wait: {}}
          b: {actions: {down: {effects: {x: {set: 0}}}, wait: {}}}
        """
    )
    out = outputs(model, engine)
    odds = np.log(out.probability[0, 0, 0] / out.probability[0, 0, 1])
    up, wait = 0.8 + (0.2 - 0.5 * 0.8) / 1.5, 0.8 - 0.5 * 0.8
    assert odds == pytest.approx(10 * (up - wait))


PASSING = """
variables: {{bet: {{initial: 0}}, x: {{initial: 0}}, y: {{initial: 0}}}}
parameters: {{p: {{value: 0.9}}}}
actors:
  a:
    depth: 1
    horizon: 2
    precision: 1
    utility: {{all: bet * (x + 3 * y)}}
    actions: {{bet: {{effects: {{bet: {{set: 1}}}}}}, pass: {{}}}}
events:
  e:
    {when}
    branches: {{a: {{probability: p, effects: {{x: 1}}}}, b: {{probability: p, effects: {{y: 1}}}}}}
"""


@both_engines
def test_chances_of_branches_that_pass_one_are_divided_by_their_sum(engine):
    runs = 20_000
    model = made(PASSING.format(when="rate: 1 / month"))
    out = outputs(model, engine, runs)
    assert out.event.mean() == pytest.approx(1.0, abs=0.03)  # not 1.8
    x, y = path(model, out, "x")[:, 1], path(model, out, "y")[:, 1]
    odds = np.log(out.probability[:, 0, 0] / out.probability[:, 0, 1])
    np.testing.assert_allclose(odds, (x + 3 * y) + (x + 0.5 + 3 * (y + 0.5)) / 2)

    model = made(PASSING.format(when="on: 2020-01-10"))
    out = outputs(model, engine, runs)
    assert path(model, out, "x")[:, 1].mean() == pytest.approx(0.5, abs=0.02)  # not 0.9

    model = made(PASSING.format(when="on: 2020-02-10"), steps=2)
    out = outputs(model, engine)
    odds = np.log(out.probability[0, 0, 0] / out.probability[0, 0, 1])
    assert odds == pytest.approx((0.5 + 3 * 0.5) / 2)


# The largest mean, costs, shifts


@both_engines
def test_five_hundred_in_a_step_are_the_largest_mean(engine):
    body = "variables: {{x: {{initial: {}}}}}\nevents: {{e: {{rate: 1 / month * x}}}}"
    assert (outputs(made(body.format(499.9)), engine, 20).status == Status.OK).all()
    assert (outputs(made(body.format(500.01)), engine, 20).status == Status.TOO_MANY_EVENTS).all()


@both_engines
def test_a_cost_is_paid_once_whatever_the_length_of_a_step(engine):
    body = """
        variables: {x: {initial: 0}}
        actors:
          a:
            depth: 1
            horizon: 1
            precision: 0.5
            utility: {calm: -x}
            actions: {act: {cost: 3}, wait: {}}
        """
    for step in ("month", "week"):
        out = outputs(made(body, step=step), engine)
        odds = np.log(out.probability[0, 0, 0] / out.probability[0, 0, 1])
        assert odds == pytest.approx(-0.5 * 3)


@both_engines
def test_shifts_in_force_at_the_same_time_add_up(engine):
    model = made(
        """
        variables: {x: {initial: 0, change: 1 / month * rate_of_x}}
        parameters: {rate_of_x: {value: 1}}
        policies:
          both:
            do:
              - {until: 2020-03-01, shift: {rate_of_x: 10}}
              - {from: 2020-02-01, shift: {rate_of_x: 100}}
        """,
        steps=3,
    )
    out = outputs(model, engine, policy="both")
    np.testing.assert_allclose(np.diff(path(model, out, "x")[0]), [11, 111, 101])
