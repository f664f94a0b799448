"""Actors who think about how others think: levels of reasoning and pictures of types, worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from small_models import ENGINES, made, outputs

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def softmax(weights):
    likely = np.exp(np.asarray(weights) - np.max(weights))
    return likely / likely.sum()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def chances(model, out, actor, step=0):
    """(run, action): how likely an actor was to take each of its actions."""
    first = 0
    for a in model.actors:
        if a.name == actor:
            return out.probability[:, step, first : first + len(a.actions)]
        first += len(a.actions)
    raise KeyError(actor)


def first_choice(model, engine, actor, **overrides):
    return chances(model, outputs(model, engine, **overrides), actor)[0]


# One-shot games of two actions: `x` is 1 when blue takes its first action, `y` when red does.

MATRIX = """
variables: {{x: {{initial: 0}}, y: {{initial: 0}}}}
actors:
  blue:
    depth: {blue}
    horizon: 1
    precision: {precision}
    utility: {{payoff: {a} * x * y + {b} * x * (1 - y) + {c} * (1 - x) * y + {d} * (1 - x) * (1 - y)}}
    actions:
      first: {{effects: {{x: {{set: 1}}}}, propensity: {habit}}}
      second: {{effects: {{x: {{set: 0}}}}}}
  red:
    depth: {red}
    horizon: 1
    precision: {precision}
    utility: {{payoff: {e} * x * y + {f} * (1 - x) * y + {g} * x * (1 - y) + {h} * (1 - x) * (1 - y)}}
    actions:
      first: {{effects: {{y: {{set: 1}}}}, propensity: {habit}}}
      second: {{effects: {{y: {{set: 0}}}}}}
"""


def symmetric(a, b, c, d, *, blue=1, red=1, precision=1.0, habit=0.0):
    """Own payoffs: a for (first, first), b for (first, second), c for (second, first), d for neither."""
    return made(MATRIX.format(blue=blue, red=red, precision=precision, habit=habit,
                              a=a, b=b, c=c, d=d, e=a, f=b, g=c, h=d))  # fmt: skip


def test_level_2_in_a_two_by_two_game_answers_level_1_by_hand(engine):
    model = made(MATRIX.format(blue=2, red=1, precision=0.8, habit=0.4,
                               a=3, b=-1, c=1, d=2, e=-2, f=4, g=1, h=0))  # fmt: skip
    x = sigmoid(0.4)  # blue's habit, as a reasoner of level 1 expects it
    q_first, q_second = x * -2 + (1 - x) * 4, x * 1 + (1 - x) * 0
    y = sigmoid(0.4 + 0.8 * (q_first - q_second))  # red at level 1
    q_first, q_second = y * 3 + (1 - y) * -1, y * 1 + (1 - y) * 2
    expected = sigmoid(0.4 + 0.8 * (q_first - q_second))
    out = outputs(model, engine)
    np.testing.assert_allclose(chances(model, out, "blue")[0], [expected, 1 - expected], rtol=1e-12)
    np.testing.assert_allclose(chances(model, out, "red")[0, 0], y, rtol=1e-12)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("payoffs", [(0, 3, 1, 2), (3, 0, 1, 2), (-10, 2, -2, 0)])
def test_depth_counts_the_steps_of_best_reply_in_a_symmetric_game(engine, payoffs, depth):
    """Level k of a symmetric game is k logit replies to habit (Stahl and Wilson 1995)."""
    a, b, c, d = payoffs
    p = sigmoid(0.3)
    for _ in range(depth):
        p = sigmoid(0.3 + 0.5 * (p * (a - c) + (1 - p) * (b - d)))
    model = symmetric(a, b, c, d, blue=depth, red=3, precision=0.5, habit=0.3)
    np.testing.assert_allclose(first_choice(model, engine, "blue")[0], p, rtol=1e-12)


def test_levels_close_in_on_the_quantal_response_equilibrium_where_replies_contract(engine):
    """In p = logistic(λ·(1 - 3p)) a reply changes by at most 3λ/4 per change of the other's chance."""
    precision = 0.6
    equilibrium = 0.5
    for _ in range(200):  # the fixed point, by damped iteration
        equilibrium += 0.5 * (sigmoid(precision * (1 - 3 * equilibrium)) - equilibrium)
    assert abs(sigmoid(precision * (1 - 3 * equilibrium)) - equilibrium) < 1e-12
    distances = [
        first_choice(symmetric(-2, 1, 0, 0, blue=k, red=3, precision=precision), engine, "blue")[0]
        - equilibrium
        for k in range(4)
    ]
    for nearer, farther in zip(distances[1:], distances[:-1], strict=True):
        assert abs(nearer) <= 0.75 * precision * 3 * abs(farther)
        assert np.sign(nearer) == -np.sign(farther)  # replies fall, so levels straddle the equilibrium


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("precision", [0.1, 1, 30])
def test_where_equal_chances_are_the_equilibrium_every_level_plays_it(engine, depth, precision):
    """Chicken with payoffs at which both actions are worth the same against a fair coin."""
    model = symmetric(-4, 2, -2, 0, blue=depth, red=3, precision=precision)
    np.testing.assert_allclose(first_choice(model, engine, "blue"), 0.5, rtol=1e-12)


