"""The course of a run, step by step, as IR: docs/explanation/semantics.md, "One step".

Every function takes the address of the memory block (`work`) and most the number of the step. Runs that have
ended or failed go on being computed beside the others of their vector; `running` says whose results count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from offramp.engine.compiled import luck as draws
from offramp.engine.compiled.beliefs import Beliefs
from offramp.engine.compiled.choices import Choices
from offramp.engine.compiled.estimates import Estimates
from offramp.engine.compiled.events import Events
from offramp.engine.compiled.foresight import LookAheads
from offramp.engine.compiled.imagined import SampledLookAhead
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.ladder import LadderSolver
from offramp.engine.compiled.ladder_play import Exchanges
from offramp.engine.compiled.memory import PRESENT
from offramp.engine.compiled.phases import Phases
from offramp.engine.compiled.signals import Signals
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.watch import Watch
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.luck import purpose_number
from offramp.engine.outputs import TABLE, Status, lengths


class Course(Writer):
    """Writes the program that runs one model."""

    def __init__(
        self,
        writing: Writing,
        phases: Phases,
        look_aheads: LookAheads,
        sampling: SampledLookAhead | None = None,
    ) -> None:
        super().__init__(writing)
        self.phases, self.look_aheads = phases, look_aheads
        layout, model = self.layout, self.model
        self.reserve({
            "key": draws.KEY_WORDS, "stocks": len(layout.stock), "truth": layout.vector_length,
            "record": len(model.variables), "outcomes": len(model.outcomes), "parts": len(model.outcomes),
            "going": 1,
            "kick": phases.change.room, "rates": len(phases.with_rate), "truths": len(phases.with_condition),
        })  # fmt: skip
        self.watch = Watch(writing)
        self.beliefs = Beliefs(writing, self.watch)
        self.signals = Signals(writing, self.beliefs)
        self.estimates = Estimates(writing, self.watch, self.signals)
        self.events = Events(writing, self.watch, self.estimates)
        self.ladders = LadderSolver(writing)
        self.exchanges = Exchanges(writing, self.watch, self.signals, self.ladders, self.estimates)
        self.choices = Choices(writing, self.watch, self.signals, self.estimates, look_aheads, sampling)

    def write(self) -> None:
        self.watch.write()
        self.signals.write()
        self.estimates.write()
        self.events.write()
        self.beliefs.write()
        self.ladders.write()
        self.exchanges.write()
        self.choices.write()
        self._set_parameters()
        self._policy()
        self._move()
        self._outcomes()
        self._step()
        self._write_down()
        self._begin()
        self._choices()
        self._course()
        self._run()

    # Policy: phase 0

    def _set_parameters(self) -> None:
        """@set_parameters: the truth as the policy holds it in this step, and the pictures made of it."""
        count = len(self.layout.parameter)
        with self.function("set_parameters") as (f, step, _):
            given, truth = self.array(f, "parameters"), self.region(f, "truth")
            row = step * count
            with f.loop(0, count) as i:
                fixed = f.load(self.array(f, "hold"), row + i, "scalar")
                shift = f.load(self.array(f, "shift"), row + i, "scalar")
                value = f.select(f.is_nan(fixed), f.load(given, i), f.to("real", fixed))
                f.store(truth, i, value + shift)
            f.call("derive", truth)
            self.signals.solve_steady(f, truth)
            self.signals.make_pictures(f)

    def _policy(self) -> None:
        """@policy: stocks set and shifted by interventions that begin in this step."""
        count = len(self.layout.stock)
        with self.function("policy") as (f, step, _):
            stocks = self.region(f, "stocks")
            row = step * count
            with f.loop(0, count) as i:
                given = f.load(self.array(f, "set_stock"), row + i, "scalar")
                shift = f.load(self.array(f, "shift_stock"), row + i, "scalar")
                value = f.select(f.is_nan(given), f.load(stocks, i), f.to("real", given))
                f.store(stocks, i, value + shift)
            f.call("hold", stocks)

    def _move(self) -> None:
        """@move: everyone chooses, then the effects, stage by stage, then change: phases 5 to 7."""
        with self.function("move") as (f, step, now):
            state = self.truth(f, now)
            for g in range(len(self.layout.stages)):
                if g:
                    self.signals.begin_stage(f, g)
                f.call(self.layout.in_stage("choose", g), f["work"], step)
                if self.model.expectations or self.model.suppositions:
                    f.call(self.layout.in_stage("learn", g), f["work"], step)
                self.estimates.know_acts(f, g)
                if any(slot.action.effects for _, slot in self.layout.slots_of_stage(g)):
                    f.call(self.layout.in_stage("effects", g), *state, self.region(f, "taken"))
                    self.watch.check(f, now)
            self.estimates.know_change(f)
            kick = self.region(f, "kick")
            self.phases.change.with_noise(f, state, (self.region(f, "key"), step), kick)
            end = f.to("scalar", step + 1) * self.dt
            self.phases.change.remember(f, state.x, state.p, end)

    # Outcomes: phase 8

    def _outcomes(self) -> None:
        """@outcomes: which outcomes come about at the end of the step, and which runs end."""
        with self.function("outcomes") as (f, step, _):
            end = f.to("scalar", step + 1) * self.layout.dt
            state = self.truth(f, end)
            rates, truths, recorded, parts = (
                self.region(f, n) for n in ("rates", "truths", "outcomes", "parts")
            )
            f.call("hazards", *state, rates)
            for n in range(len(self.phases.with_rate)):
                self.watch.fail_where(f, ~f.is_finite(f.load(rates, n)), Status.NOT_FINITE)
            f.call("conditions", *state, truths)
            going = self.watch.running(f)
            f.store(self.region(f, "going"), 0, f.select(going, f.constant("small", 1), 0), "small")

            position = {o.name: i for i, o in enumerate(self.model.outcomes)}
            number = f.to("small", step)
            ended_by = f.constant("small", -1)
            earliest = f.real(float("inf"))
            if self.model.ladders:  # a war has come before any hazard could
                ended_by = self.exchanges.war_outcome(f)
                earliest = f.select(ended_by >= 0, float("-inf"), earliest)

            def record(name: str, where: Value, part: Callable[[], Value | float]) -> None:
                at = position[name]
                before = f.load(recorded, at, "small")
                new = where & going & (before < 0)
                with f.when(f.any(new)):
                    f.store(recorded, at, f.select(new, number, before), "small")
                    f.store(parts, at, f.select(new, part(), f.load(parts, at)))

            def ended_at() -> Value:
                found = f.select(earliest < float("inf"), earliest / self.layout.dt, 1.0)
                if not self.model.ladders:
                    return found
                return f.select(self.exchanges.war_outcome(f) >= 0, self.exchanges.war_part(f), found)

            for n, outcome in enumerate(self.phases.with_rate):
                wait = f.call(
                    "exponential", self.region(f, "key"), step, purpose_number(f"outcome/{outcome.name}")
                )
                rate = f.load(rates, n)
                time = f.select(rate > 0.0, wait / rate, float("inf"))  # a rate can be -0
                if outcome.absorbing:
                    sooner = (time < self.layout.dt) & (time < earliest)
                    earliest = f.select(sooner, time, earliest)
                    ended_by = f.select(sooner, f.constant("small", position[outcome.name]), ended_by)
                else:
                    record(outcome.name, time < self.layout.dt, partial(self._share, time))
            for n, outcome in enumerate(self.phases.with_condition):
                true = f.load(truths, n).differs(0.0)
                if outcome.absorbing:
                    name = f.constant("small", position[outcome.name])
                    ended_by = f.select(true & (ended_by < 0), name, ended_by)
                else:
                    record(outcome.name, true, lambda: 1.0)
            for outcome in self.look_aheads.absorbing:
                record(outcome.name, ended_by.equals(position[outcome.name]), ended_at)
            goes_on = f.select(going & (ended_by < 0), f.constant("small", 1), 0)
            f.store(self.region(f, "running"), 0, goes_on, "small")

    def _share(self, time: Value) -> Value:
        """The share of a step that is over after a time."""
        return time / self.layout.dt

    # The whole course

    def _step(self) -> None:
        """@play_step: all phases of one step."""
        with self.function("play_step") as (f, step, now):
            lineage = self.array(f, "lineage")
            with f.when(f.is_given(lineage)):
                self._luck_of(f, f.load(lineage, step, "bits"))
            parameters_change = f.load_byte(self.array(f, "parameters_change"), step).differs(0)
            stocks_change = f.load_byte(self.array(f, "stocks_change"), step).differs(0)
            with f.when(parameters_change):
                f.call("set_parameters", f["work"], step)
            with f.when(stocks_change):
                f.call("policy", f["work"], step)
            if self.model.suppositions:
                beliefs_change = f.load_byte(self.array(f, "beliefs_change"), step).differs(0)
                with f.when(beliefs_change):
                    f.call("persuade", f["work"], step)
            self.estimates.begin(f)
            with f.when(parameters_change | stocks_change):
                self.watch.check(f, now)
            with f.loop(0, len(self.model.events)) as e:
                f.store(self.region(f, "happened"), e, f.constant("small", 0), "small")
            f.call("dated_events", f["work"], step)
            if self.layout.random:
                f.call("random_events", f["work"], step)
            self.signals.begin_stage(f, 0)
            if self.model.ladders:  # seen as it is before them, then noted as they leave it
                f.call("exchanges", f["work"], step)
                self.signals.begin_stage(f, 0)
            f.call("move", f["work"], step)
            self.watch.check(f, f.to("scalar", step + 1) * self.layout.dt)
            f.call("outcomes", f["work"], step)

    def _luck_of(self, f: FunctionWriter, scenario: Value) -> None:
        """Let all luck from here on be that of a scenario."""
        key = self.region(f, "key")
        f.store(key, 0, scenario & 0xFFFFFFFF, "bits")
        f.store(key, 1, scenario >> 32, "bits")

    def _write_down(self) -> None:
        """@write_down: the step into the outputs, for the runs for which it counts."""
        events, actors, slots = len(self.model.events), len(self.model.actors), len(self.layout.slots)
        nothing = float("nan")
        with self.function("write_down") as (f, step, _):
            going = f.load(self.region(f, "going"), 0, "small").differs(0)
            self.record(f, step + 1, going)
            action, event, probability = (self.array(f, n) for n in ("action", "event", "probability"))
            with f.loop(0, actors) as a:
                move = f.load(self.region(f, "moves"), a, "small")
                f.store_narrow(action, step * actors + a, f.select(going, move, f.constant("small", -1)), 8)
            with f.loop(0, events) as e:
                count = f.load(self.region(f, "happened"), e, "small")
                f.store_narrow(event, step * events + e, f.select(going, count, f.constant("small", 0)), 16)
            with f.when(f.is_given(probability)), f.loop(0, slots) as s:
                p = f.load(self.region(f, "probability"), s)
                f.store(probability, step * slots + s, f.select(going, p, nothing))
            with f.when(f.is_given(self.array(f, "event_mean"))):
                self._write_means(f, step, going)
            for region, name, length in [
                (self.beliefs.as_they_chose, "belief", len(self.model.suppositions)),
                ("expected", "expected", len(self.model.expectations)),
                *((name, name, count) for name, count in self.estimates.written()),
            ]:
                with f.loop(0, length) as n:
                    value = f.select(going, f.load(self.region(f, region), n), nothing)
                    f.store(self.array(f, name), step * length + n, value)
            if self.model.ladders:
                self.exchanges.write_down(f, step, going)

    def _write_means(self, f: FunctionWriter, step: Value, going: Value) -> None:
        """Write down the means of random events."""
        nothing, written = f.real(float("nan")), self.array(f, "event_mean")
        for e, event in enumerate(self.model.events):
            mean = nothing
            if event.rate is not None:
                place = self.layout.mean_position[event.name, ""]
                mean = f.select(going, f.load(self.region(f, "means"), place), nothing)
            f.store(written, step * len(self.model.events) + e, mean)

    def record(self, f: FunctionWriter, time: Value, where: Value) -> None:
        """Write the variables down for a date; elsewhere the last ones are repeated."""
        count = len(self.model.variables)
        values, last, state = (
            self.region(f, "values"),
            self.region(f, "record"),
            self.array(f, "state"),
        )
        with f.loop(0, count) as i:
            value = f.select(where, f.load(values, i), f.load(last, i))
            f.store(last, i, value)
            f.store(state, time * count + i, value)

    def _begin(self) -> None:
        """@begin: everything as it is at the start of the model."""
        with self.function("begin") as (f, _, _now):
            for region, number in [
                ("running", 1), ("going", 0), ("status", 0), ("failed_step", -1), ("failed_variable", -1),
            ]:  # fmt: skip
                f.store(self.region(f, region), 0, f.constant("small", number), "small")
            with f.loop(0, len(self.model.outcomes)) as o:
                f.store(self.region(f, "outcomes"), o, f.constant("small", -1), "small")
                f.store(self.region(f, "parts"), o, float("nan"))
            with f.loop(0, len(self.layout.parameter)) as i:
                f.store(self.region(f, "truth"), i, f.load(self.array(f, "parameters"), i))
            f.call("derive", self.region(f, "truth"))
            with f.loop(0, len(self.model.stocks)) as i:
                f.store(self.region(f, "stocks"), i, f.load(self.array(f, "initial"), i))
            f.call("hold", self.region(f, "stocks"))
            if self.model.memories:
                f.call("begin_memories", self.region(f, "stocks"), self.region(f, "truth"))
            self.signals.begin(f)
            self.beliefs.begin(f)

    def _choices(self) -> None:
        """@choices: the chance of each action in one step, where the stocks are, and have been, as given.

        Nothing comes before the choice; of several stages none sees what those before it did.
        """
        with self.function("choices") as (f, step, now):
            f.call("begin", f["work"], step)
            f.call("set_parameters", f["work"], step)
            with f.loop(0, len(self.model.stocks)) as i:
                f.store(self.region(f, "stocks"), i, f.load(self.array(f, PRESENT), i))
            f.call("hold", self.region(f, "stocks"))
            if self.model.memories:
                f.call("steady_memories", self.region(f, "stocks"), self.region(f, "truth"), now)
            self.watch.check(f, now)
            self.signals.as_ever(f)
            self.estimates.as_ever(f)
            for g in range(len(self.layout.stages)):
                self.signals.begin_stage(f, g)
                f.call(self.layout.in_stage("choose", g), f["work"], step)
            sound = f.load(self.region(f, "status"), 0, "small").equals(int(Status.OK))
            with f.loop(0, len(self.layout.slots)) as s:
                p = f.load(self.region(f, "probability"), s)
                f.store(self.array(f, "probability"), s, f.select(sound, p, float("nan")))

    def _course(self) -> None:
        """@course: one vector of runs from the start, for a number of steps."""
        model = self.model
        with self.module.function("course", {"work": "pointer", "step": "index", "steps": "index"}) as f:
            f.call("begin", f["work"], 0)
            self.watch.check(f, f.constant("scalar", 0.0))
            self.record(f, f.constant("index", 0), f.constant("mask", True))

            with f.loop(0, f["steps"]) as k:
                f.store(self.region(f, "going"), 0, f.constant("small", 0), "small")
                with f.when(f.any(self.watch.running(f))):
                    f.call("play_step", f["work"], k)
                f.call("write_down", f["work"], k)

            outcome = self.array(f, "outcome")
            with f.loop(0, len(model.outcomes)) as o:
                f.store_narrow(outcome, o, f.load(self.region(f, "outcomes"), o, "small"), 16)
                f.store(self.array(f, "outcome_part"), o, f.load(self.region(f, "parts"), o))
            for name, bits in [("status", 8), ("failed_step", 16), ("failed_variable", 16)]:
                value = f.load(self.region(f, name), 0, "small")
                f.store_narrow(self.array(f, name), 0, value, 8 if bits == 8 else 16)

    def bytes_per_vector(self) -> list[int]:
        """How far apart the parts of two vectors of runs lie in each array; 0: shared by all."""
        model, size = self.model, lengths(self.model)
        words = {  # of inputs: 8 bytes each
            "scenario": 1, "lineage": model.steps, "parameters": len(model.parameters),
            "initial": len(model.stocks), "misread": sum(len(a.misreads) for a in model.actors),
            "type_value": sum(len(t.overlays) for a in model.actors for t in a.types),
            "prior": len(model.suppositions), "true_type": len(model.actors), PRESENT: len(model.stocks),
        }  # fmt: skip
        per_run = {name: 8 * count for name, count in words.items()}
        for name, row in TABLE.items():
            per_run[name] = np.dtype(row.dtype).itemsize * math.prod(row.shape(size))
        return [self.module.width * per_run.get(name, 0) for name in self.memory.arrays]

    def _run(self) -> None:
        """@run(arrays, vectors, steps, seed_low, seed_high, work): all vectors, one after the other.

        Where `present` is given, `steps` is the number of the one step whose choices are asked for.
        """
        parameters: dict[str, Kind] = {
            "arrays": "pointer", "vectors": "index", "steps": "index", "seed_low": "index",
            "seed_high": "index", "work": "pointer",
        }  # fmt: skip
        with self.module.function("run", parameters, public=True) as f:
            steps = f.table("index", self.bytes_per_vector())
            key = self.region(f, "key")
            f.store(key, 2, f["seed_low"], "bits")
            f.store(key, 3, f["seed_high"], "bits")
            with f.loop(0, f["vectors"]) as g:
                with f.loop(0, len(self.memory.arrays)) as i:
                    base = f.load(f["arrays"], i, "pointer")
                    on = f.bytes_on(base, g * f.load(steps, i, "index"))
                    here = f.select(f.is_given(base), on, base)
                    f.store(self.region(f, "arrays"), i, here, "pointer")
                scenario = f.load(self.array(f, "scenario"), 0, "bits")
                self._luck_of(f, scenario)
                present = f.is_given(self.array(f, PRESENT))
                with f.when(present):
                    f.call("choices", f["work"], f["steps"])
                with f.when(present.equals(False)):
                    f.call("course", f["work"], 0, f["steps"])
