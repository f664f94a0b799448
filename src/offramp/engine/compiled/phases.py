"""The phases of a step as IR functions, one set for the world and for minds alike.

Each reads all its formulas in the state at the address `x` and only then writes the new state there. What
happens has a *weight* per run: in the world 0, 1 or a count; in a mind a probability or an expected count.

| function | what it does |
|---|---|
| `derive(p)` | computes the derived parts of a vector of parameters |
| `hold(x)` | keeps stocks that saturate at their bounds |
| `dated_chances_K(x, p, now, chances)` | probabilities of the branches of the dated events in step K |
| `dated_effects_K(x, p, now, weights)` | their effects |
| `means(x, p, now, means)` | expected numbers of the random events; for branches of `once` events chances |
| `random_effects(x, p, now, counts, once)` | effects: additions by count, settings by `once` |
| `openings(x, p, now, chances)` | chance that each ladder opens in the step |
| `ladder_effects(x, p, now, weights)` | effects of rungs, each ladder's by the weight of its highest |
| `inclinations(x, p, now, z)` | propensity of each action, minus infinity where it is not available |
| `costs_I(x, p, now, costs)` | cost of each action of actor I |
| `effects(x, p, now, weights)` | effects of the actions; with stages `effects_stageG` of those of stage G |
| `last_effects_I` | the same, only for what actor I's valuation of the result reads |
| `variables(x, p, now, values)` | all variables in file order |
| `hazards(x, p, now, rates)`, `conditions(x, p, now, truths)` | outcomes that have rates, conditions |
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager

from offramp.engine.compiled.change import Drift
from offramp.engine.compiled.elementary import softmax_of
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.reader import FormulaReader, State, hold, weigh
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.inputs import may_pass_one
from offramp.model import Action, Branch, Effect, Event, Outcome

# What a look-ahead computes in every step, and nearly all of a run's time goes into.
IN_LOOK_AHEADS = ("means", "inclinations", "effects", "change", "last_effects", "last_change")

# An effect, its weight (None: it applies fully) and what brings it about: one cause sets a stock at most
# once; several causes may each set it.
Push = tuple[Effect, Value | None, str]


class Phases(Writer):
    """Writes the phase functions of one model into a module."""

    def __init__(self, writing: Writing) -> None:
        super().__init__(writing)
        self.change = Drift(writing, self)
        self.noisy = self.change.noisy
        self.with_rate = [o for o in self.model.outcomes if o.rate is not None]
        self.with_condition = [o for o in self.model.outcomes if o.when is not None]

    def write(self) -> None:
        self._derive()
        self._hold()
        for step in self.layout.dated:
            self._dated(step)
        self._random()
        if self.model.ladders:
            self._ladders()
        self._actions()
        self.change.write()
        self._variables()
        self._outcomes()

    @contextmanager
    def phase(self, name: str, extra: str | None = None) -> Iterator[tuple[FunctionWriter, FormulaReader]]:
        """A function of the state, the parameters and the time, with one more address where `extra` says."""
        parameters: dict[str, Kind] = {"x": "pointer", "p": "pointer", "now": "scalar"}
        if extra:
            parameters[extra] = "pointer"
        with self.module.function(name, parameters) as f:
            inline = name.startswith(IN_LOOK_AHEADS)
            yield f, self.reader(f, State(f["x"], f["p"], f["now"]), inline=inline)

    def apply(self, f: FunctionWriter, read: FormulaReader, pushes: Iterable[Push]) -> None:
        """Add up all effects from the state as it is, then write the stocks that they touch."""
        pushes = list(pushes)
        causes: dict[str, set[str]] = {}
        for effect, _, cause in pushes:
            if effect.how == "set":
                causes.setdefault(effect.variable, set()).add(cause)
        contested = {name for name, some in causes.items() if len(some) > 1}
        new = self.settled(f, read, pushes, contested)
        for effect, weight, _ in pushes:
            if effect.how == "set" and effect.variable in contested:
                continue
            amount = read.real(effect.amount.node)
            node = effect.amount.node
            if effect.how == "set":
                amount = amount - read.stock(effect.variable)
            if weight is not None:
                amount = weigh(weight, amount, node if effect.how == "add" else None)
            before = new.get(effect.variable, read.stock(effect.variable))
            new[effect.variable] = before + amount
        self.write_stocks(f, new)

    def settled(
        self, f: FunctionWriter, read: FormulaReader, pushes: list[Push], contested: set[str]
    ) -> dict[str, Value]:
        """Stocks that are set from several sides at once: where the settings meet."""
        new = {}
        for name in sorted(contested):
            total, weights = f.real(0.0), f.real(0.0)
            for effect, weight, _ in pushes:
                if effect.how == "set" and effect.variable == name:
                    amount = read.real(effect.amount.node) - read.stock(name)
                    total = total + (amount if weight is None else weigh(weight, amount))
                    weights = weights + (1.0 if weight is None else weight)
            new[name] = read.stock(name) + total / f.larger(weights, 1.0)
        return new

    def write_stocks(self, f: FunctionWriter, new: dict[str, Value]) -> None:
        within = {name: hold(f, self.layout, name, value) for name, value in new.items()}
        for name, value in within.items():
            f.store(f["x"], self.layout.stock[name], value)

    def _derive(self) -> None:
        layout = self.layout
        with self.module.function("derive", {"p": "pointer"}) as f:
            nowhere = State(f["p"], f["p"], f.constant("scalar", 0.0))  # derived parts read parameters alone
            read = FormulaReader(f, layout, nowhere, use_derived=False)
            for node, position in layout.derived.items():
                f.store(f["p"], position, read.real(node))
            for i, place in layout.steady.items():
                actions = self.model.actors[i].actions
                habit = f.at(f["p"], place)
                for a, action in enumerate(actions):
                    f.store(habit, a, self.inclination(f, read, action))
                softmax_of(f, habit, habit, [range(len(actions))])

    def _hold(self) -> None:
        with self.module.function("hold", {"x": "pointer"}) as f:
            for name, i in self.layout.stock.items():
                v = self.layout.by_name[name]
                if v.saturates and v.bounds:
                    f.store(f["x"], i, f.within(f.load(f["x"], i), *v.bounds))

    # Events

    def chances(self, f: FunctionWriter, read: FormulaReader, branches: Iterable[Branch]) -> list[Value]:
        """Probability of each branch, of sum 1 at most; `rest` is what the others leave."""
        branches = list(branches)
        given = [f.within(read.read(b.probability), 0.0, 1.0) if b.probability else None for b in branches]
        others = f.real(0.0)
        for p in given:
            others = others if p is None else others + p
        rest = f.larger(1.0 - others, 0.0)
        if may_pass_one(branches):
            given = [None if p is None else p / f.larger(others, 1.0) for p in given]
        return [rest if p is None else p for p in given]

    def _dated(self, step: int) -> None:
        events = self.layout.dated[step]
        with self.phase(f"dated_chances_{step}", "chances") as (f, read):
            values = [p for e in events for p in self.chances(f, read, e.branches)]
            for i, p in enumerate(values):
                f.store(f["chances"], i, p)
        with self.phase(f"dated_effects_{step}", "weights") as (f, read):
            pushes: list[Push] = []
            position = 0
            for event in events:
                pushes += [(e, None, event.name) for e in event.effects]
                for branch in event.branches:
                    weight = f.load(f["weights"], position)
                    pushes += [(e, weight, event.name) for e in branch.effects]
                    position += 1
            self.apply(f, read, pushes)

    def _random(self) -> None:
        layout = self.layout
        with self.phase("means", "means") as (f, read):
            values = {}
            for event in layout.random:
                mean = f.larger(read.read(event.rate) * layout.dt, 0.0)
                values[event.name, ""] = mean
                for branch, p in zip(event.branches, self.chances(f, read, event.branches), strict=True):
                    values[event.name, branch.name] = p if event.once else mean * p
            for key, value in values.items():
                f.store(f["means"], layout.mean_position[key], value)

        arguments: dict[str, Kind] = {
            "x": "pointer", "p": "pointer", "now": "scalar", "counts": "pointer", "once": "pointer",
        }  # fmt: skip
        with self.module.function("random_effects", arguments) as f:
            read = self.reader(f, State(f["x"], f["p"], f["now"]))
            pushes: list[Push] = []
            for event in layout.random:
                for branch_name, effects in effects_by_branch(event):
                    position = layout.mean_position[event.name, branch_name]
                    # Several branches may come about in one step, unless the event is `once`.
                    cause = event.name if event.once or not branch_name else f"{event.name}.{branch_name}"
                    for effect in effects:
                        weight = f.load(f["once" if effect.how == "set" else "counts"], position)
                        pushes.append((effect, weight, cause))
            self.apply(f, read, pushes)

    def _ladders(self) -> None:
        layout, ladders = self.layout, self.model.ladders
        with self.phase("openings", "chances") as (f, read):
            means = [f.larger(read.read(ladder.rate) * layout.dt, 0.0) for ladder in ladders]
            for i, mean in enumerate(means):
                f.store(f["chances"], i, 1.0 - f.call("exp", -mean))
        with self.phase("ladder_effects", "weights") as (f, read):
            pushes: list[Push] = []
            for ladder in ladders:
                for r, rung in enumerate(ladder.rungs):
                    weight = f.load(f["weights"], layout.rung[ladder.name, r])
                    pushes += [(e, weight, ladder.name) for e in rung.effects]
            self.apply(f, read, pushes)

    @property
    def positions_set(self) -> list[int]:
        """Positions in the array of means, `once` events apart, for which some effect sets a stock."""
        result = set()
        for event in self.layout.random:
            if event.once:
                continue
            for branch_name, effects in effects_by_branch(event):
                if any(e.how == "set" for e in effects):
                    result.add(self.layout.mean_position[event.name, branch_name])
        return sorted(result)

    # Actions

    def inclination(self, f: FunctionWriter, read: FormulaReader, action: Action) -> Value:
        """Propensity of an action, minus infinity where it is not available."""
        z = read.read(action.propensity)
        if action.when is not None:
            z = f.select(read.mask(action.when.node), z, -math.inf)
        return z

    def _actions(self) -> None:
        layout = self.layout
        with self.phase("inclinations", "z") as (f, read):
            for s, slot in enumerate(layout.slots):
                f.store(f["z"], s, self.inclination(f, read, slot.action))
        for i, actor in enumerate(self.model.actors):
            if actor.depth:
                with self.phase(f"costs_{i}", "costs") as (f, read):
                    for a, action in enumerate(actor.actions):
                        f.store(f["costs"], a, read.read(action.cost))
        for g in range(len(layout.stages)):
            self._effects(layout.in_stage("effects", g), set(layout.stock), g)
        for i, actor in enumerate(self.model.actors):
            if actor.depth and not layout.is_staged:
                valued = self.change.needed(i)
                change = [v.change.node for v in layout.carried if v.name in valued and v.change]
                self._effects(f"last_effects_{i}", valued | layout.stocks_read(change), 0)

    def _effects(self, name: str, stocks: Set[str], g: int) -> None:
        """Effects of the actions of a stage on some of the stocks."""
        with self.phase(name, "weights") as (f, read):
            pushes: list[Push] = []
            for s, slot in self.layout.slots_of_stage(g):
                cause = self.model.actors[slot.actor].name
                felt = [e for e in slot.action.effects if e.variable in stocks]
                if felt:
                    weight = f.load(f["weights"], s)
                    pushes += [(e, weight, cause) for e in felt]
            self.apply(f, read, pushes)

    # Outcomes

    def _variables(self) -> None:
        with self.phase("variables", "values") as (f, read):
            for i, variable in enumerate(self.model.variables):
                f.store(f["values"], i, read.stock(variable.name))

    def rate(self, f: FunctionWriter, read: FormulaReader, outcome: Outcome) -> Value:
        return f.larger(read.read(outcome.rate), 0.0)

    def _outcomes(self) -> None:
        with self.phase("hazards", "rates") as (f, read):
            for i, outcome in enumerate(self.with_rate):
                f.store(f["rates"], i, self.rate(f, read, outcome))
        with self.phase("conditions", "truths") as (f, read):
            for i, outcome in enumerate(self.with_condition):
                assert outcome.when is not None
                f.store(f["truths"], i, f.to("real", read.mask(outcome.when.node)))


def effects_by_branch(event: Event) -> list[tuple[str, tuple[Effect, ...]]]:
    """Effects of an event, under the branch "", and of its branches."""
    return [("", event.effects), *((b.name, b.effects) for b in event.branches)]
