"""What an actor believes: its pictures, what it expects in each, and what it learns from what others do.

The part of docs/explanation/semantics.md on types, beliefs and learning, in plain NumPy; the oracle uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np
import numpy.typing as npt

from offramp.engine.depths import inner_steps, steps_ahead
from offramp.engine.inputs import LEADING, Floats, Inputs, Ints, Schedule
from offramp.engine.plain.estimates import Supposed
from offramp.engine.plain.imagined import Dice, sampled_reasons
from offramp.engine.plain.ladder import odds_of
from offramp.engine.plain.world import Reasons, State, World, power, weigh
from offramp.model import Actor, Belief, Formula, Model


@dataclass(frozen=True)
class Picture:
    """One joint assignment of types to those about whom an actor has beliefs.

    Attributes
    ----------
    types : other actor -> position of its type
    weight : (run,), how likely the actor takes this picture to be
    world : the formulas on the vector of this picture
    """

    types: dict[str, int]
    weight: Floats
    world: World


@dataclass(frozen=True)
class Expectation:
    """How an actor expects others to choose, in one picture.

    Attributes
    ----------
    expects : other actor -> (run, action), how that one is expected to choose
    """

    picture: Picture
    expects: dict[str, Floats]


@dataclass(frozen=True)
class Thought(Expectation):
    """What an actor thinks in one picture as it chooses.

    Attributes
    ----------
    reasons : what it expects of each of its own actions, and why
    """

    reasons: Reasons


class Mind:
    """One actor's beliefs in a block of runs.

    Attributes
    ----------
    misread : parameter -> (run,), what the actor takes it for; changed by `persuade`
    beliefs : about whom -> (run, type), chances of types; changed by `learn` and `persuade`
    """

    def __init__(
        self, model: Model, actor: Actor, misread: State, prior: State, types: Mapping[str, list[State]]
    ) -> None:
        self.model = model
        self.actor = actor
        self.stage = next(g for g, some in enumerate(model.stages) if model.actors.index(actor) in some)
        self.misread = dict(misread)
        self.by_itself = misread  # where no policy corrects or misleads it
        self.known: set[str] = set()  # those whose types it knows, by a policy
        self.prior = prior
        self.beliefs = dict(prior)
        self.estimates: Supposed | None = None  # once a run has begun, of an actor that makes some
        self.types = types  # actor -> for each type, parameter -> (run,)

    def estimated(self) -> dict[str, tuple[Floats, Floats]]:
        """Stock -> mean and standard deviation, (run,) each, of what the actor takes it for."""
        of = self.estimates.of if self.estimates is not None else {}
        return {name: (estimate.mean, estimate.sd) for name, estimate in of.items()}

    def persuade(self, k: int, schedule: Schedule, true_type: npt.NDArray[np.int8]) -> None:
        """What policies make the actor think in step k; `true_type` is (run, actor)."""
        names = [actor.name for actor in self.model.actors]
        me = names.index(self.actor.name)
        self.misread = self._misreadings(schedule, k, me, len(true_type))
        first = sum(len(a.beliefs) for a in self.model.actors[:me])
        certain = schedule.right_belief[k, first : first + len(self.actor.beliefs)]
        self.known = {b.about for b, is_known in zip(self.actor.beliefs, certain, strict=True) if is_known}
        for about, types in ((b.about, len(self.types[b.about])) for b in self.actor.beliefs):
            given = [
                schedule.believe[k, n]
                for n, (who, whom, _) in enumerate(self.model.suppositions)
                if (who, whom) == (self.actor.name, about)
            ]
            if about in self.known:
                truth = true_type[:, names.index(about)][:, None]
                self.beliefs[about] = (truth == np.arange(types)).astype(np.float64)
            elif not np.isnan(given).any():
                self.beliefs[about] = np.tile(given, (len(true_type), 1))

    def _misreadings(self, schedule: Schedule, k: int, me: int, runs: int) -> State:
        """What the actor takes parameters for in step k, where policies correct it or mislead it."""
        first = sum(len(a.misreads) for a in self.model.actors[:me])
        right = schedule.right_misreading[k, first : first + len(self.actor.misreads)]
        misread = {
            m.parameter: self.by_itself[m.parameter]
            for m, corrected in zip(self.actor.misreads, right, strict=True)
            if not corrected
        }
        for parameter, value in zip(self.model.parameters, schedule.suppose[k, me], strict=True):
            if not np.isnan(value):
                misread[parameter.name] = np.full(runs, value)
        return misread

    # Pictures

    def pictures(self, truth: World) -> list[Picture]:
        """Every joint assignment of types, weighed by the product of the beliefs."""
        abouts = list(self.beliefs)
        result = []
        for joint in product(*(range(len(self.types[about])) for about in abouts)):
            parameters = truth.parameters | self.misread
            weight = np.ones(truth.runs)
            for about, k in zip(abouts, joint, strict=True):
                parameters |= self.types[about][k]
                weight = weight * self.beliefs[about][:, k]
            world = truth.like(parameters, truth.runs)
            result.append(Picture(dict(zip(abouts, joint, strict=True)), weight, world))
        return result

    def mean_picture(self, truth: World) -> World:
        """The values of types averaged by belief, for what the actor can use but one number."""
        parameters = truth.parameters | self.misread
        for about, beliefs in self.beliefs.items():
            for name in self.types[about][0]:
                values = [weigh(beliefs[:, k], t[name]) for k, t in enumerate(self.types[about])]
                parameters[name] = sum(values, np.zeros(truth.runs))
        return truth.like(parameters, truth.runs)

    def think(self, picture: Picture, seen: State, step: int, dice: Dice | None = None) -> Thought:
        """Look ahead in one picture from the state as seen in it; with dice along sampled paths."""
        actor, world = self.actor, picture.world
        self._foresee_ladders(world, seen, step)
        steps, inner = steps_ahead(actor, world.dt), inner_steps(actor, world.dt)
        if dice is None:
            reasons = world.reasons(actor, seen, step, actor.depth, steps, inner)
        else:
            reasons = sampled_reasons(world, dice, actor, seen, steps, inner)
        return Thought(picture, self._expects(world, seen, step, self.stage), reasons)

    def expect(self, picture: Picture, seen: State, step: int, stage: int) -> Expectation:
        """How those of a stage are expected to choose in one picture, from the state as seen in it."""
        self._foresee_ladders(picture.world, seen, step)
        return Expectation(picture, self._expects(picture.world, seen, step, stage))

    def _foresee_ladders(self, world: World, seen: State, step: int) -> None:
        world.odds = tuple(odds_of(x, world, seen, step * world.dt) for x in self.model.ladders)

    def _expects(self, world: World, seen: State, step: int, stage: int) -> dict[str, Floats]:
        actor, inner = self.actor, inner_steps(self.actor, world.dt)
        others = (self.model.actors[i] for i in self.model.stages[stage])
        return {
            other.name: world.choice(other, min(actor.depth - 1, other.depth), seen, step, inner)
            for other in others
            if other is not actor
        }

    # Learning

    def learn(
        self, expected: Sequence[Expectation], taken: Mapping[str, Ints], truth: World, state: State,
        now: float,
    ) -> None:  # fmt: skip
        """Change the beliefs by what others did; `expected`: in each picture, just before they did it."""
        if not expected:
            return
        before = dict(self.beliefs)
        for belief in self.actor.beliefs:
            if belief.about in taken and belief.learns and belief.about not in self.known:
                likelihood = self._likelihood(belief.about, expected, taken[belief.about], before)
                about = next(a for a in self.model.actors if a.name == belief.about)
                attributed = attribution(about, taken[belief.about], truth, state, now)
                self.beliefs[belief.about] = self._updated(belief, likelihood, attributed, truth, state, now)

    def _likelihood(
        self, about: str, expected: Sequence[Expectation], taken: Ints, beliefs: Mapping[str, Floats]
    ) -> Floats:
        """Chance that each type would have done what was done, (run, type)."""
        likelihood = np.zeros_like(beliefs[about])
        for each in expected:
            types = each.picture.types
            weight = np.ones(len(taken))
            for other, k in types.items():
                if other != about:
                    weight = weight * beliefs[other][:, k]
            likelihood[:, types[about]] += weigh(weight, chance_of(taken, each.expects[about]))
        return likelihood

    def _alike(self, about: str, runs: int) -> npt.NDArray[np.bool_]:
        """Which types of another are one, having the same values: (run, type, type)."""
        types = self.types[about]
        same = np.ones((runs, len(types), len(types)), dtype=np.bool_)
        for name in types[0]:
            values = np.stack([t[name] for t in types], axis=1)
            same &= values[:, :, None] == values[:, None, :]
        same[:, range(len(types)), range(len(types))] = True
        return same

    def _updated(
        self, belief: Belief, likelihood: Floats, attributed: Floats, truth: World, state: State, now: float
    ) -> Floats:
        """The belief after one act, (run, type)."""

        def within(formula: Formula | None, high: float) -> Floats:
            """A number between 0 and `high`, as a column."""
            return np.minimum(np.maximum(truth.read(formula, state, now), 0.0), high)[:, None]

        b, prior = self.beliefs[belief.about], self.prior[belief.about]
        bias, fading = within(belief.confirmation_bias, 1.0), within(belief.fading, 1.0)
        alike = self._alike(belief.about, len(b))
        share = 1.0 / alike.sum(axis=2)  # of a type in those like it, counted
        floor = np.minimum(within(belief.floor, np.inf), 1.0 / share.sum(axis=1, keepdims=True))

        def together(of: Floats) -> Floats:
            """The sum over each type and all that are like it, (run, type)."""
            return np.asarray(np.where(alike, of[:, None, :], 0.0).sum(axis=2))

        mean = weigh(b, likelihood).sum(axis=1, keepdims=True)
        alpha = attributed[:, None]
        likelihood = weigh(alpha, likelihood) + weigh(1.0 - alpha, mean)

        mean = weigh(b, likelihood).sum(axis=1, keepdims=True)
        joint = together(b)
        leads = np.where(joint >= joint.max(axis=1, keepdims=True) * LEADING, b, 0.0)
        leading = (weigh(leads, likelihood).sum(axis=1) / leads.sum(axis=1))[:, None]
        weaker = np.where(bias == 1.0, 1.0, power(likelihood, 1.0 - bias))
        likelihood = np.where(leading < mean, weaker, likelihood)

        mean = weigh(b, likelihood).sum(axis=1, keepdims=True)
        b = np.where(mean == 0.0, b, weigh(b, likelihood) / mean)

        kept = power(1.0 - fading, truth.dt)
        b = kept * b + (1.0 - kept) * prior

        if belief.floor is not None:
            joint = together(b)
            with np.errstate(invalid="ignore", divide="ignore"):
                b = np.maximum(joint, floor) * np.where(joint == 0.0, share, b / joint)
        return np.asarray(b / b.sum(axis=1, keepdims=True))


def minds_of(model: Model, inputs: Inputs) -> list[Mind]:
    """The minds of all actors at the start of a block of runs."""
    overlays, misreadings, priors = (
        iter(values.T) for values in (inputs.type_value, inputs.misread, inputs.prior)
    )
    types = {
        actor.name: [{o.parameter: next(overlays) for o in t.overlays} for t in actor.types]
        for actor in model.actors
    }
    minds = []
    for actor in model.actors:
        misread = {m.parameter: next(misreadings) for m in actor.misreads}
        prior = {
            belief.about: np.stack([next(priors) for _ in types[belief.about]], axis=1)
            for belief in actor.beliefs
        }
        minds.append(Mind(model, actor, misread, prior, types))
    return minds


def on_average(other: str, expected: Sequence[Expectation]) -> Floats:
    """How another actor is expected to choose, over all pictures: (run, action)."""
    weighed = (weigh(each.picture.weight[:, None], each.expects[other]) for each in expected)
    return np.asarray(reduce(np.add, weighed))


def chance_of(taken: Ints, chances: Floats) -> Floats:
    """The chance, (run,), of the action taken, (run,), among those of all actions, (run, action)."""
    return np.asarray(np.take_along_axis(chances, taken[:, None], axis=1)[:, 0])


def attribution(actor: Actor, taken: Ints, truth: World, state: State, now: float) -> Floats:
    """How surely what an actor did is known to be its act, (run,)."""
    each = [truth.read(action.attributed, state, now, absent=1.0) for action in actor.actions]
    return np.minimum(np.maximum(chance_of(taken, np.stack(each, axis=1)), 0.0), 1.0)
