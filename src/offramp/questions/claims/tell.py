"""What became of claims, as text for a terminal."""

from __future__ import annotations

from typing import Any

from offramp.model import Model
from offramp.questions.claims import words as said
from offramp.tell.terminal import Page


def claims_text(found: dict[str, Any], model: Model, again: str, columns: int, colour: bool = False) -> str:
    """What `offramp claims` prints.

    Parameters
    ----------
    found : what `Findings.as_dict` gave
    model : of which it is, for titles
    again : the command that asks again
    columns : to fill
    colour : mark headings
    """
    page = Page(columns)
    page.heading(found["title"])
    page.paragraph(said.headline(found))
    if found["illustrative"]:
        page.paragraph("Illustrative: the numbers of this model are there to teach.")
    page.gap()
    page.table(
        ["", "verdict", *(["worlds as claimed"] if found["intervals"]["worlds"] else [])],
        [
            [
                f"{c['id']}  {c['title']}",
                c["verdict"],
                *([said.of_worlds(c)] if found["intervals"]["worlds"] else []),
            ]
            for c in found["claims"]
        ],
    )
    for claim in found["claims"]:
        page.heading(f"{claim['id']}: {claim['title']}")
        backing = ", ".join(claim["sources"])
        page.paragraph(f"{claim['verdict'].capitalize()} ({backing})." if backing else claim["verdict"])
        for test in claim["tests"]:
            page.paragraph(f"- {said.expectation(test, model)}", "  ", "  ")
            for compared in test["comparisons"]:
                page.paragraph(said.result(test, compared, model), "    ")
            for line in (*said.laid_down(test), *([test["note"]] if test["note"] else [])):
                page.paragraph(line, "    ")
    page.heading("How sure")
    page.paragraph(
        "Borne out: the whole interval lies where the claim says, beyond the smallest that matters. "
        "Contradicted: all of it lies elsewhere. Undecided: both are possible; more runs may tell."
    )
    page.paragraph(f"Intervals: {found['intervals']['holds']}")
    if found["intervals"]["worlds"]:
        page.paragraph(
            f"Worlds as claimed: of {found['intervals']['worlds']:,} worlds drawn from what the file holds "
            f"possible, lived {found['intervals']['lives']} times each and with luck taken out, the share in "
            "which all of the claim is so. A tilde: worlds are not told from luck, so the share says little."
        )
    page.gap()
    page.paragraph(f"Again: {again}", hanging="       ")
    page.paragraph(f"offramp {found['version']}, model {found['model_hash'][:12]}")
    return page.text(colour)
