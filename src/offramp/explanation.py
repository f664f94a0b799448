"""A model as plain values, ready for `json.dumps`: in full for `explain`, in outline for what runs say of it.

The conversion follows the dataclasses of `offramp.model`. `explain` shows every field of every part; tables
say only what is named, ordered or computed otherwise, so that a new field needs no line here.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any, get_args, get_type_hints

from offramp import anatomy
from offramp.given import need
from offramp.model import (
    Base,
    Belief,
    Chances,
    Distribution,
    Event,
    Evidence,
    Formula,
    LayerChange,
    Misreading,
    Model,
    Origin,
    Outcome,
    Overlay,
    Parameter,
    Variable,
)
from offramp.tree import parameters_in

SECTIONS = (
    "summary", "actors", "variables", "lookups", "memories", "parameters", "correlations", "events",
    "outcomes", "ladders", "policies", "evidence", "claims", "guesses", "sources", "extends",
)  # fmt: skip


def explain(model: Model) -> dict[str, Any]:
    """Everything in a model, resolved and cross-referenced, as plain values ready for `json.dumps`.

    Beyond the file itself it says what each variable depends on and what moves it, which dates matter, which
    true value stands beside each misreading, which numbers are guesses and how often each source is used.

    Returns
    -------
    One entry for each of `SECTIONS`; docs/reference/commands.md describes them.
    """
    need(model, "Model")
    plain = Explained(model)
    special = {
        "summary": _summary(model),
        "events": plain.all(calendar(model)),
        "guesses": [
            {"kind": part.kind, "name": part.path, "reason": origin.reason, "sources": list(origin.sources)}
            for part, origin in guesses(model)
        ],
        "extends": plain.all(changes(model.base)),
    }
    return {name: special[name] if name in special else plain.all(getattr(model, name)) for name in SECTIONS}


def _summary(model: Model) -> dict[str, Any]:
    base = model.base
    below = {"file": base.file, "hash": base.hash, "changes": len(base.changes)} if base is not None else None
    return {
        "name": model.name,
        "title": model.title,
        "text": model.summary,
        "file": model.file,
        "hash": model.hash,
        "extends": below,
        "illustrative": model.illustrative,
        "start": model.start.isoformat(),
        "end": model.dates[-1].isoformat(),
        "step": model.step,
        "steps": model.steps,
        "substeps": model.substeps,
        "counts": counts(model),
    }


def changes(base: Base | None) -> tuple[LayerChange, ...]:
    """What a model says otherwise than the one that it extends, then what that says otherwise, and so on."""
    return () if base is None else (*base.changes, *changes(base.base))


def counts(model: Model) -> dict[str, int]:
    """How much of everything there is. `sourced` and `guesses` count parts of the model, some are both."""
    found = list(anatomy.parts(model))
    kinds = Counter(part.kind for part in found)
    backed = [part.origin for part in found if part.origin is not None]
    return {
        "variables": kinds["variable"],
        "stocks": len(model.stocks),
        "auxiliaries": kinds["variable"] - len(model.stocks),
        "parameters": kinds["parameter"],
        "correlations": kinds["correlation"],
        "lookups": kinds["curve"],
        "memories": kinds["remembered"],
        "uncertain": sum(isinstance(p.value, Distribution) for p in model.parameters),
        "actors": kinds["actor"],
        "actions": kinds["action"],
        "misreadings": kinds["misreading"],
        "beliefs": kinds["belief"],
        "dated_events": sum(e.on is not None for e in model.events),
        "random_events": sum(e.on is None for e in model.events),
        "outcomes": kinds["outcome"],
        "ladders": kinds["ladder"],
        "policies": kinds["policy"],
        "evidence": kinds["evidence"],
        "claims": kinds["claim"],
        "sources": kinds["source"],
        "sourced": sum(bool(origin.sources) for origin in backed),
        "guesses": sum(origin.guess for origin in backed),
    }


def guesses(model: Model) -> Iterator[tuple[anatomy.Part, Origin]]:
    """Every part that holds a guess, with its origin, in the order of the file."""
    for part in anatomy.parts(model):
        if part.origin is not None and part.origin.guess:
            yield part, part.origin


def calendar(model: Model) -> list[Event]:
    """Events: dated ones by date, then random ones in the order of the file."""
    return sorted(model.events, key=lambda e: (e.on is None, e.on or model.start))


def written(value: float | Formula | Distribution | None) -> str | None:
    """A value as the file has it, in one line."""
    if value is None:
        return None
    return f"{value:.15g}" if isinstance(value, int | float) else " ".join(_text(value).split())


def _text(value: Formula | Distribution) -> str:
    if isinstance(value, Distribution):
        return value.text or f"{value.kind}({', '.join(f'{x:g}' for x in value.args)})"
    return value.text


# ---------------------------------------------------------------------- what is computed


class Facts:
    """What a model says of its parts elsewhere than where they stand."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @cached_property
    def moves(self) -> Mapping[str, list[anatomy.Mover]]:
        """What moves each variable, in the order of the file."""
        found = defaultdict(list)
        for move in anatomy.moves(self.model):
            found[move.target].append(move)
        return found

    @cached_property
    def used(self) -> Counter[str]:
        """How many parts rest on each source, by its key."""
        origins = (part.origin for part in anatomy.parts(self.model))
        cited = ([s.split(maxsplit=1)[0] for s in o.sources if s] for o in origins if o is not None)
        return Counter(key for keys in cited for key in set(keys))

    def depends_on(self, variable: Variable) -> tuple[list[str], list[str]]:
        """Variables and parameters that the formulas of a variable read, but for its initial value."""
        nodes = [f.node for key, _, f in anatomy.formulas_of(variable) if key not in anatomy.BEFORE_A_RUN]
        variables = {name for node in nodes for name in anatomy.read_in(self.model, node)}
        behind = (part for node in nodes for part in anatomy.behind(self.model, node))
        parameters = {name for part in behind for name in parameters_in(part)}
        return (
            [v.name for v in self.model.variables if v.name in variables],
            [p.name for p in self.model.parameters if p.name in parameters],
        )

    def misread_by(self, parameter: Parameter) -> list[str]:
        """Names of the actors that misread a parameter."""
        return [a.name for a in self.model.actors for m in a.misreads if m.parameter == parameter.name]

    def misread(self, misreading: Misreading) -> Parameter:
        """The parameter that is misread."""
        return next(p for p in self.model.parameters if p.name == misreading.parameter)

    def true_type(self, belief: Belief) -> Chances:
        """The chances of the types of the actor that a belief is about."""
        return next(a.true_type for a in self.model.actors if a.name == belief.about)

    def in_horizon(self, event: Event) -> bool:
        """Whether an event can happen while the model runs."""
        return event.on is None or 0 <= self.model.step_of(event.on) < self.model.steps


