"""What a calibration says of what is drawn once and is no parameter: true types, and where stocks began."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from offramp import distribution
from offramp.analysis.intervals import wilson
from offramp.engine.inputs import Floats, Inputs
from offramp.model import Actor, Distribution, Variable
from offramp.truth.calibration import Calibration
from offramp.truth.worlds import to_unit

# Draws from the prior over which chances that depend on parameters are averaged.
DRAWS = 2000


def drawn(calibration: Calibration) -> Inputs:
    """The worlds of all particles, chain by chain, as runs begin with them."""
    z, _ = calibration.flat()
    return calibration.worlds.inputs(to_unit(z), np.zeros((len(z), calibration.model.steps), np.int64))


def prior_shares(calibration: Calibration, actor: Actor) -> Floats:
    """The chance of each type of an actor before any evidence: (type,), which sum to 1."""
    worlds = calibration.worlds
    rng = np.random.Generator(np.random.Philox(key=[calibration.seed, 2]))
    u = to_unit(rng.standard_normal((DRAWS, worlds.dimensions)))
    cumulative = np.cumsum(worlds.type_chances(u, actor), axis=1)
    # A type is drawn by where one number falls among the sums of chances; the last has what is left.
    ends = np.minimum(cumulative, 1.0)
    ends[:, -1] = 1.0
    shares: Floats = np.diff(ends, axis=1, prepend=0.0).mean(axis=0)
    return shares


def uncertain_types(calibration: Calibration) -> dict[str, Floats]:
    """Actor -> chances of its types before any evidence, of actors that may be one of several."""
    shares = {a.name: prior_shares(calibration, a) for a in calibration.model.actors if a.types}
    return {name: share for name, share in shares.items() if share.max() < 1}


def true_types(calibration: Calibration) -> npt.NDArray[np.int8]:
    """Position of the true type of each actor, -1 where it has none: (chain, particle, actor)."""
    return drawn(calibration).true_type.reshape(*calibration.z.shape[:2], len(calibration.model.actors))


def types(calibration: Calibration, worth: float | None) -> dict[str, dict[str, Any]]:
    """Which type each actor truly is, before and after: docs/reference/commands.md, `offramp calibrate`.

    Parameters
    ----------
    worth : of how many independent draws the particles are, over the numbers; None where nothing tells
    """
    position, before = true_types(calibration), uncertain_types(calibration)
    found: dict[str, dict[str, Any]] = {}
    for i, actor in enumerate(calibration.model.actors):
        if actor.name not in before:
            continue
        is_so = position[..., i, None] == np.arange(len(actor.types))
        draws = _worth(is_so.astype(np.float64), worth)
        found[actor.name] = {"title": actor.title, "worth": draws, "types": {}}
        for k, t in enumerate(actor.types):
            share = float(is_so[..., k].mean())
            ends = (None, None) if draws is None else wilson(share * draws, draws)
            found[actor.name]["types"][t.name] = {
                "title": t.title,
                "prior": float(before[actor.name][k]),
                "posterior": share,
                "low": None if ends[0] is None else float(ends[0]),
                "high": None if ends[1] is None else float(ends[1]),
                "by_chain": [float(v) for v in is_so[..., k].mean(axis=1)],
            }
    return found


def _worth(is_so: Floats, worth: float | None) -> float | None:
    """Of how many independent draws shares of types are: by how far populations lie apart on them.

    Two populations may agree on a type by chance, so it is no more than what they are worth over the numbers.

    Parameters
    ----------
    is_so : (chain, draw, type), 0 or 1
    """
    chains, count = is_so.shape[:2]
    if chains < 2:
        return None
    within = float(is_so.var(axis=1).mean(axis=0).sum())
    between = float(is_so.mean(axis=1).var(axis=0, ddof=1).sum())
    own = chains * (1 + within / between) if between else float(chains * count)
    return min(own, float(chains * count), *(() if worth is None else (worth,)))


def uncertain_stocks(calibration: Calibration) -> dict[str, Variable]:
    """Stocks whose beginning has a prior and is not set by hand."""
    worlds = calibration.worlds
    return {
        s.name: s
        for s in calibration.model.stocks
        if isinstance(s.initial, Distribution) and f"initial/{s.name}" in worlds.purposes
    }


def initial_values(calibration: Calibration) -> dict[str, Floats]:
    """Stock with an uncertain beginning -> its values, (chain, particle), in its unit."""
    values = drawn(calibration).initial
    place = {s.name: i for i, s in enumerate(calibration.model.stocks)}
    shape = calibration.z.shape[:2]
    return {
        name: _held(stock, values[:, place[name]]).reshape(shape)
        for name, stock in uncertain_stocks(calibration).items()
    }


def initial_prior(stock: Variable, draws: int) -> Floats:
    """Evenly spread quantiles of the prior of a beginning."""
    assert isinstance(stock.initial, Distribution)
    return _held(stock, distribution.quantile(stock.initial, (np.arange(draws) + 0.5) / draws))


def _held(stock: Variable, values: Floats) -> Floats:
    """As a run begins: a stock that saturates is held at its bounds."""
    return np.clip(values, *stock.bounds) if stock.saturates and stock.bounds is not None else values
