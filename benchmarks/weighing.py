"""How much less luck there is in differences of chances that are weighed, and whether their intervals hold.

    python benchmarks/weighing.py [MODEL] [--policies ease press_harder ...] [--runs 4000]

Runs each policy on the same futures. Of each outcome that has a chance of its own it prints what share of its
luck is taken out, and how many times less the differences vary than counted ones; then, for samples of those
futures drawn with replacement, how often the 90 % interval holds the difference of all, and how wide it is
beside the counted one (Tango's).
"""

from __future__ import annotations

import argparse

import numpy as np

import offramp
from offramp.analysis import measures
from offramp.analysis.paired import share_difference
from offramp.analysis.weighing import Weighed, weigh
from offramp.runs.dataset import section

SIZES = (100, 300, 1000)
SAMPLES = 300


def told(came: np.ndarray, likely: np.ndarray, seed: int) -> str:
    """A line for one outcome under one policy, held against the first."""
    holds = ~np.isnan(came).any(axis=0)
    came, likely = came[:, holds], likely[:, holds]
    whole = weigh(came, likely)
    counted, left = (float(np.var(x[1] - x[0])) for x in (came, whole.left))
    line = f"{whole.taken:6.2f}{counted / left if left else 1.0:8.1f}"
    rng = np.random.default_rng(seed)
    for size in SIZES:
        held, width, of_count = 0, 0.0, 0.0
        for _ in range(SAMPLES):
            drawn = rng.integers(0, came.shape[1], size)
            found = weigh(came[:, drawn], likely[:, drawn])
            # All futures have luck of their own left: the truth is their mean with the same share taken out.
            truth = Weighed(came, came - found.taken * (came - likely), found.taken).left.mean(axis=1)
            interval = found.difference()
            held += interval.low <= truth[1] - truth[0] <= interval.high
            plain = share_difference(came[1, drawn], came[0, drawn])
            width, of_count = width + interval.high - interval.low, of_count + plain.high - plain.low
        line += f"{held / SAMPLES:9.2f}{width / of_count:6.2f}"
    return line


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", default="us-iran-2020")
    parser.add_argument(
        "--policies", nargs="+", default=["ease", "press_harder", "revoke_waivers", "gestures"]
    )
    parser.add_argument("--runs", type=int, default=4000)
    chosen = parser.parse_args()
    model = offramp.load(chosen.model)
    design = offramp.Design(model, ["baseline", *chosen.policies], scenarios=chosen.runs, seed=9)
    runs = offramp.simulate(design, variables=[], chances=True)
    print(f"{'':38} taken  spared" + "".join(f"   of {n:4} wide" for n in SIZES))
    for name, about in section(runs, "outcomes").items():
        if about["kind"] in ("rate", "ladder"):
            came, likely = measures.came(runs, name), measures.likely(runs, name)
            for row, policy in enumerate(design.policies[1:], 1):
                print(f"{name:22}{policy:16}{told(came[[0, row]], likely[[0, row]], row)}", flush=True)


if __name__ == "__main__":
    main()
