"""Chances of an outcome run by run: what its hazard made of the course of a run, instead of a 0 or a 1.

A run in which war did not come, though it was near for months, says more of the risk of war than its 0.
Where an outcome has a rate, the draw that decides on it is replaced by its chance: conditional Monte Carlo
(Asmussen and Glynn 2007, Stochastic Simulation, section V.4). The mean is the same, its sampling error
smaller.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.engine.inputs import Inputs
from offramp.engine.outputs import Ending, Outputs, Status
from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.model import Model, Outcome

Floats = npt.NDArray[np.float64]


def is_smooth(model: Model, outcome: str) -> bool:
    """Whether an outcome comes by a rate or by ladders alone, so that each run has a chance of it."""
    found = next(o for o in model.outcomes if o.name == outcome)
    by_ladder = any(ladder.war == outcome for ladder in model.ladders)
    return found.when is None and (found.rate is not None or by_ladder)


def chances(model: Model, inputs: Inputs, outputs: Outputs, outcome: str) -> Floats:
    """What each run says of the chance of an outcome by the end: (run,), NaN where the run failed.

    The sum of `chances_by_step`. The mean over runs is an unbiased estimate of the chance; single values may
    exceed 1. An outcome without a rate counts as 0 or 1.
    """
    failed = outputs.status != Status.OK
    if not is_smooth(model, outcome):
        index = [o.name for o in model.outcomes].index(outcome)
        ended = _last_step(model, outputs) < model.steps
        came = ~ended if model.outcomes[index].otherwise else outputs.outcome[:, index] >= 0
        return np.where(failed, np.nan, came.astype(np.float64))
    by_step: Floats = chances_by_step(model, inputs, outputs, [outcome])[outcome]
    return np.asarray(by_step.sum(axis=1), np.float64)


def chances_by_step(
    model: Model, inputs: Inputs, outputs: Outputs, outcomes: Iterable[str]
) -> dict[str, Floats]:
    """What each step of each run says of the chance that an outcome comes in it: outcome -> (run, step).

    The chance given the state in which the step ended, 0 once the run has ended or the outcome has come, NaN
    where the run failed. For an absorbing hazard r among hazards of total R that is r/R·(1 - exp(-R·dt)). An
    exchange that may end in the outcome adds the chances that control was lost, move by move as it went. In
    steps that are past, whose luck is `known`, it is 1 where the outcome came and 0 elsewhere.

    Parameters
    ----------
    outcomes : names of such as have one (`is_smooth`)
    """
    failed = outputs.status != Status.OK
    with np.errstate(all="ignore"):  # what failed may hold any number
        ends = _Ends(model, inputs, outputs)
        return {name: np.where(failed[:, None], np.nan, ends.chance(name)) for name in outcomes}


def _last_step(model: Model, outputs: Outputs) -> npt.NDArray[np.int64]:
    """Step in which an absorbing outcome ended each run; the number of steps where none did: (run,)."""
    absorbing = [i for i, o in enumerate(model.outcomes) if o.absorbing]
    ended = np.where(outputs.outcome[:, absorbing] >= 0, outputs.outcome[:, absorbing], model.steps)
    return np.asarray(ended.min(axis=1, initial=model.steps), np.int64)


class _Ends:
    """What formulas read at the end of every step of some runs, and the rates that they give."""

    def __init__(self, model: Model, inputs: Inputs, outputs: Outputs) -> None:
        self.model, self.outputs = model, outputs
        dt, schedule = model.step_length, inputs.schedule
        state = {v.name: outputs.state[:, 1:, i] for i, v in enumerate(model.variables)}
        values = np.where(np.isnan(schedule.hold), inputs.parameters[:, None, :], schedule.hold)
        values = values + schedule.shift
        parameters = {p.name: values[:, :, i] for i, p in enumerate(model.parameters)}
        now: Any = (np.arange(model.steps) + 1.0) * dt
        self.environment = Environment(state, parameters, now, dt)
        self.going = np.arange(model.steps) <= _last_step(model, outputs)[:, None]
        self.lost = outputs.ladder_ending == Ending.WAR
        self.past = np.arange(model.steps) < inputs.known
        self._rates: dict[str, Floats] = {}

    def rate(self, outcome: Outcome) -> Floats:
        """The rate of an outcome, not below 0: (run, step)."""
        if outcome.name not in self._rates:
            value = 0.0 if outcome.rate is None else evaluate(outcome.rate.node, self.environment)
            self._rates[outcome.name] = np.maximum(np.broadcast_to(value, self.going.shape), 0.0)
        return self._rates[outcome.name]

    def chance(self, name: str) -> Floats:
        """The chance that an outcome comes in each step: (run, step)."""
        index = [o.name for o in self.model.outcomes].index(name)
        asked = self.model.outcomes[index]
        going, by_ladder = self.going, np.zeros(self.going.shape)
        total = self.rate(asked)
        if asked.absorbing:
            # Where an exchange ends in war, that ends the run before any hazard can.
            going = going & ~self.lost.any(axis=2)
            by_ladder = self._by_ladder(name)
            for other in self.model.outcomes:
                if other.absorbing and other is not asked:
                    total = total + self.rate(other)
        else:
            came = self.outputs.outcome[:, index]
            first = np.where(came >= 0, came, self.model.steps)
            going = going & (np.arange(self.model.steps) <= first[:, None])
        share = self.rate(asked) / total * -np.expm1(-total * self.model.step_length)
        by_chance = np.where(going & (total > 0), share, 0.0) + by_ladder
        came = self.outputs.outcome[:, index, None] == np.arange(self.model.steps)
        return np.where(self.past, came, by_chance)

    def _by_ladder(self, outcome: str) -> Floats:
        """What exchanges add to the chance of an outcome: (run, step).

        Of several in one step, one counts only where none before it, in file order, has ended in war.
        """
        mine = np.array([ladder.war == outcome for ladder in self.model.ladders], np.bool_)
        lost = self.lost
        open_ = np.asarray(np.cumsum(lost, axis=2) - lost == 0, np.bool_)
        # Where an engine has not counted the risk, war is counted as it came.
        risk = np.where(np.isnan(self.outputs.ladder_risk), lost, self.outputs.ladder_risk)
        return np.asarray(np.where(open_ & mine, risk, 0.0).sum(axis=2), np.float64)
