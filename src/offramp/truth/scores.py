"""Proper scores of forecasts, skill against others, reliability, and intervals by block bootstrap.

Brier (1950) and log scores of probabilities and the continuous ranked probability score are those of the
package scoringrules; Gneiting and Raftery (2007, JASA 102) say why only proper scores are used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from offramp.analysis.intervals import Estimate, student_quantile, wilson
from offramp.engine.inputs import Floats, Ints
from offramp.given import library

# A probability is kept this far from 0 and 1 for the log score, which is infinite there.
CLOSEST = 0.005
RESAMPLES = 2000
# Of fewer answers no shares and no skill are given: one of them would move a share by more than five points.
LEAST_FOR_SHARES = 20


@dataclass(frozen=True)
class Bin:
    """A row of a reliability diagram.

    Attributes
    ----------
    said : mean of the probabilities
    happened, low, high : share that came, with its 90 % interval
    n : answers
    """

    said: float
    happened: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Parts:
    """Murphy's parts of the Brier score, of binned forecasts: reliability - resolution + uncertainty.

    `sharpness` is the standard deviation of the probabilities.
    """

    reliability: float
    resolution: float
    uncertainty: float
    sharpness: float


def brier(probability: Floats, answer: Floats) -> Floats:
    """(p - y)² of each question: 0 is best, 1 worst, 0.25 for always saying one half.

    Parameters
    ----------
    probability : (question,), 0 to 1
    answer : (question,), 0 or 1
    """
    score = library("scoringrules", "scores", "truth").brier_score(answer, probability)
    return np.asarray(score, dtype=np.float64)


def log_score(probability: Floats, answer: Floats) -> Floats:
    """-ln of the probability that was given to what happened: (question,); 0 is best."""
    held = np.clip(probability, CLOSEST, 1 - CLOSEST)
    score = library("scoringrules", "scores", "truth").log_score(answer, held)
    return np.asarray(score, dtype=np.float64)


def brier_of_choice(probabilities: Floats, answer: Ints) -> Floats:
    """Σ (p - y)² over all choices of each question, as Brier (1950) had it: 0 is best, 2 worst.

    Of two choices it is twice the score of a yes-or-no question.

    Parameters
    ----------
    probabilities : (question, choice)
    answer : (question,), position of what came
    """
    came = np.eye(probabilities.shape[1])[answer]
    return np.asarray(((probabilities - came) ** 2).sum(axis=1), dtype=np.float64)


def log_of_choice(probabilities: Floats, answer: Ints) -> Floats:
    """-ln of the probability that was given to what came: (question,); 0 is best."""
    given = probabilities[np.arange(len(answer)), answer]
    return np.asarray(-np.log(np.clip(given, CLOSEST, 1.0)), dtype=np.float64)


def rps(probabilities: Floats, answer: Ints) -> Floats:
    """Ranked probability score of choices in an order: (question,); 0 is best, one less than choices worst.

    The squared distances of the probabilities of being at most at each choice, added up (Epstein 1969,
    Journal of Applied Meteorology 8; Murphy 1971): to be off by one bin is less wrong than by three.

    Parameters
    ----------
    probabilities : (question, choice)
    answer : (question,), position of what came, from 0
    """
    score = library("scoringrules", "scores", "truth").rps_score(answer + 1, probabilities)
    return np.asarray(score, dtype=np.float64)


def crps(ensemble: Floats, answer: float) -> float:
    """Continuous ranked probability score of a sample against what came, in its unit; 0 is best.

    The mean distance to the answer less half of the mean distance within the sample: the absolute error of a
    forecast without spread.

    Parameters
    ----------
    ensemble : (member,)
    answer : what came
    """
    found = library("scoringrules", "scores", "truth").crps_ensemble(answer, ensemble, estimator="nrg")
    return float(found)


def skill(score: Floats, reference: Floats) -> float:
    """1 - mean score / mean score of another: 1 for a perfect forecast, 0 for no better than the other."""
    below = float(np.mean(reference))
    if below == 0:
        return 0.0 if float(np.mean(score)) == 0 else -np.inf
    return 1.0 - float(np.mean(score)) / below


def skill_interval(
    score: Floats, reference: Floats, blocks: Sequence[int], *, length: int = 1, seed: int = 0
) -> Estimate:
    """Skill with a 90 % interval from resampling blocks of time.

    Questions asked at one origin, and at origins whose horizons overlap, are answered by the same events. So
    not questions but stretches of neighbouring origins are drawn anew (moving blocks, Künsch 1989, Annals of
    Statistics 17).

    Of a dozen origins there are three or four such stretches, and so few show less than they vary: of
    resampled percentiles alone, 65 to 78 in 100 held the true skill of 14 origins, where 90 were to. So they
    are moved away from the estimate by two known factors: sqrt(n / (n - l)), for a stretch of l of n origins
    takes part of their variance into its own mean, and Student's quantile over the normal one, with the
    1.5 n / l - 1 degrees of freedom of a variance estimated with triangular weights (Priestley 1981, Spectral
    Analysis and Time Series, chapter 6). Kiefer and Vogelsang (2005, Econometric Theory 21) find nearly the
    same widening by other means. Then 77 to 91 hold, the fewer the more is shared: decision 0024.

    Parameters
    ----------
    score, reference : (question,), the lower the better
    blocks : (question,), the number of the origin of each
    length : origins in one stretch
    """
    origins = np.asarray(blocks)
    names = np.unique(origins)
    # Sums for each origin: a resample is then a sum over the origins drawn.
    ours = np.array([score[origins == n].sum() for n in names])
    theirs = np.array([reference[origins == n].sum() for n in names])
    value = skill(score, reference)
    if len(names) < 2:
        return Estimate(value, -np.inf, 1.0)
    length = max(1, min(length, len(names) - 1))
    rng = np.random.Generator(np.random.Philox(key=seed))
    stretches = int(np.ceil(len(names) / length))
    first = rng.integers(0, len(names), (RESAMPLES, stretches))
    # In a circle, so that the first and last origins count as often as the others.
    drawn = ((first[..., None] + np.arange(length)) % len(names)).reshape(RESAMPLES, -1)[:, : len(names)]
    with np.errstate(divide="ignore", invalid="ignore"):
        again = 1.0 - ours[drawn].sum(axis=1) / theirs[drawn].sum(axis=1)
    again = again[np.isfinite(again)]
    if not len(again):
        return Estimate(value, -np.inf, 1.0)
    wider = _widening(len(names), length)
    low, high = value + wider * (np.quantile(again, [0.05, 0.95]) - value)
    # No skill is above 1: all scores are 0 or more.
    return Estimate(value, float(low), min(1.0, float(high)))


def _widening(origins: int, length: int) -> float:
    """How much farther than resampled percentiles an interval reaches: see `skill_interval`."""
    degrees = max(1, round(1.5 * origins / length - 1))
    by_few = student_quantile(0.95, degrees) / student_quantile(0.95, 10**9)
    return by_few * math.sqrt(origins / (origins - length))


def reliability(
    probability: Floats,
    answer: Floats,
    bins: int = 10,
    blocks: Sequence[int] | None = None,
    length: int = 1,
) -> tuple[Bin, ...]:
    """How often it happened where about so much was said: a reliability diagram as a table.

    Bins of equal width. The interval is Wilson's for as many independent answers as these are worth (`worth`;
    Korn and Graubard 1998, Survey Methodology 24): a war asked about at four origins is one war.

    Parameters
    ----------
    blocks, length : as for `skill_interval`; None where each answer is one of its own
    """
    place = np.minimum((probability * bins).astype(int), bins - 1)
    each = 1.0 if blocks is None else worth(place, answer, np.asarray(blocks), length)
    table = []
    for b in range(bins):
        here = place == b
        if here.any():
            n, k = int(here.sum()), int(answer[here].sum())
            low, high = (float(end) for end in wilson(k * each, n * each))
            table.append(Bin(float(probability[here].mean()), k / n, low, high, n))
    return tuple(table)


def worth(place: Ints, answer: Floats, blocks: Ints, length: int) -> float:
    """What one answer of a reliability diagram is worth beside one that nothing is shared with, up to 1.

    The inverse of Kish's (1965) design effect, over all bins: the variance of their shares if answers were
    independent over that which their origins show, with origins up to `length` apart taken together by
    triangular weights (Newey and West 1987, Econometrica 55).
    """
    names, origin = np.unique(blocks, return_inverse=True)
    apart = np.abs(np.subtract.outer(np.arange(len(names)), np.arange(len(names))))
    near = np.maximum(0.0, 1 - apart / max(1, length))
    alone = shown = 0.0
    for b in np.unique(place):
        here = place == b
        off = answer[here] - answer[here].mean()
        sums = np.bincount(origin[here], weights=off, minlength=len(names))
        alone += float((off**2).sum())
        shown += float(sums @ near @ sums)
    # Deviations from a mean of few origins are smaller than those from the truth.
    shown *= len(names) / max(1, len(names) - max(1, length))
    return min(1.0, alone / shown) if shown > 0 else 1.0


def decomposition(probability: Floats, answer: Floats, bins: int = 10) -> Parts:
    """Murphy's (1973) parts of the Brier score, of binned forecasts."""
    base = float(answer.mean())
    place = np.minimum((probability * bins).astype(int), bins - 1)
    off = resolved = 0.0
    for b in np.unique(place):
        here = place == b
        share = here.mean()
        off += float(share * (probability[here].mean() - answer[here].mean()) ** 2)
        resolved += float(share * (answer[here].mean() - base) ** 2)
    return Parts(off, resolved, base * (1 - base), float(probability.std()))


def coverage(low: Floats, high: Floats, answer: Floats) -> float:
    """Share of answers within their intervals."""
    return float(np.mean((answer >= low) & (answer <= high)))
