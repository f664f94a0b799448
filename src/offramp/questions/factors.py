"""What is uncertain in a model, as factors, and the model as a function of them.

A factor is one thing that a scenario draws: a parameter, a first value, a misreading or a value of a type
with a prior, or the true type of an actor. This is the one list of what is uncertain: whatever counts
uncertain things counts these. A point gives the probability of each factor's draw, 0 to 1; all other draws
and all luck are those of the number of a course of luck. So one point can be met by many courses, and many
points by one.

Draws that the file correlates are one group: no one of them moves alone.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offramp import copula, distribution
from offramp.engine.hazards import chances
from offramp.engine.inputs import Inputs
from offramp.language.constants import fold
from offramp.model import Actor, Chances, Distribution, Model
from offramp.questions.runner import in_blocks
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How, Progress
from offramp.runs.simulate import engine_for
from offramp.tell import figures

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_LEVELS = 8  # of a discrete number that is taken by its values
TRUE_TYPE = "true type"


@dataclass(frozen=True)
class FactorLevel:
    """One value of a discrete factor: `value` in its unit, None for a type; `share` is its chance."""

    label: str
    value: float | None
    share: float


@dataclass(frozen=True)
class Factor:
    """One uncertain thing.

    Attributes
    ----------
    purpose : what its draw is keyed by, such as `parameter/NAME` or `misread/ACTOR/NAME`
    kind : `parameter`, `start` (first value of a stock), `misreading`, `type` (a value of one), `true type`
    actor : whose misreading, type or true type it is; empty otherwise
    prior : None for a true type
    levels : the values of one that has few, in rising order, or the types; empty for a continuum or many
        values. Of types whose chances are formulas the shares are only equal parts.
    """

    purpose: str
    kind: str
    actor: str
    name: str
    title: str
    unit: str
    prior: Distribution | None
    levels: tuple[FactorLevel, ...] = ()

    def value(self, u: npt.ArrayLike) -> Floats:
        """Value at probability u of its prior, in its unit; of a true type the position of the type."""
        if self.prior is None:
            ends = np.cumsum([level.share for level in self.levels])[:-1]
            return np.searchsorted(ends, np.asarray(u), side="right").astype(np.float64)
        return distribution.quantile(self.prior, u)

    def middles(self) -> Floats:
        """Probabilities in the middle of each level that can be: (level,)."""
        shares = np.array([level.share for level in self.levels if level.share])
        return np.asarray(np.cumsum(shares) - shares / 2)

    def positions(self, values: Floats) -> Floats:
        """Which level each value is, for a factor with levels; types are their positions already."""
        if self.prior is None:
            return values
        known = np.array([level.value for level in self.levels])
        return np.searchsorted(known, values).astype(np.float64)


@dataclass(frozen=True)
class FactorGroup:
    """What moves together: one factor, or several whose draws are correlated.

    Attributes
    ----------
    purposes : the draws behind it, each a coordinate of a point; of correlated ones those before correlation
    """

    members: tuple[Factor, ...]
    purposes: tuple[str, ...]

    @property
    def levels(self) -> tuple[FactorLevel, ...]:
        """The levels of a factor that moves alone."""
        return self.members[0].levels if len(self.members) == len(self.purposes) == 1 else ()


def factors_of(model: Model, fixed: frozenset[str] = frozenset()) -> list[Factor]:
    """All that is uncertain: numbers in the order of the file, then true types.

    Parameters
    ----------
    fixed : parameters and stocks set by hand, which are certain
    """
    found = [*_parameters(model, fixed), *_beginnings(model, fixed)]
    for actor in model.actors:
        found += [*_misread(model, actor), *_of_types(model, actor, fixed)]
    return [*found, *_true_types(model)]


def groups_of(model: Model, fixed: frozenset[str] = frozenset()) -> list[FactorGroup]:
    """The same, with what is correlated as one, where its first member stands."""
    factors = factors_of(model, fixed)
    linked = {purpose: group.purposes for group in copula.linked(model) for purpose in group.purposes}
    found: dict[tuple[str, ...], list[Factor]] = {}
    for factor in factors:
        found.setdefault(linked.get(factor.purpose, (factor.purpose,)), []).append(factor)
    return [FactorGroup(tuple(members), purposes) for purposes, members in found.items()]


def _numbered(
    kind: str, purpose: str, actor: str, name: str, title: str, unit: str, prior: Distribution
) -> Factor:
    table = distribution.values(prior)
    levels: tuple[FactorLevel, ...] = ()
    if table is not None and len(table[0]) <= MOST_LEVELS:
        pairs = zip(table[0].tolist(), table[1].tolist(), strict=True)
        levels = tuple(FactorLevel(figures.with_unit(value, unit), value, share) for value, share in pairs)
    return Factor(purpose, kind, actor, name, title, unit, prior, levels)


def _parameters(model: Model, fixed: frozenset[str]) -> Iterator[Factor]:
    for p in model.parameters:
        if isinstance(p.value, Distribution) and p.name not in fixed:
            yield _numbered(
                "parameter", f"parameter/{p.name}", "", p.name, p.title or p.name, p.unit, p.value
            )


def _beginnings(model: Model, fixed: frozenset[str]) -> Iterator[Factor]:
    for stock in model.stocks:
        if isinstance(stock.initial, Distribution) and stock.name not in fixed:
            title = f"{stock.title or stock.name} at the start"
            purpose = f"initial/{stock.name}"
            yield _numbered("start", purpose, "", stock.name, title, stock.unit, stock.initial)


def _misread(model: Model, actor: Actor) -> Iterator[Factor]:
    parameters = {p.name: p for p in model.parameters}
    for m in actor.misreads:
        if isinstance(m.value, Distribution):
            about = parameters[m.parameter]
            title = f"{actor.title or actor.name} supposes: {m.title or about.title or about.name}"
            purpose = f"misread/{actor.name}/{m.parameter}"
            yield _numbered("misreading", purpose, actor.name, m.parameter, title, about.unit, m.value)


def _of_types(model: Model, actor: Actor, fixed: frozenset[str]) -> Iterator[Factor]:
    parameters = {p.name: p for p in model.parameters}
    for one, o in ((k, o) for k in actor.types for o in k.overlays):
        if isinstance(o.value, Distribution) and o.parameter not in fixed:
            about = parameters[o.parameter]
            title = f"{about.title or about.name}, if {actor.title or actor.name} is {one.title or one.name}"
            purpose = f"type/{actor.name}/{one.name}/{o.parameter}"
            yield _numbered("type", purpose, actor.name, o.parameter, title, about.unit, o.value)


def _true_types(model: Model) -> Iterator[Factor]:
    for actor in model.actors:
        shares = _shares(actor.true_type)
        if sum(share > 0 for share in shares) > 1:
            title = f"what {actor.title or actor.name} truly is"
            pairs = zip(actor.types, shares, strict=True)
            levels = tuple(FactorLevel(t.title or t.name, None, share) for t, share in pairs)
            yield Factor(f"type/{actor.name}", TRUE_TYPE, actor.name, actor.name, title, "", None, levels)


def _shares(true_type: Chances) -> list[float]:
    """The chances of types where they are numbers; otherwise equal parts, for they differ between worlds."""
    given = [None if f is None else fold(f.node) for _, f in true_type]
    if any(f is not None and g is None for (_, f), g in zip(true_type, given, strict=True)):
        return [1 / len(given)] * len(given)
    rest = max(0.0, 1 - sum(g for g in given if g is not None))
    # What the checker takes for a sum of 1 may be off by rounding; a type that cannot be has none.
    return [g if g > 1e-9 else 0.0 for g in (rest if g is None else g for g in given)]


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
        """Runs with draws (by purpose) at these probabilities and the rest drawn by `luck`, (run,)."""
        here = copy.copy(self)
        here.given = given
        return next(here.inputs_of_all(luck))

    def at(self, factors: Sequence[Factor], luck: Ints, given: dict[str, Floats] | None = None) -> Floats:
        """Where each factor is in such runs: (run, factor).

        Its probability in its own prior; of a factor with levels the position of its level.
        """
        here = copy.copy(self)
        here.given = given or {}
        types = here._true_types(luck, here._parameters(luck)).astype(np.float64)
        place = {a.name: i for i, a in enumerate(self.model.actors)}
        columns = []
        for f in factors:
            u = types[:, place[f.actor]] if f.prior is None else here._uniform(f.purpose, luck)
            columns.append(f.positions(f.value(u)) if f.levels and f.prior is not None else u)
        return np.stack(columns, axis=1) if columns else np.empty((len(luck), 0))

    def _own(self, purpose: str, scenarios: Ints) -> Floats:
        given = self.given.get(purpose)
        return super()._own(purpose, scenarios) if given is None else given


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
        self, groups: Sequence[FactorGroup], points: Floats, luck: Ints, progress: Progress | None = None
    ) -> Floats:
        """What each course of luck makes of each point: (point, course), NaN where a run fails.

        Parameters
        ----------
        groups : what the coordinates of points are
        points : (point, coordinate), probabilities within 0 and 1: of each group in turn each of its draws
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
            inputs = base.inputs_at(_given(groups, points[rows[here]]), numbers[here])
            result[here] = chances(self.design.model, inputs, runner.run(inputs), self.outcome)

        in_blocks(run, len(numbers), self.how, progress)
        return result.reshape(luck.shape)

    def at(self, groups: Sequence[FactorGroup], points: Floats, luck: Ints) -> Floats:
        """Where each member of each group is at each point, as `Points.at`: (point, member).

        Parameters
        ----------
        luck : (point,), which draws whatever the points do not give
        """
        members = [f for g in groups for f in g.members]
        return Points.of(self.design).at(members, luck, _given(groups, points))


def _given(groups: Sequence[FactorGroup], points: Floats) -> dict[str, Floats]:
    """Purpose -> its probability at each point."""
    purposes = [p for g in groups for p in g.purposes]
    return {purpose: points[:, i] for i, purpose in enumerate(purposes)}
