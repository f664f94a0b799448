"""Claims as experiments: supported, contradicted, undecided."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import offramp as ofr
from cli_calls import call
from offramp.analysis.paired import Difference
from offramp.language.sections.built_in import built_in, set_directly
from offramp.questions.claims import ask as module
from offramp.questions.paired_runs import PairedRuns, run_paired

ACCOUNT = (
    "model: {name: guns, title: Guns and talks, illustrative: true, sources: {account: {title: Told}}}\n"
)
GUNS = """
horizon: {start: 2020-01-01, step: month, steps: 12}
variables:
  guns: {title: Guns, unit: points, initial: 10, headline: true}
  fear: {title: Fear, unit: kg, initial: 0}
parameters:
  danger: {unit: 1/month, value: "uniform(0.001, 0.005)"}
actors:
  blue:
    title: Blue
    actions:
      wait: {title: Wait}
      arm: {title: Arm, effects: {guns: 1}, propensity: -1}
  red:
    title: Red
    actions:
      wait: {title: Wait}
      answer: {title: Answer, propensity: 0.05 * guns - 1, effects: {fear: 1 * kg, guns: 0.1}}
outcomes:
  war: {title: War comes, rate: danger * guns, absorbing: true}
  never: {title: The sky falls, when: guns < 0}
policies:
  arming: {title: Blue arms, do: [{force: {blue: arm}}]}
  resting: {title: Blue rests, do: [{force: {blue: wait}}]}
  idle: {title: Nothing at all}
"""
CLAIMS = """
claims:
  C1:
    title: Guns bring war
    source: account P1
    tests:
      - {compare: [arming, resting], quantity: {chance: war}, expect: higher, by: 0.05, reason: one in twenty}
  C2:
    title: Guns keep the peace
    source: account P2
    tests:
      - {compare: [arming, resting], quantity: {chance: war}, expect: lower, by: 0.05, reason: one in twenty}
  C3:
    title: Nothing does nothing
    source: account P3
    tests: [{compare: [idle, baseline], quantity: {chance: war}, expect: higher, by: 0.01, reason: small}]
  C4:
    title: Rest is rest
    source: account P4
    tests: [{compare: [resting, resting], quantity: {chance: war}, expect: higher, by: 0.01, reason: small}]
  C5:
    title: War comes in one case of three, and the sky stays up
    source: account P5
    tests:
      - {quantity: {chance: war}, expect: within, limits: [0.25, 0.45], reason: as told}
      - {quantity: {chance: never}, expect: below, limit: 0.02, reason: never}
  C6:
    title: Red answers guns, and is afraid
    source: account P6
    tests:
      - compare: [arming, resting]
        quantity: {acts: {red: answer}, until: 2020-09-01}
        expect: higher
        by: 0.1
        reason: a tenth
      - title: Fear lasts
        compare: [arming, resting]
        quantity: {variable: fear, from: 2020-06-01}
        expect: higher
        by: 2 * kg
        reason: two
