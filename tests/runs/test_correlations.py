"""Correlated draws: the copula that the file asks for, margins that stay, and luck that stays its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from offramp import copula
from offramp.errors import ModelError
from offramp.runs.design import Design
from offramp.truth.worlds import Worlds, to_normal, to_unit
from small_models import made

BODY = """
variables:
  x: {initial: "normal(10, 2)", bounds: [0, 20], saturates: true, headline: true}
parameters:
  a: {value: "normal(0, 1)"}
  b: {value: "lognormal(2, 0.5)"}
  c: {value: "beta(2, 5)"}
  d: {value: "poisson(3)"}
  e: {value: "uniform(0, 1)"}
"""
PAIR = "correlations: {p: {of: [a, b], correlation: 0.6}}"
GROUP = "correlations: {p: {of: [a, b, c, x], correlation: 0.5}, q: {of: [c, d], correlation: -0.4}}"


def drawn(model, scenarios=40_000, **overrides):
    """Name -> (scenario,) as drawn."""
    inputs = Design(model, scenarios=scenarios, seed=5, overrides=overrides).inputs("baseline")
    names = [p.name for p in model.parameters]
    found = dict(zip(names, inputs.parameters.T, strict=True))
    return found | dict(zip([s.name for s in model.stocks], inputs.initial.T, strict=True))


def test_normal_scores_correlate_by_what_the_file_says_and_ranks_by_the_closed_form():
    found = drawn(made(BODY + PAIR))
    scores = stats.norm.ppf(stats.lognorm(0.5, scale=2).cdf(found["b"]))
    se = (1 - 0.6**2) / np.sqrt(40_000)
    assert np.corrcoef(found["a"], scores)[0, 1] == pytest.approx(0.6, abs=4 * se)
    rank = stats.spearmanr(found["a"], found["b"]).statistic
    assert rank == pytest.approx(copula.spearman(0.6), abs=4 / np.sqrt(40_000))
    assert copula.spearman(0.6) == pytest.approx(0.5819, abs=1e-4)
    assert copula.spearman(1) == pytest.approx(1)


def test_margins_are_the_priors_whatever_the_correlation():
    found = drawn(made(BODY + GROUP), 20_000)
    margins = {
        "a": stats.norm(),
        "b": stats.lognorm(0.5, scale=2),
        "c": stats.beta(2, 5),
        "x": stats.norm(10, 2),
    }
    for name, margin in margins.items():
        assert stats.kstest(found[name], margin.cdf).pvalue > 0.001, name
    counts = np.bincount(found["d"].astype(int), minlength=20)[:9]
    expected = 20_000 * stats.poisson(3).pmf(np.arange(9))
    assert (np.abs(counts - expected) < 4.5 * np.sqrt(expected)).all()


def test_a_group_and_a_pair_hold_together():
    model = made(BODY + GROUP)
    found = drawn(model)
    scores = {
        "a": found["a"],
        "b": np.log(found["b"] / 2) / 0.5,
        "c": stats.norm.ppf(stats.beta(2, 5).cdf(found["c"])),
        "x": (found["x"] - 10) / 2,
    }
    for one, other in (("a", "b"), ("a", "c"), ("b", "x"), ("c", "x")):
        assert np.corrcoef(scores[one], scores[other])[0, 1] == pytest.approx(0.5, abs=0.02)
    assert stats.spearmanr(found["c"], found["d"]).statistic == pytest.approx(-0.38, abs=0.03)
    assert abs(np.corrcoef(found["e"], found["a"])[0, 1]) < 0.02


def test_what_is_not_correlated_keeps_its_bits_and_so_does_the_first_of_a_group():
    alone, joined = drawn(made(BODY), 500), drawn(made(BODY + PAIR), 500)
    for name in ("a", "c", "d", "e", "x"):
        np.testing.assert_array_equal(alone[name], joined[name])
    assert not (alone["b"] == joined["b"]).any()


def test_a_draw_depends_on_its_scenario_alone():
    model = made(BODY + GROUP)
    whole, part = drawn(model, 300), drawn(model, [7, 250])
    for name, values in whole.items():
        np.testing.assert_array_equal(values[[7, 250]], part[name])


def test_what_is_set_by_hand_tells_nothing_of_the_others():
    """Setting is an intervention, not news: the others are drawn as they were, and futures stay paired."""
    model = made(BODY + GROUP)
    free, held = drawn(model, 500), drawn(model, 500, a=3.0)
    assert (held["a"] == 3.0).all()
    for name in ("b", "c", "d", "e", "x"):
        np.testing.assert_array_equal(free[name], held[name])


def test_worlds_are_points_of_a_cube_whose_normal_scores_correlate():
    model = made(BODY + GROUP)
    worlds = Worlds(model)
    z = np.random.default_rng(0).standard_normal((4000, worlds.dimensions))
    inputs = worlds.inputs(to_unit(z), np.zeros((4000, 1), np.int64))
    scores = worlds.scores(z)
    place = {p: i for i, p in enumerate(worlds.purposes)}
    b = [p.name for p in model.parameters].index("b")
    np.testing.assert_allclose(scores[:, place["parameter/b"]], np.log(inputs.parameters[:, b] / 2) / 0.5)
    np.testing.assert_allclose(scores[:, place["initial/x"]], (inputs.initial[:, 0] - 10) / 2)
    np.testing.assert_array_equal(scores[:, place["parameter/e"]], z[:, place["parameter/e"]])
    assert np.corrcoef(scores[:, place["parameter/b"]], scores[:, place["initial/x"]])[0, 1] == pytest.approx(
        0.5, abs=0.05
    )
    held = Worlds(model, {"a": 1.0})
    assert "a" not in held.uncertain(), "its own luck still moves those that share it"
    assert "parameter/a" in held.purposes
    np.testing.assert_allclose(to_normal(to_unit(z[:5])), z[:5], atol=1e-9)


def test_the_nearest_matrix_of_correlations_is_one_and_near():
    impossible = np.array([[1, 0.9, 0.9], [0.9, 1, 0], [0.9, 0, 1]])
    near = copula.nearest(impossible)
    assert not copula.can_be(impossible)
    assert copula.can_be(np.round(near, 2))
    np.testing.assert_allclose(np.diag(near), 1)
    # Higham (2002), section 4, whose nearest lies on the edge; ours a little inside.
    example = copula.nearest(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    np.testing.assert_allclose(
        example, [[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]], atol=0.03
    )


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("{p: {of: [a, b], correlation: 1}}", "ends left out, and this is 1"),
        ("{p: {of: [a, b], correlation: 60}}", "60 % is 0.6"),
        ("{p: {of: [a, nought], correlation: 0.5}}", "unknown parameter or stock `nought`"),
        ("{p: {of: [a, fixed], correlation: 0.5}}", "`fixed` has no prior"),
        ("{p: {of: [a, still], correlation: 0.5}}", "`still` has no prior"),
        ("{p: {of: [a], correlation: 0.5}}", "of 2 to 20 numbers, not of 1"),
        ("{p: {of: a, correlation: 0.5}}", "must be a list of names"),
        ("{p: {of: [a, a], correlation: 0.5}}", "stands twice"),
        (
            "{p: {of: [a, b], correlation: 0.5}, q: {of: [b, a], correlation: 0.5}}",
            "correlated by `p` already",
        ),
        ("{p: {of: [a, b, c], correlation: -0.6}}", "-0.5 is out of reach"),
        (
            "{p: {of: [a, b], correlation: 0.9}, q: {of: [a, c], correlation: 0.9}}",
            "The nearest that can be: `a` and `b` 0.7",
        ),
        ("{p: {of: [a, b]}}", "no `correlation`"),
        ("{p: {of: [a, grit], correlation: 0.5}}", "the type of `red` gives it"),
    ],
)
def test_correlations_that_cannot_be_say_why(section, words):
    more = """
  fixed: {value: 3}
  grit: {value: "uniform(0, 1)"}
actors:
  red:
    types: {hard: {parameters: {grit: 1}}, soft: {parameters: {grit: 0}}}
    true_type: {hard: 0.5, soft: rest}
    actions: {wait: {}}
"""
    body = BODY.replace("variables:", "variables:\n  still: {initial: 1}").rstrip() + more
    with pytest.raises(ModelError) as caught:
        made(body + f"correlations: {section}")
    assert words in str(caught.value)


def test_a_model_without_correlations_is_drawn_as_before():
    model = made(BODY)
    pair = made(BODY + PAIR)
    np.testing.assert_array_equal(
        Design(model, scenarios=50).inputs("baseline").parameters,
        Design(replace(pair, correlations=()), scenarios=50).inputs("baseline").parameters,
    )
