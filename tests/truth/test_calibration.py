"""Calibration against answers known in closed form, and against evidence that was not there yet."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from offramp import UsageError, load
from offramp.model import DAYS_PER_MONTH, Row
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.simulate import engine_for
from offramp.truth import evidence as evidence_module
from offramp.truth.calibration import Sampling, calibrate, calibrate_at, from_prior, futures
from offramp.truth.evidence import Record, correlation, log_density, with_error
from offramp.truth.posterior import _fits, learnt_parameters
from offramp.truth.sampler import Sampler
from offramp.truth.worlds import Worlds, to_normal, to_unit

HEADER = "series,date,until,known,value,unit,source,note\n"
MODEL = """
model: {name: walk, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 14}
variables:
  x: {initial: "normal(10, 2)", change: drift, noise: 1}
  calm: {equals: 1}
parameters:
  drift: {unit: 1/month, value: "normal(0, 1)"}
  pace: {unit: 1/month, value: "lognormal(0.5, 0.7)"}
  idle: {value: "normal(0, 1)"}
actors:
  blue: {actions: {wait: {}, act: {propensity: 0.5}}}
events:
  raid: {rate: pace}
outcomes:
  end: {rate: 0.01 / month * calm, absorbing: true}
evidence:
  xs: {observes: x, data: seen.csv, series: x, error: normal, sd: 1.5}
  raids: {observes: raid, data: seen.csv, series: raid, error: poisson, stray: 0, until: 2020-11-01}
