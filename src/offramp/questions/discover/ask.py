"""Scenario discovery: the uncertain numbers among which an outcome is likelier, as boxes in words.

Futures are split in three. Boxes are found in the first half (PRIM, and CART beside it); which box of the
many on the way is meant, and which of its limits matter, is decided in the next quarter; what is said of it
is measured in the last quarter, which had no part in finding it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate
from offramp.engine import luck
from offramp.engine.hazards import chances
from offramp.errors import OfframpError, UsageError
from offramp.given import library, need
from offramp.questions.discover.prim import Bools, Box, trajectories
from offramp.questions.factors import factors_of
from offramp.questions.runner import RUNS_AT_ONCE, in_threads, outcome_asked, part, plain
from offramp.runs.design import Design
from offramp.runs.simulate import EngineName, Progress, engine_for

Floats = npt.NDArray[np.float64]

MOST_BOXES = 3
MOST_LIMITS = 4  # of a box, so that it can be said in a sentence
LEAST_LIFT = 1.3
FEWEST_RUNS = 400
LARGEST_P = 0.05
RESAMPLES = 10  # of the first half, to see whether the same inputs are found again
BOOTSTRAP = 500

INTERVAL = (
    "sampling error only, measured in futures that had no part in finding the box. A box says where an "
    "outcome is likelier, not why."
)


@dataclass(frozen=True)
class Input:
    """An uncertain number, or the true type of an actor (`labels` not empty)."""

    kind: str
    actor: str
    name: str
    title: str
    unit: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One limit of a box.

    Attributes
    ----------
    low, high : in the unit of the number; None where there is no limit on that side
    labels : types inside, for a true type
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
    conditions: list[Condition]
    density: Estimate
    lift: Estimate
    coverage: Estimate
    mass: float


@dataclass(frozen=True)
class Discovery:
    """Where among the uncertain numbers an outcome is likelier; `regions` of PRIM first, in the order "
    "found."""

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
    chance: float
    inputs: int
    runs: int
    failed_runs: int
    regions: list[Region]

    def as_dict(self) -> dict[str, Any]:
        """As plain values ready for `json.dumps`; numbers that are not finite are None."""
        from offramp.version import __version__

        made: dict[str, Any] = plain(dataclasses.asdict(self))
        return {**made, "version": __version__}


