"""Checked tree -> formula text."""

from __future__ import annotations

from offramp.tree import (
    Binary,
    Call,
    Compare,
    Logic,
    Negate,
    Node,
    Not,
    Now,
    Number,
    Parameter,
    StepLength,
    Variable,
)

# How strongly each kind of node binds, as in syntax.py; brackets go where a part binds less than its place.
_ADD, _MULTIPLY, _SIGN, _POWER, _ATOM = 9, 11, 13, 15, 17
_OR, _AND, _NOT, _COMPARE = 1, 3, 5, 7


def render(node: Node) -> str:
    """The formula as text that reads back to the same tree.

    Names of units have become 1 and dates months by then, so `0.1 / month` comes out as `0.1 / 1`.

    Examples
    --------
    >>> from offramp.tree import Binary, Negate, Number, Variable
    >>> render(Binary("*", Negate(Number(2.0)), Binary("+", Variable("x"), Number(0.5))))
    '-2 * (x + 0.5)'
    """
    return _show(node)[0]


def number(value: float) -> str:
    """A number as one writes it: 40, not 40.0; exact, so that it reads back as itself."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _show(node: Node) -> tuple[str, int]:
    """Text of a node and how strongly its outermost operation binds."""
    match node:
        case Number(value):
            return (number(value), _ATOM) if value >= 0 else (f"-{number(-value)}", _SIGN)
        case Variable(name) | Parameter(name):
            return name, _ATOM
        case Now():
            return "now", _ATOM
        case StepLength():
            return "dt", _ATOM
        case Negate(of):
            return f"-{_part(of, _SIGN)}", _SIGN
        case Binary("**", left, right):
            # The sign of an exponent needs no brackets, and powers group from the right.
            return f"{_part(left, _POWER + 1)} ** {_part(right, _SIGN)}", _POWER
        case Binary(op, left, right):
            binds = _ADD if op in "+-" else _MULTIPLY
            return f"{_part(left, binds)} {op} {_part(right, binds + 1)}", binds
        case Compare(op, left, right):
            return f"{_part(left, _COMPARE + 1)} {op} {_part(right, _COMPARE + 1)}", _COMPARE
        case Not(of):
            return f"not {_part(of, _NOT)}", _NOT
        case Logic(op, parts):
            binds = _OR if op == "or" else _AND
            return f" {op} ".join(_part(p, binds + 1) for p in parts), binds
        case Call(function, args):
            return f"{function}({', '.join(_show(a)[0] for a in args)})", _ATOM


def _part(node: Node, least: int) -> str:
    text, binds = _show(node)
    return text if binds >= least else f"({text})"
