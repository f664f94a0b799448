"""Actors who move after others within a step: games in which one answers the other, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from offramp.engine.compiled.compile import compile_model
from offramp.engine.plain.course import Oracle
from offramp.errors import OfframpError
from offramp.language.check import loads
from offramp.questions.minds.ask import minds
from offramp.questions.story.ask import story
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from small_models import ENGINES, assert_agree, made, outputs

both_engines = pytest.mark.parametrize("engine", ENGINES)


def softmax(weights):
    likely = np.exp(np.asarray(weights, dtype=float) - np.max(weights))
    return likely / likely.sum()


def chances(model, out, actor, step=0):
    """(run, action): how likely an actor was to take each of its actions."""
    first = 0
    for a in model.actors:
        if a.name == actor:
            return out.probability[:, step, first : first + len(a.actions)]
        first += len(a.actions)
    raise KeyError(actor)


# ---------------------------------------------------------------------- quantities: Stackelberg and Cournot

# Price 12 - x - y, no costs. Cournot: 4 and 4, 16 each. Stackelberg: 6 and 3, 18 and 9.
QUANTITIES = range(1, 9)


def duopoly(after, precision, leader_depth=2):
    def firm(own, other, depth, extra):
        acts = "".join(f"      q{n}: {{effects: {{{own}: {{set: {n}}}}}}}\n" for n in QUANTITIES)
        return (
            f"    depth: {depth}\n    horizon: 1\n    precision: {precision}\n{extra}"
            f"    utility: {{profit: {own} * (12 - {own} - {other})}}\n    actions:\n{acts}"
        )

    return made(
        "variables: {x: {initial: 0}, y: {initial: 0}}\nactors:\n"
        f"  leader:\n{firm('x', 'y', leader_depth, '')}"
        f"  follower:\n{firm('y', 'x', 1, after)}",
        steps=1,
    )


def reply(x, precision):
    """The follower's chances of each quantity once it sees x."""
    return softmax([precision * y * (12 - x - y) for y in QUANTITIES])


@both_engines
def test_a_leader_in_quantities_weighs_how_the_follower_answers_each_of_them(engine):
    """At any precision: the follower's logit reply to each quantity, the leader's own to what it brings."""
    model = duopoly("    after: leader\n", 0.7)
    out = outputs(model, engine, scenarios=20)
    profit = [x * (12 - x - np.dot(reply(x, 0.7), QUANTITIES)) for x in QUANTITIES]
    np.testing.assert_allclose(chances(model, out, "leader")[0], softmax(0.7 * np.array(profit)), rtol=1e-11)
    for run, (x, _) in enumerate(out.action[:, 0] + 1):
        np.testing.assert_allclose(chances(model, out, "follower")[run], reply(x, 0.7), rtol=1e-11)


@both_engines
def test_precise_firms_play_stackelberg_in_turn_and_cournot_at_once(engine):
    in_turn = outputs(duopoly("    after: leader\n", 60), engine, scenarios=5)
    assert {tuple(quantities) for quantities in in_turn.action[:, 0] + 1} == {(6, 3)}
    # At once a reasoner of level 1 answers habit, whose mean is 4.5; with deeper thought both come to 4.
    at_once = outputs(duopoly("", 60, leader_depth=3), engine, scenarios=5)
    assert {tuple(quantities) for quantities in at_once.action[:, 0] + 1} == {(4, 4)}


# ---------------------------------------------------------------------- entry deterrence

# Selten's chain store, one market: out (incumbent 5, entrant 1), in and shared (2, 2), in and fought (0, 0).
ENTRY = """
variables: {{entered: {{initial: 0}}, fought: {{initial: 0}}}}
actors:
  incumbent:
    depth: 1
    horizon: 1
    precision: {precision}
    {incumbent}
    utility: {{profit: 5 - 3 * entered - 2 * entered * fought}}
    actions: {{share: {{}}, fight: {{effects: {{fought: {{set: 1}}}}}}}}
  entrant:
    depth: 2
    horizon: 1
    precision: {precision}
    {entrant}
    utility: {{profit: 1 + entered - 2 * entered * fought}}
    actions: {{out: {{}}, in: {{effects: {{entered: {{set: 1}}}}}}}}
"""


def entry(precision, incumbent="after: entrant", entrant=""):
    return made(ENTRY.format(precision=precision, incumbent=incumbent, entrant=entrant), steps=1)


