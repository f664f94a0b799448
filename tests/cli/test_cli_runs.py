"""The command line for runs: what `run` and `brief` print and save, and how they fail."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

import offramp
from cli_calls import RUNS, call, found_by
from offramp.tell.terminal import columns_of

# ── run ───────────────────────────────────────────────────────────────────────────────────────────────


def test_run_prints_the_outlook_in_100_columns(place):
    result = call("run", "river.yaml", *RUNS, "--seed", "5")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "A dam on the Sarun"
    chances = r"War over the river \d+ %; Treaty \d+ %; Neither war nor treaty \d+ %\."
    assert re.match(rf"200 futures, by the end of 2027: {chances}", " ".join(lines[1:3]))
    assert re.search(r"by the end of 2027 +90 % interval", result.stdout)
    assert max(columns_of(line) for line in lines) <= 100
    assert "Again: offramp run river.yaml --runs 200 --seed 5" in result.stdout
    assert "sampling error" in result.stdout
    assert "Illustrative" in result.stdout
    for title in ("War over the river", "Hunger in Bessim", "Tension, points", "Altara"):
        assert title in result.stdout


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_policies_fit_any_terminal(place, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    names = ["baseline", "mediated_interim_offer", "press_harder", "strike_to_force_talks", "ease"]
    args = [word for name in names for word in ("--policy", name)]
    lines = call("run", "us-iran-2020", "--runs", "40", *args).stdout.splitlines()
    assert max(columns_of(line) for line in lines) <= columns
    for policy in offramp.load("us-iran-2020").policies:
        if policy.name in names[1:]:
            assert any(f"({policy.name})" in line.split() for line in lines)
            assert f"under {policy.title} ({policy.name})" in " ".join(" ".join(lines).split())


def test_chances_that_share_out_all_futures_sum_to_one(place):
    outcomes = found_by("run", "river.yaml", *RUNS)["policies"]["baseline"]["outcomes"]
    assert sum(outcomes[o]["probability"] for o in ("war", "accord", "standoff")) == pytest.approx(1)


def test_the_table_holds_the_numbers_of_the_json(place):
    """Every chance, level and share once, in a spreadsheet's own form."""
    asked = ("run", "river.yaml", "--runs", "100", "--policy", "baseline", "--policy", "pause")
    rows = list(csv.DictReader(call(*asked, "--format", "csv").stdout.splitlines()))
    policies = found_by(*asked)["policies"]
    told = {(r["policy"], r["kind"], r["actor"], r["name"], r["date"]): r for r in rows}
    assert len(told) == len(rows)
    end = "2028-01-01"
    for policy, found in policies.items():
        war, tension = found["outcomes"]["war"], found["variables"]["tension"]["by"][end]
        row = told[policy, "chance", "", "war", end]
        assert [float(row[k]) for k in ("value", "low", "high")] == [
            war["probability"],
            war["low"],
            war["high"],
        ]
        row = told[policy, "level", "", "tension", end]
        assert [float(row[k]) for k in ("low", "value", "high")] == [
            tension[k] for k in ("p05", "p50", "p95")
        ]
        row = told[policy, "share", "bessim", "protest", end]
        assert (float(row["value"]), row["title"]) == (
            found["actions"]["bessim"]["protest"],
            "Bessim: Protest",
        )


def test_a_title_is_no_formula_of_the_spreadsheet(place):
    text = Path("river.yaml").read_text(encoding="utf-8").replace("title: Treaty,", 'title: "=HYPERLINK(1)",')
    Path("sly.yaml").write_text(text, encoding="utf-8")
    rows = csv.DictReader(call("run", "sly.yaml", "--runs", "20", "--format", "csv").stdout.splitlines())
    assert {r["title"] for r in rows if r["name"] == "accord"} == {"'=HYPERLINK(1)"}


