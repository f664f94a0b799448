"""The sentences of a brief at their edges: nothing, one, nearly all, all."""

# ruff: noqa: E501 (sentences are easier to read whole)
from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offramp.tell import figures, words
from offramp.tell.figures import NBSP
from offramp.tell.words import EndingShare, Habit, Happening, ShareUnderPolicy

START, END = date(2020, 6, 1), date(2022, 1, 1)


def plain(text):
    """With ordinary spaces, as one reads it."""
    return text.replace(NBSP, " ")


def ends(*counts):
    """Endings: simmering, war, deal, collapse."""
    titles = ("Simmering", "War", "Deal", "Collapse")
    return [EndingShare(t, n, t == "Simmering") for t, n in zip(titles, counts, strict=False)]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            (8693, 413, 894, 0),
            "Of every 100 futures from 1 June 2020 to the end of 2021, about 87 are still at “Simmering”, 9 end "
            "in “Deal” and 4 end in “War”; none of the 10,000 reaches “Collapse”.",
        ),
        (
            (9999, 1, 0),
            "Of every 100 futures from 1 June 2020 to the end of 2021, more than 99 are still at “Simmering”; "
            "“War” comes in 1 of 10,000 futures and none of the 10,000 reaches “Deal”.",
        ),
        (
            (9870, 100, 30),
            "Of every 100 futures from 1 June 2020 to the end of 2021, about 99 are still at “Simmering” and 1 "
            "ends in “War”; “Deal” comes in 30 of 10,000 futures.",
        ),
        (
            (10000, 0, 0),
            "All 10,000 futures, from 1 June 2020 to the end of 2021, are still at “Simmering”; none reaches "
            "“War” or “Deal”.",
        ),
        (
            (0, 10000),
            "All 10,000 futures, from 1 June 2020 to the end of 2021, end in “War”; none is still at "
            "“Simmering”.",
        ),
    ],
)
def test_the_outlook_in_natural_frequencies(counts, said):
    assert plain(words.outlook(ends(*counts), 10_000, START, END)) == said


@given(st.lists(st.integers(0, 5000), min_size=2, max_size=4).filter(lambda counts: sum(counts) > 0))
def test_no_ending_that_came_is_called_none_and_none_that_did_not_is_given_a_number(counts):
    said = words.outlook(ends(*counts), sum(counts), START, END)
    for ending in ends(*counts):
        assert f"“{ending.title}”" in said
    assert "about 0 " not in said
    assert " 0 end" not in said
    assert " 100 " not in said.replace("every 100 futures", "").replace("of 100 future", "")


def test_a_model_without_endings_gets_no_outlook_sentence():
    assert words.outlook([], 100, START, END) == ""


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            (8693, 413, 894, 0),
            "At the end of 2021, 87 % of futures are still at “Simmering”; 8.9 % have ended in “Deal”, 4.1 % in "
            "“War” and none in “Collapse”.",
        ),
        (
            (2000, 5000, 3000),
            "At the end of 2021, 50 % of futures have ended in “War”; 30 % in “Deal” and 20 % are still at "
            "“Simmering”.",
        ),
        (
            (10000, 0),
            "At the end of 2021, all 10,000 futures are still at “Simmering”; none have ended in “War”.",
        ),
        (
            (9999, 1),
            "At the end of 2021, 99.99 % of futures are still at “Simmering”; 0.01 % have ended in “War”.",
        ),
    ],
)
def test_how_the_futures_stand(counts, said):
    assert plain(words.standing(ends(*counts), 10_000, END)) == said


