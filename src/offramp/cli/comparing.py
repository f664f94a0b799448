"""The commands `compare` and `claims`: what policies change, and whether that is what is said of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from offramp.cli import options, pictures
from offramp.cli.progress import Progress
from offramp.errors import UsageError

RUNS = 4_000
CLAIM_RUNS = 2_000  # under each of many policies

worlds_option = click.option(
    "--worlds", type=click.IntRange(min=0), metavar="N",
    help="Worlds lived through ten times, to tell uncertain numbers from luck; 0 for none. "
    "[default: one future in 20, at least 100]",
)  # fmt: skip


@click.command()
@options.model_argument
@click.option(
    "--policy", "policies", multiple=True, metavar="NAME",
    help="A policy to compare; needed once at least. May be repeated.",
)  # fmt: skip
@click.option(
    "--against", default="baseline", show_default=True, metavar="NAME", help="The policy it is held against."
)
@options.fewer_runs(RUNS, "Futures to run under each policy.")
@options.seed_option
@options.set_option
@options.paths_option
@worlds_option
@pictures.picture_option
@options.format_option
@options.threads_option
def compare(
    model: str,
    policies: Sequence[str],
    against: str,
    runs: int,
    seed: int,
    settings: Sequence[str],
    paths: int,
    worlds: int | None,
    picture: Path | None,
    form: str,
    threads: int | None,
) -> int:
    """Compare policies of MODEL: what each changes, in the same worlds with the same luck.

    Chances and dates of outcomes, main variables, acts of each side; every difference with an interval from
    sampling and one over the uncertain numbers.
    """  # fmt: skip
    from offramp.questions.compare.ask import compare as asked
    from offramp.runs.design import Design

    pictures.need(picture)
    checked = options.load_model(model)
    if not policies:
        names = [p.name for p in checked.policies if p.name != against and not p.variant]
        raise UsageError(f"Missing option '--policy': name one or more of {', '.join(names) or 'none'}.")
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    # The policy that the others are held against may be named among them: it is not compared with itself.
    design = Design(checked, policies, scenarios=runs, seed=seed, overrides=overrides, paths=paths)
    if worlds is not None and worlds > runs:
        raise UsageError(f"--worlds {worlds:,} needs at least as many --runs.")
    with Progress(f"{runs:,} futures under each policy") as progress:
        found = asked(design, against, worlds=worlds, threads=threads, progress=progress)
    plain = found.as_dict()
    if form == "json":
        options.print_json(plain)
    else:
        from offramp.questions.compare.tell import compare_text
        from offramp.tell.terminal import wants_colour, width

        more = [word for p in policies for word in ("--policy", p)]
        more += [] if against == "baseline" else ["--against", against]
        more += [] if worlds is None else ["--worlds", str(worlds)]
        more += ["--paths", str(paths)] if paths else []
        again = options.again_command("compare", model, runs=runs, seed=seed, overrides=overrides, more=more)
        click.echo(compare_text(plain, checked, again, width(), wants_colour(sys.stdout)))
    if picture is not None:
        from offramp.charts.differences import compare_picture

        pictures.save(compare_picture(plain, checked), picture)
    return options.verdict(sum(found.failed.values()), runs * len(found.failed))


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

    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    for note in options.notes_on(checked, overrides):
        options.say(f"Note: {note}")
    design = Design(checked, scenarios=runs, seed=seed, overrides=overrides, paths=paths)
    if worlds is not None and worlds > runs:
        raise UsageError(f"--worlds {worlds:,} needs at least as many --runs.")
    with Progress(f"{runs:,} futures under each policy") as progress:
        found = asked(design, list(names) or None, worlds=worlds, threads=threads, progress=progress)
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
