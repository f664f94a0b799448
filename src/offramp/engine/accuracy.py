"""How far the step is too long for stocks that change of themselves: the error of Euler's rule, measured.

A stock that no actor and no luck touches follows a differential equation, and its course in steps of h is
off by an amount that is nearly proportional to h (Hairer, Nørsett and Wanner 1993, II.3). So two courses, one
with half the step of the other, differ by half of that amount (Richardson 1911). They are run for one future,
in the middle of all priors, and cost no more than a moment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from offramp import anatomy
from offramp.distribution import quantile
from offramp.engine.inputs import Floats
from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.engine.plain.world import Push, State, World
from offramp.model import Distribution, Formula, Model, Variable

# An error below this part of how far a stock moves is not worth a word, and what sub-steps should make of it.
SMALL, FINE = 0.01, 0.006
# Formulas that may be evaluated to find out, each once: about a second.
WORK = 20_000
MOST_PARTS = 100  # sub-steps of a step


@dataclass(frozen=True)
class StepError:
    """Where the course of a stock is furthest from its equation.

    Attributes
    ----------
    share : its distance there, as a part of how far the stock moves in all
    day : when that is
    value, exact : of the stock then, in the model's steps and as its equation has it, about
    parts, left : sub-steps that make it small, and what share is left then; 0 where there are none
    """

    stock: Variable
    share: float
    day: date
    value: float
    exact: float
    parts: int
    left: float


def step_errors(model: Model) -> Iterator[StepError]:
    """Stocks for which the step is long, of those that nobody touches, in the order of the file."""
    alone = _untouched(model)
    if not alone.stocks:
        return
    steps = _affordable(alone)
    with np.errstate(all="ignore"):
        parameters = _middle(model)
        finer = replace(alone, substeps=2 * model.substeps)
        courses = [_course(each, parameters, steps) for each in (alone, finer)]
    for stock in alone.stocks:
        value, nearer = (np.array([float(state[stock.name][0]) for state in course]) for course in courses)
        off = 2 * (nearer - value)
        moves = float(np.ptp(nearer))
        if stock.change is None or not np.isfinite([*value, *nearer]).all() or moves <= 0:
            continue
        k = int(np.argmax(np.abs(off)))
        share = float(abs(off[k])) / moves
        if share > SMALL:
            parts = math.ceil(model.substeps * share / FINE - 1e-9)
            exact = float(value[k] + off[k])
            fix = parts if parts <= MOST_PARTS else 0
            left = share * model.substeps / fix if fix else 0.0
            yield StepError(stock, share, model.dates[k], float(value[k]), exact, fix, left)


def _untouched(model: Model) -> Model:
    """What changes of itself alone: no act, no chance and nothing that reads what either touches."""
    dated = [e for e in model.events if e.on is not None and not e.branches]
    by = {m.by.path for m in anatomy.moves(model) if m.by.kind == "event"} & {e.name for e in dated}
    touched = {m.target for m in anatomy.moves(model) if m.by.path not in by and m.by.kind != "policy"}
    left = {v.name: v for v in model.variables if v.name not in touched}
    effects = {e.name: list(e.effects) for e in dated}
    while True:
        wrong = {
            name
            for name, v in left.items()
            for formula in (v.change, v.equals)
            if formula is not None and anatomy.read_in(model, formula.node) - left.keys()
        }
        wrong |= {
            e.variable
            for some in effects.values()
            for e in some
            if e.variable in left and anatomy.read_in(model, e.amount.node) - left.keys()
        }
        if not wrong:
            break
        left = {name: v for name, v in left.items() if name not in wrong}
    memories = tuple(
        memory
        for memory in model.memories
        if not set().union(*(anatomy.read_in(model, f.node) for f in (memory.of, memory.time, memory.start)))
        - left.keys()
    )
    events = tuple(
        replace(e, effects=tuple(x for x in e.effects if x.variable in left), rate=None) for e in dated
    )
    return replace(
        model,
        variables=tuple(replace(v, noise=None) for v in left.values()),
        auxiliary_order=tuple(n for n in model.auxiliary_order if n in left),
        memories=memories,
        events=events,
        actors=(),
        ladders=(),
    )


def _affordable(model: Model) -> int:
    """Steps that can be followed."""
    each = 3 * model.substeps * max(1, len(model.variables) + len(model.carried) - len(model.stocks))
    return max(1, min(model.steps, WORK // each))


def _course(model: Model, parameters: State, steps: int) -> list[State]:
    """The states at the dates, in one run."""
    world = World(model, parameters, 1)
    dt = model.step_length
    state = world.begin({s.name: _value(s.initial, parameters, dt) for s in model.stocks})
    found = [state]
    for k in range(steps):
        pushes = [
            Push(effect, np.ones(1), event.name)
            for event in model.events
            if event.on is not None and model.step_of(event.on) == k
            for effect in event.effects
        ]
        state = world.after(pushes, state, k * dt)
        state = world.change(state, k * dt, (k + 1) * dt)
        found.append(state)
    return found


def _middle(model: Model) -> State:
    """Parameters at the middle of their priors; those of types as in the type that is named first."""
    found = {p.name: _value(p.value, {}, model.step_length) for p in model.parameters}
    for actor in model.actors:
        for overlay in actor.types[0].overlays if actor.types else ():
            found[overlay.parameter] = _value(overlay.value, found, model.step_length)
    return found


def _value(given: float | Formula | Distribution | None, parameters: State, dt: float) -> Floats:
    if isinstance(given, Distribution):
        return np.array([float(quantile(given, 0.5))])
    if isinstance(given, Formula):
        return np.broadcast_to(evaluate(given.node, Environment({}, parameters, 0.0, dt)), (1,)).astype(float)
    return np.array([float(given or 0.0)])
