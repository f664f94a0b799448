"""The uncertain numbers of a model as factors, and the model as a function of them.

A factor is one number that a scenario draws: a parameter, a misreading, a first value or a value of a type
with a prior. A point gives the probability of each factor's value under its prior, 0 to 1; all other numbers
and all luck are drawn by the number of a course of luck. So one point can be met by many courses, and many
points by one.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from offramp import distribution
from offramp.engine.hazards import chances
from offramp.engine.inputs import Inputs
from offramp.model import Distribution, Model
from offramp.questions.runner import RUNS_AT_ONCE, in_threads
from offramp.runs.design import Design
from offramp.runs.simulate import EngineName, Progress, engine_for

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
    result = []
    parameters = {p.name: p for p in model.parameters}
    actors = {a.name: a.title or a.name for a in model.actors}
    for p in model.parameters:
        if isinstance(p.value, Distribution) and p.name not in fixed:
            title = p.title or p.name
            result.append(Factor(f"parameter/{p.name}", "parameter", "", p.name, title, p.unit, p.value))
    for stock in model.stocks:
        if isinstance(stock.initial, Distribution) and stock.name not in fixed:
            title = f"{stock.title or stock.name} at the start"
            purpose = f"initial/{stock.name}"
            result.append(Factor(purpose, "start", "", stock.name, title, stock.unit, stock.initial))
    for actor in model.actors:
        for m in actor.misreads:
            if isinstance(m.value, Distribution):
                about = parameters[m.parameter]
                title = f"{actors[actor.name]} supposes: {m.title or about.title or about.name}"
                purpose = f"misread/{actor.name}/{m.parameter}"
                result.append(
                    Factor(purpose, "misreading", actor.name, m.parameter, title, about.unit, m.value)
                )
        for t in actor.types:
            for o in t.overlays:
                if isinstance(o.value, Distribution) and o.parameter not in fixed:
                    about = parameters[o.parameter]
                    title = f"{about.title or about.name}, if {actors[actor.name]} is {t.title or t.name}"
                    purpose = f"type/{actor.name}/{t.name}/{o.parameter}"
                    result.append(
                        Factor(purpose, "type", actor.name, o.parameter, title, about.unit, o.value)
                    )
    return result


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
    """

    design: Design
    outcome: str
    engine: EngineName = "compiled"

    def __call__(
        self,
        factors: list[Factor],
        points: Floats,
        luck: Ints,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Floats:
        """What each course of luck makes of each point: (point, course), NaN where a run fails.

        Parameters
        ----------
        factors : (factor,)
        points : (point, factor), probabilities within 0 and 1
        luck : (point, course), numbers of courses of luck
        """
        runner = engine_for(self.design.model, self.engine)
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

        blocks = [slice(k, min(len(numbers), k + RUNS_AT_ONCE)) for k in range(0, len(numbers), RUNS_AT_ONCE)]
        in_threads([(partial(run, b), b.stop - b.start) for b in blocks], threads, progress)
        return result.reshape(luck.shape)
