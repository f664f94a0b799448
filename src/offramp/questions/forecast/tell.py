"""A forecast in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offramp.model import Model
from offramp.questions.forecast.ask import Issued
from offramp.questions.truth_text import level, titled
from offramp.tell import figures
from offramp.tell.blocks import Block, Gap, Paragraph, Table, Telling
from offramp.tell.words import counted
from offramp.truth.ledger import AnyEntry, Chance, Choice, CountForecast, Level


def tell(found: Issued, model: Model | None = None) -> Telling:
    """What `offramp forecast` says."""
    every = found.forecast.questions
    chances = [q for q in every if isinstance(q, Chance)]
    amounts = [q for q in every if isinstance(q, CountForecast | Level)]
    choices = [q for q in every if isinstance(q, Choice)]
    return Telling(
        title=f"{found.title}: forecast of {found.as_of}",
        body=[
            *_chances(chances),
            *_amounts(amounts),
            *_choices(choices),
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
    by_months = [q for q in asked if isinstance(q.months, int)]
    if by_months:
        horizons = sorted({q.months for q in by_months})
        titles = {q.name: q.title for q in by_months}
        cells = {(q.name, q.months): figures.percent(q.probability) for q in by_months}
        yield Gap()
        yield Paragraph("Chances, so many months ahead:")
        yield Table(
            ("", *map(str, horizons)),
            [(title, *(cells.get((name, h), "") for h in horizons)) for name, title in titles.items()],
        )
    if others := [q for q in asked if not isinstance(q.months, int)]:
        yield Gap()
        yield Paragraph("Chances by a day, and with it:")
        rows = [(q.title, figures.full_date(q.resolves), figures.percent(q.probability)) for q in others]
        yield Table(("", "by", "chance"), _once(rows))


def _once(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Rows whose first cell stands only where it is not that of the row before."""
    firsts = ["", *(row[0] for row in rows)]
    return [("" if row[0] == last else row[0], *row[1:]) for row, last in zip(rows, firsts, strict=False)]


def ahead(q: AnyEntry) -> str:
    """How far ahead a question is asked: months, or the day."""
    return str(q.months) if isinstance(q.months, int) else figures.full_date(q.resolves)


def _choices(asked: Sequence[Choice]) -> Iterator[Block]:
    """Questions of several choices: a row for each choice."""
    if not asked:
        return
    yield Gap()
    yield Paragraph("Of several choices, each with its chance:")
    rows = [
        (q.title, ahead(q), name, figures.percent(p)) for q in asked for name, p in q.probabilities.items()
    ]
    yield Table(("", "months or day", "choice", "chance"), _once(rows))


def _amounts(asked: Sequence[CountForecast | Level]) -> Iterator[Block]:
    """Counts and levels, with their intervals: a row for each question and horizon."""
    if not asked:
        return
    rows, last = [], ""
    for q in asked:
        low, middle, high = (q.quantiles[k] for k in ("0.05", "0.5", "0.95"))
        title = "" if q.name == last else entry_title(q)
        rows.append((title, ahead(q), level(middle), f"{level(low)} to {level(high)}"))
        last = q.name
    yield Gap()
    yield Paragraph("Counts over so many months, and levels after them:")
    every = all(isinstance(q.months, int) for q in asked)
    yield Table(("", "months" if every else "months or day", "middle", "90 % interval"), rows)


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