"""


@pytest.fixture(scope="module")
def model():
    return ofr.loads(ACCOUNT + GUNS + CLAIMS)


@pytest.fixture(scope="module")
def found(model):
    return {f.id: f for f in ofr.claims(ofr.Design(model, scenarios=1500, seed=2)).claims}


def test_a_planted_effect_is_borne_out_and_its_opposite_contradicted(found):
    assert found["C1"].verdict == "supported"
    assert found["C2"].verdict == "contradicted"
    assert found["C1"].low > 0.05
    assert found["C1"].as_claimed.value > 0.9
    assert found["C2"].as_claimed.value < 0.1


@pytest.mark.parametrize("claim", ["C3", "C4"])
def test_a_policy_against_itself_is_undecided_also_under_another_name(found, claim):
    (tested,) = found[claim].tests
    assert found[claim].verdict == "undecided"
    assert tested.comparisons[0].differing == 0
    assert tested.note == "Both sides are the same, so nothing is compared."


def test_what_is_said_of_one_policy_is_held_against_its_limits(found):
    assert found["C5"].verdict == "supported"
    share = found["C5"].tests[0].comparisons[0]
    assert 0.25 < share.low < share.effect < share.high < 0.45
    never = found["C5"].tests[1].comparisons[0]
    assert never.effect == 0
    assert 0 < never.high < 0.02  # Wilson keeps a width where nothing was seen


def test_one_test_that_is_too_small_decides_its_claim_and_both_are_shown(found):
    """What is so, and by less than matters, is not called contradicted: that would read as the opposite."""
    answers, fear = found["C6"].tests
    assert (answers.verdict, fear.verdict) == ("supported", "too small")
    assert found["C6"].verdict == "too small"
    (decisive,) = fear.comparisons
    assert (found["C6"].effect, found["C6"].unit) == (decisive.effect, "kg")
    assert decisive.low > 0  # there, but too small to matter


def test_intervals_hold_together_over_all_claims_whichever_are_asked(model):
    """One claim alone is judged as strictly as in the company of all."""
    design = ofr.Design(model, scenarios=300)
    every, one = (ofr.claims(design, names, worlds=0) for names in (None, ["c1"]))
    assert every.comparisons == one.comparisons == 8
    assert one.each == pytest.approx(1 - 0.1 / 8)
    assert [f.id for f in one.claims] == ["C1"]
    assert one.claims[0].tests[0].comparisons == every.claims[0].tests[0].comparisons


KNOWN = """
horizon: {start: 2020-01-01, step: month, steps: 6}
variables: {x: {initial: 0}}
parameters:
  base: {unit: 1/month, value: 0.05}
  unknown: {value: "uniform(0.5, 1.5)"}
actors: {nobody: {actions: {wait: {}}}}
events: {push: {rate: 10 * base * unknown, effects: {x: 1}}}
policies: {calm: {do: [{set: {base: 0.02}}]}}
claims:
  found:
    source: account P1
    tests: [{compare: [calm, baseline], quantity: {variable: x}, expect: lower, by: 1, reason: r}]
  edge:
    source: account P1
    tests: [{compare: [calm, baseline], quantity: {variable: x}, expect: lower, by: 1.8, reason: r}]
  none:
    source: account P1
    tests: [{compare: [calm, baseline], quantity: {variable: x}, expect: lower, by: 4, reason: r}]
"""


def test_over_400_seeds_a_planted_effect_is_found_and_a_null_at_the_nominal_rate_only():
    """x falls by 1.8 on average. At exactly the smallest effect of interest each verdict is wrong in 5 %."""
    model = ofr.loads(ACCOUNT + KNOWN)
    futures = 80
    design = ofr.Design(model, ["baseline", "calm"], scenarios=400 * futures, seed=8)
    paired = run_paired(design, lambda runs: module.measure(runs, model.claims))
    verdicts = {c.name: [] for c in model.claims}
    for k in range(400):
        part = slice(k * futures, (k + 1) * futures)
        some = PairedRuns({n: v[:, part] for n, v in paired.futures.items()}, {}, paired.failed)
        for claim in model.claims:
            # Alone in its file a claim has the level of one.
            alone = ofr.Design(replace(model, claims=(claim,)), design.policies, futures)
            verdicts[claim.name].append(module.findings_of(alone, some, [claim]).claims[0].verdict)
    assert np.mean([v == "supported" for v in verdicts["found"]]) > 0.95
    assert np.mean([v == "too small" for v in verdicts["none"]]) > 0.95
    assert set(verdicts["none"]) <= {"too small", "contradicted"}
    for wrong in (["supported"], ["contradicted", "too small"]):
        assert sum(v in wrong for v in verdicts["edge"]) <= 34  # 5 % of 400, and three deviations
    assert sum(v == "undecided" for v in verdicts["edge"]) >= 332


def test_rising_is_tested_from_each_to_the_next():
    model = ofr.loads(
        ACCOUNT
        + GUNS
        + """
