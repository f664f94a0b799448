"""The cost of misperception: crises whose shares can be worked out by hand, and chances run by run."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from math import exp

import numpy as np
import pytest

import offramp
from cli_calls import call
from offramp.analysis.surprise import mean_surprise
from offramp.engine.hazards import chances, is_smooth
from offramp.errors import UsageError
from offramp.questions.misreadings.ask import Misreadings, all_wrong, misreadings
from offramp.questions.misreadings.tell import tell
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import engine_for
from offramp.tell.terminal import text_of
from small_models import made

# Who wrongly sees a threat attacks for sure, who sees that there is none never does.
FEAR = """
variables:
  blue_fights: {initial: 0}
  red_fights: {initial: 0}
  arms: {title: Arms of Blue, initial: 0}
parameters:
  threat: {title: Red is a threat, value: 0}
  idle: {title: Read by nobody, value: 0}
actors:
  blue:
    title: Blue
    misreads: {threat: {title: Red means war, value: 1}, idle: 1}
    actions:
      wait: {}
      attack: {propensity: 200 * threat - 100, effects: {blue_fights: {set: 1}}}
  red:
    title: Red
    sees: {arms: {SIGNAL}}
    actions:
      wait: {}
      attack: {propensity: 200 * arms - 100, effects: {red_fights: {set: 1}}}
outcomes:
  war:
    title: War
    rate: 0.1 / month * blue_fights + 0.2 / month * red_fights + 0.3 / month * blue_fights * red_fights
    absorbing: true
  peace: {title: Peace, otherwise: true}
