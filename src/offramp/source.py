"""YAML text -> plain values that remember line and column.

Only the events of PyYAML are used, never its constructors: nothing in a file can name a Python object,
refer to another part of the file, or grow when it is read. What a scalar *means* (a number, a date, a
formula) is decided later by the key it stands under, so `NO` is never taken for a truth value.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from offramp.errors import ModelError, Problem

MAX_BYTES = 1 << 20
MAX_LEVELS = 32
MAX_NODES = 50_000

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})

# Characters that YAML forbids, or that would make its line numbers differ from an editor's.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One piece of text. `line` and `column` count from 1 and point at its first character."""

    text: str
    line: int
    column: int
    style: Literal["plain", "quoted", "block"] = "plain"

    @property
    def is_null(self) -> bool:
        return self.style == "plain" and self.text in _NULL

    @property
    def truth(self) -> bool | None:
        """What YAML 1.2 says: `true` and `false` are truth values, `yes`, `no`, `on` and `off` are text."""
        if self.style != "plain":
            return None
        return True if self.text in _TRUE else False if self.text in _FALSE else None


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Value, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys in the order of the file, each once."""

    entries: tuple[tuple[Scalar, Value], ...]
    line: int
    column: int

    def get(self, key: str) -> Value | None:
        for k, value in self.entries:
            if k.text == key:
                return value
        return None

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its position."""
        for k, _ in self.entries:
            if k.text == key:
                return k
        return None


Value = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its top-level mapping, and its lines for error messages."""

    file: str
    text: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)
    hash: str
    root: Mapping
    problems: tuple[Problem, ...] = ()  # found in reading; the rest of the file is still worth checking

    def place(self, scalar: Scalar, offset: int) -> tuple[int, int]:
        """Line and column in the file of the character at `offset` in the text of `scalar`.

        Quotes, folded lines and indentation are stepped over by matching the characters that are not
        spaces one by one, which is exact but for escapes in double quotes.
        """
        line, column = scalar.line - 1, scalar.column - 1
        if scalar.style == "quoted":
            column += 1
        elif scalar.style == "block":
            line, column = line + 1, 0
        if scalar.style == "plain" and self.lines[line].startswith(scalar.text, column):
            return line + 1, column + 1 + offset
        last = (line + 1, column + 1)
        for i, c in enumerate(scalar.text[: offset + 1]):
            if c.isspace():
                if i == offset:
                    return last
                continue
            while line < len(self.lines):
                found = self.lines[line].find(c, column)
                if found >= 0:
                    break
                line, column = line + 1, 0
            else:
                return scalar.line, scalar.column
            if i == offset:
                return line + 1, found + 1
            column = found + 1
            last = (line + 1, column + 1)
        return last

    def problem(
        self, at: Value, message: str, *hint: str, start: int | None = None, end: int | None = None
    ) -> Problem:
        """A problem at a value, or at the characters `start` to `end` of a scalar's text."""
        line, column, width = at.line, at.column, 1
        if isinstance(at, Scalar):
            if start is not None:
                line, column = self.place(at, start)
                stop = start + 1 if end is None else max(end, start + 1)
                last_line, last_column = self.place(at, min(stop - 1, max(len(at.text) - 1, 0)))
                width = (
                    last_column + 1 - column if last_line == line else len(self.lines[line - 1]) - column + 1
                )
            elif at.style == "block":
                width = 1
            else:
                width = self._width(at)
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return Problem(self.file, line, column, message, max(1, width), hint, text)

    def _width(self, at: Scalar) -> int:
        text = self.lines[at.line - 1][at.column - 1 :]
        if at.style == "quoted":
            end = text.find(text[:1], 1)
            return end + 1 if end > 0 else len(text)
        return min(len(at.text), len(text))


