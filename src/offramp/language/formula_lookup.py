"""`lookup(TABLE, x)` in formulas: a curve through points, written as what formulas are made of."""

from __future__ import annotations

from collections.abc import Sequence

from offramp.given import did_you_mean
from offramp.language import syntax, units
from offramp.language.kind_rules import KindRules
from offramp.language.units import UNKNOWN, Bare, Kind, Unit
from offramp.model import Curve
from offramp.tree import Binary, Call, Compare, Negate, Node, Number


def table_of(rules: KindRules, expr: syntax.Apply) -> Curve | None:
    """The table that a call names first; None after a fault."""
    tables = rules.scope.lookups
    if len(expr.args) != 2:
        given = "1 is given" if len(expr.args) == 1 else f"{len(expr.args)} are given"
        rules.fault(expr, f"`lookup` takes 2 arguments, and {given}", "Write lookup(TABLE, x).")
        return None
    name = expr.args[0].id if isinstance(expr.args[0], syntax.Name) else ""
    if name in tables:
        return tables[name]
    if not rules.scope.incomplete:
        variable = "a variable or parameter" if name in rules.scope.names else ""
        what = rules.scope.elsewhere.get(name) or variable
        known = f"Tables are: {', '.join(list(tables)[:12])}."
        shown = rules.shown(expr.args[0])
        rules.fault(
            expr.args[0],
            f"`{shown}` is {what}, not a table of `lookups`" if what else f"unknown table `{shown}`",
            known if tables else "The model has no section `lookups`.",
            did_you_mean(name, list(tables)) or "",
            missing="" if what else name,
        )
    return None


def interpolated(
    rules: KindRules, expr: syntax.Apply, table: Curve, x: Node, kind: Kind
) -> tuple[Node, Kind]:
    """The value of a table at x, and its unit."""
    wanted = units.parse(table.x_unit) if table.x_unit else units.PLAIN
    at = expr.args[1]
    kind = rules.expect(at, kind, wanted, f"what `{table.name}` is looked up at", None)
    if not isinstance(kind, Unit | Bare):
        return Number(0.0), UNKNOWN
    return curve(table, x), units.parse(table.unit) if table.unit else units.PLAIN


def curve(table: Curve, x: Node) -> Node:
    """Straight lines from point to point; beyond the ends flat, or on along the outermost lines.

    At every point the value is that of the table to the bit, in between as `numpy.interp` has it.
    """
    if table.extrapolate:
        return _lines(table.x, table.y, x)
    inside = Call("max", (x, _number(table.x[0])))
    beyond = Compare(">=", x, _number(table.x[-1]))
    return Call("where", (beyond, _number(table.y[-1]), _lines(table.x, table.y, inside)))


def _lines(xs: Sequence[float], ys: Sequence[float], x: Node) -> Node:
    if len(xs) == 2:
        slope = (ys[1] - ys[0]) / (xs[1] - xs[0])
        rise = Binary("*", _number(slope), Binary("-", x, _number(xs[0])))
        return Binary("+", rise, _number(ys[0]))
    middle = len(xs) // 2
    left, right = slice(None, middle + 1), slice(middle, None)
    below = Compare("<", x, _number(xs[middle]))
    return Call("where", (below, _lines(xs[left], ys[left], x), _lines(xs[right], ys[right], x)))


def _number(value: float) -> Node:
    """A negative literal does not exist: `-3` is the negation of 3."""
    return Number(value) if value >= 0 else Negate(Number(-value))
