"""The brief as a page: all its sections, nothing from outside, nothing of a stranger's that acts."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

import offramp as ofr
from offramp.errors import OfframpError
from offramp.runs.how import How
from offramp.runs.simulate import simulate
from offramp.tell.figures import percent
from small_models import STRAIT, TWO_MINDS, made

SECTIONS = ["in-short", "situation", "outlook", "variables", "events", "habits", "pictures"]
SECTIONS += ["grounds", "reading", "again"]
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """A page as elements: tag, attributes, text below it; and whether its tags are balanced."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {[e['tag'] for e in self.open]}"

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "text": "", "inside": [e["tag"] for e in self.open]}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1]["tag"] == tag, f"</{tag}> inside <{self.open[-1]['tag']}>"
        self.open.pop()
        if tag in ("td", "th"):
            self.text.append(" ")

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data
        if not any(e["tag"] in ("style", "svg") for e in self.open):
            self.text.append(data)

    def all(self, tag, **attrs):
        return [
            e for e in self.elements
            if e["tag"] == tag and all(e["attrs"].get(k.rstrip("_")) == v for k, v in attrs.items())
        ]  # fmt: skip

    @property
    def words(self):
        return " ".join("".join(self.text).replace("\u00a0", " ").split())


def page_of(model, scenarios=40, policies=None, **how):
    design = ofr.Design(model, policies=policies, scenarios=scenarios, seed=3)
    runs = simulate(design, how=How(engine="oracle"))
    return ofr.brief(runs, model, **how)


@pytest.fixture(scope="module")
def model():
    return made(STRAIT.replace("2020-07", "2020-05"), 6)


@pytest.fixture(scope="module")
def runs(model):
    return simulate(ofr.Design(model, ["baseline", "late"], 200, seed=3), how=How(engine="oracle"))


@pytest.fixture(scope="module")
def html(runs, model):
    return ofr.brief(
        runs.sel(policy=["baseline"]), model, command="offramp brief strait.yaml --runs 200"
    ).html


@pytest.fixture(scope="module")
def page(html):
    return Reader(html)


def test_every_section_is_there_in_order(page):
    found = [e["attrs"]["id"] for e in page.all("section")]
    assert found == SECTIONS


def test_every_section_that_is_named_in_the_contents_is_there(page):
    targets = {e["attrs"]["href"] for e in page.all("a") if e["attrs"]["href"].startswith("#")}
    assert targets
    assert targets <= {"#" + e["attrs"]["id"] for e in page.elements if "id" in e["attrs"]}


def test_every_picture_has_one_sentence_a_table_and_marks(page, html):
    figures = page.all("figure")
    assert len(figures) >= 8
    captions = page.all("figcaption")
    assert len(captions) == len(figures)
    for caption in captions:
        sentence = caption["text"].strip()
        assert sentence.endswith("."), sentence
        assert len(re.findall(r"[.!?](?=\s+[A-Z“])", sentence)) == 0, f"more than one sentence: {sentence}"
    for figure in re.findall(r"<figure.*?</figure>", html, flags=re.S):
        assert figure.count("<svg") in (1, 2)
        assert figure.count("<tbody") == 1
        assert len(re.findall(r"<td|<th scope=\"row\"", figure)) >= 2
        for drawing in re.findall(r"<svg.*?</svg>", figure, flags=re.S):
            root = ElementTree.fromstring(drawing)
            marks = [
                e
                for e in root.iter()
                if e.get("fill") not in (None, "none", "transparent") or e.get("stroke")
            ]
            assert len(marks) > 5


def test_a_screen_reader_hears_the_sentence_of_each_picture(html):
    for figure in re.findall(r"<figure.*?</figure>", html, flags=re.S):
        said = re.search(r"<figcaption>(.*?)</figcaption>", figure, flags=re.S)[1]
        for drawing in re.findall(r"<svg.*?</svg>", figure, flags=re.S):
            root = ElementTree.fromstring(drawing)
            desc = root.find("{http://www.w3.org/2000/svg}desc")
            assert desc.text == Reader(f"<p>{said}</p>").elements[0]["text"]


def test_ids_are_unique(page):
    ids = [e["attrs"]["id"] for e in page.elements if "id" in e["attrs"]]
    assert len(set(ids)) == len(ids)


