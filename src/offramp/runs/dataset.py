"""Runs as one `xarray.Dataset` that explains itself: values, units, titles, provenance.

Whoever has the dataset needs neither the model nor the simulator. docs/reference/runs.md lists all that
is in it; `offramp.runs.files` keeps it on disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.engine.hazards import chances_by_step, is_smooth
from offramp.engine.inputs import Inputs
from offramp.engine.outputs import TABLE, Ending, OutputRow, Outputs, Status, lengths
from offramp.engine.within import Paths, moved_on_days
from offramp.errors import OfframpError, UsageError
from offramp.model import Model
from offramp.runs.attributes import as_json, attributes_of

if TYPE_CHECKING:
    import xarray as xr

    from offramp.runs.design import Design

# Attributes that hold JSON.
SECTIONS = (
    "overrides", "policies", "variables", "parameters", "actors", "events", "outcomes", "ladders", "sources",
)  # fmt: skip

STATUS_MEANINGS = ("ok", "not_finite", "out_of_bounds", "too_many_events")
ENDING_MEANINGS = ("not_opened", "first_stood_down", "second_stood_down", "petered_out", "war")

# Arrays of `Outputs` that have another name in a dataset, and those that are not in it (a state is there
# variable by variable).
_RENAMED = {"event": "event_count", "outcome": "outcome_step"}
_LEFT_OUT = {"state", "probability", "event_mean", "ladder_risk"}

# Arrays by policy and scenario, and by scenario alone: name -> the dimensions behind these, and the type.
PER_RUN = {_RENAMED.get(name, name): row for name, row in TABLE.items() if name not in _LEFT_OUT} | {
    "outcome_chance": OutputRow(("step", "outcome"), np.float64, np.nan)
}
# What dated events did to the variables that they move, only where it is asked for.
JUMPS = OutputRow(("event", "moved_variable"), np.float64, 0.0)
PER_SCENARIO = {
    "parameter_value": OutputRow(("parameter",), np.float64, np.nan),
    "true_type": OutputRow(("actor",), np.int8, -1),
}

_LONG_NAMES = {
    "action": "position of the action taken among the actor's actions, -1 for none",
    "event_count": "how often a random event happened in the step; for a dated event 1 in its step, or with "
    "branches 1 + position of the branch drawn",
    "ladder_rung": "position of the highest rung that the exchange reached, -1 where it did not open",
    "ladder_first": "position in `sides` of the side that moved first, -1 where it did not open",
    "ladder_moves": "moves made in the exchange, 0 where it did not open",
    "ladder_ending": "how the exchange ended; sides stand in attribute `sides`",
    "ladder_foreseen": "chance of war that each side foresaw as the exchange opened, not a number where it "
    "did not open",
    "outcome_step": "step at whose end the outcome first held, -1 for never",
    "outcome_chance": "chance that the outcome comes in the step, given how the run went until its end; "
    "not a number for outcomes without a rate or a ladder",
    "outcome_part": "share of that step that was over when the outcome came, not a number for never",
    "dated_jump": "how far a dated event moved each of the variables named in `variables`; of several of one "
    "day all of it stands with the first",
    "status": "whether the run holds; only `ok` runs belong in summaries",
    "failed_step": "step in which the run failed, -1 for none",
    "failed_variable": "position of the variable that failed first, -1 for none",
    "parameter_value": "true parameters, of the true types, before any policy; units are in attribute "
    "`parameters`",
    "true_type": "position of the actor's true type among its types, -1 for an actor without",
    "belief": "chance that the actor gives to another's being of a type, as it chooses in the step; "
    "suppositions are actor/about/type",
    "estimate_mean": "what the actor takes the stock for as it chooses in the step, in the stock's unit; "
    "estimates are actor/stock",
    "estimate_sd": "standard deviation of that estimate in the actor's eyes, in the unit of the stock",
    "expected": "chance that the actor gave to what another then did; expectations are actor/other",
}

# Dimensions along which names stand, and all.
NAMED = (
    "policy", "actor", "outcome", "event", "ladder", "side", "parameter", "supposition", "estimate",
    "expectation",
)  # fmt: skip
DIMENSIONS = (*NAMED, "scenario", "time", "step")

_PATH = ("policy", "scenario", "time")  # of a variable

# Names that a dataset, or a table made of it, uses itself; a model variable cannot have them.
RESERVED = frozenset({*DIMENSIONS, *PER_RUN, *PER_SCENARIO, "date", "dated_jump", "moved_variable"})


@dataclass
class Collection:
    """Arrays to which blocks of runs are written; threads may fill disjoint parts at once.

    Attributes
    ----------
    variables : name -> (policy, scenario, time)
    arrays : name in the dataset -> (policy, scenario, ...) or (scenario, ...)
    """

    design: Design
    variables: dict[str, npt.NDArray[np.float64]]
    arrays: dict[str, npt.NDArray[Any]]

    @classmethod
    def empty(
        cls, design: Design, variables: list[str], chances: bool = False, jumps: bool = False
    ) -> Collection:
        """Room for all runs of a design, with paths of `variables`, and chances and jumps where asked."""
        model, size = design.model, lengths(design.model)
        runs = (len(design.policies), len(design.scenarios))
        size["parameter"] = len(model.parameters)
        arrays = {
            name: np.empty((*runs, *row.shape(size)), row.dtype)
            for name, row in PER_RUN.items()
            if chances or name != "outcome_chance"
        }
        arrays |= {
            name: np.empty((*runs[1:], *row.shape(size)), row.dtype) for name, row in PER_SCENARIO.items()
        }
        if chances:
            arrays["outcome_chance"][:] = PER_RUN["outcome_chance"].nothing
        if jumps and moved_by_dates(model):
            size["moved_variable"] = len(moved_by_dates(model))
            arrays["dated_jump"] = np.zeros((*runs, *JUMPS.shape(size)), JUMPS.dtype)
        paths = {name: np.empty((*runs, model.steps + 1)) for name in variables}
        return cls(design, paths, arrays)

    def write_truth(self, scenarios: slice, inputs: Inputs) -> None:
        """Write down what is true in some scenarios, under any policy."""
        self.arrays["parameter_value"][scenarios] = inputs.parameters
        self.arrays["true_type"][scenarios] = inputs.true_type

    def write(self, policy: int, scenarios: slice, inputs: Inputs, outputs: Outputs) -> None:
        """Write down a block of runs under the policy at position `policy`."""
        model = self.design.model
        if "outcome_chance" in self.arrays:
            smooth = {o.name: i for i, o in enumerate(model.outcomes) if is_smooth(model, o.name)}
            for name, chance in chances_by_step(model, inputs, outputs, smooth).items():
                self.arrays["outcome_chance"][policy, scenarios, :, smooth[name]] = chance
        if "dated_jump" in self.arrays:
            self._write_jumps(self.arrays["dated_jump"][policy, scenarios], outputs)
        for i, variable in enumerate(model.variables):
            if variable.name in self.variables:
                self.variables[variable.name][policy, scenarios] = outputs.state[:, :, i]
        for name, values in outputs.arrays.items():
            if name not in _LEFT_OUT:
                self.arrays[_RENAMED.get(name, name)][policy, scenarios] = values

    def _write_jumps(self, room: npt.NDArray[np.float64], outputs: Outputs) -> None:
        """Write down what dated events did: (scenario, event, moved_variable)."""
        model = self.design.model
        paths = Paths(model, outputs)
        for n, name in enumerate(moved_by_dates(model)):
            for step, moved in paths.moved.items():
                if name not in moved:
                    continue
                days = sorted({e.on for e in model.events if e.on and model.step_of(e.on) == step})
                for day, (_, size) in zip(days, paths.jumps(name, step), strict=True):
                    room[:, next(i for i, e in enumerate(model.events) if e.on == day), n] = size

    def dataset(self, engine: str) -> xr.Dataset:
        """The runs as a dataset, described by docs/reference/runs.md."""
        import xarray as xr

        design, model = self.design, self.design.model
        # All at once: xarray aligns everything again with each variable that is added.
        found: dict[str, Any] = {}
        described = {v.name: {"long_name": v.title, "units": v.unit} for v in model.variables}
        for name, values in self.variables.items():
            found[name] = (("policy", "scenario", "time"), values, described[name])
        details = _details(model)
        for name, long_name in _LONG_NAMES.items():
            if name in self.arrays:
                dims = _dimensions(name)
                found[name] = (dims, self.arrays[name], {"long_name": long_name, **details.get(name, {})})
        runs = xr.Dataset(found, _coordinates(design))
        runs.attrs = attributes_of(design, engine)
        runs.attrs["life"] = design.life
        return runs


def _dimensions(name: str) -> tuple[str, ...]:
    if name in PER_SCENARIO:
        return ("scenario", *PER_SCENARIO[name].axes)
    if name == "dated_jump":
        return ("policy", "scenario", *JUMPS.axes)
    return ("policy", "scenario", *PER_RUN[name].axes)


def _coordinates(design: Design) -> dict[str, tuple[str, Any]]:
    """Where the runs stand on each dimension: dates, numbers of scenarios, and names."""
    model = design.model
    dates = np.array([d.isoformat() for d in model.dates], dtype="datetime64[s]")
    values: dict[str, Any] = {
        "policy": names(design.policies),
        "scenario": design.scenarios,
        "time": dates,
        "step": dates[:-1],
        "actor": names(a.name for a in model.actors),
        "outcome": names(o.name for o in model.outcomes),
        "event": names(e.name for e in model.events),
        "ladder": names(x.name for x in model.ladders),
        "side": names(("first", "second")),
        "parameter": names(p.name for p in model.parameters),
        "supposition": names("/".join(parts) for parts in model.suppositions),
        "estimate": names("/".join(parts) for parts in model.estimates),
        "expectation": names("/".join(parts) for parts in model.expectations),
    }
    return {name: (name, where) for name, where in values.items()}


def _details(model: Model) -> dict[str, dict[str, Any]]:
    """What arrays of a model's runs say of themselves behind their long names."""
    sides = {"sides": as_json({x.name: list(x.sides) for x in model.ladders})}
    rungs = {"rungs": as_json({x.name: [r.name for r in x.rungs] for x in model.ladders})}
    chance = {"units": "1"}
    return {
        "action": {"actions": as_json({a.name: [x.name for x in a.actions] for a in model.actors})},
        "ladder_rung": sides | rungs,
        "ladder_first": sides,
        "ladder_moves": sides,
        "ladder_ending": sides | _flags("ladder_ending", Ending, ENDING_MEANINGS),
        "ladder_foreseen": sides,
        "outcome_chance": chance,
        "dated_jump": {"variables": as_json(moved_by_dates(model))},
        "status": _flags("status", Status, STATUS_MEANINGS),
        "failed_variable": {"variables": as_json([v.name for v in model.variables])},
        "true_type": {"types": as_json({a.name: [t.name for t in a.types] for a in model.actors})},
        "belief": chance,
        "expected": chance,
    }


