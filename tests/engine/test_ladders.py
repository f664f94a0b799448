"""Exchanges on ladders: solved as game theory solves them, played as the semantics page says."""

from __future__ import annotations

import io
import json
import math
import re
from datetime import date
from fractions import Fraction
from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import offramp as ofr
from cli_calls import call, found_by
from offramp.engine.outputs import Ending, Status
from offramp.engine.plain.ladder import CLIMB, MATCH, STAND_DOWN, Rules, fate, reach, solve
from offramp.questions.ladder.ask import LadderPage
from offramp.runs.files import load, save, to_parquet
from offramp.runs.how import How
from small_models import ENGINES, made, outputs, path

MOVES = ("down", "match", "climb")


def rules(control, harm, stakes, audience, war, precision, first=0.5):
    """A game of one run; harm, stakes and audience cost are (side, rung)."""

    def column(values):
        return np.array(values, dtype=float)[..., None]

    return Rules(
        column(control), column(harm), column(stakes), column(audience), column(war), column(precision),
        column([first])[0],
    )  # fmt: skip


# A small game with nothing alike in it: 3 moves, 2 rungs.
GAME = {
    "control": [Fraction(1, 50), Fraction(1, 5)], "harm": [[0, 2], [1, 3]], "stakes": [[4, 20], [6, 30]],
    "audience": [[0, 5], [1, 8]], "war": [-60, -40],
}  # fmt: skip
# What Gambit 16.7.0 finds for it, read as the extensive form that `extensive_form` writes: the agent logit
# equilibrium at a precision (`pygambit.qre.logit_solve_lambda(game, 0.1, use_strategic=False)`), and its
# limit (`pygambit.nash.logit_solve(game, use_strategic=False)`).
# (side, moves left, rung) -> stand down, match, climb.
GAMBIT = {
    0.1: {
        (0, 3, 0): (0.67102132, 0.25439887, 0.07457981), (0, 2, 0): (0.45667052, 0.36556270, 0.17776678),
        (0, 2, 1): (0.60909024, 0.39090976), (0, 1, 0): (0.46650903, 0.41375640, 0.11973457),
        (0, 1, 1): (0.70266065, 0.29733935), (1, 3, 0): (0.36704811, 0.27675260, 0.35619929),
        (1, 2, 0): (0.27403473, 0.27461031, 0.45135496), (1, 2, 1): (0.23165329, 0.76834671),
        (1, 1, 0): (0.43185496, 0.39945047, 0.16869457), (1, 1, 1): (0.55971365, 0.44028635),
    },
    math.inf: {
        (0, 3, 0): (1, 0, 0), (0, 2, 0): (0, 1, 0), (0, 2, 1): (0, 1), (0, 1, 0): (1, 0, 0),
        (0, 1, 1): (1, 0), (1, 3, 0): (1, 0, 0), (1, 2, 0): (0, 0, 1), (1, 2, 1): (0, 1),
        (1, 1, 0): (1, 0, 0), (1, 1, 1): (1, 0),
    },
}  # fmt: skip


def solved(precision, moves=3, first=0.5, **game):
    return solve(rules(**(GAME | game), precision=[precision] * 2, first=first), moves)


@pytest.mark.parametrize("precision", [0.1, math.inf])
def test_the_solution_is_the_agent_logit_equilibrium_that_gambit_finds(precision):
    solution = solved(min(precision, 200.0))
    for (m, n, r), expected in GAMBIT[precision].items():
        np.testing.assert_allclose(solution.chance[n, m, r, : len(expected), 0], expected, atol=2e-8)


