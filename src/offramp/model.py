"""A checked model: frozen values, every name resolved, nothing doubtful left.

`offramp.load` builds these; later stages trust them. Order is the order of the file, except that
`Model.auxiliaries` stands in an order in which each can be computed from those before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from offramp.dates import DAYS_PER_MONTH as DAYS_PER_MONTH
from offramp.dates import Calendar, Step
from offramp.errors import Problem
from offramp.tree import Node, Number

MOST_AHEAD = 1000  # steps that anybody looks ahead


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a thing stands in the model file and what backs its numbers."""

    line: int = 0
    column: int = 0
    sources: tuple[str, ...] = ()  # each begins with a key of Model.sources, e.g. "account P4"
    guess: bool = False
    reason: str = ""  # why this value, above all where it is a guess
    file: str = ""  # in which it stands: the model's own, or the one that it extends


How = Literal["added", "changed", "removed"]


@dataclass(frozen=True, slots=True)
class LayerChange:
    """What a file that extends another says otherwise. Text is empty where it is no single value."""

    how: How
    path: tuple[str, ...]  # keys from the top: ("parameters", "tension_fade", "value")
    was: str = ""
    now: str = ""
    line: int = 0
    file: str = ""  # that says so: the one that extends, or a chapter of it


@dataclass(frozen=True, slots=True)
class Base:
    """The model that another extends."""

    file: str
    hash: str  # as of any model
    changes: tuple[LayerChange, ...] = ()  # what the other says otherwise
    base: Base | None = None  # that it extends itself


@dataclass(frozen=True, slots=True)
class File:
    """A file that a model is written in."""

    file: str  # in messages
    path: str  # from the folder of the model's own file; `bundled/...` where it comes with offramp
    text: str = field(repr=False)
    data: bytes = field(repr=False)
    own: bool = True  # not of what the model extends
    place: Path | None = None  # on this computer; None for what comes with offramp, and for text


