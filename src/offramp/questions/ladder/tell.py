"""A ladder at one date, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offramp.model import Model
from offramp.questions.ladder.ask import Eyes, LadderPage, Position, Prospect, RungStakes, Supposition
from offramp.tell import figures
from offramp.tell.blocks import Block, Gap, Heading, Paragraph, Table, Telling

_MOST_PICTURES = 4
_LEAST_BELIEF = 0.01  # pictures held less likely are left to the JSON
_FIELDS = ("stand_down", "match", "climb")
_MOVES = ("stands down", "matches", "climbs")


def tell(found: LadderPage, model: Model) -> Telling:
    """What `offramp ladder` says."""
    one, other = found.sides.values()
    policy = next((p.title for p in model.policies if p.name == found.policy), "") or found.policy
    under = "" if found.policy == "baseline" else f", policy “{policy}”"
    return Telling(
        title=f"{found.ladder_title}: {one} and {other}, {figures.full_date(found.at)}",
        head=[
            Paragraph(
                f"Future {found.scenario} of seed {found.seed}{under}, after the events of the {model.step}. "
                f"It opens with chance {_chance(found.opens)} in this {model.step}; then {_first(found)}, "
                f"and after {_counted(found.moves)} it peters out."
            )
        ],
        body=[
            *_endings(found, model),
            *_control(found),
            *(block for eyes in found.eyes for block in _pictures(eyes, found, model)),
            *(block for side in found.sides for block in (*_moves(side, found), *_at_stake(side, found))),
            Gap(),
            Paragraph(
                "`In truth` each side plays by its own pictures, and control is lost as it truly is. Chances "
                "of a move are averages over the times when that side is to move there; --format json has "
                "every position."
            ),
        ],
    )


def _endings(found: LadderPage, model: Model) -> Iterator[Block]:
    """How it would end and how high it would go, in truth and in the eyes of each."""
    prospects = [found.prospect, *(e.prospect for e in found.eyes)]
    heads = _in_eyes(found)

    def row(label: str, values: Sequence[float]) -> tuple[str, ...]:
        return (label, *(_chance(v) for v in values))

    war = next(o.title for o in model.outcomes if o.name == found.war)
    yield Heading("If it opens now, how it ends")
    yield Table(
        heads,
        [
            row(war, [p.war for p in prospects]),
            *(
                row(f"{title} stands down", [p.stands_down[side] for p in prospects])
                for side, title in found.sides.items()
            ),
            row("It peters out", [p.petered_out for p in prospects]),
        ],
    )
    yield Gap()
    yield Paragraph("What it is worth, in points, war included:", 1)
    yield Table(
        heads,
        [
            (f"to {title}", *(f"{p.worth[side]:+.3g}".replace("-", figures.MINUS) for p in prospects))
            for side, title in found.sides.items()
        ],
    )
    yield Gap()
    yield Paragraph("How high it goes:", 1)
    yield Table(heads, [row(r.title, [p.highest[r.name] for p in prospects]) for r in found.rungs])


def _in_eyes(found: LadderPage) -> tuple[str, ...]:
    return ("", "in truth", *(f"as {e.title} sees it" for e in found.eyes))


def _control(found: LadderPage) -> Iterator[Block]:
    """How likely each rung is to end in war by itself."""
    yield Gap()
    yield Paragraph("How likely control is lost by a move after which they stand on a rung:", 1)
    each = [found.rungs, *(e.rungs for e in found.eyes)]
    rows = [(row[0].title, *(_chance(r.loses_control) for r in row)) for row in zip(*each, strict=True)]
    yield Table(_in_eyes(found), rows)
    for rung in found.rungs:
        if rung.name in found.beyond:
            yield Paragraph(
                f"`loses_control` of {rung.title} gives {figures.number(found.beyond[rung.name])}, which is "
                f"no chance: it is held at {_chance(rung.loses_control)}.",
                1,
            )


def _pictures(eyes: Eyes, found: LadderPage, model: Model) -> Iterator[Block]:
    """What an actor makes of it in each of its pictures."""
    likely = sorted(eyes.pictures, key=lambda p: -p.belief)
    shown = [p for p in likely if p.belief >= _LEAST_BELIEF][:_MOST_PICTURES]
    if len(likely) == 1:
        return
    yield Heading(f"In the eyes of {eyes.title}")
    if all(p.prospect == likely[0].prospect for p in likely):
        each = "; or ".join(f"{_supposed(model, p)} ({_chance(p.belief)})" for p in shown)
        yield Paragraph(f"It makes no difference here whether {each}.", 1)
        return
    for picture in shown:
        yield Paragraph(f"If {_supposed(model, picture)} (it believes: {_chance(picture.belief)}):", 1)
        yield Paragraph(_in_words(picture.prospect, found), 2)


def _supposed(model: Model, picture: Supposition) -> str:
    """What a picture takes others to be."""
    return " and ".join(
        f"{_title(model, about)} is {_type(model, about, t)}" for about, t in picture.types.items()
    )


def _in_words(prospect: Prospect, found: LadderPage) -> str:
    parts = [f"war {_chance(prospect.war)}"]
    parts += [f"{found.sides[s]} stands down {_chance(p)}" for s, p in prospect.stands_down.items()]
    parts.append(f"it peters out {_chance(prospect.petered_out)}")
    return ", ".join(parts) + "."


def _moves(side: str, found: LadderPage) -> Iterator[Block]:
    """How a side will choose on each rung, and how others expect it to."""
    yield Heading(f"What {found.sides[side]} does when it is to move")
    others = [e for e in found.eyes if e.name != side]
    rows: list[tuple[str, ...]] = []
    for rung in found.rungs:
        own = _average(found.positions, side, rung.name)
        if own is None:
            continue
        times, chances = own
        top = rung is found.rungs[-1]
        rows.append((rung.title, _times(times), *_chances(chances, top)))
        for eyes in others:
            expected = _average(eyes.positions, side, rung.name)
            if expected is not None:
                rows.append((f"  {eyes.title} expects", "", *_chances(expected[1], top)))
    yield Table(("", "moves there", *_MOVES), rows)


def _at_stake(side: str, found: LadderPage) -> Iterator[Block]:
    """What a side loses and wins on each rung, and as others see it where that differs."""
    rows: list[tuple[str, list[str]]] = []
    for r, rung in enumerate(found.rungs):
        own = _stakes(rung, side)
        rows.append((rung.title, own))
        for eyes in found.eyes:
            if (seen := _stakes(eyes.rungs[r], side)) != own:
                rows.append((f"  as {eyes.title} sees it", seen))
    heads = ("it goes on", "the other stands down", "it stands down")
    used = [i for i in range(len(heads)) if any(cells[i] != "0" for _, cells in rows)]
    if used:
        yield Gap()
        yield Paragraph(f"What {found.sides[side]} wins or loses there, in points, if:", 1)
        table = [(title, *(cells[i] for i in used)) for title, cells in rows]
        yield Table(("", *(heads[i] for i in used)), table)


def _stakes(rung: RungStakes, side: str) -> list[str]:
    """What a side gets where the exchange goes on, where the other stands down and where it does itself."""
    return [_points(-rung.harm[side]), _points(rung.stakes[side]), _points(-rung.audience_cost[side])]


def _points(points: float) -> str:
    if not points:
        return "0"
    return f"{points:+.3g}".replace("-", figures.MINUS)


def _average(positions: Sequence[Position], side: str, rung: str) -> tuple[float, list[float]] | None:
    """How often a side moves on a rung, and the chance of each move there; None where it never does."""
    here = [p for p in positions if p.side == side and p.rung == rung]
    times = sum(p.comes for p in here)
    if times <= 0:
        return None
    return times, [sum(p.comes * (getattr(p, move) or 0.0) for p in here) / times for move in _FIELDS]


def _chances(chances: Sequence[float], top: bool) -> list[str]:
    """Chances of the three moves; nobody climbs from the highest rung."""
    return [*map(_chance, chances[:2]), "" if top else _chance(chances[2])]


def _times(times: float) -> str:
    return f"{times:.2f}"


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
    return figures.percent(round(p, 12))
