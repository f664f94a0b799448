"""What actors think: the parts of a Q sum to it, the numbers are the engine's, and the page says them."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

import offramp as ofr
from cli_calls import call, found_by
from offramp.engine.plain.mind import minds_of
from offramp.engine.plain.world import World
from offramp.questions.minds.ask import Minds, minds
from offramp.runs.simulate import engine_for
from small_models import STRAIT, made

THREE = """
variables:
  x: {initial: 1, change: -0.1 / month * x}
  y: {initial: 0.5, bounds: [-50, 50], saturates: true}
  z: {equals: x * y}
parameters: {greed: {value: 0.3}, push: {value: 1.5}, calm: {value: "uniform(0, 1)"}}
actors:
  blue:
    depth: 3
    horizon: 4
    inner_horizon: 2
    precision: 0.4
    discount: 0.9
    beliefs: {red: {prior: {hard: 0.7, soft: rest}, confirmation_bias: 0.5, floor: 0.01}}
    misreads: {push: 1}
    sees: {y: {bias: 0.2, noise: 0.3, delay: 1}, x: {hidden: true, assumed: 2 * calm}}
    utility: {near: -x * x, far: -0.5 * y * y, both: z}
    actions:
      wait: {propensity: 1}
      push: {effects: {x: push, y: 0.5}, cost: 0.3}
      pull: {effects: {x: {set: 0}}, cost: 0.1, when: x > 0.2}
  red:
    depth: 2
    horizon: 3
    precision: 1
    types: {hard: {parameters: {greed: 2}}, soft: {parameters: {greed: 0.1}}}
    true_type: {hard: 0.4, soft: rest}
    utility: {gain: greed * y, peace: -x * x}
    actions:
      wait: {}
      take: {effects: {y: 1, x: 0.3}, cost: 0.5}
  green:
    actions: {wait: {propensity: 0.5}, stir: {effects: {x: 0.2}}}
events:
  vote:
    on: 2020-03-10
    branches: {good: {probability: 0.3, effects: {x: -1}}, bad: {probability: rest, effects: {x: 1}}}
  chance: {rate: 0.4 / month, effects: {y: 0.3}}
outcomes:
  war: {rate: "0.02 / month * max(0, x)", absorbing: true, worth: {blue: -5, red: -3 + greed}}
  win: {when: y > 3, absorbing: true, worth: {red: 2}}
  lull: {otherwise: true}
policies:
  hold: {do: [{force: {red: wait}, forbid: {blue: [push]}}]}
