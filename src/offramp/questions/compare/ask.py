"""Compare policies: what each changes as against one of them, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.analysis import measures
from offramp.analysis.intervals import LEVEL
from offramp.analysis.paired import (
    SAMPLING_INTERVAL,
    Difference,
    mean_difference,
    spread_of,
)
from offramp.analysis.summary import rounded
from offramp.analysis.weighing import LUCK_TAKEN_OUT, Weighed, remainder, weigh
from offramp.analysis.worlds import PARAMETER_INTERVAL, Spread, between_worlds
from offramp.errors import UsageError
from offramp.given import need
from offramp.model import Model
from offramp.questions.paired_runs import LIVES, Lived, Measured, live, worlds_for
from offramp.runs.design import Design
from offramp.runs.simulate import Progress
from offramp.version import __version__

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

BASELINE = "baseline"
MOST_VARIABLES = 12  # that are compared where a model has no headline variables


@dataclass(frozen=True)
class Change:
    """What a policy changes in one thing: with its sampling interval, and over worlds if these were run."""

    difference: Difference
    worlds: Spread | None
    by: tuple[Difference, ...] = ()  # at every date; empty for what is counted over all of a future


@dataclass(frozen=True)
class Compared:
    """One policy against another.

    Attributes
    ----------
    name : of the policy
    outcomes : outcome -> change of its chance, by the end and by each date
    months : outcome -> change of the months until it comes, counted to the end where it never does
    variables : variable -> change of its mean, at the end and at each date
    actions : (actor, action) -> change of how often it is taken in a future
    """

    name: str
    outcomes: dict[str, Change] = field(default_factory=dict)
    months: dict[str, Change] = field(default_factory=dict)
    variables: dict[str, Change] = field(default_factory=dict)
    actions: dict[tuple[str, str], Change] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Policies held against one: what `compare` gives."""

    design: Design
    against: str
    policies: tuple[Compared, ...]
    worlds: int
    failed: dict[str, int]  # policy -> runs that failed

    @property
    def model(self) -> Model:
        return self.design.model

    def as_dict(self) -> dict[str, Any]:
        """What `offramp compare --format json` prints, key by key in docs/reference/commands.md."""
        model, days = self.model, [d.isoformat() for d in self.model.dates]
        units = {v.name: v.unit for v in model.variables}
        return {
            "model": model.name,
            "model_hash": model.hash,
            "version": __version__,
            "title": model.title,
            "illustrative": model.illustrative,
            "seed": self.design.seed,
            "runs": len(self.design.scenarios),
            "failed_runs": sum(self.failed.values()),
            "start": days[0],
            "end": days[-1],
            "set": dict(self.design.overrides),
            "against": self.against,
            "intervals": {
                "level": LEVEL,
                "sampling": SAMPLING_INTERVAL,
                "luck": LUCK_TAKEN_OUT,
                "parameters": PARAMETER_INTERVAL,
                "worlds": self.worlds,
                "lives": LIVES if self.worlds else 1,
            },
            "policies": {
                one.name: {
                    "title": title_of(model, one.name),
                    "failed_runs": self.failed[one.name],
                    "outcomes": {
                        n: plain(c, days) | {"months": plain(one.months[n]) if n in one.months else None}
                        for n, c in one.outcomes.items()
                    },
                    "variables": {
                        n: {"unit": units[n]} | plain(c, days) for n, c in one.variables.items()
                    },
                    "actions": {
                        actor.name: {a.name: plain(one.actions[actor.name, a.name]) for a in actor.actions}
                        for actor in model.actors
                    },
                }
                for one in self.policies
            },
        }  # fmt: skip


