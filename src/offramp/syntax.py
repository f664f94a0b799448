"""Formula text -> syntax tree with positions.

The grammar is the arithmetic part of Python's, with Python's precedence, read by a parser of its own:
nothing is ever evaluated, every limit is met before any work is done, and a mistake is answered in the
terms of the formula language (`=` for `==`, `^` for `**`, `1,000`) and at its own column.
The tests hold it against Python's `ast` on generated formulas.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Literal, NoReturn

MAX_LENGTH = 4_000  # characters in one formula
MAX_NESTING = 40  # brackets, signs and powers inside one another
MAX_DEPTH = 120  # levels of the tree; a sum of n terms has n levels
MAX_DIGITS = 40


class FormulaError(Exception):
    """A mistake in the text of one formula, at characters `start` to `end`."""

    def __init__(self, message: str, *hint: str, start: int, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.start = start
        self.end = start + 1 if end is None else end


@dataclass(frozen=True, slots=True)
class Literal_:
    value: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """Text in quotes; only dates are ever right."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Apply:
    """A function call; `name_end` is where the name stops."""

    function: str
    args: tuple[Expr, ...]
    start: int
    name_end: int
    end: int


@dataclass(frozen=True, slots=True)
class Sign:
    op: Literal["-", "+", "not"]
    of: Expr
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Infix:
    op: str
    left: Expr
    right: Expr
    start: int
    end: int
    op_start: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Comparisons in a row, `0 < x <= 1`, all of which must hold."""

    ops: tuple[str, ...]
    parts: tuple[Expr, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Junction:
    op: Literal["and", "or"]
    parts: tuple[Expr, ...]
    start: int
    end: int


Expr = Literal_ | Name | Quoted | Apply | Sign | Infix | Chain | Junction


@dataclass(frozen=True, slots=True)
class Token:
    kind: Literal["number", "name", "quoted", "op", "end"]
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<name>[^\W\d]\w*)
  | (?P<quoted>'[^']*'|"[^"]*")
  | (?P<op>\*\*|//|<=|>=|==|!=|&&|\|\||<>|=>|=<|:=|->|[-+*/%^<>=(),!&|~@.\[\]{}:;?$#\\'"])
    """,
    re.VERBOSE,
)

