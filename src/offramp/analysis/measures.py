"""What can be measured in a future: one number for each policy and scenario, (policy, scenario) each.

A run that failed has NaN. Windows go from the first day on and up to the second, without it. Everything is
read to the day, as docs/explanation/semantics.md says under "Days within a step".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.analysis.outcomes import kinds_of, moments
from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.runs.dataset import section
from offramp.runs.within import RunLines, in_window, place_of, window_of
from offramp.windows import Instant, Window, come_by

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
    place, kinds = place_of(runs, by), kinds_of(runs, outcome)
    if kinds[outcome]["kind"] == "otherwise":
        ended = [come_by(*moments(runs, o), place) for o in kinds if kinds[o]["absorbing"]]
        none = np.zeros((runs.sizes["policy"], runs.sizes["scenario"]), np.bool_)
        return _marked(runs, ~np.any([none, *ended], axis=0))
    return _marked(runs, come_by(*moments(runs, outcome), place))


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
    place, chance = place_of(runs, by), foreseen(runs, outcome)
    found = chance[:, :, place.step]
    if place.part:
        found = found + _in_part(runs, outcome, place, chance[:, :, place.step + 1] - found)
    return np.asarray(found, np.float64)


def _in_part(runs: xr.Dataset, outcome: str, place: Instant, chance: Floats) -> Floats:
    """The chance that an outcome comes in the first part of a step, of that in the whole: (policy, scenario).

    Of hazards r with the sum R, r/R (1 - exp(-R t)) in a time t; of what an exchange adds its share.
    """
    kinds, order = section(runs, "outcomes"), ("policy", "scenario", "step", "outcome")
    every = runs["outcome_chance"].transpose(*order).values[:, :, place.step]
    together = [i for i, o in enumerate(map(str, runs["outcome"].values)) if kinds[o]["absorbing"]]
    total = np.nansum(every[..., together], axis=2) if kinds[outcome]["absorbing"] else chance
    with np.errstate(all="ignore"):
        share = -np.expm1(place.part * np.log1p(-np.minimum(total, 1.0))) / total
    if kinds[outcome]["kind"] == "ladder":
        share = np.full(total.shape, place.part)
    return np.where(total > 0, chance * share, 0.0)


def months_until(runs: xr.Dataset, outcome: str, since: date | None = None) -> Floats:
    """Months until an outcome comes, counted to the end of the horizon where it never does.

    This keeps every future, also those that something else ends: the mean is the horizon less the months that
    the outcome has been there, on average (Andersen 2013, Decomposition of number of life years lost
    according to causes of death, Statistics in Medicine 32, 5278-5285).

    Parameters
    ----------
    since : counted from then; what came before counts as 0
    """
    step, part = moments(runs, outcome)
    start = 0.0 if since is None else place_of(runs, since).steps
    until = np.maximum(np.where(step >= 0, step + part, runs.sizes["step"]) - start, 0)
    return _marked(runs, until * float(runs.attrs["step_months"]))


def value(runs: xr.Dataset, variable: str, at: date | None = None) -> Floats:
    """A variable at a date (None: the end), in its unit; after the end of a run its last value."""
    lines = RunLines(runs)
    return _marked(runs, lines.shaped(lines.at(variable, place_of(runs, at))))


def path(runs: xr.Dataset, variable: str) -> Floats:
    """A variable at every date, in its unit: (policy, scenario, time)."""
    ok = runs["status"].transpose("policy", "scenario").values == 0
    lines = RunLines(runs)
    path = lines.path(variable)
    return np.where(ok[:, :, None], path.reshape(*ok.shape, path.shape[1]), np.nan)


def mean_value(
    runs: xr.Dataset, variable: str, start: date | None = None, until: date | None = None
) -> Floats:
    """A variable averaged over the time from one day to another (None: first and last), in its unit."""
    lines, window = RunLines(runs), window_of(runs, start, until)
    return _marked(runs, lines.shaped(lines.mean(variable, window)))


def acts(runs: xr.Dataset, counted: Acts, start: date | None = None, until: date | None = None) -> Floats:
    """How often the actors took these actions in a window; several in one step count each."""
    return _marked(runs, _taken(runs, counted, window_of(runs, start, until)).sum(axis=2))


def choices(
    runs: xr.Dataset, actors: Sequence[str], start: date | None = None, until: date | None = None
) -> Floats:
    """How often these actors chose at all in a window: what shares of acts are shares of."""
    names, window = [str(a) for a in runs["actor"].values], window_of(runs, start, until)
    action = runs["action"].transpose("policy", "scenario", "step", "actor").values
    chose = [
        in_window(runs, action[..., names.index(a)] >= 0, window, "actor", a).sum(axis=2) for a in actors
    ]
    return _marked(runs, np.sum(chose, axis=0))


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
    window = window_of(runs, start, until)
    if about["kind"] != "dated":
        return _marked(runs, in_window(runs, count, window, "event", event).sum(axis=2))
    number = 0 if branch is None else list(about["branches"]).index(branch) + 1
    count = (count == number) if number else (count > 0)
    inside = window.first <= date.fromisoformat(about["date"]) <= window.last
    return _marked(runs, np.asarray(count.any(axis=2) & inside))


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
    first, then : the acts; `then` counts in the `steps` steps after each step with a `first`, and in that
        step itself where its actor moves after all who may have acted (`after`)
    start, until : the window in which `first` is looked for

    Returns
    -------
    numerator, denominator : (policy, scenario) each; their sums give the share that was answered
    """
    here = _taken(runs, first, window_of(runs, start, until)) > 0
    # Of an act so late that the horizon ends before its answer must have come, nobody can tell.
    here[:, :, max(0, here.shape[2] - steps) :] = False
    after = np.zeros_like(here)
    for lag in range(steps + 1):
        answers = then if lag else _replies(runs, first, then)
        if answers:
            there = _taken(runs, answers) > 0
            after[:, :, : there.shape[2] - lag] |= there[:, :, lag:]
    return _marked(runs, (here & after).sum(axis=2)), _marked(runs, here.sum(axis=2))


def _replies(runs: xr.Dataset, first: Acts, then: Acts) -> Acts:
    """Those of `then` whose actors move after all actors of `first` within a step."""
    about = section(runs, "actors")
    return {a: acts for a, acts in then.items() if first.keys() <= _moved_before(about, a)}


def _moved_before(about: Mapping[str, Any], actor: str) -> set[str]:
    """All who have moved within a step before an actor does."""
    found: set[str] = set()
    waiting = [actor]
    while waiting:
        for one in about[waiting.pop()].get("after") or ():
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found


def _taken(runs: xr.Dataset, counted: Acts, window: Window | None = None) -> Floats:
    """How many of these acts were taken in a window (None: ever): (policy, scenario, step)."""
    names = json.loads(runs["action"].attrs["actions"])
    actors = [str(a) for a in runs["actor"].values]
    action = runs["action"].transpose("policy", "scenario", "step", "actor").values
    result = np.zeros(action.shape[:3])
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
            took = mine == names[actor].index(name)
            result += took if window is None else in_window(runs, took, window, "actor", actor)
    return result


def _marked(runs: xr.Dataset, values: npt.NDArray[np.generic]) -> Floats:
    """Values as floats, NaN where the run failed."""
    ok = runs["status"].transpose("policy", "scenario").values == 0
    ok = ok.reshape(ok.shape + (1,) * (values.ndim - 2))
    return np.where(ok, values.astype(np.float64), np.nan)
