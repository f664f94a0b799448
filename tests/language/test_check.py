"""From a model file to a checked model, or every problem at once."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from offramp.errors import ModelError, UsageError
from offramp.language.check import load, loads
from offramp.language.files import bundled_names
from offramp.model import Distribution, Effect, Formula
from offramp.tree import Binary, Negate, Now, Number

BROKEN = Path(__file__).parent / "broken_models"
HEAD = """
model: {name: test, illustrative: true}
horizon: {start: 2020-06-01, step: month, steps: 12}
"""


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def problems(text: str) -> list[str]:
    """The messages about a model, without place and hint."""
    with pytest.raises(ModelError) as error:
        loads(HEAD + text)
    return [p.message for p in error.value.problems]


# ---------------------------------------------------------------------- broken models


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda p: p.stem)
def test_a_broken_model_gets_exactly_the_message_beside_it(path):
    expected = path.with_suffix(".txt").read_text(encoding="utf-8")
    assert _module(BROKEN / "rewrite.py").message(path) == expected


def test_there_are_many_kinds_of_broken_models_and_each_has_its_message():
    models = {p.stem for p in BROKEN.glob("*.yaml")}
    assert len(models) >= 80
    assert models == {p.stem for p in BROKEN.glob("*.txt")}


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.txt")), ids=lambda p: p.stem)
def test_every_caret_stands_under_what_the_message_is_about(path):
    """The first character above the carets is the one at the line and column of the message."""
    lines = path.read_text(encoding="utf-8").split("\n")
    source = path.with_suffix(".yaml").read_bytes().decode("utf-8", errors="replace").split("\n")
    carets = [i for i, line in enumerate(lines) if re.fullmatch(r" *\| [ \t]*\^+", line)]
    assert carets
    for i in carets:
        place = re.match(r"[^:]+:(\d+):(\d+): ", lines[i - 3])
        assert place is not None
        line, column = int(place[1]), int(place[2])
        above = lines[i - 1][lines[i].index("^") :]
        if line <= len(source) and column <= len(source[line - 1]):
            character = source[line - 1][column - 1]
            shown = character.isprintable() or character == "\t"
            assert above.startswith(character if shown else "\N{REPLACEMENT CHARACTER}")


# ---------------------------------------------------------------------- the right side


FULL = """
model:
  name: strait
  title: A strait, two navies
  summary: >
    Two navies share
    a strait.

    It is narrow.
  sources:
    account: {title: An account, date: 2020-06-01, url: "https://example.org", note: Read twice}
horizon: {start: 2020-06-01, step: month, steps: 19}
variables:
  tension:
    title: Tension
    unit: points
    initial: normal(40, 5)
    change: -decay * tension
    noise: 2
    bounds: [0, 100]
    saturates: true
    headline: true
    source: account P4
    guess: true
    reason: A scale of our own.
  ratio: {equals: half * 2, source: account}
  half: {equals: tension / 100, source: [account P1, account P2]}
  arms: {unit: kg, initial: 0}
parameters:
  decay: {unit: 1/month, value: "uniform(0.05, 0.15)", source: account P5}
  resolve: {value: 1/3, source: account P5}
actors:
  blue:
    depth: 1
    horizon: 6
    precision: 0.07
    utility:
      calm: -1 * tension
      time: -1 / month * tension
    sees:
      arms: {hidden: true, assumed: 20, guess: true, reason: Old figures.}
      tension: {bias: -5, noise: 3, delay: 1, source: account P6}
    misreads:
      resolve: {value: resolve / 2, title: Taken for weak, source: account P8}
    actions:
      wait:
      strike:
        title: Strike
        when: tension > 50 and not ratio < 0.2
        effects: {tension: +20, arms: {set: 0}}
        cost: 15
        propensity: log(2/13)
        source: account P9
    source: account P7