def test_the_page_asks_the_network_for_nothing(html, page):
    policy = next(e for e in page.all("meta") if e["attrs"].get("http-equiv") == "Content-Security-Policy")
    assert policy["attrs"]["content"].startswith("default-src 'none'")
    for tag in ("script", "link", "iframe", "img", "object", "embed", "image", "use", "base", "form"):
        assert not page.all(tag)
    assert "@import" not in html
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", html)
    outside = re.findall(r"https?://[^\s\"<]+", html)
    assert set(outside) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_only_sources_link_out_and_only_by_http():
    body = STRAIT.replace("2020-07", "2020-05")
    text = made(body, 6).text.replace(
        "illustrative: true}",
        "illustrative: true, sources: {good: {title: Good, url: 'https://example.org/a?b=1&c=2'}, "
        "bad: {title: Bad, url: 'javascript:alert(1)'}}}",
        1,
    )
    found = Reader(page_of(ofr.loads(text), 5).html)
    out = [e for e in found.all("a") if not e["attrs"]["href"].startswith("#")]
    assert [e["attrs"]["href"] for e in out] == ["https://example.org/a?b=1&c=2"]
    assert out[0]["attrs"]["rel"] == "noopener noreferrer"
    assert "javascript:alert(1)" in found.words


EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> \\\" ' &amp; {{ 7*7 }}"


def test_words_of_a_stranger_stay_words():
    """Titles, reasons and notes come from whoever wrote the model file."""
    body = f"""
    variables:
      x: {{title: "{EVIL}", unit: points, initial: "normal(5, 1)", headline: true}}
    parameters:
      p: {{title: "{EVIL}", value: "normal(0, 1)", guess: true, reason: "{EVIL}"}}
    actors:
      a:
        title: "{EVIL}"
        misreads: {{p: {{value: 2, title: "{EVIL}"}}}}
        sees: {{x: {{bias: 1}}}}
        actions: {{wait: {{title: "{EVIL}"}}, go: {{title: "{EVIL}", effects: {{x: 1}}}}}}
    events:
      e: {{title: "{EVIL}", rate: 1 / month}}
      d:
        title: "{EVIL}"
        on: 2020-03-01
        branches: {{b: {{title: "{EVIL}", probability: 0.5}}, c: {{probability: rest}}}}
    outcomes:
      war: {{title: "{EVIL}", rate: 0.1 / month, absorbing: true}}
      seen: {{title: "{EVIL}", when: x > 6}}
      calm: {{title: "{EVIL}", otherwise: true}}
    policies:
      try: {{title: "{EVIL}", do: [{{shift: {{x: 1}}, forbid: {{a: [go]}}}}]}}
    """
    text = made(body, 4).text.replace(
        "title: Small",
        f'title: "{EVIL}", summary: "{EVIL}", sources: {{s: {{title: "{EVIL}", note: "{EVIL}"}}}}',
        1,
    )
    html = page_of(ofr.loads(text), 30, ["baseline", "try"]).html
    found = Reader(html)
    assert not found.all("script")
    assert not found.all("img")
    assert not [k for e in found.elements for k in e["attrs"] if k.startswith("on")]
    assert "<script>alert(1)</script>" in found.words
    assert "{{ 7*7 }}" in found.words
    for drawing in re.findall(r"<svg.*?</svg>", html, flags=re.S):
        assert not [e for e in ElementTree.fromstring(drawing).iter() if e.tag.endswith(("script", "img"))]


def test_the_numbers_in_short_are_those_of_the_runs(page, runs):
    found = ofr.probability(runs, "war").sel(policy="baseline")
    war, all_of_them = found["count"].item(), found["runs"].item()
    assert 0 < war < all_of_them
    shown = next(e for e in page.all("table", class_="chances"))["text"].replace("\u00a0", " ")
    assert f"War{war}{percent(war / all_of_them)}".replace("\u00a0", " ") in shown
    assert f"Simmering{all_of_them - war}" in shown


def test_the_page_says_what_made_it(page, runs):
    for fact in (runs.attrs["model_hash"], "seed 3", f"offramp {runs.attrs['offramp_version']}"):
        assert fact in page.words
    assert "offramp brief strait.yaml --runs 200" in page.words


def test_a_command_is_made_from_the_runs_where_none_is_given(model, runs):
    page = Reader(ofr.brief(runs, model).html)
    assert "offramp brief small --runs 200 --seed 3 --policy baseline --policy late" in page.words


