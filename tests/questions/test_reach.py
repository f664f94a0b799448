"""What choices hang on: closed forms of the change in chance, and what check and explain say of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import offramp as ofr
from cli_calls import call
from offramp.engine.plain.course import Oracle
from offramp.errors import UsageError
from offramp.questions.reach.ask import Reach, Reached, reach
from offramp.runs.simulate import engine_for
from random_models import ModelMaker

MODEL = """\
model: {name: two, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables:
  x: {initial: "uniform(0, 10)", headline: true}
  y: {initial: 0}
  alone: {initial: "uniform(0, 10)", headline: true}
  unseen: {initial: "uniform(0, 10)"}
  sum: {equals: x + alone, headline: true}
  flag: {initial: 0}
  unread: {initial: "uniform(0, 10)", headline: true}
actors:
  habit:
    sees: {unseen: hidden}
    actions:
      stay: {}
      go: {propensity: 0.3 * x + 0.3 * unseen - 3, effects: {x: 2}}
      raise: {when: flag > 0.5, propensity: 5}
  thinker:
    depth: 1
    horizon: 1
    precision: 0.5
    utility: {calm: -0.2 * x * y, straight: -alone}
    actions: {keep: {}, push: {effects: {y: 1}}}
  puppet: {actions: {only: {effects: {alone: 0}}}}
events:
  crash: {rate: 0 / month * alone, effects: {y: 0}}
  never: {rate: 0 / month, effects: {flag: {set: 1}}}
outcomes: {war: {rate: 0 / month * x, absorbing: true}, peace: {otherwise: true}}
"""


def logistic(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture(scope="module")
def model() -> ofr.Model:
    # Nothing moves by itself: `go` and `push` are taken out of the true course by a policy.
    policies = "policies: {baseline: {do: [{force: {habit: stay, thinker: keep}}]}}\n"
    return ofr.loads(MODEL + policies)


def free(model: ofr.Model) -> ofr.Model:
    """The same without the policy, so that chances are those of a choice."""
    return replace(model, policies=tuple(replace(p, interventions=()) for p in model.policies))


@pytest.fixture(scope="module")
def found(model: ofr.Model) -> Reach:
    return reach(ofr.Design(free(model), scenarios=60))


def plainly(text: str, scenarios: int = 60) -> Reach:
    """By the oracle, which need not be compiled."""
    return reach(ofr.Design(ofr.loads(text), scenarios=scenarios), how=ofr.How(engine="oracle"))


def thing(found: Reach, name: str) -> Reached:
    return next(t for t in found.things if t.name == name)


def test_of_a_habit_the_change_is_the_difference_of_two_logits():
    text = MODEL.replace("effects: {x: 2}", "effects: {x: 0}")
    found = plainly(text, 60)
    x = thing(found, "x")
    assert (x.low, x.high) == pytest.approx(tuple(np.quantile(starts(text), [0.05, 0.95])))
    # What is hidden is taken to be what it was at the start, which is what it is.
    unseen = starts(text, "unseen")
    ends = [logistic(0.3 * end + 0.3 * unseen - 3).mean() for end in (x.low, x.high)]
    assert x.moves["habit"] == pytest.approx(ends[1] - ends[0], rel=1e-9)


def starts(text: str, name: str = "x") -> np.ndarray:
    model = ofr.loads(text)
    place = [s.name for s in model.stocks].index(name)
    return ofr.Design(model, scenarios=60).inputs("baseline").initial[:, place]


def test_of_who_looks_ahead_the_change_is_the_difference_of_two_quantal_responses():
    """A push costs 0.2 x in a month, at a precision of 0.5: p(push) = logistic(-0.1 x)."""
    text = MODEL.replace("effects: {x: 2}", "effects: {x: 0}")
    x = thing(plainly(text, 60), "x")
    expected = logistic(-0.1 * x.low) - logistic(-0.1 * x.high)
    assert x.moves["thinker"] == pytest.approx(expected, rel=1e-9)


def test_what_nobody_reads_or_sees_reaches_nobody(found):
    alone, unseen = thing(found, "alone"), thing(found, "unseen")
    assert alone.moves == pytest.approx({"habit": 0.0, "thinker": 0.0}, abs=1e-12)
    assert thing(found, "unread").moves == {"habit": 0.0, "thinker": 0.0}
    assert unseen.moves["habit"] == 0.0
    assert alone.is_inert
    assert unseen.is_inert
    assert not thing(found, "x").is_inert


def test_who_has_one_act_does_not_choose(found):
    assert found.actors == ["habit", "thinker"]


def test_a_stock_of_a_straight_utility_is_inert_and_weighed(found):
    alone = thing(found, "alone")
    assert alone.weighed_by == ["thinker"]
    assert alone.read_by == ["crash"]
    assert thing(found, "x").read_by == ["war"]


def test_an_auxiliary_goes_with_the_stocks_that_it_is_made_of(found):
    """`sum` is x and something that nobody minds, so it moves about as far as x does."""
    assert 0.3 * thing(found, "x").moves["habit"] < thing(found, "sum").moves["habit"]


def test_a_flag_that_never_moves_and_has_no_bounds_is_where_it_is(found):
    flag = thing(found, "flag")
    assert (flag.low, flag.high) == (0.0, 0.0)
    assert flag.moves["habit"] == 0.0


def test_a_stock_that_never_moves_goes_to_its_bounds():
    text = MODEL.replace("flag: {initial: 0}", "flag: {initial: 0, bounds: [0, 1]}")
    flag = thing(plainly(text, 20), "flag")
    assert (flag.low, flag.high) == (0.0, 1.0)
    assert flag.moves["habit"] > 0.5


def test_a_threshold_that_is_rarely_passed_is_told_as_rare():
    text = """\
model: {name: rare, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 24}
variables: {offer: {initial: 0, change: -0.5 / month * offer}}
actors:
  a: {actions: {wait: {propensity: 4}, propose: {effects: {offer: {set: 2}}}}}
  b: {actions: {refuse: {}, accept: {when: offer > 0.5, propensity: 3}}}
outcomes: {peace: {otherwise: true}}
"""
    offer = thing(plainly(text, 60), "offer")
    assert offer.high < 0.5
    assert offer.most == 0.0
    assert offer.extremes == pytest.approx(logistic(3.0), rel=1e-9)
    assert not offer.is_inert


def test_an_act_is_held_against_the_state_without_its_effects():
    text = MODEL.replace("0.3 * unseen - 3", "0 * unseen - 3").replace("steps: 12", "steps: 1")
    found = plainly(text, 60)
    x = starts(text)
    expected = np.mean(logistic(0.3 * (x + 2) - 3) - logistic(0.3 * x - 3))
    assert thing(found, "habit/go").moves["habit"] == pytest.approx(expected, rel=1e-9)


def test_what_is_seen_late_reaches_as_far_as_what_is_seen_at_once():
    late = MODEL.replace("sees: {unseen: hidden}", "sees: {unseen: hidden, x: {delay: 3}}")
    one, other = (plainly(t, 30) for t in (MODEL, late))
    assert thing(other, "x").moves["habit"] == pytest.approx(thing(one, "x").moves["habit"], rel=0.2)


def test_nothing_is_measured_where_nobody_chooses():
    text = MODEL[: MODEL.index("actors:")] + "outcomes: {peace: {otherwise: true}}\n"
    found = plainly(text, 5)
    assert found.states == 0
    assert "Nobody in this model" in str(found)


def test_it_is_asked_of_one_policy(model):
    with pytest.raises(UsageError, match="under one policy"):
        reach(ofr.Design(ofr.load("us-iran-2020"), ["baseline", "summit_offer"], scenarios=2))


def test_a_model_of_uncertain_depth_is_measured_too():
    text = MODEL.replace("depth: 1", "depth: k").replace(
        "actors:", "parameters: {k: {value: 'choice(0, 1)'}}\nactors:"
    )
    found = plainly(text, 40)
    certain = plainly(MODEL, 40)
    assert 0 < thing(found, "x").moves["thinker"] < thing(certain, "x").moves["thinker"]


@pytest.mark.parametrize("number", range(6))
def test_both_engines_choose_alike_in_a_given_state_and_as_in_the_course(number):
    model = ModelMaker(900 + number, ladders=number % 4 == 3, deep=number % 3 == 0).model()
    inputs = ofr.Design(model, scenarios=6, seed=number).inputs("baseline")
    fast, slow = engine_for(model), engine_for(model, "oracle")
    outputs = fast.run(inputs)
    columns = [i for i, v in enumerate(model.variables) if not v.is_auxiliary]
    for k in (0, model.steps - 1):
        going = np.flatnonzero(outputs.action[:, k, :1].min(axis=1, initial=0) >= 0)
        if not len(going) or not model.actors:
            continue
        per_run = {n: getattr(inputs, n)[going] for n in _PER_RUN} | {"prior": outputs.belief[going, k]}
        part, stocks = replace(inputs, **per_run), np.ascontiguousarray(outputs.state[going, k][:, columns])
        np.testing.assert_allclose(
            fast.choices(part, k, stocks), slow.choices(part, k, stocks), rtol=1e-9, atol=1e-9, equal_nan=True
        )
    assert isinstance(slow, Oracle) or slow is not None


_PER_RUN = ("scenario", "parameters", "initial", "misread", "type_value", "true_type")


# ---------------------------------------------------------------------- check and explain


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.yaml").write_text(MODEL)
    return "two.yaml"


def test_check_notes_inert_headlines_each_and_other_stocks_together(file):
    done = call("check", file, "--reach", "--format", "json")
    messages = [n["message"] for n in json.loads(done.stdout)["notes"]]
    assert "headline `alone` is inert: it moves no act of anybody by 2 %, wherever it stands" in messages
    assert "headline `unread` is inert: it moves no act of anybody by 2 %, wherever it stands" in messages
    assert any(m.startswith("`y`, `unseen` and `flag` are inert: they move no act") for m in messages)
    assert not any("`x`" in m for m in messages if "inert" in m)
    assert "inert" not in call("check", file).output


def test_explain_tables_the_reach_of_a_model(file):
    text = call("explain", file, "--section", "reach").stdout
    assert "habit" in text
    assert "weighed by thinker" in " ".join(text.split())
    given = json.loads(call("explain", file, "--section", "reach", "--format", "json").stdout)["reach"]
    assert Reach.from_dict(given) == reach(ofr.Design(ofr.load(file), scenarios=40))
