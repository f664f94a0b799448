"""Look-aheads along sampled paths, as IR: `offramp.engine.plain.imagined` says what they are and why.

| function | what it does |
|---|---|
| `pick(chances, count, u)` | one of several chances becomes 1, the others 0 |
| `imagine_events_I(x, p, k, now, word, room, key)` | what happens as a step begins |
| `imagine_moves_I(weights, word, key, own)` | everyone's chances become moves; those of actor I where `own` |
| `imagine_noise_I(x, p, now, word, kick, key)` | the noise of a step |
| `imagine_I(seen, p, step, steps, reach, first, open, q, room, key)` | Q of each action of actor I |
"""

from __future__ import annotations

import math

from offramp.engine import luck
from offramp.engine.compiled.foresight import Minds, Room, copy
from offramp.engine.compiled.ir import Function, Module
from offramp.engine.compiled.layout import Layout
from offramp.engine.compiled.phases import Phases
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.luck import purpose_number
from offramp.engine.plain.imagined import AHEAD, LARGEST_MEAN, PATH, purpose
from offramp.model import Actor


class Sampling:
    """Writes the look-ahead of those who really choose, along so many paths."""

    def __init__(self, module: Module, layout: Layout, phases: Phases, minds: Minds, paths: int) -> None:
        self.module, self.layout, self.phases, self.minds = module, layout, phases, minds
        self.model, self.paths = layout.model, paths

    @property
    def room(self) -> int:
        """Reals of working space, with all that is nested in it."""
        means = 3 * len(self.layout.mean_position)
        return self.minds.room_for_look_ahead + len(self.layout.slots) + means

    def write(self) -> None:
        self._pick()
        for i, actor in enumerate(self.model.actors):
            if actor.depth:
                self._events(i, actor)
                self._moves(i, actor)
                self._noise(i, actor)
                self._imagine(i, actor)

    def _pick(self) -> None:
        parameters: dict[str, Kind] = {"chances": "pointer", "count": "index", "u": "real"}
        with self.module.function("pick", parameters) as f:
            chances, count = f["chances"], f["count"]
            cumulative = f.variable("real", 0.0)
            with f.loop(0, count) as b:
                cumulative.set(cumulative.get() + f.load(chances, b))
            nothing = cumulative.get() * 0.0  # or not a number, if a chance is not
            cumulative.set(0.0)
            found = f.variable("mask", False)
            with f.loop(0, count) as b:
                cumulative.set(cumulative.get() + f.load(chances, b))
                last = f.to("mask", b.equals(count - 1))
                here = ((f["u"] < cumulative.get()) | last) & ~found.get()
                found.set(found.get() | here)
                f.store(chances, b, f.select(here, 1.0, 0.0) + nothing)

    def _uniform(self, f: Function, actor: Actor, of: str) -> Value:
        return f.call("uniform", f["key"], f["word"], purpose_number(purpose(actor, of)))

    def _events(self, i: int, actor: Actor) -> None:
        layout = self.layout
        parameters: dict[str, Kind] = {
            "x": "pointer", "p": "pointer", "k": "index", "now": "scalar", "word": "index",
            "room": "pointer", "key": "pointer",
        }  # fmt: skip
        with self.module.function(f"imagine_events_{i}", parameters) as f:
            state, room = (f["x"], f["p"], f["now"]), f["room"]
            for step in f.switch(f["k"], list(layout.dated)) if layout.dated else ():
                f.call(f"dated_chances_{step}", *state, room)
                first = 0
                for event in layout.dated[step]:
                    if event.branches:
                        u = self._uniform(f, actor, luck.purpose_of_branch(event))
                        f.call("pick", f.at(room, first), len(event.branches), u)
                        first += len(event.branches)
                f.call(f"dated_effects_{step}", *state, room)
            if not layout.random:
                return
            count = len(layout.mean_position)
            counts, once = f.at(room, count), f.at(room, 2 * count)
            f.call("means", *state, room)
            for event in layout.random:
                at = layout.mean_position[event.name, ""]
                mean = f.load(room, at)
                if event.once:
                    u = self._uniform(f, actor, luck.purpose_of_event(event))
                    total = f.to("real", u > f.call("exp", -mean)) + mean * 0.0
                    if event.branches:
                        u = self._uniform(f, actor, luck.purpose_of_branch(event))
                        f.call("pick", f.at(room, at + 1), len(event.branches), u)
                        for b in range(len(event.branches)):
                            f.store(counts, at + 1 + b, total * f.load(room, at + 1 + b))
                elif event.branches:
                    total = f.real(0.0)
                    for branch in event.branches:
                        place = layout.mean_position[event.name, branch.name]
                        of = luck.purpose_of_event(event, branch.name)
                        times = self._times(f, actor, of, f.load(room, place))
                        f.store(counts, place, times)
                        total = total + times
                else:
                    total = self._times(f, actor, luck.purpose_of_event(event), mean)
                f.store(counts, at, total)
            with f.loop(0, count) as n:
                f.store(once, n, f.smaller(f.load(counts, n), 1.0))
            f.call("random_effects", *state, counts, once)

    def _times(self, f: Function, actor: Actor, of: str, mean: Value) -> Value:
        u = self._uniform(f, actor, of)
        return f.call("poisson", u, f.smaller(mean, LARGEST_MEAN)) + mean * 0.0

    def _moves(self, i: int, actor: Actor) -> None:
        parameters: dict[str, Kind] = {
            "weights": "pointer", "word": "index", "key": "pointer", "own": "flag",
        }  # fmt: skip
        with self.module.function(f"imagine_moves_{i}", parameters) as f:
            for m, other in enumerate(self.model.actors):
                chances = f.at(f["weights"], self.layout.first_slot[m])
                if m == i:
                    with f.when(f["own"]):
                        u = self._uniform(f, actor, f"choose/{other.name}")
                        f.call("pick", chances, len(other.actions), u)
                else:
                    u = self._uniform(f, actor, f"choose/{other.name}")
                    f.call("pick", chances, len(other.actions), u)

    def _noise(self, i: int, actor: Actor) -> None:
        parameters: dict[str, Kind] = {
            "x": "pointer", "p": "pointer", "now": "scalar", "word": "index", "kick": "pointer",
            "key": "pointer",
        }  # fmt: skip
        with self.module.function(f"imagine_noise_{i}", parameters) as f:
            f.call("spread", f["x"], f["p"], f["now"], f["kick"])
            for n, variable in enumerate(self.phases.noisy):
                number = purpose_number(purpose(actor, f"noise/{variable.name}"))
                z = f.call("normal", f["key"], f["word"], number)
                f.store(f["kick"], n, f.load(f["kick"], n) * z)

    def _imagine(self, i: int, actor: Actor) -> None:
        layout, dt, level = self.layout, self.layout.dt, actor.depth
        slots, count = len(layout.slots), len(actor.actions)
        absorbing = self.minds.absorbing
        parameters: dict[str, Kind] = {
            "seen": "pointer", "p": "pointer", "step": "index", "steps": "index", "reach": "pointer",
            "first": "pointer", "open": "pointer", "q": "pointer", "room": "pointer", "key": "pointer",
        }  # fmt: skip
        with self.module.function(f"imagine_{i}", parameters) as f:
            room = Room(f, f["room"])
            x, weights, z = (room.take(n) for n in (len(layout.stock), slots, slots))
            kick, course = room.take(len(self.phases.noisy)), room.take(1 + len(absorbing))
            scratch = room.take(0)
            p, step, key = f["p"], f["step"], f["key"]
            own = f.at(weights, layout.first_slot[i])
            now0 = f.to("scalar", step) * dt
            f.call(f"costs_{i}", f["seen"], p, now0, f["q"])
            node = layout.discount_per_step(actor)
            discount = f.load(p, layout.derived[node]) if node is not None else f.real(1.0)

            with f.loop(0, count) as a, f.when(f.any(f.load(f["open"], a).differs(-math.inf))):
                over_paths = f.variable("real", 0.0)
                cost = f.load(f["q"], a)
                with f.loop(0, self.paths) as n:
                    copy(f, f["first"], weights, slots)
                    word = step + n * PATH + AHEAD
                    f.call(f"imagine_moves_{i}", weights, word, key, f.constant("flag", False))
                    with f.loop(0, count) as b:
                        f.store(own, b, f.to("real", f.select(a.equals(b), f.constant("scalar", 1.0), 0.0)))
                    copy(f, f["seen"], x, len(layout.stock))
                    f.store(course, 0, 1.0)
                    for o in range(len(absorbing)):
                        f.store(course, 1 + o, 0.0)
                    f.call("effects", x, p, now0, weights)
                    f.call(f"imagine_noise_{i}", x, p, now0, word, kick, key)
                    f.call("change", x, p, now0, kick)
                    end = f.to("scalar", step + 1) * dt
                    total = f.variable("real", discount * f.call(f"assess_{i}", x, p, end, course))
                    factor = f.variable("real", discount)
                    gained = f.variable("real", 0.0) if self.model.ladders else None
                    with f.loop(1, f["steps"]) as h:
                        k = step + h
                        word = step + n * PATH + (h + 1) * AHEAD
                        now = f.to("scalar", k) * dt
                        end = f.to("scalar", k + 1) * dt
                        f.call(f"imagine_events_{i}", x, p, k, now, word, scratch, key)
                        if gained is not None:  # ladders count by their expectation
                            f.call("expect_exchanges", x, p, now, scratch)
                            self.minds.meet_exchanges(f, i, scratch, course, factor.get() * discount, gained)
                        f.call("inclinations", x, p, now, z)
                        f.call(f"others_of_{i}_level{level - 1}", x, p, k, f["reach"], z, weights, scratch)
                        f.call(f"imagine_moves_{i}", weights, word, key, f.constant("flag", True))
                        f.call("effects", x, p, now, weights)
                        f.call(f"imagine_noise_{i}", x, p, now, word, kick, key)
                        f.call("change", x, p, now, kick)
                        factor.set(factor.get() * discount)
                        value = f.call(f"assess_{i}", x, p, end, course)
                        total.set(total.get() + factor.get() * value)
                    whole = total.get() * dt
                    if gained is not None:
                        whole = whole + gained.get()
                    over_paths.set(over_paths.get() + (whole - cost))
                f.store(f["q"], a, over_paths.get() / float(self.paths))
