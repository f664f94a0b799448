"""Object code on disk saves time and changes nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from offramp.engine.compiled import cache
from offramp.engine.compiled.compile import CompiledModel, compile_model
from offramp.runs.design import Design
from small_models import STRAIT, made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "kept" / "here"
    monkeypatch.setenv("OFFRAMP_CACHE", str(place))
    return place


@pytest.fixture(scope="module")
def model():
    return made(STRAIT, steps=8)


def last_state(compiled: CompiledModel) -> np.ndarray:
    return compiled.run(Design(compiled.model, scenarios=20).inputs("baseline")).state[:, -1]


def test_the_second_compilation_comes_from_disk_and_runs_alike(model, folder):
    first, second = compile_model(model), compile_model(model)
    assert (first.program.cached, second.program.cached) == (False, True)
    assert "compile" not in second.seconds
    np.testing.assert_array_equal(last_state(first), last_state(second))


def test_another_processor_or_width_is_another_entry(model, folder):
    compile_model(model)
    other = "x86-64" if os.uname().machine == "x86_64" else "generic"
    for program in (compile_model(model, width=1).program, compile_model(model, cpu=other).program):
        assert program.compiled == program.pieces


def test_after_an_edit_only_the_functions_that_it_touches_are_compiled(model, folder):
    compile_model(model)
    assert "-0.1 / month * (tension" in STRAIT
    edited = made(STRAIT.replace("-0.1 / month * (tension", "-0.2 / month * (tension"), steps=8)
    after, anew = compile_model(edited), compile_model(edited, cache=False)
    assert 0 < after.program.compiled < after.program.pieces / 4
    assert anew.program.compiled == anew.program.pieces
    np.testing.assert_array_equal(last_state(after), last_state(anew))
    assert not np.array_equal(last_state(after), last_state(compile_model(model)))


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 5000])
def test_a_damaged_entry_is_made_anew(model, folder, damage):
    first = compile_model(model)
    assert len(list(folder.glob("*.object"))) == first.program.pieces
    entry = max(folder.glob("*.object"))
    entry.write_bytes(damage)
    again = compile_model(model)
    assert again.program.compiled == 1
    np.testing.assert_array_equal(last_state(again), last_state(first))
    assert compile_model(model).program.cached


def test_an_entry_with_one_flipped_bit_is_not_trusted(folder):
    cache.write({"key": b"machine code"})
    (entry,) = folder.glob("*.object")
    content = bytearray(entry.read_bytes())
    content[-1] ^= 1
    entry.write_bytes(content)
    assert cache.read("key") is None


def test_a_place_that_cannot_be_written_is_no_trouble(model, tmp_path, monkeypatch):
    file = tmp_path / "a file, not a folder"
    file.touch()
    monkeypatch.setenv("OFFRAMP_CACHE", str(file))
    assert not compile_model(model).program.cached
    assert not compile_model(model).program.cached


def test_without_the_cache_nothing_is_kept(model, folder):
    compile_model(model, cache=False)
    assert not folder.exists()


def test_entries_used_longest_ago_make_room(tmp_path):
    for age, name in enumerate(["new", "middle", "old"]):
        path = tmp_path / f"{name}.object"
        path.write_bytes(bytes(100))
        os.utime(path, (1e9 - age, 1e9 - age))
    cache.make_room(tmp_path, largest=250)
    assert sorted(p.stem for p in tmp_path.glob("*")) == ["middle", "new"]


def test_the_place_follows_the_environment(monkeypatch):
    monkeypatch.delenv("OFFRAMP_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.directory() == Path("/somewhere/offramp")
    monkeypatch.setenv("OFFRAMP_CACHE", "/elsewhere")
    assert cache.directory() == Path("/elsewhere")
