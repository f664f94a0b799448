"""What the Tab key completes: bundled crises, model files, and names in the model that stands in the line.

click asks these functions while somebody types, so nothing here may fail or say anything: a model that is not
there yet, or is wrong, has no names.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from offramp.model import Model
    from offramp.questions.option import Option

Names = Iterable[tuple[str, str]]  # a name, and what it is
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_YAML = (".yaml", ".yml")


def _quiet(find: Complete) -> Complete:
    """Completions, or none where anything goes wrong."""

    @functools.wraps(find)
    def found(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
        try:
            return find(ctx, param, begun)
        except Exception:  # a traceback in the middle of somebody's line helps nobody
            return []

    return found


def _items(names: Names, begun: str) -> list[CompletionItem]:
    return [CompletionItem(n, help=about) for n, about in names if n.startswith(begun)]


@_quiet
def models(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Bundled crises, files of YAML and folders."""
    from offramp.language.files import bundled_names

    bundled = _items(((n, "comes with offramp") for n in bundled_names()), begun)
    return [*bundled, *_items(((p, "") for p in _paths(begun, _YAML)), begun)]


def _paths(begun: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Files with one of some endings, and folders, that what was begun may mean."""
    head = begun[: begun.rfind("/") + 1]
    folder = Path(head or ".").expanduser()
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") and not begun[len(head) :].startswith("."):
            continue
        if entry.is_dir():
            yield f"{head}{entry.name}/"
        elif entry.name.endswith(endings):
            yield f"{head}{entry.name}"


@_quiet
def crises(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Bundled crises alone."""
    from offramp.language.files import bundled_names

    return _items(((n, "comes with offramp") for n in bundled_names()), begun)


def named(option: Option) -> Complete | None:
    """How the values of an option of a question are completed; None for those that nobody can."""
    from offramp.questions.option import Kind

    if option.kind is Kind.SETTING:
        return _settings
    if option.kind is Kind.LIST:
        return _lists
    find = _FINDERS.get(option.flag.lstrip("-").lower())
    return _of_model(find) if find is not None and option.kind is Kind.TEXT else None


def _model(ctx: click.Context) -> Model | None:
    """The model that stands in the line so far."""
    from offramp.language.check import load

    # Where an option waits for its value, click has not come to the arguments yet.
    name = ctx.params.get("model") or next((w for w in ctx.args if not w.startswith("-")), None)
    return load(name) if name else None


def _of_model(find: Callable[[Model], Names]) -> Complete:
    @_quiet
    def found(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
        model = _model(ctx)
        return [] if model is None else _items(find(model), begun)

    return found


@_quiet
def _settings(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    model = _model(ctx)
    return [] if model is None else [
        CompletionItem(f"{n}=", help=about) for n, about in _numbers(model) if f"{n}=".startswith(begun)
    ]  # fmt: skip


@_quiet
def _lists(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    from offramp.truth.question_list import bundled_questions

    bundled = _items(((n, "comes with offramp") for n in bundled_questions()), begun)
    return [*bundled, *_items(((p, "") for p in _paths(begun, _YAML)), begun)]


def _numbers(model: Model) -> Names:
    yield from ((p.name, p.title) for p in model.parameters)
    yield from ((v.name, v.title) for v in model.stocks)


def _moved(model: Model) -> Names:
    yield from _numbers(model)
    yield from ((a.name, f"what {a.title or a.name} truly is") for a in model.actors if a.types)
    yield "policy", "each policy"


def _titled(things: Iterable[object]) -> Names:
    return ((str(t.name), str(t.title)) for t in things)  # type: ignore[attr-defined]


_FINDERS: dict[str, Callable[[Model], Names]] = {
    "policy": lambda model: _titled(model.policies),
    "against": lambda model: _titled(model.policies),
    "policies": lambda model: _titled(model.policies),
    "outcome": lambda model: _titled(model.outcomes),
    "actor": lambda model: _titled(model.actors),
    "as": lambda model: _titled(model.actors),
    "for": lambda model: _titled(model.actors),
    "claim": lambda model: _titled(model.claims),
    "name": lambda model: _titled(model.ladders),
    "of": lambda model: ((p.name, p.title) for p in model.parameters),
    "over": _moved,
}


@_quiet
def chapters(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Chapters of the model in the line."""
    model = _model(ctx)
    own = [Path(f.path).stem for f in model.files if f.own][1:] if model is not None else []
    return _items(((n, "") for n in own), begun)


@_quiet
def question_names(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Questions whose answers have a schema."""
    from offramp.questions.registry import questions

    return _items(((name, "") for name in questions()), begun)