def _flags(name: str, kinds: type[IntEnum], meanings: Iterable[str]) -> dict[str, Any]:
    """What the numbers of an array mean, as the CF conventions say it."""
    numbers = np.array([kind.value for kind in kinds], dtype=PER_RUN[name].dtype)
    return {"flag_values": numbers, "flag_meanings": " ".join(meanings)}


def moved_by_dates(model: Model) -> list[str]:
    """Variables that dated events may move, in the model's order."""
    moved = set[str]().union(*moved_on_days(model).values())
    return [v.name for v in model.variables if v.name in moved]


def kept_variables(model: Model, variables: list[str] | None) -> list[str]:
    """Names of the variables to keep, in the model's order.

    Raises
    ------
    UsageError
        If a name is not a variable of the model.
    OfframpError
        If a variable of the model has a name that the dataset uses itself.
    """
    known = [v.name for v in model.variables]
    clash = [n for n in known if n in RESERVED]
    if clash:
        raise OfframpError(f"`{clash[0]}` cannot be the name of a variable: runs use it themselves.")
    if variables is None:
        return known
    for name in variables:
        if name not in known:
            raise UsageError(f"model `{model.name}` has no variable `{name}`. There are: {', '.join(known)}.")
    return [n for n in known if n in set(variables)]


def check_whole(runs: xr.Dataset) -> None:
    """Make sure that a dataset has the shape of runs: its arrays, their dimensions and types, its attributes.

    Raises
    ------
    ValueError
        If something is missing or of another kind.
    """
    for name in SECTIONS:
        section(runs, name)
    for name in DIMENSIONS:
        if name not in runs.coords or runs[name].dims != (name,):
            raise ValueError(f"it has no dimension `{name}`")
    for name, row in {**PER_RUN, **PER_SCENARIO}.items():
        if name not in runs:
            if name == "outcome_chance":
                continue
            raise ValueError(f"it has no array `{name}`")
        if runs[name].dims != _dimensions(name) or runs[name].dtype.kind != np.dtype(row.dtype).kind:
            raise ValueError(f"its array `{name}` is not as offramp writes it")
    for array, key in (("action", "actions"), ("ladder_rung", "rungs"), ("true_type", "types")):
        json.loads(runs[array].attrs[key])
    for name in section(runs, "variables"):
        if name in runs and (runs[name].dims != _PATH or runs[name].dtype.kind != "f"):
            raise ValueError(f"its array `{name}` is not as offramp writes it")


