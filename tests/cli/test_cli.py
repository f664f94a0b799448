"""The command line for models: new, check, explain, crises, schema, and what all commands share."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

import offramp
from cli_calls import RUNS, call, found_by, outcome_of, spawn
from offramp.cli import main
from offramp.cli.models import inventory
from offramp.explanation import SECTIONS
from offramp.language.keys import FILE
from offramp.tell.terminal import columns_of

# ── beginning ─────────────────────────────────────────────────────────────────────────────────────────


def test_help_names_every_command_and_every_exit_code():
    result = call("--help")
    assert result.exit_code == 0
    assert call().stdout == result.stdout
    assert "..." not in result.stdout.partition("COMMAND")[2].partition("\n")[2]
    for command in main.commands:
        assert re.search(rf"^  {command} ", result.stdout, re.M)
    for code in ["0", "1", "2", "3", "5", "130"]:
        assert re.search(rf"\b{code} \w+", result.stdout)


def test_version_is_that_of_the_package():
    assert call("--version").stdout == f"offramp {offramp.__version__}\n"


def test_python_m_offramp_is_offramp():
    code, out, err = outcome_of(spawn("--version"))
    assert (code, out, err) == (0, f"offramp {offramp.__version__}\n", "")


def test_a_misspelt_command_is_answered_with_the_one_that_was_meant():
    result = call("chek", "x.yaml")
    assert result.exit_code == 2
    assert "Did you mean `check`?" in result.stderr


def test_a_misspelt_option_is_answered_with_the_one_that_was_meant(place):
    result = call("run", "river.yaml", "--seeds", "1")
    assert result.exit_code == 2
    assert "--seed" in result.stderr.split("No such option")[1].replace("--seeds", "")


# ── new ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_crisis_checks_runs_and_teaches_every_section(place):
    text = Path("river.yaml").read_text(encoding="utf-8")
    for section in set(FILE.names) - {"extend", "without", "chapters", "evidence"}:  # it stands alone
        assert re.search(rf"^# [^\n]+\n{section}:|^{section}:|^# Not used here: `{section}`", text, re.M)
    assert text.count("#") > 30
    assert "NAME" not in text
    assert call("check", "river.yaml").exit_code == 0
    assert call("run", "river.yaml", *RUNS).exit_code == 0


def test_a_new_crisis_bears_its_name(place):
    assert call("new", "strait-2.yaml").stdout == "strait-2.yaml\n"
    assert offramp.load("strait-2.yaml").name == "strait-2"


def test_new_never_overwrites(place):
    Path("river.yaml").write_text("mine")
    result = call("new", "river")
    assert result.exit_code == 2
    assert "left as it is" in result.stderr
    assert Path("river.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["My Crisis", "../up", "/tmp/x", "", "1st", "a" * 61, "naïve", "-x.yaml"])
def test_a_name_that_cannot_be_is_refused(place, name):
    before = sorted(os.listdir())
    result = call("new", "--", name)
    assert result.exit_code == 2
    assert "letters" in result.stderr
    assert sorted(os.listdir()) == before


def test_a_better_name_is_offered(place):
    assert "Try `my-crisis`" in call("new", "My Crisis").stderr


def test_a_folder_that_cannot_be_written_is_said_so(place):
    os.mkdir("here.yaml")
    assert call("new", "here").exit_code == 2


# ── check ─────────────────────────────────────────────────────────────────────────────────────────────

BROKEN = (
    "model: {name: x, illustrative: true}\nhorizon: {start: 2020-01-01, step: month, steps: 3}\nvariables:\n"
)
BROKEN += "  a: {initial: 1, change: bb / month}\n  b: {initial: 1, colour: 2}\n"


def test_check_says_in_one_line_what_there_is(place):
    result = call("check", "river.yaml")
    assert result.exit_code == 0
    assert result.stdout == (
        "river: 8 variables, 6 parameters, 2 actors, 8 actions, 1 dated event, 1 random event, 4 outcomes, "
        "4 policies, 0 guesses. OK.\n"
    )
    assert result.stderr == ""


def test_check_of_a_broken_file_says_everything_on_stderr_and_exits_3(place):
    Path("bad.yaml").write_text(BROKEN)
    result = call("check", "bad.yaml")
    assert result.exit_code == 3
    assert result.stdout == ""
    assert "bad.yaml:4:27" in result.stderr
    assert "`colour`" in result.stderr
    assert "2 problems. Nothing was run.\n" in result.stderr
    assert result.stderr.endswith("More may show once these are fixed.\n")  # `bb` may have any unit
    for command in ("run", "brief", "explain"):
        again = call(command, "bad.yaml")
        assert (again.exit_code, again.stdout, again.stderr) == (3, "", result.stderr)


def test_check_as_json_holds_the_same(place):
    Path("bad.yaml").write_text(BROKEN)
    result = call("check", "bad.yaml", "--format", "json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["ok"], result.stderr) == (3, False, "")
    assert [p["line"] for p in found["problems"]] == [4, 5]
    assert set(found["problems"][0]) == {"file", "line", "column", "width", "message", "hint"}
    good = found_by("check", "river.yaml")
    assert (good["ok"], good["counts"]["actions"], good["problems"]) == (True, 8, [])
    assert good["model_hash"] == offramp.load("river.yaml").hash


def test_one_of_a_thing_is_not_many():
    assert inventory({"policies": 1, "guesses": 1}) == "1 policy, 1 guess"
    assert inventory({"policies": 2, "guesses": 2}) == "2 policies, 2 guesses"


def test_a_model_cannot_steer_the_terminal(place):
    """A title may hold any letter, and a terminal obeys some."""
    text = Path("river.yaml").read_text(encoding="utf-8")
    Path("evil.yaml").write_text(
        text.replace("title: Tension", 'title: "\\e]0;gotcha\\a\\e[2J\\u202eTension"')
    )
    for command in (["explain", "evil.yaml"], ["run", "evil.yaml", *RUNS], ["check", "evil.yaml"]):
        result = call(*command)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", result.stdout + result.stderr), command


# ── which model ───────────────────────────────────────────────────────────────────────────────────────


def test_a_bundled_crisis_goes_by_its_name(place):
    assert call("check", "us-iran-2020").stdout.startswith("us-iran-2020: ")


@pytest.mark.parametrize("command", ["run", "brief", "check", "explain"])
def test_an_unknown_model_is_answered_with_what_may_be_meant(place, command):
    bundled, file = call(command, "us-iran-2002"), call(command, "rivr.yaml")
    assert (bundled.exit_code, file.exit_code) == (2, 2)
    assert "Did you mean `us-iran-2020`?" in bundled.stderr
    assert "Did you mean `river.yaml`?" in file.stderr
    assert "A path to a model file works too" in file.stderr


def test_a_folder_is_not_a_model(place):
    assert call("check", ".").exit_code == 2


# ── explain, crises, schema ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("columns", ["60", "80", "100"])
def test_an_explanation_fits_the_terminal_and_names_everything(place, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    result = call("explain", "us-iran-2020", "--section", "all")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(columns_of(line) for line in lines) <= int(columns)
    assert not any(line.endswith(" ") for line in lines)
    model, flat = offramp.load("us-iran-2020"), " ".join(result.stdout.split())
    for things in (model.variables, model.parameters, model.events, model.outcomes, model.policies):
        assert all(t.name in flat for t in things)
    for actor in model.actors:
        assert all(a.name in flat and (a.title or "") in flat for a in actor.actions)
    assert all(s.key in flat for s in model.sources)


def test_an_explanation_says_what_moves_a_variable_and_what_it_depends_on(place):
    told = found_by("explain", "river.yaml")
    assert tuple(told) == SECTIONS
    variables = {v["name"]: v for v in told["variables"]}
    assert variables["flow"]["depends_on"] == {
        "variables": ["filling", "rain"],
        "parameters": ["river_share"],
    }
    movers = {(m["kind"], m["name"], m["how"], m["amount"]) for m in variables["filling"]["moved_by"]}
    assert movers == {
        ("action", "altara.fill_faster", "set", "6"),
        ("action", "altara.slow_down", "set", "1"),
        ("action", "bessim.protest", "add", "-0.5"),
        ("action", "bessim.mobilize", "add", "-1"),
    }
    assert {m["name"] for m in variables["rain"]["moved_by"]} == {"rains.drought"}


def test_a_misreading_stands_beside_the_truth(place):
    actor = found_by("explain", "river.yaml", "--section", "actors")["actors"][0]
    reading = actor["misreads"][0]
    assert (reading["takes_it_for"], reading["truth"]) == ("0.4 * resolve", "normal(1.2, 0.3, 0.2, 3)")


def test_an_explanation_begins_with_what_is_in_it(place):
    text = call("explain", "us-iran-2020", "--section", "all").stdout
    contents = text[: text.index("Washington (washington)")]
    assert "`--section NAME`" in contents
    assert all(re.search(rf"^  {section} +(\d+|none)$", contents, re.M) for section in SECTIONS[1:])


def test_one_section_is_only_that(place):
    text = call("explain", "us-iran-2020", "--section", "sources").stdout
    assert text.startswith("Sources\n")
    assert "Washington (washington)" not in text


def test_explained_guesses_are_those_that_check_counts(place):
    told = found_by("explain", "us-iran-2020")
    assert len(told["guesses"]) == told["summary"]["counts"]["guesses"] > 50
    assert all(g["reason"] for g in told["guesses"])
    assert f"{len(told['guesses'])} guesses" in call("check", "us-iran-2020").stdout


def test_crises_lists_what_is_bundled(place):
    assert "us-iran-2020" in call("crises").stdout
    found = found_by("crises")
    assert [c["name"] for c in found] == list(offramp.crises())
    hashes = {c["name"]: c["model_hash"] for c in found}
    assert hashes["us-iran-2020"] == offramp.load("us-iran-2020").hash


def test_schema_is_the_json_schema_of_model_files(place):
    found = json.loads(call("schema").stdout)
    assert found == json.loads(json.dumps(offramp.json_schema()))
    assert {"model", "horizon", "variables"} <= set(found["$defs"]["whole"]["properties"])
