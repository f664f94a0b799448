"""Claims as experiments: what an account says, held against what the model does.

Each test has a smallest effect of interest, written down before anything is run. It is borne out if the whole
interval of the effect lies where the claim says, contradicted if the whole interval lies elsewhere, and
undecided if the interval holds both. Intervals hold together over all claims of the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from offramp.analysis import measures
from offramp.analysis.answer import as_plain
from offramp.analysis.changes import over_worlds
from offramp.analysis.intervals import LEVEL, wilson
from offramp.analysis.paired import (
    Difference,
    mean_difference,
    ratio_difference,
    spread_of,
)
from offramp.analysis.summary import rounded
from offramp.analysis.weighing import LUCK_TAKEN_OUT, Weighed, weigh
from offramp.analysis.worlds import Spread, between_worlds
from offramp.errors import UsageError
from offramp.given import did_you_mean, need
from offramp.language.sections.built_in import built_in
from offramp.model import Claim, Model, Quantity, Side, Test
from offramp.questions.paired_runs import Measured, PairedRuns, run_paired, worlds_for
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.version import __version__

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Verdict = Literal["borne out", "contradicted", "undecided"]

INTERVAL = (
    "sampling error only, and all together: in nine of ten such analyses every interval, over all claims of "
    "the model, holds its effect. Each is at a level of 1 - 0.1 / number of comparisons (Dunn 1961)."
)
OF_ONE = ("above", "below", "within")


@dataclass(frozen=True)
class Compared:
    """One side against another, or one against limits.

    Attributes
    ----------
    here, there : positions of the sides in the test; `there` is None where one is held against limits
    difference : with its simultaneous interval; for one side the quantity itself is its `value`
    worlds : the same over worlds, None where none was lived again
    """

    here: int
    there: int | None
    difference: Difference
    worlds: Spread | None
    verdict: Verdict


@dataclass(frozen=True)
class Tested:
    """What became of a test.

    Attributes
    ----------
    means : of the quantity on each side
    built_in : what of the effect the file lays down by itself
    note : what else must be said
    """

    test: Test
    comparisons: tuple[Compared, ...]
    verdict: Verdict
    means: tuple[float, ...]
    built_in: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """What became of a claim.

    Attributes
    ----------
    decisive : test and comparison that the verdict hangs on: the first that contradicts or is undecided, or
        the one that is borne out with least to spare
    as_claimed : share of worlds in which everything is as claimed; None where no world was lived again
    """

    claim: Claim
    tests: tuple[Tested, ...]
    verdict: Verdict
    decisive: tuple[Tested, Compared]
    as_claimed: float | None


@dataclass(frozen=True)
class Findings:
    """What became of the claims of a model: what `claims` gives."""

    design: Design
    found: tuple[Finding, ...]
    comparisons: int  # over which the intervals hold together
    level: float  # of each
    worlds: int
    failed: int
    runs: int  # in all

    @property
    def model(self) -> Model:
        return self.design.model

    def as_dict(self) -> dict[str, Any]:
        """What `offramp claims --format json` prints, key by key in docs/reference/commands.md."""
        model = self.model
        return {
            "model": model.name,
            "model_hash": model.hash,
            "version": __version__,
            "title": model.title,
            "illustrative": model.illustrative,
            "seed": self.design.seed,
            "runs": len(self.design.scenarios),
            "failed_runs": self.failed,
            "set": dict(self.design.overrides),
            "intervals": {
                "level": LEVEL,
                "each": self.level,
                "comparisons": self.comparisons,
                "holds": INTERVAL,
                "luck": LUCK_TAKEN_OUT,
                "worlds": self.worlds,
                "lives": 10 if self.worlds else 1,
            },
            "claims": [_plain(f) for f in self.found],
        }


def claims(
    design: Design,
    names: Sequence[str] | None = None,
    *,
    worlds: int | None = None,
    how: How = AS_SUITS,
) -> Findings:
    """Test the claims of a model.

    Parameters
    ----------
    design : scenarios, seed and overrides; its policies do not matter, for claims name their own
    names : which claims; None for all. The intervals hold together over all claims of the model either way.
    worlds : how many worlds are lived through ten times, to say how often all is as claimed over the
        uncertain numbers; None for one in twenty (at least 100), 0 for none
    how : how futures are run

    Returns
    -------
    Findings; `as_dict()` is what `offramp claims --format json` prints.

    Raises
    ------
    UsageError
        If the model has no claims, or none of a name.

    References
    ----------
    Lakens, Scheel and Isager (2018), Equivalence testing for psychological research. Advances in Methods and
    Practices in Psychological Science 1, 259-269: smallest effects of interest.
    Dunn (1961), Multiple comparisons among means. Journal of the American Statistical Association 56, 52-64.
    """
    need(design, "Design")
    model = design.model
    chosen = _chosen(model, names)
    policies = policies_of(chosen)
    every = design.another(policies=policies)
    count = len(design.scenarios)
    again = worlds_for(count) if worlds is None else worlds
    lived = run_paired(every, lambda runs: measured(runs, chosen), again, how=how)
    return findings_of(every, lived, chosen, again)


def policies_of(chosen: Sequence[Claim]) -> list[str]:
    """The policies that claims name."""
    return list(dict.fromkeys(s.policy for c in chosen for t in c.tests for s in t.sides))


def findings_of(design: Design, lived: PairedRuns, chosen: Sequence[Claim], worlds: int = 0) -> Findings:
    """What became of claims whose runs have been measured (`measured`).

    Parameters
    ----------
    design, lived : what was run, and what was measured of it
    chosen : claims of its model, the same for which it was measured
    worlds : how many of its worlds were lived again
    """
    model = design.model
    comparisons = sum(len(list(_pairs(t))) for c in model.claims for t in c.tests)
    level = 1 - (1 - LEVEL) / max(1, comparisons)
    seen = _Seen(lived, design.policies, _quantities(chosen), model, level)
    found = tuple(_finding(seen, claim) for claim in chosen)
    here = policies_of(chosen)
    failed = sum(int(n) for p, n in zip(design.policies, lived.failed, strict=True) if p in here)
    return Findings(design, found, comparisons, level, worlds, failed, len(design.scenarios) * len(here))


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


def measured(runs: xr.Dataset, chosen: Sequence[Claim]) -> Measured:
    """All that claims measure, from one dataset."""
    found: dict[str, Floats] = {}
    for i, q in enumerate(_quantities(chosen)):
        match q.kind:
            case "chance":
                found[f"claim/{i}"] = measures.came(runs, q.name, q.at)
                found[f"claim/{i}/likely"] = measures.likely(runs, q.name, q.at)
            case "months":
                found[f"claim/{i}"] = measures.months_until(runs, q.name, q.start)
            case "variable" if q.start is None and q.until is None:
                found[f"claim/{i}"] = measures.value(runs, q.name, q.at)
            case "variable":
                found[f"claim/{i}"] = measures.mean_value(runs, q.name, q.start, q.until)
            case "acts":
                found[f"claim/{i}"] = measures.acts(runs, dict(q.acts), q.start, q.until)
            case "event":
                found[f"claim/{i}"] = measures.events(runs, q.name, q.branch or None, q.start, q.until)
            case "answered":
                both = measures.answered(runs, dict(q.after), dict(q.acts), q.within, q.start, q.until)
                found[f"claim/{i}"], found[f"claim/{i}/of"] = both
    return found


@dataclass(frozen=True)
class _Seen:
    """What was measured, by side."""

    lived: PairedRuns
    policies: Sequence[str]
    quantities: Sequence[Quantity]
    model: Model
    level: float

    def values(self, side: Side, part: str = "") -> Floats:
        """In each future: (scenario,)."""
        name = f"claim/{self.quantities.index(side.quantity)}{part}"
        found: Floats = self.lived.futures[name][self.policies.index(side.policy)]
        return found

    def worlds(self, side: Side, part: str = "") -> Floats | None:
        """In each life of each world: (world, life)."""
        found = self.lived.worlds.get(f"claim/{self.quantities.index(side.quantity)}{part}")
        return None if found is None else found[self.policies.index(side.policy)]

    def taken(self, test: Test) -> float:
        """How much luck the chances that a test compares lose, on all sides alike: as suits the last."""
        if any(s.quantity.kind != "chance" for s in test.sides):
            return 0.0
        sides = test.sides[::-1]
        came, likely = (np.stack([self.values(s, part) for s in sides]) for part in ("", "/likely"))
        return weigh(came, likely).taken

    def left(self, side: Side, taken: float) -> Floats:
        """In each future, less a share of its luck: (scenario,)."""
        came = self.values(side)
        return came - taken * (came - self.values(side, "/likely")) if taken else came

    def lives_left(self, side: Side, taken: float) -> Floats | None:
        """The same in each life of each world: (world, life)."""
        came, likely = self.worlds(side), self.worlds(side, "/likely") if taken else None
        return came if came is None or likely is None else came - taken * (came - likely)

    def same(self, a: Side, b: Side) -> bool:
        """Whether two sides are one and the same."""
        does = {p.name: p.interventions for p in self.model.policies}
        return a.quantity == b.quantity and does.get(a.policy, ()) == does.get(b.policy, ())


def _finding(seen: _Seen, claim: Claim) -> Finding:
    tests = tuple(_tested(seen, t) for t in claim.tests)
    verdict = _all_of([t.verdict for t in tests])
    pairs = [(t, c) for t in tests for c in t.comparisons]
    deciding = [p for p in pairs if p[1].verdict == verdict]
    least = min(deciding, key=lambda p: _margin(p[0].test, p[1])) if verdict == "borne out" else deciding[0]
    shares = [_as_claimed(t.test, c) for t, c in pairs]
    together = None
    if all(s is not None for s in shares) and len({len(s) for s in shares if s is not None}) == 1:
        together = float(np.all([s for s in shares if s is not None], axis=0).mean())
    return Finding(claim, tests, verdict, least, together)


def _tested(seen: _Seen, test: Test) -> Tested:
    compared = []
    note = ""
    taken = seen.taken(test)
    for here, there in _pairs(test):
        a, b = test.sides[here], None if there is None else test.sides[there]
        difference, spread = _against(seen, a, b, taken)
        verdict = _verdict(test, difference)
        if b is not None and seen.same(a, b):
            verdict, note = "undecided", "Both sides are the same, so nothing is compared."
        compared.append(Compared(here, there, difference, spread, verdict))
    means = tuple(_against(seen, s, None, taken)[0].value for s in test.sides)
    return Tested(
        test, tuple(compared), _all_of([c.verdict for c in compared]), means, built_in(seen.model, test), note
    )


def _pairs(test: Test) -> Iterator[tuple[int, int | None]]:
    """Which sides are compared: the second of each pair is what the first is held against."""
    if test.expect in OF_ONE:
        yield 0, None
    elif test.expect in ("rising", "falling"):
        yield from ((k, k - 1) for k in range(1, len(test.sides)))
    else:
        yield from ((0, k) for k in range(1, len(test.sides)))


def _against(seen: _Seen, a: Side, b: Side | None, taken: float = 0.0) -> tuple[Difference, Spread | None]:
    """One side less the other (or as it is), with the interval at the level of all claims together."""
    kinds = {s.quantity.kind for s in (a, b) if s is not None}
    if kinds == {"answered"}:
        return _ratios(seen, a, b)
    here = seen.left(a, taken)
    there = np.zeros_like(here) if b is None else seen.left(b, taken)
    if kinds == {"chance"} and b is not None:
        came = np.stack([seen.values(b), seen.values(a)])
        difference = Weighed(came, np.stack([there, here]), taken).difference(level=seen.level)
    else:
        # What never differed may still: by as much as futures differ from one another, and counts by one.
        least = 1.0 if kinds & {"acts", "event"} else 0.0
        difference = mean_difference(here, there, seen.level, max(least, spread_of(here, there)))
        if kinds == {"chance"}:
            held = here[~np.isnan(here)]
            low, high = (float(end) for end in wilson(held.sum(), len(held), seen.level))
            if taken:
                low, high = max(0.0, difference.low), min(1.0, difference.high)
            difference = _with_interval(difference, low, high)
    lived, other = seen.lives_left(a, taken), None if b is None else seen.lives_left(b, taken)
    if lived is None:
        return difference, None
    return difference, between_worlds(lived - (0.0 if other is None else other), difference.value)


def _ratios(seen: _Seen, a: Side, b: Side | None) -> tuple[Difference, Spread | None]:
    sides = [(seen.values(s), seen.values(s, "/of")) for s in (a, b) if s is not None]
    none = (np.zeros_like(sides[0][0]), np.ones_like(sides[0][0]))
    difference = ratio_difference(sides[0], sides[1] if b is not None else none, seen.level)
    effects = None
    for sign, side, (top, bottom) in zip((1, -1), (a, b), sides, strict=False):
        assert side is not None
        lived, of = seen.worlds(side), seen.worlds(side, "/of")
        mean = float(np.nanmean(bottom))
        if lived is None or of is None or mean == 0:
            return difference, None
        # The share in a world, linearised as in the interval: few lives may hold no act to be answered.
        ratio = float(np.nanmean(top)) / mean
        effects = (0.0 if effects is None else effects) + sign * ((lived - ratio * of) / mean + ratio)
    return difference, None if effects is None else between_worlds(effects, difference.value)


def _with_interval(d: Difference, low: float, high: float) -> Difference:
    return Difference(d.here, d.there, d.value, low, high, d.scenarios, d.differing, d.needed)


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


def _verdict(test: Test, difference: Difference) -> Verdict:
    low, high = _region(test)
    if math.isnan(difference.value):
        return "undecided"
    if difference.low >= low and difference.high <= high:
        return "borne out"
    if difference.high < low or difference.low > high:
        return "contradicted"
    return "undecided"


def _all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Borne out if all are; one that contradicts is enough to contradict."""
    if "contradicted" in verdicts:
        return "contradicted"
    return "undecided" if "undecided" in verdicts else "borne out"


