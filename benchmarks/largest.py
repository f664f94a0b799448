"""The largest model that the language takes: 200 variables, 8 actors of 24 actions, horizon 6.

    python benchmarks/largest.py [--runs 32] [--levels 0 1 2]

Prints how long checking and compiling take with nothing cached, and what a run of 12 months costs one core,
at each level of reasoning. Nothing in it means anything.
"""

from __future__ import annotations

import argparse
import time

import offramp
from offramp.engine.compiled.compile import compile_model
from offramp.model import Model

VARIABLES, ACTORS, ACTIONS = 200, 8, 24


def written(level: int) -> str:
    """The model file."""
    lines = [
        "model: {name: largest, illustrative: true}",
        "horizon: {start: 2020-01-01, step: month, steps: 12}",
        "variables:",
    ]
    for i in range(VARIABLES):
        near, far = (i + 1) % VARIABLES, (7 * i + 3) % VARIABLES
        lines.append(
            f"  v{i}: {{initial: {i % 7}, change: 0.1 * (v{near} - v{i}) / month + 0.01 * v{far} / month}}"
        )
    lines.append("actors:")
    for a in range(ACTORS):
        lines.append(
            f"  a{a}: {{depth: {level}, horizon: 6, precision: 0.5, utility: {{u: v{a} - v{a + 1}}},"
        )
        lines.append("    actions: {wait: {},")
        for k in range(1, ACTIONS):
            one, other = (a * ACTIONS + k) % VARIABLES, (a * ACTIONS + k + 5) % VARIABLES
            end = "}}" if k == ACTIONS - 1 else ","
            lines.append(f"      act{k}: {{effects: {{v{one}: {k / 10}, v{other}: -0.2}}}}{end}")
    lines.append("outcomes: {war: {rate: 0.001 * v0 ** 2 / month, absorbing: true}, none: {otherwise: true}}")
    return "\n".join(lines)


def measured(level: int, runs: int) -> tuple[float, float, float]:
    """Seconds to check, seconds to compile, milliseconds a run on one core."""
    text, began = written(level), time.perf_counter()
    model: Model = offramp.loads(text)
    checked = time.perf_counter()
    compiled = compile_model(model, cache=False)
    ready = time.perf_counter()
    inputs = offramp.Design(model, scenarios=runs).inputs("baseline")
    begun = time.process_time()
    compiled.run(inputs)
    return checked - began, ready - checked, 1e3 * (time.process_time() - begun) / runs


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=32)
    parser.add_argument("--levels", type=int, nargs="+", default=[0, 1, 2])
    chosen = parser.parse_args()
    print("level   check, s   compile, s   ms a run")
    for each in chosen.levels:
        check, making, run = measured(each, chosen.runs)
        print(f"{each:5}{check:11.2f}{making:13.2f}{run:11.1f}")
