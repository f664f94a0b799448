"""What runs hold on a day within a step: docs/explanation/semantics.md, "Days within a step".

Engines write down what a step did and not when. Of outcomes they know the moment; the rest is read off here
by whoever asks for a day: when within its step a thing came, and where a stock stands between two dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from offramp.distribution import standard_normal_quantile
from offramp.engine import luck
from offramp.engine.inputs import Floats, Inputs, Ints
from offramp.engine.outputs import Outputs
from offramp.engine.plain.events import branch_effects
from offramp.engine.plain.world import Push, World
from offramp.model import Event, Model
from offramp.tree import variables_in
from offramp.windows import Instant, Window, place_in

# Of one kind in one step so many are placed one by one; of more, how many fall into a part is drawn at once.
MOST_PLACED = 256

Draw = Callable[[int, str, int], Floats]  # step, purpose, how many -> (run, number), uniform in (0, 1)


def drawer(seed: int, scenario: Callable[[int], Ints]) -> Draw:
    """Keyed luck that says when within a step things come; `scenario` says whose luck runs meet in a step."""

    def draw(step: int, purpose: str, number: int) -> Floats:
        numbers = [luck.uniform(seed, scenario(step), step + (j << 20), purpose) for j in range(number)]
        return np.stack(numbers, axis=1)

    return draw


def luck_of(inputs: Inputs) -> Draw:
    """The luck of a block of runs."""
    lineage = inputs.lineage
    return drawer(inputs.seed, lambda k: inputs.scenario if lineage is None else lineage[:, k])


def counted(count: Floats, window: Window, draw: Draw, purpose: str) -> Floats:
    """How often a thing came in a window: (run,).

    Parameters
    ----------
    count : (run, step), how often in each step
    draw, purpose : the luck that places it within a step, uniformly and independently
    """
    total = count[:, window.whole].sum(axis=1)
    for step, begin, end in window.partly():
        here = count[:, step]
        if here.any():
            total = total + in_part(here, begin, end, partial(draw, step, purpose))
    return np.asarray(total, np.float64)


def in_part(count: Floats, begin: float, end: float, placed: Callable[[int], Floats]) -> Floats:
    """How many of so many things come in a part of a step: (run,).

    Parameters
    ----------
    count : (run,)
    begin, end : shares of the step; what comes at `begin` is not in the part, what comes at `end` is
    placed : a number -> where so many things come, (run, number); a thing has the same place whenever asked
    """
    few = np.where(count <= MOST_PLACED, count, 0)
    at = placed(max(1, int(few.max(initial=0))))
    within = (at > begin) & (at <= end) & (np.arange(at.shape[1]) < few[:, None])
    found: Floats = within.sum(axis=1).astype(np.float64)
    many = count > MOST_PLACED
    if many.any():
        # Binomial(n, share) by its normal approximation; one draw for every share keeps parts consistent.
        z = standard_normal_quantile(at[many, 0])
        n = count[many]
        below = [np.clip(np.round(n * p + np.sqrt(n * p * (1 - p)) * z), 0, n) for p in (begin, end)]
        found[many] = np.maximum(below[1] - below[0], 0)
    return found


class Lines:
    """Variables of some runs at any moment: on the straight line between dates, but for dated events.

    A dated event moves stocks on its day. So the line is that of what else moves them, and the jump comes on
    top from the day on.
    """

    def path(self, variable: str) -> Floats:
        """A variable at every date: (run, time)."""
        raise NotImplementedError

    def jumps(self, variable: str, step: int) -> list[tuple[float, Floats]]:
        """Where in a step dated events move a variable, and by how much: (run,) each."""
        raise NotImplementedError

    def at(self, variable: str, place: Instant) -> Floats:
        """A variable at a moment: (run,)."""
        path, jumps = self.path(variable), self.jumps(variable, place.step)
        found = path[:, place.step]
        if place.part > 0:
            grown = path[:, place.step + 1] - found - sum((size for _, size in jumps), np.zeros(len(path)))
            found = found + place.part * grown
        for part, size in jumps:
            if part <= place.part:
                found = found + size
        return np.asarray(found, np.float64)

    def highest(self, variable: str, window: Window) -> Floats:
        """The largest value in a window at dates, at its end, and around a dated event: (run,)."""
        start, end = window.start, window.end
        path = self.path(variable)
        values = [self.at(variable, end)]
        values += [path[:, k] for k in range(start.step + 1, end.step + 1)]
        for step in range(start.step, end.step + 1):
            for part, size in self.jumps(variable, step):
                if start < (step, part) <= end:
                    after = self.at(variable, Instant(step, part))
                    values += [after, after - size]
        return np.asarray(np.max(np.stack(values), axis=0), np.float64)

    def reached(self, variable: str, least: float, window: Window) -> Floats:
        """When a variable is first so high, where `highest` looks: (run,), in steps; infinity for never."""
        start, end = window.start, window.end
        moments = [Instant(k, 0.0) for k in range(start.step + 1, end.step + 1)]
        for step in range(start.step, end.step + 1):
            moments += [Instant(step, part) for part, _ in self.jumps(variable, step)]
        found = np.full(len(self.path(variable)), np.inf)
        for moment in sorted({m for m in (*moments, end) if start < m <= end}, reverse=True):
            found = np.where(self.at(variable, moment) >= least, moment.steps, found)
        return found

    def mean(self, variable: str, window: Window) -> Floats:
        """The mean over a window: (run,)."""
        if window.length <= 0:
            return self.at(variable, window.end)
        path = self.path(variable)
        total = np.zeros(len(path))
        for step, begin, end in window.parts():
            jumps = self.jumps(variable, step)
            before = path[:, step]
            grown = path[:, step + 1] - before - sum((size for _, size in jumps), np.zeros(len(path)))
            total = total + (end - begin) * (before + (begin + end) / 2 * grown)
            for part, size in jumps:
                total = total + max(0.0, end - max(begin, part)) * size
        return np.asarray(total / window.length, np.float64)


class Paths(Lines):
    """Variables of runs as an engine gives them.

    What several events of one day do counts as one jump. Where days of one step differ, effects of the later
    are read from the same state, the one in which the step begins.
    """

    def __init__(self, model: Model, outputs: Outputs) -> None:
        self.model, self.outputs = model, outputs
        self._place = {v.name: i for i, v in enumerate(model.variables)}
        self._jumps: dict[int, list[tuple[float, dict[str, Floats]]]] = {}

    def path(self, variable: str) -> Floats:
        return np.asarray(self.outputs.state[:, :, self._place[variable]])

    def jumps(self, variable: str, step: int) -> list[tuple[float, Floats]]:
        if variable not in self.moved.get(step, ()) or step >= self.outputs.event.shape[1]:
            return []
        if step not in self._jumps:
            self._jumps[step] = list(self._jumps_in(step))
        return [(part, sizes[variable]) for part, sizes in self._jumps[step]]

    @cached_property
    def moved(self) -> dict[int, set[str]]:
        """Step -> the variables that its dated events move."""
        return moved_on_days(self.model)

    def _jumps_in(self, step: int) -> Iterator[tuple[float, dict[str, Floats]]]:
        """Moment, and what the events of that day add to each variable, day by day."""
        inputs = self.outputs.inputs
        if inputs is None:
            raise ValueError("what dated events did cannot be told of runs whose inputs are not known")
        model, dates = self.model, self.model.dates
        truth, state = self._begun(inputs, step)
        before, so_far = state, list[Push]()
        happened = self.outputs.event[:, step]
        for day in sorted({e.on for e in model.events if e.on is not None and model.step_of(e.on) == step}):
            mine = [e for e in model.events if e.on == day]
            for event in mine:
                so_far += _pushes(event, happened[:, model.events.index(event)])
            after = truth.after(so_far, state, step * model.step_length)
            sizes = {name: np.asarray(after[name] - before[name]) for name in after}
            yield place_in(dates, day).part, sizes
            before = after

    def _begun(self, inputs: Inputs, step: int) -> tuple[World, dict[str, Floats]]:
        """The true world of a step, and the state in which its dated events find it."""
        schedule, model = inputs.schedule, self.model
        parameters = {}
        for i, parameter in enumerate(model.parameters):
            held = schedule.hold[step, i]
            drawn = inputs.parameters[:, i]
            value = drawn if np.isnan(held) else np.full(len(drawn), held)
            parameters[parameter.name] = value + schedule.shift[step, i]
        stocks = {}
        for i, stock in enumerate(model.stocks):
            given = schedule.set_stock[step, i]
            value = self.outputs.state[:, step, self._place[stock.name]]
            value = value if np.isnan(given) else np.full(len(value), given)
            stocks[stock.name] = value + schedule.shift_stock[step, i]
        truth = World(model, parameters, len(inputs.scenario))
        # What formulas remember is not recorded: it is taken as if all had long been as it is.
        now = step * model.step_length
        return truth, truth.as_ever(truth.complete(truth.begin(stocks), now), now)


def moved_on_days(model: Model) -> dict[int, set[str]]:
    """Step -> the variables that its dated events may move: stocks, and auxiliaries that read them."""
    found: dict[int, set[str]] = {}
    for event in model.events:
        if event.on is None or not 0 <= (step := model.step_of(event.on)) < model.steps:
            continue
        effects = [*event.effects, *(e for b in event.branches for e in b.effects)]
        found.setdefault(step, set()).update(e.variable for e in effects)
    for some in found.values():
        for auxiliary in model.auxiliaries:  # in an order in which each comes after what it reads
            if auxiliary.equals is not None and some & set(variables_in(auxiliary.equals.node)):
                some.add(auxiliary.name)
    return {step: some for step, some in found.items() if some}


def steps_until(model: Model, day: date) -> int:
    """Steps to be played to know all of a day: one more where a dated event falls on a date of the model."""
    place = place_in(model.dates, day)
    return min(model.steps, place.step + (place.part > 0 or any(e.on == day for e in model.events)))


def _pushes(event: Event, happened: npt.NDArray[np.int16]) -> list[Push]:
    """What a dated event did, by what is written down of it: 1, or 1 + the position of its branch."""
    pushes = [Push(e, (happened > 0).astype(np.float64), event.name) for e in event.effects]
    return pushes + (branch_effects(event, happened.astype(np.int64) - 1) if event.branches else [])


def happened(model: Model, outputs: Outputs, target: str, window: Window) -> Floats:
    """How often an event, an action or an exchange up to a rung came in a window: (run,).

    Parameters
    ----------
    target : EVENT, EVENT/BRANCH of a dated event, ACTOR/ACTION, or LADDER/RUNG for an exchange that reached
        the rung or a higher one
    """
    if (dated := _dated(model, target)) is not None:
        return _on_its_day(model, outputs, *dated, window)
    count, purpose = _by_step(model, outputs, target)
    if not any(True for _ in window.partly()):
        return np.asarray(count[:, window.whole].sum(axis=1), np.float64)
    if outputs.inputs is None:
        raise ValueError("when within a step a thing came cannot be told of runs whose inputs are not known")
    return counted(count, window, luck_of(outputs.inputs), purpose)


def first_moment(model: Model, outputs: Outputs, target: str, window: Window) -> Floats:
    """When an event, action or exchange first comes in a window: (run,), in steps; infinity for never."""
    if (dated := _dated(model, target)) is not None:
        event, _ = dated
        assert event.on is not None
        there = _on_its_day(model, outputs, *dated, window)
        return np.where(there > 0, place_in(model.dates, event.on).steps, np.inf)
    if outputs.inputs is None:
        raise ValueError("when within a step a thing came cannot be told of runs whose inputs are not known")
    count, purpose = _by_step(model, outputs, target)
    draw, found = luck_of(outputs.inputs), np.full(len(count), np.inf)
    for step, begin, end in window.parts():
        here = np.minimum(count[:, step], MOST_PLACED)
        if here.any():
            at = draw(step, purpose, int(here.max()))
            within = (at > begin) & (at <= end) & (np.arange(at.shape[1]) < here[:, None])
            found = np.minimum(found, step + np.where(within, at, np.inf).min(axis=1))
    return found


def _dated(model: Model, target: str) -> tuple[Event, int] | None:
    """A dated event, and which of its branches is meant: its position from 1, 0 for any."""
    name, _, branch = target.partition("/")
    event = next((e for e in model.events if e.name == name and e.on is not None), None)
    if event is None:
        return None
    return event, 1 + [b.name for b in event.branches].index(branch) if branch else 0


def _on_its_day(model: Model, outputs: Outputs, event: Event, branch: int, window: Window) -> Floats:
    """Whether a dated event came in a window, which it does on its day: (run,)."""
    assert event.on is not None
    step, count = model.step_of(event.on), outputs.event[:, :, model.events.index(event)]
    if not window.first <= event.on <= window.last or not 0 <= step < count.shape[1]:
        return np.zeros(len(count))
    here = count[:, step]
    came = here == branch if branch else here > 0
    return np.asarray(came & ~_over_before(model, outputs, event.on), np.float64)


def _over_before(model: Model, outputs: Outputs, day: date) -> npt.NDArray[np.bool_]:
    """Whether a run had ended before a day within the step in which it ended: (run,)."""
    step = model.step_of(day)
    share = place_in(model.dates, day).steps - step
    over = np.zeros(len(outputs.status), np.bool_)
    for i, outcome in enumerate(model.outcomes):
        if outcome.absorbing:
            over |= (outputs.outcome[:, i] == step) & (outputs.outcome_part[:, i] < share)
    return over


def _by_step(model: Model, outputs: Outputs, target: str) -> tuple[Floats, str]:
    """How often a thing came in each step, (run, step), and for what luck is drawn that says when in it."""
    names = [e.name for e in model.events]
    if target in names:
        count = outputs.event[:, :, names.index(target)]
        return count.astype(np.float64), luck.purpose_within("event", target)
    of, _, what = target.partition("/")
    ladders = [ladder.name for ladder in model.ladders]
    if of in ladders:
        n = ladders.index(of)
        rung = [r.name for r in model.ladders[n].rungs].index(what)
        reached = outputs.ladder_rung[:, :, n] >= rung
        return reached.astype(np.float64), luck.purpose_within("ladder", of)
    a = [x.name for x in model.actors].index(of)
    position = [x.name for x in model.actors[a].actions].index(what)
    return (outputs.action[:, :, a] == position).astype(np.float64), luck.purpose_within("actor", of)
