"""How far populations from scratch lie apart, how they came there, and the pictures that show it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import numpy as np
import pytest

from offramp import load
from offramp.charts import render
from offramp.charts.canvas import SIZE
from offramp.charts.text_metrics import text_width
from offramp.questions.calibrate.chart import _days, fit, trace
from offramp.runs.how import How
from offramp.truth.calibration import Sampling, calibrate, from_prior
from offramp.truth.evidence import Record
from offramp.truth.populations import _by_chance, least_gain, populations, r_hat, worth
from offramp.truth.posterior import learnt_parameters, summary

MODEL = """
model: {name: walk, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 9}
variables:
  x: {unit: kg, initial: "normal(10, 2)", change: drift, noise: 1 * kg}
parameters:
  drift: {title: Pace of the march, unit: kg/month, value: "normal(0, 1)"}
  idle: {value: "normal(0, 1)"}
events:
  raid: {rate: 0.2 / month}
evidence:
  xs: {title: Weighed stock, observes: x, data: seen.csv, series: x, error: normal, sd: 1.5 * kg}
  raids: {title: Raids counted, observes: raid, data: seen.csv, series: raid, error: poisson}
"""
SEEN = [11.5, 13.7, 16.6, 18.0, 21.9]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walk")
    rows = [f"x,2020-{m:02}-01,,2020-{m:02}-10,{v},kg,s,\n" for m, v in enumerate(SEEN, 2)]
    rows.append("raid,2020-03-09,,2020-03-09,1,,s,\n")
    rows += [f"{series},2019-01-01,,2019-01-01,1,,s,\n" for series in ("x", "raid")]
    (folder / "seen.csv").write_text("series,date,until,known,value,unit,source,note\n" + "".join(rows))
    (folder / "walk.yaml").write_text(MODEL)
    return load(folder / "walk.yaml")


@pytest.fixture(scope="module")
def calibration(model):
    return calibrate(model, date(2020, 5, 20), Sampling(particles=60, chains=2, seed=3))


@pytest.fixture(scope="module")
def told(calibration):
    return summary(calibration, against=Record(calibration.model, date(2020, 7, 1)))


# ── of how many independent draws ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("copies", [1, 5, 20])
def test_populations_of_copies_are_worth_their_originals(copies):
    """1,200 draws of 300 numbers, each original there so often: worth 1,200 / copies."""
    rng = np.random.default_rng(copies)
    originals = rng.standard_normal((3, 400 // copies, 300))
    assert worth(np.repeat(originals, copies, axis=1)) == pytest.approx(1200 / copies, rel=0.2)


@pytest.mark.parametrize("originals", [1, 2, 3])
def test_populations_of_very_few_worlds_are_worth_them_all(originals):
    """Within a population of k worlds draws vary by 1 - 1/k of the variance: else one of k is lost."""
    rng = np.random.default_rng(originals)
    few = rng.standard_normal((4, originals, 400))
    assert worth(np.repeat(few, 60, axis=1)) == pytest.approx(4 * originals, rel=0.1)


def test_the_mean_of_all_populations_is_as_sure_as_said():
    """AR(1) draws: the mean over populations varies by the variance of a draw over what they are worth."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((2, 200, 2000))
    draws = np.empty_like(noise)
    draws[:, 0] = noise[:, 0]
    for k in range(1, 200):
        draws[:, k] = 0.8 * draws[:, k - 1] + 0.6 * noise[:, k]
    found = worth(draws)
    # Over 2,000 numbers whose true mean is 0.
    assert found == pytest.approx(1 / draws.mean(axis=(0, 1)).var(), rel=0.15)
    assert found == pytest.approx(400 * 0.2 / 1.8, rel=0.15), "n (1 - rho) / (1 + rho), for long chains"


def test_few_degrees_of_freedom_are_allowed_for():
    """Of 8 numbers in two populations the estimate scatters, but is not too large on average."""
    rng = np.random.default_rng(2)
    originals = rng.standard_normal((400, 2, 20, 8)).repeat(50, axis=2)
    assert np.mean([worth(draws) for draws in originals]) == pytest.approx(40, rel=0.15)


def test_one_population_cannot_tell_and_no_number_is_worth_more_than_was_drawn():
    rng = np.random.default_rng(3)
    assert worth(rng.standard_normal((1, 50, 30))) is None
    assert worth(rng.standard_normal((2, 50, 2))) is None, "two numbers say too little"
    same = np.repeat(rng.standard_normal((1, 50, 30)), 2, axis=0)
    assert worth(same) == 100
    apart = same + np.array([0.0, 1e3])[:, None, None]
    assert worth(apart) == pytest.approx(2, rel=1e-4), "each population is one draw at best"


