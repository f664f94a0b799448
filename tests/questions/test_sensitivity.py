"""Screening and Sobol' indices: published functions, with and without luck, and small crises."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from offramp import given as need
from offramp.errors import OfframpError, UsageError
from offramp.questions.factors import Points, factors_of
from offramp.questions.sensitivity.ask import Sensitivity, _Counter, sensitivity
from offramp.questions.sensitivity.screening import screen
from offramp.questions.sensitivity.sobol import indices
from offramp.questions.sensitivity.tell import _more, _rough, tell
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.tell.blocks import Figure, Table
from small_models import made

# Ishigami and Homma (1990) with a = 7, b = 0.1: variance and indices in closed form.
A, B = 7.0, 0.1
V1 = (1 + B * math.pi**4 / 5) ** 2 / 2
V2 = A**2 / 8
V13 = B**2 * math.pi**8 * 8 / 225
VARIANCE = V1 + V2 + V13
FIRST = [V1 / VARIANCE, V2 / VARIANCE, 0.0]
TOTAL = [(V1 + V13) / VARIANCE, V2 / VARIANCE, V13 / VARIANCE]


def ishigami(noise=0.0):
    """Ishigami's function of three uniforms from -pi to pi; `noise` is the spread that luck adds."""

    def evaluate(points, luck):
        x = math.pi * (2 * points - 1)
        y = np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])
        z = np.random.default_rng(5).standard_normal(int(luck.max()) + 1)
        # Luck works with the first factor, but averages out for every value of it.
        return y[:, None] + noise * z[luck] * (1 + 0.5 * x[:, :1])

    return evaluate


@pytest.mark.parametrize("noise", [0.0, 4.0])
def test_ishigamis_function_has_the_indices_of_its_closed_form(noise):
    """Noise whose variance is more than that of the function leaves its indices where they are."""
    found = indices(3, ishigami(noise), rows=2048, courses=4)
    for got, true in zip([*found.first, *found.total], [*FIRST, *TOTAL], strict=True):
        assert got.value == pytest.approx(true, abs=0.03 + 0.015 * noise)
        assert got.low - 0.02 < true < got.high + 0.02
    assert found.variance.value == pytest.approx(VARIANCE, rel=0.02 + 0.03 * noise)
    assert found.mean.value == pytest.approx(A / 2, abs=0.1 + 0.1 * noise)
    assert found.divisible
    assert found.noise == pytest.approx(noise**2 * (1 + 0.25 * math.pi**2 / 3) / 4, rel=0.15)


def test_without_luck_the_indices_are_those_of_salib():
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0.0, 1.0]] * 3}
    x = sampling.sample(problem, 256, calc_second_order=False, seed=11)
    y = ishigami()(x, np.zeros((len(x), 1), np.int64))[:, 0]
    theirs = analysis.analyze(problem, y, calc_second_order=False, seed=1)
    ours = indices(3, ishigami(), rows=256, courses=2, seed=11)
    assert [e.value for e in ours.first] == pytest.approx(theirs["S1"], abs=1e-6)
    assert [e.value for e in ours.total] == pytest.approx(theirs["ST"], abs=1e-6)


def test_intervals_of_indices_hold_the_truth_as_often_as_they_say():
    held = np.zeros(6)
    for seed in range(40):
        found = indices(3, ishigami(2.0), rows=128, courses=2, seed=seed)
        held += [
            e.low <= t <= e.high for e, t in zip([*found.first, *found.total], [*FIRST, *TOTAL], strict=True)
        ]
    assert (held / 40).mean() == pytest.approx(0.9, abs=0.1)


def test_pure_luck_has_no_variance_to_divide():
    found = indices(2, lambda p, luck: np.random.default_rng(1).standard_normal(40000)[luck], 128, 8)
    assert not found.divisible


def linear(noise):
    """3 a - b + 0 c, with luck."""

    def evaluate(points, luck):
        z = np.random.default_rng(3).standard_normal(int(luck.max()) + 1)
        return points @ np.array([3.0, -1.0, 0.0])[:, None] + noise * z[luck] * (0.5 + points[:, 2:])

    return evaluate


