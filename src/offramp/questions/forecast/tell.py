"""Forecasts and their scores as text for a terminal."""

from __future__ import annotations

from typing import Any

from offramp.model import Model
from offramp.questions.backtest.tell import CHANCE_RULES, part_of, titled
from offramp.tell import figures
from offramp.tell.terminal import Page
from offramp.truth.baselines import TITLES
from offramp.truth.scores import LEAST_TOLD


def forecast_text(told: dict[str, Any], model: Model, path: str, columns: int, colour: bool = False) -> str:
    """What `offramp forecast` prints."""
    page = Page(columns)
    page.heading(f"{model.title}: forecast of {told['as_of']}")
    _chances(page, [q for q in told["questions"] if "probability" in q])
    _amounts(page, [q for q in told["questions"] if "probability" not in q])
    page.gap()
    settings, kinds = told["settings"], {q["kind"] for q in told["questions"]}
    worlds = settings["particles"] * settings["chains"]
    page.paragraph(
        f"Told by {settings['futures']:,} futures of {worlds:,} calibrated worlds. A chance is the share of "
        "them in which it comes, with half a case added on either side."
        + (" A count is that of the middle one, and nine in ten lie within." * ("count" in kinds))
    )
    if "continuous" in kinds:
        page.paragraph(_levels(told["questions"]))
    page.paragraph(f"Written to {path}. Its hash, to be published or kept elsewhere:")
    whole, half = told["hash"], len(told["hash"]) // 2
    for part in (whole,) if len(whole) + 2 <= columns else (whole[:half], whole[half:]):
        page.paragraph(part, "  ")
    return page.text(colour)


def score_text(told: dict[str, Any], columns: int, colour: bool = False) -> str:
    """What `offramp score` prints."""
    page = Page(columns)
    page.heading(f"Forecast of {told['as_of']} by {told['model']}")
    page.paragraph(
        f"The file is as it was written, and the list asks what it answered. {told['resolved']} of "
        f"{told['asked']} questions have come out."
    )
    binary, sampled = told["binary"], told["sampled"]
    if n := binary["resolved"]:
        page.heading(f"Yes-or-no questions: {n} of {binary['asked']}")
        rows = [["The model", f"{told['brier']:.3f}", ""]]
        rows += [
            [TITLES[name], f"{value:.3f}", f"{binary['nearer'][name]} of {n}"]
            for name, value in told["baselines"].items()
        ]
        if n < LEAST_TOLD:
            page.table(["", "the model was nearer"], [[title, times] for title, _, times in rows[1:]])
            page.paragraph(
                f"Mean scores are not told of fewer than {LEAST_TOLD} answers: {CHANCE_RULES}.", "  "
            )
        else:
            page.table(["", "Brier score (0 is best)", "the model was nearer"], rows)
    if n := sampled["resolved"]:
        page.heading(f"Counts and levels: {n} of {sampled['asked']}")
        half, nine = (part_of(told[k], n) for k in ("inside_half", "inside_nine_tenths"))
        page.paragraph(
            f"{half} fell within the middle half of what was said, where half should, and {nine} within the "
            "middle nine tenths."
        )
        if n < LEAST_TOLD:
            page.paragraph(f"Shares are not told of fewer than {LEAST_TOLD}: {CHANCE_RULES}.", "  ")
    page.heading("Question by question")
    rows, last = [], ""
    for q in told["questions"]:
        said = figures.percent(q["probability"]) if "probability" in q else f"{_level(q['quantiles']['0.5'])}"
        came = "-" if q["answer"] is None else _came(q)
        rows.append(["" if q["name"] == last else titled(q), str(q["months"]), said, came])
        last = q["name"]
    page.table(["", "months", "said", "came"], rows)
    if any(q["answer"] is None for q in told["questions"]):
        page.paragraph("-: the tables do not tell what came.", "  ")
    return page.text(colour)


def _came(q: dict[str, Any]) -> str:
    if "probability" in q:
        return "yes" if q["answer"] else "no"
    return _level(q["answer"])


def _level(value: float) -> str:
    return figures.number(value, 4)


def _levels(questions: list[dict[str, Any]]) -> str:
    """What the levels of a forecast are: figures to be published, or those of the model."""
    bare = {titled(q): None for q in questions if q["kind"] == "continuous" and q["source"] is None}
    said = (
        "A level is the figure that will be published: that of a future with the error of its source, within "
        "the bounds of what it measures. Nine in ten lie within the interval."
    )
    if not bare:
        return said
    return (
        f"{said} No evidence says how far sources err, so levels are those of the model: {'; '.join(bare)}."
    )


def _chances(page: Page, asked: list[dict[str, Any]]) -> None:
    """Chances: a row for each question, a column for each horizon."""
    if not asked:
        return
    horizons = sorted({q["months"] for q in asked})
    titles = {q["name"]: q["title"] for q in asked}
    said = {(q["name"], q["months"]): figures.percent(q["probability"]) for q in asked}
    page.gap()
    page.paragraph("Chances, so many months ahead:")
    page.table(
        ["", *map(str, horizons)],
        [[title, *(said.get((name, h), "") for h in horizons)] for name, title in titles.items()],
    )


def _amounts(page: Page, asked: list[dict[str, Any]]) -> None:
    """Counts and levels, with their intervals: a row for each question and horizon."""
    if not asked:
        return
    rows, last = [], ""
    for q in asked:
        low, middle, high = (q["quantiles"][k] for k in ("0.05", "0.5", "0.95"))
        title = "" if q["name"] == last else titled(q)
        rows.append([title, str(q["months"]), _level(middle), f"{_level(low)} to {_level(high)}"])
        last = q["name"]
    page.gap()
    page.paragraph("Counts over so many months, and levels after them:")
    page.table(["", "months", "middle", "90 % interval"], rows)
