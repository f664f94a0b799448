"""How chances change along numbers, in words."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.analysis.intervals import Estimate
from offramp.charts.canvas import NARROW
from offramp.model import Model
from offramp.questions.sweep.ask import Axis, Cell, Sweep
from offramp.questions.sweep.chart import chart
from offramp.tell import figures
from offramp.tell.blocks import Block, Figure, Heading, Paragraph, Table, Telling
from offramp.tell.words import counted, enumerated, quoted


def tell(found: Sweep, model: Model | None = None) -> Telling:
    """What `offramp sweep` says."""
    return Telling(
        title=found.title,
        head=[Paragraph(sentence) for sentence in _headlines(found)],
        body=list(_body(found)),
        sure=_how_sure(found),
        section="How chances change along it" if len(found.axes) == 1 else "How chances change along them",
    )


def _headlines(found: Sweep) -> Iterator[str]:
    for name in found.outcomes:
        if found.one_at_a_time:
            for i in range(len(found.axes)):
                yield _extremes(found, name, found.along(i))
        else:
            yield _extremes(found, name, found.cells)


def _extremes(found: Sweep, name: str, cells: list[Cell]) -> str:
    """Where an outcome is least and where it is most likely."""
    least = min(cells, key=lambda c: c.outcomes[name].chance.value)
    most = max(cells, key=lambda c: c.outcomes[name].chance.value)
    low, high = least.outcomes[name].chance, most.outcomes[name].chance
    base = found.base[name]
    title = f"{base.title} by {figures.end_words(found.by)}"
    if low.high >= high.low:
        return (
            f"{title}: {_chance(base.chance)} in the model as it is. Along {_axes_of(found, least)} it "
            f"changes by nothing that is beyond doubt ({_range(low)} to {_range(high)})."
        )
    return (
        f"{title}: from {_chance(low)} at {_place(found, least)} to {_chance(high)} at "
        f"{_place(found, most)}; "
        f"{_chance(base.chance)} in the model as it is."
    )


def _range(e: Estimate) -> str:
    return figures.percent(e.value, figures.digits_for(e.low, e.high))


def _axes_of(found: Sweep, cell: Cell) -> str:
    """The axes that are moved in a cell."""
    moved = [a for a, k in zip(found.axes, cell.at, strict=True) if k is not None]
    return enumerated([quoted(a.title) for a in moved])


def _place(found: Sweep, cell: Cell) -> str:
    """Where a cell is, in words."""
    pairs = [(a, k) for a, k in zip(found.axes, cell.at, strict=True) if k is not None]
    if len(pairs) == 1 and len(found.axes) == 1:
        return _value(*pairs[0])
    return enumerated([f"{quoted(a.title)} {_value(a, k)}" for a, k in pairs])


def _value(axis: Axis, k: int) -> str:
    unit = figures.unit_words(axis.unit)
    return f"{axis.labels[k]}{figures.NBSP}{unit}" if unit else axis.labels[k]


def _chance(e: Estimate) -> str:
    """A chance with its interval."""
    low, high = max(0.0, e.low), min(1.0, e.high)
    return f"{figures.percent(e.value, figures.digits_for(low, high))} ({figures.percent_range(low, high)})"


def _change(e: Estimate) -> str:
    return f"{figures.points(e.value, 1)} ({figures.points(e.low, 1)} to {figures.points(e.high, 1)})"


def _body(found: Sweep) -> Iterator[Block]:
    tables = list(_tables(found))
    sentence = next(_headlines(found))
    yield Figure(
        "sweep",
        "",
        sentence,
        chart(found),
        tables[0][1],
        chart(found, None, NARROW),
        name="Along what is moved",
    )
    for heading, table in tables:
        yield Heading(heading)
        yield table


def _tables(found: Sweep) -> Iterator[tuple[str, Table]]:
    """A grid as a table for each outcome; one axis with changes beside the chances."""
    if len(found.axes) == 2 and not found.one_at_a_time:
        yield from (
            (f"{found.base[name].title}: the chance over both", _grid(found, name)) for name in found.outcomes
        )
        return
    for i, axis in enumerate(found.axes):
        for name in found.outcomes:
            rows = [
                (_value(axis, k), _chance(c.outcomes[name].chance), _change(c.outcomes[name].change))
                for c in found.along(i)
                if (k := c.at[i]) is not None
            ]
            heads = (axis.title, "chance", "points more than as it is")
            yield f"{found.base[name].title}, along {axis.title}", Table(heads, rows)


def _grid(found: Sweep, name: str) -> Table:
    """Rows the values of the first axis, columns those of the second."""
    rows, columns = found.axes
    chances = {tuple(c.at): c.outcomes[name].chance for c in found.cells}
    heads = (f"{rows.title} ↓   {columns.title} →", *(_value(columns, c) for c in range(len(columns.labels))))
    return Table(
        heads,
        [
            (_value(rows, r), *(_range(chances[r, c]) for c in range(len(columns.labels))))
            for r in range(len(rows.labels))
        ],
    )


def _how_sure(found: Sweep) -> list[Block]:
    failed = found.runs - found.held_runs
    left_out = f"{failed:,} of them failed at some point and are left out of all. " if failed else ""
    widest = max(
        (c.outcomes[n].chance for c in found.cells for n in found.outcomes), key=lambda e: e.high - e.low
    )
    off = figures.points((min(1.0, widest.high) - max(0.0, widest.low)) / 2, 1).lstrip("+")
    return [
        Paragraph(
            f"90 % interval of a chance: {found.intervals['chance']} At the widest it is ±{off} points."
        ),
        Paragraph(f"90 % interval of a change: {found.intervals['change']}"),
        Paragraph(
            f"{counted(found.runs, 'future')} at each of {counted(len(found.cells), 'point')} and in the "
            f"model as "
            f"it is, the same under the same luck. {left_out}All else that is uncertain is drawn as always, "
            f"what is "
            "correlated with what is moved too."
        ),
    ]
