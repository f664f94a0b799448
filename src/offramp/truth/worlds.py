"""Worlds as points: everything that is drawn once for a scenario, as numbers in (0, 1).

A prior is then the uniform distribution on a cube, whatever the model, and a change that keeps this
distribution keeps the prior. `z` is the same point on the normal scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from offramp import copula, distribution
from offramp.engine.inputs import Floats, Inputs, Ints
from offramp.model import Actor, Distribution, Model
from offramp.runs.design import Design

EDGE = copula.EDGE


class Worlds:
    """The cube of all worlds of a model.

    Attributes
    ----------
    purposes : name of each coordinate, as in docs/explanation/semantics.md: `parameter/NAME`, ...
    """

    def __init__(self, model: Model, overrides: Mapping[str, float] | None = None, seed: int = 0) -> None:
        self.model, self.overrides, self.seed = model, dict(overrides or {}), seed
        probe = _Placed(model, np.array([0]), self.seed, self.overrides)
        probe.inputs("baseline")
        self.purposes = tuple(probe.asked)

    @property
    def dimensions(self) -> int:
        return len(self.purposes)

    def inputs(self, u: Floats, lineage: Ints, steps: int | None = None) -> Inputs:
        """What the engine needs to run worlds.

        Parameters
        ----------
        u : (run, purpose), in (0, 1)
        lineage : (run, step), the luck that each meets
        steps : how many steps to play
        """
        placed = _Placed(self.model, np.arange(len(u)), self.seed, self.overrides)
        placed.given = {purpose: u[:, i] for i, purpose in enumerate(self.purposes)}
        return replace(placed.inputs("baseline"), lineage=lineage, steps=steps)

    def type_chances(self, u: Floats, actor: Actor) -> Floats:
        """A chance for each type of an actor, not yet summing to 1: (run, type)."""
        placed = _Placed(self.model, np.arange(len(u)), self.seed, self.overrides)
        placed.given = {purpose: u[:, i] for i, purpose in enumerate(self.purposes)}
        return placed.chances(actor)

    def uncertain(self) -> dict[str, int]:
        """Parameters that have a prior and are not set by hand -> their coordinate."""
        place = {purpose: i for i, purpose in enumerate(self.purposes)}
        return {
            p.name: place[f"parameter/{p.name}"]
            for p in self.model.parameters
            if isinstance(p.value, Distribution)
            and f"parameter/{p.name}" in place
            and p.name not in self.overrides
        }

    def scores(self, z: Floats) -> Floats:
        """The normal scores of what is drawn, from points of which no coordinate knows another.

        They differ where draws are correlated.

        Parameters
        ----------
        z : (..., purpose), on the normal scale
        """
        place = {purpose: i for i, purpose in enumerate(self.purposes)}
        result = z
        for group in copula.linked(self.model):
            # What is set by hand and shared with nobody is no coordinate.
            held = [k for k, purpose in enumerate(group.purposes) if purpose in place]
            here = [place[group.purposes[k]] for k in held]
            result = z.copy() if result is z else result
            result[..., here] = z[..., here] @ group.root[np.ix_(held, held)].T
        return result


class _Placed(Design):
    """A design whose scenarios are given points instead of draws."""

    def __init__(self, model: Model, scenarios: Ints, seed: int, overrides: Mapping[str, float]) -> None:
        super().__init__(model, None, scenarios, seed, overrides)
        self.given: dict[str, Floats] = {}
        self.asked: dict[str, None] = {}

    def chances(self, actor: Actor) -> Floats:
        return self._chances(actor.true_type, self.scenarios, self._parameters(self.scenarios))

    def _own(self, purpose: str, scenarios: Ints) -> Floats:
        self.asked[purpose] = None
        return self.given.get(purpose, np.full(len(scenarios), 0.5))


def to_normal(u: Floats) -> Floats:
    """The point on the normal scale."""
    return distribution.standard_normal_quantile(np.clip(u, EDGE, 1 - EDGE))


def to_unit(z: Floats) -> Floats:
    """The point in the cube."""
    u: Floats = np.clip(distribution.standard_normal_below(z), EDGE, 1 - EDGE)
    return u
