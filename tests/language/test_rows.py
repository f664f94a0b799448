"""Rows of evidence as they come: what cannot be meant is refused, what is not used noted, with its line."""

from __future__ import annotations

import pytest

from offramp import ModelError, load
from offramp.language.dates_meant import from_iranian
from offramp.language.notes import notes

HEAD = """
model: {name: rows, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables:
  x: {unit: percent, initial: 50, change: drift, headline: true, bounds: [0, 100], saturates: true}
  y: {initial: 5, change: 1 / month, headline: true}
parameters:
  drift: {unit: percent/month, value: "normal(0, 1)"}
  r: {unit: 1/month, value: "uniform(0, 9)"}
actors: {red: {actions: {wait: {}, strike: {effects: {y: 1}}}}}
events:
  raid: {rate: r, effects: {y: 1}}
  fall: {rate: 0.1 / month, once: true, effects: {y: 1}}
  vote: {on: 2020-05-05}
evidence:
  e: {%s, data: t.csv, series: s, %s}
"""
LEVEL = ("observes: x", "error: normal, sd: 3 * percent")
FREE = ("observes: y", "error: normal, sd: 3")
COUNT = ("observes: raid", "error: exact, from: 2020-01-01, until: 2021-01-01")
COLUMNS = "series,date,until,known,value,unit\n"
GOOD = "s,2020-02-01,,2020-02-05,52,\n"


@pytest.fixture
def read(tmp_path):
    def model(rows, what=LEVEL, columns=COLUMNS):
        table = (columns + rows) if isinstance(rows, str) else rows
        (tmp_path / "t.csv").write_bytes(table.encode() if isinstance(table, str) else table)
        (tmp_path / "m.yaml").write_text(HEAD % what)
        return load(tmp_path / "m.yaml")

    return model


def refused(read, rows, *more):
    """Line and message of what is wrong, with what to do about it."""
    with pytest.raises(ModelError) as raised:
        read(rows, *more)
    return [(p.line, p.message, " ".join(p.hint)) for p in raised.value.problems]


def noted(read, rows, *more):
    return [(n.file.rsplit("/")[-1], n.line, n.message) for n in notes(read(rows, *more))]


