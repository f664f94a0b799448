"""A calibration as an answer: which numbers the data move, and how well the past is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np

from offramp import distribution
from offramp.analysis.answer import Answer, head
from offramp.engine.inputs import Floats
from offramp.model import Distribution
from offramp.runs.how import AS_SUITS, How
from offramp.truth import initial_conditions
from offramp.truth.calibration import Calibration, futures
from offramp.truth.evidence import Record
from offramp.truth.initial_conditions import ActorTypes
from offramp.truth.populations import AGREEING, Populations, gain, least_gain, populations, r_hat
from offramp.truth.scores import coverage

# Draws from the prior beside which the posterior is shown.
PRIOR_DRAWS = 2000
# Numbers whose way to the posterior is kept: those with the largest gain.
TRACED = 24

INTERVALS = {
    "posterior": "p5 to p95: nine tenths of what is possible given the evidence and the model; of a prior, "
    "of what was possible before. `populations` says how far sampling may be off.",
    "sampling": "low to high, of true types: sampling error only, 90 %, for as many independent draws as the "
    "populations are worth.",
}


@dataclass(frozen=True)
class FiveNumbers:
    """A distribution in five numbers."""

    mean: float
    sd: float
    p5: float
    p50: float
    p95: float


@dataclass(frozen=True)
class Learnt:
    """A number before and after.

    Attributes
    ----------
    prior, posterior : in its unit
    shift, narrower : of the mean, and the share of the standard deviation lost, on the prior's normal scale
    gain : Kullback and Leibler's divergence of the posterior from the prior, in nats
    r_hat : potential scale reduction over populations; None for one
    moved : whether the data move it, beyond chance, and populations agree
    """

    title: str
    unit: str
    prior: FiveNumbers
    posterior: FiveNumbers
    shift: float
    narrower: float
    gain: float
    r_hat: float | None
    moved: bool


@dataclass(frozen=True)
class Fit:
    """How a series of evidence is met: what was published, and quantiles of what would be.

    Attributes
    ----------
    points : how many figures
    half, nine_tenths : share of them within the middle half and nine tenths of what would be published
    days, published, p5, p50, p95 : by figure
    """

    title: str
    unit: str
    points: int
    half: float
    nine_tenths: float
    days: tuple[date, ...]
    published: tuple[float, ...]
    p5: tuple[float, ...]
    p50: tuple[float, ...]
    p95: tuple[float, ...]


@dataclass(frozen=True)
class TraceStage:
    """A step of temperature at the day in this place of the list; the rest as in `sampler.Stage`."""

    day: int
    temperature: float
    effective: float
    worlds: float | None
    luck: float | None
    distinct: float


@dataclass(frozen=True)
class Path:
    """Mean and standard deviation of a number by chain, as drawn and after each day, on the normal scale."""

    mean: tuple[tuple[float, ...], ...]
    sd: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Trace:
    """The way from prior to posterior.

    Attributes
    ----------
    days : at which evidence was taken in
    stages : steps of temperature, by chain
    parameters : of those with the largest gain
    """

    days: tuple[date, ...]
    stages: tuple[tuple[TraceStage, ...], ...]
    parameters: dict[str, Path]


@dataclass(frozen=True, kw_only=True)
class Posterior(Answer):
    """What a calibration says: docs/reference/commands.md, `offramp calibrate`, lists the keys.

    Attributes
    ----------
    until : what was known by the end of this day was used
    chains_lost : populations of which no future could be what was known; they are left out
    points : figures that were used; `evidence_hash` is of them all
    runs, seconds, runs_per_second : what it took
    log_evidence : by chain
    distinct : share of particles that are not copies
    parameters : the most moved first; `moved` and `not_moved` : their names
    types : actor -> which of its types it truly is
    initial : stock -> its starting value, the most moved first
    series : entry of evidence -> how it is met
    against, held_back : a later day, and how what became known from `until` to then is met; None and empty
        if not asked for
    """

    QUESTION: ClassVar[str] = "calibrate"

    until: date
    evidence_hash: str
    points: int
    particles: int
    chains: int
    chains_lost: int
    runs: int
    seconds: float
    runs_per_second: float | None
    log_evidence: tuple[float, ...]
    distinct: float
    parameters: dict[str, Learnt]
    moved: tuple[str, ...]
    not_moved: tuple[str, ...]
    types: dict[str, ActorTypes]
    initial: dict[str, Learnt]
    populations: Populations
    trace: Trace
    series: dict[str, Fit]
    against: date | None
    held_back: dict[str, Fit]


def summary(calibration: Calibration, *, against: Record | None = None, how: How = AS_SUITS) -> Posterior:
    """What a calibration says.

    Parameters
    ----------
    calibration : the particles
    against : a record of a later day: what became known after the calibration's is compared with its futures
    """
    record, model = calibration.record, calibration.model
    steps = max(record.steps, against.steps if against else 0)
    runs = futures(calibration, steps, threads=how.threads)
    rng = np.random.Generator(np.random.Philox(key=[calibration.seed, 1]))
    series = _fits(record, record.replicated(runs, rng), [True] * len(record.points))
    held_back = {}
    if against is not None:
        later = [p.known > record.until for p in against.points]
        held_back = _fits(against, against.replicated(runs, rng, known=record.until), later)
    parameters, spread = learnt_parameters(calibration), populations(calibration)
    worths = [w for w in (spread.worth, spread.worth_moved) if w is not None]
    seconds = calibration.seconds
    return Posterior(
        **head(model, seed=calibration.seed, settings=calibration.worlds.overrides, intervals=INTERVALS),
        until=record.until,
        evidence_hash=record.hash,
        points=len(record.points),
        particles=calibration.z.shape[1],
        chains=calibration.chains + calibration.lost,
        chains_lost=calibration.lost,
        runs=calibration.runs,
        seconds=round(seconds, 1),
        runs_per_second=round(calibration.runs / seconds, 1) if seconds else None,
        log_evidence=_floats(calibration.log_evidence),
        distinct=calibration.distinct,
        parameters=parameters,
        moved=tuple(n for n, p in parameters.items() if p.moved),
        not_moved=tuple(n for n, p in parameters.items() if not p.moved),
        types=initial_conditions.types(calibration, min(worths, default=None)),
        initial=learnt_starts(calibration),
        populations=spread,
        trace=_trace(calibration, list(parameters)[:TRACED]),
        series=series,
        against=None if against is None else against.until,
        held_back=held_back,
    )


def learnt_parameters(calibration: Calibration) -> dict[str, Learnt]:
    """Each uncertain parameter before and after, the most moved first."""
    least, place = least_gain(calibration), calibration.worlds.uncertain()
    values = calibration.parameters()
    return _most_moved_first(
        {
            p.name: _learnt(
                p.title,
                p.unit,
                prior_draws(p.value),
                values[p.name],
                calibration.scores[..., place[p.name]],
                least,
            )
            for p in calibration.model.parameters
            if p.name in values and isinstance(p.value, Distribution)
        }
    )


def learnt_starts(calibration: Calibration) -> dict[str, Learnt]:
    """Each uncertain starting value of a stock before and after, the most moved first."""
    least, values = least_gain(calibration), initial_conditions.initial_values(calibration)
    place = {purpose: i for i, purpose in enumerate(calibration.worlds.purposes)}
    return _most_moved_first(
        {
            name: _learnt(
                stock.title, stock.unit, initial_conditions.initial_prior(stock, PRIOR_DRAWS), values[name],
                calibration.scores[..., place[f"initial/{name}"]], least,
            )
            for name, stock in initial_conditions.uncertain_stocks(calibration).items()
        }
    )  # fmt: skip


def _most_moved_first(found: dict[str, Learnt]) -> dict[str, Learnt]:
    return dict(sorted(found.items(), key=lambda item: -item[1].gain))


def _learnt(title: str, unit: str, prior: Floats, posterior: Floats, z: Floats, least: float) -> Learnt:
    """What the data did to one number.

    Parameters
    ----------
    prior : (draw,), in its unit
    posterior, z : (chain, draw), in its unit, and on the normal scale of its prior
    least : gain from which it counts as moved
    """
    agree, gained = r_hat(z), float(gain(z[..., None])[0])
    return Learnt(
        title=title,
        unit=unit,
        prior=_spread(prior),
        posterior=_spread(posterior.ravel()),
        shift=float(z.mean()),
        narrower=float(1 - z.std()),
        gain=gained,
        r_hat=agree,
        moved=gained > least and (agree is None or agree < AGREEING),
    )


def prior_draws(prior: Distribution, draws: int = PRIOR_DRAWS) -> Floats:
    """Evenly spread quantiles of a prior."""
    return distribution.quantile(prior, (np.arange(draws) + 0.5) / draws)


def _spread(values: Floats) -> FiveNumbers:
    p5, p50, p95 = np.quantile(values, [0.05, 0.5, 0.95])
    return FiveNumbers(float(values.mean()), float(values.std()), float(p5), float(p50), float(p95))


def _trace(calibration: Calibration, names: Sequence[str]) -> Trace:
    """The way from prior to posterior by population: numbers after each day, each step of temperature."""
    moments = calibration.trace
    if moments is None:
        return Trace((), tuple(() for _ in range(calibration.chains)), {})
    place = calibration.worlds.uncertain()
    stages = tuple(
        tuple(
            TraceStage(day, s.temperature, s.effective, s.worlds, s.luck, s.distinct)
            for day, intake in enumerate(history)
            for s in intake.stages
        )
        for history in calibration.history
    )
    parameters = {n: Path(*(_rounded(moments[:, :, i, place[n]]) for i in range(2))) for n in names}
    return Trace(calibration.days, stages, parameters)


def _rounded(values: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(v), 4) for v in row) for row in values)


def _fits(record: Record, replicated: Floats, which: Sequence[bool]) -> dict[str, Fit]:
    """By series: how many points lie within the central half and nine tenths of what runs would publish.

    Parameters
    ----------
    replicated : (run, point)
    which : points that count
    """
    found = {}
    for evidence in record.model.evidence:
        here = [i for i, p in enumerate(record.points) if p.evidence is evidence and which[i]]
        if not here:
            continue
        y = np.array([record.points[i].value for i in here])
        ends = np.quantile(replicated[:, here], [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
        low, first, middle, third, high = ends
        found[evidence.name] = Fit(
            title=evidence.title,
            unit=next((v.unit for v in record.model.variables if v.name == evidence.observes), ""),
            points=len(here),
            half=coverage(first, third, y),
            nine_tenths=coverage(low, high, y),
            days=tuple(record.points[i].day for i in here),
            published=_floats(y),
            p5=_floats(low),
            p50=_floats(middle),
            p95=_floats(high),
        )
    return found


def _floats(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
