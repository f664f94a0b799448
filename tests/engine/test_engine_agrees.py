"""The compiled engine against the oracle, run by run, and against itself, bit by bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from offramp.dates import STEPS
from offramp.engine.compiled import onestep
from offramp.engine.compiled.compile import CompiledModel, compile_model
from offramp.engine.compiled.foresight import LookAheads
from offramp.engine.inputs import Inputs
from offramp.engine.outputs import TABLE, Outputs, Status, joined
from offramp.engine.plain.course import Oracle
from offramp.language.check import load
from offramp.model import Intervention, Model, Policy
from offramp.runs.design import Design
from random_models import ModelMaker
from small_models import STRAIT, TWO_MINDS, assert_agree, assert_same_bits, made


def inputs_for(model: Model, policy: str = "baseline", scenarios: int = 48, seed: int = 0) -> Inputs:
    return Design(model, policies=[policy], scenarios=scenarios, seed=seed).inputs(policy)


_PER_RUN = ("scenario", "parameters", "initial", "misread", "type_value", "prior", "true_type")


def part(inputs: Inputs, which: slice | list[int]) -> Inputs:
    rows = {n: getattr(inputs, n)[which] for n in _PER_RUN}
    return replace(inputs, **rows)


def rows_of(outputs: Outputs, which: slice | list[int]) -> Outputs:
    return Outputs(**{n: getattr(outputs, n)[which] for n in TABLE})


@pytest.fixture(scope="module")
def strait() -> Model:
    return made(STRAIT, steps=14)


@pytest.fixture(scope="module")
def compiled(strait: Model) -> CompiledModel:
    return compile_model(strait, cache=False)


def test_both_writings_agree_on_a_small_crisis(strait, compiled):
    for policy in strait.policies:
        inputs = inputs_for(strait, policy.name, 500, seed=3)
        assert_agree(compiled.run(inputs, probabilities=True), Oracle(strait).run(inputs, probabilities=True))


@pytest.mark.parametrize(
    ("depths", "steps"), [((1, 1), 2), ((2, 1), 1)], ids=["two months", "one deeper thought"]
)
def test_both_writings_agree_on_the_flagship(depths, steps):
    """Cut to what the plain writing does in seconds: who thinks deeper looks a month ahead, others three."""
    base = load("us-iran-2020")
    thinking = dict(zip(("washington", "tehran"), depths, strict=True))
    actors = []
    for actor in base.actors:
        if actor.name in thinking:
            deep = thinking[actor.name] == 2
            actor = replace(
                actor,
                depth=thinking[actor.name],
                horizon=1.0 if steps == 1 else 3.0,
                inner_horizon=1.0 if deep else None,
            )
        actors.append(actor)
    model = replace(base, steps=steps, actors=tuple(actors))
    inputs = inputs_for(model, scenarios=4 if 2 in depths else 16, seed=1)
    ours = compile_model(model, cache=False).run(inputs, probabilities=True)
    assert_agree(ours, Oracle(model).run(inputs, probabilities=True))


RANDOM_MODELS = range(32)


@cache
def random_model(seed: int) -> CompiledModel:
    return compile_model(ModelMaker(seed, ladders=seed % 4 == 3).model(), cache=False)


@pytest.mark.parametrize("seed", RANDOM_MODELS)
def test_both_writings_agree_on_models_made_at_random(seed):
    ours = random_model(seed)
    model = ours.model
    oracle = Oracle(model)
    for policy in ("baseline", "meddle"):
        inputs = inputs_for(model, policy, seed=seed)
        assert_agree(ours.run(inputs, probabilities=True), oracle.run(inputs, probabilities=True))


DEEP_MODELS = range(24)


@cache
def deep_model(seed: int) -> CompiledModel:
    return compile_model(ModelMaker(seed, deep=True, ladders=seed % 4 == 0).model(), cache=False)


@pytest.mark.parametrize("seed", DEEP_MODELS)
def test_both_writings_agree_on_minds_made_at_random(seed):
    """Actors of every depth, with types, beliefs about one another, and learning."""
    ours = deep_model(seed)
    oracle = Oracle(ours.model)
    for policy in ("baseline", "meddle"):
        inputs = inputs_for(ours.model, policy, 24, seed)
        assert_agree(ours.run(inputs, probabilities=True), oracle.run(inputs, probabilities=True))


@pytest.mark.parametrize("code", [None, 0.0, 99.0])
def test_what_the_candidates_of_a_look_ahead_share_changes_no_bit(monkeypatch, code):
    """However the actions are grouped, and against every candidate followed by itself (None)."""
    text = TWO_MINDS.replace("horizon: 3", "horizon: 2").replace(
        "precision: 0.1", "precision: 0.1\n    discount: 0.9"
    )
    text += (
        "outcomes: {war: {rate: 0.001 / month * tension, absorbing: true, worth: {red: -40, blue: -50}}}\n"
    )
    model = made(text, 6)
    inputs = inputs_for(model, scenarios=40)
    shared = compile_model(model, cache=False).run(inputs, probabilities=True)
    if code is None:
        monkeypatch.setattr(LookAheads, "one_step_apart", False)
    else:
        monkeypatch.setattr(onestep, "CODE", code)
    other = compile_model(model, cache=False)
    assert ("@one_step_1(" in other.ir) == (code is not None)
    assert_same_bits(other.run(inputs, probabilities=True), shared)


@pytest.mark.parametrize("seed", [7, 28])
def test_minds_have_the_same_bits_at_every_width_and_alone(seed):
    ours = deep_model(seed)
    inputs = inputs_for(ours.model, scenarios=21, seed=seed)
    crowd = ours.run(inputs, probabilities=True)
    narrow = compile_model(ours.model, width=2, cache=False).run(inputs, probabilities=True)
    assert_same_bits(narrow, crowd)
    assert_same_bits(ours.run(part(inputs, [13]), probabilities=True), rows_of(crowd, [13]))


def test_random_minds_hold_every_construct():
    models = [deep_model(seed).model for seed in DEEP_MODELS]
    actors = [a for m in models for a in m.actors]
    thinkers = [a for a in actors if a.depth]
    learning = [b for a in thinkers for b in a.beliefs if b.learns]
    assert {a.depth for a in actors} == {0, 1, 2, 3}
    assert any(len({a.depth for a in m.actors}) == 3 for m in models)
    assert {a.inner_horizon is None for a in thinkers if a.depth >= 2} == {True, False}
    assert {len(a.types) for a in actors} >= {0, 2, 3}
    assert any(len(a.beliefs) == 2 and all(b.learns for b in a.beliefs) for a in thinkers)
    assert any(b.confirmation_bias and b.fading and b.floor for b in learning)
    twins = {
        (n, a.name)
        for n, m in enumerate(models)
        for a in m.actors
        if len({t.overlays for t in a.types}) == 2 < len(a.types)
    }
    about = {
        (n, b.about)
        for n, m in enumerate(models)
        for a in m.actors
        if a.depth
        for b in a.beliefs
        if b.learns and (b.confirmation_bias or b.floor)
    }
    assert twins & about
    assert any(not b.learns for a in thinkers for b in a.beliefs)
    assert any(a.beliefs for a in actors if not a.depth)
    assert any(s.hidden and s.assumed for a in thinkers if a.beliefs for s in a.sees)
    assert any(
        x.attributed
        for m in models
        for a in m.actors
        for x in a.actions
        if any(b.about == a.name and b.learns for i in m.actors if i.depth for b in i.beliefs)
    )
    moved = 0
    for seed in DEEP_MODELS:
        out = deep_model(seed).run(inputs_for(deep_model(seed).model, scenarios=24, seed=seed))
        moved += bool(out.belief.size) and bool((np.nanstd(out.belief, axis=1) > 0.01).any())
    assert moved >= 5


def test_random_models_hold_every_construct_and_every_way_to_fail():
    """Otherwise the agreement above would say little."""
    models = [random_model(seed).model for seed in RANDOM_MODELS]
    actors = [a for m in models for a in m.actors]
    actions = [x for a in actors for x in a.actions]
    events = [e for m in models for e in m.events]
    outcomes = [o for m in models for o in m.outcomes]
    signals = [s for a in actors for s in a.sees]
    assert {a.depth for a in actors} == {0, 1}
    assert any(a.misreads for a in actors)
    assert any(x.when for x in actions)
    assert any(s.hidden for s in signals)
    assert any(s.hidden and s.assumed for s in signals)
    assert any(s.delay and s.noise and s.bias for s in signals)
    assert any(e.on and e.branches and e.effects for e in events)
    assert any(e.rate and e.branches and e.effects for e in events)
    assert {(o.rate is not None, o.absorbing) for o in outcomes} == {(r, a) for r in (0, 1) for a in (0, 1)}
    assert {m.step for m in models} == set(STEPS)
    seen = set()
    for seed, model in enumerate(models):
        seen |= set(random_model(seed).run(inputs_for(model, seed=seed)).status.tolist())
    assert {Status.OK, Status.NOT_FINITE, Status.OUT_OF_BOUNDS} <= seen


def test_random_models_hold_every_course_that_an_exchange_can_take():
    courses = []
    for model_of, seeds in ((random_model, RANDOM_MODELS), (deep_model, DEEP_MODELS)):
        ours = [model_of(seed) for seed in seeds]
        courses += [(c.model, c.run(inputs_for(c.model, scenarios=24))) for c in ours if c.model.ladders]
    for i in (0, 1):
        assert any((out.ladder_first == i).any() for _, out in courses)
    assert {int(e) for _, out in courses for e in np.unique(out.ladder_ending)} == set(range(5))
    assert max(out.ladder_rung.max() for _, out in courses) >= 2
    assert any(len(m.ladders) == 2 and (out.ladder_rung >= 0).all(axis=2).any() for m, out in courses)
    assert any(out.status.any() for _, out in courses)
    sides = [next(a for a in m.actors if a.name == s) for m, _ in courses for x in m.ladders for s in x.sides]
    assert {a.depth for a in sides} == {0, 1, 2, 3}
    assert any(a.beliefs for a in sides)
    assert any(a.sees and any(s.delay for s in a.sees) for a in sides)


def test_an_exchange_is_the_same_in_every_writing_width_chunk_and_thread():
    model = load("brinkmanship")  # its ladder is solved once for each vector of parameters
    slips = Intervention(
        start=date(2026, 5, 1), end=date(2027, 2, 1), set=(("slip", 0.2),), shift=(("dread", 20.0),),
        misread=(("altara", "face", 1.0),), correct=(("bessim", ("altara",)),),
    )  # fmt: skip
    model = replace(model, policies=(*model.policies, Policy("slips", "", interventions=(slips,))))
    inputs = inputs_for(model, scenarios=60, seed=5)
    ours = compile_model(model, cache=False)
    whole = ours.run(inputs, probabilities=True)
    assert (whole.ladder_rung >= 0).sum() > 100
    for policy in model.policies:
        given = inputs_for(model, policy.name, scenarios=20, seed=5)
        assert_agree(ours.run(given, probabilities=True), Oracle(model).run(given, probabilities=True))
    narrow = compile_model(model, width=1, cache=False)
    assert_same_bits(narrow.run(inputs, probabilities=True), whole)
    pieces = [part(inputs, slice(i, i + 11)) for i in range(0, 60, 11)]
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda piece: ours.run(piece, probabilities=True), pieces))
    assert_same_bits(joined(parts), whole)


CLASH = """
variables:
  heat: {initial: 5, noise: 0.5}
  fire: {initial: 0}
