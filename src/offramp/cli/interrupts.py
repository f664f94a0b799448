"""Ctrl-C and its like: within two seconds the program ends, leaves no half of a file, and says what it wrote.

A signal becomes `KeyboardInterrupt` at the next instruction of Python. Where machine code runs for longer
than one should wait, a thread that the signal wakes ends the program in its place.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

from offramp import writing

INTERRUPTED = 130  # exit code
PATIENCE = 1.2  # seconds until the thread steps in


class Interrupts:
    """From `with` to its end, SIGTERM and SIGHUP are heard as Ctrl-C is, and none of them waits.

    Parameters
    ----------
    farewell : what to say as the program ends
    """

    def __init__(self, farewell: Callable[[], str]) -> None:
        self._farewell = farewell
        self._over = threading.Event()
        self._once = threading.Lock()
        self._awake: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is not threading.main_thread():
            return self
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # What the caller set to be ignored, as `nohup` does, stays so.
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _interrupt)
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(end is ours)
        self._awake = ours, theirs
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(ours,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._awake is not None and kind is None:
            self._over.set()
            signal.set_wakeup_fd(-1)

    def _watch(self, awake: socket.socket) -> None:
        while byte := awake.recv(1):
            if byte[0] != signal.SIGINT and byte[0] not in _alike():
                continue
            if self._over.wait(PATIENCE):
                return
            with writing.swapping:  # a file that takes its place does so first
                self.leave()

    def leave(self) -> None:
        """Say what is to be said and end the program, threads and all."""
        with self._once:
            self._over.set()
            writing.drop_begun()
            for stream, text in ((sys.stdout, ""), (sys.stderr, self._farewell() + "\n")):
                try:
                    stream.write(text)
                    stream.flush()
                except (OSError, ValueError, AttributeError):
                    pass  # nobody listens
            os._exit(INTERRUPTED)


def _alike() -> set[int]:
    names = ("SIGTERM", "SIGHUP")
    return {int(n) for name in names if (n := getattr(signal, name, None)) is not None}


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def open_missing_streams() -> None:
    """Give a program that was started without stdin, stdout or stderr something to hold in their places.

    Daemons and `>&-` do that. Without it the next file that is opened would get the number of the stream.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
