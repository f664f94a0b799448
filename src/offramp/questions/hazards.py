"""Chances of an outcome run by run: what its hazard made of the course of a run, instead of a 0 or a 1.

A run in which war did not come, though it was near for months, says more of the risk of war than its 0.
Where an outcome has a rate, the draw that decides on it is replaced by its chance: conditional Monte Carlo
(Asmussen and Glynn 2007, Stochastic Simulation, section V.4). The mean is the same, its sampling error
smaller.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.engine.evaluate import Environment, evaluate
from offramp.engine.inputs import Ending, Inputs, Outputs, Status
from offramp.model import Formula, Model

Floats = npt.NDArray[np.float64]


def is_smooth(model: Model, outcome: str) -> bool:
    """Whether an outcome comes by a rate or by ladders, so that each run has a chance of it."""
    found = next(o for o in model.outcomes if o.name == outcome)
    return found.rate is not None or any(ladder.war == outcome for ladder in model.ladders)


def chances(model: Model, inputs: Inputs, outputs: Outputs, outcome: str) -> Floats:
    """What each run says of the chance of an outcome by the end: (run,), NaN where the run failed.

    Summed over the steps in which a run goes on: the chance, given the state in which the step ended, that
    the outcome came in it. For an absorbing hazard r among hazards of total R that is r/R·(1 − exp(−R·dt)).
    The mean over runs is an unbiased estimate of the chance; single values may exceed 1. An outcome without
    a rate counts as 0 or 1. An exchange that may end in the outcome adds the chances that control was lost,
    move by move as it went.
    """
    index = [o.name for o in model.outcomes].index(outcome)
    asked = model.outcomes[index]
    failed = outputs.status != Status.OK
    absorbing = [i for i, o in enumerate(model.outcomes) if o.absorbing]
    ended = np.where(outputs.outcome[:, absorbing] >= 0, outputs.outcome[:, absorbing], model.steps)
    last = ended.min(axis=1, initial=model.steps)
    if not is_smooth(model, outcome):
        came = last == model.steps if asked.otherwise else outputs.outcome[:, index] >= 0
        return np.where(failed, np.nan, came.astype(np.float64))
    steps = np.arange(model.steps)
    going = steps <= last[:, None]
    by_ladder = np.zeros(len(failed))
    if asked.absorbing:
        # Where an exchange ends in war, that ends the run before any hazard can.
        lost = outputs.ladder_ending == Ending.WAR
        going &= ~lost.any(axis=2)
        by_ladder = _by_ladder(model, outputs, outcome, lost)
    else:
        first = np.where(outputs.outcome[:, index] >= 0, outputs.outcome[:, index], model.steps)
        going &= steps <= first[:, None]
    environment = _ends_of_steps(model, inputs, outputs)
    rate = _rate(asked.rate, environment, going.shape)
    total = rate
    for i in absorbing if asked.absorbing else ():
        if i != index:
            total = total + _rate(model.outcomes[i].rate, environment, going.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = np.where(total > 0, rate / total * -np.expm1(-total * model.step_length), 0.0)
    return np.where(failed, np.nan, np.where(going, chance, 0.0).sum(axis=1) + by_ladder)


def _by_ladder(model: Model, outputs: Outputs, outcome: str, lost: npt.NDArray[np.bool_]) -> Floats:
    """What exchanges add to the chance of an outcome: (run,).

    Of several in one step, one counts only where none before it, in file order, has ended in war.
    """
    mine = np.array([ladder.war == outcome for ladder in model.ladders], np.bool_)
    open_ = np.asarray(np.cumsum(lost, axis=2) - lost == 0, np.bool_)
    # Where an engine has not counted the risk, war is counted as it came.
    risk = np.where(np.isnan(outputs.ladder_risk), lost, outputs.ladder_risk)
    total: Floats = np.where(open_ & mine, risk, 0.0).sum(axis=(1, 2))
    return total


def _ends_of_steps(model: Model, inputs: Inputs, outputs: Outputs) -> Environment:
    """What formulas read at the end of every step: (run, step), and `now` (step,)."""
    dt, schedule = model.step_length, inputs.schedule
    state = {v.name: outputs.state[:, 1:, i] for i, v in enumerate(model.variables)}
    held = np.where(np.isnan(schedule.hold), inputs.parameters[:, None, :], schedule.hold) + schedule.shift
    parameters = {p.name: held[:, :, i] for i, p in enumerate(model.parameters)}
    now: Any = (np.arange(model.steps) + 1.0) * dt
    return Environment(state, parameters, now, dt)


def _rate(formula: Formula | None, environment: Environment, shape: tuple[int, ...]) -> Floats:
    """A rate at the end of every step, not below 0: (run, step)."""
    value = 0.0 if formula is None else evaluate(formula.node, environment)
    rate: Floats = np.maximum(np.broadcast_to(value, shape), 0.0)
    return rate
