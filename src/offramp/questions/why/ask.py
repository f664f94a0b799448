"""Why futures end otherwise: where paired futures part, what lies between, and what goes without it.

Two questions of one kind. Of two policies: why do futures under one end otherwise than under the other? Of
one policy: why does an outcome come in some futures and not in the rest? Luck is common to what is compared,
so what differs between two paired futures has come about since they parted.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from offramp.analysis.between import Bools, Group, ahead, lately, lifts, typical
from offramp.analysis.features import Feature, features
from offramp.analysis.intervals import LEVEL, Estimate
from offramp.engine.schedule import schedule_of
from offramp.errors import OfframpError, UsageError
from offramp.given import need
from offramp.model import Model, Policy
from offramp.questions.runner import outcome_asked, plain
from offramp.questions.story.ask import story
from offramp.questions.why.mediation import Without, mediated
from offramp.runs.design import Design
from offramp.runs.simulate import EngineName, Progress, simulate

if TYPE_CHECKING:
    import xarray as xr

Ints = npt.NDArray[np.int64]

MOST_BETWEEN = 10
MOST_MEDIATORS = 4
MOST_PARTINGS = 6
STORIES = 3
LINES = 6  # dates told of each
FEWEST_CASES = 10
MONTHS = 3.0  # what lies before an outcome is looked for in so many months

INTERVAL = (
    "sampling error only: these are so many futures and not endlessly many. What lies between comes more "
    "often before the outcome; whether it brings it about is asked by taking it away."
)


@dataclass(frozen=True)
class Parting:
    """A first difference of paired futures that neither policy made itself.

    Attributes
    ----------
    first, second : what happens under the one and the other policy, titles; empty for nothing
    share : of all pairs that end otherwise
    """

    first: str
    second: str
    share: float
    pairs: int


@dataclass(frozen=True)
class Lying:
    """Something that lies before the outcome more often than elsewhere.

    Attributes
    ----------
    share : of the cases in which it does
    expected : share of the futures open at the same dates without the outcome in which it does
    lift : share over expected, with its interval
    set : whether a policy that is compared decides on it itself
    """

    kind: str
    subject: str
    name: str
    branch: str
    title: str
    share: float
    expected: float
    lift: Estimate
    set: bool


@dataclass(frozen=True)
class Line:
    """What is told of one date."""

    at: date
    text: str


@dataclass(frozen=True)
class Typical:
    """A future that stands for others.

    Attributes
    ----------
    run, policy : which future
    share : of the cases that are nearest to it
    parts : date on which it parts from its pair; None without a pair
    comes : first day of the step in which the outcome comes
    story : date by date what happened, who did what and what came of it, up to the outcome
    """

    run: int
    policy: str
    share: float
    parts: date | None
    comes: date
    story: tuple[Line, ...]


@dataclass(frozen=True)
class Why:
    """Why futures end otherwise.

    Attributes
    ----------
    first, second : policies compared; `second` is empty where an outcome is set against the rest
    chance, second_chance : share of futures with the outcome under each
    cases : futures with the outcome whose pair (or the rest) is without it; `gained` of them under `second`
    parted : share of pairs that part at all before the end
    partings : first differences of the pairs that end otherwise
    between : what lies before the outcome, the greatest surplus first
    mediated : what of the difference (or of the chance) goes without it
    typical : futures that stand for the cases
    """

    model: str
    model_hash: str
    title: str
    illustrative: bool
    seed: int
    set: dict[str, float]
    outcome: str
    outcome_title: str
    by: date
    first: str
    second: str
    first_title: str
    second_title: str
    runs: int
    failed_runs: int
    months: float
    chance: float
    second_chance: float | None
    cases: int
    gained: int
    parted: float | None
    partings: list[Parting]
    between: list[Lying]
    mediated: list[Without]
    typical: list[Typical]
    level: float
    interval: str

    def as_dict(self) -> dict[str, Any]:
        """As plain values ready for `json.dumps`; numbers that are not finite are None."""
        from offramp.version import __version__

        made: dict[str, Any] = plain(dataclasses.asdict(self))
        return {**made, "version": __version__}


def why(
    design: Design,
    outcome: str | None = None,
    *,
    months: float = MONTHS,
    threads: int | None = None,
    progress: Progress | None = None,
    engine: EngineName = "compiled",
) -> Why:
    """Say why futures end otherwise: of two policies, or those with an outcome against the rest.

    Parameters
    ----------
    design : one policy, or the two that are compared
    outcome : that comes or does not; None for the first that ends a run
    months : how long before an outcome to look for what lies there, where it is set against the rest
    threads : how many to use; None for one per processor. Results do not depend on it.

    Returns
    -------
    Why. Lifts are those of `offramp.analysis.between`; what goes without something is found by running the
    same futures with that act forbidden or that event without effect (`offramp.questions.why.mediation`).

    Raises
    ------
    UsageError
        If there is no such outcome, or the design has more than two policies.
    OfframpError
        If the outcome comes in too few futures to say anything, or all fail.
    """
    need(design, "Design")
    model = design.model
    asked = outcome_asked(model, outcome)
    if len(design.policies) > 2:
        raise UsageError(f"two policies can be compared at a time; this design has {len(design.policies)}.")
    runs = simulate(design, threads=threads, engine=engine, progress=progress, variables=[])
    came, going, held = _course(runs, model, asked)
    if not held.any():
        raise OfframpError("every future failed; `offramp run` says why.")
    everything, happened = features(runs)
    known, present = _telling(model, everything, happened)
    scenarios = design.scenarios[held]
    came, going, present = came[:, held], going[:, held], present[:, held]
    directly = _directly(model, design.policies, known)
    by_policy = _directly(model, design.policies, everything)
    window = max(1, round(months / model.step_length))
    partings, parted, first_step = _partings(everything, happened[:, held], going, came, by_policy)
    groups, cases = _groups(present, came, going, window)
    if len(cases) < FEWEST_CASES:
        raise OfframpError(_too_few(model, asked, design, len(cases), int(held.sum())))
    between = _between(known, groups, np.asarray(directly.any(axis=(0, 1)), np.bool_), design.seed)
    can = [b for b in between if not b.set and not b.branch]
    return Why(
        model=model.name,
        model_hash=model.hash,
        title=model.title,
        illustrative=model.illustrative,
        seed=design.seed,
        set=dict(design.overrides),
        outcome=asked,
        outcome_title=_outcome_title(model, asked),
        by=model.dates[-1],
        first=design.policies[0],
        second=design.policies[1] if len(design.policies) > 1 else "",
        first_title=_policy(model, design.policies[0]).title or design.policies[0],
        second_title=(_policy(model, design.policies[-1]).title or design.policies[-1])
        if len(design.policies) > 1
        else "",
        runs=len(scenarios),
        failed_runs=int((runs["status"].values != 0).sum()),
        months=window * model.step_length,
        chance=float((came[0] >= 0).mean()),
        second_chance=float((came[1] >= 0).mean()) if len(came) > 1 else None,
        cases=len(cases),
        gained=sum(group == 1 for group, _ in cases),
        parted=parted,
        partings=partings,
        between=between,
        mediated=mediated(
            design.only(scenarios),
            asked,
            [(b.kind, b.subject, b.name, b.title) for b in can[:MOST_MEDIATORS]],
            threads,
            engine,
            progress,
        ),
        typical=_typical(design, scenarios, groups, cases, first_step),
        level=LEVEL,
        interval=INTERVAL,
    )


def _course(runs: xr.Dataset, model: Model, outcome: str) -> tuple[Ints, Bools, Bools]:
    """Step in which the outcome came, (policy, run), -1 for never; whether a run goes on through a step,
    (policy, run, step); and which runs failed under no policy, (run,)."""
    names = [o.name for o in model.outcomes]
    step = runs["outcome_step"].transpose("policy", "scenario", "outcome").values.astype(np.int64)
    ends = [i for i, o in enumerate(model.outcomes) if o.absorbing]
    ended = np.where(step[..., ends] >= 0, step[..., ends], model.steps).min(axis=-1, initial=model.steps)
    if model.outcomes[names.index(outcome)].otherwise:
        came = np.where(ended == model.steps, model.steps - 1, -1)
    else:
        came = step[..., names.index(outcome)]
    going = np.arange(model.steps) <= ended[..., None]
    held = (runs["status"].transpose("policy", "scenario").values == 0).all(axis=0)
    return came, np.asarray(going, np.bool_), np.asarray(held, np.bool_)


def _telling(model: Model, known: list[Feature], present: Bools) -> tuple[list[Feature], Bools]:
    """Features without acts that move nothing: they carry no further what comes of others."""
    silent = {(a.name, x.name) for a in model.actors for x in a.actions if not x.effects}
    kept = [i for i, f in enumerate(known) if (f.subject, f.name) not in silent]
    return [known[i] for i in kept], present[..., kept]


def _policy(model: Model, name: str) -> Policy:
    return next((p for p in model.policies if p.name == name), Policy(name, name.capitalize()))


def _directly(model: Model, policies: Sequence[str], known: list[Feature]) -> Bools:
    """Whether the policies themselves decide on a feature in a step: (policy, step, feature)."""
    slots = [(a.name, x.name) for a in model.actors for x in a.actions]
    actors = [a.name for a in model.actors]
    result = np.zeros((len(policies), model.steps, len(known)), np.bool_)
    for p, name in enumerate(policies):
        schedule = schedule_of(model, _policy(model, name))
        free = schedule.allowed & (schedule.nudge == 0)
        for f, feature in enumerate(known):
            if feature.kind == "act":
                own = [i for i, slot in enumerate(slots) if slot[0] == feature.subject]
                forced = schedule.forced[:, actors.index(feature.subject)] >= 0
                result[p, :, f] = forced | ~free[:, own].all(axis=1)
    return result


def _partings(
    known: list[Feature], present: Bools, going: Bools, came: Ints, directly: Bools
) -> tuple[list[Parting], float | None, Ints | None]:
    """First differences of the pairs that end otherwise, share of pairs that part, and in which step each "
    "does."""
    if len(present) < 2:
        return [], None, None
    both = going[0] & going[1]
    free = ~directly.any(axis=0)
    differ = (present[0] != present[1]) & both[:, :, None] & free
    at = differ.any(axis=2)
    step = np.where(at.any(axis=1), at.argmax(axis=1), -1)
    otherwise = np.nonzero(((came[0] >= 0) != (came[1] >= 0)) & (step >= 0))[0]
    found: Counter[tuple[str, str]] = Counter()
    for run in otherwise:
        for pair in _first_differences(known, present[:, run, step[run]], differ[run, step[run]]):
            found[pair] += 1
    total = max(1, len(otherwise))
    told = [Parting(a, b, n / total, n) for (a, b), n in found.most_common(MOST_PARTINGS)]
    return told, float((step >= 0).mean()), step


