"""The two writings of the meaning stand side by side, as docs/explanation/engine.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "src/offramp/engine"


@pytest.fixture(scope="module")
def rows() -> list[tuple[list[str], list[str]]]:
    """Modules of `plain` and of `compiled`, row by row of the table."""
    page = (ROOT / "docs/explanation/engine.md").read_text(encoding="utf-8")
    table = page.split("| `plain` | `compiled` |")[1].split("\n\n")[0].splitlines()[2:]
    cells = [line.split("|")[1:3] for line in table]
    return [tuple(re.findall(r"`(\w+)`", cell) for cell in line) for line in cells]


@pytest.mark.parametrize(("column", "folder"), [(0, "plain"), (1, "compiled")])
def test_the_table_of_twins_names_each_module_once(rows, column, folder):
    named = [name for row in rows for name in row[column]]
    assert sorted(named) == sorted(p.stem for p in (ENGINE / folder).glob("*.py") if p.stem != "__init__")


def test_modules_of_one_name_are_twins(rows):
    both = {name for row in rows for name in row[0]} & {name for row in rows for name in row[1]}
    assert both >= {"course", "ladder", "imagined"}
    for name in both:
        assert [name in plain for plain, _ in rows] == [name in compiled for _, compiled in rows]


def test_everything_that_a_run_means_is_written_twice(rows):
    """What is plain alone looks at a run; what is compiled alone is machinery or luck."""
    assert [plain for plain, compiled in rows if not compiled] == [["replay"]]
    alone = {name for plain, compiled in rows if not plain for name in compiled}
    assert alone == {"luck", "values", "ir", "memory", "writing", "jit", "cache"}


def test_the_plain_writing_knows_nothing_of_the_compiled_one():
    for path in (ENGINE / "plain").glob("*.py"):
        assert "offramp.engine.compiled" not in path.read_text(encoding="utf-8"), path.name
