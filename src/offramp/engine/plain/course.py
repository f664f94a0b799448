"""docs/explanation/semantics.md written down as plainly as possible, to be held beside that page.

Slow on purpose: one NumPy operation over all runs at a time, nothing shared, nothing skipped. The
compiled engine must agree with it run by run. What happens inside a world, true or pictured, is in
`offramp.engine.plain.world`, what an actor believes in `offramp.engine.plain.mind`; here is the true course.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offramp.engine import luck
from offramp.engine.inputs import Bools, Ending, Floats, Inputs, Ints, Outputs, Status
from offramp.engine.plain.imagined import Dice
from offramp.engine.plain.ladder import Exchange, View, play, read_rules, solve
from offramp.engine.plain.mind import Thought, chance_of, minds_of, on_average
from offramp.engine.plain.world import Push, State, World, softmax, weigh
from offramp.model import Actor, Effect, Ladder, Model

LARGEST_MEAN = 10.0  # events in one step
BOUNDS_TOLERANCE = 1e-9  # of the width between the bounds


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
            return _Course(self.model, inputs, probabilities).play()


class _Course:
    """The true course of a block of runs."""

    def __init__(self, model: Model, inputs: Inputs, probabilities: bool) -> None:
        self.model, self.inputs, self.dt = model, inputs, model.step_length
        self.steps = model.steps if inputs.steps is None else inputs.steps
        n, steps = len(inputs.scenario), self.steps
        slots = sum(len(a.actions) for a in model.actors)
        self.runs = n
        self.state = np.zeros((n, steps + 1, len(model.variables)))
        self.action = np.full((n, steps, len(model.actors)), -1, dtype=np.int8)
        self.probability = np.full((n, steps, slots), np.nan) if probabilities else None
        self.belief = np.full((n, steps, len(model.suppositions)), np.nan)
        self.expected = np.full((n, steps, len(model.expectations)), np.nan)
        self.event = np.zeros((n, steps, len(model.events)), dtype=np.int16)
        climbs = (n, steps, len(model.ladders))
        self.ladder_rung = np.full(climbs, -1, dtype=np.int8)
        self.ladder_first = np.full(climbs, -1, dtype=np.int8)
        self.ladder_moves = np.zeros(climbs, dtype=np.int8)
        self.ladder_ending = np.zeros(climbs, dtype=np.int8)
        self.ladder_foreseen = np.full((*climbs, 2), np.nan)
        self.ladder_risk = np.zeros(climbs)
        self.outcome = np.full((n, len(model.outcomes)), -1, dtype=np.int16)
        self.status = np.zeros(n, dtype=np.uint8)
        self.failed_step = np.full(n, -1, dtype=np.int16)
        self.failed_variable = np.full(n, -1, dtype=np.int16)
        self.ended = np.zeros(n, dtype=np.bool_)
        self.past: list[State] = []  # the state at the point of seeing, step by step
        self.minds = minds_of(model, inputs)
        self.war = np.full(n, -1)  # outcome that a ladder brought in this step

    def play(self) -> Outputs:
        model, inputs = self.model, self.inputs
        drawn = {p.name: inputs.parameters[:, i] for i, p in enumerate(model.parameters)}
        state = {s.name: inputs.initial[:, i] for i, s in enumerate(model.stocks)}
        state = World(model, drawn, self.runs).complete(state, 0.0)
        self.initial = state
        self.record(0, state)
        self.check(0, state)
        for k in range(self.steps):
            state = self.step(k, state)
            self.record(k + 1, state)
        return Outputs(
            state=self.state,
            action=self.action,
            probability=self.probability,
            belief=self.belief,
            expected=self.expected,
            event=self.event,
            ladder_rung=self.ladder_rung,
            ladder_first=self.ladder_first,
            ladder_moves=self.ladder_moves,
            ladder_ending=self.ladder_ending,
            ladder_foreseen=self.ladder_foreseen,
            ladder_risk=self.ladder_risk,
            outcome=self.outcome,
            status=self.status,
            failed_step=self.failed_step,
            failed_variable=self.failed_variable,
        )

    def step(self, k: int, before: State) -> State:
        """One step of every run; runs that have ended or failed keep the state before."""
        model, dt = self.model, self.dt
        now, end = k * dt, (k + 1) * dt
        parameters = self.parameters_in(k)
        truth = World(model, parameters, self.runs)

        # 0, 1, 2. Policy and events
        for mind in self.minds:
            mind.persuade(k, self.inputs.schedule, self.inputs.true_type)
        state = truth.complete(self.stocks_set_by_policy(k, before), now)
        self.check(k, state)
        dated = self.dated_events(k, truth, state)
        state = truth.after(dated.pushes, state, now)
        self.check(k, state)
        random = self.random_events(k, truth, state)
        state = truth.after(random.pushes, state, now)
        self.check(k, state)

        # 3. Ladders
        exchanges = [self.exchange(i, k, truth, state) for i in range(len(model.ladders))]
        self.war = self.wars(exchanges)
        state = truth.after(self.climbed(exchanges), state, now)
        self.check(k, state)

        # 4, 5. Everyone sees, everyone chooses at once, and some learn from it
        self.past.append(state)
        moves = [self.move_of(a, k, truth, state) for a in range(len(model.actors))]
        taken = {actor.name: move.taken for actor, move in zip(model.actors, moves, strict=True)}
        believed = [b for mind in self.minds for b in mind.believed()]
        expected = [
            chance_of(taken[other.name], move.expects[other.name])
            for actor, move in zip(model.actors, moves, strict=True)
            for other in model.actors
            if actor.depth >= 1 and other is not actor
        ]
        for mind, move in zip(self.minds, moves, strict=True):
            mind.learn(move.thoughts, taken, truth, state, now)
            for beliefs in mind.beliefs.values():
                self.fail(k, ~np.isfinite(beliefs).all(axis=1), Status.NOT_FINITE)

        # 6, 7. Effects and change
        pushes = []
        for actor in model.actors:
            for i, action in enumerate(actor.actions):
                pushes += [
                    Push(e, (taken[actor.name] == i).astype(np.float64), actor.name) for e in action.effects
                ]
        state = truth.after(pushes, state, now)
        self.check(k, state)
        noise = {s.name: self.normal(k, f"noise/{s.name}") for s in model.stocks}
        state = truth.change(state, now, end, noise)
        self.check(k, state)

        # 8. Outcomes, then write down the step of every run that still goes on
        recorded, ending = self.outcomes(k, truth, state, end)
        going = ~self.ended & (self.status == Status.OK)
        for a, move in enumerate(moves):
            self.action[going, k, a] = move.taken[going]
        if self.probability is not None and moves:
            self.probability[going, k] = np.concatenate([m.probability for m in moves], axis=1)[going]
        for i, values in enumerate(believed):
            self.belief[going, k, i] = values[going]
        for i, values in enumerate(expected):
            self.expected[going, k, i] = values[going]
        self.event[going, k] = (dated.count + random.count)[going]
        for i, exchange in enumerate(exchanges):
            self.ladder_rung[going, k, i] = exchange.rung[going]
            self.ladder_first[going, k, i] = exchange.first[going]
            self.ladder_moves[going, k, i] = exchange.moves[going]
            self.ladder_ending[going, k, i] = exchange.ending[going]
            self.ladder_foreseen[going, k, i] = exchange.foreseen[going]
            self.ladder_risk[going, k, i] = exchange.risk[going]
        self.outcome[recorded & going[:, None]] = k
        self.ended |= ending & going
        return {name: np.where(going, state[name], before[name]) for name in state}

    # Worlds

    def parameters_in(self, k: int) -> State:
        """The true parameters in step k: as drawn, unless a policy holds or shifts them."""
        schedule = self.inputs.schedule
        result = {}
        for i, parameter in enumerate(self.model.parameters):
            held = schedule.hold[k, i]
            value = self.inputs.parameters[:, i] if np.isnan(held) else np.full(self.runs, held)
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

    def dated_events(self, k: int, truth: World, state: State) -> _Happening:
        happening = _Happening([], np.zeros((self.runs, len(self.model.events)), dtype=np.int64))
        now = k * self.dt
        for i, event in enumerate(self.model.events):
            if event.on is None or self.model.step_of(event.on) != k:
                continue
            happening.count[:, i] = 1
            happening.pushes += [Push(e, np.ones(self.runs), event.name) for e in event.effects]
            if not event.branches:
                continue
            chances = truth.branch_probabilities(event.branches, state, now)
            self.fail(k, ~np.isfinite(chances).all(axis=0), Status.NOT_FINITE)
            drawn = branch_drawn(chances, self.uniform(k, luck.purpose_of_branch(event)))
            happening.count[:, i] = 1 + drawn
            for b, branch in enumerate(event.branches):
                applies = (drawn == b).astype(np.float64)
                happening.pushes += [Push(e, applies, event.name) for e in branch.effects]
        return happening

    def random_events(self, k: int, truth: World, state: State) -> _Happening:
        happening = _Happening([], np.zeros((self.runs, len(self.model.events)), dtype=np.int64))
        now = k * self.dt
        for i, event in enumerate(self.model.events):
            if event.rate is None:
                continue
            mean = truth.event_mean(event, state, now)
            self.fail(k, ~np.isfinite(mean), Status.NOT_FINITE)
            if event.once:
                here = self.uniform(k, luck.purpose_of_event(event)) > np.exp(-mean)
                happening.count[:, i] = here
                happening.pushes += [Push(e, here.astype(np.float64), event.name) for e in event.effects]
                if event.branches:
                    chances = truth.branch_probabilities(event.branches, state, now)
                    self.fail(k, ~np.isfinite(chances).all(axis=0), Status.NOT_FINITE)
                    drawn = branch_drawn(chances, self.uniform(k, luck.purpose_of_branch(event)))
                    for b, branch in enumerate(event.branches):
                        applies = (here & (drawn == b)).astype(np.float64)
                        happening.pushes += [Push(e, applies, event.name) for e in branch.effects]
                continue
            self.fail(k, mean > LARGEST_MEAN, Status.TOO_MANY_EVENTS)
            if event.branches:
                chances = truth.branch_probabilities(event.branches, state, now)
                self.fail(k, ~np.isfinite(chances).all(axis=0), Status.NOT_FINITE)
                for branch, p in zip(event.branches, chances, strict=True):
                    u = self.uniform(k, luck.purpose_of_event(event, branch.name))
                    times = luck.poisson(u, mean * p)
                    happening.count[:, i] += times
                    cause = f"{event.name}.{branch.name}"
                    happening.pushes += [Push(e, times_applied(e, times), cause) for e in branch.effects]
            else:
                times = luck.poisson(self.uniform(k, luck.purpose_of_event(event)), mean)
                happening.count[:, i] = times
            times = happening.count[:, i]
            happening.pushes += [Push(e, times_applied(e, times), event.name) for e in event.effects]
        return happening

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
            seen = self.seen_by(actor, k, truth, picture.world, state)
            weights.append(picture.weight)
            solutions.append(solve(read_rules(ladder, picture.world, seen, now), ladder.moves))
        seen = self.seen_by(actor, k, truth, mean, state)
        return View(weights, solutions, mean.read(actor.precision if actor.depth else None, seen, now))

    def climbed(self, exchanges: Sequence[Exchange]) -> list[Push]:
        """Effects of the highest rung that each exchange reached."""
        return [
            Push(effect, (exchange.rung == r).astype(np.float64), ladder.name)
            for ladder, exchange in zip(self.model.ladders, exchanges, strict=True)
            for r, rung in enumerate(ladder.rungs)
            for effect in rung.effects
        ]

    def wars(self, exchanges: Sequence[Exchange]) -> Ints:
        """Position of the outcome that war on a ladder brings, (run,): of several the first, -1 for none."""
        positions = {o.name: i for i, o in enumerate(self.model.outcomes)}
        found = np.full(self.runs, -1)
        for ladder, exchange in zip(self.model.ladders, exchanges, strict=True):
            found = np.where((found < 0) & (exchange.ending == Ending.WAR), positions[ladder.war], found)
        return found

    # Minds

    def seen_by(self, actor: Actor, k: int, truth: World, picture: World, state: State) -> State:
        """The state as the actor sees it."""
        now = k * self.dt
        seen = {s.name: state[s.name] for s in self.model.stocks}
        bounds = {s.name: s.bounds for s in self.model.stocks}
        for signal, right in zip(actor.sees, self.seen_right(actor, k), strict=True):
            name = signal.variable
            if right:
                continue
            if signal.hidden:
                assumed = signal.assumed
                seen[name] = self.initial[name] if assumed is None else picture.read(assumed, {}, now)
                continue
            # While ladders are played nothing has been noted of this step: it is the state itself.
            then = max(0, k - signal.delay)
            value = (self.past[then] if then < len(self.past) else state)[name]
            value = value + truth.read(signal.bias, state, now)
            if signal.noise is not None:
                z = self.normal(k, f"see/{actor.name}/{name}")
                value = value + truth.read(signal.noise, state, now) * z
            if bounds[name] is not None:
                low, high = bounds[name] or (-np.inf, np.inf)
                value = np.minimum(np.maximum(value, low), high)
            seen[name] = value
        return picture.complete(seen, now)

    def seen_right(self, actor: Actor, k: int) -> Bools:
        """Which of the stocks in `sees` a policy lets the actor see as they are."""
        actors = self.model.actors
        first = sum(len(other.sees) for other in actors[: actors.index(actor)])
        return self.inputs.schedule.right_signal[k, first : first + len(actor.sees)]

    def nudges(self, a: int, k: int) -> Floats:
        """What a policy adds to the propensities of actor `a`, (action,)."""
        first = sum(len(other.actions) for other in self.model.actors[:a])
        return self.inputs.schedule.nudge[k, first : first + len(self.model.actors[a].actions)]

    def move_of(self, a: int, k: int, truth: World, state: State) -> _Move:
        """What actor `a` does in this step, and what it thought of it."""
        actor, mind, now = self.model.actors[a], self.minds[a], k * self.dt
        mean = mind.mean_picture(truth)
        seen = self.seen_by(actor, k, truth, mean, state)
        available = self.available(a, k, mean, seen)
        weights = np.stack([mean.read(x.propensity, seen, now) for x in actor.actions], axis=1)
        weights = weights + self.nudges(a, k)
        thoughts: list[Thought] = []
        if actor.depth >= 1:
            paths, seed = self.inputs.paths, self.inputs.seed
            dice = Dice(paths, seed, self.scenario(k), k) if paths else None
            worth = np.zeros_like(weights)
            for picture in mind.pictures(truth):
                seen_so = self.seen_by(actor, k, truth, picture.world, state)
                thought = mind.think(picture, seen_so, k, dice)
                worth = worth + weigh(picture.weight[:, None], thought.reasons.q)
                thoughts.append(thought)
            self.fail(k, (available & ~np.isfinite(worth)).any(axis=1), Status.NOT_FINITE)
            weights = weights + mean.read(actor.precision, seen, now)[:, None] * worth
        weights = np.where(available, weights, -np.inf)
        probability = softmax(weights)
        self.fail(k, ~np.isfinite(probability).all(axis=1), Status.NOT_FINITE)
        # ln p(a) is the weight but for a constant, and the constant does not move the largest.
        noise = [
            luck.gumbel(self.inputs.seed, self.scenario(k), k, f"choose/{actor.name}/{x.name}")
            for x in actor.actions
        ]
        taken = np.argmax(weights + np.stack(noise, axis=1), axis=1)
        return _Move(taken, probability, thoughts, on_average(thoughts))

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

    def outcomes(self, k: int, truth: World, state: State, end: float) -> tuple[Bools, Bools]:
        """What to record in this step, (run, outcome), and whether the run ends, (run,)."""
        model, dt = self.model, self.dt
        recorded = np.zeros_like(self.outcome, dtype=np.bool_)
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
                recorded[:, i] = (time < dt) & (self.outcome[:, i] < 0)
        for i, outcome in enumerate(model.outcomes):
            if outcome.when is None:
                continue
            true = truth.holds(outcome.when, state, end)
            if outcome.absorbing:
                ended_by = np.where(true & (ended_by < 0), i, ended_by)
            else:
                recorded[:, i] = true & (self.outcome[:, i] < 0)
        ended_by = np.where(self.war >= 0, self.war, ended_by)
        ending = ended_by >= 0
        recorded[ending, ended_by[ending]] = True
        return recorded, ending

    # Bookkeeping

    def scenario(self, k: int) -> Ints:
        """Whose luck each run meets in step k."""
        return self.inputs.scenario if self.inputs.lineage is None else self.inputs.lineage[:, k]

    def uniform(self, k: int, purpose: str) -> Floats:
        return luck.uniform(self.inputs.seed, self.scenario(k), k, purpose)

    def normal(self, k: int, purpose: str) -> Floats:
        return luck.normal(self.inputs.seed, self.scenario(k), k, purpose)

    def record(self, time: int, state: State) -> None:
        for i, variable in enumerate(self.model.variables):
            self.state[:, time, i] = state[variable.name]

    def fail(self, k: int, failing: npt.ArrayLike, status: Status, variable: int = -1) -> None:
        """Set runs apart, unless they had ended or failed before."""
        where = np.asarray(failing, dtype=np.bool_) & ~self.ended & (self.status == Status.OK)
        self.status[where] = status
        self.failed_step[where] = k
        self.failed_variable[where] = variable

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
class _Move:
    """What an actor does in one step: the action taken, (run,), the chance of each, (run, action), what
    it thought in each of its pictures, and how it expects each other actor to choose, (run, action)."""

    taken: Ints
    probability: Floats
    thoughts: list[Thought]
    expects: dict[str, Floats]


@dataclass
class _Happening:
    """Events of one step: the effects to apply, and (run, event) what to write down."""

    pushes: list[Push]
    count: Ints


def branch_drawn(chances: Sequence[Floats], u: Floats) -> Ints:
    """The first branch whose cumulative probability exceeds u, or the last: (run,)."""
    drawn = np.full(u.shape, len(chances) - 1)
    cumulative = np.zeros(u.shape)
    undecided = np.ones(u.shape, dtype=np.bool_)
    for b, p in enumerate(chances):
        cumulative = cumulative + p
        here = undecided & (u < cumulative)
        drawn[here] = b
        undecided &= ~here
    return drawn


def times_applied(effect: Effect, times: Ints) -> Floats:
    """An addition counts as often as the event happened, a setting once."""
    return np.minimum(times, 1).astype(np.float64) if effect.how == "set" else times.astype(np.float64)
