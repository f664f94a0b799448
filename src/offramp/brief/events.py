"""What comes from outside in a brief: dates fixed in advance, random events, exchanges on ladders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.analysis import trajectories
from offramp.brief.section import Section, figure
from offramp.brief.view import RunsView
from offramp.charts import over_time
from offramp.charts.canvas import NARROW, WIDE
from offramp.charts.rows import Amount, amounts
from offramp.tell import figures, words
from offramp.tell.blocks import Block, Grid, Heading, Paragraph, Table
from offramp.tell.words import among, counted, enumerated, quoted

_WAR = 4  # of the dataset's `ladder_ending`


def events(view: RunsView) -> Section | None:
    """The section; None where nothing comes from outside."""
    blocks = [*_calendar(view), *_random(view), *_exchanges(view)]
    return Section(70, "events", "Events", f"Events{view.under}", blocks) if blocks else None


# ── dates ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Dated:
    """A dated event within the horizon."""

    name: str
    title: str
    day: date


def dated_events(view: RunsView) -> list[Dated]:
    """Dated events that fall within the horizon, earliest first."""
    found = [
        Dated(e.name, e.title or e.name, e.on)
        for e in view.model.events
        if e.on is not None and view.start <= e.on < view.end
    ]
    return sorted(found, key=lambda e: e.day)


def days_of_events(view: RunsView) -> list[date]:
    """When dated events come, for the dotted lines of charts."""
    return [e.day for e in dated_events(view)]


def dotted_lines(view: RunsView) -> str:
    """What the dotted lines of charts are; empty where there are none."""
    dated = dated_events(view)
    return words.dated([e.day for e in dated], [e.title for e in dated])


def _calendar(view: RunsView) -> Iterator[Block]:
    """Dated events within the horizon, with the odds of their branches."""
    dated = dated_events(view)
    if not dated:
        return
    entries, rows = [], []
    for event in dated:
        odds = _branch_odds(view, event.name)
        more = " · ".join(f"{branch} {share}" for branch, share, _ in odds)
        entries.append(over_time.DatedMark(event.day, event.title, more))
        when = figures.table_date(event.day)
        rows += [(when, event.title, *result) for result in odds or [("", "", "")]]
    open_ = sum(bool(e.more) for e in entries)
    heads = ("Date", "Event", "Result", "Share of futures that reach it", "Futures")
    sentence = words.calendar([e.day for e in entries], [e.title for e in entries], open_)
    drawn = figure(
        "calendar", "Dates fixed in advance", sentence, (heads, rows),
        over_time.timeline(view.start, view.end, entries, WIDE),
        over_time.timeline(view.start, view.end, entries, NARROW),
        note="Below an event: how often each result came, where the date was reached" if open_ else "",
        numbers_from=3,
    )  # fmt: skip
    yield Heading("Dates fixed in advance")
    yield drawn


def _branch_odds(view: RunsView, event: str) -> list[tuple[str, str, str]]:
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


# ── random events ─────────────────────────────────────────────────────────────────────────────────────────


def _random(view: RunsView) -> Iterator[Block]:
    """How often random events come."""
    about = view.about("events")
    names = [name for name, e in about.items() if e["kind"] == "random"]
    if not names:
        return
    found = {name: trajectories.event_frequency(view.shown, name) for name in names}
    names.sort(key=lambda name: -float(found[name]["per_year"][0]))
    titles = [about[name]["title"] or name for name in names]
    rates = [float(found[name]["per_year"][0]) for name in names]
    bars = [Amount(title, rate) for title, rate in zip(titles, rates, strict=True)]
    rows = [
        (
            title,
            figures.number(rate, 2),
            figures.percent(float(found[name]["at_least_once"][0])),
            figures.number(float(found[name]["p95"][0])),
        )
        for name, title, rate in zip(names, titles, rates, strict=True)
    ]
    yield Heading("Random events")
    yield figure(
        "random", "Random events, times a year", words.frequencies(titles, rates),
        (("Event", "Times a year", "Futures with at least one", "At most, in 95 % of futures"), rows),
        amounts(bars, WIDE), amounts(bars, NARROW, beside=False),
        note="times a year, on average, while a future goes on",
    )  # fmt: skip


# ── exchanges on ladders ──────────────────────────────────────────────────────────────────────────────────


def _exchanges(view: RunsView) -> Iterator[Block]:
    """What came of exchanges, ladder by ladder, in the runs that hold."""
    ok = view.shown["status"].values[0] == 0
    for name, about in view.about("ladders").items():
        yield Heading(about["title"] or name)
        yield from _exchange(view, name, about, ok)


def _exchange(view: RunsView, name: str, about: dict[str, Any], ok: npt.NDArray[np.bool_]) -> Iterator[Block]:
    here = view.shown.sel(ladder=name)
    ending, rung = (here[f"ladder_{what}"].values[0][ok] for what in ("ending", "rung"))
    title = quoted(about["title"] or name)
    opened = int((rung >= 0).sum())
    futures = int((rung >= 0).any(axis=1).sum())
    if not opened:
        yield Paragraph(f"{title} has come in {among(0, view.futures)}.")
        return
    titles = {a: x["title"] or a for a, x in view.about("actors").items()}
    sides = [titles[s] for s in json.loads(view.shown["ladder_ending"].attrs["sides"])[name]]
    foreseen = here["ladder_foreseen"].values[0][ok][rung >= 0].mean(axis=0)
    each = [f"{side} foresaw {figures.percent(float(p))}" for side, p in zip(sides, foreseen, strict=True)]
    wars = int((ending == _WAR).sum())
    yield Paragraph(
        f"{title} has come in {among(futures, view.futures)}, {counted(opened, 'time')} in all. Of these "
        f"{figures.percent(wars / opened)} ended in war; as they opened {enumerated(each)} on average."
    )
    war = view.about("outcomes")[about["war"]]["title"] or about["war"]
    ways = [f"{sides[0]} stood down", f"{sides[1]} stood down", "It petered out", war]
    rungs = [x["title"] or r for r, x in about["rungs"].items()]

    def rows(labels: list[str], reached: npt.NDArray[np.int_], first: int) -> list[tuple[str, str, str]]:
        counts = [int((reached == i).sum()) for i in range(first, first + len(labels))]
        return [
            (label, figures.count(n), figures.percent(n / opened))
            for label, n in zip(labels, counts, strict=True)
        ]

    yield Grid(
        [
            Table(("How it ended", "Times", "Share"), rows(ways, ending, 1)),
            Table(("Highest rung reached", "Times", "Share"), rows(rungs, rung, 0)),
        ]
    )
