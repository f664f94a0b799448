"""Priors as text: `normal(40, 5)` and its like, read and checked."""

from __future__ import annotations

from dataclasses import replace

from offramp.distribution import PRIORS, is_finite
from offramp.language import syntax
from offramp.language.constants import fold
from offramp.language.formula import resolve_part
from offramp.language.scope import Fault, Scope
from offramp.language.units import PLAIN, Kind
from offramp.model import Distribution

OTHER_PRIORS = {
    other: name for name, ways in PRIORS.items() for prior in ways.values() for other in prior.also
}


def names_a_prior(expr: syntax.Expr) -> bool:
    """Whether a formula is one call of something that looks like a prior."""
    return isinstance(expr, syntax.Apply) and (
        expr.function.lower() in PRIORS or expr.function.lower() in OTHER_PRIORS
    )


def read_prior(
    expr: syntax.Apply, text: str, scope: Scope, unit: Kind
) -> tuple[Distribution | None, tuple[Fault, ...]]:
    """Check one prior, parsed from `text`, of a value in `unit`: the prior or None, and its faults.

    The names in `scope` are only there to be refused: a prior is made of numbers.
    """
    name = expr.function
    if name not in PRIORS:
        near = OTHER_PRIORS.get(name.lower(), name.lower())
        fault = Fault(
            f"unknown prior `{name}`",
            (f"Did you mean `{near}`? Write {_usages(near)}.",),
            expr.start,
            expr.name_end,
        )
        return None, (fault,)
    given = len(expr.args)
    prior = PRIORS[name].get(given)
    if prior is None:
        wanted = " or ".join(str(n) for n in PRIORS[name])
        message = f"`{name}` takes {wanted} arguments, and {given} {'is' if given == 1 else 'are'} given"
        return None, (Fault(message, (f"Write {_usages(name)}.",), expr.start, expr.end),)
    faults: list[Fault] = []
    values: list[float] = []
    numbers_only = replace(scope, refused="a prior is made of numbers", timeless=True, constant=True)
    for i, (arg, called) in enumerate(zip(expr.args, prior.arguments, strict=True), 1):
        expected = PLAIN if called in prior.plain else unit
        result = resolve_part(arg, text, numbers_only, expected, f"argument {i} of `{name}`")
        faults.extend(result.faults)
        if result.faults:
            continue
        value = fold(result.node)
        if value is None:
            faults.append(Fault("this has no finite value", (), arg.start, arg.end))
        else:
            values.append(value)
    if faults:
        return None, tuple(faults)
    wrong = prior.wrong(*values)
    if wrong:
        return None, (Fault(wrong, (f"Write {_usages(name)}.",), expr.start, expr.end),)
    found = Distribution(name, tuple(values), text.strip())
    if not is_finite(found):
        message = "draws of this prior are too large or too small for any number"
        return None, (Fault(message, ("Is a power of ten too many in it?",), expr.start, expr.end),)
    return found, ()


def _usages(name: str) -> str:
    return " or ".join(f"`{prior.usage}`" for prior in PRIORS[name].values())
