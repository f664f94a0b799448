"""The words of a formula, and what to say of those that people bring from elsewhere."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, NoReturn

MAX_DIGITS = 40


class FormulaError(Exception):
    """A mistake in the text of one formula, at characters `start` to `end`."""

    def __init__(self, message: str, *hint: str, start: int, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = tuple(h for h in hint if h)
        self.start = start
        self.end = start + 1 if end is None else end


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `start` and `end` count characters of the formula from 0."""

    kind: Literal["number", "name", "quoted", "op", "end"]
    text: str
    start: int
    end: int

    def is_op(self, text: str) -> bool:
        return self.kind == "op" and self.text == text


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9]))
  | (?P<number>(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<name>[^\W\d]\w*)
  | (?P<quoted>'[^']*'|"[^"]*")
  | (?P<op>\*\*|//|<=|>=|==|!=|&&|\|\||<>|=>|=<|:=|->|[-+*/%^<>=(),!&|~@.\[\]{}:;?$#\\'"])
    """,
    re.VERBOSE,
)

_CHOOSE = "Write where(condition, a, b) to choose between two values."
_GROUP = "Group with round brackets."
_KEYBOARD = "Type `-` from the keyboard."
_ONLY_DATES = "Only dates stand in quotes: months_until('2020-11-03')."

# What people write in other languages, and what to write here.
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
    "->": ("`->` is not known", _CHOOSE),
    "//": ("`//` is not known: formulas do not round", "Write `/`."),
    "%": ("`%` is not known", "Write a share as a number: 5% is `0.05`."),
    "[": ("formulas have no lists", _GROUP),
    "]": ("formulas have no lists", _GROUP),
    "{": ("formulas have no curly brackets", _GROUP),
    "}": ("formulas have no curly brackets", _GROUP),
    "?": ("`?` is not known", _CHOOSE),
    ":": ("a `:` cannot stand in a formula", _CHOOSE),
    ";": ("a `;` cannot stand in a formula", "One formula is one value. Arguments are separated by commas."),
    ".": (
        "a `.` where none can stand",
        "Names have no dots: write the name of a variable alone.",
    ),
    "#": (
        "`#` is not known in a formula",
        "A comment needs a space before its `#`, outside quotes.",
    ),
    "'": ("a quote that is not closed", _ONLY_DATES),
    '"': ("a quote that is not closed", _ONLY_DATES),
    "≤": ("`≤` is not known", "Write `<=`."),
    "≥": ("`≥` is not known", "Write `>=`."),
    "≠": ("`≠` is not known", "Write `!=`."),
    "−": ("this is a long minus sign, not `-`", _KEYBOARD),
    "–": ("this is a dash, not a minus sign", _KEYBOARD),
    "—": ("this is a dash, not a minus sign", _KEYBOARD),
    "×": ("`×` is not known", "Write `*`."),
    "·": ("`·` is not known", "Write `*`."),
    "÷": ("`÷` is not known", "Write `/`."),
    "²": ("`²` is not known", "Write `** 2`."),
    "√": ("`√` is not known", "Write sqrt(x)."),
    "∞": ("`∞` is not known: every number is finite", "Choose a value that is never reached."),
    "±": ("`±` is not known", "How far a number may be off is said by a prior: `normal(mean, sd)`."),
    **dict.fromkeys(
        "“”„‟‘’‚‛«»‹›",
        ("this is no quote: Word makes such signs of straight quotes", "Type quotes from the keyboard."),
    ),
    "€": ("currency signs are not known", "Write the number alone, and `unit: EUR`."),
    "$": ("currency signs are not known", "Write the number alone, and `unit: USD`."),
    "£": ("currency signs are not known", "Write the number alone, and `unit: GBP`."),
}
_KEYWORDS = {
    "if": ("`if` is not known in a formula", _CHOOSE),
    "else": ("`else` is not known in a formula", _CHOOSE),
    "lambda": ("`lambda` is not known: formulas define no functions", ""),
    "for": ("`for` is not known: formulas have no loops", ""),
    "in": ("`in` is not known", "Compare with `==`, `<` and `>`."),
    "is": ("`is` is not known", "Write `==`."),
    "AND": ("`AND` is not known", "Write `and` in small letters."),
    "OR": ("`OR` is not known", "Write `or` in small letters."),
    "NOT": ("`NOT` is not known", "Write `not` in small letters."),
}
_CONDITIONAL = ("where", "and", "or", "not", "(", ")", "*", "+", "-")
_SPACED = re.compile(r"[0-9]{1,3}(?:[ \u00a0\u2007\u2009\u202f'’][0-9]{3})+(?![0-9.])")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![\d_.])")
_COMMA = re.compile(r"[0-9]+,[0-9]+")
_LETTERS = re.compile(r"\w+")


def tokens(text: str) -> list[Token]:
    """The words of a formula, ended by an `end` token.

    Raises
    ------
    FormulaError
        At the first word that formulas do not have.
    """
    found: list[Token] = []
    at = nesting = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            _refuse(text[at], at, at + 1)
        word, start, end = match.group(), match.start(), match.end()
        at = end
        match match.lastgroup:
            case "number":
                _check_number(text, word, start, end, nesting)
                found.append(Token("number", word, start, end))
            case "name":
                if word in _KEYWORDS:
                    raise FormulaError(*_KEYWORDS[word], start=start, end=end)
                found.append(Token("name", word, start, end))
            case "quoted":
                found.append(Token("quoted", word[1:-1], start, end))
            case "date":
                message, hint = f"a date stands in quotes: '{word}'", "As in months_until('2020-11-03')."
                raise FormulaError(message, hint, start=start, end=end)
            case "op":
                nesting += (word == "(") - (word == ")")
                # `clip(x=1)`; in `where(x = 1, a, b)` it is a comparison that is meant.
                words = [t.text for t in found[-3:]]
                if word == "=" and len(words) == 3 and words[1] == "(" and words[0] not in _CONDITIONAL:
                    message = f"`{found[-1].text[:40]}=`: arguments have no names here"
                    hint = "Write the values alone, in their order."
                    raise FormulaError(message, hint, start=found[-1].start, end=end)
                if word == "." and text[end : end + 3].lower() in ("inf", "nan"):
                    message = f"`{text[start : end + 3]}` cannot stand in a formula: every number is finite"
                    raise FormulaError(message, start=start, end=end + 3)
                if word in _INSTEAD:
                    _refuse(word, start, end)
                found.append(Token("op", word, start, end))
    last = len(text.rstrip())
    found.append(Token("end", "", last, last + 1))
    return found


def _refuse(word: str, start: int, end: int) -> NoReturn:
    message, hint = _INSTEAD.get(word, (f"`{word}` is not known in a formula", ""))
    if not word.isprintable():
        message = f"an invisible character (U+{ord(word):04X})"
        hint = "Delete it and type the text around it again; such characters come with copied text."
    raise FormulaError(message, hint, start=start, end=end)


def _check_number(text: str, word: str, start: int, end: int, nesting: int) -> None:
    """Refuse what looks like a number and is none, or is one only by accident."""
    if len(word) > MAX_DIGITS:
        raise FormulaError(
            f"a number of {len(word):,} characters; {MAX_DIGITS} is the most",
            "Write it with an exponent: `1.5e9`.",
            start=start,
            end=end,
        )
    spaced = _SPACED.match(text, start)
    if spaced:
        plain = re.sub(r"\D", "", spaced[0])
        message, hint = f"`{spaced[0]}`: numbers have no thousands separators", f"Write `{plain}`."
        raise FormulaError(message, hint, start=start, end=spaced.end())
    grouped = _GROUPED.match(text, start)
    # Inside a call a comma separates arguments, so there only `1,000` and its like are surely one number.
    if grouped and (nesting == 0 or re.search(r",0[0-9][0-9]", grouped[0])):
        raise FormulaError(
            f"`{grouped[0]}`: numbers have no thousands separators",
            f"Write `{grouped[0].replace(',', '')}`.",
            start=start,
            end=grouped.end(),
        )
    comma = _COMMA.match(text, start)
    if comma and nesting == 0:
        raise FormulaError(
            f"`{comma[0]}`: a comma cannot stand in a number",
            f"Decimals are written with a point: `{comma[0].replace(',', '.')}`.",
            start=start,
            end=comma.end(),
        )
    after = _LETTERS.match(text, end)
    if after:
        rest = after[0]
        hint = f"Write `{word} * {rest}`." if rest.isalpha() else "Write numbers like 40, 0.5, 1.5e9."
        message = f"`{(word + rest)[:60]}` is neither a number nor a name"
        raise FormulaError(message, hint, start=start, end=after.end())
    if text[end : end + 1] == ".":
        hint = "Write numbers like 40, 0.5, 1.5e9."
        raise FormulaError("a number with two points", hint, start=start, end=end)
    if word.isdigit() and word[0] == "0" and word.strip("0"):
        raise FormulaError(
            f"`{word}`: a number cannot begin with 0", f"Write `{word.lstrip('0')}`.", start=start, end=end
        )
    if not math.isfinite(float(word)):
        raise FormulaError("this number is too large", start=start, end=end)
