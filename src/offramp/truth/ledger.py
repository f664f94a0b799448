"""Forecasts that cannot be rewritten unnoticed: dated files, each with its hash and that of the one before.

A forecast file is one JSON object. Its `hash` is the SHA-256 of everything else in it, written with sorted
keys and no spaces; `previous` is the hash of the forecast made before it. What each question asks, and what
resolves it, stands in the file too: a forecast is scored for nothing else. Whoever has one hash of a chain,
published anywhere, can tell whether anything in that file or in those before it was changed since.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np

from offramp import writing
from offramp.analysis.answer import as_plain
from offramp.analysis.answer import read as read_plain
from offramp.engine.inputs import Floats
from offramp.errors import UsageError
from offramp.given import day_of, need
from offramp.model import Model
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import engine_for
from offramp.truth.baselines import BASELINES
from offramp.truth.calibration import Sampling, calibrate
from offramp.truth.fits import check_answers
from offramp.truth.predictions import FUTURES, Prediction, UncalibratedModel, predictions
from offramp.truth.questions import Kind, Questions, Terms
from offramp.version import __version__

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FUTURES_OF_PRIOR = 2000


@dataclass(frozen=True)
class Settings:
    """How a forecast was made; `futures` : that tell it."""

    particles: int
    chains: int
    futures: int
    seed: int


@dataclass(frozen=True)
class ForecastEntry:
    """One question at one horizon. Fields are the keys of the file, in its order, as in all that follow.

    Attributes
    ----------
    months, resolves : how far ahead, and the day; of horizons in months a whole number
    asked : what is asked and what resolves it, which the list must still say when it is scored
    """

    name: str
    title: str
    kind: Kind
    months: int | float
    resolves: date
    asked: Terms


@dataclass(frozen=True)
class Chance(ForecastEntry):
    """A yes-or-no question: its probability, and those of rules without a model."""

    probability: float
    baselines: dict[str, float]

    @property
    def sound(self) -> bool:
        """Whether the numbers can be what they stand for."""
        every = (self.probability, *self.baselines.values())
        return all(0 <= p <= 1 for p in every) and self.baselines.keys() == BASELINES.keys()


@dataclass(frozen=True)
class CountForecast(ForecastEntry):
    """A count: its quantiles (`0.05` -> value) and its mean."""

    quantiles: dict[str, float]
    mean: float

    @property
    def sound(self) -> bool:
        """Whether the numbers can be what they stand for."""
        return _are_quantiles(self.quantiles) and math.isfinite(self.mean)


@dataclass(frozen=True)
class Level(ForecastEntry):
    """A level in its unit; `source` : the evidence whose error is part of it, None for the model's level."""

    unit: str
    source: str | None
    quantiles: dict[str, float]
    mean: float

    @property
    def sound(self) -> bool:
        """Whether the numbers can be what they stand for."""
        return _are_quantiles(self.quantiles) and math.isfinite(self.mean)


@dataclass(frozen=True)
class Choice(ForecastEntry):
    """Several choices, `ordered` where they are bins: the probability of each, and those of rules."""

    ordered: bool
    probabilities: dict[str, float]
    baselines: dict[str, dict[str, float]]

    @property
    def sound(self) -> bool:
        """Whether the numbers can be what they stand for."""
        every = (self.probabilities, *self.baselines.values())
        return self.baselines.keys() == BASELINES.keys() and all(
            one.keys() == self.probabilities.keys()
            and all(0 <= p <= 1 for p in one.values())
            and abs(sum(one.values()) - 1) < 1e-4
            for one in every
        )


