"""What actors see, estimate and do in the true course, in plain NumPy: phases 4 and 5 of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from offramp.anatomy import remembered
from offramp.engine import luck
from offramp.engine.inputs import Bools, Floats, Inputs, Ints
from offramp.engine.outputs import Status
from offramp.engine.plain.block import RunBlock
from offramp.engine.plain.estimates import estimates_at_start
from offramp.engine.plain.imagined import Dice
from offramp.engine.plain.mind import Expectation, Thought, attribution, chance_of, minds_of, on_average
from offramp.engine.plain.world import Push, State, World, softmax, weigh
from offramp.model import Actor, Model, Signal


@dataclass
class Move:
    """What an actor does in one step.

    Attributes
    ----------
    taken : (run,), position of the action
    probability, habit : (run, action), the chance of each, and by habit alone
    thoughts : what it thought in each of its pictures
    state, seen : the true state in which it chose, and what it took it for in its mean picture
    mean : its mean picture
    beliefs : about whom -> (run, type), what it then believed
    estimates : stock -> mean and standard deviation, (run,), of what it then took it for
    expected : other actor -> how that one is expected to choose, in each picture, as that one's stage began
    """

    taken: Ints
    probability: Floats
    habit: Floats
    thoughts: Sequence[Thought]
    state: State
    seen: State
    mean: World
    beliefs: dict[str, Floats]
    estimates: dict[str, tuple[Floats, Floats]]
    expected: Mapping[str, Sequence[Expectation]] = field(default_factory=dict)

    def expects(self, other: str) -> Floats:
        """How it expects another actor to choose, over all its pictures: (run, action)."""
        return on_average(other, self.expected[other])

    def had_expected(self, other: str, taken: Ints) -> Floats:
        """The chance that it gave to what another did, (run,); not a number where it thought of none."""
        if other not in self.expected:
            return np.full(taken.shape, np.nan)
        return chance_of(taken, self.expects(other))


@dataclass
class Turns:
    """Who has done what so far in a step.

    Attributes
    ----------
    expected : by position of an actor: other actor -> how it expected that one to choose, in each picture
    moves : by position of an actor
    """

    expected: list[dict[str, Sequence[Expectation]]]
    moves: dict[int, Move] = field(default_factory=dict)

    @property
    def in_order(self) -> list[Move]:
        """The moves of all actors, once all have chosen, with what they expected."""
        return [replace(self.moves[i], expected=expected) for i, expected in enumerate(self.expected)]


class ChoosingRuns(RunBlock):
    """Lets actors see and choose in a block of runs.

    Attributes
    ----------
    initial : the state at the start
    past : the state at the point of seeing of each stage, step by step
    minds : what each actor believes at present
    """

    initial: State

    def __init__(self, model: Model, inputs: Inputs, probabilities: bool) -> None:
        super().__init__(model, inputs, probabilities)
        self.past: list[list[State]] = [[] for _ in model.stages]
        self.minds = minds_of(model, inputs)

    def persuade(self, k: int) -> None:
        """What policies make the actors think in step k."""
        for mind in self.minds:
            mind.persuade(k, self.inputs.schedule, self.inputs.true_type)

    def seen_by(self, actor: Actor, k: int, truth: World, picture: World, state: State, stage: int) -> State:
        """The state as the actor sees it when a stage begins."""
        now = k * self.dt
        seen = {s.name: state[s.name] for s in self.model.carried}
        mind = next(m for m in self.minds if m.actor is actor)
        for signal, right in zip(actor.sees, self.seen_right(actor, k), strict=True):
            name = signal.variable
            if right:
                continue
            if signal.learns is not None and mind.estimates is not None:
                seen[name] = mind.estimates.of[name].mean
            elif signal.hidden:
                assumed = signal.assumed
                seen[name] = self.initial[name] if assumed is None else picture.read(assumed, {}, now)
            else:
                seen[name] = self.shown(actor, signal, k, truth, state, stage)
        return self.supposed(actor, k, picture, picture.complete(seen, now))

    def supposed(self, actor: Actor, k: int, picture: World, seen: State) -> State:
        """What an actor sees, with what formulas remember of hidden stocks as if long as it supposes."""
        hidden = {
            signal.variable
            for signal, right in zip(actor.sees, self.seen_right(actor, k), strict=True)
            if signal.hidden and not right
        }
        for memory in self.model.memories:
            if remembered(self.model, memory) & hidden:
                value = picture.read(memory.steady, seen, k * self.dt)
                seen = picture.complete({**seen, **dict.fromkeys(memory.places, value)}, k * self.dt)
        return seen

    def shown(self, actor: Actor, signal: Signal, k: int, truth: World, state: State, stage: int) -> Floats:
        """What a signal shows an actor when a stage begins."""
        name, now = signal.variable, k * self.dt
        # While ladders are played nothing has been noted of this step: it is the state itself.
        then, past = max(0, k - signal.delay), self.past[stage]
        value = (past[then] if then < len(past) else state)[name]
        value = value + truth.read(signal.bias, state, now)
        if signal.noise is not None:
            z = self.normal(k, f"see/{actor.name}/{name}")
            value = value + truth.read(signal.noise, state, now) * z
        bounds = next(v.bounds for v in self.model.stocks if v.name == name)
        if bounds is not None:
            value = np.minimum(np.maximum(value, bounds[0]), bounds[1])
        return value

    def seen_right(self, actor: Actor, k: int) -> Bools:
        """Which of the stocks in `sees` a policy lets the actor see as they are."""
        actors = self.model.actors
        first = sum(len(other.sees) for other in actors[: actors.index(actor)])
        return self.inputs.schedule.right_signal[k, first : first + len(actor.sees)]

    def nudges(self, a: int, k: int) -> Floats:
        """What a policy adds to the propensities of actor `a`, (action,)."""
        first = sum(len(other.actions) for other in self.model.actors[:a])
        return self.inputs.schedule.nudge[k, first : first + len(self.model.actors[a].actions)]

    def move_of(self, a: int, k: int, truth: World, state: State) -> Move:
        """What actor `a` does in this step, and what it thought of it."""
        actor, now, beliefs = self.model.actors[a], k * self.dt, dict(self.minds[a].beliefs)
        estimates = self.minds[a].estimated()
        mean = self.minds[a].mean_picture(truth)
        seen = self.seen_by(actor, k, truth, mean, state, self.minds[a].stage)
        available = self.available(a, k, mean, seen)
        inclined = np.stack([mean.read(x.propensity, seen, now) for x in actor.actions], axis=1)
        inclined = np.where(available, inclined + self.nudges(a, k), -np.inf)
        thoughts = self.thoughts_of(a, k, truth, state) if actor.depth >= 1 else []
        weights = inclined
        if thoughts:
            weighed = (weigh(t.picture.weight[:, None], t.reasons.q) for t in thoughts)
            worth = sum(weighed, np.zeros_like(inclined))
            self.fail(k, (available & ~np.isfinite(worth)).any(axis=1), Status.NOT_FINITE)
            weights = mean.weigh_worth(actor, inclined, worth, seen, now)
        probability = softmax(weights)
        self.fail(k, ~np.isfinite(probability).all(axis=1), Status.NOT_FINITE)
        # ln p(a) is the weight but for a constant, and the constant does not move the largest.
        noise = [
            luck.gumbel(self.inputs.seed, self.scenario(k), k, f"choose/{actor.name}/{x.name}")
            for x in actor.actions
        ]
        taken = self.taken(a, k, weights + np.stack(noise, axis=1))
        return Move(taken, probability, softmax(inclined), thoughts, state, seen, mean, beliefs, estimates)

    def taken(self, a: int, k: int, scores: Floats) -> Ints:
        """The action with the highest score, of those that are not known not to have been taken: (run,)."""
        drawn: Ints = np.argmax(scores, axis=1)
        if self.inputs.observed is None:
            return drawn
        first = sum(len(actor.actions) for actor in self.model.actors[:a])
        possible = self.inputs.observed.acts[k, first : first + scores.shape[1]] != 0
        left = np.where(possible, scores, -np.inf)
        kept: Ints = np.where(np.isfinite(left).any(axis=1), np.argmax(left, axis=1), drawn)
        return kept

    def thoughts_of(self, a: int, k: int, truth: World, state: State) -> list[Thought]:
        """What actor `a` thinks in each of its pictures."""
        actor, mind, paths = self.model.actors[a], self.minds[a], self.inputs.paths
        dice = Dice(paths, self.inputs.seed, self.scenario(k), k) if paths else None
        return [
            mind.think(picture, self.seen_by(actor, k, truth, picture.world, state, mind.stage), k, dice)
            for picture in mind.pictures(truth)
        ]

    def available(self, a: int, k: int, picture: World, seen: State) -> Bools:
        """Actions open to actor `a`: `when`, less what policies forbid or beside what they force."""
        actors, schedule = self.model.actors, self.inputs.schedule
        first = sum(len(other.actions) for other in actors[:a])
        actions = actors[a].actions
        holds = np.stack([picture.holds(x.when, seen, k * self.dt) for x in actions], axis=1)
        allowed = holds & schedule.allowed[k, first : first + len(actions)]
        available = np.where(allowed.any(axis=1, keepdims=True), allowed, holds)
        forced = schedule.forced[k, a]
        if forced >= 0:
            only = np.arange(len(actions)) == forced
            available = np.where(holds[:, [forced]], only, available)
        return available

    # Estimates

    def begin_estimates(self, truth: World) -> None:
        """What actors take stocks for as the run begins."""
        for mind in self.minds:
            if mind.actor.estimates:
                picture = mind.mean_picture(truth)
                mind.estimates = estimates_at_start(mind.actor.estimates, picture, self.initial)

    def all_know(self, k: int, truth: World, happening: Callable[[World, State], State]) -> None:
        """Something happens of which everybody knows; estimates move by what it does in each mean picture."""
        for mind in self.minds:
            if mind.estimates is not None:
                picture = mind.mean_picture(truth)
                mind.estimates.move(picture, k * self.dt, partial(happening, picture))

    def know_acts(
        self, k: int, pushes: Sequence[Push], taken: Mapping[str, Ints], truth: World, state: State
    ) -> None:
        """Acts are done: an actor knows of its own, and of another's as far as that is attributed."""
        now = k * self.dt
        actors = {actor.name: actor for actor in self.model.actors}
        known = {name: attribution(actors[name], taken[name], truth, state, now) for name in taken}
        for mind in self.minds:
            if mind.estimates is None:
                continue
            shares = known | {mind.actor.name: np.ones(self.runs)}
            some = [replace(push, weight=push.weight * shares[push.cause]) for push in pushes]
            picture = mind.mean_picture(truth)
            mind.estimates.move(picture, now, partial(picture.after, some, now=now))

    def look(self, a: int, k: int, truth: World, state: State) -> None:
        """Actor `a` looks, before it chooses, and brings its estimates up to date."""
        actor, mind, now = self.model.actors[a], self.minds[a], k * self.dt
        if mind.estimates is None:
            return
        mean = mind.mean_picture(truth)
        for signal, right in zip(actor.sees, self.seen_right(actor, k), strict=True):
            if signal.learns is None:
                continue
            shown = self.shown(actor, signal, k, truth, state, mind.stage)
            supposed = signal.learns.noise
            noise = truth.read(signal.noise, state, now) if supposed is None else mean.read(supposed, {}, now)
            true = state[signal.variable] if right else None
            mind.estimates.of[signal.variable].look(k, shown, noise * noise, true)
        self.fail(k, mind.estimates.not_finite(), Status.NOT_FINITE)
        mind.estimates.state = self.seen_by(actor, k, truth, mean, state, mind.stage)