def compare(
    design: Design,
    against: str = BASELINE,
    *,
    worlds: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare policies by paired differences: the same worlds and the same luck under each.

    Parameters
    ----------
    design : which policies and how many scenarios; `against` need not be among its policies
    against : the policy that the others are held against
    worlds : how many worlds are lived through ten times, to say what the uncertain numbers contribute; None
    for
        one in twenty (at least 100), 0 for none
    threads : how many to use; None for one per processor. Results do not depend on it.
    progress : called as progress(runs done, runs in all)

    Returns
    -------
    Comparison; `as_dict()` is what `offramp compare --format json` prints.

    Raises
    ------
    UsageError
        If there is no such policy, nothing to compare it with, or there are fewer futures than worlds.

    Examples
    --------
    >>> design = ofr.Design(ofr.load("chicken"), ["altara_keeps_on"], scenarios=200)
    >>> found = ofr.compare(design).policies[0].outcomes["crash"].difference
    """
    need(design, "Design")
    others = [p for p in design.policies if p != against]
    if not others:
        raise UsageError(f"a policy is compared with another one: nothing but `{against}` was asked for.")
    every = design.another(policies=[against, *others])
    again = worlds_for(len(design.scenarios)) if worlds is None else worlds
    lived = live(every, measured, again, threads=threads, progress=progress)
    return comparison_of(every, lived, again)


def comparison_of(
    design: Design, lived: Lived, worlds: int = 0, names: Sequence[str] | None = None
) -> Comparison:
    """The comparison of policies whose runs have been measured (`measured`), with the first of the design.

    Parameters
    ----------
    design, lived : what was run, and what was measured of it
    worlds : how many of its worlds were lived again
    names : which policies; None for all but the first
    """
    against, *others = design.policies
    failed = dict(zip(design.policies, (int(n) for n in lived.failed), strict=True))
    chosen = [i for i, name in enumerate(others, 1) if names is None or name in names]
    outcomes = _outcomes(lived, [0, *chosen], design.model)
    found = tuple(
        _compared(lived, i, design.policies[i], design.model, changes)
        for i, changes in zip(chosen, outcomes, strict=True)
    )
    kept = {against, *(one.name for one in found)}
    return Comparison(design, against, found, worlds, {n: k for n, k in failed.items() if n in kept})


def main_variables(model: Model) -> list[str]:
    """Headline variables, or the first where there are none."""
    return [v.name for v in model.variables if v.headline] or [v.name for v in model.variables][
        :MOST_VARIABLES
    ]


def measured(runs: xr.Dataset) -> Measured:
    """Everything that is compared, from one dataset."""
    from offramp.runs.dataset import section

    found: dict[str, Floats] = {}
    kinds = section(runs, "outcomes")
    for name, about in kinds.items():
        found[f"came/{name}"] = measures.came(runs, name)
        if about["kind"] in ("rate", "ladder"):
            found[f"foreseen/{name}"] = foreseen = measures.foreseen(runs, name)
            found[f"chance/{name}"] = foreseen[:, :, -1]
        if about["kind"] == "otherwise":
            found[f"at/{name}"] = measures.end_of_runs(runs).astype(np.float64)
        else:
            found[f"at/{name}"] = measures.arrival(runs, name).astype(np.float64)
            found[f"months/{name}"] = measures.months_until(runs, name)
    variables = section(runs, "variables")
    chosen = [n for n, v in variables.items() if v["headline"]] or list(variables)[:MOST_VARIABLES]
    for name in chosen:
        found[f"value/{name}"] = measures.value(runs, name)
        found[f"path/{name}"] = measures.path(runs, name)
    for actor, about in section(runs, "actors").items():
        for action in about["actions"]:
            found[f"acts/{actor}/{action}"] = measures.acts(runs, {actor: [action]})
    return found


def change(lived: Lived, name: str, policy: int, least: float = 0.0) -> Change:
    """One measure under the policy at a position, against the first.

    `least` is the smallest change that there can be, 1 for counts.
    """
    here, there = lived.futures[name][[policy, 0]]
    difference = mean_difference(here, there, size=max(least, spread_of(here, there)))
    again = lived.worlds.get(name)
    spread = None if again is None else between_worlds(again[policy] - again[0], difference.value)
    return Change(difference, spread)


def weighed_outcomes(lived: Lived, policies: Sequence[int], model: Model, k: int = -1) -> dict[str, Weighed]:
    """Each outcome by the date at position k (-1: the end), under the policies at some positions, 0 first."""
    rows, steps = list(policies), model.steps if k < 0 else k
    result: dict[str, Weighed] = {}
    for outcome in sorted(model.outcomes, key=lambda o: o.otherwise):
        n = outcome.name
        ok = ~np.isnan(lived.futures[f"came/{n}"][rows])
        came = np.where(ok, _held(lived.futures[f"at/{n}"][rows], steps, outcome.otherwise), np.nan)
        foreseen = lived.futures.get(f"foreseen/{n}")
        if outcome.otherwise:
            result[n] = remainder(came, [result[o.name] for o in model.outcomes if o.absorbing])
        elif foreseen is None:
            result[n] = Weighed(came, came, 0.0)
        else:
            result[n] = weigh(came, foreseen[rows][:, :, k])
    return {o.name: result[o.name] for o in model.outcomes}


def _lives(
    lived: Lived, policies: Sequence[int], found: dict[str, Weighed], model: Model
) -> dict[str, Floats]:
    """Each outcome in every life of every world, less the luck taken out: (policy, world, life)."""
    rows = list(policies)
    left: dict[str, Floats] = {}
    if not lived.worlds:
        return left
    for outcome in sorted(model.outcomes, key=lambda o: o.otherwise):
        n = outcome.name
        came, taken = lived.worlds[f"came/{n}"][rows], found[n].taken
        if not taken:
            left[n] = came
        elif outcome.otherwise:
            left[n] = 1.0 - np.sum([left[o.name] for o in model.outcomes if o.absorbing], axis=0)
        else:
            left[n] = came - taken * (came - lived.worlds[f"chance/{n}"][rows])
    return left


def _outcomes(lived: Lived, policies: Sequence[int], model: Model) -> list[dict[str, Change]]:
    """Changes of the chances of outcomes, under each policy but the first of those at some positions."""
    at_dates = [weighed_outcomes(lived, policies, model, k) for k in range(model.steps + 1)]
    lives = _lives(lived, policies, at_dates[-1], model)
    result: list[dict[str, Change]] = []
    for row in range(1, len(policies)):
        changes = {}
        for n in at_dates[-1]:
            by = tuple(weighed[n].difference(row, 0) for weighed in at_dates)
            spread = between_worlds(lives[n][row] - lives[n][0], by[-1].value) if lives else None
            changes[n] = Change(by[-1], spread, by)
        result.append(changes)
    return result


def _compared(lived: Lived, policy: int, name: str, model: Model, outcomes: dict[str, Change]) -> Compared:
    result = Compared(name, outcomes)
    for outcome in model.outcomes:
        if not outcome.otherwise:
            result.months[outcome.name] = change(lived, f"months/{outcome.name}", policy)
    for n in main_variables(model):
        found = change(lived, f"value/{n}", policy)
        path = lived.futures[f"path/{n}"]
        times = range(model.steps + 1)
        by = tuple(mean_difference(path[policy, :, k], path[0, :, k]) for k in times)
        result.variables[n] = Change(found.difference, found.worlds, by)
    for actor in model.actors:
        for action in actor.actions:
            result.actions[actor.name, action.name] = change(
                lived, f"acts/{actor.name}/{action.name}", policy, least=1.0
            )
    return result


def _held(at: Floats, k: int, otherwise: bool) -> Floats:
    """Whether something had come by the date at position k, or for `otherwise` that nothing had."""
    come = (at >= 0) & (at <= k)
    return (~come if otherwise else come).astype(np.float64)


def plain(change: Change, days: Sequence[str] = ()) -> dict[str, Any]:
    """A change as plain values, ready for JSON."""
    d, w = change.difference, change.worlds
    result: dict[str, Any] = {
        "difference": rounded(d.value),
        "low": rounded(d.low),
        "high": rounded(d.high),
        "here": rounded(d.here),
        "there": rounded(d.there),
        "told_apart": d.told_apart,
        "runs": d.scenarios,
        "differing": d.differing,
        "runs_needed": d.needed,
        "without_luck": rounded(d.without_luck),
        "parameters": None if w is None else spread_plain(w),
    }
    if change.by:
        result["by"] = {
            day: {"difference": rounded(x.value), "low": rounded(x.low), "high": rounded(x.high)}
            for day, x in zip(days, change.by, strict=True)
        }
    return result


def spread_plain(spread: Spread) -> dict[str, Any]:
    """What uncertain numbers contribute, as plain values; `positive` is the share of worlds above 0."""
    return {
        "low": rounded(spread.low),
        "high": rounded(spread.high),
        "deviation": rounded(spread.deviation),
        "at_most": rounded(spread.at_most),
        "told_apart": spread.told_apart,
        "positive": rounded(spread.share_above(0.0)),
        "worlds": spread.worlds,
        "lives": spread.lives,
    }


def title_of(model: Model, policy: str) -> str:
    """The title of a policy, or its name where it has none."""
    return next((p.title for p in model.policies if p.name == policy and p.title), policy)
