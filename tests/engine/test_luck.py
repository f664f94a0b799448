"""Keyed luck is Philox, and looks like luck."""

from __future__ import annotations

import zlib
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from offramp.engine import luck
from offramp.errors import OfframpError
from offramp.model import Distribution, Model, Parameter
from offramp.runs.design import Design

RUNS = np.arange(200_000)
FULL = 0xFFFFFFFF

# Philox4x32-10 lines of kat_vectors, distributed with Random123 (Salmon et al. 2011): counter, key, words.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((FULL,) * 4, (FULL,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_the_generator_gives_the_published_words(counter, key, words):
    assert tuple(int(w) for w in luck.philox(counter, key)) == words


def test_the_vectorised_generator_agrees_with_plain_integers():
    """NumPy integers wrap silently; those of Python do not."""

    def plain(counter, key):
        c, (k0, k1) = list(counter), key
        for _ in range(10):
            a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(b >> 32) ^ c[1] ^ k0, b & FULL, (a >> 32) ^ c[3] ^ k1, a & FULL]
            k0, k1 = (k0 + 0x9E3779B9) & FULL, (k1 + 0xBB67AE85) & FULL
        return tuple(c)

    rng = np.random.default_rng(1)
    counters = rng.integers(0, 2**32, (100, 4), dtype=np.uint64)
    keys = rng.integers(0, 2**32, (100, 2), dtype=np.uint64)
    for counter, key in zip(counters.tolist(), keys.tolist(), strict=True):
        assert tuple(int(w) for w in luck.philox(tuple(counter), tuple(key))) == plain(counter, key)


def test_a_draw_uses_seed_scenario_step_and_purpose_as_the_page_says():
    seed, scenario, step = 0x1122334455667788, 0x99AABBCCDD, 7
    counter = (scenario & FULL, scenario >> 32, step, zlib.crc32(b"noise/tension"))
    a, b, c, d = (int(w) for w in luck.philox(counter, (0x55667788, 0x11223344)))
    u1 = ((a >> 6) * 2**26 + (b >> 6) + 0.5) / 2**52
    u2 = ((c >> 6) * 2**26 + (d >> 6) + 0.5) / 2**52
    numbers = np.array([scenario])
    assert luck.uniform(seed, numbers, step, "noise/tension")[0] == u1
    z = np.sqrt(-2 * np.log(u1)) * np.cos(2 * np.pi * u2)
    assert luck.normal(seed, numbers, step, "noise/tension")[0] == z


def test_the_extreme_words_stay_inside_the_open_interval():
    """A 0 or a 1 would make an infinite normal or Gumbel draw."""
    ends = luck._unit(np.array([0, FULL], dtype=np.uint64), np.array([0, FULL], dtype=np.uint64))
    assert ends[0] == 2.0**-53
    assert ends[1] == 1 - 2.0**-53
    assert np.isfinite(-np.log(-np.log(ends))).all()


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_uniform_draws_are_uniform_over_scenarios(seed):
    counts = np.bincount((luck.uniform(seed, RUNS, 3, "p") * 1000).astype(int), minlength=1000)
    assert stats.chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize(
    ("draw", "distribution"),
    [
        (luck.uniform, stats.uniform()),
        (luck.normal, stats.norm()),
        (luck.gumbel, stats.gumbel_r()),
        (luck.exponential, stats.expon()),
    ],
)
def test_draws_follow_their_distribution(draw, distribution):
    assert stats.kstest(draw(11, RUNS, 5, "some/purpose"), distribution.cdf).pvalue > 1e-4


@pytest.mark.parametrize(
    "others",
    [
        lambda: luck.uniform(5, RUNS + 1, 3, "choose/blue/wait"),
        lambda: luck.uniform(6, RUNS, 3, "choose/blue/wait"),
        lambda: luck.uniform(5, RUNS, 4, "choose/blue/wait"),
        lambda: luck.uniform(5, RUNS, 3, "choose/blue/strike"),
    ],
    ids=["next scenario", "next seed", "next step", "other purpose"],
)
def test_neighbouring_draws_know_nothing_of_each_other(others):
    here = luck.uniform(5, RUNS, 3, "choose/blue/wait")
    table, _, _ = np.histogram2d(here, others(), bins=16, range=[[0, 1], [0, 1]])
    assert stats.chisquare(table.ravel()).pvalue > 1e-4


