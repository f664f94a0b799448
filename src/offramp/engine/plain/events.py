"""Dated and random events in the true course, in plain NumPy: phases 1 and 2 of a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from offramp.engine import luck
from offramp.engine.inputs import LARGEST_MEAN, Floats, Ints
from offramp.engine.outputs import Status
from offramp.engine.plain.block import RunBlock
from offramp.engine.plain.world import Push, State, World
from offramp.model import Effect, Event


@dataclass
class Events:
    """Events of one step: the effects to apply, and (run, event) what to write down."""

    pushes: list[Push]
    count: Ints
    mean: Floats  # of random events


class EventfulRuns(RunBlock):
    """Draws what happens in a block of runs."""

    def dated_events(self, k: int, truth: World, state: State) -> Events:
        events = self._none()
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
        events = self._none()
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
            events.count[:, i], events.mean[:, i] = count, mean
            events.pushes += pushes
        return events

    def _none(self) -> Events:
        shape = (self.runs, len(self.model.events))
        return Events([], np.zeros(shape, np.int64), np.full(shape, np.nan))

    def known(self, event: Event, k: int) -> tuple[int, float]:
        """How many of an event are known to have come in a step, and the share that is known of."""
        observed, i = self.inputs.observed, self.model.events.index(event)
        if observed is None or observed.counts[k, i] < 0:
            return 0, 0.0
        return int(observed.counts[k, i]), float(observed.share[i])

    def event_once(
        self, event: Event, mean: Floats, k: int, truth: World, state: State
    ) -> tuple[Ints, list[Push]]:
        """Whether an event happens that can do so once in a step, (run,), and what it does."""
        here = self.uniform(k, luck.purpose_of_event(event)) > np.exp(-mean)
        seen, share = self.known(event, k)
        here = np.full(self.runs, seen > 0) if share == 1 else here
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
            seen, share = self.known(event, k)
            count = luck.poisson(self.uniform(k, luck.purpose_of_event(event)), mean * (1.0 - share)) + seen
        return count, pushes + [Push(e, times_applied(e, count), event.name) for e in event.effects]

    def chances_of_branches(self, event: Event, k: int, truth: World, state: State) -> list[Floats]:
        chances = truth.branch_probabilities(event.branches, state, k * self.dt)
        self.fail(k, ~np.isfinite(chances).all(axis=0), Status.NOT_FINITE)
        return chances

    def branch_of(self, event: Event, k: int, truth: World, state: State) -> Ints:
        """Position of the branch that an event takes, (run,)."""
        chances = self.chances_of_branches(event, k, truth, state)
        return branch_drawn(chances, self.uniform(k, luck.purpose_of_branch(event)))


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
