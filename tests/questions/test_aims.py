"""What is better and what is worse: by what is wanted of endings, never by the sign of a worth."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import offramp as ofr
from cli_calls import call
from offramp.brief.view import RunsView
from offramp.charts.palette import BETTER, NEITHER, WORSE
from offramp.errors import ModelError
from offramp.questions.aims import aims_for, aims_of
from offramp.questions.compare import offramps
from offramp.questions.compare.tell import tell
from offramp.tell import aims as wants

# Soldiers on heights that are not theirs. A month of it costs India far more than the end it would like, and
# a retreat is worth less than nothing to all three; only Pakistan would rather go on as it is.
HEIGHTS = """
model: {name: heights, title: Heights, illustrative: true}
horizon: {start: 1999-05-24, step: week, steps: 16}
variables:
  posts: {title: Posts held, unit: points, initial: 100, bounds: [0, 100], saturates: true, headline: true}
  tension: {title: Tension, unit: points, initial: 50, change: 0.1 / month * (30 - tension)}
  isolation: {title: Isolation, unit: points, initial: 20, bounds: [0, 100], saturates: true}
actors:
  india:
    title: India
    depth: 0
    utility: {land: -0.5 * posts, calm: -0.2 * tension}
    actions: {assault: {effects: {posts: -5, tension: 2}}, cross: {propensity: -4, effects: {tension: 15}}}
  pakistan:
    title: Pakistan
    depth: 0
    utility: {prize: 0.25 * posts, calm: -0.1 * tension}
    actions:
      hold: {propensity: log(3)}
      pull_back: {propensity: isolation / 30 - 3, effects: {posts: -30, tension: -5}}
  usa:
    title: Washington
    depth: 0
    utility: {calm: -0.5 * tension, line: -0.2 * posts}
    actions: {stand_by: {propensity: log(3)}, press: {effects: {isolation: 8}}}
outcomes:
  war:
    title: A wider war
    rate: 0.0006 / month * tension
    absorbing: true
    worth: {india: -150, pakistan: -200, usa: -100}
  clear:
    title: The heights are clear
    when: posts < 5
    absorbing: true
    worth: {india: -5, pakistan: -20, usa: -15}
  standoff: {title: Still on the heights, otherwise: true}
policies:
  press_early: {title: Washington presses, do: [{until: 1999-07-05, force: {usa: press}}]}
  stay_behind: {title: India stays behind the Line, do: [{forbid: {india: [cross]}}]}
