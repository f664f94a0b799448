"""What misperception costs: the risk that each wrong picture adds, alone and among all others.

Everything that an actor gets wrong is one misreading: a parameter that it misreads, a variable that it sees
with a bias, noise or a delay or not at all, its belief about the type of another. To correct one is to let
the actor see that one thing as it is, under the same luck, and all else as wrongly as before.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from offramp.analysis.answer import Answer, head
from offramp.analysis.intervals import LEVEL, Estimate, estimate, wilson
from offramp.analysis.shapley import Coalition, plan, shares
from offramp.analysis.surprise import mean_surprise
from offramp.engine.hazards import chances, is_smooth
from offramp.engine.inputs import Inputs
from offramp.engine.schedule import schedule_of
from offramp.errors import OfframpError, UsageError
from offramp.given import need
from offramp.model import Intervention, Model, Policy, Signal
from offramp.questions.briefing import Alone
from offramp.questions.question import Request
from offramp.questions.runner import RUNS_AT_ONCE, in_threads, outcome_asked, part
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import engine_for

Floats = npt.NDArray[np.float64]

# What the intervals hold.
INTERVALS = {
    "sampling": "sampling error only: these are so many futures and so many orders of correction, not "
    "endlessly many. Each future draws its own luck and its own uncertain numbers, and meets the same "
    "whatever is corrected."
}


@dataclass(frozen=True)
class Wrong:
    """One thing that an actor gets wrong.

    Attributes
    ----------
    kind : `parameter` (misread), `signal` (seen with bias, noise or delay), `hidden` (not seen), `belief`
    name : the parameter, the variable or the actor about whom it believes
    """

    actor: str
    name: str
    kind: str
    title: str


@dataclass(frozen=True)
class Misreading:
    """What one misreading adds to the risk; every number is a chance, positive where it adds.

    Attributes
    ----------
    share, low, high : its Shapley share of what all misreadings add, 90 % interval
    alone : by how much the risk falls if it alone is corrected
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
class Side:
    """All misreadings of one actor.

    Attributes
    ----------
    share, low, high : sum of its Shapley shares
    alone : by how much the risk falls if this side alone sees true
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
class Misreadings(Answer):
    """The cost of misperception in one model.

    Attributes
    ----------
    today, true : chance of the outcome as it is, and with everyone seeing true
    total : by how much the risk falls if all is corrected
    method : `exact`, or `sampled` where orders were drawn
    runs : futures in each world; `played` : runs in all; `failed_runs` : of these
    misreadings : the costliest first
    sides : those with misreadings, in file order
    """

    QUESTION: ClassVar[str] = "misreadings"

    policy: str
    outcome: str
    outcome_title: str
    by: date
    runs: int
    held_runs: int
    played: int
    failed_runs: int
    method: str
    today: Estimate
    true: Estimate
    total: Estimate
    misreadings: list[Misreading]
    sides: list[Side]
    surprise: list[Surprise]

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, self.played


ANSWER = Misreadings


def asked(request: Request) -> Misreadings:
    """What `offramp misreadings` asks."""
    return misreadings(request.design(), request["outcome"], how=request.how)


def for_brief(design: Design) -> Alone | None:
    """How a brief asks it: of what ends the futures under its first policy."""
    if not any(o.absorbing for o in design.model.outcomes):
        return None
    one = design.another(policies=design.policies[:1])
    return Alone(lambda how: misreadings(one, how=how))


def misreadings(
    design: Design,
    outcome: str | None = None,
    *,
    how: How = AS_SUITS,
) -> Misreadings:
    """How much of a risk comes from what actors get wrong, and from which of it.

    Parameters
    ----------
    design : one policy; its scenarios are run in every world of corrections
    outcome : whose chance by the end is the risk; None for the first that ends a run
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
    model = design.model
    about = outcome_asked(model, outcome)
    if len(design.policies) != 1:
        raise UsageError(f"misreadings are those under one policy; this design has {len(design.policies)}.")
    wrong = all_wrong(model)
    if not wrong:
        raise UsageError(f"in model `{model.name}` nobody misreads anything: there is nothing to correct.")
    sides = {a.name: [i for i, w in enumerate(wrong) if w.actor == a.name] for a in model.actors}
    sides = {name: own for name, own in sides.items() if own}
    count, n = len(design.scenarios), len(wrong)
    everything: Coalition = frozenset(range(n))
    layout = plan(n, count, design.seed)
    own_layouts = {
        name: plan(len(own), count, design.seed | (number + 1) << 64)
        for number, (name, own) in enumerate(sides.items())
    }

    world = _World(design, about, wrong, how)
    table = _Table(world.play, count)
    whole = slice(0, count)
    table.want({frozenset(): [whole], everything: [whole]})
    table.want({frozenset([i]): [whole] for i in everything})
    table.want({c: [whole] for own in sides.values() for c in (frozenset(own), everything - set(own))})
    table.want(layout.plays())
    for name, own in sides.items():
        table.want({frozenset(own[i] for i in c): s for c, s in own_layouts[name].plays().items()})
    table.fill(how)
    counted = not is_smooth(model, about)  # values of 0 and 1 only

    def falls(before: Coalition, after: Coalition) -> Estimate:
        """By how much the risk falls from one world to another."""
        return _mean(table.value(before, whole) - table.value(after, whole), counted)

    found = shares(layout, lambda c, s: -table.value(c, s), list(sides.values()), LEVEL, counted)
    if not found.scenarios:
        raise OfframpError(
            "every future failed in one world or another, so nothing can be said of misreadings."
        )
    one_sided: dict[int, Estimate] = {}
    for name, own in sides.items():
        value = _own_game(table, own)
        one_sided |= dict(zip(own, shares(own_layouts[name], value, (), LEVEL, counted).players, strict=True))
    told = [
        Misreading(
            **dataclasses.asdict(w), share=s.value, low=s.low, high=s.high,
            alone=falls(frozenset(), frozenset([i])), one_sided=one_sided[i],
        )
        for i, (w, s) in enumerate(zip(wrong, found.players, strict=True))
    ]  # fmt: skip
    titles = {a.name: a.title or a.name for a in model.actors}
    return Misreadings(
        **head(model, seed=design.seed, settings=design.overrides, intervals=INTERVALS, level=LEVEL),
        policy=design.policies[0],
        outcome=about,
        outcome_title=next(o.title for o in model.outcomes if o.name == about) or about,
        by=model.dates[-1],
        runs=count,
        held_runs=found.scenarios,
        played=table.played,
        failed_runs=table.failed,
        method="exact" if layout.exact else "sampled",
        today=_chance(table.value(frozenset(), whole), counted),
        true=_chance(table.value(everything, whole), counted),
        total=found.total,
        misreadings=sorted(told, key=lambda m: (-m.share, m.actor, m.name)),
        sides=[
            Side(
                name, titles[name], len(own), g.value, g.low, g.high,
                falls(frozenset(), frozenset(own)), falls(everything - set(own), everything),
            )
            for (name, own), g in zip(sides.items(), found.groups, strict=True)
        ],
        surprise=_surprises(model, world.expected, everything),
    )  # fmt: skip


