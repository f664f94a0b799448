"""A model in a folder of chapters is the model that one file with all of it would be."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import resources
from pathlib import Path

import pytest
from broken_folders.rewrite import message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offramp.errors import ModelError, UsageError
from offramp.explanation import explain
from offramp.language.check import load, loads
from offramp.language.notes import notes
from offramp.language.yaml_reader import MAX_BYTES
from offramp.model import Model

BROKEN = Path(__file__).parent / "broken_folders"
FOLDERS = sorted(p.parent for p in BROKEN.glob("*/model.yaml"))

CONTENTS = """\
model: {name: strait, title: A strait}
horizon: {start: 2020-06-01, step: month, steps: 12}
chapters: [waters.yaml, actors.yaml, sources.yaml]
"""
WATERS = """\
# What moves the waters.
variables:
  tension: {initial: 40, change: -decay * tension, headline: true, source: account P1}
parameters:
  decay: {unit: 1/month, value: 0.1, source: account P2}
  heat: {value: 5, guess: true, reason: Half of ten.}
"""
ACTORS = """\
parameters:
  odds: {value: 0.5, source: account P3}
actors:
  blue:
    actions:
      wait:
      press: {effects: {tension: heat}, propensity: log(odds)}
"""
SOURCES = "model:\n  sources: {account: {title: An account}}\n"
ONE_FILE = """\
model: {name: strait, title: A strait, sources: {account: {title: An account}}}
horizon: {start: 2020-06-01, step: month, steps: 12}
variables:
  tension: {initial: 40, change: -decay * tension, headline: true, source: account P1}
parameters:
  decay: {unit: 1/month, value: 0.1, source: account P2}
  heat: {value: 5, guess: true, reason: Half of ten.}
  odds: {value: 0.5, source: account P3}
actors:
  blue:
    actions:
      wait:
      press: {effects: {tension: heat}, propensity: log(odds)}
"""


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def strait(tmp_path: Path) -> Path:
    return write(tmp_path / "strait", model=CONTENTS, waters=WATERS, actors=ACTORS, sources=SOURCES)


PLACES = {"file", "files", "line", "column", "hash", "base", "noticed"}


def facts(value: object) -> object:
    """What a model says, without where it says it."""
    if isinstance(value, tuple):
        return tuple(facts(v) for v in value)
    if is_dataclass(value):
        return tuple((f.name, facts(getattr(value, f.name))) for f in fields(value) if f.name not in PLACES)
    return value


# ---------------------------------------------------------------------- broken folders


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_a_broken_folder_gets_exactly_the_message_beside_it(folder):
    assert message(folder) == folder.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_every_line_shown_is_that_line_of_the_file_named(folder):
    text = folder.with_suffix(".txt").read_text(encoding="utf-8")
    shown = re.findall(r"^(\S+\.yaml):(\d+):\d+: .*\n\n  +\d+ \| (.*)$", text, re.M)
    assert shown
    for file, line, said in shown:
        assert (BROKEN / file).read_text(encoding="utf-8").split("\n")[
            int(line) - 1
        ].rstrip() == said.rstrip()


def test_a_folder_without_contents_is_told_what_is_missing(strait):
    (strait / "model.yaml").rename(strait / "strait.yaml")
    with pytest.raises(UsageError, match=r"is a folder without a `model\.yaml`"):
        load(strait)
    assert load(strait / "strait.yaml").name == "strait"


# ---------------------------------------------------------------------- the same as one file


def test_a_folder_is_the_model_that_one_file_would_be(strait):
    assert facts(load(strait)) == facts(loads(ONE_FILE))
    assert facts(load(str(strait))) == facts(load(strait / "model.yaml"))


def test_the_flagship_is_the_model_of_its_chapters_set_in_one_file():
    """Sections as blocks: entries of all chapters under one key."""
    model = load("us-iran-2020")
    sections: dict[str, list[str]] = {}
    for file in model.files:
        for key, lines in blocks(file.text):
            sections.setdefault(key, []).extend(lines)
    sources = sections.pop("model")
    del sections["chapters"]
    text = "\n".join(["model:", *sources, *(ln for k, v in sections.items() for ln in (k + ":", *v))])
    text = re.sub(r"^horizon:\n", "horizon: ", text, flags=re.M)
    assert facts(loads(text)) == facts(model)


def blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each section of a file and its lines."""
    for block in re.split(r"^(?=[a-z])", text, flags=re.M):
        key, _, rest = block.partition(":")
        if re.fullmatch("[a-z]+", key):
            yield key, rest.strip("\n").split("\n")


