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

from offramp.analysis.answer import Answer
from offramp.engine.depths import inner_steps, model_of_run, steps_ahead
from offramp.engine.inputs import Bools, Floats
from offramp.engine.plain.choices import Move
from offramp.engine.plain.course import Moment, Phase
from offramp.engine.plain.replay import Replay
from offramp.engine.plain.world import Reasons, State, World, averaged
from offramp.errors import UsageError
from offramp.given import day_of, did_you_mean, need
from offramp.model import Action, Actor, Model
from offramp.questions.question import Request
from offramp.questions.runner import head_of
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
class ActionThought:
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
class PictureSeen:
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
    """A number as it is and as an actor takes it to be: a parameter it misreads, a stock it sees wrongly.

    `sd` is how far off it takes itself to be, for a stock that it estimates; None for all else.
    """

    name: str
    title: str
    unit: str
    truth: float
    taken_for: float
    sd: float | None = None


def misread_title(mistake: Mistake, model: Model) -> str:
    """What is misread in words: the actor's error, where it has a title of its own, and the number meant."""
    of = next((p.title for p in model.parameters if p.name == mistake.name), "")
    title = mistake.title or mistake.name
    return f"{title} ({of})" if of and of != title else title


@dataclass(frozen=True)
class ActorMind:
    """One actor at one date.

    Attributes
    ----------
    months, inner_months : looked ahead, and supposed of others; 0 for an actor of habit
    precision : 1/points; None for an actor of habit
    true_type : None without types
    beliefs : about whom -> type -> chance
    true_types : the type in truth of each about whom it holds a belief
    after : names of those whose move of the step it has seen
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
    after: list[str]
    options: list[ActionThought]
    pictures: list[PictureSeen]
    expects: dict[str, dict[str, float]]
    truly: dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Minds(Answer):
    """Actors at one date of one run, at the moment of choice: after the events of the step, and where they
    move in stages after what the stages before did.

    Attributes
    ----------
    scenario : number of the run
    paths : sampled paths along which actors look ahead; 0 for the expected one
    at : first day of the step
    only : names of the actors asked for; empty for all
    everything : whether a reader wants the reasons of every act, not of the likeliest alone
    state : variable -> its true value as the first choose
    units : variable -> its unit
    actors : those asked for, in file order
    """

    QUESTION: ClassVar[str] = "minds"

    scenario: int
    policy: str
    paths: int = 0
    at: date
    step: int
    only: list[str]
    everything: bool = False
    state: dict[str, float]
    units: dict[str, str]
    actors: list[ActorMind]


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
    with np.errstate(all="ignore"):  # closed actions may be worth anything
        course = Replay(model, inputs, step, before)
        moment = course.moment(Phase.EFFECTS)
        found = [_mind(course, moment, a) for a in range(len(model.actors))]
        course.finish()
    first = moment.moves[model.stages[0][0]].state  # later stages see what the first has done
    _know_each_other(found)
    return Minds(
        **head_of(design, {}),
        scenario=int(inputs.scenario[0]),
        policy=policy,
        paths=design.paths,
        at=model.date_of(step),
        step=step,
        only=list(actors or ()),
        state={v.name: float(first[v.name][0]) for v in model.variables},
        units={v.name: v.unit for v in model.variables},
        actors=[m for m in found if m.name in shown],
    )


def _mind(course: Replay, moment: Moment, a: int) -> ActorMind:
    model, k, move = course.model, moment.step, moment.moves[a]
    actor, now, mean, seen = model.actors[a], k * model.step_length, move.mean, move.seen
    beliefs = {
        about: dict(zip(_types(model, about), map(float, chances[0]), strict=True))
        for about, chances in move.beliefs.items()
    }
    available = course.available(a, k, mean, seen)[0]
    pictures = [_picture(model, actor, move, n, available) for n in range(len(move.thoughts))]
    overall: list[Judgement | None] = [None] * len(actor.actions)
    if pictures:
        weights = np.array([thought.picture.weight[0] for thought in move.thoughts])
        over_all = averaged(weights, [thought.reasons for thought in move.thoughts])
        overall = list(_judged(over_all, move.probability[0], available))
    nudges = course.nudges(a, k)
    options = [
        ActionThought(
            name=action.name,
            title=action.title,
            closed=None if available[i] else _why_closed(course, a, action, mean, seen),
            propensity=float(mean.read(action.propensity, seen, now)[0] + nudges[i]),
            habit=float(move.habit[0, i]),
            probability=float(move.probability[0, i]),
            judgement=overall[i],
        )
        for i, action in enumerate(actor.actions)
    ]
    dt, thinks = model.step_length, actor.depth >= 1
    inner = min(inner_steps(actor, dt), steps_ahead(actor, dt)) if thinks else 0
    return ActorMind(
        name=actor.name,
        title=actor.title,
        depth=actor.depth,
        months=steps_ahead(actor, dt) * dt if thinks else 0.0,
        inner_months=inner * dt,
        precision=float(mean.read(actor.precision, seen, now)[0]) if thinks else None,
        discount=float(mean.read(actor.discount, seen, now, absent=1.0)[0]) if thinks else None,
        true_type=_true_type(course, a),
        beliefs=beliefs,
        true_types={
            about: _true_type(course, [x.name for x in model.actors].index(about)) for about in beliefs
        },
        misreads=_misread(course, moment, a),
        sees=_seen_wrongly(model, move),
        after=list(actor.after),
        options=options,
        pictures=pictures,
        expects={other: _by_action(model, other, move.expects(other)[0]) for other in _others(model, move)},
        truly={},
    )


def _know_each_other(minds: Iterable[ActorMind]) -> None:
    """Put beside what each expects of the others what these will truly do."""
    will = {m.name: {o.name: o.probability for o in m.options} for m in minds}
    for mind in minds:
        mind.truly.update({other: will[other] for other in mind.expects})


def _others(model: Model, move: Move) -> list[str]:
    """Those of whom an actor expects something, in the order of the file."""
    return [a.name for a in model.actors if a.name in move.expected]


def _picture(model: Model, actor: Actor, move: Move, n: int, available: Bools) -> PictureSeen:
    thought = move.thoughts[n]
    judged = _judged(thought.reasons, move.probability[0], available)
    expects = {other: move.expected[other][n].expects[other] for other in _others(model, move)}
    return PictureSeen(
        types={about: _types(model, about)[t] for about, t in thought.picture.types.items()},
        belief=float(thought.picture.weight[0]),
        actions=dict(zip((x.name for x in actor.actions), judged, strict=True)),
        expects={other: _by_action(model, other, p[0]) for other, p in expects.items()},
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


def _why_closed(course: Replay, a: int, action: Action, mean: World, seen: State) -> str:
    """What keeps an action from being taken."""
    if not mean.holds(action.when, seen, course.last * course.dt)[0]:
        return "when"
    return "forced" if course.inputs.schedule.forced[course.last, a] >= 0 else "forbidden"


def _true_type(course: Replay, a: int) -> str | None:
    types, which = course.model.actors[a].types, course.inputs.true_type[0, a]
    return types[which].name if types and which >= 0 else None


def _misread(course: Replay, moment: Moment, a: int) -> list[Mistake]:
    model, truth, mind = course.model, moment.truth.parameters, course.minds[a]
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


def _seen_wrongly(model: Model, move: Move) -> list[Mistake]:
    """Variables that the actor takes to be other than they are, in its mean picture, and all it estimates."""
    found = []
    for v in model.variables:
        truth, taken = float(move.state[v.name][0]), float(move.seen[v.name][0])
        sd = float(move.estimates[v.name][1][0]) if v.name in move.estimates else None
        if sd is not None or not np.isclose(taken, truth, rtol=1e-9, atol=1e-12):
            found.append(Mistake(v.name, v.title, v.unit, truth, taken, sd))
    return found


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
