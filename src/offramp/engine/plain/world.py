"""A world: one vector of parameters with the model's formulas on it, and what an actor expects in it.

The first half of docs/explanation/semantics.md in plain NumPy; `offramp.engine.plain.course` is the other. A
state is a dict from the name of a variable to its values, shape (run,).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np

from offramp.engine.depths import steps_ahead
from offramp.engine.inputs import Bools, Floats, may_pass_one
from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.model import Actor, Branch, Effect, Event, Formula, Ladder, Model

State = dict[str, Floats]
Noise = dict[str, list[Floats]]  # stock -> normal draws, (run,), of each sub-step


@dataclass(frozen=True, eq=False)
class Push:
    """An effect and how much of it to apply: a count, a probability, or 0 and 1. `weight` is (run,)."""

    effect: Effect
    weight: Floats
    cause: str  # what brings it about: one cause sets a stock at most once; several causes may each set it


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


@dataclass(frozen=True, eq=False)
class Reasons:
    """The parts of Q, each (run, action). Q = Σ terms + Σ ladders + Σ worth − cost.

    Attributes
    ----------
    q : points
    terms : term of the actor's utility -> points, discounted and weighed by survival, over the look-ahead
    ladders : ladder -> points expected of exchanges on it besides war, likewise; for its sides only
    worth : absorbing outcome -> points that its `worth` brings
    cost : points, paid at once
    chances : absorbing outcome -> chance that the look-ahead gives to it within the horizon
    none : chance of none of them
    """

    q: Floats
    terms: dict[str, Floats]
    ladders: dict[str, Floats]
    worth: dict[str, Floats]
    cost: Floats
    chances: dict[str, Floats]
    none: Floats


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
        self.stages = model.stages

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
        for stock in self.model.carried:
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

    def change(self, state: State, now: float, end: float, noise: Noise | None = None) -> State:
        """The state after the stocks have changed over the step; `noise` holds the draws of its parts."""
        parts = self.model.substeps
        length = self.dt / parts
        for s in range(parts):
            then = now + s * length
            new = dict(state)
            for stock in self.model.carried:
                if stock.change is not None:
                    new[stock.name] = new[stock.name] + length * self.read(stock.change, state, then)
                if stock.noise is not None and noise is not None:
                    spread = math.sqrt(length) * self.read(stock.noise, state, then)
                    new[stock.name] = new[stock.name] + spread * noise[stock.name][s]
            state = self.complete(new, end if s == parts - 1 else now + (s + 1) * length)
        return self.remember(state, end)

    def begin(self, stocks: State) -> State:
        """The state at the start: what formulas remember is steady there, or begins as they say."""
        nothing = np.full(self.runs, np.nan)
        places = {place: nothing for memory in self.model.memories for place in memory.places}
        state = self.complete({**stocks, **places}, 0.0)
        for memory in self.model.memories:
            value = self.read(memory.start, state, 0.0)
            state = self.complete({**state, **dict.fromkeys(memory.places, value)}, 0.0)
        return {**state, **self.remembered_now(state, 0.0)}

    def as_ever(self, state: State, now: float) -> State:
        """A state in which what formulas remember is as if all had long been as it is, call by call."""
        for memory in self.model.memories:
            value = self.read(memory.steady, state, now)
            state = self.complete({**state, **dict.fromkeys(memory.places, value)}, now)
        return state

    def remember(self, state: State, end: float) -> State:
        """The state at the end of a step, after everything that `was` keeps has moved on by one place."""
        past = [memory for memory in self.model.memories if memory.function == "was"]
        if not past:
            return state
        moved = {late: state[early] for memory in past for early, late in pairwise(memory.places)}
        state = self.complete({**state, **moved}, end)
        return {**state, **self.remembered_now(state, end)}

    def remembered_now(self, state: State, now: float) -> State:
        """What `was` keeps of a state: the first place of each."""
        past = [memory for memory in self.model.memories if memory.function == "was"]
        return {memory.places[0]: self.read(memory.of, state, now) for memory in past}

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
        steps = min(inner, steps_ahead(actor, self.dt))
        q = self.reasons(actor, state, step, level, steps, inner).q
        return softmax(self.weigh_worth(actor, self.inclinations(actor, state, now), q, state, now))

    def inclinations(self, actor: Actor, state: State, now: float) -> Floats:
        """Propensity of each action, minus infinity where its `when` does not hold: (run, action)."""
        weights = np.empty((self.runs, len(actor.actions)))
        for a, action in enumerate(actor.actions):
            weight = self.read(action.propensity, state, now)
            weights[:, a] = np.where(self.holds(action.when, state, now), weight, -np.inf)
        return weights

    def weigh_worth(self, actor: Actor, inclined: Floats, q: Floats, state: State, now: float) -> Floats:
        """The decision rule: weights whose softmax are the chances of actions, (run, action).

        Logit response adds precision times worth to the inclination (McKelvey and Palfrey 1995). What is
        closed, at minus infinity, stays closed whatever it would be worth.
        """
        precision = self.read(actor.precision, state, now)[:, None]
        return np.where(inclined > -np.inf, inclined + precision * q, inclined)

    def habit(self, actor: Actor, state: State, now: float) -> Floats:
        """p(a) ∝ exp(propensity(a)) over the actions whose `when` holds: (run, action)."""
        return softmax(self.inclinations(actor, state, now))

    def expected_events(self, state: State, step: int, now: float) -> State:
        """The state after the events of a step, each weighted by how likely it is."""
        pushes: list[Push] = []
        for event in self.model.events:
            if event.on is not None and self.model.step_of(event.on) == step:
                pushes += self.effects_of(event, np.ones(self.runs), state, step)
        state = self.after(pushes, state, now)

        pushes = []
        for event in self.model.events:
            if event.rate is not None:
                mean = self.event_mean(event, state, now)
                if event.once:
                    pushes += self.effects_of(event, self.weight_of_once(event, mean, step), state, step)
                else:
                    pushes += self.effects_repeated(event, mean, state, step)
        return self.after(pushes, state, now)

    def effects_of(self, event: Event, weight: Floats, state: State, step: int) -> list[Push]:
        """Effects of an event that happens once at most in a step, and of its branches."""
        pushes = [Push(e, weight, event.name) for e in event.effects]
        for branch, p in zip(event.branches, self.branch_weights(event, state, step), strict=True):
            pushes += [Push(e, weight * p, event.name) for e in branch.effects]
        return pushes

    def effects_repeated(self, event: Event, mean: Floats, state: State, step: int) -> list[Push]:
        """Effects of an event that may happen several times in a step, `mean` of them expected."""
        pushes = [Push(e, random_weight(e, mean), event.name) for e in event.effects]
        for branch, p in zip(event.branches, self.branch_weights(event, state, step), strict=True):
            cause = f"{event.name}.{branch.name}"
            pushes += [Push(e, random_weight(e, mean * p), cause) for e in branch.effects]
        return pushes

    def branch_weights(self, event: Event, state: State, step: int) -> Sequence[Floats]:
        """How much each branch of an event counts, (run,) each."""
        return self.branch_probabilities(event.branches, state, step * self.dt)

    def weight_of_once(self, event: Event, mean: Floats, step: int) -> Floats:
        """How much an event counts that happens once at most, (run,)."""
        return chance_of_any(mean)

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
        self, state: State, step: int, mover: Actor, level: int, inner: int, *, first: bool
    ) -> State:
        """The state after everyone's moves, as `mover` expects them when it thinks at `level`.

        At first it takes the action of each run (see `abreast`), later it follows its habit; others choose
        one level lower, or at their own depth if that is less. Stage comes after stage, and what earlier
        stages did at first stands in the state already.
        """
        me = self.model.actors.index(mover)
        own = next(g for g, stage in enumerate(self.stages) if me in stage)
        for stage in self.stages[own if first else 0 :]:
            pushes = []
            for actor in (self.model.actors[i] for i in stage):
                if actor is not mover:
                    chances = self.choice(actor, min(level - 1, actor.depth), state, step, inner)
                elif first:
                    count = len(actor.actions)
                    chances = np.tile(np.eye(count), (self.runs // count, 1))
                else:
                    chances = self.habit(actor, state, step * self.dt)
                for a, action in enumerate(actor.actions):
                    pushes += [Push(e, chances[:, a], actor.name) for e in action.effects]
            state = self.after(pushes, state, step * self.dt)
        return state

    def like(self, parameters: State, runs: int) -> World:
        """A world of the same kind with other numbers."""
        return World(self.model, parameters, runs)

    def abreast(self, count: int) -> World:
        """This world with `count` actions side by side: run r·count + a follows action a from state r."""
        wide = self.like(repeated(self.parameters, count), self.runs * count)
        wide.odds = tuple(
            Odds(
                odds.ladder,
                repeated(odds.points, count),
                np.repeat(odds.war, count),
                [np.repeat(chance, count) for chance in odds.highest],
            )
            for odds in self.odds
        )
        return wide

    def reasons(self, actor: Actor, seen: State, step: int, level: int, steps: int, inner: int) -> Reasons:
        """What `actor` expects of each of its actions from a state, and why.

        It looks `steps` ahead and thinks at `level`; whoever it models looks at most `inner` steps ahead.
        """
        count = len(actor.actions)
        found = self.abreast(count).follow(actor, repeated(seen, count), step, level, steps, inner)
        return self.by_action(found, actor, seen, step)

    def by_action(self, found: Reasons, actor: Actor, seen: State, step: int) -> Reasons:
        """What was found in runs that stand abreast as (run, action), less what the actions cost."""
        cost = np.stack([self.read(a.cost, seen, step * self.dt) for a in actor.actions], axis=1)
        parts = combined([found], lambda values: values[0].reshape(cost.shape))
        return replace(parts, q=parts.q - cost, cost=cost)

    def follow(self, actor: Actor, seen: State, step: int, level: int, steps: int, inner: int) -> Reasons:
        """The look-ahead but for the cost, in a world whose runs stand abreast; everything is (run,)."""
        dt = self.dt
        account = _Account(self, actor, self.read(actor.discount, seen, step * dt, absent=1.0))
        path = seen
        for h in range(1, steps + 1):
            now, end = (step + h - 1) * dt, (step + h) * dt
            if h > 1:
                path = self.expected_events(path, step + h - 1, now)
                openings = self.expected_openings(path, now)
                path = self.expected_exchanges(openings, path, now)
                account.add_exchanges(openings, h * dt)
            path = self.expected_moves(path, step + h - 1, actor, level, inner, first=h == 1)
            path = self.change(path, now, end)
            account.add_endings(path, end)
            account.add_worth(path, end, h * dt)
        return account.reasons()


class _Account:
    """What an actor's look-ahead adds up on its way; everything is (run,)."""

    def __init__(self, world: World, actor: Actor, discount: Floats) -> None:
        self.world, self.actor, self.discount = world, actor, discount
        self.absorbing = [o for o in world.model.outcomes if o.absorbing]
        nothing = np.zeros(world.runs)
        self.survival = np.ones(world.runs)
        self.flow = nothing  # points per month
        self.gained = nothing  # in exchanges: points
        self.chances = {o.name: nothing for o in self.absorbing}
        self.terms = {t.name: nothing for t in actor.utility}
        self.worth = {o.name: nothing for o in self.absorbing}
        self.ladders = {o.ladder.name: nothing for o in world.odds if actor.name in o.points}

    def add_exchanges(self, openings: Sequence[Floats], ahead: float) -> None:
        """Add the exchanges of a step, `ahead` months from now: their points, and wars that come of them."""
        today = power(self.discount, ahead)
        for odds, likely in zip(self.world.odds, openings, strict=True):
            if self.actor.name in odds.points:
                points = today * weigh(self.survival * likely, odds.points[self.actor.name])
                self.gained = self.gained + points
                self.ladders[odds.ladder.name] = self.ladders[odds.ladder.name] + points
        for odds, likely in zip(self.world.odds, openings, strict=True):
            self._end(odds.ladder.war, self.survival * (likely * odds.war))

    def _end(self, outcome: str, chance: Floats) -> None:
        """So much of what goes on ends in an outcome."""
        self.chances[outcome] = self.chances[outcome] + chance
        self.survival = self.survival - chance

    def add_endings(self, path: State, end: float) -> None:
        """Add the chances of absorbing outcomes at the end of a step."""
        read, dt = self.world.read, self.world.dt
        hazards = [o for o in self.absorbing if o.rate is not None]
        rates = {o.name: np.maximum(read(o.rate, path, end), 0.0) for o in hazards}
        rate = sum(rates.values(), np.zeros(self.world.runs))
        ending = self.survival * (1.0 - np.exp(-rate * dt))
        for name, r in rates.items():
            self.chances[name] = self.chances[name] + np.where(rate == 0, 0.0, ending * r / rate)
        self.survival = self.survival * np.exp(-rate * dt)
        for outcome in self.absorbing:
            if outcome.when is not None:
                holds = self.world.holds(outcome.when, path, end)
                self._end(outcome.name, np.where(holds, self.survival, 0.0))

    def add_worth(self, path: State, end: float, ahead: float) -> None:
        """Add what the end of a step is worth, `ahead` months from now: in sum and term by term."""
        read, dt = self.world.read, self.world.dt
        today = power(self.discount, ahead)
        utility = np.zeros(self.world.runs)
        for term in self.actor.utility:
            value = read(term.formula, path, end)
            utility = utility + value
            self.terms[term.name] = self.terms[term.name] + dt * today * weigh(self.survival, value)
        flow = weigh(self.survival, utility)
        for outcome in self.absorbing:
            worth = read(dict(outcome.worth).get(self.actor.name), path, end)
            brings = weigh(self.chances[outcome.name], worth)
            flow = flow + brings
            self.worth[outcome.name] = self.worth[outcome.name] + dt * today * brings
        self.flow = self.flow + today * flow

    def reasons(self) -> Reasons:
        q = self.world.dt * self.flow + self.gained
        cost = np.zeros(self.world.runs)
        return Reasons(q, self.terms, self.ladders, self.worth, cost, self.chances, self.survival)