def texts() -> dict[str, str]:
    found = {
        name: (resources.files("offramp.crises") / f"{name}.yaml").read_text(encoding="utf-8")
        for name in ("chicken", "spiral", "brinkmanship", "us-iran-2018")
    }
    found["starter"] = (resources.files("offramp.cli") / "starter.yaml").read_text(encoding="utf-8")
    return {**found, "strait": ONE_FILE}


TEXTS = texts()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(TEXTS)), count=st.integers(1, 6), data=st.data())
def test_however_entries_are_spread_over_chapters_the_model_is_the_same(name, count, data, tmp_path):
    """Entries of each section go on from chapter to chapter in their order."""
    text = TEXTS[name].replace("name: NAME", "name: start")
    contents, chapters = "", [""] * count
    for key, lines in spread(text):
        if key in ("model", "horizon", "extend", "without") or not lines[1:]:
            contents += "".join(f"{ln}\n" for ln in lines)
            continue
        entries = re.split(r"^(?=  [a-zA-Z0-9_]+:)", "\n".join(lines[1:]) + "\n", flags=re.M)
        places = sorted(
            data.draw(st.lists(st.integers(0, count - 1), min_size=len(entries), max_size=len(entries)))
        )
        for chapter in sorted(set(places)):
            own = "".join(e for e, place in zip(entries, places, strict=True) if place == chapter)
            chapters[chapter] += f"{key}:\n{own}"
    used = [c for c in chapters if c.strip()]
    listed = "".join(f"  - c{i}.yaml\n" for i in range(len(used)))
    folder = tmp_path / "split"
    shutil.rmtree(folder, ignore_errors=True)
    write(folder, model=f"{contents}chapters:\n{listed}", **{f"c{i}": c for i, c in enumerate(used)})
    whole, split = loads(text), load(folder)
    assert facts(split) == facts(whole)
    assert otherwise(split) == otherwise(whole)


def otherwise(model: Model) -> list[tuple[str, ...]]:
    return sorted((c["how"], c["path"], c["was"], c["now"]) for c in explain(model)["extends"])


