"""What an actor sees and supposes: pictures and signals, as IR."""

from __future__ import annotations

from offramp.engine.ir import Function, Module
from offramp.engine.kernel import Layout, Reader, hold
from offramp.engine.luck import purpose_number
from offramp.engine.memory import Memory
from offramp.engine.values import Value


class Seeing:
    """Writes the functions that form each actor's view of the world.

    Actors without misreadings share the true parameters, actors without signals the true state.
    """

    def __init__(self, module: Module, layout: Layout, memory: Memory) -> None:
        self.module, self.layout, self.memory = module, layout, memory
        self.actors = actors = layout.model.actors
        signals = [s for a in actors for s in a.sees]
        delayed = {s.variable for s in signals if s.delay and not s.hidden}
        # The stocks that someone sees late, and how many steps back they are kept.
        self.late = [v.name for v in layout.model.stocks if v.name in delayed]
        self.rows = 1 + max([s.delay for s in signals if not s.hidden], default=0)
        memory.region("past", self.rows * len(self.late))
        memory.region("first", len(layout.stock))  # the initial stocks
        memory.region("seen", len(layout.stock))
        for i, actor in enumerate(actors):
            if actor.misreads:
                memory.region(f"picture_{i}", layout.vector_length)

    def is_private(self, i: int) -> bool:
        """Whether actor i's view differs from the truth at all."""
        return bool(self.actors[i].sees or self.actors[i].misreads)

    def write(self) -> None:
        for i, actor in enumerate(self.actors):
            if actor.sees:
                self._see(i)

    def begin(self, f: Function) -> None:
        """Keep the initial stocks: what is hidden is taken to be as it was."""
        with f.loop(0, len(self.layout.stock)) as i:
            f.store(self.memory.place(f, "first"), i, f.load(self.memory.place(f, "stocks"), i))

    def make_pictures(self, f: Function) -> None:
        """Write each actor's misreadings over the true parameters."""
        misread, truth = self.memory.outside(f, "misread"), self.memory.place(f, "truth")
        column = 0
        for i, actor in enumerate(self.actors):
            if not actor.misreads:
                continue
            picture = self.memory.place(f, f"picture_{i}")
            with f.loop(0, len(self.layout.parameter)) as n:
                f.store(picture, n, f.load(truth, n))
            for misreading in actor.misreads:
                f.store(picture, self.layout.parameter[misreading.parameter], f.load(misread, column))
                column += 1
            f.call("derive", picture)

    def remember(self, f: Function) -> None:
        """Keep the stocks that someone sees late, as they are at the point of seeing."""
        stocks, past = self.memory.place(f, "stocks"), self.memory.place(f, "past")
        row = (f["step"] % self.rows) * len(self.late)
        for n, name in enumerate(self.late):
            f.store(past, row + n, f.load(stocks, self.layout.stock[name]))

    def view(self, f: Function, i: int, now: Value) -> tuple[Value, Value]:
        """Addresses of the state that actor i sees and of the parameters it supposes."""
        picture = self.memory.place(f, f"picture_{i}" if self.actors[i].misreads else "truth")
        if not self.actors[i].sees:
            return self.memory.place(f, "stocks"), picture
        f.call(f"see_{i}", f["work"], f["step"])
        return self.memory.place(f, "seen"), picture

    def _see(self, i: int) -> None:
        """@see_I: the state as actor I sees it."""
        actor, layout = self.actors[i], self.layout
        with self.memory.function(f"see_{i}") as (f, _, now):
            stocks, seen, past, first, truth = (
                self.memory.place(f, n) for n in ("stocks", "seen", "past", "first", "truth")
            )
            picture = self.memory.place(f, f"picture_{i}" if actor.misreads else "truth")
            fact = Reader(f, layout, stocks, truth, now)
            supposed = Reader(f, layout, stocks, picture, now)
            with f.loop(0, len(layout.stock)) as n:
                f.store(seen, n, f.load(stocks, n))
            for signal in actor.sees:
                place = layout.stock[signal.variable]
                if signal.hidden:
                    value = f.load(first, place) if signal.assumed is None else supposed.read(signal.assumed)
                    f.store(seen, place, hold(f, layout, signal.variable, value))
                    continue
                if signal.delay:
                    back = f["step"] - signal.delay
                    earlier = f.select(back >= 0, back, 0)
                    row = (earlier % self.rows) * len(self.late)
                    value = f.load(past, row + self.late.index(signal.variable))
                else:
                    value = f.load(stocks, place)
                value = value + fact.read(signal.bias)
                if signal.noise is not None:
                    draw = purpose_number(f"see/{actor.name}/{signal.variable}")
                    z = f.call("normal", self.memory.place(f, "key"), f["step"], draw)
                    value = value + fact.read(signal.noise) * z
                bounds = layout.by_name[signal.variable].bounds
                f.store(seen, place, f.within(value, *bounds) if bounds else value)
