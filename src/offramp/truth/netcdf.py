"""A calibration as a NetCDF file, with the groups that ArviZ reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.errors import UsageError
from offramp.given import library
from offramp.model import Distribution
from offramp.runs import netcdf
from offramp.truth import initial_conditions
from offramp.truth.calibration import Calibration, futures
from offramp.truth.posterior import PRIOR_DRAWS, Posterior, prior_draws

if TYPE_CHECKING:
    import xarray as xr

# What groups of the file hold already is left out of the summary in its attributes.
_ELSEWHERE = ("parameters", "types", "initial", "series", "held_back", "trace")
_DRAWS = ("chain", "draw")


@dataclass(frozen=True)
class _Drawn:
    """A number with its draws: posterior (chain, draw) and prior (1, draw)."""

    posterior: npt.NDArray[Any]
    prior: npt.NDArray[Any]
    attributes: dict[str, Any]


def check_file(path: Path) -> None:
    """Make sure that a calibration can be written there.

    Raises
    ------
    UsageError
        If the name does not end in .nc, or the folder is not there.
    """
    if path.suffix != ".nc":
        raise UsageError(f"a calibration is written as NetCDF: {path} does not end in .nc.")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}.")


def save(calibration: Calibration, path: Path, answer: Posterior) -> None:
    """Write a calibration as NetCDF with the groups that ArviZ reads.

    Groups: posterior and prior (parameters, starting values as `STOCK.initial`, true types as `ACTOR.type`),
    posterior_predictive, observed_data, `trace`: mean and standard deviation on the normal scale after each
    day of evidence, and `state`: particles and lineages, from which it can go on.

    Raises
    ------
    OfframpError
        If it cannot be written.
    """
    xr = library("xarray", "saving a calibration", "truth")
    library("h5netcdf", "saving a calibration", "truth")
    groups = _draws(calibration) | _predictions(calibration) | _state(calibration)
    tree = xr.DataTree.from_dict(groups)
    kept = {k: v for k, v in answer.as_dict().items() if k not in _ELSEWHERE}
    tree.attrs = {"created_by": "offramp", "calibration": json.dumps(kept)}
    netcdf.write(tree, path)


def _draws(calibration: Calibration) -> dict[str, xr.Dataset]:
    """What is uncertain, after and before."""
    import xarray as xr

    drawn = _parameters(calibration) | _starts(calibration) | _types(calibration)
    prior = {"chain": [0], "draw": np.arange(PRIOR_DRAWS)}
    return {
        "posterior": xr.Dataset(
            {name: (_DRAWS, d.posterior, d.attributes) for name, d in drawn.items()}, _places(calibration)
        ),
        "prior": xr.Dataset({name: (_DRAWS, d.prior, d.attributes) for name, d in drawn.items()}, prior),
    }


def _places(calibration: Calibration) -> dict[str, Any]:
    return {"chain": np.arange(calibration.chains), "draw": np.arange(calibration.z.shape[1])}


def _parameters(calibration: Calibration) -> dict[str, _Drawn]:
    values = calibration.parameters()
    return {
        p.name: _Drawn(values[p.name], prior_draws(p.value)[None], {})
        for p in calibration.model.parameters
        if p.name in values and isinstance(p.value, Distribution)
    }


def _starts(calibration: Calibration) -> dict[str, _Drawn]:
    values = initial_conditions.initial_values(calibration)
    return {
        f"{name}.initial": _Drawn(
            values[name], initial_conditions.initial_prior(stock, PRIOR_DRAWS)[None], {}
        )
        for name, stock in initial_conditions.uncertain_stocks(calibration).items()
    }


def _types(calibration: Calibration) -> dict[str, _Drawn]:
    """True types as numbers with the names that they stand for, as CF conventions have flags."""
    position = initial_conditions.true_types(calibration)
    shares = initial_conditions.uncertain_types(calibration)
    grid = (np.arange(PRIOR_DRAWS) + 0.5) / PRIOR_DRAWS
    found = {}
    for i, actor in enumerate(calibration.model.actors):
        if actor.name not in shares:
            continue
        names = [t.name for t in actor.types]
        attributes = {"flag_values": np.arange(len(names), dtype=np.int8), "flag_meanings": " ".join(names)}
        falls = np.searchsorted(np.cumsum(shares[actor.name])[:-1], grid, side="right")
        found[f"{actor.name}.type"] = _Drawn(position[..., i], falls.astype(np.int8)[None], attributes)
    return found


def _predictions(calibration: Calibration) -> dict[str, xr.Dataset]:
    """What the calibrated model would publish, and what was published, by series."""
    import xarray as xr

    record = calibration.record
    rng = np.random.Generator(np.random.Philox(key=[calibration.seed, 1]))
    replicated = record.replicated(futures(calibration, record.steps), rng)
    replicated = replicated.reshape(*calibration.z.shape[:2], -1)
    by_series: dict[str, list[int]] = {}
    for i, point in enumerate(record.points):
        by_series.setdefault(point.evidence.name, []).append(i)
    return {
        "posterior_predictive": xr.Dataset(
            {n: ((*_DRAWS, f"{n}_point"), replicated[..., i]) for n, i in by_series.items()},
            _places(calibration),
        ),
        "observed_data": xr.Dataset(
            {n: (f"{n}_point", np.array([record.points[k].value for k in i])) for n, i in by_series.items()}
        ),
    }


def _state(calibration: Calibration) -> dict[str, xr.Dataset]:
    """Particles and lineages, and the way to them."""
    import xarray as xr

    purposes = np.array(calibration.worlds.purposes, dtype=object)
    state = {
        "z": ((*_DRAWS, "purpose"), calibration.z),
        "lineage": ((*_DRAWS, "step"), calibration.lineage),
    }
    groups = {"state": xr.Dataset(state, {**_places(calibration), "purpose": purposes})}
    if calibration.trace is not None:
        days = np.array([calibration.model.start, *calibration.days], dtype="datetime64[s]")
        moments = {
            kind: (("chain", "day", "purpose"), calibration.trace[:, :, i])
            for i, kind in enumerate(("mean", "sd"))
        }
        groups["trace"] = xr.Dataset(moments, {"day": days, "purpose": purposes})
    return groups
