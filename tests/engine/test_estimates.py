"""Actors who estimate stocks, held against filters written out in NumPy and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import offramp as ofr
from offramp.analysis.chronicle import chronicle
from offramp.engine import luck
from offramp.engine.compiled.compile import compile_model
from offramp.engine.plain.course import Oracle
from offramp.errors import OfframpError
from offramp.language.check import load, loads
from offramp.questions.minds.ask import minds
from offramp.questions.misreadings.ask import misreadings
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for, simulate
from small_models import ENGINES, assert_agree, made, outputs, path

both_engines = pytest.mark.parametrize("engine", ENGINES)

# Blue acts on arms and hears of them; red builds, which is seen in part.
SCOUTS = """
variables:
  arms: {{initial: {initial}, change: {change}, noise: {stray}}}
parameters: {{hits: {{value: 3}}}}
actors:
  blue:
    sees: {{arms: {sees}}}
    misreads: {{{misreads}}}
    actions: {{strike: {{effects: {{arms: {strike}}}}}, wait: {{}}}}
  red: {{actions: {{build: {{effects: {{arms: 4}}, attributed: {attributed}}}, wait: {{}}}}}}
{more}
"""


def scouts(sees, steps=12, **parts):
    given = {
        "initial": 40, "change": 0, "stray": 0, "attributed": 0.25, "misreads": "", "strike": "-1 * hits",
        "more": "",
    }  # fmt: skip
    return made(SCOUTS.format(sees=sees, **given | parts), steps=steps)


def shown(model, out, noise, seed=0, delay=0):
    """(run, step): what the signal showed blue."""
    arms, steps = path(model, out, "arms"), out.action.shape[1]
    z = [luck.normal(seed, np.arange(len(arms)), k, "see/blue/arms") for k in range(steps)]
    return np.stack([arms[:, max(0, k - delay)] + noise * z[k] for k in range(steps)], axis=1)


def pushes(out, hits=3.0, attributed=0.25):
    """(run, step): how far blue takes the acts of a step to move arms."""
    return np.where(out.action[:, :, 0] == 0, -hits, 0.0) + np.where(
        out.action[:, :, 1] == 0, 4.0 * attributed, 0
    )


def kalman(signals, moved, mean, sd, drift, noise, decay=0.0):
    """A scalar Kalman filter: means and standard deviations after each look, (run, step)."""
    variance, means, spreads = sd**2, [], []
    for k in range(signals.shape[1]):
        gain = variance / (variance + noise**2)
        mean = mean + gain * (signals[:, k] - mean)
        variance = (1 - gain) * variance
        means.append(mean)
        spreads.append(np.full(len(signals), variance**0.5))
        mean = (mean + moved[:, k]) * (1 - decay)
        variance = variance * (1 - decay) ** 2 + drift**2
    return np.stack(means, axis=1), np.stack(spreads, axis=1)


@both_engines
def test_an_estimate_is_that_of_a_kalman_filter_told_of_the_acts(engine):
    model = scouts(
        "{noise: 5, assumed: 30, learns: {sd: 10, drift: 2}}", change="-0.1 / month * arms", stray=2
    )
    out = outputs(model, engine, scenarios=50)
    means, sds = kalman(shown(model, out, 5), pushes(out), 30.0, 10.0, 2.0, 5.0, decay=0.1)
    np.testing.assert_allclose(out.estimate_mean[:, :, 0], means, rtol=1e-10)
    np.testing.assert_allclose(out.estimate_sd[:, :, 0], sds, rtol=1e-10)


@both_engines
@pytest.mark.parametrize("delay", [1, 3])
def test_a_late_signal_teaches_as_in_a_filter_of_all_that_is_under_way(engine, delay):
    """Against a filter of the stock and its last values together, of which the oldest is shown."""
    model = scouts(f"{{noise: 5, delay: {delay}, learns: {{sd: 10, drift: 2}}}}", stray=2, steps=9)
    out = outputs(model, engine, scenarios=20)
    signals, moved = shown(model, out, 5, delay=delay), pushes(out)
    runs, size = len(signals), delay + 1
    mean, covariance = np.full((runs, size), 40.0), np.full((size, size), 100.0)
    shift = np.eye(size, k=-1)
    shift[0, 0] = 1
    for k in range(9):
        lag = min(k, delay)
        gain = covariance[:, lag] / (covariance[lag, lag] + 25)
        mean = mean + (signals[:, k] - mean[:, lag])[:, None] * gain
        covariance = covariance - np.outer(gain, covariance[lag])
        np.testing.assert_allclose(out.estimate_mean[:, k, 0], mean[:, 0], rtol=1e-10)
        np.testing.assert_allclose(out.estimate_sd[:, k, 0], covariance[0, 0] ** 0.5, rtol=1e-10)
        mean = mean @ shift.T
        mean[:, 0] += moved[:, k]
        covariance = shift @ covariance @ shift.T
        covariance[0, 0] += 4


@both_engines
def test_in_the_long_run_the_gain_is_that_of_a_random_walk(engine):
    """The positive root of M² = q²·(M + r²), in closed form (Harvey 1989)."""
    out = outputs(scouts("{noise: 6, learns: {sd: 30, drift: 1.5}}", stray=1.5, steps=60), engine)
    q, r = 1.5**2, 6.0**2
    ahead = (q + (q * q + 4 * q * r) ** 0.5) / 2
    np.testing.assert_allclose(out.estimate_sd[0, -1, 0], (ahead * r / (ahead + r)) ** 0.5, rtol=1e-9)


def test_who_supposes_rightly_is_off_by_what_it_takes_itself_to_be_and_who_trusts_too_much_by_more():
    def errors(supposed):
        text = f"{{noise: 6, assumed: 40, learns: {{sd: 10, drift: 2{supposed}}}}}"
        model = scouts(text, initial='"normal(40, 10)"', stray=2, attributed=1, steps=8)
        out = outputs(model, "compiled", scenarios=8000)
        return (out.estimate_mean[:, :, 0] - path(model, out, "arms")[:, :-1]) / out.estimate_sd[:, :, 0]

    right, too_sure = errors(""), errors(", noise: 2")
    np.testing.assert_allclose(right.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(right.std(axis=0), 1, atol=0.04)
    assert (too_sure.std(axis=0) > 1.8).all()
    np.testing.assert_allclose(too_sure.mean(axis=0), 0, atol=0.12)


# ---------------------------------------------------------------------- what it did itself


@both_engines
def test_an_act_moves_the_estimate_of_who_does_it_by_what_it_believes_the_act_to_do(engine):
    """Who is wrong about where it stands must move that belief as it moves (usc-psychsim, issue 11)."""
    model = scouts("{hidden: true, assumed: 30, learns: {sd: 10}}", misreads="hits: 6")
    out = outputs(model, engine, scenarios=30)
    done = np.cumsum(pushes(out, hits=6), axis=1)
    np.testing.assert_allclose(out.estimate_mean[:, 0, 0], 30)
    np.testing.assert_allclose(out.estimate_mean[:, 1:, 0], 30 + done[:, :-1], rtol=1e-12)
    np.testing.assert_allclose(out.estimate_sd[:, :, 0], 10, rtol=1e-12)


@both_engines
def test_an_act_that_sets_a_stock_makes_who_does_it_sure_of_it(engine):
    model = scouts("{hidden: true, learns: {sd: 10, drift: 1}}", strike="{set: 7}", stray=3)
    out = outputs(model, engine, scenarios=30)
    set_now = (out.action[:, :-1, 0] == 0) & (out.action[:, :-1, 1] == 1)
    np.testing.assert_allclose(out.estimate_mean[:, 1:, 0][set_now], 7)
    np.testing.assert_allclose(out.estimate_sd[:, 1:, 0][set_now], 1, rtol=1e-12)


@both_engines
def test_events_that_all_know_of_move_an_estimate_and_what_a_policy_shifts_does_not(engine):
    more = (
        "events:\n  quake: {on: 2020-03-10, effects: {arms: {set: 0.5 * arms}}}\n"
        "policies: {gift: {do: [{from: 2020-04-01, shift: {arms: 20}}]}}\n"
    )
    model = scouts("{hidden: true, assumed: 30, learns: {sd: 10}}", more=more, steps=6)
    out = outputs(model, engine, scenarios=20, policy="gift")
    moved, mean, sd = pushes(out), np.full(20, 30.0), 10.0
    for k in range(6):
        if k == 2:
            mean, sd = mean / 2, sd / 2
        np.testing.assert_allclose(out.estimate_mean[:, k, 0], mean, rtol=1e-12)
        np.testing.assert_allclose(out.estimate_sd[:, k, 0], sd, rtol=1e-12)
        mean = mean + moved[:, k]


@both_engines
def test_who_moves_later_has_counted_what_the_earlier_did_once(engine):
    text = """
