"""`offramp check` notes what changes nothing in a sound model, and is silent on what may be meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_calls import call
from offramp.language.check import load, loads
from offramp.language.files import bundled_names
from offramp.language.notes import notes

HEAD = """
model: {name: m, title: M, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables: {x: {initial: 1, headline: true, change: -0.1 / month * x}}
"""
BLUE = "actors: {blue: {actions: {wait: {}, go: {effects: {x: 1}}}, %s}}\n"
TWO = """
actors:
  blue:
    types: {hard: {parameters: {p: 2}}, soft: {parameters: {p: %s}}}
    true_type: %s
    actions: {go: {cost: p}}
  red: {depth: 1, horizon: 2, precision: 1, utility: {u: x}, actions: {go: {}}%s}
parameters: {p: {value: 1}}
"""


def noted(text):
    return [n.message for n in notes(loads(HEAD + text))]


def test_a_parameter_that_nothing_reads_is_noted():
    assert noted("parameters: {p: {value: 1}}") == ["nothing reads `p`"]
    assert noted("parameters: {p: {value: 1}}\noutcomes: {war: {when: x > p}}") == []


def test_who_misreads_sets_or_types_a_parameter_does_not_read_it():
    text = "parameters: {p: {value: 1}}\n" + BLUE % "misreads: {p: 0.5 * p}"
    (note,) = notes(loads(HEAD + text + "policies: {calm: {do: [{set: {p: 2}}]}}"))
    assert note.message == "nothing reads `p`"
    assert note.hint[0].startswith(
        "`blue` misreads it, policy `calm` changes it: that changes nothing either."
    )


def test_a_variable_that_is_shown_observed_or_claimed_may_have_no_reader():
    """An author says `headline: true` of what is there to be looked at."""
    assert noted("outcomes: {war: {rate: 0.1 / month}}") == []
    text = HEAD.replace("headline: true, ", "")
    assert [n.message for n in notes(loads(text))] == ["nothing reads `x`"]
    claim = "claims: {C1: {title: T, tests: [{quantity: {variable: x}, expect: above, limit: 0, reason: R}]}}"
    assert not notes(loads(text + claim))


def test_what_only_gives_a_value_to_itself_is_read_by_nobody():
    text = HEAD.replace("headline: true, ", "") + BLUE % "sees: {x: {bias: x}}"
    assert [n.message for n in notes(loads(text))] == ["nothing reads `x`"]


def test_a_stock_that_nothing_changes_and_nothing_reads_is_noted_even_where_it_is_shown():
    text = HEAD.replace("}}", "}, y: {initial: 1, headline: true}}")
    assert [n.message for n in notes(loads(text))] == ["nothing changes `y`, and nothing reads it"]
    assert not notes(loads(text + "policies: {a: {do: [{set: {y: 2}}]}}"))


def test_sources_that_nothing_names_are_one_note_unless_numbers_need_none():
    text = """
model: {name: m, title: M, sources: {a: {title: A}, b: {title: B}, c: {title: C}}}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables: {x: {initial: 40, headline: true, noise: 1, source: b 4}}
"""
    (note,) = notes(loads(text))
    assert (note.message, note.line) == ("nothing rests on `a` and `c` of the sources", 2)
    assert note.text[note.column - 1 :].startswith("a: {title: A}")
    assert not notes(loads(text.replace("sources:", "illustrative: true, sources:")))


@pytest.mark.parametrize("same", ["2", "1 + 1", "q"])
def test_types_that_give_the_same_values_are_noted(same):
    text = HEAD + (TWO % (same, "{hard: 0.5, soft: rest}", "")).replace(
        "\nparameters: {", "\nparameters: {q: {value: 2}, "
    )
    messages = [n.message for n in notes(loads(text + "outcomes: {war: {when: x > q}}"))]
    assert messages == ["types `hard` and `soft` of `blue` are alike in all that they say"]


def test_types_that_draw_from_the_same_prior_are_not_alike():
    text = (TWO % ('"uniform(1, 2)"', "{hard: 0.5, soft: rest}", "")).replace("p: 2", 'p: "uniform(1, 2)"')
    assert noted(text) == []


def test_one_of_several_types_may_be_the_actor_as_it_is():
    """`resolute` of the crisis `chicken` is what its parameters say; `faint` is not."""
    assert noted(TWO % ("p", "{hard: 0.5, soft: rest}", "")) == []
    assert noted(
        "parameters: {p: {value: 2}}\n" + BLUE % "types: {hard: {parameters: {p: p}}}, true_type: hard"
    ) == [
        "nothing reads `p`",
        "type `hard` of `blue` gives parameters the values that they have anyway",
    ]


def test_a_type_that_is_never_true_needs_somebody_who_believes_in_it():
    never = ["type `soft` of `blue` is never true, and nobody believes that it is"]
    assert noted(TWO % ("3", "hard", "")) == never
    assert noted(TWO % ("3", "{hard: 1, soft: rest}", "")) == never
    assert noted(TWO % ("3", "hard", ", beliefs: {blue: {prior: hard}}")) == never
    assert noted(TWO % ("3", "hard", ", beliefs: {blue: {prior: {soft: 0.2, hard: rest}}}")) == []
    assert noted(TWO % ("3", "hard", ", beliefs: {blue: {prior: hard, floor: 0.01}}")) == []
    believe = "policies: {a: {do: [{believe: {red: {blue: soft}}}]}}"
    assert noted(TWO % ("3", "hard", ", beliefs: {blue: {prior: hard}}") + believe) == []


def test_a_misreading_that_is_right_is_noted_unless_the_truth_may_change_beside_it():
    text = "parameters: {p: {value: 2}}\noutcomes: {war: {when: x > p}}\n"
    for value in ("2", "p"):
        right = text + BLUE % f"misreads: {{p: {value}}}"
        assert noted(right) == ["`blue` takes `p` for what it is"]
        assert noted(right + "policies: {a: {do: [{set: {p: 3}}]}}") == []
    assert noted(text + BLUE % "misreads: {p: 3}") == []


def test_one_way_to_wait_is_enough():
    text = BLUE.replace("wait: {}", "wait: {}, talk: {title: Talk}")
    said = ["`wait` and `talk` of `blue` have neither effects nor a cost: which is taken changes nothing"]
    assert noted(text % "title: Blue") == said
    assert noted(text % "title: Blue" + "policies: {a: {do: [{forbid: {blue: talk}}]}}") == []
    assert noted(BLUE % "title: Blue") == []


def test_a_random_event_without_effects_is_noted_and_a_date_with_a_name_is_not():
    assert noted("events: {spark: {rate: 0.1 / month}}") == ["`spark` changes nothing: it has no effects"]
    assert noted("events: {vote: {on: 2020-03-01}}") == []
    counted = (
        "claims: {C: {title: T, tests: [{quantity: {event: spark}, expect: above, limit: 1, reason: R}]}}"
    )
    assert noted("events: {spark: {rate: 0.1 / month}}\n" + counted) == []


@pytest.mark.parametrize(
    ("expect", "end"),
    [
        ("above, limit: 1.5", "so its test can never be supported"),
        ("above, limit: -1", "so its test cannot fail"),
        ("below, limit: 0", "so its test can never be supported"),
        ("within, limits: [-1, 2]", "so its test cannot fail"),
        ("within, limits: [0, 1]", None),
        ("above, limit: 0.5", None),
    ],
)
def test_a_test_that_bounds_decide_is_noted(expect, end):
    """A chance in percent where a share is meant is the commonest case."""
    text = (
        "outcomes: {war: {when: x > 2}}\n"
        f"claims: {{C: {{title: T, tests: [{{quantity: {{chance: war}}, expect: {expect}, reason: R}}]}}}}"
    )
    assert noted(text) == ([f"claim `C`: `war` stays within [0, 1], {end}"] if end else [])


def test_a_difference_wider_than_the_bounds_is_noted():
    text = (
        HEAD.replace("initial: 1", "initial: 1, bounds: [0, 1]")
        + BLUE % "title: Blue"
        + (
            "policies: {a: {do: [{nudge: {blue: {go: 1}}}]}}\n"
            "claims: {C: {title: T, tests: [{compare: [a, baseline], quantity: {chance: war}, expect: %s, "
            "by: 5, reason: R}]}}\noutcomes: {war: {rate: 0.1 / month * x}}"
        )
    )
    for expect, end in (("higher", "can never be supported"), ("same", "cannot fail")):
        (note,) = notes(loads(text % expect))
        assert note.message.endswith(end)


def test_of_a_file_that_extends_another_only_its_own_parts_are_noted(tmp_path):
    (tmp_path / "base.yaml").write_text(HEAD + "parameters: {p: {value: 1}}")
    (tmp_path / "top.yaml").write_text(
        "extend: base.yaml\nmodel: {name: top}\nevents: {spark: {rate: 1 / month}}"
    )
    (note,) = notes(load(tmp_path / "top.yaml"))
    assert (note.message, note.line) == ("`spark` changes nothing: it has no effects", 3)
    assert note.file == str(tmp_path / "top.yaml")


def test_bundled_crises_and_the_one_to_start_from_are_silent(tmp_path, monkeypatch):
    """But for one source of the flagship, which its account of base rates and `us-iran-2012` rest on."""
    said = {name: [n.message for n in notes(load(name))] for name in bundled_names()}
    assert {name: found for name, found in said.items() if found} == {
        "us-iran-2020": ["nothing rests on `mid` of the sources"]
    }
    monkeypatch.chdir(tmp_path)
    assert call("new", "river").exit_code == 0
    assert not notes(load("river.yaml"))


def test_check_prints_notes_on_stderr_and_no_other_command_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    slow = HEAD.replace("-0.1 / month", "-0.001 / month")  # against the step
    Path("m.yaml").write_text(slow + "parameters: {p: {value: 1}}\noutcomes: {war: {when: x > 2}}\n")
    result = call("check", "m.yaml")
    assert result.exit_code == 0
    assert result.stdout == "m: 1 variable, 1 parameter, 1 outcome, 1 policy, 0 guesses. OK, with 1 note.\n"
    assert result.stderr.startswith(
        "m.yaml:5:14: note: nothing reads `p`\n\n  5 | parameters: {p: {value: 1}}\n"
    )
    assert "Use it in a formula, or take it out." in result.stderr
    told = json.loads(call("check", "m.yaml", "--format", "json").stdout)
    assert (told["ok"], told["problems"]) == (True, [])
    assert [(n["line"], n["column"], n["message"]) for n in told["notes"]] == [(5, 14, "nothing reads `p`")]
    for command in (["explain", "m.yaml"], ["run", "m.yaml", "--runs", "20"]):
        assert "note:" not in call(*command).stderr
