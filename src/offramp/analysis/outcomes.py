"""How likely an outcome is: counted over the runs that hold, with its sampling error."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, wilson
from offramp.errors import UsageError
from offramp.given import day_of, did_you_mean, need
from offramp.runs.dataset import dates, section
from offramp.windows import Instant, come_by, place_in

if TYPE_CHECKING:
    import xarray as xr

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# What the interval of a probability holds, and what it does not.
OUTCOME_INTERVAL = (
    "sampling error only, that is, how far the chance may be off because these are so many futures and not "
    "endlessly many: more runs narrow it. Each run draws its own luck and its own uncertain numbers, so both "
    "are averaged into the chance itself. How far that would move if those numbers were known better, or if "
    "the model is wrong, is not in the interval."
)


def holding(runs: xr.Dataset) -> Ints:
    """How many runs did not fail, by policy: (policy,)."""
    return np.asarray((runs["status"].transpose("policy", "scenario").values == 0).sum(axis=1), np.int64)


def kinds_of(runs: xr.Dataset, outcome: str) -> dict[str, dict[str, Any]]:
    """What runs say of their outcomes, by name.

    Raises
    ------
    UsageError
        If there is no outcome of the name asked for.
    """
    kinds: dict[str, dict[str, Any]] = section(runs, "outcomes")
    if outcome not in kinds:
        hint = did_you_mean(outcome, kinds) or f"There are: {', '.join(kinds) or 'none'}."
        raise UsageError(f"these runs of `{runs.attrs['model']}` have no outcome `{outcome}`. {hint}")
    return kinds


def counts(runs: xr.Dataset, outcome: str) -> Ints:
    """In how many runs an outcome had happened by each date: (policy, time). Failed runs do not count.

    An `otherwise` outcome holds at a date in the runs that no absorbing outcome has ended by then, so it
    alone can fall as time goes on.

    Raises
    ------
    UsageError
        If there is no such outcome.
    """
    kinds = kinds_of(runs, outcome)
    if kinds[outcome]["kind"] != "otherwise":
        return _arrivals(runs, outcome)
    # A run has at most one absorbing outcome, so counting these counts the runs that have ended.
    ended = sum((_arrivals(runs, o) for o in kinds if kinds[o]["absorbing"]), start=np.int64(0))
    return np.asarray(np.broadcast_to((holding(runs)[:, None] - ended), _shape(runs)).copy(), np.int64)


def probability(
    runs: xr.Dataset, outcome: str, by: date | str | None = None, level: float = LEVEL
) -> xr.Dataset:
    """Chance that an outcome has happened by a date, under each policy.

    Parameters
    ----------
    runs : what `simulate` or `load_runs` gave
    outcome : its name in the model
    by : a date, or text such as `2020-12-01`; None for the end. Counted to the day: what a hazard brings
        comes at its moment, a condition is met at the end of its step (docs/explanation/semantics.md, "Days
        within a step"). `2021-01-01` gives the chance by the end of December.
    level : of the interval, 0 to 1

    Returns
    -------
    xarray.Dataset over `policy` with `probability`, `low` and `high` (0 to 1) and `count`, the number of
    runs in which it happened, of `runs` that did not fail. Attribute `by` and the coordinate `time` are the
    date, attribute `interval` says what the interval holds. Of runs that were saved before moments were kept,
    the last date of theirs that is not after `by` counts, and `by` is that date.

    Raises
    ------
    UsageError
        If there is no such outcome, or the date lies outside the runs.
    """
    need(runs, "Dataset")
    times = dates(runs)
    day = times[-1] if by is None else day_of(by)
    if not times[0] <= day <= times[-1]:
        raise UsageError(f"{day} lies outside these runs, which go from {times[0]} to {times[-1]}.")
    if "outcome_part" not in runs:
        day = max(t for t in times if t <= day)
    found = _chances(runs, outcome, counts_by(runs, outcome, day)[:, None], [day], level)
    result = found.isel(time=0)
    result.attrs["by"] = day.isoformat()
    return result


def counts_by(runs: xr.Dataset, outcome: str, day: date) -> Ints:
    """In how many runs an outcome had happened by a day within them: (policy,). Failed runs do not count."""
    kinds, place = kinds_of(runs, outcome), place_in(dates(runs), day)
    if kinds[outcome]["kind"] != "otherwise":
        return _come_by(runs, outcome, place)
    ended = sum((_come_by(runs, o, place) for o in kinds if kinds[o]["absorbing"]), start=np.int64(0))
    return np.asarray(holding(runs) - ended, np.int64)


def _come_by(runs: xr.Dataset, outcome: str, place: Instant) -> Ints:
    """Runs that hold in which an outcome had come by a moment: (policy,)."""
    step, part = moments(runs, outcome)
    ok = runs["status"].transpose("policy", "scenario").values == 0
    return np.asarray((come_by(step, part, place) & ok).sum(axis=1), np.int64)


def moments(runs: xr.Dataset, outcome: str) -> tuple[Ints, Floats]:
    """The step in which an outcome came (-1: never), and the share of it that was over: (policy, scenario).

    Runs that were saved before moments were kept give the end of the step.

    Raises
    ------
    UsageError
        If there is no such outcome.
    """
    kinds_of(runs, outcome)
    names, order = [str(o) for o in runs["outcome"].values], ("outcome", "policy", "scenario")
    step = runs["outcome_step"].transpose(*order).values[names.index(outcome)].astype(np.int64)
    if "outcome_part" not in runs:
        return step, np.ones(step.shape)
    return step, runs["outcome_part"].transpose(*order).values[names.index(outcome)]


def over_time(runs: xr.Dataset, outcome: str, level: float = LEVEL) -> xr.Dataset:
    """Chance that an outcome has happened by each date, under each policy.

    Returns
    -------
    xarray.Dataset as `probability` gives it, over (policy, time).
    """
    need(runs, "Dataset")
    return _chances(runs, outcome, counts(runs, outcome), dates(runs), level)


def _chances(runs: xr.Dataset, outcome: str, count: Ints, days: list[date], level: float) -> xr.Dataset:
    """Chances from counts, (policy, time), by some days."""
    import xarray as xr

    trials = holding(runs)[:, None]
    low, high = wilson(count, trials, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(trials > 0, count / trials, np.nan)
    both = ("policy", "time")
    return xr.Dataset(
        {
            "probability": (both, share),
            "low": (both, low),
            "high": (both, high),
            "count": (both, count),
            "runs": ("policy", trials[:, 0]),
        },
        coords={"policy": runs["policy"], "time": np.array(days, dtype="datetime64[s]")},
        attrs={
            "outcome": outcome,
            "title": section(runs, "outcomes")[outcome]["title"],
            "level": level,
            "interval": OUTCOME_INTERVAL,
        },
    )


def _shape(runs: xr.Dataset) -> tuple[int, int]:
    return runs.sizes["policy"], runs.sizes["time"]


def _arrivals(runs: xr.Dataset, outcome: str) -> Ints:
    """Runs that hold in which an outcome first held before each date: (policy, time)."""
    policies, times = _shape(runs)
    names = [str(o) for o in runs["outcome"].values]
    step = runs["outcome_step"].transpose("outcome", "policy", "scenario").values[names.index(outcome)]
    ok = runs["status"].transpose("policy", "scenario").values == 0
    result = np.zeros((policies, times), np.int64)
    for p in range(policies):
        arrived = step[p][ok[p] & (step[p] >= 0)]
        # Step k ends at date k + 1.
        result[p, 1:] = np.cumsum(np.bincount(arrived, minlength=times - 1))
    return result
