"""Every command of the program asked of a model, with options drawn at random, and what must hold of each.

Commands and options come from the registry, so a new one is tried here before anybody writes it down.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner

from offramp.analysis.answer import schema_of
from offramp.cli import main
from offramp.questions.option import Kind, Option
from offramp.questions.question import Question
from offramp.questions.registry import questions
from written_models import ASKED, Written, is_finite

# How few futures will do; what is less is refused by some questions.
RUNS = {"discover": (300, 600), "why": (1, 600), "compare": (1, 40), "misreadings": (1, 6), "loops": (1, 4)}
ENOUGH = {"sensitivity": (2000, 6000)}  # now and then, where fewer are refused at once
SMALL = (1, 12)
PLAIN = ("check", "explain", "schema", "brief")
MAY_END = (0, 1, 2, 3, 5)


@dataclass
class Wrong:
    """Something that must not be: a command and what it did."""

    words: list[str]
    what: str

    def __str__(self) -> str:
        return f"offramp {' '.join(self.words)}\n{self.what}"


class Asker:
    """Draws what to ask of a model."""

    def __init__(self, written: Written) -> None:
        self.model, self.rng = written.model, written.rng
        self.forecasts = 0

    def one_of(self, given: Any) -> Any:
        given = list(given)
        return given[int(self.rng.integers(len(given)))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def day(self) -> str:
        dates = self.model.dates
        days = (dates[-1] - dates[0]).days
        return str(np.datetime64(dates[0], "D") + int(self.rng.integers(0, days + 1)))

    def value(self, question: Question, option: Option) -> list[str] | None:
        """Values of an option, each a word; None: it is left out."""
        match option.flag.lstrip("-").replace("-", "_").lower():
            case "runs":
                enough = ENOUGH.get(question.name, SMALL) if self.chance(0.2) else SMALL
                low, high = RUNS.get(question.name, enough)
                return [str(int(self.rng.integers(low, high + 1)))]
            case "particles":
                return [str(int(self.rng.integers(4, 13)))]
            case "chains":
                return [self.one_of("12")]
            case "worlds":
                return [self.one_of(("0", "5"))]
            case "threads":
                return ["1"]
            case "seed":
                return [str(int(self.rng.integers(0, 9)))]
            case "questions":
                return [ASKED]
            case "over":
                return self.over()
            case "as_of" if option.required:
                return [self.day()]
            case "run":
                return [str(int(self.rng.integers(0, 5)))]
            case "steps":
                return ["3"]
            case "paths":
                return [self.one_of("023")]
            case "longest" | "most":
                return ["5"]
        if option.kind in (Kind.OUTPUT_FILE, Kind.OUTPUT_FOLDER, Kind.CHART, Kind.STORE, Kind.INPUT_FILE):
            return self.place(question, option)
        # To learn first what was known by a day takes longer than all the rest.
        usual = 0.04 if option.name == "learnt_by" else 0.5
        if not (option.required or self.chance(usual)):
            return None
        values = self.named(option)
        if values is not None:
            several = self.chance(0.3) and option.many and len(values) > 1
            return (
                list(self.rng.permutation(values)[:2])
                if several
                else (values and [self.one_of(values)]) or None
            )
        if option.kind is Kind.FLAG:
            return []
        if option.kind is Kind.DAY:
            return [self.day()]
        if option.kind in (Kind.NUMBER, Kind.WHOLE):
            low, high = option.least or 0, min(option.most or 3, 3)
            drawn = self.rng.uniform(low + 0.01, max(high, low + 1))
            return [f"{drawn:.3f}" if option.kind is Kind.NUMBER else str(int(low + 1))]
        raise AssertionError(f"no values for {question.name} {option.flag}: say here what it may be given")

    def over(self) -> list[str]:
        """What a sweep moves: a parameter, a stock, a policy or a true type, in each way of writing it."""
        model = self.model
        drawn = [x.name for x in model.parameters if not isinstance(x.value, float | int)]
        typed = [a.name for a in model.actors if a.types]
        stocks = [v.name for v in model.variables if not v.is_auxiliary]
        ways = [f"{self.one_of(stocks)}=-1..1/3", f"{model.parameters[0].name}=0.2,0.7", "policy"]
        ways += [self.one_of(some) for some in (drawn, typed) if some]
        return [str(w) for w in self.rng.permutation(ways)[: 2 if self.chance(0.4) else 1]]

    def named(self, option: Option) -> list[str] | None:
        """Names of the model that an option may be given; None where it takes none."""
        model = self.model
        numbers = [p.name for p in model.parameters]
        starts = [v.name for v in model.variables if not v.is_auxiliary]
        match option.flag.lstrip("-").replace("-", "_").lower():
            case "policy" | "policies" | "modes":
                return [p.name for p in model.policies]
            case "against" if option.kind is Kind.TEXT:
                return [p.name for p in model.policies]
            case "outcome":
                return [o.name for o in model.outcomes]
            case "actor" | "as" | "for":
                return [a.name for a in model.actors]
            case "ladder" | "name":
                return [x.name for x in model.ladders]
            case "claim":
                return [c.name for c in model.claims]
            case "set":
                return [f"{n}={self.rng.normal():.3f}" for n in (*numbers, *starts)]
            case "of":
                return numbers
            case "over":
                typed = [a.name for a in model.actors if a.types]
                ranges = [
                    f"{n}={self.one_of(('-1..1', '0..2/3', '0,1.5', '1'))}" for n in (*numbers, *starts)
                ]
                return [*numbers, *ranges, *typed, "policy"]
        return None

    def place(self, question: Question, option: Option) -> list[str] | None:
        """Files to write, sometimes; few charts, which take long."""
        if option.kind is Kind.CHART:
            return [f"{option.name}.svg"] if self.chance(0.15) else None
        if option.kind is Kind.INPUT_FILE:
            if option.flag == "--given":
                return ["calibrate.nc"] if self.chance(0.2) and Path("calibrate.nc").exists() else None
            return ["forecast0.json"] if option.required else None
        if option.kind is Kind.OUTPUT_FOLDER:
            return ["results"] if self.chance(0.2) else None
        if option.kind is Kind.STORE:
            return [f"{question.name}.kept"] if self.chance(0.2) else None
        if question.name == "forecast":
            self.forecasts += 1
            return [f"forecast{self.forecasts - 1}.json"]
        return [f"{question.name}.nc"] if self.chance(0.4) else None

    def words(self, question: Question) -> list[str]:
        """A command line that asks a question."""
        first, rest = [], []
        for option in question.options:
            values = self.value(question, option)
            if values is None:
                continue
            if option.positional:
                first += values
            elif option.kind is Kind.FLAG:
                rest.append(option.flag)
            else:
                rest += [w for v in values for w in (option.flag, v)]
        subject = ["model.yaml"] if question.of_model else []
        form = self.one_of(("json", "json", "text", "md", *question.formats))
        return [question.name, *subject, *first, *rest, "--format", form]

    def all_words(self, without: tuple[str, ...] = ()) -> Iterator[list[str]]:
        """A command line for every command."""
        yield ["check", "model.yaml", "--format", self.one_of(("text", "json"))]
        yield ["explain", "model.yaml", "--format", self.one_of(("text", "json"))]
        # What `calibrate` saves, others may be given.
        for name, question in sorted(questions().items(), key=lambda q: q[0] != "calibrate"):
            if name not in without:
                yield self.words(question)
        few = ["--runs", str(int(self.rng.integers(1, 30))), "--out", "page.html", "--threads", "1"]
        how = [
            [],
            *[["--quick"]] * 3,
            *[["--bare"]] * 12,
        ]  # the questions of a brief have futures of their own
        yield ["brief", "model.yaml", *few, *self.one_of(how), "--format", self.one_of(("text", "json"))]


@cache
def _validator(name: str) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(schema_of(questions()[name].answer_type))


def asked(words: list[str]) -> Wrong | None:
    """Ask; what is wrong with what came, or None."""
    result = CliRunner().invoke(main, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return Wrong(words, "".join(traceback.format_exception(result.exception)[-3:]))
    if result.exit_code not in MAY_END:
        return Wrong(words, f"exit code {result.exit_code}: {result.stderr[-500:]}")
    if result.exit_code in (1, 2, 3) and not result.stderr.strip():
        return Wrong(words, f"exit code {result.exit_code}, and nothing says why")
    if "Traceback" in result.stderr or "Warning: " in result.stderr:
        return Wrong(words, result.stderr[-800:])
    if result.exit_code in (0, 5) and words[-2:] == ["--format", "json"]:
        return _wrong_json(words, result.stdout)
    return None


def _wrong_json(words: list[str], text: str) -> Wrong | None:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    try:
        plain = json.loads(text, parse_constant=refuse)
    except ValueError as error:
        return Wrong(words, f"{error}: {text[:200]}")
    if not is_finite(plain):
        return Wrong(words, "a number is not finite")
    if words[0] in questions():
        for problem in _validator(words[0]).iter_errors(plain):
            return Wrong(words, f"does not fit its schema at {list(problem.path)}: {problem.message[:300]}")
    return None


def wrongs(written: Written, without: tuple[str, ...] = ()) -> list[Wrong]:
    """Everything that is wrong with what commands do with a model."""
    os.environ["COLUMNS"] = "100"
    with chdir(written.folder):
        return [w for words in Asker(written).all_words(without) if (w := asked(words)) is not None]
