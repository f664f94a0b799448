"""Forecasts that cannot be rewritten unnoticed: dated files, each with its hash and that of the one before.

A forecast file is one JSON object. Its `hash` is the SHA-256 of everything else in it, written with sorted
keys and no spaces; `previous` is the hash of the forecast made before it. What each question asks, and what
resolves it, stands in the file too: a forecast is scored for nothing else. Whoever has one hash of a chain,
published anywhere, can tell whether anything in that file or in those before it was changed since.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from offramp.errors import OfframpError, UsageError
from offramp.given import day_of, need
from offramp.model import Model
from offramp.runs.simulate import Progress, engine_for
from offramp.truth import scores
from offramp.truth.backtest import FUTURES, Asked, Prior, asked_of, months_after
from offramp.truth.baselines import BASELINES
from offramp.truth.calibration import calibrate
from offramp.truth.questions import Question, Questions, check_answers
from offramp.version import __version__

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FUTURES_OF_PRIOR = 2000


def forecast(
    model: Model,
    questions: Questions,
    as_of: date | str,
    *,
    particles: int,
    chains: int,
    seed: int = 0,
    previous: dict[str, Any] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> dict[str, Any]:
    """Answer a list of questions with what was known by a day, as a forecast file.

    Parameters
    ----------
    as_of : the origin; the model is calibrated on what was known by then
    previous : the forecast before this one in the chain
    particles, chains, seed : as for `calibrate`

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
    if as_of >= model.dates[-1]:
        raise UsageError(f"{as_of} lies after the end of `{model.name}`, {model.dates[-1]}.")
    if months_after(as_of, min(questions.horizons)) > model.dates[-1]:
        raise UsageError(
            f"`{model.name}` ends on {model.dates[-1]}: no horizon of the questions fits after {as_of}."
        )
    engine = engine_for(model)
    calibration = calibrate(
        model, as_of, particles=particles, chains=chains, seed=seed, threads=threads, progress=progress,
        checkpoint=checkpoint, engine=engine,
    )  # fmt: skip
    prior = Prior(model, FUTURES_OF_PRIOR, seed, threads, engine)
    asked = asked_of(questions, model, calibration, prior, threads=threads, engine=engine, resolve_by=as_of)
    found: dict[str, Any] = {
        "offramp": __version__,
        "kind": "forecast",
        "as_of": as_of.isoformat(),
        "model": model.name,
        "model_hash": model.hash,
        "evidence_hash": calibration.record.hash,
        "questions_list": questions.name,
        "questions_hash": questions.hash,
        "settings": {
            "particles": particles,
            "chains": chains,
            "futures": particles * chains * FUTURES,
            "seed": seed,
        },
        "previous": None if previous is None else previous["hash"],
        "questions": [_written(a) for a in asked],
    }
    found["hash"] = hash_of(found)
    return found


