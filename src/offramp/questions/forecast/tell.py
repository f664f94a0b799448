"""A forecast in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offramp.model import Model
from offramp.questions.forecast.ask import Issued
from offramp.questions.truth_text import level, titled
from offramp.tell import figures
from offramp.tell.blocks import Block, Gap, Paragraph, Table, Telling
from offramp.tell.words import counted
from offramp.truth.ledger import AnyEntry, Chance, CountForecast, Level


def tell(found: Issued, model: Model | None = None) -> Telling:
    """What `offramp forecast` says."""
    every = found.forecast.questions
    chances = [q for q in every if isinstance(q, Chance)]
    amounts = [q for q in every if not isinstance(q, Chance)]
    return Telling(
        title=f"{found.title}: forecast of {found.as_of}",
        body=[
            *_chances(chances),
            *_amounts(amounts),
            Gap(),
            *_what_they_are(found),
            Paragraph(f"Written to {found.file}. Its hash, to be published or kept elsewhere:"),
            Paragraph(found.forecast.hash, 1),
        ],
    )


def _chances(asked: Sequence[Chance]) -> Iterator[Block]:
    """Chances: a row for each question, a column for each horizon."""
    if not asked:
        return
    horizons = sorted({q.months for q in asked})
    titles = {q.name: q.title for q in asked}
    cells = {(q.name, q.months): figures.percent(q.probability) for q in asked}
    yield Gap()
    yield Paragraph("Chances, so many months ahead:")
    yield Table(
        ("", *map(str, horizons)),
        [(title, *(cells.get((name, h), "") for h in horizons)) for name, title in titles.items()],
    )


def _amounts(asked: Sequence[CountForecast | Level]) -> Iterator[Block]:
    """Counts and levels, with their intervals: a row for each question and horizon."""
    if not asked:
        return
    rows, last = [], ""
    for q in asked:
        low, middle, high = (q.quantiles[k] for k in ("0.05", "0.5", "0.95"))
        title = "" if q.name == last else entry_title(q)
        rows.append((title, str(q.months), level(middle), f"{level(low)} to {level(high)}"))
        last = q.name
    yield Gap()
    yield Paragraph("Counts over so many months, and levels after them:")
    yield Table(("", "months", "middle", "90 % interval"), rows)


def _what_they_are(found: Issued) -> Iterator[Paragraph]:
    """What chances, counts and levels are, and from how many futures."""
    every, settings = found.forecast.questions, found.forecast.settings
    counts = any(isinstance(q, CountForecast) for q in every)
    yield Paragraph(
        f"From {counted(settings.futures, 'future')} of "
        f"{counted(settings.particles * settings.chains, 'calibrated world')}. A "
        "chance is the share of them in which it comes, with half a case added on either side."
        + " A count is that of the middle one, and nine in ten lie within."
        * counts
    )
    if levels := [q for q in every if isinstance(q, Level)]:
        yield Paragraph(_levels(levels))


def _levels(levels: Sequence[Level]) -> str:
    """What the levels of a forecast are: figures to be published, or those of the model."""
    bare = dict.fromkeys(entry_title(q) for q in levels if q.source is None)
    sentence = (
        "A level is the figure that will be published: that of a future with the error of its source, within "
        "the bounds of what it measures. Nine in ten lie within the interval."
    )
    if not bare:
        return sentence
    return (
        f"{sentence} No evidence says how far sources err, so levels are those of the model: "
        f"{'; '.join(bare)}."
    )


def entry_title(q: AnyEntry) -> str:
    """The title of a question, of a level with its unit."""
    return titled(q.title, q.unit) if isinstance(q, Level) else q.title
