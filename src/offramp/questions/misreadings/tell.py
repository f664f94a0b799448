"""What misperception costs, as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from offramp.analysis.shapley import Estimate
from offramp.model import Model
from offramp.questions.misreadings.ask import Misreadings, Surprise
from offramp.tell import figures
from offramp.tell.terminal import Page

_MOST_SURPRISES = 8


def misreadings_text(found: Misreadings, model: Model, again: str, columns: int, colour: bool = False) -> str:
    """What `offramp misreadings` prints."""
    page = Page(columns)
    page.heading(found.title)
    page.paragraph(_headline(found))
    if found.illustrative:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    sides = {s.actor: s.title for s in found.sides}
    digits = figures.digits_together((m.low, m.high) for m in found.misreadings)
    unseen = [m for m in found.misreadings if m.share == m.low == m.high == m.alone.value == 0]
    page.heading(f"What each misreading adds to the risk of: {found.outcome_title}")
    page.paragraph(
        "In points of a hundred. Share: averaged over every order in which one could correct them, so that "
        "the shares add up. Alone: if only this is corrected. Own side: its share if the other sides go on "
        "seeing wrongly. Negative: it keeps the risk down."
    )
    page.table(
        ["", "share", "90 % interval", "alone", "own side"],
        [
            [
                f"{sides[m.actor]}: {m.title}",
                figures.points(m.share, digits),
                figures.points_range(m.low, m.high, digits),
                figures.points(m.alone.value, digits),
                figures.points(m.one_sided.value, digits),
            ]
            for m in found.misreadings
            if m not in unseen
        ],
    )
    if unseen:
        names = "; ".join(f"{sides[m.actor]}: {m.title}" for m in unseen)
        page.paragraph(
            f"Made no difference in these {found.runs:,} futures, which more futures may: {names}.", "  "
        )
    page.heading("Side by side")
    page.table(
        ["", "share", "90 % interval", "this side alone sees true", "it comes last"],
        [
            [
                s.title,
                figures.points(s.share, digits),
                figures.points_range(s.low, s.high, digits),
                _with_interval(s.alone, digits),
                _with_interval(s.last, digits),
            ]
            for s in found.sides
        ],
    )
    _surprises(page, found, model)
    page.heading("How sure")
    page.paragraph(f"90 % interval: {found.interval}")
    if found.method == "sampled":
        page.paragraph(
            "Shares: sampled; every few futures are corrected in an order of their own, and in its reverse."
        )
    page.paragraph(
        "To see true is to know the numbers, not the other's mind: who sees true takes the others to see the "
        "same, though they may not."
    )
    page.paragraph(
        f"{found.runs:,} futures, each in many worlds: {found.played:,} runs"
        + (
            f", of which {found.failed_runs:,} failed; {found.held_runs:,} futures hold"
            * (found.failed_runs > 0)
        )
        + "."
    )
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    return page.text(colour)


def _with_interval(e: Estimate, digits: int) -> str:
    return f"{figures.points(e.value, digits)} ({figures.points_range(e.low, e.high, digits)})"


def _headline(found: Misreadings) -> str:
    until = figures.end_words(found.by)
    digits = figures.digits_for(found.total.low, found.total.high)
    change = figures.points(abs(found.total.value), digits).lstrip("+")
    said = (
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
    return f"{said}{verdict} ({figures.points_range(found.total.low, found.total.high, digits)})."


def _surprises(page: Page, found: Misreadings, model: Model) -> None:
    """How badly each side's picture predicted the other."""
    told = [s for s in found.surprise if s.mean is not None]
    blind = sorted((s for s in found.surprise if s.ruled_out), key=lambda s: -s.ruled_out)
    if not told and not blind:
        return
    titles = {a.name: a.title or a.name for a in model.actors}
    told = sorted(told, key=_excess, reverse=True)[:_MOST_SURPRISES]
    page.heading("How badly each predicted the others")
    page.paragraph(
        "Surprise: minus the logarithm of the chance that was given to what then came, on average; 0.69 is a "
        "coin toss. With everyone seeing true, what they do is another, too."
    )
    rows = []
    for s in told:
        dates = list(s.by)
        early, late = (_mean(s, part) for part in (dates[: len(dates) // 2], dates[len(dates) // 2 :]))
        rows.append(
            [
                f"{titles[s.actor]} about {titles[s.about]}",
                *(_nats(v) for v in (early, late, s.mean, s.mean_seeing_true)),
            ]
        )
    if rows:
        page.table(["", "first half", "second half", "on average", "seeing true"], rows)
    for s in blind:
        page.paragraph(
            f"{titles[s.actor]} gave no chance to what {titles[s.about]} then did in "
            f"{figures.percent(s.ruled_out)} of steps, a surprise beyond any number.",
            "  ",
        )


def _excess(s: Surprise) -> float:
    return (s.mean or 0.0) - (s.mean_seeing_true or 0.0)


def _mean(s: Surprise, dates: Sequence[str]) -> float | None:
    known = [v for d in dates if (v := s.by[d]) is not None]
    return sum(known) / len(known) if known else None


def _nats(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
