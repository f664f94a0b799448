"""A story in paragraphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from offramp.analysis.chronicle import Entry
from offramp.anatomy import effects_of
from offramp.model import Model
from offramp.questions.story.ask import Explanation, Mistaken, Story
from offramp.tell import figures
from offramp.tell.blocks import Block, Heading, Paragraph, Telling


def tell(found: Story, model: Model) -> Telling:
    """What `offramp story` says."""
    under = "" if found.policy == "baseline" else f", policy “{found.policy_title}”"
    return Telling(
        title=found.title,
        head=[Paragraph(f"Future {found.run} of seed {found.seed}{under}. {_stands_for(found)}")],
        body=[*_ending(found), *_wrong(found.at_first), *_course(found, model)],
    )


def _stands_for(found: Story) -> str:
    """What one future says of others."""
    of = found.typical_of
    if of is None:
        return "One course of many."
    return (
        f"Of the {of.came:,} of {of.runs:,} futures in which “{of.title}” came, the one that is most like "
        "the others."
    )


def _ending(found: Story) -> Iterator[Block]:
    if found.ending:
        yield Paragraph(f"Ends with: {found.ending}.")
    if found.on_the_way:
        yield Paragraph(f"On the way: {'; '.join(found.on_the_way)}.")


def _wrong(at_first: Sequence[Mistaken]) -> Iterator[Block]:
    """What those who reason have wrong as the run begins."""
    for side in at_first:
        if side.wrong:
            yield Heading(f"What {side.title} has wrong as it begins")
        for what, unit, truth, taken in side.wrong:
            both = f"{figures.with_unit(taken, unit)}; in truth {figures.with_unit(truth, unit)}"
            yield Paragraph(f"{what}: taken for {both}.", 1, hanging=True)


def _course(found: Story, model: Model) -> Iterator[Block]:
    for span in _spans(found, model):
        first, last = figures.full_date(span.first), figures.full_date(span.last)
        yield Heading(first if span.first == span.last else f"{first} to {last}")
        yield from (Paragraph(words, 1) for words in span.paragraphs)


@dataclass(frozen=True)
class _Span:
    """Dates that are told together; `quiet` where nothing but acts happens, which nobody explains."""

    first: date
    last: date
    paragraphs: list[str]
    quiet: bool


def _spans(found: Story, model: Model) -> list[_Span]:
    """Dates and what is told of them; quiet ones on which the same is done are one."""
    spans: list[_Span] = []
    for entry in found.entries:
        thoughts = [t for t in found.thoughts if t.at == entry.at]
        paragraphs = _paragraphs(entry, model, thoughts)
        quiet = not thoughts and all(s.kind == "act" for s in entry.sayings)
        last = spans[-1] if spans else None
        if last is not None and quiet and last.quiet and paragraphs == last.paragraphs:
            spans[-1] = _Span(last.first, entry.at, paragraphs, quiet)
        else:
            spans.append(_Span(entry.at, entry.at, paragraphs, quiet))
    return spans


def _paragraphs(entry: Entry, model: Model, thoughts: Sequence[Explanation]) -> list[str]:
    """One date: how things stand, what happened, what is made of it, who did what, why, what came of it."""
    happened = f"{_of_kind(entry, 'event')} {_of_kind(entry, 'exchange')}".strip()
    acts = _acts(entry, model, {t.actor: t.text for t in thoughts})
    stands, supposed = _of_kind(entry, "state"), _of_kind(entry, "estimate")
    parts = [stands, happened, supposed, acts, _of_kind(entry, "belief"), _of_kind(entry, "outcome")]
    return [p for p in parts if p]


def _of_kind(entry: Entry, kind: str) -> str:
    return " ".join(s.text for s in entry.sayings if s.kind == kind)


def _acts(entry: Entry, model: Model, why: dict[str, str]) -> str:
    """Acts, each with the surprise that it was; `why` is what actors thought, in words, instead."""
    # Those who act by habit and change nothing are not worth a sentence each month.
    reasoners = {a.name for a in model.actors if a.depth >= 1}
    idle = {(a.name, x.name) for a in model.actors for x in a.actions if not effects_of(x)}
    return " ".join(
        why.get(s.subject, s.text) if s.kind == "act" else s.text
        for s in entry.sayings
        if s.kind == "surprise"
        or (s.kind == "act" and (s.subject in reasoners or (s.subject, s.facts["action"]) not in idle))
    )
