"""Interventions that cannot both hold: two forced moves at once, a mind corrected and misled at once.

Of two settings of one number within a policy the later holds, so that a policy may be changed half way; of
two settings in policies that are combined neither is the later one, and they contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from offramp.model import Intervention, Model


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What is wrong with two interventions, the key of the new one that it concerns, and what to do."""

    key: str
    message: str
    hint: str


def contradiction(
    calendar: Model, new: Intervention, other: Intervention, combined: bool = False
) -> Contradiction | None:
    """The first contradiction between two interventions, if they meet at all.

    `new` may be `other`: an intervention may contradict itself. `combined`: they stem from different
    policies.
    """
    if not _meet(calendar, new, other):
        return None
    for actor, action in new.force:
        rival = next((a for who, a in other.force if who == actor and a != action), None)
        if rival is not None:
            message = f"`{actor}` is forced to `{action}` and to `{rival}` at the same time"
            return Contradiction("force", message, "Let one end before the other begins.")
    for one, two in ((new, other), (other, new)):
        forbidden = {(who, a) for who, actions in one.forbid for a in actions}
        both = next((f for f in two.force if f in forbidden), None)
        if both is not None:
            message = f"`{both[1]}` of `{both[0]}` is forced and forbidden at the same time"
            return Contradiction("forbid" if one is new else "force", message, "Take it out of one of them.")
        corrected = {(who, name) for who, names in one.correct for name in names}
        wrong = next((m for m in two.misread if m[:2] in corrected), None)
        if wrong is not None:
            message = f"`{wrong[0]}` is to see `{wrong[1]}` right and to misread it at the same time"
            return Contradiction(
                "correct" if one is new else "misread", message, "Take it out of one of them."
            )
        certain = next((b for b in two.believe if b[:2] in corrected), None)
        if certain is not None and _begins_within(calendar, two, one):
            message = (
                f"`{certain[0]}` is to know the type of `{certain[1]}` and to believe something of it "
                "at the same time"
            )
            return Contradiction(
                "correct" if one is new else "believe", message, "Take it out of one of them."
            )
    return _rival_numbers(calendar, new, other) if combined else None


def _rival_numbers(calendar: Model, new: Intervention, other: Intervention) -> Contradiction | None:
    """A number that two policies set to different values at the same time."""
    hint = "Let one end before the other begins, or combine others."
    given = dict(other.set)
    for name, value in new.set:
        if given.get(name, value) != value:
            message = f"`{name}` is set to {given[name]:g} and to {value:g} at the same time"
            return Contradiction("set", message, hint)
    taken = {m[:2]: m[2] for m in other.misread}
    for actor, name, value in new.misread:
        if taken.get((actor, name), value) != value:
            first = taken[actor, name]
            message = f"`{actor}` is to take `{name}` for {first:g} and for {value:g} at the same time"
            return Contradiction("misread", message, hint)
    held = {b[:2]: b[2] for b in other.believe}
    for actor, about, chances in new.believe:
        if held.get((actor, about), chances) != chances and _first(calendar, new) == _first(calendar, other):
            message = f"`{actor}` is to believe two things of `{about}` at the same time"
            return Contradiction("believe", message, hint)
    return None


def _first(calendar: Model, i: Intervention) -> int:
    return 0 if i.start is None else max(0, calendar.step_of(i.start))


def _end(calendar: Model, i: Intervention) -> int:
    return calendar.steps if i.end is None else calendar.step_of(i.end)


def _meet(calendar: Model, a: Intervention, b: Intervention) -> bool:
    """Whether two interventions are in force in the same step."""
    return max(_first(calendar, a), _first(calendar, b)) < min(_end(calendar, a), _end(calendar, b))


def _begins_within(calendar: Model, one: Intervention, other: Intervention) -> bool:
    """Whether one begins while the other is in force."""
    return _first(calendar, other) <= _first(calendar, one) < _end(calendar, other)