"""


def month(k):
    return date(2020 + k // 12, k % 12 + 1, 1)


def walk(folder, values, raids=()):
    """The model beside a table: `values` month by month from February 2020, known a fortnight later."""
    rows = [f"x,{month(k)},,{month(k) + timedelta(14)},{v},,s,\n" for k, v in enumerate(values, 1)]
    rows += [f"raid,{day},,{day},1,,s,\n" for day in raids]
    rows += [f"{series},2019-01-01,,2019-01-01,1,,s,\n" for series in ("x", "raid")]  # before the start
    (folder / "seen.csv").write_text(HEADER + "".join(rows))
    (folder / "walk.yaml").write_text(MODEL)
    return load(folder / "walk.yaml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("walk")


def test_a_random_walk_is_filtered_as_kalman_says(folder):
    """Posterior of drift and of the last state, and the log-probability of the data, in closed form."""
    values = [11.5, 9.7, 12.6, 12.0, 13.9, 14.1, 15.2, 16.9]
    model = walk(folder, values)
    model = replace(model, evidence=model.evidence[:1], outcomes=())
    n = np.arange(1, len(values) + 1)
    covariance = 4 + np.outer(n, n) + np.minimum.outer(n, n) + 2.25 * np.eye(len(n))
    gain = np.linalg.solve(covariance, np.array(values) - 10)
    with_last = 4 + n[-1] * n + np.minimum(n[-1], n)
    drift, last = n @ gain, 10 + with_last @ gain
    drift_sd = math.sqrt(1 - n @ np.linalg.solve(covariance, n))
    last_sd = math.sqrt(4 + n[-1] ** 2 + n[-1] - with_last @ np.linalg.solve(covariance, with_last))
    log_evidence = -0.5 * (
        (np.array(values) - 10) @ gain + np.linalg.slogdet(covariance)[1] + len(n) * math.log(2 * math.pi)
    )
    found = calibrate(model, date(2020, 9, 15), Sampling(particles=300, chains=3, seed=2))
    assert found.parameters()["drift"].mean() == pytest.approx(drift, abs=0.08)
    assert found.parameters()["drift"].std() == pytest.approx(drift_sd, rel=0.2)
    path = futures(found, 8).state[:, 8, 0]
    assert (path.mean(), path.std()) == (pytest.approx(last, abs=0.2), pytest.approx(last_sd, rel=0.2))
    assert found.log_evidence.mean() == pytest.approx(log_evidence, abs=0.5)
    idle = found.parameters()["idle"]
    assert (idle.mean(), idle.std()) == (pytest.approx(0, abs=0.15), pytest.approx(1, rel=0.12)), "not moved"


def test_counts_teach_a_rate_as_the_gamma_distribution_says(folder):
    """Each raid is listed, so the likelihood of a rate is Poisson: compared with it on a grid."""
    model = walk(folder, [10.0], [date(2020, 1, 5), date(2020, 3, 9), date(2020, 3, 30), date(2020, 6, 2)])
    model = replace(model, evidence=model.evidence[1:], outcomes=())
    found = calibrate(model, date(2020, 11, 1), Sampling(particles=250, chains=2, seed=1)).parameters()[
        "pace"
    ]
    rate = np.exp(np.linspace(-5, 3, 4001))
    # Months of a count x are reported as Poisson with mean x: the mean over x is summed out below.
    x = np.arange(40)
    poisson = np.exp(-rate[:, None] + x * np.log(rate)[:, None] - [math.lgamma(k + 1) for k in x])
    log_l = np.zeros_like(rate)
    for y in (1, 0, 2, 0, 0, 1, 0, 0, 0, 0):
        reported = np.exp(y * np.log(np.maximum(x, 1e-12)) - np.maximum(x, 1e-12) - math.lgamma(y + 1))
        log_l += np.log(poisson @ reported)
    weight = np.exp(log_l - 0.5 * (np.log(rate / 0.5) / 0.7) ** 2)
    exact = (np.log(rate) * weight).sum() / weight.sum()
    assert np.log(found).mean() == pytest.approx(exact, abs=0.1)


def test_points_are_read_from_the_path_between_dates_and_over_periods(folder):
    model = walk(folder, [1.0])
    record = Record(model, date(2020, 6, 1))
    assert record._weights(date(2020, 2, 15), date(2020, 2, 15)) == (
        (1, pytest.approx(15 / 29)),
        (2, pytest.approx(14 / 29)),
    )
    over = dict(record._weights(date(2020, 2, 1), date(2020, 4, 1)))
    assert over == {1: pytest.approx(0.25), 2: pytest.approx(0.5), 3: pytest.approx(0.25)}


@given(st.floats(0, 11.9), st.floats(0, 11.9))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_mean_of_a_straight_path_over_any_period_is_its_middle(folder, one, other):
    """Weights sum to 1, and of x = t the mean from a to b is (a + b) / 2, wherever in a month they lie."""
    model = walk(folder, [1.0])
    first, last = (model.start + timedelta(days=int(30 * t)) for t in sorted((one, other)))
    weights = Record(model, date(2021, 2, 1))._weights(first, last)
    assert sum(w for _, w in weights) == pytest.approx(1)
    middle = (model.months_at(first) + model.months_at(last)) / 2
    assert sum(k * w for k, w in weights) == pytest.approx(middle, abs=1e-9)


class Linear(Sampler):
    """Scores without runs: each figure y of a record is normal around the first coordinate of a world."""

    def _score(self, z, lineage, record):
        return sum(
            -0.5 * ((y - z[:, 0]) / sd) ** 2 - math.log(sd * math.sqrt(2 * math.pi)) for y, sd in record.said
        )

    def _scores(self, z, lineage, record, last):
        before = np.zeros(len(z)) if last is None else self._score(z, lineage, last)
        return before, self._score(z, lineage, record)


def test_particles_pass_from_record_to_record_as_bayes_rule_says(folder):
    """A vague figure, then a sharp one far from it, which takes several steps of temperature: posterior and
    evidence of a normal mean with known variances, and the record before counts once in all of them."""
    model = walk(folder, [1.0])
    said = [(1.0, 1.0), (-1.5, 0.15)]
    records = [Record(model, date(2020, 3, 1)), Record(model, date(2020, 6, 1))]
    for k, record in enumerate(records, 1):
        record.said = said[:k]
    drift, logs = [], []
    for chain in range(4):
        sampler = Linear(Worlds(model), None, chain=chain)
        first = sampler.take_in(sampler.begin(1500), records[0], None, 1)
        both = sampler.take_in(first, records[1], records[0], 2)
        drift.append(both.z[:, 0])
        logs.append([first.log_evidence, both.log_evidence])
        others = both.z[:, 1:]
        assert np.abs(others.mean(axis=0)).max() < 0.15, "nothing is said of them"
        assert others.std(axis=0) == pytest.approx(1, abs=0.12)
    precision = 1 + sum(sd**-2 for _, sd in said)
    mean = sum(y / sd**2 for y, sd in said) / precision
    drift = np.stack(drift)
    assert drift.mean() == pytest.approx(mean, abs=0.01)
    assert drift.std() == pytest.approx(precision**-0.5, rel=0.05)
    covariance = np.ones((2, 2)) + np.diag([sd**2 for _, sd in said])
    exact = [
        stats.norm.logpdf(said[0][0], 0, math.sqrt(2)),
        stats.multivariate_normal.logpdf([y for y, _ in said], [0, 0], covariance),
    ]
    assert np.mean(logs, axis=0) == pytest.approx(exact, abs=0.1)


def test_moves_leave_the_prior_as_it_is(folder):
    """Where nothing is known every move is taken, and thousands of them change no distribution."""
    sampler = Sampler(Worlds(walk(folder, [1.0])), None)
    rng = np.random.default_rng(1)
    # As after learning: some coordinates move far and some little.
    squares = rng.random((200, sampler.worlds.dimensions)) ** 2
    sampler._steps = sampler._steps.learn(
        squares, squares @ np.array([30.0, 0.1, 4.0, 1.0])[: squares.shape[1]]
    )
    z, lineage = rng.standard_normal((4000, sampler.worlds.dimensions)), np.zeros((4000, 14), np.int64)
    start = z
    for _ in range(40):
        z, lineage, _ = sampler._other_world(z, lineage, 6, rng)
        z, lineage, _ = sampler._other_luck(z, lineage, 6, rng)
    assert np.abs(z.mean(axis=0)).max() < 0.06
    assert z.std(axis=0) == pytest.approx(1, abs=0.04)
    assert np.abs(np.corrcoef(z.T) - np.eye(z.shape[1])).max() < 0.06
    assert np.abs(np.corrcoef(z[:, 0], start[:, 0])[0, 1]) < 0.9, "and they go somewhere"
    # Every step is redrawn as often as any other, and those not yet reached not at all; nobody shares luck.
    assert (lineage[:, 6:] == 0).all()
    assert ((lineage[:, :6] > 0).mean(axis=0) > 0.98).all()
    assert len(np.unique(lineage[:, 0])) > 0.98 * 4000


def test_a_run_that_has_ended_cannot_be_what_happened(folder):
    model = walk(folder, [10.0] * 12)
    record = Record(model, date(2020, 12, 1))
    worlds = Worlds(model)
    sampler = Sampler(worlds, engine_for(model))
    begun = sampler.begin(400)
    begun.lineage[:] = np.arange(400)[:, None]
    outputs = sampler.play(begun.z, begun.lineage, record.steps)
    ended = (outputs.outcome[:, 0] >= 0) & (outputs.outcome[:, 0] < 11)
    assert 0 < ended.sum() < 400
    np.testing.assert_array_equal(np.isinf(record.log_likelihood(outputs)), ended)


def test_densities_agree_with_scipy(folder):
    xs, raids = walk(folder, [1.0]).evidence
    x = np.array([0.5, 2.0, 7.0])
    normal = replace(xs, share=0.5)
    np.testing.assert_allclose(log_density(normal, 3.0, x), stats.norm.logpdf(3.0, x, np.hypot(1.5, 0.5 * x)))
    lognormal = replace(xs, error="lognormal", share=0.3)
    np.testing.assert_allclose(log_density(lognormal, 3.0, x), stats.lognorm.logpdf(3.0, 0.3, scale=x))
    listed = replace(raids, listed=0.5, stray=0.2)
    np.testing.assert_allclose(
        log_density(listed, 4.0, x, months=3.0), stats.poisson.logpmf(4, 0.5 * x + 0.6)
    )


def lasting(model, lasting=0.8, lasts=5.0):
    return replace(model, evidence=(replace(model.evidence[0], lasting=lasting, lasts=lasts),))


def played(record, count=3):
    worlds = Worlds(record.model)
    sampler = Sampler(worlds, engine_for(record.model))
    begun = sampler.begin(count)
    return sampler.play(begun.z, begun.lineage, record.steps)


def test_errors_that_last_have_the_density_of_one_gaussian(folder):
    """Ornstein and Uhlenbeck with fresh noise on top, against scipy's multivariate normal."""
    from scipy import stats

    record = Record(lasting(walk(folder, [11.0, 13.0, 12.0, 12.5])), date(2020, 5, 15))
    outputs = played(record)
    days = np.array([p.day.toordinal() for p in record.points]) / DAYS_PER_MONTH
    between = 0.8 * np.exp(-np.abs(days[:, None] - days) / 5.0) + 0.2 * np.eye(4)
    x, y = record.simulated(outputs), [p.value for p in record.points]
    told = [stats.multivariate_normal.logpdf(y, x[i], 2.25 * between) for i in range(3)]
    np.testing.assert_allclose(record.by_point(outputs).sum(axis=1), told)
    np.testing.assert_array_equal(correlation(record.points[0].evidence, []), np.empty((0, 0)))


