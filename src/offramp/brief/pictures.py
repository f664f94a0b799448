"""The pictures of a brief with what goes with each: one sentence, a description, the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from offramp.analysis import trajectories
from offramp.brief.view import Course, View
from offramp.charts import charts
from offramp.charts.canvas import HALF, NARROW, WIDE
from offramp.charts.chart import Chart, Table, draw
from offramp.charts.palette import TYPES
from offramp.tell import figures, words
from offramp.tell.blocks import Spec

Floats = npt.NDArray[np.float64]

# Actions chosen less than this, overall and in any month, share one strip.
RARE, RARE_IN_A_MONTH = 0.02, 0.05
MOST_STRIPS = 12


def standing(view: View) -> Chart | None:
    """All futures over time, by how they have ended; None where nothing ends a future."""
    if not view.endings:
        return None
    sentence = words.standing(view.ends_in_words, view.futures, view.end)
    table = _over_dates(view, [(c.title, [figures.percent(s) for s in c.share]) for c in view.endings])
    drawings = draw(
        "standing",
        "How the futures stand over time",
        sentence,
        standing_spec(view, WIDE),
        standing_spec(view, NARROW, beside=False),
    )
    return Chart("standing", sentence, drawings, table)


def standing_spec(view: View, width: float, beside: bool = True) -> Spec:
    """The specification of `standing`, for a view in which something ends futures."""
    absorbing = [c for c in view.endings if c.absorbing]
    going_on = [c for c in view.endings if not c.absorbing]
    warm = [c for c in absorbing if view.is_warm(c.name)]
    # What is bad stands on the floor and what is not hangs from the ceiling: both have a straight edge.
    order = [*warm, *going_on, *[c for c in reversed(absorbing) if c not in warm]]
    layers = [
        charts.Layer(
            f"{figures.percent(c.share[-1], c.digits)} {c.title}",
            view.colours[c.name],
            [c.share[k] for k in view.rows],
        )
        for c in order
    ]
    return charts.standing(view.dates, layers, width, beside)


def growths(view: View) -> list[Chart]:
    """For each outcome that ends futures and came in any: how its share grew."""
    return [
        _growth(view, c, f"growth-{i}") for i, c in enumerate(view.endings) if c.absorbing and c.count[-1]
    ]


def _growth(view: View, course: Course, identity: str) -> Chart:
    half = course.half_at
    what = words.Happening(course.title, course.count[-1], None if half is None else view.times[half])
    sentence = words.growth(what, view.futures)
    low, share, high = ([values[k] for k in view.rows] for values in (course.low, course.share, course.high))
    spec = charts.cumulative(view.dates, share, low, high, _event_days(view), HALF, view.colours[course.name])
    rows = [
        (figures.table_date(view.times[k]), figures.count(course.count[k]), *_share_words(course, k))
        for k in view.rows
    ]
    return Chart(
        identity,
        sentence,
        draw(identity, course.title, sentence, spec),
        (("By", "Futures", "Share", "90 % interval"), rows),
        title=course.title,
    )


def on_the_way(view: View) -> Chart | None:
    """What happens along the way, as dots with intervals; None where the model asks for nothing such."""
    if not view.markers:
        return None
    happenings = [words.Happening(c.title, c.count[-1]) for c in view.markers]
    sentence = words.on_the_way(happenings, view.futures, view.end)
    rows = [charts.Interval(c.title, c.share[-1], c.low[-1], c.high[-1]) for c in view.markers]
    middle = len(view.times) // 2
    table_rows = [
        (
            c.title,
            figures.percent(c.share[middle]),
            figures.count(c.count[-1]),
            *_share_words(c, -1),
            "" if c.half_at is None else figures.table_date(view.times[c.half_at]),
        )
        for c in view.markers
    ]
    heads = (
        "Outcome", f"By {figures.table_date(view.times[middle])}", "Futures at the end", "Share at the end",
        "90 % interval", "Half of these by",
    )  # fmt: skip
    return Chart(
        "markers",
        sentence,
        draw(
            "markers", "What happens on the way", sentence,
            charts.intervals(rows, WIDE), charts.intervals(rows, NARROW, beside=False),
        ),
        (heads, table_rows),
    )  # fmt: skip


def _share_words(course: Course, k: int) -> tuple[str, str]:
    low, high = course.low[k], course.high[k]
    digits = figures.digits_for(low, high)
    return figures.percent(course.share[k], digits), figures.percent_range(low, high)


def fans(view: View) -> list[Chart]:
    """The headline variables: where each may go."""
    about = view.about("variables")
    headline = [name for name, v in about.items() if v["headline"] and name in view.shown]
    if not headline:
        headline = [name for name in about if name in view.shown][:6]
    return [_fan(view, name, f"fan-{i}") for i, name in enumerate(headline)]


def _fan(view: View, name: str, identity: str) -> Chart:
    about = view.about("variables")[name]
    title, unit = about["title"] or name, about["unit"]
    shares = trajectories.share_holding(view.shown, name)
    if shares is not None:
        values = [float(v) for v in shares.values[0]]
        sentence = words.holding(values[0], values[-1])
        spec = charts.share_over_time(view.dates, [values[k] for k in view.rows], _event_days(view), HALF)
        table = _over_dates(view, [("Share of futures", [figures.percent(v) for v in values])])
        return Chart(identity, sentence, draw(identity, title, sentence, spec), table, title, "yes or no")
    q = trajectories.percentiles(view.shown, name).values[0]
    sentence = words.fan(q[[0, 2, 4], 0], q[[0, 2, 4], -1], unit)
    spec = charts.fan(view.dates, q[:, view.rows], _event_days(view), HALF)
    columns = [(f"{p} %", [figures.number(v) for v in q[i]]) for i, p in enumerate(trajectories.PERCENTILES)]
    return Chart(
        identity,
        sentence,
        draw(identity, title, sentence, spec),
        _over_dates(view, columns),
        title,
        figures.unit_words(unit),
    )


def moves(view: View, most: int = 3) -> list[str]:
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


@dataclass(frozen=True)
class Dated:
    """A dated event within the horizon."""

    name: str
    title: str
    day: date


def dated_events(view: View) -> list[Dated]:
    """Dated events that fall within the horizon, earliest first."""
    found = [
        Dated(e.name, e.title or e.name, e.on)
        for e in view.model.events
        if e.on is not None and view.start <= e.on < view.end
    ]
    return sorted(found, key=lambda e: e.day)


def calendar(view: View) -> Chart | None:
    """Dated events within the horizon, with the odds of their branches; None where there are none."""
    dated = dated_events(view)
    if not dated:
        return None
    entries, rows = [], []
    for event in dated:
        odds = _branch_odds(view, event.name)
        more = " · ".join(f"{branch} {share}" for branch, share, _ in odds)
        entries.append(charts.Moment(event.day, event.title, more))
        when = figures.table_date(event.day)
        rows += [(when, event.title, *result) for result in odds or [("", "", "")]]
    open_ = sum(bool(e.more) for e in entries)
    sentence = words.calendar([e.day for e in entries], [e.title for e in entries], open_)
    heads = ("Date", "Event", "Result", "Share of futures that reach it", "Futures")
    return Chart(
        "calendar",
        sentence,
        draw(
            "calendar", "Dates fixed in advance", sentence,
            charts.timeline(view.start, view.end, entries, WIDE),
            charts.timeline(view.start, view.end, entries, NARROW),
        ),
        (heads, rows),
        note="Below an event: how often each result came, where the date was reached" if open_ else "",
    )  # fmt: skip


def _branch_odds(view: View, event: str) -> list[tuple[str, str, str]]:
    """Branches, the share and the number of futures in which each was drawn; none if no future got there."""
    branches = view.about("events")[event]["branches"]
    counts = trajectories.branch_counts(view.shown, event).values[0]
    total = int(counts.sum())
    if not total:
        return []
    return [
        (about["title"] or name, figures.percent(int(n) / total), figures.count(int(n)))
        for (name, about), n in zip(branches.items(), counts, strict=True)
    ]


def random_events(view: View) -> Chart | None:
    """How often random events come; None where the model has none."""
    about = view.about("events")
    names = [name for name, e in about.items() if e["kind"] == "random"]
    if not names:
        return None
    found = {name: trajectories.event_frequency(view.shown, name) for name in names}
    names.sort(key=lambda name: -float(found[name]["per_year"][0]))
    titles = [about[name]["title"] or name for name in names]
    rates = [float(found[name]["per_year"][0]) for name in names]
    sentence = words.frequencies(titles, rates)
    bars = [charts.Amount(title, rate) for title, rate in zip(titles, rates, strict=True)]
    rows = [
        (
            title,
            figures.number(rate, 2),
            figures.percent(float(found[name]["at_least_once"][0])),
            figures.number(float(found[name]["p95"][0])),
        )
        for name, title, rate in zip(names, titles, rates, strict=True)
    ]
    return Chart(
        "random",
        sentence,
        draw(
            "random", "Random events, times a year", sentence,
            charts.amounts(bars, WIDE), charts.amounts(bars, NARROW, beside=False),
        ),
        (("Event", "Times a year", "Futures with at least one", "At most, in 95 % of futures"), rows),
        note="times a year, on average, while a future goes on",
    )  # fmt: skip


def habits(view: View) -> list[Chart]:
    """For each actor, what it chooses and when."""
    return [_habit(view, actor, f"habit-{i}") for i, actor in enumerate(view.about("actors"))]


def _habit(view: View, actor: str, identity: str) -> Chart:
    about = view.about("actors")[actor]
    found = trajectories.choices(view.shown, actor)
    share, overall = found["share"].values[0], found["overall"].values[0]
    names = [str(a) for a in found["action"].values]
    titles = [about["actions"][a]["title"] or a for a in names]
    edges = [d.item() for d in found["month"].values.astype("datetime64[D]")] + [view.end]
    quarter = max(1, share.shape[1] // 4)
    chosen = found["chosen"].values[0]
    early, late = (_pooled(share, chosen, s) for s in (slice(None, quarter), slice(-quarter, None)))
    facts = [
        words.Habit(titles[i], float(overall[i]), float(early[i]), float(late[i])) for i in range(len(names))
    ]
    sentence = words.habits(facts)
    spec = _strips(titles, share, overall)
    table_columns = [(figures.table_date(edges[k]), share[:, k]) for k in range(share.shape[1])]
    ranked = sorted(range(len(names)), key=lambda i: -overall[i])
    heads = ("Action", "Overall", *(head for head, _ in table_columns))
    rows = [
        (
            titles[i],
            figures.percent(float(overall[i])),
            *("–" if np.isnan(c[i]) else figures.percent(float(c[i])) for _, c in table_columns),
        )
        for i in ranked
    ]
    return Chart(
        identity,
        sentence,
        draw(
            identity, f"What {about['title'] or actor} chooses, by month", sentence,
            charts.strips(edges, spec, WIDE), charts.strips(edges, spec, NARROW, beside=False),
        ),
        (heads, rows),
        title=about["title"] or actor,
    )  # fmt: skip


def beliefs(view: View) -> list[Chart]:
    """For each belief that an actor holds about another, how it goes on average."""
    about = view.about("actors")
    pairs = [(actor, other) for actor, a in about.items() for other in a["beliefs"]]
    return [_belief(view, *pair, f"belief-{i}") for i, pair in enumerate(pairs)]


def _belief(view: View, actor: str, other: str, identity: str) -> Chart:
    about = view.about("actors")
    found = trajectories.mean_belief(view.shown, actor, other)
    rows = [k for k in view.rows if k < found.sizes["step"] and np.isfinite(found.values[0, :, k]).all()]
    mean = found.values[0][:, rows]
    titles = [about[other]["types"][str(t)]["title"] or str(t) for t in found["type"].values]
    who, whom = about[actor]["title"] or actor, about[other]["title"] or other
    sentence = words.belief(who, whom, list(zip(titles, mean[:, 0], mean[:, -1], strict=True)))
    layers = [
        charts.Layer(f"{figures.percent(float(m[-1]))} {t}", TYPES[i % len(TYPES)], m.tolist())
        for i, (t, m) in enumerate(zip(titles, mean, strict=True))
    ]
    # One choice is drawn as a span of time, for areas need two dates.
    times = [view.times[k] for k in rows]
    if len(times) == 1:
        times, layers = view.times[:2], [charts.Layer(x.label, x.colour, [*x.share] * 2) for x in layers]
    title = f"{who} about {whom}"
    spec = charts.standing(times, layers, HALF, beside=False, height=150)
    table = [
        (figures.table_date(view.times[k]), *(figures.percent(float(m)) for m in mean[:, j]))
        for j, k in enumerate(rows)
    ]
    return Chart(
        identity, sentence, draw(identity, title, sentence, spec), (("Choice of", *titles), table), title
    )


def _pooled(share: Floats, chosen: Floats, months: slice) -> Floats:
    """Share of each action over several months together: (action,)."""
    weight = chosen[months]
    if not weight.sum():
        return np.zeros(len(share))
    return np.asarray(np.nansum(share[:, months] * weight, axis=1) / weight.sum())


def _strips(titles: Sequence[str], share: Floats, overall: Floats) -> list[charts.Strip]:
    """One strip for each action, most frequent on top; rare ones together at the bottom."""
    peak = np.nanmax(share, axis=1, initial=0.0)
    ranked = sorted(range(len(titles)), key=lambda i: -overall[i])
    rare = [
        i
        for k, i in enumerate(ranked)
        if k >= MOST_STRIPS or (overall[i] < RARE and peak[i] < RARE_IN_A_MONTH)
    ]
    if len(rare) < 2 or len(rare) == len(ranked):
        rare = []
    strips = [charts.Strip(titles[i], share[i].tolist(), float(overall[i])) for i in ranked if i not in rare]
    if rare:
        together = f"{len(rare)} rarer actions together"
        strips.append(charts.Strip(together, share[rare].sum(axis=0).tolist(), float(overall[rare].sum())))
    return strips


def _event_days(view: View) -> list[date]:
    return [e.day for e in dated_events(view)]


def _over_dates(view: View, columns: Sequence[tuple[str, Sequence[str]]]) -> Table:
    """A table with a row for each date."""
    rows = [(figures.table_date(view.times[k]), *(values[k] for _, values in columns)) for k in view.rows]
    return ("Date", *(head for head, _ in columns)), rows
