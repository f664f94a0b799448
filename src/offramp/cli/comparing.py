"""The command `claims`: whether what is said of a crisis is what its model does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from offramp.cli import options
from offramp.cli.progress import Progress
from offramp.errors import UsageError

CLAIM_RUNS = 2_000  # under each of many policies

worlds_option = click.option(
    "--worlds", type=click.IntRange(min=0), metavar="N",
    help="Worlds lived through ten times, to tell uncertain numbers from luck; 0 for none. "
    "[default: one future in 20, at least 100]",
)  # fmt: skip


@click.command()
@options.model_argument
@click.option("--claim", "names", multiple=True, metavar="ID", help="Only this claim. May be repeated.")
@options.fewer_runs(CLAIM_RUNS, "Futures to run under each policy.")
@options.seed_option
@options.set_option
@options.paths_option
@worlds_option
@options.format_option
@options.threads_option
def claims(
    model: str,
    names: Sequence[str],
    runs: int,
    seed: int,
    settings: Sequence[str],
    paths: int,
    worlds: int | None,
    form: str,
    threads: int | None,
) -> int:
    """Test the claims of MODEL: borne out, contradicted or undecided, against a smallest effect of interest.

    Intervals hold together over all claims of the model; and how often all is as claimed over the uncertain
    numbers.
    """  # fmt: skip
    from offramp.questions.claims.ask import claims as asked
    from offramp.runs.design import Design
    from offramp.runs.how import How

    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    design = Design(checked, scenarios=runs, seed=seed, overrides=overrides, paths=paths)
    if worlds is not None and worlds > runs:
        raise UsageError(f"--worlds {worlds:,} needs at least as many --runs.")
    with Progress(f"{runs:,} futures under each policy") as progress:
        how = How(threads=threads, progress=progress)
        found = asked(design, list(names) or None, worlds=worlds, how=how)
    plain = found.as_dict()
    if form == "json":
        options.print_json(plain)
    else:
        from offramp.questions.claims.tell import claims_text
        from offramp.tell.terminal import wants_colour, width

        more = [word for n in names for word in ("--claim", n)]
        more += [] if worlds is None else ["--worlds", str(worlds)]
        more += ["--paths", str(paths)] if paths else []
        again = options.again_command("claims", model, runs=runs, seed=seed, overrides=overrides, more=more)
        click.echo(claims_text(plain, checked, again, width(), wants_colour(sys.stdout)))
    return options.verdict(found.failed, found.runs)
