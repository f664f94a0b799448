"""What actors do in the true course of a run, as IR: phases 4 and 5 of a step."""

from __future__ import annotations

from offramp.engine.compiled.estimates import Estimates
from offramp.engine.compiled.foresight import LookAheads
from offramp.engine.compiled.imagined import SampledLookAhead
from offramp.engine.compiled.ir import FunctionWriter, RunningValue
from offramp.engine.compiled.reader import State, weigh
from offramp.engine.compiled.signals import Signals
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.watch import Watch
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.luck import purpose_number
from offramp.engine.outputs import Status


class Choices(Writer):
    """Writes the functions by which actors see, weigh and draw their actions."""

    def __init__(
        self, writing: Writing, watch: Watch, signals: Signals, estimates: Estimates,
        look_aheads: LookAheads, sampling: SampledLookAhead | None,
    ) -> None:  # fmt: skip
        super().__init__(writing)
        self.watch, self.signals, self.beliefs = watch, signals, signals.beliefs
        self.estimates = estimates
        self.look_aheads, self.sampling = look_aheads, sampling
        most_actions = max([len(a.actions) for a in self.actors], default=0)
        by_slot = ("common", "inclined", "open", "probability", "taken")
        self.reserve(dict.fromkeys(by_slot, len(self.layout.slots)))
        self.reserve(dict.fromkeys(("worth", "worth_in_picture"), most_actions))
        self.reserve({"moves": len(self.actors), "scratch": (sampling or look_aheads).scratch})

    def write(self) -> None:
        self._restrict()
        self._take()
        for i in range(len(self.actors)):
            self._choose(i)
        for g in range(len(self.layout.stages)):
            self._choose_in(g)

    def _choose_in(self, g: int) -> None:
        """@choose: everyone chooses at once; the moves stand in `moves` and, as 0 and 1, in `taken`.

        With stages @choose_stageG: those of stage G choose, and all others form what they expect of these.
        """
        layout = self.layout
        bystanders = [i for i, a in enumerate(self.actors) if a.depth and layout.stage_of[i] != g]
        for i in bystanders:
            self._anticipate(i, g)
        with self.function(layout.in_stage("choose", g)) as (f, step, now):
            if self.model.suppositions:
                f.call("weigh_pictures", f["work"], step)
            self.beliefs.note_held(f, g)
            if not all(self.signals.is_private(i) for i in layout.stages[g]):
                f.call("inclinations", *self.truth(f, now), self.region(f, "common"))
            for i in layout.stages[g]:
                f.call(f"choose_{i}", f["work"], step)
            for i in bystanders:
                f.call(f"anticipate_{i}_stage{g}", f["work"], step)

    def _anticipate(self, i: int, g: int) -> None:
        """@anticipate_I_stageG: how actor I expects those of another stage to choose, in each picture."""
        slots = len(self.layout.slots)
        with self.function(f"anticipate_{i}_stage{g}") as (f, _, now):
            z, answers = self.region(f, "inclined"), self.region(f, f"answers_{i}")
            view = self.signals.view(f, i, now)
            if not self.actors[i].beliefs:
                f.call("inclinations", *view, z)
                self._expect_others(f, i, g, view, z, answers, self._reach(f, i))
                return
            with f.loop(0, len(self.beliefs.pictures(i))) as n:
                weight = f.load(self.region(f, f"weights_{i}"), n)
                with f.when(f.any(weight.differs(0.0))):
                    view = self.signals.view_in_picture(f, i, n, now)
                    f.call("inclinations", *view, z)
                    self._expect_others(f, i, g, view, z, f.at(answers, n * slots), self._reach(f, i))

    def _restrict(self) -> None:
        """@restrict(work, z, open, count, allowed, forced, nudge): what the policy leaves of the actions.

        `open` becomes `z` plus the nudge, or minus infinity where the action is closed or the run is over.
        """
        parameters: dict[str, Kind] = {
            "work": "pointer", "z": "pointer", "open": "pointer", "count": "index", "allowed": "pointer",
            "forced": "index", "nudge": "pointer",
        }  # fmt: skip
        closed = float("-inf")
        with self.module.function("restrict", parameters) as f:
            running = self.watch.running(f)
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
                nudged = z + f.to("real", f.load(f["nudge"], a, "scalar"))
                f.store(f["open"], a, f.select(keep & running, nudged, closed))

    def _take(self) -> None:
        """@take(key, step, z, count, purposes, taken, acts, row): draw an action by Gumbel noise.

        Gives its position; `taken` becomes 1 for it and 0 for the others. `acts` says from `row` on which are
        known not to have been taken.
        """
        parameters: dict[str, Kind] = {
            "key": "pointer", "step": "index", "z": "pointer", "count": "index", "purposes": "pointer",
            "taken": "pointer", "acts": "pointer", "row": "index",
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
            with f.when(f.is_given(f["acts"])):
                self._keep_to_what_is_known(f, move)
            with f.loop(0, f["count"]) as a:
                f.store(f["taken"], a, f.to("real", move.get().equals(f.to("small", a))))
            f.result(move.get())

    def _keep_to_what_is_known(self, f: FunctionWriter, move: RunningValue) -> None:
        """Draw again, among those that are not known not to have been taken, if any of these can be."""
        best, other = f.variable("real", float("-inf")), f.variable("small", -1)
        with f.loop(0, f["count"]) as a:
            noise = f.call("gumbel", f["key"], f["step"], f.load(f["purposes"], a, "index"))
            score = f.load(f["z"], a) + noise
            possible = f.to("mask", f.load(f["acts"], f["row"] + a, "index").differs(0))
            better = possible & (score > best.get())
            best.set(f.select(better, score, best.get()))
            other.set(f.select(better, f.to("small", a), other.get()))
        move.set(f.select(other.get() >= 0, other.get(), move.get()))

    def _choose(self, i: int) -> None:
        """@choose_I: what actor I sees and does in this step."""
        actor, layout = self.actors[i], self.layout
        first, count = layout.first_slot[i], len(actor.actions)
        with self.function(f"choose_{i}") as (f, step, now):
            self.estimates.look(f, i)
            view = self.signals.view(f, i, now)
            z = self.region(f, "inclined" if self.signals.is_private(i) else "common")
            if self.signals.is_private(i):
                f.call("inclinations", *view, z)
            own, worth = f.at(self.region(f, "open"), first), self.region(f, "worth")
            allowed = f.bytes_on(self.array(f, "allowed"), step * len(layout.slots) + first)
            row = step * len(self.actors) + i
            forced = f.load(self.array(f, "forced"), row, "index")
            nudge = f.bytes_on(self.array(f, "nudge"), (step * len(layout.slots) + first) * 8)
            f.call("restrict", f["work"], f.at(z, first), own, count, allowed, forced, nudge)
            if actor.depth:
                if actor.beliefs:
                    self._look_in_pictures(f, i, now, own, worth)
                else:
                    answers = self.region(f, f"answers_{i}")
                    self._look_ahead(f, i, view, z, own, answers, worth)
                with f.loop(0, count) as a:
                    is_open = f.load(own, a).differs(float("-inf"))
                    self.watch.fail_where(f, is_open & ~f.is_finite(f.load(worth, a)), Status.NOT_FINITE)
                self.look_aheads.weigh_worth(f, i, view.p, own, worth, own)
            probability = f.at(self.region(f, "probability"), first)
            f.call("softmax", own, probability, count)
            # If one of them is not finite, none is: they share their sum.
            self.watch.fail_where(f, ~f.is_finite(f.load(probability, 0)), Status.NOT_FINITE)
            names = f.table("index", [purpose_number(f"choose/{actor.name}/{a.name}") for a in actor.actions])
            taken = f.at(self.region(f, "taken"), first)
            acts, slot = self.array(f, "acts_known"), step * len(layout.slots) + first
            move = f.call("take", self.region(f, "key"), step, own, count, names, taken, acts, slot)
            f.store(self.region(f, "moves"), i, move, "small")

    def _look_ahead(
        self, f: FunctionWriter, i: int, view: State, z: Value, own: Value, answers: Value, q: Value
    ) -> None:
        """Q of actor i's actions in one picture, and in `answers` how the others answer at first."""
        actor, scratch, (seen, picture, _) = self.actors[i], self.region(f, "scratch"), view
        reach = self._reach(f, i)
        steps = f.load(reach, len(self.actors), "index")
        self._expect_others(f, i, self.layout.stage_of[i], view, z, answers, reach)
        if self.sampling is not None:
            key = self.region(f, "key")
            f.call(f"imagine_{i}", seen, picture, f["step"], steps, reach, answers, own, q, scratch, key)
            return
        f.call(
            f"look_ahead_{i}_level{actor.depth}", seen, picture, f["step"], steps, reach, answers, own, q,
            scratch,
        )  # fmt: skip

    def _reach(self, f: FunctionWriter, i: int) -> Value:
        """Address of how far each looks within the look-ahead of actor i, and last how far that one does."""
        return f.bytes_on(self.array(f, "reach"), i * (len(self.actors) + 1) * 8)

    def _expect_others(
        self, f: FunctionWriter, i: int, g: int, view: State, z: Value, answers: Value, reach: Value
    ) -> None:
        """How those of a stage will choose, as actor i expects it in one picture, in `answers`."""
        (seen, picture, _), scratch = view, self.region(f, "scratch")
        if len(self.layout.steady_ladders) < len(self.model.ladders):
            f.call("odds", *view, self.region(f, "ladder"))
        name = self.layout.in_stage(f"others_of_{i}_level{self.actors[i].depth - 1}", g)
        f.call(name, seen, picture, f["step"], reach, z, answers, scratch)

    def _look_in_pictures(self, f: FunctionWriter, i: int, now: Value, own: Value, worth: Value) -> None:
        """Q over all pictures, by how likely actor i takes each to be; impossible ones are left out."""
        count, slots = len(self.actors[i].actions), len(self.layout.slots)
        z, q = self.region(f, "inclined"), self.region(f, "worth_in_picture")
        with f.loop(0, count) as a:
            f.store(worth, a, 0.0)
        with f.loop(0, len(self.beliefs.pictures(i))) as n:
            weight = f.load(self.region(f, f"weights_{i}"), n)
            with f.when(f.any(weight.differs(0.0))):
                view = self.signals.view_in_picture(f, i, n, now)
                f.call("inclinations", *view, z)
                answers = f.at(self.region(f, f"answers_{i}"), n * slots)
                self._look_ahead(f, i, view, z, own, answers, q)
                with f.loop(0, count) as a:
                    f.store(worth, a, f.load(worth, a) + weigh(weight, f.load(q, a)))
