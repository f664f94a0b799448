"""A file laid over another is one model; every message still points into the file that is meant."""

from __future__ import annotations

import hashlib
import json

import pytest

from offramp import explain, load, loads
from offramp.errors import ModelError
from offramp.model import Distribution
from offramp.tell.model import explanation_text

BASE = """
model:
  name: strait
  title: A strait
  sources: {account: {title: An account}}
horizon: {start: 2020-06-01, step: month, steps: 12}
variables:
  tension:
    {initial: 40, change: "-decay * tension", noise: 2, bounds: [0, 100], saturates: true, source: account P1}
  arms: {initial: 0}
parameters:
  decay: {unit: 1/month, value: 0.1, source: account P2}
  heat: {value: 5, guess: true, reason: Half of ten.}
actors:
  blue:
    title: Blue
    actions:
      wait:
      press: {effects: {tension: heat, arms: 1}, propensity: log(0.5), source: account P3}
events:
  talks: {on: 2020-09-01, effects: {tension: -5}, source: account P4}
outcomes:
  crisis: {when: tension > 90, absorbing: true, source: account P5}
policies:
  still: {do: [{forbid: {blue: press}}]}
"""
HEAD = "extend: base.yaml\nmodel: {name: strait-2}\n"


@pytest.fixture
def laid(tmp_path):
    """Load a file over BASE."""
    (tmp_path / "base.yaml").write_text(BASE)

    def read(text, head=HEAD):
        (tmp_path / "upper.yaml").write_text(head + text)
        return load(tmp_path / "upper.yaml")

    return read


def messages(read, text, head=HEAD):
    with pytest.raises(ModelError) as error:
        read(text, head)
    return error.value.problems


def named(things, name):
    return next(t for t in things if t.name == name)


# ---------------------------------------------------------------------- merging


def test_what_the_upper_file_does_not_say_is_as_below(laid):
    upper, below = laid(""), loads(BASE)
    assert upper.name == "strait-2"
    assert upper.title == "A strait"
    assert (upper.start, upper.steps) == (below.start, below.steps)
    assert [v.initial.text for v in upper.variables] == [v.initial.text for v in below.variables]
    assert [p.value for p in upper.parameters] == [p.value for p in below.parameters]
    assert upper.events[0].on == below.events[0].on


def test_entries_merge_key_by_key_and_new_ones_come_last(laid):
    model = laid("""
horizon: {steps: 6}
variables: {tension: {title: Heat}, calm: {initial: 0, headline: true}}
parameters: {decay: {value: "uniform(0.1, 0.3)", source: account P9}}
actors: {blue: {actions: {press: {title: Press on}, talk: {effects: {tension: -1}}}}}
events: {talks: {on: 2020-10-01, source: account P4}}
""")
    tension = named(model.variables, "tension")
    assert (tension.title, tension.change.text, tension.origin.sources) == (
        "Heat", "-decay * tension", ("account P1",),
    )  # fmt: skip
    assert [v.name for v in model.variables] == ["tension", "arms", "calm"]
    assert named(model.parameters, "decay").unit == "1/month"
    assert isinstance(named(model.parameters, "decay").value, Distribution)
    assert [a.name for a in model.actors[0].actions] == ["wait", "press", "talk"]
    assert model.actors[0].actions[1].title == "Press on"
    assert model.events[0].on.month == 10
    assert model.steps == 6


def test_effects_merge_by_stock_and_one_effect_is_one_value(laid):
    text = "actors: {blue: {actions: {press: {effects: {tension: {set: 60}}, source: account P8}}}}"
    press = laid(text).actors[0].actions[1]
    assert [(e.variable, e.how) for e in press.effects] == [("tension", "set"), ("arms", "add")]


def test_lists_are_replaced_as_a_whole(laid):
    model = laid("policies: {still: {do: [{from: 2020-08-01, forbid: {blue: press}}]}}")
    assert len(named(model.policies, "still").interventions) == 1


