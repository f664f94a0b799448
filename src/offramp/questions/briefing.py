"""The questions that a brief answers beside the outlook: those it asks, and those asked before.

No question is known here by name: each says of itself how it takes part (`Question.brief`), and plans how it
is asked (`for_brief` of its room). Questions that hold policies against each other share one set of runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from offramp.analysis.answer import Answer, load_plain
from offramp.errors import OfframpError, UsageError
from offramp.model import Model
from offramp.questions.paired_runs import Measured, PairedRuns, run_paired
from offramp.questions.question import Question
from offramp.questions.registry import questions
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.known import Given
from offramp.version import __version__

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Shared:
    """A question that is answered from runs which others use too.

    Attributes
    ----------
    policies : whose futures it needs, beside those of the first policy of the brief
    measure : what it needs of them
    answer : its answer, from the design that was run and what was measured; None where that gives none
    """

    policies: Sequence[str]
    measure: Callable[[xr.Dataset], Measured]
    answer: Callable[[Design, PairedRuns], Answer | None]


@dataclass(frozen=True)
class Alone:
    """A question that runs futures of its own.

    Attributes
    ----------
    answer : its answer; where it raises `OfframpError`, a brief goes without
    """

    answer: Callable[[How], Answer]


Plan = Shared | Alone


def taking_part() -> dict[str, Question]:
    """Name -> question, of those whose answers can stand in a brief."""
    return {name: q for name, q in questions().items() if q.brief is not None}


def futures_for(model: Model, quick: bool = False) -> dict[str, int]:
    """In how many futures a brief of a model asks each question; without those that it does not ask."""
    deep = any(actor.depth >= 2 for actor in model.actors)
    return {
        name: n
        for name, q in taking_part().items()
        if q.brief and q.brief.futures and (n := q.brief.futures.spent(quick, deep))
    }


def answers(
    design: Design,
    *,
    futures: Mapping[str, int] | None = None,
    known: Collection[str] = (),
    reader: str | None = None,
    how: How = AS_SUITS,
) -> dict[str, Answer]:
    """What a brief asks, from as few runs as will do.

    Parameters
    ----------
    design : model, seed and overrides; with several policies these are compared with the first, otherwise all
        that one could choose are compared with the one
    futures : question -> in how many it is asked; None for those of `futures_for`
    known : questions answered already, which are not asked again
    reader : the actor for whom the brief is; None for all
    how : futures are run

    Returns
    -------
    Question -> its answer, equal to what its command gives with the same options. What cannot be asked of the
    model is left out.
    """
    spent = futures_for(design.model) if futures is None else futures
    plans = {
        name: plan
        for name, n in spent.items()
        if name not in known
        and (plan := questions()[name].plan(design.another(scenarios=n), reader)) is not None
    }
    shared = {name: plan for name, plan in plans.items() if isinstance(plan, Shared)}
    found = _from_shared_runs(design, shared, max((spent[n] for n in shared), default=0), how)
    for name, plan in plans.items():
        if isinstance(plan, Alone):
            with contextlib.suppress(OfframpError):
                found[name] = plan.answer(how)
    return {name: found[name] for name in questions() if name in found}


def _from_shared_runs(
    design: Design, plans: Mapping[str, Shared], futures: int, how: How
) -> dict[str, Answer]:
    """Answers from one set of runs under all policies that any of the questions needs."""
    if not plans:
        return {}
    policies = dict.fromkeys([design.policies[0], *(p for plan in plans.values() for p in plan.policies)])
    every = design.another(policies=list(policies), scenarios=futures)

    def measure(runs: xr.Dataset) -> Measured:
        found: Measured = {}
        for plan in plans.values():
            found |= plan.measure(runs)
        return found

    paired = run_paired(every, measure, how=how)
    found = {name: plan.answer(every, paired) for name, plan in plans.items()}
    return {name: answer for name, answer in found.items() if answer is not None}


@dataclass(frozen=True)
class Page:
    """Of what a brief is, as far as an answer on it must be of the same.

    Attributes
    ----------
    settings : parameter or stock -> value given to it in every future
    policy : the one that it shows in full
    paths : along which actors look ahead; 0 for the expected one
    reader : the actor for whom it is; None for all
    given : what was known by a day, from which its futures go on; None where they begin with the priors
    """

    model: Model
    settings: Mapping[str, float]
    policy: str
    paths: int = 0
    reader: str | None = None
    given: Given | None = None


def read_answers(files: Iterable[Path], page: Page) -> dict[str, Answer]:
    """Answers that were asked before: what `--format json` printed, each in a file of its own.

    Raises
    ------
    UsageError
        If a file holds none that a brief can use, one of a question that another file answers too, or one
        that was asked of something else than the brief: another model, other settings, another policy.
    """
    found: dict[str, Answer] = {}
    for file in files:
        answer = _read_answer(file)
        if answer.QUESTION in found:
            raise UsageError(f"{file} answers `{answer.QUESTION}`, and so does a file before it.")
        if other := asked_otherwise(answer, page):
            raise UsageError(
                f"{file} {other}. Ask again: `offramp {answer.QUESTION} ... --format json`, as the brief is."
            )
        found[answer.QUESTION] = answer
    return found


def asked_otherwise(answer: Answer, page: Page) -> str:
    """In what an answer was asked of something else than a brief; empty where it was not.

    Seed and number of futures may differ: they are luck, and how much of it was drawn.
    """
    if _release(answer.version) != _release(__version__):
        return f"was asked by offramp {answer.version}; this is {__version__}"
    part = taking_part()[answer.QUESTION].brief
    if part is None or not part.of_this_model:
        return ""
    if answer.model_hash != page.model.hash:
        return f"is of another model than `{page.model.name}` as it now stands"
    if answer.set != dict(page.settings):
        return f"was asked with {_settings(answer.set)}, and the brief is with {_settings(page.settings)}"
    if _learnt(answer.given) != _learnt(page.given):
        return f"goes on from {_known(answer.given)}, and the brief from {_known(page.given)}"
    held = {"policy": page.policy, "against": page.policy, "paths": page.paths, "reader": page.reader}
    for name, here in held.items():
        there = getattr(answer, name, here)
        if there != here:
            return f"was asked with {_said(name, there)}, and the brief is with {_said(name, here)}"
    return ""


def _learnt(given: Given | None) -> tuple[date, str] | None:
    """What futures go on from: one calibration of the same evidence by the same day is as good as another."""
    return None if given is None else (given.until, given.evidence_hash)


def _known(given: Given | None) -> str:
    return "the priors" if given is None else f"what was known by {given.until}"


def _said(name: str, value: object) -> str:
    flag = "for" if name == "reader" else name
    return f"no `--{flag}`" if value is None else f"`--{flag} {value}`"


def _settings(settings: Mapping[str, float]) -> str:
    return " ".join(f"`--set {n}={v:g}`" for n, v in settings.items()) or "no `--set`"


def _release(version: str) -> tuple[str, ...]:
    """Major and minor number of a version."""
    return tuple(version.split(".")[:2])


def _read_answer(file: Path) -> Answer:
    given = load_plain(file)
    name, known = given.get("question"), taking_part()
    if not isinstance(name, str) or name not in known:
        of_question = isinstance(name, str) and name in questions()
        what = (
            f"answers `{name}`, which has no part in" if of_question else "holds no answer that can stand in"
        )
        raise UsageError(
            f"{file} {what} a brief. It takes what `offramp QUESTION MODEL --format json` prints for: "
            f"{', '.join(known)}."
        )
    try:
        return known[name].answer_type.from_dict(given, str(file))
    except UsageError as error:
        raise UsageError(
            f"{file} holds no answer of `offramp {name}` as this version writes it: {error}"
        ) from error
