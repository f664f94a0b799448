"""A run told in words: what each side saw, thought and did, date by date, and how it ended."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from offramp.analysis.chronicle import Entry, chronicle
from offramp.errors import UsageError
from offramp.given import need
from offramp.model import Model
from offramp.questions.minds.ask import Mind, minds, misread_title
from offramp.runs.design import Design
from offramp.runs.simulate import simulate

THOUGHTS = 4
_PARTS = 3  # reasons named for an act
_LEAST = 0.05  # points, of a reason that is named


@dataclass(frozen=True)
class Thought:
    """Why an actor did what it did at a turning point.

    Attributes
    ----------
    actor, action : names
    habit, probability : chance of the act by habit alone, and as the actor truly chose
    points : what it expected of the act over its average choice
    reasons : (what, points), the largest first; they are parts of `points`
    text : all of it in words
    """

    at: date
    actor: str
    action: str
    habit: float
    probability: float
    points: float
    reasons: tuple[tuple[str, float], ...]
    text: str


@dataclass(frozen=True)
class Mistaken:
    """What an actor that reasons had wrong as the run began: numbers that it misreads or sees wrongly."""

    actor: str
    title: str
    wrong: tuple[tuple[str, str, float, float], ...]  # what, unit, truth, taken for


@dataclass(frozen=True)
class Story:
    """One run in words; `as_dict()` is what `offramp story --format json` prints.

    Attributes
    ----------
    ending : title of the outcome that ended the run, or of the one that holds otherwise; empty where the
        model names none
    on_the_way : titles of the outcomes that came and did not end it, in the order in which they came
    """

    model: str
    model_hash: str
    title: str
    illustrative: bool
    policy: str
    policy_title: str
    seed: int
    run: int
    set: dict[str, float]
    start: date
    end: date
    ending: str
    on_the_way: tuple[str, ...]
    at_first: tuple[Mistaken, ...]
    entries: tuple[Entry, ...]
    thoughts: tuple[Thought, ...]

    def as_dict(self) -> dict[str, Any]:
        from offramp.version import __version__

        plain = asdict(self)
        plain |= {"start": self.start.isoformat(), "end": self.end.isoformat()}
        for part in (*plain["entries"], *plain["thoughts"]):
            part["at"] = part["at"].isoformat()
        return {**plain, "version": __version__}


def story(design: Design, thoughts: int = THOUGHTS) -> Story:
    """Tell one run.

    Parameters
    ----------
    design : one scenario under one policy
    thoughts : at how many turning points to look into the mind of who acted; those acts of actors that
        reason which the others expected least. 0: nobody's mind is looked into, which is quicker.

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
    entries = chronicle(simulate(design, threads=1), policy, number)
    title = next((p.title for p in model.policies if p.name == policy), policy)
    forced = _forced(design, entries)
    entries = [_marked(entry, forced) for entry in entries]
    turns = [t for t in _turning_points(model, entries) if t not in forced]
    points = turns[:thoughts]
    came = [s for e in entries for s in e.sayings if s.kind == "outcome"]
    titles = {o.name: o.title or o.name for o in model.outcomes}
    last = next((s.subject for s in came if s.facts["ends"]), None)
    last = last or next((o.name for o in model.outcomes if o.otherwise), None)
    deep = [a.name for a in model.actors if a.depth >= 1] if thoughts else []
    return Story(
        model=model.name,
        model_hash=model.hash,
        title=model.title,
        illustrative=model.illustrative,
        policy=policy,
        policy_title=title or policy,
        seed=design.seed,
        run=number,
        set=dict(design.overrides),
        start=model.start,
        end=model.dates[-1],
        ending=titles[last] if last else "",
        on_the_way=tuple(titles[s.subject] for s in came if not s.facts["ends"]),
        at_first=tuple(_mistaken(m, model) for m in minds(design, None, deep).actors) if deep else (),
        entries=tuple(entries),
        thoughts=tuple(_thought(design, at, actor, action) for at, actor, action in sorted(points)),
    )


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


def _mistaken(mind: Mind, model: Model) -> Mistaken:
    both = (*mind.sees, *mind.misreads)
    wrong = tuple((misread_title(m, model), m.unit, m.truth, m.taken_for) for m in both)
    return Mistaken(mind.name, mind.title or mind.name, wrong)


def _thought(design: Design, at: date, actor: str, action: str) -> Thought:
    (mind,) = minds(design, at, [actor]).actors
    option = next(o for o in mind.options if o.name == action)
    judged = option.judgement
    parts: list[tuple[str, float]] = []
    if judged is not None:
        titles = {o.name: o.title or o.name for o in design.model.outcomes}
        given = [(name, x) for name, x in judged.terms.items()]
        given += [(titles.get(name, name), x) for name, x in judged.worth.items()]
        given += [("what the act itself costs", judged.cost)]
        parts = [(name.replace("_", " "), x) for name, x in given if x is not None and abs(x) >= _LEAST]
        parts.sort(key=lambda p: -abs(p[1]))
    relative = judged.relative if judged is not None and judged.relative is not None else math.nan
    reasons = tuple(parts[:_PARTS])
    text = _words(mind, option.title or action, option.habit, option.probability, relative, reasons)
    return Thought(at, actor, action, option.habit, option.probability, relative, reasons, text)


def _words(
    mind: Mind,
    act: str,
    habit: float,
    chance: float,
    points: float,
    reasons: tuple[tuple[str, float], ...],
) -> str:
    chances = f"{_percent(habit)} by habit, {_percent(chance)} on reflection"
    said = f"{mind.title or mind.name} chooses “{act}”: {chances}."
    if math.isfinite(points):
        way = "better" if points >= 0 else "worse"
        said += f" It looked {abs(points):.1f} points {way} than its average choice"
        if reasons:
            said += " (" + ", ".join(f"{name} {x:+.1f}" for name, x in reasons) + ")"
        said += "."
    return said


def _percent(p: float) -> str:
    return f"{100 * p:.0f} %" if p >= 0.095 else f"{100 * p:.1f} %"