"""
BIASED = FEAR.replace("{SIGNAL}", "{bias: 1}")
HIDDEN = FEAR.replace("{SIGNAL}", "{hidden: true, assumed: 1}")
NOBODY, BLUE, RED, BOTH = 0.0, 1 - exp(-0.1), 1 - exp(-0.2), 1 - exp(-0.6)


@pytest.mark.parametrize("text", [BIASED, HIDDEN])
def test_shares_of_two_fears_are_those_worked_by_hand(text):
    """Two players and a dummy: half of what each brings first and half of what it brings second."""
    found = misreadings(Design(made(text), scenarios=20))
    share = {(m.actor, m.name): m.share for m in found.misreadings}
    blue = ((BOTH - RED) + (BLUE - NOBODY)) / 2
    red = ((BOTH - BLUE) + (RED - NOBODY)) / 2
    assert share == {
        ("blue", "threat"): pytest.approx(blue),
        ("red", "arms"): pytest.approx(red),
        ("blue", "idle"): pytest.approx(0),
    }
    assert found.method == "exact"
    assert (found.today.value, found.true.value) == (pytest.approx(BOTH), pytest.approx(NOBODY))
    assert found.total.value == pytest.approx(BOTH) == pytest.approx(blue + red)
    assert [m.name for m in found.misreadings] == ["arms", "threat", "idle"], "the costliest first"


def test_what_one_correction_does_alone_last_and_while_the_other_side_is_wrong():
    found = misreadings(Design(made(BIASED), scenarios=20))
    red, blue, idle = found.misreadings
    assert red.alone.value == pytest.approx(BOTH - BLUE)
    assert blue.alone.value == blue.one_sided.value == pytest.approx(BOTH - RED)
    assert idle.alone.value == idle.one_sided.value == 0
    sides = {s.actor: s for s in found.sides}
    assert sides["blue"].misreadings == 2
    assert sides["blue"].alone.value == pytest.approx(BOTH - RED)
    assert sides["blue"].last.value == pytest.approx(BLUE)
    assert sides["red"].share == pytest.approx(red.share)


def test_the_chance_of_peace_falls_by_what_war_gains():
    found = misreadings(Design(made(BIASED), scenarios=4000, seed=5), "peace")
    assert found.total.value < 0
    assert found.total.low < -BOTH < found.total.high
    assert found.misreadings[-1].name == "arms"


def crowd(weights):
    """One actor for each weight, each in wrong fear of the rest."""
    n = range(len(weights))
    lines = ["variables:", *(f"  x{i}: {{initial: 0}}" for i in n), "parameters:"]
    lines += [*(f"  fear{i}: {{value: 0}}" for i in n), "actors:"]
    for i in n:
        lines += [f"  a{i}:", f"    misreads: {{fear{i}: 1}}", "    actions:", "      wait: {}"]
        lines += [f"      act: {{propensity: 200 * fear{i} - 100, effects: {{x{i}: {{set: 1}}}}}}"]
    rate = " + ".join(f"{w} / month * x{i}" for i, w in enumerate(weights))
    return made("\n".join([*lines, "outcomes:", f"  war: {{rate: {rate}, absorbing: true}}"]))


def test_shares_of_many_are_sampled_and_still_add_up():
    weights = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6]
    found = misreadings(Design(crowd(weights), scenarios=160))
    true = np.zeros(6)
    orders = list(permutations(range(6)))
    for order in orders:
        acting = set(range(6))
        for i in order:
            before = 1 - exp(-sum(weights[j] for j in acting))
            acting -= {i}
            true[i] += (before - (1 - exp(-sum(weights[j] for j in acting)))) / len(orders)
    assert found.method == "sampled"
    assert sum(m.share for m in found.misreadings) == pytest.approx(found.total.value)
    for m in found.misreadings:
        i = int(m.actor[1:])
        assert m.share == pytest.approx(true[i], abs=0.02)
        assert m.low - 0.01 < true[i] < m.high + 0.01
    assert found.played < 160 * 2**6


def test_the_answer_does_not_depend_on_the_number_of_threads_nor_on_the_engine():
    design = Design(crowd([0.1, 0.2, 0.3, 0.1, 0.2, 0.3]), scenarios=40)
    alone = misreadings(design, how=How(threads=1))
    assert alone == misreadings(design, how=How(threads=2))
    assert alone == misreadings(design, how=How(engine="oracle"))


def test_a_policy_is_in_force_whatever_is_corrected():
    """Nobody attacks who may not: then misreadings add nothing."""
    policies = "policies: {calm: {do: [{forbid: {blue: [attack], red: [attack]}}]}}"
    found = misreadings(Design(made(f"{BIASED}{policies}"), ["calm"], scenarios=10))
    assert (found.today.value, found.total.value) == (0, 0)
    assert [m.share for m in found.misreadings] == [0, 0, 0]


def test_in_chicken_one_that_learns_the_truth_changes_nothing_and_in_the_spiral_nearly_all():
    """Both must see true to swerve; but one side that stops arming is enough for the other to stop."""
    chicken = misreadings(Design(offramp.load("chicken"), scenarios=200))
    assert chicken.total.value > 0.25
    assert all(abs(s.alone.value) < 0.05 and s.last.value > 0.25 for s in chicken.sides)
    spiral = misreadings(Design(offramp.load("spiral"), scenarios=100))
    assert spiral.total.value > 0.4
    assert all(s.alone.value > 0.6 * spiral.total.value for s in spiral.sides)


def test_everything_that_differs_from_truth_is_a_misreading():
    model = offramp.load("us-iran-2020")
    wrong = all_wrong(model)
    assert {w.kind for w in wrong} >= {"parameter", "signal", "hidden"}
    named = {a.name: set(a.correctable) for a in model.actors}
    assert all(w.name in named[w.actor] for w in wrong)


def test_the_mean_surprise_weighs_all_steps_of_all_runs_alike():
    """One run that goes on alone for three steps of 2 ln 2 weighs more than a step in which two were."""
    expected = np.array([[[1.0], [0.25], [0.25], [0.25]], [[1.0], [np.nan], [np.nan], [np.nan]]])
    by_step, overall = mean_surprise(expected)
    assert by_step[:, 0] == pytest.approx([0, *[2 * np.log(2)] * 3])
    assert overall == pytest.approx([6 * np.log(2) / 5])


def test_an_answer_comes_back_from_its_json():
    found = misreadings(Design(made(BIASED), scenarios=10))
    assert Misreadings.from_dict(json.loads(found.to_json())) == found


def test_the_json_and_the_text_and_the_picture_say_the_same(tmp_path):
    file, picture = tmp_path / "fear.yaml", tmp_path / "fear.svg"
    file.write_text(made(BIASED).text, encoding="utf-8")
    asked = ("misreadings", str(file), "--runs", "10")
    told = json.loads(call(*asked, "--format", "json").stdout)
    assert [m["name"] for m in told["misreadings"]] == ["arms", "threat", "idle"]
    assert {"actor", "name", "share", "low", "high"} <= told["misreadings"][0].keys()
    result = call(*asked, "--picture", str(picture))
    assert result.exit_code == 0
    assert "War by the end of January 2020: 45 % as it is, 0 % if everyone saw what is so." in result.stdout
    assert "Blue: Red means war" in result.stdout
    assert "Made no difference in these 10 futures, which more futures may:" in result.stdout
    assert "0 to 0" not in result.stdout.partition("Side by side")[0]
    drawn = picture.read_text(encoding="utf-8")
    assert "With everyone seeing true" in drawn
    assert "Red: Arms of Blue: seen with a bias" in drawn.replace("</tspan>", "") or "Arms of Blue" in drawn


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--outcome", "wra"), "model `chicken` has no outcome `wra`. There are: crash, standoff."),
        (("--picture", "x.pdf"), "a chart is written as .svg or .png, so x.pdf does not say how."),
    ],
)
def test_what_cannot_be_asked_is_said(asked, says):
    result = call("misreadings", "chicken", *asked)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr


def test_where_nobody_is_wrong_there_is_nothing_to_correct():
    model = made("variables: {x: {initial: 0}}\noutcomes: {war: {rate: 0.1 / month, absorbing: true}}")
    with pytest.raises(UsageError, match="nobody misreads anything"):
        misreadings(Design(model, scenarios=5))


RATES = """
variables: {x: {initial: 1, noise: 0.3}}
parameters: {danger: {unit: 1/month, value: "uniform(0.02, 0.1)"}}
outcomes:
  war: {rate: danger * x ** 2, absorbing: true}
  deal: {rate: "0.05 / month * max(0, x)", absorbing: true}
  scare: {rate: 0.2 / month * x}
  high: {when: x > 2}
  calm: {otherwise: true}
