"""Ladders: an exchange solved by backward induction in one picture, and played out in the true world.

The section "Ladders" of docs/explanation/semantics.md in plain NumPy, for the oracle: the agent
quantal-response equilibrium of McKelvey and Palfrey (1998) of a game of climbing, matching and standing
down, with loss of control as in Schelling (1966) and Powell (1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from offramp.engine import luck
from offramp.engine.inputs import Bools, Floats, Ints
from offramp.engine.outputs import Ending
from offramp.engine.plain.world import Odds, softmax, weigh
from offramp.model import BySide, Ladder

if TYPE_CHECKING:
    from offramp.engine.plain.world import State, World

STAND_DOWN, MATCH, CLIMB = MOVES = range(3)
NAMES = ("stand_down", "match", "climb")


@dataclass(frozen=True, eq=False)
class Rules:
    """A ladder read in one vector of parameters and one state. A side is 0 or 1, as in `Ladder.sides`.

    Attributes
    ----------
    control : (rung, run), chance that control is lost by a move after which the exchange stands there
    harm, stakes, audience_cost : (side, rung, run), points
    war_worth : (side, run), points
    precision : (side, run), 1/points; 0 for an actor of habit
    first : (run,), chance that side 0 moves first
    """

    control: Floats
    harm: Floats
    stakes: Floats
    audience_cost: Floats
    war_worth: Floats
    precision: Floats
    first: Floats


@dataclass(frozen=True, eq=False)
class Solution:
    """What to expect from every position: n moves left, side m to move, on rung r.

    Attributes
    ----------
    rules : what was solved
    q : (n, m, r, move, run), points that the mover expects of each move; -inf where it cannot climb
    chance : (n, m, r, move, run), how it chooses
    points : (n, m, r, side, run), expected besides war
    war : (n, m, r, run), chance that it ends in war
    highest : (n, m, r, rung, run), chance that this is the highest rung reached
    """

    rules: Rules
    q: Floats
    chance: Floats
    points: Floats
    war: Floats
    highest: Floats

    def opening(self, values: Floats) -> Floats:
        """A value of all positions at the opening, over who moves first: the axes after m and r."""
        first = self.rules.first
        return np.asarray(first * values[-1, 0, 0] + (1.0 - first) * values[-1, 1, 0])


def read_rules(ladder: Ladder, world: World, state: State, now: float) -> Rules:
    """The numbers of a ladder in one vector and state."""

    def by_side(values: BySide) -> list[Floats]:
        given = dict(values)
        return [world.read(given.get(side), state, now) for side in ladder.sides]

    def by_rung(each: Sequence[BySide]) -> Floats:
        return np.stack([by_side(values) for values in each], axis=1)

    actors = {a.name: a for a in world.model.actors}
    sides = [actors[side] for side in ladder.sides]
    return Rules(
        control=within_0_and_1(np.stack([world.read(r.loses_control, state, now) for r in ladder.rungs])),
        harm=by_rung([r.harm for r in ladder.rungs]),
        stakes=by_rung([r.stakes for r in ladder.rungs]),
        audience_cost=by_rung([r.audience_cost for r in ladder.rungs]),
        war_worth=np.stack(by_side(ladder.war_worth)),
        precision=np.stack([world.read(a.precision if a.depth else None, state, now) for a in sides]),
        first=within_0_and_1(world.read(ladder.first, state, now, absent=0.5)),
    )


def within_0_and_1(chance: Floats) -> Floats:
    """The nearest chance there is."""
    return np.minimum(np.maximum(chance, 0.0), 1.0)


def solve(rules: Rules, moves: int) -> Solution:
    """Backward induction over moves left, rungs and movers."""
    rungs, runs = rules.control.shape
    shape = (moves + 1, 2, rungs)
    q, chance = np.full((*shape, 3, runs), -np.inf), np.zeros((*shape, 3, runs))
    points, war = np.zeros((*shape, 2, runs)), np.zeros((*shape, runs))
    highest = np.zeros((*shape, rungs, runs))
    highest[0] = np.eye(rungs)[:, :, None]
    for n in range(1, moves + 1):
        for m in (0, 1):
            j = 1 - m
            for r in range(rungs):
                options = _Options(rungs, runs)
                options.points[STAND_DOWN, m] = -rules.audience_cost[m, r]
                options.points[STAND_DOWN, j] = rules.stakes[j, r]
                options.highest[STAND_DOWN, r] = 1.0
                open_moves = [STAND_DOWN]
                for move, to in ((MATCH, r), (CLIMB, r + 1)):
                    if to == rungs:
                        continue
                    open_moves.append(move)
                    c = rules.control[to]
                    goes_on = 1.0 - c
                    options.points[move] = weigh(goes_on, points[n - 1, j, to] - rules.harm[:, to])
                    options.war[move] = c + weigh(goes_on, war[n - 1, j, to])
                    options.highest[move] = weigh(goes_on, highest[n - 1, j, to])
                    options.highest[move, to] += c
                for move in open_moves:
                    ends = weigh(options.war[move], rules.war_worth[m])
                    q[n, m, r, move] = options.points[move, m] + ends
                p = choose(q[n, m, r], rules.precision[m], open_moves)
                chance[n, m, r] = p
                for move in open_moves:
                    points[n, m, r] += weigh(p[move], options.points[move])
                    war[n, m, r] += weigh(p[move], options.war[move])
                    highest[n, m, r] += weigh(p[move], options.highest[move])
    return Solution(rules, q, chance, points, war, highest)


class _Options:
    """What each move leads to: expected points, chance of war, chances of the highest rung."""

    def __init__(self, rungs: int, runs: int) -> None:
        self.points = np.zeros((3, 2, runs))
        self.war = np.zeros((3, runs))
        self.highest = np.zeros((3, rungs, runs))


def choose(q: Floats, precision: Floats, open_moves: Sequence[int]) -> Floats:
    """p ∝ exp(precision·q) over the open moves, (move, run); precision 0 makes them alike."""
    weights = np.full(q.shape, -np.inf)
    for move in open_moves:
        weights[move] = weigh(precision, q[move])
    return softmax(weights.T).T


def odds_of(ladder: Ladder, world: World, state: State, now: float) -> Odds:
    """What a ladder brings if it opens, as expected in one picture from one state."""
    solution = solve(read_rules(ladder, world, state, now), ladder.moves)
    points = solution.opening(solution.points)
    return Odds(
        ladder=ladder,
        points=dict(zip(ladder.sides, points, strict=True)),
        war=solution.opening(solution.war),
        highest=list(solution.opening(solution.highest)),
    )


@dataclass(frozen=True, eq=False)
class View:
    """How one side goes into an exchange: its pictures, each with its weight, and its own precision."""

    weights: list[Floats]
    solutions: list[Solution]
    precision: Floats

    def average(self, values: Sequence[Floats]) -> Floats:
        """A value of every picture, averaged by belief."""
        total = np.zeros_like(values[0])
        for weight, value in zip(self.weights, values, strict=True):
            total = total + weigh(weight, value)
        return total

    def chances(self, side: int, left: int) -> Floats:
        """How this side chooses with `left` moves left, on each rung: (rung, move, run)."""
        result = []
        rungs = self.solutions[0].q.shape[2]
        for r in range(rungs):
            open_moves = [STAND_DOWN, MATCH, *([CLIMB] if r + 1 < rungs else [])]
            q = np.full(self.solutions[0].q.shape[3:], -np.inf)
            for move in open_moves:
                q[move] = self.average([s.q[left, side, r, move] for s in self.solutions])
            result.append(choose(q, self.precision, open_moves))
        return np.stack(result)


@dataclass(frozen=True, eq=False)
class Fate:
    """How an exchange goes from its opening if the sides choose as supposed.

    Attributes
    ----------
    ending : (ending - 1, run), chance of each `Ending` but NONE
    highest : (rung, run), chance that it is the highest reached
    worth : (side, run), points expected, war included
    """

    ending: Floats
    highest: Floats
    worth: Floats


def fate(rules: Rules, chance: Floats) -> Fate:
    """What comes of an exchange whose positions (n, m, r) are played with the chances of each move.

    Parameters
    ----------
    rules : under which it is played
    chance : (n, m, r, move, run), as `Solution.chance`
    """
    rungs, runs = rules.control.shape
    shape = (len(chance), 2, rungs)
    ending, worth = np.zeros((*shape, len(Ending) - 1, runs)), np.zeros((*shape, 2, runs))
    highest = np.zeros((*shape, rungs, runs))
    ending[0, :, :, Ending.PETERED_OUT - 1] = 1.0
    highest[0] = np.eye(rungs)[:, :, None]
    for n in range(1, len(chance)):
        for m in (0, 1):
            j = 1 - m
            for r in range(rungs):
                here, p = (n, m, r), chance[n, m, r]
                ending[n, m, r, m] += p[STAND_DOWN]
                highest[n, m, r, r] += p[STAND_DOWN]
                worth[n, m, r, m] -= weigh(p[STAND_DOWN], rules.audience_cost[m, r])
                worth[n, m, r, j] += weigh(p[STAND_DOWN], rules.stakes[j, r])
                for move, to in ((MATCH, r), (CLIMB, r + 1)):
                    if to == rungs:
                        continue
                    lost = p[move] * rules.control[to]
                    goes_on = p[move] - lost
                    ending[n, m, r, Ending.WAR - 1] += lost
                    highest[n, m, r, to] += lost
                    worth[here] += weigh(lost, rules.war_worth)
                    ending[here] += weigh(goes_on, ending[n - 1, j, to])
                    highest[here] += weigh(goes_on, highest[n - 1, j, to])
                    worth[here] += weigh(goes_on, worth[n - 1, j, to] - rules.harm[:, to])

    def opening(values: Floats) -> Floats:
        return np.asarray(rules.first * values[-1, 0, 0] + (1.0 - rules.first) * values[-1, 1, 0])

    return Fate(opening(ending), opening(highest), opening(worth))


def reach(rules: Rules, chance: Floats) -> Floats:
    """Chance that play comes to each position, (n, m, r, run), with the moves of `fate`."""
    found = np.zeros((*chance.shape[:3], chance.shape[4]))
    found[-1, 0, 0], found[-1, 1, 0] = rules.first, 1.0 - rules.first
    rungs = found.shape[2]
    for n in range(len(chance) - 1, 1, -1):
        for m in (0, 1):
            for r in range(rungs):
                for move, to in ((MATCH, r), (CLIMB, r + 1)):
                    if to < rungs:
                        on = found[n, m, r] * chance[n, m, r, move] * (1.0 - rules.control[to])
                        found[n - 1, 1 - m, to] += on
    return found


@dataclass(frozen=True, eq=False)
class Exchange:
    """How an exchange went, all (run,) but `foreseen`, (run, side); see `Outputs`."""

    first: Ints
    moves: Ints
    rung: Ints
    ending: Ints
    foreseen: Floats
    risk: Floats
    failed: Bools


def play(
    ladder: Ladder, opened: Bools, truth: Rules, views: Sequence[View], seed: int, scenario: Ints, step: int
) -> Exchange:
    """Play an exchange out where it opened."""
    runs, rungs = len(opened), len(ladder.rungs)

    def uniform(what: str) -> Floats:
        return luck.uniform(seed, scenario, step, f"ladder/{ladder.name}/{what}")

    everyone = np.arange(runs)
    failed = opened & ~np.isfinite(truth.first)
    first = np.where(uniform("first") < truth.first, 0, 1)
    foreseen = np.stack(
        [v.average([s.war[-1, first, 0, everyone] for s in v.solutions]) for v in views], axis=1
    )
    failed |= opened & ~np.isfinite(foreseen).all(axis=1)

    mover, rung = first, np.zeros(runs, dtype=np.int64)
    moves, ending = np.zeros(runs, dtype=np.int64), np.zeros(runs, dtype=np.int64)
    risk = np.zeros(runs)
    going = opened.copy()
    for k in range(1, ladder.moves + 1):
        left = ladder.moves - k + 1
        by_side = np.stack([view.chances(side, left) for side, view in enumerate(views)])
        p = by_side[mover, rung, :, everyone]
        failed |= going & ~np.isfinite(p).all(axis=1)
        u = uniform(f"move/{k}")
        last = np.where(rung + 1 < rungs, CLIMB, MATCH)
        move = np.where(u < p[:, 0], STAND_DOWN, np.where(u < p[:, 0] + p[:, 1], MATCH, last))
        moves[going] = k
        down = going & (move == STAND_DOWN)
        ending[down] = np.where(mover == 0, Ending.FIRST_STOOD_DOWN, Ending.SECOND_STOOD_DOWN)[down]
        going &= ~down
        rung = np.where(going & (move == CLIMB), rung + 1, rung)
        control = truth.control[rung, everyone]
        failed |= going & ~np.isfinite(control)
        risk[going] += control[going]
        lost = going & (uniform(f"control/{k}") < control)
        ending[lost] = Ending.WAR
        going &= ~lost
        mover = 1 - mover
    ending[going] = Ending.PETERED_OUT
    return Exchange(
        first=np.where(opened, first, -1),
        moves=moves,
        rung=np.where(opened, rung, -1),
        ending=ending,
        foreseen=np.where(opened[:, None], foreseen, np.nan),
        risk=risk,
        failed=failed,
    )