def extensive_form(moves):
    """GAME as a game tree in Gambit's file format, and where each information set of a side stands."""
    game, places, first = GAME, [[], []], Fraction(1, 2)
    lines = ['EFG 2 R "ladder" { "A" "B" }', f'c "" 1 "" {{ "A first" {first} "B first" {1 - first} }} 0']
    numbers = {"c": 1, "t": 0}

    def number(kind):
        numbers[kind] += 1
        return numbers[kind]

    def end(paid):
        lines.append(f't "" {number("t")} "" {{ {paid[0]}, {paid[1]} }}')

    def grow(n, m, r, paid):
        if n == 0:
            end(paid)
            return
        places[m].append((m, n, r))
        named = MOVES[: 3 if r == 0 else 2]
        labels = " ".join(f'"{move}"' for move in named)
        lines.append(f'p "" {m + 1} {len(places[m])} "" {{ {labels} }} 0')
        for move in named:
            if move == "down":
                won = {m: -game["audience"][m][r], 1 - m: game["stakes"][1 - m][r]}
                end([paid[s] + won[s] for s in (0, 1)])
                continue
            to = r + (move == "climb")
            lost = game["control"][to]
            lines.append(f'c "" {number("c")} "" {{ "war" {lost} "on" {1 - lost} }} 0')
            end([paid[s] + game["war"][s] for s in (0, 1)])
            grow(n - 1, 1 - m, to, [paid[s] - game["harm"][s][to] for s in (0, 1)])

    grow(moves, 0, 0, [0, 0])
    grow(moves, 1, 0, [0, 0])
    return "\n".join(lines), [*places[0], *places[1]]


def test_gambit_itself_agrees_where_it_is_installed():
    gambit = pytest.importorskip("pygambit")
    text, places = extensive_form(3)
    game = gambit.read_efg(io.StringIO(text))
    for precision in (0.05, 0.3):
        found = gambit.qre.logit_solve_lambda(game, precision, use_strategic=False)[0]
        solution, at = solved(precision), 0
        for m, n, r in places:
            for move in range(3 if r == 0 else 2):
                assert float(found[at]) == pytest.approx(solution.chance[n, m, r, move, 0], abs=1e-7)
                at += 1


def test_sharp_sides_play_the_subgame_perfect_equilibrium_by_hand():
    """Two moves, 1 in 10 of losing control above. The last to move would rather yield (-4) than risk war
    (-10), so the first climbs for the stakes: 0.9 * 30 - 10 beats what it gets below."""
    solution = solved(
        500.0, moves=2, control=[0.0, 0.1], harm=[[0, 0]] * 2, stakes=[[5, 30]] * 2, audience=[[1, 4]] * 2,
        war=[-100, -100],
    )  # fmt: skip
    assert solution.chance[1, 1, 1, STAND_DOWN, 0] == pytest.approx(1)
    assert solution.q[2, 0, 0, :, 0] == pytest.approx([-1, 0, 0.9 * 30 - 10])
    assert solution.chance[2, 0, 0, CLIMB, 0] == pytest.approx(1)
    assert solution.war[2, 0, 0, 0] == pytest.approx(0.1)


def test_escalate_or_back_down_in_two_moves_is_the_closed_form_of_mckelvey_and_palfrey():
    """One rung: B answers with p = 1 / (1 + exp(λ·(stay - yield))), and A weighs its move against that p."""
    c, stake, cost, war, lam = 0.3, 20.0, 3.0, -50.0, 0.07
    solution = solved(
        lam, moves=2, control=[c], harm=[[2.0]] * 2, stakes=[[stake]] * 2, audience=[[cost]] * 2,
        war=[war, war],
    )  # fmt: skip
    last = c * war + (1 - c) * -2.0
    yields = 1 / (1 + math.exp(lam * (last + cost)))
    assert solution.chance[1, 1, 0, STAND_DOWN, 0] == pytest.approx(yields)
    stays = c * war + (1 - c) * (-2.0 + yields * stake + (1 - yields) * last)
    assert solution.q[2, 0, 0, MATCH, 0] == pytest.approx(stays)
    assert solution.chance[2, 0, 0, STAND_DOWN, 0] == pytest.approx(1 / (1 + math.exp(lam * (stays + cost))))


def test_without_precision_an_exchange_is_a_random_walk_with_known_absorption():
    c, moves = 0.2, 7
    solution = solved(0.0, moves=moves, control=[c], harm=[[9]] * 2, stakes=[[5]] * 2, audience=[[2]] * 2)
    stays = (1 - c) / 2
    assert solution.war[moves, 0, 0, 0] == pytest.approx(c / 2 * (1 - stays**moves) / (1 - stays))
    # The first mover yields at its 1st, 3rd, 5th and 7th move.
    found = fate(solution.rules, solution.chance)
    each = sum(0.5 * stays**k for k in range(moves)) / 2
    np.testing.assert_allclose(found.ending[:2, 0], each)
    assert found.ending[Ending.PETERED_OUT - 1, 0] == pytest.approx(stays**moves)


points = st.floats(-40, 40)
chances = st.floats(0, 1)


