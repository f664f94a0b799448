"""Which policies help and which harm: how futures end, by what is wanted of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from offramp.model import Model
from offramp.questions.compare.ask import Comparison, PolicyChange
from offramp.questions.compare.scales import Scales, scales
from offramp.tell import aims as wants
from offramp.tell import changes
from offramp.tell.words import enumerated, quoted

MOST_NAMED = 3
MOST_SIDES = 3


@dataclass(frozen=True)
class Advice:
    """Policies by what they do to the endings of which more or less is wanted.

    Attributes
    ----------
    better : those that are clearly better on some ending and clearly worse on none, and those that look
        better than one of these on every ending; by how much more often futures end as wanted
    mixed : clearly better on one and clearly worse on another, in the same order
    worse : clearly worse on some and clearly better on none, the worst first
    """

    better: list[str]
    mixed: list[str]
    worse: list[str]


def advice(found: Comparison, signs: Mapping[str, int]) -> Advice:
    """What to think of each policy as against the one that all are held against.

    One policy dominates another that does no better on any ending and worse on one, as far as these futures
    show. What is called better is dominated by nothing else, or else by what stands before it there.

    Parameters
    ----------
    signs : ending -> 1 if more of it is wanted, -1 if less
    """
    gains = {
        name: {n: sign * p.outcomes[n].difference for n, sign in signs.items()}
        for name, p in found.policies.items()
        if all(p.outcomes[n].runs for n in signs)
    }
    clear = {
        name: {sign * change > 0 for n, sign, change in _clear(found.policies[name], signs)} for name in gains
    }
    better = {name for name in gains if clear[name] == {True}}
    # What is dominated by another is no advice without it, however sure it is itself.
    better |= {one for one in gains for other in better if _dominates(gains[one], gains[other])}
    sure = {
        name: sum(sign * change for _, sign, change in _clear(found.policies[name], signs)) for name in gains
    }
    ranked = _ranked(gains, sure)
    return Advice(
        [n for n in ranked if n in better],
        [n for n in ranked if n not in better and clear[n] == {True, False}],
        [n for n in reversed(ranked) if n not in better and clear[n] == {False}],
    )


def _ranked(gains: Mapping[str, Mapping[str, float]], sure: Mapping[str, float]) -> list[str]:
    """By what is sure of each, then by all that was found; none stands behind one that it dominates."""
    result: list[str] = []
    for name in sorted(gains, key=lambda n: (-sure[n], -sum(gains[n].values()))):
        behind = (i for i, other in enumerate(result) if _dominates(gains[name], gains[other]))
        result.insert(next(behind, len(result)), name)
    return result


def _clear(policy: PolicyChange, signs: Mapping[str, int]) -> Iterator[tuple[str, int, float]]:
    for n, sign in signs.items():
        if policy.outcomes[n].distinguishable:
            yield n, sign, policy.outcomes[n].difference


def _dominates(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(one[n] >= other[n] for n in other) and any(one[n] > other[n] for n in other)


# ── in words ──────────────────────────────────────────────────────────────────────────────────────────────


def ordered(found: Comparison, model: Model) -> Comparison:
    """With the policies in the one order that they have wherever they are named.

    Those that help come first, those that harm last, and those between by how often futures end as wanted.
    """
    signs = wants.signs(found.aims, wants.endings(model))
    told = advice(found, signs)

    def gain(name: str) -> tuple[float, float]:
        gained = [sign * found.policies[name].outcomes[n].difference for n, sign in signs.items()]
        sure = sum(sign * change for _, sign, change in _clear(found.policies[name], signs))
        return -sure, -sum(g for g in gained if g == g)

    between = [n for n in found.policies if n not in (*told.better, *told.worse)]
    names = [*told.better, *sorted(between, key=gain), *reversed(told.worse)]
    return replace(found, policies={n: found.policies[n] for n in names})


def lines(found: Comparison, model: Model) -> list[str]:
    """The policies that help most, a sentence each; what helps one side where sides disagree; what harms."""
    ends = wants.endings(model)
    signs = wants.signs(found.aims, ends)
    first = [*signs, *(n for n in ends if n not in signs)]
    told = advice(found, signs)
    said = [_sentence(found, name, model, first, signs) for name in told.better[:MOST_NAMED]]
    for_sides = list(_for_sides(found, model, ends, signs))
    said += for_sides or ([] if said else [_none_helps(found, model, bool(signs))])
    if told.mixed:
        both = " ".join(_sentence(found, n, model, first, signs) for n in told.mixed[:MOST_NAMED])
        said.append(f"Better on one ending, worse on another: {both}")
    if told.worse:
        worst = " ".join(_sentence(found, n, model, first, signs) for n in told.worse[:MOST_NAMED])
        said.append(f"For the worse: {worst}")
    return said


def _none_helps(found: Comparison, model: Model, wanted: bool) -> str:
    against = quoted(changes.policy_title(model, found.against))
    if not wanted:
        return "No policy is called better or worse; what each changes stands below."
    return (
        f"No policy is distinguishable from {against} for the better in how futures end. That does "
        "not mean that none helps: more futures may show one, and what changes on the way stands below."
    )


def _for_sides(
    found: Comparison, model: Model, ends: Sequence[str], common: Mapping[str, int]
) -> Iterator[str]:
    """What helps those most who want something of an ending that others do not."""
    if found.reader is not None or not any(found.aims[n].rule == "disagreed" for n in ends):
        return
    alike: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for actor, signs in wants.of_sides(found.aims, ends).items():
        if signs and signs != common:
            alike.setdefault(tuple(signs.items()), []).append(wants.actor_title(model, actor))
    titles, above = wants.titles(model), advice(found, common).better[:1]
    also = []
    for signs_of, actors in list(alike.items())[:MOST_SIDES]:
        signs = dict(signs_of)
        best = advice(found, signs).better[:1]
        own = [
            f"{'more' if sign > 0 else 'less'} {quoted(titles[n])}"
            for n, sign in signs.items()
            if common.get(n) != sign
        ]
        if not best or not own:
            continue
        who = f"{enumerated(actors)}, which want{'s' * (len(actors) == 1)} {enumerated(own)}"
        if best == above:
            also.append(who)
        else:
            order = [*signs, *(n for n in ends if n not in signs)]
            yield f"For {who}: {_sentence(found, best[0], model, order, signs)}"
    if also:
        yield f"The first is also the best for {'; for '.join(also)}."


def _sentence(
    found: Comparison, name: str, model: Model, ends: Sequence[str], signs: Mapping[str, int]
) -> str:
    """What a policy changes in how futures end, and on which number that hangs."""
    policy = found.policies[name]
    said = ", ".join(_parts(policy, model, ends, signs, scales(found)))
    return f"{quoted(policy.title)}: {said}.{_hinge(found, name, model, ends)}"


def _parts(
    policy: PolicyChange, model: Model, ends: Sequence[str], signs: Mapping[str, int], shown: Scales
) -> Iterator[str]:
    titles = wants.titles(model)
    clear = [n for n in ends if policy.outcomes[n].distinguishable]
    for n in clear:
        o = policy.outcomes[n]
        digits = shown.outcomes[n]
        worlds = changes.over_worlds(digits, o.parameters, changes.points)
        yield (
            f"{quoted(titles[n])} {changes.chance(o.there, digits)} to {changes.chance(o.here, digits)}"
            + (f" (over uncertain numbers {worlds} points)" if worlds else "")
        )
    if not any(n in signs for n in clear):
        yield "not distinguishable by itself, but it looks better than the next on every ending"


def _hinge(found: Comparison, name: str, model: Model, ends: Sequence[str]) -> str:
    known = (found.hinges or {}).get(name, {})
    first = next((n for n in ends if n in known), None)
    if first is None:
        return ""
    hinge, digits = known[first], scales(found).outcomes[first]
    title = next(p.title or p.name for p in model.parameters if p.name == hinge.parameter)
    low, high = (changes.points(v, digits) for v in (hinge.lower_third, hinge.upper_third))
    what = quoted(wants.titles(model)[first])
    return (
        f" How far {what} changes hangs on {quoted(title)}: {low} points in the lower third of what is held "
        f"possible, {high} in the upper."
    )
