"""What actors believe of others' types, what they expect of them and what they learn, as IR.

docs/explanation/semantics.md, "What an actor expects, and what it learns". The beliefs of all actors stand in
the region `belief`, one vector for each of `Model.suppositions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.reader import FormulaReader, power, weigh
from offramp.engine.compiled.values import Value
from offramp.engine.compiled.watch import Watch
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.inputs import LEADING
from offramp.engine.outputs import Status
from offramp.model import Actor, Belief


class Beliefs(Writer):
    """Writes the functions by which actors weigh their pictures and change their beliefs."""

    def __init__(self, writing: Writing, watch: Watch) -> None:
        super().__init__(writing)
        self.watch, model, reserve = watch, self.model, self.memory.reserve
        self.position = {a.name: i for i, a in enumerate(model.actors)}
        self.first_supposition = {
            (actor, about): n for n, (actor, about, _) in reversed([*enumerate(model.suppositions)])
        }
        self.expectation = {pair: n for n, pair in enumerate(model.expectations)}
        reserve("belief", len(model.suppositions))
        reserve("believed", len(model.suppositions))  # as the stage began that is learned from
        if self.layout.is_staged:
            reserve("held", len(model.suppositions))  # as each actor chose
        reserve("expected", len(model.expectations))
        reserve("likely", max([len(self.pictures(i)) for i in range(len(self.actors))], default=0))
        for i, actor in enumerate(self.actors):
            if actor.beliefs:
                reserve(f"weights_{i}", len(self.pictures(i)))
            if actor.depth:
                reserve(f"answers_{i}", len(self.pictures(i)) * len(self.layout.slots))

    def types_of(self, actor: str) -> int:
        return len(self.actors[self.position[actor]].types)

    def pictures(self, i: int) -> list[tuple[int, ...]]:
        """The pictures of actor i: a type for each of its beliefs; the last of them varies fastest."""
        return list(product(*(range(self.types_of(b.about)) for b in self.actors[i].beliefs)))

    def write(self) -> None:
        if self.model.suppositions:
            self._persuade()
        self._weigh_pictures()
        self._expect()
        self._learn()

    def begin(self, f: FunctionWriter) -> None:
        """Beliefs of the first step are the prior."""
        prior = self.array(f, "prior")
        with f.loop(0, len(self.model.suppositions)) as n:
            f.store(self.region(f, "belief"), n, f.load(prior, n))

    def _persuade(self) -> None:
        """@persuade: beliefs that a policy sets in this step, or holds to the truth."""
        with self.function("persuade") as (f, step, _):
            belief, true_type = self.region(f, "belief"), self.array(f, "true_type")
            set_by_policy = self.array(f, "believe")
            row = step * len(self.model.suppositions)
            for n in range(len(self.model.suppositions)):
                given = f.load(set_by_policy, row + n, "scalar")
                value = f.select(f.is_nan(given), f.load(belief, n), f.to("real", given))
                f.store(belief, n, value)
            for actor in self.actors:
                for b in actor.beliefs:
                    j, place = self.position[b.about], self.first_supposition[actor.name, b.about]
                    with f.when(self._is_known(f, actor.name, b.about)):
                        for k in range(self.types_of(b.about)):
                            is_true = f.load(true_type, j, "bits").equals(k)
                            f.store(belief, place + k, f.to("real", is_true))

    def _is_known(self, f: FunctionWriter, actor: str, about: str) -> Value:
        """Uniform: whether a policy lets an actor know the type of another in this step."""
        pairs = [(a.name, b.about) for a in self.actors for b in a.beliefs]
        right = self.array(f, "right_belief")
        return f.load_byte(right, f["step"] * len(pairs) + pairs.index((actor, about))).differs(0)

    def _weigh_pictures(self) -> None:
        """@weigh_pictures: how likely each actor takes each of its pictures to be."""
        with self.function("weigh_pictures") as (f, _, _now):
            belief = self.region(f, "belief")
            for i, actor in enumerate(self.actors):
                if not actor.beliefs:
                    continue
                for n, joint in enumerate(self.pictures(i)):
                    weight = self._product(f, belief, actor.name, actor.beliefs, joint)
                    f.store(self.region(f, f"weights_{i}"), n, weight)

    def _product(
        self, f: FunctionWriter, belief: Value, actor: str, beliefs: Sequence[Belief], joint: Sequence[int],
        but: str = "",
    ) -> Value:  # fmt: skip
        """Π b(type) over the actors about whom there are beliefs, but for one."""
        weight = f.real(1.0)
        for b, k in zip(beliefs, joint, strict=True):
            if b.about != but:
                weight = weight * f.load(belief, self.first_supposition[actor, b.about] + k)
        return weight

    def type_values(self, f: FunctionWriter, about: str) -> list[tuple[int, list[Value]]]:
        """For each parameter that the types of an actor give values to: its place, its value in each type."""
        first = 0
        for actor in self.actors:
            if actor.name == about:
                break
            first += sum(len(t.overlays) for t in actor.types)
        given = self.array(f, "type_value")
        per_type = len(actor.types[0].overlays)
        return [
            (
                self.layout.parameter[overlay.parameter],
                [f.load(given, first + k * per_type + n) for k in range(len(actor.types))],
            )
            for n, overlay in enumerate(actor.types[0].overlays)
        ]

    def _alike(self, f: FunctionWriter, about: str) -> list[list[Value | None]]:
        """Masks [k][l]: whether two types of an actor are one, having the same values; None for k = l."""
        values = [values for _, values in self.type_values(f, about)]
        count = self.types_of(about)
        result: list[list[Value | None]] = [[None] * count for _ in range(count)]
        for k in range(count):
            for l in range(k):
                same = f.constant("mask", True)
                for of in values:
                    same = same & of[k].equals(of[l])
                result[k][l] = result[l][k] = same
        return result

    # What others were expected to do

    def _expect(self) -> None:
        """@expect_I_J: the chance that I gave to what J did, in each picture (into `likely`) and overall."""
        layout = self.layout
        for actor, about in self.model.expectations:
            i, j = self.position[actor], self.position[about]
            first, count = layout.first_slot[j], len(self.actors[j].actions)
            with self.function(f"expect_{i}_{j}") as (f, _, _now):
                taken = f.at(self.region(f, "taken"), first)
                likely = self.region(f, "likely")
                overall = f.variable("real", 0.0)
                with f.loop(0, len(self.pictures(i))) as n:
                    answers = f.at(self.region(f, f"answers_{i}"), n * len(layout.slots) + first)
                    chance = f.variable("real", 0.0)
                    with f.loop(0, count) as a:
                        this = f.load(taken, a).differs(0.0)
                        chance.set(f.select(this, f.load(answers, a), chance.get()))
                    f.store(likely, n, chance.get())
                    if self.actors[i].beliefs:
                        weight = f.load(self.region(f, f"weights_{i}"), n)
                        overall.set(overall.get() + weigh(weight, chance.get()))
                    else:
                        overall.set(chance.get())
                f.store(self.region(f, "expected"), self.expectation[actor, about], overall.get())

    # Learning

    def note_held(self, f: FunctionWriter, g: int) -> None:
        """Keep what those of a stage believe as they choose, where that is not what they learn with."""
        if self.layout.is_staged:
            for n, (who, _, _) in enumerate(self.model.suppositions):
                if self.layout.stage_of[self.position[who]] == g:
                    f.store(self.region(f, "held"), n, f.load(self.region(f, "belief"), n))

    @property
    def as_they_chose(self) -> str:
        """Region of what each actor believed as it chose."""
        return "held" if self.layout.is_staged else "believed"

    def _learn(self) -> None:
        """@learn: all that is expected, and every belief changed by what the others did.

        With stages @learn_stageG: of those who move in stage G, and by what they did.
        """
        learners = [(a, b) for a in self.actors for b in a.beliefs if a.depth and b.learns]
        for actor, belief in learners:
            self._learn_about(self.position[actor.name], belief)
        for g in range(len(self.layout.stages)):
            self._learn_from(g, learners)

    def _learn_from(self, g: int, learners: Sequence[tuple[Actor, Belief]]) -> None:
        with self.function(self.layout.in_stage("learn", g)) as (f, step, _):
            now, before = self.region(f, "belief"), self.region(f, "believed")
            with f.loop(0, len(self.model.suppositions)) as n:
                f.store(before, n, f.load(now, n))
            for actor_name, about in self.model.expectations:
                i, j = self.position[actor_name], self.position[about]
                if self.layout.stage_of[j] != g:
                    continue
                f.call(f"expect_{i}_{j}", f["work"], step)
                if any((a.name, b.about) == (actor_name, about) for a, b in learners):
                    with f.when(~self._is_known(f, actor_name, about)):
                        f.call(f"learn_{i}_{j}", f["work"], step)
            if self.model.suppositions:
                trouble = f.variable("real", 0.0)
                with f.loop(0, len(self.model.suppositions)) as n:
                    trouble.set(trouble.get() + f.load(now, n) * 0.0)
                self.watch.fail_where(f, f.is_nan(trouble.get()), Status.NOT_FINITE)

    def _learn_about(self, i: int, belief: Belief) -> None:
        """@learn_I_J: actor I's belief about J after what J did; `likely` holds how likely that was."""
        actor, j = self.actors[i], self.position[belief.about]
        types = range(self.types_of(belief.about))
        place = self.first_supposition[actor.name, belief.about]
        with self.function(f"learn_{i}_{j}") as (f, _, now):
            believed = self.region(f, "believed")
            b = [f.load(believed, place + k) for k in types]
            prior = [f.load(self.array(f, "prior"), place + k) for k in types]
            read = self.reader(f, self.truth(f, now))
            likely = self._likelihood(f, i, belief, believed)
            if any(a.attributed is not None for a in self.actors[j].actions):
                alpha = self.attributed(f, read, j)
                average = _mean(b, likely)
                likely = [weigh(alpha, chance) + weigh(1.0 - alpha, average) for chance in likely]
            update = _Update(read, belief, b, self._alike(f, belief.about))
            after = update.by_bayes(update.with_bias(likely))
            after = update.with_floor(update.with_fading(after, prior, self.dt))
            total = f.real(0.0)
            for new in after:
                total = total + new
            for k in types:
                f.store(self.region(f, "belief"), place + k, after[k] / total)

    def _likelihood(self, f: FunctionWriter, i: int, belief: Belief, believed: Value) -> list[Value]:
        """How likely each type of another makes what it did, over the pictures of actor i."""
        actor = self.actors[i]
        column = [b.about for b in actor.beliefs].index(belief.about)
        likely = [f.real(0.0) for _ in range(self.types_of(belief.about))]
        for n, joint in enumerate(self.pictures(i)):
            weight = self._product(f, believed, actor.name, actor.beliefs, joint, but=belief.about)
            chance = f.load(self.region(f, "likely"), n)
            likely[joint[column]] = likely[joint[column]] + weigh(weight, chance)
        return likely

    def attributed(self, f: FunctionWriter, read: FormulaReader, j: int) -> Value:
        """How surely the act is known to be actor J's."""
        taken, first = self.region(f, "taken"), self.layout.first_slot[j]
        alpha = f.real(1.0)
        for a, action in enumerate(self.actors[j].actions):
            this = f.load(taken, first + a).differs(0.0)
            alpha = f.select(this, read.read(action.attributed, absent=1.0), alpha)
        return f.within(alpha, 0.0, 1.0)


