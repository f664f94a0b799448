"""What is done of a calibration, kept in the file of `--resume`, so that the same can go on from there.

Whatever is in the file belongs to one question: another is refused, never written over it. Several programs
may use one file at once: each adds what it has, and what they have is the same.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from offramp import writing
from offramp.analysis.answer import as_plain
from offramp.analysis.answer import read as read_plain
from offramp.errors import UsageError
from offramp.truth.sampler import Intake, Particles, Steps

_ARRAYS = ("z", "lineage", "score")
_NUMBERS = ("log_evidence", "runs")
_ABOUT = ("asked", "seconds", "digest")  # what a file says beside the particles


class Checkpoint:
    """What is done so far, in a file.

    Parameters
    ----------
    path : of the file; None: nothing is kept
    asked : the question, in full: what chains depend on, but for the records

    Raises
    ------
    UsageError
        If the file holds something else or another question, and is left as it is; if it cannot be written.
    """

    def __init__(self, path: Path | None, asked: str) -> None:
        self.path, self.asked = path, asked
        self._kept: dict[str, Any] = {}
        self._seen: tuple[int, int] | None = None  # inode and time of the file as we know it
        self.seconds = 0.0
        self._began = time.perf_counter()
        if path is None:
            return
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder {path.parent} for the file of --resume.")
        if path.exists():
            self._take_in(path)
        else:
            writing.check_place(path, writing.PAGE)  # a folder that cannot be written to is said now

    def found(self, chain: int, records: list[str]) -> Particles | None:
        """The particles of a chain after some records, named by their hashes, if they were kept."""
        at = _at(chain, records)
        if "z" + at not in self._kept:
            return None
        kept = self._kept
        try:
            return Particles(
                kept["z" + at],
                kept["lineage" + at],
                kept["score" + at],
                Steps(kept["square" + at], kept["product" + at]),
                float(kept["log_evidence" + at]),
                int(kept["runs" + at]),
                read_plain(list[Intake], json.loads(str(kept["history" + at])), "the file of --resume"),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise UsageError(f"{self.path} is damaged: begin anew with another name for --resume.") from error

    def keep(self, chain: int, records: list[str], now: Particles) -> None:
        """Keep the particles of a chain after some records."""
        at = _at(chain, records)
        if self.path is None or "z" + at in self._kept:
            return
        self._kept |= {name + at: np.asarray(getattr(now, name)) for name in (*_ARRAYS, *_NUMBERS)}
        self._kept |= {"square" + at: now.steps.square, "product" + at: now.steps.product}
        self._kept["history" + at] = np.array(json.dumps(as_plain(now.history)))
        if self.path.exists() and _seen(self.path) != self._seen:
            self._take_in(self.path)  # what another program has done meanwhile
        about = {
            "asked": np.array(self.asked),
            "seconds": np.array(self.seconds + time.perf_counter() - self._began),
            "digest": np.array(_digest(self._kept)),
        }
        packed = io.BytesIO()
        np.savez(packed, **(self._kept | about))
        writing.write(self.path, packed.getvalue())
        self._seen = _seen(self.path)

    def _take_in(self, path: Path) -> None:
        """Add what a file holds to what is known; it must be of this question."""
        try:
            with np.load(path, allow_pickle=False) as file:
                asked, seconds = str(file["asked"]), float(file["seconds"])
                there = {name: file[name] for name in file.files if name not in _ABOUT}
                digest = str(file["digest"])
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            EOFError,
            BadZipFile,
            NotImplementedError,
        ) as error:
            raise UsageError(
                f"{path} exists and is not a file of --resume. It is left as it is; give another name."
            ) from error
        if digest != _digest(there):
            raise UsageError(f"{path} is damaged or was changed. It is left as it is; give another name.")
        if asked != self.asked:
            raise UsageError(
                f"{path} holds what is done of another question: {_difference(asked, self.asked)}. It is "
                "left as it is; give another name, or ask the same again."
            )
        self._kept = there | self._kept
        self.seconds = max(self.seconds, seconds)
        self._seen = _seen(path)


def _difference(there: str, here: str) -> str:
    """What a question has otherwise than another."""
    try:
        one, other = json.loads(there), json.loads(here)
        differing = [k for k in {**one, **other} if one.get(k) != other.get(k)]
        words = [
            f"{_NAMES.get(k, k)} {_short(one.get(k))} there, {_short(other.get(k))} here" for k in differing
        ]
    except (ValueError, AttributeError):
        return "of another version"
    return "; ".join(words)


_NAMES = {"offramp": "version", "overrides": "--set", "particles": "--particles", "seed": "--seed"}


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:12]}..."


def _seen(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def _digest(kept: Mapping[str, Any]) -> str:
    """SHA-256 of all that is kept."""
    found = hashlib.sha256()
    for name in sorted(kept):
        array = np.ascontiguousarray(kept[name])
        found.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def _at(chain: int, records: list[str]) -> str:
    digest = hashlib.sha256("".join(records).encode()).hexdigest()[:16]
    return f"_{chain}_{digest}"
