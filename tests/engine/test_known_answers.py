"""Answers known from outside: games, arms races, counts and hazards that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, stats

from offramp.model import DAYS_PER_MONTH
from small_models import ENGINES, made, outputs, path

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def softmax(weights):
    likely = np.exp(np.asarray(weights) - np.max(weights))
    return likely / likely.sum()


def log_odds(out, step=0, first=1, second=0):
    """ln p(first) - ln p(second) of two actions, for every run."""
    return np.log(out.probability[:, step, first] / out.probability[:, step, second])


# Choice

GAME = """
variables: {{up: {{initial: 0}}, left: {{initial: 0}}}}
actors:
  row:
    depth: 1
    horizon: 1
    precision: {precision}
    discount: {discount}
    utility:
      up: {a} * up * left + {b} * up * (1 - left)
      down: {c} * (1 - up) * left + {d} * (1 - up) * (1 - left)
    actions:
      up: {{effects: {{up: {{set: 1}}}}, propensity: {habit}}}
      down: {{effects: {{up: {{set: 0}}}}}}
  column:
    actions:
      left: {{effects: {{left: {{set: 1}}}}, propensity: log({odds})}}
      right: {{effects: {{left: {{set: 0}}}}}}
"""
GAMES = [
    {"a": 4, "b": 0, "c": 3, "d": 2, "odds": 1.0, "habit": 0.0, "precision": 1.0, "discount": 1.0},
    {"a": -1000, "b": 1, "c": -1, "d": 0, "odds": 0.001, "habit": 0.3, "precision": 0.7, "discount": 0.9},
    {"a": 1, "b": -1, "c": -1, "d": 1, "odds": 3.0, "habit": -1.0, "precision": 1.8456, "discount": 0.8},
]


@pytest.mark.parametrize("game", GAMES)
def test_a_one_shot_game_is_answered_by_the_softmax_of_expected_payoffs(engine, game):
    left = game["odds"] / (1 + game["odds"])
    up = left * game["a"] + (1 - left) * game["b"]
    down = left * game["c"] + (1 - left) * game["d"]
    scale = game["precision"] * game["discount"]
    expected = softmax([game["habit"] + scale * up, scale * down])
    runs = 20_000
    out = outputs(made(GAME.format(**game)), engine, runs)
    np.testing.assert_allclose(out.probability[:, 0, :2], np.tile(expected, (runs, 1)), rtol=1e-9)
    np.testing.assert_allclose(out.probability[:, 0, 2:], np.tile([left, 1 - left], (runs, 1)), rtol=1e-9)
    for actor, p in enumerate([expected, [left, 1 - left]]):
        counts = np.bincount(out.action[:, 0, actor], minlength=2)
        assert stats.chisquare(counts, runs * np.asarray(p)).pvalue > 1e-4
    # The two choose on their own: no scenario's luck makes them move together.
    table = np.histogram2d(out.action[:, 0, 0], out.action[:, 0, 1], bins=2)[0]
    assert table.min() == 0 or stats.chi2_contingency(table).pvalue > 1e-4


def test_a_choice_two_steps_ahead_by_hand(engine):
    """Invest: 2 points a month from each seed sown, at a cost of 3; afterwards habit sows with chance q."""
    model = made(
        """
        variables: {seeds: {initial: 0}, gain: {initial: 0, change: 2 / month * seeds}}
        actors:
          blue:
            depth: 1
            horizon: 2
            precision: 0.3
            discount: 0.9
            utility: {gain: gain}
            actions: {wait: {}, invest: {effects: {seeds: 1}, cost: 3, propensity: -1}}
        """
    )
    q = 1 / (1 + math.e)
    worth_of_waiting = 0.9 * 0 + 0.81 * 2 * q
    worth_of_investing = 0.9 * 2 + 0.81 * (2 + 2 * (1 + q)) - 3
    expected = -1 + 0.3 * (worth_of_investing - worth_of_waiting)
    assert log_odds(outputs(model, engine))[0] == pytest.approx(expected, rel=1e-12)


def test_without_precision_an_actor_that_looks_ahead_acts_by_habit(engine):
    body = """
        variables: {x: {initial: "normal(0, 1)"}}
        parameters: {eagerness: {value: 0}}
        actors:
          blue:
            depth: 1
            horizon: 5
            precision: eagerness
            utility: {x: 100 * x}
            actions:
              wait: {}
              push: {effects: {x: 3}, propensity: log(2 / 13)}
              pull: {effects: {x: -3}, propensity: -0.5 * x, when: x > 0}
        """
    out = outputs(made(body), engine, 200)
    x = out.state[:, 0, 0]
    for run in range(200):
        pull = [-0.5 * x[run]] if x[run] > 0 else []
        expected = np.append(softmax([0, math.log(2 / 13), *pull]), [0] * (1 - len(pull)))
        np.testing.assert_allclose(out.probability[run, 0], expected, rtol=1e-12)
    eager = outputs(made(body), engine, 200, eagerness=1.0)
    assert (eager.probability[:, 0, 1] > 0.99).all()


CHICKEN = """
variables: {{blue_goes: {{initial: 0}}, red_goes: {{initial: 0}}}}
parameters:
  blue_nerve: {{value: 0}}
  red_nerve: {{value: 0}}
