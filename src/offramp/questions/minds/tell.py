"""What actors think at one date, as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from offramp.model import Model
from offramp.questions.minds.ask import Judgement, Mind, Minds, Mistake, Option, Picture, misread_title
from offramp.tell import figures
from offramp.tell.terminal import Page, columns_of, head_width

_NAMES = 26  # columns for the titles of actions, where room is short
_WIDEST_NAMES = 36
_MOST_PICTURES = 4
_LEAST_BELIEF = 0.01  # pictures held less likely are left to the JSON
_LEAST_POINTS = 0.005
_MOST_REASONED = 6  # acts whose reasons are told, the likeliest; all with `--all`
_MOST_PARTS = 6
_LEAST_PART = 0.04  # of the largest reason: smaller ones are summed up as the rest


def minds_text(
    found: Minds, model: Model, again: str, columns: int, colour: bool = False, everything: bool = False
) -> str:
    """What `offramp minds` prints.

    Parameters
    ----------
    found : what `offramp.questions.minds.ask` gave
    model : of which it is, for titles
    again : the command that gives the same page
    columns : to fill
    colour : mark headings
    everything : tell the reasons of every open action, in each picture too, not of the likeliest alone
    """
    page = Page(columns)
    policy = next((p.title for p in model.policies if p.name == found.policy), "") or found.policy
    under = "" if found.policy == "baseline" else f", policy \u201c{policy}\u201d"
    page.heading(f"{found.title}: what each side thinks, {figures.full_date(found.at)}")
    page.paragraph(
        f"Future {found.scenario} of seed {found.seed}{under}, at the moment of choice: after the events of "
        f"the {model.step}. Points are over what its own choice brings on average."
    )
    if found.illustrative:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    shown = [v for v in model.variables if v.headline] or list(model.variables)[:8]
    page.paragraph(
        "State: "
        + "; ".join(f"{v.title or v.name} {_amount(found.state[v.name], v.unit)}" for v in shown)
        + "."
    )
    for mind in found.actors:
        _mind(page, mind, model, everything)
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    return page.text(colour)


def _mind(page: Page, mind: Mind, model: Model, everything: bool) -> None:
    page.heading(mind.title or mind.name)
    if mind.true_type:
        page.entry("is", f"{_type(model, mind.name, mind.true_type)}", "  ", 10)
    if not mind.depth:
        page.paragraph("Acts by habit.", "  ")
        page.table(["", "will do"], [[o.title or o.name, _chance(o.probability)] for o in _by_chance(mind)])
        _closed(page, mind)
        return
    page.entry("thinks", _depth(mind), "  ", 10)
    for about, chances in mind.beliefs.items():
        held = ", ".join(f"{_type(model, about, t)} {_chance(p)}" for t, p in chances.items())
        true = mind.true_types[about]
        truth = f" (in truth: {_type(model, about, true)})" if true is not None else ""
        page.entry("believes", f"{_title(model, about)} is: {held}{truth}", "  ", 10)
    _mistakes(page, "misreads", mind.misreads, model)
    _mistakes(page, "sees", mind.sees, model)

    page.gap()
    options = [o for o in _by_chance(mind) if o.closed is None and o.judgement is not None]
    told = options if everything else options[:_MOST_REASONED]
    _options(page, mind, model, told)
    _closed(page, mind)
    page.gap()
    page.paragraph("Why (points over its average choice; + speaks for it, - against):", "  ")
    for option in told:
        if option.judgement is not None:
            most = None if everything else _MOST_PARTS
            _why(page, option.title or option.name, option.judgement, model, _room(mind), most)
    if left := len(options) - len(told):
        page.paragraph(f"{left} less likely {'act' if left == 1 else 'acts'}: --all tells why, too.", "  ")
    if len(mind.pictures) > 1 and everything:
        _pictures(page, mind, model)
    elif len(mind.pictures) > 1:
        _picture_points(page, mind, model, [o.name for o in told])
    _others(page, mind, model)


def _depth(mind: Mind) -> str:
    text = f"{figures.with_unit(mind.months, 'month')} ahead at depth {mind.depth}"
    if mind.depth > 1:
        text += f", others {figures.with_unit(mind.inner_months, 'month')} at depth {mind.depth - 1} at most"
    return f"{text}; precision {mind.precision:.3g} per point, discount {mind.discount:.3g} per month"


def _mistakes(page: Page, label: str, mistakes: list[Mistake], model: Model) -> None:
    for i, m in enumerate(mistakes):
        both = f"as {_amount(m.taken_for, m.unit)}, in truth {_amount(m.truth, m.unit)}"
        text = f"{misread_title(m, model)}: {both}"
        page.entry("" if i else label, text, "  ", 10)


def _options(page: Page, mind: Mind, model: Model, told: list[Option]) -> None:
    """Every open action: what it will do, habit, points, what the actor sees coming (of those `told`)."""
    options = [o for o in _by_chance(mind) if o.closed is None]
    ends = list(options[0].judgement.chances) if options[0].judgement else []
    head = ["", "will do", "by habit", "points"]
    columns = [[_chance(o.probability), _chance(o.habit), _points(_of(o.judgement))] for o in options]
    names = [_outcome(model, n) for n in ends]
    room = page.columns - 2 - _NAMES - sum(columns_of(h) + 2 for h in head)
    apart = ends and room < sum(max(head_width(n), 7) + 2 for n in [*names, "none"])
    if ends and not apart:
        head += [*names, "none"]
        for row, o in zip(columns, options, strict=True):
            row += [_chance(c) for c in _coming(o.judgement)]
    within = f"What it sees coming within {figures.number(mind.months)} months"
    if ends and not apart:
        page.paragraph(f"{within} stands to the right:", "  ")
    page.table(head, [[o.title or o.name, *row] for o, row in zip(options, columns, strict=True)])
    if apart:
        page.gap()
        page.paragraph(f"{within}:", "  ")
        for o in told:
            text = ", ".join(
                f"{n} {_chance(c)}"
                for n, c in zip([*names, "none"], _coming(o.judgement), strict=True)
                if c >= 0.0005
            )
            page.entry(o.title or o.name, text, "    ", _room(mind))


def _closed(page: Page, mind: Mind) -> None:
    words = {
        "when": "not possible now",
        "forbidden": "forbidden by the policy",
        "forced": "another is forced",
    }
    for reason, text in words.items():
        names = [o.title or o.name for o in mind.options if o.closed == reason]
        if names:
            page.paragraph(f"{text.capitalize()}: {'; '.join(names)}.", "  ", "  ")


def _why(
    page: Page, name: str, judgement: Judgement, model: Model, room: int, most: int | None = None
) -> None:
    """The reasons for and against an action, the weightiest first; of `most` at most, the rest summed up."""
    parts = {n.replace("_", " "): v for n, v in judgement.terms.items()}
    for ladder, points in judgement.ladders.items():
        parts[f"exchanges: {_ladder(model, ladder)}"] = points
    for outcome, points in judgement.worth.items():
        parts[f"chance of \u201c{_outcome(model, outcome)}\u201d"] = points
    parts["cost"] = judgement.cost
    found = sorted(((n, v) for n, v in parts.items() if v is not None), key=lambda item: -abs(item[1]))
    least = max(_LEAST_POINTS, _LEAST_PART * abs(found[0][1])) if found else 0.0
    told = [(n, v) for n, v in found if abs(v) >= least][:most]
    rest = sum(v for _, v in found[len(told) :])
    if abs(rest) >= _LEAST_POINTS:
        told.append(("the rest", rest))
    text = ", ".join(f"{n} {_points(v)}" for n, v in told) or "nothing tells it from the others"
    page.entry(name, f"{_points(judgement.relative)}: {text}" if told else text, "    ", room)


def _room(mind: Mind) -> int:
    """Columns for the titles of an actor's actions."""
    return min(_WIDEST_NAMES, max(columns_of(o.title or o.name) for o in mind.options))


