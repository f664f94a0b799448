"""Claims as experiments: what an account says, held against what the model does.

Each test has a smallest effect of interest, written down before anything is run. It is supported if the
whole interval of the effect lies where the claim says, and undecided if the interval holds both that and what
is not so. It is too small if the whole interval has the sign that is claimed and stays below the smallest
effect of interest, and contradicted if the whole interval lies anywhere else. Intervals hold together over
all claims of the model.

Several questions can be answered from one set of paired runs: `policies_of` says which policies have to be
run, `measure` what is kept of a run, and `findings_of` what that comes to.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from offramp.analysis import measures
from offramp.analysis.answer import Answer, keyed, six_digits
from offramp.analysis.changes import OverWorlds, over_worlds
from offramp.analysis.intervals import LEVEL, Estimate, wilson
from offramp.analysis.paired import Difference, mean_difference, ratio_difference, spread_of
from offramp.analysis.weighing import LUCK_TAKEN_OUT, Weighed, weigh
from offramp.analysis.worlds import Spread, between_worlds
from offramp.errors import UsageError
from offramp.given import did_you_mean, need
from offramp.language.sections.built_in import built_in
from offramp.model import Claim, ClaimSide, Expectation, Model, Quantity, Test
from offramp.questions.briefing import Shared
from offramp.questions.paired_runs import Measured, PairedRuns, run_paired, worlds_for
from offramp.questions.question import Request
from offramp.questions.runner import head_of
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Verdict = Literal["supported", "too small", "contradicted", "undecided"]

INTERVALS = {
    "holds": "sampling error only, and all together: in nine of ten such analyses every interval, over all "
    "claims of the model, holds its effect. Each is at a level of 1 - 0.1 / number of comparisons (Dunn "
    "1961).",
    "luck": LUCK_TAKEN_OUT,
}
OF_ONE = ("above", "below", "within")


# ── the answer ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class QuantityAsked:
    """What is measured; `offramp.model.Quantity` says which of it matters to which kind.

    Attributes
    ----------
    acts, after : actor -> actions
    """

    kind: Literal["chance", "months", "variable", "acts", "event", "answered"]
    name: str
    branch: str
    acts: dict[str, list[str]]
    after: dict[str, list[str]]
    within: int
    at: date | None
    start: date | None = keyed("from")
    until: date | None


@dataclass(frozen=True, kw_only=True)
class SideFound:
    """One side of a test: a quantity under a policy, and its mean `value`."""

    policy: str
    title: str
    quantity: QuantityAsked
    value: float


@dataclass(frozen=True, kw_only=True)
class TestComparison:
    """One side against another, or one against limits.

    Attributes
    ----------
    here, there : positions of the sides in the test; `there` is None where one is held against limits
    effect, low, high : the difference with its simultaneous interval; of one side the quantity itself
    runs, differing : futures that hold under both, and in how many of them the two differ at all
    direction : share of worlds in which the effect has the sign that is claimed; None where none is claimed
    as_claimed : share of worlds in which the effect lies where the claim says
    parameters : over uncertain numbers; None, as the two shares, where worlds were not replicated
    """

    here: int
    there: int | None
    effect: float
    low: float
    high: float
    verdict: Verdict
    runs: int
    differing: int
    direction: float | None
    as_claimed: Estimate | None
    parameters: OverWorlds | None

    @property
    def difference(self) -> float:
        """The effect."""
        return self.effect


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What became of a test.

    Attributes
    ----------
    least : the smallest difference of interest; None where one side is held against limits
    limits : where the effect lies if it is as claimed; None for no limit
    unit : of what is measured: `chance` and `share` are numbers from 0 to 1 (or -1 to 1)
    built_in : what of the effect the file lays down by itself
    note : what else must be said
    """

    title: str
    verdict: Verdict
    expect: Expectation
    least: float | None
    limits: tuple[float | None, float | None]
    unit: str
    reason: str
    sides: list[SideFound]
    comparisons: list[TestComparison]
    built_in: list[str]
    note: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of a claim.

    Attributes
    ----------
    effect, low, high, unit : of the comparison that the verdict hangs on: the first that contradicts, is too
        small or is undecided, or the one that is supported with least to spare
    as_claimed : share of worlds in which everything is as claimed; None where worlds were not replicated
    """

    id: str
    title: str
    sources: list[str]
    verdict: Verdict
    effect: float
    low: float
    high: float
    unit: str
    as_claimed: Estimate | None
    tests: list[Tested]


@dataclass(frozen=True, kw_only=True)
class Findings(Answer):
    """What became of the claims of a model.

    Attributes
    ----------
    only : the claims that were asked for; empty for all
    runs : futures under each policy
    played, failed_runs : runs under all policies together, and how many of them failed
    comparisons : over which the intervals hold together; `each` is the level of one of them
    worlds, replicates : how many worlds were run again with other luck, and how often each was run
    """

    QUESTION: ClassVar[str] = "claims"

    only: list[str]
    runs: int
    played: int
    failed_runs: int
    paths: int
    comparisons: int
    each: float
    worlds: int
    replicates: int
    claims: list[Finding]

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, self.played


ANSWER = Findings


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────


def asked(request: Request) -> Findings:
    """What `offramp claims` asks."""
    design, names = request.design(), list(request["only"]) or None
    return claims(design, names, worlds=request["worlds"], how=request.how)


def for_brief(design: Design, reader: str | None = None) -> Shared | None:
    """How a brief asks it: of all claims; not beside another policy than that which they are about."""
    chosen = design.model.claims
    if not chosen or design.policies[0] != "baseline":
        return None
    return Shared(
        policies_of(chosen),
        lambda runs: measure(runs, chosen),
        lambda every, paired: findings_of(every, paired, chosen),
    )


def claims(
    design: Design, names: Sequence[str] | None = None, *, worlds: int | None = None, how: How = AS_SUITS
) -> Findings:
    """Test the claims of a model.

    Parameters
    ----------
    design : scenarios, seed and overrides; its policies do not matter, for claims name their own
    names : which claims; None for all. The intervals hold together over all claims of the model either way.
    worlds : how many worlds are run ten times with other luck, to say how often all is as claimed over the
        uncertain numbers; None for one in twenty (at least 100), 0 for none
    how : how futures are run

    Raises
    ------
    UsageError
        If the model has no claims, or none of a name, or there are fewer futures than worlds.

    References
    ----------
    Lakens, Scheel and Isager (2018), Equivalence testing for psychological research. Advances in Methods and
    Practices in Psychological Science 1, 259-269: smallest effects of interest.
    Dunn (1961), Multiple comparisons among means. Journal of the American Statistical Association 56, 52-64.
    """
    need(design, "Design")
    chosen = _chosen(design.model, names)
    every = design.another(policies=policies_of(chosen))
    again = worlds_for(len(design.scenarios)) if worlds is None else worlds
    paired = run_paired(every, lambda runs: measure(runs, chosen), again, how=how)
    return replace(findings_of(every, paired, chosen, again), only=[] if names is None else list(names))


def policies_of(chosen: Sequence[Claim]) -> list[str]:
    """The policies that claims name, which have to be run."""
    return list(dict.fromkeys(s.policy for c in chosen for t in c.tests for s in t.sides))


def findings_of(design: Design, paired: PairedRuns, chosen: Sequence[Claim], worlds: int = 0) -> Findings:
    """What became of claims.

    Parameters
    ----------
    design, paired : what was run, and what `measure` gave of it
    chosen : claims of its model, the same for which it was measured
    worlds : how many of its worlds were replicated
    """
    model = design.model
    values = values_of(design, paired, chosen)
    here = policies_of(chosen)
    failed = sum(int(n) for p, n in zip(design.policies, paired.failed, strict=True) if p in here)
    return Findings(
        **head_of(design, INTERVALS),
        only=[],
        runs=len(design.scenarios),
        played=len(design.scenarios) * len(here),
        failed_runs=failed,
        paths=design.paths,
        comparisons=_comparisons(model),
        each=values.level,
        worlds=worlds,
        replicates=paired.replicates,
        claims=[_finding(values, claim) for claim in chosen],
    )


def _comparisons(model: Model) -> int:
    """Of how many comparisons all claims of a model consist."""
    return sum(len(list(_pairs(t))) for c in model.claims for t in c.tests)


def _quantities(chosen: Sequence[Claim]) -> list[Quantity]:
    return list(dict.fromkeys(s.quantity for c in chosen for t in c.tests for s in t.sides))


def _chosen(model: Model, names: Sequence[str] | None) -> list[Claim]:
    if not model.claims:
        raise UsageError(
            f"model `{model.name}` has no claims. They stand in the section `claims` of its file."
        )
    if names is None:
        return list(model.claims)
    by_name = {c.name.casefold(): c for c in model.claims}
    for name in names:
        if name.casefold() not in by_name:
            known = [c.name for c in model.claims]
            hint = did_you_mean(name, known) or f"There are: {', '.join(known)}."
            raise UsageError(f"model `{model.name}` has no claim `{name}`. {hint}")
    return [by_name[n.casefold()] for n in dict.fromkeys(names)]


# ── measuring ─────────────────────────────────────────────────────────────────────────────────────────────


def measure(runs: xr.Dataset, chosen: Sequence[Claim]) -> Measured:
    """All that claims measure, from one dataset: name -> (policy, scenario)."""
    found: dict[str, Floats] = {}
    for i, quantity in enumerate(_quantities(chosen)):
        found |= {f"claim/{i}{part}": values for part, values in _measure(runs, quantity).items()}
    return found


def _measure(runs: xr.Dataset, q: Quantity) -> Measured:
    """A quantity in each run: `/likely`, its chance by the course; `/of`, the acts that could be answered."""
    match q.kind:
        case "chance":
            return {"": measures.came(runs, q.name, q.at), "/likely": measures.likely(runs, q.name, q.at)}
        case "months":
            return {"": measures.months_until(runs, q.name, q.start)}
        case "variable" if q.start is None and q.until is None:
            return {"": measures.value(runs, q.name, q.at)}
        case "variable":
            return {"": measures.mean_value(runs, q.name, q.start, q.until)}
        case "acts":
            return {"": measures.acts(runs, dict(q.acts), q.start, q.until)}
        case "event":
            return {"": measures.events(runs, q.name, q.branch or None, q.start, q.until)}
        case "answered":
            both = measures.answered(runs, dict(q.after), dict(q.acts), q.within, q.start, q.until)
            return dict(zip(("", "/of"), both, strict=True))


@dataclass(frozen=True)
class _Values:
    """What was measured, by side."""

    paired: PairedRuns
    policies: Sequence[str]
    quantities: Sequence[Quantity]
    model: Model
    level: float

    def futures(self, side: ClaimSide, part: str = "") -> Floats:
        """In each future: (scenario,)."""
        name = f"claim/{self.quantities.index(side.quantity)}{part}"
        found: Floats = self.paired.futures[name][self.policies.index(side.policy)]
        return found

    def worlds(self, side: ClaimSide, part: str = "") -> Floats | None:
        """In each replicate of each world: (world, replicate)."""
        found = self.paired.worlds.get(f"claim/{self.quantities.index(side.quantity)}{part}")
        return None if found is None else found[self.policies.index(side.policy)]

    def luck_taken(self, test: Test) -> float:
        """How much luck the chances that a test compares lose, on all sides alike: as suits the last."""
        if any(s.quantity.kind != "chance" for s in test.sides):
            return 0.0
        sides = test.sides[::-1]
        came, likely = (np.stack([self.futures(s, part) for s in sides]) for part in ("", "/likely"))
        return weigh(came, likely).taken

    def less_luck(self, side: ClaimSide, taken: float) -> Floats:
        """In each future, less a share of its luck: (scenario,)."""
        came = self.futures(side)
        return came - taken * (came - self.futures(side, "/likely")) if taken else came

    def worlds_less_luck(self, side: ClaimSide, taken: float) -> Floats | None:
        """The same in each replicate of each world: (world, replicate)."""
        came, likely = self.worlds(side), self.worlds(side, "/likely") if taken else None
        return came if came is None or likely is None else came - taken * (came - likely)

    def same(self, a: ClaimSide, b: ClaimSide) -> bool:
        """Whether two sides are one and the same."""
        does = {p.name: p.interventions for p in self.model.policies}
        return a.quantity == b.quantity and does.get(a.policy, ()) == does.get(b.policy, ())


def values_of(design: Design, paired: PairedRuns, chosen: Sequence[Claim]) -> _Values:
    """What was measured for claims; intervals are at the level that holds over all claims of the model."""
    level = 1 - (1 - LEVEL) / max(1, _comparisons(design.model))
    return _Values(paired, design.policies, _quantities(chosen), design.model, level)


# ── testing ───────────────────────────────────────────────────────────────────────────────────────────────


# The difference that a comparison found, and how it varies over worlds if these were replicated.
_Effect = tuple[Difference, Spread | None]


def _finding(values: _Values, claim: Claim) -> Finding:
    tests = [tested(values, t) for t in claim.tests]
    verdict = _all_of([found.verdict for found, _ in tests])
    each = [
        (test, c, effect)
        for test, (found, effects) in zip(claim.tests, tests, strict=True)
        for c, effect in zip(found.comparisons, effects, strict=True)
    ]
    deciding = [e for e in each if e[1].verdict == verdict]
    least = min(deciding, key=lambda e: _margin(e[0], e[2][0])) if verdict == "supported" else deciding[0]
    test, decisive, _ = least
    return Finding(
        id=claim.name,
        title=claim.title,
        sources=list(claim.origin.sources),
        verdict=verdict,
        effect=decisive.effect,
        low=decisive.low,
        high=decisive.high,
        unit=unit_of(test),
        as_claimed=decisive.as_claimed
        if len(each) == 1
        else _share_of_worlds([(test, spread) for test, _, (_, spread) in each]),
        tests=[found for found, _ in tests],
    )


def _share_of_worlds(spreads: Sequence[tuple[Test, Spread | None]]) -> Estimate | None:
    """In which share of worlds every comparison is as claimed; None where one has none, or others.

    Of several comparisons the interval is what those of each leave possible together (Fréchet's bounds);
    each is then
    at a level that lets all hold (Bonferroni). Where worlds are not distinguished from luck, all may be
    alike.
    """
    known = [(test, s) for test, s in spreads if s is not None]
    if len(known) < len(spreads) or len({len(s.effects) for _, s in known}) != 1:
        return None
    level = 1 - (1 - LEVEL) / len(known)
    ends = [_share_inside(test, s, level) for test, s in known]
    low = max(0.0, 1 - sum(1 - e[0] for e in ends))
    high = max(low, min(e[1] for e in ends))
    # Of worlds that may well be alike the likeliest is that they are.
    alike = np.stack([_as_claimed(t, s.effects if s.distinguishable else _centre(s)) for t, s in known])
    value = float(np.all(alike, axis=0).mean())
    return Estimate(min(max(value, low), high), low, high)


def _share_inside(test: Test, spread: Spread, level: float) -> tuple[float, float]:
    """The interval of the share of worlds in which one comparison is as claimed."""
    low, high = spread.share_within(*_region(test)).interval(level)
    if spread.distinguishable:
        return low, high
    alike = float(_as_claimed(test, _centre(spread))[0])
    return min(low, alike), max(high, alike)


def _centre(spread: Spread) -> Floats:
    """The effect in each world if all are alike: (world,)."""
    return np.full(len(spread.means), spread.means.mean())


def tested(values: _Values, test: Test) -> tuple[Tested, list[_Effect]]:
    """What became of a test, and the effect that each of its comparisons found."""
    taken = values.luck_taken(test)
    found, effects, note = [], [], ""
    for here, there in _pairs(test):
        a, b = test.sides[here], None if there is None else test.sides[there]
        effect = _difference(values, a, b, taken)
        verdict = verdict_on(test, effect[0])
        if b is not None and values.same(a, b):
            verdict, note = "undecided", "Both sides are the same, so nothing is compared."
        found.append(_compared(test, here, there, effect, verdict))
        effects.append(effect)
    low, high = _region(test)
    answer = Tested(
        title=test.title,
        verdict=_all_of([c.verdict for c in found]),
        expect=test.expect,
        least=test.least if test.expect not in OF_ONE else None,
        limits=(_limit(low), _limit(high)),
        unit=unit_of(test),
        reason=test.reason,
        sides=[_side(s, _difference(values, s, None, taken)[0].value) for s in test.sides],
        comparisons=found,
        built_in=list(built_in(values.model, test)),
        note=note,
    )
    return answer, effects


def _limit(value: float) -> float | None:
    return six_digits(value) if math.isfinite(value) else None


def _side(side: ClaimSide, mean: float) -> SideFound:
    q = side.quantity
    asked_of = QuantityAsked(
        kind=q.kind,
        name=q.name,
        branch=q.branch,
        acts={actor: list(some) for actor, some in q.acts},
        after={actor: list(some) for actor, some in q.after},
        within=q.within,
        at=q.at,
        start=q.start,
        until=q.until,
    )
    return SideFound(policy=side.policy, title=side.title, quantity=asked_of, value=six_digits(mean))


def _compared(test: Test, here: int, there: int | None, effect: _Effect, verdict: Verdict) -> TestComparison:
    difference, spread = effect
    return TestComparison(
        here=here,
        there=there,
        effect=six_digits(difference.value),
        low=six_digits(difference.low),
        high=six_digits(difference.high),
        verdict=verdict,
        runs=difference.scenarios,
        differing=difference.differing,
        direction=None if spread is None else direction(test, spread),
        as_claimed=_share_of_worlds([(test, spread)]),
        parameters=None if spread is None else over_worlds(spread),
    )


def _pairs(test: Test) -> Iterator[tuple[int, int | None]]:
    """Which sides are compared: the second of each pair is what the first is held against."""
    if test.expect in OF_ONE:
        yield 0, None
    elif test.expect in ("rising", "falling"):
        yield from ((k, k - 1) for k in range(1, len(test.sides)))
    else:
        yield from ((0, k) for k in range(1, len(test.sides)))


def _difference(values: _Values, a: ClaimSide, b: ClaimSide | None, taken: float = 0.0) -> _Effect:
    """One side less the other (or as it is), with the interval at the level of all claims together."""
    kinds = {s.quantity.kind for s in (a, b) if s is not None}
    if kinds == {"answered"}:
        return _ratios(values, a, b)
    here = values.less_luck(a, taken)
    there = np.zeros_like(here) if b is None else values.less_luck(b, taken)
    if kinds != {"chance"}:
        # What never differed may still: by as much as futures differ from one another, and counts by one.
        least = 1.0 if kinds & {"acts", "event"} else 0.0
        difference = mean_difference(here, there, values.level, max(least, spread_of(here, there)))
    elif b is None:
        difference = _chance(here, values.level, bool(taken))
    else:
        came = np.stack([values.futures(b), values.futures(a)])
        difference = Weighed(came, np.stack([there, here]), taken).difference(level=values.level)
    worlds, others = (
        values.worlds_less_luck(a, taken),
        None if b is None else values.worlds_less_luck(b, taken),
    )
    if worlds is None:
        return difference, None
    return difference, between_worlds(worlds - (0.0 if others is None else others), difference.value)


def _chance(came: Floats, level: float, weighed: bool) -> Difference:
    """A chance: counted with Wilson's interval; weighed with Student's, within 0 and 1."""
    none = np.zeros_like(came)
    found = mean_difference(came, none, level, spread_of(came, none))
    if weighed:
        return replace(found, low=max(0.0, found.low), high=min(1.0, found.high))
    holds = came[~np.isnan(came)]
    low, high = (float(end) for end in wilson(holds.sum(), len(holds), level))
    return replace(found, low=low, high=high)


def _ratios(values: _Values, a: ClaimSide, b: ClaimSide | None) -> _Effect:
    sides = [(values.futures(s), values.futures(s, "/of")) for s in (a, b) if s is not None]
    none = (np.zeros_like(sides[0][0]), np.ones_like(sides[0][0]))
    difference = ratio_difference(sides[0], sides[1] if b is not None else none, values.level)
    effects = None
    for sign, side, (top, bottom) in zip((1, -1), (a, b), sides, strict=False):
        assert side is not None
        answered, of = values.worlds(side), values.worlds(side, "/of")
        if answered is None or of is None or not np.nansum(bottom):
            return difference, None
        mean = float(np.nanmean(bottom))
        # The share in a world, linearised as in the interval: few replicates may hold no act to be answered.
        ratio = float(np.nanmean(top)) / mean
        effects = (0.0 if effects is None else effects) + sign * ((answered - ratio * of) / mean + ratio)
    return difference, None if effects is None else between_worlds(effects, difference.value)


def _region(test: Test) -> tuple[float, float]:
    """Where the effect lies if all is as claimed."""
    return {
        "higher": (test.least, math.inf),
        "rising": (test.least, math.inf),
        "lower": (-math.inf, -test.least),
        "falling": (-math.inf, -test.least),
        "not higher": (-math.inf, test.least),
        "not lower": (-test.least, math.inf),
        "same": (-test.least, test.least),
    }.get(test.expect, test.limits)


def verdict_on(test: Test, difference: Difference) -> Verdict:
    """Supported if the whole interval lies where the claim says, contradicted if all of it lies elsewhere.

    Too small where a direction is claimed and all of the interval has it, below the smallest effect of
    interest: that the effect differs from none, and that it does not matter, are both shown (Lakens et al.
    2018, the combination of the two tests).
    """
    low, high = _region(test)
    if math.isnan(difference.value):
        return "undecided"
    sign = {"higher": 1, "rising": 1, "lower": -1, "falling": -1}.get(test.expect, 0)
    nearer, farther = sorted((sign * difference.low, sign * difference.high))
    if nearer > 0 and farther < test.least:
        return "too small"
    if difference.low >= low and difference.high <= high:
        return "supported"
    if difference.high < low or difference.low > high:
        return "contradicted"
    return "undecided"


def _all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Supported if all are; one that contradicts, or else one that is too small, is enough for the whole."""
    worst: tuple[Verdict, ...] = ("contradicted", "too small", "undecided")
    return next((v for v in worst if v in verdicts), "supported")


def _margin(test: Test, difference: Difference) -> float:
    """By how much the interval clears the nearer edge of what is claimed, in widths of itself."""
    low, high = _region(test)
    width = max(difference.high - difference.low, 1e-300)
    return min(difference.low - low, high - difference.high) / width


def _as_claimed(test: Test, effects: Floats) -> Bools:
    """In which worlds the effect lies where the claim says: (world,)."""
    low, high = _region(test)
    return np.asarray((effects >= low) & (effects <= high))


def direction(test: Test, spread: Spread) -> float | None:
    """Share of worlds in which the effect has at least the sign that is claimed; None where none is."""
    if test.expect in (*OF_ONE, "same"):
        return None
    above = spread.share_above(0.0)
    return above if test.expect in ("higher", "rising", "not lower") else 1 - above


def unit_of(test: Test) -> str:
    """The unit of what a test measures: `chance` and `share` for numbers from 0 to 1 (or -1 to 1)."""
    kind = test.sides[0].quantity.kind
    return {"chance": "chance", "answered": "share", "acts": "count", "event": "count"}.get(
        kind, test.sides[0].quantity.unit
    )
