"""What each actor thinks of each action at one date, and why: the page with which a reader checks a model.

The plain interpreter (`offramp.engine.plain.course`) does the thinking; the course of the run up to that date
is that of the compiled engine, so a late date costs no more than an early one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np

from offramp.analysis.answer import Answer, head
from offramp.engine.depths import inner_steps, model_of_run, steps_ahead
from offramp.engine.inputs import Bools, Floats, Inputs, Outputs, Status
from offramp.engine.plain.course import _Course, _Move
from offramp.engine.plain.ladder import Exchange
from offramp.engine.plain.mind import Thought
from offramp.engine.plain.world import Reasons, State, World, averaged, softmax
from offramp.errors import OfframpError, UsageError
from offramp.given import day_of, did_you_mean, need
from offramp.model import Action, Actor, Model
from offramp.questions.question import Request
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import engine_for


@dataclass(frozen=True)
class Judgement:
    """What an actor makes of one action, in one picture or over all of them.

    Attributes
    ----------
    q : points; Q of the action
    relative : Q less its average over the available actions, each by the chance that the actor takes it
        (so that one absurd action does not make all others look good)
    cost, terms, ladders, worth : parts of `relative`, each less its own average of that kind, by name of the
        term, of the ladder (exchanges on it, war left out) and of the absorbing outcome. `relative` =
        Σ terms + Σ ladders + Σ worth + cost: what costs much has a negative `cost`
    chances : absorbing outcome -> chance that the look-ahead gives to it
    none : chance of none of them within the look-ahead
    """

    q: float
    relative: float | None
    cost: float | None
    terms: dict[str, float | None]
    ladders: dict[str, float | None]
    worth: dict[str, float | None]
    chances: dict[str, float]
    none: float


@dataclass(frozen=True)
class Option:
    """One action of an actor.

    Attributes
    ----------
    closed : why it cannot be taken (`when`, `forbidden`, `forced`: another is), or None
    propensity : log-weight of habit, with what a policy adds to it
    habit : chance by habit alone
    probability : chance that the actor takes it in truth
    judgement : over all pictures; None for an actor of habit
    """

    name: str
    title: str
    closed: str | None
    propensity: float
    habit: float
    probability: float
    judgement: Judgement | None


@dataclass(frozen=True)
class Picture:
    """One of the worlds in which an actor reasons.

    Attributes
    ----------
    types : about whom -> the type that one has in this picture; empty where there are no beliefs
    belief : how likely the actor takes this picture to be
    actions : action -> what the actor makes of it here
    expects : other actor -> action -> chance
    """

    types: dict[str, str]
    belief: float
    actions: dict[str, Judgement]
    expects: dict[str, dict[str, float]]


@dataclass(frozen=True)
class Mistake:
    """A number as it is and as an actor takes it to be: a parameter it misreads, a stock it sees wrongly."""

    name: str
    title: str
    unit: str
    truth: float
    taken_for: float


def misread_title(mistake: Mistake, model: Model) -> str:
    """What is misread in words: the actor's error, where it has a title of its own, and the number meant."""
    of = next((p.title for p in model.parameters if p.name == mistake.name), "")
    title = mistake.title or mistake.name
    return f"{title} ({of})" if of and of != title else title


@dataclass(frozen=True)
class Mind:
    """One actor at one date.

    Attributes
    ----------
    months, inner_months : looked ahead, and supposed of others; 0 for an actor of habit
    precision : 1/points; None for an actor of habit
    true_type : None without types
    beliefs : about whom -> type -> chance
    true_types : the type in truth of each about whom it holds a belief
    options : every action
    pictures : empty for an actor of habit
    expects : other actor -> action -> chance, over all pictures
    truly : other actor -> action -> chance in truth
    """

    name: str
    title: str
    depth: int
    months: float
    inner_months: float
    precision: float | None
    discount: float | None
    true_type: str | None
    beliefs: dict[str, dict[str, float]]
    true_types: dict[str, str | None]
    misreads: list[Mistake]
    sees: list[Mistake]
    options: list[Option]
    pictures: list[Picture]
    expects: dict[str, dict[str, float]]
    truly: dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Minds(Answer):
    """Actors at one date of one run, at the moment of choice: after the events of the step.

    Attributes
    ----------
    scenario : number of the run
    at : first day of the step
    only : names of the actors asked for; empty for all
    everything : whether a reader wants the reasons of every act, not of the likeliest alone
    state : variable -> its true value
    units : variable -> its unit
    actors : those asked for, in file order
    """

    QUESTION: ClassVar[str] = "minds"

    scenario: int
    policy: str
    at: date
    step: int
    only: list[str]
    everything: bool = False
    state: dict[str, float]
    units: dict[str, str]
    actors: list[Mind]


