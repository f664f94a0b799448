"""Lists of questions that are wrong: each beside what is said of it, with line and column."""

from __future__ import annotations

import pytest

from cli_calls import call
from offramp import ModelError, UsageError, load, load_questions
from offramp.truth.fits import check_answers
from offramp.truth.horizons import Horizon
from offramp.truth.questions import ForecastQuestion, Questions

HEADER = "series,date,until,known,value,unit,source,note\n"
GOOD = """\
origins: {from: 2026-04-01, until: 2027-01-01}
horizons: [3, 6]
questions:
  raid: {of: {happens: raid}, seen: {data: seen.csv, series: raids}}
  water: {of: {level: water, above: 50}, seen: {data: seen.csv, series: water}}
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A function that writes a list beside its table, and reads it."""
    monkeypatch.chdir(tmp_path)
    rows = "raids,2026-05-01,,2026-05-01,1,,s,\nwater,2026-05-01,,2026-05-01,0.5,,s,\n"
    (tmp_path / "seen.csv").write_text(HEADER + rows)

    def read(text):
        (tmp_path / "asked.yaml").write_text(text)
        return load_questions("asked.yaml")

    return read


def test_a_list_is_read_as_it_is_written(written):
    listed = written(GOOD)
    assert [o.isoformat() for o in listed.origins] == ["2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"]
    assert listed.horizons == (Horizon(3), Horizon(6))
    assert [(q.name, q.title, q.form, q.targets, q.above) for q in listed.questions] == [
        ("raid", "raid", "happens", ("raid",), None),
        ("water", "water", "level", ("water",), 50.0),
    ]
    assert written(GOOD.replace("horizons: [3, 6]\n", "")).horizons == (
        Horizon(1),
        Horizon(3),
        Horizon(6),
        Horizon(12),
    )


# What to put where -> where the problem is, what it is, and the likely fix.
WRONG = [
    ("until: 2027-01-01", "until: 2025-01-01", "1:29",
     "`until` (2025-01-01) is before `from` (2026-04-01)", ""),
    ("2026-04-01", "2026-05-31", "1:11", "not every month has a day 31", "Take a day up to the 28th"),
    ("2026-04-01", "soon", "1:17", "`from` must be a date, not `soon`", "Dates are year-month-day"),
    ("2027-01-01}", "2027-01-01, month: 1}", "1:48", "origins has no key `month`", "Did you mean `months`?"),
    ("until: 2027-01-01", "until: 2200-01-01", "1:29", "696 origins; 400 is the most", ""),
    ("[3, 6]", "[3, 3]", "2:15", "the horizon 3 is there twice", ""),
    ("[3, 6]", "[3, half]", "2:15", "a horizon is a whole number of months, 1 to 120, not `half`", ""),
    ("[3, 6]", "6", "2:11", "`horizons` must be a list of months, not `6`", "Write `horizons: [1, 6]`, or"),
    ("questions:", "question:", "3:1", "a list of questions has no key `question`",
     "Did you mean `questions`?"),
    ("  raid:", "  a raid:", "4:3", "`a raid` cannot be a name", "Write `a_raid`"),
    ("happens: raid", "happens: raid, count: raid", "4:30",
     "a question asks for one thing, and this for both `happens` and `count`", "`of` has one of happens,"),
    ("{happens: raid}", "{}", "4:10", "a question asks for one thing, and this for nothing",
     "`of` has one of"),
    ("happens: raid", "happen: raid", "4:15", "what a question asks for has no key `happen`",
     "Did you mean `happens`?"),
    ("happens: raid", "happens: [raid, [storm]]", "4:24", "`happens` must be a name, or a list of names", ""),
    ("happens: raid", "happens: raid, above: 2", "4:30",
     "`above` goes with `level`, and this asks `happens`", ""),
    ("{level: water, above: 50}", "{reaches: water}", "5:16", "`reaches` needs `at_least` beside it",
     "`at_least: 5` asks for 5 or more."),
    ("above: 50", "above: half", "5:37", "`above` must be a number, not `half`",
     "in the unit of the variable"),
    ("above: 50", "above: 5, below: 9", "5:40", "`above` and `below` together", "Ask two questions."),
    ("series: water", "series: waters", "5:73", "seen.csv has no series `waters`", "Did you mean `water`?"),
    ("seen.csv, series: raids", "sean.csv, series: raids", "4:44", "there is no file sean.csv",
     "folder of this file"),
    ("seen.csv, series: raids", "../seen.csv, series: raids", "4:44",
     "`../seen.csv` cannot be the name of a table", "a file beside this one"),
    ("series: raids", "series: water", "4:62", "series `water` has the value 0.5 (line 3 of seen.csv)",
     "Counts are whole numbers from 0."),
    (", series: raids", "", "4:31", "`seen` has no `series`", "`series`: which series of the table."),
    ("series: raids}}", "series: raids}, base_rate: {per_year: 2}}", "4:70", "`base_rate` has no `source`",
     "where that comes from"),
    ("series: raids}}", "series: raids}, base_rate: {per_year: -2, source: s}}", "4:92",
     "`per_year` cannot be below 0, as -2 is", ""),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "at", "message", "hint"), WRONG, ids=[w[3][:60] for w in WRONG])
