"""What people write by hand or copy from Word and Excel: one message each, with what to write instead."""

from __future__ import annotations

import pytest
from tests.language.test_hostile_text import problems_of

from offramp.errors import Problem
from offramp.language.check import loads
from offramp.language.dates_meant import date_hint
from offramp.language.numbers_meant import number_meant
from offramp.language.slips import slip_of

MODEL = """\
model: {{name: t, illustrative: true}}
horizon: {{start: {start}, step: month, steps: {steps}}}
variables:
  tension: {{initial: 1, change: 0 / month * tension, headline: {headline}, title: {title}}}
parameters: {{k: {{value: {value}, unit: {unit}}}}}
actors: {{a: {{actions: {{x: {{effects: {{tension: 1}}}}}}}}}}
events: {{e: {{on: {on}, effects: {{tension: 1}}}}}}
outcomes: {{war: {{when: {when}}}, peace: {{otherwise: true}}}}
"""
RIGHT = {
    "start": "2020-01-01", "steps": "3", "headline": "true", "title": "T", "value": "5", "unit": "points",
    "on": "2020-02-01", "when": "tension > 50",
}  # fmt: skip


def only_problem(**other: str) -> Problem:
    (problem,) = problems_of(MODEL.format(**RIGHT | other))
    return problem


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---------------------------------------------------------------------- numbers

NUMBERS = {
    # thousands and decimals
    "1 000 000": "1000000", "1\u00a0000": "1000", "1\u202f000": "1000", "1,000,000": "1000000",
    "1'000'000": "1000000", "1’000": "1000", "1.000.000": "1000000", "1,000.50": "1000.5",
    "1.000,50": "1000.5", "0,05": "0.05",
    # ranges and doubt
    "between 4 and 8": "uniform(4, 8)", "from 4 to 8": "uniform(4, 8)", "4 to 8": "uniform(4, 8)",
    "4..8": "uniform(4, 8)", "4–8": "uniform(4, 8)", "4-8": "uniform(4, 8)", "20-30%": "uniform(0.2, 0.3)",
    "between 5% and 10%": "uniform(0.05, 0.1)", "5 → 8": "uniform(5, 8)", "[4, 8]": "uniform(4, 8)",
    "(8, 4)": "uniform(4, 8)", "5; 4; 8": "triangular(4, 5, 8)", "5±2": "uniform(3, 7)",
    "5 +/- 2": "normal(5, 2)", "~5": "normal(5, 1)", "approx. 5": "normal(5, 1)", "about 5": "normal(5, 1)",
    "ca. 50 %": "normal(0.5, 0.1)", "5?": "normal(5, 1)", "<5": "uniform(low, 5)", ">= 5": "uniform(5, high)",
    "at most 5": "uniform(low, 5)", "5+": "uniform(5, high)", "5 or less": "uniform(low, 5)",
    "uniform 4 8": "uniform(4, 8)", "uniform(4; 8)": "uniform(4, 8)", "Uniform[4, 8]": "uniform(4, 8)",
    "uniform(4 to 8)": "uniform(4, 8)", "N(5, 2)": "normal(5, 2)", "U(4, 8)": "uniform(4, 8)",
    "mean 5, sd 2": "normal(5, 2)",
    # shares and fractions
    "5%": "0.05", "5 percent": "0.05", "five percent": "0.05", "5 per cent": "0.05", "1/3rd": "1/3",
    "2/3rds": "2/3", "one third": "1/3", "half": "1/2", "½": "0.5", "2½": "2 + 0.5", "1 in 10": "1/10",
    "3 out of 10": "3/10", "1:10": "1/10", "10³": "10 ** 3",
    # words, units, money, sheets
    "five": "5", "high": "uniform(0.6, 0.9)", "yes": "1", "5 km": "5 * km", "5km": "unit: km",
    "3 weeks": "3 * weeks",
    "10k": "10000", "1.5bn": "1500000000", "2mn": "2000000", "$5": "unit: USD", "€ 1,000": "1000",
    "$2 million": "unit: million USD", "5€": "unit: EUR", "EUR 5": "unit: EUR", "twice a year": "2 / year",
    "3 times per month": "3 / month", "5 (guess)": "# ", "N/A": "uniform(low, high)",
    "?": "uniform(low, high)",
    "TBD": "uniform(low, high)", "unknown": "uniform(low, high)", "=5": "Write `5`",
    "=A1+B2": "names of parameters",
    "#REF!": "the number", "#N/A": "the number", "5 soldiers": "`title`",
    # Word
    "“5”": "Write `5`", "«5»": "Write `5`", "‘5’": "Write `5`", "−5": "keyboard", "–5": "keyboard",
    "—5": "keyboard",
}  # fmt: skip


