"""Futures that go on from what was known by a day."""

from datetime import date

import numpy as np
import pytest

import offramp as ofr
from offramp.engine.hazards import chances_by_step
from offramp.model import Intervention, Policy
from offramp.runs.simulate import engine_for
from offramp.truth.calibration import Sampling, calibrate
from offramp.truth.knowing import knowledge

LINEAR = """\
model: {name: line, title: A straight line, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables: {x: {initial: "normal(100, 10)", change: drift, noise: 1, headline: true}}
parameters: {drift: {unit: 1/month, value: "normal(0, 2)"}, push: {unit: 1/month, value: 0}}
events: {leap: {rate: 0.3 / month, effects: {x: push * 1 * month}}}
outcomes:
  war: {rate: 0.05 / month, absorbing: true}
  scare: {rate: 0.2 / month}
  peace: {otherwise: true}
policies:
  early: {do: [{from: 2020-02-01, until: 2021-01-01, set: {push: 5}}, {until: 2020-05-01, shift: {x: 50}}]}
  late: {do: [{from: 2020-09-01, set: {push: 5}}]}
evidence: {e: {observes: x, data: x.csv, series: s, error: normal, sd: 3}}
"""
ROWS = "series,date,until,known,value\n" + "".join(
    f"s,2020-0{month}-01,,2020-0{month}-02,{value}\n" for month, value in ((2, 112), (4, 109), (6, 115))
)
AS_OF = date(2020, 7, 1)
SAMPLING = Sampling(particles=400, chains=3)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("line")
    (folder / "line.yaml").write_text(LINEAR)
    (folder / "x.csv").write_text(ROWS)
    return ofr.load(folder / "line.yaml")


@pytest.fixture(scope="module")
def calibration(model):
    return calibrate(model, AS_OF, SAMPLING)


@pytest.fixture(scope="module")
def known(model, calibration):
    return knowledge(model, given=calibration)


def exact(at):
    """Mean and standard deviation of x after so many months: a Gaussian given three readings."""
    months = np.arange(13.0)
    # x(t) = x0 + drift t + noise: the covariance of x at whole months.
    prior = 100 + 4 * np.outer(months, months) + np.minimum.outer(months, months)
    seen, values = [1, 3, 5], np.array([112.0, 109.0, 115.0])
    gain = prior[:, seen] @ np.linalg.inv(prior[np.ix_(seen, seen)] + 9 * np.eye(3))
    mean = 100 + gain @ (values - 100)
    covariance = prior - gain @ prior[seen]
    return mean[at], np.sqrt(covariance[at, at])


@pytest.mark.parametrize("month", [6, 12])
def test_futures_have_the_law_that_bayes_gives_them(model, known, month):
    runs = ofr.simulate(ofr.Design(model, scenarios=4000, knowledge=known))
    # Of the runs that go on: what has ended stands still, and ending says nothing of x.
    going = runs.outcome_step.sel(policy="baseline", outcome="war").values < 0
    x = runs.x.sel(policy="baseline").isel(time=month).values[going]
    mean, sd = exact(month)
    before = np.sqrt(100 + 4 * month**2 + month)
    assert abs(x.mean() - mean) < 0.25 * sd
    assert abs(x.std() / sd - 1) < 0.15
    assert x.std() < before / 2


def test_nothing_has_ended_by_that_day_and_hazards_run_from_it(model, known):
    runs = ofr.simulate(ofr.Design(model, scenarios=8000, knowledge=known))
    step = runs.outcome_step.sel(policy="baseline", outcome="war").values
    assert not ((step >= 0) & (step < 6)).any()
    assert abs((step >= 0).mean() - (1 - np.exp(-0.05 * 6))) < 0.012


def test_policies_share_the_past_and_begin_on_that_day(model, known):
    runs = ofr.simulate(ofr.Design(model, ["baseline", "early", "late"], scenarios=300, knowledge=known))
    past = runs.x.isel(time=slice(0, 7))
    assert (past.sel(policy="early") == past.sel(policy="baseline")).all()
    assert (past.sel(policy="late") == past.sel(policy="baseline")).all()
    after = (runs.x.sel(policy="early") - runs.x.sel(policy="baseline")).isel(time=[7, 12])
    leaps = runs.event_count.sel(policy="baseline", event="leap").isel(step=slice(6, 7)).sum("step")
    # A shift that would have been over by then does not come; a push from February on pushes from July on.
    assert np.allclose(after.isel(time=0), 5 * leaps)
    assert after.isel(time=1).mean() > 0


def test_what_the_baseline_began_is_not_begun_again(model, known):
    both = Policy("both", "Both", (Intervention(shift=(("x", 50.0),)),))
    begun = ofr.Design(model, [both], scenarios=20).schedule(both)
    assert begun.shift_stock[0, 0] == 50
    clipped = ofr.Design(model, [both], scenarios=20, knowledge=known).schedule(both)
    assert clipped.shift_stock[0, 0] == 0
    assert clipped.shift_stock[6, 0] == 50


def test_numbers_set_by_hand_hold_from_that_day(model, known):
    plain = ofr.simulate(ofr.Design(model, scenarios=200, knowledge=known)).x
    pushed = ofr.simulate(ofr.Design(model, scenarios=200, overrides={"push": 5}, knowledge=known)).x
    assert (plain.isel(time=slice(0, 7)) == pushed.isel(time=slice(0, 7))).all()
    assert (pushed.isel(time=12) > plain.isel(time=12)).any()


