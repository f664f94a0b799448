"""Whether a function was given what it needs; if not, how that is made."""

from __future__ import annotations

from offramp.errors import UsageError

_MADE = {
    "Model": ("a model", 'offramp.load("us-iran-2020")'),
    "Design": ("a design", "offramp.Design(model, scenarios=1000)"),
    "Dataset": ("a dataset of runs", "offramp.simulate(design)"),
    "Questions": ("a list of questions", 'offramp.load_questions("us-iran")'),
}


def need(given: object, kind: str) -> None:
    """Nothing, if `given` is of the class of that name.

    Parameters
    ----------
    kind : "Model", "Design", "Dataset" (that holds runs) or "Questions"

    Raises
    ------
    UsageError
        If it is something else.
    """
    what, made = _MADE[kind]
    if kind not in (c.__name__ for c in type(given).__mro__):
        raise UsageError(f"{what} is needed, not {_a(type(given).__name__)}: `{made}` gives one.")
    if kind == "Dataset" and not {"model", "outcomes"} <= set(getattr(given, "attrs", ())):
        raise UsageError(f"this dataset holds no runs of offramp: `{made}` gives some.")


def _a(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} `{name}`"
