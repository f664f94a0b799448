"""Priors as text: `normal(40, 5)` and its like, read and checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from offramp.language import syntax
from offramp.language.constants import fold
from offramp.language.formula import resolve_part
from offramp.language.kinds import Fault, Kind, Scope
from offramp.language.units import PLAIN
from offramp.language.vocabulary import OTHER_PRIORS, PRIORS
from offramp.model import Distribution

# Arguments that are pure numbers whatever the unit of the value.
_SHAPE_ARGUMENTS = {"lognormal": (1,), "beta": (0, 1)}


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
    if given not in PRIORS[name]:
        wanted = " or ".join(str(n) for n in PRIORS[name])
        message = f"`{name}` takes {wanted} arguments, and {given} {'is' if given == 1 else 'are'} given"
        return None, (Fault(message, (f"Write {_usages(name)}.",), expr.start, expr.end),)
    faults: list[Fault] = []
    values: list[float] = []
    numbers_only = replace(scope, refused="a prior is made of numbers", timeless=True, constant=True)
    for i, arg in enumerate(expr.args):
        expected = PLAIN if i in _SHAPE_ARGUMENTS.get(name, ()) else unit
        result = resolve_part(arg, text, numbers_only, expected, f"argument {i + 1} of `{name}`")
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
    wrong = _ORDER[name](values)
    if wrong:
        return None, (Fault(wrong, (f"Write {_usages(name)}.",), expr.start, expr.end),)
    return Distribution(name, tuple(values), text.strip()), ()


def support(prior: Distribution) -> tuple[float, float]:
    """The least and greatest value that can be drawn, infinite where there is none."""
    a = prior.args
    match prior.kind:
        case "normal":
            return (a[2], a[3]) if len(a) == 4 else (-math.inf, math.inf)
        case "lognormal":
            return 0.0, math.inf
        case "beta":
            return (a[2], a[3]) if len(a) == 4 else (0.0, 1.0)
        case _:
            return a[0], a[-1]


def likely(prior: Distribution) -> tuple[float, float]:
    """The range that a draw leaves about 3 times in 1,000, within the support."""
    a = prior.args
    low, high = support(prior)
    if prior.kind == "normal":
        return max(low, a[0] - 3 * a[1]), min(high, a[0] + 3 * a[1])
    if prior.kind == "lognormal":
        return a[0] * math.exp(-3 * a[1]), a[0] * math.exp(min(700.0, 3 * a[1]))
    return low, high


def _usages(name: str) -> str:
    return " or ".join(f"`{u}`" for u in PRIORS[name].values())


def _range(low: float, high: float) -> str:
    if low == high:
        return f"low and high are both {low:g}; a value without doubt is a number, not a prior"
    return f"low is {low:g} and high is {high:g}: the lower comes first" if low > high else ""


def _normal(v: list[float]) -> str:
    if v[1] <= 0:
        return f"the standard deviation is {v[1]:g}; it must be above 0"
    if len(v) == 4:
        if _range(v[2], v[3]):
            return _range(v[2], v[3])
        if v[2] > v[0] + 6 * v[1] or v[3] < v[0] - 6 * v[1]:
            return (
                f"the range {v[2]:g} to {v[3]:g} is over six standard deviations away from the mean {v[0]:g}"
            )
    return ""


def _lognormal(v: list[float]) -> str:
    if v[0] <= 0:
        return f"the median is {v[0]:g}; a lognormal is above 0"
    return f"sigma is {v[1]:g}; it must be above 0" if v[1] <= 0 else ""


def _triangular(v: list[float]) -> str:
    low, mode, high = v
    if low == high:
        return _range(low, high)
    if low <= mode <= high:
        return ""
    return f"{low:g}, {mode:g}, {high:g} are not in rising order"


def _beta(v: list[float]) -> str:
    if v[0] <= 0 or v[1] <= 0:
        return f"a is {v[0]:g} and b is {v[1]:g}; both must be above 0"
    return _range(v[2], v[3]) if len(v) == 4 else ""


_ORDER: dict[str, Callable[[list[float]], str]] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "uniform": lambda v: _range(v[0], v[1]),
    "triangular": _triangular,
    "beta": _beta,
}
