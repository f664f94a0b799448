"""What a caller gives: values of the right kind, days, words that may be misspelt, optional libraries."""

from __future__ import annotations

import difflib
import json
import os
import warnings
from collections.abc import Iterable, Sequence
from datetime import date
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

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


def day_of(given: date | str) -> date:
    """A date as it is, or read from text such as "2020-11-03".

    Raises
    ------
    UsageError
        If the text is no date.
    """
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{given!r} is no date. Dates are year-month-day: 2020-11-03.") from error


def nearest(word: str, possible: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The possible word most like `word`, whatever its capitals; None if none is like it."""
    word = word.lower()[:60]
    lower = {p.lower(): p for p in possible}
    if word in lower:
        return lower[word]
    # A word that was begun or ended otherwise (`tension_level`) is often less alike by letters.
    inside = [p for p in lower if len(p) > 3 and (word.startswith(p + "_") or p.startswith(word + "_"))]
    found = difflib.get_close_matches(word, lower, 1, cutoff) or inside[:1]
    return lower[found[0]] if found else None


def did_you_mean(word: str, possible: Iterable[str], cutoff: float = 0.6) -> str:
    """The question to ask, or nothing."""
    near = nearest(word, possible, cutoff)
    return f"Did you mean `{near}`?" if near else ""


def most_alike_first(word: str, possible: Iterable[str]) -> list[str]:
    """All possible words, those most like `word` first; in their own order where it is empty."""
    if not word:
        return list(possible)
    matcher = difflib.SequenceMatcher()
    matcher.set_seq2(word.lower()[:60])

    def unlike(name: str) -> float:
        matcher.set_seq1(name)
        return -matcher.quick_ratio()

    return sorted(possible, key=unlike)


def library(module: str, what: str, extra: str = "questions") -> Any:
    """A module of an optional library, which comes with an extra of offramp.

    Raises
    ------
    UsageError
        If the library is not installed, with what to type.
    """
    # matplotlib comes along with some of these and would open a window system, or build a list of fonts.
    os.environ.setdefault("MPLBACKEND", "Agg")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(module)
    except ImportError as error:
        raise need_extra(what, [module.partition(".")[0]], extra) from error


def need_extra(what: str, packages: Sequence[str], extra: str) -> UsageError:
    """The error for packages that are not installed, with the line that installs them.

    Parameters
    ----------
    what : needs them, such as `--out`
    extra : of offramp, with which they come
    """
    those = " and ".join(f"`{p}`" for p in packages)
    kind = "packages" if len(packages) > 1 else "package"
    return UsageError(f"{what} needs the {kind} {those}, not installed here. {install_line(extra)}")


def install_line(extra: str) -> str:
    """What to type for an extra, which depends on where offramp came from; every shell takes it.

    >>> "[save]" in install_line("save")
    True
    """
    return f'python -m pip install "{_requirement(extra)}"'


def _requirement(extra: str) -> str:
    try:
        came_from = json.loads(distribution("offramp").read_text("direct_url.json") or "{}")
        address = str(came_from.get("url", ""))
    except (PackageNotFoundError, ValueError, AttributeError):
        came_from, address = {}, ""
    if address.startswith("file:"):
        return f"{url2pathname(urlsplit(address).path)}[{extra}]"
    if vcs := came_from.get("vcs_info", {}).get("vcs"):
        return f"offramp[{extra}] @ {vcs}+{address}"
    home = Path(__file__).parents[2]
    return f"{home}[{extra}]" if (home / "pyproject.toml").is_file() else f"offramp[{extra}]"
