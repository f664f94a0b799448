"""Answers: what every one of them says of itself, and the way to JSON and back.

An answer is a frozen dataclass that extends `Answer`. What it holds is what its JSON holds, key by key, so
that a saved answer loads into an equal one, and its JSON Schema is read off its types.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar, Union, get_args, get_origin

from offramp.errors import UsageError
from offramp.runs.known import Given
from offramp.version import __version__

if typing.TYPE_CHECKING:
    from offramp.model import Model

T = TypeVar("T")
Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

# What steers a cursor, a line or the direction of text, and may stand in a title; JSON has an escape for it.
_OBEYED = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")

LARGEST_FILE = 200_000_000  # bytes of a saved answer
DEEPEST = 40  # levels of a saved answer


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What every answer says of itself.

    Attributes
    ----------
    QUESTION : which question it answers: the name of the command
    model, model_hash, title : the model that was asked
    illustrative : whether its numbers are there to teach
    version : of offramp, by which it was asked
    seed : where all luck came from
    set : parameter or stock -> value given to it in every future
    given : what was known by a day, from which the futures go on; None where they begin with the priors
    level : what share of cases the intervals hold
    intervals : interval -> what it holds, and what not
    """

    QUESTION: ClassVar[str] = ""

    model: str
    model_hash: str
    title: str
    illustrative: bool
    version: str = __version__
    seed: int = 0
    set: dict[str, float] = field(default_factory=dict)
    given: Given | None = None
    level: float = 0.9
    intervals: dict[str, str] = field(default_factory=dict)

    @property
    def given_file(self) -> str | None:
        """The calibration that was read for it."""
        return None if self.given is None else self.given.file

    @property
    def learnt_by(self) -> date | None:
        """The day of what was learnt for it."""
        return None if self.given is None or self.given.file is not None else self.given.until

    def __init_subclass__(cls, **how: Any) -> None:
        super().__init_subclass__(**how)
        # Before `dataclass` adds its own, which would be pages long.
        cls.__repr__ = Answer.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        """In one line, as at a prompt; a notebook shows `_repr_html_` instead."""
        name = type(self).__name__
        return f"<{name} of `{self.model}`: print() shows it in words, as_dict() gives plain values>"

    def as_dict(self) -> dict[str, Any]:
        """As plain values ready for `json.dumps`; numbers that are not finite are None."""
        return {"question": self.QUESTION, **_fields_as_plain(self)}

    @property
    def failures(self) -> tuple[int, int]:
        """How many runs failed and were left out, of how many."""
        return 0, 0

    def to_json(self) -> str:
        """As JSON text: what the command prints with `--format json`."""
        return as_json(self.as_dict())

    def __str__(self) -> str:
        """In words, as on a terminal."""
        return _shown(self, "text") or repr(self)

    def _repr_html_(self) -> str | None:
        """In words and charts, for a notebook."""
        return _shown(self, "html")

    def _repr_markdown_(self) -> str | None:
        """In words and tables, for documents that are made from notebooks."""
        return _shown(self, "md")

    @classmethod
    def from_dict(cls, given: Mapping[str, Any], where: str = "the answer") -> Self:
        """The answer that `as_dict` gave.

        Parameters
        ----------
        given : plain values
        where : they come from, for messages

        Raises
        ------
        UsageError
            If they answer another question, or something is missing, of another kind or not known.
        """
        if given.get("question") != cls.QUESTION:
            raise UsageError(f"{where} does not answer `{cls.QUESTION}`.")
        found: Self = read(cls, {k: v for k, v in given.items() if k != "question"}, where)
        return found


# ── in words ──────────────────────────────────────────────────────────────────────────────────────────────

Form = Literal["text", "html", "md"]
Show = Callable[[Answer, "Model | None", Form], str | None]

_MODELS_KEPT = 16
_models: dict[str, Model] = {}  # hash -> model, of those that were asked last
_show: list[Show] = []


def shown_by(show: Show) -> None:
    """Set what puts answers into words, which this layer cannot: it gives None where it cannot either."""
    _show[:] = [show]


def _shown(answer: Answer, form: Form) -> str | None:
    return _show[0](answer, _models.get(answer.model_hash), form) if _show else None


