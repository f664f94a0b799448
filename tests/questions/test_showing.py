"""Answers shown as text, in notebooks and in documents."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

import offramp as ofr
from cli_calls import call
from offramp.analysis import answer as answers
from offramp.questions.registry import questions
from small_models import made

EVIL = '<script>alert(1)</script> | *x* & \\"q\\"'
BODY = f"""
variables: {{x: {{initial: 1}}}}
parameters: {{p: {{title: "{EVIL}", value: "normal(0, 1)"}}}}
actors:
  a:
    title: "{EVIL}"
    misreads: {{p: {{value: 2, title: "{EVIL}"}}}}
    actions: {{wait: {{}}, go: {{propensity: p}}}}
outcomes: {{war: {{title: "{EVIL}", rate: 0.1 / month, absorbing: true}}}}
"""


@pytest.fixture(scope="module")
def model():
    return made(BODY, 4)


@pytest.fixture(scope="module")
def found(model):
    return ofr.misreadings(ofr.Design(model, scenarios=30))


def test_an_answer_as_text_is_what_the_command_prints():
    result = call("misreadings", "chicken", "--runs", "40")
    asked = ofr.misreadings(ofr.Design(ofr.load("chicken"), scenarios=40))
    assert str(asked) == result.stdout.rstrip("\n")


def test_a_saved_answer_is_shown_as_the_one_that_was_saved(found):
    again = type(found).from_dict(json.loads(found.to_json()))
    assert str(again) == str(found)
    assert again._repr_html_() == found._repr_html_()


def test_an_answer_of_a_bundled_crisis_needs_no_model_at_hand(monkeypatch):
    asked = ofr.misreadings(ofr.Design(ofr.load("chicken"), scenarios=20))
    text = str(asked)
    monkeypatch.setattr(answers, "_models", {})
    assert str(asked) == text


def test_an_answer_whose_model_is_gone_is_shown_as_its_values(found, monkeypatch):
    monkeypatch.setattr(answers, "_models", {})
    assert str(found) == repr(found)
    assert found._repr_html_() is None
    assert found._repr_markdown_() is None


def test_models_asked_last_are_kept_and_no_more(found, monkeypatch):
    monkeypatch.setattr(answers, "_models", {})
    kept = [made(f"variables: {{x: {{initial: {i}}}}}") for i in range(20)]
    for model in kept:
        answers.head(model, seed=0, settings={}, intervals={})
    assert list(answers._models) == [m.hash for m in kept[-16:]]


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.found = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_a_notebook_runs_nothing_of_a_model(found):
    html = found._repr_html_()
    page = Tags(html)
    assert "script" not in {tag for tag, _ in page.found}
    assert not [k for _, attrs in page.found for k in attrs if k.startswith("on")]
    assert "&lt;script&gt;" in html


def test_two_answers_in_one_notebook_share_no_identity(model, found):
    other = ofr.misreadings(ofr.Design(model, scenarios=31))
    ids = [set(re.findall(r'\bid="([^"]+)"', a._repr_html_())) for a in (found, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_notebook_has_one_drawing_of_each_chart(found):
    """The style sheet that hides one for telephones is not there."""
    html = found._repr_html_()
    assert html.count("<svg") == html.count("<figure") == 1


@pytest.mark.parametrize("name", questions())
def test_every_question_can_be_had_as_markdown(name):
    form = next(p for p in ofr.cli.main.commands[name].params if p.name == "form")
    assert "md" in form.type.choices


def test_markdown_says_what_the_terminal_says(found):
    result = call("misreadings", "chicken", "--runs", "40", "--format", "md")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("## Two drivers")
    assert "Illustrative: the numbers of this model are there to teach." in lines
    assert "offramp misreadings chicken --outcome crash --runs 40 --seed 0" in lines
    text = call("misreadings", "chicken", "--runs", "40").stdout
    for number in re.findall(r"[+−]\d+ to [+−]\d+", text):
        assert number in result.stdout
