"""One run as a chronicle: what happened, who did what, who was surprised, what changed. Reads runs only."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from offramp.errors import OfframpError
from offramp.model import stages_of
from offramp.runs.dataset import section

if TYPE_CHECKING:
    import xarray as xr

Kind = Literal["state", "event", "exchange", "estimate", "act", "surprise", "belief", "outcome"]

SURPRISING = 0.1  # an act to which another gave less than this is told as a surprise
TURNED = 0.1  # a belief that has moved by this much since it was last told is told again
MOVED = 0.35  # so is a main variable, as a part of its range over the run

_COUNTED = ("month", "week", "day", "year", "barrel", "point")
_WORDS = {"percent": "%", "person": "people"}
_TIMES = {1: "", 2: " twice", 3: " three times"}


@dataclass(frozen=True)
class Saying:
    """One thing told, in words and in numbers.

    Attributes
    ----------
    kind : what it is about
    text : a sentence
    subject : name of the actor, event, ladder, variable or outcome
    facts : plain values behind the sentence
    """

    kind: Kind
    text: str
    subject: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """What is told of one step; the last of a run tells of its end.

    Attributes
    ----------
    at : first day of the step
    sayings : events, exchanges, estimates, acts, surprises, beliefs, what stands otherwise, outcomes
    """

    at: date
    sayings: tuple[Saying, ...]


def chronicle(runs: xr.Dataset, policy: str, scenario: int) -> list[Entry]:
    """A run step by step, until it ends.

    Parameters
    ----------
    runs : a dataset that holds the run with its paths
    policy, scenario : which run

    Returns
    -------
    One entry a step, in order. Acts of every actor are in all of them; other things where there is
    something to tell.

    Raises
    ------
    OfframpError
        If the run is not there or failed.
    """
    if policy not in runs.policy or scenario not in runs.scenario:
        raise OfframpError(f"there is no run {scenario} of policy `{policy}` among these runs.")
    run = runs.sel(policy=policy, scenario=scenario)
    if int(run.status) != 0:
        raise OfframpError(f"run {scenario} of policy `{policy}` failed, so it has no story.")
    return list(_Teller(run).entries())


class _Teller:
    """Tells one run; remembers what it last said of each belief and variable."""

    def __init__(self, run: xr.Dataset) -> None:
        self.run = run
        self.actors: dict[str, Any] = section(run, "actors")
        self.stages = stages_of({name: told.get("after", ()) for name, told in self.actors.items()})
        self.events: dict[str, Any] = section(run, "events")
        self.outcomes: dict[str, Any] = section(run, "outcomes")
        self.variables: dict[str, Any] = section(run, "variables")
        self.ladders: dict[str, Any] = section(run, "ladders") if "ladders" in run.attrs else {}
        self.actions: dict[str, list[str]] = (
            json.loads(run.action.attrs["actions"]) if "action" in run else {}
        )
        self.dates = [_day(t) for t in run.time.values]
        self.held = dict(self._beliefs(0))
        main = [n for n, v in self.variables.items() if v["headline"] and n in run]
        self.main = {n: np.asarray(run[n].values, float) for n in main}
        self.told = {n: path[0] for n, path in self.main.items()}
        self.estimated: dict[str, float] = {}  # as last told

    def entries(self) -> Iterator[Entry]:
        action = self.run.action.values if "action" in self.run else None
        for k, day in enumerate(self.dates[:-1]):
            if action is not None and action.size and (action[k] < 0).all():
                return  # the run has ended
            sayings = [
                *self._state(k),
                *self._happened(k),
                *self._exchanges(k),
                *self._estimates(k),
                *self._acts(k),
                *self._turns(k),
                *self._came(k),
            ]
            yield Entry(day, tuple(sayings))
            if any(s.kind == "outcome" and s.facts["ends"] for s in sayings):
                return

    def _state(self, k: int) -> Iterator[Saying]:
        """Main variables: all at the start, later those that have moved far since they were last told."""
        for name, path in self.main.items():
            width = float(np.nanmax(path) - np.nanmin(path))
            about = self.variables[name]
            if k == 0:
                words = f"{_title(about, name)}: {_amount(path[0], about)}."
                yield Saying("state", words, name, {"to": float(path[0])})
            elif width > 0 and abs(path[k] - self.told[name]) > MOVED * width:
                before = self.told[name]
                self.told[name] = path[k]
                way = "up" if path[k] > before else "down"
                numbers = f"from {_amount(before, about)} to {_amount(path[k], about)}"
                words = f"{_title(about, name)}: {way}, {numbers}."
                yield Saying("state", words, name, {"from": float(before), "to": float(path[k])})

    def _happened(self, k: int) -> Iterator[Saying]:
        if "event_count" not in self.run:
            return
        for i, (name, about) in enumerate(self.events.items()):
            count = int(self.run.event_count.values[k, i])
            if not count:
                continue
            title = _title(about, name)
            branches = about.get("branches") or {}
            if about["kind"] == "dated" and branches:
                branch, told = list(branches.items())[count - 1]
                yield Saying("event", f"{title}: {_title(told, branch)}.", name, {"branch": branch})
            elif about["kind"] == "dated":
                yield Saying("event", f"{title}.", name, {})
            else:
                times = _TIMES.get(count, f" {count} times")
                yield Saying("event", f"{title}{times}.", name, {"count": count})

    def _exchanges(self, k: int) -> Iterator[Saying]:
        for i, (name, about) in enumerate(self.ladders.items()):
            ending = int(self.run.ladder_ending.values[k, i])
            if not ending:
                continue
            sides = [_title(self.actors[s], s) for s in about["sides"]]
            rungs = about["rungs"]
            highest = int(self.run.ladder_rung.values[k, i])
            rung = list(rungs)[highest]
            title = _title(rungs[rung], rung) if isinstance(rungs, dict) else rung
            moves = int(self.run.ladder_moves.values[k, i])
            first = int(self.run.ladder_first.values[k, i])
            end = (
                f"{sides[0]} stands down",
                f"{sides[1]} stands down",
                "it peters out",
                "control is lost, and it is war",
            )[ending - 1]
            count = "one move" if moves == 1 else f"{moves} moves"
            begins = f"{_title(about, name)}: {sides[first]} moves first"
            words = f"{begins}; it reaches “{title}” in {count}, and {end}."
            foreseen = [float(x) for x in self.run.ladder_foreseen.values[k, i]]
            if all(np.isfinite(foreseen)):
                both = " and ".join(f"{s} {_chance(p)}" for s, p in zip(sides, foreseen, strict=True))
                words += f" Chance of war that they saw in it: {both}."
            facts = {"ending": ending, "rung": rung, "moves": moves, "foreseen": foreseen}
            yield Saying("exchange", words, name, facts)

    def _estimates(self, k: int) -> Iterator[Saying]:
        """What actors take stocks for that they estimate: at the start, and where that has moved far."""
        for i, key in enumerate(map(str, self.run.estimate.values) if "estimate" in self.run else ()):
            path = np.asarray(self.run.estimate_mean.values[:, i], float)
            mean, sd = float(path[k]), float(self.run.estimate_sd.values[k, i])
            width = float(np.nanmax(path) - np.nanmin(path))
            if not math.isfinite(mean) or abs(mean - self.estimated.get(key, math.inf)) <= MOVED * width:
                continue
            self.estimated[key] = mean
            who, name = key.split("/")
            about = self.variables[name]
            facts: dict[str, Any] = {"about": name, "mean": mean, "sd": sd}
            words = f"{_title(self.actors[who], who)} takes {_title(about, name)} for {_amount(mean, about)}"
            if sd > 0:
                words += f", give or take {_amount(sd, about)}"
            if name in self.run:
                facts["truth"] = float(self.run[name].values[k])
                words += f"; as the {self.run.attrs['step']} began it was {_amount(facts['truth'], about)}"
            yield Saying("estimate", f"{words}.", who, facts)

    def _acts(self, k: int) -> Iterator[Saying]:
        """What each did, in the order in which they moved, and who had not expected it."""
        for i, name, titles in self._acting():
            taken = int(self.run.action.values[k, i])
            if taken < 0:
                continue
            action = self.actions[name][taken]
            then = "Then " if self.stages[name] else ""
            words = f"{then}{_title(self.actors[name], name)}: {titles.get(action) or action}."
            yield Saying("act", words, name, {"action": action})
            for j, pair in enumerate(str(p) for p in self.run.expectation.values):
                who, whom = pair.split("/")
                given = float(self.run.expected.values[k, j])
                if whom == name and given < SURPRISING:
                    text = f"{_title(self.actors[who], who)} had given that {_chance(given)}."
                    yield Saying("surprise", text, who, {"about": name, "action": action, "expected": given})

    def _acting(self) -> Iterator[tuple[int, str, dict[str, str]]]:
        names = [str(name) for name in self.run.actor.values]
        for i, name in sorted(enumerate(names), key=lambda at: (self.stages[at[1]], at[0])):
            told = self.actors[name]["actions"]
            yield i, name, {a: (t["title"] if isinstance(t, dict) else t) for a, t in told.items()}

    def _beliefs(self, k: int) -> Iterator[tuple[str, float]]:
        if "belief" in self.run:
            for i, key in enumerate(map(str, self.run.supposition.values)):
                yield key, float(self.run.belief.values[k, i])

    def _turns(self, k: int) -> Iterator[Saying]:
        """Beliefs that what was seen in the step has turned; of all types the one that moved most."""
        turned: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
        later = dict(self._beliefs(k + 1)) if k + 1 < len(self.dates) - 1 else {}
        for key, at_choice in self._beliefs(k):
            who, about, kind = key.split("/")
            # Who moves after another has learned from it when it chooses.
            after = self.stages[who] > self.stages[about]
            now = at_choice if after else later.get(key, np.nan)
            if np.isfinite(now):
                turned.setdefault((who, about), []).append((kind, self.held[key], now))
        for (who, about), chances in turned.items():
            kind, before, now = max(chances, key=lambda c: abs(c[2] - c[1]))
            if abs(now - before) < TURNED:
                continue
            for each, _, held in chances:
                self.held[f"{who}/{about}/{each}"] = held
            types = self.actors[about]["types"]
            title = _title(types[kind], kind) if isinstance(types, dict) else kind
            other = _title(self.actors[about], about)
            thinks = f"{_title(self.actors[who], who)} now gives {_chance(now)} to {other} being “{title}”"
            words = f"{thinks}, {_chance(before)} before."
            yield Saying("belief", words, who, {"about": about, "type": kind, "from": before, "to": now})

    def _came(self, k: int) -> Iterator[Saying]:
        for i, name in enumerate(map(str, self.run.outcome.values)):
            if int(self.run.outcome_step.values[i]) == k:
                about = self.outcomes[name]
                ends = bool(about["absorbing"])
                words = f"{_title(about, name)}{'; the run ends here' if ends else ''}."
                yield Saying("outcome", words, name, {"ends": ends})


def _title(about: Any, name: str) -> str:
    return (about.get("title") if isinstance(about, dict) else None) or name


def _amount(value: float, about: dict[str, Any]) -> str:
    """A number with its unit in words.

    >>> _amount(1578.3, {"unit": "kg"}), _amount(0.309, {"unit": "million*barrel/day"})
    ('1,578 kg', '0.309 million barrels per day')
    >>> _amount(8, {"unit": "thousand * person"}), _amount(14.4, {"unit": "percent"})
    ('8 thousand people', '14.4 %')
    """
    number = f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
    if about["unit"] in ("", "1", "index", "dimensionless"):
        return number
    above, slash, below = about["unit"].partition("/")
    factors = above.replace("*", " ").split()
    words = " ".join([*factors[:-1], _WORDS.get(factors[-1], factors[-1])])
    if words.endswith(_COUNTED) and number != "1":
        words += "s"
    return f"{number} {words}{' per ' if slash else ''}{below.strip()}"


def _chance(p: float) -> str:
    """A chance in words that fit a sentence.

    >>> _chance(0.073), _chance(0.0004)
    ('7 in 100', '4 in 10,000')
    """
    if p >= 0.995:
        return "near certainty"
    for size in (100, 1_000, 10_000):
        if p * size >= 0.95:
            return f"{round(p * size)} in {size:,}"
    return "less than 1 in 10,000"


def _day(stamp: np.datetime64) -> date:
    return date.fromisoformat(str(stamp)[:10])
