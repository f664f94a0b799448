"""Calibrations and backtests as text for a terminal."""

from __future__ import annotations

import re
from typing import Any

from offramp.model import Model
from offramp.tell import figures
from offramp.tell.figures import duration
from offramp.tell.terminal import Page
from offramp.truth.baselines import BASELINES, TITLES
from offramp.truth.calibration import MOVED
from offramp.truth.posterior import CHANCE
from offramp.truth.scores import LEAST_TOLD

_MOST, _MOST_STILL = 25, 12
CHANCE_RULES = "one answer more or less would change them too much"


def calibration_text(told: dict[str, Any], model: Model, columns: int, colour: bool = False) -> str:
    """What `offramp calibrate` prints."""
    page = Page(columns)
    page.heading(f"{model.title}: calibrated on what was known by {told['until']}")
    moved, apart = told["moved"], _seem_moved(told)
    still = [n for n in told["not_moved"] if n not in apart]
    rest = "what the model says of the others rests on judgement alone"
    page.paragraph(
        f"{told['points']} published figures and counts. They move {len(moved)} of "
        f"{len(told['parameters'])} uncertain parameters{_and_beginnings(told['initial'])}; "
        + (f"{len(apart)} more {'is' if len(apart) == 1 else 'are'} not settled; " if apart else "")
        + f"{rest}."
    )
    if moved:
        page.heading("What the data move most")
        page.table(
            ["", "before", "90 % of it", "after", "90 % of it"],
            [_moved(told["parameters"][name]) for name in moved[:_MOST]],
        )
        if len(moved) > _MOST:
            page.paragraph(f"and {len(moved) - _MOST} more; --format json lists all.", "  ")
    if apart:
        page.heading("Not settled: moved, but not alike in all populations")
        page.table(
            ["", "before", "90 % of it", "after", "90 % of it"],
            [_moved(told["parameters"][name]) for name in apart[:_MOST]],
        )
        page.paragraph("More --particles, or more --chains, settle it.", "  ")
    if still:
        page.heading("What they do not move")
        page.paragraph(
            "; ".join(told["parameters"][n]["title"] for n in still[:_MOST_STILL]) + _more(still) + ".", "  "
        )
    _types(page, told)
    _beginnings(page, told["initial"])
    page.heading("How the past is met")
    page.paragraph(
        "Of the figures published, how many lie within the middle half and the middle nine tenths of what "
        "the calibrated model would publish. Near 50 and 90 % is right; 100 % is too wide."
    )
    _fit(page, told["series"])
    if "held_back" in told:
        page.heading(f"What came after, up to {told['against']}, unseen by it")
        _fit(page, told["held_back"])
    page.heading("How sure")
    _how_sure(page, told)
    return page.text(colour)


def _and_beginnings(initial: dict[str, Any]) -> str:
    moved = sum(p["moved"] for p in initial.values())
    return f" and {moved} of {len(initial)} uncertain starting values" if initial else ""


def _types(page: Page, told: dict[str, Any]) -> None:
    """Which type each actor truly is, before and after, and how far populations lie apart on it."""
    if not told["types"]:
        return
    page.heading("Who they are: true types")
    rows, worth = [], []
    for actor in told["types"].values():
        worth.append(actor["worth"])
        for t in actor["types"].values():
            sure = "" if t["low"] is None else figures.percent_range(t["low"], t["high"])
            each = figures.percent_range(min(t["by_chain"]), max(t["by_chain"]))
            before, after = (figures.percent(t[k]) for k in ("prior", "posterior"))
            rows.append([f"{actor['title']}: {t['title']}", before, after, sure, each])
    if None in worth:
        page.table(["", "before", "after"], [row[:3] for row in rows])
        page.paragraph("One population cannot tell how far sampling is off.", "  ")
        return
    page.table(["", "before", "after", "90 % interval", "populations"], rows)
    least, most = f"{min(worth):,.0f}", f"{max(worth):,.0f}"
    page.paragraph(
        "Share of worlds in which an actor is of the type. Intervals hold the error of sampling, by "
        f"{least if least == most else f'{least} to {most}'} independent draws; populations: the lowest and "
        "the highest share in any.",
        "  ",
    )


