"""How an actor weighs its actions: the look-ahead, as IR.

An actor of depth L looks along the expected path of its own picture, the others answering as reasoners of
depth L-1. Depth 0 is habit. `Minds.answers` is the one place that decides how others are supposed to answer,
so that deeper minds come in there and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from offramp.engine import elementary
from offramp.engine.ir import Function, Module
from offramp.engine.kernel import Layout, Reader, weigh
from offramp.engine.phases import Phases
from offramp.engine.values import Value
from offramp.model import Actor


def steps_ahead(actor: Actor, dt: float) -> int:
    """Steps that an actor looks ahead: its horizon, rounded, at least 1."""
    return max(1, math.floor(actor.horizon / dt + 0.5))


class Minds:
    """Writes the functions by which actors choose."""

    def __init__(self, module: Module, layout: Layout, phases: Phases) -> None:
        self.module, self.layout, self.phases, self.model = module, layout, phases, layout.model
        self.absorbing = [o for o in self.model.outcomes if o.absorbing]

    def write(self) -> None:
        self._softmax()
        self._habits()
        self._expect_events()
        for i, actor in enumerate(self.model.actors):
            if actor.depth:
                self._assess(i)
                self._look_ahead(i)

    def _softmax(self) -> None:
        """@softmax(z, p, n): p = exp(z) over their sum, for n actions; NaN where no z is finite."""
        with self.module.function("softmax", {"z": "pointer", "p": "pointer", "n": "index"}) as f:
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

    def _habits(self) -> None:
        """@habits(z, p): the softmax of every actor's slots.

        One loop over all slots, so that the exponentials of many actions are under way at once.
        """
        layout = self.layout
        with self.module.function("habits", {"z": "pointer", "p": "pointer"}) as f:
            z = [f.load(f["z"], s) for s in range(len(layout.slots))]
            groups = [
                range(first, first + len(actor.actions))
                for first, actor in zip(layout.first_slot, self.model.actors, strict=True)
            ]
            for group in groups:
                best = pairwise(lambda a, b: f.select(a > b, a, b), [z[s] for s in group])
                for s in group:
                    f.store(f["p"], s, z[s] - best)
            with f.loop(0, len(layout.slots)) as i:
                f.store(f["p"], i, elementary.exp_of_negative(f, f.load(f["p"], i)))
            for group in groups:
                likely = {s: f.load(f["p"], s) for s in group}
                scale = 1.0 / pairwise(lambda a, b: a + b, list(likely.values()))
                for s, value in likely.items():
                    f.store(f["p"], s, value * scale)

    def answers(self, f: Function, x: Value, p: Value, now: Value, z: Value, weights: Value) -> None:
        """How everyone acts in a step of a look-ahead: by habit, into `weights`."""
        f.call("inclinations", x, p, now, z)
        f.call("habits", z, weights)

    def _expect_events(self) -> None:
        """@expect_events(x, p, step, now, room): events of a step, each weighted by how likely it is."""
        parameters = {"x": "pointer", "p": "pointer", "step": "index", "now": "scalar", "room": "pointer"}
        with self.module.function("expect_events", parameters) as f:  # type: ignore[arg-type]
            x, p, now, room = f["x"], f["p"], f["now"], f["room"]
            if self.layout.dated:
                for step in f.switch(f["step"], list(self.layout.dated)):
                    f.call(f"dated_chances_{step}", x, p, now, room)
                    f.call(f"dated_effects_{step}", x, p, now, room)
            if self.layout.random:
                f.call("means", x, p, now, room)
                once = f.at(room, len(self.layout.mean_position))
                for position in self.phases.positions_set:
                    f.store(once, position, 1.0 - f.call("exp", -f.load(room, position)))
                f.call("random_effects", x, p, now, room, once)

    def _assess(self, i: int) -> None:
        """@assess_I(x, p, end, course): what the end of a step is worth to actor I, in points per month.

        `course` holds the chance that the run still goes on and, behind it, that it has ended in each
        absorbing outcome; both are moved on by one step.
        """
        actor, dt = self.model.actors[i], self.layout.dt
        parameters = {"x": "pointer", "p": "pointer", "end": "scalar", "course": "pointer"}
        with self.module.function(f"assess_{i}", parameters, "real") as f:  # type: ignore[arg-type]
            read = Reader(f, self.layout, f["x"], f["p"], f["end"])
            worths = {o.name: dict(o.worth).get(actor.name) for o in self.absorbing}
            utility = f.real(0.0)
            for term in actor.utility:
                utility = utility + read.read(term.formula)
            if not self.absorbing:
                f.result(utility)
                return
            survival = f.load(f["course"], 0)
            absorbed = {o.name: f.load(f["course"], 1 + n) for n, o in enumerate(self.absorbing)}
            rates = {o.name: self.phases.rate(f, read, o) for o in self.absorbing if o.rate is not None}
            if rates:
                rate = f.real(0.0)
                for r in rates.values():
                    rate = rate + r
                stay = f.call("exp", rate * -dt)
                share = f.select(rate.equals(0.0), 0.0, survival * (1.0 - stay) / rate)
                for name, r in rates.items():
                    absorbed[name] = absorbed[name] + share * r
                survival = survival * stay
            for outcome in self.absorbing:
                if outcome.when is not None:
                    moved = f.select(read.mask(outcome.when.node), survival, 0.0)
                    absorbed[outcome.name] = absorbed[outcome.name] + moved
                    survival = survival - moved
            value = weigh(survival, utility)
            for name, worth in worths.items():
                if worth is not None:
                    value = value + weigh(absorbed[name], read.read(worth))
            f.store(f["course"], 0, survival)
            for n, outcome in enumerate(self.absorbing):
                if worths[outcome.name] is not None:
                    f.store(f["course"], 1 + n, absorbed[outcome.name])
            f.result(value)

    def room_for_look_ahead(self) -> int:
        """Reals of working space that @look_ahead_I takes."""
        layout = self.layout
        most_chances = max(
            [sum(len(e.branches) for e in events) for events in layout.dated.values()], default=0
        )
        events = max(most_chances, 2 * len(layout.mean_position))
        own = len(layout.stock) + 3 * len(layout.slots) + len(self.phases.noisy) + 1 + len(self.absorbing)
        return own + events

    def _look_ahead(self, i: int) -> None:
        """@look_ahead_I(seen, p, step, z, open, q, room): Q of each action of actor I, in points.

        `z` holds everyone's inclinations in the seen state; `open` the actor's own, minus infinity where
        the action is closed to it. An action that is closed in all runs of the vector is passed over.
        """
        layout, actor, dt = self.layout, self.model.actors[i], self.layout.dt
        first, count = layout.first_slot[i], len(actor.actions)
        parameters = {
            "seen": "pointer", "p": "pointer", "step": "index", "z": "pointer", "open": "pointer",
            "q": "pointer", "room": "pointer",
        }  # fmt: skip
        with self.module.function(f"look_ahead_{i}", parameters) as f:  # type: ignore[arg-type]
            room = _Room(f, f["room"])
            x = room.take(len(layout.stock))
            first_weights = room.take(len(layout.slots))
            weights = room.take(len(layout.slots))
            z = room.take(len(layout.slots))
            kick = room.take(len(self.phases.noisy))  # no noise is expected
            course = room.take(1 + len(self.absorbing))
            scratch = room.take(0)
            p, step = f["p"], f["step"]

            for n in range(len(self.phases.noisy)):
                f.store(kick, n, 0.0)
            f.call("habits", f["z"], first_weights)
            own = f.at(first_weights, first)
            now0 = f.to("scalar", step) * dt
            f.call(f"costs_{i}", f["seen"], p, now0, f["q"])
            node = layout.discount_per_step(actor)
            discount = f.load(p, layout.derived[node]) if node is not None else f.real(1.0)

            with f.loop(0, count) as a, f.when(f.any(f.load(f["open"], a).differs(-math.inf))):
                with f.loop(0, count) as b:
                    f.store(own, b, f.to("real", f.select(a.equals(b), f.constant("scalar", 1.0), 0.0)))
                with f.loop(0, len(layout.stock)) as s:
                    f.store(x, s, f.load(f["seen"], s))
                f.store(course, 0, 1.0)
                for n in range(len(self.absorbing)):
                    f.store(course, 1 + n, 0.0)
                f.call("effects", x, p, now0, first_weights)
                f.call("change", x, p, now0, kick)
                end = f.to("scalar", step + 1) * dt
                total = f.variable("real", discount * f.call(f"assess_{i}", x, p, end, course))
                factor = f.variable("real", discount)
                with f.loop(1, steps_ahead(actor, dt)) as h:
                    k = step + h
                    now = f.to("scalar", k) * dt
                    end = f.to("scalar", k + 1) * dt
                    f.call("expect_events", x, p, k, now, scratch)
                    self.answers(f, x, p, now, z, weights)
                    f.call("effects", x, p, now, weights)
                    f.call("change", x, p, now, kick)
                    factor.set(factor.get() * discount)
                    value = f.call(f"assess_{i}", x, p, end, course)
                    total.set(total.get() + factor.get() * value)
                f.store(f["q"], a, total.get() * dt - f.load(f["q"], a))


def pairwise(combine: Callable[[Value, Value], Value], values: Sequence[Value]) -> Value:
    """All values combined in pairs, pairs of pairs and so on: short chains, and always the same order."""
    while len(values) > 1:
        paired = [combine(a, b) for a, b in zip(values[::2], values[1::2], strict=False)]
        values = paired + list(values[len(values) & ~1 :])
    return values[0]


class _Room:
    """Hands out working space from a block of memory."""

    def __init__(self, f: Function, base: Value) -> None:
        self.f, self.base, self.used = f, base, 0

    def take(self, reals: int) -> Value:
        place = self.f.at(self.base, self.used)
        self.used += reals
        return place
