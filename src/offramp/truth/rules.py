"""What rules without a model say of any question, also of those that are relative or made of others."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from offramp.engine.inputs import Floats
from offramp.truth.baselines import BASELINES
from offramp.truth.questions import ForecastQuestion


def said(
    who: str, question: ForecastQuestion, start: date, origin: date, months: float, horizon: date
) -> Floats:
    """What a rule says on a day: a probability, one of each choice, or a sample.

    Rules know no more of how things hang together than that: the parts of a question are independent, and
    what a question hangs on does not matter.

    Parameters
    ----------
    who : name of the rule among `BASELINES`
    start : of the model; months, horizon : how far ahead
    """

    def say(part: ForecastQuestion) -> Floats:
        return said(who, part, start, origin, months, horizon)

    question = question.plain
    if question.form == "first_of":
        return _first([float(say(part)[0]) for part in question.parts])
    if question.parts:
        chances = np.array([say(part)[0] for part in question.parts])
        both = question.form == "all_of"
        return np.array([chances.prod() if both else 1 - (1 - chances).prod()])
    known = _known(question, origin, horizon)
    if known is None:
        return np.array([0.5])
    if known.form == "count" and known.kind == "binary":
        sample = BASELINES[who](replace(known, above=None, below=None), start, origin, months)
        return np.array([(known.decided(sample).sum() + 0.5) / (len(sample) + 1)])
    if known.bins:
        sample = BASELINES[who](replace(known, bins=()), start, origin, months)
        count = np.bincount(known.chosen(sample).astype(np.int64), minlength=len(known.options))
        return np.asarray((count + 1 / len(count)) / (len(sample) + 1), np.float64)
    return BASELINES[who](known, start, origin, months)


def _known(question: ForecastQuestion, origin: date, horizon: date) -> ForecastQuestion | None:
    """The question with thresholds as what is known on the day makes them; None where nothing is."""
    found: dict[str, Any] = {}
    for name, relative in question.relative:
        base = question.compared_with(relative, origin, horizon, origin)
        if base is None and (last := question.last_level(origin)) is not None:
            base = last[1]
        if base is None:
            return None
        found[name] = relative.times * base + relative.plus
    return replace(question, relative=(), **found) if found else question


def _first(chances: list[float]) -> Floats:
    """Chances that each comes first and that none does, of independent exponential times."""
    rates = np.array([-math.log1p(-min(p, 1 - 1e-9)) for p in chances])
    total = rates.sum()
    if total <= 0:
        return np.array([*np.zeros(len(rates)), 1.0])
    return np.array([*(rates / total * -math.expm1(-total)), math.exp(-total)])