def test_screening_finds_the_slopes_and_tells_luck_from_effect():
    """From the 5th to the 95th percentile 3 a moves by 2.7; what luck does through c is not an effect of "
    "c."""
    quiet = screen(3, linear(0.0), courses=4)
    assert quiet.mu == pytest.approx([2.7, -0.9, 0.0])
    assert quiet.mu_star == pytest.approx([2.7, 0.9, 0.0])
    assert quiet.stands_out.tolist() == [True, True, False]
    loud = screen(3, linear(4.0), courses=8)
    assert loud.mu_star[2] > 0.5, "Morris alone would take the noise for an effect"
    assert loud.stands_out.tolist() == [True, True, False]
    assert loud.noise[2] > 0.5


@pytest.mark.parametrize("courses", [4, 16])
def test_luck_alone_makes_one_number_in_a_hundred_stand_out(courses):
    """Every point has luck of its own, louder at some than at others, and nothing else."""
    rng = np.random.default_rng(courses)
    found = [
        screen(40, lambda p, luck: rng.standard_normal(luck.shape), courses, seed=seed) for seed in range(25)
    ]
    # Binomial(1000, 0.01) is at most 18 in 99 % of cases; standard errors of noise alone let 30 through.
    assert 2 <= sum(int(s.stands_out.sum()) for s in found) <= 18
    # An effect is a difference of two means over the courses, of a step of 0.6 stretched to 0.9.
    expected = np.sqrt(2 / courses) * 1.5
    assert np.mean([s.noise for s in found]) == pytest.approx(expected, rel=0.03)
    # What luck adds to the squares is taken off, so that they are 0 on average and not `expected` squared.
    assert np.mean([np.mean(s.effect**2) for s in found]) < 0.35 * expected**2


def test_luck_that_is_loud_in_one_trajectory_makes_no_more_numbers_stand_out():
    """The noise of ten trajectories, one ten times as loud, is known as badly as that of one alone.

    With the degrees of freedom of ten such squares one number in eight would stand out by luck.
    """
    rng = np.random.default_rng(16)

    def evaluate(points, luck):
        return rng.standard_normal(luck.shape) * np.where(luck < 16, 10.0, 1.0)

    found = [screen(40, evaluate, courses=16, seed=seed) for seed in range(25)]
    assert sum(int(s.stands_out.sum()) for s in found) <= 40


def test_an_effect_is_a_change_from_the_5th_to_the_95th_percentile_with_luck_taken_off():
    """Of 3 a - b + 0 c: 2.7 and 0.9, though luck of its own at every point would add 1 to either square."""
    rng = np.random.default_rng(2)

    def evaluate(points, luck):
        return points @ np.array([3.0, -1.0, 0.0])[:, None] + rng.standard_normal(luck.shape)

    found = [screen(3, evaluate, courses=4, seed=seed, trajectories=40) for seed in range(10)]
    assert np.sqrt(np.mean([s.effect[0] ** 2 for s in found])) == pytest.approx(2.7, rel=0.03)
    assert np.sqrt(np.mean([s.effect[1] ** 2 for s in found])) == pytest.approx(0.9, rel=0.12)


def test_all_points_of_a_trajectory_meet_the_same_luck_and_trajectories_different_luck():
    seen = []

    def evaluate(points, luck):
        seen.append(luck)
        return points[:, :1] + 0.0 * luck

    screen(3, evaluate, courses=5, trajectories=4)
    luck = seen[0].reshape(4, 4, 5)
    assert (luck == luck[:, :1]).all()
    assert len(np.unique(luck[:, 0])) == 20


def test_courses_that_fail_are_left_out_of_their_row_and_rows_with_fewer_than_two_of_the_whole():
    """Without luck every course says the same, so that what is left of a row says all of it."""

    def some(points, luck):
        y = ishigami()(points, luck)
        return np.where(luck % 4 == 0, np.nan, y)  # one course of four, in each row

    whole, less = indices(3, ishigami(), rows=256, courses=4), indices(3, some, rows=256, courses=4)
    assert [e.value for e in less.total] == pytest.approx([e.value for e in whole.total], abs=1e-9)
    assert [e.value for e in less.first] == pytest.approx([e.value for e in whole.first], abs=1e-9)
    assert (less.rows, less.failed_runs) == (256, less.runs / 4)

    def rows(points, luck):
        row = luck // 4 % 256  # the last point of a row has courses of its own
        return np.where((row < 64) & (luck % 4 > 0), np.nan, ishigami()(points, luck))

    fewer = indices(3, rows, rows=256, courses=4)
    assert fewer.rows == 192
    assert fewer.failed_runs == 64 * 5 * 3
    with pytest.raises(OfframpError, match="runs fail at almost every point of the priors"):
        indices(3, lambda points, luck: np.full(luck.shape, np.nan), rows=8, courses=2)


