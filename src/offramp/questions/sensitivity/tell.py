"""What a chance hangs on, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from offramp.analysis.intervals import Estimate
from offramp.charts.canvas import NARROW
from offramp.charts.differences import ChangeBar, differences
from offramp.model import Model
from offramp.questions.sensitivity.ask import Screened, Sensitivity, Share
from offramp.questions.sensitivity.chart import chart
from offramp.tell import figures
from offramp.tell.blocks import Block, Figure, Heading, Paragraph, Table, Telling
from offramp.tell.words import counted, enumerated, quoted

_MOST_SCREENED = 12
_MOST_IN_CAVEAT = 3
_ROUGH = 0.5  # width of the interval of a share beyond which it says little


def tell(found: Sensitivity, model: Model | None = None) -> Telling:
    """What `offramp sensitivity` says."""
    return Telling(
        title=found.title,
        head=[Paragraph(sentence) for sentence in _headlines(found)],
        body=[*_shares(found), *_left_out(found)],
        sure=_how_sure(found),
        section="What the chance hangs on",
        caveats=_caveats(found),
    )


def _headlines(found: Sensitivity) -> Iterator[str]:
    stand_out = sum(s.stands_out for s in found.screened)
    yield (
        f"{found.outcome_title} by {figures.end_words(found.by)}: {figures.percent(found.chance.value)} over "
        f"all that is uncertain. {_standing_out(len(found.screened), stand_out)} from luck in a first "
        f"screening; {_in_table(found)} in the table."
    )
    if not found.divisible:
        yield (
            "The numbers below move the chance so little that their shares cannot be distinguished from "
            "chance: ask for more runs."
        )
    elif found.shares:
        yield from _weightiest(found)


def _weightiest(found: Sensitivity) -> Iterator[str]:
    rough = _rough(found)
    spread = math.sqrt(max(0.0, found.variance.value))
    yield (
        f"{'Most seems to hang' if rough else 'Most hangs'} on: {found.shares[0].title}. If the "
        f"{_numbers(found)} in the table {'was' if len(found.shares) == 1 else 'were'} known, the "
        "chance would typically turn out "
        f"{100 * spread:.1f} points of a hundred higher or lower than it is now."
    )
    if rough:
        yield (
            "Shares of the variance are rough: with so few futures some of them may be nearly nothing or "
            f"nearly all. Low and high are surer; ask for more, such as --runs {_more(found.runs)}."
        )


def _shares(found: Sensitivity) -> Iterator[Block]:
    yield Heading(f"What the chance hangs on: {found.outcome_title}")
    yield Paragraph(
        "Low, high: the chance where the number is in the lowest and in the highest fifth of what it may be. "
        "Alone, with others: share of the variance of the chance that goes if the number is known, alone and "
        "counting all that it does together with others.",
        small=True,
    )
    table = Table(("", "low", "high", "alone", "with others"), [_row(s) for s in found.shares])
    if found.shares:
        yield _figure(found, table)
    yield table


def _row(share: Share) -> tuple[str, ...]:
    return (
        f"{share.title} ({_values(share.low_value, share.high_value, share.unit)})",
        _chance(share.low),
        _chance(share.high),
        _share(share.first),
        _share(share.total),
    )


def _figure(found: Sensitivity, table: Table) -> Figure:
    narrow = differences([("", [_gap(s) for s in found.shares])], NARROW, beside=False)
    sentence = _figure_sentence(found)
    return Figure("shares", "", sentence, chart(found), table, narrow, name="What the chance hangs on")


def _figure_sentence(found: Sensitivity) -> str:
    risk = quoted(found.outcome_title)
    if not found.divisible:
        return (
            f"What uncertain numbers bring to the chance of {risk} is not distinguished from luck by these "
            "futures."
        )
    first = found.shares[0]
    share = figures.percent(max(0.0, min(1.0, first.total.value)), 0)
    return (
        f"The chance of {risk} hangs most on {quoted(first.title)}: {share} of what uncertain numbers bring "
        "to it."
    )


def _gap(share: Share) -> ChangeBar:
    """From the chance where a number is low to the one where it is high."""
    low, high = share.low, share.high
    change = high.value - low.value
    return ChangeBar(
        share.title, 100 * change, 100 * (high.low - low.high), 100 * (high.high - low.low),
        figures.points(change, 1),
    )  # fmt: skip


def _left_out(found: Sensitivity) -> Iterator[Block]:
    rest = [s for s in found.screened if not s.passed and s.effect > 0][:_MOST_SCREENED]
    if not rest:
        return
    yield Heading("Screened, and left out")
    yield Paragraph(
        "Change of the chance, in points of a hundred, from one end of the number's range to the other; "
        "beside it what luck alone would show."
    )
    yield Table(("", "change", "luck alone"), [_screened(s) for s in rest])
    others = len(found.screened) - len(found.shares) - len(rest)
    if others > 0:
        yield Paragraph(f"{others} others change it less, or not at all (--format json lists them).", 1)


def _screened(s: Screened) -> tuple[str, ...]:
    return s.title, f"{100 * s.effect:.2f}", f"{100 * s.noise:.2f}"


def _standing_out(screened: int, stand_out: int) -> str:
    if screened == 1:
        return f"The one uncertain number {'stands out' if stand_out else 'does not stand out'}"
    return (
        f"Of {screened} uncertain numbers {stand_out or 'none'} {'stand' if stand_out > 1 else 'stands'} out"
    )


def _in_table(found: Sensitivity) -> str:
    n = len(found.shares)
    return "the one that weighs most is" if n == 1 else f"the {n} that weigh most are"


def _numbers(found: Sensitivity) -> str:
    n = len(found.shares)
    return "number" if n == 1 else f"{n} numbers"


def _how_sure(found: Sensitivity) -> list[Block]:
    return [
        Paragraph(f"90 % interval: {found.intervals['sampling']}"),
        Paragraph(
            f"{counted(found.runs, 'future')}: {found.screening_runs:,} to screen "
            f"{counted(len(found.screened), 'uncertain number')} along {counted(found.trajectories, 'path')} "
            "from the 5th to the 95th percentile of each, the others at "
            f"{counted(found.rows, 'row')} of points with {counted(found.courses, 'course')} of luck each."
        ),
    ]


def _caveats(found: Sensitivity) -> list[str]:
    if not (found.shares and found.divisible):
        return []
    names = enumerated([quoted(s.title) for s in found.shares[:_MOST_IN_CAVEAT]])
    return [f"To know better {names}: on these the chance of {quoted(found.outcome_title)} hangs most."]


def _rough(found: Sensitivity) -> bool:
    """Whether the interval of any share leaves most of what is possible open."""
    ends = [(max(0.0, e.low), min(1.0, e.high)) for s in found.shares for e in (s.first, s.total)]
    return any(high - low > _ROUGH for low, high in ends)


def _more(runs: int) -> int:
    """Ten times as many futures, in round numbers."""
    size: int = 10 ** (len(str(runs)))
    return -(-10 * runs // size) * size


def _values(low: float, high: float, unit: str) -> str:
    ends = figures.together([low, high])
    return f"{ends[0]} to {ends[1]} {figures.unit_words(unit)}".strip()


def _chance(e: Estimate) -> str:
    return figures.percent(max(0.0, e.value), figures.digits_for(e.low, e.high))


def _share(e: Estimate) -> str:
    """A share with its interval; below 0 and above 1 it is sampling error alone."""
    value, low, high = (min(1.0, max(0.0, x)) for x in (e.value, e.low, e.high))
    return f"{value:.2f} ({low:.2f} to {high:.2f})"
