"""Scenario discovery: the uncertain numbers among which an outcome is likelier, as boxes in words.

Futures are split in three. Boxes are found in the first half (PRIM, and CART beside it); which box of the
many on the way is meant, and which of its limits matter, is decided in the next quarter; what is said of it
is measured in the last quarter, which had no part in finding it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate
from offramp.engine.hazards import chances
from offramp.errors import OfframpError, UsageError
from offramp.given import library, need
from offramp.questions.discover.prim import Bools, Box, trajectories
from offramp.questions.factors import Points, factors_of
from offramp.questions.question import Request
from offramp.questions.runner import OfOutcome, head_of_outcome, in_blocks, in_threads, outcome_asked, part
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import engine_for

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_BOXES = 3
MOST_LIMITS = 4  # of a box, so that it can be said in a sentence
LEAST_LIFT = 1.3
FEWEST_RUNS = 400
LARGEST_P = 0.05
RESAMPLES = 10  # of the first half, to see whether the same inputs are found again
BOOTSTRAP = 500

# What the intervals hold.
INTERVALS = {
    "sampling": "sampling error only, measured in futures that had no part in finding the box. A box says "
    "where an outcome is likelier, not why."
}


@dataclass(frozen=True)
class Input:
    """An uncertain number, or one that takes `labels`: values of a discrete number, types of an actor."""

    kind: str
    actor: str
    name: str
    title: str
    unit: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limit:
    """One limit of a box.

    Attributes
    ----------
    low, high : in the unit of the number; None where there is no limit on that side
    labels : types inside, for a true type; values inside, for a number that has few
    p_value : quasi-p: chance of as high a mean if this limit said nothing (Bryant and Lempert 2010)
    reproduced : share of resamples of the futures in which a box limits this input too
    """

    kind: str
    actor: str
    name: str
    title: str
    unit: str
    low: float | None
    high: float | None
    labels: tuple[str, ...]
    p_value: float
    reproduced: float | None


@dataclass(frozen=True)
class Region:
    """A box, measured where it was not sought.

    Attributes
    ----------
    method : `prim` or `cart`
    density : chance of the outcome inside; lift : over that of all futures
    coverage : share of all that comes of the outcome that comes inside
    mass : share of all futures that lie inside
    """

    method: str
    conditions: list[Limit]
    density: Estimate
    lift: Estimate
    coverage: Estimate
    mass: float


@dataclass(frozen=True, kw_only=True)
class Discovery(OfOutcome):
    """Where among the uncertain numbers an outcome is likelier.

    Attributes
    ----------
    chance : over all futures
    inputs : how many uncertain things there are
    runs, failed_runs : how many
    regions : those of PRIM first, in the order found, each outside those before; then the best leaf of CART
    """

    QUESTION: ClassVar[str] = "discover"

    chance: float
    inputs: int
    runs: int
    failed_runs: int
    regions: list[Region]

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, self.runs


ANSWER = Discovery


def asked(request: Request) -> Discovery:
    """What `offramp discover` asks."""
    return discover(request.design(), request["outcome"], how=request.how)


def discover(design: Design, outcome: str | None = None, *, how: How = AS_SUITS) -> Discovery:
    """Find boxes of uncertain numbers in which an outcome is likelier.

    Parameters
    ----------
    design : one policy; its scenarios are the cases
    outcome : whose chance by the end is asked; None for the first that ends a run
    how : how futures are run

    Returns
    -------
    Discovery; `regions` is empty where nothing stands out.

    Raises
    ------
    UsageError
        If there is no such outcome, nothing is uncertain, there are too few futures or several policies, or
        scikit-learn is not installed.
    OfframpError
        If most runs fail, or the outcome never comes.

    References
    ----------
    Bryant and Lempert (2010), Thinking inside the box: a participatory, computer-assisted approach to
    scenario discovery. Technological Forecasting and Social Change 77, 34-49: coverage, density,
    quasi-p-values and resampling.
    """
    need(design, "Design")
    about = outcome_asked(design.model, outcome)
    if len(design.policies) != 1:
        raise UsageError(f"boxes are those under one policy; this design has {len(design.policies)}.")
    if len(design.scenarios) < FEWEST_RUNS:
        raise UsageError(f"{len(design.scenarios):,} futures are too few: at least {FEWEST_RUNS} are needed.")
    library("sklearn.tree", "discovery")  # before any run
    inputs, x, y = _cases(design, about, how)
    held = ~np.isnan(y)
    failed = int((~held).sum())
    x, y = x[held], y[held]
    if len(y) < FEWEST_RUNS:
        raise OfframpError(f"{failed:,} futures failed, too many to find anything; `offramp run` says why.")
    if not y.any():
        raise OfframpError(
            f"`{about}` comes in none of {len(y):,} futures, so no region makes it more likely."
        )
    return Discovery(
        **head_of_outcome(design, about, INTERVALS),
        chance=float(y.mean()),
        inputs=len(inputs),
        runs=len(held),
        failed_runs=failed,
        regions=regions(inputs, x, y, design.seed, how),
    )


def regions(inputs: list[Input], x: Floats, y: Floats, seed: int = 0, how: How = AS_SUITS) -> list[Region]:
    """Boxes of PRIM, then the best leaf of CART, of (case, input) and (case,)."""
    return _Search(Cases(inputs, x, y), seed, how).regions()


@dataclass(frozen=True)
class Cases:
    """Futures as cases: their uncertain numbers, (case, input), and what should be large, (case,)."""

    inputs: list[Input]
    x: Floats
    y: Floats

    @property
    def labels(self) -> list[int]:
        """The inputs that hold labels instead of numbers."""
        return [i for i, one in enumerate(self.inputs) if one.labels]


@dataclass(frozen=True)
class Split:
    """Positions of cases: to find boxes in, to choose among them, to measure in."""

    fit: Ints
    choose: Ints
    test: Ints

    @property
    def smallest(self) -> int:
        """How many cases the smallest part has."""
        return min(len(self.fit), len(self.choose), len(self.test))

    def outside(self, box: Box, x: Floats) -> Split:
        return Split(*(p[~box.inside(x[p])] for p in (self.fit, self.choose, self.test)))


def _cases(design: Design, outcome: str, how: How) -> tuple[list[Input], Floats, Floats]:
    """Inputs, their values in each scenario, and what each run says of the chance of the outcome."""
    model, scenarios = design.model, design.scenarios
    known = factors_of(model, frozenset(design.overrides))
    block = design.inputs(design.policies[0])
    inputs = [
        Input(f.kind, f.actor, f.name, f.title, f.unit, tuple(k.label for k in f.levels)) for f in known
    ]
    where = Points.of(design).at(known, scenarios)
    columns = [u if f.levels else f.value(u) for f, u in zip(known, where.T, strict=True)]
    if not inputs:
        raise UsageError(f"nothing in model `{model.name}` is uncertain: there are no boxes to find.")
    runner, y = engine_for(model, how.engine), np.empty(len(scenarios))

    def run(here: slice) -> None:
        some = part(block, here)
        y[here] = chances(model, some, runner.run(some), outcome)

    in_blocks(run, len(y), how)
    return inputs, np.stack(columns, axis=1), y


class _Search:
    """Finds boxes in one half of the cases, chooses in a quarter and measures in the other."""

    def __init__(self, cases: Cases, seed: int, how: How) -> None:
        self.cases, self.how = cases, how
        self.generator = np.random.Generator(np.random.Philox(key=seed))
        order = self.generator.permutation(len(cases.y))
        half, quarter = len(order) // 2, len(order) // 4
        self.whole = Split(order[:half], order[half : half + quarter], order[half + quarter :])

    def regions(self) -> list[Region]:
        """Boxes of PRIM, each outside those before, then the best leaf of CART."""
        found: list[Region] = []
        rest = self.whole
        while len(found) < MOST_BOXES and rest.smallest >= FEWEST_RUNS // 4:
            box = best_box(self.cases, rest)
            region = self._region("prim", box, rest)
            if region is None:
                break
            found.append(region)
            rest = rest.outside(box, self.cases.x)
        leaf = self._region("cart", best_leaf(self.cases, self.whole), self.whole)
        return [*found, *([leaf] if leaf is not None else [])]

    def _region(self, method: str, box: Box, split: Split) -> Region | None:
        """A box as it is in the last quarter, or None where it does not stand out there."""
        measures = self._measures(box, split) if box.inputs else None
        if measures is None:
            return None
        reproduced = self._reproduced(split) if method == "prim" else None
        x, y = self.cases.x[split.choose], self.cases.y[split.choose]
        conditions = [
            _condition(
                self.cases.inputs[i], box, i, quasi_p(box, i, x, y),
                None if reproduced is None else reproduced[i],
            )
            for i in box.inputs
        ]  # fmt: skip
        return Region(method, conditions, *measures)

    def _measures(self, box: Box, split: Split) -> tuple[Estimate, Estimate, Estimate, float] | None:
        """Density, lift, coverage and mass of a box; None where it does not stand out."""
        test, values = self.whole.test, self.cases.y[self.whole.test]
        # Cases of earlier boxes are no part of this one, though they count among all.
        inside = np.isin(test, split.test) & box.inside(self.cases.x[test])
        if inside.sum() < 2 or not values.any():
            return None
        drawn = self.generator.integers(0, len(test), (BOOTSTRAP, len(test)))
        some, within = values[drawn], inside[drawn]
        with np.errstate(invalid="ignore", divide="ignore"):
            density = (some * within).sum(axis=1) / within.sum(axis=1)
            lift = density / some.mean(axis=1)
            coverage = (some * within).sum(axis=1) / some.sum(axis=1)
        dense = float(values[inside].mean())
        found = _between(dense / float(values.mean()), lift)
        if found.value < LEAST_LIFT or not found.low > 1:
            return None
        covered = float(values[inside].sum() / values.sum())
        return _between(dense, density), found, _between(covered, coverage), float(inside.mean())

    def _reproduced(self, split: Split) -> list[float]:
        """Share of resamples of the first half in which each input is limited."""
        samples = [self.generator.choice(split.fit, len(split.fit)) for _ in range(RESAMPLES)]
        found: list[Box] = [Box()] * RESAMPLES

        def again(k: int) -> None:
            found[k] = best_box(self.cases, replace(split, fit=samples[k]))

        in_threads([(partial(again, k), 1) for k in range(RESAMPLES)], self.how.threads)
        return [sum(i in b.inputs for b in found) / RESAMPLES for i in range(len(self.cases.inputs))]


def _quality(inside: Bools, y: Floats) -> float:
    """How far a box stands out: gain of mean times root of its mass (Klösgen 1996)."""
    return float(math.sqrt(inside.mean()) * (y[inside].mean() - y.mean())) if inside.any() else -math.inf


def best_box(cases: Cases, split: Split) -> Box:
    """The box that stands out most where it was not sought, without the limits that say nothing there."""
    there, values = cases.x[split.choose], cases.y[split.choose]
    # Limits on inputs that say nothing only cost cases, so they go before boxes are compared.
    ways = trajectories(cases.x[split.fit], cases.y[split.fit], cases.labels)
    some = [_simplified(b, there, values) for b in ways]
    return max(some, key=lambda b: _quality(b.inside(there), values))


def _simplified(box: Box, x: Floats, y: Floats) -> Box:
    """A box less its limits with large quasi-p-values, the least telling first, down to a few limits."""
    # Of many limits some look telling by chance, so each is asked for more (Bonferroni).
    largest = LARGEST_P / max(1, len(box.inputs))
    while box.inputs:
        p = {i: quasi_p(box, i, x, y) for i in box.inputs}
        worst = max(p, key=lambda i: (p[i], i))
        if p[worst] <= largest and len(box.inputs) <= MOST_LIMITS:
            break
        if p[worst] <= largest:
            # All tell: take the one without which the box stands out most.
            worst = max(box.inputs, key=lambda i: _quality(box.without(i).inside(x), y))
        box = box.without(worst)
    return box


def quasi_p(box: Box, i: int, x: Floats, y: Floats) -> float:
    """Chance of so high a mean in the box if its limit on input i were drawn at random.

    Normal approximation of the mean of a sample without replacement from the box without that limit; "quasi"
    since the limit was chosen by looking, if at other cases (Bryant and Lempert 2010, section 3.2).
    """
    inside, wider = box.inside(x), box.without(i).inside(x)
    n, of = int(inside.sum()), int(wider.sum())
    if not 0 < n < of:
        return 1.0
    spread = math.sqrt(float(y[wider].var(ddof=1)) / n * (1 - n / of))
    gain = float(y[inside].mean() - y[wider].mean())
    if spread == 0:
        return 1.0
    return math.erfc(gain / spread / math.sqrt(2)) / 2


def best_leaf(cases: Cases, split: Split) -> Box:
    """The leaf of a small regression tree that stands out most (Breiman et al. 1984), as a box."""
    tree_of = library("sklearn.tree", "discovery").DecisionTreeRegressor
    fewest = max(20, int(0.05 * len(split.fit)))
    tree = tree_of(max_depth=MOST_LIMITS - 1, min_samples_leaf=fewest, random_state=0)
    tree = tree.fit(cases.x[split.fit], cases.y[split.fit]).tree_
    there, values = cases.x[split.choose], cases.y[split.choose]
    best = max(_leaves(tree, 0, Box()), key=lambda b: _quality(b.inside(there), values))
    # A tree cuts labels as if they were numbers.
    kept: dict[int, frozenset[float]] = {}
    for i in set(cases.labels) & best.limits.keys():
        low, high = best.limits[i]
        kept[i] = frozenset(v for v in np.unique(cases.x[:, i]).tolist() if low <= v <= high)
    return Box({i: v for i, v in best.limits.items() if i not in kept}, kept)


def _leaves(tree: Any, node: int, box: Box) -> Iterator[Box]:
    """The leaves below a node of scikit-learn's tree, whose cases lie in a box."""
    i, edge = int(tree.feature[node]), float(tree.threshold[node])
    if i < 0:
        yield box
        return
    low, high = box.limits.get(i, (-np.inf, np.inf))
    below, above = (low, min(high, edge)), (max(low, float(np.nextafter(edge, np.inf))), high)
    for child, limits in ((tree.children_left[node], below), (tree.children_right[node], above)):
        yield from _leaves(tree, int(child), Box({**box.limits, i: limits}, box.kept))


def _between(value: float, resampled: Floats) -> Estimate:
    """A number with the interval of its bootstrap."""
    low, high = np.nanpercentile(resampled, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Estimate(value, float(low), float(high))


def _condition(one: Input, box: Box, i: int, p_value: float, reproduced: float | None) -> Limit:
    low, high = box.limits.get(i, (-math.inf, math.inf))
    return Limit(
        one.kind, one.actor, one.name, one.title, one.unit,
        low=None if math.isinf(low) else float(low),
        high=None if math.isinf(high) else float(high),
        labels=tuple(one.labels[int(v)] for v in sorted(box.kept.get(i, ()))),
        p_value=p_value,
        reproduced=reproduced,
    )  # fmt: skip
