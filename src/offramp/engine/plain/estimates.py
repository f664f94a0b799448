"""What an actor takes stocks for that it sees through noise, late or not at all, and how sure it is.

The part of docs/explanation/semantics.md on estimates, in plain NumPy: a Kalman filter (Kalman 1960) for each
stock by itself, whose prediction is the model as the actor supposes it. How far an error grows or shrinks in
what happens is found from where two errors of one standard deviation lead (the divided differences of
Norgaard, Poulsen and Ravn 2000), which is exact where what happens is linear in the stock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from offramp.engine.inputs import Bools, Floats
from offramp.engine.plain.world import State, World
from offramp.model import Signal, Variable

# What happens to a state.
Happening = Callable[[State], State]


@dataclass(frozen=True)
class Passage:
    """How a stock came from one step to the next, as an actor supposes; everything is (run,).

    The stock becomes slope * stock + shift, and what is unknown adds `variance`.
    """

    slope: Floats
    shift: Floats
    variance: Floats

    def of(self, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """A number and its variance after it."""
        return self.slope * mean + self.shift, self.slope * self.slope * variance + self.variance


class StockEstimate:
    """What an actor takes one stock for; everything is (run,).

    Attributes
    ----------
    mean, variance : of the stock as it is now
    """

    def __init__(self, signal: Signal, stock: Variable, mean: Floats, sd: Floats) -> None:
        self.signal, self.bounds = signal, stock.bounds or (-math.inf, math.inf)
        self.mean, self.variance = mean, sd * sd
        self._then = (mean, self.variance)  # as the next signal shows it, which may be late
        self._passages: list[Passage] = []  # from then until the last look
        self._begin_passage()

    @property
    def sd(self) -> Floats:
        return np.sqrt(self.variance)

    def _begin_passage(self) -> None:
        """What happens from now on leads from the present mean on."""
        self._from = self.mean
        self._slope, self._added = np.ones_like(self.mean), np.zeros_like(self.mean)

    def held(self, value: Floats) -> Floats:
        """A value within the bounds of the stock."""
        return np.minimum(np.maximum(value, self.bounds[0]), self.bounds[1])

    def move(self, mean: Floats, slope: Floats) -> None:
        """Something happened, by which the mean and distances from it changed."""
        self.mean, self.variance = mean, slope * slope * self.variance
        self._slope, self._added = slope * self._slope, slope * slope * self._added

    def stray(self, variance: Floats) -> None:
        """Time went by."""
        self.variance = self.variance + variance
        self._added = self._added + variance

    def look(self, k: int, shown: Floats, noise: Floats, truth: Floats | None) -> None:
        """Learn from what is shown in step k, with an error of variance `noise`; or know the truth."""
        passage = Passage(self._slope, self.mean - self._slope * self._from, self._added)
        if truth is not None:
            nothing = np.zeros_like(truth)
            passage = Passage(nothing, truth, nothing)
        if k == 0:
            self._then = (self.mean, self.variance) if truth is None else (truth, passage.variance)
        else:
            self._passages.append(passage)
        if len(self._passages) > self.signal.delay:
            self._then = self._passages.pop(0).of(*self._then)
        self._then = (self.held(self._then[0]), self._then[1])
        if truth is None and not self.signal.hidden:
            self._then = self._corrected(*self._then, shown, noise)
        mean, variance = self._then
        for each in self._passages:
            mean, variance = each.of(mean, variance)
        self.mean, self.variance = self.held(mean), variance
        self._begin_passage()

    def _corrected(
        self, mean: Floats, variance: Floats, shown: Floats, noise: Floats
    ) -> tuple[Floats, Floats]:
        """Bayes' rule for a normal number shown with a normal error."""
        gain = np.where(noise == 0.0, 1.0, variance / (variance + noise))
        return self.held(mean + gain * (shown - mean)), (1.0 - gain) * variance

    def recall(self, mean: Floats, sd: Floats) -> None:
        """The estimate as it is known to have been after a look at what is shown without delay."""
        self.mean, self.variance = mean, sd * sd
        self._then = (mean, self.variance)
        self._begin_passage()


class Supposed:
    """All estimates of one actor, and the state in which it supposes the world to be between two looks.

    Attributes
    ----------
    state : as the actor last saw it, moved on by all that it knows to have happened since
    of : stock -> the estimate of it
    """

    def __init__(self, state: State, of: dict[str, StockEstimate]) -> None:
        self.state, self.of = state, of

    def move(self, picture: World, now: float, happening: Happening) -> None:
        """Something happened that the actor knows of: the world goes on as it does in a picture of it."""
        state = picture.complete(self.state, now)
        after = happening(state)
        for name, estimate in self.of.items():
            ends = [estimate.held(estimate.mean + side * estimate.sd) for side in (1.0, -1.0)]
            led = [happening(picture.complete(state | {name: end}, now))[name] for end in ends]
            slope = np.where(ends[0] > ends[1], (led[0] - led[1]) / (ends[0] - ends[1]), 1.0)
            estimate.move(after[name], slope)
        self.state = after

    def stray(self, picture: World) -> None:
        """A step's time went by."""
        for estimate in self.of.values():
            learns = estimate.signal.learns
            assert learns is not None
            drift = picture.read(learns.drift, {}, 0.0)
            estimate.stray(picture.dt * drift * drift)

    def settle(self, state: State, biases: Sequence[Floats]) -> None:
        """Estimates as they come to be where stocks stay what they are: off by the bias of what is shown."""
        for estimate, bias in zip(self.of.values(), biases, strict=True):
            if not estimate.signal.hidden:
                estimate.mean = estimate.held(state[estimate.signal.variable] + bias)

    def not_finite(self) -> Bools:
        """In which runs an estimate is no number."""
        wrong = [~np.isfinite(e.mean) | ~np.isfinite(e.variance) for e in self.of.values()]
        return np.asarray(np.logical_or.reduce(wrong))


def estimates_at_start(signals: tuple[Signal, ...], picture: World, initial: State) -> Supposed:
    """What an actor supposes as a run begins: all as it is, but for what it estimates."""
    stocks = {s.name: initial[s.name] for s in picture.model.carried}
    given = {s.variable: picture.read(s.assumed, {}, 0.0) for s in signals if s.assumed is not None}
    state = picture.complete(stocks | given, 0.0)
    variables = {v.name: v for v in picture.model.stocks}
    found = {}
    for signal in signals:
        assert signal.learns is not None
        sd = np.maximum(picture.read(signal.learns.sd, {}, 0.0), 0.0)
        name = signal.variable
        found[name] = StockEstimate(signal, variables[name], state[name], sd)
    return Supposed(state, found)