events:
  vote:
    on: 2020-11-03
    branches:
      won: {probability: 0.4, effects: {tension: 3}, source: account P10}
      lost: {probability: rest}
  raid: {rate: 0.05 / month + 0.002 / month * tension, effects: {tension: 10}, source: account P11}
  sunset: {on: 2025-10-18}
outcomes:
  war: {rate: 0.001 / month * tension, absorbing: true, worth: {blue: -80}, source: account P12}
  accord: {when: months_until(vote) < 0 and 0 <= tension < 10, absorbing: true, source: account P13}
  simmering: {otherwise: true}
policies:
  hold:
    do:
      - from: 2020-07-01
        until: 2021-01-20
        force: {blue: wait}
        forbid: {blue: strike}
        set: {decay: 0.2 / month}
        shift: {tension: -10}
"""


@pytest.fixture(scope="module")
def model():
    return loads(FULL, "strait.yaml")


def test_a_checked_model_holds_what_the_file_says(model):
    assert (model.name, model.title, model.steps, model.step) == (
        "strait",
        "A strait, two navies",
        19,
        "month",
    )
    assert model.summary == "Two navies share a strait.\n\nIt is narrow."
    assert model.sources[0].date == "2020-06-01"
    tension = model.variables[0]
    assert tension.initial == Distribution("normal", (40.0, 5.0), "normal(40, 5)")
    assert (tension.bounds, tension.saturates, tension.headline) == ((0.0, 100.0), True, True)
    assert tension.origin.sources == ("account P4",)
    assert tension.origin.guess
    assert model.parameters[1].value == pytest.approx(1 / 3)
    blue = model.actors[0]
    assert [t.name for t in blue.utility] == ["calm", "time"]
    assert [a.name for a in blue.actions] == ["wait", "strike"]
    assert [(e.variable, e.how) for e in blue.actions[1].effects] == [("tension", "add"), ("arms", "set")]
    assert isinstance(blue.actions[1].effects[0], Effect)
    assert blue.sees[0].hidden
    assert blue.sees[1].delay == 1
    assert blue.misreads[0].title == "Taken for weak"
    hold = model.policies[1].interventions[0]
    assert hold.force == (("blue", "wait"),)
    assert hold.forbid == (("blue", ("strike",)),)
    assert hold.set == (("decay", 0.2),)
    assert hold.shift == (("tension", -10.0),)


def test_names_without_a_title_become_words(model):
    assert model.actors[0].title == "Blue"
    assert model.policies[1].title == "Hold"


def test_a_looking_actor_without_discount_does_not_discount(model):
    assert model.actors[0].discount is not None
    assert model.actors[0].discount.node == Number(1.0)


def test_auxiliaries_come_in_an_order_in_which_each_can_be_computed(model):
    assert model.auxiliary_order == ("half", "ratio")


def test_baseline_is_always_there_and_first(model):
    assert [p.name for p in model.policies] == ["baseline", "hold"]
    own = loads(HEAD + "variables: {x: {initial: 0}}\npolicies: {a: {}, baseline: {do: [{set: {x: 1}}]}}")
    assert [p.name for p in own.policies] == ["baseline", "a"]
    assert own.policies[0].interventions[0].set == (("x", 1.0),)


def test_the_hash_is_that_of_the_bytes_of_the_file(tmp_path, model):
    path = tmp_path / "strait.yaml"
    path.write_bytes(FULL.encode() + b"# a comment\r\n")
    assert load(path).hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert load(path).hash != model.hash


def test_dates_become_months_since_the_start(model):
    """3 November 2020 is five months and 2 of 30 days after 1 June."""
    accord = next(o for o in model.outcomes if o.name == "accord")
    assert accord.when is not None
    until = accord.when.node.parts[0].left
    assert until == Binary("-", Number(5 + 2 / 30), Now())


def test_a_date_before_the_start_is_a_negative_number_of_months():
    text = "variables: {x: {unit: month, equals: months_since('2020-04-01')}}"
    equals = loads(HEAD + text).variables[0].equals
    assert equals is not None
    assert equals.node == Binary("-", Now(), Negate(Number(2.0)))


def test_a_date_that_no_step_contains_may_still_be_counted_from():
    model = loads(FULL)
    assert next(e for e in model.events if e.name == "sunset").on is not None


def test_yaml_words_for_truth_stay_words():
    """In YAML 1.1 `on`, `no` and `y` are truth values; here `on:` is a key and `no` can be a name."""
    model = loads(
        HEAD
        + "variables: {y: {initial: 1e-3, title: NO}}\n"
        + "events: {no: {on: 2020-11-03, effects: {y: 1e+3}}}"
    )
    assert model.variables[0].title == "NO"
    assert model.variables[0].initial is not None
    assert model.variables[0].initial.node == Number(0.001)
    assert model.events[0].name == "no"


def test_a_formula_knows_its_line_and_unit(model):
    raid = next(e for e in model.events if e.name == "raid")
    assert isinstance(raid.rate, Formula)
    assert raid.rate.unit == "1/month"
    assert FULL.split("\n")[raid.rate.line - 1].strip().startswith("raid:")


# ---------------------------------------------------------------------- rules


def test_numbers_other_than_0_and_1_need_a_source_and_those_do_not():
    text = """
