"""Exchanges in the true course of a run, as IR: phase 3 of a step, "The true course" of a ladder.

Nothing is read or solved in a step in which no run of the vector sees a ladder open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from offramp.engine.compiled.estimates import Estimates
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.ladder import SIDES, LadderSolver, chances_of
from offramp.engine.compiled.layout import ODDS
from offramp.engine.compiled.reader import State, weigh
from offramp.engine.compiled.signals import Signals
from offramp.engine.compiled.values import Value
from offramp.engine.compiled.watch import Watch
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.luck import purpose_number, purpose_within
from offramp.engine.outputs import TABLE, Ending, Status
from offramp.engine.plain.ladder import CLIMB, MATCH, MOVES, STAND_DOWN

# What is kept of the exchanges of a step as whole numbers, one vector for each ladder.
NOTES = tuple(name for name, row in TABLE.items() if "ladder" in row.axes and row.dtype is np.int8)


class Exchanges(Writer):
    """Writes the functions that open ladders, play them out, and apply what they do.

    The region `view_L_SIDE` holds how a side goes into an exchange on ladder L: what it expects of each move,
    over its pictures, by (moves left - 1, rung, move); then the chance of war that it foresees if the one or
    the other side moves first, and its precision.
    """

    def __init__(
        self, writing: Writing, watch: Watch, signals: Signals, solver: LadderSolver, estimates: Estimates
    ) -> None:
        super().__init__(writing)
        self.watch, self.signals, self.solver, self.estimates = watch, signals, solver, estimates
        self.ladders = ladders = self.model.ladders
        if not ladders:
            return
        tables = [ladder.moves * at.expected for ladder, at in zip(ladders, solver.layouts, strict=True)]
        self.reserve(dict.fromkeys(NOTES, len(ladders)))
        self.reserve({
            "ladder_risk": len(ladders), "ladder_foreseen": 2 * len(ladders), "opened": len(ladders),
            "highest": len(self.layout.rung), "ladder": solver.scratch, "table": max(tables),
            "war_outcome": 1, "war_part": 1,
        })  # fmt: skip
        for i in range(len(ladders)):
            for side in SIDES:
                self.memory.reserve(f"view_{i}_{side}", self._expectations(i) + 3)

    def _expectations(self, i: int) -> int:
        """How many moves of one side there are over all positions: so many expectations are kept."""
        return self.ladders[i].moves * self.solver.layouts[i].expected // 2

    def write(self) -> None:
        if not self.ladders:
            return
        for i in range(len(self.ladders)):
            for side in SIDES:
                self._view(i, side)
            self._play(i)
        self._exchanges()

    def _exchanges(self) -> None:
        """@exchanges: which ladders open in this step, how they are played, and what their rungs do."""
        with self.function("exchanges") as (f, step, now):
            state = self.truth(f, now)
            for name in NOTES:
                with f.loop(0, len(self.ladders)) as n:
                    f.store(self.region(f, name), n, f.constant("small", int(TABLE[name].nothing)), "small")
            read = self.reader(f, state)
            means = [f.larger(read.read(ladder.rate) * self.layout.dt, 0.0) for ladder in self.ladders]
            for i, (ladder, mean) in enumerate(zip(self.ladders, means, strict=True)):
                self.watch.fail_where(f, ~f.is_finite(mean), Status.NOT_FINITE)
                u = self._uniform(f, purpose_number(f"ladder/{ladder.name}/open"))
                opened = (u > f.call("exp", -mean)) & self.watch.running(f)
                f.store(self.region(f, "opened"), i, f.to("real", opened))
                with f.when(f.any(opened)):
                    if self.model.suppositions:
                        f.call("weigh_pictures", f["work"], step)
                    for side in SIDES:
                        f.call(f"view_{i}_{side}", f["work"], step)
                    f.call(f"play_{i}", f["work"], step)
            self._wars(f)
            highest = self.region(f, "highest")
            for i, ladder in enumerate(self.ladders):
                rung = self._noted(f, "ladder_rung", i)
                for r in range(len(ladder.rungs)):
                    f.store(highest, self.layout.rung[ladder.name, r], f.to("real", rung.equals(r)))
            self.estimates.all_know(f, "ladder_effects", now, highest)
            f.call("ladder_effects", *state, highest)
            self.watch.check(f, now)

    def _uniform(self, f: FunctionWriter, purpose: int | Value) -> Value:
        return f.call("uniform", self.region(f, "key"), f["step"], purpose)

    def _noted(self, f: FunctionWriter, name: str, i: int) -> Value:
        return f.load(self.region(f, name), i, "small")

    def _wars(self, f: FunctionWriter) -> None:
        """Which outcome a war brought about; of several the first in file order."""
        position = {outcome.name: n for n, outcome in enumerate(self.model.outcomes)}
        found, part = f.constant("small", -1), self.region(f, "war_part")
        for i, ladder in reversed([*enumerate(self.ladders)]):
            war = self._noted(f, "ladder_ending", i).equals(int(Ending.WAR))
            found = f.select(war, f.constant("small", position[ladder.war]), found)
            with f.when(f.any(war)):
                u = self._uniform(f, purpose_number(purpose_within("ladder", ladder.name)))
                f.store(part, 0, f.select(war, u, f.load(part, 0)))
        f.store(self.region(f, "war_outcome"), 0, found, "small")

    def _view(self, i: int, side: int) -> None:
        """@view_L_SIDE: what a side of ladder L expects as the exchange opens, over its pictures."""
        ladder, at, count = self.ladders[i], self.solver.layouts[i], self._expectations(i)
        position = self.solver.sides(ladder)[side]
        actor, beliefs = self.actors[position], self.signals.beliefs
        per_side = at.expected // 2
        with self.function(f"view_{i}_{side}") as (f, _, now):
            view, table, scratch = (self.region(f, n) for n in (f"view_{i}_{side}", "table", "ladder"))
            with f.loop(0, count + 2) as k:
                f.store(view, k, 0.0)

            def add(view_in: State, weight: Value) -> None:
                f.call(f"rules_{i}", *view_in, scratch)
                f.call(f"solve_{i}", scratch, table, at.expected)
                with f.loop(0, ladder.moves) as n:
                    mine, found = f.at(view, n * per_side), f.at(table, n * at.expected + side * per_side)
                    with f.loop(0, per_side) as k:
                        f.store(mine, k, f.load(mine, k) + weigh(weight, f.load(found, k)))
                for first in SIDES:
                    war = f.load(self.solver.opening(f, i, scratch, first), ODDS - 1)
                    f.store(view, count + first, f.load(view, count + first) + weigh(weight, war))

            in_mean = self.signals.view(f, position, now)
            precision = self.solver.precision(self.reader(f, in_mean), actor)
            f.store(view, count + 2, precision)
            if not actor.beliefs:
                add(in_mean, f.real(1.0))
                return
            with f.loop(0, len(beliefs.pictures(position))) as n:
                weight = f.load(self.region(f, f"weights_{position}"), n)
                with f.when(f.any(weight.differs(0.0))):
                    add(self.signals.view_in_picture(f, position, n, now), weight)

    def _play(self, i: int) -> None:
        """@play_L: the exchange, move by move, in the runs in which it opened."""
        ladder, count = self.ladders[i], self._expectations(i)
        with self.function(f"play_{i}") as (f, _, now):
            fact = self.reader(f, self.truth(f, now))
            first, control = self.solver.first(fact, ladder), self.solver.control(fact, ladder)
            views = [self.region(f, f"view_{i}_{side}") for side in SIDES]
            precision = [f.load(view, count + 2) for view in views]
            opened = f.load(self.region(f, "opened"), i).differs(0.0)

            begins = self._uniform(f, purpose_number(f"ladder/{ladder.name}/first")) < first
            self.watch.fail_where(f, opened & ~f.is_finite(first), Status.NOT_FINITE)
            for side, view in enumerate(views):
                war = f.select(begins, f.load(view, count), f.load(view, count + 1))
                self.watch.fail_where(f, opened & ~f.is_finite(war), Status.NOT_FINITE)
                f.store(self.region(f, "ladder_foreseen"), 2 * i + side, war)

            play = _Play(f, opened, begins, len(ladder.rungs))
            draws = {
                what: f.table(
                    "index",
                    [purpose_number(f"ladder/{ladder.name}/{what}/{k + 1}") for k in range(ladder.moves)],
                )
                for what in ("move", "control")
            }
            with f.while_(ladder.moves) as (k, again):
                chance = play.chances(views, precision, ladder.moves - 1 - k)
                self.watch.fail_where(f, play.going.get() & ~f.is_finite(chance[MATCH]), Status.NOT_FINITE)
                play.move(k, chance, self._uniform(f, f.load(draws["move"], k, "index")))
                c = play.here(control)
                self.watch.fail_where(f, play.going.get() & ~f.is_finite(c), Status.NOT_FINITE)
                play.add_risk(c)
                lost = play.going.get() & (self._uniform(f, f.load(draws["control"], k, "index")) < c)
                play.lose_control(lost)
                again.set(f.any(play.going.get()))
            for name, value in play.result(opened, begins).items():
                f.store(self.region(f, name), i, value, "small")
            f.store(self.region(f, "ladder_risk"), i, play.risk.get())

    # What others read of it

    def war_outcome(self, f: FunctionWriter) -> Value:
        """Position of the outcome that a war on a ladder brings about in this step, -1 for none."""
        return self._noted(f, "war_outcome", 0)

    def war_part(self, f: FunctionWriter) -> Value:
        """Share of the step that was over when that war came."""
        return f.load(self.region(f, "war_part"), 0)

    def write_down(self, f: FunctionWriter, step: Value, going: Value) -> None:
        """The exchanges of a step into the outputs, for the runs for which the step counts."""
        count = len(self.ladders)
        for name in NOTES:
            with f.loop(0, count) as n:
                noted = f.load(self.region(f, name), n, "small")
                value = f.select(going, noted, f.constant("small", int(TABLE[name].nothing)))
                f.store_narrow(self.array(f, name), step * count + n, value, 8)
        for i in range(count):
            opened = going & (self._noted(f, "ladder_rung", i) >= 0)
            for name, each in [("ladder_risk", 1), ("ladder_foreseen", 2)]:
                for k in range(i * each, (i + 1) * each):
                    value = f.select(opened, f.load(self.region(f, name), k), TABLE[name].nothing)
                    f.store(self.array(f, name), step * (count * each) + k, value)


class _Play:
    """An exchange being played, in variables of the function being written.

    Attributes
    ----------
    going : whether it goes on
    first_moves : whether the first side is to move
    rung, moves, ending, risk : as they stand
    """

    def __init__(self, f: FunctionWriter, opened: Value, begins: Value, rungs: int) -> None:
        self.f, self.rungs = f, rungs
        self.going = f.variable("mask", opened)
        self.first_moves = f.variable("mask", begins)
        self.rung, self.moves, self.ending = (f.variable("small", 0) for _ in range(3))
        self.risk = f.variable("real", 0.0)

    def here(self, values: Sequence[Value]) -> Value:
        """Of a value for each rung, that of the rung that the exchange stands on."""
        found = values[0]
        for r, value in enumerate(values[1:], start=1):
            found = self.f.select(self.rung.get().equals(r), value, found)
        return found

    def chances(self, views: Sequence[Value], precision: Sequence[Value], left: Value) -> list[Value]:
        """Chance of each move of the side to move, as it sees it, with `left` more moves to come."""
        f, rungs = self.f, self.rungs
        row = left * (rungs * len(MOVES))
        expected = []
        for move in MOVES:
            one, other = (
                self.here([f.load(view, row + (r * len(MOVES) + move)) for r in range(rungs)])
                for view in views
            )
            expected.append(f.select(self.first_moves.get(), one, other))
        precise = f.select(self.first_moves.get(), *precision)
        weights = [weigh(precise, value) for value in expected]
        # There is nowhere to climb from the highest rung.
        weights[CLIMB] = f.select(self.rung.get().equals(rungs - 1), -math.inf, weights[CLIMB])
        return chances_of(f, weights)

    def move(self, k: Value, chance: Sequence[Value], u: Value) -> None:
        """Let the side to move stand down, match or climb."""
        f, going = self.f, self.going
        down = u < chance[STAND_DOWN]
        climbs = ~(u < chance[STAND_DOWN] + chance[MATCH]) & ~self.rung.get().equals(self.rungs - 1)
        self.moves.set(f.select(going.get(), f.to("small", k + 1), self.moves.get()))
        loser = f.select(
            self.first_moves.get(),
            f.constant("small", int(Ending.FIRST_STOOD_DOWN)),
            f.constant("small", int(Ending.SECOND_STOOD_DOWN)),
        )
        self.ending.set(f.select(going.get() & down, loser, self.ending.get()))
        going.set(going.get() & ~down)
        self.rung.set(f.select(going.get() & climbs, self.rung.get() + 1, self.rung.get()))

    def add_risk(self, chance: Value) -> None:
        self.risk.set(self.f.select(self.going.get(), self.risk.get() + chance, self.risk.get()))

    def lose_control(self, lost: Value) -> None:
        """Let it end in war where control is lost, and else the other side be to move."""
        f, going = self.f, self.going
        self.ending.set(f.select(lost, f.constant("small", int(Ending.WAR)), self.ending.get()))
        going.set(going.get() & ~lost)
        self.first_moves.set(~self.first_moves.get())

    def result(self, opened: Value, begins: Value) -> dict[str, Value]:
        """What to note of it, once it is over."""
        f = self.f
        ended = f.select(self.going.get(), f.constant("small", int(Ending.PETERED_OUT)), self.ending.get())
        nobody = f.constant("small", -1)
        begun_by = f.select(begins, f.constant("small", 0), 1)
        return {
            "ladder_rung": f.select(opened, self.rung.get(), nobody),
            "ladder_first": f.select(opened, begun_by, nobody),
            "ladder_moves": self.moves.get(),
            "ladder_ending": ended,
        }
