"""How one begins: new crises, a look at bundled ones, examples, completion, a model on a page."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

import offramp
from cli_calls import call, found_by
from offramp.cli import main
from offramp.cli.examples import EXAMPLES
from offramp.cli.templates import PARTS, STEPS

# ── new ───────────────────────────────────────────────────────────────────────────────────────────────────

TEMPLATES = [
    (f"--step {step}", f"--with {parts}", actors)
    for step, parts, actors in (
        ("day", "types", "--actors altara,bessim,usa"),
        ("week", "ladder,evidence", "--actors india,pakistan,usa"),
        ("month", "types,ladder,evidence", ""),
        ("quarter", "evidence", "--actors a,b"),
        ("year", "types,ladder", "--actors one,two,three,four"),
    )
]


@pytest.mark.parametrize("words", TEMPLATES, ids=lambda words: words[0])
def test_every_template_checks_without_a_note_runs_and_explains_itself(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    asked = shlex.split(" ".join(words))
    made = call("new", "mine", *asked)
    assert made.exit_code == 0, made.stderr
    checked = call("check", "mine.yaml")
    assert checked.stdout.endswith("OK.\n"), checked.stdout + checked.stderr
    found = found_by("run", "mine.yaml", "--runs", "40")
    assert found["failed_runs"] == 0
    text = Path("mine.yaml").read_text(encoding="utf-8")
    assert "<" not in re.sub(r" < ", "", text), "nothing is left to fill in"
    for section in re.findall(r"(?m)^([a-z]+):", text):
        assert re.search(rf"(?m)^#.*\n(#.*\n)*({section}:)", text) or section == "model", (
            f"{section}: no comment"
        )


def test_templates_have_what_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call("new", "mine", "--actors", "india,pakistan,usa", "--step", "week", "--with", "types,ladder,evidence")
    model = offramp.load("mine.yaml")
    assert [a.name for a in model.actors] == ["india", "pakistan", "usa"]
    assert (model.step, len(model.ladders), len(model.evidence)) == ("week", 1, 2)
    assert [bool(a.types) for a in model.actors] == [True, False, False]
    assert {b.about for a in model.actors for b in a.beliefs} == {"india"}
    assert set(STEPS) == {"day", "week", "month", "quarter", "year"}
    assert PARTS == ("types", "ladder", "evidence")
    assert call("calibrate", "mine.yaml", "--particles", "10", "--chains", "1").exit_code == 0


@pytest.mark.parametrize("crisis", ["chicken", "us-iran-2018"])
def test_a_copy_of_a_crisis_is_the_same_crisis_under_another_name(tmp_path, monkeypatch, crisis):
    monkeypatch.chdir(tmp_path)
    result = call("new", "mine", "--from", crisis)
    assert result.exit_code == 0, result.stderr
    first = result.stdout.splitlines()[0]
    copy, bundled = offramp.load("mine" if first == "mine/model.yaml" else first), offramp.load(crisis)
    assert copy.name == "mine"
    few = [offramp.outlook(offramp.Design(m, scenarios=4)).as_dict() for m in (copy, bundled)]
    mine, theirs = ({k: v for k, v in f.items() if k not in ("model", "model_hash")} for f in few)
    assert mine == theirs
    assert call("new", "mine", "--from", crisis).exit_code == 2, "never over what is there"


def test_a_layer_over_a_crisis_changes_nothing_yet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("new", "variant", "--extend", "us-iran-2020").exit_code == 0
    layer, below = offramp.load("variant.yaml"), offramp.load("us-iran-2020")
    assert layer.name == "variant"
    assert layer.base.hash == below.hash
    assert {c.path[0] for c in layer.base.changes} == {"model"}
    text = Path("variant.yaml").read_text(encoding="utf-8")
    assert "\n# parameters:\n#   " in text
    text = text.replace("\n# parameters:\n#   ", "\nparameters:\n  ")
    Path("variant.yaml").write_text(text, encoding="utf-8")
    assert call("check", "variant.yaml").exit_code == 0, "what it suggests is right"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--actors", "india"], "takes 2 to 6 names"),
        (["--actors", "India,usa"], "Try `india`"),
        (["--actors", "war,usa"], "cannot name an actor"),
        (["--with", "type"], "Did you mean `types`?"),
        (["--from", "chiken"], "Did you mean `chicken`?"),
        (["--from", "chicken", "--step", "week"], "take one"),
        (["--extend", "../x.yaml"], "../x.yaml"),
    ],
)
def test_what_cannot_be_begun_is_said_and_nothing_is_written(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    result = call("new", "mine", *words)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert not list(tmp_path.iterdir())


# ── show ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_show_prints_a_file_as_it_is_and_names_its_chapters():
    plain = call("show", "chicken")
    assert offramp.loads(plain.stdout).hash == offramp.load("chicken").hash
    whole = call("show", "us-iran-2020")
    assert "chapters:" in whole.stdout
    assert "outcomes" in whole.stderr
    assert call("show", "us-iran-2020", "outcomes").stdout.count("absorbing: true") == 3
    wrong = call("show", "us-iran-2020", "outcome")
    assert (wrong.exit_code, "Did you mean `outcomes`?" in wrong.stderr) == (2, True)


# ── explain ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_model_is_told_on_one_page_and_in_full_by_section():
    page = call("explain", "us-iran-2020").stdout
    assert page.count("\n") <= 80
    for words in (
        "Who decides", "Washington looks 6 months ahead", "Gets wrong: More pressure brings surrender",
        "How it may end", "All-out war: where control is lost", "120 of 121", "254 hold a guess",
        "whether Tehran is Resolute or On the ropes", "--section NAME", "policies 39",
    ):  # fmt: skip
        assert words in " ".join(page.split()), words
    assert call("explain", "us-iran-2020", "--section", "all").stdout.count("\n") > 2000
    assert list(found_by("explain", "chicken")) == list(found_by("explain", "chicken", "--section", "all"))


# ── examples ──────────────────────────────────────────────────────────────────────────────────────────────

# Options that make the examples quick; what they ask stays.
FEW = {
    "run": "--runs 20", "brief": "--runs 20 --bare", "compare": "--runs 20 --worlds 0", "why": "--runs 900",
    "claims": "--runs 20 --worlds 0", "misreadings": "--runs 10", "sensitivity": "--runs 5000",
    "discover": "--runs 900", "tipping": "--runs 20 --steps 3", "sweep": "--runs 20", "loops": "--runs 3",
    "story": "--thoughts 0",
    "calibrate": "--particles 8 --chains 1", "backtest": "--particles 8 --chains 1",
    "forecast": "--particles 8 --chains 1",
}  # fmt: skip


def test_every_command_has_examples_in_its_help_and_all_of_them_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert set(EXAMPLES) == set(main.commands)
    for command, lines in EXAMPLES.items():
        shown = call(command, "--help").stdout
        assert re.search(r"(?m)^  Examples?:$", shown)
        for line in lines:
            assert f"    offramp {line}\n" in shown
            result = call(*shlex.split(line), *shlex.split(FEW.get(command, "")))
            assert result.exit_code in (0, 5), f"{line}: {result.stderr}"


# ── completion ────────────────────────────────────────────────────────────────────────────────────────────


def completed(*words, begun=""):
    found = ShellComplete(main, {}, "offramp", "_OFFRAMP_COMPLETE").get_completions(list(words), begun)
    return [item.value for item in found]


def test_names_of_the_model_in_the_line_are_completed(place):
    assert completed(begun="sens") == ["sensitivity"]
    assert completed("run", begun="us-") == ["us-iran-2012", "us-iran-2018", "us-iran-2020"]
    assert completed("run", begun="riv") == ["river.yaml"]
    policies = ["baseline", "mediation", "shared_gauges", "pause"]
    assert completed("compare", "river.yaml", "--policy") == policies
    assert completed("why", "river.yaml", begun="med") == ["mediation"]
    assert completed("story", "river.yaml", "--outcome", begun="a") == ["accord"]
    assert completed("minds", "river.yaml", "--actor", begun="b") == ["bessim"]
    assert completed("run", "river.yaml", "--set", begun="m") == ["mistrust="]
    assert completed("run", "river.yaml", "--set", begun="ten") == ["tension_fade=", "tension="]
    assert completed("claims", "river.yaml", "--claim") == ["mediation_helps"]
    assert completed("tipping", "river.yaml", "--of", begun="res") == ["resolve"]
    assert "policy" in completed("sweep", "river.yaml", "--over")
    assert completed("ladder", "brinkmanship") == ["strait"]
    assert completed("explain", "river.yaml", "--section", begun="pol") == ["policies"]
    assert completed("show", "us-iran-2020", begun="outc") == ["outcomes"]
    assert completed("schema", begun="comp") == ["compare"]
    assert completed("score", "x.json", "--questions", begun="us") == ["us-iran"]
    assert completed("brief", "river.yaml", "--policy", begun="pa") == ["pause"]


def test_a_model_that_is_wrong_or_not_there_completes_nothing_and_says_nothing(place, capsys):
    Path("bad.yaml").write_text("model: [")
    for model in ("bad.yaml", "none.yaml"):
        assert completed("compare", model, "--policy") == []
    assert completed("check", begun="nowhere/") == []
    assert capsys.readouterr() == ("", "")


def test_files_below_folders_are_completed(place):
    Path("mine").mkdir()
    Path("mine/model.yaml").write_text("")
    assert completed("check", begun="mi") == ["mine/"]
    assert completed("check", begun="mine/") == ["mine/model.yaml"]


@pytest.mark.parametrize("shell", [BashComplete, ZshComplete, FishComplete])
def test_every_documented_shell_gets_a_script(shell):
    page = (Path(__file__).parents[2] / "docs/how-to/install.md").read_text(encoding="utf-8")
    assert f"_OFFRAMP_COMPLETE={shell.name}_source" in page
    script = shell.source_template % {
        "complete_func": "f", "complete_var": "_OFFRAMP_COMPLETE", "prog_name": "offramp",
    }  # fmt: skip
    assert "_OFFRAMP_COMPLETE" in script


# ── what is printed ───────────────────────────────────────────────────────────────────────────────────────


def test_json_holds_no_character_that_a_terminal_obeys(place):
    bad = "\x9b31m\u202e\u200f\x7f"
    text = Path("river.yaml").read_text(encoding="utf-8")
    text = text.replace("title: A dam on the Sarun", f'title: "A{bad}dam"')
    escaped = text.replace("\x9b", "\\x9b").replace("\x7f", "\\x7f")
    Path("evil.yaml").write_text(escaped, encoding="utf-8")
    for words in (["explain", "evil.yaml"], ["run", "evil.yaml", "--runs", "5"], ["story", "evil.yaml"]):
        result = call(*words, "--format", "json")
        assert result.exit_code == 0, result.stderr
        assert not set(bad) - set("31m") & set(result.stdout)
        assert repr(bad)[1:-1] in str(found_by(*words)), "and nothing of it is lost"