actors:
  blue:
    depth: 1
    horizon: 1
    precision: 20
    utility: {{game: blue_goes * (1 - red_goes) - red_goes * (1 - blue_goes) - 1000 * blue_goes * red_goes}}
    {blue_misreads}
    actions:
      swerve: {{effects: {{blue_goes: {{set: 0}}}}}}
      go: {{effects: {{blue_goes: {{set: 1}}}}, propensity: blue_nerve}}
  red:
    depth: 1
    horizon: 1
    precision: 20
    utility: {{game: red_goes * (1 - blue_goes) - blue_goes * (1 - red_goes) - 1000 * blue_goes * red_goes}}
    {red_misreads}
    actions:
      swerve: {{effects: {{red_goes: {{set: 0}}}}}}
      go: {{effects: {{red_goes: {{set: 1}}}}, propensity: red_nerve}}
outcomes:
  crash: {{when: blue_goes * red_goes > 0.5}}
"""


def test_two_who_each_believe_that_the_other_will_swerve_crash(engine):
    """Chicken at -1000: misperception in its smallest form. Who sees the other right swerves."""
    blind = CHICKEN.format(
        blue_misreads="misreads: {red_nerve: -12}", red_misreads="misreads: {blue_nerve: -12}"
    )
    assert (outputs(made(blind), engine, 500).outcome[:, 0] == 0).all()
    sighted = CHICKEN.format(blue_misreads="", red_misreads="")
    assert (outputs(made(sighted), engine, 500).outcome[:, 0] == -1).all()
    one_eyed = CHICKEN.format(blue_misreads="misreads: {red_nerve: -12}", red_misreads="")
    out = outputs(made(one_eyed), engine, 500)
    assert (out.action[:, 0] == [1, 0]).all()


# Look-ahead and risk

HAZARD = """
variables: {{danger: {{initial: 0}}, kept: {{initial: 5}}}}
actors:
  blue:
    depth: 1
    horizon: {horizon}
    precision: 0.5
    discount: {discount}
    utility: {{peace: kept}}
    actions:
      wait: {{}}
      dare: {{when: now < 0.1, effects: {{danger: {{set: 1}}}}}}
outcomes:
  accord: {{when: kept < 0, absorbing: true}}
  war: {{rate: {rate} / month * danger, absorbing: true, worth: {{blue: {worth}}}}}
