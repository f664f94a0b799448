"""The same model in plain Python, as one writes it for Mesa, beside the compiled engine.

    python benchmarks/plain_python.py [MODEL] [DEPTH]

The model's formulas are written out as ordinary Python (a `State` with attributes, one function for each
phase, `math.exp`, an `if` around what does not happen) and run one run at a time with `random`. It is the
program that a careful modeller would write by hand: nothing is looked up by name, no formula is
interpreted, auxiliaries are computed once for a state, actions that are not available are not weighed,
moves of others that do not depend on a candidate are computed once for all candidates. Before timing, its
first choices are compared with the engine's, so that both are the same model.

Actors have their pictures of each other's types and think as deep as the file says, or DEPTH at most. Left
out on both sides are ladders; left out here alone is what actors learn from each other's acts, which costs
the engine some of its time. So the ratio is on the low side.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from textwrap import dedent
from typing import Any

import numpy as np

from offramp.engine.compiled.compile import compile_model
from offramp.engine.depths import inner_steps, steps_ahead
from offramp.engine.inputs import Inputs
from offramp.engine.plain.world import Push, contested
from offramp.language.check import load
from offramp.model import Actor, Branch, Effect, Event, Formula, Model
from offramp.runs.design import Design
from offramp.tree import (
    Binary,
    Call,
    Compare,
    Logic,
    Negate,
    Node,
    Not,
    Now,
    Number,
    Parameter,
    StepLength,
    Variable,
)


def python(node: Node, dt: float, x: str = "x", p: str = "p") -> str:
    """A formula as Python source; `x` and `p` name the state and the parameters."""

    def write(n: Node) -> str:
        match n:
            case Number(value):
                return repr(value)
            case Variable(name):
                return f"{x}.{name}"
            case Parameter(name):
                return f"{p}.{name}"
            case Now():
                return "now"
            case StepLength():
                return repr(dt)
            case Negate(of):
                return f"(-{write(of)})"
            case Not(of):
                return f"(not {write(of)})"
            case Binary(op, left, right) | Compare(op, left, right):
                return f"({write(left)} {op} {write(right)})"
            case Logic(op, parts):
                return "(" + f" {op} ".join(map(write, parts)) + ")"
            case Call("where", (condition, a, b)):
                return f"({write(a)} if {write(condition)} else {write(b)})"
            case Call(name, args):
                prefix = "" if name in ("min", "max", "abs") else "math."
                return f"{prefix}{name}({', '.join(map(write, args))})"
        raise TypeError(n)

    return write(node)


def every(event: Event) -> list[Effect]:
    """All effects of an event, whatever the branch."""
    return [*event.effects, *(f for b in event.branches for f in b.effects)]


class Writer:
    """Writes the program of one model."""

    def __init__(self, model: Model) -> None:
        self.model, self.dt = model, model.step_length
        self.lines: list[str] = ["import math, random", ""]
        self.stocks = [v.name for v in model.stocks]
        self.shared: set[str] = set()
        self.absorbing = [o for o in model.outcomes if o.absorbing]

    def py(self, formula: Formula | None, absent: str = "0.0", x: str = "x", p: str = "p") -> str:
        return absent if formula is None else python(formula.node, self.dt, x, p)

    def function(self, head: str, body: Iterable[str]) -> None:
        self.lines += [f"def {head}:", *("    " + line for line in body), ""]

    def source(self) -> str:
        self.state()
        self.events()
        self.actions()
        self.change()
        for i, actor in enumerate(self.model.actors):
            if actor.depth:
                self.look_ahead(i, actor)
        self.others()
        self.run()
        return "\n".join(self.lines)

    def state(self) -> None:
        names = [v.name for v in self.model.variables]
        self.lines += [
            "class State:", f"    __slots__ = {tuple(names)!r}", "",
            "    def copy(self):", "        new = State()",
            *(f"        new.{n} = self.{n}" for n in names), "        return new", "",
            "class Parameters:", f"    __slots__ = {tuple(p.name for p in self.model.parameters)!r}", "",
        ]  # fmt: skip
        body = [
            f"x.{v.name} = min(max(x.{v.name}, {v.bounds[0]}), {v.bounds[1]})"
            for v in self.model.stocks
            if v.saturates and v.bounds
        ]
        body += [f"x.{v.name} = {self.py(v.equals)}" for v in self.model.auxiliaries]
        self.function("complete(x, p, now)", [*body, "return x"])

    def effects(self, effects: Iterable[Effect], weight: str | None) -> list[str]:
        """`self.shared` names the stocks that several can set in the phase: settings meet at their mean."""
        lines = []
        for e in effects:
            amount = self.py(e.amount)
            amount = f"({amount} - x.{e.variable})" if e.how == "set" else amount
            weighed = amount if weight is None else f"{weight} * {amount}"
            if e.how == "set" and e.variable in self.shared:
                lines.append(f"set_{e.variable} += {weighed}")
                lines.append(f"times_{e.variable} += {weight or 1.0}")
            else:
                lines.append(f"n.{e.variable} += {weighed}")
        return lines

    def guarded(self, effects: Iterable[Effect], weight: str) -> list[str]:
        lines = self.effects(effects, "w")
        return [f"w = {weight}", "if w:", *("    " + line for line in lines)] if lines else []

    def phase(self, pushes: list[Push], body: Callable[[], list[str]]) -> list[str]:
        """A phase from state x to state n, with stocks that several can set."""
        self.shared = set(contested(pushes))
        begin = [f"set_{v} = times_{v} = 0.0" for v in sorted(self.shared)]
        end = [
            line
            for v in sorted(self.shared)
            for line in (f"if times_{v}:", f"    n.{v} += set_{v} / max(times_{v}, 1.0)")
        ]
        lines = ["n = x.copy()", *begin, *body(), *end]
        self.shared = set()
        return lines

    def chances(self, branches: tuple[Branch, ...], name: str) -> list[str]:
        given = [None if b.probability is None else self.py(b.probability) for b in branches]
        lines = [f"{name}{i} = min(max({g}, 0.0), 1.0)" for i, g in enumerate(given) if g is not None]
        others = " - ".join(f"{name}{i}" for i, g in enumerate(given) if g is not None)
        lines += [f"{name}{i} = max(1.0 - {others}, 0.0)" for i, g in enumerate(given) if g is None]
        return lines

    def events(self) -> None:
        dated: dict[int, list[Event]] = {}
        for e in self.model.events:
            if e.on is not None:
                dated.setdefault(self.model.step_of(e.on), []).append(e)
        once = [e for e in self.model.events if e.rate is not None]
        on_days = [Push(f, None, e.name) for e in self.model.events if e.on for f in every(e)]  # type: ignore[arg-type]
        at_random = [
            Push(f, None, e.name if e.once or b is None else f"{e.name}.{b.name}")  # type: ignore[arg-type]
            for e in once
            for b in (None, *e.branches)
            for f in (e.effects if b is None else b.effects)
        ]

        def by_day(is_drawn: bool) -> list[str]:
            lines = []
            for k, events in dated.items():
                lines.append(f"if k == {k}:")
                for e in events:
                    inside = self.effects(e.effects, None) + self.chances(e.branches, "c")
                    if e.branches and is_drawn:
                        weights = ", ".join(f"c{i}" for i in range(len(e.branches)))
                        inside.append(f"b = random.choices(range({len(e.branches)}), ({weights},))[0]")
                    for i, b in enumerate(e.branches):
                        inside += self.guarded(b.effects, f"1.0 * (b == {i})" if is_drawn else f"c{i}")
                    lines += ["    " + line for line in (inside or ["pass"])]
            return lines

        def by_rate(is_drawn: bool) -> list[str]:
            lines = []
            for e in once:
                lines += [f"m = max({self.py(e.rate)} * {self.dt}, 0.0)", *self.chances(e.branches, "c")]
                if e.once:
                    lines.append("o = 1.0 - math.exp(-m)")
                    if is_drawn:
                        lines.append("o = 1.0 * (random.random() < o)")
                    lines += self.guarded(e.effects, "o")
                    if e.branches and is_drawn:
                        weights = ", ".join(f"c{i}" for i in range(len(e.branches)))
                        lines.append(f"b = random.choices(range({len(e.branches)}), ({weights},))[0]")
                    for i, b in enumerate(e.branches):
                        lines += self.guarded(b.effects, f"o * (b == {i})" if is_drawn else f"o * c{i}")
                    continue
                happenings = [("m", e.effects), *((f"m * c{i}", b.effects) for i, b in enumerate(e.branches))]
                for m, effects in happenings:
                    adds = [f for f in effects if f.how == "add"]
                    sets = [f for f in effects if f.how == "set"]
                    if is_drawn and effects:
                        lines += [f"count = poisson({m})", *self.guarded(adds, "count")]
                        lines += self.guarded(sets, "min(count, 1)")
                    elif effects:
                        lines += self.guarded(adds, m)
                        lines += self.guarded(sets, f"1.0 - math.exp(-{m})") if sets else []
            return lines

        expected, drawn = (
            [
                *self.phase(on_days, lambda: by_day(is_drawn)),  # noqa: B023
                "x = complete(n, p, now)",
                *self.phase(at_random, lambda: by_rate(is_drawn)),  # noqa: B023
            ]
            for is_drawn in (False, True)
        )
        self.function("expect_events(x, p, k, now)", [*expected, "return complete(n, p, now)"])
        self.function("draw_events(x, p, k, now)", [*drawn, "return complete(n, p, now)"])
        self.function(
            "poisson(mean)",
            [
                "limit, n, product = math.exp(-mean), 0, random.random()",
                "while product > limit:", "    n += 1", "    product *= random.random()", "return n",
            ],
        )  # fmt: skip

    def actions(self) -> None:
        body = ["result = []"]
        for actor in self.model.actors:
            weights = []
            for a in actor.actions:
                z = self.py(a.propensity)
                weights.append(z if a.when is None else f"{z} if {self.py(a.when)} else -math.inf")
            body.append(f"result.append(softmax([{', '.join(weights)}]))")
        self.function("habits(x, p, now)", [*body, "return result"])
        self.function(
            "softmax(z)",
            [
                "best = max(z)", "likely = [math.exp(v - best) for v in z]", "total = sum(likely)",
                "return [v / total for v in likely]",
            ],
        )  # fmt: skip
        pushes = [
            Push(f, None, actor.name)  # type: ignore[arg-type]
            for actor in self.model.actors
            for action in actor.actions
            for f in action.effects
        ]

        def moved() -> list[str]:
            lines = []
            for i, actor in enumerate(self.model.actors):
                for n, action in enumerate(actor.actions):
                    lines += self.guarded(action.effects, f"moves[{i}][{n}]")
            return lines

        body = self.phase(pushes, moved)
        self.function("act(x, p, now, moves)", [*body, "return complete(n, p, now)"])

    def change(self) -> None:
        for name, noisy in (("change", False), ("change_with_noise", True)):
            body = ["n = x.copy()"]
            for v in self.model.stocks:
                if v.change is not None:
                    body.append(f"n.{v.name} += {self.dt} * {self.py(v.change)}")
                if noisy and v.noise is not None:
                    body.append(
                        f"n.{v.name} += {math.sqrt(self.dt)} * {self.py(v.noise)} * random.gauss(0, 1)"
                    )
            self.function(f"{name}(x, p, now)", [*body, f"return complete(n, p, now + {self.dt})"])

    def look_ahead(self, i: int, actor: Actor) -> None:
        hazards = [(n, o) for n, o in enumerate(self.absorbing) if o.rate is not None]
        conditions = [(n, o) for n, o in enumerate(self.absorbing) if o.when is not None]
        body = [f"now += {self.dt}"] + [f"r{n} = max({self.py(o.rate)}, 0.0)" for n, o in hazards]
        if hazards:
            body += [
                f"r = {' + '.join(f'r{n}' for n, _ in hazards)}", "if r:",
                f"    stay = math.exp(-r * {self.dt})", "    share = alive * (1.0 - stay) / r",
                *(f"    ended[{n}] += share * r{n}" for n, _ in hazards), "    alive *= stay",
            ]  # fmt: skip
        for n, o in conditions:
            body += [f"if {self.py(o.when)}:", f"    ended[{n}] += alive", "    alive = 0.0"]
        utility = " + ".join(self.py(t.formula) for t in actor.utility) or "0.0"
        body += [f"value = alive * ({utility}) if alive else 0.0"]
        for n, o in enumerate(self.absorbing):
            worth = dict(o.worth).get(actor.name)
            if worth is not None:
                body += [f"if ended[{n}]:", f"    value += ended[{n}] * {self.py(worth)}"]
        self.function(f"assess_{i}(x, p, now, alive, ended)", [*body, "return value, alive"])

        costs = ", ".join(self.py(a.cost, x="seen") for a in actor.actions)
        count = len(actor.actions)
        text = f"""
            now = k * {self.dt}
            cost = [{costs}]
            first = expect_others(seen, p, k, now, {i}, level - 1, inner)
            discount = {self.py(actor.discount, "1.0")} ** {self.dt}
            worth = []
            for a in range({count}):
                if not open[a]:
                    worth.append(0.0)
                    continue
                first[{i}] = [float(a == b) for b in range({count})]
                x = change(act(seen, p, now, first), p, now)
                alive, total, factor = 1.0, 0.0, 1.0
                ended = [0.0] * {len(self.absorbing)}
                for h in range(steps):
                    time = (k + h) * {self.dt}
                    if h:
                        x = expect_events(x, p, k + h, time)
                        moves = expect_others(x, p, k + h, time, {i}, level - 1, inner)
                        x = change(act(x, p, time, moves), p, time)
                    value, alive = assess_{i}(x, p, time, alive, ended)
                    factor *= discount
                    total += factor * value
                worth.append({self.dt} * total - cost[a])
            return worth"""
        self.function(
            f"look_ahead_{i}(seen, p, k, open, level, steps, inner)", dedent(text).strip().splitlines()
        )

    def others(self) -> None:
        """What an actor expects all to do, from habit or from a look-ahead of their own."""
        body = ["moves = habits(x, p, now)"]
        for m, actor in enumerate(self.model.actors):
            if not actor.depth:
                continue
            weights = ", ".join(self.weights(actor))
            body += [
                f"if level > 0 and me != {m}:",
                f"    z = [{weights}]",
                f"    steps = min({steps_ahead(actor, self.dt)}, inner)",
                f"    level_{m} = min(level, {actor.depth})",
                f"    worth = look_ahead_{m}(x, p, k, [v > -math.inf for v in z], level_{m}, steps, inner)",
                f"    moves[{m}] = softmax([a + {self.py(actor.precision)} * b for a, b in zip(z, worth)])",
            ]
        self.function("expect_others(x, p, k, now, me, level, inner)", [*body, "return moves"])

    def weights(self, actor: Actor) -> list[str]:
        """Propensities, minus infinity where an action is not available."""
        return [
            self.py(a.propensity) + (f" if {self.py(a.when)} else -math.inf" if a.when else "")
            for a in actor.actions
        ]

    def run(self) -> None:
        """Choice and the course of a run. Signals are read without delay: they cost next to nothing."""
        for i, actor in enumerate(self.model.actors):
            body = [f"now = k * {self.dt}", "noise = {}"]
            for s in actor.sees:
                if s.noise is not None:
                    scale = self.py(s.noise, x="state", p="truth")
                    body.append(f"noise[{s.variable!r}] = {scale} * random.gauss(0, 1)")
            body += [
                f"x, p = see_{i}(state, first, truth, mean, noise, now), mean",
                f"z = [{', '.join(self.weights(actor))}]",
            ]
            if actor.depth:
                body += [
                    "open = [v > -math.inf for v in z]",
                    "worth = [0.0] * len(z)",
                    "for weight, p in pictures:",
                    f"    x = see_{i}(state, first, truth, p, noise, now)",
                    f"    steps, inner = {steps_ahead(actor, self.dt)}, {inner_steps(actor, self.dt)}",
                    f"    some = look_ahead_{i}(x, p, k, open, {actor.depth}, steps, inner)",
                    "    worth = [a + weight * b for a, b in zip(worth, some)]",
                    "p = mean",
                    f"z = [a + {self.py(actor.precision)} * b for a, b in zip(z, worth)]",
                ]
            self.function(f"choose_{i}(state, first, truth, mean, pictures, k)", [*body, "return softmax(z)"])
            body = ["x = state.copy()"]
            for s in actor.sees:
                if s.hidden:
                    assumed = f"first.{s.variable}" if s.assumed is None else self.py(s.assumed)
                    body.append(f"x.{s.variable} = {assumed}")
                    continue
                noise = "" if s.noise is None else f" + noise[{s.variable!r}]"
                body.append(f"x.{s.variable} += {self.py(s.bias, x='state', p='truth')}{noise}")
                bounds = self.model.variables[[v.name for v in self.model.variables].index(s.variable)].bounds
                if bounds:
                    body.append(f"x.{s.variable} = min(max(x.{s.variable}, {bounds[0]}), {bounds[1]})")
            self.function(
                f"see_{i}(state, first, truth, p, noise, now)", [*body, "return complete(x, p, now)"]
            )
        choices = [f"choose_{i}(x, first, truth, *pictures[{i}], k)" for i in range(len(self.model.actors))]
        text = f"""
            x = first = complete(x, truth, 0.0)
            for k in range({self.model.steps}):
                now = k * {self.dt}
                x = draw_events(x, truth, k, now)
                taken = []
                for chances in ({", ".join(choices)},):
                    a = random.choices(range(len(chances)), chances)[0]
                    taken.append([float(a == b) for b in range(len(chances))])
                x = change_with_noise(act(x, truth, now, taken), truth, now)
                now += {self.dt}"""
        lines = dedent(text).strip().splitlines()
        for o in self.absorbing:
            if o.rate is not None:
                rate = self.py(o.rate, p="truth")
                lines.append(f"    if random.random() < 1.0 - math.exp(-max({rate}, 0.0) * {self.dt}):")
            else:
                lines.append(f"    if {self.py(o.when, p='truth')}:")
            lines.append("        return x")
        self.function("run(x, truth, pictures)", [*lines, "return x"])


class PlainModel:
    """A model as plain Python, one run at a time."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.source = Writer(model).source()
        self.program: dict[str, Any] = {}
        exec(compile(self.source, "<plain>", "exec"), self.program)  # our own text, made above

    def scenario(self, inputs: Inputs, n: int) -> tuple[Any, Any, list[Any]]:
        """State and truth of one run of a block, and of each actor the mean picture and the weighted ones."""
        x, truth = self.program["State"](), self.program["Parameters"]()
        for s, value in zip(self.model.stocks, inputs.initial[n].tolist(), strict=True):
            setattr(x, s.name, value)
        for p, value in zip(self.model.parameters, inputs.parameters[n].tolist(), strict=True):
            setattr(truth, p.name, value)
        pictures, column = [], 0
        values = self.type_values(inputs, n)
        for actor in self.model.actors:
            misread = {p.name: getattr(truth, p.name) for p in self.model.parameters}
            for m in actor.misreads:
                misread[m.parameter] = float(inputs.misread[n, column])
                column += 1
            beliefs = []
            for b in actor.beliefs:
                chances = [
                    float(inputs.prior[n, place])
                    for place, (who, about, _) in enumerate(self.model.suppositions)
                    if (who, about) == (actor.name, b.about)
                ]
                beliefs.append(list(zip(chances, values[b.about], strict=True)))
            mean = dict(misread)
            for belief in beliefs:
                for name in belief[0][1]:
                    mean[name] = sum(chance * type_[name] for chance, type_ in belief)
            joint = []
            for types in product(*beliefs):
                vector = dict(misread)
                for _, type_ in types:
                    vector |= type_
                joint.append((math.prod(chance for chance, _ in types), self.vector(vector)))
            pictures.append((self.vector(mean), joint))
        return x, truth, pictures

    def vector(self, values: dict[str, float]) -> Any:
        made = self.program["Parameters"]()
        for name, value in values.items():
            setattr(made, name, value)
        return made

    def type_values(self, inputs: Inputs, n: int) -> dict[str, list[dict[str, float]]]:
        """Of each typed actor its types, each parameter -> value."""
        values = iter(inputs.type_value[n].tolist())
        return {
            actor.name: [{o.parameter: next(values) for o in kind.overlays} for kind in actor.types]
            for actor in self.model.actors
        }

    def first_choices(self, inputs: Inputs, n: int) -> np.ndarray:
        """Probabilities of all actions in the first step, (slot,), if nothing happens before the choice."""
        x, truth, pictures = self.scenario(inputs, n)
        first = self.program["complete"](x, truth, 0.0)
        choices = [
            self.program[f"choose_{i}"](first, first, truth, *some, 0) for i, some in enumerate(pictures)
        ]
        return np.concatenate(choices)


