"""Answers to questions in a brief, as sentences, pictures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from offramp.brief.caveats import MOST_SAID, Answer, doubts
from offramp.brief.view import View
from offramp.charts.canvas import NARROW, WIDE
from offramp.charts.chart import Chart, Table, draw
from offramp.charts.differences import Gap, differences, gap
from offramp.model import Model, Outcome
from offramp.questions.backtest.tell import tell as tell_backtest
from offramp.questions.claims import words as claims_in_words
from offramp.questions.misreadings.ask import Misreadings
from offramp.questions.misreadings.chart import chart as misreadings_chart
from offramp.tell import blocks, changes, figures, words
from offramp.truth.results import Backtest

_MOST_COLUMNS = 4  # outcomes in the table of policies
_MOST_VARIABLES = 3  # more would not fit across a printed page
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
        found |= _policies(view, compared)
        found["offramps"] = _offramps(view, compared)
        found["offramps_counted"] = f"Counted in {_futures(compared)} under each policy."
    if misread is not None:
        found |= _misreadings(view.model, misread)
        found["costly_counted"] = f"Counted in {_futures(misread)} for each set of corrections."
    if claims is not None:
        found["claims"] = claims_in_words.headline(dict(claims))
        found["claims_in_short"] = claims_in_words.in_short(dict(claims))
        found["claim_rows"] = [_claim(c, view.model) for c in claims["claims"]]
    if sensitive is not None:
        found["sensitivity"] = _sensitivity(view.model, sensitive)
    if (backtest := answers.get("backtest")) is not None:
        found |= _trust(Backtest.from_dict(backtest))
    found["doubts"] = doubts(view, answers)
    found["numbers_of_futures"] = _numbers_of_futures(view, answers)
    return Shown(**found)


def _trust(backtest: Backtest) -> dict[str, Any]:
    """How far to trust the model, as a backtest says."""
    telling = tell_backtest(backtest)
    tables = [(tuple(b.heads), b.rows) for b in telling.body if isinstance(b, blocks.Table)]
    figure = next((b for b in telling.body if isinstance(b, blocks.Figure)), None)
    return {
        "trust": [b.text for b in telling.head if isinstance(b, blocks.Paragraph)] + list(telling.caveats),
        "trust_table": tables[0] if backtest.skill.questions else None,
        "trust_topics": tables[1] if backtest.skill_by_topic else None,
        "trust_picture": None
        if figure is None or isinstance(figure.wide, str)
        else Chart(
            figure.identity, figure.sentence,
            draw(figure.identity, figure.title, figure.sentence, figure.wide),
            (tuple(figure.table.heads), [tuple(row) for row in figure.table.rows]), figure.title,
        ),
    }  # fmt: skip


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


def _policies(view: View, compared: Answer) -> dict[str, Any]:
    model = view.model
    outcomes = {o.name: o for o in model.outcomes}
    size = {
        n: max(
            (abs(p["outcomes"][n]["difference"] or 0.0) for p in compared["policies"].values()), default=0.0
        )
        for n in outcomes
    }
    ends = [n for n, o in outcomes.items() if o.absorbing and size[n] > 0]
    others = sorted(
        (n for n, o in outcomes.items() if not o.absorbing and size[n] > 0), key=lambda n: -size[n]
    )
    pictures = [
        _change_picture(compared, outcomes[n], f"change-{i}") for i, n in enumerate([*ends, *others[:1]])
    ]
    columns = [*ends, *others][:_MOST_COLUMNS]
    heads = ("Policy", *(outcomes[n].title or n for n in columns))
    rows = [
        (
            p["title"],
            *(
                _with_interval(
                    changes.points(o["difference"], o), changes.points_range(o["low"], o["high"], o)
                )
                for o in (p["outcomes"][n] for n in columns)
            ),
        )
        for p in compared["policies"].values()
    ]
    tables = [("Changes of chances by the end, in points of a hundred", (heads, rows))] if columns else []
    variables = {v.name: v for v in model.variables}
    names = list(next(iter(compared["policies"].values()))["variables"])[:_MOST_VARIABLES]
    if names:
        rows = [
            (p["title"], *(_variable_change(p["variables"][n]) for n in names))
            for p in compared["policies"].values()
        ]
        heads = ("Policy", *(changes.variable_title(variables[n]) for n in names))
        tables.append(("Changes of the main variables at the end, on average", (heads, rows)))
    runs = figures.count(compared["runs"])
    against = changes.policy_title(model, compared["against"])
    return {
        "policies": pictures,
        "policy_sentences": [changes.sentence(p, model, n) for n, p in compared["policies"].items()],
        "policy_tables": tables,
        "policy_note": f"{runs} futures under each policy, each held against itself under “{against}”.",
        "not_drawn": _not_drawn([o for o in model.outcomes if o.absorbing], compared),
    }


def _not_drawn(ends: Sequence[Outcome], compared: Answer) -> str:
    """Which ends have no picture, and why: in these futures no policy makes a difference to them."""
    policies = [p["outcomes"] for p in compared["policies"].values()]
    same = [o for o in ends if all(p[o.name]["difference"] == 0 for p in policies)]
    said = [words.quoted(o.title or o.name) + " (never)" * (policies[0][o.name]["there"] == 0) for o in same]
    return f"Not drawn is what comes as often under every policy: {words.enumerated(said)}." if said else ""


def _variable_change(v: Answer) -> str:
    change = dict(v)
    return _with_interval(
        changes.signed(v["difference"], change), changes.signed_range(v["low"], v["high"], change)
    )


def _with_interval(value: str, interval: str) -> str:
    """A number and its interval, which may stand on a line of its own but is not broken itself."""
    return f"{value} ({interval})".replace(" ", figures.NBSP).replace(f"{figures.NBSP}(", " (")


def _change_picture(compared: Answer, outcome: Outcome, identity: str) -> Chart:
    """What each policy changes in one chance: the largest fall first."""
    policies = compared["policies"]
    rows = sorted(
        (gap(p["title"], p["outcomes"][outcome.name]) for p in policies.values()), key=lambda g: g.value
    )
    drawn_rows = rows if len(rows) <= _MOST_DRAWN else [*rows[: _MOST_DRAWN // 2], *rows[-_MOST_DRAWN // 2 :]]
    title = outcome.title or outcome.name
    apart = [g for g in rows if g.low > 0 or g.high < 0]
    left = len(rows) - len(drawn_rows)
    fewer = f"{left} policies with changes in between are in the table." if left else ""
    if not apart:
        sentence = f"No policy is told apart from no change in the chance of {words.quoted(title)}."
    else:
        ends = [(apart[0], "lowest")] if apart[0].value < 0 else []
        ends += [(apart[-1], "highest")] if apart[-1].value > 0 else []
        said = [f"{which} under {words.quoted(g.title)} ({g.number})" for g, which in ends]
        sentence = f"Chance of {words.quoted(title)}: {', '.join(said)}."
    table: Table = (
        ("Policy", "Without", "With", "Change", "Sampling interval", "Over uncertain numbers"),
        [
            (
                p["title"],
                changes.chance(o["there"], o),
                changes.chance(o["here"], o),
                changes.points(o["difference"], o) + ("" if o["told_apart"] else " *"),
                changes.points_range(o["low"], o["high"], o),
                changes.over_worlds(o, changes.points) or "not asked",
            )
            for p in policies.values()
            for o in (p["outcomes"][outcome.name],)
        ],
    )
    drawings = draw(
        identity, title, sentence,
        differences([("", drawn_rows)], WIDE), differences([("", drawn_rows)], NARROW, beside=False),
    )  # fmt: skip
    return Chart(identity, f"{sentence} {fewer}".strip(), drawings, table, title=title)


def _offramps(view: View, compared: Answer) -> list[str]:
    """The policies that help most: what ends well grows or what ends badly shrinks, told apart from none.

    All policies and all ends are looked at together, so one of these must be clear beyond that.
    """
    model = view.model
    good = [o.name for o in model.outcomes if o.absorbing and _is_good(view, o)]
    bad = [o.name for o in model.outcomes if o.absorbing and view.is_warm(o.name)]
    # What else ends a future is told too: who risks less war by giving up a treaty should see that.
    rest = [o.name for o in model.outcomes if o.absorbing and o.name not in (*good, *bad)]
    parts = [(n, 1) for n in good] + [(n, -1) for n in bad]
    helps, harms = [], []
    of = len(parts) * len(compared["policies"])
    for name, p in compared["policies"].items():
        if not any(changes.clear(p["outcomes"][n], of, compared["runs"]) for n, _ in parts):
            continue
        told = [sign * p["outcomes"][n]["difference"] for n, sign in parts if p["outcomes"][n]["told_apart"]]
        if told and min(told) > 0:
            helps.append((-sum(told), name, p))
        elif told and max(told) < 0:
            harms.append((sum(told), name, p))
    said = [
        _offramp(model, compared, n, p, [*bad, *good, *rest])
        for _, n, p in sorted(helps, key=_first)[:MOST_SAID]
    ]
    if not said and parts:
        against = words.quoted(changes.policy_title(model, compared["against"]))
        said = [
            f"No policy is told apart from {against} for the better in how futures end. That is not to say "
            "that none helps: more futures may tell, and what policies change on the way stands below."
        ]
    if harms:
        worst = [
            _offramp(model, compared, n, p, [*bad, *good, *rest])
            for _, n, p in sorted(harms, key=_first)[:MOST_SAID]
        ]
        said.append("For the worse: " + " ".join(worst))
    return said


def _first(scored: tuple[float, str, Answer]) -> float:
    return scored[0]


def _offramp(model: Model, compared: Answer, name: str, policy: Answer, ends: Sequence[str]) -> str:
    titles = {o.name: o.title or o.name for o in model.outcomes}
    said = []
    for n in ends:
        o = policy["outcomes"][n]
        if o["told_apart"]:
            part = (
                f"{words.quoted(titles[n])} {changes.chance(o['there'], o)} to {changes.chance(o['here'], o)}"
            )
            worlds = changes.over_worlds(o, changes.points)
            if worlds:
                part += f" (over uncertain numbers {worlds} points)"
            said.append(part)
    text = f"{words.quoted(policy['title'])}: {', '.join(said)}."
    for n in ends:
        hinge = compared.get("hinges", {}).get(name, {}).get(n)
        if hinge is not None:
            title = next(p.title or p.name for p in model.parameters if p.name == hinge["parameter"])
            low, high = (
                changes.points(hinge[k], policy["outcomes"][n]) for k in ("lower_third", "upper_third")
            )
            text += (
                f" It hangs on {words.quoted(title)}: {low} points in the lower third of what is held "
                f"possible, {high} in the upper."
            )
            break
    return text


def _is_good(view: View, outcome: Outcome) -> bool:
    """Whether no side is known to lose by it."""
    worths = [view.plain_worth(f) for _, f in outcome.worth]
    return (
        bool(outcome.worth)
        and not view.is_warm(outcome.name)
        and not any(w is not None and w < 0 for w in worths)
    )


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


def _claim(claim: Answer, model: Model) -> ClaimRow:
    tests = []
    for test in claim["tests"]:
        lines = [claims_in_words.result(test, c, model) for c in test["comparisons"]]
        lines += [*claims_in_words.laid_down(test), *([test["note"]] if test["note"] else [])]
        tests.append((claims_in_words.expectation(test, model), lines))
    kind = {"borne out": "yes", "contradicted": "no"}.get(claim["verdict"], "open")
    return ClaimRow(
        claim["id"], claim["title"], claim["verdict"], kind, claims_in_words.of_worlds(claim), tests
    )


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

    said = ["offramp", question, model.file if Path(model.file).is_file() else model.name]
    if question == "compare":
        said += [w for p in answer["policies"] for w in ("--policy", p)]
        said += [] if answer["against"] == "baseline" else ["--against", answer["against"]]
    if question in ("misreadings", "sensitivity", "discover"):
        said += ["--outcome", answer["outcome"]]
        said += [] if answer["policy"] == "baseline" else ["--policy", answer["policy"]]
    said += ["--runs", str(answer["runs"]), "--seed", str(answer["seed"])]
    if "worlds" in answer.get("intervals", {}) and isinstance(answer["intervals"], Mapping):
        said += ["--worlds", str(answer["intervals"]["worlds"])]
    for name, value in answer["set"].items():
        said += ["--set", f"{name}={value!r}"]
    return shlex.join(said)