def test_a_start_cannot_be_set_where_it_is_past(model, known):
    with pytest.raises(ofr.UsageError, match=r"`x` was otherwise in the past .* calibrate with `--set x=90`"):
        ofr.Design(model, overrides={"x": 90}, knowledge=known)


def test_a_future_is_the_same_alone_and_in_a_crowd_and_other_with_another_seed(model, known):
    many = ofr.simulate(ofr.Design(model, scenarios=50, knowledge=known)).x
    one = ofr.simulate(ofr.Design(model, scenarios=[17], knowledge=known)).x
    assert (many.sel(scenario=17) == one.sel(scenario=17)).all()
    other = ofr.simulate(ofr.Design(model, scenarios=50, seed=1, knowledge=known)).x
    assert not (many.isel(time=12).values == other.isel(time=12).values).any()
    again = ofr.simulate(ofr.Design(model, scenarios=50, life=1, knowledge=known)).x
    assert (again.isel(time=slice(0, 7)) == many.isel(time=slice(0, 7))).all()
    assert not (many.isel(time=12).values == again.isel(time=12).values).all()


def test_both_engines_go_on_alike(model, known):
    from offramp.runs.how import How

    design = ofr.Design(model, ["baseline", "early"], scenarios=20, knowledge=known)
    compiled = ofr.simulate(design)
    oracle = ofr.simulate(design, how=How(engine="oracle"))
    assert np.allclose(compiled.x, oracle.x)
    assert (compiled.outcome_step == oracle.outcome_step).all()


def test_what_is_past_is_no_longer_a_matter_of_chance(model, known):
    design = ofr.Design(model, scenarios=200, knowledge=known)
    inputs = design.inputs("baseline")
    out = engine_for(model).run(inputs)
    by_step = chances_by_step(model, inputs, out, ["war", "scare"])
    assert (by_step["war"][:, :6] == 0).all()
    assert (by_step["war"][:, 6] > 0.04).all()
    came = out.outcome[:, [o.name for o in model.outcomes].index("scare")]
    assert (came >= 0).mean() > 0
    assert ((came >= 0) & (came < 6)).any()
    assert (by_step["scare"][:, :6].sum(axis=1) == ((came >= 0) & (came < 6))).all()


def test_a_saved_calibration_gives_the_same_futures(model, calibration, known, tmp_path):
    pytest.importorskip("h5netcdf")
    from offramp.truth import netcdf
    from offramp.truth.posterior import summary

    netcdf.save(calibration, tmp_path / "c.nc", summary(calibration))
    read = knowledge(model, given=tmp_path / "c.nc")
    assert read.about.file == str(tmp_path / "c.nc")
    assert read.about.worth == known.about.worth
    one, other = (ofr.simulate(ofr.Design(model, scenarios=40, knowledge=k)).x for k in (known, read))
    assert (one == other).all()
    changed = ofr.loads(LINEAR.replace("noise: 1", "noise: 2").replace("evidence:", "evidence: {}  #"))
    with pytest.raises(ofr.UsageError, match=r"was learnt from another model than `line`"):
        knowledge(changed, given=tmp_path / "c.nc")
    (tmp_path / "d.nc").write_bytes((tmp_path / "c.nc").read_bytes()[:3000])
    with pytest.raises(ofr.OfframpError, match="is not a calibration that `offramp calibrate --out` wrote"):
        knowledge(model, given=tmp_path / "d.nc")


def test_one_says_what_is_known_in_one_way(model):
    with pytest.raises(ofr.UsageError, match="either the day"):
        knowledge(model)


def test_no_future_is_left_at_the_end(model, calibration):
    last = knowledge(model, given=calibrate(model, date(2021, 1, 1), Sampling(particles=10, chains=1)))
    with pytest.raises(ofr.UsageError, match="leaves no future: `line` ends on 2021-01-01"):
        ofr.Design(model, knowledge=last)


def test_commands_go_on_from_a_calibration_and_say_so(model, tmp_path):
    from cli_calls import call

    file = tmp_path / "line.yaml"
    file.write_text(LINEAR)
    (tmp_path / "x.csv").write_text(ROWS)
    out = tmp_path / "c.nc"
    saved = call(
        "calibrate",
        str(file),
        "--until",
        "2020-07-01",
        "--particles",
        "40",
        "--chains",
        "1",
        "--out",
        str(out),
    )
    assert saved.exit_code == 0
    told = call("run", str(file), "--runs", "30", "--given", str(out))
    assert "Given what was known by 1 July 2020: futures go on from 1 x 40 worlds" in " ".join(
        told.stdout.split()
    )
    assert f"--given {out}" in " ".join(told.stdout.split())
    assert "Policies begin on 1 July 2020." in " ".join(told.stdout.split())
    both = call("run", str(file), "--given", str(out), "--as-of", "2020-07-01")
    assert both.exit_code == 2
    assert "exclude one another" in both.stderr
    slip = call("compare", str(file), "--policy", "no_such", "--as-of", "2020-07-01")
    assert slip.exit_code == 2
    assert "has no policy `no_such`" in slip.stderr
    assert "worlds" not in slip.stderr