variables: {x: {initial: 10}}
actors:
  late:
    after: early
    sees: {x: {hidden: true, assumed: 0, learns: {sd: 1}}}
    actions: {act: {when: x >= 5, effects: {x: 100}, propensity: 60}, wait: {}}
  early: {actions: {act: {effects: {x: 5}}}}
"""
    out = outputs(made(text, 2), engine)
    np.testing.assert_allclose(out.estimate_mean[0, :, 0], [5, 110])


# ---------------------------------------------------------------------- ends


@both_engines
def test_what_is_seen_exactly_is_believed_and_what_is_all_noise_is_not(engine):
    exact = scouts("{noise: 3, learns: {sd: 10, drift: 1, noise: 0}}", stray=2)
    out = outputs(exact, engine, scenarios=10)
    np.testing.assert_allclose(out.estimate_mean[:, :, 0], shown(exact, out, 3), rtol=1e-12)
    assert (out.estimate_sd == 0).all()
    out = outputs(
        scouts("{noise: 3, assumed: 25, learns: {sd: 10, noise: 1e9}}", strike="0"), engine, scenarios=10
    )
    others = np.cumsum(np.where(out.action[:, :, 1] == 0, 1.0, 0), axis=1)
    np.testing.assert_allclose(out.estimate_mean[:, 1:, 0], 25 + others[:, :-1], rtol=1e-9)


@both_engines
def test_an_estimate_keeps_within_bounds_and_bias_is_not_known(engine):
    text = "{bias: -8, noise: 0.1, learns: {sd: 10, drift: 5}}"
    model = made(
        "variables: {arms: {initial: 5, bounds: [0, 9], saturates: true}}\n"
        f"actors: {{blue: {{sees: {{arms: {text}}}, actions: {{wait: {{}}}}}}}}\n", 5)  # fmt: skip
    out = outputs(model, engine)
    assert (out.estimate_mean[0, :, 0] >= 0).all()
    assert out.estimate_mean[0, -1, 0] < 0.2
    assert out.estimate_sd[0, -1, 0] < 0.2


@both_engines
@pytest.mark.parametrize("delay", [0, 2])
def test_a_policy_that_corrects_shows_the_truth_and_then_it_goes_on_from_there(engine, delay):
    more = "policies: {told: {do: [{from: 2020-03-01, until: 2020-05-01, correct: {blue: arms}}]}}\n"
    text = f"{{noise: 5, delay: {delay}, assumed: 10, learns: {{sd: 10, drift: 2}}}}"
    model = scouts(text, stray=2, more=more, steps=6)
    out = outputs(model, engine, scenarios=20, policy="told")
    arms, own = path(model, out, "arms"), outputs(model, engine, scenarios=20)
    np.testing.assert_array_equal(out.estimate_mean[:, :2], own.estimate_mean[:, :2])
    np.testing.assert_allclose(out.estimate_mean[:, 2:4, 0], arms[:, 2:4], rtol=1e-12)
    assert (out.estimate_sd[:, 2:4] == 0).all()
    if delay:  # what is shown next is older than what it was told
        np.testing.assert_allclose(out.estimate_mean[:, 4, 0], arms[:, 3] + pushes(out)[:, 3], rtol=1e-12)
        np.testing.assert_allclose(out.estimate_sd[:, 4, 0], 2, rtol=1e-12)
    else:
        signal = shown(model, out, 5)[:, 4]
        ahead = arms[:, 3] + pushes(out)[:, 3]
        np.testing.assert_allclose(out.estimate_mean[:, 4, 0], ahead + 4 / 29 * (signal - ahead), rtol=1e-12)


@both_engines
def test_an_actor_weighs_its_acts_from_its_estimate(engine):
    text = """
