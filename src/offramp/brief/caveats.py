"""What would change the picture that a brief gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from offramp.brief.view import View
from offramp.questions.claims.ask import Findings
from offramp.questions.claims.tell import tell as tell_claims
from offramp.questions.compare.ask import Comparison
from offramp.questions.compare.tell import tell as tell_comparison
from offramp.tell import figures, words

Answer = Mapping[str, Any]

MOST_SAID = 3


def doubts(view: View, answers: Mapping[str, Answer]) -> list[str]:
    """What would change the picture: numbers that matter, claims that fail, effects that hang on them."""
    told = []
    sensitive, claims = answers.get("sensitivity"), answers.get("claims")
    if sensitive is not None and sensitive["shares"] and sensitive["divisible"]:
        names = words.enumerated([words.quoted(s["title"]) for s in sensitive["shares"][:MOST_SAID]])
        risk = words.quoted(sensitive["outcome_title"])
        told.append(f"To know better {names}: on these the chance of {risk} hangs most.")
    found = answers.get("discover")
    if found is not None and found["regions"]:
        first = found["regions"][0]
        where = words.enumerated([_condition(c) for c in first["conditions"]])
        risk, lift = words.quoted(found["outcome_title"]), figures.number(first["lift"]["value"], 2)
        told.append(f"To know whether {where}: there {risk} is {lift} times as likely.")
    if claims is not None:
        told += tell_claims(Findings.from_dict(claims), view.model).caveats
    compared = answers.get("compare")
    if compared is not None:
        told += tell_comparison(Comparison.from_dict(compared), view.model).caveats
    return told


def _condition(condition: Answer) -> str:
    """A limit on an uncertain number in words."""
    title = words.quoted(condition["title"])
    if condition.get("labels"):
        return f"{title} is {words.enumerated(condition['labels'], 'or')}"
    low, high = (
        None if condition[k] is None else figures.with_unit(condition[k], condition["unit"])
        for k in ("low", "high")
    )
    if low is None or high is None:
        return f"{title} is below {high}" if low is None else f"{title} is above {low}"
    return f"{title} lies between {low} and {high}"
