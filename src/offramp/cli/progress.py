"""How far a simulation is, on stderr: a bar with the time left at a terminal, elsewhere a line at times."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from offramp.tell.figures import duration

_BAR = 24
_REDRAW = 0.1  # seconds
_LINES = 5.0  # seconds between lines where nobody watches


class Progress:
    """Call it as progress(done, total) between `with` and the end; at a terminal it leaves nothing behind.

    Parameters
    ----------
    what : what is being done, such as `10,000 futures`
    stream : where to write; stderr by default
    clock : seconds, only differences count
    """

    def __init__(
        self, what: str, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._live = self._stream.isatty()
        self._written = clock()
        self._first: tuple[float, int] | None = None

    def __enter__(self) -> Progress:
        if self._live:
            self._draw(f"{self._what}: preparing")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._draw("")

    def __call__(self, done: int, total: int) -> None:
        """Say that `done` of `total` runs are done."""
        now = self._clock()
        if self._first is None:
            # What came before the first runs (compiling) says nothing of those that are left.
            self._first = (now, done)
        if now - self._written < (_REDRAW if self._live else _LINES):
            return
        self._written = now
        left = self._left(now, done, total)
        if self._live:
            self._draw(f"{self._what}  {self._bar(done / total)} {100 * done // total:3d} %  {left}")
        else:
            self._stream.write(f"{self._what}: {done:,} of {total:,} done{left and ', ' + left}\n")
            self._stream.flush()

    def _left(self, now: float, done: int, total: int) -> str:
        begun, already = self._first or (now, done)
        if done <= already or done >= total:
            return ""
        return f"about {duration((now - begun) * (total - done) / (done - already))} left"

    def _bar(self, share: float) -> str:
        full, empty = ("█", "░") if "utf" in (self._stream.encoding or "").lower() else ("#", ".")
        filled = round(_BAR * share)
        return full * filled + empty * (_BAR - filled)

    def _draw(self, line: str) -> None:
        # One column is left free: a full line would wrap, and the next could not overwrite it.
        room = shutil.get_terminal_size().columns - 1
        self._stream.write("\r" + line[:room].ljust(room) + ("\r" if not line else ""))
        self._stream.flush()
