"""Conditions that can never hold: an action that is never available, an outcome that never comes."""

from __future__ import annotations

from offramp import anatomy
from offramp.distribution import support
from offramp.language.constants import fold
from offramp.language.fields import NO_FORMULA, Fields
from offramp.language.functions import ANY, Range
from offramp.language.ranges import Ranges
from offramp.language.reader import Reader
from offramp.language.source import find
from offramp.model import Distribution, Formula, Model, Origin, Variable
from offramp.tree import Now, variables_in, walk


def check_conditions(reader: Reader, file: Fields, model: Model) -> None:
    """Note every `when` that no course of the model can make true."""
    # After other problems it may be unknown what moves a stock; bounds hold all the same. An outcome may wait
    # for a flag that a policy of another day raises, so for outcomes too only bounds count.
    bounded = _Reach(model, frozenset())
    resting = _Reach(model, _resting(model)) if reader.clean() else bounded
    for actor in model.actors:
        for action in actor.actions:
            if action.when is not None and not resting.ranges.truths(action.when.node)[0]:
                at = find(file.value("actors"), actor.name, "actions", action.name, "when")
                message = f"`{action.name}` is never available: its `when` cannot be true"
                reader.say(at or file.key, message, *resting.reasons(action.when))
    for outcome in model.outcomes:
        if outcome.when is not None and not bounded.ranges.truths(outcome.when.node)[0]:
            at = find(file.value("outcomes"), outcome.name, "when")
            message = f"`{outcome.name}` never comes: its `when` cannot be true"
            reader.say(at or file.key, message, *bounded.reasons(outcome.when))


class _Reach:
    """What values the variables of a model can take, and why.

    `resting` are stocks that stay where they start.
    """

    def __init__(self, model: Model, resting: frozenset[str]) -> None:
        known: dict[str, Range] = {}
        self.why: dict[str, str] = {}
        for v in model.stocks:
            start = _start(v) if v.name in resting else None
            line = f"({_place(v.origin, model)})"
            if start is not None:
                known[v.name] = start
                where = f"at {start[0]:g}" if start[0] == start[1] else f"within {_shown(start)}"
                self.why[v.name] = f"`{v.name}` starts {where} {line}, and nothing in the model moves it."
            elif v.bounds is not None:
                known[v.name] = v.bounds
                self.why[v.name] = f"`{v.name}` stays within its bounds {_shown(v.bounds)} {line}."
        self.ranges = Ranges(known, (0.0, model.steps * model.step_length), model.step_length)
        for v in model.auxiliaries:
            low, high = ANY
            if v.equals is not None and v.equals is not NO_FORMULA:
                low, high = self.ranges.of(v.equals.node)
            if v.bounds is not None:
                low, high = max(low, v.bounds[0]), min(high, v.bounds[1])
            known[v.name] = (low, high)
            if (low, high) != ANY:
                shown = _shown((low, high))
                self.why[v.name] = f"`{v.name}` can only be within {shown} ({_place(v.origin, model)})."

    def reasons(self, when: Formula) -> list[str]:
        """What is known of the variables of a condition."""
        reasons = [self.why[n] for n in sorted(variables_in(when.node)) if n in self.why][:4]
        if any(isinstance(n, Now) for n in walk(when.node)):
            reasons.append(
                f"`now` goes from 0 to {self.ranges.now[1]:.4g}: the model runs for that many months."
            )
        return reasons


def _resting(model: Model) -> frozenset[str]:
    """Stocks that nothing can move and that everyone sees as they are."""
    misseen = {s.variable for a in model.actors for s in a.sees}
    return frozenset({v.name for v in model.stocks} - anatomy.moved(model) - misseen)


def _start(v: Variable) -> Range | None:
    if isinstance(v.initial, Distribution):
        return support(v.initial)
    value = fold(v.initial.node) if v.initial is not None else None
    return None if value is None else (value, value)


def _shown(range_: Range) -> str:
    return f"[{range_[0]:g}, {range_[1]:g}]"


def _place(origin: Origin, model: Model) -> str:
    return f"line {origin.line}" + (f" of {origin.file}" if len(model.files) > 1 else "")
