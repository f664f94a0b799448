"""Why futures end as they do, in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from offramp.dates import DAYS_PER_MONTH
from offramp.model import Model
from offramp.questions.why.ask import Precursor, Typical, Why
from offramp.questions.why.mediation import Mediator
from offramp.tell import figures
from offramp.tell.blocks import Block, Gap, Heading, Paragraph, Table, Telling, Terms
from offramp.tell.words import counted


def tell(found: Why, model: Model | None = None) -> Telling:
    """What `offramp why` says."""
    return Telling(
        title=found.title,
        head=[Paragraph(sentence) for sentence in _headlines(found)],
        body=[*_partings(found), *_between(found), *_mediated(found), *_typical(found)],
        sure=[Paragraph(f"90 % interval: {found.intervals['sampling']}")],
    )


def _headlines(found: Why) -> list[str]:
    until = figures.end_words(found.by)
    chance = figures.percent(found.chance)
    if not found.second:
        under = "" if found.first == "baseline" else f" under {found.first_title}"
        return [
            f"{found.outcome_title} by {until}{under}: {chance} of {found.held_runs:,} futures. Its "
            f"{found.cases:,} cases are set beside the futures that were still open at the same date."
        ]
    lost = found.cases - found.gained
    return [
        f"{found.outcome_title} by {until}: {chance} under “{found.first_title}”, "
        f"{figures.percent(found.second_chance or 0.0)} under “{found.second_title}”, in "
        f"{found.held_runs:,} paired futures.",
        f"It comes under “{found.second_title}” alone in {found.gained:,} pairs, under “{found.first_title}” "
        f"alone in {lost:,}. {figures.percent(found.parted or 0.0)} of all pairs come to differ in more than "
        "what the policies decide themselves.",
    ]


def _partings(found: Why) -> Iterator[Block]:
    if not found.partings:
        return
    yield Heading("Where paired futures first part")
    yield Paragraph(
        "First differences that neither policy makes itself, in the pairs that end otherwise. Both futures "
        "of a pair meet the same luck."
    )
    yield Table(
        (f"Under {found.first_title} / under {found.second_title}", "of these pairs"),
        [
            (f"{p.first or 'nothing of it'} / {p.second or 'nothing of it'}", figures.percent(p.share))
            for p in found.partings
        ],
    )


def _between(found: Why) -> Iterator[Block]:
    yield Heading("What lies between" if found.second else "What lies before it")
    if not found.between:
        yield Paragraph("Nothing comes more often before the outcome than elsewhere, beyond doubt.")
        return
    if found.second:
        yield Paragraph(
            "Happened more often, by the time the outcome came, than in the paired future; beside it how "
            "often that is so in pairs open at the same date without the outcome."
        )
    else:
        yield Paragraph(
            f"Happened in the {_span(found.months)} up to the outcome; beside it how often that is so in "
            "futures open at the same date without it."
        )
    yield Table(("", "cases", "elsewhere", "times", "90 % interval"), [_precursor(b) for b in found.between])


def _span(months: float) -> str:
    """`3 months`, or days where that is less than one."""
    return f"{months:.0f} months" if months >= 1 else counted(round(months * DAYS_PER_MONTH), "day")


def _precursor(b: Precursor) -> tuple[str, ...]:
    return (
        b.title + (" (set by a policy)" if b.set else ""),
        figures.percent(b.share),
        figures.percent(b.expected),
        f"{b.lift.value:.1f}",
        f"{b.lift.low:.1f} to {b.lift.high:.1f}",
    )


def _mediated(found: Why) -> Iterator[Block]:
    if not found.mediated:
        return
    digits = figures.digits_together((m.left.low, m.left.high) for m in found.mediated)
    yield Heading("Share eliminated")
    yield Paragraph(
        f"{_whole(found, digits)} Below, what is left in the same futures with the act forbidden, the event "
        "without effect or the exchange never opening, and the share that this eliminates. All else goes on "
        "by the model's rules; shares need not add up, and one below 0 says that the thing works the other "
        "way."
    )
    left = "difference left" if found.second else "chance left"
    yield Table(
        ("without", left, "90 % interval", "share eliminated"),
        [_mediator(m, digits, bool(found.second)) for m in found.mediated],
    )


def _whole(found: Why, digits: int) -> str:
    """The difference, or the chance, of which shares are eliminated."""
    whole = found.mediated[0].effect
    if found.second:
        return (
            f"The difference between the policies is {figures.points(whole.value, digits)} points of a "
            f"hundred ({figures.points_range(whole.low, whole.high, digits)}) as it is."
        )
    return (
        f"Reckoned from the risks that each future ran, the chance is {100 * whole.value:.{digits}f} points "
        "of a hundred as it is, with less noise than the count above."
    )


def _mediator(m: Mediator, digits: int, change: bool) -> tuple[str, ...]:
    """What is left without a thing: points of a change have a sign, those of a chance have none."""
    shown = [figures.points(x, digits) for x in (m.left.value, m.left.low, m.left.high)]
    value, low, high = shown if change else [text.removeprefix("+") for text in shown]
    return m.title, value, f"{low} to {high}", _share(m)


def _share(m: Mediator) -> str:
    if m.share is None:
        return "cannot be told"
    value, low, high = (f"{100 * x:.0f}".replace("-", figures.MINUS) for x in dataclasses.astuple(m.share))
    return f"{value} % ({low} to {high})"


def _typical(found: Why) -> Iterator[Block]:
    yield Heading("Futures that stand for the others")
    for one in found.typical:
        yield Gap()
        yield Paragraph(_which(one, found), hanging=True)
        yield Terms([(figures.table_date(line.at), line.text) for line in one.story], room=12)


def _which(one: Typical, found: Why) -> str:
    under = f", {one.policy}" if found.second else ""
    parts = f"; parts from its pair on {figures.full_date(one.parts)}" if one.parts is not None else ""
    return f"Future {one.run}{under}: nearest to {figures.percent(one.share)} of the cases{parts}"