def test_the_same_runs_give_the_same_bytes(model, runs, html):
    again = ofr.brief(
        runs.sel(policy=["baseline"]), model, command="offramp brief strait.yaml --runs 200"
    ).html
    assert again == html


def test_invented_numbers_are_said_to_be_invented(page):
    assert "Illustrative numbers." in page.words


def test_no_failed_runs_are_said_to_be_none(page):
    assert not page.all("div", id="failures")
    assert "None: every run kept finite numbers within their bounds." in page.words


def test_failed_runs_stand_at_the_top_and_in_no_number(model, runs):
    failed = runs.sel(policy=["baseline"]).copy(deep=True)
    failed["status"].values[0, :50] = 2
    failed["failed_step"].values[0, :50] = 1
    failed["failed_variable"].values[0, :50] = 1
    failed["tension"].values[0, :50] = 1e6
    page = Reader(ofr.brief(failed, model).html)
    banner = page.all("div", id="failures")[0]
    assert "header" in banner["inside"]
    said = " ".join(banner["text"].replace("\u00a0", " ").split())
    assert "50 runs of 200 failed (25 %)" in said
    assert "a variable outside its bounds: Arms" in said
    assert "150" in next(e for e in page.all("p", class_="lead"))["text"] or "150 futures" in page.words
    assert "1,000,000" not in page.words


def test_a_brief_of_nothing_but_failures_is_refused(model, runs):
    failed = runs.copy(deep=True)
    failed["status"].values[:] = 1
    with pytest.raises(OfframpError, match="nothing to show"):
        ofr.brief(failed, model)


def test_runs_of_another_model_are_refused(runs):
    with pytest.raises(OfframpError, match="another model"):
        ofr.brief(runs, made("variables: {x: {initial: 1}}"))


def test_several_policies_stand_side_by_side_and_baseline_is_shown_in_full(model, runs):
    page = Reader(ofr.brief(runs.sel(policy=["late", "baseline"]), model).html)
    assert page.all("section", id="policies")
    assert "The rest of this brief shows “Baseline”." in page.words
    assert "from 1 May 2020, Red: nothing but “Shout” and Resolve set to 0" in page.words
    heads = [e["text"] for e in page.all("th", scope="col")]
    assert {"Baseline", "Late"} <= set(heads)


def test_one_policy_has_no_comparison(page):
    assert not page.all("section", id="policies")
    assert "side by side" not in page.words


def test_a_policy_that_failed_throughout_has_a_dash_and_not_a_number(model, runs):
    failed = runs.copy(deep=True)
    failed["status"].values[1] = 1
    failed["failed_step"].values[1] = 0
    cells = [e["text"] for e in Reader(ofr.brief(failed, model).html).all("td")]
    assert "–" in cells


def test_numbers_set_by_hand_are_named_at_the_top(model):
    runs = simulate(ofr.Design(model, scenarios=5, overrides={"calm_level": 25}), how=How(engine="oracle"))
    page = Reader(ofr.brief(runs, model).html)
    assert "Not the model as it stands. Set by hand in every future: Calm level to 25." in page.words
    assert "--set calm_level=25.0" in page.words


