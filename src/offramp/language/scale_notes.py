"""Numbers of a valid model that are out of scale: a choice is no choice, or an end is a prize.

Unlike other notes these are judgements: they look at the start of a model, with every prior at its middle,
and speak up only where orders of magnitude are wrong, or an end without a worth is worth more than going on.
"""

from __future__ import annotations

from collections.abc import Iterator

from offramp.language.middle import Middle
from offramp.model import Actor, Model, Origin, Outcome

# Where it stands, its name, what is noted and the likely fix.
Noted = Iterator[tuple[Origin, str, str, str]]

# In precision times points. Models that have been used stay below 10, 15 and 70.
SURE_OF_ACTS, SURE_OF_MONTHS, SURE_OF_ENDS = 50.0, 200.0, 2000.0  # chances of acts are 0 and 1 to any digit
NOTHING = 0.01  # chances of acts are those of habit to any digit that is shown
NOTICED = 0.05  # an end is worth so much more or less, in precision times points, that acts change


def out_of_scale(model: Model) -> Noted:
    """Ends without a worth that attract, precisions that decide all or nothing, costs beyond everything."""
    middle = Middle(model)
    for actor in model.actors:
        precision, months = middle.value(actor.precision), middle.utility(actor)
        if not actor.depth or not actor.utility or precision is None or months is None:
            continue
        for outcome in model.outcomes:
            if outcome.absorbing:
                yield from _end(model, middle, actor, outcome, months, precision)
        changes = _differences(middle, actor, months)
        most = _most_at_stake(model, middle, actor, months, changes)
        yield from _precision(middle, actor, months, precision, changes, most)
        yield from _costs(middle, actor, precision, most)


# ---------------------------------------------------------------------- ends


def _end(
    model: Model, middle: Middle, actor: Actor, outcome: Outcome, months: float, precision: float
) -> Noted:
    """An end that attracts because nothing says what it is worth, or a war that is worth more than peace."""
    worth = dict(outcome.worth)
    ahead = actor.horizon * precision
    about = f"whose months are worth about {_shown(months)}"
    if actor.name not in worth:
        if abs(months) * ahead < NOTICED:
            return
        hint = (
            f"Write `worth: {{{actor.name}: ...}}`: what a month after it is worth, beside an ordinary one."
        )
        if months < 0:
            message = (
                f"`{outcome.name}` ends runs and says no `worth` for `{actor.name}`, {about}: it will seek it"
            )
            yield outcome.origin, outcome.name, message, hint
        elif _others(model, outcome, actor):
            message = (
                f"`{outcome.name}` says what it is worth to others and not to `{actor.name}`, {about}: "
                "it will shun it as worth nothing"
            )
            yield outcome.origin, outcome.name, message, hint
        return
    value = middle.value(worth[actor.name])
    wars = {ladder.war for ladder in model.ladders if actor.name in ladder.sides}
    if value is not None and outcome.name in wars and (value - months) * ahead > NOTICED:
        message = (
            f"`{outcome.name}` is the war of a ladder and worth {_shown(value)} a month to `{actor.name}`, "
            f"{about}: it will seek it"
        )
        hint = "`worth` counts each month after it: set it below an ordinary month if war is worse."
        yield outcome.origin, outcome.name, message, hint


def _others(model: Model, outcome: Outcome, actor: Actor) -> bool:
    """Whether an outcome says what it is worth to another that looks ahead."""
    return any(a.depth and a is not actor and a.name in dict(outcome.worth) for a in model.actors)


# ---------------------------------------------------------------------- precision and cost


def _differences(middle: Middle, actor: Actor, months: float) -> list[float]:
    """What each act changes in all that is looked ahead to, in points, where it is known."""
    after = (middle.utility(actor, action) for action in actor.actions)
    return [(u - months) * actor.horizon for u in after if u is not None]


def _most_at_stake(model: Model, middle: Middle, actor: Actor, months: float, changes: list[float]) -> float:
    """The largest that anything looked ahead to can be worth, in points."""
    ends = [middle.value(dict(o.worth).get(actor.name)) for o in model.outcomes if o.absorbing]
    exchanges = [middle.value(dict(x.war_worth).get(actor.name)) for x in model.ladders]
    flows = [abs(months), *(abs(w - months) for w in ends if w is not None)]
    lumps = [abs(w) for w in (*changes, *exchanges) if w is not None]
    return max([f * actor.horizon for f in flows] + lumps)


def _precision(
    middle: Middle, actor: Actor, months: float, precision: float, changes: list[float], most: float
) -> Noted:
    if len(actor.actions) < 2:
        return
    costs = [c for a in actor.actions if (c := middle.value(a.cost)) is not None]
    changes = changes + [-c for c in costs]
    apart, flow = max(changes, default=0.0) - min(changes, default=0.0), abs(months) * actor.horizon
    most = max(apart, most)
    sure = ((apart, SURE_OF_ACTS), (flow, SURE_OF_MONTHS), (most, SURE_OF_ENDS))
    points = next((points for points, limit in sure if precision * points > limit), None)
    name = f"the precision of `{actor.name}` ({precision:g})"
    if points is not None:
        message = (
            f"{name} times what is at stake for it (about {_shown(points)} points) is "
            f"{_shown(precision * points)}: its choices are certain"
        )
        hint = (
            f"About {3 / (apart or points):.1g} would make the best act some 20 times as likely as the worst."
        )
        yield actor.origin, actor.name, message, hint
    elif precision * most < NOTHING:
        message = f"{name} is so small that nothing it looks ahead to moves its choices"
        hint = "It acts by habit alone: raise `precision`, or leave out `depth`."
        yield actor.origin, actor.name, message, hint


def _costs(middle: Middle, actor: Actor, precision: float, most: float) -> Noted:
    """Costs beyond all that an actor can win, and rewards (costs below 0) beyond all that it can lose."""
    for action in actor.actions:
        cost = middle.value(action.cost)
        if cost is None or abs(cost) < 5 * most or precision * abs(cost) < 20:
            continue
        does = "never takes it" if cost > 0 else "always takes it"
        message = (
            f"`{action.name}` costs `{actor.name}` {_shown(cost)} points, and all that it looks ahead to is "
            f"worth about {_shown(most)}: it {does}"
        )
        hint = "A cost is paid once, in the points of `utility` (a month's worth) times months looked ahead."
        yield action.origin, action.name, message, hint


def _shown(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1e4 else f"{value:,.0f}"
