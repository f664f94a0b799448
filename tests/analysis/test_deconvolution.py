"""The share of worlds in a region, seen through luck: it holds the truth whatever worlds are like."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from offramp.analysis.deconvolution import share_within
from offramp.analysis.intervals import wilson
from offramp.analysis.worlds import between_worlds
from offramp.questions.claims.ask import claims
from offramp.runs.design import Design
from small_models import made

INF = math.inf


def seen(effects, noise, rng, lives=10):
    """Means of lives of worlds with these effects, and the variances of luck that the lives tell."""
    lived = effects[:, None] + noise * rng.standard_normal((len(effects), lives))
    return lived.mean(axis=1), lived.var(axis=1, ddof=1) / lives


NORMAL = (lambda r, n: r.standard_normal(n), 1.5, (0.5, INF), stats.norm.sf(0.5))
TWO = (lambda r, n: (r.random(n) < 0.3) * 1.0, 1.5, (0.9, INF), 0.3)
SKEWED = (lambda r, n: r.exponential(1.0, n), 2.0, (1.0, INF), math.exp(-1))
BETWEEN = (lambda r, n: r.standard_normal(n), 1.5, (-1.0, 1.0), 1 - 2 * stats.norm.sf(1))


@pytest.mark.parametrize("case", [NORMAL, TWO, SKEWED, BETWEEN], ids=["normal", "two", "skewed", "between"])
def test_the_interval_holds_the_share_whatever_worlds_are_like(case):
    """Nine times in ten at least. Means drawn in to the right spread are off for all shapes but the "
    "normal."""
    draw, noise, region, true = case
    held, drawn_in = 0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        effects = draw(rng, 300)
        means, luck = seen(effects, noise, rng)
        low, high = share_within(means, luck, *region).interval()
        held += low <= true <= high
        drawn_in += high - low < 0.75
    assert held >= 17
    assert drawn_in >= 15, "it says something"


def test_without_luck_worlds_are_counted():
    effects = np.arange(100.0)
    found = share_within(effects, np.zeros(100), 60.0, INF)
    assert found.interval() == pytest.approx([float(end) for end in wilson(40, 100, 0.9)])


def test_more_lives_narrow_it():
    widths = []
    for lives in (4, 40, 400):
        rng = np.random.default_rng(3)
        means, luck = seen(rng.standard_normal(400), 3.0, rng, lives)
        low, high = share_within(means, luck, 0.3, INF).interval()
        assert low <= stats.norm.sf(0.3) <= high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.2


def test_a_wider_interval_is_asked_for_by_a_higher_level():
    rng = np.random.default_rng(1)
    means, luck = seen(rng.standard_normal(200), 1.5, rng)
    found = share_within(means, luck, 0.0, INF)
    (low, high), (lower, higher) = found.interval(0.5), found.interval(0.99)
    assert lower < low < high < higher


def test_a_region_beyond_all_worlds_has_a_small_share_at_most():
    rng = np.random.default_rng(1)
    means, luck = seen(rng.standard_normal(300), 1.0, rng)
    low, high = share_within(means, luck, 50.0, INF).interval()
    assert low == 0
    assert high < 0.06


def test_the_effects_of_a_spread_lie_around_the_effect_of_all_futures():
    rng = np.random.default_rng(1)
    lived = rng.standard_normal((100, 10))
    spread = between_worlds(lived, 5.0)
    assert spread.means.mean() == pytest.approx(5.0)
    assert spread.luck == pytest.approx(lived.var(axis=1, ddof=1) / 10)


ALIKE = """
variables: {x: {initial: 0, headline: true}}
parameters: {k: {value: "uniform(0, 1)"}}
events: {a: {rate: 9.9 / month, effects: {x: 1}}}
outcomes: {war: {rate: 1e-9 / month * k, absorbing: true}, peace: {otherwise: true}}
claims:
  C1: {tests: [{quantity: {variable: x, at: 2021-01-01}, expect: within, limits: [118, 119.5], reason: r}]}
  C2: {tests: [{quantity: {variable: x, at: 2021-01-01}, expect: within, limits: [60, 180], reason: r}]}
"""


@pytest.mark.parametrize("seed", range(4))
def test_where_all_worlds_are_alike_all_of_them_are_never_left_out(seed):
    """Ten lives tell a mean of 118.8 to 3.4, the narrow limits are 1.5 apart: luck hides all, and it says "
    "so."""
    found = claims(Design(made(ALIKE, steps=12), scenarios=2000, seed=seed), worlds=100)
    narrow, wide = (c.as_claimed for c in found.claims)
    assert narrow.high == 1.0
    assert narrow.high - narrow.low > 0.5, "28 % alone would be luck"
    assert wide.low > 0.9
    assert wide.value == wide.high == 1.0


REAL = """
variables: {x: {initial: 0, change: 1 / month * k, noise: 0.6}}
parameters: {k: {value: "uniform(0, 1)"}}
claims:
  half: {tests: [{quantity: {variable: x, at: 2020-02-01}, expect: above, limit: 0.5, reason: r}]}
  quarter: {tests: [{quantity: {variable: x, at: 2020-02-01}, expect: above, limit: 0.755, reason: r}]}
  band: {tests: [{quantity: {variable: x, at: 2020-02-01}, expect: within, limits: [0.2, 0.493], reason: r}]}
"""


def test_where_worlds_differ_the_interval_holds_how_many_are_as_claimed():
    found = claims(Design(made(REAL), scenarios=3000, seed=1), worlds=1500)
    for claim, true in zip(found.claims, (0.5, 0.245, 0.293), strict=True):
        share = claim.as_claimed
        assert share.low <= true <= share.high, claim.id
        assert share.high - share.low < 0.65
        assert share.value == pytest.approx(true, abs=0.08)
