"""A sweep as one table, for a spreadsheet."""

from __future__ import annotations

import csv
import io

from offramp.model import Model
from offramp.questions.sweep.ask import Sweep
from offramp.tell.terminal import cleaned

COLUMNS = ("outcome", "chance", "low", "high", "change", "change_low", "change_high")


def sweep_csv(found: Sweep, model: Model | None = None) -> str:
    """One row for each point and outcome; chances and changes are parts of 1.

    Returns
    -------
    CSV whose first columns are the axes, by name: the value there, empty where the axis is not moved; then
    COLUMNS.
    `change` is against the model as it is, which the first row of each outcome is.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*(a.name for a in found.axes), *COLUMNS])
    for name, base in found.base.items():
        e = base.chance
        table.writerow([*("" for _ in found.axes), name, e.value, e.low, e.high, 0, 0, 0])
    for cell in found.cells:
        at = ["" if k is None else a.values[k] for k, a in zip(cell.at, found.axes, strict=True)]
        for name, one in cell.outcomes.items():
            numbers = [x for e in (one.chance, one.change) for x in (e.value, e.low, e.high)]
            table.writerow([*(cleaned(v) if isinstance(v, str) else v for v in at), name, *numbers])
    return text.getvalue()
