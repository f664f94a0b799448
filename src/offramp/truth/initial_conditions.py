"""What a calibration says of true types and starting values: what is drawn once and is no parameter."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class TypeChance:
    """The chance that an actor is truly of a type.

    Attributes
    ----------
    prior, posterior : before and after
    low, high : 90 % interval of the posterior from sampling alone; None where nothing tells
    by_chain : the posterior of each population
    """

    title: str
    prior: float
    posterior: float
    low: float | None
    high: float | None
    by_chain: tuple[float, ...]


@dataclass(frozen=True)
class ActorTypes:
    """Which of its types an actor truly is; `worth` : of how many independent draws the shares are."""

    title: str
    worth: float | None
    types: dict[str, TypeChance]


def particle_inputs(calibration: Calibration) -> Inputs:
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
    return particle_inputs(calibration).true_type.reshape(
        *calibration.z.shape[:2], len(calibration.model.actors)
    )


def types(calibration: Calibration, worth: float | None) -> dict[str, ActorTypes]:
    """Which type each actor truly is, before and after, of actors that may be one of several.

    Parameters
    ----------
    worth : of how many independent draws the particles are, over the numbers; None where nothing tells
    """
    position, before = true_types(calibration), uncertain_types(calibration)
    return {
        actor.name: _of_actor(actor, position[..., i], before[actor.name], worth)
        for i, actor in enumerate(calibration.model.actors)
        if actor.name in before
    }


def _of_actor(actor: Actor, position: npt.NDArray[np.int8], prior: Floats, worth: float | None) -> ActorTypes:
    """The types of one actor; `position` is that of its true type, (chain, particle)."""
    is_so = (position[..., None] == np.arange(len(actor.types))).astype(np.float64)
    draws = _worth(is_so, worth)
    found = {}
    for k, t in enumerate(actor.types):
        share = float(is_so[..., k].mean())
        low = high = None
        if draws is not None:
            low, high = (float(end) for end in wilson(share * draws, draws))
        by_chain = tuple(float(v) for v in is_so[..., k].mean(axis=1))
        found[t.name] = TypeChance(t.title, float(prior[k]), share, low, high, by_chain)
    return ActorTypes(actor.title, draws, found)


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
    values = particle_inputs(calibration).initial
    place = {s.name: i for i, s in enumerate(calibration.model.stocks)}
    shape = calibration.z.shape[:2]
    return {
        name: _within(stock, values[:, place[name]]).reshape(shape)
        for name, stock in uncertain_stocks(calibration).items()
    }


def initial_prior(stock: Variable, draws: int) -> Floats:
    """Evenly spread quantiles of the prior of a beginning."""
    assert isinstance(stock.initial, Distribution)
    return _within(stock, distribution.quantile(stock.initial, (np.arange(draws) + 0.5) / draws))


def _within(stock: Variable, values: Floats) -> Floats:
    """As a run begins: a stock that saturates is held at its bounds."""
    return np.clip(values, *stock.bounds) if stock.saturates and stock.bounds is not None else values
