"""What formulas are held to: units that agree, numbers and conditions in their places, finite constants."""

from __future__ import annotations

from offramp.language import syntax
from offramp.language.constants import fold, is_constant
from offramp.language.scope import Fault, Scope
from offramp.language.syntax import Expr
from offramp.language.units import PLAIN, UNKNOWN, Bare, Condition, Kind, Unit, Unknown, advice, named
from offramp.tree import Node


class KindRules:
    """The rules, and the faults found by them in one formula.

    After a fault the part has kind UNKNOWN, which nothing more is said about.
    """

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

    def sized(self, expr: Expr, unit: Unit) -> Kind:
        """Refuse a unit that no quantity has, such as `trillion ** 400`."""
        if not unit.is_beyond:
            return unit
        hint = "Divide by a value in the same unit before taking powers."
        self.fault(expr, f"no quantity has the unit of `{self.shown(expr)}`: its powers are too high", hint)
        return UNKNOWN

    def finite(self, expr: Expr, node: Node, kind: Kind) -> Kind:
        """Refuse arithmetic on numbers alone that has no value, such as `1 / 0`."""
        if isinstance(kind, Bare) and is_constant(node) and fold(node) is None:
            self.fault(expr, f"`{self.shown(expr)}` has no finite value")
            return UNKNOWN
        return kind
