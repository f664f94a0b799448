"""Ladders solved by backward induction, as IR: "What is solved" in docs/explanation/semantics.md.

All of it works in scratch that is laid out by `LadderLayout`. A vector of parameters and a state are read
into it once for each ladder; the solution then reads nothing else.

| function | what it does |
|---|---|
| `rules_L(x, p, now, scratch)` | reads the numbers of ladder L in one vector and state |
| `solve_L(scratch, q, stride)` | fills the layers; what movers expect of their moves goes to `q` |
| `odds(x, p, now, scratch)` | what each ladder brings if it opens, into the vector `p` (`Layout.odds`) |
| `steady_odds(p, scratch)` | the same of ladders that read nothing but parameters; `odds` leaves them out |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from offramp.engine.compiled import elementary
from offramp.engine.compiled.elementary import pairwise
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.layout import ODDS
from offramp.engine.compiled.reader import FormulaReader, State, weigh
from offramp.engine.compiled.values import Kind, Operand, Value
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.plain.ladder import CLIMB, MATCH, MOVES, STAND_DOWN
from offramp.model import Actor, Ladder

SIDES = (0, 1)


@dataclass(frozen=True)
class LadderLayout:
    """Where the numbers of a ladder of `rungs` rungs stand, in reals from the beginning of the scratch.

    First its rules, then two layers: what to expect with n moves left stands in layer n % 2. A layer has a
    *position* for each side that moves and each rung that it moves on, side by side: the points of both sides
    besides war, the chance of war, and for each rung the chance that it is the highest reached (as in
    `Layout.odds`). Behind the layers there is space for what one layer's movers expect of their moves.
    """

    rungs: int

    @property
    def position(self) -> int:
        """Reals in a position."""
        return ODDS + self.rungs

    @property
    def layer(self) -> int:
        """Reals in a layer."""
        return 2 * self.rungs * self.position

    @property
    def expected(self) -> int:
        """Reals of what the movers of one layer expect: of each side, on each rung, of each move."""
        return 2 * self.rungs * len(MOVES)

    def place(self, of: str, side: int = 0) -> int:
        """Where the numbers of a kind begin, those of a side where each side has its own."""
        names = ("control", "harm", "stakes", "audience_cost")
        if of in names:
            kind = names.index(of)
            return self.rungs * (2 * kind - 1 + side if kind else 0)
        q = 5 + 2 * self.layer
        behind = {"war_worth": side, "precision": 2 + side, "first": 4, "layers": 5, "q": q}
        return 7 * self.rungs + behind[of]

    @property
    def size(self) -> int:
        return self.place("q") + self.expected


@dataclass(frozen=True)
class _Layers:
    """Addresses: the layer with a move fewer left, the one being filled, and what its movers expect."""

    after: Value
    here: Value
    q: Value


class LadderSolver(Writer):
    """Writes the functions that solve a model's ladders."""

    def __init__(self, writing: Writing) -> None:
        super().__init__(writing)
        self.layouts = [LadderLayout(len(ladder.rungs)) for ladder in self.model.ladders]

    @property
    def scratch(self) -> int:
        """Reals of scratch in which any of the ladders can be solved."""
        return max((layout.size for layout in self.layouts), default=0)

    def write(self) -> None:
        if not self.model.ladders:
            return
        for i in range(len(self.model.ladders)):
            self._rules(i)
            self._solve(i)
        steady = self.layout.steady_ladders
        parameters: dict[str, Kind] = {"x": "pointer", "p": "pointer", "now": "scalar", "scratch": "pointer"}
        with self.module.function("odds", parameters) as f:
            self._odds(f, [x for x in self.model.ladders if x.name not in steady], f["x"], f["now"])
        with self.module.function("steady_odds", {"p": "pointer", "scratch": "pointer"}) as f:
            state, now = f["p"], f.constant("scalar", 0.0)  # neither is read
            self._odds(f, [x for x in self.model.ladders if x.name in steady], state, now)

    def sides(self, ladder: Ladder) -> list[int]:
        """Positions of the two actors."""
        position = {actor.name: i for i, actor in enumerate(self.model.actors)}
        return [position[side] for side in ladder.sides]

    def precision(self, read: FormulaReader, actor: Actor) -> Value:
        """How sharply an actor chooses within an exchange: not at all where it acts by habit."""
        return read.read(actor.precision if actor.depth else None)

    def control(self, read: FormulaReader, ladder: Ladder) -> list[Value]:
        """For each rung the chance that control is lost by a move after which the exchange stands there."""
        return [read.f.within(read.read(rung.loses_control), 0.0, 1.0) for rung in ladder.rungs]

    def first(self, read: FormulaReader, ladder: Ladder) -> Value:
        """Chance that the side named first moves first."""
        return read.f.within(read.read(ladder.first, absent=0.5), 0.0, 1.0)

    def _rules(self, i: int) -> None:
        """@rules_L(x, p, now, scratch)"""
        ladder, at = self.model.ladders[i], self.layouts[i]
        parameters: dict[str, Kind] = {"x": "pointer", "p": "pointer", "now": "scalar", "scratch": "pointer"}
        with self.module.function(f"rules_{i}", parameters) as f:
            read = self.reader(f, State(f["x"], f["p"], f["now"]))
            for r, value in enumerate(self.control(read, ladder)):
                f.store(f["scratch"], at.place("control") + r, value)
            f.store(f["scratch"], at.place("first"), self.first(read, ladder))
            for side, position in enumerate(self.sides(ladder)):
                actor = self.model.actors[position]
                for r, rung in enumerate(ladder.rungs):
                    for of in ("harm", "stakes", "audience_cost"):
                        value = read.read(dict(getattr(rung, of)).get(actor.name))
                        f.store(f["scratch"], at.place(of, side) + r, value)
                worth = read.read(dict(ladder.war_worth).get(actor.name))
                f.store(f["scratch"], at.place("war_worth", side), worth)
                f.store(f["scratch"], at.place("precision", side), self.precision(read, actor))

    def _solve(self, i: int) -> None:
        """@solve_L(scratch, q, stride): what to expect from every position, with more and more moves left.

        What the mover expects of each move with n moves left goes to `q` + (n - 1)·`stride`, in the order
        (side, rung, move); with a stride of 0 only the last layer's is left.
        """
        ladder, at = self.model.ladders[i], self.layouts[i]
        parameters: dict[str, Kind] = {"scratch": "pointer", "q": "pointer", "stride": "index"}
        with self.module.function(f"solve_{i}", parameters) as f:
            both = f.at(f["scratch"], at.place("layers"))
            with f.loop(0, 2 * at.layer) as k:
                f.store(both, k, 0.0)
            for side in SIDES:
                for n in range(at.rungs):  # with no moves left the rung reached is the highest
                    f.store(both, (side * at.rungs + n) * at.position + ODDS + n, 1.0)
            with f.loop(0, ladder.moves) as fewer:
                after = f.at(both, (fewer % 2) * at.layer)
                here = f.at(both, ((fewer + 1) % 2) * at.layer)
                layers = _Layers(after, here, f.at(f["q"], fewer * f["stride"]))
                with f.loop(0, at.rungs - 1) as r:
                    for side in SIDES:
                        self._position(f, at, layers, side, r)
                for side in SIDES:
                    top = f.constant("index", at.rungs - 1)
                    self._position(f, at, layers, side, top, highest=True)

    def _position(
        self,
        f: FunctionWriter,
        at: LadderLayout,
        layers: _Layers,
        side: int,
        r: Value,
        *,
        highest: bool = False,
    ) -> None:
        """What to expect where one side moves on rung r: its moves, their chances, the mean over them."""
        other = 1 - side

        def rule(of: str, whose: int, rung: Operand = 0) -> Value:
            return f.load(f["scratch"], f.to("index", rung) + at.place(of, whose))

        def position(layer: Value, mover: int, rung: Value) -> Value:
            return f.at(layer, (rung + mover * at.rungs) * at.position)

        # Points of both sides, by move, and the chance of war; standing down ends the exchange.
        points = {STAND_DOWN: {side: -rule("audience_cost", side, r), other: rule("stakes", other, r)}}
        war = {STAND_DOWN: f.real(0.0)}
        leads = {MATCH: r} if highest else {MATCH: r, CLIMB: r + 1}
        next_ = {move: position(layers.after, other, to) for move, to in leads.items()}
        lost = {move: rule("control", 0, to) for move, to in leads.items()}
        goes_on = {move: 1.0 - c for move, c in lost.items()}
        for move, to in leads.items():
            points[move] = {
                s: weigh(goes_on[move], f.load(next_[move], s) - rule("harm", s, to)) for s in SIDES
            }
            war[move] = lost[move] + weigh(goes_on[move], f.load(next_[move], 2))

        worth, precision = rule("war_worth", side), rule("precision", side)
        expected = [points[move][side] + weigh(war[move], worth) for move in points]
        row = (r + side * at.rungs) * len(MOVES)
        for move, value in enumerate(expected):
            f.store(layers.q, row + move, value)
        chance = chances_of(f, [weigh(precision, value) for value in expected])

        mine = position(layers.here, side, r)
        for s in SIDES:
            f.store(mine, s, total(f, [weigh(p, points[m][s]) for m, p in enumerate(chance)]))
        f.store(mine, 2, total(f, [weigh(p, war[m]) for m, p in enumerate(chance)]))
        tops = f.at(mine, ODDS)
        with f.loop(r, at.rungs) as t:
            on = [weigh(chance[m], weigh(goes_on[m], f.load(next_[m], ODDS + t))) for m in leads]
            f.store(tops, t, total(f, on))
        ends = chance[STAND_DOWN] + weigh(chance[MATCH], lost[MATCH])
        f.store(tops, r, f.load(tops, r) + ends)
        if not highest:
            f.store(tops, r + 1, f.load(tops, r + 1) + weigh(chance[CLIMB], lost[CLIMB]))

    def opening(self, f: FunctionWriter, i: int, scratch: Value, side: int) -> Value:
        """Where it stands, once solved, what to expect if a side moves first."""
        layout, moves = self.layouts[i], self.model.ladders[i].moves
        begins = layout.place("layers") + (moves % 2) * layout.layer
        return f.at(scratch, begins + side * layout.rungs * layout.position)

    def _odds(self, f: FunctionWriter, ladders: Sequence[Ladder], x: Value, now: Value) -> None:
        """Solve some ladders in the vector `p` and leave there what they bring, over who moves first."""
        for ladder in ladders:
            i = self.model.ladders.index(ladder)
            at = self.layouts[i]
            f.call(f"rules_{i}", x, f["p"], now, f["scratch"])
            f.call(f"solve_{i}", f["scratch"], f.at(f["scratch"], at.place("q")), 0)
            first = f.load(f["scratch"], at.place("first"))
            found = f.at(f["p"], self.layout.odds[ladder.name])
            one, other = (self.opening(f, i, f["scratch"], side) for side in SIDES)
            with f.loop(0, at.position) as k:
                value = first * f.load(one, k) + (1.0 - first) * f.load(other, k)
                f.store(found, k, value)


def chances_of(f: FunctionWriter, weights: Sequence[Value]) -> list[Value]:
    """exp of each weight over their sum; NaN for all where any is NaN or none is finite."""
    best = pairwise(lambda a, b: f.select(a > b, a, b), list(weights))
    likely = [elementary.exp_of_negative(f, weight - best) for weight in weights]
    scale = 1.0 / total(f, likely)
    return [value * scale for value in likely]


def total(f: FunctionWriter, values: Sequence[Value]) -> Value:
    """A sum from the left."""
    result = values[0]
    for value in values[1:]:
        result = result + value
    return result