variables: {x: {initial: 3}, y: {initial: 0}}
actors:
  blue:
    depth: 1
    horizon: 1
    precision: 1
    sees: {x: {noise: 4, assumed: 0, learns: {sd: 2}}}
    utility: {u: x * y}
    actions: {no: {}, yes: {effects: {y: 1}}}
"""
    out = outputs(made(text, 1), engine, scenarios=20)
    np.testing.assert_allclose(
        out.probability[:, 0, 1], 1 / (1 + np.exp(-out.estimate_mean[:, 0, 0])), rtol=1e-12
    )


def test_an_estimate_that_is_no_number_fails_the_run():
    out = {e: outputs(scouts("{noise: 5, learns: {sd: exp(hits * 400)}}"), e, scenarios=3) for e in ENGINES}
    assert_agree(out["compiled"], out["oracle"])
    assert (out["compiled"].status != 0).all()


# ---------------------------------------------------------------------- beside all else

# A learner of types and of numbers, who moves after another, under policies and on a ladder.
ALL = """
variables:
  arms: {initial: 40, change: -0.1 / month * arms, noise: 2, bounds: [0, 100], saturates: true}
  fear: {initial: 5, change: -0.2 / month * fear}
parameters: {hits: {value: 3}, nerve: {value: 0.5}}
actors:
  blue:
    after: red
    depth: 1
    horizon: 1
    precision: 0.2
    sees: {arms: {noise: 5, delay: %d, learns: {sd: 10, drift: 2}}, fear: {hidden: true, learns: {sd: hits}}}
    utility: {u: -0.1 * arms - nerve * fear}
    beliefs: {red: {prior: {hard: 0.5, soft: rest}}}
    actions: {wait: {}, strike: {effects: {arms: -1 * hits - nerve, fear: 1}, cost: 0.2}}
  red:
    depth: 1
    horizon: 1
    precision: 0.2
    utility: {u: nerve * arms - fear}
    true_type: {hard: 0.5, soft: rest}
    types: {hard: {parameters: {nerve: 1}}, soft: {parameters: {nerve: 0.1}}}
    sees: {fear: {noise: 2, learns: {sd: 3, noise: 1}}}
    actions: {wait: {}, build: {effects: {arms: 4}, attributed: 0.5}}