# What people type instead, and what to write.
_INSTEAD = {
    "^": ("`^` is not a power here", "Write `**`: `x ** 2`."),
    "&&": ("`&&` is not known", "Write `and`."),
    "||": ("`||` is not known", "Write `or`."),
    "&": ("`&` is not known", "Write `and`."),
    "|": ("`|` is not known", "Write `or`."),
    "!": ("`!` is not known", "Write `not`."),
    "~": ("`~` is not known", "Write `not`."),
    "=": ("`=` does not compare", "Write `==` to ask whether two values are equal."),
    ":=": ("`:=` is not known", "A formula only computes; it gives nothing a name."),
    "<>": ("`<>` is not known", "Write `!=`."),
    "=>": ("`=>` is not known", "Write `>=`."),
    "=<": ("`=<` is not known", "Write `<=`."),
    "->": ("`->` is not known", "Write where(condition, a, b) to choose between two values."),
    "//": ("`//` is not known", "Formulas do not round; write `/`."),
    "%": ("`%` is not known", "Write a share as a number: 5% is `0.05`."),
    "[": ("formulas have no lists", "Use round brackets to group."),
    "]": ("formulas have no lists", "Use round brackets to group."),
    "{": ("formulas have no braces", "Use round brackets to group."),
    "}": ("formulas have no braces", "Use round brackets to group."),
    "?": ("`?` is not known", "Write where(condition, a, b) to choose between two values."),
    ":": ("`:` is not known in a formula", "Write where(condition, a, b) to choose between two values."),
    ";": ("`;` is not known in a formula", "One formula is one expression."),
    ".": (
        "a `.` where none can stand",
        "Names have no dots: write the name of a variable or parameter alone.",
    ),
    "#": (
        "`#` is not known in a formula",
        "A comment in YAML begins with ` #` outside quotes and block text.",
    ),
    "'": ("a quote that is not closed", "Only dates stand in quotes: months_until('2020-11-03')."),
    '"': ("a quote that is not closed", "Only dates stand in quotes: months_until('2020-11-03')."),
    "≤": ("`≤` is not known", "Write `<=`."),
    "≥": ("`≥` is not known", "Write `>=`."),
    "≠": ("`≠` is not known", "Write `!=`."),
    "−": ("this is a long minus sign, not `-`", "Type `-` from the keyboard."),
    "–": ("this is a dash, not a minus sign", "Type `-` from the keyboard."),
    "×": ("`×` is not known", "Write `*`."),
    "·": ("`·` is not known", "Write `*`."),
    "÷": ("`÷` is not known", "Write `/`."),
    "²": ("`²` is not known", "Write `** 2`."),
    "€": ("currency signs are not known", "Give the unit by name: `unit: EUR`."),
    "$": ("currency signs are not known", "Give the unit by name: `unit: USD`."),
}
_KEYWORDS = {
    "if": ("`if` is not known in a formula", "Write where(condition, a, b)."),
    "else": ("`else` is not known in a formula", "Write where(condition, a, b)."),
    "lambda": ("`lambda` is not known: formulas define no functions", ""),
    "for": ("`for` is not known: formulas have no loops", ""),
    "in": ("`in` is not known", "Compare with `==`, `<` and `>`."),
    "is": ("`is` is not known", "Write `==`."),
    "AND": ("`AND` is not known", "Write `and` in small letters."),
    "OR": ("`OR` is not known", "Write `or` in small letters."),
    "NOT": ("`NOT` is not known", "Write `not` in small letters."),
}
_COMPARE = frozenset({"<", "<=", ">", ">=", "==", "!="})
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d_.])")


