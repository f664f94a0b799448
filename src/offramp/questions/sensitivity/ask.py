"""Which uncertain numbers the chance of an outcome hangs on: screening, then shares of the variance."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate
from offramp.errors import UsageError
from offramp.given import need
from offramp.questions.budget import SENSITIVITY_RUNS
from offramp.questions.factors import Factor, Response, factors_of
from offramp.questions.runner import outcome_asked
from offramp.questions.sensitivity.screening import TRAJECTORIES, Evaluate, screen
from offramp.questions.sensitivity.sobol import FIFTH, indices
from offramp.runs.design import Design
from offramp.runs.simulate import EngineName, Progress

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_FACTORS = 8  # that pass the screening
FEWEST_COURSES = 4  # of luck at a point
MOST_COURSES = 64
MOST_ROWS = 4096

INTERVAL = (
    "sampling error only: so many points of the priors and so many courses of luck. All points that are "
    "compared meet the same luck, and what luck adds to variances is subtracted; the priors themselves are "
    "taken as given."
)


@dataclass(frozen=True)
class Screened:
    """What screening found of one uncertain number; all in chance, 0 to 1.

    Attributes
    ----------
    effect : typical change of the chance (root mean square, without luck) from its 5th to its 95th percentile
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
class Share:
    """What one number brings to the variance of the chance.

    Attributes
    ----------
    first : alone; total : with everything that it does together with others. Shares, 0 to 1 but for sampling
    low, high : mean chance where the number is in the lowest and in the highest fifth of its prior
    low_value, high_value : the middles of these fifths, in its unit
    """

    kind: str
    actor: str
    name: str
    title: str
    unit: str
    first: Estimate
    total: Estimate
    low: Estimate
    high: Estimate
    low_value: float
    high_value: float


@dataclass(frozen=True)
class Sensitivity:
    """Which uncertain numbers the chance of an outcome hangs on.

    Attributes
    ----------
    chance : mean chance by the end, over all that is uncertain
    variance : of the chance over the numbers that passed, luck and all else averaged out
    noise : variance that luck and all other numbers still give to the chance computed at one point
    divisible : whether `variance` lies above 0 beyond doubt; otherwise the shares say nothing
    screened : all uncertain numbers, the weightiest first; `shares` : of those that passed, by total share
    runs, failed_runs : in all; `screening_runs` of them for the screening
    rows, courses : points of the priors times courses of luck at each
    """

    model: str
    model_hash: str
    title: str
    illustrative: bool
    seed: int
    set: dict[str, float]
    policy: str
    outcome: str
    outcome_title: str
    by: date
    level: float
    interval: str
    chance: Estimate
    variance: Estimate
    noise: float
    divisible: bool
    shares: list[Share]
    screened: list[Screened]
    runs: int
    screening_runs: int
    failed_runs: int
    trajectories: int
    rows: int
    courses: int

    def as_dict(self) -> dict[str, Any]:
        """As plain values ready for `json.dumps`; numbers that are not finite are None."""
        from offramp.questions.runner import plain
        from offramp.version import __version__

        made: dict[str, Any] = plain(dataclasses.asdict(self))
        return {**made, "version": __version__}