def _margin(test: Test, compared: Compared) -> float:
    """By how much the interval clears the nearer edge of what is claimed, in widths of itself."""
    low, high = _region(test)
    d = compared.difference
    width = max(d.high - d.low, 1e-300)
    return min(d.low - low, high - d.high) / width


def _as_claimed(test: Test, compared: Compared) -> npt.NDArray[np.bool_] | None:
    """In which worlds the effect lies where the claim says: (world,)."""
    if compared.worlds is None:
        return None
    low, high = _region(test)
    effects = compared.worlds.effects
    return np.asarray((effects >= low) & (effects <= high))


def _direction(test: Test, compared: Compared) -> float | None:
    """Share of worlds in which the effect has at least the sign that is claimed; None where none is."""
    if compared.worlds is None or test.expect in (*OF_ONE, "same"):
        return None
    above = compared.worlds.share_above(0.0)
    return above if test.expect in ("higher", "rising", "not lower") else 1 - above


def _plain(finding: Finding) -> dict[str, Any]:
    tested, compared = finding.decisive
    d = compared.difference
    return {
        "id": finding.claim.name,
        "title": finding.claim.title,
        "sources": list(finding.claim.origin.sources),
        "verdict": finding.verdict,
        "effect": rounded(d.value),
        "low": rounded(d.low),
        "high": rounded(d.high),
        "unit": unit_of(tested.test),
        "as_claimed": finding.as_claimed,
        "tests": [_test_plain(t) for t in finding.tests],
    }


