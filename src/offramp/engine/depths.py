"""How deep and how far each actor thinks, where that is uncertain: runs that think alike are run together.

`depth`, `horizon` and `inner_horizon` may be formulas of parameters, read once in each scenario. The two
engines know only numbers for them; here a block of runs is parted into groups in which they are numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from offramp.engine.inputs import Floats, Inputs, Ints
from offramp.engine.outputs import TABLE, Outputs, Status, empty, lengths
from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.model import MOST_AHEAD, Actor, Formula, Model

DEEPEST = 3
FARTHEST = 120  # months


class Engine(Protocol):
    """What runs blocks of runs."""

    def run(self, inputs: Inputs, probabilities: bool = False) -> Outputs: ...

    def choices(self, inputs: Inputs, step: int, stocks: Floats) -> Floats: ...


class FixedEngine(Engine, Protocol):
    """An engine that knows numbers alone for depths and horizons."""

    def at_horizons(self, model: Model) -> Engine:
        """The same for a model that differs in its actors' horizons alone."""
        ...


def in_steps(months: float, dt: float) -> int:
    """Months looked ahead in steps: rounded, halves up, 1 to `MOST_AHEAD`."""
    return min(max(1, math.floor(months / dt + 0.5)), MOST_AHEAD)


def steps_ahead(actor: Actor, dt: float) -> int:
    """Steps that an actor looks ahead."""
    return in_steps(actor.horizon, dt)


def inner_steps(actor: Actor, dt: float) -> int:
    """Most steps that an actor supposes others to look ahead: half its own, rounded up, if not given."""
    if actor.inner_horizon is None:
        return (steps_ahead(actor, dt) + 1) // 2
    return in_steps(actor.inner_horizon, dt)


def reach_of(model: Model) -> Ints:
    """How far each actor looks: (actor, actor + 1).

    Row i holds for each actor how many steps it looks ahead within the look-ahead of actor i, and last how
    many actor i looks ahead itself.
    """
    dt = model.step_length
    own = np.array([steps_ahead(a, dt) for a in model.actors], dtype=np.int64)
    inner = np.array([inner_steps(a, dt) for a in model.actors], dtype=np.int64)
    return np.concatenate([np.minimum(inner[:, None], own[None, :]), own[:, None]], axis=1)


def is_uncertain(model: Model) -> bool:
    """Whether the depth or horizon of some actor is a formula."""
    return any(_formulas(a) for a in model.actors)


def model_of_run(model: Model, inputs: Inputs) -> Model:
    """The model with numbers for the depths and horizons of the first run of a block."""
    if not is_uncertain(model):
        return model
    return _with(model, _settings(model, inputs.parameters[:1])[0])


class Grouped:
    """An engine for a model whose actors' depths and horizons differ between scenarios.

    Parameters
    ----------
    model : with formulas
    engine_of : makes the engine of a model without; called once for each combination of depths that occurs
    """

    def __init__(self, model: Model, engine_of: Callable[[Model], FixedEngine]) -> None:
        self.model = model
        self._engine_of = engine_of
        self._engines: dict[tuple[int, ...], FixedEngine] = {}
        self._lock = Lock()

    def run(self, inputs: Inputs, probabilities: bool = False) -> Outputs:
        """Run a block of runs. A run does not depend on the others in its block, so neither on its group."""
        settings = _settings(self.model, inputs.parameters)
        groups, which = np.unique(settings, axis=0, return_inverse=True)
        result = empty(self.model, len(inputs.scenario), probabilities, inputs.steps)
        for g, group in enumerate(groups):
            rows = np.flatnonzero(which.reshape(-1) == g)
            model = _with(self.model, group)
            part = self._engine(model).run(_part(inputs, rows), probabilities)
            # A depth that is no number: the run fails as it begins.
            if (group < 0).any():
                _fail(part)
            _put(part, rows, result, _columns(self.model, model))
        return replace(result, inputs=inputs)

    def choices(self, inputs: Inputs, step: int, stocks: Floats) -> Floats:
        """The chance of each action in one step; see the engines of models without formulas."""
        settings = _settings(self.model, inputs.parameters)
        groups, which = np.unique(settings, axis=0, return_inverse=True)
        result = np.full((len(inputs.scenario), lengths(self.model)["slot"]), np.nan)
        for g, group in enumerate(groups):
            rows = np.flatnonzero(which.reshape(-1) == g)
            if (group >= 0).all():
                engine = self._engine(_with(self.model, group))
                result[rows] = engine.choices(_part(inputs, rows), step, stocks[rows])
        return result

    def _engine(self, model: Model) -> Engine:
        depths = tuple(a.depth for a in model.actors)
        with self._lock:
            if depths not in self._engines:
                self._engines[depths] = self._engine_of(model)
        return self._engines[depths].at_horizons(model)


