"""A policy as tables over the steps of a model, as the engines read it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import date

import numpy as np

from offramp.engine.inputs import Schedule
from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.model import Actor, Intervention, Model, Policy

ALL = "all"  # in `correct`: everything that the actor can be corrected in


def schedule_of(model: Model, policy: Policy) -> Schedule:
    """A policy as tables over the steps; of interventions that overlap, the later in the file holds.

    An intervention is in force from the step that contains its `from` until the step that contains its
    `until`, which no longer counts. One that begins before the model does begins with it. What is added (by
    `shift` and `nudge`) adds up.

    Raises
    ------
    UsageError
        If the policy was made in code and names what the model does not have.
    """
    tables = _Tables(model)
    if not isinstance(policy.interventions, tuple | list):
        raise UsageError(f"policy `{policy.name}`: `interventions` is a tuple, such as (Intervention(...),).")
    for intervention in policy.interventions:
        try:
            tables.enter(intervention)
        except _UnknownError as unknown:
            raise UsageError(f"policy `{policy.name}`: {unknown}") from None
    return tables.schedule


def schedule_from(model: Model, policy: Policy, step: int, before: Policy) -> Schedule:
    """A policy that begins in a step: until then another one holds.

    Parameters
    ----------
    step : what the policy would have begun earlier begins in it, unless it would have ended by then, or the
        other policy has begun the same
    before : the policy under which everything before came about
    """
    day = model.date_of(step)
    clipped = [
        i if i in before.interventions or not _begins_before(model, i, step) else replace(i, start=day)
        for i in policy.interventions
        if i.end is None or model.step_of(i.end) > step
    ]
    past, coming = (
        schedule_of(model, before),
        schedule_of(model, replace(policy, interventions=tuple(clipped))),
    )
    joined = {
        f.name: np.concatenate([getattr(past, f.name)[:step], getattr(coming, f.name)[step:]])
        for f in fields(Schedule)
    }
    return Schedule(**joined)


def _begins_before(model: Model, intervention: Intervention, step: int) -> bool:
    return intervention.start is None or model.step_of(intervention.start) < step


def with_policies(model: Model, policies: Sequence[str | Policy]) -> tuple[Model, tuple[str, ...]]:
    """A model that also has the policies made in code, and the names of all that were asked for.

    Raises
    ------
    UsageError
        If such a policy has the name of another one.
    """
    known = {p.name: p for p in model.policies}
    new: dict[str, Policy] = {}
    for policy in policies:
        if isinstance(policy, str):
            continue
        if not policy.name:
            raise UsageError("a policy made in code needs a name.")
        if known.get(policy.name, new.get(policy.name, policy)) != policy:
            raise UsageError(
                f"model `{model.name}` has another policy `{policy.name}`: give this one a name of its own."
            )
        if policy.name not in known:
            new[policy.name] = policy
    names = tuple(p if isinstance(p, str) else p.name for p in policies)
    if new:
        model = replace(model, policies=(*model.policies, *new.values()))
    return model, names


class _UnknownError(Exception):
    """A name that the model does not have."""


class _Tables:
    """A schedule that does nothing, and how an intervention changes it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        steps, stocks, parameters = model.steps, len(model.carried), len(model.parameters)
        slots = sum(len(actor.actions) for actor in model.actors)
        self.schedule = Schedule(
            allowed=np.ones((steps, slots), dtype=np.bool_),
            forced=np.full((steps, len(model.actors)), -1, dtype=np.int64),
            hold=np.full((steps, parameters), np.nan),
            shift=np.zeros((steps, parameters)),
            set_stock=np.full((steps, stocks), np.nan),
            shift_stock=np.zeros((steps, stocks)),
            nudge=np.zeros((steps, slots)),
            suppose=np.full((steps, len(model.actors), parameters), np.nan),
            right_misreading=np.zeros((steps, sum(len(a.misreads) for a in model.actors)), dtype=np.bool_),
            right_signal=np.zeros((steps, sum(len(a.sees) for a in model.actors)), dtype=np.bool_),
            right_belief=np.zeros((steps, sum(len(a.beliefs) for a in model.actors)), dtype=np.bool_),
            believe=np.full((steps, len(model.suppositions)), np.nan),
        )
        self.actors = {actor.name: i for i, actor in enumerate(model.actors)}
        self.stocks = {v.name: i for i, v in enumerate(model.stocks)}
        self.parameters = {p.name: i for i, p in enumerate(model.parameters)}
        self.slots: dict[tuple[str, str], int] = {}
        self.misreadings: dict[tuple[str, str], int] = {}
        self.signals: dict[tuple[str, str], int] = {}
        self.beliefs: dict[tuple[str, str], int] = {}
        self.suppositions = {s: i for i, s in enumerate(model.suppositions)}
        for actor in model.actors:
            for table, names in (
                (self.slots, [a.name for a in actor.actions]),
                (self.misreadings, [m.parameter for m in actor.misreads]),
                (self.signals, [s.variable for s in actor.sees]),
                (self.beliefs, [b.about for b in actor.beliefs]),
            ):
                for name in names:
                    table[actor.name, name] = len(table)

    def enter(self, i: Intervention) -> None:
        """Write an intervention into the tables."""
        if not isinstance(i, Intervention):
            raise _UnknownError(f"`interventions` holds {i!r}, which is no `offramp.Intervention`.")
        _check_shape(i)
        model, schedule = self.model, self.schedule
        first = 0 if i.start is None else max(0, model.step_of(i.start))
        last = model.steps if i.end is None else min(model.steps, model.step_of(i.end))
        # Names are looked up whether or not it is ever in force.
        here = slice(first, max(first, last))
        begin = slice(first, first + 1 if first < last else first)
        for who, action in i.force:
            slot, own = self.slot(who, action), self.slot(who, self.actor(who).actions[0].name)
            schedule.forced[here, self.actors[who]] = slot - own
        for who, names in i.forbid:
            for name in names:
                schedule.allowed[here, self.slot(who, name)] = False
        for name, value in i.set:
            if name in self.parameters:
                schedule.hold[here, self.parameters[name]] = _number(name, value)
            else:
                schedule.set_stock[begin, self.stock(name)] = _number(name, value)
        for name, value in i.shift:
            if name in self.parameters:
                schedule.shift[here, self.parameters[name]] += _number(name, value)
            else:
                schedule.shift_stock[begin, self.stock(name)] += _number(name, value)
        for who, name, value in i.nudge:
            schedule.nudge[here, self.slot(who, name)] += _number(name, value)
        for who, names in i.correct:
            for name in self.correctable(who, names):
                for table, where in (
                    (schedule.right_misreading, self.misreadings),
                    (schedule.right_signal, self.signals),
                    (schedule.right_belief, self.beliefs),
                ):
                    if (who, name) in where:
                        table[here, where[who, name]] = True
        for who, name, value in i.misread:
            self.actor(who)
            if name not in self.parameters:
                raise _unknown("the model has no parameter", name, self.parameters)
            schedule.suppose[here, self.actors[who], self.parameters[name]] = _number(name, value)
        for who, about, chances in i.believe:
            self.believe(begin, who, about, dict(chances))

    def believe(self, begin: slice, who: str, about: str, chances: dict[str, float]) -> None:
        others = [b.about for b in self.actor(who).beliefs]
        if about not in others:
            raise _unknown(f"`{who}` holds no belief about", about, others)
        types = [t.name for t in self.actor(about).types]
        for name, chance in chances.items():
            if name not in types:
                raise _unknown(f"`{about}` has no type", name, types)
            if not 0 <= _number(name, chance) <= 1:
                raise _UnknownError(f"the chance of `{name}` is {chance:g}; it must lie between 0 and 1.")
        if abs(sum(chances.values()) - 1) > 1e-9:
            raise _UnknownError(f"what `{who}` is to believe of `{about}` does not sum to 1.")
        for name in types:
            self.schedule.believe[begin, self.suppositions[who, about, name]] = chances.get(name, 0.0)

    def correctable(self, who: str, names: Iterable[str]) -> tuple[str, ...]:
        possible = self.actor(who).correctable
        names = tuple(names)
        if names == (ALL,):
            return possible
        for name in names:
            if name not in possible:
                raise _unknown(f"`{who}` cannot be corrected in", name, possible)
        return names

    def actor(self, name: str) -> Actor:
        if name not in self.actors:
            raise _unknown("the model has no actor", name, self.actors)
        return self.model.actors[self.actors[name]]

    def slot(self, who: str, action: str) -> int:
        actor = self.actor(who)
        if (who, action) not in self.slots:
            raise _unknown(f"`{who}` has no action", action, [a.name for a in actor.actions])
        return self.slots[who, action]

    def stock(self, name: str) -> int:
        if name not in self.stocks:
            raise _unknown("the model has no parameter or stock", name, [*self.parameters, *self.stocks])
        return self.stocks[name]


