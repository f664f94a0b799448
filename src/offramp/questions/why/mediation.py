"""What goes without something: the same futures with an act forbidden or an event without effect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from offramp.analysis.intervals import LEVEL, Estimate, estimate
from offramp.engine.hazards import chances, is_smooth
from offramp.engine.schedule import schedule_of
from offramp.model import Intervention, Model, Policy, constant
from offramp.questions.runner import RUNS_AT_ONCE, in_threads, part
from offramp.runs.design import Design
from offramp.runs.simulate import EngineName, Progress, engine_for

Floats = npt.NDArray[np.float64]

RESAMPLES = 500
SCENARIOS = 2_000  # at most, in each world


@dataclass(frozen=True)
class Without:
    """What an act or an event carries of a chance, or of the difference between two policies.

    Attributes
    ----------
    effect : the difference (second policy less first), or the chance itself of one policy
    left : what is left of it without
    carried : the part that goes
    share : carried over effect; None where the effect cannot be told from none
    """

    kind: str
    subject: str
    name: str
    title: str
    effect: Estimate
    left: Estimate
    carried: Estimate
    share: Estimate | None


def mediated(
    design: Design,
    outcome: str,
    things: list[tuple[str, str, str, str]],
    threads: int | None = None,
    engine: EngineName = "compiled",
    progress: Progress | None = None,
) -> list[Without]:
    """Controlled direct effects: the same futures under the same luck with one thing taken away.

    Parameters
    ----------
    design : one policy or two; at most 2,000 of its scenarios are run
    outcome : whose chance by the end is asked
    things : (kind, subject, name, title) of acts (forbidden from start to end), random events (that
        happen, but have no effect) and exchanges (that never open)

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
    worlds = _Worlds(design, outcome, threads, engine, progress, len(things) + 1)
    effect = _difference(worlds.played(design.model, ()))
    counted = not is_smooth(design.model, outcome)
    result = []
    for kind, subject, name, title in things:
        if kind == "act":
            left = worlds.played(design.model, (Intervention(forbid=((subject, (name,)),)),))
        else:
            left = worlds.played(muted(design.model, kind, name), ())
        result.append(_told(kind, subject, name, title, effect, _difference(left), counted, design.seed))
    return result


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


def _difference(values: list[Floats]) -> Floats:
    """Of one policy its chance, of two the second's less the first's: (run,)."""
    return values[0] if len(values) == 1 else values[1] - values[0]


class _Worlds:
    """Runs the policies of a design in variants of its model."""

    def __init__(
        self,
        design: Design,
        outcome: str,
        threads: int | None,
        engine: EngineName,
        progress: Progress | None,
        worlds: int,
    ) -> None:
        self.design, self.outcome, self.threads, self.engine = design, outcome, threads, engine
        self.progress, self.total, self.done = progress, worlds * design.runs, 0
        self.inputs = design.inputs(design.policies[0])

    def played(self, model: Model, added: tuple[Intervention, ...]) -> list[Floats]:
        """What each run says of the chance of the outcome, under each policy: [(run,)]."""
        runner = engine_for(model, self.engine)
        count = len(self.design.scenarios)
        result = [np.empty(count) for _ in self.design.policies]
        named = {p.name: p for p in model.policies}

        def run(which: int, here: slice) -> None:
            name = self.design.policies[which]
            policy = named.get(name, Policy(name, name))
            policy = replace(policy, interventions=(*policy.interventions, *added))
            some = replace(part(self.inputs, here), schedule=schedule_of(model, policy))
            result[which][here] = chances(model, some, runner.run(some), self.outcome)

        blocks = [slice(k, min(count, k + RUNS_AT_ONCE)) for k in range(0, count, RUNS_AT_ONCE)]
        tasks = [(partial(run, p, b), b.stop - b.start) for p in range(len(result)) for b in blocks]
        before = self.done

        def step(done: int, _: int) -> None:
            if self.progress is not None:
                self.progress(before + done, self.total)

        in_threads(tasks, self.threads, step)
        self.done += self.design.runs
        return result


def _told(
    kind: str,
    subject: str,
    name: str,
    title: str,
    effect: Floats,
    left: Floats,
    counted: bool,
    seed: int,
) -> Without:
    held = ~np.isnan(effect) & ~np.isnan(left)
    whole, rest = effect[held], left[held]
    ones = np.ones(len(whole))
    total = estimate(whole, ones, LEVEL, counted)
    share = None
    if total.low > 0 or total.high < 0:
        generator = np.random.Generator(np.random.Philox(key=seed))
        drawn = generator.integers(0, len(whole), (RESAMPLES, len(whole)))
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = 1 - rest[drawn].mean(axis=1) / whole[drawn].mean(axis=1)
        low, high = np.nanpercentile(shares, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
        share = Estimate(1 - float(rest.mean()) / float(whole.mean()), float(low), float(high))
    return Without(
        kind,
        subject,
        name,
        title,
        effect=total,
        left=estimate(rest, ones, LEVEL, counted),
        carried=estimate(whole - rest, ones, LEVEL, counted),
        share=share,
    )
