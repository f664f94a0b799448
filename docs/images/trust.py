"""Draw the pictures of docs/explanation/trust.md and print its tables.

    offramp backtest us-iran-2018 --particles 200 --chains 4 --resume kept.npz --format json > backtest.json
    python docs/images/trust.py backtest.json kept.npz

Draws trust-skill.svg, trust-reliability.svg and, of the calibration of July 2019 that kept.npz holds,
trust-moved.svg; prints Markdown. benchmarks/backtest-us-iran-2018.json is what is kept of the answers: all
but the 2,000 single ones.
"""

import json
import sys
from datetime import date
from pathlib import Path

import numpy as np

from offramp.analysis.answer import load_plain
from offramp.charts.palette import PAPER
from offramp.charts.render import svg
from offramp.language.check import load
from offramp.questions.backtest import chart as backtest_charts
from offramp.questions.calibrate.chart import chart as calibration_chart
from offramp.truth import scores
from offramp.truth.calibration import Sampling, calibrate_at
from offramp.truth.posterior import Posterior, summary
from offramp.truth.results import Backtest
from offramp.truth.skill import BrierSkill

MOVED_BY = date(2019, 7, 1)
here = Path(__file__).parent


def percent(value: float) -> str:
    return f"{100 * value:+.0f} %"


def between(one: BrierSkill) -> str:
    return f"{percent(one.brier_skill)} ({100 * one.low:+.0f} to {100 * one.high:+.0f})"


def tables(found: Backtest) -> None:
    """Skill by group, by question, and coverage."""
    print("| yes-or-no questions | answers | model | best of four | skill against it | best for each |")
    print("|---|---|---|---|---|---|")
    titles = {"before_2021": "answered before 2021", "from_2021": "answered from 2021 on"}
    groups = {"all": found.skill, **found.skill_by_topic, **found.skill_by}
    for name, one in groups.items():
        best = one.best_without_model
        title = titles.get(name, name.replace("1_months", "1_month").replace("_", " "))
        beaten = f"{best.brier:.3f} ({best.name})"
        print(
            f"| {title} | {one.questions:,} | {one.model_brier:.3f} | {beaten} "
            f"| {between(best)} | {between(one.best_of_each)} |"
        )
    print("\n| against | Brier | log | skill of the model |\n|---|---|---|---|")
    print(f"| the model | {found.brier['model']:.3f} | {found.log['model']:.3f} | |")
    for name, one in found.skill.each.items():
        print(f"| {name} | {one.brier:.3f} | {found.log[name]:.3f} | {between(one)} |")
    print("\n| counts and levels | best of four | skill in CRPS |\n|---|---|---|")
    for kind, sampled in found.sampled_skill.items():
        for who, skill in sampled.each.items():
            ends = f"({100 * skill.low:+.0f} to {100 * skill.high:+.0f})"
            print(f"| {kind} | {who} | {percent(skill.crps_skill)} {ends} |")
    print("\n| levels | points | in 50 % | in 90 % | before: in 50 % | in 90 % |\n|---|---|---|---|---|---|")
    for name, c in found.coverage.items():
        shares = (c.half, c.nine_tenths, c.prior_half, c.prior_nine_tenths)
        print(f"| {name} | {c.points} | {' | '.join(f'{100 * s:.0f} %' for s in shares)} |")
    print("\n| question | kind | answers | came | said | best of four | skill | against no evidence |")
    print("|---|---|---|---|---|---|---|---|")
    for q in found.by_question:
        skills = " | ".join("" if s is None else percent(s) for s in (q.skill, q.prior_skill))
        print(
            f"| {q.title} | {q.kind} | {q.asked} | {q.happened:.3g} | {q.said:.3g} "
            f"| {q.best_without_model} | {skills} |"
        )


def asides(found: Backtest) -> None:
    """What the page says beside the tables: levels that were not nothing, and skill without two questions."""
    levels = [q for q in found.questions if q.kind == "continuous" and q.answer is not None]
    some = [q for q in levels if q.answer > 0]
    print(f"\n{len(levels) - len(some)} of {len(levels)} levels were 0; of the other {len(some)}:")
    for who in ("model", "prior_model"):
        half, most = (
            sum(getattr(q, who)[a] <= q.answer <= getattr(q, who)[b] for q in some) / len(some)
            for a, b in ((1, 3), (0, 4))
        )
        print(f"  {who}: {100 * half:.0f} % in 50 %, {100 * most:.0f} % in 90 %")
    groups = {f"asked in {y}": [q for q in some if q.origin.year == y] for y in {q.origin.year for q in some}}
    groups |= {name: [q for q in some if q.name == name] for name in ("heu_60", "exports")}
    for title, asked in groups.items():
        inside = sum(q.model[0] <= q.answer <= q.model[4] for q in asked)
        print(f"  {title}: {inside} of {len(asked)} in 90 %")
    answered = [q for q in found.questions if q.kind == "binary" and q.answer is not None]
    place = {day: i for i, day in enumerate(found.origins)}

    def skill(asked: list, ours: str, theirs: str) -> str:
        y = np.array([q.answer for q in asked])
        a, b = (scores.brier(np.array([getattr(q, who) for q in asked]), y) for who in (ours, theirs))
        saved = scores.skill_interval(a, b, [place[q.origin] for q in asked], length=found.stretch)
        return f"{percent(saved.value)} ({100 * saved.low:+.0f} to {100 * saved.high:+.0f})"

    print(f"\nthe model before any evidence, against the trend: {skill(answered, 'prior_model', 'trend')}")
    print("against the model before any evidence:")
    groups = {f"{h} months": [q for q in answered if q.months == h] for h in (1, 3, 6, 12)}
    violence = [q for q in answered if q.topic == "violence"]
    groups |= {"violence": violence, "violence, 12 months": [q for q in violence if q.months == 12]}
    for name, asked in groups.items():
        print(f"  {name}: {skill(asked, 'model', 'prior_model')}")
    rest = [q for q in answered if q.name not in ("embargo_over", "snapback")]
    print(f"without embargo and snapback, against the trend: {skill(rest, 'model', 'trend')}")
    diplomacy = [q for q in rest if q.topic == "diplomacy"]
    print(f"  in diplomacy, against base rates: {skill(diplomacy, 'model', 'crisis_data')}")


def moved(found: Backtest, checkpoint: str) -> Posterior:
    """What the evidence known by July 2019 says, from the calibrations that the backtest kept."""
    days = [day for day in found.origins if day <= MOVED_BY]
    sampling = Sampling(particles=found.particles, chains=found.chains, seed=found.seed)
    return summary(calibrate_at(load(found.model), days, sampling, checkpoint=Path(checkpoint))[-1])


def main(backtest: str, checkpoint: str | None = None) -> None:
    plain = load_plain(Path(backtest))
    found = Backtest.from_dict(plain, backtest)
    charts = {"skill": backtest_charts.skill(found), "reliability": backtest_charts.chart(found)}
    if checkpoint is not None:
        charts["moved"] = calibration_chart(moved(found, checkpoint))
    for name, spec in charts.items():
        drawn = svg(spec | {"background": PAPER.light})
        (here / f"trust-{name}.svg").write_text(drawn + "\n", encoding="utf-8")
    tables(found)
    asides(found)
    kept = {k: v for k, v in plain.items() if k != "questions"}
    (here.parents[1] / "benchmarks" / "backtest-us-iran-2018.json").write_text(
        json.dumps(kept, indent=1) + "\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