def combined(each: Sequence[Reasons], combine: Callable[[Sequence[Floats]], Floats]) -> Reasons:
    """Reasons every part of which combines that part of several."""

    def part(name: str) -> Floats | dict[str, Floats]:
        values = [getattr(reasons, name) for reasons in each]
        if isinstance(values[0], dict):
            return {key: combine([value[key] for value in values]) for key in values[0]}
        return combine(values)

    return Reasons(**{f.name: part(f.name) for f in fields(Reasons)})  # type: ignore[arg-type]


def averaged(weights: Floats, each: Sequence[Reasons]) -> Reasons:
    """Reasons over all pictures, each by its weight, (picture,); of one run: parts are (1, action)."""

    def mean(values: Sequence[Floats]) -> Floats:
        weighed = (weigh(np.array(w), value) for w, value in zip(weights, values, strict=True))
        return sum(weighed, np.zeros_like(values[0]))

    return combined(each, mean)


def repeated(state: State, count: int) -> State:
    """Every run `count` times side by side."""
    return {name: np.repeat(values, count) for name, values in state.items()}


def contested(pushes: Sequence[Push]) -> dict[str, list[Push]]:
    """Stocks that more than one cause can set -> the settings of each."""
    settings: dict[str, list[Push]] = {}
    for push in pushes:
        if push.effect.how == "set":
            settings.setdefault(push.effect.variable, []).append(push)
    return {name: some for name, some in settings.items() if len({p.cause for p in some}) > 1}


def weigh(weight: Floats, value: Floats) -> Floats:
    """weight·value, and 0 where the weight is 0 whatever the value."""
    with np.errstate(invalid="ignore"):  # 0 times what is not finite, which is not taken
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
