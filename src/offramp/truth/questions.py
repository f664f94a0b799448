"""Questions that events answer: what is asked, how a table resolves it, and what a model says.

The list for the United States and Iran is src/offramp/crises/questions/us-iran.yaml; its head says what each
form means. A question is asked of a time after an origin, so it stands for many: every origin and horizon.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np

from offramp.engine.inputs import Floats, Outputs
from offramp.errors import UsageError
from offramp.language.tables import read_table
from offramp.model import Model, Row

Kind = Literal["binary", "count", "continuous"]
# The share of the way between two readings is only read off where both are this near.
NEAR = timedelta(days=120)
_FORMS = ("happens", "count", "level", "reaches", "grows", "ends")
_BINARY = ("happens", "reaches", "grows", "ends")


@dataclass(frozen=True, slots=True)
class Question:
    """One question, to be asked at many origins and horizons.

    Attributes
    ----------
    form : how it is answered; targets : of which events, actions, rungs, variables or outcomes
    above, below : thresholds of a level; at_least : of `reaches`
    table, series, holds : what resolves it
    base_rate : per year, from data on crises; None where there is none
    topic : what it belongs to, in words; empty for none
    """

    name: str
    title: str
    form: str
    targets: tuple[str, ...]
    series: str
    table: str
    holds: bool = False
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    base_rate: float | None = None
    base_source: str = ""
    rows: tuple[Row, ...] = ()
    topic: str = ""

    @property
    def kind(self) -> Kind:
        if self.form == "count":
            return "count"
        return "binary" if self.form in _BINARY or self.has_threshold else "continuous"

    @property
    def has_threshold(self) -> bool:
        return self.above is not None or self.below is not None

    @property
    def counts_rows(self) -> bool:
        """Whether rows of the series are counted, not read."""
        return not self.holds and self.form in ("happens", "count", "reaches", "grows", "ends")

    def passed(self, value: Floats) -> Floats:
        """1 where a level is beyond the threshold."""
        beyond = value > self.above if self.above is not None else value < (self.below or 0.0)
        found: Floats = beyond.astype(np.float64)
        return found

    def answer(self, origin: date, horizon: date, known: date = date.max) -> float | None:
        """What happened, 0 or 1 for yes and no; None where the table does not tell."""
        rows = [r for r in self.rows if r.known <= known]
        if self.counts_rows:
            count = sum(r.value for r in rows if origin <= r.day < horizon)
            return float(count) if self.form == "count" else float(count > 0)
        value = self.reading(horizon, known)
        if value is None:
            return None
        if self.form == "grows":
            before = self.reading(origin, known)
            return None if before is None else float(value - before > 0.5)
        if self.form in ("reaches", "ends"):
            return float(value > 0.5)
        return float(self.passed(np.array([value]))[0]) if self.has_threshold else value

    def reading(self, day: date, known: date = date.max) -> float | None:
        """The level on a day as published by `known`, or None where no reading is near."""
        rows = sorted((r for r in self.rows if r.known <= known), key=lambda r: (_middle(r), r.known))
        latest = {_middle(r): r.value for r in rows}  # of revisions the last
        days = sorted(latest)
        i = bisect_right(days, day)
        if self.holds:
            return latest[days[i - 1]] if i else (latest[days[0]] if days else None)
        before, after = (days[i - 1] if i else None), (days[i] if i < len(days) else None)
        if before == day:
            return latest[day]
        if before is None or after is None or max(day - before, after - day) > NEAR:
            return None
        part = (day - before) / (after - before)
        return latest[before] + part * (latest[after] - latest[before])

    def last_level(self, day: date) -> tuple[date, float] | None:
        """The latest reading described and known by a day."""
        rows = [r for r in self.rows if r.known <= day and _middle(r) <= day]
        if not rows:
            return None
        row = max(rows, key=lambda r: (_middle(r), r.known))
        return _middle(row), row.value

    def said(self, model: Model, outputs: Outputs, first: int, last: int) -> Floats:
        """What each run says: (run,), 0 or 1 for yes and no, a count or a level.

        Parameters
        ----------
        first, last : the step that begins at the origin, and the one that begins at the horizon
        """
        if self.form in ("happens", "count"):
            total = np.sum([_happened(model, outputs, t)[:, first:last] for t in self.targets], axis=(0, 2))
            return np.asarray(np.minimum(total, 1.0) if self.form == "happens" else total, dtype=np.float64)
        if self.form == "ends":
            o = [x.name for x in model.outcomes].index(self.targets[0])
            step = outputs.outcome[:, o]
            return np.asarray((step >= first) & (step < last), dtype=np.float64)
        v = [x.name for x in model.variables].index(self.targets[0])
        path = outputs.state[:, :, v]
        if self.form == "reaches":
            assert self.at_least is not None
            return np.asarray(path[:, first + 1 : last + 1].max(axis=1) >= self.at_least, dtype=np.float64)
        if self.form == "grows":
            return np.asarray(path[:, last] - path[:, first] > 0.5, dtype=np.float64)
        return np.array(path[:, last])


@dataclass(frozen=True, slots=True)
class Questions:
    """A list of questions with the origins and horizons at which they are asked."""

    name: str
    model: str
    questions: tuple[Question, ...]
    origins: tuple[date, ...]
    horizons: tuple[int, ...]  # months
    hash: str  # of the list and of the tables that resolve it


def bundled_questions() -> tuple[str, ...]:
    """Names of the lists that come with offramp."""
    folder = resources.files("offramp.crises") / "questions"
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def load_questions(name: str) -> Questions:
    """Read a list of questions: a bundled one by name, or a YAML file, with its tables beside it.

    Raises
    ------
    UsageError
        If there is none, or something in it is wrong.
    """
    import yaml

    bundled = name in bundled_questions()
    if bundled:
        data = (resources.files("offramp.crises") / "questions" / f"{name}.yaml").read_bytes()
    else:
        try:
            data = Path(name).read_bytes()
        except OSError as error:
            there = ", ".join(bundled_questions())
            raise UsageError(
                f"there is no list of questions `{name}` ({error.strerror}). Bundled: {there}."
            ) from error
    try:
        told = yaml.safe_load(data)
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is not YAML: {error}") from error
    if not isinstance(told, dict) or not isinstance(told.get("questions"), dict):
        raise UsageError(f"{name} holds no `questions`.")
    folder = None if bundled else Path(name).parent
    tables: dict[str, Any] = {}
    digest = hashlib.sha256(data)
    found = []
    for key, entry in told["questions"].items():
        found.append(_question(str(key), entry, tables, folder, name))
    for table in sorted(tables):
        digest.update(tables[table].hash.encode())
    origins = _dates(told.get("origins"), name)
    horizons = told.get("horizons") or [1, 3, 6, 12]
    return Questions(
        Path(name).stem,
        str(told.get("model", "")),
        tuple(found),
        origins,
        tuple(horizons),
        digest.hexdigest(),
    )


def check_answers(questions: Questions, model: Model) -> None:
    """Make sure that a model can answer every question.

    Raises
    ------
    UsageError
        If a question names something that the model does not have.
    """
    variables = {v.name for v in model.variables}
    moves = {f"{a.name}/{x.name}" for a in model.actors for x in a.actions}
    events = {e.name for e in model.events}
    rungs = {f"{ladder.name}/{rung.name}" for ladder in model.ladders for rung in ladder.rungs}
    outcomes = {o.name for o in model.outcomes if o.absorbing}
    acts = moves | events | rungs
    for question in questions.questions:
        may = {"happens": acts, "count": acts, "ends": outcomes}.get(question.form, variables)
        for target in question.targets:
            if target not in may:
                raise UsageError(
                    f"question `{question.name}` asks for `{target}`, which `{model.name}` does not have."
                )


def _question(name: str, entry: Any, tables: dict[str, Any], folder: Path | None, file: str) -> Question:
    def wrong(message: str) -> UsageError:
        return UsageError(f"{file}, question `{name}`: {message}")

    if (
        not isinstance(entry, dict)
        or not isinstance(entry.get("of"), dict)
        or not isinstance(entry.get("seen"), dict)
    ):
        raise wrong("it needs `of` (what a model answers with) and `seen` (what resolves it).")
    of, seen = entry["of"], entry["seen"]
    forms = [f for f in _FORMS if f in of]
    if len(forms) != 1:
        raise wrong(f"`of` has one of {', '.join(_FORMS)}.")
    form = forms[0]
    if form == "reaches" and "at_least" not in of:
        raise wrong("`reaches` needs `at_least`.")
    targets = of[form] if isinstance(of[form], list) else [of[form]]
    table = _table(str(seen.get("data", "")), tables, folder, wrong)
    series = str(seen.get("series", ""))
    if series not in table.series:
        raise wrong(f"{table.file} has no series `{series}`.")
    base = entry.get("base_rate") or {}
    return Question(
        name=name,
        title=str(entry.get("title", name)),
        form=form,
        targets=tuple(map(str, targets)),
        series=series,
        table=str(seen["data"]),
        holds=bool(seen.get("holds", False)),
        above=of.get("above"),
        below=of.get("below"),
        at_least=of.get("at_least"),
        base_rate=base.get("per_year"),
        base_source=str(base.get("source", "")),
        rows=table.series[series],
        topic=str(entry.get("topic", "")),
    )


def _table(name: str, tables: dict[str, Any], folder: Path | None, wrong: Any) -> Any:
    if name not in tables:
        try:
            if name.endswith(".csv") and folder is not None:
                data = (folder / name).read_bytes()
            else:
                data = (resources.files("offramp.crises") / "evidence" / f"{name}.csv").read_bytes()
        except OSError:
            raise wrong(f"there is no table `{name}`.") from None
        tables[name] = read_table(data, name)
        if tables[name].problems:
            raise wrong(str(tables[name].problems[0]))
    return tables[name]


def _dates(told: Any, file: str) -> tuple[date, ...]:
    if not isinstance(told, dict) or not all(isinstance(told.get(k), date) for k in ("from", "until")):
        raise UsageError(f"{file} does not say at which `origins` to ask: from, until, months.")
    day, found = told["from"], []
    while day <= told["until"]:
        found.append(day)
        month = day.year * 12 + day.month - 1 + int(told.get("months", 3))
        day = date(month // 12, month % 12 + 1, day.day)
    return tuple(found)


def _middle(row: Row) -> date:
    """The day for which a row stands: of a period its middle."""
    return row.day if row.until is None else row.day + (row.until - row.day) / 2


def _happened(model: Model, outputs: Outputs, target: str) -> Floats:
    """How often an event, an action or an exchange up to a rung came in each step: (run, step)."""
    names = [e.name for e in model.events]
    if target in names:
        found: Floats = outputs.event[:, :, names.index(target)].astype(np.float64)
        return found
    of, _, what = target.partition("/")
    ladders = [ladder.name for ladder in model.ladders]
    if of in ladders:
        n = ladders.index(of)
        rung = [r.name for r in model.ladders[n].rungs].index(what)
        reached: Floats = (outputs.ladder_rung[:, :, n] >= rung).astype(np.float64)
        return reached
    a = [x.name for x in model.actors].index(of)
    position = [x.name for x in model.actors[a].actions].index(what)
    taken: Floats = (outputs.action[:, :, a] == position).astype(np.float64)
    return taken
