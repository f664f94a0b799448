"""calibrate, backtest, forecast and score as commands: what they print, draw, save and refuse."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from border import QUESTIONS
from cli_calls import call, found_by, widest
from offramp import OfframpError, writing
from offramp.questions.registry import question
from offramp.questions.truth_text import level
from offramp.tell.figures import NBSP, percent


def test_a_level_is_told_with_its_unit_and_with_what_it_is(exports, monkeypatch):
    """A figure that will be published, or that of the model where no evidence says how far sources err."""
    monkeypatch.chdir(exports)
    small = ("--questions", "asked.yaml", "--chains", "1", "--particles", "20")
    asked = ("forecast", "exports.yaml", "--as-of", "2020-07-01", *small)
    told = json.loads(call(*asked, "--out", "one.json", "--format", "json").stdout)["forecast"]
    assert [(q["unit"], q["source"]) for q in told["questions"]] == [
        ("million*barrel/day", "trackers"), ("kg", "scales"), ("kg", "books"), ("million*barrel/day", None),
    ]  # fmt: skip
    assert told["settings"]["futures"] == 120
    text = " ".join(call(*asked, "--out", "two.json").stdout.split())
    assert "Exports, million barrels per day 3 " in text
    assert "Balance in kg 3 " in text, "a unit that the title has is not said twice"
    assert "From 120 futures of 20 calibrated worlds." in text
    assert "A level is the figure that will be published" in text
    assert "levels are those of the model: Unseen, million barrels per day." in text
    scored = call("score", "one.json", "--questions", "asked.yaml").stdout
    assert "Exports, million barrels per day" in " ".join(scored.split())


def test_the_commands_of_the_ledger(folder, monkeypatch):
    monkeypatch.chdir(folder)
    small = ["--particles", "20", "--chains", "1", "--questions", "asked.yaml"]
    made = call("forecast", "border.yaml", "--as-of", "2020-07-01", *small)
    assert made.exit_code == 0, made.stderr
    assert "border-forecast-2020-07-01.json" in made.stdout
    told = json.loads((folder / "border-forecast-2020-07-01.json").read_text())["questions"]
    lines = [line.split() for line in made.stdout.splitlines()]
    assert ["3", "6"] in lines, "horizons are columns"
    for q in told:
        if "probability" in q:  # each chance stands in the row of its question
            (row,) = (line for line in made.stdout.splitlines() if line.strip().startswith(q["title"] + "  "))
            assert percent(q["probability"]).replace(NBSP, " ") in row
    scored = call("score", "border-forecast-2020-07-01.json", "--questions", "asked.yaml").stdout
    for shown in (made.stdout, scored):
        begins = [line.strip() for line in shown.splitlines()]
        for title in {q["title"] for q in told if "probability" in q}:
            assert sum(line.startswith(title + "  ") for line in begins) == 1, "a title stands once"
    amount = next(q for q in told if "probability" not in q)
    assert sum(line.strip().startswith(amount["title"]) for line in made.stdout.splitlines()) == 1
    twice = call("forecast", "border.yaml", "--as-of", "2020-07-01", *small)
    assert (twice.exit_code, "is not overwritten" in twice.stderr) == (2, True)
    scored = call("score", "border-forecast-2020-07-01.json", "--questions", "asked.yaml", "--format", "json")
    assert json.loads(scored.stdout)["resolved"] == 10
    text = (folder / "border-forecast-2020-07-01.json").read_text()
    (folder / "forged.json").write_text(text.replace('"as_of": "2020-07-01"', '"as_of": "2020-06-01"'))
    forged = call("score", "forged.json", "--questions", "asked.yaml")
    assert (forged.exit_code, "was changed after it was made" in forged.stderr) == (2, True)


def test_the_command_calibrate_says_what_moves_and_saves_what_arviz_reads(folder, monkeypatch):
    monkeypatch.chdir(folder)
    asked = (
        "calibrate",
        "border.yaml",
        "--until",
        "2021-01-15",
        "--against",
        "2021-12-31",
        "--particles",
        "40",
    )
    found = call(*asked, "--out", "kept.nc", "--format", "json", "--resume", "done.npz", "--picture", "p.svg",
                 "--trace", "t.svg", "--fit", "f.svg")  # fmt: skip
    assert found.exit_code == 0, found.stderr
    assert "population 1" in (folder / "t.svg").read_text()
    assert "unseen" in (folder / "f.svg").read_text()
    told = json.loads(found.stdout)
    assert "growth" in told["moved"]
    assert told["parameters"]["growth"]["posterior"]["sd"] < told["parameters"]["growth"]["prior"]["sd"]
    assert told["held_back"]["stocks"]["points"] == 3, "readings of April, July, October"
    assert "after" in (folder / "p.svg").read_text()
    text = call(*asked, "--resume", "done.npz").stdout
    assert "What the data move most" in text
    assert "2 populations from scratch" in text
    lone = call(*asked[:4], "--particles", "20", "--chains", "1", "--trace", "nowhere/t.svg")
    assert (lone.exit_code, "there is no folder nowhere" in lone.stderr) == (2, True)
    import arviz_base
    import xarray

    with xarray.open_datatree("kept.nc", engine="h5netcdf") as kept:
        assert (
            arviz_base.extract(kept, var_names="growth", num_samples=50, random_seed=1).sizes["sample"] == 50
        )
        shown, observed = kept["posterior_predictive"]["stocks"], kept["observed_data"]["stocks"]
        assert shown.dims[:2] == ("chain", "draw")
        assert shown.shape[-1] == observed.shape[-1]
        way = kept["trace"]
        assert way["mean"].dims == ("chain", "day", "purpose")
        assert str(way["day"].values[-1])[:10] == told["trace"]["days"][-1] == told["until"]


def test_the_command_backtest_prints_its_verdict(folder, monkeypatch):
    monkeypatch.chdir(folder)
    asked = ("backtest", "border.yaml", "--questions", "asked.yaml", "--particles", "20", "--chains", "1")
    found = call(*asked, "--picture", "r.svg")
    assert found.exit_code == 0, found.stderr
    assert "the best rule without a model" in found.stdout
    assert "Base rates: 1 of 5 questions have one; the climatology answers" in found.stdout
    assert "Left out" not in found.stdout
    assert "itself before any evidence: skill" in " ".join(found.stdout.split())
    assert (folder / "r.svg").exists()


WIDE = {
    "calibrate": ("calibrate", "border.yaml", "--until", "2021-01-15", "--against", "2021-12-31"),
    "backtest": ("backtest", "border.yaml", "--questions", "asked.yaml"),
    "forecast": ("forecast", "border.yaml", "--as-of", "2020-07-01", "--questions", "asked.yaml"),
    "score": ("score", "wide.json", "--questions", "asked.yaml"),
}


AGAIN = {
    "calibrate": "--until 2021-01-15 --against 2021-12-31 --particles 20 --seed 0",
    "backtest": "--questions asked.yaml --particles 20 --seed 0",
    "forecast": "--as-of 2020-07-01 --questions asked.yaml --particles 20 --seed 0",
    "score": "--questions asked.yaml",
}


@pytest.mark.parametrize("command", WIDE)
def test_an_answer_comes_back_from_its_json_and_says_how_to_ask_again(
    folder, first, monkeypatch, tmp_path, command
):
    monkeypatch.chdir(folder)
    (folder / "wide.json").write_text(first.as_file())
    small = () if command == "score" else ("--particles", "20")
    out = ("--out", str(tmp_path / "written.json")) if command == "forecast" else ()
    plain = found_by(*WIDE[command], *small, *out)
    asked = question(command)
    answer = asked.answer_type.from_dict(plain)
    assert answer.as_dict() == plain
    assert asked.again(answer, WIDE[command][1]) == f"offramp {command} {WIDE[command][1]} {AGAIN[command]}"


def test_an_answer_is_shown_though_it_cannot_be_saved(folder, monkeypatch):
    """Minutes of calibration are not lost to a full disk."""

    def full(*_):
        raise OfframpError("kept.nc cannot be written: No space left on device.")

    monkeypatch.chdir(folder)
    monkeypatch.setattr("offramp.truth.netcdf.save", full)
    few = ("--particles", "20", "--chains", "1")
    found = call("calibrate", "border.yaml", "--until", "2020-07-15", *few, "--out", "kept.nc")
    assert (found.exit_code, "No space left" in found.stderr) == (1, True)
    assert "How the past is met" in found.stdout


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("command", WIDE)
def test_what_is_printed_fits_the_terminal(folder, first, monkeypatch, tmp_path, command, columns):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", str(columns))
    (folder / "wide.json").write_text(first.as_file())
    small = () if command == "score" else ("--particles", "20", "--chains", "2")
    out = ("--out", str(tmp_path / "written.json")) if command == "forecast" else ()
    told = call(*WIDE[command], *small, *out)
    assert told.exit_code == 0, told.stderr
    assert widest(told.stdout) <= columns
    if command == "forecast":
        whole = json.loads((tmp_path / "written.json").read_text())["hash"]
        assert whole in told.stdout.replace("\n  ", "" if columns < 66 else "\n  ")


def test_an_interrupted_calibration_says_what_is_kept(folder, monkeypatch):
    """With --resume the work done is not lost, and the last line says where it is."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    def interrupted_late(*_, checkpoint, **__):
        writing.write(checkpoint, b"what is done")
        raise KeyboardInterrupt

    monkeypatch.chdir(folder)
    monkeypatch.setattr("offramp.questions.calibrate.ask.calibrate", interrupted)
    early = call("calibrate", "border.yaml", "--resume", "done.npz")
    assert (early.exit_code, early.stderr.splitlines()[-1]) == (130, "Interrupted. Nothing was written.")
    monkeypatch.setattr("offramp.questions.calibrate.ask.calibrate", interrupted_late)
    monkeypatch.setattr(sys, "argv", ["offramp", "calibrate", "border.yaml", "--resume", "done.npz"])
    kept = call("calibrate", "border.yaml", "--resume", "done.npz").stderr.splitlines()[-1]
    assert kept == (
        "Interrupted. Written before that, and whole: done.npz. The same command with --resume done.npz goes "
        "on from there."
    )
    Path("done.npz").unlink()


def test_levels_are_written_out():
    """A dollar rate has commas and no exponent, what is below 0 a true minus sign."""
    assert (level(117_700.4), level(-0.01506), level(0.0)) == ("117,700", "−0.01506", "0")


def test_what_cannot_be_asked_is_said_plainly(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(folder)
    assert (
        "there is no list of questions `iran`"
        in call("score", "x.json", "--questions", "iran").stderr
        + call("backtest", "border.yaml", "--questions", "iran").stderr
    )
    wrong = call("calibrate", "border.yaml", "--until", "soon")
    assert (wrong.exit_code, "dates are year-month-day" in wrong.stderr) == (2, True)
    (folder / "strange.yaml").write_text(QUESTIONS.replace("happens: raid", "happens: rain"))
    refused = call("backtest", "border.yaml", "--questions", "strange.yaml")
    assert (refused.exit_code, "`border` has no event, action or rung `rain`" in refused.stderr) == (3, True)
    assert "Did you mean `raid`?" in refused.stderr
