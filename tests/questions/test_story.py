"""Stories: a scripted run has one story, word by word; every surprise told is one."""

from __future__ import annotations

from importlib import resources

import pytest

import offramp as ofr
from cli_calls import call, found_by
from offramp.analysis.chronicle import SURPRISING
from offramp.questions.story.ask import Story, story

SCRIPT = """
model: {name: isles, title: Two isles, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 4}
variables:
  strain: {title: Strain, unit: points, initial: 10, headline: true}
  ships: {title: Ships, unit: "1", initial: 3}
parameters:
  nerve: {title: Nerve, unit: "1", value: 2}
actors:
  north:
    title: North
    depth: 1
    horizon: 1
    precision: "0.5 / point"
    utility: {calm: "-strain / month"}
    misreads: {nerve: {value: 1, title: South has no nerve}}
    actions:
      patrol: {title: Patrol, effects: {strain: {add: 20}}}
      wait: {title: Wait}
  south:
    title: South
    actions:
      sail: {title: Sail, propensity: nerve, effects: {ships: {add: 1}}}
      rest: {title: Rest}
events:
  vote: {title: Vote, on: 2020-02-10, branches: {
    hawks: {title: Hawks win, probability: 1, effects: {ships: {add: 2}}},
    doves: {title: Doves win, probability: rest}}}
outcomes:
  clash: {title: Clash, when: "strain > 40", absorbing: true}
policies:
  script: {title: As written, do: [
    {until: 2020-02-01, force: {north: wait, south: rest}},
    {from: 2020-02-01, force: {north: patrol, south: sail}}]}
"""

TOLD = """\
Two isles
Future 7 of seed 0, policy “As written”. One course of many.
Illustrative: the numbers of this model are there to teach.
Ends with: Clash.

What North has wrong as it begins
  South has no nerve (Nerve): taken for 1; in truth 2.

1 January 2020
  Strain: 10 points.
  North: Wait (by policy).

1 February 2020
  Vote: Hawks win.
  North: Patrol (by policy). South: Sail (by policy).

1 March 2020
  Strain: up, from 10 points to 30 points.
  North: Patrol (by policy). South: Sail (by policy).
  Clash; the run ends here.

Again: offramp story isles.yaml --run 7 --seed 0 --policy script
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "isles.yaml").write_text(SCRIPT)
    return "isles.yaml"


def test_a_scripted_run_has_one_story(file):
    """Everything in it is forced or certain: the dates, the acts, the vote, what moved, and the end."""
    done = call("story", file, "--policy", "script", "--run", "7")
    by = f"offramp {ofr.__version__}, model {ofr.loads(SCRIPT).hash[:12]}\n"
    assert (done.exit_code, done.stdout) == (0, TOLD + by)


def test_a_story_comes_back_from_its_json(file):
    given = found_by("story", "chicken", "--run", "3", "--thoughts", "1")
    found = story(ofr.Design(ofr.load("chicken"), scenarios=[3]), thoughts=1)
    assert Story.from_dict(given) == found
    assert found.thoughts
    shown = call("story", "chicken", "--run", "3", "--thoughts", "1").stdout
    assert "Again: offramp story chicken --run 3 --seed 0 --thoughts 1\n" in shown


def test_a_surprise_is_told_exactly_where_the_other_gave_it_little():
    """A surprise stands in the story if and only if `expected` of the runs is below a tenth."""
    model = ofr.load("us-iran-2020")
    design = ofr.Design(model, scenarios=[4])
    runs = ofr.simulate(design).isel(policy=0, scenario=0)
    told = {
        (entry.at.isoformat(), s.subject, s.facts["about"])
        for entry in story(design, thoughts=0).entries
        for s in entry.sayings
        if s.kind == "surprise"
    }
    expected = {
        (str(day)[:10], *str(pair).split("/"))
        for pair in runs.expectation.values
        for day, p in zip(runs.step.values, runs.expected.sel(expectation=pair).values, strict=True)
        if p < SURPRISING
    }
    assert told == expected
    assert told


def test_thoughts_are_those_of_minds_at_that_date():
    """What a story says of a mind is what `offramp minds` says of it."""
    design = ofr.Design(ofr.load("spiral"), scenarios=[4])
    told = story(design, thoughts=1)
    (thought,) = told.thoughts
    (mind,) = ofr.minds(design, thought.at, [thought.actor]).actors
    option = next(o for o in mind.options if o.name == thought.action)
    assert thought.probability == option.probability
    assert thought.points == option.judgement.relative


def test_the_story_as_json_holds_the_same_acts(file):
    told = found_by("story", file, "--policy", "script", "--run", "7")
    acts = [s["facts"]["action"] for e in told["entries"] for s in e["sayings"] if s["kind"] == "act"]
    assert acts == ["wait", "rest", "patrol", "sail", "patrol", "sail"]
    assert (told["ending"], told["on_the_way"]) == ("Clash", [])


def test_nobody_is_said_to_have_chosen_what_the_policy_forces():
    """A forced act surprises the other side most, and yet no mind says why it was done."""
    text = (resources.files("offramp.crises") / "chicken.yaml").read_text(encoding="utf-8")
    pressed = "policies: {pressed: {title: Press, do: [{until: 2026-07-01, force: {altara: press_on}}]}}\n"
    told = story(ofr.Design(ofr.loads(text + pressed), ["pressed"], scenarios=[3]), thoughts=50)
    acts = {
        (e.at, s.subject): s.facts["by_policy"] for e in told.entries for s in e.sayings if s.kind == "act"
    }
    assert any(acts.values())
    assert told.thoughts
    assert not any(acts[t.at, t.actor] for t in told.thoughts)


QUIET = """
model: {name: lake, title: A lake, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 4}
variables: {boats: {title: Boats, unit: thousand * person, initial: 8, headline: true}}
actors: {town: {title: Town, depth: 1, horizon: 1, precision: 1,
  utility: {room: -1 * boats / (thousand * person)}, actions: {rest: {title: Rest}}}}
