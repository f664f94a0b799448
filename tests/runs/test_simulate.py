"""simulate() and the dataset that it gives."""

from __future__ import annotations

import json
import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from offramp.errors import OfframpError, UsageError
from offramp.language.check import loads
from offramp.language.sections.names import why_not
from offramp.runs.dataset import RESERVED, SECTIONS, section
from offramp.runs.design import Design
from offramp.runs.files import load, save, to_parquet
from offramp.runs.how import How
from offramp.runs.simulate import engine_for, simulate, simulate_blocks
from small_models import ENGINES, STRAIT, made

POLICIES = ["baseline", "nothing", "late"]


@pytest.fixture(scope="module")
def model():
    return made(STRAIT, 10)


@pytest.fixture(scope="module")
def design(model):
    return Design(model, POLICIES, 60, seed=2**64 - 1, overrides={"arms": 12})


@pytest.fixture(scope="module")
def runs(design):
    return simulate(design, how=How(engine="oracle"))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("block", "threads"), [(1000, 1), (3, 3), (1, 2)])
def test_block_size_and_threads_change_no_bit(design, engine, block, threads):
    design = design.only(range(8))
    whole = simulate(design, how=How(engine=engine))
    xr.testing.assert_identical(whole, simulate(design, how=How(engine=engine, block=block, threads=threads)))


@pytest.mark.parametrize("engine", ENGINES)
def test_some_scenarios_and_policies_alone_are_those_of_the_whole(design, engine):
    whole = simulate(design, how=How(engine=engine))
    some = simulate(design.only(scenario=[17, 3], policy=["late"]), how=How(engine=engine))
    for name in whole.data_vars:
        part = whole[name].sel({d: some[d] for d in ("policy", "scenario") if d in whole[name].dims})
        np.testing.assert_array_equal(part.values, some[name].values)


def test_the_engines_agree_on_every_event_choice_and_outcome(design, runs):
    compiled = simulate(design)
    for name in ("action", "event_count", "outcome_step", "status", "failed_step", "failed_variable"):
        np.testing.assert_array_equal(compiled[name], runs[name])
    for name in section(runs, "variables"):
        np.testing.assert_allclose(compiled[name], runs[name], rtol=1e-9, atol=1e-9)


def test_every_number_stands_under_its_own_policy_scenario_and_name(design, runs):
    engine = engine_for(design.model, "oracle")
    for policy in POLICIES:
        inputs = design.inputs(policy)
        out, here = engine.run(inputs), runs.sel(policy=policy)
        for i, variable in enumerate(design.model.variables):
            np.testing.assert_array_equal(here[variable.name], out.state[:, :, i])
        np.testing.assert_array_equal(here["action"], out.action)
        np.testing.assert_array_equal(here["event_count"], out.event)
        np.testing.assert_array_equal(here["outcome_step"], out.outcome)
        np.testing.assert_array_equal(here["parameter_value"], inputs.parameters)


def test_blocks_are_the_same_runs_as_the_whole(design, runs):
    calls = []
    how = How(engine="oracle", progress=lambda *done: calls.append(done))
    parts = list(simulate_blocks(design, 25, how=how))
    assert [p.sizes["scenario"] for p in parts] == [25, 25, 10]
    joined = xr.concat(parts, "scenario", data_vars="minimal", combine_attrs="identical")
    for name in runs.data_vars:
        np.testing.assert_array_equal(joined[name].transpose(*runs[name].dims), runs[name])
    assert calls[-1] == (180, 180)
    assert [c[0] for c in calls] == sorted(c[0] for c in calls)


def test_progress_counts_every_run_once(design):
    calls = []
    how = How(engine="oracle", block=13, progress=lambda done, total: calls.append((done, total)))
    simulate(design, how=how)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})
    assert len(calls) == 5  # 60 scenarios in blocks of 13
    assert calls[-1] == (180, 180)
    assert all(a < b for (a, _), (b, _) in pairwise(calls))


def test_paths_of_some_variables_may_be_left_out(design, runs):
    few = simulate(design, how=How(engine="oracle"), variables=["threat"])
    assert "tension" not in few
    np.testing.assert_array_equal(few["threat"], runs["threat"])
    np.testing.assert_array_equal(few["outcome_step"], runs["outcome_step"])
    with pytest.raises(UsageError, match="no variable `treat`"):
        simulate(design, variables=["treat"])


