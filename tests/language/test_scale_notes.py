"""Notes on numbers out of scale: ends that attract, choices that are none, forces that never bite."""

from __future__ import annotations

import pytest

import offramp as ofr
from offramp.analysis.forced import forced_acts
from offramp.language.check import load, loads
from offramp.language.files import bundled_names
from offramp.language.middle import Middle
from offramp.language.notes import notes
from offramp.language.scale_notes import out_of_scale

MODEL = """\
model: {name: m, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables:
  tension: {unit: points, initial: "normal(50, 5)", headline: true, bounds: [0, 100], saturates: true}
  fear: {unit: points, equals: 2 * tension}
actors:
  red:
    depth: 1
    horizon: 6
    precision: 0.2
    utility: {calm: -0.5 * fear}
    actions: {talk: {effects: {tension: -3}}, strike: {effects: {tension: 30}}}
  blue:
    actions: {wait: {}, act: {effects: {tension: 1}}}
outcomes:
  war: {rate: "0.02 / month * max(0, tension - 60)", absorbing: true}
  peace: {otherwise: true}
"""
SEEKS = "`war` ends runs and says no `worth` for `red`, whose months are worth about -50: it will seek it"


def noted(text: str) -> list[str]:
    return [n.message for n in notes(loads(text))]


def with_(*changes: tuple[str, str]) -> str:
    text = MODEL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


WORTH = ("absorbing: true", "absorbing: true, worth: {red: -100}")


def test_an_end_without_a_worth_is_noted_where_months_are_below_0():
    assert noted(MODEL) == [SEEKS]
    assert noted(with_(WORTH)) == []
    (note,) = notes(loads(MODEL))
    assert note.hint[0].startswith("Write `worth: {red: ...}`")


def test_the_actor_does_seek_the_end_that_the_note_speaks_of():
    for text, low, high in ((MODEL, 0.9, 1.0), (with_(WORTH), 0.0, 0.1)):
        runs = ofr.simulate(ofr.Design(loads(text), scenarios=100), how=ofr.How(engine="oracle"))
        assert low <= float((runs["outcome_step"].sel(outcome="war") >= 0).mean()) <= high


def test_an_end_without_a_worth_is_silent_where_months_are_worth_something():
    assert noted(with_(("-0.5 * fear", "0.5 * fear"))) == []


def test_an_end_that_has_a_worth_for_another_alone_is_noted_either_way():
    other = (
        "    actions: {wait",
        "    depth: 1\n    horizon: 6\n    precision: 0.2\n    utility: {u: -1}\n    actions: {wait",
    )
    worth = ("absorbing: true", "absorbing: true, worth: {blue: -100}")
    assert noted(with_(other, worth)) == [SEEKS]
    (shuns,) = noted(with_(other, worth, ("-0.5 * fear", "0.5 * fear")))
    assert shuns.startswith(
        "`war` says what it is worth to others and not to `red`, whose months are worth about 50"
    )


def test_who_does_not_look_ahead_seeks_nothing():
    habit = ("    depth: 1\n    horizon: 6\n    precision: 0.2\n    utility: {calm: -0.5 * fear}\n", "")
    assert "war" not in " ".join(noted(with_(habit)))


def test_the_war_of_a_ladder_that_is_better_than_peace_is_noted():
    text = load("brinkmanship").files[0].text
    better = text.replace("worth: {altara: -dread / 6", "worth: {altara: 5", 1)
    assert better != text
    (message,) = (n.message for n in notes(loads(better)))
    assert message.startswith("`war` is the war of a ladder and worth 5 a month to `altara`")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("precision: 0.2", "precision: 20"), "its choices are certain"),
        (("precision: 0.2", "precision: 1e-6"), "so small that nothing it looks ahead to moves its choices"),
        (("strike: {", "strike: {cost: 20000, "), "`strike` costs `red` 20,000 points"),
        (("strike: {", "strike: {cost: -20000, "), "it always takes it"),
        (("{tension: -3}", "{tension: 0}"), "the effect of `talk` on `tension` is 0: it changes nothing"),
    ],
)
def test_numbers_out_of_scale_are_noted(change, words):
    assert any(words in message for message in noted(with_(WORTH, change)))


