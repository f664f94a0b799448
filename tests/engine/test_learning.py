"""What actors expect of each other and learn from what they do, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from offramp.engine.outputs import Status
from offramp.language.check import loads
from small_models import ENGINES, made, outputs

pytestmark = pytest.mark.parametrize("engine", ENGINES)

# Red pushes with chance 0.2, 0.5 or 0.8, by its type. It is made to push in January and to wait in
# February; blue, who knows nothing of the policy, draws its conclusions.
WATCH = """
variables: {{tension: {{initial: 0}}}}
parameters: {{resolve: {{value: 0}}, odd: {{value: 0.1}}}}
actors:
  blue:
    depth: 1
    horizon: 1
    precision: 0.1
    utility: {{calm: -tension}}
    beliefs:
      red: {{prior: {{soft: 0.5, fair: 0.3, hard: 0.2}}, {learning}}}
    actions: {{wait: {{}}}}
  red:
    types:
      soft: {{parameters: {{resolve: 0.2}}}}
      fair: {{parameters: {{resolve: 0.5}}}}
      hard: {{parameters: {{resolve: 0.8}}}}
    true_type: fair
    actions:
      push: {{propensity: log(resolve), effects: {{tension: 1}}, attributed: {attributed}}}
      wait: {{propensity: log(1 - resolve)}}
policies:
  script: {{do: [{{until: {second}, force: {{red: push}}}}, {{from: {second}, force: {{red: wait}}}}]}}
"""


def watch(learning="learns: true", attributed="1", steps=3, step="month", **replaced):
    second = "2020-02-01" if step == "month" else "2020-01-08"
    body = WATCH.format(learning=learning, attributed=attributed, second=second)
    for old, new in replaced.items():
        assert REPLACED[old] in body
        body = body.replace(REPLACED[old], new)
    return made(body, steps, step)


REPLACED = {
    "soft": "{resolve: 0.2}",
    "fair": "{resolve: 0.5}",
    "hard": "{resolve: 0.8}",
    "depth": "depth: 1",
    "prior": "{soft: 0.5, fair: 0.3, hard: 0.2}",
}
PRIOR = np.array([0.5, 0.3, 0.2])
PUSH = np.array([0.2, 0.5, 0.8])
WAIT = 1 - PUSH


def course_of_belief(engine, learning="learns: true", attributed="1", step="month", **overrides):
    """(step, type): what blue believes at the beginning of each step, January, February and March."""
    model = watch(learning, attributed, step=step)
    out = outputs(model, engine, policy="script", **overrides)
    assert out.status[0] == Status.OK
    return out.belief[0]


def bayes(belief, likelihood):
    return belief * likelihood / (belief * likelihood).sum()


def biased(belief, likelihood, bias):
    if likelihood[np.argmax(belief)] < belief @ likelihood:
        likelihood = likelihood ** (1 - bias)
    return bayes(belief, likelihood)


def test_bayes_over_three_types_and_two_observations(engine):
    february = bayes(PRIOR, PUSH)
    np.testing.assert_allclose(february, np.array([10, 15, 16]) / 41)  # a check on the check
    march = bayes(february, WAIT)
    np.testing.assert_allclose(course_of_belief(engine), [PRIOR, february, march], rtol=1e-12)


@pytest.mark.parametrize("bias", [0.0, 0.3, 0.9, 1.0])
def test_confirmation_bias_discounts_only_what_speaks_against_the_leading_type(engine, bias):
    """In January a push speaks against `soft`, who leads; what then leads is read anew in February."""
    february = biased(PRIOR, PUSH, bias)
    march = biased(february, WAIT, bias)
    course = course_of_belief(engine, f"confirmation_bias: {bias}")
    np.testing.assert_allclose(course, [PRIOR, february, march], rtol=1e-12)
    if bias == 1:
        np.testing.assert_allclose(february, PRIOR)
        assert march[0] > PRIOR[0]  # the wait confirms


@pytest.mark.parametrize("bias", [0.0, 0.6])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_an_act_that_may_be_anybodys_says_less(engine, share, bias):
    february = biased(PRIOR, share * PUSH + (1 - share) * (PRIOR @ PUSH), bias)
    march = biased(february, WAIT, bias)
    course = course_of_belief(engine, f"confirmation_bias: {bias}", attributed=share)
    np.testing.assert_allclose(course, [PRIOR, february, march], rtol=1e-12)
    if share == 0:
        np.testing.assert_allclose(february, PRIOR)


def test_what_an_uncertain_act_says_is_weighed_by_what_is_believed_by_then(engine):
    """A push in January and one in February: the second is held against February's belief."""
    model = made(WATCH.format(learning="learns: true", attributed=0.3, second="2020-03-01"), 3)
    february = bayes(PRIOR, 0.3 * PUSH + 0.7 * (PRIOR @ PUSH))
    march = bayes(february, 0.3 * PUSH + 0.7 * (february @ PUSH))
    course = outputs(model, engine, policy="script").belief[0]
    np.testing.assert_allclose(course, [PRIOR, february, march], rtol=1e-12)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("prior", "discounted"), [((0.4, 0.4, 0.2), True), ((0.2, 0.4, 0.4), False)])
