"""Policies of one set of runs side by side: a chart for each way in which futures end, and all outcomes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import wilson
from offramp.analysis.outcomes import holding, over_time
from offramp.brief.section import Section, figure
from offramp.brief.view import OutcomePath, RunsView
from offramp.charts.canvas import NARROW, WIDE
from offramp.charts.palette import SERIES
from offramp.charts.rows import Interval, intervals
from offramp.tell import figures, model_words, words
from offramp.tell.blocks import Block, Figure, Heading, Paragraph, Table, Terms

Counts = npt.NDArray[np.int_]


def comparison(view: RunsView) -> Section | None:
    """The section; None for a single policy."""
    if len(view.policies) < 2:
        return None
    blocks: list[Block] = [
        Paragraph(
            "All policies ran through the same scenarios with the same luck. The intervals below treat them "
            "as if they had not, so they may overlap where a difference is sharp: a comparison future by "
            "future, which would show it, is not part of this version. The rest of this brief shows "
            f"“{view.policy_title(view.policy)}”."
        ),
        Terms([(title, _does(steps)) for title, steps in model_words.policies(view.model, view.policies)]),
        *_charts(view),
        Heading("All outcomes at the end"),
        _table(view),
    ]
    return Section(20, "policies", "Policies", "Policies side by side", blocks)


def _does(steps: list[str]) -> str:
    return f"{'; '.join(steps)}." if steps else "Changes nothing."


def _charts(view: RunsView) -> Iterator[Figure]:
    """For each ending that came in any future, its chance under every policy."""
    trials = np.asarray(holding(view.runs))
    kept = [p for p in range(len(view.policies)) if trials[p]]
    for i, course in enumerate(c for c in view.endings if c.name):
        counts = over_time(view.runs, course.name)["count"].values[:, -1][kept]
        if counts.any():
            titles = [view.policy_title(view.policies[p]) for p in kept]
            yield _chart(view, course, f"policy-{i}", titles, counts, trials[kept])


def _chart(
    view: RunsView, course: OutcomePath, identity: str, titles: list[str], counts: Counts, trials: Counts
) -> Figure:
    colour = view.colours.get(course.name, SERIES)
    rows = [
        Interval(t, float(n / all_), float(a), float(b), colour)
        for t, n, all_, a, b in zip(titles, counts, trials, *wilson(counts, trials), strict=True)
    ]
    table = [
        (
            r.title,
            figures.count(int(n)),
            figures.percent(r.share, figures.digits_for(r.low, r.high)),
            figures.percent_range(r.low, r.high),
        )
        for r, n in zip(rows, counts, strict=True)
    ]
    return figure(
        identity, course.title,
        words.compared(course.title, [words.ShareUnderPolicy(r.title, r.share, r.low, r.high) for r in rows]),
        (("Policy", "Futures", "Share", "90 % interval"), table),
        intervals(rows, WIDE), intervals(rows, NARROW, beside=False),
        heading=True,
    )  # fmt: skip


def _table(view: RunsView) -> Table:
    """Every outcome under every policy."""
    rows = []
    for course in view.courses:
        found = over_time(view.runs, course.name).isel(time=-1)
        cells = []
        for p in range(len(view.policies)):
            low, high = float(found["low"][p]), float(found["high"][p])
            if not int(found["runs"][p]):
                cells.append("–")
                continue
            share = figures.percent(float(found["probability"][p]), figures.digits_for(low, high))
            cells.append(f"{share} ({figures.percent_range(low, high)})")
        rows.append((course.title, *cells))
    return Table(("Outcome", *(view.policy_title(p) for p in view.policies)), rows)
