"""What a record reads of runs, point by point, and how answers become skill: small cases by hand."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest

import offramp as ofr
from offramp.engine.outputs import Status
from offramp.model import DAYS_PER_MONTH, Row
from offramp.runs.simulate import engine_for
from offramp.truth import scores
from offramp.truth.baselines import BASELINES
from offramp.truth.calibration import Sampling
from offramp.truth.evidence import Record
from offramp.truth.predictions import Prediction
from offramp.truth.questions import ForecastQuestion
from offramp.truth.sampler import Sampler
from offramp.truth.skill import EVERYBODY, OTHERS, Blocks, _best_of_each, by_question, crps_skill
from offramp.truth.worlds import Worlds

HEADER = "series,date,until,known,value,unit,source,note\n"
MODEL = """
model: {name: port, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables:
  x: {initial: "normal(10, 2)", change: 1 / month}
parameters:
  pace: {unit: 1/month, value: "uniform(0.2, 0.6)"}
events:
  raid: {rate: pace}
  vote:
    on: 2020-03-10
    branches: {yes: {probability: 0.1}, no: {probability: 0.1}, open: {probability: 0.8}}
outcomes:
  end: {rate: 0.05 / month, absorbing: true}
evidence:
  raids: {observes: raid, data: port.csv, series: raid, error: poisson, stray: 0.1}
  votes: {observes: vote, data: port.csv, series: vote, error: poisson, stray: 0.1}
  xs: {observes: x, data: port.csv, series: x, error: normal, sd: 1.5, lasting: 0.8, lasts: 5 * month}
"""
ROWS = [
    "raid,2020-02-03,,2020-05-20,1,,s,",
    "raid,2020-02-20,,2020-02-21,2,,s,",
    "vote,2020-03-10,,2020-03-11,1,,s,",
    "x,2020-02-01,,2020-02-15,12,,s,",
    "x,2020-03-01,,2020-03-15,15,,s,",
    "x,2020-05-01,,2020-05-15,11,,s,",
    "x,2020-06-01,2020-06-30,2020-07-09,14,,s,",
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("port")
    (folder / "port.csv").write_text(HEADER + "\n".join(ROWS) + "\n")
    (folder / "port.yaml").write_text(MODEL)
    return ofr.load(folder / "port.yaml")


def played(record, count=200):
    worlds = Worlds(record.model)
    sampler = Sampler(worlds, engine_for(record.model))
    begun = sampler.begin(count)
    begun.lineage[:] = np.arange(count)[:, None]
    return sampler.play(begun.z, begun.lineage, record.steps)


def points(record, name):
    return [p for p in record.points if p.evidence.name == name]


def test_a_month_is_counted_when_it_is_over_and_all_its_rows_are_known(model):
    record = Record(model, date(2020, 7, 15))
    months = {p.steps[0]: p for p in points(record, "raids")}
    february, march = months[1], months[2]
    assert (february.value, february.steps) == (3.0, (1, 2))
    assert february.day == date(2020, 2, 29)
    assert february.known == date(2020, 5, 20), "when the last of its rows was known"
    assert (march.value, march.known) == (0.0, date(2020, 4, 1)), "that nothing came is known when it is over"
    # Before that row was known the month had two.
    early = {p.steps[0]: p for p in points(Record(model, date(2020, 4, 1)), "raids")}
    assert (early[1].value, early[1].known) == (2.0, date(2020, 3, 1))


def test_a_vote_happens_once_whichever_way_it_goes(model):
    record = Record(model, date(2020, 7, 15))
    outputs = played(record)
    going = record.possible(outputs)
    assert set(outputs.event[going, 2, 1]) == {1, 2, 3}, "positions of the branches drawn"
    (march,) = (i for i, p in enumerate(record.points) if p.evidence.name == "votes" and p.steps[0] == 2)
    assert record.points[march].value == 1.0
    assert (record.simulated(outputs)[going, march] == 1.0).all()


def test_what_ends_in_the_month_that_is_under_way_may_still_be(model):
    """The crisis is known to have gone on until the day, 14 of 31 days into July."""
    record = Record(model, date(2020, 7, 15))
    outputs = played(record, 400)
    step = outputs.outcome[:, 0]
    fine = outputs.status == Status.OK
    assert {0, 5} <= set(step), "some end early, some in the last whole month"
    later = (step < 0) | (step > 6) | ((step == 6) & (outputs.outcome_part[:, 0] > 14 / 31))
    np.testing.assert_array_equal(record.possible(outputs), fine & later)


def test_errors_are_carried_on_from_all_reports_as_the_normal_distribution_says(model):
    """Conditional mean and variance of one Gaussian given three others, by the textbook."""
    record = Record(model, date(2020, 6, 1))
    outputs = played(record, 5)
    some = points(record, "xs")
    later = date(2020, 9, 1)
    days = np.array([p.day.toordinal() for p in some] + [later.toordinal()]) / DAYS_PER_MONTH
    r = 0.8 * np.exp(-np.abs(days[:, None] - days) / 5.0) + 0.2 * np.eye(4)
    x = record.simulated(outputs)[:, [record.points.index(p) for p in some]]
    off = (np.array([12.0, 15.0, 11.0]) - x) / 1.5
    mean, sd = record.carried(some[0].evidence, later, outputs)
    inverse = np.linalg.inv(r[:3, :3])
    np.testing.assert_allclose(mean, off @ inverse @ r[:3, 3])
    assert sd == pytest.approx(math.sqrt(1 - r[3, :3] @ inverse @ r[:3, 3]))


def test_a_mean_over_a_month_and_a_reading_on_the_last_day_are_read_where_they_lie(model):
    june = points(Record(model, date(2020, 7, 15)), "xs")[-1]
    assert (june.day, dict(june.weights)) == (
        date(2020, 6, 30),
        {5: pytest.approx(0.5), 6: pytest.approx(0.5)},
    )
    record = Record(model, date(2020, 3, 15))
    assert dict(points(record, "xs")[-1].weights) == {2: 1.0}
    whole = Record(model, date(2021, 1, 1))
    assert whole._weights(date(2021, 1, 1), date(2021, 1, 1)) == ((12, 1.0),)


def test_a_question_reads_a_period_at_its_middle():
    def row(day, until, value):
        return Row(day, until, (until or day) + timedelta(10), value)

    may = row(date(2020, 5, 1), date(2020, 5, 31), 5.0)
    july = row(date(2020, 7, 16), None, 7.0)
    asked = ForecastQuestion("level", "Level", "level", ("x",), "s", "t", rows=(may, july))
    assert asked.reading(date(2020, 5, 16)) == 5.0
    assert asked.reading(date(2020, 6, 15)) == pytest.approx(5.0 + 2.0 * 30 / 61, abs=0.05)


def answered(question, origin, answer, **predicted):
    by = {who: np.array(predicted.get(who, predicted["model"])) for who in EVERYBODY}
    return Prediction(question, origin, 1, origin + timedelta(31), answer, by)


YES = ForecastQuestion("yes", "Yes?", "happens", ("e",), "s", "t")
SO = ForecastQuestion("so", "So?", "happens", ("f",), "s", "t")
KILOS = ForecastQuestion("kilos", "Kilos", "level", ("x",), "s", "t")
TONNES = ForecastQuestion("tonnes", "Tonnes", "level", ("y",), "s", "t")
DAY = date(2020, 1, 1)


def test_the_best_rule_for_each_question_is_chosen_over_all_its_answers():
    one, other, *more = BASELINES
    rest = {who: [0.99] for who in more}
    some = [
        answered(YES, DAY, 0.0, model=[0.5], **rest, **{one: [0.1], other: [0.3]}),
        answered(YES, DAY, 0.0, model=[0.5], **rest, **{one: [0.4], other: [0.3]}),
        answered(SO, DAY, 0.0, model=[0.5], **rest, **{one: [0.6], other: [0.2]}),
    ]
    # On the first question 0.01 + 0.16 beats 0.09 + 0.09, though not each time.
    assert _best_of_each(some) == pytest.approx([0.01, 0.16, 0.04])


def test_kilograms_and_tonnes_weigh_alike_however_often_each_was_asked():

    def asked(question, scale, n, seed):
        draws = np.random.default_rng(seed)
        return [
            answered(
                question, DAY + timedelta(31 * i), scale * draws.normal(),
                **{who: scale * draws.normal(0, 1 + k, 40) for k, who in enumerate(EVERYBODY)},
            )
            for i in range(n)
        ]  # fmt: skip

    place = {DAY + timedelta(31 * i): i for i in range(9)}
    small = asked(KILOS, 1.0, 9, 1) + asked(TONNES, 1.0, 3, 2)
    large = asked(KILOS, 1000.0, 9, 1) + asked(TONNES, 1.0, 3, 2)
    one, other = (crps_skill(some, Blocks(place))["continuous"] for some in (small, large))
    for who in OTHERS:
        assert one.each[who].crps_skill == pytest.approx(other.each[who].crps_skill)
    # By hand for one of them: scores over the mean of all who answer, question by question.
    weighed = {who: [] for who in ("model", OTHERS[0])}
    for some in (large[:9], large[9:]):
        crps = {who: np.array([scores.crps(a.by[who], a.answer) for a in some]) for who in EVERYBODY}
        scale = np.mean(list(crps.values()))
        for who, values in weighed.items():
            values.extend(crps[who] / scale)
    ours, theirs = (np.mean(values) for values in weighed.values())
    assert other.each[OTHERS[0]].crps_skill == pytest.approx(1 - ours / theirs)


def test_a_question_by_itself_says_what_was_said_of_it_and_came_on_average():
    some = [answered(YES, DAY, 1.0, model=[0.2]), answered(YES, DAY + timedelta(31), 0.0, model=[0.4])]
    some += [answered(KILOS, DAY, 5.0, model=[3.0, 5.0]), answered(KILOS, DAY, 9.0, model=[4.0, 8.0])]
    yes, kilos = by_question(some)
    assert (yes.asked, yes.happened, yes.said) == (2, 0.5, pytest.approx(0.3))
    assert (kilos.happened, kilos.said) == (7.0, 5.0)
    assert yes.score == pytest.approx((0.64 + 0.16) / 2)


def test_each_stage_of_a_calibration_says_which_share_of_its_particles_counts(model):
    found = ofr.calibrate(model, date(2020, 7, 1), Sampling(particles=40, chains=2, seed=1))
    stages = [s for chain in found.history for record in chain for s in record.stages]
    shares = np.array([s.effective for s in stages])
    assert ((shares >= 1 / 40) & (shares <= 1)).all()
    assert shares.min() < 0.99
    assert stages[-1].temperature == 1.0
