"""How an actor weighs its actions: the look-ahead, as IR.

An actor that thinks at level L looks along the expected path of a picture, the others answering at level
L-1 or at their own depth, if that is less; level 0 is habit. For actor I the functions are

| function | what it does |
|---|---|
| `look_ahead_I_levelL` | Q of each of its actions, given how the others answer at first |
| `answer_I_levelL` | how it is supposed to choose: habit and Q, weighed by its precision |
| `others_of_I_levelL` | how all others answer, each at level L or its own depth |

Where actors move in stages there is an `others_of_I_levelL_stageG` for each stage G; those of later stages
answer each candidate action by itself.

They call one another level by level, down to the habits. What everybody would do at some level from some
state is found once and read by all who suppose it one level up, and does not depend on the candidate action.
"""

from __future__ import annotations

import math

from offramp.engine.compiled import elementary
from offramp.engine.compiled.elementary import softmax_of, write_softmax
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.layout import ODDS
from offramp.engine.compiled.memory import Scratch
from offramp.engine.compiled.onestep import OneStep
from offramp.engine.compiled.phases import Phases
from offramp.engine.compiled.reader import FormulaReader, State, weigh
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.writing import Writer, Writing


class LookAheads(Writer):
    """Writes the functions by which actors choose.

    Attributes
    ----------
    one_step_apart : whether look-aheads of one step have functions of their own; results are the same
    """

    one_step_apart = True

    def __init__(self, writing: Writing, phases: Phases) -> None:
        super().__init__(writing)
        self.phases = phases
        self.absorbing = [o for o in self.model.outcomes if o.absorbing]
        self.one_step = OneStep(writing, phases, self._valued_at_first)

    def write(self) -> None:
        write_softmax(self.module)
        self._habits()
        self._expect_events()
        if self.model.ladders:
            self._expect_exchanges()
        for i, actor in enumerate(self.model.actors):
            if actor.depth:
                self._assess(i)
                if self._has_one_step(i):
                    self.one_step.write(i)
        self._write_levels()

    def _has_one_step(self, i: int) -> bool:
        """Whether actor i's look-ahead of one step has a function of its own."""
        if self.model.substeps > 1 or self.layout.pasts:
            return False
        return self.one_step_apart and self.layout.stage_of[i] == len(self.layout.stages) - 1

    def _habits(self) -> None:
        """@habits(z, v, p): every actor's habit, from its inclinations or, if steady, from the vector v."""
        layout = self.layout
        with self.module.function("habits", {"z": "pointer", "v": "pointer", "p": "pointer"}) as f:
            moving = []
            for i, (first, actor) in enumerate(zip(layout.first_slot, self.model.actors, strict=True)):
                group = range(first, first + len(actor.actions))
                if i not in layout.steady:
                    moving.append(group)
                    continue
                for a, s in enumerate(group):
                    f.store(f["p"], s, f.load(f["v"], layout.steady[i] + a))
            softmax_of(f, f["z"], f["p"], moving)

    def _expect_events(self) -> None:
        """@expect_events(x, p, step, now, scratch): events of a step, each weighted by how likely it is."""
        parameters = {"x": "pointer", "p": "pointer", "step": "index", "now": "scalar", "scratch": "pointer"}
        with self.module.function("expect_events", parameters) as f:  # type: ignore[arg-type]
            x, p, now, scratch = f["x"], f["p"], f["now"], f["scratch"]
            if self.layout.dated:
                for step in f.switch(f["step"], list(self.layout.dated)):
                    f.call(f"dated_chances_{step}", x, p, now, scratch)
                    f.call(f"dated_effects_{step}", x, p, now, scratch)
            if self.layout.random:
                f.call("means", x, p, now, scratch)
                once = f.at(scratch, len(self.layout.mean_position))
                for position in self.phases.positions_set:
                    f.store(once, position, 1.0 - f.call("exp", -f.load(scratch, position)))
                for event in self.layout.random:
                    if event.once:
                        at = self.layout.mean_position[event.name, ""]
                        likely = 1.0 - f.call("exp", -f.load(scratch, at))
                        for position in range(at, at + 1 + len(event.branches)):
                            weight = likely if position == at else likely * f.load(scratch, position)
                            f.store(scratch, position, weight)
                            f.store(once, position, weight)
                f.call("random_effects", x, p, now, scratch, once)

    def _expect_exchanges(self) -> None:
        """@expect_exchanges(x, p, now, scratch): ladders of a step, each rung weighted by how likely it is.

        `scratch` then holds the chance that each ladder opens.
        """
        layout, ladders = self.layout, self.model.ladders
        parameters: dict[str, Kind] = {"x": "pointer", "p": "pointer", "now": "scalar", "scratch": "pointer"}
        with self.module.function("expect_exchanges", parameters) as f:
            x, p, now, scratch = f["x"], f["p"], f["now"], f["scratch"]
            f.call("openings", x, p, now, scratch)
            weights = f.at(scratch, len(ladders))
            for i, ladder in enumerate(ladders):
                likely, highest = f.load(scratch, i), layout.odds[ladder.name] + ODDS
                for r in range(len(ladder.rungs)):
                    weight = likely * f.load(p, highest + r)
                    f.store(weights, layout.rung[ladder.name, r], weight)
            f.call("ladder_effects", x, p, now, weights)

    def _assess(self, i: int) -> None:
        """@assess_I(x, p, end, course): what the end of a step is worth to actor I, in points per month.

        `course` holds the chance that the run still goes on and, behind it, that it has ended in each
        absorbing outcome; both are moved on by one step.
        """
        actor = self.model.actors[i]
        parameters = {"x": "pointer", "p": "pointer", "end": "scalar", "course": "pointer"}
        with self.module.function(f"assess_{i}", parameters, "real") as f:  # type: ignore[arg-type]
            read = self.reader(f, State(f["x"], f["p"], f["end"]), inline=True)
            survival = f.load(f["course"], 0) if self.absorbing else f.real(1.0)
            absorbed = {o.name: f.load(f["course"], 1 + n) for n, o in enumerate(self.absorbing)}
            value, survival, absorbed = self._valued(f, read, i, survival, absorbed)
            if self.absorbing:
                f.store(f["course"], 0, survival)
                for n, outcome in enumerate(self.absorbing):
                    if dict(outcome.worth).get(actor.name) is not None:
                        f.store(f["course"], 1 + n, absorbed[outcome.name])
            f.result(value)

    def _valued(
        self, f: FunctionWriter, read: FormulaReader, i: int, survival: Value, absorbed: dict[str, Value]
    ) -> tuple[Value, Value, dict[str, Value]]:
        """What the end of a step is worth to actor i, and the chances that stand in `course`, moved on."""
        actor, dt = self.model.actors[i], self.layout.dt
        worths = {o.name: dict(o.worth).get(actor.name) for o in self.absorbing}
        utility = f.real(0.0)
        for term in actor.utility:
            utility = utility + read.read(term.formula)
        if not self.absorbing:
            return utility, survival, absorbed
        absorbed = dict(absorbed)
        rates = {o.name: self.phases.rate(f, read, o) for o in self.absorbing if o.rate is not None}
        if rates:
            rate = f.real(0.0)
            for r in rates.values():
                rate = rate + r
            stay = elementary.exp(f, rate * -dt)
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
        return value, survival, absorbed

    def _valued_at_first(self, f: FunctionWriter, read: FormulaReader, i: int) -> Value:
        """What the end of the first step is worth to actor i."""
        nothing = {o.name: f.real(0.0) for o in self.absorbing}
        return self._valued(f, read, i, f.real(1.0), nothing)[0]

    # Levels of thought

    def answering(self, i: int, level: int, g: int) -> list[list[int]]:
        """Who must be thought through, so as to know how all of stage g but actor i answer at a level.

        Item l - 1 of the list: the actors whose choice at level l is needed. Those less deep answer as they
        do one level lower.
        """
        actors, stage = self.model.actors, self.layout.stages[g]
        asked = {m for m in stage if m != i}
        result: list[list[int]] = []
        for l in range(level, 0, -1):
            thinking = {m for m in asked if actors[m].depth >= l}
            result.append(sorted(thinking))
            read_by = [set(stage) - {m} for m in thinking]
            asked = (asked - thinking).union(*read_by)
        return result[::-1]

    def _write_levels(self) -> None:
        """Every function of levels that is needed, those that are called before those that call."""
        outer = [(actor.depth, i) for i, actor in enumerate(self.model.actors) if actor.depth]
        answers: set[tuple[int, int]] = set()
        for level, i in outer:
            answers |= self._answers_within(i, level - 1)
        for level in range(1, 1 + max([level for level, _ in outer], default=0)):
            for i in range(len(self.model.actors)):
                if (level, i) in answers or (level, i) in outer:
                    for g in range(len(self.layout.stages)):
                        self._others(i, level - 1, g)
                    self._look_ahead(i, level)
                if (level, i) in answers:
                    self._answer(i, level)

    def _answers_within(self, i: int, level: int) -> set[tuple[int, int]]:
        """(level, actor) of every answer that `others_of_I` of a level leads to."""
        found = {
            (l, m)
            for g in range(len(self.layout.stages))
            for l, some in enumerate(self.answering(i, level, g), 1)
            for m in some
        }
        for l, m in list(found):
            found |= self._answers_within(m, l - 1)
        return found

    @property
    def scratch(self) -> int:
        """Reals of scratch that the deepest look-ahead takes, with all that is nested in it."""
        layout = self.layout
        most_chances = max(
            [sum(len(e.branches) for e in events) for events in layout.dated.values()], default=0
        )
        events = max(most_chances, 2 * len(layout.mean_position), len(self.model.ladders) + len(layout.rung))
        slots, deepest = len(layout.slots), max([a.depth for a in self.model.actors], default=0)
        look_ahead = len(layout.stock) + 3 * slots + len(self.phases.noisy) + 1 + len(self.absorbing)
        return deepest * (look_ahead + deepest * slots + slots) + max(events, self.one_step.scratch)

    def _others(self, i: int, level: int, g: int) -> None:
        """@others_of_I_levelL(x, p, step, reach, z, weights, scratch): how all actors act in a state.

        With stages it is how those of stage g act; what `weights` then holds of others means nothing.

        The others choose at level L, or at their own depth if that is less; actor I by habit. `z` holds
        everyone's inclinations in the state x, `weights` becomes the probabilities of all slots. `reach`
        says how far each actor looks ahead (`offramp.engine.depths.reach_of`).
        """
        layout, actors = self.layout, self.model.actors
        slots = len(layout.slots)
        parameters: dict[str, Kind] = {
            "x": "pointer", "p": "pointer", "step": "index", "reach": "pointer", "z": "pointer",
            "weights": "pointer", "scratch": "pointer",
        }  # fmt: skip
        name = layout.in_stage(f"others_of_{i}_level{level}", g)
        with self.module.function(name, parameters) as f:
            scratch = Scratch(f, f["scratch"])
            at_level = [scratch.take(slots) for _ in range(level)] + [f["weights"]]
            rest = scratch.rest
            f.call("habits", f["z"], f["p"], at_level[0])
            for l, thinking in enumerate(self.answering(i, level, g), 1):
                copy(f, at_level[l - 1], at_level[l], slots)
                if l == level:
                    own, count = layout.first_slot[i], len(actors[i].actions)
                    copy(f, f.at(at_level[0], own), f.at(at_level[l], own), count)
                for m in thinking:
                    f.call(
                        f"answer_{m}_level{l}", f["x"], f["p"], f["step"], f["reach"], f["z"],
                        at_level[l - 1], f.at(at_level[l], layout.first_slot[m]), rest,
                    )  # fmt: skip

    def _answer(self, i: int, level: int) -> None:
        """@answer_I_levelL(x, p, step, reach, z, first, weights, scratch): how actor I is supposed to choose.

        `first` holds how everyone acts in the state x as those who think at level L suppose; `weights`
        becomes the probabilities of the actor's own actions.
        """
        layout, actor = self.layout, self.model.actors[i]
        count = len(actor.actions)
        parameters: dict[str, Kind] = {
            "x": "pointer", "p": "pointer", "step": "index", "reach": "pointer", "z": "pointer",
            "first": "pointer", "weights": "pointer", "scratch": "pointer",
        }  # fmt: skip
        with self.module.function(f"answer_{i}_level{level}", parameters) as f:
            scratch = Scratch(f, f["scratch"])
            q = scratch.take(count)
            own = f.at(f["z"], layout.first_slot[i])
            steps = f.load(f["reach"], i, "index")
            f.call(
                f"look_ahead_{i}_level{level}", f["x"], f["p"], f["step"], steps, f["reach"], f["first"],
                own, q, scratch.rest,
            )  # fmt: skip
            self.weigh_worth(f, i, f["p"], own, q, q)
            f.call("softmax", q, f["weights"], count)

    def weigh_worth(
        self, f: FunctionWriter, i: int, p: Value, inclined: Value, q: Value, weight: Value
    ) -> None:
        """`weight` becomes inclination + precision·Q, or stays minus infinity where that is closed."""
        precision = f.real(0.0)
        given = self.model.actors[i].precision
        if given is not None:
            precision = f.load(p, self.layout.derived[given.node])
        with f.loop(0, len(self.model.actors[i].actions)) as a:
            z = f.load(inclined, a)
            is_open = z.differs(-math.inf)
            f.store(weight, a, f.select(is_open, z + precision * f.load(q, a), z))

    def _look_ahead(self, i: int, level: int) -> None:
        """@look_ahead_I_levelL(seen, p, step, steps, reach, first, open, q, scratch): Q of each action.

        `steps` is how far actor I looks, `reach` how far everyone does within its look-ahead. `first` holds
        how everyone acts in the seen state; `open` the actor's own inclinations, minus infinity where
        the action is closed to it. An action that is closed in all runs of the vector is passed over.
        """
        parameters: dict[str, Kind] = {
            "seen": "pointer", "p": "pointer", "step": "index", "steps": "index", "reach": "pointer",
            "first": "pointer", "open": "pointer", "q": "pointer", "scratch": "pointer",
        }  # fmt: skip
        with self.module.function(f"look_ahead_{i}_level{level}", parameters) as f:
            if not self._has_one_step(i):
                self._look_further(f, i, level)
                return
            one = f["steps"].equals(1)
            with f.when(one):
                f.call(
                    f"one_step_{i}", f["seen"], f["p"], f["step"], f["first"], f["open"], f["q"], f["scratch"]
                )
            with f.when(~one):
                self._look_further(f, i, level)

    def _look_further(self, f: FunctionWriter, i: int, level: int) -> None:
        """Q of each action where actor i looks two steps ahead or more."""
        layout, slots = self.layout, len(self.layout.slots)
        count = len(self.actors[i].actions)
        scratch = Scratch(f, f["scratch"])
        x, first_weights, weights, z = (scratch.take(n) for n in (len(layout.stock), slots, slots, slots))
        kick = scratch.take(len(self.phases.noisy))  # no noise is expected
        course, rest = scratch.take(1 + len(self.absorbing)), scratch.rest
        p, step = f["p"], f["step"]

        for n in range(len(self.phases.noisy)):
            f.store(kick, n, 0.0)
        copy(f, f["first"], first_weights, slots)
        own = f.at(first_weights, layout.first_slot[i])
        now = self.time(f, step)
        f.call(f"costs_{i}", f["seen"], p, now, f["q"])
        discount = self.discount(f, i)

        with f.loop(0, count) as a, f.when(f.any(f.load(f["open"], a).differs(-math.inf))):
            self.begin(f, i, a, own, x, course)
            f.call(layout.in_stage("effects", layout.stage_of[i]), x, p, now, first_weights)
            for g in self.stages_after(i):
                self.others(f, i, level - 1, g, x, step, now, z, weights, rest)
                f.call(layout.in_stage("effects", g), x, p, now, weights)
            f.call("change", x, p, now, kick)
            self.phases.change.remember(f, x, p, self.time(f, step + 1))
            account = Account(self, f, i, x, course, discount)
            account.open(self.time(f, step + 1))
            with f.loop(1, f["steps"]) as h:
                last = f["steps"].equals(h + 1)
                k = step + h
                now, end = self.time(f, k), self.time(f, k + 1)
                f.call("expect_events", x, p, k, now, rest)
                account.add_exchanges(now, rest)
                for g in range(len(layout.stages)):
                    self.others(f, i, level - 1, g, x, k, now, z, weights, rest)
                    if layout.is_staged:
                        f.call(layout.in_stage("effects", g), x, p, now, weights)
                # At the end of the path only what the actor values moves.
                for this, effects, change in [
                    (~last, "effects", "change"), (last, f"last_effects_{i}", f"last_change_{i}"),
                ]:  # fmt: skip
                    with f.when(this):
                        if not layout.is_staged:
                            f.call(effects, x, p, now, weights)
                        f.call(change, x, p, now, kick)
                self.phases.change.remember(f, x, p, end)
                account.add_step(end)
            f.store(f["q"], a, account.whole() - f.load(f["q"], a))

    # What look-aheads have in common, along expected and sampled paths

    def stages_after(self, i: int) -> range:
        """The stages in which others move once actor i has moved."""
        return range(self.layout.stage_of[i] + 1, len(self.layout.stages))

    def others(
        self, f: FunctionWriter, i: int, level: int, g: int, x: Value, k: Value, now: Value, z: Value,
        weights: Value, rest: Value,
    ) -> None:  # fmt: skip
        """`weights` becomes how those of a stage act in the state x of step k, actor i by habit."""
        f.call("inclinations", x, f["p"], now, z)
        name = self.layout.in_stage(f"others_of_{i}_level{level}", g)
        f.call(name, x, f["p"], k, f["reach"], z, weights, rest)

    def time(self, f: FunctionWriter, step: Value) -> Value:
        """Months from the start to the beginning of a step."""
        return f.to("scalar", step) * self.dt

    def discount(self, f: FunctionWriter, i: int) -> Value:
        """Actor i's discount over one step, in a function with the parameter `p`."""
        node = self.layout.discount_per_step(self.actors[i])
        return f.load(f["p"], self.layout.derived[node]) if node is not None else f.real(1.0)

    def begin(self, f: FunctionWriter, i: int, a: Value, own: Value, x: Value, course: Value) -> None:
        """Let a path begin in the state as seen, with action `a` of actor i, whose weights stand at `own`."""
        with f.loop(0, len(self.actors[i].actions)) as b:
            f.store(own, b, f.to("real", f.select(a.equals(b), f.constant("scalar", 1.0), 0.0)))
        copy(f, f["seen"], x, len(self.layout.stock))
        f.store(course, 0, 1.0)
        for n in range(len(self.absorbing)):
            f.store(course, 1 + n, 0.0)