@st.composite
def games(draw):
    rungs, moves = draw(st.integers(1, 3)), draw(st.integers(1, 4))

    def table():
        return [[draw(points) for _ in range(rungs)] for _ in range(2)]

    return moves, rules(
        [draw(chances) for _ in range(rungs)], table(), table(), table(), [draw(points), draw(points)],
        [draw(st.floats(0, 0.3)) for _ in range(2)], draw(chances),
    )  # fmt: skip


def every_course(game, chance, n, m, r, p=1.0, paid=(0.0, 0.0)):
    """Every way an exchange can go from a position: probability, ending, highest rung, what each side got."""
    if n == 0:
        yield p, Ending.PETERED_OUT, r, paid
        return
    value = [float(x[0]) for x in chance[n, m, r]]
    gain = list(paid)
    gain[m] -= game.audience_cost[m, r, 0]
    gain[1 - m] += game.stakes[1 - m, r, 0]
    yield p * value[0], Ending(1 + m), r, tuple(gain)
    for move, to in ((1, r), (2, r + 1)):
        if to < len(game.control):
            c = float(game.control[to, 0])
            lost = tuple(paid[s] + game.war_worth[s, 0] for s in (0, 1))
            yield p * value[move] * c, Ending.WAR, to, lost
            on = tuple(paid[s] - game.harm[s, to, 0] for s in (0, 1))
            yield from every_course(game, chance, n - 1, 1 - m, to, p * value[move] * (1 - c), on)


@settings(max_examples=25, deadline=None)
@given(games())
def test_chances_and_worth_are_those_of_the_whole_tree(drawn):
    moves, game = drawn
    solution = solve(game, moves)
    for m in (0, 1):
        courses = list(every_course(game, solution.chance, moves, m, 0))
        assert sum(p for p, *_ in courses) == pytest.approx(1)
        assert solution.war[moves, m, 0, 0] == pytest.approx(
            sum(p for p, e, *_ in courses if e == Ending.WAR)
        )
        for r in range(len(game.control)):
            here = sum(p for p, _, highest, _ in courses if highest == r)
            assert solution.highest[moves, m, 0, r, 0] == pytest.approx(here, abs=1e-12)
        for s in (0, 1):
            worth = sum(p * paid[s] for p, _, _, paid in courses)
            without = solution.points[moves, m, 0, s, 0]
            war = solution.war[moves, m, 0, 0] * game.war_worth[s, 0]
            assert without + war == pytest.approx(worth, abs=1e-9)
    found = fate(game, solution.chance)
    np.testing.assert_allclose(found.ending[Ending.WAR - 1], solution.opening(solution.war), atol=1e-12)
    assert found.ending.sum() == pytest.approx(1)
    comes = reach(game, solution.chance)
    assert comes[moves, :, 0].sum() == pytest.approx(1)
    assert (comes <= 1 + 1e-12).all()


@settings(max_examples=25, deadline=None)
@given(games(), st.floats(0.5, 20))
def test_points_and_precision_are_one_scale_and_sides_have_no_rank(drawn, scale):
    moves, game = drawn
    usual = solve(game, moves)
    finer = solve(
        Rules(
            game.control, game.harm * scale, game.stakes * scale, game.audience_cost * scale,
            game.war_worth * scale, game.precision / scale, game.first,
        ),
        moves,
    )  # fmt: skip
    np.testing.assert_allclose(finer.chance, usual.chance, atol=1e-9)
    swapped = solve(
        Rules(
            game.control, game.harm[::-1], game.stakes[::-1], game.audience_cost[::-1], game.war_worth[::-1],
            game.precision[::-1], 1 - game.first,
        ),
        moves,
    )  # fmt: skip
    np.testing.assert_allclose(swapped.chance[:, ::-1], usual.chance, atol=1e-12)
    np.testing.assert_allclose(swapped.opening(swapped.war), usual.opening(usual.war), atol=1e-12)


# Played out

