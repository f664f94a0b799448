"""`--picture FILE`: a question's picture as SVG or PNG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from offramp.cli.options import need_folder, say
from offramp.errors import OfframpError, UsageError

if TYPE_CHECKING:
    from offramp.tell.blocks import Spec

_F = TypeVar("_F", bound=Callable[..., Any])

picture_option = click.option(
    "--picture", type=click.Path(path_type=Path), metavar="FILE",
    help="Also draw the answer; FILE ends in .svg or .png.",
)  # fmt: skip


def another(name: str, what: str) -> Callable[[_F], _F]:
    """An option for one more picture of the same answer.

    Parameters
    ----------
    name : of the option, as `--trace`
    what : it draws, for the help
    """
    return click.option(
        name, type=click.Path(path_type=Path), metavar="FILE", help=f"Also draw {what}; .svg or .png."
    )


def need(path: Path | None) -> None:
    """Make sure, before any work is done, that a picture can be written there.

    Raises
    ------
    UsageError
        If its name ends in neither .svg nor .png, or its folder is not there.
    """
    if path is None:
        return
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"a picture is written as .svg or .png, so {path} does not say how.")
    need_folder(path)


def save(picture: Spec | str, path: Path | None) -> None:
    """Draw a specification, or take an SVG as it is, and write it; says on stderr where it is.

    Raises
    ------
    OfframpError
        If it cannot be written.
    """
    if path is None:
        return
    from offramp.charts import render

    drawn = picture if isinstance(picture, str) else render.svg(picture)
    try:
        if path.suffix.lower() == ".png":
            path.write_bytes(render.png(drawn))
        else:
            path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise OfframpError(f"{path} cannot be written: {error.strerror or error}.") from error
    say(f"Drawn in {path}.")
