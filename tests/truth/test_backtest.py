"""Backtests: what is asked when, and the scores of it."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest

from border import month, question
from cli_calls import call, widest
from offramp import Sampling, backtest, load
from offramp.questions.backtest.tell import tell
from offramp.tell.terminal import text_of
from offramp.truth import baselines
from offramp.truth.backtest import hindcasts
from offramp.truth.predictions import Prediction
from offramp.truth.results import Backtest, Coverage, coverage, stretch, summarise
from offramp.truth.skill import BrierSkill

FEW = Sampling(particles=20, chains=1)


def text_at(found, columns=100):
    return text_of(tell(found), "again", "by", columns)


def binary(found):
    return [q for q in found.questions if q.kind == "binary" and q.answer is not None]


def levels(found):
    return [q for q in found.questions if q.kind == "continuous"]


def test_a_backtest_asks_everything_everywhere_and_keeps_its_promises(tested):
    assert tested.origins == (date(2020, 7, 1), date(2021, 1, 1), date(2021, 7, 1))
    assert tested.asked == 3 * 2 * 5
    assert (tested.left_out.origins, tested.left_out.answers, tested.base_rates) == (0, 0, 1)
    assert {q.kind for q in tested.questions} == {"binary", "count", "continuous"}
    skill = tested.skill
    rules = min(skill.each[b].brier for b in baselines.BASELINES)
    assert skill.best_without_model.brier == rules
    assert skill.best_baseline.brier == min(rules, skill.prior_model.brier)
    assert skill.each[skill.best_baseline.name].brier == skill.best_baseline.brier
    for name in (*baselines.BASELINES, "prior_model"):
        one = skill.each[name]
        assert one.brier_skill == pytest.approx(1 - skill.model_brier / one.brier)
    # A stock that grows steadily is what this model is good at.
    stock = next(q for q in tested.by_question if q.name == "stock")
    assert stock.score < 8
    assert tested.coverage["all"].points == 6


def test_a_backtest_comes_back_from_its_json_as_it_was(tested, predicted):
    assert Backtest.from_dict(json.loads(tested.to_json())) == tested
    none = summarise(replace(predicted, predictions=[p for p in predicted.predictions if not p.binary]))
    assert Backtest.from_dict(json.loads(none.to_json())) == none


def test_tables_of_a_backtest_can_be_reckoned_again_from_its_answers(tested):
    """Skill by when a question resolves (not when it was asked), and coverage, from the list of questions."""
    day, every = date(2021, 1, 1), binary(tested)
    early = [q for q in every if q.resolves < day]
    assert 0 < len(early) < sum(q.origin < day for q in every)
    assert tested.skill_by["before_2021"].questions == len(early)
    assert tested.skill_by["from_2021"].questions == len(every) - len(early)
    brier = np.mean([(q.model - q.answer) ** 2 for q in early])
    assert tested.skill_by["before_2021"].model_brier == pytest.approx(brier, abs=1e-5)

    def inside(who, low, high):
        ends = [(getattr(q, who)[low], q.answer, getattr(q, who)[high]) for q in levels(tested)]
        return pytest.approx(np.mean([a <= y <= b for a, y, b in ends]))

    every = tested.coverage["all"]
    assert (every.half, every.nine_tenths) == (inside("model", 1, 3), inside("model", 0, 4))
    prior = inside("prior_model", 1, 3), inside("prior_model", 0, 4)
    assert (every.prior_half, every.prior_nine_tenths) == prior


def test_skill_by_topic_and_against_the_best_of_each_from_the_answers(tested):
    every = binary(tested)
    topics = {q.topic for q in every}
    assert set(tested.skill_by_topic) == topics - {""} == {"raids"}
    some = [q for q in every if q.topic == "raids"]
    brier = np.mean([(q.model - q.answer) ** 2 for q in some])
    assert tested.skill_by_topic["raids"].model_brier == pytest.approx(brier, abs=1e-5)
    # Whoever chooses for each question is at least as good as whoever chooses once.
    best = 0.0
    for name in {q.name for q in every}:
        here = [q for q in every if q.name == name]
        losses = [[(getattr(q, b) - q.answer) ** 2 for q in here] for b in baselines.BASELINES]
        best += np.min(np.mean(losses, axis=1)) * len(here) / len(every)
    assert tested.skill.best_of_each.brier == pytest.approx(best, abs=1e-5)
    assert best <= tested.skill.best_without_model.brier


def test_the_model_before_any_evidence_is_a_baseline_too(predicted):
    """It is often the best: skill that the file brings is not learned."""
    sure = [
        replace(p, by={**p.by, "prior_model": np.array([p.answer])}) if p.binary else p
        for p in predicted.predictions
    ]
    skill = summarise(replace(predicted, predictions=sure)).skill
    assert (skill.best_baseline.name, skill.best_baseline.brier) == ("prior_model", 0)
    assert skill.best_without_model.name in baselines.BASELINES


def test_without_any_yes_or_no_question_the_shape_is_the_same(tested, predicted):
    sampled = [p for p in predicted.predictions if not p.binary]
    none = summarise(replace(predicted, predictions=sampled))
    whole, nothing = tested.as_dict()["skill"], none.as_dict()["skill"]
    assert nothing.keys() == whole.keys()
    assert nothing["best_baseline"].keys() == whole["best_baseline"].keys()
    assert none.skill.best_baseline.brier_skill is none.skill.model_brier is None
    assert "no skill to tell" in text_at(none)


def test_what_lies_outside_the_time_of_the_model_is_said_to_be_left_out(folder, asked):
    """The model goes from January 2020 to December 2021: of three days one is before it, and 18 months reach
    from neither of the others to an end within it; 6 months do from one."""
    days = (date(2019, 10, 1), date(2021, 3, 1), date(2021, 9, 1))
    listed = replace(asked, origins=days, horizons=(3, 6, 18))
    found = backtest(load(folder / "border.yaml"), listed, FEW)
    assert (found.left_out.origins, found.left_out.answers) == (1, 5 * (1 + 2))
    text = " ".join(text_at(found).split())
    assert (
        "Left out, outside the time of the model or after --until: 1 day of the list, and 15 answers" in text
    )


@pytest.mark.parametrize(("months", "count", "longest", "together"), [
    (3, 14, 12, 4), (1, 24, 12, 12), (6, 3, 6, 1), (12, 4, 3, 1), (1, 5, 12, 5), (3, 1, 12, 1),
])  # fmt: skip
def test_origins_that_share_answers_are_resampled_together(months, count, longest, together):
    """As many as lie within the longest horizon, and no more than there are."""
    assert stretch([month(months * k) for k in range(count)], longest) == together


def test_answers_are_scored_apart_only_where_a_list_says_so(tested, predicted, asked):
    assert tested.stretch == 1
    assert [n for n in tested.skill_by if "months" not in n] == ["before_2021", "from_2021"]
    plain = summarise(replace(predicted, questions=replace(asked, held_out=None)))
    assert list(plain.skill_by) == ["3_months", "6_months"]
    spring = summarise(replace(predicted, questions=replace(asked, held_out=date(2021, 4, 1))))
    assert list(spring.skill_by)[:2] == ["before_2021-04-01", "from_2021-04-01"]


def test_coverage_counts_what_lies_within_the_central_half_and_nine_tenths(asked):
    """Said is anything from 0 to 100; 50 lies in both, 10 and 90 in the wide one, 3 and 97 in neither."""
    stock = question(asked, "stock")
    by = {"model": np.arange(101.0), "prior_model": np.arange(-100.0, 201.0)}
    day = date(2020, 7, 1)
    some = [Prediction(stock, day, 3, date(2020, 10, 1), float(y), by) for y in (3, 10, 50, 90, 97)]
    assert coverage(some)["all"] == Coverage(5, 0.2, 0.6, prior_half=1.0, prior_nine_tenths=1.0)


def test_what_resolves_after_a_day_can_be_left_unseen(folder, asked):
    """Origins in July and January, three and six months ahead: by December the first alone is answered."""
    seen = hindcasts(load(folder / "border.yaml"), asked, FEW, until=date(2020, 12, 1))
    assert {p.resolves for p in seen.predictions} == {date(2020, 10, 1)}
    assert [c.record.until for c in seen.calibrations] == [date(2020, 7, 1)]
    # A reading of October that was published ten days later is unseen on the day before.
    early = hindcasts(load(folder / "border.yaml"), asked, FEW, until=date(2020, 10, 9))
    answers = [{p.question.name: p.answer for p in found.predictions}["stock"] for found in (seen, early)]
    assert answers == [136, None]


def test_rules_without_a_model_are_named_for_any_crisis(tested):
    """No dyad, and no data on other crises, unless a list says that its base rates come from some."""
    by_list = tuple(replace(q, best_without_model="crisis_data") for q in tested.by_question)
    text = " ".join([text_at(replace(tested, by_question=by_list), 80), *baselines.TITLES.values()])
    assert not re.search(r"dyad|crisis|crises", text)
    assert "Base rates of the list" in " ".join(text.split())


@pytest.mark.parametrize("columns", [60, 80])
def test_a_backtest_of_large_numbers_and_long_titles_fits_the_terminal(tested, columns):
    """Skill of minus hundreds of percent, thousands of answers, the longest names."""
    long = "Shipments of heavy water through the strait in the months of the embargo"

    def large(skill):
        poor = {"brier_skill": -9.87, "low": -2345.0, "high": -8.76}
        names = [f.name for f in fields(skill) if isinstance(getattr(skill, f.name), BrierSkill)]
        return replace(skill, questions=123_456, **{n: replace(getattr(skill, n), **poor) for n in names})

    asked = {"title": long, "unit": "million*barrel/day", "asked": 123_456, "skill": -9.87}
    found = replace(
        tested,
        skill=large(tested.skill),
        skill_by={name: large(skill) for name, skill in tested.skill_by.items()},
        skill_by_topic={long: large(tested.skill_by_topic["raids"])},
        by_question=tuple(
            replace(q, said=123_456_789.0, best_without_model="climatology", **asked)
            for q in tested.by_question
        ),
        coverage={n: replace(c, points=123_456, half=0.99996) for n, c in tested.coverage.items()},
    )
    text = text_at(found, columns)
    assert widest(text) <= columns
    assert text.count("-987 % (far below to -876)") == 2 * (1 + len(found.skill_by))


def test_a_backtest_that_cannot_be_scored_says_so_before_it_runs(folder, monkeypatch):
    """Scores come last, after minutes; the library that they need is asked for first."""
    monkeypatch.chdir(folder)
    monkeypatch.setitem(sys.modules, "scoringrules", None)
    monkeypatch.setattr("offramp.truth.backtest.calibrate_at", lambda *_, **__: pytest.fail("it ran"))
    refused = call("backtest", "border.yaml", "--questions", "asked.yaml")
    assert refused.exit_code == 2
    assert "needs the package `scoringrules`, not installed here" in refused.stderr
    assert re.search(r'python -m pip install ".+\[truth\].*"', refused.stderr)
