"""Why an action is worth what it is: Q taken apart into the terms it is made of.

The look-ahead of docs/explanation/semantics.md once more, with a ledger beside it. Where
`World.expected_worth` follows one action after another, here all actions of an actor stand side by side as
runs: so one run at one date takes a second instead of minutes. Tests hold the two, and the compiled engine,
together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from offramp.engine.inputs import Floats
from offramp.engine.plain.imagined import Dice
from offramp.engine.plain.ladder import odds_of
from offramp.engine.plain.mind import Mind, Picture, Thought
from offramp.engine.plain.world import (
    Odds,
    Push,
    State,
    World,
    inner_steps,
    look_ahead_steps,
    power,
    softmax,
    weigh,
)
from offramp.model import Actor


@dataclass(frozen=True)
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


class Reasoner(Mind):
    """A mind that remembers why: after `think`, `reasons` holds the parts of Q, picture by picture."""

    def __init__(self, mind: Mind) -> None:
        super().__init__(mind.model, mind.actor, mind.misread, mind.prior, mind.types)
        self.reasons: list[Reasons] = []

    def think(self, picture: Picture, seen: State, step: int, dice: Dice | None = None) -> Thought:
        """As `Mind.think`, all actions at once and along the expected path alone."""
        assert dice is None, "reasons are those of the expected path"
        actor, dt = self.actor, picture.world.dt
        world = Abreast(self.model, picture.world.parameters, picture.world.runs)
        world.odds = tuple(odds_of(x, world, seen, step * dt) for x in self.model.ladders)
        steps, inner = look_ahead_steps(actor, dt), inner_steps(actor, dt)
        found = world.reasons(actor, seen, step, actor.depth, steps, inner)
        self.reasons.append(found)
        expects = {
            other.name: world.choice(other, min(actor.depth - 1, other.depth), seen, step, inner)
            for other in self.model.actors
            if other is not actor
        }
        return Thought(picture, found.q, expects)


class Abreast(World):
    """A world in which the actions that someone weighs are followed side by side."""

    def choice(self, actor: Actor, level: int, state: State, step: int, inner: int) -> Floats:
        """As `World.choice`: (run, action)."""
        now = step * self.dt
        if level == 0:
            return self.habit(actor, state, now)
        steps = min(inner, look_ahead_steps(actor, self.dt))
        q = self.reasons(actor, state, step, level, steps, inner).q
        precision = self.read(actor.precision, state, now)
        weights = np.empty_like(q)
        for a, action in enumerate(actor.actions):
            weight = self.read(action.propensity, state, now) + precision * q[:, a]
            weights[:, a] = np.where(self.holds(action.when, state, now), weight, -np.inf)
        return softmax(weights)

    def reasons(self, actor: Actor, seen: State, step: int, level: int, steps: int, inner: int) -> Reasons:
        """What `actor` expects of each of its actions from a state, part by part.

        The parameters are those of `World.expected_worth`.
        """
        count = len(actor.actions)
        wide = _Candidates(
            self.model, {n: np.repeat(v, count) for n, v in self.parameters.items()}, self.runs * count
        )
        wide.odds = tuple(_repeated(odds, count) for odds in self.odds)
        path = {n: np.repeat(v, count) for n, v in seen.items()}
        found = wide.follow(actor, path, step, level, steps, inner)

        def parted(values: Floats) -> Floats:
            return values.reshape(self.runs, count)

        cost = np.stack([self.read(a.cost, seen, step * self.dt) for a in actor.actions], axis=1)
        return Reasons(
            q=parted(found.q) - cost,
            terms={n: parted(v) for n, v in found.terms.items()},
            ladders={n: parted(v) for n, v in found.ladders.items()},
            worth={n: parted(v) for n, v in found.worth.items()},
            cost=cost,
            chances={n: parted(v) for n, v in found.chances.items()},
            none=parted(found.none),
        )


class _Candidates(Abreast):
    """A world whose run r·A + a follows action a, of A, of one actor from state r."""

    def follow(self, actor: Actor, seen: State, step: int, level: int, steps: int, inner: int) -> Reasons:
        """The look-ahead of `World.expected_worth` without the cost; everything is (run,)."""
        dt = self.dt
        absorbing = [o for o in self.model.outcomes if o.absorbing]
        discount = self.read(actor.discount, seen, step * dt, absent=1.0)
        survival, total = np.ones(self.runs), np.zeros(self.runs)
        chances = {o.name: np.zeros(self.runs) for o in absorbing}
        terms = {t.name: np.zeros(self.runs) for t in actor.utility}
        worth = {o.name: np.zeros(self.runs) for o in absorbing}
        ladders = {o.ladder.name: np.zeros(self.runs) for o in self.odds if actor.name in o.points}
        path = seen
        for h in range(1, steps + 1):
            now, end = (step + h - 1) * dt, (step + h) * dt
            if h == 1:
                path = self.first_moves(path, step, actor, level, inner)
            else:
                path = self.expected_events(path, step + h - 1, now)
                openings = self.expected_openings(path, now)
                path = self.expected_exchanges(openings, path, now)
                for odds, likely in zip(self.odds, openings, strict=True):
                    if actor.name in odds.points:
                        points = weigh(survival * likely, odds.points[actor.name])
                        name = odds.ladder.name
                        ladders[name] = ladders[name] + power(discount, h * dt) * points
                for odds, likely in zip(self.odds, openings, strict=True):
                    moved = survival * (likely * odds.war)
                    chances[odds.ladder.war] = chances[odds.ladder.war] + moved
                    survival = survival - moved
                path = self.expected_moves(path, step + h - 1, actor, None, level, inner)
            path = self.change(path, now, end)

            hazards = [o for o in absorbing if o.rate is not None]
            rates = {o.name: np.maximum(self.read(o.rate, path, end), 0.0) for o in hazards}
            rate = sum(rates.values(), np.zeros(self.runs))
            ending = survival * (1.0 - np.exp(-rate * dt))
            for name, r in rates.items():
                chances[name] = chances[name] + np.where(rate == 0, 0.0, ending * r / rate)
            survival = survival * np.exp(-rate * dt)
            for outcome in absorbing:
                if outcome.when is not None:
                    moved = np.where(self.holds(outcome.when, path, end), survival, 0.0)
                    chances[outcome.name] = chances[outcome.name] + moved
                    survival = survival - moved

            # Summed as the look-ahead sums, and beside it term by term.
            today = power(discount, h * dt)
            utility = np.zeros(self.runs)
            for term in actor.utility:
                value = self.read(term.formula, path, end)
                utility = utility + value
                terms[term.name] = terms[term.name] + dt * today * weigh(survival, value)
            value = weigh(survival, utility)
            for outcome in absorbing:
                brings = self.read(dict(outcome.worth).get(actor.name), path, end)
                brings = weigh(chances[outcome.name], brings)
                value = value + brings
                worth[outcome.name] = worth[outcome.name] + dt * today * brings
            total = total + today * value
        q = dt * total + sum(ladders.values(), np.zeros(self.runs))
        return Reasons(q, terms, ladders, worth, np.zeros(self.runs), chances, survival)

    def first_moves(self, state: State, step: int, mover: Actor, level: int, inner: int) -> State:
        """The state after the first moves: of `mover` each run's own action, of the others as expected."""
        count = len(mover.actions)
        pushes = []
        for actor in self.model.actors:
            if actor is mover:
                chances = np.tile(np.eye(count), (self.runs // count, 1))
            else:
                chances = self.choice(actor, min(level - 1, actor.depth), state, step, inner)
            for a, action in enumerate(actor.actions):
                pushes += [Push(e, chances[:, a], actor.name) for e in action.effects]
        return self.after(pushes, state, step * self.dt)


def _repeated(odds: Odds, count: int) -> Odds:
    """The odds of a ladder for each of `count` actions side by side."""
    return Odds(
        odds.ladder,
        {side: np.repeat(points, count) for side, points in odds.points.items()},
        np.repeat(odds.war, count),
        [np.repeat(chance, count) for chance in odds.highest],
    )


def averaged(weights: Floats, parts: list[Reasons]) -> Reasons:
    """Reasons over all pictures, each by its weight, (picture,); of one run: parts are (1, action)."""

    def mean(values: list[Floats]) -> Floats:
        total = np.zeros_like(values[0])
        for weight, value in zip(weights, values, strict=True):
            total = total + weigh(np.array(weight), value)
        return total

    return Reasons(
        q=mean([p.q for p in parts]),
        terms={n: mean([p.terms[n] for p in parts]) for n in parts[0].terms},
        ladders={n: mean([p.ladders[n] for p in parts]) for n in parts[0].ladders},
        worth={n: mean([p.worth[n] for p in parts]) for n in parts[0].worth},
        cost=mean([p.cost for p in parts]),
        chances={n: mean([p.chances[n] for p in parts]) for n in parts[0].chances},
        none=mean([p.none for p in parts]),
    )
