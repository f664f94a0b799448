"""What can be measured in a future: one number for each policy and scenario, (policy, scenario) each.

A run that failed has NaN. Windows go by the dates of steps: a step belongs to a window if it begins in it,
from the first date on and before the second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from offramp.analysis.outcomes import dates
from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.runs.dataset import section

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Acts = Mapping[str, Sequence[str]]  # actor -> names of its actions


def arrival(runs: xr.Dataset, outcome: str) -> Ints:
    """Position in `time` at which an outcome had come, -1 for never: (policy, scenario).

    Not for outcomes of the kind `otherwise`, which do not come but stay.

    Raises
    ------
    UsageError
        If there is no such outcome.
    """
    names = [str(o) for o in runs["outcome"].values]
    if outcome not in names:
        hint = did_you_mean(outcome, names) or f"There are: {', '.join(names) or 'none'}."
        raise UsageError(f"these runs of `{runs.attrs['model']}` have no outcome `{outcome}`. {hint}")
    step = runs["outcome_step"].transpose("outcome", "policy", "scenario").values[names.index(outcome)]
    return np.where(step >= 0, step.astype(np.int64) + 1, -1)


def end_of_runs(runs: xr.Dataset) -> Ints:
    """Position in `time` at which an absorbing outcome ended the run, -1 for never: (policy, scenario)."""
    kinds = section(runs, "outcomes")
    found = [arrival(runs, o) for o in kinds if kinds[o]["absorbing"]]
    shape = (runs.sizes["policy"], runs.sizes["scenario"])
    # A run has at most one absorbing outcome.
    return np.max(np.stack(found), axis=0) if found else np.full(shape, -1, np.int64)


def came(runs: xr.Dataset, outcome: str, by: date | None = None) -> Floats:
    """1 where an outcome had come by a date (None: the end), else 0."""
    k = _position(runs, by)
    if section(runs, "outcomes").get(outcome, {}).get("kind") == "otherwise":
        ended = end_of_runs(runs)
        return _marked(runs, ~((ended >= 0) & (ended <= k)))
    at = arrival(runs, outcome)
    return _marked(runs, (at >= 0) & (at <= k))


def foreseen(runs: xr.Dataset, outcome: str) -> Floats:
    """What each future says of the chance that an outcome has come by every date: (policy, scenario, time).

    The chances of its steps (`outcome_chance`, which `simulate` keeps where it is asked to) added up: on
    average over futures the chance itself, in a single future possibly above 1. NaN for an outcome that has
    no chance of its own.
    """
    order = ("policy", "scenario", "step", "outcome")
    position = [str(o) for o in runs["outcome"].values].index(outcome)
    chance = runs["outcome_chance"].transpose(*order).values[..., position]
    return _marked(runs, np.concatenate([np.zeros_like(chance[..., :1]), chance.cumsum(axis=2)], axis=2))


def likely(runs: xr.Dataset, outcome: str, by: date | None = None) -> Floats:
    """How likely each future made it that an outcome came by a date (None: the end).

    What has no chance of its own counts as it came, 0 or 1; what stays (`otherwise`) as 1 less all that may
    end a run.
    """
    kinds = section(runs, "outcomes")
    kind = kinds[outcome]["kind"]
    if kind == "otherwise":
        ends = [likely(runs, o, by) for o in kinds if kinds[o]["absorbing"]]
        return _marked(runs, 1.0 - sum(ends, np.zeros((runs.sizes["policy"], runs.sizes["scenario"]))))
    if kind == "when":
        return came(runs, outcome, by)
    return np.asarray(foreseen(runs, outcome)[:, :, _position(runs, by)], np.float64)


def months_until(runs: xr.Dataset, outcome: str, since: date | None = None) -> Floats:
    """Months until an outcome comes, counted to the end of the horizon where it never does.

    This keeps every future, also those that something else ends: the mean is the horizon less the months that
    the outcome has been there, on average (Andersen 2013, Decomposition of number of life years lost
    according to causes of death, Statistics in Medicine 32, 5278-5285).

    Parameters
    ----------
    since : counted from then; what came before counts as 0
    """
    at = arrival(runs, outcome)
    last = runs.sizes["time"] - 1
    start = 0 if since is None else _position(runs, since)
    until = np.maximum(np.where(at >= 0, at, last) - start, 0)
    return _marked(runs, until * float(runs.attrs["step_months"]))


def value(runs: xr.Dataset, variable: str, at: date | None = None) -> Floats:
    """A variable at a date (None: the end), in its unit; after the end of a run its last value."""
    return _marked(runs, _path(runs, variable)[:, :, _position(runs, at)])


def path(runs: xr.Dataset, variable: str) -> Floats:
    """A variable at every date, in its unit: (policy, scenario, time)."""
    ok = runs["status"].transpose("policy", "scenario").values == 0
    return np.where(ok[:, :, None], _path(runs, variable), np.nan)


def mean_value(
    runs: xr.Dataset, variable: str, start: date | None = None, until: date | None = None
) -> Floats:
    """A variable averaged over the dates of a window, both ends included, in its unit."""
    first = 0 if start is None else _first(runs, start)
    last = _position(runs, until)
    if first > last:
        raise UsageError(f"no date of these runs lies between {start} and {until}.")
    return _marked(runs, _path(runs, variable)[:, :, first : last + 1].mean(axis=2))


def acts(runs: xr.Dataset, counted: Acts, start: date | None = None, until: date | None = None) -> Floats:
    """How often the actors took these actions in a window; several in one step count each."""
    return _marked(runs, _taken(runs, counted)[:, :, _steps(runs, start, until)].sum(axis=2))


def choices(
    runs: xr.Dataset, actors: Sequence[str], start: date | None = None, until: date | None = None
) -> Floats:
    """How often these actors chose at all in a window: what shares of acts are shares of."""
    at = [[str(a) for a in runs["actor"].values].index(actor) for actor in actors]
    chose = (runs["action"].transpose("policy", "scenario", "step", "actor").values[..., at] >= 0).sum(axis=3)
    return _marked(runs, chose[:, :, _steps(runs, start, until)].sum(axis=2))


def events(
    runs: xr.Dataset,
    event: str,
    branch: str | None = None,
    start: date | None = None,
    until: date | None = None,
) -> Floats:
    """How often an event happened in a window; of a dated event with branches, whether this one was drawn."""
    about = section(runs, "events")[event]
    count = runs["event_count"].sel(event=event).transpose("policy", "scenario", "step").values
    if about["kind"] == "dated":
        number = 0 if branch is None else list(about["branches"]).index(branch) + 1
        count = (count == number) if number else (count > 0)
    return _marked(runs, count[:, :, _steps(runs, start, until)].sum(axis=2, dtype=np.int64))


def answered(
    runs: xr.Dataset,
    first: Acts,
    then: Acts,
    steps: int,
    start: date | None = None,
    until: date | None = None,
) -> tuple[Floats, Floats]:
    """How many steps with one kind of act were followed by another kind, and how many there were.

    Parameters
    ----------
    first, then : the acts; `then` counts in the `steps` steps after each step with a `first`
    start, until : the window in which `first` is looked for

    Returns
    -------
    numerator, denominator : (policy, scenario) each; their sums give the share that was answered
    """
    here = _taken(runs, first) > 0
    there = _taken(runs, then) > 0
    after = np.zeros_like(there)
    for lag in range(1, steps + 1):
        after[:, :, :-lag] |= there[:, :, lag:]
    window = _steps(runs, start, until)
    both = (here & after)[:, :, window].sum(axis=2)
    return _marked(runs, both), _marked(runs, here[:, :, window].sum(axis=2))


def _taken(runs: xr.Dataset, counted: Acts) -> Ints:
    """How many of these acts were taken: (policy, scenario, step)."""
    names = json.loads(runs["action"].attrs["actions"])
    actors = [str(a) for a in runs["actor"].values]
    action = runs["action"].transpose("policy", "scenario", "step", "actor").values
    result = np.zeros(action.shape[:3], np.int64)
    for actor, wanted in counted.items():
        if actor not in names:
            raise UsageError(
                f"these runs have no actor `{actor}`. {did_you_mean(actor, names) or ''}".strip()
            )
        mine = action[..., actors.index(actor)]
        for name in wanted:
            if name not in names[actor]:
                hint = did_you_mean(name, names[actor]) or f"There are: {', '.join(names[actor])}."
                raise UsageError(f"`{actor}` has no action `{name}` in these runs. {hint}")
            result += mine == names[actor].index(name)
    return result


def _marked(runs: xr.Dataset, values: npt.NDArray[np.generic]) -> Floats:
    """Values as floats, NaN where the run failed."""
    ok = runs["status"].transpose("policy", "scenario").values == 0
    ok = ok.reshape(ok.shape + (1,) * (values.ndim - 2))
    return np.where(ok, values.astype(np.float64), np.nan)


def _path(runs: xr.Dataset, variable: str) -> Floats:
    known = [v for v in section(runs, "variables") if v in runs]
    if variable not in known:
        hint = did_you_mean(variable, known) or f"There are: {', '.join(known) or 'none'}."
        raise UsageError(f"these runs hold no variable `{variable}`. {hint}")
    return np.asarray(runs[variable].transpose("policy", "scenario", "time").values, np.float64)


def _position(runs: xr.Dataset, day: date | None) -> int:
    """Position of the last date of the runs that is not after a day."""
    times = dates(runs)
    if day is None:
        return len(times) - 1
    if not times[0] <= day <= times[-1]:
        raise UsageError(f"{day} lies outside these runs, which go from {times[0]} to {times[-1]}.")
    return max(i for i, t in enumerate(times) if t <= day)


def _first(runs: xr.Dataset, day: date) -> int:
    """Position of the first date of the runs that is not before a day."""
    return next((i for i, t in enumerate(dates(runs)) if t >= day), runs.sizes["time"])


def _steps(runs: xr.Dataset, start: date | None, until: date | None) -> slice:
    """The steps that begin in a window.

    Raises
    ------
    UsageError
        If none does.
    """
    days = dates(runs)[:-1]
    inside = [i for i, d in enumerate(days) if (start is None or d >= start) and (until is None or d < until)]
    if not inside:
        raise UsageError(f"no step of these runs begins between {start} and {until}.")
    return slice(inside[0], inside[-1] + 1)