def test_what_is_wrong_is_said_with_its_place_and_the_likely_fix(written, good, bad, at, message, hint):
    assert good in GOOD
    with pytest.raises(ModelError) as caught:
        written(GOOD.replace(good, bad, 1))
    (problem,) = caught.value.problems
    assert f"{problem.line}:{problem.column}" == at
    assert message in problem.message
    assert hint in str(problem)


def test_all_that_is_wrong_is_said_at_once_and_nothing_runs(written):
    """Exit code 3, every problem, no traceback; a stranger's YAML is bounded as in models."""
    with pytest.raises(ModelError):
        written(
            GOOD.replace("raid: {of: {happens", "raid: {off: {hapens").replace("above: 50", "above: half")
        )
    told = call("backtest", "river.yaml", "--questions", "asked.yaml")
    assert told.exit_code == 2, "no such model comes first"
    assert call("new", "river").exit_code == 0
    told = call("backtest", "river.yaml", "--questions", "asked.yaml")
    assert told.exit_code == 3
    assert "asked.yaml:4:10: a question has no key `off`" in told.stderr
    assert "asked.yaml:5:37: `above` must be a number" in told.stderr
    assert told.stderr.endswith("3 problems. Nothing was run.\n")
    with pytest.raises(ModelError, match="model files have no anchors"):
        written("questions: &a [*a]\n")
    with pytest.raises(ModelError, match="the file is empty"):
        written(" \n")


def test_what_a_model_does_not_have_is_said_for_every_question(written):
    model = load("spiral")
    listed = written(GOOD)
    with pytest.raises(ModelError) as caught:
        check_answers(listed, model)
    said = [(p.line, p.column, p.message) for p in caught.value.problems]
    assert said == [
        (4, 24, "`spiral` has no event, action or rung `raid`"),
        (5, 23, "`spiral` has no variable `water`"),
    ]
    made = ForecastQuestion("raid", "Raid", "happens", ("raid",), "raids", "seen.csv")
    with pytest.raises(UsageError, match="question `raid`: `spiral` has no event, action or rung `raid`"):
        check_answers(Questions("made", "", (made,), listed.origins, (3,), ""), model)