def test_steps_of_one_scenario_are_uniform_too():
    """The same key and purpose over many steps is what one run meets."""
    draws = [luck.uniform(9, np.array([4]), k, "noise/x")[0] for k in range(4000)]
    assert stats.kstest(draws, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 4 / np.sqrt(len(draws))


def test_one_changed_bit_changes_half_of_the_words():
    """Avalanche: each of the 192 bits of counter and key flips each output bit about half of the time."""
    rng = np.random.default_rng(7)
    trials = 400
    base = rng.integers(0, 2**32, (6, trials), dtype=np.uint64)

    def bits(counter, key):
        words = [
            luck.philox(tuple(c[i] for c in counter), (int(key[0][i]), int(key[1][i]))) for i in range(trials)
        ]
        return np.array([[(int(w) >> b) & 1 for w in four for b in range(32)] for four in words])

    before = bits(base[:4], base[4:])
    for word in range(6):
        for bit in (0, 5, 17, 31):
            changed = base.copy()
            changed[word] ^= np.uint64(1 << bit)
            flips = (bits(changed[:4], changed[4:]) != before).mean(axis=0)
            # 128 proportions of 400 tosses each: 5 standard deviations is 0.125.
            assert abs(flips - 0.5).max() < 0.125


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.0, 10.0])
def test_counts_are_poisson(mean):
    counts = luck.poisson(luck.uniform(2, RUNS, 0, "event/incident"), np.full(RUNS.shape, mean))
    top = int(stats.poisson(mean).ppf(0.9995))
    observed = np.bincount(np.minimum(counts, top + 1), minlength=top + 2)
    expected = len(RUNS) * np.append(stats.poisson(mean).pmf(range(top + 1)), stats.poisson(mean).sf(top))
    assert stats.chisquare(observed, expected).pvalue > 1e-4


@given(u=st.floats(2.0**-53, 1 - 2.0**-53), mean=st.one_of(st.floats(0, 10), st.floats(0, 500)))
@settings(max_examples=300, deadline=None)
def test_a_count_is_the_smallest_whose_cumulative_probability_reaches_u(u, mean):
    n = int(luck.poisson(np.array([u]), np.array([mean]))[0])
    law = stats.poisson(mean)
    off = 1e-14 if mean <= 10 else 1e-12
    assert law.cdf(n) >= u - off
    assert n == 0 or law.cdf(n - 1) < u + off


def test_means_that_fail_a_run_give_no_count():
    """Means that are negative, too large or no number are dealt with by the run, not by the draw."""
    means = np.array([-1.0, 0.0, 501.0, np.inf, np.nan])
    assert luck.poisson(np.full(5, 0.999), means).tolist() == [0] * 5


def test_two_purposes_with_one_check_sum_are_refused_by_name():
    """`parameter/plumless` and `parameter/buckeroo` share their CRC-32 as `plumless` and `buckeroo` do."""
    assert zlib.crc32(b"plumless") == zlib.crc32(b"buckeroo")
    prior = Distribution("uniform", (0.0, 1.0))
    model = Model(
        name="collision",
        title="",
        summary="",
        sources=(),
        start=date(2020, 1, 1),
        step="month",
        steps=1,
        variables=(),
        parameters=(Parameter("plumless", "", "", prior), Parameter("buckeroo", "", "", prior)),
    )
    with pytest.raises(OfframpError, match=r"parameter/buckeroo.*parameter/plumless.*Rename"):
        Design(model)


def test_a_purpose_named_twice_is_no_collision():
    luck.check_purposes(["noise/x", "noise/x", "noise/y"])
