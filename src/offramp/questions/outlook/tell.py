"""A summary of runs as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from offramp.model import Model, Variable
from offramp.tell import figures
from offramp.tell.terminal import Page, columns_of, head_width, padded

_MOST_ACTIONS = 5
_MOST_VARIABLES = 12
_NAMES = 28  # columns that names have at least, where tables are cut to fit


def outlook_text(
    found: dict[str, Any],
    model: Model,
    again: str,
    columns: int,
    colour: bool = False,
    notes: Sequence[str] = (),
) -> str:
    """What `offramp run` prints.

    Parameters
    ----------
    found : what `offramp.summary` gave
    model : of which it is, for titles
    again : the command that gives the same futures
    columns : to fill
    colour : mark headings
    notes : what is odd about the settings, said before any table
    """
    page = Page(columns)
    page.heading(model.title)
    for sentence in headlines(found, model):
        page.paragraph(sentence)
    for note in notes:
        page.paragraph(f"Note: {note}")
    if model.illustrative:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    survived = {name: policy for name, policy in found["policies"].items() if policy["runs"]}
    if survived:
        _outcomes(page, found, model)
    for name, policy in survived.items():
        under = "" if len(found["policies"]) == 1 else f", under {_column(model, name)}"
        _variables(page, policy, model, under)
        _actions(page, policy, model, under)
    if survived:
        _how_sure(page, found, model, min(p["runs"] for p in survived.values()))
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    page.paragraph(f"offramp {found['version']}, model {found['model_hash'][:12]}")
    return page.text(colour)


def _how_sure(page: Page, found: dict[str, Any], model: Model, runs: int) -> None:
    """What the numbers above hold and what not, in the words of their headings."""
    page.heading("How sure")
    if model.outcomes:
        where = "90 % interval" if len(found["policies"]) == 1 else "In brackets the 90 % interval"
        page.paragraph(f"{where}: {found['intervals']['outcomes']}")
    page.paragraph(f"5th percentile, median, 95th: {found['intervals']['variables']}")
    if found["intervals"]["quantiles_from"] < runs:
        page.paragraph(
            f"Percentiles are from the first {found['intervals']['quantiles_from']:,} runs of each policy."
        )


def headlines(found: dict[str, Any], model: Model) -> list[str]:
    """One sentence for each policy: how its futures end."""
    ends = [o.name for o in model.outcomes if o.absorbing or o.otherwise]
    shown = ends or [o.name for o in model.outcomes][:4]
    until = _by(found["end"])
    sentences = []
    for name, policy in found["policies"].items():
        who = "" if len(found["policies"]) == 1 else f" under {_column(model, name)}"
        parts = [f"{_titles(model.outcomes, n)} {_chance(policy['outcomes'][n])}" for n in shown]
        said = "; ".join(parts) if parts else "this model asks about no outcome"
        runs, failed = policy["runs"], policy["failed_runs"]
        if not runs:
            sentences.append(f"{_futures(failed)}{who}: all failed, so nothing can be said of how it ends.")
        elif failed:
            sentences.append(
                f"{runs:,} of {_futures(runs + failed)}{who} ({failed:,} failed, left out), {until}: {said}."
            )
        else:
            sentences.append(f"{_futures(runs)}{who}, {until}: {said}.")
    return sentences


def _outcomes(page: Page, found: dict[str, Any], model: Model) -> None:
    ends = [o for o in model.outcomes if o.absorbing or o.otherwise]
    others = [o for o in model.outcomes if not (o.absorbing or o.otherwise)]
    policies = list(found["policies"].items())
    for title, some in (("How it ends", ends), ("Happens on the way" if ends else "What happens", others)):
        if not some:
            continue
        page.heading(title)
        if len(policies) == 1:
            results = policies[0][1]["outcomes"]
            dates = list(results[some[0].name]["by"])
            middle, end = dates[len(dates) // 2], dates[-1]
            page.table(
                ["", _by(middle), _by(end), "90 % interval"],
                [
                    [
                        o.title or o.name,
                        _chance(results[o.name], results[o.name]["by"][middle]),
                        _chance(results[o.name]),
                        _interval(results[o.name]),
                    ]
                    for o in some
                ],
            )
            continue
        results = [
            [
                _column(model, name),
                *(f"{_chance(p['outcomes'][o.name])} ({_bounds(p['outcomes'][o.name])})" for o in some),
            ]
            for name, p in policies
        ]
        for number, part in enumerate(
            _beside(results, page.columns - min(_NAMES, max(columns_of(o.title or o.name) for o in some)))
        ):
            if number:
                page.gap()
            page.table(
                ["", *(column[0] for column in part)],
                [[o.title or o.name, *(column[i + 1] for column in part)] for i, o in enumerate(some)],
            )


def _beside(columns: list[list[str]], room: int) -> list[list[list[str]]]:
    """Columns in groups that fit into what the names at the left leave."""
    groups: list[list[list[str]]] = []
    left = 0
    for column in columns:
        wide = max(head_width(column[0]), *(columns_of(cell) for cell in column[1:])) + 2
        if not groups or wide > left:
            groups.append([])
            left = room - 2
        groups[-1].append(column)
        left -= wide
    return groups


def _variables(page: Page, policy: dict[str, Any], model: Model, under: str) -> None:
    shown = [v for v in model.variables if v.headline] or list(model.variables)[:_MOST_VARIABLES]
    shown = [v for v in shown if v.name in policy["variables"]]
    if not shown:
        return
    page.heading(f"Main variables{under}: 5th percentile, median, 95th")
    dates = list(policy["variables"][shown[0].name]["by"])
    at = [dates[0], dates[len(dates) // 2], dates[-1]] if page.columns >= 90 else [dates[0], dates[-1]]
    names = [_label(v) for v in shown]
    cells = [[_spread(policy["variables"][v.name]["by"][day]) for day in at] for v in shown]
    # Each number has a column of its own, so that the eye can follow the medians.
    widths = [[max(columns_of(row[i][q]) for row in cells) for q in range(3)] for i in range(len(at))]
    table = [[name, *map(_aligned, row, widths)] for name, row in zip(names, cells, strict=True)]
    page.table(["", *(_at(d, dates[0]) for d in at)], table)


def _aligned(texts: list[str], widths: list[int]) -> str:
    return "  ".join(padded(t, w, right=True) for t, w in zip(texts, widths, strict=True))


def _label(v: Variable) -> str:
    unit = figures.unit_words(v.unit).replace("*", " ")
    return (v.title or v.name) + (f", {unit}" if unit else "")


def _actions(page: Page, policy: dict[str, Any], model: Model, under: str) -> None:
    if not model.actors:
        return
    page.heading(f"What each side does most{under}, share of {model.step}s")
    room = min(24, max(columns_of(a.title or a.name) for a in model.actors))
    for actor in model.actors:
        titles = {a.name: a.title or a.name for a in actor.actions}
        shares = policy["actions"][actor.name]
        most = sorted(((s, n) for n, s in shares.items() if s), key=lambda item: -item[0])[:_MOST_ACTIONS]
        text = "; ".join(f"{titles[n]} {_share(s)}" for s, n in most)
        page.entry(actor.title or actor.name, text, room=room)


def _titles(things: Any, name: str) -> str:
    return next((t.title for t in things if t.name == name and t.title), name)


def _futures(n: int) -> str:
    return "1 future" if n == 1 else f"{n:,} futures"


def _column(model: Model, name: str) -> str:
    """A policy at the head of a column: its title, and the name to type where that is another word."""
    title = _titles(model.policies, name)
    return title if title.casefold() == name.casefold() else f"{title} ({name})"


def _by(iso: str) -> str:
    return f"by {figures.end_words(date.fromisoformat(iso))}"


def _at(iso: str, start: str) -> str:
    """A date at which something is so: the start as a date, every other as the end of what comes before."""
    day = date.fromisoformat(iso)
    return figures.full_date(day) if iso == start else figures.end_words(day).removeprefix("the ")


def _share(share: float | None) -> str:
    return "none" if share is None else figures.percent(share)


def _chance(outcome: dict[str, Any], share: float | None = None) -> str:
    """The chance of an outcome, or of it by an earlier date, with as many digits as its interval bears."""
    if outcome["probability"] is None:
        return "none"
    digits = figures.digits_for(outcome["low"], outcome["high"])
    return figures.percent(outcome["probability"] if share is None else share, digits)


def _interval(outcome: dict[str, Any]) -> str:
    return "" if outcome["low"] is None else figures.percent_range(outcome["low"], outcome["high"])


def _bounds(outcome: dict[str, Any]) -> str:
    return _interval(outcome).replace(" to ", "–").removesuffix(f"{figures.NBSP}%")


def _spread(values: dict[str, float | None]) -> list[str]:
    return ["-" if v is None else figures.number(v) for v in values.values()]
