"""What a calibration knows, for futures that go on from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from offramp.errors import OfframpError, UsageError
from offramp.given import day_of, library, need
from offramp.model import Model
from offramp.runs import netcdf
from offramp.runs.how import AS_SUITS, How
from offramp.runs.knowledge import Knowledge
from offramp.runs.known import Given
from offramp.truth.calibration import QUICK, Calibration, Sampling, calibrate
from offramp.truth.evidence import Record
from offramp.truth.populations import populations
from offramp.truth.worlds import Worlds, to_unit
from offramp.version import __version__

if TYPE_CHECKING:
    import xarray as xr


def knowledge(
    model: Model,
    *,
    as_of: date | str | None = None,
    given: Calibration | str | Path | None = None,
    sampling: Sampling = QUICK,
    how: How = AS_SUITS,
) -> Knowledge:
    """What was known by a day, for `Design(..., knowledge=...)`: futures then go on from it.

    Parameters
    ----------
    model : with a section `evidence`
    as_of : a day; what was known by the end of it is learnt here and now
    given : instead of that, a calibration, or the file that `offramp calibrate --out` wrote
    sampling : how a calibration for `as_of` is sampled; 200 particles in 2 chains by default
    how : how runs are run

    Raises
    ------
    UsageError
        If both or neither are given, or the calibration is of another model or another version.
    OfframpError
        If the file cannot be read, or no world fits what was known.
    """
    need(model, "Model")
    if (as_of is None) == (given is None):
        raise UsageError("say either the day of what was known, `as_of`, or the calibration, `given`.")
    if as_of is not None:
        return _of(calibrate(model, day_of(as_of), sampling, how=how))
    if isinstance(given, Calibration):
        if given.model.hash != model.hash:
            raise UsageError(f"the calibration is of another model than `{model.name}`, or of another file.")
        return _of(given)
    return _read(Path(str(given)), model)


def _of(calibration: Calibration) -> Knowledge:
    """What a calibration in memory knows; worlds of different populations by turns."""
    record, z = calibration.record, calibration.z
    about = Given(
        until=record.until,
        begins=record.model.date_of(record.steps),
        particles=z.shape[1],
        chains=z.shape[0],
        worth=populations(calibration).worth,
        evidence_hash=record.hash,
    )
    return Knowledge(
        about=about,
        settings=dict(calibration.worlds.overrides),
        seed=calibration.seed,
        purposes=calibration.worlds.purposes,
        points=to_unit(z.reshape(-1, z.shape[-1])),
        lineage=calibration.lineage.reshape(-1, calibration.lineage.shape[-1]),
        steps=record.steps,
        observed=record.known.observed,
    )


def _read(path: Path, model: Model) -> Knowledge:
    """The calibration in a file, if it is of this very model."""
    library("xarray", "--given", "truth")
    library("h5netcdf", "--given", "truth")
    about = netcdf.read(path, _WHAT, _about)
    if about.get("model_hash") != model.hash:
        raise UsageError(
            f"{path} was learnt from another model than `{model.name}`, or before its file was changed. "
            "Calibrate again."
        )
    if about.get("version") != __version__:
        raise UsageError(
            f"{path} was written by offramp {about.get('version')}; under {__version__} its worlds may be "
            "others. Calibrate again."
        )

    def whole(state: xr.Dataset) -> Knowledge:
        return _restored(state, about, model, path)

    return netcdf.read(path, _WHAT, whole, group="state")


_WHAT = "a calibration that `offramp calibrate --out` wrote"


def _about(root: xr.Dataset) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(root.attrs["calibration"])
    return found


def _restored(state: xr.Dataset, about: Mapping[str, Any], model: Model, path: Path) -> Knowledge:
    """What the file holds, each thing of the size that it must have.

    Raises
    ------
    ValueError
        If something is not.
    """
    settings = {str(k): float(v) for k, v in about["set"].items()}
    worlds, until = Worlds(model, settings, int(about["seed"])), date.fromisoformat(about["until"])
    z = np.asarray(state["z"].transpose("chain", "draw", "purpose").values, np.float64)
    lineage = np.asarray(state["lineage"].transpose("chain", "draw", "step").values)
    if tuple(str(p) for p in state["purpose"].values) != worlds.purposes:
        raise ValueError("its worlds are made of other numbers than those of the model")
    if not np.isfinite(z).all() or lineage.dtype.kind not in "iu" or (lineage < 0).any():
        raise ValueError("a number of its worlds cannot be")
    if lineage.shape != (*z.shape[:2], model.steps):
        raise ValueError("its worlds have another number of steps than the model")
    record = Record(model, until)
    if record.hash != about["evidence_hash"]:
        raise OfframpError(f"{path}: the tables of evidence are not what they were. Calibrate again.")
    return Knowledge(
        about=Given(
            until=record.until,
            begins=model.date_of(record.steps),
            particles=z.shape[1],
            chains=z.shape[0],
            worth=about["populations"]["worth"],
            evidence_hash=record.hash,
            file=str(path),
        ),
        settings=settings,
        seed=worlds.seed,
        purposes=worlds.purposes,
        points=to_unit(z.reshape(-1, z.shape[-1])),
        lineage=lineage.reshape(-1, model.steps).astype(np.int64),
        steps=record.steps,
        observed=record.known.observed,
    )
