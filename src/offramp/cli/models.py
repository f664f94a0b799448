"""Commands about model files: `check`, `new`, `explain`, `crises`, `schema`."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offramp.cli import completion, options, starting
from offramp.cli.templates import PARTS, STEPS
from offramp.errors import ModelError, UsageError
from offramp.explanation import SECTIONS, counts
from offramp.explanation import explain as explained
from offramp.given import did_you_mean

if TYPE_CHECKING:
    from offramp.model import Model
    from offramp.questions.reach.ask import Reach


@click.command()
@click.argument("file", metavar="FILE", shell_complete=completion.models)
@click.option(
    "--reach", "measured", is_flag=True, help="Also run it a little, and name what moves no choice."
)
@options.format_option
def check(file: str, measured: bool, form: str) -> int:
    """Check a model file; say everything that is wrong with it, and where.

    FILE may also be a folder of chapters or the name of a bundled crisis. Nothing is run, but with --reach.
    Exit code 3 if there are problems; notes on parts that change nothing are none.
    """
    from offramp.language.notes import notes
    from offramp.tell.step_notes import step_notes

    try:
        model = options.load_model(file)
    except ModelError as error:
        if form == "text":
            raise
        options.print_json({"ok": False, "file": file, "problems": [_problem(p) for p in error.problems]})
        return error.exit_code
    found = (*notes(model), *step_notes(model))
    if measured:
        from offramp.questions.reach.notes import inert_notes

        found = (*found, *inert_notes(_reach(model), model))
    if form == "json":
        about = {"ok": True, "file": file, "model": model.name, "model_hash": model.hash}
        noted = [_problem(n) for n in found]
        options.print_json(about | {"counts": counts(model), "problems": [], "notes": noted})
    else:
        from offramp.tell.terminal import cleaned

        for note in found:
            options.say(cleaned(f"{replace(note, message=f'note: {note.message}')}\n"))
        click.echo(cleaned(f"{model.name}: {inventory(counts(model))}. OK{_with(len(found))}."))
    return 0


def _reach(model: Model) -> Reach:
    """What choices hang on, as `offramp reach` finds it by default."""
    from offramp.cli.progress import Progress
    from offramp.questions.reach.ask import reach
    from offramp.questions.registry import question
    from offramp.runs.design import Design
    from offramp.runs.how import How

    runs = next(o.default for o in question("reach").options if o.name == "runs")
    with Progress("Choosing anew") as progress:
        return reach(Design(model, scenarios=runs), how=How(progress=progress))


def _with(notes: int) -> str:
    return f", with {notes} note{'s' * (notes != 1)}" if notes else ""


def _problem(problem: Any) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "width": problem.width,
        "message": problem.message,
        "hint": list(problem.hint),
    }


def inventory(there_are: dict[str, int]) -> str:
    """What a model has, in one line; what it has none of is left out but for guesses.

    >>> inventory({"variables": 1, "parameters": 0, "guesses": 0})
    '1 variable, 0 guesses'
    """
    words = {
        "variables": "variable",
        "parameters": "parameter",
        "actors": "actor",
        "actions": "action",
        "dated_events": "dated event",
        "random_events": "random event",
        "outcomes": "outcome",
        "ladders": "ladder",
        "policies": "policy",
        "sources": "source",
        "guesses": "guess",
    }
    many = {"policy": "policies", "guess": "guesses"}
    parts = []
    for key, one in words.items():
        n = there_are.get(key, 0)
        if n or key == "guesses":
            parts.append(f"{n:,} {one if n == 1 else many.get(one, one + 's')}")
    return ", ".join(parts)


@click.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--from", "source", metavar="CRISIS", shell_complete=completion.models,
    help="Copy this crisis, with all its chapters.",
)  # fmt: skip
@click.option(
    "--extend", metavar="MODEL", shell_complete=completion.models,
    help="Lay a few lines over this crisis or file, without a copy.",
)  # fmt: skip
@click.option("--actors", metavar="A,B,...", help="A template with these actors, two to six.")
@click.option("--step", type=click.Choice(STEPS), help="A template with steps of this length.")
@click.option(
    "--with", "parts", metavar="PART,...", help=f"A template that has these too: {', '.join(PARTS)}."
)
@options.format_option
def new(
    name: str,
    source: str | None,
    extend: str | None,
    actors: str | None,
    step: str | None,
    parts: str | None,
    form: str,
) -> int:
    """Start a crisis of your own: write NAME.yaml, a small commented model that checks and runs.

    NAME is made of small letters, digits, `-` and `_`. A file that is there already is left alone.
    """
    name = _new_name(name)
    template = (actors, step, parts) != (None, None, None)
    if (source is not None) + (extend is not None) + template > 1:
        raise UsageError(
            "--from copies, --extend lays over, --actors, --step and --with write anew: take one."
        )
    if source is not None:
        files = starting.copied(name, options.load_model(source))
    elif extend is not None:
        files = starting.extending(name, extend, options.load_model(extend))
    elif template:
        files = starting.template(name, actors, step, parts)
    else:
        files = starting.starter(name)
    starting.write(files)
    first, *others = [str(f) for f in files]
    subject = name if first == f"{name}/model.yaml" else first
    if form == "json":
        options.print_json({"file": first, "others": others})
        return 0
    click.echo("\n".join([first, *others]))
    options.say(f"Next: offramp check {subject}, then offramp run {subject}, then offramp brief {subject}")
    return 0


def _new_name(name: str) -> str:
    name = name.removesuffix(".yaml")
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,59}", name):
        better = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_0123456789")[:60]
        hint = f" Try `{better}`." if better else ""
        raise UsageError(
            f"`{name}` cannot name a crisis: small letters, digits, `-` and `_`, beginning with a letter, "
            f"at most 60.{hint}"
        )
    return name


@click.command()
@options.model_argument
@click.argument("chapter", metavar="[CHAPTER]", required=False, shell_complete=completion.chapters)
def show(model: str, chapter: str | None) -> int:
    """Print the file of MODEL, such as a crisis that comes with offramp: to learn from, or to copy parts of.

    Of a model in chapters the one with the table of contents, or CHAPTER by its name; stderr lists them.
    """
    from offramp.tell.terminal import cleaned

    own = {Path(f.path).name: f for f in options.load_model(model).files if f.own}
    first = next(iter(own))
    wanted = first if chapter is None else next((n for n in own if chapter in (n, Path(n).stem)), None)
    if wanted is None:
        hint = did_you_mean(str(chapter), [Path(n).stem for n in own]) or f"There are: {', '.join(own)}."
        raise UsageError(f"`{model}` has no chapter `{chapter}`. {hint}")
    click.echo(cleaned(own[wanted].text), nl=False)
    if chapter is None and len(own) > 1:
        names = ", ".join(Path(n).stem for n in own if n != first)
        options.say(f"Its chapters, each by `offramp show {model} CHAPTER`: {names}")
    return 0


@click.command()
@options.model_argument
@click.option(
    "--section", type=click.Choice(("all", *SECTIONS, "reach")), metavar="NAME",
    help=f"In full: all, {', '.join(SECTIONS)}, or reach (what choices hang on, which is measured).",
)  # fmt: skip
@options.format_option
def explain(model: str, section: str | None, form: str) -> int:
    """Tell what is in MODEL: a page on what it is, who decides, what ends it and what is uncertain.

    With --section a part in full: who wants, sees, misreads and does what; what each variable depends on and
    what moves it; the calendar; which numbers have sources and which are guesses. JSON is of all parts.
    """
    checked = options.load_model(model)
    if section == "reach":
        found = _reach(checked)
        if form == "json":
            options.print_json({"reach": found.as_dict()})
        else:
            click.echo(found)
        return 0
    sections = SECTIONS if section in (None, "all") else (section,)
    if form == "text" and section is None:
        from offramp.tell.overview import overview_text
        from offramp.tell.terminal import wants_colour, width

        click.echo(overview_text(checked, width(), wants_colour(sys.stdout)))
    elif form == "json":
        explanation = explained(checked)
        options.print_json({name: explanation[name] for name in sections})
    else:
        from offramp.tell.model import explanation_text
        from offramp.tell.terminal import wants_colour, width

        click.echo(explanation_text(checked, width(), wants_colour(sys.stdout), sections))
    return 0


@click.command()
@options.format_option
def crises(form: str) -> int:
    """List the crises that come with offramp."""
    from offramp.language.check import load
    from offramp.language.files import bundled_names

    models = [load(name) for name in bundled_names()]
    if form == "json":
        options.print_json([_about(m) for m in models])
        return 0
    from offramp.tell.terminal import TextPage, width

    page = TextPage(width())
    for m in models:
        page.entry(m.name, f"{m.title} ({m.steps} {m.step}s from {m.start})", indent="", room=16)
    click.echo(page.text())
    return 0


def _about(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "start": model.start.isoformat(),
        "end": model.dates[-1].isoformat(),
        "step": model.step,
        "steps": model.steps,
        "model_hash": model.hash,
    }


@click.command()
@click.argument("question", metavar="[QUESTION]", required=False, shell_complete=completion.question_names)
def schema(question: str | None) -> int:
    """Print the JSON Schema of model files, or of the answers to QUESTION.

    That of model files completes and checks while you type.
    Save it beside a model and name it in the first line: # yaml-language-server: $schema=offramp.json
    """  # fmt: skip
    if question is not None:
        from offramp.analysis.answer import schema_of
        from offramp.questions.registry import question as named

        options.print_json(schema_of(named(question).answer_type))
        return 0
    from offramp.language.schema import json_schema

    options.print_json(json_schema())
    return 0
