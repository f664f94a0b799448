"""How the chances of outcomes change along one number, over a grid of two, or along several one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from offramp.analysis.answer import Answer
from offramp.analysis.intervals import LEVEL, Estimate
from offramp.analysis.paired import mean_difference, spread_of
from offramp.engine.hazards import is_smooth
from offramp.errors import OfframpError, UsageError
from offramp.given import need
from offramp.model import Model
from offramp.questions.moved import Point, chance_of_many, chances_at
from offramp.questions.option import MOST_RUNS
from offramp.questions.question import Request
from offramp.questions.runner import head_of, outcome_asked, outcome_title
from offramp.questions.sweep.over import Along, check_apart, read
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.tell import figures

Floats = npt.NDArray[np.float64]

MOST_POINTS = 2_000

# What the intervals hold.
INTERVALS = {
    "chance": "sampling error only. Those of all points and outcomes hold together in nine cases of ten, so "
    "that "
    "what is said of the greatest and the least is not found by looking at many.",
    "change": "the same of changes: each future is compared with itself, same world and same luck, as the "
    "model "
    "has it.",
}


@dataclass(frozen=True)
class Axis:
    """What is moved.

    Attributes
    ----------
    kind : `parameter`, `start` (a stock at the start), `true type` or `policy`
    values : numbers in its unit, or names of types or policies
    labels : the same as readers call them
    """

    name: str
    kind: Literal["parameter", "start", "true type", "policy"]
    title: str
    unit: str
    values: list[float | str]
    labels: list[str]

    @property
    def is_number(self) -> bool:
        """Whether it moves along numbers."""
        return self.kind in ("parameter", "start")


@dataclass(frozen=True)
class Found:
    """What one outcome does at a point; `change` is against the model as it is, future by future."""

    chance: Estimate
    change: Estimate


@dataclass(frozen=True)
class Cell:
    """One point.

    Attributes
    ----------
    at : position among the values of each axis; None where the axis is not moved
    outcomes : outcome -> what it does there
    """

    at: list[int | None]
    outcomes: dict[str, Found]


@dataclass(frozen=True)
class Swept:
    """One outcome, as readers call it, and its chance in the model as it is."""

    title: str
    chance: Estimate


@dataclass(frozen=True, kw_only=True)
class Sweep(Answer):
    """How the chances of outcomes change along numbers, types or policies.

    Attributes
    ----------
    over, one_at_a_time : as asked
    outcomes : names of the outcomes; `base` says what they are in the model as it is
    by : the last date
    runs, held_runs : futures at each point; those of them that failed at none, of which all is counted
    failed_runs : over all points and the model as it is
    cells : of a grid row by row, the last axis fastest; one at a time, axis by axis
    """

    QUESTION: ClassVar[str] = "sweep"

    policy: str
    over: list[str]
    one_at_a_time: bool
    outcomes: list[str]
    by: date
    runs: int
    held_runs: int
    failed_runs: int
    axes: list[Axis]
    base: dict[str, Swept]
    cells: list[Cell]

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, self.runs * (len(self.cells) + 1)

    def along(self, axis: int) -> list[Cell]:
        """The cells in which an axis is moved, and of a grid all."""
        return [c for c in self.cells if c.at[axis] is not None]


ANSWER = Sweep


def asked(request: Request) -> Sweep:
    """What `offramp sweep` asks."""
    return sweep(
        request.design(), request["over"], list(request["outcomes"]) or None,
        one_at_a_time=request["one_at_a_time"], how=request.how,
    )  # fmt: skip


def sweep(
    design: Design,
    over: Sequence[str] | str,
    outcomes: Sequence[str] | None = None,
    *,
    one_at_a_time: bool = False,
    how: How = AS_SUITS,
) -> Sweep:
    """Run the same futures along one number, over a grid of two, or along several one at a time.

    Parameters
    ----------
    design : one policy; its scenarios are run at every point, under the same luck
    over : what is moved and where: `"rate=0.1..0.3"`, `"rate=0.1..0.3/9"`, `"rate=0.1,0.2"`, `"rate"` along
    its prior,
        `"red=hawk,dove"` for the true type of an actor, `"policy"` for the policies. One or two; more where
        one is
        moved at a time.
    outcomes : whose chances by the end are asked; None for all that end a run
    one_at_a_time : move each alone, the others as the model has them, instead of a grid

    Raises
    ------
    UsageError
        If there is no such outcome, or nothing of that name to be moved; it is set by hand, a value cannot
        be; there
        are too many points, or several policies.
    OfframpError
        If every future fails at one point or another.

    Examples
    --------
    >>> import offramp as ofr
    >>> design = ofr.Design(ofr.load("spiral"), scenarios=100)
    >>> found = ofr.sweep(design, "altara_suspects=0,0.5,1")
    >>> len(found.cells), found.axes[0].values
    (3, [0.0, 0.5, 1.0])
    """
    need(design, "Design")
    if len(design.policies) != 1:
        raise UsageError(
            f"a sweep is one under one policy, or `--over policy`; this has {len(design.policies)}."
        )
    asked_over = [over] if isinstance(over, str) else list(over)
    named = _outcomes(design.model, outcomes)
    along = _along(design, asked_over, one_at_a_time)
    points = _points(along, one_at_a_time)
    if len(points) > MOST_POINTS or len(points) * len(design.scenarios) > MOST_RUNS:
        most = min(MOST_POINTS, MOST_RUNS // len(design.scenarios))
        raise UsageError(f"{len(points):,} points are too many with so many futures; {most:,} is the most.")
    placed = [{along[i].what: along[i].values[k] for i, k in enumerate(at) if k is not None} for at in points]
    nothing: list[Point] = [{}]
    found = chances_at(design, named, [*nothing, *placed], how)
    held = ~np.isnan(found).any(axis=(0, 1))
    if not held.any():
        raise OfframpError("every future failed at one point or another; `offramp run` says why.")
    kept, together = found[:, :, held], len(named) * (len(points) + 1)
    counted = [not is_smooth(design.model, n) for n in named]
    chance = [[chance_of_many(row, together, counted[i]) for row in kept[i]] for i in range(len(named))]
    return Sweep(
        **head_of(design, INTERVALS),
        policy=design.policies[0],
        over=asked_over,
        one_at_a_time=one_at_a_time,
        outcomes=named,
        by=design.model.dates[-1],
        runs=len(design.scenarios),
        held_runs=int(held.sum()),
        failed_runs=int(np.isnan(found[0]).sum()),
        axes=[_axis(a) for a in along],
        base={n: Swept(outcome_title(design.model, n), chance[i][0]) for i, n in enumerate(named)},
        cells=[
            Cell(
                list(at),
                {
                    n: Found(chance[i][k], _change(kept[i, k], kept[i, 0], together))
                    for i, n in enumerate(named)
                },
            )
            for k, at in enumerate(points, 1)
        ],
    )


def _outcomes(model: Model, names: Sequence[str] | None) -> list[str]:
    """The outcomes asked about, each once."""
    if names is not None:
        return list(dict.fromkeys(outcome_asked(model, n) for n in names))
    ends = [o.name for o in model.outcomes if o.absorbing]
    return ends or [outcome_asked(model, None)]


def _along(design: Design, over: Sequence[str], one_at_a_time: bool) -> list[Along]:
    if not over:
        raise UsageError("say what is moved: --over NAME=A..B.")
    if len(over) > 2 and not one_at_a_time:
        raise UsageError(
            f"a grid has one or two axes, and this would have {len(over)}. Add --one-at-a-time to move each "
            f"alone."
        )
    along = [read(design, text, in_grid=len(over) > 1 and not one_at_a_time) for text in over]
    check_apart(along)
    return along


def _points(along: Sequence[Along], one_at_a_time: bool) -> list[tuple[int | None, ...]]:
    """Where each axis is at each point."""
    if not one_at_a_time:
        return list(product(*(range(len(a.values)) for a in along)))
    return [
        tuple(k if j == i else None for j in range(len(along)))
        for i, a in enumerate(along)
        for k in range(len(a.values))
    ]


def _axis(along: Along) -> Axis:
    what = along.what
    if what.choices:
        titles = dict(zip(what.choices, what.labels, strict=True))
        labels = [titles[str(v)] for v in along.values]
    else:
        labels = shown([float(v) for v in along.values])
    return Axis(what.name, what.kind, what.title, what.unit, list(along.values), labels)  # type: ignore[arg-type]


def shown(values: Sequence[float]) -> list[str]:
    """Numbers with as many digits as it takes to tell them apart."""
    for digits in range(2, 8):
        found = [figures.number(v, digits) for v in values]
        if len(set(found)) == len(found):
            return found
    return [f"{v:g}" for v in values]


def _change(here: Floats, there: Floats, together: int) -> Estimate:
    """What moving changes, paired."""
    found = mean_difference(here, there, 1 - (1 - LEVEL) / together, spread_of(here, there))
    return Estimate(found.value, found.low, found.high)
