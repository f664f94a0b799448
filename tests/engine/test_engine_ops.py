"""Every operation of the IR writer against NumPy."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from engine_bench import WIDTH, apply, call
from offramp.engine import luck
from offramp.engine.compiled import elementary
from offramp.engine.compiled import luck as draws
from offramp.engine.compiled.compile import aligned, from_lanes, to_lanes
from offramp.engine.compiled.ir import Module

INF, NAN = float("inf"), float("nan")
SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 1e-300, -1e-300, 5e-324, 1e300, -1e300, INF, -INF, NAN, 3.25]
)
PAIRS = (np.repeat(SPECIAL, len(SPECIAL)), np.tile(SPECIAL, len(SPECIAL)))


@pytest.fixture(autouse=True)
def _quiet_numpy():
    with np.errstate(all="ignore"):
        yield


def random(n: int, low: float, high: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, n)


def units_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How many representable numbers lie between a and b; 0 where both are NaN or the same infinity."""
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.abs(a - b) / np.spacing(np.maximum(np.abs(b), 2.0**-1022)))


@pytest.mark.parametrize(
    ("ours", "numpy"),
    [
        (operator.add, np.add),
        (operator.sub, np.subtract),
        (operator.mul, np.multiply),
        (operator.truediv, np.divide),
        (operator.lt, np.less),
        (operator.le, np.less_equal),
        (operator.gt, np.greater),
        (operator.ge, np.greater_equal),
        (lambda a, b: a.equals(b), np.equal),
        (lambda a, b: a.differs(b), np.not_equal),
        (lambda a, b: (a < b) | ~(a > 0.0), lambda a, b: (a < b) | ~(a > 0)),
        (lambda a, b: (a < b) & (b < 1.0), lambda a, b: (a < b) & (b < 1)),
    ],
)
def test_arithmetic_and_comparisons_are_those_of_ieee_754(ours, numpy):
    x, y = (np.concatenate([p, random(1000, -10, 10, s)]) for s, p in enumerate(PAIRS))
    np.testing.assert_array_equal(apply(lambda f, a, b: ours(a, b), x, y), numpy(x, y).astype(float))


def test_min_and_max_pass_nan_from_either_side():
    x, y = PAIRS
    np.testing.assert_array_equal(apply(lambda f, a, b: f.smaller(a, b), x, y), np.minimum(x, y))
    np.testing.assert_array_equal(apply(lambda f, a, b: f.larger(a, b), x, y), np.maximum(x, y))


def test_holding_between_constants_passes_nan():
    np.testing.assert_array_equal(
        apply(lambda f, a: f.within(a, -1.0, 2.0), SPECIAL), np.clip(SPECIAL, -1, 2)
    )


def test_select_absolute_square_root_and_finite():
    x, y = PAIRS
    np.testing.assert_array_equal(
        apply(lambda f, a, b: f.select(a < b, a, 7.0), x, y), np.where(x < y, x, 7.0)
    )
    np.testing.assert_array_equal(apply(lambda f, a: f.absolute(a), SPECIAL), np.abs(SPECIAL))
    np.testing.assert_array_equal(apply(lambda f, a: f.square_root(a), SPECIAL), np.sqrt(SPECIAL))
    np.testing.assert_array_equal(
        apply(lambda f, a: f.is_finite(a), SPECIAL), np.isfinite(SPECIAL).astype(float)
    )


def test_dividing_by_a_known_divisor_gives_the_bits_of_division():
    """The correction makes the quotient exact, also for divisors whose mantissa is all ones."""
    rng = np.random.default_rng(3)
    awkward = np.concatenate(
        [np.nextafter([1.0, 2.0, 4.0], 0), np.nextafter([1.0, 2.0], 9), [3, 7, 10, 100, 0.3]]
    )
    y = np.concatenate([rng.choice(awkward, 100_000), np.exp(rng.uniform(-50, 50, 100_000))])
    x = np.exp(rng.uniform(-50, 50, len(y))) * rng.choice([-1, 1], len(y))
    # Quotients next to 1 and 2, where the first guess is off the most.
    close = y * rng.choice([1.0, 2.0], len(y))
    for k in range(3):
        for numerator in (x, np.nextafter(close, 0), np.nextafter(close, INF)):
            got = apply(lambda f, a, b: f.divide(a, b, 1.0 / b), numerator * 2.0**k, y)
            np.testing.assert_array_equal(got, numerator * 2.0**k / y)
    got = apply(lambda f, a, b: f.divide(a, b, 1.0 / b), *PAIRS)
    ordinary = (np.abs(PAIRS[1]) > 1e-200) & (np.abs(PAIRS[0] / PAIRS[1]) != 0) | ~np.isfinite(PAIRS[0])
    ordinary &= np.abs(PAIRS[1]) != 5e-324
    np.testing.assert_array_equal(got[ordinary], (PAIRS[0] / PAIRS[1])[ordinary])


