"""The small bundled crises teach what their pages say."""

from __future__ import annotations

from importlib import resources

import pytest

import offramp as ofr
from cli_calls import call, found_by

RUNS = 3_000


def chance(name, outcome, by=None, **overrides):
    design = ofr.Design(ofr.load(name), scenarios=RUNS, overrides=overrides)
    return ofr.probability(ofr.simulate(design), outcome, by=by).probability.item()


def contempt(altara, bessim, **more):
    return {"altara_contempt": altara, "bessim_contempt": bessim, **more}


def suspects(altara, bessim, **more):
    return {"altara_suspects": altara, "bessim_suspects": bessim, **more}


@pytest.mark.parametrize("name", ["chicken", "spiral", "brinkmanship"])
def test_a_teaching_crisis_is_short_listed_and_says_that_it_is_illustrative(name):
    text = (resources.files("offramp.crises") / f"{name}.yaml").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert all(len(line) <= 120 for line in text.splitlines())
    assert ofr.load(name).illustrative
    assert name in [c["name"] for c in found_by("crises")]
    assert "Illustrative" in call("minds", name).stdout


@pytest.mark.parametrize("name", ["chicken", "spiral", "brinkmanship"])
def test_a_teaching_crisis_makes_a_brief(name, tmp_path):
    result = call("brief", name, "--runs", "60", "--out", str(tmp_path / "page.html"))
    assert result.exit_code == 0, result.output


def test_misread_resolve_makes_crashes_and_correcting_both_sides_makes_them_rare():
    wrong, right = chance("chicken", "crash"), chance("chicken", "crash", **contempt(0, 0))
    assert 0.35 < wrong < 0.55
    assert right < 0.2
    soon = chance("chicken", "crash", by="2026-07-01")
    assert chance("chicken", "crash", by="2026-07-01", **contempt(0, 0)) < soon / 4


def test_correcting_one_driver_alone_helps_at_first_and_lets_the_other_press_on():
    soon = chance("chicken", "crash", by="2026-07-01")
    assert chance("chicken", "crash", by="2026-07-01", **contempt(0, 0.9)) < 0.65 * soon
    assert chance("chicken", "crash", **contempt(0, 0.9)) > 2 * chance("chicken", "crash", **contempt(0, 0))
    runs = ofr.simulate(ofr.Design(ofr.load("chicken"), scenarios=RUNS, overrides=contempt(0, 0.9)))
    first = runs.action.isel(step=slice(0, 6))
    altara, bessim = (((first.sel(actor=a) == 0).sum() / (first.sel(actor=a) >= 0).sum()).item()
                      for a in ("altara", "bessim"))  # fmt: skip
    assert bessim > 2 * altara


def test_who_learns_nothing_of_the_other_is_all_but_sure_to_crash():
    assert chance("chicken", "crash", stubbornness=1) > 0.85
    assert chance("chicken", "crash", stubbornness=0) < 0.5


def test_a_driver_presses_on_against_the_faint_and_not_against_the_resolute():
    altara = ofr.minds(ofr.Design(ofr.load("chicken"), scenarios=[0])).actors[0]
    best = {
        p.types["bessim"]: max(p.actions, key=lambda a, p=p: p.actions[a].relative) for p in altara.pictures
    }
    assert best == {"faint": "press_on", "resolute": "swerve"}
    assert altara.expects["bessim"]["swerve"] > 0.8
    assert altara.truly["bessim"]["swerve"] < 0.3


def test_two_frightened_states_spiral_and_correct_pictures_calm_both():
    """War comes mostly from fear; correcting one picture helps, both more."""
    none, one, both = (chance("spiral", "war", **s) for s in (suspects(0.8, 0.8), suspects(0, 0.8),
                                                               suspects(0, 0)))  # fmt: skip
    assert none > 0.6
    assert both < one - 0.05 < none - 0.4
    assert both < 0.12


def test_where_nothing_is_learned_who_trusts_alone_ends_with_fewer_arms():
    runs = ofr.simulate(
        ofr.Design(ofr.load("spiral"), scenarios=RUNS, overrides=suspects(0, 0.8, stubbornness=1))
    )
    last = runs[["altara_arms", "bessim_arms"]].isel(time=-1).mean()
    assert last.altara_arms.item() < last.bessim_arms.item() - 5
    learned = chance("spiral", "war", **suspects(0, 0.8))
    assert chance("spiral", "war", **suspects(0, 0.8, stubbornness=1)) > learned + 0.1


def test_suspicion_tips():
    assert chance("spiral", "war", **suspects(0.4, 0.4)) < 0.2


def test_frightened_states_gain_nothing_by_a_lead():
    altara = ofr.minds(ofr.Design(ofr.load("spiral"), scenarios=[0])).actors[0]
    arm = next(o for o in altara.options if o.name == "arm")
    assert arm.judgement.terms["gain"] == 0
    assert arm.judgement.terms["safety"] > 0
    assert altara.expects["bessim"]["arm"] > arm.habit


def clash(**overrides):
    """One confrontation of brinkmanship, at the start: exact chances."""
    return ofr.ladder(ofr.Design(ofr.load("brinkmanship"), scenarios=[0], overrides=overrides))


def test_who_takes_the_other_for_faint_climbs_into_a_war_that_it_did_not_see():
    usual, wrong = clash(), clash(altara_doubts=0.9, bessim_doubts=0.9)
    assert 0.06 < usual.prospect.war < 0.09
    assert usual.prospect.highest["words"] > 0.5
    assert wrong.prospect.war > 2 * usual.prospect.war
    assert all(e.prospect.war < wrong.prospect.war / 3 for e in wrong.eyes)
    assert all(worth < 0 for worth in wrong.prospect.worth.values())


def test_only_the_misread_side_pays_for_an_error_that_frightens_it():
    usual, wrong = clash().prospect, clash(altara_doubts=0.9).prospect
    assert usual.worth["altara"] - wrong.worth["altara"] < 2
    assert usual.worth["bessim"] - wrong.worth["bessim"] > 10
    assert wrong.stands_down["bessim"] > usual.stands_down["bessim"] + 0.05


def test_a_more_dangerous_ladder_is_climbed_less_and_not_much_deadlier():
    calm, usual, wild = (clash(slip=s).prospect for s in (0.01, 0.05, 0.2))
    assert wild.highest["words"] > 2 * calm.highest["words"]
    assert wild.war < 2 * calm.war
    assert wild.war < usual.war


def test_the_side_that_wants_it_more_prevails():
    assert clash(altara_stake=80).prospect.stands_down["bessim"] > 0.8
