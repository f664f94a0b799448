"""Worlds in which some of what actors get wrong is corrected, and the chance of an outcome in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from offramp.analysis.shapley import Coalition
from offramp.engine.hazards import chances
from offramp.engine.inputs import Inputs
from offramp.model import Intervention, Model, Policy, Signal
from offramp.questions.runner import RUNS_AT_ONCE, in_threads, part
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import engine_for

Floats = npt.NDArray[np.float64]


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


class CorrectedWorlds:
    """Plays scenarios with some misreadings corrected."""

    def __init__(self, design: Design, outcome: str, wrong: list[Wrong], how: How) -> None:
        self.design, self.model, self.outcome, self.wrong = design, design.model, outcome, wrong
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
        return replace(inputs, schedule=self.design.schedule(policy))


class Values:
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
