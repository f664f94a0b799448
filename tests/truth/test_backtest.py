"""Questions that events answer, forecasts without a model, backtests, and the ledger of forecasts."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from cli_calls import call
from offramp import OfframpError, UsageError, backtest, calibrate, load, load_questions
from offramp.questions.backtest.tell import backtest_text
from offramp.questions.forecast.tell import score_text
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from offramp.tell.figures import NBSP, percent
from offramp.tell.terminal import columns_of
from offramp.truth import baselines, ledger
from offramp.truth.backtest import Asked, Prior, months_after
from offramp.truth.evidence import published_range
from offramp.truth.posterior import summary
from offramp.truth.questions import Question, check_answers
from offramp.truth.results import _coverage, stretch
from small_models import made

HEADER = "series,date,until,known,value,unit,source,note\n"
MODEL = """
model: {name: border, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 24}
variables:
  stock: {unit: kg, initial: "normal(100, 5)", change: growth, noise: 3}
parameters:
  growth: {unit: kg/month, value: "normal(5, 3)"}
  pace: {unit: 1/month, value: "lognormal(0.2, 0.8)"}
actors:
  blue: {actions: {wait: {}, act: {}}}
events:
  raid: {rate: pace}
outcomes:
  war: {rate: 0.002 / month, absorbing: true}
evidence:
  stocks: {observes: stock, data: seen.csv, series: stock, error: normal, sd: 2 * kg}
  raids: {observes: raid, data: seen.csv, series: raid, error: poisson, window: 3, stray: 0.02}
"""
QUESTIONS = """
origins: {from: 2020-07-01, until: 2021-07-01, months: 6}
horizons: [3, 6]
held_out: 2021-01-01
questions:
  raid: {title: A raid, topic: raids, of: {happens: raid}, seen: {data: seen.csv, series: raid},
         base_rate: {per_year: 2.4, source: made up}}
  raids: {title: Raids, of: {count: raid}, seen: {data: seen.csv, series: raid}}
  stock: {title: Stock, of: {level: stock}, seen: {data: seen.csv, series: stock}}
  stock_above: {title: Above 150 kg, of: {level: stock, above: 150}, seen: {data: seen.csv, series: stock}}
  war: {title: War, of: {ends: war}, seen: {data: seen.csv, series: war, holds: true}}
"""
RAIDS = [date(2020, 2, 10), date(2020, 8, 20), date(2020, 9, 1), date(2021, 3, 3), date(2021, 11, 5)]


def month(k):
    return date(2020 + k // 12, k % 12 + 1, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A stock that grows by 4 a month, reported every quarter ten days late; five raids; no war."""
    place = tmp_path_factory.mktemp("border")
    rows = [f"stock,{month(k)},,{month(k) + timedelta(10)},{100 + 4 * k},kg,s,\n" for k in range(0, 25, 3)]
    rows += [f"raid,{day},,{day},1,count,s,\n" for day in RAIDS]
    rows += [f"war,{month(k)},,{month(k)},0,flag,s,\n" for k in range(0, 25, 6)]
    (place / "seen.csv").write_text(HEADER + "".join(rows))
    (place / "border.yaml").write_text(MODEL)
    (place / "asked.yaml").write_text(QUESTIONS)
    return place


@pytest.fixture(scope="module")
def asked(folder):
    return load_questions(str(folder / "asked.yaml"))


@pytest.fixture(scope="module")
def tested(folder, asked):
    return backtest(load(folder / "border.yaml"), asked, particles=40, chains=2, seed=1)


def question(asked, name):
    return next(q for q in asked.questions if q.name == name)


def test_tables_answer_questions_by_the_rule_of_their_form(asked):
    after, later = date(2020, 7, 1), date(2020, 10, 1)
    assert question(asked, "raid").answer(after, later) == 1.0
    assert question(asked, "raids").answer(after, later) == 2.0
    assert question(asked, "raid").answer(later, date(2021, 1, 1)) == 0.0
    assert question(asked, "stock").answer(after, later) == 136.0
    assert question(asked, "stock").answer(after, date(2020, 8, 16)) == pytest.approx(124 + 12 * 46 / 92)
    assert question(asked, "stock_above").answer(after, later) == 0.0
    assert question(asked, "stock_above").answer(after, date(2021, 4, 1)) == 1.0
    assert question(asked, "war").answer(after, later) == 0.0


def test_a_level_without_a_reading_near_is_left_open(asked):
    assert question(asked, "stock").reading(date(2022, 6, 1)) is None
    assert question(asked, "stock").reading(date(2020, 10, 1), known=date(2020, 10, 5)) is None


def reaching(asked, at_least, **how):
    """A question whether the stock reaches so much: 100 and 4 more a month, reported every quarter."""
    return Question("r", "R", "reaches", ("stock",), "stock", "seen.csv", at_least=at_least, **how,
                    rows=question(asked, "stock").rows)  # fmt: skip


@pytest.mark.parametrize(("at_least", "answer"), [(112, 1.0), (117, 1.0), (119, 0.0), (400, 0.0)])
def test_what_a_level_reaches_is_read_off_the_table(asked, at_least, answer):
    """From 1 February to 15 May 2020: 112 kg in April, 117.9 on the way to July."""
    assert reaching(asked, at_least).answer(date(2020, 2, 1), date(2020, 5, 16)) == answer
    # A peak between the ends counts; the level at the origin itself does not.
    peak = replace(reaching(asked, 300), rows=tuple(
        replace(r, value=310.0) if r.day == date(2020, 4, 1) else r for r in question(asked, "stock").rows
    ))  # fmt: skip
    assert peak.answer(date(2020, 2, 1), date(2020, 5, 16)) == 1.0
    assert peak.answer(date(2020, 4, 1), date(2020, 7, 1)) == 0.0


def test_what_a_level_reaches_is_open_where_the_table_ends(asked):
    late = date(2021, 11, 1), date(2022, 6, 1)
    assert reaching(asked, 400).answer(*late) is None
    assert reaching(asked, 190).answer(*late) == 1.0, "in January it was 196"


