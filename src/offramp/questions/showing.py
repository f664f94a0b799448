"""Answers shown where no command asked for them: as text, in a notebook, in a document."""

from __future__ import annotations

import hashlib
from pathlib import Path

from offramp.analysis.answer import Answer, Form
from offramp.errors import OfframpError
from offramp.language import check, files
from offramp.model import Model
from offramp.questions.question import Question
from offramp.questions.registry import questions
from offramp.tell import words
from offramp.tell.blocks import Code, Paragraph, Telling

# A notebook sets tables to the right and knows no charts of ours; their ink is dark, so they stand on white.
_STYLE = """
.offramp { max-width: 46rem } .offramp th, .offramp td { text-align: left; padding: .15rem .9rem .15rem 0 }
.offramp .n { text-align: right; white-space: nowrap } .offramp .small, .offramp .unit { opacity: .75 }
.offramp figure { margin: 1em 0 } .offramp svg { max-width: 100%; height: auto; background: #fefefe }
"""


def signature(answer: Answer) -> str:
    """Which version gave an answer, and of which model."""
    return f"offramp {answer.version}, model {answer.model_hash[:12]}"


def warnings(answer: Answer) -> list[str]:
    """What a reader must know of any number in an answer."""
    said = ["Illustrative: the numbers of this model are there to teach."] if answer.illustrative else []
    return said if answer.given is None else [*said, words.given(answer.given)]


def called(model: Model) -> str:
    """A model on the command line: a bundled crisis goes by its name and not by a file."""
    return model.file if Path(model.file).exists() else model.name


def shown(answer: Answer, model: Model | None, form: Form) -> str | None:
    """An answer as text, as HTML for a notebook, or as Markdown.

    Parameters
    ----------
    answer : to any question that is registered
    model : that was asked; None where it is not at hand

    Returns
    -------
    None where there is no such question, or its model is neither at hand nor a bundled crisis.
    """
    question = questions().get(answer.QUESTION)
    if question is None:
        return None
    if question.of_model and model is None:
        model = _bundled(answer)
        if model is None:
            return None
    again = question.again(answer, answer.model if model is None else called(model))
    return _drawn(question, answer, question.tell(answer, model), again, form)


def _drawn(question: Question, answer: Answer, telling: Telling, again: str, form: Form) -> str:
    by, notes = signature(answer), warnings(answer)
    if form == "text":
        from offramp.tell.terminal import text_of, width

        return text_of(telling, again, by, width(), notes=notes)
    if form == "md":
        from offramp.tell import markdown

        return markdown.text_of(telling, again, by, notes=notes)
    from offramp.tell import html

    # Several answers may stand in one notebook, so charts carry what tells one from another.
    prefix = f"{question.name}-{hashlib.sha256(answer.to_json().encode()).hexdigest()[:8]}-"
    end = html.draw([*map(Paragraph, notes), Code([again]), Paragraph(by, small=True)])
    return (
        f'<div class="offramp"><style>{_STYLE}</style>\n'
        f"{html.section(telling, 3, prefix, narrow=False)}\n{end}\n</div>"
    )


def _bundled(answer: Answer) -> Model | None:
    """The bundled crisis that was asked, if it still is as it was."""
    if answer.model not in files.bundled_names():
        return None
    try:
        model = check.load(answer.model)
    except OfframpError:
        return None
    return model if model.hash == answer.model_hash else None
