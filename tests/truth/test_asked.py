"""Questions as forecasting tournaments ask them, by closed forms: of hazards, and of a stock that grows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import exp, log

import numpy as np
import pytest

from offramp import load, load_questions
from offramp.dates import DAYS_PER_MONTH
from offramp.errors import ModelError, UsageError
from offramp.questions.score.ask import score
from offramp.truth import ledger, scores
from offramp.truth.backtest import backtest
from offramp.truth.calibration import Sampling
from offramp.truth.horizons import Horizon, read_horizon
from offramp.truth.questions import bin_names
from offramp.truth.rules import said

START, ASKED = date(2020, 1, 1), date(2020, 7, 16)
WORLDS = 800
# x grows by 2 a month from 10; A and B come at 0.8 and 0.4 a month, and nothing hangs on anything.
MODEL = """
model: {name: m, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 14}
variables: {x: {initial: 10, change: 2 / month}}
parameters: {idle: {value: "uniform(0, 1)"}}
events:
  a: {rate: 0.8 / month}
  b: {rate: 0.4 / month}
  vote: {on: 2020-08-15, branches: {aye: {probability: 0.6}, nay: {probability: rest}}}
outcomes: {war: {rate: 0.0001 / month, absorbing: true}, peace: {otherwise: true}}
evidence:
  xs: {observes: x, data: t.csv, series: x, error: normal, sd: 0.02}
