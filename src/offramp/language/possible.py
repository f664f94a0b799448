"""Whether an act can be taken at all while a policy lasts."""

from __future__ import annotations

from offramp.language.ranges import Ranges
from offramp.model import Intervention, Model


def can_be_taken(model: Model, actor: str, action: str, step: Intervention) -> bool:
    """Whether the `when` of an act can be true in some step in which an intervention is in force.

    Judged by bounds, by what the intervention sets and by the days: True wherever that is not known.
    """
    acts = next(a.actions for a in model.actors if a.name == actor)
    when = next(a.when for a in acts if a.name == action)
    if when is None:
        return True
    first = 0 if step.start is None else model.step_of(step.start)
    last = model.steps if step.end is None else model.step_of(step.end)
    dt = model.step_length
    known = {v.name: v.bounds for v in model.stocks if v.bounds is not None}
    held = {name: (value, value) for name, value in step.set if name not in {s.name for s in model.stocks}}
    ranges = Ranges(known, (max(0, first) * dt, max(first, last - 1) * dt), dt, held)
    for auxiliary in model.auxiliaries:
        if auxiliary.equals is not None:
            known[auxiliary.name] = ranges.of(auxiliary.equals.node)
    return ranges.truths(when.node)[0]
