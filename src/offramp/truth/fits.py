"""Whether a model can answer a list of questions, and whether its answers are not known beforehand."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.errors import ModelError, Problem, UsageError
from offramp.given import did_you_mean
from offramp.language.source import Scalar
from offramp.model import Model
from offramp.truth.questions import THRESHOLDS, ForecastQuestion, Questions

_PLAIN = ("", "dimensionless")
_ANOTHER = 10  # so many problems, and nothing right: the list is for another model


def check_answers(questions: Questions, model: Model) -> None:
    """Make sure that a model can answer every question, and that the answer is not known beforehand.

    Raises
    ------
    ModelError
        With every question of a file that names something that the model does not have, or asks for a
        threshold that a variable can never pass, or always has.
    UsageError
        The same of questions that were made in code, and where the list is plainly for another model.
    """
    problems: list[Problem] = []
    lost = 0
    for question in questions.questions:
        if question.parts:  # which stand in the list themselves
            continue
        names, what = _can_be_asked(model, question.form)
        lost += not set(question.targets) & set(names)
        for i, target in enumerate(question.targets):
            if target not in names:
                message = f"`{model.name}` has no {what} `{target[:60]}`"
                hint = did_you_mean(target, names) or (
                    f"There are: {', '.join(names)}." if len(names) <= 12 else ""
                )
                place = question.places[i] if i < len(question.places) else None
                problems += _problem(questions, question, place, message, hint)
        for i, message, hint in _no_counts(question, model):
            place = question.places[i] if i < len(question.places) else None
            problems += _problem(questions, question, place, message, hint)
        for name, message, hint in _decided_by_bounds(question, model):
            problems += _problem(questions, question, dict(question.limits).get(name), message, hint)
    if len(problems) > _ANOTHER and _is_of_another(questions, model, lost):
        of = f", written for `{questions.model}`," if questions.model else ""
        raise UsageError(
            f"`{model.name}` has nothing that {lost} of the {len(questions.questions)} questions of "
            f"`{questions.name}`{of} ask for. Name a list of questions that are its own: --questions "
            "LIST.yaml."
        )
    if problems:
        raise ModelError(problems)


def _can_be_asked(model: Model, form: str) -> tuple[list[str], str]:
    """What of a model a form of question may ask for, and what that is called."""
    if form in ("happens", "count"):
        acts = [f"{a.name}/{x.name}" for a in model.actors for x in a.actions]
        rungs = [f"{ladder.name}/{rung.name}" for ladder in model.ladders for rung in ladder.rungs]
        branches = [f"{e.name}/{b.name}" for e in model.events if e.on is not None for b in e.branches]
        return [*(e.name for e in model.events), *branches, *acts, *rungs], "event, action or rung"
    if form == "ends":
        return [o.name for o in model.outcomes if o.absorbing], "outcome that ends a run"
    return [v.name for v in model.variables], "variable"


def _problem(
    questions: Questions, question: ForecastQuestion, place: Scalar | None, message: str, hint: str
) -> list[Problem]:
    """A problem at its place in the file of a list.

    Raises
    ------
    UsageError
        Where there is no file, or no place.
    """
    if questions.source is None or place is None:
        raise UsageError(f"question `{question.name}`: {message}. {hint}".strip())
    return [questions.source.problem(place, message, hint)]


def _is_of_another(questions: Questions, model: Model, lost: int) -> bool:
    """Whether a list is plainly for another model, of which `lost` questions find nothing here."""
    other = bool(questions.model) and questions.model != model.name
    return lost == len(questions.questions) or (other and 2 * lost > len(questions.questions))


def _no_counts(question: ForecastQuestion, model: Model) -> Iterator[tuple[int, str, str]]:
    """Variables of `grows` that do not go up by ones: position, what is wrong, the likely fix."""
    if question.form != "grows":
        return
    known = {v.name: v for v in model.variables}
    for i, target in enumerate(question.targets):
        variable = known.get(target)
        if variable is None or variable.unit == "count":
            continue
        drifts = variable.initial is None or variable.change is not None or variable.noise is not None
        if variable.unit in _PLAIN and not drifts:
            continue
        of_unit = f"is in {variable.unit}" if variable.unit not in _PLAIN else "changes by any amount"
        message = f"`grows` asks whether a count goes up by one or more, and `{target}` {of_unit}"
        higher = f"{{level: {target}, above: {{than: asking}}}}"
        hint = f"Write `{higher}`: whether it is higher than on the day of asking."
        yield i, message, hint


def _decided_by_bounds(question: ForecastQuestion, model: Model) -> Iterator[tuple[str, str, str]]:
    """Thresholds that the bounds of a variable decide beforehand: name, what is wrong, the likely fix."""
    variable = next((v for v in model.variables if v.name == question.targets[0]), None)
    if variable is None or variable.bounds is None:
        return
    low, high = variable.bounds
    for name in THRESHOLDS:
        asked = getattr(question, name)
        if asked is None:
            continue
        # Whether the least and the greatest value pass: both or neither decides it.
        ends = [_passes(name, end, asked) for end in variable.bounds]
        if ends[0] != ends[1]:
            continue
        words = "at least" if name == "at_least" else name
        often = "always" if ends[0] else "never"
        unit = "" if variable.unit in ("", "dimensionless") else f" {variable.unit}"
        message = f"`{variable.name}` is {often} {words} {asked:g}: its bounds are {low:g} to {high:g}{unit}"
        if high == 1 and low < asked / 100 < high:  # percent of a share
            hint = f"Did you mean `{name}: {asked / 100:g}`? It is in the unit of the variable."
        elif not ends[0] and name == "above" and asked == high:
            hint = f"`reaches` with `at_least: {high:g}` asks whether it gets there."
        else:
            hint = f"Ask for something between {low:g} and {high:g}, or widen the bounds in the model."
        yield name, message, hint


def _passes(name: str, value: float, asked: float) -> bool:
    return {"above": value > asked, "below": value < asked, "at_least": value >= asked}[name]
