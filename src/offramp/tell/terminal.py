"""Plain text for a terminal: headings, paragraphs and tables that fit a width."""

from __future__ import annotations

import os
import re
import shutil
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TextIO

import click

from offramp.tell.blocks import (
    Block,
    Bullets,
    Code,
    Fold,
    Gap,
    Grid,
    Heading,
    Paragraph,
    Table,
    Telling,
    Terms,
    TextOnly,
    plain,
)

WIDEST = 100
NARROWEST = 60
_NAME = 12  # columns that the names of rows get at least
_HEAD = 18  # columns of a head of a table that is broken into lines

# Letters that a model file may hold but a terminal would obey: everything that steers a cursor or a line.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def cleaned(text: str) -> str:
    """Text from a model without control characters; a model of a stranger must not steer the terminal.

    >>> cleaned("war\\x1b[2J")
    'war?[2J'
    """
    return _CONTROL.sub("?", text.replace("\t", " "))


def wants_colour(stream: TextIO) -> bool:
    """Whether to mark text: only for people at a terminal, and not where NO_COLOR asks for none."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns to fill: those of the terminal (or COLUMNS), within reason; 100 where there is none."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns))


def columns_of(text: str) -> int:
    """Columns that text takes in a terminal: ideographs take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def padded(text: str, columns: int, right: bool = False) -> str:
    """Text filled with spaces to a number of columns."""
    space = " " * max(0, columns - columns_of(text))
    return space + text if right else text + space


def wrapped(text: str, columns: int, indent: str = "", hanging: str = "", whole: bool = False) -> list[str]:
    """A paragraph in lines of at most so many columns; `hanging` indents all but the first.

    A word longer than a line is broken, unless words are to stay `whole`, as paths in a command must.
    """
    return textwrap.wrap(
        text,
        columns,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=not whole,
        break_on_hyphens=False,
    ) or [indent.rstrip()]


def head_width(text: str) -> int:
    """Columns that the head of a column gets: enough for its longest word, and lines of a good length."""
    words = text.split(" ")
    return min(columns_of(text), max(_HEAD, *(columns_of(word) for word in words)))


_NAMES = 28  # columns that names have at least, where tables are cut to fit


def _beside(columns: list[list[str]], room: int) -> list[list[list[str]]]:
    """Columns in groups that fit into what the names at the left leave."""
    groups: list[list[list[str]]] = []
    left = 0
    for column in columns:
        wide = max(head_width(column[0]), *(columns_of(cell) for cell in column[1:]), 0) + 2
        if not groups or wide > left:
            groups.append([])
            left = room - 2
        groups[-1].append(column)
        left -= wide
    return groups


