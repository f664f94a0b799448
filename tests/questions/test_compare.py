"""`offramp compare`: what policies change, in the same worlds with the same luck."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date
from textwrap import dedent

import numpy as np
import pytest
from scipy import stats

import offramp as ofr
from cli_calls import call, found_by
from offramp.analysis.changes import ChangeAt
from offramp.analysis.intervals import normal_quantile
from offramp.analysis.together import level_together
from offramp.analysis.weighing import Weighed
from offramp.questions.compare.ask import Comparison
from offramp.questions.compare.hinges import hinges_of
from offramp.questions.compare.tell import futures_needed, tell
from offramp.tell import changes
from small_models import made

# Blue's guns make war likelier; red answers nothing. What each policy does is known in closed form.
GUNS = """
model: {name: guns, title: Guns and talks, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables:
  guns: {title: Guns, unit: points, initial: 10, headline: true}
parameters:
  danger: {unit: 1/month, value: "uniform(0.001, 0.005)"}
actors:
  blue:
    title: Blue
    actions:
      wait: {title: Wait}
      arm: {title: Arm, effects: {guns: 1}, propensity: -1}
outcomes:
  war: {title: War comes, rate: danger * guns, absorbing: true}
  armed: {title: Guns pass twelve, when: guns > 12.5}
  never: {title: The sky falls, when: guns < 0}
  peace: {title: Peace holds, otherwise: true}
policies:
  arming: {title: Blue arms, do: [{force: {blue: arm}}]}
  resting: {title: Blue rests, do: [{force: {blue: wait}}]}
  idle: {title: Nothing at all, do: [{from: 2020-03-01, shift: {guns: 0}}]}
"""


@pytest.fixture(scope="module")
def guns(tmp_path_factory):
    path = tmp_path_factory.mktemp("compare") / "guns.yaml"
    path.write_text(GUNS, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def found(guns):
    design = ofr.Design(ofr.load(guns), ["arming", "idle"], scenarios=1500, seed=4)
    return ofr.compare(design, "resting")


def war(guns_at):
    """Chance of war within a year: danger is uniform, guns at the end of each month are known."""
    total = sum(guns_at)
    low, high = 0.001 * total, 0.005 * total
    return 1 - (math.exp(-low) - math.exp(-high)) / (high - low)


def test_the_changes_are_those_of_closed_forms(found):
    arming = found.policies["arming"]
    truth = war(range(11, 23)) - war([10] * 12)
    risk = arming.outcomes["war"]
    assert risk.low <= truth <= risk.high
    assert risk.high - risk.low < 0.06
    # The run that ends in war keeps its guns, so only those that go on reach 22.
    assert arming.variables["guns"].by[date(2020, 2, 1)].difference == 1.0
    assert arming.outcomes["armed"].by[date(2020, 4, 1)].difference == pytest.approx(1, abs=0.11)
    assert arming.outcomes["never"].differing == 0
    assert arming.outcomes["peace"].difference == pytest.approx(-risk.difference)


def test_what_never_differs_says_so_and_keeps_an_interval(found):
    never = found.policies["arming"].outcomes["never"]
    assert never.runs_needed is None
    assert never.low < 0 < never.high
    assert never.parameters.at_most == 0


def test_worlds_of_greater_danger_change_more(found):
    """War answers guns the more, the greater the danger: between worlds the effect spreads as that does."""
    spread = found.policies["arming"].outcomes["war"].parameters
    effects = [
        (1 - math.exp(-d * sum(range(11, 23)))) - (1 - math.exp(-d * 120))
        for d in np.linspace(0.001, 0.005, 101)
    ]
    assert spread.worlds == 100
    assert spread.deviation <= 3 * np.std(effects)
    assert spread.at_most >= np.std(effects)


def test_time_to_an_outcome_counts_the_whole_horizon_where_it_never_comes(found):
    """Arming passes twelve guns at the end of the third month; resting never does, which counts as twelve."""
    outcomes = found.policies["arming"].outcomes
    months = outcomes["armed"].months
    assert months.there == 12
    assert 3 <= months.here <= 4  # those that war ends within three months count twelve as well
    assert {n for n, o in outcomes.items() if o.months is not None} == {"war", "armed", "never"}


def test_acts_are_counted_for_each_future(found):
    acts = found.policies["arming"].actions["blue"]["arm"]
    assert acts.there == 0
    # Once in each month that war has not ended before.
    assert acts.low <= sum(1 - war(range(11, 11 + k)) for k in range(1, 12)) + 1 <= acts.high


def test_the_same_command_gives_the_same_numbers_whatever_the_threads(guns):
    one, two = (
        call(
            "compare", guns, "--policy", "arming", "--runs", "150", "--format", "json", "--threads", n
        ).stdout
        for n in ("1", "2")
    )
    assert one == two


def test_the_json_of_the_command_is_that_of_an_answer(guns):
    result = call(
        "compare", guns, "--policy", "arming", "--against", "resting", "--runs", "120", "--format", "json"
    )
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert Comparison.from_dict(found).as_dict() == found
    assert found["against"] == "resting"
    assert list(found["policies"]) == ["arming"]
    one = found["policies"]["arming"]["outcomes"]["war"]
    assert one["low"] <= one["difference"] <= one["high"]
    assert one["difference"] == pytest.approx(one["here"] - one["there"], abs=2e-6)
    assert one["parameters"]["replicates"] == found["replicates"] == 10


def test_a_change_that_is_told_apart_is_not_written_as_if_it_were_not():
    """-2.48 to -0.10 is no interval that ends in 0."""
    change = ChangeAt(difference=-0.0103, low=-0.0248, high=-0.0010)
    assert changes.points_range(change) == "−2.5 to −0.1"
    assert changes.points_range(replace(change, high=0.0010)) == "−2 to 0"


def test_people_read_titles_both_intervals_and_what_is_not_told_apart(guns):
    result = call("compare", guns, "--policy", "arming", "--policy", "idle", "--runs", "300")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())  # however wide the terminal is
    assert "Blue arms (arming): chances by the end" in text
    assert "War comes" in text
    assert "sampling" in text
    assert "uncertain numbers" in text
    assert "Nothing at all (idle): no outcome is distinguishable from no difference." in text
    assert "The same in every future: War comes; Guns pass twelve; The sky falls; Peace holds." in text
    assert "Again: offramp compare" in text
    assert "guns" not in text.replace("guns.yaml", "").replace("Guns", "")


def test_worlds_can_be_left_out(guns):
    result = call("compare", guns, "--policy", "arming", "--runs", "50", "--worlds", "0")
    assert (
        "uncertain numbers" not in result.stdout.split("How sure")[0].split("Blue arms (arming): chances")[1]
    )
    found = json.loads(
        call(
            "compare", guns, "--policy", "arming", "--runs", "50", "--worlds", "0", "--format", "json"
        ).stdout
    )
    assert found["policies"]["arming"]["outcomes"]["war"]["parameters"] is None


@pytest.mark.parametrize("form", ["png", "svg"])
def test_a_picture_is_drawn_where_asked(guns, tmp_path, form):
    path = tmp_path / f"changes.{form}"
    result = call(
        "compare", guns, "--policy", "arming", "--policy", "resting", "--runs", "60", "--picture", str(path)
    )
    assert result.exit_code == 0
    assert path.read_bytes()[:4] in (b"\x89PNG", b"<svg")
    if form == "svg":
        for words in ("War comes", "Blue arms", "points of a hundred", "likelier", "Bar: sampling interval"):
            assert words in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--policy", "arm"), "Did you mean `arming`?"),
        (("--policy", "arming", "--against", "arming"), "nothing but `arming` was asked for"),
        (("--policy", "arming", "--runs", "5", "--worlds", "9"), "--worlds 9 needs at least as many --runs"),
        (("--policy", "arming", "--picture", "x.pdf"), "written as .svg or .png"),
    ],
)
def test_what_cannot_be_compared_is_said_before_anything_runs(guns, words, said):
    result = call("compare", guns, *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_failed_runs_are_left_out_of_both_and_counted():
    model = made(
        dedent(
            """
            variables: {x: {initial: 1, bounds: [0, 10]}}
            parameters: {luck: {value: "uniform(0, 1)"}}
            actors: {blue: {actions: {wait: {}}}}
            outcomes: {high: {when: x > 5}}
            policies: {leap: {do: [{shift: {x: 6}}]}, burst: {do: [{shift: {x: 60}}]}}
            """
        ),
        2,
    )
    found = ofr.compare(ofr.Design(model, ["leap", "burst"], scenarios=120))
    leap, burst = found.policies.values()
    assert leap.outcomes["high"].difference == 1
    assert burst.outcomes["high"].runs == 0
    assert (leap.failed_runs, burst.failed_runs, found.failures) == (0, 120, (120, 360))
    plain = found.as_dict()["policies"]["burst"]["outcomes"]["high"]
    assert plain["difference"] is None
    assert plain["distinguishable"] is False


def test_numbers_of_futures_are_told_to_two_digits():
    assert futures_needed(18546) == "19,000"
    assert futures_needed(97) == "97"
    assert futures_needed(10**9) == "over 10 million"


def test_of_many_policies_that_do_nothing_none_is_told_from_none_in_nine_analyses_of_ten():
    """Twenty policies, three ends, changes of luck alone: at 90 % each some are clear in every analysis."""
    rng = np.random.default_rng(2)
    told = clear = 0
    for _ in range(300):
        scores = np.abs(rng.standard_normal(60))
        told += (scores > normal_quantile(0.95)).any()
        clear += (scores > normal_quantile((1 + _level(scores)) / 2)).any()
    assert told >= 285
    assert clear / 300 == pytest.approx(0.1, abs=0.052)


def test_of_the_changes_that_are_told_from_none_one_in_ten_is_luck():
    """Thirty changes that are there among thirty that are not: the share of luck is 0.1 times 30 of 60."""
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(400):
        scores = np.abs(rng.standard_normal(60) + np.repeat([3.0, 0.0], 30))
        clear = scores > normal_quantile((1 + _level(scores)) / 2)
        assert clear[:30].sum() > 10
        shares.append(clear[30:].sum() / clear.sum())
    assert np.mean(shares) == pytest.approx(0.05, abs=0.01)


def _level(scores):
    return level_together(lambda at: int((scores > normal_quantile((1 + at) / 2)).sum()), len(scores))


def test_the_level_is_that_of_the_step_up_rule(found):
    """Benjamini and Hochberg (1995) by p-values, held against the level read off the intervals."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        scores = np.abs(rng.standard_normal(25) + rng.choice([0, 2.5], 25))
        p = np.sort([2 * (1 - stats.norm.cdf(z)) for z in scores])
        rejected = max((k for k in range(1, 26) if p[k - 1] <= 0.1 * k / 25), default=0)
        level = _level(scores)
        assert level == pytest.approx(1 - 0.1 * max(1, rejected) / 25)
        assert int((scores > normal_quantile((1 + level) / 2)).sum()) == rejected
    # In an answer, what is told from none is what its interval leaves 0 out of.
    for policy in found.policies.values():
        for change in (*policy.outcomes.values(), *policy.variables.values()):
            assert change.distinguishable == (change.low > 0 or change.high < 0)


def test_seven_wars_more_in_two_hundred_futures_are_none_among_fifty():
    """All seven pairs that differ go one way: something for one look and nothing for 51."""
    more = np.zeros((2, 200))
    more[1, :7] = 1
    seven = Weighed(more, more, 0.0)
    assert seven.difference().distinguishable
    assert (
        not seven.difference(level=level_together(lambda at: int(seven.difference(level=at).low > 0), 51)).low
        > 0
    )


def uncertain(numbers, scenarios):
    """A design of a model with so many uncertain numbers, and two outcomes."""
    parameters = "\n".join(f"  p{i}: {{value: 'uniform(0, 1)'}}" for i in range(numbers))
    model = made(
        "variables: {x: {initial: 0}}\nactors: {blue: {actions: {wait: {}}}}\n"
        "outcomes: {high: {when: x > 5}, low: {when: x < 0}}\npolicies: {idle: {}, still: {}}\n"
        f"parameters:\n{parameters}",
        2,
    )
    return ofr.Design(model, ["baseline", "idle", "still"], scenarios=scenarios, seed=3)


def test_of_many_numbers_that_do_nothing_none_is_named_as_a_hinge_but_in_one_of_ten_answers():
    """Thirty numbers, two policies, two outcomes: of 120 looks luck alone would name twelve at 90 %."""
    design = uncertain(30, 400)
    rng = np.random.default_rng(6)
    named = 0
    for _ in range(100):
        luck = rng.standard_normal((2, 2, 400))
        effects = {
            p: {o: luck[i, j] for j, o in enumerate(("high", "low"))} for i, p in enumerate(("idle", "still"))
        }
        named += bool(hinges_of(design, effects))
    assert named <= 19  # 10 % of 100, and three deviations
    assert named >= 2, "the correction is not so strict that it would never name one"


def test_the_number_on_which_an_effect_hangs_is_named_among_many():
    design = uncertain(30, 400)
    numbers = design.inputs("baseline").parameters
    rng = np.random.default_rng(7)
    effect = -numbers[:, 12] + 0.3 * rng.standard_normal(400)
    effect[:9] = np.nan  # failed runs count for nothing
    found = hinges_of(design, {"idle": {"high": effect, "low": np.zeros(400)}, "still": {}})
    assert found.keys() == {"idle"}
    assert found["idle"].keys() == {"high"}
    hinge = found["idle"]["high"]
    assert hinge.parameter == "p12"
    assert hinge.correlation < -0.5
    assert hinge.upper_third == pytest.approx(-5 / 6, abs=0.1)
    assert hinge.lower_third == pytest.approx(-1 / 6, abs=0.1)


def test_no_hinge_is_named_by_fewer_than_thirty_futures():
    """Twenty that agree perfectly would pass the correction, and yet be few."""
    design = uncertain(1, 40)
    effect = design.inputs("baseline").parameters[:, 0].copy()
    assert hinges_of(design, {"idle": {"high": effect}})["idle"]["high"].parameter == "p0"
    effect[20:] = np.nan
    assert hinges_of(design, {"idle": {"high": effect}}) == {}


def test_a_comparison_comes_back_from_its_json(found):
    assert Comparison.from_dict(json.loads(found.to_json())) == found


WORTHS = """
variables: {heat: {initial: 1}, cold: {initial: 0, headline: true}}
parameters: {loss: {value: "uniform(20, 40)"}}
actors: {red: {title: Red, actions: {wait: {}, stir: {effects: {heat: 1}}}}}
outcomes:
  war: {title: War, rate: 0.05 / month * heat, absorbing: true, worth: {red: -loss}}
  pact: {title: Pact, rate: 0.02 / month, absorbing: true, worth: {red: 5}}
  flood: {title: Flood, rate: 0.02 / month, absorbing: true}
policies:
  hold: {title: Hold, do: [{force: {red: wait}}]}
  stir: {title: Stir, do: [{force: {red: stir}}]}
"""


def test_the_box_of_a_brief_names_who_helps_and_who_harms_and_what_else_ends_futures():
    """Less war is for the better, for it costs Red; a flood has no worth, so it counts for neither."""
    model = made(WORTHS, 12)
    found = ofr.compare(ofr.Design(model, ["hold", "stir"], scenarios=1500), worlds=0)
    telling = tell(found, model)
    helps, harms = telling.short.lines
    assert helps.startswith("“Hold”: “War” ")
    assert harms.startswith("For the worse: “Stir”: “War” ")
    counted = telling.short.counted.replace("\N{NO-BREAK SPACE}", " ")
    assert counted == (
        "Better means less “War” (worth less than an ordinary month to Red) and more “Pact” (worth more than "
        "an ordinary month to Red). Changes counted in 1,500 futures under each policy, each held against "
        "itself under the other."
    )


# ── all policies, and what they force ─────────────────────────────────────────────────────────────────────

FORCED = """
model: {name: forced, title: Forced, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 10}
variables: {x: {initial: 0, change: 1 / month}}
actors:
  a: {title: Anna, actions: {wait: {}, late: {title: Late, when: "x > 4.5"}, no: {title: No, when: "x > 99"}}}
outcomes: {war: {rate: 0.05 / month, absorbing: true}, peace: {otherwise: true}}
policies:
  late: {title: Lately, do: [{force: {a: late}}]}
  never: {do: [{force: {a: no}}]}
  free: {do: [{forbid: {a: [late]}}]}
  apart: {variant: true, do: [{force: {a: wait}}]}
"""


def test_without_names_all_policies_that_one_could_choose_are_compared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forced.yaml").write_text(FORCED)
    few = ("--runs", "60", "--worlds", "0")
    found = found_by("compare", "forced.yaml", *few)
    assert list(found["policies"]) == ["late", "never", "free"]
    (tmp_path / "none.yaml").write_text(FORCED.partition("policies:")[0])
    refused = call("compare", "none.yaml", *few)
    assert (refused.exit_code, "has no policy to hold against" in refused.stderr) == (2, True)


def test_a_force_that_was_not_possible_is_told_with_how_often(tmp_path, monkeypatch):
    """The act is possible from the sixth month on: not in five months of ten of a future that lasts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forced.yaml").write_text(FORCED.replace("rate: 0.05 / month, ", "rate: 0 / month, "))
    few = ("--runs", "30", "--worlds", "0")
    policies = found_by("compare", "forced.yaml", *few)["policies"]
    late = {"policy": "late", "actor": "a", "action": "late", "steps": 300, "taken": 150}
    assert policies["late"]["forced"] == [late]
    assert policies["never"]["forced"][0]["taken"] == 0
    assert policies["free"]["forced"] == []
    text = " ".join(call("compare", "forced.yaml", *few).stdout.split())
    assert "Lately (late) forces Anna to “Late”: that was not possible in 50 % of the months" in text
    assert "that was never possible, and another act was chosen there" in text