def parse(text: str) -> Expr:
    """Read one formula.

    Raises
    ------
    FormulaError
        At the first mistake; `start` and `end` count characters of `text` from 0.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            f"this formula has {len(text):,} characters; {MAX_LENGTH:,} is the most",
            "Break it up: give its parts names as auxiliary variables (`equals`).",
            start=0,
        )
    return _Parser(text).formula()


def tokens(text: str) -> list[Token]:
    """The words of a formula, ended by an `end` token."""
    found: list[Token] = []
    at = 0
    nesting = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            _refuse(text[at], at, at + 1)
        kind, word, start, end = match.lastgroup, match.group(), match.start(), match.end()
        at = end
        if kind == "space":
            continue
        if kind == "op":
            nesting += (word == "(") - (word == ")")
            if word in _INSTEAD:
                _refuse(word, start, end)
            found.append(Token("op", word, start, end))
        elif kind == "number":
            _number_ok(text, word, start, end, nesting)
            found.append(Token("number", word, start, end))
        elif kind == "quoted":
            found.append(Token("quoted", word[1:-1], start, end))
        else:
            if word in _KEYWORDS:
                message, hint = _KEYWORDS[word]
                raise FormulaError(message, *([hint] if hint else []), start=start, end=end)
            found.append(Token("name", word, start, end))
    found.append(Token("end", "", len(text.rstrip()), len(text.rstrip()) + 1))
    return found


def _refuse(word: str, start: int, end: int) -> NoReturn:
    message, hint = _INSTEAD.get(word, (f"`{word}` is not known in a formula", ""))
    raise FormulaError(message, *([hint] if hint else []), start=start, end=end)


def _number_ok(text: str, word: str, start: int, end: int, nesting: int) -> None:
    if len(word) > MAX_DIGITS:
        raise FormulaError(
            f"a number of {len(word):,} characters; {MAX_DIGITS} is the most",
            "Write it with an exponent: `1.5e9`.",
            start=start,
            end=end,
        )
    grouped = _THOUSANDS.match(text, start)
    # Inside a call a comma separates arguments, so only `1,000` and its like are surely one number.
    if grouped and (nesting == 0 or re.search(r",0\d\d", grouped[0])):
        raise FormulaError(
            f"`{grouped[0]}`: numbers have no thousands separators",
            f"Write `{grouped[0].replace(',', '')}`.",
            start=start,
            end=grouped.end(),
        )
    decimal = re.compile(r"\d+,\d+").match(text, start)
    if decimal and nesting == 0:
        raise FormulaError(
            f"`{decimal[0]}`: a comma cannot stand in a number",
            f"Decimals are written with a point: `{decimal[0].replace(',', '.')}`.",
            start=start,
            end=decimal.end(),
        )
    after = re.compile(r"\w+").match(text, end)
    if after:
        rest = after[0]
        hint = f"Write `{word} * {rest}`." if rest.isalpha() else "Write numbers like 40, 0.5, 1.5e9."
        raise FormulaError(
            f"`{word}{rest}` is neither a number nor a name", hint, start=start, end=after.end()
        )
    if text[end : end + 1] == ".":
        raise FormulaError(
            "a number with two points", "Write numbers like 40, 0.5, 1.5e9.", start=start, end=end + 1
        )
    if not math.isfinite(float(word)):
        raise FormulaError("this number is too large", start=start, end=end)
    if len(word) > 1 and word[0] == "0" and word.isdigit() and word.strip("0"):
        raise FormulaError(
            f"`{word}`: a number cannot begin with 0", f"Write `{word.lstrip('0')}`.", start=start, end=end
        )


# How strongly each infix operator binds: (left, right).
_BINDING = {
    "or": (1, 2),
    "and": (3, 4),
    **{op: (7, 8) for op in _COMPARE},
    "+": (9, 10),
    "-": (9, 10),
    "*": (11, 12),
    "/": (11, 12),
    "**": (16, 14),
}
_NOT_BINDS = 5
_SIGN_BINDS = 13


class _Parser:
    """Precedence climbing over the tokens."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.at = 0
        self.nesting = 0
        self.kept: list[Expr] = []
        self.depths: dict[int, int] = {}  # by id(node): `kept` keeps the ids from being used again

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def formula(self) -> Expr:
        if self.next.kind == "end":
            raise FormulaError("a formula is missing here", start=0)
        tree = self.expression(0)
        if self.next.kind != "end":
            self.unexpected()
        return tree

    def unexpected(self) -> NoReturn:
        """The formula could have ended before this token, and does not."""
        token = self.next
        if token.text == ")" and token.kind == "op":
            raise FormulaError("a `)` without its `(`", start=token.start)
        if token.text == "," and token.kind == "op":
            raise FormulaError(
                "a comma where none can stand",
                "Commas separate the arguments of a function; decimals are written with a point.",
                start=token.start,
            )
        before = self.tokens[self.at - 1] if self.at else token
        if token.kind in ("number", "name", "quoted") or token.text == "(":
            what = "number" if token.kind == "number" else f"`{token.text}`"
            raise FormulaError(
                f"an operator is missing before {'this number' if what == 'number' else what}",
                f"Write `*` to multiply: `{before.text} * {token.text if token.text != '(' else '(...)'}`.",
                start=token.start,
                end=token.end,
            )
        raise FormulaError(f"`{token.text}` cannot stand here", start=token.start, end=token.end)

    def nested(self, token: Token) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise FormulaError(
                f"nested more than {MAX_NESTING} levels deep",
                "Break it up: give its parts names as auxiliary variables (`equals`).",
                start=token.start,
                end=token.end,
            )

    def made(self, node: Expr, *parts: Expr) -> Expr:
        """Note how deep the tree below `node` is, and refuse what later stages could not walk."""
        depth = 1 + max((self.depths.get(id(p), 1) for p in parts), default=0)
        if depth > MAX_DEPTH:
            raise FormulaError(
                f"a chain of more than {MAX_DEPTH} operations",
                "Break it up: give its parts names as auxiliary variables (`equals`).",
                start=node.start,
                end=node.start + 1,
            )
        self.depths[id(node)] = depth
        self.kept.append(node)
        return node

    def expression(self, least: int) -> Expr:
        left = self.operand(least)
        while True:
            token = self.next
            op = token.text if token.kind in ("op", "name") else ""
            if op == "not" and self.tokens[self.at + 1].text == "in":
                raise FormulaError("`not in` is not known", start=token.start, end=token.end)
            binding = _BINDING.get(op)
            if binding is None or binding[0] < least:
                return left
            if op in ("and", "or"):
                left = self.junction(left, op)
            elif op in _COMPARE:
                left = self.chain(left)
            else:
                self.take()
                if op == "**":
                    self.nested(token)
                right = self.expression(binding[1])
                if op == "**":
                    self.nesting -= 1
                left = self.made(
                    Infix(op, left, right, left.start, self.last_end(), token.start), left, right
                )

    def last_end(self) -> int:
        return self.tokens[self.at - 1].end

    def junction(self, left: Expr, op: str) -> Expr:
        parts = [left]
        while self.next.kind == "name" and self.next.text == op:
            self.take()
            parts.append(self.expression(_BINDING[op][1]))
        return self.made(
            Junction("and" if op == "and" else "or", tuple(parts), parts[0].start, self.last_end()), *parts
        )

    def chain(self, left: Expr) -> Expr:
        parts, ops = [left], []
        while self.next.kind == "op" and self.next.text in _COMPARE:
            ops.append(self.take().text)
            parts.append(self.expression(_BINDING["<"][1]))
        return self.made(Chain(tuple(ops), tuple(parts), parts[0].start, self.last_end()), *parts)

    def operand(self, least: int) -> Expr:
        token = self.take()
        if token.kind == "number":
            return Literal_(float(token.text), token.start, token.end)
        if token.kind == "quoted":
            return Quoted(token.text, token.start, token.end)
        if token.kind == "name" and token.text not in ("and", "or", "not"):
            if self.next.kind == "op" and self.next.text == "(":
                return self.call(token)
            return Name(token.text, token.start, token.end)
        if token.text == "not" and token.kind == "name" and least > _NOT_BINDS:
            raise FormulaError(
                "`not` cannot stand here",
                "Put brackets around it: `(not ...)`.",
                start=token.start,
                end=token.end,
            )
        if token.text in ("-", "+", "not") and token.kind in ("op", "name"):
            self.nested(token)
            of = self.expression(_NOT_BINDS if token.text == "not" else _SIGN_BINDS)
            self.nesting -= 1
            sign: Literal["-", "+", "not"] = "-" if token.text == "-" else "+" if token.text == "+" else "not"
            return self.made(Sign(sign, of, token.start, self.last_end()), of)
        if token.kind == "op" and token.text == "(":
            self.nested(token)
            inner = self.expression(0)
            self.close(token)
            self.nesting -= 1
            grouped = replace(inner, start=token.start, end=self.last_end())
            self.depths[id(grouped)] = self.depths.get(id(inner), 1)
            self.kept.append(grouped)
            return grouped
        self.at -= 1
        if token.kind == "end":
            raise FormulaError(
                "the formula ends too early", "Something is missing after the last word.", start=token.start
            )
        if token.text == ")":
            raise FormulaError("something is missing before this `)`", start=token.start)
        raise FormulaError(f"something is missing before `{token.text}`", start=token.start, end=token.end)

    def close(self, opening: Token) -> None:
        if self.next.kind == "op" and self.next.text == ")":
            self.take()
        elif self.next.kind == "end":
            raise FormulaError("this `(` is not closed", start=opening.start)
        else:
            self.unexpected()

    def call(self, name: Token) -> Expr:
        opening = self.take()
        self.nested(opening)
        args: list[Expr] = []
        if not (self.next.kind == "op" and self.next.text == ")"):
            args.append(self.expression(0))
            while self.next.kind == "op" and self.next.text == ",":
                self.take()
                args.append(self.expression(0))
        self.close(opening)
        self.nesting -= 1
        return self.made(Apply(name.text, tuple(args), name.start, name.end, self.last_end()), *args)
