"""What actors think at one date, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from offramp.model import Model
from offramp.questions.minds.ask import (
    ActionThought,
    ActorMind,
    Judgement,
    Minds,
    Mistake,
    PictureSeen,
    misread_title,
)
from offramp.tell import figures, words
from offramp.tell.blocks import Block, Gap, Heading, Paragraph, Table, Telling, Terms
from offramp.tell.terminal import columns_of, head_width

_COLUMNS = 100  # of a page
_LABELS = 10
_NAMES = 26  # columns for the titles of actions, where room is short
_WIDEST_NAMES = 36
_MOST_PICTURES = 4
_MOST_VARIABLES = 8  # of a model without headline variables
_LEAST_BELIEF = 0.01  # pictures held less likely are left to the JSON
_LEAST_POINTS = 0.005
_LEAST_CHANCE = 0.0005  # of what an actor sees coming
_MOST_REASONED = 6  # acts whose reasons are told, the likeliest; all with `--all`
_MOST_PARTS = 6
_LEAST_PART = 0.04  # of the largest reason: smaller ones are summed up as the rest
_CLOSED = {
    "when": "not possible now",
    "forbidden": "forbidden by the policy",
    "forced": "another is forced",
}

_ONE_PATH = (
    "Each looks ahead along one expected path, on which a condition is met or is not; `--paths 100` looks "
    "along many."
)


def tell(found: Minds, model: Model) -> Telling:
    """What `offramp minds` says."""
    policy = next((p.title for p in model.policies if p.name == found.policy), "") or found.policy
    under = "" if found.policy == "baseline" else f", policy \u201c{policy}\u201d"
    shown = [v for v in model.variables if v.headline] or list(model.variables)[:_MOST_VARIABLES]
    state = "; ".join(f"{v.title or v.name} {_amount(found.state[v.name], v.unit)}" for v in shown)
    return Telling(
        title=f"{found.title}: what each side thinks, {figures.full_date(found.at)}",
        head=[
            Paragraph(
                f"Future {found.scenario} of seed {found.seed}{under}, at the moment of choice: after the "
                f"events of the {model.step}. Points are over what its own choice brings on average. "
                + (f"Each looks ahead along {found.paths:,} sampled paths." if found.paths else _ONE_PATH)
            )
        ],
        body=[
            Paragraph(f"State: {state}."),
            *(block for mind in found.actors for block in _mind(mind, model, found.everything)),
        ],
    )


def _mind(mind: ActorMind, model: Model, everything: bool) -> Iterator[Block]:
    yield Heading(mind.title or mind.name)
    if mind.true_type:
        yield _entry("is", _type(model, mind.name, mind.true_type))
    if mind.after:
        before = words.enumerated([_title(model, name) for name in mind.after])
        yield _entry("moves", f"after {before}, whose move stands in what it sees")
    if not mind.depth:
        yield Paragraph("Acts by habit.", 1)
        yield from _mistakes("misreads", mind.misreads, model)
        yield from _mistakes("sees", mind.sees, model)
        rows = [(o.title or o.name, _chance(o.probability)) for o in _by_chance(mind)]
        yield Table(("", "will do"), rows)
        yield from _closed(mind)
        return
    yield from _itself(mind, model)
    options = [o for o in _by_chance(mind) if o.closed is None and o.judgement is not None]
    reasoned = options if everything else options[:_MOST_REASONED]
    yield Gap()
    yield from _options(mind, model, reasoned)
    yield from _closed(mind)
    yield from _reasons(mind, model, reasoned, everything)
    if left := len(options) - len(reasoned):
        yield Paragraph(f"{left} less likely {'act' if left == 1 else 'acts'}: --all tells why, too.", 1)
    if len(mind.pictures) > 1:
        yield from _pictures(mind, model) if everything else _picture_points(mind, model, reasoned)
    yield from _others(mind, model)


def _itself(mind: ActorMind, model: Model) -> Iterator[Block]:
    """How it thinks, what it believes, what it gets wrong."""
    yield _entry("thinks", _depth(mind))
    for about, chances in mind.beliefs.items():
        held = ", ".join(f"{_type(model, about, t)} {_chance(p)}" for t, p in chances.items())
        true = mind.true_types[about]
        truth = f" (in truth: {_type(model, about, true)})" if true is not None else ""
        yield _entry("believes", f"{_title(model, about)} is: {held}{truth}")
    yield from _mistakes("misreads", mind.misreads, model)
    yield from _mistakes("sees", mind.sees, model)


def _entry(label: str, text: str) -> Terms:
    return Terms([(label, text)], _LABELS)


def _reasons(
    mind: ActorMind, model: Model, options: Sequence[ActionThought], everything: bool
) -> Iterator[Block]:
    yield Gap()
    yield Paragraph("Why (points over its average choice; + speaks for it, - against):", 1)
    most = None if everything else _MOST_PARTS
    reasons = [
        (o.title or o.name, _why(o.judgement, model, most)) for o in options if o.judgement is not None
    ]
    if reasons:
        yield Terms(reasons, _room(mind), 2)


def _depth(mind: ActorMind) -> str:
    text = f"{figures.with_unit(mind.months, 'month')} ahead at depth {mind.depth}"
    if mind.depth > 1:
        text += f", others {figures.with_unit(mind.inner_months, 'month')} at depth {mind.depth - 1} at most"
    return f"{text}; precision {mind.precision:.3g} per point, discount {mind.discount:.3g} per month"


def _mistakes(label: str, mistakes: list[Mistake], model: Model) -> Iterator[Block]:
    for i, m in enumerate(mistakes):
        sure = "" if m.sd is None else f" give or take {_amount(m.sd, m.unit)}"
        both = f"as {_amount(m.taken_for, m.unit)}{sure}, in truth {_amount(m.truth, m.unit)}"
        yield _entry("" if i else label, f"{misread_title(m, model)}: {both}")


def _options(mind: ActorMind, model: Model, reasoned: Sequence[ActionThought]) -> Iterator[Block]:
    """Every open action: what it will do, habit, points, and what the actor sees coming.

    The latter stands in columns of its own where a page of 100 has room for them, otherwise below, of the
    actions that are `reasoned` through.
    """
    options = [o for o in _by_chance(mind) if o.closed is None]
    ends = list(options[0].judgement.chances) if options[0].judgement else []
    names = [*(_outcome(model, n) for n in ends), "none"] if ends else []
    heads = ("", "will do", "by habit", "points")
    room = _COLUMNS - 2 - _NAMES - sum(columns_of(h) + 2 for h in heads)
    beside = room >= sum(max(head_width(n), 7) + 2 for n in names)
    within = f"What it sees coming within {figures.number(mind.months)} months"
    rows = [
        (
            o.title or o.name,
            _chance(o.probability),
            _chance(o.habit),
            _points(_of(o.judgement)),
            *(_chance(c) for c in (_coming(o.judgement) if beside and ends else ())),
        )
        for o in options
    ]
    if ends and beside:
        yield Paragraph(f"{within} stands to the right:", 1)
    yield Table((*heads, *names) if beside else heads, rows)
    if not beside:
        yield Gap()
        yield Paragraph(f"{within}:", 1)
        yield Terms([(o.title or o.name, _likely(names, o.judgement)) for o in reasoned], _room(mind), 2)


def _likely(names: Sequence[str], judgement: Judgement | None) -> str:
    """What an actor sees coming of an action, with its chances."""
    chances = zip(names, _coming(judgement), strict=True)
    return ", ".join(f"{n} {_chance(c)}" for n, c in chances if c >= _LEAST_CHANCE)


def _closed(mind: ActorMind) -> Iterator[Block]:
    for reason, text in _CLOSED.items():
        names = [o.title or o.name for o in mind.options if o.closed == reason]
        if names:
            yield Paragraph(f"{text.capitalize()}: {'; '.join(names)}.", 1, hanging=True)


def _why(judgement: Judgement, model: Model, most: int | None = None) -> str:
    """The reasons for and against an action, the weightiest first; of `most` at most, the rest summed up."""
    parts = {n.replace("_", " "): v for n, v in judgement.terms.items()}
    parts |= {f"exchanges: {_ladder(model, n)}": v for n, v in judgement.ladders.items()}
    parts |= {f"chance of \u201c{_outcome(model, n)}\u201d": v for n, v in judgement.worth.items()}
    parts["cost"] = judgement.cost
    found = sorted(((n, v) for n, v in parts.items() if v is not None), key=lambda item: -abs(item[1]))
    least = max(_LEAST_POINTS, _LEAST_PART * abs(found[0][1])) if found else 0.0
    shown = [(n, v) for n, v in found if abs(v) >= least][:most]
    rest = sum(v for _, v in found[len(shown) :])
    if abs(rest) >= _LEAST_POINTS:
        shown.append(("the rest", rest))
    if not shown:
        return "nothing tells it from the others"
    each = ", ".join(f"{n} {_points(v)}" for n, v in shown)
    return f"{_points(judgement.relative)}: {each}"


def _room(mind: ActorMind) -> int:
    """Columns for the titles of an actor's actions."""
    return min(_WIDEST_NAMES, max(columns_of(o.title or o.name) for o in mind.options))


