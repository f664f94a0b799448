"""Pages of the documentation, read so that tests can do what they say.

Conventions, described in CONTRIBUTING.md: in fenced blocks tagged `console` lines that begin with `$ `
are commands, run one after another in a folder of the page's own; `console error=N` says with which exit
code they end. Blocks tagged `python` run in the same folder, one after another. Blocks tagged `diff` are
edits to the file named in their first line, those tagged `csv` or `yaml` with a name are files. To keep
tests quick, commands that simulate do so with few runs, and Python with few scenarios.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FEW = 60

_BLOCK = re.compile(r"^```(?P<tag>\w+)?(?P<options>[^\n]*)\n(?P<body>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: what it is, its options, its text, and the line on which it begins."""

    tag: str
    options: str
    body: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(m["tag"] or "", m["options"].strip(), m["body"], text[: m.start()].count("\n") + 1)
        for m in _BLOCK.finditer(text)
    ]


def commands(block: Block) -> list[tuple[str, str]]:
    """The commands in a `console` block, each with the output shown below it."""
    parts = re.split(r"^\$ (.*)\n", block.body, flags=re.M)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def quick(words: list[str]) -> list[str]:
    """The words of a command with few runs where it simulates."""
    if words[1] == "story" and "--thoughts" not in words:
        return [*words, "--thoughts", "1"]  # each takes the plain engine a second
    if words[1] not in ("run", "brief", "compare", "claims", "misreadings"):
        return words
    if words[1] == "brief":
        words = [*words, "--bare"]  # the questions of a brief have tests of their own
    if words[1] in ("compare", "claims") and "--worlds" not in words:
        words = [*words, "--worlds", "10"]  # each lived through ten times
    if "--runs" in words:
        at = words.index("--runs") + 1
        return [*words[:at], str(min(int(words[at]), FEW)), *words[at + 1 :]]
    return [*words, "--runs", str(FEW)]


def quick_python(code: str) -> str:
    """Python with at most `FEW` scenarios where it says how many."""
    return re.sub(r"\bscenarios=([\d_]+)", lambda m: f"scenarios={min(int(m[1]), FEW)}", code)


def edited(text: str, diff: str) -> str:
    """A text with the edit of a `diff` block: its lines are found once and replaced."""
    lines = diff.splitlines()[1:]
    before = "".join(line[1:] + "\n" for line in lines if not line.startswith("+"))
    after = "".join(line[1:] + "\n" for line in lines if not line.startswith("-"))
    assert text.count(before) == 1, f"found {text.count(before)} times:\n{before}"
    return text.replace(before, after)
