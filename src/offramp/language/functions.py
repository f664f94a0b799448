"""The functions of the formula language, one record each.

A function is one of two things. What is *made of others* is a formula that the checker writes in its place:
units, ranges, folding, both engines and the diagnosis of failed runs follow from its parts, and to add one is
to add one record here. What is *primitive* stays a `Call`; its record says how units, ranges and constants
work, and each engine has its instructions under the same name (`tree.PRIMITIVES`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from offramp.tree import PRIMITIVES

Range = tuple[float, float]
ANY: Range = (-math.inf, math.inf)

# What a function asks of the units of its arguments, and which it gives back.
Units = Literal[
    "of its parts",  # what the formula asks that it is made of, in which numbers but 0 have no unit
    "plain",  # plain numbers, and gives one
    "alike",  # all in one unit, and gives it
    "kept",  # any, and gives it
    "root",  # any, and gives its square root
    "choice",  # a condition, then two in one unit, and gives that
]


@dataclass(frozen=True)
class FunctionRecord:
    """One function of the formula language.

    Attributes
    ----------
    usage : how to call it; the names in brackets are those that `made_of` reads
    meaning : for the reference
    made_of : a formula of other functions; empty for a primitive
    units : what it asks and gives
    fold : of a primitive: its value, in IEEE arithmetic (infinite and NaN values included, nothing raised)
    range : of a primitive: the least and greatest value, given those of each argument
    refuse : what is wrong with arguments that are numbers (None where one is not), and what to do; or None
    most : the greatest number of arguments, where it takes any number
    also : what other languages call it
    """

    usage: str
    meaning: str
    made_of: str = ""
    units: Units = "of its parts"
    fold: Callable[..., float] | None = None
    range: Callable[..., Range] | None = None
    refuse: Callable[..., tuple[str, str] | None] | None = None
    most: int | None = None
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.made_of) == (self.name in PRIMITIVES):
            raise ValueError(f"`{self.name}` is either made of others or one of tree.PRIMITIVES")

    @property
    def name(self) -> str:
        return self.usage.partition("(")[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of its arguments, without the dots of one that takes any number."""
        names = self.usage.partition("(")[2].rstrip(")").split(", ")
        return tuple(n for n in names if n != "...")

    @property
    def counts(self) -> tuple[int, int]:
        """Least and greatest number of arguments."""
        return len(self.arguments), self.most or len(self.arguments)


def _ieee(function: Callable[..., float]) -> Callable[..., float]:
    """A function of `math` that answers where Python's raises: too large is infinite, undefined is NaN."""

    def safe(*args: float) -> float:
        try:
            return function(*args)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return safe


_exp, _sqrt, _ln = _ieee(math.exp), _ieee(math.sqrt), _ieee(math.log)


def _log(x: float) -> float:
    return -math.inf if x == 0 else _ln(x)


def _with_nan(choose: Callable[..., float]) -> Callable[..., float]:
    """`min` or `max`, but NaN as soon as one argument is."""
    return lambda *args: math.nan if any(math.isnan(a) for a in args) else choose(args)


def _ends(choose: Callable[[tuple[float, ...]], float]) -> Callable[..., Range]:
    return lambda *args: (choose(tuple(low for low, _ in args)), choose(tuple(high for _, high in args)))


def _distance(x: Range) -> Range:
    low, high = x
    return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


def _ends_crossed(_: float | None, low: float | None, high: float | None) -> tuple[str, str] | None:
    if low is None or high is None or low <= high:
        return None
    return f"`clip` with a low end of {low:g} above its high end of {high:g}", "Swap them."


