"""What choices hang on: how far the chance of each actor's acts changes over the range of each stock.

One step of choice is computed anew by the engine, in states that the model reaches, with one stock at the 5 %
and then at the 95 % quantile of its values in these futures and all else as it was: the other stocks, what
everyone believes, the luck of seeing. The change of an actor is the distance in total variation of its
chances of acts (half the sum of their absolute differences), averaged over the futures, on the day on which
it is largest. So it is a one-at-a-time effect (Morris 1991, *Technometrics* 33) on a distribution, over a
range.

It is the true stock that is put elsewhere, and has been there all along, so that what is hidden from an
actor does not reach it and what it sees late does. An auxiliary goes with the stocks that it is made of, as
they stand together where it is lowest, and highest. An act is held against the same state without its
effects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Literal

import numpy as np

from offramp import anatomy
from offramp.analysis.answer import Answer, head
from offramp.engine.depths import Engine
from offramp.engine.inputs import Floats, Inputs, Ints
from offramp.engine.plain.course import Course
from offramp.engine.plain.world import Push
from offramp.errors import UsageError
from offramp.given import need
from offramp.model import Actor, Model, Variable
from offramp.questions.question import Request
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import engine_for

INERT = 0.02  # what moves no chance of an act by more does not reach it
PLACES = 3  # in the horizon, at each of which two steps in a row are looked at: some models move by turns
LOW, HIGH = 0.05, 0.95

Kind = Literal["stock", "auxiliary", "act"]


@dataclass(frozen=True)
class Reached:
    """A stock, an auxiliary or an act, and whose choices it reaches.

    Attributes
    ----------
    name : an act is named with its actor, `red/strike`
    low, high : the ends of its range in these futures, in its unit; None of an act
    moves : actor -> how far the chances of its acts change: 0, not at all, to 1, other acts for sure
    extremes : of a variable that moves nobody so: how far it moves the actor that it moves farthest, from
        the least to the most that it is in these futures, as an offer does that rarely stands; else None
    read_by : of a variable: the outcomes, events and ladders whose formulas read it
    weighed_by : of a variable: the actors that look ahead and whose utility reads it, or an outcome or ladder
        does. They weigh what acts do to it even if it is all one to them where it stands, as in a utility
        that is a straight line
    """

    name: str
    title: str
    kind: Kind
    unit: str
    headline: bool
    low: float | None
    high: float | None
    moves: dict[str, float]
    extremes: float | None
    read_by: list[str]
    weighed_by: list[str]

    @property
    def most(self) -> float:
        """How far it moves the actor that it moves farthest."""
        return max(self.moves.values(), default=0.0)

    @property
    def is_inert(self) -> bool:
        """Whether it moves nobody's choice."""
        return max(self.most, self.extremes or 0.0) < INERT


@dataclass(frozen=True, kw_only=True)
class Reach(Answer):
    """What choices hang on.

    Attributes
    ----------
    runs : futures, of which `failed` failed; `states` : in how many states choices were made anew
    dates : the days of these states
    inert_below : the change in chance under which a thing is said to move nobody
    actors : those who choose between acts
    things : stocks and headline auxiliaries in the order of the file, then acts with effects
    """

    QUESTION: ClassVar[str] = "reach"

    policy: str
    runs: int
    failed: int
    states: int
    dates: list[date]
    inert_below: float
    actors: list[str]
    things: list[Reached]

    @property
    def failures(self) -> tuple[int, int]:
        """How many runs failed, of how many."""
        return self.failed, self.runs

    @property
    def inert(self) -> list[Reached]:
        """Stocks and auxiliaries that move nobody's choice."""
        return [t for t in self.things if t.kind != "act" and t.is_inert]


ANSWER = Reach


def asked(request: Request) -> Reach:
    """What `offramp reach` asks."""
    return reach(request.design(), how=request.how)


