"""Feedback loops in words."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.model import Model
from offramp.questions.loops.ask import Gain, Loop, Loops
from offramp.tell import figures
from offramp.tell.blocks import Block, Heading, Paragraph, Telling, Terms
from offramp.tell.words import counted, enumerated

_NONE = "No closed chain of causes passes through a stock here: nothing feeds back on itself."
_READING = (
    "Each loop is a closed chain of causes. (+) moves the next thing the same way, (-) the other way. A "
    "reinforcing loop (R) feeds itself, a balancing one (B) holds itself back; M: futures differ. The rate "
    "is that at which the loop would grow (+), or turn back (-), if it were alone: the middle of the "
    "futures, and in brackets where nine in ten of them lie. At +10 % a month it doubles in seven months."
)
_VERBS = {
    "reinforcing": "feeds itself",
    "balancing": "holds itself back",
    "mixed": "feeds itself in some futures and holds itself back in others",
}
_MOST_NAMED = 2  # things in the name of a loop
_WHOLE = 0.1  # a month, from which on rates are whole percents


def tell(found: Loops, model: Model | None = None) -> Telling:
    """What `offramp loops` says."""
    title = f"Feedback loops of: {found.title or found.model}"
    if not found.loops:
        return Telling(title, head=[Paragraph(_NONE)])
    shown = found.told
    blocks = [block for loop in shown for block in _loop(loop)]
    if slow := len(found.loops) - len(shown):
        few = f"{counted(slow, 'loop')} of less than 1 % a month {'is' if slow == 1 else 'are'} not shown"
        blocks.append(Paragraph(f"{few}; `--format json` has {'it' if slow == 1 else 'them'}."))
    return Telling(
        title, head=[Paragraph(_READING)], body=[*blocks, Heading("How this was measured"), _measured(found)]
    )


def named(loop: Loop) -> str:
    """A loop by what goes round in it: its stock, and the acts or events that it passes, or what else."""
    first, *others = loop.nodes
    through = [n for n in others if n.kind in ("action", "event")] or others
    ways = f", through {enumerated([f'“{n.title}”' for n in through[:_MOST_NAMED]])}" if through else ""
    return f"“{first.title}” {_VERBS[loop.kind]}{ways}"


def _loop(loop: Loop) -> Iterator[Block]:
    yield Heading(f"{loop.name}  {named(loop)}")
    yield Paragraph(_chain(loop), 1, hanging=True)
    yield Terms([(figures.full_date(g.date), _rate(g, loop.kind == "mixed")) for g in loop.gain], 16)
    if loop.variants:
        weaker = "loop goes" if loop.variants == 1 else "loops go"
        yield Paragraph(f"{loop.variants} weaker {weaker} much the same way.", 1)


def _chain(loop: Loop) -> str:
    pairs = zip(loop.nodes, loop.links, strict=True)
    things = [f"{node.title} ({'+' if link.sign > 0 else '-'}) >" for node, link in pairs]
    return " ".join([*things, loop.nodes[0].title])


def _rate(gain: Gain, mixed: bool) -> str:
    decimals = 0 if min(abs(gain.low), abs(gain.high)) >= _WHOLE else 1
    middle, low, high = (figures.points(x, decimals) for x in (gain.per_month, gain.low, gain.high))
    rate = f"{middle}{figures.NBSP}% a month ({low} to {high})"
    if mixed and gain.low < gain.high:
        rate += f"; reinforces in {100 * gain.share_reinforcing:.0f} % of futures where it runs"
    return rate


def _measured(found: Loops) -> Paragraph:
    futures = ", ".join(
        f"{n} on {figures.full_date(d)}" for n, d in zip(found.running, found.dates, strict=True)
    )
    return Paragraph(
        f"Over futures that still run ({futures}), at the state in which each then is. "
        f"{found.looked_at:,} loops were compared{'' if found.complete else ', not all that there are'}; "
        "links that move their target by less than a 500th of its spread were left out."
    )
