"""Runs as one `xarray.Dataset` that explains itself: values, units, titles, provenance; save and load.

Whoever has the dataset needs neither the model nor the simulator. docs/reference/runs.md lists all that
is in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.engine.hazards import chances_by_step, is_smooth
from offramp.engine.inputs import Ending, Inputs, Outputs, Status
from offramp.errors import OfframpError, UsageError
from offramp.given import need
from offramp.model import Model
from offramp.runs.attributes import as_json, attributes_of

if TYPE_CHECKING:
    import xarray as xr

    from offramp.runs.design import Design

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
        "outcome_chance",
        "event",
        "event_count",
        "parameter",
        "parameter_value",
        "true_type",
        "belief",
        "supposition",
        "expected",
        "expectation",
        "status",
        "failed_step",
        "failed_variable",
        "date",
        "ladder",
        "side",
        "ladder_rung",
        "ladder_first",
        "ladder_moves",
        "ladder_ending",
        "ladder_foreseen",
    }
)

# Attributes that hold JSON.
SECTIONS = (
    "overrides",
    "policies",
    "variables",
    "parameters",
    "actors",
    "events",
    "outcomes",
    "ladders",
    "sources",
)

# HDF5 keeps an attribute in an object header of at most 64 KiB; longer ones are saved as variables.
_LONGEST_ATTRIBUTE = 30_000
_LONG = "attribute:"

_PARQUET_SCENARIOS = 4096

STATUS_MEANINGS = ("ok", "not_finite", "out_of_bounds", "too_many_events")
ENDING_MEANINGS = ("not_opened", "first_stood_down", "second_stood_down", "petered_out", "war")

# What runs tell of ladders: dimensions policy, scenario, step, ladder, and of the last one side.
_LADDERS = {
    "ladder_rung": "position of the highest rung that the exchange reached, -1 where it did not open",
    "ladder_first": "position in `sides` of the side that moved first, -1 where it did not open",
    "ladder_moves": "moves made in the exchange, 0 where it did not open",
    "ladder_ending": "how the exchange ended; sides stand in attribute `sides`",
    "ladder_foreseen": "chance of war that each side foresaw as the exchange opened, not a number where it "
    "did not open",
}


@dataclass
class Collection:
    """Arrays to which blocks of runs are written; threads may fill disjoint parts at once."""

    design: Design
    variables: dict[str, npt.NDArray[np.float64]]
    action: npt.NDArray[np.int8]
    event_count: npt.NDArray[np.int16]
    ladders: dict[str, npt.NDArray[Any]]
    outcome_step: npt.NDArray[np.int16]
    outcome_chance: npt.NDArray[np.float64] | None
    status: npt.NDArray[np.uint8]
    failed_step: npt.NDArray[np.int16]
    failed_variable: npt.NDArray[np.int16]
    belief: npt.NDArray[np.float64]
    expected: npt.NDArray[np.float64]
    parameter_value: npt.NDArray[np.float64]
    true_type: npt.NDArray[np.int8]

    @classmethod
    def empty(cls, design: Design, variables: list[str], chances: bool = False) -> Collection:
        """Room for all runs of a design, keeping the paths of `variables` alone, and chances where asked."""
        model = design.model
        runs = (len(design.policies), len(design.scenarios))
        return cls(
            design=design,
            variables={name: np.empty((*runs, model.steps + 1)) for name in variables},
            action=np.empty((*runs, model.steps, len(model.actors)), dtype=np.int8),
            event_count=np.empty((*runs, model.steps, len(model.events)), dtype=np.int16),
            ladders={
                name: np.empty(
                    (*runs, model.steps, len(model.ladders), *((2,) if name == "ladder_foreseen" else ())),
                    dtype=np.float64 if name == "ladder_foreseen" else np.int8,
                )
                for name in _LADDERS
            },
            outcome_step=np.empty((*runs, len(model.outcomes)), dtype=np.int16),
            outcome_chance=np.full((*runs, model.steps, len(model.outcomes)), np.nan) if chances else None,
            status=np.empty(runs, dtype=np.uint8),
            failed_step=np.empty(runs, dtype=np.int16),
            failed_variable=np.empty(runs, dtype=np.int16),
            belief=np.empty((*runs, model.steps, len(model.suppositions))),
            expected=np.empty((*runs, model.steps, len(model.expectations))),
            parameter_value=np.empty((len(design.scenarios), len(model.parameters))),
            true_type=np.empty((len(design.scenarios), len(model.actors)), dtype=np.int8),
        )

    def write_truth(self, scenarios: slice, inputs: Inputs) -> None:
        """Write down what is true in some scenarios, under any policy."""
        self.parameter_value[scenarios] = inputs.parameters
        self.true_type[scenarios] = inputs.true_type

    def write(self, policy: int, scenarios: slice, inputs: Inputs, outputs: Outputs) -> None:
        """Write down a block of runs under the policy at position `policy`."""
        model = self.design.model
        if self.outcome_chance is not None:
            smooth = {o.name: i for i, o in enumerate(model.outcomes) if is_smooth(model, o.name)}
            for name, chance in chances_by_step(model, inputs, outputs, smooth).items():
                self.outcome_chance[policy, scenarios, :, smooth[name]] = chance
        for i, variable in enumerate(model.variables):
            if variable.name in self.variables:
                self.variables[variable.name][policy, scenarios] = outputs.state[:, :, i]
        self.action[policy, scenarios] = outputs.action
        self.event_count[policy, scenarios] = outputs.event
        for name, values in self.ladders.items():
            values[policy, scenarios] = getattr(outputs, name)
        self.outcome_step[policy, scenarios] = outputs.outcome
        self.status[policy, scenarios] = outputs.status
        self.failed_step[policy, scenarios] = outputs.failed_step
        self.failed_variable[policy, scenarios] = outputs.failed_variable
        self.belief[policy, scenarios] = outputs.belief
        self.expected[policy, scenarios] = outputs.expected

    def dataset(self, engine: str) -> xr.Dataset:
        """The runs as a dataset, described by docs/reference/runs.md."""
        import xarray as xr

        design, model = self.design, self.design.model
        dates = np.array([d.isoformat() for d in model.dates], dtype="datetime64[s]")
        coords = {
            "policy": ("policy", _names(design.policies)),
            "scenario": ("scenario", design.scenarios),
            "time": ("time", dates),
            "step": ("step", dates[:-1]),
            "actor": ("actor", _names(a.name for a in model.actors)),
            "outcome": ("outcome", _names(o.name for o in model.outcomes)),
            "event": ("event", _names(e.name for e in model.events)),
            "ladder": ("ladder", _names(x.name for x in model.ladders)),
            "side": ("side", _names(("first", "second"))),
            "parameter": ("parameter", _names(p.name for p in model.parameters)),
            "supposition": ("supposition", _names("/".join(names) for names in model.suppositions)),
            "expectation": ("expectation", _names("/".join(names) for names in model.expectations)),
        }
        # All at once: xarray aligns everything again with each variable that is added.
        result: dict[str, Any] = {}
        titles = {v.name: v for v in model.variables}
        for name, values in self.variables.items():
            attrs = {"long_name": titles[name].title, "units": titles[name].unit}
            result[name] = (("policy", "scenario", "time"), values, attrs)
        result["action"] = (
            ("policy", "scenario", "step", "actor"),
            self.action,
            {
                "long_name": "position of the action taken among the actor's actions, -1 for none",
                "actions": as_json({a.name: [x.name for x in a.actions] for a in model.actors}),
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
        sides = as_json({x.name: list(x.sides) for x in model.ladders})
        for name, values in self.ladders.items():
            dims = ("policy", "scenario", "step", "ladder")
            result[name] = (
                (*dims, "side") if name == "ladder_foreseen" else dims,
                values,
                {"long_name": _LADDERS[name], "sides": sides},
            )
        result["outcome_step"] = (
            ("policy", "scenario", "outcome"),
            self.outcome_step,
            {"long_name": "step at whose end the outcome first held, -1 for never"},
        )
        if self.outcome_chance is not None:
            result["outcome_chance"] = (
                ("policy", "scenario", "step", "outcome"),
                self.outcome_chance,
                {
                    "long_name": "chance that the outcome comes in the step, given how the run went until "
                    "its end; not a number for outcomes without a rate or a ladder",
                    "units": "1",
                },
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
                "variables": as_json([v.name for v in model.variables]),
            },
        )
        result["parameter_value"] = (
            ("scenario", "parameter"),
            self.parameter_value,
            {
                "long_name": "true parameters, of the true types, before any policy; units are in attribute "
                "`parameters`"
            },
        )
        result["true_type"] = (
            ("scenario", "actor"),
            self.true_type,
            {
                "long_name": "position of the actor's true type among its types, -1 for an actor without",
                "types": as_json({a.name: [t.name for t in a.types] for a in model.actors}),
            },
        )
        result["belief"] = (
            ("policy", "scenario", "step", "supposition"),
            self.belief,
            {
                "long_name": "chance that the actor gives to another's being of a type, as it chooses in the "
                "step; suppositions are actor/about/type",
                "units": "1",
            },
        )
        result["expected"] = (
            ("policy", "scenario", "step", "expectation"),
            self.expected,
            {
                "long_name": "chance that the actor gave to what another then did; expectations are "
                "actor/other",
                "units": "1",
            },
        )
        runs = xr.Dataset(result, coords)
        runs["ladder_rung"].attrs["rungs"] = as_json(
            {x.name: [r.name for r in x.rungs] for x in model.ladders}
        )
        runs["ladder_ending"].attrs |= {
            "flag_values": np.array([e.value for e in Ending], dtype=np.int8),
            "flag_meanings": " ".join(ENDING_MEANINGS),
        }
        runs.attrs = attributes_of(design, engine)
        runs.attrs["life"] = design.life
        return runs


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


def belief(runs: xr.Dataset, actor: str, about: str) -> xr.DataArray:
    """What one actor believes of another: dims policy, scenario, step and `type`, by name.

    Raises
    ------
    UsageError
        If the actor holds no belief about the other.
    """
    held = [str(s).split("/") for s in runs["supposition"].values]
    here = [i for i, names in enumerate(held) if names[:2] == [actor, about]]
    if not here:
        pairs = ", ".join(dict.fromkeys(f"{a} about {b}" for a, b, _ in held))
        raise UsageError(f"`{actor}` holds no belief about `{about}`. Beliefs are: {pairs or 'none'}.")
    found = runs["belief"].isel(supposition=here).rename(supposition="type")
    return found.assign_coords(type=_names(held[i][2] for i in here))


def save(runs: xr.Dataset, path: str | Path) -> None:
    """Write runs to a NetCDF-4 file; `load` gives back the same values and attributes.

    Raises
    ------
    OfframpError
        If h5netcdf is not installed.
    """
    need(runs, "Dataset")
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
        seconds = xr.coders.CFDatetimeCoder(time_unit="s")  # as wide as dates are; nanoseconds end in 2262
        with xr.open_dataset(path, engine="h5netcdf", decode_times=seconds) as opened:
            runs = opened.load()
    except FileNotFoundError as error:
        raise OfframpError(f"there is no file {path}.") from error
    except (OSError, ValueError) as error:
        raise OfframpError(f"{path} is not a file of runs: {error}") from error
    attributes = {}
    for name in [str(n) for n in runs.data_vars if str(n).startswith(_LONG)]:
        attributes[name.removeprefix(_LONG)] = str(runs[name].item())
        runs = runs.drop_vars(name)
    runs.attrs = {k: v.item() if isinstance(v, np.generic) else v for k, v in runs.attrs.items()} | attributes
    missing = [k for k in ("model_hash", "seed", *SECTIONS) if k not in runs.attrs]
    if missing:
        raise OfframpError(f"{path} is not a file of runs: it has no attribute `{missing[0]}`.")
    text = (
        "policy",
        "actor",
        "outcome",
        "event",
        "ladder",
        "side",
        "parameter",
        "supposition",
        "expectation",
    )
    for name in text:
        attrs = runs[name].attrs
        runs = runs.assign_coords({name: (name, _names(runs[name].values), attrs)})
    for array in runs.variables.values():
        array.encoding = {}
    return runs


def to_parquet(runs: xr.Dataset, path: str | Path) -> None:
    """Write runs as one tidy table in Parquet: a row for each policy, scenario and date.

    Columns: `policy`, `scenario`, `date`, `status`; one for each variable, in its unit (field metadata
    `unit`, `title`); `action.ACTOR`, the name of the action taken in the step that begins at the date,
    null where there is none; `belief.ACTOR.ABOUT.TYPE` and `expected.ACTOR.OTHER` in that step;
    `event.EVENT`, its count in that step, null at the last date; `ladder.LADDER`, how an exchange in that
    step ended (`ENDING_MEANINGS`), `ladder.LADDER.rung`, the highest rung it reached, and
    `ladder.LADDER.foreseen.SIDE`, the chance of war that each side foresaw, null where none opened;
    `outcome.OUTCOME`, whether it has happened by the date (of an `otherwise` outcome: whether it holds),
    null where the run failed. Attributes of the runs are in the metadata of the table.

    Raises
    ------
    OfframpError
        If pyarrow is not installed.
    """
    need(runs, "Dataset")
    _need("pyarrow", "Parquet files")
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for policy in runs["policy"].values:
            # Pieces of scenarios: the table is never in memory as a whole.
            for first in range(0, runs.sizes["scenario"], _PARQUET_SCENARIOS):
                part = runs.sel(policy=policy).isel(scenario=slice(first, first + _PARQUET_SCENARIOS))
                table = _table(part, str(policy), pa)
                if writer is None:
                    writer = pq.ParquetWriter(path, table.schema)
                writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _table(part: xr.Dataset, policy: str, pa: Any) -> Any:
    """Some scenarios of one policy as a pyarrow table, rows by scenario and date."""
    scenarios, dates = part.sizes["scenario"], part.sizes["time"]
    rows = scenarios * dates

    def strings(codes: npt.NDArray[Any], names: list[str]) -> Any:
        """Codes as dictionary-encoded text; -1 is null."""
        indices = pa.array(codes.ravel().astype(np.int32), mask=codes.ravel() < 0)
        return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))

    def by_date(values: npt.NDArray[Any], last: int) -> npt.NDArray[Any]:
        """(scenario, step) with `last` at the last date, which begins no step."""
        return np.concatenate([values, np.full((scenarios, 1), last, dtype=values.dtype)], axis=1)

    fields, columns = [], []

    def column(name: str, values: Any, metadata: dict[str, str] | None = None) -> None:
        fields.append(pa.field(name, values.type, metadata=metadata))
        columns.append(values)

    column("policy", strings(np.zeros(rows, dtype=np.int32), [policy]))
    column("scenario", pa.array(np.repeat(part["scenario"].values, dates)))
    column("date", pa.array(np.tile(part["time"].values.astype("datetime64[D]"), scenarios)))
    column("status", strings(np.repeat(part["status"].values, dates).astype(np.int32), list(STATUS_MEANINGS)))
    for name in section(part, "variables"):
        if name in part:
            about = {"unit": part[name].attrs["units"], "title": part[name].attrs["long_name"]}
            column(name, pa.array(part[name].transpose("scenario", "time").values.ravel()), about)
    actions = json.loads(part["action"].attrs["actions"])
    for actor in part["actor"].values:
        taken = by_date(part["action"].sel(actor=actor).values, -1)
        column(f"action.{actor}", strings(taken, actions[str(actor)]))
    for array, dimension in (("belief", "supposition"), ("expected", "expectation")):
        for name in part[dimension].values:
            chance = part[array].sel({dimension: name}).values
            chance = np.concatenate([chance, np.full((scenarios, 1), np.nan)], axis=1).ravel()
            column(f"{array}.{str(name).replace('/', '.')}", pa.array(chance, mask=np.isnan(chance)))
    for event in part["event"].values:
        count = by_date(part["event_count"].sel(event=event).values, -1).ravel()
        column(f"event.{event}", pa.array(count, mask=count < 0))
    sides, rungs = (json.loads(part["ladder_rung"].attrs[key]) for key in ("sides", "rungs"))
    for name in part["ladder"].values:
        here = part.sel(ladder=name)
        column(
            f"ladder.{name}", strings(by_date(here["ladder_ending"].values, 0) - 1, list(ENDING_MEANINGS[1:]))
        )
        column(f"ladder.{name}.rung", strings(by_date(here["ladder_rung"].values, -1), rungs[str(name)]))
        for i, side in enumerate(sides[str(name)]):
            chance = np.concatenate(
                [here["ladder_foreseen"].values[..., i], np.full((scenarios, 1), np.nan)], axis=1
            ).ravel()
            column(f"ladder.{name}.foreseen.{side}", pa.array(chance, mask=np.isnan(chance)))
    outcomes = section(part, "outcomes")
    step = part["outcome_step"].transpose("outcome", "scenario").values[..., None]
    held = (step >= 0) & (step < np.arange(dates))
    absorbing = np.array([outcomes[str(o)]["absorbing"] for o in part["outcome"].values], dtype=np.bool_)
    none_yet = ~held[absorbing].any(axis=0)
    failed = np.repeat(part["status"].values != Status.OK, dates)
    for i, outcome in enumerate(part["outcome"].values):
        holds = none_yet if outcomes[str(outcome)]["kind"] == "otherwise" else held[i]
        column(f"outcome.{outcome}", pa.array(holds.ravel(), mask=failed))
    metadata = {str(k): str(v) for k, v in part.attrs.items()}
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=metadata))


def _need(package: str, what: str) -> None:
    try:
        __import__(package)
    except ImportError as error:
        raise OfframpError(
            f"{what} need the package `{package}`, which is not installed. pip install 'offramp[save]'"
        ) from error


def _names(names: Any) -> npt.NDArray[np.str_]:
    return np.array([str(n) for n in names], dtype=np.str_)