ANSWER = Minds


def asked(request: Request) -> Minds:
    """What `offramp minds` asks."""
    design = request.design(scenarios=[request["scenario"]])
    found = minds(design, request["at"], list(request["only"]) or None, how=request.how)
    return dataclasses.replace(found, everything=request["everything"])


def minds(
    design: Design,
    at: date | str | None = None,
    actors: Sequence[str] | None = None,
    *,
    how: How = AS_SUITS,
) -> Minds:
    """What each actor thinks of each action at one date of one run.

    Parameters
    ----------
    design : one scenario under one policy
    at : a date within the model, or its text ("2020-11-03"); None for its start
    actors : names of those to tell of; None for all
    how : how the course up to the date is run

    Raises
    ------
    UsageError
        If the design holds more than one run, the date lies outside the model or an actor is not there.
    OfframpError
        If the run has ended or failed by that date.

    Examples
    --------
    >>> import offramp as ofr
    >>> page = ofr.minds(ofr.Design(ofr.load("us-iran-2020"), scenarios=1), actors=["europe"])
    >>> round(sum(option.probability for option in page.actors[0].options), 12)
    1.0
    """
    need(design, "Design")
    model = design.model
    if design.paths:
        raise UsageError("minds are shown along the expected path: leave `paths` out.")
    if design.runs != 1:
        raise UsageError(f"minds are those of one run; this design has {design.runs:,}.")
    shown = _checked_actors(model, actors)
    step = 0 if at is None else model.step_of(day_of(at))
    if not 0 <= step < model.steps:
        raise UsageError(
            f"{at} lies outside the model: decisions are taken from {model.start} to "
            f"{model.dates[-2]} (the step before {model.dates[-1]})."
        )
    policy = design.policies[0]
    inputs = design.inputs(policy)
    model = model_of_run(model, inputs)
    before = engine_for(model, how.engine).run(inputs) if step else None
    if before is not None:
        _need_course(model, before, step)
    with np.errstate(all="ignore"):  # closed actions may be worth anything
        course = _Replay(model, inputs, step, before)
        course.play()
        if course.status[0] != Status.OK and course.failed_step[0] <= step:
            raise _failed(model, course.failed_step[0])
        told = [_mind(course, a) for a in range(len(model.actors))]
    _know_each_other(told)
    return Minds(
        **head(model, seed=design.seed, settings=design.overrides, intervals={}),
        scenario=int(inputs.scenario[0]),
        policy=policy,
        at=model.date_of(step),
        step=step,
        only=list(actors or ()),
        state={v.name: float(course.state_at_choice[v.name][0]) for v in model.variables},
        units={v.name: v.unit for v in model.variables},
        actors=[m for m in told if m.name in shown],
    )


@dataclass
class _Moment:
    """What went on in one actor as it chose."""

    move: _Move
    mean: World
    seen: State
    beliefs: dict[str, Floats]


class _Replay(_Course):
    """A run that follows a course already known, up to a step in which everyone thinks anew."""

    def __init__(self, model: Model, inputs: Inputs, last: int, before: Outputs | None) -> None:
        super().__init__(dataclasses.replace(model, steps=last + 1), inputs, True)
        self.last, self.before = last, before
        self.moments: list[_Moment] = []
        self.truth_at_choice: World
        self.state_at_choice: State

    def move_of(self, a: int, k: int, truth: World, state: State) -> _Move:
        if k < self.last:
            return self.known_move(a, k)
        if a == 0:
            self.recall()
            self.truth_at_choice, self.state_at_choice = truth, state
        actor, mind = self.model.actors[a], self.minds[a]
        move = super().move_of(a, k, truth, state)
        mean = mind.mean_picture(truth)
        self.moments.append(
            _Moment(
                move,
                mean,
                self.seen_by(actor, k, truth, mean, state),
                dict(mind.beliefs),
            )
        )
        return move

    def exchange(self, i: int, k: int, truth: World, state: State) -> Exchange:
        if k == self.last:
            self.recall()
        if self.before is None:
            return super().exchange(i, k, truth, state)
        return Exchange(
            first=self.before.ladder_first[:, k, i].astype(np.int64),
            moves=self.before.ladder_moves[:, k, i].astype(np.int64),
            rung=self.before.ladder_rung[:, k, i].astype(np.int64),
            ending=self.before.ladder_ending[:, k, i].astype(np.int64),
            foreseen=self.before.ladder_foreseen[:, k, i],
            risk=self.before.ladder_risk[:, k, i],
            failed=np.zeros(1, dtype=np.bool_),
        )

    def known_move(self, a: int, k: int) -> _Move:
        assert self.before is not None
        nobody = {other.name: np.zeros((1, len(other.actions))) for other in self.model.actors}
        slots = np.full((1, len(self.model.actors[a].actions)), np.nan)
        return _Move(self.before.action[:, k, a].astype(np.int64), slots, [], nobody)

    def recall(self) -> None:
        """Give everyone the beliefs of the known course."""
        if self.before is None:
            return
        columns = iter(self.before.belief[0, self.last])
        for mind in self.minds:
            for about, chances in mind.beliefs.items():
                mind.beliefs[about] = np.array([[next(columns) for _ in range(chances.shape[1])]])


