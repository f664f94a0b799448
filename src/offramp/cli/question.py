"""Every question as a command: parse, ask, draw, say how it ended. No question is known here by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offramp.cli import charts, completion, options, outputs
from offramp.cli.options import CountType, Day, say
from offramp.errors import OfframpError
from offramp.questions.option import Kind, Option
from offramp.questions.question import Question, Request
from offramp.runs.how import How

if TYPE_CHECKING:
    from offramp.analysis.answer import Answer
    from offramp.model import Model


def command_of(question: Question) -> click.Command:
    """The command that asks a question."""
    parameters = [parameter(o) for o in outputs.with_force(question.options)]
    if question.of_model:
        model = click.Argument(["model"], metavar="MODEL", shell_complete=completion.models)
        parameters.insert(0, model)
    forms = ["text", "json", "md", *question.formats]
    parameters.append(
        click.Option(
            ["--format", "form"], type=click.Choice(forms), default="text", show_default=True,
            help="For people, for programs, for a document (Markdown), or one table for a spreadsheet."
            if question.formats else "For people, for programs, or for a document (Markdown).",
        )
    )  # fmt: skip
    parameters.sort(key=lambda p: getattr(p, "name", "") == "threads")  # the last, as elsewhere

    def run(**values: Any) -> int:
        return _answered(question, values)

    return click.Command(question.name, params=parameters, callback=run, help=question.about)


def _answered(question: Question, values: dict[str, Any]) -> int:
    """Ask, print, draw; the exit code."""
    form, subject = values.pop("form"), values.pop("model", None)
    model = options.load_model(subject) if subject is not None else None
    outputs.check(question.options, values, model)
    notes = _settings(question, model, values)
    if values.get("learnt_by") is not None and "runs" in values:
        Request(model, values, How()).design()  # so that a slip is met before anything is learnt
    values["knowledge"] = options.read_knowledge(model, values)
    if not (question.notes_in_text and form in ("text", "md")):
        for note in notes:
            say(f"Note: {note}")
    request = Request(model, values, How(threads=values.get("threads")))
    answer = _ask(question, request)
    subject = subject if subject is not None else str(values[question.options[0].name])
    _print(question, answer, model, form, subject, notes)
    for task in request.afterwards:
        say(task())
    for name, function in question.charts.items():
        if values[name] is not None:
            charts.save(question.part("chart", function)(answer, model), values[name])
    return _verdict(question, answer, model, subject)


def _settings(question: Question, model: Model | None, values: dict[str, Any]) -> list[str]:
    """Read `--set`, in place; what is worth saying of it."""
    names = [o.name for o in question.options if o.kind is Kind.SETTING]
    if model is None or not names:
        return []
    values[names[0]] = options.read_settings(model, values[names[0]])
    return options.notes_on(model, values[names[0]])


def _ask(question: Question, request: Request) -> Answer:
    from offramp.cli.progress import Progress

    what = question.progress(request.values)
    if not what:
        return question.ask(request)
    with Progress(what) as progress:
        return question.ask(replace(request, how=replace(request.how, progress=progress)))


def _print(
    question: Question, answer: Answer, model: Model | None, form: str, subject: str, notes: Sequence[str]
) -> None:
    if form == "json":
        click.echo(answer.to_json())
        return
    if form in question.formats:
        module, _, function = question.formats[form].partition(":")
        click.echo(question.part(module, function)(answer, model), nl=False)
        return
    from offramp.questions.showing import signature, warnings
    from offramp.tell import markdown
    from offramp.tell.terminal import text_of, wants_colour, width

    shown = [f"Note: {note}" for note in notes] if question.notes_in_text else []
    shown += warnings(answer)
    by, again, telling = signature(answer), question.again(answer, subject), question.tell(answer, model)
    if form == "md":
        click.echo(markdown.text_of(telling, again, by, notes=shown), nl=False)
    else:
        click.echo(text_of(telling, again, by, width(), wants_colour(sys.stdout), shown))


def _verdict(question: Question, answer: Answer, model: Model | None, subject: str) -> int:
    """The exit code; says on stderr what failed.

    Raises
    ------
    OfframpError
        If nothing else than what failed can be said.
    """
    failed, runs = answer.failures
    if not failed:
        return 0
    if question.says_failures:
        text = question.part("tell", "failures")(answer, model, subject)
        if failed == runs:
            raise OfframpError(text)
        say(text)
    else:
        say(
            f"{failed:,} of {runs:,} {'run' if runs == 1 else 'runs'} failed and "
            f"{'was' if failed == 1 else 'were'} left out; `offramp run` says why."
        )
    return options.PARTIAL


# ── options as click knows them ───────────────────────────────────────────────────────────────────────────


def parameter(option: Option) -> click.Parameter:
    """An option as click takes it."""
    kind = _TYPES[option.kind](option)
    # A default of None, said, would stand for a value that is given, and nothing would be required.
    default = {} if option.default is None else {"default": option.default}
    complete = completion.named(option)
    if option.positional:
        return click.Argument(
            [option.name], type=kind, metavar=option.metavar or option.flag, required=option.required,
            nargs=-1 if option.many else 1, shell_complete=complete, **default,
        )  # fmt: skip
    if option.kind is Kind.FLAG:
        return click.Option([option.flag, option.name], is_flag=True, help=option.help)
    return click.Option(
        [option.flag, option.name], type=kind, help=option.help, metavar=option.metavar or None,
        multiple=option.many, required=option.required,
        show_default=option.shown and option.default is not None, shell_complete=complete, **default,
    )  # fmt: skip


def _number(option: Option) -> click.ParamType:  # type: ignore[type-arg]
    return click.FloatRange(option.least, option.most, min_open=option.above)


def _whole(option: Option) -> click.ParamType:  # type: ignore[type-arg]
    least, most = (None if v is None else int(v) for v in (option.least, option.most))
    return click.IntRange(least, most)


_TYPES: dict[Kind, Callable[[Option], Any]] = {
    Kind.TEXT: lambda option: str,
    Kind.COUNT: lambda option: CountType(int(option.least or 0), int(option.most or 0)),
    Kind.WHOLE: _whole,
    Kind.NUMBER: _number,
    Kind.DAY: lambda option: Day(),
    Kind.FLAG: lambda option: bool,
    Kind.SETTING: lambda option: str,
    Kind.INPUT_FILE: lambda option: click.Path(path_type=Path),
    Kind.OUTPUT_FILE: lambda option: click.Path(path_type=Path),
    Kind.OUTPUT_FOLDER: lambda option: click.Path(path_type=Path),
    Kind.CHART: lambda option: click.Path(path_type=Path),
    Kind.STORE: lambda option: click.Path(path_type=Path),
    Kind.LIST: lambda option: str,
}
