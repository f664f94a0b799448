"""Runs for questions that compare policies: every future once, and the first of their worlds with other luck.

A world is one draw of everything uncertain; a replicate is a run of it with luck of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from offramp.errors import UsageError
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.memory import MEMORY, bytes_of_run
from offramp.runs.simulate import engine_for, simulate_blocks

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

REPLICATES = 10  # of a world: few, for many worlds say more than many replicates of few
FEWEST_WORLDS = 100
ONE_WORLD_IN = 20

# Names -> what was measured, (policy, scenario, ...) each.
Measured = dict[str, Floats]
Measure = Callable[["xr.Dataset"], Measured]


@dataclass(frozen=True)
class PairedRuns:
    """What was measured under several policies in the same scenarios.

    Attributes
    ----------
    futures : name -> (policy, scenario, ...), every scenario once
    worlds : name -> (policy, world, replicate), of the first scenarios; measures with further axes are left
        out. Empty where no world was replicated.
    failed : (policy,), runs that failed among the futures
    """

    futures: Measured
    worlds: Measured
    failed: npt.NDArray[np.int64]

    @property
    def replicates(self) -> int:
        """How often each world was run, if it was replicated; otherwise 1."""
        return REPLICATES if self.worlds else 1


def worlds_for(runs: int) -> int:
    """How many worlds are replicated by default: one in 20, at least 100, never more than there are."""
    return min(runs, max(FEWEST_WORLDS, runs // ONE_WORLD_IN))


def run_paired(design: Design, measure: Measure, worlds: int = 0, *, how: How = AS_SUITS) -> PairedRuns:
    """Run a design, and the first of its worlds again with other luck, and measure every run.

    Parameters
    ----------
    design : what to run; its scenarios are the futures
    measure : from runs, names to (policy, scenario, ...)
    worlds : how many of the first scenarios are run `REPLICATES` times; 0 for none
    how : how futures are run

    Raises
    ------
    UsageError
        If more worlds are asked for than there are scenarios.
    """
    count = len(design.scenarios)
    if not 0 <= worlds <= count:
        raise UsageError(f"--worlds {worlds:,} needs at least as many --runs.")
    again = range(1, REPLICATES) if worlds else range(0)
    total = len(design.policies) * (count + worlds * len(again))
    runner = engine_for(design.model, how.engine)
    size = max(1, MEMORY // (bytes_of_run(design.model) * len(design.policies)))
    done = 0

    def measured(part: Design) -> tuple[Measured, npt.NDArray[np.int64]]:
        nonlocal done
        before = done

        def step(runs: int, _: int) -> None:
            if how.progress is not None:
                how.progress(before + runs, total)

        pieces, failed = [], np.zeros(len(part.policies), np.int64)
        here = replace(how, progress=step)
        for runs in simulate_blocks(part, size, how=here, runner=runner, chances=True, jumps=True):
            pieces.append(measure(runs))
            failed += (runs["status"].transpose("policy", "scenario").values != 0).sum(axis=1)
            del runs  # before the next dataset is made
        done += part.runs
        return {n: np.concatenate([p[n] for p in pieces], axis=1) for n in pieces[0]}, failed

    futures, failed = measured(design)
    first = design.scenarios[:worlds]
    replicates = [{n: v[:, :worlds] for n, v in futures.items() if v.ndim == 2}] if worlds else []
    replicates += [measured(design.another(scenarios=first, life=life))[0] for life in again]
    stacked = {n: np.stack([r[n] for r in replicates], axis=2) for n in (replicates[0] if worlds else ())}
    return PairedRuns(futures, stacked, failed)