def _beginnings(page: Page, initial: dict[str, Any]) -> None:
    """Where stocks began, of those whose beginning has a prior."""
    moved = [p for p in initial.values() if p["moved"]]
    if not moved:
        return
    page.heading("Starting values that the data move")
    page.table(["", "before", "90 % of it", "after", "90 % of it"], [_moved(p) for p in moved[:_MOST]])


def _seem_moved(told: dict[str, Any]) -> list[str]:
    """Numbers that the data seem to move, but on which populations part."""
    spread, draws = told["populations"], told["particles"] * told["chains"]
    least = max(MOVED, *(CHANCE / (spread[w] or draws) for w in ("worth", "worth_moved")))
    return [n for n in told["not_moved"] if n in spread["apart"] and told["parameters"][n]["gain"] > least]


def _how_sure(page: Page, told: dict[str, Any]) -> None:
    """How far calibrations from scratch lie apart."""
    populations = "1 population" if told["chains"] == 1 else f"{told['chains']} populations"
    page.paragraph(
        f"{populations} from scratch, {told['particles']:,} worlds each; "
        f"{told['runs']:,} runs in {duration(told['seconds'])}."
    )
    spread = told["populations"]
    if told["chains"] == 1:
        page.paragraph(
            "One population cannot tell how far sampling is off: take two or more of --chains.", "  "
        )
        return
    if spread["worth"] is None:
        page.paragraph(
            f"So few populations of {len(told['parameters'])} numbers cannot tell how many independent draws "
            "they are worth: take more of --chains.",
            "  ",
        )
    else:
        _worth(page, spread)
    apart = spread["apart"]
    if not apart:
        page.paragraph("They agree on every number (R-hat below 1.1).")
        return
    titles = [f"{told['parameters'][n]['title']} ({told['parameters'][n]['r_hat']:.2f})" for n in apart]
    by_chance = spread["apart_by_chance"]
    page.paragraph(
        "They do not agree yet on numbers with R-hat of 1.1 or more, which count as not moved: "
        + "; ".join(titles[:_MOST_STILL])
        + _more(titles)
        + "."
        + (
            ""
            if by_chance is None
            else f" So few worlds would set about {by_chance:,.0f} apart by chance alone."
        )
        + " More --particles help."
    )


def _worth(page: Page, spread: dict[str, Any]) -> None:
    said = f"By how far they lie apart they are worth about {spread['worth']:,.0f} independent draws"
    if spread["worth_moved"] is not None:
        off = 1 / spread["worth_moved"] ** 0.5
        said += (
            f"; for the numbers that the data move, about {spread['worth_moved']:,.0f}, so that chance "
            f"shifts the middle of such a number by some {figures.percent(off)} of its spread"
        )
    page.paragraph(
        f"{said}. Their estimates of the evidence, in the logarithm, vary by {spread['log_evidence_sd']:.1f} "
        f"(standard deviation) around {spread['log_evidence']:.1f}."
    )


