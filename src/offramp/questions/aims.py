"""What is wanted of each outcome, for whom.

The file says so (`aim`, `aims`). Where it says nothing of an outcome that ends futures, what the outcome is
worth to an actor is held against what that actor has month by month as long as nothing ends: never against
0, for a month of a crisis is mostly worth less than nothing, and an end that is bad may be better than that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from offramp.analysis.aims import SideAim, Wanted, need_reader
from offramp.analysis.answer import six_digits
from offramp.analysis.paired import mean_difference
from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.model import Actor, Aim, Formula, Model, Outcome
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import simulate
from offramp.tree import variables_in

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

MOST_FUTURES = 200  # that are read for what an ordinary month is worth
BASELINE = "baseline"


def aims_for(design: Design, reader: str | None = None, how: How = AS_SUITS) -> dict[str, Wanted]:
    """Outcome -> what is wanted of it, by the months of the first futures of the baseline.

    The same for every question of a model under the same settings, whatever it asks and in how many futures.

    Raises
    ------
    UsageError
        If the model has no actor `reader`.
    """
    model = design.model
    need_reader(model, reader)
    if by_file(model):
        return aims_of(model, None, reader)
    some = design.another(policies=[BASELINE], scenarios=MOST_FUTURES)
    return aims_of(model, simulate(some, how=How(threads=how.threads, engine=how.engine)), reader)


def aims_of(model: Model, runs: xr.Dataset | None, reader: str | None = None) -> dict[str, Wanted]:
    """What is wanted of every outcome.

    Parameters
    ----------
    model : the model
    runs : of it, with all variables, for what its months are worth: those of the baseline, or of the first
        policy, in the first `MOST_FUTURES` scenarios; None to go by what the file says alone
    reader : the actor for whom is asked; None for all

    Returns
    -------
    Outcome -> what is wanted.
    """
    months = None if runs is None else _Months(model, runs)
    return {o.name: _wanted(o, _sides(model, o, months), reader) for o in model.outcomes}


def by_file(model: Model) -> bool:
    """Whether the file alone says what all want of how futures end, so that no run need be read."""
    return all(
        actor.name in dict(o.aims) or o.aim is not None or not _told_by_worth(actor, o)
        for o in model.outcomes
        for actor in model.actors
    )


def _wanted(outcome: Outcome, sides: dict[str, SideAim], reader: str | None) -> Wanted:
    if reader is not None:
        if reader in sides:
            return Wanted(aim=sides[reader].aim, rule="side", sides=sides)
        return Wanted(aim="none", rule="unknown", sides=sides)
    if outcome.aim is not None:
        return Wanted(aim=outcome.aim, rule="file", sides=sides)
    known = {s.aim for s in sides.values()}
    if len(known) == 1:
        return Wanted(aim=known.pop(), rule="agreed", sides=sides)
    return Wanted(aim="none", rule="disagreed" if known else "unknown", sides=sides)


def _sides(model: Model, outcome: Outcome, months: _Months | None) -> dict[str, SideAim]:
    found = {a.name: _side(model, a, outcome, months) for a in model.actors}
    return {name: side for name, side in found.items() if side is not None}


def _side(model: Model, actor: Actor, outcome: Outcome, months: _Months | None) -> SideAim | None:
    said = dict(outcome.aims).get(actor.name, outcome.aim)
    if said is not None:
        return SideAim(aim=said, rule="file", worth=None, ordinary=None)
    if _told_by_worth(actor, outcome):
        return None if months is None else months.side(actor, dict(outcome.worth)[actor.name])
    if any(x.war == outcome.name and actor.name in x.sides for x in model.ladders):
        return SideAim(aim="less", rule="ladder", worth=None, ordinary=None)
    return None


def _told_by_worth(actor: Actor, outcome: Outcome) -> bool:
    return actor.name in dict(outcome.worth)


class _Months:
    """The months of some futures in which nothing has ended: (scenario, time) throughout."""

    def __init__(self, model: Model, runs: xr.Dataset) -> None:
        names = [str(p) for p in runs["policy"].values]
        at = names.index(BASELINE) if BASELINE in names else 0
        self.runs = runs.isel(policy=at, scenario=slice(0, MOST_FUTURES))
        self.going_on = self._going_on(model)
        values = self.runs["parameter_value"].transpose("scenario", "parameter").values
        self.parameters = {str(p): values[:, [i]] for i, p in enumerate(self.runs["parameter"].values)}
        self.now: Floats = np.arange(model.steps + 1, dtype=np.float64)[None, :] * model.step_length
        self.dt = model.step_length

    def _going_on(self, model: Model) -> npt.NDArray[np.bool_]:
        """Whether a future holds and nothing has ended it by then."""
        held = (self.runs["status"].values == 0)[:, None]
        steps = self.runs["outcome_step"].transpose("scenario", "outcome").values
        absorbing = [i for i, o in enumerate(model.outcomes) if o.absorbing]
        ends = np.where(steps[:, absorbing] < 0, model.steps + 1, steps[:, absorbing] + 1)
        first = ends.min(axis=1, initial=model.steps + 1)[:, None]
        return np.asarray(held & (np.arange(model.steps + 1)[None, :] < first))

    def side(self, actor: Actor, worth: Formula) -> SideAim | None:
        """What an actor wants of an end that is worth so much to it; None where that cannot be read off."""
        formulas = [worth, *(t.formula for t in actor.utility)]
        if not all(variables_in(f.node) <= set(self.runs.variables) for f in formulas):
            return None
        end, *terms = (self._monthly(f) for f in formulas)
        ordinary = np.sum(terms, axis=0) if terms else np.zeros_like(end)  # no wish: each month is alike
        found = mean_difference(end, ordinary)
        aim: Aim = "more" if found.low > 0 else "less" if found.high < 0 else "none"
        if not found.scenarios:
            return None
        return SideAim(aim=aim, rule="worth", worth=six_digits(found.here), ordinary=six_digits(found.there))

    def _monthly(self, formula: Formula) -> Floats:
        """The mean of a formula over the months of each future: (scenario,), NaN where there are none."""
        variables = {
            name: self.runs[name].transpose("scenario", "time").values for name in variables_in(formula.node)
        }
        values = evaluate(formula.node, Environment(variables, self.parameters, self.now, self.dt))
        values = np.broadcast_to(np.asarray(values, np.float64), self.going_on.shape)
        months = self.going_on.sum(axis=1)
        total = np.where(self.going_on, values, 0.0).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where((months > 0) & np.isfinite(total), total / months, np.nan)
