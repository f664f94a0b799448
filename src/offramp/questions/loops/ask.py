"""Feedback loops of a model: which there are, whether they reinforce or balance, and how strongly.

The gain of a loop is the product of the gains of its links (Richardson 1995; Kampmann 2012, *System
Dynamics Review* 28). Each stock on the way integrates once, so a loop of m stocks has a gain per month to
the power m; its m-th root is the rate at which the loop, alone, would grow (reinforcing) or turn back
(balancing): for a ring of m stocks it is the modulus of the eigenvalues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Literal

import numpy as np

from offramp.engine.inputs import Floats
from offramp.errors import UsageError
from offramp.given import need
from offramp.questions.loops.links import Links, Node, links_at
from offramp.runs.design import Design

LONGEST = 9  # things in a loop
MOST_LOOKED_AT = 200_000
WEAKEST = 0.002  # of its target's spread that a link must move, by one spread of its source, to be followed
ALIKE = 0.5  # loops that share more of their things than this, and their sign, are variants of one
SURE = 0.9  # share of futures in which a loop must have one sign to be called by it


@dataclass(frozen=True)
class Strength:
    """Rate of a loop at a date, per month, over futures: positive where it reinforces."""

    date: date
    median: float
    low: float  # 5 %
    high: float  # 95 %
    reinforcing: float  # share of the futures in which it turns at all


@dataclass(frozen=True)
class Loop:
    """A closed chain of causes.

    Attributes
    ----------
    name : R1, R2 ... for reinforcing, B1 ... for balancing, M1 ... where futures differ; strongest first
    nodes : in the order of cause and effect; begins with its first stock in the file
    signs : +1 or -1 of the link that leaves each node (by its median at the first date)
    strength : one for each date
    variants : how many weaker loops go much the same way, with the same effect
    """

    name: str
    kind: Literal["reinforcing", "balancing", "mixed"]
    nodes: tuple[Node, ...]
    signs: tuple[int, ...]
    strength: tuple[Strength, ...]
    variants: int


@dataclass(frozen=True)
class Loops:
    """The strongest loops of a model; `as_dict()` is what `offramp loops --format json` prints."""

    model: str
    policy: str
    dates: tuple[date, ...]
    runs: tuple[int, ...]
    loops: tuple[Loop, ...]
    looked_at: int
    complete: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "policy": self.policy,
            "dates": [d.isoformat() for d in self.dates],
            "runs": list(self.runs),
            "looked_at": self.looked_at,
            "complete": self.complete,
            "loops": [_loop_dict(loop) for loop in self.loops],
        }


def loops(
    design: Design,
    at: Sequence[date] | None = None,
    *,
    most: int = 8,
    longest: int = LONGEST,
    progress: Callable[[int, int], None] | None = None,
) -> Loops:
    """The strongest feedback loops under the design's first policy, at given dates.

    Parameters
    ----------
    design : its scenarios are the futures over which gains are measured
    at : dates; None for the start and the middle of the horizon
    most : how many loops to give
    longest : most things in a loop
    progress : called as progress(dates done, dates in all)

    Raises
    ------
    UsageError
        If a date is outside the horizon, a number makes no sense, or networkx is missing.
    """
    need(design, "Design")
    if most < 1 or longest < 2:
        raise UsageError("a loop has at least 2 things, and at least 1 loop must be asked for.")
    model = design.model
    days = sorted(set(at)) if at else [model.dates[0], model.dates[model.steps // 2]]
    measured = []
    for i, day in enumerate(days):
        measured.append(links_at(design, day))
        if progress is not None:
            progress(i + 1, len(days))
    rings, looked_at, complete = _rings(measured, longest)
    return Loops(
        model.name,
        design.policies[0],
        tuple(m.date for m in measured),
        tuple(m.runs for m in measured),
        _strongest(measured, rings, most),
        looked_at,
        complete,
    )


def _rings(measured: Sequence[Links], longest: int) -> tuple[list[tuple[str, ...]], int, bool]:
    """Closed chains of links that are not negligible at some date; how many were looked at, and if all."""
    try:
        import networkx as nx
    except ImportError as error:
        raise UsageError("loops need networkx: pip install 'offramp[questions]'.") from error
    graph = nx.DiGraph()
    for links in measured:
        for (source, target), gain in links.gain.items():
            if source != target and _matters(links, source, target, gain):
                graph.add_edge(source, target)
    order = {name: i for i, name in enumerate(measured[0].nodes)}
    kinds = measured[0].nodes
    found = list(islice(nx.simple_cycles(graph, length_bound=longest), MOST_LOOKED_AT + 1))
    complete = len(found) <= MOST_LOOKED_AT
    rings = []
    for ring in found[:MOST_LOOKED_AT]:
        stocks = [n for n in ring if kinds[n].kind == "stock"]
        if stocks:
            first = ring.index(min(stocks, key=order.__getitem__))
            rings.append((*ring[first:], *ring[:first]))
    return sorted(rings, key=lambda r: [order[n] for n in r]), min(len(found), MOST_LOOKED_AT), complete


def _matters(links: Links, source: str, target: str, gain: Floats) -> bool:
    """Whether one spread of the source moves the target by a part of its own spread (acts: of certainty)."""
    size = _typical(np.abs(gain))
    size *= links.scale.get(source, 1.0) / links.scale.get(target, 1.0)
    return size > WEAKEST


def _typical(values: Floats) -> float:
    """Mean over futures, those that say nothing left out."""
    finite = values[np.isfinite(values)]
    return float(np.mean(finite)) if len(finite) else 0.0


def _strongest(measured: Sequence[Links], rings: list[tuple[str, ...]], most: int) -> tuple[Loop, ...]:
    """The rings with the greatest rates; those much like a stronger one only count as its variants."""
    nodes = measured[0].nodes
    rates = [[_rates(links, ring) for links in measured] for ring in rings]
    medians = [[_median(r) for r in by_date] for by_date in rates]
    weight = [max((abs(m) for m in by_date), default=0.0) for by_date in medians]
    heads: list[int] = []
    variants: dict[int, int] = {}
    for i in sorted(range(len(rings)), key=lambda i: (-weight[i], i)):
        if weight[i] == 0:
            break
        same = (h for h in heads if _alike(rings[h], rings[i]) and _same_sign(medians[h], medians[i]))
        like = next(same, None)
        if like is not None:
            variants[like] += 1
        elif len(heads) < most:
            heads.append(i)
            variants[i] = 0
    counts = {"reinforcing": 0, "balancing": 0, "mixed": 0}
    chosen = []
    for i in heads:
        strength = tuple(_strength(links.date, r) for links, r in zip(measured, rates[i], strict=True))
        kind = _kind(strength)
        counts[kind] += 1
        signs = tuple(_sign(measured, a, b) for a, b in _steps(rings[i]))
        things = tuple(nodes[n] for n in rings[i])
        name = f"{kind[0].upper()}{counts[kind]}"
        chosen.append(Loop(name, kind, things, signs, strength, variants[i]))
    return tuple(chosen)


def _alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two rings share most of their things (Jaccard's index)."""
    a, b = set(one), set(other)
    return len(a & b) > ALIKE * len(a | b)


