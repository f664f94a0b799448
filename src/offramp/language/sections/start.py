"""Where a stock starts, held against its bounds."""

from __future__ import annotations

import math

from offramp.distribution import likely, quantile, support
from offramp.language.constants import fold
from offramp.language.fields import NO_FORMULA
from offramp.language.functions import Range
from offramp.language.ranges import Ranges
from offramp.language.reader import Reader
from offramp.language.source import Value
from offramp.model import Distribution, Formula
from offramp.tree import Parameter

# Parameter -> its number or prior.
Priors = dict[str, float | Distribution]


def hold_against_bounds(
    reader: Reader,
    at: Value,
    name: str,
    initial: Formula | Distribution,
    bounds: Range,
    saturates: bool,
    priors: Priors,
) -> None:
    """Note an initial value that lies outside the bounds of its stock.

    A number must lie within them, and so must every value of a prior that has ends. Of a prior without ends
    997 in 1,000 values must; for a stock that is held at its bounds, the middle is enough. A formula of
    parameters must be able to give a value within them, unless the stock is held at its bounds anyway.
    """
    if initial is NO_FORMULA:
        return
    low, high = bounds
    outside = f"outside its bounds [{low:g}, {high:g}]"
    if isinstance(initial, Formula):
        value: float | Distribution | None = fold(initial.node)
        if value is None and saturates:
            return
        if isinstance(initial.node, Parameter):
            value = priors.get(initial.node.name)
        if value is None:
            reach = {n: _reach(v, saturates) for n, v in priors.items()}
            least, most = Ranges({}, (0.0, 0.0), 1.0, reach).of(initial.node)
            if least > high or most < low:
                hint = "Correct the formula, its parameters or the bounds."
                reader.say(at, f"`{name}` can only start from {least:.4g} to {most:.4g}, {outside}", hint)
            return
    else:
        value = initial
    least, most = _reach(value, saturates)
    if low <= least and most <= high:
        return
    if not isinstance(value, Distribution):
        reader.say(at, f"`{name}` starts at {value:g}, {outside}", "Correct the value or the bounds.")
        return
    hint = "Narrow the prior or widen the bounds."
    if value.kind == "normal":
        hint = f"Cut the prior off, normal(mean, sd, {low:g}, {high:g}), or widen the bounds."
    if least == most:
        reader.say(at, f"`{name}` starts around {least:g}, {outside}", hint)
    elif math.isinf(support(value)[1]):
        reader.say(at, f"`{name}` is likely to start from {least:.4g} to {most:.4g}, {outside}", hint)
    else:
        reader.say(at, f"`{name}` can start anywhere from {least:g} to {most:g}, {outside}", hint)


def _reach(value: float | Distribution, saturates: bool) -> Range:
    """Lowest and highest value that counts."""
    if not isinstance(value, Distribution):
        return value, value
    low, high = support(value)
    if math.isinf(low) or math.isinf(high):
        middle = float(quantile(value, 0.5))
        return (middle, middle) if saturates else likely(value)
    return low, high
