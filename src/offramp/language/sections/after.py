"""`after` of an actor: whose move it sees before it moves itself."""

from __future__ import annotations

from offramp.language.fields import Fields
from offramp.language.reader import Reader, shape
from offramp.language.sections.names import Names
from offramp.language.sections.outcomes import is_actor
from offramp.language.source import Scalar, Sequence, find
from offramp.model import Actor


def read_after(reader: Reader, actor: Fields, names: Names) -> tuple[str, ...]:
    """The key `after` of an actor: one name or several."""
    value = actor.value("after")
    if value is None:
        return ()
    others = [n for n in names.actors if n != actor.key.text]
    hint = f"Write `after: {others[0]}`." if others else ""
    if isinstance(value, Sequence) and not value.items:
        reader.say(actor.at("after"), "`after` names nobody", hint, "Or leave it out.")
    found: list[str] = []
    for item in value.items if isinstance(value, Sequence) else (value,):
        if not isinstance(item, Scalar) or item.is_null:
            what = "nothing" if isinstance(item, Scalar) else shape(item)
            at = actor.at("after") if isinstance(item, Scalar) else item
            reader.say(at, f"`after` must be an actor or a list of such, not {what}", hint)
        elif not is_actor(reader, item, names):
            continue
        elif item.text == actor.key.text:
            reader.say(item, f"{actor.label} cannot move after itself", hint)
        elif item.text in found:
            reader.say(
                item, f"`after` of {actor.label} names `{item.text}` twice", "Take one of the two out."
            )
        else:
            found.append(item.text)
    return tuple(found)


def no_circle(reader: Reader, file: Fields, actors: tuple[Actor, ...]) -> None:
    """Note actors each of whom would have to wait for the next."""
    waits = {a.name: a.after for a in actors}
    told: set[str] = set()
    for name in waits:
        circle = _circle(waits, name)
        if circle and not told & set(circle):
            told |= set(circle)
            at = find(file.value("actors"), name, "after")
            each = "; ".join(
                f"`{a}` moves after `{b}`" for a, b in zip(circle, (*circle[1:], name), strict=True)
            )
            reader.say(at or file.key, f"nobody could move first: {each}", "Take one `after` out.")


def _circle(waits: dict[str, tuple[str, ...]], start: str) -> tuple[str, ...]:
    """A way from an actor through those whom each waits for back to it, or nothing."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:
        for other in waits.get(way[-1], ()):
            if other == start:
                return way
            if other not in seen:
                seen.add(other)
                ways.append((*way, other))
    return ()
