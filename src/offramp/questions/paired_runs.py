"""Runs for questions that compare policies: what is measured, in every future and in worlds lived again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from offramp.errors import UsageError
from offramp.questions.outlook.ask import MEMORY, bytes_of_run
from offramp.runs.design import Design
from offramp.runs.simulate import Progress, engine_for, simulate_blocks

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

LIVES = 10  # of each world that is lived again: few, for many worlds say more than many lives of few
FEWEST_WORLDS = 100
ONE_WORLD_IN = 20

# Names -> what was measured, (policy, scenario, ...) each.
Measured = dict[str, Floats]
Measure = Callable[["xr.Dataset"], Measured]


@dataclass(frozen=True)
class Lived:
    """What was measured.

    Attributes
    ----------
    futures : name -> (policy, scenario, ...), every scenario once
    worlds : name -> (policy, world, life), the first scenarios in all their lives; of measures with further
        axes nothing. Empty where no world was lived again.
    failed : (policy,), runs that failed among the futures
    """

    futures: Measured
    worlds: Measured
    failed: npt.NDArray[np.int64]


def worlds_for(runs: int) -> int:
    """How many worlds are lived again unless told: one in 20, at least 100, never more than there are."""
    return min(runs, max(FEWEST_WORLDS, runs // ONE_WORLD_IN))


def live(
    design: Design,
    measure: Measure,
    worlds: int = 0,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Lived:
    """Run a design, and the first of its worlds again with other luck, and measure every run.

    Parameters
    ----------
    design : what to run; its scenarios are the futures
    measure : from runs, names to (policy, scenario, ...)
    worlds : how many of the first scenarios are lived through `LIVES` times; 0 for none
    threads : how many to use; None for one per processor. Results do not depend on it.
    progress : called as progress(runs done, runs in all)

    Raises
    ------
    UsageError
        If more worlds are asked for than there are scenarios.
    """
    count = len(design.scenarios)
    if not 0 <= worlds <= count:
        raise UsageError(f"{worlds} worlds cannot be lived again: there are {count} futures.")
    again = range(1, LIVES) if worlds else range(0)
    total = len(design.policies) * (count + worlds * len(again))
    runner = engine_for(design.model)
    size = max(1, MEMORY // (bytes_of_run(design.model) * len(design.policies)))
    done = 0

    def measured(part: Design) -> tuple[Measured, npt.NDArray[np.int64]]:
        nonlocal done
        before = done

        def step(runs: int, _: int) -> None:
            if progress is not None:
                progress(before + runs, total)

        pieces, failed = [], np.zeros(len(part.policies), np.int64)
        for runs in simulate_blocks(part, size, threads=threads, progress=step, runner=runner, chances=True):
            pieces.append(measure(runs))
            failed += (runs["status"].transpose("policy", "scenario").values != 0).sum(axis=1)
            del runs  # before the next dataset is made
        done += part.runs
        return {n: np.concatenate([p[n] for p in pieces], axis=1) for n in pieces[0]}, failed

    futures, failed = measured(design)
    first = design.scenarios[:worlds]
    lives = [{n: v[:, :worlds] for n, v in futures.items() if v.ndim == 2}] if worlds else []
    for life in again:
        part = design.another(scenarios=first, life=life)
        lives.append(measured(part)[0])
    return Lived(
        futures,
        {n: np.stack([life[n] for life in lives], axis=2) for n in (lives[0] if lives else ())},
        failed,
    )
