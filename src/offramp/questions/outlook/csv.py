"""The outlook as one table, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from offramp.model import Model
from offramp.tell.terminal import cleaned

COLUMNS = ("policy", "policy_title", "kind", "actor", "name", "title", "unit", "date", "value", "low", "high")


def outlook_csv(found: dict[str, Any], model: Model) -> str:
    """One row for each number of `offramp run --format json`.

    Parameters
    ----------
    found : what `offramp.questions.outlook.ask` or the summary of runs gave
    model : of which it is, for titles

    Returns
    -------
    CSV with the head COLUMNS. `kind` is `chance` (of an outcome by the date; `low` and `high`, its 90 %
    sampling interval, at the last date), `level` (of a variable: median, 5th and 95th percentile) or `share`
    (of the steps in which the actor did that). Shares and chances are parts of 1; where there is nothing to
    say the cell is empty.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows([_harmless(cell) for cell in row] for row in _rows(found, model))
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe: a title may be a stranger's."""
    if not isinstance(cell, str):
        return cell
    text = cleaned(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _rows(found: dict[str, Any], model: Model) -> Iterator[tuple[Any, ...]]:
    outcomes = {o.name: o.title or o.name for o in model.outcomes}
    variables = {v.name: v.title or v.name for v in model.variables}
    policies = {p.name: p.title or p.name for p in model.policies}
    for policy, told in found["policies"].items():
        head = (policy, policies.get(policy, policy))
        for name, o in told["outcomes"].items():
            for day, chance in o["by"].items():
                ends = (o["low"], o["high"]) if day == found["end"] else (None, None)
                yield (*head, "chance", "", name, outcomes[name], "", day, chance, *ends)
        for name, v in told["variables"].items():
            for day, at in v["by"].items():
                spread = (at["p50"], at["p05"], at["p95"])
                yield (*head, "level", "", name, variables[name], v["unit"], day, *spread)
        for actor in model.actors:
            titles = {a.name: f"{actor.title or actor.name}: {a.title or a.name}" for a in actor.actions}
            for action, share in told["actions"][actor.name].items():
                rest = (titles[action], "", found["end"], share, None, None)
                yield (*head, "share", actor.name, action, *rest)
