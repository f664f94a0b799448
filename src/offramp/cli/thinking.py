"""The commands `minds` and `ladder`: what each side thinks at one date, of its actions or in an exchange."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

import click

from offramp.cli import options
from offramp.given import day_of


@click.command()
@options.model_argument
@click.option("--at", metavar="DATE", help="The date, such as 2020-11-03; the start by default.")
@click.option("--actor", "actors", multiple=True, metavar="NAME", help="Only this actor. May be repeated.")
@click.option(
    "--run", "number", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, metavar="N",
    help="Number of the future whose course leads to the date.",
)  # fmt: skip
@options.seed_option
@options.set_option
@click.option("--policy", default="baseline", show_default=True, metavar="NAME", help="Under this policy.")
@click.option("--all", "everything", is_flag=True, help="Reasons of every act, not of the likeliest alone.")
@options.format_option
def minds(
    model: str,
    at: str | None,
    actors: Sequence[str],
    everything: bool,
    number: int,
    seed: int,
    settings: Sequence[str],
    policy: str,
    form: str,
) -> int:
    """Look into the minds of the actors of MODEL at one date of one future.

    What each thinks of each of its actions and why, in each of its pictures of the others; what it expects
    these to do, beside what they will do in truth. The page to check a model with.
    """
    from offramp.questions.minds.ask import minds as found_in
    from offramp.runs.design import Design

    day = None if at is None else day_of(at)
    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    design = Design(checked, [policy], scenarios=[number], seed=seed, overrides=overrides)
    found = found_in(design, day, list(actors) or None)
    if form == "json":
        options.print_json(found.as_dict())
        return 0
    from offramp.questions.minds.tell import minds_text
    from offramp.tell.terminal import wants_colour, width

    words = ["offramp", "minds", model, "--at", str(found.at), "--run", str(number), "--seed", str(seed)]
    for name, value in overrides.items():
        words += ["--set", f"{name}={value!r}"]
    for name in actors:
        words += ["--actor", name]
    words += [] if policy == "baseline" else ["--policy", policy]
    words += ["--all"] if everything else []
    again = shlex.join(words)
    click.echo(minds_text(found, checked, again, width(), wants_colour(sys.stdout), everything))
    return 0


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
