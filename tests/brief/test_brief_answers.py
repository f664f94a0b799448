"""The brief answers questions: policies, misreadings, claims; from few runs, or from answers asked before."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from importlib import resources

import pytest

import offramp as ofr
from cli_calls import call
from offramp.analysis.answer import head
from offramp.analysis.intervals import Estimate
from offramp.errors import UsageError
from offramp.questions.backtest.tell import tell as tell_backtest
from offramp.questions.briefing import answers, futures_for
from offramp.questions.discover.ask import Discovery, Limit, Region
from offramp.tell.terminal import text_of as terminal_text
from offramp.truth.results import Backtest, Coverage, LeftOut
from offramp.truth.scores import Bin
from offramp.truth.skill import BestRule, BrierSkill, QuestionScore, Skill

FEW = {"compare": 150, "claims": 150, "misreadings": 30}


@pytest.fixture(scope="module")
def river(tmp_path_factory):
    """What `offramp new river` writes."""
    path = tmp_path_factory.mktemp("brief") / "river.yaml"
    starter = (resources.files("offramp.cli") / "starter.yaml").read_text(encoding="utf-8")
    path.write_text(starter.replace("NAME", "river"), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def asked(river):
    return answers(ofr.Design(ofr.load(river), seed=3), futures=FEW)


@pytest.fixture(scope="module")
def page(river, asked):
    model = ofr.load(river)
    runs = ofr.simulate(ofr.Design(model, scenarios=200, seed=3))
    return ofr.brief(runs, model, answers=asked).html


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\N{NO-BREAK SPACE}", " ")


def test_a_brief_asks_what_policies_misreadings_and_claims_come_to(asked, river):
    assert set(asked) == {"compare", "claims", "misreadings"}
    choices = [p.name for p in ofr.load(river).policies if p.name != "baseline" and not p.variant]
    assert list(asked["compare"].policies) == choices
    assert asked["compare"].runs == 150


def test_its_numbers_are_those_that_the_questions_give_alone(asked, river):
    """One set of runs serves policies and claims; the same seed gives each the same numbers by itself."""
    model = ofr.load(river)
    alone = ofr.compare(ofr.Design(model, list(asked["compare"].policies), 150, seed=3), worlds=0)
    without_forced = {name: replace(policy, forced=()) for name, policy in alone.policies.items()}
    assert without_forced == asked["compare"].policies
    claims = ofr.claims(ofr.Design(model, scenarios=150, seed=3), worlds=0)
    assert claims.claims == asked["claims"].claims


def test_the_page_has_a_section_for_each_answer_and_the_short_of_it_first(page):
    for section in ("policies", "misreadings", "claims"):
        assert page.count(f'<section id="{section}">') == 1
        assert f'href="#{section}"' in page
    short = text_of(page[page.index('id="in-short"') : page.index("<nav")])
    assert "Off-ramps that help most" in short
    assert "Changes counted in 150 futures under each policy" in short
    assert "Better means less “War over the river” (" in short
    assert "Counted in 30 futures for each set of corrections." in short
    assert "A neighbour brings both to the table" in short
    assert "Misreadings that cost most" in short
    assert "Supported: “Mediation makes a treaty likelier” (mediation_helps)." in short


def test_the_page_says_how_each_answer_was_asked(page, asked):
    again = text_of(page[page.index('id="again"') :])
    for question in asked:
        assert f"offramp {question} " in again
    assert "--worlds 0" in again


def test_the_page_still_needs_no_network_and_names_nothing_twice(page):
    assert not re.search(r'(?:src|href)="(?!#)(?!https?://)', page)
    assert "<script" not in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert not re.search(r"\bnan\b", text_of(page[page.index("<body>") :]))


def test_a_policy_that_hangs_on_one_number_says_so():
    """Help works where trust is high and nowhere else."""
    model = ofr.loads(
        """
