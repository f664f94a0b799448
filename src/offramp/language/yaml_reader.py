"""YAML text -> `Source`.

Only the events of PyYAML are used, never its constructors: nothing in a file can name a Python object, refer
to another part of the file or grow when it is read. Events come one at a time, so the limits on depth and
size stop a hostile file before anything is built from it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from offramp.errors import ModelError, Problem
from offramp.language.keys import tables_with
from offramp.language.numbers_meant import QUOTES, number_meant, shown
from offramp.language.source import (
    MAX_PROBLEMS,
    MORE,
    Mapping,
    ParsedModel,
    Scalar,
    Sequence,
    Text,
    Value,
    located,
)

MAX_BYTES = 1 << 20
MAX_LEVELS = 32
MAX_NODES = 50_000

# Characters that YAML forbids, or that would make its line numbers differ from an editor's.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_START = "It begins with `model:`; `offramp new NAME` writes one to start from."
_STYLES: dict[str | None, Literal["quoted", "literal", "folded"]] = {
    "'": "quoted",
    '"': "quoted",
    "|": "literal",
    ">": "folded",
}
_HARD_SPACE = re.compile("(?:^[ -]*|:)([\u00a0\u2007\u2009\u202f\u3000])")
_LONGEST_NUMBER = 40
_LONGEST_CUT = 5_000  # characters; what is longer is neither a formula nor a title
_NO_QUOTES = '`{}` is no quote here, though Word makes it of one: type straight quotes, `"{}..."`.'
_QUOTE_IT = "Write the text out where it is needed. Text that begins with `{}` needs quotes."


def read(
    data: bytes, file: str = "<text>", folder: Path | None = None, path: str = "model.yaml"
) -> ParsedModel:
    """Read one YAML file.

    Parameters
    ----------
    data : the bytes of the file
    file : its name in messages
    folder, path : where it stands (see `Text`)

    Raises
    ------
    ModelError
        If the text is not one YAML mapping, or uses what model files may not use.
    """
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes; a model file may have at most {MAX_BYTES:,} (1 MiB)"
        raise ModelError([Problem(file, 1, 1, message, hint=("Check that this is the file you meant.",))])
    text = _decode(data, file).replace("\r\n", "\n").replace("\r", "\n")
    lines = tuple(text.split("\n"))
    bad = _FORBIDDEN.search(text)
    if bad:
        line = text.count("\n", 0, bad.start())
        column = bad.start() - text.rfind("\n", 0, bad.start())
        shown = tuple(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", part) for part in lines[: line + 1])
        problem = located(
            file,
            shown,
            line + 1,
            column,
            f"an invisible character (U+{ord(bad[0]):04X}), which a model file may not hold",
            "Delete it and type the text around it again; such characters come with copied text.",
        )
        raise ModelError([problem])
    builder = _Builder(Text(file, text, lines, data, folder, path))
    root = builder.build()
    problems, digest = tuple(builder.problems), hashlib.sha256(data).hexdigest()
    return ParsedModel(file, (builder.within,), digest, root, problems, nodes=builder.nodes)


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", errors="replace")
        text = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", data.decode("utf-8-sig", errors="replace"))
        problem = located(
            file,
            tuple(text.split("\n")),
            good.count("\n") + 1,
            len(good) - good.rfind("\n"),
            f"the file is not UTF-8 text: byte 0x{data[error.start]:02x} does not belong here",
            "Save it as UTF-8 (in most editors: Save with encoding).",
        )
        raise ModelError([problem]) from None


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    line: int
    column: int
    within: Text
    is_mapping: bool
    is_flow: bool
    items: list[Value] = field(default_factory=list)
    entries: dict[str, tuple[Scalar, Value]] = field(default_factory=dict)
    last: str = ""  # the key read last
    waiting: bool = False  # a key has been read and its value has not
    repeated: list[tuple[Scalar, Scalar]] = field(default_factory=list)  # a key, and the same again
    key: Scalar | None = None  # None while waiting: the key was refused, its value is left out

    def close(self) -> Value:
        if self.is_mapping:
            return Mapping(tuple(self.entries.values()), self.line, self.column, self.within)
        return Sequence(tuple(self.items), self.line, self.column, self.within)


class _Builder:
    """Puts events together into values, with a stack of its own: depth costs no recursion."""

    def __init__(self, within: Text) -> None:
        self.within = within
        self.file = within.file
        self.lines = within.lines
        self.problems: list[Problem] = []
        self.nodes = 0
        self.cut: set[tuple[int, int]] = set()  # places of values that were found cut by a comma
        # Places of numbers that commas cut: the text so far, and what has been said of it.
        self.numbers: dict[tuple[int, int], tuple[str, Problem | None]] = {}
        self.scalar: Any = None  # event of the scalar read last
        self.stack: list[_Open] = []

    def problem(self, line: int, column: int, message: str, *hint: str, width: int = 1) -> Problem:
        return located(self.file, self.lines, line, column, message, *hint, width=width)

    def say(self, line: int, column: int, message: str, *hint: str, width: int = 1) -> None:
        self.problems.append(self.problem(line, column, message, *hint, width=width))
        if len(self.problems) >= MAX_PROBLEMS:
            raise ModelError([*self.problems, Problem(self.file, len(self.lines), 1, MORE)])

    def stop(self, line: int, column: int, message: str, *hint: str, width: int = 1) -> ModelError:
        """What was found so far, and a problem that nothing can be read after."""
        self.say(line, column, message, *hint, width=width)
        return ModelError(self.problems)

    def build(self) -> Mapping:
        try:
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            root = self._root(yaml.parse(self.within.text, Loader=loader))
        except yaml.YAMLError as error:
            raise self._syntax(error) from None
        if root is None or (isinstance(root, Scalar) and root.is_null):
            raise self.stop(1, 1, "the file is empty", _START)
        if not isinstance(root, Mapping):
            raise self.stop(root.line, root.column, "this is not a model file", _START)
        return root

    def _root(self, events: Iterator[Any]) -> Value | None:
        stack = self.stack
        root: Value | None = None
        documents = 0
        for event in events:
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.stop(
                        line,
                        column,
                        "a second document begins here; one file holds one model",
                        "Remove the line `---`, or put the second model in its own file.",
                        width=3,
                    )
            elif isinstance(event, yaml.NodeEvent):
                self._refuse(event, line, column)
                if isinstance(event, yaml.ScalarEvent):
                    self.scalar = event
                    scalar = Scalar(event.value, line, column, _STYLES.get(event.style, "plain"), self.within)
                    root = self._place(stack, scalar, root)
                elif isinstance(event, yaml.CollectionStartEvent):
                    if len(stack) >= MAX_LEVELS:
                        raise self.stop(line, column, f"nested more than {MAX_LEVELS} levels deep")
                    is_mapping = isinstance(event, yaml.MappingStartEvent)
                    stack.append(_Open(line, column, self.within, is_mapping, bool(event.flow_style)))
            elif isinstance(event, yaml.CollectionEndEvent):
                self._say_repeated(stack[-1])
                root = self._place(stack, stack.pop().close(), root)
        return root

    def _refuse(self, event: Any, line: int, column: int) -> None:
        """Stop at what model files do not have: aliases, anchors, tags, and too much of anything."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.stop(line, column, f"more than {MAX_NODES:,} values in one file")
        if event.anchor is not None:
            is_alias = isinstance(event, yaml.AliasEvent)
            sign, what = ("*", "aliases") if is_alias else ("&", "anchors")
            name = f"{sign}{event.anchor}"[:60]
            message = f"`{name}`: model files have no {what}"
            raise self.stop(line, column, message, _QUOTE_IT.format(sign), width=len(name))
        if getattr(event, "tag", None) is not None:
            tag = self.lines[line - 1][column - 1 :].split()[0] if line <= len(self.lines) else event.tag
            raise self.stop(
                line,
                column,
                f"`{tag[:60]}`: model files have no tags",
                "Remove it. Text that begins with `!` needs quotes; in formulas, write `not`.",
                width=len(tag),
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
            top.waiting = False
            if top.key is None:
                return root
            if not (top.is_flow and self._cut_by_comma(top, top.key, value)):
                self._enter(top, top.key, value)
        return root

    def _enter(self, top: _Open, key: Scalar, value: Value) -> None:
        """Put a key and its value into a mapping; the first of two equal keys counts, unless it is empty."""
        first = top.entries.get(key.text)
        if first is not None:
            top.repeated.append((first[0], key))
            if not (isinstance(first[1], Scalar) and first[1].is_null):
                return
        top.entries[key.text] = (key, value)
        top.last = key.text

    def _key(self, key: Value, top: _Open) -> Scalar | None:
        """The key, or None where it cannot be one."""
        if not isinstance(key, Scalar):
            self.say(key.line, key.column, "a list or mapping cannot be a key; keys are words")
            return None
        if key.text == "<<" and key.style == "plain":
            message = "`<<`: model files have no merge keys"
            self.say(key.line, key.column, message, "Write the keys out.", width=2)
            return None
        if key.text == "":
            self.say(key.line, key.column, "a key is missing here", "Write `key: value`.")
            return None
        return key

    def _say_repeated(self, ended: _Open) -> None:
        """One problem for all keys that stand in a mapping twice."""
        if not ended.repeated:
            return
        (first, key), others = ended.repeated[0], len(ended.repeated) - 1
        hint = "Remove one or rename it."
        message = f"`{key.text[:60]}` is here twice"
        if others:
            message += f", and so {'are' if others > 1 else 'is'} {others} more below"
            hint = "Has a name been lost above this line, or its indentation?"
        earlier = f"It stands on line {first.line} already."
        self.say(key.line, key.column, message, earlier, hint, width=len(key.text))

    def _cut_by_comma(self, top: _Open, key: Scalar, value: Value) -> bool:
        """In `{...}` a comma ends a value: `{a: min(x, 1)}` is a, then a key `1)` without a value.

        Such a key is put back to the value that it was cut from, with one problem for all of them.
        """
        if not (isinstance(value, Scalar) and value.style == "plain" and value.text == "" and top.entries):
            return False
        if (value.line, value.column) != (key.line, key.column + len(key.text)):
            return False  # a colon stands between: the value was left out on purpose
        name, colon, _ = key.text.partition(":")
        if colon and tables_with(name):
            return False  # `title:Tension`, a key without the space behind its colon
        before, cut = top.entries[top.last]
        if not (isinstance(cut, Scalar) and cut.style == "plain"):
            return False
        if self._number_cut(top, key, before, cut):
            return True
        if (cut.line, cut.column) not in self.cut:
            self.cut.add((cut.line, cut.column))
            curly = re.match(f"[{QUOTES}]", cut.text)
            straight = f'Put it in quotes: `{before.text[:60]}: "{cut.text[:40]}, ..."`.'
            self.say(
                cut.line,
                cut.column,
                f"inside {{...}} a comma ends the value of `{before.text[:60]}`",
                _NO_QUOTES.format(curly[0], cut.text[1:31]) if curly else straight,
                width=len(cut.text) + 1,
            )
        if len(cut.text) < _LONGEST_CUT:
            # A stray quote is what is left of the quotes that would have kept the value whole.
            whole = f"{cut.text}, {key.text}".replace('"', "")
            top.entries[top.last] = (before, Scalar(whole, cut.line, cut.column, "plain", self.within))
        return True

    def _number_cut(self, top: _Open, key: Scalar, before: Scalar, cut: Scalar) -> bool:
        """Put a number together that commas cut, `{a: 1,000,000}` or `{a: 0,5}`, with one problem for it."""
        place = (cut.line, cut.column)
        begun, said = self.numbers.get(place, (cut.text, None))
        whole = f"{begun},{key.text}"
        meant = number_meant(whole) if len(begun) + len(key.text) < _LONGEST_NUMBER else None
        if meant is None or (key.line, key.column) != (cut.line, cut.column + len(begun) + 1):
            return False
        message, hint = f"`{whole}`: a comma cannot stand in a number", f"Write `{shown(meant)}`."
        self.problems = [p for p in self.problems if p is not said]
        self.say(*place, message, hint, width=len(whole))
        self.numbers[place] = whole, self.problems[-1]
        top.entries[top.last] = (before, Scalar(shown(meant), *place, "plain", self.within))
        return True

    def _syntax(self, error: yaml.YAMLError) -> ModelError:
        found = self._syntax_problem(error)
        # What was noted at or after the place comes of the same slip.
        return ModelError([*(p for p in self.problems if p.line < found.line), found])

    def _syntax_problem(self, error: yaml.YAMLError) -> Problem:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = str(getattr(error, "problem", None) or "this cannot be read")
        context = str(getattr(error, "context", None) or "")
        begun = getattr(error, "context_mark", None)
        line = min(mark.line + 1, len(self.lines)) if mark else 1
        column = mark.column + 1 if mark else 1
        if "quoted scalar" in context and begun is not None:
            if "escape" in what:
                return self.problem(line, column, "a `\\` in double quotes", "Use single quotes: '...'.")
            message = "a quote that is not closed"
            return self.problem(begun.line + 1, begun.column + 1, message, "Quotes come in pairs.")
        slip = self._slip(line, column, "flow" in context) if "did not find expected" in what else None
        if slip is not None:
            return slip
        opened = next((o for o in reversed(self.stack) if o.is_flow), None)
        if "flow" in context and opened is not None:
            at_end = (
                mark is None or mark.line >= len(self.lines) or not "".join(self.lines[mark.line :]).strip()
            )
            return self.problem(
                opened.line,
                opened.column,
                "this bracket is not closed, or a comma is missing after an entry",
                "Separate entries by commas, and close every `{` and `[`.",
                "" if at_end else f"It was noticed on line {line}, column {column}.",
            )
        sign = re.search(r"[:-] +([*&!@%`])", self.lines[line - 1])
        if sign and sign.start(1) < column:
            message = f"text cannot begin with `{sign[1]}`"
            hint = "Write `percent`." if sign[1] == "%" else "Put the text in quotes."
            return self.problem(line, sign.start(1) + 1, message, hint)
        if hard := next((n for n in (line, line - 1) if n and _HARD_SPACE.search(self.lines[n - 1])), 0):
            found = _HARD_SPACE.search(self.lines[hard - 1])
            message = f"a space that is none (U+{ord(found[1]):04X})" if found else ""
            at = found.start(1) + 1 if found else 1
            return self.problem(hard, at, message, "Type it again; such spaces come with copied text.")
        message, hint = _in_plain_words(what, self.lines[line - 1], column)
        return self.problem(line, column, message, hint)

    def _slip(self, line: int, column: int, in_flow: bool) -> Problem | None:
        """What went wrong right behind a text, where that can be told: a quote, `:`, bracket or `#` in it."""
        if self.scalar is None or self.scalar.end_mark.line >= len(self.lines):
            return None
        end = self.scalar.end_mark
        behind = self.lines[end.line][end.column :]
        gap = behind[: column - 1 - end.column] if line == end.line + 1 else None
        if self.scalar.style in ("'", '"'):
            return self._after_quote(self.scalar, behind) if gap is not None and not gap.strip() else None
        if not in_flow or self.scalar.style:
            return None
        if re.match(r"\s+#.*[\]}]", behind):
            at = end.column + behind.index("#")
            message = "from ` #` on this line is a remark, and so is the bracket that ends it"
            return self.problem(end.line + 1, at + 1, message, "Text that holds ` #` needs quotes.")
        return None if gap is None or gap.strip() else self._sign_in_text(self.scalar, line, column, gap)

    def _sign_in_text(self, scalar: Any, line: int, column: int, gap: str) -> Problem | None:
        """A `:` or bracket behind a text without quotes: part of it, or a comma is missing before it."""
        begin, end = scalar.start_mark, scalar.end_mark
        sign = self.lines[line - 1][column - 1 : column]
        goes_on = begin.line != end.line
        text = self.lines[end.line][0 if goes_on else begin.column : end.column].strip()
        if sign not in (":", "{", "[") or not text:
            return None
        *others, word = text.split()
        starts = goes_on or not self.lines[end.line][: begin.column].strip()
        if sign == ":" and starts and not others:
            return None  # a key that begins its line: what is missing stands above it
        if sign == ":" and others and tables_with(word):
            message = f"a comma is missing before `{word}`, or a text needs quotes"
            hint = "Entries inside {...} are separated by commas, and text that holds `: ` needs quotes."
            return self.problem(line, end.column - len(word) + 1, message, hint, width=len(word))
        message = f"a `{sign}` in a text inside {{...}} that has no quotes"
        return self.problem(line, column, message, self._in_quotes(text + gap + sign))

    def _after_quote(self, text: Any, behind: str) -> Problem | None:
        """More text behind closing quotes: they stand within the text, or were meant to close another."""
        begin, end, quote = text.start_mark, text.end_mark, text.style
        after = re.match(r"\s*([^\s,:}\]])", behind)
        if after is None:
            return None
        inside = behind[:1].isalpha() and self.lines[end.line][end.column - 2 : end.column - 1].isalpha()
        if begin.line != end.line and not inside:
            hint = f"Quotes come in pairs: it met the one on line {end.line + 1}, column {end.column}."
            return self.problem(begin.line + 1, begin.column + 1, "a quote that is not closed", hint)
        if re.match(r"\s+[a-z_]+\s*:", behind):
            return None
        message = f"the text ends at this {quote}, and more follows"
        line = self.lines[end.line]
        word = "".join(re.findall(r"\w+$", line[: end.column - 1])), "".join(re.findall(r"^\w+", behind))
        hint = f"Put the whole text in double quotes, or write the sign twice: `{word[0]}''{word[1]}`."
        if quote == '"':
            hint = f"Put the whole text in single quotes, or write `{chr(92)}{quote}` for the sign within it."
        return self.problem(end.line + 1, end.column, message, hint)

    def _in_quotes(self, begins: str) -> str:
        """How to write a text that needs quotes, with the key that it stands under where that is known."""
        curly = re.match(f"[{QUOTES}]", begins)
        if curly:
            return _NO_QUOTES.format(curly[0], begins[1:31])
        key = self.stack[-1].last if self.stack and self.stack[-1].is_mapping else ""
        shown = f'"{begins[:40]}{" " * begins.endswith(":")}..."'
        return f"Put the text in quotes: `{key[:60] + ': ' if key else ''}{shown}`."


def _in_plain_words(what: str, text: str, column: int) -> tuple[str, str]:
    """What PyYAML says, for people who do not read YAML's grammar."""
    indent = text[: len(text) - len(text.lstrip())]
    if "\t" in indent or text[column - 1 : column] == "\t":
        return "a tab in the indentation", "YAML wants spaces: replace each tab."
    if "mapping values are not allowed" in what:
        return (
            "a `:` where none can stand",
            "Text that holds `: ` needs quotes. If this is a key, check its indentation and the line above.",
        )
    if "unexpected ':'" in what:
        return "a `:` where none can stand", "Text that holds a `:` at the end of a word needs quotes."
    if "could not find expected ':'" in what:
        return "a key without its `:`", "Write `key: value`. Check this line and the one above it."
    if "did not find expected" in what:
        return (
            "this line does not fit the lines above it",
            "The keys of one mapping begin in the same column. Check the indentation here and above.",
        )
    if "cannot start any token" in what:
        return f"text cannot begin with `{text[column - 1 : column]}`", "Put the text in quotes."
    return f"this is not YAML: {what}", ""