def all_wrong(model: Model) -> list[Wrong]:
    """Everything that actors get wrong, in the order of the file."""
    result = []
    titles = {v.name: v.title or v.name for v in model.variables}
    titles |= {p.name: p.title or p.name for p in model.parameters}
    names = {a.name: a.title or a.name for a in model.actors}
    for actor in model.actors:
        result += [
            Wrong(actor.name, m.parameter, "parameter", m.title or titles[m.parameter])
            for m in actor.misreads
        ]
        result += [
            Wrong(actor.name, s.variable, "hidden" if s.hidden else "signal", _signal(titles[s.variable], s))
            for s in actor.sees
            if s.hidden or s.delay or s.bias is not None or s.noise is not None
        ]
        result += [
            Wrong(actor.name, b.about, "belief", f"What it believes of {names[b.about]}")
            for b in actor.beliefs
        ]
    return result


def _signal(title: str, signal: Signal) -> str:
    if signal.hidden:
        return f"{title}: not seen"
    how = [
        ("late", signal.delay),
        ("with a bias", signal.bias is not None),
        ("with noise", signal.noise is not None),
    ]
    return f"{title}: seen {' and '.join(word for word, there in how if there)}"


class _World:
    """Plays scenarios with some misreadings corrected."""

    def __init__(self, design: Design, outcome: str, wrong: list[Wrong], how: How) -> None:
        self.model, self.outcome, self.wrong = design.model, outcome, wrong
        self.runner = engine_for(design.model, how.engine)
        name = design.policies[0]
        self.inputs = design.inputs(name)
        self.policy = next((p for p in design.model.policies if p.name == name), Policy(name, name))
        self.expected: dict[Coalition, dict[int, Floats]] = {}

    def play(self, corrected: Coalition, here: slice) -> Floats:
        inputs = self.seeing(part(self.inputs, here), corrected)
        out = self.runner.run(inputs)
        if len(corrected) in (0, len(self.wrong)):
            self.expected.setdefault(corrected, {})[here.start] = out.expected
        return chances(self.model, inputs, out, self.outcome)

    def seeing(self, inputs: Inputs, corrected: Coalition) -> Inputs:
        """The same runs with some misreadings corrected, from the start to the end."""
        if not corrected:
            return inputs
        by_actor: dict[str, tuple[str, ...]] = {}
        for i in sorted(corrected):
            one = self.wrong[i]
            by_actor[one.actor] = (*by_actor.get(one.actor, ()), one.name)
        right = Intervention(correct=tuple(by_actor.items()))
        policy = replace(self.policy, interventions=(*self.policy.interventions, right))
        return replace(inputs, schedule=schedule_of(self.model, policy))


