"""Days within steps: every answer is that of the day that was asked for, by closed forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from offramp import load, load_questions, loads
from offramp.engine.within import MOST_PLACED, Paths, happened, in_part
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from offramp.truth import ledger
from offramp.truth.baselines import persistence
from offramp.truth.calibration import Sampling, calibrate
from offramp.truth.evidence import Record
from offramp.windows import Instant, after, between, place_in
from small_models import made

HEAD = "series,date,until,known,value,unit\n"
# x is 43 + months since January; the vote is on 15 August, whatever happens.
KNOWN = """
model: {name: m, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 18}
variables:
  x: {unit: percent, initial: 43, change: growth, headline: true}
  passed: {initial: 0}
parameters: {growth: {unit: percent/month, value: "normal(1, 0.001)"}}
events:
  vote:
    on: 2020-08-15
    branches: {aye: {probability: 0.6, effects: {passed: {set: 1}}}, nay: {probability: rest}}
outcomes: {war: {rate: 0.0001 / month, absorbing: true}, peace: {otherwise: true}}
evidence:
  l: {observes: x, data: c.csv, series: lev, error: normal, sd: 0.01 * percent}
"""
ROWS = """lev,2020-02-01,,2020-02-03,44,percent
lev,2020-05-01,,2020-05-03,47,percent
lev,2020-09-01,,2020-09-03,51,percent
lev,2020-10-01,,2020-10-03,52,percent
vote,2020-08-15,,2020-08-15,1,
none,2022-12-31,,2022-12-31,0,
"""
ASKED = """
model: m
origins: {from: 2020-06-15, until: 2020-09-15, months: 1}
horizons: [1]
questions:
  lv: {title: Level of x, of: {level: x}, seen: {data: c.csv, series: lev}}
  over: {title: x over 50.5, of: {level: x, above: 50.5}, seen: {data: c.csv, series: lev}}
  held: {title: The vote is held, of: {happens: vote}, seen: {data: c.csv, series: vote, until: 2022-12-31}}
  pass: {title: It has passed, of: {reaches: passed, at_least: 1},
         seen: {data: c.csv, series: vote, incidents: true, until: 2022-12-31}}
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    folder = tmp_path_factory.mktemp("known")
    (folder / "m.yaml").write_text(KNOWN)
    (folder / "c.csv").write_text(HEAD + ROWS)
    (folder / "q.yaml").write_text(ASKED)
    return load(folder / "m.yaml"), load_questions(str(folder / "q.yaml"))


@pytest.mark.parametrize(
    ("day", "level", "over", "held", "passes"),
    [
        (date(2020, 7, 15), 43 + 7 + 14 / 31, 0, 1, 0.6),  # closes on the day of the vote
        (date(2020, 7, 31), 43 + 7 + 30 / 31, 1, 1, 0.6),
        (date(2020, 8, 14), 43 + 8 + 13 / 30, 1, 1, 0.6),
        (date(2020, 8, 15), 43 + 8 + 14 / 30, 1, 0, None),  # the vote is past on its day
        (date(2020, 8, 16), 43 + 8 + 15 / 30, 1, 0, None),
        (date(2020, 8, 31), 43 + 8 + 29 / 30, 1, 0, None),
    ],
    ids=str,
)
def test_a_forecast_made_within_a_month_is_of_its_own_month_ahead(known, day, level, over, held, passes):
    model, listed = known
    found = ledger.forecast(model, listed, day, Sampling(particles=60, chains=2))
    by = {q.name: q for q in found.questions}
    assert by["lv"].quantiles["0.5"] == pytest.approx(level, abs=0.02)
    assert by["over"].probability == pytest.approx(over, abs=0.01)
    assert by["held"].probability == pytest.approx(held, abs=0.01)
    if passes is not None:
        assert by["pass"].probability == pytest.approx(passes, abs=0.15)


def test_the_table_answers_for_the_days_after_the_day_of_asking(known):
    held = next(q for q in known[1].questions if q.name == "held")
    assert held.answer(date(2020, 7, 15), date(2020, 8, 15)) == 1.0
    assert held.answer(date(2020, 8, 15), date(2020, 9, 15)) == 0.0
    assert held.answer(date(2020, 8, 14), date(2020, 8, 15)) == 1.0


def test_what_is_known_on_the_day_of_asking_is_past_for_rules_too(known):
    """The vote of 15 August counts as past on that day, once: a rate of 1.25 a month."""
    held = next(q for q in known[1].questions if q.name == "held")
    start = date(2020, 1, 1)
    assert persistence(held, start, date(2020, 8, 15), 1.0)[0] == pytest.approx(1 - np.exp(-1.25))
    assert persistence(held, start, date(2020, 8, 14), 1.0)[0] == pytest.approx(1 - np.exp(-0.25))


