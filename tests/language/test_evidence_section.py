"""The section `evidence` of a model file, and the tables that it reads."""

from __future__ import annotations

from datetime import date

import pytest

from offramp import ModelError, explain, load, loads
from offramp.language.sections.evidence import bundled_tables
from offramp.language.tables import read_table

HEADER = "series,date,until,known,value,unit,source,note\n"
MODEL = """
model: {name: seen, illustrative: true}
horizon: {start: 2018-05-01, step: month, steps: 12}
variables: {stock: {unit: kg, initial: 100}}
evidence:
  reports: {observes: stock, data: %s, series: stock, error: normal, sd: 5 * kg}
"""


def problems(text):
    return [(p.line, p.message) for p in read_table(text.encode(), "t.csv").problems]


def test_a_row_says_what_it_describes_and_when_that_was_known():
    table = read_table((HEADER + "stock,2018-06-01,,2018-07-15,120.5,kg,Agency,a note\n").encode(), "t.csv")
    (row,) = table.series["stock"]
    assert (row.day, row.until, row.known) == (date(2018, 6, 1), None, date(2018, 7, 15))
    assert (row.value, row.source, row.note, row.line) == (120.5, "Agency", "a note", 2)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "stock,2018-06-01,,2018-05-01,1,,,",
            "known on 2018-05-01, before 2018-06-01, the day that it describes",
        ),
        ("stock,1 June 2018,,2018-05-01,1,,,", "`date` must be a date, not `1 June 2018`"),
        ("stock,2018-06-01,,,1,,,", "`known` must be a date, not ``"),
        ("stock,2018-06-01,2018-05-01,2018-07-01,1,,,", "`until` (2018-05-01) is before `date` (2018-06-01)"),
        ("stock,2018-06-01,,2018-07-01,many,,,", "`value` must be a number, not `many`"),
        ("stock,2018-06-01,,2018-07-01,nan,,,", "`value` must be a number, not `nan`"),
        (",2018-06-01,,2018-07-01,1,,,", "the row belongs to no series"),
        ("stock,2018-06-01,,2018-07-01,1,000,kg,,", "9 cells under 8 columns"),
    ],
)
def test_a_row_that_is_wrong_is_named_by_its_line(row, message):
    assert problems(HEADER + "stock,2018-05-02,,2018-05-03,1,,,\n" + row + "\n") == [(3, message)]


def test_a_table_without_the_day_on_which_things_were_known_is_refused():
    assert problems("series,date,value\n") == [(1, "the table has no column `known`")]
    assert problems("") == [(1, "the table has no column `series`, `date`, `known`, `value`")]
    assert read_table(b"\xff\xfe", "t.csv").problems[0].message == "this is not UTF-8 text"


def test_a_table_stands_beside_the_model_file_and_its_mistakes_point_into_it(tmp_path):
    model = tmp_path / "seen.yaml"
    model.write_text(MODEL % "reports.csv")
    table = tmp_path / "reports.csv"
    table.write_text(HEADER + "stock,2018-06-01,,2018-07-15,120.5,kg,,\n")
    (evidence,) = load(model).evidence
    assert (evidence.observes, evidence.kind, evidence.sd, len(evidence.rows)) == ("stock", "variable", 5, 1)
    assert explain(load(model))["evidence"][0]["last_known"] == "2018-07-15"
    table.write_text(HEADER + "stock,2018-06-01,,soon,120.5,kg,,\n")
    with pytest.raises(ModelError) as raised:
        load(model)
    assert [(p.file, p.line) for p in raised.value.problems] == [(str(table), 2)]
    table.write_text(HEADER + "stock,2018-06-01,,2018-07-15,120.5,tonne,,\n")
    with pytest.raises(ModelError, match="series `stock` is in `tonne`, the variable in `kg`"):
        load(model)
    with pytest.raises(ModelError, match="text stands in no folder"):
        loads(MODEL % "reports.csv")


def test_tables_of_one_name_in_two_folders_are_two(tmp_path):
    """Each is read from the folder of the file that names it."""
    row = "stock,2018-06-01,,2018-07-15,{},kg,,\n"
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "seen.yaml").write_text(MODEL % "reports.csv")
    (tmp_path / "below" / "reports.csv").write_text(HEADER + row.format(1))
    (tmp_path / "reports.csv").write_text(HEADER + row.format(2))
    (tmp_path / "top.yaml").write_text(
        "extend: below/seen.yaml\nmodel: {name: top}\nevidence:\n"
        "  more: {observes: stock, data: reports.csv, series: stock, error: normal, sd: 5 * kg}\n"
    )
    model = load(tmp_path / "top.yaml")
    assert [(e.name, e.rows[0].value) for e in model.evidence] == [("reports", 1), ("more", 2)]


def test_every_row_of_a_series_has_its_unit(tmp_path):
    """One row in tonnes among kilograms would be taken for kilograms."""
    (tmp_path / "seen.yaml").write_text(MODEL % "reports.csv")
    rows = ["stock,2018-06-01,,2018-07-15,120.5,kg,,", "stock,2018-07-01,,2018-08-15,0.13,tonne,,"]
    (tmp_path / "reports.csv").write_text(HEADER + "\n".join(rows) + "\n")
    with pytest.raises(
        ModelError, match="series `stock` was in `kg` so far, and is in `tonne` here"
    ) as raised:
        load(tmp_path / "seen.yaml")
    assert [p.line for p in raised.value.problems] == [3]
    (tmp_path / "reports.csv").write_text(
        HEADER + "\n".join(rows).replace("tonne", "").replace("kg", "") + "\n"
    )
    assert len(load(tmp_path / "seen.yaml").evidence[0].rows) == 2, "units may be left out"


def test_a_link_does_not_lead_out_of_the_folder(tmp_path):
    """Models come from strangers: one that is unpacked reads what was unpacked with it."""
    (tmp_path / "elsewhere.csv").write_text(HEADER + "stock,2018-06-01,,2018-07-15,120.5,kg,,\n")
    home = tmp_path / "unpacked"
    home.mkdir()
    (home / "seen.yaml").write_text(MODEL % "reports.csv")
    (home / "reports.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(ModelError, match="is a link that leads out of the folder"):
        load(home / "seen.yaml")
    (home / "reports.csv").unlink()
    (home / "kept.csv").write_text((tmp_path / "elsewhere.csv").read_text())
    (home / "reports.csv").symlink_to(home / "kept.csv")
    assert len(load(home / "seen.yaml").evidence[0].rows) == 1


def test_the_tables_that_come_with_offramp_are_sound():
    """Every row read, with a source, a unit, and known on or after the day that it describes."""
    from importlib import resources

    assert len(bundled_tables()) >= 5
    for name in bundled_tables():
        table = read_table(
            (resources.files("offramp.crises") / "evidence" / f"{name}.csv").read_bytes(), name
        )
        assert not table.problems
        for series, rows in table.series.items():
            assert table.units[series], series
            assert all(row.source for row in rows), series
