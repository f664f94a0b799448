"""Policies that change what actors think: `correct`, `misread`, `believe`, `nudge`, and combinations."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from offramp.errors import ModelError, UsageError
from offramp.language.check import loads
from offramp.model import Intervention, Policy
from offramp.runs.attributes import attributes_of
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from small_models import ENGINES, STRAIT, made

# Blue gains `worth` by pushing and believes something else; red's type says what a push would really bring.
PUSH = """
variables: {x: {initial: 0, bounds: [-9, 9], saturates: true}, y: {initial: 2}}
parameters: {gain: {value: 1}, toll: {value: 0}}
actors:
  blue:
    depth: 1
    horizon: 1
    precision: 1
    utility: {x: x + y}
    misreads: {gain: 3}
    beliefs: {red: {prior: {harsh: 0.25, mild: rest}}}
    actions: {wait: {}, push: {effects: {x: {set: gain - toll}}}}
  red:
    types: {harsh: {parameters: {toll: 2}}, mild: {parameters: {toll: 0.5}}}
    true_type: harsh
    actions: {sit: {propensity: -toll}, stir: {}}
policies:
  candid: {do: [{correct: {blue: gain}, until: 2020-03-01}]}
  insight: {do: [{correct: {blue: [red]}, from: 2020-02-01, until: 2020-03-01}]}
  deceived: {do: [{misread: {blue: {gain: 5}}, from: 2020-02-01}]}
  told: {do: [{believe: {blue: {red: {harsh: 0.9, mild: rest}}}, from: 2020-02-01}]}
  urged: {do: [{nudge: {blue: {push: 2}, red: {stir: 1}}}, {nudge: {blue: {push: -1}}}]}
  both: {all of: [candid, urged], do: [{shift: {y: 1}}]}
  nested: {all of: [both, urged]}
