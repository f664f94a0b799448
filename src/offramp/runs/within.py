"""What saved runs hold on a day within a step: `offramp.engine.within` for datasets."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from offramp.engine.luck import purpose_within
from offramp.engine.within import Draw, Lines, drawer, in_part
from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.runs.dataset import dates, section
from offramp.runs.design import SCENARIOS_OF_A_LIFE
from offramp.windows import Instant, Window, between, place_in

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


def place_of(runs: xr.Dataset, day: date | None) -> Instant:
    """Where a day lies among the steps of runs (None: the end).

    Raises
    ------
    UsageError
        If it lies outside the runs.
    """
    times = dates(runs)
    day = times[-1] if day is None else day
    if not times[0] <= day <= times[-1]:
        raise UsageError(f"{day} lies outside these runs, which go from {times[0]} to {times[-1]}.")
    return place_in(times, day)


def window_of(runs: xr.Dataset, start: date | None, until: date | None) -> Window:
    """The days from one on (None: the first) up to another and without it (None: the last).

    Raises
    ------
    UsageError
        If the runs have no such days.
    """
    times = dates(runs)
    first, stop = max(start or times[0], times[0]), min(until or times[-1], times[-1])
    if first >= stop:
        raise UsageError(
            f"no day of these runs, which go from {times[0]} to {times[-1]}, lies between "
            f"{start or times[0]} and {until or times[-1]}."
        )
    return between(times, first, stop)


def in_window(
    runs: xr.Dataset, count: npt.NDArray[np.generic], window: Window, kind: str, name: str
) -> Floats:
    """How often a thing came in each step so far as it lies in a window: (policy, scenario, step).

    Parameters
    ----------
    count : (policy, scenario, step)
    kind, name : whose luck says when within a step it comes: an actor, event or ladder
    """
    found = np.zeros(count.shape)
    found[:, :, window.whole] = count[:, :, window.whole]
    draw, purpose = _draw(runs), purpose_within(kind, name)
    for step, begin, end in window.partly():
        for p, here in enumerate(count[:, :, step].astype(np.float64)):
            found[p, :, step] = in_part(here, begin, end, partial(draw, step, purpose))
    return found


def _draw(runs: xr.Dataset) -> Draw:
    numbers = runs["scenario"].values.astype(np.int64) + int(runs.attrs["life"]) * SCENARIOS_OF_A_LIFE
    return drawer(int(runs.attrs["seed"]), lambda _: numbers)


class RunLines(Lines):
    """Variables of saved runs at any moment; runs are those of all policies, one policy after another.

    Where the runs do not hold what dated events did (`simulate(jumps=True)` keeps it), a step in which one
    moves stocks is taken for straight.
    """

    def __init__(self, runs: xr.Dataset) -> None:
        self.runs, self.dates = runs, dates(runs)
        self._events = {
            name: date.fromisoformat(about["date"])
            for name, about in section(runs, "events").items()
            if about["date"]
        }

    def path(self, variable: str) -> Floats:
        known = [v for v in section(self.runs, "variables") if v in self.runs]
        if variable not in known:
            hint = did_you_mean(variable, known) or f"There are: {', '.join(known) or 'none'}."
            raise UsageError(f"these runs hold no variable `{variable}`. {hint}")
        path = self.runs[variable].transpose("policy", "scenario", "time").values
        return np.asarray(path.reshape(-1, path.shape[-1]), np.float64)

    def jumps(self, variable: str, step: int) -> list[tuple[float, Floats]]:
        if "dated_jump" not in self.runs:
            return []
        kept = self.runs["dated_jump"]
        moved = json.loads(kept.attrs["variables"])
        if variable not in moved:
            return []
        found = []
        for name, on in self._events.items():
            place = place_in(self.dates, on)
            if place.step == step and self.dates[0] <= on < self.dates[-1]:
                size = kept.sel(event=name).transpose("policy", "scenario", "moved_variable").values
                found.append((place.part, size[..., moved.index(variable)].reshape(-1)))
        return sorted(found, key=lambda jump: jump[0])

    def shaped(self, values: Floats) -> Floats:
        """(run,) as (policy, scenario)."""
        return values.reshape(self.runs.sizes["policy"], self.runs.sizes["scenario"])
