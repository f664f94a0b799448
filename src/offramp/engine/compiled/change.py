"""Phase 7 of a step as IR: the stocks change, in one or several sub-steps of Euler's rule.

| function | what it does |
|---|---|
| `spread(x, p, now, spread)` | standard deviation of the noise in a sub-step |
| `change(x, p, now, kick)` | change of the stocks over the step; `kick` is the noise of it |
| `last_change_I` | the same, only for what actor I's valuation of the result reads |
| `begin_memories(x, p)` | what formulas remember, at the start |
| `steady_memories(x, p, now)` | the same as if all had long been as it is |
| `remember(x, p, end)` | moves on what `was` keeps, at the end of a step |

With several sub-steps, `change` is without noise, `change_part` is one of them, and `change_in_noise` takes
them with the noise of each: behind the room for the kicks of one sub-step its `kick` holds the draws of all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.reader import State
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.luck import parts_of_noise, purpose_number
from offramp.model import Remembered

if TYPE_CHECKING:
    from offramp.engine.compiled.phases import Phases

_ARGUMENTS: dict[str, Kind] = {"x": "pointer", "p": "pointer", "now": "scalar", "kick": "pointer"}


class Drift(Writer):
    """Writes how stocks change of themselves.

    Attributes
    ----------
    noisy : the stocks that have noise
    parts : sub-steps in a step
    room : reals that the noise of a step takes
    """

    def __init__(self, writing: Writing, phases: Phases) -> None:
        super().__init__(writing)
        self.phases = phases
        self.noisy = [v for v in self.model.stocks if v.noise is not None]
        self.parts = self.model.substeps
        self.length = self.dt / self.parts
        self.room = len(self.noisy) * (1 if self.parts == 1 else 1 + self.parts)

    def write(self) -> None:
        with self.phases.phase("spread", "spread") as (f, read):
            for i, variable in enumerate(self.noisy):
                f.store(f["spread"], i, math.sqrt(self.length) * read.read(variable.noise))
        self.write_of("", set(self.layout.stock))
        if self.parts > 1 and self.noisy:
            self._in_noise()
        if self.model.memories:
            self._begin()
        if self.layout.pasts:
            self._remember()
        for i, actor in enumerate(self.actors):
            if actor.depth:
                self.write_of(f"_{i}", self.needed(i))

    def needed(self, i: int) -> set[str]:
        """Stocks whose change says what the end of a step is worth to actor i."""
        found = self.layout.stocks_valued(i)
        before: set[str] = set()
        # What changes in one sub-step bears on the next.
        while self.parts > 1 and found != before:
            before = found
            changes = [v.change.node for v in self.layout.carried if v.name in found and v.change]
            found = found | self.layout.stocks_read(changes)
        return found

    def write_of(self, suffix: str, stocks: Set[str]) -> None:
        """Change of some of the stocks over a step."""
        name = f"last_change{suffix}" if suffix else "change"
        if self.parts == 1:
            self._part(name, stocks)
            return
        part = name.replace("change", "change_part")
        self._part(part, stocks)
        with self.module.function(name, _ARGUMENTS) as f, f.loop(0, self.parts) as s:
            f.call(part, f["x"], f["p"], self._time(f, s), f["kick"])

    def _time(self, f: FunctionWriter, s: Value) -> Value:
        return f["now"] + f.to("scalar", s) * self.length

    def _part(self, name: str, stocks: Set[str]) -> None:
        with self.phases.phase(name, "kick") as (f, read):
            kick = {v.name: i for i, v in enumerate(self.noisy)}
            new = {}
            for variable in self.layout.carried:
                if variable.name not in stocks:
                    continue
                if variable.change is not None:
                    new[variable.name] = read.stock(variable.name) + self.length * read.read(variable.change)
                if variable.name in kick:
                    before = new.get(variable.name, read.stock(variable.name))
                    new[variable.name] = before + f.load(f["kick"], kick[variable.name])
            self.phases.write_stocks(f, new)

    def _in_noise(self) -> None:
        with self.module.function("change_in_noise", _ARGUMENTS) as f, f.loop(0, self.parts) as s:
            state, kick = (f["x"], f["p"], self._time(f, s)), f["kick"]
            drawn = f.at(kick, len(self.noisy))
            f.call("spread", *state, kick)
            for n in range(len(self.noisy)):
                f.store(kick, n, f.load(kick, n) * f.load(drawn, s + n * self.parts))
            f.call("change_part", *state, kick)

    def _begin(self) -> None:
        with self.module.function("begin_memories", {"x": "pointer", "p": "pointer"}) as f:
            for memory in self.model.memories:
                read = self.reader(f, State(f["x"], f["p"], f.constant("scalar", 0.0)))
                self.store_all(f, memory, read.real(memory.start.node))
            self._remember_now(f, State(f["x"], f["p"], f.constant("scalar", 0.0)))
        arguments: dict[str, Kind] = {"x": "pointer", "p": "pointer", "now": "scalar"}
        with self.module.function("steady_memories", arguments) as f:
            for memory in self.model.memories:
                read = self.reader(f, State(f["x"], f["p"], f["now"]))
                self.store_all(f, memory, read.real(memory.steady.node))

    def store_all(self, f: FunctionWriter, memory: Remembered, value: Value) -> None:
        """Write one value to all places of a memory of the state at `x`."""
        with f.loop(0, len(memory.places)) as i:
            f.store(f.at(f["x"], self.layout.stock[memory.places[0]]), i, value)

    def _remember(self) -> None:
        arguments: dict[str, Kind] = {"x": "pointer", "p": "pointer", "end": "scalar"}
        with self.module.function("remember", arguments) as f:
            for memory in self.layout.pasts:
                first = f.at(f["x"], self.layout.stock[memory.places[0]])
                with f.loop(0, memory.order) as i:
                    later = memory.order - i
                    f.store(first, later, f.load(first, later - 1))
            self._remember_now(f, State(f["x"], f["p"], f["end"]))

    def _remember_now(self, f: FunctionWriter, state: State) -> None:
        """Write what `was` keeps of a state to the first place of each."""
        read = self.reader(f, state)
        now = [(memory.places[0], read.real(memory.of.node)) for memory in self.layout.pasts]
        for place, value in now:
            f.store(f["x"], self.layout.stock[place], value)

    def remember(self, f: FunctionWriter, x: Value, p: Value, end: Value) -> None:
        """What `was` keeps moves on by one place, at the end of a step."""
        if self.layout.pasts:
            f.call("remember", x, p, end)

    def with_noise(
        self,
        f: FunctionWriter,
        state: State | tuple[Value, Value, Value],
        luck: tuple[Value, Value],
        kick: Value,
        purpose: Callable[[str], str] = str,
    ) -> None:
        """The stocks change, with noise.

        Parameters
        ----------
        luck : key and word of the draws
        kick : address of `room` reals
        purpose : name of a draw, given what it is in the true course
        """
        if self.parts == 1:
            f.call("spread", *state, kick)
            for n, variable in enumerate(self.noisy):
                z = f.call("normal", *luck, purpose_number(purpose(f"noise/{variable.name}")))
                f.store(kick, n, f.load(kick, n) * z)
            f.call("change", *state, kick)
        elif not self.noisy:
            f.call("change", *state, kick)
        else:
            for n, variable in enumerate(self.noisy):
                self._draw(f, luck, f.at(kick, len(self.noisy) + n * self.parts), variable.name, purpose)
            f.call("change_in_noise", *state, kick)

    def _draw(
        self,
        f: FunctionWriter,
        luck: tuple[Value, Value],
        z: Value,
        stock: str,
        purpose: Callable[[str], str],
    ) -> None:
        """The normal draws of the sub-steps (`offramp.engine.luck.in_parts`)."""
        whole = f.call("normal", *luck, purpose_number(purpose(f"noise/{stock}")))
        names = parts_of_noise(stock, self.parts)
        numbers = f.table("index", [purpose_number(purpose(name)) for name in names])
        total = f.variable("real", 0.0)
        with f.loop(0, self.parts) as s:
            own = f.call("normal", *luck, f.load(numbers, s, "index"))
            f.store(z, s, own)
            total.set(total.get() + own)
        mean, share = total.get() / float(self.parts), whole / math.sqrt(self.parts)
        with f.loop(0, self.parts) as s:
            f.store(z, s, share + (f.load(z, s) - mean))
