"""Which names a model may give."""

from __future__ import annotations

import keyword
import re

from offramp import units
from offramp.formula import DATE_FUNCTIONS, FUNCTIONS, TIME
from offramp.priors import USAGE

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
    "event_count",
    "parameter_value",
    "failed_step",
    "failed_variable",
)


def why_not(name: str) -> tuple[str, str]:
    """What is wrong with a name and what to do, or two empty texts."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        better = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        better = re.sub(r"^[0-9_]+", "", better)
        return (
            f"`{name[:60]}` cannot be a name: names are small letters, digits and `_`, and begin with a letter",
            f"Write `{better[:60]}`; the `title` may be anything."
            if better and not why_not(better)[0]
            else "",
        )
    if len(name) > 60:
        return f"this name has {len(name)} characters; 60 is the most", ""
    if name in TIME or name in _OURS:
        return f"`{name}` is reserved: results use this name themselves", "Choose another name."
    if name in FUNCTIONS or name in DATE_FUNCTIONS or name in USAGE:
        return f"`{name}` is reserved: it is a function of the formula language", "Choose another name."
    if name in units.NAMES or name in units.DIMENSIONLESS:
        return f"`{name}` is reserved: it is a unit", "Choose another name."
    if keyword.iskeyword(name) or name in ("rest", "hidden", "true", "false", "null"):
        return f"`{name}` is reserved: it is a word of the language", "Choose another name."
    return "", ""