def _remember(model: Model) -> None:
    """Keep a model, for whose titles its answers are put into words."""
    _models.pop(model.hash, None)
    _models[model.hash] = model
    while len(_models) > _MODELS_KEPT:
        del _models[next(iter(_models))]


# ── the head ──────────────────────────────────────────────────────────────────────────────────────────────


def head(
    model: Model,
    *,
    seed: int,
    settings: Mapping[str, float],
    intervals: Mapping[str, str],
    level: float = 0.9,
    given: Given | None = None,
) -> dict[str, Any]:
    """What an answer says of itself, as arguments: `Outlook(**head(model, ...), runs=...)`."""
    _remember(model)
    return {
        "model": model.name,
        "model_hash": model.hash,
        "title": model.title,
        "illustrative": model.illustrative,
        "seed": seed,
        "set": dict(settings),
        "given": given,
        "level": level,
        "intervals": dict(intervals),
    }


def key_of(f: dataclasses.Field[Any]) -> str:
    """The key of a field in JSON: its name, or `metadata["key"]` where Python reserves that word."""
    return str(f.metadata.get("key", f.name))


def keyed(key: str, **more: Any) -> Any:
    """A field that JSON calls by a word that Python reserves, such as `from`."""
    return field(metadata={"key": key}, **more)


# ── to plain values ───────────────────────────────────────────────────────────────────────────────────────


def as_plain(value: Any) -> Any:
    """Nested values ready for `json.dumps`: dataclasses by field, dates as text, no number as None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields_as_plain(value)
    if isinstance(value, Mapping):
        return {str(as_plain(k)): as_plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(v) for v in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _fields_as_plain(value: Any) -> dict[str, Any]:
    return {key_of(f): as_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}


def six_digits(value: float) -> float:
    """Six significant digits, which is more than any estimate means; NaN for what is not finite.

    >>> six_digits(0.12345678), six_digits(float("inf"))
    (0.123457, nan)
    """
    return float(f"{value:.6g}") if math.isfinite(value) else math.nan


def as_json(plain: Any) -> str:
    """Plain values as JSON text; characters that a terminal would obey are written as escapes."""
    text = json.dumps(plain, ensure_ascii=False, indent=2, allow_nan=False)
    return _OBEYED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


# ── from plain values ─────────────────────────────────────────────────────────────────────────────────────


def load_plain(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises
    ------
    UsageError
        If the file cannot be read, is too large or too deep, or holds no JSON object.
    """
    try:
        if not path.is_file():
            raise UsageError(f"{path} is no file.")
        if path.stat().st_size > LARGEST_FILE:
            raise UsageError(f"{path} is larger than any answer: {path.stat().st_size / 1e6:,.0f} MB.")
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(given, dict):
        raise UsageError(f"{path} holds no answer: it must be what `--format json` prints.")
    return given


def read(kind: Any, given: Any, where: str) -> Any:
    """Plain values read as a type: dataclasses, containers, dates and numbers.

    Parameters
    ----------
    kind : a type as fields are annotated with
    given : what `as_plain` makes of a value of that type
    where : it stands, for messages

    Raises
    ------
    UsageError
        If it is of another kind.
    """
    origin, inside = get_origin(kind), get_args(kind)
    if kind is Any:
        return given
    if origin in (Union, types.UnionType):
        return _read_union(inside, given, where)
    if origin is Literal:
        return _need(given, given in inside, where, "one of " + ", ".join(map(str, inside)))
    if dataclasses.is_dataclass(kind):
        return _read_fields(kind, given, where)
    if origin in (dict, Mapping):
        _need(given, isinstance(given, dict), where, "an object")
        return {_read_key(inside[0], k, where): read(inside[1], v, f"{where}.{k}") for k, v in given.items()}
    if origin in (list, tuple):
        return _read_sequence(origin, inside, given, where)
    return _read_scalar(kind, given, where)


def _read_union(kinds: tuple[Any, ...], given: Any, where: str) -> Any:
    if given is None and type(None) in kinds:
        return None
    rest = [k for k in kinds if k is not type(None)]
    if len(rest) == 1:
        return read(rest[0], given, where)
    for kind in rest:
        try:
            return read(kind, given, where)
        except UsageError:
            continue
    raise UsageError(f"{where} is of no kind that can stand there.")