policies:
  worse: {do: [{from: 2020-03-01, until: 2020-05-01, set: {danger: 0.3}}]}
"""


@pytest.mark.parametrize("policy", ["baseline", "worse"])
def test_chances_run_by_run_average_to_the_share_of_runs_and_vary_less(policy):
    model = made(RATES, steps=8)
    inputs = Design(model, [policy], scenarios=6000).inputs(policy)
    out = engine_for(model).run(inputs)
    for i, outcome in enumerate(("war", "deal", "scare")):
        came = (out.outcome[:, i] >= 0).astype(float)
        chance = chances(model, inputs, out, outcome)
        difference = came - chance
        assert abs(difference.mean()) < 3.5 * difference.std() / np.sqrt(len(came))
        assert chance.var() < (0.8 if outcome != "scare" else 1.1) * came.var()
    assert set(np.unique(chances(model, inputs, out, "high"))) == {0.0, 1.0}
    calm = chances(model, inputs, out, "calm")
    assert (calm == (out.outcome[:, :2] < 0).all(axis=1)).all()


WEEKS = """
variables: {x: {initial: 0}}
parameters: {danger: {unit: 1/month, value: 0.2}}
outcomes: {war: {rate: danger * now / month, absorbing: true}}
policies: {tense: {do: [{from: 2020-01-15, shift: {danger: 0.3}}]}}
"""


@pytest.mark.parametrize("policy", ["baseline", "tense"])
def test_chances_of_weeks_read_the_end_of_the_week_and_what_a_policy_shifts(policy):
    """A danger that grows with time, in steps of a week: each has its own chance while the run goes on."""
    model = made(WEEKS, steps=6, step="week")
    inputs = Design(model, [policy], scenarios=4000).inputs(policy)
    out = engine_for(model).run(inputs)
    week = 7 / 30.436875
    danger = np.where((np.arange(6) >= 2) & (policy == "tense"), 0.5, 0.2)
    each = 1 - np.exp(-danger * (np.arange(6) + 1) * week * week)
    lasted = np.where(out.outcome[:, 0] >= 0, out.outcome[:, 0], 5)
    assert chances(model, inputs, out, "war") == pytest.approx(np.cumsum(each)[lasted])


def test_the_chance_of_one_step_is_that_of_competing_hazards():
    outcomes = "{war: {rate: 0.3 / month, absorbing: true}, deal: {rate: 0.1 / month, absorbing: true}}"
    model = made(f"variables: {{x: {{initial: 0}}}}\noutcomes: {outcomes}")
    inputs = Design(model, scenarios=3).inputs("baseline")
    found = chances(model, inputs, engine_for(model).run(inputs), "war")
    assert found == pytest.approx(0.75 * (1 - exp(-0.4)))


LADDERS = """
variables: {x: {initial: 0}}
actors: {a: {actions: {wait: {}}}, b: {actions: {wait: {}}}}
outcomes:
  war: {rate: 0.1 / month, absorbing: true}
  deal: {rate: 0.2 / month, absorbing: true}
  raid: {absorbing: true}
