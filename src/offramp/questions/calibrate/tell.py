"""A calibration in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offramp.model import Model
from offramp.questions.calibrate.chart import chart
from offramp.questions.truth_text import part_of
from offramp.tell import figures
from offramp.tell.blocks import Block, Figure, Heading, Paragraph, Table, Telling
from offramp.tell.words import counted
from offramp.truth.initial_conditions import ActorTypes
from offramp.truth.populations import Populations
from offramp.truth.posterior import Fit, Learnt, Posterior

_MOST, _MOST_NAMED = 25, 12
_BEFORE_AND_AFTER = ("", "before", "90 % of it", "after", "90 % of it")


def tell(found: Posterior, model: Model | None = None) -> Telling:
    """What `offramp calibrate` says."""
    return Telling(
        title=f"{found.title}: calibrated on what was known by {found.until}",
        head=[Paragraph(_headline(found))],
        body=[
            *_moved(found),
            *_unsettled(found),
            *_left(found),
            *_types(found),
            *_starts(found),
            *_past(found),
        ],
        sure=list(_how_sure(found)),
    )


def _headline(found: Posterior) -> str:
    unsettled, starts = seem_moved(found), found.initial.values()
    of_starts = f" and {sum(s.moved for s in starts)} of {counted(len(starts), 'uncertain starting value')}"
    more = f"{len(unsettled)} more {'is' if len(unsettled) == 1 else 'are'} not settled; "
    if not found.parameters and not found.initial:
        figures_used = counted(found.points, "published figure or count", "published figures and counts")
        return f"{figures_used}. No parameter and no starting value is uncertain."
    return (
        f"{counted(found.points, 'published figure or count', 'published figures and counts')}. "
        f"{'It moves' if found.points == 1 else 'They move'} {len(found.moved)} of "
        f"{counted(len(found.parameters), 'uncertain parameter')}{of_starts * bool(starts)}; "
        f"{more * bool(unsettled)}"
        "what the model says of the others rests on judgement alone."
    )


def seem_moved(found: Posterior) -> list[str]:
    """Parameters that the data seem to move, but on which populations do not agree."""
    least = found.populations.apparent_gain(found.particles * found.chains)
    apart = found.populations.apart
    return [n for n in found.not_moved if n in apart and found.parameters[n].gain > least]


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────


def _moved(found: Posterior) -> Iterator[Block]:
    if not found.moved:
        return
    table = _before_and_after([found.parameters[name] for name in found.moved])
    first = found.parameters[found.moved[0]]
    sentence = (
        f"The evidence moves {first.title} most: from {figures.number(first.prior.p50)} to "
        f"{figures.number(first.posterior.p50)}, in the middle."
    )
    yield Heading("What the data move most")
    yield Figure("calibrate-moved", "What the data move", sentence, chart(found), table)
    yield table
    if len(found.moved) > _MOST:
        yield Paragraph(f"and {len(found.moved) - _MOST} more; --format json lists all.", 1)


def _unsettled(found: Posterior) -> Iterator[Block]:
    if names := seem_moved(found):
        yield Heading("Not settled: moved, but not alike in all populations")
        yield _before_and_after([found.parameters[name] for name in names])
        yield Paragraph("More --particles, or more --chains, settle it.", 1)


def _left(found: Posterior) -> Iterator[Block]:
    """Parameters that stay as judgement had them."""
    unsettled = seem_moved(found)
    if titles := [found.parameters[n].title for n in found.not_moved if n not in unsettled]:
        yield Heading("What they do not move")
        yield Paragraph(_named(titles) + ".", 1)


def _before_and_after(numbers: Sequence[Learnt]) -> Table:
    return Table(_BEFORE_AND_AFTER, [_row(n) for n in numbers[:_MOST]])


def _row(n: Learnt) -> list[str]:
    cells = [n.title + (f", {n.unit}" if n.unit else "")]
    for spread in (n.prior, n.posterior):
        cells += [figures.number(spread.p50), f"{figures.number(spread.p5)} to {figures.number(spread.p95)}"]
    return cells


def _named(titles: Sequence[str]) -> str:
    """The first of many, and how many more there are."""
    left = len(titles) - _MOST_NAMED
    more = f"; and {left} more, which --format json lists" if left > 0 else ""
    return "; ".join(titles[:_MOST_NAMED]) + more


# ── types and starting values ─────────────────────────────────────────────────────────────────────────────


def _types(found: Posterior) -> Iterator[Block]:
    """Which type each actor truly is, before and after, and how far populations lie apart on it."""
    if not found.types:
        return
    yield Heading("Who they are: true types")
    rows = [row for actor in found.types.values() for row in _types_of(actor)]
    worths = [actor.worth for actor in found.types.values() if actor.worth is not None]
    if len(worths) < len(found.types):
        yield Table(("", "before", "after"), [row[:3] for row in rows])
        yield Paragraph("One population cannot tell how far sampling is off.", 1)
        return
    least, most = f"{min(worths):,.0f}", f"{max(worths):,.0f}"
    yield Table(("", "before", "after", "90 % interval", "populations"), rows)
    yield Paragraph(
        "Share of worlds in which an actor is of the type. Intervals hold the error of sampling, by "
        f"{least if least == most else f'{least} to {most}'} independent draws; populations: the lowest and "
        "the highest share in any.",
        1,
    )


def _types_of(actor: ActorTypes) -> Iterator[list[str]]:
    for t in actor.types.values():
        sure = "" if t.low is None or t.high is None else figures.percent_range(t.low, t.high)
        each = figures.percent_range(min(t.by_chain), max(t.by_chain))
        name = f"{actor.title}: {t.title}"
        yield [name, figures.percent(t.prior), figures.percent(t.posterior), sure, each]


def _starts(found: Posterior) -> Iterator[Block]:
    """Where stocks began, of those whose starting value the data move."""
    if moved := [s for s in found.initial.values() if s.moved]:
        yield Heading("Starting values that the data move")
        yield _before_and_after(moved)


# ── how the past is met ───────────────────────────────────────────────────────────────────────────────────


def _past(found: Posterior) -> Iterator[Block]:
    yield Heading("How the past is met")
    yield Paragraph(
        "Of the figures published, how many lie within the middle half and the middle nine tenths of what "
        "the calibrated model would publish. Near 50 and 90 % is right; 100 % is too wide."
    )
    yield _fits(list(found.series.values()))
    if found.against is not None:
        yield Heading(f"What came after, up to {found.against}, unseen by it")
        yield _fits(list(found.held_back.values()))


def _fits(series: Sequence[Fit]) -> Table:
    rows = [_fit(s.title, s.points, s.half, s.nine_tenths) for s in series]
    if n := sum(s.points for s in series):
        half = sum(s.half * s.points for s in series) / n
        rows.append(_fit("All", n, half, sum(s.nine_tenths * s.points for s in series) / n))
    return Table(("", "figures", "in the middle half", "in nine tenths"), rows)


def _fit(title: str, n: int, half: float, nine_tenths: float) -> tuple[str, ...]:
    return title, str(n), part_of(half, n), part_of(nine_tenths, n)


# ── how sure ──────────────────────────────────────────────────────────────────────────────────────────────


def _how_sure(found: Posterior) -> Iterator[Block]:
    """How far calibrations from scratch lie apart."""
    alive = found.chains - found.chains_lost
    populations = "1 population" if alive == 1 else f"{alive} populations"
    yield Paragraph(
        f"{populations} from scratch, {counted(found.particles, 'world')} each; "
        f"{counted(found.runs, 'run')} in {figures.duration(found.seconds)}."
    )
    if found.chains_lost:
        yield Paragraph(
            f"{found.chains_lost} more found no future that could be what was known, and "
            f"{_are(found.chains_lost)} left out: take more --particles.",
            1,
        )
    spread = found.populations
    if alive == 1:
        yield Paragraph(
            "One population cannot tell how far sampling is off: take two or more of --chains.", 1
        )
        return
    if spread.worth is None:
        yield Paragraph(
            "So few populations of so few uncertain numbers cannot tell how many independent draws they are "
            "worth: take more of --chains.",
            1,
        )
    else:
        yield Paragraph(_worth(spread, spread.worth))
    yield Paragraph(_agreement(found))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _worth(spread: Populations, worth: float) -> str:
    sentence = f"By how far they lie apart they are worth about {worth:,.0f} independent draws"
    if spread.worth_moved is not None:
        off = 1 / spread.worth_moved**0.5
        sentence += (
            f"; for the numbers that the data move, about {spread.worth_moved:,.0f}, so that chance "
            f"shifts the middle of such a number by some {figures.percent(off)} of its spread"
        )
    return (
        f"{sentence}. Their estimates of the evidence, in the logarithm, vary by "
        f"{spread.log_evidence_sd:.1f} (standard deviation) around {spread.log_evidence:.1f}."
    )


def _agreement(found: Posterior) -> str:
    spread = found.populations
    if not spread.apart:
        return "They agree on every number (R-hat below 1.1)."
    apart = [found.parameters[n] for n in spread.apart]
    chance = spread.apart_by_chance
    by_chance = (
        "" if chance is None else f" So few worlds would set about {chance:,.0f} apart by chance alone."
    )
    return (
        "They do not agree yet on numbers with R-hat of 1.1 or more, which count as not moved: "
        f"{_named([f'{p.title} ({p.r_hat:.2f})' for p in apart])}.{by_chance} More --particles help."
    )