outcomes:
  full: {title: Full, when: "boats > 5"}
  calm: {title: Calm, otherwise: true}
"""


def test_a_run_that_nothing_ends_ends_with_what_holds_otherwise(tmp_path):
    """What came on the way is told as such, units are in words, and months alike are told once."""
    path = tmp_path / "lake.yaml"
    path.write_text(QUIET)
    told = call("story", str(path)).stdout
    assert "Ends with: Calm.\nOn the way: Full.\n" in told
    assert "Boats: 8 thousand people." in told
    assert "1 February 2020 to 1 April 2020\n  Town: Rest.\n" in told


def test_a_run_that_failed_has_no_story(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text(
        "model: {name: m, title: M, illustrative: true}\n"
        "horizon: {start: 2020-01-01, step: month, steps: 2}\n"
        'variables: {x: {title: X, unit: "1", initial: 1, change: "log(x - 1) / month"}}\n'
    )
    done = call("story", str(path))
    assert done.exit_code == 1
    assert done.stderr == "Error: run 0 of policy `baseline` failed, so it has no story.\n"


def test_several_runs_are_no_story():
    with pytest.raises(ofr.UsageError, match=r"a story is that of one run; this design has 2\."):
        story(ofr.Design(ofr.loads(SCRIPT), scenarios=2))


# ── the future that stands for an outcome ─────────────────────────────────────────────────────────────────

COIN = """
model: {name: coin, title: A coin, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 6}
variables: {x: {initial: 0}}
actors:
  a: {actions: {wait: {}, odd: {propensity: -4}}}
events:
  toss: {on: 2020-03-10, branches: {heads: {probability: 0.2, effects: {x: 1}}, tails: {probability: rest}}}
outcomes:
  war: {title: War, when: "x > 0", absorbing: true}
  never: {title: Never, rate: 0 / month, absorbing: true}
  peace: {title: Peace, otherwise: true}
policies: {calm: {do: [{set: {x: 0}, forbid: {a: [odd]}}]}}
"""


def test_a_story_can_be_of_a_future_in_which_something_came(tmp_path, monkeypatch):
    """It is the future most like the others: heads by a fair course, without the odd act that few have."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coin.yaml").write_text(COIN)
    war = found_by("story", "coin.yaml", "--outcome", "war")
    assert war["ending"] == "War"
    assert war["typical_of"]["runs"] == 1000
    assert 150 < war["typical_of"]["came"] < 250
    acts = [s["facts"]["action"] for e in war["entries"] for s in e["sayings"] if s["kind"] == "act"]
    assert set(acts) == {"wait"}
    assert found_by("story", "coin.yaml", "--run", str(war["run"]))["entries"] == war["entries"]
    peace = found_by("story", "coin.yaml", "--outcome", "peace", "--policy", "calm")
    assert (peace["ending"], peace["policy"]) == ("Peace", "calm")
    text = call("story", "coin.yaml", "--outcome", "war").stdout
    assert "futures in which “War” came, the one that is most like the others" in " ".join(text.split())
    assert f"--run {war['run']} " in text


def test_an_outcome_that_never_comes_has_no_story(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coin.yaml").write_text(COIN)
    result = call("story", "coin.yaml", "--outcome", "never")
    assert (result.exit_code, "comes in none of 1,000 futures" in result.stderr) == (2, True)
    both = call("story", "coin.yaml", "--outcome", "war", "--run", "3")
    assert (both.exit_code, "leave one of them out" in both.stderr) == (2, True)
