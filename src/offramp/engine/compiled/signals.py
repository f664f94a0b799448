"""What an actor sees and supposes: pictures and signals, as IR."""

from __future__ import annotations

from offramp.anatomy import remembered
from offramp.engine.compiled.beliefs import Beliefs
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.reader import FormulaReader, State, hold, weigh
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.luck import purpose_number
from offramp.model import Remembered, Signal


class Signals(Writer):
    """Writes the functions that form each actor's view of the world.

    Actors without misreadings or beliefs share the true parameters, actors without signals the true state.
    An actor with beliefs has a picture for each joint assignment of types, in `pictures_I`, and their mean in
    `picture_I`; one with misreadings alone has only the latter.
    """

    def __init__(self, writing: Writing, beliefs: Beliefs) -> None:
        super().__init__(writing)
        self.beliefs, actors, layout, reserve = beliefs, self.actors, self.layout, self.memory.reserve
        signals = [s for a in actors for s in a.sees]
        delayed = {s.variable for s in signals if s.delay and not s.hidden}
        # The stocks that someone sees late, and how many steps back they are kept.
        self.late = [v.name for v in layout.model.stocks if v.name in delayed]
        self.rows = 1 + max([s.delay for s in signals if not s.hidden], default=0)
        reserve("past", self.rows * len(self.late) * len(layout.stages))
        if layout.is_staged:
            reserve("stage", 1)  # that is under way
        reserve("first", len(layout.stock))  # the initial stocks
        reserve("seen", len(layout.stock))
        for i, actor in enumerate(actors):
            if self.has_picture(i):
                reserve(f"picture_{i}", layout.vector_length)
            if actor.beliefs:
                reserve(f"pictures_{i}", len(beliefs.pictures(i)) * layout.vector_length)
            if actor.estimates:
                reserve(f"mind_{i}", len(layout.stock))

    def is_private(self, i: int) -> bool:
        """Whether actor i's view differs from the truth at all."""
        return bool(self.actors[i].sees) or self.has_picture(i)

    def has_picture(self, i: int) -> bool:
        """Whether actor i supposes other parameters than the true ones."""
        return bool(self.actors[i].misreads or self.actors[i].beliefs) or i in self.layout.misled

    def write(self) -> None:
        for i, actor in enumerate(self.actors):
            if actor.sees:
                self._see(i)
            if self._supposes(i):
                self._suppose(i)
            if actor.beliefs:
                self._mean_picture(i)

    def begin(self, f: FunctionWriter) -> None:
        """Keep the initial stocks: what is hidden is taken to be as it was."""
        with f.loop(0, len(self.layout.stock)) as i:
            f.store(self.region(f, "first"), i, f.load(self.region(f, "stocks"), i))

    def make_pictures(self, f: FunctionWriter) -> None:
        """Write each actor's misreadings over the true parameters, and over them the types it believes in."""
        misread, truth = self.array(f, "misread"), self.region(f, "truth")
        column, columns = 0, sum(len(a.misreads) for a in self.actors)
        corrected = f.bytes_on(self.array(f, "right_misreading"), f["step"] * columns)
        for i, actor in enumerate(self.actors):
            if not self.has_picture(i):
                continue
            picture = self.region(f, f"picture_{i}")
            with f.loop(0, len(self.layout.parameter)) as n:
                f.store(picture, n, f.load(truth, n))
            for misreading in actor.misreads:
                place = self.layout.parameter[misreading.parameter]
                right = f.load_byte(corrected, column).differs(0)
                f.store(picture, place, f.select(right, f.load(truth, place), f.load(misread, column)))
                column += 1
            if i in self.layout.misled:
                self._mislead(f, i, picture)
            if not actor.beliefs:
                f.call("derive", picture)
                self.solve_steady(f, picture)
                continue
            for number, joint in enumerate(self.beliefs.pictures(i)):
                typed = f.at(self.region(f, f"pictures_{i}"), number * self.layout.vector_length)
                with f.loop(0, len(self.layout.parameter)) as n:
                    f.store(typed, n, f.load(picture, n))
                for belief, k in zip(actor.beliefs, joint, strict=True):
                    for place, values in self.beliefs.type_values(f, belief.about):
                        f.store(typed, place, values[k])
                f.call("derive", typed)
                self.solve_steady(f, typed)

    def solve_steady(self, f: FunctionWriter, vector: Value) -> None:
        """Solve the ladders that read nothing but parameters, for all look-aheads with this vector."""
        if self.layout.steady_ladders:
            f.call("steady_odds", vector, self.region(f, "ladder"))

    def _mislead(self, f: FunctionWriter, i: int, picture: Value) -> None:
        """Write over a picture what a policy makes actor i take parameters for."""
        parameters = len(self.layout.parameter)
        given = self.array(f, "suppose")
        row = (f["step"] * len(self.actors) + i) * parameters
        with f.loop(0, parameters) as n:
            value = f.load(given, row + n, "scalar")
            f.store(picture, n, f.select(f.is_nan(value), f.load(picture, n), f.to("real", value)))

    def _mean_picture(self, i: int) -> None:
        """@mean_picture_I: the values of types averaged by belief, over what actor I misreads."""
        actor = self.actors[i]
        with self.function(f"mean_picture_{i}") as (f, _, _now):
            mean, belief = self.region(f, f"picture_{i}"), self.region(f, "belief")
            for b in actor.beliefs:
                place = self.beliefs.first_supposition[actor.name, b.about]
                for parameter, values in self.beliefs.type_values(f, b.about):
                    total = f.real(0.0)
                    for k, value in enumerate(values):
                        total = total + weigh(f.load(belief, place + k), value)
                    f.store(mean, parameter, total)
            f.call("derive", mean)

    def as_ever(self, f: FunctionWriter) -> None:
        """Let the stocks that someone sees late have been what they are now."""
        stocks, past = self.region(f, "stocks"), self.region(f, "past")
        for row in range(self.rows * len(self.layout.stages)):
            for n, name in enumerate(self.late):
                place = row * len(self.late) + n
                f.store(past, place, f.load(stocks, self.layout.stock[name]))

    def begin_stage(self, f: FunctionWriter, g: int) -> None:
        """Keep the stocks that someone sees late, as they are when a stage begins."""
        stocks, past = self.region(f, "stocks"), self.region(f, "past")
        if self.layout.is_staged:
            f.store(self.region(f, "stage"), 0, f.constant("index", g), "index")
        row = self._row(f, f["step"])
        for n, name in enumerate(self.late):
            f.store(past, row + n, f.load(stocks, self.layout.stock[name]))

    def _row(self, f: FunctionWriter, step: Value) -> Value:
        """Where in `past` the stocks stand as they were in a step, when the stage under way began in it."""
        row = step % self.rows
        if self.layout.is_staged:
            row = row * len(self.layout.stages) + f.load(self.region(f, "stage"), 0, "index")
        return row * len(self.late)

    def view(self, f: FunctionWriter, i: int, now: Value) -> State:
        """The state that actor i sees and the parameters it supposes, in its mean picture."""
        if self.actors[i].beliefs:
            f.call(f"mean_picture_{i}", f["work"], f["step"])
        picture = self.region(f, f"picture_{i}" if self.has_picture(i) else "truth")
        if not self.actors[i].sees:
            return State(self.region(f, "stocks"), picture, now)
        f.call(f"see_{i}", f["work"], f["step"])
        self._see_in(f, i, picture, now)
        return State(self.region(f, "seen"), picture, now)

    def view_in_picture(self, f: FunctionWriter, i: int, number: Value, now: Value) -> State:
        """The same in one of its pictures, once it has seen what is the same in all of them."""
        picture = f.at(self.region(f, f"pictures_{i}"), number * self.layout.vector_length)
        if not self.actors[i].sees:
            return State(self.region(f, "stocks"), picture, now)
        self._see_in(f, i, picture, now)
        return State(self.region(f, "seen"), picture, now)

    def _see_in(self, f: FunctionWriter, i: int, picture: Value, now: Value) -> None:
        """Fill in what actor i supposes of hidden stocks in a picture."""
        if self._supposes(i):
            f.call(f"suppose_{i}", self.region(f, "seen"), picture, now, self._seen_right(f, i))

    def _seen_right(self, f: FunctionWriter, i: int) -> Value:
        """Address of the bytes that say which of its signals a policy lets actor i see as they are."""
        count, first = (sum(len(a.sees) for a in some) for some in (self.actors, self.actors[:i]))
        return f.bytes_on(self.array(f, "right_signal"), f["step"] * count + first)

    def _suppose(self, i: int) -> None:
        """@suppose_I(x, p, now, right): hidden stocks as actor I supposes them in a picture."""
        parameters: dict[str, Kind] = {"x": "pointer", "p": "pointer", "now": "scalar", "right": "pointer"}
        with self.module.function(f"suppose_{i}", parameters) as f:
            read = self.reader(f, State(f["x"], f["p"], f["now"]))
            for n, signal in enumerate(self.actors[i].sees):
                if signal.assumed is not None and signal.learns is None:
                    place = self.layout.stock[signal.variable]
                    value = hold(f, self.layout, signal.variable, read.read(signal.assumed))
                    right = f.load_byte(f["right"], n).differs(0)
                    f.store(f["x"], place, f.select(right, f.load(f["x"], place), value))
            for memory, numbers in self._hidden_memories(i):
                right = f.load_byte(f["right"], numbers[0]).differs(0)
                for n in numbers[1:]:
                    right = right & f.load_byte(f["right"], n).differs(0)
                read = self.reader(f, State(f["x"], f["p"], f["now"]))
                value = read.real(memory.steady.node)
                first = f.at(f["x"], self.layout.stock[memory.places[0]])
                with f.loop(0, len(memory.places)) as k:
                    f.store(first, k, f.select(right, f.load(first, k), value))

    def _supposes(self, i: int) -> bool:
        """Whether actor i supposes anything of what is hidden from it: stocks, or what formulas remember."""
        assumed = any(s.assumed is not None and s.learns is None for s in self.actors[i].sees)
        return assumed or bool(self._hidden_memories(i))

    def _hidden_memories(self, i: int) -> list[tuple[Remembered, list[int]]]:
        """Memories of stocks that are hidden from actor i, each with the signals that say so."""
        hidden = {s.variable: n for n, s in enumerate(self.actors[i].sees) if s.hidden}
        found = ((m, remembered(self.model, m) & hidden.keys()) for m in self.model.memories)
        return [(memory, sorted(hidden[name] for name in names)) for memory, names in found if names]

    def _see(self, i: int) -> None:
        """@see_I: the state as actor I sees it, without what it supposes of hidden stocks."""
        actor, layout = self.actors[i], self.layout
        with self.function(f"see_{i}") as (f, _, now):
            stocks, seen, _, first = (self.region(f, n) for n in ("stocks", "seen", "past", "first"))
            fact = self.reader(f, self.truth(f, now))
            with f.loop(0, len(layout.stock)) as n:
                f.store(seen, n, f.load(stocks, n))
            corrected = self._seen_right(f, i)
            for number, signal in enumerate(actor.sees):
                place = layout.stock[signal.variable]
                right = f.load_byte(corrected, number).differs(0)
                if signal.learns is not None:
                    value = f.load(self.region(f, f"mind_{i}"), place)
                elif signal.hidden:
                    value = hold(f, layout, signal.variable, f.load(first, place))
                else:
                    value = self.shown(f, i, signal, fact)
                f.store(seen, place, f.select(right, f.load(stocks, place), value))

    def is_right(self, f: FunctionWriter, i: int, signal: Signal) -> Value:
        """Uniform: whether a policy lets actor i see a stock as it is in this step."""
        return f.load_byte(self._seen_right(f, i), self.actors[i].sees.index(signal)).differs(0)

    def shown(self, f: FunctionWriter, i: int, signal: Signal, fact: FormulaReader) -> Value:
        """What a signal shows actor i of a stock; `fact` reads in truth."""
        if signal.delay:
            back = f["step"] - signal.delay
            earlier = f.select(back >= 0, back, 0)
            row = self._row(f, earlier)
            value = f.load(self.region(f, "past"), row + self.late.index(signal.variable))
        else:
            value = f.load(self.region(f, "stocks"), self.layout.stock[signal.variable])
        value = value + fact.read(signal.bias)
        if signal.noise is not None:
            draw = purpose_number(f"see/{self.actors[i].name}/{signal.variable}")
            z = f.call("normal", self.region(f, "key"), f["step"], draw)
            value = value + fact.read(signal.noise) * z
        bounds = self.layout.by_name[signal.variable].bounds
        return f.within(value, *bounds) if bounds else value
