"""Tables as they come: rows that are corrected, times of which a table says nothing, counts of a period."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from offramp import load, load_questions
from offramp.model import latest
from offramp.truth import baselines
from offramp.truth.calibration import Sampling, calibrate
from offramp.truth.evidence import Record, known_by

MODEL = """
model: {name: m, title: Tables, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 36}
variables: {x: {initial: 110, noise: 0.5, headline: true}}
parameters: {r: {unit: 1/month, value: "uniform(0, 9)"}}
events: {raid: {rate: r, effects: {x: 0}}}
evidence:
  e: {observes: raid, data: t.csv, series: early, error: poisson, %s}
  l: {observes: x, data: t.csv, series: x, error: normal, sd: 1}
"""
QUESTIONS = """
origins: {from: 2020-07-01, until: 2021-01-01, months: 6}
horizons: [1, 6]
questions:
  raids: {title: Raids, of: {count: raid}, seen: {data: t.csv, series: %s}}
  any: {title: A raid, of: {happens: raid}, seen: {data: t.csv, series: %s}}
  level: {title: x, of: {level: x}, seen: {data: t.csv, series: x}}
"""
HALF_YEAR = "stray: 0, from: 2020-01-01, until: 2020-07-01"


def revised():
    """Two a month, corrected to three a fortnight later; a level that is always corrected from 100 to 110."""
    months = [date(2020 + k // 12, k % 12 + 1, 1) for k in range(16)]
    for day in months[:6]:
        tenth = day.replace(day=10)
        yield f"early,{tenth},,{day.replace(day=11)},2"
        yield f"early,{tenth},,{day.replace(day=25)},3"
    yield from (
        "raids,2021-01-10,,2021-01-11,1",
        "raids,2021-01-10,,2021-03-11,0",  # withdrawn
        "raids,2021-01-20,,2021-01-21,2",
        "raids,2021-01-20,,2021-02-21,5",
        "raids,2022-07-20,,2022-08-21,0",
    )
    for day in months:
        yield f"x,{day},,{day.replace(day=6)},100"
        yield f"x,{day},,{day.replace(day=21)},110"


@pytest.fixture
def made(tmp_path):
    def of(rows, evidence=HALF_YEAR, series="raids", columns="series,date,until,known,value\n"):
        (tmp_path / "t.csv").write_text(columns + "\n".join(rows) + "\n")
        (tmp_path / "m.yaml").write_text(MODEL % evidence)
        (tmp_path / "q.yaml").write_text(QUESTIONS.replace("%s", series))
        return load(tmp_path / "m.yaml"), load_questions(str(tmp_path / "q.yaml"))

    return of


def answers(questions, name, origin, *horizons):
    question = next(q for q in questions.questions if q.name == name)
    return [question.answer(origin, horizon) for horizon in horizons]


def test_a_corrected_count_is_what_was_last_known_by_then_and_no_sum(made):
    model, questions = made(revised())
    at = {day: [p.value for p in Record(model, day).points if p.evidence.name == "e"] for day in DAYS}
    assert at[DAYS[0]] == [3, 2], "the correction of February was not known yet"
    assert at[DAYS[1]] == [3] * 6
    assert answers(questions, "raids", date(2021, 1, 1), date(2021, 2, 1)) == [5]
    raids = questions.questions[0]
    assert sum(r.value for r in raids.known_by(date(2021, 1, 31))) == 3, "as first published"


DAYS = (date(2020, 2, 20), date(2020, 12, 31))


def test_the_posterior_of_a_rate_is_that_of_corrected_counts(made):
    """Poisson around what happened, which is Poisson around the rate: on a grid, for three a month."""
    model, _ = made(revised())
    found = calibrate(model, date(2020, 12, 31), Sampling(particles=300, chains=2, seed=1)).parameters()["r"]
    rate, x = np.linspace(0.01, 9, 900), np.arange(1, 60)
    log_factorial = np.cumsum(np.log(np.arange(1, 60)))
    happened = np.exp(x * np.log(rate)[:, None] - rate[:, None] - log_factorial)
    published = np.exp(3 * np.log(x) - x - np.log(6))
    weight = (happened @ published) ** 6
    mean = (rate * weight).sum() / weight.sum()
    assert mean == pytest.approx(3.57, abs=0.03)
    assert found.mean() == pytest.approx(mean, abs=0.2)


def test_what_is_only_corrected_does_not_move(made):
    """Persistence and trend of a level that is 110 after each correction: 110 without a spread."""
    _, questions = made(revised())
    level = questions.questions[2]
    for baseline in (baselines.persistence, baselines.trend, baselines.climatology):
        found = baseline(level, date(2020, 1, 1), date(2021, 1, 1), 1.0)
        assert (found.min(), found.max()) == (110, 110)


def test_rows_with_an_id_are_corrected_in_their_day_too(made):
    columns = "series,date,until,known,value,id\n"
    rows = [
        "early,2020-02-28,,2020-03-01,1,7",
        "early,2020-03-02,,2020-03-20,1,7",
        "x,2020-02-01,,2020-02-01,110,",
    ]
    model, _ = made(rows, series="early", columns=columns)
    assert [r.day for r in known_by(model.evidence[0], date(2020, 3, 10))] == [date(2020, 2, 28)]
    assert [r.day for r in known_by(model.evidence[0], date(2020, 4, 10))] == [date(2020, 3, 2)]
    assert latest(model.evidence[0].rows) == model.evidence[0].rows[1:]


def test_before_a_table_begins_a_question_is_open_and_nothing_is_counted(made):
    rows = [
        "early,2021-06-10,,2021-06-11,1",
        "early,2021-07-10,,2021-07-11,2",
        "x,2021-06-01,,2021-06-02,110",
    ]
    model, questions = made(rows, "stray: 0, until: 2022-01-01", "early")
    for name in ("any", "raids"):
        assert answers(questions, name, date(2020, 7, 1), date(2020, 8, 1), date(2021, 1, 1)) == [None, None]
    assert answers(questions, "any", date(2021, 6, 1), date(2021, 7, 1)) == [1]
    first = min(p.window.first for p in Record(model, date(2022, 1, 1)).points if p.evidence.name == "e")
    assert first == date(2021, 6, 1)
    model, questions = made(rows, HALF_YEAR, "early, from: 2020-01-01")
    assert answers(questions, "any", date(2020, 7, 1), date(2020, 8, 1), date(2021, 1, 1)) == [0, 0]
    assert answers(questions, "raids", date(2020, 7, 1), date(2020, 8, 1)) == [0]
    assert [p.value for p in Record(model, date(2021, 1, 1)).points if p.evidence.name == "e"] == [0] * 6


def test_after_the_last_thing_known_nothing_is_counted_unless_the_file_says_so(made):
    rows = [
        "early,2020-01-01,,2020-01-02,1",
        "early,2020-03-31,,2020-03-31,2",
        "x,2020-02-01,,2020-02-02,110",
    ]
    for said, end in (("stray: 0", date(2020, 3, 31)), ("stray: 0, until: 2020-08-01", date(2020, 7, 31))):
        points = Record(made(rows, said, "early")[0], date(2020, 9, 1)).points
        assert max(p.window.last for p in points if p.evidence.counts) == end


def test_a_count_of_a_period_does_not_say_how_many_came_in_a_part_of_it(made):
    rows = [
        "early,2020-01-01,2020-06-30,2020-07-15,12", "early,2020-07-01,2020-12-31,2021-01-15,18",
        "early,2021-01-01,2021-06-30,2021-07-15,0", "x,2020-01-01,,2020-01-01,110",
    ]  # fmt: skip
    _, questions = made(rows, series="early")
    july = date(2020, 7, 1)
    assert answers(questions, "raids", july, date(2020, 8, 1), date(2021, 1, 1)) == [None, 18]
    assert answers(questions, "any", july, date(2020, 8, 1), date(2021, 1, 1)) == [None, 1]
    assert answers(questions, "raids", date(2021, 1, 1), date(2021, 2, 1), date(2021, 7, 1)) == [0, 0]


def test_a_count_of_a_period_is_held_against_the_count_of_that_period(made):
    """Twelve in half a year and six in the quarter after: one posterior, whatever months they fell in."""
    rows = [
        "early,2020-01-01,2020-06-30,2020-07-15,12", "early,2020-07-01,2020-09-30,2020-10-05,6",
        "x,2020-01-01,,2020-01-01,110",
    ]  # fmt: skip
    model, _ = made(rows, "stray: 0, from: 2020-01-01, until: 2021-01-01", "early")
    points = [p for p in Record(model, date(2021, 1, 1)).points if p.evidence.counts]
    assert [(p.value, p.window.first, p.window.last) for p in points[:2]] == [
        (12, date(2020, 1, 1), date(2020, 6, 30)), (6, date(2020, 7, 1), date(2020, 9, 30)),
    ]  # fmt: skip
    assert [p.value for p in points[2:]] == [0, 0, 0], "October to December: none"
    assert [p.lines for p in points] == [(2,), (3,), (), (), ()]
