"""`offramp run`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offramp.cli import options, saving
from offramp.cli.options import say
from offramp.cli.progress import Progress
from offramp.errors import OfframpError, UsageError
from offramp.questions.outlook.failures_text import failures_text

if TYPE_CHECKING:
    import xarray as xr

    from offramp.model import Model
    from offramp.runs.design import Design

PARTIAL = 5  # exit code: some runs failed

# Paths of runs that are kept whole, to save them, may take this many bytes.
KEPT = 2_000_000_000


@click.command()
@options.of_simulations
@options.paths_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also save the runs in this folder: runs.nc, runs.parquet, summary.json, the model.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True,
    help="For people, for programs, or one table for a spreadsheet.",
)  # fmt: skip
@options.threads_option
def run(
    model: str,
    runs: int,
    seed: int,
    settings: Sequence[str],
    policies: Sequence[str],
    paths: int,
    out: Path | None,
    form: str,
    threads: int | None,
) -> int:
    """Run futures of MODEL and print the outlook.

    Chances of outcomes with 90 % intervals, where the main variables go, and what each side tends to do.
    """  # fmt: skip
    if out is not None:
        saving.need(out)
    checked = options.load_model(model)
    design = design_of(checked, runs, seed, settings, policies, paths=paths, say_notes=form != "text")
    if out is None:
        from offramp.questions.outlook.ask import outlook

        with Progress(described(design)) as progress:
            found = outlook(design, threads=threads, progress=progress)
    else:
        from offramp.analysis.summary import summary

        _need_memory(design, "--out keeps")
        kept = simulated(design, threads)
        found = summary(kept)
        saving.save(kept, found, checked, out)
        say(f"Saved in {out}: {', '.join(saving.saved_for(checked))}.")
    if form == "json":
        options.print_json(found)
    elif form == "csv":
        from offramp.questions.outlook.csv import outlook_csv

        click.echo(outlook_csv(found, checked), nl=False)
    else:
        from offramp.questions.outlook.tell import outlook_text
        from offramp.tell.terminal import wants_colour, width

        again = again_command("run", model, design)
        notes = options.notes_on(checked, dict(design.overrides))
        click.echo(outlook_text(found, checked, again, width(), wants_colour(sys.stdout), notes))
    return _verdict(found, model, design)


def design_of(
    model: Model,
    runs: int,
    seed: int,
    settings: Sequence[str],
    policies: Sequence[str],
    paths: int = 0,
    say_notes: bool = True,
) -> Design:
    """What to run; `say_notes` says on stderr what is odd about the settings, where the output does not."""
    from offramp.runs.design import Design

    overrides = options.read_settings(model, settings)
    design = Design(
        model, list(policies) or None, scenarios=runs, seed=seed, overrides=overrides, paths=paths
    )
    for note in options.notes_on(model, overrides) if say_notes else ():
        say(f"Note: {note}")
    return design


def simulated(design: Design, threads: int | None) -> xr.Dataset:
    from offramp.runs.simulate import simulate

    with Progress(described(design)) as progress:
        return simulate(design, threads=threads, progress=progress)


def described(design: Design) -> str:
    futures = f"{len(design.scenarios):,} future{'s' if len(design.scenarios) != 1 else ''}"
    return futures if len(design.policies) == 1 else f"{futures} × {len(design.policies)} policies"


def again_command(command: str, model: str, design: Design) -> str:
    """The command that gives the same futures."""
    words = ["offramp", command, model, "--runs", str(len(design.scenarios)), "--seed", str(design.seed)]
    for name, value in design.overrides.items():
        words += ["--set", f"{name}={value!r}"]
    if design.policies != ("baseline",):
        for policy in design.policies:
            words += ["--policy", policy]
    words += ["--paths", str(design.paths)] if design.paths else []
    return shlex.join(words)


def _need_memory(design: Design, who: str) -> None:
    from offramp.questions.outlook.ask import bytes_of_run

    each = bytes_of_run(design.model) * len(design.policies)
    if each * len(design.scenarios) > KEPT:
        most = KEPT // each
        raise UsageError(
            f"{who} every path in memory: {len(design.scenarios):,} runs of `{design.model.name}` would take "
            f"{each * len(design.scenarios) / 1e9:.1f} GB. Ask for at most {most // 1000 * 1000:,}, "
            "or use `offramp run` without --out, which counts any number."
        )


def _need_results(found: dict[str, Any], model: str, design: Design) -> None:
    if not any(p["runs"] for p in found["policies"].values()):
        raise OfframpError(failures_text(found, model, design))


def _verdict(found: dict[str, Any], model: str, design: Design) -> int:
    """The exit code; says on stderr what failed."""
    if not found["failed_runs"]:
        return 0
    _need_results(found, model, design)
    say(failures_text(found, model, design))
    return PARTIAL