ladders:
  clash:
    sides: [a, b]
    rate: 0.3 / month
    moves: 6
    war: war
    war_worth: {a: -10, b: -10}
    rungs: {words: {loses_control: 0.1}, shots: {loses_control: 0.4}}
  border:
    sides: [a, b]
    rate: 0.3 / month
    moves: 2
    war: raid
    war_worth: {a: -10, b: -10}
    rungs: {words: {loses_control: 0.2}, shots: {loses_control: 0.2}}
"""


def test_exchanges_add_the_chances_that_control_was_lost():
    """The means stay those of what came, for wars of ladders and for hazards beside them."""
    model = made(LADDERS, steps=5)
    inputs = Design(model, scenarios=6000).inputs("baseline")
    out = engine_for(model).run(inputs)
    assert (out.ladder_ending == 4).any(axis=(0, 1)).all()
    for i, outcome in enumerate(("war", "deal", "raid")):
        came = (out.outcome[:, i] >= 0).astype(float)
        chance = chances(model, inputs, out, outcome)
        difference = came - chance
        assert abs(difference.mean()) < 3.5 * difference.std() / np.sqrt(len(difference))
        assert chance.var() < 0.6 * came.var()
        assert is_smooth(model, outcome)


def test_a_risk_that_was_not_counted_leaves_the_war_as_it_came():
    model = made(LADDERS, steps=5)
    inputs = Design(model, scenarios=500).inputs("baseline")
    out = engine_for(model).run(inputs)
    blank = replace(out, ladder_risk=np.full_like(out.ladder_risk, np.nan))
    assert (chances(model, inputs, blank, "raid") == (out.outcome[:, 2] >= 0)).all()


def test_surprise_is_the_mean_of_minus_the_logarithm_over_runs_that_go_on():
    expected = np.array([[[0.5], [0.25]], [[0.125], [np.nan]]])
    by_step, overall = mean_surprise(expected)
    assert by_step[:, 0] == pytest.approx([2 * np.log(2), 2 * np.log(2)])
    assert overall == pytest.approx([2 * np.log(2)])


def test_what_an_actor_held_impossible_is_the_largest_surprise():
    """Blue sees the debt five points low so holds the riposte, open above 5, for closed: then it comes."""
    model = made(
        """
        variables: {debt: {initial: 6, bounds: [0, 20], saturates: true}, pain: {initial: 0}}
        actors:
          blue:
            depth: 1
            horizon: 1
            precision: 0.1
            utility: {calm: -pain}
            sees: {debt: {bias: -5}}
            actions: {wait: {}}
          red: {actions: {wait: {}, riposte: {when: debt > 5, effects: {pain: 1}}}}
        outcomes: {hurt: {when: pain > 1.5}, calm: {otherwise: true}}
        """,
        2,
    )
    found = misreadings(Design(model, scenarios=40), outcome="hurt")
    (blue,) = found.surprise
    assert blue.mean is None
    assert blue.ruled_out == pytest.approx(0.5, abs=0.15)
    assert blue.mean_seeing_true == pytest.approx(np.log(2), rel=1e-9)
    text = " ".join(text_of(tell(found, model), "again", "by", 100).split())
    assert "Blue gave no chance to what Red then did in" in text
    json.dumps(found.as_dict(), allow_nan=False)


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_few_futures_say_little_but_nothing_impossible(runs):
    """A change of a chance lies between -1 and 1, and so does its interval, however few futures there are."""
    found = misreadings(Design(offramp.load("chicken"), scenarios=runs))
    shares = [(m.low, m.high) for m in found.misreadings]
    edges = [e for m in found.misreadings for e in (m.alone, m.one_sided)] + [found.total]
    assert all(-1 <= low <= high <= 1 for low, high in [*shares, *((e.low, e.high) for e in edges)])
    assert "points of a hundred" in str(found)
