"""In which share of worlds an effect lies somewhere, where each world is seen through luck.

The mean over a few lives is the effect of a world plus luck, so counting worlds by their means counts luck
too: where
all worlds are alike and the limits narrow, most means lie outside though no effect does. What is asked is the
mass that the distribution of effects, G, gives to a region, with means drawn from G convolved with luck. Its
interval is that of the profile likelihood: all shares that some G explains nearly as well as the best. Of the
shape of G nothing is assumed, so where luck hides the answer the interval is wide.

References
----------
Kiefer and Wolfowitz (1956), Consistency of the maximum likelihood estimator in the presence of infinitely
many
incidental parameters. Annals of Mathematical Statistics 27, 887-906. Laird (1978), Nonparametric maximum
likelihood estimation of a mixing distribution. Journal of the American Statistical Association 73, 805-811:
EM.
Murphy and van der Vaart (2000), On profile likelihood. The same journal 95, 449-465.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, normal_quantile, wilson
from offramp.distribution import standard_normal_below

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_SHARES = np.linspace(0.0, 1.0, 21)
_POINTS, _CELLS = 50, 60  # at which effects may lie; into which means are counted
_STEPS = 300  # of EM
_LEAST_NOISE = 0.15  # of the mean variance of luck, held at every effect
_CLEAR = 1 / 400  # luck this small beside the spread of means is none


@dataclass(frozen=True)
class ShareWithin:
    """How well each share of worlds in a region explains what was seen.

    Attributes
    ----------
    heights : log-likelihood at each of the shares, from 0 to 1
    counted : how many worlds lie in the region, of how many, where luck is too small to matter; None
    otherwise
    """

    heights: Floats
    counted: tuple[int, int] | None = None

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The shares that explain it nearly as well as the best, by the profile likelihood."""
        if self.counted is not None:
            low, high = wilson(*self.counted, level)
            return float(low), float(high)
        enough = normal_quantile((1 + level) / 2) ** 2 / 2
        return _where_above(self.heights - (self.heights.max() - enough))


def share_within(means: Floats, luck: Floats, low: float, high: float) -> ShareWithin:
    """The share of worlds whose effect lies from `low` to `high`, both included.

    Parameters
    ----------
    means : (world,), of lives; luck : (world,), the variance that luck gives to each, as its lives tell
    low, high : the region; infinite where it has no end
    """
    spread, noise = float(np.ptp(means)), math.sqrt(max(0.0, float(luck.mean())))
    if noise <= _CLEAR * spread or spread == 0:
        inside = (means >= low) & (means <= high)
        return ShareWithin(np.empty(0), (int(inside.sum()), len(means)))
    places = _places(means, noise, low, high)
    counts, chances = _seen(means, luck, places)
    return ShareWithin(_profile(counts, chances, (places >= low) & (places <= high)))


def _places(means: Floats, noise: float, low: float, high: float) -> Floats:
    """Where effects may lie: over the range of the means, and on both sides of each limit."""
    first, last = float(means.min()), float(means.max())
    hair = 1e-9 * (last - first)
    edges = [e for limit in (low, high) for e in (limit - hair, limit, limit + hair)]
    near = [e for e in edges if first - 3 * noise <= e <= last + 3 * noise]
    return np.unique([*np.linspace(first, last, _POINTS), float(means.mean()), *near])


def _seen(means: Floats, luck: Floats, places: Floats) -> tuple[Floats, Floats]:
    """How many means fall into each cell, (cell,), and the chance of each from each place, (cell, place)."""
    edges = np.linspace(means.min(), means.max(), _CELLS + 1)
    counts = np.histogram(means, edges)[0].astype(np.float64)
    # Luck differs between worlds as their effects do: a chance near 0 has little.
    fitted = np.polyval(np.polyfit(means, luck, 2 if len(means) > 20 else 0), places)
    deviation = np.sqrt(np.maximum(fitted, _LEAST_NOISE * luck.mean()))
    edges[0], edges[-1] = -math.inf, math.inf
    below = standard_normal_below((edges[:, None] - places[None, :]) / deviation[None, :])
    return counts, np.maximum(np.diff(below, axis=0), 1e-300)


def _profile(counts: Floats, chances: Floats, inside: Bools) -> Floats:
    """The greatest log-likelihood with each of `_SHARES` in the region: (share,)."""
    if not inside.any() or inside.all():
        # Every place is on one side: no other share is possible but by worlds that were not drawn.
        total = counts.sum()
        only = 1.0 if inside.any() else 0.0
        with np.errstate(divide="ignore"):
            return np.asarray(total * np.log(np.where(only, _SHARES, 1 - _SHARES)))
    share = _SHARES[None, :]
    weights = np.where(inside[:, None], share / inside.sum(), (1 - share) / (~inside).sum())
    part = counts[:, None] / counts.sum()
    for _ in range(_STEPS):
        # EM with the mass of the region held: within it, and outside, weights move as always.
        moved = weights * (chances.T @ (part / (chances @ weights)))
        within = moved[inside].sum(axis=0), moved[~inside].sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(inside[:, None], _SHARES / within[0], (1 - _SHARES) / within[1])
        weights = np.where(np.isfinite(scale), moved * scale, 0.0)
    return np.asarray(counts @ np.log(np.maximum(chances @ weights, 1e-300)))


def _where_above(height: Floats) -> tuple[float, float]:
    """The ends of where a curve over `_SHARES` lies above 0, on straight lines."""
    above = np.flatnonzero(height >= 0)
    first, last = int(above[0]), int(above[-1])
    low = _crossing(first - 1, first, height) if first else 0.0
    high = _crossing(last, last + 1, height) if last + 1 < len(_SHARES) else 1.0
    return low, high


def _crossing(a: int, b: int, height: Floats) -> float:
    """Where the line between two neighbours passes 0."""
    if not np.isfinite(height[[a, b]]).all():
        return float(_SHARES[a] if height[a] >= 0 else _SHARES[b])
    part = height[a] / (height[a] - height[b])
    return float(_SHARES[a] + part * (_SHARES[b] - _SHARES[a]))