QUIET = """
model: {name: quiet, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables: {x: {initial: 0}}
parameters: {r: {unit: 1/month, value: "uniform(0, 1)"}}
events: {raid: {rate: 1.5 / month}}
actors: {blue: {actions: {wait: {}, arm: {}}}}
outcomes: {war: {rate: r, absorbing: true}}
evidence:
  raids: {observes: raid, data: t.csv, series: raids, error: poisson}
  arms: {observes: blue/arm, data: t.csv, series: arms, error: poisson, from: 2020-02-10, until: 2020-05-20}
"""
RAIDS = "raids,2020-07-01,,2020-07-02,1,\nraids,2020-07-15,,2020-07-15,1,\nraids,2020-07-16,,2020-07-16,1,\n"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quiet")
    (folder / "quiet.yaml").write_text(QUIET)
    (folder / "t.csv").write_text(HEAD + RAIDS + "arms,2020-02-11,,2020-02-11,1,\n")
    return load(folder / "quiet.yaml")


@pytest.mark.parametrize(
    ("day", "months"), [("2020-07-15", 6 + 14 / 31), ("2020-07-01", 6), ("2020-01-16", 15 / 31)]
)
def test_months_without_war_are_counted_to_the_day(quiet, day, months):
    """The posterior of a rate with a uniform prior is exp(-months·r), whose mean is known."""
    silent = tuple(replace(e, listed=0.0, stray=0.1) for e in quiet.evidence)  # tells nothing of the rate
    found = calibrate(replace(quiet, evidence=silent), day, Sampling(particles=800, chains=2, seed=1))
    mean = 1 / months - np.exp(-months) / (1 - np.exp(-months))
    assert found.parameters()["r"].mean() == pytest.approx(mean, rel=0.06)


def test_a_month_under_way_is_counted_up_to_the_day_of_knowledge(quiet):
    """Rows of the day itself are known; the series that begins and ends within months has parts of them."""
    record = Record(quiet, date(2020, 7, 15))
    raids = [p for p in record.points if p.evidence.name == "raids"]
    assert [(p.steps, p.value) for p in raids[-2:]] == [((5, 6), 0), ((6, 6 + 14 / 31), 2)]
    arms = [p for p in record.points if p.evidence.name == "arms"]
    ends = [(1 + 9 / 29, 2), (2, 3), (3, 4), (4, 4 + 19 / 31)]
    assert [p.steps for p in arms] == [pytest.approx(e) for e in ends]
    assert [p.value for p in arms] == [1, 0, 0, 0]
    whole = Record(quiet, date(2020, 7, 1))
    assert max(p.steps[1] for p in whole.points) == 6


def test_what_came_before_a_day_and_after_it_is_what_came(quiet):
    """Parts of a step add up, run by run, and hold their share: 6,000 raids and acts, three deviations."""
    outputs = engine_for(quiet).run(Design(quiet, scenarios=4000).inputs("baseline"))
    dates, cut = quiet.dates, date(2020, 1, 11)
    for target in ("raid", "blue/arm"):
        month, early, late = (
            happened(quiet, outputs, target, between(dates, *days))
            for days in ((dates[0], dates[1]), (dates[0], cut), (cut, dates[1]))
        )
        np.testing.assert_array_equal(early + late, month)
        n, p = month.sum(), 10 / 31
        assert abs(early.sum() - n * p) < 3 * np.sqrt(n * p * (1 - p))


def test_great_counts_are_parted_as_small_ones_are():
    """Binomial(n, share), beyond what is placed one by one: mean and deviation, and parts that add up."""
    rng = np.random.default_rng(1)
    u = rng.random((20_000, 1))
    n = np.full(20_000, 4.0 * MOST_PLACED)
    early, late = (in_part(n, *part, lambda _: u) for part in ((0.0, 0.3), (0.3, 1.0)))
    np.testing.assert_array_equal(early + late, n)
    assert early.mean() == pytest.approx(0.3 * n[0], rel=0.002)
    assert early.std() == pytest.approx(np.sqrt(n[0] * 0.21), rel=0.03)


