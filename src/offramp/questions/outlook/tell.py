"""An outlook in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from offramp.analysis.summary import OutcomeChance, Outlook, Quantiles, UnderPolicy
from offramp.model import Actor, Model, Outcome
from offramp.questions.outlook.failures_text import failures
from offramp.tell import changes, figures
from offramp.tell.blocks import Block, Heading, Paragraph, Table, Telling, Terms
from offramp.tell.terminal import columns_of, padded
from offramp.tell.words import counted

__all__ = ["failures", "tell"]

_MOST_ACTIONS = 5
_MOST_VARIABLES = 12
_WIDEST_ACTORS = 24


def tell(found: Outlook, model: Model) -> Telling:
    """What `offramp run` says; failed runs stand in its headlines."""
    held = {name: policy for name, policy in found.policies.items() if policy.runs}
    body: list[Block] = list(_outcomes(found, model)) if held else []
    for name, policy in held.items():
        under = "" if len(found.policies) == 1 else f", under {changes.policy_title(model, name)}"
        body += [*_variables(policy, model, under), *_actions(policy, model, under)]
    fewest = min((p.runs for p in held.values()), default=0)
    return Telling(
        title=model.title,
        head=[Paragraph(sentence) for sentence in headlines(found, model)],
        body=body,
        sure=_how_sure(found, model, fewest) if held else [],
    )


def _how_sure(found: Outlook, model: Model, runs: int) -> list[Block]:
    """What the numbers above hold and what not, in the words of their headings."""
    lines = []
    if model.outcomes:
        where = "90 % interval" if len(found.policies) == 1 else "In brackets the 90 % interval"
        lines.append(f"{where}: {found.intervals['outcomes']}")
    lines.append(f"5th percentile, median, 95th: {found.intervals['variables']}")
    if found.quantiles_from < runs:
        lines.append(f"Percentiles are from the first {counted(found.quantiles_from, 'run')} of each policy.")
    return [Paragraph(line) for line in lines]


def headlines(found: Outlook, model: Model) -> list[str]:
    """One sentence for each policy: how its futures end."""
    ends = [o for o in model.outcomes if o.absorbing or o.otherwise]
    shown = ends or list(model.outcomes)[:4]
    until = _by(found.end)
    sentences = []
    for name, policy in found.policies.items():
        who = "" if len(found.policies) == 1 else f" under {changes.policy_title(model, name)}"
        parts = [f"{o.title or o.name} {_chance(policy.outcomes[o.name])}" for o in shown]
        chances = "; ".join(parts) if parts else "this model asks about no outcome"
        runs, failed = policy.runs, policy.failed_runs
        if not runs:
            sentences.append(f"{_futures(failed)}{who}: all failed, so nothing can be said of how it ends.")
            continue
        counted = f"{runs:,} of {_futures(runs + failed)}" if failed else _futures(runs)
        left_out = f" ({failed:,} failed, left out)" if failed else ""
        sentences.append(f"{counted}{who}{left_out}, {until}: {chances}.")
    return sentences


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────


def _outcomes(found: Outlook, model: Model) -> Iterator[Block]:
    ends = [o for o in model.outcomes if o.absorbing or o.otherwise]
    others = [o for o in model.outcomes if not (o.absorbing or o.otherwise)]
    for title, some in (("How it ends", ends), ("Happens on the way" if ends else "What happens", others)):
        if some:
            yield Heading(title)
            yield _of_one(found, some) if len(found.policies) == 1 else _beside(found, some, model)
    for day in found.by if model.outcomes else ():
        yield Heading(f"By {figures.full_date(day)}")
        yield _by_a_day(found, [*ends, *others], day, model)


def _by_a_day(found: Outlook, some: Sequence[Outcome], day: date, model: Model) -> Table:
    """Chances by a day that was asked for, a column for each policy."""
    held = {name: p for name, p in found.policies.items() if p.runs}
    titles = [changes.policy_title(model, name) for name in held] if len(found.policies) > 1 else [""]
    rows = [(o.title or o.name, *(_by_then(p.outcomes[o.name], day) for p in held.values())) for o in some]
    return Table(("", *titles), rows, folds=len(titles) > 1)


def _by_then(outcome: OutcomeChance, day: date) -> str:
    """The chance of an outcome by a day, with its interval."""
    found = outcome.asked[day]
    return _with_interval(replace(outcome, probability=found.probability, low=found.low, high=found.high))


def _of_one(found: Outlook, some: Sequence[Outcome]) -> Table:
    """Chances under the one policy, at two dates."""
    (policy,) = found.policies.values()
    days = list(policy.outcomes[some[0].name].by)
    middle, end = days[len(days) // 2], days[-1]
    return Table(
        ("", _by(middle), _by(end), "90 % interval"),
        [
            (o.title or o.name, _chance(chance, chance.by[middle]), _chance(chance), _interval(chance))
            for o, chance in ((o, policy.outcomes[o.name]) for o in some)
        ],
    )


def _beside(found: Outlook, some: Sequence[Outcome], model: Model) -> Table:
    """Chances under several policies, a column each."""
    return Table(
        ("", *(changes.policy_title(model, name) for name in found.policies)),
        [
            (o.title or o.name, *(_with_interval(p.outcomes[o.name]) for p in found.policies.values()))
            for o in some
        ],
        folds=True,
    )


def _variables(policy: UnderPolicy, model: Model, under: str) -> Iterator[Block]:
    shown = [v for v in model.variables if v.headline] or list(model.variables)[:_MOST_VARIABLES]
    titles = {v.name: changes.variable_title(v) for v in shown if v.name in policy.variables}
    if titles:
        days = list(policy.variables[next(iter(titles))].by)
        yield Heading(f"Main variables{under}: 5th percentile, median, 95th")
        yield _at_dates(
            policy, titles, [days[0], days[len(days) // 2], days[-1]],
            _at_dates(policy, titles, [days[0], days[-1]]),
        )  # fmt: skip


def _at_dates(
    policy: UnderPolicy, titles: dict[str, str], days: Sequence[date], narrow: Table | None = None
) -> Table:
    """Percentiles of variables at some dates, the first that of the start."""
    cells = [[_spread(policy.variables[name].by[day]) for day in days] for name in titles]
    # Each number has a column of its own, so that the eye can follow the medians.
    widths = [[max(columns_of(row[i][q]) for row in cells) for q in range(3)] for i in range(len(days))]
    rows = [(title, *map(_aligned, row, widths)) for title, row in zip(titles.values(), cells, strict=True)]
    # A date at which something is so: the start as a date, every other as the end of what comes before.
    later = (figures.end_words(day).removeprefix("the ") for day in days[1:])
    return Table(("", figures.full_date(days[0]), *later), rows, narrow=narrow)


def _aligned(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(padded(t, w, right=True) for t, w in zip(texts, widths, strict=True))


def _spread(q: Quantiles) -> list[str]:
    return ["-" if math.isnan(v) else figures.number(v) for v in (q.p05, q.p50, q.p95)]


def _actions(policy: UnderPolicy, model: Model, under: str) -> Iterator[Block]:
    if model.actors:
        yield Heading(f"What each side does most{under}, share of {model.step}s")
        room = min(_WIDEST_ACTORS, max(columns_of(a.title or a.name) for a in model.actors))
        yield Terms([(a.title or a.name, _most(a, policy.actions[a.name])) for a in model.actors], room)


def _most(actor: Actor, shares: dict[str, float]) -> str:
    titles = {a.name: a.title or a.name for a in actor.actions}
    taken = {n: s for n, s in shares.items() if s > 0}
    most = sorted(taken, key=lambda n: -taken[n])[:_MOST_ACTIONS]
    return "; ".join(f"{titles[n]} {figures.percent(taken[n])}" for n in most)


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────


def _futures(n: int) -> str:
    return "1 future" if n == 1 else f"{n:,} futures"


def _by(day: date) -> str:
    return f"by {figures.end_words(day)}"


def _chance(outcome: OutcomeChance, share: float | None = None) -> str:
    """The chance of an outcome, or of it by an earlier date, with as many digits as its interval bears."""
    if math.isnan(outcome.probability):
        return "none"
    digits = figures.digits_for(outcome.low, outcome.high)
    return figures.percent(outcome.probability if share is None else share, digits)


def _interval(outcome: OutcomeChance) -> str:
    return "" if math.isnan(outcome.low) else figures.percent_range(outcome.low, outcome.high)


def _with_interval(outcome: OutcomeChance) -> str:
    bounds = _interval(outcome).replace(" to ", "–").removesuffix(f"{figures.NBSP}%")
    return f"{_chance(outcome)} ({bounds})"