@pytest.mark.parametrize(("text", "better"), NUMBERS.items())
def test_a_number_as_people_write_it_is_answered_with_the_number(text, better):
    name = {"10k": "p"}.get(text, "k")  # `10k` could be ten times the parameter `k`
    (problem,) = problems_of(
        MODEL.replace("{{k:", "{{" + name + ":").format(**RIGHT | {"value": quoted(text)})
    )
    assert problem.line == 5
    assert better in " ".join(problem.hint)


@pytest.mark.parametrize(
    "text",
    ["5", "1e6", "1_000_000", "+5", "4 - 8", "1/3", "uniform(4, 8)", "2 * month / month", "50/50", ".5"],
)
def test_what_is_right_is_no_slip(text):
    loads(MODEL.format(**RIGHT | {"value": quoted(text)}))


@pytest.mark.parametrize(("cut", "whole"), [("1,5", "1.5"), ("0,05", "0.05"), ("1,000,000", "1000000")])
def test_a_comma_in_a_number_in_braces_is_said_once(cut, whole):
    problem = only_problem(value=cut)
    assert problem.message == f"`{cut}`: a comma cannot stand in a number"
    assert problem.hint == (f"Write `{whole}`.",)


def test_a_list_where_a_number_is_wanted_is_answered_with_a_prior():
    problem = only_problem(value="[8, 4]")
    assert problem.message == "the value of `k` must be a formula, not a list"
    assert "uniform(4, 8)" in problem.hint[0]


def test_a_name_of_the_model_is_never_taken_for_a_slip():
    assert slip_of("high", ["high"]) is None
    assert slip_of("10 k", ["k"]) is None
    assert slip_of("10 k") is not None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 000 000", 1e6),
        ("1.000,5", 1000.5),
        ("30 %", 0.3),
        ("−2", -2.0),
        ("“7”", 7.0),
        ("0,125", 0.125),
        ("12,345", 12345.0),
        ("three", 3.0),
        ("x", None),
        ("1.2.3", None),
        ("", None),
    ],
)
def test_the_number_that_is_meant(text, value):
    assert number_meant(text) == value


# ---------------------------------------------------------------------- conditions

CONDITIONS = {
    "tension is greater than 50": "tension > 50", "tension exceeds 50": "tension > 50",
    "when tension falls below 50": "tension < 50", "tension is at least 50%": "tension >= 0.5",
    "tension is 50": "tension == 50", "tension between 40 and 60": "40 <= tension <= 60",
    "tension in [40, 60]": "40 <= tension <= 60", "if tension > 50": "tension > 50",
    "if tension > 50 then": "tension > 50", "tension > 50;": "tension > 50",
    "tension increases": "tension > 60",
    "|tension| > 5": "abs(tension) > 5", "IF(tension>50,1,0)": "where(tension>50, 1, 0)",
    "always": "take the key out", "tension > 1 000": "1000", "tension ≥ 50": ">=",
    "“tension > 50”": "tension > 50",
    "tension > “50”": "keyboard", "tension > –50": "keyboard", "tension => 50": ">=",
    "tension > 50 AND k > 2": "and",
}  # fmt: skip


@pytest.mark.parametrize(("text", "better"), CONDITIONS.items())
def test_a_condition_as_people_write_it_is_answered_with_the_condition(text, better):
    problem = only_problem(when=quoted(text))
    assert problem.line == 8
    assert better in " ".join(problem.hint)


# ---------------------------------------------------------------------- dates, whole numbers, flags, units

DATES = {
    "2020/03/01": "2020-03-01", "2020-3-1": "2020-03-01", "13/02/2020": "2020-02-13",
    "1.3.2020": "2020-03-01",
    "03/01/2020": "2020-01-03 or 2020-03-01", "3 March 2020": "2020-03-03", "March 3, 2020": "2020-03-03",
    "1st Mar 2020": "2020-03-01", "March 2020": "2020-03-01", "2020-03": "2020-03-01", "2020": "2020-01-01",
    "Q2 2020": "2020-04-01", "20200301": "2020-03-01", "43891": "2020-03-01", "2020–03–01": "2020-03-01",
    "“2020-03-01”": "2020-03-01", "2020-03-01T00:00:00Z": "2020-03-01", "12-31-2020": "2020-12-31",
    "spring 2020": "2020-11-03", "3 March": "2020-11-03", "31/31/2020": "2020-11-03",
}  # fmt: skip


@pytest.mark.parametrize(("text", "better"), DATES.items())
def test_a_date_as_people_write_it_is_answered_with_the_day(text, better):
    assert better in date_hint(text)
    problem = only_problem(on=quoted(text))
    assert better in problem.hint[0]


@pytest.mark.parametrize(
    ("text", "better"), [("3.0", "3"), ("three", "3"), ("12 months", "12"), ("“6”", "6")]
)
def test_a_whole_number_as_people_write_it_makes_one_problem(text, better):
    problem = only_problem(steps=quoted(text))
    assert problem.hint == (f"Write `{better}`.",)


