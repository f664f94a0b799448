"""The uncertain numbers of a model as factors, and the model as a function of them.

A factor is one number that a scenario draws: a parameter, a misreading, a first value or a value of a type
with a prior. A point gives the probability of each factor's value under its prior, 0 to 1; all other numbers
and all luck are drawn by the number of a course of luck. So one point can be met by many courses, and many
points by one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offramp import distribution
from offramp.engine.hazards import chances
from offramp.engine.inputs import Inputs
from offramp.model import Actor, Distribution, Model
from offramp.questions.runner import in_blocks
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How, Progress
from offramp.runs.simulate import engine_for

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Factor:
    """One uncertain number.

    Attributes
    ----------
    purpose : what its draw is keyed by, such as `parameter/NAME` or `misread/ACTOR/NAME`
    kind : `parameter`, `misreading`, `start` (first value of a stock) or `type` (value of a type)
    actor : whose misreading or type it is; empty otherwise
    """

    purpose: str
    kind: str
    actor: str
    name: str
    title: str
    unit: str
    prior: Distribution

    def value(self, u: npt.ArrayLike) -> Floats:
        """Value at probability u of its prior, in its unit."""
        return distribution.quantile(self.prior, u)


def factors_of(model: Model, fixed: frozenset[str] = frozenset()) -> list[Factor]:
    """All uncertain numbers, in the order of the file; parameters and stocks set by hand are certain."""
    found = [*_parameters(model, fixed), *_beginnings(model, fixed)]
    for actor in model.actors:
        found += [*_misread(model, actor), *_of_types(model, actor, fixed)]
    return found


def _parameters(model: Model, fixed: frozenset[str]) -> Iterator[Factor]:
    for p in model.parameters:
        if isinstance(p.value, Distribution) and p.name not in fixed:
            title = p.title or p.name
            yield Factor(f"parameter/{p.name}", "parameter", "", p.name, title, p.unit, p.value)


def _beginnings(model: Model, fixed: frozenset[str]) -> Iterator[Factor]:
    for stock in model.stocks:
        if isinstance(stock.initial, Distribution) and stock.name not in fixed:
            title = f"{stock.title or stock.name} at the start"
            yield Factor(f"initial/{stock.name}", "start", "", stock.name, title, stock.unit, stock.initial)


def _misread(model: Model, actor: Actor) -> Iterator[Factor]:
    parameters = {p.name: p for p in model.parameters}
    for m in actor.misreads:
        if isinstance(m.value, Distribution):
            about = parameters[m.parameter]
            title = f"{actor.title or actor.name} supposes: {m.title or about.title or about.name}"
            purpose = f"misread/{actor.name}/{m.parameter}"
            yield Factor(purpose, "misreading", actor.name, m.parameter, title, about.unit, m.value)


def _of_types(model: Model, actor: Actor, fixed: frozenset[str]) -> Iterator[Factor]:
    parameters = {p.name: p for p in model.parameters}
    for one, o in ((k, o) for k in actor.types for o in k.overlays):
        if isinstance(o.value, Distribution) and o.parameter not in fixed:
            about = parameters[o.parameter]
            title = f"{about.title or about.name}, if {actor.title or actor.name} is {one.title or one.name}"
            purpose = f"type/{actor.name}/{one.name}/{o.parameter}"
            yield Factor(purpose, "type", actor.name, o.parameter, title, about.unit, o.value)


class Points(Design):
    """A design whose factors take given values in each run instead of those of its scenario."""

    given: dict[str, Floats]

    @classmethod
    def of(cls, design: Design) -> Points:
        """The same design, with nothing given yet."""
        made = copy.copy(design)
        made.__class__ = cls
        result: Points = made  # type: ignore[assignment]
        result.given = {}
        return result

    def inputs_at(self, given: dict[str, Floats], luck: Ints) -> Inputs:
        """Runs with factors (by purpose) at these probabilities and the rest drawn by `luck`, (run,)."""
        here = copy.copy(self)
        here.given = given
        return next(here.inputs_of_all(luck))

    def _uniform(self, purpose: str, scenarios: Ints) -> Floats:
        given = self.given.get(purpose)
        return super()._uniform(purpose, scenarios) if given is None else given


@dataclass(frozen=True)
class Response:
    """The chance of an outcome as a function of factors and luck.

    Attributes
    ----------
    design : one policy; its first scenario's number is where courses of luck are counted from
    outcome : whose chance by the end is asked
    how : how futures are run
    """

    design: Design
    outcome: str
    how: How = AS_SUITS

    def __call__(
        self, factors: list[Factor], points: Floats, luck: Ints, progress: Progress | None = None
    ) -> Floats:
        """What each course of luck makes of each point: (point, course), NaN where a run fails.

        Parameters
        ----------
        factors : (factor,)
        points : (point, factor), probabilities within 0 and 1
        luck : (point, course), numbers of courses of luck
        progress : instead of that of `how`
        """
        runner = engine_for(self.design.model, self.how.engine)
        base = Points.of(self.design)
        base.inputs(self.design.policies[0], [0])  # what all threads share is made once
        courses = luck.shape[1]
        rows = np.repeat(np.arange(len(points)), courses)
        numbers, result = luck.ravel(), np.empty(luck.size)

        def run(here: slice) -> None:
            u = points[rows[here]]
            given = {f.purpose: u[:, j] for j, f in enumerate(factors)}
            inputs = base.inputs_at(given, numbers[here])
            result[here] = chances(self.design.model, inputs, runner.run(inputs), self.outcome)

        in_blocks(run, len(numbers), self.how, progress)
        return result.reshape(luck.shape)
