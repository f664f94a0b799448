"""`calibrate`: what the evidence known by a day says of a model's numbers, and of where the crisis stands."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np

from offramp.engine.depths import Engine
from offramp.engine.inputs import Floats, Inputs, Ints
from offramp.engine.outputs import Outputs
from offramp.errors import UsageError
from offramp.given import day_of, need
from offramp.model import Model
from offramp.runs.how import AS_SUITS, How, Progress
from offramp.runs.simulate import engine_for
from offramp.truth.checkpoint import Checkpoint
from offramp.truth.evidence import Record
from offramp.truth.sampler import SWEEPS, Intake, Particles, Sampler
from offramp.truth.unmet import NoFutureFitsError
from offramp.truth.worlds import Worlds, to_unit
from offramp.version import __version__

MONTHS_BETWEEN = 3  # between days at which new evidence is taken in
# A parameter counts as moved by the data from this gain on, in nats: a shift of the mean by a third of the
# prior's standard deviation, or a standard deviation cut by a fifth.
MOVED = 0.05


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a posterior is sampled. Unlike `How`, it changes results.

    Attributes
    ----------
    particles : how many worlds stand for the posterior in each chain
    chains : independent populations, whose differences show the error of sampling
    seed : where all luck comes from
    set : parameter, or stock at the start -> the value that it has in every world
    """

    particles: int = 1000
    chains: int = 4
    seed: int = 0
    set: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.particles < 2 or self.chains < 1:
            raise UsageError("a calibration needs at least 2 particles and 1 chain.")


THOROUGH = Sampling()
QUICK = Sampling(particles=200, chains=2)


@dataclass(frozen=True)
class Calibration:
    """Particles that agree with what was known by a day, in independent populations (`chains`).

    Attributes
    ----------
    record : what was known
    engine : what runs the model
    z : (chain, particle, purpose), worlds on the normal scale
    lineage : (chain, particle, step), the luck that each has met
    log_evidence : (chain,), natural logarithm of the probability (density) of the record
    history : per chain, what happened at each day at which evidence was taken in
    days : the days at which evidence was taken in, the last of them the record's
    trace : (chain, 1 + day, 2, purpose), mean and standard deviation of the worlds on the normal scale: at
        first, as drawn, and after each day
    runs, seconds : what it took
    lost : further populations of which no future could be what was known; they are left out
    """

    record: Record
    worlds: Worlds = field(repr=False)
    engine: Engine = field(repr=False)
    z: Floats = field(repr=False)
    lineage: Ints = field(repr=False)
    log_evidence: Floats
    history: list[list[Intake]] = field(repr=False)
    runs: int
    seconds: float
    days: tuple[date, ...] = ()
    trace: Floats | None = field(default=None, repr=False)
    lost: int = 0

    @property
    def model(self) -> Model:
        return self.record.model

    @property
    def seed(self) -> int:
        return self.worlds.seed

    @property
    def chains(self) -> int:
        return len(self.z)

    @property
    def distinct(self) -> float:
        """Share of particles that are not copies, on average over chains."""
        return float(np.mean([history[-1].distinct for history in self.history]))

    def flat(self) -> tuple[Floats, Ints]:
        """All particles of all chains: worlds (particle, purpose) and lineages (particle, step)."""
        return self.z.reshape(-1, self.z.shape[-1]), self.lineage.reshape(-1, self.lineage.shape[-1])

    @cached_property
    def scores(self) -> Floats:
        """What is drawn on the normal scale of its own prior: (chain, particle, purpose).

        `z` itself unless the model correlates some of it.
        """
        return self.worlds.scores(self.z)

    def parameters(self) -> dict[str, Floats]:
        """Uncertain parameter -> its values, (chain, particle), in its unit."""
        return _values(self.worlds, self.z)


