"""What a formula may use, and what comes of reading it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from offramp.language.memories import Memories
from offramp.language.units import Kind
from offramp.model import Curve
from offramp.tree import Node


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
    lookups : tables, by name
    memories : where calls of `smooth`, `delay` and `was` are kept; None where there can be none
    """

    names: Mapping[str, Known]
    dates: Mapping[str, float] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    months: Callable[[date], float] | None = None
    refused: str = ""
    timeless: bool = False
    constant: bool = False
    incomplete: bool = False
    lookups: Mapping[str, Curve] = field(default_factory=dict)
    memories: Memories | None = None


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
