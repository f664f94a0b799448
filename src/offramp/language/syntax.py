"""Formula text -> syntax tree with positions.

The grammar is the arithmetic part of Python's, with Python's precedence, read by a parser of its own:
nothing is ever evaluated, every limit is met before any work is done, and a mistake is answered in the
terms of the formula language (`=` for `==`, `^` for `**`, `1,000`) and at its own column.
The tests hold it against Python's `ast` on generated formulas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NoReturn

from offramp.language.tokens import FormulaError, Token, tokens

MAX_LENGTH = 4_000  # characters in one formula
MAX_NESTING = 40  # brackets, signs and powers inside one another
MAX_DEPTH = 120  # levels of the tree; a sum of n terms has n levels


@dataclass(frozen=True, slots=True)
class Constant:
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


Expr = Constant | Name | Quoted | Apply | Sign | Infix | Chain | Junction


# Calls whose arguments may be weighted: `choice(1 with 0.5, 2 with rest)`.
WEIGHTED = frozenset({"choice"})

_COMPARE = frozenset({"<", "<=", ">", ">=", "==", "!="})

# How strongly each infix operator binds, to its left and to its right.
_BINDING = {
    "or": (1, 2),
    "and": (3, 4),
    **dict.fromkeys(_COMPARE, (7, 8)),
    "+": (9, 10),
    "-": (9, 10),
    "*": (11, 12),
    "/": (11, 12),
    "**": (16, 14),
}
_NOT_BINDS = 5
_SIGN_BINDS = 13
BREAK_UP = "Break it up: give its parts names as auxiliary variables (`equals`)."


def parse(text: str) -> Expr:
    """Read one formula.

    Raises
    ------
    FormulaError
        At the first mistake; `start` and `end` count characters of `text` from 0.
    """
    if len(text) > MAX_LENGTH:
        message = f"this formula has {len(text):,} characters; {MAX_LENGTH:,} is the most"
        raise FormulaError(message, BREAK_UP, start=0)
    return _Parser(text).formula()


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

    def finished(self) -> bool:
        return self.next.kind == "end"

    def last_end(self) -> int:
        return self.tokens[self.at - 1].end

    def formula(self) -> Expr:
        if self.finished():
            raise FormulaError("a formula is missing here", start=0)
        tree = self.expression(0)
        if not self.finished():
            self.unexpected()
        return tree

    def expression(self, least: int) -> Expr:
        """Everything that binds at least as strongly as `least`."""
        left = self.operand(least)
        while True:
            token = self.next
            op = token.text if token.kind in ("op", "name") else ""
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
                    self.deeper(token)
                right = self.expression(binding[1])
                self.nesting -= op == "**"
                node = Infix(op, left, right, left.start, self.last_end(), token.start)
                left = self.made(node, left, right)

    def junction(self, left: Expr, op: str) -> Expr:
        parts = [left]
        while self.next.kind == "name" and self.next.text == op:
            self.take()
            parts.append(self.expression(_BINDING[op][1]))
        word: Literal["and", "or"] = "and" if op == "and" else "or"
        return self.made(Junction(word, tuple(parts), left.start, self.last_end()), *parts)

    def chain(self, left: Expr) -> Expr:
        parts, ops = [left], []
        while self.next.kind == "op" and self.next.text in _COMPARE:
            ops.append(self.take().text)
            parts.append(self.expression(_BINDING["<"][1]))
        return self.made(Chain(tuple(ops), tuple(parts), left.start, self.last_end()), *parts)

    def operand(self, least: int) -> Expr:
        token = self.take()
        if token.kind == "number":
            return Constant(float(token.text), token.start, token.end)
        if token.kind == "quoted":
            return Quoted(token.text, token.start, token.end)
        if token.kind == "name" and token.text not in ("and", "or", "not"):
            return self.call(token) if self.next.is_op("(") else Name(token.text, token.start, token.end)
        if token.kind == "name" and token.text == "not":
            if least > _NOT_BINDS:
                raise FormulaError(
                    "`not` cannot stand here",
                    "Put brackets around it: `(not ...)`.",
                    start=token.start,
                    end=token.end,
                )
            return self.sign(token, "not", _NOT_BINDS)
        if token.is_op("-"):
            return self.sign(token, "-", _SIGN_BINDS)
        if token.is_op("+"):
            return self.sign(token, "+", _SIGN_BINDS)
        if token.is_op("("):
            self.deeper(token)
            inner = self.expression(0)
            self.close(token)
            # The brackets belong to what is underlined when something is wrong with the part.
            grouped = replace(inner, start=token.start, end=self.last_end())
            self.depths[id(grouped)] = self.depths.get(id(inner), 1)
            self.kept.append(grouped)
            return grouped
        if token.kind == "end":
            hint = "Something is missing after the last word."
            raise FormulaError("the formula ends too early", hint, start=token.start)
        raise FormulaError(f"something is missing before `{token.text}`", start=token.start, end=token.end)

    def sign(self, token: Token, op: Literal["-", "+", "not"], binds: int) -> Expr:
        self.deeper(token)
        of = self.expression(binds)
        self.nesting -= 1
        return self.made(Sign(op, of, token.start, self.last_end()), of)

    def call(self, name: Token) -> Expr:
        opening = self.take()
        self.deeper(opening)
        args: list[Expr] = []
        if not self.next.is_op(")"):
            args.append(self.argument(name))
            while self.next.is_op(","):
                self.take()
                args.append(self.argument(name))
        self.close(opening)
        return self.made(Apply(name.text, tuple(args), name.start, name.end, self.last_end()), *args)

    def argument(self, of: Token) -> Expr:
        """One argument; of what chooses among values it may say `value with chance`."""
        left = self.expression(0)
        if of.text not in WEIGHTED or self.next.kind != "name" or self.next.text != "with":
            return left
        word = self.take()
        right = self.expression(0)
        return self.made(Infix("with", left, right, left.start, self.last_end(), word.start), left, right)

    def close(self, opening: Token) -> None:
        if self.next.is_op(")"):
            self.take()
            self.nesting -= 1
        elif self.finished():
            raise FormulaError("this `(` is not closed", start=opening.start)
        else:
            self.unexpected()

    def deeper(self, token: Token) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            message = f"nested more than {MAX_NESTING} levels deep"
            raise FormulaError(message, BREAK_UP, start=token.start, end=token.end)

    def made(self, node: Expr, *parts: Expr) -> Expr:
        """Note how deep the tree below `node` is, and refuse what later stages could not walk."""
        depth = 1 + max((self.depths.get(id(p), 1) for p in parts), default=0)
        if depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} operations in a row"
            raise FormulaError(message, BREAK_UP, start=node.start, end=node.end)
        self.depths[id(node)] = depth
        self.kept.append(node)
        return node

    def unexpected(self) -> NoReturn:
        """The formula, or what stands in brackets, could have ended before this token, and does not."""
        token, before = self.next, self.tokens[self.at - 1]
        if token.is_op(")"):
            raise FormulaError("a `)` without its `(`", start=token.start)
        if token.is_op(","):
            raise FormulaError(
                "a comma where none can stand",
                "Commas separate the arguments of a function; decimals are written with a point.",
                start=token.start,
            )
        if token.text in ("not", "and", "or") or (token.kind == "op" and token.text != "("):
            raise FormulaError(f"`{token.text}` cannot stand here", start=token.start, end=token.end)
        earlier = "(...)" if before.is_op(")") else before.text
        shown, what = token.text, f"`{token.text}`"
        if token.is_op("("):
            shown, what = "(...)", "this bracket"
        elif token.kind == "number":
            what = "this number"
        if token.text == "to" and before.kind == "number":
            raise FormulaError(
                f"an operator is missing before {what[:60]}",
                "A number that is not known better than a range is a prior: `uniform(low, high)`.",
                start=token.start,
                end=token.end,
            )
        raise FormulaError(
            f"an operator is missing before {what[:60]}",
            f"Write `*` to multiply: `{earlier[:30]} * {shown[:30]}`.",
            start=token.start,
            end=token.end,
        )


def literal(expr: Expr) -> float | None:
    """The value of a number written out, with or without a sign or as a quotient (`1/3`), else None."""
    match expr:
        case Constant(value=value):
            return value
        case Sign(op="-", of=of):
            inner = literal(of)
            return None if inner is None else -inner
        case Sign(op="+", of=of):
            return literal(of)
        case Infix(op="/", left=left, right=right):
            a, b = literal(left), literal(right)
            return a / b if a is not None and b else None
        case _:
            return None
