"""Keyed luck in IR: the same numbers as `offramp.engine.luck`, for a vector of scenarios.

Every function takes the address of the *key*, an array of `KEY_WORDS` vectors of 64-bit words that hold
(scenario low, scenario high, seed low, seed high), then the step and the number of the purpose.
"""

from __future__ import annotations

from offramp.engine.compiled.ir import FunctionWriter, Module
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.luck import MULTIPLIER, ROUNDS, WEYL

KEY_WORDS = 4
LARGEST_COUNT = 1000  # as in luck.poisson: P(N > 1000) is below 1e-80 for means up to 500

_LOW = 0xFFFFFFFF
_ARGUMENTS: dict[str, Kind] = {"key": "pointer", "step": "index", "purpose": "index"}


def philox(f: FunctionWriter, counter: list[Value], key: list[Value]) -> list[Value]:
    """Philox4x32-10 on 32-bit words held in 64-bit lanes: four words from four."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        product0 = c0 * int(MULTIPLIER[0])
        product1 = c2 * int(MULTIPLIER[1])
        c0, c1, c2, c3 = (
            (product1 >> 32) ^ c1 ^ k0,
            product1 & _LOW,
            (product0 >> 32) ^ c3 ^ k1,
            product0 & _LOW,
        )
        k0 = (k0 + WEYL[0]) & _LOW
        k1 = (k1 + WEYL[1]) & _LOW
    return [c0, c1, c2, c3]


def unit(f: FunctionWriter, a: Value, b: Value) -> Value:
    """52 bits of two words as a number in (0, 1), the middle of one of 2**52 equal cells."""
    cell = ((a >> 6) << 26) | (b >> 6)
    # The bits of 2**52 with the cell as mantissa are 2**52 + cell.
    as_real = f.bitcast("real", cell | (0x433 << 52)) - 2.0**52
    return (as_real + 0.5) * 2.0**-52


def _words(f: FunctionWriter) -> list[Value]:
    key = [f.load(f["key"], i, "bits") for i in range(KEY_WORDS)]
    counter = [key[0], key[1], f.to("bits", f["step"]), f.to("bits", f["purpose"])]
    return philox(f, counter, key[2:])


def write_draws(module: Module) -> None:
    """Write @uniform, @normal, @gumbel and @exponential (key, step, purpose), and @poisson (u, mean)."""
    with module.function("uniform", _ARGUMENTS, "real") as f:
        a, b, _, _ = _words(f)
        f.result(unit(f, a, b))

    with module.function("normal", _ARGUMENTS, "real") as f:
        a, b, c, d = _words(f)
        radius = f.square_root(f.call("log", unit(f, a, b)) * -2.0)
        f.result(radius * f.call("cos_turn", unit(f, c, d)))

    with module.function("exponential", _ARGUMENTS, "real") as f:
        f.result(-f.call("log", f.call("uniform", f["key"], f["step"], f["purpose"])))

    with module.function("gumbel", _ARGUMENTS, "real") as f:
        f.result(-f.call("log", f.call("exponential", f["key"], f["step"], f["purpose"])))

    _write_poisson(module)


def _write_poisson(module: Module) -> None:
    """@poisson: the smallest n with P(N <= n) >= u, as a real; 0 unless the mean is in (0, 500]."""
    with module.function("poisson", {"u": "real", "mean": "real"}, "real") as f:
        usable = (f["mean"] > 0.0) & (f["mean"] <= 500.0)
        mean = f.select(usable, f["mean"], 0.0)
        term = f.variable("real", f.call("exp", -mean))
        cumulative = f.variable("real", term.get())
        count = f.variable("real", 0.0)
        with f.while_(LARGEST_COUNT) as (_, again):
            beyond = f["u"] > cumulative.get()
            with f.when(f.any(beyond)):
                n = count.get() + 1.0  # lanes that are still beyond have all counted every round
                term.set(term.get() * mean / n)
                cumulative.set(f.select(beyond, cumulative.get() + term.get(), cumulative.get()))
                count.set(f.select(beyond, n, count.get()))
            again.set(f.any(beyond))
        f.result(count.get())
