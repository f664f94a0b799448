"""From a design to its summary, however many runs it has: paths are kept only as far as memory allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offramp.analysis.summary import Tally
from offramp.given import need
from offramp.model import Model
from offramp.runs.design import Design
from offramp.runs.simulate import Progress, simulate, simulate_blocks

MEMORY = 700_000_000  # bytes that the paths of runs may take at once
PATHS = (100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000)  # runs from which quantiles may be taken
COUNTED = 20_000  # runs at a time where they are only counted


def outlook(
    design: Design, *, threads: int | None = None, progress: Progress | None = None, memory: int = MEMORY
) -> dict[str, Any]:
    """Run a design and sum it up, without ever holding more runs than fit into memory.

    Chances, shares of actions and failures are counted over all runs. Percentiles of variables are taken from
    all runs too where these fit, otherwise from the first 100,000 of each policy or as many as fit; the
    summary says from how many (`intervals.quantiles_from`).

    Parameters
    ----------
    design : what to run
    threads : how many to use; None for one per processor. Results do not depend on it.
    progress : called as progress(runs done, runs in all)
    memory : bytes that paths may take at once; beside them the program itself needs about 0.4 GB

    Returns
    -------
    What `offramp.summary` gives for the runs of the design.
    """
    need(design, "Design")
    size = bytes_of_run(design.model)
    if design.runs * size <= memory:
        return Tally().add(simulate(design, threads=threads, progress=progress)).summary()
    tally = Tally()
    fitting = next((n for n in PATHS if n * size <= memory), PATHS[-1])
    done = 0
    for part, variables in _parts(design, fitting):
        before = done

        def step(runs: int, _: int, before: int = before) -> None:
            if progress is not None:
                progress(before + runs, design.runs)

        at_once = fitting if variables is None else COUNTED
        for runs in simulate_blocks(part, at_once, threads=threads, progress=step, variables=variables):
            tally.add(runs)
            del runs  # before the next dataset is made
        done += part.runs
    return tally.summary()


def bytes_of_run(model: Model) -> int:
    """Memory that one run takes in the dataset with all its paths."""
    steps = model.steps
    paths = 8 * len(model.variables) * (steps + 1)
    choices = steps * (len(model.actors) + 2 * len(model.events))
    minds = 8 * steps * (len(model.suppositions) + len(model.expectations)) + len(model.actors)
    return paths + choices + minds + 8 * len(model.parameters) + 2 * len(model.outcomes) + 16


def _parts(design: Design, fitting: int) -> Iterator[tuple[Design, list[str] | None]]:
    """One policy after another: first the runs whose paths are kept, then those that are only counted."""
    for policy in design.policies:
        numbers = design.scenarios
        for some, variables in ((numbers[:fitting], None), (numbers[fitting:], [])):
            if len(some):
                yield design.another(policies=[policy], scenarios=some), variables
