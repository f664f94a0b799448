"""Commands about what is not known: `discover`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from offramp.cli import options
from offramp.cli.progress import Progress
from offramp.questions.budget import DISCOVERY_RUNS


@click.command()
@options.model_argument
@options.outcome_option
@options.fewer_runs(DISCOVERY_RUNS, "Futures among which to look.")
@options.seed_option
@options.set_option
@click.option("--policy", default="baseline", show_default=True, metavar="NAME", help="Under this policy.")
@options.format_option
@options.threads_option
def discover(
    model: str,
    outcome: str | None,
    runs: int,
    seed: int,
    settings: Sequence[str],
    policy: str,
    form: str,
    threads: int | None,
) -> int:
    """Find the uncertain numbers among which an outcome is likelier, as boxes in words.

    Scenario discovery by PRIM, with CART beside it, measured in futures that had no part in finding them.
    """
    from offramp.questions.discover.ask import discover as asked
    from offramp.runs.design import Design

    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    design = Design(checked, [policy], scenarios=runs, seed=seed, overrides=overrides)
    with Progress(f"{runs:,} futures") as progress:
        found = asked(design, outcome, threads=threads, progress=progress)
    if form == "json":
        options.print_json(found.as_dict())
    else:
        from offramp.questions.discover.tell import discovery_text
        from offramp.tell.terminal import wants_colour, width

        again = options.again_command(
            "discover", model, runs=runs, seed=seed, outcome=outcome, policy=policy, overrides=overrides
        )
        click.echo(discovery_text(found, again, width(), wants_colour(sys.stdout)))
    return options.verdict(found.failed_runs, found.runs)