def test_nobody_is_modelled_as_deeper_than_it_is(engine):
    for game in [(0, 3, 1, 2), (-10, 2, -2, 0)]:
        against_habit = [
            first_choice(symmetric(*game, blue=blue, red=0, habit=0.3), engine, "blue")[0]
            for blue in (1, 2, 3)
        ]
        against_level_1 = [
            first_choice(symmetric(*game, blue=blue, red=1, habit=0.3), engine, "blue")[0] for blue in (2, 3)
        ]
        assert len(set(against_habit)) == len(set(against_level_1)) == 1
        assert against_habit[0] != against_level_1[0]


# Looking ahead


def test_a_reasoner_of_level_1_follows_habits_over_two_steps_by_hand(engine):
    model = made(
        """
        variables: {x: {initial: 0}}
        actors:
          blue:
            depth: 1
            horizon: 2
            precision: 1.5
            discount: 0.9
            utility: {height: x}
            actions: {wait: {}, push: {effects: {x: 1}, cost: 0.5}}
          red:
            actions: {wait: {}, pull: {effects: {x: -1}, propensity: x}}
        """
    )
    worth = []
    for a in (0, 1):
        x1 = a - sigmoid(0)
        x2 = x1 + sigmoid(0) - sigmoid(x1)  # blue is back to habit, red answers what it finds
        worth.append(0.9 * x1 + 0.81 * x2 - 0.5 * a)
    np.testing.assert_allclose(
        first_choice(model, engine, "blue"), softmax(1.5 * np.array(worth)), rtol=1e-12
    )


def test_level_2_over_two_steps_by_hand(engine):
    """Red, at level 1, looks one step ahead (half of blue's two); it sees what blue's move has changed."""
    model = made(
        """
        variables: {x: {initial: 0}}
        actors:
          blue:
            depth: 2
            horizon: 2
            precision: 1.5
            utility: {height: x - 0.1 * x * x}
            actions: {wait: {}, push: {effects: {x: 1}}}
          red:
            depth: 1
            horizon: 6
            precision: 2
            discount: 0.8
            utility: {middle: -(x - 0.3) ** 2}
            actions: {wait: {}, pull: {effects: {x: -1}, cost: 0.2}}
        """
    )

    def pull(x):
        """Red's chance to pull at x, when blue pushes by habit half the time."""
        worth = [0.8 * -((x + 0.5 - r - 0.3) ** 2) - 0.2 * r for r in (0, 1)]
        return sigmoid(2 * (worth[1] - worth[0]))

    worth = []
    for a in (0, 1):
        x1 = a - pull(0)
        x2 = x1 + 0.5 - pull(x1)
        worth.append(sum(x - 0.1 * x * x for x in (x1, x2)))
    np.testing.assert_allclose(
        first_choice(model, engine, "blue"), softmax(1.5 * np.array(worth)), rtol=1e-12
    )


