"""Keyed luck: every draw is a function of (seed, scenario, step, purpose) and of nothing else.

The generator is Philox4x32-10, a counter-based generator: no state, no order of calls. This is the
plain NumPy writing; the compiled engine emits the same integers.

References
----------
Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC '11.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from offramp.engine.inputs import Floats, Ints
from offramp.errors import OfframpError
from offramp.model import Event, Model

Words = npt.NDArray[np.uint64]  # 32-bit values, held in 64 bits so that products fit

ROUNDS = 10
MULTIPLIER = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
# Added to the key after every round: the golden ratio and sqrt(3) - 1, as 32-bit fractions.
WEYL = (0x9E3779B9, 0xBB67AE85)

_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_6 = np.uint64(6)


def philox(
    counter: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike, npt.ArrayLike], key: tuple[int, int]
) -> tuple[Words, Words, Words, Words]:
    """Philox4x32-10: four random 32-bit words for each counter.

    Parameters
    ----------
    counter : four integers or arrays below 2**32, broadcast against each other
    key : two integers below 2**32

    Returns
    -------
    Four arrays of uint64 that hold values below 2**32.

    Examples
    --------
    >>> [hex(int(w)) for w in philox((0, 0, 0, 0), (0, 0))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = np.broadcast_arrays(*(np.asarray(c, dtype=np.uint64) for c in counter))
    k0, k1 = key
    for _ in range(ROUNDS):
        product0 = MULTIPLIER[0] * c0
        product1 = MULTIPLIER[1] * c2
        c0, c1, c2, c3 = (
            (product1 >> _32) ^ c1 ^ np.uint64(k0),
            product1 & _LOW,
            (product0 >> _32) ^ c3 ^ np.uint64(k1),
            product0 & _LOW,
        )
        k0 = (k0 + WEYL[0]) & 0xFFFFFFFF
        k1 = (k1 + WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def purpose_number(purpose: str) -> int:
    """The word of the counter that stands for a purpose: the CRC-32 of its name."""
    return zlib.crc32(purpose.encode())


def _words(seed: int, scenario: Ints, step: int, purpose: str) -> tuple[Words, Words, Words, Words]:
    number = np.asarray(scenario).astype(np.uint64)
    counter = (number & _LOW, number >> _32, step, purpose_number(purpose))
    return philox(counter, (seed & 0xFFFFFFFF, seed >> 32))


def _unit(a: Words, b: Words) -> Floats:
    """52 bits of two words as a number in (0, 1): the middles of 2**52 equal cells, all exact in binary64."""
    cell = ((a >> _6) << np.uint64(26)) + (b >> _6)
    return np.asarray((cell.astype(np.float64) + 0.5) / 2.0**52, dtype=np.float64)


def uniform(seed: int, scenario: Ints, step: int, purpose: str) -> Floats:
    """Uniform draws in the open interval (0, 1).

    Parameters
    ----------
    seed : 0 <= seed < 2**64
    scenario : (run,), numbers of the scenarios, >= 0
    step : number of the step, 0 for draws made once per scenario
    purpose : what the draw is for, such as `choose/blue/wait`

    Returns
    -------
    (run,)
    """
    a, b, _, _ = _words(seed, scenario, step, purpose)
    return _unit(a, b)


def normal(seed: int, scenario: Ints, step: int, purpose: str) -> Floats:
    """Standard normal draws, (run,), by the cosine half of Box and Muller (1958)."""
    a, b, c, d = _words(seed, scenario, step, purpose)
    return np.sqrt(-2.0 * np.log(_unit(a, b))) * np.cos(2.0 * np.pi * _unit(c, d))


def gumbel(seed: int, scenario: Ints, step: int, purpose: str) -> Floats:
    """Standard Gumbel draws, (run,): the largest of ln p(a) + g_a falls on a with probability p(a)."""
    return -np.log(-np.log(uniform(seed, scenario, step, purpose)))


def exponential(seed: int, scenario: Ints, step: int, purpose: str) -> Floats:
    """Exponential draws with mean 1, (run,)."""
    return -np.log(uniform(seed, scenario, step, purpose))


def parts_of_noise(stock: str, parts: int) -> list[str]:
    """Names of the draws of the sub-steps of a step; there are none where a step is one."""
    return [f"noise/{stock}/{s}" for s in range(1, parts + 1)] if parts > 1 else []


def in_parts(draw: Callable[[str], Floats], stock: str, parts: int) -> list[Floats]:
    """Standard normal draws of a stock's noise in the sub-steps of a step, (run,) each.

    With w the draw of the whole step and e_s one of each part, z_s = w/√n + e_s − mean(e): the z_s are
    independent and standard normal, and Σ z_s = √n·w. So a finer step refines the same path of noise (a
    Brownian bridge) instead of drawing another.
    """
    whole = draw(f"noise/{stock}")
    if parts == 1:
        return [whole]
    own = [draw(name) for name in parts_of_noise(stock, parts)]
    mean = sum(own, np.zeros_like(whole)) / parts
    return [whole / np.sqrt(parts) + (e - mean) for e in own]


def poisson(u: Floats, mean: Floats) -> Ints:
    """Poisson counts by inversion: the smallest n with P(N <= n) >= u.

    Parameters
    ----------
    u : (run,), in (0, 1)
    mean : (run,), 0 to 500; other values (NaN too) give 0

    Returns
    -------
    (run,), int
    """
    usable = (mean > 0) & (mean <= 500)
    mean = np.where(usable, mean, 0.0)
    count = np.zeros(mean.shape, dtype=np.int64)
    term = np.exp(-mean)
    cumulative = term.copy()
    # P(N > 1000) is below 1e-80 for means up to 500: the bound only guards against rounding in the sum.
    for n in range(1, 1001):
        beyond = u > cumulative
        if not beyond.any():
            break
        count[beyond] = n
        term = term * mean / n
        cumulative = np.where(beyond, cumulative + term, cumulative)
    return np.where(usable, count, 0)


def purpose_of_event(event: Event, branch: str | None = None) -> str:
    """Name of the draw that decides how often an event (or one branch of it) happens, or which branch."""
    if event.on is not None:
        return f"branch/{event.name}"
    return f"event/{event.name}" if branch is None else f"event/{event.name}/{branch}"


def purpose_of_branch(event: Event) -> str:
    """Name of the draw that decides which branch of an event comes about, where only one can."""
    return f"branch/{event.name}"


def purpose_within(kind: str, name: str) -> str:
    """Name of the draw that says when within a step a thing came: `kind` is actor, event or ladder."""
    return f"within/{kind}/{name}"


def purposes_of_event(event: Event) -> list[str]:
    """Names of all draws that decide about an event."""
    if event.once:
        return [purpose_of_event(event), *([purpose_of_branch(event)] if event.branches else [])]
    if event.on is not None or not event.branches:
        return [purpose_of_event(event)]
    return [purpose_of_event(event, b.name) for b in event.branches]


def purposes(model: Model) -> list[str]:
    """Every purpose for which runs of `model` may draw."""
    names = [f"parameter/{p.name}" for p in model.parameters]
    names += [f"initial/{v.name}" for v in model.stocks]
    for stock in model.stocks:
        names += [f"noise/{stock.name}", *parts_of_noise(stock.name, model.substeps)]
    for actor in model.actors:
        names += [f"type/{actor.name}"] if actor.types else []
        names += [f"type/{actor.name}/{t.name}/{o.parameter}" for t in actor.types for o in t.overlays]
        names += [f"misread/{actor.name}/{m.parameter}" for m in actor.misreads]
        names += [f"see/{actor.name}/{s.variable}" for s in actor.sees]
        names += [f"choose/{actor.name}/{a.name}" for a in actor.actions]
    for event in model.events:
        names += purposes_of_event(event)
    for ladder in model.ladders:
        names += [f"ladder/{ladder.name}/open", f"ladder/{ladder.name}/first"]
        for k in range(1, ladder.moves + 1):
            names += [f"ladder/{ladder.name}/move/{k}", f"ladder/{ladder.name}/control/{k}"]
    names += [f"outcome/{o.name}" for o in model.outcomes]
    for kind, some in (("actor", model.actors), ("event", model.events), ("ladder", model.ladders)):
        names += [purpose_within(kind, x.name) for x in some]
    return names


def check_purposes(names: Iterable[str]) -> None:
    """Make sure that no two purposes share their number, for they would share their luck.

    Raises
    ------
    OfframpError
        Names the two purposes; renaming either thing in the model file mends it. With a thousand
        purposes the chance of meeting this is about one in ten thousand.
    """
    seen: dict[int, str] = {}
    for name in names:
        other = seen.setdefault(purpose_number(name), name)
        if other != name:
            raise OfframpError(
                f"`{name}` and `{other}` would draw the same luck, because the check sums (CRC-32) of the "
                "two names are equal. Rename one of them in the model file."
            )
