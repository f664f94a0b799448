"""What is correlated with what is seen is learnt too: the closed form of two normals."""

from __future__ import annotations

from math import sqrt

import pytest

from offramp.language.check import load
from offramp.truth.calibration import Sampling, calibrate
from offramp.truth.posterior import learnt_parameters

MODEL = """
model: {name: two, title: Two numbers that go together, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 3}
variables: {x: {initial: a, headline: true}}
parameters:
  a: {value: "normal(0, 1)"}
  b: {value: "normal(10, 2)"}
  n: {value: "choice(0 with 0.5, 1 with rest)"}
correlations:
  ab: {of: [a, b], correlation: 0.8}
  an: {of: [a, n], correlation: 0.5}
evidence: {e: {observes: x, data: seen.csv, series: s, error: normal, sd: 1}}
"""


@pytest.fixture(scope="module")
def calibration(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    (folder / "two.yaml").write_text(MODEL)
    (folder / "seen.csv").write_text("series,date,until,known,value\ns,2020-02-01,,2020-02-02,2\n")
    return calibrate(load(folder / "two.yaml"), "2020-02-15", Sampling(particles=600, chains=2, seed=1))


def test_a_number_that_nobody_sees_moves_with_the_one_that_is_seen(calibration):
    """a | y is N(1, 1/2), so b is N(10 + 2 · 0.8 · 1, 4 · (1 - 0.64 / 2))."""
    found = learnt_parameters(calibration)
    a, b = found["a"].posterior, found["b"].posterior
    assert (a.mean, a.sd) == (pytest.approx(1, abs=0.12), pytest.approx(sqrt(0.5), abs=0.1))
    assert (b.mean, b.sd) == (pytest.approx(11.6, abs=0.25), pytest.approx(2 * sqrt(0.68), abs=0.2))
    assert found["b"].shift == pytest.approx(0.8, abs=0.12), "on the normal scale of its own prior"
    assert found["b"].moved


def test_a_discrete_number_is_learnt_through_its_quantile(calibration):
    """P(n = 1 | a) is that of 0.6 a + 0.8 e above 0; over a | y it is Φ(0.6 / sqrt(0.64 + 0.36 / 2)) = "
    "0.746."""
    values = calibration.parameters()["n"]
    assert set(values.ravel().tolist()) == {0.0, 1.0}
    assert values.mean() == pytest.approx(0.7035, abs=0.06)