"""
ROWS = [f"x,2020-{m:02}-01,,2020-{m:02}-01,{8 + 2 * m},\n" for m in range(1, 13)]
ROWS += ["x,2021-01-01,,2021-01-01,34,\n"]
ROWS += ["a,2020-07-10,,2020-07-10,1,\n", "a,2020-07-20,,2020-07-20,1,\n", "a,2020-08-02,,2020-08-02,2,\n"]
ROWS += [
    "b,2020-07-18,,2020-07-18,1,\n",
    "aye,2020-08-15,,2020-08-15,1,\n",
    "war,2020-01-01,,2020-01-01,0,\n",
]
SEEN = "seen: {data: t.csv, series: %s, until: 2021-02-01}"
LIST = f"""
model: m
origins: {{from: 2020-07-16, until: 2020-07-16}}
horizons: [1 week, 10 days, 1]
questions:
  a: {{of: {{happens: a}}, {SEEN % "a"}}}
  b: {{of: {{happens: b}}, {SEEN % "b"}}}
  war: {{of: {{ends: war}}, seen: {{data: t.csv, series: war, holds: true, until: 2021-02-01}}}}
  aye: {{of: {{happens: vote/aye}}, {SEEN % "aye"}, closes: [2020-08-31, 2020-08-14]}}
  held: {{of: {{happens: vote}}, {SEEN % "aye"}, closes: 2020-08-15}}
  both: {{all_of: [a, b]}}
  either: {{any_of: [a, b]}}
  first: {{first_of: [a, b, war]}}
  a_given_b: {{of: {{happens: a}}, {SEEN % "a"}, given: b}}
  a_unless_b: {{of: {{happens: a}}, {SEEN % "a"}, void_if: b}}
  two: {{of: {{count: a, above: 1}}, {SEEN % "a"}}}
  two_given_a: {{of: {{count: a, above: 1}}, {SEEN % "a"}, given: a}}
  more: {{of: {{count: a, above: {{than: before}}}}, {SEEN % "a"}}}
  number: {{of: {{count: a, bins: [1, 3]}}, {SEEN % "a"}}}
  up: {{of: {{level: x, above: {{than: asking}}}}, {SEEN % "x"}}}
  steep: {{of: {{level: x, above: {{than: asking, plus: 1}}}}, {SEEN % "x"}}}
  tenth: {{of: {{level: x, above: {{than: asking, times: 1.08}}}}, {SEEN % "x"}}}
  average: {{of: {{level: x, above: {{than: mean, over: 3 months, plus: 4.2}}}}, {SEEN % "x"}}}
  peak: {{of: {{reaches: x, at_least: {{than: highest, over: 6 months, plus: 2}}}}, {SEEN % "x"}}}
  where: {{of: {{level: x, bins: [23.4, 23.8, 30]}}, {SEEN % "x"}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    (folder / "m.yaml").write_text(MODEL)
    (folder / "t.csv").write_text("series,date,until,known,value,unit\n" + "".join(ROWS))
    (folder / "q.yaml").write_text(LIST)
    return folder


@pytest.fixture(scope="module")
def listed(folder):
    return load_questions(str(folder / "q.yaml"))


@pytest.fixture(scope="module")
def forecast(folder, listed):
    sampling = Sampling(particles=WORLDS // 2, chains=2, seed=2)
    return ledger.forecast(load(folder / "m.yaml"), listed, ASKED, sampling)


def entries(forecast, name):
    return [q for q in forecast.questions if q.name == name]


def near(p):
    """Within three and a half deviations of 800 worlds, whose futures share the month that is under way."""
    return pytest.approx(p, abs=3.5 * (max(p * (1 - p), 1e-3) / WORLDS) ** 0.5)


DAYS = [date(2020, 7, 23), date(2020, 7, 26), date(2020, 8, 16)]
LENGTHS = [7 / 31, 10 / 31, 16 / 31 + 15 / 31]


def test_horizons_are_days_weeks_and_months(forecast):
    found = entries(forecast, "a")
    assert [q.resolves for q in found] == DAYS
    assert [q.months for q in found] == [
        pytest.approx(7 / DAYS_PER_MONTH),
        pytest.approx(10 / DAYS_PER_MONTH),
        1,
    ]
    assert isinstance(found[2].months, int)
    for q, t in zip(found, LENGTHS, strict=True):
        assert q.probability == near(1 - exp(-0.8 * t))


def test_a_question_that_closes_is_asked_up_to_its_days(forecast):
    early, late = entries(forecast, "aye")
    assert (early.resolves, late.resolves) == (date(2020, 8, 14), date(2020, 8, 31))
    assert early.probability == near(0)
    assert late.probability == near(0.6)
    (held,) = entries(forecast, "held")
    assert held.probability == near(1)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_joint_and_conditional_chances_are_those_of_independent_hazards(forecast, k):
    a, b = 1 - exp(-0.8 * LENGTHS[k]), 1 - exp(-0.4 * LENGTHS[k])
    chance = {name: entries(forecast, name)[k].probability for name in ("both", "either", "a_unless_b")}
    assert chance["both"] == near(a * b)
    assert chance["either"] == near(1 - (1 - a) * (1 - b))
    assert chance["a_unless_b"] == near(a)
    few = entries(forecast, "a_given_b")[k].probability
    assert few == pytest.approx(a, abs=3.5 * (a * (1 - a) / (WORLDS * b)) ** 0.5)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_a_condition_that_matters_does(forecast, k):
    """Two or more of a Poisson number, given one or more."""
    mean = 0.8 * LENGTHS[k]
    two, any_ = 1 - exp(-mean) * (1 + mean), 1 - exp(-mean)
    assert entries(forecast, "two")[k].probability == near(two)
    given = entries(forecast, "two_given_a")[k].probability
    assert given == pytest.approx(two / any_, abs=3.5 * (0.25 / (WORLDS * any_)) ** 0.5)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_what_comes_first_is_as_likely_as_its_share_of_all_rates(forecast, k):
    q = entries(forecast, "first")[k]
    comes = 1 - exp(-1.2 * LENGTHS[k])
    assert list(q.probabilities) == ["a", "b", "war", "none"]
    assert q.probabilities["a"] == near(comes * 2 / 3)
    assert q.probabilities["b"] == near(comes / 3)
    assert q.probabilities["none"] == near(1 - comes)
    assert sum(q.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert not q.ordered


def test_bins_hold_what_falls_in_them(forecast):
    number = entries(forecast, "number")[2]
    mean = 0.8 * LENGTHS[2]
    none, few = exp(-mean), exp(-mean) * (mean + mean**2 / 2)
    assert list(number.probabilities) == ["0", "1 to 2", "3 or more"]
    assert list(number.probabilities.values()) == [near(none), near(few), near(1 - none - few)]
    # x is 22 + 2 · 22/31 = 23.42 on 23 July, 23.61 on the 26th, 24.97 on 16 August.
    likely = [max(q.probabilities, key=q.probabilities.get) for q in entries(forecast, "where")]
    assert likely == ["23.4 to 23.8", "23.4 to 23.8", "23.8 to 30"]
    assert entries(forecast, "where")[2].ordered
    assert bin_names([1, 2, 5], whole=True) == ["0", "1", "2 to 4", "5 or more"]
    assert bin_names([-1, 2.5]) == ["below -1", "-1 to 2.5", "2.5 or more"]


def test_thresholds_may_be_relative_to_what_is_known_when_asked(forecast, listed):
    """On 16 July x is 22.97; it grows by 0.45, 0.65 and 2.0; a mean of 20 since 16 April, the highest 22."""
    said = {
        q: [e.probability for e in entries(forecast, q)] for q in ("up", "steep", "tenth", "average", "peak")
    }
    assert said["up"] == [near(1)] * 3
    assert said["steep"] == [near(0), near(0), near(1)]
    assert said["tenth"] == [near(0), near(0), near(1)]  # 24.8
    assert said["average"] == [near(0), near(0), near(1)]  # 24.2
    assert said["peak"] == [near(0), near(0), near(1)]  # 24
    came = {
        q.name: [q.answer(ASKED, day) for day in DAYS]
        for q in listed.questions
        if q.relative and q.form != "count"
    }
    assert came == {
        "up": [1, 1, 1],
        "steep": [0, 0, 1],
        "tenth": [0, 0, 1],
        "average": [0, 0, 1],
        "peak": [0, 0, 1],
    }


def test_counts_are_compared_with_the_time_just_as_long_before(forecast, listed):
    """One raid in the month before, and one in the week: more than one is two or more."""
    more = next(q for q in listed.questions if q.name == "more")
    mean = 0.8 * LENGTHS[2]
    assert entries(forecast, "more")[2].probability == near(1 - exp(-mean) * (1 + mean))
    assert [more.answer(ASKED, day) for day in DAYS] == [0, 0, 1]  # 1 to 1, 1 to 1, 3 to 1
    assert more.answer(date(2020, 7, 5), date(2020, 7, 12)) == 1, "one, and none before"


def test_tables_answer_joint_questions_and_leave_void_ones_alone(listed):
    by = {q.name: q for q in listed.questions}
    week, month = (ASKED, DAYS[0]), (ASKED, DAYS[2])
    assert [by[n].answer(*month) for n in ("both", "either", "first", "number", "where")] == [1, 1, 1, 2, 2]
    assert by["first"].options[1] == "b", "on the 18th, before A on the 20th"
    later = (date(2020, 7, 18), DAYS[2])
    assert by["first"].answer(*later) == 0
    assert by["both"].answer(*later) == 0
    assert by["first"].answer(date(2020, 9, 1), date(2020, 10, 1)) == 3, "none"
    assert by["a_given_b"].answer(*week) == 1
    assert by["a_given_b"].answer(*later) is None
    assert by["a_given_b"].is_void(*later)
    assert not by["a_given_b"].is_void(*week)
    assert by["a_unless_b"].is_void(*week)
    assert by["a_unless_b"].answer(*later) == 1
    # Beyond the table nothing is void: it is open.
    beyond = (date(2021, 1, 20), date(2021, 3, 1))
    for name in ("a_given_b", "both", "first"):
        assert by[name].answer(*beyond) is None, name
        assert not by[name].is_void(*beyond), name
    early = by["average"].at_asking(date(2020, 1, 1), date(2020, 2, 1))
    assert early is not None
    assert early.above == pytest.approx(14.2)
    assert by["average"].is_void(date(2019, 12, 1), date(2020, 1, 1)), "there is no mean to be above"


def test_what_came_first_is_open_while_another_table_ends_before(listed):
    first = next(q for q in listed.questions if q.name == "first")
    a, b, war = first.parts
    cut = replace(first, parts=(a, replace(b, covered=date(2020, 7, 17)), war))
    assert cut.answer(date(2020, 7, 18), DAYS[2]) is None, "B may have come on the 19th"
    assert (
        replace(first, parts=(a, replace(b, covered=date(2020, 7, 25)), war)).answer(
            date(2020, 7, 18), DAYS[2]
        )
        == 0
    )


def test_rules_without_a_model_answer_as_if_all_were_independent(listed):
    by = {q.name: q for q in listed.questions}

    def rule(name):
        return said("climatology", by[name], START, ASKED, 1, DAYS[2])

    a, b = rule("a")[0], rule("b")[0]
    assert rule("both")[0] == pytest.approx(a * b)
    assert rule("either")[0] == pytest.approx(1 - (1 - a) * (1 - b))
    assert rule("a_given_b")[0] == a
    rates = [-log(1 - rule(n)[0]) for n in ("a", "b", "war")]
    assert rule("first")[0] == pytest.approx(rates[0] / sum(rates) * (1 - exp(-sum(rates))))
    assert rule("first").sum() == pytest.approx(1)
    assert rule("number").sum() == pytest.approx(1)
    assert rule("number")[0] == pytest.approx(1 - a, abs=0.01)
    flat = said("persistence", replace(by["up"], rows=by["up"].rows[:1]), START, ASKED, 1, DAYS[2])
    assert flat[0] == pytest.approx(0.5, abs=0.01), "as likely up as down"


def test_scores_of_choices_are_those_of_the_textbook():
    """Ranked probability by hand: (0.2 - 0)² + (0.7 - 1)²; Brier over all: 0.2² + 0.5² + 0.3²."""
    p = np.array([[0.2, 0.5, 0.3]])
    one = np.array([1])
    assert scores.rps(p, one)[0] == pytest.approx(0.2**2 + 0.3**2)
    assert scores.rps(p, np.array([2]))[0] == pytest.approx(0.2**2 + 0.7**2)
    assert scores.brier_of_choice(p, one)[0] == pytest.approx(0.2**2 + 0.5**2 + 0.3**2)
    assert scores.log_of_choice(p, one)[0] == pytest.approx(log(2))
    two = np.array([[0.3, 0.7]])
    assert scores.brier_of_choice(two, one)[0] == pytest.approx(
        2 * scores.brier(np.array([0.7]), np.array([1.0]))[0]
    )


def test_a_forecast_of_all_forms_is_kept_and_scored(forecast, listed, tmp_path):
    path = tmp_path / "f.json"
    ledger.write(forecast, path)
    assert ledger.read(path) == forecast
    found = score(forecast, listed)
    by = {(q.name, q.resolves): q for q in found.questions}
    assert by["first", DAYS[2]].answer == "b"
    assert by["where", DAYS[2]].answer == "23.8 to 30"
    assert by["where", DAYS[2]].score < 0.01 < by["where", DAYS[2]].baselines_score["climatology"]
    assert by["a_unless_b", DAYS[0]].void
    assert by["a_unless_b", DAYS[0]].answer is by["a_unless_b", DAYS[0]].brier is None
    assert found.void == 3
    assert score(forecast, listed, date(2020, 7, 20)).void == 0, "not yet"
    other = replace(
        listed, questions=tuple(replace(q, bins=(1, 4)) if q.bins else q for q in listed.questions)
    )
    with pytest.raises(UsageError, match="asks another question"):
        score(forecast, other)


def test_a_backtest_of_weeks_scores_every_answer_and_no_void_one(folder):
    text = LIST.replace("2020-07-16, until: 2020-07-16", "2020-07-02, until: 2020-08-20, weeks: 1")
    (folder / "weeks.yaml").write_text(text)
    few = Sampling(particles=20, chains=1)
    found = backtest(load(folder / "m.yaml"), load_questions(str(folder / "weeks.yaml")), few)
    assert len(found.origins) == 8
    assert found.left_out.answers == 0
    assert sum(q.void for q in found.questions) == found.void > 0
    assert all(q.answer is None for q in found.questions if q.void)
    closing = [q for q in found.questions if q.name == "aye"]
    # Asked on every day before: six before 14 August, eight before the 31st.
    assert [sum(q.resolves == d for q in closing) for d in (date(2020, 8, 14), date(2020, 8, 31))] == [7, 8]
    assert {"1_week", "10_days", "1_months", "closing_days"} <= found.skill_by.keys()
    assert {c.name for c in found.choices} == {"first", "number", "where"}
    where = next(c for c in found.choices if c.name == "where")
    assert where.score < 0.1 * where.best_score
    assert where.skill == pytest.approx(1 - where.score / where.best_score)
    assert sum(where.came.values()) == pytest.approx(1)
    assert {q.name for q in found.by_question}.isdisjoint({"first", "number", "where"})


# ── slips ─────────────────────────────────────────────────────────────────────────────────────────────────

SLIPS = [
    ("horizons: [1 week, 10 days, 1]", "horizons: [1 fortnight]", "a horizon is a whole number of months"),
    ("until: 2020-07-16}}", "until: 2020-07-16, weeks: 1, days: 3}}", "both `days` and `weeks`"),
    ("all_of: [a, b]", "all_of: [a]", "must be a list of two questions or more"),
    ("all_of: [a, b]", "all_of: [a, a]", "`a` is there twice"),
    ("all_of: [a, b]", "all_of: [a, bb]", "the list has no question `bb`"),
    ("all_of: [a, b]", "all_of: [a, either]", "`either` is itself made of others"),
    ("all_of: [a, b]", "all_of: [a, number]", "`number` is no yes-or-no question"),
    ("all_of: [a, b]", "all_of: [a, a_given_b]", "`a_given_b` itself hangs on another question"),
    ("all_of: [a, b]", "all_of: [a, b], any_of: [a, b]", "both `all_of` and `any_of`"),
    ("first_of: [a, b, war]", "first_of: [a, up]", "of `up` nobody can say when it comes"),
    ("given: b}", "given: a_given_b}", "`a_given_b` hangs on itself"),
    (
        "above: {than: before}",
        "above: {than: mean, over: 2 months}",
        "`mean` goes with levels, not with `count`",
    ),
    ("above: {than: asking}", "above: {than: before}", "`before` goes with `count`"),
    ("{than: mean, over: 3 months, plus: 4.2}", "{than: mean}", "`mean` needs `over` beside it"),
    ("above: {than: asking}", "above: {than: asking, over: 3}", "`over` goes with `mean`"),
    ("above: {than: asking}", "above: {than: yesterday}", "`than` must be"),
    ("above: {than: asking}", "above: {times: 2}", "has no `than`"),
    ("bins: [23.4, 23.8, 30]", "bins: [23.8, 23.4]", "edges rise, and 23.4 follows 23.8"),
    ("bins: [23.4, 23.8, 30]", "bins: 23.4", "`bins` must be a list of edges"),
    ("bins: [23.4, 23.8, 30]", "bins: [23.4, high]", "an edge must be a number"),
    ("bins: [1, 3]", "bins: [0.5, 3]", "a count is a whole number"),
    ("bins: [1, 3]", "bins: [1, 3], above: 2", "`above` and `bins` together"),
    ("closes: 2020-08-15", "closes: August", "`closes` must be a date, or a list of dates"),
    ("closes: 2020-08-15", "closes: [2020-08-15, 2020-08-15]", "it closes on 2020-08-15 twice"),
    ("closes: 2020-08-15", "closes: []", "`closes` names no day"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), SLIPS, ids=[m for _, _, m in SLIPS])
def test_a_slip_is_said_with_its_place(folder, right, wrong, message):
    right, wrong = right.replace("}}}}", "}}").replace("}}", "}"), wrong.replace("}}", "}")
    assert right in LIST
    (folder / "slip.yaml").write_text(LIST.replace(right, wrong, 1))
    with pytest.raises(ModelError) as caught:
        load_questions(str(folder / "slip.yaml"))
    assert message in str(caught.value)
    assert "slip.yaml:" in str(caught.value)


def test_a_question_whose_days_are_all_past_cannot_be_forecast(folder, listed):
    held = replace(listed, questions=tuple(q for q in listed.questions if q.name == "held"))
    with pytest.raises(UsageError, match="closes on 2020-09-01 or before"):
        ledger.forecast(load(folder / "m.yaml"), held, date(2020, 9, 1), Sampling(particles=10, chains=1))


@pytest.mark.parametrize(
    ("text", "span"),
    [("6", Horizon(6)), ("1 month", Horizon(1)), ("2 weeks", Horizon(2, "week")),
     ("10 days", Horizon(10, "day")),
     ("0", None), ("-1", None), ("1.5", None), ("121", None), ("1 decade", None), ("\u0663", None)],
)  # fmt: skip
def test_a_span_is_read_as_it_is_written(text, span):
    assert read_horizon(text) == span


def test_spans_go_by_the_calendar():
    assert Horizon(1).after(date(2020, 1, 31)) == date(2020, 2, 29)
    assert Horizon(1).before(date(2020, 3, 31)) == date(2020, 2, 29)
    assert Horizon(2, "week").after(date(2020, 2, 20)) == date(2020, 3, 5)
    assert (Horizon(1, "week").words, Horizon(10, "day").words) == ("1 week", "10 days")
