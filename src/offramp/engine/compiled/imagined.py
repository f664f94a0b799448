"""Look-aheads along sampled paths, as IR: `offramp.engine.plain.imagined` says what they are and why.

| function | what it does |
|---|---|
| `pick(chances, count, u)` | one of several chances becomes 1, the others 0 |
| `imagine_events_I(x, p, k, now, word, scratch, key)` | what happens as a step begins |
| `imagine_moves_I(weights, word, key, own)` | everyone's chances become moves; those of actor I where `own` |
| `imagine_change_I(x, p, now, word, kick, key)` | the stocks change, with noise |
| `imagine_I(seen, p, step, steps, reach, first, open, q, scratch, key)` | Q of each action of actor I |

Where actors move in stages there is an `imagine_moves_I_stageG` for each stage G.
"""

from __future__ import annotations

import math

from offramp.engine import luck
from offramp.engine.compiled.foresight import Account, LookAheads, copy
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.memory import Scratch
from offramp.engine.compiled.phases import Phases
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.inputs import LARGEST_MEAN
from offramp.engine.luck import purpose_number
from offramp.engine.plain.imagined import AHEAD, PATH, purpose
from offramp.model import Actor


class SampledLookAhead(Writer):
    """Writes the look-ahead of those who really choose, along so many paths."""

    def __init__(self, writing: Writing, phases: Phases, look_aheads: LookAheads, paths: int) -> None:
        super().__init__(writing)
        self.phases, self.look_aheads, self.paths = phases, look_aheads, paths

    @property
    def scratch(self) -> int:
        """Reals of scratch, with all that is nested in it."""
        means = 3 * len(self.layout.mean_position)
        return self.look_aheads.scratch + len(self.layout.slots) + means + self.phases.change.room

    def write(self) -> None:
        self._pick()
        for i, actor in enumerate(self.model.actors):
            if actor.depth:
                self._events(i, actor)
                for g in range(len(self.layout.stages)):
                    self._moves(i, actor, g)
                self._change(i, actor)
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

    def _uniform(self, f: FunctionWriter, actor: Actor, of: str) -> Value:
        return f.call("uniform", f["key"], f["word"], purpose_number(purpose(actor, of)))

    def _events(self, i: int, actor: Actor) -> None:
        layout = self.layout
        parameters: dict[str, Kind] = {
            "x": "pointer", "p": "pointer", "k": "index", "now": "scalar", "word": "index",
            "scratch": "pointer", "key": "pointer",
        }  # fmt: skip
        with self.module.function(f"imagine_events_{i}", parameters) as f:
            state, scratch = (f["x"], f["p"], f["now"]), f["scratch"]
            for step in f.switch(f["k"], list(layout.dated)) if layout.dated else ():
                f.call(f"dated_chances_{step}", *state, scratch)
                first = 0
                for event in layout.dated[step]:
                    if event.branches:
                        u = self._uniform(f, actor, luck.purpose_of_branch(event))
                        f.call("pick", f.at(scratch, first), len(event.branches), u)
                        first += len(event.branches)
                f.call(f"dated_effects_{step}", *state, scratch)
            if not layout.random:
                return
            count = len(layout.mean_position)
            counts, once = f.at(scratch, count), f.at(scratch, 2 * count)
            f.call("means", *state, scratch)
            for event in layout.random:
                at = layout.mean_position[event.name, ""]
                mean = f.load(scratch, at)
                if event.once:
                    u = self._uniform(f, actor, luck.purpose_of_event(event))
                    total = f.to("real", u > f.call("exp", -mean)) + mean * 0.0
                    if event.branches:
                        u = self._uniform(f, actor, luck.purpose_of_branch(event))
                        f.call("pick", f.at(scratch, at + 1), len(event.branches), u)
                        for b in range(len(event.branches)):
                            f.store(counts, at + 1 + b, total * f.load(scratch, at + 1 + b))
                elif event.branches:
                    total = f.real(0.0)
                    for branch in event.branches:
                        place = layout.mean_position[event.name, branch.name]
                        of = luck.purpose_of_event(event, branch.name)
                        times = self._times(f, actor, of, f.load(scratch, place))
                        f.store(counts, place, times)
                        total = total + times
                else:
                    total = self._times(f, actor, luck.purpose_of_event(event), mean)
                f.store(counts, at, total)
            with f.loop(0, count) as n:
                f.store(once, n, f.smaller(f.load(counts, n), 1.0))
            f.call("random_effects", *state, counts, once)

    def _times(self, f: FunctionWriter, actor: Actor, of: str, mean: Value) -> Value:
        u = self._uniform(f, actor, of)
        return f.call("poisson", u, f.smaller(mean, LARGEST_MEAN)) + mean * 0.0

    def _moves(self, i: int, actor: Actor, g: int) -> None:
        parameters: dict[str, Kind] = {
            "weights": "pointer", "word": "index", "key": "pointer", "own": "flag",
        }  # fmt: skip
        with self.module.function(self.layout.in_stage(f"imagine_moves_{i}", g), parameters) as f:
            for m in self.layout.stages[g]:
                other = self.model.actors[m]
                chances = f.at(f["weights"], self.layout.first_slot[m])
                if m == i:
                    with f.when(f["own"]):
                        u = self._uniform(f, actor, f"choose/{other.name}")
                        f.call("pick", chances, len(other.actions), u)
                else:
                    u = self._uniform(f, actor, f"choose/{other.name}")
                    f.call("pick", chances, len(other.actions), u)

    def _change(self, i: int, actor: Actor) -> None:
        parameters: dict[str, Kind] = {
            "x": "pointer", "p": "pointer", "now": "scalar", "word": "index", "kick": "pointer",
            "key": "pointer",
        }  # fmt: skip
        with self.module.function(f"imagine_change_{i}", parameters) as f:
            state, luck_of = (f["x"], f["p"], f["now"]), (f["key"], f["word"])
            self.phases.change.with_noise(f, state, luck_of, f["kick"], lambda of: purpose(actor, of))

    def _imagine(self, i: int, actor: Actor) -> None:
        layout, ahead, slots = self.layout, self.look_aheads, len(self.layout.slots)
        parameters: dict[str, Kind] = {
            "seen": "pointer", "p": "pointer", "step": "index", "steps": "index", "reach": "pointer",
            "first": "pointer", "open": "pointer", "q": "pointer", "scratch": "pointer", "key": "pointer",
        }  # fmt: skip
        with self.module.function(f"imagine_{i}", parameters) as f:
            scratch = Scratch(f, f["scratch"])
            x, weights, z = (scratch.take(n) for n in (len(layout.stock), slots, slots))
            kick, course = scratch.take(self.phases.change.room), scratch.take(1 + len(ahead.absorbing))
            rest, p, step, key = scratch.rest, f["p"], f["step"], f["key"]
            own = f.at(weights, layout.first_slot[i])
            now0 = ahead.time(f, step)
            f.call(f"costs_{i}", f["seen"], p, now0, f["q"])
            discount = ahead.discount(f, i)

            with f.loop(0, len(actor.actions)) as a, f.when(f.any(f.load(f["open"], a).differs(-math.inf))):
                over_paths = f.variable("real", 0.0)
                cost = f.load(f["q"], a)
                with f.loop(0, self.paths) as n:
                    copy(f, f["first"], weights, slots)
                    word = step + n * PATH + AHEAD
                    stage, nobody = layout.stage_of[i], f.constant("flag", False)
                    f.call(layout.in_stage(f"imagine_moves_{i}", stage), weights, word, key, nobody)
                    ahead.begin(f, i, a, own, x, course)
                    f.call(layout.in_stage("effects", stage), x, p, now0, weights)
                    for g in ahead.stages_after(i):
                        ahead.others(f, i, actor.depth - 1, g, x, step, now0, z, weights, rest)
                        f.call(layout.in_stage(f"imagine_moves_{i}", g), weights, word, key, nobody)
                        f.call(layout.in_stage("effects", g), x, p, now0, weights)
                    f.call(f"imagine_change_{i}", x, p, now0, word, kick, key)
                    self.phases.change.remember(f, x, p, ahead.time(f, step + 1))
                    account = Account(ahead, f, i, x, course, discount)
                    account.open(ahead.time(f, step + 1))
                    with f.loop(1, f["steps"]) as h:
                        k = step + h
                        word = step + n * PATH + (h + 1) * AHEAD
                        now, end = ahead.time(f, k), ahead.time(f, k + 1)
                        f.call(f"imagine_events_{i}", x, p, k, now, word, rest, key)
                        account.add_exchanges(now, rest)
                        for g in range(len(layout.stages)):
                            ahead.others(f, i, actor.depth - 1, g, x, k, now, z, weights, rest)
                            moves = layout.in_stage(f"imagine_moves_{i}", g)
                            f.call(moves, weights, word, key, f.constant("flag", True))
                            f.call(layout.in_stage("effects", g), x, p, now, weights)
                        f.call(f"imagine_change_{i}", x, p, now, word, kick, key)
                        self.phases.change.remember(f, x, p, end)
                        account.add_step(end)
                    whole = account.whole()
                    over_paths.set(over_paths.get() + (whole - cost))
                f.store(f["q"], a, over_paths.get() / float(self.paths))
