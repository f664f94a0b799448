"""The command `ladder`: what each side thinks of an exchange at one date."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

import click

from offramp.cli import options
from offramp.given import day_of


@click.command()
@options.model_argument
@click.argument("name", metavar="NAME", required=False)
@click.option("--at", metavar="DATE", help="The date, such as 2020-11-03; the start by default.")
@click.option(
    "--as", "actors", multiple=True, metavar="ACTOR",
    help="In the eyes of this actor; by default of both sides. May be repeated.",
)  # fmt: skip
@click.option(
    "--run", "number", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, metavar="N",
    help="Number of the future whose course leads to the date.",
)  # fmt: skip
@options.seed_option
@options.set_option
@click.option("--policy", default="baseline", show_default=True, metavar="NAME", help="Under this policy.")
@options.format_option
def ladder(
    model: str,
    name: str | None,
    at: str | None,
    actors: Sequence[str],
    number: int,
    seed: int,
    settings: Sequence[str],
    policy: str,
    form: str,
) -> int:
    """Look at the ladder NAME of MODEL at one date of one future, as if it opened then.

    How likely each side is to climb, match or stand down on each rung, how the exchange would end, and what
    each side expects of it beside what is true. NAME may be left out where there is one ladder.
    """
    from offramp.questions.ladder.ask import ladder as found_on
    from offramp.runs.design import Design

    day = None if at is None else day_of(at)
    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    design = Design(checked, [policy], scenarios=[number], seed=seed, overrides=overrides)
    found = found_on(design, name, day, list(actors) or None)
    if form == "json":
        options.print_json(found.as_dict())
        return 0
    from offramp.questions.ladder.tell import ladder_text
    from offramp.tell.terminal import wants_colour, width

    words = ["offramp", "ladder", model, found.ladder, "--at", str(found.at)]
    words += ["--run", str(number), "--seed", str(seed)]
    for setting, value in overrides.items():
        words += ["--set", f"{setting}={value!r}"]
    for actor in actors:
        words += ["--as", actor]
    words += [] if policy == "baseline" else ["--policy", policy]
    click.echo(ladder_text(found, checked, shlex.join(words), width(), wants_colour(sys.stdout)))
    return 0
