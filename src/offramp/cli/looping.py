"""The command `loops`: which feedback drives a model, and how strongly."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offramp.cli import options, pictures
from offramp.cli.progress import Progress

if TYPE_CHECKING:
    from offramp.questions.loops.ask import Loop, Loops

RUNS, LONGEST = 24, 9


@click.command()
@options.model_argument
@click.option(
    "--at",
    "days",
    multiple=True,
    type=options.Day(),
    metavar="DATE",
    help="Measure at this date; may be repeated. The start and the middle of the horizon by default.",
)
@options.fewer_runs(RUNS, "Futures over which strengths are measured.")
@options.seed_option
@options.set_option
@click.option("--policy", default="baseline", show_default=True, metavar="NAME", help="Under this policy.")
@click.option(
    "--most", type=click.IntRange(1, 100), default=8, show_default=True, metavar="N", help="Loops to show."
)
@click.option(
    "--longest",
    type=click.IntRange(2, 20),
    default=LONGEST,
    show_default=True,
    metavar="N",
    help="Most things in a loop.",
)
@pictures.picture_option
@options.format_option
def loops(
    model: str,
    days: Sequence[date],
    runs: int,
    seed: int,
    settings: Sequence[str],
    policy: str,
    most: int,
    longest: int,
    picture: Path | None,
    form: str,
) -> int:
    """Show the feedback loops of a model: what reinforces itself, what balances, and how strongly.

    Links are read off the model's own formulas and its actors' choices, as they are at a date.
    """  # fmt: skip
    from offramp.questions.loops.ask import loops as asked
    from offramp.runs.design import Design

    pictures.need(picture)
    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    design = Design(checked, [policy], scenarios=runs, seed=seed, overrides=overrides)
    with Progress("Measuring links") as progress:
        found = asked(design, list(days), most=most, longest=longest, progress=progress)
    if form == "json":
        options.print_json(found.as_dict())
    else:
        from offramp.tell.terminal import wants_colour, width

        click.echo(loops_text(found, checked.title or checked.name, width(), wants_colour(sys.stdout)))
    if picture is not None:
        from offramp.questions.loops.chart import loops_picture

        pictures.save(loops_picture(found.as_dict()), picture)
    return 0


def loops_text(found: Loops, title: str, columns: int, colour: bool = False) -> str:
    """What `offramp loops` prints."""
    from offramp.tell import figures
    from offramp.tell.terminal import Page

    page = Page(columns)
    page.heading(f"Feedback loops of: {title}")
    if not found.loops:
        page.paragraph("No closed chain of causes passes through a stock here: nothing feeds back on itself.")
        return page.text(colour)
    page.paragraph(
        "Each loop is a closed chain of causes. (+) moves the next thing the same way, (-) the other way. A "
        "reinforcing loop (R) feeds itself, a balancing one (B) holds itself back; M: futures differ. "
        "The rate is that at which the loop would grow (+), or turn back (-), if it were alone: the middle "
        "of the futures, and in brackets where nine in ten of them lie. +0.1 a month doubles in seven months."
    )
    for loop in found.loops:
        page.heading(f"{loop.name}  {loop.kind}")
        page.paragraph(_chain(loop), "  ", "    ")
        for strength in loop.strength:
            rate = f"{strength.median:+.3f} a month ({strength.low:+.3f} to {strength.high:+.3f})"
            if loop.kind == "mixed" and strength.low < strength.high:
                rate += f"; reinforces in {100 * strength.reinforcing:.0f} % of futures where it runs"
            page.entry(figures.full_date(strength.date), rate, "  ", 16)
        if loop.variants:
            one = loop.variants == 1
            page.paragraph(
                f"{loop.variants} weaker {'loop goes' if one else 'loops go'} much the same way.", "  "
            )
    page.heading("How this was measured")
    futures = ", ".join(
        f"{n} on {figures.full_date(d)}" for n, d in zip(found.runs, found.dates, strict=True)
    )
    page.paragraph(
        f"Over futures that still run ({futures}), at the state in which each then is. "
        f"{found.looked_at:,} loops were compared{'' if found.complete else ', not all that there are'}; "
        "links that move their target by less than a 500th of its spread were left out."
    )
    return page.text(colour)


def _chain(loop: Loop) -> str:
    words = [f"{n.title} ({'+' if s > 0 else '-'}) >" for n, s in zip(loop.nodes, loop.signs, strict=True)]
    return " ".join([*words, loop.nodes[0].title])
