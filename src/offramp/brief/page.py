"""The brief: one self-contained page made from runs, the model that they are of, and answers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from offramp import writing
from offramp.analysis.answer import Answer
from offramp.analysis.intervals import LEVEL
from offramp.brief.banners import failures, given, overrides
from offramp.brief.comparison import comparison
from offramp.brief.events import events
from offramp.brief.grounds import NOT_MEASURED, again, grounds, reading, situation
from offramp.brief.outlook import markers_sentence, outlook
from offramp.brief.section import Section
from offramp.brief.sides import habits, pictures
from offramp.brief.variables import moves, variables
from offramp.brief.view import BASELINE, RunsView
from offramp.charts.canvas import printable
from offramp.charts.palette import dark_rules
from offramp.errors import UsageError
from offramp.given import need
from offramp.model import Model
from offramp.questions.question import InBrief, Question
from offramp.questions.registry import question
from offramp.questions.showing import called
from offramp.runs.known import Given
from offramp.tell import figures, html, words
from offramp.tell.blocks import Fold, Telling

if TYPE_CHECKING:
    import jinja2
    import xarray as xr


@dataclass(frozen=True)
class BriefPage:
    """A finished page: `html` holds everything it needs."""

    html: str

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the page to a file; a page of offramp that is there is replaced.

        Parameters
        ----------
        force : also replace a file that offramp did not write

        Raises
        ------
        UsageError
            If something else is there, or no file can be.
        OfframpError
            If it cannot be written; what was there is whole.
        """
        writing.check_place(Path(path), writing.PAGE, force=force)
        writing.write(Path(path), self.html)


@dataclass(frozen=True)
class Answered:
    """A question that a brief answers: how it takes part, its answer, and the answer in words."""

    question: Question
    part: InBrief
    answer: Answer
    telling: Telling

    @property
    def section(self) -> Section:
        """Its part of the page."""
        telling = self.telling
        folded = [Fold("How sure", telling.sure)] if telling.sure else []
        return Section(
            self.part.order, self.part.section, self.part.label, telling.section,
            (*telling.head, *telling.body, *folded), f"{self.question.name}-",
        )  # fmt: skip


def brief(
    runs: xr.Dataset,
    model: Model,
    *,
    command: str | None = None,
    answers: Mapping[str, Answer] | None = None,
) -> BriefPage:
    """The page that an analyst hands over: situation, outlook, habits, and what all of it rests on.

    Parameters
    ----------
    runs : what `offramp.runs.simulate` or `offramp.load_runs` gave. With several policies the page shows
        `baseline`, or else the first, in full and the outcomes of all of them side by side.
    model : the model that the runs are of
    command : what gives the same page again; made from the runs if left out
    answers : question -> its answer, of those that have a part in a brief (`offramp.questions.briefing`).
        The page shows them beside the outlook; left out, only what the runs themselves say.

    Raises
    ------
    UsageError
        If there is no such question, it has no part in a brief, or what is given is no answer to it.
    OfframpError
        If the runs are of another model, or every run of the policy shown failed.
    """
    need(runs, "Dataset")
    need(model, "Model")
    view = RunsView(runs, model)
    answered = _answered(answers or {}, model)
    return BriefPage(_template().render(_contents(view, command or _command(runs), answered)))


def _in_words(question: Question, answer: Answer, model: Model) -> Telling:
    """An answer in words; one that a stranger changed may speak of what the model does not have."""
    try:
        return question.tell(answer, model)
    except (LookupError, TypeError, ValueError, ArithmeticError, StopIteration) as error:
        raise UsageError(
            f"the answer to `{question.name}` does not fit model `{model.name}`: it was changed, or is of "
            f"another version. Ask again with `offramp {question.name} ... --format json`."
        ) from error


def _answered(answers: Mapping[str, Answer], model: Model) -> list[Answered]:
    """In the order of their sections."""
    found = []
    for name, answer in answers.items():
        asked = question(name)
        if asked.brief is None:
            raise UsageError(f"`{name}` has no part in a brief.")
        if not isinstance(answer, asked.answer_type):
            wanted = asked.answer_type.__name__
            raise UsageError(f"the answer to `{name}` is a {type(answer).__name__}; it must be a {wanted}.")
        found.append(Answered(asked, asked.brief, answer, _in_words(asked, answer, model)))
    return sorted(found, key=lambda a: a.part.order)