def _moved_by(facts: Facts, variable: Variable) -> list[dict[str, Any]]:
    return [
        {
            "kind": "event" if move.by.kind == "branch" else move.by.kind,
            "name": move.by.path,
            "how": move.how,
            "amount": written(move.amount),
        }
        for move in facts.moves.get(variable.name, ())
    ]


def _kind_of_outcome(_: Facts, outcome: Outcome) -> str:
    if outcome.otherwise:
        return "otherwise"
    return "when" if outcome.when is not None else "rate" if outcome.rate is not None else "ladder"


def _if_counted(key: str) -> Callable[[Facts, Evidence], Any]:
    return lambda _, evidence: getattr(evidence, key) if evidence.counts else None


def _unless_zero(key: str) -> Callable[[Facts, Any], Any]:
    return lambda _, part: getattr(part, key) or None


_COMPUTED: dict[str, Callable[[Facts, Any], Any]] = {
    "variable.kind": lambda _, v: "auxiliary" if v.is_auxiliary else "stock",
    "variable.depends_on": lambda facts, v: dict(
        zip(("variables", "parameters"), facts.depends_on(v), strict=True)
    ),
    "variable.moved_by": _moved_by,
    "parameter.uncertain": lambda _, p: isinstance(p.value, Distribution),
    "parameter.misread_by": Facts.misread_by,
    "misreading.unit": lambda facts, m: facts.misread(m).unit,
    "misreading.truth": lambda facts, m: written(facts.misread(m).value),
    "belief.truth": lambda facts, b: _chances(facts.true_type(b), written),
    "event.kind": lambda _, e: "random" if e.on is None else "dated",
    "event.in_horizon": Facts.in_horizon,
    "branch.probability": lambda _, b: "rest" if b.probability is None else written(b.probability),
    "outcome.kind": _kind_of_outcome,
    **{f"evidence.{key}": _unless_zero(key) for key in ("sd", "share", "lasting", "lasts")},
    **{f"evidence.{key}": _if_counted(key) for key in ("listed", "stray", "window")},
    "evidence.rows": lambda _, e: len(e.rows),
    "evidence.first": lambda _, e: min(r.day for r in e.rows).isoformat() if e.rows else None,
    "evidence.last_known": lambda _, e: max(r.known for r in e.rows).isoformat() if e.rows else None,
    "test.policies": lambda _, t: [side.policy for side in t.sides],
    "test.least": _unless_zero("least"),
    "test.limits": lambda _, t: [v if math.isfinite(v) else None for v in t.limits],
    "test.unit": lambda _, t: t.sides[0].quantity.unit,
    "layerchange.path": lambda _, c: ".".join(c.path),
    "source.used": lambda facts, s: facts.used[s.key],
}