def _mind(course: _Replay, a: int) -> Mind:
    model, moment, k = course.model, course.moments[a], course.last
    actor, now = model.actors[a], k * model.step_length
    beliefs = {
        about: dict(zip(_types(model, about), map(float, chances[0]), strict=True))
        for about, chances in moment.beliefs.items()
    }
    available = course.available(a, k, moment.mean, moment.seen)[0]
    pictures = [
        _picture(model, actor, thought, moment.move.probability[0], available)
        for thought in moment.move.thoughts
    ]
    overall: list[Judgement | None] = [None] * len(actor.actions)
    if pictures:
        weights = np.array([thought.picture.weight[0] for thought in moment.move.thoughts])
        over_all = averaged(weights, [thought.reasons for thought in moment.move.thoughts])
        overall = list(_judged(over_all, moment.move.probability[0], available))
    nudges = course.nudges(a, k)
    habit = _habit(actor, moment, available, nudges, now)
    options = [
        Option(
            name=action.name,
            title=action.title,
            closed=None if available[i] else _why_closed(course, a, action, moment),
            propensity=float(moment.mean.read(action.propensity, moment.seen, now)[0] + nudges[i]),
            habit=float(habit[i]),
            probability=float(moment.move.probability[0, i]),
            judgement=overall[i],
        )
        for i, action in enumerate(actor.actions)
    ]
    dt, thinks = model.step_length, actor.depth >= 1
    inner = min(inner_steps(actor, dt), steps_ahead(actor, dt)) if thinks else 0
    return Mind(
        name=actor.name,
        title=actor.title,
        depth=actor.depth,
        months=steps_ahead(actor, dt) * dt if thinks else 0.0,
        inner_months=inner * dt,
        precision=float(moment.mean.read(actor.precision, moment.seen, now)[0]) if thinks else None,
        discount=float(moment.mean.read(actor.discount, moment.seen, now, absent=1.0)[0]) if thinks else None,
        true_type=_true_type(course, a),
        beliefs=beliefs,
        true_types={
            about: _true_type(course, [x.name for x in model.actors].index(about)) for about in beliefs
        },
        misreads=_misread(model, course, a),
        sees=_seen_wrongly(model, course, moment),
        options=options,
        pictures=pictures,
        expects={
            other: _by_action(model, other, chances[0]) for other, chances in moment.move.expects.items()
        },
        truly={},
    )


def _know_each_other(told: Iterable[Mind]) -> None:
    """Put beside what each expects of the others what these will truly do."""
    will = {m.name: {o.name: o.probability for o in m.options} for m in told}
    for mind in told:
        mind.truly.update({other: will[other] for other in mind.expects})


def _picture(model: Model, actor: Actor, thought: Thought, chances: Floats, available: Bools) -> Picture:
    judged = _judged(thought.reasons, chances, available)
    return Picture(
        types={about: _types(model, about)[t] for about, t in thought.picture.types.items()},
        belief=float(thought.picture.weight[0]),
        actions=dict(zip((x.name for x in actor.actions), judged, strict=True)),
        expects={other: _by_action(model, other, p[0]) for other, p in thought.expects.items()},
    )