def test_json_has_the_promised_shape(place):
    args = ["run", "river.yaml", *RUNS, "--policy", "pause", "--policy", "baseline", "--set", "mistrust=1.5"]
    result = call(*args, "--format", "json")
    found = json.loads(result.stdout)
    assert list(found) == [
        "question", "model", "model_hash", "title", "illustrative", "version", "seed", "set", "given",
        "level",
        "intervals", "runs", "failed_runs", "start", "end", "paths", "by", "quantiles_from", "failures",
        "policies",
    ]  # fmt: skip
    assert found["question"] == "run"
    assert (found["model"], found["seed"], found["runs"], found["failed_runs"]) == ("river", 0, 200, 0)
    assert found["model_hash"] == offramp.load("river.yaml").hash
    assert found["version"] == offramp.__version__
    assert found["set"] == {"mistrust": 1.5}
    assert list(found["policies"]) == ["pause", "baseline"]
    days = [d.isoformat() for d in offramp.load("river.yaml").dates]
    assert (found["start"], found["end"]) == (days[0], days[-1])
    for policy in found["policies"].values():
        assert list(policy) == ["runs", "failed_runs", "outcomes", "variables", "actions"]
        for outcome in policy["outcomes"].values():
            assert list(outcome) == ["probability", "low", "high", "by", "asked"]
            assert list(outcome["by"]) == days
            assert outcome["by"][days[-1]] == outcome["probability"]
            assert outcome["low"] <= outcome["probability"] <= outcome["high"]
        for variable in policy["variables"].values():
            assert list(variable) == ["unit", "by"]
            assert list(variable["by"]) == days
            for q in variable["by"].values():
                assert q["p05"] <= q["p50"] <= q["p95"]
        for shares in policy["actions"].values():
            assert sum(shares.values()) == pytest.approx(1)
    assert found["level"] == 0.9
    assert "sampling error" in found["intervals"]["outcomes"]
    assert policy["variables"]["reservoir"]["unit"] == "percent"


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(place):
    for form in ("json", "text"):
        first = call("run", "river.yaml", "--runs", "3000", "--format", form).stdout_bytes
        for threads in ("1", "2", "3"):
            again = call("run", "river.yaml", "--runs", "3000", "--format", form, "--threads", threads)
            assert again.stdout_bytes == first


def test_seed_0_is_a_seed_and_another_seed_is_another(place):
    zero, default, one = (
        found_by("run", "river.yaml", *RUNS, *seed) for seed in (["--seed", "0"], [], ["--seed", "1"])
    )
    assert zero == default
    assert zero["policies"] != one["policies"]
    largest = call("run", "river.yaml", *RUNS, "--seed", str(2**64 - 1), "--format", "json")
    assert json.loads(largest.stdout)["seed"] == 2**64 - 1