def test_the_middle_is_the_start_with_every_prior_at_its_median():
    model = loads(MODEL)
    middle = Middle(model)
    red = model.actors[0]
    assert middle.utility(red) == pytest.approx(-50)
    assert middle.utility(red, red.actions[1]) == pytest.approx(-80)
    assert Middle(loads(with_(("{tension: 30}", "{tension: 90}")))).utility(
        red, red.actions[0]
    ) == pytest.approx(-47)


def test_a_utility_that_has_no_value_at_the_start_is_passed_over():
    assert list(out_of_scale(loads(with_(("-0.5 * fear", "-1 / (fear - 100)"))))) == []


@pytest.mark.parametrize("name", bundled_names())
def test_no_bundled_crisis_is_out_of_scale(name):
    assert list(out_of_scale(load(name))) == []


# ---------------------------------------------------------------------- policies

POLICIES = """\
policies:
  late: {do: [{from: 2020-06-01, force: {blue: early}}]}
  early: {do: [{from: 2020-02-01, force: {blue: early}}]}
  nothing: {do: []}
  named: {title: A name}
"""
EARLY = ("act: {", "early: {when: months_until('2020-04-01') > 0, effects: {tension: 1}}, act: {")


def test_a_force_that_can_never_bite_and_a_policy_that_does_nothing_are_noted():
    messages = noted(with_(WORTH, EARLY) + POLICIES)
    assert messages == [
        "policy `late` forces `early` of `blue`, which is never possible then",
        "policy `nothing` does nothing: it is `baseline` under another name",
        "policy `named` does nothing: it is `baseline` under another name",
    ]


def test_what_is_forced_is_counted_in_runs():
    """`rare` needs a tension that is never reached: nothing but runs can tell."""
    rare = ("act: {", "rare: {when: tension > 99.5, effects: {tension: 1}}, act: {")
    force = (
        "policies: {p: {do: [{force: {blue: rare}}]}, q: {do: [{until: 2020-03-01, force: {blue: act}}]}}\n"
    )
    model = loads(with_(WORTH, rare) + force)
    design = ofr.Design(model, ["p", "q"], scenarios=20)
    vain, bites = forced_acts(ofr.simulate(design, how=ofr.How(engine="oracle")), model)
    assert (vain.policy, vain.action, vain.never_bites) == ("p", "rare", True)
    assert "was possible in no future" in str(vain)
    assert (bites.steps, bites.taken) == (40, 40)
    assert "100 %" in str(bites)


# ---------------------------------------------------------------------- headlines that nobody minds


def test_a_headline_that_nobody_reads_nor_what_it_moves_is_inert():
    more = "  fed: {initial: 0, change: 0.1 / month * tension, headline: true}\n"
    more += "  store: {initial: 0, change: 0.1 / month * fed}\n  seen: {equals: store + 1, headline: true}\n"
    stocks = "  fear: {", f"{more}  fear: {{"
    inert = with_(WORTH, stocks)
    assert "headline `fed` is inert: no actor reads it, nor anything that it moves" in noted(inert)
    minded = inert.replace("act: {effects", "act: {propensity: 0.1 * seen, effects")
    assert noted(minded) == []


def test_a_headline_that_moves_what_somebody_reads_is_not_inert():
    stocks = "  fear: {", "  fuel: {initial: 1, change: 0 / month * fuel, headline: true}\n  fear: {"
    event = "outcomes:\n", "events: {spark: {rate: 0.1 / month * fuel, effects: {tension: 5}}}\noutcomes:\n"
    assert noted(with_(WORTH, stocks, event)) == []