def _first_differences(known: list[Feature], happened: Bools, differ: Bools) -> list[tuple[str, str]]:
    """What happens under the one and the other policy, one pair for each actor or event that differs."""
    places: dict[str, list[str]] = {}
    for f in np.nonzero(differ)[0]:
        key = known[f].subject or known[f].name
        pair = places.setdefault(key, ["", ""])
        pair[0 if happened[0, f] else 1] = known[f].title
    return [(a, b) for a, b in places.values()]


def _groups(
    present: Bools, came: Ints, going: Bools, window: int
) -> tuple[list[Group], list[tuple[int, int]]]:
    """Groups in which cases are compared, and the cases as (group, run)."""
    if len(present) < 2:
        group = Group(lately(present[0], window), came[0], going[0])
        return [group], [(0, int(run)) for run in np.nonzero(came[0] >= 0)[0]]
    groups, cases = [], []
    for one, other in ((0, 1), (1, 0)):
        # A pair that ends alike is no case; what one holds more often than the other lies between.
        alone = (came[one] >= 0) & (came[other] < 0)
        open_ = going[one] & ((came[other] < 0)[:, None])
        # Once the other future has ended, that it holds no more says nothing.
        both = (going[0] & going[1])[:, :, None]
        lies = ahead(present[one] & both, present[other] & both)
        groups.append(Group(lies, np.where(alone, came[one], -1), open_))
        cases += [(one, int(run)) for run in np.nonzero(alone)[0]]
    return groups, cases