FUNCTIONS: dict[str, FunctionRecord] = {
    function.name: function
    for function in (
        FunctionRecord(
            "min(a, b, ...)",
            "the least of 2 to 20 values",
            units="alike",
            fold=_with_nan(min),
            range=_ends(min),
            most=20,
            also=("minimum",),
        ),
        FunctionRecord(
            "max(a, b, ...)",
            "the greatest of 2 to 20 values",
            units="alike",
            fold=_with_nan(max),
            range=_ends(max),
            most=20,
            also=("maximum",),
        ),
        FunctionRecord(
            "exp(x)", "e to the power x", units="plain", fold=_exp, range=lambda x: (_exp(x[0]), _exp(x[1]))
        ),
        FunctionRecord(
            "log(x)",
            "natural logarithm",
            units="plain",
            fold=_log,
            range=lambda x: (_log(x[0]), _log(x[1])) if x[0] > 0 else ANY,
            also=("ln",),
        ),
        FunctionRecord(
            "sqrt(x)",
            "square root",
            units="root",
            fold=_sqrt,
            range=lambda x: (_sqrt(x[0]), _sqrt(x[1])) if x[0] >= 0 else (0.0, math.inf),
            also=("root",),
        ),
        FunctionRecord(
            "abs(x)", "size without sign", units="kept", fold=abs, range=_distance, also=("fabs",)
        ),
        FunctionRecord(
            "clip(x, low, high)",
            "x, but no less than low and no more than high",
            "min(max(x, low), high)",
            units="alike",
            refuse=_ends_crossed,
            also=("clamp",),
        ),
        FunctionRecord(
            "where(condition, if_true, if_false)",
            "one of two values",
            units="choice",
            also=("ifelse", "iif"),
        ),
        FunctionRecord(
            "logistic(x)",
            "a share that rises from 0 to 1, 1/2 at 0",
            "1 / (1 + exp(-x))",
            units="plain",
            also=("sigmoid", "expit"),
        ),
    )
}


@dataclass(frozen=True)
class MemoryFunction:
    """A function of what a value was before now; the checker makes hidden stocks of it (`Remembered`).

    Attributes
    ----------
    usage : how to call it, the arguments that can be left out in square brackets
    meaning : for the reference
    also : what other languages call it
    """

    usage: str
    meaning: str
    also: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.usage.partition("(")[0]

    @property
    def counts(self) -> tuple[int, int]:
        """Least and greatest number of arguments."""
        return self.usage.partition("[")[0].count(",") + 1, self.usage.count(",") + 1


MEMORY_FUNCTIONS: dict[str, MemoryFunction] = {
    function.name: function
    for function in (
        MemoryFunction(
            "smooth(x, time[, stages, start])",
            "x, as it is taken in over time: an exponential average, or 2 to 12 of them in a row",
            ("smoothi", "smooth1", "smooth3", "smooth3i", "smoothn", "smth1", "smth3", "smthn", "ema"),
        ),
        MemoryFunction(
            "delay(x, time[, stages, start])",
            "what comes out of a pipeline into which x flows: all of it, after `time` on average",
            ("delay1", "delay1i", "delay3", "delay3i", "delayn", "material_delay", "pipeline"),
        ),
        MemoryFunction(
            "was(x, time[, start])",
            "what x was so long ago, to the nearest step",
            ("lag", "previous", "prev", "past", "ago", "delay_fixed", "shift"),
        ),
    )
}

# Words of the language that are no functions of numbers.
LOOKUP = "lookup"
DATE_FUNCTIONS = ("months_until", "months_since")
TIME = ("now", "dt")
_OTHERS = {
    **{other: f.name for f in FUNCTIONS.values() for other in f.also},
    **{other: f.name for f in MEMORY_FUNCTIONS.values() for other in f.also},
}
OTHER_FUNCTIONS = _OTHERS | {
    "table": LOOKUP,
    "with_lookup": LOOKUP,
    "graph": LOOKUP,
    "interp": LOOKUP,
    "interpolate": LOOKUP,
    "days_until": "months_until",
    "days_since": "months_since",
    "until": "months_until",
    "since": "months_since",
}
OTHER_NAMES = {"t": "now", "today": "now"}
