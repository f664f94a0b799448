"""What every answer owes its reader, whichever question it answers."""

from __future__ import annotations

import pytest

from offramp.analysis.answer import Answer
from offramp.questions.registry import questions

# These follow single runs, or say in fields of their own which runs they leave out.
OF_SINGLE_RUNS = {"story", "minds", "ladder", "loops"}
OF_TRUTH = {"calibrate", "backtest", "forecast", "score"}


@pytest.mark.parametrize("name", sorted(set(questions()) - OF_SINGLE_RUNS - OF_TRUTH))
def test_an_answer_from_many_runs_says_how_many_of_them_failed(name):
    """The command ends with 5 and says so where runs were left out; an answer that forgets them would not."""
    kinds = questions()[name].answer_type.__mro__
    assert any("failures" in vars(kind) for kind in kinds[: kinds.index(Answer)]), name


@pytest.mark.parametrize("name", questions())
def test_an_answer_knows_the_question_that_it_answers(name):
    assert name == questions()[name].answer_type.QUESTION


@pytest.mark.parametrize("name", questions())
def test_an_option_that_matters_has_a_field_of_the_answer(name):
    """From it the command that asks again is made."""
    question = questions()[name]
    fields = {f for kind in question.answer_type.__mro__ for f in getattr(kind, "__annotations__", {})}
    properties = {
        p for kind in question.answer_type.__mro__ for p, v in vars(kind).items() if isinstance(v, property)
    }
    # A question of a file is asked of its first option, which stands in the command as it was typed.
    options = question.options if question.of_model else question.options[1:]
    assert {o.name for o in options if o.changes_the_answer} - fields - properties == set(), name
