"""What every crisis has that comes with offramp."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from offramp.language.check import load
from offramp.language.files import bundled_names

DOCS = Path(__file__).parents[2] / "docs"


def test_every_bundled_crisis_has_a_page_that_the_index_links():
    pages = {page.stem for page in (DOCS / "crises").glob("*.md")}
    assert pages == set(bundled_names())
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [name for name in bundled_names() if f"(crises/{name}.md)" not in index] == []


@pytest.mark.parametrize("name", bundled_names())
def test_the_page_of_a_crisis_is_of_that_crisis(name):
    """Its title names it, and it says something."""
    page = (DOCS / "crises" / f"{name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {name}:")
    assert len(page.split()) > 150


@pytest.mark.parametrize("name", bundled_names())
def test_every_file_in_the_folder_of_a_crisis_is_one_of_its_chapters(name):
    folder = resources.files("offramp.crises") / name
    listed = {f.path.rsplit("/", 1)[-1] for f in load(name).files if f.own}
    assert listed == ({f.name for f in folder.iterdir()} if folder.is_dir() else {f"{name}.yaml"})


def test_a_chapter_is_short_enough_to_be_held_in_the_head():
    for name in bundled_names():
        own = [f for f in load(name).files if f.own]
        long = [f.file for f in own if f.text.count("\n") >= 350]
        assert long == [] or len(own) == 1
