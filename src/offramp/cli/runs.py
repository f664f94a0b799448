"""The command `brief`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from offramp.cli import options
from offramp.cli.options import say
from offramp.cli.progress import Progress
from offramp.errors import OfframpError, UsageError

if TYPE_CHECKING:
    import xarray as xr

    from offramp.analysis.summary import Outlook
    from offramp.model import Model
    from offramp.runs.design import Design

BRIEF_RUNS = 4_000


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
    from offramp.analysis.summary import summary
    from offramp.runs.memory import need_memory

    design = design_of(checked, runs, seed, settings, policies)
    need_memory(design, "a brief keeps")
    kept = simulated(design, threads)

    found = summary(kept)
    _need_results(found, checked, model)
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
        options.print_json({"page": str(path), "summary": found.as_dict(), "answers": answers})
    else:
        click.echo(path)
    return _verdict(found, checked, model)


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
) -> Design:
    """What to run; says on stderr what is odd about the settings."""
    from offramp.runs.design import Design

    overrides = options.read_settings(model, settings)
    design = Design(model, list(policies) or None, scenarios=runs, seed=seed, overrides=overrides)
    for note in options.notes_on(model, overrides):
        say(f"Note: {note}")
    return design


def simulated(design: Design, threads: int | None) -> xr.Dataset:
    from offramp.questions.outlook import described
    from offramp.runs.simulate import simulate

    what = described({"runs": len(design.scenarios), "policies": design.policies})
    with Progress(what) as progress:
        return simulate(design, threads=threads, progress=progress)


def again_command(command: str, model: str, design: Design) -> str:
    """The command that gives the same futures."""
    words = ["offramp", command, model, "--runs", str(len(design.scenarios)), "--seed", str(design.seed)]
    for name, value in design.overrides.items():
        words += ["--set", f"{name}={value!r}"]
    if design.policies != ("baseline",):
        for policy in design.policies:
            words += ["--policy", policy]
    return shlex.join(words)


def _need_results(found: Outlook, model: Model, subject: str) -> None:
    if not any(p.runs for p in found.policies.values()):
        from offramp.questions.outlook.tell import failures

        raise OfframpError(failures(found, model, subject))


def _verdict(found: Outlook, model: Model, subject: str) -> int:
    """The exit code; says on stderr what failed."""
    if not found.failed_runs:
        return 0
    from offramp.questions.outlook.tell import failures

    say(failures(found, model, subject))
    return options.PARTIAL