CLASH = """
variables:
  heat: {{initial: 0}}
  scars: {{initial: 0}}
parameters: {{risk: {{value: 0.2}}, stake: {{value: 6}}}}
actors:
  blue:
    depth: {depth}
    horizon: 3
    precision: {precision}
    discount: 0.9
    utility: {{pride: heat}}
    actions: {{wait: {{}}, push: {{effects: {{heat: {{set: 1}}}}}}}}
  red: {{actions: {{wait: {{}}}}}}
outcomes:
  accord: {{rate: 0.2 / month, absorbing: true}}
  war: {{absorbing: true, worth: {{blue: -20}}}}
ladders:
  clash:
    sides: [blue, red]
    rate: {rate}
    first: 1
    moves: 3
    war: war
    war_worth: {{blue: -30, red: -30}}
    rungs:
      words: {{effects: {{scars: 1}}}}
      shots: {{loses_control: risk, stakes: {{blue: stake, red: stake}}, effects: {{scars: 10}}}}
"""


def clash(depth=0, precision=0.0, rate="0.5 / month", **more):
    return made(CLASH.format(depth=depth, precision=precision, rate=rate), **({"steps": 1} | more))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_exchange_of_habit_goes_as_often_each_way_as_its_tree_says(engine):
    """All open moves alike: 3 on words, 2 on shots. It opens in 1 - exp(-rate) of months."""
    model, runs = clash(), 6000
    out = outputs(model, engine, runs)
    opened = out.ladder_rung[:, 0, 0] >= 0
    assert stats.binomtest(int(opened.sum()), runs, 1 - math.exp(-0.5)).pvalue > 1e-4
    assert (out.ladder_first[opened, 0, 0] == 0).all()
    found = fate(
        rules([0, 0.2], [[0, 0]] * 2, [[0, 6]] * 2, [[0, 0]] * 2, [-30, -30], [0, 0], 1.0),
        solve(rules([0, 0.2], [[0, 0]] * 2, [[0, 6]] * 2, [[0, 0]] * 2, [-30, -30], [0, 0], 1.0), 3).chance,
    )
    counted = np.bincount(out.ladder_ending[opened, 0, 0], minlength=5)[1:]
    assert stats.chisquare(counted, found.ending[:, 0] * opened.sum()).pvalue > 1e-4
    rungs = np.bincount(out.ladder_rung[opened, 0, 0], minlength=2)
    assert stats.chisquare(rungs, found.highest[:, 0] * opened.sum()).pvalue > 1e-4
    scars = path(model, out, "scars")[:, -1]
    np.testing.assert_array_equal(scars, np.where(opened, np.where(out.ladder_rung[:, 0, 0] == 1, 10, 1), 0))