def test_setting_a_value_changes_every_future(place):
    found = found_by("run", "river.yaml", *RUNS, "--set", "tension=60")
    start = found["policies"]["baseline"]["variables"]["tension"]["by"]["2026-01-01"]
    assert start == {"p05": 60, "p50": 60, "p95": 60}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("tensoin=50", "Did you mean `tension`?"),
        ("tension", "is not NAME=VALUE, such as `--set tension_fade=1.5`"),
        ("=5", "is not NAME=VALUE"),
        ("tension=high", "`high` is not a number"),
        ("tension=", "`` is not a number"),
        ("tension=1_000", "is not a number"),
        ("tension=nan", "is not a number"),
        ("tension=300", "bounds are 0 to 100"),
        ("flow=3", "is computed from others"),
        ("river_share=4 USD", "`river_share` is in month, not in USD. Units are checked, never converted."),
        ("river_share=4 week", "never converted"),
        ("river_share=4 parsnips", "`parsnips` is not a unit"),
        ("resolve=1 kg", "no unit: it is a plain number"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(place, setting, said):
    result = call("run", "river.yaml", "--set", setting)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


@pytest.mark.parametrize(
    "setting", ["river_share=4 month", "river_share=4month", "tension_fade=1e-1 1/month"]
)
def test_a_setting_may_name_its_unit(place, setting):
    name, value = setting.split("=")
    found = found_by("run", "river.yaml", *RUNS, "--set", setting)
    assert found["set"] == {name: float(re.match(r"[\de.-]+", value)[0])}


def test_one_name_cannot_have_two_values(place):
    result = call("run", "river.yaml", "--set", "tension=1", "--set", "tension=2")
    assert (result.exit_code, "two values" in result.stderr) == (2, True)


def test_a_value_outside_its_prior_is_allowed_and_noted(place):
    result = call("run", "river.yaml", *RUNS, "--set", "mistrust=9")
    assert result.exit_code == 0
    assert "Note: mistrust = 9 lies outside its prior, uniform(" in result.stdout.partition("How it ends")[0]
    as_json = call("run", "river.yaml", *RUNS, "--set", "mistrust=9", "--format", "json")
    assert as_json.stderr.startswith("Note: mistrust = 9 lies outside its prior, uniform(")


def test_another_value_for_a_certain_number_is_noted_and_its_own_value_is_not(place):
    other = call("run", "river.yaml", *RUNS, "--set", "hardship_speed=0.5").stdout
    assert "Note: hardship_speed = 0.5 instead of 0.2, which the file gives as certain" in other
    assert "Note:" not in call("run", "river.yaml", *RUNS, "--set", "hardship_speed=0.2").stdout


@pytest.mark.parametrize("many", ["1,200", "1_200", "1200"])
def test_thousands_may_be_set_apart(place, many):
    assert call("run", "river.yaml", "--runs", many).stdout.splitlines()[1].startswith("1,200 futures, by ")


def test_one_future_is_not_many(place):
    assert call("run", "river.yaml", "--runs", "1").stdout.splitlines()[1].startswith("1 future, by ")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--policy", "medation"], "Did you mean `mediation`?"),
        (["--policy", "pause", "--policy", "pause"], "twice"),
        (["--runs", "0"], "--runs"),
        (["--runs", "many"], "--runs"),
        (["--runs", "1,2"], "--runs"),
        (["--runs", "10,0000"], "--runs"),
        (["--runs", "99000000000"], "--runs"),
        (["--seed", "-1"], "--seed"),
        (["--seed", str(2**64)], "--seed"),
        (["--threads", "0"], "--threads"),
        (["--format", "xml"], "json"),
    ],
)
def test_an_impossible_option_is_wrong_use(place, args, said):
    result = call("run", "river.yaml", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_policies_stand_side_by_side_and_named_only(place):
    result = call("run", "river.yaml", *RUNS, "--policy", "mediation", "--policy", "pause")
    assert re.search(r"^ +.*\(mediation\)", result.stdout, re.M)
    assert "(pause)" in result.stdout
    assert "baseline" not in result.stdout.lower()


# ── failed runs ───────────────────────────────────────────────────────────────────────────────────────

FAILING = """
model: {name: failing, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 6}
parameters: {spread: {value: "normal(0, 1)"}}
variables:
  calm: {initial: 5}
  wild: {initial: spread, change: LIMIT, bounds: [-100, 4]}
outcomes: {high: {when: wild > 3}}
"""


def test_some_failed_runs_are_left_out_said_and_exit_5(place):
    """wild grows by 0.5 a month from a standard normal: above 4 within six months where it began above 1."""
    Path("failing.yaml").write_text(FAILING.replace("LIMIT", "0.5 / month"))
    result = call("run", "failing.yaml", "--runs", "1000", "--format", "json")
    assert result.exit_code == 5
    found = json.loads(result.stdout)
    assert 110 < found["failed_runs"] < 210  # 1000 · P(z > 1) = 159
    assert found["policies"]["baseline"]["runs"] == 1000 - found["failed_runs"]
    assert found["policies"]["baseline"]["variables"]["wild"]["by"]["2020-07-01"]["p95"] <= 4
    assert found["failures"][0]["variable"] == "wild"
    assert found["failures"][0]["why"] == "out_of_bounds"
    assert f"{found['failed_runs']} of 1,000 runs failed" in result.stderr
    assert f"First: `wild` left its bounds in the step of {found['failures'][0]['first']}" in result.stderr
    assert "under `baseline`" in result.stderr
    assert "saturates: true" in result.stderr


def test_failures_are_said_first_on_stdout_and_no_table_stands_where_nothing_survived(place):
    Path("failing.yaml").write_text(FAILING.replace("LIMIT", "0.5 / month"))
    lines = call("run", "failing.yaml", "--runs", "1000").stdout.splitlines()
    assert re.match(r"8\d\d of 1,000 futures \(1\d\d failed, left out\), by the end of June 2020: ", lines[1])
    Path("failing.yaml").write_text(FAILING.replace("LIMIT", "1 / month / (calm - 5)"))
    out = call("run", "failing.yaml", "--runs", "50").stdout
    assert "50 futures: all failed" in out
    assert "%" not in out


SINKING = """
model: {name: sinking, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 6}
parameters: {flow: {value: "uniform(0.5, 1)"}}
variables:
  gas: {initial: 3, bounds: [-100, 100]}
  price: {equals: log(gas)}
actors:
  sudia:
    title: Sudia
    depth: 1
    horizon: 3
    precision: 1
    utility: {calm: 0 - 1, cold: COLD}
    actions: {cut: {effects: {gas: -flow}}, wait: {}}
events: {boom: {rate: RATE}}
outcomes: {high: {when: gas > 3}}
"""


@pytest.mark.parametrize(
    ("cold", "rate", "said", "section"),
    [
        (
            "0 - price",
            "0.01 / month",
            "the term `cold` of what Sudia wants (`0 - price`, through `price`)",
            "actors",
        ),
        (
            "0 - 1",
            "sqrt(gas - 2) / month",
            "the rate of the event `boom` (`sqrt(gas - 2) / month`)",
            "events",
        ),
        (
            "0 - 1",
            "500 * gas / month",
            "the rate of the event `boom` (`500 * gas / month`) came too often",
            "events",
        ),
    ],
)
def test_the_formula_that_failed_is_named_with_where_to_see_it(place, cold, rate, said, section):
    Path("sinking.yaml").write_text(SINKING.replace("COLD", cold).replace("RATE", rate))
    result = call("run", "sinking.yaml", "--runs", "40")
    assert result.exit_code in (1, 5)
    assert f"First: {said}" in result.stderr
    assert f"`offramp explain sinking.yaml --section {section}` shows it." in result.stderr


def test_the_scenario_named_fails_alone_as_well(place):
    Path("failing.yaml").write_text(FAILING.replace("LIMIT", "0.5 / month"))
    found = found_by("run", "failing.yaml", "--runs", "300")["failures"][0]
    model = offramp.load("failing.yaml")
    alone = offramp.simulate(offramp.Design(model, scenarios=[found["scenario"]]))
    assert alone["status"].item() == 2
    assert str(alone["step"].values[alone["failed_step"].item()])[:10] == found["first"]


def test_a_brief_of_the_runs_that_hold_is_written_all_the_same(place):
    Path("failing.yaml").write_text(FAILING.replace("LIMIT", "0.5 / month"))
    result = call("brief", "failing.yaml", "--runs", "300", "--bare")
    assert (result.exit_code, result.stdout) == (5, "failing-brief.html\n")
    assert "of 300 runs failed" in result.stderr
    assert Path("failing-brief.html").exists()


def test_a_model_that_asks_and_decides_nothing_still_has_an_outlook(place):
    text = FAILING.replace("LIMIT", "0").replace("bounds: [-100, 4]", "").partition("outcomes:")[0]
    Path("bare.yaml").write_text(text.replace("change: 0, ", "noise: 1"))
    result = call("run", "bare.yaml", *RUNS)
    assert result.exit_code == 0
    assert "asks about no outcome" in result.stdout
    assert "Wild" in result.stdout


def test_when_every_run_fails_there_is_no_result(place):
    Path("failing.yaml").write_text(FAILING.replace("LIMIT", "1 / month / (calm - 5)"))
    for command in ("run", "brief"):
        result = call(command, "failing.yaml", "--runs", "50")
        assert result.exit_code == 1
        assert "50 of 50 runs failed." in result.stderr
        assert "stopped being a finite number" in result.stderr
        assert "division" in result.stderr
    assert not Path("failing-brief.html").exists()


# ── saving ────────────────────────────────────────────────────────────────────────────────────────────


def test_out_saves_all_there_is_to_know(place):
    result = call("run", "river.yaml", *RUNS, "--out", "new/results", "--format", "json")
    assert result.exit_code == 0
    folder = Path("new/results")
    saved = ["lock.json", "model.yaml", "runs.nc", "runs.parquet", "summary.json"]
    assert sorted(os.listdir(folder)) == saved
    assert (folder / "summary.json").read_text(encoding="utf-8") == result.stdout
    assert (folder / "model.yaml").read_bytes() == Path("river.yaml").read_bytes()
    assert offramp.summary(offramp.load_runs(folder / "runs.nc")).as_dict() == json.loads(result.stdout)
    assert "Saved in" in result.stderr


def in_chapters(folder):
    """river.yaml in two files of a folder: all but the policies, and these."""
    folder.mkdir()
    head, policies = Path("river.yaml").read_text(encoding="utf-8").split("\npolicies:\n")
    (folder / "model.yaml").write_text(f"{head}\nchapters: [policies.yaml]\n", encoding="utf-8")
    (folder / "policies.yaml").write_text(f"policies:\n{policies}", encoding="utf-8", newline="\r\n")
    return folder


def test_a_folder_runs_as_its_one_file_does(place):
    in_chapters(Path("river"))
    one, folder = (found_by("run", name, *RUNS) for name in ("river.yaml", "river"))
    assert folder.pop("model_hash") != one.pop("model_hash")
    assert folder == one
    assert call("check", "river/").stdout == call("check", "river.yaml").stdout
    assert call("check", "rivr").stderr.count("`river`") == 1


@pytest.mark.parametrize("head", ["", "extend: middle.yaml", "extend: ./river/", "extend: us-iran-2018"])
def test_what_out_saves_of_a_model_in_several_files_is_that_model(place, head):
    in_chapters(Path("river"))
    Path("middle.yaml").write_text("extend: chicken\nmodel: {name: middle}\n", encoding="utf-8")
    Path("top.yaml").write_text(f"{head}\nmodel: {{name: top}}\n", encoding="utf-8")
    model = "top.yaml" if head else "river"
    result = call("run", model, "--runs", "20", "--out", "results", "--policy", "baseline")
    assert result.exit_code == 0, result.stderr
    shutil.rmtree("river")  # nothing outside of the copy but what comes with offramp
    Path("middle.yaml").unlink()
    found = json.loads(Path("results/summary.json").read_text(encoding="utf-8"))
    for saved in ("results", "results/model.yaml"):
        assert offramp.load(saved).hash == found["model_hash"]


def test_out_saves_a_bundled_crisis_as_a_folder_of_its_own(place):
    call("run", "us-iran-2020", "--runs", "2", "--out", "results", "--threads", "1")
    assert offramp.load("results").hash == offramp.load("us-iran-2020").hash


def test_out_leaves_no_model_of_earlier_runs(place):
    in_chapters(Path("river"))
    results = {"lock.json", "runs.nc", "runs.parquet", "summary.json", "model.yaml"}
    for model, more in (("river.yaml", set()), ("river", {"policies.yaml"}), ("river.yaml", set())):
        assert call("run", model, "--runs", "20", "--out", "results").exit_code == 0
        assert set(os.listdir("results")) == results | more


def test_out_does_not_change_what_is_printed(place):
    plain = call("run", "river.yaml", *RUNS)
    assert call("run", "river.yaml", *RUNS, "--out", "results").stdout == plain.stdout


def test_out_without_the_packages_for_it_fails_before_anything_is_run(place, monkeypatch):
    import importlib.util

    real = importlib.util.find_spec
    module = "offramp.questions.outlook"
    monkeypatch.setattr(f"{module}.saving.find_spec", lambda n: None if n == "pyarrow" else real(n))
    monkeypatch.setattr(f"{module}.ask.simulate", lambda *a, **k: pytest.fail("was run"))
    result = call("run", "river.yaml", "--out", "results")
    assert result.exit_code == 2
    assert re.search(r'python -m pip install ".*\[save\]"', result.stderr)
    assert not Path("results").exists()


def test_out_that_cannot_be_written_fails_before_anything_is_run(place, monkeypatch):
    def fail(*_, **__):
        pytest.fail("was run")

    monkeypatch.setattr("offramp.questions.outlook.ask.simulate", fail)
    monkeypatch.setattr(sys.modules["offramp.cli.brief"], "_simulated", fail)
    Path("file").write_text("")
    for out in ("file", "file/below"):
        assert call("run", "river.yaml", "--out", out).exit_code == 2
    for out in ("missing/page.html", "."):
        assert call("brief", "river.yaml", "--out", out).exit_code == 2


def test_more_paths_than_memory_holds_are_refused_with_a_way_out(place):
    for args in (["run", "--out", "results"], ["brief"]):
        result = call(args[0], "us-iran-2020", "--runs", "1000000", *args[1:])
        assert result.exit_code == 2
        assert "GB. Ask for at most" in result.stderr


# ── brief ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_brief_is_one_page_and_its_path_the_only_output(place):
    result = call("brief", "river.yaml", *RUNS, "--bare")
    assert (result.exit_code, result.stdout) == (0, "river-brief.html\n")
    page = Path("river-brief.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "A dam on the Sarun" in page
    assert '<section id="claims">' not in page  # bare: no questions
    assert call("brief", "river.yaml", *RUNS, "--bare", "--out", "other.html").stdout == "other.html\n"
    told = json.loads(call("brief", "river.yaml", *RUNS, "--bare", "--format", "json").stdout)
    assert (told["page"], told["answers"]) == ("river-brief.html", {})
    assert told["summary"] == json.loads(call("run", "river.yaml", *RUNS, "--format", "json").stdout)
    assert Path("other.html").read_text(encoding="utf-8") == page
