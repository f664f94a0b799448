"""The likeliest meaning of a misspelt word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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


def likest_first(word: str, possible: Iterable[str]) -> list[str]:
    """All possible words, those most like `word` first; in their own order where it is empty."""
    if not word:
        return list(possible)
    matcher = difflib.SequenceMatcher()
    matcher.set_seq2(word.lower()[:60])

    def unlike(name: str) -> float:
        matcher.set_seq1(name)
        return -matcher.quick_ratio()

    return sorted(possible, key=unlike)
