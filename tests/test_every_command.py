"""Whatever `check` accepts, every command answers: models made at random, through all of them.

A command ends with an answer whose JSON fits its schema and holds no number that is none, or with a message;
never with a traceback, and never with a warning of a library. benchmarks/fuzz_commands.py tries thousands.
"""

from __future__ import annotations

import re

import pytest

from every_command import asked, wrongs
from offramp.language.keys import every_table
from written_models import Extras, Maker, as_yaml, document, sound, with_memories, write

# Of each kind, and quick: without minds, with minds, with ladders.
FEW = (0, 4, 11)
SLOW = ("sensitivity", "discover", "misreadings", "loops", "backtest")


@pytest.mark.parametrize("seed", FEW)
def test_every_command_answers_whatever_check_accepts(seed, tmp_path):
    written = write(seed, tmp_path)
    assert not list(map(str, wrongs(written, without=SLOW)))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(1000, 1004))
def test_every_command_answers_many_models(seed, tmp_path):
    written = write(seed, tmp_path)
    assert not list(map(str, wrongs(written)))


def test_what_goes_wrong_would_be_seen(tmp_path, monkeypatch):
    """A command that raises, one that warns and one that says no number: each is found."""
    monkeypatch.chdir(tmp_path)
    write(0, tmp_path)
    import offramp.questions.outlook.ask as ask

    real = ask.asked
    words = ["run", "model.yaml", "--runs", "5", "--format", "json"]
    assert asked(words) is None

    def raising(request):
        raise KeyError("seed")

    monkeypatch.setattr(ask, "asked", raising)
    assert "KeyError" in asked(words).what

    def without_an_end(request):
        found = real(request)
        object.__setattr__(found, "end", 3)
        return found

    monkeypatch.setattr(ask, "asked", without_an_end)
    assert "does not fit its schema" in asked(words).what


def test_every_key_of_the_language_is_written_by_some_random_model(tmp_path):
    """So a key that the language gains is tried by every command; what concerns several files is left out."""
    import numpy as np

    from offramp import loads

    text = ""
    for seed in range(14):
        drawn = Maker(seed, deep=seed % 3 == 1, ladders=seed % 3 == 2).model()
        doc = sound(with_memories(document(drawn), np.random.default_rng(seed)))
        extras = Extras(doc, loads(as_yaml(doc)), np.random.default_rng(seed))
        text += as_yaml({"evidence": extras.evidence()})
        extras.policies()
        extras.aims()
        extras.claims()
        text += as_yaml(doc)
    of_files = {"extend", "without", "chapters", "sources", "summary", "url", "note", "date"}
    for_readers = {"source", "guess", "reason", "title", "name", "unit", "x_unit", "headline"}
    missing = {
        f"{key.name} of {table.what}"
        for table in every_table()
        for key in table.keys
        if key.name not in of_files | for_readers and not re.search(rf"\b{key.name}['\"]?:", text)
    }
    assert not missing
