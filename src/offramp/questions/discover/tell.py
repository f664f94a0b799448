"""Where an outcome is likelier, in words."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.analysis.intervals import Estimate
from offramp.model import Model
from offramp.questions.discover.ask import Discovery, Limit, Region
from offramp.tell import figures
from offramp.tell.blocks import Block, Gap, Heading, Paragraph, Table, Telling
from offramp.tell.words import counted, enumerated, quoted


def tell(found: Discovery, model: Model | None = None) -> Telling:
    """What `offramp discover` says."""
    return Telling(
        title=found.title,
        head=[Paragraph(_headline(found))],
        body=[*_boxes(found), *_leaves(found)],
        sure=_how_sure(found),
        section="Among which uncertain numbers it is likelier",
        caveats=_caveats(found),
    )


def _headline(found: Discovery) -> str:
    return (
        f"{found.outcome_title} by {figures.end_words(found.by)}: {figures.percent(found.chance)} of "
        f"{counted(found.runs, 'future')}, each with its own draw of "
        f"{counted(found.inputs, 'uncertain thing')}."
    )


def _boxes(found: Discovery) -> Iterator[Block]:
    boxes = [r for r in found.regions if r.method == "prim"]
    yield Heading("Where it is likelier")
    if not boxes:
        yield Paragraph("No box stands out in futures other than those in which it was found.")
    for number, region in enumerate(boxes):
        lead = "" if not number else "Outside of that: "
        yield Gap()
        yield Paragraph(lead + sentence(region, found.outcome_title))
        yield Table(("", "by chance", "found again"), [_row(c) for c in region.conditions])


def _leaves(found: Discovery) -> Iterator[Block]:
    leaves = [r for r in found.regions if r.method == "cart"]
    if leaves:
        yield Heading("Beside it: the best leaf of a regression tree")
        yield from (Paragraph(sentence(r, found.outcome_title)) for r in leaves)


def _row(c: Limit) -> tuple[str, ...]:
    return (
        _limited(c, c.title),
        "<0.001" if c.p_value < 0.001 else f"{c.p_value:.3f}",
        "" if c.reproduced is None else figures.percent(c.reproduced),
    )


def _how_sure(found: Discovery) -> list[Block]:
    return [
        Paragraph(f"90 % interval: {found.intervals['sampling']}"),
        Paragraph(
            "By chance: how often a limit that says nothing would raise the chance as much (a "
            "quasi-p-value: the limit was chosen by looking, if at other futures). Found again: in how many "
            "of ten resamples of the futures a box limits the same number."
        ),
    ]


def _caveats(found: Discovery) -> list[str]:
    if not found.regions:
        return []
    first = found.regions[0]
    where = enumerated([condition(c) for c in first.conditions])
    times = figures.number(first.lift.value, 2)
    return [f"To know whether {where}: there {quoted(found.outcome_title)} is {times} times as likely."]


def sentence(region: Region, outcome: str) -> str:
    """A box in words."""
    where = " and ".join(condition(c) for c in region.conditions)
    times = f"{region.lift.value:.1f} times ({region.lift.low:.1f} to {region.lift.high:.1f})"
    return (
        f"{outcome}: {times} as likely where {where}. The chance there is {_percent(region.density)}; "
        f"{figures.percent(region.mass)} of all futures lie there, and with them "
        f"{_percent(region.coverage)} of its whole chance."
    )


def condition(c: Limit) -> str:
    """One limit in words: `“the fading of tension” is below 0.2 per month`."""
    return _limited(c, quoted(c.title))


def _limited(c: Limit, title: str) -> str:
    if c.labels:
        return f"{title} is {enumerated(c.labels, 'or')}"
    if c.low is not None and c.high is not None:
        low, high = figures.together([c.low, c.high])
        return f"{title} is between {low} and {high} {figures.unit_words(c.unit)}".rstrip()
    side, edge = ("above", c.low) if c.low is not None else ("below", c.high)
    return f"{title} is {side} {figures.with_unit(float(edge or 0.0), c.unit)}"


def _percent(e: Estimate) -> str:
    digits = figures.digits_for(e.low, e.high)
    return f"{figures.percent(e.value, digits)} ({figures.percent_range(e.low, e.high)})"
