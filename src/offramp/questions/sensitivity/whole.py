"""How much of whether an outcome comes is uncertain once for all, and how much is luck within a run.

Whether it comes in a future is a number that is 0 or 1, with variance p (1 − p). By the law of total variance
this is that of its chance between worlds, which is all that any factor can carry, and that of luck within a
world. Two lives of a world share the first and nothing of the second, so their covariance is the first. Of
luck, the draw that decides the branch of a dated event is one number for a run: what it carries alone is the
variance of the mean between groups of it (a first-order Sobol' index from given data).

References
----------
O'Hagan, Stevenson and Madan (2007), Monte Carlo probabilistic sensitivity analysis for patient level
simulation models. Health Economics 16, 1009-1023. Plischke, Borgonovo and Smith (2013), Global sensitivity
measures from given data. European Journal of Operational Research 226, 536-550.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate
from offramp.engine import luck
from offramp.engine.hazards import chances
from offramp.language.constants import fold
from offramp.model import Event
from offramp.questions.runner import in_blocks, part
from offramp.runs.design import SCENARIOS_OF_A_LIFE, Design
from offramp.runs.how import How, Progress
from offramp.runs.simulate import engine_for

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LIVES = 2
FEWEST_WORLDS = 100
RESAMPLES = 400
_BINS = 8  # of a draw whose branches have no fixed chances


@dataclass(frozen=True)
class ByEvent:
    """What the branch of a dated event carries alone of the variance of what happens."""

    name: str
    title: str
    share: Estimate


@dataclass(frozen=True)
class Whole:
    """Shares of the variance of whether the outcome comes.

    Attributes
    ----------
    uncertain : what all that is drawn once for a scenario carries together; the rest is luck within a run
    events : of that luck, what the branches of dated events carry, each alone, the weightiest first
    worlds : how many, each lived through `LIVES` times
    """

    uncertain: Estimate
    events: list[ByEvent]
    worlds: int
    runs: int
    failed_runs: int


def whole(design: Design, outcome: str, worlds: int, how: How, progress: Progress | None) -> Whole:
    """Measure it in the first `worlds` scenarios, each lived through twice."""
    numbers = np.arange(worlds, dtype=np.int64)
    values = np.stack([_chances(design, outcome, numbers, life, how, progress) for life in range(LIVES)], 1)
    held = ~np.isnan(values).any(axis=1)
    failed = int(np.isnan(values).sum())
    kept = values[held]
    generator = np.random.Generator(np.random.Philox(key=[design.seed % 2**64, 7]))
    drawn = [generator.integers(0, len(kept), len(kept)) for _ in range(RESAMPLES if len(kept) > 1 else 0)]
    events = []
    for event in design.model.events:
        if event.on is not None and len(event.branches) > 1 and design.model.step_of(event.on) >= 0:
            groups = _groups(design, event, numbers)[held]
            share = _interval(kept, drawn, partial(_between_of, kept, groups))
            events.append(ByEvent(event.name, event.title or event.name, share))
    return Whole(
        uncertain=_interval(kept, drawn, lambda rows: _shared(kept[rows])),
        events=sorted(events, key=lambda e: -e.share.value),
        worlds=worlds,
        runs=values.size,
        failed_runs=failed,
    )


def _chances(
    design: Design, outcome: str, numbers: Ints, life: int, how: How, progress: Progress | None
) -> Floats:
    """What each world makes of the outcome in one life: (world,), NaN where the run fails."""
    runner, result = engine_for(design.model, how.engine), np.empty(len(numbers))
    inputs = design.another(scenarios=numbers, life=life).inputs(design.policies[0])

    def run(here: slice) -> None:
        some = part(inputs, here)
        result[here] = chances(design.model, some, runner.run(some), outcome)

    def step(done: int, _: int) -> None:
        if progress is not None:
            progress(life * len(numbers) + done, LIVES * len(numbers))

    in_blocks(run, len(numbers), how, step)
    return result


def _groups(design: Design, event: Event, numbers: Ints) -> Ints:
    """In which group of its draw each life of each world is: (world, life)."""
    step = design.model.step_of(event.on) if event.on is not None else 0
    lives = numbers[:, None] + np.arange(LIVES) * SCENARIOS_OF_A_LIFE
    u = luck.uniform(design.seed, lives.ravel(), step, luck.purpose_of_event(event)).reshape(lives.shape)
    given = [None if b.probability is None else fold(b.probability.node) for b in event.branches]
    fixed = all(b.probability is None or g is not None for b, g in zip(event.branches, given, strict=True))
    if not fixed:
        return np.asarray((u * _BINS).astype(np.int64))
    rest = max(0.0, 1 - sum(g for g in given if g is not None))
    ends = np.cumsum([rest if g is None else g for g in given])[:-1]
    return np.searchsorted(ends, u, side="right")


def _shared(values: Floats) -> float:
    """Share of the variance that lives of a world have in common, of (world, life)."""
    mean = float(values.mean())
    total = mean * (1 - mean)
    off = values - mean
    return float((off[:, 0] * off[:, 1]).mean()) / total if total > 0 else 0.0


def _between(values: Floats, groups: Ints) -> float:
    """Share of the variance that lies between groups, of (world, life), without what chance puts there."""
    y, g = values.ravel(), groups.ravel()
    counts = np.bincount(g)
    sums, squares = np.bincount(g, y), np.bincount(g, y**2)
    there = counts > 1
    counts, sums, squares = counts[there], sums[there], squares[there]
    total = float(y.mean()) * (1 - float(y.mean()))
    if len(counts) < 2 or total <= 0:
        return 0.0
    means = sums / counts
    within = (squares - counts * means**2).sum() / (counts.sum() - len(counts))
    spread = float((counts * (means - y.mean()) ** 2).sum() / counts.sum())
    return (spread - (len(counts) - 1) / float(counts.sum()) * float(within)) / total


def _between_of(values: Floats, groups: Ints, rows: Ints) -> float:
    return _between(values[rows], groups[rows])


def _interval(kept: Floats, drawn: list[Ints], share_of: Callable[[Ints], float]) -> Estimate:
    """A share with its bootstrap interval over worlds, each with its lives."""
    if len(kept) < 2:
        return Estimate(0.0, 0.0, 1.0)
    value = share_of(np.arange(len(kept)))
    # Resampling adds its own noise to what is between groups: only its spread is used.
    some = np.array([share_of(rows) for rows in drawn])
    low, high = value + np.percentile(some - some.mean(), [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Estimate(*(float(np.clip(x, 0.0, 1.0)) for x in (value, low, high)))