"""


@pytest.mark.parametrize("horizon", [1, 6, 24])
@pytest.mark.parametrize("discount", [1.0, 0.95])
def test_a_risk_of_two_percent_a_month_weighs_as_exactly_that(engine, horizon, discount):
    """On the likeliest path war never comes; a look-ahead along it would not fear it at all."""
    rate, worth = -math.log(0.98), -50.0
    model = made(HAZARD.format(horizon=horizon, discount=discount, rate=rate, worth=worth))
    safe = sum(discount**h * 5 for h in range(1, horizon + 1))
    daring = sum(discount**h * (0.98**h * 5 + (1 - 0.98**h) * worth) for h in range(1, horizon + 1))
    assert log_odds(outputs(model, engine))[0] == pytest.approx(0.5 * (daring - safe), rel=1e-11)


def test_in_weeks_the_risk_weighs_what_it_does_in_months_at_the_same_dates(engine):
    """Sums over weeks approach the integral from which sums over months are further away."""
    rate, worth, discount, horizon = 0.05, -50.0, 0.9, 12

    def integral(survival):
        months = np.linspace(0, horizon, 20_001)
        value = discount**months * (survival(months) * 5 + (1 - survival(months)) * worth)
        return np.trapezoid(value, months)

    exact = 0.5 * (integral(lambda t: np.exp(-rate * t)) - integral(np.ones_like))
    text = HAZARD.format(horizon=horizon, discount=discount, rate=rate, worth=worth)
    month = log_odds(outputs(made(text), engine))[0]
    week = log_odds(outputs(made(text, step="week"), engine))[0]
    assert abs(week - exact) < 0.4 * abs(month - exact)
    assert week == pytest.approx(exact, rel=0.05)


@given(
    rates=st.tuples(st.floats(0.001, 2), st.floats(0.001, 2)),
    worths=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
    horizon=st.integers(1, 8),
)
@settings(max_examples=8, deadline=None)
def test_competing_risks_share_what_is_lost_in_proportion(engine, rates, worths, horizon):
    total = sum(rates)
    model = made(
        f"""
        variables: {{danger: {{initial: 0}}}}
        actors:
          blue:
            depth: 1
            horizon: {horizon}
            precision: 0.01
            utility: {{nothing: 0}}
            actions: {{wait: {{}}, dare: {{when: now < 0.5, effects: {{danger: {{set: 1}}}}}}}}
        outcomes:
          first: {{rate: {rates[0]!r} / month * danger, absorbing: true, worth: {{blue: {worths[0]!r}}}}}
          next: {{rate: {rates[1]!r} / month * danger, absorbing: true, worth: {{blue: {worths[1]!r}}}}}
        """
    )
    mean_worth = (rates[0] * worths[0] + rates[1] * worths[1]) / total
    expected = sum(1 - math.exp(-total * h) for h in range(1, horizon + 1)) * mean_worth
    assert log_odds(outputs(model, engine))[0] == pytest.approx(0.01 * expected, rel=1e-9, abs=1e-12)


def test_a_condition_that_the_path_meets_takes_all_that_is_left(engine):
    """From the step in which kept falls below 0 the worth of the first such outcome counts, not utility."""
    model = made(
        """
        variables: {kept: {initial: 1.5, change: -1 / month}, spent: {initial: 0}}
        actors:
          blue:
            depth: 1
            horizon: 4
            precision: 1
            utility: {u: spent}
            actions: {wait: {}, spend: {when: now < 0.5, effects: {spent: 1}}}
        outcomes:
          lost: {when: kept < 0, absorbing: true, worth: {blue: 10 * spent}}
          broke: {when: kept < 0, absorbing: true, worth: {blue: -1000 * spent}}
        """
    )
    assert log_odds(outputs(model, engine))[0] == pytest.approx(1 + 10 + 10 + 10, rel=1e-12)


def test_events_weigh_in_look_ahead_by_how_likely_they_are(engine):
    """Additions by their mean number, settings by the chance of at least one, branches by probability."""
    model = made(
        """
        variables: {sum: {initial: 0}, marked_once: {initial: 0}, ballot: {initial: 0}, on: {initial: 0}}
        actors:
          blue:
            depth: 1
            horizon: 2
            precision: 0.01
            utility: {sum: on * sum, marked_once: 10 * on * marked_once, ballot: 100 * on * ballot}
            actions: {wait: {}, care: {when: now < 0.5, effects: {on: 1}}}
        events:
          add: {rate: 0.7 / month, effects: {sum: 2}}
          sign: {rate: 0.4 / month, effects: {marked_once: {set: 1}}}
          both:
            rate: 0.5 / month
            branches: {up: {probability: 0.3, effects: {sum: 1}}, no: {probability: rest}}
          election:
            on: 2020-02-20
            branches: {won: {probability: 0.2, effects: {ballot: 1}}, lost: {probability: rest}}
          past:
            on: 2020-01-20
            branches:
              a: {probability: 0.5, effects: {ballot: 7}}
              b: {probability: rest, effects: {ballot: 7}}
        """,
        steps=2,
    )
    out = outputs(model, engine, 50)
    # Events of the first month have happened before anyone chooses: they are seen, not expected.
    start = 2.0 * out.event[:, 0, 0]
    marked = out.event[:, 0, 1] > 0
    sum_ = path(model, out, "sum")[:, 1]
    first = sum_ + 10 * marked + 700
    second = sum_ + 1.4 + 0.15 + 10 * (marked + (1 - math.exp(-0.4)) * ~marked) + 100 * (7 + 0.2)
    np.testing.assert_allclose(log_odds(out), 0.01 * (first + second), rtol=1e-10)
    assert ((sum_ - start) % 1 == 0).all()


TRADE = """
variables: {{x: {{initial: 0}}, on: {{initial: 0}}}}
parameters: {{p: {{value: 0.5}}}}
actors:
  blue:
    depth: 1
    horizon: {horizon}
    precision: {precision}
    discount: {discount}
    misreads: {{p: 0.25}}
    utility: {{u: {utility}}}
    actions: {{wait: {{}}, start: {{when: now < 0.5, effects: {{on: 1}}, cost: {cost}}}}}
{more}
policies: {{dear: {{do: [{{set: {{p: 0.75}}}}]}}}}
"""


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 3),
        ({"horizon": 2.4}, 2),  # horizons are rounded to steps
        ({"horizon": 2.6}, 3),
        ({"horizon": 0.1}, 1),
        ({"utility": "on * now / month"}, 1 + 2 + 3),  # read at the end of each step
        ({"cost": "5 + x + 2 * on"}, 3 - 5),  # paid as things are before the move
        ({"precision": "4 * p"}, 3),  # in the actor's picture p is a quarter
        ({"precision": "4 * p", "policy": "dear"}, 3),  # whatever a policy makes of it
        ({"discount": "2 * p"}, 0.5 + 0.25 + 0.125),
        ({"more": "events: {e: {rate: -1 / month * on, effects: {on: 1}}}"}, 3),  # no negative counts
        ({"more": "outcomes: {o: {rate: -1 / month * on, absorbing: true}}"}, 3),  # nor negative hazards
        (
            {"more": "outcomes: {o: {rate: on * now / month ** 2, absorbing: true, worth: {blue: 0}}}"},
            math.exp(-1) + math.exp(-1 - 2) + math.exp(-1 - 2 - 3),  # hazards are read at the end, too
        ),
        ({"more": "outcomes: {o: {rate: 9 / month * on}}"}, 3),  # what does not end the run is no concern
    ],
)
def test_the_worth_of_a_course_by_hand(engine, changed, expected):
    """On is worth 1 point a month from the first; three months are looked ahead."""
    given = {"horizon": 3, "precision": 1, "discount": 1, "utility": "on", "cost": 0, "more": ""} | changed
    policy = given.pop("policy", "baseline")
    out = outputs(made(TRADE.format(**given)), engine, policy=policy)
    assert log_odds(out)[0] == pytest.approx(expected, rel=1e-11)


def test_a_picture_is_what_holds_now_with_the_misreadings_over_it(engine):
    """A policy that changes a parameter is seen by those who do not misread that one."""
    model = made(
        """
        variables: {x: {initial: 0}}
        parameters: {p: {value: 1}, q: {value: 1}}
        actors: {blue: {misreads: {q: 5}, actions: {wait: {}, go: {propensity: p + q}}}}
        policies: {ours: {do: [{from: 2020-02-01, shift: {p: 2, q: 2}}]}}
        """,
        steps=2,
    )
    out = outputs(model, engine, policy="ours")
    assert log_odds(out, 0)[0] == pytest.approx(6)
    assert log_odds(out, 1)[0] == pytest.approx(8)


def test_a_course_of_action_beyond_the_last_step_still_counts(engine):
    """Actors do not know where our horizon ends."""
    model = made(
        """
        variables: {x: {initial: 0}}
        actors:
          blue:
            depth: 1
            horizon: 6
            precision: 0.1
            utility: {x: x}
            actions: {wait: {}, push: {when: now < 0.5, effects: {x: 1}}}
        """,
        steps=2,
    )
    assert log_odds(outputs(model, engine))[0] == pytest.approx(0.6, rel=1e-12)


# Seeing: the log-odds of `shout` are the seen x

SEEING = """
variables:
  x: {{initial: {initial}, change: 1 / month, bounds: [0, 100]}}
  double: {{equals: 2 * x}}
  other: {{initial: 3}}
