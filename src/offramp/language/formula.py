"""Syntax tree -> checked tree: every name resolved, kinds and units right.

Units are checked and never converted. A bare number has no unit of its own: it is dimensionless where it
multiplies and takes the unit of its neighbour where it is added or compared.
"""

from __future__ import annotations

from datetime import date

from offramp.given import did_you_mean, most_alike_first, nearest
from offramp.language import syntax, units
from offramp.language.constants import fold, is_constant
from offramp.language.kinds import (
    BARE,
    CONDITION,
    UNKNOWN,
    Bare,
    Condition,
    Fault,
    Kind,
    Result,
    Scope,
    Unknown,
    advice,
    named,
)
from offramp.language.syntax import Expr, literal
from offramp.language.tokens import FormulaError
from offramp.language.units import MONTH, PLAIN, Unit
from offramp.language.vocabulary import DATE_FUNCTIONS, FUNCTIONS, OTHER_FUNCTIONS, OTHER_NAMES, PRIORS, TIME
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

YEARS = (1000, 2999)  # of dates in formulas, events and policies


def resolve(text: str, scope: Scope, expected: Kind, what: str = "this", also: Unit | None = None) -> Result:
    """Read and check one formula.

    Parameters
    ----------
    text : as written
    scope : the names it may use
    expected : the unit its value must have, CONDITION where it must be true or false, UNKNOWN for any number
    what : the thing that the formula gives, for messages ("the change of `tension`")
    also : a second unit that will do
    """
    try:
        expr = syntax.parse(text)
    except FormulaError as error:
        return Result(Number(0.0), UNKNOWN, (Fault(error.message, error.hint, error.start, error.end),))
    return resolve_part(expr, text, scope, expected, what, also)


def resolve_part(
    expr: Expr, text: str, scope: Scope, expected: Kind, what: str = "this", also: Unit | None = None
) -> Result:
    """Check a formula, or a part of one, that has been parsed from `text`. As `resolve`."""
    resolver = _Resolver(text, scope)
    node, kind = resolver.visit(expr)
    if not resolver.faults:
        kind = resolver.expect(expr, kind, expected, what, also)
    return Result(node, kind, tuple(resolver.faults))