@pytest.mark.parametrize("how", [{"engine": "fast"}, {"threads": 0}, {"block": 0}])
def test_what_makes_no_sense_is_refused(design, how):
    with pytest.raises(UsageError):
        simulate(design, how=How(**({"engine": "oracle"} | how)))


class Stuck:
    """An engine whose second block is interrupted."""

    def __init__(self, inner, error):
        self.inner, self.error, self.calls, self.lock = inner, error, 0, threading.Lock()

    def run(self, inputs, probabilities=False):
        with self.lock:
            self.calls += 1
            mine = self.calls
        if mine == 2:
            raise self.error
        return self.inner.run(inputs, probabilities)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_an_interruption_stops_the_blocks_that_wait_and_leaves_no_thread(design, monkeypatch, error):
    stuck = Stuck(engine_for(design.model, "oracle"), error)
    monkeypatch.setattr(sys.modules["offramp.runs.simulate"], "engine_for", lambda *_: stuck)
    before = threading.active_count()
    with pytest.raises(type(error)):
        simulate(design, how=How(block=1, threads=1))
    assert stuck.calls < 20
    until = time.monotonic() + 10  # the block under way ends by itself
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() <= before


# What the dataset says of itself


def test_axes_are_named_and_dated(model, runs):
    assert list(runs.policy.values) == POLICIES
    assert runs.time.values[[0, 1, -1]].astype("datetime64[D]").astype(str).tolist() == [
        "2020-01-01",
        "2020-02-01",
        "2020-11-01",
    ]
    assert (runs.step.values == runs.time.values[:-1]).all()
    assert list(runs.actor.values) == ["blue", "red"]
    assert list(runs.outcome.values) == ["war", "scare", "simmering"]
    assert list(runs.event.values) == ["incident", "election"]
    assert runs["tension"].dims == ("policy", "scenario", "time")
    assert runs["tension"].attrs == {"long_name": "Tension", "units": "points"}


def test_the_dataset_says_what_made_it(model, design, runs):
    about = runs.attrs
    assert about["model"] == "small"
    assert about["model_hash"] == model.hash
    assert len(about["model_hash"]) == 64
    assert about["seed"] == "18446744073709551615"
    assert about["engine"] == "oracle"
    assert about["illustrative"] == 1
    assert section(runs, "overrides") == {"arms": 12}
    assert about["numpy_version"] == np.__version__
    assert (about["start"], about["end"], about["step"], about["steps"]) == (
        "2020-01-01",
        "2020-11-01",
        "month",
        10,
    )


def test_nothing_in_the_dataset_needs_the_model(model, runs):
    """Titles, units, priors, kinds and names of actions are all there."""
    for name in SECTIONS:
        assert isinstance(section(runs, name), dict)
    assert section(runs, "parameters")["resolve"]["value"] == "beta(2, 3)"
    assert section(runs, "parameters")["resolve"]["uncertain"] is True
    assert section(runs, "variables")["threat"]["kind"] == "auxiliary"
    assert section(runs, "outcomes")["war"] == {
        "title": "War", "kind": "rate", "absorbing": True, "aim": None, "aims": {},
        "sources": [], "guess": False, "reason": "",
    }  # fmt: skip
    assert list(section(runs, "events")["election"]["branches"]) == ["won", "lost"]
    assert section(runs, "events")["election"]["date"] == "2020-07-10"
    assert json.loads(runs["action"].attrs["actions"])["red"] == ["wait", "arm", "shout"]
    meanings = runs["status"].attrs["flag_meanings"].split()
    assert len(meanings) == len(runs["status"].attrs["flag_values"])


def test_names_that_runs_use_themselves_are_refused_by_the_checker():
    assert [n for n in RESERVED if not why_not(n)[0]] == []


# Files


def test_saved_runs_come_back_exactly(runs, tmp_path):
    save(runs, tmp_path / "runs.nc")
    again = load(tmp_path / "runs.nc")
    xr.testing.assert_identical(runs, again)
    for name, value in runs.attrs.items():
        assert (type(again.attrs[name]), again.attrs[name]) == (type(value), value)
    for name in runs.variables:
        assert again[name].dtype == runs[name].dtype


def test_long_texts_and_values_that_are_not_finite_survive_saving(runs, tmp_path):
    """An HDF5 attribute ends at 64 KiB; the provenance of a large model does not."""
    odd = runs.copy(deep=True)
    odd["tension"][0, 0, 3:6] = [np.nan, np.inf, -np.inf]
    odd.attrs["summary"] = "déjà vu " * 20_000
    save(odd, tmp_path / "odd.nc")
    xr.testing.assert_identical(odd, load(tmp_path / "odd.nc"))


