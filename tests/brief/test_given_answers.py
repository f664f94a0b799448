"""Answers that a brief is given: of the very thing that the page is of, whole, and never a traceback."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import replace
from importlib import resources

import pytest

import offramp as ofr
from cli_calls import call
from offramp.brief.page import _answered
from offramp.brief.view import RunsView
from offramp.errors import UsageError
from offramp.questions.briefing import Page, answers, read_answers

# Blue arms, misreads Red, and one policy keeps it from doing so.
MODEL = """
model: {name: arms, title: Arms, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 4}
variables: {guns: {initial: 10, headline: true}}
parameters: {danger: {value: "uniform(0.001, 0.01)"}, fear: {value: 0}}
actors:
  blue:
    misreads: {fear: {value: 2}}
    actions: {wait: {}, arm: {effects: {guns: 2}, propensity: fear - danger}}
outcomes:
  war: {title: War, rate: danger * guns / month, absorbing: true, aim: less}
  peace: {otherwise: true}
policies:
  rest: {title: Rest, do: [{forbid: {blue: [arm]}}]}
  busy: {title: Busy, do: [{force: {blue: arm}}]}
  calm: {title: Calm, variant: true, do: [{correct: {blue: [fear]}}]}
claims:
  C1:
    source: A
    tests: [{compare: [calm, baseline], quantity: {chance: war}, expect: lower, by: 0.01, reason: R}]
"""


@pytest.fixture(scope="module")
def model():
    return ofr.loads(
        MODEL.replace("title: Arms,", "title: Arms, sources: {A: {title: A, date: 2020-01-01}},")
    )


@pytest.fixture(scope="module")
def view(model):
    return RunsView(ofr.simulate(ofr.Design(model, scenarios=20)), model)


@pytest.fixture(scope="module")
def plain(model):
    """Question -> its answer as JSON."""
    found = answers(ofr.Design(model), futures={"compare": 40, "claims": 40, "misreadings": 10})
    return {name: json.loads(answer.to_json()) for name, answer in found.items()}


def read(folder, answer, page):
    path = folder / "answer.json"
    path.write_text(json.dumps(answer), encoding="utf-8")
    return read_answers([path], page)


KNOWN = {
    "until": "2020-02-01", "begins": "2020-02-01", "particles": 9, "chains": 1, "worth": None,
    "evidence_hash": "0", "file": None,
}  # fmt: skip


@pytest.mark.parametrize("question", ["compare", "claims", "misreadings"])
def test_what_was_asked_of_the_same_is_taken_whatever_its_seed(model, plain, tmp_path, question):
    assert set(read(tmp_path, plain[question] | {"seed": 77}, Page(model, {}, "baseline"))) == {question}


@pytest.mark.parametrize(
    ("question", "change", "page", "said"),
    [
        ("compare", {"set": {"danger": 0.005}}, {}, "with `--set danger=0.005`, and the brief is with no"),
        ("claims", {}, {"settings": {"fear": 1.0}}, "with no `--set`, and the brief is with `--set fear=1`"),
        ("compare", {"paths": 8}, {}, "was asked with `--paths 8`, and the brief is with `--paths 0`"),
        ("compare", {"reader": "blue"}, {}, "was asked with `--for blue`, and the brief is with no `--for`"),
        ("compare", {"against": "busy"}, {}, "was asked with `--against busy`"),
        ("misreadings", {"policy": "rest"}, {}, "was asked with `--policy rest`"),
        ("misreadings", {}, {"policy": "rest"}, "and the brief is with `--policy rest`"),
        ("claims", {"model_hash": "0"}, {}, "is of another model than `arms` as it now stands"),
        ("claims", {"version": "9.3.0"}, {}, "was asked by offramp 9.3.0"),
        (
            "compare",
            {"given": KNOWN},
            {}, "goes on from what was known by 2020-02-01, and the brief from the priors",
        ),
    ],
)  # fmt: skip
def test_what_was_asked_of_something_else_is_refused_by_name(
    model, plain, tmp_path, question, change, page, said
):
    of = replace(Page(model, {}, "baseline"), **page)
    with pytest.raises(UsageError, match=r"answer\.json") as error:
        read(tmp_path, plain[question] | change, of)
    assert said in str(error.value)


def test_a_brief_with_settings_refuses_an_answer_without(tmp_path):
    """It would say "set by hand in every future" above numbers of another world."""
    path, answer = tmp_path / "river.yaml", tmp_path / "co.json"
    starter = (resources.files("offramp.cli") / "starter.yaml").read_text(encoding="utf-8")
    path.write_text(starter.replace("NAME", "river"), encoding="utf-8")
    asked = call(
        "compare", str(path), "--policy", "pause", "--runs", "20", "--worlds", "0", "--format", "json"
    )
    answer.write_text(asked.stdout, encoding="utf-8")
    words = ("--with", str(answer), "--runs", "20", "--bare", "--out", str(tmp_path / "page.html"))
    result = call("brief", str(path), "--set", "mistrust=1", *words)
    assert result.exit_code == 2
    assert "was asked with no `--set`, and the brief is with `--set mistrust=1`" in result.stderr
    assert not (tmp_path / "page.html").exists()


def test_in_python_too_an_answer_must_be_of_the_same(model, view, plain):
    compared = ofr.compare(ofr.Design(model, ["rest"], 20, overrides={"fear": 1.0}), worlds=0)
    with pytest.raises(UsageError, match="the answer to `compare` was asked with `--set fear=1`"):
        ofr.brief(view.runs, model, answers={"compare": compared})


VALUES = [None, "x", "", -1, 0, 1e308, [], {}, True, "2020-13-45", ["a"], {"a": 1}, 10**30]


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def damaged(answer, luck):
    """An answer of which one thing is gone, has another name or another value."""
    answer = copy.deepcopy(answer)
    *above, last = luck.choice([p for p in places(answer) if p])
    at = answer
    for key in above:
        at = at[key]
    how = luck.choice(["set", "set", "drop", "rename"])
    if how == "drop":
        del at[last]
    elif how == "rename" and isinstance(at, dict):
        at[f"{last}x"] = at.pop(last)
    else:
        at[last] = luck.choice(VALUES)
    return answer


@pytest.mark.parametrize("question", ["compare", "claims", "misreadings"])
def test_a_damaged_answer_is_taken_or_refused_and_never_breaks_the_page(
    model, view, plain, tmp_path, question
):
    luck = random.Random(question)
    messages = []
    for _ in range(120):
        try:
            known = read(tmp_path, damaged(plain[question], luck), Page(model, {}, "baseline"))
            _answered(known, view, known)
        except UsageError as error:
            messages.append(str(error))
    assert len(messages) > 60
    assert all("answer" in message for message in messages)


def test_what_is_missing_is_named(model, plain, tmp_path):
    answer = copy.deepcopy(plain["compare"])
    del answer["policies"]["rest"]["outcomes"]["war"]["low"]
    with pytest.raises(
        UsageError, match="holds no answer of `offramp compare` as this version writes it"
    ) as error:
        read(tmp_path, answer, Page(model, {}, "baseline"))
    assert "policies.rest.outcomes.war lacks `low`" in str(error.value)
