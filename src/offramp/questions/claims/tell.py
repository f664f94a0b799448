"""What became of claims, in words."""

from __future__ import annotations

from collections.abc import Iterator

from offramp.model import Model
from offramp.questions.claims import words
from offramp.questions.claims.ask import Finding, Findings, Verdict
from offramp.tell.blocks import (
    Block,
    Bullets,
    Fold,
    Gap,
    Kind,
    PageOnly,
    Paragraph,
    Short,
    Span,
    Table,
    Telling,
    Text,
    TextOnly,
)
from offramp.tell.words import counted, enumerated

_KINDS: dict[Verdict, Kind] = {
    "supported": "good", "too small": "open", "contradicted": "bad", "undecided": "open",
}  # fmt: skip


_VERDICTS = (
    "Supported: the whole interval lies where the claim says, beyond the smallest that matters. "
    "Too small: all of it has the direction that is claimed, and stays below the smallest that matters. "
    "Contradicted: all of it lies elsewhere. Undecided: both are possible; more runs may tell."
)


def tell(found: Findings, model: Model) -> Telling:
    """What `offramp claims` says."""
    return Telling(
        title=found.title,
        head=[Paragraph(words.headline(found))],
        body=[
            TextOnly([Gap(), _verdicts(found)]),
            PageOnly([Paragraph(f"{_VERDICTS} Intervals: {found.intervals['holds']}", small=True)]),
            *(_claim(c, model) for c in found.claims),
        ],
        sure=list(_how_sure(found)),
        section="Claims, tested",
        short=Short("The claims of the account", words.in_short(found)),
        caveats=list(_caveats(found)),
        disputes=words.disputes(found, model),
    )


def _verdicts(found: Findings) -> Table:
    """Every claim with its verdict, and in how many worlds it is so if worlds were replicated."""
    width = 3 if found.worlds else 2
    heads = ("", "verdict", "worlds as claimed")
    rows = [(f"{c.id}  {c.title}", c.verdict, words.of_worlds(c)) for c in found.claims]
    return Table(heads[:width], [row[:width] for row in rows])


def _claim(claim: Finding, model: Model) -> Fold:
    backing = ", ".join(claim.sources)
    blocks: list[Block] = [
        Paragraph(f"{claim.verdict.capitalize()} ({backing})." if backing else claim.verdict)
    ]
    for test in claim.tests:
        blocks.append(Bullets([words.expectation(test, model)]))
        blocks += [Paragraph(line, 2) for line in words.results(test, model)]
    return Fold(_line(claim), blocks, heading=f"{claim.id}: {claim.title}")


def _line(claim: Finding) -> Text:
    """A claim and its verdict."""
    found = claim.as_claimed
    share = (Span(f" ({words.as_claimed(found)})", "small"),) if found is not None else ()
    verdict = Span(claim.verdict, _KINDS[claim.verdict])
    return (verdict, " ", Span(claim.id), f" {claim.title}", *share)


def _how_sure(found: Findings) -> Iterator[Block]:
    yield TextOnly([Paragraph(_VERDICTS), Paragraph(f"Intervals: {found.intervals['holds']}")])
    if found.worlds:
        yield Paragraph(
            f"Worlds as claimed: of {counted(found.worlds, 'world')} drawn from what the file "
            "holds possible, each "
            f"run {found.replicates} times and with luck taken out, the share in which all of the claim is "
            "so. Luck in so few lives is part of what is seen of a world, so the share is given with its 90 "
            "% "
            "interval, whatever the worlds are like; where luck leaves any share possible, it says so."
        )


def _caveats(found: Findings) -> Iterator[str]:
    waiting = [c.id for c in found.claims if c.verdict == "undecided"]
    if waiting:
        yield (
            f"{enumerated(waiting)} {'is' if len(waiting) == 1 else 'are'} undecided in {found.runs:,} "
            "futures; more may tell, either way."
        )