"""


@pytest.fixture(scope="module")
def three():
    return made(THREE, steps=8)


def parts(judgement):
    return sum(judgement.terms.values()) + sum(judgement.worth.values()) + judgement.cost


def going(model, step, least=3, paths=0):
    """Numbers of scenarios that still go on in a step."""
    inputs = ofr.Design(model, scenarios=40, paths=paths).inputs("baseline")
    action = engine_for(model, "compiled").run(inputs).action[:, step, 0]
    numbers = [int(n) for n in inputs.scenario[action >= 0]]
    assert len(numbers) >= least
    return numbers[:least]


def test_the_reasons_of_a_choice_add_up_to_what_each_action_is_worth(three):
    """And so do the chances of how the look-ahead ends."""
    inputs = ofr.Design(three, scenarios=5).inputs("baseline")
    truth = World(three, {p.name: inputs.parameters[:, i] for i, p in enumerate(three.parameters)}, 5)
    stocks = {s.name: inputs.initial[:, i] for i, s in enumerate(three.stocks)}
    seen = truth.complete(stocks, 1.0)
    for mind in minds_of(three, inputs):
        if not mind.actor.depth:
            continue
        for picture in mind.pictures(truth):
            why = mind.think(picture, seen, 1).reasons
            total = sum(why.terms.values()) + sum(why.worth.values()) - why.cost
            np.testing.assert_allclose(total, why.q, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(sum(why.chances.values()) + why.none, 1, rtol=1e-12)


@pytest.mark.parametrize("paths", [0, 3])
@pytest.mark.parametrize(("engine", "step"), [("oracle", 1), *(("compiled", k) for k in (0, 1, 4))])
def test_the_page_shows_the_chances_with_which_the_engine_chooses(three, engine, step, paths):
    """At a late date too, where it follows the course of the run and takes up what was learned by then."""
    # One run is enough of the slow interpreter.
    for number in going(three, step, paths=paths)[: 1 if engine == "oracle" else None]:
        design = ofr.Design(three, scenarios=[number], paths=paths)
        out = engine_for(three, engine).run(design.inputs("baseline"), probabilities=True)
        page = minds(design, three.date_of(step))
        shown = [o.probability for m in page.actors for o in m.options]
        np.testing.assert_allclose(shown, out.probability[0, step], rtol=1e-9)
        believed = [p for m in page.actors for b in m.beliefs.values() for p in b.values()]
        np.testing.assert_allclose(believed, out.belief[0, step], rtol=1e-9)
        for (actor, other), chance in zip(three.expectations, out.expected[0, step], strict=True):
            mind = next(m for m in page.actors if m.name == actor)
            names = [x.name for a in three.actors if a.name == other for x in a.actions]
            position = [a.name for a in three.actors].index(other)
            done = names[out.action[0, step, position]]
            assert mind.expects[other][done] == pytest.approx(chance, rel=1e-9)


def test_points_for_and_against_an_action_sum_to_what_it_is_worth(three):
    page = minds(ofr.Design(three, scenarios=[2]), date(2020, 2, 1))
    judged = [
        j
        for m in page.actors
        for found in ([o.judgement for o in m.options], *(p.actions.values() for p in m.pictures))
        for j in found
        if j is not None and j.relative is not None
    ]
    assert len(judged) > 10
    for judgement in judged:
        assert parts(judgement) == pytest.approx(judgement.relative, abs=1e-10)
        assert sum(judgement.chances.values()) + judgement.none == pytest.approx(1)


def test_points_explain_the_odds_over_habit(three):
    """ln(p/habit) of two actions differs by precision times the difference of their points."""
    for mind in minds(ofr.Design(three, scenarios=[0])).actors:
        options = [o for o in mind.options if o.closed is None and o.judgement]
        for one, other in pairwise(options):
            odds = np.log(one.probability / one.habit) - np.log(other.probability / other.habit)
            points = one.judgement.relative - other.judgement.relative
            assert odds == pytest.approx(mind.precision * points, abs=1e-9)


def test_over_all_pictures_is_the_average_by_belief(three):
    blue = minds(ofr.Design(three, scenarios=[1]), actors=["blue"]).actors[0]
    assert [p.types["red"] for p in blue.pictures] == ["hard", "soft"]
    assert [p.belief for p in blue.pictures] == pytest.approx([0.7, 0.3])
    for option in blue.options:
        each = [p.belief * p.actions[option.name].q for p in blue.pictures]
        assert option.judgement.q == pytest.approx(sum(each))


def test_what_is_expected_stands_beside_what_will_be_done(three):
    page = minds(ofr.Design(three, scenarios=[0]))
    red = next(m for m in page.actors if m.name == "red")
    blue = next(m for m in page.actors if m.name == "blue")
    assert blue.truly["red"] == {o.name: o.probability for o in red.options}
    assert blue.expects["red"] != blue.truly["red"]
    assert red.true_type in ("hard", "soft")
    assert blue.true_types == {"red": red.true_type}
    assert {m.name: (m.truth, m.taken_for) for m in blue.misreads} == {"push": (1.5, 1.0)}
    assert {"x", "y", "z"} == {m.name for m in blue.sees}


def test_a_policy_says_which_actions_it_closes(three):
    page = minds(ofr.Design(three, ["hold"], scenarios=[0]))
    closed = {(m.name, o.name): o.closed for m in page.actors for o in m.options if o.closed}
    assert closed["blue", "push"] == "forbidden"
    assert closed["red", "take"] == "forced"
    assert next(o for o in page.actors[1].options if o.name == "wait").probability == 1
    # What others expect knows nothing of it.
    assert page.actors[0].expects["red"]["take"] > 0.01


def test_an_action_whose_condition_fails_is_not_possible_and_judged_by_no_one():
    strait = made(STRAIT, steps=12)
    page = minds(ofr.Design(strait, scenarios=[0], overrides={"tension": 10}))
    talk = next(o for o in page.actors[0].options if o.name == "talk")
    assert (talk.closed, talk.probability, talk.judgement.relative) == ("when", 0, None)


def test_a_run_that_has_ended_has_no_minds(three):
    ended = made(THREE.replace('rate: "0.02 / month * max(0, x)"', "when: now > 1.5"), steps=8)
    with pytest.raises(ofr.OfframpError, match=r"ended with `war` in the step of 2020-02-01"):
        minds(ofr.Design(ended, scenarios=[0]), date(2020, 6, 1))
    assert minds(ofr.Design(ended, scenarios=[0]), date(2020, 2, 15)).at == date(2020, 2, 1)


def test_a_date_may_be_its_text(three):
    design = ofr.Design(three, scenarios=[0])
    day = three.dates[1]
    assert minds(design, at=day.isoformat()).as_dict() == minds(design, at=day).as_dict()
    with pytest.raises(ofr.UsageError, match=r"'soon' is no date[.] Dates are year-month-day: 2020-11-03"):
        minds(design, at="soon")


def test_dates_and_actors_that_are_not_there_are_refused(three):
    design = ofr.Design(three, scenarios=[0])
    for day in (date(2019, 12, 31), date(2020, 9, 1)):
        with pytest.raises(ofr.UsageError, match="outside the model"):
            minds(design, day)
    with pytest.raises(ofr.UsageError, match="Did you mean `blue`"):
        minds(design, actors=["bleu"])
    with pytest.raises(ofr.UsageError, match="one run"):
        minds(ofr.Design(three, scenarios=2))


def test_the_command_prints_the_same_page_for_people_and_programs():
    found = found_by("minds", "chicken", "--set", "altara_contempt=0.7")
    page = minds(ofr.Design(ofr.load("chicken"), scenarios=[0], overrides={"altara_contempt": 0.7}))
    assert found == json.loads(json.dumps(page.as_dict()))
    text = call("minds", "chicken", "--actor", "altara", "--at", "2026-03-01").stdout
    for part in (
        "Altara",
        "Bessim is faint",
        "Press on",
        "chance of “They crash”",
        "in truth",
        "Again: offramp",
    ):
        assert part in text
    assert "Bessim\n" not in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_only_the_likeliest_acts_are_reasoned_through_unless_all_are_asked_for(tmp_path):
    """Of seven acts six have reasons; outcomes, policies and numbers go by their titles."""
    acts = ", ".join(f"a{i}: {{title: Act {i}, propensity: {-i}}}" for i in range(7))
    path = tmp_path / "seven.yaml"
    path.write_text(f"""
