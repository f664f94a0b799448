"""Counts of other crises that the flagship's numbers rest on, against the table from which they come."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from offramp.explanation import explain
from offramp.language.check import load

TABLE = Path(__file__).parents[3] / "shared" / "data" / "base_rates" / "base_rates_dev.csv"
# Of 73 crises with serious clashes or war 26 were wars: two rows of the same 187.
BETWEEN = {(26, 73): ((26, 187), (73, 187))}
# Tables of this crisis alone, counted elsewhere.
OWN = {"icb", "mid", "mie"}


def quoted() -> list[tuple[str, int, int]]:
    """Every `k of n` in the reason of a number that rests on data on crises."""
    found = []
    for guess in explain(load("us-iran-2020"))["guesses"]:
        if OWN & {source.split()[0] for source in guess["sources"]}:
            for k, n in re.findall(r"(\d[\d,]*) of (\d[\d,]*)", guess["reason"]):
                found.append((guess["name"], int(k.replace(",", "")), int(n.replace(",", ""))))
    return found


def test_some_numbers_rest_on_base_rates():
    names = {name for name, _, _ in quoted()}
    assert {"us_answer", "iran_answer", "control_loss", "mediated_cost"} <= names


@pytest.mark.skipif(not TABLE.exists(), reason="the table of base rates is not here")
def test_every_count_quoted_of_other_crises_is_in_the_table():
    with TABLE.open(newline="") as file:
        rows = {(round(float(r["k"])), int(r["n"])) for r in csv.DictReader(file) if r["k"]}
    for name, k, n in quoted():
        for pair in BETWEEN.get((k, n), ((k, n),)):
            assert pair in rows, name