def _judged(parts: Reasons, chances: Floats, available: Bools) -> list[Judgement]:
    """Each action's Q and its parts, less their averages by the chance of each."""

    def relative(values: Floats) -> list[float | None]:
        mean = float(np.sum(chances[available] * values[0, available]))
        return [float(v) - mean if is_open else None for v, is_open in zip(values[0], available, strict=True)]

    over, cost = relative(parts.q), relative(-parts.cost)
    terms = {name: relative(values) for name, values in parts.terms.items()}
    ladders = {name: relative(values) for name, values in parts.ladders.items()}
    ends = {name: relative(values) for name, values in parts.worth.items()}
    return [
        Judgement(
            q=float(parts.q[0, i]),
            relative=over[i],
            cost=cost[i],
            terms={name: values[i] for name, values in terms.items()},
            ladders={name: values[i] for name, values in ladders.items()},
            worth={name: values[i] for name, values in ends.items()},
            chances={name: float(chance[0, i]) for name, chance in parts.chances.items()},
            none=float(parts.none[0, i]),
        )
        for i in range(len(available))
    ]


def _habit(actor: Actor, moment: _Moment, available: Bools, nudges: Floats, now: float) -> Floats:
    """What the actor would do by habit alone, among what is open to it: (action,)."""
    weights = [
        moment.mean.read(x.propensity, moment.seen, now)[0] + nudge
        for x, nudge in zip(actor.actions, nudges, strict=True)
    ]
    return softmax(np.where(available, weights, -np.inf))


def _why_closed(course: _Replay, a: int, action: Action, moment: _Moment) -> str:
    """What keeps an action from being taken."""
    if not moment.mean.holds(action.when, moment.seen, course.last * course.dt)[0]:
        return "when"
    return "forced" if course.inputs.schedule.forced[course.last, a] >= 0 else "forbidden"


def _true_type(course: _Replay, a: int) -> str | None:
    types, which = course.model.actors[a].types, course.inputs.true_type[0, a]
    return types[which].name if types and which >= 0 else None


def _misread(model: Model, course: _Replay, a: int) -> list[Mistake]:
    truth, mind = course.truth_at_choice.parameters, course.minds[a]
    by_name = {p.name: p for p in model.parameters}
    titles = {m.parameter: m.title for m in model.actors[a].misreads}
    return [
        Mistake(
            name,
            titles.get(name) or by_name[name].title,
            by_name[name].unit,
            float(truth[name][0]),
            float(value[0]),
        )
        for name, value in mind.misread.items()
    ]


def _seen_wrongly(model: Model, course: _Replay, moment: _Moment) -> list[Mistake]:
    """Stocks and auxiliaries that the actor takes to be other than they are, in its mean picture."""
    return [
        Mistake(
            v.name, v.title, v.unit, float(course.state_at_choice[v.name][0]), float(moment.seen[v.name][0])
        )
        for v in model.variables
        if not np.isclose(moment.seen[v.name][0], course.state_at_choice[v.name][0], rtol=1e-9, atol=1e-12)
    ]


def _types(model: Model, actor: str) -> list[str]:
    return [t.name for a in model.actors if a.name == actor for t in a.types]


def _by_action(model: Model, actor: str, chances: Floats) -> dict[str, float]:
    actions = next(a.actions for a in model.actors if a.name == actor)
    return {x.name: float(p) for x, p in zip(actions, chances, strict=True)}


def _checked_actors(model: Model, actors: Sequence[str] | None) -> set[str]:
    known = [a.name for a in model.actors]
    if not known:
        raise UsageError(f"model `{model.name}` has no actors, so there are no minds to look into.")
    for name in actors or ():
        if name not in known:
            hint = did_you_mean(name, known) or f"There are: {', '.join(known)}."
            raise UsageError(f"model `{model.name}` has no actor `{name}`. {hint}")
    return set(actors or known)


def _need_course(model: Model, before: Outputs, step: int) -> None:
    """Make sure that the run still goes on at a step."""
    if before.status[0] != Status.OK and before.failed_step[0] <= step:
        raise _failed(model, before.failed_step[0])
    for i, outcome in enumerate(model.outcomes):
        if outcome.absorbing and 0 <= before.outcome[0, i] < step:
            when = model.date_of(int(before.outcome[0, i]))
            raise OfframpError(
                f"this run ended with `{outcome.name}` in the step of {when}. Choose that date or one before "
                "it, or another run."
            )


def _failed(model: Model, step: int) -> OfframpError:
    return OfframpError(
        f"this run failed in the step of {model.date_of(int(step))}. Choose a date before it or another run; "
        f"`offramp run {model.name}` says what fails."
    )
