"""A question joins a brief by its room alone: here one that no other part of the package has heard of."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

import numpy as np
import pytest

import offramp as ofr
from offramp.analysis import measures
from offramp.analysis.answer import Answer, head
from offramp.errors import OfframpError, UsageError
from offramp.questions import registry
from offramp.questions.briefing import Alone, Page, Shared, answers, futures_for, read_answers
from offramp.questions.option import RUNS, SEED
from offramp.questions.question import ASK, Futures, InBrief, Question
from offramp.tell.blocks import Figure, Heading, Paragraph, Short, Table, Telling
from small_models import made

BODY = """
variables: {x: {initial: 1}}
actors: {a: {actions: {wait: {}, go: {effects: {x: 1}}}}}
outcomes: {war: {rate: 0.1 / month, absorbing: true}, calm: {otherwise: true}}
policies: {hold: {do: [{force: {a: wait}}]}, rush: {do: [{force: {a: go}}]}}
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
ROOM = "offramp.questions.omens"


@dataclass(frozen=True, kw_only=True)
class Omens(Answer):
    QUESTION: ClassVar[str] = "omens"

    runs: int
    seen: dict[str, float]


def omens(design, seen):
    says = head(design.model, seed=design.seed, settings=design.overrides, intervals={"none": "nothing"})
    return Omens(**says, runs=len(design.scenarios), seen=seen)


def tell(found, model):
    table = Table(("", "seen"), [(p, f"{v:.2f}") for p, v in found.seen.items()])
    return Telling(
        title=found.title,
        head=[Paragraph("Omens were counted.")],
        body=[Heading("Each"), Figure("flight", "Flight", "Birds fly.", SVG, table), table],
        sure=[Paragraph("Not at all.")],
        section="What the birds say",
        short=Short("Omens", ["They are bad."], "Counted in feathers."),
        caveats=["Other birds."],
    )


def shared(design, reader=None):
    def answer(every, paired):
        return omens(
            every, {p: float(v.mean()) for p, v in zip(every.policies, paired.futures["omen"], strict=True)}
        )

    return Shared(["rush"], lambda runs: {"omen": measures.came(runs, "war")}, answer)


def alone(design, reader=None):
    return Alone(lambda how: omens(design, dict.fromkeys(design.policies, 1.0)))


def failing(design, reader=None):
    def answer(how):
        raise OfframpError("no bird was there")

    return Alone(answer)


@pytest.fixture
def room(monkeypatch):
    """The room of a question, put beside the others."""
    record = Question(
        room=ROOM, name="omens", group=ASK, about="Ask the birds.", options=(RUNS, SEED),
        brief=InBrief(65, "omens", "Omens", Futures(70, 60, 50, 40)),
    )  # fmt: skip
    package, ask, words = (ModuleType(n) for n in (ROOM, f"{ROOM}.ask", f"{ROOM}.tell"))
    package.QUESTION, ask.ANSWER, ask.for_brief, words.tell = record, Omens, shared, tell
    for module in (package, ask, words):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "ROOMS", (*registry.ROOMS, "omens"))
    registry.questions.cache_clear()
    yield ask
    registry.questions.cache_clear()


@pytest.fixture(scope="module")
def model():
    return made(BODY, 4)


def test_its_answer_stands_in_the_page_where_it_says(room, model):
    found = omens(ofr.Design(model, scenarios=9), {"baseline": 0.5})
    runs = ofr.simulate(ofr.Design(model, scenarios=20))
    html = ofr.brief(runs, model, answers={"omens": found}).html
    sections = re.findall(r'<section[^>]* id="([^"]+)"|<section id="([^"]+)"', html)
    names = [a or b for a, b in sections]
    assert names[names.index("omens") - 1 : names.index("omens") + 2] == ["variables", "omens", "habits"]
    assert '<a href="#omens">Omens</a>' in html
    assert "<h2>What the birds say</h2>" in html
    box = html[html.index('id="in-short"') : html.index("<nav")]
    for words in ("<h3>Omens</h3>", "They are bad.", "Counted in feathers.", "Other birds.", "omens in 9"):
        assert words in box, words
    assert '<figure id="omens-flight">' in html
    part = html[html.index('<section id="omens">') :]
    part = part[: part.index("</section>")]
    assert part.count("<table") == 1
    assert "<summary>How sure</summary>" in part
    typed = re.sub(r"</?span>", "", html)
    assert f"offramp omens {model.name} --runs 9 --seed 0" in typed


def test_it_shares_the_runs_that_others_ask_for(room, model):
    """The same futures under the policies of all: its numbers are those of the comparison's."""
    design = ofr.Design(model, seed=2)
    found = answers(design, futures={"compare": 200, "omens": 200})
    assert list(found) == ["compare", "omens"]
    assert set(found["omens"].seen) == {"baseline", "hold", "rush"}
    here = np.mean(measures.came(ofr.simulate(design.another(policies=["rush"], scenarios=200)), "war"))
    assert found["omens"].seen["rush"] == pytest.approx(here)


def test_it_is_asked_alone_and_left_out_where_it_fails(room, model):
    room.for_brief = alone
    assert answers(ofr.Design(model), futures={"omens": 7})["omens"].runs == 7
    room.for_brief = failing
    assert answers(ofr.Design(model), futures={"omens": 7}) == {}
    room.for_brief = lambda design, reader: None
    assert answers(ofr.Design(model), futures={"omens": 7}) == {}


def test_it_is_asked_in_the_futures_that_it_names(room, model):
    assert futures_for(model)["omens"] == 70
    assert futures_for(model, quick=True)["omens"] == 50


def test_its_saved_answer_is_read(room, model, tmp_path):
    found = omens(ofr.Design(model, scenarios=9), {"baseline": 0.5})
    path = tmp_path / "omens.json"
    path.write_text(found.to_json(), encoding="utf-8")
    assert read_answers([path], Page(model, {}, "baseline")) == {"omens": found}
    path.write_text(json.dumps(found.as_dict() | {"model_hash": "0"}), encoding="utf-8")
    with pytest.raises(UsageError, match="is of another model than `small` as it now stands"):
        read_answers([path], Page(model, {}, "baseline"))
