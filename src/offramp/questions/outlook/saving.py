"""Runs in a folder, as NetCDF and Parquet, with their outlook and the model itself, which runs again there.

The folder is one of a model: `model.yaml` is its file, beside it lie its chapters, what it extends and its
tables, laid out as they were. `lock.json` says by what command and what versions it was run, and which files
were saved, each with its hash: so nothing else in the folder is ever replaced or removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from offramp import writing
from offramp.analysis.summary import Outlook
from offramp.errors import OfframpError, UsageError
from offramp.given import need_extra
from offramp.model import Model
from offramp.runs import files
from offramp.version import __version__

if TYPE_CHECKING:
    import xarray as xr

RUNS = ("runs.nc", "runs.parquet", "summary.json")
MODEL = "model.yaml"
LOCK = "lock.json"
_OLD_MODEL = "model"  # a folder in which earlier versions kept a model of several files
_COUNTED = ("numpy", "llvmlite", "xarray")  # whose versions the numbers may depend on


def need_packages() -> None:
    """Refuse now what could only fail after the simulation.

    Raises
    ------
    OfframpError
        If a package is missing that it takes to save.
    """
    missing = [p for p in ("h5netcdf", "h5py", "pyarrow") if find_spec(p) is None]
    if missing:
        raise need_extra("--out", missing, "save")


def main_name(model: Model) -> str:
    """How the model's own file is called in the folder: `model.yaml`, unless that would change what it is."""
    own, *others = [f.path for f in model.files]
    chapters = len([f for f in model.files if f.own]) > 1  # the names of chapters are part of the hash
    taken = {PurePosixPath(p).parts[0] for p in (*others, *(t.path for t in model.tables))}
    return own if chapters or MODEL in taken else MODEL


def copies(model: Model) -> dict[str, bytes]:
    """The files of a model, byte for byte: path in the folder -> content. Read there, they are that model."""
    own, *others = model.files
    return {main_name(model): own.data} | {f.path: f.data for f in (*others, *model.tables)}


# ── what is there ─────────────────────────────────────────────────────────────────────────────────────────


def check_folder(folder: Path, inputs: Iterable[Path], *, force: bool = False) -> None:
    """Make sure, before any work is done, that runs can be saved in a folder and that nothing is lost.

    Parameters
    ----------
    inputs : files that nothing may replace
    force : replace files of the names that are to be saved, whoever wrote them

    Raises
    ------
    UsageError
        If it is a file, cannot be made or written to, or holds what may not be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; --out needs a folder.")
    made = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / writing.beginning()
        trial.touch(exist_ok=False)
        trial.unlink()
        for empty in made:  # until there is something to put into them
            empty.rmdir()
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to: {error.strerror or error}.") from error
    if not folder.is_dir():
        return
    inputs = list(inputs)
    saved = _saved(folder)
    for name in (*RUNS, MODEL, LOCK, _OLD_MODEL, *saved):
        place = folder / name
        if place.exists() and (writing.is_among(place, inputs) or _holds(place, inputs)):
            raise UsageError(f"{place} is what this is run from: --out needs another folder.")
    stranger = next((n for n in (*RUNS, MODEL, LOCK) if (folder / n).exists() and n not in saved), None)
    if stranger is not None and not force and not _earlier(folder):
        raise writing.OccupiedError(folder / stranger, "what `run --out` saved")
    changed = next((n for n, digest in saved.items() if _changed(folder / n, digest)), None)
    if changed is not None and not force:
        raise writing.OccupiedError(folder / changed, "as `run --out` saved it: it was changed since")


def _saved(folder: Path) -> dict[str, str]:
    """What was saved in a folder before: path -> SHA-256; nothing where no lock says so."""
    try:
        lock = json.loads((folder / LOCK).read_bytes())
        found = {str(k): str(v) for k, v in lock["files"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}
    within = {n: d for n, d in found.items() if _is_inside(n)}
    return within | {LOCK: ""} if within else {}


def _is_inside(name: str) -> bool:
    """Whether a path that a lock names stays in its folder."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _earlier(folder: Path) -> bool:
    """Whether an earlier version, which kept no lock, saved runs in the folder."""
    try:
        return not (folder / LOCK).exists() and files.is_of_runs(folder / RUNS[0])
    except OSError:
        return False


def _changed(place: Path, digest: str) -> bool:
    if not digest or not place.is_file():
        return False
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() != digest


def _holds(folder: Path, inputs: list[Path]) -> bool:
    real = Path(os.path.realpath(folder))
    return folder.is_dir() and any(Path(os.path.realpath(i)).is_relative_to(real) for i in inputs)


# ── saving ────────────────────────────────────────────────────────────────────────────────────────────────


def save(
    runs: xr.Dataset, found: Outlook, model: Model, folder: Path, options: Iterable[str] = ()
) -> list[str]:
    """Write all files beside the folder's others first, so that a stop on the way leaves no half of them.

    Parameters
    ----------
    options : words of the command that gave the runs, behind the model

    Returns
    -------
    Names of what was saved, the model first.

    Raises
    ------
    OfframpError
        If something cannot be written; what was saved before is whole.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with writing.begun_folder(folder) as place:
            names = _prepare(runs, found, model, place, list(options))
            with writing.undisturbed():
                _remove(folder, keeping=names)
                for name in names:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    os.replace(place / name, folder / name)
                writing.note(folder)
    except OSError as error:
        raise OfframpError(f"could not save in {folder}: {error.strerror or error}.") from error
    return names


def _prepare(runs: xr.Dataset, found: Outlook, model: Model, place: Path, options: list[str]) -> list[str]:
    """Everything that is saved, in a folder of its own; its names, the lock last."""
    written = copies(model)
    for name, data in written.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    files.save(runs, place / RUNS[0], force=True)
    files.to_parquet(runs, place / RUNS[1], force=True)
    (place / RUNS[2]).write_text(found.to_json() + "\n", encoding="utf-8")
    names = [*written, *RUNS]
    (place / LOCK).write_text(
        json.dumps(_lock(model, place, names, options), indent=2) + "\n", encoding="utf-8"
    )
    for name in (*names, LOCK):
        writing.to_disk(place / name)
    return [*names, LOCK]


def _lock(model: Model, place: Path, names: list[str], options: list[str]) -> Mapping[str, Any]:
    """What it takes to get the same runs again."""

    def digest(name: str) -> str:
        with (place / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    versions = {"offramp": __version__, "python": platform.python_version()}
    return {
        "command": ["offramp", "run", main_name(model), *options],
        "model_hash": model.hash,
        "versions": versions | dict(_versions()),
        "platform": f"{platform.system()} {platform.machine()}",
        "files": {name: digest(name) for name in names},
    }


def _versions() -> Iterator[tuple[str, str]]:
    for package in _COUNTED:
        with contextlib.suppress(PackageNotFoundError):
            yield package, version(package)


def _remove(folder: Path, keeping: Iterable[str]) -> None:
    """Take away what was saved here before and is not saved again."""
    saved, kept = _saved(folder), set(keeping)
    for name in saved.keys() - kept:
        (folder / name).unlink(missing_ok=True)
        for parent in PurePosixPath(name).parents:
            if parent != PurePosixPath("."):
                with contextlib.suppress(OSError):  # it holds something else
                    (folder / parent).rmdir()
    if not saved and (folder / RUNS[0]).exists() and (folder / _OLD_MODEL / MODEL).is_file():
        shutil.rmtree(folder / _OLD_MODEL)