@pytest.mark.parametrize("cpu", [None, "x86-64"])
def test_exp_is_within_one_unit_of_numpy_everywhere(cpu):
    """Without fused multiply-add (the oldest 64-bit processors) a library function computes the same."""
    x = np.concatenate([random(60_000, -708, 709.7), random(40_000, -2, 2, 1)])
    assert units_apart(apply(lambda f, a: f.call("exp", a), x, cpu=cpu), np.exp(x)).max() <= 1


def test_exp_overflows_underflows_gradually_and_passes_nan():
    x = np.array([709.79, 1000, INF, -746, -1000, -INF, NAN, 0.0, -0.0, 709.78, -708.3, -740.0, -745.1])
    got, expected = apply(lambda f, a: f.call("exp", a), x), np.exp(x)
    np.testing.assert_array_equal(got[:9], expected[:9])
    np.testing.assert_allclose(got[9:], expected[9:], rtol=1e-15, atol=5e-324)


def test_exp_of_weights_is_exp_but_for_subnormal_results():
    x = np.concatenate([random(50_000, -707, 0), random(50_000, -3, 0, 1), [0.0, -0.0, NAN]])
    assert units_apart(apply(elementary.exp_of_negative, x), np.exp(x)).max() <= 1
    np.testing.assert_array_equal(apply(elementary.exp_of_negative, [-709.0, -800.0, -INF]), 0.0)


def test_log_is_within_one_unit_of_numpy_everywhere():
    x = np.concatenate(
        [np.exp(random(60_000, -744, 709)), random(40_000, 0.5, 2, 1), 1 + random(1000, -1e-8, 1e-8)]
    )
    assert units_apart(apply(lambda f, a: f.call("log", a), x), np.log(x)).max() <= 1


def test_log_of_zero_is_minus_infinity_and_below_it_nan():
    x = np.array([0.0, -0.0, -1.0, -5e-324, -INF, INF, NAN, 1.0, 5e-324, 2.0**-1022])
    np.testing.assert_allclose(apply(lambda f, a: f.call("log", a), x), np.log(x), rtol=1e-15)


def test_cosine_of_a_turn_is_right_to_the_last_digits():
    x = np.concatenate([random(100_000, 0, 1), [0, 0.25, 0.5, 0.75, 1.0, 2.0**-53, 1 - 2.0**-53]])
    got = apply(lambda f, a: f.call("cos_turn", a), x)
    np.testing.assert_allclose(got, np.cos(2 * np.pi * x), rtol=0, atol=8e-16)
    np.testing.assert_array_equal(got[[-6, -4]], 0)  # a quarter and three quarters are exact


@pytest.mark.parametrize("width", [1, 2, 8, 16])
@pytest.mark.parametrize("name", ["exp", "log", "cos_turn"])
def test_elementary_functions_have_the_same_bits_at_every_width(name, width):
    x = np.abs(np.concatenate([SPECIAL, random(3000, 0, 1), random(3000, 0, 700)]))
    one, other = (apply(lambda f, a: f.call(name, a), x, width=w) for w in (WIDTH, width))
    np.testing.assert_array_equal(one, other)


# Randomness


