"""Runs in short: the numbers behind `offramp run`, added up over as many datasets as it takes."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np
import numpy.typing as npt

from offramp.analysis import outcomes
from offramp.analysis.answer import Answer, keyed, six_digits
from offramp.analysis.intervals import LEVEL, wilson
from offramp.errors import OfframpError, UsageError
from offramp.given import day_of, need
from offramp.runs.dataset import STATUS_MEANINGS, dates, section
from offramp.runs.known import Given

if TYPE_CHECKING:
    import xarray as xr

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
WhyFailed = Literal["not_finite", "out_of_bounds", "too_many_events"]

QUANTILES = (0.05, 0.5, 0.95)

INTERVALS = {
    "outcomes": outcomes.OUTCOME_INTERVAL,
    "variables": "between the 5th and the 95th percentile lie 90 % of the runs, luck and uncertain numbers "
    "together. A run that has ended keeps its last values.",
}


# ── the answer ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class ChanceByDay:
    """The chance of an outcome by a day, and its sampling interval; NaN where every run failed."""

    probability: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class OutcomeChance:
    """The chance of an outcome by the end, its sampling interval, and the chance by each date.

    `asked` : the same by the days that were asked for. All are NaN where every run failed.
    """

    probability: float
    low: float
    high: float
    by: dict[date, float]
    asked: dict[date, ChanceByDay] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Quantiles:
    """Percentiles over runs, in the unit of the variable."""

    p05: float
    p50: float
    p95: float


@dataclass(frozen=True, kw_only=True)
class VariableRange:
    """Where a variable lies at each date."""

    unit: str
    by: dict[date, Quantiles]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One way in which runs failed.

    Attributes
    ----------
    variable : that failed; None where none did
    runs : how many failed so
    first, scenario : date of the earliest step in which one failed so, and which one that is
    """

    policy: str
    why: WhyFailed
    variable: str | None
    runs: int
    first: date
    scenario: int


@dataclass(frozen=True, kw_only=True)
class UnderPolicy:
    """The runs under one policy.

    Attributes
    ----------
    runs, failed_runs : runs that all numbers are of; runs left out
    actions : actor -> action -> share of the steps in which the actor acted
    """

    runs: int
    failed_runs: int
    outcomes: dict[str, OutcomeChance]
    variables: dict[str, VariableRange]
    actions: dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Outlook(Answer):
    """Runs in short: chances of outcomes, percentiles of variables, shares of actions, failures.

    Attributes
    ----------
    runs, failed_runs : futures under each policy; runs that failed under all policies together
    start, end : first and last date
    paths : along which actors look ahead; 0 for the expected one
    by : days for which chances were asked for, beside the dates of the model
    quantiles_from : from how many runs of each policy percentiles are
    failed : ways of failing, by policy, the most frequent first
    """

    QUESTION: ClassVar[str] = "run"

    runs: int
    failed_runs: int
    start: date
    end: date
    paths: int
    by: tuple[date, ...] = ()
    quantiles_from: int
    failed: list[Failure] = keyed("failures")
    policies: dict[str, UnderPolicy]

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, sum(p.runs + p.failed_runs for p in self.policies.values())


# ── counting ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Counted:
    """What one policy has added up to."""

    runs: int = 0  # that did not fail
    failed: int = 0
    outcomes: dict[str, Ints] = field(default_factory=dict)  # (time,)
    asked: dict[str, Ints] = field(default_factory=dict)  # (day,), by the days asked for
    actions: dict[str, Ints] = field(default_factory=dict)  # (action,)
    failures: Counter[tuple[int, int]] = field(default_factory=Counter)  # (status, variable) -> runs
    first: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)  # -> (step, scenario)
    quantiles: dict[str, Floats] = field(default_factory=dict)  # (quantile, time)
    quantiles_from: int = 0


@dataclass(frozen=True)
class _Names:
    """What all datasets of a design have in common."""

    asked: list[date]  # by which chances are counted too
    days: list[date]
    units: dict[str, str]  # variable -> unit
    variables: list[str]  # by position of what can fail
    actions: dict[str, list[str]]  # actor -> actions


