"""A model on one page: what it is, who decides, what ends it, what is uncertain, where the rest stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offramp.explanation import SECTIONS, changes, counts, guesses
from offramp.model import Actor, Distribution, Model, Outcome
from offramp.tell import figures
from offramp.tell.terminal import TextPage
from offramp.tell.words import counted, enumerated
from offramp.tree import Number

_MOST_ACTS = 6
_MOST_WRONG = 3
_MOST_NAMED = 8
_MOST_WORDS = 90  # of the summary
_ROOM = 12


def overview_text(model: Model, columns: int, colour: bool = False) -> str:
    """What `offramp explain` prints where no section is asked for; at most two screens for any model."""
    page = TextPage(columns)
    _what(model, page)
    for heading, said in (
        ("Who decides", _who(model)),
        ("How it may end", _ends(model)),
        ("What moves", _moves(model)),
        ("What is uncertain", _uncertain(model)),
        ("What one might do", _policies(model)),
        ("The rest: offramp explain " + _subject(model) + " --section NAME", _rest(model)),
    ):
        rows = list(said)
        if rows:
            page.heading(heading)
            for label, text in rows:
                page.entry(label, text, "  ", _ROOM) if label else page.paragraph(text, "  ", "  ")
    return page.text(colour)


def _subject(model: Model) -> str:
    return model.file if model.files and model.files[0].place is not None else model.name


def _what(model: Model, page: TextPage) -> None:
    page.heading(model.title or model.name)
    end = figures.end_words(model.dates[-1])
    extends = f" It extends {model.base.file}." if model.base is not None else ""
    page.paragraph(f"{model.name}: {model.steps} {model.step}s from {model.start} to {end}.{extends}")
    words = model.summary.split()
    if words:
        page.gap()
        page.paragraph(" ".join(words[:_MOST_WORDS]) + (" ..." if len(words) > _MOST_WORDS else ""))
    if model.illustrative:
        page.paragraph("Illustrative: its numbers are there to teach, and need no source.")


def _some(names: Sequence[str], most: int) -> str:
    """The first of some names, and how many more there are."""
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left} more" if left > 0 else "")


def _who(model: Model) -> Iterator[tuple[str, str]]:
    for actor in model.actors:
        acts = _some([a.title or a.name for a in actor.actions], _MOST_ACTS)
        yield "", f"{actor.title or actor.name} {_thinks(actor)}: {acts}."
        wrong = [m.title or m.parameter.replace("_", " ") for m in actor.misreads]
        wrong += [f"how {_title_of(model, s.variable)} stands" for s in actor.sees]
        if wrong:
            yield "", f"  Gets wrong: {_some(wrong, _MOST_WRONG)}."


def _title_of(model: Model, name: str) -> str:
    """A variable as readers call it."""
    return next((v.title or v.name for v in model.variables if v.name == name), name)


def _thinks(actor: Actor) -> str:
    if not actor.depth:
        return "acts by habit"
    months = f"{figures.number(actor.horizon, 2)} months" if actor.horizon_as is None else "some months"
    depth = {1: "", 2: ", supposing that others do", 3: ", supposing that others suppose so"}[actor.depth]
    return f"looks {months} ahead{depth}"


def _ends(model: Model) -> Iterator[tuple[str, str]]:
    ends = [o for o in model.outcomes if o.absorbing or o.otherwise]
    for outcome in ends:
        yield "", f"{outcome.title or outcome.name}: {_comes(outcome, model)}."
    others = [o.title or o.name for o in model.outcomes if o not in ends]
    if others:
        yield "", f"On the way: {_some(others, _MOST_NAMED)}."


def _comes(outcome: Outcome, model: Model) -> str:
    if outcome.otherwise:
        return "where nothing else has ended it"
    ladders = [x.title or x.name for x in model.ladders if x.war == outcome.name]
    ways = [f"when {' '.join(outcome.when.text.split())}"] if outcome.when is not None else []
    ways += ["by chance, at a rate that the state sets"] if outcome.rate is not None else []
    ways += [f"where control is lost in {enumerated(ladders, 'or')}"] if ladders else []
    return "; ".join(ways)


def _moves(model: Model) -> Iterator[tuple[str, str]]:
    shown = [v for v in model.variables if v.headline] or list(model.variables)
    yield "", f"{_some([v.title or v.name for v in shown], _MOST_NAMED)}."
    rest = len(model.variables) - min(len(shown), _MOST_NAMED)
    if rest > 0:
        yield "", f"{counted(len(model.variables), 'variable')} in all."
    dated = [f"{e.title or e.name} ({e.on})" for e in model.events if e.on is not None]
    chance = [e.title or e.name for e in model.events if e.on is None]
    if dated:
        yield "by date", f"{_some(dated, _MOST_NAMED)}."
    if chance:
        yield "by chance", f"{_some(chance, _MOST_NAMED)}."


def _uncertain(model: Model) -> Iterator[tuple[str, str]]:
    drawn = [p.title or p.name for p in model.parameters if isinstance(p.value, Distribution)]
    if drawn:
        yield "numbers", f"{len(drawn)} of {len(model.parameters)}: {_some(drawn, _MOST_NAMED)}."
    starts = [v.title or v.name for v in model.stocks if isinstance(v.initial, Distribution)]
    if starts:
        yield "at first", f"{_some(starts, _MOST_NAMED)}."
    for actor in model.actors:
        if sum(chance is None or chance.node != Number(0.0) for _, chance in actor.true_type) > 1:
            types = enumerated([t.title or t.name for t in actor.types], "or")
            yield "types", f"whether {actor.title or actor.name} is {types}."
    n, all_guesses = counts(model), sum(1 for _ in guesses(model))
    if not model.illustrative:
        yield "backing", f"{n['sources']} sources; {n['sourced']} parts name one, {all_guesses} hold a guess."


def _policies(model: Model) -> Iterator[tuple[str, str]]:
    names = [p.title or p.name for p in model.policies if not p.variant and p.name != "baseline"]
    if names:
        yield "", f"{_some(names, _MOST_NAMED)}."


def _rest(model: Model) -> Iterator[tuple[str, str]]:
    sizes = {"guesses": sum(1 for _ in guesses(model)), "extends": len(changes(model.base))}
    there = {s: sizes.get(s) for s in SECTIONS if s != "summary"}
    found = [(s, len(getattr(model, s)) if n is None else n) for s, n in there.items()]
    yield "", ", ".join(f"{s} {n}" for s, n in found if n) + "."
    yield "", "`all` for everything."
