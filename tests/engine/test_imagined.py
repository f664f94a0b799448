"""Look-aheads along sampled paths."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from cli_calls import call
from offramp.errors import UsageError
from offramp.questions.minds.ask import minds
from offramp.runs.design import Design
from offramp.runs.how import How
from offramp.runs.memory import bytes_of_run
from offramp.runs.simulate import engine_for
from random_models import ModelMaker
from small_models import ENGINES, TWO_MINDS, assert_agree, made

# What a push brings is decided a month later by a coin, and the loss grows with the square.
COIN = """
variables: {x: {initial: 0, change: -x * 1 / month}, heat: {initial: 0, noise: 1}}
actors:
  blue:
    depth: 1
    horizon: 2
    precision: 1
    utility: {loss: -x * x - heat * heat}
    actions: {wait: {}, push: {effects: {heat: 0.5}}}
events:
  coin:
    on: 2020-02-10
    branches: {up: {probability: 0.5, effects: {x: 1}}, down: {probability: rest, effects: {x: -1}}}
"""


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


def run(model, engine, paths, scenarios=30):
    inputs = Design(model, scenarios=scenarios, paths=paths).inputs("baseline")
    return engine_for(model, engine).run(inputs, probabilities=True)


@pytest.mark.parametrize("seed", [0, 1, 2, 5, 7, 10, 13, 20])
def test_both_writings_agree_on_models_made_at_random(seed):
    model = ModelMaker(seed, deep=seed % 2 == 0).model()
    design = Design(model, ["meddle"], scenarios=8, seed=seed, paths=3)
    inputs = design.inputs("meddle")
    ours, oracle = (engine_for(model, e).run(inputs, probabilities=True) for e in ENGINES)
    assert_agree(ours, oracle)


def test_without_chance_every_path_is_the_expected_one(engine):
    text = TWO_MINDS.replace("actions: {wait: {}, press: {effects: {tension: 5}}}", "actions: {wait: {}}")
    text = text.replace(
        "actions: {wait: {propensity: 2 - 4 * resolve}, arm: {effects: {tension: 8}}}",
        "actions: {arm: {effects: {tension: 8}}}",
    )
    model = made(text, 3)
    sampled, expected = run(model, engine, 4), run(model, engine, 0)
    np.testing.assert_allclose(sampled.probability, expected.probability, rtol=1e-12)


def test_the_mean_over_paths_goes_to_the_expectation_where_worth_is_linear(engine):
    text = COIN.replace("-x * x - heat * heat", "x - 2 * heat")
    model = made(text, 2)
    worth = [np.log(run(model, engine, n, 400).probability[:, 0]) for n in (0, 8)]
    odds, sampled = ((w[:, 1] - w[:, 0]) for w in worth)
    # Common luck: what the two actions meet alike cancels, so that even few paths give the difference.
    np.testing.assert_allclose(odds, odds[0])
    np.testing.assert_allclose(sampled.mean(), odds[0], atol=4 * sampled.std() / 20 + 1e-9)


def test_a_worth_that_falls_with_the_square_is_seen_along_samples_alone(engine):
    """A push raises x to 3 and with it the noise of heat: -(x^2 + heat^2) is -9 on the expected path, -18 on
    average."""
    text = COIN.replace("push: {effects: {heat: 0.5}}", "push: {effects: {x: 3}}")
    text = text.replace("horizon: 2", "horizon: 1")
    text = text.replace("change: -x * 1 / month", "change: 0 / month").replace("noise: 1", "noise: x")
    model = made(text, 2)
    chances = [run(model, engine, n, 200).probability[:, 0] for n in (0, 60)]
    odds = [np.log(p[:, 1] / p[:, 0]) for p in chances]
    np.testing.assert_allclose(odds[0], -9)
    np.testing.assert_allclose(odds[1].mean(), -18, atol=4 * odds[1].std() / np.sqrt(200))


def test_paths_are_checked_and_minds_are_those_of_the_paths_asked_for():
    model = made(TWO_MINDS, 2)
    with pytest.raises(UsageError, match="4096 paths: a whole number from 0 to 4095 is needed"):
        Design(model, paths=4096)
    told = []
    for paths in (0, 2):
        design = Design(model, scenarios=1, paths=paths)
        out = engine_for(model, "compiled").run(design.inputs("baseline"), probabilities=True)
        found = minds(design)
        assert found.paths == paths
        shown = [option.probability for mind in found.actors for option in mind.options]
        np.testing.assert_allclose(shown, out.probability[0, 0], rtol=1e-9)
        told.append(shown)
    assert told[0] != told[1]
    assert Design(model, paths=3).only(5).inputs("baseline").paths == 3


def test_another_number_of_paths_is_another_sample_of_the_same_luck(engine):
    model = replace(made(TWO_MINDS, 3))
    few, many = run(model, engine, 2), run(model, engine, 5)
    assert (few.probability[:, 0] != many.probability[:, 0]).any()
    np.testing.assert_array_equal(few.state[:, 0], many.state[:, 0])


def test_a_summary_that_does_not_fit_into_memory_looks_ahead_along_the_same_paths(monkeypatch):
    """Runs beyond what is kept are counted by designs made anew: of the same look-ahead."""
    module = import_module("offramp.questions.outlook.ask")
    model = made(COIN + "outcomes: {hot: {when: x > 0.5 or x < -0.5}}\n", 3)
    design = Design(model, scenarios=300, paths=4)
    monkeypatch.setattr(module, "PATHS", (100,))
    one = How(threads=1)
    apart = module.outlook(design, memory=120 * bytes_of_run(model), how=one).policies["baseline"]
    whole = module.outlook(design, how=one).policies["baseline"]
    plain = module.outlook(Design(model, scenarios=300), how=one).policies["baseline"]
    assert apart.outcomes == whole.outcomes
    assert apart.actions == whole.actions != plain.actions


@pytest.mark.parametrize("name", ["run", "compare"])
def test_commands_take_paths_and_say_so_in_the_command_that_repeats_them(name, tmp_path):
    file = tmp_path / "coin.yaml"
    file.write_text(
        "model: {name: coin, illustrative: true}\nhorizon: {start: 2020-01-01, step: month, steps: 3}\n"
        f"{COIN}\npolicies: {{still: {{do: [{{forbid: {{blue: push}}}}]}}}}\n"
        "outcomes: {hot: {when: x > 0.5 or x < -0.5}}\n"
    )
    more = ["--policy", "still", "--worlds", "0"] if name == "compare" else []
    sampled, expected = (
        call(name, str(file), *more, "--runs", "60", *paths) for paths in (["--paths", "3"], [])
    )
    assert (sampled.exit_code, expected.exit_code) == (0, 0), sampled.output
    assert "--paths 3" in sampled.stdout
    assert "--paths" not in expected.stdout