def _pictures(page: Page, mind: Mind, model: Model) -> None:
    likely = sorted(mind.pictures, key=lambda p: -p.belief)
    shown = [p for p in likely if p.belief >= _LEAST_BELIEF][:_MOST_PICTURES]
    titles = {o.name: o.title or o.name for o in mind.options}
    for picture in shown:
        page.gap()
        page.paragraph(f"If {_supposed(picture, model)} (it believes: {_chance(picture.belief)}):", "  ")
        worth = [(n, j) for n, j in picture.actions.items() if j.relative is not None]
        for name, judgement in sorted(worth, key=lambda item: -(item[1].relative or 0.0)):
            _why(page, titles[name], judgement, model, _room(mind))
    if len(shown) < len(mind.pictures):
        page.paragraph(f"{len(mind.pictures) - len(shown)} less likely pictures are in --format json.", "  ")


def _picture_points(page: Page, mind: Mind, model: Model, actions: list[str]) -> None:
    """Points of the likeliest actions in each picture, side by side."""
    likely = sorted(mind.pictures, key=lambda p: -p.belief)
    shown = [p for p in likely if p.belief >= _LEAST_BELIEF][:_MOST_PICTURES]
    titles = {o.name: o.title or o.name for o in mind.options}
    page.gap()
    page.paragraph("Points, if the other is as it supposes (with what chance it believes that):", "  ")
    head = ["", *(f"if {_supposed(p, model)} ({_chance(p.belief)})" for p in shown)]
    rows = [[titles[name], *(_points(p.actions[name].relative) for p in shown)] for name in actions]
    page.table(head, rows)
    if len(shown) < len(mind.pictures):
        page.paragraph(f"{len(mind.pictures) - len(shown)} less likely pictures are in --format json.", "  ")


def _others(page: Page, mind: Mind, model: Model) -> None:
    """What it expects the others to do: over all, in its likeliest pictures, and what they will do."""
    likely = sorted(mind.pictures, key=lambda p: -p.belief)
    shown = [p for p in likely if p.belief >= _LEAST_BELIEF][:_MOST_PICTURES] if len(likely) > 1 else []
    for other, chances in mind.expects.items():
        # Only those whose types differ between pictures are thought of differently in them.
        some = _told_apart(shown, other)
        head = [f"{_title(model, other)} in its eyes", "expected"]
        head += [f"if {_supposed(p, model, other)}" for p in some] + ["in truth"]
        titles = {x.name: x.title or x.name for a in model.actors if a.name == other for x in a.actions}
        rows = []
        for action, chance in sorted(chances.items(), key=lambda item: -item[1]):
            cells = [_chance(chance), *(_chance(p.expects[other][action]) for p in some)]
            rows.append([titles[action], *cells, _chance(mind.truly[other][action])])
        page.gap()
        page.table(head, rows)


def _told_apart(pictures: list[Picture], other: str) -> list[Picture]:
    """Pictures in which `other` is expected to act differently; of each of its types one."""
    by_type = {p.types.get(other): p for p in reversed(pictures)}
    chosen = [p for p in pictures if by_type[p.types.get(other)] is p]
    return chosen if len(chosen) > 1 else []


def _supposed(picture: Picture, model: Model, only: str | None = None) -> str:
    if only is not None:
        return _type(model, only, picture.types[only])
    return ", ".join(
        f"{_title(model, about)} is {_type(model, about, t)}" for about, t in picture.types.items()
    )


def _by_chance(mind: Mind) -> list[Option]:
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