def section(runs: xr.Dataset, name: str) -> Any:
    """One of the JSON attributes of runs (`SECTIONS`), read.

    Examples
    --------
    `section(runs, "actors")["blue"]["title"]` is the title of actor `blue`.
    """
    return json.loads(runs.attrs[name])


def dates(runs: xr.Dataset) -> list[date]:
    """The dates of `time`: the start of each step and the end of the last."""
    return [d.item() for d in runs["time"].values.astype("datetime64[D]")]


def belief(runs: xr.Dataset, actor: str, about: str) -> xr.DataArray:
    """What one actor believes of another: dims policy, scenario, step and `type`, by name.

    Raises
    ------
    UsageError
        If the actor holds no belief about the other.
    """
    suppositions = [str(s).split("/") for s in runs["supposition"].values]
    here = [i for i, (who, whom, _) in enumerate(suppositions) if (who, whom) == (actor, about)]
    if not here:
        pairs = ", ".join(dict.fromkeys(f"{who} about {whom}" for who, whom, _ in suppositions))
        raise UsageError(f"`{actor}` holds no belief about `{about}`. Beliefs are: {pairs or 'none'}.")
    found = runs["belief"].isel(supposition=here).rename(supposition="type")
    return found.assign_coords(type=names(suppositions[i][2] for i in here))


def names(given: Iterable[Any]) -> npt.NDArray[np.str_]:
    """Names as an array."""
    return np.array([str(name) for name in given], dtype=np.str_)
