"""`smooth`, `delay`, `was` and `lookup` against closed forms, the recorded past and NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import gamma, nbinom

from offramp.engine.outputs import Status
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from small_models import ENGINES, assert_agree, made, outputs, path


def course(text: str, name: str, steps: int, engine: str = "compiled", parts: int = 1, **more: str):
    model = replace(made(text, steps=steps, **more), substeps=parts)
    return path(model, outputs(model, engine), name)[0]


STEP = "variables: {{out: {{equals: '{function}(1, 6 * month, {order}, 0)'}}}}"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("function", ["smooth", "delay"])
@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_a_step_goes_through_the_stages_as_chance_through_a_row_of_waits(engine, function, order):
    """Each month a share of order/6 passes on: waits are geometric, their sum negative binomial."""
    out = course(STEP.format(function=function, order=order), "out", 20, engine)
    np.testing.assert_allclose(out, nbinom.cdf(np.arange(21) - order, order, order / 6), atol=1e-13)


@pytest.mark.parametrize("function", ["smooth", "delay"])
@pytest.mark.parametrize("order", [1, 3])
def test_in_small_sub_steps_it_is_the_distribution_of_erlang(function, order):
    text = STEP.format(function=function, order=order)
    exact = gamma.cdf(np.arange(21), order, scale=6 / order)
    far, near = (np.abs(course(text, "out", 20, parts=n) - exact).max() for n in (20, 40))
    assert near < 0.006
    assert far / near == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("order", [1, 3])
def test_a_smooth_of_what_rises_steadily_lags_by_its_time(engine, order):
    text = f"""
    variables:
      ramp: {{equals: 2 * now / month}}
      lag: {{equals: "ramp - smooth(ramp, 5 * month, {order})"}}
    """
    assert course(text, "lag", 200, engine)[-1] == pytest.approx(10, abs=1e-6)


PIPELINE = """
parameters: {stretch: {unit: month, value: 1}}
variables:
  inflow: {unit: kg/month, equals: "where(now < 6.5 * month, 1 + now / month, 0) * kg / month"}
  lag: {unit: month, equals: "where(now > 4 * month, 5 * stretch, 2 * stretch)"}
  gone: {unit: kg, initial: 0, change: "delay(inflow, lag, 2, 0)"}
  came: {unit: kg, initial: 0, change: inflow}
"""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("stretch", [1.0, 0.01, -3.0])
def test_what_goes_into_a_pipeline_comes_out_of_it_whatever_its_length_does(engine, stretch):
    """A time that is a formula may be shorter than the steps: then a stage takes one step."""
    model = made(PIPELINE, steps=90)
    out = outputs(model, engine, stretch=stretch)
    gone, came = path(model, out, "gone")[0], path(model, out, "came")[0]
    assert came[-1] == 28
    assert gone[-1] == pytest.approx(28, abs=1e-5)
    assert (np.diff(gone) >= -1e-12).all()
    assert out.status[0] == Status.OK


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pipeline_is_full_at_the_start(engine):
    text = "variables: {x: {initial: 4}, out: {equals: 'delay(3 * x / month, 50 * day, 1)', unit: 1/month}}"
    np.testing.assert_allclose(course(text, "out", 5, engine), 12)


CURVE = """
lookups: {{curve: {{x: [-1, 0.3, 2, 2.5], y: [3, -1, 0.1, 7]{more}}}}}
variables: {{x: {{equals: "0.125 * now / month - 2"}}, y: {{equals: "lookup(curve, x)"}}}}
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_is_read_as_numpy_reads_it_and_flat_beyond_its_ends(engine):
    x = np.arange(49) * 0.125 - 2
    found = course(CURVE.format(more=""), "y", 48, engine)
    np.testing.assert_allclose(found, np.interp(x, [-1, 0.3, 2, 2.5], [3, -1, 0.1, 7]), atol=1e-15)
    assert found[x == 2] == 0.1
    assert (found[x >= 2.5] == 7).all()
    assert (found[x <= -1] == 3).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_that_says_so_goes_on_beyond_its_ends(engine):
    found = course(CURVE.format(more=", extrapolate: true"), "y", 48, engine)
    assert found[0] == pytest.approx(3 + 4 / 1.3)
    assert found[-1] == pytest.approx(7 + 1.5 * 13.8)


