"""What a policy changes in one number, as answers hold it: to six digits, NaN where there is none.

`offramp.analysis.paired` and `offramp.analysis.worlds` find these numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from offramp.analysis.answer import six_digits
from offramp.analysis.paired import Difference
from offramp.analysis.worlds import Spread


@dataclass(frozen=True, kw_only=True)
class OverWorlds:
    """How a change varies with the uncertain numbers, luck averaged out.

    Attributes
    ----------
    low, high : 5th and 95th percentile of the change from world to world
    deviation, at_most : its standard deviation, and how large that may be (one-sided 95 %)
    distinguishable : whether worlds differ by more than luck explains
    positive : share of worlds in which the change is above 0
    worlds, replicates : how many hold, and how often each was run
    """

    low: float
    high: float
    deviation: float
    at_most: float
    distinguishable: bool
    positive: float
    worlds: int
    replicates: int


@dataclass(frozen=True, kw_only=True)
class ChangeAt:
    """A change with its sampling interval, in the unit of what changes."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Change(ChangeAt):
    """What a policy changes in one thing, as against another policy in the same scenarios.

    Attributes
    ----------
    here, there : mean under the policy, and under the one that it is held against
    distinguishable : whether the sampling interval leaves out 0
    runs, differing : scenarios that hold under both, and in how many of them the two differ at all
    runs_needed : with which a change as large would be told from none in four cases of five; None where none
        was seen
    without_luck : how much of the luck that decides is taken out, 0 to 1 (`offramp.analysis.weighing`)
    parameters : over uncertain numbers; None where worlds were not replicated, or too few hold
    """

    here: float
    there: float
    distinguishable: bool
    runs: int
    differing: int
    runs_needed: int | None
    without_luck: float
    parameters: OverWorlds | None


@dataclass(frozen=True, kw_only=True)
class OutcomeChange(Change):
    """Of the chance of an outcome by the end.

    Attributes
    ----------
    by : date -> change of the chance by then
    months : of the months until it comes, counted to the end where it never does; None for what is otherwise
    """

    by: dict[date, ChangeAt]
    months: Change | None


@dataclass(frozen=True, kw_only=True)
class VariableChange(Change):
    """Of the mean of a variable at the end, in its `unit`; `by` is the change at each date."""

    unit: str
    by: dict[date, ChangeAt]


def change_at(found: Difference) -> ChangeAt:
    """A difference at one date."""
    return ChangeAt(
        difference=six_digits(found.value), low=six_digits(found.low), high=six_digits(found.high)
    )


def change(found: Difference, worlds: Spread | None) -> Change:
    """A difference and how it varies over worlds."""
    return Change(
        difference=six_digits(found.value),
        low=six_digits(found.low),
        high=six_digits(found.high),
        here=six_digits(found.here),
        there=six_digits(found.there),
        distinguishable=found.distinguishable,
        runs=found.scenarios,
        differing=found.differing,
        runs_needed=found.needed,
        without_luck=six_digits(found.without_luck),
        parameters=None if worlds is None else over_worlds(worlds),
    )


def over_worlds(spread: Spread) -> OverWorlds:
    """How an effect varies over worlds."""
    return OverWorlds(
        low=six_digits(spread.low),
        high=six_digits(spread.high),
        deviation=six_digits(spread.deviation),
        at_most=six_digits(spread.at_most),
        distinguishable=spread.distinguishable,
        positive=six_digits(spread.share_above(0.0)),
        worlds=spread.worlds,
        replicates=spread.lives,
    )
