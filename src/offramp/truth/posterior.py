"""A calibration told and kept: which numbers the data move, how well the past is met, a file of it all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from offramp.engine.inputs import Floats
from offramp.errors import OfframpError, UsageError
from offramp.given import library
from offramp.model import Distribution
from offramp.truth import initial_conditions as beginnings
from offramp.truth.calibration import MOVED, Calibration, futures
from offramp.truth.evidence import Record
from offramp.truth.scores import coverage

if TYPE_CHECKING:
    from offramp.engine.depths import Engine

# Draws from the prior beside which the posterior is shown.
PRIOR_DRAWS = 2000
# Populations that differ by more on a number have not found it yet: it does not count as moved.
AGREEING = 1.1
# Numbers whose way to the posterior is told: those with the largest gain.
TRACED = 24
# Below so many degrees of freedom a variance between populations says next to nothing.
LEAST_FREEDOM = 6
# By chance alone n independent draws show a gain of chi-squared with 2 degrees of freedom over 2 n: above
# 6 / n in one of 400 numbers.
CHANCE = 6.0


def summary(
    calibration: Calibration,
    *,
    against: Record | None = None,
    threads: int | None = None,
    engine: Engine | None = None,
) -> dict[str, Any]:
    """What a calibration says, as plain values.

    Parameters
    ----------
    calibration : the particles
    against : a record of a later day: what became known after the calibration's is compared with its futures

    Returns
    -------
    docs/reference/commands.md, `offramp calibrate`, lists the keys.
    """
    record, model = calibration.record, calibration.model
    runs = futures(
        calibration, max(record.steps, against.steps if against else 0), threads=threads, engine=engine
    )
    rng = np.random.Generator(np.random.Philox(key=[calibration.seed, 1]))
    seen = _fit(record, record.replicated(runs, rng), [True] * len(record.points))
    parameters, spread = _parameters(calibration), populations(calibration)
    known = [w for w in (spread["worth"], spread["worth_moved"]) if w is not None]
    found: dict[str, Any] = {
        "model": model.name,
        "model_hash": model.hash,
        "until": record.until.isoformat(),
        "evidence_hash": record.hash,
        "points": len(record.points),
        "seed": calibration.seed,
        "particles": calibration.z.shape[1],
        "chains": calibration.chains,
        "runs": calibration.runs,
        "seconds": round(calibration.seconds, 1),
        "runs_per_second": round(calibration.runs / calibration.seconds, 1) if calibration.seconds else None,
        "log_evidence": [float(v) for v in calibration.log_evidence],
        "distinct": float(np.mean([h[-1]["distinct"] for h in calibration.history])),
        "parameters": parameters,
        "moved": [n for n, p in parameters.items() if p["moved"]],
        "not_moved": [n for n, p in parameters.items() if not p["moved"]],
        "types": beginnings.types(calibration, min(known, default=None)),
        "initial": _initial(calibration),
        "populations": spread,
        "trace": _trace(calibration, list(parameters)[:TRACED]),
        "series": seen,
    }
    if against is not None:
        later = [p.known > record.until for p in against.points]
        found["against"] = against.until.isoformat()
        found["held_back"] = _fit(against, against.replicated(runs, rng, known=record.until), later)
    return found


def _parameters(calibration: Calibration) -> dict[str, dict[str, Any]]:
    """Each uncertain parameter before and after."""
    least = _least_gain(calibration)
    model, place = calibration.model, calibration.worlds.uncertain()
    values = calibration.parameters()
    found: dict[str, dict[str, Any]] = {}
    for parameter in model.parameters:
        if parameter.name not in values:
            continue
        assert isinstance(parameter.value, Distribution)
        found[parameter.name] = {
            "title": parameter.title,
            "unit": parameter.unit,
            "prior": _spread(prior_draws(parameter.value)),
            "posterior": _spread(values[parameter.name].ravel()),
            **_learnt(calibration.z[..., place[parameter.name]], least),
        }
    return dict(sorted(found.items(), key=lambda item: -float(item[1]["gain"])))


def _learnt(z: Floats, least: float) -> dict[str, Any]:
    """What the data did to one coordinate: (chain, draw), on the normal scale of its prior."""
    agree, gain = r_hat(z), _gain(z[..., None])[0]
    return {
        "shift": float(z.mean()),
        "narrower": float(1 - z.std()),
        "gain": float(gain),
        "r_hat": agree,
        "moved": bool(gain > least) and (agree is None or agree < AGREEING),
    }


def _initial(calibration: Calibration) -> dict[str, dict[str, Any]]:
    """Each uncertain beginning of a stock before and after."""
    least, values = _least_gain(calibration), beginnings.initial_values(calibration)
    place = {purpose: i for i, purpose in enumerate(calibration.worlds.purposes)}
    found = {
        name: {
            "title": stock.title,
            "unit": stock.unit,
            "prior": _spread(beginnings.initial_prior(stock, PRIOR_DRAWS)),
            "posterior": _spread(values[name].ravel()),
            **_learnt(calibration.z[..., place[f"initial/{name}"]], least),
        }
        for name, stock in beginnings.uncertain_stocks(calibration).items()
    }
    return dict(sorted(found.items(), key=lambda item: -float(item[1]["gain"])))


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


def _gain(z: Floats) -> Floats:
    """Kullback and Leibler's divergence of a normal posterior from the standard normal prior, in nats.

    Parameters
    ----------
    z : (chain, draw, coordinate)
    """
    spread = z.var(axis=(0, 1))
    gain: Floats = 0.5 * (z.mean(axis=(0, 1)) ** 2 + spread - 1 - np.log(np.maximum(spread, 1e-9)))
    return gain


def _moving(calibration: Calibration) -> tuple[float, float | None]:
    """The gain from which a number counts as moved, and what the draws are worth for those that seem to be.

    It has to matter, and chance must not give it. Numbers that data move are sampled worse than those that
    they leave alone, so that of how many draws all are worth says too much of them: once it is known which
    they may be, what these alone are worth decides.
    """
    z = calibration.z[..., sorted(calibration.worlds.uncertain().values())]
    drawn = worth(z)
    least = max(MOVED, CHANCE / (z[..., 0].size if drawn is None else drawn))
    own = worth(z[..., _gain(z) > least])
    return (least if own is None else max(least, CHANCE / own)), own


def _least_gain(calibration: Calibration) -> float:
    return _moving(calibration)[0]


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


def populations(calibration: Calibration) -> dict[str, Any]:
    """How far populations from scratch lie apart.

    Returns
    -------
    `worth` and `worth_moved`: of how many independent draws they are, over all uncertain numbers and over
    those that the data seem to move; `log_evidence`: natural logarithm of the mean of their estimates, which
    but for steps that adapt are without bias (Del Moral 2004, Feynman-Kac Formulae, proposition 7.4.1), and
    `log_evidence_sd` between them; `apart`: the numbers on which they do not agree, worst first; and
    `apart_by_chance`: how many would be if sampling alone made them differ.
    """
    place = calibration.worlds.uncertain()
    found = _parameters(calibration)
    logs = calibration.log_evidence
    top = float(logs.max())
    apart = [(p["r_hat"], n) for n, p in found.items() if p["r_hat"] is not None and p["r_hat"] >= AGREEING]
    return {
        "worth": worth(calibration.z[..., sorted(place.values())]),
        "worth_moved": _moving(calibration)[1],
        "log_evidence": top + float(np.log(np.mean(np.exp(logs - top)))),
        "log_evidence_sd": float(logs.std(ddof=1)) if len(logs) > 1 else None,
        "apart": [name for _, name in sorted(apart, reverse=True)],
        "apart_by_chance": _by_chance(calibration.z[..., sorted(place.values())]),
    }


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


def _trace(calibration: Calibration, names: list[str]) -> dict[str, Any]:
    """The way from prior to posterior by population: numbers after each day, each step of temperature."""
    if calibration.trace is None:
        return {"days": [], "stages": [[] for _ in range(calibration.chains)], "parameters": {}}
    place = calibration.worlds.uncertain()
    stages = [
        [{"day": k, **stage} for k, step in enumerate(history) for stage in step.get("stages", [])]
        for history in calibration.history
    ]
    parameters = {
        name: {
            kind: [[round(float(v), 4) for v in of] for of in calibration.trace[:, :, i, place[name]]]
            for i, kind in enumerate(("mean", "sd"))
        }
        for name in names
    }
    return {"days": [d.isoformat() for d in calibration.days], "stages": stages, "parameters": parameters}


def prior_draws(prior: Distribution, draws: int = PRIOR_DRAWS) -> Floats:
    """Evenly spread quantiles of a prior."""
    from offramp import distribution

    return distribution.quantile(prior, (np.arange(draws) + 0.5) / draws)


def _spread(values: Floats) -> dict[str, float]:
    p5, p50, p95 = np.quantile(values, [0.05, 0.5, 0.95])
    return {
        "mean": float(values.mean()), "sd": float(values.std()), "p5": float(p5), "p50": float(p50),
        "p95": float(p95),
    }  # fmt: skip


def _fit(record: Record, replicated: Floats, which: list[bool]) -> dict[str, dict[str, Any]]:
    """By series: how many points lie within the central half and nine tenths of what runs would publish."""
    ends = np.quantile(replicated, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0) if len(record.points) else None
    found: dict[str, dict[str, Any]] = {}
    for evidence in record.model.evidence:
        here = [i for i, p in enumerate(record.points) if p.evidence is evidence and which[i]]
        if not here or ends is None:
            continue
        y = np.array([record.points[i].value for i in here])
        low, first, middle, third, high = ends[:, here]
        found[evidence.name] = {
            "title": evidence.title,
            "unit": next((v.unit for v in record.model.variables if v.name == evidence.observes), ""),
            "points": len(here),
            "half": coverage(first, third, y),
            "nine_tenths": coverage(low, high, y),
            "days": [record.points[i].day.isoformat() for i in here],
            "published": [float(v) for v in y],
            "p5": [float(v) for v in low],
            "p50": [float(v) for v in middle],
            "p95": [float(v) for v in high],
        }
    return found


def _of_beginnings(calibration: Calibration) -> tuple[dict[str, Any], dict[str, Any]]:
    """`STOCK.initial` and `ACTOR.type` as values and attributes: posterior (chain, draw) and prior (1, draw).

    Types are numbers with the names that they stand for, as CF conventions have flags.
    """
    stocks = beginnings.uncertain_stocks(calibration)
    found: dict[str, Any] = {
        f"{n}.initial": (v, {}) for n, v in beginnings.initial_values(calibration).items()
    }
    prior: dict[str, Any] = {
        f"{n}.initial": (beginnings.initial_prior(s, PRIOR_DRAWS)[None], {}) for n, s in stocks.items()
    }
    position = beginnings.true_types(calibration)
    shares = beginnings.uncertain_types(calibration)
    grid = (np.arange(PRIOR_DRAWS) + 0.5) / PRIOR_DRAWS
    for i, actor in enumerate(calibration.model.actors):
        if actor.name in shares:
            names = [t.name for t in actor.types]
            attrs = {"flag_values": np.arange(len(names), dtype=np.int8), "flag_meanings": " ".join(names)}
            found[f"{actor.name}.type"] = position[..., i], attrs
            falls = np.searchsorted(np.cumsum(shares[actor.name])[:-1], grid, side="right")
            prior[f"{actor.name}.type"] = falls.astype(np.int8)[None], attrs
    return found, prior


def save(calibration: Calibration, path: Path, told: dict[str, Any], *, engine: Engine | None = None) -> None:
    """Write a calibration as NetCDF with the groups that ArviZ reads.

    Groups: posterior and prior (parameters, and what `_of_beginnings` has), posterior_predictive,
    observed_data, `trace`: mean and standard deviation on the normal scale after each day of evidence, and
    `state`: particles and lineages, from which it can go on.

    Raises
    ------
    OfframpError
        If it cannot be written.
    """
    import json

    xr = library("xarray", "saving a calibration", "truth")
    library("h5netcdf", "saving a calibration", "truth")
    values = calibration.parameters()
    dims = ("chain", "draw")
    coords = {"chain": np.arange(calibration.chains), "draw": np.arange(calibration.z.shape[1])}
    priors = {
        p.name: (dims, prior_draws(p.value)[None])
        for p in calibration.model.parameters
        if p.name in values and isinstance(p.value, Distribution)
    }
    began, began_prior = _of_beginnings(calibration)
    runs = futures(calibration, calibration.record.steps, engine=engine)
    rng = np.random.Generator(np.random.Philox(key=[calibration.seed, 1]))
    replicated = calibration.record.replicated(runs, rng).reshape(*calibration.z.shape[:2], -1)
    by_series: dict[str, list[int]] = {}
    for i, point in enumerate(calibration.record.points):
        by_series.setdefault(point.evidence.name, []).append(i)
    groups = {
        "posterior": xr.Dataset(
            {**{n: (dims, v) for n, v in values.items()}, **{n: (dims, *v) for n, v in began.items()}}, coords
        ),
        "prior": xr.Dataset(
            priors | {n: (dims, *v) for n, v in began_prior.items()},
            {"chain": [0], "draw": np.arange(PRIOR_DRAWS)},
        ),
        "posterior_predictive": xr.Dataset(
            {n: ((*dims, f"{n}_point"), replicated[..., i]) for n, i in by_series.items()}, coords
        ),
        "observed_data": xr.Dataset(
            {
                n: (f"{n}_point", np.array([calibration.record.points[k].value for k in i]))
                for n, i in by_series.items()
            }
        ),
        "state": xr.Dataset(
            {
                "z": (("chain", "draw", "purpose"), calibration.z),
                "lineage": (("chain", "draw", "step"), calibration.lineage),
            },
            {**coords, "purpose": np.array(calibration.worlds.purposes, dtype=object)},
        ),
    }
    if calibration.trace is not None:
        days = np.array([calibration.model.start, *calibration.days], dtype="datetime64[s]")
        trace = {
            kind: (("chain", "day", "purpose"), calibration.trace[:, :, i])
            for i, kind in enumerate(("mean", "sd"))
        }
        groups["trace"] = xr.Dataset(
            trace, {"day": days, "purpose": np.array(calibration.worlds.purposes, dtype=object)}
        )
    tree = xr.DataTree.from_dict(groups)
    kept = {
        k: v
        for k, v in told.items()
        if k not in ("parameters", "types", "initial", "series", "held_back", "trace")
    }
    tree.attrs = {"created_by": "offramp", "calibration": json.dumps(kept)}
    try:
        tree.to_netcdf(path, engine="h5netcdf")
    except OSError as error:
        raise OfframpError(f"{path} cannot be written: {error.strerror or error}.") from error


def check_file(path: Path) -> None:
    """Make sure that a calibration can be written there.

    Raises
    ------
    UsageError
        If the name does not end in .nc, or the folder is not there.
    """
    if path.suffix != ".nc":
        raise UsageError(f"a calibration is written as NetCDF: {path} does not end in .nc.")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}.")