def test_what_is_taken_out_and_written_anew_is_replaced_as_a_whole(laid):
    model = laid("""
without:
  {variables: {tension: [noise]}, events: [talks], policies: all,
   actors: {blue: {actions: {press: {effects: [arms]}}}}}
events: {talks: {rate: 1 / month, effects: {tension: -1}}}
""")
    assert named(model.variables, "tension").noise is None
    assert model.events[0].on is None
    assert [p.name for p in model.policies] == ["baseline"]
    assert [e.variable for e in model.actors[0].actions[1].effects] == ["tension"]


def test_all_of_a_section_that_is_not_there_is_nothing(laid):
    assert laid("without: {claims: all, evidence: all}").base.changes == laid("").base.changes


def test_an_empty_section_changes_nothing(laid):
    assert [e.name for e in laid("events:\n").events] == ["talks"]


# ---------------------------------------------------------------------- what backs a number


def test_a_changed_number_does_not_inherit_the_source_of_the_old_one(laid):
    (problem,) = messages(laid, "parameters: {decay: {value: 0.2}}")
    assert problem.message == "nothing says where the value of `decay` comes from"
    assert problem.file.endswith("upper.yaml")
    assert (problem.line, problem.column) == (3, 14)


def test_a_guess_below_does_not_stay_beside_a_source_above(laid):
    origin = named(laid("parameters: {heat: {value: 6, source: account P7}}").parameters, "heat").origin
    assert (origin.sources, origin.guess, origin.reason) == (("account P7",), False, "")


# ---------------------------------------------------------------------- where problems are


def test_a_problem_is_shown_in_the_file_in_which_it_stands(laid):
    text = "without: {parameters: [heat]}\nvariables: {calm: {initial: tension, headline: true}}"
    problems = messages(laid, text)
    below, upper = sorted(problems, key=lambda p: p.file)
    assert below.file.endswith("base.yaml")
    assert below.text == BASE.split("\n")[below.line - 1]
    assert below.text[below.column - 1 :].startswith("heat")
    assert below.message == "unknown name `heat`"
    assert below.hint[-1].startswith("It is taken out on line 3 of ")
    assert upper.file.endswith("upper.yaml")
    assert upper.line == 4


def test_a_place_in_the_other_file_is_named_with_the_file(laid):
    (problem,) = messages(laid, "parameters: {tension: {value: 1, source: account}}")
    assert "`tension` is a variable already (line 8 of " in problem.message
    assert problem.message.endswith("base.yaml)")


def test_origins_name_the_file(laid):
    model = laid("parameters: {heat: {value: 6, source: account P7}}")
    heat, decay = (named(model.parameters, n).origin for n in ("heat", "decay"))
    assert heat.file.endswith("upper.yaml")
    assert heat.line == 3
    assert decay.file.endswith("base.yaml")
    assert BASE.split("\n")[decay.line - 1].startswith("  decay:")


def test_a_problem_of_the_file_below_is_found_from_above(tmp_path):
    (tmp_path / "base.yaml").write_text(BASE.replace("heat, arms", "heatt, arms"))
    (tmp_path / "upper.yaml").write_text(HEAD)
    with pytest.raises(ModelError) as error:
        load(tmp_path / "upper.yaml")
    assert error.value.problems[0].file.endswith("base.yaml")


def test_an_override_of_a_name_that_is_gone_below_is_noticed(laid):
    (problem,) = messages(laid, "parameters: {heats: {value: 6, source: account P7}}")
    assert problem.message.endswith("base.yaml, and nothing here uses it")
    assert "Did you mean `heat`?" in problem.hint


# ---------------------------------------------------------------------- which file


@pytest.mark.parametrize(
    "name",
    ["../base.yaml", "/etc/base.yaml", "a/../base.yaml", "~/base.yaml", "c:base.yaml", "a\\base.yaml", "base"
     ".txt", "a//base.yaml", "file://base.yaml", "./../base.yaml"],
)  # fmt: skip
def test_nothing_outside_the_folder_can_be_extended(laid, name):
    (problem,) = messages(laid, "", f"extend: '{name}'\nmodel: {{name: strait-2}}\n")
    assert "cannot be extended" in problem.message or "no address" in problem.message


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "base.yaml").write_text(BASE)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "base.yaml").symlink_to(tmp_path / "base.yaml")
    (inner / "upper.yaml").write_text(HEAD)
    with pytest.raises(ModelError, match="leads out of the folder"):
        load(inner / "upper.yaml")


