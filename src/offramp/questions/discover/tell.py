"""Where an outcome is likelier, as text for a terminal."""

from __future__ import annotations

from offramp.analysis.intervals import Estimate
from offramp.questions.discover.ask import Condition, Discovery, Region
from offramp.tell import figures
from offramp.tell.terminal import Page


def discovery_text(found: Discovery, again: str, columns: int, colour: bool = False) -> str:
    """What `offramp discover` prints."""
    page = Page(columns)
    page.heading(found.title)
    until = figures.end_words(found.by)
    page.paragraph(
        f"{found.outcome_title} by {until}: {figures.percent(found.chance)} of {found.runs:,} futures, each "
        f"with its own draw of {found.inputs} uncertain numbers."
    )
    if found.illustrative:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    boxes = [r for r in found.regions if r.method == "prim"]
    leaves = [r for r in found.regions if r.method == "cart"]
    page.heading("Where it is likelier")
    if not boxes:
        page.paragraph("No box stands out in futures other than those in which it was found.")
    for number, region in enumerate(boxes):
        page.gap()
        lead = "" if not number else "Outside of that: "
        page.paragraph(lead + sentence(region, found.outcome_title), "  ")
        _table(page, region)
    if leaves:
        page.heading("Beside it: the best leaf of a regression tree")
        for region in leaves:
            page.paragraph(sentence(region, found.outcome_title), "  ")
    page.heading("How sure")
    page.paragraph(f"90 % interval: {found.interval}")
    page.paragraph(
        "By chance: how often a limit that says nothing would raise the chance as much (a quasi-p-value: the "
        "limit was chosen by looking, if at other futures). Found again: in how many of ten resamples of the "
        "futures a box limits the same number."
    )
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    return page.text(colour)


def sentence(region: Region, outcome: str) -> str:
    """A box in words."""
    where = " and ".join(condition(c) for c in region.conditions)
    times = f"{region.lift.value:.1f} times ({region.lift.low:.1f} to {region.lift.high:.1f})"
    return (
        f"{outcome}: {times} as likely where {where}. The chance there is {_percent(region.density)}; "
        f"{figures.percent(region.mass)} of all futures lie there, and with them "
        f"{_percent(region.coverage)} of its whole chance."
    )


def condition(c: Condition) -> str:
    """One limit in words: `the fading of tension is below 0.2 per month`."""
    if c.labels:
        return f"{c.title}: {' or '.join(c.labels)}"
    if c.low is not None and c.high is not None:
        low, high = figures.together([c.low, c.high])
        return f"`{c.title}` is between {low} and {high} {figures.unit_words(c.unit)}".rstrip()
    side, edge = ("above", c.low) if c.low is not None else ("below", c.high)
    return f"`{c.title}` is {side} {figures.with_unit(float(edge or 0.0), c.unit)}"


def _table(page: Page, region: Region) -> None:
    page.table(
        ["", "by chance", "found again"],
        [
            [
                condition(c).replace("`", ""),
                "<0.001" if c.p_value < 0.001 else f"{c.p_value:.3f}",
                "" if c.reproduced is None else figures.percent(c.reproduced),
            ]
            for c in region.conditions
        ],
        "    ",
    )


def _percent(e: Estimate) -> str:
    digits = figures.digits_for(e.low, e.high)
    return f"{figures.percent(e.value, digits)} ({figures.percent_range(e.low, e.high)})"
