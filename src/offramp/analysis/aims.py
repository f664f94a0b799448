"""What is wanted of each outcome, by whom, and how that is known; `offramp.questions.aims` finds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.model import Aim, Model

SIGNS: Mapping[Aim, int] = {"more": 1, "less": -1, "none": 0}


@dataclass(frozen=True, kw_only=True)
class SideAim:
    """What one actor wants of an outcome.

    Attributes
    ----------
    rule : `file` where the file says so; `ladder` where it says that war is worth less than nothing to a
        side; `worth` where what the outcome is worth was held against an ordinary month
    worth, ordinary : points per month, on average over the months of the baseline in which nothing has ended;
        None by the other rules
    """

    aim: Aim
    rule: Literal["file", "ladder", "worth"]
    worth: float | None
    ordinary: float | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is wanted of an outcome by whom a page is for.

    Attributes
    ----------
    rule : `file`: its `aim` says so. `side`: it is what the one actor wants for whom was asked. `agreed`: all
        sides of which it is known want the same. `disagreed`: they do not, and the aim is none. `unknown`:
        nothing says
    sides : actor -> what it wants, of those of which it is known
    """

    aim: Aim
    rule: Literal["file", "side", "agreed", "disagreed", "unknown"]
    sides: dict[str, SideAim]


NOT_SAID = Wanted(aim="none", rule="unknown", sides={})


def need_reader(model: Model, reader: str | None) -> None:
    """Check for whom something is asked.

    Raises
    ------
    UsageError
        If the model has no such actor.
    """
    names = [a.name for a in model.actors]
    if reader is not None and reader not in names:
        hint = did_you_mean(reader, names) or (
            f"Actors are: {', '.join(names)}." if names else "It has none."
        )
        raise UsageError(f"--for {reader}: model `{model.name}` has no such actor. {hint}")
