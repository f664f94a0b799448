"""One word for one thing: the glossary, and names that mean the same wherever they stand."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import offramp
from documented import ROOT

PACKAGE = Path(offramp.__file__).parent
GLOSSARY = (ROOT / "docs/reference/glossary.md").read_text(encoding="utf-8")

# The two writings of the engine share names on purpose; a parameter or variable in a formula (`tree`) stands
# for the one of the model.
TWINS = {"Course", "Events", "Parameter", "Variable"}
# Words that were used for several things at once, and what is written instead.
RETIRED = {
    "told_apart": "distinguishable", "reckoned": "summarised", "lived": "replicates", "likest": "most_alike",
    "doubts": "caveats", "lettering": "text_metrics", "grounds_of": "sources", "desk": "scratch",
    "happenings": "events",
}  # fmt: skip


def trees():
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))


def identifiers(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield node.arg


def test_no_two_classes_share_a_name():
    found = defaultdict(set)
    for path, tree in trees():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                found[node.name].add(str(path))
    assert {n: p for n, p in found.items() if len(p) > 1 and n not in TWINS} == {}


def test_retired_words_name_nothing():
    wrong = {
        (str(path), name) for path, tree in trees() for name in identifiers(tree)
        for word in RETIRED if re.search(rf"(^|_){word}(_|$)", name)
    }  # fmt: skip
    assert wrong == set()


def test_a_picture_is_what_an_actor_supposes_and_what_is_drawn_is_a_chart():
    """The option `--picture` keeps its name for those who type it."""
    drawing = ("charts", "brief", "cli", "tell")
    wrong = {
        (str(path), name)
        for path, tree in trees()
        if path.parts[0] in drawing or path.name == "chart.py"
        for name in identifiers(tree)
        if "picture" in name.lower() and str(path) not in ("brief/sides.py", "brief/page.py")
    }
    assert {w for w in wrong if w[1] not in ("PICTURE", "picture")} == set()


def test_every_word_of_the_glossary_stands_there_once_and_is_used():
    words = re.findall(r"^\| \*\*([a-z ]+)\*\* \|", GLOSSARY, re.M)
    assert len(words) == len(set(words)) > 25
    pages = "\n".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "docs").rglob("*.md") if p.name != "glossary.md"
    )
    assert {w for w in words if w not in pages.lower()} == set()


def test_every_collection_of_the_model_file_is_in_the_glossary():
    """What a file can hold has a word that the glossary explains."""
    sections = ("variable", "parameter", "actor", "event", "ladder", "outcome", "policy", "claim", "evidence")
    assert {s for s in sections if f"**{s}**" not in GLOSSARY} == set()
