"""Models made at random, as files, through every command: what ends in a traceback or says no number.

    python benchmarks/fuzz_commands.py --first 0 --models 2000 --processes 2

Prints every fault with the seed of its model and how often each command ended how. Exit code 1 where there is
one. `tests/every_command.py` says what is asked and what must hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


def tried(seed: int) -> tuple[int, list[str], Counter[tuple[str, int]]]:
    """What is wrong with one model, and how its commands ended."""
    import every_command
    from written_models import write

    ended: Counter[tuple[str, int]] = Counter()
    real = every_command.main.main

    def counting(*args: object, **extra: object) -> None:
        words = list(extra.get("args") or args[0])  # type: ignore[call-overload]
        try:
            real(*args, **extra)
        except SystemExit as end:
            ended[words[0], int(end.code or 0)] += 1
            raise

    every_command.main.main = counting  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as folder:
            wrong = [str(w) for w in every_command.wrongs(write(seed, Path(folder)))]
    except Exception as error:
        wrong = [f"the model could not be written: {type(error).__name__}: {error}"]
    finally:
        every_command.main.main = real  # type: ignore[method-assign]
    return seed, wrong, ended


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--models", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    began, faults, ended = time.perf_counter(), 0, Counter()
    seeds = range(given.first, given.first + given.models)
    with ProcessPoolExecutor(given.processes, max_tasks_per_child=50) as pool:
        for seed, wrong, ends in pool.map(tried, seeds):
            ended += ends
            faults += len(wrong)
            for text in wrong:
                print(f"seed {seed}: {text}\n", flush=True)
    minutes = (time.perf_counter() - began) / 60
    print(f"{given.models} models, {sum(ended.values())} commands, {faults} faults, {minutes:.0f} minutes")
    for command in sorted({name for name, _ in ended}):
        print(
            f"  {command}: "
            + ", ".join(f"{code}: {n}" for (c, code), n in sorted(ended.items()) if c == command)
        )
    return int(faults > 0)


if __name__ == "__main__":
    raise SystemExit(main())
