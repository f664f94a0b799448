"""Answers in blocks, which a terminal, a page, Markdown and a notebook each draw in their own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# A specification of Vega-Lite.
Spec = dict[str, Any]


@dataclass(frozen=True)
class Heading:
    """The title of what follows."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Sentences.

    Attributes
    ----------
    indent : how far in from the margin, in steps
    hanging : whether all lines but the first are one step further in
    small : whether a page sets it small
    """

    text: str
    indent: int = 0
    hanging: bool = False
    small: bool = False


@dataclass(frozen=True)
class Bullets:
    """Sentences of equal weight, one below the other."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Terms:
    """Short labels, each with what belongs to it.

    Attributes
    ----------
    room : how wide the labels are on a terminal
    indent : how far in from the margin, in steps
    """

    entries: Sequence[tuple[str, str]]
    room: int = 14
    indent: int = 1


@dataclass(frozen=True)
class Table:
    """Rows under heads; the first column names the rows, the others hold numbers.

    Attributes
    ----------
    heads : one a column; the first may be empty
    rows : as many cells each
    folds : whether columns that do not fit beside each other may stand in several tables, names repeated
    narrow : what stands instead where there are fewer than 90 columns; None for the same
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    folds: bool = False
    narrow: Table | None = None


@dataclass(frozen=True)
class Figure:
    """A chart with the sentence that says what it shows, and the numbers behind it. Terminals leave it out.

    Attributes
    ----------
    identity : unique among the charts of a question
    title : above it; empty for none
    sentence : what it shows
    wide, narrow : specifications, or SVG, for a screen and for a telephone; None where wide suits both
    table : the numbers
    """

    identity: str
    title: str
    sentence: str
    wide: Spec | str
    table: Table
    narrow: Spec | None = None


@dataclass(frozen=True)
class Fold:
    """Blocks that a page folds away behind a line; elsewhere they stand below it."""

    summary: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Gap:
    """Some air."""


@dataclass(frozen=True)
class PageOnly:
    """Blocks that a page and a document show and a terminal leaves out."""

    blocks: Sequence[Block]


Block = Heading | Paragraph | Bullets | Terms | Table | Figure | Fold | Gap | PageOnly


@dataclass(frozen=True)
class Short:
    """What a brief's first page says of an answer: a heading, a few lines, and what these were counted in."""

    heading: str
    lines: Sequence[str]
    counted: str = ""


@dataclass(frozen=True)
class Telling:
    """An answer in words.

    Attributes
    ----------
    title : of what was asked about
    head : what a reader in a hurry needs
    body : the rest
    sure : how sure it is: what intervals hold, how it was measured
    section : the title of its part of a brief; empty where it has none there
    short : what the first page of a brief says of it
    caveats : what would change the picture, a sentence each
    """

    title: str
    head: Sequence[Block] = ()
    body: Sequence[Block] = ()
    sure: Sequence[Block] = ()
    section: str = ""
    short: Short | None = None
    caveats: Sequence[str] = field(default_factory=tuple)
