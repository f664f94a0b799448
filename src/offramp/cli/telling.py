"""The command `story`: one future told in words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from offramp.cli import options

if TYPE_CHECKING:
    from offramp.analysis.chronicle import Entry
    from offramp.model import Model
    from offramp.questions.story.ask import Story, Thought


@click.command()
@options.model_argument
@click.option(
    "--run",
    "number",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Number of the future to tell.",
)
@options.seed_option
@options.set_option
@click.option("--policy", default="baseline", show_default=True, metavar="NAME", help="Under this policy.")
@click.option(
    "--thoughts",
    type=click.IntRange(0, 50),
    default=4,
    show_default=True,
    metavar="N",
    help="At how many turning points to say why.",
)
@options.format_option
def story(
    model: str,
    number: int,
    seed: int,
    settings: Sequence[str],
    policy: str,
    thoughts: int,
    form: str,
) -> int:
    """Tell one future of MODEL in words: what each side saw, thought and did, and how it ended."""
    from offramp.questions.story.ask import story as told_by
    from offramp.runs.design import Design

    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    design = Design(checked, [policy], scenarios=[number], seed=seed, overrides=overrides)
    told = told_by(design, thoughts)
    if form == "json":
        options.print_json(told.as_dict())
        return 0
    from offramp.tell.terminal import wants_colour, width

    again = ["--run", str(number)]
    command = options.again_command("story", model, seed=seed, policy=policy, overrides=overrides, more=again)
    click.echo(story_text(told, checked, command, width(), wants_colour(sys.stdout)))
    return 0


def story_text(told: Story, model: Model, again: str, columns: int, colour: bool = False) -> str:
    """What `offramp story` prints."""
    from offramp.tell import figures
    from offramp.tell.terminal import Page

    page = Page(columns)
    page.heading(told.title)
    under = "" if told.policy == "baseline" else f", policy “{told.policy_title}”"
    page.paragraph(f"Future {told.run} of seed {told.seed}{under}. One course of many.")
    if told.illustrative:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    if told.ending:
        page.paragraph(f"Ends with: {told.ending}.")
    if told.on_the_way:
        page.paragraph(f"On the way: {'; '.join(told.on_the_way)}.")
    for side in told.at_first:
        if side.wrong:
            page.heading(f"What {side.title} has wrong as it begins")
            for what, unit, truth, taken in side.wrong:
                both = f"{figures.with_unit(taken, unit)}; in truth {figures.with_unit(truth, unit)}"
                page.paragraph(f"{what}: taken for {both}.", "  ", "  ")
    for first, last, paragraphs in _spans(told, model):
        dates = figures.full_date(first)
        page.heading(dates if first == last else f"{dates} to {figures.full_date(last)}")
        for words in paragraphs:
            page.paragraph(words, "  ")
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    return page.text(colour)


def _spans(told: Story, model: Model) -> list[tuple[date, date, list[str]]]:
    """Dates and what is told of them; steps in which the same is done and nothing else happens are one."""
    spans: list[tuple[date, date, list[str]]] = []
    quiet = False
    for entry in told.entries:
        words = _told(entry, model, [t for t in told.thoughts if t.at == entry.at])
        alone = all(s.kind == "act" for s in entry.sayings) and all(t.at != entry.at for t in told.thoughts)
        if spans and quiet and alone and words == spans[-1][2]:
            spans[-1] = (spans[-1][0], entry.at, words)
        else:
            spans.append((entry.at, entry.at, words))
        quiet = alone
    return spans


def _told(entry: Entry, model: Model, thoughts: Sequence[Thought]) -> list[str]:
    """One date in paragraphs: how things stand, what happened, who did what and why, what came of it."""
    by_kind = {
        kind: " ".join(s.text for s in entry.sayings if s.kind == kind)
        for kind in ("state", "event", "exchange", "belief", "outcome")
    }
    acts = []
    reasoners = {a.name for a in model.actors if a.depth >= 1}
    silent = {(a.name, x.name) for a in model.actors for x in a.actions if not x.effects}
    why = {t.actor: t.text for t in thoughts}
    actor = ""
    for saying in entry.sayings:
        if saying.kind == "act":
            actor = saying.subject
            # Those who act by habit and change nothing are not worth a sentence each month.
            if actor in reasoners or (actor, saying.facts["action"]) not in silent:
                acts.append(why.get(actor, saying.text))
        elif saying.kind == "surprise":
            acts.append(saying.text)
    paragraphs = [by_kind["state"], f"{by_kind['event']} {by_kind['exchange']}".strip(), " ".join(acts)]
    return [p for p in (*paragraphs, by_kind["belief"], by_kind["outcome"]) if p]