outcomes: {war: {rate: 0.01 / month, absorbing: true, worth: {blue: -30, red: -30}}}
ladders:
  clash:
    sides: [blue, red]
    rate: 0.4 / month
    moves: 3
    war: war
    war_worth: {blue: -10, red: -9}
    rungs: {low: {loses_control: 0.05, stakes: {blue: 1 + 0.1 * arms, red: 2}, effects: {fear: 2}}}
events: {raid: {rate: 0.3 / month, effects: {arms: -2}}}
policies: {told: {do: [{from: 2020-03-01, correct: {blue: [arms]}, shift: {hits: 1}}]}}
"""


@pytest.mark.parametrize("delay", [0, 2])
def test_both_writings_agree_on_all_of_it_and_the_page_of_minds_thinks_as_the_run_did(delay):
    model = made(ALL % delay, steps=5)
    compiled, oracle = compile_model(model, cache=False), Oracle(model)
    for policy in ("baseline", "told"):
        inputs = Design(model, [policy], scenarios=8, seed=2).inputs(policy)
        out = compiled.run(inputs, probabilities=True)
        assert_agree(out, oracle.run(inputs, probabilities=True))
        run = int(np.flatnonzero((out.action[:, -1, 0] >= 0) & (out.status == 0))[0])
        for step in range(5):
            blue = minds(
                Design(model, [policy], scenarios=[run], seed=2), model.date_of(step), ["blue"]
            ).actors[0]
            arms, fear = (next(s for s in blue.sees if s.name == name) for name in ("arms", "fear"))
            np.testing.assert_allclose(
                [arms.taken_for, fear.taken_for], out.estimate_mean[run, step, :2], rtol=1e-8
            )
            np.testing.assert_allclose(
                [arms.sd, fear.sd], out.estimate_sd[run, step, :2], rtol=1e-8, atol=1e-9
            )
            chances = [option.probability for option in blue.options]
            np.testing.assert_allclose(chances, out.probability[run, step, :2], rtol=1e-7)


def test_what_choices_hang_on_is_an_estimate_come_to_rest():
    """Of one step's choices alone, both writings: it is what stands there, off by the bias."""
    model = made("""
variables: {arms: {initial: 40}, fear: {initial: 5}}
actors:
  blue:
    sees: {arms: {bias: -10, noise: 5, learns: {sd: 10}}, fear: {hidden: true, assumed: 1, learns: {sd: 2}}}
    actions: {wait: {}, act: {propensity: 0.1 * arms - fear}}
""", steps=5)  # fmt: skip
    inputs = Design(model, scenarios=12, seed=2).inputs("baseline")
    stocks = np.stack([np.linspace(0, 80, 12), np.full(12, 5.0)], axis=1)
    compiled = compile_model(model, cache=False).choices(inputs, 2, stocks)
    np.testing.assert_allclose(compiled, Oracle(model).choices(inputs, 2, stocks), rtol=1e-9)
    np.testing.assert_allclose(compiled[:, 1], 1 / (1 + np.exp(2 - 0.1 * stocks[:, 0])), rtol=1e-9)