parameters: {z: {value: "uniform(-1, 1)", guess: true}, cost: {value: 4}}
actors:
  red:
    {depth: 2, horizon: 3, precision: 0.4, utility: {calm: -heat - fire},
     beliefs: {blue: {prior: {hard: 0.6, soft: rest}}}, actions: {wait: {}, arm: {effects: {heat: 1}}}}
  blue:
    {depth: 1, horizon: 2, precision: 0.5, utility: {heat: heat - 2 * fire},
     true_type: {hard: 0.5, soft: rest},
     types: {hard: {parameters: {cost: 9}}, soft: {parameters: {cost: 1}}},
     actions: {wait: {}, arm: {effects: {heat: z}}}}
ladders:
  clash:
    {sides: [red, blue], rate: 0.5 / month, first: 0.4, moves: 4, war: war, war_worth: {red: -50, blue: -30},
     rungs: {
       low: {loses_control: 0.05, harm: {red: 1}, stakes: {blue: 2 + heat}, audience_cost: {blue: cost}},
       mid: {loses_control: 0.2, harm: {red: 2}, stakes: {red: 5}, effects: {fire: 2}},
       top: {loses_control: 0.6, harm: {red: 3, blue: 3}, effects: {fire: {set: 7}}}}}
outcomes: {war: {absorbing: true, worth: {red: -20, blue: -40}}, calm: {otherwise: true}}
"""


@pytest.mark.parametrize(
    ("number", "instead", "fails"),
    [
        ("harm: {red: 2}", "harm: {red: z * 1e308 * 10}", True),  # infinite, of either sign
        ("loses_control: 0.2", "loses_control: sqrt(heat - 5)", True),  # no number from some month on
        ("loses_control: 0.2", "loses_control: 5 * z", False),  # held within 0 and 1
        ("rate: 0.5", "rate: 1e6 * z", False),  # as often as can be, or never
        ("first: 0.4", "first: log(z)", True),
        ("precision: 0.4", "precision: 1e6", False),
    ],
)
def test_numbers_of_an_exchange_that_are_none_fail_the_same_runs_in_both_writings(number, instead, fails):
    """In one vector beside runs that go on."""
    assert CLASH.count(number) == 1
    model = made(CLASH.replace(number, instead), 6)
    inputs = inputs_for(model, scenarios=21, seed=7)
    ours = compile_model(model, cache=False).run(inputs, probabilities=True)
    assert_agree(ours, Oracle(model).run(inputs, probabilities=True))
    assert (ours.status == Status.NOT_FINITE).any() == fails
    assert (ours.ladder_rung[ours.status == Status.OK] >= 0).any()


def test_who_has_no_ladders_pays_nothing_for_them(compiled):
    """Neither a function nor a place in memory."""
    assert not any(f"@{name}" in compiled.ir for name in ("odds", "exchanges", "expect_exchanges", "play_0"))
    assert "ladder" not in compiled.ir


@pytest.mark.parametrize("width", [1, 2, 4, 8, 16])
def test_the_width_of_a_vector_changes_no_bit(strait, compiled, width):
    inputs = inputs_for(strait, scenarios=67)
    expected = compiled.run(inputs, probabilities=True)
    assert_same_bits(
        compile_model(strait, width=width, cache=False).run(inputs, probabilities=True), expected
    )


def test_the_processor_changes_no_bit(strait, compiled):
    """The plainest x86-64 has neither fused multiply-add nor wide vectors."""
    import llvmlite.binding as llvm

    if not llvm.get_default_triple().startswith("x86_64"):
        pytest.skip("compiles for x86-64")
    inputs = inputs_for(strait, scenarios=64)
    plain = compile_model(strait, cpu="x86-64", cache=False)
    assert plain.width == 2
    assert_same_bits(plain.run(inputs, probabilities=True), compiled.run(inputs, probabilities=True))


def test_a_run_is_the_same_alone_or_in_a_crowd(strait, compiled):
    inputs = inputs_for(strait, scenarios=300)
    crowd = compiled.run(inputs, probabilities=True)
    for which in ([17], [299], [5, 170, 171]):
        assert_same_bits(compiled.run(part(inputs, which), probabilities=True), rows_of(crowd, which))


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_the_size_of_the_chunks_changes_no_bit(strait, compiled, size):
    inputs = inputs_for(strait, scenarios=150)
    chunks = [compiled.run(part(inputs, slice(i, i + size)), probabilities=True) for i in range(0, 150, size)]
    assert_same_bits(joined(chunks), compiled.run(inputs, probabilities=True))


def test_threads_change_no_bit(strait, compiled):
    inputs = inputs_for(strait, scenarios=2000)
    pieces = [part(inputs, slice(i, i + 90)) for i in range(0, 2000, 90)]
    with ThreadPoolExecutor(8) as pool:
        threaded = list(pool.map(lambda piece: compiled.run(piece, probabilities=True), pieces))
    assert_same_bits(joined(threaded), compiled.run(inputs, probabilities=True))


def test_asking_for_probabilities_changes_nothing_else(strait, compiled):
    inputs = inputs_for(strait, scenarios=50)
    with_them, without = compiled.run(inputs, probabilities=True), compiled.run(inputs)
    assert without.probability is None
    for name in TABLE:
        if name not in ("probability", "event_mean"):
            np.testing.assert_array_equal(getattr(without, name), getattr(with_them, name))


def test_every_seed_of_64_bits_and_every_scenario_number_is_its_own(strait, compiled):
    first = inputs_for(strait, scenarios=40)
    others = [
        replace(first, seed=2**32),
        replace(first, seed=2**64 - 1),
        replace(first, scenario=first.scenario + 2**32),
    ]
    states = [compiled.run(inputs).state[:, -1] for inputs in (first, *others)]
    for i, one in enumerate(states):
        for other in states[i + 1 :]:
            assert not np.array_equal(one, other)
    inputs = others[2]
    assert_agree(compiled.run(inputs, probabilities=True), Oracle(strait).run(inputs, probabilities=True))


def test_no_runs_are_no_trouble(strait, compiled):
    outputs = compiled.run(part(inputs_for(strait), slice(0, 0)), probabilities=True)
    assert outputs.state.shape == (0, strait.steps + 1, len(strait.variables))


def test_the_program_can_be_read(compiled):
    """The IR names its functions as the semantics names the phases."""
    for name in ("inclinations", "effects", "change", "look_ahead_0_level1", "dated_effects_6", "outcomes"):
        assert f"@{name}(" in compiled.ir
    assert compiled.seconds["write"] > 0


@pytest.mark.parametrize(
    "formula",
    ["1 + (2 + (3 + {0}))", "where({0} > 0.5, {0} * {0} - {0}, {0} / 2)", "max(0, 1 / (1 + {0}), {0})"],
)
def test_the_longest_chain_of_auxiliaries_that_a_model_may_have_runs(formula):
    names = ["x", *(f"a{i}" for i in range(1, 200))]
    lines = [f"  {name}: {{equals: '{formula.format(before)}'}}" for before, name in pairwise(names)]
    chain = "\n".join(["  x: {initial: 0.7}", *reversed(lines)])
    actors = (
        f"actors: {{a: {{actions: {{act: {{propensity: {names[-1]}, effects: {{x: 0.1}}}}, wait: {{}}}}}}}}"
    )
    model = made(f"variables:\n{chain}\n{actors}")
    inputs = inputs_for(model, scenarios=3)
    ours = compile_model(model, cache=False).run(inputs, probabilities=True)
    assert_agree(ours, Oracle(model).run(inputs, probabilities=True))
