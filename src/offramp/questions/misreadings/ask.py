"""What misperception costs: the chance that each wrong picture adds, alone and among all others.

Everything that an actor gets wrong is one misreading: a parameter that it misreads, a variable that it sees
with a bias, noise or a delay or not at all, its belief about the type of another. To correct one is to let
the actor see that one thing as it is, under the same luck, and all else as wrongly as before.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from offramp.analysis.aims import NOT_SAID, Wanted
from offramp.analysis.answer import six_digits
from offramp.analysis.intervals import LEVEL, Estimate, estimate, wilson
from offramp.analysis.shapley import Coalition, Shares, plan, shares
from offramp.analysis.surprise import mean_surprise
from offramp.analysis.together import TOGETHER, level_together
from offramp.engine.hazards import is_smooth
from offramp.errors import OfframpError, UsageError
from offramp.given import need
from offramp.model import Model
from offramp.questions.aims import aims_for
from offramp.questions.briefing import Alone
from offramp.questions.misreadings.worlds import CorrectedWorlds, Values, Wrong, all_wrong
from offramp.questions.question import Request
from offramp.questions.runner import OfOutcome, head_of_outcome, outcome_asked
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How

Floats = npt.NDArray[np.float64]

# What the intervals hold.
INTERVALS = {
    "sampling": "sampling error only: these are so many futures and so many orders of correction, not "
    "endlessly many. Each future draws its own luck and its own uncertain numbers, and meets the same "
    f"whatever is corrected. Of shares, {TOGETHER}."
}


@dataclass(frozen=True)
class MisreadingCost:
    """What one misreading adds to a chance; every number is a chance, positive where it adds.

    Attributes
    ----------
    share, low, high : its Shapley share of what all misreadings add, with its interval
    alone : by how much the chance falls if it alone is corrected
    one_sided : its Shapley share of what its own side adds while all others go on seeing wrongly
    """

    actor: str
    name: str
    kind: str
    title: str
    share: float
    low: float
    high: float
    alone: Estimate
    one_sided: Estimate


@dataclass(frozen=True)
class SideCost:
    """All misreadings of one actor.

    Attributes
    ----------
    share, low, high : sum of its Shapley shares
    alone : by how much the chance falls if this side alone sees true
    last : by how much it falls by this side's seeing true where all others do already
    """

    actor: str
    title: str
    misreadings: int
    share: float
    low: float
    high: float
    alone: Estimate
    last: Estimate


@dataclass(frozen=True)
class Surprise:
    """How badly an actor's picture predicted another: mean of -ln of the chance that it gave to what came.

    Attributes
    ----------
    by : DATE: mean surprise in the step that begins then; None where no run goes on
    mean : over all steps of all runs
    mean_seeing_true : the same where everyone sees true
    ruled_out : share of steps in which what came had been given no chance at all; `mean` is then None
    """

    actor: str
    about: str
    mean: float | None
    mean_seeing_true: float | None
    ruled_out: float
    by: dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Misreadings(OfOutcome):
    """The cost of misperception in one model.

    Attributes
    ----------
    today, true : chance of the outcome as it is, and with everyone seeing true
    total : by how much the chance falls if all is corrected
    reader, wanted : for whom costs are told, None for all; what is wanted of the outcome
    each : `misreadings`, `sides` -> the level of the interval of each share
    method : `exact`, or `sampled` where orders were drawn
    runs : futures in each world; `played` : runs in all; `failed_runs` : of these
    misreadings : the costliest first
    sides : those with misreadings, in file order
    """

    QUESTION: ClassVar[str] = "misreadings"

    runs: int
    held_runs: int
    played: int
    failed_runs: int
    reader: str | None
    wanted: Wanted
    each: dict[str, float]
    method: str
    today: Estimate
    true: Estimate
    total: Estimate
    misreadings: list[MisreadingCost]
    sides: list[SideCost]
    surprise: list[Surprise]

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, self.played


ANSWER = Misreadings


def asked(request: Request) -> Misreadings:
    """What `offramp misreadings` asks."""
    return misreadings(request.design(), request["outcome"], reader=request["reader"], how=request.how)


def for_brief(design: Design, reader: str | None = None) -> Alone | None:
    """How a brief asks it: of what ends the futures under its first policy."""
    if not any(o.absorbing for o in design.model.outcomes):
        return None
    one = design.another(policies=design.policies[:1])
    return Alone(lambda how: misreadings(one, reader=reader, how=how))


def held_to(found: Misreadings, chances: Mapping[str, float]) -> Misreadings:
    """The same changes from another chance: the one that a page has counted in more futures.

    Parameters
    ----------
    chances : outcome -> its chance by the end under the policy of the answer
    """
    today = chances.get(found.outcome, found.today.value)
    true = min(1.0, max(0.0, today - found.total.value))
    return dataclasses.replace(found, today=_moved(found.today, today), true=_moved(found.true, true))


def _moved(e: Estimate, value: float) -> Estimate:
    return Estimate(value, max(0.0, e.low + value - e.value), min(1.0, e.high + value - e.value))


def misreadings(
    design: Design,
    outcome: str | None = None,
    *,
    reader: str | None = None,
    how: How = AS_SUITS,
) -> Misreadings:
    """How much of a chance comes from what actors get wrong, and from which of it.

    Parameters
    ----------
    design : one policy; its scenarios are run in every world of corrections
    outcome : whose chance by the end it is; None for the first that ends a run
    reader : the actor for whom costs are told; None for all
    how : how futures are run

    Returns
    -------
    Misreadings. Shares are Shapley values: what a misreading adds, averaged over all orders in which one
    might correct one after another (`offramp.analysis.shapley`). Exact over all coalitions for up to five
    misreadings; else over drawn orders, each and its reverse on up to eight scenarios of its own.

    Raises
    ------
    UsageError
        If nobody in the model gets anything wrong, there is no such outcome, or there are several policies.
    OfframpError
        If every run fails.

    Examples
    --------
    >>> import offramp as ofr
    >>> found = ofr.misreadings(ofr.Design(ofr.load("chicken"), scenarios=50))
    >>> [m.name for m in found.misreadings], found.method
    (['altara', 'bessim'], 'exact')
    """
    need(design, "Design")
    about = outcome_asked(design.model, outcome)
    wanted = aims_for(design, reader, how)[about]
    if len(design.policies) != 1:
        raise UsageError(f"misreadings are those under one policy; this design has {len(design.policies)}.")
    wrong = all_wrong(design.model)
    if not wrong:
        raise UsageError(
            f"in model `{design.model.name}` nobody misreads anything: there is nothing to correct."
        )
    worlds = CorrectedWorlds(design, about, wrong, how)
    games = _Games(wrong, Values(worlds.play, len(design.scenarios)), len(design.scenarios), design.seed)
    games.run(how)
    found = _answer(design, about, games, not is_smooth(design.model, about), worlds)
    return dataclasses.replace(found, reader=reader, wanted=wanted)


class _Games:
    """The game of all corrections, and for each side that of its own, in the same scenarios.

    Attributes
    ----------
    sides : actor -> positions of its misreadings, of those that have any
    """

    def __init__(self, wrong: list[Wrong], values: Values, scenarios: int, seed: int) -> None:
        self.wrong, self.values, self.scenarios = wrong, values, scenarios
        actors = dict.fromkeys(w.actor for w in wrong)
        self.sides = {name: [i for i, w in enumerate(wrong) if w.actor == name] for name in actors}
        self.everything: Coalition = frozenset(range(len(wrong)))
        self.whole = slice(0, scenarios)
        self.layout = plan(len(wrong), scenarios, seed)
        self.own_layouts = {
            name: plan(len(own), scenarios, seed | (number + 1) << 64)
            for number, (name, own) in enumerate(self.sides.items())
        }

    def run(self, how: How) -> None:
        """Run every world of corrections that some number below needs, once."""
        alone = [frozenset([i]) for i in self.everything]
        of_sides = [c for own in self.sides.values() for c in (frozenset(own), self.everything - set(own))]
        self.values.want({c: [self.whole] for c in (frozenset[int](), self.everything, *alone, *of_sides)})
        self.values.want(self.layout.plays())
        for name, own in self.sides.items():
            plays = self.own_layouts[name].plays()
            self.values.want({frozenset(own[i] for i in c): s for c, s in plays.items()})
        self.values.fill(how)

    def chance(self, corrected: Coalition) -> Floats:
        """The chance of the outcome in every scenario, with some misreadings corrected."""
        return self.values.value(corrected, self.whole)

    def falls(self, before: Coalition, after: Coalition, counted: bool) -> Estimate:
        """By how much the chance falls from one world to another."""
        return _mean(self.chance(before) - self.chance(after), counted)

    def shares(self, counted: bool, level: float = LEVEL) -> Shares:
        """What each misreading adds, each side's together, and all.

        Raises
        ------
        OfframpError
            If every scenario failed in one world or another.
        """
        groups = list(self.sides.values())
        found = shares(self.layout, lambda c, s: -self.values.value(c, s), groups, level, counted)
        if not found.scenarios:
            raise OfframpError(
                "every future failed in one world or another, so nothing can be said of misreadings."
            )
        players, of_sides = (tuple(map(_possible, some)) for some in (found.players, found.groups))
        return dataclasses.replace(found, players=players, groups=of_sides, total=_possible(found.total))

    def levels(self, counted: bool) -> dict[str, float]:
        """The level of the interval of each share, so that few look like something by luck alone."""

        def level(some: Callable[[Shares], Sequence[Estimate]]) -> float:
            of = sum(e.value != 0 or e.low != e.high for e in some(self.shares(counted)))
            return level_together(
                lambda at: sum(e.low > 0 or e.high < 0 for e in some(self.shares(counted, at))), of
            )

        return {"misreadings": level(lambda s: s.players), "sides": level(lambda s: s.groups)}

    def one_sided(self, counted: bool) -> dict[int, Estimate]:
        """What each misreading adds while all other sides go on seeing wrongly."""
        result: dict[int, Estimate] = {}
        for name, own in self.sides.items():

            def value(c: Coalition, here: slice, own: list[int] = own) -> Floats:
                return -self.values.value(frozenset(own[i] for i in c), here)

            players = shares(self.own_layouts[name], value, (), LEVEL, counted).players
            result |= dict(zip(own, map(_possible, players), strict=True))
        return result


def _answer(design: Design, about: str, games: _Games, counted: bool, worlds: CorrectedWorlds) -> Misreadings:
    """The answer, from games that have been run; `counted` where every chance is 0 or 1."""
    model, found, levels = design.model, games.shares(counted), games.levels(counted)
    players, groups = (games.shares(counted, levels[kind]) for kind in ("misreadings", "sides"))
    return Misreadings(
        **head_of_outcome(design, about, INTERVALS),
        runs=games.scenarios,
        held_runs=found.scenarios,
        played=games.values.played,
        failed_runs=games.values.failed,
        reader=None,
        wanted=NOT_SAID,
        each={kind: six_digits(level) for kind, level in levels.items()},
        method="exact" if games.layout.exact else "sampled",
        today=_chance(games.chance(frozenset()), counted),
        true=_chance(games.chance(games.everything), counted),
        total=found.total,
        misreadings=_each(games, players, counted),
        sides=_by_side(games, groups, counted, {a.name: a.title or a.name for a in model.actors}),
        surprise=_surprises(model, worlds.expected, games.everything),
    )


def _each(games: _Games, found: Shares, counted: bool) -> list[MisreadingCost]:
    """Every misreading, the costliest first."""
    one_sided = games.one_sided(counted)
    result = [
        MisreadingCost(
            **dataclasses.asdict(w), share=s.value, low=s.low, high=s.high,
            alone=games.falls(frozenset(), frozenset([i]), counted), one_sided=one_sided[i],
        )
        for i, (w, s) in enumerate(zip(games.wrong, found.players, strict=True))
    ]  # fmt: skip
    return sorted(result, key=lambda m: (-m.share, m.actor, m.name))


def _by_side(games: _Games, found: Shares, counted: bool, titles: dict[str, str]) -> list[SideCost]:
    every = games.everything
    return [
        SideCost(
            name, titles[name], len(own), g.value, g.low, g.high,
            alone=games.falls(frozenset(), frozenset(own), counted),
            last=games.falls(every - set(own), every, counted),
        )
        for (name, own), g in zip(games.sides.items(), found.groups, strict=True)
    ]  # fmt: skip


def _possible(e: Estimate) -> Estimate:
    """A change of a chance, whose interval ends where such changes do: one future alone says nothing more."""
    return Estimate(e.value, max(-1.0, e.low), min(1.0, e.high))


def _mean(values: Floats, counted: bool) -> Estimate:
    """Mean change of a chance over scenarios that hold."""
    sound = values[~np.isnan(values)]
    return _possible(estimate(sound, np.ones(len(sound)), LEVEL, counted))


def _chance(values: Floats, counted: bool) -> Estimate:
    """Mean chance over scenarios that hold; of zeros and ones with Wilson's interval."""
    if not counted:
        return _mean(values, counted)
    held = values[~np.isnan(values)]
    low, high = wilson(held.sum(), len(held))
    return Estimate(float(held.mean()) if len(held) else math.nan, float(low), float(high))


def _surprises(
    model: Model, expected: dict[Coalition, dict[int, Floats]], everything: Coalition
) -> list[Surprise]:
    """Of each actor about each other, as it is and with everyone seeing true."""
    (by_step, overall), (_, seeing) = (
        mean_surprise(np.concatenate([parts[k] for k in sorted(parts)]))
        for parts in (expected[frozenset()], expected[everything])
    )
    as_it_is = expected[frozenset()]
    given = np.concatenate([as_it_is[k] for k in sorted(as_it_is)])
    going = np.maximum((~np.isnan(given)).sum(axis=(0, 1)), 1)
    ruled_out = (given == 0).sum(axis=(0, 1)) / going
    return [
        Surprise(
            actor, about, _finite(overall[j]), _finite(seeing[j]), float(ruled_out[j]),
            {model.date_of(k).isoformat(): _finite(by_step[k, j]) for k in range(model.steps)},
        )
        for j, (actor, about) in enumerate(model.expectations)
    ]  # fmt: skip


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
