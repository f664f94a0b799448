"""Why futures end otherwise: a crisis whose only road to war is planted."""

from __future__ import annotations

import json
from dataclasses import replace
from math import exp

import numpy as np
import pytest

from cli_calls import call
from offramp.questions.why.ask import Why, why
from offramp.questions.why.mediation import Thing, mediated
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import simulate
from small_models import made

# Heat brings incidents, and incidents war; heat alone brings a little of it too.
HEAT = """
variables: {tension: {title: Tension, initial: 0}, noise: {initial: 0}}
parameters: {heat: {value: 0}}
actors:
  blue:
    title: Blue
    actions:
      wait: {title: Wait}
      shout: {title: Shout, propensity: 1, effects: {noise: 1}}
      deal: {title: Deal, propensity: -50, effects: {noise: {set: 0}}}
events:
  incident: {title: An incident, rate: 2 / month * heat, once: true, effects: {tension: {set: 1}}}
  rumour: {title: A rumour, rate: 1 / month, once: true, effects: {noise: 1}}
outcomes:
  war: {title: War, rate: 0.4 / month * tension + 0.1 / month * heat, absorbing: true}
policies:
  hot: {title: Heat, do: [{set: {heat: 1}}]}
  talk: {title: Talk, do: [{set: {heat: 1}, force: {blue: deal}}]}
"""
COMES = 1 - exp(-2)  # chance of an incident in the month
WAR = COMES * (1 - exp(-0.5)) + (1 - COMES) * (1 - exp(-0.1))
DIRECT = 1 - exp(-0.1)


@pytest.fixture(scope="module")
def heat():
    return made(HEAT)


@pytest.fixture(scope="module")
def compared(heat):
    return why(Design(heat, ["baseline", "hot"], scenarios=3000))


def test_paired_futures_part_where_the_policy_works_and_not_where_luck_is_common(compared):
    """Rumours and shouts come under both alike; only incidents differ, and only under heat."""
    assert [(p.first, p.second) for p in compared.partings] == [("", "An incident")]
    assert compared.parted == pytest.approx(COMES, abs=0.02)
    assert (compared.chance, compared.gained) == (0, compared.cases)
    assert compared.second_chance == pytest.approx(WAR, abs=0.03)


def test_what_lies_between_has_the_lift_of_bayes_rule(compared):
    among_war = COMES * (1 - exp(-0.5)) / WAR
    among_rest = COMES * exp(-0.5) / (1 - WAR)
    assert [b.title for b in compared.between] == ["An incident"]
    (only,) = compared.between
    assert only.share == pytest.approx(among_war, abs=0.02)
    assert only.expected == pytest.approx(among_rest, abs=0.02)
    assert only.lift.low < among_war / among_rest < only.lift.high


def test_what_goes_without_the_incident_is_all_but_the_direct_effect(compared):
    (only,) = compared.mediated
    assert only.effect.low < WAR < only.effect.high
    assert only.left.value == pytest.approx(DIRECT)
    assert only.share.low < 1 - DIRECT / WAR < only.share.high


def test_what_carries_nothing_leaves_all(heat):
    """A rumour moves only the noise, and to forbid a shout is of no use to anybody."""
    design = Design(heat, ["baseline", "hot"], scenarios=300)
    things = [Thing("event", "", "rumour", "A rumour"), Thing("act", "blue", "shout", "Blue: Shout")]
    for one in mediated(design, "war", things):
        assert one.carried.value == pytest.approx(0, abs=1e-12)
        assert one.share.value == pytest.approx(0, abs=1e-12)


def test_of_one_policy_an_outcome_is_set_against_the_rest_at_the_same_date():
    model = made(HEAT, steps=6)
    found = why(Design(model, ["hot"], scenarios=1500), months=1)
    assert found.second == ""
    assert not found.partings
    assert found.parted is None
    # Once there is tension it stays, so an incident of the last month tells little; the wars themselves do.
    assert found.cases == pytest.approx(1500 * found.chance)
    assert all(b.title != "A rumour" for b in found.between)


def test_what_a_policy_decides_itself_is_no_parting_and_no_mediator(heat):
    found = why(Design(heat, ["baseline", "talk"], scenarios=1500))
    assert [(p.first, p.second) for p in found.partings] == [("", "An incident")]
    assert all(b.set for b in found.between if b.subject == "blue")
    assert all(m.subject != "blue" for m in found.mediated)


def test_typical_futures_tell_what_happened_up_to_the_outcome(compared):
    first = compared.typical[0]
    assert first.policy == "hot"
    assert first.story[-1].text.endswith("War; the run ends here.")
    assert "An incident." in first.story[-1].text
    assert "Wait" not in first.story[-1].text
    assert sum(t.share for t in compared.typical) == pytest.approx(1)


def test_the_same_question_has_the_same_answer_on_any_number_of_threads(heat):
    design = Design(heat, ["baseline", "hot"], scenarios=400)
    assert why(design, how=How(threads=1)) == why(design, how=How(threads=2))


