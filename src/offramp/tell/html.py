"""Blocks as HTML: fragments for a page or a notebook. Everything from a model is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from offramp.charts.canvas import printable
from offramp.charts.render import inline
from offramp.tell.blocks import (
    Block,
    Bullets,
    Figure,
    Fold,
    Gap,
    Heading,
    PageOnly,
    Paragraph,
    Spec,
    Table,
    Telling,
    Terms,
)

_NUMBER = ' class="n"'


def draw(blocks: Iterable[Block], level: int = 3, prefix: str = "") -> Markup:
    """Blocks as HTML.

    Parameters
    ----------
    level : of headings, 2 to 6
    prefix : before the identities of charts, so that they are unique in the page
    """
    return Markup("\n").join(_block(b, level, prefix) for b in blocks if not isinstance(b, Gap))


def section(telling: Telling, level: int = 2, prefix: str = "") -> Markup:
    """A whole answer: its title, what it says and how sure it is."""
    title = _element(f"h{level}", telling.section or telling.title)
    body = draw((*telling.head, *telling.body), level + 1, prefix)
    sure = draw(telling.sure, level + 1, prefix)
    return Markup("\n").join([title, body, fold("How sure", sure) if sure else Markup("")])


def fold(summary: str, inside: Markup) -> Markup:
    """HTML behind a line that opens it."""
    pattern = Markup('<details class="fold"><summary>{}</summary>\n{}\n</details>')
    return pattern.format(_words(summary), inside)


def table(block: Table, numeric_from: int = 1) -> Markup:
    """A table; cells from a column on are numbers."""
    heads = _cells(block.heads, numeric_from, 'th scope="col"', "th")
    rows = Markup("\n").join(
        Markup("<tr>{}{}</tr>").format(
            Markup('<th scope="row">{}</th>').format(_words(row[0])),
            _cells(row[1:], numeric_from - 1, "td", "td"),
        )
        for row in block.rows
    )
    return Markup(
        '<div class="scroll"><table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody></table></div>'
    ).format(heads, rows)


def _cells(cells: Sequence[str], numeric_from: int, start: str, end: str) -> Markup:
    return Markup("").join(
        Markup(f"<{start}{_NUMBER * (i >= numeric_from)}>{{}}</{end}>").format(_words(cell))
        for i, cell in enumerate(cells)
    )


def _block(block: Block, level: int, prefix: str) -> Markup:
    match block:
        case Heading(text):
            return _element(f"h{min(level, 6)}", text)
        case Paragraph(text, _, _, small):
            return Markup('<p class="small">{}</p>' if small else "<p>{}</p>").format(_words(text))
        case Bullets(lines):
            return Markup("<ul>\n{}\n</ul>").format(Markup("\n").join(_element("li", line) for line in lines))
        case Terms(entries):
            rows = (Markup("{}{}").format(_element("dt", t), _element("dd", d)) for t, d in entries)
            return Markup("<dl>\n{}\n</dl>").format(Markup("\n").join(rows))
        case Table():
            return table(block)
        case Figure():
            return _figure(block, prefix)
        case Fold(summary, inside):
            return fold(summary, draw(inside, level + 1, prefix))
        case PageOnly(inside):
            return draw(inside, level, prefix)
        case _:
            return Markup("")


def _figure(figure: Figure, prefix: str) -> Markup:
    identity = f"{prefix}{figure.identity}"
    title = _element("h4", figure.title) if figure.title else Markup("")
    return Markup(
        '<figure id="{}">\n{}{}\n<figcaption>{}</figcaption>\n'
        '<details class="numbers"><summary>The numbers</summary>\n{}\n</details>\n</figure>'
    ).format(identity, title, _drawings(figure, identity), _words(figure.sentence), table(figure.table))


def _drawings(figure: Figure, identity: str) -> Markup:
    if isinstance(figure.wide, str):
        return Markup(figure.wide)
    sizes: list[tuple[Spec, str, str]] = [(figure.wide, identity, "half")]
    if figure.narrow is not None:
        sizes = [(figure.wide, f"{identity}-w", "wide"), (figure.narrow, f"{identity}-n", "narrow")]
    return Markup("\n").join(
        Markup(inline(spec, name, figure.title, figure.sentence, size)) for spec, name, size in sizes
    )


def _element(name: str, text: str) -> Markup:
    return Markup(f"<{name}>{{}}</{name}>").format(_words(text))


def _words(text: str) -> Markup:
    """Text as it may stand in a page: without characters that a reader cannot see, and escaped."""
    return escape(printable(text))
