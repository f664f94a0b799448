"""What policies change, as text for a terminal."""

from __future__ import annotations

from datetime import date
from typing import Any

from offramp.model import Model
from offramp.tell import changes, figures
from offramp.tell.terminal import Page

_MOST_SAID = 3  # outcomes named in the first sentence of a policy
_MOST_ACTS = 5
_MANY = 10  # changes shown, from which on it is said how many luck tells apart
_LEAST_OFTEN = 0.05  # of a change of acts in a future that is told


def compare_text(found: dict[str, Any], model: Model, again: str, columns: int, colour: bool = False) -> str:
    """What `offramp compare` prints.

    Parameters
    ----------
    found : what `Comparison.as_dict` gave
    model : of which it is, for titles
    again : the command that asks again
    columns : to fill
    colour : mark headings
    """
    page = Page(columns)
    page.heading(found["title"])
    against = changes.policy_title(model, found["against"])
    page.paragraph(
        f"{found['runs']:,} futures under each policy, held against: {against}. Until "
        f"{figures.end_words(date.fromisoformat(found['end']))}."
    )
    for name, policy in found["policies"].items():
        page.paragraph(changes.sentence(policy, model, name, _MOST_SAID))
    if found["illustrative"]:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    for name, policy in found["policies"].items():
        _policy(page, found, model, name, policy)
    page.heading("How sure")
    page.paragraph(f"Sampling: {found['intervals']['sampling']}")
    if any(o["without_luck"] for p in found["policies"].values() for o in p["outcomes"].values()):
        page.paragraph(f"Chances: {found['intervals']['luck']}")
    if found["intervals"]["worlds"]:
        page.paragraph(f"Uncertain numbers: {found['intervals']['parameters']}")
        page.paragraph(
            f"From {found['intervals']['worlds']:,} worlds of {found['intervals']['lives']} lives each. At "
            "most: worlds do not differ by more than luck explains, and by no more than this either way."
        )
    page.paragraph("*: not told apart from no change. Both intervals hold nine cases of ten.")
    shown = sum(
        sum(x["differing"] > 0 for x in (*p["outcomes"].values(), *p["variables"].values()))
        for p in found["policies"].values()
    )
    if shown >= _MANY:
        page.paragraph(
            f"Each interval is for itself: of the {shown} changes shown, luck alone would tell some "
            f"{round(shown * (1 - found['intervals']['level']))} apart if there were none."
        )
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    page.paragraph(f"offramp {found['version']}, model {found['model_hash'][:12]}")
    return page.text(colour)


def _policy(page: Page, found: dict[str, Any], model: Model, name: str, policy: dict[str, Any]) -> None:
    titles = {o.name: o.title or o.name for o in model.outcomes}
    seen = {n: o for n, o in policy["outcomes"].items() if o["differing"]}
    page.heading(f"{changes.policy_title(model, name)}: chances by the end, changes in points of a hundred")
    head = ["", "without", "with", "change", "sampling", "uncertain numbers"]
    width = 6 if found["intervals"]["worlds"] else 5
    page.table(
        head[:width],
        [
            [
                titles[n],
                changes.chance(o["there"], o),
                changes.chance(o["here"], o),
                changes.points(o["difference"], o) + ("" if o["told_apart"] else "*"),
                changes.points_range(o["low"], o["high"], o),
                changes.over_worlds(o, changes.points),
            ][:width]
            for n, o in seen.items()
        ],
    )
    if len(seen) < len(policy["outcomes"]):
        same = "; ".join(titles[n] for n in policy["outcomes"] if n not in seen)
        page.paragraph(f"The same in every future: {same}.", "  ")
    needed = [(n, o) for n, o in seen.items() if not o["told_apart"] and o["runs_needed"]]
    if needed:
        said = "; ".join(f"{titles[n]} {changes.futures_needed(o['runs_needed'])}" for n, o in needed)
        page.paragraph(
            f"* Futures needed to tell it apart, if the change is as large as it looks: {said}.", "  "
        )
    _months(page, seen, titles)
    by_name = {v.name: v for v in model.variables}
    page.heading(f"{changes.policy_title(model, name)}: main variables at the end, means")
    page.table(
        head[:width],
        [
            [
                changes.variable_title(by_name[n]),
                changes.amount(v["there"], v),
                changes.amount(v["here"], v),
                changes.signed(v["difference"], v) + ("" if v["told_apart"] else "*"),
                changes.signed_range(v["low"], v["high"], v),
                changes.over_worlds(v, changes.signed),
            ][:width]
            for n, v in policy["variables"].items()
        ],
    )
    _acts(page, policy, model)


def _months(page: Page, seen: dict[str, Any], titles: dict[str, str]) -> None:
    """How much sooner or later outcomes come, where that is told apart."""
    found = [
        (titles[n], o["months"]["difference"])
        for n, o in seen.items()
        if o["months"] and o["months"]["told_apart"]
    ]
    if not found:
        return
    found.sort(key=lambda item: -abs(item[1]))
    said = "; ".join(
        f"{title} {figures.number(abs(months), 2)} {'later' if months > 0 else 'sooner'}"
        for title, months in found[:6]
    )
    page.paragraph(f"In months, on average, counted to the end where it never comes: {said}.", "  ")


def _acts(page: Page, policy: dict[str, Any], model: Model) -> None:
    page.gap()
    page.paragraph("Acts in a future, on average:", "  ")
    for actor in model.actors:
        shares = policy["actions"][actor.name]
        told = [
            (a, x)
            for a in actor.actions
            if (x := shares[a.name])["told_apart"] and abs(x["difference"]) >= _LEAST_OFTEN
        ]
        told.sort(key=lambda item: -abs(item[1]["difference"]))
        said = "; ".join(
            f"{a.title or a.name} {changes.amount(x['there'], x)} to {changes.amount(x['here'], x)}"
            for a, x in told[:_MOST_ACTS]
        )
        page.entry(actor.title or actor.name, said or "hardly any change", "  ", 24)
