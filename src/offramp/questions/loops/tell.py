"""Feedback loops in words."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.model import Model
from offramp.questions.loops.ask import Gain, Loop, Loops
from offramp.tell import figures
from offramp.tell.blocks import Block, Heading, Paragraph, Telling, Terms

_NONE = "No closed chain of causes passes through a stock here: nothing feeds back on itself."
_READING = (
    "Each loop is a closed chain of causes. (+) moves the next thing the same way, (-) the other way. A "
    "reinforcing loop (R) feeds itself, a balancing one (B) holds itself back; M: futures differ. The rate "
    "is that at which the loop would grow (+), or turn back (-), if it were alone: the middle of the "
    "futures, and in brackets where nine in ten of them lie. +0.1 a month doubles in seven months."
)


def tell(found: Loops, model: Model | None = None) -> Telling:
    """What `offramp loops` says."""
    title = f"Feedback loops of: {found.title or found.model}"
    if not found.loops:
        return Telling(title, head=[Paragraph(_NONE)])
    blocks = [block for loop in found.loops for block in _loop(loop)]
    return Telling(
        title, head=[Paragraph(_READING)], body=[*blocks, Heading("How this was measured"), _measured(found)]
    )


def _loop(loop: Loop) -> Iterator[Block]:
    yield Heading(f"{loop.name}  {loop.kind}")
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
    rate = f"{gain.per_month:+.3f} a month ({gain.low:+.3f} to {gain.high:+.3f})"
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
