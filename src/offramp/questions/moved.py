"""What can be moved by hand, and what the same futures then say: for questions along one number or several.

A parameter and the beginning of a stock move by value, an actor by its true type, and `policy` by the policy
that is in force. Everything else is drawn as always, so at every point the same futures meet the same luck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from offramp import distribution
from offramp.analysis.intervals import LEVEL, Estimate, estimate, wilson
from offramp.engine.hazards import chances
from offramp.engine.inputs import Inputs
from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.model import Distribution, Model, constant
from offramp.questions.factors import TRUE_TYPE
from offramp.questions.runner import in_blocks, part
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import engine_for

Floats = npt.NDArray[np.float64]

EDGE = 0.05  # percentile of a prior at which a range begins; it ends as far from the other end
POLICY = "policy"


@dataclass(frozen=True)
class Movable:
    """What can be moved.

    Attributes
    ----------
    kind : `parameter`, `start` (a stock at the start), `true type` or `policy`
    prior : of a number; None where it has none
    choices : names of types or policies; empty for a number
    labels : the same as readers call them
    """

    name: str
    kind: str
    title: str
    unit: str
    prior: Distribution | None = None
    choices: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def ends(self) -> tuple[float, float] | None:
        """The 5th and 95th percentile of its prior; None where it has none."""
        if self.prior is None:
            return None
        low, high = distribution.quantile(self.prior, [EDGE, 1 - EDGE]).tolist()
        return low, high


# What is moved -> the value that it has: a number, or the name of a type or policy.
Point = Mapping[Movable, float | str]


def number_named(design: Design, name: str) -> Movable:
    """A parameter, or a stock for its value at the start, that is not set by hand.

    Raises
    ------
    UsageError
        If there is none.
    """
    return _named(design, name, numbers(design.model), "parameter or stock")


def movable_named(design: Design, name: str) -> Movable:
    """The same, or an actor for its true type, or `policy`.

    Raises
    ------
    UsageError
        If there is none.
    """
    return _named(
        design, name, [*numbers(design.model), *_choices(design)], "parameter, stock or actor with types"
    )


def _named(design: Design, name: str, possible: Sequence[Movable], what: str) -> Movable:
    known = {m.name: m for m in reversed(possible)}  # a number goes before an actor of its name
    if name not in known:
        hint = did_you_mean(name, known) or f"`offramp explain {design.model.name}` lists what there is."
        raise UsageError(f"model `{design.model.name}` has no {what} `{name}`. {hint}")
    if name in design.overrides:
        raise UsageError(f"`{name}` is set to {design.overrides[name]:g} by hand, so it cannot be moved.")
    return known[name]


def numbers(model: Model) -> list[Movable]:
    """Every parameter, and every stock at the start."""
    parameters = [(p.name, "parameter", p.title or p.name, p.unit, p.value) for p in model.parameters]
    stocks = [(s.name, "start", f"{s.title or s.name} at the start", s.unit, s.initial) for s in model.stocks]
    return [
        Movable(name, kind, title, unit, value if isinstance(value, Distribution) else None)
        for name, kind, title, unit, value in (*parameters, *stocks)
    ]


def _choices(design: Design) -> list[Movable]:
    """Actors that have types, and the policies."""
    found = []
    for a in design.model.actors:
        if a.types:
            types = tuple(t.name for t in a.types)
            labels = tuple(t.title or t.name for t in a.types)
            title = f"what {a.title or a.name} truly is"
            found.append(Movable(a.name, TRUE_TYPE, title, "", choices=types, labels=labels))
    policies = {p.name: p.title or p.name for p in design.model.policies}
    policies = {"baseline": "Baseline"} | policies
    found.append(
        Movable(POLICY, POLICY, "the policy", "", choices=tuple(policies), labels=tuple(policies.values()))
    )
    return found


def moved(design: Design, point: Point) -> Design:
    """The same futures with something moved.

    Raises
    ------
    UsageError
        If a stock cannot start there.
    """
    overrides = {m.name: float(v) for m, v in point.items() if not m.choices}
    types = {m.name: str(v) for m, v in point.items() if m.kind == TRUE_TYPE}
    policies = [str(v) for m, v in point.items() if m.kind == POLICY]
    model = design.model
    if types and design.knowledge is not None:
        raise UsageError(
            f"what {next(iter(types))} truly is was so in the past of these futures, which go on from what "
            f"was known "
            f"by {design.knowledge.about.until}. Sweep it without that."
        )
    if types:
        actors = tuple(
            replace(a, true_type=tuple((t.name, constant(float(t.name == types[a.name]))) for t in a.types))
            if a.name in types
            else a
            for a in model.actors
        )
        model = replace(model, actors=actors)
    return design.another(model=model, policies=policies or None, overrides=overrides)


def chances_at(design: Design, outcomes: Sequence[str], points: Sequence[Point], how: How) -> Floats:
    """What each future says of the chance of each outcome at each point: (outcome, point, scenario).

    NaN where it fails. One run serves all outcomes.
    """
    model, count = design.model, len(design.scenarios)
    # Whatever is moved, it is drawn before a run begins: one engine serves all points.
    runner, result = engine_for(model, how.engine), np.empty((len(outcomes), len(points), count))
    for k, point in enumerate(points):
        here = moved(design, point)
        inputs = here.inputs(here.policies[0])

        def run(some: slice, k: int = k, inputs: Inputs = inputs) -> None:
            block = part(inputs, some)
            outputs = runner.run(block)
            for i, outcome in enumerate(outcomes):
                result[i, k, some] = chances(model, block, outputs, outcome)

        def step(done: int, _: int, before: int = k * count) -> None:
            if how.progress is not None:
                how.progress(before + done, len(points) * count)

        in_blocks(run, count, how, step)
    return result


def chance_of_many(found: Floats, of: int, counted: bool) -> Estimate:
    """One of so many chances, all of whose intervals hold together (Bonferroni).

    Parameters
    ----------
    found : (scenario,), what each future says
    counted : whether that is 0 or 1; otherwise how likely its course made the outcome
    """
    together = 1 - (1 - LEVEL) / of
    if counted:
        low, high = wilson(found.sum(), len(found), together)
        return Estimate(float(found.mean()), float(low), float(high))
    # A chance that no future moved may still be moved by one that was not run.
    return estimate(found, np.ones(len(found)), together, of_chances=True)
