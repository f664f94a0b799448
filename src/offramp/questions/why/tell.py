"""Why futures end otherwise, as text for a terminal."""

from __future__ import annotations

import dataclasses

from offramp.questions.why.ask import Typical, Why
from offramp.questions.why.mediation import Without
from offramp.tell import figures
from offramp.tell.terminal import Page


def why_text(found: Why, again: str, columns: int, colour: bool = False) -> str:
    """What `offramp why` prints."""
    page = Page(columns)
    page.heading(found.title)
    for sentence in _headlines(found):
        page.paragraph(sentence)
    if found.illustrative:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    if found.partings:
        page.heading("Where paired futures first part")
        page.paragraph(
            "First differences that neither policy makes itself, in the pairs that end otherwise. Both "
            "futures of a pair meet the same luck."
        )
        page.table(
            [f"Under {found.first_title} / under {found.second_title}", "of these pairs"],
            [
                [f"{p.first or 'nothing of it'} / {p.second or 'nothing of it'}", figures.percent(p.share)]
                for p in found.partings
            ],
        )
    _between(page, found)
    _mediated(page, found)
    page.heading("Futures that stand for the others")
    for told in found.typical:
        _typical(page, told, found)
    page.heading("How sure")
    page.paragraph(f"90 % interval: {found.interval}")
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    return page.text(colour)


def _headlines(found: Why) -> list[str]:
    until = figures.end_words(found.by)
    if not found.second:
        under = "" if found.first == "baseline" else f" under {found.first_title}"
        return [
            f"{found.outcome_title} by {until}{under}: {figures.percent(found.chance)} of {found.runs:,} "
            f"futures. Its {found.cases:,} cases are set beside the futures that were still open at the same "
            "date."
        ]
    lost = found.cases - found.gained
    return [
        f"{found.outcome_title} by {until}: {figures.percent(found.chance)} under “{found.first_title}”, "
        f"{figures.percent(found.second_chance or 0.0)} under “{found.second_title}”, in {found.runs:,} "
        "paired futures.",
        f"It comes under “{found.second_title}” alone in {found.gained:,} pairs, under “{found.first_title}” "
        f"alone in {lost:,}. {figures.percent(found.parted or 0.0)} of all pairs come to differ in more than "
        "what the policies decide themselves.",
    ]


def _between(page: Page, found: Why) -> None:
    page.heading("What lies between" if found.second else "What lies before it")
    if not found.between:
        page.paragraph("Nothing comes more often before the outcome than elsewhere, beyond doubt.")
        return
    if found.second:
        page.paragraph(
            "Happened more often, by the time the outcome came, than in the paired future; beside it how "
            "often that is so in pairs open at the same date without the outcome."
        )
    else:
        page.paragraph(
            f"Happened in the {found.months:.0f} months up to the outcome; beside it how often that is so in "
            "futures open at the same date without it."
        )
    page.table(
        ["", "cases", "elsewhere", "times", "90 % interval"],
        [
            [
                b.title + (" (set by a policy)" if b.set else ""),
                figures.percent(b.share),
                figures.percent(b.expected),
                f"{b.lift.value:.1f}",
                f"{b.lift.low:.1f} to {b.lift.high:.1f}",
            ]
            for b in found.between
        ],
    )


def _mediated(page: Page, found: Why) -> None:
    if not found.mediated:
        return
    page.heading("What goes without it")
    whole = found.mediated[0].effect
    digits = figures.digits_together((w.left.low, w.left.high) for w in found.mediated)
    if found.second:
        said = (
            f"The difference between the policies is {figures.points(whole.value, digits)} points of a "
            f"hundred ({figures.points_range(whole.low, whole.high, digits)}) as it is. Below, what is left"
        )
    else:
        said = (
            f"Reckoned from the risks that each future ran, the chance is {100 * whole.value:.{digits}f} "
            "points of a hundred as it is, with less noise than the count above. Below, what is left"
        )
    page.paragraph(
        f"{said} in the same futures with the act forbidden, the event without effect or the exchange never "
        "opening, and the share that goes. All else goes on by the model's rules; shares need not add up, "
        "and one below 0 says that the thing works the other way."
    )
    page.table(
        ["without", "left", "90 % interval", "goes"],
        [
            [
                w.title,
                figures.points(w.left.value, digits),
                figures.points_range(w.left.low, w.left.high, digits),
                _share(w),
            ]
            for w in found.mediated
        ],
    )


def _typical(page: Page, told: Typical, found: Why) -> None:
    page.gap()
    under = f", {told.policy}" if found.second else ""
    parts = f"; parts from its pair on {figures.full_date(told.parts)}" if told.parts is not None else ""
    page.paragraph(
        f"Future {told.run}{under}: nearest to {figures.percent(told.share)} of the cases{parts}", "  ", "  "
    )
    for line in told.story:
        page.entry(figures.table_date(line.at), line.text, "    ", 12)


def _share(w: Without) -> str:
    if w.share is None:
        return "cannot be told"
    value, low, high = (f"{100 * x:.0f}".replace("-", figures.MINUS) for x in dataclasses.astuple(w.share))
    return f"{value} % ({low} to {high})"