def test_a_model_without_actors_events_or_outcomes_can_be_saved(tmp_path):
    runs = simulate(Design(made("variables: {x: {initial: 1}}", 3), scenarios=2), how=How(engine="oracle"))
    save(runs, tmp_path / "bare.nc")
    xr.testing.assert_identical(runs, load(tmp_path / "bare.nc"))
    to_parquet(runs, tmp_path / "bare.parquet")


@pytest.mark.parametrize("year", [1618, 1677, 2262, 2999])
def test_crises_of_other_centuries_keep_their_dates(year, tmp_path):
    """Nanoseconds since 1970 in 64 bits reach from 1677 to 2262 and come round again."""
    import pyarrow.parquet as pq

    text = made("variables: {x: {initial: 1, change: 1 / month}}", 3).text
    model = loads(text.replace("start: 2020-01-01", f"start: {year}-05-23"))
    runs = simulate(Design(model, scenarios=2), how=How(engine="oracle"))
    assert str(runs["time"].values[-1])[:10] == f"{year}-08-23"
    save(runs, tmp_path / "old.nc")
    xr.testing.assert_identical(runs, load(tmp_path / "old.nc"))
    to_parquet(runs, tmp_path / "old.parquet")
    assert str(pq.read_table(tmp_path / "old.parquet")["date"][-1]) == f"{year}-08-23"


def test_the_table_has_every_value_in_its_row(runs, tmp_path):
    import pyarrow.parquet as pq

    to_parquet(runs, tmp_path / "runs.parquet")
    table = pq.read_table(tmp_path / "runs.parquet").to_pandas()
    assert len(table) == 3 * 60 * 11
    rng = np.random.default_rng(4)
    names = {a: section(runs, "actors")[a]["actions"] for a in ("blue", "red")}
    for row in table.iloc[rng.integers(0, len(table), 200)].itertuples(index=False):
        row = row._asdict() if hasattr(row, "_asdict") else row
        values = dict(zip(table.columns, row.values(), strict=True))
        here = runs.sel(policy=values["policy"], scenario=values["scenario"])
        day = np.datetime64(values["date"])
        assert values["tension"] == here["tension"].sel(time=day)
        k = int(np.flatnonzero(runs.time.values == day)[0])
        if k < 10:
            code = int(here["action"].sel(actor="red").isel(step=k))
            expected = list(names["red"])[code] if code >= 0 else None
            assert (values["action.red"] or None) == expected or values["action.red"] != values["action.red"]
            assert values["event.incident"] == here["event_count"].sel(event="incident").isel(step=k)
        war = int(here["outcome_step"].sel(outcome="war"))
        assert values["outcome.war"] == (0 <= war < k)
        assert values["outcome.simmering"] == (not 0 <= war < k)
    metadata = pq.read_schema(tmp_path / "runs.parquet")
    assert metadata.field("tension").metadata[b"unit"] == b"points"
    assert metadata.metadata[b"model"] == b"small"


def test_failed_runs_have_no_outcomes_in_the_table(tmp_path):
    import pyarrow.parquet as pq

    model = made(
        'variables: {x: {initial: "normal(0, 1)"}, y: {equals: sqrt(x)}}\noutcomes: {o: {when: x > 1}}', 2
    )
    runs = simulate(Design(model, scenarios=40), how=How(engine="oracle"))
    to_parquet(runs, tmp_path / "runs.parquet")
    table = pq.read_table(tmp_path / "runs.parquet").to_pandas()
    failed = table["status"] == "not_finite"
    assert 0 < failed.sum() < len(table)
    assert table.loc[failed, "outcome.o"].isna().all()
    assert table.loc[~failed, "outcome.o"].notna().all()


@pytest.mark.parametrize(("package", "write"), [("h5netcdf", save), ("pyarrow", to_parquet)])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    runs, tmp_path, monkeypatch, package, write
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(OfframpError, match=rf"`{package}`.*pip install \".*\[save\]\""):
        write(runs, tmp_path / "file")


def test_files_that_are_not_runs_are_refused(tmp_path):
    with pytest.raises(OfframpError, match="there is no file"):
        load(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("no NetCDF")
    with pytest.raises(OfframpError, match="is not a file of runs"):
        load(tmp_path / "text.nc")
    xr.Dataset({"x": 1}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(OfframpError, match="it has no attribute `model_hash`"):
        load(tmp_path / "other.nc")
