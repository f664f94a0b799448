"""The outlook as one table, for a spreadsheet."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from offramp.analysis.summary import Outlook, UnderPolicy
from offramp.model import Model
from offramp.tell.terminal import cleaned

COLUMNS = ("policy", "policy_title", "kind", "actor", "name", "title", "unit", "date", "value", "low", "high")


def outlook_csv(found: Outlook, model: Model) -> str:
    """One row for each number of `offramp run --format json`.

    Parameters
    ----------
    model : of which the outlook is, for titles

    Returns
    -------
    CSV with the head COLUMNS. `kind` is `chance` (of an outcome by the date; `low` and `high`, its 90 %
    sampling interval, at the last date), `level` (of a variable: median, 5th and 95th percentile) or `share`
    (of the steps in which the actor did that). Shares and chances are parts of 1; where there is nothing to
    say the cell is empty.
    """
    titles = {p.name: p.title or p.name for p in model.policies}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for policy, under in found.policies.items():
        head = (policy, titles.get(policy, policy))
        table.writerows([_harmless(cell) for cell in (*head, *row)] for row in _rows(found, under, model))
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe: a title may be a stranger's."""
    if isinstance(cell, float) and math.isnan(cell):
        return None
    if not isinstance(cell, str):
        return cell
    text = cleaned(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _rows(found: Outlook, under: UnderPolicy, model: Model) -> Iterator[tuple[Any, ...]]:
    outcomes = {o.name: o.title or o.name for o in model.outcomes}
    variables = {v.name: v.title or v.name for v in model.variables}
    for name, o in under.outcomes.items():
        for day, chance in o.by.items():
            ends = (o.low, o.high) if day == found.end else (None, None)
            yield ("chance", "", name, outcomes[name], "", day.isoformat(), chance, *ends)
        for day, then in o.asked.items():
            numbers = (then.probability, then.low, then.high)
            yield ("chance", "", name, outcomes[name], "", day.isoformat(), *numbers)
    for name, v in under.variables.items():
        for day, at in v.by.items():
            yield ("level", "", name, variables[name], v.unit, day.isoformat(), at.p50, at.p05, at.p95)
    for actor in model.actors:
        titles = {a.name: f"{actor.title or actor.name}: {a.title or a.name}" for a in actor.actions}
        for action, share in under.actions[actor.name].items():
            rest = (titles[action], "", found.end.isoformat(), share, None, None)
            yield ("share", actor.name, action, *rest)