class _Table:
    """Values of coalitions in scenarios: first all that is wanted, then all runs, then the values."""

    def __init__(self, play: Callable[[Coalition, slice], Floats], scenarios: int) -> None:
        self._play, self._scenarios = play, scenarios
        self._whole: dict[Coalition, Floats] = {}
        self._parts: dict[tuple[int, int], dict[Coalition, Floats]] = {}

    def want(self, plays: dict[Coalition, list[slice]]) -> None:
        """Ask for coalitions in slices of scenarios."""
        for coalition, slices in plays.items():
            for here in slices:
                if here == slice(0, self._scenarios):
                    self._whole.setdefault(coalition, np.full(self._scenarios, np.nan))
                else:
                    self._parts.setdefault((here.start, here.stop), {}).setdefault(coalition, np.empty(0))

    def fill(self, how: How) -> None:
        """Run everything that was asked for, once."""
        tasks: list[tuple[Callable[[], object], int]] = []
        for coalition, values in self._whole.items():
            for start in range(0, self._scenarios, RUNS_AT_ONCE):
                here = slice(start, min(self._scenarios, start + RUNS_AT_ONCE))
                tasks.append((partial(self._fill_whole, coalition, values, here), here.stop - here.start))
        for (start, stop), cell in self._parts.items():
            for coalition in self._whole.keys() & cell.keys():
                del cell[coalition]
            tasks.append((partial(self._fill_part, cell, slice(start, stop)), len(cell) * (stop - start)))
        in_threads(tasks, how.threads, how.progress)
        found = [*self._whole.values(), *(v for cell in self._parts.values() for v in cell.values())]
        self.played = sum(len(v) for v in found)
        self.failed = int(sum(np.isnan(v).sum() for v in found))

    def _fill_whole(self, coalition: Coalition, values: Floats, here: slice) -> None:
        values[here] = self._play(coalition, here)

    def _fill_part(self, cell: dict[Coalition, Floats], here: slice) -> None:
        for coalition in cell:
            cell[coalition] = self._play(coalition, here)

    def value(self, coalition: Coalition, here: slice) -> Floats:
        whole = self._whole.get(coalition)
        return self._parts[here.start, here.stop][coalition] if whole is None else whole[here]


def _own_game(table: _Table, own: list[int]) -> Callable[[Coalition, slice], Floats]:
    """The game of one side's corrections while all others go on seeing wrongly."""
    return lambda c, here: -table.value(frozenset(own[i] for i in c), here)


def _mean(values: Floats, counted: bool) -> Estimate:
    """Mean change of a chance over scenarios that hold."""
    held = values[~np.isnan(values)]
    return estimate(held, np.ones(len(held)), LEVEL, counted)


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