class TextPage:
    """Lines to print. Everything put on it may come from a model, so all of it is cleaned."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._lines: list[tuple[str, bool]] = []

    def heading(self, text: str) -> None:
        """A line of its own after an empty one; bold where that can be."""
        if self._lines:
            self.gap()
        self._lines += [(line, True) for line in wrapped(cleaned(text), self.columns)]

    def gap(self) -> None:
        """An empty line, unless there is one."""
        if self._lines and self._lines[-1][0]:
            self._lines.append(("", False))

    def paragraph(self, text: str, indent: str = "", hanging: str = "") -> None:
        """Text broken at the width."""
        self._lines += [(line, False) for line in wrapped(cleaned(text), self.columns, indent, hanging)]

    def command(self, lead: str, text: str) -> None:
        """What to type, broken between its words only: half a path is none."""
        lines = wrapped(cleaned(lead + text), self.columns, "", " " * len(lead), whole=True)
        self._lines += [(line, False) for line in lines]

    def entry(self, label: str, text: str, indent: str = "  ", room: int = 14) -> None:
        """A label and what belongs to it, the second in a column of its own."""
        lead = indent + padded(cleaned(label), room) + " "
        if columns_of(lead) > len(indent) + room + 1:
            self.paragraph(label, indent)
            lead = indent + " " * (room + 1)
        lines = wrapped(cleaned(text), max(20, self.columns - columns_of(lead))) if text else [""]
        self._lines.append(((lead + lines[0]).rstrip(), False))
        self._lines += [(" " * columns_of(lead) + line, False) for line in lines[1:]]

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "  ", folds: bool = False
    ) -> None:
        """A table, in several below each other where it `folds` and is too wide."""
        if not folds:
            self._table(head, rows, indent)
            return
        columns = [[head[i], *(row[i] for row in rows)] for i in range(1, len(head))]
        names = max((columns_of(row[0]) for row in rows), default=0)
        for number, group in enumerate(_beside(columns, self.columns - min(_NAMES, names))):
            if number:
                self.gap()
            self._table(
                [head[0], *(column[0] for column in group)],
                [[row[0], *(column[i + 1] for column in group)] for i, row in enumerate(rows)],
                indent,
            )

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]], indent: str) -> None:
        """A table: the first column to the left and broken where it must be, the others to the right.

        Heads that are wider than what stands below them are broken into lines. In a terminal too narrow for
        names and numbers beside each other, names stand above; where it is too narrow for the numbers, each
        of them stands on a line of its own behind its head.
        """
        grid = [[cleaned(c) for c in row] for row in (head, *rows)]
        body = [max((columns_of(row[i]) for row in grid[1:]), default=0) for i in range(1, len(head))]
        heads = [
            wrapped(text, max(1, wide, head_width(text)))
            for text, wide in zip(grid[0][1:], body, strict=True)
        ]
        widths = [
            max(wide, *(columns_of(line) for line in lines)) for lines, wide in zip(heads, body, strict=True)
        ]
        room = self.columns - len(indent) - sum(w + 2 for w in widths)
        if room < 0:
            self._stacked(grid, indent)
            return
        longest = max(columns_of(row[0]) for row in grid)
        # Where the terminal is too narrow for both, each name stands on a line of its own above its numbers.
        apart = room < _NAME and longest > room
        first = room if apart else min(room, max(_NAME, longest))
        self._heads(heads, widths, indent + " " * first)
        grid[0] = [grid[0][0], *(lines[-1] for lines in heads)]
        for row in grid:
            cells = "".join("  " + padded(c, w, right=True) for c, w in zip(row[1:], widths, strict=True))
            self._row(row[0], cells, first, indent, apart)

    def _heads(self, heads: Sequence[list[str]], widths: Sequence[int], lead: str) -> None:
        """All lines of the heads of columns but the last, which stands in line with the first column's."""
        tall = max((len(lines) for lines in heads), default=1)
        for i in range(tall - 1):
            at = [i - (tall - len(lines)) for lines in heads]
            texts = [lines[k] if k >= 0 else "" for lines, k in zip(heads, at, strict=True)]
            cells = "".join("  " + padded(c, w, right=True) for c, w in zip(texts, widths, strict=True))
            self._lines.append(((lead + cells).rstrip(), False))

    def _row(self, name: str, cells: str, first: int, indent: str, apart: bool) -> None:
        """One row; with the name above the numbers where both do not fit beside each other."""
        if apart:
            above = wrapped(name, self.columns - len(indent), hanging="  ") if name else []
            self._lines += [((indent + line).rstrip(), False) for line in above]
            self._lines.append(((indent + " " * first + cells).rstrip(), False))
            return
        lines = wrapped(name, first, hanging="  ")
        self._lines += [(indent + line, False) for line in lines[:-1]]
        self._lines.append(((indent + padded(lines[-1], first) + cells).rstrip(), False))

    def _stacked(self, grid: Sequence[Sequence[str]], indent: str) -> None:
        """A table row by row: the name, and below it each head with its number to the right."""
        wide = self.columns - len(indent) - 2
        for row in grid[1:]:
            self.paragraph(row[0], indent, "  ")
            for head, cell in zip(grid[0][1:], row[1:], strict=True):
                free = wide - columns_of(head)
                if not cell:
                    continue
                if columns_of(cell) < free:
                    self._lines.append((indent + "  " + head + padded(cell, free, right=True), False))
                else:
                    self.paragraph(f"{head} {cell}", indent + "  ", "  ")

    def text(self, colour: bool = False) -> str:
        """All lines; with `colour` headings are marked."""
        lines = (click.style(line, bold=True) if bold and colour else line for line, bold in self._lines)
        # Unbreakable spaces have done their work; what is copied from a terminal should have none.
        return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


_STEP = "  "
_WIDE = 90  # columns from which on a table is drawn as it is, and not as its narrow form


def draw(blocks: Iterable[Block], page: TextPage) -> None:
    """Put blocks on a page; charts, and what is for a page only, are left out."""
    for block in blocks:
        match block:
            case Heading(text):
                page.heading(text)
            case Paragraph(text, indent, hanging):
                page.paragraph(plain(text), _STEP * indent, _STEP if hanging else "")
            case Bullets(lines):
                for line in lines:
                    page.paragraph(f"- {plain(line)}", _STEP, _STEP)
            case Terms(entries, room, indent):
                for label, text in entries:
                    page.entry(label, plain(text), _STEP * indent, room)
            case Code(lines):
                for line in lines:
                    page.paragraph(line, _STEP, _STEP)
            case Table():
                shown = block.narrow if block.narrow is not None and page.columns < _WIDE else block
                rows = [[plain(cell) for cell in row] for row in shown.rows]
                page.table(shown.heads, rows, folds=shown.folds)
            case Grid(inside) | TextOnly(inside) | Fold(_, inside, ""):
                draw(inside, page)
            case Fold(summary, inside, heading):
                page.heading(heading or plain(summary))
                draw(inside, page)
            case Gap():
                page.gap()


def text_of(
    telling: Telling, again: str, by: str, columns: int, colour: bool = False, notes: Sequence[str] = ()
) -> str:
    """An answer as text.

    Parameters
    ----------
    telling : the answer in words
    again : the command that asks again
    by : which version and model gave it
    columns : to fill
    colour : mark headings
    notes : what is odd about the settings, said before the rest
    """
    page = TextPage(columns)
    page.heading(telling.title)
    draw(telling.head, page)
    for note in notes:
        page.paragraph(note)
    draw(telling.body, page)
    if telling.sure:
        page.heading("How sure")
        draw(telling.sure, page)
    page.gap()
    page.command("Again: ", again)
    page.paragraph(by)
    return page.text(colour)