@dataclass(frozen=True, slots=True)
class Formula:
    """A checked formula: its text as written, its tree, the unit of its value."""

    text: str
    node: Node
    unit: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Distribution:
    """A prior. `kind` and `args` as in docs/reference/model-file.md, e.g. normal (mean, sd)."""

    kind: str
    args: tuple[float, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Something that a number or a mechanism rests on."""

    key: str
    title: str
    date: str = ""
    url: str = ""
    note: str = ""
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    title: str
    unit: str
    value: float | Distribution
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Correlation:
    """Uncertain parameters and stocks at the start whose draws go together, each pair of them alike."""

    name: str
    title: str
    of: tuple[str, ...]  # two or more
    correlation: float  # of normal scores: src/offramp/copula.py
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Variable:
    """A stock (`change` may be None: it moves by effects alone) or an auxiliary (`equals`)."""

    name: str
    title: str
    unit: str
    initial: Formula | Distribution | None = None  # stocks only
    change: Formula | None = None  # stocks only, unit per month
    equals: Formula | None = None  # auxiliaries only
    noise: Formula | None = None  # standard deviation over one month, in the variable's unit
    bounds: tuple[float, float] | None = None
    saturates: bool = False  # held at its bounds; otherwise leaving them fails the run
    headline: bool = False  # shown first
    origin: Origin = Origin()

    @property
    def is_auxiliary(self) -> bool:
        return self.equals is not None


@dataclass(frozen=True, slots=True)
class Remembered:
    """A call of `smooth`, `delay` or `was` in a formula, and the hidden stocks it is made of: its places.

    A `smooth` or a `delay` has a place for each of its stages, 1 to `order`, which changes as a stock does; a
    `was` has one for what it follows as it was 0 to `order` steps ago.
    """

    name: str  # the call as written
    function: Literal["smooth", "delay", "was"]
    of: Formula  # what it follows
    time: Formula  # months
    order: int
    steady: Formula  # value of every place where `of` has long been what it is
    start: Formula  # value of every place at the start, in the state there
    changes: tuple[tuple[str, Formula], ...] = ()  # (place, what it gains per month)

    @property
    def places(self) -> tuple[str, ...]:
        """Names of its places, in the order in which what it follows goes through them."""
        return places_of(self.name, self.function, self.order)

    @property
    def hidden(self) -> tuple[Variable, ...]:
        """Its places as stocks."""
        changes = dict(self.changes)
        return tuple(Variable(place, place, "", change=changes.get(place)) for place in self.places)


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve through points, linear in between."""

    name: str
    title: str
    unit: str  # of y
    x_unit: str
    x: tuple[float, ...]  # rising
    y: tuple[float, ...]
    extrapolate: bool = False  # beyond its ends on along the outermost lines; otherwise flat
    origin: Origin = Origin()


def places_of(name: str, function: str, order: int) -> tuple[str, ...]:
    """Names of the places of a memory. No name in a file can be like them."""
    return tuple(f"{name} #{i}" for i in range(0 if function == "was" else 1, order + 1))


@dataclass(frozen=True, slots=True)
class Effect:
    """`add` adds the amount to the stock; `set` moves the stock to the amount."""

    variable: str
    how: Literal["add", "set"]
    amount: Formula


@dataclass(frozen=True, slots=True)
class Action:
    name: str
    title: str
    effects: tuple[Effect, ...] = ()
    when: Formula | None = None  # None: always available
    cost: Formula | None = None  # points, paid once when chosen
    propensity: Formula | None = None  # log-weight of habit; None: 0
    attributed: Formula | None = None  # 0..1, how surely others know who did it; None: 1
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Term:
    """One named part of an actor's utility, in points per month."""

    name: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class Learning:
    """How an actor works out what it cannot see. Formulas read parameters only, in the unit of the stock."""

    sd: Formula  # of its estimate at the start
    drift: Formula | None = None  # standard deviation of how the stock strays over a month; None: 0
    noise: Formula | None = None  # what it takes the noise of what it sees for; None: as it is


@dataclass(frozen=True, slots=True)
class Signal:
    """How an actor sees one stock. Not listed: seen as it is."""

    variable: str
    hidden: bool = False
    assumed: Formula | None = None  # supposed of a hidden stock, or where an estimate begins; None: as it is
    bias: Formula | None = None
    noise: Formula | None = None  # standard deviation
    delay: int = 0  # steps
    learns: Learning | None = None  # None: what it sees is what it takes the stock for
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Misreading:
    """One parameter that an actor takes to be other than it is."""

    parameter: str
    value: Formula | Distribution  # a formula reads the TRUE parameters
    title: str = ""
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Overlay:
    """A value that a type gives to a parameter."""

    parameter: str
    value: Formula | Distribution  # a formula reads the parameters as drawn, before any type


@dataclass(frozen=True, slots=True)
class Type:
    """What an actor might be like: values of some parameters, the same ones in every type of the actor."""

    name: str
    title: str
    overlays: tuple[Overlay, ...] = ()  # in the order of the actor's first type
    origin: Origin = Origin()


# A chance for each type of an actor, in the order of its types; None: the rest.
Chances = tuple[tuple[str, Formula | None], ...]


@dataclass(frozen=True, slots=True)
class Belief:
    """What an actor believes of another's type, and how it learns. Formulas read parameters only."""

    about: str
    prior: Chances
    learns: bool = True
    confirmation_bias: Formula | None = None  # 0..1; None: 0
    fading: Formula | None = None  # per month, 0..1; None: 0
    floor: Formula | None = None  # 0..1 / number of types; None: 0
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Actor:
    name: str
    title: str
    actions: tuple[Action, ...]
    depth: int = 0  # 0: habit; L = 1 to 3: looks ahead, supposing that the others choose at level L - 1
    horizon: float = 0.0  # months looked ahead
    precision: Formula | None = None  # 1/points; parameters only
    discount: Formula | None = None  # per month, 0..1; parameters only
    utility: tuple[Term, ...] = ()
    sees: tuple[Signal, ...] = ()
    misreads: tuple[Misreading, ...] = ()
    inner_horizon: float | None = None  # months that it supposes others to look ahead; None: half its steps
    types: tuple[Type, ...] = ()
    true_type: Chances = ()  # empty without types; a fixed type has chance 1
    beliefs: tuple[Belief, ...] = ()
    # Formulas of parameters in place of the numbers, read once in a scenario; `depth` is then the greatest.
    depth_as: Formula | None = None
    horizon_as: Formula | None = None  # months
    inner_horizon_as: Formula | None = None  # months
    after: tuple[str, ...] = ()  # actors whose moves of a step it sees before it moves itself
    origin: Origin = Origin()

    @property
    def estimates(self) -> tuple[Signal, ...]:
        """Those of its signals from which it learns."""
        return tuple(s for s in self.sees if s.learns is not None)

    @property
    def correctable(self) -> tuple[str, ...]:
        """What a policy can make it get right: parameters it misreads, stocks in `sees`, others it judges."""
        names = [m.parameter for m in self.misreads]
        names += [s.variable for s in self.sees]
        names += [b.about for b in self.beliefs]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Branch:
    name: str
    title: str
    probability: Formula | None  # None: the rest
    effects: tuple[Effect, ...] = ()
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Event:
    """Dated (`on`) or random (`rate` per month, Poisson)."""

    name: str
    title: str
    on: date | None = None
    rate: Formula | None = None
    once: bool = False  # random events only: at most one in a step
    effects: tuple[Effect, ...] = ()
    branches: tuple[Branch, ...] = ()
    origin: Origin = Origin()


Aim = Literal["more", "less", "none"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Exactly one of `when`, `rate`, `otherwise`; none where only the war of a ladder brings it."""

    name: str
    title: str
    when: Formula | None = None  # a condition that becomes true
    rate: Formula | None = None  # a hazard per month
    otherwise: bool = False  # true where no absorbing outcome has come
    absorbing: bool = False  # the run ends
    worth: tuple[tuple[str, Formula], ...] = ()  # actor -> points per month once absorbed
    aim: Aim | None = None  # what is wanted of it; None: the file does not say
    aims: tuple[tuple[str, Aim], ...] = ()  # actor -> what it wants of it, where that is not `aim`
    origin: Origin = Origin()


# A formula for some of the two sides of a ladder, in points; 0 for one that is not there.
BySide = tuple[tuple[str, Formula], ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a ladder: what it is to stand on it."""

    name: str
    title: str
    loses_control: Formula | None = None  # chance that a move to here, or staying here, ends in war; None: 0
    harm: BySide = ()  # what each side bears for every move after which the exchange stands here
    stakes: BySide = ()  # what a side gains if the other stands down here
    audience_cost: BySide = ()  # what a side pays that stands down here
    effects: tuple[Effect, ...] = ()  # where this is the highest rung reached
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Ladder:
    """An exchange of a few days between two actors who climb, match or stand down."""

    name: str
    title: str
    sides: tuple[str, str]
    rate: Formula  # per month; opens at most once in a step
    moves: int  # 1 to 20, then it peters out
    war: str  # the absorbing outcome that loss of control brings
    war_worth: BySide  # both sides
    rungs: tuple[Rung, ...]  # lowest first
    first: Formula | None = None  # chance that the side named first moves first; None: 0.5
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Intervention:
    """In force from the step that contains `start` until the step that contains `end`.

    `correct`, `misread`, `believe` and `nudge` change what an actor thinks, everything else what is.
    """

    start: date | None = None  # None: from the beginning
    end: date | None = None  # None: to the end; the step that contains it is no longer in force
    force: tuple[tuple[str, str], ...] = ()  # (actor, action)
    forbid: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (actor, actions)
    set: tuple[tuple[str, float], ...] = ()  # parameter: held while in force; stock: once, at start
    shift: tuple[tuple[str, float], ...] = ()  # the same, added
    correct: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (actor, some of Actor.correctable)
    misread: tuple[tuple[str, str, float], ...] = ()  # (actor, parameter, what it takes it for)
    # (actor, about whom, chances of all types in their order): once, at start
    believe: tuple[tuple[str, str, tuple[tuple[str, float], ...]], ...] = ()
    nudge: tuple[tuple[str, str, float], ...] = ()  # (actor, action, added to its propensity)


@dataclass(frozen=True, slots=True)
class Policy:
    """One made in code has an origin without a line; `offramp.Design` takes it beside those of the file."""

    name: str
    title: str
    interventions: tuple[Intervention, ...] = ()  # those of `parts` first
    parts: tuple[str, ...] = ()  # policies that it combines
    origin: Origin = Origin()
    variant: bool = False  # there for comparisons only: nobody could choose it


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a series of evidence."""

    day: date  # that it describes, or first day of the period
    until: date | None  # last day of the period; None: a day
    known: date  # on which it could be known
    value: float
    source: str = ""
    note: str = ""
    line: int = 0  # in its CSV file
    id: str = ""  # what rows that replace one another share, whatever days they give

    @property
    def last(self) -> date:
        """The last day that it describes."""
        return self.until or self.day

    @property
    def key(self) -> tuple[str, ...]:
        """What it is a version of: of the rows of a series with the same key the last known counts."""
        if self.id:
            return (self.id,)
        return (self.day.isoformat(), self.last.isoformat(), self.source)


def latest(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Of rows that replace one another the last known; in the order given."""
    every = tuple(rows)
    newest = {row.key: row for row in sorted(every, key=lambda r: r.known)}
    return tuple(row for row in every if newest[row.key] is row)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A series of data that observes a variable, an event or an action, and how far it can be off."""

    name: str
    title: str
    observes: str  # a variable, an event, or ACTOR/ACTION
    kind: Literal["variable", "event", "action"]
    data: str  # bundled table, or file beside the model
    series: str
    error: Literal["normal", "lognormal", "exact", "binomial", "poisson", "negative_binomial"]
    sd: float = 0.0  # normal: standard deviation, in the unit of the variable
    share: float = 0.0  # normal: of the value, added in squares; lognormal: standard deviation of the log
    lasting: float = 0.0  # normal, lognormal: share of the error's variance that lasts
    lasts: float = 0.0  # months in which what lasts fades to 1/e
    listed: float = 1.0  # counts: share of what happens that gets into the series
    stray: float = 0.1  # counts: entries per month that stand for nothing in the model
    dispersion: float = 0.0  # negative_binomial: variance is mean + dispersion * mean**2
    window: int = 1  # counts: steps counted together
    start: date | None = None  # only from here on; None: from the model's start
    end: date | None = None  # until here; None: to the model's end
    rows: tuple[Row, ...] = ()
    hash: str = ""  # SHA-256 of the bytes of the file
    origin: Origin = Origin()

    @property
    def counts(self) -> bool:
        """Whether rows say how often something came, not how much of it there was."""
        return self.kind != "variable"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number that a future has. Which names and dates matter depends on `kind`.

    chance: whether outcome `name` has come by `at`. months: until it comes, counted from `start`. variable:
    `name` at `at`, or averaged from `start` to `until`. acts: how often `acts` are taken from `start` until
    `until`. event: how often `name` happens then, in `branch` if there is one. answered: of the steps with an
    act of `after`, the share followed by one of `acts` within so many steps (`within`).
    """

    kind: Literal["chance", "months", "variable", "acts", "event", "answered"]
    name: str = ""
    branch: str = ""
    acts: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (actor, actions)
    after: tuple[tuple[str, tuple[str, ...]], ...] = ()
    within: int = 1
    at: date | None = None  # None: the end
    start: date | None = None  # None: from the start
    until: date | None = None  # None: to the end
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ClaimSide:
    """What a test holds against others: a quantity under a policy."""

    policy: str
    quantity: Quantity
    title: str = ""


Expectation = Literal[
    "higher", "lower", "not higher", "not lower", "same", "rising", "falling", "above", "below", "within"
]


@dataclass(frozen=True, slots=True)
class Test:
    """One thing that a claim says about the model.

    Of several sides the first is held against each other one (`rising`, `falling`: each against the one
    before); `least` is the smallest difference of interest. Of one side the quantity is held against
    `limits`.
    """

    sides: tuple[ClaimSide, ...]
    expect: Expectation
    least: float = 0.0  # in the unit of the quantity
    limits: tuple[float, float] = (-math.inf, math.inf)
    title: str = ""
    reason: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that the account says, as an experiment: it is supported if all of its tests are."""

    name: str
    title: str
    tests: tuple[Test, ...]
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    title: str
    summary: str
    sources: tuple[Source, ...]
    start: date
    step: Step
    steps: int
    variables: tuple[Variable, ...]
    parameters: tuple[Parameter, ...]
    actors: tuple[Actor, ...] = ()
    events: tuple[Event, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    policies: tuple[Policy, ...] = ()  # "baseline" comes first; it does nothing unless the file says so
    claims: tuple[Claim, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    auxiliary_order: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    illustrative: bool = False  # numbers are there to teach, none needs a source
    file: str = "<text>"
    hash: str = ""  # SHA-256 of the file's bytes, hexadecimal; of its chapters too, and of what it extends
    files: tuple[File, ...] = ()  # its own, its chapters, then those of what it extends
    tables: tuple[File, ...] = ()  # of its evidence, without those that come with offramp
    base: Base | None = None  # the model that it extends
    lookups: tuple[Curve, ...] = ()
    memories: tuple[Remembered, ...] = ()  # each after those that its start reads
    substeps: int = 1  # parts of a step in which `change` is integrated
    noticed: tuple[Problem, ...] = ()  # of its files, such as one that is no chapter; not wrong

    def __repr__(self) -> str:
        """In one line, as at a prompt; `offramp.explain` has all of it."""
        last = self.dates[-1].isoformat()
        return (
            f"Model({self.name!r}: {self.title!r}, {self.start.isoformat()} to {last}, {len(self.variables)} "
            f"variables, {len(self.actors)} actors, {len(self.outcomes)} outcomes)"
        )

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files on this computer that it was read from, its tables among them."""
        return tuple(f.place for f in (*self.files, *self.tables) if f.place is not None)

    @property
    def text(self) -> str:
        """The text of its own file."""
        return self.files[0].text if self.files else ""

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.start, self.step)

    @property
    def step_length(self) -> float:
        """Months in one step."""
        return self.calendar.step_length

    @property
    def suppositions(self) -> tuple[tuple[str, str, str], ...]:
        """(actor, about whom, type) for each type in each belief: actor by actor, as in the file."""
        types = {a.name: [t.name for t in a.types] for a in self.actors}
        return tuple((a.name, b.about, t) for a in self.actors for b in a.beliefs for t in types[b.about])

    @property
    def estimates(self) -> tuple[tuple[str, str], ...]:
        """(actor, stock) for each stock that an actor estimates: actor by actor, as in the file."""
        return tuple((a.name, s.variable) for a in self.actors for s in a.estimates)

    @property
    def expectations(self) -> tuple[tuple[str, str], ...]:
        """(actor, of whom) for each actor of depth 1 or more and each other actor, as in the file."""
        return tuple(
            (a.name, b.name) for a in self.actors if a.depth >= 1 for b in self.actors if b.name != a.name
        )

    @property
    def stages(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the actors that move at once in a step, stage by stage; one stage without `after`.

        An actor moves in the first stage that comes after those of all whom it names.
        """
        stage = stages_of({a.name: a.after for a in self.actors})
        return tuple(
            tuple(i for i, a in enumerate(self.actors) if stage[a.name] == g)
            for g in range(1 + max(stage.values(), default=0))
        )

    @property
    def stocks(self) -> tuple[Variable, ...]:
        return tuple(v for v in self.variables if not v.is_auxiliary)

    @property
    def carried(self) -> tuple[Variable, ...]:
        """All that one step hands on to the next: stocks, then the places of memories."""
        return (*self.stocks, *(place for memory in self.memories for place in memory.hidden))

    @property
    def auxiliaries(self) -> tuple[Variable, ...]:
        """In an order in which each reads only stocks and those before it."""
        by_name = {v.name: v for v in self.variables}
        return tuple(by_name[n] for n in self.auxiliary_order)

    @property
    def dates(self) -> tuple[date, ...]:
        """Start of every step and the end of the last: steps + 1 dates."""
        return tuple(self.date_of(k) for k in range(self.steps + 1))

    def date_of(self, k: int) -> date:
        """First day of step k."""
        return self.calendar.date_of(k)

    def months_at(self, day: date) -> float:
        """Months from the start to `day`; whole steps land on whole multiples of step_length."""
        return self.calendar.months_at(day)

    def step_of(self, day: date) -> int:
        """Number of the step that contains `day` (negative before the start)."""
        return self.calendar.step_of(day)


def stages_of(after: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Actors -> the stage of a step in which each moves, from those after whom it moves; without circles.

    >>> stages_of({"a": (), "b": ("a",), "c": ("a", "b"), "d": ()})
    {'a': 0, 'b': 1, 'c': 2, 'd': 0}
    """
    stage = dict.fromkeys(after, 0)
    for _ in after:
        stage = {name: max((stage[other] + 1 for other in some), default=0) for name, some in after.items()}
    return stage


def constant(value: float) -> Formula:
    """A formula that is one number."""
    return Formula(text=repr(value), node=Number(value))