def _test_plain(tested: Tested) -> dict[str, Any]:
    test = tested.test
    low, high = _region(test)
    return {
        "title": test.title,
        "verdict": tested.verdict,
        "expect": test.expect,
        "least": test.least if test.expect not in OF_ONE else None,
        "limits": [rounded(low), rounded(high)],
        "unit": unit_of(test),
        "reason": test.reason,
        "sides": [
            {
                "policy": s.policy,
                "title": s.title,
                "quantity": _quantity_plain(s.quantity),
                "value": rounded(v),
            }
            for s, v in zip(test.sides, tested.means, strict=True)
        ],
        "comparisons": [
            {
                "here": c.here,
                "there": c.there,
                "effect": rounded(c.difference.value),
                "low": rounded(c.difference.low),
                "high": rounded(c.difference.high),
                "verdict": c.verdict,
                "runs": c.difference.scenarios,
                "direction": _direction(test, c),
                "as_claimed": None if (held := _as_claimed(test, c)) is None else float(held.mean()),
                "parameters": None if c.worlds is None else as_plain(over_worlds(c.worlds)),
            }
            for c in tested.comparisons
        ],
        "built_in": list(tested.built_in),
        "note": tested.note,
    }


def _quantity_plain(q: Quantity) -> dict[str, Any]:
    days = {"at": q.at, "from": q.start, "until": q.until}
    return {
        "kind": q.kind,
        "name": q.name,
        "branch": q.branch,
        "acts": {actor: list(some) for actor, some in q.acts},
        "after": {actor: list(some) for actor, some in q.after},
        "within": q.within,
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
    }


def unit_of(test: Test) -> str:
    """The unit of what a test measures: `chance` and `share` for numbers from 0 to 1 (or -1 to 1)."""
    kind = test.sides[0].quantity.kind
    return {"chance": "chance", "answered": "share", "acts": "count", "event": "count"}.get(
        kind, test.sides[0].quantity.unit
    )