parameters: {{guess: {{value: 4}}}}
actors:
  blue:
    sees: {{x: {signal}}}
    misreads: {{guess: 9}}
    actions: {{wait: {{}}, shout: {{propensity: {propensity}}}}}
"""


@pytest.mark.parametrize(
    ("signal", "seen"),
    [
        ("{}", [5, 6, 7, 8]),
        ("{delay: 2}", [5, 5, 5, 6]),
        ("{bias: -1.5}", [3.5, 4.5, 5.5, 6.5]),
        ("{bias: -1.5, delay: 1}", [3.5, 3.5, 4.5, 5.5]),
        ("{bias: 0.5 * other}", [6.5, 7.5, 8.5, 9.5]),
        ("{bias: -20}", [0, 0, 0, 0]),
        ("{bias: guess}", [9, 10, 11, 12]),  # the bias is a fact, whatever the actor makes of it
        ("hidden", [5, 5, 5, 5]),
        ("{hidden: true, assumed: 2.5}", [2.5] * 4),
        ("{hidden: true, assumed: guess}", [9] * 4),  # a supposition is read in the actor's picture
    ],
)
@pytest.mark.parametrize("through", ["x", "double / 2"])
def test_what_is_seen_by_hand(engine, signal, seen, through):
    model = made(SEEING.format(signal=signal, initial=5, propensity=through), steps=4)
    out = outputs(model, engine)
    got = np.log(out.probability[0, :, 1] / out.probability[0, :, 0])
    np.testing.assert_allclose(got, seen, rtol=1e-12, atol=1e-12)


def test_noise_on_a_signal_has_its_spread_and_is_drawn_anew_each_step(engine):
    runs = 20_000
    model = made(SEEING.format(signal="{noise: 2}", initial=50, propensity="0.1 * (x - 50)"), steps=2)
    out = outputs(model, engine, runs)
    errors = 10 * np.stack([log_odds(out, 0), log_odds(out, 1) - 0.1]) / 2
    assert stats.kstest(errors[0], "norm").pvalue > 1e-4
    assert stats.kstest(errors[1], "norm").pvalue > 1e-4
    assert abs(np.corrcoef(errors)[0, 1]) < 4 / math.sqrt(runs)


# Change

RICHARDSON = """
variables:
  blue_arms: {initial: 10, change: 0.12 / month * red_arms - 0.2 / month * blue_arms + 3 / month}
  red_arms: {initial: 40, change: 0.10 / month * blue_arms - 0.15 / month * red_arms + 1 / month}
