"""The course of a run, step by step, as IR: docs/explanation/semantics.md, "One step".

Every function takes the address of the memory block (`work`) and most the number of the step. Runs that have
ended or failed go on being computed beside the others of their vector; `running` says whose results count.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from offramp.engine import draws
from offramp.engine.foresight import Minds
from offramp.engine.inputs import Status
from offramp.engine.ir import Function, Kind, Module, Value
from offramp.engine.kernel import Layout
from offramp.engine.memory import OUTPUTS, OUTSIDE, Memory
from offramp.engine.phases import Phases
from offramp.engine.seeing import Seeing

BOUNDS_TOLERANCE = 1e-9  # of the width between the bounds
LARGEST_MEAN = 10.0  # events in one step


def purpose(name: str) -> int:
    """The word of the counter that stands for a purpose."""
    return zlib.crc32(name.encode())


class Control:
    """Writes the program that runs one model."""

    def __init__(self, module: Module, layout: Layout, phases: Phases, minds: Minds) -> None:
        self.module, self.layout, self.phases, self.minds = module, layout, phases, minds
        self.model = model = layout.model
        self.memory = memory = Memory(module)
        self.seeing = Seeing(module, layout, memory)
        slots, variables = len(layout.slots), len(model.variables)
        regions = {
            "key": draws.KEY_WORDS, "stocks": len(layout.stock), "truth": layout.vector_length,
            "values": variables, "record": variables, "happened": len(model.events), "outcomes": len(model.outcomes),
            "running": 1, "going": 1, "status": 1, "failed_step": 1, "failed_variable": 1,
            "common": slots, "inclined": slots, "open": slots, "probability": slots, "taken": slots,
            "worth": max([len(a.actions) for a in model.actors], default=0), "moves": len(model.actors),
            "means": len(layout.mean_position), "counts": len(layout.mean_position),
            "once": len(layout.mean_position), "kick": len(phases.noisy),
            "chances": max([sum(len(e.branches) for e in es) for es in layout.dated.values()], default=0),
            "rates": len(phases.with_rate), "truths": len(phases.with_condition),
            "room": minds.room_for_look_ahead(),
        }  # fmt: skip
        for name, vectors in regions.items():
            memory.region(name, vectors)

    def write(self) -> None:
        self._fail()
        self._check()
        self.seeing.write()
        self._set_parameters()
        self._policy()
        self._draw_branch()
        self._dated_events()
        self._random_events()
        self._restrict()
        self._take()
        for i in range(len(self.model.actors)):
            self._choose(i)
        self._move()
        self._outcomes()
        self._step()
        self._write_down()
        self._course()
        self._run()

    @contextmanager
    def part(self, name: str) -> Iterator[tuple[Function, Value, Value]]:
        """A function of the memory block and the step; gives it, the step and `now`."""
        with self.module.function(name, {"work": "pointer", "step": "index"}) as f:
            yield f, f["step"], f.to("scalar", f["step"]) * self.layout.dt

    def place(self, f: Function, name: str) -> Value:
        return self.memory.place(f, name)

    def running(self, f: Function) -> Value:
        return f.load(self.place(f, "running"), 0, "small").differs(0)

    # Failure

    def _fail(self) -> None:
        """@fail(work, step, hit, status, variable): set the runs apart that are hit and still running."""
        parameters: dict[str, Kind] = {
            "work": "pointer", "step": "index", "hit": "small", "status": "index", "variable": "index",
        }  # fmt: skip
        with self.module.function("fail", parameters) as f:
            hit = f["hit"].differs(0) & self.running(f)
            for region, value in [
                ("status", f["status"]),
                ("failed_step", f["step"]),
                ("failed_variable", f["variable"]),
            ]:
                place = self.place(f, region)
                f.store(place, 0, f.select(hit, f.to("small", value), f.load(place, 0, "small")), "small")
            place = self.place(f, "running")
            f.store(place, 0, f.select(hit, f.constant("small", 0), f.load(place, 0, "small")), "small")

    def fail_where(self, f: Function, bad: Value, status: Status, variable: Value | int = -1) -> None:
        with f.when(f.any(bad & self.running(f))):
            hit = f.select(bad, f.constant("small", 1), 0)
            f.call("fail", f["work"], f["step"], hit, int(status), variable)

    def _check(self) -> None:
        """@check(work, step, now): compute all variables, find those not finite or out of bounds."""
        parameters: dict[str, Kind] = {"work": "pointer", "step": "index", "now": "scalar"}
        variables = self.model.variables
        with self.module.function("check", parameters) as f:
            values = self.place(f, "values")
            f.call("variables", self.place(f, "stocks"), self.place(f, "truth"), f["now"], values)
            # 0·x is 0 for a finite x and NaN otherwise, so one sum finds any trouble; then look for which.
            trouble = f.variable("real", 0.0)
            with f.loop(0, len(variables)) as i:
                trouble.set(trouble.get() + f.load(values, i) * 0.0)
            with f.when(f.any(f.is_nan(trouble.get()))), f.loop(0, len(variables)) as i:
                self.fail_where(f, ~f.is_finite(f.load(values, i)), Status.NOT_FINITE, i)
            for n, v in enumerate(variables):
                if v.bounds and not v.saturates:
                    low, high = v.bounds
                    slack = BOUNDS_TOLERANCE * (high - low)
                    value = f.load(values, n)
                    outside = (value < low - slack) | (value > high + slack)
                    self.fail_where(f, outside, Status.OUT_OF_BOUNDS, n)

    def check(self, f: Function, now: Value) -> None:
        f.call("check", f["work"], f["step"], now)

    # Policy: phase 0

    def _set_parameters(self) -> None:
        """@set_parameters: the truth as the policy holds it in this step, and the pictures made of it."""
        count = len(self.layout.parameter)
        with self.part("set_parameters") as (f, step, _):
            drawn, truth = self.memory.outside(f, "parameters"), self.place(f, "truth")
            row = step * count
            with f.loop(0, count) as i:
                held = f.load(self.memory.outside(f, "hold"), row + i, "scalar")
                shift = f.load(self.memory.outside(f, "shift"), row + i, "scalar")
                value = f.select(f.is_nan(held), f.load(drawn, i), f.to("real", held))
                f.store(truth, i, value + shift)
            f.call("derive", truth)
            self.seeing.make_pictures(f)

    def _policy(self) -> None:
        """@policy: stocks set and shifted by interventions that begin in this step."""
        count = len(self.layout.stock)
        with self.part("policy") as (f, step, _):
            stocks = self.place(f, "stocks")
            row = step * count
            with f.loop(0, count) as i:
                given = f.load(self.memory.outside(f, "set_stock"), row + i, "scalar")
                shift = f.load(self.memory.outside(f, "shift_stock"), row + i, "scalar")
                value = f.select(f.is_nan(given), f.load(stocks, i), f.to("real", given))
                f.store(stocks, i, value + shift)
            f.call("hold", stocks)

    # Events: phases 1 and 2

    def _dated_events(self) -> None:
        """@dated_events: draw the branches of this step's dated events and apply what they do."""
        position = {e.name: i for i, e in enumerate(self.model.events)}
        with self.part("dated_events") as (f, step, now):
            happened, chances, key = (self.place(f, n) for n in ("happened", "chances", "key"))
            steps: dict[int, list[str]] = {}
            for event in self.model.events:
                if event.on is not None and 0 <= (k := self.model.step_of(event.on)) < self.model.steps:
                    steps.setdefault(k, []).append(event.name)
            for k in f.switch(step, list(steps)):
                for name in steps[k]:
                    f.store(happened, position[name], f.constant("small", 1), "small")
                if k not in self.layout.dated:
                    continue
                state = (self.place(f, "stocks"), self.place(f, "truth"), now)
                f.call(f"dated_chances_{k}", *state, chances)
                first = 0
                for event in self.layout.dated[k]:
                    count = len(event.branches)
                    if count:
                        u = f.call("uniform", key, step, purpose(f"branch/{event.name}"))
                        drawn = f.call("draw_branch", f["work"], step, f.at(chances, first), count, u)
                        f.store(happened, position[event.name], drawn, "small")
                    first += count
                f.call(f"dated_effects_{k}", *state, chances)
                self.check(f, now)

    def _draw_branch(self) -> None:
        """@draw_branch(work, step, chances, count, u): 1 + the branch drawn; `chances` become 0 and 1."""
        parameters: dict[str, Kind] = {
            "work": "pointer", "step": "index", "chances": "pointer", "count": "index", "u": "real",
        }  # fmt: skip
        with self.module.function("draw_branch", parameters, "small") as f:
            count = f["count"]
            drawn = f.variable("small", 0)
            cumulative = f.variable("real", 0.0)
            with f.loop(0, count) as b:
                cumulative.set(cumulative.get() + f.load(f["chances"], b))
                here = (f["u"] < cumulative.get()) & drawn.get().equals(0)
                drawn.set(f.select(here, f.to("small", b + 1), drawn.get()))
            self.fail_where(f, ~f.is_finite(cumulative.get()), Status.NOT_FINITE)
            drawn.set(f.select(drawn.get().equals(0), f.to("small", count), drawn.get()))
            with f.loop(0, count) as b:
                f.store(f["chances"], b, f.to("real", drawn.get().equals(f.to("small", b + 1))))
            f.result(drawn.get())

    def _random_events(self) -> None:
        """@random_events: draw how often each happens and apply what they do."""
        position = {e.name: i for i, e in enumerate(self.model.events)}
        with self.part("random_events") as (f, step, now):
            means, counts, once = (self.place(f, n) for n in ("means", "counts", "once"))
            happened, key = self.place(f, "happened"), self.place(f, "key")
            state = (self.place(f, "stocks"), self.place(f, "truth"), now)
            f.call("means", *state, means)
            for event in self.layout.random:
                at = self.layout.mean_position[event.name, ""]
                mean = f.load(means, at)
                self.fail_where(f, ~f.is_finite(mean), Status.NOT_FINITE)
                self.fail_where(f, mean > LARGEST_MEAN, Status.TOO_MANY_EVENTS)
                if not event.branches:
                    u = f.call("uniform", key, step, purpose(f"event/{event.name}"))
                    total = f.call("poisson", u, mean)
                else:
                    total = f.real(0.0)
                    for branch in event.branches:
                        place = self.layout.mean_position[event.name, branch.name]
                        mean = f.load(means, place)
                        self.fail_where(f, ~f.is_finite(mean), Status.NOT_FINITE)
                        u = f.call("uniform", key, step, purpose(f"event/{event.name}/{branch.name}"))
                        times = f.call("poisson", u, mean)
                        f.store(counts, place, times)
                        total = total + times
                f.store(counts, at, total)
                f.store(happened, position[event.name], f.to_small(total), "small")
            with f.loop(0, len(self.layout.mean_position)) as i:
                f.store(once, i, f.smaller(f.load(counts, i), 1.0))
            f.call("random_effects", *state, counts, once)
            self.check(f, now)

    # Choice: phase 5

    def _restrict(self) -> None:
        """@restrict(work, z, open, count, allowed, forced): what the policy leaves of an actor's actions.

        `open` becomes `z`, or minus infinity where the action is closed or the run is over.
        """
        parameters: dict[str, Kind] = {
            "work": "pointer", "z": "pointer", "open": "pointer", "count": "index", "allowed": "pointer",
            "forced": "index",
        }  # fmt: skip
        closed = float("-inf")
        with self.module.function("restrict", parameters) as f:
            running = self.running(f)
            left = f.variable("mask", False)
            with f.loop(0, f["count"]) as a:
                allowed = f.load_byte(f["allowed"], a).differs(0)
                holds = f.load(f["z"], a).differs(closed)
                left.set(left.get() | f.select(allowed, holds, f.constant("mask", False)))
            # A forced action leaves only itself, where its `when` holds.
            force = f.variable("mask", False)
            with f.when(f["forced"] >= 0):
                force.set(f.load(f["z"], f["forced"]).differs(closed))
            with f.loop(0, f["count"]) as a:
                z = f.load(f["z"], a)
                allowed = f.to("mask", f.load_byte(f["allowed"], a).differs(0))
                itself = f.to("mask", a.equals(f["forced"]))
                # A prohibition that would leave no action has no effect.
                keep = f.select(force.get(), itself, allowed | ~left.get())
                f.store(f["open"], a, f.select(keep & running, z, closed))

    def _take(self) -> None:
        """@take(key, step, z, count, purposes, taken): draw an action by Gumbel noise; `taken` becomes 0 and 1."""
        parameters: dict[str, Kind] = {
            "key": "pointer", "step": "index", "z": "pointer", "count": "index", "purposes": "pointer",
            "taken": "pointer",
        }  # fmt: skip
        with self.module.function("take", parameters, "small") as f:
            best = f.variable("real", float("-inf"))
            move = f.variable("small", -1)
            with f.loop(0, f["count"]) as a:
                noise = f.call("gumbel", f["key"], f["step"], f.load(f["purposes"], a, "index"))
                score = f.load(f["z"], a) + noise
                better = score > best.get()
                best.set(f.select(better, score, best.get()))
                move.set(f.select(better, f.to("small", a), move.get()))
            with f.loop(0, f["count"]) as a:
                f.store(f["taken"], a, f.to("real", move.get().equals(f.to("small", a))))
            f.result(move.get())

    def _choose(self, i: int) -> None:
        """@choose_I: what actor I sees and does in this step."""
        actor, layout = self.model.actors[i], self.layout
        first, count = layout.first_slot[i], len(actor.actions)
        with self.part(f"choose_{i}") as (f, step, now):
            seen, picture = self.seeing.view(f, i, now)
            z = self.place(f, "inclined" if self.seeing.is_private(i) else "common")
            if self.seeing.is_private(i):
                f.call("inclinations", seen, picture, now, z)
            own, worth = f.at(self.place(f, "open"), first), self.place(f, "worth")
            allowed = f.bytes_on(self.memory.outside(f, "allowed"), step * len(layout.slots) + first)
            row = step * len(self.model.actors) + i
            forced = f.load(self.memory.outside(f, "forced"), row, "index")
            f.call("restrict", f["work"], f.at(z, first), own, count, allowed, forced)
            if actor.depth:
                f.call(f"look_ahead_{i}", seen, picture, step, z, own, worth, self.place(f, "room"))
                precision = f.real(0.0)
                if actor.precision is not None:
                    precision = f.load(picture, layout.derived[actor.precision.node])
                with f.loop(0, count) as a:
                    weight, q = f.load(own, a), f.load(worth, a)
                    is_open = weight.differs(float("-inf"))
                    self.fail_where(f, is_open & ~f.is_finite(q), Status.NOT_FINITE)
                    f.store(own, a, f.select(is_open, weight + precision * q, weight))
            probability = f.at(self.place(f, "probability"), first)
            f.call("softmax", own, probability, count)
            # If one of them is not finite, none is: they share their sum.
            self.fail_where(f, ~f.is_finite(f.load(probability, 0)), Status.NOT_FINITE)
            names = f.table("index", [purpose(f"choose/{actor.name}/{a.name}") for a in actor.actions])
            taken = f.at(self.place(f, "taken"), first)
            move = f.call("take", self.place(f, "key"), step, own, count, names, taken)
            f.store(self.place(f, "moves"), i, move, "small")

    def _move(self) -> None:
        """@move: everyone chooses, then the effects, then change: phases 5 to 7."""
        with self.part("move") as (f, step, now):
            state = (self.place(f, "stocks"), self.place(f, "truth"), now)
            if not all(self.seeing.is_private(i) for i in range(len(self.model.actors))):
                f.call("inclinations", *state, self.place(f, "common"))
            for i in range(len(self.model.actors)):
                f.call(f"choose_{i}", f["work"], step)
            if any(slot.action.effects for slot in self.layout.slots):
                f.call("effects", *state, self.place(f, "taken"))
                self.check(f, now)
            kick = self.place(f, "kick")
            f.call("spread", *state, kick)
            for n, variable in enumerate(self.phases.noisy):
                z = f.call("normal", self.place(f, "key"), step, purpose(f"noise/{variable.name}"))
                f.store(kick, n, f.load(kick, n) * z)
            f.call("change", *state, kick)

    # Outcomes: phase 8

    def _outcomes(self) -> None:
        """@outcomes: which outcomes come about at the end of the step, and which runs end."""
        with self.part("outcomes") as (f, step, _):
            end = f.to("scalar", step + 1) * self.layout.dt
            state = (self.place(f, "stocks"), self.place(f, "truth"), end)
            rates, truths, recorded = (self.place(f, n) for n in ("rates", "truths", "outcomes"))
            f.call("hazards", *state, rates)
            for n in range(len(self.phases.with_rate)):
                self.fail_where(f, ~f.is_finite(f.load(rates, n)), Status.NOT_FINITE)
            f.call("conditions", *state, truths)
            going = self.running(f)
            f.store(self.place(f, "going"), 0, f.select(going, f.constant("small", 1), 0), "small")

            position = {o.name: i for i, o in enumerate(self.model.outcomes)}
            number = f.to("small", step)
            ended_by = f.constant("small", -1)
            earliest = f.real(float("inf"))

            def record(name: str, where: Value) -> None:
                before = f.load(recorded, position[name], "small")
                new = f.select(where & going & (before < 0), number, before)
                f.store(recorded, position[name], new, "small")

            for n, outcome in enumerate(self.phases.with_rate):
                wait = f.call("exponential", self.place(f, "key"), step, purpose(f"outcome/{outcome.name}"))
                rate = f.load(rates, n)
                time = f.select(rate > 0.0, wait / rate, float("inf"))  # a rate can be -0
                if outcome.absorbing:
                    sooner = (time < self.layout.dt) & (time < earliest)
                    earliest = f.select(sooner, time, earliest)
                    ended_by = f.select(sooner, f.constant("small", position[outcome.name]), ended_by)
                else:
                    record(outcome.name, time < self.layout.dt)
            for n, outcome in enumerate(self.phases.with_condition):
                true = f.load(truths, n).differs(0.0)
                if outcome.absorbing:
                    name = f.constant("small", position[outcome.name])
                    ended_by = f.select(true & (ended_by < 0), name, ended_by)
                else:
                    record(outcome.name, true)
            for outcome in self.minds.absorbing:
                record(outcome.name, ended_by.equals(position[outcome.name]))
            goes_on = f.select(going & (ended_by < 0), f.constant("small", 1), 0)
            f.store(self.place(f, "running"), 0, goes_on, "small")

    # The whole course

    def _step(self) -> None:
        """@play_step: all phases of one step."""
        with self.part("play_step") as (f, step, now):
            parameters_change = f.load_byte(self.memory.outside(f, "parameters_change"), step).differs(0)
            stocks_change = f.load_byte(self.memory.outside(f, "stocks_change"), step).differs(0)
            with f.when(parameters_change):
                f.call("set_parameters", f["work"], step)
            with f.when(stocks_change):
                f.call("policy", f["work"], step)
            with f.when(parameters_change | stocks_change):
                self.check(f, now)
            with f.loop(0, len(self.model.events)) as e:
                f.store(self.place(f, "happened"), e, f.constant("small", 0), "small")
            f.call("dated_events", f["work"], step)
            if self.layout.random:
                f.call("random_events", f["work"], step)
            self.seeing.remember(f)
            f.call("move", f["work"], step)
            self.check(f, f.to("scalar", step + 1) * self.layout.dt)
            f.call("outcomes", f["work"], step)

    def _write_down(self) -> None:
        """@write_down: the step into the outputs, for the runs for which it counts."""
        events, actors, slots = len(self.model.events), len(self.model.actors), len(self.layout.slots)
        nothing = float("nan")
        with self.part("write_down") as (f, step, _):
            going = f.load(self.place(f, "going"), 0, "small").differs(0)
            self.record(f, step + 1, going)
            action, event, probability = (self.memory.outside(f, n) for n in ("action", "event", "probability"))
            with f.loop(0, actors) as a:
                move = f.load(self.place(f, "moves"), a, "small")
                f.store_narrow(action, step * actors + a, f.select(going, move, f.constant("small", -1)), 8)
            with f.loop(0, events) as e:
                count = f.load(self.place(f, "happened"), e, "small")
                f.store_narrow(event, step * events + e, f.select(going, count, f.constant("small", 0)), 16)
            with f.when(f.is_given(probability)), f.loop(0, slots) as s:
                p = f.load(self.place(f, "probability"), s)
                f.store(probability, step * slots + s, f.select(going, p, nothing))

    def record(self, f: Function, time: Value, where: Value) -> None:
        """Write the variables down for a date; elsewhere the last ones are repeated."""
        count = len(self.model.variables)
        values, last, state = self.place(f, "values"), self.place(f, "record"), self.memory.outside(f, "state")
        with f.loop(0, count) as i:
            value = f.select(where, f.load(values, i), f.load(last, i))
            f.store(last, i, value)
            f.store(state, time * count + i, value)

    def _course(self) -> None:
        """@course: one vector of runs from the start to the end."""
        model = self.model
        with self.module.function("course", {"work": "pointer", "step": "index"}) as f:
            start = f.constant("scalar", 0.0)
            for region, number in [
                ("running", 1), ("going", 0), ("status", 0), ("failed_step", -1), ("failed_variable", -1),
            ]:  # fmt: skip
                f.store(self.place(f, region), 0, f.constant("small", number), "small")
            with f.loop(0, len(model.outcomes)) as o:
                f.store(self.place(f, "outcomes"), o, f.constant("small", -1), "small")
            with f.loop(0, len(self.layout.parameter)) as i:
                f.store(self.place(f, "truth"), i, f.load(self.memory.outside(f, "parameters"), i))
            f.call("derive", self.place(f, "truth"))
            with f.loop(0, len(self.layout.stock)) as i:
                f.store(self.place(f, "stocks"), i, f.load(self.memory.outside(f, "initial"), i))
            f.call("hold", self.place(f, "stocks"))
            self.seeing.begin(f)
            self.check(f, start)
            self.record(f, f.constant("index", 0), f.constant("mask", True))

            with f.loop(0, model.steps) as k:
                f.store(self.place(f, "going"), 0, f.constant("small", 0), "small")
                with f.when(f.any(self.running(f))):
                    f.call("play_step", f["work"], k)
                f.call("write_down", f["work"], k)

            outcome = self.memory.outside(f, "outcome")
            with f.loop(0, len(model.outcomes)) as o:
                f.store_narrow(outcome, o, f.load(self.place(f, "outcomes"), o, "small"), 16)
            for name, bits in [("status", 8), ("failed_step", 16), ("failed_variable", 16)]:
                value = f.load(self.place(f, name), 0, "small")
                f.store_narrow(self.memory.outside(f, name), 0, value, 8 if bits == 8 else 16)

    def bytes_per_vector(self) -> list[int]:
        """How far apart the parts of two vectors of runs lie in each outside array; 0: shared by all."""
        model, w = self.model, self.module.width
        steps, slots = model.steps, len(self.layout.slots)
        sizes = {
            "scenario": 8, "parameters": 8 * len(model.parameters), "initial": 8 * len(self.layout.stock),
            "misread": 8 * sum(len(a.misreads) for a in model.actors),
            "state": 8 * (steps + 1) * len(model.variables), "action": steps * len(model.actors),
            "probability": 8 * steps * slots, "event": 2 * steps * len(model.events),
            "outcome": 2 * len(model.outcomes), "status": 1, "failed_step": 2, "failed_variable": 2,
        }  # fmt: skip
        assert set(OUTPUTS) <= set(sizes)
        return [w * sizes.get(name, 0) for name in OUTSIDE]

    def _run(self) -> None:
        """@run(outside, vectors, seed_low, seed_high, work): all vectors, one after the other."""
        parameters: dict[str, Kind] = {
            "outside": "pointer", "vectors": "index", "seed_low": "index", "seed_high": "index", "work": "pointer",
        }  # fmt: skip
        with self.module.function("run", parameters, public=True) as f:
            steps = f.table("index", self.bytes_per_vector())
            key = self.place(f, "key")
            f.store(key, 2, f["seed_low"], "bits")
            f.store(key, 3, f["seed_high"], "bits")
            with f.loop(0, f["vectors"]) as g:
                with f.loop(0, len(OUTSIDE)) as i:
                    base = f.load(f["outside"], i, "pointer")
                    on = f.bytes_on(base, g * f.load(steps, i, "index"))
                    here = f.select(f.is_given(base), on, base)
                    f.store(self.place(f, "outside"), i, here, "pointer")
                scenario = f.load(self.memory.outside(f, "scenario"), 0, "bits")
                f.store(key, 0, scenario & 0xFFFFFFFF, "bits")
                f.store(key, 1, scenario >> 32, "bits")
                f.call("course", f["work"], 0)
