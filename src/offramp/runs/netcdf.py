"""NetCDF-4 files: written whole or not at all, and read so that damage is a message."""

from __future__ import annotations

import contextlib
import gc
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from offramp import writing
from offramp.errors import OfframpError

if TYPE_CHECKING:
    import xarray as xr

T = TypeVar("T")


def write(kept: xr.Dataset | xr.DataTree, path: Path, encoding: Mapping[str, Any] | None = None) -> None:
    """Write a dataset, or a tree of them, to a file.

    Raises
    ------
    OfframpError
        If it cannot be written; what was there is whole.
    """
    with writing.whole(path) as begun:
        file = writing.Patient(begun)
        try:
            more = {} if encoding is None else {"encoding": encoding}
            kept.to_netcdf(file, engine="h5netcdf", **more)  # type: ignore[call-overload]
        finally:
            with contextlib.suppress(OSError):
                file.close()
        file.settle()


def read(path: Path, what: str, whole: Callable[[xr.Dataset], T], group: str | None = None) -> T:
    """A dataset in a file, loaded, as `whole` completes and checks it.

    Parameters
    ----------
    what : it is, such as `a file of runs`
    whole : raises anything where something is not as it must be; an OfframpError is raised as it is
    group : of the file; None for its root

    Raises
    ------
    OfframpError
        If the file is not there, cannot be read, is damaged or holds something else.
    """
    import xarray as xr

    if not path.exists():
        raise OfframpError(f"there is no file {path}.")
    if not path.is_file():
        raise OfframpError(f"{path} is no file.")
    heard = sys.unraisablehook
    try:
        sys.unraisablehook = lambda _: None  # what could not be opened cannot be closed either, and says so
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what damage looks like
            seconds = xr.coders.CFDatetimeCoder(time_unit="s")  # wide as dates are; nanoseconds end in 2262
            with xr.open_dataset(path, engine="h5netcdf", decode_times=seconds, group=group) as opened:
                return whole(opened.load())
    except (MemoryError, OfframpError):
        raise
    except Exception as error:  # HDF5 and what reads it raise anything where bytes were changed
        said = " ".join(str(error).split())[:200] or type(error).__name__
        error.__traceback__ = error.__context__ = None  # so that what was half opened goes now
    finally:
        gc.collect()
        sys.unraisablehook = heard
    raise OfframpError(f"{path} is not {what}, or is damaged: {said}.")
