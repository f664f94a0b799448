"""Claims at days within a step: what is told is that of the day that was asked for."""

from __future__ import annotations

from math import exp

import pytest

from offramp.language.check import loads
from offramp.questions.claims.ask import claims
from offramp.questions.claims.words import result
from offramp.runs.design import Design

# x is the number of months since January; in March it jumps on the 20th, and falls back on 1 April.
MODEL = """
model: {name: mid, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 12}
variables: {x: {initial: 0, change: k, headline: true}}
parameters: {k: {unit: 1/month, value: 1}, certain: {value: 1}}
events:
  up: {on: 2020-03-20, branches: {sure: {probability: certain, effects: {x: 10}}, else: {probability: rest}}}
  down: {on: 2020-04-01, effects: {x: -10}}
outcomes: {early: {when: x > 3.5}, war: {rate: 0.1 / month}}
claims:
  level:  {tests: [{quantity: {variable: x, at: 2020-07-31}, expect: above, limit: 6.5, reason: right}]}
  before: {tests: [{quantity: {variable: x, at: 2020-03-19}, expect: below, limit: 3, reason: right}]}
  jumped: {tests: [{quantity: {variable: x, at: 2020-03-20}, expect: above, limit: 12, reason: right}]}
  mean:   {tests: [{quantity: {variable: x, from: 2020-07-01, until: 2020-07-31}, expect: above, limit: 6.3,
           reason: right}]}
  by31:   {tests: [{quantity: {chance: war, at: 2020-07-31}, expect: above, limit: 0.48, reason: right}]}
  by1:    {tests: [{quantity: {chance: war, at: 2020-08-01}, expect: above, limit: 0.48, reason: right}]}
  months: {tests: [{quantity: {months_until: early, from: 2020-02-15}, expect: below, limit: 1.9 * month,
           reason: right}]}
  voted:  {tests: [{quantity: {event: up, branch: sure, from: 2020-03-20, until: 2020-03-21}, expect: above,
           limit: 0.9, reason: right}]}
  not_yet: {tests: [{quantity: {event: up, branch: sure, until: 2020-03-20}, expect: below, limit: 0.1,
            reason: right}]}
"""


@pytest.fixture(scope="module")
def found():
    return {c.id: c for c in claims(Design(loads(MODEL), scenarios=4000), worlds=0).claims}


@pytest.mark.parametrize(
    ("name", "value", "by"),
    [
        ("level", 6 + 30 / 31, 1e-4),
        ("before", 2 + 18 / 31, 1e-4),
        ("jumped", 12 + 19 / 31, 1e-4),
        ("mean", (6 + 6 + 30 / 31) / 2, 1e-4),
        ("by31", 1 - exp(-0.1 * (6 + 30 / 31)), 0.01),
        ("by1", 1 - exp(-0.7), 0.01),
        ("months", 3 - (1 + 14 / 29), 1e-4),  # it jumps over 3.5 in March, seen at the end of it
        ("voted", 1, 0),
        ("not_yet", 0, 0),
    ],
)  # fmt: skip
def test_a_claim_is_held_against_its_day(found, name, value, by):
    assert found[name].effect == pytest.approx(value, abs=by)
    assert found[name].verdict == "supported"


def test_a_value_without_spread_is_told_with_its_digits(found):
    (test,) = found["level"].tests
    assert result(test, test.comparisons[0], loads(MODEL)).startswith("6.97")


REPLY = """
model: {name: reply, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: STEPS}
variables: {hits: {initial: 0}, seen: {initial: 0}}
actors:
  red: {actions: {wait: {}, hit: {effects: {hits: 1}}}}
  green:
    after: red
    actions:
      rest: {}
      answer: {when: hits > seen, propensity: 99, effects: {seen: {set: hits}}}
claims:
  all:
    tests:
      - quantity: {acts: {green: [answer]}, after: {red: [hit]}, within: 1}
        expect: above
        limit: 0.9
        reason: whoever moves after it answers every hit
"""


@pytest.mark.parametrize("steps", [2, 6])
def test_an_answer_within_the_step_is_an_answer_and_the_end_of_the_horizon_is_not_silence(steps):
    model = loads(REPLY.replace("STEPS", str(steps)))
    found = claims(Design(model, scenarios=200), worlds=0)
    assert found.claims[0].tests[0].sides[0].value == 1.0
