"""Where a chance tips, in words."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.charts.canvas import NARROW
from offramp.model import Model
from offramp.questions.tipping.ask import ChanceAt, Crossing, Tipping
from offramp.questions.tipping.chart import chart
from offramp.tell import figures
from offramp.tell.blocks import Block, Figure, Heading, Paragraph, Table, Telling
from offramp.tell.words import counted, enumerated, quoted


def tell(found: Tipping, model: Model | None = None) -> Telling:
    """What `offramp tipping` says."""
    return Telling(
        title=found.title,
        head=[Paragraph(" ".join(_headlines(found)))],
        body=list(_points(found)),
        sure=_how_sure(found),
        section="Where the chance tips",
        caveats=_caveats(found),
    )


def _headlines(found: Tipping) -> Iterator[str]:
    level = figures.percent(found.chance)
    chance = f"chance of {quoted(found.outcome_title)} by {figures.end_words(found.by)}"
    along = (
        f"{level} along {quoted(found.of_title)}, from {_value(found, found.low)} to "
        f"{_value(found, found.high)}"
    )
    values = counted(found.steps, "value")
    if found.crossings:
        yield f"The {chance} crosses {along}."
        yield from (_crossing(found, c, level) for c in found.crossings)
    elif found.verdict == "undecided":
        either = sum(p.side == "undecided" for p in found.points)
        yield (
            f"Whether the {chance} crosses {along}, is left open by so many futures: at {either} of {values} "
            "it may lie on either side. More futures may tell (--runs)."
        )
    else:
        yield (
            f"The {chance} never crosses {along}: at each of {values} it lies {found.verdict} that, beyond "
            "doubt."
        )


def _crossing(found: Tipping, c: Crossing, level: str) -> str:
    way, before, after = ("rises", "below", "above") if c.rises else ("falls", "above", "below")
    at, low, high = figures.together([c.at.value, c.at.low, c.at.high])
    first, last = figures.together([c.last_before, c.first_after])
    unit = f" {figures.unit_words(found.unit)}".rstrip()
    return (
        f"It {way} through {level} at {at}{unit} ({low} to {high}); beyond doubt it lies {before} at {first} "
        f"and {after} at {last}."
    )


def _points(found: Tipping) -> Iterator[Block]:
    level = figures.percent(found.chance)
    heads = (found.of_title, "chance", "90 % interval", f"than {level}")
    table = Table(heads, [_point(found, p) for p in found.points])
    yield Heading(f"The chance along it: {found.outcome_title}")
    narrow = chart(found, None, NARROW)
    sentence = next(_headlines(found))
    yield Figure("curve", "", sentence, chart(found), table, narrow, name="Where the chance tips")
    yield table


def _point(found: Tipping, p: ChanceAt) -> tuple[str, ...]:
    low, high = max(0.0, p.chance.low), min(1.0, p.chance.high)
    side = {"below": "lower", "above": "higher", "undecided": "either"}[p.side]
    chance = figures.percent(p.chance.value, figures.digits_for(low, high))
    return _value(found, p.value), chance, figures.percent_range(low, high), side


def _value(found: Tipping, value: float) -> str:
    return figures.with_unit(value, found.unit)


def _how_sure(found: Tipping) -> list[Block]:
    failed = found.runs - found.held_runs
    left_out = f"{failed:,} of them failed at some value and are left out of all. " if failed else ""
    return [
        Paragraph(f"90 % interval of a chance: {found.intervals['points']}"),
        Paragraph(f"90 % interval of a crossing: {found.intervals['crossings']}"),
        Paragraph(
            f"{counted(found.runs, 'future')} at each of {counted(found.steps, 'value')}, the same under the "
            f"same luck. {left_out}All other uncertain numbers are drawn as always. Between two values the "
            "chance may cross and cross back unseen."
        ),
    ]


def _caveats(found: Tipping) -> list[str]:
    if not found.crossings:
        return []
    at = enumerated([_value(found, c.at.value) for c in found.crossings])
    level, risk = figures.percent(found.chance), quoted(found.outcome_title)
    return [
        f"On which side of {at} {quoted(found.of_title)} lies: there the chance of {risk} crosses {level}."
    ]