def test_an_outcome_comes_at_the_moment_that_its_hazard_says(quiet):
    """At 0.5 a month: by 11 January with chance 1 - exp(-0.5·10/31); a condition at the end of its step."""
    model = made(
        "variables: {x: {initial: 0, change: 1 / month}}\n"
        "outcomes: {war: {rate: 0.5 / month}, late: {when: x > 2.5}}",
        6,
    )
    outputs = engine_for(model).run(Design(model, scenarios=20_000).inputs("baseline"))
    moment = outputs.outcome[:, 0] + outputs.outcome_part[:, 0]
    came = np.mean((outputs.outcome[:, 0] >= 0) & (moment <= 10 / 31))
    assert came == pytest.approx(1 - np.exp(-0.5 * 10 / 31), abs=0.008)
    assert set(zip(outputs.outcome[:, 1], outputs.outcome_part[:, 1], strict=True)) == {(2, 1.0)}


JUMPING = """
variables:
  x: {initial: 10, change: 2 / month}
  y: {equals: 3 * x}
events:
  a: {on: 2020-02-11, effects: {x: 5}}
  b: {on: 2020-02-21, branches: {up: {probability: 0.5, effects: {x: {set: 100}}}, not: {probability: rest}}}
  c: {on: 2020-04-01, effects: {x: -4}}
policies: {less: {do: [{from: 2020-02-01, until: 2020-03-01, set: {x: 0}}]}}
"""


def test_a_stock_lies_on_its_line_but_for_the_days_of_dated_events():
    """12 on 1 February and 2 a month, 5 more on the 11th; on the 21st half of the runs are set to 100."""
    model = made(JUMPING, 6)
    outputs = engine_for(model).run(Design(model, scenarios=50).inputs("baseline"))
    paths, up = Paths(model, outputs), outputs.event[:, 1, 1] == 1

    def at(month, day, name="x"):
        return paths.at(name, place_in(model.dates, date(2020, month, day)))

    grown = {d: 12 + 2 * (d - 1) / 29 for d in (1, 10, 11, 20, 21, 29)}
    for d in (1, 10):
        np.testing.assert_allclose(at(2, d), grown[d])
    for d in (11, 20):
        np.testing.assert_allclose(at(2, d), grown[d] + 5)
    for d in (21, 29):
        np.testing.assert_allclose(at(2, d), np.where(up, grown[d] + 93, grown[d] + 5))  # set: 12 + 5 + 83
        np.testing.assert_allclose(at(2, d, "y"), 3 * at(2, d))
    window = after(model.dates, date(2020, 2, 1), date(2020, 2, 15))
    np.testing.assert_allclose(paths.highest("x", window), grown[11] + 5 + 2 * 4 / 29)
    late = after(model.dates, date(2020, 2, 25), date(2020, 4, 20))
    before = paths.path("x")[:, 3]
    np.testing.assert_allclose(paths.highest("x", late), before), "before it falls on 1 April"
    np.testing.assert_allclose(at(4, 1), before - 4)
    mean = paths.mean("x", between(model.dates, date(2020, 2, 1), date(2020, 2, 21)))
    np.testing.assert_allclose(mean, 12 + 20 / 29 + 5 * 10 / 20)


def test_what_a_policy_sets_is_where_a_dated_event_begins():
    model = made(JUMPING, 6)
    outputs = engine_for(model).run(Design(model, policies=["less"], scenarios=50).inputs("less"))
    up = outputs.event[:, 1, 1] == 1
    jumps = Paths(model, outputs).jumps("x", 1)
    assert [part for part, _ in jumps] == [10 / 29, 20 / 29]
    np.testing.assert_array_equal(jumps[0][1], 5)
    np.testing.assert_array_equal(jumps[1][1], np.where(up, 100, 0))


def test_days_before_and_after_a_model_are_its_ends():
    dates = made("variables: {x: {initial: 0}}", 3).dates
    assert place_in(dates, date(2019, 1, 1)) == Instant(0, 0.0)
    assert place_in(dates, date(2021, 1, 1)) == Instant(3, 0.0)
    assert list(after(dates, date(2020, 1, 11), date(2020, 1, 21)).parts()) == [(0, 10 / 31, 20 / 31)]


def test_a_dated_event_does_not_come_to_a_run_that_ended_before_its_day():
    """War at 0.3 a month in one step of a quarter; the vote is on the 46th of 92 days."""
    model = loads(
        "model: {name: m, illustrative: true}\nhorizon: {start: 2020-07-01, step: quarter, steps: 1}\n"
        "variables: {x: {initial: 0}}\nevents: {vote: {on: 2020-08-15, effects: {x: 1}}}\n"
        "outcomes: {war: {rate: 0.3 / month, absorbing: true}}\n"
    )
    out = engine_for(model).run(Design(model, scenarios=20_000).inputs("baseline"))
    window = between(model.dates, date(2020, 7, 1), date(2020, 10, 1))
    assert abs(happened(model, out, "vote", window).mean() - np.exp(-0.3 * 3 * 45 / 92)) < 0.011
