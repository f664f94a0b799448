"""A look-ahead along sampled paths, in plain NumPy: what the expected path of `World` misses.

Along the expected path everything in between moves by its mean, so that a risk which grows faster than its
cause is weighed at the mean of the cause. Here an actor follows some courses of luck instead and averages
what they bring: events, noise and everyone's moves are drawn. All candidate actions, and all pictures, meet
the same luck, so that they differ by what they do alone. What the others are supposed to weigh, they weigh
along the expected path; ladders count by their expectation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from offramp.engine import luck
from offramp.engine.inputs import Floats, Ints
from offramp.engine.plain.world import Push, State, World
from offramp.model import Action, Actor, Event, Model

LARGEST_MEAN = 10.0  # of events in one step
MOST_PATHS = 4095
# The word of luck's counter for step k, h steps ahead, on path n; h is 0 in the true course.
AHEAD = 2**10
PATH = 2**20


@dataclass(frozen=True)
class Dice:
    """The luck of one step, from which imagined luck is drawn."""

    paths: int
    seed: int
    scenario: Ints
    step: int

    def word(self, path: int, ahead: int) -> int:
        return self.step + AHEAD * ahead + PATH * path


def purposes(model: Model) -> list[str]:
    """Every purpose for which sampled look-aheads draw."""
    names = []
    for actor in model.actors:
        if actor.depth:
            names += [purpose(actor, f"choose/{other.name}") for other in model.actors]
            names += [purpose(actor, f"noise/{v.name}") for v in model.stocks]
            for event in model.events:
                names += [purpose(actor, name) for name in luck.purposes_of_event(event)]
    return names


def purpose(actor: Actor, of: str) -> str:
    """Name of a draw in what an actor imagines."""
    return f"imagine/{actor.name}/{of}"


def sampled_worth(
    world: World, dice: Dice, actor: Actor, action: Action, seen: State, steps: int, inner: int
) -> Floats:
    """Q(a) as the mean over paths, (run,), points; arguments as for `World.expected_worth`."""
    total = np.zeros(world.runs)
    for n in range(dice.paths):
        path = _Path(world, dice, actor, n)
        total = total + path.expected_worth(actor, action, seen, dice.step, actor.depth, steps, inner)
    return total / dice.paths


class _Path(World):
    """A world in which what happens is drawn, though others think of it as of `world`."""

    def __init__(self, world: World, dice: Dice, actor: Actor, number: int) -> None:
        super().__init__(world.model, world.parameters, world.runs)
        self.odds = world.odds
        self.world, self.dice, self.actor, self.number = world, dice, actor, number

    def uniform(self, step: int, of: str) -> Floats:
        word = self.dice.word(self.number, step - self.dice.step + 1)
        return luck.uniform(self.dice.seed, self.dice.scenario, word, purpose(self.actor, of))

    def expected_moves(
        self, state: State, step: int, mover: Actor, first: Action | None, level: int, inner: int
    ) -> State:
        """The state after everyone's moves, as they are drawn."""
        pushes = []
        for actor in self.model.actors:
            if actor is not mover:
                chances = self.world.choice(actor, min(level - 1, actor.depth), state, step, inner)
            elif first is None:
                chances = self.world.habit(actor, state, step * self.dt)
            else:
                chances = np.tile([float(a is first) for a in actor.actions], (self.runs, 1))
            if actor is not mover or first is None:
                chances = drawn(chances, self.uniform(step, f"choose/{actor.name}"))
            for a, action in enumerate(actor.actions):
                pushes += [Push(e, chances[:, a], actor.name) for e in action.effects]
        return self.after(pushes, state, step * self.dt)

    def expected_events(self, state: State, step: int, now: float) -> State:
        """The state after the events of a step, as they are drawn."""
        pushes = []
        for event in self.model.events:
            if event.on is not None and self.model.step_of(event.on) == step:
                pushes += [Push(e, np.ones(self.runs), event.name) for e in event.effects]
                pushes += self.branch(event, np.ones(self.runs), state, step, now)
        state = self.after(pushes, state, now)
        pushes = []
        for event in self.model.events:
            if event.rate is None:
                continue
            mean = self.event_mean(event, state, now)
            if event.once:
                here = (self.uniform(step, luck.purpose_of_event(event)) > np.exp(-mean)).astype(np.float64)
                here = here + 0.0 * mean  # what is not finite stays so
                pushes += [Push(e, here, event.name) for e in event.effects]
                pushes += self.branch(event, here, state, step, now)
                continue
            chances = self.branch_probabilities(event.branches, state, now)
            total = np.zeros(self.runs)
            for branch, p in zip(event.branches, chances, strict=True):
                times = self.times(step, luck.purpose_of_event(event, branch.name), mean * p)
                total = total + times
                pushes += self.counted(branch.effects, times, f"{event.name}.{branch.name}")
            if not event.branches:
                total = self.times(step, luck.purpose_of_event(event), mean)
            pushes += self.counted(event.effects, total, event.name)
        return self.after(pushes, state, now)

    def branch(self, event: Event, weight: Floats, state: State, step: int, now: float) -> list[Push]:
        """Effects of the one branch of an event that is drawn."""
        if not event.branches:
            return []
        chances = np.stack(self.branch_probabilities(event.branches, state, now), axis=1)
        taken = drawn(chances, self.uniform(step, luck.purpose_of_branch(event)))
        return [
            Push(e, weight * taken[:, b], event.name)
            for b, branch in enumerate(event.branches)
            for e in branch.effects
        ]

    def times(self, step: int, of: str, mean: Floats) -> Floats:
        """How often something happens; means above 10 count as 10."""
        return luck.poisson(self.uniform(step, of), np.minimum(mean, LARGEST_MEAN)) + 0.0 * mean

    def counted(self, effects: tuple, times: Floats, cause: str) -> list[Push]:  # type: ignore[type-arg]
        return [Push(e, np.minimum(times, 1.0) if e.how == "set" else times, cause) for e in effects]

    def change(self, state: State, now: float, end: float, noise: State | None = None) -> State:
        """The state after the stocks have changed, with noise."""
        step = round(now / self.dt)
        word = self.dice.word(self.number, step - self.dice.step + 1)
        kick = {
            v.name: luck.normal(
                self.dice.seed, self.dice.scenario, word, purpose(self.actor, f"noise/{v.name}")
            )
            for v in self.model.stocks
            if v.noise is not None
        }
        return super().change(state, now, end, kick)


def drawn(chances: Floats, u: Floats) -> Floats:
    """One of several, by the first whose cumulative chance exceeds u, or the last: 0 and 1, (run, which).

    Where a chance is not a number, all are not.
    """
    cumulative = np.cumsum(chances, axis=1)
    which = np.minimum((u[:, None] >= cumulative).sum(axis=1), chances.shape[1] - 1)
    taken = (np.arange(chances.shape[1]) == which[:, None]).astype(np.float64)
    return np.asarray(taken + 0.0 * cumulative[:, -1:])
