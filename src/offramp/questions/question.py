"""A question as a record, and what it is asked of."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from offramp.questions.option import Option, words_of

if TYPE_CHECKING:
    from offramp.analysis.answer import Answer
    from offramp.model import Model
    from offramp.questions.briefing import Plan
    from offramp.runs.design import Design
    from offramp.runs.how import How
    from offramp.tell.blocks import Telling

# The parts of the help, in the order in which one meets them.
SEE, ASK, HOLD = "See how it goes", "Ask of it", "Hold it against what came"


def futures(n: int) -> str:
    """`1 future`, `2,000 futures`: what is waited for."""
    return "1 future" if n == 1 else f"{n:,} futures"


@dataclass(frozen=True)
class Request:
    """What a question is asked of, whoever asks: a command, a page or a program.

    Attributes
    ----------
    model : the model; None for a question that is asked of a file alone
    values : option -> its value; those that are not given have their defaults
    how : how futures are run
    afterwards : what is left to do once the answer is shown, such as to save what it was found from; each
        gives what to say then
    """

    model: Model | None
    values: Mapping[str, Any]
    how: How
    afterwards: list[Callable[[], str]] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def design(self, policies: Sequence[str] | None = None, scenarios: Any = None) -> Design:
        """The futures that its options ask for.

        Parameters
        ----------
        policies : under which; None for those of `--policy`
        scenarios : how many, or their numbers; None for `--runs`
        """
        from offramp.runs.design import Design

        assert self.model is not None, "a question of runs is a question of a model"
        if policies is None:
            one = self.values.get("policy")
            policies = [one] if one is not None else list(self.values.get("policies") or ()) or None
        return Design(
            self.model, policies, scenarios=self["runs"] if scenarios is None else scenarios,
            seed=self["seed"], overrides=self.values.get("set") or {}, paths=self.values.get("paths") or 0,
            knowledge=self.values.get("knowledge"),
        )  # fmt: skip


@dataclass(frozen=True)
class Futures:
    """In how many futures a brief asks a question, and in how many a quick one; 0: not at all.

    `deep` where actors think of what others think, which makes runs some ten times dearer.
    """

    full: int
    full_deep: int
    quick: int
    quick_deep: int

    def spent(self, quick: bool, deep: bool) -> int:
        if quick:
            return self.quick_deep if deep else self.quick
        return self.full_deep if deep else self.full


@dataclass(frozen=True)
class InBrief:
    """How a question takes part in a brief.

    Attributes
    ----------
    order : where its section stands, smallest first: the outlook is 10, the main variables are 60
    section : identity of its section, to which links lead; there it takes the place of the page's own
    label : in the list of contents
    futures : in how many a brief asks it by itself, as `for_brief` of `ask.py` plans; None where its answer
        only comes by `--with`
    of_this_model : whether it must have been asked of the very model of the brief
    weighs_numbers : whether it says which uncertain numbers matter most
    changes_chances : whether it says what changes the chances of the outlook, so that it is told from these:
        `held_to(answer, chances)` of `ask.py`
    """

    order: int
    section: str
    label: str
    futures: Futures | None = None
    of_this_model: bool = True
    weighs_numbers: bool = False
    changes_chances: bool = False


@dataclass(frozen=True)
class Question:
    """A question that can be asked of a model.

    Its room is a package with `ask.py`, in which `asked(request)` gives the answer; `tell.py`, in which
    `tell(answer, model)` says it in blocks; and where it draws charts, `chart.py`.

    Attributes
    ----------
    room : the package
    name : of the command
    group : the part of the help in which it stands
    about : what it does: a first sentence, an empty line, more
    options : in the order in which help shows them
    progress : what is being done, from the request, such as `4,000 futures`
    charts : option -> function of `chart.py` that draws it from the answer and the model
    formats : format beside text and json -> `module:function` of the room that writes it
    of_model : whether it is asked of a model, which every question is but those of a file
    notes_in_text : whether notes on settings stand in its text, not beside it
    says_failures : whether `failures(answer, model, subject)` of `tell.py` says what went wrong with runs
    brief : how it takes part in a brief; None where it does not
    """

    room: str
    name: str
    group: str
    about: str
    options: tuple[Option, ...] = ()
    progress: Callable[[Mapping[str, Any]], str] = field(default=lambda values: f"{values['runs']:,} futures")
    charts: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    of_model: bool = True
    notes_in_text: bool = False
    says_failures: bool = False
    brief: InBrief | None = None

    def part(self, module: str, name: str) -> Any:
        """A function or class of a module of its room, imported now."""
        return getattr(import_module(f"{self.room}.{module}"), name)

    def ask(self, request: Request) -> Answer:
        """The answer to a request.

        Raises
        ------
        UsageError
            If it cannot be asked so, with what could.
        """
        answer: Answer = self.part("ask", "asked")(request)
        return answer

    def tell(self, answer: Answer, model: Model | None) -> Telling:
        """An answer in words."""
        telling: Telling = self.part("tell", "tell")(answer, model)
        return telling

    def plan(self, design: Design, reader: str | None = None) -> Plan | None:
        """How a brief for an actor, or for all, asks it of a design; None where it cannot."""
        planned: Plan | None = self.part("ask", "for_brief")(design, reader)
        return planned

    @cached_property
    def answer_type(self) -> type[Answer]:
        """The type of its answers."""
        found: type[Answer] = self.part("ask", "ANSWER")
        return found

    def again(self, answer: Answer, subject: str) -> str:
        """The command that asks the same of the same futures.

        Parameters
        ----------
        subject : the model (or file) as it is called on the command line
        """
        values = {o.name: getattr(answer, o.name, None) for o in self.options}
        return shlex.join(["offramp", self.name, subject, *words_of(self.options, values)])
