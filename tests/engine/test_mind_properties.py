"""What holds for any actors who think about each other, whatever their numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_models import ENGINES, made, outputs

pytestmark = pytest.mark.parametrize("engine", ENGINES)

# Two thinkers, each of an uncertain type, and one who acts by habit. Every part is a line of its own, so
# that a test can put the lines in another order.
ACTORS = {
    "blue": (
        "{{depth: {blue_depth}, horizon: 3, precision: {precision}, discount: 0.9,"
        " utility: {{gain: {scale} * (x - 0.3 * y * blue_will), calm: -{scale} * z ** 2}},"
        " types: {{{blue_types}}}, true_type: firm, beliefs: {{red: {{prior: {{{prior}}}}}}},"
        " actions: {{{blue_actions}}}}}"
    ),
    "red": (
        "{{depth: {red_depth}, horizon: 2, precision: {precision},"
        " utility: {{gain: {scale} * red_will * (y - x), calm: -{scale} * z}},"
        " types: {{{red_types}}}, true_type: soft,"
        " beliefs: {{blue: {{prior: {{firm: 0.4, lax: 0.6}}, confirmation_bias: 0.3}}}},"
        " actions: {{wait: {{}}, push: {{effects: {{y: 1, z: 0.2}}, cost: 0.1 * {scale}}}}}}}"
    ),
    "green": "{{actions: {{watch: {{}}, meddle: {{effects: {{z: 0.5}}, propensity: x - y}}}}}}",
}
BLUE_TYPES = {"firm": "{parameters: {blue_will: 1.2}}", "lax": "{parameters: {blue_will: 0.1}}"}
RED_TYPES = {"hard": "{parameters: {red_will: 0.9}}", "soft": "{parameters: {red_will: 0.2}}"}
PRIOR = {"hard": 0.35, "soft": 0.65}
BLUE_ACTIONS = {
    "wait": "{}",
    "push": "{effects: {x: 1, z: 0.3 * red_will}, propensity: 0.5 - x}",
    "yield": "{effects: {y: {set: 0}}, when: y >= 0}",
}


def listed(entries):
    return ", ".join(f"{k}: {v}" for k, v in entries.items())


def crisis(*, order=("blue", "red", "green"), blue_types=BLUE_TYPES, red_types=RED_TYPES, prior=PRIOR,
           blue_actions=BLUE_ACTIONS, blue_depth=2, red_depth=2, precision=1, scale=1,
           rename=None):  # fmt: skip
    """The crisis, with its parts in any order and under any names."""
    parts = {
        "blue_types": listed(blue_types), "red_types": listed(red_types), "prior": listed(prior),
        "blue_actions": listed(blue_actions), "blue_depth": blue_depth, "red_depth": red_depth,
        "precision": precision, "scale": scale,
    }  # fmt: skip
    actors = "\n".join(f"  {name}: {ACTORS[name].format(**parts)}" for name in order)
    body = (
        "variables:\n  x: {initial: 0.2, change: -0.1 / month * x}\n  y: {initial: 0.4}\n  z: {initial: 0}\n"
        "parameters:\n  blue_will: {value: 0}\n  red_will: {value: 0}\n"
        f"actors:\n{actors}\n"
        "outcomes: {war: {rate: 0.05 / month * z ** 2, absorbing: true, worth: {blue: -2, red: -3}}}\n"
    )
    for old, new in (rename or {}).items():
        body = re.sub(rf"\b{old}\b", new, body)
    return made(body)


def named_chances(model, out):
    """(actor, action) -> its chance in the first step of the first run."""
    names = [(a.name, x.name) for a in model.actors for x in a.actions]
    return dict(zip(names, out.probability[0, 0], strict=True))


def run(engine, **setting):
    model = crisis(**setting)
    return model, named_chances(model, outputs(model, engine))


def assert_alike(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        np.testing.assert_allclose(other[key], value, rtol=1e-9, atol=1e-13, err_msg=str(key))


few = settings(max_examples=12, deadline=None)
depths = st.integers(0, 3)


@few
@given(st.floats(-1e6, 1e6), st.floats(0, 100), depths, depths)
def test_chances_sum_to_one_and_never_overflow(engine, scale, precision, blue, red):
    model = crisis(scale=round(scale, 3), precision=round(precision, 3), blue_depth=blue, red_depth=red)
    out = outputs(model, engine, 2)
    assert (out.status == 0).all()
    assert np.isfinite(out.belief).all()
    assert ((out.expected >= 0) & (out.expected <= 1 + 1e-12)).all()
    first = 0
    for actor in model.actors:
        chances = out.probability[:, 0, first : first + len(actor.actions)]
        assert ((chances >= 0) & (chances <= 1)).all()
        np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-12)
        first += len(actor.actions)


@few
@given(st.floats(0.01, 0.99), depths, depths)
def test_a_type_that_is_there_twice_changes_nothing(engine, share, blue, red):
    setting = {"blue_depth": blue, "red_depth": red}
    _, once = run(engine, **setting)
    types = RED_TYPES | {"hard_too": RED_TYPES["hard"]}
    prior = {"hard": PRIOR["hard"] * share, "hard_too": PRIOR["hard"] * (1 - share), "soft": "rest"}
    _, twice = run(engine, red_types=types, prior=prior, **setting)
    assert_alike(once, twice)


@few
@given(st.permutations(["blue", "red", "green"]), st.permutations(list(BLUE_ACTIONS)),
       st.permutations(list(RED_TYPES)), st.booleans(), depths)  # fmt: skip
def test_the_order_of_actors_actions_and_types_changes_nothing(engine, actors, actions, types, turn, depth):
    _, before = run(engine, blue_depth=depth)
    _, after = run(
        engine,
        order=actors,
        blue_actions={name: BLUE_ACTIONS[name] for name in actions},
        red_types={name: RED_TYPES[name] for name in types},
        blue_types=dict(reversed(BLUE_TYPES.items())) if turn else BLUE_TYPES,
        blue_depth=depth,
    )
    assert_alike(before, after)


NEW_NAMES = {"blue": "azure", "push": "press", "soft": "pliant", "hard": "stern", "z": "heat"}


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_names_are_only_names(engine, depth):
    model, before = run(engine, blue_depth=depth)
    other, after = run(engine, blue_depth=depth, rename=NEW_NAMES)
    new = NEW_NAMES
    assert {(new.get(a, a), new.get(x, x)) for a, x in before} == set(after)
    assert other.suppositions != model.suppositions
    assert_alike({(new.get(a, a), new.get(x, x)): p for (a, x), p in before.items()}, after)


@few
@given(depths, st.floats(0, 1000), st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_who_cannot_change_what_it_wants_acts_by_habit(engine, depth, precision, habits):
    """Blue wants z, which red alone moves, and nothing blue does reaches z or anything red looks at."""
    model = made(
        f"""
        variables: {{x: {{initial: 0}}, z: {{initial: 0}}}}
        parameters: {{will: {{value: 0}}}}
        actors:
          blue:
            depth: {depth}
            horizon: 3
            precision: {precision:.3f}
            utility: {{want: 10 * z}}
            beliefs: {{red: {{prior: {{hard: 0.5, soft: 0.5}}}}}}
            actions:
              a: {{effects: {{x: 1}}, propensity: {habits[0]:.3f}}}
              b: {{effects: {{x: {{set: -3}}}}, propensity: {habits[1]:.3f}}}
              c: {{propensity: {habits[2]:.3f}}}
          red:
            depth: 2
            horizon: 2
            precision: 1
            utility: {{want: will * z}}
            types: {{hard: {{parameters: {{will: 1}}}}, soft: {{parameters: {{will: -1}}}}}}
            true_type: hard
            actions: {{wait: {{}}, push: {{effects: {{z: 1}}}}}}
        """
    )
    # As written: 0.0005 is 0.001 in a file, and 0 where numpy rounds it.
    weights = np.exp([float(f"{h:.3f}") for h in habits])
    chances = outputs(model, engine).probability[0, 0, :3]
    np.testing.assert_allclose(chances, weights / weights.sum(), rtol=1e-9)


@few
@given(st.floats(0.001, 0.999), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 0.5))
def test_beliefs_stay_chances_whatever_is_learnt(engine, prior, bias, fading, floor):
    model = made(
        f"""
        variables: {{x: {{initial: 0}}}}
        parameters: {{will: {{value: 0}}}}
        actors:
          blue:
            depth: 1
            horizon: 1
            precision: 1
            utility: {{want: x}}
            beliefs:
              red: {{prior: {{hard: {prior:.6f}, soft: rest}}, confirmation_bias: {bias:.6f},
                     fading: {fading:.6f}, floor: {floor:.6f}}}
            actions: {{wait: {{}}}}
          red:
            types: {{hard: {{parameters: {{will: 30}}}}, soft: {{parameters: {{will: -30}}}}}}
            true_type: {{hard: 0.5, soft: 0.5}}
            actions: {{wait: {{}}, push: {{propensity: will * (1 - 2 * x), effects: {{x: {{set: 1 - x}}}}}}}}
        """,
        steps=8,
    )
    out = outputs(model, engine, 8)
    np.testing.assert_allclose(out.belief.sum(axis=2), 1, rtol=1e-12)
    least = round(floor, 6) / (1 + round(floor, 6))  # a floor is held before the sum is made 1 again
    assert (out.belief[:, 1:] >= least - 1e-12).all()
