"""Runs on disk: NetCDF, which gives them back as they were, and Parquet, a table for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp import writing
from offramp.engine.outputs import Status
from offramp.given import library, need
from offramp.runs import netcdf
from offramp.runs.dataset import (
    ENDING_MEANINGS,
    NAMED,
    SECTIONS,
    STATUS_MEANINGS,
    check_whole,
    names,
    section,
)

if TYPE_CHECKING:
    import xarray as xr

# HDF5 keeps an attribute in an object header of at most 64 KiB; longer ones are saved as variables.
_LONGEST_ATTRIBUTE = 30_000
_LONG = "attribute:"

_PARQUET_SCENARIOS = 4096


def save(runs: xr.Dataset, path: str | Path, *, force: bool = False) -> None:
    """Write runs to a NetCDF-4 file; `load` gives back the same values and attributes.

    Parameters
    ----------
    force : also replace a file that offramp did not write

    Raises
    ------
    OfframpError
        If h5netcdf is not installed, or the file cannot be written; what was there is whole.
    UsageError
        If something else is there.
    """
    need(runs, "Dataset")
    library("h5netcdf", "a NetCDF file", "save")
    writing.check_place(Path(path), writing.NETCDF, force=force)
    long = {k: v for k, v in runs.attrs.items() if isinstance(v, str) and len(v) > _LONGEST_ATTRIBUTE}
    kept = runs.assign({_LONG + k: ((), v) for k, v in long.items()})
    kept.attrs = {k: v for k, v in runs.attrs.items() if k not in long}
    encoding: dict[str, dict[str, Any]] = {}
    for name, values in runs.data_vars.items():
        # Nothing in runs is missing in the sense of NetCDF: a value that is not finite says so by itself.
        compressed = {"zlib": True, "complevel": 1} if values.size > 10_000 else {}
        if values.ndim and values.size and values.dtype.kind in "fiu":
            compressed["fletcher32"] = True  # so that damage does not pass for data
        encoding[str(name)] = {"_FillValue": None, **compressed}
    for axis in ("time", "step"):
        encoding[axis] = {"units": "days since 1970-01-01", "dtype": "int64"}
    netcdf.write(kept, Path(path), encoding)


def load(path: str | Path) -> xr.Dataset:
    """Read runs that `save` wrote, into memory.

    Raises
    ------
    OfframpError
        If h5netcdf is not installed, the file is not there, is damaged, or does not hold runs of offramp.
    """
    library("h5netcdf", "a NetCDF file", "save")
    runs = netcdf.read(Path(path), "a file of runs", _whole_runs)
    for array in runs.variables.values():
        array.encoding = {}
    return runs


def _whole_runs(runs: xr.Dataset) -> xr.Dataset:
    """Runs with their long attributes and names in place; `ValueError` where something is missing."""
    attributes = {}
    for name in [str(n) for n in runs.data_vars if str(n).startswith(_LONG)]:
        attributes[name.removeprefix(_LONG)] = str(runs[name].item())
        runs = runs.drop_vars(name)
    runs.attrs = {k: v.item() if isinstance(v, np.generic) else v for k, v in runs.attrs.items()} | attributes
    missing = [k for k in ("model_hash", "model", "seed", *SECTIONS) if k not in runs.attrs]
    if missing:
        raise ValueError(f"it has no attribute `{missing[0]}`")
    for name in NAMED:
        runs = runs.assign_coords({name: (name, names(runs[name].values), runs[name].attrs)})
    check_whole(runs)
    return runs


def is_of_runs(path: Path) -> bool:
    """Whether a file looks like one of runs."""
    return path.is_file() and writing.NETCDF.is_of(path)


def to_parquet(runs: xr.Dataset, path: str | Path, *, force: bool = False) -> None:
    """Write runs as one tidy table in Parquet: a row for each policy, scenario and date.

    Columns: `policy`, `scenario`, `date`, `status`; one for each variable, in its unit (field metadata
    `unit`, `title`); `action.ACTOR`, the name of the action taken in the step that begins at the date,
    null where there is none; `belief.ACTOR.ABOUT.TYPE`, `expected.ACTOR.OTHER`,
    `estimate.ACTOR.STOCK` and its standard deviation `estimate.ACTOR.STOCK.sd` in that step;
    `event.EVENT`, its count in that step, null at the last date; `ladder.LADDER`, how an exchange in that
    step ended (`ENDING_MEANINGS`), `ladder.LADDER.rung`, the highest rung it reached, and
    `ladder.LADDER.foreseen.SIDE`, the chance of war that each side foresaw, null where none opened;
    `outcome.OUTCOME`, whether it has happened by the date (of an `otherwise` outcome: whether it holds),
    null where the run failed. Attributes of the runs are in the metadata of the table.

    Parameters
    ----------
    force : also replace a file that offramp did not write

    Raises
    ------
    OfframpError
        If pyarrow is not installed, or the file cannot be written; what was there is whole.
    UsageError
        If something else is there.
    """
    need(runs, "Dataset")
    library("pyarrow", "a Parquet file", "save")
    writing.check_place(Path(path), writing.PARQUET, force=force)
    with writing.whole(Path(path)) as begun:
        _write_parquet(runs, begun)


def _write_parquet(runs: xr.Dataset, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for policy in runs["policy"].values:
            # Pieces of scenarios: the table is never in memory as a whole.
            for first in range(0, runs.sizes["scenario"], _PARQUET_SCENARIOS):
                part = runs.sel(policy=policy).isel(scenario=slice(first, first + _PARQUET_SCENARIOS))
                table = _Table(part, pa).filled(str(policy))
                if writer is None:
                    writer = pq.ParquetWriter(path, table.schema)
                writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


class _Table:
    """Some scenarios of one policy as a pyarrow table, rows by scenario and date."""

    def __init__(self, part: xr.Dataset, pa: Any) -> None:
        self.part, self.pa = part, pa
        self.scenarios, self.dates = part.sizes["scenario"], part.sizes["time"]
        self.fields: list[Any] = []
        self.columns: list[Any] = []

    def filled(self, policy: str) -> Any:
        """The table with all its columns."""
        self._runs(policy)
        self._variables()
        self._actions()
        self._chances()
        self._events()
        self._ladders()
        self._outcomes()
        metadata = {str(k): str(v) for k, v in self.part.attrs.items()}
        return self.pa.Table.from_arrays(self.columns, schema=self.pa.schema(self.fields, metadata=metadata))

    def _add(self, name: str, values: Any, metadata: dict[str, str] | None = None) -> None:
        self.fields.append(self.pa.field(name, values.type, metadata=metadata))
        self.columns.append(values)

    def _words(self, codes: npt.NDArray[Any], words: Sequence[str]) -> Any:
        """Codes as dictionary-encoded text; -1 is null."""
        indices = self.pa.array(codes.ravel().astype(np.int32), mask=codes.ravel() < 0)
        return self.pa.DictionaryArray.from_arrays(indices, self.pa.array(words, self.pa.string()))

    def _by_date(self, values: npt.NDArray[Any], last: float) -> npt.NDArray[Any]:
        """(scenario, step) with `last` at the last date, which begins no step."""
        return np.concatenate([values, np.full((self.scenarios, 1), last, dtype=values.dtype)], axis=1)

    def _add_chance(self, name: str, chance: npt.NDArray[Any]) -> None:
        """Chances by step, (scenario, step); what is not a number is null."""
        by_date = self._by_date(chance, np.nan).ravel()
        self._add(name, self.pa.array(by_date, mask=np.isnan(by_date)))

    def _runs(self, policy: str) -> None:
        part, dates = self.part, self.dates
        self._add("policy", self._words(np.zeros(self.scenarios * dates, dtype=np.int32), [policy]))
        self._add("scenario", self.pa.array(np.repeat(part["scenario"].values, dates)))
        self._add("date", self.pa.array(np.tile(part["time"].values.astype("datetime64[D]"), self.scenarios)))
        status = np.repeat(part["status"].values, dates).astype(np.int32)
        self._add("status", self._words(status, STATUS_MEANINGS))

    def _variables(self) -> None:
        for name in section(self.part, "variables"):
            if name in self.part:
                values = self.part[name]
                about = {"unit": values.attrs["units"], "title": values.attrs["long_name"]}
                self._add(name, self.pa.array(values.transpose("scenario", "time").values.ravel()), about)

    def _actions(self) -> None:
        actions = json.loads(self.part["action"].attrs["actions"])
        for actor in self.part["actor"].values:
            taken = self._by_date(self.part["action"].sel(actor=actor).values, -1)
            self._add(f"action.{actor}", self._words(taken, actions[str(actor)]))

    def _chances(self) -> None:
        for array, dimension in (("belief", "supposition"), ("expected", "expectation")):
            for name in self.part[dimension].values:
                chance = self.part[array].sel({dimension: name}).values
                self._add_chance(f"{array}.{str(name).replace('/', '.')}", chance)
        for name in self.part["estimate"].values if "estimate" in self.part else ():
            column = f"estimate.{str(name).replace('/', '.')}"
            for array, behind in (("estimate_mean", ""), ("estimate_sd", ".sd")):
                self._add_chance(f"{column}{behind}", self.part[array].sel(estimate=name).values)

    def _events(self) -> None:
        for event in self.part["event"].values:
            count = self._by_date(self.part["event_count"].sel(event=event).values, -1).ravel()
            self._add(f"event.{event}", self.pa.array(count, mask=count < 0))

    def _ladders(self) -> None:
        sides, rungs = (json.loads(self.part["ladder_rung"].attrs[key]) for key in ("sides", "rungs"))
        for name in self.part["ladder"].values:
            here = self.part.sel(ladder=name)
            ending = self._by_date(here["ladder_ending"].values, 0) - 1
            self._add(f"ladder.{name}", self._words(ending, ENDING_MEANINGS[1:]))
            rung = self._by_date(here["ladder_rung"].values, -1)
            self._add(f"ladder.{name}.rung", self._words(rung, rungs[str(name)]))
            for i, side in enumerate(sides[str(name)]):
                self._add_chance(f"ladder.{name}.foreseen.{side}", here["ladder_foreseen"].values[..., i])

    def _outcomes(self) -> None:
        part, outcomes = self.part, section(self.part, "outcomes")
        step = part["outcome_step"].transpose("outcome", "scenario").values[..., None]
        happened = (step >= 0) & (step < np.arange(self.dates))
        absorbing = np.array([outcomes[str(o)]["absorbing"] for o in part["outcome"].values], dtype=np.bool_)
        none_yet = ~happened[absorbing].any(axis=0)
        failed = np.repeat(part["status"].values != Status.OK, self.dates)
        for i, outcome in enumerate(part["outcome"].values):
            holds = none_yet if outcomes[str(outcome)]["kind"] == "otherwise" else happened[i]
            self._add(f"outcome.{outcome}", self.pa.array(holds.ravel(), mask=failed))
