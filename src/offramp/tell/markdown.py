"""Blocks as Markdown, for documents and notebooks. Charts are left out; their numbers are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from offramp.tell.blocks import (
    Block,
    Bullets,
    Code,
    Figure,
    Fold,
    Grid,
    Heading,
    PageOnly,
    Paragraph,
    Span,
    Table,
    Telling,
    Terms,
    Text,
    TextOnly,
)
from offramp.tell.terminal import cleaned

# What Markdown would read as a mark wherever it stands, and what only where a line begins.
_MARKS = re.compile(r"([\\`*_\[\]<>|#&~])")
_FIRST = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
# What would end an address.
_OF_ADDRESS = {ord(c): f"%{ord(c):02X}" for c in " ()<>\\\"'\n"}

_DEEPEST = 6


def text_of(
    telling: Telling, again: str = "", by: str = "", level: int = 2, notes: Sequence[str] = ()
) -> str:
    """A whole answer as Markdown.

    Parameters
    ----------
    again : the command that asks again; empty for none
    by : which version and model gave it; empty for none
    level : of its title
    notes : what is odd about the settings, below what a reader in a hurry needs
    """
    below = [Paragraph(note) for note in notes]
    sure: list[Block] = [Fold("How sure", telling.sure)] if telling.sure else []
    parts = [_heading(telling.title, level), draw((*telling.head, *below, *telling.body, *sure), level + 1)]
    parts += [f"Again:\n\n{_code([again])}"] if again else []
    parts += [_escaped_line(by)] if by else []
    return "\n\n".join(p for p in parts if p) + "\n"


def draw(blocks: Iterable[Block], level: int = 3) -> str:
    """Blocks as Markdown; `level` is that of headings."""
    found, drawn = [], []
    for block in blocks:
        if isinstance(block, Figure):
            drawn.append(block.table)
        elif block in drawn:
            continue  # it stands below the sentence of the chart
        found.append(_block(block, level))
    return "\n\n".join(f for f in found if f)


def escaped(text: str) -> str:
    """Text in which nothing is a mark of Markdown.

    >>> print(escaped("a_b | c"))
    a\\_b \\| c
    """
    return _MARKS.sub(r"\\\1", cleaned(text).replace("\n", " "))


def _escaped_line(text: Text) -> str:
    """Words at the beginning of a line, where a dash or a number would make a list of them."""
    return _FIRST.sub(lambda m: f"{m[1]}{_marked(m[2])}", _words(text))


def _marked(first: str) -> str:
    return f"{first}\\" if first.isdigit() else f"\\{first}"


def _term(label: str, text: Text) -> str:
    """One entry; one without a label belongs to the label above it."""
    return f"- **{escaped(label)}**: {_words(text)}" if label else f"  - {_words(text)}"


def _block(block: Block, level: int) -> str:
    match block:
        case Heading(text):
            return _heading(text, level)
        case Paragraph(text):
            return _escaped_line(text)
        case Bullets(lines):
            return "\n".join(f"- {_escaped_line(line)}" for line in lines)
        case Terms(entries):
            return "\n".join(_term(label, text) for label, text in entries)
        case Code(lines):
            return _code(lines)
        case Table():
            return _table(block)
        case Figure():
            return f"{_escaped_line(f'{block.sentence} {block.more}'.strip())}\n\n{_table(block.table)}"
        case Grid(inside) | PageOnly(inside) | TextOnly(inside) | Fold(_, inside, ""):
            return draw(inside, level)
        case Fold(summary, inside, heading):
            return f"{_heading(heading or summary, level)}\n\n{draw(inside, level + 1)}"
        case _:
            return ""


def _heading(text: Text, level: int) -> str:
    return f"{'#' * min(level, _DEEPEST)} {_words(text)}"


def _code(lines: Sequence[str]) -> str:
    """Lines between fences longer than any that stands in them."""
    inside = "\n".join(cleaned(line) for line in lines)
    longest = max((len(run) for run in re.findall("`+", inside)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{inside}\n{fence}"


def _table(table: Table) -> str:
    right = len(table.heads) if table.prose else table.numbers_from
    rules = ["---" if i < right else "---:" for i in range(len(table.heads))]
    return "\n".join(_row(cells) for cells in (map(escaped, table.heads), rules, *_rows(table)))


def _rows(table: Table) -> list[list[str]]:
    return [[_words(cell) for cell in row] for row in table.rows]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(text: Text) -> str:
    if isinstance(text, str):
        return escaped(text)
    return "".join(_span(t) if isinstance(t, Span) else escaped(t) for t in text)


def _span(span: Span) -> str:
    text = escaped(span.text)
    if not text.strip():
        return text
    if span.kind == "link" and span.target.startswith(("https://", "http://")):
        return f"[{text}]({cleaned(span.target).translate(_OF_ADDRESS)})"
    return f"**{text}**" if span.kind in ("strong", "good", "bad", "open") else text
