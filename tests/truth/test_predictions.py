"""What runs predict: before any evidence, within what can be published, and at which days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from border import month, question
from offramp import Sampling, calibrate, load, load_questions
from offramp.truth import ledger
from offramp.truth.evidence import published_range
from offramp.truth.horizons import Horizon
from offramp.truth.posterior import summary
from offramp.truth.predictions import UncalibratedModel
from offramp.windows import after

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
    model = load(folder / "certain.yaml")
    prior = UncalibratedModel(model, 4000, seed=3)
    quarter = after(model.dates, model.dates[12], model.dates[15])
    rng = np.random.default_rng(1)

    def said(name):
        return prior.predicted(question(asked, name), quarter, rng)

    # Runs that ended before the origin are known to be wrong: they say nothing.
    assert said("war")[0] == pytest.approx(1 - np.exp(-0.3), abs=0.04)
    # Raids of the three months alone; war ends some of them early.
    survives = np.exp(-0.1 * np.arange(3))
    assert said("raids").mean() == pytest.approx(0.5 * survives.sum(), abs=0.07)
    # What is asked for is the number that will be published, with the error of its source.
    assert said("stock").mean() == pytest.approx(100, abs=0.25)
    assert said("stock").std() == pytest.approx(2, rel=0.08)


def test_no_level_is_forecast_that_cannot_be_published(exports):
    """Trackers err by a million barrels, and none reports fewer than none, nor a scale below empty."""
    model, listed = load(exports / "exports.yaml"), load_questions(str(exports / "asked.yaml"))
    few = Sampling(particles=20, chains=1)
    found = ledger.forecast(model, listed, date(2020, 7, 1), few)
    by_name = {q.name: q for q in found.questions}
    lows = {name: q.quantiles["0.05"] for name, q in by_name.items()}
    assert (lows["shipped"], lows["spare"]) == (0, 0)
    assert lows["balance"] < -1, "a balance may be negative, and runs of the model are"
    assert by_name["shipped"].quantiles["0.95"] > 1, "beyond it the error of the source is as large as said"
    # The same of the model before any evidence, and of what a calibrated model would have published.
    prior = UncalibratedModel(model, 200, seed=1)
    window = after(model.dates, month(7), month(10))
    assert prior.predicted(listed.questions[0], window, np.random.default_rng(1)).min() == 0
    series = summary(calibrate(model, "2020-07-01", few)).series
    assert min(series["trackers"].p5) == 0 == min(series["scales"].p5)
    assert min(series["books"].p5) < -1


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
        window = after(model.dates, month(7), month(10))
        return UncalibratedModel(model, 400, seed=1).predicted(above, window, np.random.default_rng(1))[0]

    held = said()
    monkeypatch.setattr("offramp.truth.told.published_range", lambda *_: (-np.inf, np.inf))
    assert 0.1 < held < 0.9
    assert said() == held


@pytest.mark.parametrize(("by", "months", "day"), [
    (date(2020, 8, 31), 6, date(2021, 2, 28)), (date(2019, 8, 29), 6, date(2020, 2, 29)),
    (date(2020, 1, 31), 1, date(2020, 2, 29)), (date(2020, 12, 31), 12, date(2021, 12, 31)),
])  # fmt: skip
def test_months_end_where_a_month_does(by, months, day):
    assert Horizon(months).after(by) == day
