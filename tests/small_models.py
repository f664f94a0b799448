"""Small models as text, and short ways to run them on either engine and to compare what comes of it."""

from __future__ import annotations

from textwrap import dedent

import numpy as np

from offramp.engine.outputs import TABLE, Outputs
from offramp.language.check import loads
from offramp.model import Model
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for

ENGINES = ["oracle", "compiled"]

# A little of everything: noise, misreadings, signals, events with branches, hazards, policies.
STRAIT = """
variables:
  tension:
    unit: points
    initial: normal(40, 5)
    change: -0.1 / month * (tension - calm_level)
    noise: 3
    bounds: [0, 100]
    saturates: true
  arms: {initial: 10, change: 0.02 / month * arms, bounds: [0, 1000]}
  threat: {equals: arms * tension / 100}
  elected: {initial: 0}
parameters:
  calm_level: {value: "uniform(20, 40)"}
  resolve: {value: "beta(2, 3)"}
actors:
  blue:
    depth: 1
    horizon: 4
    precision: 0.1
    discount: 0.95
    utility: {calm: -tension, strength: arms}
    sees: {arms: {bias: 2, noise: 3, delay: 1}}
    misreads: {resolve: 0.9}
    actions:
      wait: {}
      press: {effects: {tension: 10 * resolve, arms: 1}, cost: 1, propensity: 2}
      talk: {effects: {tension: -4}, when: tension > 30, propensity: 0.5}
  red:
    actions:
      wait: {propensity: 1}
      arm: {effects: {arms: 2, tension: 2}, propensity: 0.02 * threat}
      shout: {effects: {tension: 5}}
events:
  incident: {rate: 0.2 / month + 0.004 / month * tension, effects: {tension: 4}}
  election:
    on: 2020-07-10
    branches:
      won: {probability: resolve, effects: {elected: {set: 1}, tension: 5}}
      lost: {probability: rest, effects: {elected: {set: -1}}}
outcomes:
  war: {rate: 0.0005 / month * tension, absorbing: true, worth: {blue: -80}}
  scare: {when: tension > 60}
  simmering: {otherwise: true}
policies:
  nothing: {do: [{from: 2020-02-01, shift: {calm_level: 0, tension: 0}}]}
  late: {do: [{from: 2020-07-01, force: {red: shout}, set: {resolve: 0}}]}
"""


# Blue wonders what Red is like, looks two levels deep and learns.
TWO_MINDS = """
variables:
  tension: {initial: 40, change: -0.1 / month * tension, bounds: [0, 100], saturates: true}
parameters: {resolve: {value: 0.5}}
actors:
  blue:
    depth: 2
    horizon: 3
    precision: 0.1
    utility: {calm: -tension}
    beliefs: {red: {prior: {hard: 0.8, soft: rest}, confirmation_bias: 0.5, fading: 0.02}}
    actions: {wait: {}, press: {effects: {tension: 5}}}
  red:
    depth: 1
    horizon: 3
    precision: 0.1
    utility: {pride: resolve * tension}
    types:
      hard: {parameters: {resolve: 0.9}}
      soft: {title: Soft at heart, parameters: {resolve: 0.1}}
    true_type: {hard: 0.3, soft: rest}
    actions: {wait: {propensity: 2 - 4 * resolve}, arm: {effects: {tension: 8}}}
"""


def made(body: str, steps: int = 1, step: str = "month") -> Model:
    """A model from 1 January 2020 whose sections after the horizon are `body`."""
    head = "model: {name: small, title: Small, illustrative: true}\n"
    head += f"horizon: {{start: 2020-01-01, step: {step}, steps: {steps}}}\n"
    return loads(head + dedent(body))


def outputs(
    model: Model, engine: str, scenarios: int = 1, policy: str = "baseline", seed: int = 0, **overrides: float
) -> Outputs:
    """Runs of one policy with the probabilities of actions."""
    design = Design(model, [policy], scenarios, seed, overrides)
    return engine_for(model, engine).run(design.inputs(policy), probabilities=True)


def path(model: Model, out: Outputs, name: str) -> np.ndarray:
    """(run, time) of one variable."""
    return out.state[:, :, [v.name for v in model.variables].index(name)]


def same_bits(a: Outputs, b: Outputs, runs: np.ndarray | slice = slice(None)) -> bool:
    """Whether all that happened in some runs is equal, bit for bit."""
    names = ("state", "action", "event", "outcome", "status", "failed_step", "failed_variable")
    return all(getattr(a, n)[runs].tobytes() == getattr(b, n)[runs].tobytes() for n in names)


def assert_agree(ours: Outputs, oracle: Outputs) -> None:
    """The same courses of events; states and chances but for rounding."""
    assert ours.arrays.keys() == oracle.arrays.keys()
    for name, given in ours.arrays.items():
        expected = oracle.arrays[name]
        if np.issubdtype(TABLE[name].dtype, np.integer):
            np.testing.assert_array_equal(given, expected, err_msg=name)
        else:
            near = 1e-9 if name == "state" else 1e-12
            np.testing.assert_allclose(given, expected, rtol=1e-9, atol=near, err_msg=name)


def assert_same_bits(one: Outputs, other: Outputs) -> None:
    for name in TABLE:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