def test_runs_stories_and_misreadings_know_of_estimates():
    model = made(ALL % 0, steps=5)
    runs = simulate(Design(model, scenarios=60, seed=1))
    assert [str(e) for e in runs.estimate.values] == ["blue/arms", "blue/fear", "red/fear"]
    inputs = Design(model, scenarios=60, seed=1).inputs("baseline")
    out = engine_for(model, "compiled").run(inputs)
    np.testing.assert_array_equal(runs.estimate_mean.values[0], out.estimate_mean)
    np.testing.assert_array_equal(runs.estimate_sd.values[0], out.estimate_sd)
    number = int(np.flatnonzero(runs.status.values[0] == 0)[0])
    told = [s for s in chronicle(runs, "baseline", number)[0].sayings if s.kind == "estimate"]
    assert [(s.subject, s.facts["about"]) for s in told] == [
        ("blue", "arms"),
        ("blue", "fear"),
        ("red", "fear"),
    ]
    assert told[0].text.startswith("Blue takes Arms for ")
    assert told[0].text.endswith("; as the month began it was 40.")
    found = misreadings(Design(model, scenarios=60, seed=1), "war")
    assert {(m.actor, m.name) for m in found.misreadings} >= {
        ("blue", "arms"),
        ("blue", "fear"),
        ("red", "fear"),
    }


# ---------------------------------------------------------------------- the language

WRONG = """model: {{name: m, illustrative: true}}
horizon: {{start: 2020-06-01, step: month, steps: 1}}
variables: {{x: {{unit: kg, initial: 1}}}}
parameters: {{p: {{unit: kg, value: 2}}}}
actors: {{blue: {{sees: {{x: {sees}}}, actions: {{wait: {{}}}}}}}}
"""


@pytest.mark.parametrize(
    ("sees", "message"),
    [
        ("{learns: {sd: 1}}", "`x` is seen without noise or delay, so there is nothing to estimate"),
        ("{bias: 1, learns: {sd: 1}}", "nothing to estimate"),
        ("{noise: 1, learns: {}}", "the estimate of `x` has no `sd`"),
        ("{noise: 1, learns: true}", "`learns` of `x` says how, not whether"),
        ("{noise: 1, learns: 3}", "Write `learns: {sd: 3}`."),
        ("{noise: 1, learns: {sd: 0}}", "what is seen of `x` would teach nothing"),
        ("{noise: 1, learns: {sd: -1}}", "`sd` is a standard deviation: -1 is below 0"),
        ("{noise: 1, learns: {sd: 1, drift: -2}}", "`drift` is a standard deviation: -2 is below 0"),
        ("{noise: 1, learns: {sd: x}}", "`x` is a variable; here a formula may read parameters only"),
        ("{noise: 1, learns: {sd: 1 * month}}", "month"),
        ("{noise: 1, learns: {sd: 1, drfit: 1}}", "Did you mean `drift`?"),
        ("{hidden: true, learns: {sd: 1, noise: 2}}", "`x` is hidden, so there is no noise to suppose"),
        ("{noise: 1, assumed: 3}", "`assumed` is for a stock that is hidden or learned of"),
    ],
)
def test_an_estimate_that_cannot_be_is_refused_with_its_place(sees, message):
    with pytest.raises(OfframpError) as problem:
        loads(WRONG.format(sees=sees))
    assert message in str(problem.value)


def test_an_estimate_may_be_of_parameters_and_is_told_back():
    model = loads(WRONG.format(sees="{noise: 3, assumed: 2 * p, learns: {sd: p, drift: 0.5 * p, noise: 1}}"))
    assert model.estimates == (("blue", "x"),)
    text = ofr.explain(model)
    signal = text["actors"][0]["sees"][0]
    assert signal["learns"] == {"sd": "p", "drift": "0.5 * p", "noise": "1"}


def test_a_file_that_changes_an_estimate_says_anew_where_its_numbers_come_from(tmp_path):
    text = WRONG.format(sees="{noise: 3, learns: {sd: 2}, source: b 1}").replace("illustrative: true", "S")
    text = text.replace("S", "sources: {b: {title: B}}").replace("value: 2", "value: 2, source: b")
    (tmp_path / "base.yaml").write_text(text)
    above = "extend: base.yaml\nmodel: {name: above}\nactors: {blue: {sees: {x: {learns: {sd: 4}%s}}}}\n"
    (tmp_path / "bare.yaml").write_text(above % "")
    (tmp_path / "sourced.yaml").write_text(above % ", source: b 2")
    assert load(str(tmp_path / "sourced.yaml")).actors[0].sees[0].learns.sd.text == "4"
    with pytest.raises(
        OfframpError, match="nothing says where the numbers of what `blue` sees of `x` come from"
    ):
        load(str(tmp_path / "bare.yaml"))
