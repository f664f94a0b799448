"""The table of claims of a crisis page, from what `offramp claims MODEL --format json` printed.

    offramp claims us-iran-2020 --runs 1000 --format json > claims.json
    python benchmarks/claims_table.py claims.json

Prints Markdown: each claim with its verdict, what decided it and the share of worlds as claimed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import offramp
from offramp.analysis.answer import load_plain
from offramp.model import Model
from offramp.questions.claims import words as said
from offramp.questions.claims.ask import Findings, Tested

NBSP = "\N{NO-BREAK SPACE}"
SO = {"supported": "so", "too small": "too small", "contradicted": "not so", "undecided": "open"}


def rows(found: Findings, model: Model) -> list[str]:
    """One row for each test: what was expected of what, what came out."""
    lines = []
    for claim in found.claims:
        for k, test in enumerate(claim.tests):
            what = test.title or said.measured(test.sides[0].quantity, model)
            worst = next((c for c in test.comparisons if c.verdict == test.verdict), test.comparisons[0])
            result = said.result(test, worst, model).split(". ")[0].split(": ", 1)
            numbers = result[-1] if len(test.sides) > 2 else ": ".join(result)
            head = (
                [
                    f"**{claim.id}** {claim.title}",
                    f"**{claim.verdict}**",
                    said.share(claim.as_claimed),
                ]
                if k == 0
                else ["", "", ""]
            )
            expected = f"{test.expect}{_size(test)}"
            built = " †" if test.built_in else ""
            cells = [*head[:2], f"{what}{built}", expected, f"{numbers}: {SO[test.verdict]}", head[2]]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def _size(test: Tested) -> str:
    if test.least is not None:
        return f" by {said.amount(test.least, test.unit)}"
    limits = [said.amount(v, test.unit) for v in test.limits if v is not None]
    return f" {' to '.join(limits)}"


def main() -> None:
    found = Findings.from_dict(load_plain(Path(sys.argv[1])), sys.argv[1])
    model = offramp.load(found.model)
    heads = ("claim", "verdict", "what is measured", "expected", "came out", "worlds")
    text = [said.headline(found), "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    print("\n".join([*text, *rows(found, model)]).replace(NBSP, " "))


if __name__ == "__main__":
    main()