"""
RACE = np.array([[-0.2, 0.12], [0.10, -0.15]])
GRIEVANCE = np.array([3.0, 1.0])
RACE_START = np.array([10.0, 40.0])


def richardson(t):
    """Closed form of Richardson's linear arms race (1960): x* + exp(A t) (x0 - x*), A x* = -g."""
    rest = np.linalg.solve(RACE, -GRIEVANCE)
    return rest + linalg.expm(RACE * t) @ (RACE_START - rest)


def test_an_arms_race_follows_eulers_rule_exactly(engine):
    state = outputs(made(RICHARDSON, steps=24), engine).state[0]
    x = RACE_START
    for k in range(24):
        np.testing.assert_allclose(state[k], x, rtol=1e-13)
        x = x + RACE @ x + GRIEVANCE


def test_an_arms_race_nears_richardsons_closed_form_as_steps_shorten(engine):
    month = outputs(made(RICHARDSON, steps=12), engine).state[0, -1] - richardson(12)
    week = outputs(made(RICHARDSON, steps=52, step="week"), engine).state[0, -1] - richardson(
        52 * 7 / DAYS_PER_MONTH
    )
    # Euler's error is of first order: a week is 0.23 months.
    assert abs(week).max() == pytest.approx(0.23 * abs(month).max(), rel=0.25)
    assert abs(week).max() < 0.15


def test_an_arms_race_ends_at_its_balance_of_power(engine):
    state = outputs(made(RICHARDSON, steps=300), engine).state[0, -1]
    np.testing.assert_allclose(state, np.linalg.solve(RACE, -GRIEVANCE), rtol=1e-6)