@pytest.mark.parametrize(
    ("what", "futures", "said"),
    [
        (Happening("War", 0), 10_000, "Came in none of 10,000 futures."),
        (Happening("War", 1, date(2021, 3, 1)), 10_000, "Came in 1 of 10,000 futures, by 1 March 2021."),
        (
            Happening("War", 413, date(2021, 3, 1)),
            10_000,
            "Came in 413 of 10,000 futures, in half of these by 1 March 2021.",
        ),
        (
            Happening("War", 10_000, date(2021, 3, 1)),
            10_000,
            "Came in all 10,000 futures, in half of these by 1 March 2021.",
        ),
        (Happening("War", 0), 1, "Did not come."),
        (Happening("War", 1, date(2021, 3, 1)), 1, "Came in the one future, by 1 March 2021."),
    ],
)
def test_how_often_and_by_when(what, futures, said):
    assert plain(words.growth(what, futures)) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            (9570, 6),
            "By the end of 2021 “A” has come in 96 % of futures, the most of these, and “B” in 6 of 10,000 "
            "futures, the fewest.",
        ),
        (
            (10_000, 0),
            "By the end of 2021 “A” has come in all 10,000 futures, the most of these, and “B” in none.",
        ),
        ((0, 0), "By the end of 2021 none of these 2 has come in any of 10,000 futures."),
        ((3,), "By the end of 2021 “A” has come in 3 of 10,000 futures."),
        (
            (100, 0, 0, 0, 0),
            "By the end of 2021 “A” has come in 1.0 % of futures, the most of these, and 4 of the 5 have come "
            "in none.",
        ),
    ],
)
def test_what_happens_on_the_way(counts, said):
    happenings = [Happening(name, n) for name, n in zip("ABCDE", counts, strict=False)]
    assert plain(words.on_the_way(happenings, 10_000, END)) == said


@pytest.mark.parametrize(
    ("first", "last", "unit", "said"),
    [
        (
            (3.29, 3.81, 4.4),
            (1.004, 2.43, 3.7),
            "month",
            "Starts around 3.8 months; the median ends at 2.4 months, and nine futures in ten end between 1.0 "
            "and 3.7 months.",
        ),
        (
            (20, 20, 20),
            (10, 31.2, 50),
            "points",
            "Starts at 20 points; the median ends at 31 points, and nine futures in ten end between 10 and 50 "
            "points.",
        ),
        (
            (42, 50, 58),
            (28, 50.2, 83),
            "points",
            "Starts around 50 points; the median ends there too, and nine futures in ten end between 28 and 83 "
            "points.",
        ),
        (
            (0, 0, 0),
            (0, 0, 0),
            "",
            "Stands at 0 at the start and at the end, in at least nine futures of ten.",
        ),
        (
            (2, 2, 2),
            (5, 5, 5),
            "kg",
            "Starts at 2.0 kg and ends at 5.0 kg in at least nine futures of ten.",
        ),
    ],
)
def test_where_a_variable_goes(first, last, unit, said):
    assert plain(words.fan(first, last, unit)) == said


def test_a_yes_or_no_variable_is_a_share_of_futures():
    assert plain(words.holding(0, 0.5)) == "Holds in 0 % of futures at the start and in 50 % at the end."
    assert words.holding(0, 0) == "Holds in no future at the start or at the end."


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        (
            [
                Habit("Press", 0.26, 0.35, 0.21),
                Habit("Wait", 0.11, 0.1, 0.12),
                Habit("Talk", 0.63, 0.55, 0.67),
            ],
            "The commonest choice is “Talk” (63 %), then “Press” (26 %); from the first quarter of the time to "
            "the last, “Press” falls from 35 % to 21 %.",
        ),
        ([Habit("Wait", 1, 1, 1), Habit("Go", 0, 0, 0)], "The only choice ever made is “Wait”."),
        (
            [Habit("Wait", 0.5, 0.5, 0.5), Habit("Go", 0.5, 0.5, 0.5)],
            "“Wait” and “Go” are chosen most, 50 % each.",
        ),
    ],
)
def test_what_an_actor_tends_to_do(actions, said):
    assert plain(words.habits(actions)) == said


