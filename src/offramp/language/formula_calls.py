"""Calls of functions in formulas: how many arguments they take, and in which units."""

from __future__ import annotations

from collections.abc import Sequence

from offramp.distribution import PRIORS
from offramp.given import did_you_mean
from offramp.language import syntax, units
from offramp.language.constants import fold
from offramp.language.functions import (
    DATE_FUNCTIONS,
    FUNCTIONS,
    LOOKUP,
    MEMORY_FUNCTIONS,
    OTHER_FUNCTIONS,
    TIME,
    FunctionRecord,
)
from offramp.language.kind_rules import KindRules
from offramp.language.units import PLAIN, UNKNOWN, Bare, Kind, Unit, Unknown
from offramp.tree import Node


def has_right_count(rules: KindRules, function: FunctionRecord, expr: syntax.Apply) -> bool:
    """Whether a call has as many arguments as the function takes; noted if not."""
    least, most = function.counts
    if least <= len(expr.args) <= most:
        return True
    wanted = str(least) if least == most else f"{least} to {most}"
    given = "1 is given" if len(expr.args) == 1 else f"{len(expr.args)} are given"
    plural = "" if wanted == "1" else "s"
    message = f"`{function.name}` takes {wanted} argument{plural}, and {given}"
    rules.fault(expr, message, f"Write {function.usage}.")
    return False


def kind_of_call(
    rules: KindRules, function: FunctionRecord, expr: syntax.Apply, kinds: Sequence[Kind]
) -> Kind:
    """The unit of a call by the function's own rule, given those of its arguments."""
    args = expr.args
    match function.units:
        case "choice":
            return rules.alike("choosing between", args[1], kinds[1], args[2], kinds[2])
        case "alike":
            return _alike(rules, expr, kinds)
        case "kept":
            return kinds[0]
        case "root":
            return PLAIN.times(kinds[0], 0.5) if isinstance(kinds[0], Unit) else kinds[0]
    which = "the argument" if len(args) == 1 else "an argument"
    held = [rules.plain(a, k, f"{which} of `{function.name}`") for a, k in zip(args, kinds, strict=True)]
    if any(isinstance(k, Unknown) for k in held):
        return UNKNOWN
    return next((PLAIN for k in held if isinstance(k, Unit)), held[0])


def _alike(rules: KindRules, expr: syntax.Apply, kinds: Sequence[Kind]) -> Kind:
    at, kind = expr.args[0], kinds[0]
    for arg, other in zip(expr.args[1:], kinds[1:], strict=True):
        if isinstance(kind, Bare):
            at = arg
        kind = rules.alike("comparing", at, kind, arg, other)
    return kind


def refuses(rules: KindRules, function: FunctionRecord, expr: syntax.Apply, args: Sequence[Node]) -> bool:
    """Whether the function wants none of these arguments, as far as they are numbers; noted if so."""
    wrong = function.refuse(*(fold(a) for a in args)) if function.refuse else None
    if wrong is not None:
        rules.fault(expr, *wrong)
    return wrong is not None


def unknown_function(rules: KindRules, expr: syntax.Apply) -> None:
    """Note a name before brackets that is no function, and what it may have been meant for."""
    name, start, end = expr.function, expr.start, expr.name_end
    if name in rules.scope.names or name in units.NAMES or name in TIME:
        hint = f"Write `{name} * (...)` to multiply."
        rules.fault(expr, f"`{name}` is not a function", hint, start=start, end=end)
        return
    if name in PRIORS:
        message = f"a prior such as `{name}(...)` cannot stand inside a formula"
        hint = "Make it a parameter, and use the parameter's name here."
        rules.fault(expr, message, hint, start=start, end=end)
        return
    if name in rules.scope.lookups:
        hint = f"Write lookup({name}, ...)."
        rules.fault(expr, f"`{name}` is a table of `lookups`, not a function", hint, start=start, end=end)
        return
    possible = (*FUNCTIONS, *MEMORY_FUNCTIONS, LOOKUP, *DATE_FUNCTIONS)
    other = OTHER_FUNCTIONS.get(name)
    rules.fault(
        expr,
        f"unknown function `{name[:60]}`",
        f"Functions are: {', '.join(possible)}.",
        f"Did you mean `{other}`?" if other else did_you_mean(name, possible),
        start=start,
        end=end,
    )
