"""What a backtest found: scores, skill with intervals, reliability, coverage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np

from offramp.analysis.answer import Answer, head
from offramp.engine.inputs import Floats
from offramp.model import DAYS_PER_MONTH, Model
from offramp.truth import scores
from offramp.truth.calibration import Calibration, Sampling
from offramp.truth.populations import Populations, populations
from offramp.truth.predictions import FUTURES, Prediction, of_question
from offramp.truth.questions import Kind, Questions
from offramp.truth.scores import Bin, Parts
from offramp.truth.skill import (
    EVERYBODY,
    Blocks,
    ChoiceScore,
    QuestionScore,
    SampledSkill,
    Skill,
    answers,
    brier_skill,
    by_choices,
    by_question,
    crps_skill,
    probabilities,
)

INTERVALS = {
    "skill": "low to high: 90 %, from resampling stretches of neighbouring days, which share answers.",
    "reliability": "low to high: 90 % (Wilson), where answers count for what they are worth.",
}
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# A probability; the 5th, 25th, 50th, 75th and 95th percentile of a sample; None for no data.
# Of several choices the probability of each.
Predicted = float | tuple[float, float, float, float, float] | dict[str, float] | None


@dataclass(frozen=True)
class Hindcasts:
    """All that a model and others predicted at days of the past.

    Attributes
    ----------
    predictions : every question at every origin and horizon
    calibrations : at each origin
    until : origins and answers after this day are left out; None for none
    """

    model: Model
    questions: Questions
    sampling: Sampling
    predictions: list[Prediction]
    calibrations: list[Calibration]
    until: date | None = None


@dataclass(frozen=True)
class LeftOut:
    """Days at which nothing was asked, and answers beyond the end of the model or the day of `until`."""

    origins: int
    answers: int


@dataclass(frozen=True)
class QuestionAnswer:
    """One question at one origin and horizon: what came, and what each predicted.

    Attributes
    ----------
    months, ahead : how far ahead, and the horizon of the list in words (empty: a day of the question's own)
    answer : None where the table does not say; of several choices the name of one
    void : whether it is never scored, for what it hangs on did not come, or came
    unit, source : of a level, and the evidence whose error it has; empty and None of all else
    """

    name: str
    title: str
    kind: Kind
    topic: str
    origin: date
    months: int | float
    ahead: str
    resolves: date
    answer: float | str | None
    void: bool
    unit: str
    source: str | None
    model: Predicted
    climatology: Predicted
    persistence: Predicted
    trend: Predicted
    crisis_data: Predicted
    prior_model: Predicted


@dataclass(frozen=True)
class Coverage:
    """Share of levels within the central half and nine tenths of what was predicted.

    `prior_half`, `prior_nine_tenths` : the same for the model before any evidence
    """

    points: int
    half: float
    nine_tenths: float
    prior_half: float
    prior_nine_tenths: float


@dataclass(frozen=True)
class AtOrigin:
    """The calibration at one origin; keys as those of `offramp calibrate`."""

    until: date
    points: int
    evidence_hash: str
    log_evidence: tuple[float, ...]
    distinct: float
    populations: Populations


@dataclass(frozen=True, kw_only=True)
class Backtest(Answer):
    """Forecasts of a model and of others, and how they fared: docs/reference/commands.md lists the keys.

    Attributes
    ----------
    questions_list : as it is called on the command line; `questions_hash` : of it and its tables
    futures : that tell each answer; `runs`, `seconds` : what all calibrations took
    origins : days at which was asked; `stretch` : how many in a row are resampled together
    asked, resolved, void : answers, how many of them can be held against what came, and how many never will
    base_rates : how many questions have one
    brier, log : mean scores of yes-or-no questions, by who predicted
    skill_by, skill_by_topic : by when it was answered and how far ahead it was asked; by topic of the list
    sampled_skill : of `count` and `continuous`
    choices : questions of several choices, each by itself
    coverage : of levels, `all` and by question
    """

    QUESTION: ClassVar[str] = "backtest"

    questions_list: str
    questions_hash: str
    until: date | None
    particles: int
    chains: int
    futures: int
    runs: int
    seconds: float
    origins: tuple[date, ...]
    stretch: int
    asked: int
    resolved: int
    void: int
    left_out: LeftOut
    base_rates: int
    questions: tuple[QuestionAnswer, ...]
    brier: dict[str, float | None]
    log: dict[str, float | None]
    skill: Skill
    skill_by: dict[str, Skill]
    skill_by_topic: dict[str, Skill]
    sampled_skill: dict[str, SampledSkill]
    choices: tuple[ChoiceScore, ...]
    by_question: tuple[QuestionScore, ...]
    reliability: tuple[Bin, ...]
    parts: dict[str, Parts]
    coverage: dict[str, Coverage]
    calibrations: tuple[AtOrigin, ...]


def summarise(found: Hindcasts) -> Backtest:
    """Everything that a backtest found."""
    listed, sampling = found.questions, found.sampling
    origins = sorted({p.origin for p in found.predictions})
    longest = max((p.months for p in found.predictions), default=1)
    blocks = Blocks({day: i for i, day in enumerate(origins)}, stretch(origins, longest))
    answered = [p for p in found.predictions if p.answer is not None]
    binary = [p for p in answered if p.binary]
    sampled = [p for p in answered if not (p.binary or p.choice)]
    return Backtest(
        **head(found.model, seed=sampling.seed, settings=sampling.set, intervals=INTERVALS),
        questions_list=listed.known_as,
        questions_hash=listed.hash,
        until=found.until,
        particles=sampling.particles,
        chains=sampling.chains,
        futures=sampling.particles * sampling.chains * FUTURES,
        runs=found.calibrations[-1].runs,
        seconds=found.calibrations[-1].seconds,
        origins=tuple(origins),
        stretch=blocks.length,
        asked=len(found.predictions),
        resolved=len(answered),
        void=sum(p.void for p in found.predictions),
        left_out=_left_out(found, len(origins)),
        base_rates=sum(q.base_rate is not None for q in listed.questions),
        questions=tuple(_question(p) for p in found.predictions),
        brier=_mean_scores(binary, scores.brier),
        log=_mean_scores(binary, scores.log_score),
        skill=brier_skill(binary, blocks),
        skill_by={name: brier_skill(some, blocks) for name, some in _groups(binary, listed.held_out).items()},
        skill_by_topic={topic: brier_skill(some, blocks) for topic, some in _topics(binary).items()},
        sampled_skill=crps_skill(sampled, blocks),
        choices=by_choices([p for p in answered if p.choice]),
        by_question=by_question([*binary, *sampled]),
        reliability=_reliability(binary, blocks),
        parts=_parts(binary),
        coverage=coverage(sampled),
        calibrations=tuple(_at_origin(c) for c in found.calibrations),
    )


def stretch(origins: Sequence[date], longest: float) -> int:
    """How many origins in a row share answers: those within the longest horizon, in months, of each other."""
    if len(origins) < 2:
        return 1
    months = (origins[-1] - origins[0]).days / (len(origins) - 1) / DAYS_PER_MONTH
    return min(len(origins), max(1, round(longest / months)))


def _left_out(found: Hindcasts, origins: int) -> LeftOut:
    listed = found.questions
    days = sorted({p.origin for p in found.predictions})
    every = sum(len(listed.ends(q, day)) for q in listed.questions for day in days)
    return LeftOut(len(listed.origins) - origins, every - len(found.predictions))


def _mean_scores(
    binary: Sequence[Prediction], rule: Callable[[Floats, Floats], Floats]
) -> dict[str, float | None]:
    """By who predicted."""
    y = answers(binary)
    return {who: _mean(rule(probabilities(binary, who), y)) for who in EVERYBODY}


def _groups(binary: Sequence[Prediction], held_out: date | None) -> dict[str, list[Prediction]]:
    """By whether they were answered from a day on or before, and by how far ahead they were asked."""
    found = {}
    if held_out is not None:
        first = (held_out.month, held_out.day) == (1, 1)
        name = str(held_out.year) if first else held_out.isoformat()
        found[f"before_{name}"] = [p for p in binary if p.resolves < held_out]
        found[f"from_{name}"] = [p for p in binary if p.resolves >= held_out]
    for months, ahead in sorted({(p.months, p.ahead) for p in binary if p.ahead}):
        name = f"{months}_months" if "month" in ahead else ahead.replace(" ", "_")
        found[name] = [p for p in binary if p.ahead == ahead]
    found["closing_days"] = [p for p in binary if not p.ahead]
    return {name: some for name, some in found.items() if some}


def _topics(binary: Sequence[Prediction]) -> dict[str, list[Prediction]]:
    topics = dict.fromkeys(p.question.topic for p in binary if p.question.topic)
    return {topic: [p for p in binary if p.question.topic == topic] for topic in topics}


def _reliability(binary: Sequence[Prediction], blocks: Blocks) -> tuple[Bin, ...]:
    if not binary:
        return ()
    p, y = probabilities(binary, "model"), answers(binary)
    return scores.reliability(p, y, blocks=blocks.of(binary), length=blocks.length)


def _parts(binary: Sequence[Prediction]) -> dict[str, Parts]:
    y = answers(binary)
    return {who: scores.decomposition(probabilities(binary, who), y) for who in EVERYBODY if binary}


def coverage(sampled: Sequence[Prediction]) -> dict[str, Coverage]:
    """How often levels fell within the central half and nine tenths of what was predicted."""
    levels = [p for p in sampled if p.question.kind == "continuous" and p.complete]
    groups = {"all": levels} | {question.name: some for question, some in of_question(levels)}
    return {name: _coverage(some) for name, some in groups.items() if some}


def _coverage(levels: Sequence[Prediction]) -> Coverage:
    y = answers(levels)

    def shares(who: str) -> tuple[float, float]:
        ends = np.array([np.quantile(p.by[who], [0.05, 0.25, 0.75, 0.95]) for p in levels])
        return scores.coverage(ends[:, 1], ends[:, 2], y), scores.coverage(ends[:, 0], ends[:, 3], y)

    return Coverage(len(levels), *shares("model"), *shares("prior_model"))


def _at_origin(c: Calibration) -> AtOrigin:
    return AtOrigin(
        until=c.record.until,
        points=len(c.record.points),
        evidence_hash=c.record.hash,
        log_evidence=tuple(float(v) for v in c.log_evidence),
        distinct=c.distinct,
        populations=populations(c),
    )


def _question(p: Prediction) -> QuestionAnswer:
    q = p.question
    level = q.kind == "continuous"
    return QuestionAnswer(
        name=q.name,
        title=q.title,
        kind=q.kind,
        topic=q.topic,
        origin=p.origin,
        months=p.months,
        ahead=p.ahead,
        resolves=p.resolves,
        answer=q.options[int(p.answer)] if p.choice and p.answer is not None else p.answer,
        void=p.void,
        unit=p.unit if level else "",
        source=p.source if level else None,
        **{who: _rounded(predicted, p) for who, predicted in p.by.items()},
    )


def _rounded(predicted: Floats, p: Prediction) -> Predicted:
    if p.binary:
        return round(float(predicted[0]), 6)
    if p.choice:
        return {name: round(float(v), 6) for name, v in zip(p.question.options, predicted, strict=True)}
    if not len(predicted):
        return None
    p5, p25, p50, p75, p95 = (float(f"{v:.6g}") for v in np.quantile(predicted, _QUANTILES))
    return p5, p25, p50, p75, p95


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None
