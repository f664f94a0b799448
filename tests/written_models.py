"""Random models as files: a model of `random_models` as YAML, with claims, evidence and questions about it.

What the models are made of, `random_models` draws; this writes it down as an author would, and adds what no
engine reads: titles, claims with every form of quantity, evidence with its table, and a list of questions.
"""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from offramp import ModelError, OfframpError, load, load_questions, loads
from offramp.language.keys import COUNTS
from offramp.model import Chances, Distribution, Formula, Model
from offramp.tree import (
    Binary,
    Call,
    Compare,
    Logic,
    Negate,
    Node,
    Not,
    Now,
    Number,
    Parameter,
    StepLength,
    Variable,
)
from offramp.truth.fits import check_answers
from random_models import ModelMaker

TABLE = "table.csv"
ASKED = "asked.yaml"
# Formulas that are per month, where the text has to say so; all others of a random model are plain numbers.
_PER_MONTH = {("Variable", "change"), ("Event", "rate"), ("Outcome", "rate"), ("Ladder", "rate")}
# Fields of parts that files call otherwise, and those that `_PARTS` writes.
_RENAMED = {"depth_as": "depth", "horizon_as": "horizon", "inner_horizon_as": "inner_horizon"}
_STILL = ("precision", "discount", "assumed", "initial", "depth_as", "horizon_as", "inner_horizon_as")
_MONTHS = ("horizon_as", "inner_horizon_as")


# ── formulas ──────────────────────────────────────────────────────────────────────────────────────────────


def text(node: Node) -> str:
    """A formula as an author writes it, with every bracket."""
    match node:
        case Number(value):
            return f"{value!r}" if value >= 0 else f"({value!r})"
        case Variable(name) | Parameter(name):
            return name
        case Now():
            return "(now / month)"
        case StepLength():
            return "(dt / month)"
        case Negate(of):
            return f"(-{text(of)})"
        case Not(of):
            return f"(not {text(of)})"
        case Binary(op, left, right) | Compare(op, left, right):
            return f"({text(left)} {op} {text(right)})"
        case Logic(op, parts):
            return f"({f' {op} '.join(map(text, parts))})"
        case Call(function, args):
            return f"{function}({', '.join(map(text, args))})"
    raise AssertionError(f"no text for {node}")


def value_of(value: float | Formula | Distribution, unit: str = "", still: bool = False) -> Any:
    """A number, a prior or a formula; `still`: what stands there does not change, so it reads no `dt`."""
    if isinstance(value, Distribution):
        return f"{value.kind}({', '.join(f'{a!r}' for a in value.args)})"
    if isinstance(value, Formula):
        found = text(value.node)
        found = found.replace("(dt / month)", "0.25") if still else found
        return f"{found} {unit}".strip()
    return value


def chances(given: Chances) -> Any:
    """Chances of types."""
    return {name: "rest" if formula is None else value_of(formula, still=True) for name, formula in given}


def formulas_of(part: Any) -> dict[str, Any]:
    """All keys of a part that hold a formula, whatever they are called."""
    found = {}
    kind = type(part).__name__
    for f in fields(part):
        value = getattr(part, f.name)
        if isinstance(value, Formula):
            unit = "/ month" if (kind, f.name) in _PER_MONTH else "* month" if f.name in _MONTHS else ""
            still = kind in ("Belief", "Learning") or f.name in _STILL
            found[_RENAMED.get(f.name, f.name)] = value_of(value, unit, still)
    return found


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────


