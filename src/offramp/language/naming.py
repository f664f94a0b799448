"""Which names a model may give."""

from __future__ import annotations

import keyword
import re
import unicodedata

from offramp.distribution import PRIORS
from offramp.language import units
from offramp.language.functions import DATE_FUNCTIONS, FUNCTIONS, TIME

# Names that results, reports and the command line use for themselves.
_OURS = (
    "policy",
    "scenario",
    "time",
    "step",
    "actor",
    "action",
    "outcome",
    "status",
    "parameter",
    "event",
    "variable",
    "date",
    "outcome_step",
    "outcome_chance",
    "event_count",
    "parameter_value",
    "true_type",
    "belief",
    "supposition",
    "expected",
    "expectation",
    "failed_step",
    "failed_variable",
    "ladder",
    "side",
    "ladder_rung",
    "ladder_first",
    "ladder_moves",
    "ladder_ending",
    "ladder_foreseen",
)


MAX_LENGTH = 60


def why_not(name: str, reserved: bool = True) -> tuple[str, str]:
    """What is wrong with a name and what to do, or two empty texts.

    `reserved` is False for names that no formula reads and no result is called by: actors, actions, branches.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        plain = unicodedata.normalize("NFKD", name[:60].lower()).encode("ascii", "ignore").decode()
        better = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
        return (
            f"`{name[:60]}` cannot be a name: names are small letters, digits and `_`, from a letter on",
            f"Write `{better}`; a `title` may be anything."
            if better[:1].isalpha()
            else "A `title` may be anything.",
        )
    if len(name) > MAX_LENGTH:
        return f"this name has {len(name)} characters; {MAX_LENGTH} is the most", "A `title` may be longer."
    why = ""
    if reserved:
        if name in TIME or name in _OURS:
            why = "results use this name themselves"
        elif name in FUNCTIONS or name in DATE_FUNCTIONS or name in PRIORS:
            why = "it is a function of the formula language"
        elif name in units.NAMES:
            why = "it is a unit"
        elif keyword.iskeyword(name) or name in ("rest", "hidden", "true", "false", "null"):
            why = "it is a word of the language"
    return (f"`{name}` is reserved: {why}", "Choose another name.") if why else ("", "")
