"""The future that stands for those in which an outcome came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from offramp.analysis.between import typical
from offramp.errors import UsageError
from offramp.questions.runner import outcome_asked, outcome_title
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import simulate

SEARCHED = 1_000  # futures among which one is looked for


@dataclass(frozen=True)
class TypicalOf:
    """What a future stands for: it is typical of the `came` of `runs` futures in which an outcome came."""

    outcome: str
    title: str
    came: int
    runs: int


def typical_future(design: Design, outcome: str, *, how: How = AS_SUITS) -> tuple[int, TypicalOf]:
    """The number of the future that is most like all others in which an outcome came.

    It differs least from them in who had done what at all, in which random and drawn events had happened, and
    in whether it came early or late, all until it came: their medoid.

    Parameters
    ----------
    design : the futures to look among, under one policy

    Raises
    ------
    UsageError
        If there is no such outcome, or it came in none of them.
    """
    model = design.model
    outcome, title = outcome_asked(model, outcome), outcome_title(model, outcome)
    runs = simulate(design, how=how, variables=[]).isel(policy=0)
    step = runs["outcome_step"].sel(outcome=outcome).values
    if model.outcomes[[o.name for o in model.outcomes].index(outcome)].otherwise:
        ended = [o.name for o in model.outcomes if o.absorbing]
        open_ended = (runs["outcome_step"].sel(outcome=ended).values < 0).all(axis=-1)
        step = np.where(open_ended & (runs["status"].values == 0), model.steps - 1, -1)
    cases = np.flatnonzero(step >= 0)
    if not len(cases):
        raise UsageError(
            f"“{title}” comes in none of {len(step):,} futures under `{design.policies[0]}`, so there is "
            "none to tell. `offramp run` says how likely it is."
        )
    until = step[cases][:, None] >= np.arange(model.steps)[None, :]
    rows = [step[cases] > np.median(step[cases])]
    action = runs["action"].values[cases]
    for a, actor in enumerate(model.actors):
        rows += [((action[..., a] == k) & until).any(axis=1) for k in range(len(actor.actions))]
    count = runs["event_count"].values[cases]
    for e in range(len(model.events)):
        rows += [
            ((count[..., e] == k) & until).any(axis=1)
            for k in range(1, int(count[..., e].max(initial=1)) + 1)
        ]
    (first, *_), _ = typical(np.stack(rows, axis=1), most=1)
    number = int(design.scenarios[cases[first]])
    return number, TypicalOf(outcome, title, len(cases), len(step))
