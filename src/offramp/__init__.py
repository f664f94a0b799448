"""offramp turns a written account of a crisis into a model that runs.

    import offramp as ofr

    model = ofr.load("us-iran-2020")
    runs = ofr.simulate(ofr.Design(model, scenarios=2_000, seed=7))
    ofr.probability(runs, "war")

docs/reference/python.md lists the names; each is imported when it is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public name -> the module that has it, and its name there.
_PUBLIC = {
    "Design": ("offramp.design", "Design"),
    "Intervention": ("offramp.model", "Intervention"),
    "Model": ("offramp.model", "Model"),
    "ModelError": ("offramp.errors", "ModelError"),
    "OfframpError": ("offramp.errors", "OfframpError"),
    "Policy": ("offramp.model", "Policy"),
    "Problem": ("offramp.errors", "Problem"),
    "Tally": ("offramp.analysis.summary", "Tally"),
    "UsageError": ("offramp.errors", "UsageError"),
    "backtest": ("offramp.truth.backtest", "backtest"),
    "brief": ("offramp.report", "brief"),
    "claims": ("offramp.questions.claims", "claims"),
    "calibrate": ("offramp.truth.calibration", "calibrate"),
    "compare": ("offramp.questions.compare", "compare"),
    "crises": ("offramp.check", "bundled_names"),
    "discover": ("offramp.questions.discovery", "discover"),
    "explain": ("offramp.explanation", "explain"),
    "forecast": ("offramp.truth.ledger", "forecast"),
    "json_schema": ("offramp.schema", "json_schema"),
    "ladder": ("offramp.ladder", "ladder"),
    "load": ("offramp.check", "load"),
    "load_questions": ("offramp.truth.listing", "load_questions"),
    "load_runs": ("offramp.dataset", "load"),
    "loads": ("offramp.check", "loads"),
    "loops": ("offramp.questions.loops", "loops"),
    "minds": ("offramp.minds", "minds"),
    "misreadings": ("offramp.questions.misreadings", "misreadings"),
    "outlook": ("offramp.outlook", "outlook"),
    "over_time": ("offramp.analysis.outcomes", "over_time"),
    "probability": ("offramp.analysis.outcomes", "probability"),
    "save": ("offramp.dataset", "save"),
    "sensitivity": ("offramp.questions.sensitivity", "sensitivity"),
    "score_forecast": ("offramp.truth.ledger", "score"),
    "simulate": ("offramp.simulate", "simulate"),
    "simulate_blocks": ("offramp.simulate", "simulate_blocks"),
    "story": ("offramp.questions.story", "story"),
    "summary": ("offramp.analysis.summary", "summary"),
    "to_parquet": ("offramp.dataset", "to_parquet"),
    "why": ("offramp.questions.why", "why"),
}

__all__ = [*_PUBLIC, "__version__"]

if TYPE_CHECKING:  # the same names for type checkers, which do not run the code below
    # ruff: noqa: F401
    from offramp.analysis.outcomes import over_time, probability
    from offramp.analysis.summary import Tally, summary
    from offramp.check import bundled_names as crises
    from offramp.check import load, loads
    from offramp.dataset import load as load_runs
    from offramp.dataset import save, to_parquet
    from offramp.design import Design
    from offramp.errors import ModelError, OfframpError, Problem, UsageError
    from offramp.explanation import explain
    from offramp.ladder import ladder
    from offramp.minds import minds
    from offramp.model import Intervention, Model, Policy
    from offramp.outlook import outlook
    from offramp.questions.claims import claims
    from offramp.questions.compare import compare
    from offramp.questions.discovery import discover
    from offramp.questions.loops import loops
    from offramp.questions.misreadings import misreadings
    from offramp.questions.sensitivity import sensitivity
    from offramp.questions.story import story
    from offramp.questions.why import why
    from offramp.report import brief
    from offramp.schema import json_schema
    from offramp.simulate import simulate, simulate_blocks
    from offramp.truth.backtest import backtest
    from offramp.truth.calibration import calibrate
    from offramp.truth.ledger import forecast
    from offramp.truth.ledger import score as score_forecast
    from offramp.truth.listing import load_questions


class _Package(ModuleType):
    """This package, in which a function keeps its name though a module shares it.

    Importing `offramp.simulate` would otherwise put the module where `ofr.simulate(design)` finds the
    function.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _PUBLIC and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name not in _PUBLIC:
            raise AttributeError(f"module `offramp` has no `{name}`; it has {', '.join(_PUBLIC)}")
        module, attribute = _PUBLIC[name]
        value = getattr(import_module(module), attribute)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_PUBLIC})


sys.modules[__name__].__class__ = _Package
