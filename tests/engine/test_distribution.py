"""Priors against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from offramp.distribution import mean, quantile, standard_normal_quantile, support
from offramp.model import Distribution

U = np.concatenate(
    [[2.0**-53, 1e-12, 1e-6, 1e-3], np.linspace(0.005, 0.995, 397), [0.999, 1 - 1e-6, 1 - 1e-12]]
)

PRIORS = [
    (("normal", 40.0, 5.0), stats.norm(40, 5)),
    (("normal", 40.0, 5.0, 30.0, 42.0), stats.truncnorm(-2, 0.4, 40, 5)),
    (("normal", 0.0, 1.0, 4.0, 5.0), stats.truncnorm(4, 5)),
    (("normal", 0.0, 1.0, -9.0, -8.0), stats.truncnorm(-9, -8)),
    (("lognormal", 3.0, 0.4), stats.lognorm(0.4, scale=3)),
    (("uniform", -2.0, 3.0), stats.uniform(-2, 5)),
    (("triangular", 1.0, 2.0, 6.0), stats.triang(0.2, 1, 5)),
    (("triangular", 1.0, 1.0, 6.0), stats.triang(0, 1, 5)),
    (("triangular", 1.0, 6.0, 6.0), stats.triang(1, 1, 5)),
    (("beta", 2.0, 5.0), stats.beta(2, 5)),
    (("beta", 0.5, 0.5), stats.beta(0.5, 0.5)),
    (("beta", 1.0, 1.0), stats.beta(1, 1)),
    (("beta", 300.0, 20.0), stats.beta(300, 20)),
    (("beta", 0.2, 4.0), stats.beta(0.2, 4)),
    (("beta", 2.0, 3.0, -10.0, 10.0), stats.beta(2, 3, -10, 20)),
]


def prior(written):
    return Distribution(written[0], tuple(written[1:]))


@pytest.mark.parametrize(("written", "reference"), PRIORS, ids=[str(w) for w, _ in PRIORS])
def test_quantiles_agree_with_scipy(written, reference):
    expected = reference.ppf(U)
    width = reference.ppf(0.999) - reference.ppf(0.001)
    np.testing.assert_allclose(quantile(prior(written), U), expected, rtol=1e-9, atol=1e-7 * width)


@pytest.mark.parametrize(("written", "reference"), PRIORS, ids=[str(w) for w, _ in PRIORS])
def test_means_agree_with_scipy(written, reference):
    assert mean(prior(written)) == pytest.approx(reference.mean(), rel=1e-6)


@pytest.mark.parametrize(("written", "reference"), PRIORS, ids=[str(w) for w, _ in PRIORS])
def test_the_support_is_where_scipy_has_it(written, reference):
    assert support(prior(written)) == pytest.approx(reference.support())


def test_the_normal_quantile_is_good_to_rounding_far_into_the_tails():
    u = np.concatenate(
        [10.0 ** -np.arange(1, 16), 1 - 10.0 ** -np.arange(1, 16), np.linspace(0.01, 0.99, 99)]
    )
    np.testing.assert_allclose(standard_normal_quantile(u), stats.norm.ppf(u), rtol=2e-14, atol=1e-15)


@given(
    a=st.floats(0.1, 200),
    b=st.floats(0.1, 200),
    u=st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_any_beta_quantile_has_that_probability_below_it(a, b, u):
    """Checked through the distribution function, which is well-behaved where the quantile is not."""
    x = quantile(Distribution("beta", (a, b)), u)
    np.testing.assert_allclose(stats.beta(a, b).cdf(x), u, atol=1e-6)


@given(u=st.lists(st.floats(1e-9, 1 - 1e-9), min_size=2, max_size=50).map(sorted))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("written", [w for w, _ in PRIORS], ids=str)
def test_quantiles_rise_and_stay_in_the_support(written, u):
    values = quantile(prior(written), u)
    low, high = support(prior(written))
    slack = 1e-9 if written[0] == "beta" else 0  # where the halves of its table meet
    assert (np.diff(values) >= -slack * (high - low if slack else 1)).all()
    assert (values >= low).all()
    assert (values <= high).all()


def test_the_mean_is_that_of_the_draws():
    """The two are written apart, so each checks the other."""
    for distribution in (prior(written) for written, _ in PRIORS):
        total, _ = integrate.quad(lambda u, d=distribution: float(quantile(d, u)), 0, 1, limit=200)
        assert mean(distribution) == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("act", [lambda d: quantile(d, 0.5), mean, support])
def test_an_unknown_prior_is_refused(act):
    with pytest.raises(ValueError, match="no such prior: cauchy with 2 arguments"):
        act(Distribution("cauchy", (0.0, 1.0)))
