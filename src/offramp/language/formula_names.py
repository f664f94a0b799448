"""Names and dates in formulas: what they stand for, and what to say where they stand for nothing."""

from __future__ import annotations

from datetime import date

from offramp.given import did_you_mean, most_alike_first, nearest
from offramp.language import syntax, units
from offramp.language.functions import DATE_FUNCTIONS, FUNCTIONS, LOOKUP, MEMORY_FUNCTIONS, OTHER_NAMES, TIME
from offramp.language.kind_rules import KindRules
from offramp.language.scope import Scope
from offramp.language.syntax import Expr
from offramp.language.units import MONTH, UNKNOWN, Kind
from offramp.tree import Binary, Negate, Node, Now, Number, Parameter, StepLength, Variable

# How functions are called.
CALLED = {
    **{f.name: f.usage for f in FUNCTIONS.values()},
    **{f.name: f.usage for f in MEMORY_FUNCTIONS.values()},
    LOOKUP: "lookup(TABLE, x)",
}
YEARS = (1000, 2999)  # of dates in formulas, events and policies


def value_of_name(rules: KindRules, expr: syntax.Name) -> tuple[Node, Kind]:
    """What a name stands for: a variable, a parameter, the time or a unit."""
    name, scope = expr.id, rules.scope
    known = scope.names.get(name)
    if known is not None:
        node: Node = Parameter(name) if known.what == "parameter" else Variable(name)
        if scope.constant or (scope.refused and known.what == "variable"):
            rules.fault(expr, f"`{name}` is a {known.what}; {scope.refused}")
            return node, UNKNOWN
        return node, known.unit
    if name in TIME:
        if scope.timeless:
            rules.fault(expr, f"`{name}` changes with time; {scope.refused}")
        return (Now() if name == "now" else StepLength()), MONTH
    if name in scope.dates:
        hint = f"Write months_until({name}) or months_since({name})."
        rules.fault(expr, f"`{name}` is a dated event, not a number", hint)
    elif name in scope.lookups:
        rules.fault(expr, f"`{name}` is a table of `lookups`, not a number", f"Write lookup({name}, x).")
    elif name in scope.elsewhere:
        message = f"`{name}` is {scope.elsewhere[name]}; a formula cannot read it"
        rules.fault(expr, message, _possible(scope))
    elif name in CALLED or name in DATE_FUNCTIONS:
        usage = CALLED.get(name, f"{name}(EVENT)")
        rules.fault(expr, f"`{name}` is a function", f"Write {usage}.")
    elif name in units.NAMES or name in units.DIMENSIONLESS:
        return Number(1.0), units.parse(name)
    else:
        _unknown_name(rules, expr)
    return Number(0.0), UNKNOWN


def _unknown_name(rules: KindRules, expr: syntax.Name) -> None:
    name, scope = expr.id, rules.scope
    if name in ("True", "False", "true", "false", "None", "null"):
        hint = "A condition that always holds is left out; flags are numbers, 0 or 1."
        rules.fault(expr, f"`{name}` cannot stand in a formula", hint)
        return
    if name in ("inf", "infinity", "nan"):
        hint = "For a bound or a limit, choose a value that is never reached."
        rules.fault(expr, f"`{name}` cannot stand in a formula: every number is finite", hint)
        return
    if scope.incomplete:
        return
    near = nearest(name, _usable(scope))
    if near is None and name in OTHER_NAMES:
        near = OTHER_NAMES[name]
    known = scope.names.get(near) if near else None
    where = f" ({known.line})" if known and known.line else ""
    rules.fault(
        expr,
        f"unknown name `{name[:60]}`",
        _possible(scope, name),
        f"Did you mean `{near}`{where}?" if near else "",
        missing=name,
    )


def _usable(scope: Scope) -> list[str]:
    """Names that a formula may read."""
    names = [
        n
        for n, known in scope.names.items()
        if not scope.refused or (known.what == "parameter" and not scope.constant)
    ]
    return names if scope.timeless else [*names, *TIME]


def _possible(scope: Scope, name: str = "") -> str:
    """What could have been written: the most alike first where there are many."""
    usable = _usable(scope)
    if not usable:
        what = "numbers and units" if scope.constant else "numbers: the model has no parameters"
        return f"Here a formula may use only {what}."
    if len(usable) <= 12:
        return f"It may use: {', '.join(usable)}."
    closest = most_alike_first(name, usable)[:8]
    return f"It may use: {', '.join(closest)} and {len(usable) - len(closest)} others."


def date_call(rules: KindRules, expr: syntax.Apply) -> tuple[Node, Kind]:
    """`months_until(D)` is months-of-D minus now; `months_since(D)` its negative."""
    name, scope = expr.function, rules.scope
    months: float | None = None
    if scope.timeless:
        rules.fault(expr, f"`{name}` changes with time; {scope.refused}")
    elif len(expr.args) != 1:
        hint = f"Write {name}(EVENT) or {name}('2020-11-03')."
        rules.fault(expr, f"`{name}` takes one argument, an event or a date", hint)
    else:
        months = _months_of(rules, name, expr.args[0])
    if months is None:
        return Number(0.0), UNKNOWN
    # A negative literal does not exist: `-3` is the negation of 3.
    then: Node = Number(months) if months >= 0 else Negate(Number(-months))
    return Binary("-", then, Now()) if name == "months_until" else Binary("-", Now(), then), MONTH


def _months_of(rules: KindRules, function: str, arg: Expr) -> float | None:
    """Months from the start of the model to an event or a date in quotes; None after a fault."""
    scope = rules.scope
    if isinstance(arg, syntax.Quoted):
        try:
            day = date.fromisoformat(arg.text)
        except ValueError:
            hint = "Dates are year-month-day, and must exist: '2020-11-03'."
            rules.fault(arg, f"`{arg.text[:40]}` is not a date", hint)
            return None
        if not YEARS[0] <= day.year <= YEARS[1]:
            rules.fault(arg, f"the year {day.year} is out of reach: {YEARS[0]} to {YEARS[1]}")
            return None
        return scope.months(day) if scope.months else 0.0
    if not isinstance(arg, syntax.Name):
        hint = f"Write {function}('2020-11-03')."
        rules.fault(arg, f"`{function}` wants a dated event or a date in quotes", hint)
        return None
    if arg.id in scope.dates:
        return scope.dates[arg.id]
    if scope.incomplete:
        return None
    what = scope.elsewhere.get(arg.id)
    if arg.id in scope.names:
        what = f"a {scope.names[arg.id].what}"
    dates, shown = list(scope.dates), arg.id[:60]
    rules.fault(
        arg,
        f"`{shown}` is {what}, not a dated event" if what else f"unknown dated event `{shown}`",
        f"Dated events: {', '.join(dates[:12])}." if dates else "The model has no dated events.",
        did_you_mean(arg.id, dates) or f"A date in quotes will do: {function}('2020-11-03').",
        missing="" if what else arg.id,
    )
    return None
