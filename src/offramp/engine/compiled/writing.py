"""What the writers of a program share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from offramp.engine.compiled.ir import FunctionWriter, Module
from offramp.engine.compiled.layout import Layout
from offramp.engine.compiled.memory import Memory
from offramp.engine.compiled.reader import FormulaReader, State
from offramp.engine.compiled.values import Value


@dataclass(frozen=True)
class Writing:
    """A program being written: its text so far, where the model's values stand, and its memory."""

    module: Module
    layout: Layout
    memory: Memory


class Writer:
    """Writes some of the functions of a program; most have the address of the block as parameter `work`."""

    def __init__(self, writing: Writing) -> None:
        self.module, self.layout, self.memory = writing.module, writing.layout, writing.memory
        self.model, self.dt = writing.layout.model, writing.layout.dt
        self.actors = self.model.actors

    def reserve(self, regions: dict[str, int]) -> None:
        """Make regions: name -> vectors of reals."""
        for name, vectors in regions.items():
            self.memory.reserve(name, vectors)

    @contextmanager
    def function(self, name: str) -> Iterator[tuple[FunctionWriter, Value, Value]]:
        """Write a function (work, step). Gives it, the step, and `now` at the beginning of the step."""
        with self.module.function(name, {"work": "pointer", "step": "index"}) as f:
            yield f, f["step"], f.to("scalar", f["step"]) * self.dt

    def region(self, f: FunctionWriter, name: str) -> Value:
        return self.memory.region(f, name)

    def array(self, f: FunctionWriter, name: str) -> Value:
        return self.memory.array(f, name)

    def truth(self, f: FunctionWriter, now: Value) -> State:
        """The true state and parameters."""
        return State(self.region(f, "stocks"), self.region(f, "truth"), now)

    def reader(self, f: FunctionWriter, state: State, *, inline: bool = False) -> FormulaReader:
        return FormulaReader(f, self.layout, state, inline=inline)