@pytest.mark.parametrize(
    ("word", "key", "expected"),
    [  # the known-answer vectors that Salmon et al. publish with Random123
        (0, (0, 0), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        (0xFFFFFFFF, (0xFFFFFFFF, 0xFFFFFFFF), [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_published_answers(word, key, expected):
    def body(f):
        counter = [f.load(f["x"], i, "bits") for i in range(4)]
        words = draws.philox(f, counter, [f.load(f["x"], 4 + i, "bits") for i in range(2)])
        for i, w in enumerate(words):
            f.store(f["y"], i, w, "bits")

    x = aligned((6, WIDTH), np.uint64)
    x[:4] = np.array(word if isinstance(word, tuple) else (word,) * 4, dtype=np.uint64)[:, None]
    x[4:] = np.array(key, dtype=np.uint64)[:, None]
    got = call(body, x, 4).view(np.uint64)
    np.testing.assert_array_equal(got, np.array(expected, dtype=np.uint64)[:, None].repeat(WIDTH, axis=1))


@pytest.mark.parametrize("name", ["uniform", "normal", "gumbel", "exponential"])
def test_draws_are_those_of_the_plain_writing(name):
    seed, step, purpose = 0xFEDCBA9876543210, 599, "choose/blue/wait"
    scenarios = np.array([0, 1, 2**32 - 1, 2**32, 2**63 - 1, 12345, 7, 8] * 4, dtype=np.int64)
    low, high = np.full_like(scenarios, seed & 0xFFFFFFFF), np.full_like(scenarios, seed >> 32)
    key = np.stack([scenarios & 0xFFFFFFFF, scenarios >> 32, low, high], axis=1)

    def body(f):
        number = luck.purpose_number(purpose)
        with f.loop(0, f["n"]) as i:
            f.store(f["y"], i, f.call(name, f.at(f["x"], i * draws.KEY_WORDS), step, number))

    got = np.empty(len(scenarios))
    from_lanes(call(body, to_lanes(key, WIDTH), len(scenarios) // WIDTH), got)
    expected = getattr(luck, name)(seed, scenarios, step, purpose)
    if name == "uniform":
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-14)


def test_poisson_counts_are_those_of_the_plain_writing():
    rng = np.random.default_rng(5)
    u = np.concatenate([rng.uniform(0, 1, 5000), [2.0**-53, 1 - 2.0**-53, 0.5, 0.5, 0.5, 0.5, 0.5]])
    mean = np.concatenate([rng.uniform(0, 10, 5000), [10, 10, 0, -1, NAN, 10.1, INF]])
    np.testing.assert_array_equal(
        apply(lambda f, a, b: f.call("poisson", a, b), u, mean), luck.poisson(u, mean)
    )


# Control and memory


def test_loops_branches_and_variables_do_what_they_say():
    """Sum of i*x over even i below n, doubled when n exceeds 3: uniform control around per-run values."""

    def body(f):
        total = f.variable("real", 0.0)
        with f.loop(0, f["n"]) as i, f.when((i % 2).equals(0)):
            total.set(total.get() + f.load(f["x"], i) * f.to("real", f.to("scalar", i)))
        with f.when(f["n"] > 3):
            total.set(total.get() * 2.0)
        f.store(f["y"], 0, total.get())

    for n in (0, 1, 3, 4, 7):
        x = aligned((n, WIDTH))
        x[:] = np.arange(n)[:, None] + np.linspace(0, 1, WIDTH)
        even = x[::2] * np.arange(0, n, 2)[:, None]
        np.testing.assert_array_equal(call(body, x, 1)[0], even.sum(axis=0) * (2 if n > 3 else 1))


def test_a_switch_takes_its_case_or_none():
    def body(f):
        f.store(f["y"], 0, 9.0)
        for case in f.switch(f["n"], [1, 4]):
            f.store(f["y"], 0, float(case))

    assert [call(body, aligned((n, WIDTH)), 1)[0, 0] for n in range(6)] == [9, 1, 9, 9, 4, 9]


def test_any_sees_a_single_lane():
    def body(f):
        found = f.any(f.load(f["x"], 0) > 0.0)
        f.store(f["y"], 0, f.to("real", f.select(found, f.constant("scalar", 1.0), 0.0)))

    for lane in (None, *range(WIDTH)):
        x = aligned((1, WIDTH))
        x[:] = 0
        if lane is not None:
            x[0, lane] = 1
        assert call(body, x, 1)[0, 0] == (lane is not None)


@pytest.mark.parametrize("bits", [8, 16])
def test_narrow_integers_are_stored_side_by_side(bits):
    def body(f):
        for i in range(2):
            f.store_narrow(f["y"], i, f.to_small(f.load(f["x"], i)), bits)

    x = aligned((2, WIDTH))
    x[:] = np.arange(-3, 2 * WIDTH - 3).reshape(2, WIDTH)
    got = call(body, x, 2).view(np.int8 if bits == 8 else np.int16).reshape(-1)[: 2 * WIDTH]
    np.testing.assert_array_equal(got, np.arange(-3, 2 * WIDTH - 3))


def test_the_same_computation_is_written_once_but_not_across_branches():
    module = Module(2)
    with module.function("go", {"x": "pointer", "n": "index"}) as f:
        v = f.load(f["x"], 0)
        assert (v + 1.0).text == (v + 1.0).text
        with f.when(f["n"] > 0):
            inside = v * 2.0
            assert (v + 1.0).text == (v + 1.0).text
        assert (v * 2.0).text != inside.text


@pytest.mark.parametrize("runs", [1, 3, 4, 5, 9])
def test_lanes_keep_every_run_and_fill_up_with_the_last(runs):
    values = np.arange(runs * 6, dtype=np.float64).reshape(runs, 2, 3)
    lanes = to_lanes(values, 4)
    assert lanes.shape == (-(-runs // 4), 2, 3, 4)
    np.testing.assert_array_equal(
        np.moveaxis(lanes, -1, 1).reshape(-1, 2, 3)[runs:], values[-1:].repeat(-runs % 4, 0)
    )
    back = np.empty_like(values)
    from_lanes(lanes, back)
    np.testing.assert_array_equal(back, values)


@pytest.mark.parametrize("width", [0, 3, 128])
def test_a_width_that_is_no_power_of_two_is_refused(width):
    with pytest.raises(ValueError, match="power of two"):
        Module(width)