def discover(
    design: Design,
    outcome: str | None = None,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    engine: EngineName = "compiled",
) -> Discovery:
    """Find boxes of uncertain numbers in which an outcome is likelier.

    Parameters
    ----------
    design : one policy; its scenarios are the cases
    outcome : whose chance by the end is asked; None for the first that ends a run
    threads : how many to use; None for one per processor. Results do not depend on it.
    progress : called as progress(runs done, runs in all)

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
    model = design.model
    asked = outcome_asked(model, outcome)
    if len(design.policies) != 1:
        raise UsageError(f"boxes are those under one policy; this design has {len(design.policies)}.")
    if len(design.scenarios) < FEWEST_RUNS:
        raise UsageError(f"{len(design.scenarios):,} futures are too few: at least {FEWEST_RUNS} are needed.")
    library("sklearn.tree", "discovery")  # before any run
    inputs, x, y = _cases(design, asked, threads, progress, engine)
    held = ~np.isnan(y)
    failed = int((~held).sum())
    x, y = x[held], y[held]
    if len(y) < FEWEST_RUNS:
        raise OfframpError(f"{failed:,} futures failed, too many to find anything; `offramp run` says why.")
    if not y.any():
        raise OfframpError(f"`{asked}` comes in none of {len(y):,} futures, so it is likelier nowhere.")
    return Discovery(
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
        chance=float(y.mean()),
        inputs=len(inputs),
        runs=len(held),
        failed_runs=failed,
        regions=regions(inputs, x, y, design.seed, threads),
    )


def regions(
    inputs: list[Input], x: Floats, y: Floats, seed: int = 0, threads: int | None = None
) -> list[Region]:
    """Boxes of PRIM, then the best leaf of CART, of (case, input) and (case,)."""
    generator = np.random.Generator(np.random.Philox(key=seed))
    order = generator.permutation(len(y))
    half, quarter = len(y) // 2, len(y) // 4
    fit, choose, test = order[:half], order[half : half + quarter], order[half + quarter :]
    labels = [i for i, one in enumerate(inputs) if one.labels]
    result = []
    rest = _Split(fit, choose, test)
    for _ in range(MOST_BOXES):
        box = _box(x, y, rest, labels)
        region = _measured("prim", box, inputs, x, y, rest, test, generator, labels, threads)
        if region is None:
            break
        result.append(region)
        rest = rest.outside(box, x)
        if min(len(rest.fit), len(rest.choose), len(rest.test)) < FEWEST_RUNS // 4:
            break
    leaf = _leaf(x, y, _Split(fit, choose, test), labels)
    region = _measured(
        "cart",
        leaf,
        inputs,
        x,
        y,
        _Split(fit, choose, test),
        test,
        generator,
        labels,
        threads,
        resample=False,
    )
    return result + ([region] if region is not None else [])


@dataclass(frozen=True)
class _Split:
    """Positions of cases: to find boxes in, to choose among them, to measure in."""

    fit: npt.NDArray[np.int64]
    choose: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]

    def outside(self, box: Box, x: Floats) -> _Split:
        return _Split(*(p[~box.inside(x[p])] for p in (self.fit, self.choose, self.test)))


def _cases(
    design: Design, outcome: str, threads: int | None, progress: Progress | None, engine: EngineName
) -> tuple[list[Input], Floats, Floats]:
    """Inputs, their values in each scenario, and what each run says of the chance of the outcome."""
    model = design.model
    scenarios = design.scenarios
    known = factors_of(model, frozenset(design.overrides))
    inputs = [Input(f.kind, f.actor, f.name, f.title, f.unit) for f in known]
    columns = [f.value(luck.uniform(design.seed, scenarios, 0, f.purpose)) for f in known]
    block = design.inputs(design.policies[0])
    for i, actor in enumerate(model.actors):
        if len(np.unique(block.true_type[:, i])) > 1:
            names = tuple(t.title or t.name for t in actor.types)
            title = f"what {actor.title or actor.name} truly is"
            inputs.append(Input("true type", actor.name, actor.name, title, "", names))
            columns.append(block.true_type[:, i].astype(np.float64))
    if not inputs:
        raise UsageError(f"no number of model `{model.name}` is uncertain: there are no boxes to find.")
    runner, y = engine_for(model, engine), np.empty(len(scenarios))

    def run(here: slice) -> None:
        some = part(block, here)
        y[here] = chances(model, some, runner.run(some), outcome)

    blocks = [slice(k, min(len(y), k + RUNS_AT_ONCE)) for k in range(0, len(y), RUNS_AT_ONCE)]
    in_threads([(partial(run, b), b.stop - b.start) for b in blocks], threads, progress)
    return inputs, np.stack(columns, axis=1), y


def _quality(inside: Bools, y: Floats) -> float:
    """How far a box stands out: gain of mean times root of its mass (Klösgen 1996)."""
    return float(math.sqrt(inside.mean()) * (y[inside].mean() - y.mean())) if inside.any() else -math.inf


def _box(x: Floats, y: Floats, split: _Split, labels: list[int]) -> Box:
    """The box that stands out most where it was not sought, without the limits that say nothing there."""
    there, values = x[split.choose], y[split.choose]
    # Limits on inputs that say nothing only cost cases, so they go before boxes are compared.
    some = [_simplified(b, there, values) for b in trajectories(x[split.fit], y[split.fit], labels)]
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


def _leaf(x: Floats, y: Floats, split: _Split, labels: list[int]) -> Box:
    """The leaf of a small regression tree that stands out most (Breiman et al. 1984), as a box."""
    tree_of = library("sklearn.tree", "discovery").DecisionTreeRegressor
    fewest = max(20, int(0.05 * len(split.fit)))
    tree = tree_of(max_depth=MOST_LIMITS - 1, min_samples_leaf=fewest, random_state=0)
    tree = tree.fit(x[split.fit], y[split.fit]).tree_
    boxes: list[Box] = []

    def visit(node: int, box: Box) -> None:
        i, edge = int(tree.feature[node]), float(tree.threshold[node])
        if i < 0:
            boxes.append(box)
            return
        low, high = box.limits.get(i, (-np.inf, np.inf))
        visit(int(tree.children_left[node]), Box({**box.limits, i: (low, min(high, edge))}, box.kept))
        visit(
            int(tree.children_right[node]),
            Box({**box.limits, i: (max(low, float(np.nextafter(edge, np.inf))), high)}, box.kept),
        )

    visit(0, Box())
    best = max(boxes, key=lambda b: _quality(b.inside(x[split.choose]), y[split.choose]))
    kept = {
        i: frozenset(v for v in np.unique(x[:, i]).tolist() if limits[0] <= v <= limits[1])
        for i, limits in best.limits.items()
        if i in labels
    }
    return Box({i: v for i, v in best.limits.items() if i not in labels}, kept)


def _measured(
    method: str,
    box: Box,
    inputs: list[Input],
    x: Floats,
    y: Floats,
    split: _Split,
    test: npt.NDArray[np.int64],
    generator: np.random.Generator,
    labels: list[int],
    threads: int | None,
    resample: bool = True,
) -> Region | None:
    """A box as it is in the last quarter, or None where it does not stand out there."""
    if not box.inputs:
        return None
    # Cases of earlier boxes are no part of this one, though they count among all.
    inside = np.isin(test, split.test) & box.inside(x[test])
    values = y[test]
    if inside.sum() < 2 or not values.any():
        return None
    drawn = generator.integers(0, len(test), (BOOTSTRAP, len(test)))
    some, within = values[drawn], inside[drawn]
    with np.errstate(invalid="ignore", divide="ignore"):
        density = (some * within).sum(axis=1) / within.sum(axis=1)
        lift = density / some.mean(axis=1)
        coverage = (some * within).sum(axis=1) / some.sum(axis=1)
    base = float(values.mean())
    found = _between(float(values[inside].mean()) / base, lift)
    if found.value < LEAST_LIFT or not found.low > 1:
        return None
    again = _found_again(x, y, split, labels, generator, threads) if resample else {}
    p = {i: quasi_p(box, i, x[split.choose], y[split.choose]) for i in box.inputs}
    return Region(
        method,
        [_condition(inputs[i], box, i, p[i], again.get(i, 0.0) if resample else None) for i in box.inputs],
        density=_between(float(values[inside].mean()), density),
        lift=found,
        coverage=_between(float(values[inside].sum() / values.sum()), coverage),
        mass=float(inside.mean()),
    )


def _between(value: float, resampled: Floats) -> Estimate:
    """A number with the interval of its bootstrap."""
    low, high = np.nanpercentile(resampled, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Estimate(value, float(low), float(high))


def _found_again(
    x: Floats,
    y: Floats,
    split: _Split,
    labels: list[int],
    generator: np.random.Generator,
    threads: int | None,
) -> dict[int, float]:
    """Share of resamples of the first half in which each input is limited."""
    samples = [generator.choice(split.fit, len(split.fit)) for _ in range(RESAMPLES)]
    found: list[Box] = [Box()] * RESAMPLES

    def again(k: int) -> None:
        found[k] = _box(x, y, _Split(samples[k], split.choose, split.test), labels)

    in_threads([(partial(again, k), 1) for k in range(RESAMPLES)], threads)
    return {i: sum(i in b.inputs for b in found) / RESAMPLES for i in range(x.shape[1])}


def _condition(one: Input, box: Box, i: int, p: float, reproduced: float | None) -> Condition:
    low, high = box.limits.get(i, (-math.inf, math.inf))
    return Condition(
        one.kind,
        one.actor,
        one.name,
        one.title,
        one.unit,
        None if math.isinf(low) else float(low),
        None if math.isinf(high) else float(high),
        tuple(one.labels[int(v)] for v in sorted(box.kept.get(i, ()))),
        p,
        reproduced,
    )
