"""What came of exchanges on ladders, for a brief: one sentence and one table for each ladder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.brief.view import View
from offramp.tell import figures
from offramp.tell.words import among, counted, enumerated, quoted

_WAR = 4  # of the dataset's `ladder_ending`


@dataclass(frozen=True)
class Exchanges:
    """One ladder: `rows` are ways it ended or rungs it reached, each with a count and its share."""

    title: str
    sentence: str
    endings: list[tuple[str, str, str]]
    rungs: list[tuple[str, str, str]]


def exchanges(view: View) -> list[Exchanges]:
    """The exchanges of the runs shown, ladder by ladder; of runs that hold."""
    ladders = view.about("ladders")
    ok = view.shown["status"].values[0] == 0
    return [_one(view, name, about, ok) for name, about in ladders.items()]


def _one(view: View, name: str, about: dict[str, Any], ok: npt.NDArray[np.bool_]) -> Exchanges:
    here = view.shown.sel(ladder=name)
    ending, rung = (here[f"ladder_{what}"].values[0][ok] for what in ("ending", "rung"))
    foreseen = here["ladder_foreseen"].values[0][ok]
    titles = {a: x["title"] or a for a, x in view.about("actors").items()}
    sides = [titles[s] for s in json.loads(view.shown["ladder_ending"].attrs["sides"])[name]]
    outcome = view.about("outcomes")[about["war"]]["title"] or about["war"]
    opened = int((rung >= 0).sum())
    title = about["title"] or name
    futures = int((rung >= 0).any(axis=1).sum())
    if not opened:
        return Exchanges(title, f"{quoted(title)} has come in {among(0, view.futures)}.", [], [])
    wars = int((ending == _WAR).sum())
    seen = [figures.percent(float(p)) for p in foreseen[rung >= 0].mean(axis=0)]
    each = [f"{side} foresaw {p}" for side, p in zip(sides, seen, strict=True)]
    sentence = (
        f"{quoted(title)} has come in {among(futures, view.futures)}, {counted(opened, 'time')} in all. Of "
        f"these {figures.percent(wars / opened)} ended in war; as they opened {enumerated(each)} on average."
    )
    words = [f"{sides[0]} stood down", f"{sides[1]} stood down", "It petered out", outcome]
    rungs = about["rungs"]

    def row(label: str, n: int) -> tuple[str, str, str]:
        return label, figures.count(n), figures.percent(n / opened)

    return Exchanges(
        title=title,
        sentence=sentence,
        endings=[row(word, int((ending == i + 1).sum())) for i, word in enumerate(words)],
        rungs=[row(x["title"] or r, int((rung == i).sum())) for i, (r, x) in enumerate(rungs.items())],
    )
