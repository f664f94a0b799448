"""How fast actors think: time per step of look-ahead, and how it grows.

    python benchmarks/minds_speed.py [--prototype FOLDER] [--quick]

A *step* is one evaluation of the model's dynamics inside a look-ahead: everyone's moves, a month of change,
what the result is worth. The table counts the steps of the semantics with every action open, less those
that the engine does not do twice: how the others answer at first is found once for all candidate actions.

With `--prototype` a folder that holds `run_spmd.py` and `reference.c`, two other writings of a crisis of the
same size (same equations, actions, horizons), these are measured in the same run, in doubles with strict
IEEE order and with gcc. Seconds are those of one core's work, the best of several; two threads are
measured by the clock on the wall, so let nothing else run.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from offramp.engine.compiled.compile import CompiledModel, compile_model
from offramp.engine.depths import inner_steps, steps_ahead
from offramp.engine.inputs import Inputs
from offramp.language.check import load
from offramp.model import Actor, Model
from offramp.runs.design import Design

SYNTHETIC = Path(__file__).with_name("synthetic.yaml")
# Steps of look-ahead in one run of the prototype and of its C form, by level.
STEPS_OF_PROTOTYPE = {1: 6_936, 2: 172_824}


def look_ahead_steps(model: Model, actor: Actor, level: int, steps: int, inner: int) -> int:
    """Steps of one look-ahead, without what the others do at first."""
    others = answer_steps(model, actor, level - 1, inner)
    return len(actor.actions) * (1 + (steps - 1) * (1 + others))


def answer_steps(model: Model, actor: Actor, level: int, inner: int) -> int:
    """Steps that it takes to find how all but one actor answer in one state."""
    total = 0
    asked = [other for other in model.actors if other is not actor]
    for depth in range(level, 0, -1):
        thinking = [m for m in asked if m.depth >= depth]
        for m in thinking:
            total += look_ahead_steps(model, m, depth, min(inner, steps_ahead(m, model.step_length)), inner)
        if len(thinking) > 1:
            asked = list(model.actors)
        elif thinking:
            asked = [m for m in model.actors if m is not thinking[0]]
    return total


def steps_per_run(model: Model) -> int:
    """Steps of look-ahead of all actors in all their pictures over a whole run."""
    total = 0
    types = {a.name: len(a.types) for a in model.actors}
    for actor in model.actors:
        if not actor.depth:
            continue
        pictures = 1
        for belief in actor.beliefs:
            pictures *= types[belief.about]
        inner, steps = inner_steps(actor, model.step_length), steps_ahead(actor, model.step_length)
        first = answer_steps(model, actor, actor.depth - 1, inner)
        total += pictures * (first + look_ahead_steps(model, actor, actor.depth, steps, inner))
    return total * model.steps


def with_minds(model: Model, depth: int, horizon: float = 6, inner: float = 3, types: int = 3) -> Model:
    """The model with all actors of one depth and horizon and with the first few of their types."""
    return replace(
        model,
        actors=tuple(
            replace(
                a, depth=depth, horizon=horizon, inner_horizon=inner, types=a.types[:types],
                true_type=(*a.true_type[: types - 1], (a.types[types - 1].name, None)),
                beliefs=tuple(
                    replace(b, prior=(*b.prior[: types - 1], (b.prior[types - 1][0], None)))
                    for b in a.beliefs
                ),
            )
            for a in model.actors
        ),
    )  # fmt: skip


def inputs_of(model: Model, runs: int) -> Inputs:
    return Design(model, policies=["baseline"], scenarios=runs, seed=1).inputs("baseline")


def best_of(work: Callable[[], object], times: int, clock: Callable[[], float] = time.process_time) -> float:
    """Seconds that some work takes, the best of several times."""
    found = []
    for _ in range(times):
        began = clock()
        work()
        found.append(clock() - began)
    return min(found)


def line(name: str, runs: int, steps: int, seconds: float) -> None:
    per_run = seconds / runs
    print(
        f"{name:44}{runs:6} runs {1 / per_run:10.1f} runs/s {per_run / steps * 1e9:8.1f} ns/step", flush=True
    )


def measure(name: str, model: Model, runs: int, times: int) -> CompiledModel:
    compiled = compile_model(model)
    inputs = inputs_of(model, runs)
    seconds = best_of(lambda: compiled.run(inputs), times)
    line(name, runs, steps_per_run(model), seconds)
    return compiled


def measure_prototype(folder: Path, times: int) -> None:
    """The same size of crisis as the prototype and its C form run it."""
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    import run_spmd  # type: ignore[import-not-found]

    simulate = run_spmd.build("double", "", 8)
    for level, runs in [(1, 512), (2, 32)]:
        seconds = best_of(lambda level=level, runs=runs: simulate(level, 0, runs), times)
        line(f"prototype, strict doubles, level {level}", runs, STEPS_OF_PROTOTYPE[level], seconds)
    compiler = shutil.which("gcc")
    if compiler is None:
        print("no gcc here")
        return
    with tempfile.TemporaryDirectory() as place:
        program = f"{place}/reference"
        flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp"]
        defined = ["-DPOLYEXP", "-DREAL=double", "-DW=8", "-DMAIN"]
        source = str(folder / "reference.c")
        subprocess.run([compiler, *flags, *defined, source, "-o", program, "-lm"], check=True)
        print("reference.c with gcc, by its own clock on the wall:")
        for level, runs in [("1", "512"), ("2", "32")]:
            for _ in range(times):
                subprocess.run([program, "2", level, runs, "1"], check=True)


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--prototype", type=Path, help="folder with run_spmd.py and reference.c")
    options.add_argument("--quick", action="store_true", help="once each, few runs")
    given = options.parse_args()
    times, size = (1, 8) if given.quick else (3, 32)
    model = load(str(SYNTHETIC))

    print("levels")
    for depth, runs in [(1, 16 * size), (2, size)]:
        compiled = measure(
            f"level {depth}, 3 types, horizon 6, inner 3", with_minds(model, depth), runs, times
        )
    if given.prototype:  # at once, so that both meet the same machine
        measure_prototype(given.prototype, times)
    took = sum(compile_model(with_minds(model, 2), cache=False).seconds.values())
    print(f"{'compiling level 2, nothing cached':44}{took:16.2f} s")

    print("runs (level 1)")
    for runs in (size, 4 * size, 16 * size):
        measure(f"{runs} runs", with_minds(model, 1), runs, times)
    print("horizon (level 1)")
    for horizon in (2, 4, 6, 8):
        measure(f"horizon {horizon}", with_minds(model, 1, horizon), 8 * size, times)
    print("horizon (level 2, inner 2)")
    for horizon in (2, 4, 6):
        measure(f"horizon {horizon}", with_minds(model, 2, horizon, 2), size, times)
    print("types (level 1): each actor has the square of their number of pictures")
    for types in (1, 2, 3):
        measure(f"{types} types", with_minds(model, 1, types=types), 8 * size, times)

    print("threads (level 1)")
    compiled = compile_model(with_minds(model, 1))
    pieces = [inputs_of(with_minds(model, 1), 16 * size)] * 2
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            seconds = best_of(
                lambda pool=pool: list(pool.map(compiled.run, pieces)), times, time.perf_counter
            )
        print(f"{threads} threads{'':35}{32 * size:6} runs {32 * size / seconds:10.1f} runs/s")


if __name__ == "__main__":
    main()
