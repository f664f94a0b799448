"""What policies change, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offramp.analysis.changes import Change, OutcomeChange, VariableChange
from offramp.charts.canvas import NARROW, WIDE
from offramp.charts.differences import differences
from offramp.dates import DAYS_PER_MONTH
from offramp.model import Actor, Model, Outcome
from offramp.questions.compare import offramps
from offramp.questions.compare.ask import Comparison, PolicyChange
from offramp.questions.compare.chart import gap, largest_changes
from offramp.questions.compare.scales import scales
from offramp.tell import aims, changes, figures, model_words
from offramp.tell.blocks import (
    Block,
    Bullets,
    Figure,
    Fold,
    Gap,
    Heading,
    PageOnly,
    Paragraph,
    Short,
    Table,
    Telling,
    Terms,
    TextOnly,
)
from offramp.tell.changes import Digits
from offramp.tell.words import counted, enumerated, quoted

_MOST_IN_SENTENCE = 3  # outcomes named in the first sentence of a policy
_MOST_MONTHS = 6
_LEAST_MONTHS = 1 / 30  # a shorter shift of a date is not told
_MOST_DAYS = 45  # a longer one is told in months
_MOST_ACTS = 5
_LEAST_OFTEN = 0.05  # of a change of acts in a future that is shown
_LEAST_UNDONE = 0.005  # share of forced acts that were not possible
_MOST_COLUMNS = 4  # outcomes in the table of policies
_MOST_VARIABLES = 3  # more would not fit across a printed page
_MOST_LINES = 4  # policies that are each a line of a page to be opened

_HELPS = "Off-ramps that help most"
_KINDS = {"chances": "of a chance", "months": "of months until", "variables": "of a mean", "acts": "of acts"}
_HEADS = ("", "without", "with", "change", "sampling", "uncertain numbers")


def tell(found: Comparison, model: Model) -> Telling:
    """What `offramp compare` says."""
    found = offramps.ordered(found, model)
    rule = aims.rule(found.aims, model, found.reader)
    against, short = changes.policy_title(model, found.against), offramps.lines(found, model)
    return Telling(
        title=found.title,
        head=[
            Paragraph(
                f"{counted(found.runs, 'future')} under each policy, held against: {against}. Until "
                f"{figures.end_words(found.end)}."
            ),
            *_past(found, model),
            *_forced(found, model),
            PageOnly([Terms(_what_they_are(found, model))]),
            Fold(
                "Each policy in one sentence",
                [Paragraph(sentence(found, model, name)) for name in found.policies],
                heading="",
            ),
        ],
        body=[
            *(
                [TextOnly([Heading(_HELPS), Bullets(short), Paragraph(rule, 1)])]
                if len(found.policies) > 1
                else []
            ),
            PageOnly(list(_side_by_side(found, model))),
            *_one_by_one([_policy(found, name, p, model) for name, p in found.policies.items()]),
        ],
        sure=list(_how_sure(found)),
        section="What policies change",
        short=Short(_HELPS, short, f"{rule} {_counted(found)}"),
        caveats=_caveats(found, model),
    )


def _forced(found: Comparison, model: Model) -> Iterator[Paragraph]:
    """Forced acts that were not possible where they were forced: the policy did not do what it says."""
    actors = {a.name: a for a in model.actors}
    for name, policy in found.policies.items():
        for forced in policy.forced:
            share = 1 - forced.taken / max(1, forced.steps)
            if not forced.steps or share < _LEAST_UNDONE:
                continue
            actor = actors[forced.actor]
            act = next(a.title or a.name for a in actor.actions if a.name == forced.action)
            often = f"not possible in {figures.percent(share)} of the {model.step}s in which it is forced"
            yield Paragraph(
                f"{changes.policy_title(model, name)} forces {actor.title or actor.name} to “{act}”: that "
                f"was {'never possible' if forced.never_bites else often}, and another act was chosen there."
            )


def _past(found: Comparison, model: Model) -> Iterator[Paragraph]:
    """Policies that would have been over by the day up to which things are known."""
    if found.given is None:
        return
    known = {p.name: p.interventions for p in model.policies}
    for name in found.policies:
        steps = known.get(name, ())
        if steps and all(i.end is not None and i.end <= found.given.begins for i in steps):
            yield Paragraph(
                f"{changes.policy_title(model, name)} changes nothing here: its dates lie before "
                f"{figures.full_date(found.given.begins)}, and what was done until then is known."
            )


def _counted(found: Comparison) -> str:
    """In how many futures."""
    futures = counted(found.runs, "future")
    return f"Changes counted in {futures} under each policy, each held against itself under the other."


def _what_they_are(found: Comparison, model: Model) -> list[tuple[str, str]]:
    """Who does what from when under each policy; what all are held against first."""
    names = [found.against, *found.policies]
    return [
        (
            title,
            f"{'; '.join(steps)}."
            if steps
            else "Nothing is decided for anybody: all go on as the model has it.",
        )
        for title, steps in model_words.policies(model, names)
    ]


def sentence(found: Comparison, model: Model, name: str) -> str:
    """What a policy changes most among outcomes, in one sentence."""
    policy, shown = found.policies[name], scales(found).outcomes
    titles = {o.name: o.title or o.name for o in model.outcomes}
    apart = {n: o for n, o in policy.outcomes.items() if o.distinguishable and o.differing}
    ranked = sorted(apart, key=lambda n: -abs(apart[n].difference))
    title = changes.policy_title(model, name)
    if not ranked:
        return f"{title}: no outcome is distinguishable from no difference."
    ends = [o.name for o in model.outcomes if o.absorbing]
    first = [n for n in ranked if n in ends]
    rest = [n for n in ranked if n not in ends]
    named = (first + rest)[: max(_MOST_IN_SENTENCE, len(first))]
    parts = [
        f"{quoted(titles[n])} {changes.chance(o.there, shown[n])} to {changes.chance(o.here, shown[n])}"
        for n, o in ((n, apart[n]) for n in named)
    ]
    same = [titles[n] for n in ends if n not in first]
    tail = f" No clear change: {'; '.join(same)}." if same else ""
    return f"{title}: {'; '.join(parts)}.{tail}"


def _one_by_one(policies: list[Fold]) -> list[Fold]:
    """Each policy, behind one line where they are many."""
    if len(policies) <= _MOST_LINES:
        return policies
    return [Fold(f"All {len(policies)} policies one by one", policies, heading="", annex=True)]


# ── one policy ────────────────────────────────────────────────────────────────────────────────────────────


def _policy(found: Comparison, name: str, policy: PolicyChange, model: Model) -> Fold:
    title = changes.policy_title(model, name)
    return Fold(
        f"{title}: chances by the end, changes in points of a hundred",
        [
            *_outcomes(found, policy, model),
            Heading(f"{title}: main variables at the end, means"),
            _variables(found, policy, model),
            *_acts(found, policy, model),
        ],
    )


def _outcomes(found: Comparison, policy: PolicyChange, model: Model) -> Iterator[Block]:
    titles = {o.name: o.title or o.name for o in model.outcomes}
    shown = scales(found).outcomes
    # A chance may differ though as many futures came: they count by how likely their course made it, too.
    differing = {n: o for n, o in policy.outcomes.items() if o.differing or abs(o.difference) > 0}
    yield _table(found, [_outcome_row(titles[n], o, shown[n]) for n, o in differing.items()])
    if len(differing) < len(policy.outcomes):
        same = "; ".join(titles[n] for n in policy.outcomes if n not in differing)
        yield Paragraph(f"The same in every future: {same}.", 1)
    needed = "; ".join(
        f"{titles[n]} {futures_needed(o.runs_needed)}"
        for n, o in differing.items()
        if not o.distinguishable and o.runs_needed
    )
    if needed:
        yield Paragraph(
            f"* Futures needed to distinguish it, if the change is as large as it looks: {needed}.", 1
        )
    yield from _months(differing, titles)


def _table(found: Comparison, rows: Sequence[Sequence[str]]) -> Table:
    """Under the heads of a change; the column over uncertain numbers only where it was asked for."""
    width = len(_HEADS) if found.worlds else len(_HEADS) - 1
    return Table(_HEADS[:width], [row[:width] for row in rows])


def _outcome_row(title: str, o: OutcomeChange, digits: Digits, mark: str = "*") -> tuple[str, ...]:
    return (
        title,
        changes.chance(o.there, digits),
        changes.chance(o.here, digits),
        changes.points(o.difference, digits) + ("" if o.distinguishable else mark),
        changes.points_range(o, digits),
        changes.over_worlds(digits, o.parameters, changes.points),
    )


def futures_needed(count: int) -> str:
    """A number of futures to two digits.

    >>> futures_needed(18546), futures_needed(97)
    ('19,000', '97')
    """
    if count > 10_000_000:
        return "over 10 million"
    scale = 10 ** max(0, len(str(count)) - 2)
    return f"{-(-count // scale) * scale:,}"


def _months(differing: dict[str, OutcomeChange], titles: dict[str, str]) -> Iterator[Block]:
    """How much sooner or later outcomes come, where that is distinguishable."""
    apart = {n: o.months.difference for n, o in differing.items() if o.months and o.months.distinguishable}
    ranked = [n for n in sorted(apart, key=lambda n: -abs(apart[n])) if abs(apart[n]) >= _LEAST_MONTHS]
    if ranked:
        each = "; ".join(
            f"{titles[n]} {_span(abs(apart[n]))} {'later' if apart[n] > 0 else 'sooner'}"
            for n in ranked[:_MOST_MONTHS]
        )
        yield Paragraph(f"On average, counted to the end where it never comes: {each}.", 1)


def _span(months: float) -> str:
    """A length of time as people say it: in days where it is short."""
    days = months * DAYS_PER_MONTH
    return counted(round(days), "day") if days < _MOST_DAYS else f"{figures.number(months, 2)} months"


def _variables(found: Comparison, policy: PolicyChange, model: Model) -> Table:
    by_name, shown = {v.name: v for v in model.variables}, scales(found).variables
    rows = [
        (
            changes.variable_title(by_name[n]),
            changes.amount(v.there, shown[n]),
            changes.amount(v.here, shown[n]),
            changes.signed(v.difference, shown[n]) + ("" if v.distinguishable else "*"),
            changes.signed_range(v, shown[n]),
            changes.over_worlds(shown[n], v.parameters, changes.signed),
        )
        for n, v in policy.variables.items()
    ]
    return _table(found, rows)


def _acts(found: Comparison, policy: PolicyChange, model: Model) -> Iterator[Block]:
    shown = scales(found).acts
    yield Gap()
    yield Paragraph("Acts in a future, on average:", 1)
    yield Terms(
        [(a.title or a.name, _acts_of(a, policy.actions[a.name], shown[a.name])) for a in model.actors], 24
    )


def _acts_of(actor: Actor, acts: dict[str, Change], shown: dict[str, Digits]) -> str:
    apart = [
        a for a in actor.actions
        if acts[a.name].distinguishable and abs(acts[a.name].difference) >= _LEAST_OFTEN
    ]  # fmt: skip
    apart.sort(key=lambda a: -abs(acts[a.name].difference))
    each = "; ".join(
        f"{a.title or a.name} {changes.amount(x.there, digits)} to {changes.amount(x.here, digits)}"
        for a in apart[:_MOST_ACTS]
        for x, digits in ((acts[a.name], shown[a.name]),)
    )
    return each or "hardly any change"


# ── all policies beside each other, on a page ─────────────────────────────────────────────────────────────


def _side_by_side(found: Comparison, model: Model) -> Iterator[Block]:
    """A chart for each way in which futures end, and tables of all policies."""
    yield Paragraph(
        "Each future is held against itself: same world, same luck, so what is left is what the policy does. "
        f"Thick bars are sampling intervals, {figures.percent(found.each['chances'])} each, which more "
        "futures narrow; thin lines, where they are drawn, hold nine in ten of the worlds that are held "
        "possible. An asterisk: not distinguishable from no change, over all policies and outcomes together. "
        "Policies stand in one order throughout: those that help first, those that harm last.",
        small=True,
    )
    yield from change_figures(found, model)
    if not_drawn := ends_not_drawn(found, model):
        yield Paragraph(not_drawn, small=True)
    for title, table in policy_tables(found, model):
        yield Heading(title)
        yield table


def _by_size(found: Comparison, model: Model) -> tuple[list[str], list[str]]:
    """Outcomes that end a future and others, of those that any policy changes; the latter by how much."""
    size = largest_changes(found, model)
    changing = [o for o in model.outcomes if size[o.name] > 0]
    others = sorted((o.name for o in changing if not o.absorbing), key=lambda n: -size[n])
    return [o.name for o in changing if o.absorbing], others


def change_figures(found: Comparison, model: Model) -> list[Figure]:
    """What policies change in each end and in the other outcome that they change most."""
    ends, others = _by_size(found, model)
    outcomes = {o.name: o for o in model.outcomes}
    return [_figure(found, outcomes[n], f"change-{i}") for i, n in enumerate([*ends, *others[:1]])]


def _figure(found: Comparison, outcome: Outcome, identity: str) -> Figure:
    """What each policy changes in one chance: the largest fall first."""
    policies, digits = found.policies.values(), scales(found).outcomes[outcome.name]
    rows = [gap(p.title, p.outcomes[outcome.name], digits) for p in policies]
    title = outcome.title or outcome.name
    apart = sorted((g for g in rows if g.low > 0 or g.high < 0), key=lambda g: g.value)
    if not apart:
        text = f"No policy is distinguishable from no change in the chance of {quoted(title)}."
    else:
        extremes = [(apart[0], "lowest")] if apart[0].value < 0 else []
        extremes += [(apart[-1], "highest")] if apart[-1].value > 0 else []
        each = ", ".join(f"{which} under {quoted(g.title)} ({g.number})" for g, which in extremes)
        text = f"Chance of {quoted(title)}: {each}."
    table = Table(
        ("Policy", "Without", "With", "Change", "Sampling interval", "Over uncertain numbers"),
        [_policy_row(p.title, p.outcomes[outcome.name], digits) for p in policies],
    )
    return Figure(
        identity, title, text,
        differences([("", rows)], WIDE), table, differences([("", rows)], NARROW, beside=False),
    )  # fmt: skip


def _policy_row(title: str, o: OutcomeChange, digits: Digits) -> tuple[str, ...]:
    *cells, worlds = _outcome_row(title, o, digits, " *")
    return (*cells, worlds or "not asked")


def ends_not_drawn(found: Comparison, model: Model) -> str:
    """Which ends have no chart, and why: in these futures no policy makes a difference to them."""
    policies = [p.outcomes for p in found.policies.values()]
    same = [o for o in model.outcomes if o.absorbing and all(p[o.name].difference == 0 for p in policies)]
    named = [quoted(o.title or o.name) + " (never)" * (policies[0][o.name].there == 0) for o in same]
    return f"Not drawn is what comes as often under every policy: {enumerated(named)}." if named else ""


def policy_tables(found: Comparison, model: Model) -> Iterator[tuple[str, Table]]:
    """All policies, a row each: how they change outcomes, and main variables."""
    ends, others = _by_size(found, model)
    columns, shown = [*ends, *others][:_MOST_COLUMNS], scales(found)
    if columns:
        titles = {o.name: o.title or o.name for o in model.outcomes}
        yield (
            "Changes of chances by the end, in points of a hundred",
            Table(
                ("Policy", *(titles[n] for n in columns)),
                [
                    (p.title, *(_chance_cell(p.outcomes[n], shown.outcomes[n]) for n in columns))
                    for p in found.policies.values()
                ],
            ),
        )
    variables = {v.name: v for v in model.variables}
    names = list(next(iter(found.policies.values())).variables)[:_MOST_VARIABLES]
    if names:
        yield (
            "Changes of the main variables at the end, on average",
            Table(
                ("Policy", *(changes.variable_title(variables[n]) for n in names)),
                [
                    (p.title, *(_mean_cell(p.variables[n], shown.variables[n]) for n in names))
                    for p in found.policies.values()
                ],
            ),
        )


def _chance_cell(o: OutcomeChange, digits: Digits) -> str:
    return _with_interval(changes.points(o.difference, digits), changes.points_range(o, digits))


def _mean_cell(v: VariableChange, digits: Digits) -> str:
    return _with_interval(changes.signed(v.difference, digits), changes.signed_range(v, digits))


def _with_interval(value: str, interval: str) -> str:
    """A number and its interval, which may stand on a line of its own but is not broken itself."""
    return f"{value} ({interval})".replace(" ", figures.NBSP).replace(f"{figures.NBSP}(", " (")


# ── how sure ──────────────────────────────────────────────────────────────────────────────────────────────


def _how_sure(found: Comparison) -> Iterator[Block]:
    yield Paragraph(f"Sampling: {found.intervals['sampling']}")
    if any(o.without_luck for p in found.policies.values() for o in p.outcomes.values()):
        yield Paragraph(f"Chances: {found.intervals['luck']}")
    if found.worlds:
        yield Paragraph(f"Uncertain numbers: {found.intervals['parameters']}")
        yield Paragraph(
            f"From {found.worlds:,} worlds, each run {found.replicates} times with other luck. At most: "
            "worlds do not differ by more than luck explains, and by no more than this either way."
        )
    levels = {_KINDS[kind]: figures.percent(level) for kind, level in found.each.items()}
    each = "; ".join(f"{what} {level}" for what, level in levels.items())
    yield Paragraph(f"*: not distinguishable from no change. Level of each interval: {each}.")


def _caveats(found: Comparison, model: Model) -> list[str]:
    """Policies of which nobody knows whether they help or harm."""
    ends = [o.name for o in model.outcomes if o.absorbing]
    crossing = [p.title for p in found.policies.values() if any(_crosses(p.outcomes[n]) for n in ends)]
    if not crossing:
        return []
    named = enumerated([quoted(t) for t in crossing[: offramps.MOST_NAMED]])
    return [f"Whether {named} helps or harms hangs on numbers that nobody knows."]


def _crosses(o: OutcomeChange) -> bool:
    """Whether a change that is distinguishable from none has another sign in some worlds."""
    worlds = o.parameters
    if worlds is None or not (o.distinguishable and worlds.distinguishable):
        return False
    return worlds.low < 0 < worlds.high
