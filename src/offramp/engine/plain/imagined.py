"""A look-ahead along sampled paths, in plain NumPy: what the expected path of `World` misses.

Along the expected path everything in between moves by its mean, so that a risk which grows faster than its
cause is weighed at the mean of the cause. Here an actor follows some courses of luck instead and averages
what they bring: events, noise and everyone's moves are drawn. All candidate actions, and all pictures, meet
the same luck, so that they differ by what they do alone. What the others are supposed to weigh, they weigh
along the expected path; ladders count by their expectation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from offramp.engine import luck
from offramp.engine.inputs import LARGEST_MEAN, Floats, Ints
from offramp.engine.plain.world import Noise, Push, Reasons, State, World, combined, repeated
from offramp.model import Actor, Effect, Event, Model

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
            for v in model.stocks:
                parts = luck.parts_of_noise(v.name, model.substeps)
                names += [purpose(actor, of) for of in (f"noise/{v.name}", *parts)]
            for event in model.events:
                names += [purpose(actor, name) for name in luck.purposes_of_event(event)]
    return names


def purpose(actor: Actor, of: str) -> str:
    """Name of a draw in what an actor imagines."""
    return f"imagine/{actor.name}/{of}"


def sampled_reasons(world: World, dice: Dice, actor: Actor, seen: State, steps: int, inner: int) -> Reasons:
    """`World.reasons` as the mean over paths."""
    count, level = len(actor.actions), actor.depth
    wide, state = world.abreast(count), repeated(seen, count)
    dice = replace(dice, scenario=np.repeat(dice.scenario, count))
    each = []
    for n in range(dice.paths):
        found = _Path(wide, dice, actor, n).follow(actor, state, dice.step, level, steps, inner)
        each.append(world.by_action(found, actor, seen, dice.step))
    return combined(each, lambda values: sum(values, np.zeros_like(values[0])) / dice.paths)


class _Path(World):
    """A world in which what happens is drawn, though others think of it as of `world`."""

    def __init__(self, world: World, dice: Dice, actor: Actor, number: int) -> None:
        super().__init__(world.model, world.parameters, world.runs)
        self.odds = world.odds
        self.world, self.dice, self.actor, self.number = world, dice, actor, number

    def word(self, step: int) -> int:
        return self.dice.word(self.number, step - self.dice.step + 1)

    def uniform(self, step: int, of: str) -> Floats:
        return luck.uniform(self.dice.seed, self.dice.scenario, self.word(step), purpose(self.actor, of))

    def choice(self, actor: Actor, level: int, state: State, step: int, inner: int) -> Floats:
        """The action drawn of those that the others expect, 0 and 1: (run, action)."""
        chances = self.world.choice(actor, level, state, step, inner)
        return one_drawn(chances, self.uniform(step, f"choose/{actor.name}"))

    def habit(self, actor: Actor, state: State, now: float) -> Floats:
        chances = self.world.habit(actor, state, now)
        return one_drawn(chances, self.uniform(round(now / self.dt), f"choose/{actor.name}"))

    def effects_repeated(self, event: Event, mean: Floats, state: State, step: int) -> list[Push]:
        pushes: list[Push] = []
        total = np.zeros(self.runs)
        for branch, p in zip(event.branches, super().branch_weights(event, state, step), strict=True):
            times = self.times(step, luck.purpose_of_event(event, branch.name), mean * p)
            total = total + times
            pushes += self.counted(branch.effects, times, f"{event.name}.{branch.name}")
        if not event.branches:
            total = self.times(step, luck.purpose_of_event(event), mean)
        return pushes + self.counted(event.effects, total, event.name)

    def branch_weights(self, event: Event, state: State, step: int) -> Sequence[Floats]:
        """1 for the branch drawn, 0 for the others."""
        if not event.branches:
            return []
        chances = np.stack(super().branch_weights(event, state, step), axis=1)
        return list(one_drawn(chances, self.uniform(step, luck.purpose_of_branch(event))).T)

    def weight_of_once(self, event: Event, mean: Floats, step: int) -> Floats:
        here = self.uniform(step, luck.purpose_of_event(event)) > np.exp(-mean)
        return here.astype(np.float64) + 0.0 * mean  # what is not finite stays so

    def times(self, step: int, of: str, mean: Floats) -> Floats:
        """How often something happens; means above 500 count as 500."""
        return luck.poisson(self.uniform(step, of), np.minimum(mean, LARGEST_MEAN)) + 0.0 * mean

    def counted(self, effects: Iterable[Effect], times: Floats, cause: str) -> list[Push]:
        return [Push(e, np.minimum(times, 1.0) if e.how == "set" else times, cause) for e in effects]

    def change(self, state: State, now: float, end: float, noise: Noise | None = None) -> State:
        """The state after the stocks have changed, with noise."""
        word = self.word(round(now / self.dt))

        def draw(of: str) -> Floats:
            return luck.normal(self.dice.seed, self.dice.scenario, word, purpose(self.actor, of))

        noisy = [v.name for v in self.model.stocks if v.noise is not None]
        kick = {name: luck.in_parts(draw, name, self.model.substeps) for name in noisy}
        return super().change(state, now, end, kick)


def one_drawn(chances: Floats, u: Floats) -> Floats:
    """One of several, by the first whose cumulative chance exceeds u, or the last: 0 and 1, (run, which).

    Where a chance is not a number, all are not.
    """
    cumulative = np.cumsum(chances, axis=1)
    which = np.minimum((u[:, None] >= cumulative).sum(axis=1), chances.shape[1] - 1)
    taken = (np.arange(chances.shape[1]) == which[:, None]).astype(np.float64)
    return np.asarray(taken + 0.0 * cumulative[:, -1:])
