"""A ladder at one date, as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from offramp.cli.text import Page
from offramp.ladder import Eyes, LadderPage, Position, Prospect
from offramp.model import Model
from offramp.report import figures

_MOST_PICTURES = 4
_LEAST_BELIEF = 0.01  # pictures held less likely are left to the JSON
_MOVES = (("stand_down", "stands down"), ("match", "matches"), ("climb", "climbs"))


def ladder_text(found: LadderPage, model: Model, again: str, columns: int, colour: bool = False) -> str:
    """What `offramp ladder` prints.

    Parameters
    ----------
    found : what `offramp.ladder` gave
    model : of which it is, for titles
    again : the command that gives the same page
    columns : to fill
    colour : mark headings
    """
    page = Page(columns)
    one, other = found.sides.values()
    page.heading(f"{found.ladder_title}: {one} and {other}, {figures.full_date(found.at)}")
    page.paragraph(
        f"Run {found.scenario} of seed {found.seed}, policy {found.policy}, after the events of the "
        f"{model.step}. It opens with chance {_chance(found.opens)} in this {model.step}; then "
        f"{_first(found)}, and after {_counted(found.moves)} it peters out."
    )
    if found.illustrative:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    _endings(page, found, model)
    for eyes in found.eyes:
        _pictures(page, eyes, found, model)
    for side in found.sides:
        _moves(page, side, found)
    page.gap()
    page.paragraph(
        "Chances of a move are those of a side that comes to the rung with as many moves left as there can be: "
        "by climbing alone. --format json has every position. `In truth` each side plays by its own pictures, "
        "and control is lost as it truly is."
    )
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    return page.text(colour)


def _endings(page: Page, found: LadderPage, model: Model) -> None:
    """How it would end and how high it would go, in truth and in the eyes of each."""
    prospects = [found.prospect, *(e.prospect for e in found.eyes)]
    head = ["", "in truth", *(f"as {e.title} sees it" for e in found.eyes)]

    def row(label: str, values: Sequence[float], indent: str = "") -> list[str]:
        return [indent + label, *(_chance(v) for v in values)]

    page.heading("If it opens now, how it ends")
    war = next(o.title for o in model.outcomes if o.name == found.war)
    rows = [row(war, [p.war for p in prospects])]
    for side, title in found.sides.items():
        rows.append(row(f"{title} stands down", [p.stands_down[side] for p in prospects]))
    rows.append(row("It peters out", [p.petered_out for p in prospects]))
    page.table(head, rows)
    page.gap()
    page.paragraph("What it is worth, in points, war included:", "  ")
    page.table(
        head,
        [
            [f"to {title}", *(f"{p.worth[side]:+.3g}".replace("-", "\N{MINUS SIGN}") for p in prospects)]
            for side, title in found.sides.items()
        ],
    )
    page.gap()
    page.paragraph("How high it goes:", "  ")
    page.table(head, [row(r.title, [p.highest[r.name] for p in prospects]) for r in found.rungs])


def _pictures(page: Page, eyes: Eyes, found: LadderPage, model: Model) -> None:
    """What an actor makes of it in each of its pictures."""
    likely = sorted(eyes.pictures, key=lambda p: -p.belief)
    shown = [p for p in likely if p.belief >= _LEAST_BELIEF][:_MOST_PICTURES]
    if len(likely) == 1:
        return
    page.heading(f"In the eyes of {eyes.title}")
    for picture in shown:
        supposed = " and ".join(
            f"{_title(model, about)} is {_type(model, about, t)}" for about, t in picture.types.items()
        )
        page.paragraph(f"If {supposed} (it believes: {_chance(picture.belief)}):", "  ")
        page.paragraph(_in_words(picture.prospect, found), "    ")


def _in_words(prospect: Prospect, found: LadderPage) -> str:
    parts = [f"war {_chance(prospect.war)}"]
    parts += [f"{found.sides[s]} stands down {_chance(p)}" for s, p in prospect.stands_down.items()]
    parts.append(f"it peters out {_chance(prospect.petered_out)}")
    return ", ".join(parts) + "."


def _moves(page: Page, side: str, found: LadderPage) -> None:
    """How a side will choose on each rung, and how others expect it to."""
    page.heading(f"What {found.sides[side]} does on each rung")
    others = [e for e in found.eyes if e.name != side]
    own, theirs = _on_arrival(found.positions, side), [_on_arrival(e.positions, side) for e in others]
    head = ["", *(word for _, word in _MOVES)]
    head += [f"{e.title} expects: {word}" for e in others for _, word in _MOVES]
    rows = []
    for rung in found.rungs:
        if rung.name not in own:
            continue
        row = [f"{rung.title} (control lost: {_chance(rung.loses_control)})"]
        for expected in [own, *theirs]:
            position = expected[rung.name]
            row += [_chance(position.stand_down), _chance(position.match)]
            row.append("" if position.climb is None else _chance(position.climb))
        rows.append(row)
    page.table(head, rows)


def _on_arrival(positions: Sequence[Position], side: str) -> dict[str, Position]:
    """Rung -> the position of a side there with most moves left."""
    found: dict[str, Position] = {}
    for position in positions:
        if position.side == side:
            found.setdefault(position.rung, position)
    return found


def _first(found: LadderPage) -> str:
    one, other = found.sides.values()
    if found.first == 0.5:
        return "either moves first with the same chance"
    if found.first in (0.0, 1.0):
        return f"{one if found.first else other} moves first"
    return f"{one} moves first with chance {_chance(found.first)}, else {other}"


def _counted(moves: int) -> str:
    return "1 move" if moves == 1 else f"{moves} moves"


def _title(model: Model, actor: str) -> str:
    return next(a.title for a in model.actors if a.name == actor)


def _type(model: Model, actor: str, name: str) -> str:
    """The title of a type; one that only repeats the name stands in small letters, within sentences."""
    title = next(t.title for a in model.actors if a.name == actor for t in a.types if t.name == name)
    words = name.replace("_", " ")
    return words if title.lower() == words else f"`{title}`"


def _chance(p: float) -> str:
    return figures.percent(p)
