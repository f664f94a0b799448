"""Tipping points: rates whose chances cross a level where a logarithm says, and chances that never do."""

from __future__ import annotations

import json
from math import log, sqrt

import numpy as np
import pytest

from cli_calls import call
from offramp.analysis.intervals import wilson
from offramp.errors import OfframpError, UsageError
from offramp.questions.tipping.ask import Tipping, tipping
from offramp.questions.tipping.chart import chart
from offramp.questions.tipping.tell import tell
from offramp.runs.design import Design
from offramp.runs.how import How
from small_models import made

# The chance of war in a month at a rate r is 1 - exp(-r): one half at ln 2.
RATE = """
variables: {x: {title: X, initial: 1}}
parameters:
  rate: {title: The rate, unit: 1/month, value: "uniform(0, 1.4)"}
  idle: {title: Idle, value: 0}
outcomes:
  war: {title: War, rate: rate, absorbing: true}
  peace: {title: Peace, otherwise: true}
"""


def words(found):
    return " ".join(p.text for p in tell(found).head).replace("\N{NO-BREAK SPACE}", " ")


def test_a_chance_without_luck_crosses_where_the_logarithm_says():
    found = tipping(Design(made(RATE), scenarios=200), "rate", low=0, high=1.4)
    (only,) = found.crossings
    assert (found.verdict, only.rises) == ("crosses", True)
    assert only.last_before < log(2) < only.first_after
    # Straight lines over steps of h lie at most h * h / 8 from this curve.
    assert only.at.value == only.at.low == only.at.high == pytest.approx(log(2), abs=0.175**2 / 8)
    assert [p.chance.value for p in found.points] == pytest.approx(1 - np.exp(-np.linspace(0, 1.4, 9)))
    assert "It rises through 50 % at 0.69" in words(found)


def test_the_range_is_that_of_the_prior_unless_it_is_given():
    found = tipping(Design(made(RATE), scenarios=10), "rate", high=1.0, steps=3)
    assert [p.value for p in found.points] == pytest.approx([0.07, 0.535, 1.0])


def test_what_is_left_falls_where_war_rises():
    """Peace is counted, future by future, so its crossing has an interval."""
    (only,) = tipping(Design(made(RATE), scenarios=800), "rate", "peace", low=0, high=1.4).crossings
    assert not only.rises
    assert only.last_before <= only.at.low < log(2) < only.at.high <= only.first_after


def test_the_interval_of_a_crossing_holds_it_as_often_as_it_says():
    """Over four months a rate of ln 2 / 4 brings war in half of the futures."""
    model = made(RATE, steps=4)
    held = 0
    for seed in range(60):
        design = Design(model, scenarios=150, seed=seed)
        (only,) = tipping(design, "rate", low=0, high=0.4, steps=7).crossings
        held += only.at.low <= log(2) / 4 <= only.at.high
    assert 47 <= held <= 60  # of Binomial(60, 0.9) fewer than 48 come in 1 case of 50


def test_a_chance_that_falls_and_rises_crosses_twice():
    valley = RATE.replace("rate: rate,", "rate: 4 / month * (idle - 0.5) ** 2,")
    found = tipping(Design(made(valley), scenarios=100), "idle", low=0, high=1, chance=0.3, steps=41)
    reach = sqrt(-log(0.7) / 4)
    assert [c.rises for c in found.crossings] == [False, True]
    assert [c.at.value for c in found.crossings] == pytest.approx([0.5 - reach, 0.5 + reach], abs=0.001)
    assert words(found).count("It falls") == words(found).count("It rises") == 1


@pytest.mark.parametrize(("low", "high", "verdict"), [(0, 0.3, "below"), (1.2, 1.4, "above")])
def test_where_a_chance_stays_on_one_side_it_never_crosses(low, high, verdict):
    found = tipping(Design(made(RATE), scenarios=100), "rate", low=low, high=high)
    assert (found.verdict, found.crossings) == (verdict, [])
    assert "never crosses 50 %" in words(found)
    assert f"it lies {verdict} that, beyond doubt" in words(found)
    assert not tell(found).caveats


def test_a_number_that_does_nothing_leaves_it_open_on_which_side_of_itself_a_chance_lies():
    """All futures meet the same luck at every value, so the curve is flat to the last digit."""
    design = Design(made(RATE, steps=4), scenarios=400, overrides={"rate": log(2) / 4})
    found = tipping(design, "idle", low=0, high=1)
    assert len({p.chance.value for p in found.points}) == 1
    assert (found.verdict, found.crossings) == ("undecided", [])
    assert "at 9 of 9 values it may lie on either side" in words(found)


def test_a_crossing_that_is_not_beyond_doubt_is_none():
    """The chance does cross, but ten futures do not tell on which side either end lies."""
    model = made(RATE, steps=4)
    few, many = (tipping(Design(model, scenarios=n), "rate", "peace", low=0.15, high=0.2) for n in (10, 6000))
    assert few.verdict == "undecided"
    assert many.verdict == "crosses"


def test_a_jump_is_found_between_the_values_on_either_side_of_it():
    step = RATE.replace("rate: rate, absorbing: true", "when: x > 5")
    found = tipping(Design(made(step), scenarios=50), "x", "war", low=0, high=10, steps=6)
    (only,) = found.crossings
    assert (only.last_before, only.first_after) == (4, 6)
    assert 4 < only.at.value < 6
    assert found.of_title == "X at the start"