@dataclass
class Tally:
    """Runs of one design, added up dataset by dataset, so that a million need not be in memory at once.

    Counts (outcomes, actions, failures) are of all runs. Quantiles do not add up: those of a policy come from
    the first dataset in which it has variables, and the summary says from how many runs they are.

    Attributes
    ----------
    by : days within the runs, by which chances are counted too

    Examples
    --------
    `Tally().add(runs).summary()` is `summary(runs)`.
    """

    by: Sequence[date] = ()
    _attrs: dict[str, Any] = field(default_factory=dict)
    _policies: dict[str, _Counted] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _names: _Names | None = None

    def add(self, runs: xr.Dataset) -> Tally:
        """Count another dataset in: further scenarios or policies of the same design.

        Raises
        ------
        OfframpError
            If it is of another model, seed or setting, or its scenarios were counted before.
        """
        if self._names is None:
            self._attrs, self._names = dict(runs.attrs), _names(runs, self.by)
        for key in ("model", "model_hash", "seed", "overrides", "given", "offramp_version"):
            if self._attrs[key] != runs.attrs[key]:
                raise OfframpError(f"runs that differ in `{key}` cannot be added up.")
        numbers = runs["scenario"].values
        for i, policy in enumerate(str(p) for p in runs["policy"].values):
            if int(numbers.min()) <= self._last.get(policy, -1):
                raise OfframpError(f"scenario {numbers.min()} under `{policy}` may have been counted before.")
            self._last[policy] = int(numbers.max())
            # A slice, unlike a list of names, is a view: nothing is copied.
            part = runs.isel(policy=slice(i, i + 1))
            _count(part, self._policies.setdefault(policy, _Counted()), self._names)
        return self

    def summary(self) -> Outlook:
        """What the runs come to.

        Raises
        ------
        OfframpError
            If nothing has been added.
        """
        if self._names is None:
            raise OfframpError("there are no runs to sum up.")
        attrs, names = self._attrs, self._names
        counted = self._policies.values()
        return Outlook(
            model=attrs["model"],
            model_hash=attrs["model_hash"],
            title=attrs["title"],
            illustrative=bool(attrs["illustrative"]),
            version=attrs["offramp_version"],
            seed=int(attrs["seed"]),
            set=json.loads(attrs["overrides"]),
            given=Given.of_plain(json.loads(attrs.get("given", "null"))),
            level=LEVEL,
            intervals=INTERVALS,
            runs=max(c.runs + c.failed for c in counted),
            failed_runs=sum(c.failed for c in counted),
            start=date.fromisoformat(attrs["start"]),
            end=date.fromisoformat(attrs["end"]),
            paths=int(attrs["paths"]),
            by=tuple(names.asked),
            quantiles_from=min((c.quantiles_from for c in counted if c.quantiles_from), default=0),
            failed=[f for name, c in self._policies.items() for f in _failures(name, c, names)],
            policies={name: _under(c, names) for name, c in self._policies.items()},
        )


def summary(runs: xr.Dataset, by: Sequence[date | str] = ()) -> Outlook:
    """Runs in short: chances of outcomes, percentiles of variables, shares of actions, failures.

    Parameters
    ----------
    runs : what `simulate` or `load_runs` gave
    by : days by which chances are asked for, beside the dates of the runs

    Returns
    -------
    Outlook; `to_json()` is what `offramp run --format json` prints.

    Raises
    ------
    UsageError
        If such a day lies outside the runs.
    """
    need(runs, "Dataset")
    return Tally([day_of(day) for day in by]).add(runs).summary()


def _names(runs: xr.Dataset, by: Sequence[date]) -> _Names:
    days = dates(runs)
    for day in by:
        if not days[0] <= day <= days[-1]:
            raise UsageError(f"{day} lies outside these runs, which go from {days[0]} to {days[-1]}.")
    return _Names(
        sorted(set(by)),
        dates(runs),
        {name: about["unit"] for name, about in section(runs, "variables").items()},
        json.loads(runs["failed_variable"].attrs["variables"]),
        json.loads(runs["action"].attrs["actions"]),
    )


