"""Blocks drawn for a page, for Markdown and for a terminal: nothing of a stranger acts in any of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from offramp.tell import html, markdown, terminal
from offramp.tell.blocks import (
    Bullets,
    Code,
    Figure,
    Fold,
    Gap,
    Grid,
    Heading,
    Paragraph,
    Shades,
    Span,
    Table,
    Telling,
    Terms,
    plain,
)

EVIL = "<img src=x onerror=alert(1)> [a](javascript:b) *b* _c_ `d` | \x1b[2J\u202e & # ~~e~~"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
NUMBERS = Table(("", "share"), [("war", "3 %")])


def one_of_each(text):
    table = Table((text, text), [(text, (Span(text, "code"),))])
    return [
        Heading(text), Paragraph(text, small=True), Paragraph((text, Span(text), Span(text, "link", text))),
        Bullets([text, (Span(text, "good"), text)]), Terms([(text, text)]), Code([text]), table,
        Table((text, text), [(text, text)], prose=True), Gap(), Shades([(text, 0.5)]),
        Figure("f", text, text, SVG, table, note=text, more=text), Grid([Paragraph(text)]),
        Fold(text, [Heading(text), Paragraph(text)]),
    ]  # fmt: skip


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], ""
        self.feed(str(text))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *a) for a in attrs]

    def handle_data(self, data):
        self.words += data


def test_no_word_of_a_model_is_an_element_of_a_page():
    page = Elements(html.draw(one_of_each(EVIL)))
    assert "img" not in page.tags
    assert not [a for a in page.attributes if a[1].startswith("on")]
    assert "<img src=x onerror=alert(1)>" in page.words
    assert "\u202e" not in page.words
    assert "\x1b" not in page.words


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//a.org", "file:///x", ""])
def test_only_addresses_of_the_web_are_links(address):
    block = [Paragraph((Span("here", "link", address),))]
    assert html.draw(block) == "<p>here</p>"
    assert markdown.draw(block) == "here"


def test_a_link_cannot_end_early():
    target = 'https://example.org/a) "b" <c>'
    link = Elements(html.draw([Paragraph((Span("here", "link", target),))]))
    assert ("a", "href", target) in link.attributes
    drawn = markdown.draw([Paragraph((Span("here", "link", target),))])
    assert drawn == "[here](https://example.org/a%29%20%22b%22%20%3Cc%3E)"


def test_no_word_of_a_model_is_a_mark_of_markdown():
    text = markdown.draw(one_of_each(EVIL))
    outside = re.sub(r"^(```+)\n.*?\n\1$", "", text, flags=re.S | re.M)
    marks = re.sub(r"\\.", "", outside)
    assert not re.search(r"[<>`~]|\[|_", marks)
    assert not re.search(r"(?<!\*)\*(?!\*)", marks)
    assert "\x1b" not in text


@pytest.mark.parametrize("text", ["- war", "+ war", "1. war", "12) war", "# war", "> war", "=== ", "a | b"])
def test_a_sentence_stays_a_sentence_in_markdown(text):
    drawn = markdown.draw([Paragraph(text)])
    assert not re.match(r"\s*([-+=#>]|\d+[.)])", drawn)
    assert re.sub(r"\\(.)", r"\1", drawn) == text


def test_lines_to_be_typed_stay_within_their_fences():
    drawn = markdown.draw([Code(["a", "```", "b"])])
    assert drawn == "````\na\n```\nb\n````"


def test_every_row_of_a_table_in_markdown_has_as_many_cells():
    drawn = markdown.draw([Table(("a|b", "c"), [("d|e", "f"), ("g\nh", "")])]).splitlines()
    assert len(drawn) == 4
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in drawn} == {3}


def test_numbers_behind_a_chart_are_said_once():
    """A terminal shows no chart, so a table follows it; beside the chart it would stand twice."""
    blocks = [Figure("f", "War", "War comes in 3 %.", SVG, NUMBERS), NUMBERS]
    assert html.draw(blocks).count("<table") == 1
    assert markdown.draw(blocks).count("| war |") == 1
    page = terminal.TextPage(80)
    terminal.draw(blocks, page)
    assert page.text().count("war") == 1
    assert html.draw([NUMBERS, blocks[0]]).count("<table") == 2


def levels(text):
    return [int(n) for n in re.findall(r"<h(\d)", text)]


def test_headings_go_down_one_step_at_a_time():
    figure = Figure("f", "War", "War comes.", SVG, NUMBERS)
    assert levels(html.draw([figure, Heading("a"), figure, Grid([figure]), Fold("b", [Heading("c")])])) == [
        3, 3, 4, 4, 4
    ]  # fmt: skip
    assert levels(html.draw([Fold("b", [Heading("c"), figure])])) == [3, 4]
    assert levels(html.draw([Heading("a"), figure], level=6)) == [6, 6]


def test_a_command_to_repeat_is_never_broken_within_a_path():
    path = "/a/folder/" + "deep/" * 20 + "c.nc"
    shown = terminal.text_of(Telling("War", []), f"offramp run {path} --runs 3", "offramp 1", 60)
    assert path in shown
    assert " ".join(shown.split()).endswith(f"Again: offramp run {path} --runs 3 offramp 1")


def test_an_answer_says_how_sure_it_is_at_its_end():
    telling = Telling("War", [Paragraph("It comes.")], [NUMBERS], [Paragraph("Counted.")])
    assert markdown.text_of(telling, "offramp x", "offramp 1").split("\n\n") == [
        "## War", "It comes.", "|  | share |\n| --- | ---: |\n| war | 3 % |", "### How sure", "Counted.",
        "Again:", "```\nofframp x\n```", "offramp 1\n",
    ]  # fmt: skip
    assert str(html.section(telling)).endswith("<summary>How sure</summary>\n<p>Counted.</p>\n</details>")


def test_a_terminal_says_what_stands_out_as_plain_words():
    text = ("Set ", Span("--set", "code"), Span(" now", "good"))
    page = terminal.TextPage(60)
    terminal.draw(
        [Paragraph(text), Bullets([text]), Code(["offramp brief x"]), Table(("", "a"), [("b", text)])], page
    )
    assert plain(text) == "Set --set now"
    assert page.text().count("Set --set now") == 3
    assert "  offramp brief x" in page.text().splitlines()


def test_an_entry_without_a_label_belongs_to_the_one_above_it_in_markdown():
    """Two misreadings stand under one label; the second has no label of its own to be set in bold."""
    terms = Terms([("misreads", "Pressure bites."), ("", "Talks are a prize.")])
    assert markdown.draw([terms]) == "- **misreads**: Pressure bites.\n  - Talks are a prize."