def test_what_an_actor_believes_on_average():
    assert plain(words.belief("Blue", "Red", [("Hard", 0.8, 0.31), ("Soft", 0.2, 0.69)])) == (
        "Blue takes Red to be “Hard” with a chance of 80 % at its first choice and of 31 % at its last, on average."
    )
    assert plain(words.belief("Blue", "Red", [("Hard", 0.2, 0.2), ("Soft", 0.8, 0.8)])) == (
        "Blue takes Red to be “Soft” with a chance of 80 % from the first choice to the last, on average."
    )


def test_how_often_random_events_come():
    said = plain(words.frequencies(["Storm", "Calm", "Flood"], [0.4, 0.0, 2.44]))
    assert said == "“Flood” comes most often, 2.4 times a year on average; “Calm” least, never."
    assert plain(words.frequencies(["Storm"], [1.0])) == "“Storm” comes once a year on average."
    assert words.frequencies(["Storm"], [0.0]) == "No random event came in any future."


def test_dates_fixed_in_advance():
    days = [date(2020, 10, 18), date(2020, 11, 3)]
    assert plain(words.calendar(days, ["Embargo", "Election"], 1)) == (
        "2 dates are fixed in advance, 1 of them with an open result; the first is “Embargo” on 18 October 2020."
    )
    assert plain(words.calendar(days[:1], ["Embargo"], 0)) == (
        "One date is fixed in advance: “Embargo” on 18 October 2020."
    )
    assert plain(words.dated(days[:1], ["Embargo"])) == "The dotted line is “Embargo” (18 Oct 2020)."
    assert words.dated([], []) == ""


def test_policies_whose_intervals_overlap_are_not_said_to_differ():
    close = [ShareUnderPolicy("Hold", 0.046, 0.036, 0.058), ShareUnderPolicy("Ease", 0.041, 0.032, 0.053)]
    assert plain(words.compared("War", close)) == (
        "Counted so, no difference shows: “War” has come in 4 % of futures under “Ease” and in 5 % of futures "
        "under “Hold”, and the intervals overlap."
    )
    apart = [ShareUnderPolicy("Hold", 0.09, 0.08, 0.11), ShareUnderPolicy("Ease", 0.0, 0.0, 0.003)]
    assert plain(words.compared("Deal", apart)) == (
        "“Deal” has come most often under “Hold”, in 9 % of futures, and least often under “Ease”, in no future."
    )


def test_failed_runs_are_said_to_be_set_apart():
    assert plain(words.failed(1, 500)).startswith(
        "1 run of 500 failed (0.2 %) and is set apart: it counts in no"
    )
    assert plain(words.failed(3, 500)).startswith(
        "3 runs of 500 failed (0.6 %) and are set apart: they count in"
    )


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────


@given(st.floats(0, 1), st.none() | st.integers(0, 3))
def test_only_certainty_is_written_as_0_or_100(share, decimals):
    text = plain(figures.percent(share, decimals))
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6))
def test_values_written_together_keep_their_order_and_sign(values):
    written = figures.together(values)
    for value, text in zip(values, written, strict=True):
        assert text.startswith("\u2212") == (value < 0)
        assert (text == "0") == (value == 0)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_in_words_is_within_half_a_percent_of_itself(value):
    text = figures.number(value).replace(",", "").replace("\u2212", "-")
    mantissa, _, exponent = text.partition("×10")
    if exponent:
        power = int(exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
        assert math.isclose(float(mantissa) * 10.0**power, value, rel_tol=0.006)
    else:
        assert math.isclose(float(mantissa), value, rel_tol=0.006)


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("month", "months"), ("barrel/day", "barrels per day"), ("million*barrel/day", "million barrels per day"),
        ("1/month", "per month"), ("percent", "%"), ("", ""), ("flag", ""), ("USD", "USD"),
        ("kg/month/person", "kg/month/person"),
    ],
)  # fmt: skip
def test_units_in_words(unit, said):
    assert figures.unit_words(unit) == said
