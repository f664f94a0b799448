"""What a chance hangs on, as text for a terminal."""

from __future__ import annotations

import math

from offramp.analysis.intervals import Estimate
from offramp.questions.sensitivity.ask import Sensitivity
from offramp.tell import figures
from offramp.tell.terminal import Page

_MOST_SCREENED = 12
_ROUGH = 0.5  # width of the interval of a share beyond which it says little


def sensitivity_text(found: Sensitivity, again: str, columns: int, colour: bool = False) -> str:
    """What `offramp sensitivity` prints."""
    page = Page(columns)
    page.heading(found.title)
    for sentence in _headlines(found):
        page.paragraph(sentence)
    if found.illustrative:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    page.heading(f"What the chance hangs on: {found.outcome_title}")
    page.paragraph(
        "Low, high: the chance where the number is in the lowest and in the highest fifth of what it may be. "
        "Alone, with others: share of the variance of the chance that goes if the number is known, alone and "
        "counting all that it does together with others."
    )
    page.table(
        ["", "low", "high", "alone", "with others"],
        [
            [
                f"{s.title} ({_values(s.low_value, s.high_value, s.unit)})",
                _chance(s.low),
                _chance(s.high),
                _share(s.first),
                _share(s.total),
            ]
            for s in found.shares
        ],
    )
    rest = [s for s in found.screened if not s.passed and s.effect > 0][:_MOST_SCREENED]
    if rest:
        page.heading("Screened, and left out")
        page.paragraph(
            "Change of the chance, in points of a hundred, from one end of the number's range to the other; "
            "beside it what luck alone would show."
        )
        page.table(
            ["", "change", "luck alone"],
            [[s.title, f"{100 * s.effect:.2f}", f"{100 * s.noise:.2f}"] for s in rest],
        )
        others = len(found.screened) - len(found.shares) - len(rest)
        if others > 0:
            page.paragraph(f"{others} others change it less, or not at all (--format json lists them).", "  ")
    page.heading("How sure")
    page.paragraph(f"90 % interval: {found.interval}")
    page.paragraph(
        f"{found.runs:,} futures: {found.screening_runs:,} to screen {len(found.screened)} uncertain numbers "
        f"along {found.trajectories} paths from the 5th to the 95th percentile of each, the others at "
        f"{found.rows:,} rows of points with {found.courses} courses of luck each."
    )
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    return page.text(colour)


def _headlines(found: Sensitivity) -> list[str]:
    until = figures.end_words(found.by)
    kept = [s for s in found.screened if s.stands_out]
    spread = math.sqrt(max(0.0, found.variance.value))
    said = [
        f"{found.outcome_title} by {until}: {figures.percent(found.chance.value)} over all that is "
        f"uncertain. Of {len(found.screened)} uncertain numbers {len(kept)} stand out from luck in a first "
        f"screening; the {len(found.shares)} that weigh most are in the table."
    ]
    if not found.divisible:
        said.append(
            "The numbers below move the chance so little that their shares cannot be told from chance: ask "
            "for more runs."
        )
    elif found.shares:
        top = found.shares[0]
        hangs = "Most seems to hang" if _rough(found) else "Most hangs"
        said.append(
            f"{hangs} on: {top.title}. If the {len(found.shares)} numbers in the table were known, the "
            f"chance would typically turn out {100 * spread:.1f} points of a hundred higher or lower than "
            "it is now."
        )
        if _rough(found):
            said.append(
                "Shares of the variance are rough: with so few futures some of them may be nearly nothing or "
                f"nearly all. Low and high are surer; ask for more, such as --runs {_more(found.runs)}."
            )
    return said


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