model: {name: help, title: Help, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables: {aid: {initial: 0}}
parameters: {trust: {title: Trust, value: "uniform(0, 1)"}, idle: {value: "uniform(0, 1)"}}
actors: {donor: {actions: {wait: {propensity: 5}, give: {effects: {aid: 1}}}}}
outcomes:
  war: {title: War, rate: "0.1 / month * (1 - trust * min(1, aid))", absorbing: true, worth: {donor: -50}}
  peace: {title: Peace, otherwise: true}
policies: {help: {title: Help, do: [{force: {donor: give}}]}}
"""
    )
    found = answers(ofr.Design(model), futures={"compare": 600})
    hinge = found["compare"].hinges["help"]["war"]
    assert hinge.parameter == "trust"
    assert hinge.upper_third < hinge.lower_third <= 0
    html = ofr.brief(ofr.simulate(ofr.Design(model, scenarios=100)), model, answers=found).html
    assert "How far “War” changes hangs on “Trust”" in text_of(html)


def test_answers_asked_before_take_the_place_of_those_that_a_brief_would_ask(river, tmp_path):
    given = {}
    for question, words in {
        "claims": ("--worlds", "20"),
        "compare": ("--policy", "mediation", "--worlds", "20"),
        "misreadings": (),
    }.items():
        result = call(question, river, "--runs", "120", *words, "--format", "json")
        assert result.exit_code == 0, result.stderr
        given[question] = tmp_path / f"{question}.json"
        given[question].write_text(result.stdout, encoding="utf-8")
    path = tmp_path / "page.html"
    result = call(
        "brief",
        river,
        "--runs",
        "60",
        "--out",
        str(path),
        *(w for p in given.values() for w in ("--with", str(p))),
    )
    assert result.exit_code == 0
    html = text_of(path.read_text(encoding="utf-8"))
    assert "120 futures under each policy" in html
    assert "as claimed in" in html  # worlds were asked for
    assert "Altara pauses for the first half year" not in html  # mediation alone was compared
    assert "--with" in html


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "cannot be read as JSON"),
        ("[]", "holds no answer"),
        ('{"model": "river"}', "holds no answer that can stand in a brief"),
        ('{"question": "story"}', "answers `story`, which has no part in a brief. It takes what `offramp"),
        ('{"question": "misreadings", "model": "river"}', "lacks `"),
        ('{"question": ["misreadings"]}', "holds no answer that can stand in a brief"),
    ],
)
def test_a_file_that_is_no_answer_is_refused_before_anything_runs(river, tmp_path, content, said):
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    result = call("brief", river, "--with", str(path), "--out", str(tmp_path / "page.html"))
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("compared", "there is no question `compared`. Did you mean `compare`"),
        ("story", "`story` has no part in a brief"),
        ("compare", "the answer to `compare` is a dict; it must be a Comparison"),
        ("claims", "the answer to `claims` is a Comparison; it must be a Findings"),
    ],
)
def test_what_is_no_answer_is_refused(river, asked, name, said):
    model = ofr.load(river)
    runs = ofr.simulate(ofr.Design(model, scenarios=5))
    given = asked["compare"] if name == "claims" else asked["compare"].as_dict()
    with pytest.raises(UsageError, match=re.escape(said)):
        ofr.brief(runs, model, answers={name: given})


def test_one_question_is_answered_once(river, tmp_path, asked):
    path = tmp_path / "misreadings.json"
    path.write_text(asked["misreadings"].to_json(), encoding="utf-8")
    twice = ("--with", str(path), "--with", str(path))
    result = call("brief", river, *twice, "--out", str(tmp_path / "page.html"))
    assert result.exit_code == 2
    assert "answers `misreadings`, and so does a file before it" in result.stderr


def test_a_quick_brief_and_deep_minds_have_fewer_futures(river):
    """Whoever thinks of what others think makes each run some ten times dearer."""
    model, deep = ofr.load(river), ofr.load("us-iran-2020")
    full, quick = futures_for(model), futures_for(model, quick=True)
    assert full == {"compare": 1000, "claims": 1000, "misreadings": 200}
    assert quick == {"compare": 200, "claims": 200}
    assert all(n < full[q] for q, n in futures_for(deep).items())
    assert all(n < quick[q] for q, n in futures_for(deep, quick=True).items())


def test_an_answer_of_the_model_before_an_edit_is_refused(river, tmp_path, asked):
    edited = tmp_path / "river.yaml"
    with open(river, encoding="utf-8") as file:
        edited.write_text(file.read() + "# edited\n", encoding="utf-8")
    path = tmp_path / "claims.json"
    path.write_text(asked["claims"].to_json(), encoding="utf-8")
    result = call("brief", str(edited), "--with", str(path), "--out", str(tmp_path / "page.html"))
    assert result.exit_code == 2
    assert "is of another model than `river` as it now stands. Ask again: `offramp claims" in result.stderr


OFTEN = BrierSkill("how often it came", 0.16, 0.25, 0.1, 0.4)
TREND = BrierSkill("the trend", 0.135, 0.11, -0.02, 0.2)


def skill(questions, brier, best):
    """Of a model against one rule that is best, and others."""
    others = dict.fromkeys(("climatology", "persistence", "trend", "crisis_data", "prior_model"), OFTEN)
    named = BestRule(best.title, best.brier, best.brier_skill, best.low, best.high, "trend")
    return Skill(
        best_baseline=named, best_without_model=named, **others | {"trend": TREND}, best_of_each=TREND,
        questions=questions, model_brier=brier,
    )  # fmt: skip


SHIPS = QuestionScore(
    name="ship", title="Ship attacked", kind="binary", unit="", topic="violence", asked=30, happened=0.21,
    said=0.45, best_without_model="trend", score=0.3, best_score=0.2, skill=-0.5, prior_skill=0.1,
)  # fmt: skip
BACKTEST = Backtest(
    model="before", model_hash="0", title="Before", illustrative=False, questions_list="us-iran",
    questions_hash="1", until=None, particles=20, chains=1, futures=120, runs=1000, seconds=2.0,
    origins=(date(2018, 7, 1), date(2020, 4, 1)), stretch=1, asked=40, resolved=30, void=0, choices=(),
    left_out=LeftOut(0, 0),
    base_rates=0, questions=(), brier={}, log={}, skill=skill(30, 0.12, TREND), skill_by={},
    skill_by_topic={"violence": skill(10, 0.15, BrierSkill("how often it came", 0.136, -0.1, -0.2, 0.0))},
    sampled_skill={}, by_question=(SHIPS,), reliability=(Bin(0.04, 0.1, 0.02, 0.2, 25),), parts={},
    coverage={"all": Coverage(32, 0.5, 0.75, 0.4, 0.7)}, calibrations=(),
)  # fmt: skip


def test_regions_found_are_told_in_words(river):
    model = ofr.load(river)
    runs = ofr.simulate(ofr.Design(model, scenarios=50))
    nothing = Estimate(0.0, 0.0, 0.0)
    limits = [
        Limit("parameter", "", "a", "Nerve", "", 0.5, None, (), 0.01, 1.0),
        Limit("parameter", "", "b", "Mood", "month", None, 2.0, (), 0.01, 1.0),
        Limit("type", "c", "", "Kind", "", None, None, ("hard", "soft"), 0.01, 1.0),
    ]
    regions = [Region("prim", limits, nothing, Estimate(3.04, 2.0, 4.0), nothing, 0.2)]
    found = Discovery(
        **head(model, seed=0, settings={}, intervals={"sampling": "none"}),
        policy="baseline", outcome="war", outcome_title="War", by=model.dates[-1],
        chance=0.1, inputs=3, runs=10, failed_runs=0, regions=regions,
    )  # fmt: skip
    text = text_of(ofr.brief(runs, model, answers={"backtest": BACKTEST, "discover": found}).html)
    assert "“Before” was asked 0 questions at 2 days from 2018-07-01 to 2020-04-01: 40 answers" in text
    assert "cannot be distinguished from the best rule without a model (the trend): skill +11 %" in text
    assert "The model 0.120" in text
    assert "Ship attacked (said 45 %, came 21 %)" in text
    assert "Violence 10 0.150 -10 % (-20 to +0)" in text
    whole = " ".join(terminal_text(tell_backtest(BACKTEST), "again", "by", 100).split())
    assert "All levels 32 50 % 75 % 40 % 70 %" in whole
    assert "Said and came" in text
    assert "“Nerve” is above 0.5, “Mood” is below 2 months and “Kind” is hard or soft" in text
    assert "there “War” is 3 times as likely" in text


ENDS = """
model: {name: ends, title: Ends, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 6}
variables: {heat: {initial: 1}}
actors: {red: {actions: {wait: {}, stir: {effects: {heat: 1}}}}}
outcomes:
  war: {title: War, rate: 0.05 / month * heat, absorbing: true}
  flood: {title: Flood, rate: 0.00001 / month, absorbing: true}
  calm: {title: Calm, otherwise: true}
policies:
  hold: {title: Hold, do: [{force: {red: wait}}]}
  stir: {title: Stir, do: [{forbid: {red: wait}}]}
"""


def test_an_end_without_a_picture_is_named():
    """A reader who knows of three ends and sees two pictures would look for the third."""
    model = ofr.loads(ENDS)
    found = answers(ofr.Design(model), futures={"compare": 100})
    html = ofr.brief(ofr.simulate(ofr.Design(model, scenarios=50)), model, answers=found).html
    assert "Not drawn is what comes as often under every policy: “Flood” (never)." in text_of(html)


def test_policies_that_change_no_end_leave_no_empty_table():
    model = ofr.loads(ENDS.replace(" * heat", "").replace("forbid: {red: wait}", "force: {red: wait}"))
    found = answers(ofr.Design(model), futures={"compare": 100})
    html = ofr.brief(ofr.simulate(ofr.Design(model, scenarios=50)), model, answers=found).html
    assert "Not drawn is what comes as often under every policy: “War” and “Flood” (never)." in text_of(html)
    assert "Changes of chances by the end" not in html


def test_one_chance_has_one_value_on_a_page(page, river, asked):
    """Policies and misreadings were asked in fewer futures, and yet change the chance of the outlook."""
    text = text_of(page)
    said = "The outlook was counted in 200 futures, policies in 150, misreadings in 30 and claims in 150."
    assert text.count(said) == 1
    share = re.search(r"War over the river \d+ ([0-9.]+) %", text).group(1)
    starts = re.findall(r"“War over the river” ([0-9.]+) % to", text)
    starts += re.findall(r"War over the river by the end of 2027: ([0-9.]+) % as it is", text)
    assert starts
    assert {round(float(x)) for x in starts} == {round(float(share))}


def test_an_answer_that_was_changed_so_that_it_fits_nothing_is_refused_in_one_line(river, tmp_path):
    """What is of the right kinds may still speak of outcomes that are not there."""
    answer = json.loads(call("compare", str(river), "--policy", "mediation", "--runs", "40", "--worlds", "0",
                             "--format", "json").stdout)  # fmt: skip
    answer["policies"]["mediation"]["outcomes"] = {}
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(answer))
    result = call(
        "brief", str(river), "--runs", "40", "--bare", "--with", str(path), "--out", str(tmp_path / "b.html")
    )
    assert result.exit_code == 2
    assert "holds no answer of it that fits model `river`" in result.stderr
    assert not (tmp_path / "b.html").exists()
