"""The brief: one self-contained page made from runs, the model that they are of, and answers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from offramp import writing
from offramp.analysis.aims import Wanted, need_reader
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
from offramp.questions.briefing import asked_otherwise
from offramp.questions.question import InBrief, Question
from offramp.questions.registry import question
from offramp.questions.showing import called
from offramp.runs.known import Given
from offramp.tell import figures, html, words
from offramp.tell.aims import actor_title
from offramp.tell.blocks import Fold, Telling

if TYPE_CHECKING:
    import jinja2
    import xarray as xr


@dataclass(frozen=True)
class BriefPage:
    """A finished page: `html` holds everything it needs."""

    html: str

    def __repr__(self) -> str:
        """In one line, as at a prompt; a notebook shows the page."""
        return f'<a brief of {len(self.html):,} characters: save("page.html") writes it>'

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that its style stays in it."""
        return (
            f'<iframe srcdoc="{escape(self.html, quote=True)}" width="100%" height="800" '
            'style="border:1px solid #ccc" title="Brief"></iframe>'
        )

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
    """A question that a brief answers: how it takes part, its answer, in words too, and when."""

    question: Question
    part: InBrief
    answer: Answer
    telling: Telling
    before: bool  # asked apart from the page

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
    reader: str | None = None,
    before: Collection[str] = (),
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
    reader : the actor for whom it is: better and worse are told by what that one wants; None for all
    before : those of the answers that were asked apart from the page, which then says so

    Raises
    ------
    UsageError
        If there is no such actor or question, it has no part in a brief, or what is given is no answer to it.
    OfframpError
        If the runs are of another model, or every run of the policy shown failed.
    """
    need(runs, "Dataset")
    need(model, "Model")
    need_reader(model, reader)
    view = RunsView(runs, model, reader, _aims(answers or {}, model))
    answered = _answered(answers or {}, view, before)
    return BriefPage(_template().render(_contents(view, command or _command(runs, reader), answered)))


def _aims(answers: Mapping[str, Answer], model: Model) -> Mapping[str, Wanted] | None:
    """What answers go by, so that nothing on the page goes by anything else; None where none says."""
    outcomes = {o.name for o in model.outcomes}
    known = (getattr(answer, "aims", None) for answer in answers.values())
    return next((aims for aims in known if aims and outcomes <= set(aims)), None)


@contextmanager
def _fitting(question: Question, model: Model) -> Iterator[None]:
    """While an answer is put into words and drawn: one that was changed may speak of what there is not."""
    try:
        yield
    except (
        ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, StopIteration, TypeError,
        ValueError,
    ) as error:  # fmt: skip
        raise UsageError(
            f"what is given for `{question.name}` holds no answer of it that fits model `{model.name}`: it "
            "was changed, or is of another version. Ask again with "
            f"`offramp {question.name} ... --format json`."
        ) from error


def _answered(answers: Mapping[str, Answer], view: RunsView, before: Collection[str]) -> list[Answered]:
    """In the order of their sections, with the chances of the outlook where they change these."""
    model, chances = view.model, {c.name: c.share[-1] for c in view.courses}
    found = []
    for name, answer in answers.items():
        asked = question(name)
        if asked.brief is None:
            raise UsageError(f"`{name}` has no part in a brief.")
        if not isinstance(answer, asked.answer_type):
            wanted = asked.answer_type.__name__
            raise UsageError(f"the answer to `{name}` is a {type(answer).__name__}; it must be a {wanted}.")
        if other := asked_otherwise(answer, view.page):
            raise UsageError(f"the answer to `{name}` {other}.")
        with _fitting(asked, model):
            if asked.brief.changes_chances:
                answer = asked.part("ask", "held_to")(answer, chances)
            telling = asked.tell(answer, model)
        found.append(Answered(asked, asked.brief, answer, telling, name in before))
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
        "reader": actor_title(view.model, view.reader) if view.reader else "",
        "shorts": [a.telling.short for a in answered if a.telling.short],
        "disputes": [line for a in answered for line in a.telling.disputes],
        "caveats": [caveat for a in answered for caveat in a.telling.caveats],
        "small_print": _small_print(view, answered, measured),
        "level": figures.percent(LEVEL),
        "sections": _drawn(sections, view.model, answered),
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


def _drawn(
    sections: Sequence[Section], model: Model, answered: Sequence[Answered]
) -> list[tuple[Section, Markup]]:
    asked = {a.part.section: a.question for a in answered}
    found = []
    for s in sections:
        with _fitting(asked[s.identity], model) if s.identity in asked else nullcontext():
            found.append((s, html.draw(s.blocks, 3, s.prefix)))
    return found


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
    """In how many futures each question was asked, and what that means for chances; empty without any."""
    counts = [
        f"{a.part.label.lower()} in {figures.count(int(n))}{' (asked before)' * a.before}"
        for a in answered
        if a.telling.short and (n := getattr(a.answer, "runs", None)) is not None
    ]
    if not counts:
        return ""
    said = f"The outlook was counted in {figures.count(view.futures)} futures, {words.enumerated(counts)}."
    if not any(a.part.changes_chances for a in answered):
        return said
    return (
        f"{said} A chance under another policy, or with misreadings corrected, is that of the outlook plus "
        "the change that was found in futures held against themselves."
    )


def _command(runs: xr.Dataset, reader: str | None) -> str:
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
    if reader is not None:
        said += ["--for", reader]
    return shlex.join(said)