@pytest.mark.parametrize(
    "body",
    [
        "variables: {x: {initial: 1}}",
        "variables: {x: {initial: 1}}\nevents: {vote: {on: 2020-02-01}}",
        "variables: {x: {initial: 1}}\nevents: {e: {rate: 0}}",
        "variables: {x: {initial: 1}}\noutcomes: {calm: {otherwise: true}}",
        "variables: {x: {initial: 1}}\noutcomes: {never: {when: x > 2}}",
        "variables: {x: {initial: 1}}\noutcomes: {always: {when: x > 0, absorbing: true}}",
        "variables: {x: {initial: 1}}\noutcomes: {rare: {rate: 1e-9 / month, absorbing: true}}",
        "variables: {x: {initial: 1}}\nactors: {a: {actions: {wait: {}}}}",
        "variables: {x: {initial: 1e12, change: 1e12 / month}}",
        "variables: {x: {initial: 0.000001}, flag: {initial: 0, headline: true}}",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("steps", "step", "scenarios"), [(1, "month", 1), (3, "week", 2), (70, "month", 3)])
def test_models_with_almost_nothing_in_them_still_make_a_page(body, steps, step, scenarios):
    if "2020-02-01" in body and step == "week":
        steps = 8
    elif "2020-02-01" in body and steps == 1:
        steps = 2
    page = Reader(page_of(made(body, steps, step), scenarios).html)
    assert page.all("section", id="again")
    assert "nan" not in re.findall(r"[a-z]+", page.words)
    assert "None" not in page.words.replace("None: every run", "").replace("No end so far", "")


def test_guesses_stand_with_prior_and_reason_and_many_are_folded():
    lines = "".join(
        f"  p{i}: {{title: Number {i}, unit: month, value: 'uniform({i}, {i + 1})', "
        f"guess: true, reason: Because {i}}}\n"
        for i in range(25)
    )
    text = "variables: {x: {initial: 1}}\nparameters:\n"
    few = Reader(page_of(made(text + "".join(lines.splitlines(True)[:3])), 3).html)
    assert "Number 2 p2 2.50 (2.05 to 2.95) months Because 2" in few.words
    assert not few.all("details", class_="fold")
    many = Reader(page_of(made(text + lines), 3).html)
    assert many.all("details", class_="fold")
    assert "25 parts of the model hold a guess" in many.words
    assert "Because 24" in many.words


def test_what_is_misread_stands_beside_the_truth(page):
    said = next(e for e in page.all("li") if e["text"].startswith("Resolve"))
    assert re.search(r"takes “Resolve” to be 0\.9; in truth it is 0\.39 \(0\.1", said["text"]), said["text"]


def test_what_is_not_seen_as_it_is_is_said_in_words(page):
    assert "Arms: seen 1 month late, 2 too high, with errors of standard deviation 3" in page.words


def test_beliefs_are_drawn_and_told_beside_the_truth():
    page = Reader(page_of(made(TWO_MINDS, 6), 20).html)
    assert page.all("figure", id="belief-0")
    said = next(
        e for e in page.all("figcaption") if "figure" in e["inside"] and "Blue takes Red" in e["text"]
    )
    assert "80\u00a0% at its first choice" in said["text"]
    assert (
        "Red: at first “Hard” 80 %, “Soft at heart” the rest; in truth drawn for each future, “Hard” 30 %, "
        "“Soft at heart” the rest; learns from what it sees done, ignores 50 % of what speaks against the "
        "leading type, drifts back by 2.0 % a month"
    ) in page.words
    assert "supposes that the others look ahead as well" in page.words


def test_beliefs_over_a_single_choice_still_make_a_picture():
    assert Reader(page_of(made(TWO_MINDS, 1), 5).html).all("figure", id="belief-0")


def test_shares_of_a_picture_agree_with_its_table(html, runs):
    """The last row of the table behind the first picture is what `over_time` says of the last date."""
    figure = re.search(r"<figure id=\"standing\">.*?</figure>", html, flags=re.S)[0]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", re.findall(r"<tr>.*?</tr>", figure, flags=re.S)[-1])
    war = ofr.over_time(runs, "war").sel(policy="baseline")["probability"].values[-1]
    assert cells[0] == percent(float(war))
    assert sum(float(re.sub(r"[^\d.]", "", c)) for c in cells) == pytest.approx(100, abs=1)


def test_the_flagship_page_is_light_enough_to_send():
    flagship = ofr.load("us-iran-2020")
    html = ofr.brief(ofr.simulate(ofr.Design(flagship, scenarios=64)), flagship).html
    assert len(html.encode()) < 2_000_000
    page = Reader(html)
    assert {e["attrs"]["id"] for e in page.all("section")} == set(SECTIONS)
    assert len(page.all("figure")) > 20


def levels_below(section):
    return [int(e["tag"][1]) for e in section if re.fullmatch("h[1-6]", e["tag"])]


def test_headings_skip_no_level(page):
    """Who walks a page by its headings finds the whole and its parts, and no gap between."""
    found = levels_below(page.elements)
    assert found[0] == 1
    assert found.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(found))


def test_every_section_begins_with_its_title(page):
    for position, element in enumerate(page.elements):
        if element["tag"] == "section":
            assert page.elements[position + 1]["tag"] == "h2"


def test_the_list_of_contents_is_every_section_but_the_first_in_order(page):
    links = [e["attrs"]["href"] for e in page.all("a") if "nav" in e["inside"]]
    assert links == [f"#{s}" for s in SECTIONS[1:]]
