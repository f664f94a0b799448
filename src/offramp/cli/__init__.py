"""The command line: parse, call, print. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import click

from offramp import writing
from offramp.cli.brief import BRIEF
from offramp.cli.examples import epilog
from offramp.cli.interrupts import INTERRUPTED, Interrupts, open_missing_streams
from offramp.cli.models import check, crises, explain, new, schema, show
from offramp.cli.question import command_of
from offramp.errors import ModelError, OfframpError, Problem
from offramp.given import did_you_mean
from offramp.questions.registry import questions
from offramp.tell.terminal import cleaned, wants_colour
from offramp.version import __version__

# Exit codes, beside those that errors carry (1 failure, 2 usage, 3 invalid model).
OK, FAILURE = 0, 1

_EPILOG = """\b
Exit codes: 0 fine, 1 failure, 2 wrong use, 3 invalid model,
5 some runs failed (the rest is printed), 130 interrupted."""


# Commands that are no room of `offramp.questions`; those follow, by their group.
_GROUPS: dict[str, tuple[str, ...]] = {
    "Write a model": ("new", "check", "explain", "crises", "show", "schema"),
    "See how it goes": ("brief",),
    "Ask of it": (),
    "Hold it against what came": (),
}


class Offramp(click.Group):
    """Turns what goes wrong into one message and an exit code, never a traceback."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        extra["standalone_mode"] = False
        open_missing_streams()
        writing.done.clear()
        as_program = not args and extra.get("args") is None
        if not as_program:
            sys.exit(self._coded(*args, **extra))
        with Interrupts(_farewell) as interrupts:
            code = self._coded(*args, **extra)
            if code == INTERRUPTED:
                interrupts.leave()
        sys.exit(code)

    def _coded(self, *args: Any, **extra: Any) -> int:
        """Do what is asked; the exit code. Of an interruption of the program, its caller tells."""
        try:
            result = super().main(*args, **extra)
            sys.stdout.flush()
            code = result if isinstance(result, int) else OK
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except OfframpError as error:
            say_error(error)
            code = error.exit_code
        except (KeyboardInterrupt, click.Abort):
            if args or extra.get("args") is not None:
                click.echo(_farewell(), err=True)
            code = INTERRUPTED
        except BrokenPipeError:
            discard_output()
            code = FAILURE
        except (OSError, MemoryError) as error:
            discard_output()
            reason = "out of memory; ask for fewer runs" if isinstance(error, MemoryError) else str(error)
            say_error(OfframpError(f"{reason}."))
            code = FAILURE
        return code

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            # As itself, click would print an empty line for it first.
            raise click.Abort from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(
                f"There is no command `{cleaned(args[0])}`. {hint}".strip(), ctx
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Commands by what one wants of them, each with its whole first sentence."""
        left = set(self.list_commands(ctx))
        rooms = questions().values()
        for heading, plain in _GROUPS.items():
            names = [*plain, *(q.name for q in rooms if q.group == heading)]
            with formatter.section(heading):
                formatter.write_dl([(n, self.commands[n].get_short_help_str(200)) for n in names])
            left -= set(names)
        assert not left, f"commands without a place in the help: {left}"

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which one meets them."""
        return list(self.commands)


def _farewell() -> str:
    """What an interrupted program has written."""
    if not writing.done:
        return "Interrupted. Nothing was written."
    files = ", ".join(str(path) for path in writing.done)
    return cleaned(f"Interrupted. Written before that, and whole: {files}.{_resumable()}")


def _resumable() -> str:
    """That the same command goes on from what is kept, where there is such a file."""
    words = sys.argv[1:]
    given = [
        w.partition("=")[2] or "".join(words[i + 1 : i + 2]) for i, w in enumerate(words) if _is_resume(w)
    ]
    kept = {str(path) for path in writing.done} & set(given)
    return f" The same command with --resume {kept.pop()} goes on from there." if kept else ""


def _is_resume(word: str) -> bool:
    return word.partition("=")[0] == "--resume"


def discard_output() -> None:
    """Send what is still to be written to nowhere: stdout cannot take it, and would fail again at exit."""
    real = sys.__stdout__
    if real is not None and sys.stdout is real:
        os.dup2(os.open(os.devnull, os.O_WRONLY), real.fileno())


def _hides(problem: Problem) -> bool:
    """Whether others may show only once it is fixed: what has no known unit or meaning fits anything."""
    return problem.message.startswith("unknown ") or "unit" in problem.message or " in `" in problem.message


def say_error(error: OfframpError) -> None:
    """An error on stderr; problems of a model stand for themselves."""
    text = cleaned(str(error))
    if isinstance(error, ModelError):
        click.echo(text, err=True)
        if any(_hides(p) for p in error.problems):
            click.echo("More may show once these are fixed.", err=True)
    else:
        label = click.style("Error:", fg="red", bold=True) if wants_colour(sys.stderr) else "Error:"
        click.echo(f"{label} {text}", err=True)


@click.group(
    cls=Offramp,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", prog_name="offramp", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Turn a written account of a crisis into a model that runs.

    MODEL is a model file, or the name of a crisis that comes with offramp (`offramp crises` lists them).
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in (
    BRIEF,
    new,
    check,
    explain,
    crises,
    show,
    schema,
):
    main.add_command(command)
for asked in questions().values():
    main.add_command(command_of(asked))
for name, each in main.commands.items():
    each.epilog = epilog(name)