def _chances(chances: Chances, write: Callable[[Formula], str | None]) -> list[dict[str, Any]]:
    return [{"type": name, "chance": "rest" if f is None else write(f)} for name, f in chances]


# ---------------------------------------------------------------------- how parts become plain values


class Explained:
    """Every field of every part. `KEYS` gives the order, and the names of keys that differ (`key=field`)."""

    KEYS: Mapping[str, str] = {
        "variable": "name title unit kind initial change equals noise bounds saturates headline"
        " depends_on moved_by",
        "parameter": "name title unit value uncertain misread_by",
        "remembered": "name function of time order start",
        "curve": "name title unit x_unit x y extrapolate",
        "actor": "name title depth horizon inner_horizon precision discount wants=utility misreads sees types"
        " true_type beliefs actions",
        "term": "term=name formula",
        "misreading": "parameter title unit takes_it_for=value truth",
        "belief": "about prior truth",
        "type": "name title parameters=overlays",
        "action": "name title when effects cost habit=propensity",
        "event": "name title date=on in_horizon",
        "ladder": "name title sides rate first",
        "policy": "name title all_of=parts variant do=interventions",
        "intervention": "from=start until=end",
        "evidence": "name title observes data series error sd share lasting lasts listed stray window"
        " from=start until=end rows first last_known hash",
        "claim": "name title tests",
        "test": "title policies expect least limits unit reason",
        "quantity": "kind name branch acts after within at from=start until",
        "source": "key title date url note used",
    }
    # What a key above already says, or what no reader needs.
    LEFT_OUT = frozenset(
        {"remembered.steady", "remembered.changes", "evidence.kind", "test.line", "source.origin"}
    )
    BACKING: tuple[str, ...] = ("sources", "guess", "reason", "file", "line")
    complete = True  # fields that KEYS does not name follow those that it names

    def __init__(self, model: Model) -> None:
        self.facts = Facts(model)

    def all(self, parts: tuple[Any, ...] | list[Any]) -> Any:
        """Several parts."""
        return [self.of(part) for part in parts]

    def of(self, part: Any) -> dict[str, Any]:
        """One part."""
        keys = self._keys(anatomy.kind_of(part), _hints(part))
        found = {key: self._value(part, key, field) for key, field in keys}
        if hasattr(part, "origin") and f"{anatomy.kind_of(part)}.origin" not in self.LEFT_OUT:
            found |= {key: self._convert(getattr(part.origin, key), tuple[str]) for key in self.BACKING}
        return found

    def _keys(self, kind: str, fields_: Iterable[str]) -> Iterator[tuple[str, str]]:
        """(key, field) in the order in which they are shown."""
        named = [key.partition("=") for key in self.KEYS.get(kind, "").split()]
        yield from ((key, field or key) for key, _, field in named)
        if self.complete:
            known = {field or key for key, _, field in named} | {"origin"}
            for name in fields_:
                if not (name in known or name.endswith("_as") or f"{kind}.{name}" in self.LEFT_OUT):
                    yield name, name

    def _value(self, part: Any, key: str, field: str) -> Any:
        computed = _COMPUTED.get(f"{anatomy.kind_of(part)}.{key}")
        if computed is not None:
            return computed(self.facts, part)
        formula = getattr(part, f"{field}_as", None)  # that stands in place of a number
        if formula is not None:
            return self.write(formula)
        return self._convert(getattr(part, field), _hints(part)[field])

    def _convert(self, value: Any, hint: Any) -> Any:
        """A value of a field; `hint` is the type that the field is declared to have."""
        if Formula in (among := (hint, *get_args(hint))) or Distribution in among:
            return self.write(value)
        if hint == Chances:
            return self.chances(value)
        if isinstance(value, date):
            return value.isoformat()
        if not isinstance(value, tuple):
            return self.of(value) if is_dataclass(value) else value
        if _is_mapping(hint):
            return self._nested(value, hint)
        return self.all(value) if is_dataclass(get_args(hint)[0]) else list(value)

    def _nested(self, rows: tuple[Any, ...], hint: Any) -> dict[str, Any]:
        """(actor, name, value) as {actor: {name: value}}, to any depth."""
        of_value = get_args(get_args(hint)[0])[-1]
        result: dict[str, Any] = {}
        for *path, name, value in rows:
            at = result
            for step in path:
                at = at.setdefault(step, {})
            at[name] = self._convert(value, of_value)
        return result

    def write(self, value: float | Formula | Distribution | None) -> str | None:
        """A number, prior or formula as text."""
        return written(value)

    def chances(self, chances: Chances) -> Any:
        """Chances of types."""
        return _chances(chances, self.write)


