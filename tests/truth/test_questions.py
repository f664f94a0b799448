"""Questions that events answer: by the table, and by runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from border import QUESTIONS, question, reaching
from offramp import OfframpError, load, load_questions
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from offramp.truth.fits import check_answers
from offramp.truth.questions import ForecastQuestion
from offramp.windows import after
from small_models import made


def between_dates(model, first, last):
    """The window from one date of a model to another."""
    return after(model.dates, model.dates[first], model.dates[last])


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
    assert incident.answer(date(2020, 5, 1), date(2020, 6, 1)) == 1.0
    assert incident.answer(date(2020, 6, 1), date(2020, 7, 1)) == 0.0


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
    votes = ForecastQuestion("v", "V", "count", ("vote",), "s", "t")
    assert outputs.event.max() == 3
    year = after(model.dates, model.start, model.dates[-1])
    assert votes.simulated(model, outputs, year).max() == 1.0
    assert (votes.simulated(model, outputs, year)[outputs.status == 0] <= 1).all()


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
    window = partial(between_dates, model)
    reaches, grows = replace(stock, form="reaches", at_least=4.0), replace(stock, form="grows")
    assert [reaches.simulated(model, runs, window(first, 3))[0] for first in (0, 1, 2)] == [1, 0, 0]
    assert [grows.simulated(model, runs, window(first, 5))[0] for first in (1, 2, 4)] == [0, 1, 0]


def test_an_exchange_that_climbs_to_a_rung_or_beyond_is_what_happens(asked):
    """Rungs of `brinkmanship` 0 to 3: below, on and above the one asked for, in and out of the window."""
    model = load("brinkmanship")
    (ladder,) = model.ladders
    names = [r.name for r in ladder.rungs]
    raid = replace(question(asked, "raid"), targets=(f"{ladder.name}/{names[1]}",))
    runs = SimpleNamespace(ladder_rung=np.array([[-1, 0, 1, 2], [0, 0, 0, -1], [1, 0, 0, 1]])[:, :, None])
    np.testing.assert_array_equal(raid.simulated(model, runs, between_dates(model, 0, 4)), [1, 0, 1])
    np.testing.assert_array_equal(raid.simulated(model, runs, between_dates(model, 0, 2)), [0, 0, 1])
    count = replace(raid, form="count").simulated(model, runs, between_dates(model, 0, 4))
    np.testing.assert_array_equal(count, [2, 0, 2])
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


def test_an_event_on_the_day_between_two_questions_belongs_to_the_earlier_one(asked):
    """What comes on the day of asking is known by then: a question is about the days after it."""
    raids = question(asked, "raids")  # one on 1 September
    assert raids.answer(date(2020, 8, 1), date(2020, 9, 1)) == 2.0
    assert raids.answer(date(2020, 9, 1), date(2020, 10, 1)) == 0.0
