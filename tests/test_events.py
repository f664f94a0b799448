"""Random events that happen at most once in a step, branches, and settings that meet, on both engines."""

from __future__ import annotations

import numpy as np
import pytest

from offramp.engine import luck
from offramp.engine.inputs import Status
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
