"""Models made at random, with every construct of the language, for holding two engines together.

They mean nothing. Formulas are drawn as trees, so that also odd ones occur: some divide by what may be 0
or take the log of what may be negative, and some runs fail. Where rounding could decide, it is kept from
deciding too often: stocks that matter have bounds.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any, get_args, get_type_hints

import numpy as np

from offramp.dates import Calendar
from offramp.language.formula import write_call
from offramp.language.formula_lookup import curve
from offramp.language.memories import Memories
from offramp.model import (
    Action,
    Actor,
    Belief,
    Branch,
    Chances,
    Correlation,
    Curve,
    Distribution,
    Effect,
    Event,
    Formula,
    Intervention,
    Ladder,
    Learning,
    Misreading,
    Model,
    Outcome,
    Overlay,
    Parameter,
    Policy,
    Rung,
    Signal,
    Term,
    Type,
    Variable,
    constant,
)
from offramp.tree import Binary, Call, Compare, Logic, Negate, Node, Not, Now, Number, StepLength, replaced
from offramp.tree import Parameter as ParameterName
from offramp.tree import Variable as VariableName

START = date(2020, 6, 1)


class ModelMaker:
    """Draws a model; the same seed gives the same one."""

    def __init__(self, seed: int, deep: bool = False, ladders: bool = False) -> None:
        """`deep`: actors of all depths that have types and beliefs, in a model small enough to think it
        through slowly; otherwise of depth 0 and 1, without types. `ladders`: at least two actors, and
        exchanges between them."""
        self.rng = np.random.default_rng(seed)
        self.of_priors = np.random.default_rng([seed, 1])  # apart: priors change nothing else of a model
        self.turns = np.random.default_rng([seed, 2])  # apart as well: who moves after whom
        self.of_time = np.random.default_rng([seed, 3])  # and how long a step is
        self.of_estimates = np.random.default_rng([seed, 4])
        self.deep = deep
        self.ladders = ladders
        self.parameters = [f"p{i}" for i in range(self.count(2, 5))]
        self.stocks = [f"s{i}" for i in range(self.count(2, 6))]
        self.auxiliaries = [f"a{i}" for i in range(self.count(0, 4))]
        self.readable: list[str] = list(self.stocks)
        self.wild = self.chance(0.05 if deep else 0.15)  # formulas that may not be finite

    def count(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def one_of(self, *values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def prior(self) -> Distribution:
        """Any kind of prior: a continuum, some values, counts."""
        kinds = (
            *[Distribution("normal", (0.0, 1.0))] * 4,  # whose tails are what makes some runs fail
            Distribution("uniform", (-1.0, 1.0)),
            Distribution("choice", (-1.0, 0.5, 0.0, 0.2, 2.0, 0.3)),
            Distribution("poisson", (0.7,)),
            Distribution("binomial", (3.0, 0.4)),
        )
        return kinds[int(self.of_priors.integers(len(kinds)))]

    def part(self, kind: type[Any], **given: Any) -> Any:
        """A part of a model; a key that takes a formula and is not given gets one, or none.

        So a key that the language gains is drawn here before anybody writes it down.
        """
        hints = get_type_hints(kind)
        for field in fields(kind):
            if field.name not in given and Formula in get_args(hints[field.name]):
                given[field.name] = self.formula() if self.chance(0.5) else None
        return kind(**given)

    # Formulas

    def number(self) -> Node:
        return Number(float(np.round(self.rng.normal(), 3)))

    def leaf(self, variables: list[str]) -> Node:
        """`variables`: names that may be read; without any, the formula is one of parameters only."""
        kind = self.one_of("number", "variable", "variable", "parameter", "parameter", "now", "dt")
        if kind == "variable" and variables:
            return VariableName(self.one_of(*variables))
        if kind == "parameter":
            return ParameterName(self.one_of(*self.parameters))
        if kind == "now" and variables:
            return Binary("*", Number(0.1), Now())
        return StepLength() if kind == "dt" else self.number()

    def tree(self, variables: list[str], depth: int = 3) -> Node:
        if depth == 0 or self.chance(0.25):
            return self.leaf(variables)

        def sub() -> Node:
            return self.tree(variables, depth - 1)

        kinds = [
            "+",
            "-",
            "*",
            "negate",
            "min",
            "max",
            "clip",
            "where",
            "logistic",
            "exp",
            "root",
            "power",
            "abs",
        ]
        if self.wild:
            kinds += ["/", "log", "sqrt", "free power"]
        match self.one_of(*kinds):
            case "negate":
                return Negate(sub())
            case "min":
                return Call("min", tuple(sub() for _ in range(self.count(2, 3))))
            case "max":
                return Call("max", (sub(), self.number(), sub()))
            case "clip":
                return write_call("clip", (sub(), Number(-2.0), Number(3.0)))
            case "where":
                return Call("where", (self.condition(variables, depth - 1), sub(), sub()))
            case "logistic":
                return write_call("logistic", (sub(),))
            case "exp":
                return Call("exp", (Call("min", (sub(), Number(2.0))),))
            case "root":
                return Call("sqrt", (Call("abs", (sub(),)),))
            case "power":
                held = write_call("clip", (sub(), Number(-2.0), Number(2.0)))
                return Binary("**", held, self.one_of(Number(2.0), Number(3.0), Number(0.0)))
            case "abs":
                return Call("abs", (sub(),))
            case "log":
                return Call("log", (sub(),))
            case "sqrt":
                return Call("sqrt", (sub(),))
            case "free power":
                return Binary("**", sub(), self.one_of(sub(), Number(0.5), Negate(Number(2.0)), Number(1.5)))
            case op:
                return Binary(op, sub(), sub())

    def condition(self, variables: list[str], depth: int = 2) -> Node:
        kind = self.one_of("compare", "compare", "compare", "logic", "not")
        if depth <= 0 or kind == "compare":
            op = self.one_of("<", "<=", ">", ">=", "!=")
            return Compare(op, self.tree(variables, 1), self.tree(variables, 1))
        if kind == "not":
            return Not(self.condition(variables, depth - 1))
        parts = tuple(self.condition(variables, depth - 1) for _ in range(self.count(2, 3)))
        return Logic(self.one_of("and", "or"), parts)

    def formula(self, scale: float = 1.0, depth: int = 3, variables: list[str] | None = None) -> Formula:
        node = self.tree(self.readable if variables is None else variables, depth)
        return Formula("", node if scale == 1.0 else Binary("*", Number(scale), node))

    def probability(self) -> Formula:
        return Formula("", write_call("logistic", (self.tree(self.readable, 2),)))

    # Parts of the model

    def variable(self, name: str) -> Variable:
        initial = self.one_of(self.prior(), self.formula(variables=[], depth=1))
        kind = self.one_of("held", "held", "held", "bounded", "free")
        return self.part(
            Variable, name=name, title=name, unit="", initial=initial, equals=None,
            change=self.formula(0.3) if self.chance(0.7) else None,
            noise=self.formula(0.3, depth=1) if self.chance(0.4) else None,
            bounds={"held": (-3.0, 3.0), "bounded": (-12.0, 12.0), "free": None}[kind],
            saturates=kind == "held",
        )  # fmt: skip

    def effects(self, most: int = 3) -> tuple[Effect, ...]:
        return tuple(
            Effect(self.one_of(*self.stocks), self.one_of("add", "add", "set"), self.formula(0.5))
            for _ in range(self.count(0, most))
        )

    def branches(self) -> tuple[Branch, ...]:
        if self.chance(0.5):
            return (
                Branch("b0", "", Formula("", Number(0.25)), self.effects(2)),
                Branch("b1", "", Formula("", Number(0.75)), self.effects(2)),
            )
        given = [Branch(f"b{i}", "", self.probability(), self.effects(2)) for i in range(self.count(1, 2))]
        given.insert(self.count(0, len(given)), Branch("rest", "", None, self.effects(1)))
        return tuple(given)

    def action(self, i: int) -> Action:
        return self.part(
            Action, name=f"m{i}", title="", effects=self.effects(),
            when=Formula("", self.condition(self.readable)) if i and self.chance(0.4) else None,
            cost=self.formula() if self.chance(0.5) else None,
            propensity=self.formula() if self.chance(0.6) else None,
            attributed=self.formula() if self.deep and self.chance(0.3) else None,
        )  # fmt: skip

    def signal(self, name: str) -> Signal:
        if self.chance(0.3):
            assumed = self.formula(variables=[], depth=1) if self.chance(0.5) else None
            return self.part(Signal, variable=name, hidden=True, assumed=assumed, bias=None, noise=None)
        return self.part(
            Signal,
            variable=name,
            assumed=None,
            bias=self.formula(0.5, depth=1) if self.chance(0.6) else None,
            noise=self.formula(0.5, depth=1) if self.chance(0.6) else None,
            delay=self.count(0, 3),
        )

    def actor(self, i: int) -> Actor:
        depth = self.count(0, 1)
        seen = [s for s in self.stocks if self.chance(0.3)] if self.chance(0.7) else []
        misread = [p for p in self.parameters if self.chance(0.3)] if self.chance(0.7) else []
        return self.part(
            Actor, name=f"x{i}", title="", depth=depth, depth_as=None, horizon_as=None, inner_horizon_as=None,
            actions=tuple(self.action(a) for a in range(self.count(1, 4))),
            horizon=float(self.rng.uniform(0.0, 4.0)) if depth else 0.0,
            precision=self.formula(0.5, variables=[], depth=1) if depth else None,
            discount=Formula("", Number(self.one_of(0.9, 0.0, 1.0))) if self.chance(0.7) else None,
            utility=tuple(Term(f"u{t}", self.formula()) for t in range(self.count(0, 2))),
            sees=tuple(self.signal(s) for s in seen),
            misreads=tuple(
                Misreading(
                    p, self.one_of(self.prior(), self.formula(variables=[], depth=1))
                )
                for p in misread
            ),
        )  # fmt: skip

    # Minds

    def chances(self, names: list[str]) -> Chances:
        """A chance for each name; sometimes one is certain."""
        certain = self.count(0, len(names) - 1) if self.chance(0.2) else None
        if certain is not None:
            return tuple((n, constant(float(k == certain))) for k, n in enumerate(names))
        rest = self.count(0, len(names) - 1)
        return tuple(
            (n, None if k == rest else Formula("", Number(float(self.rng.uniform(0.0, 0.5)))))
            for k, n in enumerate(names)
        )

    def held(self, high: float) -> Formula | None:
        """A share for learning: often absent, sometimes at an end, sometimes beyond."""
        if self.chance(0.3):
            return None
        node = self.one_of(
            Number(0.0), Number(high), Number(0.4 * high), Number(0.8 * high), self.tree([], 1),
            Number(0.4 * high),
        )  # fmt: skip
        return Formula("", node)

    def thinking(self, actor: Actor, most: int) -> Actor:
        """The actor with a depth up to `most`, and a horizon of few steps."""
        depth = self.count(0, most)
        if not depth:
            return replace(actor, depth=0, horizon=0.0, inner_horizon=None)
        steps = {1: 4, 2: 3, 3: 2}[depth]
        return replace(
            actor, depth=depth, horizon=self.count(1, steps) * self.dt,
            inner_horizon=self.one_of(None, None, 1.0, 2.0, 9.0) and self.count(1, 2) * self.dt,
            precision=self.formula(0.5, variables=[], depth=1),
        )  # fmt: skip

    def typed(self, actor: Actor, parameters: list[str]) -> Actor:
        """The actor with types that give values to some parameters."""
        types = tuple(
            Type(
                f"t{k}", "",
                tuple(
                    Overlay(
                        p,
                        self.one_of(self.prior(), self.formula(variables=[], depth=1)),
                    )
                    for p in parameters
                ),
            )
            for k in range(self.count(2, 3))
        )  # fmt: skip
        if len(types) == 3 and len(parameters) == 1:  # two that are one
            types = (*types[:-1], replace(types[-1], overlays=types[0].overlays))
        return replace(actor, types=types, true_type=self.chances([t.name for t in types]))

    def believing(self, actor: Actor, others: list[Actor]) -> Actor:
        beliefs = tuple(
            self.part(
                Belief, about=about.name, prior=self.chances([t.name for t in about.types]),
                learns=self.chance(0.8),
                confirmation_bias=self.held(1.0), fading=self.held(1.0), floor=self.held(0.3),
            )
            for about in others
        )  # fmt: skip
        return replace(actor, beliefs=beliefs)

    def with_minds(self, actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
        """Some of the actors typed, some with beliefs about them, each with a depth of its own."""
        most = self.count(1, 3)
        free = list(self.parameters)
        result = []
        for actor in actors:
            actor = self.thinking(actor, most)
            some = [p for p in free if self.chance(0.5)]
            if some and self.chance(0.7):
                actor = self.typed(actor, some)
                free = [p for p in free if p not in some]
            result.append(actor)
        typed = [a for a in result if a.types]
        return tuple(self.believing(a, [t for t in typed if t is not a and self.chance(0.8)]) for a in result)

    def in_stages(self, actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
        """Some of the actors move after some of those who come before them in a random order."""
        order = [actors[i].name for i in self.turns.permutation(len(actors))]
        earlier = {name: [o for o in order[:n] if self.turns.random() < 0.6] for n, name in enumerate(order)}
        return tuple(replace(a, after=tuple(earlier[a.name])) for a in actors)

    def with_estimates(self, actor: Actor) -> Actor:
        """The actor, who learns of some of the stocks that it does not see as they are."""
        usual, self.rng = self.rng, self.of_estimates
        sees = tuple(self.estimated(s) if self.chance(0.5) else s for s in actor.sees)
        self.rng = usual
        return replace(actor, sees=sees)

    def estimated(self, signal: Signal) -> Signal:
        def spread() -> Formula:
            number = Formula("", Number(self.one_of(0.0, 0.3, 1.0, 2.0)))
            return self.one_of(number, number, self.formula(variables=[], depth=1))

        return replace(
            signal,
            assumed=self.formula(variables=[], depth=1) if self.chance(0.5) else None,
            learns=Learning(
                sd=spread(),
                drift=spread() if self.chance(0.7) else None,
                noise=spread() if self.chance(0.4) and not signal.hidden else None,
            ),
        )

    def event(self, i: int) -> Event:
        branches = self.branches() if self.chance(0.5) else ()
        effects = self.effects() if not branches or self.chance(0.3) else ()
        if self.chance(0.5):
            day = START + timedelta(days=self.count(0, 300))
            return self.part(
                Event, name=f"e{i}", title="", on=day, rate=None, effects=effects, branches=branches
            )
        return self.part(
            Event, name=f"e{i}", title="", once=self.chance(0.3), rate=self.formula(0.5), effects=effects,
            branches=branches,
        )  # fmt: skip

    def outcome(self, i: int, actors: tuple[Actor, ...]) -> Outcome:
        worth = tuple((a.name, self.formula(3.0)) for a in actors if self.chance(0.5))
        kind = self.one_of("rate", "when", "otherwise") if i else "rate"
        high = Formula("", Compare(">", self.tree(self.readable, 1), Number(1.5)))
        if kind == "otherwise":
            return Outcome(f"o{i}", "", otherwise=True)
        absorbing = self.chance(0.6)
        return self.part(
            Outcome, name=f"o{i}", title="", absorbing=absorbing, worth=worth if absorbing else (),
            rate=self.formula(0.05) if kind == "rate" else None,
            when=high if kind == "when" else None,
        )  # fmt: skip

    def by_side(self, sides: tuple[str, str], scale: float = 1.0) -> tuple[tuple[str, Formula], ...]:
        return tuple((side, self.formula(scale, 2)) for side in sides if self.chance(0.7))

    def rung(self, i: int, sides: tuple[str, str]) -> Rung:
        control = Formula("", Binary("*", Number(0.4), self.probability().node))
        return self.part(
            Rung, name=f"r{i}", title="",
            # Sometimes beyond 0 and 1, where it is held.
            loses_control=self.one_of(control, control, control, self.formula(0.3, 1), None),
            harm=self.by_side(sides, 0.3), stakes=self.by_side(sides), audience_cost=self.by_side(sides, 0.5),
            effects=self.effects(2),
        )  # fmt: skip

    def ladder(self, i: int, actors: tuple[Actor, ...], wars: list[str]) -> Ladder:
        one, other = (actors[k].name for k in self.rng.permutation(len(actors))[:2])
        moves = self.count(1, 5)
        rate = self.one_of(
            self.formula(0.5, 2), Formula("", Binary("*", Number(2.0), self.probability().node))
        )
        return self.part(
            Ladder, name=f"l{i}", title="", sides=(one, other), rate=rate, moves=moves,
            war=self.one_of(*wars),
            war_worth=tuple((side, self.formula(3.0, 1)) for side in (one, other)),
            rungs=tuple(self.rung(r, (one, other)) for r in range(self.count(1, min(4, moves + 1)))),
            first=self.one_of(None, Formula("", Number(1.0)), self.probability(), self.formula(depth=1)),
        )  # fmt: skip

    def with_ladders(self, model: Model) -> Model:
        """The model with one or two ladders, and an outcome that only they can bring."""
        worth = tuple((a.name, self.formula(3.0)) for a in model.actors if self.chance(0.7))
        only = Outcome("war", "", absorbing=True, worth=worth)
        outcomes = [*model.outcomes]
        outcomes.insert(self.count(0, len(outcomes)), only)
        wars = ["war", "war", *(o.name for o in outcomes if o.absorbing)]
        ladders = tuple(self.ladder(i, model.actors, wars) for i in range(self.count(1, 2)))
        return replace(model, outcomes=tuple(outcomes), ladders=ladders)

    def policy(self, actors: tuple[Actor, ...]) -> Policy:
        interventions = []
        for _ in range(self.count(1, 3)):
            start, end = sorted(START + timedelta(days=self.count(0, 330)) for _ in range(2))
            some = [a for a in actors if self.chance(0.6)]
            names = [*self.parameters, *self.stocks]
            interventions.append(
                Intervention(
                    start=None if self.chance(0.3) else start,
                    end=None if self.chance(0.3) else end,
                    force=tuple((a.name, self.one_of(*a.actions).name) for a in some if self.chance(0.5)),
                    forbid=tuple(
                        (a.name, tuple(x.name for x in a.actions if self.chance(0.4))) for a in some
                    ),
                    set=tuple((n, float(self.rng.normal())) for n in names if self.chance(0.2)),
                    shift=tuple((n, float(self.rng.normal())) for n in names if self.chance(0.2)),
                )
            )
        return Policy("meddle", "", tuple(interventions))

    def persuasion(self, actors: tuple[Actor, ...], interventions: tuple[Intervention, ...]) -> Policy:
        """The interventions with changes of what actors think beside them."""
        types = {a.name: [t.name for t in a.types] for a in actors}
        result = []
        for step in interventions:
            believe = []
            for actor in actors:
                for b in actor.beliefs:
                    chances = self.rng.dirichlet(np.ones(len(types[b.about])))
                    pairs = tuple(zip(types[b.about], map(float, chances), strict=True))
                    if self.chance(0.5):
                        believe.append((actor.name, b.about, pairs))
            result.append(
                replace(
                    step,
                    correct=tuple(
                        (a.name, tuple(n for n in a.correctable if self.chance(0.4))) for a in actors
                    ),
                    misread=tuple(
                        (a.name, p, float(self.rng.normal()))
                        for a in actors
                        for p in self.parameters
                        if self.chance(0.2)
                    ),
                    believe=tuple(believe),
                    nudge=tuple(
                        (a.name, x.name, float(self.rng.normal()))
                        for a in actors
                        for x in a.actions
                        if self.chance(0.3)
                    ),
                )
            )
        return Policy("meddle", "", tuple(result))

    def model(self) -> Model:
        parameters = tuple(Parameter(p, p, "", self.one_of(0.5, self.prior())) for p in self.parameters)
        auxiliaries = []
        for name in self.auxiliaries:  # each may read those before it
            auxiliaries.append(Variable(name, name, "", equals=self.formula()))
            self.readable.append(name)
        stocks = [self.variable(s) for s in self.stocks]
        order = self.rng.permutation(len(stocks) + len(auxiliaries))
        variables = tuple([*stocks, *auxiliaries][i] for i in order)
        fewest = 2 if self.deep or self.ladders else 0
        actors = tuple(self.actor(i) for i in range(self.count(fewest, 3)))
        step = self.one_of("month", "week")
        most = 5 if self.deep else 10 if step == "month" else 20
        if self.of_time.random() < 0.35:
            step = str(self.of_time.choice(["day", "quarter", "year"], p=[0.4, 0.4, 0.2]))
        if self.deep:
            self.dt = Calendar(START, step).step_length
            actors = self.with_minds(actors)
        if self.turns.random() < 0.4:
            actors = self.in_stages(actors)
        actors = tuple(self.with_estimates(a) for a in actors)
        model = Model(
            name="random", title="", summary="", sources=(), start=START, step=step,
            steps=self.count(3, most),
            variables=variables, parameters=parameters, actors=actors,
            events=tuple(self.event(i) for i in range(self.count(0, 4))),
            outcomes=tuple(self.outcome(i, actors) for i in range(self.count(0, 4))),
            policies=(Policy("baseline", ""), self.persuasion(actors, self.policy(actors).interventions)),
            auxiliary_order=tuple(self.auxiliaries), illustrative=True,
            substeps=int(self.of_time.choice([1, 2, 3, 7], p=[0.7, 0.1, 0.1, 0.1])),
        )  # fmt: skip
        model = self.with_correlations(model)
        model = self.with_ladders(model) if self.ladders else model
        return self.with_memories(model) if self.of_time.random() < 0.5 else model

    def with_memories(self, model: Model) -> Model:
        """The model with some variables read as they were, as they are taken in, or through a curve."""
        rng, memories = self.of_time, Memories(model)
        names = [*self.stocks, *self.auxiliaries]  # each reads those before it
        for name in [n for n in names if rng.random() < 0.5][:3]:
            of = Formula(name, VariableName(name))
            months = Number(float(model.step_length * rng.uniform(1.0, 6.0)))
            time = Formula("", months if rng.random() < 0.5 else Binary("+", months, self.a_parameter()))
            start = Formula("", self.a_parameter()) if rng.random() < 0.4 else None
            kind = str(rng.choice(["smooth", "delay", "was", "lookup"]))
            order = int(rng.integers(1, 4))
            if kind == "lookup":
                table = Curve("", "", "", "", (-1.0, 0.0, 0.5, 2.0), (1.0, -1.0, 0.0, 3.0))
                node = curve(replace(table, extrapolate=bool(rng.random() < 0.5)), of.node)
            elif kind == "was":
                node = memories.past(f"was({name})", of, time, order, start)
            else:
                node = memories.stages(f"{kind}({name})", kind, of, time, order, start)
            model = self.read_otherwise(model, {of.node: node})
        return replace(model, memories=tuple(memories.found.values()))

    def a_parameter(self) -> Node:
        return ParameterName(str(self.of_time.choice(self.parameters)))

    def read_otherwise(self, part: Any, nodes: dict[Node, Node]) -> Any:
        """A part of a model in which about half of the formulas have other nodes in place of some."""
        if isinstance(part, Formula):
            return replace(part, node=replaced(part.node, nodes)) if self.of_time.random() < 0.5 else part
        if isinstance(part, tuple):
            return tuple(self.read_otherwise(item, nodes) for item in part)
        if not is_dataclass(part) or isinstance(part, Signal):  # `assumed` reads parameters
            return part
        kept = ("initial", "memories", "discount", "precision")
        changed = {f.name: getattr(part, f.name) for f in fields(part) if f.name not in kept}
        return replace(part, **{name: self.read_otherwise(value, nodes) for name, value in changed.items()})

    def with_correlations(self, model: Model) -> Model:
        """Some of what is drawn goes together."""
        drawn = [x.name for x in model.parameters if isinstance(x.value, Distribution)]
        drawn += [x.name for x in model.stocks if isinstance(x.initial, Distribution)]
        if len(drawn) < 2:
            return model
        one = Correlation("c0", "Together", tuple(drawn[:3]), float(self.of_priors.uniform(-0.4, 0.9)))
        return replace(model, correlations=(one,))
