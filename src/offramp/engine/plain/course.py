"""docs/explanation/semantics.md written down as plainly as possible, to be held beside that page.

Slow on purpose: one NumPy operation over all runs at a time, nothing shared, nothing skipped. The
compiled engine must agree with it run by run. What happens inside a world, true or pictured, is in
`offramp.engine.plain.world`, what an actor believes in `offramp.engine.plain.mind`; here is the true course,
with events and choices in files of their own beside it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

from offramp.engine import luck
from offramp.engine.inputs import Bools, Floats, Inputs, Ints
from offramp.engine.outputs import Ending, Outputs, Status
from offramp.engine.plain.choices import ChoosingRuns, Move, Turns
from offramp.engine.plain.events import EventfulRuns
from offramp.engine.plain.ladder import Exchange, View, play, read_rules, solve
from offramp.engine.plain.mind import Expectation
from offramp.engine.plain.world import Push, State, World
from offramp.model import Actor, Ladder, Model


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


class Course(EventfulRuns, ChoosingRuns):
    """The true course of a block of runs: `play` it, or follow its `moments` and stop at any of them.

    Attributes
    ----------
    outputs : what has been written down so far
    minds : what each actor believes at present
    """

    def __init__(self, model: Model, inputs: Inputs, probabilities: bool) -> None:
        super().__init__(model, inputs, probabilities)
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
        state = self.world(self.parameters_as_drawn()).begin(state)
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
        self.initial = self.world(self.parameters_as_drawn()).begin(start)
        truth = self.world(self.parameters_in(k))
        present = {**self.initial, **{s.name: stocks[:, i] for i, s in enumerate(model.stocks)}}
        state = truth.as_ever(truth.complete(present, k * self.dt), k * self.dt)
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
        events = self._none()
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
        notes = self.notes(turns.in_order, exchanges) | {"event_mean": list(events.mean.T)}

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
