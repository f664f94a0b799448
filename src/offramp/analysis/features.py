"""What happened in runs, as yes-or-no features of each step: acts, events, exchanges. Reads runs only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.runs.dataset import section

if TYPE_CHECKING:
    import xarray as xr

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Feature:
    """Something that can happen in a step.

    Attributes
    ----------
    kind : `act`, `event` (a random one, or a branch of a dated one) or `exchange` (a ladder that opened)
    subject : the actor of an act; empty otherwise
    name : the action, the event or the ladder; `branch` : of a dated event
    title : in words
    """

    kind: str
    subject: str
    name: str
    branch: str
    title: str


def features(runs: xr.Dataset) -> tuple[list[Feature], Bools]:
    """Everything that may happen, and where it did: (policy, scenario, step, feature).

    Dated events without branches happen in every run, so they are no features.
    """
    found: list[Feature] = []
    columns: list[Bools] = []
    if "action" in runs:
        taken = runs["action"].transpose("policy", "scenario", "step", "actor").values
        actors = section(runs, "actors")
        names = json.loads(runs["action"].attrs["actions"])
        for i, actor in enumerate(str(a) for a in runs["actor"].values):
            about = actors[actor]
            for k, action in enumerate(names[actor]):
                title = f"{_title(about, actor)}: {_title(about['actions'][action], action)}"
                found.append(Feature("act", actor, action, "", title))
                columns.append(taken[..., i] == k)
    if "event_count" in runs:
        count = runs["event_count"].transpose("policy", "scenario", "step", "event").values
        for i, (name, about) in enumerate(section(runs, "events").items()):
            branches = about.get("branches") or {}
            if about["kind"] != "dated":
                found.append(Feature("event", "", name, "", _title(about, name)))
                columns.append(count[..., i] > 0)
                continue
            for k, (branch, told) in enumerate(branches.items()):
                title = f"{_title(about, name)}: {_title(told, branch)}"
                found.append(Feature("event", "", name, branch, title))
                columns.append(count[..., i] == k + 1)
    if "ladder_ending" in runs:
        ending = runs["ladder_ending"].transpose("policy", "scenario", "step", "ladder").values
        about_ladders = section(runs, "ladders") if "ladders" in runs.attrs else {}
        for i, name in enumerate(str(x) for x in runs["ladder"].values):
            title = _title(about_ladders.get(name, {}), name)
            found.append(Feature("exchange", "", name, "", title))
            columns.append(ending[..., i] > 0)
    shape = (runs.sizes["policy"], runs.sizes["scenario"], runs.sizes["step"])
    if not columns:
        return [], np.zeros((*shape, 0), np.bool_)
    return found, np.stack([np.asarray(c, np.bool_) for c in columns], axis=-1)


def _title(about: Any, name: str) -> str:
    return (about.get("title") if isinstance(about, dict) else None) or name