"""


@pytest.fixture(scope="module")
def heights():
    return ofr.loads(HEIGHTS)


@pytest.fixture(scope="module")
def compared(heights):
    return ofr.compare(ofr.Design(heights, ["stay_behind", "press_early"], scenarios=1500), worlds=0)


def test_an_end_that_costs_less_than_a_month_of_the_crisis_is_wanted_though_it_is_worth_less_than_nothing(
    heights,
):
    found = aims_for(ofr.Design(heights))
    clear = found["clear"].sides
    assert {name: side.aim for name, side in clear.items()} == {
        "india": "more", "pakistan": "less", "usa": "more",
    }  # fmt: skip
    # The first month of India: 100 posts and a tension of 50.
    assert -60 < clear["india"].ordinary < -5 == clear["india"].worth
    assert (found["clear"].aim, found["clear"].rule) == ("none", "disagreed")
    assert (found["war"].aim, found["war"].rule) == ("less", "agreed")
    assert (found["standoff"].aim, found["standoff"].rule) == ("none", "unknown")


def test_the_first_advice_is_the_policy_that_is_better_on_every_ending(heights, compared):
    lines = tell(compared, heights).short.lines
    assert lines[0].startswith(("“Washington presses”", "For India and Washington"))
    assert "“Washington presses”: " in lines[0]
    text = " ".join(lines)
    assert "For the worse" not in text
    india = ofr.compare(
        ofr.Design(heights, ["stay_behind", "press_early"], scenarios=400), reader="india", worlds=0
    )
    assert tell(india, heights).short.lines[0].startswith("“Washington presses”: ")
    assert "Better for India means" in tell(india, heights).short.counted
    assert "worth −5 points a month to it, an ordinary month −" in tell(india, heights).short.counted


def test_the_rule_says_who_wants_what_of_an_ending_on_which_sides_disagree(heights, compared):
    counted = tell(compared, heights).short.counted
    assert (
        "“The heights are clear” counts neither way: India and Washington would rather have it; " in counted
    )
    assert "Pakistan would rather not" in counted


def test_a_page_paints_in_warm_colours_what_less_is_wanted_of_for_its_reader(heights):
    runs = ofr.simulate(ofr.Design(heights, scenarios=100))
    clear = {
        reader: RunsView(runs, heights, reader).colours["clear"] for reader in (None, "india", "pakistan")
    }
    assert clear == {None: NEITHER[0], "india": BETTER[0], "pakistan": WORSE[1]}
    assert RunsView(runs, heights).colours["war"] == WORSE[0]


def test_the_file_has_the_last_word():
    text = HEIGHTS.replace("title: A wider war", "title: A wider war\n    aim: none")
    text = text.replace("title: The heights are clear", "title: T\n    aims: {pakistan: more, usa: none}")
    model = ofr.loads(text)
    found = aims_for(ofr.Design(model))
    assert (found["war"].aim, found["war"].rule) == ("none", "file")
    clear = {name: (side.aim, side.rule) for name, side in found["clear"].sides.items()}
    assert clear == {"india": ("more", "worth"), "pakistan": ("more", "file"), "usa": ("none", "file")}
    assert found["clear"].rule == "disagreed"
    assert aims_for(ofr.Design(model), "pakistan")["clear"].aim == "more"


def test_war_on_a_ladder_is_unwanted_by_its_sides_where_nothing_else_is_said():
    model = ofr.loads("""
model: {name: m, title: M, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 2}
variables: {x: {initial: 0}}
actors: {blue: {actions: {wait: {}}}, red: {actions: {wait: {}}}, third: {actions: {wait: {}}}}
outcomes: {war: {absorbing: true}, peace: {otherwise: true}}
ladders:
  clash:
    {sides: [blue, red], rate: 0.1, moves: 2, war: war, war_worth: {blue: -5, red: -5}, rungs: {guns: {}}}
