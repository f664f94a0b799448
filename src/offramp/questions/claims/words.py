"""Claims in words: what was expected, what came out, and how often it is so over uncertain numbers."""

from __future__ import annotations

import math
from typing import get_args

from offramp.analysis.intervals import Estimate
from offramp.model import Model, Quantity
from offramp.questions.claims.ask import (
    Finding,
    Findings,
    QuantityAsked,
    SideFound,
    TestComparison,
    Tested,
    Verdict,
)
from offramp.tell import changes, figures, model_words
from offramp.tell.words import counted, enumerated

_NUMBERS = [
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
]  # fmt: skip
_MOST_DISPUTED = 4  # claims that are contradicted, told in a sentence each
_MOST_NAMED = 3  # claims of a verdict that are named in short
_OF_ONE = ("chance", "share")  # units of numbers from 0 to 1
_NEXT_TO_NONE = 0.005  # a share of worlds, or what is missing of all
_WIDE = 0.5  # interval of a share whose middle says nothing


def headline(found: Findings) -> str:
    """How many claims came out how."""
    by = {v: [c.id for c in found.claims if c.verdict == v] for v in get_args(Verdict)}
    parts = [f"{_count(len(ids))} {v} ({', '.join(ids)})" for v, ids in by.items() if ids]
    return f"{_claims(found)}: {enumerated(parts)}. {counted(found.runs, 'future')} under each policy."


def in_short(found: Findings) -> list[str]:
    """What becomes of the claims, for a reader in a hurry: the decided ones by title, the rest by number."""
    lines = [f"{_claims(found)} tested, with {counted(found.runs, 'future')} under each policy."]
    for verdict, words in (("too small", "So, but by less than matters"), ("supported", "Supported")):
        titles = [f"“{c.title or c.id}” ({c.id})" for c in found.claims if c.verdict == verdict]
        if titles:
            more = len(titles) - _MOST_NAMED
            named = "; ".join(titles[:_MOST_NAMED]) + (f"; and {_count(more)} more" if more > 0 else "")
            lines.append(f"{words}: {named}.")
    undecided = sum(c.verdict == "undecided" for c in found.claims)
    if undecided:
        lines.append(f"Undecided by so many futures: {_count(undecided)}.")
    return lines


def disputes(found: Findings, model: Model) -> list[str]:
    """What the account says and the model contradicts, a sentence each, with what came out instead."""
    claims = [c for c in found.claims if c.verdict == "contradicted"]
    said = [f"“{c.title or c.id}” ({', '.join([c.id, *c.sources])}): {_instead(c, model)}" for c in claims]
    more = len(said) - _MOST_DISPUTED
    if more > 0:
        said[_MOST_DISPUTED:] = [f"And {_count(more)} more: {', '.join(c.id for c in claims[-more:])}."]
    return said


def _instead(claim: Finding, model: Model) -> str:
    test, c = next((t, c) for t in claim.tests for c in t.comparisons if c.verdict == "contradicted")
    what = test.title or measured(test.sides[c.here].quantity, model)
    how = _how(test, c).removeprefix(": ") or "not so"
    show, words = (plain, "") if c.there is None else (signed, "change of ")
    spread = f"{show(c.low, test.unit, c)} to {show(c.high, test.unit, c)}"
    unit = " points" if test.unit in _OF_ONE and c.there is not None else ""
    amount_of = _with_unit(show(c.effect, test.unit, c), test.unit) + unit
    return f"{how}; {words}{what}: {amount_of} ({spread})."


def expectation(test: Tested, model: Model) -> str:
    """What a test expects, in one sentence."""
    what = test.title or measured(test.sides[0].quantity, model)
    first, *others = (side_title(s, model) for s in test.sides)
    least = amount(test.least, test.unit) if test.least is not None else ""
    low, high = ("" if v is None else amount(v, test.unit) for v in test.limits)
    match test.expect:
        case "above" | "below" as word:
            expected = f"{word} {low if word == 'above' else high} under {first}"
        case "within":
            expected = f"from {low} to {high} under {first}"
        case "rising" | "falling" as word:
            each = ", ".join([first, *others])
            expected = f"{word} by {least} at least from each to the next of: {each}"
        case "same":
            expected = f"the same to within {least} under {first} as under {enumerated(others)}"
        case "not higher" | "not lower" as word:
            expected = f"{word} by {least} or more under {first} than under {enumerated(others)}"
        case word:
            expected = f"{word} by {least} at least under {first} than under {enumerated(others)}"
    return f"{what}: expected {expected}."