def calibrate(
    model: Model,
    until: date | str,
    sampling: Sampling = THOROUGH,
    *,
    how: How = AS_SUITS,
    checkpoint: Path | None = None,
    runner: Engine | None = None,
) -> Calibration:
    """The posterior of a model's uncertain numbers and of its course, given the evidence known by a day.

    Sequential Monte Carlo over worlds and luck: docs/decisions/0012-calibration.md.

    Parameters
    ----------
    model : a model with a section `evidence`
    until : nothing that became known after this day is used
    sampling : how many particles and chains, the seed, and values set by hand
    how : how runs are run; progress is in runs, whose total is an estimate until the end
    checkpoint : a file in which what is done is kept, and from which an interrupted calibration goes on
    runner : what `engine_for` gave for this model, for whoever calibrates it several times

    Raises
    ------
    UsageError
        If the model has no evidence, or a number makes no sense.
    OfframpError
        If no world fits.
    """
    need(model, "Model")
    records = records_until(model, day_of(until))
    return _through(records, sampling, how, checkpoint, runner)[-1]


def calibrate_at(
    model: Model,
    days: Sequence[date],
    sampling: Sampling = THOROUGH,
    *,
    how: How = AS_SUITS,
    checkpoint: Path | None = None,
    runner: Engine | None = None,
) -> list[Calibration]:
    """The posterior at each of several days, in one pass: each with what was known by then and no more.

    Parameters
    ----------
    days : in order; the others as for `calibrate`
    """
    return _through([Record(model, day) for day in days], sampling, how, checkpoint, runner)


def _through(
    records: list[Record], sampling: Sampling, how: How, checkpoint: Path | None, runner: Engine | None
) -> list[Calibration]:
    """Calibrations at the day of each record."""
    model = records[-1].model
    engine = runner or engine_for(model, how.engine)
    began = time.perf_counter()
    worlds = Worlds(model, sampling.set, sampling.seed)
    if not worlds.dimensions:
        raise UsageError(f"nothing in `{model.name}` is uncertain: there is nothing to calibrate.")
    kept = Checkpoint(checkpoint, _fingerprint(model, sampling))
    meter = _Meter(how.progress, [r.steps for r in records], sampling)
    chains: list[list[Particles]] = []
    lost: list[NoFutureFitsError] = []
    for chain in range(sampling.chains):
        sampler = Sampler(worlds, engine, chain=chain, threads=how.threads, tick=meter.tick)
        try:
            chains.append(_population(sampler, records, sampling.particles, kept, meter))
        except NoFutureFitsError as error:  # the bad luck of one is not that of the others
            lost.append(error)
    if not chains:
        raise lost[0]
    meter.end()
    seconds = kept.seconds + time.perf_counter() - began
    moments = np.array([[_moments(worlds.scores(p.z)) for p in chain] for chain in chains])
    return [
        Calibration(
            record=record,
            worlds=worlds,
            engine=engine,
            z=np.stack([p.z for p in now]),
            lineage=np.stack([p.lineage for p in now]),
            log_evidence=np.array([p.log_evidence for p in now]),
            history=[p.history for p in now],
            runs=sum(p.runs for p in now),
            seconds=seconds,
            days=tuple(r.until for r in records[:number]),
            trace=moments[:, : number + 1],
            lost=len(lost),
        )
        for number, record in enumerate(records, 1)
        for now in [[chain[number] for chain in chains]]
    ]


def _population(
    sampler: Sampler, records: list[Record], particles: int, kept: Checkpoint, meter: _Meter
) -> list[Particles]:
    """The particles of one chain: as drawn, and after each record."""
    now, last = sampler.begin(particles), None
    found = [now]
    for number, record in enumerate(records, 1):
        meter.stage(sampler.chain, number - 1)
        so_far = [r.hash for r in records[:number]]
        now = kept.found(sampler.chain, so_far) or sampler.take_in(now, record, last, number)
        kept.keep(sampler.chain, so_far, now)
        found.append(now)
        last = record
    return found


def _moments(z: Floats) -> Floats:
    """Mean and standard deviation of each coordinate: (2, purpose)."""
    return np.stack([z.mean(axis=0), z.std(axis=0)])


