"""The command line at its edges: interruption, pipes, terminals, progress, and the width of text."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from cli_calls import RUNS, call, outcome_of, spawn
from offramp.cli import main
from offramp.cli.progress import Progress, duration
from offramp.tell.terminal import TextPage, cleaned, columns_of

# ── interruption, pipes, terminals ────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupted_run_says_so_in_one_line_and_exits_130(place):
    """A real SIGINT while a long simulation is under way; no traceback, no half-written results."""
    cache = place / "cache"
    env = os.environ | {"OFFRAMP_CACHE": str(cache)}
    process = spawn("run", "river.yaml", "--runs", "800000", "--out", "results", env=env)
    # The machine code is kept as soon as it is compiled, just before the first run.
    while process.poll() is None and not list(cache.glob("*.object")):
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert outcome_of(process) == (130, "", "Interrupted. Nothing was written.\n")
    assert not Path("results").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes")
def test_a_reader_that_leaves_early_is_no_error_worth_a_traceback(place):
    shell = f"{sys.executable} -m offramp explain us-iran-2020 | head -n 1"
    done = subprocess.run(shell, shell=True, capture_output=True, text=True, timeout=120)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_a_failure_in_one_line(place):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "offramp", "explain", "river.yaml"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "Error: [Errno 28] No space left on device.\n"


def test_nothing_but_data_is_on_stdout(place):
    code, out, err = outcome_of(spawn("run", "river.yaml", "--runs", "5000", "--format", "json"))
    assert code == 0
    assert json.loads(out)["runs"] == 5000
    assert err == ""


def test_no_escape_codes_without_a_terminal_or_with_no_color(place):
    pty = pytest.importorskip("pty")

    def seen(**env):
        """What a terminal shows of `offramp run`, stdout and stderr together."""
        leader, follower = pty.openpty()
        env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | env
        process = subprocess.Popen(
            [sys.executable, "-m", "offramp", "run", "river.yaml", "--runs", "400"],
            stdout=follower, stderr=follower, env=env,
        )  # fmt: skip
        os.close(follower)
        shown = b""
        try:
            while part := os.read(leader, 4096):
                shown += part
        except OSError:  # how Linux says that the other end is closed
            pass
        os.close(leader)
        assert process.wait(timeout=60) == 0
        return shown.decode()

    assert "\x1b[1mHow it ends\x1b[0m" in seen()
    assert "\x1b" not in seen(NO_COLOR="1")
    assert "\x1b" not in call("run", "river.yaml", *RUNS).stdout


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_at_a_terminal_a_bar_shows_the_time_left_and_goes_away(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    clock, screen = iter([0.0, 10.0, 12.0, 13.0, 14.0]), Terminal()
    with Progress("10,000 futures", screen, lambda: next(clock)) as progress:
        for done in (0, 2500, 5000):
            progress(done, 10_000)
    frames = screen.getvalue().split("\r")
    # After the first report, 2,500 runs took 2 s and 5,000 took 3 s.
    assert [re.sub(r".* (\d+) % +(.*?) *$", r"\1 \2", f) for f in frames if "%" in f][1:] == [
        "25 about 6 s left",
        "50 about 3 s left",
    ]
    assert "█" in frames[3]
    assert frames[-1] == ""
    assert frames[-2].strip() == ""
    assert max(len(f) for f in frames) < 80
    assert "\n" not in screen.getvalue()


def test_without_a_terminal_there_is_a_line_now_and_then():
    clock, log = iter([0.0, 1.0, 2.0, 6.0, 7.0, 16.0]), io.StringIO()
    with Progress("futures", log, lambda: next(clock)) as progress:
        for done in (10, 20, 60, 70, 90):
            progress(done, 100)
    assert log.getvalue().splitlines() == [
        "futures: 60 of 100 done, about 4 s left",
        "futures: 90 of 100 done, about 2 s left",
    ]


def test_lengths_of_time_are_rounded_up():
    assert [duration(s) for s in (0, 0.2, 59.1, 60, 61.5, 7199)] == [
        "1 s", "1 s", "1 min 0 s", "1 min 0 s", "1 min 2 s", "1 h 59 min",
    ]  # fmt: skip


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────


def test_in_a_narrow_terminal_names_stand_above_their_numbers():
    """Six columns of numbers and a long name fit into 60 columns, and nothing is cut."""
    page = TextPage(60)
    numbers = ["12.5 %", "10.5 %", "-2.0", "-3.0 to -1.0", "at most 12.5"]
    page.table(["", "without", "with", "change", "sampling", "uncertain"], [["Return to the deal", *numbers]])
    lines = page.text().splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert lines[-2] == "  Return to the deal"
    assert lines[-1].split() == " ".join(numbers).split()


def test_tables_keep_their_width_whatever_is_in_them():
    page = TextPage(60)
    page.table(["", "one", "two"], [["long " * 30, "1", "2"], ["短い" * 10, "10 %", "20 %"]])
    lines = page.text().splitlines()
    assert max(columns_of(line) for line in lines) <= 60
    assert {columns_of(line) for line in lines if line.endswith(("two", "2", "%"))} == {columns_of(lines[0])}


def test_numbers_that_do_not_fit_beside_each_other_stand_behind_their_heads():
    """Nothing is cut off, and no line is longer than the terminal is wide."""
    page = TextPage(30)
    rows = [["a name", "1,000,000", "2 to 3,000,000", ""], ["b", "4", "5", "more than the width has at all"]]
    page.table(["", "first", "second", "third"], rows)
    assert page.text().splitlines() == [
        "  a name",
        "    first            1,000,000",
        "    second      2 to 3,000,000",
        "  b",
        "    first                    4",
        "    second                   5",
        "    third more than the width",
        "      has at all",
    ]


def test_cleaning_keeps_letters_of_every_script():
    assert cleaned("Иран ایران 伊朗 é\n") == "Иран ایران 伊朗 é\n"


def test_every_command_has_a_summary_and_every_option_a_help():
    for name, command in main.commands.items():
        assert command.help, name
        for option in command.params:
            assert isinstance(option, click.Argument) or option.help, (name, option.name)
