"""Why no future can be what was known: which row none of them meets, and what they have there instead."""

from __future__ import annotations

import numpy as np

from offramp.engine.outputs import Outputs, Status
from offramp.errors import OfframpError
from offramp.truth.evidence import Point, Record
from offramp.windows import come_by


class NoFutureFitsError(OfframpError):
    """None of the futures of a population can be what was known."""


def no_future_fits(record: Record, outputs: Outputs, tried: int) -> NoFutureFitsError:
    """What to say where none of so many futures can be what was known by the record's day.

    Parameters
    ----------
    outputs : some of them
    tried : how many there were in all
    """
    head = f"none of {tried:,} futures of `{record.model.name}` can be what was known by {record.until}: "
    possible, simulated = record.possible(outputs), record.simulated(outputs)
    density = record.by_point(outputs)
    left = possible
    for i, point in enumerate(record.points):
        still = left & np.isfinite(density[:, i])
        if left.any() and not still.any():
            return NoFutureFitsError(head + _of_row(record, point, simulated[left, i], i))
        left = still
    return NoFutureFitsError(head + _of_runs(record, outputs))


def _of_row(record: Record, point: Point, simulated: np.ndarray, before: int) -> str:
    evidence, window = point.evidence, point.window
    low, high = (f"{end(simulated):g}" for end in (np.min, np.max))
    has = low if low == high else f"{low} to {high}"
    when = f"on {window.last}" if window.first == window.last else f"from {window.first} to {window.last}"
    with_all = " with all that was known before" if before else ""
    numbers = ", ".join(map(str, point.lines))
    lines = f"{evidence.data}, line{'s' * (len(point.lines) > 1)} {numbers}" if numbers else "no row"
    return (
        f"`{evidence.name}` has {point.value:g} {when} ({lines}), and futures that go along{with_all} "
        f"have {has} there. Is the row right, and can the model make it? If it can, take more particles, or "
        "an error that allows for what the model leaves out."
    )


def _of_runs(record: Record, outputs: Outputs) -> str:
    """For runs that have failed, or ended before."""
    count, model = len(outputs.status), record.model
    failed = int(np.sum(outputs.status != Status.OK))
    parts = [f"{100 * failed / count:.0f} % failed (`offramp run` says why)"] if failed else []
    for i, outcome in enumerate(model.outcomes):
        if outcome.absorbing:
            came = come_by(outputs.outcome[:, i], outputs.outcome_part[:, i], record.place)
            if (share := float(np.mean(came & (outputs.status == Status.OK)))) > 0:
                parts.append(f"{100 * share:.0f} % had ended with `{outcome.name}`")
    what = ", ".join(parts) or "no figure of a variable is a number"
    return (
        f"{what}. A crisis is taken to have gone on up to that day: if it had ended, ask for a day before "
        "(--until). If not, take more particles, or look at what ends it in the model."
    )
