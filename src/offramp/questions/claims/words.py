"""Claims in words: what was expected, what came out, and how often it is so over uncertain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from offramp.analysis.changes import ChangeAt
from offramp.model import Model, Quantity
from offramp.tell import changes, figures, model_words

_NUMBERS = (
    "none",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


_MOST_NAMED = 3  # claims of a verdict that are named in short


def headline(found: dict[str, Any]) -> str:
    """How many claims came out how."""
    claims = found["claims"]
    by = {
        v: [c["id"] for c in claims if c["verdict"] == v] for v in ("borne out", "contradicted", "undecided")
    }
    n = len(claims)
    parts = [f"{_count(len(ids))} {v} ({', '.join(ids)})" for v, ids in by.items() if ids]
    claims_said = f"{figures.count(n)} claim{'s' * (n != 1)}: {_listed(parts)}"
    return f"{claims_said}. {found['runs']:,} futures under each policy."


def in_short(found: dict[str, Any]) -> list[str]:
    """What becomes of the claims, for a reader in a hurry: the decided ones by title, the rest by number."""
    claims, runs = found["claims"], found["runs"]
    n = len(claims)
    lines = [f"{figures.count(n)} claim{'s' * (n != 1)} tested, with {runs:,} futures under each policy."]
    for verdict in ("contradicted", "borne out"):
        titles = [f"“{c['title'] or c['id']}” ({c['id']})" for c in claims if c["verdict"] == verdict]
        if titles:
            more = len(titles) - _MOST_NAMED
            named = "; ".join(titles[:_MOST_NAMED]) + (f"; and {_count(more)} more" if more > 0 else "")
            lines.append(f"{verdict.capitalize()}: {named}.")
    undecided = sum(c["verdict"] == "undecided" for c in claims)
    if undecided:
        lines.append(f"Undecided by so many futures: {_count(undecided)}.")
    return lines


def expectation(test: dict[str, Any], model: Model) -> str:
    """What a test expects, in one sentence."""
    what = test["title"] or measured(test["sides"][0]["quantity"], model)
    sides = [side_title(s, model) for s in test["sides"]]
    least = amount(test["least"], test["unit"]) if test["least"] is not None else ""
    match test["expect"]:
        case "above" | "below" as word:
            limit = test["limits"][0] if word == "above" else test["limits"][1]
            said = f"expected {word} {amount(limit, test['unit'])} under {sides[0]}"
        case "within":
            low, high = (amount(v, test["unit"]) for v in test["limits"])
            said = f"expected from {low} to {high} under {sides[0]}"
        case "rising" | "falling" as word:
            said = f"expected {word} by {least} at least from each to the next of: {', '.join(sides)}"
        case "same":
            said = f"expected the same to within {least} under {sides[0]} as under {_listed(sides[1:])}"
        case "not higher" | "not lower" as word:
            said = f"expected {word} by {least} or more under {sides[0]} than under {_listed(sides[1:])}"
        case word:
            said = f"expected {word} by {least} at least under {sides[0]} than under {_listed(sides[1:])}"
    return f"{what}: {said}."


def result(test: dict[str, Any], compared: dict[str, Any], model: Model) -> str:
    """What came out of one comparison."""
    unit = test["unit"]
    if compared["effect"] is None:
        return "Nothing to measure it by: it never came to this."
    spread = f"{signed(compared['low'], unit, compared)} to {signed(compared['high'], unit, compared)}"
    if compared["there"] is None:
        spread = f"{plain(compared['low'], unit, compared)} to {plain(compared['high'], unit, compared)}"
        text = f"{_unit_last(plain(compared['effect'], unit, compared), unit)} ({spread})"
    else:
        here, there = (test["sides"][compared[k]]["value"] for k in ("here", "there"))
        text = (
            f"{plain(there, unit, compared)} to {_unit_last(plain(here, unit, compared), unit)}: "
            f"{signed(compared['effect'], unit, compared)} ({spread})"
        )
        if len(test["sides"]) > 2:
            text = f"against {side_title(test['sides'][compared['there']], model)}: {text}"
    text += f". {compared['verdict'].capitalize()}{_how(test, compared)}"
    if compared["as_claimed"] is not None:
        text += f"; as claimed in {_tilde([compared])}{share(compared['as_claimed'])} of worlds"
    return f"{text}."


def of_worlds(claim: Mapping[str, Any]) -> str:
    """The share of worlds in which all of a claim is so, with a tilde where it says little."""
    return f"{_tilde([c for t in claim['tests'] for c in t['comparisons']])}{share(claim['as_claimed'])}"


def _tilde(compared: list[dict[str, Any]]) -> str:
    """A mark where worlds are not told from luck in one of some comparisons."""
    spreads = [c["parameters"] for c in compared]
    return "~" if any(s is not None and not s["told_apart"] for s in spreads) else ""


def _how(test: dict[str, Any], compared: dict[str, Any]) -> str:
    """In which way a direction is contradicted: too small an effect is not the same as the opposite one."""
    up = test["expect"] in ("higher", "rising")
    if compared["verdict"] != "contradicted" or not (up or test["expect"] in ("lower", "falling")):
        return ""
    low, high = (compared["low"], compared["high"]) if up else (-compared["high"], -compared["low"])
    if low > 0:
        return ": it is so, but by less than matters"
    return ": the other way round" if high < 0 else ": no difference that matters"


def laid_down(test: dict[str, Any]) -> list[str]:
    """What of an effect the file itself lays down."""
    if not test["built_in"]:
        return []
    return [f"Built in, at least in part: {_listed(test['built_in'])}."]


def measured(q: dict[str, Any], model: Model) -> str:
    """A quantity in words."""
    at, start, until = (q[key] and date.fromisoformat(q[key]) for key in ("at", "from", "until"))
    acts, after = (tuple((who, tuple(some)) for who, some in q[key].items()) for key in ("acts", "after"))
    quantity = Quantity(q["kind"], q["name"], q["branch"], acts, after, q["within"], at, start, until)
    return model_words.measured(quantity, model_words.Titles(model))


def side_title(side: dict[str, Any], model: Model) -> str:
    """The title of one side: its own, or that of its policy."""
    title = next((p.title for p in model.policies if p.name == side["policy"]), "")
    return str(side["title"] or title or side["policy"])


def share(value: float | None) -> str:
    """A share of worlds."""
    return "" if value is None else figures.percent(value, 0)


def amount(value: float, unit: str) -> str:
    """A size with its unit; chances in points of a hundred."""
    if unit in ("chance", "share"):
        points = figures.number(100 * value)
        return f"{points} point{'' if points == '1' else 's'} of a hundred" if value else "0"
    return figures.with_unit(value, "" if unit == "count" else unit)


def plain(value: float | None, unit: str, compared: dict[str, Any]) -> str:
    """A value with the digits that the interval is worth."""
    if value is None:
        return "none"
    if unit in ("chance", "share"):
        return figures.percent(value, figures.digits_for(*_ends(compared)))
    return changes.amount(value, _change(compared))


def signed(value: float, unit: str, compared: dict[str, Any]) -> str:
    """A difference with its sign."""
    if unit in ("chance", "share"):
        low, high = _ends(compared)
        return changes.points(value, ChangeAt(difference=value, low=low, high=high))
    return changes.signed(value, _change(compared))


def _ends(compared: dict[str, Any]) -> tuple[float, float]:
    return compared["low"], compared["high"]


def _change(compared: dict[str, Any]) -> ChangeAt:
    return ChangeAt(difference=compared["effect"], low=compared["low"], high=compared["high"])


def _unit_last(text: str, unit: str) -> str:
    words = "" if unit in ("chance", "share", "count") else figures.unit_words(unit)
    return f"{text}{figures.NBSP}{words}" if words else text


def _count(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else figures.count(n)


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