def _between(known: list[Feature], groups: list[Group], directly: Bools, seed: int) -> list[Lying]:
    """Features that lie before the outcome beyond doubt, the greatest surplus first."""
    found = lifts(groups, seed)
    sure = [f for f in range(len(known)) if found.sure[f]]
    sure.sort(key=lambda f: (found.expected[f] - found.share[f], f))
    return [
        Lying(
            **dataclasses.asdict(known[f]),
            share=float(found.share[f]),
            expected=float(found.expected[f]),
            lift=Estimate(float(found.lift[f]), float(found.low[f]), float(found.high[f])),
            set=bool(directly[f]),
        )
        for f in sure[:MOST_BETWEEN]
    ]


def _typical(
    design: Design,
    scenarios: Ints,
    groups: list[Group],
    cases: list[tuple[int, int]],
    parts: Ints | None,
) -> list[Typical]:
    """Futures that stand for the cases, by what lay there as the outcome came."""
    rows = np.stack([groups[g].present[run, groups[g].came[run]] for g, run in cases])
    chosen, shares = typical(rows, STORIES)
    result, model = [], design.model
    for position, share in zip(chosen, shares, strict=True):
        g, run = cases[position]
        last = int(groups[g].came[run])
        parted = None if parts is None or parts[run] < 0 else model.date_of(int(parts[run]))
        name, number = design.policies[g], int(scenarios[run])
        lines = _told(design.only([number], [name]), last)
        result.append(Typical(number, name, float(share), parted, model.date_of(last), lines))
    return sorted(result, key=lambda t: -t.share)


def _told(design: Design, last: int) -> tuple[Line, ...]:
    """The last dates of a future up to a step: what happened, acts that move something, what came of it."""
    model = design.model
    silent = {(a.name, x.name) for a in model.actors for x in a.actions if not x.effects}
    lines = []
    for entry in story(design, thoughts=0).entries:
        if model.step_of(entry.at) > last:
            break
        said = [
            s.text
            for s in entry.sayings
            if s.kind in ("event", "exchange", "outcome")
            or (s.kind == "act" and (s.subject, s.facts["action"]) not in silent)
        ]
        if said:
            lines.append(Line(entry.at, " ".join(said)))
    return tuple(lines[-LINES:])


def _outcome_title(model: Model, outcome: str) -> str:
    return next(o.title for o in model.outcomes if o.name == outcome) or outcome


def _too_few(model: Model, outcome: str, design: Design, cases: int, runs: int) -> str:
    title = _outcome_title(model, outcome)
    if len(design.policies) > 1:
        return (
            f"only {cases} of {runs:,} paired futures end otherwise as to “{title}” under these policies: "
            "too few to say why. Ask for more runs, or another outcome."
        )
    return (
        f"“{title}” comes in {cases} of {runs:,} futures: too few to say why. Ask for more runs, or another "
        "outcome."
    )
