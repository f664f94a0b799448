"""Files that model files name: where they lead, and their bytes, whatever stands under the name."""

from __future__ import annotations

import errno
from pathlib import Path


def resolved(path: Path) -> Path:
    """Where a path leads; of links in a circle, nowhere."""
    try:
        return path.resolve()
    except RuntimeError:  # what Python before 3.13 says of a circle of links
        return path.parent.resolve() / path.name


def bytes_of(path: Path, most: int) -> bytes:
    """The first `most` bytes of a file.

    Raises
    ------
    OSError
        If there is none, it cannot be read, or it is no file, such as a pipe, which may never end.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    with path.open("rb") as stream:
        return stream.read(most)
