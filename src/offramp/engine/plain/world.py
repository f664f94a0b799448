"""A world: one vector of parameters with the model's formulas on it, and what an actor expects in it.

The first half of docs/explanation/semantics.md in plain NumPy; `offramp.engine.plain.course` is the other. A
state is a dict from the name of a variable to its values, shape (run,).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from offramp.engine.inputs import Bools, Floats, may_pass_one
from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.model import Action, Actor, Branch, Effect, Event, Formula, Ladder, Model

State = dict[str, Floats]


@dataclass(frozen=True, eq=False)
class Push:
    """An effect and how much of it to apply: a count, a probability, or 0 and 1. `weight` is (run,)."""

    effect: Effect
    weight: Floats
    cause: str  # what brings it about: of one cause at most one setting applies, of several all may


@dataclass(frozen=True, eq=False)
class Odds:
    """What a ladder brings if it opens, as someone expects it; all (run,).

    Attributes
    ----------
    points : side -> points that it expects besides war
    war : chance of war
    highest : for each rung, the chance that it is the highest reached
    """

    ladder: Ladder
    points: State
    war: Floats
    highest: list[Floats]


class World:
    """One vector of parameters, the truth or an actor's picture, with the model's formulas on it.

    `odds` is what its ladders would bring, for the look-ahead; empty where nobody looks ahead.
    """

    odds: tuple[Odds, ...] = ()

    def __init__(self, model: Model, parameters: State, runs: int) -> None:
        self.model = model
        self.parameters = parameters
        self.runs = runs
        self.dt = model.step_length

    def read(self, formula: Formula | None, state: State, now: float, absent: float = 0.0) -> Floats:
        """Value of a formula in a state, (run,); `absent` where the model file gives none."""
        if formula is None:
            return np.full(self.runs, absent)
        value = evaluate(formula.node, Environment(state, self.parameters, now, self.dt))
        return np.array(np.broadcast_to(value, (self.runs,)), dtype=np.float64)

    def holds(self, condition: Formula | None, state: State, now: float) -> Bools:
        """Whether a condition is true, (run,); one that is not given is."""
        return np.asarray(self.read(condition, state, now, absent=1.0) != 0, dtype=np.bool_)

    def complete(self, stocks: State, now: float) -> State:
        """Hold the stocks that saturate at their bounds and compute the auxiliaries."""
        state = {}
        for stock in self.model.stocks:
            value = stocks[stock.name]
            if stock.saturates and stock.bounds:
                value = np.minimum(np.maximum(value, stock.bounds[0]), stock.bounds[1])
            state[stock.name] = value
        for auxiliary in self.model.auxiliaries:
            state[auxiliary.name] = self.read(auxiliary.equals, state, now)
        return state

    def after(self, pushes: Iterable[Push], state: State, now: float) -> State:
        """The state after effects, all of them computed from the state before."""
        new = dict(state)
        pushes = list(pushes)
        for name, settings in contested(pushes).items():
            # Settings from several sides at once meet at their mean.
            total, weights = np.zeros(self.runs), np.zeros(self.runs)
            for push in settings:
                amount = self.read(push.effect.amount, state, now) - state[name]
                total = total + weigh(push.weight, amount)
                weights = weights + push.weight
            new[name] = new[name] + total / np.maximum(weights, 1.0)
            pushes = [push for push in pushes if push not in settings]
        for push in pushes:
            name = push.effect.variable
            amount = self.read(push.effect.amount, state, now)
            if push.effect.how == "set":
                amount = amount - state[name]
            new[name] = new[name] + weigh(push.weight, amount)
        return self.complete(new, now)

    def change(self, state: State, now: float, end: float, noise: State | None = None) -> State:
        """The state after the stocks have changed over the step; `noise` holds the normal draws."""
        new = dict(state)
        for stock in self.model.stocks:
            if stock.change is not None:
                new[stock.name] = new[stock.name] + self.dt * self.read(stock.change, state, now)
            if stock.noise is not None and noise is not None:
                spread = math.sqrt(self.dt) * self.read(stock.noise, state, now)
                new[stock.name] = new[stock.name] + spread * noise[stock.name]
        return self.complete(new, end)

    def branch_probabilities(self, branches: Sequence[Branch], state: State, now: float) -> list[Floats]:
        """Probability of each branch, (run,) each, of sum 1 at most; `rest` is what the others leave."""
        given = [
            np.minimum(np.maximum(self.read(b.probability, state, now), 0.0), 1.0) if b.probability else None
            for b in branches
        ]
        others = np.zeros(self.runs)
        for p in given:
            others = others if p is None else others + p
        rest = np.maximum(1.0 - others, 0.0)
        if may_pass_one(branches):
            given = [None if p is None else p / np.maximum(others, 1.0) for p in given]
        return [rest if p is None else p for p in given]

    def event_mean(self, event: Event, state: State, now: float) -> Floats:
        """Expected number of a random event in one step, (run,)."""
        return np.maximum(self.read(event.rate, state, now) * self.dt, 0.0)

    # The look-ahead: what an actor expects in this world, which is then its picture.

    def choice(self, actor: Actor, level: int, state: State, step: int, inner: int) -> Floats:
        """How an actor is supposed to choose at a level of thought: (run, action).

        `inner` is the most steps that any modelled actor looks ahead. Policies are not known here: what
        is available is what the actor's own conditions leave.
        """
        now = step * self.dt
        if level == 0:
            return self.habit(actor, state, now)
        steps = min(inner, look_ahead_steps(actor, self.dt))
        precision = self.read(actor.precision, state, now)
        weights = np.empty((self.runs, len(actor.actions)))
        for a, action in enumerate(actor.actions):
            worth = self.expected_worth(actor, action, state, step, level, steps, inner)
            weight = self.read(action.propensity, state, now) + precision * worth
            weights[:, a] = np.where(self.holds(action.when, state, now), weight, -np.inf)
        return softmax(weights)

    def habit(self, actor: Actor, state: State, now: float) -> Floats:
        """p(a) ∝ exp(propensity(a)) over the actions whose `when` holds: (run, action)."""
        weights = np.empty((self.runs, len(actor.actions)))
        for a, action in enumerate(actor.actions):
            propensity = self.read(action.propensity, state, now)
            weights[:, a] = np.where(self.holds(action.when, state, now), propensity, -np.inf)
        return softmax(weights)

    def expected_events(self, state: State, step: int, now: float) -> State:
        """The state after the events of a step, each weighted by how likely it is."""
        pushes = []
        for event in self.model.events:
            if event.on is not None and self.model.step_of(event.on) == step:
                pushes += [Push(e, np.ones(self.runs), event.name) for e in event.effects]
                chances = self.branch_probabilities(event.branches, state, now)
                for branch, p in zip(event.branches, chances, strict=True):
                    pushes += [Push(e, p, event.name) for e in branch.effects]
        state = self.after(pushes, state, now)

        pushes = []
        for event in self.model.events:
            if event.rate is not None:
                mean = self.event_mean(event, state, now)
                chances = self.branch_probabilities(event.branches, state, now)
                if event.once:
                    likely = chance_of_any(mean)
                    pushes += [Push(e, likely, event.name) for e in event.effects]
                    for branch, p in zip(event.branches, chances, strict=True):
                        pushes += [Push(e, likely * p, event.name) for e in branch.effects]
                    continue
                pushes += [Push(e, random_weight(e, mean), event.name) for e in event.effects]
                for branch, p in zip(event.branches, chances, strict=True):
                    cause = f"{event.name}.{branch.name}"
                    pushes += [Push(e, random_weight(e, mean * p), cause) for e in branch.effects]
        return self.after(pushes, state, now)

    def expected_openings(self, state: State, now: float) -> list[Floats]:
        """Chance that each ladder opens in one step, (run,) each."""
        rates = (self.read(odds.ladder.rate, state, now) for odds in self.odds)
        return [chance_of_any(np.maximum(rate * self.dt, 0.0)) for rate in rates]

    def expected_exchanges(self, openings: Sequence[Floats], state: State, now: float) -> State:
        """The state after the ladders of a step, each rung weighted by how likely it is the highest."""
        pushes = [
            Push(effect, likely * highest, odds.ladder.name)
            for odds, likely in zip(self.odds, openings, strict=True)
            for rung, highest in zip(odds.ladder.rungs, odds.highest, strict=True)
            for effect in rung.effects
        ]
        return self.after(pushes, state, now)

    def expected_moves(
        self, state: State, step: int, mover: Actor, first: Action | None, level: int, inner: int
    ) -> State:
        """The state after everyone's moves, as `mover` expects them when it thinks at `level`.

        It takes `first` itself, or without that follows its habit; others choose one level lower, or at
        their own depth if that is less.
        """
        pushes = []
        for actor in self.model.actors:
            if actor is not mover:
                chances = self.choice(actor, min(level - 1, actor.depth), state, step, inner)
            elif first is None:
                chances = self.habit(actor, state, step * self.dt)
            else:
                taken = [float(action is first) for action in actor.actions]
                chances = np.tile(taken, (self.runs, 1))
            for a, action in enumerate(actor.actions):
                pushes += [Push(e, chances[:, a], actor.name) for e in action.effects]
        return self.after(pushes, state, step * self.dt)

    def expected_worth(
        self, actor: Actor, action: Action, seen: State, step: int, level: int, steps: int, inner: int
    ) -> Floats:
        """Q(a): what `actor` expects of taking `action` in a state, (run,), points.

        It looks `steps` ahead and thinks at `level`; whoever it models looks at most `inner` steps ahead.
        """
        dt = self.dt
        absorbing = [o for o in self.model.outcomes if o.absorbing]
        discount = self.read(actor.discount, seen, step * dt, absent=1.0)
        survival = np.ones(self.runs)
        absorbed = {o.name: np.zeros(self.runs) for o in absorbing}
        total = np.zeros(self.runs)
        gained = np.zeros(self.runs)  # in exchanges: points, not points per month
        path = seen
        for h in range(1, steps + 1):
            now, end = (step + h - 1) * dt, (step + h) * dt
            if h >= 2:
                path = self.expected_events(path, step + h - 1, now)
                openings = self.expected_openings(path, now)
                path = self.expected_exchanges(openings, path, now)
                for odds, likely in zip(self.odds, openings, strict=True):
                    if actor.name in odds.points:
                        points = weigh(survival * likely, odds.points[actor.name])
                        gained = gained + power(discount, h * dt) * points
                for odds, likely in zip(self.odds, openings, strict=True):
                    moved = survival * (likely * odds.war)
                    absorbed[odds.ladder.war] = absorbed[odds.ladder.war] + moved
                    survival = survival - moved
            path = self.expected_moves(path, step + h - 1, actor, action if h == 1 else None, level, inner)
            path = self.change(path, now, end)

            hazards = [o for o in absorbing if o.rate is not None]
            rates = {o.name: np.maximum(self.read(o.rate, path, end), 0.0) for o in hazards}
            rate = sum(rates.values(), np.zeros(self.runs))
            ending = survival * (1.0 - np.exp(-rate * dt))
            for name, r in rates.items():
                absorbed[name] = absorbed[name] + np.where(rate == 0, 0.0, ending * r / rate)
            survival = survival * np.exp(-rate * dt)
            for outcome in absorbing:
                if outcome.when is not None:
                    moved = np.where(self.holds(outcome.when, path, end), survival, 0.0)
                    absorbed[outcome.name] = absorbed[outcome.name] + moved
                    survival = survival - moved

            utility = np.zeros(self.runs)
            for term in actor.utility:
                utility = utility + self.read(term.formula, path, end)
            value = weigh(survival, utility)
            for outcome in absorbing:
                worth = self.read(dict(outcome.worth).get(actor.name), path, end)
                value = value + weigh(absorbed[outcome.name], worth)
            total = total + power(discount, h * dt) * value
        return dt * total + gained - self.read(action.cost, seen, step * dt)


def contested(pushes: Sequence[Push]) -> dict[str, list[Push]]:
    """Stocks that more than one cause can set -> the settings of each."""
    settings: dict[str, list[Push]] = {}
    for push in pushes:
        if push.effect.how == "set":
            settings.setdefault(push.effect.variable, []).append(push)
    return {name: some for name, some in settings.items() if len({p.cause for p in some}) > 1}


def weigh(weight: Floats, value: Floats) -> Floats:
    """weight·value, and 0 where the weight is 0 whatever the value."""
    return np.where(weight == 0, 0.0, weight * value)


def random_weight(effect: Effect, mean: Floats) -> Floats:
    """Expected number of additions, or the chance that a random event sets at least once."""
    return chance_of_any(mean) if effect.how == "set" else mean


def chance_of_any(mean: Floats) -> Floats:
    """Chance that a Poisson number with this mean is not 0."""
    return 1.0 - np.exp(-mean)


def softmax(weights: Floats) -> Floats:
    """exp(weights) over their sum along the last axis, computed so that nothing overflows."""
    likely = np.exp(weights - weights.max(axis=-1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=-1, keepdims=True))


def power(base: Floats, exponent: float | Floats) -> Floats:
    """base**exponent for a positive exponent, as formulas compute it."""
    return np.where(base == 0, 0.0, np.exp(exponent * np.log(base)))


def look_ahead_steps(actor: Actor, dt: float) -> int:
    """Steps that an actor looks ahead: its horizon, rounded, at least 1."""
    return max(1, math.floor(actor.horizon / dt + 0.5))


def inner_steps(actor: Actor, dt: float) -> int:
    """Most steps that an actor supposes others to look ahead: half its own, rounded up, if not given."""
    if actor.inner_horizon is None:
        return (look_ahead_steps(actor, dt) + 1) // 2
    return max(1, math.floor(actor.inner_horizon / dt + 0.5))