def read(data: bytes, file: str = "<text>") -> Source:
    """Read one YAML file.

    Parameters
    ----------
    data : the bytes of the file
    file : its name in messages

    Raises
    ------
    ModelError
        If the text is not one YAML mapping, or uses what model files may not use.
    """

    def stop(message: str, *hint: str, line: int = 1, column: int = 1, text: str = "") -> ModelError:
        return ModelError([Problem(file, line, column, message, 1, hint, text)])

    if len(data) > MAX_BYTES:
        raise stop(
            f"the file has {len(data):,} bytes; a model file may have at most {MAX_BYTES:,} (1 MiB)",
            "Move long texts out of the file, or check that this is the file you meant.",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", errors="replace")
        raise stop(
            f"the file is not UTF-8 text: byte 0x{data[error.start]:02x} does not belong here",
            "Save it as UTF-8 (in most editors: Save with encoding).",
            line=good.count("\n") + 1,
            column=len(good) - good.rfind("\n"),
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = tuple(text.split("\n"))
    bad = _FORBIDDEN.search(text)
    if bad:
        line = text.count("\n", 0, bad.start())
        column = bad.start() - (text.rfind("\n", 0, bad.start()) + 1)
        raise stop(
            f"invisible character U+{ord(bad[0]):04X}, which a model file may not hold",
            "Delete it and type the text around it again; it often comes from copying out of another program.",
            line=line + 1,
            column=column + 1,
            text=_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", lines[line]),
        )
    builder = _Builder(file, lines)
    root = builder.build(text)
    return Source(file, text, lines, hashlib.sha256(data).hexdigest(), root, tuple(builder.problems))


class _Builder:
    """Puts events together into values, with an explicit stack: depth costs no recursion."""

    def __init__(self, file: str, lines: tuple[str, ...]) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[Problem] = []
        self.nodes = 0

    def problem(self, line: int, column: int, message: str, *hint: str, width: int = 1) -> Problem:
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Problem(self.file, line, column, message, width, hint, text)

    def stop(self, line: int, column: int, message: str, *hint: str) -> ModelError:
        return ModelError([*self.problems, self.problem(line, column, message, *hint)])

    def build(self, text: str) -> Mapping:
        try:
            return self._build(_events(text))
        except yaml.YAMLError as error:
            raise ModelError([*self.problems, self._syntax(error)]) from None

    def _build(self, events: Iterator[Any]) -> Mapping:
        # Each open collection: where it starts, what it holds so far, and for a mapping the waiting key.
        stack: list[_Open] = []
        root: Value | None = None
        documents = 0
        for event in events:
            kind = type(event).__name__
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise self.stop(
                        line,
                        column,
                        "a second document begins here; one file holds one model",
                        "Remove the line `---`, or put the second model in its own file.",
                    )
            elif kind == "AliasEvent":
                raise self.stop(
                    line,
                    column,
                    f"alias `*{event.anchor}`: model files have no aliases",
                    "Write the text out where it is needed. Text that begins with `*` needs quotes.",
                )
            elif kind in ("ScalarEvent", "SequenceStartEvent", "MappingStartEvent"):
                self._count(line, column)
                self._refuse_marks(event, line, column)
                if kind == "ScalarEvent":
                    style: Literal["plain", "quoted", "block"] = (
                        "quoted"
                        if event.style in ("'", '"')
                        else "block"
                        if event.style in ("|", ">")
                        else "plain"
                    )
                    done: Value | None = Scalar(event.value, line, column, style)
                else:
                    if len(stack) >= MAX_LEVELS:
                        raise self.stop(line, column, f"nested more than {MAX_LEVELS} levels deep")
                    stack.append(_Open(line, column, kind == "MappingStartEvent"))
                    done = None
                if done is not None:
                    root = self._place(stack, done, root)
            elif kind in ("SequenceEndEvent", "MappingEndEvent"):
                root = self._place(stack, stack.pop().close(), root)
        if root is None or (isinstance(root, Scalar) and root.is_null):
            raise ModelError([Problem(self.file, 1, 1, "the file is empty", 1, (_START,))])
        if not isinstance(root, Mapping):
            raise self.stop(
                root.line,
                root.column,
                "a model file is a mapping: sections such as `model:` and `horizon:`",
                _START,
            )
        return root

    def _count(self, line: int, column: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.stop(line, column, f"more than {MAX_NODES:,} values in one file")

    def _refuse_marks(self, event: Any, line: int, column: int) -> None:
        if event.anchor is not None:
            raise self.stop(
                line,
                column,
                f"anchor `&{event.anchor}`: model files have no anchors",
                "Write the text out where it is needed. Text that begins with `&` needs quotes.",
            )
        if event.tag is not None:
            raise self.stop(
                line,
                column,
                f"tag `{event.tag[:60]}`: model files have no tags",
                "Remove it. Text that begins with `!` needs quotes.",
            )

    def _place(self, stack: list[_Open], value: Value, root: Value | None) -> Value | None:
        """Put a finished value where it belongs: into the open collection, or at the top."""
        if not stack:
            return value
        top = stack[-1]
        if not top.is_mapping:
            top.items.append(value)
        elif not top.waiting:
            top.waiting = True
            top.key = self._key(value, top)
        else:
            if top.key is not None:
                top.entries.append((top.key, value))
            top.waiting = False
        return root

    def _key(self, key: Value, top: _Open) -> Scalar | None:
        """The key, or None where it cannot be one: its value is then left out."""
        if not isinstance(key, Scalar):
            self.problems.append(
                self.problem(key.line, key.column, "a list or mapping cannot be a key; keys are words")
            )
            return None
        if key.text == "<<" and key.style == "plain":
            self.problems.append(
                self.problem(
                    key.line,
                    key.column,
                    "`<<`: model files have no merge keys",
                    "Write the keys out.",
                    width=2,
                )
            )
            return None
        first = top.lines_of_keys.get(key.text)
        if first is not None:
            self.problems.append(
                self.problem(
                    key.line,
                    key.column,
                    f"`{key.text[:60]}` is here twice",
                    f"It stands on line {first} already. Remove one or rename it.",
                    width=len(key.text),
                )
            )
            return None
        top.lines_of_keys[key.text] = key.line
        return key

    def _syntax(self, error: yaml.YAMLError) -> Problem:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = str(getattr(error, "problem", None) or "this is not YAML")
        line = min(mark.line + 1, len(self.lines)) if mark else 1
        column = mark.column + 1 if mark else 1
        message, hint = _in_plain_words(what, self.lines[line - 1], column)
        return self.problem(line, column, message, *hint)


@dataclass(slots=True)
class _Open:
    line: int
    column: int
    is_mapping: bool
    items: list[Value] = field(default_factory=list)
    entries: list[tuple[Scalar, Value]] = field(default_factory=list)
    lines_of_keys: dict[str, int] = field(default_factory=dict)
    waiting: bool = False  # a key has been read and its value has not
    key: Scalar | None = None

    def close(self) -> Value:
        if self.is_mapping:
            return Mapping(tuple(self.entries), self.line, self.column)
        return Sequence(tuple(self.items), self.line, self.column)


_START = "It begins with `model:`; `offramp new NAME` writes one to start from."


def _events(text: str) -> Iterator[Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return iter(yaml.parse(text, Loader=loader))


def _in_plain_words(what: str, text: str, column: int) -> tuple[str, tuple[str, ...]]:
    """What PyYAML says, for people who do not read YAML's grammar."""
    if "\t" in text[: len(text) - len(text.lstrip())] or (text[column - 1 : column] == "\t"):
        return "a tab in the indentation; YAML wants spaces", ("Replace each tab by spaces.",)
    if "mapping values are not allowed" in what:
        return "a `:` where none can stand", (
            "Put text that holds `: ` in quotes. If this is a key, check its indentation and the line above.",
        )
    if "could not find expected ':'" in what:
        return "a key without `:`, or text that goes on where a key should stand", (
            "Write `key: value`. Check this line and the one above it.",
        )
    if "block mapping" in what or "did not find expected key" in what or "block collection" in what:
        return "this line does not fit the lines above it", (
            "Check its indentation: the keys of one mapping begin in the same column.",
        )
    if "expected ',' or" in what or "flow" in what:
        return "a `{...}` or `[...]` that is not closed, or lacks a comma", (
            "Separate entries by commas and close every bracket.",
        )
    if "quoted scalar" in what or "end of stream" in what:
        return "a quote that is not closed", ("Quotes come in pairs.",)
    if "cannot start any token" in what:
        return "text cannot begin with this character", ("Put the text in quotes.",)
    return f"not YAML: {what}", ()
