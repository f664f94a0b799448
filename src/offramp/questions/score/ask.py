"""A forecast held against what happened since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

import numpy as np

from offramp.analysis.answer import Answer
from offramp.errors import UsageError
from offramp.given import need
from offramp.questions.question import Request
from offramp.truth import ledger, scores
from offramp.truth.baselines import BASELINES
from offramp.truth.ledger import AnyEntry, Chance, Choice, CountForecast, Forecast, Level
from offramp.truth.question_list import load_questions
from offramp.truth.questions import ForecastQuestion, Questions, Terms


@dataclass(frozen=True)
class ScoredChance(Chance):
    """A yes-or-no question of a forecast with what came and its scores; None where the tables do not tell."""

    answer: float | None = None
    brier: float | None = None
    log: float | None = None
    baselines_brier: dict[str, float] | None = None
    void: bool = False


@dataclass(frozen=True)
class ScoredCount(CountForecast):
    """A count of a forecast with what came, and whether that lies within its quantiles (0 or 1)."""

    answer: float | None = None
    inside_half: float | None = None
    inside_nine_tenths: float | None = None
    void: bool = False


@dataclass(frozen=True)
class ScoredLevel(Level):
    """The same of a level."""

    answer: float | None = None
    inside_half: float | None = None
    inside_nine_tenths: float | None = None
    void: bool = False


@dataclass(frozen=True)
class ScoredChoice(Choice):
    """Several choices of a forecast with which of them came and their scores: of bins the ranked probability
    score, else Brier's over all choices."""

    answer: str | None = None
    score: float | None = None
    log: float | None = None
    baselines_score: dict[str, float] | None = None
    void: bool = False


AnyScored = ScoredChance | ScoredCount | ScoredLevel | ScoredChoice


@dataclass(frozen=True)
class YesOrNo:
    """Of yes-or-no questions: how many there are, how many have come out.

    `nearer` : rule without a model -> to how many of these the model was nearer than it
    """

    asked: int
    resolved: int
    nearer: dict[str, int]


@dataclass(frozen=True)
class Sampled:
    """Of counts and levels: how many there are, have come out, and lay within the half and nine tenths."""

    asked: int
    resolved: int
    half: int
    nine_tenths: int


@dataclass(frozen=True, kw_only=True)
class Score(Answer):
    """How a forecast fared.

    Attributes
    ----------
    as_of, hash : of the forecast
    questions_list, by : what was asked, as on the command line
    asked, resolved, void : how many questions, how many of them have come out, and how many never will
    brier, log : mean scores of yes-or-no questions; `baselines` : Brier scores of rules without a model
    inside_half, inside_nine_tenths : share of counts and levels within the quantiles
    """

    QUESTION: ClassVar[str] = "score"

    as_of: date
    hash: str
    questions_list: str
    by: date | None
    asked: int
    resolved: int
    void: int
    brier: float | None
    log: float | None
    baselines: dict[str, float | None]
    inside_half: float | None
    inside_nine_tenths: float | None
    binary: YesOrNo
    sampled: Sampled
    questions: tuple[AnyScored, ...]


ANSWER = Score


def asked(request: Request) -> Score:
    """The answer to a request."""
    found = ledger.read(request["forecast_file"])
    return score(found, load_questions(request["questions_list"]), request["by"])