def assert_same_model(model: Model, scenarios: int = 200, compared: int = 3) -> str:
    """Hold the first choices of both programs against each other, on the model without noise in signals."""
    actors = tuple(replace(a, sees=tuple(replace(s, noise=None) for s in a.sees)) for a in model.actors)
    model = replace(model, actors=actors)
    inputs = Design(model, scenarios=scenarios, seed=1).inputs("baseline")
    outputs = compile_model(model).run(inputs, probabilities=True)
    assert outputs.probability is not None
    plain = PlainModel(model)
    quiet = np.flatnonzero(~outputs.event[:, 0].any(axis=1))[:compared]  # no event before the choice
    for n in quiet:
        expected = outputs.probability[n, 0]
        np.testing.assert_allclose(plain.first_choices(inputs, n), expected, rtol=1e-9, atol=1e-12)
    slots = outputs.probability.shape[2]
    return f"first choices of both agree: {slots} actions of {len(actors)} actors in {len(quiet)} scenarios"


def main(path: str, depth: int = 3, plain_runs: int = 4, engine_runs: int = 2048) -> None:
    model = load(path)
    actors = tuple(replace(a, depth=min(a.depth, depth)) for a in model.actors)
    model = replace(model, ladders=(), actors=actors)
    print(f"{model.name}: {assert_same_model(model)}")
    inputs = Design(model, scenarios=engine_runs, seed=1).inputs("baseline")
    engine, plain = compile_model(model), PlainModel(model)
    random.seed(1)
    slow, fast = [], []
    for n in range(plain_runs):  # in turn, so that both meet the same machine
        began = time.perf_counter()
        plain.program["run"](*plain.scenario(inputs, n))
        slow.append(time.perf_counter() - began)
        began = time.perf_counter()
        engine.run(inputs)
        fast.append((time.perf_counter() - began) / engine_runs)
    a, b = float(np.median(slow)), float(np.median(fast))
    print(f"plain Python   {a * 1e3:10.1f} ms a run   {1 / a:10.2f} runs/s")
    print(f"compiled       {b * 1e3:10.4f} ms a run   {1 / b:10.0f} runs/s   (one core)")
    print(f"ratio          {a / b:10.0f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "us-iran-2020", int((sys.argv[2:] or ["3"])[0]))
