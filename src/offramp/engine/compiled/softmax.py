"""Weights of choice into probabilities, as IR."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from offramp.engine.compiled import elementary
from offramp.engine.compiled.ir import Function, Module
from offramp.engine.compiled.values import Value


def write_softmax(module: Module) -> None:
    """@softmax(z, p, n): p = exp(z) over their sum, for n actions; NaN where no z is finite."""
    with module.function("softmax", {"z": "pointer", "p": "pointer", "n": "index"}) as f:
        best = f.variable("real", -math.inf)
        with f.loop(0, f["n"]) as a:
            z = f.load(f["z"], a)
            best.set(f.select(z > best.get(), z, best.get()))
        total = f.variable("real", 0.0)
        with f.loop(0, f["n"]) as a:
            likely = elementary.exp_of_negative(f, f.load(f["z"], a) - best.get())
            f.store(f["p"], a, likely)
            total.set(total.get() + likely)
        scale = 1.0 / total.get()
        with f.loop(0, f["n"]) as a:
            f.store(f["p"], a, f.load(f["p"], a) * scale)


def softmax_of(f: Function, z: Value, p: Value, groups: Sequence[range]) -> None:
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
            f.store(p, i, elementary.exp_of_negative(f, f.load(p, i)))
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
