"""What evidence says of who the actors truly are, and of where stocks began."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from cli_calls import call
from offramp import load
from offramp.questions.calibrate.tell import tell
from offramp.tell.terminal import text_of
from offramp.truth.calibration import Sampling, calibrate
from offramp.truth.initial_conditions import _worth
from offramp.truth.netcdf import save
from offramp.truth.posterior import Posterior, summary

MODEL = """
model: {name: guess, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 3}
variables:
  x: {title: Stock, unit: kg, initial: "normal(0, 1)", change: push}
  y: {title: Other stock, unit: kg, initial: "normal(5, 4)", bounds: [2, 8], saturates: true}
parameters:
  push: {unit: kg/month, value: 0}
  chance: {value: "uniform(0.1, 0.5)"}
actors:
  red:
    title: Red
    types: {fierce: {title: Fierce, parameters: {push: 2}}, calm: {title: Calm, parameters: {push: 0}}}
    true_type: {fierce: chance, calm: rest}
    actions: {wait: {}}
  blue:
    types: {only: {parameters: {nothing: 1}}}
    true_type: only
    actions: {wait: {}}
evidence:
  xs: {observes: x, data: seen.csv, series: x, error: normal, sd: 1 * kg}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One report after a month: 2.5 kg, where calm is 0 on average and fierce 2, both give or take 1."""
    place = tmp_path_factory.mktemp("guess")
    rows = "series,date,until,known,value,unit,source,note\nx,2020-02-01,,2020-02-01,2.5,kg,s,\n"
    (place / "seen.csv").write_text(rows)
    text = MODEL.replace("push: {unit", "nothing: {value: 0}\n  push: {unit")
    (place / "guess.yaml").write_text(text)
    return place


@pytest.fixture(scope="module")
def found(folder):
    return calibrate(load(folder / "guess.yaml"), "2020-02-01", Sampling(particles=1000, chains=4, seed=2))


@pytest.fixture(scope="module")
def told(found):
    return summary(found)


def test_the_true_type_is_learnt_by_the_rule_of_bayes(told):
    """Chances of 0.3 on average; the report is normal about 2 or 0 with a variance of 1 + 1."""
    (red,) = told.types.values()
    fierce, calm = red.types["fierce"], red.types["calm"]
    assert fierce.prior == pytest.approx(0.3, abs=0.006)
    odds = 0.3 / 0.7 * np.exp(stats.norm(2, 2**0.5).logpdf(2.5) - stats.norm(0, 2**0.5).logpdf(2.5))
    assert fierce.posterior == pytest.approx(odds / (1 + odds), abs=0.05)
    assert fierce.low < odds / (1 + odds) < fierce.high
    assert fierce.posterior + calm.posterior == pytest.approx(1)
    assert np.mean(fierce.by_chain) == pytest.approx(fierce.posterior)
    assert 4 < red.worth <= 4000


def test_who_can_be_but_one_is_no_question(told):
    assert set(told.types) == {"red"}


def test_a_starting_value_is_learnt_as_a_parameter_is(told):
    """The mean of a half of what lies above where each type would lead; one without evidence stays."""
    odds = 0.3 / 0.7 * np.exp(1.5)
    mean = (odds * 0.5 * (2.5 - 2) + 0.5 * 2.5) / (1 + odds)
    x, y = told.initial["x"], told.initial["y"]
    assert x.posterior.mean == pytest.approx(mean, abs=0.12)
    assert (x.moved, y.moved) == (True, False)
    assert (x.unit, x.title) == ("kg", "Stock")
    assert list(told.initial) == ["x", "y"], "the most moved first"
    # A stock that saturates begins within its bounds, whatever its prior.
    assert (y.prior.p5, y.prior.p95, y.posterior.p5) == (2, 8, 2)


def test_populations_that_part_on_a_type_are_worth_few_draws():
    rng = np.random.default_rng(1)
    alike = np.zeros((4, 500, 2))
    alike[..., 0] = rng.random((4, 500)) < 0.5
    alike[..., 1] = 1 - alike[..., 0]
    apart = alike.copy()
    apart[0], apart[1] = (1, 0), (0, 1)
    assert _worth(apart, None) < 20 < 200 < _worth(alike, None)
    assert _worth(alike, 50.0) == 50, "no more than the numbers are worth"
    assert _worth(alike[:1], None) is None, "one population cannot tell"


def test_two_populations_are_worth_what_the_variance_between_them_says():
    """Shares of 2 and 6 in 10: within populations 0.16 and 0.24 a type, between them (0.4)² / 2 = 0.08."""
    fierce = np.zeros((2, 10))
    fierce[0, :2] = fierce[1, :6] = 1
    is_so = np.stack([fierce, 1 - fierce], axis=-1)
    assert _worth(is_so, None) == pytest.approx(2 * (1 + 0.2 / 0.08))


def test_a_model_without_actors_has_no_types_to_tell(folder):
    head, _, rest = MODEL.partition("actors:\n")
    (folder / "nobody.yaml").write_text(head + rest[rest.index("evidence:") :])
    found = calibrate(load(folder / "nobody.yaml"), "2020-02-01", Sampling(particles=20, chains=2))
    told = summary(found)
    assert told.types == {}
    assert "true types" not in text_of(tell(told), "again", "by", 80)
    save(found, folder / "nobody.nc", told)


def test_types_and_starting_values_are_told_and_saved(folder, found, told, monkeypatch):
    monkeypatch.chdir(folder)
    text = " ".join(text_of(tell(told), "again", "by", 80).split())
    red = told.types["red"].types["fierce"]
    assert f"Red: Fierce 30 % {100 * red.posterior:.0f} %" in text
    assert "0 of 1 uncertain parameter and 1 of 2 uncertain starting values" in text
    assert "Starting values that the data move" in text
    asked = ("calibrate", "guess.yaml", "--until", "2020-02-01", "--particles", "50")
    lone = call(*asked, "--chains", "1", "--out", "kept.nc")
    assert "One population cannot tell how far sampling is off." in " ".join(lone.stdout.split())
    assert Posterior.from_dict(json.loads(told.to_json())) == told
    import xarray

    with xarray.open_datatree("kept.nc", engine="h5netcdf") as kept:
        types = kept["posterior"]["red.type"]
        assert types.shape == (1, 50)
        assert types.attrs["flag_meanings"] == "fierce calm"
        assert set(np.unique(types)) <= {0, 1}
        assert float((kept["prior"]["red.type"] == 0).mean()) == pytest.approx(0.3, abs=0.006)
        assert kept["posterior"]["x.initial"].shape == (1, 50)
        assert "blue.type" not in kept["posterior"]
