"""A backtest as numbers: scores, skill with intervals, reliability, coverage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from offramp.engine.inputs import Floats
from offramp.model import DAYS_PER_MONTH
from offramp.truth import scores
from offramp.truth.baselines import BASELINES, TITLES
from offramp.truth.posterior import populations
from offramp.truth.scores import skill_interval, told

if TYPE_CHECKING:
    from offramp.truth.backtest import Asked, Backtest

OTHERS = (*BASELINES, "prior_model")
EVERYBODY = ("model", *OTHERS)
_EACH = "The best rule for each question, in hindsight"


def reckoned(backtest: Backtest) -> dict[str, Any]:
    """Everything that a backtest found, as plain values."""
    answered = [a for a in backtest.asked if a.answer is not None]
    origins = sorted({a.origin for a in backtest.asked})
    place = {day: i for i, day in enumerate(origins)}
    binary = [a for a in answered if a.binary]
    sampled = [a for a in answered if not a.binary]
    topics = dict.fromkeys(a.question.topic for a in binary if a.question.topic)
    groups = {
        **_held_out(binary, backtest.questions.held_out),
        **{f"{h}_months": [a for a in binary if a.months == h] for h in sorted({a.months for a in binary})},
    }
    p, y = _probability(binary, "model"), _answers(binary)
    length = stretch(origins, max(backtest.questions.horizons))
    return {
        "model": backtest.model.name,
        "model_hash": backtest.model.hash,
        "questions_hash": backtest.questions.hash,
        "settings": backtest.settings,
        "origins": [d.isoformat() for d in origins],
        "stretch": length,
        "asked": len(backtest.asked),
        "resolved": len(answered),
        "left_out": _left_out(backtest, origins),
        "base_rates": sum(q.base_rate is not None for q in backtest.questions.questions),
        "questions": [_question(a) for a in backtest.asked],
        "brier": {who: _mean(scores.brier(_probability(binary, who), y)) for who in EVERYBODY},
        "log": {who: _mean(scores.log_score(_probability(binary, who), y)) for who in EVERYBODY},
        "skill": _skill(binary, place, length),
        "skill_by": {name: _skill(some, place, length) for name, some in groups.items() if some},
        "skill_by_topic": {
            topic: _skill([a for a in binary if a.question.topic == topic], place, length) for topic in topics
        },
        "sampled_skill": _sampled_skill(sampled, place, length),
        "by_question": _by_question(answered, place),
        "reliability": scores.reliability(p, y, blocks=[place[a.origin] for a in binary], length=length)
        if binary
        else [],
        "parts": {who: scores.decomposition(_probability(binary, who), y) for who in EVERYBODY if binary},
        "coverage": _coverage(sampled),
        "calibrations": [
            {
                "until": c.record.until.isoformat(),
                "points": len(c.record.points),
                "evidence_hash": c.record.hash,
                "log_evidence": [float(v) for v in c.log_evidence],
                "distinct": float(np.mean([h[-1]["distinct"] for h in c.history])),
                "populations": populations(c),
            }
            for c in backtest.calibrations
        ],
    }


def _left_out(backtest: Backtest, origins: Sequence[date]) -> dict[str, int]:
    """Days at which nothing was asked, and answers beyond the end of the model or the day of `until`."""
    listed = backtest.questions
    every = len(origins) * len(listed.horizons) * len(listed.questions)
    return {"origins": len(listed.origins) - len(origins), "answers": every - len(backtest.asked)}


def stretch(origins: Sequence[date], longest: int) -> int:
    """How many origins in a row share answers: those within the longest horizon, in months, of each other."""
    if len(origins) < 2:
        return 1
    months = (origins[-1] - origins[0]).days / (len(origins) - 1) / DAYS_PER_MONTH
    return min(len(origins), max(1, round(longest / months)))


def _held_out(binary: list[Asked], day: date | None) -> dict[str, list[Asked]]:
    """Answers from a day on, and those before."""
    if day is None:
        return {}
    name = str(day.year) if (day.month, day.day) == (1, 1) else day.isoformat()
    return {
        f"before_{name}": [a for a in binary if a.resolves < day],
        f"from_{name}": [a for a in binary if a.resolves >= day],
    }


def _skill(binary: list[Asked], place: dict[Any, int], length: int) -> dict[str, Any]:
    """Brier skill of the model against each of the others, and against the best of them.

    Without any question that came out, all numbers are None.
    """
    if not binary:
        nothing = {"brier": None, "brier_skill": None, "low": None, "high": None}
        none = {"name": None, "title": None, **nothing}
        return {
            "best_baseline": none,
            "best_without_model": none,
            **{who: {"title": TITLES[who], **nothing} for who in OTHERS},
            "best_of_each": {"title": _EACH, **nothing},
            "questions": 0,
            "model_brier": None,
        }
    y = _answers(binary)
    ours = scores.brier(_probability(binary, "model"), y)
    blocks = [place[a.origin] for a in binary]
    found: dict[str, Any] = {}
    means = {}
    for who in OTHERS:
        theirs = scores.brier(_probability(binary, who), y)
        means[who] = float(theirs.mean())
        interval = told(skill_interval(ours, theirs, blocks, length=length))
        found[who] = {
            "title": TITLES[who],
            "brier": means[who],
            "brier_skill": interval.pop("value"),
            **interval,
        }
    best = {some: min(some, key=means.__getitem__) for some in (OTHERS, tuple(BASELINES))}
    # Whoever knew beforehand which rule answers which question best: harder to beat than any of them.
    theirs = _best_of_each(binary)
    interval = told(skill_interval(ours, theirs, blocks, length=length))
    each = {"brier": float(theirs.mean()), "brier_skill": interval.pop("value"), **interval}
    return {
        "best_baseline": {"name": best[OTHERS], **found[best[OTHERS]]},
        "best_without_model": {"name": best[tuple(BASELINES)], **found[best[tuple(BASELINES)]]},
        **found,
        "best_of_each": {"title": _EACH, **each},
        "questions": len(binary),
        "model_brier": float(ours.mean()),
    }


def _best_of_each(binary: list[Asked]) -> Floats:
    """Brier scores of the rule that answers each question best over all that is asked: (question,)."""
    y = _answers(binary)
    theirs = np.stack([scores.brier(_probability(binary, who), y) for who in BASELINES])
    found = np.empty(len(binary))
    names = np.array([a.question.name for a in binary])
    for name in np.unique(names):
        here = names == name
        found[here] = theirs[theirs[:, here].mean(axis=1).argmin(), here]
    return found


def _sampled_skill(sampled: list[Asked], place: dict[Any, int], length: int) -> dict[str, Any]:
    """Skill in the continuous ranked probability score, for counts and for levels.

    Scores of a question are divided by the mean score of all who answer it, so that kilograms and rials weigh
    alike.
    """
    found: dict[str, Any] = {}
    for kind in ("count", "continuous"):
        some = [a for a in sampled if a.question.kind == kind and all(len(s) for s in a.said.values())]
        if not some:
            continue
        crps = {
            who: np.array([scores.crps(a.said[who], float(a.answer or 0.0)) for a in some])
            for who in EVERYBODY
        }
        names = np.array([a.question.name for a in some])
        for name in np.unique(names):
            here = names == name
            scale = np.mean([crps[who][here].mean() for who in EVERYBODY]) or 1.0
            for who in EVERYBODY:
                crps[who][here] /= scale
        blocks = [place[a.origin] for a in some]
        found[kind] = {"questions": len(some)}
        for who in OTHERS:
            interval = told(skill_interval(crps["model"], crps[who], blocks, length=length))
            found[kind][who] = {"crps_skill": interval.pop("value"), **interval}
    return found


def _by_question(answered: list[Asked], place: dict[Any, int]) -> list[dict[str, Any]]:
    """For each question: how the model fared against the best rule without a model."""
    found = []
    for question in dict.fromkeys(a.question for a in answered):
        some = [a for a in answered if a.question is question and all(len(s) for s in a.said.values())]
        if not some:
            continue
        score = {who: _scores(some, who) for who in EVERYBODY}
        best = min(BASELINES, key=lambda who: float(score[who].mean()))
        found.append(
            {
                "name": question.name,
                "title": question.title,
                "kind": question.kind,
                "unit": some[0].unit,
                "topic": question.topic,
                "asked": len(some),
                "happened": float(np.mean([a.answer or 0.0 for a in some])),
                "said": float(np.mean([a.said["model"].mean() for a in some])),
                "best_without_model": best,
                "score": float(score["model"].mean()),
                "best_score": float(score[best].mean()),
                "skill": _finite(scores.skill(score["model"], score[best])),
                "prior_skill": _finite(scores.skill(score["model"], score["prior_model"])),
            }
        )
    return found


def _scores(asked: list[Asked], who: str) -> Floats:
    if asked[0].binary:
        return scores.brier(_probability(asked, who), _answers(asked))
    return np.array([scores.crps(a.said[who], float(a.answer or 0.0)) for a in asked])


def _coverage(sampled: list[Asked]) -> dict[str, Any]:
    """How often levels fell within the central half and the central nine tenths of what was said.

    `prior_` is the same for the model before any evidence.
    """
    levels = [a for a in sampled if a.question.kind == "continuous" and all(len(s) for s in a.said.values())]
    found: dict[str, Any] = {}
    for name in ("all", *dict.fromkeys(a.question.name for a in levels)):
        some = [a for a in levels if name in ("all", a.question.name)]
        if not some:
            continue
        y = _answers(some)
        found[name] = {"points": len(some)}
        for who, before in (("model", ""), ("prior_model", "prior_")):
            ends = np.array([np.quantile(a.said[who], [0.05, 0.25, 0.75, 0.95]) for a in some])
            found[name][f"{before}half"] = scores.coverage(ends[:, 1], ends[:, 2], y)
            found[name][f"{before}nine_tenths"] = scores.coverage(ends[:, 0], ends[:, 3], y)
    return found


def _question(asked: Asked) -> dict[str, Any]:
    q = asked.question
    told: dict[str, Any] = {
        "name": q.name,
        "title": q.title,
        "kind": q.kind,
        "topic": q.topic,
        "origin": asked.origin.isoformat(),
        "months": asked.months,
        "resolves": asked.resolves.isoformat(),
        "answer": asked.answer,
    }
    if q.kind == "continuous":
        told |= {"unit": asked.unit, "source": asked.source}
    for who, said in asked.said.items():
        if asked.binary:
            told[who] = round(float(said[0]), 6)
        elif len(said):
            told[who] = [float(f"{v:.6g}") for v in np.quantile(said, [0.05, 0.25, 0.5, 0.75, 0.95])]
        else:
            told[who] = None
    return told


def _probability(asked: list[Asked], who: str) -> Floats:
    return np.array([a.said[who][0] for a in asked], dtype=np.float64)


def _answers(asked: list[Asked]) -> Floats:
    return np.array([a.answer for a in asked], dtype=np.float64)


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