def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("offramp.brief"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    return environment.get_template("brief.html.j2")


def _contents(view: RunsView, command: str, answered: Sequence[Answered]) -> dict[str, Any]:
    """Everything that the template shows."""
    attrs = view.runs.attrs
    failed = failures(view)
    measured = any(a.part.weighs_numbers for a in answered)
    one_of_one = view.policy == BASELINE and len(view.policies) == 1
    sections = _sections(view, command, answered, failed[0] if failed else "", measured)
    return {
        "title": attrs["title"] or view.model.name,
        "illustrative": bool(attrs["illustrative"]),
        "span": words.span(view.start, view.end),
        "end_words": figures.end_words(view.end),
        "scenarios": words.counted(view.runs.sizes["scenario"], "future"),
        "seed": attrs["seed"],
        "short_hash": attrs["model_hash"][:12],
        "version": attrs["offramp_version"],
        "overrides": overrides(view),
        "given": given(view),
        "failed": failed and (failed[0], html.table(failed[1])),
        "policy": "" if one_of_one else view.policy_title(view.policy),
        "policy_count": len(view.policies),
        "outlook": words.outlook(view.ends_in_words, view.futures, view.start, view.end),
        "markers": markers_sentence(view),
        "chances": _chances(view),
        "moves": moves(view),
        "asked": bool(answered),
        "shorts": [a.telling.short for a in answered if a.telling.short],
        "caveats": [caveat for a in answered for caveat in a.telling.caveats],
        "small_print": _small_print(view, answered, measured),
        "level": figures.percent(LEVEL),
        "sections": [(s, html.draw(s.blocks, 3, s.prefix)) for s in sections],
        "dark_rules": Markup(dark_rules(".chart")),
    }


def _sections(
    view: RunsView, command: str, answered: Sequence[Answered], failed: str, measured: bool
) -> list[Section]:
    """All parts of the page in their order; an answer takes the place of the page's own part of its name."""
    commands = [a.question.again(a.answer, called(view.model)) for a in answered if a.part.of_this_model]
    own = [
        situation(view), outlook(view), comparison(view), variables(view), events(view), habits(view),
        pictures(view), grounds(view, measured), reading(failed), again(view, command, commands),
    ]  # fmt: skip
    found = {s.identity: s for s in own if s is not None}
    found |= {a.part.section: a.section for a in answered if a.telling.section}
    return sorted(found.values(), key=lambda s: s.order)


def _chances(view: RunsView) -> list[tuple[str, str, str, str]]:
    """For each ending: its name, how many futures, their share, the interval of sampling."""
    rows = []
    for c in sorted(view.endings, key=lambda c: -c.count[-1]):
        interval = figures.percent_range(c.low[-1], c.high[-1])
        rows.append((c.title, figures.count(c.count[-1]), figures.percent(c.share[-1], c.digits), interval))
    return rows


def _small_print(view: RunsView, answered: Sequence[Answered], measured: bool) -> list[str]:
    """What the first box says of its own numbers."""
    said = [_numbers_of_futures(view, answered)]
    last = ""
    if view.endings:
        futures = words.counted(view.futures, "future")
        last = f"The interval holds the error of counting {futures} and nothing else. "
    if view.guess_count:
        last += f"All of this rests on {view.guess_count} guesses{'' if measured else f'; {NOT_MEASURED}'}."
    return [s.strip() for s in (*said, last) if s]


def _numbers_of_futures(view: RunsView, answered: Sequence[Answered]) -> str:
    """Why one chance may stand on a page as several numbers; empty where all questions count alike."""
    counts = [
        (a.part.label.lower(), int(n))
        for a in answered
        if a.telling.short and (n := getattr(a.answer, "runs", None)) is not None
    ]
    if all(n == view.futures for _, n in counts):
        return ""
    listed = words.enumerated([f"{what} in {figures.count(n)}" for what, n in counts])
    return (
        "Each question has futures of its own, as many as time allows: the outlook is counted in "
        f"{figures.count(view.futures)}, {listed}. So the same chance may stand here as different numbers, "
        "as far as so many futures leave it open."
    )


def _command(runs: xr.Dataset) -> str:
    """The command that makes the same runs and the same page."""
    attrs = runs.attrs
    name = attrs["model_file"] if Path(attrs["model_file"]).exists() else attrs["model"]
    said = ["offramp", "brief", name, "--runs", str(runs.sizes["scenario"]), "--seed", attrs["seed"]]
    for parameter, value in json.loads(attrs["overrides"]).items():
        said += ["--set", f"{parameter}={value!r}"]
    known = Given.of_plain(json.loads(attrs.get("given", "null")))
    if known is not None:
        said += ["--as-of", str(known.until)] if known.file is None else ["--given", known.file]
    policies = [str(p) for p in runs["policy"].values]
    if policies != [BASELINE]:
        for policy in policies:
            said += ["--policy", policy]
    return shlex.join(said)
