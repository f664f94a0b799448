"""Futures that cannot be what was known: other luck is tried, others go on, and the row is named."""

from __future__ import annotations

from datetime import date

import pytest

from cli_calls import call
from offramp import OfframpError, load
from offramp.truth import sampler
from offramp.truth.calibration import Sampling, calibrate
from offramp.truth.evidence import last_day

MODEL = """
model: {name: m, title: Few fit, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables: {x: {initial: 0, headline: true}}
parameters: {r: {unit: 1/month, value: "uniform(0, %s)"}}
events: {raid: {rate: r, effects: {x: 1}}}
outcomes: {over: {rate: "%s / month", absorbing: true}, goes_on: {otherwise: true}}
evidence:
  e: {observes: raid, data: t.csv, series: s, error: exact, from: 2020-01-01, until: 2020-07-01, window: 3}
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def of(count, most=1.0, ends=0.001):
        (tmp_path / "t.csv").write_text(
            f"series,date,until,known,value\ns,2020-01-10,,2020-01-11,0\ns,2020-05-10,,2020-05-11,{count}\n"
        )
        (tmp_path / "m.yaml").write_text(MODEL % (most, ends))
        return load(tmp_path / "m.yaml")

    return of


def test_where_no_future_meets_a_row_it_is_named_with_what_they_have(made):
    model = made(9, most=0.01)
    with pytest.raises(OfframpError) as raised:
        calibrate(model, date(2020, 8, 1), Sampling(particles=20, chains=2))
    said = str(raised.value)
    assert "`e` has 9 from 2020-04-01 to 2020-06-30 (t.csv, line 3)" in said
    assert "have 0 there" in said or "have 0 to 1 there" in said


def test_where_all_had_ended_before_it_is_said_by_what(made):
    with pytest.raises(
        OfframpError, match=r"100 % had ended with `over`\. A crisis is taken to have gone on"
    ):
        calibrate(made(0, ends=50), date(2020, 8, 1), Sampling(particles=20, chains=1))


def test_one_population_of_bad_luck_does_not_end_the_others(made, monkeypatch):
    """Without other tries some populations of four worlds find no future with two raids, some do."""
    monkeypatch.setattr(sampler, "ROUNDS", 1)
    found = calibrate(made(2), date(2020, 8, 1), Sampling(particles=4, chains=8, seed=3))
    assert 0 < found.lost < 8
    assert found.chains == 8 - found.lost
    monkeypatch.undo()
    assert calibrate(made(2), date(2020, 8, 1), Sampling(particles=4, chains=8, seed=3)).lost == 0


def test_by_default_all_is_used_up_to_the_last_day_of_which_evidence_speaks(made, tmp_path):
    """Not up to the end of the horizon: nothing says that the crisis went on until then."""
    model = made(0)
    assert last_day(model) == date(2020, 7, 1)
    found = call("calibrate", "m.yaml", "--particles", "20", "--chains", "1")
    assert found.exit_code == 0
    assert "what was known by 2020-07-01" in found.stdout
    refused = (made(9, most=0.01), call("calibrate", "m.yaml", "--particles", "10", "--chains", "1"))[1]
    assert refused.exit_code == 1
    assert "(t.csv, line 3)" in refused.stderr