def effects(given: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for e in given:
        found.setdefault(e.variable, {"set": value_of(e.amount)} if e.how == "set" else value_of(e.amount))
    return {"effects": found} if found else {}


def variable(part: Any) -> dict[str, Any]:
    found = formulas_of(part)
    if part.initial is not None:
        found["initial"] = value_of(part.initial, still=True)
    if part.bounds is not None:
        found["bounds"] = list(part.bounds)
    return found | ({"saturates": True} if part.saturates else {})


def action(part: Any) -> dict[str, Any]:
    return formulas_of(part) | effects(part.effects)


def signal(part: Any) -> dict[str, Any]:
    found = formulas_of(part) | ({"hidden": True} if part.hidden else {})
    if part.learns is not None:
        found["learns"] = formulas_of(part.learns)
    return found | ({"delay": part.delay} if part.delay else {}) or {"delay": 1}


def actor(part: Any, names: list[str]) -> dict[str, Any]:
    found = formulas_of(part)
    if part.depth and "depth" not in found:
        found["depth"] = part.depth
    for key in ("horizon", "inner_horizon"):
        if getattr(part, key) and key not in found and part.depth:
            found[key] = float(getattr(part, key))
    if not part.depth:
        for key in ("precision", "discount", "horizon", "inner_horizon"):
            found.pop(key, None)
    elif part.depth < 2:
        found.pop("inner_horizon", None)
    if part.depth:
        found.setdefault("precision", 1)
        found.setdefault("horizon", 2)
        found["utility"] = {t.name: value_of(t.formula) for t in part.utility} or {"u": 1}
        if part.beliefs:
            found["beliefs"] = {b.about: belief(b) for b in part.beliefs}
    if part.types:
        found["types"] = {
            t.name: {"parameters": {o.parameter: value_of(o.value, still=True) for o in t.overlays}}
            for t in part.types
        }
        found["true_type"] = chances(part.true_type)
    if part.sees:
        found["sees"] = {s.variable: signal(s) for s in part.sees}
    if part.misreads:
        found["misreads"] = {m.parameter: value_of(m.value, still=True) for m in part.misreads}
    if part.after:
        found["after"] = list(part.after)
    return found | {"actions": {a.name: action(a) for a in part.actions}}


def belief(part: Any) -> dict[str, Any]:
    return formulas_of(part) | {"prior": chances(part.prior)} | ({} if part.learns else {"learns": False})


def event(part: Any, last: date) -> dict[str, Any]:
    found = formulas_of(part) | effects(part.effects)
    if part.on is not None:
        found["on"] = min(part.on, last - timedelta(1))
    if part.branches:
        found["branches"] = {
            b.name: {"probability": "rest" if b.probability is None else value_of(b.probability)}
            | effects(b.effects)
            for b in part.branches
        }
    return found | ({"once": True} if part.once else {})


def outcome(part: Any) -> dict[str, Any]:
    found = formulas_of(part)
    for flag in ("otherwise", "absorbing"):
        if getattr(part, flag):
            found[flag] = True
    for key in ("aim", "aims"):
        if getattr(part, key):
            found[key] = dict(part.aims) if key == "aims" else part.aim
    return found | ({"worth": {a: value_of(f) for a, f in part.worth}} if part.worth else {})


def ladder(part: Any) -> dict[str, Any]:
    def by_side(given: Any) -> dict[str, Any]:
        return {side: value_of(f) for side, f in given}

    rungs = {}
    for r in part.rungs:
        rungs[r.name] = formulas_of(r) | effects(r.effects)
        for key in ("harm", "stakes", "audience_cost"):
            if getattr(r, key):
                rungs[r.name][key] = by_side(getattr(r, key))
    worth = {side: f"(-abs({text(f.node)}))" for side, f in part.war_worth}
    found = formulas_of(part) | {"sides": list(part.sides), "moves": part.moves, "war": part.war}
    return found | {"war_worth": worth, "rungs": rungs}


def intervention(part: Any, last: date) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if part.start is not None:
        found["from"] = min(part.start, last - timedelta(1))
    if part.end is not None and part.end < last:
        found["until"] = part.end
    for key in ("force", "set", "shift"):
        if getattr(part, key):
            found[key] = dict(getattr(part, key))
    for key in ("forbid", "correct"):
        if given := {a: list(names) for a, names in getattr(part, key) if names}:
            found[key] = given
    for key in ("misread", "nudge"):
        for a, name, number in getattr(part, key):
            found.setdefault(key, {}).setdefault(a, {})[name] = number
    for a, about, given in part.believe:
        chance = [*(round(p, 6) for _, p in given[:-1]), "rest"]
        named = dict(zip((n for n, _ in given), chance, strict=True))
        found.setdefault("believe", {}).setdefault(a, {})[about] = named
    return found


# ── a file ────────────────────────────────────────────────────────────────────────────────────────────────


def document(model: Model) -> dict[str, Any]:
    """A model as what YAML writes."""
    found: dict[str, Any] = {
        "model": {"name": "random", "title": "A random model", "illustrative": True},
        "horizon": {"start": model.start, "step": model.step, "steps": model.steps}
        | ({"substeps": model.substeps} if model.substeps > 1 else {}),
        "variables": {v.name: variable(v) for v in model.variables},
        "parameters": {p.name: {"value": value_of(p.value)} for p in model.parameters},
        "actors": {a.name: actor(a, [x.name for x in model.actors]) for a in model.actors},
        "events": {e.name: event(e, model.dates[-1]) for e in model.events},
        "outcomes": {o.name: outcome(o) for o in _one_rest(model)},
        "ladders": {x.name: ladder(x) for x in model.ladders},
        "correlations": {
            c.name: {"of": list(c.of), "correlation": c.correlation} for c in model.correlations
        },
        "policies": {},
    }
    last = model.dates[-1]
    for policy in model.policies:
        if policy.name != "baseline":
            found["policies"][policy.name] = {"do": [intervention(i, last) for i in policy.interventions]}
    return {key: value for key, value in found.items() if value}


def _one_rest(model: Model) -> list[Any]:
    """Outcomes, of which one holds otherwise at most."""
    rest = [o for o in model.outcomes if o.otherwise]
    return [o for o in model.outcomes if o not in rest[1:]]


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def as_yaml(doc: dict[str, Any]) -> str:
    """The text of a file."""
    return yaml.dump(doc, Dumper=_Dumper, sort_keys=False, width=100)


class Maker(ModelMaker):
    """Draws models whose memories and curves are written later: as text they are calls."""

    def with_memories(self, model: Model) -> Model:
        return model


_MAY_REMEMBER = ("change", "equals", "propensity", "cost", "rate", "when", "utility", "effects", "worth")
_CALLS = (
    "smooth({0}, 2 * month)", "smooth({0}, 2 * month, 2, 0.5)", "delay({0}, 3 * month)",
    "was({0}, 1 * month)",
    "delay({0}, 3 * month, 3)", "lookup(bend, {0})", "lookup(line, {0})",
)  # fmt: skip


def with_memories(doc: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """A document in which some formulas read a stock as it was, as it is taken in, or through a curve."""
    stocks = [name for name, v in doc["variables"].items() if "initial" in v]
    if rng.random() < 0.5 or not stocks:
        return doc
    points = {"x": [-1, 0, 0.5, 2], "y": [1, -1, 0, 3]}
    doc = {"lookups": {"bend": points, "line": points | {"extrapolate": True}}} | doc

    def read(value: Any, key: str, within: bool) -> Any:
        within = within or key in _MAY_REMEMBER
        if isinstance(value, dict):
            return {k: read(v, str(k), within) for k, v in value.items()}
        if isinstance(value, list):
            return [read(v, key, within) for v in value]
        name = str(stocks[int(rng.integers(len(stocks)))])
        if not (within and isinstance(value, str) and rng.random() < 0.3):
            return value
        call = _CALLS[int(rng.integers(len(_CALLS)))].format(name)
        return re.sub(rf"\b{name}\b", call, value, count=1)

    parts = ("variables", "actors", "events", "outcomes", "ladders")
    return {k: read(v, k, False) if k in parts else v for k, v in doc.items()}


@dataclass
class Written:
    """A model in a folder.

    Attributes
    ----------
    folder : holds `model.yaml`, `table.csv` and `asked.yaml`
    model : as it was read from there
    """

    folder: Path
    model: Model
    rng: np.random.Generator


def write(seed: int, folder: Path) -> Written:
    """Draw a model and write it into a folder, with as many additions as it bears."""
    deep, ladders = bool(seed % 3 == 1), bool(seed % 3 == 2)
    drawn = Maker(seed, deep=deep, ladders=ladders).model()
    rng = np.random.default_rng([seed, 13])
    folder.mkdir(parents=True, exist_ok=True)
    doc = sound(with_memories(document(drawn), rng))
    extras = Extras(doc, loads(as_yaml(doc)), rng)
    (folder / TABLE).write_text(extras.table(), encoding="utf-8")
    evidence = extras.evidence()
    extras.policies()
    extras.aims()
    extras.claims()
    path = folder / "model.yaml"
    for tried in (evidence, dict(list(evidence.items())[:1]), {}):
        path.write_text(as_yaml(doc | ({"evidence": tried} if tried else {})), encoding="utf-8")
        with contextlib.suppress(ModelError):
            written = Written(folder, load(path), rng)
            extras.asked(folder, path)
            return written
    raise AssertionError(f"seed {seed}: no sound file")


def sound(doc: dict[str, Any]) -> dict[str, Any]:
    """A document without the entries that the checker refuses, such as a policy that contradicts itself.

    A refusal names the line of the first key that it is about; the entry there goes.
    """
    for _ in range(60):
        try:
            loads(as_yaml(doc))
        except ModelError as error:
            _drop(doc, error.problems[0].line)
            continue
        return doc
    raise AssertionError("no sound document is left")


def _drop(doc: dict[str, Any], line: int) -> None:
    """Take out the innermost entry of the document that begins at or before a line of its text."""
    root = yaml.compose(as_yaml(doc), Loader=yaml.CSafeLoader)
    path = _path(root, line - 1)
    # Below the named entry of a section: `variables: x: noise`; a list counts as one key.
    holder: Any = doc
    for step in path[:-1]:
        holder = holder[step]
    if isinstance(holder, list):
        holder.pop(path[-1])
    else:
        holder.pop(path[-1])
    _prune(doc, path)


def _prune(doc: Any, path: list[Any]) -> None:
    """Take out what is empty above what was taken out."""
    for n in range(len(path) - 1, 0, -1):
        holder: Any = doc
        for step in path[: n - 1]:
            holder = holder[step]
        if (
            path[n - 1] in (holder if isinstance(holder, dict) else range(len(holder)))
            and not holder[path[n - 1]]
        ):
            if path[n - 2 : n - 1] == ["actions"]:
                return  # an action may be empty
            holder.pop(path[n - 1])


def _path(node: Any, line: int) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        below = [(k, v) for k, v in node.value if k.start_mark.line <= line]
        if not below:
            return []
        key, value = below[-1]
        return [key.value, *(_path(value, line) if value.start_mark.line <= line else [])]
    if isinstance(node, yaml.SequenceNode) and node.flow_style is False:
        below = [i for i, v in enumerate(node.value) if v.start_mark.line <= line]
        return [below[-1], *_path(node.value[below[-1]], line)] if below else []
    return []


# ── what is said of it ────────────────────────────────────────────────────────────────────────────────────


class Extras:
    """Policies, claims, evidence and questions for a model."""

    def __init__(self, doc: dict[str, Any], model: Model, rng: np.random.Generator) -> None:
        self.doc, self.model, self.rng = doc, model, rng
        self.stocks = [v.name for v in model.variables if not v.is_auxiliary]

    def one_of(self, given: Any) -> Any:
        given = list(given)
        return given[int(self.rng.integers(len(given)))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def day(self) -> date:
        """A day within the horizon, seldom the first of a month."""
        days = (self.model.dates[-1] - self.model.start).days
        return self.model.start + timedelta(int(self.rng.integers(0, days + 1)))

    def days(self) -> list[date]:
        return sorted({self.day(), self.day()})

    def kept(self, section: str, name: str, entry: dict[str, Any]) -> bool:
        """Add an entry to the document unless it is refused."""
        there = self.doc.setdefault(section, {})
        before = there.get(name)
        there[name] = entry
        try:
            loads(as_yaml(self.doc))
        except ModelError:
            del there[name]
            if before is not None:
                there[name] = before
            if not there:
                del self.doc[section]
            return False
        return True

    def policies(self) -> None:
        """A policy that combines, and one for comparisons only."""
        names = [p.name for p in self.model.policies if p.name != "baseline"]
        if names and self.chance(0.5):
            self.kept("policies", "both", {"all of": names, "variant": True})
        if self.chance(0.7):
            number = {self.one_of([*self.stocks, *(p.name for p in self.model.parameters)]): 0.5}
            when = {"from": self.day()} if self.chance(0.5) else {}
            self.kept("policies", "push", {"title": "Push it", "do": [when | {"shift": number}]})

    # Claims

    def acts(self) -> dict[str, Any]:
        who = self.one_of(self.model.actors)
        some = [a.name for a in who.actions if self.chance(0.7)] or [who.actions[0].name]
        return {who.name: some if self.chance(0.7) else some[0]}

    def window(self) -> dict[str, Any]:
        days = self.days()
        found: dict[str, Any] = {"from": days[0]} if self.chance(0.6) else {}
        return found | ({"until": days[-1]} if len(days) > 1 and self.chance(0.6) else {})

    def quantities(self) -> list[dict[str, Any]]:
        """One of every form that this model can have."""
        at = {"at": self.day()} if self.chance(0.6) else {}
        found: list[dict[str, Any]] = [
            {"variable": self.one_of(self.model.variables).name, **at},
            {"variable": self.one_of(self.model.variables).name, **self.window()},
        ]
        if self.model.outcomes:
            found.append({"chance": self.one_of(self.model.outcomes).name, **at})
            begin = {"from": self.day()} if self.chance(0.5) else {}
            found.append({"months_until": self.one_of(self.model.outcomes).name, **begin})
        if self.model.events:
            e = self.one_of(self.model.events)
            found.append({"event": e.name, **self.window()})
            if e.branches and e.on is not None:
                found.append({"event": e.name, "branch": self.one_of(e.branches).name})
        if self.model.actors:
            found.append({"acts": self.acts(), **self.window()})
            within = {"within": int(self.rng.integers(1, 4))} if self.chance(0.5) else {}
            found.append({"acts": self.acts(), "after": self.acts(), **within, **self.window()})
        return found

    def test(self, quantity: dict[str, Any]) -> dict[str, Any]:
        """A test of a quantity, with one of the ten expectations."""
        unit = " * month" if "months_until" in quantity else ""

        def number(value: float) -> Any:
            return f"{value}{unit}" if unit else value

        policies = ["baseline", *self.doc.get("policies", {})]
        expect = self.one_of(
            ("higher", "lower", "not higher", "not lower", "same", "rising", "falling", "above", "below",
             "within")
        )  # fmt: skip
        found: dict[str, Any] = {"quantity": quantity, "expect": expect, "reason": "To see."}
        if expect in ("above", "below", "within"):
            if self.chance(0.5):
                found["policy"] = self.one_of(policies)
            limit = round(float(self.rng.uniform(0.05, 0.9)), 3)
            limits = [number(limit / 2), number(limit)]
            return found | ({"limits": limits} if expect == "within" else {"limit": number(limit)})
        sides = [self.one_of(policies), self.one_of(policies)]
        other = {"policy": sides[1], "quantity": self.one_of(self.quantities()), "title": "The other"}
        return found | {"compare": [sides[0], other if self.chance(0.3) else sides[1]], "by": number(0.05)}

    def aims(self) -> None:
        """What is wanted of outcomes, which no run depends on."""
        for name, entry in self.doc.get("outcomes", {}).items():
            if self.chance(0.5):
                self.kept("outcomes", name, entry | {"aim": self.one_of(("more", "less", "none"))})
            if self.model.actors and self.chance(0.3):
                want = {self.one_of(self.model.actors).name: self.one_of(("more", "less"))}
                self.kept("outcomes", name, self.doc["outcomes"][name] | {"aims": want})

    def claims(self) -> None:
        """A claim of each form that is not refused; some have two tests."""
        for i, quantity in enumerate(self.quantities()):
            tests = [self.test(quantity)]
            if self.chance(0.2):
                tests.append(self.test(self.one_of(self.quantities())))
            self.kept("claims", f"C{i}", {"title": f"Claim {i}", "tests": tests})

    # Evidence and questions

    def table(self) -> str:
        """Rows of a level and of counts, known some days later; one was revised."""
        lines = ["series,date,until,known,value,unit,source,note"]
        start, end = self.model.start, self.model.dates[-1]
        number = int(self.rng.integers(2, 7))
        for k in range(number):
            day = start + timedelta(int((end - start).days * k / number))
            known = day + timedelta(int(self.rng.integers(0, 9)))
            lines.append(f"level,{day},,{known},{self.rng.normal():.3f},,,")
            if self.chance(0.7):
                lines.append(f"count,{day},,{known},{int(self.rng.integers(0, 3))},,,")
            lines.append(f"flag,{day},,{known},{int(self.chance(0.3))},,,")
        return "\n".join(lines) + "\n"

    def evidence(self) -> dict[str, Any]:
        """What may be observed, each with an error of its kind."""
        found: dict[str, Any] = {
            "level": {"observes": self.one_of(self.stocks), "data": TABLE, "series": "level",
                      "error": "normal", "sd": 1.5} | self.one_of(({}, {"lasting": 0.5, "lasts": 2}))
                     | self.one_of(({}, {"share": 0.2})),
        }  # fmt: skip
        counted = [e.name for e in self.model.events if e.on is None]
        counted += [f"{a.name}/{x.name}" for a in self.model.actors for x in a.actions]
        if counted and self.chance(0.6):
            error = self.one_of(COUNTS)
            found["count"] = {
                "observes": self.one_of(counted),
                "data": TABLE,
                "series": "count",
                "error": error,
            }
            if error != "exact":
                found["count"] |= self.one_of(({}, {"listed": 0.8, "stray": 0.3}))
            if error == "negative_binomial":
                found["count"]["dispersion"] = 0.5
            found["count"] |= self.one_of(({}, {"window": 2})) | self.window()
        return found

    def questions(self) -> dict[str, Any]:
        """A list of questions of every kind that this model might be asked; not all can be."""
        stock = self.one_of(self.stocks)
        level, count = ({"data": TABLE, "series": series} for series in ("level", "count"))
        than = {"than": self.one_of(("asking", "mean", "highest")), "plus": 0.1, "over": "3 months"}
        of_level: dict[str, Any] = {
            "level": {"level": stock},
            "above": {"level": stock, "above": 0.2},
            "below": {"level": stock, "below": 0.2},
            "relative": {"level": stock, "above": than},
            "bins": {"level": stock, "bins": [-0.5, 0.5, 1.5]},
            "reaches": {"reaches": stock, "at_least": 0.5},
        }
        found: dict[str, Any] = {n: {"title": n, "of": of, "seen": level} for n, of in of_level.items()}
        found["grows"] = {"title": "Grows", "of": {"grows": stock}, "seen": count}
        for o in self.model.outcomes:
            if o.absorbing:
                seen = {"data": TABLE, "series": "flag", "holds": True}
                found["ends"] = {"title": "Ends", "of": {"ends": o.name}, "seen": seen}
        counted = [e.name for e in self.model.events]
        counted += [f"{a.name}/{x.name}" for a in self.model.actors for x in a.actions]
        counted += [f"{x.name}/{r.name}" for x in self.model.ladders for r in x.rungs]
        if counted:
            thing, rate = self.one_of(counted), {"per_year": self.one_of((0, 1.5)), "source": "a guess"}
            of_count: dict[str, Any] = {
                "happens": {"happens": thing},
                "count": {"count": [thing]},
                "often": {"count": thing, "above": self.one_of((1, {"than": "before"}))},
                "several": {"count": thing, "bins": [1, 3]},
            }
            found |= {n: {"title": n, "of": of, "seen": count} for n, of in of_count.items()}
            found["count"]["base_rate"] = rate
            found["both"] = {"title": "Both", self.one_of(("all_of", "any_of")): ["happens", "above"]}
            found["first"] = {"title": "First", "first_of": ["happens", "reaches"]}
            found["level"] |= {self.one_of(("given", "void_if")): "happens"}
        found["below"]["closes"] = self.day()
        return found

    def asked(self, folder: Path, path: Path) -> None:
        """Write those of the questions that this model can be asked; some are left out by chance."""
        model, end, kept = load(path), self.model.dates[-1], {}
        days = max(1, (end - self.model.start).days)
        origin = self.model.start + timedelta(int(self.rng.integers(0, max(1, days // 2))))
        origin = origin.replace(day=min(origin.day, 28))
        ahead = self.one_of((1, "1 week", f"{max(1, days // 4)} days"))
        head = {"origins": {"from": origin, "until": origin, "months": 1}, "horizons": [ahead]}
        for name, question in self.questions().items():
            if kept and self.chance(0.2):
                continue
            (folder / ASKED).write_text(
                as_yaml(head | {"questions": {**kept, name: question}}), encoding="utf-8"
            )
            with contextlib.suppress(OfframpError):
                check_answers(load_questions(str(folder / ASKED)), model)
                kept[name] = question
        (folder / ASKED).write_text(as_yaml(head | {"questions": kept}), encoding="utf-8")


def is_finite(value: Any) -> bool:
    """Whether every number in what JSON held is one."""
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    if isinstance(value, list):
        return all(map(is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
