"""The block of memory that a vector of runs works in: named regions at fixed places.

One block serves one thread. It begins with the addresses of the arrays that are read and written outside
(inputs, schedule, outputs), so that every function of the program needs only the address of the block.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from offramp.engine.compiled.ir import Function, Module
from offramp.engine.compiled.values import Value
from offramp.engine.outputs import TABLE
from offramp.model import Model

# Name of an outside array -> kind of its elements. The arrays of runs are lane-major, one part per vector.
INPUTS = ("scenario", "parameters", "initial", "misread", "type_value", "prior", "true_type", "lineage")
SCHEDULE = (
    "hold", "shift", "set_stock", "shift_stock", "allowed", "forced",
    "nudge", "suppose", "right_misreading", "right_signal", "right_belief", "believe",
    "parameters_change", "stocks_change", "beliefs_change", "reach",
)  # fmt: skip
OUTPUTS = tuple(name for name, row in TABLE.items() if "ladder" not in row.axes)
OUTPUTS_OF_LADDERS = tuple(name for name, row in TABLE.items() if "ladder" in row.axes)
OUTSIDE = (*INPUTS, *SCHEDULE, *OUTPUTS)


def outside_of(model: Model) -> tuple[str, ...]:
    """Names of the outside arrays that the program of a model reads and writes, in the order of addresses."""
    return (*OUTSIDE, *OUTPUTS_OF_LADDERS) if model.ladders else OUTSIDE


@dataclass
class Memory:
    """Places of the regions, in units of one vector of reals."""

    module: Module
    dt: float  # months in a step
    outside_names: tuple[str, ...] = OUTSIDE
    _places: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def __post_init__(self) -> None:
        self.region("outside", -(-len(self.outside_names) // self.module.width))

    def region(self, name: str, vectors: int) -> None:
        """Set space aside for a number of vectors of reals (or of anything smaller)."""
        if name in self._places:
            raise ValueError(f"region `{name}` exists")
        self._places[name] = self.size
        self.size += vectors

    def place(self, f: Function, name: str) -> Value:
        """Address of a region, in a function with the parameter `work`."""
        return f.at(f["work"], self._places[name])

    @contextmanager
    def function(self, name: str) -> Iterator[tuple[Function, Value, Value]]:
        """Write a function (work, step). Gives it, the step, and `now` at the beginning of the step."""
        with self.module.function(name, {"work": "pointer", "step": "index"}) as f:
            yield f, f["step"], f.to("scalar", f["step"]) * self.dt

    def outside(self, f: Function, name: str) -> Value:
        """Address of an outside array, the part of the present vector."""
        return f.load(self.place(f, "outside"), self.outside_names.index(name), "pointer")