def test_a_random_walk_with_errors_that_last_has_the_closed_form(folder):
    """The same as Kalman's, errors correlated; taking them for independent would be too sure by a fifth."""
    values = [13.5, 14.7, 15.6, 16.0, 16.9, 18.1]
    model = replace(lasting(walk(folder, values), 0.9, 12.0), outcomes=())
    n = np.arange(1, len(values) + 1)
    days = np.array([month(k).toordinal() for k in n]) / DAYS_PER_MONTH
    between = 0.9 * np.exp(-np.abs(days[:, None] - days) / 12.0) + 0.1 * np.eye(len(n))
    path = 4 + np.outer(n, n) + np.minimum.outer(n, n)
    sure, honest = (path + 2.25 * r for r in (np.eye(len(n)), between))
    with_last = 4 + n[-1] * n + np.minimum(n[-1], n)
    spread = [
        math.sqrt(4 + n[-1] ** 2 + n[-1] - with_last @ np.linalg.solve(c, with_last)) for c in (sure, honest)
    ]
    assert spread[1] > 1.2 * spread[0]
    found = calibrate(model, date(2020, 7, 15), Sampling(particles=300, chains=2, seed=3))
    last = futures(found, 6).state[:, 6, 0]
    gain = np.linalg.solve(honest, np.array(values) - 10)
    assert (last.mean(), last.std()) == (
        pytest.approx(10 + with_last @ gain, abs=0.3),
        pytest.approx(spread[1], rel=0.2),
    )


