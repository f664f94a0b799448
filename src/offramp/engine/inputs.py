"""What an engine is given, the same for the compiled engine and the oracle; `outputs` is what it gives back.

Axes: run (one scenario under one policy), step 0..T-1, time 0..T, and positions in the model's own
tuples: stock (`Model.stocks`), variable (`Model.variables`), parameter, actor, event, outcome.
`slot` counts all actions of all actors, actor by actor, in file order; `overlay` all values of all types,
actor by actor, type by type, value by value; `supposition` and `expectation` are those of
`Model.suppositions` and `Model.expectations`; `misreading`, `signal` and `belief` count those of all actors,
actor by actor, in file order; `ladder` is a position in `Model.ladders`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.model import Branch
from offramp.tree import is_plain

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Of beliefs that are this near to the largest, rounding does not say which leads.
LEADING = 1.0 - 1e-9
LARGEST_MEAN = 500.0  # of random events of one kind in one step; a run with more fails
BOUNDS_TOLERANCE = 1e-9  # of the width between the bounds; a run that leaves them by more fails
LARGEST_REPEATED_POWER = 8  # whole exponents up to this are multiplications


def may_pass_one(branches: Sequence[Branch]) -> bool:
    """Whether the probabilities given may sum to more than 1; numbers alone are checked not to."""
    return any(b.probability is not None and not is_plain(b.probability.node) for b in branches)


@dataclass(frozen=True)
class Schedule:
    """One policy as tables over steps; the same for every run.

    Attributes
    ----------
    hold, shift : (step, parameter), float
        Value of a parameter in this step instead of the drawn one (NaN: as drawn); then what is added.
    set_stock, shift_stock : (step, stock), float
        Value given to a stock at the start of the step (NaN: none); then what is added.
    allowed : (step, slot), bool
        False where the policy forbids the action.
    forced : (step, actor), int
        Position of the forced action among the actor's own actions, -1 for none.
    nudge : (step, slot), float
        Added to the propensity of the action where the actor really chooses.
    suppose : (step, actor, parameter), float
        What the actor takes a parameter for, whatever else it takes it for (NaN: nothing said).
    right_misreading : (step, misreading), bool
        Where the actor does not misread the parameter.
    right_signal : (step, signal), bool
        Where the actor sees the stock as it is.
    right_belief : (step, belief), bool
        Where the actor knows the other's true type, and does not learn.
    believe : (step, supposition), float
        Chance of the type from the start of the step on (NaN: nothing said).
    """

    hold: Floats
    shift: Floats
    set_stock: Floats
    shift_stock: Floats
    allowed: Bools
    forced: Ints
    nudge: Floats
    suppose: Floats
    right_misreading: Bools
    right_signal: Bools
    right_belief: Bools
    believe: Floats


@dataclass(frozen=True)
class Observed:
    """What is known to have come in steps of the past, the same for every run: nothing is drawn of it.

    Attributes
    ----------
    counts : (step, event), int
        So many of a random event are known to have come, -1 where nothing is known. What else came is drawn.
    share : (event,), float
        Of what comes, the share that is known of: 1 where all is. So the rest has a mean of 1 less it.
    acts : (step, slot), int
        1 where the action is known to have been taken, 0 where it is known not to have been, else -1. It has
        no effect where it would leave an actor no action.
    """

    counts: Ints
    share: Floats
    acts: Ints


@dataclass(frozen=True)
class Inputs:
    """A block of runs.

    Attributes
    ----------
    seed : 0 <= seed < 2**64
    scenario : (run,), int, >= 0
        Numbers of the scenarios; with the seed they are the key of all luck.
    parameters : (run, parameter)
        The truth before any policy: as drawn, with every typed actor's true type written over it. What
        is set by hand holds whatever the type.
    initial : (run, stock)
    misread : (run, misreading)
        Values of all misreadings of all actors, actor by actor, in file order.
    schedule : the policy
    type_value : (run, overlay)
        Values of all types, true or not, for the pictures.
    prior : (run, supposition)
        What each actor believes at the start; sums to 1 over the types of each belief.
    true_type : (run, actor), int8
        Position among the actor's types, -1 for an actor without. It is in `parameters` already; results
        show it, and it is what a policy corrects a belief to.
    lineage : (run, step), int, >= 0, or None
        Number of the scenario whose luck a run meets in each step, instead of `scenario`: so a run can share
        its past with one and its future with another.
    steps : how many steps to play, or None for all of the model's. Outputs then have so many, and dates one
        more; what is played does not depend on it.
    paths : how many paths of imagined luck an actor follows in its look-ahead; 0 for the expected path
    known : how many steps are past: what came in them is known, and no longer a matter of chance
    observed : what is known to have come in some steps, or None; runs have it, and the rest is as likely as
        it is given that
    """

    seed: int
    scenario: Ints
    parameters: Floats
    initial: Floats
    misread: Floats
    schedule: Schedule
    type_value: Floats
    prior: Floats
    true_type: npt.NDArray[np.int8]
    lineage: Ints | None = None
    steps: int | None = None
    paths: int = 0
    known: int = 0
    observed: Observed | None = None


PER_RUN = ("scenario", "parameters", "initial", "misread", "type_value", "prior", "true_type", "lineage")


def joined(parts: Sequence[Inputs]) -> Inputs:
    """The inputs of several blocks under one policy as those of one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    given = [name for name in PER_RUN if getattr(first, name) is not None]
    rows: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in given}
    return replace(first, **rows)
