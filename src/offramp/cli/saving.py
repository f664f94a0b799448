"""`--out`: runs in a folder, as NetCDF and Parquet, with their summary and the model itself."""

from __future__ import annotations

import json
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offramp.errors import OfframpError, UsageError

if TYPE_CHECKING:
    import xarray as xr

    from offramp.model import Model

FILES = ("runs.nc", "runs.parquet", "summary.json")
MODEL = ("model.yaml", "model")  # a model of one file; a folder with those of a model of several


def saved_for(model: Model) -> tuple[str, ...]:
    """What is saved of runs of a model."""
    return (*FILES, MODEL[len(model.files) > 1])


def need(folder: Path) -> None:
    """Refuse now what could only fail after the simulation."""
    missing = [p for p in ("h5netcdf", "h5py", "pyarrow") if find_spec(p) is None]
    if missing:
        raise OfframpError(
            f"--out needs {' and '.join(missing)}, not installed here. pip install 'offramp[save]', or in a "
            "clone of the repository pip install '.[save]'."
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; --out needs a folder.")
    made = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        for empty in made:  # until there is something to put into them
            empty.rmdir()
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to: {error.strerror or error}.") from error


def save(runs: xr.Dataset, found: dict[str, Any], model: Model, folder: Path) -> None:
    """Write all files beside the folder's others first, so that a stop on the way leaves no half of them."""
    from offramp.runs import files

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as name:
            place = Path(name)
            files.save(runs, place / "runs.nc")
            files.to_parquet(runs, place / "runs.parquet")
            text = json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
            (place / "summary.json").write_text(text, encoding="utf-8")
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
