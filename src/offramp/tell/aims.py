"""What is wanted of how futures end, and by which rule that is known, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from offramp.analysis.aims import SIGNS, SideAim, Wanted
from offramp.model import Aim, Model
from offramp.tell import figures
from offramp.tell.words import enumerated, quoted


def titles(model: Model) -> dict[str, str]:
    """Outcome -> its title."""
    return {o.name: o.title or o.name for o in model.outcomes}


def actor_title(model: Model, name: str) -> str:
    """What an actor is called."""
    return next((a.title for a in model.actors if a.name == name and a.title), name)


def endings(model: Model) -> list[str]:
    """How futures can end: what ends them, and what is left where nothing does."""
    absorbing = [o.name for o in model.outcomes if o.absorbing]
    return absorbing + [o.name for o in model.outcomes if o.otherwise and absorbing]


def signs(aims: Mapping[str, Wanted], names: Sequence[str]) -> dict[str, int]:
    """Of some outcomes those of which more or less is wanted: 1 or -1."""
    found = {n: SIGNS[aims[n].aim] for n in names if n in aims}
    return {n: sign for n, sign in found.items() if sign}


def of_sides(aims: Mapping[str, Wanted], names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Actor -> the same by what it wants itself, in the order of the file as far as the answer keeps it."""
    actors = dict.fromkeys(actor for n in names if n in aims for actor in aims[n].sides)
    wanted = {
        actor: {n: SIGNS[aims[n].sides[actor].aim] for n in names if n in aims and actor in aims[n].sides}
        for actor in actors
    }
    return {actor: {n: sign for n, sign in some.items() if sign} for actor, some in wanted.items()}


def rule(aims: Mapping[str, Wanted], model: Model, reader: str | None) -> str:
    """What counts as better, and how that is known: the rule behind every "better" and "worse"."""
    names = endings(model)
    known = titles(model)
    wanted = [
        f"{aims[n].aim} {quoted(known[n])} ({_known(aims[n], model, reader)})" for n in signs(aims, names)
    ]
    open_ = [
        f"{quoted(known[n])} counts neither way: {_why_open(aims[n], model, reader)}."
        for n in names
        if n in aims and aims[n].aim == "none" and aims[n].rule in ("disagreed", "side")
    ]
    whom = f" for {actor_title(model, reader)}" if reader else ""
    if not wanted:
        first = (
            f"Nothing says which endings are better{whom}: give outcomes an `aim` in the model file"
            f"{'' if reader else ', or say --for ACTOR'}."
        )
    else:
        first = f"Better{whom} means {enumerated(wanted)}."
    return " ".join([first, *open_])


def _known(wanted: Wanted, model: Model, reader: str | None) -> str:
    if reader is not None:
        return _by(wanted.sides[reader])
    if wanted.rule == "file":
        return "the file says so"
    if all(s.rule == "file" for s in wanted.sides.values()):
        return "so it is said of every side"
    who = enumerated([actor_title(model, a) for a, s in wanted.sides.items() if s.rule != "file"])
    if all(s.rule == "ladder" for s in wanted.sides.values()):
        return f"war is worth less than nothing to {who}"
    than = "worth more" if wanted.aim == "more" else "worth less"
    return f"{than} than an ordinary month to {who}"


def _by(side: SideAim) -> str:
    match side.rule:
        case "file":
            return "the file says so"
        case "ladder":
            return "the file makes war worth less than nothing to it"
        case _:
            worth, ordinary = (figures.number(v or 0.0, 2) for v in (side.worth, side.ordinary))
            return f"worth {worth} points a month to it, an ordinary month {ordinary}"


def _why_open(wanted: Wanted, model: Model, reader: str | None) -> str:
    if reader is not None:
        return _by(wanted.sides[reader])
    by: dict[Aim, list[str]] = {}
    for actor, side in wanted.sides.items():
        by.setdefault(side.aim, []).append(actor_title(model, actor))
    words = {"more": "rather have it", "less": "rather not", "none": "not care"}
    each = [f"{enumerated(by[aim])} would {words[aim]}" for aim in words if aim in by]
    return f"{'; '.join(each)} (--for ACTOR takes a side)"


def risk_or_chance(aim: Aim) -> str:
    """The word for the chance of an outcome: a risk only where less of it is wanted."""
    return "risk" if aim == "less" else "chance"
