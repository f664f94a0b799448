"""What formulas are worth where a model starts, with every prior at its middle."""

from __future__ import annotations

import math
from collections.abc import Mapping

from offramp.distribution import quantile
from offramp.language.ranges import Ranges
from offramp.model import Action, Actor, Distribution, Formula, Model
from offramp.tree import Node


class Middle:
    """A model at its start: one number for every formula that has one there.

    Attributes
    ----------
    parameters, stocks : each in its middle; those of which none is known are left out
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.parameters = {p.name: _middle(p.value) for p in model.parameters}
        self._given = {name: (v, v) for name, v in self.parameters.items()}
        self.stocks: dict[str, float] = {}
        self._state = self._ranges({})
        for stock in model.stocks:
            value = stock.initial
            number = _middle(value) if isinstance(value, Distribution) else self.value(value)
            if number is not None and math.isfinite(number):
                self.stocks[stock.name] = number
        self._state = self._ranges(self.stocks)

    def value(self, formula: Formula | None) -> float | None:
        """A formula at the start; None where there is none, or it has no value there."""
        return None if formula is None else _number(formula.node, self._state)

    def utility(self, actor: Actor, after: Action | None = None) -> float | None:
        """What a month is worth to an actor, in points: as things are, or after the effects of an act."""
        state = self._state if after is None or not after.effects else self._ranges(self._after(after))
        values = [_number(term.formula.node, state) for term in actor.utility]
        known = [v for v in values if v is not None]
        return sum(known) if known and len(known) == len(values) else None

    def _after(self, act: Action) -> dict[str, float]:
        stocks = dict(self.stocks)
        bounds = {s.name: s.bounds for s in self.model.stocks if s.bounds is not None}
        for effect in act.effects:
            amount, name = self.value(effect.amount), effect.variable
            if amount is None or name not in stocks:
                stocks.pop(name, None)
                continue
            new = amount if effect.how == "set" else stocks[name] + amount
            low, high = bounds.get(name, (-math.inf, math.inf))
            stocks[name] = min(max(new, low), high)
        return stocks

    def _ranges(self, stocks: Mapping[str, float]) -> Ranges:
        """The state that some stocks make, in which formulas can be read."""
        known = {name: (v, v) for name, v in stocks.items()}
        state = Ranges(known, (0.0, 0.0), self.model.step_length, self._given)
        for auxiliary in self.model.auxiliaries:
            number = None if auxiliary.equals is None else _number(auxiliary.equals.node, state)
            if number is not None:
                known[auxiliary.name] = (number, number)
        return state


def _number(node: Node, state: Ranges) -> float | None:
    low, high = state.of(node)
    close = math.isfinite(low) and high - low <= 1e-9 * max(1.0, abs(low), abs(high))
    return (low + high) / 2 if close else None


def _middle(value: float | Distribution) -> float:
    return float(quantile(value, 0.5)) if isinstance(value, Distribution) else value
