"""Runs of the flagship for its tests: each variant is simulated once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import xarray as xr

from offramp.engine.depths import Engine
from offramp.language.check import load
from offramp.model import Model
from offramp.questions.ladder.ask import LadderPage, ladder
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for, simulate

RUNS = 100
END_OF_2020 = 7  # months since the start
LAST = 19


@cache
def model(corrected: tuple[str, ...] = (), depth: int | None = None) -> Model:
    """The flagship; with `corrected`, without those named `actor/parameter`, `actor/beliefs`, `actor/*`.

    Without beliefs an actor knows the types of the others; `actor/*` takes away what it sees wrongly as well.
    With `depth`, both governments think only so deep: replies to what has happened need one step of thought,
    replies to what the other might do need two, at many times the cost.
    """
    base = load("us-iran-2020")
    actors = []
    for actor in base.actors:
        right = {f"{actor.name}/*"} & set(corrected)
        wrong = tuple(
            m for m in actor.misreads if not right and f"{actor.name}/{m.parameter}" not in corrected
        )
        actor = replace(actor, misreads=wrong, sees=() if right else actor.sees)
        if right or f"{actor.name}/beliefs" in corrected:
            actor = replace(actor, beliefs=())
        if depth is not None and actor.depth > depth:
            actor = replace(actor, depth=depth, inner_horizon=actor.inner_horizon if depth > 1 else None)
        actors.append(actor)
    return replace(base, actors=tuple(actors))


@cache
def _runs(
    policy: str,
    corrected: tuple[str, ...],
    overrides: tuple[tuple[str, float], ...],
    months: int,
    depth: int,
    number: int,
) -> xr.Dataset:
    design = Design(
        _cut(corrected, depth, months), [policy], number, seed=20200601, overrides=dict(overrides)
    )
    return simulate(design, runner=_runner(corrected, depth, months)).isel(policy=0)


@cache
def _cut(corrected: tuple[str, ...], depth: int, months: int) -> Model:
    return replace(model(corrected, depth), steps=months)


@cache
def _runner(corrected: tuple[str, ...], depth: int, months: int) -> Engine:
    return engine_for(_cut(corrected, depth, months))


def runs(
    policy: str = "baseline",
    corrected: tuple[str, ...] = (),
    set: Mapping[str, float] | None = None,
    months: int = END_OF_2020,
    depth: int = 1,
    number: int = RUNS,
) -> xr.Dataset:
    """The same scenarios under a policy, with misreadings corrected, parameters or first values set."""
    return _runs(policy, corrected, tuple(sorted((set or {}).items())), months, depth, number)


def mean(data: xr.Dataset, variable: str, month: int = END_OF_2020) -> float:
    return float(data[variable].isel(time=month).mean())


def chance(data: xr.Dataset, outcome: str, by: int = LAST) -> float:
    """Share of runs in which the outcome came within `by` months."""
    step = data["outcome_step"].sel(outcome=outcome)
    return float(((step >= 0) & (step < by)).mean())


def share(data: xr.Dataset, actor: str, *actions: str, until: int = END_OF_2020) -> float:
    """Share of the actor's months, up to `until`, in which it did one of the actions."""
    names = [a.name for a in next(a for a in model().actors if a.name == actor).actions]
    done = data["action"].sel(actor=actor).isel(step=slice(0, until)).values
    chosen = np.isin(done, [names.index(a) for a in actions])
    return float(chosen.sum() / (done >= 0).sum())


SLIPS = np.array([0.0, 0.1, 1.0, 5.0, 15.0])  # `loses_control` of the rungs, in `control_loss`


def war_risk(data: xr.Dataset) -> float:
    """Mean over futures of the chance of a slip at the highest rungs reached: less noisy than wars."""
    rung = data["ladder_rung"].sel(ladder="clash").values
    control = data["parameter_value"].sel(parameter="control_loss").values[:, None]
    slips = np.where(rung >= 0, np.minimum(1, control * SLIPS[rung]), 0)
    return float(slips.sum(axis=1).mean())


def exchanges(data: xr.Dataset) -> np.ndarray:
    """Of all exchanges that opened, the share whose highest rung was each."""
    rung = data["ladder_rung"].sel(ladder="clash").values
    return np.bincount(rung[rung >= 0], minlength=len(SLIPS)) / max(1, (rung >= 0).sum())


def foreseen(corrected: tuple[str, ...] = (), number: int = 6, **set: float) -> list[LadderPage]:
    """How an exchange in June 2020 would go, in some scenarios."""
    one = model(corrected, 1)
    designs = (Design(one, scenarios=[k], seed=20200601, overrides=set) for k in range(number))
    return [ladder(design) for design in designs]


def leading(data: xr.Dataset, actor: str, about: str, kind: str, month: int = END_OF_2020 - 1) -> float:
    """Mean belief of an actor that another is of a type, in the step of `month`."""
    return float(data["belief"].sel(supposition=f"{actor}/{about}/{kind}").isel(step=month).mean())


@cache
def many() -> xr.Dataset:
    """Enough futures of the baseline to count rare acts."""
    return simulate(Design(model((), 1), scenarios=3_000, seed=11)).isel(policy=0)


def number(actor: str, action: str) -> int:
    """Place of an action among those of its actor, as results store it."""
    names = [a.name for a in next(a for a in model().actors if a.name == actor).actions]
    return names.index(action)


def before(mask: np.ndarray, months: int) -> np.ndarray:
    """Whether the mask (scenario, step) held in any of the `months` steps before each."""
    found = np.zeros_like(mask)
    for k in range(mask.shape[1]):
        found[:, k] = mask[:, max(0, k - months) : k].any(axis=1)
    return found
