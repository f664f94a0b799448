"""What each side of a brief does, sees, misreads and believes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from offramp.analysis import trajectories
from offramp.brief.section import Section, figure
from offramp.brief.view import RunsView
from offramp.charts import over_time
from offramp.charts.canvas import HALF, NARROW, WIDE
from offramp.charts.palette import TYPES
from offramp.tell import figures, model_words, words
from offramp.tell.blocks import (
    Block,
    Bullets,
    Figure,
    Grid,
    Heading,
    Paragraph,
    Shades,
    Span,
    Table,
)

Floats = npt.NDArray[np.float64]

# Actions chosen less than this, overall and in any month, share one strip.
RARE, RARE_IN_A_MONTH = 0.02, 0.05
MOST_STRIPS = 12


# ── habits ────────────────────────────────────────────────────────────────────────────────────────────────


def habits(view: RunsView) -> Section | None:
    """For each actor, what it chooses and when; None where nobody acts."""
    actors = list(view.about("actors"))
    if not actors:
        return None
    under = view.under and f",{view.under}"
    # Choices are counted by months, and by steps where these are longer.
    cell = view.model.step if view.model.step in ("quarter", "year") else "month"
    blocks: list[Block] = [
        Paragraph(
            f"Each strip is an action, each cell a {cell}: the darker, the larger the share of choices that "
            "fell on it, among the futures that still went on. The number at the right is the share "
            "over the whole time.",
            small=True,
        ),
        Shades([(f"{p} %", over_time.opacity(p / 100)) for p in (1, 5, 10, 25, 50, 100)]),
        *(_habit(view, actor, f"habit-{i}") for i, actor in enumerate(actors)),
    ]
    title = f"What each side tends to do, and when{under}"
    return Section(80, "habits", "What each side does", title, blocks)


def _habit(view: RunsView, actor: str, identity: str) -> Figure:
    about = view.about("actors")[actor]
    title = about["title"] or actor
    found = trajectories.choices(view.shown, actor)
    share, overall = found["share"].values[0], found["overall"].values[0]
    titles = [about["actions"][str(a)]["title"] or str(a) for a in found["action"].values]
    edges = [d.item() for d in found["month"].values.astype("datetime64[D]")] + [view.end]
    quarter = max(1, share.shape[1] // 4)
    chosen = found["chosen"].values[0]
    early, late = (_pooled(share, chosen, s) for s in (slice(None, quarter), slice(-quarter, None)))
    facts = [words.Habit(t, float(overall[i]), float(early[i]), float(late[i])) for i, t in enumerate(titles)]
    strips = _strips(titles, share, overall)
    rows = [
        (titles[i], figures.percent(float(overall[i])), *(_or_dash(c) for c in share[i]))
        for i in sorted(range(len(titles)), key=lambda i: -overall[i])
    ]
    heads = ("Action", "Overall", *(figures.table_date(e) for e in edges[: share.shape[1]]))
    return Figure(
        identity, title, words.habits(facts),
        over_time.strips(edges, strips, WIDE), Table(heads, rows),
        over_time.strips(edges, strips, NARROW, beside=False),
    )  # fmt: skip


def _or_dash(share: float) -> str:
    return "–" if np.isnan(share) else figures.percent(float(share))


def _pooled(share: Floats, chosen: Floats, months: slice) -> Floats:
    """Share of each action over several months together: (action,)."""
    weight = chosen[months]
    if not weight.sum():
        return np.zeros(len(share))
    return np.asarray(np.nansum(share[:, months] * weight, axis=1) / weight.sum())


def _strips(titles: Sequence[str], share: Floats, overall: Floats) -> list[over_time.Strip]:
    """One strip for each action, most frequent on top; rare ones together at the bottom."""
    peak = np.nanmax(share, axis=1, initial=0.0)
    ranked = sorted(range(len(titles)), key=lambda i: -overall[i])
    rare = [
        i
        for k, i in enumerate(ranked)
        if k >= MOST_STRIPS or (overall[i] < RARE and peak[i] < RARE_IN_A_MONTH)
    ]
    if len(rare) < 2 or len(rare) == len(ranked):
        rare = []
    common = [i for i in ranked if i not in rare]
    strips = [over_time.Strip(titles[i], share[i].tolist(), float(overall[i])) for i in common]
    if rare:
        together = f"{len(rare)} rarer actions together"
        strips.append(over_time.Strip(together, share[rare].sum(axis=0).tolist(), float(overall[rare].sum())))
    return strips


# ── what each sees ────────────────────────────────────────────────────────────────────────────────────────


def pictures(view: RunsView) -> Section | None:
    """What each side sees, misreads and believes; None where nobody acts."""
    sides, plain = model_words.sides(view.model)
    if not sides and not plain:
        return None
    blocks: list[Block] = [
        Paragraph(
            "Every side decides inside its own picture of the world. A misreading is a number that it takes "
            "to be other than it is; what it does follows from the wrong number, what comes of it from the "
            "true one. Ranges hold nine draws in ten."
        )
    ]
    for side in sides:
        blocks += _side(side)
    blocks += _beliefs(view)
    if plain:
        s = "s" if len(plain) == 1 else ""
        blocks += [
            Heading("The others"),
            Paragraph(
                f"{words.enumerated(plain)} act{s} from habit, see{s} everything as it is and "
                f"misread{s} nothing."
            ),
        ]
    title = "What each side sees and misreads"
    return Section(90, "pictures", "What each side sees", title, blocks)


def _side(side: model_words.SideWords) -> Iterator[Block]:
    yield Heading(side.title)
    yield Paragraph(side.mind)
    if side.misreads:
        yield Paragraph("What it gets wrong:")
        yield Bullets([_misread(side.title, m) for m in side.misreads])
    if side.signals:
        yield Paragraph("What it does not see as it is:")
        yield Bullets([(Span(f"{variable}:"), f" {how}") for variable, how in side.signals])
    if side.beliefs:
        yield Paragraph("What it believes of others:")
        yield Bullets(
            [
                (Span(f"{b.about}:"), f" at first {b.prior}; in truth {b.truth}; {b.learns}")
                for b in side.beliefs
            ]
        )


def _misread(who: str, m: model_words.Misread) -> tuple[str | Span, ...]:
    """A misreading as a sentence: what the side takes for what, what it is, and who says so."""
    takes = f" {who} takes “{m.parameter}” to be {m.supposed}; in truth it is {m.true}."
    return (Span(f"{m.title}."), takes, *((Span(f" {m.sources}", "small"),) if m.sources else ()))


def _beliefs(view: RunsView) -> Iterator[Block]:
    """For each belief that an actor holds about another, how it goes on average."""
    pairs = [(actor, other) for actor, a in view.about("actors").items() for other in a["beliefs"]]
    if pairs:
        yield Heading("How beliefs change")
        yield Paragraph(
            "The chance that an actor gives to each type of another as it chooses, on average over the "
            "futures that go on.",
            small=True,
        )
        yield Grid([_belief(view, *pair, f"belief-{i}") for i, pair in enumerate(pairs)])


def _belief(view: RunsView, actor: str, other: str, identity: str) -> Figure:
    about = view.about("actors")
    found = trajectories.mean_belief(view.shown, actor, other)
    rows = [k for k in view.rows if k < found.sizes["step"] and np.isfinite(found.values[0, :, k]).all()]
    mean = found.values[0][:, rows]
    titles = [about[other]["types"][str(t)]["title"] or str(t) for t in found["type"].values]
    who, whom = about[actor]["title"] or actor, about[other]["title"] or other
    layers = [
        over_time.Layer(f"{figures.percent(float(m[-1]))} {t}", TYPES[i % len(TYPES)], m.tolist())
        for i, (t, m) in enumerate(zip(titles, mean, strict=True))
    ]
    # One choice is drawn as a span of time, for areas need two dates.
    times = [view.times[k] for k in rows]
    if len(times) == 1:
        times, layers = view.times[:2], [over_time.Layer(x.label, x.colour, [*x.share] * 2) for x in layers]
    numbers = [
        (figures.table_date(view.times[k]), *(figures.percent(float(m)) for m in mean[:, j]))
        for j, k in enumerate(rows)
    ]
    return figure(
        identity, f"{who} about {whom}",
        words.belief(who, whom, list(zip(titles, mean[:, 0], mean[:, -1], strict=True))),
        (("Choice of", *titles), numbers),
        over_time.standing(times, layers, HALF, beside=False, height=150),
        heading=True,
    )  # fmt: skip
