"""Stocks that change in several parts of a step, against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from offramp.engine.inputs import Inputs
from offramp.model import Model
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from small_models import ENGINES, assert_agree, made, outputs, path


def in_parts(model: Model, parts: int) -> Model:
    return replace(model, substeps=parts)


# Sterman 2000 and the textbooks of numerical analysis: name -> (model, stock, its course from the start).
LOGISTIC = "variables: {x: {initial: 0.1, change: 0.8 / month * x * (1 - x)}}"
DECAY = "variables: {x: {initial: 2, change: -0.3 / month * x}}"
TEACUP = """
variables:
  x: {initial: 180, change: -gap / (10 * month)}
  gap: {equals: x - 70}
"""
CLOCK = "variables: {x: {initial: 0, change: now / month ** 2}}"
EXACT = {
    "decay": (DECAY, lambda t: 2 * np.exp(-0.3 * t)),
    "Newton's cooling": (TEACUP, lambda t: 70 + 110 * np.exp(-t / 10)),
    "logistic growth": (LOGISTIC, lambda t: 1 / (1 + 9 * np.exp(-0.8 * t))),
    "a rate that grows with time": (CLOCK, lambda t: t**2 / 2),
}


def error(model: Model, engine: str, exact: np.ndarray) -> float:
    return float(np.abs(path(model, outputs(model, engine), "x")[0] - exact).max())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", EXACT)
def test_the_error_of_a_step_halves_with_the_sub_step(engine, name):
    text, course = EXACT[name]
    model = made(text, steps=8)
    exact = course(np.arange(9.0))
    errors = [error(in_parts(model, n), engine, exact) for n in (1, 2, 4, 8, 16, 32)]
    np.testing.assert_allclose(np.array(errors[2:-1]) / errors[3:], 2.0, atol=0.1)


@pytest.mark.parametrize("engine", ENGINES)
def test_predators_and_prey_come_to_the_solution_of_their_equations(engine):
    """Lotka and Volterra, through auxiliaries, against scipy."""
    model = made(
        """
        variables:
          prey: {initial: 1, change: prey / month - eaten}
          foxes: {initial: 0.5, change: eaten - 0.8 / month * foxes}
          eaten: {equals: prey * foxes / month, unit: 1/month}
        """,
        steps=10,
    )

    def slope(_t: float, y: np.ndarray) -> list[float]:
        return [y[0] - y[0] * y[1], y[0] * y[1] - 0.8 * y[1]]

    exact = solve_ivp(slope, (0, 10), [1.0, 0.5], t_eval=np.arange(11.0), rtol=1e-10, atol=1e-12).y[0]
    errors = []
    for n in (25, 50, 100):
        fine = in_parts(model, n)
        errors.append(np.abs(path(fine, outputs(fine, engine), "prey")[0] - exact).max())
    assert errors[-1] < 0.05
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.4)
    assert errors[1] / errors[2] == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("engine", ENGINES)
def test_sub_steps_are_the_same_as_shorter_steps_where_nobody_acts(engine):
    """A month is not a whole number of weeks, but a week is seven days, bit for bit in the same order."""
    text = "variables: {x: {initial: 5, change: -0.7 / month * x, bounds: [1, 9], saturates: true}}"
    daily = made(text, steps=14, step="day")
    weekly = in_parts(made(text, steps=2, step="week"), 7)
    fine = path(daily, outputs(daily, engine), "x")[0, ::7]
    np.testing.assert_allclose(path(weekly, outputs(weekly, engine), "x")[0], fine, rtol=1e-13)


NOISY = (
    "variables: {x: {initial: 0, noise: 3}, y: {initial: 4, change: -0.4 / month * y, noise: 1 + 0.1 * y}}"
)


@pytest.mark.parametrize("engine", ENGINES)
def test_noise_that_is_constant_moves_a_stock_by_the_same_in_any_number_of_parts(engine):
    model = made(NOISY, steps=5)
    whole = path(model, outputs(model, engine, 200), "x")
    for parts in (2, 7):
        fine = in_parts(model, parts)
        np.testing.assert_allclose(path(fine, outputs(fine, engine, 200), "x"), whole, atol=1e-12)


def test_the_draws_of_sub_steps_are_standard_normal_and_independent():
    from offramp.engine import luck

    scenarios = np.arange(40_000)
    parts = np.stack(luck.in_parts(lambda of: luck.normal(5, scenarios, 3, of), "x", 4))
    np.testing.assert_allclose(np.cov(parts), np.eye(4), atol=0.03)
    np.testing.assert_allclose(parts.sum(axis=0), 2 * luck.normal(5, scenarios, 3, "noise/x"), atol=1e-12)


def test_a_stock_that_is_drawn_back_has_the_spread_of_its_equation():
    """Ornstein and Uhlenbeck: the variance that Euler's rule in parts of h settles at."""
    rate, spread, parts = 0.9, 2.0, 4
    model = in_parts(
        made(f"variables: {{x: {{initial: 0, change: -{rate} / month * x, noise: {spread}}}}}", 12), parts
    )
    end = path(model, outputs(model, "compiled", 40_000), "x")[:, -1]
    h = 1 / parts
    euler = spread**2 / (rate * (2 - rate * h))
    assert end.var() == pytest.approx(euler, rel=0.03)


THINKING = """
variables:
  x: {initial: 3, change: -0.6 / month * x - 0.2 / month * y, noise: 0.5}
  y: {initial: 1, change: 0.5 / month * z}
  z: {equals: x * y - y}
actors:
  one:
    depth: 1
    horizon: 3
    precision: 1
    utility: {more: x}
    actions: {stay: {}, push: {effects: {y: 0.4}}, pull: {effects: {x: "-0.3", y: {set: 0.2}}}}
"""


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("paths", [0, 2])
def test_actors_look_ahead_in_sub_steps_as_well(horizon, paths):
    model = made(THINKING.replace("horizon: 3", f"horizon: {horizon}"), steps=4)

    def run(model: Model, engine: str) -> tuple[Inputs, object]:
        design = Design(model, scenarios=30, paths=paths)
        return engine_for(model, engine).run(design.inputs("baseline"), probabilities=True)

    fine = in_parts(model, 5)
    assert_agree(run(fine, "compiled"), run(fine, "oracle"))
    whole = run(model, "compiled").probability[:, 0]
    assert np.abs(run(fine, "compiled").probability[:, 0] - whole).max() > 1e-3
