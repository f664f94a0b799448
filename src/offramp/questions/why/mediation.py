"""What acts and events carry of a chance: the same futures with one forbidden or without effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate, estimate
from offramp.engine.hazards import chances, is_smooth
from offramp.model import Intervention, Model, Policy, constant
from offramp.questions.runner import in_blocks, part
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import engine_for

Floats = npt.NDArray[np.float64]

RESAMPLES = 500
SCENARIOS = 2_000  # at most, in each world


class Thing(NamedTuple):
    """An act (of an actor, its `subject`), a random event or an exchange."""

    kind: str
    subject: str
    name: str
    title: str


@dataclass(frozen=True)
class Mediator:
    """What an act, an event or an exchange carries of a chance, or of the difference between two policies.

    Attributes
    ----------
    effect : the difference (second policy less first), or the chance itself of one policy
    left : what is left of it without
    carried : the part eliminated
    share : carried over effect, the share eliminated; None where the effect cannot be told from none
    """

    kind: str
    subject: str
    name: str
    title: str
    effect: Estimate
    left: Estimate
    carried: Estimate
    share: Estimate | None


def mediated(design: Design, outcome: str, things: Sequence[Thing], how: How = AS_SUITS) -> list[Mediator]:
    """Controlled direct effects: the same futures under the same luck with one thing taken away.

    Parameters
    ----------
    design : one policy or two; at most 2,000 of its scenarios are run
    outcome : whose chance by the end is asked
    things : acts (forbidden from start to end), random events (that happen, but have no effect) and
        exchanges (that never open). Where futures go on from what was known, acts are forbidden from that day
        on; events and exchanges are as if they had never moved anything, before it either
    how : how futures are run

    Returns
    -------
    One entry for each thing. `left` is the controlled direct effect with the thing held at never, `share` the
    proportion eliminated (Robins and Greenland 1992, Epidemiology 3, 143-155; VanderWeele 2013, Epidemiology
    24, 677-683). It is found by intervention on the model, so nothing is confounded; that everything else
    goes on by the model's rules is assumed. Shares of several things need not sum to 1, and one may be above
    1 or below 0, where taking the thing away turns the difference round.
    """
    if not things:
        return []
    design = design.only(design.scenarios[:SCENARIOS])
    worlds = _Worlds(design, outcome, how, len(things) + 1)
    effect = worlds.effect(design.model)
    counted = not is_smooth(design.model, outcome)
    return [_mediator(t, effect, _without(t, worlds), counted, design.seed) for t in things]


def _without(thing: Thing, worlds: _Worlds) -> Floats:
    """The effect that is left without a thing: (run,)."""
    model = worlds.design.model
    if thing.kind == "act":
        return worlds.effect(model, Intervention(forbid=((thing.subject, (thing.name,)),)))
    return worlds.effect(muted(model, thing.kind, thing.name))


def muted(model: Model, kind: str, event: str) -> Model:
    """The model in which an event happens as before but moves nothing, or an exchange never opens."""
    if kind == "exchange":
        never = constant(0.0)
        ladders = tuple(replace(x, rate=never) if x.name == event else x for x in model.ladders)
        return replace(model, ladders=ladders)
    return replace(
        model,
        events=tuple(
            replace(e, effects=(), branches=tuple(replace(b, effects=()) for b in e.branches))
            if e.name == event
            else e
            for e in model.events
        ),
    )


class _Worlds:
    """Runs the policies of a design in variants of its model."""

    def __init__(self, design: Design, outcome: str, how: How, worlds: int) -> None:
        self.design, self.outcome, self.how = design, outcome, how
        self.total, self.done = worlds * design.runs, 0
        self.inputs = design.inputs(design.policies[0])

    def effect(self, model: Model, *added: Intervention) -> Floats:
        """Of one policy its chance, of two the second's less the first's: (run,)."""
        values = [self._chances(model, name, added) for name in self.design.policies]
        return values[0] if len(values) == 1 else values[1] - values[0]

    def _chances(self, model: Model, name: str, added: tuple[Intervention, ...]) -> Floats:
        """What each run says of the chance of the outcome under a policy: (run,)."""
        policy = next((p for p in model.policies if p.name == name), Policy(name, name))
        policy = replace(policy, interventions=(*policy.interventions, *added))
        schedule = self.design.schedule(policy)
        runner = engine_for(model, self.how.engine)
        result = np.empty(len(self.design.scenarios))

        def run(here: slice) -> None:
            some = replace(part(self.inputs, here), schedule=schedule)
            result[here] = chances(model, some, runner.run(some), self.outcome)

        in_blocks(run, len(result), self.how, self._progress)
        self.done += len(result)
        return result

    def _progress(self, done: int, _: int) -> None:
        if self.how.progress is not None:
            self.how.progress(self.done + done, self.total)


def _mediator(thing: Thing, effect: Floats, left: Floats, counted: bool, seed: int) -> Mediator:
    held = ~np.isnan(effect) & ~np.isnan(left)
    whole, rest = effect[held], left[held]
    ones = np.ones(len(whole))
    total = estimate(whole, ones, LEVEL, counted)
    distinct = total.low > 0 or total.high < 0
    return Mediator(
        *thing,
        effect=total,
        left=estimate(rest, ones, LEVEL, counted),
        carried=estimate(whole - rest, ones, LEVEL, counted),
        share=_share_eliminated(whole, rest, seed) if distinct else None,
    )


def _share_eliminated(whole: Floats, rest: Floats, seed: int) -> Estimate:
    """The share of an effect that goes without something, with its bootstrap interval over scenarios."""
    generator = np.random.Generator(np.random.Philox(key=seed))
    drawn = generator.integers(0, len(whole), (RESAMPLES, len(whole)))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = 1 - rest[drawn].mean(axis=1) / whole[drawn].mean(axis=1)
    low, high = np.nanpercentile(shares, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Estimate(1 - float(rest.mean()) / float(whole.mean()), float(low), float(high))