def test_a_forecast_goes_on_from_how_far_off_a_run_has_been(folder):
    """One report: the error of a later day has mean rho times it, and variance 1 - rho squared."""
    record = Record(lasting(walk(folder, [13.0])), date(2020, 2, 15))
    outputs = played(record)
    (point,), later = record.points, date(2020, 8, 1)
    rho = 0.8 * math.exp(-(later - point.day).days / DAYS_PER_MONTH / 5.0)
    off = (13.0 - record.simulated(outputs)[:, 0]) / 1.5
    mean, sd = record.carried(point.evidence, later, outputs)
    np.testing.assert_allclose(mean, rho * off)
    assert sd == pytest.approx(math.sqrt(1 - rho**2))
    told = with_error(point.evidence, np.full(40_000, 20.0), 1.0, np.random.default_rng(1), (2.0, 0.5))
    assert (told.mean(), told.std()) == (pytest.approx(23.0, abs=0.02), pytest.approx(0.75, abs=0.02))
    # Without anything that lasts nothing is carried.
    plain = Record(walk(folder, [13.0]), date(2020, 2, 15))
    mean, sd = plain.carried(plain.points[0].evidence, later, played(plain))
    assert (mean == 0).all()
    assert sd == 1


def test_what_is_held_back_is_compared_given_the_errors_known_by_then(folder):
    model = lasting(walk(folder, [16.0, 16.0, 16.0]), 0.9, 24.0)
    record = Record(model, date(2020, 4, 15))
    worlds = Worlds(model)
    sampler = Sampler(worlds, engine_for(model))
    begun = sampler.begin(1)
    outputs = sampler.play(
        np.repeat(begun.z, 4000, axis=0), np.repeat(begun.lineage, 4000, axis=0), record.steps
    )
    known = record.points[0].known
    shown = record.replicated(outputs, np.random.default_rng(2), known=known)
    first = Record(model, known)
    mean, sd = first.carried(first.points[0].evidence, record.points[2].day, outputs)
    x = record.simulated(outputs)[:, 2]
    assert shown[:, 2].mean() == pytest.approx((x + 1.5 * mean).mean(), abs=0.1)
    assert shown[:, 2].std() == pytest.approx(1.5 * sd, rel=0.06)


