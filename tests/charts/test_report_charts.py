"""Charts: what is drawn stands where the numbers are, and no label is cut or covers another."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offramp.charts import canvas, over_time, palette, render, rows
from offramp.charts import text_metrics as lettering
from offramp.charts.canvas import HALF, NARROW, WIDE

SVG = "{http://www.w3.org/2000/svg}"
TIMES = [date(2020 + (5 + k) // 12, (5 + k) % 12 + 1, 1) for k in range(20)]
LONG = "Interim agreement through an intermediary that nobody at home will call by its name"
TITLES = ["War", LONG, "Ünïcode “quoted” <b>&amp; bold</b>", "Simmering"]


def rising(top):
    return [top * k / 19 for k in range(20)]


def specs():
    """Every kind of chart in every width in which a brief uses it."""
    found = {}
    layers = [
        over_time.Layer(TITLES[0], palette.WORSE[0], rising(0.05)),
        over_time.Layer(TITLES[3], palette.GOING_ON, [1 - p for p in rising(0.25)]),
        over_time.Layer(LONG, palette.BETTER[0], rising(0.2)),
        over_time.Layer(TITLES[2], palette.BETTER[1], [0.0] * 20),
    ]
    shares = zip(TITLES, (1, 0.5, 0.01, 0), strict=True)
    intervals = [rows.Interval(t, p, p * 0.9, min(1, p * 1.1 + 0.001)) for t, p in shares]
    amounts = [rows.Amount(t, a) for t, a in zip(TITLES, (12.0, 2.5, 0.3, 0), strict=True)]
    odds = f"{LONG} 40 % · or not 60 %"
    moments = [over_time.DatedMark(TIMES[k], t, odds) for k, t in zip((0, 6, 10, 18), TITLES, strict=True)]
    strips = [over_time.Strip(t, [0.25] * 19, 0.25) for t in TITLES]
    for name, width, beside in (("wide", WIDE, True), ("narrow", NARROW, False)):
        found[f"standing {name}"] = over_time.standing(TIMES, layers, width, beside)
        found[f"intervals {name}"] = rows.intervals(intervals, width, beside)
        found[f"amounts {name}"] = rows.amounts(amounts, width, beside)
        found[f"timeline {name}"] = over_time.timeline(TIMES[0], TIMES[-1], moments, width)
        found[f"strips {name}"] = over_time.strips(TIMES, strips, width, beside)
    q = np.outer([0.5, 0.8, 1, 1.3, 2], np.linspace(1000, 4000, 20))
    found["fan"] = over_time.fan(TIMES, q, [date(2020, 11, 3)], HALF)
    found["fan of one value"] = over_time.fan(TIMES, np.full((5, 20), 7.0), [], HALF)
    found["cumulative"] = over_time.cumulative(TIMES, rising(0.05), rising(0.04), rising(0.06), [], HALF)
    found["share"] = over_time.share_over_time(TIMES, rising(1.0), [], HALF)
    return found


SPECS = specs()


@pytest.fixture(scope="module")
def drawn():
    return {name: ElementTree.fromstring(render.svg(spec)) for name, spec in SPECS.items()}


def texts(root):
    """Every text of a drawing with its anchor point and anchor."""

    def visit(element, x, y):
        moved = re.match(r"translate\(([-\d.e]+),([-\d.e]+)\)", element.get("transform", ""))
        if moved:
            x, y = x + float(moved[1]), y + float(moved[2])
        if element.tag == f"{SVG}text":
            bold = element.get("font-weight") == "bold"
            size = float(element.get("font-size", "12").removesuffix("px"))
            lines = element.findall(f"{SVG}tspan") or [element]
            for line in lines:
                y += float(line.get("dy", "0"))
                yield "".join(line.itertext()), x, y, element.get("text-anchor", "start"), size, bold
        for child in element:
            yield from visit(child, x, y)

    return list(visit(root, 0.0, 0.0))


def boxes(root):
    """Left, top, right, bottom of the one-line texts of a drawing."""
    for words, x, y, anchor, size, bold in texts(root):
        width = lettering.text_width(words, size, bold) / 1.05  # the margin is for other faces
        left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        yield words, left, y - size * 0.8, left + width, y + size * 0.2


@pytest.mark.parametrize("name", SPECS)
def test_every_chart_has_marks_that_are_seen(drawn, name):
    shapes = [e for e in drawn[name].iter() if e.tag in (f"{SVG}path", f"{SVG}line", f"{SVG}rect")]
    seen = [e for e in shapes if e.get("class") != "background" and (e.get("fill") or e.get("stroke"))]
    assert len(seen) > 3


@pytest.mark.parametrize("name", [n for n in SPECS if not n.startswith("fan of")])
def test_labels_stay_within_the_picture(drawn, name):
    width, height = (float(drawn[name].get(k)) for k in ("width", "height"))
    for words, left, top, right, bottom in boxes(drawn[name]):
        assert left >= -1, words
        assert right <= width + 1, words
        assert top >= -1, words
        assert bottom <= height + 1, words


@pytest.mark.parametrize("name", SPECS)
def test_no_label_covers_another(drawn, name):
    found = [b for b in boxes(drawn[name]) if b[0].strip()]
    for i, (words, left, top, right, bottom) in enumerate(found):
        for other, left2, top2, right2, bottom2 in found[i + 1 :]:
            apart = right <= left2 + 1 or right2 <= left + 1 or bottom <= top2 + 1 or bottom2 <= top + 1
            assert apart, (words, other)


@pytest.mark.parametrize("name", SPECS)
def test_every_colour_has_a_partner_in_the_dark(drawn, name):
    rules = palette.dark_rules(".chart")
    for element in drawn[name].iter():
        for attribute in ("fill", "stroke"):
            colour = element.get(attribute)
            if colour and colour not in ("none", "transparent"):
                assert f'[{attribute}="{colour}"]' in rules, (element.tag, colour)


def test_text_can_be_read_on_its_paper_in_light_and_in_dark():
    """Contrast of at least 4.5 for text and 3 for marks, as WCAG 2.2 (1.4.3, 1.4.11) asks."""

    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(a, b):
        light, dark = sorted((luminance(a), luminance(b)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    for mode in ("light", "dark"):
        paper = getattr(palette.PAPER, mode)
        assert all(contrast(getattr(c, mode), paper) >= 4.5 for c in (palette.INK, palette.MUTED))
        marks = (*palette.WORSE, *palette.BETTER, *palette.NEITHER, palette.SERIES)
        assert all(contrast(getattr(c, mode), paper) >= 3 for c in marks)


def test_words_of_a_model_are_words_in_a_picture():
    evil = '</text><script>alert("x")</script>'
    root = ElementTree.fromstring(render.svg(rows.intervals([rows.Interval(evil, 0.5, 0.4, 0.6)], WIDE)))
    assert not [e for e in root.iter() if e.tag.endswith("script")]
    assert "script" in "".join(words for words, *_ in texts(root))


def test_control_characters_and_turned_text_do_not_reach_the_picture():
    picture = render.svg(rows.amounts([rows.Amount("a\x00b\x07\u202ec", 1.0)], WIDE))
    assert "abc" in "".join(words for words, *_ in texts(ElementTree.fromstring(picture)))


def test_nothing_is_fetched():
    spec = rows.amounts([rows.Amount("a", 1.0)], WIDE)
    spec["layer"][0]["data"] = {"url": "https://example.org/data.json"}
    with pytest.raises(ValueError, match=r"(?i)url|permitted|allowed|load"):
        render.svg(spec)


def test_a_drawing_in_a_page_has_a_name_a_description_and_ids_of_its_own():
    spec = over_time.fan(TIMES, np.outer([1, 2, 3, 4, 5], np.ones(20)), [], HALF)
    for identity in ("one", "two"):
        root = ElementTree.fromstring(render.inline(spec, identity, "A <title>", "What & why"))
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{identity}-title {identity}-desc"
        assert root.find(f"{SVG}title").text == "A <title>"
        assert root.find(f"{SVG}desc").text == "What & why"
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(set(ids)) == len(ids)
        assert all(i.startswith(identity) for i in ids)


def test_a_fan_is_as_high_as_its_percentiles():
    """The outer band runs from the 5th to the 95th percentile on the scale that the axis shows."""
    q = np.tile(np.array([[10], [20], [30], [40], [50]]), (1, 20))
    root = ElementTree.fromstring(render.svg(over_time.fan(TIMES, q, [], HALF)))
    where = {words: y for words, _, y, anchor, *_ in texts(root) if anchor == "end"}
    per_unit = (where["10"] - where["50"]) / 40
    band = next(e for e in root.iter() if e.get("fill") == palette.SERIES.light and e.get("opacity") == "0.2")
    ys = [float(y) for y in re.findall(r"[ML][-\d.]+,([-\d.]+)", band.get("d"))]
    assert (max(ys) - min(ys)) / per_unit == pytest.approx(40, abs=0.5)


def test_stacked_shares_fill_the_whole_height():
    root = ElementTree.fromstring(render.svg(SPECS["standing wide"]))
    ys = [
        float(y)
        for e in root.iter()
        if e.get("fill") in (palette.WORSE[0].light, palette.GOING_ON.light, palette.BETTER[0].light)
        and e.get("d")
        for y in re.findall(r"[ML][-\d.]+,([-\d.]+)", e.get("d"))
    ]
    assert (min(ys), max(ys)) == (0, 300)


# ── axes and letters ──────────────────────────────────────────────────────────────────────────────────


@given(st.floats(1e-6, 1))
def test_percent_ticks_are_few_round_and_reach_the_top(top):
    ticks = canvas.percent_ticks(top, 4)
    assert ticks[0] == 0
    assert ticks[-1] >= min(top, 1) * (1 - 1e-9)
    assert 2 <= len(ticks) <= 5
    assert ticks[-1] <= max(1e-4, 2.6 * top)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_number_ticks_enclose_what_is_drawn(a, b):
    low, high = min(a, b), max(a, b)
    ticks = canvas.number_ticks(low, high)
    slack = 1e-6 * max(1.0, high - low)
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    assert 2 <= len(ticks) <= 7


def test_ticks_of_two_and_a_half_percent_are_not_written_as_three():
    expression = canvas.percent_axis([0, 0.025, 0.05])["axis"]["labelExpr"]
    assert ".1~f" in expression


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(1, 700), st.floats(150, 700))
def test_time_ticks_have_room_and_lie_on_the_axis(start, months, width):
    start = start.replace(day=min(start.day, 28))
    m = start.year * 12 + start.month - 1 + months
    end = date(m // 12, m % 12 + 1, start.day)
    ticks = canvas.time_ticks(start, end, width)
    assert 1 <= len(ticks) <= width / 48 + 1
    assert all(start <= t <= end for t in ticks)


@settings(max_examples=200)
@given(st.text(max_size=120), st.floats(30, 400), st.integers(1, 4))
def test_broken_lines_are_no_wider_and_no_more_than_allowed(text, width, lines):
    found = lettering.wrap(text, width, 12, lines)
    assert len(found) <= lines
    assert all(lettering.text_width(line, 12) <= width or len(line) <= 2 for line in found)


def test_a_number_stays_with_its_percent_sign():
    found = lettering.wrap("It lapses 87\u00a0% of the time", 62, 12)
    assert any("87\u00a0%" in line for line in found)


def test_text_that_does_not_fit_says_so():
    assert lettering.wrap("one two three four", 50, 12, lines=1)[0].endswith("…")


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(10, 40)), min_size=1, max_size=7))
def test_labels_moved_apart_do_not_overlap_and_keep_their_order(labels):
    centres, heights = [c for c, _ in labels], [h for _, h in labels]
    placed = lettering.apart(centres, heights, 0, 400)
    order = sorted(range(len(centres)), key=lambda i: centres[i])
    for i, j in pairwise(order):
        assert placed[j] - placed[i] >= (heights[i] + heights[j]) / 2 - 1e-6
