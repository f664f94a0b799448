"""Object code on disk, in the user's cache directory: bounded, checked when read, harmless when broken."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

LARGEST = 64 * 1024 * 1024  # bytes that all entries together may take
_DIGEST = 32  # bytes of SHA-256 before the code


def directory() -> Path:
    """Where object code is kept: OFFRAMP_CACHE, or `offramp` in the user's cache directory."""
    if given := os.environ.get("OFFRAMP_CACHE"):
        return Path(given)
    if given := os.environ.get("XDG_CACHE_HOME"):
        return Path(given) / "offramp"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "offramp"
    if sys.platform == "win32" and (given := os.environ.get("LOCALAPPDATA")):
        return Path(given) / "offramp" / "Cache"
    return Path.home() / ".cache" / "offramp"


def read(key: str) -> bytes | None:
    """The code kept under `key`, or None where there is none or it is damaged."""
    try:
        path = directory() / f"{key}.object"
        content = path.read_bytes()
        digest, code = content[:_DIGEST], content[_DIGEST:]
        if not code or hashlib.sha256(code).digest() != digest:
            return None
        os.utime(path)  # the oldest entries go first when room is made
    except (OSError, RuntimeError):  # RuntimeError: there is no home directory
        return None
    return code


def write(codes: Mapping[str, bytes]) -> None:
    """Keep each code under its key; a reader sees all of it or nothing. Does nothing where it cannot."""
    with contextlib.suppress(OSError, RuntimeError):
        folder = directory()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for key, code in codes.items():
            handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(code).digest() + code)
                os.replace(name, folder / f"{key}.object")
            except OSError:
                os.unlink(name)
                raise
        make_room(folder)


def make_room(folder: Path, largest: int = LARGEST) -> None:
    """Delete the entries used longest ago until the rest fit into `largest` bytes."""
    entries = []
    with os.scandir(folder) as found:
        for entry in found:
            if entry.name.endswith(".object"):
                with contextlib.suppress(OSError):
                    status = entry.stat()
                    entries.append((status.st_mtime, status.st_size, Path(entry.path)))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries, key=lambda e: e[0]):
        if total <= largest:
            break
        with contextlib.suppress(OSError):
            path.unlink()
        total -= size
