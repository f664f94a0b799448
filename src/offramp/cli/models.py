"""Commands about model files: `check`, `new`, `explain`, `crises`, `schema`."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offramp import writing
from offramp.cli import options
from offramp.errors import ModelError, UsageError
from offramp.explanation import SECTIONS, counts
from offramp.explanation import explain as explained

if TYPE_CHECKING:
    from offramp.model import Model
    from offramp.questions.reach.ask import Reach


@click.command()
@click.argument("file", metavar="FILE")
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
@options.format_option
def new(name: str, form: str) -> int:
    """Start a crisis of your own: write NAME.yaml, a small commented model that checks and runs.

    NAME is made of small letters, digits, `-` and `_`. A file that is there already is left alone.
    """
    from importlib import resources

    name = name.removesuffix(".yaml")
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,59}", name):
        better = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_0123456789")[:60]
        hint = f" Try `{better}`." if better else ""
        raise UsageError(
            f"`{name}` cannot name a crisis: small letters, digits, `-` and `_`, beginning with a letter, "
            f"at most 60.{hint}"
        )
    path = Path(f"{name}.yaml")
    text = (resources.files("offramp.cli") / "starter.yaml").read_text(encoding="utf-8")
    if path.exists():
        raise UsageError(f"{path} is there already; it was left as it is. Choose another name.")
    writing.check_place(path, writing.PAGE)
    writing.write(path, text.replace("name: NAME", f"name: {name}", 1).replace("NAME", name), never_over=True)
    if form == "json":
        options.print_json({"file": str(path)})
        return 0
    click.echo(path)
    options.say(f"Next: offramp check {path}, then offramp run {path}, then offramp brief {path}")
    return 0


@click.command()
@options.model_argument
@click.option(
    "--section", type=click.Choice((*SECTIONS, "reach")),
    help="Only this part; `reach`, what choices hang on, stands alone: it is measured.",
)  # fmt: skip
@options.format_option
def explain(model: str, section: str | None, form: str) -> int:
    """Tell MODEL in words and tables.

    Who wants, sees, misreads and does what; what each variable depends on and what moves it; the calendar;
    which numbers have sources and which are guesses.
    """
    checked = options.load_model(model)
    if section == "reach":
        found = _reach(checked)
        if form == "json":
            options.print_json({"reach": found.as_dict()})
        else:
            click.echo(found)
        return 0
    sections = SECTIONS if section is None else (section,)
    if form == "json":
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
@click.argument("question", metavar="[QUESTION]", required=False)
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
