"""What of the flagship's conclusions is reasoned and what is assumed?

`python benchmarks/flagship_reasons.py [--scenarios N] [--depth D] [--months M]` prints a Markdown table.
Each row is a direction of the account, as a difference between two variants, taken twice: with reasoning, and
with habit alone (both precisions 0), under the same luck. What habit alone shows is assumed, or follows from
stocks and direct effects; what it does not show comes from choice. `--depth 1` takes away foresight of what
the other would reply.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import xarray as xr

from offramp.language.check import load
from offramp.model import Model
from offramp.runs.design import Design
from offramp.runs.simulate import simulate

HABIT = {"us_precision": 0.0, "iran_precision": 0.0}
ATTACKS = ("attack_shipping", "attack_partners", "down_drone", "missile_salvo")
NUCLEAR = ("expand_enrichment", "raise_level", "limit_inspections")
FORCE = ("strike_militia", "kill_commander", "strike_iran")
Statistic = Callable[[xr.Dataset], np.ndarray]


@dataclass(frozen=True)
class Variant:
    """A policy, with values set and misreadings corrected (`actor` or `actor/parameter`)."""

    policy: str = "baseline"
    values: tuple[tuple[str, float], ...] = ()
    corrected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    claim: str
    title: str
    first: Variant
    second: Variant
    statistic: Statistic


def of(policy: str = "baseline", *corrected: str, **values: float) -> Variant:
    return Variant(policy, tuple(sorted(values.items())), corrected)


@cache
def flagship(corrected: tuple[str, ...], depth: int | None, months: int) -> Model:
    model = load("us-iran-2020")
    actors = []
    for actor in model.actors:
        right = actor.name in corrected
        kept = [m for m in actor.misreads if not right and f"{actor.name}/{m.parameter}" not in corrected]
        actor = replace(actor, misreads=tuple(kept), sees=() if right else actor.sees)
        if right:
            actor = replace(actor, beliefs=())
        if depth is not None and actor.name in ("washington", "tehran"):
            actor = replace(actor, depth=depth, inner_horizon=actor.inner_horizon if depth > 1 else None)
        actors.append(actor)
    return replace(model, actors=tuple(actors), steps=months)


def acts(actor: str, *names: str, first: int = 0, last: int | None = None) -> Statistic:
    """Share of a future's months, in percent, in which the actor did one of the acts."""

    def share(data: xr.Dataset) -> np.ndarray:
        actions = [a.name for a in next(a for a in load("us-iran-2020").actors if a.name == actor).actions]
        done = data["action"].sel(actor=actor).values[:, first:last]
        shares: np.ndarray = 100 * np.isin(done, [actions.index(n) for n in names]).mean(axis=1)
        return shares

    return share


def ever(actor: str, *names: str) -> Statistic:
    """Whether, in percent, the actor did one of the acts in any month."""
    return lambda data: 100.0 * (acts(actor, *names)(data) > 0)


def level(variable: str, month: int = -1) -> Statistic:
    def value(data: xr.Dataset) -> np.ndarray:
        values: np.ndarray = data[variable].values[:, month]
        return values

    return value


def came(outcome: str) -> Statistic:
    return lambda data: 100.0 * (data["outcome_step"].sel(outcome=outcome).values >= 0)