@both_engines
@pytest.mark.parametrize("precision", [0.3, 1.0, 4.0])
def test_an_entrant_counts_on_what_the_incumbent_would_do_once_it_is_in(engine, precision):
    """Quantal response in the tree, by hand (McKelvey and Palfrey 1998)."""
    model = entry(precision)
    out = outputs(model, engine, scenarios=40)
    fight = softmax([precision * 2, precision * 0])[1]
    enter = softmax([precision * 1, precision * (2 - 2 * fight)])[1]
    np.testing.assert_allclose(chances(model, out, "entrant")[0, 1], enter, rtol=1e-12)
    entered = out.action[:, 0, 1] == 1
    np.testing.assert_allclose(chances(model, out, "incumbent")[entered, 1], fight, rtol=1e-12)
    np.testing.assert_allclose(chances(model, out, "incumbent")[~entered, 1], 0.5, rtol=1e-12)


@both_engines
def test_a_threat_to_fight_is_empty_where_the_incumbent_moves_second_and_deters_where_it_moves_first(engine):
    second = outputs(entry(40), engine, scenarios=20)
    assert (second.action[:, 0] == [0, 1]).all()
    # Bound beforehand it fights if need be: the entrant sees that, and stays out.
    schedule = "policies: {bound: {do: [{force: {incumbent: fight}}]}}\n"
    text = "model: {name: m, illustrative: true}\nhorizon: {start: 2020-06-01, step: month, steps: 1}\n"
    bound = loads(text + ENTRY.format(precision=40, incumbent="", entrant="after: incumbent") + schedule)
    inputs = Design(bound, ["bound"], 20, seed=1).inputs("bound")
    engine_of = Oracle(bound) if engine == "oracle" else compile_model(bound, cache=False)
    assert (engine_of.run(inputs).action[:, 0] == [1, 0]).all()


@both_engines
def test_a_small_offer_is_taken_where_refusing_brings_nothing(engine):
    """An ultimatum over 4: who is asked takes whatever it is offered, so little is offered."""
    offers = "".join(f"      give{n}: {{effects: {{share: {{set: {n}}}}}}}\n" for n in (0, 1, 2, 3, 4))
    model = made(
        "variables: {share: {initial: 0}, taken: {initial: 0}}\nactors:\n"
        "  first:\n    depth: 2\n    horizon: 1\n    precision: 3\n    utility: {p: taken * (4 - share)}\n"
        f"    actions:\n{offers}"
        "  second:\n    after: [first]\n    depth: 1\n    horizon: 1\n    precision: 3\n"
        "    utility: {p: taken * share}\n"
        "    actions: {no: {}, yes: {effects: {taken: {set: 1}}}}\n",
        steps=1,
    )
    out = outputs(model, engine)
    yes = np.array([softmax([0, 3 * n])[1] for n in range(5)])
    expected = softmax(3 * yes * (4 - np.arange(5)))
    np.testing.assert_allclose(chances(model, out, "first")[0], expected, rtol=1e-12)
    assert expected.argmax() == 1


# ---------------------------------------------------------------------- signals and what is learned from acts

# Red is hard or soft; whoever is hard arms with chance 0.9, who is soft with 0.2. Blue answers.
SIGNALLING = """
variables: {{arms: {{initial: 0}}, calm: {{initial: 0}}}}
parameters: {{nerve: {{value: 0}}, zeal: {{value: 1}}}}
actors:
  blue:
    depth: 1
    horizon: 1
    precision: 1
    {after}
    utility: {{safe: -nerve * (1 - calm)}}
    beliefs: {{red: {{prior: {{hard: 0.5, soft: 0.5}}}}}}
    actions: {{stay: {{}}, guard: {{effects: {{calm: {{set: 1}}}}}}}}
  red:
    true_type: {{hard: 0.5, soft: 0.5}}
    types: {{hard: {{parameters: {{nerve: 3}}}}, soft: {{parameters: {{nerve: 1}}}}}}
    actions:
      wait: {{}}
      arm: {{propensity: nerve - 2, effects: {{arms: 1}}}}
"""


@both_engines
@pytest.mark.parametrize("after", ["", "after: red"])
def test_who_answers_has_learned_from_the_act_before_it_chooses(engine, after):
    model = made(SIGNALLING.format(after=after), steps=2)
    out = outputs(model, engine, scenarios=40)
    arms = out.action[:, 0, 1] == 1
    hard, soft = softmax([0, 1])[1], softmax([0, -1])[1]
    of_hard = np.where(arms, hard / (hard + soft), (1 - hard) / (2 - hard - soft))
    at_choice = of_hard if after else np.full(40, 0.5)
    np.testing.assert_allclose(out.belief[:, 0, 0], at_choice, rtol=1e-12)
    guard = 1 / (1 + np.exp(-(at_choice * 3 + (1 - at_choice) * 1)))
    np.testing.assert_allclose(chances(model, out, "blue")[:, 1], guard, rtol=1e-12)
    if not after:
        np.testing.assert_allclose(out.belief[:, 1, 0], of_hard, rtol=1e-12)
    # Both had expected it as it was expected before it was done.
    np.testing.assert_allclose(out.expected[:, 0, 0], np.where(arms, hard + soft, 2 - hard - soft) / 2)


