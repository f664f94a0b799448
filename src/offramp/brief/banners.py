"""What stands above everything in a brief: numbers set by hand, and runs that failed."""

from __future__ import annotations

import json

from offramp.analysis.summary import summary
from offramp.brief.view import RunsView
from offramp.distribution import possible
from offramp.model import Distribution
from offramp.runs.known import Given
from offramp.tell import figures, words
from offramp.tell.blocks import Table

_WHY_FAILED = {
    "not_finite": "a number that is not finite",
    "out_of_bounds": "a variable outside its bounds",
    "too_many_events": "more than 500 expected events in one step",
}


def overrides(view: RunsView) -> list[tuple[str, str]]:
    """Numbers that were set by hand, with their titles; those outside their prior say so."""
    about = view.about("parameters") | view.about("variables")
    odd = _outside(view)
    return [
        (about[name]["title"] or name, figures.with_unit(value, about[name]["unit"]) + odd.get(name, ""))
        for name, value in view.about("overrides").items()
    ]


def given(view: RunsView) -> str:
    """What the futures go on from; empty where they begin with the priors."""
    known = Given.of_plain(json.loads(view.runs.attrs.get("given", "null")))
    return "" if known is None else words.given(known)


def _outside(view: RunsView) -> dict[str, str]:
    """What to add to numbers set by hand that no scenario would have drawn."""
    set_by_hand, said = view.about("overrides"), {}
    for parameter in view.model.parameters:
        by_hand, prior = set_by_hand.get(parameter.name), parameter.value
        if by_hand is not None and isinstance(prior, Distribution) and not possible(prior, by_hand):
            said[parameter.name] = f" (outside its prior, {prior.text or prior.kind})"
    return said


def failures(view: RunsView) -> tuple[str, Table] | None:
    """What failed, under every policy: a sentence and a table; None if nothing did."""
    # Without the paths, which no failure needs, this takes no time.
    paths = [name for name in view.about("variables") if name in view.runs]
    found = summary(view.runs.drop_vars(paths))
    if not found.failed_runs:
        return None
    about = view.about("variables")
    runs = view.runs.sizes["scenario"] * len(view.policies)
    rows = []
    for f in found.failed:
        why = _WHY_FAILED[f.why]
        if f.variable:
            why += f": {about[f.variable]['title'] or f.variable}"
        row = (
            view.policy_title(f.policy),
            why,
            figures.count(f.runs),
            str(f.first),
            figures.count(f.scenario),
        )
        rows.append(row)
    heads = ("Policy", "Why", "Runs", "First in the step of", "Scenario to look at")
    return words.failed(found.failed_runs, runs), Table(heads, rows, numbers_from=2)
