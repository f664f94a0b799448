"""Files that are written as a whole or not at all, and never over what offramp did not write.

What is written goes to a temporary file beside its place and takes the place in one step, once it is on the
disk. Whatever comes between, a full disk, Ctrl-C or a kill, leaves the file that was there as it was.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from offramp.errors import OfframpError, UsageError

# What was written since the program began, and what was begun: whoever stops it says so and tidies up.
done: list[Path] = []
_begun: set[Path] = set()
swapping = threading.Lock()  # held while files take their places

_BEGUN = ".saving-"
_PARTS = re.compile(re.escape(_BEGUN) + r"(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}")
_STALE = 24 * 3600.0  # seconds after which what another computer began is taken for left behind


@dataclass(frozen=True)
class Form:
    """A kind of file that offramp writes, by which it knows again what it may replace.

    Attributes
    ----------
    what : in messages
    begins : how such a file begins, of the first 4 KiB
    holds : what offramp leaves in it, anywhere
    """

    what: str
    begins: bytes
    holds: bytes

    def is_of(self, path: Path) -> bool:
        """Whether a file is one of this kind that offramp wrote, or has nothing in it."""
        with path.open("rb") as file:
            head = file.read(4096)
            if not head:
                return True
            if re.match(self.begins, head, re.IGNORECASE) is None:
                return False
            if self.holds in head:
                return True
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                return whole.find(self.holds) >= 0


PAGE = Form("a page of offramp", rb"\s*<!doctype html>", b'<meta name="generator" content="offramp')
NETCDF = Form("NetCDF that offramp wrote", rb"\x89HDF\r\n\x1a\n", b"offramp")
PARQUET = Form("a table that offramp wrote", rb"PAR1", b"offramp")
SVG = Form("a chart that offramp drew", rb"\s*<(?:\?xml|svg)", b"drawn by offramp")
PNG = Form("a chart that offramp drew", rb"\x89PNG\r\n\x1a\n", b"drawn by offramp")


def check_place(path: Path, form: Form, *, inputs: Iterable[Path] = (), force: bool = False) -> None:
    """Make sure that a file can be written at a place, and that nothing is lost by it.

    Parameters
    ----------
    form : what is to be written
    inputs : files that are read for it, which nothing may replace
    force : replace a file that offramp did not write

    Raises
    ------
    UsageError
        If there is no such folder, it cannot be written to, or what stands there may not be replaced.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; a file name is needed.")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}.")
    if not path.exists():
        if not os.access(path.parent, os.W_OK):
            raise UsageError(f"{path} cannot be written: permission denied.")
        return
    if not path.is_file():  # a device or a pipe, which is not replaced
        return
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path} cannot be written: permission denied.")
    if is_among(path, inputs):
        raise UsageError(f"{path} is what this is read from; nothing is written over it. Give another name.")
    if not force and not _is_ours(path, form):
        raise OccupiedError(path, form)


class OccupiedError(UsageError):
    """A file is there that offramp did not write; `--force` replaces it."""

    def __init__(self, path: Path, form: Form | str) -> None:
        self.path = path
        self.what = f"{path} is there already and is not {form if isinstance(form, str) else form.what}."
        super().__init__(f"{self.what} It was left as it is: give another name, or --force to replace it.")


def is_among(path: Path, files: Iterable[Path]) -> bool:
    """Whether a path leads to one of the files, by whatever name."""
    for file in files:
        with contextlib.suppress(OSError):
            if file.exists() and path.samefile(file):
                return True
    return False


def _is_ours(path: Path, form: Form) -> bool:
    try:
        return form.is_of(path)
    except (OSError, ValueError):
        return False