def test_the_noise_of_an_index_is_the_mean_of_the_variances_at_both_ends_of_a_row():
    """Luck of variance 1 at A and of 9 at B, in each of whose means it is a half: 1 / 2 and 9 / 2."""

    def loud(points, luck):
        z = np.random.default_rng(3).standard_normal(int(luck.max()) + 1)
        return 5 * points[:, :1] + np.where(luck >= 4096 * 2, 3.0, 1.0) * z[luck]

    found = indices(2, loud, rows=4096, courses=2)
    assert found.noise == pytest.approx((1 / 2 + 9 / 2) / 2, rel=0.05)


def test_a_trajectory_of_which_no_two_courses_hold_is_left_out():
    def lame(points, luck):
        return np.where((luck // 2 % 2 == 0) & (luck % 2 == 0), np.nan, linear(0.0)(points, luck))

    found = screen(3, lame, 2, trajectories=8)  # every other trajectory loses one course of two
    whole = screen(3, linear(0.0), 2, trajectories=8)
    assert found.failed_runs == found.runs / 4
    assert found.effect == pytest.approx(whole.effect)
    with pytest.raises(OfframpError, match="runs fail at almost every point of the priors"):
        screen(3, lambda points, luck: np.full(luck.shape, np.nan), 2, trajectories=4)


def test_a_trajectory_with_failed_runs_keeps_the_courses_that_hold():
    def evaluate(points, luck):
        return np.where(luck % 4 == 0, np.nan, linear(0.0)(points, luck))

    found = screen(3, evaluate, courses=4)
    assert found.mu == pytest.approx([2.7, -0.9, 0.0])
    assert found.failed_runs == found.runs / 4


CRISIS = """
variables: {tension: {initial: "uniform(0, 1)"}}
parameters:
  strong: {title: Strong, unit: 1/month, value: "uniform(0, 0.2)"}
  weak: {value: "normal(0, 1)"}
  certain: {value: 1}
actors:
  blue:
    depth: 1
    horizon: 1
    precision: 0.1
    utility: {calm: -tension}
    misreads: {certain: "uniform(1, 2)"}
    actions: {wait: {}, talk: {}}
outcomes:
  war: {title: War, rate: strong, absorbing: true}
"""


def test_a_crisis_hangs_on_the_number_that_drives_it():
    """1 - exp(-4 r), r uniform up to 0.2: all of the variance, from 0.0768 to 0.513 at the fifths' means."""
    model = made(CRISIS, steps=4)
    found = sensitivity(Design(model, scenarios=1), runs=12_000)
    assert found.shares[0].name == "strong"
    assert [s.name for s in found.screened if s.stands_out] == ["strong"]
    only = found.shares[0]
    ends = only.members[0]
    assert only.total.value == pytest.approx(1, abs=0.1)
    # Runs that have ended no longer count, so each chance is 4 r on average over the hazards met.
    assert ends.low.value == pytest.approx(1 - np.mean(np.exp(-4 * np.linspace(0, 0.04, 400))), abs=0.02)
    assert ends.high.value == pytest.approx(1 - np.mean(np.exp(-4 * np.linspace(0.16, 0.2, 400))), abs=0.03)
    assert {s.kind for s in found.screened} == {"parameter", "start", "misreading"}


def test_a_point_gives_factors_their_quantiles_and_leaves_the_rest_to_luck():
    model = made(CRISIS, steps=4)
    design = Design(model, scenarios=3)
    strong = factors_of(model)[0]
    inputs = Points.of(design).inputs_at({strong.purpose: np.array([0.25, 0.5, 1.0])}, np.array([0, 1, 2]))
    assert inputs.parameters[:, 0] == pytest.approx([0.05, 0.1, 0.2])
    assert (inputs.parameters[:, 1] == design.inputs("baseline").parameters[:, 1]).all()
    assert (inputs.initial == design.inputs("baseline").initial).all()


def test_one_uncertain_number_has_all_of_the_variance_on_any_number_of_threads():
    fixed = {"weak": 0.0, "tension": 0.5}
    design = Design(made(CRISIS.replace('"uniform(1, 2)"', "2"), steps=4), scenarios=1, overrides=fixed)
    found = sensitivity(design, runs=3000, how=How(threads=1))
    assert [s.name for s in found.screened] == ["strong"]
    assert found.shares[0].total.value == pytest.approx(1, abs=0.15)
    assert found == sensitivity(design, runs=3000, how=How(threads=2))
    assert Sensitivity.from_dict(json.loads(found.to_json())) == found


def test_the_weightiest_number_passes_and_its_fifths_are_told_by_their_middles():
    found = sensitivity(Design(made(CRISIS, steps=4), scenarios=1), runs=6000, factors=1)
    (share,) = found.shares
    assert share.name == "strong"
    (moved,) = share.members
    assert [a.value for a in moved.at] == [pytest.approx(0.02), pytest.approx(0.18)]
    assert moved.low.value < found.chance.value < moved.high.value
    assert [s.name for s in found.screened if s.passed] == ["strong"]
    effects = [s.effect for s in found.screened]
    assert effects == sorted(effects, reverse=True)


def test_a_brief_is_told_which_numbers_to_know_better_unless_nothing_can_be_divided():
    found = sensitivity(Design(made(CRISIS, steps=4), scenarios=1), runs=6000, factors=1)
    assert tell(found).caveats == ["To know better “Strong”: on these the chance of “War” hangs most."]
    figure = next(b for b in tell(found).body if isinstance(b, Figure))
    assert "hangs on “Strong”: from 8" in figure.sentence
    of_many = sensitivity(Design(made(CRISIS, steps=4), scenarios=1), runs=6000, factors=2)
    figure = next(b for b in tell(of_many).body if isinstance(b, Figure))
    sentence = figure.sentence.replace("\u00a0", " ")
    assert re.search(r"“Strong”: \d+ % \(\d+ to \d+ %\) of what the 2 below", sentence), sentence
    undivided = tell(replace(found, divisible=False))
    assert not undivided.caveats
    assert "cannot be distinguished from chance" in undivided.head[1].text


def test_screening_and_shares_meet_different_luck():
    """Otherwise a number that passed by luck would find the same luck again."""
    met = []

    def response(factors, points, luck, progress):
        met.append(luck)
        return np.zeros(luck.shape)

    counter = _Counter(response, None, 0)
    for _ in range(2):
        counter.of([])(np.zeros((4, 0)), np.arange(12).reshape(4, 3))
    assert not set(met[0].ravel()) & set(met[1].ravel())
    assert counter.done == 24


def test_what_cannot_be_asked_is_said():
    model = made(CRISIS, steps=4)
    with pytest.raises(UsageError, match="100 runs are too few for 4 uncertain things: at least"):
        sensitivity(Design(model, scenarios=1), runs=100)
    certain = Design(model, scenarios=1, overrides={"strong": 0.1, "weak": 0, "tension": 0.5})
    assert [f.kind for f in factors_of(model, frozenset(certain.overrides))] == ["misreading"]
    with pytest.raises(UsageError, match=r"no outcome `wra`\. Did you mean `war`"):
        sensitivity(Design(model, scenarios=1), "wra")


def test_shares_that_may_be_nearly_anything_are_called_rough():
    """With few futures the text says so and what to ask for; a sharp share needs no such remark."""
    sharp, rough = (SimpleNamespace(low=low, high=0.9) for low in (0.7, -0.2))
    assert not _rough(SimpleNamespace(shares=[SimpleNamespace(first=sharp, total=sharp)]))
    assert _rough(SimpleNamespace(shares=[SimpleNamespace(first=sharp, total=rough)]))
    assert [_more(n) for n in (4_784, 10_000, 39_000)] == [50_000, 100_000, 400_000]


def test_a_missing_library_is_named_with_what_to_type():
    with pytest.raises(UsageError, match=r'needs the package `nolib`.*pip install ".+\[questions\].*"'):
        need.library("nolib.sub", "screening")


TYPES = """
variables: {x: {initial: 0}}
parameters: {res: {value: 0.01}, k: {value: "uniform(0.8, 1.2)"}}
actors:
  red:
    types: {hawk: {title: A hawk, parameters: {res: 0.2}}, dove: {parameters: {res: 0.002}}}
    true_type: {hawk: 0.5, dove: rest}
    actions: {wait: {}, go: {effects: {x: 1}}}
outcomes: {war: {title: War, rate: "res * k / month", absorbing: true}, peace: {otherwise: true}}
"""


def test_who_an_actor_truly_is_is_a_factor():
    """War within a year is 1 - exp(-12 res k): by integration the type has S = 0.9983, k 0.0011."""
    found = sensitivity(Design(made(TYPES, steps=12), scenarios=1), runs=40_000)
    assert [s.members[0].kind for s in found.shares] == ["true type", "parameter"]
    hawk, k = found.shares
    assert hawk.total.low <= 0.9983 + 0.03
    assert hawk.total.value == pytest.approx(0.9983, abs=0.08)
    assert hawk.first.value == pytest.approx(0.9983, abs=0.08)
    assert k.total.value == pytest.approx(0.0016, abs=0.01)
    chances = {a.label: a.chance.value for a in hawk.members[0].at}
    assert chances["A hawk"] == pytest.approx(0.907, abs=0.03)
    assert chances["Dove"] == pytest.approx(0.024, abs=0.01)
    assert [s.stands_out for s in found.screened] == [True, False]
    # Of p (1 - p) with p = 0.466 the variance between worlds, 0.1952, is 78 %.
    assert found.whole.uncertain.low < 0.784 < found.whole.uncertain.high
    text = " ".join(p.text for p in tell(found).head)
    assert "Most hangs on: what Red truly is" in text
    assert "carries 7" in text
    assert "luck within a run" in text


def test_types_with_certain_or_impossible_chances_are_no_factors():
    certain = TYPES.replace("{hawk: 0.5, dove: rest}", "hawk")
    assert [f.kind for f in factors_of(made(certain))] == ["parameter"]
    three = TYPES.replace(
        "dove: {parameters: {res: 0.002}}", "dove: {parameters: {res: 0}}, owl: {parameters: {res: 1}}"
    )
    two_of_three = factors_of(made(three))[-1]
    assert [(k.label, k.share) for k in two_of_three.levels] == [("A hawk", 0.5), ("Dove", 0.5), ("Owl", 0.0)]


def test_a_rare_type_is_found_though_no_percentile_of_the_screening_is_its():
    rare = TYPES.replace("{hawk: 0.5, dove: rest}", "{hawk: rest, dove: 0.97}")
    found = sensitivity(Design(made(rare, steps=12), scenarios=1), runs=8_000)
    assert found.shares[0].members[0].kind == "true type"
    assert found.screened[0].stands_out


def test_chances_of_types_that_are_formulas_leave_the_draw_a_factor():
    """With the chance of a hawk uncertain both the draw and what it hangs on have a share."""
    body = TYPES.replace("{hawk: 0.5, dove: rest}", "{hawk: p, dove: rest}").replace(
        "parameters: {res: {value", "parameters: {p: {value: 'uniform(0, 1)'}, res: {value"
    )
    found = sensitivity(Design(made(body, steps=12), scenarios=1), runs=20_000)
    shares = {s.members[0].name: s for s in found.shares}
    # E[Y | p] = D p, E[Y | u] = D (1 - u): variance D² / 12 each, of D² / 4 in all. A third is interaction.
    assert shares["p"].first.value == pytest.approx(1 / 3, abs=0.08)
    assert shares["red"].first.value == pytest.approx(1 / 3, abs=0.08)
    assert shares["p"].total.value == pytest.approx(2 / 3, abs=0.08)


DISCRETE = """
variables: {x: {initial: "choice(0, 1)"}}
parameters:
  n: {title: Raids, value: "choice(1 with 0.2, 2 with 0.5, 4 with rest)"}
  m: {value: "poisson(30)"}
outcomes: {war: {title: War, rate: "0.1 * n / month + 0 * m / month + 0 * x / month", absorbing: true}}
"""


def test_a_number_of_few_values_is_taken_by_its_values():
    found = sensitivity(Design(made(DISCRETE, steps=1), scenarios=1), runs=8_000)
    (moved,) = found.shares[0].members
    assert moved.name == "n"
    assert found.shares[0].total.value == pytest.approx(1, abs=0.12)
    for at, n in zip(moved.at, (1, 2, 4), strict=True):
        assert at.value == n
        assert at.chance.value == pytest.approx(1 - np.exp(-0.1 * n), abs=0.01)
    assert {s.name for s in found.screened} == {"n", "m", "x"}
    tables = [b for b in tell(found).body if isinstance(b, Table)]
    assert [row[0] for row in tables[-1].rows] == ["Raids: 1", "Raids: 2", "Raids: 4"]


CORRELATED = """
variables: {x: {initial: 0}}
parameters:
  a: {title: One, value: "normal(0, 1)"}
  b: {title: Two, value: "normal(0, 1)"}
  c: {title: Three, value: "normal(0, 1)"}
correlations: {ab: {of: [a, b], correlation: -0.8}}
outcomes: {war: {title: War, rate: "exp(0.2 * (a + b) + 0.2 * c - 2) / month", absorbing: true}}
"""


def test_correlated_numbers_are_one_factor_of_which_each_is_told():
    """The variance of a + b is 2 - 1.6 = 0.4, that of c is 1: about 0.29 and 0.71 of a linear chance."""
    found = sensitivity(Design(made(CORRELATED, steps=1), scenarios=1), runs=20_000)
    assert [s.title for s in found.shares] == ["Three", "One and Two, which are correlated"]
    three, both = found.shares
    assert three.total.value == pytest.approx(0.71, abs=0.08)
    assert both.total.value == pytest.approx(0.29, abs=0.08)
    # Alone a would move the chance by more than half of what c does; with b against it, hardly.
    one, two = both.members
    assert abs(one.high.value - one.low.value) < 0.35 * abs(
        three.members[0].high.value - three.members[0].low.value
    )
    rows = next(b for b in tell(found).body if isinstance(b, Table)).rows
    assert [row[0].partition(" (")[0] for row in rows] == [
        "Three",
        "One and Two, which are correlated",
        "One",
        "Two",
    ]
    held = sensitivity(Design(made(CORRELATED, steps=1), scenarios=1, overrides={"a": 0.0}), runs=8_000)
    assert {s.title for s in held.shares} == {"Two", "Three"}
    assert two.name == "b"


def test_what_the_branch_of_a_dated_event_carries_is_measured_and_said():
    """A vote brings war or none: most of the variance is the vote, none is uncertain, the rest other luck."""
    body = """
variables: {x: {initial: 0}}
parameters: {k: {value: "uniform(0.99, 1.01)"}}
events:
  vote:
    title: A vote
    on: 2020-01-05
    branches: {aye: {probability: 0.5, effects: {x: 1}}, nay: {probability: rest}}
  other: {title: Another, on: 2020-01-05, branches: {aye: {probability: 0.5}, nay: {probability: rest}}}
outcomes: {war: {title: War, rate: "k * x / month", absorbing: true}}
"""
    found = sensitivity(Design(made(body, steps=2), scenarios=1), runs=16_000)
    p = 1 - math.exp(-2)
    true = (p / 2) ** 2 / (p / 2 * (1 - p / 2))
    vote, other = found.whole.events
    assert (vote.name, other.name) == ("vote", "other")
    assert vote.share.low < true < vote.share.high
    assert vote.share.value == pytest.approx(true, abs=0.04)
    assert other.share.low < 0.002
    assert found.whole.uncertain.high < 0.06
    said = tell(found).head[-1].text
    assert "the branches of “A vote” carry 7" in said
    assert "those of the other 1 carry nothing" in said


def test_two_correlated_numbers_and_nothing_else_are_one_factor():
    body = CORRELATED.replace('  c: {title: Three, value: "normal(0, 1)"}\n', "  c: {value: 0}\n")
    found = sensitivity(Design(made(body, steps=1), scenarios=1), runs=4_000)
    (both,) = found.shares
    assert [m.name for m in both.members] == ["a", "b"]
    assert both.total.value == pytest.approx(1, abs=0.15)
    assert both.first.value == pytest.approx(1, abs=0.15)


@pytest.mark.filterwarnings("error")
def test_a_chance_that_nothing_moves_has_no_shares_and_no_complaint():
    flat = CRISIS.replace("rate: strong", "rate: 0 * strong")
    found = sensitivity(Design(made(flat, steps=2), scenarios=1), runs=4_000)
    assert not found.divisible