def hash_of(told: dict[str, Any]) -> str:
    """SHA-256 of a forecast without its own hash."""
    rest = {k: v for k, v in told.items() if k != "hash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_hash(told: dict[str, Any], what: str) -> None:
    """Make sure that a forecast is as it was written.

    Raises
    ------
    UsageError
        If it is no forecast, or was changed.
    """
    if not isinstance(told, dict) or told.get("kind") != "forecast" or "hash" not in told:
        raise UsageError(f"{what} is not a forecast of offramp.")
    if (wrong := _out_of_shape(told)) is not None:
        raise UsageError(f"{what} is not a forecast as offramp writes it: {wrong}.")
    if hash_of(told) != told["hash"]:
        raise UsageError(
            f"{what} was changed after it was made: its content has the hash {hash_of(told)[:12]}..., and it "
            f"says {str(told['hash'])[:12]}... . A changed forecast is not scored."
        )


def read(path: Path) -> dict[str, Any]:
    """A forecast file, checked.

    Raises
    ------
    UsageError
        If it is none, or was changed.
    """
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a forecast of offramp: it is not JSON.") from error
    check_hash(told, str(path))
    found: dict[str, Any] = told
    return found


def write(told: dict[str, Any], path: Path) -> None:
    """Write a forecast; one that is there already is never overwritten.

    Raises
    ------
    UsageError
        If there is a file of that name.
    OfframpError
        If it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    except FileExistsError as error:
        raise UsageError(f"{path} exists; a forecast is not overwritten. Give another name.") from error
    except OSError as error:
        raise OfframpError(f"{path} cannot be written: {error.strerror or error}.") from error


def score(told: dict[str, Any], questions: Questions, known_by: date = date.max) -> dict[str, Any]:
    """Hold a forecast against what happened since, as the tables of the questions tell.

    Parameters
    ----------
    told : a forecast, as `read` gives it
    questions : the list that it answers
    known_by : use no row known after this day

    Raises
    ------
    UsageError
        If the forecast was changed, or the list does not ask the same.
    """
    need(questions, "Questions")
    check_hash(told, "the forecast")
    by_name = {q.name: q for q in questions.questions}
    origin = date.fromisoformat(told["as_of"])
    found = []
    for entry in told["questions"]:
        question = by_name.get(entry["name"])
        if question is None:
            raise UsageError(f"the list `{questions.name}` has no question `{entry['name']}`.")
        if question.asked != entry["asked"]:
            was, now = _in_words(entry["asked"], question.asked), _in_words(question.asked, entry["asked"])
            raise UsageError(
                f"the list `{questions.name}` asks another question by the name `{entry['name']}`: the "
                f"forecast was made for {was}, and the list says {now}. A forecast is scored for what it "
                "answered."
            )
        resolves = date.fromisoformat(entry["resolves"])
        answer = question.answer(origin, resolves, known_by) if resolves <= known_by else None
        found.append({**entry, "answer": answer, **_scored(question, entry, answer)})
    answered = [e for e in found if e["answer"] is not None]
    binary = [e for e in answered if "probability" in e]
    sampled = [e for e in answered if "quantiles" in e]
    yes_or_no = sum("probability" in e for e in found)
    return {
        "as_of": told["as_of"],
        "model": told["model"],
        "hash": told["hash"],
        "asked": len(found),
        "resolved": len(answered),
        "brier": _mean([e["brier"] for e in binary]),
        "log": _mean([e["log"] for e in binary]),
        "baselines": {name: _mean([e["baselines_brier"][name] for e in binary]) for name in BASELINES},
        "inside_half": _mean([e["inside_half"] for e in sampled]),
        "inside_nine_tenths": _mean([e["inside_nine_tenths"] for e in sampled]),
        "binary": {
            "asked": yes_or_no,
            "resolved": len(binary),
            "nearer": {n: sum(e["brier"] < e["baselines_brier"][n] for e in binary) for n in BASELINES},
        },
        "sampled": {
            "asked": len(found) - yes_or_no,
            "resolved": len(sampled),
            **{n: sum(e[f"inside_{n}"] > 0 for e in sampled) for n in ("half", "nine_tenths")},
        },
        "questions": found,
    }


def _written(asked: Asked) -> dict[str, Any]:
    """One answer, with what the baselines say."""
    entry: dict[str, Any] = {
        "name": asked.question.name,
        "title": asked.question.title,
        "kind": asked.question.kind,
        "months": asked.months,
        "resolves": asked.resolves.isoformat(),
        "asked": asked.question.asked,
    }
    who = ("model", *BASELINES)
    if asked.question.kind == "continuous":
        entry |= {"unit": asked.unit, "source": asked.source}
    if asked.binary:
        entry["probability"] = round(float(asked.said["model"][0]), 6)
        entry["baselines"] = {w: round(float(asked.said[w][0]), 6) for w in who[1:]}
    else:
        entry["quantiles"] = {
            f"{q:g}": float(f"{v:.6g}")
            for q, v in zip(QUANTILES, np.quantile(asked.said["model"], QUANTILES), strict=True)
        }
        entry["mean"] = float(f"{asked.said['model'].mean():.6g}")
    return entry


def _scored(question: Question, entry: dict[str, Any], answer: float | None) -> dict[str, Any]:
    if answer is None:
        return {}
    if "probability" in entry:
        p, y = np.array([entry["probability"]]), np.array([answer])
        return {
            "brier": float(scores.brier(p, y)[0]),
            "log": float(scores.log_score(p, y)[0]),
            "baselines_brier": {
                name: float(scores.brier(np.array([said]), y)[0]) for name, said in entry["baselines"].items()
            },
        }
    q = {float(k): v for k, v in entry["quantiles"].items()}
    return {
        "inside_half": float(q[0.25] <= answer <= q[0.75]),
        "inside_nine_tenths": float(q[0.05] <= answer <= q[0.95]),
    }


def _out_of_shape(told: dict[str, Any]) -> str | None:
    """What a forecast lacks that scoring needs, in words; None for one that is whole."""
    texts = {k: isinstance(told.get(k), str) for k in ("as_of", "model", "hash")}
    missing = [k for k, there in texts.items() if not there]
    if not isinstance(told.get("questions"), list):
        missing.append("questions")
    if missing:
        return f"it has no `{missing[0]}`"
    try:
        date.fromisoformat(told["as_of"])
        for entry in told["questions"]:
            date.fromisoformat(entry["resolves"])
            whole = isinstance(entry["asked"], dict) and all(
                isinstance(entry[k], str) for k in ("name", "title", "kind")
            )
            if "probability" in entry:
                said = [entry["probability"], *(entry["baselines"][name] for name in BASELINES)]
                whole &= all(0 <= float(p) <= 1 for p in said)
            else:
                said = [entry["mean"], *(entry["quantiles"][f"{q:g}"] for q in QUANTILES)]
                whole &= all(np.isfinite(float(v)) for v in said)
            if not (whole and isinstance(entry["months"], int)):
                return "one of its questions is not whole"
    except (KeyError, TypeError, ValueError, AttributeError):
        return "one of its questions is not whole"
    return None


def _in_words(asked: dict[str, Any], other: dict[str, Any]) -> str:
    """What of a question is not as in another: `above: 4`."""
    differing = [k for k in {**asked, **other} if asked.get(k) != other.get(k)]
    return ", ".join(f"`{k}: {asked[k]}`" if k in asked else f"no `{k}`" for k in differing)


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
