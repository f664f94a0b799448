"""docs/explanation/semantics.md written down as plainly as possible, to be held beside that page.

Slow on purpose: one NumPy operation over all runs at a time, nothing shared, nothing skipped. The
compiled engine must agree with it run by run. What happens inside a world, true or pictured, is in
`offramp.engine.plain.world`, what an actor believes in `offramp.engine.plain.mind`; here is the true course.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial

import numpy as np
import numpy.typing as npt

from offramp.engine import luck
from offramp.engine.inputs import BOUNDS_TOLERANCE, LARGEST_MEAN, Bools, Floats, Inputs, Ints
from offramp.engine.outputs import Ending, Outputs, Status, blank
from offramp.engine.plain.estimates import estimates_at_start
from offramp.engine.plain.imagined import Dice
from offramp.engine.plain.ladder import Exchange, View, play, read_rules, solve
from offramp.engine.plain.mind import Expectation, Thought, attribution, chance_of, minds_of, on_average
from offramp.engine.plain.world import Push, State, World, softmax, weigh
from offramp.model import Actor, Effect, Event, Ladder, Model, Signal


class Oracle:
    """A model that runs, slowly. Stands in for the compiled engine wherever that is asked for."""

    def __init__(self, model: Model) -> None:
        luck.check_purposes(luck.purposes(model))
        self.model = model

    def at_horizons(self, model: Model) -> Oracle:
        """The oracle of a model that differs in its actors' horizons alone."""
        return Oracle(model)

    def run(self, inputs: Inputs, probabilities: bool = False) -> Outputs:
        """Run a block of runs; `probabilities` also returns the chance of every action."""
        with np.errstate(all="ignore"):  # what is not finite marks its run instead
            return replace(Course(self.model, inputs, probabilities).play(), inputs=inputs)

    def choices(self, inputs: Inputs, step: int, stocks: Floats) -> Floats:
        """The chance of each action in one step, were the stocks, and had they always been, what is given.

        `inputs.prior` are the beliefs in this step, `stocks` is (run, stock); gives (run, slot), NaN where
        the run fails. Estimates are what they come to by and by. Nothing comes before the choice, and nobody
        sees what others do in the step.
        """
        with np.errstate(all="ignore"):
            return Course(self.model, inputs, True).choices(step, stocks)


class Phase(Enum):
    """Where in a step a moment lies: just before what it is named for."""

    POLICY = auto()
    LADDERS = auto()
    CHOICE = auto()  # of one actor
    EFFECTS = auto()  # of the last stage: everyone has chosen, and has yet to learn from that stage
    LEARNING = auto()  # of one actor
    OUTCOMES = auto()


@dataclass(frozen=True, eq=False)
class Moment:
    """A point in the course of a block of runs at which it can be looked at.

    Attributes
    ----------
    truth, state : the true parameters with the model's formulas, and the true state
    actor : whose choice or learning comes next; None where it is nobody's
    moves : of all actors, once they have chosen
    """

    step: int
    phase: Phase
    truth: World
    state: State
    actor: Actor | None = None
    moves: Sequence[Move] = ()


