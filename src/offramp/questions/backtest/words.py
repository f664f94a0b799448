"""How far a model can be trusted, in a brief: what a backtest found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from offramp.charts.chart import Chart, Table, draw
from offramp.questions.backtest.charts import reliability_picture
from offramp.tell import figures

Answer = Mapping[str, Any]


def sentences(backtest: Answer) -> list[str]:
    """What a backtest says, in a few sentences: how much was asked, how the model fared, where it failed."""
    skill = backtest["skill"]
    best = skill["best_without_model"]
    origins = backtest["origins"]
    asked = (
        f"“{backtest['model']}” was asked {figures.count(backtest['asked'])} questions at {len(origins)} "
        f"dates from {origins[0]} to {origins[-1]}, each time knowing only what was known by then; "
        f"{figures.count(backtest['resolved'])} have an answer."
    )
    if not skill["questions"]:
        none = "None of them is a yes-or-no question, so there is no skill to tell."
        return [asked, none, *_width(backtest)]
    told = best["low"] is not None and (best["low"] > 0 or best["high"] < 0)
    better = best["brier_skill"] > 0
    verdict = (
        f"{'Better' if better else 'Worse'} than the best simple rule ({best['title']})"
        if told
        else f"Not told apart from the best simple rule ({best['title']})"
    )
    fared = (
        f"{verdict}: Brier score {_score(skill['model_brier'])} against {_score(best['brier'])}, skill "
        f"{_signed(best['brier_skill'])}{_interval(best)}. 0 is no better, 1 is perfect."
    )
    if before := skill.get("prior_model"):
        fared += f" Against itself before any evidence: {_signed(before['brier_skill'])}{_interval(before)}."
    worst = [q for q in backtest.get("by_question", ()) if q["kind"] == "binary" and (q["skill"] or 0) < 0]
    worst.sort(key=lambda q: q["score"] - q["best_score"], reverse=True)
    failed = (
        [
            "Worst against simple rules: "
            + "; ".join(
                f"{q['title']} (said {figures.percent(q['said'], 0)}, "
                f"came {figures.percent(q['happened'], 0)})"
                for q in worst[:3]
            )
            + "."
        ]
        if worst
        else []
    )
    return [asked, fared, *_width(backtest), *failed]


def _width(backtest: Answer) -> list[str]:
    """Whether its intervals for levels were as wide as they should be."""
    if "all" not in backtest.get("coverage", {}):
        return []
    every = backtest["coverage"]["all"]
    return [
        f"Of {figures.count(every['points'])} levels that were published, "
        f"{figures.percent(every['nine_tenths'], 0)} fell into its intervals of 90 %, and "
        f"{figures.percent(every['half'], 0)} into those of 50 %."
    ]


def table(backtest: Answer) -> Table | None:
    """The model's score against each of the others; None where no yes-or-no question came out."""
    skill = backtest["skill"]
    if not skill["questions"]:
        return None
    rows = [
        (s["title"], _score(s["brier"]), f"{_signed(s['brier_skill'])}{_interval(s)}")
        for name, s in skill.items()
        if isinstance(s, Mapping) and name not in ("best_baseline", "best_without_model")  # one of the others
    ]
    return ("Held against", "Its Brier score", "Skill of the model"), rows


def topics(backtest: Answer) -> Table | None:
    """Skill by what was asked about, against the best simple rule within each topic."""
    rows = [
        (
            f"{topic[:1].upper()}{topic[1:]}",
            figures.count(skill["questions"]),
            _score(skill["model_brier"]),
            f"{_signed(best['brier_skill'])}{_interval(best)}",
        )
        for topic, skill in backtest.get("skill_by_topic", {}).items()
        for best in [skill["best_without_model"]]
    ]
    return (("Asked about", "Answers", "Brier score", "Skill against the best rule"), rows) if rows else None


def picture(backtest: Answer) -> Chart | None:
    """How often things came where so much was said; None where that was not reckoned."""
    table = backtest.get("reliability")
    if not table:
        return None
    sentence = (
        "Each dot is a tenth of the scale: how often things came where about so much was said, with its 90 % "
        "interval. On the dashed line a forecaster keeps its word; above it things came more often than said."
    )
    rows = [
        (figures.percent(r["said"]), figures.percent(r["happened"]), figures.count(int(r["n"])))
        for r in table
    ]
    return Chart(
        "reliability",
        sentence,
        draw("reliability", "Said and came", sentence, reliability_picture(dict(backtest))),
        (("Said, on average", "Came", "Answers"), rows),
        "Said and came",
    )


def _score(value: float) -> str:
    return f"{value:.3f}"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else figures.MINUS if value < 0 else ''}{abs(value):.2f}"


def _interval(of: Answer) -> str:
    return "" if of["low"] is None else f" ({_signed(of['low'])} to {_signed(of['high'])})"
