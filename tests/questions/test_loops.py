"""Feedback loops: closed forms of their rates, and what the command shows."""

from __future__ import annotations

import json
import math
import re
from datetime import date

import pytest

import offramp as ofr
from cli_calls import call
from offramp.questions.loops.ask import Loops, loops
from offramp.questions.loops.chart import chart
from offramp.questions.loops.links import links_at

HEAD = """
model: {name: m, title: M, illustrative: true}
horizon: {start: 2020-01-01, step: %s, steps: 4}
"""


def found(text, step="month", scenarios=3, **more):
    return loops(ofr.Design(ofr.loads(HEAD % step + text), scenarios=scenarios), [date(2020, 1, 1)], **more)


def only(text, step="month"):
    (loop,) = found(text, step).loops
    return loop


RING = """
variables:
  x: {title: X, unit: "1", initial: 2, change: "%s * y / month"}
  y: {title: Y, unit: "1", initial: 3, change: "%s * x / month"}
"""


@pytest.mark.parametrize(("a", "b"), [(0.2, 0.8), (-0.2, -0.8), (0.2, -0.8)])
def test_a_ring_of_two_stocks_has_the_rate_of_its_eigenvalues(a, b):
    """x' = a y, y' = b x has eigenvalues of modulus sqrt(|ab|), real where ab > 0."""
    loop = only(RING % (a, b))
    assert loop.kind == ("reinforcing" if a * b > 0 else "balancing")
    assert loop.gain[0].per_month == pytest.approx(math.copysign(math.sqrt(abs(a * b)), a * b))
    assert tuple(k.sign for k in loop.links) == (int(math.copysign(1, b)), int(math.copysign(1, a)))


def test_an_auxiliary_on_the_way_does_not_integrate():
    """x' = -0.3 z with z = 2 x decays at 0.6 a month: one stock, so no root is taken."""
    loop = only("""
variables:
  x: {title: X, unit: "1", initial: 2, change: "-0.3 * z / month"}
  z: {title: Z, unit: "1", equals: "2 * x"}
""")
    assert (loop.name, [n.name for n in loop.nodes]) == ("B1", ["x", "z"])
    assert loop.gain[0].per_month == pytest.approx(-0.6)


@pytest.mark.parametrize("step", ["month", "week"])
def test_a_loop_through_a_habit_has_the_slope_of_the_logit(step):
    """p = logistic(g x), so dp/dx = g p (1 - p); acting adds 5 a step, so 5 p' / dt a month."""
    got = found(
        """
variables:
  x: {title: X, unit: "1", initial: 1, bounds: [0, 100], saturates: true}
actors:
  one:
    title: One
    actions:
      act: {title: Act, propensity: "0.4 * x", effects: {x: {add: 5}}}
      rest: {title: Rest}
""",
        step,
    ).loops
    p = 1 / (1 + math.exp(-0.4))
    dt = 1.0 if step == "month" else 7 / (365.2425 / 12)
    assert [n.name for n in got[0].nodes] == ["x", "one.act"]
    # The slope is a central difference over a small but finite move.
    assert got[0].gain[0].per_month == pytest.approx(5 * 0.4 * p * (1 - p) / dt, rel=1e-3)


def test_a_loop_through_a_random_event_multiplies_rate_and_effect():
    """Events at 0.2 x a month that add 3 grow x at 0.6 a month in expectation."""
    loop = only("""
variables:
  x: {title: X, unit: "1", initial: 1}
events:
  blow: {title: Blow, rate: "0.2 * x / month", effects: {x: {add: 3}}}
""")
    assert loop.gain[0].per_month == pytest.approx(0.6)
    assert [n.kind for n in loop.nodes] == ["stock", "event"]


EVERY_KIND = """
variables:
  a: {initial: 2}
  b: {initial: 3}
  full: {initial: 1, bounds: [0, 1], saturates: true}
parameters: {k: {value: "uniform(0, 1)"}}
actors:
  blue: {actions: {wait: {}, act: {propensity: 0.4 * (full - 1), effects: {b: 3 * a}}}}
events:
  hit: {rate: 0.5 / month * a, once: true, effects: {b: {set: 10}}}
  push: {rate: 0.3 / month, effects: {b: 2 * a}}
"""