"""


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


def whole(text=PUSH):
    return made(text, 3)


def run(model, policy, engine, scenarios=4, steps=3):
    model = replace(model, steps=steps)
    design = Design(model, [policy], scenarios=scenarios)
    return engine_for(design.model, engine).run(design.inputs(design.policies[0]), probabilities=True)


def push_odds(outputs):
    """Log odds of pushing against waiting in each step of the first run."""
    return np.log(outputs.probability[0, :, 1] / outputs.probability[0, :, 0])


def bayes(b, stirred):
    """The belief that red is harsh after what red did."""
    harsh, mild = (1 / (1 + np.exp(-toll)) for toll in (2.0, 0.5))
    if not stirred:
        harsh, mild = 1 - harsh, 1 - mild
    return b * harsh / (b * harsh + (1 - b) * mild)


def worth(gain, b, x):
    """Q(push) - Q(wait) of blue, who supposes a gain and believes with chance b that red is harsh."""
    return gain - (2 * b + 0.5 * (1 - b)) - x


def learned(outputs):
    """What blue would come to believe from its prior, step by step."""
    b = [0.25]
    for step in range(2):
        b.append(bayes(b[-1], outputs.action[0, step, 1] == 1))
    return np.array(b)


def test_without_a_policy_the_actor_acts_on_its_misreading_and_belief(engine):
    out = run(whole(), "baseline", engine)
    np.testing.assert_allclose(out.belief[0, :, 0], learned(out), rtol=1e-12)
    np.testing.assert_allclose(push_odds(out), worth(3, learned(out), out.state[0, :3, 0]), rtol=1e-10)


def test_a_corrected_misreading_is_the_truth_while_the_policy_holds_and_no_longer(engine):
    out = run(whole(), "candid", engine)
    gain = np.array([1, 1, 3])
    np.testing.assert_allclose(push_odds(out), worth(gain, learned(out), out.state[0, :3, 0]), rtol=1e-10)


def test_a_corrected_belief_is_certain_of_the_true_type_learns_nothing_and_goes_on_from_there(engine):
    out = run(whole(), "insight", engine)
    np.testing.assert_array_equal(out.belief[0, 1:, 0], [1, 1])
    np.testing.assert_allclose(push_odds(out)[1:], worth(3, np.ones(2), out.state[0, 1:3, 0]), rtol=1e-10)


def test_a_corrected_belief_follows_the_true_type_of_each_scenario(engine):
    text = PUSH.replace("true_type: harsh", "true_type: {harsh: 0.5, mild: rest}")
    model = replace(whole(text), steps=2)
    design = Design(model, [Policy("know", "", (Intervention(correct=(("blue", ("red",)),)),))], 30)
    inputs = design.inputs("know")
    out = engine_for(design.model, engine).run(inputs)
    assert 5 < (inputs.true_type[:, 1] == 0).sum() < 25
    np.testing.assert_array_equal(out.belief[:, 0, 0], inputs.true_type[:, 1] == 0)


def test_a_policy_can_make_an_actor_misread(engine):
    out = run(whole(), "deceived", engine)
    gain = np.array([3, 5, 5])
    np.testing.assert_allclose(push_odds(out), worth(gain, learned(out), out.state[0, :3, 0]), rtol=1e-10)


def test_an_actor_that_gets_everything_right_can_be_made_to_misread(engine):
    model = whole(
        PUSH.replace("    misreads: {gain: 3}\n", "").replace("correct: {blue: gain}", "set: {gain: 1}")
    )
    out = run(model, "deceived", engine)
    gain = np.array([1, 5, 5])
    np.testing.assert_allclose(push_odds(out), worth(gain, learned(out), out.state[0, :3, 0]), rtol=1e-10)


def test_a_belief_that_is_set_is_learned_from_there(engine):
    out = run(whole(), "told", engine)
    assert out.belief[0, 1, 0] == 0.9
    after = bayes(0.9, out.action[0, 1, 1] == 1)
    np.testing.assert_allclose(out.belief[0, 2, 0], after, rtol=1e-12)


def test_nudges_add_up_multiply_the_odds_of_real_choices_and_are_not_foreseen(engine):
    model = whole()
    plain, urged = run(model, "baseline", engine), run(model, "urged", engine)
    np.testing.assert_allclose(push_odds(urged)[0] - push_odds(plain)[0], 2 - 1, rtol=1e-10)
    stir = [np.log(out.probability[0, 0, 3] / out.probability[0, 0, 2]) for out in (plain, urged)]
    np.testing.assert_allclose(stir[1] - stir[0], 1, rtol=1e-10)
    for out in (plain, urged):  # blue expects red to stir as often as it would unurged
        likely = [1 / (1 + np.exp(-toll)) for toll in (2.0, 0.5)]
        stirring = 0.25 * likely[0] + 0.75 * likely[1]
        stirred = out.action[:, 0, 1] == 1
        np.testing.assert_allclose(
            out.expected[:, 0, 0], np.where(stirred, stirring, 1 - stirring), rtol=1e-12
        )


def test_a_combination_does_what_its_parts_do_each_once(engine):
    model = whole()
    both, nested = run(model, "both", engine), run(model, "nested", engine)
    parts = {p.name: p for p in model.policies}
    assert parts["both"].parts == ("candid", "urged")
    by_hand = (
        parts["candid"].interventions + parts["urged"].interventions + (Intervention(shift=(("y", 1.0),)),)
    )
    same = run(model, Policy("by_hand", "", by_hand), engine)
    for name in ("state", "action", "probability", "belief"):
        np.testing.assert_array_equal(getattr(both, name), getattr(same, name))
        np.testing.assert_array_equal(getattr(both, name), getattr(nested, name))
    np.testing.assert_allclose(push_odds(both)[0], worth(1, 0.25, 0) + 1, rtol=1e-10)


def test_an_actor_corrected_in_all_acts_as_one_that_gets_nothing_wrong(engine):
    """Late, biased, noisy and hidden stocks included: the runs have the same bits."""
    model = made(STRAIT, 8)
    model = replace(
        model,
        actors=tuple(
            replace(
                a, sees=(*a.sees, replace(a.sees[0], variable="tension", hidden=True, bias=None, noise=None))
            )
            if a.name == "blue" and len(a.sees) == 1
            else a
            for a in model.actors
        ),
    )
    wrong = [a for a in model.actors if a.correctable]
    assert any(a.misreads for a in wrong)
    assert any(a.sees for a in wrong)
    candour = Policy("candour", "", (Intervention(correct=tuple((a.name, ("all",)) for a in wrong)),))
    right = replace(model, actors=tuple(replace(a, misreads=(), sees=()) for a in model.actors))
    corrected, baseline = run(model, candour, engine, 40, 8), run(model, "baseline", engine, 40, 8)
    clear = run(right, "baseline", engine, 40, 8)
    np.testing.assert_array_equal(corrected.state, clear.state)
    np.testing.assert_array_equal(corrected.probability, clear.probability)
    assert (baseline.probability != clear.probability).any()


def test_runs_under_a_policy_made_in_code_say_all_that_it_does():
    model = whole()
    policy = Policy("frank", "Frank talk", (Intervention(correct=(("blue", ("gain",)),)),))
    design = Design(model, ["baseline", policy, "told"], scenarios=2)
    assert design.policies == ("baseline", "frank", "told")
    assert design.only(policy=["frank"]).policies == ("frank",)
    told = json.loads(attributes_of(design, "compiled")["policies"])
    assert told["frank"]["do"][0]["correct"] == {"blue": ["gain"]}
    assert "do" not in told["told"]
    assert Design(design.model, ["frank"]).policies == ("frank",)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Policy("told", "", ()), "model `small` has another policy `told`: give this one a name of its own."),
        (Policy("", "", ()), "a policy made in code needs a name."),
        (
            Policy("p", "", (Intervention(correct=(("blue", ("gian",)),)),)),
            "policy `p`: `blue` cannot be corrected in `gian`. Did you mean `gain`?",
        ),
        (
            Policy("p", "", (Intervention(nudge=(("blue", "shove", 1.0),)),)),
            "policy `p`: `blue` has no action `shove`. There are: wait, push.",
        ),
        (
            Policy("p", "", (Intervention(believe=(("blue", "red", (("harsh", 0.5),)),)),)),
            "policy `p`: what `blue` is to believe of `red` does not sum to 1.",
        ),
        (
            Policy("p", "", (Intervention(misread=(("grey", "gain", 1.0),)),)),
            "policy `p`: the model has no actor `grey`. There are: blue, red.",
        ),
        (
            Policy("p", "", (Intervention(force={"blue": "push"}),)),
            "policy `p`: `force` is written like (('actor', 'action'),), not {'blue': 'push'}.",
        ),
        (
            Policy("p", "", (Intervention(force=("blue", "push")),)),
            "policy `p`: `force` is written like (('actor', 'action'),), not ('blue', 'push').",
        ),
        (
            Policy("p", "", (Intervention(forbid=(("blue", "push"),)),)),
            "policy `p`: `forbid` is written like (('actor', ('action',)),), not (('blue', 'push'),).",
        ),
        (
            Policy("p", "", (Intervention(set=(("gain", "0.5"),)),)),
            "policy `p`: `set` is written like (('name', 1.0),), not (('gain', '0.5'),).",
        ),
        (
            Policy("p", "", (Intervention(start="2020-07-01"),)),
            "policy `p`: `start` is a `datetime.date` or None, not '2020-07-01'.",
        ),
        (
            Policy("p", "", Intervention()),
            "policy `p`: `interventions` is a tuple, such as (Intervention(...),).",
        ),
        (
            Policy("p", "", ("push",)),
            "policy `p`: `interventions` holds 'push', which is no `offramp.Intervention`.",
        ),
    ],
)
def test_a_policy_made_in_code_is_checked(policy, message):
    with pytest.raises(UsageError) as caught:
        Design(whole(), [policy]).inputs(policy.name)
    assert str(caught.value) == message


def test_a_policy_that_is_part_of_itself_is_refused_once():
    text = "model: {name: t, illustrative: true}\nhorizon: {start: 2020-06-01, step: month, steps: 3}\n"
    text += "variables: {x: {initial: 0}}\npolicies: {a: {all of: [b]}, b: {all of: [c]}, c: {all of: [a]}}\n"
    with pytest.raises(ModelError) as caught:
        loads(text)
    assert [p.message for p in caught.value.problems] == [
        "a policy cannot be part of itself: `a` -> `b` -> `c` -> `a`"
    ]
