"""How futures are run: nothing in it changes a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Progress = Callable[[int, int], None]
EngineName = Literal["compiled", "oracle"]


@dataclass(frozen=True)
class How:
    """How futures are run; results do not depend on it.

    Attributes
    ----------
    threads : how many to use; None for one per processor
    engine : `compiled`, or `oracle` for the slow, plain interpreter of the same meaning
    block : scenarios run at a time; None for as many as suits
    progress : called as progress(runs done, runs in all), from the calling thread
    """

    threads: int | None = None
    engine: EngineName = "compiled"
    block: int | None = None
    progress: Progress | None = None


AS_SUITS = How()
