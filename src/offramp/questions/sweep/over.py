"""What `--over` says: `NAME`, `NAME=A..B`, `NAME=A..B/COUNT` or `NAME=1,2,5`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from offramp import distribution
from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.language import units
from offramp.questions.moved import Movable, movable_named
from offramp.runs.design import Design

MOST_VALUES = 101
ALONE, IN_GRID = 9, 6  # values of a range for which nothing is said
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})(?:\s*/\s*(\d+))?", re.ASCII)
# What may stand behind the numbers: `0..2 1/month`, `0..2 points`.
_UNIT = re.compile(r"(?<=\d)\s*((?:[A-Za-z%]|1\s*/\s*[A-Za-z]).*)", re.ASCII)


@dataclass(frozen=True)
class Along:
    """What is moved, and the values that it takes: numbers, or names of types or policies."""

    what: Movable
    values: tuple[float | str, ...]


def read(design: Design, text: str, in_grid: bool) -> Along:
    """What one `--over` says.

    Raises
    ------
    UsageError
        If it names nothing that can be moved, or no values that it can have.
    """
    name, given, values = (part.strip() for part in text.partition("="))
    what = movable_named(design, name)
    if given and not values:
        raise UsageError(f"`--over {text}` names no values. {_how(what)}")
    if what.choices:
        return Along(what, _named(what, values))
    usual = IN_GRID if in_grid else ALONE
    numbers = _numbers(what, text, _without_unit(what, values), usual) if given else _of_prior(what, usual)
    if len(numbers) > MOST_VALUES:
        raise UsageError(f"`--over {name}` has {len(numbers)} values; {MOST_VALUES} is the most.")
    return Along(what, numbers)


def _how(what: Movable) -> str:
    if what.choices:
        return f"Write --over {what.name}={','.join(what.choices[:2])}."
    low, high = what.ends() or (0.0, 1.0)
    return (
        f"Write --over {what.name}={low:.3g}..{high:.3g}, or values such as {what.name}={low:.3g},{high:.3g}."
    )


def _named(what: Movable, values: str) -> tuple[str, ...]:
    """Types or policies, all of them where none is named."""
    found = tuple(v.strip() for v in values.split(",")) if values else what.choices
    for value in found:
        if value not in what.choices:
            hint = did_you_mean(value, what.choices) or f"There are: {', '.join(what.choices)}."
            raise UsageError(f"`{what.name}` has no `{value}`. {hint}")
    return _each_once(what, found)


def _without_unit(what: Movable, values: str) -> str:
    """Numbers less the unit behind them, which must be that of what is moved."""
    match = _UNIT.search(values)
    if match is None or re.fullmatch(r"[eE][-+]?\d+.*", match[1]):
        return values
    try:
        same = units.parse(match[1]).same(units.parse(what.unit)) if what.unit else False
    except units.UnitError:
        same = False
    if not same:
        unit = what.unit or "no unit: it is a plain number"
        raise UsageError(
            f"`{what.name}` is in {unit}, not in {match[1]}. Units are checked, never converted."
        )
    return values[: match.start()]


def _numbers(what: Movable, text: str, values: str, usual: int) -> tuple[float, ...]:
    """The values of a range or a list."""
    match = _RANGE.fullmatch(values)
    if match is None:
        parts = [v.strip() for v in values.split(",")]
        wrong = next((v for v in parts if re.fullmatch(_NUMBER, v, re.ASCII) is None), None)
        if wrong is not None:
            raise UsageError(f"`{wrong}` in `--over {text}` is not a number. {_how(what)}")
        return _each_once(what, tuple(float(v) for v in parts))
    low, high, count = float(match[1]), float(match[2]), int(match[3]) if match[3] else None
    if not low < high:
        raise UsageError(f"a range goes from a lower to a higher number, not from {low:g} to {high:g}.")
    if count is not None and not 2 <= count <= MOST_VALUES:
        raise UsageError(f"a range has 2 to {MOST_VALUES} values, not {count}.")
    inside = _of_few_values(what, low, high)
    if count is None and inside:
        return inside
    return tuple(np.linspace(low, high, count or usual).tolist())


def _of_prior(what: Movable, usual: int) -> tuple[float, ...]:
    """Values along a prior: those of a discrete one, or evenly from its 5th to its 95th percentile."""
    ends = what.ends()
    if ends is None:
        raise UsageError(f"`{what.name}` has no prior, so say between which values it is moved. {_how(what)}")
    table = distribution.values(what.prior) if what.prior is not None else None
    if table is not None and len(table[0]) <= usual:
        return tuple(table[0].tolist())
    if ends[0] == ends[1]:
        ends = (ends[0], ends[0] + 1)
    return _of_few_values(what, *ends) or tuple(np.linspace(*ends, usual).tolist())


def _of_few_values(what: Movable, low: float, high: float) -> tuple[float, ...]:
    """The values of a discrete prior between two ends, if they are two or a few; empty otherwise."""
    table = distribution.values(what.prior) if what.prior is not None else None
    inside = [] if table is None else [v for v in table[0].tolist() if low <= v <= high]
    return tuple(inside) if 2 <= len(inside) <= 2 * ALONE else ()


def _each_once(what: Movable, values: tuple) -> tuple:  # type: ignore[type-arg]
    twice = next((v for i, v in enumerate(values) if v in values[:i]), None)
    if twice is not None:
        shown = f"{twice:g}" if isinstance(twice, float) else twice
        raise UsageError(f"`--over {what.name}` has {shown} twice.")
    return values


def check_apart(along: Sequence[Along]) -> None:
    """Make sure that nothing is moved twice.

    Raises
    ------
    UsageError
        If something is.
    """
    names = [a.what.name for a in along]
    twice = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if twice is not None:
        raise UsageError(f"`--over {twice}` stands twice; give all its values in one, {twice}=1,2,5.")
