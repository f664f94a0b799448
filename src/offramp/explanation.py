"""A model in words and tables: who wants, sees and does what, what moves what, and what it all rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from offramp.given import need
from offramp.model import (
    Action,
    Actor,
    Base,
    Belief,
    BySide,
    Chances,
    Change,
    Claim,
    Distribution,
    Effect,
    Event,
    Evidence,
    Formula,
    Ladder,
    Misreading,
    Model,
    Origin,
    Outcome,
    Parameter,
    Policy,
    Signal,
    Type,
    Variable,
)
from offramp.provenance import intervention_as_dict
from offramp.tree import parameters_in, variables_in

SECTIONS = (
    "summary",
    "actors",
    "variables",
    "parameters",
    "events",
    "outcomes",
    "ladders",
    "policies",
    "evidence",
    "claims",
    "guesses",
    "sources",
    "extends",
)


def explain(model: Model) -> dict[str, Any]:
    """Everything in a model, resolved and cross-referenced, as plain values ready for `json.dumps`.

    Beyond the file itself it tells what each variable depends on and what moves it, which dates matter, which
    true value stands beside each misreading, which numbers are guesses and how often each source is used.

    Returns
    -------
    One entry for each of `SECTIONS`; docs/reference/commands.md describes them.
    """
    need(model, "Model")
    return {
        "summary": {
            "name": model.name,
            "title": model.title,
            "text": model.summary,
            "file": model.file,
            "hash": model.hash,
            "extends": None
            if model.base is None
            else {"file": model.base.file, "hash": model.base.hash, "changes": len(model.base.changes)},
            "illustrative": model.illustrative,
            "start": model.start.isoformat(),
            "end": model.dates[-1].isoformat(),
            "step": model.step,
            "steps": model.steps,
            "counts": counts(model),
        },
        "actors": [_actor(model, a) for a in model.actors],
        "variables": [_variable(model, v) for v in model.variables],
        "parameters": [_parameter(model, p) for p in model.parameters],
        "events": [_event(model, e) for e in sorted(model.events, key=_by_date)],
        "outcomes": [_outcome(o) for o in model.outcomes],
        "ladders": [_ladder(x) for x in model.ladders],
        "policies": [_policy(p) for p in model.policies],
        "evidence": [_evidence(e) for e in model.evidence],
        "claims": [_claim(c) for c in model.claims],
        "guesses": [
            {"kind": kind, "name": name, "reason": origin.reason, "sources": list(origin.sources)}
            for kind, name, origin in origins(model)
            if origin.guess
        ],
        "sources": [
            {
                "key": s.key,
                "title": s.title,
                "date": s.date,
                "url": s.url,
                "note": s.note,
                "used": sum(_cites(o, s.key) for _, _, o in origins(model)),
            }
            for s in model.sources
        ],
        "extends": [
            {
                "how": c.how,
                "path": ".".join(c.path),
                "was": c.was,
                "now": c.now,
                "line": c.line,
                "file": c.file,
            }
            for c in changes(model.base)
        ],
    }


def changes(base: Base | None) -> tuple[Change, ...]:
    """What a model says otherwise than the one that it extends, then what that says otherwise, and so on."""
    return () if base is None else (*base.changes, *changes(base.base))


def counts(model: Model) -> dict[str, int]:
    """How much of everything there is. `sourced` and `guesses` count parts of the model, some are both."""
    backed = [origin for _, _, origin in origins(model)]
    return {
        "variables": len(model.variables),
        "stocks": len(model.stocks),
        "auxiliaries": len(model.variables) - len(model.stocks),
        "parameters": len(model.parameters),
        "uncertain": sum(isinstance(p.value, Distribution) for p in model.parameters),
        "actors": len(model.actors),
        "actions": sum(len(a.actions) for a in model.actors),
        "misreadings": sum(len(a.misreads) for a in model.actors),
        "beliefs": sum(len(a.beliefs) for a in model.actors),
        "dated_events": sum(e.on is not None for e in model.events),
        "random_events": sum(e.on is None for e in model.events),
        "outcomes": len(model.outcomes),
        "ladders": len(model.ladders),
        "policies": len(model.policies),
        "evidence": len(model.evidence),
        "claims": len(model.claims),
        "sources": len(model.sources),
        "sourced": sum(bool(o.sources) for o in backed),
        "guesses": sum(o.guess for o in backed),
    }


def origins(model: Model) -> Iterator[tuple[str, str, Origin]]:
    """Every part that may have a source or be a guess: its kind, its name (`actor.action`), its origin."""
    for variable in model.variables:
        yield "variable", variable.name, variable.origin
    for parameter in model.parameters:
        yield "parameter", parameter.name, parameter.origin
    for actor in model.actors:
        yield "actor", actor.name, actor.origin
        for signal in actor.sees:
            yield "signal", f"{actor.name}.{signal.variable}", signal.origin
        for misreading in actor.misreads:
            yield "misreading", f"{actor.name}.{misreading.parameter}", misreading.origin
        for type_ in actor.types:
            yield "type", f"{actor.name}.{type_.name}", type_.origin
        for belief in actor.beliefs:
            yield "belief", f"{actor.name}.{belief.about}", belief.origin
        for action in actor.actions:
            yield "action", f"{actor.name}.{action.name}", action.origin
    for event in model.events:
        yield "event", event.name, event.origin
        for branch in event.branches:
            yield "branch", f"{event.name}.{branch.name}", branch.origin
    for outcome in model.outcomes:
        yield "outcome", outcome.name, outcome.origin
    for ladder in model.ladders:
        yield "ladder", ladder.name, ladder.origin
        for rung in ladder.rungs:
            yield "rung", f"{ladder.name}.{rung.name}", rung.origin
    for policy in model.policies:
        yield "policy", policy.name, policy.origin
    for evidence in model.evidence:
        yield "evidence", evidence.name, evidence.origin
    for claim in model.claims:
        yield "claim", claim.name, claim.origin


def _evidence(evidence: Evidence) -> dict[str, Any]:
    rows = evidence.rows
    counts = {"listed": evidence.listed, "stray": evidence.stray, "window": evidence.window}
    return {
        "name": evidence.name,
        "title": evidence.title,
        "observes": evidence.observes,
        "data": evidence.data,
        "series": evidence.series,
        "error": evidence.error,
        "sd": evidence.sd or None,
        "share": evidence.share or None,
        "lasting": evidence.lasting or None,
        "lasts": evidence.lasts or None,
        **(counts if evidence.error == "poisson" else dict.fromkeys(counts)),
        "from": None if evidence.start is None else evidence.start.isoformat(),
        "until": None if evidence.end is None else evidence.end.isoformat(),
        "rows": len(rows),
        "first": min(r.day for r in rows).isoformat() if rows else None,
        "last_known": max(r.known for r in rows).isoformat() if rows else None,
        "hash": evidence.hash,
        **_backing(evidence.origin),
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "name": claim.name,
        "title": claim.title,
        "tests": [
            {
                "title": test.title,
                "policies": [side.policy for side in test.sides],
                "expect": test.expect,
                "least": test.least or None,
                "limits": [v if math.isfinite(v) else None for v in test.limits],
                "unit": test.sides[0].quantity.unit,
                "reason": test.reason,
            }
            for test in claim.tests
        ],
        **_backing(claim.origin),
    }


def _cites(origin: Origin, key: str) -> bool:
    return any(s.split(maxsplit=1)[0] == key for s in origin.sources if s)


def _by_date(event: Event) -> tuple[bool, str]:
    return event.on is None, "" if event.on is None else event.on.isoformat()


def _backing(origin: Origin) -> dict[str, Any]:
    return {
        "sources": list(origin.sources),
        "guess": origin.guess,
        "reason": origin.reason,
        "file": origin.file,
        "line": origin.line,
    }


def written(value: float | Formula | Distribution | None) -> str | None:
    """A value as the file has it, in one line."""
    if value is None:
        return None
    if isinstance(value, Distribution):
        return value.text or f"{value.kind}({', '.join(f'{x:g}' for x in value.args)})"
    if isinstance(value, Formula):
        return " ".join(value.text.split())
    return f"{value:.15g}"


def _effects(effects: tuple[Effect, ...]) -> list[dict[str, Any]]:
    return [{"variable": e.variable, "how": e.how, "amount": written(e.amount)} for e in effects]


def _actor(model: Model, actor: Actor) -> dict[str, Any]:
    return {
        "name": actor.name,
        "title": actor.title,
        "depth": written(actor.depth_as) or actor.depth,
        "horizon": written(actor.horizon_as) or actor.horizon,
        "inner_horizon": written(actor.inner_horizon_as) or actor.inner_horizon,
        "precision": written(actor.precision),
        "discount": written(actor.discount),
        "wants": [{"term": t.name, "formula": written(t.formula)} for t in actor.utility],
        "misreads": [_misreading(model, m) for m in actor.misreads],
        "sees": [_signal(s) for s in actor.sees],
        "types": [_type(t) for t in actor.types],
        "true_type": _chances(actor.true_type),
        "beliefs": [_belief(model, b) for b in actor.beliefs],
        "actions": [_action(a) for a in actor.actions],
        **_backing(actor.origin),
    }


def _type(type_: Type) -> dict[str, Any]:
    return {
        "name": type_.name,
        "title": type_.title,
        "parameters": [{"parameter": o.parameter, "value": written(o.value)} for o in type_.overlays],
        **_backing(type_.origin),
    }


def _chances(chances: Chances) -> list[dict[str, Any]]:
    return [{"type": t, "chance": "rest" if f is None else written(f)} for t, f in chances]


def _belief(model: Model, belief: Belief) -> dict[str, Any]:
    about = next(a for a in model.actors if a.name == belief.about)
    return {
        "about": belief.about,
        "prior": _chances(belief.prior),
        "truth": _chances(about.true_type),
        "learns": belief.learns,
        "confirmation_bias": written(belief.confirmation_bias),
        "fading": written(belief.fading),
        "floor": written(belief.floor),
        **_backing(belief.origin),
    }


def _misreading(model: Model, misreading: Misreading) -> dict[str, Any]:
    truth = next(p for p in model.parameters if p.name == misreading.parameter)
    return {
        "parameter": truth.name,
        "title": misreading.title,
        "unit": truth.unit,
        "takes_it_for": written(misreading.value),
        "truth": written(truth.value),
        **_backing(misreading.origin),
    }


def _signal(signal: Signal) -> dict[str, Any]:
    return {
        "variable": signal.variable,
        "hidden": signal.hidden,
        "assumed": written(signal.assumed),
        "bias": written(signal.bias),
        "noise": written(signal.noise),
        "delay": signal.delay,
        **_backing(signal.origin),
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "title": action.title,
        "when": written(action.when),
        "effects": _effects(action.effects),
        "cost": written(action.cost),
        "habit": written(action.propensity),
        **_backing(action.origin),
    }


def _variable(model: Model, variable: Variable) -> dict[str, Any]:
    formulas = [f for f in (variable.change, variable.equals, variable.noise) if f is not None]
    return {
        "name": variable.name,
        "title": variable.title,
        "unit": variable.unit,
        "kind": "auxiliary" if variable.is_auxiliary else "stock",
        "initial": written(variable.initial),
        "change": written(variable.change),
        "equals": written(variable.equals),
        "noise": written(variable.noise),
        "bounds": None if variable.bounds is None else list(variable.bounds),
        "saturates": variable.saturates,
        "headline": variable.headline,
        "depends_on": {
            "variables": _in_order(model.variables, {n for f in formulas for n in variables_in(f.node)}),
            "parameters": _in_order(model.parameters, {n for f in formulas for n in parameters_in(f.node)}),
        },
        "moved_by": list(_movers(model, variable.name)),
        **_backing(variable.origin),
    }


def _in_order(things: tuple[Variable, ...] | tuple[Parameter, ...], names: set[str]) -> list[str]:
    return [t.name for t in things if t.name in names]


def _movers(model: Model, variable: str) -> Iterator[dict[str, Any]]:
    """Actions, events, rungs of ladders and policies with an effect on a variable."""
    for actor in model.actors:
        for action in actor.actions:
            yield from _moves("action", f"{actor.name}.{action.name}", action.effects, variable)
    for event in model.events:
        yield from _moves("event", event.name, event.effects, variable)
        for branch in event.branches:
            yield from _moves("event", f"{event.name}.{branch.name}", branch.effects, variable)
    for ladder in model.ladders:
        for rung in ladder.rungs:
            yield from _moves("rung", f"{ladder.name}.{rung.name}", rung.effects, variable)
    for policy in model.policies:
        for intervention in policy.interventions:
            for how, values in (("set", intervention.set), ("add", intervention.shift)):
                for name, value in values:
                    if name == variable:
                        yield {"kind": "policy", "name": policy.name, "how": how, "amount": written(value)}


def _moves(kind: str, name: str, effects: tuple[Effect, ...], variable: str) -> Iterator[dict[str, Any]]:
    for effect in effects:
        if effect.variable == variable:
            yield {"kind": kind, "name": name, "how": effect.how, "amount": written(effect.amount)}


def _parameter(model: Model, parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "title": parameter.title,
        "unit": parameter.unit,
        "value": written(parameter.value),
        "uncertain": isinstance(parameter.value, Distribution),
        "misread_by": [a.name for a in model.actors for m in a.misreads if m.parameter == parameter.name],
        **_backing(parameter.origin),
    }


def _event(model: Model, event: Event) -> dict[str, Any]:
    return {
        "name": event.name,
        "title": event.title,
        "date": None if event.on is None else event.on.isoformat(),
        "in_horizon": event.on is None or 0 <= model.step_of(event.on) < model.steps,
        "rate": written(event.rate),
        "once": event.once,
        "effects": _effects(event.effects),
        "branches": [
            {
                "name": b.name,
                "title": b.title,
                "probability": "rest" if b.probability is None else written(b.probability),
                "effects": _effects(b.effects),
                **_backing(b.origin),
            }
            for b in event.branches
        ],
        **_backing(event.origin),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "title": outcome.title,
        "when": written(outcome.when),
        "rate": written(outcome.rate),
        "otherwise": outcome.otherwise,
        "absorbing": outcome.absorbing,
        "worth": {actor: written(formula) for actor, formula in outcome.worth},
        **_backing(outcome.origin),
    }


def _ladder(ladder: Ladder) -> dict[str, Any]:
    def by_side(values: BySide) -> dict[str, str | None]:
        return {side: written(formula) for side, formula in values}

    return {
        "name": ladder.name,
        "title": ladder.title,
        "sides": list(ladder.sides),
        "rate": written(ladder.rate),
        "first": written(ladder.first),
        "moves": ladder.moves,
        "war": ladder.war,
        "war_worth": by_side(ladder.war_worth),
        "rungs": [
            {
                "name": r.name,
                "title": r.title,
                "loses_control": written(r.loses_control),
                "harm": by_side(r.harm),
                "stakes": by_side(r.stakes),
                "audience_cost": by_side(r.audience_cost),
                "effects": _effects(r.effects),
                **_backing(r.origin),
            }
            for r in ladder.rungs
        ],
        **_backing(ladder.origin),
    }


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "title": policy.title,
        "all_of": list(policy.parts),
        "variant": policy.variant,
        "do": [intervention_as_dict(i) for i in policy.interventions],
        **_backing(policy.origin),
    }