def test_planted_parameters_are_recovered_at_the_nominal_rate(folder):
    """Simulation-based calibration (Talts and others 2018): 50 worlds of the prior, published, recovered."""
    model = replace(walk(folder, [10.0]), outcomes=())
    engine, end = engine_for(model), date(2020, 11, 1)
    inputs = Design(model, scenarios=50, seed=77).inputs("baseline")
    runs = engine.run(inputs)
    names = [p.name for p in model.parameters]
    half, nine = [], []
    for w in range(50):
        rng = np.random.default_rng(w)
        path = runs.state[w, 2:11:2, 0] + 1.5 * rng.standard_normal(5)
        xs = tuple(
            Row(month(k), None, month(k), float(v)) for k, v in zip(range(2, 11, 2), path, strict=True)
        )
        counts = rng.poisson(runs.event[w, :10, 0])
        raids = tuple(Row(month(k), None, month(k), float(n)) for k, n in enumerate(counts))
        seen = replace(model, evidence=tuple(
            replace(e, rows=r) for e, r in zip(model.evidence, (xs, raids), strict=True)
        ))  # fmt: skip
        found = calibrate_at(
            seen, [end], Sampling(particles=60, chains=1, seed=w), how=How(threads=1), runner=engine
        )[0].parameters()
        for name in ("drift", "pace", "idle"):
            q = np.quantile(found[name], [0.05, 0.25, 0.75, 0.95])
            truth = inputs.parameters[w, names.index(name)]
            half.append(q[1] <= truth <= q[2])
            nine.append(q[0] <= truth <= q[3])
    # 150 intervals: one binomial standard deviation is 0.041 around one half, 0.024 around nine tenths.
    assert 0.40 <= np.mean(half) <= 0.60
    assert 0.83 <= np.mean(nine) <= 0.97, np.mean(half)


# ── nothing before it was known ───────────────────────────────────────────────────────────────────────

UNTIL = date(2020, 6, 20)


def forecast_of(model):
    """What a calibration says of the end, and all that it is made of."""
    found = calibrate(
        model, UNTIL, Sampling(particles=24, chains=1, seed=5), how=How(threads=1), runner=ENGINE[0]
    )
    return found.z, found.lineage, futures(found, model.steps, threads=1).state


ENGINE = [None]


@pytest.fixture
def walking(folder):
    model = walk(
        folder, [11.0, 9.0, 12.0, 12.5, 13.0, 14.0, 15.0, 15.5], [date(2020, 3, 3), date(2020, 8, 8)]
    )
    ENGINE[0] = engine_for(model)
    return model


def altered(model, later):
    """The same model with the rows known after UNTIL replaced."""
    series = []
    for e in model.evidence:
        kept = tuple(r for r in e.rows if r.known <= UNTIL)
        wanted = tuple(r for kind, r in later if kind == e.kind)
        series.append(replace(e, rows=kept + wanted))
    return replace(model, evidence=tuple(series))


def later_rows():
    """Rows of any value for any day, as long as nobody knew them by UNTIL."""
    days = st.dates(date(2020, 1, 1), date(2020, 12, 31))

    def row(kind, day, after, value):
        return kind, Row(day, None, max(day, UNTIL + timedelta(days=after)), value)

    variable = st.builds(row, st.just("variable"), days, st.integers(1, 400), st.floats(-1e6, 1e6))
    count = st.builds(row, st.just("event"), days, st.integers(1, 400), st.integers(0, 50).map(float))
    return st.lists(st.one_of(variable, count), max_size=6)


KNOWN = []  # what is forecast without any later row


def leaks(model, later):
    if not KNOWN:
        KNOWN.append(forecast_of(model))
    before, after = KNOWN[0], forecast_of(altered(model, later))
    return any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@settings(max_examples=7, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(later=later_rows())
def test_no_row_known_later_can_change_an_earlier_forecast(walking, later):
    assert not leaks(walking, later)


def test_the_test_for_leaks_finds_one_that_is_put_in_on_purpose(walking, monkeypatch):
    """Filtering by the day described instead of the day known is the classic leak: revised figures."""
    late = [("variable", Row(date(2020, 5, 1), None, date(2020, 9, 1), 40.0))]
    assert not leaks(walking, late)
    monkeypatch.setattr(
        evidence_module, "known_by", lambda e, until: tuple(r for r in e.rows if r.day <= until)
    )
    assert leaks(walking, late)


# ── the same whatever the threads, and after an interruption ──────────────────────────────────────────


def test_a_calibration_is_the_same_on_one_thread_or_two_and_after_an_interruption(walking, tmp_path):
    kept = tmp_path / "kept.npz"
    sampling, runner = Sampling(particles=140, chains=2, seed=3), ENGINE[0]
    whole = calibrate(walking, UNTIL, sampling, how=How(threads=1), runner=runner)

    calls = []

    def stop(done, total):
        calls.append(done)
        if len(calls) > 150:
            raise KeyboardInterrupt

    how = How(threads=2, progress=stop)
    with pytest.raises(KeyboardInterrupt):
        calibrate(walking, UNTIL, sampling, how=how, checkpoint=kept, runner=runner)
    assert kept.exists()
    resumed = calibrate(walking, UNTIL, sampling, how=How(threads=2), checkpoint=kept, runner=runner)
    np.testing.assert_array_equal(resumed.z, whole.z)
    np.testing.assert_array_equal(resumed.lineage, whole.lineage)
    assert resumed.runs == whole.runs


@pytest.mark.parametrize("name", ["model.yaml", "points.npz", "one.npy"])
def test_a_file_that_is_not_of_resume_is_left_as_it_is(walking, tmp_path, name):
    """`--resume model.yaml` for `--out` is soon typed."""
    path = tmp_path / name
    if name == "points.npz":
        np.savez(path, x=np.arange(3))
    elif name == "one.npy":
        np.save(path, np.arange(3))
    else:
        path.write_text("model: {name: mine}\n")
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"is not a file of --resume[.] It is left as it is"):
        calibrate(walking, UNTIL, Sampling(particles=20, chains=1), checkpoint=path, runner=ENGINE[0])
    assert path.read_bytes() == before
    with pytest.raises(UsageError, match="there is no folder"):
        calibrate(walking, UNTIL, Sampling(particles=20, chains=1), checkpoint=tmp_path / "no" / "x")


