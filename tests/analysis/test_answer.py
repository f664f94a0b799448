"""Answers to JSON and back: a saved one loads into an equal one, a changed one is refused in one line."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from offramp.analysis.answer import Answer, keyed, load_plain, schema_of
from offramp.errors import UsageError


@dataclass(frozen=True)
class Part:
    """A part of an answer."""

    name: str
    value: float
    start: date = keyed("from")
    sizes: tuple[float, ...] = ()
    pair: tuple[int, str] = (0, "")


@dataclass(frozen=True, kw_only=True)
class Whole(Answer):
    """An answer with a field of every kind that answers have."""

    QUESTION: ClassVar[str] = "whole"

    kind: Literal["few", "many"]
    count: int
    sure: bool
    best: Part | None
    by: dict[str, Part]
    days: dict[date, float | None] = field(default_factory=dict)


texts = st.text(max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False)
days = st.dates(date(1700, 1, 1), date(2200, 1, 1))
parts = st.builds(
    Part, texts, numbers, days, st.lists(numbers, max_size=3).map(tuple), st.tuples(st.integers(), texts)
)
wholes = st.builds(
    Whole, model=texts, model_hash=texts, title=texts, illustrative=st.booleans(), version=texts,
    seed=st.integers(0, 2**64 - 1), set=st.dictionaries(texts, numbers, max_size=2), level=numbers,
    intervals=st.dictionaries(texts, texts, max_size=2), kind=st.sampled_from(["few", "many"]),
    count=st.integers(), sure=st.booleans(), best=st.none() | parts,
    by=st.dictionaries(texts, parts, max_size=2),
    days=st.dictionaries(days, st.none() | numbers, max_size=2),
)  # fmt: skip
EXAMPLE = Whole(
    model="m", model_hash="h", title="M", illustrative=False, kind="few", count=3, sure=True,
    best=Part("a", 1.5, date(2020, 6, 1), (1.0, 2.0), (4, "x")), by={"b": Part("b", 2.0, date(2020, 7, 1))},
)  # fmt: skip


@given(wholes)
def test_a_saved_answer_loads_into_an_equal_one(whole):
    assert Whole.from_dict(json.loads(whole.to_json())) == whole


@given(wholes)
def test_every_answer_fits_the_schema_read_off_its_type(whole):
    Draft202012Validator(schema_of(Whole)).validate(json.loads(whole.to_json()))


def test_the_schema_of_an_answer_is_one_and_refuses_what_the_type_refuses():
    Draft202012Validator.check_schema(schema_of(Whole))
    wrong = EXAMPLE.as_dict() | {"count": "three"}
    assert not Draft202012Validator(schema_of(Whole)).is_valid(wrong)


def test_json_says_first_which_question_was_answered_and_calls_fields_by_their_keys():
    made = EXAMPLE.as_dict()
    assert list(made)[:2] == ["question", "model"]
    assert made["by"]["b"]["from"] == "2020-07-01"


def test_a_number_that_is_not_finite_is_null_and_comes_back_as_no_number():
    made = replace(EXAMPLE, best=Part("a", math.inf, date(2020, 6, 1))).as_dict()
    assert made["best"]["value"] is None
    again = Whole.from_dict(json.loads(json.dumps(made)))
    assert math.isnan(again.best.value)


CHANGED = {
    "another question": ({"question": "other"}, "a.json does not answer `whole`."),
    "a key too many": ({"extra": 1}, "a.json knows no `extra`: it was not made by this version of offramp."),
    "text for a number": ({"count": "3"}, "a.json.count must be a whole number, not '3'."),
    "yes for a number": ({"count": True}, "a.json.count must be a whole number, not 'True'."),
    "number for text": ({"title": 3}, "a.json.title must be text, not '3'."),
    "a list for an object": ({"by": []}, "a.json.by must be an object, not '[]'."),
    "a word of another set": ({"kind": "some"}, "a.json.kind must be one of few, many, not 'some'."),
    "a part that lacks a key": (
        {"best": {"name": "a"}}, "a.json.best lacks `value`: it was not made by this version of offramp.",
    ),
    "a day that is none": ({"days": {"2020-13-01": 1.0}}, "a.json.days must be a date, not '2020-13-01'."),
    "a short pair": (
        {"best": {"name": "a", "value": 1, "from": "2020-06-01", "sizes": [], "pair": [1]}},
        "a.json.best.pair must be a list of 2, not '[1]'.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGED)
def test_an_answer_that_was_changed_is_refused_with_the_place(change):
    changes, message = CHANGED[change]
    with pytest.raises(UsageError) as error:
        Whole.from_dict(EXAMPLE.as_dict() | changes, "a.json")
    assert str(error.value) == message


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "{", "\x00", "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass")]
)
def test_a_file_that_holds_no_answer_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as error:
        load_plain(path)
    assert "\n" not in str(error.value)


def test_what_is_no_file_is_refused_at_once(tmp_path):
    with pytest.raises(UsageError, match="is no file"):
        load_plain(tmp_path)
    with pytest.raises(UsageError, match="is no file"):
        load_plain(tmp_path / "nothing.json")