def test_intervals_of_all_values_hold_together():
    found = tipping(Design(made(RATE), scenarios=100), "rate", "peace", low=0, high=1.4, steps=5)
    for p in found.points:
        low, high = wilson(round(100 * p.chance.value), 100, 1 - 0.1 / 5)
        assert (p.chance.low, p.chance.high) == pytest.approx((float(low), float(high)))


FAILS = """
variables:
  x: {initial: 2, change: "log(x + luck) / month"}
parameters: {luck: {value: "normal(0, 1)"}}
outcomes: {war: {rate: 0.5 / month, absorbing: true}}
"""


def test_futures_that_fail_at_one_value_are_left_out_of_all():
    model = made(FAILS, steps=1)
    found = tipping(Design(model, scenarios=300), "x", low=1, high=4, steps=3)
    # As many as the draws of luck below -1, at the lowest value.
    assert found.held_runs == pytest.approx(300 * (1 - 0.1587), abs=20)
    assert found.failed_runs >= 300 - found.held_runs
    assert found.failures == (found.failed_runs, 900)
    with pytest.raises(OfframpError, match="every future failed at one value or another"):
        tipping(Design(model, scenarios=20), "x", low=-9, high=4, steps=3)


def test_the_answer_does_not_depend_on_the_number_of_threads_nor_on_the_engine():
    design = Design(made(RATE, steps=3), scenarios=60)
    alone = tipping(design, "rate", "peace", low=0, high=1, how=How(threads=1))
    assert alone == tipping(design, "rate", "peace", low=0, high=1, how=How(threads=2))
    assert alone == tipping(design, "rate", "peace", low=0, high=1, how=How(engine="oracle"))


def test_progress_counts_all_futures_of_all_values():
    seen = []
    how = How(progress=lambda done, total: seen.append((done, total)))
    tipping(Design(made(RATE), scenarios=20), "rate", steps=4, how=how)
    assert seen[-1] == (80, 80)
    assert seen == sorted(seen)


def test_the_command_says_it_draws_it_and_can_be_asked_again(tmp_path):
    file, drawn = tmp_path / "m.yaml", tmp_path / "m.svg"
    file.write_text(made(RATE, steps=4).text, encoding="utf-8")
    asked = ("--of", "rate", "--low", "0.0", "--high", "0.4", "--steps", "5", "--outcome", "war")
    asked += ("--runs", "400", "--seed", "3")
    given = call("tipping", str(file), *asked, "--format", "json").stdout
    found = Tipping.from_dict(json.loads(given))
    assert found == tipping(
        Design(made(RATE, steps=4), scenarios=400, seed=3), "rate", "war", low=0, high=0.4, steps=5
    )
    done = call("tipping", str(file), *asked, "--picture", str(drawn))
    assert done.exit_code == 0
    shown = " ".join(done.stdout.split())
    assert f"Again: offramp tipping {file} {' '.join(asked)}" in shown
    assert "The chance of “War” by the end of April 2020 crosses 50 % along “The rate”" in shown
    assert "Where the chance tips" not in shown
    assert "chance along “The rate”" in drawn.read_text(encoding="utf-8")
    assert tell(found).caveats[0].startswith("On which side of 0.16")


def test_the_chart_draws_the_level_each_value_and_each_crossing():
    found = tipping(Design(made(RATE), scenarios=300), "rate", "peace", low=0.05, high=1.35, steps=7)
    marks = {layer["mark"]["type"]: layer["data"]["values"] for layer in chart(found)["layer"]}
    assert [row["v"] for row in marks["circle"]] == pytest.approx(np.linspace(0.05, 1.35, 7))
    (band,) = marks["rect"]
    assert (band["v"], band["w"]) == (found.crossings[0].at.low, found.crossings[0].at.high)
    across = next(x["encoding"]["x"] for x in chart(found)["layer"] if x["mark"]["type"] == "circle")
    assert all(0.05 <= tick <= 1.35 for tick in across["axis"]["values"])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--of", "rat"), "has no parameter or stock `rat`. Did you mean `rate`?"),
        (("--of", "idle"), "`idle` has no prior, so say between which values it is moved"),
        (("--of", "rate", "--low", "1", "--high", "1"), "from a lower to a higher number, not from 1 to 1"),
        (("--of", "rate", "--set", "rate=1"), "`rate` is set to 1 by hand, so it cannot be moved"),
        (("--of", "rate", "--chance", "0"), "a chance that can be crossed lies between 0 and 1, not at 0"),
        (("--of", "rate", "--outcome", "wra"), "has no outcome `wra`"),
        ((), "Missing option '--of'"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path, asked, says):
    file = tmp_path / "m.yaml"
    file.write_text(made(RATE).text, encoding="utf-8")
    done = call("tipping", str(file), *asked, "--runs", "10")
    assert (done.exit_code, says in " ".join(done.stderr.split())) == (2, True), done.stderr


def test_several_policies_have_no_one_tipping_point():
    model = made(f"{RATE}policies: {{tense: {{do: [{{shift: {{rate: 0.1}}}}]}}}}")
    with pytest.raises(UsageError, match="under one policy; this design has 2"):
        tipping(Design(model, ["baseline", "tense"], scenarios=5), "rate")