def _likeliest(mind: ActorMind) -> list[PictureSeen]:
    """The pictures that are shown, the likeliest first."""
    likely = sorted(mind.pictures, key=lambda p: -p.belief)
    return [p for p in likely if p.belief >= _LEAST_BELIEF][:_MOST_PICTURES]


def _left_out(mind: ActorMind, shown: Sequence[PictureSeen]) -> Iterator[Block]:
    if left := len(mind.pictures) - len(shown):
        yield Paragraph(f"{left} less likely pictures are in --format json.", 1)


def _pictures(mind: ActorMind, model: Model) -> Iterator[Block]:
    """Reasons in each picture."""
    shown = _likeliest(mind)
    titles = {o.name: o.title or o.name for o in mind.options}
    for picture in shown:
        yield Gap()
        yield Paragraph(f"If {_supposed(picture, model)} (it believes: {_chance(picture.belief)}):", 1)
        worth = [(n, j) for n, j in picture.actions.items() if j.relative is not None]
        worth.sort(key=lambda item: -(item[1].relative or 0.0))
        if worth:
            yield Terms([(titles[n], _why(j, model)) for n, j in worth], _room(mind), 2)
    yield from _left_out(mind, shown)


def _picture_points(mind: ActorMind, model: Model, options: Sequence[ActionThought]) -> Iterator[Block]:
    """Points of actions in each picture, side by side."""
    shown = _likeliest(mind)
    yield Gap()
    yield Paragraph("Points, if the other is as it supposes (with what chance it believes that):", 1)
    yield Table(
        ("", *(f"if {_supposed(p, model)} ({_chance(p.belief)})" for p in shown)),
        [(o.title or o.name, *(_points(p.actions[o.name].relative) for p in shown)) for o in options],
    )
    yield from _left_out(mind, shown)