@pytest.mark.parametrize(
    ("text", "better"), [("yes", "true"), ("No", "false"), ("1", "true"), ("“true”", "true")]
)
def test_a_flag_as_people_write_it_is_answered_with_true_or_false(text, better):
    assert only_problem(headline=text).hint == (f"Write `{better}`.",)


@pytest.mark.parametrize(
    ("unit", "better"),
    [
        ("%", "percent"),
        ('"%"', "percent"),
        ("pct", "percent"),
        ("bn USD", "billion"),
        ("tons", "tonne"),
        ("$", "USD"),
        ("thousands of people", "Leave `of` out"),
        ("kg per month", "kg/month"),
        ("Month", "month"),
        ("km²", "km**2"),
    ],
)
def test_a_unit_as_people_write_it_is_answered_with_the_unit(unit, better):
    assert better in " ".join(only_problem(unit=unit).hint)


@pytest.mark.parametrize(
    "title", ["“Riedel, a man”", "“Riedel: a man”", "„Riedel, a man“", "«Riedel, a man»"]
)
def test_quotes_from_word_are_said_to_be_none(title):
    problem = only_problem(title=title)
    assert f"`{title[0]}` is no quote" in problem.hint[0]
    assert '"Riedel' in problem.hint[0]


def test_a_space_that_is_none_is_named():
    text = (
        MODEL.format(**RIGHT)
        .replace("  tension:", "\u00a0 tension:")
        .replace("tension: {", "tension:\u00a0{")
    )
    assert "a space that is none (U+00A0)" in problems_of(text)[0].message


# ---------------------------------------------------------------------- names


def test_a_name_with_a_capital_is_said_once_and_not_again_wherever_it_is_used():
    text = """\
model: {name: t, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 3}
variables: {Public Anger: {initial: 1, change: -nerve / month * public_anger}, w: {equals: public_anger + 1}}
parameters: {Nerve: {value: 4}}
actors:
  Tehran:
    types: {Hard: {parameters: {nerve: 3}}}
    true_type: {hard: 1}
    actions: {Strike: {effects: {public_anger: nerve}}, x: {}}
  b: {depth: 1, horizon: 2 * month, precision: 0.1, utility: {u: -public_anger}, actions: {y: {}},
      misreads: {nerve: 2}, sees: {public_anger: hidden}, beliefs: {tehran: {prior: {hard: 1}}}}
events: {Big Day: {on: 2020-02-01}, e: {rate: months_since(big_day) / month**2, effects: {public_anger: 1}}}
outcomes: {War: {when: w > 3, absorbing: true, worth: {tehran: -1}}, o: {otherwise: true}}
policies: {p: {do: [{set: {nerve: 3}, force: {tehran: strike}}]}}
"""
    found = [p.message.split("`")[1] for p in problems_of(text) if "cannot be a name" in p.message]
    assert len(problems_of(text)) == len(found)
    assert set(found) == {"Public Anger", "Nerve", "Big Day", "War", "Tehran", "Strike", "Hard"}


# ---------------------------------------------------------------------- policies and claims


def test_two_interventions_of_one_policy_cannot_hold_a_parameter_at_two_values_at_once():
    rival = "policies: {p: {do: [{set: {k: 2}}, {from: 2020-02-01, set: {k: 3}}]}}\n"
    (problem,) = problems_of(MODEL.format(**RIGHT) + rival)
    assert problem.message == "`k` is set to 2 and to 3 at the same time"
    one_after_the_other = rival.replace("{set: {k: 2}}", "{until: 2020-02-01, set: {k: 2}}")
    assert loads(MODEL.format(**RIGHT) + one_after_the_other)


def test_a_stock_may_be_set_twice_on_different_days():
    policy = "policies: {p: {do: [{set: {tension: 2}}, {from: 2020-02-01, set: {tension: 3}}]}}\n"
    assert loads(MODEL.format(**RIGHT) + policy)
    (problem,) = problems_of(MODEL.format(**RIGHT) + policy.replace("from: 2020-02-01, ", ""))
    assert problem.message == "`tension` is set to 2 and to 3 at the same time"


def test_limits_without_a_unit_are_answered_with_a_list_that_can_be_copied():
    claim = (
        "claims: {c: {tests: [{quantity: {months_until: war}, expect: within, limits: ENDS, reason: r}]}}\n"
    )
    text = MODEL.format(**RIGHT) + claim
    (problem,) = problems_of(text.replace("ENDS", "[0, 100]"))
    assert problem.hint[0].startswith("Write `limits: [0 * month, 100 * month]`")
    loads(text.replace("ENDS", "[0 * month, 100 * month]"))
