"""`offramp compare`: what policies change, in the same worlds with the same luck."""

from __future__ import annotations

import json
import math
from textwrap import dedent

import numpy as np
import pytest

import offramp as ofr
from cli_calls import call
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
    arming, _ = found.policies
    truth = war(range(11, 23)) - war([10] * 12)
    risk = arming.outcomes["war"].difference
    assert risk.low <= truth <= risk.high
    assert risk.high - risk.low < 0.06
    # The run that ends in war keeps its guns, so only those that go on reach 22.
    assert arming.variables["guns"].by[1].value == 1.0
    assert arming.outcomes["armed"].by[3].value == pytest.approx(1, abs=0.11)
    assert arming.outcomes["never"].difference.differing == 0
    assert arming.outcomes["peace"].difference.value == pytest.approx(-risk.value)


def test_what_never_differs_says_so_and_keeps_an_interval(found):
    never = found.policies[0].outcomes["never"]
    assert never.difference.needed is None
    assert never.difference.low < 0 < never.difference.high
    assert never.worlds.at_most == 0


def test_worlds_of_greater_danger_change_more(found):
    """War answers guns the more, the greater the danger: between worlds the effect spreads as that does."""
    spread = found.policies[0].outcomes["war"].worlds
    effects = [
        (1 - math.exp(-d * sum(range(11, 23)))) - (1 - math.exp(-d * 120))
        for d in np.linspace(0.001, 0.005, 101)
    ]
    assert spread.worlds == 100
    assert spread.deviation <= 3 * np.std(effects)
    assert spread.at_most >= np.std(effects)


def test_time_to_an_outcome_counts_the_whole_horizon_where_it_never_comes(found):
    """Arming passes twelve guns at the end of the third month; resting never does, which counts as twelve."""
    months = found.policies[0].months["armed"].difference
    assert months.there == 12
    assert 3 <= months.here <= 4  # those that war ends within three months count twelve as well
    assert found.policies[0].months.keys() == {"war", "armed", "never"}


def test_acts_are_counted_for_each_future(found):
    acts = found.policies[0].actions["blue", "arm"].difference
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


def test_the_json_holds_every_documented_key(guns):
    result = call(
        "compare", guns, "--policy", "arming", "--against", "resting", "--runs", "120", "--format", "json"
    )
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["against"] == "resting"
    assert list(found["policies"]) == ["arming"]
    one = found["policies"]["arming"]["outcomes"]["war"]
    assert one["low"] <= one["difference"] <= one["high"]
    assert one["difference"] == pytest.approx(one["here"] - one["there"], abs=2e-6)
    text = (ofr_root() / "docs/reference/commands.md").read_text(encoding="utf-8")
    part = text[text.index("### The JSON of compare") :].split("\n## ")[0]
    for key in {**found, **found["intervals"], **found["policies"]["arming"], **one, **one["parameters"]}:
        assert f"`{key}`" in part, key


def ofr_root():
    from documented import ROOT

    return ROOT


def test_a_change_that_is_told_apart_is_not_written_as_if_it_were_not():
    """-2.48 to -0.10 is no interval that ends in 0."""
    change = {"difference": -0.0103, "low": -0.0248, "high": -0.0010, "there": 0.08, "here": 0.0697}
    assert changes.points_range(change["low"], change["high"], change) == "−2.5 to −0.1"
    wider = change | {"high": 0.0010}
    assert changes.points_range(wider["low"], wider["high"], wider) == "−2 to 0"


def test_people_read_titles_both_intervals_and_what_is_not_told_apart(guns):
    result = call("compare", guns, "--policy", "arming", "--policy", "idle", "--runs", "300")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())  # however wide the terminal is
    assert "Blue arms (arming): chances by the end" in text
    assert "War comes" in text
    assert "sampling" in text
    assert "uncertain numbers" in text
    assert "Nothing at all (idle): no outcome is told apart from no difference." in text
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
        for words in ("War comes", "Blue arms", "points of a hundred", "likelier", "Bar: 90 % sampling"):
            assert words in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing option '--policy': name one or more of "),
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
    leap, burst = found.policies
    assert leap.outcomes["high"].difference.value == 1
    assert burst.outcomes["high"].difference.scenarios == 0
    assert found.failed == {"baseline": 0, "leap": 0, "burst": 120}
    plain = found.as_dict()["policies"]["burst"]["outcomes"]["high"]
    assert plain["difference"] is None
    assert plain["told_apart"] is False


def test_numbers_of_futures_are_told_to_two_digits():
    assert changes.futures_needed(18546) == "19,000"
    assert changes.futures_needed(97) == "97"
    assert changes.futures_needed(10**9) == "over 10 million"
