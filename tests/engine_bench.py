"""Try out single pieces of the IR writer: a function on arrays from a few lines of IR."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.engine.compiled.compile import aligned, from_lanes, to_lanes
from offramp.engine.compiled.elementary import write_elementary
from offramp.engine.compiled.ir import FunctionWriter, Module
from offramp.engine.compiled.jit import Target, compile_ir
from offramp.engine.compiled.luck import write_draws
from offramp.engine.compiled.values import Value

Floats = npt.NDArray[np.float64]
WIDTH = 4


def apply(
    formula: Callable[..., Value], *arrays: npt.ArrayLike, width: int = WIDTH, cpu: str | None = None
) -> Floats:
    """What a per-run function gives for each element of some arrays.

    `formula(f, x, y, ...)` writes the function with `f`. The arrays are of equal length.
    """
    module = Module(width)
    write_elementary(module)
    write_draws(module)
    given = [np.asarray(a, dtype=np.float64) for a in arrays]
    columns = np.stack(given, axis=1)

    def body(f: FunctionWriter) -> None:
        with f.loop(0, f["n"]) as i:
            values = [f.load(f["x"], i * len(given) + j) for j in range(len(given))]
            f.store(f["y"], i, f.to("real", formula(f, *values)))

    lanes = to_lanes(columns, width)
    result = aligned((len(lanes), width))
    _run(module, body, cpu, len(lanes), lanes, result)
    values = np.empty(len(columns))
    from_lanes(result, values)
    return values


def _run(
    module: Module,
    body: Callable[[FunctionWriter], None],
    cpu: str | None,
    n: int,
    x: npt.NDArray[Any],
    y: Floats,
) -> None:
    with module.function("go", {"n": "index", "x": "pointer", "y": "pointer"}, public=True) as f:
        body(f)
    program = compile_ir(module.pieces, Target.of(cpu), cache=False)
    function = program.function("go", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    function(n, x.ctypes.data, y.ctypes.data)


def call(
    body: Callable[[FunctionWriter], None], x: npt.NDArray[Any], results: int, width: int = WIDTH
) -> Floats:
    """Write and call a function go(n, x, y): what it leaves in `y`, (results, lane)."""
    module = Module(width)
    write_elementary(module)
    write_draws(module)
    y = aligned((results, width))
    _run(module, body, None, len(x), x, y)
    return y
