"""Runs in short: the numbers behind `offramp run`, added up over as many datasets as it takes."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.analysis import outcomes
from offramp.analysis.intervals import LEVEL, wilson
from offramp.errors import OfframpError
from offramp.given import need
from offramp.runs.dataset import STATUS_MEANINGS, section

if TYPE_CHECKING:
    import xarray as xr

QUANTILES = {"p05": 0.05, "p50": 0.5, "p95": 0.95}

VARIABLE_INTERVAL = (
    "between the 5th and the 95th percentile lie 90 % of the runs, luck and uncertain numbers together. A "
    "run that has ended keeps its last values."
)


@dataclass
class _Counted:
    """What one policy has added up to."""

    runs: int = 0  # that did not fail
    failed: int = 0
    outcomes: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)  # (time,)
    actions: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)  # (action,)
    failures: Counter[tuple[int, int]] = field(default_factory=Counter)  # (status, variable) -> runs
    first: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)  # -> (step, scenario)
    quantiles: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)  # (quantile, time)
    quantiles_from: int = 0


@dataclass
class Tally:
    """Runs of one design, added up dataset by dataset, so that a million need not be in memory at once.

    Counts (outcomes, actions, failures) are of all runs. Quantiles do not add up: those of a policy come from
    the first dataset in which it has variables, and the summary says from how many runs they are.

    Examples
    --------
    `Tally().add(runs).summary()` is `summary(runs)`.
    """

    _about: dict[str, Any] = field(default_factory=dict)
    _policies: dict[str, _Counted] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _days: list[str] = field(default_factory=list)

    def add(self, runs: xr.Dataset) -> Tally:
        """Count another dataset in: further scenarios or policies of the same design.

        Raises
        ------
        OfframpError
            If it is of another model, seed or setting, or its scenarios were counted before.
        """
        about = {k: runs.attrs[k] for k in ("model", "model_hash", "seed", "overrides", "offramp_version")}
        if not self._about:
            self._about = about | {k: runs.attrs[k] for k in ("start", "end")}
            self._days = [d.isoformat() for d in outcomes.dates(runs)]
        different = [k for k, v in about.items() if self._about[k] != v]
        if different:
            raise OfframpError(f"runs that differ in `{different[0]}` cannot be added up.")
        numbers = runs["scenario"].values
        for i, policy in enumerate(str(p) for p in runs["policy"].values):
            if int(numbers.min()) <= self._last.get(policy, -1):
                raise OfframpError(f"scenario {numbers.min()} under `{policy}` may have been counted before.")
            self._last[policy] = int(numbers.max())
            # A slice, unlike a list of names, is a view: nothing is copied.
            part = runs.isel(policy=slice(i, i + 1))
            self._count(part, self._policies.setdefault(policy, _Counted()))
        return self

    def _count(self, runs: xr.Dataset, counted: _Counted) -> None:
        ok = runs["status"].values[0] == 0
        counted.runs += int(ok.sum())
        counted.failed += int((~ok).sum())
        for name in section(runs, "outcomes"):
            arrived = outcomes.counts(runs, name)[0]
            counted.outcomes[name] = counted.outcomes.get(name, np.int64(0)) + arrived
        names = json.loads(runs["action"].attrs["actions"])
        for actor in (str(a) for a in runs["actor"].values):
            taken = runs["action"].sel(actor=actor).values[0][ok]
            share = np.bincount(taken[taken >= 0], minlength=len(names[actor])).astype(np.int64)
            counted.actions[actor] = counted.actions.get(actor, np.int64(0)) + share
        _count_failures(runs, ~ok, counted)
        variables = [name for name in section(runs, "variables") if name in runs]
        if variables and not counted.quantiles_from and ok.any():
            counted.quantiles_from = int(ok.sum())
            for name in variables:
                values = runs[name].transpose("policy", "scenario", "time").values[0]
                counted.quantiles[name] = np.quantile(values[ok], list(QUANTILES.values()), axis=0)
            self._about.setdefault("variables", section(runs, "variables"))
        self._about.setdefault("actions", names)
        self._about.setdefault("variable_names", json.loads(runs["failed_variable"].attrs["variables"]))

    def summary(self) -> dict[str, Any]:
        """What `offramp run --format json` prints; docs/reference/commands.md says what each key means.

        Raises
        ------
        OfframpError
            If nothing has been added.
        """
        if not self._about:
            raise OfframpError("there are no runs to sum up.")
        about = self._about
        counted = self._policies.values()
        quantiles_from = [c.quantiles_from for c in counted if c.quantiles_from]
        return {
            "model": about["model"],
            "model_hash": about["model_hash"],
            "version": about["offramp_version"],
            "seed": int(about["seed"]),
            "runs": max(c.runs + c.failed for c in counted),
            "failed_runs": sum(c.failed for c in counted),
            "start": about["start"],
            "end": about["end"],
            "set": json.loads(about["overrides"]),
            "intervals": {
                "level": LEVEL,
                "outcomes": outcomes.OUTCOME_INTERVAL,
                "variables": VARIABLE_INTERVAL,
                "quantiles_from": min(quantiles_from, default=0),
            },
            "failures": [f for name, c in self._policies.items() for f in self._failures(name, c)],
            "policies": {name: self._policy(c) for name, c in self._policies.items()},
        }

    def _policy(self, counted: _Counted) -> dict[str, Any]:
        return {
            "runs": counted.runs,
            "failed_runs": counted.failed,
            "outcomes": {
                name: self._outcome(count, counted.runs) for name, count in counted.outcomes.items()
            },
            "variables": {
                name: {
                    "unit": self._about["variables"][name]["unit"],
                    "by": {
                        day: {q: rounded(values[i, k]) for i, q in enumerate(QUANTILES)}
                        for k, day in enumerate(self._days)
                    },
                }
                for name, values in counted.quantiles.items()
            },
            "actions": {
                actor: {
                    action: _share(int(taken[i]), int(taken.sum()))
                    for i, action in enumerate(self._about["actions"][actor])
                }
                for actor, taken in counted.actions.items()
            },
        }

    def _outcome(self, count: npt.NDArray[np.int64], runs: int) -> dict[str, Any]:
        low, high = wilson(count[-1], runs)
        return {
            "probability": _share(int(count[-1]), runs),
            "low": rounded(float(low)),
            "high": rounded(float(high)),
            "by": {day: _share(int(n), runs) for day, n in zip(self._days, count, strict=True)},
        }

    def _failures(self, policy: str, counted: _Counted) -> list[dict[str, Any]]:
        """What failed under a policy, most frequent first."""
        return [
            {
                "policy": policy,
                "why": STATUS_MEANINGS[status],
                "variable": self._about["variable_names"][variable] if variable >= 0 else None,
                "runs": n,
                "first": self._days[counted.first[status, variable][0]],
                "scenario": counted.first[status, variable][1],
            }
            for (status, variable), n in sorted(
                counted.failures.items(), key=lambda item: (-item[1], item[0])
            )
        ]


def summary(runs: xr.Dataset) -> dict[str, Any]:
    """Runs in short: chances of outcomes, percentiles of variables, shares of actions, failures.

    Parameters
    ----------
    runs : what `simulate` or `load_runs` gave

    Returns
    -------
    Plain values, ready for `json.dumps`: the same as `offramp run --format json` prints.
    """
    need(runs, "Dataset")
    return Tally().add(runs).summary()


def _count_failures(runs: xr.Dataset, failed: npt.NDArray[np.bool_], counted: _Counted) -> None:
    status, step, variable = (runs[n].values[0][failed] for n in ("status", "failed_step", "failed_variable"))
    scenario = runs["scenario"].values[failed]
    for kind in sorted(set(zip(status.tolist(), variable.tolist(), strict=True))):
        mine = (status == kind[0]) & (variable == kind[1])
        counted.failures[kind] += int(mine.sum())
        # The earliest failure of its kind, and of those the first scenario, is the one to look at.
        earliest = min(zip(step[mine].tolist(), scenario[mine].tolist(), strict=True))
        counted.first[kind] = min(counted.first.get(kind, earliest), earliest)


def _share(count: int, of: int) -> float | None:
    return count / of if of else None


def rounded(value: float) -> float | None:
    """Six significant digits, which is more than any of these numbers means; None for what is no number."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
