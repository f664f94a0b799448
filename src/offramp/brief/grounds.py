"""What a brief rests on, how to read it and how to make it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from offramp.analysis.intervals import LEVEL
from offramp.brief.section import Section
from offramp.brief.view import RunsView
from offramp.model import Source
from offramp.tell import figures
from offramp.tell.blocks import (
    Block,
    Bullets,
    Code,
    Fold,
    Heading,
    Paragraph,
    Span,
    Table,
    Terms,
    Text,
)

# More guesses than this are folded away under their kinds.
MANY_GUESSES = 20

NOT_MEASURED = "which of them matter most has not been measured here"


def situation(view: RunsView) -> Section:
    """What the model is about, in the words of its author."""
    paragraphs = [p for p in view.model.summary.split("\n\n") if p.strip()]
    said = [Paragraph(p) for p in paragraphs] or [Paragraph("The model gives no summary.", small=True)]
    return Section(0, "situation", "Situation", "The situation", said)


def grounds(view: RunsView, measured: bool) -> Section:
    """The guesses and the sources; `measured`: an answer on the page says which numbers matter most."""
    blocks = [*_guesses(view, measured), Heading("Sources"), _sources(view.model.sources)]
    return Section(110, "grounds", "What it rests on", "What it rests on", blocks)


def _guesses(view: RunsView, measured: bool) -> Iterator[Block]:
    many = view.guess_count > MANY_GUESSES
    if not view.guesses:
        illustrative = "An illustrative model: its numbers are neither sourced nor marked as guesses."
        none = "No part of the model is marked as a guess."
        yield Paragraph(illustrative if view.runs.attrs["illustrative"] else none)
        return
    yield Paragraph(
        (
            f"{view.guess_count} parts of the model hold a guess, with a reason for each. Some have a source "
            "as well: it says why the thing is there and of about what size, and not how large it is to the "
            "digit. ",
            "" if measured else f"{NOT_MEASURED.capitalize()}. ",
            "A parameter, or the start of a stock, can be tried with another value: add ",
            Span("--set NAME=NUMBER", "code"),
            " to the command below. The other guesses are changed in the model file.",
        )
    )
    for kind, rows in view.guesses.items():
        table = Table(
            ("What", "Name", "Value", "Why", "Source"),
            [(g.title, (Span(g.name, "code"),), g.value, g.reason, g.sources) for g in rows],
            prose=True,
        )
        if many:
            yield Fold(f"{kind} ({len(rows)})", [table])
        else:
            yield from (Heading(kind), table)


def _sources(sources: Sequence[Source]) -> Block:
    if not sources:
        return Paragraph("The model names no sources.")
    return Bullets([_source(s) for s in sources], small=True)


def _source(source: Source) -> Text:
    linked = source.url.startswith(("https://", "http://"))
    title = [Span(source.title or source.url, "link", source.url)] if linked else [source.title]
    return (
        Span(f"{source.key}:"), " ", *title,
        f" ({source.url})" if source.url and not linked else "",
        *((", ", Span(str(source.date), "unbroken")) if source.date else ()), ".",
        f" {source.note}" if source.note else "",
    )  # fmt: skip


def reading(failed: str) -> Section:
    """What its numbers are, and what they are not; `failed` says which runs did, empty for none."""
    entries = [
        (
            "A chance",
            "is the share of futures of this model in which a thing happens. Every future draws its own luck "
            "and its own value of each uncertain number, so both kinds of not knowing are already averaged "
            "into the chance.",
        ),
        (
            "The interval of a chance",
            f"holds the sampling error of this many futures ({figures.percent(LEVEL)}, Wilson 1927) and only "
            "that. More futures make it narrower; they do not make the model truer. How far a chance would "
            "move if the uncertain numbers were known better is not in it.",
        ),
        (
            "The bands of a variable",
            "hold the futures themselves: luck and uncertain numbers together, not an error of estimation.",
        ),
        (
            "What none of it holds",
            "the possibility that the model is wrong: an actor, a motive or an event that the file leaves "
            "out, or a formula of the wrong form. What is not in the file cannot happen here. The numbers "
            "are the consequences of the assumptions listed above; they are no forecast until the model has "
            "been held against what came after.",
        ),
        (
            "Failed runs",
            failed or "None: every run kept finite numbers within their bounds.",
        ),
    ]
    return Section(120, "reading", "How to read this", "How to read this", [Terms(entries)])


def again(view: RunsView, command: str, commands: Sequence[str]) -> Section:
    """The commands that make it again: of the page, and of the answers on it."""
    attrs = view.runs.attrs
    blocks: list[Block] = [
        Code([command]),
        Paragraph("Gives the same futures, number for number, on any number of threads."),
    ]
    if commands:
        blocks += [
            Paragraph("The answers to questions, each with the runs that it had here:"),
            Code(commands),
        ]
    known = (name for name in ("offramp", "numpy", "llvmlite") if f"{name}_version" in attrs)
    versions = ", ".join(f"{name} {attrs[f'{name}_version']}" for name in known)
    facts: list[tuple[Text, ...]] = [
        ("Model file", Path(attrs["model_file"]).resolve().name),
        ("SHA-256 of it", (Span(attrs["model_hash"], "code"),)),
        ("Seed", str(attrs["seed"])),
        ("Versions", f"{versions}; engine: {attrs['engine']}"),
    ]
    blocks.append(Table(("", ""), facts, numbers_from=2))
    return Section(130, "again", "How to reproduce it", "How to reproduce it", blocks)