def _others(mind: ActorMind, model: Model) -> Iterator[Block]:
    """What it expects the others to do: over all, in its likeliest pictures, and what they will do."""
    shown = _likeliest(mind) if len(mind.pictures) > 1 else []
    for other, chances in mind.expects.items():
        # Only those whose types differ between pictures are thought of differently in them.
        some = _different(shown, other)
        titles = {x.name: x.title or x.name for a in model.actors if a.name == other for x in a.actions}
        yield Gap()
        yield Table(
            (
                f"{_title(model, other)} in its eyes",
                "expected",
                *(f"if {_supposed(p, model, other)}" for p in some),
                "in truth",
            ),
            [
                (
                    titles[action],
                    _chance(chance),
                    *(_chance(p.expects[other][action]) for p in some),
                    _chance(mind.truly[other][action]),
                )
                for action, chance in sorted(chances.items(), key=lambda item: -item[1])
            ],
        )


def _different(pictures: list[PictureSeen], other: str) -> list[PictureSeen]:
    """Pictures in which `other` is expected to act differently; of each of its types one."""
    by_type = {p.types.get(other): p for p in reversed(pictures)}
    chosen = [p for p in pictures if by_type[p.types.get(other)] is p]
    return chosen if len(chosen) > 1 else []


def _supposed(picture: PictureSeen, model: Model, only: str | None = None) -> str:
    if only is not None:
        return _type(model, only, picture.types[only])
    return ", ".join(
        f"{_title(model, about)} is {_type(model, about, t)}" for about, t in picture.types.items()
    )


def _by_chance(mind: ActorMind) -> list[ActionThought]:
    return sorted(mind.options, key=lambda o: -o.probability)


def _coming(judgement: Judgement | None) -> list[float]:
    return [] if judgement is None else [*judgement.chances.values(), judgement.none]


def _of(judgement: Judgement | None) -> float | None:
    return None if judgement is None else judgement.relative


def _points(value: float | None) -> str:
    """Points with a sign, to the hundredth, or fewer digits where they are many."""
    if value is None:
        return ""
    digits = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    text = f"{value:+.{digits}f}"
    return "0" if float(text) == 0 else text


def _chance(share: float) -> str:
    return figures.percent(share)


def _amount(value: float, unit: str) -> str:
    return figures.with_unit(value, unit)


def _title(model: Model, actor: str) -> str:
    return next((a.title for a in model.actors if a.name == actor), "") or actor


def _ladder(model: Model, ladder: str) -> str:
    return next(x.title or x.name for x in model.ladders if x.name == ladder)


def _outcome(model: Model, outcome: str) -> str:
    return next((o.title for o in model.outcomes if o.name == outcome), "") or outcome.replace("_", " ")


def _type(model: Model, actor: str, name: str) -> str:
    """The title of a type; one that only repeats the name stands in small letters, within sentences."""
    types: Mapping[str, str] = {t.name: t.title for a in model.actors if a.name == actor for t in a.types}
    title, plain = types.get(name) or name, name.replace("_", " ")
    return plain if title.lower() == plain else title
