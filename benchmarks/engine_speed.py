"""How fast the compiled engine is, and where the time goes.

    python benchmarks/engine_speed.py [MODEL]

All figures of one call are taken in one process, so their ratios hold on whatever machine it is; times are
the best of several. A *look-ahead step* is one evaluation of all the dynamics inside an actor's look-ahead.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from offramp.engine.compiled.compile import CompiledModel, compile_model
from offramp.engine.depths import steps_ahead
from offramp.engine.inputs import Inputs
from offramp.language.check import load
from offramp.model import Model
from offramp.runs.design import Design

FIRST_RESULT = """
import sys
from offramp.language.check import load
from offramp.runs.design import Design
from offramp.engine.compiled.compile import compile_model
model = load(sys.argv[1])
compile_model(model).run(Design(model, scenarios=100).inputs("baseline"))
"""


def best(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of some calls."""
    results = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        results.append(time.perf_counter() - began)
    return min(results)


def steps_ahead_per_run(model: Model) -> int:
    """Evaluations of the dynamics in look-aheads, if every action is always available."""
    ahead = [len(a.actions) * steps_ahead(a, model.step_length) for a in model.actors if a.depth]
    return model.steps * sum(ahead)


def part(inputs: Inputs, which: slice) -> Inputs:
    rows = {n: getattr(inputs, n)[which] for n in ("scenario", "parameters", "initial", "misread")}
    return replace(inputs, **rows)


def report_speed(name: str, model: Model, runs: int) -> None:
    compiled = compile_model(model, cache=False)
    inputs = Design(model, scenarios=runs, seed=1).inputs("baseline")
    seconds = best(lambda: compiled.run(inputs)) / runs
    steps = steps_ahead_per_run(model)
    each = f"{seconds / steps * 1e9:8.1f} ns a look-ahead step ({steps} a run)" if steps else ""
    print(f"{name:28} {1 / seconds:9.0f} runs/s a core {each}")


def report_widths(model: Model, runs: int = 256) -> None:
    inputs = Design(model, scenarios=runs, seed=1).inputs("baseline")
    steps = steps_ahead_per_run(model) or model.steps
    for width in (1, 2, 4, 8, 16):
        compiled = compile_model(model, width=width, cache=False)
        seconds = best(lambda c=compiled: c.run(inputs), 3) / runs  # type: ignore[misc]
        print(f"vectors of {width:2}                {seconds / steps * 1e9:8.1f} ns a step")


def report_threads(compiled: CompiledModel, runs: int = 4096, chunk: int = 256) -> None:
    inputs = Design(compiled.model, scenarios=runs, seed=1).inputs("baseline")
    pieces = [part(inputs, slice(i, i + chunk)) for i in range(0, runs, chunk)]

    def run(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(compiled.run, pieces))

    one, two = (best(lambda t=t: run(t), 3) for t in (1, 2))  # type: ignore[misc]
    print(f"two threads                  {one / two:8.2f} times one, on {os.cpu_count()} processors")


def report_compile_time(model: Model) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OFFRAMP_CACHE"] = folder
        cold = compile_model(model)
        stages = ", ".join(f"{k} {v:.2f}" for k, v in cold.seconds.items() if v >= 0.005)
        print(f"compiling                    {sum(cold.seconds.values()):8.2f} s ({stages})")
        print(f"from the cache               {sum(compile_model(model).seconds.values()):8.2f} s")
        file = Path(folder) / "edited.yaml"

        def edited() -> None:
            file.write_text(f"{model.text}\n# {time.perf_counter()}\n")
            os.environ["OFFRAMP_CACHE"] = str(Path(folder) / str(time.perf_counter()))
            subprocess.run([sys.executable, "-c", FIRST_RESULT, str(file)], check=True)

        print(
            f"from an edit to a result     {best(edited, 3):8.2f} s (a new process, nothing cached, 100 runs)"
        )


def main(path: str) -> None:
    model = load(path)
    sizes = f"{len(model.variables)} variables, {sum(len(a.actions) for a in model.actors)} actions"
    print(f"{model.name}: {sizes}, {len(model.events)} events, {model.steps} steps")
    report_speed("as it is", model, 2048)
    report_speed("all by habit (depth 0)", all_by_habit(model), 8192)
    report_widths(model)
    report_threads(compile_model(model))
    report_compile_time(model)


def all_by_habit(model: Model) -> Model:
    return replace(model, actors=tuple(replace(a, depth=0) for a in model.actors))


if __name__ == "__main__":
    np.seterr(all="ignore")
    main(sys.argv[1] if len(sys.argv) > 1 else "us-iran-2020")