@pytest.mark.parametrize(
    ("row", "message", "hint"),
    [
        ("s,2020-03-01,,2020-03-05,-9,", "-9 cannot be: the bounds of `x` are 0 to 100 percent", "no value"),
        ("s,2020-03-01,,2020-03-05,5300,", "5300 cannot be: the bounds", "Did you mean 53?"),
        ("s,0020-03-01,,2020-03-05,53,", "`date` must be a date, not `0020-03-01`", "mean 2020-03-01?"),
        ("s,0025-03-01,,2025-03-05,53,", "`date` must be a date, not `0025-03-01`", "mean 2025-03-01?"),
        ("s,2020/03/01,,2020-03-05,53,", "`date` must be a date, not `2020/03/01`", "2020-03-01."),
        ("s,1.5.2020,,2020-06-05,53,", "`date` must be a date, not `1.5.2020`", "2020-05-01."),
        ("s,2020-03-01,,2020-02-28,53,", "known on 2020-02-28, before 2020-03-01", "A forecast is no"),
        ("s,2020-03-01,2020-03-31,2020-03-15,53,", "known on 2020-03-15, before 2020-03-31", "A forecast"),
        ('s,2020-03-01,,2020-03-05,"1,760",', "`value` must be a number, not `1,760`", "Write 1760:"),
        ('s,2020-03-01,,2020-03-05,"0,5",', "`value` must be a number, not `0,5`", "Write 0.5:"),
        ("s,2020-03-01,,2020-03-05,1 760,", "`value` must be a number, not `1 760`", "Write 1760:"),
        ("s,2020-03-01,,2020-03-05,,", "`value` must be a number, not ``", "Leave out rows without one."),
        ("s,2020-03-01,,2020-03-05,inf,", "`value` must be a number, not `inf`", "digits"),
        ("s,2020-03-01,,2020-03-05,1_000,", "`value` must be a number, not `1_000`", "digits"),
        ("s,2020-03-01,,2020-03-05,53,kg", "series `s` is in `kg`, the variable in `percent`", "converted"),
        ("s,2020-02-01,,2020-02-05,53,", "series `s` is 52 on line 2 and 53 here: both are of", "later"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused_with_its_line_and_the_likely_fix(read, row, message, hint):
    (found,) = refused(read, GOOD + row + "\n")
    assert message in found[1]
    assert hint in found[2]
    assert found[0] == 3 or "kg" in row, "a unit is that of the whole series"


@pytest.mark.parametrize(
    ("columns", "message", "hint"),
    [
        ("series,date,known,value,value\n", "2 columns are called `value`: columns 4 and 5", "Take one out"),
        ("series;date;until;known;value;unit\n", "the table has no column `series`", "semicolons separate"),
        ("series\tdate\tuntil\tknown\tvalue\n", "the table has no column `series`", "tabs separate"),
        ("Series,Date,until,known,value,unit\n", "no column `series`, `date`", "Write `series` for `Series`"),
    ],
)
def test_the_first_line_of_a_table_names_each_column_once(read, columns, message, hint):
    (found,) = refused(read, "s,2020-02-01,2020-02-05,52,9\n", LEVEL, columns)
    assert found[0] == 1
    assert message in found[1]
    assert hint in found[2]


def test_a_byte_order_mark_and_empty_lines_are_passed_over(read):
    (evidence,) = read(("\ufeff" + COLUMNS + "\n" + GOOD + ",,,,,\n\n").encode()).evidence
    assert [(r.value, r.line) for r in evidence.rows] == [(52, 3)]


def test_the_same_row_twice_is_noted_for_a_level_and_refused_for_a_count(read):
    assert noted(read, GOOD + GOOD) == [("t.csv", 3, "series `s` has the same 52 of 2020-02-01 on line 2")]
    (found,) = refused(read, GOOD + GOOD, COUNT)
    assert found[:2] == (3, "series `s` has the same 52 of 2020-02-01 on line 2 already")
    assert noted(read, GOOD.replace("52", "0") * 2, COUNT)[0][1] == 3, "none twice is none"


def test_rows_with_an_id_or_a_source_each_stand_beside_one_another(read):
    columns = "series,date,until,known,value,source,id\n"
    row = "s,2020-02-01,,2020-02-05,2,{},{}\n"
    for one, other in ((("A", ""), ("B", "")), (("", "1"), ("", "2"))):
        rows = row.format(*one) + row.format(*other)
        assert not noted(read, rows, COUNT, columns)
        assert len(read(rows, COUNT, columns).evidence[0].rows) == 2


def test_rows_outside_the_horizon_are_noted_and_a_series_of_which_none_is_used_is_refused(read):
    late, early = "s,2022-02-01,,2022-02-05,52,\n", "s,2002-06-01,,2020-06-05,53,\n"
    ((file, line, message),) = noted(read, GOOD + early + late)
    assert (file, line) == ("t.csv", 3)
    assert "53 of 2002-06-01 on line 3, 52 of 2022-02-01 on line 4" in message
    (found,) = refused(read, early + late)
    assert "`e` uses no row of series `s`" in found[1]
    assert "lines 2, 3" in found[1]
    (found,) = refused(read, early, ("observes: raid", "error: exact"))
    assert "uses no row" in found[1]
    assert "uses no row" not in str(noted(read, early, COUNT)), "none came from January on, it says"


def test_codes_for_missing_values_are_noted_where_no_bounds_refuse_them(read):
    found = noted(read, GOOD + "s,2020-03-01,,2020-03-05,-9,\n" + "s,2020-04-01,,2020-04-05,9999,\n", FREE)
    assert [(line, message.split(" of")[0]) for _, line, message in found] == [(3, "-9"), (4, "9999")]
    assert not noted(read, "s,2020-03-01,,2020-03-05,-9,\ns,2020-04-01,,2020-04-05,-3,\n", FREE)


def test_days_of_which_a_table_of_counts_tells_are_said_or_noted(read):
    (found,) = noted(read, GOOD, ("observes: raid", "error: exact"))
    assert "counts from 2020-02-01 to 2020-02-05" in found[2]
    (evidence,) = read(GOOD, ("observes: raid", "error: exact")).evidence
    assert (str(evidence.start), str(evidence.end)) == ("2020-02-01", "2020-02-06")


def test_poisson_with_all_listed_and_nothing_stray_is_told_of_exact(read):
    (found,) = noted(read, GOOD, ("observes: raid", COUNT[1].replace("exact", "poisson, stray: 0")))
    assert "`poisson`" in found[2]
    assert not noted(read, GOOD, ("observes: raid", COUNT[1].replace("exact", "poisson, stray: 0.1")))


@pytest.mark.parametrize("observes", ["red/strike", "fall", "vote"])
def test_known_counts_that_no_future_can_have_are_refused(read, observes):
    what = (f"observes: {observes}", COUNT[1])
    two = "s,2020-05-05,,2020-05-06,2,\n"
    (found,) = refused(read, two, what)
    assert found[0] == 2
    assert f"`{observes}` can come once" in found[1]
    read(two.replace(",2,", ",1,"), what)
    read(two, (what[0], what[1].replace("exact", "poisson")))
    read("s,2020-05-05,2020-06-30,2020-07-06,2,\n", (f"observes: {'red/strike'}", COUNT[1]))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (("observes: raid", "error: exact, listed: 0.5"), "`listed` has no use where counts are `exact`"),
        (("observes: raid", "error: poisson, dispersion: 1"), "`dispersion` goes with"),
        (("observes: raid", "error: negative_binomial"), "nothing says how far the counts of"),
        (("observes: x", "error: binomial"), "`binomial` is for counts of events or actions"),
        (("observes: raid", "error: negative_binomial, dispersion: 0"), "`dispersion` must be above 0"),
    ],
)
def test_an_error_of_counts_has_its_own_keys(read, what, message):
    assert message in str(refused(read, GOOD, what))


def test_thousands_of_readings_in_few_steps_get_a_hint_to_thin_them(read):
    row = "s,2020-{:02}-{:02},,2020-{:02}-{:02},52,\n"
    rows = "".join(row.format(m, d, m, d) for m in range(1, 13) for d in range(1, 29))
    (found,) = noted(read, rows)
    assert "336 rows, some 28 a month" in found[2]


def test_a_start_in_the_iranian_calendar_is_noted_with_its_day(tmp_path):
    """1399-03-12 is 1 June 2020; taken as it stands it is a day of the fourteenth century."""
    text = "model: {name: m, illustrative: true}\nhorizon: {start: 1399-03-12, step: month, steps: 12}\n"
    (tmp_path / "m.yaml").write_text(
        text + "variables: {x: {initial: 1, change: 1 / month, headline: true}}\n"
    )
    (note,) = notes(load(tmp_path / "m.yaml"))
    assert (note.line, note.message) == (2, "1399-03-12 is a day of the year 1399 here")
    assert "2020-06-01" in note.hint[0]


@pytest.mark.parametrize(
    ("iranian", "common"),
    [
        ((1399, 1, 1), "2020-03-20"), ((1398, 12, 29), "2020-03-19"), ((1357, 11, 22), "1979-02-11"),
        ((1399, 12, 30), "2021-03-20"), ((1403, 12, 30), "2025-03-20"), ((1299, 12, 3), "1921-02-22"),
    ],
)  # fmt: skip
def test_days_of_the_iranian_calendar_are_those_of_history(iranian, common):
    assert str(from_iranian(*iranian)) == common