def reach(design: Design, *, how: How = AS_SUITS) -> Reach:
    """How far each stock, headline auxiliary and act moves the choices of the actors.

    Parameters
    ----------
    design : futures, under one policy
    how : how they are run; nothing in it changes a result

    Raises
    ------
    UsageError
        If the design holds several policies.

    Examples
    --------
    >>> import offramp as ofr
    >>> found = ofr.reach(ofr.Design(ofr.load("chicken"), scenarios=20))
    >>> [t.name for t in found.things if t.kind == "stock"]
    ['altara_on', 'bessim_on']
    """
    need(design, "Design")
    if len(design.policies) != 1:
        raise UsageError(f"reach is measured under one policy; this design has {len(design.policies)}.")
    model = design.model
    deciding = [a for a in model.actors if len(a.actions) > 1]
    engine = engine_for(model, how.engine)
    past, states, failed = _past_and_states(design, engine) if deciding else (_Past.none(model), [], 0)
    tasks = [*_variables(model, past), *_acts(model)]

    def measure(task: _Task) -> Reached:
        thing, (usual, *extreme) = task
        thing = replace(thing, moves=_moves(model, deciding, engine, states, usual))
        if not extreme or not thing.is_inert:
            return thing
        moves = _moves(model, deciding, engine, states, extreme[0])
        return replace(thing, extremes=max(moves.values(), default=0.0))

    things: list[Reached] = []
    with ThreadPoolExecutor(how.threads) as pool:
        for thing in pool.map(measure, tasks):
            things.append(thing)
            if how.progress is not None:
                how.progress(len(things), len(tasks))
    return Reach(
        **head(model, seed=design.seed, settings=design.overrides, intervals={}),
        policy=design.policies[0],
        runs=len(design.scenarios),
        failed=failed,
        states=sum(len(s.inputs.scenario) for s in states),
        dates=[model.date_of(s.step) for s in states],
        inert_below=INERT,
        actors=[a.name for a in deciding],
        things=things,
    )


def _variables(model: Model, past: _Past) -> Iterator[_Task]:
    """Stocks and headline auxiliaries, each with its usual range and with all of it."""
    readers = anatomy.readers(model)
    for variable in model.variables:
        if variable.is_auxiliary and not variable.headline:
            continue
        low, high = past.range_of(variable)
        thing = Reached(
            variable.name, variable.title, "auxiliary" if variable.is_auxiliary else "stock", variable.unit,
            variable.headline, low, high, {}, None, _read_by(readers[variable.name]),
            _weighed_by(model, readers[variable.name]),
        )  # fmt: skip
        yield thing, [past.ends(variable, usual) for usual in (True, False)]


def _acts(model: Model) -> Iterator[_Task]:
    """Acts that have effects, each with these."""
    for actor in model.actors:
        for i, action in enumerate(actor.actions):
            if action.effects:
                name, title = f"{actor.name}/{action.name}", f"{actor.title}: {action.title}"
                yield (
                    Reached(name, title, "act", "", False, None, None, {}, None, [], []),
                    [_effects(actor, i)],
                )


# ---------------------------------------------------------------------- states


@dataclass(frozen=True, eq=False)
class _State:
    """Some futures as one step begins; `stocks` is (run, stock)."""

    model: Model
    step: int
    inputs: Inputs
    stocks: Floats


# What gives the stocks of a state, (run, stock), with something at its low and at its high end.
_Ends = Callable[[_State], tuple[Floats, Floats]]
# Something, and its ends: the usual ones and, of a variable, those of all that it is.
_Task = tuple[Reached, list[_Ends]]


def _past_and_states(design: Design, engine: Engine) -> tuple[_Past, list[_State], int]:
    """What futures are like in all their steps, these futures on a few days, and how many failed.

    The days are spread over the horizon; those that have ended or failed by then are left out.
    """
    model = design.model
    inputs = design.inputs(design.policies[0])
    outputs = engine.run(inputs)
    going = outputs.action[:, :, 0] >= 0
    past = _Past(model, outputs.state[:, :-1][going])
    begins = [int((n + 0.5) * model.steps / PLACES) for n in range(PLACES)]
    states = []
    for k in sorted({min(k + more, model.steps - 1) for k in begins for more in (0, 1)}):
        rows = np.flatnonzero(going[:, k])
        part = _rows(inputs, rows)
        if model.suppositions:
            part = replace(part, prior=outputs.belief[rows, k])
        if len(rows):
            states.append(_State(model, k, part, past.stocks_of(outputs.state[rows, k])))
    return past, states, int(np.count_nonzero(outputs.status))


def _rows(inputs: Inputs, rows: Ints) -> Inputs:
    per_run = {
        name: values[rows]
        for name in ("scenario", "parameters", "initial", "misread", "type_value", "prior", "true_type")
        if (values := getattr(inputs, name)) is not None
    }
    return replace(inputs, **per_run)


