"""Ways to call the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

from click.testing import CliRunner, Result

from offramp.cli import main
from offramp.tell.terminal import columns_of

RUNS = ("--runs", "200")  # enough to see something, few enough to be quick


def call(*args: str) -> Result:
    """Run a command in this process; stdout and stderr apart."""
    return CliRunner().invoke(main, args)


def found_by(*args: str) -> Any:
    """What a command prints as JSON, read."""
    return json.loads(call(*args, "--format", "json").stdout)


def spawn(*args: str, **extra: Any) -> subprocess.Popen[str]:
    """Start a real process that Ctrl-C interrupts, with stdout and stderr as text."""
    # A shell starts what it runs in the background deaf to Ctrl-C, and the tests with it.
    restored = {} if sys.platform == "win32" else {"preexec_fn": _hears_interrupts}
    return subprocess.Popen(
        [sys.executable, "-m", "offramp", *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **restored, **extra,
    )  # fmt: skip


def _hears_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def outcome_of(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a process."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def widest(text: str) -> int:
    """Columns of the widest line."""
    return max(map(columns_of, text.splitlines()))
