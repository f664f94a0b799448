"""The order in which auxiliaries can be computed, and circles among them."""

from __future__ import annotations

from offramp.language.fields import Fields
from offramp.language.reader import Reader
from offramp.model import Variable
from offramp.tree import variables_in


def auxiliary_order(reader: Reader, file: Fields, variables: tuple[Variable, ...]) -> tuple[str, ...]:
    """Names of auxiliaries so that each reads only stocks and those before it.

    Stable: in the order of the file as far as that can be. Circles are noted; then the order is of no use.
    """
    formulas = {v.name: v.equals for v in variables if v.equals is not None}
    reads = {
        name: sorted(variables_in(formula.node) & formulas.keys(), key=list(formulas).index)
        for name, formula in formulas.items()
    }
    order: list[str] = []
    waiting = list(reads)
    while waiting:
        ready = next((n for n in waiting if all(r in order for r in reads[n])), None)
        if ready is None:
            circle = _circle(waiting, reads, order)
            at = next((k for k, _ in file.entries("variables") if k.text == circle[0]), file.key)
            chain = " -> ".join(f"`{name}`" for name in [*circle, circle[0]])
            reader.say(
                at,
                f"`{circle[0]}` depends on itself" + (f": {chain}" if len(circle) > 1 else ""),
                "What feeds back needs time: make one of them a stock, with `initial` and `change`.",
            )
            # Go on without what the circle holds up: there may be another circle.
            order.extend(circle)
            waiting = [n for n in waiting if n not in circle]
            continue
        waiting.remove(ready)
        order.append(ready)
    return tuple(order)


def _circle(waiting: list[str], reads: dict[str, list[str]], done: list[str]) -> list[str]:
    """A circle among auxiliaries that wait for one another, from its first in the file."""
    path = [waiting[0]]
    while True:
        follow = next(r for r in reads[path[-1]] if r not in done)
        if follow in path:
            circle = path[path.index(follow) :]
            first = min(range(len(circle)), key=lambda i: waiting.index(circle[i]))
            return circle[first:] + circle[:first]
        path.append(follow)