class Account:
    """What a look-ahead of actor i adds up on its way, in variables of the function being written.

    Parameters
    ----------
    x : address of the stocks on the path
    course : address of the chances that the path goes on and that it has ended (`assess_I`)
    discount : of one step
    """

    def __init__(
        self, of: LookAheads, f: FunctionWriter, i: int, x: Value, course: Value, discount: Value
    ) -> None:
        self.of, self.f, self.i = of, f, i
        self.x, self.course, self.discount = x, course, discount

    def open(self, end: Value) -> None:
        """Begin with the first step."""
        f = self.f
        self.total = f.variable("real", self.discount * self._assessed(end))
        self.factor = f.variable("real", self.discount)
        self.gained = f.variable("real", 0.0) if self.of.model.ladders else None

    def _assessed(self, end: Value) -> Value:
        return self.f.call(f"assess_{self.i}", self.x, self.f["p"], end, self.course)

    def add_step(self, end: Value) -> None:
        """Add what the end of one more step is worth."""
        self.factor.set(self.factor.get() * self.discount)
        value = self._assessed(end)
        self.total.set(self.total.get() + self.factor.get() * value)

    def add_exchanges(self, now: Value, scratch: Value) -> None:
        """Add what the exchanges of a step bring, by their expectation, and the wars that end the course."""
        if self.gained is None:
            return
        f, p, layout, ladders = self.f, self.f["p"], self.of.layout, self.of.model.ladders
        f.call("expect_exchanges", self.x, p, now, scratch)
        factor, name = self.factor.get() * self.discount, self.of.actors[self.i].name
        survival = f.load(self.course, 0)
        for n, ladder in enumerate(ladders):
            if name in ladder.sides:
                points = f.load(p, layout.odds[ladder.name] + ladder.sides.index(name))
                self.gained.set(self.gained.get() + factor * weigh(survival * f.load(scratch, n), points))
        for n, ladder in enumerate(ladders):
            moved = survival * (f.load(scratch, n) * f.load(p, layout.odds[ladder.name] + ODDS - 1))
            war = 1 + next(k for k, o in enumerate(self.of.absorbing) if o.name == ladder.war)
            f.store(self.course, war, f.load(self.course, war) + moved)
            survival = survival - moved
        f.store(self.course, 0, survival)

    def whole(self) -> Value:
        """All of it, in points."""
        whole = self.total.get() * self.of.dt
        return whole if self.gained is None else whole + self.gained.get()


def copy(f: FunctionWriter, source: Value, target: Value, count: int) -> None:
    """Copy an array of reals."""
    with f.loop(0, count) as i:
        f.store(target, i, f.load(source, i))