# ── in one step ───────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def whole(path: Path, *, never_over: bool = False) -> Iterator[Path]:
    """A temporary file to write, which takes the place of `path` where the block ends without an error.

    Parameters
    ----------
    never_over : refuse where a file is there by then

    Raises
    ------
    OfframpError
        If it cannot be written; what was there is whole.
    UsageError
        With `never_over`, if there is a file.
    """
    place = Path(os.path.realpath(path))  # of a link, the file that it leads to
    if place.exists() and not place.is_file() and not place.is_dir():
        yield place  # a device or a pipe: nothing to keep
        return
    sweep(place.parent)
    begun = place.parent / beginning()
    try:
        _begun.add(begun)
        begun.touch(exist_ok=False)
        if place.is_file():
            shutil.copymode(place, begun)
        yield begun
        to_disk(begun)
        with undisturbed():
            if never_over:
                _link(begun, place)
            else:
                os.replace(begun, place)
            note(path)
        to_disk(place.parent)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already; it was left as it is. Give another name.") from error
    except OSError as error:
        raise OfframpError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        begun.unlink(missing_ok=True)
        _begun.discard(begun)


def write(path: Path, data: bytes | str, *, never_over: bool = False) -> None:
    """Write a whole file; parameters and errors are those of `whole`. Text is UTF-8 with Unix line ends."""
    with whole(path, never_over=never_over) as begun:
        begun.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)


@contextlib.contextmanager
def begun_folder(within: Path) -> Iterator[Path]:
    """A folder for files that are yet to take their places in `within`; it goes with the block."""
    sweep(within)
    place = within / beginning()
    _begun.add(place)
    try:
        place.mkdir()
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        _begun.discard(place)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """A moment that Ctrl-C does not cut in two: it is heard at its end."""
    heard: list[int] = []
    signals = [s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) is not None]
    here = threading.current_thread() is threading.main_thread()
    kept = [signal.signal(s, lambda number, _: heard.append(number)) for s in signals] if here else []
    try:
        with swapping:
            yield
    finally:
        for number, handler in zip(signals, kept, strict=False):
            signal.signal(number, handler)
    if heard:
        raise KeyboardInterrupt


def note(path: Path) -> None:
    """Remember that something was written."""
    if path not in done:
        done.append(path)


def drop_begun() -> None:
    """Remove what was begun, where the program ends at once."""
    for left in list(_begun):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)


def beginning() -> str:
    """A name for what is begun, which says whose it is."""
    return f"{_BEGUN}{_host()}-{os.getpid()}-{secrets.token_hex(4)}"


def sweep(folder: Path) -> None:
    """Remove what writers that are no more left in a folder."""
    with contextlib.suppress(OSError):
        for left in folder.glob(f"{_BEGUN}*"):
            parts = _PARTS.fullmatch(left.name)
            if parts is None or not _is_left(left, parts["host"], int(parts["process"])):
                continue
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _is_left(begun: Path, host: str, process: int) -> bool:
    """Whether nobody writes any more what was begun."""
    if host == _host() and sys.platform != "win32":  # there a signal of 0 is no question
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False
    return time.time() - begun.stat().st_mtime > _STALE


def _host() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir():
        if sys.platform == "win32":
            return
        with contextlib.suppress(OSError):  # not every file system can
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        return
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _link(begun: Path, place: Path) -> None:
    """Give what was begun its name, unless there is one of that name."""
    try:
        os.link(begun, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if place.exists():
            raise FileExistsError(place) from None
        os.rename(begun, place)


class Patient(io.FileIO):
    """A file that keeps the first error of writing for later and takes what follows as written.

    libhdf5 does not come back from a failed write: it tries again as the program ends, and crashes. So it is
    told that all is well, and `settle` says afterwards what was wrong.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self.wrong: OSError | None = None

    def write(self, data: object) -> int:
        """As that of `io.FileIO`, but of the whole, and without an error."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        done = 0
        try:
            while self.wrong is None and done < len(view):
                done += super().write(view[done:]) or 0
        except OSError as error:
            self.wrong = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """As that of `io.FileIO`, without an error."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.wrong = self.wrong or error
            return size or 0

    def settle(self) -> None:
        """Raise what went wrong."""
        if self.wrong is not None:
            raise self.wrong


def mark_svg(drawn: str) -> str:
    """An SVG that says by whom it was drawn."""
    return f"{drawn.rstrip()}\n<!-- drawn by offramp -->\n"


def mark_png(drawn: bytes) -> bytes:
    """A PNG that says by whom it was drawn: a text chunk before its end."""
    text = b"tEXtSoftware\0drawn by offramp"
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    end = drawn.rfind(b"IEND") - 4
    return drawn[:end] + chunk + drawn[end:]