def test_a_file_in_a_folder_below_can_be_extended(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "base.yaml").write_text(BASE)
    (tmp_path / "upper.yaml").write_text("extend: ./shared/base.yaml\nmodel: {name: strait-2}\n")
    assert load(tmp_path / "upper.yaml").base.file.endswith("base.yaml")


def test_a_missing_file_is_named_with_its_place(laid):
    (problem,) = messages(laid, "", "extend: bass.yaml\nmodel: {name: strait-2}\n")
    assert problem.message.startswith("there is no file ")
    assert problem.message.endswith("bass.yaml")


# ---------------------------------------------------------------------- layers over layers


def test_each_layer_is_laid_over_all_that_is_below_it(laid, tmp_path):
    """The middle changes heat and takes talks out; the top changes heat again and brings talks back."""
    laid("without: {events: [talks]}\nparameters: {heat: {value: 6, source: account P7}}\n")
    (tmp_path / "top.yaml").write_text(
        "extend: upper.yaml\nmodel: {name: strait-3}\n"
        "parameters: {heat: {value: 7, source: account P8}}\nevents: {talks: {on: 2020-12-01}}\n"
    )
    model = load(tmp_path / "top.yaml")
    assert (model.name, model.title) == ("strait-3", "A strait")
    assert named(model.parameters, "heat").value == 7
    assert named(model.parameters, "decay").value == 0.1
    assert [(e.name, e.on.month, e.effects) for e in model.events] == [("talks", 12, ())]


def test_every_change_is_told_with_the_layer_that_makes_it(laid, tmp_path):
    laid("parameters: {heat: {value: 6, source: account P7}, decay: {value: 0.2, source: account P7}}\n")
    (tmp_path / "top.yaml").write_text(
        "extend: upper.yaml\nmodel: {name: strait-3}\nparameters: {heat: {value: 7, source: account P8}}\n"
    )
    model = load(tmp_path / "top.yaml")
    told = explain(model)
    found = [
        (c["path"], c["was"], c["now"], c["file"].rsplit("/", 1)[-1], c["line"]) for c in told["extends"]
    ]
    assert found == [
        ("model.name", "strait-2", "strait-3", "top.yaml", 2),
        ("parameters.heat.value", "6", "7", "top.yaml", 3),
        ("model.name", "strait", "strait-2", "upper.yaml", 2),
        ("parameters.heat.value", "5", "6", "upper.yaml", 3),
        ("parameters.decay.value", "0.1", "0.2", "upper.yaml", 3),
    ]

    text = explanation_text(model, 200, sections=["extends"])
    assert f"Changed by {tmp_path / 'top.yaml'} (2):" in text
    assert f"Changed by {tmp_path / 'upper.yaml'} (3):" in text


def test_a_problem_in_any_layer_is_shown_in_its_file(laid, tmp_path):
    laid("")
    (tmp_path / "upper.yaml").write_text(HEAD + "without: {parameters: [heat]}\n")
    (tmp_path / "top.yaml").write_text(
        "extend: upper.yaml\nmodel: {name: strait-3}\nevents: {spark: {rate: ember}}\n"
    )
    with pytest.raises(ModelError) as error:
        load(tmp_path / "top.yaml")
    lowest, top = error.value.problems
    assert (lowest.file.rsplit("/", 1)[-1], lowest.message) == ("base.yaml", "unknown name `heat`")
    assert lowest.hint[-1] == f"It is taken out on line 3 of {tmp_path / 'upper.yaml'}."
    assert (top.file.rsplit("/", 1)[-1], top.message) == ("top.yaml", "unknown name `ember`")


