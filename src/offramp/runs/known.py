"""What answers say of what their futures go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Given:
    """What an answer's futures go on from.

    Attributes
    ----------
    until : what was known by the end of this day was used
    particles, chains : worlds in each population, and how many populations stand for what is possible
    begins : the day on which policies begin and luck is fresh: the first that begins a step after `until`
    worth : how many independent draws they are worth; None where that is not known
    evidence_hash : of the figures that were used
    file : the calibration that was read; None where it was made for the question
    """

    until: date
    particles: int
    chains: int
    begins: date
    worth: float | None
    evidence_hash: str
    file: str | None = None

    def as_plain(self) -> dict[str, Any]:
        """As values ready for JSON."""
        return asdict(self) | {"until": self.until.isoformat(), "begins": self.begins.isoformat()}

    @classmethod
    def of_plain(cls, given: Mapping[str, Any] | None) -> Given | None:
        """What `as_plain` gave."""
        if given is None:
            return None
        days = {name: date.fromisoformat(given[name]) for name in ("until", "begins")}
        return cls(**{**given, **days})
