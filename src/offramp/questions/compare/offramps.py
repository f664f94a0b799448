"""Which policies help and which harm: how futures end, good and bad told from what the ends are worth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from offramp.analysis.changes import Change
from offramp.analysis.intervals import LEVEL
from offramp.analysis.worth import is_bad, is_good
from offramp.distribution import standard_normal_quantile
from offramp.model import Model
from offramp.questions.compare.ask import Comparison, PolicyChange
from offramp.tell import changes
from offramp.tell.words import quoted

MOST_NAMED = 3


@dataclass(frozen=True)
class _EndNames:
    """Names of the outcomes that end a future: bad, good, and all others."""

    bad: list[str]
    good: list[str]
    others: list[str]

    @property
    def signs(self) -> dict[str, int]:
        """Which way a change for the better goes."""
        return dict.fromkeys(self.good, 1) | dict.fromkeys(self.bad, -1)

    @property
    def all(self) -> list[str]:
        # Other ends stand there too: who risks less war by giving up a treaty should see that.
        return [*self.bad, *self.good, *self.others]


def _ends_of(model: Model) -> _EndNames:
    ends = [o for o in model.outcomes if o.absorbing]
    bad = [o.name for o in ends if is_bad(model, o)]
    good = [o.name for o in ends if is_good(model, o)]
    return _EndNames(bad, good, [o.name for o in ends if o.name not in (*bad, *good)])


def lines(found: Comparison, model: Model) -> list[str]:
    """The policies that help most, a sentence each, and those that harm most in one line."""
    ends = _ends_of(model)
    gains = {n: gain for n, p in found.policies.items() if (gain := _gain(p, ends, found))}
    helps, harms = (
        sorted((n for n in gains if sign * gains[n] > 0), key=lambda n: -abs(gains[n]))[:MOST_NAMED]
        for sign in (1, -1)
    )
    said = [_sentence(found, name, model, ends.all) for name in helps]
    if not said and ends.signs:
        against = quoted(changes.policy_title(model, found.against))
        said = [
            f"No policy is distinguishable from {against} for the better in how futures end. That does "
            "not mean that none helps: more futures may show one, and what changes on the way stands below."
        ]
    if harms:
        worst = " ".join(_sentence(found, name, model, ends.all) for name in harms)
        said.append(f"For the worse: {worst}")
    return said


def _gain(policy: PolicyChange, ends: _EndNames, found: Comparison) -> float:
    """By how much good ends grow and bad ones shrink, where these changes are clear and all go one way.

    All policies and all ends are looked at together, so one of the changes must be clear beyond that.
    """
    looked_at = len(ends.signs) * len(found.policies)
    if not any(is_clear(policy.outcomes[n], looked_at, found.runs) for n in ends.signs):
        return 0.0
    apart = {n: o.difference for n, o in policy.outcomes.items() if o.distinguishable}
    gains = [sign * apart[n] for n, sign in ends.signs.items() if n in apart]
    return sum(gains) if min(gains) > 0 or max(gains) < 0 else 0.0


def is_clear(change: Change, of: int, runs: int) -> bool:
    """Whether a change is distinguishable from none among so many that are looked at together.

    Of a hundred policies that do nothing, ten look distinguishable by luck at 90 %. So an interval that is
    wider by Bonferroni's factor (Dunn 1961) has to leave out 0: about, for it is widened as if it were
    normal. Where few of the pairs differ it is not, and the exact test of those that do (McNemar 1947)
    decides too, unless all of them count by how likely it was.

    Parameters
    ----------
    change : of a chance
    of : how many changes are looked at
    runs : pairs of futures
    """
    if not change.distinguishable:
        return False
    counted = not change.without_luck
    if counted and of * by_luck(change.differing, round(abs(change.difference) * runs)) > 1 - LEVEL:
        return False
    either_side = (1 - LEVEL) / 2
    wider = standard_normal_quantile(1 - either_side / max(1, of)) / standard_normal_quantile(1 - either_side)
    value = change.difference
    return bool(abs(value) > float(wider) * (value - change.low if value > 0 else change.high - value))


def by_luck(differing: int, net: int) -> float:
    """How likely pairs that differ fall so far apart, to either side, where each side is as likely.

    Parameters
    ----------
    differing : pairs that differ
    net : how many more of them differ one way than the other
    """
    if differing > 1000:
        return 0.0  # the normal interval is as good
    more = min(differing, -(-(differing + net) // 2))
    either = sum(math.comb(differing, k) for k in range(more, differing + 1))
    return float(min(1.0, 2 * either / 2**differing))


def _sentence(found: Comparison, name: str, model: Model, ends: list[str]) -> str:
    """What a policy changes in how futures end, and on which number that hangs."""
    policy = found.policies[name]
    said = ", ".join(_parts(policy, model, ends))
    return f"{quoted(policy.title)}: {said}.{_hinge(found, name, model, ends)}"


def _parts(policy: PolicyChange, model: Model, ends: list[str]) -> Iterator[str]:
    titles = {o.name: o.title or o.name for o in model.outcomes}
    for n in ends:
        o = policy.outcomes[n]
        if o.distinguishable:
            worlds = changes.over_worlds(o, o.parameters, changes.points)
            yield (
                f"{quoted(titles[n])} {changes.chance(o.there, o)} to {changes.chance(o.here, o)}"
                + (f" (over uncertain numbers {worlds} points)" if worlds else "")
            )


def _hinge(found: Comparison, name: str, model: Model, ends: list[str]) -> str:
    known = (found.hinges or {}).get(name, {})
    first = next((n for n in ends if n in known), None)
    if first is None:
        return ""
    hinge, change = known[first], found.policies[name].outcomes[first]
    title = next(p.title or p.name for p in model.parameters if p.name == hinge.parameter)
    low, high = (changes.points(v, change) for v in (hinge.lower_third, hinge.upper_third))
    return (
        f" It hangs on {quoted(title)}: {low} points in the lower third of what is held possible, {high} in "
        "the upper."
    )