@pytest.mark.parametrize(("step", "steps"), [("month", 12), ("week", 52)])
def test_noise_grows_with_the_square_root_of_time_whatever_the_step(engine, step, steps):
    model = made("variables: {x: {initial: 0, noise: 2}}", steps=steps, step=step)
    end = outputs(model, engine, 20_000).state[:, -1, 0]
    spread = 2 * math.sqrt(steps * model.step_length)
    assert stats.kstest(end / spread, "norm").pvalue > 1e-4


# Events


def test_event_counts_are_poisson(engine):
    runs, steps, rate = 5000, 4, 1.7
    model = made(
        f"variables: {{n: {{initial: 0}}}}\nevents: {{e: {{rate: {rate} / month, effects: {{n: 1}}}}}}", steps
    )
    out = outputs(model, engine, runs)
    counts = out.event[:, :, 0].ravel()
    assert counts.mean() == pytest.approx(rate, abs=5 * math.sqrt(rate / counts.size))
    assert counts.var() == pytest.approx(rate, rel=0.05)
    observed = np.bincount(np.minimum(counts, 8), minlength=9)
    expected = np.append(stats.poisson(rate).pmf(range(8)), stats.poisson(rate).sf(7)) * counts.size
    assert stats.chisquare(observed, expected).pvalue > 1e-4
    # Steps are independent: their sum is Poisson with the sum of the means.
    total = np.minimum(out.event[:, :, 0].sum(axis=1), 15)
    law = stats.poisson(rate * steps)
    expected = np.append(law.pmf(range(15)), law.sf(14)) * runs
    assert stats.chisquare(np.bincount(total, minlength=16), expected).pvalue > 1e-4
    np.testing.assert_array_equal(path(model, out, "n")[:, -1], out.event[:, :, 0].sum(axis=1))


def test_branches_of_a_random_event_are_independent_thinned_counts(engine):
    runs = 20_000
    model = made(
        """
        variables: {a: {initial: 0}, b: {initial: 0}, hit: {initial: 0}}
        events:
          e:
            rate: 3 / month
            branches:
              first: {probability: 0.3, effects: {a: 1, hit: {set: 1}}}
              next: {probability: rest, effects: {b: 1}}
        """
    )
    out = outputs(model, engine, runs)
    a, b = path(model, out, "a")[:, 1], path(model, out, "b")[:, 1]
    for counts, mean in ((a, 0.9), (b, 2.1)):
        observed = np.bincount(np.minimum(counts, 5).astype(int), minlength=6)
        expected = np.append(stats.poisson(mean).pmf(range(5)), stats.poisson(mean).sf(4)) * runs
        assert stats.chisquare(observed, expected).pvalue > 1e-4
    table = np.histogram2d(np.minimum(a, 3), np.minimum(b, 5), bins=(4, 6))[0]
    assert stats.chi2_contingency(table).pvalue > 1e-4
    np.testing.assert_array_equal(out.event[:, 0, 0], a + b)
    np.testing.assert_array_equal(path(model, out, "hit")[:, 1], np.minimum(a, 1))


def test_one_branch_of_a_dated_event_is_drawn_by_its_probability(engine):
    runs = 20_000
    model = made(
        """
        variables: {lead: {initial: 0.25}, winner: {initial: 0}}
        events:
          election:
            on: 2020-02-29
            branches:
              a: {probability: lead, effects: {winner: {set: 1}}}
              b: {probability: rest, effects: {winner: {set: 2}}}
              c: {probability: 0.6, effects: {winner: {set: 3}}}
        """,
        steps=3,
    )
    out = outputs(model, engine, runs)
    assert (out.event[:, [0, 2], 0] == 0).all()
    drawn = out.event[:, 1, 0]
    assert (
        stats.chisquare(np.bincount(drawn, minlength=4)[1:], runs * np.array([0.25, 0.15, 0.6])).pvalue > 1e-4
    )
    np.testing.assert_array_equal(path(model, out, "winner")[:, 2], drawn)
    assert (path(model, out, "winner")[:, 1] == 0).all()


