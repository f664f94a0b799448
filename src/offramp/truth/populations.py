"""How far populations from scratch lie apart: what their draws are worth, and what only chance may show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from offramp.engine.inputs import Floats
from offramp.truth.calibration import MOVED, Calibration

# Populations that differ by more on a number have not found it yet: it does not count as moved.
AGREEING = 1.1
# Below so many degrees of freedom a variance between populations says next to nothing.
LEAST_FREEDOM = 6
# By chance alone n independent draws show a gain of chi-squared with 2 degrees of freedom over 2 n: above
# 6 / n in one of 400 numbers.
CHANCE = 6.0


@dataclass(frozen=True)
class Populations:
    """How far populations from scratch lie apart.

    Attributes
    ----------
    worth : of how many independent draws they all are, over all uncertain parameters; None where it cannot be
        known
    worth_moved : the same over those parameters that the data seem to move
    log_evidence : natural logarithm of the mean of their estimates, which but for steps that adapt, and
        where a population had to try again, are without bias (Del Moral 2004, Feynman-Kac Formulae,
        proposition 7.4.1)
    log_evidence_sd : standard deviation between them; None for one population
    apart : parameters on which they do not agree, worst first
    apart_by_chance : how many would be if sampling alone made them differ
    """

    worth: float | None
    worth_moved: float | None
    log_evidence: float
    log_evidence_sd: float | None
    apart: tuple[str, ...]
    apart_by_chance: float | None

    def apparent_gain(self, draws: int) -> float:
        """The gain from which a parameter seems to be moved, whether or not populations agree on it.

        Parameters
        ----------
        draws : in all populations, which decide where nothing is known of their worth
        """
        return max(MOVED, *(CHANCE / (known or draws) for known in (self.worth, self.worth_moved)))


def populations(calibration: Calibration) -> Populations:
    """How far the populations of a calibration lie apart."""
    place = calibration.worlds.uncertain()
    z = calibration.scores[..., sorted(place.values())]
    logs = calibration.log_evidence
    top = float(logs.max())
    disagreement = {name: r_hat(calibration.scores[..., i]) for name, i in place.items()}
    apart = [(value, name) for name, value in disagreement.items() if value is not None and value >= AGREEING]
    return Populations(
        worth=worth(z),
        worth_moved=_moving(calibration)[1],
        log_evidence=top + float(np.log(np.mean(np.exp(logs - top)))),
        log_evidence_sd=float(logs.std(ddof=1)) if len(logs) > 1 else None,
        apart=tuple(name for _, name in sorted(apart, reverse=True)),
        apart_by_chance=_by_chance(z),
    )


def least_gain(calibration: Calibration) -> float:
    """The gain from which a number counts as moved by the data, if populations agree on it."""
    return _moving(calibration)[0]


def r_hat(draws: Floats) -> float | None:
    """Potential scale reduction (Gelman and Rubin 1992, Statistical Science 7) of chains; None for one.

    Parameters
    ----------
    draws : (chain, draw). Populations are not chains in time, so they are not split.
    """
    chains, count = draws.shape
    if chains < 2:
        return None
    within = float(draws.var(axis=1, ddof=1).mean())
    between = float(draws.mean(axis=1).var(ddof=1))
    if within == 0:
        return 1.0 if between == 0 else None
    return float(np.sqrt((count - 1) / count + between / within))


def gain(z: Floats) -> Floats:
    """Kullback and Leibler's divergence of a normal posterior from the standard normal prior, in nats.

    Parameters
    ----------
    z : (chain, draw, coordinate)
    """
    spread = z.var(axis=(0, 1))
    found: Floats = 0.5 * (z.mean(axis=(0, 1)) ** 2 + spread - 1 - np.log(np.maximum(spread, 1e-9)))
    return found


def _moving(calibration: Calibration) -> tuple[float, float | None]:
    """The gain from which a number counts as moved, and what the draws are worth for those that seem to be.

    It has to matter, and chance must not give it. Numbers that data move are sampled worse than those that
    they leave alone, so that of how many draws all are worth says too much of them: once it is known which
    they may be, what these alone are worth decides.
    """
    z = calibration.scores[..., sorted(calibration.worlds.uncertain().values())]
    drawn = worth(z)
    least = max(MOVED, CHANCE / (z.shape[0] * z.shape[1] if drawn is None else drawn))
    own = worth(z[..., gain(z) > least])
    return (least if own is None else max(least, CHANCE / own)), own


def worth(draws: Floats) -> float | None:
    """Of how many independent draws the mean over all populations is as sure; None where nothing tells.

    A population's mean varies by the variance of the posterior over its own number k of independent draws
    (Gelman and Rubin 1992, Statistical Science 7; Margossian and others 2024, Bayesian Analysis, treat groups
    of chains so). Within a population the draws vary by the share 1 - 1/k of that variance, so that k is the
    variance within over that between, and one. Copies, and worlds that moved little since they were copied,
    are counted for what they are worth. Coordinates are pooled, since of one alone the variance between two
    populations says little; the inverse of a variance estimated with n degrees of freedom is too large by
    n / (n - 2) on average, which is taken off.

    Parameters
    ----------
    draws : (chain, draw, coordinate)

    Returns
    -------
    At most the number of draws, at least the number of populations.
    """
    chains, count = draws.shape[:2]
    freedom = (chains - 1) * draws.shape[2]
    if freedom < LEAST_FREEDOM:
        return None
    within = float(draws.var(axis=1).mean(axis=0).sum())
    between = float(draws.mean(axis=1).var(axis=0, ddof=1).sum())
    most = float(chains * count)
    if between == 0:
        return most
    return float(min(chains * (1 + (1 - 2 / freedom) * within / between), most))


def _by_chance(draws: Floats) -> float | None:
    """How many numbers would show an R-hat of AGREEING or more if populations differed by sampling alone.

    Then the variance between means of populations, times the independent draws of a population less one,
    over that within has an F distribution, as in an analysis of variance.
    """
    chains, count, numbers = draws.shape
    drawn = worth(draws)
    if drawn is None:
        return None
    rng = np.random.Generator(np.random.Philox(key=[chains, count]))
    free = max(drawn - chains, 1.0)
    ratio = rng.f(chains - 1, free, 50_000) * chains / free
    return float(numbers * np.mean((count - 1) / count * (1 + ratio) >= AGREEING**2))
