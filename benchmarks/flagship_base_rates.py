"""The table of "Beside base rates" in docs/crises/us-iran-2020.md: how the model acts and how crises went.

`python benchmarks/flagship_base_rates.py [--scenarios N]`: futures drawn from the priors. Base rates are
counts `k` of `n` with Wilson intervals of 95 %, of the sources that the page names; the model's column is the
same share of its futures.
"""

from __future__ import annotations

import argparse
import json
import math

import numpy as np
import xarray as xr

from offramp.language.check import load
from offramp.runs.design import Design
from offramp.runs.simulate import simulate

END_OF_2020 = 7
HOME_SOIL = 3  # position of the rung
STRIKES = ("strike_militia", "kill_commander", "strike_iran")
ATTACKS = ("attack_shipping", "attack_partners", "down_drone", "missile_salvo", "unleash_militias")
# From crises of the ICB list (development half, since 1945) and MID 5.0: see the page for the wording.
ICB_REPLY, ICB_WAR_IF_SERIOUS, MID_WAR = (80, 144), (26, 73), (30, 1739)
ICB_ECONOMIC = (3, 13)
ICB_MEDIATED, ICB_NOT_MEDIATED = (41, 67), (24, 119)


def wilson(k: int, n: int) -> tuple[float, float]:
    """Interval of 95 % for a share (Wilson 1927)."""
    z, p = 1.959964, k / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def did(data: xr.Dataset, actor: str, *acts: str) -> np.ndarray:
    """Whether the actor did one of the acts, by future and step."""
    names = json.loads(data["action"].attrs["actions"])[actor]
    taken: np.ndarray = np.isin(data["action"].sel(actor=actor).values, [names.index(a) for a in acts])
    return taken


def answered(cause: np.ndarray, answer: np.ndarray, delays: tuple[int, ...]) -> float:
    """Share of causes answered after one of the delays, in steps; causes too late to tell left out."""
    steps = cause.shape[1] - max(delays)
    replied = np.zeros((cause.shape[0], steps), dtype=bool)
    for delay in delays:
        replied |= answer[:, delay : delay + steps]
    share: float = replied[cause[:, :steps]].mean()
    return share


def log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenarios", type=int, default=2000)
    options = parser.parse_args()
    model = load("us-iran-2020")
    offers = ["mediated_interim_offer", "direct_offer"]
    every = simulate(Design(model, ["baseline", *offers], scenarios=options.scenarios, seed=20200601))
    data = every.sel(policy="baseline")

    def line(what: str, rate: tuple[int, int], source: str, share: float) -> None:
        low, high = wilson(*rate)
        print(
            f"| {what} | {rate[0]} of {rate[1]}: {rate[0] / rate[1]:.0%} ({low:.0%} to {high:.0%}), {source} "
            f"| {share:.1%} |"
        )

    print("| | base rate | the model |\n|---|---|---|")
    rockets = data["event_count"].sel(event="deadly_rockets").values > 0
    force, attacks = did(data, "washington", *STRIKES), did(data, "tehran", *ATTACKS)
    blow = did(data, "washington", "kill_commander", "strike_iran")
    replied = answered(rockets, force, (0, 1))
    line("Rockets kill Americans: force in the same month or the next", ICB_REPLY, "ICB", replied)
    print(f"| ... in the same month | | {answered(rockets, force, (0,)):.1%} |")
    going = data["action"].sel(actor="washington").values >= 0
    print(f"| Force in any month | | {force[going].mean():.1%} |")
    salvos = did(data, "tehran", "missile_salvo")
    replied = answered(blow, salvos, (1, 2))
    line("A commander killed or Iran struck: a salvo within two months", ICB_REPLY, "ICB", replied)
    print(f"| ... or any attack | | {answered(blow, attacks, (1, 2)):.1%} |")
    pressed = did(data, "washington", "press_harder")
    usual = attacks[:, 1:][data["action"].sel(actor="tehran").values[:, 1:] >= 0].mean()
    line("New sanctions: attacks in the month after", ICB_ECONOMIC, "ICB", answered(pressed, attacks, (1,)))
    print(f"| Attacks in any month | | {usual:.1%} |")
    opened = data["ladder_ending"].values[..., 0] > 0
    war = data["ladder_ending"].values[..., 0] == 4
    rung = data["ladder_rung"].values[..., 0]
    line("Exchanges that end in war, of all", MID_WAR, "MID", war.sum() / opened.sum())
    serious = war | (rung >= HOME_SOIL)
    share = war.sum() / serious.sum()
    line("Wars, of exchanges that reach home soil or war", ICB_WAR_IF_SERIOUS, "ICB", share)
    taken = []
    for policy, title, rate in zip(
        offers,
        ("Agreement where others carry the terms", "Agreement face to face"),
        (ICB_MEDIATED, ICB_NOT_MEDIATED),
        strict=True,
    ):
        step = every["outcome_step"].sel(policy=policy, outcome="interim_deal").values
        taken.append(float(((step >= 0) & (step < END_OF_2020)).mean()))
        line(title, rate, "ICB", taken[-1])
    apart = log_odds(ICB_MEDIATED[0] / ICB_MEDIATED[1]) - log_odds(ICB_NOT_MEDIATED[0] / ICB_NOT_MEDIATED[1])
    print(f"| Log-odds between the two | {apart:.1f} | {log_odds(taken[0]) - log_odds(taken[1]):.1f} |")


if __name__ == "__main__":
    main()
