"""The command `why`: why futures end otherwise."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from offramp.cli import options
from offramp.cli.progress import Progress
from offramp.errors import UsageError
from offramp.questions.budget import WHY_RUNS


@click.command()
@options.model_argument
@click.argument("policies", nargs=-1, metavar="[A B]")
@options.outcome_option
@click.option("--policy", metavar="NAME", help="Without A and B: under this policy; `baseline` by default.")
@click.option(
    "--months", type=click.FloatRange(min=0, min_open=True), default=3.0, show_default=True, metavar="M",
    help="Without A and B: how long before the outcome to look.",
)  # fmt: skip
@options.fewer_runs(WHY_RUNS, "Futures to run under each policy.")
@options.seed_option
@options.set_option
@options.format_option
@options.threads_option
def why(
    model: str,
    policies: Sequence[str],
    outcome: str | None,
    policy: str | None,
    months: float,
    runs: int,
    seed: int,
    settings: Sequence[str],
    form: str,
    threads: int | None,
) -> int:
    """Say why futures under policy A end otherwise than under policy B, or why an outcome comes at all.

    Where paired futures part, what lies between, what of the difference goes without it, and typical futures.
    """
    from offramp.questions.why.ask import why as asked
    from offramp.runs.design import Design

    if len(policies) not in (0, 2):
        raise UsageError(
            "two policies are compared, such as `baseline ease`; name none to ask why an outcome comes."
        )
    if policies and policy is not None:
        raise UsageError("`--policy` is for asking why an outcome comes; here two policies are compared.")
    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    names = list(policies) or [policy or "baseline"]
    design = Design(checked, names, scenarios=runs, seed=seed, overrides=overrides)
    with Progress(f"{runs:,} futures") as progress:
        found = asked(design, outcome, months=months, threads=threads, progress=progress)
    if form == "json":
        options.print_json(found.as_dict())
    else:
        from offramp.questions.why.tell import why_text
        from offramp.tell.terminal import wants_colour, width

        again = options.again_command(
            "why", model, runs=runs, seed=seed, outcome=outcome, policy=policy or "baseline",
            overrides=overrides, more=list(policies),
        )  # fmt: skip
        click.echo(why_text(found, again, width(), wants_colour(sys.stdout)))
    return options.verdict(found.failed_runs, runs * len(names))