claims:
  C1:
    source: account P1
    tests:
      - {compare: [resting, baseline, arming], quantity: {chance: war}, expect: rising, by: 0.005, reason: x}
      - {compare: [arming, baseline, resting], quantity: {chance: war}, expect: falling, by: 0.005, reason: x}
      - {compare: [arming, baseline], quantity: {chance: war}, expect: not lower, by: 0.01, reason: so}
      - {compare: [arming, baseline], quantity: {chance: war}, expect: not higher, by: 0.01, reason: so}
      - {compare: [arming, baseline], quantity: {chance: war}, expect: same, by: 0.5, reason: so}
      - compare: [{policy: arming, quantity: {months_until: war}}, resting]
        quantity: {months_until: war, from: 2020-01-01}
        expect: lower
        by: 0.01 * month
        reason: so
      - compare: [arming, resting]
        quantity: {after: {red: wait}, acts: {red: answer}, within: 2}
        expect: higher
        by: 0.01
        reason: so
"""
    )
    (finding,) = ofr.claims(ofr.Design(model, scenarios=2000), worlds=0).claims
    assert [t.verdict for t in finding.tests] == [*["supported"] * 3, "contradicted", *["supported"] * 3]
    assert [(c.here, c.there) for c in finding.tests[0].comparisons] == [(1, 0), (2, 1)]
    answered = finding.tests[-1]
    assert 0 < answered.sides[1].value < answered.sides[0].value < 1
    assert finding.as_claimed is None


@pytest.mark.parametrize(
    ("expect", "borne_out", "contradicted"),
    [
        ("higher", (1.1, 2), (-3, 0.9)),
        ("rising", (1.1, 2), (-3, 0.9)),
        ("lower", (-2, -1.1), (-0.9, 3)),
        ("falling", (-2, -1.1), (-0.9, 3)),
        ("not higher", (-3, 0.9), (1.1, 2)),
        ("not lower", (-0.9, 3), (-2, -1.1)),
        ("same", (-0.9, 0.9), (1.1, 2)),
        ("same", (-0.9, 0.9), (-2, -1.1)),
    ],
)
def test_a_verdict_hangs_on_where_the_whole_interval_lies(model, expect, borne_out, contradicted):
    """The smallest effect that matters is 1; an interval with 1 (or -1) inside tells neither."""
    test = replace(model.claims[0].tests[0], expect=expect, least=1.0)

    def verdict(low, high):
        return module.verdict_on(test, Difference(0, 0, (low + high) / 2, low, high, 9, 9, None))

    assert verdict(*borne_out) == "supported"
    assert verdict(*contradicted) == "contradicted"
    assert verdict(-2, 2) == "undecided"
    assert verdict(0.9, 1.1) == ("undecided" if expect not in ("lower", "falling", "not lower") else
                                 verdict(1.0, 1.0))  # fmt: skip


def test_a_claim_holds_in_the_worlds_in_which_all_of_it_holds(model):
    """More guns, more war, in all worlds; by at least the mean effect in about half. So both in half."""
    design = ofr.Design(model, ["baseline", "arming", "resting"], scenarios=600, seed=3)
    paired = run_paired(design, lambda runs: module.measure(runs, model.claims), 200)
    claim = model.claims[0]
    war = paired.futures["claim/0"]
    effect = float((war[1] - war[2]).mean())
    easy, hard = (replace(claim.tests[0], least=least) for least in (0.0, effect))
    found = {}
    for name, tests in {"easy": (easy,), "hard": (hard,), "both": (easy, hard)}.items():
        asked = replace(claim, tests=tests)
        one = ofr.Design(replace(model, claims=(asked,)), design.policies, 600)
        some = PairedRuns(
            {"claim/0": war, "claim/0/likely": war}, {"claim/0": paired.worlds["claim/0"]}, paired.failed
        )
        (found[name],) = module.findings_of(one, some, [asked]).claims
    assert found["easy"].as_claimed.value > 0.95
    for name in ("hard", "both"):
        share = found[name].as_claimed
        assert share.low < 0.5 < share.high, "and luck leaves much open"
        assert share.low <= share.value <= share.high
    assert found["both"].as_claimed.high <= found["hard"].as_claimed.high + 0.05


def test_the_share_of_worlds_with_the_sign_that_is_claimed_turns_with_the_claim(found):
    """In nearly all worlds arming brings more war: as C1 says, and not as C2 says."""
    direction = {c: found[c].tests[0].comparisons[0].direction for c in ("C1", "C2")}
    assert direction["C1"] > 0.9
    assert direction["C2"] == pytest.approx(1 - direction["C1"])


def test_answers_are_compared_world_by_world_as_a_difference():
    """How readily Red answers nobody knows, but it does so alike whether Blue arms or rests a little less."""
    guns = GUNS.replace("0.05 * guns - 1", "0.05 * guns - 1 + temper").replace(
        "parameters:", 'parameters:\n  temper: {value: "normal(0, 1)"}'
    )
    model = ofr.loads(
        ACCOUNT
        + guns
        + """
