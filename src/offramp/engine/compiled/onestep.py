"""Look-aheads of one step, as IR: what all candidate actions share is computed once.

Most of a run's time goes into suppositions of the last kind: what would the other one gain by each of its
actions, one step on? All candidates start from one state and meet the same moves of the others, and one
action touches few stocks. So the step is computed once without any own move, and for each candidate only
what its own effects change. Values are those that the whole computation gives, added up in the same order.

Where actors move in stages this holds for those who move in the last one: nobody answers them in the step.

Actions that touch much the same stocks share a function, for code takes time to compile.

| function | what it does |
|---|---|
| `share_I(x, p, now, end, first, cache)` | the step without a move of actor I, into the cache |
| `touch_I_G(x, p, now, end, first, cache)` | what the end of the step is worth after an action of group G |
| `one_step_I(seen, p, step, first, open, q, cache)` | Q of each action of actor I that looks one step ahead |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.layout import Layout
from offramp.engine.compiled.phases import Phases
from offramp.engine.compiled.reader import FormulaReader, State, hold, weigh
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.plain.evaluate import literal_of
from offramp.model import Effect
from offramp.tree import Binary, Call, Negate, Node, Variable, children

# How long the functions of all of an actor's actions may be, against one that computes everything.
CODE = 2.0
# Gives what a step is worth: (f, reader at the end of the step, actor) -> points per month.
Valuation = Callable[[FunctionWriter, FormulaReader, int], Value]
_SHARED: dict[str, Kind] = {
    "x": "pointer", "p": "pointer", "now": "scalar", "end": "scalar", "first": "pointer", "cache": "pointer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Push:
    """One effect of one action, and its place among all actions."""

    effect: Effect
    slot: int
    cause: int  # actor


class OneStep(Writer):
    """Writes the one-step look-ahead of the actors that look ahead."""

    def __init__(self, writing: Writing, phases: Phases, valuation: Valuation) -> None:
        super().__init__(writing)
        self.phases, self.valuation = phases, valuation
        self.kicked = {v.name for v in phases.noisy}
        self._plans: dict[int, _Plan] = {}

    def plan(self, i: int) -> _Plan:
        if i not in self._plans:
            self._plans[i] = _Plan(self.layout, i)
        return self._plans[i]

    @property
    def scratch(self) -> int:
        """Reals of scratch."""
        deciders = [i for i, a in enumerate(self.model.actors) if a.depth]
        return max([self.plan(i).size for i in deciders], default=0)

    def write(self, i: int) -> None:
        plan = self.plan(i)
        self._share(i, plan)
        for g in range(len(plan.groups)):
            self._touch(i, g, plan)
        self._one_step(i, plan)

    def _share(self, i: int, plan: _Plan) -> None:
        layout = self.layout
        with self.module.function(f"share_{i}", _SHARED) as f:
            cache = f["cache"]
            before = self.reader(f, State(f["x"], f["p"], f["now"]), inline=True)
            for push, place in plan.amounts.items():
                f.store(cache, place, self._amount(f, before, push, i))
            moved = f.at(cache, plan.moved)
            for name in plan.stocks:
                f.store(moved, layout.stock[name], self._settled(f, before, name, plan, i, None))
            middle = self.reader(f, State(moved, f["p"], f["now"]), inline=True)
            for node, place in plan.middle.items():
                f.store(cache, place, middle.real(node))
            after = f.at(cache, plan.after)
            for name in plan.valued:
                f.store(after, layout.stock[name], self._changed(f, middle, name))
            last = self.reader(f, State(after, f["p"], f["end"]), inline=True)
            for node, place in plan.last.items():
                f.store(cache, place, last.real(node))

    def _touch(self, i: int, g: int, plan: _Plan) -> None:
        layout, group = self.layout, plan.groups[g]
        with self.module.function(f"touch_{i}_{g}", _SHARED, "real") as f:
            cache = f["cache"]
            own = f.at(cache, plan.own)
            touched = {name: f.load(own, layout.stock[name]) for name in sorted(group.touched)}
            moved, after = f.at(cache, plan.moved), f.at(cache, plan.after)
            middle = _Touched(f, layout, State(moved, f["p"], f["now"]), touched, plan.middle, cache)
            changed = {name: self._changed(f, middle, name) for name in sorted(group.changed)}
            last = _Touched(f, layout, State(after, f["p"], f["end"]), changed, plan.last, cache)
            f.result(self.valuation(f, last, i))

    def _amount(self, f: FunctionWriter, before: FormulaReader, push: _Push, i: int) -> Value:
        """What an effect adds, weighed if it is that of another actor."""
        amount = before.real(push.effect.amount.node)
        node = push.effect.amount.node
        if push.effect.how == "set":
            amount = amount - before.stock(push.effect.variable)
        if push.cause == i:
            return amount
        return weigh(f.load(f["first"], push.slot), amount, node if push.effect.how == "add" else None)

    def _settled(
        self, f: FunctionWriter, before: FormulaReader, name: str, plan: _Plan, i: int, slot: int | None
    ) -> Value:
        """A stock after the moves, in the order of `Phases.apply`; `slot` is the own move, if any."""
        if slot is not None and not any(p.slot == slot for p in plan.pushes[name]):
            return f.load(f["cache"], plan.moved + self.layout.stock[name])
        pushes = [p for p in plan.pushes[name] if p.cause != i or p.slot == slot]
        contested = name in plan.contested
        new = before.stock(name)
        if contested:
            total, weights = f.real(0.0), f.real(0.0)
            for push in pushes:
                if push.effect.how == "set":
                    total = total + f.load(f["cache"], plan.amounts[push])
                    weights = weights + (1.0 if push.cause == i else f.load(f["first"], push.slot))
            new = new + total / f.larger(weights, 1.0)
        for push in pushes:
            if not (contested and push.effect.how == "set"):
                new = new + f.load(f["cache"], plan.amounts[push])
        return hold(f, self.layout, name, new) if plan.pushes[name] else new

    def _changed(self, f: FunctionWriter, middle: FormulaReader, name: str) -> Value:
        """A stock at the end of the step; no noise is expected."""
        change = self.layout.by_name[name].change
        value = middle.stock(name)
        if change is None and name not in self.kicked:
            return value
        if change is not None:
            value = value + self.layout.dt * middle.read(change)
        if name in self.kicked:
            value = value + 0.0
        return hold(f, self.layout, name, value)

    def _one_step(self, i: int, plan: _Plan) -> None:
        layout, actor, dt = self.layout, self.model.actors[i], self.layout.dt
        parameters: dict[str, Kind] = {
            "seen": "pointer", "p": "pointer", "step": "index", "first": "pointer", "open": "pointer",
            "q": "pointer", "cache": "pointer",
        }  # fmt: skip
        with self.module.function(f"one_step_{i}", parameters) as f:
            now = f.to("scalar", f["step"]) * dt
            end = f.to("scalar", f["step"] + 1) * dt
            given = (f["seen"], f["p"], now, end, f["first"], f["cache"])
            f.call(f"costs_{i}", f["seen"], f["p"], now, f["q"])
            f.call(f"share_{i}", *given)
            node = layout.discount_per_step(actor)
            discount = f.load(f["p"], layout.derived[node]) if node is not None else f.real(1.0)
            for a in range(len(actor.actions)):
                slot = layout.first_slot[i] + a
                g = next(g for g, group in enumerate(plan.groups) if slot in group.slots)
                with f.when(f.any(f.load(f["open"], a).differs(-math.inf))):
                    before = self.reader(f, State(f["seen"], f["p"], now), inline=True)
                    for name in sorted(plan.groups[g].touched):
                        value = self._settled(f, before, name, plan, i, slot)
                        f.store(f["cache"], plan.own + layout.stock[name], value)
                    total = discount * f.call(f"touch_{i}_{g}", *given)
                    f.store(f["q"], a, total * dt - f.load(f["q"], a))


@dataclass(frozen=True, slots=True)
class _Group:
    """Actions of one actor that share a function: their slots, the stocks that the effects of any of them
    move, and the valued stocks that are therefore otherwise at the end of the step."""

    slots: frozenset[int]
    touched: frozenset[str]
    changed: frozenset[str]


class _Plan:
    """What the step of an actor's one-step look-ahead needs, and what its actions change of that.

    Attributes
    ----------
    valued : stocks that say what the end of the step is worth
    changes : stock among those -> the formula of its change
    stocks : the valued ones and all that their changes read
    pushes : stock -> all effects on it, in the order in which they are added
    contested : stocks that several actors can set
    groups : of actions
    amounts : effect -> its place in the cache
    middle, last : parts of formulas, read after the moves and at the end, that some group leaves as they
        are -> place in the cache
    moved, own, after : places of the stocks after the others' moves, after all moves, and at the end
    size : of the cache, in reals
    """

    def __init__(self, layout: Layout, i: int) -> None:
        self.layout, self.i = layout, i
        stocks = layout.carried
        valued = layout.stocks_valued(i)
        self.changes = {v.name: v.change.node for v in stocks if v.change is not None and v.name in valued}
        needed = valued | layout.stocks_read(self.changes.values())
        self.valued = [v.name for v in stocks if v.name in valued]
        self.stocks = [v.name for v in stocks if v.name in needed]
        self.pushes = self._pushes()
        self.contested = {
            name
            for name, pushes in self.pushes.items()
            if len({p.cause for p in pushes if p.effect.how == "set"}) > 1
        }
        self.moved, self.own, self.after = (n * len(layout.stock) for n in range(3))
        self.size = 3 * len(layout.stock)
        self.amounts: dict[_Push, int] = {}
        for pushes in self.pushes.values():
            for push in pushes:
                self._place(self.amounts, push)
        self.groups = self._groups()
        self.middle: dict[Node, int] = {}
        self.last: dict[Node, int] = {}
        for group in self.groups:
            self._place_parts(group)

    def _pushes(self) -> dict[str, list[_Push]]:
        pushes: dict[str, list[_Push]] = {name: [] for name in self.stocks}
        for s, slot in self.layout.slots_of_stage(self.layout.stage_of[self.i]):
            for effect in slot.action.effects:
                if effect.variable in pushes:
                    pushes[effect.variable].append(_Push(effect, s, slot.actor))
        return pushes

    def _groups(self) -> list[_Group]:
        work = _Work(self.layout, list(self.changes.values()), self.layout.valuation(self.i))
        own = [s for s, slot in enumerate(self.layout.slots) if slot.actor == self.i]
        return _grouped([self._group(frozenset([s])) for s in own], self._group, work)

    def _group(self, slots: frozenset[int]) -> _Group:
        """Some actions, with the stocks that they bear on."""
        touched = {name for name, pushes in self.pushes.items() if any(p.slot in slots for p in pushes)}
        changed = {name for name, node in self.changes.items() if self.layout.reads(node) & touched}
        return _Group(slots, frozenset(touched), frozenset(changed | (touched & set(self.valued))))

    def _place_parts(self, group: _Group) -> None:
        """Make places for the parts of formulas that a group leaves as they are."""
        for name, node in self.changes.items():
            if name in group.changed:
                for part in self._left(node, group.touched):
                    self._place(self.middle, part)
        for node in self.layout.valuation(self.i):
            for part in self._left(node, group.changed):
                self._place(self.last, part)

    def _place(self, where: dict, what: object) -> None:  # type: ignore[type-arg]
        if what not in where:
            where[what] = self.size
            self.size += 1

    def _left(self, node: Node, moved: frozenset[str]) -> Iterable[Node]:
        """The largest parts of a formula that read nothing that has moved and are worth keeping."""
        waiting, seen = [node], set()
        while waiting:
            part = waiting.pop()
            if part in seen or part in self.layout.derived:
                continue
            seen.add(part)
            equals = self.layout.by_name[part.name].equals if isinstance(part, Variable) else None
            if not self.layout.reads(part) & moved:
                if equals is not None or isinstance(part, Binary | Call | Negate):
                    if literal_of(part) is None:
                        yield part
                    continue
            elif equals is not None:
                waiting.append(equals.node)
            waiting += children(part)


class _Work:
    """How much there is to compute of what some stocks bear on: about the number of instructions."""

    def __init__(self, layout: Layout, changes: list[Node], values: list[Node]) -> None:
        self.position = layout.stock
        self._parts = [self._of(layout, nodes) for nodes in (changes, values)]

    def _of(self, layout: Layout, nodes: list[Node]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """(part, stock): whether a part of some formulas reads a stock; (part,): how long the part takes."""
        weights: dict[Node, int] = {}
        waiting = list(nodes)
        while waiting:
            part = waiting.pop()
            if part in weights or part in layout.derived:
                continue
            slow = isinstance(part, Call) and part.function in ("exp", "log")
            weights[part] = 15 if slow else 1
            equals = layout.by_name[part.name].equals if isinstance(part, Variable) else None
            waiting += children(part) if equals is None else [equals.node]
        reads = np.zeros((len(weights), len(layout.stock)), dtype=np.bool_)
        for row, part in zip(reads, weights, strict=True):
            row[[layout.stock[name] for name in layout.reads(part)]] = True
        return reads, np.array(list(weights.values()), dtype=np.int64)

    @property
    def all(self) -> int:
        return sum(int(weights.sum()) for _, weights in self._parts)

    def of(self, group: _Group) -> int:
        total = 0
        for (reads, weights), moved in zip(self._parts, (group.touched, group.changed), strict=True):
            if moved:
                total += int(weights[reads[:, [self.position[n] for n in moved]].any(axis=1)].sum())
        return total


def _grouped(groups: list[_Group], joined: Callable[[frozenset[int]], _Group], work: _Work) -> list[_Group]:
    """Actions put together until their functions are no longer than all of the formulas, `CODE` times.

    Always the two whose joining makes the actions the least more to compute.
    """
    costs = [work.of(g) for g in groups]
    pairs: dict[tuple[_Group, _Group], tuple[float, _Group, int]] = {}

    def join(a: int, b: int) -> tuple[float, _Group, int]:
        pair = (groups[a], groups[b])
        if pair not in pairs:
            both = joined(groups[a].slots | groups[b].slots)
            cost = work.of(both)
            more = sum(len(groups[g].slots) * (cost - costs[g]) for g in (a, b))
            pairs[pair] = (more / max(1, costs[a] + costs[b] - cost), both, cost)
        return pairs[pair]

    while len(groups) > 1 and sum(costs) > CODE * work.all:
        a, b = min(combinations(range(len(groups)), 2), key=lambda ab: join(*ab)[0])
        _, both, cost = join(a, b)
        groups = [*groups[:a], both, *groups[a + 1 : b], *groups[b + 1 :]]
        costs = [*costs[:a], cost, *costs[a + 1 : b], *costs[b + 1 :]]
    return groups


class _Touched(FormulaReader):
    """Reads formulas where some stocks are otherwise than at the address of the state.

    Parameters
    ----------
    stocks : their values
    kept : parts of formulas -> place in the cache of their values in the state as it is there
    """

    def __init__(
        self, f: FunctionWriter, layout: Layout, state: State, stocks: Mapping[str, Value],
        kept: Mapping[Node, int], cache: Value,
    ) -> None:  # fmt: skip
        super().__init__(f, layout, state, inline=True)
        self._stocks, self._kept, self._cache = stocks, kept, cache
        self._moved = set(stocks)

    def _real(self, node: Node) -> Value:
        if isinstance(node, Variable) and node.name in self._stocks:
            return self._stocks[node.name]
        if node in self._kept and not self.layout.reads(node) & self._moved:
            return self.f.load(self._cache, self._kept[node])
        return super()._real(node)

    def made_of(self, auxiliary: str) -> list[str]:
        """Those alone that read what has moved; others are in the cache as parts of what reads them."""
        made_of = self.layout.made_of(auxiliary)
        return [name for name in made_of if self.layout.reads(Variable(name)) & self._moved]
