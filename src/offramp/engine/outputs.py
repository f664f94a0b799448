"""What an engine gives back, the same for the compiled engine and the oracle: one table of its arrays.

Axes are those of `offramp.engine.inputs`. Whoever makes, fills, joins or keeps such arrays asks `TABLE` for
their axes and types, so that a new one is a new field of `Outputs` and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Annotated, Any, get_type_hints

import numpy as np
import numpy.typing as npt

from offramp.engine.inputs import Floats, Inputs
from offramp.engine.inputs import joined as joined_inputs
from offramp.model import Model


class Status(IntEnum):
    """How a run ended; anything but OK sets it apart from every summary."""

    OK = 0
    NOT_FINITE = 1
    OUT_OF_BOUNDS = 2
    TOO_MANY_EVENTS = 3


class Ending(IntEnum):
    """How an exchange on a ladder ended; sides in the order of `Ladder.sides`."""

    NONE = 0  # it did not open
    FIRST_STOOD_DOWN = 1
    SECOND_STOOD_DOWN = 2
    PETERED_OUT = 3
    WAR = 4


@dataclass(frozen=True)
class OutputRow:
    """One array of `Outputs`.

    Attributes
    ----------
    axes : names of those behind the run's
    dtype : type of its numbers
    nothing : value where there is nothing to tell: once a run has ended or failed, or nothing happened.
        A `state` is repeated instead.
    """

    axes: tuple[str, ...]
    dtype: type[np.generic]
    nothing: float

    def shape(self, lengths: Mapping[str, int]) -> tuple[int, ...]:
        return tuple(lengths[axis] for axis in self.axes)


@dataclass(frozen=True)
class Outputs:
    """What happened.

    Attributes
    ----------
    state : (run, time, variable), each variable in its unit
        At the start of each step, before its events, and at the end. Auxiliaries included. After a run
        has ended or failed its last state is repeated.
    action : (run, step, actor), int8
        Position among the actor's own actions; -1 once the run has ended or failed.
    probability : (run, step, slot) or None
        Chance that the actor gave each action; NaN once the run has ended or failed.
    belief : (run, step, supposition)
        What each actor believes as it chooses in the step, chances of types; NaN once the run has ended
        or failed.
    estimate_mean, estimate_sd : (run, step, estimate), in the unit of the stock
        What each actor takes a stock for as it chooses in the step, and the standard deviation of that in its
        eyes; NaN once the run has ended or failed.
    expected : (run, step, expectation)
        Chance that the actor gave to what the other then did, averaged over its pictures by belief; minus
        its logarithm is the actor's surprise. NaN once the run has ended or failed.
    event_mean : (run, step, event) or None
        Mean number of a random event in the step, where chances are asked for; NaN of dated events, and once
        the run has ended or failed.
    event : (run, step, event), int16
        How often a random event happened; for a dated event with branches 1 + position of the branch
        drawn, without branches 1, in its step; 0 elsewhere. For random events with branches, the total.
    ladder_rung : (run, step, ladder), int8
        Highest rung that the exchange reached, from 0; -1 where it did not open.
    ladder_first : (run, step, ladder), int8
        Position in `Ladder.sides` of the side that moved first; -1 where it did not open.
    ladder_moves : (run, step, ladder), int8
        Moves made, the last included; 0 where it did not open.
    ladder_ending : (run, step, ladder), int8, an Ending
    ladder_risk : (run, step, ladder)
        Chances that control was lost, summed over the moves made: what the exchange, as it went, added to the
        chance of war. 0 where it did not open.
    ladder_foreseen : (run, step, ladder, 2)
        Chance of war that each side foresaw at the opening, in the order of `Ladder.sides`; NaN where it
        did not open.
    outcome : (run, outcome), int16
        Step at whose end the outcome first held, -1 for never (`otherwise` outcomes: always -1).
    outcome_part : (run, outcome)
        Share of that step that was over when the outcome came, above 0 and up to 1; NaN for never.
    status : (run,), uint8, a Status
    failed_step : (run,), int16, -1 where the run is OK
    failed_variable : (run,), int16
        Position in Model.variables of a variable that failed first, -1 if none or if something else failed.
    inputs : what was run; None where it is not known. No array of the engine's: who asks for a day within a
        step needs the luck and the parameters of the runs.
    """

    state: Annotated[Floats, OutputRow(("time", "variable"), np.float64, math.nan)]
    action: Annotated[npt.NDArray[np.int8], OutputRow(("step", "actor"), np.int8, -1)]
    probability: Annotated[Floats | None, OutputRow(("step", "slot"), np.float64, math.nan)]
    event_mean: Annotated[Floats | None, OutputRow(("step", "event"), np.float64, math.nan)]
    belief: Annotated[Floats, OutputRow(("step", "supposition"), np.float64, math.nan)]
    estimate_mean: Annotated[Floats, OutputRow(("step", "estimate"), np.float64, math.nan)]
    estimate_sd: Annotated[Floats, OutputRow(("step", "estimate"), np.float64, math.nan)]
    expected: Annotated[Floats, OutputRow(("step", "expectation"), np.float64, math.nan)]
    event: Annotated[npt.NDArray[np.int16], OutputRow(("step", "event"), np.int16, 0)]
    ladder_rung: Annotated[npt.NDArray[np.int8], OutputRow(("step", "ladder"), np.int8, -1)]
    ladder_first: Annotated[npt.NDArray[np.int8], OutputRow(("step", "ladder"), np.int8, -1)]
    ladder_moves: Annotated[npt.NDArray[np.int8], OutputRow(("step", "ladder"), np.int8, 0)]
    ladder_ending: Annotated[npt.NDArray[np.int8], OutputRow(("step", "ladder"), np.int8, Ending.NONE)]
    ladder_risk: Annotated[Floats, OutputRow(("step", "ladder"), np.float64, 0.0)]
    ladder_foreseen: Annotated[Floats, OutputRow(("step", "ladder", "side"), np.float64, math.nan)]
    outcome: Annotated[npt.NDArray[np.int16], OutputRow(("outcome",), np.int16, -1)]
    outcome_part: Annotated[Floats, OutputRow(("outcome",), np.float64, math.nan)]
    status: Annotated[npt.NDArray[np.uint8], OutputRow((), np.uint8, Status.OK)]
    failed_step: Annotated[npt.NDArray[np.int16], OutputRow((), np.int16, -1)]
    failed_variable: Annotated[npt.NDArray[np.int16], OutputRow((), np.int16, -1)]
    inputs: Inputs | None = None

    @property
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Those that are there, by name."""
        return {name: values for name in TABLE if (values := getattr(self, name)) is not None}


