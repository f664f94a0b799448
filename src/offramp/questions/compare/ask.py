"""Compare policies: what each changes as against one of them, and how sure that is.

Several questions can be answered from one set of paired runs: `policies_of` says which policies have to be
run, `measure` what is kept of a run, and `comparison_of` what that comes to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from offramp.analysis import measures
from offramp.analysis.aims import Wanted, need_reader
from offramp.analysis.answer import Answer, six_digits
from offramp.analysis.changes import Change, OutcomeChange, VariableChange, change, change_at
from offramp.analysis.forced import Forced, forced_acts
from offramp.analysis.intervals import LEVEL
from offramp.analysis.paired import SAMPLING_INTERVAL, Difference, mean_difference, spread_of
from offramp.analysis.together import TOGETHER, level_together
from offramp.analysis.weighing import LUCK_TAKEN_OUT, Weighed, remainder, weigh
from offramp.analysis.worlds import PARAMETER_INTERVAL, between_worlds
from offramp.errors import UsageError
from offramp.given import need
from offramp.model import Model
from offramp.questions.aims import aims_for
from offramp.questions.briefing import Shared
from offramp.questions.compare.hinges import Hinge, hinges_of
from offramp.questions.paired_runs import Measured, PairedRuns, run_paired, worlds_for
from offramp.questions.question import Request
from offramp.questions.runner import head_of
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

BASELINE = "baseline"
MOST_VARIABLES = 12  # that are compared where a model has no headline variables

INTERVALS = {
    "sampling": f"{SAMPLING_INTERVAL[:-1]}; {TOGETHER}.",
    "luck": LUCK_TAKEN_OUT,
    "parameters": PARAMETER_INTERVAL,
}


@dataclass(frozen=True, kw_only=True)
class PolicyChange:
    """One policy against the one that all are held against.

    Attributes
    ----------
    outcomes : outcome -> change of its chance
    variables : main variable -> change of its mean
    actions : actor -> action -> change of how often it is taken in a future
    forced : acts that the policy forces, and how often they could be taken; empty in a brief
    """

    title: str
    failed_runs: int
    outcomes: dict[str, OutcomeChange]
    variables: dict[str, VariableChange]
    actions: dict[str, dict[str, Change]]
    forced: tuple[Forced, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Comparison(Answer):
    """Policies held against one.

    Attributes
    ----------
    runs : futures under each policy; `failed_runs` : under all of them together
    start, end : first and last date
    against : the policy that the others are held against
    reader, aims : for whom better and worse are told, None for all; outcome -> what is wanted of it
    each : kind of change (`chances`, `months`, `variables`, `acts`) -> the level of the interval of each
    paths : along which actors look ahead; 0 for the expected one
    worlds, replicates : how many worlds were run again with other luck, and how often each was run
    policies : name -> what it changes
    hinges : policy -> outcome -> the uncertain number on which the change hangs most; None: not looked for
    """

    QUESTION: ClassVar[str] = "compare"

    runs: int
    failed_runs: int
    start: date
    end: date
    against: str
    reader: str | None
    aims: dict[str, Wanted]
    each: dict[str, float]
    paths: int
    worlds: int
    replicates: int
    policies: dict[str, PolicyChange]
    hinges: dict[str, dict[str, Hinge]] | None = None

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, self.runs * (1 + len(self.policies))


ANSWER = Comparison


def asked(request: Request) -> Comparison:
    """What `offramp compare` asks: of the policies named, or of all that one could choose.

    Raises
    ------
    UsageError
        If there is no policy to compare.
    """
    model, against = request.model, request["against"]
    assert model is not None
    chosen = list(request["policies"]) or _choices(model, against)
    if not chosen:
        raise UsageError(
            f"`{model.name}` has no policy to hold against `{against}`: write one under `policies`, such as\n"
            "`policies: {calm: {do: [{forbid: {ACTOR: [ACTION]}}]}}`."
        )
    return compare(
        request.design(chosen), against, reader=request["reader"], worlds=request["worlds"], how=request.how
    )


def _choices(model: Model, against: str) -> list[str]:
    """Policies that one could choose instead of another."""
    return [p.name for p in model.policies if not p.variant and p.name not in (against, BASELINE)]


def for_brief(design: Design, reader: str | None = None) -> Shared | None:
    """How a brief asks it: of all policies that one could choose, or that were named, against the first."""
    model, against = design.model, design.policies[0]
    chosen = list(design.policies[1:]) or _choices(model, against)

    def answer(every: Design, paired: PairedRuns) -> Comparison | None:
        came = [values for name, values in paired.futures.items() if name.startswith("came/")]
        if all(np.isnan(values).all() for values in came):
            return None
        return comparison_of(every, paired, names=chosen, with_hinges=True, reader=reader)

    return Shared(chosen, measure, answer) if chosen else None


def held_to(found: Comparison, chances: Mapping[str, float]) -> Comparison:
    """The same changes from other chances: those that a page has counted in more futures.

    Parameters
    ----------
    chances : outcome -> its chance by the end under the policy that all are held against
    """

    def moved(name: str, change: OutcomeChange) -> OutcomeChange:
        there = chances.get(name, change.there)
        return replace(change, there=there, here=min(1.0, max(0.0, there + change.difference)))

    policies = {
        policy: replace(p, outcomes={n: moved(n, change) for n, change in p.outcomes.items()})
        for policy, p in found.policies.items()
    }
    return replace(found, policies=policies)


def compare(
    design: Design,
    against: str = BASELINE,
    *,
    reader: str | None = None,
    worlds: int | None = None,
    how: How = AS_SUITS,
) -> Comparison:
    """Compare policies by paired differences: the same worlds and the same luck under each.

    Parameters
    ----------
    design : which policies and how many scenarios; `against` need not be among its policies
    against : the policy that the others are held against
    reader : the actor for whom better and worse are told; None for all
    worlds : how many worlds are run ten times with other luck, to say what the uncertain numbers contribute;
        None for one in twenty (at least 100), 0 for none
    how : how futures are run

    Raises
    ------
    UsageError
        If there is no such policy or actor, nothing to compare it with, or fewer futures than worlds.

    Examples
    --------
    >>> import offramp as ofr
    >>> design = ofr.Design(ofr.load("us-iran-2018"), ["stay_in_deal"], scenarios=20)
    >>> found = ofr.compare(design, worlds=0)
    >>> found.against, found.policies["stay_in_deal"].outcomes["war"].runs
    ('baseline', 20)
    """
    need(design, "Design")
    need_reader(design.model, reader)
    every = design.another(policies=policies_of(design, against))
    again = worlds_for(len(design.scenarios)) if worlds is None else worlds
    forced: dict[tuple[str, str, str], Forced] = {}

    def measured(runs: xr.Dataset) -> Measured:
        if runs.attrs["life"] == 0:  # the futures, not their replicates
            for act in forced_acts(runs, every.model, every.knowledge.steps if every.knowledge else 0):
                key = (act.policy, act.actor, act.action)
                before = forced.get(key, replace(act, steps=0, taken=0))
                forced[key] = replace(act, steps=before.steps + act.steps, taken=before.taken + act.taken)
        return measure(runs)

    paired = run_paired(every, measured, again, how=how)
    found = comparison_of(every, paired, again, reader=reader, how=how)
    policies = {
        name: replace(policy, forced=tuple(f for f in forced.values() if f.policy == name))
        for name, policy in found.policies.items()
    }
    return replace(found, policies=policies)


def policies_of(design: Design, against: str = BASELINE) -> list[str]:
    """The policies that have to be run, that which the others are held against first.

    Raises
    ------
    UsageError
        If there is no other.
    """
    others = [p for p in design.policies if p != against]
    if not others:
        raise UsageError(f"a policy is compared with another one: nothing but `{against}` was asked for.")
    return [against, *others]


def comparison_of(
    design: Design,
    paired: PairedRuns,
    worlds: int = 0,
    names: Collection[str] | None = None,
    with_hinges: bool = False,
    reader: str | None = None,
    how: How = AS_SUITS,
) -> Comparison:
    """The comparison of policies with the first of a design.

    Parameters
    ----------
    design, paired : what was run, and what `measure` gave of it
    worlds : how many of its worlds were replicated
    names : which policies; None for all but the first
    with_hinges : whether to look for the uncertain number on which each change hangs most
    reader : the actor for whom better and worse are told; None for all
    how : futures are run that say what outcomes are worth
    """
    model, against = design.model, design.policies[0]
    chosen = [i for i, n in enumerate(design.policies) if i and (names is None or n in names)]
    each = _levels(paired, chosen, model)
    outcomes = _outcomes(paired, [0, *chosen], model, each)
    found = {
        design.policies[i]: _compared(paired, i, design.policies[i], model, changes, each)
        for i, changes in zip(chosen, outcomes, strict=True)
    }
    return Comparison(
        **head_of(design, INTERVALS),
        runs=len(design.scenarios),
        failed_runs=int(paired.failed[[0, *chosen]].sum()),
        start=model.dates[0],
        end=model.dates[-1],
        against=against,
        reader=reader,
        aims=aims_for(design, reader, how),
        each={kind: six_digits(level) for kind, level in each.items()},
        paths=design.paths,
        worlds=worlds,
        replicates=paired.replicates,
        policies=found,
        hinges=_hinges(design, paired, found) if with_hinges else None,
    )


def main_variables(model: Model) -> list[str]:
    """Headline variables, or the first where there are none."""
    headline = [v.name for v in model.variables if v.headline]
    return headline or [v.name for v in model.variables][:MOST_VARIABLES]


def measure(runs: xr.Dataset) -> Measured:
    """Everything that is compared, from one dataset: name -> (policy, scenario, ...)."""
    from offramp.runs.dataset import section

    found: dict[str, Floats] = {}
    for name, about in section(runs, "outcomes").items():
        found |= _measure_outcome(runs, name, about["kind"])
    variables = section(runs, "variables")
    chosen = [n for n, v in variables.items() if v["headline"]] or list(variables)[:MOST_VARIABLES]
    for name in chosen:
        found[f"value/{name}"] = measures.value(runs, name)
        found[f"path/{name}"] = measures.path(runs, name)
    for actor, about in section(runs, "actors").items():
        for action in about["actions"]:
            found[f"acts/{actor}/{action}"] = measures.acts(runs, {actor: [action]})
    return found


def _measure_outcome(runs: xr.Dataset, name: str, kind: str) -> Measured:
    found: dict[str, Floats] = {f"came/{name}": measures.came(runs, name)}
    if kind in ("rate", "ladder"):
        found[f"foreseen/{name}"] = foreseen = measures.foreseen(runs, name)
        found[f"chance/{name}"] = foreseen[:, :, -1]
    if kind == "otherwise":
        found[f"at/{name}"] = measures.end_of_runs(runs).astype(np.float64)
    else:
        found[f"at/{name}"] = measures.arrival(runs, name).astype(np.float64)
        found[f"months/{name}"] = measures.months_until(runs, name)
    return found


def weighed_outcomes(
    paired: PairedRuns, policies: Sequence[int], model: Model, k: int = -1
) -> dict[str, Weighed]:
    """Each outcome by the date at position k (-1: the end), under the policies at some positions, 0 first."""
    rows, steps = list(policies), model.steps if k < 0 else k
    result: dict[str, Weighed] = {}
    for outcome in sorted(model.outcomes, key=lambda o: o.otherwise):
        n = outcome.name
        ok = ~np.isnan(paired.futures[f"came/{n}"][rows])
        came = np.where(ok, _come_by(paired.futures[f"at/{n}"][rows], steps, outcome.otherwise), np.nan)
        foreseen = paired.futures.get(f"foreseen/{n}")
        if outcome.otherwise:
            result[n] = remainder(came, [result[o.name] for o in model.outcomes if o.absorbing])
        elif foreseen is None:
            result[n] = Weighed(came, came, 0.0)
        else:
            result[n] = weigh(came, foreseen[rows][:, :, k])
    return {o.name: result[o.name] for o in model.outcomes}


def _come_by(at: Floats, k: int, otherwise: bool) -> Floats:
    """Whether something had come by the date at position k, or for `otherwise` that nothing had."""
    come = (at >= 0) & (at <= k)
    return (~come if otherwise else come).astype(np.float64)


def _in_worlds(
    paired: PairedRuns, policies: Sequence[int], found: dict[str, Weighed], model: Model
) -> dict[str, Floats]:
    """Each outcome in every replicate, less the luck taken out: (policy, world, replicate)."""
    rows = list(policies)
    left: dict[str, Floats] = {}
    if not paired.worlds:
        return left
    for outcome in sorted(model.outcomes, key=lambda o: o.otherwise):
        n = outcome.name
        came, taken = paired.worlds[f"came/{n}"][rows], found[n].taken
        if not taken:
            left[n] = came
        elif outcome.otherwise:
            left[n] = 1.0 - np.sum([left[o.name] for o in model.outcomes if o.absorbing], axis=0)
        else:
            left[n] = came - taken * (came - paired.worlds[f"chance/{n}"][rows])
    return left


def _levels(paired: PairedRuns, chosen: Sequence[int], model: Model) -> dict[str, float]:
    """Kind of change -> the level of each of its intervals, over all policies that are compared."""
    weighed = weighed_outcomes(paired, [0, *chosen], model).values()
    rows = range(1, 1 + len(chosen))
    measured = {
        "months": [(f"months/{o.name}", 0.0) for o in model.outcomes if not o.otherwise],
        "variables": [(f"value/{name}", 0.0) for name in main_variables(model)],
        "acts": [(f"acts/{a.name}/{x.name}", 1.0) for a in model.actors for x in a.actions],
    }
    levels = {"chances": _level(lambda at: [w.difference(row, 0, at) for w in weighed for row in rows])}
    for kind, names in measured.items():
        of = [(name, i, least) for name, least in names for i in chosen]
        levels[kind] = _level(partial(_differences, paired, of))
    return levels


def _differences(paired: PairedRuns, of: Sequence[tuple[str, int, float]], level: float) -> list[Difference]:
    return [_differ(paired, name, policy, least, level) for name, policy, least in of]


def _level(differences: Callable[[float], Sequence[Difference]]) -> float:
    """The level of each of some intervals; what is the same in every future needs none."""
    of = sum(d.differing > 0 or d.value != 0 for d in differences(LEVEL) if d.scenarios)
    return level_together(lambda level: sum(d.distinguishable for d in differences(level)), of)


def _outcomes(
    paired: PairedRuns, policies: Sequence[int], model: Model, each: Mapping[str, float]
) -> list[dict[str, OutcomeChange]]:
    """Changes of the chances of outcomes, under each policy but the first of those at some positions."""
    at_dates = [weighed_outcomes(paired, policies, model, k) for k in range(model.steps + 1)]
    worlds = _in_worlds(paired, policies, at_dates[-1], model)
    result: list[dict[str, OutcomeChange]] = []
    for row, policy in enumerate(policies[1:], 1):
        changes = {}
        for outcome in model.outcomes:
            n = outcome.name
            by = [weighed[n].difference(row, 0, each["chances"]) for weighed in at_dates]
            spread = between_worlds(worlds[n][row] - worlds[n][0], by[-1].value) if worlds else None
            changes[n] = OutcomeChange(
                **vars(change(by[-1], spread)),
                by={day: change_at(d) for day, d in zip(model.dates, by, strict=True)},
                months=None if outcome.otherwise else _change(paired, f"months/{n}", policy, each["months"]),
            )
        result.append(changes)
    return result


def _compared(
    paired: PairedRuns,
    policy: int,
    name: str,
    model: Model,
    outcomes: dict[str, OutcomeChange],
    each: Mapping[str, float],
) -> PolicyChange:
    main = set(main_variables(model))
    return PolicyChange(
        title=next((p.title for p in model.policies if p.name == name and p.title), name),
        failed_runs=int(paired.failed[policy]),
        outcomes=outcomes,
        variables={
            v.name: _variable(paired, v.name, v.unit, policy, model, each["variables"])
            for v in model.variables
            if v.name in main
        },
        actions={
            actor.name: {
                a.name: _change(paired, f"acts/{actor.name}/{a.name}", policy, each["acts"], least=1.0)
                for a in actor.actions
            }
            for actor in model.actors
        },
    )


def _variable(
    paired: PairedRuns, name: str, unit: str, policy: int, model: Model, level: float
) -> VariableChange:
    path = paired.futures[f"path/{name}"]
    return VariableChange(
        **vars(_change(paired, f"value/{name}", policy, level)),
        unit=unit,
        by={
            day: change_at(mean_difference(path[policy, :, k], path[0, :, k], level))
            for k, day in enumerate(model.dates)
        },
    )


def _differ(paired: PairedRuns, name: str, policy: int, least: float, level: float) -> Difference:
    """One measure under the policy at a position, less what it is under the first.

    `least` is the smallest change that there can be, 1 for counts.
    """
    here, there = paired.futures[name][[policy, 0]]
    return mean_difference(here, there, level, size=max(least, spread_of(here, there)))


def _change(paired: PairedRuns, name: str, policy: int, level: float, least: float = 0.0) -> Change:
    """The same, and how it varies over worlds."""
    difference = _differ(paired, name, policy, least, level)
    again = paired.worlds.get(name)
    return change(
        difference, None if again is None else between_worlds(again[policy] - again[0], difference.value)
    )


def _hinges(design: Design, paired: PairedRuns, chosen: Collection[str]) -> dict[str, dict[str, Hinge]]:
    weighed = weighed_outcomes(paired, range(len(design.policies)), design.model)
    effects = {
        name: {n: w.left[design.policies.index(name)] - w.left[0] for n, w in weighed.items()}
        for name in chosen
    }
    return hinges_of(design, effects)