def test_of_types_held_alike_none_leads_by_its_place(engine, prior, discounted, turned):
    """What both leaders make of a push, on average, says whether it speaks against what is held for true."""
    types = dict(zip(("soft", "fair", "hard"), prior, strict=True))
    if turned:
        types = dict(reversed(types.items()))
    text = "{" + ", ".join(f"{name}: {p}" for name, p in types.items()) + "}"
    model = watch("confirmation_bias: 0.5", prior=text)
    course = outputs(model, engine, policy="script").belief[0]
    expected = bayes(np.array(prior), PUSH**0.5 if discounted else PUSH)
    np.testing.assert_allclose(course[1], expected, rtol=1e-12)


@pytest.mark.parametrize("learning", ["confirmation_bias: 0.6", "floor: 0.25", "floor: 9 * odd, fading: odd"])
@pytest.mark.parametrize("shares", [(0.25, 0.2), (0.0, 0.45), (0.225, 0.225)])
def test_a_type_that_is_there_twice_is_learnt_of_as_one(engine, learning, shares):
    """`hard` leads with 0.45, whether or not it has two names."""
    once = watch(learning, prior="{soft: 0.3, fair: 0.25, hard: 0.45}")
    both = f"{{soft: 0.3, fair: 0.25, hard: {shares[0]}, twin: {shares[1]}}}"
    text = once.text.replace("{soft: 0.3, fair: 0.25, hard: 0.45}", both)
    text = text.replace(
        "    true_type: fair", "      twin: {parameters: {resolve: 0.8}}\n    true_type: fair"
    )
    twice = outputs(loads(text), engine, policy="script").belief[0]
    merged = np.column_stack([twice[:, :2], twice[:, 2:].sum(axis=1)])
    np.testing.assert_allclose(merged, outputs(once, engine, policy="script").belief[0], rtol=1e-12)
    assert (twice >= 0).all()


def test_who_has_learnt_chooses_by_what_it_has_learnt(engine):
    """Its own precision is read in the average of types by belief: February's, once it has seen January."""
    body = WATCH.format(learning="learns: true", attributed="1", second="2020-02-01")
    body = body.replace("precision: 0.1", "precision: resolve")
    body = body.replace("actions: {wait: {}}", "actions: {wait: {}, gain: {cost: -1}}")
    out = outputs(made(body, 2), engine, policy="script")
    for step, belief in enumerate([PRIOR, bayes(PRIOR, PUSH)]):
        odds = out.probability[0, step, 1] / out.probability[0, step, 0]
        assert np.log(odds) == pytest.approx(belief @ PUSH, rel=1e-9)


@pytest.mark.parametrize(("step", "dt"), [("month", 1.0), ("week", 7 / (365.2425 / 12))])
def test_beliefs_fade_towards_the_prior_by_their_share_per_month(engine, step, dt):
    kept = 0.9**dt
    february = kept * bayes(PRIOR, PUSH) + (1 - kept) * PRIOR
    course = course_of_belief(engine, "fading: 0.1", step=step)
    np.testing.assert_allclose(course[1], february, rtol=1e-12)


def test_a_floor_keeps_a_type_from_dying(engine):
    february = np.maximum(bayes(PRIOR, PUSH), 0.3)
    february /= february.sum()
    np.testing.assert_allclose(course_of_belief(engine, "floor: 0.3")[1], february, rtol=1e-12)
    assert february.min() > bayes(PRIOR, PUSH).min()


def test_how_an_actor_learns_may_be_uncertain_like_anything_else(engine):
    learning = "confirmation_bias: 3 * odd, fading: odd, floor: odd / 2"
    for odd in (0.1, 0.3):
        february = (1 - odd) * biased(PRIOR, PUSH, 3 * odd) + odd * PRIOR
        february = np.maximum(february, odd / 2)
        np.testing.assert_allclose(
            course_of_belief(engine, learning, odd=odd)[1], february / february.sum(), rtol=1e-12
        )


