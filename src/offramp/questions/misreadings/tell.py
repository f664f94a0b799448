"""What misperception costs, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offramp.analysis.intervals import Estimate
from offramp.charts.canvas import NARROW
from offramp.charts.differences import ChangeBar, differences
from offramp.model import Model
from offramp.questions.misreadings.ask import MisreadingCost, Misreadings, SideCost, Surprise
from offramp.questions.misreadings.chart import MOST, chart
from offramp.tell import figures
from offramp.tell.blocks import Block, Figure, Heading, Paragraph, Short, Table, Telling
from offramp.tell.words import counted, quoted

_MOST_SURPRISES = 8
_MOST_IN_SHORT = 3
_SAMPLED = "Shares: sampled; every few futures are corrected in an order of their own, and in its reverse."


def tell(found: Misreadings, model: Model) -> Telling:
    """What `offramp misreadings` says."""
    digits = figures.digits_together((m.low, m.high) for m in found.misreadings)
    return Telling(
        title=found.title,
        head=[Paragraph(_headline(found))],
        body=[*_shares(found, digits), *_sides(found, digits), *_surprises(found, model)],
        sure=_how_sure(found),
        section="What misperception costs",
        short=_short(found, digits),
    )


def _headline(found: Misreadings) -> str:
    until = figures.end_words(found.by)
    digits = figures.digits_for(found.total.low, found.total.high)
    change = figures.points(abs(found.total.value), digits).lstrip("+")
    chances = (
        f"{found.outcome_title} by {until}: {figures.percent(found.today.value)} as it is, "
        f"{figures.percent(found.true.value)} if everyone saw what is so. "
    )
    if found.total.low > 0:
        verdict = f"Misperception adds {change} points of a hundred"
    elif found.total.high < 0:
        verdict = f"Misperception keeps the risk down, by {change} points of a hundred"
    else:
        verdict = (
            "With so many futures it cannot be told whether misperception adds to the risk or takes from it"
        )
    return f"{chances}{verdict} ({figures.points_range(found.total.low, found.total.high, digits)})."


def _shares(found: Misreadings, digits: int) -> Iterator[Block]:
    """What each misreading adds: a chart, a table, and which made no difference."""
    unseen = [m for m in found.misreadings if m.share == m.low == m.high == m.alone.value == 0]
    rows = [
        (
            _named(found, m),
            figures.points(m.share, digits),
            figures.points_range(m.low, m.high, digits),
            figures.points(m.alone.value, digits),
            figures.points(m.one_sided.value, digits),
        )
        for m in found.misreadings
        if m not in unseen
    ]
    table = Table(("", "share", "90 % interval", "alone", "own side"), rows)
    yield Heading(f"What each misreading adds to the risk of: {found.outcome_title}")
    yield Paragraph(
        "In points of a hundred. Share: averaged over every order in which one could correct them (Shapley "
        "1953), so that the shares add up. Alone: if only this is corrected. Own side: its share if the "
        "other sides go on seeing wrongly. Negative: it keeps the risk down.",
        small=True,
    )
    yield _figure(found, digits, table)
    yield table
    if unseen:
        names = "; ".join(_named(found, m) for m in unseen)
        yield Paragraph(
            f"Made no difference in these {found.runs:,} futures, which more futures may: {names}.", 1
        )


def _figure(found: Misreadings, digits: int, table: Table) -> Figure:
    gaps = [
        ChangeBar(
            _named(found, m), 100 * m.share, 100 * m.low, 100 * m.high, figures.points(m.share, digits)
        )
        for m in found.misreadings[:MOST]
    ]  # fmt: skip
    narrow = differences([("", gaps)], NARROW, less="less risk", more="more risk", beside=False)
    return Figure(
        "fall", "", _figure_sentence(found), chart(found), table, narrow, name="What misperception costs"
    )


def _figure_sentence(found: Misreadings) -> str:
    today, true = (figures.percent(e.value) for e in (found.today, found.true))
    risk = quoted(found.outcome_title)
    sentence = f"With everyone seeing true the chance of {risk} would be {true} instead of {today}"
    clear = found.total.low > 0 or found.total.high < 0
    return sentence + ("." if clear else ", which these futures do not distinguish from no difference.")


def _sides(found: Misreadings, digits: int) -> Iterator[Block]:
    yield Heading("Side by side")
    yield Table(
        ("", "share", "90 % interval", "this side alone sees true", "it comes last"),
        [_side(s, digits) for s in found.sides],
    )


def _side(s: SideCost, digits: int) -> tuple[str, ...]:
    return (
        s.title,
        figures.points(s.share, digits),
        figures.points_range(s.low, s.high, digits),
        _with_interval(s.alone, digits),
        _with_interval(s.last, digits),
    )


def _how_sure(found: Misreadings) -> list[Block]:
    failed = f", of which {found.failed_runs:,} failed; {found.held_runs:,} futures hold"
    failed *= found.failed_runs > 0
    return [
        Paragraph(f"90 % interval: {found.intervals['sampling']}"),
        *([Paragraph(_SAMPLED)] if found.method == "sampled" else []),
        Paragraph(
            "To see true is to know the numbers, not the other's mind: who sees true takes the others to see "
            "the same, though they may not."
        ),
        Paragraph(f"{found.runs:,} futures, each in many worlds: {found.played:,} runs{failed}."),
    ]


def _short(found: Misreadings, digits: int) -> Short:
    risk = quoted(found.outcome_title)
    lines = [
        f"{_side_title(found, m)}, {quoted(m.title)}: {figures.points(m.share, digits)} points of "
        f"the chance of {risk} ({figures.points_range(m.low, m.high, digits)})."
        for m in found.misreadings
        if m.low > 0
    ][:_MOST_IN_SHORT]
    none = f"No single misreading is distinguishable from none in the chance of {risk}, by this many futures."
    return Short(
        "Misreadings that cost most", lines or [none],
        f"Counted in {counted(found.runs, 'future')} for each set of corrections.",
    )  # fmt: skip


def _surprises(found: Misreadings, model: Model) -> Iterator[Block]:
    """How badly each side's picture predicted the other."""
    known = [s for s in found.surprise if s.mean is not None]
    blind = sorted((s for s in found.surprise if s.ruled_out), key=lambda s: -s.ruled_out)
    if not known and not blind:
        return
    titles = {a.name: a.title or a.name for a in model.actors}
    yield Heading("How badly each predicted the others")
    yield Paragraph(
        "Surprise: minus the logarithm of the chance that was given to what then came, on average; 0.69 is a "
        "coin toss. With everyone seeing true, what they do is another, too."
    )
    rows = [_surprise(s, titles) for s in sorted(known, key=_excess, reverse=True)[:_MOST_SURPRISES]]
    if rows:
        yield Table(("", "first half", "second half", "on average", "seeing true"), rows)
    for s in blind:
        yield Paragraph(
            f"{titles[s.actor]} gave no chance to what {titles[s.about]} then did in "
            f"{figures.percent(s.ruled_out)} of steps, a surprise beyond any number.",
            1,
        )


def _surprise(s: Surprise, titles: dict[str, str]) -> tuple[str, ...]:
    dates = list(s.by)
    early, late = (_mean(s, part) for part in (dates[: len(dates) // 2], dates[len(dates) // 2 :]))
    values = (early, late, s.mean, s.mean_seeing_true)
    return (f"{titles[s.actor]} about {titles[s.about]}", *(_nats(v) for v in values))


def _side_title(found: Misreadings, m: MisreadingCost) -> str:
    return next(s.title for s in found.sides if s.actor == m.actor)


def _named(found: Misreadings, m: MisreadingCost) -> str:
    return f"{_side_title(found, m)}: {m.title}"


def _with_interval(e: Estimate, digits: int) -> str:
    return f"{figures.points(e.value, digits)} ({figures.points_range(e.low, e.high, digits)})"


def _excess(s: Surprise) -> float:
    return (s.mean or 0.0) - (s.mean_seeing_true or 0.0)


def _mean(s: Surprise, dates: Sequence[str]) -> float | None:
    known = [v for d in dates if (v := s.by[d]) is not None]
    return sum(known) / len(known) if known else None


def _nats(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
