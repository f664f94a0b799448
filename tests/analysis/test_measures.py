"""What is measured in a future, on courses that are laid down step by step: windows, lags and ends."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from offramp.analysis import measures
from offramp.errors import UsageError
from offramp.runs.design import Design
from offramp.runs.simulate import simulate
from small_models import made

# x is the number of months gone by. Blue arms in February, March and June; red answers in March and May.
COURSE = """
variables: {x: {initial: 0, change: 1 / month}}
actors:
  blue: {actions: {wait: {propensity: 40}, arm: {}}}
  red: {actions: {wait: {propensity: 40}, answer: {}}}
events:
  news: {on: 2020-04-01, branches: {good: {probability: 1}, bad: {probability: rest}}}
outcomes: {late: {when: x > 2.5}, over: {when: x > 6.5, absorbing: true}, open: {otherwise: true}}
policies:
  told:
    do:
      - {from: 2020-02-01, until: 2020-04-01, force: {blue: arm}}
      - {from: 2020-06-01, until: 2020-07-01, force: {blue: arm}}
      - {from: 2020-03-01, until: 2020-04-01, force: {red: answer}}
      - {from: 2020-05-01, until: 2020-06-01, force: {red: answer}}
"""
FEBRUARY, MARCH, APRIL, MAY, JUNE, JULY = (date(2020, m, 1) for m in range(2, 8))


@pytest.fixture(scope="module")
def runs():
    return simulate(Design(made(COURSE, 9), ["told"], 1))


def test_a_mean_is_that_of_the_line_over_its_window_and_a_value_that_of_its_day(runs):
    """x is months: on 2 February 1 + 1/29, on 30 April 3 + 29/30; a straight line has its mean halfway."""
    assert measures.mean_value(runs, "x", FEBRUARY, APRIL) == pytest.approx(2)
    halfway = (1 + 1 / 29 + 3 + 29 / 30) / 2
    assert measures.mean_value(runs, "x", date(2020, 2, 2), date(2020, 4, 30)) == pytest.approx(halfway)
    assert measures.mean_value(runs, "x", date(2020, 2, 10), date(2020, 2, 20)) == pytest.approx(1 + 14 / 29)
    assert measures.mean_value(runs, "x", until=MARCH) == pytest.approx(1)
    # From 1 July on it goes from 6 to 7, and stays there when the run has ended, for two months of three.
    assert measures.mean_value(runs, "x", JULY) == pytest.approx((6.5 + 7 + 7) / 3)
    assert measures.value(runs, "x", MAY) == 4
    assert measures.value(runs, "x", date(2020, 5, 31)) == pytest.approx(4 + 30 / 31)
    assert measures.value(runs, "x") == 7, "after the end its last value"


def test_acts_belong_to_windows_by_the_days_on_which_they_are_placed(runs):
    def armed(start=None, until=None):
        return float(measures.acts(runs, {"blue": ["arm"]}, start, until)[0, 0])

    assert armed() == 3
    assert armed(FEBRUARY, APRIL) == 2  # February and March
    assert armed(FEBRUARY, MARCH) == 1, "the step that begins on the last day is no part of it"
    assert armed(MARCH) == 2
    days = [date(2020, 2, d) for d in range(2, 30)]
    by_day = [armed(a, b) for a, b in pairwise([FEBRUARY, *days, MARCH])]
    assert sorted(by_day) == [0] * 28 + [1], "on one day of February"
    assert [armed(d, APRIL) for d in days] == [1 + float(sum(by_day[i:])) for i in range(1, 29)]
    assert float(measures.acts(runs, {"blue": ["arm"], "red": ["answer"]}, MARCH, APRIL)[0, 0]) == 2
    # Seven steps until x passes 6.5: then nobody chooses any more.
    assert float(measures.choices(runs, ["blue", "red"])[0, 0]) == 14
    with pytest.raises(UsageError, match="no day of these runs"):
        armed(date(2020, 2, 2), date(2020, 2, 2))


def test_an_answer_comes_in_the_steps_after_and_not_in_the_same(runs):
    def answered(within, **window):
        both = measures.answered(runs, {"blue": ["arm"]}, {"red": ["answer"]}, within, **window)
        return tuple(float(v[0, 0]) for v in both)

    # Of February, March and June: March follows on February at once, May on March in two steps.
    assert answered(1) == (1, 3)
    assert answered(2) == (2, 3)
    # Six months after June the horizon has ended: nobody can tell.
    assert answered(6) == (2, 2)
    # The window is that of the first act; the answer may lie behind it.
    assert answered(2, start=MARCH, until=APRIL) == (1, 1)
    assert answered(1, start=MARCH, until=APRIL) == (0, 1)


def test_months_until_an_outcome_are_counted_from_a_date_and_to_the_end_where_it_never_comes(runs):
    """x passes 2.5 in the third step, which ends on 1 April."""
    assert measures.months_until(runs, "late") == 3
    assert measures.months_until(runs, "late", MARCH) == 1
    assert measures.months_until(runs, "late", JUNE) == 0, "what came before counts as 0"
    never = made(COURSE.replace("x > 2.5", "x > 25"), 9)
    assert measures.months_until(simulate(Design(never, ["told"], 1)), "late", MARCH) == 7


def test_what_has_come_by_a_date_and_what_is_still_open(runs):
    assert [float(measures.came(runs, "late", d)[0, 0]) for d in (MARCH, APRIL, MAY)] == [0, 1, 1]
    late = date(2020, 8, 1)  # the seventh step ends with x at 7
    assert [float(measures.came(runs, "open", d)[0, 0]) for d in (JULY, late)] == [1, 0]
    assert measures.end_of_runs(runs) == 7


def test_an_event_is_counted_by_branch_and_window(runs):
    assert measures.events(runs, "news") == 1
    assert measures.events(runs, "news", "good", APRIL, MAY) == 1
    assert measures.events(runs, "news", "bad") == 0
    assert measures.events(runs, "news", "good", MAY) == 0