FAR = """
variables: {{x: {{initial: 0}}, y: {{initial: 0}}}}
actors:
  blue:
    depth: 2
    horizon: {horizon}
    {inner}
    precision: 1
    utility: {{height: x}}
    actions: {{wait: {{}}, push: {{effects: {{x: 1}}}}}}
  red:
    depth: 1
    horizon: {red}
    precision: 0.3
    utility: {{sum: x + y}}
    actions: {{wait: {{}}, grow: {{effects: {{y: 1}}}}}}
"""


@pytest.mark.parametrize(
    ("horizon", "inner", "red", "steps"),
    [
        (6, "", 12, 3),
        (5, "", 12, 3),
        (6, "inner_horizon: 4", 12, 4),
        (6, "inner_horizon: 2.5", 12, 3),
        (6, "", 2, 2),
        (1, "", 12, 1),
    ],
)
def test_an_opponent_is_modelled_with_the_smaller_of_its_own_and_the_inner_horizon(
    engine, horizon, inner, red, steps
):
    """Growing is worth 1 in every month looked ahead, so red's chance shows how far it is taken to look."""
    model = made(FAR.format(horizon=horizon, inner=inner, red=red))
    out = outputs(model, engine, 40)
    grows = out.action[:, 0, 1] == 1
    assert 0 < grows.sum() < 40
    expected = np.where(grows, sigmoid(0.3 * steps), 1 - sigmoid(0.3 * steps))
    np.testing.assert_allclose(out.expected[:, 0, 0], expected, rtol=1e-12)
    truly = np.where(grows, sigmoid(0.3 * red), 1 - sigmoid(0.3 * red))
    np.testing.assert_allclose(
        chances(model, out, "red")[np.arange(40), out.action[:, 0, 1]], truly, rtol=1e-12
    )


# The prisoner's dilemma, repeated. Red answers blue's last move, or defects whatever comes.

DILEMMA = """
variables: {{blue_last: {{initial: 1}}, x: {{initial: 0}}, y: {{initial: 0}}}}
parameters: {{mirrors: {{value: 1}}}}
actors:
  blue:
    depth: 1
    horizon: {horizon}
    precision: {precision}
    utility: {{payoff: 3 * x * y + 5 * (1 - x) * y + 1 * (1 - x) * (1 - y)}}
    beliefs: {{red: {{prior: {{tit_for_tat: {trust}, defector: rest}}}}}}
    actions:
      cooperate: {{effects: {{x: {{set: 1}}, blue_last: {{set: 1}}}}}}
      defect: {{effects: {{x: {{set: 0}}, blue_last: {{set: 0}}}}}}
  red:
    types:
      tit_for_tat: {{parameters: {{mirrors: 1}}}}
      defector: {{parameters: {{mirrors: 0}}}}
    true_type: tit_for_tat
    actions:
      cooperate: {{effects: {{y: {{set: 1}}}}, propensity: 200 * (mirrors * blue_last - 0.5)}}
      defect: {{effects: {{y: {{set: 0}}}}}}
"""


@pytest.mark.parametrize("trust", [0.0, 0.2, 0.6, 1.0])
@pytest.mark.parametrize(("horizon", "gain"), [(1, -2.0), (2, 1.5), (3, 1.5), (6, 1.5)])
def test_the_shadow_of_the_future_makes_cooperation_pay_against_tit_for_tat(engine, horizon, gain, trust):
    """Cooperating costs 2 now and gains (3 + 5)/2 - (0 + 1)/2 in the next month, where red answers it.

    Afterwards blue is back to its habit and red's answer no longer depends on the first move. Against a
    defector it costs 1 and gains nothing.
    """
    model = made(DILEMMA.format(horizon=horizon, precision=0.7, trust=trust))
    difference = trust * gain + (1 - trust) * -1
    np.testing.assert_allclose(first_choice(model, engine, "blue")[0], sigmoid(0.7 * difference), rtol=1e-9)


def test_with_theory_of_mind_a_sharp_player_defects_at_look_ahead_1_and_cooperates_from_3_on(engine):
    for horizon, cooperates in ((1, 0), (3, 1), (6, 1)):
        model = made(DILEMMA.format(horizon=horizon, precision=20, trust=1))
        assert abs(first_choice(model, engine, "blue")[0] - cooperates) < 1e-9


# Chicken, with resolve misread. Straight against straight is a crash; a hard driver minds it little.

