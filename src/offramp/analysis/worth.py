"""What outcomes are worth to the sides of a model, as far as the file says so in numbers."""

from __future__ import annotations

from offramp import distribution
from offramp.model import Distribution, Formula, Model, Outcome
from offramp.tree import Negate, Node, Number, Parameter


def plain_worth(model: Model, formula: Formula) -> float | None:
    """The value of a formula that is a number or a parameter (at its mean); None for any other."""
    return _value(model, formula.node)


def _value(model: Model, node: Node) -> float | None:
    match node:
        case Number(number):
            return number
        case Negate(of):
            inner = _value(model, of)
            return None if inner is None else -inner
        case Parameter(name):
            given = next(p.value for p in model.parameters if p.name == name)
            return distribution.mean(given) if isinstance(given, Distribution) else given
        case _:
            return None


def is_bad(model: Model, outcome: Outcome) -> bool:
    """Whether every side loses by it for which the model says what it is worth."""
    known = [w for w in _worths(model, outcome) if w is not None]
    return bool(known) and all(w < 0 for w in known)


def is_good(model: Model, outcome: Outcome) -> bool:
    """Whether it is worth something to somebody, and no side is known to lose by it."""
    return bool(outcome.worth) and not any(w is not None and w < 0 for w in _worths(model, outcome))


def _worths(model: Model, outcome: Outcome) -> list[float | None]:
    return [plain_worth(model, formula) for _, formula in outcome.worth]