model: {name: test, sources: {a: {title: A}}}
horizon: {start: 2020-06-01, step: month, steps: 12}
variables:
  x: {unit: points, initial: 0, change: 1 / month - x / month, bounds: [0, 1]}
  y: {equals: "clip(x, 0, 1) ** 2"}
actors:
  blue: {actions: {wait: {}, go: {effects: {x: 1}}, stay: {effects: {x: 1e0}, cost: 0.0}}}
"""
    with pytest.raises(ModelError) as error:
        loads(text)
    assert [p.message for p in error.value.problems] == ["nothing says where the numbers of `y` come from"]


def test_an_illustrative_model_needs_no_sources():
    assert loads(HEAD + "variables: {x: {initial: 40}}").illustrative


def test_a_guess_may_have_a_source_as_well_but_always_a_reason():
    text = """
model: {name: test, sources: {a: {title: A}}}
horizon: {start: 2020-06-01, step: month, steps: 12}
variables: {x: {initial: 40, source: a 4, guess: true}}
"""
    with pytest.raises(ModelError, match="a guess without a reason"):
        loads(text)


def test_one_slip_in_a_definition_makes_one_problem():
    """Every formula reads `tension`, which is misspelt where it is defined."""
    uses = "".join(f"  a{i}: {{equals: 2 * tension}}\n" for i in range(20))
    found = problems(f"variables:\n  tensoin: {{initial: 40}}\n{uses}")
    assert found == ["unknown name `tension`"]


def test_one_letter_left_out_anywhere_makes_at_most_one_problem():
    """A slip is not made worse by everything that follows from it."""
    said = []
    for word in re.finditer(r"[A-Za-z_]{4,}", FULL):
        for at in range(word.start() + 1, word.end() - 1):
            damaged = FULL[:at] + FULL[at + 1 :]
            try:
                loads(damaged)
            except ModelError as error:
                said.append((word[0], len(error.problems)))
    assert len(said) > 500
    assert [word for word, n in said if n > 1] == []


def test_a_wrong_unit_is_not_complained_of_wherever_it_is_used():
    uses = "".join(f"  a{i}: {{unit: kg, equals: 2 * stock}}\n" for i in range(20))
    assert problems(f"variables:\n  stock: {{unit: kgs, initial: 40}}\n{uses}") == ["unknown unit `kgs`"]


def test_a_misspelt_section_is_read_as_the_one_that_was_meant():
    found = problems("variabels: {tension: {initial: 40}}\noutcomes: {war: {when: tension > 90}}")
    assert found == ["a model file has no key `variabels`"]


def test_no_more_than_a_hundred_problems_are_shown():
    found = problems("variables:\n" + "".join(f"  x{i}: {{initial: y{i}}}\n" for i in range(150)))
    assert len(found) == 101
    assert found[-1] == "more than 100 problems; the others are not shown"


def test_problems_come_in_the_order_of_the_file():
    with pytest.raises(ModelError) as error:
        loads((BROKEN / "effects.yaml").read_bytes())
    places = [(p.line, p.column) for p in error.value.problems]
    assert places == sorted(places)


def test_a_stock_that_an_event_moves_may_guard_an_action():
    """Only what nothing moves stays where it starts."""
    text = """
