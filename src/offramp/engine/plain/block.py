"""A block of runs: their numbers, their luck, and which of them still count."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from offramp.engine import luck
from offramp.engine.inputs import BOUNDS_TOLERANCE, Floats, Inputs, Ints
from offramp.engine.outputs import Status, blank
from offramp.engine.plain.world import State, World
from offramp.model import Model


class RunBlock:
    """What all parts of the true course of a block of runs go by.

    Attributes
    ----------
    outputs : what has been written down so far
    ended : (run,)
    """

    def __init__(self, model: Model, inputs: Inputs, probabilities: bool) -> None:
        self.model, self.inputs, self.dt = model, inputs, model.step_length
        self.steps = model.steps if inputs.steps is None else inputs.steps
        self.runs = len(inputs.scenario)
        self.outputs = blank(model, self.runs, probabilities, self.steps)
        self.ended = np.zeros(self.runs, dtype=np.bool_)

    # Worlds

    def world(self, parameters: State) -> World:
        """The model's formulas on a vector of parameters."""
        return World(self.model, parameters, self.runs)

    def parameters_as_drawn(self) -> State:
        """The true parameters before any policy."""
        return {p.name: self.inputs.parameters[:, i] for i, p in enumerate(self.model.parameters)}

    def parameters_in(self, k: int) -> State:
        """The true parameters in step k: as drawn, unless a policy holds or shifts them."""
        schedule = self.inputs.schedule
        result = {}
        for i, parameter in enumerate(self.model.parameters):
            fixed = schedule.hold[k, i]
            value = self.inputs.parameters[:, i] if np.isnan(fixed) else np.full(self.runs, fixed)
            result[parameter.name] = value + schedule.shift[k, i]
        return result

    def stocks_set_by_policy(self, k: int, state: State) -> State:
        schedule = self.inputs.schedule
        new = dict(state)
        for i, stock in enumerate(self.model.carried):
            given = schedule.set_stock[k, i]
            value = new[stock.name] if np.isnan(given) else np.full(self.runs, given)
            new[stock.name] = value + schedule.shift_stock[k, i]
        return new

    # Bookkeeping

    def scenario(self, k: int) -> Ints:
        """Which scenario's random numbers each run uses in step k."""
        return self.inputs.scenario if self.inputs.lineage is None else self.inputs.lineage[:, k]

    def uniform(self, k: int, purpose: str) -> Floats:
        return luck.uniform(self.inputs.seed, self.scenario(k), k, purpose)

    def normal(self, k: int, purpose: str) -> Floats:
        return luck.normal(self.inputs.seed, self.scenario(k), k, purpose)

    def record(self, time: int, state: State) -> None:
        for i, variable in enumerate(self.model.variables):
            self.outputs.state[:, time, i] = state[variable.name]

    def fail(self, k: int, failing: npt.ArrayLike, status: Status, variable: int = -1) -> None:
        """Set runs apart, unless they had ended or failed before."""
        outputs = self.outputs
        where = np.asarray(failing, dtype=np.bool_) & ~self.ended & (outputs.status == Status.OK)
        outputs.status[where] = status
        outputs.failed_step[where] = k
        outputs.failed_variable[where] = variable

    def check(self, k: int, state: State) -> None:
        """Set apart the runs in which a variable is not finite or has left its bounds."""
        for i, variable in enumerate(self.model.variables):
            self.fail(k, ~np.isfinite(state[variable.name]), Status.NOT_FINITE, i)
        for memory in self.model.memories:
            for place in memory.places:
                self.fail(k, ~np.isfinite(state[place]), Status.NOT_FINITE)
        for i, variable in enumerate(self.model.variables):
            if variable.bounds is not None and not variable.saturates:
                low, high = variable.bounds
                width = high - low
                slack = BOUNDS_TOLERANCE * width if math.isfinite(width) else 0.0
                value = state[variable.name]
                outside = (value < low - slack) | (value > high + slack)
                self.fail(k, outside, Status.OUT_OF_BOUNDS, i)