def spread(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each section of a file: its key and all its lines, the key's first."""
    for block in re.split(r"^(?=[a-z])", text, flags=re.M):
        key = block.partition(":")[0]
        if re.fullmatch("[a-z]+", key):
            yield key, block.rstrip("\n").split("\n")


# ---------------------------------------------------------------------- where things stand


def test_origins_name_the_chapter(strait):
    model = load(strait)
    decay = next(p for p in model.parameters if p.name == "decay").origin
    assert (decay.file, decay.line) == (str(strait / "waters.yaml"), 5)
    odds = next(p for p in model.parameters if p.name == "odds").origin
    assert (odds.file, odds.line) == (str(strait / "actors.yaml"), 2)
    assert model.file == str(strait)
    assert explain(model)["summary"]["file"] == str(strait)


def test_notes_point_into_the_chapter(strait):
    write(strait, waters=WATERS + "  idle: {value: 3, source: account P9}\n")
    (note,) = notes(load(strait))
    assert (note.file, note.line, note.message) == (str(strait / "waters.yaml"), 7, "nothing reads `idle`")


def test_a_file_beside_the_chapters_that_is_none_is_noted(strait):
    write(strait, old=WATERS)
    write(strait / "more", other=WATERS)
    (strait / "counts.csv").write_text("series,date\n")
    (note,) = notes(load(strait))
    assert (note.file, note.line) == (str(strait / "model.yaml"), 3)
    assert note.message == "`old.yaml` stands in the folder and is no chapter"


# ---------------------------------------------------------------------- the hash


def test_the_hash_is_of_all_files_and_not_of_where_they_stand(strait, tmp_path):
    model = load(strait)
    listing = "".join(
        f"{hashlib.sha256((strait / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("model.yaml", "waters.yaml", "actors.yaml", "sources.yaml")
    )
    assert model.hash == hashlib.sha256(listing.encode()).hexdigest()
    shutil.copytree(strait, tmp_path / "far" / "away")
    assert load(tmp_path / "far" / "away").hash == model.hash
    write(strait, sources=f"# read twice\n{SOURCES}")
    assert load(strait).hash != model.hash


def test_a_file_without_chapters_has_the_hash_of_its_bytes(tmp_path):
    folder = write(tmp_path / "strait", model=ONE_FILE)
    assert load(folder).hash == hashlib.sha256(ONE_FILE.encode()).hexdigest()


# ---------------------------------------------------------------------- layers


def test_a_folder_is_extended_by_its_path_and_extends_in_chapters_itself(strait, tmp_path):
    write(
        tmp_path,
        model="extend: strait/\nwithout: {parameters: [odds]}\nmodel: {name: gulf}\n"
        "chapters: [heat.yaml, acts.yaml]\n",
        heat="parameters: {heat: {value: 7, source: account P7}}\n",
        acts="actors: {blue: {actions: {press: {propensity: log(0.2), source: account P8}}}}\n",
    )
    model = load(tmp_path / "model.yaml")
    assert [(p.name, p.value) for p in model.parameters] == [("decay", 0.1), ("heat", 7.0)]
    assert model.actors[0].actions[1].propensity.text == "log(0.2)"
    assert (model.base.file, model.base.hash) == (str(strait), load(strait).hash)
    told = {c["path"]: c["file"] for c in explain(model)["extends"]}
    assert told["parameters.odds"] == str(tmp_path / "model.yaml")
    assert told["parameters.heat.value"] == str(tmp_path / "heat.yaml")


def test_a_folder_in_a_folder_of_the_same_name_can_be_extended(strait):
    write(strait.parent, top="extend: ./strait\nmodel: {name: gulf}\n")
    assert load(strait.parent / "top.yaml").title == "A strait"


def test_a_bundled_name_is_never_a_folder_that_happens_to_be_here(tmp_path, monkeypatch):
    write(tmp_path / "chicken", model=ONE_FILE)
    monkeypatch.chdir(tmp_path)
    assert load("chicken").name == "chicken"
    assert load("./chicken").name == "strait"


# ---------------------------------------------------------------------- strangers


def test_a_chapter_that_is_a_link_out_of_the_folder_is_not_followed(strait, tmp_path):
    secret = tmp_path / "secret.yaml"
    (strait / "sources.yaml").rename(secret)
    (strait / "sources.yaml").symlink_to(secret)
    with pytest.raises(ModelError, match="is a link that leads out of the folder"):
        load(strait)
    (strait / "sources.yaml").unlink()
    shutil.move(strait / "model.yaml", tmp_path / "contents.yaml")
    (strait / "model.yaml").symlink_to(tmp_path / "contents.yaml")
    with pytest.raises(UsageError, match="is a link that leads out of the folder"):
        load(strait)


def test_a_chapter_that_is_a_link_to_itself_is_no_file(strait):
    (strait / "sources.yaml").unlink()
    (strait / "sources.yaml").symlink_to(strait / "sources.yaml")
    with pytest.raises(ModelError, match=r"there is no file .*sources\.yaml"):
        load(strait)


def test_an_extended_folder_that_is_a_link_out_is_not_followed(strait, tmp_path):
    inner = write(tmp_path / "inner", top="extend: ./strait/\nmodel: {name: gulf}\n")
    (inner / "strait").symlink_to(strait)
    with pytest.raises(ModelError, match="leads out of the folder"):
        load(inner / "top.yaml")


def test_chapters_have_together_the_size_of_one_file(strait):
    write(strait, waters=WATERS + "#" * (MAX_BYTES // 2), actors=ACTORS + "#" * (MAX_BYTES // 2))
    with pytest.raises(ModelError) as error:
        load(strait)
    (problem,) = error.value.problems
    assert problem.message == "up to here, the chapters have more than 1,048,576 bytes or 50,000 values"
    assert (problem.file, problem.line, problem.column) == (str(strait / "model.yaml"), 3, 25)


def test_chapters_have_together_no_more_values_than_one_file(strait):
    many = "claims: [" + "1," * 26_000 + "]\n"
    write(strait, waters=WATERS + many, actors=ACTORS + many)
    with pytest.raises(ModelError, match="up to here, the chapters have more than"):
        load(strait)


def test_text_has_no_chapters():
    with pytest.raises(ModelError) as error:
        loads(CONTENTS)
    assert [p.message for p in error.value.problems] == [
        f"`{name}.yaml` cannot be found: this text stands in no folder"
        for name in ("waters", "actors", "sources")
    ]


def test_a_folder_for_a_chapter_is_no_file(strait):
    (strait / "sources.yaml").unlink()
    (strait / "sources.yaml").mkdir()
    with pytest.raises(ModelError, match=r"there is no file .*sources\.yaml"):
        load(strait)