def backtest_text(told: dict[str, Any], model: Model, columns: int, colour: bool = False) -> str:
    """What `offramp backtest` prints."""
    page = Page(columns)
    page.heading(f"{model.title}: forecasts of the past")
    page.paragraph(
        f"{len({q['name'] for q in told['questions']})} questions at {len(told['origins'])} days from "
        f"{told['origins'][0]} to {told['origins'][-1]}: {told['asked']:,} answers, of which "
        f"{told['resolved']:,} can be held against what came. At each day the model knew what had been "
        "published by then, and no more."
    )
    if any(told["left_out"].values()):
        days, answers = told["left_out"]["origins"], told["left_out"]["answers"]
        page.paragraph(
            f"Left out, outside the time of the model or after --until: {days:,} day{'s' * (days != 1)} of "
            f"the list, and {answers:,} answer{'s' * (answers != 1)} at the days that are left."
        )
    skill = told["skill"]
    if not skill["questions"]:
        page.paragraph("No yes-or-no question has come out, so there is no skill to tell.")
    else:
        page.paragraph(_verdict(skill))
        page.heading("Yes-or-no questions")
        page.paragraph(
            "Brier score: mean squared distance of the probability from what came, 0 at best. Skill: share "
            "of another's score that the model saves; negative, it does worse. Intervals resample "
            f"{_stretches(told['stretch'])}."
        )
        rows = [["The model", f"{skill['model_brier']:.3f}", "", ""]]
        for who in (*BASELINES, "prior_model"):
            one = skill[who]
            rows.append([one["title"], f"{one['brier']:.3f}", _share(one["brier_skill"]), _between(one)])
        each = skill["best_of_each"]
        rows.append(
            [_capital(each["title"]), f"{each['brier']:.3f}", _share(each["brier_skill"]), _between(each)]
        )
        page.table(["", "Brier", "skill of the model", "90 % interval"], rows)
        page.paragraph(
            "Climatology: as often as since the start of the model, levels as they ever were. Persistence: "
            "as often as in the time just as long before, levels as they are. Trend: levels go on as over "
            "the last year, the rest as in the climatology.",
            "  ",
        )
        if (rated := told["base_rates"]) < (listed := len({q["name"] for q in told["questions"]})):
            page.paragraph(
                f"Base rates: {rated} of {listed} questions have one; the climatology answers for the rest.",
                "  ",
            )
        _parts(page, told)
    if told["sampled_skill"]:
        page.heading("Counts and levels")
        rows = []
        for kind, title in (("count", "Counts"), ("continuous", "Levels")):
            for who in (*BASELINES, "prior_model"):
                if kind in told["sampled_skill"]:
                    one = told["sampled_skill"][kind][who]
                    rows.append([f"{title}: {TITLES[who]}", _share(one["crps_skill"]), _between(one)])
        page.table(["against", "skill of the model (CRPS)", "90 % interval"], rows)
    _questions(page, told["by_question"])
    _how_wide(page, told)
    return page.text(colour)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _stretches(length: int) -> str:
    return "the days" if length == 1 else f"stretches of {length} days, since neighbours share answers"


def _part(name: str) -> str:
    """A key of `skill_by` in words: `before_2021`, `from_2021`, `3_months`."""
    kind, _, rest = name.partition("_")
    if kind in ("before", "from"):
        return f"Answered before {rest}" if kind == "before" else f"Answered from {rest} on"
    return f"{kind} month{'' if kind == '1' else 's'} ahead"


def _parts(page: Page, told: dict[str, Any]) -> None:
    """Skill by what was asked, how far ahead, and when it was answered."""
    groups = [(_capital(topic), skill) for topic, skill in told["skill_by_topic"].items()]
    for name, skill in told["skill_by"].items():
        groups.append((_part(name), skill))
    if not groups:
        return
    page.heading("Where the skill is")
    page.paragraph(
        "Against the rule without a model that is best within the group, and against the best of them for "
        "each question (90 % intervals)."
    )
    rows = []
    for title, skill in groups:
        best, each = skill["best_without_model"], skill["best_of_each"]
        rows.append(
            [
                title,
                f"{skill['questions']:,}",
                f"{skill['model_brier']:.3f}",
                f"{_share(best['brier_skill'])} ({_between(best).removesuffix(' %')})",
                f"{_share(each['brier_skill'])} ({_between(each).removesuffix(' %')})",
            ]
        )
    page.table(["", "answers", "Brier", "against the best rule", "best for each"], rows)


def _how_wide(page: Page, told: dict[str, Any]) -> None:
    """Coverage of intervals for levels, before any evidence and after."""
    if "all" not in told["coverage"]:
        return
    titles = {q["name"]: titled(q) for q in told["by_question"]}
    page.heading("How wide")
    page.paragraph(
        "Share of levels that fell within the middle half and the middle nine tenths of what was said: it "
        "should be 50 and 90 %. Before: the model without any evidence."
    )
    rows = []
    for name, c in told["coverage"].items():
        rows.append(
            [
                titles.get(name, "All levels"),
                str(c["points"]),
                *(
                    part_of(c[k], c["points"])
                    for k in ("half", "nine_tenths", "prior_half", "prior_nine_tenths")
                ),
            ]
        )
    page.table(["", "points", "in 50 %", "in 90 %", "before: in 50 %", "in 90 %"], rows)


