"""What was known by a day, as worlds: futures of a design go on from them instead of from the priors."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from offramp.engine import luck
from offramp.engine.inputs import Floats, Ints, Observed
from offramp.runs.known import Given

# Numbers of luck from here on are of futures: neither scenarios nor calibrations hand out such large ones.
_FUTURES = 2**62


@dataclass(frozen=True)
class Knowledge:
    """Worlds that agree with what was known by a day, each with the luck that it has met.

    Attributes
    ----------
    about : what it is, as answers say it
    settings : parameter or stock -> value that it has in every world
    seed : of the luck that they have met
    purposes : name of each coordinate of a world, as in docs/explanation/semantics.md
    points : (world, purpose), in (0, 1)
    lineage : (world, step), the numbers of the luck met in each step
    steps : how many steps are past: their luck is known
    observed : what is known to have come in them, with which they are played
    """

    about: Given
    settings: dict[str, float]
    seed: int
    purposes: tuple[str, ...]
    points: Floats = field(repr=False)
    lineage: Ints = field(repr=False)
    steps: int
    observed: Observed | None = field(default=None, repr=False)

    def world_of(self, scenarios: Ints, seed: int) -> Ints:
        """Position of the world that each scenario goes on from: (scenario,).

        Worlds come in an order drawn by the seed, over and over, so that each stands for as many scenarios as
        any other, and the first few are a sample of all.
        """
        order = np.random.Generator(np.random.Philox(key=[seed, 0x61F])).permutation(len(self.points))
        found: Ints = order[scenarios % len(order)]
        return found

    def drawn(self, purpose: str, worlds: Ints) -> Floats | None:
        """The number behind what is drawn once for a scenario; None where a calibration draws no such."""
        at = self._place.get(purpose)
        return None if at is None else self.points[worlds, at]

    def luck_of(self, worlds: Ints, scenarios: Ints, seed: int, steps: int) -> Ints:
        """Numbers of the luck that runs meet: that of their world, then one of their own: (run, step)."""
        first, second = (luck.uniform(seed, scenarios, 0, f"future/{half}") for half in ("high", "low"))
        own = _FUTURES + ((first * 2**30).astype(np.int64) << 31 | (second * 2**31).astype(np.int64))
        result = np.repeat(own[:, None], steps, axis=1)
        result[:, : self.steps] = self.lineage[worlds, : self.steps]
        return result

    @cached_property
    def _place(self) -> dict[str, int]:
        return {purpose: i for i, purpose in enumerate(self.purposes)}