CHICKEN = """
variables: {{x: {{initial: 0}}, y: {{initial: 0}}}}
parameters: {{blue_crash: {{value: 0}}, red_crash: {{value: 0}}}}
actors:
  blue:
    depth: 2
    horizon: 1
    precision: 6
    utility: {{payoff: x * (1 - y) - (1 - x) * y - blue_crash * x * y}}
    types: {{hard: {{parameters: {{blue_crash: 0.5}}}}, soft: {{parameters: {{blue_crash: 10}}}}}}
    true_type: {blue_is}
    beliefs: {{red: {{prior: {{hard: {blue_fears}, soft: rest}}}}}}
    actions: {{straight: {{effects: {{x: {{set: 1}}}}}}, swerve: {{effects: {{x: {{set: 0}}}}}}}}
  red:
    depth: 2
    horizon: 1
    precision: 6
    utility: {{payoff: y * (1 - x) - (1 - y) * x - red_crash * x * y}}
    types: {{hard: {{parameters: {{red_crash: 0.5}}}}, soft: {{parameters: {{red_crash: 10}}}}}}
    true_type: {red_is}
    beliefs: {{blue: {{prior: {{hard: {red_fears}, soft: rest}}}}}}
    actions: {{straight: {{effects: {{y: {{set: 1}}}}}}, swerve: {{effects: {{y: {{set: 0}}}}}}}}
"""


def straight(engine, **setting):
    model = made(CHICKEN.format(**setting))
    return [first_choice(model, engine, actor)[0] for actor in ("blue", "red")]


def test_chicken_two_soft_drivers_who_each_take_the_other_for_soft_crash(engine):
    blue, red = straight(engine, blue_is="soft", red_is="soft", blue_fears=0, red_fears=0)
    assert blue > 0.99
    assert red > 0.99


def test_chicken_who_takes_a_soft_driver_for_hard_swerves_and_is_run_off_the_road(engine):
    blue, red = straight(engine, blue_is="soft", red_is="soft", blue_fears=1, red_fears=0)
    assert blue < 0.01
    assert red > 0.99


def test_chicken_fear_of_a_hard_driver_lowers_the_will_to_go_straight_without_a_jump_back(engine):
    fears = [0, 0.05, 0.1, 0.2, 0.5, 1]
    will = [straight(engine, blue_is="soft", red_is="soft", blue_fears=f, red_fears=0)[0] for f in fears]
    assert all(after < before for before, after in pairwise(will))


def test_chicken_by_hand_with_a_mixed_belief(engine):
    """A level 1 driver meets a coin: straight is worth (1 - crash)/2, swerving -1/2."""
    goes = {crash: sigmoid(6 * ((1 - crash) / 2 + 0.5)) for crash in (0.5, 10)}
    worth = 0.0
    for crash, belief in ((0.5, 0.3), (10, 0.7)):
        y = goes[crash]
        worth += belief * ((1 - y) - 10 * y - -y)
    blue, _ = straight(engine, blue_is="soft", red_is="hard", blue_fears=0.3, red_fears=0)
    np.testing.assert_allclose(blue, sigmoid(6 * worth), rtol=1e-9)


# Whose parameters are read where


def test_the_true_type_of_another_leaks_into_nothing_that_an_actor_does(engine):
    body = """
    variables: {x: {initial: 0}, mass: {initial: 1}, heat: {equals: x * red_resolve}}
    parameters: {red_resolve: {value: 0}}
    actors:
      blue:
        depth: 2
        horizon: 3
        precision: 0.5 + red_resolve
        discount: 1 - 0.1 * red_resolve
        utility: {calm: -heat - red_resolve * mass}
        sees: {mass: {hidden: true, assumed: 3 * red_resolve}}
        beliefs: {red: {prior: {hard: 0.4, soft: rest}}}
        actions:
          wait: {propensity: red_resolve}
          push: {effects: {x: red_resolve}, cost: red_resolve}
          leap: {effects: {x: 1}, when: red_resolve > 0.5 or heat > 1}
      red:
        depth: 1
        horizon: 3
        precision: red_resolve
        utility: {heat: heat}
        types: {hard: {parameters: {red_resolve: 0.9}}, soft: {parameters: {red_resolve: 0.2}}}
        true_type: TRUE
        actions: {wait: {}, push: {effects: {x: 1}, propensity: red_resolve}}
    """
    hard, soft = (made(body.replace("TRUE", t)) for t in ("hard", "soft"))
    assert (first_choice(hard, engine, "blue") == first_choice(soft, engine, "blue")).all()
    assert (first_choice(hard, engine, "red") != first_choice(soft, engine, "red")).any()