class Course:
    """The true course of a block of runs: `play` it, or follow its `moments` and stop at any of them.

    Attributes
    ----------
    outputs : what has been written down so far
    minds : what each actor believes at present
    """

    def __init__(self, model: Model, inputs: Inputs, probabilities: bool) -> None:
        self.model, self.inputs, self.dt = model, inputs, model.step_length
        self.steps = model.steps if inputs.steps is None else inputs.steps
        self.runs = len(inputs.scenario)
        self.outputs = blank(model, self.runs, probabilities, self.steps)
        self.ended = np.zeros(self.runs, dtype=np.bool_)
        # The state at the point of seeing of each stage, step by step.
        self.past: list[list[State]] = [[] for _ in model.stages]
        self.minds = minds_of(model, inputs)
        self.war = np.full(self.runs, -1)  # outcome that a ladder brought in this step
        self.war_part = np.ones(self.runs)  # share of the step that was over then

    def play(self) -> Outputs:
        for _ in self.moments():
            pass
        return self.outputs

    def moments(self) -> Iterator[Moment]:
        """The course, moment by moment; it goes on as the next one is asked for."""
        model, inputs = self.model, self.inputs
        state = {s.name: inputs.initial[:, i] for i, s in enumerate(model.stocks)}
        state = self.world(self.parameters_as_drawn()).complete(state, 0.0)
        self.initial = state
        self.record(0, state)
        self.check(0, state)
        for k in range(self.steps):
            state = yield from self._step(k, state)
            self.record(k + 1, state)

    def choices(self, k: int, stocks: Floats) -> Floats:
        """As `Oracle.choices`."""
        model = self.model
        start = {s.name: self.inputs.initial[:, i] for i, s in enumerate(model.stocks)}
        self.initial = self.world(self.parameters_as_drawn()).complete(start, 0.0)
        truth = self.world(self.parameters_in(k))
        state = truth.complete({s.name: stocks[:, i] for i, s in enumerate(model.stocks)}, k * self.dt)
        self.check(k, state)
        self.past = [[state] * (k + 1) for _ in model.stages]
        self.begin_estimates(truth)
        for mind in self.minds:
            if mind.estimates is not None:
                biases = [truth.read(s.bias, state, k * self.dt) for s in mind.actor.estimates]
                mind.estimates.settle(state, biases)
        moves = [self.move_of(a, k, truth, state) for a in range(len(model.actors))]
        chances = np.concatenate([move.probability for move in moves], axis=1)
        return np.where((self.outputs.status == Status.OK)[:, None], chances, np.nan)

    def _step(self, k: int, before: State) -> Generator[Moment, None, State]:
        """One step of every run; runs that have ended or failed keep the state before."""
        model, now, end = self.model, k * self.dt, (k + 1) * self.dt
        truth = self.world(self.parameters_in(k))

        # 0, 1, 2. Policy and events
        yield Moment(k, Phase.POLICY, truth, before)
        self.persuade(k)
        if k == 0:
            self.begin_estimates(truth)
        state = truth.complete(self.stocks_set_by_policy(k, before), now)
        self.check(k, state)
        count = np.zeros((self.runs, len(model.events)), dtype=np.int64)
        for events_of in (self.dated_events, self.random_events):
            events = events_of(k, truth, state)
            count = count + events.count
            state = self.after(events.pushes, k, truth, state)

        # 3. Ladders
        yield Moment(k, Phase.LADDERS, truth, state)
        exchanges = [self.exchange(i, k, truth, state) for i in range(len(model.ladders))]
        self.war, self.war_part = self.wars(k, exchanges)
        state = self.after(self.effects_of_exchanges(exchanges), k, truth, state)

        # 4, 5, 6. Stage by stage: seeing, choice, learning, effects
        turns = Turns([{} for _ in model.actors])
        for g in range(len(model.stages)):
            state = yield from self._stage(k, g, truth, state, turns)
        notes = self.notes(turns.in_order, exchanges)

        # 7. Change
        noise = {
            s.name: luck.in_parts(lambda of: self.normal(k, of), s.name, model.substeps)
            for s in model.stocks
            if s.noise is not None
        }
        self.all_know(k, truth, lambda picture, supposed: picture.change(supposed, now, end))
        for mind in self.minds:
            if mind.estimates:
                mind.estimates.stray(mind.mean_picture(truth))
        state = truth.change(state, now, end, noise)
        self.check(k, state)

        # 8. Outcomes, then write down the step of every run that still goes on
        yield Moment(k, Phase.OUTCOMES, truth, state)
        recorded, part, ending = self.outcomes(k, truth, state, end)
        going = ~self.ended & (self.outputs.status == Status.OK)
        arrays = self.outputs.arrays
        for name in notes.keys() & arrays.keys():
            if notes[name]:
                arrays[name][going, k] = np.stack(notes[name], axis=1)[going]
        self.outputs.event[going, k] = count[going]
        new = recorded & going[:, None]
        self.outputs.outcome[new] = k
        self.outputs.outcome_part[new] = part[new]
        self.ended |= ending & going
        return {name: np.where(going, state[name], before[name]) for name in state}

    def _stage(
        self, k: int, g: int, truth: World, state: State, turns: Turns
    ) -> Generator[Moment, None, State]:
        """One stage of a step: those who move in it see and choose at once, others learn, effects follow."""
        model = self.model
        stage = model.stages[g]
        self.past[g].append(state)
        self.begin_stage(k, g)
        for a in stage:
            yield Moment(k, Phase.CHOICE, truth, state, model.actors[a])
            self.look(a, k, truth, state)
            turns.moves[a] = self.move_of(a, k, truth, state)
        expected = [self.expected_by(i, g, k, truth, state, turns) for i in range(len(model.actors))]
        for i, of_all in enumerate(expected):
            names = [model.actors[a].name for a in stage if a != i]
            turns.expected[i] |= dict.fromkeys(names if of_all else [], of_all)
        if g == len(model.stages) - 1:
            yield Moment(k, Phase.EFFECTS, truth, state, moves=turns.in_order)
        taken = {model.actors[a].name: turns.moves[a].taken for a in stage}
        for mind, of_all in zip(self.minds, expected, strict=True):
            yield Moment(k, Phase.LEARNING, truth, state, mind.actor)
            mind.learn(of_all, taken, truth, state, k * self.dt)
            for beliefs in mind.beliefs.values():
                self.fail(k, ~np.isfinite(beliefs).all(axis=1), Status.NOT_FINITE)
        pushes = self.effects_of_moves({a: turns.moves[a] for a in stage})
        self.know_acts(k, pushes, taken, truth, state)
        state = truth.after(pushes, state, k * self.dt)
        self.check(k, state)
        return state

    def begin_stage(self, k: int, g: int) -> None:
        """What is known of a stage of step k before anybody chooses in it; see `Replay`."""

    def expected_by(
        self, i: int, g: int, k: int, truth: World, state: State, turns: Turns
    ) -> Sequence[Expectation]:
        """How actor i expects those to choose who move in stage g, picture by picture; nothing from habit."""
        actor, mind = self.model.actors[i], self.minds[i]
        if mind.stage == g:
            return turns.moves[i].thoughts
        if actor.depth == 0:
            return []
        return [
            mind.expect(picture, self.seen_by(actor, k, truth, picture.world, state, g), k, g)
            for picture in mind.pictures(truth)
        ]

    def notes(self, moves: Sequence[Move], exchanges: Sequence[Exchange]) -> dict[str, list[Floats | Ints]]:
        """What to write down of choices and exchanges: name among the outputs -> column by column."""
        actors = self.model.actors
        taken = {actor.name: move.taken for actor, move in zip(actors, moves, strict=True)}
        return {
            "action": [move.taken for move in moves],
            "probability": [column for move in moves for column in move.probability.T],
            "belief": [p for move in moves for chances in move.beliefs.values() for p in chances.T],
            "estimate_mean": [mean for move in moves for mean, _ in move.estimates.values()],
            "estimate_sd": [sd for move in moves for _, sd in move.estimates.values()],
            "expected": [
                move.had_expected(other.name, taken[other.name])
                for actor, move in zip(actors, moves, strict=True)
                for other in actors
                if actor.depth >= 1 and other is not actor
            ],
            "ladder_rung": [exchange.rung for exchange in exchanges],
            "ladder_first": [exchange.first for exchange in exchanges],
            "ladder_moves": [exchange.moves for exchange in exchanges],
            "ladder_ending": [exchange.ending for exchange in exchanges],
            "ladder_risk": [exchange.risk for exchange in exchanges],
            "ladder_foreseen": [exchange.foreseen for exchange in exchanges],
        }

    def after(self, pushes: Iterable[Push], k: int, truth: World, state: State) -> State:
        """The state after effects of events or exchanges, which all know of; checked."""
        pushes, now = list(pushes), k * self.dt
        self.all_know(k, truth, lambda picture, supposed: picture.after(pushes, supposed, now))
        state = truth.after(pushes, state, now)
        self.check(k, state)
        return state

    def effects_of_moves(self, moves: Mapping[int, Move]) -> list[Push]:
        """Effects of what some actors, by position, have chosen."""
        return [
            Push(effect, (move.taken == i).astype(np.float64), self.model.actors[a].name)
            for a, move in moves.items()
            for i, action in enumerate(self.model.actors[a].actions)
            for effect in action.effects
        ]

    # Worlds

    def world(self, parameters: State) -> World:
        """The model's formulas on a vector of parameters."""
        return World(self.model, parameters, self.runs)

    def persuade(self, k: int) -> None:
        """What policies make the actors think in step k."""
        for mind in self.minds:
            mind.persuade(k, self.inputs.schedule, self.inputs.true_type)

    def parameters_as_drawn(self) -> State:
        """The true parameters before any policy."""
        return {p.name: self.inputs.parameters[:, i] for i, p in enumerate(self.model.parameters)}

    def parameters_in(self, k: int) -> State:
        """The true parameters in step k: as drawn, unless a policy holds or shifts them."""
        schedule = self.inputs.schedule
        result = {}
        for i, parameter in enumerate(self.model.parameters):
            fixed = schedule.hold[k, i]
            value = self.inputs.parameters[:, i] if np.isnan(fixed) else np.full(self.runs, fixed)
            result[parameter.name] = value + schedule.shift[k, i]
        return result

    def stocks_set_by_policy(self, k: int, state: State) -> State:
        schedule = self.inputs.schedule
        new = dict(state)
        for i, stock in enumerate(self.model.stocks):
            given = schedule.set_stock[k, i]
            value = new[stock.name] if np.isnan(given) else np.full(self.runs, given)
            new[stock.name] = value + schedule.shift_stock[k, i]
        return new

    # Events

    def dated_events(self, k: int, truth: World, state: State) -> Events:
        events = Events([], np.zeros((self.runs, len(self.model.events)), dtype=np.int64))
        for i, event in enumerate(self.model.events):
            if event.on is None or self.model.step_of(event.on) != k:
                continue
            events.count[:, i] = 1
            events.pushes += [Push(e, np.ones(self.runs), event.name) for e in event.effects]
            if event.branches:
                branch = self.branch_of(event, k, truth, state)
                events.count[:, i] = 1 + branch
                events.pushes += branch_effects(event, branch)
        return events

    def random_events(self, k: int, truth: World, state: State) -> Events:
        events = Events([], np.zeros((self.runs, len(self.model.events)), dtype=np.int64))
        for i, event in enumerate(self.model.events):
            if event.rate is None:
                continue
            mean = truth.event_mean(event, state, k * self.dt)
            self.fail(k, ~np.isfinite(mean), Status.NOT_FINITE)
            if event.once:
                count, pushes = self.event_once(event, mean, k, truth, state)
            else:
                self.fail(k, mean > LARGEST_MEAN, Status.TOO_MANY_EVENTS)
                count, pushes = self.event_repeated(event, mean, k, truth, state)
            events.count[:, i] = count
            events.pushes += pushes
        return events

    def event_once(
        self, event: Event, mean: Floats, k: int, truth: World, state: State
    ) -> tuple[Ints, list[Push]]:
        """Whether an event happens that can do so once in a step, (run,), and what it does."""
        here = self.uniform(k, luck.purpose_of_event(event)) > np.exp(-mean)
        pushes = [Push(e, here.astype(np.float64), event.name) for e in event.effects]
        if event.branches:
            branch = self.branch_of(event, k, truth, state)
            pushes += branch_effects(event, np.where(here, branch, -1))
        return here.astype(np.int64), pushes

    def event_repeated(
        self, event: Event, mean: Floats, k: int, truth: World, state: State
    ) -> tuple[Ints, list[Push]]:
        """How often an event happens, (run,), and what it does."""
        pushes: list[Push] = []
        if event.branches:
            count = np.zeros(self.runs, dtype=np.int64)
            for branch, p in zip(
                event.branches, self.chances_of_branches(event, k, truth, state), strict=True
            ):
                times = luck.poisson(self.uniform(k, luck.purpose_of_event(event, branch.name)), mean * p)
                count = count + times
                cause = f"{event.name}.{branch.name}"
                pushes += [Push(e, times_applied(e, times), cause) for e in branch.effects]
        else:
            count = luck.poisson(self.uniform(k, luck.purpose_of_event(event)), mean)
        return count, pushes + [Push(e, times_applied(e, count), event.name) for e in event.effects]

    def chances_of_branches(self, event: Event, k: int, truth: World, state: State) -> list[Floats]:
        chances = truth.branch_probabilities(event.branches, state, k * self.dt)
        self.fail(k, ~np.isfinite(chances).all(axis=0), Status.NOT_FINITE)
        return chances

    def branch_of(self, event: Event, k: int, truth: World, state: State) -> Ints:
        """Position of the branch that an event takes, (run,)."""
        chances = self.chances_of_branches(event, k, truth, state)
        return branch_drawn(chances, self.uniform(k, luck.purpose_of_branch(event)))

    # Ladders

    def exchange(self, i: int, k: int, truth: World, state: State) -> Exchange:
        """What happens on one ladder in a step."""
        ladder, now = self.model.ladders[i], k * self.dt
        mean = np.maximum(truth.read(ladder.rate, state, now) * self.dt, 0.0)
        self.fail(k, ~np.isfinite(mean), Status.NOT_FINITE)
        opened = self.uniform(k, f"ladder/{ladder.name}/open") > np.exp(-mean)
        positions = {a.name: i for i, a in enumerate(self.model.actors)}
        views = [self.view_of(positions[side], ladder, k, truth, state) for side in ladder.sides]
        rules = read_rules(ladder, truth, state, now)
        exchange = play(ladder, opened, rules, views, self.inputs.seed, self.scenario(k), k)
        self.fail(k, exchange.failed, Status.NOT_FINITE)
        return exchange

    def view_of(self, a: int, ladder: Ladder, k: int, truth: World, state: State) -> View:
        """How an actor goes into an exchange: what it expects in each of its pictures."""
        actor, mind, now = self.model.actors[a], self.minds[a], k * self.dt
        mean = mind.mean_picture(truth)
        weights, solutions = [], []
        for picture in mind.pictures(truth):
            seen = self.seen_by(actor, k, truth, picture.world, state, 0)
            weights.append(picture.weight)
            solutions.append(solve(read_rules(ladder, picture.world, seen, now), ladder.moves))
        seen = self.seen_by(actor, k, truth, mean, state, 0)
        return View(weights, solutions, mean.read(actor.precision if actor.depth else None, seen, now))

    def effects_of_exchanges(self, exchanges: Sequence[Exchange]) -> list[Push]:
        """Effects of the highest rung that each exchange reached."""
        return [
            Push(effect, (exchange.rung == r).astype(np.float64), ladder.name)
            for ladder, exchange in zip(self.model.ladders, exchanges, strict=True)
            for r, rung in enumerate(ladder.rungs)
            for effect in rung.effects
        ]

    def wars(self, k: int, exchanges: Sequence[Exchange]) -> tuple[Ints, Floats]:
        """The outcome that war on a ladder brings (the first of several, or -1), and when: (run,) each."""
        positions = {o.name: i for i, o in enumerate(self.model.outcomes)}
        found, part = np.full(self.runs, -1), np.ones(self.runs)
        for ladder, exchange in zip(self.model.ladders, exchanges, strict=True):
            first = (found < 0) & (exchange.ending == Ending.WAR)
            part = np.where(first, self.uniform(k, luck.purpose_within("ladder", ladder.name)), part)
            found = np.where(first, positions[ladder.war], found)
        return found, part

    # Minds

    def seen_by(self, actor: Actor, k: int, truth: World, picture: World, state: State, stage: int) -> State:
        """The state as the actor sees it when a stage begins."""
        now = k * self.dt
        seen = {s.name: state[s.name] for s in self.model.stocks}
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
        return picture.complete(seen, now)

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
        taken = np.argmax(weights + np.stack(noise, axis=1), axis=1)
        return Move(taken, probability, softmax(inclined), thoughts, state, seen, mean, beliefs, estimates)

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

    # Outcomes

    def outcomes(self, k: int, truth: World, state: State, end: float) -> tuple[Bools, Floats, Bools]:
        """What to record in this step, and at what share of it: (run, outcome); what ends: (run,)."""
        model, dt = self.model, self.dt
        recorded = np.zeros_like(self.outputs.outcome, dtype=np.bool_)
        part = np.ones(recorded.shape)  # a condition is met at the end of the step
        earliest = np.full(self.runs, np.inf)
        ended_by = np.full(self.runs, -1)
        for i, outcome in enumerate(model.outcomes):
            if outcome.rate is None:
                continue
            rate = np.maximum(truth.read(outcome.rate, state, end), 0.0)
            self.fail(k, ~np.isfinite(rate), Status.NOT_FINITE)
            time = -np.log(self.uniform(k, f"outcome/{outcome.name}")) / rate
            if outcome.absorbing:
                sooner = (time < dt) & (time < earliest)
                earliest = np.where(sooner, time, earliest)
                ended_by = np.where(sooner, i, ended_by)
            else:
                recorded[:, i] = (time < dt) & (self.outputs.outcome[:, i] < 0)
                part[:, i] = time / dt
        for i, outcome in enumerate(model.outcomes):
            if outcome.when is None:
                continue
            true = truth.holds(outcome.when, state, end)
            if outcome.absorbing:
                ended_by = np.where(true & (ended_by < 0), i, ended_by)
            else:
                recorded[:, i] = true & (self.outputs.outcome[:, i] < 0)
        ended_at = np.where(np.isfinite(earliest), earliest / dt, 1.0)
        ended_at = np.where(self.war >= 0, self.war_part, ended_at)
        ended_by = np.where(self.war >= 0, self.war, ended_by)
        ending = ended_by >= 0
        recorded[ending, ended_by[ending]] = True
        part[ending, ended_by[ending]] = ended_at[ending]
        return recorded, part, ending

    # Bookkeeping

    def scenario(self, k: int) -> Ints:
        """Which scenario's random numbers each run uses in step k."""
        return self.inputs.scenario if self.inputs.lineage is None else self.inputs.lineage[:, k]

    def uniform(self, k: int, purpose: str) -> Floats:
        return luck.uniform(self.inputs.seed, self.scenario(k), k, purpose)

    def normal(self, k: int, purpose: str) -> Floats:
        return luck.normal(self.inputs.seed, self.scenario(k), k, purpose)

    def record(self, time: int, state: State) -> None:
        for i, variable in enumerate(self.model.variables):
            self.outputs.state[:, time, i] = state[variable.name]

    def fail(self, k: int, failing: npt.ArrayLike, status: Status, variable: int = -1) -> None:
        """Set runs apart, unless they had ended or failed before."""
        outputs = self.outputs
        where = np.asarray(failing, dtype=np.bool_) & ~self.ended & (outputs.status == Status.OK)
        outputs.status[where] = status
        outputs.failed_step[where] = k
        outputs.failed_variable[where] = variable

    def check(self, k: int, state: State) -> None:
        """Set apart the runs in which a variable is not finite or has left its bounds."""
        for i, variable in enumerate(self.model.variables):
            self.fail(k, ~np.isfinite(state[variable.name]), Status.NOT_FINITE, i)
        for i, variable in enumerate(self.model.variables):
            if variable.bounds is not None and not variable.saturates:
                low, high = variable.bounds
                width = high - low
                slack = BOUNDS_TOLERANCE * width if math.isfinite(width) else 0.0
                value = state[variable.name]
                outside = (value < low - slack) | (value > high + slack)
                self.fail(k, outside, Status.OUT_OF_BOUNDS, i)


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


@dataclass
class Events:
    """Events of one step: the effects to apply, and (run, event) what to write down."""

    pushes: list[Push]
    count: Ints


def branch_effects(event: Event, branch: Ints) -> list[Push]:
    """Effects of the branch at a position, (run,); of none where that is -1."""
    return [
        Push(effect, (branch == b).astype(np.float64), event.name)
        for b, each in enumerate(event.branches)
        for effect in each.effects
    ]


def branch_drawn(chances: Sequence[Floats], u: Floats) -> Ints:
    """The first branch whose cumulative probability exceeds u, or the last: (run,)."""
    branch = np.full(u.shape, len(chances) - 1)
    cumulative = np.zeros(u.shape)
    undecided = np.ones(u.shape, dtype=np.bool_)
    for b, p in enumerate(chances):
        cumulative = cumulative + p
        here = undecided & (u < cumulative)
        branch[here] = b
        undecided &= ~here
    return branch


def times_applied(effect: Effect, times: Ints) -> Floats:
    """An addition counts as often as the event happened, a setting once."""
    return np.minimum(times, 1).astype(np.float64) if effect.how == "set" else times.astype(np.float64)
