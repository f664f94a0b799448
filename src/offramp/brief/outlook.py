"""How the futures of a brief end and when, and what comes on the way."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.analysis.intervals import LEVEL
from offramp.brief.events import days_of_events, dotted_lines
from offramp.brief.section import Section, figure
from offramp.brief.view import OutcomePath, RunsView
from offramp.charts import over_time
from offramp.charts.canvas import HALF, NARROW, WIDE
from offramp.charts.rows import Interval, intervals
from offramp.tell import figures, words
from offramp.tell.blocks import Block, Figure, Grid, Heading, Paragraph, Spec


def outlook(view: RunsView) -> Section | None:
    """The section; None where the model asks for no outcomes."""
    if not (view.endings or view.markers):
        return None
    blocks = [*_standing(view), *_ends(view), *_on_the_way(view)]
    return Section(10, "outlook", "Outlook", f"Outlook{view.under}", blocks)


def _standing(view: RunsView) -> Iterator[Block]:
    """All futures over time, by how they have ended."""
    if not view.endings:
        return
    heads = ("Date", *(c.title for c in view.endings))
    rows = [
        (figures.table_date(view.times[k]), *(figures.percent(c.share[k]) for c in view.endings))
        for k in view.rows
    ]
    yield Heading("How the futures stand")
    yield figure(
        "standing", "How the futures stand over time",
        words.standing(view.ends_in_words, view.futures, view.end), (heads, rows),
        standing_spec(view, WIDE), standing_spec(view, NARROW, beside=False),
    )  # fmt: skip


def standing_spec(view: RunsView, width: float, beside: bool = True) -> Spec:
    """The chart of how the futures stand, for a view in which something ends futures."""
    absorbing = [c for c in view.endings if c.absorbing]
    going_on = [c for c in view.endings if not c.absorbing]
    warm = [c for c in absorbing if view.is_warm(c.name)]
    # What is bad stands on the floor and what is not hangs from the ceiling: both have a straight edge.
    order = [*warm, *going_on, *[c for c in reversed(absorbing) if c not in warm]]
    layers = [
        over_time.Layer(
            f"{figures.percent(c.share[-1], c.digits)} {c.title}",
            view.colours[c.name],
            [c.share[k] for k in view.rows],
        )
        for c in order
    ]
    return over_time.standing(view.dates, layers, width, beside)


def _ends(view: RunsView) -> Iterator[Block]:
    """For each outcome that ends futures and came in any: how its share grew."""
    growths = [
        _growth(view, c, f"growth-{i}") for i, c in enumerate(view.endings) if c.absorbing and c.count[-1]
    ]
    if growths:
        yield Heading("What ends a future, and when")
        yield Paragraph(
            "Share of futures in which it has come by each date; the band is the "
            f"{figures.percent(LEVEL)} sampling interval. Each chart has its own scale. "
            f"{dotted_lines(view)}".strip(),
            small=True,
        )
        yield Grid(growths)


def _growth(view: RunsView, course: OutcomePath, identity: str) -> Figure:
    half = course.half_at
    what = words.Happening(course.title, course.count[-1], None if half is None else view.times[half])
    low, share, high = ([values[k] for k in view.rows] for values in (course.low, course.share, course.high))
    rows = [
        (figures.table_date(view.times[k]), figures.count(course.count[k]), *_share_words(course, k))
        for k in view.rows
    ]
    return figure(
        identity, course.title, words.growth(what, view.futures),
        (("By", "Futures", "Share", "90 % interval"), rows),
        over_time.cumulative(
            view.dates, share, low, high, days_of_events(view), HALF, view.colours[course.name]
        ),
        heading=True,
    )  # fmt: skip


def _on_the_way(view: RunsView) -> Iterator[Block]:
    """What ends nothing, as dots with intervals."""
    if not view.markers:
        return
    rows = [Interval(c.title, c.share[-1], c.low[-1], c.high[-1]) for c in view.markers]
    middle = len(view.times) // 2
    heads = (
        "Outcome", f"By {figures.table_date(view.times[middle])}", "Futures at the end", "Share at the end",
        "90 % interval", "Half of these by",
    )  # fmt: skip
    numbers = [
        (
            c.title,
            figures.percent(c.share[middle]),
            figures.count(c.count[-1]),
            *_share_words(c, -1),
            "" if c.half_at is None else figures.table_date(view.times[c.half_at]),
        )
        for c in view.markers
    ]
    yield Heading("What happens on the way")
    yield Paragraph(
        "Share of futures in which each has come at least once by the end. They are counted one by one and "
        f"may come together, so they do not add up. Bars are {figures.percent(LEVEL)} sampling intervals, "
        "often narrower than the dots.",
        small=True,
    )
    yield figure(
        "markers", "What happens on the way", markers_sentence(view), (heads, numbers),
        intervals(rows, WIDE), intervals(rows, NARROW, beside=False),
    )  # fmt: skip


def markers_sentence(view: RunsView) -> str:
    """The commonest and the rarest of what ends nothing; empty where the model asks for nothing such."""
    markers = [words.Happening(c.title, c.count[-1]) for c in view.markers]
    return words.on_the_way(markers, view.futures, view.end) if markers else ""


def _share_words(course: OutcomePath, k: int) -> tuple[str, str]:
    low, high = course.low[k], course.high[k]
    digits = figures.digits_for(low, high)
    return figures.percent(course.share[k], digits), figures.percent_range(low, high)
