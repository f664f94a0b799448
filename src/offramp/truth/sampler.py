"""Sequential Monte Carlo over worlds and the luck that they meet.

A particle is a world (a point on the normal scale, `worlds.py`) and a lineage of luck. Given both, a run is
determined, so a run's likelihood is that of the data given it, and the posterior is a distribution over
particles: the simulator needs no density of its own. Data arrive in the order in which they became known. At
each date the distribution is moved from what was known before to what is known now, in steps of temperature
that leave half of the effective sample, with resampling and moves in between (Chopin 2002, Biometrika 89;
Del Moral, Doucet and Jasra 2006, JRSS B 68). Moves keep the prior and are accepted by the likelihood alone:
autoregressive steps of the world (Neal 1999; Cotter, Roberts, Stuart and White 2013, Statistical Science 28),
whose acceptance does not fall with the number of uncertain things as such, and fresh luck for some steps. The
error of data is part of the model, so this aims at the posterior itself and not one of a tolerance (Wilkinson
2013, SAGMB 12).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from offramp.engine.depths import Engine
from offramp.engine.inputs import Floats, Ints
from offramp.engine.outputs import Outputs, joined
from offramp.truth.evidence import Record
from offramp.truth.unmet import no_future_fits
from offramp.truth.worlds import Worlds, to_unit

RUNS_PER_BLOCK = 128
LEAST_EFFECTIVE = 0.5  # share of particles below which they are resampled
ROUNDS = 20  # tries with other luck where no particle can be what was known
SWEEPS = 5  # moves of every particle's world and luck after each resampling
# Shares of a world's coordinates that one move changes, and how much less or more than what suits on average.
_SUBSETS = (1.0, 0.3, 0.1)
_SCALES = (0.3, 3.0)
_LOSS = 2.0  # log-likelihood that a move may cost on average
_WORST = 20.0

Tick = Callable[[int], None]  # called with the number of runs just done


@dataclass(frozen=True)
class Steps:
    """How far each coordinate may move: learnt from what moves have cost.

    A move by s_d in coordinate d costs about Σ r_d s_d² of log-likelihood. The r are fitted to the moves
    tried so far by ridge regression, and steps are chosen so that coordinates cost alike: what data do not
    care for is drawn anew, what they hold fast moves little. Whatever the steps, a move keeps the prior, so
    the target stays as it is.
    """

    square: Floats  # (purpose, purpose), sums of products of squared steps
    product: Floats  # (purpose,), sums of squared steps times what was lost

    @classmethod
    def unknown(cls, dimensions: int) -> Steps:
        """Until something is known: as if each coordinate mattered somewhat."""
        return cls(np.eye(dimensions), np.full(dimensions, 4.0))

    def learn(self, squares: Floats, loss: Floats) -> Steps:
        """With more moves: (move, coordinate) squared steps, and (move,) log-likelihood lost."""
        loss = np.clip(np.where(np.isnan(loss), _WORST, loss), -_WORST, _WORST)
        square = 0.9 * self.square + squares.T @ squares + 0.1 * np.eye(len(self.product))
        return Steps(square, 0.9 * self.product + squares.T @ loss)

    def scale(self, share: float) -> Floats:
        """Step of each coordinate, up to 1, where a share of all moves at once: (purpose,)."""
        cost = np.maximum(np.linalg.solve(self.square, self.product), 1e-3)
        low, high = 0.0, cost.max()
        if share * cost.sum() <= _LOSS:
            return np.ones(len(cost))
        for _ in range(50):
            most = (low + high) / 2
            low, high = (most, high) if share * np.minimum(cost, most).sum() <= _LOSS else (low, most)
        step: Floats = np.sqrt(np.minimum(1.0, low / cost))
        return step


@dataclass(frozen=True)
class Stage:
    """A step of temperature on the way from what was known before to what is known now.

    Attributes
    ----------
    temperature : of the new record's likelihood, above 0 and up to 1
    effective : share of particles that count when weighted
    worlds, luck : share of the moves of worlds and of luck that were accepted; None where none was needed
    distinct : share of distinct worlds after the moves
    """

    temperature: float
    effective: float
    worlds: float | None
    luck: float | None
    distinct: float


@dataclass(frozen=True)
class Intake:
    """How one record was taken in.

    Attributes
    ----------
    steps, points : of the record so far
    accepted : share of moves; NaN where none was needed
    distinct : share of distinct worlds at the end
    log_evidence : natural logarithm of the probability (density) of all points so far
    stages : steps of temperature
    """

    steps: float
    points: float
    accepted: float
    distinct: float
    log_evidence: float
    stages: tuple[Stage, ...]


@dataclass
class Particles:
    """Worlds and lineages, all of the same weight.

    Attributes
    ----------
    z : (particle, purpose), the world on the normal scale
    lineage : (particle, step), steps not yet reached are 0
    score : (particle,), log-likelihood of the record last taken in
    steps : how far moves go
    history : how each record was taken in
    """

    z: Floats
    lineage: Ints
    score: Floats
    steps: Steps
    log_evidence: float = 0.0
    runs: int = 0
    history: list[Intake] = field(default_factory=list)


class Sampler:
    """Moves particles from record to record.

    Parameters
    ----------
    worlds : the cube of worlds
    engine : what runs them
    seed : where all luck comes from; with `chain` it names independent populations
    threads : processors to use; the result does not depend on it
    tick : called with the number of runs done
    """

    def __init__(
        self,
        worlds: Worlds,
        engine: Engine,
        *,
        chain: int = 0,
        threads: int | None = None,
        tick: Tick | None = None,
    ) -> None:
        self.worlds, self.engine, self.chain = worlds, engine, chain
        self.threads, self.tick = threads or os.cpu_count() or 1, tick
        # Numbers of luck are handed out in order; populations never share any.
        self._next = (chain + 1) * 2**40
        self._steps = Steps.unknown(worlds.dimensions)

    def begin(self, particles: int) -> Particles:
        """Particles from the prior."""
        rng = self._generator(0)
        z = rng.standard_normal((particles, self.worlds.dimensions))
        steps = self.worlds.model.steps
        unknown = Steps.unknown(self.worlds.dimensions)
        return Particles(z, np.zeros((particles, steps), np.int64), np.zeros(particles), unknown)

    def take_in(self, particles: Particles, record: Record, last: Record | None, number: int) -> Particles:
        """Move particles to what is known by the record's day.

        Parameters
        ----------
        particles : as they were after the record before
        last : the record that they have taken in, None for none
        number : number of the record, from 1: with the seed it fixes the moves

        Raises
        ------
        NoFutureFitsError
            If none of them can be that, with other luck neither.
        """
        rng = self._generator(number)
        self._steps = particles.steps
        self._next = (self.chain + 1) * 2**40 + number * 2**30
        count = len(particles.z)
        lineage = particles.lineage.copy()
        for k in range(0 if last is None else last.steps, record.steps):
            lineage[:, k] = self._fresh(count)
        z, old = particles.z, particles.score
        new, rounds = self._score(z, lineage, record), 1
        while not np.isfinite(new).any():
            if rounds == ROUNDS:
                outputs = self.play(z, lineage, record.steps, record)
                raise no_future_fits(record, outputs, count * rounds)
            # Bad luck of all at once: other luck for what is new, and other worlds where all is.
            rounds += 1
            z = rng.standard_normal(z.shape) if last is None else z
            for k in range(0 if last is None else last.steps, record.steps):
                lineage[:, k] = self._fresh(count)
            new = self._score(z, lineage, record)
        runs = count * rounds
        temperature, log_evidence = 0.0, particles.log_evidence - float(np.log(rounds))
        accepted: list[float] = []
        stages: list[Stage] = []
        while temperature < 1.0:
            gain = np.where(np.isfinite(new), new - old, -np.inf)
            step = _step(gain, 1.0 - temperature)
            weights = step * gain
            top = weights.max()
            log_evidence += float(top + np.log(np.mean(np.exp(weights - top))))
            temperature = min(1.0, temperature + step)
            effective = _effective(weights)
            if temperature == 1.0 and effective > count - 0.5:
                stages.append(Stage(temperature, effective / count, None, None, _distinct(z)))
                break  # nothing was learnt
            chosen = _systematic(weights, rng)
            taken: list[float] = []
            z, lineage, old, new = z[chosen], lineage[chosen], old[chosen], new[chosen]
            for _ in range(SWEEPS):
                for move in (self._other_world, self._other_luck):
                    tried_z, tried_lineage, scale = move(z, lineage, record.steps, rng)
                    scores = self._scores(tried_z, tried_lineage, record, last)
                    runs += count
                    with np.errstate(invalid="ignore"):
                        ratio = temperature * (scores[1] - new) + (1 - temperature) * (scores[0] - old)
                    if scale is not None:
                        self._steps = self._steps.learn(scale**2, -ratio)
                    take = np.log(rng.random(count)) < ratio
                    take &= np.isfinite(scores[1])
                    taken.append(float(take.mean()))
                    z = np.where(take[:, None], tried_z, z)
                    lineage = np.where(take[:, None], tried_lineage, lineage)
                    old, new = np.where(take, scores[0], old), np.where(take, scores[1], new)
            accepted += taken
            worlds, luck = float(np.mean(taken[0::2])), float(np.mean(taken[1::2]))
            stages.append(Stage(temperature, effective / count, worlds, luck, _distinct(z)))
        share = float(np.mean(accepted)) if accepted else float("nan")
        intake = Intake(
            float(record.steps), float(len(record.points)), share, _distinct(z), log_evidence, tuple(stages)
        )
        history = [*particles.history, intake]
        return Particles(z, lineage, new, self._steps, log_evidence, particles.runs + runs, history)

    def play(self, z: Floats, lineage: Ints, steps: int, record: Record | None = None) -> Outputs:
        """Run particles with what a record knows of steps; the same in blocks on any number of threads."""
        observed = None if record is None else record.known.observed
        # Blocks as large as each other, in whole vectors of the widest kind.
        block = min(RUNS_PER_BLOCK, 8 * -(-len(z) // (8 * self.threads)))
        parts = [slice(i, i + block) for i in range(0, len(z), block)]

        def run(part: slice) -> Outputs:
            inputs = self.worlds.inputs(to_unit(z[part]), lineage[part], steps)
            return self.engine.run(replace(inputs, observed=observed), observed is not None)

        def counted(outputs: Iterable[Outputs]) -> Iterator[Outputs]:
            for some in outputs:
                if self.tick is not None:
                    self.tick(len(some.status))
                yield some

        if self.threads == 1 or len(parts) == 1:
            return joined(list(counted(map(run, parts))))
        with ThreadPoolExecutor(self.threads) as pool:
            return joined(list(counted(pool.map(run, parts))))

    # Moves

    def _other_world(
        self, z: Floats, lineage: Ints, steps: int, rng: np.random.Generator
    ) -> tuple[Floats, Ints, Floats | None]:
        """z' = sqrt(1 - s²) z + s ξ on some coordinates: leaves the standard normal distribution as it is."""
        count, dimensions = z.shape
        wide = np.exp(rng.uniform(np.log(_SCALES[0]), np.log(_SCALES[1]), count))
        share = rng.integers(len(_SUBSETS), size=count)
        moved = rng.random((count, dimensions)) < np.array(_SUBSETS)[share][:, None]
        moved[np.arange(count), rng.integers(dimensions, size=count)] = True
        fitting = np.stack([self._steps.scale(s) for s in _SUBSETS])
        scale = np.where(moved, np.minimum(fitting[share] * wide[:, None], 1.0), 0.0)
        return np.sqrt(1 - scale**2) * z + scale * rng.standard_normal(z.shape), lineage, scale

    def _other_luck(
        self, z: Floats, lineage: Ints, steps: int, rng: np.random.Generator
    ) -> tuple[Floats, Ints, Floats | None]:
        """Fresh luck for some steps in a row: one to all of them, short stretches as often as long ones."""
        count = len(z)
        length = np.floor(np.exp(rng.uniform(0, np.log(steps + 1), count))).astype(np.int64)
        first = rng.integers(0, max(steps, 1), count)
        at = np.arange(lineage.shape[1])
        fresh = (at >= first[:, None]) & (at < np.minimum(first + length, steps)[:, None])
        return z, np.where(fresh, self._fresh(count)[:, None], lineage), None

    def _fresh(self, count: int) -> Ints:
        numbers = np.arange(self._next, self._next + count, dtype=np.int64)
        self._next += count
        return numbers

    def _score(self, z: Floats, lineage: Ints, record: Record) -> Floats:
        return record.log_likelihood(self.play(z, lineage, record.steps, record))

    def _scores(self, z: Floats, lineage: Ints, record: Record, last: Record | None) -> tuple[Floats, Floats]:
        """Log-likelihood of what was known before, and of what is known now, from one run of each."""
        outputs = self.play(z, lineage, record.steps, record)
        now = record.log_likelihood(outputs)
        if last is None:
            return np.zeros(len(z)), now
        if not last.known.same_until(record.known, last.steps):
            outputs = self.play(z, lineage, last.steps, last)  # a row was corrected, or became known late
        return last.log_likelihood(outputs), now

    def _generator(self, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=[self.worlds.seed, self.chain * 2**20 + number]))


def _step(gain: Floats, most: float) -> float:
    """The largest step of temperature, up to `most`, that leaves enough effective particles."""
    least = LEAST_EFFECTIVE * np.isfinite(gain).sum()
    if _effective(most * gain) >= least:
        return most
    low, high = 0.0, most
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _effective(middle * gain) >= least else (low, middle)
    return max(low, 1e-6)


def _effective(log_weights: Floats) -> float:
    """Kish's effective sample size of weights."""
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum())


def _distinct(z: Floats) -> float:
    """Share of particles whose world is not a copy of another's."""
    return len(np.unique(z, axis=0)) / len(z)


def _systematic(log_weights: Floats, rng: np.random.Generator) -> Ints:
    """Positions of the particles that go on: each as often as its weight, to the nearest whole numbers."""
    weights = np.exp(log_weights - log_weights.max())
    edges = np.cumsum(weights) / weights.sum()
    ticks = (np.arange(len(weights)) + rng.random()) / len(weights)
    return np.minimum(np.searchsorted(edges, ticks), len(weights) - 1)