@pytest.mark.parametrize(
    ("first", "second", "chances"),
    [
        (1.4, "rest", [1, 0]),
        (-0.4, "rest", [0, 1]),
        (0.3, 0.2, [0.3, 0.7]),
        (0.8, 0.7, [0.8 / 1.5, 0.7 / 1.5]),
    ],
)
def test_probabilities_that_are_none_are_held_within_0_and_1(engine, first, second, chances):
    """Those of formulas can be anything; what they leave open goes to the last branch."""
    model = made(
        f"""
        variables: {{x: {{initial: 0}}, zero: {{initial: 0}}}}
        events:
          vote_day:
            on: 2020-01-15
            branches:
              a: {{probability: {first} + zero, effects: {{x: 1}}}}
              b: {{probability: {second if second == "rest" else f"{second} + zero"}, effects: {{x: 2}}}}
        """
    )
    drawn = outputs(model, engine, 5000).event[:, 0, 0]
    assert (drawn == 1).mean() == pytest.approx(
        chances[0], abs=5 * math.sqrt(0.25 / 5000) * (0 < chances[0] < 1)
    )


@pytest.mark.parametrize(
    ("chance", "other", "expected"),
    [(0.3, 0.2, 0.3 + 3 * 0.2 + 7 * 0.5), (1.4, 0, 1), (-0.4, 0, 7), (0.8, 0.7, (0.8 + 3 * 0.7) / 1.5)],
)
def test_probabilities_in_look_ahead_are_held_within_0_and_1_too(engine, chance, other, expected):
    model = made(
        f"""
        variables: {{on: {{initial: 0}}, sum: {{initial: 0}}, zero: {{initial: 0}}}}
        actors:
          blue:
            depth: 1
            horizon: 2
            precision: 1
            utility: {{u: on * sum}}
            actions: {{wait: {{}}, care: {{when: now < 0.5, effects: {{on: 1}}}}}}
        events:
          e:
            rate: 1 / month * where(now > 0.5, 1, 0)
            branches:
              a: {{probability: {chance} + zero, effects: {{sum: 1}}}}
              b: {{probability: {other} + zero, effects: {{sum: 3}}}}
              c: {{probability: rest, effects: {{sum: 7}}}}
        """
    )
    assert log_odds(outputs(model, engine))[0] == pytest.approx(expected, rel=1e-11)


# Outcomes


def test_survival_of_a_constant_hazard_is_geometric(engine):
    runs, steps, rate = 20_000, 12, 0.09
    model = made(
        f"variables: {{x: {{initial: 0}}}}\noutcomes: {{war: {{rate: {rate} / month, absorbing: true}}}}",
        steps,
    )
    step = outputs(model, engine, runs).outcome[:, 0]
    observed = np.bincount(np.where(step < 0, steps, step), minlength=steps + 1)
    monthly = 1 - math.exp(-rate)
    expected = np.append(monthly * (1 - monthly) ** np.arange(steps), (1 - monthly) ** steps)
    assert stats.chisquare(observed, runs * expected).pvalue > 1e-4


def test_competing_hazards_end_runs_in_proportion(engine):
    runs = 20_000
    model = made(
        """
        variables: {x: {initial: 0}}
        outcomes:
          first: {rate: 0.5 / month, absorbing: true}
          next: {rate: 1.5 / month, absorbing: true}
          never: {rate: -1 / month * exp(x), absorbing: true}
        """
    )
    step = outputs(model, engine, runs).outcome
    assert ((step >= 0).sum(axis=1) <= 1).all()
    observed = [*(step[:, :2] == 0).sum(axis=0), (step < 0).all(axis=1).sum()]
    ended = 1 - math.exp(-2)
    assert stats.chisquare(observed, runs * np.array([ended / 4, 3 * ended / 4, 1 - ended])).pvalue > 1e-4
    assert (step[:, 2] == -1).all()


def test_hazards_read_the_end_of_the_step_and_events_its_beginning(engine):
    model = made(
        """
        variables: {x: {initial: 0}}
        events: {e: {rate: "9 / month * where(now < 0.5, 1, 0)", effects: {x: 1}}}
        outcomes:
          first: {rate: "999 / month * where(now > 0.5 and now < 1.5, 1, 0)"}
          next: {when: now >= 2}
        """,
        steps=3,
    )
    out = outputs(model, engine, 50)
    assert (out.outcome == [0, 1]).all()
    assert (out.event[:, 1:] == 0).all()
