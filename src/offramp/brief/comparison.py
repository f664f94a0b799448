"""Policies side by side: a picture for each way in which futures end, and a table of all outcomes."""

from __future__ import annotations

from offramp.analysis.intervals import wilson
from offramp.analysis.outcomes import holding, over_time
from offramp.brief.view import View
from offramp.charts import charts
from offramp.charts.canvas import NARROW, WIDE
from offramp.charts.chart import Chart, Table, draw
from offramp.charts.palette import SERIES
from offramp.tell import figures, words


def policies(view: View) -> list[Chart]:
    """For each ending that came in any future, its chance under every policy; none for a single policy."""
    if len(view.policies) < 2:
        return []
    found = []
    trials = holding(view.runs)
    for i, course in enumerate([c for c in view.endings if c.name]):
        counts = over_time(view.runs, course.name)["count"].values[:, -1]
        kept = [p for p in range(len(view.policies)) if trials[p]]
        if not counts[kept].any():
            continue
        low, high = wilson(counts[kept], trials[kept])
        titles = [view.policy_title(view.policies[p]) for p in kept]
        rows = [
            charts.Interval(
                t, float(counts[p] / trials[p]), float(a), float(b), view.colours.get(course.name, SERIES)
            )
            for t, p, a, b in zip(titles, kept, low, high, strict=True)
        ]
        under = [words.UnderPolicy(r.title, r.share, r.low, r.high) for r in rows]
        sentence = words.compared(course.title, under)
        table = []
        for r, p in zip(rows, kept, strict=True):
            share = figures.percent(r.share, figures.digits_for(r.low, r.high))
            table.append(
                (r.title, figures.count(int(counts[p])), share, figures.percent_range(r.low, r.high))
            )
        identity = f"policy-{i}"
        found.append(
            Chart(
                identity,
                sentence,
                draw(
                    identity, course.title, sentence,
                    charts.intervals(rows, WIDE), charts.intervals(rows, NARROW, beside=False),
                ),
                (("Policy", "Futures", "Share", "90 % interval"), table),
                title=course.title,
            )
        )  # fmt: skip
    return found


def policy_table(view: View) -> Table | None:
    """Every outcome under every policy, side by side; None for one policy."""
    if len(view.policies) < 2:
        return None
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
    return ("Outcome", *(view.policy_title(p) for p in view.policies)), rows
