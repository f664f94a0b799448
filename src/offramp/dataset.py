"""Runs as one `xarray.Dataset` that explains itself: values, units, titles, provenance; save and load.

Whoever has the dataset needs neither the model nor the simulator. docs/reference/runs.md lists all that
is in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.engine.inputs import Outputs, Status
from offramp.errors import OfframpError, UsageError
from offramp.model import Actor, Distribution, Event, Formula, Model, Origin, Outcome, Variable

if TYPE_CHECKING:
    import xarray as xr

    from offramp.design import Design

# Names that the dataset uses itself; a model variable cannot have them.
RESERVED = frozenset(
    {
        "policy",
        "scenario",
        "time",
        "step",
        "actor",
        "action",
        "outcome",
        "outcome_step",
        "event",
        "event_count",
        "parameter",
        "parameter_value",
        "status",
        "failed_step",
        "failed_variable",
        "date",
    }
)

# Attributes that hold JSON.
SECTIONS = ("overrides", "policies", "variables", "parameters", "actors", "events", "outcomes", "sources")

# HDF5 keeps an attribute in an object header of at most 64 KiB; longer ones are saved as variables.
_LONGEST_ATTRIBUTE = 30_000
_LONG = "attribute:"

STATUS_MEANINGS = ("ok", "not_finite", "out_of_bounds", "too_many_events")


@dataclass
class Collection:
    """Arrays to which blocks of runs are written; threads may fill disjoint parts at once."""

    design: Design
    variables: dict[str, npt.NDArray[np.float64]]
    action: npt.NDArray[np.int8]
    event_count: npt.NDArray[np.int16]
    outcome_step: npt.NDArray[np.int16]
    status: npt.NDArray[np.uint8]
    failed_step: npt.NDArray[np.int16]
    failed_variable: npt.NDArray[np.int16]
    parameter_value: npt.NDArray[np.float64]

    @classmethod
    def empty(cls, design: Design, variables: list[str]) -> Collection:
        """Room for all runs of a design, keeping the paths of `variables` alone."""
        model = design.model
        runs = (len(design.policies), len(design.scenarios))
        return cls(
            design=design,
            variables={name: np.empty((*runs, model.steps + 1)) for name in variables},
            action=np.empty((*runs, model.steps, len(model.actors)), dtype=np.int8),
            event_count=np.empty((*runs, model.steps, len(model.events)), dtype=np.int16),
            outcome_step=np.empty((*runs, len(model.outcomes)), dtype=np.int16),
            status=np.empty(runs, dtype=np.uint8),
            failed_step=np.empty(runs, dtype=np.int16),
            failed_variable=np.empty(runs, dtype=np.int16),
            parameter_value=np.empty((len(design.scenarios), len(model.parameters))),
        )

    def write(self, policy: int, scenarios: slice, outputs: Outputs) -> None:
        """Write down a block of runs under the policy at position `policy`."""
        for i, variable in enumerate(self.design.model.variables):
            if variable.name in self.variables:
                self.variables[variable.name][policy, scenarios] = outputs.state[:, :, i]
        self.action[policy, scenarios] = outputs.action
        self.event_count[policy, scenarios] = outputs.event
        self.outcome_step[policy, scenarios] = outputs.outcome
        self.status[policy, scenarios] = outputs.status
        self.failed_step[policy, scenarios] = outputs.failed_step
        self.failed_variable[policy, scenarios] = outputs.failed_variable

    def dataset(self, engine: str) -> xr.Dataset:
        """The runs as a dataset, described by docs/reference/runs.md."""
        import xarray as xr

        design, model = self.design, self.design.model
        dates = np.array([d.isoformat() for d in model.dates], dtype="datetime64[ns]")
        result = xr.Dataset(
            coords={
                "policy": ("policy", _names(design.policies)),
                "scenario": ("scenario", design.scenarios),
                "time": ("time", dates),
                "step": ("step", dates[:-1]),
                "actor": ("actor", _names(a.name for a in model.actors)),
                "outcome": ("outcome", _names(o.name for o in model.outcomes)),
                "event": ("event", _names(e.name for e in model.events)),
                "parameter": ("parameter", _names(p.name for p in model.parameters)),
            }
        )
        titles = {v.name: v for v in model.variables}
        for name, values in self.variables.items():
            attrs = {"long_name": titles[name].title, "units": titles[name].unit}
            result[name] = (("policy", "scenario", "time"), values, attrs)
        result["action"] = (
            ("policy", "scenario", "step", "actor"),
            self.action,
            {
                "long_name": "position of the action taken among the actor's actions, -1 for none",
                "actions": _json({a.name: [x.name for x in a.actions] for a in model.actors}),
            },
        )
        result["event_count"] = (
            ("policy", "scenario", "step", "event"),
            self.event_count,
            {
                "long_name": "how often a random event happened in the step; for a dated event 1 in its "
                "step, or with branches 1 + position of the branch drawn"
            },
        )
        result["outcome_step"] = (
            ("policy", "scenario", "outcome"),
            self.outcome_step,
            {"long_name": "step at whose end the outcome first held, -1 for never"},
        )
        result["status"] = (
            ("policy", "scenario"),
            self.status,
            {
                "long_name": "whether the run holds; only `ok` runs belong in summaries",
                "flag_values": np.array([s.value for s in Status], dtype=np.uint8),
                "flag_meanings": " ".join(STATUS_MEANINGS),
            },
        )
        result["failed_step"] = (
            ("policy", "scenario"),
            self.failed_step,
            {"long_name": "step in which the run failed, -1 for none"},
        )
        result["failed_variable"] = (
            ("policy", "scenario"),
            self.failed_variable,
            {
                "long_name": "position of the variable that failed first, -1 for none",
                "variables": _json([v.name for v in model.variables]),
            },
        )
        result["parameter_value"] = (
            ("scenario", "parameter"),
            self.parameter_value,
            {"long_name": "true parameters as drawn, before any policy; units are in attribute `parameters`"},
        )
        result.attrs = _attributes(design, engine)
        return result


def kept_variables(model: Model, variables: list[str] | None) -> list[str]:
    """Names of the variables to keep, in the model's order.

    Raises
    ------
    UsageError
        If a name is not a variable of the model.
    OfframpError
        If a variable of the model has a name that the dataset uses itself.
    """
    names = [v.name for v in model.variables]
    clash = [n for n in names if n in RESERVED]
    if clash:
        raise OfframpError(f"`{clash[0]}` cannot be the name of a variable: runs use it themselves.")
    if variables is None:
        return names
    for name in variables:
        if name not in names:
            raise UsageError(f"model `{model.name}` has no variable `{name}`. There are: {', '.join(names)}.")
    return [n for n in names if n in set(variables)]


def section(runs: xr.Dataset, name: str) -> Any:
    """One of the JSON attributes of runs (`SECTIONS`), read.

    Examples
    --------
    `section(runs, "actors")["blue"]["title"]` is the title of actor `blue`.
    """
    return json.loads(runs.attrs[name])


def save(runs: xr.Dataset, path: str | Path) -> None:
    """Write runs to a NetCDF-4 file; `load` gives back the same values and attributes.

    Raises
    ------
    OfframpError
        If h5netcdf is not installed.
    """
    _need("h5netcdf", "NetCDF files")
    long = {k: v for k, v in runs.attrs.items() if isinstance(v, str) and len(v) > _LONGEST_ATTRIBUTE}
    kept = runs.assign({_LONG + k: ((), v) for k, v in long.items()})
    kept.attrs = {k: v for k, v in runs.attrs.items() if k not in long}
    compress = {str(n): {"zlib": True, "complevel": 1} for n in runs.data_vars if runs[n].size > 10_000}
    # Nothing in runs is missing in the sense of NetCDF: a value that is not finite says so by itself.
    encoding = {str(n): {"_FillValue": None} for n in runs.data_vars}
    for name, how in compress.items():
        encoding[name] |= how  # type: ignore[arg-type]
    for name in ("time", "step"):
        encoding[name] = {"units": "days since 1970-01-01", "dtype": "int64"}  # type: ignore[dict-item]
    kept.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def load(path: str | Path) -> xr.Dataset:
    """Read runs that `save` wrote, into memory.

    Raises
    ------
    OfframpError
        If h5netcdf is not installed, the file is not there, or it does not hold runs of offramp.
    """
    _need("h5netcdf", "NetCDF files")
    import xarray as xr

    try:
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            runs = opened.load()
    except FileNotFoundError as error:
        raise OfframpError(f"there is no file {path}.") from error
    except (OSError, ValueError) as error:
        raise OfframpError(f"{path} is not a file of runs: {error}") from error
    attributes = {}
    for name in [str(n) for n in runs.data_vars if str(n).startswith(_LONG)]:
        attributes[name.removeprefix(_LONG)] = str(runs[name].item())
        runs = runs.drop_vars(name)
    runs.attrs |= attributes
    missing = [k for k in ("model_hash", "seed", *SECTIONS) if k not in runs.attrs]
    if missing:
        raise OfframpError(f"{path} is not a file of runs: it has no attribute `{missing[0]}`.")
    for name in ("policy", "actor", "outcome", "event", "parameter"):
        attrs = runs[name].attrs
        runs = runs.assign_coords({name: (name, _names(runs[name].values), attrs)})
    for array in runs.variables.values():
        array.encoding = {}
    return runs


def _need(package: str, what: str) -> None:
    try:
        __import__(package)
    except ImportError as error:
        raise OfframpError(
            f"{what} need the package `{package}`, which is not installed. pip install 'offramp[save]'"
        ) from error


def _names(names: Any) -> npt.NDArray[np.str_]:
    return np.array([str(n) for n in names], dtype=np.str_)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _attributes(design: Design, engine: str) -> dict[str, Any]:
    """What the runs are of and what made them."""
    model = design.model
    policies = {p.name: p for p in model.policies}
    return {
        "Conventions": "CF-1.11",
        "title": model.title,
        "summary": model.summary,
        "model": model.name,
        "model_file": model.file,
        "model_hash": model.hash,
        "illustrative": int(model.illustrative),
        "offramp_version": _version("offramp"),
        "numpy_version": _version("numpy"),
        "llvmlite_version": _version("llvmlite"),
        "engine": engine,
        "seed": str(design.seed),  # as text: NetCDF integers end below 2**64
        "start": model.start.isoformat(),
        "end": model.dates[-1].isoformat(),
        "step": model.step,
        "steps": model.steps,
        "step_months": model.step_length,
        "overrides": _json(design.overrides),
        "policies": _json(
            {
                name: {"title": policies[name].title, **_origin(policies[name].origin)}
                if name in policies
                else {"title": "Baseline", **_origin(Origin())}
                for name in design.policies
            }
        ),
        "variables": _json({v.name: _variable(v) for v in model.variables}),
        "parameters": _json(
            {
                p.name: {
                    "title": p.title,
                    "unit": p.unit,
                    "value": _written(p.value),
                    "uncertain": isinstance(p.value, Distribution) and p.name not in design.overrides,
                    **_origin(p.origin),
                }
                for p in model.parameters
            }
        ),
        "actors": _json({a.name: _actor(a) for a in model.actors}),
        "events": _json({e.name: _event(e) for e in model.events}),
        "outcomes": _json({o.name: _outcome(o) for o in model.outcomes}),
        "sources": _json(
            {s.key: {"title": s.title, "date": s.date, "url": s.url, "note": s.note} for s in model.sources}
        ),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _origin(origin: Origin) -> dict[str, Any]:
    return {"sources": list(origin.sources), "guess": origin.guess, "reason": origin.reason}


def _written(value: float | Formula | Distribution | None) -> str:
    """A value as the model file has it."""
    if isinstance(value, Distribution):
        return value.text or f"{value.kind}({', '.join(f'{x:g}' for x in value.args)})"
    if isinstance(value, Formula):
        return value.text
    return "" if value is None else repr(value)


def _variable(v: Variable) -> dict[str, Any]:
    return {
        "title": v.title,
        "unit": v.unit,
        "kind": "auxiliary" if v.is_auxiliary else "stock",
        "initial": _written(v.initial),
        "bounds": None if v.bounds is None else list(v.bounds),
        "headline": v.headline,
        **_origin(v.origin),
    }


def _actor(actor: Actor) -> dict[str, Any]:
    return {
        "title": actor.title,
        "depth": actor.depth,
        "horizon": actor.horizon,
        "actions": {x.name: {"title": x.title, **_origin(x.origin)} for x in actor.actions},
        "misreads": {
            m.parameter: {"title": m.title, "value": _written(m.value), **_origin(m.origin)}
            for m in actor.misreads
        },
        "sees": {
            s.variable: {
                "hidden": s.hidden,
                "bias": _written(s.bias),
                "noise": _written(s.noise),
                "delay": s.delay,
                **_origin(s.origin),
            }
            for s in actor.sees
        },
        **_origin(actor.origin),
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "title": event.title,
        "kind": "random" if event.on is None else "dated",
        "date": None if event.on is None else event.on.isoformat(),
        "branches": {b.name: {"title": b.title, **_origin(b.origin)} for b in event.branches},
        **_origin(event.origin),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "title": outcome.title,
        "kind": "otherwise" if outcome.otherwise else "when" if outcome.when is not None else "rate",
        "absorbing": outcome.absorbing,
        **_origin(outcome.origin),
    }
