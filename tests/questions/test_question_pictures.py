"""Pictures of questions: bars stand where the numbers are, and every name is drawn."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from offramp import load
from offramp.analysis.intervals import Estimate
from offramp.charts import render
from offramp.charts.canvas import WIDE
from offramp.charts.rows import End, Fall, Swing, tornado, waterfall
from offramp.questions.misreadings.ask import MisreadingCost, misreadings
from offramp.questions.misreadings.chart import chart
from offramp.questions.sensitivity.chart import NOTE
from offramp.runs.design import Design

FALLS = [
    Fall("Blue: a long misreading that needs two lines of its own", 0.04, 0.03, 0.05),
    Fall("Red: one that keeps the peace", -0.01, -0.02, 0.0),
    Fall("Red: nothing", 0.0, -0.001, 0.001),
]


def bars(spec):
    return next(layer["data"]["values"] for layer in spec["layer"] if layer["mark"]["type"] == "rect")


def words(spec):
    root = ElementTree.fromstring(render.svg(spec))
    return " ".join(
        t for e in root.iter() if (t := (e.text or "").replace("\N{NO-BREAK SPACE}", " ")).strip()
    )


def test_a_waterfall_steps_from_the_first_chance_to_the_last():
    spec = waterfall("War", ("As it is", 0.1), FALLS, ("Seeing true", 0.07), WIDE)
    ends = [(round(b["a"], 6), round(b["b"], 6)) for b in bars(spec)]
    assert ends == [(0, 0.1), (0.1, 0.06), (0.06, 0.07), (0.07, 0.07), (0, 0.07)]
    colours = [b["c"] for b in bars(spec)]
    assert colours[0] == colours[-1]
    assert colours[1] != colours[2], "what adds to the risk and what takes from it are distinguished"
    drawn = words(spec)
    for text in ("As it is", "Red: nothing", "\u22124.0", "+1.0", "10 %", "7.0 %"):
        assert text in drawn, text


def test_many_misreadings_are_drawn_as_the_weightiest_and_the_rest():
    shares = [0.001 * (20 - i) for i in range(20)]
    nothing = Estimate(0.0, 0.0, 0.0)
    found = misreadings(Design(load("chicken"), scenarios=4))
    found = replace(
        found,
        misreadings=[
            MisreadingCost(
                "altara", f"x{i}", "parameter", f"No. {i}", s, s - 0.001, s + 0.001, nothing, nothing
            )
            for i, s in enumerate(shares)
        ],
        today=Estimate(0.3, 0.3, 0.3),
    )
    spec = chart(found)
    assert len(bars(spec)) == 2 + 12
    assert bars(spec)[0]["b"] == pytest.approx(0.3 - sum(shares))
    assert bars(spec)[-1]["b"] == pytest.approx(0.3)
    assert "9 others" in words(spec)


def test_a_tornado_has_the_longest_bar_on_top():
    def swing(name, low, high):
        pairs = ((low, "1 month"), (high, "2 months"))
        return Swing(name, tuple(End((x, x - 0.01, x + 0.01), words) for x, words in pairs))

    spec = tornado("War", 0.1, [swing("short", 0.09, 0.11), swing("long", 0.15, 0.02)], WIDE, NOTE)
    drawn = bars(spec)
    assert [b["b"] for b in drawn] == [0.15, 0.02, 0.09, 0.11]
    assert {b["a"] for b in drawn} == {0.1}
    assert "15 % at 1 month" in words(spec)
    four = Swing("four", tuple(End((x, x, x), f"{x}") for x in (0.1, 0.2, 0.3, 0.4)))
    assert len(bars(tornado("War", 0.1, [four], WIDE, NOTE))) == 4, "a bar for each value"
    assert "Blue: the number is in the lowest fifth" in words(spec)
