"""Counts that are known are not waited for: runs have them, and are weighed by how likely they were to.

Where a row says how often an event came in a step, or that an act was taken there, a run that has it by luck
is rare, and after thirty such steps there is none. So runs are played with what is known
(`engine.inputs.Observed`), and their weight is the probability of it given all that came before, which the
engine tells: of a random event with mean m, of which a share is listed, n listed are Poisson with mean
share * m, and the rest is drawn, independent of them (Kingman 1993, Poisson Processes, colouring theorem).
Luck that has no say any more is summed out, as in a fully adapted particle filter (Pitt and Shephard 1999,
JASA 94), so that the posterior is the same and the weights do not degenerate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from offramp.engine.inputs import Floats, Observed
from offramp.engine.outputs import Outputs
from offramp.model import Event, Evidence, Model
from offramp.truth.counts import log_factorial
from offramp.windows import Window


@dataclass(frozen=True, slots=True)
class _CountGiven:
    """A point that says how many of an event came in a step."""

    at: int
    step: int
    event: int


@dataclass(slots=True)
class _ActGiven:
    """What is known of one actor's choice in a step."""

    step: int
    at: list[int] = field(default_factory=list)  # points
    taken: int | None = None  # slot
    not_taken: list[int] = field(default_factory=list)  # slots
    share: float = 1.0  # of what is taken, that is listed


@dataclass(frozen=True)
class KnownSteps:
    """What a record knows of single steps, and which of its points say so.

    Attributes
    ----------
    observed : as engines take it; None where nothing is
    points : places of the points that runs have by being played so
    """

    model: Model
    observed: Observed | None
    points: frozenset[int]
    _counted: tuple[_CountGiven, ...]
    _acted: tuple[_ActGiven, ...]
    _values: tuple[float, ...]

    def log_density(self, outputs: Outputs, result: Floats) -> None:
        """Write the log-probability of each of its points, given what came before, into (run, point)."""
        if self.observed is None:
            return
        means, chances = outputs.event_mean, outputs.probability
        assert means is not None
        assert chances is not None
        with np.errstate(divide="ignore", invalid="ignore"):
            for one in self._counted:
                event, value = self.model.events[one.event], self._values[one.at]
                mean = means[:, one.step, one.event] * self.observed.share[one.event]
                result[:, one.at] = _of_count(event, value, mean)
            for act in self._acted:
                result[:, act.at] = 0.0
                if act.taken is not None:
                    found = np.log(chances[:, act.step, act.taken]) + np.log(act.share)
                else:
                    found = np.log1p(-np.minimum(chances[:, act.step, act.not_taken].sum(axis=1), 1.0))
                result[:, act.at[0]] = found
        inside = result[:, sorted(self.points)]
        result[:, sorted(self.points)] = np.where(np.isnan(inside), -np.inf, inside)

    def same_until(self, other: KnownSteps, steps: int) -> bool:
        """Whether runs are played alike for so many steps."""
        one, two = self.observed, other.observed
        if one is None or two is None:
            return all(o is None or _nothing(o, steps) for o in (one, two))
        return bool(
            np.array_equal(one.counts[:steps], two.counts[:steps])
            and np.array_equal(one.acts[:steps], two.acts[:steps])
            and np.array_equal(one.share, two.share)
        )


def _nothing(observed: Observed, steps: int) -> bool:
    return bool((observed.counts[:steps] < 0).all() and (observed.acts[:steps] < 0).all())


def _of_count(event: Event, value: float, mean: Floats) -> Floats:
    if event.once:
        return np.asarray(np.log(-np.expm1(-mean)) if value else -mean)
    # 0 log 0 is 0: none of what cannot come is certain.
    logs = np.where(mean > 0, np.log(mean), 0.0 if value == 0 else -np.inf)
    return np.asarray(value * logs - mean - log_factorial(int(value)))


def known_of(model: Model, points: Sequence[tuple[Evidence, Window, float]]) -> KnownSteps:
    """What the points of a record say of single steps, as far as runs can be played with it.

    That is counts without stray entries of random events (with branches only of those that come at most once)
    and of acts, in windows of one whole step. Of an event that several series observe, the first counts so.
    """
    slots = [(actor.name, action.name) for actor in model.actors for action in actor.actions]
    counts = np.full((model.steps, len(model.events)), -1)
    share, acts = np.zeros(len(model.events)), np.full((model.steps, len(slots)), -1)
    by: dict[int, str] = {}
    counted: list[_CountGiven] = []
    acted: dict[tuple[int, str], _ActGiven] = {}
    for i, (evidence, window, value) in enumerate(points):
        step = window.start.step
        whole = window.start.part == 0 and window.end == (step + 1, 0)
        if evidence.error not in ("exact", "binomial") or evidence.stray or not whole:
            continue
        if evidence.kind == "event":
            e = [event.name for event in model.events].index(evidence.observes)
            fits = _can_be_given(model.events[e], evidence, value)
            if fits and by.setdefault(e, evidence.name) == evidence.name:
                counts[step, e], share[e] = int(value), evidence.listed
                counted.append(_CountGiven(i, step, e))
            continue
        actor, _, action = evidence.observes.partition("/")
        slot, choice = slots.index((actor, action)), acted.get((step, actor), _ActGiven(step))
        if value == 1 and choice.taken is None and slot not in choice.not_taken:
            choice.taken, choice.share = slot, evidence.listed
        elif value == 0 and evidence.listed == 1 and slot != choice.taken and slot not in choice.not_taken:
            choice.not_taken.append(slot)
        else:
            continue
        choice.at.append(i)
        acted[step, actor] = choice
    for (step, actor), choice in acted.items():
        own = [s for s, (name, _) in enumerate(slots) if name == actor]
        if choice.taken is not None:
            acts[step, own] = 0
            acts[step, choice.taken] = 1
        else:
            acts[step, choice.not_taken] = 0
    known = frozenset([*(c.at for c in counted), *(i for choice in acted.values() for i in choice.at)])
    observed = Observed(counts, share, acts) if known else None
    values = tuple(value for _, _, value in points)
    return KnownSteps(model, observed, known, tuple(counted), tuple(acted.values()), values)


def _can_be_given(event: Event, evidence: Evidence, value: float) -> bool:
    if event.rate is None:
        return False
    if event.once:
        return evidence.listed == 1 and value <= 1
    return not event.branches