claims:
  C1:
    source: account P1
    tests:
      - compare: [arming, resting]
        quantity: {after: {red: wait}, acts: {red: answer}, within: 1}
        expect: higher
        by: 0.01
        reason: so
"""
    )
    (claim,) = model.claims
    (test,) = claim.tests
    design = ofr.Design(model, module.policies_of([claim]), scenarios=800, seed=5)
    paired = run_paired(design, lambda runs: module.measure(runs, [claim]), 200)
    _, ((difference, worlds),) = module.tested(module.values_of(design, paired, [claim]), test)
    assert worlds.effects.mean() == pytest.approx(difference.value, abs=1e-9)
    # Over worlds the share itself has a deviation of some 0.2; of the difference hardly anything is left.
    assert worlds.deviation < 0.08


def test_twenty_futures_without_a_difference_do_not_contradict_what_comes_in_one_of_fourteen(model):
    """Red answers once more in 7 % of futures. That none of 20 shows it is no proof that there is nothing."""
    answers = replace(model.claims[5].tests[0], least=0.02)
    claim = replace(model.claims[5], tests=(answers,))
    design = ofr.Design(replace(model, claims=(claim,)), ["arming", "resting"], 20)
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(200):
        acts = np.stack([rng.random(20) < 0.07, np.zeros(20)]).astype(float)
        some = PairedRuns({"claim/0": acts}, {}, np.zeros(2, np.int64))
        wrong += module.findings_of(design, some, [claim]).claims[0].verdict == "contradicted"
    assert wrong <= 18  # 5 % of 200, and two and a half deviations


def test_an_effect_that_the_file_lays_down_is_marked(model):
    """A forced act that moves what is measured, among other things, is no test of anybody's reasoning."""
    war = model.claims[0].tests[0]
    assert set_directly(model, war) == ""
    assert built_in(model, war) == ("“Arm” (Blue) changes “Guns” by itself",)
    assert built_in(model, model.claims[5].tests[0]) == ()


def test_what_is_the_same_on_both_sides_is_not_what_is_compared():
    """Under both policies the danger is nothing until April, so it is no part of what is compared."""
    calm = ", {until: 2020-04-01, set: {danger: 0}}]"
    guns = GUNS.replace("{blue: wait}}]", "{blue: wait}}" + calm).replace(
        "{blue: arm}}]", "{blue: arm}}" + calm
    )
    model = ofr.loads(ACCOUNT + guns + CLAIMS)
    assert [set_directly(model, t) for t in model.claims[0].tests] == [""]


