"""What happens along the way: where variables go, what actors choose and when, how often events come."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.runs.dataset import belief, dates, section

if TYPE_CHECKING:
    import xarray as xr

PERCENTILES = (5, 25, 50, 75, 95)

MONTHS_IN_YEAR = 12
MOST_COLUMNS = 60  # of spans over which choices are counted


def percentiles(runs: xr.Dataset, variable: str) -> xr.DataArray:
    """Where a variable stands at each date: percentiles over the runs that hold, under each policy.

    A run that has ended keeps its last value, so that every date counts the same runs.

    Returns
    -------
    xarray.DataArray over (policy, percentile, time), in the variable's unit; NaN where every run failed.

    Raises
    ------
    UsageError
        If these runs do not hold the variable.
    """
    import xarray as xr

    values, ok = _values(runs, variable), _ok(runs)
    found = np.full((len(ok), len(PERCENTILES), values.shape[2]), np.nan)
    for p in range(len(ok)):
        if ok[p].any():
            found[p] = np.quantile(values[p][ok[p]], [q / 100 for q in PERCENTILES], axis=0)
    return xr.DataArray(
        found,
        dims=("policy", "percentile", "time"),
        coords={"policy": runs["policy"], "percentile": list(PERCENTILES), "time": runs["time"]},
        attrs=runs[variable].attrs,
    )


def share_holding(runs: xr.Dataset, variable: str) -> xr.DataArray | None:
    """For a variable that is 0 or 1 in every run that holds: the share of runs in which it is 1.

    Returns
    -------
    xarray.DataArray over (policy, time), 0 to 1; None for a variable that takes other values too.
    """
    import xarray as xr

    values, ok = _values(runs, variable), _ok(runs)
    shares = np.full((len(ok), values.shape[2]), np.nan)
    for p in range(len(ok)):
        mine = values[p][ok[p]]
        if not ((mine == 0) | (mine == 1)).all():
            return None
        if len(mine):
            shares[p] = mine.mean(axis=0)
    return xr.DataArray(
        shares, dims=("policy", "time"), coords={"policy": runs["policy"], "time": runs["time"]}
    )


def choices(runs: xr.Dataset, actor: str) -> xr.Dataset:
    """How often an actor takes each action, month by month, in the runs that have not ended by then.

    Returns
    -------
    xarray.Dataset over (policy, action, month) with `share` (0 to 1; NaN where no run goes on), over
    (policy, action) with `overall`, over (policy, month) with `chosen`, the number of choices counted.
    `month` is the date on which each span begins; attribute `end` is where the last one ends. Weekly
    steps are counted by calendar month, steps of a day one by one, more than 60 of them by the week and more
    than 60 weeks by calendar month; more than 60 spans are put together by several.

    Raises
    ------
    UsageError
        If there is no such actor.
    """
    import xarray as xr

    names = json.loads(runs["action"].attrs["actions"])
    if actor not in names:
        raise UsageError(f"these runs have no actor `{actor}`. {did_you_mean(actor, names) or ''}".strip())
    taken = runs["action"].sel(actor=actor).transpose("policy", "scenario", "step").values
    ok = _ok(runs)
    first, column = _columns(dates(runs)[:-1])
    count = np.zeros((len(ok), len(names[actor]), len(first)), dtype=np.int64)
    for p in range(len(ok)):
        mine = taken[p] if ok[p].all() else taken[p][ok[p]]
        for a in range(len(names[actor])):
            by_step = np.count_nonzero(mine == a, axis=0)
            count[p, a] = np.bincount(column, weights=by_step, minlength=len(first))
    chosen = count.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = count / chosen[:, None, :]
        overall = count.sum(axis=2) / chosen.sum(axis=1)[:, None]
    return xr.Dataset(
        {
            "share": (("policy", "action", "month"), share),
            "overall": (("policy", "action"), overall),
            "chosen": (("policy", "month"), chosen),
        },
        coords={
            "policy": runs["policy"],
            "action": names[actor],
            "month": np.array([d.isoformat() for d in first], dtype="datetime64[s]"),
        },
        attrs={"actor": actor, "end": dates(runs)[-1].isoformat()},
    )


def mean_belief(runs: xr.Dataset, actor: str, about: str) -> xr.DataArray:
    """What an actor believes of another on average, in the runs that have not ended by then.

    Returns
    -------
    xarray.DataArray over (policy, type, step), 0 to 1; NaN where no run goes on.

    Raises
    ------
    UsageError
        If the actor holds no belief about the other.
    """
    import xarray as xr

    held = belief(runs, actor, about).transpose("policy", "type", "scenario", "step")
    ok = _ok(runs)
    found = np.full((len(ok), held.sizes["type"], held.sizes["step"]), np.nan)
    for p in range(len(ok)):
        mine = held.values[p][:, ok[p]]
        going = np.isfinite(mine).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[p] = np.nansum(mine, axis=1) / going
    return xr.DataArray(
        found,
        dims=("policy", "type", "step"),
        coords={"policy": runs["policy"], "type": held["type"], "step": runs["step"]},
    )


def event_frequency(runs: xr.Dataset, event: str) -> xr.Dataset:
    """How often a random event comes, under each policy.

    Returns
    -------
    xarray.Dataset over `policy` with `per_year`, the mean number a year while runs go on; `at_least_once`,
    the share of runs in which it comes at all; `p95`, the number that 95 % of runs do not exceed.
    """
    import xarray as xr

    count = runs["event_count"].sel(event=event).transpose("policy", "scenario", "step").values
    ok = _ok(runs)
    years = _years_run(runs)
    rows = np.full((3, len(ok)), np.nan)
    for p in range(len(ok)):
        mine = count[p][ok[p]].sum(axis=1, dtype=np.int64)
        if len(mine):
            rows[:, p] = mine.sum() / years[p], (mine > 0).mean(), np.quantile(mine, 0.95, method="higher")
    return xr.Dataset(
        {name: ("policy", rows[i]) for i, name in enumerate(("per_year", "at_least_once", "p95"))},
        coords={"policy": runs["policy"]},
        attrs={"event": event},
    )


def branch_counts(runs: xr.Dataset, event: str) -> xr.DataArray:
    """How often each branch of a dated event was drawn, in the runs that had not ended by its date.

    Returns
    -------
    xarray.DataArray over (policy, branch), numbers of runs. No branches: an axis of length 0.
    """
    import xarray as xr

    branches = list(section(runs, "events")[event]["branches"])
    drawn = runs["event_count"].sel(event=event).transpose("policy", "scenario", "step").values
    ok = _ok(runs)
    found = np.zeros((len(ok), len(branches)), dtype=np.int64)
    for p in range(len(ok)):
        which = drawn[p][ok[p]].max(axis=1, initial=0)
        for b in range(len(branches)):
            found[p, b] = np.count_nonzero(which == b + 1)
    return xr.DataArray(
        found, dims=("policy", "branch"), coords={"policy": runs["policy"], "branch": branches}
    )


def _ok(runs: xr.Dataset) -> npt.NDArray[np.bool_]:
    return np.asarray(runs["status"].transpose("policy", "scenario").values == 0)


def _values(runs: xr.Dataset, variable: str) -> npt.NDArray[np.float64]:
    """Paths of a variable: (policy, scenario, time)."""
    if variable not in runs or variable not in section(runs, "variables"):
        known = [v for v in section(runs, "variables") if v in runs]
        hint = did_you_mean(variable, known) or f"There are: {', '.join(known) or 'none'}."
        raise UsageError(f"these runs hold no variable `{variable}`. {hint}")
    return np.asarray(runs[variable].transpose("policy", "scenario", "time").values, np.float64)


def _years_run(runs: xr.Dataset) -> npt.NDArray[np.float64]:
    """Years that all runs that hold go on before an absorbing outcome, added up: (policy,)."""
    kinds = section(runs, "outcomes")
    absorbing = np.array([kinds[str(o)]["absorbing"] for o in runs["outcome"].values], dtype=np.bool_)
    step = runs["outcome_step"].transpose("policy", "scenario", "outcome").values[:, :, absorbing]
    steps = runs.sizes["step"]
    # A run has at most one absorbing outcome and lives through the step in which it comes.
    went_on = np.where(step >= 0, step + 1, steps).min(axis=2, initial=steps)
    months = np.where(_ok(runs), went_on, 0).sum(axis=1) * float(runs.attrs["step_months"])
    return np.asarray(months / MONTHS_IN_YEAR, np.float64)


def _columns(days: list[date]) -> tuple[list[date], npt.NDArray[np.int64]]:
    """Spans in which steps are counted: the date each begins on, and the span of each step."""
    spans = np.array([d.year * 12 + d.month for d in days])
    if len(days) > 1 and (days[1] - days[0]).days == 1 and len(days) <= MOST_COLUMNS * 7:
        week = 1 if len(days) <= MOST_COLUMNS else 7
        spans = np.arange(len(days)) // week
    position = np.unique(spans, return_inverse=True)[1]
    width = -(-(int(position.max()) + 1) // MOST_COLUMNS)
    column = position // width
    return [days[int(np.flatnonzero(column == c)[0])] for c in range(int(column.max()) + 1)], column
