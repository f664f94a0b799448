"""Where the main variables of a brief go."""

from __future__ import annotations

from collections.abc import Sequence

from offramp.analysis import trajectories
from offramp.brief.events import days_of_events, dotted_lines
from offramp.brief.section import Section, figure
from offramp.brief.view import RunsView
from offramp.charts import over_time
from offramp.charts.canvas import HALF
from offramp.tell import figures, words
from offramp.tell.blocks import Block, Figure, Grid, Paragraph

_MOST_WITHOUT_HEADLINES = 6


def variables(view: RunsView) -> Section | None:
    """The section: a chart for each headline variable; None where the runs hold none."""
    about = view.about("variables")
    names = [n for n, v in about.items() if v["headline"] and n in view.shown]
    names = names or [n for n in about if n in view.shown][:_MOST_WITHOUT_HEADLINES]
    if not names:
        return None
    charts_of_each = [_fan(view, name, f"fan-{i}") for i, name in enumerate(names)]
    blocks: list[Block] = [Paragraph(_key(view), small=True), Grid(charts_of_each)]
    return Section(60, "variables", "Main variables", f"Main variables{view.under}", blocks)


def _key(view: RunsView) -> str:
    key = (
        "Dark line: the median of the futures at each date. Inner band: their middle half. Outer band: their "
        "middle nine tenths. At the right, from above, the 95th percentile, the median and the 5th. No "
        "single future follows the line."
    )
    lines = dotted_lines(view)
    if lines:
        named_above = any(c.absorbing and c.count[-1] for c in view.endings)
        key += " Dotted lines are the dated events named above." if named_above else f" {lines}"
    if view.ended:
        share = figures.percent(view.ended / view.futures)
        key += f" The {share} of futures that have ended keep their last value."
    return key


def _fan(view: RunsView, name: str, identity: str) -> Figure:
    about = view.about("variables")[name]
    title, unit = about["title"] or name, about["unit"]
    shares = trajectories.share_holding(view.shown, name)
    if shares is not None:
        values = [float(v) for v in shares.values[0]]
        return figure(
            identity, title, words.holding(values[0], values[-1]),
            _over_dates(view, [("Share of futures", [figures.percent(v) for v in values])]),
            over_time.share_over_time(view.dates, [values[k] for k in view.rows], days_of_events(view), HALF),
            heading=True, note="yes or no",
        )  # fmt: skip
    q = trajectories.percentiles(view.shown, name).values[0]
    columns = [(f"{p} %", [figures.number(v) for v in q[i]]) for i, p in enumerate(trajectories.PERCENTILES)]
    return figure(
        identity, title, words.fan(q[[0, 2, 4], 0], q[[0, 2, 4], -1], unit), _over_dates(view, columns),
        over_time.fan(view.dates, q[:, view.rows], days_of_events(view), HALF),
        heading=True, note=figures.unit_words(unit),
    )  # fmt: skip


def _over_dates(
    view: RunsView, columns: Sequence[tuple[str, Sequence[str]]]
) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Heads and rows, a row for each date."""
    rows = [(figures.table_date(view.times[k]), *(values[k] for _, values in columns)) for k in view.rows]
    return ("Date", *(head for head, _ in columns)), rows


def moves(view: RunsView, most: int = 3) -> list[str]:
    """The headline variables whose median moves most, measured by the spread of futures at the end."""
    about = view.about("variables")
    found = []
    for name, v in about.items():
        if not v["headline"] or name not in view.shown:
            continue
        if trajectories.share_holding(view.shown, name) is not None:
            continue
        q = trajectories.percentiles(view.shown, name).values[0]
        first, last = q[[0, 2, 4], 0], q[[0, 2, 4], -1]
        spread = max(last[2] - last[0], first[2] - first[0])
        if spread > 0 and abs(last[1] - first[1]) > 0.25 * spread:
            line = words.moved(v["title"] or name, first, last, v["unit"])
            found.append((abs(last[1] - first[1]) / spread, line))
    return [line for _, line in sorted(found, key=lambda pair: -pair[0])[:most]]
