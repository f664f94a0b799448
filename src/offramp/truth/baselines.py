"""What one could say without a model: the forecasts that a model has to beat.

Each knows what was known at the origin and no more. All give a probability, or a sample of counts or levels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from datetime import date

import numpy as np

from offramp import distribution
from offramp.engine.inputs import Floats
from offramp.model import DAYS_PER_MONTH, Row
from offramp.truth.questions import ForecastQuestion

MEMBERS = 200
# Half an incident in a year, on top of what was seen: nothing seen yet is not never.
_PRIOR_COUNT, _PRIOR_MONTHS = 0.5, 12.0
_LEAST, _MOST = 0.01, 0.99
_GRID = (np.arange(MEMBERS) + 0.5) / MEMBERS


def climatology(question: ForecastQuestion, start: date, origin: date, months: float) -> Floats:
    """As often as since the start of the model; levels as they were at any time in the table."""
    if not _is_level(question):
        return _of_rate(question, _rate(question, start, origin), months)
    known = [row.value for row in question.known_by(origin)]
    if not known:
        return _of_levels(question, np.zeros(0))
    return _of_levels(question, np.quantile(known, _GRID), k=known)


def persistence(question: ForecastQuestion, start: date, origin: date, months: float) -> Floats:
    """As often as in the time just as long before; levels as last known, with a spread of past changes."""
    if not _is_level(question):
        since = origin.toordinal() - months * DAYS_PER_MONTH
        count = sum(r.value for r in _rows(question, origin) if r.day.toordinal() > since)
        return _of_rate(question, (count + 0.25) / months, months)
    return _of_levels(question, _walk(question, origin, months, trend=False))


def trend(question: ForecastQuestion, start: date, origin: date, months: float) -> Floats:
    """Levels go on as over the last year, with the same spread; else as in the climatology."""
    if not _is_level(question):
        return climatology(question, start, origin, months)
    return _of_levels(question, _walk(question, origin, months, trend=True))


def crisis_data(question: ForecastQuestion, start: date, origin: date, months: float) -> Floats:
    """The base rates that the list of questions gives; where it gives none, the climatology."""
    if question.base_rate is None or _is_level(question):
        return climatology(question, start, origin, months)
    return _of_rate(question, question.base_rate / 12, months)


BASELINES: dict[str, Callable[[ForecastQuestion, date, date, float], Floats]] = {
    "climatology": climatology,
    "persistence": persistence,
    "trend": trend,
    "crisis_data": crisis_data,
}
TITLES = {
    "climatology": "Climatology",
    "persistence": "Persistence",
    "trend": "Trend of the last year",
    "crisis_data": "Base rates of the list",
    "prior_model": "The model before any evidence",
}


def _is_level(question: ForecastQuestion) -> bool:
    return question.form == "level" or (
        question.form == "reaches" and not (question.holds or question.incidents)
    )


def _rows(question: ForecastQuestion, origin: date) -> list[Row]:
    """Incidents of a day and those before it, as known by then; a fact below what is asked for is none."""
    least = 0.5 if question.at_least is None else question.at_least
    past = [r for r in question.known_by(origin) if r.day <= origin]
    return [r for r in past if question.counts_rows or r.value >= least]


def _rate(question: ForecastQuestion, start: date, origin: date) -> float:
    """Incidents a month since the start."""
    months = (origin - start).days / DAYS_PER_MONTH
    count = sum(r.value for r in _rows(question, origin) if r.day >= start)
    return (count + _PRIOR_COUNT) / (months + _PRIOR_MONTHS)


def _of_rate(question: ForecastQuestion, rate: float, months: float) -> Floats:
    mean = rate * months
    if question.kind == "binary":
        return np.array([1 - math.exp(-mean)])
    return poisson_quantiles(mean, _GRID)


LARGEST_SUMMED = 1e6  # mean of a Poisson distribution that is summed term by term


def poisson_quantiles(mean: float, levels: Floats) -> Floats:
    """Quantiles of the Poisson distribution: the least count below or at which a share `levels` lies.

    Parameters
    ----------
    mean : at least 0; at 0 every quantile is 0
    levels : any shape, between 0 and 1

    References
    ----------
    Summed over all counts within twelve deviations of the mean. Above a mean of a million, where a deviation
    is a thousand counts, by the expansion of Cornish and Fisher (1938) to its second term, which is off by
    less than one count.
    """
    if mean <= 0:
        return np.zeros(np.shape(levels))
    if mean > LARGEST_SUMMED:
        z = np.asarray(distribution.standard_normal_quantile(levels), np.float64)
        return np.asarray(np.round(mean + math.sqrt(mean) * z + (z**2 - 1) / 6), np.float64)
    reach = 12 * math.sqrt(mean) + 20
    counts = np.arange(max(0, math.floor(mean - reach)), math.ceil(mean + reach) + 1)
    logs = counts * math.log(mean) - mean - np.array([math.lgamma(k + 1) for k in counts])
    at = np.searchsorted(np.cumsum(np.exp(logs)), levels)
    return counts[np.minimum(at, len(counts) - 1)].astype(np.float64)


def _of_levels(question: ForecastQuestion, sample: Floats, k: list[float] | None = None) -> Floats:
    if question.kind == "continuous":
        return sample
    if not len(sample):
        return np.array([0.5])
    if k is not None:  # few readings: as shares are estimated
        beyond = float(_beyond(question, np.array(k)).sum())
        return np.array([(beyond + 0.5) / (len(k) + 1)])
    share = float(_beyond(question, sample).mean())
    if question.form == "reaches":
        # A walk without drift is as likely to come back from a level as to stay beyond it.
        share *= 2
    return np.array([min(max(share, _LEAST), _MOST)])


def _beyond(question: ForecastQuestion, levels: Floats) -> Floats:
    if question.form == "reaches":
        return np.asarray(levels >= (question.at_least or 0.0), dtype=np.float64)
    return question.decided(levels)


def _walk(question: ForecastQuestion, origin: date, months: float, *, trend: bool) -> Floats:
    """The last level known, and a random walk from it with the size of past changes."""
    known = sorted({(r.day, r.value) for r in question.known_by(origin)})
    last = question.last_level(origin)
    if last is None:
        return np.zeros(0)
    day, value = last
    gap = (origin - day).days / DAYS_PER_MONTH + months
    if question.holds:
        return np.full(MEMBERS, value)
    steps = [
        ((b[1] - a[1]), (b[0] - a[0]).days / DAYS_PER_MONTH)
        for a, b in itertools.pairwise(known)
        if b[0] > a[0]
    ]
    if len(steps) >= 3:
        per_month = float(np.sqrt(np.mean([change**2 / time for change, time in steps])))
    else:
        per_month = 0.1 * abs(value)
    middle = value
    if trend:
        year = [(d, v) for d, v in known if (origin - d).days <= 400]
        if len(year) >= 2 and year[-1][0] > year[0][0]:
            slope = (year[-1][1] - year[0][1]) / ((year[-1][0] - year[0][0]).days / DAYS_PER_MONTH)
            middle = value + slope * gap
    spread = per_month * math.sqrt(gap) * distribution.standard_normal_quantile(_GRID)
    # What was never below 0 does not get there.
    least = 0.0 if min(v for _, v in known) >= 0 else -math.inf
    return np.maximum(middle + spread, least)
