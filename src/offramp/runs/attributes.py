"""What runs say of themselves: the model's titles, units, sources and guesses, versions and seed."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from offramp.explanation import Explained, Outline
from offramp.model import Policy
from offramp.runs.design import Design


def as_json(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def attributes_of(design: Design, engine: str) -> dict[str, Any]:
    """Attributes of runs of a design: what they are of, what made them, titles, units and sources.

    Values are text or numbers; nested ones are JSON (`offramp.runs.dataset.SECTIONS`).
    """
    model, outline = design.model, Outline(design.model)
    parameters = outline.all(model.parameters)
    for name in design.overrides.keys() & parameters.keys():
        parameters[name]["uncertain"] = False
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
        "substeps": model.substeps,
        "step_months": model.step_length,
        "overrides": as_json(design.overrides),
        "given": as_json(None if design.knowledge is None else design.knowledge.about.as_plain()),
        "policies": as_json(
            {name: _policy(outline, policies.get(name, Policy(name, "Baseline"))) for name in design.policies}
        ),
        "variables": as_json(outline.all(model.variables)),
        "parameters": as_json(parameters),
        "actors": as_json(outline.all(model.actors)),
        "events": as_json(outline.all(model.events)),
        "outcomes": as_json(outline.all(model.outcomes)),
        "ladders": as_json(outline.all(model.ladders)),
        "sources": as_json(outline.all(model.sources)),
    }


def _policy(outline: Outline, policy: Policy) -> dict[str, Any]:
    """A policy's title and origin; if it was made in code, so that no file has it, also what it does."""
    made_in_code = not policy.origin.line
    does = {"do": Explained(outline.facts.model).all(policy.interventions)} if made_in_code else {}
    return outline.of(policy) | does


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
