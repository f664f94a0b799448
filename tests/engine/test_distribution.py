"""Priors: all of them by what a prior is, and against SciPy."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from offramp.distribution import (
    ANY,
    likely,
    mean,
    possible,
    prior_of,
    quantile,
    standard_normal_quantile,
    support,
    values,
)
from offramp.distribution import PRIORS as RECORDS
from offramp.model import Distribution
from rendering import number
from small_models import made, outputs

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
    (("poisson", 0.02), stats.poisson(0.02)),
    (("poisson", 3.3), stats.poisson(3.3)),
    (("poisson", 411.0), stats.poisson(411)),
    (("poisson", 1e6), stats.poisson(1e6)),
    (("binomial", 1.0, 0.37), stats.binom(1, 0.37)),
    (("binomial", 10.0, 0.37), stats.binom(10, 0.37)),
    (("binomial", 5000.0, 0.9993), stats.binom(5000, 0.9993)),
    (("binomial", 1e6, 0.001), stats.binom(1_000_000, 0.001)),
]
DISCRETE = [(w, r) for w, r in PRIORS if w[0] in ("poisson", "binomial")]


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


@pytest.mark.parametrize(("written", "reference"), DISCRETE, ids=[str(w) for w, _ in DISCRETE])
def test_counts_are_exactly_those_of_scipy_far_into_the_tails(written, reference):
    np.testing.assert_array_equal(quantile(prior(written), U), reference.ppf(U))
    counts, chances = values(prior(written))
    np.testing.assert_allclose(chances, reference.pmf(counts), rtol=1e-7, atol=1e-15)
    assert chances.sum() == pytest.approx(1, abs=1e-12)


def test_a_choice_gives_each_value_with_its_chance_in_rising_order():
    weighed = Distribution("choice", (5.0, 0.2, 1.0, 0.5, 2.0, 0.3))
    grid = (np.arange(1000) + 0.5) / 1000
    found, counts = np.unique(quantile(weighed, grid), return_counts=True)
    assert found.tolist() == [1, 2, 5]
    assert counts.tolist() == [500, 300, 200]
    assert (np.diff(quantile(weighed, grid)) >= 0).all()
    assert mean(weighed) == pytest.approx(0.5 + 0.6 + 1.0)
    assert [c.tolist() for c in values(weighed)] == [[1, 2, 5], [0.5, 0.3, 0.2]]


def test_which_values_a_prior_can_give_is_known():
    assert possible(Distribution("choice", (1.0, 0.5, 5.0, 0.5)), 5.0)
    assert not possible(Distribution("choice", (1.0, 0.5, 5.0, 0.5)), 2.0)
    assert possible(Distribution("poisson", (2.0,)), 900.0), "rare, and yet"
    assert not possible(Distribution("poisson", (2.0,)), 1.5)
    assert not possible(Distribution("binomial", (3.0, 0.5)), 4.0)
    assert possible(Distribution("uniform", (0.0, 1.0)), 0.3)


@given(
    a=st.floats(0.1, 200),
    b=st.floats(0.1, 200),
    u=st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=20),
)
@example(a=11.0, b=0.109375, u=[0.9375])
@settings(max_examples=60, deadline=None)
def test_any_beta_quantile_has_that_probability_below_it(a, b, u):
    """Checked through the distribution function, which is well-behaved where the quantile is not.

    Where one step between neighbouring numbers passes more probability than the tolerance (near 1, for a
    small b), the quantile is right if the probability lies between those of its neighbours.
    """
    x = quantile(Distribution("beta", (a, b)), u)
    below = stats.beta(a, b).cdf
    assert (below(np.nextafter(x, 0)) - 1e-6 <= u).all()
    assert (below(np.nextafter(x, 1)) + 1e-6 >= u).all()


@given(u=st.lists(st.floats(1e-9, 1 - 1e-9), min_size=2, max_size=50).map(sorted))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("written", [w for w, _ in PRIORS], ids=str)
def test_quantiles_rise_and_stay_in_the_support(written, u):
    drawn = quantile(prior(written), u)
    low, high = support(prior(written))
    slack = 1e-9 if written[0] == "beta" else 0  # where the halves of its table meet
    assert (np.diff(drawn) >= -slack * (high - low if slack else 1)).all()
    assert (drawn >= low).all()
    assert (drawn <= high).all()


@pytest.mark.parametrize("act", [lambda d: quantile(d, 0.5), mean, support])
def test_an_unknown_prior_is_refused(act):
    with pytest.raises(ValueError, match="no such prior: cauchy with 2 arguments"):
        act(Distribution("cauchy", (0.0, 1.0)))


# ---------------------------------------------------------------------- whatever the record says

VALUES = (-2.0, 0.0, 0.5, 1.0, 1.5, 2.5)
EXAMPLES = [
    Distribution(name, args)
    for name, ways in RECORDS.items()
    for count, record in ways.items()
    for args in [args for args in product(VALUES, repeat=count or 4) if not record.wrong(*args)][::7]
]


def as_written(d):
    """As in a model file."""
    if d.kind != "choice":
        return f"{d.kind}({', '.join(map(number, d.args))})"
    pairs = zip(d.args[::2], d.args[1::2], strict=True)
    return f"choice({', '.join(f'{number(v)} with {number(c)}' for v, c in pairs)})"


examples = pytest.mark.parametrize("prior_", EXAMPLES, ids=lambda d: f"{d.kind}{d.args}")


def test_every_prior_has_examples():
    wanted = {(n, c or 4) for n, ways in RECORDS.items() for c in ways}
    assert {(d.kind, len(d.args)) for d in EXAMPLES} == wanted
    assert {n for n, ways in RECORDS.items() if ANY in ways} == {"choice"}


@examples
def test_quantiles_of_any_prior_rise_within_its_support(prior_):
    low, high = support(prior_)
    drawn = quantile(prior_, U)
    assert drawn.shape == U.shape
    assert (np.diff(drawn) >= -1e-9 * abs(drawn[-1] - drawn[0])).all()
    assert low <= drawn[0] < drawn[-1] <= high


@examples
def test_the_mean_of_any_prior_is_that_of_its_draws(prior_):
    """The two are written apart, so each checks the other. The ends count in steps: tails are long."""
    if (table := values(prior_)) is not None:
        # A staircase: its mean is the sum over its stairs, each as wide as the cell of u that it takes.
        ends = np.concatenate([[0.0], np.cumsum(table[1])])
        middles = quantile(prior_, (ends[:-1] + ends[1:]) / 2)
        assert mean(prior_) == pytest.approx(float(middles @ table[1]), rel=1e-9, abs=1e-12)
        return

    def tail(k: float) -> float:
        """Of quantile(u) du, both ends together, with u = 10 ** -k."""
        u = 10.0**-k
        return math.log(10) * u * float(quantile(prior_, u) + quantile(prior_, 1 - u))

    middle, _ = integrate.quad(tail, math.log10(2), 15, limit=400)
    low, high = support(prior_)
    width = high - low if math.isfinite(high - low) else 0.0
    assert mean(prior_) == pytest.approx(middle, rel=2e-5, abs=1e-7 * width + 1e-9)


@examples
def test_a_draw_of_any_prior_leaves_the_likely_range_at_most_3_times_in_1000(prior_):
    low, high = likely(prior_)
    assert support(prior_)[0] <= low < high <= support(prior_)[1]
    assert math.isfinite(high - low)
    assert quantile(prior_, 0.0015) >= low - 1e-3 * (high - low)
    assert quantile(prior_, 0.9985) <= high + 1e-3 * (high - low)
    inside = (quantile(prior_, np.linspace(0.0005, 0.9995, 1000)) >= low).mean()
    assert inside >= 0.997


@examples
def test_a_prior_is_the_same_in_another_unit(prior_):
    """In tonnes all arguments that are amounts are a thousandth, and so is the draw."""
    record = prior_of(prior_)
    if len(record.plain) == len(prior_.args):
        assert support(prior_) == (0.0, 1.0) or values(prior_) is not None  # a share or a count, whatever of
        return
    arguments = record.arguments if record.name != "choice" else ("value", "chance") * (len(prior_.args) // 2)
    pairs = zip(prior_.args, arguments, strict=True)
    in_tonnes = Distribution(
        prior_.kind, tuple(a if n in (*record.plain, "chance") else a / 1000 for a, n in pairs)
    )
    np.testing.assert_allclose(quantile(in_tonnes, U), quantile(prior_, U) / 1000, rtol=1e-9, atol=1e-12)


def test_every_prior_that_is_found_sound_can_be_drawn_by_both_engines():
    """Written as in a model file, read, drawn and run: the stock starts where the quantile says."""
    lines = [f"  v{i}: {{initial: '{as_written(d)}'}}" for i, d in enumerate(EXAMPLES)]
    model = made("variables:\n" + "\n".join(lines))
    assert [replace(v.initial, text="") for v in model.variables] == EXAMPLES
    fast, slow = (outputs(model, engine, scenarios=20).state[:, 0] for engine in ("compiled", "oracle"))
    np.testing.assert_array_equal(fast, slow)
    low, high = np.transpose([support(d) for d in EXAMPLES])
    assert ((fast >= low) & (fast <= high)).all()


@pytest.mark.parametrize("name", RECORDS)
def test_a_prior_that_no_number_could_be_drawn_from_is_refused(name):
    for count, record in RECORDS[name].items():
        count = count or 4
        assert record.wrong(*[0.0] * count), "no width"
        assert record.wrong(*[-1.0 * i for i in range(count)]), "ends the wrong way round"
