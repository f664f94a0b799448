"""Which uncertain numbers the chance of an outcome hangs on: screening, then shares of the variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import Estimate
from offramp.errors import UsageError
from offramp.given import need
from offramp.questions.factors import TRUE_TYPE, Factor, FactorGroup, Response, groups_of
from offramp.questions.question import Request
from offramp.questions.runner import OfOutcome, head_of_outcome, outcome_asked
from offramp.questions.sensitivity import BUDGET
from offramp.questions.sensitivity.screening import (
    TRAJECTORIES,
    Coordinate,
    Evaluate,
    Screening,
    screen,
)
from offramp.questions.sensitivity.sobol import FIFTH, Indices, indices
from offramp.questions.sensitivity.whole import FEWEST_WORLDS, Whole, whole
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How, Progress
from offramp.tell.words import enumerated

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_FACTORS = 8  # that pass the screening
WORLDS_IN = 16  # of so many runs one world is lived through twice
FEWEST_COURSES = 4  # of luck at a point
MOST_COURSES = 64
FEWEST_ROWS, MOST_ROWS = 64, 4096

# What the intervals hold.
INTERVALS = {
    "sampling": "sampling error only: so many points of the priors and so many courses of luck. All points "
    "that are compared meet the same luck, and what luck adds to variances is subtracted; the priors "
    "themselves are taken as given."
}


@dataclass(frozen=True)
class Screened:
    """What screening found of one factor; all in chance, 0 to 1.

    Attributes
    ----------
    effect : typical change of the chance (root mean square, without luck) from its 5th to its 95th
        percentile, or between its values, if it has few
    noise : the change that luck alone would show
    mu, mu_star, sigma : mean, mean size and spread of Morris' elementary effects, luck included
    stands_out : whether the effect lies above the noise of luck (one-sided 1 %)
    passed : whether its share of the variance was computed
    """

    kind: str
    actor: str
    name: str
    title: str
    unit: str
    effect: float
    noise: float
    mu: float
    mu_star: float
    sigma: float
    stands_out: bool
    passed: bool


@dataclass(frozen=True)
class At:
    """The chance where a number is in one part of its prior, or has one value, or an actor is of one type.

    Attributes
    ----------
    value : the middle of that part, or the value, in its unit; None for a type
    label : the value or type in words; empty for a part
    share : of all that the number may be
    """

    label: str
    value: float | None
    share: float
    chance: Estimate


@dataclass(frozen=True)
class Moved:
    """The chance along one uncertain number, everything else drawn with it.

    Attributes
    ----------
    at : where it is in the lowest and in the highest fifth of its prior; at each value, if it has few
    """

    kind: str
    actor: str
    name: str
    title: str
    unit: str
    at: list[At]

    @property
    def low(self) -> Estimate:
        """Where it is lowest; of types, where the chance is least."""
        return self.ends[0].chance

    @property
    def high(self) -> Estimate:
        """Where it is highest; of types, where the chance is greatest."""
        return self.ends[1].chance

    @property
    def ends(self) -> tuple[At, At]:
        """The least and the greatest; of types by the chance."""
        by_chance = sorted(self.at, key=lambda a: a.chance.value) if self.kind == TRUE_TYPE else self.at
        return by_chance[0], by_chance[-1]


@dataclass(frozen=True)
class Share:
    """What one factor brings to the variance of the chance.

    Attributes
    ----------
    title : of what moves: one number, a true type, or several numbers that are correlated
    first : alone; total : with everything that it does together with others. Shares, 0 to 1 but for sampling
    members : the numbers of which it consists, one unless they are correlated
    """

    title: str
    first: Estimate
    total: Estimate
    members: list[Moved]

    @property
    def name(self) -> str:
        """Names of its members."""
        return ", ".join(m.name for m in self.members)


@dataclass(frozen=True, kw_only=True)
class Sensitivity(OfOutcome):
    """Which uncertain numbers the chance of an outcome hangs on.

    Attributes
    ----------
    chance : mean chance by the end, over all that is uncertain
    variance : of the chance over the numbers that passed, luck and all else averaged out
    noise : variance that luck and all other numbers still give to the chance computed at one point
    divisible : whether `variance` lies above 0 beyond doubt; otherwise the shares say nothing
    whole : of the variance of whether the outcome comes, what uncertain things carry and what is luck
    shares : of the numbers that passed the screening, by total share
    screened : all uncertain numbers, the weightiest first
    budget : about how many runs were to be spent
    runs, failed_runs : in all; `screening_runs` of them for the screening
    rows, courses : points of the priors times courses of luck at each
    """

    QUESTION: ClassVar[str] = "sensitivity"

    chance: Estimate
    variance: Estimate
    noise: float
    divisible: bool
    whole: Whole
    shares: list[Share]
    screened: list[Screened]
    budget: int
    runs: int
    screening_runs: int
    failed_runs: int
    trajectories: int
    rows: int
    courses: int

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, self.runs


ANSWER = Sensitivity


def asked(request: Request) -> Sensitivity:
    """What `offramp sensitivity` asks."""
    design = request.design(scenarios=1)
    return sensitivity(design, request["outcome"], runs=request["budget"], how=request.how)


def sensitivity(
    design: Design,
    outcome: str | None = None,
    *,
    runs: int = BUDGET,
    factors: int = MOST_FACTORS,
    how: How = AS_SUITS,
) -> Sensitivity:
    """Screen all uncertain numbers of a model, then divide the variance of a chance among those that matter.

    Parameters
    ----------
    design : one policy; its seed and what it sets by hand. Its scenarios are not used: points are laid by
        plan.
    outcome : whose chance by the end is asked; None for the first that ends a run
    runs : about how many runs to spend, half of them on the screening
    factors : at most so many numbers pass the screening
    how : how futures are run

    Returns
    -------
    Sensitivity, by `offramp.questions.sensitivity.screening` and `offramp.questions.sensitivity.sobol`.

    Raises
    ------
    UsageError
        If there is no such outcome, nothing is uncertain, `runs` are too few, or SALib is not installed.
    OfframpError
        If runs fail nearly everywhere.
    """
    need(design, "Design")
    about = outcome_asked(design.model, outcome)
    if len(design.policies) != 1:
        raise UsageError(f"a sensitivity is that under one policy; this design has {len(design.policies)}.")
    if design.knowledge is not None:
        raise UsageError(
            "shares of the variance are those of numbers that are independent, and evidence has tied these "
            "together. `discover` finds among which of them an outcome is likelier."
        )
    known = _uncertain(design)
    fewest = _enough(runs, len(known), factors)
    seed = design.seed % 2**32
    counter = _Counter(Response(design, about, how), how.progress, runs)
    part_of_all = whole(design, about, max(FEWEST_WORLDS, runs // WORLDS_IN), how, counter.step())
    counter.done += part_of_all.runs
    courses = min(MOST_COURSES, runs // 2 // _points(len(known)))
    plan = [c for i, group in enumerate(known) for c in _coordinates(i, group)]
    screening = screen(len(known), counter.of(known), courses, seed, coordinates=plan)
    order, passed = _ranked(screening, factors)
    chosen = [known[i] for i in passed]
    members = [f for g in chosen for f in g.members]
    rows, courses = _layout(max(fewest // 2, runs - counter.done), len(chosen))
    found = indices(
        len(chosen), counter.of(chosen), rows, courses, seed,
        coordinates=[i for i, g in enumerate(chosen) for _ in g.purposes],
        marks=partial(counter.at, chosen), values=[len(f.levels) for f in members],
    )  # fmt: skip
    return Sensitivity(
        **head_of_outcome(design, about, INTERVALS),
        chance=found.mean,
        variance=found.variance,
        noise=found.noise,
        divisible=found.divisible,
        whole=part_of_all,
        shares=_shares(chosen, found),
        screened=[_screened(known[i], screening, i, i in passed) for i in order],
        budget=runs,
        runs=part_of_all.runs + screening.runs + found.runs,
        screening_runs=screening.runs,
        failed_runs=part_of_all.failed_runs + screening.failed_runs + found.failed_runs,
        trajectories=TRAJECTORIES,
        rows=rows,
        courses=courses,
    )


def _uncertain(design: Design) -> list[FactorGroup]:
    """All that can be varied; at least one."""
    known = groups_of(design.model, frozenset(design.overrides))
    if not known:
        raise UsageError(f"nothing in model `{design.model.name}` is uncertain: there is nothing to vary.")
    return known


def _coordinates(i: int, group: FactorGroup) -> list[Coordinate]:
    """The coordinates of a group, the i-th that is screened."""
    cells = group.members[0].middles() if group.levels else None
    return [Coordinate(i, cells) for _ in group.purposes]


def _points(known: int) -> int:
    """At how many points so many numbers are screened."""
    return TRAJECTORIES * (known + 1)


def _enough(runs: int, known: int, factors: int) -> int:
    """The fewest runs that do for so many uncertain numbers; raises where there are fewer."""
    fewest = 2 * FEWEST_COURSES * max(_points(known), FEWEST_ROWS * (min(factors, known) + 2))
    if runs < fewest:
        things = "uncertain thing" if known == 1 else "uncertain things"
        raise UsageError(f"{runs:,} runs are too few for {known} {things}: at least {fewest:,} are needed.")
    return fewest


def _ranked(screening: Screening, most: int) -> tuple[list[int], list[int]]:
    """Numbers by their effect, and those that pass.

    Those that stand out go first; the places left go to the weightiest of the others, for screening with few
    courses of luck may well have missed one.
    """
    order = sorted(range(len(screening.effect)), key=lambda i: -screening.effect[i])
    return order, sorted(order, key=lambda i: not screening.stands_out[i])[:most]


def _shares(groups: list[FactorGroup], found: Indices) -> list[Share]:
    shares, ends = [], iter(found.at)
    for i, group in enumerate(groups):
        members = [Moved(**_names(f), at=_at(f, next(ends))) for f in group.members]
        shares.append(Share(_title(group), found.first[i], found.total[i], members))
    return sorted(shares, key=lambda s: -s.total.value)


def _at(factor: Factor, found: tuple[Estimate, ...]) -> list[At]:
    """The chance at the values of a factor, those that were met; or in its lowest and highest fifth."""
    if factor.levels:
        pairs = zip(factor.levels, found, strict=True)
        return [At(k.label, k.value, k.share, e) for k, e in pairs if not math.isnan(e.value)]
    middles = factor.value([FIFTH / 2, 1 - FIFTH / 2]).tolist()
    return [At("", middle, FIFTH, e) for middle, e in zip(middles, found, strict=True)]


def _title(group: FactorGroup) -> str:
    titles = [f.title for f in group.members]
    return titles[0] if len(titles) == 1 else f"{enumerated(titles)}, which are correlated"


def _screened(group: FactorGroup, found: Screening, i: int, passed: bool) -> Screened:
    names = _names(group.members[0])
    if len(group.members) > 1:
        together = {key: ", ".join(dict.fromkeys(_names(f)[key] for f in group.members)) for key in names}
        names = together | {"title": _title(group)}
    return Screened(
        **names,
        effect=float(found.effect[i]),
        noise=float(found.noise[i]),
        mu=float(found.mu[i]),
        mu_star=float(found.mu_star[i]),
        sigma=float(found.sigma[i]),
        stands_out=bool(found.stands_out[i]),
        passed=passed,
    )


def _names(factor: Factor) -> dict[str, str]:
    return {name: getattr(factor, name) for name in ("kind", "actor", "name", "title", "unit")}


def _layout(runs: int, factors: int) -> tuple[int, int]:
    """Rows (a power of 2) and courses of luck for about so many runs: many rows first, then luck."""
    rows = FEWEST_ROWS
    while 2 * rows * (factors + 2) * FEWEST_COURSES <= runs and rows < MOST_ROWS:
        rows *= 2
    return rows, max(FEWEST_COURSES, min(MOST_COURSES, runs // (rows * (factors + 2))))


class _Counter:
    """Evaluates one response for several designs of points, each on luck of its own, with one progress."""

    def __init__(self, response: Response, progress: Progress | None, total: int) -> None:
        self.response, self._progress = response, progress
        self._total, self._courses, self._first, self.done = total, 0, 0, 0

    def step(self) -> Progress:
        """Progress of what begins now."""
        before = self.done

        def step(done: int, _: int) -> None:
            if self._progress is not None:
                self._progress(before + done, max(self._total, before + done))

        return step

    def of(self, groups: list[FactorGroup]) -> Evaluate:
        def evaluate(points: Floats, luck: Ints) -> Floats:
            self._first, step = self._courses, self.step()
            self._courses += int(luck.max()) + 1
            self.done += luck.size
            return self.response(groups, points, luck + self._first, step)

        return evaluate

    def at(self, groups: list[FactorGroup], points: Floats, luck: Ints) -> Floats:
        """Where members of groups were at points that have just been evaluated: (point, member)."""
        return self.response.at(groups, points, luck + self._first)