# What each field of an intervention holds a series of; `(…)` within stands for a series.
_FIELDS = {
    "force": ("actor", "action"),
    "forbid": ("actor", ("action",)),
    "set": ("name", 1.0),
    "shift": ("name", 1.0),
    "correct": ("actor", ("misreading",)),
    "misread": ("actor", "parameter", 1.0),
    "believe": ("actor", "about", (("type", 1.0),)),
    "nudge": ("actor", "action", 1.0),
}


def _check_shape(i: Intervention) -> None:
    """Whether an intervention made in code holds what its fields say."""
    for name in ("start", "end"):
        if not isinstance(getattr(i, name), date | None):
            raise _UnknownError(f"`{name}` is a `datetime.date` or None, not {getattr(i, name)!r}.")
    for name, example in _FIELDS.items():
        given = getattr(i, name)
        if not _like(given, (example,)):
            raise _UnknownError(f"`{name}` is written like {(example,)}, not {given!r}.")


def _like(given: object, example: object) -> bool:
    """Whether a value is built like an example, whose series of one stand for series of any length."""
    if isinstance(example, str):
        return isinstance(given, str)
    if isinstance(example, float):
        return isinstance(given, int | float | np.integer | np.floating)
    if not isinstance(given, tuple | list) or not isinstance(example, tuple):
        return False
    if len(example) == 1:
        return all(_like(one, example[0]) for one in given)
    return len(given) == len(example) and all(map(_like, given, example))


def _number(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise _UnknownError(f"`{name}` is given {value}; a finite number is needed.")
    return value


def _unknown(message: str, name: str, known: Iterable[str]) -> _UnknownError:
    possible = list(known)
    hint = did_you_mean(name, possible) or (f"There are: {', '.join(possible)}." if possible else "")
    return _UnknownError(f"{message} `{name}`. {hint}".strip())