variables: {flag: {initial: 0}}
actors: {blue: {actions: {wait: {}, go: {when: flag > 0.5}}}}
"""
    assert problems(text) == ["`go` is never available: its `when` cannot be true"]
    loads(HEAD + text + "events: {rise: {on: 2020-11-03, effects: {flag: 1}}}")
    loads(HEAD + text + "policies: {raise: {do: [{set: {flag: 1}}]}}")
    loads(HEAD + text.replace("actions", "sees: {flag: {noise: 1}}, actions"))


def test_a_guard_may_wait_for_a_parameter_to_be_set():
    """Parameters can be set when a model is run, so no `when` that reads one is surely false."""
    text = """
variables: {x: {initial: 0}}
parameters: {switch: {value: 0}}
actors: {blue: {actions: {wait: {}, go: {when: switch > 0.5}}}}
"""
    loads(HEAD + text)


def test_weekly_models_may_start_on_any_day():
    text = FULL.replace("2020-06-01, step: month, steps: 19", "2020-05-31, step: week, steps: 80")
    assert loads(text).start.day == 31


# ---------------------------------------------------------------------- files


def test_bundled_crises_check_and_are_found_by_name():
    assert "us-iran-2020" in bundled_names()
    for name in bundled_names():
        assert load(name).name == name


@pytest.mark.parametrize(
    "name", ["no-such-crisis", "../crises/us-iran-2020", "", "\0", "a" * 5000, "/dev/zero"]
)
def test_a_path_that_leads_nowhere_is_an_answer_not_a_traceback(name):
    with pytest.raises(UsageError):
        load(name)


def test_a_folder_is_not_a_model_file(tmp_path):
    with pytest.raises(UsageError, match="is a folder"):
        load(tmp_path)


def test_a_start_that_cannot_be_read_is_one_problem_and_makes_no_others():
    """Dates are not held against a horizon that nobody gave."""
    file = """
model: {name: m, title: M, illustrative: true}
horizon: {start: 7 April 2008, step: week, steps: 26}
variables: {x: {initial: 1, change: -0.1 / month * x}}
events: {summit: {on: 2008-05-01, effects: {x: 1}}}
"""
    with pytest.raises(ModelError) as raised:
        loads(file)
    assert [p.message for p in raised.value.problems] == ["`start` must be a date, not `7 April 2008`"]


def test_a_range_in_words_is_answered_with_a_prior():
    file = """
model: {name: m, title: M, illustrative: true}
horizon: {start: 2008-04-07, step: week, steps: 26}
variables: {x: {initial: 0.8 to 2}}
"""
    with pytest.raises(ModelError) as raised:
        loads(file)
    (problem,) = raised.value.problems
    assert "`uniform(0.8, 2)`" in problem.hint[0]


def test_a_hint_that_many_problems_share_is_told_once():
    """A file that has just lost `illustrative` has a problem in each part, and one thing to learn."""
    with pytest.raises(ModelError) as raised:
        loads("""
model: {name: m, title: M}
horizon: {start: 2020-01-01, step: month, steps: 2}
variables: {x: {initial: 2}, y: {initial: 3}, z: {initial: 4}}
""")
    text = str(raised.value)
    assert text.count("Add `source:`") == 1
    assert text.count("  As above.") == 2
    assert all("Add `source:`" in p.hint[0] for p in raised.value.problems)
