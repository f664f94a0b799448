"""What a chance hangs on, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from offramp.analysis.intervals import Estimate
from offramp.charts.canvas import NARROW
from offramp.charts.differences import ChangeBar, differences
from offramp.model import Model
from offramp.questions.sensitivity.ask import Moved, Screened, Sensitivity, Share
from offramp.questions.sensitivity.chart import chart
from offramp.tell import figures
from offramp.tell.blocks import Block, Figure, Heading, Paragraph, Table, Telling
from offramp.tell.words import counted, enumerated, quoted

_MOST_SCREENED = 12
_MOST_IN_CAVEAT = 3
_LEAST_SAID = 0.001  # share of the variance from which the branches of an event are named
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
    known, stand_out = len(found.screened), sum(s.stands_out for s in found.screened)
    yield (
        f"{found.outcome_title} by {figures.end_words(found.by)}: {figures.percent(found.chance.value)} over "
        f"all that is uncertain. {_standing_out(known, stand_out)} from luck in a first screening; "
        f"{_what_is_shown(found)}."
    )
    if not found.divisible:
        yield _not_divisible(found)
    elif found.shares:
        yield from _weightiest(found)
    yield _whole(found)


def _standing_out(known: int, stand_out: int) -> str:
    if known == 1:
        return f"The one uncertain thing {'stands out' if stand_out else 'does not stand out'}"
    return f"Of {known} uncertain things {stand_out or 'none'} {'stand' if stand_out > 1 else 'stands'} out"


def _what_is_shown(found: Sensitivity) -> str:
    shown = len(found.shares)
    if shown == len(found.screened):
        return "it is in the table" if shown == 1 else "all are in the table"
    return (
        "the one that weighs most is in the table"
        if shown == 1
        else (f"the {shown} that weigh most are in the table")
    )


def _not_divisible(found: Sensitivity) -> str:
    most = 100 * math.sqrt(max(0.0, found.variance.high))
    return (
        "What is below moves the chance so little that its shares cannot be distinguished from chance: if "
        f"it were known, the chance would typically turn out at most {most:.1f} points of a hundred higher "
        f"or lower. More futures tell more: --runs {_more(found.runs)}."
    )


def _weightiest(found: Sensitivity) -> Iterator[str]:
    rough = _rough(found)
    spread = math.sqrt(max(0.0, found.variance.value))
    shown = len(found.shares)
    known = "that were known" if shown == 1 else f"the {shown} in the table were known"
    yield (
        f"{'Most seems to hang' if rough else 'Most hangs'} on: {found.shares[0].title}. If {known}, the "
        f"chance would typically turn out {100 * spread:.1f} points of a hundred higher or lower than it is "
        "now."
    )
    if rough:
        yield (
            "Shares of the variance are rough: with so few futures some of them may be nearly nothing or "
            f"nearly all. Low and high are surer; ask for more, such as --runs {_more(found.runs)}."
        )


def _whole(found: Sensitivity) -> str:
    """What uncertain things carry of whether the outcome comes, and what is luck and so left out."""
    of = found.whole
    text = (
        "Of whether it comes in a future, all that is uncertain at the start carries "
        f"{_percent(of.uncertain)} of the variance. The rest is luck within a run, which is no number that "
        "could be known: what actors choose, what happens by chance, and when"
    )
    if not of.events:
        return text + "."
    told = [e for e in of.events if e.share.low >= _LEAST_SAID]
    said = [f"the branches of {quoted(e.title)} carry {_percent(e.share)}" for e in told]
    if len(told) < len(of.events):
        most = figures.percent(max(e.share.high for e in of.events if e not in told))
        branches = (
            f"those of the other {len(of.events) - len(told)}" if told else "the branches of dated events"
        )
        said.append(f"{branches} carry nothing that can be distinguished, each at most {most}")
    return f"{text}. Of it, each alone, {enumerated(said)}."


def _percent(e: Estimate) -> str:
    """A share of all with its interval."""
    digits = figures.digits_for(e.low, e.high)
    return f"{figures.percent(e.value, digits)} ({figures.percent_range(e.low, e.high)})"


def _shares(found: Sensitivity) -> Iterator[Block]:
    yield Heading(f"What the chance hangs on: {found.outcome_title}")
    valued = any(a.label for s in found.shares for m in s.members for a in m.at)
    yield Paragraph(
        "Low, high: the chance where the number is in the lowest and in the highest fifth of what it may be"
        + (", or at the least and the greatest of its values. " if valued else ". ")
        + "Alone, with others: share of the variance of the chance that goes if the number is known, alone "
        "and counting all that it does together with others.",
        small=True,
    )
    rows = [row for s in found.shares for row in _rows(s)]
    table = Table(("", "low", "high", "alone", "with others"), rows)
    if found.shares:
        yield _figure(found, table)
    yield table
    yield from _values(found)


def _values(found: Sensitivity) -> Iterator[Block]:
    """The chance at each value of what has more than two of them."""
    many = [m for s in found.shares for m in s.members if m.at and m.at[0].label and len(m.at) > 2]
    rows = [(f"{m.title}: {a.label}", _chance(a.chance)) for m in many for a in m.at]
    if rows:
        yield Paragraph("The chance at each value:")
        yield Table(("", "chance"), rows)


def _rows(share: Share) -> Iterator[tuple[str, ...]]:
    """One row, or of correlated numbers one for all and one for each."""
    sizes = (_share(share.first), _share(share.total))
    if len(share.members) == 1:
        yield (*_moved(share.members[0]), *sizes)
        return
    yield (share.title, "", "", *sizes)
    yield from ((*_moved(m), "", "") for m in share.members)


def _moved(m: Moved) -> tuple[str, str, str]:
    if not m.at:
        return m.title, "", ""
    return f"{m.title} ({_ends(m)})", _chance(m.low), _chance(m.high)


def _ends(m: Moved) -> str:
    """Between which values the chance is shown."""
    first, last = m.ends
    if first.label:
        return f"{first.label} or {last.label}" if len(m.at) == 2 else f"{first.label} ... {last.label}"
    ends = figures.together([a.value for a in (first, last) if a.value is not None])
    return f"{ends[0]} to {ends[1]} {figures.unit_words(m.unit)}".strip()


def _figure(found: Sensitivity, table: Table) -> Figure:
    gaps = [_gap(m) for s in found.shares for m in s.members if m.at]
    narrow = differences([("", gaps)], NARROW, beside=False)
    sentence = _figure_sentence(found)
    return Figure("shares", "", sentence, chart(found), table, narrow, name="What the chance hangs on")


def _figure_sentence(found: Sensitivity) -> str:
    risk = quoted(found.outcome_title)
    if not found.divisible:
        return (
            f"What is uncertain about the chance of {risk} is not distinguished from luck by these futures."
        )
    first = found.shares[0]
    if len(found.shares) == 1:
        ends = " to ".join(_chance(e) for e in (first.members[0].low, first.members[0].high))
        return f"The chance of {risk} hangs on {quoted(first.title)}: from {ends} along it."
    value, low, high = (min(1.0, max(0.0, x)) for x in (first.total.value, first.total.low, first.total.high))
    hangs = "seems to hang most" if _rough(found) else "hangs most"
    return (
        f"The chance of {risk} {hangs} on {quoted(first.title)}: {figures.percent(value, 0)} "
        f"({figures.percent_range(low, high)}) of what the {len(found.shares)} below bring to it."
    )


def _gap(m: Moved) -> ChangeBar:
    """From the chance where a number is low to the one where it is high."""
    low, high = m.low, m.high
    change = high.value - low.value
    return ChangeBar(
        m.title, 100 * change, 100 * (high.low - low.high), 100 * (high.high - low.low),
        figures.points(change, 1),
    )  # fmt: skip


def _left_out(found: Sensitivity) -> Iterator[Block]:
    rest = [s for s in found.screened if not s.passed and s.effect > 0][:_MOST_SCREENED]
    if not rest:
        return
    yield Heading("Screened, and left out")
    yield Paragraph(
        "Change of the chance, in points of a hundred, from one end of the number's range to the other, or "
        "from value to value; beside it what luck alone would show."
    )
    yield Table(("", "change", "luck alone"), [_screened(s) for s in rest])
    others = len(found.screened) - len(found.shares) - len(rest)
    if others > 0:
        yield Paragraph(f"{others} others change it less, or not at all (--format json lists them).", 1)


def _screened(s: Screened) -> tuple[str, ...]:
    return s.title, f"{100 * s.effect:.2f}", f"{100 * s.noise:.2f}"


def _how_sure(found: Sensitivity) -> list[Block]:
    return [
        Paragraph(f"90 % interval: {found.intervals['sampling']}"),
        Paragraph(
            f"{counted(found.runs, 'future')}: {found.whole.runs:,} to tell luck from what is uncertain, "
            f"{found.screening_runs:,} to screen {counted(len(found.screened), 'uncertain thing')} along "
            f"{found.trajectories} paths from the 5th to the 95th percentile of each (or from value to "
            f"value), the others at {counted(found.rows, 'row')} of points "
            f"with {counted(found.courses, 'course')} of luck each."
        ),
    ]


def _caveats(found: Sensitivity) -> list[str]:
    if not (found.shares and found.divisible):
        return []
    names = enumerated([quoted(s.title) for s in found.shares[:_MOST_IN_CAVEAT]])
    hangs = "seems to hang most, roughly measured" if _rough(found) else "hangs most"
    return [f"To know better {names}: on these the chance of {quoted(found.outcome_title)} {hangs}."]


def _rough(found: Sensitivity) -> bool:
    """Whether the interval of any share leaves most of what is possible open."""
    ends = [(max(0.0, e.low), min(1.0, e.high)) for s in found.shares for e in (s.first, s.total)]
    return any(high - low > _ROUGH for low, high in ends)


def _more(runs: int) -> int:
    """Ten times as many futures, in round numbers."""
    size: int = 10 ** (len(str(runs)))
    return -(-10 * runs // size) * size


def _chance(e: Estimate) -> str:
    return figures.percent(max(0.0, e.value), figures.digits_for(e.low, e.high))


def _share(e: Estimate) -> str:
    """A share with its interval; below 0 and above 1 it is sampling error alone."""
    value, low, high = (min(1.0, max(0.0, x)) for x in (e.value, e.low, e.high))
    return f"{value:.2f} ({low:.2f} to {high:.2f})"
