"""At which value of one number the chance of an outcome crosses a level.

The same futures, under the same luck, are run at values from one end of a range to the other. Of the shape
of the curve nothing is assumed to say whether it crosses: it does where the chance lies below the level
beyond doubt at one value and above it at a later one, or the other way round. Where between the two is then
read off straight lines from value to value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate
from offramp.engine.hazards import is_smooth
from offramp.errors import OfframpError, UsageError
from offramp.given import need
from offramp.questions.moved import Movable, chance_of_many, chances_at, number_named
from offramp.questions.question import Request
from offramp.questions.runner import OfOutcome, head_of_outcome, outcome_asked
from offramp.questions.tipping import CHANCE, STEPS
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How

Floats = npt.NDArray[np.float64]

RESAMPLES = 500

# What the intervals hold.
INTERVALS = {
    "points": "sampling error only. Those of all values hold together in nine cases of ten, so that what is "
    "said of a crossing is not found by looking at many values.",
    "crossings": "sampling error only, by resampling futures, each with its luck at all values; the chance "
    "is taken to run straight from one value to the next.",
}

Side = Literal["below", "above", "undecided"]


@dataclass(frozen=True)
class ChanceAt:
    """The chance at one value; `side` of the level on which it lies beyond doubt."""

    value: float
    chance: Estimate
    side: Side


@dataclass(frozen=True)
class Crossing:
    """Where the chance crosses the level.

    Attributes
    ----------
    rises : whether it lies below the level before and above it after
    last_before, first_after : values at which it lies on either side beyond doubt
    at : the value between them at which it crosses
    """

    rises: bool
    last_before: float
    first_after: float
    at: Estimate


@dataclass(frozen=True, kw_only=True)
class Tipping(OfOutcome):
    """At which value of one number the chance of an outcome crosses a level.

    Attributes
    ----------
    of, of_title, unit : the number
    low, high, steps : the range, and at how many values it was looked at
    chance : the level that is crossed, 0 to 1
    runs, held_runs : futures at each value; those of them that failed at none, of which all is counted
    failed_runs : over all values
    points : the chance at each value, from low to high
    crossings : those beyond doubt, from low to high
    verdict : `crosses`; `below` or `above`: lies there at every value beyond doubt; or `undecided`
    """

    QUESTION: ClassVar[str] = "tipping"

    of: str
    of_title: str
    unit: str
    low: float
    high: float
    steps: int
    chance: float
    runs: int
    held_runs: int
    failed_runs: int
    points: list[ChanceAt]
    crossings: list[Crossing]
    verdict: Literal["crosses", "below", "above", "undecided"]

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, self.runs * self.steps


ANSWER = Tipping


def asked(request: Request) -> Tipping:
    """What `offramp tipping` asks."""
    options = {name: request[name] for name in ("low", "high", "chance", "steps")}
    return tipping(request.design(), request["of"], request["outcome"], **options, how=request.how)


def tipping(
    design: Design,
    of: str,
    outcome: str | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    chance: float = CHANCE,
    steps: int = STEPS,
    how: How = AS_SUITS,
) -> Tipping:
    """Find where along one number the chance of an outcome crosses a level.

    Parameters
    ----------
    design : one policy; its scenarios are run at every value
    of : a parameter, or a stock for its value at the start
    outcome : whose chance by the end is asked; None for the first that ends a run
    low, high : from and to which value, in its unit; None for the 5th and 95th percentile of its prior
    chance : the level that is crossed, between 0 and 1
    steps : at how many values, evenly spaced
    how : how futures are run

    Returns
    -------
    Tipping. A crossing that is not beyond doubt is none: then `verdict` is `undecided`. Between two values
    the chance may cross and cross back unseen.

    Raises
    ------
    UsageError
        If there is no such outcome or number, the number is set by hand, the range cannot be, or there are
        several policies.
    OfframpError
        If every future fails at one value or another.

    Examples
    --------
    >>> import offramp as ofr
    >>> design = ofr.Design(ofr.load("spiral"), scenarios=100)
    >>> found = ofr.tipping(design, "altara_suspects", low=0, high=1, chance=0.3)
    >>> found.verdict, [c.rises for c in found.crossings]
    ('crosses', [True])
    """
    need(design, "Design")
    about = outcome_asked(design.model, outcome)
    if len(design.policies) != 1:
        raise UsageError(f"a tipping point is that under one policy; this design has {len(design.policies)}.")
    number = number_named(design, of)
    values = _values(number, low, high, steps)
    if not 0 < chance < 1:
        raise UsageError(f"a chance that can be crossed lies between 0 and 1, not at {chance:g}.")
    found = chances_at(design, [about], [{number: value} for value in values.tolist()], how)[0]
    failed = np.isnan(found)
    curve = found[:, ~failed.any(axis=0)]
    if not curve.size:
        raise OfframpError("every future failed at one value or another; `offramp run` says why.")
    counted = not is_smooth(design.model, about)
    points = [_point(v, row, chance, steps, counted) for v, row in zip(values.tolist(), curve, strict=True)]
    crossings = _crossings(points, curve - chance, design.seed)
    return Tipping(
        **head_of_outcome(design, about, INTERVALS),
        of=of,
        of_title=number.title,
        unit=number.unit,
        low=points[0].value,
        high=points[-1].value,
        steps=steps,
        chance=chance,
        runs=len(design.scenarios),
        held_runs=curve.shape[1],
        failed_runs=int(failed.sum()),
        points=points,
        crossings=crossings,
        verdict="crosses" if crossings else _side_of_all(points),
    )


def _values(number: Movable, low: float | None, high: float | None, steps: int) -> Floats:
    """The values at which the chance is looked at, from low to high."""
    ends = number.ends()
    if ends is not None:
        low, high = (ends[0] if low is None else low), (ends[1] if high is None else high)
    if low is None or high is None:
        raise UsageError(
            f"`{number.name}` has no prior, so say between which values it is moved: --low and --high."
        )
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UsageError(f"a range goes from a lower to a higher number, not from {low:g} to {high:g}.")
    if steps < 2:
        raise UsageError(f"a range has two ends: at least 2 values are needed, not {steps}.")
    return np.linspace(low, high, steps)


def _point(value: float, found: Floats, level: float, of: int, counted: bool) -> ChanceAt:
    """The chance at one of several values, all of whose intervals hold together."""
    chance = chance_of_many(found, of, counted)
    side: Side = "below" if chance.high < level else "above" if chance.low > level else "undecided"
    return ChanceAt(value, chance, side)


def _side_of_all(points: list[ChanceAt]) -> Side:
    """The side on which all points lie, `undecided` unless all do."""
    sides = {p.side for p in points}
    return sides.pop() if len(sides) == 1 else "undecided"


def _crossings(points: list[ChanceAt], excess: Floats, seed: int) -> list[Crossing]:
    """The level is crossed between neighbours on either side of it, those undecided left out.

    Parameters
    ----------
    excess : (value, scenario), chance less level
    """
    decided = [k for k, p in enumerate(points) if p.side != "undecided"]
    values = np.array([p.value for p in points])
    found = []
    for a, b in pairwise(decided):
        rises = points[a].side == "below"
        if points[a].side != points[b].side:
            here = slice(a, b + 1)
            side = excess[here] if rises else -excess[here]
            at = _crossed_at(values[here], side, seed)
            found.append(Crossing(rises, points[a].value, points[b].value, at))
    return found


def _crossed_at(values: Floats, excess: Floats, seed: int) -> Estimate:
    """Where the mean of something rises through 0, with its bootstrap interval over scenarios.

    Parameters
    ----------
    values : (value,); excess : (value, scenario)
    """
    generator = np.random.Generator(np.random.Philox(key=seed))
    count = excess.shape[1]
    means = np.empty((RESAMPLES, len(values)))
    for k in range(RESAMPLES):
        drawn = np.bincount(generator.integers(0, count, count), minlength=count)
        means[k] = excess @ drawn / count
    low, high = np.percentile([_through(values, m) for m in means], [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Estimate(_through(values, excess.mean(axis=1)), float(low), float(high))


def _through(values: Floats, height: Floats) -> float:
    """First value plus the length on which straight lines through the heights lie below 0.

    Where they pass 0 once that is where; where they do so several times, on average.
    """
    size = np.abs(height)
    below = size * (height < 0)
    share = np.divide(
        below[:-1] + below[1:],
        size[:-1] + size[1:],
        out=np.zeros(len(size) - 1),
        where=size[:-1] + size[1:] > 0,
    )
    return float(values[0] + share @ np.diff(values))
