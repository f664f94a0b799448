"""How published counts differ from what happened, against SciPy."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

from offramp.model import Evidence
from offramp.truth import counts


def series(error, **more):
    return Evidence("e", "E", "raid", "event", "t.csv", "s", error, **more)


CASES = {
    "exact": (series("exact"), lambda y, x: float(y == x)),
    "binomial": (series("binomial", listed=0.6, stray=0.0), lambda y, x: stats.binom.pmf(y, x, 0.6)),
    "binomial with stray": (
        series("binomial", listed=0.6, stray=0.8),
        lambda y, x: sum(stats.binom.pmf(k, x, 0.6) * stats.poisson.pmf(y - k, 1.6) for k in range(y + 1)),
    ),
    "all listed, some stray": (
        series("binomial", listed=1.0, stray=0.8), lambda y, x: stats.poisson.pmf(y - x, 1.6),
    ),
    "poisson": (series("poisson", listed=0.6, stray=0.8), lambda y, x: stats.poisson.pmf(y, 0.6 * x + 1.6)),
    "negative binomial": (
        series("negative_binomial", listed=0.6, stray=0.8, dispersion=0.5),
        lambda y, x: stats.nbinom.pmf(y, 2, 2 / (2 + 0.6 * x + 1.6)),
    ),
}  # fmt: skip
MONTHS = 2.0


@pytest.mark.parametrize("case", CASES)
def test_likelihoods_are_those_of_the_textbook(case):
    evidence, pmf = CASES[case]
    happened = np.arange(12.0)
    for published in (0, 1, 5, 9):
        found = np.exp(counts.log_density(evidence, float(published), happened, MONTHS))
        assert found == pytest.approx([pmf(published, x) for x in happened], rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("case", CASES)
def test_counts_are_drawn_as_they_are_weighed(case):
    evidence, pmf = CASES[case]
    rng = np.random.default_rng(1)
    found = counts.drawn(evidence, np.full(40_000, 5.0), MONTHS, rng)
    for y in range(9):
        assert np.mean(found == y) == pytest.approx(pmf(y, 5), abs=0.012)


@pytest.mark.parametrize("error", ["poisson", "binomial", "negative_binomial", "exact"])
def test_counts_of_millions_take_no_time(error):
    """As many refugees, or as large a slip in a table."""
    evidence = series(error, listed=0.9, stray=0.0 if error == "exact" else 0.1, dispersion=0.5)
    began = time.perf_counter()
    for value in (3.5e6, 1e18):
        found = counts.log_density(evidence, value, np.array([value / 0.9, value, 0.0]), 1.0)
        assert not np.isnan(found).any()
        assert found[2] < found[1]
    assert time.perf_counter() - began < 1


def test_factorials_meet_where_they_change_their_form():
    for n in (999, 1000, 1001, 1002):
        assert counts.log_factorial(n) == pytest.approx(stats.poisson.logpmf(n, 1.0) * -1 - 1, rel=1e-12)