def results(test: Tested, model: Model) -> list[str]:
    """What came out of a test: its comparisons, what the file lays down, what else must be said."""
    built_in = [f"Built in, at least in part: {enumerated(test.built_in)}."] if test.built_in else []
    note = [test.note] if test.note else []
    return [*(result(test, c, model) for c in test.comparisons), *built_in, *note]


def result(test: Tested, compared: TestComparison, model: Model) -> str:
    """What came out of one comparison."""
    if math.isnan(compared.effect):
        return "Nothing to measure it by: it never came to this."
    text = f"{_effect(test, compared, model)}. {compared.verdict.capitalize()}{_how(test, compared)}"
    if compared.as_claimed is not None:
        text += f"; {as_claimed(compared.as_claimed)}"
    return f"{text}."


def _effect(test: Tested, c: TestComparison, model: Model) -> str:
    unit = test.unit
    if c.there is None:
        spread = f"{plain(c.low, unit, c)} to {plain(c.high, unit, c)}"
        return f"{_with_unit(plain(c.effect, unit, c), unit)} ({spread})"
    here, there = (test.sides[k].value for k in (c.here, c.there))
    spread = f"{signed(c.low, unit, c)} to {signed(c.high, unit, c)}"
    text = (
        f"{plain(there, unit, c)} to {_with_unit(plain(here, unit, c), unit)}: "
        f"{signed(c.effect, unit, c)} ({spread})"
    )
    if len(test.sides) > 2:
        return f"against {side_title(test.sides[c.there], model)}: {text}"
    return text


def of_worlds(claim: Finding) -> str:
    """The share of worlds in which all of a claim is so, for a table."""
    return "" if claim.as_claimed is None else (_share(claim.as_claimed) or "hidden by luck")


def as_claimed(e: Estimate) -> str:
    """In how many worlds it is so, in words."""
    found = _share(e)
    return f"as claimed in {found} of worlds" if found else "in how many worlds as claimed, luck hides"


def _share(e: Estimate) -> str:
    """A share of worlds with its interval; only its one end where the other is none; empty for any share "
    "at all."""
    low, high = figures.percent(e.low, 0), figures.percent(e.high, 0)
    if e.high >= 1 - _NEXT_TO_NONE:
        return "" if e.low <= _NEXT_TO_NONE else f"at least {low}"
    if e.low <= _NEXT_TO_NONE:
        return f"at most {high}"
    between = figures.percent_range(e.low, e.high)
    return between if e.high - e.low > _WIDE else f"{figures.percent(e.value, 0)} ({between})"


def _how(test: Tested, compared: TestComparison) -> str:
    """In which way a direction fails: an effect that is too small is not the same as the opposite one."""
    if compared.verdict == "too small":
        return ": it is so, but by less than matters"
    up = test.expect in ("higher", "rising")
    if compared.verdict != "contradicted" or not (up or test.expect in ("lower", "falling")):
        return ""
    high = compared.high if up else -compared.low
    return ": the other way round" if high < 0 else ": no difference that matters"


def measured(q: QuantityAsked, model: Model) -> str:
    """A quantity in words."""
    acts, after = (tuple((who, tuple(some)) for who, some in of.items()) for of in (q.acts, q.after))
    quantity = Quantity(q.kind, q.name, q.branch, acts, after, q.within, q.at, q.start, q.until)
    return model_words.measured(quantity, model_words.Titles(model))


def side_title(side: SideFound, model: Model) -> str:
    """The title of one side: its own, or that of its policy."""
    title = next((p.title for p in model.policies if p.name == side.policy), "")
    return side.title or title or side.policy


def amount(value: float, unit: str) -> str:
    """A size with its unit; chances in points of a hundred."""
    if unit in _OF_ONE:
        points = figures.number(100 * value)
        return f"{points} point{'' if points == '1' else 's'} of a hundred" if value else "0"
    return figures.with_unit(value, "" if unit == "count" else unit)


def plain(value: float, unit: str, compared: TestComparison) -> str:
    """A value with the digits that the interval is worth."""
    if math.isnan(value):
        return "none"
    if unit in _OF_ONE:
        return figures.percent(value, figures.digits_for(compared.low, compared.high))
    return changes.amount(value, compared)


def signed(value: float, unit: str, compared: TestComparison) -> str:
    """A difference with its sign."""
    return (changes.points if unit in _OF_ONE else changes.signed)(value, compared)


def _with_unit(text: str, unit: str) -> str:
    words = "" if unit in (*_OF_ONE, "count") else figures.unit_words(unit)
    return f"{text}{figures.NBSP}{words}" if words else text


def _claims(found: Findings) -> str:
    n = len(found.claims)
    return f"{figures.count(n)} claim{'s' * (n != 1)}"


def _count(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else figures.count(n)