""")
    found = aims_of(model, None)["war"]
    assert (found.aim, found.rule) == ("less", "agreed")
    assert {name: side.rule for name, side in found.sides.items()} == {"blue": "ladder", "red": "ladder"}


def test_settings_count_for_what_a_month_is_worth():
    """With tension held at nothing and no posts, a month costs India nothing, and a retreat is worth less."""
    model = ofr.loads(HEIGHTS)
    calm = ofr.Design(model, overrides={"tension": 0.0, "posts": 6.0})
    assert aims_for(calm)["clear"].sides["india"].aim == "less"


@pytest.mark.parametrize("command", ["compare", "misreadings", "brief"])
def test_an_actor_that_there_is_not_is_refused(tmp_path, command):
    path = tmp_path / "heights.yaml"
    path.write_text(HEIGHTS, encoding="utf-8")
    more = ("--policy", "press_early") if command == "compare" else ()
    result = call(command, str(path), "--for", "indja", *more)
    assert result.exit_code == 2
    assert "model `heights` has no such actor. Did you mean `india`?" in result.stderr


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("aim: fewer", "`aim` must be `more`, `less` or `none`, not"),
        ("aims: {indja: more}", "unknown actor `indja`"),
        ("aims: {india: good}", "`india` must be `more`, `less` or `none`, not"),
    ],
)
def test_what_is_no_aim_is_a_problem_with_its_place(key, said):
    with pytest.raises(ModelError) as error:
        ofr.loads(HEIGHTS.replace("title: A wider war", f"title: A wider war\n    {key}"))
    assert said in str(error.value)


# ── advice, as a property ─────────────────────────────────────────────────────────────────────────────────

CHANGES = st.tuples(st.floats(-0.5, 0.5).map(lambda x: round(x, 2)), st.booleans())


def comparison(rows):
    """Policies with a change of each ending, told from none or not."""
    return SimpleNamespace(
        policies={
            f"p{i}": SimpleNamespace(
                outcomes={
                    f"o{k}": SimpleNamespace(difference=d, distinguishable=clear and d != 0, runs=9)
                    for k, (d, clear) in enumerate(row)
                }
            )
            for i, row in enumerate(rows)
        }
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.tuples(
            st.lists(st.sampled_from([1, -1]), min_size=n, max_size=n),
            st.lists(st.lists(CHANGES, min_size=n, max_size=n), min_size=1, max_size=8),
        )
    )
)
def test_no_policy_is_left_out_that_is_better_on_every_ending_than_one_that_is_named(drawn):
    aims, rows = drawn
    signs = {f"o{k}": sign for k, sign in enumerate(aims)}
    found = comparison(rows)
    told = offramps.advice(found, signs)
    assert len({*told.better, *told.mixed, *told.worse}) == len([*told.better, *told.mixed, *told.worse])
    for most in range(1, len(told.better) + 1):
        named = told.better[:most]
        for name in named:
            for other, policy in found.policies.items():
                gains = [
                    (sign * policy.outcomes[n].difference, sign * found.policies[name].outcomes[n].difference)
                    for n, sign in signs.items()
                ]
                if all(here > there for here, there in gains):
                    assert other in named[: named.index(name)]
    for name in told.worse:
        clear = [(n, o) for n, o in found.policies[name].outcomes.items() if o.distinguishable]
        assert clear
        assert all(signs[n] * o.difference < 0 for n, o in clear)


def test_a_better_policy_of_which_less_is_sure_is_named_before_a_worse_one_that_is_sure():
    found = comparison([[(-0.01, True)], [(-0.03, False)], [(0.02, True)]])
    told = offramps.advice(found, {"o0": -1})
    assert (told.better, told.mixed, told.worse) == (["p1", "p0"], [], ["p2"])


def test_what_is_better_on_one_ending_and_worse_on_another_is_neither():
    found = comparison([[(-0.1, True), (-0.1, True)], [(-0.2, True), (0.1, True)]])
    told = offramps.advice(found, {"o0": -1, "o1": 1})
    assert (told.better, told.mixed) == (["p1"], ["p0"])


def test_without_an_aim_nothing_is_called_better():
    model = ofr.loads(
        HEIGHTS.replace("worth: {india: -150, pakistan: -200, usa: -100}", "aim: none").replace(
            "worth: {india: -5, pakistan: -20, usa: -15}", "aim: none"
        )
    )
    found = ofr.compare(ofr.Design(model, ["press_early"], scenarios=200), worlds=0)
    assert wants.signs(found.aims, wants.endings(model)) == {}
    telling = tell(found, model)
    assert telling.short.lines == ["No policy is called better or worse; what each changes stands below."]
    assert telling.short.counted.startswith("Nothing says which endings are better: give outcomes an `aim`")


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("aim", "said", "not_said"),
    [
        ("more", "Misperception costs", "risk"),
        ("less", "Misperception keeps the risk down", "costs"),
        ("none", "Misperception takes", "risk"),
    ],
)
def test_only_what_is_unwanted_is_called_a_risk(tmp_path, aim, said, not_said):
    """Blue believes that talks cost; seeing true it would seek them more, and a treaty would be likelier."""
    path = tmp_path / "talks.yaml"
    path.write_text(
        f"""
model: {{name: talks, title: Talks, illustrative: true}}
horizon: {{start: 2020-01-01, step: month, steps: 12}}
variables: {{trust: {{initial: 0}}}}
parameters: {{fear: {{value: 0}}}}
actors:
  blue:
    misreads: {{fear: {{value: 3, title: Talks are a trap}}}}
    actions: {{wait: {{}}, talk: {{propensity: -fear, effects: {{trust: 1}}}}}}
outcomes: {{treaty: {{title: Treaty, rate: 0.05 / month * trust, absorbing: true, aim: {aim}}}}}
""",
        encoding="utf-8",
    )
    text = " ".join(call("misreadings", str(path), "--runs", "200").stdout.split())
    assert said in text
    assert not_said not in text