@pytest.mark.parametrize("step", ["month", "week"])
def test_links_are_the_partial_derivatives_of_what_happens_in_a_month(step):
    """Per month and in the units of what they lead to, whatever the calendar."""
    design = ofr.Design(ofr.loads(HEAD % step + EVERY_KIND), scenarios=3)
    links, dt = links_at(design, date(2020, 1, 1)), design.model.step_length
    # Once a step with chance 1 - exp(-0.5 a dt): its slope in a, and what it sets less what is there.
    assert links.gain["a", "event.hit"] == pytest.approx(0.5 * math.exp(-dt), rel=1e-3)
    assert links.gain["event.hit", "b"] == pytest.approx(10 - 3)
    assert links.gain["event.push", "b"] == pytest.approx(2 * 2)
    assert links.gain["blue.act", "b"] == pytest.approx(3 * 2 / dt)
    # What the amounts read counts as often as they come: pushes at 0.3 a month, acts in every second step.
    assert links.gain["a", "b"] == pytest.approx(0.3 * 2 + 0.5 * 3 / dt)
    # A stock at its bound moves down alone; the slope is per unit that it moved.
    assert links.gain["full", "blue.act"] == pytest.approx(0.4 * 0.25, rel=0.01)


def test_a_move_that_brings_another_event_is_no_slope():
    """Danger brings hits, and hits acts, within the step. Danger alone brings none, so there is no link."""
    text = """
variables: {danger: {initial: "uniform(0, 20)"}, fear: {initial: 0}}
actors: {blue: {actions: {wait: {}, act: {propensity: fear}}}}
events: {hit: {rate: 0.1 / month * danger, effects: {fear: 5}}}
"""
    links = links_at(ofr.Design(ofr.loads(HEAD % "month" + text), scenarios=400), date(2020, 1, 1))
    assert ("danger", "blue.act") not in links.gain
    assert ("fear", "blue.act") in links.gain


def test_the_spread_of_a_loop_is_that_of_its_rate_over_futures():
    """x' = k y, y' = k x grows at k: the 5th and 95th percentile are those of a uniform number."""
    text = RING.replace("%s", "k") + 'parameters: {k: {value: "uniform(0, 1)"}}'
    (loop,) = found(text, scenarios=2000).loops
    (gain,) = loop.gain
    assert (gain.low, gain.per_month, gain.high) == (
        pytest.approx(0.05, abs=0.02), pytest.approx(0.5, abs=0.04), pytest.approx(0.95, abs=0.02)
    )  # fmt: skip


def test_a_link_matters_by_what_it_moves_and_not_by_its_unit():
    """One is counted in thousands and the other in ones; a tenth of either moves the other by a tenth."""
    (loop,) = found("""
variables:
  many: {initial: 20000, change: "4000 * few / month"}
  few: {initial: 1, change: "0.00001 * many / month"}
""").loops
    assert loop.gain[0].per_month == pytest.approx(0.2)


def test_loops_through_the_same_things_that_work_against_each_other_are_both_told():
    """a feeds b, which holds a back at once and by way of c lifts it."""
    got = found("""
variables:
  a: {initial: 1, change: "-0.5 * b / month + 0.4 * c / month"}
  b: {initial: 1, change: "0.5 * a / month"}
  c: {initial: 1, change: "0.6 * b / month"}
""")
    assert [(x.kind, len(x.nodes)) for x in got.loops] == [("balancing", 2), ("reinforcing", 3)]


def test_where_nothing_feeds_back_there_is_no_loop():
    got = found("""
variables:
  x: {title: X, unit: "1", initial: 1, change: "1 / month"}
  y: {title: Y, unit: "1", initial: 1, change: "x / month"}
""")
    assert got.loops == []


def test_futures_that_differ_in_sign_are_said_to():
    """With k on both sides of zero the same chain feeds itself in some futures and holds back in others."""
    got = found(
        """
variables:
  x: {title: X, unit: "1", initial: 2, change: "k * y / month"}
  y: {title: Y, unit: "1", initial: 3, change: "0.5 * x / month"}
parameters:
  k: {title: K, unit: "1", value: "uniform(-1, 1)"}
""",
        scenarios=40,
    )
    assert (got.loops[0].name, got.loops[0].kind) == ("M1", "mixed")


