"""Run a design: blocks of scenarios over a pool of threads, gathered in one dataset."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offramp.engine.depths import Engine, Grouped, is_uncertain
from offramp.errors import UsageError
from offramp.given import need
from offramp.model import Model
from offramp.runs.dataset import Collection, kept_variables
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How, Progress

if TYPE_CHECKING:
    import xarray as xr

# Runs between two reports of progress: enough to keep the engine busy, few enough to stop soon.
RUNS_PER_BLOCK = 2048
FEWEST_SCENARIOS = 128


def engine_for(model: Model, name: str = "compiled") -> Engine:
    """The compiled engine of a model, or with `oracle` the slow, plain interpreter that checks it.

    Raises
    ------
    UsageError
        If there is no such engine.
    """
    if name == "compiled":
        from offramp.engine.compiled.compile import compile_model

        if is_uncertain(model):
            return Grouped(model, compile_model)
        return compile_model(model)
    if name == "oracle":
        from offramp.engine.plain.course import Oracle

        if is_uncertain(model):
            return Grouped(model, Oracle)
        return Oracle(model)
    raise UsageError(f"there is no engine `{name}`. There are: compiled, oracle.")


def simulate(
    design: Design,
    *,
    how: How = AS_SUITS,
    variables: list[str] | None = None,
    runner: Engine | None = None,
    chances: bool = False,
    jumps: bool = False,
) -> xr.Dataset:
    """Run every scenario of a design under every policy.

    Parameters
    ----------
    design : what to run
    how : how futures are run; nothing in it changes a result
    variables : names of variables whose paths are kept; None for all
    runner : what `engine_for` gave for this model and engine, for whoever runs several designs of it
    chances : also keep what each step says of the chance that an outcome comes in it (`outcome_chance`)
    jumps : also keep how far dated events moved variables (`dated_jump`), to read these within such a step

    Returns
    -------
    xarray.Dataset with dims policy, scenario, time, step, actor, outcome, event, parameter; see
    docs/reference/runs.md.

    Raises
    ------
    UsageError
        If a variable or engine is not there, or a number makes no sense.
    """
    need(design, "Design")
    kept = kept_variables(design.model, variables)
    runner = runner or engine_for(design.model, how.engine)
    return _Simulation(runner, how, kept, chances, jumps).of(design, how.progress)


def simulate_blocks(
    design: Design,
    scenarios: int,
    *,
    how: How = AS_SUITS,
    variables: list[str] | None = None,
    runner: Engine | None = None,
    chances: bool = False,
    jumps: bool = False,
) -> Iterator[xr.Dataset]:
    """Run a design too large for memory: datasets of at most `scenarios` scenarios each, in order.

    Each dataset is what `simulate` gives for those scenarios alone. Counts (outcomes, actions, failures)
    add up over them; quantiles do not, so take these from the first and say so. Other parameters are
    those of `simulate`.
    """
    need(design, "Design")
    if scenarios < 1:
        raise UsageError("a block needs at least 1 scenario.")
    kept = kept_variables(design.model, variables)
    runner = runner or engine_for(design.model, how.engine)
    simulation = _Simulation(runner, how, kept, chances, jumps)
    done = 0
    for part in design.blocks(scenarios):
        before = done

        def step(runs: int, _: int, before: int = before) -> None:
            if how.progress is not None:
                how.progress(before + runs, design.runs)

        yield simulation.of(part, step)
        done += part.runs


@dataclass(frozen=True)
class _Simulation:
    """How designs are run; the parameters of `simulate`."""

    runner: Engine
    how: How
    variables: list[str]
    chances: bool
    jumps: bool

    def of(self, design: Design, progress: Progress | None) -> xr.Dataset:
        threads = (os.cpu_count() or 1) if self.how.threads is None else self.how.threads
        size = self._block(design, threads)
        if size < 1 or threads < 1:
            raise UsageError("threads and block must be at least 1.")
        collection = Collection.empty(design, self.variables, self.chances, self.jumps)
        count = len(design.scenarios)

        def run(scenarios: slice) -> int:
            """Run some scenarios under every policy; they are drawn once for all."""
            numbers = design.scenarios[scenarios]
            for i, inputs in enumerate(design.inputs_of_all(numbers)):
                if i == 0:
                    collection.write_truth(scenarios, inputs)
                collection.write(i, scenarios, inputs, self.runner.run(inputs))
            return len(numbers) * len(design.policies)

        blocks = [slice(first, min(first + size, count)) for first in range(0, count, size)]
        done, wait = 0, True
        pool = ThreadPoolExecutor(threads)
        try:
            for future in as_completed([pool.submit(run, part) for part in blocks]):
                done += future.result()
                if progress is not None:
                    progress(done, design.runs)
        except KeyboardInterrupt:
            wait = False  # the blocks under way end by themselves
            raise
        finally:
            # After an error or Ctrl-C nothing new is begun.
            pool.shutdown(wait=wait, cancel_futures=True)
        return collection.dataset(self.how.engine)

    def _block(self, design: Design, threads: int) -> int:
        """How many scenarios to run at a time."""
        if self.how.block is not None:
            return self.how.block
        # Several blocks for each thread, so that none waits long for another at the end.
        share = -(-len(design.scenarios) // (4 * max(threads, 1)))
        return max(FEWEST_SCENARIOS, min(RUNS_PER_BLOCK // len(design.policies), share))