def sensitivity(
    design: Design,
    outcome: str | None = None,
    *,
    runs: int = SENSITIVITY_RUNS,
    factors: int = MOST_FACTORS,
    threads: int | None = None,
    progress: Progress | None = None,
    engine: EngineName = "compiled",
) -> Sensitivity:
    """Screen all uncertain numbers of a model, then divide the variance of a chance among those that matter.

    Parameters
    ----------
    design : one policy; its seed and what it sets by hand. Its scenarios are not used: points are laid by
        plan.
    outcome : whose chance by the end is asked; None for the first that ends a run
    runs : about how many runs to spend, half of them on the screening
    factors : at most so many numbers pass the screening
    threads : how many to use; None for one per processor. Results do not depend on it.

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
    model = design.model
    asked = outcome_asked(model, outcome)
    if len(design.policies) != 1:
        raise UsageError(f"a sensitivity is that under one policy; this design has {len(design.policies)}.")
    known = factors_of(model, frozenset(design.overrides))
    if not known:
        raise UsageError(f"no number of model `{model.name}` is uncertain: there is nothing to vary.")
    points = TRAJECTORIES * (len(known) + 1)
    few = 2 * FEWEST_COURSES * max(points, 64 * (min(factors, len(known)) + 2))
    if runs < few:
        raise UsageError(
            f"{runs:,} runs are too few for {len(known)} uncertain numbers: at least {few:,} are needed."
        )
    counter = _Counter(Response(design, asked, engine), threads, progress, runs)
    courses = min(MOST_COURSES, runs // 2 // points)
    screening = screen(len(known), counter.of(known), courses, design.seed % 2**32)
    order = sorted(range(len(known)), key=lambda i: -screening.effect[i])
    # Those that stand out go first; the places left go to the weightiest of the others, for screening with
    # few courses of luck may well have missed one.
    passed = sorted(order, key=lambda i: not screening.stands_out[i])[:factors]
    chosen = [known[i] for i in passed]
    rows, courses = _layout(max(few // 2, runs - counter.done), len(chosen))
    found = indices(len(chosen), counter.of(chosen), rows, courses, design.seed % 2**32)
    values = [(f.value([FIFTH / 2, 1 - FIFTH / 2])) for f in chosen]
    shares = [
        Share(**_about(f), first=s, total=t, low=lo, high=hi, low_value=float(v[0]), high_value=float(v[1]))
        for f, s, t, lo, hi, v in zip(
            chosen, found.first, found.total, found.low_fifth, found.high_fifth, values, strict=True
        )
    ]
    return Sensitivity(
        model=model.name,
        model_hash=model.hash,
        title=model.title,
        illustrative=model.illustrative,
        seed=design.seed,
        set=dict(design.overrides),
        policy=design.policies[0],
        outcome=asked,
        outcome_title=next(o.title for o in model.outcomes if o.name == asked) or asked,
        by=model.dates[-1],
        level=LEVEL,
        interval=INTERVAL,
        chance=found.mean,
        variance=found.variance,
        noise=found.noise,
        divisible=found.divisible,
        shares=sorted(shares, key=lambda s: -s.total.value),
        screened=[
            Screened(
                **_about(known[i]),
                effect=float(screening.effect[i]),
                noise=float(screening.noise[i]),
                mu=float(screening.mu[i]),
                mu_star=float(screening.mu_star[i]),
                sigma=float(screening.sigma[i]),
                stands_out=bool(screening.stands_out[i]),
                passed=i in passed,
            )
            for i in order
        ],
        runs=screening.runs + found.runs,
        screening_runs=screening.runs,
        failed_runs=screening.failed_runs + found.failed_runs,
        trajectories=TRAJECTORIES,
        rows=rows,
        courses=courses,
    )


def _about(factor: Factor) -> dict[str, str]:
    return {name: getattr(factor, name) for name in ("kind", "actor", "name", "title", "unit")}


def _layout(runs: int, factors: int) -> tuple[int, int]:
    """Rows (a power of 2) and courses of luck for about so many runs: many rows first, then luck."""
    rows = 64
    while 2 * rows * (factors + 2) * FEWEST_COURSES <= runs and rows < MOST_ROWS:
        rows *= 2
    return rows, max(FEWEST_COURSES, min(MOST_COURSES, runs // (rows * (factors + 2))))


class _Counter:
    """Evaluates one response for several designs of points, each on luck of its own, with one progress."""

    def __init__(
        self, response: Response, threads: int | None, progress: Progress | None, total: int
    ) -> None:
        self._response, self._threads, self._progress = response, threads, progress
        self._total, self._courses, self.done = total, 0, 0

    def of(self, factors: list[Factor]) -> Evaluate:
        def evaluate(points: Floats, luck: Ints) -> Floats:
            first, before = self._courses, self.done

            def step(done: int, _: int) -> None:
                if self._progress is not None:
                    self._progress(before + done, max(self._total, before + done))

            self._courses += int(luck.max()) + 1
            self.done += luck.size
            return self._response(factors, points, luck + first, self._threads, step)

        return evaluate
