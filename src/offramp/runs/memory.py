"""How much memory runs take, and how many fit."""

from __future__ import annotations

from offramp.errors import UsageError
from offramp.model import Model
from offramp.runs.design import Design

MEMORY = 700_000_000  # bytes that the paths of runs may take at once where they are only counted
KEPT = 2_000_000_000  # that they may take where they are kept whole, to save them or to draw a brief


def bytes_of_run(model: Model) -> int:
    """Memory that one run takes in the dataset with all its paths."""
    steps = model.steps
    paths = 8 * len(model.variables) * (steps + 1)
    choices = steps * (len(model.actors) + 2 * len(model.events))
    minds = 8 * steps * (len(model.suppositions) + len(model.expectations)) + len(model.actors)
    return paths + choices + minds + 8 * len(model.parameters) + 10 * len(model.outcomes) + 16


def need_memory(design: Design, who: str) -> None:
    """Make sure that all paths of a design can be kept.

    Parameters
    ----------
    who : wants to keep them, as the beginning of the message

    Raises
    ------
    UsageError
        If they cannot, with how many can.
    """
    each = bytes_of_run(design.model) * len(design.policies)
    count = len(design.scenarios)
    if each * count > KEPT:
        raise UsageError(
            f"{who} every path in memory: {count:,} runs of `{design.model.name}` would take "
            f"{each * count / 1e9:.1f} GB. Ask for at most {KEPT // each // 1000 * 1000:,}, "
            "or use `offramp run` without --out, which counts any number."
        )
