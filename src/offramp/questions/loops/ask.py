"""Feedback loops of a model: which there are, whether they reinforce or balance, and how strongly.

The gain of a loop is the product of the gains of its links (Richardson 1995; Kampmann 2012, *System
Dynamics Review* 28). Each stock on the way integrates once, so a loop of m stocks has a gain per month to
the power m; its m-th root is the rate at which the loop, alone, would grow (reinforcing) or turn back
(balancing): for a ring of m stocks it is the modulus of the eigenvalues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, ClassVar, Literal

import numpy as np

from offramp.analysis.answer import Answer, keyed
from offramp.engine.inputs import Floats
from offramp.errors import UsageError
from offramp.given import library, need
from offramp.questions.loops import LONGEST
from offramp.questions.loops.links import Links, Node, links_at
from offramp.questions.question import Request
from offramp.questions.runner import head_of
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How

MOST_LOOKED_AT = 200_000
WEAKEST = 0.002  # of its target's spread that a link must move, by one spread of its source, to be followed
ALIKE = 0.5  # loops that share more of their things than this, and their sign, are variants of one
SURE = 0.9  # share of futures in which a loop must have one sign to be called by it


# What the intervals hold.
INTERVALS = {
    "gain": "the futures: nine in ten of them have a rate between `low` and `high`. They differ in their "
    "uncertain numbers and in luck; no sampling error is meant."
}

Kind = Literal["reinforcing", "balancing", "mixed"]

LEAST_TOLD = 0.01  # a month, of a loop that text and pictures show


@dataclass(frozen=True)
class Gain:
    """Rate of a loop at a date, per month, over futures: positive where it reinforces.

    Attributes
    ----------
    per_month : the median; `low`, `high` : 5 and 95 %
    share_reinforcing : of the futures in which it turns at all
    """

    date: date
    per_month: float
    low: float
    high: float
    share_reinforcing: float


@dataclass(frozen=True)
class Link:
    """From one thing of a loop to the next; `sign` is +1 or -1, by its median at the first date."""

    source: str = keyed("from")
    target: str = keyed("to")
    sign: int = 1


@dataclass(frozen=True)
class Loop:
    """A closed chain of causes.

    Attributes
    ----------
    name : R1, R2 ... for reinforcing, B1 ... for balancing, M1 ... where futures differ; strongest first
    nodes : in the order of cause and effect; begins with its first stock in the file
    links : one that leaves each node
    gain : one for each date
    variants : how many weaker loops go much the same way, with the same effect
    """

    name: str
    kind: Kind
    nodes: list[Node]
    links: list[Link]
    gain: list[Gain]
    variants: int


@dataclass(frozen=True, kw_only=True)
class Loops(Answer):
    """The strongest feedback loops of a model.

    Attributes
    ----------
    dates : at which they were measured
    most, longest : how many loops, and of how many things, were asked for
    runs : futures; `running` : those that still run at each date
    looked_at, complete : how many loops were compared, and whether these are all
    loops : the strongest first
    """

    QUESTION: ClassVar[str] = "loops"

    policy: str
    dates: list[date]
    most: int
    longest: int
    runs: int
    running: list[int]
    looked_at: int
    complete: bool
    loops: list[Loop]

    @property
    def told(self) -> list[Loop]:
        """Loops of 1 % a month or more at some date; what is slower does not show within years."""
        return [x for x in self.loops if max((abs(g.per_month) for g in x.gain), default=0.0) >= LEAST_TOLD]


ANSWER = Loops


def asked(request: Request) -> Loops:
    """What `offramp loops` asks."""
    return loops(
        request.design(), list(request["dates"]), most=request["most"], longest=request["longest"],
        how=request.how,
    )  # fmt: skip


def loops(
    design: Design,
    at: Sequence[date] | None = None,
    *,
    most: int = 8,
    longest: int = LONGEST,
    how: How = AS_SUITS,
) -> Loops:
    """The strongest feedback loops under the design's first policy, at given dates.

    Parameters
    ----------
    design : its scenarios are the futures over which gains are measured
    at : dates; None for the start and the middle of the horizon
    most : how many loops to give
    longest : most things in a loop
    how : how futures are run; its progress counts dates

    Raises
    ------
    UsageError
        If a date is outside the horizon, a number makes no sense, or networkx is missing.
    """
    need(design, "Design")
    if most < 1 or longest < 2:
        raise UsageError("a loop has at least 2 things, and at least 1 loop must be asked for.")
    library("networkx", "loops")  # before any run
    model = design.model
    days = sorted(set(at)) if at else [model.dates[0], model.dates[model.steps // 2]]
    measured = []
    for i, day in enumerate(days):
        measured.append(links_at(design, day, how))
        if how.progress is not None:
            how.progress(i + 1, len(days))
    rings, looked_at, complete = _rings(measured, longest)
    return Loops(
        **head_of(design, INTERVALS),
        policy=design.policies[0],
        dates=[m.date for m in measured],
        most=most,
        longest=longest,
        runs=len(design.scenarios),
        running=[m.runs for m in measured],
        looked_at=looked_at,
        complete=complete,
        loops=_strongest(measured, rings, most),
    )


def _rings(measured: Sequence[Links], longest: int) -> tuple[list[tuple[str, ...]], int, bool]:
    """Closed chains of links that are not negligible at some date; how many were looked at, and if all."""
    nx = library("networkx", "loops")
    graph = nx.DiGraph()
    for links in measured:
        for (source, target), gain in links.gain.items():
            itself = source == target and links.nodes[source].kind != "stock"
            if not itself and _matters(links, source, target, gain):
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


def _strongest(measured: Sequence[Links], rings: list[tuple[str, ...]], most: int) -> list[Loop]:
    """The rings with the greatest rates; those much like a stronger one only count as its variants."""
    rates = [[_rates(links, ring) for links in measured] for ring in rings]
    variants = _heads(rings, [[_median(r) for r in by_date] for by_date in rates], most)
    counts: Counter[str] = Counter()
    chosen = []
    for i, alike in variants.items():
        gain = [_gain(links.date, r) for links, r in zip(measured, rates[i], strict=True)]
        kind = _kind(gain)
        counts[kind] += 1
        chosen.append(
            Loop(
                f"{kind[0].upper()}{counts[kind]}", kind,
                nodes=[measured[0].nodes[n] for n in rings[i]],
                links=[Link(a, b, _sign(measured, a, b)) for a, b in _steps(rings[i])],
                gain=gain,
                variants=alike,
            )
        )  # fmt: skip
    return chosen


def _heads(rings: list[tuple[str, ...]], medians: list[list[float]], most: int) -> dict[int, int]:
    """The strongest rings, each with how many weaker ones are much like it: ring -> variants."""
    weight = [max((abs(m) for m in by_date), default=0.0) for by_date in medians]
    variants: dict[int, int] = {}
    for i in sorted(range(len(rings)), key=lambda i: (-weight[i], i)):
        if weight[i] == 0:
            break
        same = (h for h in variants if _alike(rings[h], rings[i]) and _same_sign(medians[h], medians[i]))
        like = next(same, None)
        if like is not None:
            variants[like] += 1
        elif len(variants) < most:
            variants[i] = 0
    return variants


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


def _gain(on: date, rates: Floats) -> Gain:
    low, high = np.quantile(rates, [0.05, 0.95])
    moving = rates[rates != 0]
    share = float(np.mean(moving > 0)) if len(moving) else 0.0
    return Gain(on, _median(rates), float(low), float(high), share)


def _kind(gain: Sequence[Gain]) -> Kind:
    moving = [g for g in gain if g.low != 0 or g.high != 0]
    if moving and all(g.share_reinforcing >= SURE for g in moving):
        return "reinforcing"
    return "balancing" if all(g.share_reinforcing <= 1 - SURE for g in moving) else "mixed"


def _sign(measured: Sequence[Links], source: str, target: str) -> int:
    for links in measured:
        gain = links.gain.get((source, target))
        known = np.asarray([]) if gain is None else gain[np.isfinite(gain)]
        if len(known) and (found := np.sign(np.median(known))):
            return int(found)
    return 1
