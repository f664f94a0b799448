"""Calls of `smooth`, `delay` and `was` in formulas: what they ask for, and in which units."""

from __future__ import annotations

import math
from collections.abc import Sequence

from offramp.language import syntax
from offramp.language.functions import MEMORY_FUNCTIONS
from offramp.language.kind_rules import KindRules
from offramp.language.memories import MOST_BACK, MOST_PLACES, MOST_STAGES, Memories
from offramp.language.syntax import Expr, literal
from offramp.language.units import MONTH, UNKNOWN, Bare, Kind, Unit, Unknown, named
from offramp.model import Formula
from offramp.tree import Binary, Node, Number

Argument = tuple[Node, Kind]
# A stage may be so much of a sub-step and then counts as one: 30 days are meant to be a month.
NEARLY = 0.98
_NOTHING: Argument = (Number(0.0), UNKNOWN)


def memory_call(rules: KindRules, expr: syntax.Apply, args: Sequence[Argument]) -> Argument:
    """The value of a call, made of hidden stocks that the scope keeps, and the unit of what it follows."""
    function, scope = MEMORY_FUNCTIONS[expr.function], rules.scope
    memories = scope.memories
    if memories is None or scope.refused or scope.constant:
        why = scope.refused or "and here nothing can be followed"
        rules.fault(expr, f"`{function.name}` follows a value over time; {why}")
        return _NOTHING
    least, most = function.counts
    if not least <= len(args) <= most:
        given = "1 is given" if len(args) == 1 else f"{len(args)} are given"
        message = f"`{function.name}` takes {least} to {most} arguments, and {given}"
        rules.fault(expr, message, f"Write {function.usage}.")
        return _NOTHING
    faults = len(rules.faults)
    texts = [" ".join(rules.text[a.start : a.end].split()) for a in expr.args]
    (of, kind), time = args[0], _months(rules, expr.args[1], *args[1])
    follows = Formula(texts[0], of, str(kind) if isinstance(kind, Unit) and not kind.is_plain else "")
    start = None
    if len(args) == most:
        where = expr.args[-1]
        kind = rules.alike("beginning with", expr.args[0], kind, where, args[-1][1])
        start = Formula(texts[-1], args[-1][0])
    if isinstance(kind, Unknown) or len(rules.faults) > faults or time is None:
        return _NOTHING
    within = Formula(texts[1], time)
    if expr.function == "was":
        node = _past(rules, expr, memories, follows, within, start)
    else:
        node = _stages(rules, expr, memories, follows, within, start)
    if memories.places > MOST_PLACES:
        rules.fault(expr, f"formulas of this model remember more than {MOST_PLACES:,} values")
    return _NOTHING if node is None or len(rules.faults) > faults else (node, kind)


def _months(rules: KindRules, at: Expr, node: Node, kind: Kind) -> Node | None:
    """A time in months, in whichever unit of time it is given."""
    if isinstance(kind, Unknown):
        return None
    if isinstance(kind, Bare):
        hint = f"Write `{rules.shown(at)} * month`, or another unit of time."
        rules.fault(at, f"`{rules.shown(at)}` is a time without a unit", hint)
        return None
    if not isinstance(kind, Unit) or kind.dimension != MONTH.dimension:
        what = f"in {named(kind)}" if isinstance(kind, Unit) else "true or false"
        hint = "Write it in months, days or another unit of time: `6 * month`."
        rules.fault(at, f"how long it takes is a time, and `{rules.shown(at)}` is {what}", hint)
        return None
    factor = kind.factor / MONTH.factor
    return node if abs(factor - 1) < 1e-12 else Binary("*", node, Number(factor))


def _stages(
    rules: KindRules,
    expr: syntax.Apply,
    memories: Memories,
    of: Formula,
    time: Formula,
    start: Formula | None,
) -> Node | None:
    order = 1
    if len(expr.args) > 2:
        given = literal(expr.args[2])
        if given is None or not given.is_integer() or not 1 <= given <= MOST_STAGES:
            message = f"the stages of `{expr.function}` are a whole number, 1 to {MOST_STAGES}"
            rules.fault(expr.args[2], message, f"Write {MEMORY_FUNCTIONS[expr.function].usage}.")
            return None
        order = int(given)
    months = memories.number(time.node)
    if months is not None and not _long_enough(rules, expr, memories, months, order):
        return None
    name = " ".join(rules.text[expr.start : expr.end].split())
    kind = "smooth" if expr.function == "smooth" else "delay"
    return memories.stages(name, kind, of, time, order, start)  # type: ignore[arg-type]


def _long_enough(rules: KindRules, expr: syntax.Apply, memories: Memories, months: float, order: int) -> bool:
    """Whether no stage is shorter than a sub-step: in one that is, more would flow off than there is."""
    part, dt = memories.part, memories.calendar.step_length
    if months >= order * part * NEARLY:
        return True
    at = expr.args[1]
    if months <= 0:
        rules.fault(at, f"how long it takes is {months:g} months; it must be above 0")
        return False
    plural = "" if part == 1 else "s"
    which = "step" if memories.calendar.substeps == 1 else "sub-step"
    stages = f"{order} stages of {months / order:.3g} months" if order > 1 else f"{months:.3g} months"
    parts = math.ceil(order * dt / months * (1 - 1e-9))
    ways = [f"say `substeps: {parts}` in `horizon`"] if parts <= 100 else []
    ways += ["take shorter steps", *(["fewer stages"] if order > 1 else [])]
    ways.append(f"a time of at least {order * part:.3g} * month")
    hint = f"{', '.join(ways[:-1])} or {ways[-1]}."
    message = f"{stages}: a stage cannot be shorter than a {which}, {part:.3g} month{plural}"
    rules.fault(at, message, f"{hint[0].upper()}{hint[1:]}")
    return False


def _past(
    rules: KindRules,
    expr: syntax.Apply,
    memories: Memories,
    of: Formula,
    time: Formula,
    start: Formula | None,
) -> Node | None:
    at, dt, step = expr.args[1], memories.calendar.step_length, memories.calendar.step
    months = memories.number(time.node)
    if months is None:
        hint = f"Write a number with a unit, `3 * month`, or steps: `2 * dt` is two {step}s."
        rules.fault(at, "how far `was` looks back is the same in every future, so it can read nothing", hint)
        return None
    steps = math.floor(months / dt + 0.5)
    if 1 <= steps <= MOST_BACK:
        name = f"was({of.text})" if start is None else f"was({of.text}, from {start.text})"
        return memories.past(name, of, time, steps, start)
    if steps > MOST_BACK:
        rules.fault(at, f"{months:.4g} months are {steps:,} {step}s; {MOST_BACK} is the most")
    elif months > 0:
        message = f"{months:.3g} months are less than half a step, which is a {step}"
        rules.fault(at, message, "`was` looks back whole steps: `dt` is one.")
    else:
        rules.fault(at, f"`was` looks back, and {months:.3g} months do not")
    return None