def test_forecasts_without_a_model_of_what_a_level_reaches(asked):
    """Steady growth by 4 kg a month: the trend knows what three months on will be reached, and what not."""
    start, origin = date(2020, 1, 1), date(2021, 7, 11)  # 172 kg in July

    def says(who, at_least):
        return float(baselines.BASELINES[who](reaching(asked, at_least), start, origin, 3)[0])

    assert says("trend", 175) == 0.99
    assert says("trend", 300) == 0.01
    assert says("climatology", 130) == pytest.approx((4 + 0.5) / (7 + 1))
    # What half of its ends pass a walk comes to for sure; what fewer pass, twice as often as it ends there.
    assert says("persistence", 172) == 0.99
    ends = baselines._walk(reaching(asked, 180), origin, 3, trend=False)
    assert 0.1 < says("persistence", 180) < 0.99
    assert says("persistence", 180) == pytest.approx(2 * (ends >= 180).mean())


def test_facts_and_incidents_reach_by_their_rows(asked):
    """A fact from June to December is reached by whoever asks in summer, though it is over at the end."""
    war = question(asked, "war")
    rows = tuple(
        replace(war.rows[0], day=date(2020, m, 1), known=date(2020, m, 1), value=float(v))
        for m, v in ((3, 0), (6, 1), (12, 0))
    )
    fact = replace(reaching(asked, 0.9, holds=True), rows=rows)
    assert fact.answer(date(2020, 8, 1), date(2020, 12, 15)) == 1.0
    assert fact.answer(date(2020, 4, 1), date(2020, 6, 15)) == 1.0
    assert fact.answer(date(2020, 12, 15), date(2021, 3, 1)) == 0.0
    assert fact.answer(date(2020, 1, 1), date(2020, 2, 1)) is None, "before its first row a fact is not known"
    incident = replace(fact, holds=False, incidents=True, at_least=5.0)
    assert incident.answer(date(2020, 6, 1), date(2020, 7, 1)) == 1.0
    assert incident.answer(date(2020, 7, 1), date(2020, 8, 1)) == 0.0


def test_nothing_in_a_table_says_nothing_beyond_its_end(asked, folder, tmp_path):
    """The last row was known on 11 January 2022. A raid after that would not stand there, nor would a war."""
    before, after = (date(2021, 11, 20), date(2022, 1, 11)), (date(2021, 11, 20), date(2022, 1, 12))
    for name, answer in (("raid", 0.0), ("raids", 0.0), ("war", 0.0)):
        assert question(asked, name).answer(*before) == answer
        assert question(asked, name).answer(*after) is None, name
    assert question(asked, "raid").answer(date(2021, 11, 1), date(2022, 6, 1)) == 1.0, "one is there already"
    assert question(asked, "raids").answer(date(2021, 11, 1), date(2022, 6, 1)) is None
    (tmp_path / "seen.csv").write_text((folder / "seen.csv").read_text())
    longer = QUESTIONS.replace("series: raid}", "series: raid, until: 2022-06-01}")
    (tmp_path / "longer.yaml").write_text(longer)
    whole = load_questions(str(tmp_path / "longer.yaml"))
    assert question(whole, "raid").answer(date(2021, 11, 20), date(2022, 6, 1)) == 0.0
    assert question(whole, "war").answer(*after) is None


def test_a_dated_event_is_counted_once_whichever_branch_it_takes():
    """Its count in a run says which branch it took: 1, 2 or 3."""
    branches = "{l: {probability: 0.2}, m: {probability: 0.3}, r: {probability: rest}}"
    model = made(
        f"variables: {{x: {{initial: 1}}}}\nevents: {{vote: {{on: 2020-06-15, branches: {branches}}}}}", 12
    )
    outputs = engine_for(model).run(Design(model, scenarios=60).inputs("baseline"))
    votes = Question("v", "V", "count", ("vote",), "s", "t")
    assert outputs.event.max() == 3
    assert votes.said(model, outputs, 0, 12).max() == 1.0
    assert (votes.said(model, outputs, 0, 12)[outputs.status == 0] <= 1).all()


def test_a_fact_holds_from_its_row_to_the_next(asked):
    """Begun in June and over in December: what holds in between is neither the first row nor the last."""
    war = question(asked, "war")
    rows = [
        replace(war.rows[0], day=date(2020, m, 1), known=date(2020, m, 1), value=v)
        for m, v in ((1, 0), (6, 1), (12, 0))
    ]
    held = replace(war, rows=tuple(rows))
    assert [held.reading(date(2020, m, 15)) for m in (5, 6, 11, 12)] == [0, 1, 1, 0]
    assert held.answer(date(2020, 3, 1), date(2020, 7, 1)) == 1.0
    assert held.answer(date(2020, 3, 1), date(2021, 3, 1)) == 0.0


def test_between_readings_more_than_four_months_away_nothing_is_read_off(asked):
    stock = question(asked, "stock")
    kept = replace(stock, rows=tuple(r for r in stock.rows if r.day.month == 1))  # one a year
    assert kept.reading(date(2020, 7, 1)) is None
    assert kept.reading(date(2021, 1, 1)) == stock.reading(date(2021, 1, 1))


def test_what_a_run_reaches_or_by_what_it_grows_is_of_the_window_alone(asked, folder):
    """High in February, back in March: reached in a window from January and not in one from March."""
    model = load(folder / "border.yaml")
    stock = replace(question(asked, "stock"), targets=("stock",))
    runs = SimpleNamespace(state=np.array([[[0.0], [5.0], [1.0], [1.0], [3.0], [3.0]]]))
    reaches, grows = replace(stock, form="reaches", at_least=4.0), replace(stock, form="grows")
    assert [reaches.said(model, runs, first, 3)[0] for first in (0, 1, 2)] == [1, 0, 0]
    assert [grows.said(model, runs, first, 5)[0] for first in (1, 2, 4)] == [0, 1, 0]


def test_an_exchange_that_climbs_to_a_rung_or_beyond_is_what_happens(asked):
    """Rungs of `brinkmanship` 0 to 3: below, on and above the one asked for, in and out of the window."""
    model = load("brinkmanship")
    (ladder,) = model.ladders
    names = [r.name for r in ladder.rungs]
    raid = replace(question(asked, "raid"), targets=(f"{ladder.name}/{names[1]}",))
    runs = SimpleNamespace(ladder_rung=np.array([[-1, 0, 1, 2], [0, 0, 0, -1], [1, 0, 0, 1]])[:, :, None])
    np.testing.assert_array_equal(raid.said(model, runs, 0, 4), [1, 0, 1])
    np.testing.assert_array_equal(raid.said(model, runs, 0, 2), [0, 0, 1])
    np.testing.assert_array_equal(replace(raid, form="count").said(model, runs, 0, 4), [2, 0, 2])
    listed = replace(asked, questions=(raid,))
    check_answers(listed, model)
    with pytest.raises(OfframpError, match=f"has no event, action or rung `{ladder.name}/moon`"):
        check_answers(replace(listed, questions=(replace(raid, targets=(f"{ladder.name}/moon",)),)), model)


