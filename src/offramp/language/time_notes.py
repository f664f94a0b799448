"""Notes on time in a valid model: what its steps are too long for."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.model import Model, Origin


def short_horizons(model: Model) -> Iterator[tuple[Origin, str, str, str]]:
    """Actors that look less than a step ahead: they look one step ahead, and what is within it they miss."""
    dt = model.step_length
    for actor in model.actors:
        if actor.depth and actor.horizon_as is None and actor.horizon < dt * (1 - 1e-9):
            months = f"{actor.horizon:.3g} month{'' if actor.horizon == 1 else 's'}"
            message = f"`{actor.name}` looks {months} ahead, less than a step, which is a {model.step}"
            hint = f"It looks one step ahead, {dt:.3g} months: say `horizon: {dt:.3g}` or take shorter steps."
            yield actor.origin, actor.name, message, hint