def part_of(share: float, n: int) -> str:
    """A share of few as a count of them: `3 of 4`."""
    return f"{round(share * n)} of {n}" if n < LEAST_TOLD else figures.percent(share)


def titled(q: dict[str, Any]) -> str:
    """The title of a question with the unit of its level, unless that stands there already."""
    unit = q.get("unit", "")
    words = figures.unit_words(unit)
    title = q["title"].replace(" a ", " per ")
    there = (re.search(rf"(?<!\w){re.escape(word)}(?!\w)", title, re.IGNORECASE) for word in (unit, words))
    return q["title"] if not words or any(there) else f"{q['title']}, {words}"


def _moved(p: dict[str, Any]) -> list[str]:
    before, after = p["prior"], p["posterior"]
    return [
        f"{p['title']}" + (f", {p['unit']}" if p["unit"] else ""),
        figures.number(before["p50"]),
        f"{figures.number(before['p5'])} to {figures.number(before['p95'])}",
        figures.number(after["p50"]),
        f"{figures.number(after['p5'])} to {figures.number(after['p95'])}",
    ]


def _more(names: list[str]) -> str:
    left = len(names) - _MOST_STILL
    return f"; and {left} more, which --format json lists" if left > 0 else ""


def _fit(page: Page, series: dict[str, Any]) -> None:
    rows = [
        [s["title"], str(s["points"]), *(part_of(s[k], s["points"]) for k in ("half", "nine_tenths"))]
        for s in series.values()
    ]
    n = sum(s["points"] for s in series.values())
    if n:
        whole = [sum(s[k] * s["points"] for s in series.values()) / n for k in ("half", "nine_tenths")]
        rows.append(["All", str(n), *(part_of(w, n) for w in whole)])
    page.table(["", "figures", "in the middle half", "in nine tenths"], rows)


def _questions(page: Page, found: list[dict[str, Any]]) -> None:
    page.heading("Question by question")
    shown: dict[str, float | None] = {
        q["name"]: q["skill"] if q["asked"] >= LEAST_TOLD else None for q in found
    }
    if any(skill is not None for skill in shown.values()):
        page.paragraph("Skill against the best rule without a model on that question, most first.")
    least = -float("inf")
    ordered = sorted(found, key=lambda q: -(least if (s := shown[q["name"]]) is None else s))
    page.table(
        ["", "asked", "came", "said", "skill", "best rule"],
        [
            [
                titled(q),
                str(q["asked"]),
                part_of(q["happened"], q["asked"]) if q["kind"] == "binary" else f"{q['happened']:.3g}",
                figures.percent(q["said"]) if q["kind"] == "binary" else f"{q['said']:.3g}",
                _share(shown[q["name"]]),
                "base rates" if q["best_without_model"] == "crisis_data" else q["best_without_model"],
            ]
            for q in ordered
        ],
    )
    if any(q["asked"] < LEAST_TOLD for q in found):
        page.paragraph(f"-: not told of fewer than {LEAST_TOLD} answers: {CHANCE_RULES}.", "  ")


def _verdict(skill: dict[str, Any]) -> str:
    rule, before = skill["best_without_model"], skill["prior_model"]
    return (
        f"{_against(rule, 'the best rule without a model (' + rule['title'].lower() + ')')} "
        f"{_against(before, 'itself before any evidence')}"
    )


def _against(one: dict[str, Any], other: str) -> str:
    value, low, high = one["brier_skill"], one["low"], one["high"]
    skill = f"skill {_share(value)}, between {_share(low)} and {_share(high)}"
    if low is not None and low > 0:
        return f"The model beats {other}: {skill}."
    if high is not None and high < 0:
        return f"The model does worse than {other}: {skill}."
    return f"The model is not told apart from {other}: {skill}."


def _share(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{100 * value:+.0f} %" if abs(value) < 10 else "far below"


def _between(one: dict[str, Any]) -> str:
    return f"{_share(one['low']).removesuffix(' %')} to {_share(one['high'])}"
