"""Questions asked of a model: each runs futures of its own and answers with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from offramp.analysis import answer

if TYPE_CHECKING:
    from offramp.model import Model


def _shown(given: answer.Answer, model: Model | None, form: answer.Form) -> str | None:
    from offramp.questions.showing import shown

    return shown(given, model, form)


# Answers are made below the layer that has words for them.
answer.shown_by(_shown)
