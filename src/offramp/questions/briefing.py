"""The questions that a brief answers beside the outlook, within a budget of runs."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from offramp.errors import OfframpError, UsageError
from offramp.model import Model
from offramp.questions.claims.ask import findings_of, policies_of
from offramp.questions.claims.ask import measure as measure_claims
from offramp.questions.compare.ask import BASELINE, comparison_of
from offramp.questions.compare.ask import measure as measure_policies
from offramp.questions.misreadings.ask import misreadings
from offramp.questions.paired_runs import Measured, PairedRuns, run_paired
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import Progress

if TYPE_CHECKING:
    import xarray as xr

QUESTIONS = ("compare", "claims", "misreadings")
# What tells the JSON of each question from the others'.
_MARKS = {
    "compare": {"against", "policies"},
    "claims": {"claims"},
    "misreadings": {"misreadings", "sides"},
    "sensitivity": {"screened", "shares"},
    "discover": {"regions"},
    "backtest": {"skill", "questions_hash"},
}


@dataclass(frozen=True)
class Budget:
    """How many futures are spent: under each policy, and in each world of corrections (0: not asked)."""

    policies: int
    corrections: int


# Actors who think of what others think make runs some ten times dearer: these have fewer.
FULL, FULL_DEEP = Budget(policies=1000, corrections=200), Budget(policies=200, corrections=40)
QUICK, QUICK_DEEP = Budget(policies=200, corrections=0), Budget(policies=60, corrections=0)


def budget_for(model: Model, quick: bool = False) -> Budget:
    """What a brief of a model spends on its questions."""
    deep = any(actor.depth >= 2 for actor in model.actors)
    if quick:
        return QUICK_DEEP if deep else QUICK
    return FULL_DEEP if deep else FULL


def answers(
    design: Design,
    *,
    budget: Budget | None = None,
    known: Collection[str] = (),
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, Any]]:
    """What `offramp compare`, `claims` and `misreadings` would say, from as few runs as will do.

    Parameters
    ----------
    design : model, seed and overrides; with several policies these are compared with the first, otherwise all
        that one could choose are compared with the one
    budget : how many futures to spend; None for that of `budget_for`
    known : questions answered already, which are not asked again
    threads, progress : as for `simulate`

    Returns
    -------
    Question -> what its command prints as JSON. What cannot be asked of the model is left out. `compare` has
    `hinges` too: for each policy and outcome the uncertain number with which its effect goes most, if any.
    """
    model = design.model
    budget = budget or budget_for(model)
    against = design.policies[0]
    choices = [p.name for p in model.policies if not p.variant and p.name not in (against, BASELINE)]
    chosen = (list(design.policies[1:]) or choices) if "compare" not in known else []
    claims = model.claims if "claims" not in known and against == BASELINE else ()
    found: dict[str, dict[str, Any]] = {}
    names = list(dict.fromkeys([against, *chosen, *policies_of(claims)]))
    if (chosen or claims) and budget.policies:
        every = design.another(policies=names, scenarios=budget.policies)

        def measure(runs: xr.Dataset) -> Measured:
            return measure_policies(runs) | measure_claims(runs, claims)

        paired = run_paired(every, measure, how=How(threads=threads, progress=progress))
        if chosen and not _all_failed(paired):
            found["compare"] = comparison_of(every, paired, names=chosen, with_hinges=True).as_dict()
        if claims:
            found["claims"] = findings_of(every, paired, claims).as_dict()
    if "misreadings" not in known and budget.corrections and any(o.absorbing for o in model.outcomes):
        one = design.another(policies=[against], scenarios=budget.corrections)
        # Where nobody gets anything wrong there is nothing to ask; where every run fails the outlook says so.
        with contextlib.suppress(OfframpError):
            found["misreadings"] = misreadings(one, how=How(threads=threads, progress=progress)).as_dict()
    return found


def recognised(given: Mapping[str, Any], model: Model, where: str) -> str:
    """Which question a file of JSON answers.

    Raises
    ------
    UsageError
        If it answers none that a brief knows, or is of another model or version of it.
    """
    name = next((n for n, marks in _MARKS.items() if marks <= given.keys()), None)
    if name is None:
        raise UsageError(
            f"{where} is no answer that a brief can use. It takes what `offramp QUESTION MODEL --format json`"
            f" prints for: {', '.join(_MARKS)}."
        )
    # A backtest is of a model that begins earlier.
    if name != "backtest" and given.get("model_hash") != model.hash:
        raise UsageError(
            f"{where} is of another model than `{model.name}` as it now stands: ask again with "
            f"`offramp {name} ... --format json`."
        )
    return name


def _all_failed(paired: PairedRuns) -> bool:
    return all(np.isnan(v).all() for n, v in paired.futures.items() if n.startswith("came/"))