class _Update:
    """How one belief changes in a step, in the function being written; lists are by type.

    Parameters
    ----------
    read : formulas in the true state
    b : the belief before
    alike : masks [k][l]: whether two types are one; None for k = l
    """

    def __init__(
        self, read: FormulaReader, belief: Belief, b: Sequence[Value], alike: list[list[Value | None]]
    ) -> None:
        self.f, self.read, self.belief, self.b, self.alike = read.f, read, belief, b, alike
        self.types = range(len(b))
        # Types that are alike count as one.
        self.share = [1.0 / self._together([self.f.real(1.0)] * len(b), k) for k in self.types]

    def _together(self, of: Sequence[Value], k: int) -> Value:
        """The sum over a type and all that are like it."""
        total = of[k]
        for one, same in zip(of, self.alike[k], strict=True):
            if same is not None:
                total = total + self.f.select(same, one, 0.0)
        return total

    def with_bias(self, likely: list[Value]) -> list[Value]:
        """Evidence against what leads counts less: confirmation bias."""
        f, b = self.f, self.b
        if self.belief.confirmation_bias is None:
            return likely
        bias = f.within(self.read.read(self.belief.confirmation_bias), 0.0, 1.0)
        average, joint = _mean(b, likely), [self._together(b, k) for k in self.types]
        top = joint[0]
        for one in joint[1:]:
            top = f.larger(top, one)
        leading, leaders = f.real(0.0), f.real(0.0)
        for k in self.types:
            leads = f.select(joint[k] >= top * LEADING, b[k], 0.0)
            leading, leaders = leading + weigh(leads, likely[k]), leaders + leads
        against = leading / leaders < average
        return [
            f.select(against, f.select(bias.equals(1.0), 1.0, power(f, chance, 1.0 - bias)), chance)
            for chance in likely
        ]

    def by_bayes(self, likely: Sequence[Value]) -> list[Value]:
        """The belief after what happened; it stays where that was thought impossible."""
        average = _mean(self.b, likely)
        explained = average.differs(0.0)
        return [
            self.f.select(explained, weigh(b, chance) / average, b)
            for b, chance in zip(self.b, likely, strict=True)
        ]

    def with_fading(self, after: list[Value], prior: Sequence[Value], dt: float) -> list[Value]:
        f = self.f
        if self.belief.fading is None:
            return after
        kept = power(f, 1.0 - f.within(self.read.read(self.belief.fading), 0.0, 1.0), f.real(dt))
        return [kept * new + (1.0 - kept) * old for new, old in zip(after, prior, strict=True)]

    def with_floor(self, after: list[Value]) -> list[Value]:
        """No type falls below the floor; types that are alike share it."""
        f, share = self.f, self.share
        if self.belief.floor is None:
            return after
        distinct = share[0]
        for one in share[1:]:
            distinct = distinct + one
        floor = f.smaller(f.larger(self.read.read(self.belief.floor), 0.0), 1.0 / distinct)
        joint = [self._together(after, k) for k in self.types]
        return [
            f.larger(both, floor) * f.select(both.equals(0.0), share[k], after[k] / both)
            for k, both in enumerate(joint)
        ]


def _mean(b: Sequence[Value], of: Sequence[Value]) -> Value:
    """The mean over types by belief."""
    total = b[0].of.real(0.0)
    for chance, value in zip(b, of, strict=True):
        total = total + weigh(chance, value)
    return total
