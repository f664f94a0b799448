"""How often what a policy forces could truly be taken, counted in runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from offramp.model import Model

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Forced:
    """One act that a policy forces, and how often it was taken.

    Attributes
    ----------
    steps : steps of all futures in which it was to be taken and the future still went on
    taken : of these, how many in which it was: elsewhere its `when` did not hold
    """

    policy: str
    actor: str
    action: str
    steps: int
    taken: int

    @property
    def never_bites(self) -> bool:
        """Whether the policy forces in vain."""
        return self.steps > 0 and self.taken == 0

    def __str__(self) -> str:
        """As a sentence."""
        act = f"`{self.action}` of `{self.actor}`, which `{self.policy}` forces,"
        if self.never_bites:
            return f"{act} was possible in no future: its `when` never held while the policy lasted."
        share = 100 * self.taken / max(1, self.steps)
        return f"{act} was possible in {share:.0f} % of the steps in which it is forced."


def forced_acts(runs: xr.Dataset, model: Model, since: int = 0) -> list[Forced]:
    """What each policy of some runs forces, and how often it was taken.

    Parameters
    ----------
    runs : as `offramp.simulate` gives them: `action` over policy, scenario, step, actor
    model : that was run; policies of a design that the file does not have are passed over
    since : steps before this one are past, and no policy was in force in them

    Examples
    --------
    >>> import offramp as ofr
    >>> model = ofr.load("chicken")
    >>> forced_acts(ofr.simulate(ofr.Design(model, scenarios=5)), model)
    []
    """
    found = []
    by_name = {p.name: p for p in model.policies}
    positions = {a.name: (i, [x.name for x in a.actions]) for i, a in enumerate(model.actors)}
    for name in (str(p) for p in runs["policy"].values):
        for step in by_name[name].interventions if name in by_name else ():
            first = since if step.start is None else max(since, model.step_of(step.start))
            last = max(first, model.steps if step.end is None else model.step_of(step.end))
            for actor, action in step.force:
                which, actions = positions[actor]
                acts = runs["action"].sel(policy=name).values[:, first:last, which]
                going = int(np.count_nonzero(acts >= 0))
                taken = int(np.count_nonzero(acts == actions.index(action)))
                found.append(Forced(name, actor, action, going, taken))
    return found
