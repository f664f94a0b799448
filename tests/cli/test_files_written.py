"""What commands write: whole or not at all, and never over what offramp did not write."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import offramp
from cli_calls import RUNS, call, outcome_of, spawn
from offramp import writing
from offramp.cli import outputs
from offramp.errors import OfframpError, UsageError

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals, limits and links of Unix")
BARE = ("--runs", "20", "--bare")


def brief(*args):
    return call("brief", "river.yaml", *BARE, *args)


# ── never over what is no output ──────────────────────────────────────────────────────────────────────────


def test_a_brief_never_takes_the_place_of_its_model(place):
    before = Path("river.yaml").read_bytes()
    Path("link.html").symlink_to("river.yaml")
    for out in ("river.yaml", "./river.yaml", "link.html"):
        for force in ((), ("--force",)):
            result = brief("--out", out, *force)
            assert result.exit_code == 2
            assert "read from" in result.stderr
    assert Path("river.yaml").read_bytes() == before


def test_a_file_that_offramp_did_not_write_is_replaced_only_by_force(place):
    Path("notes.html").write_text("<!doctype html><p>My own page.")
    refused = brief("--out", "notes.html")
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert "My own page" in Path("notes.html").read_text()
    assert brief("--out", "notes.html", "--force").exit_code == 0
    assert brief("--out", "notes.html").exit_code == 0, "it is a page of offramp by now"
    Path("empty.html").touch()
    assert brief("--out", "empty.html").exit_code == 0, "there is nothing in it to lose"


@pytest.mark.parametrize("name", ["chart.svg", "chart.png"])
def test_charts_know_their_own_kind(place, name):
    ask = ("compare", "river.yaml", "--policy", "pause", "--runs", "100", "--worlds", "0", "--picture", name)
    Path(name).write_bytes(b"<svg/>" if name.endswith("svg") else b"\x89PNG\r\n\x1a\n")
    assert call(*ask).exit_code == 2
    Path(name).unlink()
    assert call(*ask).exit_code == 0
    assert call(*ask).exit_code == 0


def test_two_outputs_cannot_share_a_place(place):
    result = call("calibrate", "us-iran-2018", "--picture", "a.svg", "--trace", "a.svg")
    assert result.exit_code == 2
    assert "would replace the other" in result.stderr


@pytest.mark.parametrize("file", ["d.csv", "base2.yaml", "own.yaml"])
def test_tables_and_what_a_model_extends_are_safe_too(place, file):
    own_table(Path("own.yaml"), "d.csv")
    Path("base2.yaml").write_bytes(Path("own.yaml").read_bytes())
    Path("own.yaml").write_text("extend: base2.yaml\nmodel: {name: own}\n")
    before = Path(file).read_bytes()
    result = call("brief", "own.yaml", *BARE, "--out", file, "--force")
    assert result.exit_code == 2
    assert Path(file).read_bytes() == before


def test_an_answer_given_to_a_brief_is_not_replaced_by_it(place):
    answer = call("claims", "river.yaml", "--runs", "40", "--format", "json").stdout
    Path("claims.json").write_text(answer, encoding="utf-8")
    result = brief("--with", "claims.json", "--out", "claims.json", "--force")
    assert result.exit_code == 2
    assert Path("claims.json").read_text(encoding="utf-8") == answer


def test_results_are_saved_neither_over_a_crisis_nor_over_what_somebody_changed(place):
    Path("mine").mkdir()
    shutil.move("river.yaml", "mine/model.yaml")
    run = ("run", "mine", "--runs", "20", "--out")
    assert "--out needs another folder" in call(*run, "mine", "--force").stderr
    Path("other").mkdir()
    Path("other/summary.json").write_text("my own")
    assert call(*run, "other").exit_code == 2
    assert Path("other/summary.json").read_text() == "my own"
    assert call(*run, "results").exit_code == 0
    Path("results/notes.txt").write_text("my own")
    assert call(*run, "results").exit_code == 0
    with Path("results/model.yaml").open("a") as file:
        file.write("# a thought\n")
    refused = call(*run, "results")
    assert refused.exit_code == 2
    assert "changed since" in refused.stderr
    assert call(*run, "results", "--force").exit_code == 0
    assert Path("results/notes.txt").read_text() == "my own"


def test_pages_and_runs_that_python_saves_are_as_careful(place):
    model = offramp.load("river.yaml")
    runs = offramp.simulate(offramp.Design(model, scenarios=20))
    Path("mine.nc").write_text("mine")
    page = offramp.brief(runs, model)
    for save in (page.save, lambda p: offramp.save(runs, p), lambda p: offramp.to_parquet(runs, p)):
        with pytest.raises(UsageError, match="is there already"):
            save(Path("mine.nc"))
    assert Path("mine.nc").read_text() == "mine"


def test_a_terminal_is_asked_before_something_is_replaced(place, monkeypatch):
    Path("notes.html").write_text("mine")
    asked = []

    class Terminal:
        def isatty(self):
            return True

    monkeypatch.setattr("offramp.cli.outputs.click.confirm", lambda text, **_: asked.append(text) or False)
    occupied = writing.OccupiedError(Path("notes.html"), writing.PAGE)
    terminals = type("sys", (), {"stdin": Terminal(), "stderr": Terminal()})
    monkeypatch.setattr("offramp.cli.outputs.sys", terminals)
    assert outputs._replaced(occupied) is False
    assert "Replace it?" in asked[0]


# ── a folder that runs again anywhere ─────────────────────────────────────────────────────────────────────

OWN_TABLE = """
model: {name: own, title: A table of its own, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 6}
variables: {x: {initial: "normal(0, 1)", noise: 1, headline: true}}
outcomes: {war: {rate: 0.01 / month, absorbing: true}, peace: {otherwise: true}}
evidence: {e: {observes: x, data: TABLE, series: s, error: normal, sd: 1}}
"""


def own_table(file, table):
    file.write_text(OWN_TABLE.replace("TABLE", table), encoding="utf-8")
    (file.parent / table).parent.mkdir(exist_ok=True, parents=True)
    (file.parent / table).write_text("series,date,until,known,value\ns,2020-02-01,,2020-02-05,1\n")


def chapters(file, name="crisis.yaml"):
    head, rest = OWN_TABLE.replace("TABLE", "d.csv").split("outcomes:")
    (file.parent / name).write_text(f"{head}\nchapters: [more.yaml]\n", encoding="utf-8")
    (file.parent / "more.yaml").write_text(f"outcomes:{rest}", encoding="utf-8")
    own_table(file.parent / "unused.yaml", "d.csv")
    (file.parent / "unused.yaml").unlink()


def extending(other):
    return f"extend: {other}\nmodel: {{name: layered}}\nvariables: {{y: {{initial: 1, headline: true}}}}\n"


def made(kind):
    """A model of one of the shapes that a model can have, in the folder `from`; how it is called."""
    Path("from/deep").mkdir(parents=True)
    own_table(Path("from/own.yaml"), "d.csv")
    own_table(Path("from/far.yaml"), "tables/d.csv")
    own_table(Path("from/base2.yaml"), "d.csv")
    own_table(Path("from/deep/base.yaml"), "d.csv")
    own_table(Path("from/model.yaml"), "d.csv")
    match kind:
        case "own table":
            return "from/own.yaml"
        case "table below":
            return "from/far.yaml"
        case "chapters":
            chapters(Path("from/x"))
            return "from/crisis.yaml"
        case "folder":
            chapters(Path("from/x"), "model.yaml")
            return "from"
        case other:
            Path("from/layered.yaml").write_text(extending(other), encoding="utf-8")
            return "from/layered.yaml"


KINDS = (
    "own table", "table below", "chapters", "folder", "base2.yaml", "deep/base.yaml", "model.yaml", "chicken",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_out_saves_runs_again_anywhere_with_the_same_bits(place, kind):
    name = made(kind)
    settings = ("--runs", "20", "--seed", "7", "--policy", "baseline")
    first = call("run", name, *settings, "--out", "R", "--format", "json")
    assert first.exit_code == 0, first.stderr
    shutil.rmtree("from")
    shutil.move("R", "elsewhere")
    lock = json.loads(Path("elsewhere/lock.json").read_text(encoding="utf-8"))
    os.chdir("elsewhere")
    again = call(*lock["command"][1:], "--format", "json")
    assert again.stdout == first.stdout
    assert Path("summary.json").read_text(encoding="utf-8") == first.stdout
    assert {"offramp", "python", "numpy", "llvmlite"} <= lock["versions"].keys()
    if kind not in ("chapters", "model.yaml"):  # whose own name belongs to the model, or is taken
        assert call("run", "model.yaml", *settings, "--format", "json").stdout == first.stdout
        assert call("run", ".", *settings, "--format", "json").stdout == first.stdout


# ── whole or not at all ───────────────────────────────────────────────────────────────────────────────────


def limited(size, *args):
    """A command that can write files of so many KiB at most; exit code and stderr."""
    words = " ".join([sys.executable, "-m", "offramp", *args])
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f {size}; exec {words}"], capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stderr


@posix
def test_a_full_disk_leaves_the_earlier_results_whole_and_is_one_message(place, tmp_path):
    """libhdf5 used to crash at the end of the program where a file could not be written."""
    assert call("run", "river.yaml", *RUNS, "--out", "R").exit_code == 0
    before = {f.name: f.read_bytes() for f in Path("R").iterdir()}
    code, said = limited(60, "run", "river.yaml", "--runs", "4000", "--out", "R")
    assert code == 1
    assert "Traceback" not in said
    assert "could not save in R" in said or "cannot be written" in said
    assert {f.name: f.read_bytes() for f in Path("R").iterdir()} == before


def test_what_a_dead_writer_left_goes_with_the_next_save(place):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead = f".saving-{writing._host()}-{child.pid}-0123abcd"
    alive = f".saving-{writing._host()}-{os.getpid()}-0123abcd"
    for name in (dead, alive):
        Path(name).mkdir()
        Path(name, "runs.nc").touch()
    brief("--out", "page.html")
    assert (Path(dead).exists(), Path(alive).exists()) == (sys.platform == "win32", True)


def test_an_error_while_writing_leaves_what_was_there(place):
    Path("kept.html").write_text("before")

    def half():
        with writing.whole(Path("kept.html")) as begun:
            begun.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert Path("kept.html").read_text() == "before"
    with pytest.raises(UsageError, match="is there already"):
        writing.write(Path("kept.html"), "other", never_over=True)
    assert sorted(os.listdir(".")) == ["kept.html", "river.yaml"]


def test_files_that_are_written_are_as_readable_as_any(place):
    writing.write(Path("new.html"), "x")
    Path("plain.html").write_text("x")
    assert Path("new.html").stat().st_mode == Path("plain.html").stat().st_mode


def test_the_first_error_of_a_patient_file_is_kept(tmp_path):
    file = writing.Patient(tmp_path / "x")
    file.write(b"abc")
    file.settle()
    file.wrong = OSError(28, "No space left on device")
    assert file.write(b"more") == 4, "as if all were well"
    with pytest.raises(OSError, match="No space"):
        file.settle()
    file.close()
    assert (tmp_path / "x").read_bytes() == b"abc"


# ── stopped ───────────────────────────────────────────────────────────────────────────────────────────────

DEEP = """
model: {{name: deep, title: Deep, illustrative: true}}
horizon: {{start: 2020-01-01, step: month, steps: 24}}
variables: {{x: {{initial: 0, bounds: [-9, 9], saturates: true}}}}
actors: {actors}
outcomes: {{war: {{rate: 0.001 / month, absorbing: true}}}}
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_takes_two_seconds_at_most_whatever_the_machine_code_does(place, number):
    """Six actors with twelve acts each that think three levels deep: one block takes minutes."""
    acts = "{" + ", ".join(f"m{i}: {{effects: {{x: {i} / 10}}}}" for i in range(12)) + "}"
    one = f"{{depth: 3, horizon: 12, precision: 1, utility: {{u: x}}, actions: {acts}}}"
    Path("deep.yaml").write_text(DEEP.format(actors="{" + ", ".join(f"a{i}: {one}" for i in range(6)) + "}"))
    cache = place / "cache"
    process = spawn("run", "deep.yaml", "--runs", "2000", env=os.environ | {"OFFRAMP_CACHE": str(cache)})
    while process.poll() is None and not list(cache.glob("*.object")):
        time.sleep(0.02)
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(number)
    assert outcome_of(process) == (130, "", "Interrupted. Nothing was written.\n")
    assert time.monotonic() - began < 2


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&- <&-"])
def test_a_program_without_its_streams_works_all_the_same(place, closed):
    words = f"{sys.executable} -m offramp brief river.yaml --runs 20 --bare --out page.html {closed}"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=120)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert Path("page.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


# ── what is read again ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(40))
def test_damaged_runs_are_a_message(seed, saved_runs, tmp_path):
    """HDF5 answers changed bytes with errors of a dozen kinds."""
    import random

    rng = random.Random(seed)
    data = bytearray(saved_runs)
    if seed % 4 == 0:
        del data[rng.randrange(len(data)) :]
    for _ in range(rng.choice((1, 10, 200))):
        if data:
            data[rng.randrange(len(data))] = rng.randrange(256)
    (tmp_path / "bad.nc").write_bytes(data)
    with contextlib.suppress(OfframpError):
        offramp.summary(offramp.load_runs(tmp_path / "bad.nc"))


@pytest.fixture(scope="module")
def saved_runs(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "runs.nc"
    offramp.save(offramp.simulate(offramp.Design(offramp.load("chicken"), scenarios=20)), path)
    return path.read_bytes()