# ---------------------------------------------------------------------- what is seen of the earlier move

SEEN = """
variables: {{a: {{initial: 0}}, b: {{initial: 0}}, noise: {{initial: 0}}}}
actors:
  second:
    after: first
    {sees}
    actions: {{no: {{}}, yes: {{when: a >= 1, propensity: 50}}}}
  first: {{actions: {{move: {{effects: {{a: 1}}}}}}}}
"""


@both_engines
@pytest.mark.parametrize(
    ("sees", "taken"),
    [
        ("sees: {}", [1, 1, 1, 1]),
        ("sees: {a: {delay: 1}}", [1, 1, 1, 1]),  # at the start the earliest there is: after the first move
        ("sees: {a: {delay: 2, bias: -1}}", [0, 0, 0, 1]),
        ("sees: {a: {bias: -0.5}}", [0, 1, 1, 1]),
    ],
)
def test_the_later_sees_what_the_earlier_did_as_late_and_as_wrongly_as_it_sees_at_all(engine, sees, taken):
    model = made(SEEN.format(sees=sees), steps=4)
    out = outputs(model, engine, scenarios=3)
    assert (out.action[:, :, 0] == taken).all()


@both_engines
def test_each_stage_sets_what_it_sets_and_the_last_word_stands(engine):
    """At once settings meet at their mean; in turn the later one replaces the earlier."""
    text = """
variables: {{a: {{initial: 0}}}}
actors:
  one: {{actions: {{move: {{effects: {{a: {{set: 2}}}}}}}}}}
  two: {{{after} actions: {{move: {{effects: {{a: {{set: a + 4}}}}}}}}}}
"""
    assert (outputs(made(text.format(after=""), 1), engine).state[:, 1, 0] == 3).all()
    assert (outputs(made(text.format(after="after: one,"), 1), engine).state[:, 1, 0] == 6).all()


@both_engines
def test_a_longer_look_ahead_meets_the_stages_again_in_every_step(engine):
    """Two months of entry, by hand: in each the incumbent answers what the entrant then does by habit."""
    model = made(ENTRY.format(precision=1, incumbent="after: entrant", entrant="").replace(
        "depth: 2\n    horizon: 1", "depth: 2\n    horizon: 2\n    inner_horizon: 1"), steps=1)  # fmt: skip
    out = outputs(model, engine)

    def profit(entered, fought):
        return 1 + entered - 2 * entered * fought

    q = []
    for entered in (0.0, 1.0):
        total, x, fought = 0.0, entered, 0.0
        for month in range(2):
            if month:
                x = x + 0.5 * (1 - x)  # the entrant's own habit
            fight = softmax([5 - 3 * x - 2 * x * fought, 5 - 3 * x - 2 * x])[1]
            fought = fought + fight * (1 - fought)
            total += profit(x, fought)
        q.append(total)
    np.testing.assert_allclose(chances(model, out, "entrant")[0], softmax(q), rtol=1e-12)


def test_sampled_paths_of_a_leader_come_to_the_mean_of_the_replies():
    """What the follower does is drawn, and profit is linear in it: over many paths it is the expected one."""
    model = duopoly("    after: leader\n", 0.05)
    expected = outputs(model, "compiled", scenarios=4)
    inputs = Design(model, scenarios=4, seed=1, paths=4000).inputs("baseline")
    sampled = compile_model(model, cache=False).run(inputs, probabilities=True)
    first = len(QUANTITIES)
    np.testing.assert_allclose(
        sampled.probability[:, 0, :first], expected.probability[:, 0, :first], atol=0.02
    )


THREE = """
variables:
  a: {initial: 1, change: -0.2 / month * a, noise: 0.3}
  b: {initial: 0, bounds: [-3, 3], saturates: true}
parameters: {nerve: {value: 0.5}}
actors:
  third:
    after: [first, second]
    depth: 1
    horizon: 2
    precision: 0.5
    sees: {a: {noise: 0.5, delay: 1}}
    utility: {u: b - a * a}
    beliefs: {second: {prior: {hard: 0.5, soft: rest}}}
    actions: {wait: {}, act: {effects: {a: -0.5 * b}, cost: 0.1}}
  second:
    after: first
    depth: 2
    horizon: 2
    precision: 0.7
    utility: {u: nerve * a + b}
    true_type: {hard: 0.5, soft: rest}
    types: {hard: {parameters: {nerve: 2}}, soft: {parameters: {nerve: -1}}}
    actions: {wait: {}, push: {effects: {a: 0.7}, attributed: 0.6},
      set: {when: a > 0.5, effects: {b: {set: a}}}}
  first:
    depth: 3
    horizon: 2
    precision: 0.6
    utility: {u: -b * b + a}
    beliefs: {second: {prior: {hard: 0.2, soft: rest}}}
    actions: {wait: {}, up: {effects: {b: 0.5}}, down: {effects: {b: -0.5}, propensity: a}}
outcomes: {war: {rate: 0.01 / month, absorbing: true, worth: {first: -3, third: -9}}}
ladders:
  clash:
    sides: [third, second]
    rate: 0.5 / month
    moves: 3
    war: war
    war_worth: {third: -5, second: -4}
    rungs: {low: {loses_control: 0.05, stakes: {third: 1, second: 1 + 0.1 * a}}}
"""


