"""Commands that simulate: `run` and `brief`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

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

# Paths of runs that are kept whole (to save them, or to draw a brief) may take this many bytes.
KEPT = 2_000_000_000

BRIEF_RUNS = 4_000


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


@click.command()
@options.model_argument
@options.fewer_runs(BRIEF_RUNS, "Futures to run under each policy shown in full.")
@options.seed_option
@options.set_option
@options.policy_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write the page; NAME-brief.html in the current folder by default.",
)
@click.option("--quick", is_flag=True, help="A quarter of the runs, and no misreadings.")
@click.option("--bare", is_flag=True, help="Only what the runs say: no policies, misreadings or claims.")
@click.option(
    "--with", "given", multiple=True, metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An answer asked before with more runs: the JSON of compare, misreadings, claims or sensitivity.",
)  # fmt: skip
@options.format_option
@options.threads_option
def brief(
    model: str,
    runs: int,
    seed: int,
    settings: Sequence[str],
    policies: Sequence[str],
    out: Path | None,
    quick: bool,
    bare: bool,
    given: Sequence[Path],
    form: str,
    threads: int | None,
) -> int:
    """Run futures of MODEL and write a brief: one HTML page that needs no network.

    The situation, the outlook, what policies change, what misperception costs, the claims, fan charts, the
    calendar, what each side tends to do, and the guesses that all of it rests on. Prints where the page is,
    or with `--format json` also everything that it was drawn from.
    """  # fmt: skip
    if out is not None:
        options.need_folder(out)
    checked = options.load_model(model)
    path = out or Path(f"{checked.name}-brief.html")
    options.need_folder(path)
    known = _answers_in(given, checked)
    context = click.get_current_context()
    if quick and context.get_parameter_source("runs") == ParameterSource.DEFAULT:
        runs = BRIEF_RUNS // 4
    design = design_of(checked, runs, seed, settings, policies)
    _need_memory(design, "a brief keeps")
    kept = simulated(design, threads)

    from offramp.analysis.summary import summary

    found = summary(kept)
    _need_results(found, model, design)
    asked = {} if bare else _asked(design, quick, known, threads)

    from offramp.brief.page import brief as page_of

    again = again_command("brief", model, design) + " --quick" * quick + " --bare" * bare
    again += "".join(f" --with {shlex.quote(str(p))}" for p in given)
    answers = known | asked
    try:
        page_of(kept, checked, command=again, answers=answers).save(path)
    except OSError as error:
        raise OfframpError(f"{path} cannot be written: {error.strerror or error}.") from error
    if form == "json":
        options.print_json({"page": str(path), "summary": found, "answers": answers})
    else:
        click.echo(path)
    return _verdict(found, model, design)


def _answers_in(files: Sequence[Path], model: Model) -> dict[str, dict[str, Any]]:
    """Answers that were asked before."""
    if not files:
        return {}
    import json

    from offramp.questions.briefing import recognised

    found: dict[str, dict[str, Any]] = {}
    for file in files:
        try:
            given = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(f"{file} cannot be read as JSON: {error}.") from error
        if not isinstance(given, dict):
            raise UsageError(f"{file} holds no answer: it must be what `--format json` prints.")
        found[recognised(given, model, str(file))] = given
    return found


def _asked(
    design: Design, quick: bool, known: dict[str, dict[str, Any]], threads: int | None
) -> dict[str, dict[str, Any]]:
    from offramp.questions.briefing import answers, budget_for

    with Progress("policies, claims and misreadings") as progress:
        return answers(
            design, budget=budget_for(design.model, quick), known=known, threads=threads, progress=progress
        )


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