def test_futures_share_their_past_and_no_more(walking):
    found = calibrate(walking, UNTIL, Sampling(particles=20, chains=1, seed=3), runner=ENGINE[0])
    runs = futures(found, walking.steps, per_particle=3)
    state = runs.state[..., 0].reshape(20, 3, -1)
    met = found.record.steps
    assert (state[:, :, : met + 1] == state[:, :1, : met + 1]).all()
    alive = (runs.outcome[:, 0] < 0).reshape(20, 3).all(axis=1)
    assert (state[alive, 0, -1] != state[alive, 1, -1]).all()


def test_without_evidence_the_futures_are_those_of_the_prior(walking):
    prior = from_prior(walking, Sampling(particles=600, chains=1, seed=1))
    drift = prior.parameters()["drift"]
    assert (drift.mean(), drift.std()) == (pytest.approx(0, abs=0.15), pytest.approx(1, abs=0.1))
    assert prior.record.points == ()


def test_a_number_is_moved_where_populations_agree_and_chance_could_not_do_it(folder):
    """Half a deviation away from the prior: of 800 particles a finding, of 16 nothing, and nothing where one
    population went one way and one the other."""
    model = walk(folder, [1.0])

    def moved(particles, *shifts):
        prior = from_prior(model, Sampling(particles=particles, chains=2, seed=4))
        z = (np.arange(particles) + 0.5) / particles
        z = np.stack([to_normal(z) + shift for shift in shifts])
        column = prior.worlds.uncertain()["drift"]
        all_z = prior.z.copy()
        all_z[..., column] = z
        return learnt_parameters(replace(prior, z=all_z))["drift"]

    assert moved(400, 0.5, 0.5).moved
    assert moved(400, 0.5, 0.5).gain == pytest.approx(0.125, abs=0.01)
    assert not moved(8, 0.5, 0.5).moved
    apart = moved(400, 1.4, -0.4)
    assert apart.gain > 0.05
    assert apart.r_hat > 1.3
    assert not apart.moved


def test_what_runs_would_publish_covers_points_by_its_central_half_and_nine_tenths(folder):
    model = walk(folder, [3.0, 10.0, 50.0, 90.0, 97.0])
    record = Record(model, date(2020, 8, 1))
    runs = np.repeat(np.arange(101.0)[:, None], len(record.points), axis=1)
    xs = _fits(record, runs, [True] * len(record.points))["xs"]
    assert (xs.points, xs.half, xs.nine_tenths) == (5, 0.2, 0.6)
    assert (xs.p5[0], xs.p50[0], xs.p95[0]) == (5, 50, 95)
    first = [p.evidence.name == "xs" and p.value < 60 for p in record.points]
    assert _fits(record, runs, first)["xs"].points == 3


def test_a_model_without_evidence_says_what_it_lacks():
    with pytest.raises(UsageError, match="names no evidence to be held against"):
        calibrate(load("spiral"), date(2030, 1, 1))


def test_a_point_on_the_normal_scale_is_a_point_in_the_cube():
    z = np.linspace(-6, 6, 101)
    np.testing.assert_allclose(to_normal(to_unit(z)), z, atol=1e-9)
