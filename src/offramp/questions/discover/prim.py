"""The patient rule induction method: boxes of inputs in which a quantity is large.

Written here because what exists cannot be used: docs/decisions/0016 says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


MOST_TELLING = 8  # inputs among which a second search is made
BOXES = 10  # of each search that are compared, about


@dataclass(frozen=True)
class Box:
    """Limits on some inputs; inputs that are not named are free.

    Attributes
    ----------
    limits : input -> (low, high), both included; infinite where only one side is limited
    kept : input that takes labels -> the labels inside
    """

    limits: dict[int, tuple[float, float]] = field(default_factory=dict)
    kept: dict[int, frozenset[float]] = field(default_factory=dict)

    @property
    def inputs(self) -> list[int]:
        """The inputs that it limits."""
        return sorted([*self.limits, *self.kept])

    def inside(self, x: Floats) -> Bools:
        """Which cases lie in it: (case,)."""
        result = np.ones(len(x), np.bool_)
        for i, (low, high) in self.limits.items():
            result &= (x[:, i] >= low) & (x[:, i] <= high)
        for i, labels in self.kept.items():
            result &= np.isin(x[:, i], list(labels))
        return result

    def without(self, i: int) -> Box:
        """The same box with one input free."""
        return Box(
            {k: v for k, v in self.limits.items() if k != i}, {k: v for k, v in self.kept.items() if k != i}
        )


def trajectories(x: Floats, y: Floats, labels: Sequence[int] = ()) -> list[Box]:
    """Boxes to choose among: some of each way from everything to the smallest, large ones and small.

    One way among all inputs, taking 5 % at a time; others among the few that tell most (`telling`), taking
    5, 10 and 20 %. With an outcome in one future of ten, 5 % of 1,000 futures hold five of it, give or take
    two: of a dozen such slices one of noise holds less than one that tells. Larger slices are less patient
    and less noisy; which way was best is found out in futures that had no part in it.
    """
    few = telling(x, y, labels, MOST_TELLING)
    ways = [peel(x, y, labels), *(peel(x, y, labels, alpha, inputs=few) for alpha in (0.05, 0.1, 0.2))]
    return [box for way in ways for box in way[:: -max(1, len(way) // BOXES)]]


def telling(x: Floats, y: Floats, labels: Sequence[int], most: int) -> list[int]:
    """The inputs that part cases best by one limit each, at most so many.

    That is where the mean of y in the lowest tenth, two tenths ... (or of one label) lies farthest from the
    mean of all, in its standard errors.
    """
    n, off = len(y), y - y.mean()
    score = np.zeros(x.shape[1])
    for i in range(x.shape[1]):
        if i in labels:
            members = [x[:, i] == v for v in np.unique(x[:, i])]
            counts, sums = np.array([m.sum() for m in members]), np.array([off[m].sum() for m in members])
        else:
            counts = np.maximum(1, np.arange(1, 10) * n // 10)
            sums = np.cumsum(off[np.argsort(x[:, i], kind="stable")])[counts - 1]
        spread = np.sqrt(counts * np.maximum(1.0 - counts / n, 1.0 / n))
        score[i] = np.abs(sums / spread).max()
    return sorted(np.argsort(-score, kind="stable")[:most].tolist())


def peel(
    x: Floats,
    y: Floats,
    labels: Sequence[int] = (),
    alpha: float = 0.05,
    smallest: float = 0.05,
    inputs: Sequence[int] | None = None,
) -> list[Box]:
    """Peel a box, then paste: the boxes on the way, from everything to the smallest, then the pasted one.

    Parameters
    ----------
    x : (case, input); y : (case,), what should be large
    labels : inputs that hold labels instead of numbers
    alpha : share of the cases in the box that a peel or a paste takes at a time
    smallest : share of all cases below which a box is not peeled
    inputs : those that may be limited; None for all

    References
    ----------
    Friedman and Fisher (1999), Bump hunting in high-dimensional data. Statistics and Computing 9, 123-143. Of
    the peels possible the one is taken that gains most mean per case peeled off, as in Kwakkel and Jaxa-Rozen
    (2016), Environmental Modelling & Software 79, 311-321, so that labels do not go before their turn.
    """
    may = range(x.shape[1]) if inputs is None else inputs
    labels = [i for i in labels if i in may]
    numbers = np.array([i for i in may if i not in labels], np.int64)
    fewest = max(1, int(smallest * len(y)))
    boxes, inside = [Box()], np.arange(len(y))
    while True:
        found = [
            *_peels_of_numbers(boxes[-1], x[inside], y[inside], numbers, alpha, fewest),
            *_peels_of_labels(boxes[-1], x[inside], y[inside], labels, fewest),
        ]
        if not found or (best := max(found, key=lambda f: f[0]))[0] <= 0:
            break
        boxes.append(best[1])
        inside = inside[best[1].inside(x[inside])]
    pasted = paste(boxes[-1], x, y, alpha)
    return [*boxes, pasted] if pasted is not None else boxes


def _peels_of_numbers(
    box: Box, x: Floats, y: Floats, numbers: npt.NDArray[np.int64], alpha: float, fewest: int
) -> Iterator[tuple[float, Box]]:
    """Gain and box of the best peel from below and the best from above, of the cases in a box."""
    if not len(numbers):
        return
    values, n, now = x[:, numbers], len(y), float(y.mean())
    for share, below in ((alpha, True), (1 - alpha, False)):
        edges = np.quantile(values, share, axis=0)
        keep = values >= edges if below else values <= edges
        # Where the outermost value is that of many cases at once, all of these go or none.
        tied: Bools = np.all(keep, axis=0)
        if tied.any():
            keep[:, tied] = (values > edges if below else values < edges)[:, tied]
        left = keep.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            gain = (y @ keep / left - now) * n / (n - left)
        gain = np.where((left >= fewest) & (left < n), gain, -np.inf)
        k = int(np.argmax(gain))
        if np.isfinite(gain[k]):
            i = int(numbers[k])
            low, high = box.limits.get(i, (-np.inf, np.inf))
            edge = float(edges[k])
            if tied[k]:
                kept = values[keep[:, k], k]
                edge = float(kept.min() if below else kept.max())
            limits = (edge, high) if below else (low, edge)
            yield float(gain[k]), Box({**box.limits, i: limits}, box.kept)


def _peels_of_labels(
    box: Box, x: Floats, y: Floats, labels: Sequence[int], fewest: int
) -> Iterator[tuple[float, Box]]:
    """The same for taking off one label."""
    n, now = len(y), float(y.mean())
    for i in labels:
        present = box.kept.get(i, frozenset(np.unique(x[:, i]).tolist()))
        for label in sorted(present) if len(present) > 1 else ():
            keep = x[:, i] != label
            left = int(keep.sum())
            if fewest <= left < n:
                gain = (float(y[keep].mean()) - now) * n / (n - left)
                yield gain, Box(box.limits, {**box.kept, i: present - {label}})


def paste(box: Box, x: Floats, y: Floats, alpha: float) -> Box | None:
    """A box grown where that raises its mean; None if nothing does."""
    grown = None
    while True:
        inside = box.inside(x)
        now, count = float(y[inside].mean()), max(1, int(alpha * inside.sum()))
        best: tuple[float, Box] | None = None
        for i, (low, high) in box.limits.items():
            free = box.without(i).inside(x)
            below, above = np.sort(x[free & (x[:, i] < low), i]), np.sort(x[free & (x[:, i] > high), i])
            wider = []
            if len(below):
                wider.append((float(below[-count]) if len(below) >= count else -np.inf, high))
            if len(above):
                wider.append((low, float(above[count - 1]) if len(above) >= count else np.inf))
            for limits in wider:
                candidate = Box({**box.limits, i: limits}, box.kept)
                mean = float(y[candidate.inside(x)].mean())
                if mean > now and (best is None or mean > best[0]):
                    best = (mean, candidate)
        if best is None:
            return grown
        box = grown = best[1]
