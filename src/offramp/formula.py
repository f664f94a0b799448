"""Syntax tree -> checked tree: every name resolved, kinds and units right.

Units are checked and never converted. A bare number has no unit of its own: it is dimensionless where it
multiplies and takes the unit of its neighbour where it is added or compared.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from offramp import syntax, units
from offramp.syntax import Expr
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
from offramp.units import MONTH, PLAIN, Unit


@dataclass(frozen=True, slots=True)
class Bare:
    """The unit of an expression of literals only: whatever its neighbour has."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The unit of something that is wrong already; nothing more is said about it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Not a number: true or false."""


Kind = Unit | Bare | Unknown | Condition
BARE, UNKNOWN, CONDITION = Bare(), Unknown(), Condition()


@dataclass(frozen=True, slots=True)
class Known:
    """What a name in a formula stands for."""

    what: Literal["variable", "parameter"]
    unit: Kind
    line: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """What one formula may use.

    Attributes
    ----------
    names : variables and parameters of the model
    dates : dated events, as months since the start
    elsewhere : names that mean something else (an actor, an action, an outcome), and what
    months : turns a date into months since the start
    refused : why variables may not be read here; empty where they may
    timeless : True where `now` and dates may not be used either
    constant : True where parameters may not be read either: numbers and units only
    """

    names: Mapping[str, Known]
    dates: Mapping[str, float] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    months: Callable[[date], float] | None = None
    refused: str = ""
    timeless: bool = False
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in a formula, at characters `start` to `end` of its text."""

    message: str
    hint: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Result:
    node: Node
    kind: Kind
    faults: tuple[Fault, ...]


# Function -> least and greatest number of arguments, and how to call it.
FUNCTIONS: dict[str, tuple[int, int, str]] = {
    "min": (2, 20, "min(a, b, ...)"),
    "max": (2, 20, "max(a, b, ...)"),
    "exp": (1, 1, "exp(x)"),
    "log": (1, 1, "log(x)"),
    "sqrt": (1, 1, "sqrt(x)"),
    "abs": (1, 1, "abs(x)"),
    "clip": (3, 3, "clip(x, low, high)"),
    "where": (3, 3, "where(condition, if_true, if_false)"),
    "logistic": (1, 1, "logistic(x)"),
}
DATE_FUNCTIONS = ("months_until", "months_since")
TIME = ("now", "dt")

_OTHER_FUNCTIONS = {
    "ln": "log", "maximum": "max", "minimum": "min", "if": "where", "iif": "where", "ifelse": "where",
    "clamp": "clip", "sigmoid": "logistic", "expit": "logistic", "fabs": "abs", "root": "sqrt",
}  # fmt: skip
_PRIORS = ("normal", "lognormal", "uniform", "triangular", "beta")


def resolve(text: str, scope: Scope, expected: Kind, what: str = "this") -> Result:
    """Read and check one formula.

    Parameters
    ----------
    text : as written
    scope : the names it may use
    expected : the unit its value must have, CONDITION where it must be true or false, UNKNOWN for any number
    what : the thing that the formula gives, for messages ("the change of `tension`")

    Returns
    -------
    Result
        The tree, its kind and all faults. With faults the tree is not to be used.
    """
    try:
        expr = syntax.parse(text)
    except syntax.FormulaError as error:
        return Result(Number(0.0), UNKNOWN, (Fault(error.message, error.hint, error.start, error.end),))
    return resolve_part(expr, text, scope, expected, what)


def resolve_part(expr: Expr, text: str, scope: Scope, expected: Kind, what: str = "this") -> Result:
    """Check a formula, or a part of one, that has been parsed from `text`. As `resolve`."""
    resolver = _Resolver(text, scope)
    node, kind = resolver.visit(expr)
    if not resolver.faults:
        kind = resolver.expect(expr, kind, expected, what)
    return Result(node, kind, tuple(resolver.faults))


class _Resolver:
    def __init__(self, text: str, scope: Scope) -> None:
        self.text = text
        self.scope = scope
        self.faults: list[Fault] = []

    def fault(
        self, at: Expr, message: str, *hint: str, start: int | None = None, end: int | None = None
    ) -> None:
        self.faults.append(
            Fault(message, hint, at.start if start is None else start, at.end if end is None else end)
        )

    def shown(self, expr: Expr) -> str:
        """The text of a part, short enough for a message."""
        text = " ".join(self.text[expr.start : expr.end].split())
        return text if len(text) <= 40 else text[:37] + "..."

    # ------------------------------------------------------------------ kinds

    def expect(self, expr: Expr, kind: Kind, expected: Kind, what: str) -> Kind:
        """Hold the value of the whole formula against what its place asks for."""
        if isinstance(kind, Unknown):
            return kind
        if isinstance(expected, Condition):
            if not isinstance(kind, Condition):
                shown = self.shown(expr)
                compare = f"`{shown} > 0.5`" if not isinstance(expr, syntax.Literal_) else "`tension > 50`"
                self.fault(
                    expr, f"{what} must be true or false, and this is a number", f"Compare it: {compare}."
                )
            return kind
        if isinstance(kind, Condition):
            self.fault(
                expr,
                f"{what} must be a number, and this is true or false",
                f"Write where({self.shown(expr)}, 1, 0), or other numbers.",
            )
            return kind
        if isinstance(expected, Unit) and isinstance(kind, Unit) and not kind.same(expected):
            self.fault(
                expr,
                f"{what} must be in {_in(expected)}, and this is in {_in(kind)}",
                *_advice(kind, expected),
            )
        return expected if isinstance(kind, Bare) and isinstance(expected, Unit) else kind

    def number(self, expr: Expr) -> tuple[Node, Kind]:
        """Visit a part that must be a number."""
        node, kind = self.visit(expr)
        if isinstance(kind, Condition):
            self.fault(
                expr,
                f"`{self.shown(expr)}` is true or false, and a number is wanted here",
                f"Write where({self.shown(expr)}, 1, 0), or other numbers.",
            )
            return node, UNKNOWN
        return node, kind

    def condition(self, expr: Expr) -> Node:
        node, kind = self.visit(expr)
        if not isinstance(kind, Condition | Unknown):
            self.fault(
                expr,
                f"`{self.shown(expr)}` is a number, and a condition is wanted here",
                f"Compare it: `{self.shown(expr)} > 0.5`."
                if not isinstance(expr, syntax.Literal_)
                else "Compare something: `tension > 50`.",
            )
        return node

    def plain(self, expr: Expr, kind: Kind, why: str) -> Kind:
        if isinstance(kind, Unit) and not kind.is_plain:
            self.fault(
                expr,
                f"{why} must be a plain number, and `{self.shown(expr)}` is in {_in(kind)}",
                *(_advice(kind, PLAIN) or ("Divide it by a value in the same unit.",)),
            )
            return UNKNOWN
        return kind

    def alike(self, verb: str, a: Expr, kind_a: Kind, b: Expr, kind_b: Kind) -> Kind:
        """The common unit of two values that are added, compared or chosen between."""
        if isinstance(kind_a, Unknown) or isinstance(kind_b, Unknown):
            return UNKNOWN
        if isinstance(kind_a, Bare):
            return kind_b
        if isinstance(kind_b, Bare):
            return kind_a
        if isinstance(kind_a, Unit) and isinstance(kind_b, Unit) and not kind_a.same(kind_b):
            self.fault(
                b,
                f"{verb} {_in(kind_a)} and {_in(kind_b)}: `{self.shown(a)}` is in {_in(kind_a)}, "
                f"`{self.shown(b)}` in {_in(kind_b)}",
                *_advice(kind_b, kind_a),
                start=a.start,
            )
            return UNKNOWN
        return kind_a

    # ------------------------------------------------------------------ nodes

    def visit(self, expr: Expr) -> tuple[Node, Kind]:
        match expr:
            case syntax.Literal_(value=value):
                return Number(value), BARE
            case syntax.Name():
                return self.name(expr)
            case syntax.Quoted():
                self.fault(
                    expr, "text cannot stand here", "Only dates stand in quotes: months_until('2020-11-03')."
                )
                return Number(0.0), UNKNOWN
            case syntax.Sign(op="not", of=of):
                return Not(self.condition(of)), CONDITION
            case syntax.Sign(op=op, of=of):
                node, kind = self.number(of)
                return (Negate(node) if op == "-" else node), kind
            case syntax.Junction(op=op, parts=parts):
                return Logic(op, tuple(self.condition(p) for p in parts)), CONDITION
            case syntax.Chain():
                return self.chain(expr)
            case syntax.Infix():
                return self.infix(expr)
            case syntax.Apply():
                return self.call(expr)

    def chain(self, expr: syntax.Chain) -> tuple[Node, Kind]:
        parts = [self.number(p) for p in expr.parts]
        pairs: list[Node] = []
        for i, op in enumerate(expr.ops):
            (left, a), (right, b) = parts[i], parts[i + 1]
            self.alike("comparing", expr.parts[i], a, expr.parts[i + 1], b)
            pairs.append(Compare(op, left, right))  # type: ignore[arg-type]
        return (pairs[0] if len(pairs) == 1 else Logic("and", tuple(pairs))), CONDITION

    def infix(self, expr: syntax.Infix) -> tuple[Node, Kind]:
        (left, a), (right, b) = self.number(expr.left), self.number(expr.right)
        node = Binary(expr.op, left, right)  # type: ignore[arg-type]
        if expr.op in "+-":
            return node, self.alike(
                "adding" if expr.op == "+" else "subtracting", expr.left, a, expr.right, b
            )
        if expr.op == "**":
            return node, self.power(expr, a, b)
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return node, UNKNOWN
        if isinstance(a, Bare) and isinstance(b, Bare):
            return node, BARE
        unit_a = a if isinstance(a, Unit) else PLAIN
        unit_b = b if isinstance(b, Unit) else PLAIN
        return node, unit_a.times(unit_b, 1.0 if expr.op == "*" else -1.0)

    def power(self, expr: syntax.Infix, a: Kind, b: Kind) -> Kind:
        b = self.plain(expr.right, b, "an exponent")
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return UNKNOWN
        if isinstance(a, Bare):
            return BARE if isinstance(b, Bare) else PLAIN
        exponent = literal(expr.right)
        if isinstance(a, Unit) and not a.is_plain:
            if exponent is None:
                self.fault(
                    expr.right,
                    f"`{self.shown(expr.left)}` is in {_in(a)}, so its exponent must be a number written out",
                    "Divide the base by a value in the same unit first.",
                )
                return UNKNOWN
            return PLAIN.times(a, exponent) if abs(exponent) <= 100 else UNKNOWN
        return a

    def name(self, expr: syntax.Name) -> tuple[Node, Kind]:
        name, scope = expr.id, self.scope
        known = scope.names.get(name)
        if known is not None:
            if known.what == "parameter":
                if scope.constant:
                    self.fault(expr, f"`{name}` is a parameter; {scope.refused}")
                    return Parameter(name), UNKNOWN
                return Parameter(name), known.unit
            if scope.refused:
                self.fault(expr, f"`{name}` is a variable; {scope.refused}")
                return Variable(name), UNKNOWN
            return Variable(name), known.unit
        if name in TIME:
            if scope.timeless:
                self.fault(expr, f"`{name}` cannot be used here; {scope.refused}")
            return (Now() if name == "now" else StepLength()), MONTH
        if name in scope.dates:
            self.fault(
                expr,
                f"`{name}` is a dated event, not a number",
                f"Write months_until({name}) or months_since({name}).",
            )
        elif name in scope.elsewhere:
            self.fault(
                expr, f"`{name}` is {scope.elsewhere[name]}; a formula cannot read it", self.possible()
            )
        elif name in FUNCTIONS or name in DATE_FUNCTIONS:
            usage = FUNCTIONS[name][2] if name in FUNCTIONS else f"{name}(EVENT)"
            self.fault(expr, f"`{name}` is a function", f"Write {usage}.")
        elif name in units.NAMES:
            return Number(1.0), units.parse(name)
        elif name in units.DIMENSIONLESS:
            return Number(1.0), PLAIN
        else:
            self.unknown_name(expr)
        return Number(0.0), UNKNOWN

    def unknown_name(self, expr: syntax.Name) -> None:
        name, scope = expr.id, self.scope
        if name in ("True", "False", "true", "false", "None", "null"):
            self.fault(
                expr,
                f"`{name}` cannot stand in a formula",
                "A condition that always holds is left out; flags are numbers, 0 or 1.",
            )
            return
        possible = self._usable()
        lower = {p.lower(): p for p in possible}
        near = (
            [lower[name.lower()]]
            if name.lower() in lower
            else difflib.get_close_matches(name, possible, 1, 0.6)
        )
        hints = []
        if near:
            known = scope.names.get(near[0])
            hints.append(
                f"Did you mean `{near[0]}`" + (f" (line {known.line})?" if known and known.line else "?")
            )
        self.fault(expr, f"unknown name `{name[:60]}`", self.possible(name), *hints)

    def _usable(self) -> list[str]:
        return [
            *(
                n
                for n, k in self.scope.names.items()
                if not self.scope.refused or (k.what == "parameter" and not self.scope.constant)
            ),
            *(() if self.scope.timeless else TIME),
        ]

    def possible(self, name: str = "") -> str:
        """What could have been written, nearest first where there are many."""
        usable = self._usable()
        if not usable:
            return (
                "Only numbers can stand here."
                if self.scope.constant
                else "The model has no parameters to read."
            )
        if len(usable) > 12:
            near = difflib.get_close_matches(name, usable, 8, 0.3) if name else []
            shown = near or usable[:8]
            return f"It may use: {', '.join(shown)} and {len(usable) - len(shown)} others."
        return f"It may use: {', '.join(usable)}."

    def call(self, expr: syntax.Apply) -> tuple[Node, Kind]:
        name = expr.function
        if name in DATE_FUNCTIONS:
            return self.date_call(expr)
        if name not in FUNCTIONS:
            self.unknown_function(expr)
            return Number(0.0), UNKNOWN
        least, most, usage = FUNCTIONS[name]
        if not least <= len(expr.args) <= most:
            n = len(expr.args)
            wanted = str(least) if least == most else f"{least} or more"
            self.fault(
                expr,
                f"`{name}` takes {wanted} argument{'s' if wanted != '1' else ''}, and {n} "
                f"{'is' if n == 1 else 'are'} given",
                f"Write {usage}.",
            )
            return Number(0.0), UNKNOWN
        if name == "where":
            condition = self.condition(expr.args[0])
            (a, kind_a), (b, kind_b) = self.number(expr.args[1]), self.number(expr.args[2])
            kind = self.alike("choosing between", expr.args[1], kind_a, expr.args[2], kind_b)
            return Call(name, (condition, a, b)), kind
        args = [self.number(a) for a in expr.args]
        node = Call(name, tuple(n for n, _ in args))
        kind = args[0][1]
        if name in ("min", "max", "clip"):
            at = expr.args[0]
            for arg, (_, other) in zip(expr.args[1:], args[1:], strict=True):
                if isinstance(kind, Bare):
                    at = arg
                    kind = other
                else:
                    kind = self.alike("comparing", at, kind, arg, other)
            return node, kind
        if name == "abs":
            return node, kind
        if name == "sqrt":
            return node, (PLAIN.times(kind, 0.5) if isinstance(kind, Unit) else kind)
        kind = self.plain(expr.args[0], kind, f"the argument of `{name}`")
        return node, (PLAIN if isinstance(kind, Unit) else kind)

    def unknown_function(self, expr: syntax.Apply) -> None:
        name = expr.function
        start, end = expr.start, expr.name_end
        if name in self.scope.names or name in units.NAMES or name in TIME:
            self.fault(
                expr,
                f"`{name}` is not a function",
                f"Write `{name} * (...)` to multiply.",
                start=start,
                end=end,
            )
            return
        if name in _PRIORS:
            self.fault(
                expr,
                f"a prior such as `{name}(...)` cannot stand inside a formula",
                "Make it a parameter, and use the parameter's name here.",
                start=start,
                end=end,
            )
            return
        near = [_OTHER_FUNCTIONS[name]] if name in _OTHER_FUNCTIONS else []
        near = near or difflib.get_close_matches(name, [*FUNCTIONS, *DATE_FUNCTIONS], 1, 0.6)
        self.fault(
            expr,
            f"unknown function `{name[:60]}`",
            f"Functions are: {', '.join([*FUNCTIONS, *DATE_FUNCTIONS])}.",
            *([f"Did you mean `{near[0]}`?"] if near else []),
            start=start,
            end=end,
        )

    def date_call(self, expr: syntax.Apply) -> tuple[Node, Kind]:
        """`months_until(D)` is months-of-D minus now; `months_since(D)` its negative."""
        name, scope = expr.function, self.scope
        wrong: tuple[Node, Kind] = (Number(0.0), UNKNOWN)
        if scope.timeless:
            self.fault(expr, f"`{name}` cannot be used here; {scope.refused}")
            return wrong
        if len(expr.args) != 1:
            self.fault(expr, f"`{name}` takes 1 argument", f"Write {name}(EVENT) or {name}('2020-11-03').")
            return wrong
        arg = expr.args[0]
        months: float | None = None
        if isinstance(arg, syntax.Quoted):
            try:
                day = date.fromisoformat(arg.text)
            except ValueError:
                self.fault(arg, f"`{arg.text[:40]}` is not a date", "Dates are year-month-day: '2020-11-03'.")
                return wrong
            if scope.months is None:
                return wrong
            months = scope.months(day)
        elif isinstance(arg, syntax.Name):
            if arg.id not in scope.dates:
                possible = list(scope.dates)
                near = difflib.get_close_matches(arg.id, possible, 1, 0.6)
                what = f"`{arg.id}` is not a dated event"
                if arg.id in scope.elsewhere:
                    what += f", but {scope.elsewhere[arg.id]}"
                self.fault(
                    arg,
                    what,
                    f"Dated events: {', '.join(possible[:12])}."
                    if possible
                    else "This model has no dated events.",
                    f"Did you mean `{near[0]}`?" if near else "A date in quotes does as well: '2020-11-03'.",
                )
                return wrong
            months = scope.dates[arg.id]
        else:
            self.fault(
                arg, f"`{name}` wants a dated event or a date in quotes", f"Write {name}('2020-11-03')."
            )
            return wrong
        # A negative literal does not exist: `-3` is the negation of 3.
        then: Node = Number(months) if months >= 0 else Negate(Number(-months))
        return Binary("-", then, Now()) if name == "months_until" else Binary("-", Now(), then), MONTH


def fold(node: Node) -> float | None:
    """The value of arithmetic on numbers alone; None where it reads anything, or has no finite value."""
    match node:
        case Number(value):
            return value
        case Negate(of):
            inner = fold(of)
            return None if inner is None else -inner
        case Binary(op, left, right):
            a, b = fold(left), fold(right)
            return None if a is None or b is None else _finite(_BINARY[op], a, b)
        case Call(function, args) if function != "where":
            values = [fold(a) for a in args]
            known = [v for v in values if v is not None]
            return _finite(_CALLS[function], *known) if len(known) == len(values) else None
        case _:
            return None


def _finite(function: Callable[..., float], *args: float) -> float | None:
    """Floating point only: no power of whole numbers ever grows without bound."""
    try:
        value = function(*args)
    except (ArithmeticError, ValueError):
        return None
    return value if math.isfinite(value) else None


_BINARY: dict[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": math.pow,
}
_CALLS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "clip": lambda x, low, high: min(max(x, low), high),
    "logistic": lambda x: 1 / (1 + math.exp(-x)),
}


def literal(expr: Expr) -> float | None:
    """The value of a number written out, with or without a sign or as a quotient (`1/3`), else None."""
    match expr:
        case syntax.Literal_(value=value):
            return value
        case syntax.Sign(op="-", of=of):
            inner = literal(of)
            return None if inner is None else -inner
        case syntax.Sign(op="+", of=of):
            return literal(of)
        case syntax.Infix(op="/", left=left, right=right):
            a, b = literal(left), literal(right)
            return a / b if a is not None and b else None
        case _:
            return None


def _in(unit: Unit) -> str:
    return "plain numbers" if unit.is_plain else f"`{unit}`"


def _advice(given: Unit, wanted: Unit) -> tuple[str, ...]:
    """How to get from one unit to the other: a factor, or a missing `/ month`."""
    ratio = wanted.times(given, -1.0)
    if given.dimension == wanted.dimension:
        factor = f"{given.factor / wanted.factor:.10g}"
        bridge = str(ratio).removeprefix("1/")
        written = f"{factor} / {bridge}" if str(ratio).startswith("1/") else f"{factor} * {bridge}"
        return (
            f"Units are not converted. 1 {_one(given)} is {factor} {_one(wanted)}: multiply by `{written}`.",
        )
    if ratio.same(units.PER_MONTH):
        return ("It lacks a rate: write a number with its unit, as in `0.1 / month * ...`.",)
    if ratio.same(MONTH):
        return ("It is per month already: multiply by a time, or drop one `/ month`.",)
    return ()


def _one(unit: Unit) -> str:
    return "(plain number)" if unit.is_plain else str(unit)
