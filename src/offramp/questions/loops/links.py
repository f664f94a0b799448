"""The links of a model at a date: how strongly each thing moves each other, read off its own formulas.

A link from x to y is the partial derivative of what y does with respect to x, all else that y reads held
where it is. Things are variables, acts, and random events. Per unit of x,

- x -> auxiliary: change of its value;
- x -> stock: change of its rate, per month, through its `change` formula and through the amounts of effects;
- x -> random event: change of how often it comes, per month;
- event -> stock: what one occurrence adds;
- stock -> act: change of the chance that the actor takes it in a step, reasoning and all: found by running
  the step again with the stock a little moved, under the same luck;
- act -> stock: what taking it adds per month, if taken in every step.

Dated events, noise, outcomes and fast exchanges are no links: nothing feeds back into a date or a draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np

from offramp import anatomy
from offramp.anatomy import effects_of
from offramp.engine.inputs import Bools, Floats, Inputs
from offramp.engine.outputs import Status
from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.errors import OfframpError, UsageError
from offramp.model import Effect, Event, Formula, Model
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import engine_for
from offramp.tree import variables_in

Kind = Literal["stock", "auxiliary", "action", "event"]

# How far a thing is moved to see what follows: a part of how far it is spread over futures.
_NUDGE = 0.02


@dataclass(frozen=True)
class Node:
    """A variable, an act (`actor.action`), or a random event."""

    name: str
    kind: Kind
    title: str


@dataclass(frozen=True)
class Links:
    """All links of a model at one date.

    Attributes
    ----------
    date : beginning of the step
    nodes : by name
    gain : (from, to) -> (run,), in the units above; NaN where it could not be read
    scale : name -> spread of the thing, in its unit (of an act: 1), to compare links by
    runs : how many futures still ran at the date
    """

    date: date
    nodes: dict[str, Node]
    gain: dict[tuple[str, str], Floats]
    scale: dict[str, float]
    runs: int


def links_at(design: Design, on: date, how: How = AS_SUITS) -> Links:
    """Links of the design's first policy at the beginning of the step that holds a date.

    Raises
    ------
    UsageError
        If the date is outside the horizon.
    OfframpError
        If no future still runs then.
    """
    model = design.model
    step = _step_of(model, on)
    # What comes later is not needed: a model that ends with this step.
    short = design.another(model=replace(model, steps=step + 1), policies=design.policies[:1])
    inputs = short.inputs(design.policies[0])
    probe = _Probe(short.model, inputs, step, how)
    if not probe.alive.any():
        raise OfframpError(f"no future still runs on {model.dates[step]}, so no loop can be measured there.")
    state = probe.state
    # What is remembered counts as a link from what it follows: by what it leads to in the long run.
    model = anatomy.without_memory(model)
    world = _World(model, state, probe.parameters, step)
    gain: dict[tuple[str, str], Floats] = {}
    for source, target, value in (*world.links(), *probe.links(world.scale), *_acts(model, probe, world)):
        held = gain.get((source, target))
        gain[source, target] = value if held is None else held + value
    return Links(model.dates[step], _nodes(model), gain, world.scale, int(probe.alive.sum()))


def _step_of(model: Model, on: date) -> int:
    dates = model.dates
    if not dates[0] <= on < dates[-1]:
        raise UsageError(f"{on} is outside the horizon of `{model.name}`: {dates[0]} up to {dates[-1]}.")
    return max(k for k in range(model.steps) if dates[k] <= on)


def _nodes(model: Model) -> dict[str, Node]:
    nodes = [
        Node(v.name, "auxiliary" if v.is_auxiliary else "stock", v.title or v.name) for v in model.variables
    ]
    for actor in model.actors:
        for action in actor.actions:
            title = f"{actor.title or actor.name}: {action.title or action.name}"
            nodes.append(Node(f"{actor.name}.{action.name}", "action", title))
    nodes += [Node(f"event.{e.name}", "event", e.title or e.name) for e in model.events if e.rate is not None]
    return {n.name: n for n in nodes}


class _Probe:
    """The step at hand, run as it is and with one stock at a time a little moved.

    Attributes
    ----------
    alive : (run,) before selection: futures that still run at the date
    state : variable -> (alive run,)
    parameters : parameter -> (alive run,), as they hold in the step
    chance : (alive run, slot), of each act in the step
    """

    def __init__(self, model: Model, inputs: Inputs, step: int, how: How) -> None:
        self.model, self.inputs, self.step = model, inputs, step
        self.engine = engine_for(model, how.engine)
        base = self.engine.run(inputs, probabilities=True)
        assert base.probability is not None
        chance = base.probability[:, step]
        ends = [i for i, o in enumerate(model.outcomes) if o.absorbing]
        over = ((base.outcome[:, ends] >= 0) & (base.outcome[:, ends] < step)).any(axis=1)
        self.alive: Bools = ~over & (base.status == Status.OK)
        self.chance = chance[self.alive]
        self.state = {v.name: base.state[self.alive, step, i] for i, v in enumerate(model.variables)}
        schedule, drawn = inputs.schedule, inputs.parameters[self.alive]
        held = np.where(np.isnan(schedule.hold[step]), drawn, schedule.hold[step]) + schedule.shift[step]
        self.parameters = {p.name: held[:, i] for i, p in enumerate(model.parameters)}
        self.events = base.event[self.alive, step]

    def links(self, scale: dict[str, float]) -> Iterator[tuple[str, str, Floats]]:
        """(stock, act, change of its chance per unit of the stock), for all acts that change at all."""
        slots = [f"{actor.name}.{action.name}" for actor in self.model.actors for action in actor.actions]
        for i, stock in enumerate(self.model.stocks):
            size = _NUDGE * scale[stock.name]
            up, far_up = self._moved(i, size)
            down, far_down = self._moved(i, -size)
            distance = far_up - far_down
            with np.errstate(all="ignore"):
                slope = np.where(distance[:, None] > 0, (up - down) / distance[:, None], 0.0)
            for slot, name in enumerate(slots):
                if np.any(np.abs(slope[:, slot]) > 0):
                    yield stock.name, name, slope[:, slot]

    def _followed(self, stock: int, by: float) -> list[float]:
        """What formulas remember, moved as if the stock had long been where it is moved to: (place,).

        One number for all futures, the mean over those that still run.
        """
        model, now = self.model, self.step * self.model.step_length
        name = model.stocks[stock].name
        there = {**self.state, name: self.state[name] + by}

        def read(formula: Formula, state: dict[str, Floats]) -> Floats:
            return evaluate(formula.node, Environment(state, self.parameters, now, model.step_length))

        # Along a circle only the first round counts: what it reads before it is computed stays as it is.
        for auxiliary in anatomy.without_memory(model).auxiliaries:
            if auxiliary.equals is not None:
                there[auxiliary.name] = read(auxiliary.equals, there)
        result: list[float] = []
        for memory in anatomy.steady(model):
            move = read(memory.steady, there) - read(memory.steady, self.state)
            result += [float(np.mean(move))] * len(memory.places)
        return result

    def _moved(self, stock: int, by: float) -> tuple[Floats, Floats]:
        """Chances of acts with a stock moved at the start of the step, and how far it truly moved.

        Where the move changes which random events come, that future says nothing: NaN.
        """
        schedule = self.inputs.schedule
        shift = schedule.shift_stock.copy()
        shift[self.step, stock] += by
        shift[self.step, len(self.model.stocks) :] += self._followed(stock, by)
        found = self.engine.run(
            replace(self.inputs, schedule=replace(schedule, shift_stock=shift)), probabilities=True
        )
        assert found.probability is not None
        chance = found.probability[self.alive, self.step]
        same = (found.event[self.alive, self.step] == self.events).all(axis=1)
        chance = np.where(same[:, None], chance, np.nan)
        variable = self.model.stocks[stock]
        here = self.state[variable.name]
        moved = here + by
        if variable.saturates and variable.bounds is not None:
            moved = np.clip(moved, *variable.bounds)
        return chance, moved - here


class _World:
    """The formulas at a date, and their partial derivatives."""

    def __init__(
        self, model: Model, state: dict[str, Floats], parameters: dict[str, Floats], step: int
    ) -> None:
        self.model, self.dt = model, model.step_length
        self.env = Environment(state, parameters, step * self.dt, self.dt)
        self.scale = {v.name: _spread(state[v.name], v.bounds) for v in model.variables}
        self.zero = np.zeros(len(next(iter(state.values()))))

    def slope(self, of: Callable[[Environment], Floats], name: str) -> Floats:
        """Central difference of something in one variable, per unit of it."""
        size = _NUDGE * self.scale[name]
        here = self.env.variables[name]
        up = of(replace(self.env, variables={**self.env.variables, name: here + size}))
        down = of(replace(self.env, variables={**self.env.variables, name: here - size}))
        with np.errstate(all="ignore"):
            return np.asarray((up - down) / (2 * size)) + self.zero

    def links(self) -> Iterator[tuple[str, str, Floats]]:
        for variable in self.model.variables:
            formula = variable.equals or variable.change
            for name in sorted(variables_in(formula.node)) if formula is not None else ():
                node = formula.node  # type: ignore[union-attr]
                yield name, variable.name, self.slope(lambda env, n=node: evaluate(n, env), name)  # type: ignore[misc]
        for event in self.model.events:
            if event.rate is not None:
                yield from self._event(event)

    def _event(self, event: Event) -> Iterator[tuple[str, str, Floats]]:
        assert event.rate is not None
        node, name = event.rate.node, f"event.{event.name}"

        def often(env: Environment) -> Floats:
            rate = np.maximum(evaluate(node, env), 0.0)
            return np.asarray((1 - np.exp(-rate * self.dt)) / self.dt if event.once else rate)

        for read in sorted(variables_in(node)):
            yield read, name, self.slope(often, read)
        frequency = often(self.env) + self.zero
        for effect, chances in _branch_effects(event):

            def adds(env: Environment, effect: Effect = effect, chances: Chances = chances) -> Floats:
                return np.asarray(chances(env) * _addition(effect, env))

            yield name, effect.variable, adds(self.env) + self.zero
            for read in sorted(variables_in(effect.amount.node)):
                yield read, effect.variable, frequency * self.slope(adds, read)


Chances = Callable[[Environment], Floats]


def _branch_effects(event: Event) -> Iterator[tuple[Effect, Chances]]:
    """Each effect of an event with the chance of the branch that it belongs to."""
    for effect in effects_of(event):
        yield effect, lambda env: np.asarray(1.0)
    named = [b.probability.node for b in event.branches if b.probability is not None]

    def chance(env: Environment, node: object) -> Floats:
        given = [np.clip(evaluate(n, env), 0.0, 1.0) for n in named]
        total = np.asarray(sum(given, np.asarray(0.0)))
        if node is None:
            return np.asarray(np.maximum(1 - total, 0.0))
        position = next(i for i, n in enumerate(named) if n is node)
        return np.asarray(given[position] / np.maximum(total, 1.0))

    for branch in event.branches:
        node = None if branch.probability is None else branch.probability.node
        for effect in effects_of(branch):
            yield effect, lambda env, n=node: chance(env, n)  # type: ignore[misc]


def _addition(effect: Effect, env: Environment) -> Floats:
    """What an effect adds to its stock: the amount, or what is left to a value that it sets."""
    amount = evaluate(effect.amount.node, env)
    return np.asarray(amount if effect.how == "add" else amount - env.variables[effect.variable])


def _acts(model: Model, probe: _Probe, world: _World) -> Iterator[tuple[str, str, Floats]]:
    """Links from acts to stocks, and from what the amounts of their effects read."""
    slot = 0
    for actor in model.actors:
        for action in actor.actions:
            chance = probe.chance[:, slot]
            slot += 1
            for effect in effects_of(action):

                def adds(env: Environment, effect: Effect = effect) -> Floats:
                    return _addition(effect, env) / world.dt

                yield f"{actor.name}.{action.name}", effect.variable, adds(world.env) + world.zero
                for read in sorted(variables_in(effect.amount.node)):
                    yield read, effect.variable, chance * world.slope(adds, read)


def _spread(values: Floats, bounds: tuple[float, float] | None) -> float:
    """Standard deviation of a variable over futures, or where all agree a part of its size."""
    finite = values[np.isfinite(values)]
    deviation = float(np.std(finite)) if len(finite) else 0.0
    size = float(np.mean(np.abs(finite))) if len(finite) else 0.0
    width = 0.0
    if bounds is not None and all(np.isfinite(bounds)):
        width = bounds[1] - bounds[0]
    return max(deviation, 0.05 * size, 0.02 * width, 1e-9)
