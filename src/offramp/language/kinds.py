"""What a formula can be worth, what it may use, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from offramp.language import units
from offramp.language.units import Unit
from offramp.tree import Node


@dataclass(frozen=True, slots=True)
class Bare:
    """The unit of an expression of literals only: whatever its neighbour has."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The unit of something that is wrong already; nothing more is said about it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Not a number: true or false."""


Kind = Unit | Bare | Unknown | Condition
BARE, UNKNOWN, CONDITION = Bare(), Unknown(), Condition()


@dataclass(frozen=True, slots=True)
class Known:
    """What a name in a formula stands for, and the line on which it is defined."""

    what: Literal["variable", "parameter"]
    unit: Kind
    line: str = ""  # "line 12"


@dataclass(frozen=True, slots=True)
class Scope:
    """What one formula may use.

    Attributes
    ----------
    names : variables and parameters of the model
    dates : dated events, as months since the start
    elsewhere : names that mean something else (an actor, an action, an outcome), and what
    months : turns a date into months since the start
    refused : why variables may not be read here; empty where they may
    timeless : True where `now` and dates may not be used either
    constant : True where parameters may not be read either: numbers and units only
    incomplete : True where names may be missing because of a mistake noted elsewhere
    """

    names: Mapping[str, Known]
    dates: Mapping[str, float] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    months: Callable[[date], float] | None = None
    refused: str = ""
    timeless: bool = False
    constant: bool = False
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in a formula, at characters `start` to `end` of its text.

    `missing` is the name that nothing is known of, where that is the mistake: one wrong definition makes
    many of them, to be said together.
    """

    message: str
    hint: tuple[str, ...]
    start: int
    end: int
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A formula that was read: its tree (not to be used if there are faults), its kind, its faults."""

    node: Node
    kind: Kind
    faults: tuple[Fault, ...]


def named(unit: Unit) -> str:
    """A unit in a sentence: in `kg`, in plain numbers."""
    return "plain numbers" if unit.is_plain and not unit.label else f"`{unit}`"


def advice(given: Unit, wanted: Unit, it: str = "it") -> tuple[str, ...]:
    """How to get `it` from one unit to the other: the factor, or a missing `/ month`."""
    ratio = Unit(wanted.times(given, -1.0).powers)
    if given.dimension == wanted.dimension:
        factor = given.factor / wanted.factor
        if factor >= 1:
            same = f"1 {_one(given)} is {factor:.10g} {_one(wanted)}"
            way = f"multiply {it} by `{_product(factor, ratio)}`"
        else:
            same = f"1 {_one(wanted)} is {1 / factor:.10g} {_one(given)}"
            way = f"divide {it} by `{_product(1 / factor, Unit(given.times(wanted, -1.0).powers))}`"
        return (f"Units are not converted. {same}: {way}.",)
    if wanted.is_plain:
        bridge = str(Unit(given.powers))
        way = f"multiply {it} by `{bridge[2:]}`" if bridge.startswith("1/") else f"divide {it} by `{bridge}`"
        return (f"To drop the unit, {way}; or is a `unit` missing or wrong?",)
    if ratio.same(units.PER_MONTH):
        return (
            "A value per month is wanted: multiply by a number with its unit, as in `0.1 / month * ...`.",
        )
    if ratio.same(units.MONTH) and given.is_plain:
        return ("Give the number the unit `month`, where it stands or as in `3 * month`.",)
    if ratio.same(units.MONTH):
        return ("It is per month already: drop one `/ month`.",)
    bridge = str(ratio)
    way = f"divide {it} by something in `{bridge[2:]}`" if bridge.startswith("1/") else ""
    way = way or f"multiply {it} by something in `{bridge}`"
    return (f"Where the formula is right, change the `unit`; otherwise {way}.",)


def _product(factor: float, unit: Unit) -> str:
    """A number with its unit, in brackets where it could be read otherwise: `(12 * month/year)`."""
    text = str(unit)
    if text.startswith("1/"):
        return f"{factor:.10g} / {text[2:]}"
    return f"({factor:.10g} * {text})"


def _one(unit: Unit) -> str:
    text = str(unit)
    if text.startswith("1/"):
        return f"per {text[2:]}"
    return "(a plain number)" if unit.is_plain and not unit.label else text
