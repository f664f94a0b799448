"""Counts that are known, learnt from as closed forms say, however long the series."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy import special, stats

from offramp import load
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from offramp.truth.calibration import Sampling, calibrate, calibrate_at, futures
from offramp.truth.evidence import Record
from offramp.truth.knowing import knowledge

STRIKES = """
model: {name: strikes, title: Strikes, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables: {x: {initial: 0, headline: true}}
parameters: {q: {value: 0}}
actors:
  red:
    types: {hard: {parameters: {q: "log(4)"}}, soft: {parameters: {q: "-log(4)"}}}
    true_type: {hard: 0.3, soft: rest}
    actions: {wait: {}, strike: {propensity: q, effects: {x: 1}}}
evidence:
  strikes: {observes: red/strike, data: t.csv, series: s, %s, from: 2020-01-01, until: 2020-07-01}
"""
RAIDS = """
model: {name: raids, title: Raids, illustrative: true}
horizon: {start: 2020-01-01, step: %s, steps: %d}
variables: {x: {initial: 0, headline: true}}
parameters: {r: {unit: 1/month, value: "uniform(0, %d)"}}
events: {raid: {rate: r, %s effects: {x: 1}}}
evidence: {e: {observes: raid, data: t.csv, series: s, %s, from: 2020-01-01, until: %s}}
"""
SAMPLING = Sampling(particles=400, chains=2, seed=1)
JULY = date(2020, 7, 1)


@pytest.fixture
def made(tmp_path):
    def of(text, rows):
        lines = [f"s,{day},,{day + timedelta(1)},{n}" for day, n in rows]
        (tmp_path / "t.csv").write_text("\n".join(["series,date,until,known,value", *lines]) + "\n")
        (tmp_path / "m.yaml").write_text(text)
        return load(tmp_path / "m.yaml")

    return of


def monthly(*counts):
    return [(date(2020, 1 + k, 10), n) for k, n in enumerate(counts)]


def raids(error, step="month", steps=12, most=9, until=JULY, once=""):
    return RAIDS % (step, steps, most, once, error, until)


def test_three_public_strikes_in_six_months_leave_the_odds_as_they_were(made):
    """Hard 0.8 a month and soft 0.2 alike make that history with the chance 0.8**3 * 0.2**3."""
    model = made(STRIKES % "error: exact", [*monthly(1), (date(2020, 3, 10), 1), (date(2020, 4, 10), 1)])
    found = calibrate(model, date(2020, 8, 1), Sampling(particles=600, chains=4, seed=1))
    hard = np.mean(futures(found, 1).inputs.true_type[:, 0] == 0)
    assert hard == pytest.approx(0.3, abs=0.04)
    assert np.exp(found.log_evidence).mean() == pytest.approx(0.8**3 * 0.2**3, rel=0.05)


def test_strikes_of_which_half_are_listed_are_weighed_as_that(made):
    model = made(STRIKES % "error: binomial, listed: 0.5", [*monthly(1, 1, 1)])
    found = calibrate(model, date(2020, 8, 1), Sampling(particles=600, chains=4, seed=2))
    weights = [prior * (p / 2) ** 3 * (1 - p / 2) ** 3 for prior, p in ((0.3, 0.8), (0.7, 0.2))]
    assert np.mean(futures(found, 1).inputs.true_type[:, 0] == 0) == pytest.approx(
        weights[0] / sum(weights), abs=0.05
    )
    assert np.exp(found.log_evidence).mean() == pytest.approx(sum(weights), rel=0.1)


@pytest.mark.parametrize(("error", "listed"), [("error: exact", 1), ("error: binomial, listed: 0.4", 0.4)])
def test_two_raids_in_each_of_six_months_have_a_gamma_posterior(made, error, listed):
    """Gamma(13, 6): mean 2.17, sd 0.60; where 0.4 of all are listed Gamma(13, 2.4), cut at the end."""
    found = calibrate(made(raids(error), monthly(*[2] * 6)), date(2020, 8, 1), SAMPLING)
    grid = np.linspace(0.005, 8.995, 900)
    weight = stats.gamma.pdf(grid, 13, scale=1 / (6 * listed))
    mean = np.average(grid, weights=weight)
    sd = np.sqrt(np.average((grid - mean) ** 2, weights=weight))
    r = found.parameters()["r"]
    assert (r.mean(), r.std()) == (pytest.approx(mean, abs=0.08), pytest.approx(sd, rel=0.12))
    log = (
        np.log(weight.mean() * 9 / 9)
        + special.gammaln(13)
        - 13 * np.log(6 * listed)
        + 12 * np.log(listed)
        - 6 * np.log(2)
    )
    assert found.log_evidence.mean() == pytest.approx(log, abs=0.1)
    came = futures(found, 6).event[:, :6, 0]
    if listed == 1:
        assert (came == 2).all(), "and each future has them in its past"
        assert (futures(found, 6).state[:, 6, 0] == 12).all()
    else:
        assert (came >= 2).all()
        assert came.mean() == pytest.approx(2 + 0.6 * mean, rel=0.06)


def test_two_years_of_nine_a_week_are_learnt_from_as_well(made):
    """104 counts, of which luck alone would hit all once in 10**90 runs: Gamma(937, 23.9 months)."""
    rng, start = np.random.default_rng(1), date(2020, 1, 6)
    rows = [(start + timedelta(7 * k), int(rng.poisson(9))) for k in range(104)]
    text = raids("error: exact", "week", 110, 90, date(2022, 1, 3)).replace("2020-01-01", "2020-01-06")
    model = made(text, rows)
    record = Record(model, date(2022, 1, 3))
    months = 104 * model.step_length
    found = calibrate_at(model, [date(2020, 7, 6), date(2021, 1, 4), record.until], SAMPLING)[
        -1
    ].parameters()["r"]
    total = sum(p.value for p in record.points if p.evidence.counts)
    assert (found.mean(), found.std()) == (
        pytest.approx((total + 1) / months, rel=0.015), pytest.approx(np.sqrt(total + 1) / months, rel=0.2),
    )  # fmt: skip


def test_what_comes_at_most_once_in_a_step_is_known_too(made):
    """Come in two of six months: the likelihood is (1 - exp(-r))**2 * exp(-4 r)."""
    found = calibrate(made(raids("error: exact", once="once: true,"), monthly(1, 0, 0, 1)), JULY, SAMPLING)
    grid = np.linspace(0.005, 8.995, 900)
    weight = (1 - np.exp(-grid)) ** 2 * np.exp(-4 * grid)
    assert found.parameters()["r"].mean() == pytest.approx(np.average(grid, weights=weight), abs=0.05)


def test_a_correction_of_what_was_known_is_learnt_from(made, tmp_path):
    """Two in January, in April corrected to five: at first Gamma(3, 1), in the end Gamma(6, 6)."""
    model = made(raids("error: exact"), monthly(2))
    with (tmp_path / "t.csv").open("a") as table:
        table.write("s,2020-01-10,,2020-04-20,5\n")
    model = load(tmp_path / "m.yaml")
    first, last = calibrate_at(model, [date(2020, 2, 1), JULY], SAMPLING)
    for found, shape, months in ((first, 3, 1), (last, 6, 6)):
        law = stats.gamma(shape, scale=1 / months)
        mean = law.expect(lambda r: r, ub=9, conditional=True)
        assert found.parameters()["r"].mean() == pytest.approx(mean, rel=0.08)


def test_questions_that_go_on_from_a_calibration_have_its_past(made):
    """`--given`: every run has the raids that are known, whatever luck it meets afterwards."""
    model = made(raids("error: exact"), monthly(3, 0, 4, 1, 2, 2))
    found = knowledge(model, given=calibrate(model, JULY, SAMPLING))
    inputs = Design(model, ["baseline"], 50, seed=3, knowledge=found).inputs("baseline")
    runs = engine_for(model).run(inputs)
    assert (runs.event[:, :6, 0] == [3, 0, 4, 1, 2, 2]).all()
    assert len(np.unique(runs.event[:, 6:, 0], axis=0)) > 25