def wide(model, copies):
    """200 worlds of 2 populations from the prior, each there so often."""
    prior = from_prior(model, Sampling(particles=200, chains=2, seed=1))
    rng = np.random.default_rng(5)
    some = rng.standard_normal((2, 200 // copies, prior.z.shape[2])).repeat(copies, axis=1)
    return replace(prior, z=some)


def test_copies_do_not_make_a_finding(model):
    """What chance gives to few different worlds counts as moved no more for being there often."""
    idle = [f"idle_{k}" for k in range(40)]
    many = model_with(model, idle)
    least = {copies: least_gain(wide(many, copies)) for copies in (1, 20)}
    assert least[1] == 0.05
    assert least[20] == pytest.approx(6 / 20, rel=0.5), "20 different worlds in all"
    found = populations(wide(many, 20))
    assert found.worth == pytest.approx(20, rel=0.5)


def test_numbers_that_are_sampled_worse_than_the_rest_are_no_finding_for_that(model):
    """Eleven of 51 idle numbers take five values in each population: gains that chance gives to so few."""
    many = model_with(model, [f"idle_{k}" for k in range(49)])
    prior = from_prior(many, Sampling(particles=60, chains=4, seed=1))
    place = sorted(prior.worlds.uncertain().values())
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(12):
        z = rng.standard_normal(prior.z.shape)
        z[..., place[:11]] = np.repeat(rng.standard_normal((4, 5, 11)), 12, axis=1)
        found += sum(p.moved for p in learnt_parameters(replace(prior, z=z)).values())
    assert found <= 4, "of 612; 13 by what all numbers together are worth"


def model_with(model, names):
    one = next(p for p in model.parameters if p.name == "idle")
    return replace(model, parameters=(*model.parameters, *(replace(one, name=n) for n in names)))


def test_the_evidence_of_several_populations_is_the_mean_of_their_estimates(model):
    """Not of their logarithms: each estimate of the probability is without bias, its logarithm is not."""
    prior = from_prior(model, Sampling(particles=30, chains=2))
    found = populations(replace(prior, log_evidence=np.log([1e-300, 3e-300])))
    assert found.log_evidence == pytest.approx(np.log(2e-300))
    assert found.log_evidence_sd == pytest.approx(np.log(3) / np.sqrt(2))


def test_numbers_on_which_populations_differ_are_named_worst_first(model):
    prior = from_prior(model, Sampling(particles=200, chains=2, seed=1))
    place, z = prior.worlds.uncertain(), prior.z.copy()
    z[1, :, place["idle"]] += 1
    z[1, :, place["drift"]] += 3
    assert populations(replace(prior, z=z)).apart == ("drift", "idle")
    assert populations(prior).apart == ()


@pytest.mark.parametrize("chains", [2, 4])
def test_how_many_numbers_differ_by_chance_is_known(chains):
    """Populations of 15 independent draws, each there four times: R-hat is 1.1 or more as often as said."""
    rng = np.random.default_rng(chains)
    draws = rng.standard_normal((chains, 15, 4000)).repeat(4, axis=1)
    found = sum(r_hat(draws[..., k]) >= 1.1 for k in range(4000))
    assert found > 20
    assert _by_chance(draws) == pytest.approx(found, rel=0.25)
    assert _by_chance(draws[:1]) is None


# ── the way there ─────────────────────────────────────────────────────────────────────────────────────


def test_the_trace_begins_at_the_prior_and_ends_at_the_posterior(calibration, model):
    moments = calibration.trace
    assert calibration.days[-1] == calibration.record.until
    assert moments.shape == (2, 1 + len(calibration.days), 2, calibration.z.shape[2])
    np.testing.assert_array_equal(moments[:, -1, 0], calibration.z.mean(axis=1))
    np.testing.assert_array_equal(moments[:, -1, 1], calibration.z.std(axis=1))
    prior = from_prior(model, Sampling(particles=60, chains=2, seed=3))
    np.testing.assert_array_equal(moments[:, 0, 0], prior.z.mean(axis=1))
    drift = calibration.worlds.uncertain()["drift"]
    assert (moments[:, -1, 1, drift] < 0.7).all(), "five weighings of a march fix its pace"


def test_steps_of_temperature_go_from_what_was_known_to_what_is(calibration):
    for history in calibration.history:
        for day in history:
            stages = day.stages
            heat = [s.temperature for s in stages]
            assert heat == sorted(heat)
            assert 0 < heat[0] <= heat[-1] == 1
            # A step goes as far as half of the effective sample allows, and only the last one stops short.
            assert all(s.effective == pytest.approx(0.5, abs=0.01) for s in stages[:-1])
            assert 0.499 <= stages[-1].effective <= 1
            moves = [share for s in stages for share in (s.worlds, s.luck) if share is not None]
            assert np.mean(moves) == pytest.approx(day.accepted)
            assert stages[-1].distinct == day.distinct


def test_a_trace_is_the_same_after_an_interruption(calibration, model, tmp_path):
    kept = tmp_path / "kept.npz"

    def stop(done, total):
        if done > 0.5 * total:
            raise KeyboardInterrupt

    sampling = Sampling(particles=60, chains=2, seed=3)
    with pytest.raises(KeyboardInterrupt):
        calibrate(model, date(2020, 5, 20), sampling, how=How(progress=stop), checkpoint=kept)
    again = calibrate(model, date(2020, 5, 20), sampling, checkpoint=kept)
    np.testing.assert_array_equal(again.trace, calibration.trace)
    assert again.history == calibration.history


# ── charts ───────────────────────────────────────────────────────────────────────────────────────────


def layer(spec, mark, number=0):
    return [one["data"]["values"] for one in spec["layer"] if one["mark"]["type"] == mark][number]


def words(spec):
    root = ElementTree.fromstring(render.svg(spec))
    return " ".join(
        t for e in root.iter() if (t := (e.text or "").replace("\N{NO-BREAK SPACE}", " ")).strip()
    )


def test_the_trace_is_drawn_for_each_population(told):
    spec = trace(told)
    lines = layer(spec, "line")
    days = len(told.trace.days)
    shown = {g.split()[0] for g in (r["g"] for r in lines)}
    assert "drift" in shown
    assert len(lines) == 2 * (1 + days) * len(shown)
    stages = [s for chain in told.trace.stages for s in chain]
    dots = layer(spec, "point")
    assert len(dots) == sum(
        share is not None for s in stages for share in (s.effective, s.distinct, s.worlds, s.luck)
    )
    assert all(0 <= r["x"] <= spec["width"] for r in lines + dots)
    drawn = words(spec)
    for text in ("Pace of the march", "population 1", "May 2020"):
        assert text in drawn, text


def test_what_stands_above_a_trace_fits_beside_it_for_every_number_of_populations(told):
    """Four names were cut off at the edge."""
    for chains in (1, 4, 12):
        way = replace(told.trace, stages=told.trace.stages[:1] * chains, parameters={})
        spec = trace(replace(told, trace=way))
        written = [one["data"]["values"] for one in spec["layer"] if one["mark"]["type"] == "text"]
        heads = [row for rows in written for row in rows if row["y"] == -23]
        assert len(heads) == 1 + min(chains, 8)
        ends = sorted(r["x"] + text_width(r["label"], SIZE, bold=True) for r in heads)
        assert ends[-1] <= spec["width"] + spec["padding"]["right"]


def test_two_days_of_one_month_are_told_apart_below_a_trace():
    days = [date(2020, 4, 1), date(2020, 7, 1), date(2020, 7, 15)]
    assert _days(days) == ["Apr 2020", "1 Jul", "15 Jul"]


def test_the_fit_shows_every_figure_and_marks_those_outside(told):
    one = told.series["xs"]
    one = replace(one, published=(*one.published[:-1], one.p95[-1] + 5))
    spec = fit(replace(told, series={**told.series, "xs": one}))
    dots = layer(spec, "point")
    points = [s.points for part in (told.series, told.held_back) for s in part.values()]
    assert len(dots) == sum(points)
    outside = [
        not (low <= y <= high)
        for s in (one, told.series["raids"], *told.held_back.values())
        for y, low, high in zip(s.published, s.p5, s.p95, strict=True)
    ]
    assert sum(r["c"] == "#c2410c" for r in dots) == sum(outside) > 0
    assert all(0 <= r["x"] <= spec["width"] and 0 <= r["y"] <= spec["height"] for r in dots)
    drawn = words(spec)
    for text in ("Weighed stock, kg", "Raids counted", "unseen", "published, outside"):
        assert text in drawn, text


def test_a_panel_of_incidents_has_whole_numbers_only(told):
    raids = replace(told.series["raids"], p95=(1.05,) * told.series["raids"].points)
    drawn = words(fit(replace(told, series={"raids": raids}, held_back={}))).split()
    assert {"0", "1", "2"} <= set(drawn)
    assert not {"0.5", "1.5"} & set(drawn)


def test_a_saved_picture_stands_on_white_and_keeps_its_colours():
    """Translucent blue on nothing came out grey, and letters vanished in a dark window."""
    image = pytest.importorskip("PIL.Image")
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">'
        '<rect width="10" height="10" fill="#2a6592" opacity="0.2"/></svg>'
    )
    drawn = image.open(io.BytesIO(render.png(svg, 1))).convert("RGBA")
    assert drawn.getpixel((15, 5)) == (255, 255, 255, 255)
    r, g, b, a = drawn.getpixel((5, 5))
    assert a == 255
    assert (r, g, b) == tuple(pytest.approx(255 + 0.2 * (c - 255), abs=1.5) for c in (0x2A, 0x65, 0x92))