def _same_sign(one: Sequence[float], other: Sequence[float]) -> bool:
    return max(one, key=abs) * max(other, key=abs) > 0


def _steps(ring: Sequence[str]) -> list[tuple[str, str]]:
    return [(ring[i], ring[(i + 1) % len(ring)]) for i in range(len(ring))]


def _rates(links: Links, ring: Sequence[str]) -> Floats:
    """sign(g)·|g|^(1/m) in every future, per month: g the product of gains, m the stocks on the way."""
    product: Any = 1.0
    for step in _steps(ring):
        if step not in links.gain:
            return np.zeros(1)
        product = product * links.gain[step]
    product = product[np.isfinite(product)]
    stocks = sum(links.nodes[n].kind == "stock" for n in ring)
    return np.asarray(np.sign(product) * np.abs(product) ** (1 / stocks)) if len(product) else np.zeros(1)


def _median(rates: Floats) -> float:
    return float(np.median(rates))


def _strength(on: date, rates: Floats) -> Strength:
    low, high = np.quantile(rates, [0.05, 0.95])
    moving = rates[rates != 0]
    share = float(np.mean(moving > 0)) if len(moving) else 0.0
    return Strength(on, _median(rates), float(low), float(high), share)


def _kind(strength: Sequence[Strength]) -> Literal["reinforcing", "balancing", "mixed"]:
    moving = [s for s in strength if s.low != 0 or s.high != 0]
    if moving and all(s.reinforcing >= SURE for s in moving):
        return "reinforcing"
    return "balancing" if all(s.reinforcing <= 1 - SURE for s in moving) else "mixed"


def _sign(measured: Sequence[Links], source: str, target: str) -> int:
    for links in measured:
        gain = links.gain.get((source, target))
        if gain is not None and (found := np.sign(np.nanmedian(gain))):
            return int(found)
    return 1


def _loop_dict(loop: Loop) -> dict[str, Any]:
    names = [n.name for n in loop.nodes]
    return {
        "name": loop.name,
        "kind": loop.kind,
        "nodes": [{"name": n.name, "kind": n.kind, "title": n.title} for n in loop.nodes],
        "links": [
            {"from": a, "to": b, "sign": s} for (a, b), s in zip(_steps(names), loop.signs, strict=True)
        ],
        "gain": [
            {
                "date": s.date.isoformat(),
                "per_month": s.median,
                "low": s.low,
                "high": s.high,
                "share_reinforcing": s.reinforcing,
            }
            for s in loop.strength
        ],
        "variants": loop.variants,
    }
