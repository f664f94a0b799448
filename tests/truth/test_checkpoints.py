"""The file of --resume: of one question, shared by several programs, never lost."""

from __future__ import annotations

import numpy as np
import pytest

from offramp import UsageError
from offramp.truth.checkpoint import Checkpoint
from offramp.truth.sampler import Particles, Steps

ASKED = '{"seed": 1, "particles": 20}'


def particles(value):
    z = np.full((3, 2), float(value))
    return Particles(z, np.zeros((3, 4), np.int64), np.zeros(3), Steps(np.ones(2), np.ones(2)), 1.5, 7)


def test_what_is_kept_is_found_again(tmp_path):
    path = tmp_path / "done.npz"
    Checkpoint(path, ASKED).keep(0, ["a"], particles(1))
    found = Checkpoint(path, ASKED).found(0, ["a"])
    np.testing.assert_array_equal(found.z, particles(1).z)
    assert (found.log_evidence, found.runs) == (1.5, 7)
    assert Checkpoint(path, ASKED).found(1, ["a"]) is None


def test_the_file_of_another_question_is_refused_and_kept(tmp_path):
    path = tmp_path / "done.npz"
    Checkpoint(path, ASKED).keep(0, ["a"], particles(1))
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"another question: --seed 1 there, 2 here.*left as it is"):
        Checkpoint(path, '{"seed": 2, "particles": 20}')
    assert path.read_bytes() == before


def test_two_programs_share_a_file_and_neither_loses_what_the_other_did(tmp_path):
    path = tmp_path / "done.npz"
    one, other = Checkpoint(path, ASKED), Checkpoint(path, ASKED)
    one.keep(0, ["a"], particles(1))
    other.keep(1, ["a"], particles(2))
    one.keep(0, ["a", "b"], particles(3))
    whole = Checkpoint(path, ASKED)
    kept = [(0, ["a"], 1), (1, ["a"], 2), (0, ["a", "b"], 3)]
    assert [whole.found(chain, records).z[0, 0] for chain, records, _ in kept] == [v for *_, v in kept]


def test_a_program_does_not_write_over_another_question_that_came_meanwhile(tmp_path):
    path = tmp_path / "done.npz"
    one, other = Checkpoint(path, ASKED), Checkpoint(path, '{"seed": 2}')
    other.keep(0, ["a"], particles(2))
    with pytest.raises(UsageError, match="another question"):
        one.keep(0, ["a"], particles(1))
    assert Checkpoint(path, '{"seed": 2}').found(0, ["a"]) is not None


@pytest.mark.parametrize("change", ["less", "other", "nan"])
def test_a_file_that_was_changed_is_refused(tmp_path, change):
    path = tmp_path / "done.npz"
    Checkpoint(path, ASKED).keep(0, ["a"], particles(1))
    with np.load(path) as file:
        kept = {name: file[name] for name in file.files}
    name = next(n for n in kept if n.startswith("z_"))
    if change == "less":
        del kept[name]
    else:
        kept[name] = kept[name] * (np.nan if change == "nan" else 2)
    np.savez(path, **kept)
    with pytest.raises(UsageError, match="damaged or was changed"):
        Checkpoint(path, ASKED)


def test_a_file_that_cannot_be_written_is_said_before_anything_runs(tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        Checkpoint(tmp_path / "none" / "done.npz", ASKED)
    with pytest.raises(UsageError):
        Checkpoint(tmp_path, ASKED)
