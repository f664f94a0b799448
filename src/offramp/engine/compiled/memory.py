"""The memory of a program, in four words.

- A *region* is a named part of the block of memory that one vector of runs is worked out in; one block
  serves one thread.
- An *array* is one that the caller gave: inputs, schedule, outputs. The block begins with the addresses of
  the arrays, so that every function of the program needs only the address of the block.
- *Scratch* is space without a name that functions hand one another: each takes what it needs from the front
  and passes on the rest.
- A *place* is a position, counted in vectors of reals.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from offramp.engine.compiled.ir import FunctionWriter, Module
from offramp.engine.compiled.values import Value
from offramp.engine.inputs import PER_RUN, Schedule
from offramp.engine.outputs import TABLE, lengths
from offramp.model import Model

# The arrays of runs are lane-major, one part per vector.
INPUTS = PER_RUN
# Stocks in place of a course, where one step's choices are asked for alone.
PRESENT = "present"
# What is known to have come, if anything is: the same for all runs.
KNOWN = ("counts_known", "share_known", "acts_known")
# Tables over steps; then whether there is anything new in a step, and how far actors look.
SCHEDULE = (
    *(f.name for f in fields(Schedule)), "parameters_change", "stocks_change", "beliefs_change", "reach",
)  # fmt: skip
_OF_SOME = ("ladder", "estimate")  # axes that only some models have
OUTPUTS = tuple(name for name, row in TABLE.items() if not set(row.axes) & set(_OF_SOME))
OUTPUTS_OF = {axis: tuple(name for name, row in TABLE.items() if axis in row.axes) for axis in _OF_SOME}


def arrays_of(model: Model) -> tuple[str, ...]:
    """Names of the arrays that the program of a model reads and writes, in the order of their addresses."""
    given = (*INPUTS, PRESENT, *KNOWN, *SCHEDULE, *OUTPUTS)
    size = lengths(model)
    return (*given, *(name for axis in _OF_SOME if size[axis] for name in OUTPUTS_OF[axis]))


@dataclass
class Memory:
    """Where the regions of the block stand."""

    module: Module
    arrays: tuple[str, ...]
    size: int = 0
    _places: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reserve("arrays", -(-len(self.arrays) // self.module.width))

    def reserve(self, name: str, vectors: int) -> None:
        """Make a region of a number of vectors of reals (or of anything smaller)."""
        if name in self._places:
            raise ValueError(f"region `{name}` exists")
        self._places[name] = self.size
        self.size += vectors

    def region(self, f: FunctionWriter, name: str) -> Value:
        """Address of a region, in a function with the parameter `work`."""
        return f.at(f["work"], self._places[name])

    def array(self, f: FunctionWriter, name: str) -> Value:
        """Address of the present vector's part of an array."""
        return f.load(self.region(f, "arrays"), self.arrays.index(name), "pointer")


class Scratch:
    """Hands out scratch."""

    def __init__(self, f: FunctionWriter, base: Value) -> None:
        self.f, self.base, self.used = f, base, 0

    def take(self, reals: int) -> Value:
        address = self.f.at(self.base, self.used)
        self.used += reals
        return address

    @property
    def rest(self) -> Value:
        """All that is left, for a function that is called."""
        return self.take(0)
