"""Why futures end as they do: where paired futures part, what lies between, and what that carries.

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
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from offramp.analysis.answer import Answer
from offramp.analysis.between import Bools, Group, ahead, lately, lifts, typical
from offramp.analysis.features import Feature, features
from offramp.analysis.intervals import Estimate
from offramp.anatomy import effects_of
from offramp.engine.schedule import schedule_of
from offramp.errors import OfframpError, UsageError
from offramp.given import need
from offramp.model import Model, Policy
from offramp.questions.question import Request
from offramp.questions.runner import head_of, outcome_asked, outcome_title
from offramp.questions.story.ask import story
from offramp.questions.why.mediation import Mediator, Thing, mediated
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.simulate import simulate

if TYPE_CHECKING:
    import xarray as xr

Ints = npt.NDArray[np.int64]

MOST_BETWEEN = 10
MOST_MEDIATORS = 4
MOST_PARTINGS = 6
STORIES = 3
LINES = 6  # last dates of each that are retold
FEWEST_CASES = 10
MONTHS = 3.0  # what lies before an outcome is looked for in so many months

# What the intervals hold.
INTERVALS = {
    "sampling": "sampling error only: these are so many futures and not endlessly many. What lies between "
    "comes more often before the outcome; whether it brings it about is asked by taking it away."
}


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
class Precursor:
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
    """What happened on one date."""

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


@dataclass(frozen=True, kw_only=True)
class Why(Answer):
    """Why futures end as they do.

    Attributes
    ----------
    outcome_title, by : the outcome as readers call it, and the last date
    first, second : policies compared; `second` is empty where an outcome is set against the rest
    runs : futures under each policy; `held_runs` : those of them that failed under none
    failed_runs : over all policies
    months : how long before the outcome was looked at
    chance, second_chance : share of futures with the outcome under each
    cases : futures with the outcome whose pair (or the rest) is without it; `gained` of them under `second`
    parted : share of pairs that part at all before the end
    partings : first differences of the pairs that end otherwise
    between : what lies before the outcome, the greatest surplus first
    mediated : what share of the difference (or of the chance) is eliminated without it
    typical : futures that stand for the cases
    """

    QUESTION: ClassVar[str] = "why"

    outcome: str
    outcome_title: str
    by: date
    first: str
    second: str
    first_title: str
    second_title: str
    runs: int
    held_runs: int
    failed_runs: int
    months: float
    chance: float
    second_chance: float | None
    cases: int
    gained: int
    parted: float | None
    partings: list[Parting]
    between: list[Precursor]
    mediated: list[Mediator]
    typical: list[Typical]

    @property
    def policies(self) -> list[str]:
        """The policies compared, if two are."""
        return [self.first, self.second] if self.second else []

    @property
    def policy(self) -> str | None:
        """The policy under which an outcome is set against the rest; None for `baseline`."""
        return None if self.second or self.first == "baseline" else self.first

    @property
    def failures(self) -> tuple[int, int]:
        return self.failed_runs, self.runs * (2 if self.second else 1)


ANSWER = Why


def asked(request: Request) -> Why:
    """What `offramp why` asks."""
    policies, policy = list(request["policies"]), request["policy"]
    if len(policies) not in (0, 2):
        raise UsageError(
            "two policies are compared, such as `baseline ease`; name none to ask why an outcome comes."
        )
    if policies and policy is not None:
        raise UsageError("`--policy` is for asking why an outcome comes; here two policies are compared.")
    design = request.design(policies or [policy or "baseline"])
    return why(design, request["outcome"], months=request["months"], how=request.how)


def why(design: Design, outcome: str | None = None, *, months: float = MONTHS, how: How = AS_SUITS) -> Why:
    """Say why futures end otherwise: of two policies, or those with an outcome against the rest.

    Parameters
    ----------
    design : one policy, or the two that are compared
    outcome : that comes or does not; None for the first that ends a run
    months : how long before an outcome to look for what lies there, where it is set against the rest
    how : how futures are run

    Returns
    -------
    Why. Lifts are those of `offramp.analysis.between`; the share eliminated is found by running the same
    futures with that act forbidden or that event without effect (`offramp.questions.why.mediation`).

    Raises
    ------
    UsageError
        If there is no such outcome, or the design has more than two policies.
    OfframpError
        If the outcome comes in too few futures to say anything, or all fail.
    """
    need(design, "Design")
    model = design.model
    about = outcome_asked(model, outcome)
    if len(design.policies) > 2:
        raise UsageError(f"two policies can be compared at a time; this design has {len(design.policies)}.")
    runs = simulate(design, how=how, variables=[])
    futures = _futures(runs, design, about)
    effective = futures.without(_idle_acts(model))
    window = max(1, round(months / model.step_length))
    partings, parted, first_step = _partings(futures)
    groups, cases = _groups(effective, window)
    if len(cases) < FEWEST_CASES:
        raise OfframpError(_too_few(design, about, len(cases), len(futures.scenarios)))
    between = _between(effective, groups, design.seed)
    can_be_removed = [b for b in between if not b.set and not b.branch][:MOST_MEDIATORS]
    things = [Thing(b.kind, b.subject, b.name, b.title) for b in can_be_removed]
    chances = (futures.came >= 0).mean(axis=1).tolist()
    return Why(
        **head_of(design, INTERVALS),
        **_policies_compared(design),
        outcome=about,
        outcome_title=outcome_title(model, about),
        by=model.dates[-1],
        runs=len(design.scenarios),
        held_runs=len(futures.scenarios),
        failed_runs=int((runs["status"].values != 0).sum()),
        months=float(window * model.step_length),
        chance=chances[0],
        second_chance=chances[1] if len(chances) > 1 else None,
        cases=len(cases),
        gained=sum(group == 1 for group, _ in cases),
        parted=parted,
        partings=partings,
        between=between,
        mediated=mediated(design.only(futures.scenarios), about, things, how),
        typical=_typical(design, futures.scenarios, groups, cases, first_step),
    )


@dataclass(frozen=True)
class _Futures:
    """What happened in the futures that failed under no policy.

    Attributes
    ----------
    scenarios : (run,), their numbers
    came : (policy, run), step in which the outcome came, -1 for never
    going : (policy, run, step), whether a run goes on through a step
    features : what may happen
    present : (policy, run, step, feature), where it did
    decided : (policy, step, feature), whether the policy itself decides on it
    """

    scenarios: Ints
    came: Ints
    going: Bools
    features: list[Feature]
    present: Bools
    decided: Bools

    def without(self, acts: set[tuple[str, str]]) -> _Futures:
        """The same futures seen without some acts: (actor, action)."""
        kept = [i for i, f in enumerate(self.features) if (f.subject, f.name) not in acts]
        return dataclasses.replace(
            self, features=[self.features[i] for i in kept], present=self.present[..., kept],
            decided=self.decided[..., kept],
        )  # fmt: skip


def _futures(runs: xr.Dataset, design: Design, outcome: str) -> _Futures:
    held = (runs["status"].transpose("policy", "scenario").values == 0).all(axis=0)
    if not held.any():
        raise OfframpError("every future failed; `offramp run` says why.")
    came, going = _course(runs, design.model, outcome)
    known, present = features(runs)
    decided = _decided(design.model, design.policies, known)
    return _Futures(design.scenarios[held], came[:, held], going[:, held], known, present[:, held], decided)


def _course(runs: xr.Dataset, model: Model, outcome: str) -> tuple[Ints, Bools]:
    """Step in which the outcome came, (policy, run), and whether a run goes on, (policy, run, step)."""
    names = [o.name for o in model.outcomes]
    step = runs["outcome_step"].transpose("policy", "scenario", "outcome").values.astype(np.int64)
    ends = [i for i, o in enumerate(model.outcomes) if o.absorbing]
    ended = np.where(step[..., ends] >= 0, step[..., ends], model.steps).min(axis=-1, initial=model.steps)
    if model.outcomes[names.index(outcome)].otherwise:
        came = np.where(ended == model.steps, model.steps - 1, -1)
    else:
        came = step[..., names.index(outcome)]
    going = np.arange(model.steps) <= ended[..., None]
    return came, np.asarray(going, np.bool_)


def _idle_acts(model: Model) -> set[tuple[str, str]]:
    """Acts that move nothing, (actor, action): they carry nothing further."""
    return {(a.name, x.name) for a in model.actors for x in a.actions if not effects_of(x)}


def _policy(model: Model, name: str) -> Policy:
    return next((p for p in model.policies if p.name == name), Policy(name, name.capitalize()))


def _policies_compared(design: Design) -> dict[str, Any]:
    """Names and titles of the policies; the second empty where there is one."""
    first, second = (*design.policies, "")[:2]
    titles = [_policy(design.model, name).title or name if name else "" for name in (first, second)]
    return {"first": first, "second": second, "first_title": titles[0], "second_title": titles[1]}


def _decided(model: Model, policies: Sequence[str], known: list[Feature]) -> Bools:
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


def _partings(futures: _Futures) -> tuple[list[Parting], float | None, Ints | None]:
    """First differences of pairs that end otherwise, the share of all pairs that part, and when each does."""
    present, came = futures.present, futures.came
    if len(present) < 2:
        return [], None, None
    both = futures.going[0] & futures.going[1]
    free = ~futures.decided.any(axis=0)
    differ = (present[0] != present[1]) & both[:, :, None] & free
    at = differ.any(axis=2)
    step = np.where(at.any(axis=1), at.argmax(axis=1), -1)
    otherwise = np.nonzero(((came[0] >= 0) != (came[1] >= 0)) & (step >= 0))[0]
    found: Counter[tuple[str, str]] = Counter()
    for run in otherwise:
        found.update(_first_differences(futures.features, present[:, run, step[run]], differ[run, step[run]]))
    total = max(1, len(otherwise))
    partings = [Parting(a, b, n / total, n) for (a, b), n in found.most_common(MOST_PARTINGS)]
    return partings, float((step >= 0).mean()), step


def _first_differences(known: list[Feature], happened: Bools, differ: Bools) -> list[tuple[str, str]]:
    """What happens under the one and the other policy, one pair for each actor or event that differs."""
    places: dict[str, list[str]] = {}
    for f in np.nonzero(differ)[0]:
        key = known[f].subject or known[f].name
        pair = places.setdefault(key, ["", ""])
        pair[0 if happened[0, f] else 1] = known[f].title
    return [(a, b) for a, b in places.values()]


def _groups(futures: _Futures, window: int) -> tuple[list[Group], list[tuple[int, int]]]:
    """Groups in which cases are compared, and the cases as (group, run)."""
    present, came, going = futures.present, futures.came, futures.going
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


def _between(futures: _Futures, groups: list[Group], seed: int) -> list[Precursor]:
    """Features that lie before the outcome beyond doubt, the greatest surplus first."""
    found, known = lifts(groups, seed), futures.features
    decided = np.asarray(futures.decided.any(axis=(0, 1)), np.bool_)
    sure = [f for f in range(len(known)) if found.sure[f]]
    sure.sort(key=lambda f: (found.expected[f] - found.share[f], f))
    return [
        Precursor(
            **dataclasses.asdict(known[f]),
            share=float(found.share[f]),
            expected=float(found.expected[f]),
            lift=Estimate(float(found.lift[f]), float(found.low[f]), float(found.high[f])),
            set=bool(decided[f]),
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
        lines = _last_lines(design.only([number], [name]), last)
        result.append(Typical(number, name, float(share), parted, model.date_of(last), lines))
    return sorted(result, key=lambda t: -t.share)


def _last_lines(design: Design, last: int) -> tuple[Line, ...]:
    """The last dates of a future up to a step: what happened, acts that move something, what came of it."""
    idle = _idle_acts(design.model)
    lines = []
    for entry in story(design, thoughts=0).entries:
        if design.model.step_of(entry.at) > last:
            break
        sentences = [
            s.text
            for s in entry.sayings
            if s.kind in ("event", "exchange", "outcome")
            or (s.kind == "act" and (s.subject, s.facts["action"]) not in idle)
        ]
        if sentences:
            lines.append(Line(entry.at, " ".join(sentences)))
    return tuple(lines[-LINES:])


def _too_few(design: Design, outcome: str, cases: int, runs: int) -> str:
    title = outcome_title(design.model, outcome)
    if len(design.policies) > 1:
        return (
            f"only {cases} of {runs:,} paired futures end otherwise as to “{title}” under these policies: "
            "too few to say why. Ask for more runs, or another outcome."
        )
    return (
        f"“{title}” comes in {cases} of {runs:,} futures: too few to say why. Ask for more runs, or another "
        "outcome."
    )
