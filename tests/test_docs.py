"""The documentation does what it says, and leaves nothing out."""

from __future__ import annotations

import dataclasses
import re
import runpy
import shlex
import typing

import click
import pytest

import offramp
from cli_calls import call
from documented import PAGES, ROOT, blocks, commands, edited, quick, quick_python
from offramp.analysis.answer import hints_of, key_of
from offramp.cli import main
from offramp.distribution import PRIORS
from offramp.language import functions, keys
from offramp.language.keys import FILE, KeyTable
from offramp.questions.registry import questions


def name_of(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=name_of)
def test_what_a_page_shows_runs(page, tmp_path, monkeypatch):
    """Commands, edits and Python of a page, in order, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    if page.name == "README.md" or page.parent.name == "reference":
        assert call("new", "river").exit_code == 0
    names = {"__name__": "docs"}
    for block in blocks(page):
        where = f"{name_of(page)}:{block.line}"
        if block.tag == "console":
            expected = int((re.search(r"error=(\d+)", block.options) or ["", "0"])[1])
            for command, shown in commands(block):
                words = shlex.split(command)
                assert words[0] == "offramp", f"{where}: {command}"
                if words[1] == "new":
                    (tmp_path / f"{words[2]}.yaml").unlink(missing_ok=True)
                result = call(*quick(words)[1:])
                assert result.exit_code == expected, f"{where}: {command}\n{result.output}"
                if words[1] != "run":  # whose numbers are of more runs than a test makes
                    assert shown in result.output, f"{where}: {command}\n{result.output}"
        elif block.tag == "diff":
            file = tmp_path / block.body.splitlines()[0].removeprefix("--- ")
            file.write_text(edited(file.read_text(encoding="utf-8"), block.body), encoding="utf-8")
        elif block.tag in ("csv", "yaml") and block.options:
            file = tmp_path / block.options
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.body, encoding="utf-8")
        elif block.tag == "python":
            exec(compile(quick_python(block.body), where, "exec"), names)  # our own page, in a test


def test_pages_show_enough_to_be_worth_running():
    shown = [b.tag for page in PAGES for b in blocks(page)]
    assert shown.count("console") > 15
    assert shown.count("python") > 3
    assert shown.count("diff") > 3


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), f"{name_of(page)}: {target}"


def test_the_index_knows_every_page():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in PAGES[1:]:
        inside = page.relative_to(ROOT / "docs")
        assert page.name == "README.md" or str(inside) in index or inside.parts[0] == "decisions", inside


def test_every_command_and_option_is_documented():
    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    for name, command in main.commands.items():
        begin = text.index(f"## offramp {name}")
        section = text[begin : text.find("\n## ", begin + 1)]
        for param in command.params:
            if isinstance(param, click.Argument):
                assert param.metavar in section.splitlines()[0].split(name)[1]
            else:
                assert all(f"`{o}" in section for o in param.opts), (name, param.opts)


def test_every_exit_code_is_documented():
    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \|", text, re.M) == ["0", "1", "2", "3", "5", "130"]


def test_what_the_intervals_of_run_hold_is_documented(place):
    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    part = text[text.index("### The JSON of run") : text.index("## offramp brief")]
    found = offramp.outlook(offramp.Design(offramp.load("river.yaml"), scenarios=10))
    for key in found.intervals:
        assert f"`{key}`" in part, key


def keys_of(kind, found=None):
    """The keys of an answer and of all its parts, whatever their types are wrapped in."""
    found = set() if found is None else found
    if dataclasses.is_dataclass(kind) and kind not in found:
        found.add(kind)
        for f in dataclasses.fields(kind):
            found.add(key_of(f))
            keys_of(hints_of(kind)[f.name], found)
    for inside in typing.get_args(kind):
        keys_of(inside, found)
    return found


@pytest.mark.parametrize("name", questions())
def test_every_key_of_every_answer_is_documented(name):
    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    begin = text.index(f"## offramp {name}")
    section = text[begin : text.find("\n## ", begin + 1)]
    common = text[text.index("## What every answer says of itself") :]
    common = common[: common.find("\n## ", 1)]
    found = {k for k in keys_of(questions()[name].answer_type) if isinstance(k, str)}
    assert {k for k in found if f"`{k}`" not in section + common} == set()


def tables(table):
    """A table of keys and all those below it."""
    yield table
    for key in table.keys:
        if isinstance(key.of, KeyTable):
            yield from tables(key.of)


def test_every_key_of_the_model_file_is_documented():
    text = (ROOT / "docs/reference/model-file.md").read_text(encoding="utf-8")
    for table in [*tables(FILE), keys.SIGNAL, keys.MISREADING]:
        for key in table.names:
            assert re.search(rf"\b{key}\b[`:]", text), f"{key} of {table.what}"


def test_every_function_and_prior_of_the_language_is_documented():
    text = (ROOT / "docs/reference/model-file.md").read_text(encoding="utf-8")
    for word in (*functions.FUNCTIONS, *functions.DATE_FUNCTIONS, *PRIORS):
        assert re.search(rf"\b{word}\b", text), word


def test_the_tables_of_the_reference_are_those_of_the_code():
    """To write them: python docs/reference/tables.py"""
    page = ROOT / "docs/reference/model-file.md"
    updated = runpy.run_path(str(page.with_name("tables.py")))["updated"]
    assert updated(page.read_text(encoding="utf-8")) == page.read_text(encoding="utf-8")


def test_every_public_name_is_documented():
    text = (ROOT / "docs/reference/python.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(\w+)", text))
    assert set(offramp.__all__) <= listed


def test_the_page_on_the_engine_knows_every_module_of_it():
    page = (ROOT / "docs/explanation/engine.md").read_text()
    modules = {path.stem for path in (ROOT / "src/offramp/engine").rglob("*.py")} - {"__init__"}
    assert {name for name in modules if f"`{name}`" not in page} == set()


def test_the_readme_installs_as_ci_does():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for command in (
        "python -m pip install . && offramp brief us-iran-2020",
        "python -m pip install '.[test]' && python -m pytest",
    ):
        assert command in readme
    for part in ("python -m pip install", "offramp brief us-iran-2020", "'.[test]'", "python -m pytest"):
        assert part in script


def test_constraints_pin_what_the_package_needs():
    """One plain name==version a line, for everything in pyproject.toml."""
    import tomllib

    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+]+", line) for line in lines)
    pinned = {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]  # noqa: RUF017
    for requirement in wanted:
        name = re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()
        assert name in pinned or name == "offramp", name


def test_the_changelog_knows_the_version():
    assert f"## {offramp.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
