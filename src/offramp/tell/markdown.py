"""Blocks as Markdown, for documents and notebooks. Charts are left out; their numbers are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from offramp.tell.blocks import (
    Block,
    Bullets,
    Figure,
    Fold,
    Gap,
    Heading,
    PageOnly,
    Paragraph,
    Table,
    Telling,
    Terms,
)
from offramp.tell.terminal import cleaned

# What Markdown would read as a mark.
_MARKS = re.compile(r"([\\`*_\[\]<>|#])")


def text_of(telling: Telling, again: str = "", level: int = 2) -> str:
    """A whole answer as Markdown.

    Parameters
    ----------
    again : the command that asks again; empty for none
    level : of its title
    """
    parts = [f"{'#' * level} {escaped(telling.title)}", draw((*telling.head, *telling.body), level + 1)]
    if telling.sure:
        parts += [f"{'#' * (level + 1)} How sure", draw(telling.sure, level + 1)]
    if again:
        parts.append(f"Again: `{again}`")
    return "\n\n".join(parts) + "\n"


def draw(blocks: Iterable[Block], level: int = 3) -> str:
    """Blocks as Markdown; `level` is that of headings."""
    return "\n\n".join(_block(b, level) for b in blocks if not isinstance(b, Gap))


def escaped(text: str) -> str:
    """Text in which nothing is a mark of Markdown.

    >>> escaped("a_b | c")
    'a\\\\_b \\\\| c'
    """
    return _MARKS.sub(r"\\\1", cleaned(text))


def _block(block: Block, level: int) -> str:
    match block:
        case Heading(text):
            return f"{'#' * level} {escaped(text)}"
        case Paragraph(text):
            return escaped(text)
        case Bullets(lines):
            return "\n".join(f"- {escaped(line)}" for line in lines)
        case Terms(entries):
            return "\n".join(f"- **{escaped(label)}**: {escaped(text)}" for label, text in entries)
        case Table():
            return _table(block)
        case Figure():
            return f"{escaped(block.sentence)}\n\n{_table(block.table)}"
        case Fold(summary, inside):
            return f"{'#' * level} {escaped(summary)}\n\n{draw(inside, level + 1)}"
        case PageOnly(inside):
            return draw(inside, level)
        case _:
            return ""


def _table(table: Table) -> str:
    rules = ["---", *["---:"] * (len(table.heads) - 1)]
    return "\n".join(_row(cells) for cells in ([escaped(h) for h in table.heads], rules, *_rows(table)))


def _rows(table: Table) -> list[list[str]]:
    return [[escaped(cell) for cell in row] for row in table.rows]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
