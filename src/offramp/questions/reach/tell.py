"""What choices hang on, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offramp.model import Model
from offramp.questions.reach.ask import Reach, Reached
from offramp.tell import figures
from offramp.tell.blocks import Block, Heading, Paragraph, Table, Telling, Terms
from offramp.tell.words import counted, enumerated

_READING = (
    "How far the chances of each actor's acts change when one stock alone is put from the 5 % to the 95 % "
    "quantile of its values, all else as it is: 0, not at all, to 100, other acts for sure. An auxiliary "
    "(in brackets) goes with the stocks that it is made of."
)
_ACTS = "The same for the effects of an act: how far the chances change where they have come about."
_NOBODY = "Nobody in this model has more than one act to choose, so no choice hangs on anything."
_WEIGHED = (
    "Inert says that it is all one to the actors where such a stock stands. Who looks ahead may weigh what "
    "its acts do to it all the same: in a utility that is a straight line every point counts alike, wherever "
    "it is added."
)


def tell(found: Reach, model: Model | None = None) -> Telling:
    """What `offramp reach` says."""
    title = f"What choices hang on in: {found.title or found.model}"
    if not found.actors:
        return Telling(title, head=[Paragraph(_NOBODY)])
    if not found.states:
        return Telling(title, head=[Paragraph("All futures had failed or ended before the days looked at.")])
    variables = [t for t in found.things if t.kind != "act"]
    acts = [t for t in found.things if t.kind == "act"]
    body: list[Block] = []
    if moving := [t for t in variables if not t.is_inert]:
        body += [Heading("Stocks that reach a choice"), _table(found, moving)]
    body += _inert(found, variables)
    if reaching := [t for t in acts if not t.is_inert]:
        body += [Heading("Acts whose effects reach a choice"), Paragraph(_ACTS), _table(found, reaching)]
    if idle := [t for t in acts if t.is_inert]:
        body += [Heading("Acts whose effects reach nobody's choice"), Paragraph(_names(idle))]
    body += [Heading("How this was measured"), _measured(found)]
    return Telling(title, head=[Paragraph(_READING)], body=body)


def inert_line(thing: Reached) -> str:
    """What is said of one that moves nobody's choice: who weighs it, and what reads it."""
    weighed = enumerated(thing.weighed_by) if thing.weighed_by else ""
    reads = f"read by {enumerated(thing.read_by)}" if thing.read_by else "no outcome or event reads it"
    return f"{reads}; weighed by {weighed}" if weighed else f"{reads}; nobody weighs it"


def _inert(found: Reach, variables: Sequence[Reached]) -> Iterator[Block]:
    inert = sorted((t for t in variables if t.is_inert), key=lambda t: not t.headline)
    if not inert:
        return
    yield Heading("Inert: where it stands moves no choice")
    yield Paragraph(_WEIGHED)
    yield Terms([(_label(t), inert_line(t)) for t in inert], 24)


def _table(found: Reach, things: Sequence[Reached]) -> Table:
    ordered = sorted(things, key=lambda t: (_is_rare(t), -t.most))
    shows_range = any(t.low is not None for t in ordered)
    heads = ["", *(["5 %", "95 %"] if shows_range else []), *found.actors]
    rows = []
    for t in ordered:
        ends = [_amount(t.low), _amount(t.high)] if shows_range else []
        rows.append([_label(t), *ends, *(_percent(t.moves[a]) for a in found.actors)])
    return Table(heads, rows, folds=True)


def _label(thing: Reached) -> str:
    name = f"[{thing.name}]" if thing.kind == "auxiliary" else thing.name
    rare = " (rarely)" if _is_rare(thing) else ""
    return f"{name}{' *' if thing.headline else ''}{rare}"


def _is_rare(thing: Reached) -> bool:
    """Whether it moves a choice only near the ends of all that it is."""
    return not thing.is_inert and thing.extremes is not None


def _amount(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _percent(share: float) -> str:
    """A change in chance, in points of percent."""
    return "." if share < 0.005 else f"{100 * share:.0f}"


def _names(things: Sequence[Reached]) -> str:
    return f"{', '.join(t.name for t in things)}."


def _measured(found: Reach) -> Paragraph:
    futures = counted(found.runs, "future")
    days = enumerated([figures.full_date(d) for d in found.dates])
    return Paragraph(
        f"{futures} under {found.policy}, {counted(found.states, 'state')} on {days}. Shown is the day "
        f"on which the change is largest, averaged over the futures; a dot is less than half a point. What "
        f"stays below {100 * found.inert_below:.0f} points for everybody, from the least to the most that it "
        "is in these futures, is called inert; (rarely) marks what moves a choice only near these ends, and "
        "* what the file calls a headline. What others learn of an actor from its acts is not counted."
    )