def records_until(model: Model, until: date) -> list[Record]:
    """What was known at the days at which evidence is taken in, the last of them `until`."""
    last = Record(model, until)
    days = []
    k = 0
    per = max(1, round(MONTHS_BETWEEN / model.step_length))
    while (k := k + per) < model.steps and model.date_of(k) < last.until:
        days.append(model.date_of(k))
    records = [r for day in days if (r := Record(model, day)).points]
    return [*records, last]


def from_prior(model: Model, sampling: Sampling, runner: Engine | None = None) -> Calibration:
    """The same without any evidence: worlds as drawn, no luck met yet."""
    worlds = Worlds(model, sampling.set, sampling.seed)
    drawn = [Sampler(worlds, _NoEngine(), chain=c).begin(sampling.particles) for c in range(sampling.chains)]
    return Calibration(
        record=Record(model, model.start),
        worlds=worlds,
        engine=runner or engine_for(model),
        z=np.stack([p.z for p in drawn]),
        lineage=np.stack([p.lineage for p in drawn]),
        log_evidence=np.zeros(len(drawn)),
        history=[[] for _ in drawn],
        runs=0,
        seconds=0.0,
    )


class _NoEngine:
    def run(self, inputs: Inputs, probabilities: bool = False) -> Outputs:
        raise AssertionError("a prior runs nothing")

    def choices(self, inputs: Inputs, step: int, stocks: Floats) -> Floats:
        raise AssertionError("a prior runs nothing")


def futures(
    calibration: Calibration, steps: int, *, per_particle: int = 1, threads: int | None = None
) -> Outputs:
    """Runs that share the past of each particle and go on from there with luck of their own.

    Parameters
    ----------
    steps : how many steps to play in all
    per_particle : futures of each particle
    threads : processors to use; the result does not depend on it

    Returns
    -------
    Outputs of particles times futures, future by future of each particle.
    """
    z, lineage = calibration.flat()
    z, lineage = np.repeat(z, per_particle, axis=0), np.repeat(lineage, per_particle, axis=0)
    met = calibration.record.steps
    # No calibration hands out numbers as large as these.
    fresh = 2**62 + np.arange(len(z), dtype=np.int64)
    lineage[:, met:] = fresh[:, None]
    return Sampler(calibration.worlds, calibration.engine, threads=threads).play(
        z, lineage, steps, calibration.record
    )


def _values(worlds: Worlds, z: Floats) -> dict[str, Floats]:
    flat = z.reshape(-1, z.shape[-1])
    lineage = np.zeros((len(flat), worlds.model.steps), np.int64)
    drawn = worlds.inputs(to_unit(flat), lineage).parameters
    place = {p.name: i for i, p in enumerate(worlds.model.parameters)}
    return {name: drawn[:, place[name]].reshape(z.shape[:-1]) for name in worlds.uncertain()}


def _fingerprint(model: Model, sampling: Sampling) -> str:
    """What a chain depends on, but for the records: their hashes are part of each step's name."""
    return json.dumps(
        {
            "offramp": __version__,
            "model": model.hash,
            "particles": sampling.particles,
            "seed": sampling.seed,
            "sweeps": SWEEPS,
            "overrides": dict(sorted(sampling.set.items())),
        },
        sort_keys=True,
    )


class _Meter:
    """Progress in runs of average length; how many stages a record takes is not known beforehand."""

    def __init__(self, progress: Progress | None, steps: list[int], sampling: Sampling) -> None:
        self.progress = progress
        self.budgets = np.array(steps, dtype=float) * sampling.particles * (1 + 2 * SWEEPS * 2)
        self.steps = steps
        self.total = max(1, int(self.budgets.sum() * sampling.chains))
        self.done, self.here, self.number = 0.0, 0.0, 0

    def stage(self, chain: int, number: int) -> None:
        self.done = float(self.budgets.sum() * chain + self.budgets[:number].sum())
        self.here, self.number = 0.0, number

    def tick(self, runs: int) -> None:
        self.here += runs * self.steps[self.number]
        if self.progress is not None:
            self.progress(int(self.done + min(self.here, 0.99 * self.budgets[self.number])), self.total)

    def end(self) -> None:
        if self.progress is not None:
            self.progress(self.total, self.total)
