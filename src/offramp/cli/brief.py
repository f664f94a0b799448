"""`offramp brief`: run futures, ask what can be asked of them, and write the page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from offramp.analysis.aims import need_reader
from offramp.cli import completion, options, outputs
from offramp.cli.options import say
from offramp.cli.progress import Progress
from offramp.cli.question import parameter
from offramp.errors import OfframpError
from offramp.questions.option import (
    KNOWN,
    POLICIES,
    READER,
    RUNS,
    SEED,
    SET,
    THREADS,
    Kind,
    Option,
    words_of,
)
from offramp.questions.registry import questions
from offramp.tell.words import enumerated
from offramp.writing import PAGE

if TYPE_CHECKING:
    import xarray as xr

    from offramp.analysis.answer import Answer
    from offramp.analysis.summary import Outlook
    from offramp.model import Model
    from offramp.runs.design import Design

FUTURES, FUTURES_QUICK = 4_000, 1_000

_OPTIONS = (
    RUNS.but(default=FUTURES, help="Futures to run under each policy shown in full."),
    SEED,
    SET,
    *KNOWN,
    POLICIES,
    READER,
    Option(
        "--out", "Where to write the page; NAME-brief.html in the current folder by default.",
        Kind.OUTPUT_FILE, metavar="FILE", writes=PAGE,
    ),
    Option("--quick", "A quarter of the runs, and no misreadings.", Kind.FLAG),
    Option("--bare", "Only what the runs say: no question is asked.", Kind.FLAG),
    Option(
        "--with", "An answer asked before, with more runs perhaps: what `--format json` printed for "
        f"{enumerated([n for n, q in questions().items() if q.brief], 'or')}. May be repeated.",
        Kind.INPUT_FILE, "given", many=True, metavar="FILE",
    ),
)  # fmt: skip

_ABOUT = """Run futures of MODEL and write a brief: one HTML page that needs no network.

    The situation, the outlook, what policies change, what misperception costs, the claims, fan charts, the
    calendar, what each side tends to do, and the guesses that all of it rests on. Prints where the page is,
    or with `--format json` also everything that it was drawn from.
    """


def _write(**values: Any) -> int:
    """Run, ask, write; the exit code."""
    subject, form = values["model"], values["form"]
    model = options.load_model(subject)
    need_reader(model, values["reader"])
    path = values["out"] = values["out"] or Path(f"{model.name}-brief.html")
    outputs.check(_OPTIONS, values, model)
    design, values = _design(model, values)
    known = _known(values["given"], design, values["reader"])
    runs = _simulated(design, values["threads"])

    from offramp.analysis.summary import summary
    from offramp.brief.page import brief as page_of

    found = summary(runs)
    failed = _failed(found, model, subject)
    if not any(p.runs for p in found.policies.values()):
        raise OfframpError(failed)
    answers = known if values["bare"] else known | _asked(design, known, values)
    again = shlex.join(["offramp", "brief", subject, *words_of(_OPTIONS, values)])
    page = page_of(runs, model, command=again, answers=answers, reader=values["reader"], before=known)
    page.save(path, force=True)  # as it was asked above
    if form == "json":
        plain = {name: answer.as_dict() for name, answer in answers.items()}
        options.print_json({"page": str(path), "summary": found.as_dict(), "answers": plain})
    else:
        click.echo(path)
    if failed:
        say(failed)
    return options.PARTIAL if failed else 0


def _known(files: Sequence[Path], design: Design, reader: str | None) -> dict[str, Answer]:
    """Answers that were asked before."""
    if not files:
        return {}
    from offramp.questions.briefing import Page, read_answers

    # As `RunsView` chooses it.
    shown = "baseline" if "baseline" in design.policies else design.policies[0]
    given = None if design.knowledge is None else design.knowledge.about
    page = Page(design.model, design.overrides, shown, design.paths, reader, given)
    return read_answers(files, page)


def _design(model: Model, values: Mapping[str, Any]) -> tuple[Design, dict[str, Any]]:
    """What to run, and the options as they were meant; notes on settings go to stderr."""
    from offramp.runs.design import Design
    from offramp.runs.memory import need_memory

    source = click.get_current_context().get_parameter_source("runs")
    quick = values["quick"] and source == ParameterSource.DEFAULT
    settings = options.read_settings(model, values["set"])
    policies = list(values["policies"])
    meant = dict(values) | {
        "runs": FUTURES_QUICK if quick else values["runs"],
        "set": settings,
        "policies": policies if policies != ["baseline"] else (),
    }
    design = Design(
        model, policies or None, scenarios=meant["runs"], seed=values["seed"], overrides=settings,
        knowledge=options.read_knowledge(model, meant),
    )  # fmt: skip
    for note in options.notes_on(model, settings):
        say(f"Note: {note}")
    need_memory(design, "a brief keeps")
    return design, meant


def _simulated(design: Design, threads: int | None) -> xr.Dataset:
    from offramp.runs.how import How
    from offramp.runs.simulate import simulate

    n = len(design.scenarios)
    what = f"{n:,} future{'s' if n != 1 else ''}"
    if len(design.policies) > 1:
        what += f" × {len(design.policies)} policies"
    with Progress(what) as progress:
        return simulate(design, how=How(threads=threads, progress=progress))


def _asked(design: Design, known: Mapping[str, Answer], values: Mapping[str, Any]) -> dict[str, Answer]:
    """What the brief asks by itself."""
    from offramp.questions.briefing import answers, futures_for
    from offramp.runs.how import How

    futures = {n: k for n, k in futures_for(design.model, values["quick"]).items() if n not in known}
    labels = [q.brief.label.lower() for n, q in questions().items() if n in futures and q.brief]
    with Progress(enumerated(labels)) as progress:
        how = How(threads=values["threads"], progress=progress)
        return answers(design, futures=futures, reader=values["reader"], how=how)


def _failed(found: Outlook, model: Model, subject: str) -> str:
    """What failed and why; empty where nothing did."""
    from offramp.questions.outlook.failures_text import failures

    return failures(found, model, subject) if found.failed_runs else ""


def _command() -> click.Command:
    form = click.Option(
        ["--format", "form"], type=click.Choice(["text", "json"]), default="text", show_default=True,
        help="For people or for programs.",
    )  # fmt: skip
    given = map(parameter, outputs.with_force(_OPTIONS))
    model = click.Argument(["model"], metavar="MODEL", shell_complete=completion.models)
    params = [model, *given, form, parameter(THREADS)]
    return click.Command("brief", params=params, callback=_write, help=_ABOUT)


BRIEF = _command()
