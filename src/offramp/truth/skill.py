"""Skill: how much of the score of another forecaster a model saves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from offramp.analysis.intervals import Estimate
from offramp.engine.inputs import Floats
from offramp.truth import scores
from offramp.truth.baselines import BASELINES, TITLES
from offramp.truth.predictions import Prediction, of_question
from offramp.truth.scores import skill_interval

OTHERS = (*BASELINES, "prior_model")
EVERYBODY = ("model", *OTHERS)
_EACH = "The best rule for each question, in hindsight"


@dataclass(frozen=True)
class BrierSkill:
    """The model against another forecaster, on yes-or-no questions.

    Attributes
    ----------
    title : of the other
    brier : its mean Brier score
    brier_skill, low, high : share of it that the model saves, 90 % interval; None for no bound, and
        all of them where no question came out
    """

    title: str | None
    brier: float | None
    brier_skill: float | None
    low: float | None
    high: float | None

    @property
    def distinguishable(self) -> bool:
        """Whether the interval leaves 0 out."""
        return (self.low is not None and self.low > 0) or (self.high is not None and self.high < 0)


@dataclass(frozen=True)
class BestRule(BrierSkill):
    """The same of the best among several, with its name."""

    name: str | None


@dataclass(frozen=True)
class Skill:
    """The model against each of the others, on yes-or-no questions.

    Attributes
    ----------
    best_baseline : the best of all others
    best_without_model : the best of those that need no model
    best_of_each : against the rule without a model that turned out best for each question
    questions : answers that are scored; `model_brier` : the model's mean Brier score over them
    """

    best_baseline: BestRule
    best_without_model: BestRule
    climatology: BrierSkill
    persistence: BrierSkill
    trend: BrierSkill
    crisis_data: BrierSkill
    prior_model: BrierSkill
    best_of_each: BrierSkill
    questions: int
    model_brier: float | None

    @property
    def each(self) -> dict[str, BrierSkill]:
        """By name of the other."""
        return {who: getattr(self, who) for who in OTHERS}


@dataclass(frozen=True)
class CrpsSkill:
    """Share of another's continuous ranked probability score that the model saves, 90 % interval."""

    crps_skill: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class SampledSkill:
    """The model against each of the others, on counts or on levels."""

    questions: int
    climatology: CrpsSkill
    persistence: CrpsSkill
    trend: CrpsSkill
    crisis_data: CrpsSkill
    prior_model: CrpsSkill

    @property
    def each(self) -> dict[str, CrpsSkill]:
        """By name of the other."""
        return {who: getattr(self, who) for who in OTHERS}


@dataclass(frozen=True)
class Blocks:
    """Origins as blocks of time that are resampled together.

    Attributes
    ----------
    place : origin -> its number
    length : origins in one stretch
    """

    place: Mapping[date, int]
    length: int = 1

    def of(self, asked: Sequence[Prediction]) -> list[int]:
        """The number of the origin of each."""
        return [self.place[a.origin] for a in asked]

    def skill(self, ours: Floats, theirs: Floats, asked: Sequence[Prediction]) -> Estimate:
        """Skill with its interval; scores are by question asked."""
        return skill_interval(ours, theirs, self.of(asked), length=self.length)


def brier_skill(binary: Sequence[Prediction], blocks: Blocks) -> Skill:
    """Brier skill of the model against each of the others, and against the best of them."""
    if not binary:
        return _NO_SKILL
    y = answers(binary)
    losses = {who: scores.brier(probabilities(binary, who), y) for who in EVERYBODY}
    ours = losses["model"]

    def against(title: str, theirs: Floats) -> BrierSkill:
        found = blocks.skill(ours, theirs, binary)
        return BrierSkill(
            title, float(theirs.mean()), finite(found.value), finite(found.low), finite(found.high)
        )

    each = {who: against(TITLES[who], losses[who]) for who in OTHERS}

    def best(names: Sequence[str]) -> BestRule:
        name = min(names, key=lambda who: float(losses[who].mean()))
        one = each[name]
        return BestRule(one.title, one.brier, one.brier_skill, one.low, one.high, name)

    return Skill(
        best_baseline=best(OTHERS),
        best_without_model=best(tuple(BASELINES)),
        **each,
        # Whoever knew beforehand which rule answers which question best: harder to beat than any of them.
        best_of_each=against(_EACH, _best_of_each(binary)),
        questions=len(binary),
        model_brier=float(ours.mean()),
    )


def _nothing(title: str | None) -> BrierSkill:
    return BrierSkill(title, None, None, None, None)


_NO_RULE = BestRule(None, None, None, None, None, None)
_NO_SKILL = Skill(
    best_baseline=_NO_RULE,
    best_without_model=_NO_RULE,
    **{who: _nothing(TITLES[who]) for who in OTHERS},
    best_of_each=_nothing(_EACH),
    questions=0,
    model_brier=None,
)


def _best_of_each(binary: Sequence[Prediction]) -> Floats:
    """Brier scores of the rule that answers each question best over all that is asked: (question,)."""
    y = answers(binary)
    theirs = np.stack([scores.brier(probabilities(binary, who), y) for who in BASELINES])
    found = np.empty(len(binary))
    names = np.array([a.question.name for a in binary])
    for name in np.unique(names):
        here = names == name
        found[here] = theirs[theirs[:, here].mean(axis=1).argmin(), here]
    return found


