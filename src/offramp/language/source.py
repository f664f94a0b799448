"""The text of a model file as plain values that remember line and column.

What a scalar *means* (a number, a date, a formula) is decided later by the key it stands under, so `NO` is
never taken for a truth value and `1e-3` never for text. `yaml_reader.py` builds these values.
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from typing import Literal

from offramp.errors import Problem
from offramp.model import Change

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})

# More problems are no help to anyone, and a hostile file cannot make them dear.
MAX_PROBLEMS = 100
MORE = f"more than {MAX_PROBLEMS} problems; the others are not shown"

# Longer lines are shown in part: a message is to be read in a terminal.
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Scalar:
    """One piece of text. `line` and `column` count from 1 and point at its first character.

    `layer` says in which file it stands: 0 in the file itself, 1 in the one that it extends.
    """

    text: str
    line: int
    column: int
    style: Literal["plain", "quoted", "literal", "folded"] = "plain"
    layer: int = 0

    @property
    def is_null(self) -> bool:
        """Whether nothing is written here."""
        return self.style == "plain" and self.text in _NULL

    @property
    def truth(self) -> bool | None:
        """What YAML 1.2 says: `true` and `false` are truth values; `yes`, `no`, `on` and `off` are text."""
        if self.style != "plain":
            return None
        return True if self.text in _TRUE else False if self.text in _FALSE else None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Value, ...]
    line: int
    column: int
    layer: int = 0


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file, each key once."""

    entries: tuple[tuple[Scalar, Value], ...]
    line: int
    column: int
    layer: int = 0

    def get(self, key: str) -> Value | None:
        return next((v for k, v in self.entries if k.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its position."""
        return next((k for k, _ in self.entries if k.text == key), None)


Value = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read.

    Attributes
    ----------
    hash : SHA-256 of its bytes, hexadecimal; where it extends another file, of the hashes of both
    root : its top-level mapping, laid over that of the file that it extends
    problems : found in reading; the rest of the file is still worth checking
    base : the file that it extends
    changes : what it changes in it
    removed : name of what it takes out -> where it says so
    """

    file: str
    text: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)
    hash: str
    root: Mapping
    problems: tuple[Problem, ...] = ()
    base: Source | None = None
    changes: tuple[Change, ...] = ()
    removed: Lookup[str, str] = field(default_factory=dict)

    def file_of(self, at: Value) -> Source:
        """The file in which a value stands."""
        return self.base if at.layer and self.base is not None else self

    def words_for(self, at: Value) -> str:
        """Where a value stands, for messages about another place: `line 12`, with the file if two."""
        return f"line {at.line}" + (f" of {self.file_of(at).file}" if self.base is not None else "")

    def place(self, scalar: Scalar, offset: int) -> tuple[int, int]:
        """Line and column in the file of the character at `offset` in the text of `scalar`.

        Quotes, folded lines and indentation are stepped over by matching the characters that are not
        spaces one by one, which is exact but for escapes in double quotes.
        """
        line, column = scalar.line - 1, scalar.column - 1
        if scalar.style == "quoted":
            column += 1
        elif scalar.style in ("literal", "folded"):
            line, column = line + 1, 0
        elif self.lines[line].startswith(scalar.text, column):
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
        if self.file_of(at) is not self:
            return self.file_of(at).problem(at, message, *hint, start=start, end=end)
        line, column, width = at.line, at.column, 1
        if isinstance(at, Scalar):
            if start is None and at.style in ("plain", "quoted"):
                width = self._width(at)
            elif start is not None:
                line, column = self.place(at, start)
                stop = start + 1 if end is None else max(end, start + 1)
                last_line, last_column = self.place(at, min(stop, max(len(at.text), 1)) - 1)
                if last_line == line:
                    width = last_column + 1 - column
                elif last_line > line:  # what is meant goes on below: underline to the end of this line
                    width = len(self.lines[line - 1].rstrip()) - column + 1
        return located(self.file, self.lines, line, column, message, *hint, width=width)

    def _width(self, at: Scalar) -> int:
        text = self.lines[at.line - 1][at.column - 1 :].rstrip()
        if at.style == "quoted":
            end = text.find(text[:1], 1)
            return end + 1 if end > 0 else len(text)
        return min(len(at.text), len(text))


def located(
    file: str, lines: tuple[str, ...], line: int, column: int, message: str, *hint: str, width: int = 1
) -> Problem:
    """A problem with its line, which is cut around the place if it is very long."""
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    width = max(1, min(width, _SHOWN // 2))
    caret = 0
    if len(text) > _SHOWN:
        # Keep the place in view; `...` stands for what is cut off.
        first = max(0, min(column - 1 - _SHOWN // 4, len(text) - _SHOWN))
        before, after = "..." * (first > 0), "..." * (first + _SHOWN < len(text))
        text = before + text[first : first + _SHOWN] + after
        caret = column - first + len(before)
    # A quoted name may go over several lines, a message is one.
    said = " ".join(message.splitlines())
    hints = tuple(" ".join(h.splitlines()) for h in hint if h)
    return Problem(file, line, column, said, width, hints, text, caret)


def find(value: Value | None, *path: str) -> Value | None:
    """What stands under a path of keys."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