class _Resolver:
    """Walks one formula; after a fault the part has kind UNKNOWN, which nothing more is said about."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text = text
        self.scope = scope
        self.faults: list[Fault] = []

    def fault(
        self, at: Expr, message: str, *hint: str, start: int = -1, end: int = -1, missing: str = ""
    ) -> None:
        self.faults.append(
            Fault(
                message,
                tuple(h for h in hint if h),
                at.start if start < 0 else start,
                at.end if end < 0 else end,
                missing,
            )
        )

    def shown(self, expr: Expr) -> str:
        """The text of a part, short enough for a message."""
        text = " ".join(self.text[expr.start : expr.end].split())
        return text if len(text) <= 40 else text[:37] + "..."

    # ------------------------------------------------------------------ kinds

    def expect(self, expr: Expr, kind: Kind, expected: Kind, what: str, also: Unit | None) -> Kind:
        """Hold the value of the whole formula against what its place asks for."""
        if isinstance(kind, Unknown):
            return kind
        if isinstance(expected, Condition):
            if not isinstance(kind, Condition):
                self.fault(
                    expr, f"{what} must be true or false, and this is a number", self.how_to_compare(expr)
                )
            return kind
        if isinstance(kind, Condition):
            self.fault(expr, f"{what} must be a number, and this is true or false", self.how_to_choose(expr))
            return kind
        if isinstance(kind, Bare):
            return expected if isinstance(expected, Unit) else kind
        right = expected if isinstance(expected, Unit) else kind
        if not kind.same(right) and not (also and kind.same(also)):
            message = f"{what} must be in {named(right)}, and this is in {named(kind)}"
            self.fault(expr, message, *advice(kind, right))
        return kind

    def how_to_compare(self, expr: Expr) -> str:
        if isinstance(expr, syntax.Constant):
            return "Compare something: `tension > 50`."
        return f"Compare it: `{self.shown(expr)} > 0.5`."

    def how_to_choose(self, expr: Expr) -> str:
        text = self.shown(expr)
        if text.startswith("(") and text.endswith(")") and isinstance(expr, syntax.Chain | syntax.Junction):
            text = text[1:-1] if text.count("(") == 1 else text
        return f"Write where({text}, 1, 0), or other numbers."

    def number(self, expr: Expr) -> tuple[Node, Kind]:
        """Visit a part that must be a number."""
        node, kind = self.visit(expr)
        if isinstance(kind, Condition):
            message = f"`{self.shown(expr)}` is true or false, and a number is wanted here"
            self.fault(expr, message, self.how_to_choose(expr))
            return node, UNKNOWN
        return node, kind

    def condition(self, expr: Expr) -> Node:
        """Visit a part that must be true or false."""
        node, kind = self.visit(expr)
        if not isinstance(kind, Condition | Unknown):
            message = f"`{self.shown(expr)}` is a number, and a condition is wanted here"
            self.fault(expr, message, self.how_to_compare(expr))
        return node

    def plain(self, expr: Expr, kind: Kind, why: str) -> Kind:
        """Hold a part against the rule that it have no unit."""
        if isinstance(kind, Unit) and not kind.is_plain:
            self.fault(
                expr,
                f"{why} must be a plain number, and `{self.shown(expr)}` is in {named(kind)}",
                *(() if kind.dimension else advice(kind, PLAIN)),
                "Divide it by a value in the same unit." if kind.dimension else "",
            )
            return UNKNOWN
        return kind

    def alike(self, doing: str, a: Expr, kind_a: Kind, b: Expr, kind_b: Kind) -> Kind:
        """The common unit of two values that are added, compared or chosen between."""
        if isinstance(kind_a, Unknown) or isinstance(kind_b, Unknown):
            return UNKNOWN
        if isinstance(kind_a, Bare):
            return kind_b
        if isinstance(kind_a, Unit) and isinstance(kind_b, Unit) and not kind_a.same(kind_b):
            self.fault(
                b,
                f"{doing} different units: `{self.shown(a)}` is in {named(kind_a)}, "
                f"`{self.shown(b)}` in {named(kind_b)}",
                *advice(kind_b, kind_a, f"`{self.shown(b)}`"),
                start=a.start,
            )
            return UNKNOWN
        return kind_a

    def finite(self, expr: Expr, node: Node, kind: Kind) -> Kind:
        """Refuse arithmetic on numbers alone that has no value, such as `1 / 0`."""
        if isinstance(kind, Bare) and is_constant(node) and fold(node) is None:
            self.fault(expr, f"`{self.shown(expr)}` has no finite value")
            return UNKNOWN
        return kind

    # ------------------------------------------------------------------ nodes

    def visit(self, expr: Expr) -> tuple[Node, Kind]:
        match expr:
            case syntax.Constant(value=value):
                return Number(value), BARE
            case syntax.Name():
                return self.name(expr)
            case syntax.Quoted():
                message = "text cannot stand here"
                self.fault(expr, message, "Only dates stand in quotes: months_until('2020-11-03').")
                return Number(0.0), UNKNOWN
            case syntax.Sign(op="not", of=of):
                return Not(self.condition(of)), CONDITION
            case syntax.Sign(op=op, of=of):
                node, kind = self.number(of)
                return (Negate(node) if op == "-" else node), kind
            case syntax.Junction(op=word, parts=parts):
                return Logic(word, tuple(self.condition(p) for p in parts)), CONDITION
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
            doing = "adding" if expr.op == "+" else "subtracting"
            return node, self.finite(expr, node, self.alike(doing, expr.left, a, expr.right, b))
        if expr.op == "**":
            return node, self.finite(expr, node, self.power(expr, a, b))
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return node, UNKNOWN
        if isinstance(a, Bare) and isinstance(b, Bare):
            return node, self.finite(expr, node, BARE)
        if expr.op == "/" and fold(right) == 0:
            self.fault(expr.right, "this divides by zero")
            return node, UNKNOWN
        unit_a = a if isinstance(a, Unit) else PLAIN
        unit_b = b if isinstance(b, Unit) else PLAIN
        return node, unit_a.times(unit_b, 1.0 if expr.op == "*" else -1.0)

    def power(self, expr: syntax.Infix, a: Kind, b: Kind) -> Kind:
        b = self.plain(expr.right, b, "an exponent")
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return UNKNOWN
        if isinstance(a, Bare):
            return BARE if isinstance(b, Bare) else PLAIN
        if not isinstance(a, Unit) or a.is_plain:
            return a
        exponent = literal(expr.right)
        if exponent is None or abs(exponent) > 20:
            base = f"`{self.shown(expr.left)}` is in {named(a)}"
            hint = "Divide the base by a value in the same unit first."
            self.fault(expr.right, f"{base}, so its exponent must be a small number written out", hint)
            return UNKNOWN
        return PLAIN.times(a, exponent)

    # ------------------------------------------------------------------ names

    def name(self, expr: syntax.Name) -> tuple[Node, Kind]:
        name, scope = expr.id, self.scope
        known = scope.names.get(name)
        if known is not None:
            node: Node = Parameter(name) if known.what == "parameter" else Variable(name)
            if scope.constant or (scope.refused and known.what == "variable"):
                self.fault(expr, f"`{name}` is a {known.what}; {scope.refused}")
                return node, UNKNOWN
            return node, known.unit
        if name in TIME:
            if scope.timeless:
                self.fault(expr, f"`{name}` changes with time; {scope.refused}")
            return (Now() if name == "now" else StepLength()), MONTH
        if name in scope.dates:
            hint = f"Write months_until({name}) or months_since({name})."
            self.fault(expr, f"`{name}` is a dated event, not a number", hint)
        elif name in scope.elsewhere:
            message = f"`{name}` is {scope.elsewhere[name]}; a formula cannot read it"
            self.fault(expr, message, self.possible())
        elif name in FUNCTIONS or name in DATE_FUNCTIONS:
            usage = FUNCTIONS[name][2] if name in FUNCTIONS else f"{name}(EVENT)"
            self.fault(expr, f"`{name}` is a function", f"Write {usage}.")
        elif name in units.NAMES or name in units.DIMENSIONLESS:
            return Number(1.0), units.parse(name)
        else:
            self.unknown_name(expr)
        return Number(0.0), UNKNOWN

    def unknown_name(self, expr: syntax.Name) -> None:
        name, scope = expr.id, self.scope
        if name in ("True", "False", "true", "false", "None", "null"):
            hint = "A condition that always holds is left out; flags are numbers, 0 or 1."
            self.fault(expr, f"`{name}` cannot stand in a formula", hint)
            return
        if name in ("inf", "infinity", "nan"):
            hint = "For a bound or a limit, choose a value that is never reached."
            self.fault(expr, f"`{name}` cannot stand in a formula: every number is finite", hint)
            return
        if scope.incomplete:
            return
        near = nearest(name, self.usable())
        if near is None and name in OTHER_NAMES:
            near = OTHER_NAMES[name]
        known = scope.names.get(near) if near else None
        where = f" ({known.line})" if known and known.line else ""
        self.fault(
            expr,
            f"unknown name `{name[:60]}`",
            self.possible(name),
            f"Did you mean `{near}`{where}?" if near else "",
            missing=name,
        )

    def usable(self) -> list[str]:
        """Names that this formula may read."""
        scope = self.scope
        names = [
            n
            for n, known in scope.names.items()
            if not scope.refused or (known.what == "parameter" and not scope.constant)
        ]
        return names if scope.timeless else [*names, *TIME]

    def possible(self, name: str = "") -> str:
        """What could have been written: the likest first where there are many."""
        usable = self.usable()
        if not usable:
            what = "numbers and units" if self.scope.constant else "numbers: the model has no parameters"
            return f"Here a formula may use only {what}."
        if len(usable) <= 12:
            return f"It may use: {', '.join(usable)}."
        likest = most_alike_first(name, usable)[:8]
        return f"It may use: {', '.join(likest)} and {len(usable) - len(likest)} others."

    # ------------------------------------------------------------------ calls

    def call(self, expr: syntax.Apply) -> tuple[Node, Kind]:
        name = expr.function
        if name in DATE_FUNCTIONS:
            return self.date_call(expr)
        if name not in FUNCTIONS:
            self.unknown_function(expr)
            return Number(0.0), UNKNOWN
        least, most, usage = FUNCTIONS[name]
        if not least <= len(expr.args) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            given = "1 is given" if len(expr.args) == 1 else f"{len(expr.args)} are given"
            plural = "" if wanted == "1" else "s"
            self.fault(expr, f"`{name}` takes {wanted} argument{plural}, and {given}", f"Write {usage}.")
            return Number(0.0), UNKNOWN
        if name == "where":
            condition = self.condition(expr.args[0])
            (a, kind_a), (b, kind_b) = self.number(expr.args[1]), self.number(expr.args[2])
            kind = self.alike("choosing between", expr.args[1], kind_a, expr.args[2], kind_b)
            return Call(name, (condition, a, b)), kind
        args = [self.number(a) for a in expr.args]
        node = Call(name, tuple(n for n, _ in args))
        return node, self.finite(expr, node, self.kind_of_call(expr, [k for _, k in args], node))

    def kind_of_call(self, expr: syntax.Apply, kinds: list[Kind], node: Call) -> Kind:
        name, kind = expr.function, kinds[0]
        if name in ("min", "max", "clip"):
            at = expr.args[0]
            for arg, other in zip(expr.args[1:], kinds[1:], strict=True):
                if isinstance(kind, Bare):
                    at = arg
                kind = self.alike("comparing", at, kind, arg, other)
            low, high = (fold(a) for a in node.args[1:]) if name == "clip" else (None, None)
            if low is not None and high is not None and low > high:
                message = f"`clip` with a low end of {low:g} above its high end of {high:g}"
                self.fault(expr, message, "Swap them.")
                return UNKNOWN
            return kind
        if name == "abs":
            return kind
        if name == "sqrt":
            return PLAIN.times(kind, 0.5) if isinstance(kind, Unit) else kind
        kind = self.plain(expr.args[0], kind, f"the argument of `{name}`")
        return PLAIN if isinstance(kind, Unit) else kind

    def unknown_function(self, expr: syntax.Apply) -> None:
        name, start, end = expr.function, expr.start, expr.name_end
        if name in self.scope.names or name in units.NAMES or name in TIME:
            hint = f"Write `{name} * (...)` to multiply."
            self.fault(expr, f"`{name}` is not a function", hint, start=start, end=end)
            return
        if name in PRIORS:
            message = f"a prior such as `{name}(...)` cannot stand inside a formula"
            hint = "Make it a parameter, and use the parameter's name here."
            self.fault(expr, message, hint, start=start, end=end)
            return
        possible = (*FUNCTIONS, *DATE_FUNCTIONS)
        other = OTHER_FUNCTIONS.get(name)
        self.fault(
            expr,
            f"unknown function `{name[:60]}`",
            f"Functions are: {', '.join(possible)}.",
            f"Did you mean `{other}`?" if other else did_you_mean(name, possible),
            start=start,
            end=end,
        )

    def date_call(self, expr: syntax.Apply) -> tuple[Node, Kind]:
        """`months_until(D)` is months-of-D minus now; `months_since(D)` its negative."""
        name, scope = expr.function, self.scope
        months: float | None = None
        if scope.timeless:
            self.fault(expr, f"`{name}` changes with time; {scope.refused}")
        elif len(expr.args) != 1:
            hint = f"Write {name}(EVENT) or {name}('2020-11-03')."
            self.fault(expr, f"`{name}` takes one argument, an event or a date", hint)
        else:
            months = self.months_of(name, expr.args[0])
        if months is None:
            return Number(0.0), UNKNOWN
        # A negative literal does not exist: `-3` is the negation of 3.
        then: Node = Number(months) if months >= 0 else Negate(Number(-months))
        return Binary("-", then, Now()) if name == "months_until" else Binary("-", Now(), then), MONTH

    def months_of(self, function: str, arg: Expr) -> float | None:
        """Months from the start of the model to an event or a date in quotes; None after a fault."""
        scope = self.scope
        if isinstance(arg, syntax.Quoted):
            try:
                day = date.fromisoformat(arg.text)
            except ValueError:
                hint = "Dates are year-month-day, and must exist: '2020-11-03'."
                self.fault(arg, f"`{arg.text[:40]}` is not a date", hint)
                return None
            if not YEARS[0] <= day.year <= YEARS[1]:
                self.fault(arg, f"the year {day.year} is out of reach: {YEARS[0]} to {YEARS[1]}")
                return None
            return scope.months(day) if scope.months else 0.0
        if not isinstance(arg, syntax.Name):
            hint = f"Write {function}('2020-11-03')."
            self.fault(arg, f"`{function}` wants a dated event or a date in quotes", hint)
            return None
        if arg.id in scope.dates:
            return scope.dates[arg.id]
        if scope.incomplete:
            return None
        what = scope.elsewhere.get(arg.id)
        if arg.id in scope.names:
            what = f"a {scope.names[arg.id].what}"
        dates, shown = list(scope.dates), arg.id[:60]
        self.fault(
            arg,
            f"`{shown}` is {what}, not a dated event" if what else f"unknown dated event `{shown}`",
            f"Dated events: {', '.join(dates[:12])}." if dates else "The model has no dated events.",
            did_you_mean(arg.id, dates) or f"A date in quotes will do: {function}('2020-11-03').",
            missing="" if what else arg.id,
        )
        return None