def crps_skill(sampled: Sequence[Prediction], blocks: Blocks) -> dict[str, SampledSkill]:
    """Skill in the continuous ranked probability score, for counts and for levels.

    Scores of a question are divided by the mean score of all who answer it, so that kilograms and rials weigh
    alike.
    """
    kinds = {
        kind: [a for a in sampled if a.question.kind == kind and a.complete]
        for kind in ("count", "continuous")
    }
    return {kind: _crps_skill(some, blocks) for kind, some in kinds.items() if some}


def _crps_skill(some: Sequence[Prediction], blocks: Blocks) -> SampledSkill:
    crps = {who: losses_of(some, who) for who in EVERYBODY}
    names = np.array([a.question.name for a in some])
    for name in np.unique(names):
        here = names == name
        scale = np.mean([crps[who][here].mean() for who in EVERYBODY]) or 1.0
        for who in EVERYBODY:
            crps[who][here] /= scale
    found = {who: blocks.skill(crps["model"], crps[who], some) for who in OTHERS}
    each = {who: CrpsSkill(finite(e.value), finite(e.low), finite(e.high)) for who, e in found.items()}
    return SampledSkill(questions=len(some), **each)


@dataclass(frozen=True)
class QuestionScore:
    """How the model fared on one question, against the best rule without a model.

    Attributes
    ----------
    happened, said : how often it came (or the mean level), and what the model predicted on average
    score, best_score : mean Brier score or CRPS of the model, and of the best rule
    skill, prior_skill : against that rule, and against the model before any evidence; None where these are
        perfect and the model is not
    """

    name: str
    title: str
    kind: str
    unit: str
    topic: str
    asked: int
    happened: float
    said: float
    best_without_model: str
    score: float
    best_score: float
    skill: float | None
    prior_skill: float | None


def by_question(answered: Sequence[Prediction]) -> tuple[QuestionScore, ...]:
    """Each question by itself."""
    found = []
    for question, every in of_question(answered):
        some = [a for a in every if a.complete]
        if not some:
            continue
        losses = {who: losses_of(some, who) for who in EVERYBODY}
        best = min(BASELINES, key=lambda who: float(losses[who].mean()))
        found.append(
            QuestionScore(
                name=question.name,
                title=question.title,
                kind=question.kind,
                unit=some[0].unit,
                topic=question.topic,
                asked=len(some),
                happened=float(np.mean([a.answer or 0.0 for a in some])),
                said=float(np.mean([a.by["model"].mean() for a in some])),
                best_without_model=best,
                score=float(losses["model"].mean()),
                best_score=float(losses[best].mean()),
                skill=finite(scores.skill(losses["model"], losses[best])),
                prior_skill=finite(scores.skill(losses["model"], losses["prior_model"])),
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class ChoiceScore:
    """How the model fared on one question of several choices, against the best rule without a model.

    Attributes
    ----------
    ordered : whether the choices are bins, which are scored by the ranked probability score; else by Brier's
    asked : answers that are scored
    came, said : share of the answers in which each choice came, and its mean probability by the model
    score, best_score : mean score of the model, and of the best rule; `log` : mean -ln of what was given to
        what came
    skill, prior_skill : against that rule, and against the model before any evidence; None where these are
        perfect and the model is not
    """

    name: str
    title: str
    topic: str
    ordered: bool
    asked: int
    came: dict[str, float]
    said: dict[str, float]
    best_without_model: str
    score: float
    best_score: float
    log: float
    skill: float | None
    prior_skill: float | None


def by_choices(answered: Sequence[Prediction]) -> tuple[ChoiceScore, ...]:
    """Questions of several choices, each by itself."""
    found = []
    for question, some in of_question(answered):
        losses = {who: losses_of(some, who) for who in EVERYBODY}
        best = min(BASELINES, key=lambda who: float(losses[who].mean()))
        y, said = answers(some).astype(np.int64), np.stack([a.by["model"] for a in some])
        came = np.bincount(y, minlength=len(question.options)) / len(y)
        found.append(
            ChoiceScore(
                name=question.name,
                title=question.title,
                topic=question.topic,
                ordered=bool(question.bins),
                asked=len(some),
                came=dict(zip(question.options, map(float, came), strict=True)),
                said=dict(zip(question.options, map(float, said.mean(axis=0)), strict=True)),
                best_without_model=best,
                score=float(losses["model"].mean()),
                best_score=float(losses[best].mean()),
                log=float(scores.log_of_choice(said, y).mean()),
                skill=finite(scores.skill(losses["model"], losses[best])),
                prior_skill=finite(scores.skill(losses["model"], losses["prior_model"])),
            )
        )
    return tuple(found)


def losses_of(asked: Sequence[Prediction], who: str) -> Floats:
    """Brier scores, of counts and levels CRPS, of bins ranked probability scores: (question,)."""
    if asked[0].choice:
        score = scores.rps if asked[0].question.bins else scores.brier_of_choice
        return score(np.stack([a.by[who] for a in asked]), answers(asked).astype(np.int64))
    if asked[0].binary:
        return scores.brier(probabilities(asked, who), answers(asked))
    return np.array([scores.crps(a.by[who], float(a.answer or 0.0)) for a in asked])


def probabilities(asked: Sequence[Prediction], who: str) -> Floats:
    """What someone predicts of yes-or-no questions: (question,)."""
    return np.array([a.by[who][0] for a in asked], dtype=np.float64)


def answers(asked: Sequence[Prediction]) -> Floats:
    """What came: (question,)."""
    return np.array([a.answer for a in asked], dtype=np.float64)


def finite(value: float) -> float | None:
    """The number, or None for one without bounds."""
    return float(value) if math.isfinite(value) else None