def test_the_hash_covers_the_whole_chain(laid, tmp_path):
    below = laid("")
    text = "extend: upper.yaml\nmodel: {name: strait-3}\n"
    (tmp_path / "top.yaml").write_text(text)
    model = load(tmp_path / "top.yaml")
    own = hashlib.sha256(text.encode()).hexdigest()
    assert model.hash == hashlib.sha256(f"{own} extends {below.hash}".encode()).hexdigest()
    assert (model.base.hash, model.base.base.hash) == (below.hash, below.base.hash)
    (tmp_path / "base.yaml").write_text(BASE + "# a word\n")
    assert load(tmp_path / "top.yaml").hash != model.hash


def test_a_circle_is_refused_with_the_whole_of_it(tmp_path):
    for name, below in (("a", "b"), ("b", "c"), ("c", "b"), ("self", "self")):
        (tmp_path / f"{name}.yaml").write_text(f"extend: ./{below}.yaml\nmodel: {{name: {name}}}\n")
    with pytest.raises(ModelError) as error:
        load(tmp_path / "a.yaml")
    (problem,) = error.value.problems
    chain = " extends ".join(str(tmp_path / f"{name}.yaml") for name in "abcb")
    assert problem.message == f"{chain}: no model can extend itself"
    assert (problem.file, problem.line, problem.column) == (str(tmp_path / "c.yaml"), 1, 9)
    with pytest.raises(ModelError, match="no model can extend itself"):
        load(tmp_path / "self.yaml")


def test_a_chain_of_eight_is_the_most(tmp_path):
    (tmp_path / "base0.yaml").write_text(BASE)
    for i in range(1, 9):
        text = f"extend: base{i - 1}.yaml\nmodel: {{name: strait-{i}}}\n"
        (tmp_path / f"base{i}.yaml").write_text(text)
    assert load(tmp_path / "base7.yaml").name == "strait-7"
    with pytest.raises(ModelError) as error:
        load(tmp_path / "base8.yaml")
    (problem,) = error.value.problems
    assert problem.message == "more than 8 models that extend each other"
    assert problem.file == str(tmp_path / "base1.yaml")


def test_a_huge_base_is_refused_by_its_size(laid, tmp_path):
    (tmp_path / "big.yaml").write_text("#" * (1 << 20) + "\n#")
    (problem,) = messages(laid, "", "extend: big.yaml\nmodel: {name: strait-2}\n")
    assert "a model file may have at most" in problem.message


# ---------------------------------------------------------------------- what is told of it


def test_the_hash_is_of_both_files(laid, tmp_path):
    first = laid("")
    assert first.base.hash == hashlib.sha256(BASE.encode()).hexdigest()
    assert laid("# a word\n").hash != first.hash
    assert laid("").hash == first.hash
    (tmp_path / "base.yaml").write_text(BASE + "# a word\n")
    assert load(tmp_path / "upper.yaml").hash != first.hash


def test_explain_lists_what_is_otherwise(laid):
    told = explain(
        laid("""
without: {events: [talks]}
parameters: {heat: {value: 6, source: account P7}, cold: {value: 0, source: account}}
events: {chill: {rate: cold / month}}
""")
    )
    assert told["summary"]["extends"]["changes"] == 5
    found = [(c["how"], c["path"], c["was"], c["now"]) for c in told["extends"]]
    assert found == [
        ("removed", "events.talks", "", ""),
        ("changed", "model.name", "strait", "strait-2"),
        ("changed", "parameters.heat.value", "5", "6"),
        ("added", "parameters.cold", "", ""),
        ("added", "events.chill", "", ""),
    ]
    assert explain(loads(BASE))["extends"] == []
    json.dumps(told)


def test_an_entry_said_again_word_for_word_is_no_change(laid):
    told = explain(laid("parameters: {heat: {value: 5, source: account P7}}"))
    assert [c["path"] for c in told["extends"]] == ["model.name"]


def test_a_bundled_crisis_is_extended_by_its_name():
    model = loads("extend: chicken\nmodel: {name: calm}\nparameters: {danger: {value: 0}}")
    assert model.base.file == "chicken.yaml"
    assert named(model.parameters, "danger").value == 0
    assert model.illustrative