@pytest.mark.parametrize("paths", [0, 3])
def test_both_writings_agree_on_three_stages_of_minds(paths):
    """Each after the one before, the deepest first; with delayed, noisy sight and a ladder."""
    model = made(THREE, steps=4)
    inputs = Design(model, scenarios=10, seed=2, paths=paths).inputs("baseline")
    compiled = compile_model(model, cache=False).run(inputs, probabilities=True)
    assert_agree(compiled, Oracle(model).run(inputs, probabilities=True))


def test_the_page_of_minds_thinks_as_the_run_did_in_every_step():
    """Beliefs that have been learned within the step included."""
    model = made(THREE, steps=4)
    design = Design(model, scenarios=[3], seed=2)
    out = engine_for(model, "compiled").run(design.inputs("baseline"), probabilities=True)
    assert out.action[0, 3, 0] >= 0
    for step in range(4):
        page = minds(design, model.date_of(step))
        for a, mind in enumerate(page.actors):
            probability = [option.probability for option in mind.options]
            np.testing.assert_allclose(probability, chances(model, out, mind.name, step)[0], rtol=1e-8)
            for pair, given in zip(model.expectations, out.expected[0, step], strict=True):
                if pair[0] == mind.name:
                    other = [x.name for x in model.actors].index(pair[1])
                    taken = model.actors[other].actions[out.action[0, step, other]].name
                    np.testing.assert_allclose(mind.expects[pair[1]][taken], given, rtol=1e-8)
            assert mind.after == list(model.actors[a].after)


def test_a_story_tells_acts_in_the_order_in_which_they_were_done():
    told = story(Design(made(THREE, steps=2), scenarios=[3], seed=2), thoughts=0)
    acts = [s for s in told.entries[0].sayings if s.kind == "act"]
    assert [s.subject for s in acts] == ["first", "second", "third"]
    assert [s.text.startswith("Then ") for s in acts] == [False, True, True]


# ---------------------------------------------------------------------- the language

WRONG = """model: {{name: m, illustrative: true}}
horizon: {{start: 2020-06-01, step: month, steps: 1}}
variables: {{x: {{initial: 0}}}}
actors:
  blue: {{after: {blue}, actions: {{wait: {{}}}}}}
  red: {{after: {red}, actions: {{wait: {{}}}}}}
  green: {{after: {green}, actions: {{wait: {action}}}}}
"""


@pytest.mark.parametrize(
    ("after", "message", "hint"),
    [
        ({"blue": "reed"}, "unknown actor `reed`", "Did you mean `red`?"),
        ({"blue": "blue"}, "`blue` cannot move after itself", ""),
        ({"blue": "[red, red]"}, "`after` of `blue` names `red` twice", ""),
        ({"blue": "[]"}, "`after` names nobody", ""),
        ({"blue": "[[red]]"}, "`after` must be an actor or a list of such, not a list", ""),
        ({"blue": "{red: 1}"}, "`after` must be an actor or a list of such, not keys and values", ""),
        (
            {"blue": "green", "red": "blue", "green": "red"},
            "nobody could move first: `blue` moves after `green`; `green` moves after `red`; "
            "`red` moves after `blue`",
            "Take one `after` out.",
        ),
        ({"blue": "red", "red": "blue"}, "`blue` moves after `red`; `red` moves after `blue`", ""),
        ({"action": "{after: red}"}, "an action has no key `after`", "write `after` beside its `actions`"),
    ],
)
def test_an_order_that_cannot_be_is_refused_with_its_place(after, message, hint):
    blanks = {"blue": "null", "red": "null", "green": "null", "action": "{}"} | after
    text = WRONG.format(**blanks).replace("after: null, ", "")
    with pytest.raises(OfframpError) as problem:
        loads(text)
    assert message in str(problem.value)
    assert hint in str(problem.value)


def test_who_moves_after_several_moves_after_the_last_of_them():
    text = WRONG.format(blue="[red, green]", red="green", green="null", action="{}").replace(
        "after: null, ", ""
    )
    assert loads(text).stages == ((2,), (1,), (0,))