def test_for_its_own_availability_and_precision_an_actor_averages_types_by_belief(engine):
    """With 0.4·0.9 + 0.6·0.2 = 0.48 the leap is shut to it, though it holds 0.9 possible."""
    body = """
    variables: {x: {initial: 0}}
    parameters: {resolve: {value: 0}}
    actors:
      blue:
        depth: 1
        horizon: 1
        precision: resolve
        utility: {x: x}
        beliefs: {red: {prior: {hard: 0.4, soft: 0.6}}}
        actions:
          wait: {}
          push: {effects: {x: 1}, propensity: resolve}
          leap: {effects: {x: 2}, when: resolve > LIMIT}
      red:
        types: {hard: {parameters: {resolve: 0.9}}, soft: {parameters: {resolve: 0.2}}}
        true_type: soft
        actions: {wait: {}}
    """
    shut, open_ = (first_choice(made(body.replace("LIMIT", n)), engine, "blue") for n in ("0.5", "0.45"))
    np.testing.assert_allclose(shut, [*softmax([0, 0.48 + 0.48]), 0], rtol=1e-12)
    np.testing.assert_allclose(open_, softmax([0, 0.48 + 0.48, 0.48 * 2]), rtol=1e-12)


def test_what_is_assumed_of_a_hidden_stock_may_differ_from_picture_to_picture(engine):
    """Who is hard is taken to have a bomb: the payoff is not linear in it, so each picture counts alone."""
    model = made(
        """
        variables: {bomb: {initial: 0}, x: {initial: 0}}
        parameters: {armed: {value: 0}}
        actors:
          blue:
            depth: 1
            horizon: 1
            precision: 1
            utility: {fear: -x * bomb ** 2}
            sees: {bomb: {hidden: true, assumed: armed}}
            beliefs: {red: {prior: {hard: 0.3, soft: rest}}}
            actions: {wait: {}, push: {effects: {x: 1}}}
          red:
            types: {hard: {parameters: {armed: 4}}, soft: {parameters: {armed: 1}}}
            true_type: soft
            actions: {wait: {}}
        """
    )
    worth = -(0.3 * 16 + 0.7 * 1)
    np.testing.assert_allclose(first_choice(model, engine, "blue"), softmax([0, worth]), rtol=1e-12)


def test_survival_is_weighed_within_each_picture(engine):
    """A sure war in one picture and none in the other is half a chance of war, not an average rate."""
    model = made(
        """
        variables: {x: {initial: 0}}
        parameters: {fury: {value: 0 / month, unit: 1/month}}
        actors:
          blue:
            depth: 1
            horizon: 4
            precision: 1
            utility: {gain: x}
            beliefs: {red: {prior: {wild: 0.5, tame: 0.5}}}
            actions: {wait: {}, push: {effects: {x: {set: 1}}}}
          red:
            types: {wild: {parameters: {fury: 5 / month}}, tame: {parameters: {fury: 0 / month}}}
            true_type: tame
            actions: {wait: {}}
        outcomes: {war: {rate: fury * x, absorbing: true}}
        """
    )
    # Blue's habit sets x to a half of its way in each later month: 1, 1, 1 (or 0, 1/2, 3/4, 7/8).
    paths = {0: [0, 0.5, 0.75, 0.875], 1: [1, 1, 1, 1]}
    worth = []
    for x in paths.values():
        total = 0.0
        for fury in (5, 0):
            survival = np.cumprod(np.exp(-fury * np.array(x)))
            total += 0.5 * (survival * x).sum()
        worth.append(total)
    np.testing.assert_allclose(first_choice(model, engine, "blue"), softmax(worth), rtol=1e-12)
