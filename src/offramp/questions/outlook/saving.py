"""Runs in a folder, as NetCDF and Parquet, with their outlook and the model itself."""

from __future__ import annotations

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from offramp.analysis.summary import Outlook
from offramp.errors import OfframpError
from offramp.model import Model
from offramp.runs import files

if TYPE_CHECKING:
    import xarray as xr

FILES = ("runs.nc", "runs.parquet", "summary.json")
MODEL = ("model.yaml", "model")  # a model of one file; a folder with those of a model of several


def saved_for(model: Model) -> tuple[str, ...]:
    """What is saved of runs of a model."""
    return (*FILES, MODEL[len(model.files) > 1])


def need_packages() -> None:
    """Refuse now what could only fail after the simulation.

    Raises
    ------
    OfframpError
        If a package is missing that it takes to save.
    """
    missing = [p for p in ("h5netcdf", "h5py", "pyarrow") if find_spec(p) is None]
    if missing:
        raise OfframpError(
            f"--out needs {' and '.join(missing)}, not installed here. pip install 'offramp[save]', or in a "
            "clone of the repository pip install '.[save]'."
        )


def save(runs: xr.Dataset, found: Outlook, model: Model, folder: Path) -> None:
    """Write all files beside the folder's others first, so that a stop on the way leaves no half of them.

    Raises
    ------
    OfframpError
        If something cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as name:
            place = Path(name)
            files.save(runs, place / "runs.nc")
            files.to_parquet(runs, place / "runs.parquet")
            (place / "summary.json").write_text(found.to_json() + "\n", encoding="utf-8")
            _copy(model, place)
            _remove(folder)
            for file in saved_for(model):
                (place / file).replace(folder / file)
    except OSError as error:
        raise OfframpError(f"could not save in {folder}: {error.strerror or error}.") from error


def _copy(model: Model, place: Path) -> None:
    """The files of a model, byte for byte and laid out as they were, so that the copy is the same model."""
    if len(model.files) == 1:
        (place / MODEL[0]).write_bytes(model.files[0].data)
        return
    for file in model.files:
        path = place / MODEL[1] / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)


def _remove(folder: Path) -> None:
    """Take away the model of runs that were here before."""
    (folder / MODEL[0]).unlink(missing_ok=True)
    if (folder / MODEL[1]).is_dir():
        shutil.rmtree(folder / MODEL[1])
