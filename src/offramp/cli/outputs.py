"""What a command writes: asked for before any work is done, and never over what offramp did not write."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offramp import writing
from offramp.errors import UsageError
from offramp.questions.option import Kind, Option

if TYPE_CHECKING:
    from offramp.model import Model

_WRITES = (Kind.OUTPUT_FILE, Kind.OUTPUT_FOLDER, Kind.CHART)

FORCE = Option("--force", "Replace files that offramp did not write; never one that it reads.", Kind.FLAG)


def with_force(options: Sequence[Option]) -> tuple[Option, ...]:
    """Options of a command, with `--force` where it writes what it may replace."""
    return (*options, FORCE) if any(o.kind in _WRITES and not o.never_over for o in options) else (*options,)


def check(options: Iterable[Option], values: Mapping[str, Any], model: Model | None) -> None:
    """Refuse, before any work is done, what could not or must not be written at its end.

    Raises
    ------
    UsageError
        If a place cannot be written to, or holds what is read or what offramp did not write.
    """
    options = list(options)
    inputs = inputs_of(options, values, model)
    taken: dict[str, str] = {}
    for option in options:
        place = values.get(option.name)
        if option.kind not in _WRITES or not isinstance(place, Path):
            continue
        other = taken.setdefault(str(place.absolute()), option.flag)
        if other != option.flag:
            raise UsageError(f"{other} and {option.flag} both name {place}: one would replace the other.")
        if option.kind is Kind.OUTPUT_FOLDER:
            check_folder(place, inputs, force=bool(values.get("force")))
        else:
            check_file(place, _form(option, place), inputs, force=bool(values.get("force")), option=option)


def check_file(
    place: Path, form: writing.Form, inputs: Iterable[Path], *, force: bool, option: Option | None = None
) -> None:
    """Refuse what could not or must not be written; at a terminal, ask whether to replace a stranger's file.

    Raises
    ------
    UsageError
        If it is refused.
    """
    if option is not None and option.never_over and place.is_file():
        raise UsageError(f"{place} exists; {option.never_over} Give another name with {option.flag}.")
    try:
        writing.check_place(place, form, inputs=inputs, force=force)
    except writing.OccupiedError as occupied:
        if not _replaced(occupied):
            raise


def check_folder(folder: Path, inputs: Iterable[Path], *, force: bool) -> None:
    """Refuse a folder that could not be written into, or in which something would be lost.

    Raises
    ------
    UsageError
        If it is refused.
    """
    from offramp.questions.outlook import saving

    try:
        saving.check_folder(folder, inputs, force=force)
    except writing.OccupiedError as occupied:
        if not _replaced(occupied):
            raise


def _replaced(occupied: writing.OccupiedError) -> bool:
    """Whether somebody at the terminal wants a file replaced."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return click.confirm(f"{occupied.what} Replace it?", default=False, err=True)


def _form(option: Option, place: Path) -> writing.Form:
    if option.kind is Kind.CHART:
        from offramp.cli.charts import form_of

        return form_of(place)
    return option.writes or writing.PAGE


def inputs_of(options: Iterable[Option], values: Mapping[str, Any], model: Model | None) -> list[Path]:
    """Files that a command reads: those of the model, its tables, and what options name."""
    found = list(model.inputs) if model is not None else []
    for option in options:
        if option.kind is Kind.INPUT_FILE:
            given = values.get(option.name)
            found += [p for p in (given if option.many else [given]) or () if p is not None]
        elif option.kind is Kind.LIST and (name := values.get(option.name)):
            found += _beside(Path(name))
        elif option.kind is Kind.STORE and (place := values.get(option.name)):
            found.append(place)
    return found


def _beside(listed: Path) -> list[Path]:
    """A list of questions, and the tables that may belong to it."""
    if not listed.is_file():
        return []
    with contextlib.suppress(OSError):
        return [listed, *listed.parent.rglob("*.csv")]
    return [listed]
