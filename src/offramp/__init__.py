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

from offramp.version import __version__

# Public name -> the module that has it, and its name there. Beside these there is a function for each room of
# `offramp.questions`, which has its name.
_PUBLIC = {
    "Design": ("offramp.runs.design", "Design"),
    "How": ("offramp.runs.how", "How"),
    "Intervention": ("offramp.model", "Intervention"),
    "Model": ("offramp.model", "Model"),
    "ModelError": ("offramp.errors", "ModelError"),
    "OfframpError": ("offramp.errors", "OfframpError"),
    "Policy": ("offramp.model", "Policy"),
    "Problem": ("offramp.errors", "Problem"),
    "Sampling": ("offramp.truth.calibration", "Sampling"),
    "Tally": ("offramp.analysis.summary", "Tally"),
    "UsageError": ("offramp.errors", "UsageError"),
    "backtest": ("offramp.truth.backtest", "backtest"),
    "brief": ("offramp.brief.page", "brief"),
    "calibrate": ("offramp.truth.calibration", "calibrate"),
    "crises": ("offramp.language.files", "bundled_names"),
    "explain": ("offramp.explanation", "explain"),
    "forecast": ("offramp.truth.ledger", "forecast"),
    "json_schema": ("offramp.language.schema", "json_schema"),
    "knowledge": ("offramp.truth.knowing", "knowledge"),
    "load": ("offramp.language.check", "load"),
    "load_questions": ("offramp.truth.question_list", "load_questions"),
    "load_runs": ("offramp.runs.files", "load"),
    "loads": ("offramp.language.check", "loads"),
    "over_time": ("offramp.analysis.outcomes", "over_time"),
    "probability": ("offramp.analysis.outcomes", "probability"),
    "save": ("offramp.runs.files", "save"),
    "simulate": ("offramp.runs.simulate", "simulate"),
    "simulate_blocks": ("offramp.runs.simulate", "simulate_blocks"),
    "summary": ("offramp.analysis.summary", "summary"),
    "to_parquet": ("offramp.runs.files", "to_parquet"),
}

if TYPE_CHECKING:  # the same names for type checkers, which do not run the code below
    from offramp.analysis.outcomes import over_time, probability
    from offramp.analysis.summary import Tally, summary
    from offramp.brief.page import brief
    from offramp.errors import ModelError, OfframpError, Problem, UsageError
    from offramp.explanation import explain
    from offramp.language.check import load, loads
    from offramp.language.files import bundled_names as crises
    from offramp.language.schema import json_schema
    from offramp.model import Intervention, Model, Policy
    from offramp.questions.claims.ask import claims
    from offramp.questions.compare.ask import compare
    from offramp.questions.discover.ask import discover
    from offramp.questions.ladder.ask import ladder
    from offramp.questions.loops.ask import loops
    from offramp.questions.minds.ask import minds
    from offramp.questions.misreadings.ask import misreadings
    from offramp.questions.outlook.ask import outlook
    from offramp.questions.reach.ask import reach
    from offramp.questions.score.ask import score
    from offramp.questions.sensitivity.ask import sensitivity
    from offramp.questions.story.ask import story
    from offramp.questions.sweep.ask import sweep
    from offramp.questions.tipping.ask import tipping
    from offramp.questions.why.ask import why
    from offramp.runs.design import Design
    from offramp.runs.files import load as load_runs
    from offramp.runs.files import save, to_parquet
    from offramp.runs.how import How
    from offramp.runs.simulate import simulate, simulate_blocks
    from offramp.truth.backtest import backtest
    from offramp.truth.calibration import Sampling, calibrate
    from offramp.truth.knowing import knowledge
    from offramp.truth.ledger import forecast
    from offramp.truth.question_list import load_questions

    __all__ = [
        "Design", "How", "Intervention", "Model", "ModelError", "OfframpError", "Policy", "Problem",
        "Sampling", "Tally", "UsageError", "backtest", "brief", "calibrate", "claims", "compare",
        "crises", "discover", "explain", "forecast", "json_schema", "knowledge", "ladder", "load",
        "load_questions", "load_runs", "loads", "loops", "minds", "misreadings", "outlook",
        "over_time", "probability", "reach", "save", "score", "sensitivity", "simulate", "simulate_blocks",
        "story", "summary", "sweep", "tipping", "to_parquet", "why", "__version__",
    ]  # fmt: skip


def _public() -> dict[str, tuple[str, str]]:
    """All public names; the registry of questions is not imported before it is needed."""
    from offramp.questions.registry import ROOMS

    return {room: (f"offramp.questions.{room}.ask", room) for room in ROOMS} | _PUBLIC


class _Package(ModuleType):
    """This package, in which a function keeps its name though a module shares it.

    Importing `offramp.runs.simulate` would otherwise put the module where `ofr.simulate(design)` finds the
    function.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _PUBLIC and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [*_public(), "__version__"]
        public = _PUBLIC if name in _PUBLIC else _public()
        if name.startswith("__") or name not in public:
            raise AttributeError(f"module `offramp` has no `{name}`; it has {', '.join(sorted(public))}")
        module, attribute = public[name]
        value = getattr(import_module(module), attribute)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*_public(), "__version__"})


sys.modules[__name__].__class__ = _Package
