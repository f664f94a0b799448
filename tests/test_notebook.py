"""What one sees of a value at a prompt or in a notebook: a line, or the page, and never all that is in it."""

from __future__ import annotations

import pytest

import offramp as ofr


@pytest.fixture(scope="module")
def chicken():
    model = ofr.load("chicken")
    return model, ofr.Design(model, scenarios=20)


def test_at_a_prompt_everything_is_a_line(chicken):
    model, design = chicken
    runs = ofr.simulate(design)
    one = design.only([0])
    answers = [ofr.outlook(design), ofr.minds(one), ofr.story(one), ofr.summary(runs)]
    for value in (model, design, *answers, ofr.brief(runs, model)):
        assert len(repr(value)) < 200, type(value)
    assert "print() shows it in words" in repr(answers[0])
    assert str(answers[0]).startswith("Two drivers"), "print() has the text of the terminal"


def test_a_notebook_shows_answers_and_pages(chicken):
    model, design = chicken
    assert "<table" in ofr.outlook(design)._repr_html_()
    page = ofr.brief(ofr.simulate(design), model)
    shown = page._repr_html_()
    assert shown.startswith('<iframe srcdoc="')
    assert "<style" not in shown, "its style stays within its frame"
    assert page.html.count('"') <= shown.count("&quot;")


def test_dir_offers_what_there_is_to_use():
    assert set(dir(ofr)) == {*ofr.__all__}
    assert all(hasattr(ofr, name) for name in dir(ofr))