def test_a_belief_that_does_not_learn_stays(engine):
    np.testing.assert_array_equal(course_of_belief(engine, "learns: false"), [PRIOR] * 3)


def test_what_an_act_of_no_known_type_says_is_nothing(engine):
    """Blue holds the push for impossible, whoever red is: no belief explains it, so none changes."""
    model = watch(soft="{resolve: 0}", fair="{resolve: 0}", hard="{resolve: 0}")
    out = outputs(model, engine, policy="script", resolve=0.5)
    np.testing.assert_array_equal(out.belief[0], [PRIOR] * 3)
    np.testing.assert_allclose(out.expected[0, :, 0], [0, 1, 1])


def test_who_expects_what_is_the_average_of_types_by_belief(engine):
    model = watch()
    out = outputs(model, engine, policy="script")
    believed = [PRIOR, bayes(PRIOR, PUSH), bayes(bayes(PRIOR, PUSH), WAIT)]
    expected = [believed[0] @ PUSH, believed[1] @ WAIT, believed[2] @ WAIT]
    np.testing.assert_allclose(out.expected[0, :, 0], expected, rtol=1e-12)
    assert model.expectations == (("blue", "red"),)  # red acts by habit and expects nothing


def test_actors_who_act_by_habit_believe_what_they_did(engine):
    out = outputs(watch(depth="depth: 0"), engine, policy="script")
    np.testing.assert_array_equal(out.belief[0], [PRIOR] * 3)
    assert out.expected.shape == (1, 3, 0)


def test_priors_are_set_to_sum_to_one_and_rest_is_what_the_others_leave(engine):
    for prior, expected in (
        ("{soft: odd, fair: 3 * odd, hard: 0 * odd}", [0.25, 0.75, 0]),
        ("{soft: -odd, fair: odd, hard: rest}", [0, 0.1, 0.9]),
        ("{soft: 0 * odd, fair: 0 * odd}", [1 / 3, 1 / 3, 1 / 3]),
        ("hard", [0, 0, 1]),
        ("{fair: 0.4, hard: rest}", [0, 0.4, 0.6]),
    ):
        belief = outputs(watch(prior=prior), engine).belief[0, 0]
        np.testing.assert_allclose(belief, expected, atol=1e-15)


def test_a_belief_that_is_not_finite_fails_the_run(engine):
    out = outputs(watch("confirmation_bias: log(odd - 1)"), engine)
    assert out.status[0] == Status.NOT_FINITE
    assert out.failed_step[0] == 0
    assert np.isnan(out.belief).all()


# Several others, and others who think


THREE = """
variables: {{x: {{initial: 0}}, y: {{initial: 0}}}}
parameters: {{red_resolve: {{value: 0}}, green_resolve: {{value: 0}}}}
actors:
  blue:
    depth: {depth}
    horizon: 1
    precision: 0.1
    utility: {{calm: -x}}
    beliefs:
      red: {{prior: {{hard: 0.3, soft: 0.7}}}}
      green: {{prior: {{hard: 0.6, soft: 0.4}}}}
    actions: {{wait: {{}}}}
  red:
    depth: 1
    horizon: 1
    precision: 1
    utility: {{gain: red_resolve * x + 2 * x * y}}
    types: {{hard: {{parameters: {{red_resolve: 1}}}}, soft: {{parameters: {{red_resolve: -1}}}}}}
    true_type: hard
    actions: {{push: {{effects: {{x: 1}}}}, wait: {{}}}}
  green:
    types: {{hard: {{parameters: {{green_resolve: 0.9}}}}, soft: {{parameters: {{green_resolve: 0.1}}}}}}
    true_type: soft
    actions:
      push: {{effects: {{y: 1}}, propensity: log(green_resolve)}}
      wait: {{propensity: log(1 - green_resolve)}}
policies:
  script: {{do: [{{force: {{red: push, green: wait}}}}]}}
"""


def test_the_likelihood_of_one_is_averaged_over_what_is_believed_of_the_others(engine):
    """Whether red pushes depends on whom it takes green for: blue weighs both by its belief about green."""
    out = outputs(made(THREE.format(depth=2), steps=2), engine, policy="script")

    def push(red, green):
        return 1 / (1 + np.exp(-(red + 2 * green)))

    red = bayes(np.array([0.3, 0.7]), np.array([0.6 * push(r, 0.9) + 0.4 * push(r, 0.1) for r in (1, -1)]))
    green = bayes(np.array([0.6, 0.4]), np.array([0.1, 0.9]))
    np.testing.assert_allclose(out.belief[0, 1], [*red, *green], rtol=1e-12)
    average = sum(p * q * push(r, g) for p, r in ((0.3, 1), (0.7, -1)) for q, g in ((0.6, 0.9), (0.4, 0.1)))
    np.testing.assert_allclose(out.expected[0, 0], [average, 0.6 * 0.1 + 0.4 * 0.9, 1, 0.9], rtol=1e-12)


