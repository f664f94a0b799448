"""What a brief is made of: sections, each of a title and blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from offramp.tell.blocks import Block, Figure, Spec, Table


@dataclass(frozen=True)
class Section:
    """A part of a brief.

    Attributes
    ----------
    order : where it stands, smallest first
    identity : unique in the page; a link may lead there
    label : in the list of contents
    title : above it
    blocks : what it says
    prefix : before the identities of its charts
    """

    order: int
    identity: str
    label: str
    title: str
    blocks: Sequence[Block]
    prefix: str = ""


def figure(
    identity: str,
    title: str,
    sentence: str,
    table: tuple[Sequence[str], Iterable[Sequence[str]]],
    wide: Spec,
    narrow: Spec | None = None,
    heading: bool = False,
    note: str = "",
    numbers_from: int = 1,
) -> Figure:
    """A chart of a brief; `table` is heads and rows, `heading` whether its title stands above it."""
    heads, rows = table
    numbers = Table(heads, list(rows), numbers_from=numbers_from)
    above = title if heading else ""
    return Figure(identity, above, sentence, wide, numbers, narrow, name=title, note=note)
