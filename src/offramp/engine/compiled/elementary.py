"""exp, log, cos of a full turn and what is made of them, written inline so that they run on whole vectors.

A call into the C library would take the lanes one by one, and its last bits differ between systems.
Each function reduces its argument to a short interval and sums a polynomial there. The coefficients
interpolate the reduced function at Chebyshev nodes (computed with 60 digits); the numbers of terms are
chosen so that the error of the polynomial is below a tenth of a unit in the last place.
tests/test_engine_ops.py holds them against NumPy over their whole range.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

from offramp.engine.compiled.ir import FunctionWriter, Module
from offramp.engine.compiled.values import Value

# ln 2 as the sum of a part with 32 bits, so that small integers times it are exact, and the remainder.
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
LOG2_E = 1.4426950408889634
TWO_PI = 6.283185307179586

# (exp(r) - 1 - r) / r**2 for |r| <= ln(2)/2
EXP_TERMS = (
    0.5, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062, 0.0013888888917213717,
    0.00019841269863053618, 2.4801521295954376e-05, 2.7557268459997064e-06, 2.7620088445409746e-07,
    2.510038549551032e-08,
)  # fmt: skip
# (2 atanh(s) - 2 s) / s**3 as a polynomial in s**2, for |s| <= 3 - 2 sqrt(2)
LOG_TERMS = (
    0.666666666666667, 0.39999999999899444, 0.2857142862600327, 0.22222211130259878, 0.18182889455674947,
    0.15331710618210773, 0.14616585424888623,
)  # fmt: skip
# (sin(2 pi d) - 2 pi d) / d**3 as a polynomial in d**2, for |d| <= 1/4
SINE_TERMS = (
    -41.34170224039976, 81.60524927607489, -76.7058597530039, 42.058693937537186, -15.094642113811632,
    3.819936760749782, -0.717822415835364, 0.10126285905316906,
)  # fmt: skip

# Adding 1.5 * 2**52 to a number below 2**51 leaves the nearest integer in its lowest bits: conversion
# without the instructions that older processors lack.
TO_INTEGER = 1.5 * 2.0**52
BIAS = 1023  # of the exponent of a double
MANTISSA = (1 << 52) - 1
SMALLEST_LOG = -708.0  # about the logarithm of the smallest normal number
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD  # sqrt(1/2)


def polynomial(x: Value, terms: Sequence[float]) -> Value:
    """Sum of terms[i] * x**i, pairwise (Estrin): a short chain of dependent operations."""
    level: list[Value | float] = list(terms)
    power = x
    while len(level) > 1:
        pairs = [
            x.of.fused(power, level[i + 1], level[i]) if i + 1 < len(level) else level[i]
            for i in range(0, len(level), 2)
        ]
        level = list(pairs)
        if len(level) > 1:
            power = power * power
    result = level[0]
    assert isinstance(result, Value)
    return result


def write_exp(module: Module) -> None:
    """@exp: overflows to infinity, underflows gradually to 0, passes NaN."""
    with module.function("exp", {"x": "real"}, "real") as f:
        f.result(exp(f, f["x"]))


def exp(f: FunctionWriter, x: Value) -> Value:
    """The instructions of @exp."""
    mantissa, n = _mantissa_and_exponent(f, f.within(x, -1000.0, 1000.0))
    # 2**n in two factors: each is a normal number even where the result overflows or is subnormal.
    half = f.fused(n, 0.5, TO_INTEGER) - TO_INTEGER
    return (mantissa * _power_of_two(f, half)) * _power_of_two(f, n - half)


def exp_of_negative(f: FunctionWriter, x: Value) -> Value:
    """exp for x <= 0, with 0 where the result would be subnormal. For loops over weights of choice."""
    mantissa, n = _mantissa_and_exponent(f, f.larger(x, SMALLEST_LOG))
    return f.select(x < SMALLEST_LOG, 0.0, mantissa * _power_of_two(f, n))


def _mantissa_and_exponent(f: FunctionWriter, x: Value) -> tuple[Value, Value]:
    """m and n with exp(x) = m·2**n: n = x/ln 2, rounded, and m = exp(x - n·ln 2)."""
    n = f.fused(x, LOG2_E, TO_INTEGER) - TO_INTEGER
    r = f.fused(n, -LN2_LOW, f.fused(n, -LN2_HIGH, x))
    return 1.0 + f.fused(r * r, polynomial(r, EXP_TERMS), r), n


def _power_of_two(f: FunctionWriter, n: Value) -> Value:
    """2**n for an integral real n between -1022 and 1023."""
    return f.bitcast("real", f.bitcast("bits", n + (TO_INTEGER + BIAS)) << 52)


def write_log(module: Module) -> None:
    """@log: minus infinity at 0, NaN below, passes NaN and infinity."""
    with module.function("log", {"x": "real"}, "real") as f:
        f.result(log(f, f["x"]))


def log(f: FunctionWriter, given: Value) -> Value:
    """The instructions of @log."""
    subnormal = given < 2.0**-1022
    x = f.select(subnormal, given * 2.0**54, given)
    # x = 2**n * m with m in [sqrt(1/2), sqrt(2))
    shifted = f.bitcast("bits", x) + ((BIAS << 52) - ROOT_HALF_BITS)
    m = f.bitcast("real", (shifted & MANTISSA) + ROOT_HALF_BITS)
    exponent = f.bitcast("real", (shifted >> 52) | _bits_of(2.0**52)) - (2.0**52 + BIAS)
    n = f.select(subnormal, exponent - 54.0, exponent)
    # ln m = ln(1+t) = 2 atanh(s) with s = t/(2+t); 2s = t - t**2/2 + s*t**2/2 keeps the large part exact.
    t = m - 1.0
    s = t / (t + 2.0)
    z = s * s
    square = (t * t) * 0.5
    small = s * f.fused(z, polynomial(z, LOG_TERMS), square)
    value = n * LN2_HIGH + (t - (square - f.fused(n, LN2_LOW, small)))
    # Zero, negative, infinite, NaN
    value = f.select(given < float("inf"), value, given)
    value = f.select(given > 0.0, value, f.select(given.equals(0.0), float("-inf"), float("nan")))
    return f.select(f.is_nan(given), given, value)


def _bits_of(x: float) -> int:
    return int.from_bytes(struct.pack(">d", x))


def write_cos_turn(module: Module) -> None:
    """@cos_turn: the cosine of x full turns, for x in [0, 1]."""
    with module.function("cos_turn", {"x": "real"}, "real") as f:
        turn = f.absolute(f.select(f["x"] > 0.5, f["x"] - 1.0, f["x"]))
        d = 0.25 - turn  # cos(2 pi turn) = sin(2 pi d), |d| <= 1/4
        z = d * d
        f.result(f.fused(d * z, polynomial(z, SINE_TERMS), d * TWO_PI))


def write_softmax(module: Module) -> None:
    """@softmax(z, p, n): p = exp(z) over their sum, for n actions; NaN where no z is finite."""
    with module.function("softmax", {"z": "pointer", "p": "pointer", "n": "index"}) as f:
        best = f.variable("real", -math.inf)
        with f.loop(0, f["n"]) as a:
            z = f.load(f["z"], a)
            best.set(f.select(z > best.get(), z, best.get()))
        total = f.variable("real", 0.0)
        with f.loop(0, f["n"]) as a:
            likely = exp_of_negative(f, f.load(f["z"], a) - best.get())
            f.store(f["p"], a, likely)
            total.set(total.get() + likely)
        scale = 1.0 / total.get()
        with f.loop(0, f["n"]) as a:
            f.store(f["p"], a, f.load(f["p"], a) * scale)


def softmax_of(f: FunctionWriter, z: Value, p: Value, groups: Sequence[range]) -> None:
    """Write the softmax of each group of `z` into the same places of `p`, which may be the same array.

    One loop over all neighbouring groups, so that the exponentials of many actions are under way at once.
    """
    for group in groups:
        weights = [f.load(z, s) for s in group]
        best = pairwise(lambda a, b: f.select(a > b, a, b), weights)
        for s, weight in zip(group, weights, strict=True):
            f.store(p, s, weight - best)
    stretches: list[list[int]] = []
    for group in groups:
        if stretches and stretches[-1][1] == group.start:
            stretches[-1][1] = group.stop
        else:
            stretches.append([group.start, group.stop])
    for start, stop in stretches:
        with f.loop(start, stop) as i:
            f.store(p, i, exp_of_negative(f, f.load(p, i)))
    for group in groups:
        likely = {s: f.load(p, s) for s in group}
        scale = 1.0 / pairwise(lambda a, b: a + b, list(likely.values()))
        for s, value in likely.items():
            f.store(p, s, value * scale)


def pairwise(combine: Callable[[Value, Value], Value], values: Sequence[Value]) -> Value:
    """All values combined in pairs, pairs of pairs and so on: short chains, and always the same order."""
    while len(values) > 1:
        paired = [combine(a, b) for a, b in zip(values[::2], values[1::2], strict=False)]
        values = paired + list(values[len(values) & ~1 :])
    return values[0]


def write_elementary(module: Module) -> None:
    """Write @exp, @log and @cos_turn into the module."""
    write_exp(module)
    write_log(module)
    write_cos_turn(module)
