"""Inert stocks as notes of `offramp check --reach`, each at its place in the file."""

from __future__ import annotations

from offramp.errors import Problem
from offramp.language.source import located
from offramp.model import Model, Origin
from offramp.questions.reach.ask import Reach, Reached
from offramp.tell.words import enumerated

_HINT = "`offramp explain {model} --section reach` shows who reads what, and how far it moves them."


def inert_notes(found: Reach, model: Model) -> list[Problem]:
    """A note on each headline that moves nobody's choice, and one on all other stocks that do not.

    Of a file that extends another only its own parts are noted.
    """
    own = {f.file: tuple(f.text.split("\n")) for f in model.files if f.own}
    origins = {v.name: v.origin for v in model.variables}
    inert = [t for t in found.inert if origins[t.name].file in own]
    below = f"by {100 * found.inert_below:.0f} %, wherever it stands"
    notes = []
    for thing in (t for t in inert if t.headline):
        message = f"headline `{thing.name}` is inert: it moves no act of {_actors(found)} {below}"
        notes.append(_at(origins[thing.name], own, thing.name, message, _why(thing)))
    others = [t for t in inert if not t.headline]
    if others:
        names = enumerated([f"`{t.name}`" for t in others])
        verb = "is inert: it moves" if len(others) == 1 else "are inert: they move"
        message = f"{names} {verb} no act of {_actors(found)} {below.replace('it stands', 'they stand')}"
        hint = _HINT.format(model=model.name)
        notes.append(_at(origins[others[0].name], own, others[0].name, message, hint))
    return notes


def _actors(found: Reach) -> str:
    return found.actors[0] if len(found.actors) == 1 else "anybody"


def _why(thing: Reached) -> str:
    """What may be meant, or wrong."""
    if thing.weighed_by:
        who = enumerated([f"`{a}`" for a in thing.weighed_by])
        verb = "weighs what its acts do" if len(thing.weighed_by) == 1 else "weigh what their acts do"
        return f"{who} {verb} to it, wherever it stands: is the utility meant to be a straight line?"
    if thing.read_by:
        reads = enumerated([f"`{n}`" for n in thing.read_by])
        return (
            f"It is read by {reads} alone: if somebody should mind it, put it into a `utility` or a `when`."
        )
    return (
        "Nobody minds it: put it into a `utility`, a `when` or a `propensity`, or let it be looked at only."
    )


def _at(origin: Origin, own: dict[str, tuple[str, ...]], name: str, message: str, hint: str) -> Problem:
    return located(origin.file, own[origin.file], origin.line, origin.column, message, hint, width=len(name))
