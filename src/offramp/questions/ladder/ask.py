"""What each side of a ladder would do at one date of one run, in its own eyes, and what would come of it.

The plain interpreter (`offramp.engine.plain.course`) solves the exchange; the course of the run up to that
date is that of the compiled engine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np

from offramp.analysis.answer import Answer
from offramp.engine.depths import model_of_run
from offramp.engine.inputs import Floats
from offramp.engine.outputs import Ending
from offramp.engine.plain.course import Moment, Phase
from offramp.engine.plain.ladder import (
    CLIMB,
    MATCH,
    STAND_DOWN,
    Fate,
    Rules,
    View,
    fate,
    reach,
    read_rules,
)
from offramp.engine.plain.replay import Replay
from offramp.engine.plain.world import State, World
from offramp.errors import UsageError
from offramp.given import day_of, did_you_mean, need
from offramp.model import Ladder, Model
from offramp.questions.question import Request
from offramp.questions.runner import head_of
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import engine_for


@dataclass(frozen=True)
class RungStakes:
    """What is at stake on a rung. Points are by side, 0 where the model gives a side none.

    Attributes
    ----------
    loses_control : chance that a move after which they stand here ends in war
    harm : points lost by a move after which they stand here and go on
    stakes : points won where the other stands down here
    audience_cost : points lost by who stands down here
    """

    name: str
    title: str
    loses_control: float
    harm: dict[str, float]
    stakes: dict[str, float]
    audience_cost: dict[str, float]


@dataclass(frozen=True)
class Position:
    """How one side chooses when it is to move.

    Attributes
    ----------
    moves_left : before it moves
    comes : chance that play comes to this position in truth
    stand_down, match, climb : chances; `climb` is None on the highest rung
    """

    side: str
    rung: str
    moves_left: int
    comes: float
    stand_down: float
    match: float
    climb: float | None


@dataclass(frozen=True)
class Prospect:
    """What comes of an exchange that opens now.

    Attributes
    ----------
    war, petered_out : chances
    stands_down : side -> chance that it does
    highest : rung -> chance that it is the highest reached
    worth : side -> points expected, war included
    """

    war: float
    stands_down: dict[str, float]
    petered_out: float
    highest: dict[str, float]
    worth: dict[str, float]


@dataclass(frozen=True)
class Supposition:
    """The prospect in one picture: `types` of others (about whom -> type), the `belief` in it."""

    types: dict[str, str]
    belief: float
    prospect: Prospect


@dataclass(frozen=True)
class Eyes:
    """The exchange as one actor sees it.

    Attributes
    ----------
    prospect : over all its pictures, by belief
    rungs : what it takes to be at stake on each, over all its pictures
    positions : how it expects each side to choose, its own choices as it supposes them now
    pictures : one by one
    """

    name: str
    title: str
    prospect: Prospect
    rungs: list[RungStakes]
    positions: list[Position]
    pictures: list[Supposition]


@dataclass(frozen=True, kw_only=True)
class LadderPage(Answer):
    """A ladder at one date of one run, after the events of the step.

    Attributes
    ----------
    scenario : number of the run
    at : first day of the step
    seen_by : names of the actors in whose eyes it was asked for; empty for both sides
    opens : chance that it opens in the step
    first : chance that the side named first moves first
    moves : after which it peters out
    rungs : in truth, lowest first
    beyond : rung -> what its `loses_control` gives, where that is no chance and is held within 0 and 1
    prospect, positions : in truth: how the sides will choose, each by its own pictures
    eyes : as each actor asked for sees it
    """

    QUESTION: ClassVar[str] = "ladder"

    scenario: int
    policy: str
    at: date
    step: int
    ladder: str
    seen_by: list[str]
    ladder_title: str
    sides: dict[str, str]
    war: str
    opens: float
    first: float
    moves: int
    rungs: list[RungStakes]
    beyond: dict[str, float]
    prospect: Prospect
    positions: list[Position]
    eyes: list[Eyes]


ANSWER = LadderPage


def asked(request: Request) -> LadderPage:
    """What `offramp ladder` asks."""
    design, actors = request.design(scenarios=[request["scenario"]]), list(request["seen_by"]) or None
    return ladder(design, request["ladder"], request["at"], actors, how=request.how)


def ladder(
    design: Design,
    name: str | None = None,
    at: date | str | None = None,
    actors: Sequence[str] | None = None,
    *,
    how: How = AS_SUITS,
) -> LadderPage:
    """What the sides of a ladder would do at one date of one run, whether or not it opens then.

    Parameters
    ----------
    design : one scenario under one policy
    name : of the ladder; None where the model has one only
    at : a date within the model, or its text ("2020-11-03"); None for its start
    actors : in whose eyes; None for both sides. Anybody may look on.
    how : how the course up to the date is run

    Raises
    ------
    UsageError
        If the design holds more than one run, the date lies outside the model, or there is no such ladder
        or actor.
    OfframpError
        If the run has ended or failed by that date.

    Examples
    --------
    >>> import offramp as ofr
    >>> page = ofr.ladder(ofr.Design(ofr.load("brinkmanship"), scenarios=1))
    >>> round(page.prospect.war + page.prospect.petered_out + sum(page.prospect.stands_down.values()), 9)
    1.0
    """
    need(design, "Design")
    model = design.model
    if design.runs != 1:
        raise UsageError(f"a ladder is looked at in one run; this design has {design.runs:,}.")
    which = _position(model, name)
    looking = _positions(model, actors, model.ladders[which])
    step = 0 if at is None else model.step_of(day_of(at))
    if not 0 <= step < model.steps:
        raise UsageError(f"{at} lies outside the model: steps begin from {model.start} to {model.dates[-2]}.")
    policy = design.policies[0]
    inputs = design.inputs(policy)
    model = model_of_run(model, inputs)
    before = engine_for(model, how.engine).run(inputs) if step else None
    with np.errstate(all="ignore"):
        course = Replay(model, inputs, step, before)
        page = _page(course, course.moment(Phase.LADDERS), which, looking, design)
        return dataclasses.replace(page, seen_by=list(actors or ()))


def _page(course: Replay, moment: Moment, which: int, looking: Sequence[int], design: Design) -> LadderPage:
    model, k = design.model, moment.step
    ladder = model.ladders[which]
    truth, state, now = moment.truth, moment.state, k * model.step_length
    places = [[a.name for a in model.actors].index(side) for side in ladder.sides]
    views = {a: course.view_of(a, ladder, k, truth, state) for a in {*places, *looking}}
    rules = read_rules(ladder, truth, state, now)
    chance = _truly(rules, [views[a] for a in places], ladder.moves)
    comes = reach(rules, chance)
    mean = max(float(truth.read(ladder.rate, state, now)[0]) * model.step_length, 0.0)
    titles = {a.name: a.title for a in model.actors}
    return LadderPage(
        **head_of(design, {}),
        scenario=int(course.inputs.scenario[0]),
        policy=design.policies[0],
        seen_by=[],
        at=model.date_of(k),
        step=k,
        ladder=ladder.name,
        ladder_title=ladder.title,
        sides={side: titles[side] for side in ladder.sides},
        war=ladder.war,
        opens=1.0 - float(np.exp(-mean)),
        first=float(rules.first[0]),
        moves=ladder.moves,
        rungs=_rungs(ladder, [(1.0, rules)]),
        beyond=_beyond(ladder, truth, state, now),
        prospect=_prospect(ladder, fate(rules, chance)),
        positions=_all_positions(ladder, chance, comes),
        eyes=[_eyes(course, moment, a, ladder, views[a], comes) for a in looking],
    )


def _truly(rules: Rules, views: Sequence[View], moves: int) -> Floats:
    """How the sides will choose, each by its own view: (n, m, r, move, run)."""
    rungs, runs = rules.control.shape
    chance = np.zeros((moves + 1, 2, rungs, 3, runs))
    for n in range(1, moves + 1):
        for side, view in enumerate(views):
            chance[n, side] = view.chances(side, n)
    return chance


def _eyes(course: Replay, moment: Moment, a: int, ladder: Ladder, view: View, comes: Floats) -> Eyes:
    model, actor = course.model, course.model.actors[a]
    pictures = course.minds[a].pictures(moment.truth)
    types = {x.name: [t.name for t in x.types] for x in model.actors}
    fates = [fate(s.rules, s.chance) for s in view.solutions]
    over_all = Fate(
        view.average([f.ending for f in fates]),
        view.average([f.highest for f in fates]),
        view.average([f.worth for f in fates]),
    )
    return Eyes(
        name=actor.name,
        title=actor.title,
        prospect=_prospect(ladder, over_all),
        rungs=_rungs(
            ladder, [(float(w[0]), s.rules) for w, s in zip(view.weights, view.solutions, strict=True)]
        ),
        positions=_all_positions(ladder, view.average([s.chance for s in view.solutions]), comes),
        pictures=[
            Supposition(
                {about: types[about][t] for about, t in picture.types.items()},
                float(picture.weight[0]),
                _prospect(ladder, f),
            )
            for picture, f in zip(pictures, fates, strict=True)
        ],
    )


def _rungs(ladder: Ladder, pictures: Sequence[tuple[float, Rules]]) -> list[RungStakes]:
    """What is at stake on each rung, averaged over pictures by their weight."""

    def by_rung(of: Callable[[Rules], Floats]) -> Floats:
        return sum((weight * of(rules)[..., 0] for weight, rules in pictures if weight), np.zeros(1))

    def by_side(points: Floats) -> dict[str, float]:
        return dict(zip(ladder.sides, map(float, points), strict=True))

    control = by_rung(lambda rules: rules.control)
    harm, stakes = by_rung(lambda rules: rules.harm), by_rung(lambda rules: rules.stakes)
    audience_cost = by_rung(lambda rules: rules.audience_cost)
    return [
        RungStakes(
            name=rung.name,
            title=rung.title,
            loses_control=float(control[r]),
            harm=by_side(harm[:, r]),
            stakes=by_side(stakes[:, r]),
            audience_cost=by_side(audience_cost[:, r]),
        )
        for r, rung in enumerate(ladder.rungs)
    ]


def _beyond(ladder: Ladder, truth: World, state: State, now: float) -> dict[str, float]:
    """What `loses_control` of each rung gives where that is no chance."""
    given = {r.name: float(truth.read(r.loses_control, state, now)[0]) for r in ladder.rungs}
    return {name: value for name, value in given.items() if not 0.0 <= value <= 1.0}


def _prospect(ladder: Ladder, found: Fate) -> Prospect:
    one, other = ladder.sides
    ending = found.ending[:, 0]
    return Prospect(
        war=float(ending[Ending.WAR - 1]),
        stands_down={
            one: float(ending[Ending.FIRST_STOOD_DOWN - 1]),
            other: float(ending[Ending.SECOND_STOOD_DOWN - 1]),
        },
        petered_out=float(ending[Ending.PETERED_OUT - 1]),
        highest={r.name: float(p[0]) for r, p in zip(ladder.rungs, found.highest, strict=True)},
        worth=dict(zip(ladder.sides, map(float, found.worth[:, 0]), strict=True)),
    )


def _all_positions(ladder: Ladder, chance: Floats, comes: Floats) -> list[Position]:
    """Every position that play can come to, by side and rung, those with most moves left first."""
    found = []
    top = len(ladder.rungs) - 1
    for m, side in enumerate(ladder.sides):
        for r, rung in enumerate(ladder.rungs):
            for left in range(ladder.moves - r, 0, -1):
                p = chance[left, m, r, :, 0]
                found.append(
                    Position(
                        side=side,
                        rung=rung.name,
                        moves_left=left,
                        comes=float(comes[left, m, r, 0]),
                        stand_down=float(p[STAND_DOWN]),
                        match=float(p[MATCH]),
                        climb=float(p[CLIMB]) if r < top else None,
                    )
                )
    return found


def _position(model: Model, name: str | None) -> int:
    """Which ladder is meant."""
    names = [x.name for x in model.ladders]
    if not names:
        raise UsageError(f"model `{model.name}` has no ladders.")
    if name is None:
        if len(names) > 1:
            raise UsageError(f"model `{model.name}` has several ladders: name one of {', '.join(names)}.")
        return 0
    if name not in names:
        hint = did_you_mean(name, names) or f"There are: {', '.join(names)}."
        raise UsageError(f"model `{model.name}` has no ladder `{name}`. {hint}")
    return names.index(name)


def _positions(model: Model, actors: Sequence[str] | None, ladder: Ladder) -> list[int]:
    """Positions of the actors in whose eyes the exchange is looked at."""
    known = [a.name for a in model.actors]
    for name in actors or ():
        if name not in known:
            hint = did_you_mean(name, known) or f"There are: {', '.join(known)}."
            raise UsageError(f"model `{model.name}` has no actor `{name}`. {hint}")
    return [known.index(name) for name in dict.fromkeys(actors or ladder.sides)]