def test_the_command_says_it_in_words_and_in_json(tmp_path, heat):
    file = tmp_path / "heat.yaml"
    file.write_text(heat.text, encoding="utf-8")
    words = ("why", str(file), "baseline", "hot", "--runs", "400")
    done = call(*words)
    assert done.exit_code == 0, done.stderr
    assert "under “Heat”" in done.stdout
    assert "nothing of it / An incident" in done.stdout
    assert "baseline hot --outcome war --runs 400 --seed 0" in " ".join(done.stdout.split())
    given = json.loads(call(*words, "--format", "json").stdout)
    assert given["between"][0]["name"] == "incident"
    assert given["mediated"][0]["share"]["value"] == pytest.approx(1 - DIRECT / WAR, abs=0.1)
    found = Why.from_dict(given)
    assert found == why(Design(heat, ["baseline", "hot"], scenarios=400))
    assert found.mediated[0].share.value == given["mediated"][0]["share"]["value"]


def test_of_one_policy_the_command_asks_again_with_all_that_is_not_so_by_default(tmp_path, heat):
    file = tmp_path / "heat.yaml"
    file.write_text(heat.text, encoding="utf-8")
    asked = ("--outcome", "war", "--policy", "hot", "--runs", "300", "--seed", "1", "--set", "heat=0.5")
    shown = " ".join(call("why", str(file), *asked).stdout.split())
    assert f"Again: offramp why {file} {' '.join(asked)}" in shown


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        (("baseline",), 2, "two policies are compared, such as `baseline ease`"),
        (("baseline", "hot", "--policy", "hot"), 2, "here two policies are compared"),
        (("baseline", "warm"), 2, "has no policy `warm`"),
        (("baseline", "baseline"), 2, "a policy is named twice"),
        (("--runs", "50"), 1, "“War” comes in 0 of 50 futures: too few to say why."),
    ],
)
def test_what_cannot_be_answered_is_said(tmp_path, heat, asked, code, says):
    file = tmp_path / "heat.yaml"
    file.write_text(heat.text, encoding="utf-8")
    result = call("why", str(file), *asked)
    assert (result.exit_code, says in result.stderr) == (code, True), result.stderr


def test_cases_are_pairs_that_end_otherwise_also_where_both_sides_know_war():
    """Some heat against more of it, over half a year: in many pairs war comes in both."""
    policies = "policies:\n  mild: {do: [{set: {heat: 0.3}}]}\n"
    model = made(HEAT.replace("policies:\n", policies), steps=6)
    design = Design(model, ["mild", "hot"], scenarios=1500)
    came = simulate(design)["outcome_step"].sel(outcome="war").transpose("policy", "scenario").values >= 0
    found = why(design)
    assert found.cases == (came[0] != came[1]).sum() < came.any(axis=0).sum()
    assert found.gained == (~came[0] & came[1]).sum()
    assert 0 < found.gained <= found.cases
    # Partings are shares of those pairs, so that all first differences together are about 1.
    assert sum(p.pairs for p in found.partings) <= 1.1 * found.cases


def test_how_long_before_is_told_in_months_whatever_the_step():
    found = why(Design(made(HEAT, steps=8, step="week"), ["hot"], scenarios=600), months=1)
    assert found.months == pytest.approx(4 * 7 / 30.436875)


BRANCHES = """
variables: {tension: {initial: 0}}
actors: {a: {actions: {wait: {}}}, b: {actions: {wait: {}}}}
events:
  raid:
    rate: 1 / month
    branches: {bloody: {probability: 0.6, effects: {tension: 1}}, empty: {probability: rest}}
ladders:
  clash:
    sides: [a, b]
    rate: 0.5 / month
    moves: 4
    war: war
    war_worth: {a: -10, b: -10}
    rungs: {words: {loses_control: 0.2}, shots: {loses_control: 0.4}}
outcomes: {war: {rate: "0.2 / month * min(tension, 1) + 0.05 / month", absorbing: true}}
"""


def test_without_an_event_its_branches_move_nothing_and_without_an_exchange_none_opens():
    """What is left without either is the chance of a constant rate; the two carry the rest together."""
    model = made(BRANCHES, steps=3)
    raid, clash = Thing("event", "", "raid", "A raid"), Thing("exchange", "", "clash", "A clash")
    without_raid, without_clash = mediated(Design(model, scenarios=1500), "war", [raid, clash])
    quiet = replace(model, ladders=())
    (rates,) = mediated(Design(quiet, scenarios=1500), "war", [raid])
    assert rates.left.value == pytest.approx(1 - exp(-0.15), abs=0.012)
    assert without_clash.left.value == pytest.approx(rates.effect.value)
    assert without_raid.left.value < without_raid.effect.value - 0.05


def test_an_effect_that_cannot_be_told_from_none_has_no_share(heat):
    (one,) = mediated(Design(heat, scenarios=50), "war", [Thing("event", "", "incident", "An incident")])
    assert np.isclose(one.effect.value, 0)
    assert one.share is None