def test_the_list_on_the_united_states_and_iran_is_long_and_resolvable():
    """At least 25 questions of three kinds, each answered at most of its origins, both models can answer."""
    listed = load_questions("us-iran")
    assert len(listed.questions) >= 25
    assert {q.kind for q in listed.questions} == {"binary", "count", "continuous"}
    for model in ("us-iran-2018", "us-iran-2020"):
        check_answers(listed, load(model))
    for q in listed.questions:
        if not q.table.endswith(("oil", "uranium")):
            assert all(q.answer(o, o + timedelta(days=80)) is not None for o in listed.origins), q.name


@pytest.mark.parametrize("name", list(baselines.BASELINES))
def test_no_baseline_knows_what_came_later(asked, name):
    """The same forecast whatever the rows that became known after the origin."""
    origin, start = date(2020, 7, 1), date(2020, 1, 1)
    for q in asked.questions:
        cut = replace(q, rows=tuple(r for r in q.rows if r.known <= origin))
        forecast = baselines.BASELINES[name]
        np.testing.assert_array_equal(forecast(q, start, origin, 6), forecast(cut, start, origin, 6))


def test_baselines_say_what_their_rule_says(asked):
    origin, start = date(2020, 7, 1), date(2020, 1, 1)
    raid = question(asked, "raid")
    months = (origin - start).days / 30.436875
    assert baselines.climatology(raid, start, origin, 6)[0] == pytest.approx(
        1 - np.exp(-6 * 1.5 / (months + 12)), rel=1e-6
    )
    assert baselines.crisis_data(raid, start, origin, 6)[0] == pytest.approx(1 - np.exp(-1.2))
    assert baselines.persistence(raid, start, origin, 3)[0] == pytest.approx(1 - np.exp(-0.25))
    stock = question(asked, "stock")
    # The last reading known is that of 1 April, 112; it has grown by 4 a month.
    assert np.median(baselines.persistence(stock, start, origin, 3)) == pytest.approx(112, abs=0.5)
    assert np.median(baselines.trend(stock, start, origin, 3)) == pytest.approx(112 + 4 * 6, abs=0.8)


@pytest.mark.parametrize("name", list(baselines.BASELINES))
def test_no_baseline_knows_what_happened_before_but_became_known_only_later(asked, name):
    """Reports come late: a raid of June that is known in August, a reading of June published then."""
    origin, start = date(2020, 7, 1), date(2020, 1, 1)
    forecast = baselines.BASELINES[name]
    for q in asked.questions:
        late = [replace(r, day=date(2020, 6, 10), known=date(2020, 8, 1), value=r.value + 40) for r in q.rows]
        told = replace(q, rows=(*q.rows, *late))
        np.testing.assert_array_equal(forecast(q, start, origin, 6), forecast(told, start, origin, 6))


def test_an_event_on_the_day_between_two_questions_belongs_to_the_later_one(asked):
    raids = question(asked, "raids")  # one on 1 September
    assert raids.answer(date(2020, 8, 1), date(2020, 9, 1)) == 1.0
    assert raids.answer(date(2020, 9, 1), date(2020, 10, 1)) == 1.0


def test_levels_walk_at_random_from_the_last_with_the_size_of_past_changes(asked):
    """Twelve more every three months: a variance of 144 / 3 a month, over the six months from 1 April."""
    origin, start = date(2021, 7, 1), date(2020, 1, 1)
    said = baselines.persistence(question(asked, "stock"), start, origin, 3)
    assert np.median(said) == pytest.approx(160, abs=0.5)
    assert np.quantile(said, 0.95) - np.median(said) == pytest.approx(1.645 * np.sqrt(144 / 3 * 6), rel=0.02)


