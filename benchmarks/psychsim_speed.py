"""Decisions per second, here and in PsychSim, on one small world written for both.

    pip install --no-deps --target FOLDER psychsim==1.0
    python benchmarks/psychsim_speed.py [--psychsim FOLDER]

Two actors, four features, eight actions each, no chance and nothing to learn; each looks two steps ahead
and sums what it values over both, and takes it that the other always makes its first move (level 1). What an
action does depends, linearly, on what the other has built up. Before anything is timed, from each of some
states the values that PsychSim gives to red's actions have to be those of the rules, and both programs have
to prefer the same action.

They do not think quite alike. In PsychSim an actor supposes that it will choose its best action again in the
second step, and so looks ahead from there once more for each candidate; here it supposes its habit. So
decisions are compared, and beside them the time of a single step of a look-ahead.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from offramp.engine.compiled.compile import CompiledModel, compile_model
from offramp.engine.inputs import Inputs
from offramp.language.check import loads
from offramp.model import Model
from offramp.runs.design import Design

ACTIONS, STEPS = 8, 100
SIDES = ("red", "blue")
# By action: what is added to what the actor has built, what of the other's force wears it down, what
# it adds to the actor's fatigue. Numbers are multiples of 1/64, so that sums are exact in both programs.
BUILDS = [(9 * k % 8 + 1) / 4 for k in range(ACTIONS)]
WEARS = [(5 * k % 8) / 64 for k in range(ACTIONS)]
TIRES = [(3 * k % 8) / 8 for k in range(ACTIONS)]
# What a point of one's own force, of the other's and of one's own fatigue is worth.
OWN, OTHERS, FATIGUE = 1.0, -0.5, -1.25

Features = dict[str, float]


def text() -> str:
    """The world as a model file."""
    lines = ["model: {name: peers, title: Two who build, illustrative: true}"]
    lines += [f"horizon: {{start: 2020-01-01, step: month, steps: {STEPS}}}", "variables:"]
    for side in SIDES:
        lines += [f"  {side}_force: {{initial: {side}_first}}", f"  {side}_fatigue: {{initial: 0}}"]
    lines += ["parameters: {red_first: {value: 4}, blue_first: {value: 4}}", "actors:"]
    for side, other in (SIDES, SIDES[::-1]):
        lines += [f"  {side}:", "    depth: 1", "    horizon: 2", "    precision: 50"]
        worth = f"{OWN} * {side}_force + {OTHERS} * {other}_force + {FATIGUE} * {side}_fatigue"
        lines += [f"    utility: {{standing: {worth}}}", "    actions:"]
        for k in range(ACTIONS):
            force = f"{BUILDS[k]} - {WEARS[k]} * {other}_force"
            effects = f"{{{side}_force: {force}, {side}_fatigue: {TIRES[k]}}}"
            # Blue's habit is its first move: the chance of all others together is 1e-43.
            habit = "propensity: 100, " if side == "blue" and k == 0 else ""
            lines.append(f"      act_{k}: {{{habit}effects: {effects}}}")
    return "\n".join(lines) + "\n"


def after(features: Features, red: int, blue: int) -> Features:
    """The world one step on, by the rules."""
    moves = {"red": red, "blue": blue}
    found: Features = {}
    for side, other in (SIDES, SIDES[::-1]):
        k = moves[side]
        force = features[f"{side}_force"] + BUILDS[k] - WEARS[k] * features[f"{other}_force"]
        found |= {f"{side}_force": force, f"{side}_fatigue": features[f"{side}_fatigue"] + TIRES[k]}
    return found


def worth(features: Features) -> float:
    """What red values."""
    mine = OWN * features["red_force"] + FATIGUE * features["red_fatigue"]
    return mine + OTHERS * features["blue_force"]


def values(features: Features) -> list[float]:
    """Of each action of red: what it brings over two steps, if red then does its best."""
    then = [after(features, k, 0) for k in range(ACTIONS)]
    return [worth(x) + max(worth(after(x, k, 0)) for k in range(ACTIONS)) for x in then]


def inputs_of(model: Model, runs: int, **overrides: float) -> Inputs:
    return Design(model, ["baseline"], runs, 1, overrides).inputs("baseline")


def preferred_here(compiled: CompiledModel, forces: Features) -> int:
    """The action that red likes best, from two forces."""
    inputs = inputs_of(compiled.model, 1, **{f"{side}_first": force for side, force in forces.items()})
    out = compiled.run(inputs, probabilities=True)
    assert out.probability is not None
    return int(np.argmax(out.probability[0, 0, :ACTIONS]))


class PsychSim:
    """The world in PsychSim: red thinks, and takes blue for one that does not look ahead."""

    def __init__(self) -> None:
        from psychsim.agent import Agent  # type: ignore[import-not-found]
        from psychsim.pwl import (  # type: ignore[import-not-found]
            CONSTANT,
            KeyedMatrix,
            KeyedVector,
            makeFuture,
            makeTree,
        )
        from psychsim.reward import maximizeFeature  # type: ignore[import-not-found]
        from psychsim.world import World  # type: ignore[import-not-found]

        self.world = World()
        self.world.memory = False
        self.agents = {side: Agent(side) for side in SIDES}
        self.key: dict[tuple[str, str], Any] = {}
        for side, agent in self.agents.items():
            self.world.addAgent(agent)
            agent.setAttribute("discount", 1.0)
            # Nothing looked ahead to: of equals the first action in the alphabet.
            agent.setHorizon(2 if side == "red" else 0)
            for feature in ("force", "fatigue"):
                self.key[side, feature] = self.world.defineState(side, feature, float, lo=-1e6, hi=1e6)
                self.world.setFeature(self.key[side, feature], 0.0)
        self.acts = []
        for side, other in (SIDES, SIDES[::-1]):
            force, fatigue = self.key[side, "force"], self.key[side, "fatigue"]
            theirs = self.key[other, "force"]
            for k in range(ACTIONS):
                act = self.agents[side].addAction({"verb": f"act_{k}"})
                if side == "red":
                    self.acts.append(act)
                for key, row in [
                    (force, {force: 1.0, theirs: -WEARS[k], CONSTANT: BUILDS[k]}),
                    (fatigue, {fatigue: 1.0, CONSTANT: TIRES[k]}),
                ]:
                    tree = makeTree(KeyedMatrix({makeFuture(key): KeyedVector(row)}))
                    self.world.setDynamics(key, act, tree)
            for key, worth in [(force, OWN), (theirs, OTHERS), (fatigue, FATIGUE)]:
                self.agents[side].setReward(maximizeFeature(key, side), worth)
        self.world.setOrder([set(SIDES)])

    def begin(self, forces: Features) -> None:
        for side, force in forces.items():
            self.world.setFeature(self.key[side, "force"], force)

    def decide(self) -> list[float]:
        """Red's decision: the value of each of its actions."""
        found = self.agents["red"].decide(selection="consistent")["red0"]["V"]
        return [found[act]["__EV__"] for act in self.acts]

    def steps(self) -> int:
        """How often one decision moves the world on in thought."""
        count, step = 0, self.world.step

        def counted(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            return step(*given, **named)

        self.world.step = counted
        self.decide()
        self.world.step = step
        return count


def best(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of one processor for the fastest of some calls."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--psychsim", type=Path, help="folder with the package psychsim")
    given = options.parse_args()
    model = loads(text())

    slow = None
    if given.psychsim:
        sys.path.insert(0, str(given.psychsim))
        other, draw = PsychSim(), random.Random(1)
        once = compile_model(replace(model, steps=1), cache=False)
        for _ in range(8):
            forces = {side: draw.randrange(0, 65) / 4 for side in SIDES}
            other.begin(forces)
            start = {f"{side}_force": force for side, force in forces.items()}
            start |= {f"{side}_fatigue": 0.0 for side in SIDES}
            expected, found = values(start), other.decide()
            assert np.allclose(found, expected, rtol=0, atol=1e-9), (found, expected)
            assert preferred_here(once, forces) == int(np.argmax(expected)), forces
        slow, steps = best(other.decide), other.steps()
        print(f"PsychSim                {slow:12.3g} s a decision {slow / steps:12.3g} s a step ({steps})")

    for depth in (1, 2, 3):
        thinking = replace(model, actors=tuple(replace(a, depth=depth) for a in model.actors))
        inputs, compiled = inputs_of(thinking, 2048), compile_model(thinking, cache=False)
        decisions = 2048 * STEPS * len(SIDES)
        quick = best(lambda c=compiled, i=inputs: c.run(i)) / decisions  # type: ignore[misc]
        ahead = f"{quick / (2 * ACTIONS):12.3g} s a step ({2 * ACTIONS})" if depth == 1 else ""
        print(f"offramp, depth {depth}        {quick:12.3g} s a decision {ahead}")
        if slow and depth == 1:
            print(f"decisions, ratio        {slow / quick:12,.0f}")


if __name__ == "__main__":
    main()
