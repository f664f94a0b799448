"""What runs say of themselves: the model's titles, units, sources and guesses, versions and seed."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from offramp.model import (
    Actor,
    Chances,
    Distribution,
    Event,
    Formula,
    Intervention,
    Ladder,
    Origin,
    Outcome,
    Policy,
    Variable,
)

if TYPE_CHECKING:
    from offramp.runs.design import Design


def as_json(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def attributes_of(design: Design, engine: str) -> dict[str, Any]:
    """Attributes of runs of a design: what they are of, what made them, titles, units and sources.

    Values are text or numbers; nested ones are JSON (`offramp.runs.dataset.SECTIONS`).
    """
    model = design.model
    policies = {p.name: p for p in model.policies}
    return {
        "Conventions": "CF-1.11",
        "title": model.title,
        "summary": model.summary,
        "model": model.name,
        "model_file": model.file,
        "model_hash": model.hash,
        "base_file": model.base.file if model.base is not None else "",
        "base_hash": model.base.hash if model.base is not None else "",
        "illustrative": int(model.illustrative),
        "offramp_version": _version("offramp"),
        "numpy_version": _version("numpy"),
        "llvmlite_version": _version("llvmlite"),
        "engine": engine,
        "paths": design.paths,  # of imagined luck; 0: look-aheads follow the expected path
        "seed": str(design.seed),  # as text: NetCDF integers end below 2**64
        "start": model.start.isoformat(),
        "end": model.dates[-1].isoformat(),
        "step": model.step,
        "steps": model.steps,
        "step_months": model.step_length,
        "overrides": as_json(design.overrides),
        "policies": as_json(
            {
                name: _policy(policies[name]) if name in policies else _policy(Policy(name, "Baseline"))
                for name in design.policies
            }
        ),
        "variables": as_json({v.name: _variable(v) for v in model.variables}),
        "parameters": as_json(
            {
                p.name: {
                    "title": p.title,
                    "unit": p.unit,
                    "value": _written(p.value),
                    "uncertain": isinstance(p.value, Distribution) and p.name not in design.overrides,
                    **_origin(p.origin),
                }
                for p in model.parameters
            }
        ),
        "actors": as_json({a.name: _actor(a) for a in model.actors}),
        "events": as_json({e.name: _event(e) for e in model.events}),
        "outcomes": as_json({o.name: _outcome(o) for o in model.outcomes}),
        "ladders": as_json({x.name: _ladder(x) for x in model.ladders}),
        "sources": as_json(
            {s.key: {"title": s.title, "date": s.date, "url": s.url, "note": s.note} for s in model.sources}
        ),
    }


def intervention_as_dict(intervention: Intervention) -> dict[str, Any]:
    """An intervention in plain values, with the keys of the model file."""
    pairs: dict[str, dict[str, dict[str, Any]]] = {"misread": {}, "believe": {}, "nudge": {}}
    for key, entries in (
        ("misread", intervention.misread),
        ("believe", intervention.believe),
        ("nudge", intervention.nudge),
    ):
        for actor, name, value in entries:
            pairs[key].setdefault(actor, {})[name] = dict(value) if isinstance(value, tuple) else value
    return {
        "from": None if intervention.start is None else intervention.start.isoformat(),
        "until": None if intervention.end is None else intervention.end.isoformat(),
        "force": dict(intervention.force),
        "forbid": {actor: list(actions) for actor, actions in intervention.forbid},
        "set": dict(intervention.set),
        "shift": dict(intervention.shift),
        "correct": {actor: list(names) for actor, names in intervention.correct},
        **pairs,
    }


def _policy(policy: Policy) -> dict[str, Any]:
    """A policy's title and origin; of one made in code, which no file holds, also all that it does."""
    made = {} if policy.origin.line else {"do": [intervention_as_dict(i) for i in policy.interventions]}
    return {"title": policy.title, **_origin(policy.origin), **made}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _origin(origin: Origin) -> dict[str, Any]:
    return {"sources": list(origin.sources), "guess": origin.guess, "reason": origin.reason}


def _written(value: float | Formula | Distribution | None) -> str:
    """A value as the model file has it."""
    if isinstance(value, Distribution):
        return value.text or f"{value.kind}({', '.join(f'{x:g}' for x in value.args)})"
    if isinstance(value, Formula):
        return value.text
    return "" if value is None else repr(value)


def _variable(v: Variable) -> dict[str, Any]:
    return {
        "title": v.title,
        "unit": v.unit,
        "kind": "auxiliary" if v.is_auxiliary else "stock",
        "initial": _written(v.initial),
        "bounds": None if v.bounds is None else list(v.bounds),
        "headline": v.headline,
        **_origin(v.origin),
    }


def _actor(actor: Actor) -> dict[str, Any]:
    return {
        "title": actor.title,
        "depth": _written(actor.depth_as) or actor.depth,
        "horizon": _written(actor.horizon_as) or actor.horizon,
        "inner_horizon": _written(actor.inner_horizon_as) or actor.inner_horizon,
        "actions": {x.name: {"title": x.title, **_origin(x.origin)} for x in actor.actions},
        "misreads": {
            m.parameter: {"title": m.title, "value": _written(m.value), **_origin(m.origin)}
            for m in actor.misreads
        },
        "sees": {
            s.variable: {
                "hidden": s.hidden,
                "bias": _written(s.bias),
                "noise": _written(s.noise),
                "delay": s.delay,
                **_origin(s.origin),
            }
            for s in actor.sees
        },
        "types": {
            t.name: {
                "title": t.title,
                "parameters": {o.parameter: _written(o.value) for o in t.overlays},
                **_origin(t.origin),
            }
            for t in actor.types
        },
        "true_type": _chances(actor.true_type),
        "beliefs": {
            b.about: {
                "prior": _chances(b.prior),
                "learns": b.learns,
                "confirmation_bias": _written(b.confirmation_bias),
                "fading": _written(b.fading),
                "floor": _written(b.floor),
                **_origin(b.origin),
            }
            for b in actor.beliefs
        },
        **_origin(actor.origin),
    }


def _chances(chances: Chances) -> dict[str, str]:
    return {name: "rest" if chance is None else _written(chance) for name, chance in chances}


def _event(event: Event) -> dict[str, Any]:
    return {
        "title": event.title,
        "kind": "random" if event.on is None else "dated",
        "date": None if event.on is None else event.on.isoformat(),
        "branches": {b.name: {"title": b.title, **_origin(b.origin)} for b in event.branches},
        **_origin(event.origin),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "title": outcome.title,
        "kind": _kind(outcome),
        "absorbing": outcome.absorbing,
        **_origin(outcome.origin),
    }


def _kind(outcome: Outcome) -> str:
    if outcome.otherwise:
        return "otherwise"
    return "when" if outcome.when is not None else "rate" if outcome.rate is not None else "ladder"


def _ladder(ladder: Ladder) -> dict[str, Any]:
    return {
        "title": ladder.title,
        "sides": list(ladder.sides),
        "moves": ladder.moves,
        "war": ladder.war,
        "rungs": {r.name: {"title": r.title, **_origin(r.origin)} for r in ladder.rungs},
        **_origin(ladder.origin),
    }