def _formulas(actor: Actor) -> bool:
    return any(f is not None for f in (actor.depth_as, actor.horizon_as, actor.inner_horizon_as))


def _settings(model: Model, parameters: Floats) -> npt.NDArray[np.int64]:
    """Depth, steps ahead and inner steps of each actor, -1 where not finite: (run, actor, 3)."""
    names = {p.name: parameters[:, i] for i, p in enumerate(model.parameters)}
    runs, dt = len(parameters), model.step_length
    most = in_steps(FARTHEST, dt)

    def read(formula: Formula, low: int, high: int, per: float) -> npt.NDArray[np.int64]:
        with np.errstate(all="ignore"):
            value = evaluate(formula.node, Environment({}, names, 0.0, dt))
        value = np.broadcast_to(np.asarray(value, dtype=np.float64), (runs,))
        finite = np.isfinite(value)
        whole = np.floor(np.clip(np.where(finite, value, 0.0) / per + 0.5, low, high))
        return np.where(finite, whole, -1).astype(np.int64)

    result = np.empty((runs, len(model.actors), 3), dtype=np.int64)
    for a, actor in enumerate(model.actors):
        steps = np.full(runs, steps_ahead(actor, dt))
        if actor.horizon_as is not None:
            steps = read(actor.horizon_as, 1, most, dt)
        inner = (steps + 1) // 2 if actor.inner_horizon is None else np.full(runs, inner_steps(actor, dt))
        if actor.inner_horizon_as is not None:
            inner = read(actor.inner_horizon_as, 1, most, dt)
        depth = np.full(runs, actor.depth)
        if actor.depth_as is not None:
            depth = read(actor.depth_as, 0, DEEPEST, 1.0)
        result[:, a] = np.stack([depth, steps, inner], axis=1)
    return result


def _with(model: Model, settings: npt.NDArray[np.int64]) -> Model:
    """The model with these depths and steps, (actor, 3), as numbers."""
    dt = model.step_length
    return replace(
        model,
        actors=tuple(
            replace(
                actor,
                depth=max(0, int(depth)),
                horizon=int(steps) * dt,
                inner_horizon=int(inner) * dt,
                depth_as=None,
                horizon_as=None,
                inner_horizon_as=None,
            )
            if _formulas(actor)
            else actor
            for actor, (depth, steps, inner) in zip(model.actors, settings, strict=True)
        ),
    )


def _part(inputs: Inputs, rows: npt.NDArray[np.intp]) -> Inputs:
    """Some of the runs of a block."""
    per_run: dict[str, Any] = {}
    for f in fields(inputs):
        value = getattr(inputs, f.name)
        if isinstance(value, np.ndarray):  # all arrays of inputs are (run, ...)
            per_run[f.name] = value[rows]
    return replace(inputs, **per_run)


def _columns(whole: Model, part: Model) -> list[int]:
    """Where the expectations of a model stand among those of the model that may be deeper."""
    places = {pair: i for i, pair in enumerate(whole.expectations)}
    return [places[pair] for pair in part.expectations]


def _put(part: Outputs, rows: npt.NDArray[np.intp], whole: Outputs, columns: list[int]) -> None:
    """Write the outputs of some runs where they belong; who does not look ahead expects nothing."""
    for name, values in part.arrays.items():
        if name != "expected":
            whole.arrays[name][rows] = values
    whole.expected[rows] = TABLE["expected"].nothing
    for i, column in enumerate(columns):
        whole.expected[rows, :, column] = part.expected[:, :, i]


def _fail(outputs: Outputs) -> None:
    """Set all runs apart as failed in their first step, in which nothing of them is left."""
    for name, values in outputs.arrays.items():
        if name == "state":
            values[:, 1:] = values[:, :1]
        else:
            values[:] = TABLE[name].nothing
    outputs.status[:], outputs.failed_step[:] = Status.NOT_FINITE, 0