# What mutes politics at home: nothing to lose before one's own public.
MUTED_WASHINGTON = {"us_face": 0.0, "us_vote": 0.0, "us_answer": 0.0, "us_show": 0.0}
MUTED_TEHRAN = {"iran_face": 0.0, "iran_pride": 0.0, "iran_answer": 0.0, "succession": 0.0}
ROWS = (
    Row("C3", "Tehran gives in: press / hold", of("press_harder"), of("hold"), came("capitulation")),
    Row("C4", "nuclear steps: press / ease", of("press_harder"), of("ease"), acts("tehran", *NUCLEAR)),
    Row("C4", "attacks: press / ease", of("press_harder"), of("ease"), acts("tehran", *ATTACKS)),
    Row(
        "C6",
        "attacks, months 2 to 4: commander killed / hold",
        of("kill_commander"),
        of("hold"),
        acts("tehran", *ATTACKS, first=2, last=5),
    ),
    Row(
        "C6",
        "salvos, months 2 to 4: commander killed / hold",
        of("kill_commander"),
        of("hold"),
        acts("tehran", "missile_salvo", first=2, last=5),
    ),
    Row(
        "C7",
        "coalition: waivers revoked / kept",
        of("revoke_waivers"),
        of("keep_waivers"),
        level("coalition"),
    ),
    Row(
        "C9",
        "oversight: waivers revoked / kept",
        of("revoke_waivers"),
        of("keep_waivers"),
        level("oversight"),
    ),
    Row("C10", "hard-liners: press / ease", of("press_harder"), of("ease"), level("hardliners")),
    Row(
        "C11",
        "new sanctions: Washington sees true / as it does",
        of("baseline", "washington"),
        of(),
        acts("washington", "press_harder"),
    ),
    Row(
        "C11",
        "offers: Washington sees true / as it does",
        of("baseline", "washington"),
        of(),
        acts("washington", "direct_offer", "mediated_offer", "return_offer", "ease"),
    ),
    Row(
        "C12",
        "attacks: Tehran sees true / as it does",
        of("baseline", "tehran"),
        of(),
        acts("tehran", *ATTACKS),
    ),
    Row("C13", "attacks: public overtures / hold", of("summit_offer"), of("hold"), acts("tehran", *ATTACKS)),
    Row(
        "C14",
        "American strikes, September to November: full weight of the election / none",
        of(us_vote=2),
        of(us_vote=0),
        acts("washington", *FORCE, first=3, last=6),
    ),
    Row("C16", "salvos: revenge / none", of(), of(avenge_weight=0), acts("tehran", "missile_salvo")),
    Row(
        "C17",
        "interim agreement: through others / face to face",
        of("mediated_interim_offer"),
        of("direct_offer"),
        came("interim_deal"),
    ),
    Row(
        "C18",
        "attacks, first three months: agreement in force / none",
        of("hold", interim=1),
        of("hold"),
        acts("tehran", *ATTACKS, last=3),
    ),
    Row("C19", "tension: gestures / hold", of("gestures"), of("hold"), level("tension", 3)),
    Row(
        "C22",
        "summit taken / interim terms taken through others",
        of("summit_offer"),
        of("mediated_interim_offer"),
        ever("tehran", "accept_summit", "accept_interim"),
    ),
    Row(
        "C23",
        "American strikes: politics at home muted in Washington / not",
        of("baseline", **MUTED_WASHINGTON),
        of(),
        acts("washington", *FORCE),
    ),
    Row(
        "C23",
        "attacks: politics at home muted in Tehran / not",
        of("baseline", **MUTED_TEHRAN),
        of(),
        acts("tehran", *ATTACKS),
    ),
    Row(
        "M13",
        "new sanctions: faith 90 / 30",
        of(washington_faith=90),
        of(washington_faith=30),
        acts("washington", "press_harder"),
    ),
    Row("M13", "attacks: faith 90 / 30", of(tehran_faith=90), of(tehran_faith=30), acts("tehran", *ATTACKS)),
)


@cache
def simulated(variant: Variant, habit: bool, depth: int | None, months: int, scenarios: int) -> xr.Dataset:
    model = flagship(variant.corrected, 1 if habit else depth, months)
    overrides = dict(variant.values) | (HABIT if habit else {})
    design = Design(model, [variant.policy], scenarios, seed=20200601, overrides=overrides)
    return simulate(design).isel(policy=0)


def difference(row: Row, habit: bool, depth: int | None, months: int, scenarios: int) -> tuple[float, ...]:
    """Means of the two variants and half the 95 % interval of their paired difference."""
    values = [
        row.statistic(simulated(v, habit, depth, months, scenarios)).astype(float)
        for v in (row.first, row.second)
    ]
    error = 1.96 * np.std(values[0] - values[1]) / np.sqrt(scenarios)
    return float(values[0].mean()), float(values[1].mean()), float(error)


def judged(reasoned: float, by_habit: float, error: float) -> str:
    """How much of the difference habit alone shows."""
    if abs(reasoned) <= error:
        return "no measurable difference"
    share = by_habit / reasoned
    if share > 0.8:
        return "assumed, or stocks alone"
    if share > 0.5:
        return "mostly assumed"
    if share > 0.2:
        return "mostly choice"
    return "choice"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenarios", type=int, default=400)
    parser.add_argument("--months", type=int, default=7)
    parser.add_argument("--depth", type=int, help="think at most so deep (faster)")
    options = parser.parse_args()
    print("| | direction | with reasoning | difference | habit alone | difference | so it is |")
    print("|---|---|---|---|---|---|---|")
    for row in ROWS:
        a, b, error = difference(row, False, options.depth, options.months, options.scenarios)
        c, d, _ = difference(row, True, options.depth, options.months, options.scenarios)
        print(
            f"| {row.claim} | {row.title} | {a:.3g} / {b:.3g} | {a - b:+.2g} ± {error:.1g} |"
            f" {c:.3g} / {d:.3g} | {c - d:+.2g} | {judged(a - b, c - d, error)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
