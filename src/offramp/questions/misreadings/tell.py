"""What misperception costs, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from offramp.analysis.intervals import Estimate
from offramp.charts.canvas import NARROW
from offramp.charts.differences import ChangeBar, differences
from offramp.model import Model
from offramp.questions.misreadings.ask import MisreadingCost, Misreadings, SideCost, Surprise
from offramp.questions.misreadings.chart import chart, shown
from offramp.tell import figures
from offramp.tell.aims import risk_or_chance
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
    verdict = _verdict(found, change)
    return f"{chances}{verdict} ({figures.points_range(found.total.low, found.total.high, digits)})."


def _verdict(found: Misreadings, change: str) -> str:
    """What misperception does to the chance, in words that say whether that is wanted."""
    word = risk_or_chance(found.wanted.aim)
    of = f"{change} points of a hundred"
    if found.total.low > 0:
        return {
            "less": f"Misperception adds {of}",
            "more": f"Misperception helps here: it adds {of} to the chance",
            "none": f"Misperception adds {of} to the chance",
        }[found.wanted.aim]
    if found.total.high < 0:
        return {
            "less": f"Misperception keeps the risk down, by {of}",
            "more": f"Misperception costs {of} of the chance",
            "none": f"Misperception takes {of} from the chance",
        }[found.wanted.aim]
    return f"With so many futures it cannot be told whether misperception adds to the {word} or takes from it"


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
    table = Table(("", "share", "interval", "alone", "own side"), rows)
    word = risk_or_chance(found.wanted.aim)
    yield Heading(f"What each misreading adds to the {word} of: {found.outcome_title}")
    yield Paragraph(
        "In points of a hundred. Share: averaged over every order in which one could correct them (Shapley "
        "1953), so that the shares add up. Alone: if only this is corrected. Own side: its share if the "
        f"other sides go on seeing wrongly. Negative: it takes from the {word}.",
        small=True,
    )
    yield _figure(found, digits, table)
    yield table
    if unseen:
        names = "; ".join(_named(found, m) for m in unseen)
        yield Paragraph(f"Made no difference in {_these(found.runs)}, which more futures may: {names}.", 1)


def _figure(found: Misreadings, digits: int, table: Table) -> Figure:
    gaps = [
        ChangeBar(
            _named(found, m), 100 * m.share, 100 * m.low, 100 * m.high, figures.points(m.share, digits)
        )
        for m in shown(found)
    ]  # fmt: skip
    narrow = differences([("", gaps)], NARROW, less="takes from it", more="adds to it", beside=False)
    return Figure(
        "fall", "", _figure_sentence(found), chart(found), table, narrow, name="What misperception costs"
    )


def _figure_sentence(found: Misreadings) -> str:
    today, true = (figures.percent(e.value) for e in (found.today, found.true))
    outcome = quoted(found.outcome_title)
    sentence = f"With everyone seeing true the chance of {outcome} would be {true} instead of {today}"
    clear = found.total.low > 0 or found.total.high < 0
    return sentence + ("." if clear else ", which these futures do not distinguish from no difference.")


def _sides(found: Misreadings, digits: int) -> Iterator[Block]:
    yield Heading("Side by side")
    yield Table(
        ("", "share", "interval", "adds by itself", "adds to the others'"),
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


def _these(runs: int) -> str:
    return "this one future" if runs == 1 else f"these {runs:,} futures"


def _how_sure(found: Misreadings) -> list[Block]:
    failed = (
        f", of which {found.failed_runs:,} failed; {counted(found.held_runs, 'future')} "
        f"{'holds' if found.held_runs == 1 else 'hold'}"
    )
    failed *= found.failed_runs > 0
    names = {"misreadings": "of a misreading", "sides": "of a side"}
    levels = "; ".join(f"{names[kind]} {figures.percent(level)}" for kind, level in found.each.items())
    return [
        Paragraph(f"Intervals: {found.intervals['sampling']} Level of each: {levels}."),
        *([Paragraph(_SAMPLED)] if found.method == "sampled" else []),
        Paragraph(
            "To see true is to know the numbers, not the other's mind: who sees true takes the others to see "
            "the same, though they may not."
        ),
        Paragraph(
            f"{counted(found.runs, 'future')}, each in many worlds: {counted(found.played, 'run')}{failed}."
        ),
    ]


def _short(found: Misreadings, digits: int) -> Short:
    outcome, aim = quoted(found.outcome_title), found.wanted.aim
    clear = [m for m in found.misreadings if m.low > 0 or m.high < 0]
    costly = {
        "less": [m for m in clear if m.share > 0],
        "more": [m for m in reversed(clear) if m.share < 0],
        "none": sorted(clear, key=lambda m: -abs(m.share)),
    }[aim]
    heading = "Misreadings that matter most" if aim == "none" else "Misreadings that cost most"
    lines = [
        f"{_side_title(found, m)}, {quoted(m.title)}: {figures.points(m.share, digits)} points of "
        f"the chance of {outcome} ({figures.points_range(m.low, m.high, digits)})."
        for m in costly
    ][:_MOST_IN_SHORT]
    none = (
        f"No single misreading is distinguishable from none in the chance of {outcome}, by this many futures."
    )
    return Short(
        heading, lines or [none], f"Counted in {counted(found.runs, 'future')} for each set of corrections."
    )


def _surprises(found: Misreadings, model: Model) -> Iterator[Block]:
    """How badly each side's picture predicted the other."""
    known = [s for s in found.surprise if s.mean is not None]
    blind = sorted((s for s in found.surprise if s.ruled_out), key=lambda s: -s.ruled_out)
    if not known and not blind:
        return
    titles = {a.name: a.title or a.name for a in model.actors}
    yield Heading("How badly each predicted the others")
    yield Paragraph(
        "The chance that each gave to what the other then did, on average (the geometric mean over steps): "
        "50 % is a coin toss. With everyone seeing true, what they do is another, too."
    )
    rows = [_surprise(s, titles) for s in sorted(known, key=_excess, reverse=True)[:_MOST_SURPRISES]]
    if rows:
        yield Table(("", "first half", "second half", "on average", "seeing true"), rows)
    for s in blind:
        yield Paragraph(
            f"{titles[s.actor]} gave no chance to what {titles[s.about]} then did in "
            f"{figures.percent(s.ruled_out)} of steps, which no average can hold.",
            1,
        )


def _surprise(s: Surprise, titles: dict[str, str]) -> tuple[str, ...]:
    dates = list(s.by)
    early, late = (_mean(s, part) for part in (dates[: len(dates) // 2], dates[len(dates) // 2 :]))
    values = (early, late, s.mean, s.mean_seeing_true)
    return (f"{titles[s.actor]} about {titles[s.about]}", *(_given(v) for v in values))


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


def _given(surprise: float | None) -> str:
    """The chance that was given to what came, from its mean surprise in nats."""
    return "" if surprise is None else figures.percent(math.exp(-surprise))
