"""The text of model files as plain values that remember file, line and column.

What a scalar *means* (a number, a date, a formula) is decided later by the key it stands under, so `NO` is
never taken for a truth value and `1e-3` never for text. `yaml_reader.py` builds these values.
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from offramp.errors import Problem
from offramp.model import LayerChange

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

    `within` is the text of the file in which it stands; None: of the model's own file.
    """

    text: str
    line: int
    column: int
    style: Literal["plain", "quoted", "literal", "folded"] = "plain"
    within: Text | None = field(default=None, compare=False, repr=False)

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
    within: Text | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file, each key once."""

    entries: tuple[tuple[Scalar, Value], ...]
    line: int
    column: int
    within: Text | None = field(default=None, compare=False, repr=False)

    def get(self, key: str) -> Value | None:
        return next((v for k, v in self.entries if k.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its position."""
        return next((k for k, _ in self.entries if k.text == key), None)


Value = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Text:
    """The text of one file.

    Attributes
    ----------
    file : what messages call it
    text : with line ends of Unix, and `lines`, the same split at them
    data : its bytes
    folder : in which it stands; None: text that stands in no folder, and what comes with offramp
    path : from the folder of the model's own file, or `bundled/...`: where a copy of the model has it
    """

    file: str
    text: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)
    data: bytes = field(default=b"", repr=False)
    folder: Path | None = None
    path: str = "model.yaml"

    @property
    def place_on_disk(self) -> Path | None:
        """The file; None for text that stands in no folder, and for what comes with offramp."""
        return None if self.folder is None else self.folder / PurePosixPath(self.path).name

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
        """A problem at a value of this file, or at the characters `start` to `end` of a scalar's text."""
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


@dataclass(frozen=True, slots=True)
class ParsedModel:
    """A model that was read: its file, the chapters of it, and the model that it extends.

    Attributes
    ----------
    file : what messages call the whole, such as the folder of its chapters
    texts : its own file, then its chapters in their order; not those of `base`
    hash : SHA-256 of the bytes of one file, hexadecimal; what it is of more files, `bind` and `extend` say
    root : the entries of all of these, laid over those of the model that it extends
    problems : found in reading; the rest of the file is still worth checking
    notes : noticed in reading, and no problem
    base : the model that it extends
    changes : what it changes in it
    removed : name of what it takes out -> where it says so
    nodes : values in one file, as it was read
    """

    file: str
    texts: tuple[Text, ...]
    hash: str
    root: Mapping
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    base: ParsedModel | None = None
    changes: tuple[LayerChange, ...] = ()
    removed: Lookup[str, str] = field(default_factory=dict)
    nodes: int = 0

    @property
    def main(self) -> Text:
        """The text of its own file."""
        return self.texts[0]

    @property
    def chain(self) -> tuple[ParsedModel, ...]:
        """This model, the one that it extends, the one that that extends, and so on."""
        return (self, *(self.base.chain if self.base is not None else ()))

    def text_of(self, at: Value) -> Text:
        """The file in which a value stands."""
        return at.within or self.main

    def words_for(self, at: Value) -> str:
        """Where a value stands, for messages about another place: `line 12`, with the file if several."""
        several = self.base is not None or len(self.texts) > 1
        return f"line {at.line}" + (f" of {self.text_of(at).file}" if several else "")

    def problem(
        self, at: Value, message: str, *hint: str, start: int | None = None, end: int | None = None
    ) -> Problem:
        """A problem at a value, or at the characters `start` to `end` of a scalar's text."""
        return self.text_of(at).problem(at, message, *hint, start=start, end=end)


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
