"""A run told in words: what each side saw, thought and did, date by date, and how it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from offramp.analysis.answer import Answer
from offramp.analysis.chronicle import Entry, chronicle
from offramp.errors import UsageError
from offramp.given import need
from offramp.model import Model
from offramp.questions.minds.ask import ActionThought, ActorMind, minds, misread_title
from offramp.questions.question import Request
from offramp.questions.runner import head_of
from offramp.questions.story import THOUGHTS
from offramp.questions.story.typical import SEARCHED, TypicalOf, typical_future
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import simulate

_PARTS = 3  # reasons named for an act
_LEAST = 0.05  # points, of a reason that is named


@dataclass(frozen=True)
class Explanation:
    """Why an actor did what it did at a turning point.

    Attributes
    ----------
    actor, action : names
    habit, probability : chance of the act by habit alone, and as the actor truly chose
    points : what it expected of the act over its average choice; None where it cannot be known
    reasons : (what, points), the largest first; they are parts of `points`
    text : all of it in words
    """

    at: date
    actor: str
    action: str
    habit: float
    probability: float
    points: float | None
    reasons: tuple[tuple[str, float], ...]
    text: str


@dataclass(frozen=True)
class Mistaken:
    """What an actor that reasons had wrong as the run began: numbers that it misreads or sees wrongly."""

    actor: str
    title: str
    wrong: tuple[tuple[str, str, float, float], ...]  # what, unit, truth, taken for


@dataclass(frozen=True, kw_only=True)
class Story(Answer):
    """One run in words.

    Attributes
    ----------
    run : its number
    typical_of : the outcome of whose futures it is typical, where one was asked for
    most_thoughts : at how many turning points it was asked why
    start, end : first and last date of the horizon
    ending : title of the outcome that ended the run, or of the one that holds otherwise; empty where the
        model names none
    on_the_way : titles of the outcomes that came and did not end it, in the order in which they came
    at_first : what those who reason had wrong as it began
    entries : date by date
    thoughts : why those who reason did what they did at turning points
    """

    QUESTION: ClassVar[str] = "story"

    policy: str
    policy_title: str
    run: int
    typical_of: TypicalOf | None = None
    most_thoughts: int
    start: date
    end: date
    ending: str
    on_the_way: tuple[str, ...]
    at_first: tuple[Mistaken, ...]
    entries: tuple[Entry, ...]
    thoughts: tuple[Explanation, ...]

    @property
    def outcome(self) -> None:
        """None: its number, not what was looked for, names the future that is told."""


ANSWER = Story


def asked(request: Request) -> Story:
    """What `offramp story` asks.

    Raises
    ------
    UsageError
        If a future is asked for by its number and by its outcome.
    """
    number, outcome, of = request["run"], request["outcome"], None
    if outcome is not None:
        if number is not None:
            raise UsageError("--outcome finds a future and --run names one: leave one of them out.")
        number, of = typical_future(request.design(scenarios=SEARCHED), outcome, how=request.how)
    told = story(request.design(scenarios=[number or 0]), request["most_thoughts"], how=request.how)
    return replace(told, typical_of=of)


def story(design: Design, thoughts: int = THOUGHTS, *, how: How = AS_SUITS) -> Story:
    """Tell one run.

    Parameters
    ----------
    design : one scenario under one policy
    thoughts : at how many turning points to look into the mind of who acted; those acts of actors that
        reason which the others expected least. 0: nobody's mind is looked into, which is quicker.
    how : how the future is run

    Raises
    ------
    UsageError
        If the design holds more than one run.
    OfframpError
        If the run failed.
    """
    need(design, "Design")
    if design.runs != 1:
        raise UsageError(f"a story is that of one run; this design has {design.runs:,}.")
    model, policy = design.model, design.policies[0]
    number = int(design.scenarios[0])
    runs = simulate(design, how=How(threads=1, engine=how.engine))
    entries = chronicle(runs, policy, number)
    forced = _forced(design, entries)
    entries = [_marked(entry, forced) for entry in entries]
    points = [t for t in _turning_points(model, entries) if t not in forced][:thoughts]
    ending, on_the_way = _outcomes(model, entries)
    return Story(
        **head_of(design, {}),
        policy=policy,
        policy_title=next((p.title for p in model.policies if p.name == policy), policy) or policy,
        run=number,
        most_thoughts=thoughts,
        start=model.start,
        end=model.dates[-1],
        ending=ending,
        on_the_way=on_the_way,
        at_first=_at_first(design) if thoughts else (),
        entries=tuple(entries),
        thoughts=tuple(_thought(design, at, actor, action) for at, actor, action in sorted(points)),
    )


def _outcomes(model: Model, entries: list[Entry]) -> tuple[str, tuple[str, ...]]:
    """Titles of the outcome that a run ended with, and of those that came on the way."""
    titles = {o.name: o.title or o.name for o in model.outcomes}
    came = [s for e in entries for s in e.sayings if s.kind == "outcome"]
    last = [s.subject for s in came if s.facts["ends"]] or [o.name for o in model.outcomes if o.otherwise]
    return titles[last[0]] if last else "", tuple(titles[s.subject] for s in came if not s.facts["ends"])


def _at_first(design: Design) -> tuple[Mistaken, ...]:
    """What each actor that reasons has wrong as the run begins."""
    reasoners = [a.name for a in design.model.actors if a.depth >= 1]
    found = minds(design, None, reasoners).actors if reasoners else []
    return tuple(_mistaken(m, design.model) for m in found)


def _forced(design: Design, entries: list[Entry]) -> set[tuple[date, str, str]]:
    """Acts that the policy forces: (date, actor, action). Nobody chose them, so no mind says why."""
    model, table = design.model, design.inputs(design.policies[0]).schedule.forced
    found = set()
    for step, entry in enumerate(entries):
        for actor, which in zip(model.actors, table[step], strict=True):
            if which >= 0:
                found.add((entry.at, actor.name, actor.actions[which].name))
    return found


def _marked(entry: Entry, forced: set[tuple[date, str, str]]) -> Entry:
    """An entry that says which acts are the policy's. What is forced and cannot be done is not done."""
    sayings = []
    for saying in entry.sayings:
        if saying.kind == "act":
            by_policy = (entry.at, saying.subject, str(saying.facts["action"])) in forced
            text = f"{saying.text.removesuffix('.')} (by policy)." if by_policy else saying.text
            saying = replace(saying, text=text, facts={**saying.facts, "by_policy": by_policy})
        sayings.append(saying)
    return replace(entry, sayings=tuple(sayings))


