"""The score of a forecast in words."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.model import Model
from offramp.questions.forecast.tell import ahead, entry_title
from offramp.questions.score.ask import AnyScored, Score, ScoredChance, ScoredChoice
from offramp.questions.truth_text import CHANCE_RULES, level, part_of
from offramp.tell import figures
from offramp.tell.blocks import Block, Heading, Paragraph, Table, Telling
from offramp.truth.baselines import BASELINES, TITLES
from offramp.truth.scores import LEAST_FOR_SHARES


def tell(found: Score, model: Model | None = None) -> Telling:
    """What `offramp score` says."""
    void = f", {found.void} are void and never will" if found.void else ""
    headline = (
        f"The file is as it was written, and the list asks what it answered. {found.resolved} of "
        f"{found.asked} questions have come out{void}."
    )
    return Telling(
        title=f"Forecast of {found.as_of} by {found.model}",
        head=[Paragraph(headline)],
        body=[*_yes_or_no(found), *_sampled(found), *_choices(found), *_questions(found)],
    )


def _yes_or_no(found: Score) -> Iterator[Block]:
    n = found.binary.resolved
    if not n:
        return
    yield Heading(f"Yes-or-no questions: {n} of {found.binary.asked}")
    rows = [(TITLES[name], _score(score), f"{found.binary.nearer[name]} of {n}")
            for name, score in found.baselines.items()]  # fmt: skip
    if n < LEAST_FOR_SHARES:
        yield Table(("", "the model was nearer"), [(title, times) for title, _, times in rows])
        yield Paragraph(
            f"Mean scores are not given for fewer than {LEAST_FOR_SHARES} answers: {CHANCE_RULES}.", 1
        )
        return
    ours = ("The model", _score(found.brier), "")
    yield Table(("", "Brier score (0 is best)", "the model was nearer"), [ours, *rows])


def _sampled(found: Score) -> Iterator[Block]:
    n = found.sampled.resolved
    if found.inside_half is None or found.inside_nine_tenths is None:
        return
    half, nine = part_of(found.inside_half, n), part_of(found.inside_nine_tenths, n)
    yield Heading(f"Counts and levels: {n} of {found.sampled.asked}")
    yield Paragraph(
        f"{half} fell within the middle half of what was said, where half should, and {nine} within the "
        "middle nine tenths."
    )
    if n < LEAST_FOR_SHARES:
        yield Paragraph(f"Shares are not given for fewer than {LEAST_FOR_SHARES}: {CHANCE_RULES}.", 1)


def _choices(found: Score) -> Iterator[Block]:
    """Questions of several choices, each with its score beside those of rules."""
    some = [q for q in found.questions if isinstance(q, ScoredChoice) and q.score is not None]
    if not some:
        return
    yield Heading("Of several choices")
    yield Paragraph(
        "Scores, 0 at best: of bins the ranked probability score, else Brier's over all choices (2 at worst)."
    )
    rows = [
        (
            q.title,
            ahead(q),
            _score(q.score),
            *(_score((q.baselines_score or {}).get(who)) for who in BASELINES),
        )
        for q in some
    ]
    yield Table(("", "months or day", "the model", *(TITLES[who] for who in BASELINES)), rows)


def _questions(found: Score) -> Iterator[Block]:
    yield Heading("Question by question")
    rows, last = [], ""
    for q in found.questions:
        rows.append(("" if q.name == last else entry_title(q), ahead(q), _predicted(q), _came(q)))
        last = q.name
    every = all(isinstance(q.months, int) for q in found.questions)
    yield Table(("", "months" if every else "months or day", "said", "came"), rows)
    if any(q.answer is None and not q.void for q in found.questions):
        yield Paragraph("-: the tables do not tell what came.", 1)


def _predicted(q: AnyScored) -> str:
    if isinstance(q, ScoredChoice):
        name = max(q.probabilities, key=lambda option: q.probabilities[option])
        return f"{name}: {figures.percent(q.probabilities[name])}"
    return figures.percent(q.probability) if isinstance(q, ScoredChance) else level(q.quantiles["0.5"])


def _came(q: AnyScored) -> str:
    if q.answer is None:
        return "void" if q.void else "-"
    if isinstance(q, ScoredChoice):
        return q.answer
    if isinstance(q, ScoredChance):
        return "yes" if q.answer else "no"
    return level(q.answer)


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