def test_the_json_of_the_command_is_that_of_an_answer(tmp_path):
    path = tmp_path / "guns.yaml"
    path.write_text(ACCOUNT + GUNS + CLAIMS, encoding="utf-8")
    result = call("claims", str(path), "--runs", "150", "--format", "json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert [c["id"] for c in found["claims"]] == ["C1", "C2", "C3", "C4", "C5", "C6"]
    claim = found["claims"][0]
    assert claim["low"] <= claim["effect"] <= claim["high"]
    test = claim["tests"][0]
    assert test["sides"][0]["quantity"]["name"] == "war"
    assert module.Findings.from_dict(found).as_dict() == found


def test_findings_come_back_from_their_json(model):
    found = ofr.claims(ofr.Design(model, scenarios=200, seed=2), ["C1", "c5"])
    assert found.only == ["C1", "c5"]
    assert module.Findings.from_dict(json.loads(found.to_json())) == found


def test_people_read_what_was_expected_and_what_came_out(tmp_path):
    path = tmp_path / "guns.yaml"
    path.write_text(ACCOUNT + GUNS + CLAIMS, encoding="utf-8")
    text = call(
        "claims", str(path), "--runs", "400", "--claim", "C1", "--claim", "c4", "--claim", "C6"
    ).stdout
    flat = " ".join(text.split())
    assert "3 claims: " in flat
    assert "C1: Guns bring war" in text
    assert "expected higher by 5 points of a hundred at least under Blue arms than under Blue rests" in flat
    assert "Fear lasts: expected higher by 2 kg at least under Blue arms than under Blue rests." in flat
    assert "it is so, but by less than matters" in flat
    assert "Both sides are the same, so nothing is compared." in flat
    assert "Built in, at least in part: “Arm” (Blue) changes “Guns” by itself." in flat
    assert "Again: offramp claims" in text
    assert "arming" not in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("guns.yaml", "--claim", "C9"), "There are: C1, C2, C3, C4, C5, C6."),
        (("chicken",), "model `chicken` has no claims"),
    ],
)
def test_claims_that_are_not_there_are_answered(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guns.yaml").write_text(ACCOUNT + GUNS + CLAIMS, encoding="utf-8")
    result = call("claims", *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_policy_that_nobody_could_choose_is_marked_as_a_variant():
    model = ofr.loads(ACCOUNT + GUNS + "  fearless: {do: [{set: {danger: 0}}], variant: true}\n")
    assert [p.name for p in model.policies if p.variant] == ["fearless"]
    told = {p["name"]: p["variant"] for p in ofr.explain(model)["policies"]}
    assert told["fearless"]
    assert not told["arming"]


EVENTS = """
model: {name: events, title: Claims on events, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables: {x: {initial: 0, change: 1 / month, headline: true}}
parameters: {p: {value: 0.3}}
events:
  coin: {on: 2020-06-15, branches: {heads: {probability: p}, tails: {probability: rest}}}
  storm: {rate: 0.5 / month, effects: {x: 1}}
outcomes: {war: {rate: 0.001 / month, absorbing: true}, peace: {otherwise: true}}
policies: {loaded: {title: Loaded, do: [{set: {p: 0.9}}]}}
claims:
  heads:
    tests:
      - {quantity: {event: coin, branch: heads}, expect: within, limits: [0.25, 0.35], reason: Known.}
  storms:
    tests:
      - {quantity: {event: storm}, expect: within, limits: [5.5, 6.5], reason: Half a storm a month.}
"""


def test_a_claim_may_be_about_an_event_and_about_a_branch_of_one():
    """A branch that comes 30 times in 100, and half an event a month for a year: known before any run."""
    found = {c.id: c for c in ofr.claims(ofr.Design(ofr.loads(EVENTS), scenarios=2_000), worlds=0).claims}
    assert {found[n].verdict for n in found} == {"supported"}
    assert found["heads"].tests[0].sides[0].value == pytest.approx(0.3, abs=0.04)
    assert found["storms"].tests[0].sides[0].value == pytest.approx(6.0, abs=0.2)
    assert not found["heads"].tests[0].built_in


def test_a_policy_that_sets_the_chance_of_a_branch_decides_its_claim():
    """Such a claim would test nothing but the policy, so the file is refused."""
    loads = """
  loads:
    tests:
      - quantity: {event: coin, branch: heads}
        compare: [loaded, baseline]
        expect: higher
        by: 0.1
        reason: It is loaded.
"""
    with pytest.raises(ofr.ModelError, match="policy `loaded` sets `p`, which decides on `coin`"):
        ofr.loads(EVENTS + loads.lstrip("\n"))