def _turning_points(model: Model, entries: list[Entry]) -> list[tuple[date, str, str]]:
    """Acts of those who reason, the least expected first: (date, actor, action)."""
    deep = {a.name for a in model.actors if a.depth >= 1}
    found: dict[tuple[date, str, str], float] = {}
    for entry in entries:
        acts = {s.subject: str(s.facts["action"]) for s in entry.sayings if s.kind == "act"}
        for saying in entry.sayings:
            about = saying.facts.get("about")
            if saying.kind == "surprise" and about in deep:
                key = (entry.at, str(about), acts[str(about)])
                found[key] = min(found.get(key, 1.0), float(saying.facts["expected"]))
    return sorted(found, key=lambda key: (found[key], key))


def _mistaken(mind: ActorMind, model: Model) -> Mistaken:
    both = (*mind.sees, *mind.misreads)
    wrong = tuple((misread_title(m, model), m.unit, m.truth, m.taken_for) for m in both)
    return Mistaken(mind.name, mind.title or mind.name, wrong)


def _thought(design: Design, at: date, actor: str, action: str) -> Explanation:
    """Why an actor did what it did."""
    (mind,) = minds(design, at, [actor]).actors
    option = next(o for o in mind.options if o.name == action)
    reasons = _reasons(design.model, option)
    judged = option.judgement
    points = None if judged is None else judged.relative
    return Explanation(
        at, actor, action, option.habit, option.probability, points, reasons,
        _words(mind, option, points, reasons),
    )  # fmt: skip


def _reasons(model: Model, option: ActionThought) -> tuple[tuple[str, float], ...]:
    """What an act is worth its actor, part by part, the largest first: (what, points)."""
    judged = option.judgement
    if judged is None:
        return ()
    titles = {o.name: o.title or o.name for o in model.outcomes}
    parts = [*judged.terms.items(), *((titles.get(name, name), x) for name, x in judged.worth.items())]
    parts.append(("what the act itself costs", judged.cost))
    large = [(name.replace("_", " "), x) for name, x in parts if x is not None and abs(x) >= _LEAST]
    return tuple(sorted(large, key=lambda p: -abs(p[1]))[:_PARTS])


def _words(
    mind: ActorMind, option: ActionThought, points: float | None, reasons: tuple[tuple[str, float], ...]
) -> str:
    text = (
        f"{mind.title or mind.name} chooses “{option.title or option.name}”: {_percent(option.habit)} by "
        f"habit, {_percent(option.probability)} on reflection."
    )
    if points is None or not math.isfinite(points):
        return text
    way = "better" if points >= 0 else "worse"
    because = ", ".join(f"{name} {x:+.1f}" for name, x in reasons)
    because = f" ({because})" if because else ""
    return f"{text} It looked {abs(points):.1f} points {way} than its average choice{because}."


def _percent(p: float) -> str:
    return f"{100 * p:.0f} %" if p >= 0.095 else f"{100 * p:.1f} %"