class Outline(Explained):
    """What runs say about their model: some keys of each part, parts by name, text as written."""

    KEYS: Mapping[str, str] = {
        "variable": "title unit kind initial bounds headline",
        "parameter": "title unit value uncertain",
        "actor": "title depth horizon inner_horizon after actions misreads sees types true_type beliefs",
        "action": "title",
        "misreading": "title value",
        "signal": "hidden bias noise delay learns",
        "learning": "sd drift noise",
        "type": "title parameters=overlays",
        "belief": "prior learns confirmation_bias fading floor",
        "event": "title kind date=on branches",
        "branch": "title",
        "outcome": "title kind absorbing aim aims",
        "ladder": "title sides moves war rungs",
        "rung": "title",
        "source": "title date url note",
        "policy": "title",
    }
    BACKING = ("sources", "guess", "reason")
    complete = False

    def all(self, parts: tuple[Any, ...] | list[Any]) -> Any:
        """Several parts by name; values that a type gives to parameters stand there alone."""
        return {
            anatomy.name_of(part): self.write(part.value) if isinstance(part, Overlay) else self.of(part)
            for part in parts
        }

    def write(self, value: float | Formula | Distribution | None) -> str | None:
        """As the model file has it, line breaks included."""
        if value is None:
            return ""
        return repr(value) if isinstance(value, int | float) else _text(value)

    def chances(self, chances: Chances) -> Any:
        """Type -> chance."""
        return {c["type"]: c["chance"] for c in _chances(chances, self.write)}


def _hints(part: Any) -> dict[str, Any]:
    kind: type = type(part)
    return _hints_of(kind)


@cache
def _hints_of(kind: type) -> dict[str, Any]:
    """Field -> the type that it is declared to have."""
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}


@cache
def _is_mapping(hint: Any) -> bool:
    """Whether a type is that of rows that begin with a name: `tuple[tuple[str, ...], ...]`."""
    of_rows = get_args(hint)
    return len(of_rows) == 2 and of_rows[1] is ... and get_args(of_rows[0])[:1] == (str,)
