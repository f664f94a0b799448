"""The command `misreadings`: what misperception costs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from offramp.cli import options, pictures
from offramp.cli.progress import Progress
from offramp.questions.budget import MISREADING_RUNS


@click.command()
@options.model_argument
@options.outcome_option
@options.fewer_runs(MISREADING_RUNS, "Futures to run in each world of corrections.")
@options.seed_option
@options.set_option
@click.option("--policy", default="baseline", show_default=True, metavar="NAME", help="Under this policy.")
@pictures.picture_option
@options.format_option
@options.threads_option
def misreadings(
    model: str,
    outcome: str | None,
    runs: int,
    seed: int,
    settings: Sequence[str],
    policy: str,
    picture: Path | None,
    form: str,
    threads: int | None,
) -> int:
    """Say what misperception costs: how much risk comes from what each side gets wrong, and from which of it.

    Each misreading is corrected alone, each side's together, and all; Shapley shares divide the whole.
    """  # fmt: skip
    from offramp.questions.misreadings.ask import misreadings as asked
    from offramp.runs.design import Design

    pictures.need(picture)
    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    design = Design(checked, [policy], scenarios=runs, seed=seed, overrides=overrides)
    with Progress(f"{runs:,} futures in each world") as progress:
        found = asked(design, outcome, threads=threads, progress=progress)
    if form == "json":
        options.print_json(found.as_dict())
    else:
        from offramp.questions.misreadings.tell import misreadings_text
        from offramp.tell.terminal import wants_colour, width

        again = options.again_command(
            "misreadings", model, runs=runs, seed=seed, outcome=outcome, policy=policy, overrides=overrides
        )
        click.echo(misreadings_text(found, checked, again, width(), wants_colour(sys.stdout)))
    if picture is not None:
        from offramp.questions.misreadings.chart import misreadings_picture

        pictures.save(misreadings_picture(found.as_dict()), picture)
    return options.verdict(found.failed_runs, found.played)