def test_the_trend_is_that_of_the_last_year_alone(asked):
    """Flat for years, then one more a month."""
    stock = question(asked, "stock")
    rows = tuple(
        replace(
            stock.rows[0], day=(day := date(2016 + k // 4, 3 * (k % 4) + 1, 1)), known=day,
            value=100.0 + 3 * max(0, k - 15),
        )
        for k in range(20)
    )  # fmt: skip
    said = baselines.trend(replace(stock, rows=rows), date(2016, 1, 1), date(2020, 10, 1), 6)
    assert np.median(said) == pytest.approx(112 + 6, abs=0.5)  # the last is of 1 October, 112


CERTAIN = """
model: {name: certain, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 24}
variables:
  stock: {unit: kg, initial: 100}
parameters:
  idle: {value: "normal(0, 1)"}
actors:
  blue: {actions: {wait: {}, act: {}}}
events:
  raid: {rate: 0.5 / month}
outcomes:
  war: {rate: 0.1 / month, absorbing: true}
evidence:
  stocks: {observes: stock, data: seen.csv, series: stock, error: normal, sd: 2 * kg}
"""


def test_the_model_before_any_evidence_says_what_follows_from_its_rates(folder, asked):
    """War at 0.1 and raids at 0.5 a month, asked after a year without war, for three months."""
    (folder / "certain.yaml").write_text(CERTAIN)
    prior = Prior(load(folder / "certain.yaml"), 4000, seed=3)
    rng = np.random.default_rng(1)

    def said(name):
        return prior.said(question(asked, name), 12, 15, rng)

    # Runs that ended before the origin are known to be wrong: they say nothing.
    assert said("war")[0] == pytest.approx(1 - np.exp(-0.3), abs=0.04)
    # Raids of the three months alone; war ends some of them early.
    survives = np.exp(-0.1 * np.arange(3))
    assert said("raids").mean() == pytest.approx(0.5 * survives.sum(), abs=0.07)
    # What is asked for is the number that will be published, with the error of its source.
    assert said("stock").mean() == pytest.approx(100, abs=0.25)
    assert said("stock").std() == pytest.approx(2, rel=0.08)


EXPORTS = """
model: {name: exports, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 24}
variables:
  shipped: {unit: million*barrel/day, initial: 0.3, noise: 0.05, bounds: [0, 3], saturates: true}
  spare: {unit: kg, equals: 0.1 * kg + 0.01 * kg * idle ** 2}
  balance: {unit: kg, equals: 0.1 * kg * idle}
parameters:
  idle: {value: "normal(0, 1)"}
actors:
  blue: {actions: {wait: {}, act: {}}}
evidence:
  trackers: {observes: shipped, data: seen.csv, series: shipped, error: normal,
    sd: 1 * million * barrel / day, lasting: 0.5, lasts: 6}
  scales: {observes: spare, data: seen.csv, series: spare, error: normal, sd: 2 * kg}
  books: {observes: balance, data: seen.csv, series: balance, error: normal, sd: 2 * kg}
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Exports near nothing with trackers a million off; a stock and a balance without bounds, two off."""
    place = tmp_path_factory.mktemp("exports")
    units = {"shipped": "million*barrel/day", "spare": "kg", "balance": "kg"}
    months = [month(k) for k in range(0, 25, 3)]
    rows = [f"{name},{day},,{day},0.2,{unit},s,\n" for day in months for name, unit in units.items()]
    (place / "seen.csv").write_text(HEADER + "".join(rows))
    (place / "exports.yaml").write_text(EXPORTS)
    listed = "origins: {from: 2020-07-01, until: 2020-07-01}\nhorizons: [3]\nquestions:\n" + "".join(
        f"  {name}: {{title: {title}, of: {{level: {name}}}, seen: {{data: seen.csv, series: {name}}}}}\n"
        for name, title in (("shipped", "Exports"), ("spare", "Spare"), ("balance", "Balance in kg"))
    )
    bare = "  unseen: {title: Unseen, of: {level: shipped}, seen: {data: seen.csv, series: spare}}\n"
    (place / "asked.yaml").write_text(listed + bare)
    return place


def test_no_level_is_forecast_that_cannot_be_published(exports):
    """Trackers err by a million barrels, and none reports fewer than none, nor a scale below empty."""
    model, listed = load(exports / "exports.yaml"), load_questions(str(exports / "asked.yaml"))
    told = ledger.forecast(model, listed, date(2020, 7, 1), particles=20, chains=1)
    by_name = {q["name"]: q for q in told["questions"]}
    lows = {name: q["quantiles"]["0.05"] for name, q in by_name.items()}
    assert (lows["shipped"], lows["spare"]) == (0, 0)
    assert lows["balance"] < -1, "a balance may be negative, and runs of the model are"
    assert by_name["shipped"]["quantiles"]["0.95"] > 1, (
        "beyond it the error of the source is as large as said"
    )
    # The same of the model before any evidence, and of what a calibrated model would have published.
    prior = Prior(model, 200, seed=1)
    assert prior.said(listed.questions[0], 6, 9, np.random.default_rng(1)).min() == 0
    found = calibrate(model, "2020-07-01", particles=20, chains=1)
    series = summary(found)["series"]
    assert min(series["trackers"]["p5"]) == 0 == min(series["scales"]["p5"])
    assert min(series["books"]["p5"]) < -1


def test_what_was_once_published_below_nothing_may_be_so_again(exports):
    """Of a variable without bounds rows known by the day count as well as runs."""
    model = load(exports / "exports.yaml")
    scales = next(e for e in model.evidence if e.name == "scales")
    less = replace(scales, rows=tuple(replace(r, value=-0.1) for r in scales.rows if r.day == month(6)))
    runs = np.array([0.1, 0.2])
    assert published_range(model, scales, runs, month(6)) == (0, np.inf)
    assert published_range(model, less, runs, month(5)) == (0, np.inf), "not known yet"
    assert published_range(model, less, runs, month(6)) == (-np.inf, np.inf)
    assert published_range(model, scales, -runs, month(6)) == (-np.inf, np.inf)
    assert published_range(model, replace(scales, observes="shipped"), -runs) == (0, 3)


def test_a_chance_is_the_same_whether_or_not_figures_are_held_within_bounds(exports, monkeypatch):
    """A threshold within bounds is passed by the same futures, so that no yes-or-no answer changes."""
    model, listed = load(exports / "exports.yaml"), load_questions(str(exports / "asked.yaml"))
    above = replace(listed.questions[0], above=0.4)

    def said():
        return Prior(model, 400, seed=1).said(above, 6, 9, np.random.default_rng(1))[0]

    held = said()
    monkeypatch.setattr("offramp.truth.backtest.published_range", lambda *_: (-np.inf, np.inf))
    assert 0.1 < held < 0.9
    assert said() == held


def test_a_level_is_told_with_its_unit_and_with_what_it_is(exports, monkeypatch):
    """A figure that will be published, or that of the model where no evidence says how far sources err."""
    monkeypatch.chdir(exports)
    small = ("--questions", "asked.yaml", "--chains", "1", "--particles", "20")
    asked = ("forecast", "exports.yaml", "--as-of", "2020-07-01", *small)
    told = json.loads(call(*asked, "--out", "one.json", "--format", "json").stdout)
    assert [(q["unit"], q["source"]) for q in told["questions"]] == [
        ("million*barrel/day", "trackers"), ("kg", "scales"), ("kg", "books"), ("million*barrel/day", None),
    ]  # fmt: skip
    assert told["settings"]["futures"] == 120
    text = " ".join(call(*asked, "--out", "two.json").stdout.split())
    assert "Exports, million barrels per day 3 " in text
    assert "Balance in kg 3 " in text, "a unit that the title has is not said twice"
    assert "Told by 120 futures of 20 calibrated worlds." in text
    assert "A level is the figure that will be published" in text
    assert "levels are those of the model: Unseen, million barrels per day." in text
    scored = call("score", "one.json", "--questions", "asked.yaml").stdout
    assert "Exports, million barrels per day" in " ".join(scored.split())


def test_a_table_that_goes_below_nothing_has_baselines_that_do(asked):
    """A balance of -40 stays about there; a stock that was never below nothing does not get there."""
    stock = question(asked, "stock")
    below = replace(stock, rows=tuple(replace(r, value=r.value - 200) for r in stock.rows))
    origin, start = date(2021, 7, 1), date(2020, 1, 1)
    for who in (baselines.persistence, baselines.trend):
        np.testing.assert_allclose(who(below, start, origin, 3), who(stock, start, origin, 3) - 200)
    low = replace(stock, rows=tuple(replace(r, value=r.value - 100) for r in stock.rows))
    assert baselines.persistence(low, start, origin, 60).min() == 0


def test_a_backtest_asks_everything_everywhere_and_keeps_its_promises(tested):
    told = tested.as_dict()
    json.dumps(told, allow_nan=False)
    assert told["origins"] == ["2020-07-01", "2021-01-01", "2021-07-01"]
    assert told["asked"] == 3 * 2 * 5
    assert (told["left_out"], told["base_rates"]) == ({"origins": 0, "answers": 0}, 1)
    assert {q["kind"] for q in told["questions"]} == {"binary", "count", "continuous"}
    skill = told["skill"]
    rules = min(skill[b]["brier"] for b in baselines.BASELINES)
    assert skill["best_without_model"]["brier"] == rules
    assert skill["best_baseline"]["brier"] == min(rules, skill["prior_model"]["brier"])
    assert skill[skill["best_baseline"]["name"]]["brier"] == skill["best_baseline"]["brier"]
    for name in (*baselines.BASELINES, "prior_model"):
        assert skill[name]["brier_skill"] == pytest.approx(1 - skill["model_brier"] / skill[name]["brier"])
    # A stock that grows steadily is what this model is good at.
    stock = next(q for q in told["by_question"] if q["name"] == "stock")
    assert stock["score"] < 8
    assert told["coverage"]["all"]["points"] == 6


def test_tables_of_a_backtest_can_be_reckoned_again_from_its_answers(tested):
    """Skill by when a question resolves (not when it was asked), and coverage, from the list of questions."""
    told = tested.as_dict()
    binary = [q for q in told["questions"] if q["kind"] == "binary" and q["answer"] is not None]
    early = [q for q in binary if q["resolves"] < "2021-01-01"]
    assert 0 < len(early) < sum(q["origin"] < "2021-01-01" for q in binary)
    assert told["skill_by"]["before_2021"]["questions"] == len(early)
    assert told["skill_by"]["from_2021"]["questions"] == len(binary) - len(early)
    brier = np.mean([(q["model"] - q["answer"]) ** 2 for q in early])
    assert told["skill_by"]["before_2021"]["model_brier"] == pytest.approx(brier, abs=1e-5)
    levels = [q for q in told["questions"] if q["kind"] == "continuous"]
    for share, low, high in (("half", 1, 3), ("nine_tenths", 0, 4)):
        for who, before in (("model", ""), ("prior_model", "prior_")):
            inside = [q[who][low] <= q["answer"] <= q[who][high] for q in levels]
            assert told["coverage"]["all"][before + share] == pytest.approx(np.mean(inside))


def test_skill_by_topic_and_against_the_best_of_each_from_the_answers(tested):
    told = tested.as_dict()
    binary = [q for q in told["questions"] if q["kind"] == "binary" and q["answer"] is not None]
    topics = {q["topic"] for q in binary}
    assert set(told["skill_by_topic"]) == topics - {""} == {"raids"}
    some = [q for q in binary if q["topic"] == "raids"]
    brier = np.mean([(q["model"] - q["answer"]) ** 2 for q in some])
    assert told["skill_by_topic"]["raids"]["model_brier"] == pytest.approx(brier, abs=1e-5)
    # Whoever chooses for each question is at least as good as whoever chooses once.
    best = 0.0
    for name in {q["name"] for q in binary}:
        here = [q for q in binary if q["name"] == name]
        losses = [[(q[b] - q["answer"]) ** 2 for q in here] for b in baselines.BASELINES]
        best += np.min(np.mean(losses, axis=1)) * len(here) / len(binary)
    assert told["skill"]["best_of_each"]["brier"] == pytest.approx(best, abs=1e-5)
    assert best <= told["skill"]["best_without_model"]["brier"]


def test_the_model_before_any_evidence_is_a_baseline_too(tested):
    """It is the last of the issue's four, and often the best: skill that the file brings is not learned."""
    sure = [replace(a, said={**a.said, "prior_model": np.array([a.answer])}) if a.binary else a
            for a in tested.asked]  # fmt: skip
    skill = replace(tested, asked=sure).as_dict()["skill"]
    assert (skill["best_baseline"]["name"], skill["best_baseline"]["brier"]) == ("prior_model", 0)
    assert skill["best_without_model"]["name"] in baselines.BASELINES


def test_without_any_yes_or_no_question_the_shape_is_the_same(tested):
    whole = tested.as_dict()["skill"]
    none = replace(tested, asked=[a for a in tested.asked if not a.binary]).as_dict()
    assert none["skill"].keys() == whole.keys()
    assert none["skill"]["best_baseline"].keys() == whole["best_baseline"].keys()
    assert none["skill"]["best_baseline"]["brier_skill"] is none["skill"]["model_brier"] is None
    assert "no skill to tell" in backtest_text(none, tested.model, 100)


def test_what_lies_outside_the_time_of_the_model_is_said_to_be_left_out(folder, asked):
    """The model goes from January 2020 to December 2021: of three days one is before it, and 18 months reach
    from neither of the others to an end within it; 6 months do from one."""
    days = (date(2019, 10, 1), date(2021, 3, 1), date(2021, 9, 1))
    found = backtest(load(folder / "border.yaml"), replace(asked, origins=days, horizons=(3, 6, 18)),
                     particles=20, chains=1)  # fmt: skip
    assert found.as_dict()["left_out"] == {"origins": 1, "answers": 5 * (1 + 2)}
    text = " ".join(backtest_text(found.as_dict(), found.model, 100).split())
    assert (
        "Left out, outside the time of the model or after --until: 1 day of the list, and 15 answers" in text
    )


@pytest.mark.parametrize(("months", "count", "longest", "together"), [
    (3, 14, 12, 4), (1, 24, 12, 12), (6, 3, 6, 1), (12, 4, 3, 1), (1, 5, 12, 5), (3, 1, 12, 1),
])  # fmt: skip
def test_origins_that_share_answers_are_resampled_together(months, count, longest, together):
    """As many as lie within the longest horizon, and no more than there are."""
    assert stretch([month(months * k) for k in range(count)], longest) == together


def test_answers_are_scored_apart_only_where_a_list_says_so(tested, folder, asked):
    assert tested.as_dict()["stretch"] == 1
    assert [n for n in tested.as_dict()["skill_by"] if "months" not in n] == ["before_2021", "from_2021"]
    plain = replace(tested, questions=replace(asked, held_out=None)).as_dict()
    assert list(plain["skill_by"]) == ["3_months", "6_months"]
    spring = replace(tested, questions=replace(asked, held_out=date(2021, 4, 1))).as_dict()
    assert list(spring["skill_by"])[:2] == ["before_2021-04-01", "from_2021-04-01"]


def test_coverage_counts_what_lies_within_the_central_half_and_nine_tenths(asked):
    """Said is anything from 0 to 100; 50 lies in both, 10 and 90 in the wide one, 3 and 97 in neither."""
    stock = question(asked, "stock")
    said = {"model": np.arange(101.0), "prior_model": np.arange(-100.0, 201.0)}
    day = date(2020, 7, 1)
    some = [Asked(stock, day, 3, date(2020, 10, 1), float(y), said) for y in (3, 10, 50, 90, 97)]
    prior = {"prior_half": 1.0, "prior_nine_tenths": 1.0}
    assert _coverage(some)["all"] == {"points": 5, "half": 0.2, "nine_tenths": 0.6, **prior}


def test_what_resolves_after_a_day_can_be_left_unseen(folder, asked):
    """Origins in July and January, three and six months ahead: by December the first alone is answered."""
    seen = backtest(load(folder / "border.yaml"), asked, until=date(2020, 12, 1), particles=20, chains=1)
    assert {a.resolves for a in seen.asked} == {date(2020, 10, 1)}
    assert [c.record.until for c in seen.calibrations] == [date(2020, 7, 1)]
    # A reading of October that was published ten days later is unseen on the day before.
    early = backtest(load(folder / "border.yaml"), asked, until=date(2020, 10, 9), particles=20, chains=1)
    answers = [{a.question.name: a.answer for a in found.asked}["stock"] for found in (seen, early)]
    assert answers == [136, None]


# ── the ledger ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def first(folder, asked):
    return ledger.forecast(load(folder / "border.yaml"), asked, date(2020, 7, 1), particles=30, chains=1)


def test_a_forecast_is_scored_by_what_came(first, asked):
    found = ledger.score(first, asked)
    assert (found["asked"], found["resolved"]) == (10, 10)
    raid = next(q for q in found["questions"] if q["name"] == "raid" and q["months"] == 3)
    assert raid["answer"] == 1.0
    assert raid["brier"] == pytest.approx((1 - raid["probability"]) ** 2)
    early = ledger.score(first, asked, known_by=date(2020, 10, 2))
    assert early["resolved"] < 10, "what is not known yet is not scored"
    # That no raid is in the table by then does not mean that none will come by January.
    assert all(q["answer"] is None for q in early["questions"] if q["months"] == 6)
    assert next(q for q in early["questions"] if (q["name"], q["months"]) == ("raid", 3))["answer"] == 1.0


def test_the_score_of_few_answers_is_told_in_counts(first, asked):
    """Two of two within nine tenths is no 100 %; how many there are stands in text and JSON."""
    found = ledger.score(first, asked)
    assert (found["binary"]["asked"], found["binary"]["resolved"]) == (6, 6)
    assert (found["sampled"]["asked"], found["sampled"]["resolved"]) == (4, 4)
    binary = [q for q in found["questions"] if "probability" in q]
    for name in baselines.BASELINES:
        nearer = sum(
            abs(q["probability"] - q["answer"]) < abs(q["baselines"][name] - q["answer"]) for q in binary
        )
        assert found["binary"]["nearer"][name] == nearer
    assert found["sampled"]["half"] == 4 * found["inside_half"]
    text = " ".join(score_text(found, 80).split())
    assert "Yes-or-no questions: 6 of 6" in text
    assert f"Climatology {found['binary']['nearer']['climatology']} of 6" in text
    assert f"{found['sampled']['half']} of 4 fell within the middle half" in text
    assert "Mean scores are not told of fewer than 20 answers: one answer more or less" in text
    before, _, _ = text.partition("Question by question")
    assert not re.search("%|Brier", before)


def test_the_score_of_many_answers_has_shares_and_means(first, asked):
    """The same forecast five times over: 30 yes-or-no questions, and 20 counts and levels."""
    many = {**first, "questions": first["questions"] * 5}
    many["hash"] = ledger.hash_of(many)
    found = ledger.score(many, asked)
    text = " ".join(score_text(found, 80).split())
    assert f"The model {found['brier']:.3f} Climatology {found['baselines']['climatology']:.3f}" in text
    assert f"{found['binary']['nearer']['trend']} of 30" in text
    assert re.search(r"\d % fell within the middle half", text)
    assert "not told of fewer" not in text


def test_nothing_that_has_come_out_has_no_score(first, asked):
    found = ledger.score(first, asked, known_by=date(2020, 7, 2))
    assert (found["brier"], found["binary"]["resolved"], found["sampled"]["half"]) == (None, 0, 0)
    text = " ".join(score_text(found, 80).split())
    assert "0 of 10 questions have come out" in text
    assert "Counts and levels" not in text


@pytest.mark.parametrize("change", ["probability", "as_of", "previous", "settings"])
def test_a_forecast_that_was_changed_is_refused(first, asked, change):
    told = json.loads(json.dumps(first))
    if change == "probability":
        entry = next(q for q in told["questions"] if "probability" in q)
        entry["probability"] = min(entry["probability"] + 1e-6, 1.0)
    else:
        told[change] = {"as_of": "2020-06-30", "previous": "0" * 64, "settings": {}}[change]
    with pytest.raises(UsageError, match="was changed after it was made"):
        ledger.score(told, asked)


def test_answers_are_counted_within_the_central_half_and_nine_tenths_of_a_forecast(asked):
    entry = {"quantiles": {"0.05": 0.0, "0.25": 2.0, "0.5": 4.0, "0.75": 6.0, "0.95": 8.0}}
    inside = {y: ledger._scored(question(asked, "raids"), entry, y) for y in (-1.0, 1.0, 4.0, 7.0, 9.0)}
    assert [v["inside_half"] for v in inside.values()] == [0, 0, 1, 0, 0]
    assert [v["inside_nine_tenths"] for v in inside.values()] == [0, 1, 1, 1, 0]


@pytest.mark.parametrize(("day", "message"), [
    (date(2035, 1, 1), "2035-01-01 lies after the end of `border`, 2022-01-01."),
    (date(2021, 12, 1), "`border` ends on 2022-01-01: no horizon of the questions fits after 2021-12-01."),
])  # fmt: skip
def test_a_forecast_that_the_model_does_not_reach_is_refused_before_anything_runs(
    folder, asked, day, message, monkeypatch
):
    monkeypatch.setattr(ledger, "calibrate", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises(UsageError, match=message.replace(".", "[.]")):
        ledger.forecast(load(folder / "border.yaml"), asked, day, particles=10, chains=1)


@pytest.mark.parametrize(("by", "months", "day"), [
    (date(2020, 8, 31), 6, date(2021, 2, 28)), (date(2019, 8, 29), 6, date(2020, 2, 29)),
    (date(2020, 1, 31), 1, date(2020, 2, 29)), (date(2020, 12, 31), 12, date(2021, 12, 31)),
])  # fmt: skip
def test_months_end_where_a_month_does(by, months, day):
    assert months_after(by, months) == day


def test_a_forecast_is_not_scored_for_what_it_was_not_asked(first, asked):
    """Who moves a threshold after the event would have any forecast come true."""

    def moved(q):
        return replace(q, above=50.0) if q.above is not None else q

    changed = replace(asked, questions=tuple(moved(q) for q in asked.questions))
    assert changed.questions != asked.questions
    with pytest.raises(UsageError, match=r"was made for `above: .*, and the list says `above: 50[.]0`"):
        ledger.score(first, changed)
    grown = replace(asked, questions=(*asked.questions, replace(asked.questions[0], name="another")))
    assert ledger.score(first, grown)["brier"] == ledger.score(first, asked)["brier"]


@pytest.mark.parametrize(("change", "message"), [
    (lambda t: t.pop("model"), "it has no `model`"),
    (lambda t: t.update(as_of="soon"), "one of its questions is not whole"),
    (lambda t: t["questions"][0].pop("baselines"), "one of its questions is not whole"),
    (lambda t: t["questions"][0].update(probability="much"), "one of its questions is not whole"),
    (lambda t: t["questions"].append(3), "one of its questions is not whole"),
])  # fmt: skip
def test_a_forecast_with_its_hash_made_anew_must_still_be_whole(first, change, message):
    told = json.loads(json.dumps(first))
    assert "probability" in told["questions"][0]
    change(told)
    told["hash"] = ledger.hash_of(told)
    with pytest.raises(UsageError, match=message):
        ledger.check_hash(told, "it")


@pytest.mark.parametrize("text", ["no", "[" * 100_000, '{"a": 1}', ""])
def test_what_is_no_forecast_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UsageError, match="is not a forecast of offramp"):
        ledger.read(tmp_path / "x.json")


def test_nothing_is_chained_to_a_forecast_that_was_changed(first, folder, asked):
    forged = {**first, "as_of": "2020-06-30"}
    with pytest.raises(UsageError, match="the previous forecast was changed"):
        ledger.forecast(load(folder / "border.yaml"), asked, date(2021, 1, 1), particles=20, chains=1,
                        previous=forged)  # fmt: skip


def test_forecasts_are_chained(first, folder, asked):
    again = ledger.forecast(
        load(folder / "border.yaml"), asked, date(2021, 1, 1), particles=20, chains=1, previous=first
    )
    assert again["previous"] == first["hash"]
    assert again["hash"] != first["hash"]


def test_the_commands_of_the_ledger(folder, monkeypatch):
    monkeypatch.chdir(folder)
    small = ["--particles", "20", "--chains", "1", "--questions", "asked.yaml"]
    made = call("forecast", "border.yaml", "--as-of", "2020-07-01", *small)
    assert made.exit_code == 0, made.stderr
    assert "border-forecast-2020-07-01.json" in made.stdout
    told = json.loads((folder / "border-forecast-2020-07-01.json").read_text())["questions"]
    lines = [line.split() for line in made.stdout.splitlines()]
    assert ["3", "6"] in lines, "horizons are columns"
    for q in told:
        if "probability" in q:  # each chance stands in the row of its question
            (row,) = (line for line in made.stdout.splitlines() if line.strip().startswith(q["title"] + "  "))
            assert percent(q["probability"]).replace(NBSP, " ") in row
    scored = call("score", "border-forecast-2020-07-01.json", "--questions", "asked.yaml").stdout
    for shown in (made.stdout, scored):
        begins = [line.strip() for line in shown.splitlines()]
        for title in {q["title"] for q in told if "probability" in q}:
            assert sum(line.startswith(title + "  ") for line in begins) == 1, "a title stands once"
    amount = next(q for q in told if "probability" not in q)
    assert sum(line.strip().startswith(amount["title"]) for line in made.stdout.splitlines()) == 1
    twice = call("forecast", "border.yaml", "--as-of", "2020-07-01", *small)
    assert (twice.exit_code, "is not overwritten" in twice.stderr) == (2, True)
    scored = call("score", "border-forecast-2020-07-01.json", "--questions", "asked.yaml", "--format", "json")
    assert json.loads(scored.stdout)["resolved"] == 10
    text = (folder / "border-forecast-2020-07-01.json").read_text()
    (folder / "forged.json").write_text(text.replace('"as_of": "2020-07-01"', '"as_of": "2020-06-01"'))
    forged = call("score", "forged.json", "--questions", "asked.yaml")
    assert (forged.exit_code, "was changed after it was made" in forged.stderr) == (2, True)


def test_the_command_calibrate_says_what_moves_and_saves_what_arviz_reads(folder, monkeypatch):
    monkeypatch.chdir(folder)
    asked = (
        "calibrate",
        "border.yaml",
        "--until",
        "2021-01-15",
        "--against",
        "2021-12-31",
        "--particles",
        "40",
    )
    found = call(*asked, "--out", "kept.nc", "--format", "json", "--resume", "done.npz", "--picture", "p.svg",
                 "--trace", "t.svg", "--fit", "f.svg")  # fmt: skip
    assert found.exit_code == 0, found.stderr
    assert "population 1" in (folder / "t.svg").read_text()
    assert "unseen" in (folder / "f.svg").read_text()
    told = json.loads(found.stdout)
    assert "growth" in told["moved"]
    assert told["parameters"]["growth"]["posterior"]["sd"] < told["parameters"]["growth"]["prior"]["sd"]
    assert told["held_back"]["stocks"]["points"] == 3, "readings of April, July, October"
    assert "after" in (folder / "p.svg").read_text()
    text = call(*asked, "--resume", "done.npz").stdout
    assert "What the data move most" in text
    assert "2 populations from scratch" in text
    lone = call(*asked[:4], "--particles", "20", "--chains", "1", "--trace", "nowhere/t.svg")
    assert (lone.exit_code, "there is no folder nowhere" in lone.stderr) == (2, True)
    import arviz_base
    import xarray

    with xarray.open_datatree("kept.nc", engine="h5netcdf") as kept:
        assert (
            arviz_base.extract(kept, var_names="growth", num_samples=50, random_seed=1).sizes["sample"] == 50
        )
        shown, observed = kept["posterior_predictive"]["stocks"], kept["observed_data"]["stocks"]
        assert shown.dims[:2] == ("chain", "draw")
        assert shown.shape[-1] == observed.shape[-1]
        way = kept["trace"]
        assert way["mean"].dims == ("chain", "day", "purpose")
        assert str(way["day"].values[-1])[:10] == told["trace"]["days"][-1] == told["until"]


def test_rules_without_a_model_are_named_for_any_crisis(tested):
    """No dyad, and no data on other crises, unless a list says that its base rates come from some."""
    told = tested.as_dict()
    for q in told["by_question"]:
        q["best_without_model"] = "crisis_data"
    text = " ".join([backtest_text(told, tested.model, 80), *baselines.TITLES.values()])
    assert not re.search(r"dyad|crisis|crises", text)
    assert "Base rates of the list" in " ".join(text.split())


def test_the_command_backtest_prints_its_verdict(folder, monkeypatch):
    monkeypatch.chdir(folder)
    asked = ("backtest", "border.yaml", "--questions", "asked.yaml", "--particles", "20", "--chains", "1")
    found = call(*asked, "--picture", "r.svg")
    assert found.exit_code == 0, found.stderr
    assert "the best rule without a model" in found.stdout
    assert "Base rates: 1 of 5 questions have one; the climatology answers" in found.stdout
    assert "Left out" not in found.stdout
    assert "itself before any evidence: skill" in " ".join(found.stdout.split())
    assert (folder / "r.svg").exists()


WIDE = {
    "calibrate": ("calibrate", "border.yaml", "--until", "2021-01-15", "--against", "2021-12-31"),
    "backtest": ("backtest", "border.yaml", "--questions", "asked.yaml"),
    "forecast": ("forecast", "border.yaml", "--as-of", "2020-07-01", "--questions", "asked.yaml"),
    "score": ("score", "wide.json", "--questions", "asked.yaml"),
}


def widest(text):
    return max(map(columns_of, text.splitlines()))


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("command", WIDE)
def test_what_is_printed_fits_the_terminal(folder, first, monkeypatch, tmp_path, command, columns):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", str(columns))
    (folder / "wide.json").write_text(json.dumps(first))
    small = () if command == "score" else ("--particles", "20", "--chains", "2")
    out = ("--out", str(tmp_path / "written.json")) if command == "forecast" else ()
    told = call(*WIDE[command], *small, *out)
    assert told.exit_code == 0, told.stderr
    assert widest(told.stdout) <= columns
    if command == "forecast":
        whole = json.loads((tmp_path / "written.json").read_text())["hash"]
        assert whole in told.stdout.replace("\n  ", "" if columns < 66 else "\n  ")


@pytest.mark.parametrize("columns", [60, 80])
def test_a_backtest_of_large_numbers_and_long_titles_fits_the_terminal(tested, columns):
    """Skill of minus hundreds of percent, thousands of answers, the longest names."""
    told = json.loads(json.dumps(tested.as_dict()))
    long = "Shipments of heavy water through the strait in the months of the embargo"
    skill = {"brier_skill": -9.87, "low": -2345.0, "high": -8.76}
    for whole in (told["skill"], *told["skill_by_topic"].values(), *told["skill_by"].values()):
        whole["questions"] = 123_456
        for one in whole.values():
            if isinstance(one, dict):
                one.update(skill)
    told["skill_by_topic"] = {long: told["skill_by_topic"]["raids"]}
    for one in told["by_question"]:
        one.update(title=long, unit="million*barrel/day", asked=123_456, skill=-9.87, said=123_456_789.0)
        one["best_without_model"] = "climatology"
    for one in told["coverage"].values():
        one.update(points=123_456, half=0.99996)
    text = backtest_text(told, tested.model, columns)
    assert widest(text) <= columns
    assert text.count("-987 % (far below to -876)") == 2 * (1 + len(told["skill_by"]))


def test_an_interrupted_calibration_says_what_is_kept(folder, monkeypatch):
    """With --resume the work done is not lost, and the last line says where it is."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.chdir(folder)
    monkeypatch.setattr("offramp.truth.calibration.calibrate", interrupted)
    kept = call("calibrate", "border.yaml", "--resume", "done.npz")
    assert (kept.exit_code, kept.stderr.splitlines()[-1]) == (
        130,
        "Interrupted. What was finished is kept in the file of --resume.",
    )
    lost = call("calibrate", "border.yaml")
    assert lost.stderr.splitlines()[-1] == "Interrupted. Nothing was written."


def test_levels_are_written_out():
    """A dollar rate has commas and no exponent, what is below 0 a true minus sign."""
    from offramp.questions.forecast.tell import _level

    assert (_level(117_700.4), _level(-0.01506), _level(0.0)) == ("117,700", "−0.01506", "0")


def test_a_backtest_that_cannot_be_scored_says_so_before_it_runs(folder, monkeypatch):
    """Scores come last, after minutes; the library that they need is asked for first."""
    monkeypatch.chdir(folder)
    monkeypatch.setitem(sys.modules, "scoringrules", None)
    monkeypatch.setattr("offramp.truth.backtest.calibrate_at", lambda *_, **__: pytest.fail("it ran"))
    refused = call("backtest", "border.yaml", "--questions", "asked.yaml")
    assert refused.exit_code == 2
    assert "pip install 'offramp[truth]'" in refused.stderr


def test_what_cannot_be_asked_is_said_plainly(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(folder)
    assert (
        "there is no list of questions `iran`"
        in call("score", "x.json", "--questions", "iran").stderr
        + call("backtest", "border.yaml", "--questions", "iran").stderr
    )
    wrong = call("calibrate", "border.yaml", "--until", "soon")
    assert (wrong.exit_code, "dates are year-month-day" in wrong.stderr) == (2, True)
    (folder / "strange.yaml").write_text(QUESTIONS.replace("happens: raid", "happens: rain"))
    refused = call("backtest", "border.yaml", "--questions", "strange.yaml")
    assert (refused.exit_code, "`border` has no event, action or rung `rain`" in refused.stderr) == (3, True)
    assert "Did you mean `raid`?" in refused.stderr
