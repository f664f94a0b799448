"""One of a thing is told in the singular."""

from __future__ import annotations

import re

import pytest

from cli_calls import call

ONE = re.compile(
    r"\b1\s(?:futures|runs|rows|worlds|uncertain numbers|numbers|stocks|variables|actors|actions)\b"
    r"|the 1 that|Of 1\b"
)
MODEL = """\
model: {name: one, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 3}
variables: {x: {initial: 0, change: k / month, headline: true}}
parameters: {k: {value: "uniform(0, 1)"}}
actors: {a: {actions: {go: {effects: {x: 1}}}}}
outcomes: {war: {rate: 0.1 / month, absorbing: true}, peace: {otherwise: true}}
claims: {c: {tests: [{quantity: {variable: x}, expect: above, limit: 0, reason: so}]}}
"""


@pytest.mark.parametrize(
    "command",
    [
        "run --runs 1",
        "explain",
        "check",
        "claims --runs 1 --worlds 0",
        "story",
        "reach --runs 1",
        "sensitivity --runs 200",
        "loops --runs 1",
    ],
)
def test_one_is_told_as_one(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.yaml").write_text(MODEL)
    name, *options = command.split()
    text = call(name, "one.yaml", *options).output
    assert text.strip()
    assert ONE.findall(text) == []
