"""With how many digits the changes of one thing are shown, the same wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass

from offramp.questions.compare.ask import Comparison
from offramp.tell.changes import Digits, digits_of_chances, digits_of_means


@dataclass(frozen=True)
class Scales:
    """Digits by outcome, by main variable, and by actor and action, over all policies that are compared."""

    outcomes: dict[str, Digits]
    variables: dict[str, Digits]
    acts: dict[str, dict[str, Digits]]


def scales(found: Comparison) -> Scales:
    """The digits of everything that a comparison shows."""
    policies = list(found.policies.values())
    one = policies[0]
    return Scales(
        {n: digits_of_chances(p.outcomes[n] for p in policies) for n in one.outcomes},
        {n: digits_of_means(p.variables[n] for p in policies) for n in one.variables},
        {
            actor: {a: digits_of_means(p.actions[actor][a] for p in policies) for a in some}
            for actor, some in one.actions.items()
        },
    )