def score(forecast: Forecast, questions: Questions, known_by: date | None = None) -> Score:
    """Hold a forecast against what happened since, as the tables of the questions tell.

    Parameters
    ----------
    forecast : as `offramp.truth.ledger.read` gives it
    questions : the list that it answers
    known_by : use no row known after this day; None for all

    Raises
    ------
    UsageError
        If the forecast was changed, or the list does not ask the same.
    """
    need(questions, "Questions")
    ledger.check_hash(forecast, "the forecast")
    found = tuple(_scored(forecast, entry, questions, known_by or date.max) for entry in forecast.questions)
    binary = [e for e in found if isinstance(e, ScoredChance)]
    sampled = [e for e in found if isinstance(e, ScoredCount | ScoredLevel)]
    ours = _known(e.brier for e in binary)
    theirs = {name: [e.baselines_brier[name] for e in binary if e.baselines_brier] for name in BASELINES}
    half, nine_tenths = _known(e.inside_half for e in sampled), _known(e.inside_nine_tenths for e in sampled)
    return Score(
        model=forecast.model,
        model_hash=forecast.model_hash,
        title=forecast.model,
        illustrative=False,
        seed=forecast.settings.seed,
        as_of=forecast.as_of,
        hash=forecast.hash,
        questions_list=questions.known_as,
        by=known_by,
        asked=len(found),
        resolved=sum(e.answer is not None for e in found),
        void=sum(e.void for e in found),
        brier=_mean(ours),
        log=_mean(_known(e.log for e in binary)),
        baselines={name: _mean(some) for name, some in theirs.items()},
        inside_half=_mean(half),
        inside_nine_tenths=_mean(nine_tenths),
        binary=YesOrNo(len(binary), len(ours), {name: _nearer(ours, some) for name, some in theirs.items()}),
        sampled=Sampled(len(sampled), len(half), int(sum(half)), int(sum(nine_tenths))),
        questions=found,
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return [v for v in values if v is not None]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _nearer(ours: Sequence[float], theirs: Sequence[float]) -> int:
    """How often the model's score is lower than another's."""
    return sum(a < b for a, b in zip(ours, theirs, strict=True))


def _scored(forecast: Forecast, entry: AnyEntry, questions: Questions, known_by: date) -> AnyScored:
    """One question of a forecast with what came of it by a day."""
    question = _same_question(entry, questions)
    if entry.resolves > known_by:
        return with_answer(entry, None)
    if question.is_void(forecast.as_of, entry.resolves, known_by):
        return replace(with_answer(entry, None), void=True)
    answer = question.answer(forecast.as_of, entry.resolves, known_by)
    if answer is not None and question.kind == "choice":
        return with_answer(entry, question.options[int(answer)])
    return with_answer(entry, answer)


def _same_question(entry: AnyEntry, questions: Questions) -> ForecastQuestion:
    """The question of the list that an entry answers, which must ask what it asked then."""
    question = next((q for q in questions.questions if q.name == entry.name), None)
    if question is None:
        raise UsageError(f"the list `{questions.name}` has no question `{entry.name}`.")
    if question.terms != entry.asked:
        was, now = _differing(entry.asked, question.terms), _differing(question.terms, entry.asked)
        raise UsageError(
            f"the list `{questions.name}` asks another question by the name `{entry.name}`: the forecast was "
            f"made for {was}, and the list says {now}. A forecast is scored for what it answered."
        )
    return question


def _differing(terms: Terms, other: Terms) -> str:
    """What of a question is not as in another: `above: 4`."""
    keys = [k for k in {**terms, **other} if terms.get(k) != other.get(k)]
    return ", ".join(f"`{k}: {terms[k]}`" if k in terms else f"no `{k}`" for k in keys)


def with_answer(entry: AnyEntry, answer: float | str | None) -> AnyScored:
    """A question of a forecast with what came (None: not known) and its scores."""
    if isinstance(entry, Choice):
        return _scored_choice(entry, None if answer is None else str(answer))
    assert not isinstance(answer, str)
    if isinstance(entry, Chance):
        return _scored_chance(entry, answer)
    q = entry.quantiles
    half, nine = (_inside(q[low], q[high], answer) for low, high in (("0.25", "0.75"), ("0.05", "0.95")))
    if isinstance(entry, CountForecast):
        return ScoredCount(**vars(entry), answer=answer, inside_half=half, inside_nine_tenths=nine)
    return ScoredLevel(**vars(entry), answer=answer, inside_half=half, inside_nine_tenths=nine)


def _scored_chance(entry: Chance, answer: float | None) -> ScoredChance:
    if answer is None:
        return ScoredChance(**vars(entry))
    names = ("model", *entry.baselines)
    p = np.array([entry.probability, *entry.baselines.values()])
    y = np.full(len(p), answer)
    brier = dict(zip(names, (float(v) for v in scores.brier(p, y)), strict=True))
    log = float(scores.log_score(p[:1], y[:1])[0])
    return ScoredChance(
        **vars(entry), answer=answer, brier=brier.pop("model"), log=log, baselines_brier=brier
    )


def _scored_choice(entry: Choice, answer: str | None) -> ScoredChoice:
    if answer is None:
        return ScoredChoice(**vars(entry))
    every = {"model": entry.probabilities, **entry.baselines}
    names = list(entry.probabilities)
    p = np.array([[one[name] for name in names] for one in every.values()])
    y = np.full(len(p), names.index(answer))
    rule = scores.rps if entry.ordered else scores.brier_of_choice
    found = dict(zip(every, (float(v) for v in rule(p, y)), strict=True))
    log = float(scores.log_of_choice(p[:1], y[:1])[0])
    ours = found.pop("model")
    return ScoredChoice(**vars(entry), answer=answer, score=ours, log=log, baselines_score=found)


def _inside(low: float, high: float, answer: float | None) -> float | None:
    """Whether an answer lies between two quantiles, 0 or 1; None where none is known."""
    return None if answer is None else float(low <= answer <= high)