class _Past:
    """All states of some futures, (state, variable): how low and how high each variable is in them."""

    def __init__(self, model: Model, variables: Floats) -> None:
        self.model, self.variables = model, variables
        self.column = {v.name: i for i, v in enumerate(model.variables)}
        self.place = {s.name: i for i, s in enumerate(model.stocks)}

    @classmethod
    def none(cls, model: Model) -> _Past:
        return cls(model, np.empty((0, len(model.variables))))

    def stocks_of(self, variables: Floats) -> Floats:
        """(state, variable) -> (state, stock)."""
        return np.ascontiguousarray(variables[:, [self.column[s.name] for s in self.model.stocks]])

    def range_of(self, variable: Variable, usual: bool = True) -> tuple[float | None, float | None]:
        """Its 5 % and 95 % quantile, or the least and the most where these are one, as of a rare flag.

        A stock that does not move at all in these futures is put to its bounds, if it has any.
        """
        values = self.variables[:, self.column[variable.name]]
        if not len(values):
            return None, None
        low, high = np.quantile(values, [LOW, HIGH])
        if not usual or low == high:
            low, high = values.min(), values.max()
        if low == high and variable.bounds is not None and not variable.is_auxiliary:
            low, high = variable.bounds
        return float(low), float(high)

    def ends(self, variable: Variable, usual: bool) -> _Ends:
        """What gives the stocks of a state with the variable low, and with it high."""
        low, high = self.range_of(variable, usual)
        if low is None or high is None or not np.isfinite([low, high]).all():
            return lambda state: (state.stocks, state.stocks)
        if variable.is_auxiliary:
            return self._made_of(variable, usual)
        place = self.place[variable.name]

        def ends(state: _State) -> tuple[Floats, Floats]:
            found = state.stocks.copy(), state.stocks.copy()
            found[0][:, place], found[1][:, place] = low, high
            return found

        return ends

    def _made_of(self, auxiliary: Variable, usual: bool) -> _Ends:
        """The stocks that it is made of, as they stand together in the states where it is low, and high."""
        order = np.argsort(self.variables[:, self.column[auxiliary.name]], kind="stable")
        few = max(1, len(order) // (20 if usual else 100))
        first = int(LOW / 2 * len(order)) if usual else 0  # a twentieth of the states, about the quantile
        places = [self.place[name] for name in anatomy.made_of(self.model, auxiliary.name)]
        low, high = (order[first : first + few], order[::-1][first : first + few])

        def ends(state: _State) -> tuple[Floats, Floats]:
            found = state.stocks.copy(), state.stocks.copy()
            donor = np.arange(len(state.stocks)) % few
            for stocks, givers in zip(found, (low, high), strict=True):
                stocks[:, places] = self.stocks_of(self.variables[givers[donor]])[:, places]
            return found

        return ends


def _effects(actor: Actor, action: int) -> _Ends:
    """What gives the stocks of a state as they are, and as an act leaves them."""

    def ends(state: _State) -> tuple[Floats, Floats]:
        model = state.model
        runs = len(state.stocks)
        with np.errstate(all="ignore"):
            truth = Course(model, state.inputs, False)
            world = truth.world(truth.parameters_in(state.step))
            stocks = {s.name: state.stocks[:, i] for i, s in enumerate(model.stocks)}
            before = world.as_ever(world.begin(stocks), state.step * model.step_length)
            pushes = [Push(e, np.ones(runs), actor.name) for e in actor.actions[action].effects]
            after = world.after(pushes, before, state.step * model.step_length)
        return state.stocks, np.stack([after[s.name] for s in model.stocks], axis=1)

    return ends


# ---------------------------------------------------------------------- choices


def _moves(
    model: Model, deciding: Sequence[Actor], engine: Engine, states: Sequence[_State],
    ends: _Ends,
) -> dict[str, float]:  # fmt: skip
    """Actor -> how far the chances of its acts change from one end to the other, on the day of the most."""
    days = [_change(engine, state, *ends(state)) for state in states]
    result, first = dict.fromkeys((a.name for a in deciding), 0.0), 0
    for actor in model.actors:
        own = slice(first, first + len(actor.actions))
        first += len(actor.actions)
        if actor.name in result:
            distances = [change[:, own].sum(axis=1) / 2 for change in days if change is not None]
            sound = [d[np.isfinite(d)] for d in distances]
            result[actor.name] = max((float(d.mean()) for d in sound if len(d)), default=0.0)
    return result


def _change(engine: Engine, state: _State, one: Floats, other: Floats) -> Floats | None:
    """How far the chance of each act changes, (run, slot); None where nothing is different."""
    if np.array_equal(one, other):
        return None
    found = [engine.choices(state.inputs, state.step, np.ascontiguousarray(s)) for s in (one, other)]
    return np.abs(found[1] - found[0])


def _read_by(places: Sequence[anatomy.Place]) -> list[str]:
    """The outcomes, events and ladders among the readers, by name."""
    sections = ("outcomes", "events", "ladders")
    owners = [(p.part.holders or (p.part.item,))[0].name for p in places if p.part.section in sections]
    return list(dict.fromkeys(owners))


def _weighed_by(model: Model, places: Sequence[anatomy.Place]) -> list[str]:
    """The actors that look ahead and count a variable for or against what their acts bring about."""
    owners = {p.part.holders[0].name for p in places if p.part.kind == "term"}
    ends = {o.name for o in model.outcomes if o.absorbing} | {x.name for x in model.ladders}
    everyone = any((p.part.holders or (p.part.item,))[0].name in ends for p in places)
    return [a.name for a in model.actors if a.depth and (everyone or a.name in owners)]