AnyEntry = Chance | CountForecast | Level | Choice


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A forecast file.

    Attributes
    ----------
    offramp : version that made it
    as_of : the day; the model was calibrated on what was known by then
    evidence_hash : of every figure that was used; `questions_hash` : of the list and its tables
    previous : hash of the forecast before it; None for the first
    hash : of all the rest
    """

    offramp: str
    kind: Literal["forecast"]
    as_of: date
    model: str
    model_hash: str
    evidence_hash: str
    questions_list: str
    questions_hash: str
    settings: Settings
    previous: str | None
    questions: tuple[AnyEntry, ...]
    hash: str

    def as_file(self) -> str:
        """The text of the file."""
        return json.dumps(as_plain(self), indent=1, ensure_ascii=False) + "\n"


def forecast(
    model: Model,
    questions: Questions,
    as_of: date | str,
    sampling: Sampling,
    *,
    previous: Forecast | None = None,
    how: How = AS_SUITS,
    checkpoint: Path | None = None,
) -> Forecast:
    """Answer a list of questions with what was known by a day, as a forecast file.

    Parameters
    ----------
    as_of : the origin; the model is calibrated on what was known by then
    sampling : how many particles and chains, and the seed
    previous : the forecast before this one in the chain
    how, checkpoint : as for `calibrate`

    Raises
    ------
    UsageError
        If the model cannot answer, its horizon is too short, or `previous` was changed.
    """
    need(model, "Model")
    need(questions, "Questions")
    check_answers(questions, model)
    as_of = day_of(as_of)
    if previous is not None:
        check_hash(previous, "the previous forecast")
    _check_reach(model, questions, as_of)
    runner = engine_for(model, how.engine)
    calibration = calibrate(model, as_of, sampling, how=how, checkpoint=checkpoint, runner=runner)
    prior = UncalibratedModel(model, FUTURES_OF_PRIOR, sampling.seed, how, runner)
    asked = predictions(questions, calibration, prior, how=how, resolve_by=as_of)
    futures = sampling.particles * sampling.chains * FUTURES
    found = Forecast(
        offramp=__version__,
        kind="forecast",
        as_of=as_of,
        model=model.name,
        model_hash=model.hash,
        evidence_hash=calibration.record.hash,
        questions_list=questions.name,
        questions_hash=questions.hash,
        settings=Settings(sampling.particles, sampling.chains, futures, sampling.seed),
        previous=None if previous is None else previous.hash,
        questions=tuple(_entry(p) for p in asked),
        hash="",
    )
    return replace(found, hash=hash_of(found))


def _check_reach(model: Model, questions: Questions, as_of: date) -> None:
    """Make sure that the model goes on for long enough after a day."""
    if as_of >= model.dates[-1]:
        raise UsageError(f"{as_of} lies after the end of `{model.name}`, {model.dates[-1]}.")
    ends = [day for q in questions.questions for _, day in questions.ends(q, as_of)]
    if not ends:
        raise UsageError(f"every question of `{questions.name}` closes on {as_of} or before.")
    if min(ends) > model.dates[-1]:
        raise UsageError(
            f"`{model.name}` ends on {model.dates[-1]}: no horizon of the questions fits after {as_of}."
        )


def _entry(p: Prediction) -> AnyEntry:
    """One answer, with what the baselines predict."""
    q = p.question
    about = (q.name, q.title, q.kind, p.months, p.resolves, q.terms)
    if p.binary:
        chance, *others = (round(float(p.by[who][0]), 6) for who in ("model", *BASELINES))
        return Chance(*about, chance, dict(zip(BASELINES, others, strict=True)))
    if p.choice:
        by = {who: _of_options(q.options, p.by[who]) for who in ("model", *BASELINES)}
        return Choice(*about, bool(q.bins), by.pop("model"), by)
    quantiles, mean = _quantiles(p.by["model"]), _short(p.by["model"].mean())
    if q.kind == "count":
        return CountForecast(*about, quantiles, mean)
    return Level(*about, p.unit, p.source, quantiles, mean)


def _of_options(options: Sequence[str], chances: Floats) -> dict[str, float]:
    return {name: round(float(p), 6) for name, p in zip(options, chances, strict=True)}


def _quantiles(sample: Floats) -> dict[str, float]:
    return {f"{q:g}": _short(v) for q, v in zip(QUANTILES, np.quantile(sample, QUANTILES), strict=True)}


def _short(value: float) -> float:
    """With six significant digits."""
    return float(f"{value:.6g}")


def _are_quantiles(given: Mapping[str, float]) -> bool:
    return given.keys() == {f"{q:g}" for q in QUANTILES} and all(map(math.isfinite, given.values()))


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────


def hash_of(given: Forecast | Mapping[str, Any]) -> str:
    """SHA-256 of a forecast, or of what its file holds, without its own hash."""
    plain = as_plain(given) if isinstance(given, Forecast) else given
    rest = {k: v for k, v in plain.items() if k != "hash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_hash(given: Forecast | Mapping[str, Any], what: str) -> None:
    """Make sure that a forecast is as it was made.

    Raises
    ------
    UsageError
        If it was changed.
    """
    found = hash_of(given)
    kept = str(given.hash if isinstance(given, Forecast) else given["hash"])
    if found != kept:
        raise UsageError(
            f"{what} was changed after it was made: its content has the hash {found[:12]}..., and it says "
            f"{kept[:12]}... . A changed forecast is not scored."
        )


def from_plain(plain: Any, what: str) -> Forecast:
    """The forecast that a file holds, checked.

    Parameters
    ----------
    plain : what JSON gives
    what : it is, for messages

    Raises
    ------
    UsageError
        If it is none, was changed, or lacks something.
    """
    if not isinstance(plain, dict) or plain.get("kind") != "forecast" or "hash" not in plain:
        raise UsageError(f"{what} is not a forecast of offramp.")
    check_hash(plain, what)
    wrong = _misshapen(plain)
    if not wrong:
        try:
            found: Forecast = read_plain(Forecast, plain, what)
            if all(entry.sound for entry in found.questions):
                return found
        except UsageError:
            pass
        wrong = "one of its questions is not whole"
    raise UsageError(f"{what} is not a forecast as offramp writes it: {wrong}.")


def _misshapen(plain: Mapping[str, Any]) -> str:
    """Which key a file lacks, or has beyond those of a forecast; empty for none."""
    known = [f.name for f in fields(Forecast)]
    missing, unknown = [k for k in known if k not in plain], [k for k in plain if k not in known]
    if missing:
        return f"it has no `{missing[0]}`"
    return f"it has `{unknown[0]}`, which this version of offramp does not know" if unknown else ""


def read(path: Path) -> Forecast:
    """A forecast file, checked.

    Raises
    ------
    UsageError
        If it is none, or was changed.
    """
    try:
        data = path.read_bytes()
        plain = json.loads(data, object_pairs_hook=_once)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except _RepeatedError as error:
        raise UsageError(
            f"{path} was changed after it was made: it says `{error}` twice. A changed forecast is not "
            "scored."
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a forecast of offramp: it is not JSON.") from error
    found = from_plain(plain, str(path))
    if data.replace(b"\r\n", b"\n") != found.as_file().encode():
        raise UsageError(
            f"{path} was changed after it was made: it says the same, but is not written as offramp writes "
            "it. A changed forecast is not scored."
        )
    return found


class _RepeatedError(Exception):
    """A key that stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, each key of which stands in it once: of two, readers would see different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise _RepeatedError(next(k for k, _ in pairs if k in seen or seen.add(k)))  # type: ignore[func-returns-value]
    return found


def write(forecast: Forecast, path: Path) -> None:
    """Write a forecast; one that is there already is never overwritten.

    Raises
    ------
    UsageError
        If there is a file of that name.
    OfframpError
        If it cannot be written.
    """
    writing.write(path, forecast.as_file(), never_over=True)
