"""Stocks for which the step is long, as notes of `offramp check`, each at its place in the file."""

from __future__ import annotations

from offramp.engine.accuracy import StepError, step_errors
from offramp.errors import Problem
from offramp.language.source import located
from offramp.model import Model
from offramp.tell import figures


def step_notes(model: Model) -> list[Problem]:
    """A note on each; of a file that extends another only on its own stocks."""
    own = {f.file: tuple(f.text.split("\n")) for f in model.files if f.own}
    return [_note(error, own) for error in step_errors(model) if error.stock.origin.file in own]


def _note(error: StepError, own: dict[str, tuple[str, ...]]) -> Problem:
    name, at = error.stock.name, error.stock.origin
    value, exact = (f"{number:.4g}" for number in (error.value, error.exact))
    day = figures.full_date(error.day).replace(figures.NBSP, " ")
    message = (
        f"the step is long for `{name}`, which nobody touches: on {day} it is "
        f"{value} where its equation gives about {exact}, {100 * error.share:.2g} % of how far it moves"
    )
    left = f"{100 * error.left:.1g} %"
    hint = f"`substeps: {error.parts}` in `horizon` makes that {left}; the error halves with the step."
    if not error.parts:
        hint = "Take shorter steps, or slower changes: no number of sub-steps makes that small."
    return located(at.file, own[at.file], at.line, at.column, message, hint, width=len(name))
