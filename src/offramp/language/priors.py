"""Priors as text: `normal(40, 5)` and its like, read and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from offramp.distribution import ANY, PRIORS, is_finite
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
    prior = PRIORS[name].get(given) or PRIORS[name].get(ANY)
    if prior is None:
        wanted = " or ".join(str(n) for n in PRIORS[name])
        noun = "argument" if wanted == "1" else "arguments"
        message = f"`{name}` takes {wanted} {noun}, and {given} {'is' if given == 1 else 'are'} given"
        return None, (Fault(message, (f"Write {_usages(name)}.",), expr.start, expr.end),)
    made_of = replace(scope, refused="a prior is made of numbers", timeless=True, constant=True)
    numbers = _Numbers(text, made_of)
    if name in syntax.WEIGHTED:
        values = _weighted(expr, numbers, unit)
    else:
        pairs = enumerate(zip(expr.args, prior.arguments, strict=True), 1)
        values = [
            numbers.read(arg, PLAIN if called in prior.plain else unit, f"argument {i} of `{name}`")
            for i, (arg, called) in pairs
        ]
    if numbers.faults:
        return None, tuple(numbers.faults)
    wrong = prior.wrong(*values)
    if wrong:
        return None, (Fault(wrong, (f"Write {_usages(name)}.",), expr.start, expr.end),)
    found = Distribution(name, tuple(values), text.strip())
    if not is_finite(found):
        message = "draws of this prior are too large or too small for any number"
        return None, (Fault(message, ("Is a power of ten too many in it?",), expr.start, expr.end),)
    return found, ()


@dataclass
class _Numbers:
    """Reads the numbers that a prior is made of; what is wrong with them gathers in `faults`."""

    text: str
    scope: Scope
    faults: list[Fault] = field(default_factory=list)

    def read(self, expr: syntax.Expr, unit: Kind, what: str) -> float:
        """One number; NaN after a fault."""
        result = resolve_part(expr, self.text, self.scope, unit, what)
        self.faults.extend(result.faults)
        value = None if result.faults else fold(result.node)
        if value is None and not result.faults:
            self.faults.append(Fault("this has no finite value", (), expr.start, expr.end))
        return math.nan if value is None else value


def _weighted(expr: syntax.Apply, numbers: _Numbers, unit: Kind) -> list[float]:
    """Values and chances in turn, of `choice(1, 2)` and of `choice(1 with 0.4, 2 with rest)`."""
    weights = [a for a in expr.args if isinstance(a, syntax.Infix) and a.op == "with"]
    if not weights:
        each = [numbers.read(a, unit, f"value {i} of `{expr.function}`") for i, a in enumerate(expr.args, 1)]
        return [number for value in each for number in (value, 1 / len(each))]
    found: list[float] = []
    for i, arg in enumerate(expr.args, 1):
        if not (isinstance(arg, syntax.Infix) and arg.op == "with"):
            hint = f"Say `with` a chance for all values, or for none. Write {_usages(expr.function)}."
            numbers.faults.append(Fault("this value has no chance", (hint,), arg.start, arg.end))
            continue
        found.append(numbers.read(arg.left, unit, f"value {i} of `{expr.function}`"))
        rest = isinstance(arg.right, syntax.Name) and arg.right.id == "rest"
        found.append(math.nan if rest else numbers.read(arg.right, PLAIN, f"the chance of value {i}"))
    return found if numbers.faults else _with_rest(found, weights, numbers)


def _with_rest(found: list[float], weights: list[syntax.Infix], numbers: _Numbers) -> list[float]:
    """The chance that is `rest` (NaN so far) is what the others leave."""
    rests = [w for w, chance in zip(weights, found[1::2], strict=True) if math.isnan(chance)]
    left = 1 - sum(c for c in found[1::2] if not math.isnan(c))
    if len(rests) > 1:
        at = rests[1].right
        numbers.faults.append(Fault("two values say `rest`", ("Only one may.",), at.start, at.end))
    elif rests and left <= 0:
        at = rests[0].right
        numbers.faults.append(
            Fault(f"the chances of the others sum to {1 - left:g}: nothing is left", (), at.start, at.end)
        )
    return [left if math.isnan(number) else number for number in found]


def _usages(name: str) -> str:
    ways = [usage for prior in PRIORS[name].values() for usage in (prior.usage, *prior.others)]
    return " or ".join(f"`{usage}`" for usage in ways)