def test_a_date_outside_the_horizon_is_refused():
    model = ofr.loads(HEAD % "month" + RING % (1, 1))
    message = "2021-01-01 is outside the horizon of `m`: 2020-01-01 up to 2020-05-01"
    with pytest.raises(ofr.UsageError, match=message):
        loops(ofr.Design(model, scenarios=2), [date(2021, 1, 1)])


def test_the_command_prints_one_object_and_draws(tmp_path):
    path, picture = tmp_path / "m.yaml", tmp_path / "m.svg"
    path.write_text(HEAD % "month" + RING % (0.2, 0.8))
    done = call("loops", str(path), "--format", "json", "--picture", str(picture))
    assert done.exit_code == 0
    given = json.loads(done.stdout)
    assert [loop["name"] for loop in given["loops"]] == ["R1"]
    assert given["loops"][0]["links"] == [
        {"from": "x", "to": "y", "sign": 1},
        {"from": "y", "to": "x", "sign": 1},
    ]
    assert picture.read_text().startswith("<svg")
    assert "X (+) > Y (+) > X" in call("loops", str(path)).stdout


def test_an_answer_comes_back_from_its_json_and_is_asked_again_at_its_dates():
    given = call("loops", "spiral", "--most", "2", "--format", "json").stdout
    back = Loops.from_dict(json.loads(given))
    assert back == loops(ofr.Design(ofr.load("spiral"), scenarios=24), most=2)
    shown = " ".join(call("loops", "spiral", "--most", "2").stdout.split())
    days = " ".join(f"--at {d}" for d in back.dates)
    assert f"Again: offramp loops spiral {days} --runs 24 --seed 0 --most 2" in shown


def test_titles_of_strangers_stay_text_in_the_picture():
    got = found(RING.replace("title: X", 'title: "<script>&"') % (1, 1))
    assert "<script>" not in chart(got)


def test_the_middle_is_told_with_its_sign_and_lies_between_its_bounds():
    """A loop that turns back has a rate below 0, and a mixed one says how often it reinforces."""
    text = call("loops", "spiral").stdout
    text = text.replace("\u2212", "-").replace("\N{NO-BREAK SPACE}", " ")
    rates = re.findall(r"([+-]?[\d.]+) % a month \(([+-]?[\d.]+) to ([+-]?[\d.]+)\)", text)
    assert rates
    assert all(float(low) <= float(middle) <= float(high) for middle, low, high in rates)
    assert any(float(middle) < 0 for middle, _, _ in rates)
    assert re.search(r"reinforces in \d+ % of futures", text)
    given = json.loads(call("loops", "spiral", "--format", "json").stdout)
    given["dates"], given["loops"] = given["dates"][:1], given["loops"][:1]
    given["loops"][0]["gain"][0]["per_month"] = -0.075
    drawn = chart(Loops.from_dict(given))
    assert "\u22127.5\N{NO-BREAK SPACE}% a month" in drawn
    assert "1 January 2026" in drawn


def test_a_stock_that_moves_itself_is_a_loop_of_the_first_order():
    """x' = 0.2 x grows by 0.2 a month, y' = -0.3 y decays by 0.3: the textbook's R and B."""
    model = ofr.loads(
        """
model: {name: first, title: First order, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables:
  decay: {initial: 10, change: -0.3 / month * decay}
  growth: {initial: 10, change: 0.2 / month * growth}
"""
    )
    found = ofr.loops(ofr.Design(model, scenarios=4))
    rates = {loop.nodes[0].name: (loop.kind, loop.gain[0].per_month) for loop in found.loops}
    assert rates["decay"] == ("balancing", pytest.approx(-0.3))
    assert rates["growth"] == ("reinforcing", pytest.approx(0.2))


def test_loops_too_slow_to_show_are_counted_and_not_told():
    """At 0.2 % a month nothing moves within years; every loop that is told has a name of its own things."""
    model = ofr.loads(
        """
model: {name: slow, title: Slow, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables:
  fast: {title: Debt, initial: 10, change: 0.2 / month * fast}
  slow: {title: Erosion, initial: 10, change: -0.002 / month * slow}
"""
    )
    found = ofr.loops(ofr.Design(model, scenarios=4))
    assert len(found.loops) == 2
    assert [x.nodes[0].name for x in found.told] == ["fast"]
    text = str(found)
    assert "R1  “Debt” feeds itself" in text
    assert "Erosion" not in text
    assert "1 loop of less than 1 % a month is not shown" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Erosion" not in chart(found)