PAST = """
variables:
  x: {initial: "normal(0, 1)", change: -0.3 / month * x, noise: 1}
  z: {equals: x ** 2 + now / month}
  x_was: {equals: "was(x, 3 * dt)"}
  z_was: {equals: "was(z, 2 * dt)"}
  older: {equals: "was(z_was, dt) + 0 * was(x, 7 * dt)"}
  sum: {equals: "x + 0.5 * was(sum, dt, 2)"}
actors: {one: {actions: {stay: {}, jump: {effects: {x: 1}}}}}
"""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("step", ["day", "week", "quarter"])
def test_what_was_is_what_was_recorded_to_the_bit(engine, step):
    model = made(PAST, steps=15, step=step)
    out = outputs(model, engine, 20)
    x, z, x_was, z_was, older, total = (path(model, out, v.name) for v in model.variables)
    np.testing.assert_array_equal(x_was[:, 3:], x[:, :-3])
    np.testing.assert_array_equal(z_was[:, 2:], z[:, :-2])
    np.testing.assert_array_equal(older[:, 3:], z[:, :-3])
    for past, now in [(x_was[:, :3], x), (z_was[:, :2], z), (older[:, :2], z)]:
        np.testing.assert_array_equal(past, np.repeat(now[:, :1], past.shape[1], axis=1))
    np.testing.assert_array_equal(total[:, 0], x[:, 0] + 0.5 * 2)
    np.testing.assert_array_equal(total[:, 1:], x[:, 1:] + 0.5 * total[:, :-1])


def test_three_months_ago_are_thirteen_weeks():
    model = made("variables: {x: {equals: now / month}, y: {equals: 'was(x, 3 * month)'}}", 20, "week")
    assert model.memories[0].order == 13


LOOKING = """
variables:
  x: {initial: 5, change: -0.1 / month * x}
  felt: {initial: 0, change: "smooth(x, 2 * month, 2) / month - 0.5 / month * felt"}
  rise: {equals: "x - was(x, 2 * month)"}
parameters: {slow: {unit: month, value: "uniform(1, 4)"}}
actors:
  one:
    depth: 1
    horizon: HORIZON
    precision: 0.5
    utility: {now: felt, trend: 2 * rise, late: "delay(x, slow)"}
    misreads: {slow: 6}
    actions: {stay: {}, push: {effects: {x: 2}, cost: 1}, drop: {effects: {x: {set: 1}}}}
  two:
    depth: 2
    horizon: HORIZON
    precision: 0.5
    utility: {late: "-smooth(x, 3 * month)"}
    actions: {stay: {when: "was(x, 1 * month) < 6"}, drop: {effects: {x: -1}}}
"""


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("paths", [0, 2])
def test_actors_look_ahead_through_what_formulas_remember(horizon, paths):
    model = made(LOOKING.replace("HORIZON", str(horizon)), steps=5)
    inputs = Design(model, scenarios=20, paths=paths).inputs("baseline")
    ours, oracle = (engine_for(model, e).run(inputs, probabilities=True) for e in ("compiled", "oracle"))
    assert_agree(ours, oracle)


@pytest.mark.parametrize("engine", ENGINES)
def test_who_knows_the_pipeline_waits_for_what_is_in_it(engine):
    """What an actor expects is exactly what comes: the share of a pulse that has arrived at its horizon."""
    model = made(
        """
        variables:
          pulse: {initial: 1, change: -pulse / month}
          out: {equals: "delay(pulse, 3 * month, 1, 0)"}
        actors:
          one:
            depth: 1
            horizon: 2
            precision: 1
            utility: {gain: out}
            actions: {stay: {}, again: {effects: {pulse: 1}}}
        """
    )
    out = outputs(model, engine)
    # A pulse of 1 is in the pipeline after a month, and 1/3 of it flows out in each month: with it 1/3 a
    # month more at the end of the first, 2/9 at the end of the second.
    gain = 1 / 3 + 2 / 9
    assert out.probability[0, 0, 1] == pytest.approx(np.exp(gain) / (1 + np.exp(gain)))


HIDDEN = """
variables:
  x: {initial: "uniform(0, 10)"}
  felt: {equals: "smooth(x, 3 * month) + was(x, 1 * month)"}
actors:
  one:
    sees: {x: {hidden: true, assumed: 4}}
    actions: {stay: {}, go: {propensity: "0.3 * felt + 0.1 * delay(x, 2 * month)"}}
policies: {open: {do: [{correct: {one: all}}]}}
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_nobody_learns_of_a_hidden_stock_by_what_formulas_remember_of_it(engine):
    model = made(HIDDEN, steps=3)
    chance = outputs(model, engine, 30).probability
    np.testing.assert_allclose(chance[..., 1], 1 / (1 + np.exp(-(0.3 * 8 + 0.4))))
    seen = outputs(model, engine, 30, policy="open")
    x = path(model, seen, "x")[:, :-1]
    np.testing.assert_allclose(seen.probability[..., 1], 1 / (1 + np.exp(-0.7 * x)))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_remembered_must_be_finite(engine):
    """`y` is finite at every date, and so it is nothing that is recorded that fails the run."""
    model = made(
        """
        variables:
          x: {initial: 1, change: -1 / month}
          y: {equals: "where(smooth(1 / x, 2 * month) > 9, 1, 0)"}
        """,
        steps=4,
    )
    out = outputs(model, engine)
    assert (out.status[0], out.failed_variable[0]) == (Status.NOT_FINITE, -1)
