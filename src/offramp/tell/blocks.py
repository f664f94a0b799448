"""Answers in blocks, which a terminal, a page, Markdown and a notebook each draw in their own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

# A specification of Vega-Lite.
Spec = dict[str, Any]

Kind = Literal["strong", "code", "small", "unbroken", "good", "bad", "open", "link"]


@dataclass(frozen=True)
class Span:
    """Words that stand out from those around them.

    Attributes
    ----------
    text : the words
    kind : how they stand out; `good`, `bad` and `open` are verdicts, `unbroken` stays on one line
    target : where a link leads; drawn as a link only if it is of http or https
    """

    text: str
    kind: Kind = "strong"
    target: str = ""


# Words, of which some may stand out.
Text = str | tuple[str | Span, ...]


def plain(text: Text) -> str:
    """Words without what makes some of them stand out."""
    return text if isinstance(text, str) else "".join(t if isinstance(t, str) else t.text for t in text)


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

    text: Text
    indent: int = 0
    hanging: bool = False
    small: bool = False


@dataclass(frozen=True)
class Bullets:
    """Sentences of equal weight, one below the other; `small` where a page sets them small."""

    lines: Sequence[Text]
    small: bool = False


@dataclass(frozen=True)
class Terms:
    """Short labels, each with what belongs to it.

    Attributes
    ----------
    room : how wide the labels are on a terminal
    indent : how far in from the margin, in steps
    """

    entries: Sequence[tuple[str, Text]]
    room: int = 14
    indent: int = 1


@dataclass(frozen=True)
class Code:
    """Lines to be typed, letter by letter."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows under heads; the first column names the rows, the others hold numbers.

    Attributes
    ----------
    heads : one a column; the first may be empty, or all of them
    rows : as many cells each
    folds : whether columns that do not fit beside each other may stand in several tables, names repeated
    narrow : what stands instead where there are fewer than 90 columns; None for the same
    numbers_from : position of the first column of numbers; those before it hold words
    prose : whether no column holds numbers; on a telephone a page makes an entry of each row
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[Text]]
    folds: bool = False
    narrow: Table | None = None
    numbers_from: int = 1
    prose: bool = False


@dataclass(frozen=True)
class Figure:
    """A chart with the sentence that says what it shows, and the numbers behind it. Terminals leave it out.

    A page folds the numbers away below the chart, so a table that follows with the same numbers, for those
    who see no chart, is left out there.

    Attributes
    ----------
    identity : unique among the charts of a question
    title : above it; empty for none
    sentence : what it shows
    wide, narrow : specifications, or SVG, for a screen and for a telephone; None where wide suits both
    table : the numbers
    name : what it is called for those who do not see it, where no title stands above it
    note : beside the title, such as a unit; empty for none
    more : a sentence below the first; empty for none
    """

    identity: str
    title: str
    sentence: str
    wide: Spec | str
    table: Table
    narrow: Spec | None = None
    name: str = ""
    note: str = ""
    more: str = ""


@dataclass(frozen=True)
class Grid:
    """Blocks that stand beside each other where there is room."""

    blocks: Sequence[Block]


@dataclass(frozen=True)
class Shades:
    """The key of a chart whose shades stand for shares: (what, how dark, 0 to 1). For pages only."""

    entries: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Fold:
    """Blocks that a page folds away behind a line; elsewhere they stand below it.

    Attributes
    ----------
    summary : the line
    heading : what stands above them elsewhere; None for the line itself, empty for nothing
    annex : whether it stays folded where a page is printed
    """

    summary: Text
    blocks: Sequence[Block]
    heading: str | None = None
    annex: bool = False


@dataclass(frozen=True)
class Gap:
    """Some air."""


@dataclass(frozen=True)
class PageOnly:
    """Blocks that a page and a document show and a terminal leaves out."""

    blocks: Sequence[Block]


@dataclass(frozen=True)
class TextOnly:
    """Blocks for a terminal and a document, where a page shows the same in another way."""

    blocks: Sequence[Block]


Block = (
    Heading | Paragraph | Bullets | Terms | Code | Table | Figure | Grid | Shades | Fold | Gap | PageOnly
    | TextOnly
)  # fmt: skip


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
    caveats : what would change our mind, a sentence each
    disputes : what the account of the crisis says and the answer contradicts, a sentence each
    """

    title: str
    head: Sequence[Block] = ()
    body: Sequence[Block] = ()
    sure: Sequence[Block] = ()
    section: str = ""
    short: Short | None = None
    caveats: Sequence[str] = field(default_factory=tuple)
    disputes: Sequence[str] = field(default_factory=tuple)
