"""What questions share: the outcome they are about, and runs in blocks, with threads and progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.analysis.answer import Answer, head
from offramp.engine.inputs import Inputs
from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.model import Model
from offramp.runs.design import Design
from offramp.runs.how import How, Progress

# What of Inputs belongs to each run.
_BY_RUN = ("scenario", "parameters", "initial", "misread", "type_value", "prior", "true_type")

RUNS_AT_ONCE = 512


def outcome_asked(model: Model, name: str | None) -> str:
    """The outcome that a question is about: the one named, or the first that ends a run.

    Raises
    ------
    UsageError
        If there is no such outcome, or the model has none that ends a run.
    """
    names = [o.name for o in model.outcomes]
    if name is None:
        ends = [o.name for o in model.outcomes if o.absorbing]
        if not ends:
            raise UsageError(
                f"model `{model.name}` has no outcome that ends a run, so say which one is meant: "
                f"--outcome {names[0] if names else 'NAME'}."
            )
        return ends[0]
    if name not in names:
        hint = did_you_mean(name, names) or f"There are: {', '.join(names) or 'none'}."
        raise UsageError(f"model `{model.name}` has no outcome `{name}`. {hint}")
    return name


@dataclass(frozen=True, kw_only=True)
class OfOutcome(Answer):
    """An answer about the chance of one outcome by the end, under one policy.

    Attributes
    ----------
    outcome_title : the outcome as readers call it
    by : the last date
    """

    policy: str
    outcome: str
    outcome_title: str
    by: date


def head_of(design: Design, intervals: Mapping[str, str]) -> dict[str, Any]:
    """What an answer from the futures of a design says of itself, as arguments."""
    given = None if design.knowledge is None else design.knowledge.about
    return head(design.model, seed=design.seed, settings=design.overrides, intervals=intervals, given=given)


def head_of_outcome(design: Design, outcome: str, intervals: dict[str, str]) -> dict[str, Any]:
    """What such an answer says of itself, as arguments."""
    return {
        **head_of(design, intervals),
        "policy": design.policies[0],
        "outcome": outcome,
        "outcome_title": outcome_title(design.model, outcome),
        "by": design.model.dates[-1],
    }


def outcome_title(model: Model, outcome: str) -> str:
    """The outcome as readers call it."""
    return next(o.title for o in model.outcomes if o.name == outcome) or outcome


def part(inputs: Inputs, runs: slice | npt.NDArray[np.int64]) -> Inputs:
    """Some runs of a block."""
    lineage = None if inputs.lineage is None else inputs.lineage[runs]
    return replace(inputs, lineage=lineage, **{name: getattr(inputs, name)[runs] for name in _BY_RUN})


def in_threads(
    tasks: Iterable[tuple[Callable[[], object], int]],
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Carry out tasks, each so many runs, on a pool of threads; after an error nothing new is begun."""
    tasks = list(tasks)
    total, done = sum(runs for _, runs in tasks), 0
    pool, wait = ThreadPoolExecutor(threads or os.cpu_count() or 1), True
    try:
        waiting = {pool.submit(task): runs for task, runs in tasks}
        for future in as_completed(waiting):
            future.result()
            done += waiting[future]
            if progress is not None:
                progress(done, total)
    except KeyboardInterrupt:
        wait = False  # what is under way ends by itself
        raise
    finally:
        pool.shutdown(wait=wait, cancel_futures=True)


def in_blocks(run: Callable[[slice], object], runs: int, how: How, progress: Progress | None = None) -> None:
    """Call `run` for each block of so many runs, on a pool of threads.

    Parameters
    ----------
    progress : instead of that of `how`
    """
    blocks = [slice(k, min(runs, k + RUNS_AT_ONCE)) for k in range(0, runs, RUNS_AT_ONCE)]
    tasks = [(partial(run, b), b.stop - b.start) for b in blocks]
    in_threads(tasks, how.threads, progress or how.progress)