model: {{name: seven, title: Seven acts, illustrative: true}}
horizon: {{start: 2020-01-01, step: month, steps: 4}}
variables: {{heat: {{initial: 1, change: "grit * 0 / month"}}}}
parameters: {{grit: {{title: Grit of the other, value: 2}}}}
actors:
  blue:
    depth: 1
    horizon: 1
    precision: 1
    utility: {{calm: -1 * heat}}
    misreads: {{grit: {{title: They are soft, value: 1}}}}
    actions: {{{acts}}}
outcomes: {{blow_up: {{title: It all blows up, rate: 0.1 / month * heat, absorbing: true}}}}
policies: {{quiet: {{title: Keep quiet}}}}
""")
    short = call("minds", str(path), "--policy", "quiet").stdout
    assert "1 less likely act: --all tells why, too." in short
    assert short.count("Act 6") == 1
    assert call("minds", str(path), "--policy", "quiet", "--all").stdout.count("Act 6") == 2
    for part in (
        "policy “Keep quiet”",
        "It all blows up",
        "1 month ahead",
        "They are soft (Grit of the other)",
    ):
        assert part in short
    assert "blow_up" not in short


def test_the_command_refuses_what_is_not_a_date():
    result = call("minds", "chicken", "--at", "March")
    assert result.exit_code == 2
    assert "'March' is not a date; dates are year-month-day: 2020-11-03" in result.stderr


def test_a_page_of_minds_comes_back_from_its_json(three):
    page = minds(ofr.Design(three, ["hold"], scenarios=[0]), actors=["blue"])
    assert page.only == ["blue"]
    again = Minds.from_dict(json.loads(page.to_json()))
    assert again.as_dict() == page.as_dict()
