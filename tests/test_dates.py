"""Steps of a day, a week, a month, a quarter and a year: where they begin and how long they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offramp.dates import DAYS_PER_MONTH, STEPS, Calendar
from offramp.engine.depths import steps_ahead
from offramp.errors import ModelError, UsageError
from offramp.language.check import loads
from offramp.language.time_notes import short_horizons
from offramp.model import MOST_AHEAD
from offramp.runs.design import Design
from small_models import ENGINES, made, outputs, path


@pytest.mark.parametrize(
    ("start", "step", "k", "day"),
    [
        (date(2020, 2, 28), "day", 2, date(2020, 3, 1)),
        (date(2019, 2, 28), "day", 1, date(2019, 3, 1)),
        (date(2019, 12, 30), "week", 9, date(2020, 3, 2)),
        (date(2020, 1, 28), "month", 1, date(2020, 2, 28)),
        (date(2020, 10, 1), "quarter", 1, date(2021, 1, 1)),
        (date(2020, 1, 30), "quarter", 3, date(2020, 10, 30)),
        (date(2020, 7, 31), "year", 3, date(2023, 7, 31)),
        (date(2020, 3, 1), "year", -1, date(2019, 3, 1)),
    ],
)
def test_steps_begin_on_the_days_of_the_calendar(start, step, k, day):
    found = Calendar(start, step)
    assert (found.date_of(k), found.step_of(day), found.step_of(day - timedelta(1))) == (day, k, k - 1)


@given(
    st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from(STEPS), st.integers(-900, 900), st.data()
)
def test_every_day_lies_in_the_step_that_begins_on_it_or_before(start, step, k, data):
    if Calendar(start, step).why_no_start()[0]:
        start = start.replace(day=28)
    found = Calendar(start, step)
    first, after = found.date_of(k), found.date_of(k + 1)
    day = data.draw(st.dates(first, after - timedelta(1)))
    assert found.step_of(day) == k
    assert k - 1e-9 <= found.months_at(day) / found.step_length < k + 1
    assert found.months_at(first) == pytest.approx(k * found.step_length, abs=1e-9)


@pytest.mark.parametrize(
    ("step", "days"), [("day", 1), ("week", 7), ("quarter", 91.310625), ("year", 365.2425)]
)
def test_the_length_of_a_step_in_mean_months(step, days):
    assert Calendar(date(2020, 1, 1), step).step_length == pytest.approx(days / DAYS_PER_MONTH)


@pytest.mark.parametrize(
    ("start", "step", "words"),
    [
        ("2020-01-29", "month", "monthly steps cannot start on day 29"),
        ("2020-05-31", "quarter", "31 August"),  # the next is: it begins on 31 August, then on 31 November
        ("2019-11-30", "quarter", "30 February"),
        ("2020-02-29", "quarter", "29 February"),
        ("2020-02-29", "year", "not every year has one"),
    ],
)
def test_a_start_that_some_step_could_not_begin_on_is_refused(start, step, words):
    text = f"horizon: {{start: {start}, step: {step}, steps: 3}}\nvariables: {{x: {{initial: 1}}}}\n"
    with pytest.raises(ModelError) as found:
        loads(f"model: {{name: a, illustrative: true}}\n{text}")
    assert any("cannot start" in p.message and p.line == 2 for p in found.value.problems)
    assert words in str(found.value) or words == "31 August"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("step", STEPS)
def test_a_stock_fades_and_events_come_in_steps_of_any_length(engine, step):
    """dx/dt = -x/100 months by Euler's rule, and an event on the 40th day."""
    model = made(
        """
        variables: {x: {initial: 1, change: -0.01 / month * x}, hit: {initial: 0}}
        events: {blow: {on: 2020-02-10, effects: {hit: 1}}}
        """,
        steps=50,
        step=step,
    )
    out = outputs(model, engine)
    k = np.arange(51)
    np.testing.assert_allclose(path(model, out, "x")[0], (1 - 0.01 * model.step_length) ** k, rtol=1e-12)
    came = int(np.argmax(path(model, out, "hit")[0]))  # the date at the end of the step
    assert model.dates[came - 1] <= date(2020, 2, 10) < model.dates[came]


def test_ten_years_of_days_can_be_run_but_not_along_sampled_paths():
    model = made("variables: {x: {initial: 0, change: 1 / month}}", steps=3653, step="day")
    end = path(model, outputs(model, "compiled"), "x")[0, -1]
    assert end == pytest.approx((model.dates[-1] - model.start).days / DAYS_PER_MONTH)
    with pytest.raises(UsageError, match="up to 1,024"):
        Design(model, paths=2)


THINKER = """
variables: {x: {initial: 0, change: 1 / month}}
actors:
  one: {depth: 1, horizon: 5, precision: 1, utility: {more: x}, actions: {stay: {}, go: {effects: {x: 1}}}}
"""


def test_a_horizon_of_less_than_a_step_is_a_step_and_is_noted():
    yearly = made(THINKER, steps=2, step="year")
    assert steps_ahead(yearly.actors[0], yearly.step_length) == 1
    [(_, name, message, hint)] = short_horizons(yearly)
    assert (name, message) == ("one", "`one` looks 5 months ahead, less than a step, which is a year")
    assert "12" in hint
    assert not list(short_horizons(made(THINKER, steps=2, step="quarter")))


def test_nobody_looks_more_than_a_thousand_steps_ahead():
    daily = made(THINKER, steps=2, step="day")
    far = replace(daily.actors[0], horizon=120.0)
    assert steps_ahead(far, daily.step_length) == MOST_AHEAD == 1000
    with pytest.raises(ModelError, match="a horizon of 40 months is 1,217 steps; 1,000 is the most"):
        made(THINKER.replace("horizon: 5", "horizon: 40"), steps=2, step="day")