SETTLED = [
    ("level: water, above: 100", "5:37", "`water` is never above 100: its bounds are 0 to 100 percent",
     "`reaches` with `at_least: 100` asks whether it gets there."),
    ("level: water, above: 300", "5:37", "`water` is never above 300", "Ask for something between 0 and 100"),
    ("level: water, above: -1", "5:37", "`water` is always above -1", "Ask for something between 0 and 100"),
    ("level: water, below: 0", "5:37", "`water` is never below 0", "or widen the bounds"),
    ("level: water, below: 101", "5:37", "`water` is always below 101", "or widen the bounds"),
    ("reaches: water, at_least: 101", "5:42", "`water` is never at least 101", "Ask for something"),
    ("reaches: water, at_least: 0", "5:42", "`water` is always at least 0", "Ask for something"),
    ("level: part, above: 50", "5:36", "`part` is never above 50: its bounds are 0 to 1 share",
     "Did you mean `above: 0.5`?"),
    ("grows: water", "5:23", "`grows` asks whether a count goes up by one or more, and `water` is in percent",
     "Write `{level: water, above: {than: asking}}`"),
    ("grows: mood", "5:23", "and `mood` changes by any amount", "higher than on the day of asking"),
]  # fmt: skip


@pytest.fixture
def pool(written, tmp_path):
    variables = (
        "{water: {unit: percent, initial: 50, bounds: [0, 100]}, "
        "part: {unit: share, initial: 1, bounds: [0, 1]}, free: {unit: kg, initial: 1}, "
        "talks: {initial: 0}, mood: {initial: 0, noise: 1}}"
    )
    text = "model: {name: pool, illustrative: true}\nhorizon: {start: 2026-01-01, step: month, steps: 24}\n"
    text += f"variables: {variables}\nevents: {{raid: {{rate: 0.1 / month}}}}\n"
    (tmp_path / "pool.yaml").write_text(text)
    return load(tmp_path / "pool.yaml")


@pytest.mark.parametrize(("asked", "at", "message", "hint"), SETTLED, ids=[s[0] for s in SETTLED])
def test_a_threshold_that_bounds_decide_beforehand_is_refused(written, pool, asked, at, message, hint):
    with pytest.raises(ModelError) as caught:
        check_answers(written(GOOD.replace("level: water, above: 50", asked)), pool)
    (problem,) = caught.value.problems
    assert f"{problem.line}:{problem.column}" == at
    assert message in problem.message
    assert hint in str(problem)


@pytest.mark.parametrize("asked", [
    "level: water, above: 99.9", "level: water, above: 0", "level: water, below: 100", "level: water",
    "reaches: water, at_least: 100", "reaches: part, at_least: 0.5", "level: free, above: 1000000",
    "grows: talks",
])  # fmt: skip
def test_a_threshold_that_can_be_passed_and_missed_is_asked(written, pool, asked):
    check_answers(written(GOOD.replace("level: water, above: 50", asked)), pool)


def test_a_threshold_beyond_bounds_ends_a_command_before_anything_runs(written, pool):
    """Exit code 3, with the problem of another question beside it; in code a sentence."""
    listed = written(GOOD.replace("above: 50", "above: 120").replace("happens: raid", "happens: rain"))
    told = call("forecast", "pool.yaml", "--as-of", "2026-04-01", "--questions", "asked.yaml")
    assert told.exit_code == 3
    assert "asked.yaml:4:24: `pool` has no event, action or rung `rain`" in told.stderr
    assert "asked.yaml:5:37: `water` is never above 120: its bounds are 0 to 100 percent" in told.stderr
    assert told.stderr.endswith("2 problems. Nothing was run.\n")
    made = ForecastQuestion("wet", "Wet", "level", ("water",), "water", "seen.csv", above=120.0)
    with pytest.raises(UsageError, match="question `wet`: `water` is never above 120"):
        check_answers(Questions("made", "", (made,), listed.origins, (3,), ""), pool)


def test_a_list_for_another_model_is_refused_in_one_sentence():
    told = call("backtest", "chicken")  # by default the list on the United States and Iran
    assert told.exit_code == 2
    assert told.stderr == (
        "Error: `chicken` has nothing that 38 of the 38 questions of `us-iran`, written for "
        "`us-iran-2018`, ask for. Name a list of questions that are its own: --questions LIST.yaml.\n"
    )


def test_a_list_that_is_not_there_is_asked_for_by_the_nearest_name():
    with pytest.raises(UsageError, match="Did you mean `us-iran`"):
        load_questions("us-irann")
