"""Blocks as HTML: fragments for a page or a notebook. Everything from a model is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from offramp.charts.canvas import printable
from offramp.charts.render import inline
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
    Shades,
    Span,
    Table,
    Telling,
    Terms,
    Text,
)

_DEEPEST = 6  # level of headings in HTML


@dataclass(frozen=True)
class _Place:
    """Where blocks stand: level of headings, what identities begin with, whether on telephones too."""

    level: int
    prefix: str
    narrow: bool

    @property
    def below(self) -> _Place:
        return _Place(self.level + 1, self.prefix, self.narrow)


def draw(blocks: Iterable[Block], level: int = 3, prefix: str = "", narrow: bool = True) -> Markup:
    """Blocks as HTML.

    Parameters
    ----------
    level : of headings, 2 to 6; below 6 they stay at 6
    prefix : before the identities of charts, so that they are unique in the page
    narrow : whether charts have a second drawing for telephones, which a style sheet must hide elsewhere
    """
    return _draw(blocks, _Place(level, prefix, narrow))


def section(telling: Telling, level: int = 2, prefix: str = "", narrow: bool = True) -> Markup:
    """A whole answer: its title, what it says and how sure it is."""
    title = _element(f"h{level}", telling.section or telling.title)
    return Markup("\n").join([title, body(telling, level + 1, prefix, narrow)])


def body(telling: Telling, level: int = 3, prefix: str = "", narrow: bool = True) -> Markup:
    """What an answer says, without its title; how sure it is stands folded at the end."""
    folded = [Fold("How sure", telling.sure)] if telling.sure else []
    return draw((*telling.head, *telling.body, *folded), level, prefix, narrow)


def table(block: Table) -> Markup:
    """A table; where it is wider than the page, it scrolls."""
    numbers_from = len(block.heads) if block.prose else block.numbers_from
    rows = Markup("\n").join(_row(block, row, numbers_from) for row in block.rows)
    if any(block.heads):
        heads = Markup("").join(
            Markup('<th scope="col"{}>{}</th>').format(_number(i, numbers_from), words(head))
            for i, head in enumerate(block.heads)
        )
        rows = Markup("<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>").format(heads, rows)
    if block.prose:
        return Markup('<table class="prose">\n{}</table>').format(rows)
    return Markup('<div class="scroll"><table>\n{}</table></div>').format(rows)


def _row(block: Table, row: Sequence[Text], numbers_from: int) -> Markup:
    cells = [
        Markup("<td{}{}>{}</td>").format(
            _number(i, numbers_from),
            Markup(' data-head="{}"').format(words(block.heads[i])) if block.prose else "",
            words(cell),
        )
        for i, cell in enumerate(row[1:], 1)
    ]
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(words(row[0]), Markup("").join(cells))


def _number(column: int, numbers_from: int) -> Markup:
    return Markup(' class="n"' if column >= numbers_from else "")


def _draw(blocks: Iterable[Block], place: _Place) -> Markup:
    found, drawn = [], []
    inside = place  # of what stands below a heading
    for block in blocks:
        if isinstance(block, Figure):
            drawn.append(block.table)
        elif block in drawn:
            continue  # its numbers are folded away below the chart
        if isinstance(block, Heading):
            found.append(_block(block, place))
            inside = place.below
        else:
            found.append(_block(block, inside))
    return Markup("\n").join(f for f in found if f)


def _block(block: Block, place: _Place) -> Markup:
    match block:
        case Heading(text):
            return _element(f"h{min(place.level, _DEEPEST)}", text)
        case Paragraph():
            return _paragraph(block)
        case Bullets(lines, small):
            items = Markup("\n").join(_element("li", line) for line in lines)
            return Markup("<ul{}>\n{}\n</ul>").format(Markup(' class="dense"' if small else ""), items)
        case Terms(entries):
            rows = (Markup("{}\n{}").format(_element("dt", t), _element("dd", d)) for t, d in entries)
            return Markup("<dl>\n{}\n</dl>").format(Markup("\n").join(rows))
        case Code(lines):
            return Markup("<pre>{}</pre>").format(Markup("\n").join(map(_typed, lines)))
        case Table():
            return table(block)
        case Figure():
            return _figure(block, place)
        case PageOnly(inside):
            return _draw(inside, place)
        case Grid(inside):
            return Markup('<div class="grid">\n{}\n</div>').format(_draw(inside, place))
        case Shades(entries):
            return _shades(entries)
        case Fold(summary, inside):
            kind = "fold annex" if block.annex else "fold"
            pattern = Markup('<details class="{}"><summary>{}</summary>\n{}\n</details>')
            return pattern.format(kind, words(summary), _draw(inside, place))
        case _:
            return Markup("")


def _typed(line: str) -> Markup:
    """A line to be typed, broken between words only: `--policy` is no `-` with something on the next line."""
    return Markup(" ").join(Markup("<span>{}</span>").format(word) for word in printable(line).split(" "))


def _paragraph(block: Paragraph) -> Markup:
    classes = " ".join(name for name, there in (("small", block.small), ("in", block.indent > 1)) if there)
    return Markup("<p{}>{}</p>").format(
        Markup(' class="{}"').format(classes) if classes else "", words(block.text)
    )


def _shades(entries: Sequence[tuple[str, float]]) -> Markup:
    pattern = Markup('<li><i style="opacity: {}"></i>{}</li>')
    return Markup('<ul class="key">{}</ul>').format(
        Markup("").join(pattern.format(f"{shade:g}", words(what)) for what, shade in entries)
    )


def _figure(figure: Figure, place: _Place) -> Markup:
    identity = f"{place.prefix}{figure.identity}"
    parts = [
        Markup('<figure id="{}">').format(identity),
        _above(figure, place.level),
        *_drawings(figure, identity, place.narrow),
        _element("figcaption", f"{figure.sentence} {figure.more}".strip()),
        Markup('<details class="numbers"><summary>The numbers</summary>'),
        table(figure.table),
        Markup("</details>\n</figure>"),
    ]
    return Markup("\n").join(p for p in parts if p)


def _above(figure: Figure, level: int) -> Markup:
    note = words(figure.note)
    if not figure.title:
        return Markup('<p class="unit">{}</p>').format(note) if note else Markup("")
    beside = Markup(' <span class="unit">{}</span>').format(note) if note else Markup("")
    tag = Markup(f"h{min(level, _DEEPEST)}")
    return Markup("<{}>{}{}</{}>").format(tag, words(figure.title), beside, tag)


def _drawings(figure: Figure, identity: str, narrow: bool) -> list[Markup]:
    if isinstance(figure.wide, str):
        return [Markup(figure.wide)]
    title = figure.title or figure.name or figure.sentence
    sizes = [(figure.wide, identity, "half")]
    if narrow and figure.narrow is not None:
        sizes = [(figure.wide, f"{identity}-w", "wide"), (figure.narrow, f"{identity}-n", "narrow")]
    return [Markup(inline(spec, name, title, figure.sentence, size)) for spec, name, size in sizes]


def _element(name: str, text: Text) -> Markup:
    return Markup(f"<{name}>{{}}</{name}>").format(words(text))


def words(text: Text) -> Markup:
    """Words as they may stand in a page: without characters that a reader cannot see, and escaped."""
    if isinstance(text, str):
        return escape(printable(text))
    return Markup("").join(_span(t) if isinstance(t, Span) else words(t) for t in text)


_ELEMENTS = {
    "strong": Markup("<strong>{}</strong>"),
    "code": Markup("<code>{}</code>"),
    "small": Markup('<span class="small">{}</span>'),
    "unbroken": Markup('<span class="unbroken">{}</span>'),
    "good": Markup('<span class="verdict yes">{}</span>'),
    "bad": Markup('<span class="verdict no">{}</span>'),
    "open": Markup('<span class="verdict open">{}</span>'),
}


def _span(span: Span) -> Markup:
    if span.kind != "link":
        return _ELEMENTS[span.kind].format(words(span.text))
    # A model names any address; only those of the web are followed.
    if not span.target.startswith(("https://", "http://")):
        return words(span.text)
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(
        printable(span.target), words(span.text)
    )
