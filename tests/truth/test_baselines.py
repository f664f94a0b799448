"""Forecasts without a model: what each rule says, and that none knows what came later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from border import question, reaching
from offramp.truth import baselines
from offramp.truth.baselines import poisson_quantiles


def test_forecasts_without_a_model_of_what_a_level_reaches(asked):
    """Steady growth by 4 kg a month: the trend knows what three months on will be reached, and what not."""
    start, origin = date(2020, 1, 1), date(2021, 7, 11)  # 172 kg in July

    def says(who, at_least):
        return float(baselines.BASELINES[who](reaching(asked, at_least), start, origin, 3)[0])

    assert says("trend", 175) == 0.99
    assert says("trend", 300) == 0.01
    assert says("climatology", 130) == pytest.approx((4 + 0.5) / (7 + 1))
    # What half of its ends pass a walk comes to for sure; what fewer pass, twice as often as it ends there.
    assert says("persistence", 172) == 0.99
    ends = baselines._walk(reaching(asked, 180), origin, 3, trend=False)
    assert 0.1 < says("persistence", 180) < 0.99
    assert says("persistence", 180) == pytest.approx(2 * (ends >= 180).mean())


@pytest.mark.parametrize("name", list(baselines.BASELINES))
def test_no_baseline_knows_what_came_later(asked, name):
    """The same forecast whatever the rows that became known after the origin."""
    origin, start = date(2020, 7, 1), date(2020, 1, 1)
    for q in asked.questions:
        cut = replace(q, rows=tuple(r for r in q.rows if r.known <= origin))
        forecast = baselines.BASELINES[name]
        np.testing.assert_array_equal(forecast(q, start, origin, 6), forecast(cut, start, origin, 6))


def test_baselines_say_what_their_rule_says(asked):
    origin, start = date(2020, 7, 1), date(2020, 1, 1)
    raid = question(asked, "raid")
    months = (origin - start).days / 30.436875
    assert baselines.climatology(raid, start, origin, 6)[0] == pytest.approx(
        1 - np.exp(-6 * 1.5 / (months + 12)), rel=1e-6
    )
    assert baselines.crisis_data(raid, start, origin, 6)[0] == pytest.approx(1 - np.exp(-1.2))
    assert baselines.persistence(raid, start, origin, 3)[0] == pytest.approx(1 - np.exp(-0.25))
    stock = question(asked, "stock")
    # The last reading known is that of 1 April, 112; it has grown by 4 a month.
    assert np.median(baselines.persistence(stock, start, origin, 3)) == pytest.approx(112, abs=0.5)
    assert np.median(baselines.trend(stock, start, origin, 3)) == pytest.approx(112 + 4 * 6, abs=0.8)


@pytest.mark.parametrize("name", list(baselines.BASELINES))
def test_no_baseline_knows_what_happened_before_but_became_known_only_later(asked, name):
    """Reports come late: a raid of June that is known in August, a reading of June published then."""
    origin, start = date(2020, 7, 1), date(2020, 1, 1)
    forecast = baselines.BASELINES[name]
    for q in asked.questions:
        late = [replace(r, day=date(2020, 6, 10), known=date(2020, 8, 1), value=r.value + 40) for r in q.rows]
        told = replace(q, rows=(*q.rows, *late))
        np.testing.assert_array_equal(forecast(q, start, origin, 6), forecast(told, start, origin, 6))


def test_levels_walk_at_random_from_the_last_with_the_size_of_past_changes(asked):
    """Twelve more every three months: a variance of 144 / 3 a month, over the six months from 1 April."""
    origin, start = date(2021, 7, 1), date(2020, 1, 1)
    said = baselines.persistence(question(asked, "stock"), start, origin, 3)
    assert np.median(said) == pytest.approx(160, abs=0.5)
    assert np.quantile(said, 0.95) - np.median(said) == pytest.approx(1.645 * np.sqrt(144 / 3 * 6), rel=0.02)


def test_the_trend_is_that_of_the_last_year_alone(asked):
    """Flat for years, then one more a month."""
    stock = question(asked, "stock")
    rows = tuple(
        replace(
            stock.rows[0], day=(day := date(2016 + k // 4, 3 * (k % 4) + 1, 1)), known=day,
            value=100.0 + 3 * max(0, k - 15),
        )
        for k in range(20)
    )  # fmt: skip
    said = baselines.trend(replace(stock, rows=rows), date(2016, 1, 1), date(2020, 10, 1), 6)
    assert np.median(said) == pytest.approx(112 + 6, abs=0.5)  # the last is of 1 October, 112


def test_a_table_that_goes_below_nothing_has_baselines_that_do(asked):
    """A balance of -40 stays about there; a stock that was never below nothing does not get there."""
    stock = question(asked, "stock")
    below = replace(stock, rows=tuple(replace(r, value=r.value - 200) for r in stock.rows))
    origin, start = date(2021, 7, 1), date(2020, 1, 1)
    for who in (baselines.persistence, baselines.trend):
        np.testing.assert_allclose(who(below, start, origin, 3), who(stock, start, origin, 3) - 200)
    low = replace(stock, rows=tuple(replace(r, value=r.value - 100) for r in stock.rows))
    assert baselines.persistence(low, start, origin, 60).min() == 0


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.0, 35.0, 199.0, 208.0, 411.0, 4_500.0, 999_000.0])
def test_quantiles_of_counts_are_those_of_the_poisson_distribution(mean):
    """At any mean, and not only below 200."""
    levels = np.array([0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999])
    found = poisson_quantiles(mean, levels)
    assert found.tolist() == stats.poisson.ppf(levels, mean).tolist()


@given(st.floats(1.0e6, 1.0e9), st.floats(0.001, 0.999))
def test_quantiles_of_huge_counts_are_within_one_count_or_a_millionth_of_a_deviation(mean, level):
    found = float(poisson_quantiles(mean, np.array([level]))[0])
    assert abs(found - stats.poisson.ppf(level, mean)) <= max(1.0, 1e-6 * mean**0.5)


def test_what_never_happens_is_counted_as_none():
    assert poisson_quantiles(0.0, np.array([0.05, 0.95])).tolist() == [0.0, 0.0]
