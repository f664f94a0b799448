"""Answers to questions in a brief, as sentences, pictures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from offramp.brief.caveats import MOST_SAID, Answer, doubts
from offramp.brief.view import View
from offramp.charts.canvas import NARROW
from offramp.charts.chart import Chart, Table, draw
from offramp.charts.differences import Gap, differences
from offramp.model import Model
from offramp.questions.backtest import words as trust
from offramp.questions.claims import words as claims_in_words
from offramp.questions.claims.ask import Finding, Findings
from offramp.questions.compare import tell as policies
from offramp.questions.compare.ask import Comparison
from offramp.questions.misreadings.ask import Misreadings
from offramp.questions.misreadings.chart import chart as misreadings_chart
from offramp.questions.registry import questions
from offramp.tell import changes, figures, words
from offramp.tell.blocks import Figure

_MOST_DRAWN = 12


@dataclass(frozen=True)
class Shown:
    """What the template shows of the answers; empty lists and None where a question was not asked."""

    costly: list[str] = field(default_factory=list)
    offramps: list[str] = field(default_factory=list)
    offramps_counted: str = ""  # in how many futures
    costly_counted: str = ""
    numbers_of_futures: str = ""  # why the same chance is counted in several
    doubts: list[str] = field(default_factory=list)
    policies: list[Chart] = field(default_factory=list)
    policy_sentences: list[str] = field(default_factory=list)
    policy_tables: list[tuple[str, Table]] = field(default_factory=list)
    policy_note: str = ""
    not_drawn: str = ""  # outcomes that policies do not change
    misreadings: Chart | None = None
    misread_sides: Table | None = None
    claims: str = ""
    claims_in_short: Sequence[str] = ()
    claim_rows: list[ClaimRow] = field(default_factory=list)
    sensitivity: Chart | None = None
    trust: list[str] = field(default_factory=list)
    trust_table: Table | None = None
    trust_topics: Table | None = None
    trust_picture: Chart | None = None
    commands: list[str] = field(default_factory=list)

    @property
    def asked(self) -> bool:
        """Whether any question was."""
        return bool(self.commands)


@dataclass(frozen=True)
class ClaimRow:
    """A claim: `tests` are what was expected and what came out, a few lines each."""

    name: str
    title: str
    verdict: str
    kind: str  # for the style sheet: yes, no, open
    worlds: str
    tests: list[tuple[str, list[str]]]


def shown(view: View, answers: Mapping[str, Answer]) -> Shown:
    """Everything that a brief shows of answers.

    Parameters
    ----------
    view : of the runs of the same model
    answers : question -> what its command prints as JSON
    """
    found: dict[str, Any] = {
        "commands": [_again(q, a, view.model) for q, a in answers.items() if q != "backtest"]
    }
    compared, misread = answers.get("compare"), answers.get("misreadings")
    claims, sensitive = answers.get("claims"), answers.get("sensitivity")
    if compared is not None:
        found |= _policies(view.model, Comparison.from_dict(compared))
    if misread is not None:
        found |= _misreadings(view.model, misread)
        found["costly_counted"] = f"Counted in {_futures(misread)} for each set of corrections."
    if claims is not None:
        findings = Findings.from_dict(claims)
        found["claims"] = claims_in_words.headline(findings)
        found["claims_in_short"] = claims_in_words.in_short(findings)
        found["claim_rows"] = [_claim(c, view.model) for c in findings.claims]
    if sensitive is not None:
        found["sensitivity"] = _sensitivity(view.model, sensitive)
    if (backtest := answers.get("backtest")) is not None:
        found["trust"], found["trust_table"] = trust.sentences(backtest), trust.table(backtest)
        found["trust_topics"], found["trust_picture"] = trust.topics(backtest), trust.picture(backtest)
    found["doubts"] = doubts(view, answers)
    found["numbers_of_futures"] = _numbers_of_futures(view, answers)
    return Shown(**found)


def _futures(answer: Answer) -> str:
    return words.counted(answer["runs"], "future")


def _numbers_of_futures(view: View, answers: Mapping[str, Answer]) -> str:
    """Why one chance may stand on a page as several numbers; empty where all questions count alike."""
    asked = (("compare", "policies"), ("misreadings", "misreadings"), ("claims", "claims"))
    others = [(what, answers[q]["runs"]) for q, what in asked if q in answers]
    changed = answers.get("compare", {}).get("policies", {}).values()
    weighed = any(o.get("without_luck") for p in changed for o in p["outcomes"].values())
    why = [
        "Where two chances are compared, a future counts by how likely its course made the outcome as well "
        "as by whether it came."
    ] * weighed
    if all(n == view.futures for _, n in others):
        return " ".join([*why, "So they are not quite the chances of the outlook."]) if why else ""
    said = words.enumerated([f"{what} in {figures.count(n)}" for what, n in others])
    asked_of = (
        "Each question has futures of its own, as many as time allows: the outlook is counted in "
        f"{figures.count(view.futures)}, {said}."
    )
    so = "So the same chance may stand here as different numbers, as far as so many futures leave it open."
    return " ".join([asked_of, *why, so])


# ── policies ──────────────────────────────────────────────────────────────────────────────────────────────


def _policies(model: Model, compared: Comparison) -> dict[str, Any]:
    against = changes.policy_title(model, compared.against)
    short = policies.tell(compared, model).short
    return {
        "policies": [_chart(f) for f in policies.change_figures(compared, model)],
        "policy_sentences": [policies.sentence(p, model, n) for n, p in compared.policies.items()],
        "policy_tables": [(title, (t.heads, t.rows)) for title, t in policies.policy_tables(compared, model)],
        "policy_note": f"{figures.count(compared.runs)} futures under each policy, each held against itself "
        f"under “{against}”.",
        "not_drawn": policies.ends_not_drawn(compared, model),
        "offramps": short.lines if short else [],
        "offramps_counted": short.counted if short else "",
    }


def _chart(f: Figure) -> Chart:
    assert not isinstance(f.wide, str)
    drawings = draw(f.identity, f.title, f.sentence, f.wide, f.narrow)
    rows = [tuple(row) for row in f.table.rows]
    return Chart(f.identity, f.sentence, drawings, (tuple(f.table.heads), rows), title=f.title)


# ── misreadings ───────────────────────────────────────────────────────────────────────────────────────────


def _misreadings(model: Model, misread: Answer) -> dict[str, Any]:
    sides = {s["actor"]: s["title"] for s in misread["sides"]}
    risk = words.quoted(misread["outcome_title"])
    total = misread["total"]
    told = total["low"] > 0 or total["high"] < 0
    whole = figures.digits_for(total["low"], total["high"])
    today, true = (figures.percent(misread[k]["value"], whole) for k in ("today", "true"))
    digits = figures.digits_together((m["low"], m["high"]) for m in misread["misreadings"])
    sentence = f"With everyone seeing true the chance of {risk} would be {true} instead of {today}"
    sentence += "." if told else ", a difference that these futures do not tell from none."
    costly = [
        f"{sides[m['actor']]}, {words.quoted(m['title'])}: {figures.points(m['share'], digits)} points of "
        f"the chance of {risk} ({figures.points_range(m['low'], m['high'], digits)})."
        for m in misread["misreadings"]
        if m["low"] > 0
    ][:MOST_SAID]
    if not costly:
        costly = [
            f"No single misreading is told apart from none in the chance of {risk}, by this many futures."
        ]
    rows = [
        (
            f"{sides[m['actor']]}: {m['title']}",
            figures.points(m["share"], digits),
            figures.points_range(m["low"], m["high"], digits),
            figures.points(m["alone"]["value"], digits),
        )
        for m in misread["misreadings"]
    ]
    gaps = [
        Gap(
            f"{sides[m['actor']]}: {m['title']}",
            100 * m["share"],
            100 * m["low"],
            100 * m["high"],
            figures.points(m["share"], digits),
        )
        for m in misread["misreadings"][:_MOST_DRAWN]
    ]
    picture = Chart(
        "misreadings-fall",
        sentence,
        draw(
            "misreadings-fall", "What misperception costs", sentence,
            misreadings_chart(Misreadings.from_dict(misread)),
            differences([("", gaps)], NARROW, less="less risk", more="more risk", beside=False),
        ),
        (("Misreading", "Share, points", "90 % interval", "If it alone is corrected"), rows),
    )  # fmt: skip
    side_rows = [
        (
            s["title"],
            figures.points(s["share"], digits),
            figures.points_range(s["low"], s["high"], digits),
            figures.points(s["alone"]["value"], digits),
            figures.points(s["last"]["value"], digits),
        )
        for s in misread["sides"]
    ]
    heads = ("Side", "Share, points", "90 % interval", "It alone sees true", "It sees true last")
    return {"costly": costly, "misreadings": picture, "misread_sides": (heads, side_rows)}


# ── claims, sensitivities ─────────────────────────────────────────────────────────────────────────


def _claim(claim: Finding, model: Model) -> ClaimRow:
    tests = [(claims_in_words.expectation(t, model), claims_in_words.results(t, model)) for t in claim.tests]
    kind = {"borne out": "yes", "contradicted": "no"}.get(claim.verdict, "open")
    return ClaimRow(claim.id, claim.title, claim.verdict, kind, claims_in_words.of_worlds(claim), tests)


def _sensitivity(model: Model, found: Answer) -> Chart | None:
    if not found["shares"]:
        return None
    from offramp.questions.sensitivity.chart import sensitivity_picture

    risk = words.quoted(found["outcome_title"])
    first = found["shares"][0]
    sentence = (
        f"The chance of {risk} hangs most on {words.quoted(first['title'])}: "
        f"{figures.percent(max(0.0, min(1.0, first['total']['value'])), 0)} of what "
        "uncertain numbers bring to it."
        if found["divisible"]
        else f"What uncertain numbers bring to the chance of {risk} is not told from luck by these futures."
    )
    gaps = [
        Gap(
            s["title"],
            100 * (s["high"]["value"] - s["low"]["value"]),
            100 * (s["high"]["low"] - s["low"]["high"]),
            100 * (s["high"]["high"] - s["low"]["low"]),
            figures.points(s["high"]["value"] - s["low"]["value"], 1),
        )
        for s in found["shares"]
    ]
    rows = [
        (
            s["title"],
            figures.percent(s["low"]["value"], 1),
            figures.percent(s["high"]["value"], 1),
            figures.percent(max(0.0, s["total"]["value"]), 0),
        )
        for s in found["shares"]
    ]
    return Chart(
        "sensitivity",
        sentence,
        draw(
            "sensitivity", "What the chance hangs on", sentence, sensitivity_picture(dict(found)),
            differences([("", gaps)], NARROW, beside=False),
        ),
        (("Uncertain number", "Chance where it is low", "where it is high", "Share of the variance"), rows),
    )  # fmt: skip


def _again(question: str, answer: Answer, model: Model) -> str:
    """The command that asks a question again as it was asked."""
    import shlex

    # A bundled crisis goes by its name and not by a file.
    from pathlib import Path

    subject = model.file if Path(model.file).exists() else model.name
    if question in ("compare", "claims"):
        asked = questions()[question]
        return asked.again(asked.answer_type.from_dict(answer), subject)
    said = ["offramp", question, subject]
    if question in ("misreadings", "sensitivity", "discover"):
        said += ["--outcome", answer["outcome"]]
        said += [] if answer["policy"] == "baseline" else ["--policy", answer["policy"]]
    said += ["--runs", str(answer["runs"]), "--seed", str(answer["seed"])]
    for name, value in answer["set"].items():
        said += ["--set", f"{name}={value!r}"]
    return shlex.join(said)
