"""Claims whose quantity a policy sets by itself: such a test cannot fail, so it is refused.

A policy sets a quantity directly if what is measured follows from the policy alone, without anything that an
actor decides or chance brings: a forced act is counted, a variable is set, a formula reads a parameter that
is set. Where a forced act changes what is measured as one of several things that move it, the test stands,
and its result is marked as built in (`built_in`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from offramp import anatomy
from offramp.anatomy import effects_of
from offramp.language.fields import Fields
from offramp.language.reader import Reader
from offramp.language.source import Sequence, Value, find
from offramp.model import Effect, Event, Formula, Intervention, Model, Quantity, Test
from offramp.tree import parameters_in

_ANY_ACT = ""  # an actor is forced: what it does otherwise is displaced


@dataclass
class _Setting:
    """What a policy lays down by itself: names with the steps and values, so that equal ones can be told."""

    numbers: dict[str, set[tuple[object, ...]]] = field(default_factory=dict)  # parameters and stocks
    acts: dict[tuple[str, str], set[tuple[object, ...]]] = field(default_factory=dict)


def check_claims(reader: Reader, file: Fields, model: Model) -> None:
    """Note every test of a claim whose quantity is set directly by a policy that it compares."""
    section = file.value("claims")
    for claim in model.claims:
        tests = find(section, claim.name, "tests")
        for i, test in enumerate(claim.tests):
            at: Value | None = tests.items[i] if isinstance(tests, Sequence) else None
            why = set_directly(model, test)
            if why:
                hint = "Measure something that follows from what actors decide, or compare other policies."
                reader.say(at or file.key, f"claim `{claim.name}`: {why}", hint)


def set_directly(model: Model, test: Test) -> str:
    """Why a test cannot fail: what is measured is set by a policy that it compares. Empty if it is not."""
    settings = _apart([_setting(model, s.policy) for s in test.sides])
    for side, setting in zip(test.sides, settings, strict=True):
        q, policy = side.quantity, side.policy
        if q.kind in ("acts", "answered"):
            if why := _act_set(model, q, policy, setting):
                return why
            continue
        if q.kind == "event":
            if why := _event_set(model, q, policy, setting):
                return why
            continue
        fixed = _counters(model, setting) | set(setting.numbers)
        if q.kind == "variable" and q.name in setting.numbers:
            return f"policy `{policy}` sets `{q.name}`, which is what is measured"
        stocks, parameters = _reads(model, q)
        if q.kind == "variable" and not stocks:
            return f"`{q.name}` is made of parameters alone, so nothing in a run moves it"
        if read := sorted(parameters & setting.numbers.keys()):
            return f"policy `{policy}` sets `{read[0]}`, which `{q.name}` is computed from"
        if stocks and stocks <= fixed:
            named = ", ".join(f"`{n}`" for n in sorted(stocks))
            return f"all that `{q.name}` depends on ({named}) is set by policy `{policy}` alone"
    return ""


def built_in(model: Model, test: Test) -> tuple[str, ...]:
    """What the file itself says of the effect: forced acts and settings that move what is measured at once.

    Returns
    -------
    Sentences such as "“Revoke waivers” (Washington) changes “Allied support” by itself"; none where the
    effect goes by what actors decide.
    """
    found: dict[str, None] = {}
    titles = {v.name: v.title or v.name for v in model.variables}
    titles |= {p.name: p.title or p.name for p in model.parameters}
    settings = _apart([_setting(model, s.policy) for s in test.sides])
    for side, setting in zip(test.sides, settings, strict=True):
        if side.quantity.kind in ("acts", "answered"):
            continue
        stocks, _ = _reads(model, side.quantity)
        for actor in model.actors:
            for action in actor.actions:
                # What is forbidden changes nothing by itself: the others may do it for other reasons.
                if not any(w[0] == "force" for w in setting.acts.get((actor.name, action.name), ())):
                    continue
                for effect in effects_of(action):
                    if effect.variable in stocks:
                        act, who = action.title or action.name, actor.title or actor.name
                        found[f"“{act}” ({who}) changes “{titles[effect.variable]}” by itself"] = None
        for variable in model.stocks:
            if variable.name in stocks and variable.change is not None:
                read = parameters_in(variable.change.node) & setting.numbers.keys()
                for name in sorted(read):
                    where = f"is in the change of “{titles[variable.name]}”"
                    found[f"“{titles[name]}”, which is set, {where}"] = None
    return tuple(found)


def _act_set(model: Model, q: Quantity, policy: str, setting: _Setting) -> str:
    first = 0 if q.start is None else model.step_of(q.start)
    last = model.steps if q.until is None else model.step_of(q.until)
    if q.after:  # what follows may come some steps later
        last = min(model.steps, last + q.within)
    for actor, actions in (*q.acts, *q.after):
        for act in (_ANY_ACT, *actions):
            for how, start, end, *_ in sorted(setting.acts.get((actor, act), ()), key=str):
                if not (int(str(start)) < last and first < int(str(end))):
                    continue
                if act == _ANY_ACT:
                    return f"policy `{policy}` forces acts of `{actor}` while its acts are counted"
                said = {"forbid": "forbids", "nudge": "nudges"}.get(str(how), "forces")
                return f"policy `{policy}` {said} `{act}` of `{actor}`, which is what is counted"
    return ""


def _event_set(model: Model, q: Quantity, policy: str, setting: _Setting) -> str:
    event = next(e for e in model.events if e.name == q.name)
    formulas = [event.rate, *(b.probability for b in event.branches)]
    read = {n for f in formulas if f is not None for n in _deep(model, f)[1]}
    if both := sorted(read & setting.numbers.keys()):
        return f"policy `{policy}` sets `{both[0]}`, which decides on `{q.name}`"
    if event.on is not None and not q.branch:
        return f"`{q.name}` comes on its date under every policy"
    return ""


def _setting(model: Model, policy: str) -> _Setting:
    result = _Setting()
    found = next((p for p in model.policies if p.name == policy), None)
    for i in found.interventions if found is not None else ():
        start = 0 if i.start is None else max(0, model.step_of(i.start))
        end = model.steps if i.end is None else min(model.steps, model.step_of(i.end))
        for how, pairs in (("set", i.set), ("shift", i.shift)):
            for name, value in pairs:
                result.numbers.setdefault(name, set()).add((how, start, end, value))
        for actor, action in i.force:
            result.acts.setdefault((actor, action), set()).add(("force", start, end))
            result.acts.setdefault((actor, _ANY_ACT), set()).add(("force", start, end, action))
        for actor, actions in i.forbid:
            for action in actions:
                result.acts.setdefault((actor, action), set()).add(("forbid", start, end))
        for actor, action, *amount in _nudges(i):
            result.acts.setdefault((actor, action), set()).add(("nudge", start, end, *amount))
    return result


def _nudges(intervention: Intervention) -> Iterable[tuple[str, str, object]]:
    """(actor, action, how far) of each nudge."""
    yield from getattr(intervention, "nudge", ())


def _apart(settings: list[_Setting]) -> list[_Setting]:
    """Without what is the same on all sides, where there are several."""
    if len(settings) < 2:
        return settings
    result = []
    for mine in settings:
        kept = _Setting()
        for name in ("numbers", "acts"):
            for key, values in getattr(mine, name).items():
                if any(getattr(other, name).get(key) != values for other in settings):
                    getattr(kept, name)[key] = values
        result.append(kept)
    return result


def _counters(model: Model, setting: _Setting) -> set[str]:
    """Stocks that nothing but laid-down acts can move: they count these and no more."""
    movers: dict[str, list[bool]] = {}

    def moved(effects: Iterable[Effect], fixed: bool) -> None:
        for effect in effects:
            movers.setdefault(effect.variable, []).append(fixed)

    for actor in model.actors:
        for action in actor.actions:
            moved(effects_of(action), (actor.name, action.name) in setting.acts)
    for event in model.events:
        moved(effects_of(event), False)
        for branch in event.branches:
            moved(effects_of(branch), False)
    still = {s.name for s in model.stocks if s.change is None and s.noise is None}
    return {name for name, fixed in movers.items() if all(fixed) and name in still}


def _reads(model: Model, q: Quantity) -> tuple[set[str], set[str]]:
    """Stocks and parameters that decide on a quantity in the moment: those that its formula reads."""
    if q.kind == "variable":
        variable = next(v for v in model.variables if v.name == q.name)
        return ({q.name}, set()) if variable.equals is None else _deep(model, variable.equals)
    if q.kind == "event":
        return _all_of(model, _decides(next(e for e in model.events if e.name == q.name), q.branch))
    outcome = next(o for o in model.outcomes if o.name == q.name)
    if outcome.otherwise:
        return _all_of(model, (o.when or o.rate for o in model.outcomes if o.absorbing))
    return _all_of(model, [outcome.when or outcome.rate])


def _decides(event: Event, branch: str) -> list[Formula | None]:
    """The formulas that decide how often an event comes, in a branch if one is named."""
    return [event.rate, *(b.probability for b in event.branches if b.name == branch)]


def _all_of(model: Model, formulas: Iterable[Formula | None]) -> tuple[set[str], set[str]]:
    """Stocks and parameters that any of some formulas reads."""
    every = [_deep(model, f) for f in formulas if f is not None]
    return set().union(*(s for s, _ in every)), set().union(*(p for _, p in every))


def _deep(model: Model, formula: Formula) -> tuple[set[str], set[str]]:
    """Stocks and parameters that a formula reads, through auxiliaries."""
    equals = {v.name: v.equals for v in model.variables if v.equals is not None}
    stocks: set[str] = set()
    parameters: set[str] = set()
    waiting, seen = [formula], set()
    while waiting:
        node = waiting.pop().node
        behind = list(anatomy.behind(model, node))
        parameters |= {name for part in behind for name in parameters_in(part)}
        for name in anatomy.read_in(model, node):
            if name not in equals:
                stocks.add(name)
            elif name not in seen:
                seen.add(name)
                waiting.append(equals[name])
    return stocks, parameters