def test_beliefs_about_several_change_at_once_whichever_is_named_first(engine):
    """What red's push says is weighed by what was believed of green at the choice, not by what is since."""
    about = [f"      {name}: {{{{prior: {{{{hard: {p}, soft: {q}}}}}}}}}\n" for name, p, q in BELIEVED]
    assert "".join(about) in THREE
    swapped = THREE.replace("".join(about), "".join(about[::-1]))
    first, other = (
        outputs(made(body.format(depth=2), steps=2), engine, policy="script").belief[0, 1]
        for body in (THREE, swapped)
    )
    np.testing.assert_allclose(other, [*first[2:], *first[:2]], rtol=1e-12)
    assert abs(first[0] - 0.3) > 0.01


BELIEVED = [("red", 0.3, 0.7), ("green", 0.6, 0.4)]


def test_an_actor_of_depth_1_learns_as_if_all_acted_by_habit(engine):
    """Red's habit does not depend on its type, so its moves teach such an actor nothing."""
    out = outputs(made(THREE.format(depth=1), steps=2), engine, policy="script")
    np.testing.assert_allclose(out.belief[0, 1, :2], [0.3, 0.7], rtol=1e-12)
    assert out.belief[0, 1, 2] < 0.6


# Nobody is surprised who believes what is


def both_sharp(precision):
    return made(
        f"""
        variables: {{x: {{initial: "normal(0, 1)", change: -0.3 / month * x, noise: 0.5}}}}
        parameters: {{red_aim: {{value: 0}}, blue_aim: {{value: "normal(1, 0.2)"}}}}
        actors:
          blue:
            depth: 2
            horizon: 2
            inner_horizon: 2
            precision: {precision}
            utility: {{aim: -(x - blue_aim) ** 2}}
            beliefs: {{red: {{prior: {{low: 1, high: 0}}, confirmation_bias: 0.4}}}}
            actions: {{down: {{effects: {{x: -0.7}}}}, stay: {{}}, up: {{effects: {{x: 0.8}}}}}}
          red:
            depth: 1
            horizon: 2
            precision: {precision}
            utility: {{aim: -(x - red_aim) ** 2}}
            types: {{low: {{parameters: {{red_aim: -1}}}}, high: {{parameters: {{red_aim: 1}}}}}}
            true_type: low
            actions: {{down: {{effects: {{x: -0.6}}}}, stay: {{}}, up: {{effects: {{x: 0.9}}}}}}
        """,
        steps=6,
    )


@pytest.mark.parametrize("precision", [1, 1e5])
def test_who_believes_what_is_true_gives_others_acts_the_chance_that_they_have(engine, precision):
    out = outputs(both_sharp(precision), engine, 60)
    taken = np.take_along_axis(out.probability[:, :, 3:], out.action[:, :, 1:].astype(int), axis=2)
    np.testing.assert_allclose(out.expected[:, :, 0], taken[:, :, 0], rtol=1e-9)


def test_with_correct_beliefs_and_high_precision_nobody_is_surprised(engine):
    out = outputs(both_sharp(1e5), engine, 60)
    surprise = -np.log(out.expected[:, :, 0])
    assert (surprise < 0.05).mean() > 0.99
    assert len(np.unique(out.action[:, :, 1])) > 1  # red does not always do the same
    np.testing.assert_array_equal(out.belief[..., 0], 1.0)


def test_who_watches_long_enough_finds_the_truth(engine):
    """Bayes is consistent: the belief in the type that red truly is goes to 1."""
    out = outputs(watch(steps=300), engine, 40)
    assert (out.belief[:, -1, 1] > 0.95).all()


def test_the_moves_of_others_are_known_only_once_they_are_made(engine):
    """The belief of a month knows nothing of that month: February's does not depend on February's moves."""
    model = watch()
    scripted, free = outputs(model, engine, 50, policy="script"), outputs(model, engine, 50)
    np.testing.assert_array_equal(scripted.belief[:, 0], free.belief[:, 0])
    same = free.action[:, 0, 1] == 0
    np.testing.assert_array_equal(scripted.belief[same, 1], free.belief[same, 1])
    assert (scripted.belief[~same, 1] != free.belief[~same, 1]).all()