def _count(runs: xr.Dataset, counted: _Counted, names: _Names) -> None:
    """Count in the runs under one policy."""
    ok = runs["status"].values[0] == 0
    counted.runs += int(ok.sum())
    counted.failed += int((~ok).sum())
    for name in section(runs, "outcomes"):
        arrived = outcomes.counts(runs, name)[0]
        counted.outcomes[name] = counted.outcomes.get(name, np.int64(0)) + arrived
        come = np.array([outcomes.counts_by(runs, name, day)[0] for day in names.asked], np.int64)
        counted.asked[name] = counted.asked.get(name, np.int64(0)) + come
    for actor in (str(a) for a in runs["actor"].values):
        taken = runs["action"].sel(actor=actor).values[0][ok]
        times = np.bincount(taken[taken >= 0], minlength=len(names.actions[actor])).astype(np.int64)
        counted.actions[actor] = counted.actions.get(actor, np.int64(0)) + times
    _count_failures(runs, ~ok, counted)
    variables = [name for name in names.units if name in runs]
    if variables and not counted.quantiles_from and ok.any():
        counted.quantiles_from = int(ok.sum())
        for name in variables:
            values = runs[name].transpose("policy", "scenario", "time").values[0]
            counted.quantiles[name] = np.quantile(values[ok], QUANTILES, axis=0)


def _count_failures(runs: xr.Dataset, failed: npt.NDArray[np.bool_], counted: _Counted) -> None:
    status, step, variable = (runs[n].values[0][failed] for n in ("status", "failed_step", "failed_variable"))
    scenario = runs["scenario"].values[failed]
    for kind in sorted(set(zip(status.tolist(), variable.tolist(), strict=True))):
        mine = (status == kind[0]) & (variable == kind[1])
        counted.failures[kind] += int(mine.sum())
        # The earliest failure of its kind, and of those the first scenario, is the one to look at.
        earliest = min(zip(step[mine].tolist(), scenario[mine].tolist(), strict=True))
        counted.first[kind] = min(counted.first.get(kind, earliest), earliest)


# ── from counts to the answer ─────────────────────────────────────────────────────────────────────────────


def _under(counted: _Counted, names: _Names) -> UnderPolicy:
    return UnderPolicy(
        runs=counted.runs,
        failed_runs=counted.failed,
        outcomes={
            name: _chance(count, counted.asked[name], counted.runs, names)
            for name, count in counted.outcomes.items()
        },
        variables={
            name: VariableRange(unit=names.units[name], by=_quantiles(values, names.days))
            for name, values in counted.quantiles.items()
        },
        actions={
            actor: {
                action: _share(int(n), int(taken.sum()))
                for action, n in zip(names.actions[actor], taken, strict=True)
            }
            for actor, taken in counted.actions.items()
        },
    )


def _chance(count: Ints, asked: Ints, runs: int, names: _Names) -> OutcomeChance:
    low, high = wilson(count[-1], runs)
    return OutcomeChance(
        probability=_share(int(count[-1]), runs),
        low=six_digits(float(low)),
        high=six_digits(float(high)),
        by={day: _share(int(n), runs) for day, n in zip(names.days, count, strict=True)},
        asked={day: _by_day(int(n), runs) for day, n in zip(names.asked, asked, strict=True)},
    )


def _by_day(count: int, runs: int) -> ChanceByDay:
    low, high = (six_digits(float(end)) for end in wilson(count, runs))
    return ChanceByDay(probability=_share(count, runs), low=low, high=high)


def _quantiles(values: Floats, days: list[date]) -> dict[date, Quantiles]:
    by = {}
    for k, day in enumerate(days):
        low, middle, high = (six_digits(v) for v in values[:, k])
        by[day] = Quantiles(p05=low, p50=middle, p95=high)
    return by


def _failures(policy: str, counted: _Counted, names: _Names) -> list[Failure]:
    """What failed under a policy, most frequent first."""
    ranked = sorted(counted.failures.items(), key=lambda item: (-item[1], item[0]))
    return [
        Failure(
            policy=policy,
            why=cast(WhyFailed, STATUS_MEANINGS[status]),
            variable=names.variables[variable] if variable >= 0 else None,
            runs=n,
            first=names.days[counted.first[status, variable][0]],
            scenario=counted.first[status, variable][1],
        )
        for (status, variable), n in ranked
    ]


def _share(count: int, of: int) -> float:
    return count / of if of else math.nan