@pytest.mark.parametrize("engine", ENGINES)
def test_war_on_a_ladder_ends_the_run_before_any_other_outcome_of_the_step(engine):
    model = clash(rate="9 / month", steps=3)
    out = outputs(model, engine, 800)
    accord, war = out.outcome.T
    for k in range(3):
        fought = out.ladder_ending[:, k, 0] == Ending.WAR
        assert (war[fought] == k).all()
        assert (accord[fought] < 0).all()
    assert (war >= 0).sum() == (out.ladder_ending == Ending.WAR).sum() > 0
    ended = np.minimum(np.where(war < 0, 9, war), np.where(accord < 0, 9, accord))
    later = np.arange(3) > ended[:, None]
    assert (out.ladder_rung[later] == -1).all()
    assert (out.ladder_moves[later] == 0).all()
    assert np.isnan(out.ladder_foreseen[later]).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_foresight_weighs_an_exchange_by_how_likely_it_is_and_war_by_its_worth(engine):
    """Pushing makes heat 1 from the first month on. In months 2 and 3 an exchange opens with chance w."""
    model = clash(depth=1, precision=0.1, rate="0.3 / month * heat")
    out = outputs(model, engine)
    game = rules([0, 0.2], [[0, 0]] * 2, [[0, 6]] * 2, [[0, 0]] * 2, [-30, -30], [0.1, 0], 1.0)
    one = solve(game, 3)
    gain, fight = one.points[3, 0, 0, 0, 0], one.war[3, 0, 0, 0]

    def along(heat):
        survival, lost, total = 1.0, 0.0, 0.0
        for h in (1, 2, 3):
            if h > 1:
                w = 1 - math.exp(-0.3 * heat)  # by habit it then waits or pushes alike: heat moves half way
                total += 0.9**h * survival * w * gain
                lost += survival * w * fight
                survival -= survival * w * fight
                heat = heat + 0.5 * (1 - heat)
            survival *= math.exp(-0.2)
            total += 0.9**h * (survival * heat - 20 * lost)
        return total

    odds = math.log(out.probability[0, 0, 1] / out.probability[0, 0, 0])
    assert odds == pytest.approx(0.1 * (along(1.0) - along(0.0)), rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_one_exchange_of_a_step_brings_does_not_hang_on_war_in_another(engine):
    """Both open at once: points of each weigh by the chance that the step begins; war comes from either."""
    quarrel = """
  quarrel:
    sides: [red, blue]
    rate: 0.4 / month * heat
    first: 0
    moves: 3
    war: war
    war_worth: {blue: -30, red: -30}
    rungs:
      words: {}
      shots: {loses_control: risk, stakes: {blue: stake, red: stake}}
"""
    body = CLASH.format(depth=1, precision=0.1, rate="0.3 / month * heat") + quarrel.removeprefix("\n")
    out = outputs(made(body, steps=3), engine)
    one = solve(rules([0, 0.2], [[0, 0]] * 2, [[0, 6]] * 2, [[0, 0]] * 2, [-30, -30], [0.1, 0], 1.0), 3)
    gain, fight = one.points[3, 0, 0, 0, 0], one.war[3, 0, 0, 0]

    def along(heat):
        survival, lost, total = 1.0, 0.0, 0.0
        for h in (1, 2, 3):
            if h > 1:
                chances = [1 - math.exp(-rate * heat) for rate in (0.3, 0.4)]
                total += 0.9**h * survival * sum(chances) * gain
                for w in chances:
                    lost += survival * w * fight
                    survival -= survival * w * fight
                heat = heat + 0.5 * (1 - heat)
            survival *= math.exp(-0.2)
            total += 0.9**h * (survival * heat - 20 * lost)
        return total

    odds = math.log(out.probability[0, 0, 1] / out.probability[0, 0, 0])
    assert odds == pytest.approx(0.1 * (along(1.0) - along(0.0)), rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rate_that_is_no_number_fails_the_run_and_leaves_no_trace(engine):
    out = outputs(clash(rate="1 / month * log(heat - 1)"), engine)
    assert out.status[0] == Status.NOT_FINITE
    assert out.ladder_rung[0, 0, 0] == -1
    assert out.outcome.max() == -1


# What each side sees

DOUBTS = {"altara_doubts": 0.9, "bessim_doubts": 0.9}
CERTAIN = {"altara_doubts": 0.0, "bessim_doubts": 0.0}


def page(at=None, scenario=0, **overrides):
    design = ofr.Design(ofr.load("brinkmanship"), scenarios=[scenario], overrides=overrides)
    return ofr.ladder(design, at=at)


def test_a_page_of_a_ladder_comes_back_from_its_json_and_is_that_of_the_command():
    found = page(date(2026, 3, 1), **DOUBTS)
    assert LadderPage.from_dict(json.loads(found.to_json())) == found
    doubts = [w for name, value in DOUBTS.items() for w in ("--set", f"{name}={value}")]
    result = call("ladder", "brinkmanship", "--at", "2026-03-01", *doubts, "--format", "json")
    assert json.loads(result.stdout) == found.as_dict()


def test_where_pictures_are_right_nobody_is_surprised():
    found = page(**CERTAIN)
    for eyes in found.eyes:
        assert eyes.prospect.war == pytest.approx(found.prospect.war, rel=1e-12)
        for expected, truly in zip(eyes.positions, found.positions, strict=True):
            assert expected.climb == (truly.climb if truly.climb is None else pytest.approx(truly.climb))
            assert expected.stand_down == pytest.approx(truly.stand_down)


def test_who_takes_the_other_for_faint_foresees_a_fraction_of_the_wars_it_gets():
    found = page(**DOUBTS)
    assert all(eyes.prospect.war < 0.35 * found.prospect.war for eyes in found.eyes)
    assert found.prospect.war > 2 * page(**CERTAIN).prospect.war
    assert all(
        worth < 0 < page(**CERTAIN).prospect.worth[side] for side, worth in found.prospect.worth.items()
    )
    altara = found.eyes[0]
    by_type = {p.types["bessim"]: p.prospect for p in altara.pictures}
    assert by_type["faint"].stands_down["bessim"] > 0.7 > by_type["resolute"].stands_down["bessim"]


def often(steps, *changes):
    """brinkmanship in which somebody confronts somebody nearly every month, and nobody looks far ahead."""
    text = (resources.files("offramp.crises") / "brinkmanship.yaml").read_text(encoding="utf-8")
    usual = [("rate: 0.02", "rate: 2"), ("steps: 24", f"steps: {steps}"), ("horizon: 6", "horizon: 1")]
    for old, new in (*usual, *changes):
        assert old in text
        text = text.replace(old, new)
    return ofr.loads(text)


def test_the_page_foresees_what_runs_record_as_foreseen():
    """Also where beliefs have been learned on the way; Altara always moves first: then it is one number."""
    first, learns = ("moves: 8", "moves: 8\n    first: 1"), (", learns: false", "")
    model = often(4, first, learns, ("depth: 1", "depth: 2"), ("2 * altara_on", "altara_stake * altara_on"))
    design = ofr.Design(model, scenarios=3, overrides={"altara_doubts": 0.9})
    runs = ofr.simulate(design, how=ofr.How(engine="oracle"))
    scenario, step = map(int, np.argwhere(runs.ladder_rung.values[0, :, :, 0] >= 0)[-1])
    held = runs.belief.values[0, scenario, [0, step]]
    assert (held[0] != held[1]).any()
    day = runs.step.values[step].astype("datetime64[D]").item()
    found = ofr.ladder(design.only(scenario), at=day, how=How(engine="oracle"))
    seen = runs.ladder_foreseen.values[0, scenario, step, 0]
    assert seen == pytest.approx([eyes.prospect.war for eyes in found.eyes], rel=1e-9)


def test_calibrated_sides_get_the_wars_they_foresee():
    design = ofr.Design(often(3), scenarios=400, overrides=CERTAIN)
    runs = ofr.simulate(design, how=ofr.How(engine="oracle"))
    opened = runs.ladder_rung.values >= 0
    foreseen = runs.ladder_foreseen.values[opened].mean(axis=1)
    wars = int((runs.ladder_ending.values == Ending.WAR).sum())
    assert stats.binomtest(wars, len(foreseen), foreseen.mean()).pvalue > 1e-3


def test_titles_and_names_of_rungs_change_nothing_that_happens():
    text = CLASH.format(depth=0, precision=0.0, rate="2 / month")
    renamed = text.replace("words:", "talk:").replace("shots: {", "fire: {title: Open fire, ")
    one, other = (outputs(made(t, steps=4), "oracle", 50) for t in (text, renamed))
    for name in ("state", "ladder_rung", "ladder_moves", "ladder_ending", "outcome"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


# Results and commands


@pytest.fixture(scope="module")
def runs():
    return ofr.simulate(ofr.Design(ofr.load("brinkmanship"), scenarios=20), how=ofr.How(engine="oracle"))


def test_runs_keep_ladders_in_files(runs, tmp_path):
    save(runs, tmp_path / "runs.nc")
    again = load(tmp_path / "runs.nc")
    assert again.identical(runs)
    assert list(again["ladder"].values) == ["strait"]
    to_parquet(runs, tmp_path / "runs.parquet")
    import pyarrow.parquet as pq

    table = pq.read_table(tmp_path / "runs.parquet").to_pandas()
    opened = int((runs.ladder_ending > 0).sum())
    assert table["ladder.strait"].notna().sum() == opened > 0
    assert set(table["ladder.strait"].dropna()) <= {
        "first_stood_down",
        "second_stood_down",
        "petered_out",
        "war",
    }
    assert table["ladder.strait.rung"].notna().sum() == opened
    assert table["ladder.strait.foreseen.bessim"].notna().sum() == opened


def test_minds_tell_what_exchanges_weigh():
    altara = ofr.minds(ofr.Design(ofr.load("brinkmanship"), scenarios=[0])).actors[0]
    for option in altara.options:
        j = option.judgement
        parts = [*j.terms.values(), *j.ladders.values(), *j.worth.values(), j.cost]
        assert sum(parts) == pytest.approx(j.relative)
    assert {o.name: o.judgement.ladders["strait"] > 0 for o in altara.options} == {
        "press": True,
        "wait": False,
    }
    assert "exchanges: Confrontation in the strait" in call("minds", "brinkmanship").stdout


def test_the_command_shows_a_ladder_to_people_and_to_programs():
    text = call("ladder", "brinkmanship", "--set", "altara_doubts=0.9").stdout
    assert "It slips into war" in text
    assert "If Bessim is faint (it believes: 90 %)" in text
    assert "Again: offramp ladder brinkmanship strait --at 2026-01-01" in text
    assert all(len(line) <= 100 for line in text.splitlines())
    found = found_by("ladder", "brinkmanship", "strait", "--at", "2026-03-01", "--as", "bessim")
    assert [e["name"] for e in found["eyes"]] == ["bessim"]
    assert found["at"] == "2026-03-01"
    prospect = found["prospect"]
    assert prospect["war"] + prospect["petered_out"] + sum(prospect["stands_down"].values()) == pytest.approx(
        1
    )


def test_the_page_tells_what_is_at_stake_in_truth_and_in_the_eyes_of_each():
    found = found_by("ladder", "brinkmanship", "--set", "altara_stake=80", "--set", "altara_doubts=0.25")
    shots = found["rungs"][-1]
    assert shots["loses_control"] == 4 * 0.05
    assert shots["stakes"] == {"altara": 80, "bessim": 40}
    assert shots["audience_cost"] == {"altara": 6, "bessim": 6}
    altara, bessim = found["eyes"]
    # Altara takes Bessim for faint, with stakes of 5, at 0.25; Bessim takes Altara for that at 0.1.
    assert altara["rungs"][-1]["stakes"] == {"altara": 80, "bessim": pytest.approx(0.75 * 40 + 0.25 * 5)}
    assert bessim["rungs"][-1]["stakes"] == {"altara": pytest.approx(0.9 * 80 + 0.1 * 5), "bessim": 40}
    assert found["beyond"] == {}
    text = call("ladder", "brinkmanship", "--set", "altara_stake=80").stdout
    assert "What Altara wins or loses there, in points, if:" in text
    assert "as Bessim sees it             +72.5" in text


def test_a_loss_of_control_beyond_certainty_is_held_and_said():
    found = found_by("ladder", "brinkmanship", "--set", "slip=0.3")
    assert found["beyond"] == {"shots": pytest.approx(1.2)}
    assert found["rungs"][-1]["loses_control"] == 1.0
    text = call("ladder", "brinkmanship", "--set", "slip=0.3").stdout
    assert "`loses_control` of Shots gives 1.2, which is no chance: it is held at 100 %." in text


def test_where_types_change_nothing_on_the_ladder_the_page_says_so(tmp_path):
    text = (resources.files("offramp") / "crises" / "brinkmanship.yaml").read_text()
    alike = tmp_path / "alike.yaml"
    alike.write_text(text.replace("{bessim_stake: 5}", "{bessim_stake: bessim_stake}"))
    said = call("ladder", str(alike)).stdout
    assert "It makes no difference here whether Bessim is resolute (90" in said
    assert "If Altara is faint (it believes: 10" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["brinkmanship", "straight"],
            "model `brinkmanship` has no ladder `straight`. Did you mean `strait`?",
        ),
        (["brinkmanship", "--as", "altra"], "has no actor `altra`. Did you mean `altara`?"),
        (["brinkmanship", "--at", "2031-01-01"], "2031-01-01 lies outside the model"),
        (["chicken"], "model `chicken` has no ladders."),
    ],
)
def test_wrong_use_of_the_command_is_answered_with_what_was_possible(words, said):
    result = call("ladder", *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_ladder_is_looked_at_in_one_run():
    with pytest.raises(ofr.UsageError, match="this design has 3"):
        ofr.ladder(ofr.Design(ofr.load("brinkmanship"), scenarios=3), at=date(2026, 2, 1))


def test_the_brief_tells_how_exchanges_ended_and_what_was_foreseen(runs):
    html = ofr.brief(runs, ofr.load("brinkmanship")).html
    opened = int((runs.ladder_ending > 0).sum())
    wars = int((runs.ladder_ending == Ending.WAR).sum())
    assert re.search(rf"{opened}\stimes in all", html)
    assert f'<th scope="row">It slips into war</th><td class="n count">{wars}</td>' in html
    assert "Highest rung reached" in html
    assert "Altara foresaw" in html
    assert (
        "foresaw"
        not in ofr.brief(ofr.simulate(quiet := ofr.Design(made(CHOICE), scenarios=3)), quiet.model).html
    )


CHOICE = "variables: {calm: {initial: 1}}\noutcomes: {end: {when: calm > 2}, none: {otherwise: true}}"