def _read_fields(kind: Any, given: Any, where: str) -> Any:
    _need(given, isinstance(given, dict), where, "an object")
    hints = hints_of(kind)
    fields = {key_of(f): f for f in dataclasses.fields(kind)}
    unknown, missing = [k for k in given if k not in fields], [k for k in fields if k not in given]
    if unknown or missing:
        what = f"knows no `{unknown[0]}`" if unknown else f"lacks `{missing[0]}`"
        raise UsageError(f"{where} {what}: it was not made by this version of offramp.")
    return kind(**{f.name: read(hints[f.name], given[k], f"{where}.{k}") for k, f in fields.items()})


def _read_sequence(origin: Any, inside: tuple[Any, ...], given: Any, where: str) -> Any:
    _need(given, isinstance(given, list), where, "a list")
    if origin is list or (len(inside) == 2 and inside[1] is Ellipsis):
        return origin(read(inside[0], v, f"{where}[{i}]") for i, v in enumerate(given))
    _need(given, len(given) == len(inside), where, f"a list of {len(inside)}")
    return tuple(read(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(inside, given, strict=True)))


def _read_key(kind: Any, key: str, where: str) -> Any:
    """A key, which JSON knows as text only."""
    return read(date, key, where) if kind is date else int(key) if kind is int else key


def _read_scalar(kind: Any, given: Any, where: str) -> Any:
    if kind is date:
        _need(given, isinstance(given, str), where, "a date")
        try:
            return date.fromisoformat(given)
        except ValueError as error:
            raise UsageError(f"{where} must be a date, not {given!r}.") from error
    if kind is float:
        if given is None:
            return math.nan
        _need(given, isinstance(given, int | float) and not isinstance(given, bool), where, "a number")
        return float(given)
    if kind is int:
        return _need(given, isinstance(given, int) and not isinstance(given, bool), where, "a whole number")
    names = {str: "text", bool: "true or false"}
    return _need(given, isinstance(given, kind), where, names.get(kind, str(kind)))


def _need(given: T, fits: bool, where: str, what: str) -> T:
    if not fits:
        raise UsageError(f"{where} must be {what}, not {str(given)[:40]!r}.")
    return given


@cache
def hints_of(kind: Any) -> dict[str, Any]:
    """The types of the fields of a dataclass."""
    return {n: h for n, h in typing.get_type_hints(kind).items() if get_origin(h) is not ClassVar}


# ── JSON Schema ───────────────────────────────────────────────────────────────────────────────────────────


def schema_of(kind: type[Answer]) -> dict[str, Any]:
    """JSON Schema (2020-12) of an answer, read off its types."""
    known: dict[str, Any] = {}
    whole = _schema(kind, known)
    name = whole["$ref"].rpartition("/")[2]
    top = known.pop(name)
    top["properties"] = {"question": {"const": kind.QUESTION}, **top["properties"]}
    top["required"] = ["question", *top["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": known}


def _schema(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    origin, inside = get_origin(kind), get_args(kind)
    if kind is Any:
        return {}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(k, known) for k in inside]}
    if origin is Literal:
        return {"enum": list(inside)}
    if dataclasses.is_dataclass(kind):
        return _schema_of_fields(kind, known)
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _schema(inside[1], known)}
    if origin is list or (origin is tuple and inside[1:] == (Ellipsis,)):
        return {"type": "array", "items": _schema(inside[0], known)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_schema(k, known) for k in inside], "items": False}
    return dict(_SCALARS[kind])


# A number that was not finite is null in JSON.
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},
    date: {"type": "string", "format": "date"},
    type(None): {"type": "null"},
}


def _schema_of_fields(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in known:
        known[name] = {}
        hints = hints_of(kind)
        fields = dataclasses.fields(kind)
        known[name] = {
            "type": "object",
            "description": (kind.__doc__ or "").strip().split("\n")[0],
            "properties": {key_of(f): _schema(hints[f.name], known) for f in fields},
            "required": [key_of(f) for f in fields],
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}
