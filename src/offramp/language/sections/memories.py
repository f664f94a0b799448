"""What formulas remember, put into an order in which each can begin."""

from __future__ import annotations

from offramp.language.fields import Fields
from offramp.language.memories import Memories
from offramp.language.reader import Reader
from offramp.model import Remembered, Variable
from offramp.tree import Node, variables_in


def read_memories(
    reader: Reader, file: Fields, memories: Memories, variables: tuple[Variable, ...]
) -> tuple[Remembered, ...]:
    """The calls that were met, each after those that its start reads; a circle is noted."""
    of_place = {place: m.name for m in memories.found.values() for place in m.places}
    equals = {v.name: v.equals.node for v in variables if v.equals is not None}
    reads = {m.name: _reads(m.start.node, equals, of_place) for m in memories.found.values()}
    follows = {m.name: _reads(m.of.node, equals, of_place) for m in memories.found.values()}
    order: list[str] = []
    waiting = list(reads)
    while waiting:
        able = [name for name in waiting if reads[name] <= set(order)]
        # As far as can be also after what it follows, for then it is steady at once if that is.
        ready = next((name for name in able if follows[name] <= set(order)), next(iter(able), None))
        if ready is None:
            _circle(reader, file, memories, waiting, reads, equals)
            break
        waiting.remove(ready)
        order.append(ready)
    return tuple(memories.found[name] for name in order)


def _reads(start: Node, equals: dict[str, Node], of_place: dict[str, str]) -> set[str]:
    """Memories that a start reads, also through auxiliaries."""
    found: set[str] = set()
    waiting, seen = set(variables_in(start)), set[str]()
    while waiting:
        name = waiting.pop()
        if name in of_place:
            found.add(of_place[name])
        elif name in equals and name not in seen:
            seen.add(name)
            waiting |= variables_in(equals[name])
    return found


def _circle(
    reader: Reader,
    file: Fields,
    memories: Memories,
    waiting: list[str],
    reads: dict[str, set[str]],
    equals: dict[str, Node],
) -> None:
    """Note something that would have to be known before it can begin."""
    path = [waiting[0]]
    while (follow := next(n for n in sorted(reads[path[-1]]) if n in waiting)) not in path:
        path.append(follow)
    memory = memories.found[follow]
    holders = [n for n, node in equals.items() if set(memory.places) & variables_in(node)]
    at = next((k for k, _ in file.entries("variables") if k.text in holders), file.key)
    last = "START" if memory.function == "was" else "STAGES, START"
    reader.say(
        at,
        f"at the start `{at.text}` depends on itself, through `{memory.name[:60]}`",
        f"Say with what it begins: {memory.function}(x, TIME, {last}).",
    )