TABLE: dict[str, OutputRow] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Outputs, include_extras=True).items()
    if hasattr(hint, "__metadata__")
}


def lengths(model: Model, steps: int | None = None) -> dict[str, int]:
    """How long each axis is in runs of so many steps; None for all of the model's."""
    steps = model.steps if steps is None else steps
    return {
        "step": steps,
        "time": steps + 1,
        "variable": len(model.variables),
        "actor": len(model.actors),
        "slot": sum(len(actor.actions) for actor in model.actors),
        "supposition": len(model.suppositions),
        "expectation": len(model.expectations),
        "estimate": len(model.estimates),
        "event": len(model.events),
        "ladder": len(model.ladders),
        "side": 2,
        "outcome": len(model.outcomes),
    }


def empty(model: Model, runs: int, probabilities: bool, steps: int | None = None) -> Outputs:
    """Arrays for the results of a block of runs, not yet filled."""
    size = lengths(model, steps)
    arrays = {name: np.empty((runs, *row.shape(size)), row.dtype) for name, row in TABLE.items()}
    return Outputs(**arrays if probabilities else arrays | dict.fromkeys(("probability", "event_mean")))


def blank(model: Model, runs: int, probabilities: bool, steps: int | None = None) -> Outputs:
    """The same, filled with what stands where there is nothing to tell."""
    outputs = empty(model, runs, probabilities, steps)
    for name, values in outputs.arrays.items():
        values[:] = TABLE[name].nothing
    return outputs


def joined(parts: Sequence[Outputs]) -> Outputs:
    """The outputs of several blocks as those of one."""
    if len(parts) == 1:
        return parts[0]
    none = dict.fromkeys(TABLE)
    found = Outputs(**none | {n: np.concatenate([p.arrays[n] for p in parts]) for n in parts[0].arrays})
    given = [p.inputs for p in parts if p.inputs is not None]
    return replace(found, inputs=joined_inputs(given)) if len(given) == len(parts) else found
