"""Reading YAML: what is kept, what is refused, and that no input crashes, hangs or runs anything."""

from __future__ import annotations

import random
import time

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from offramp.errors import ModelError, Problem
from offramp.language.check import loads
from offramp.language.source import Mapping, ParsedModel, Scalar, Sequence
from offramp.language.yaml_reader import MAX_BYTES, read

MODEL = """
model: {name: test, illustrative: true}
horizon: {start: 2020-06-01, step: month, steps: 12}
variables:
  tension: {initial: 40, change: "FORMULA"}
"""


def source(text: str) -> ParsedModel:
    return read(text.encode())


def value(text: str) -> Scalar:
    """The one value of `key: value`."""
    found = source(text).root.entries[0][1]
    assert isinstance(found, Scalar)
    return found


# ---------------------------------------------------------------------- positions


@pytest.mark.parametrize(
    ("text", "word", "line", "column"),
    [
        ("a: one two", "two", 1, 8),
        ("a: 'one two'", "two", 1, 9),
        ('a: "one two"', "two", 1, 9),
        ("a: one\n  two", "two", 2, 3),
        ("a: >\n  one\n  two\n", "two", 3, 3),
        ("a: |\n  one\n   two\n", "two", 3, 4),
        ("a: 'it''s two'", "two", 1, 11),
        ("a: >-\n\n  one\n\n  two\n", "two", 5, 3),
        ("ä: ö two", "two", 1, 6),
        ("a: {b: one two}", "two", 1, 12),
    ],
)
def test_every_character_of_a_text_is_found_again_in_the_file(text, word, line, column):
    read_ = source(text)
    scalar = read_.root.entries[0][1]
    if isinstance(scalar, Mapping):
        scalar = scalar.entries[0][1]
    assert isinstance(scalar, Scalar)
    assert read_.main.place(scalar, scalar.text.index(word)) == (line, column)


def test_line_ends_of_windows_and_byte_order_marks_do_not_matter():
    plain = read(b"a: 1\nb: {c: 2}\n").root
    assert read(b"\xef\xbb\xbfa: 1\r\nb: {c: 2}\r\n").root == plain


def test_values_are_text_until_a_key_gives_them_a_meaning():
    root = source("a: NO\nb: 1e-3\nc: 2020-06-01\nd: ~\ne: yes\nf: 0x1F").root
    texts = [v.text for _, v in root.entries if isinstance(v, Scalar)]
    assert texts == ["NO", "1e-3", "2020-06-01", "~", "yes", "0x1F"]


def test_only_true_and_false_are_truth_values():
    assert value("a: true").truth is True
    assert value("a: FALSE").truth is False
    for word in ("yes", "no", "on", "off", "y", "1", "'true'"):
        assert value(f"a: {word}").truth is None


def test_keys_keep_the_order_of_the_file():
    root = source("b: 1\na: [1, {c: 2}]\n").root
    assert [k.text for k, _ in root.entries] == ["b", "a"]
    inner = root.get("a")
    assert isinstance(inner, Sequence)
    assert isinstance(inner.items[1], Mapping)


def test_a_comma_inside_braces_is_put_back_into_the_value_it_cut():
    """The rest of the file is checked as if the quotes had been there."""
    read_ = source("a: {b: min(x, 1, 2), c: 3}")
    assert len(read_.problems) == 1
    inner = read_.root.entries[0][1]
    assert isinstance(inner, Mapping)
    assert [(k.text, v.text) for k, v in inner.entries if isinstance(v, Scalar)] == [
        ("b", "min(x, 1, 2)"),
        ("c", "3"),
    ]


def test_a_key_left_empty_on_purpose_is_not_taken_for_a_cut_value():
    read_ = source("a: {b: x, c: , d: 1}")
    assert read_.problems == ()


# ---------------------------------------------------------------------- hostile input


def refused_at_once(data: str | bytes) -> ModelError:
    """The error for some input, which must come within a second."""
    began = time.process_time()
    with pytest.raises(ModelError) as error:
        loads(data)
    assert time.process_time() - began < 1
    assert len(str(error.value)) < 100_000
    return error.value


BOMB = "a: &a [x, x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("[" * 200_000, "levels deep"),
        ("{a: " * 200_000, "levels deep"),
        ("- " * 300_000, "levels deep"),
        ("? " * 300_000, "levels deep"),
        ("a: " + "[" * 200_000 + "]" * 200_000, "levels deep"),
        ("\n".join(" " * i + "a:" for i in range(1000)), "levels deep"),
        (BOMB, "no anchors"),
        ("a: !!python/object/apply:os.system ['echo broken']", "no tags"),
        ("a: !!python/name:os.system", "no tags"),
        ("a: 1\x00", "U+0000"),
        (b"\x00" * 1000, "U+0000"),
        (b"\xff\xfe" * 1000, "not UTF-8"),
        ("a" * (MAX_BYTES + 1), "1 MiB"),
        ("#" * MAX_BYTES, "empty"),
        ("a: 1\n" * 200_000, "values in one file"),
        ("a: 1\n" * 20_000, "here twice"),
        ("".join(f"a{i}: 1\n" for i in range(100_000)), "values in one file"),
        ("[" + "1, " * 60_000 + "]", "values in one file"),
        ("a: 'x\n" + "y\n" * 100_000, "not closed"),
        ("a: |\n" + "  x\n" * 200_000, "no key"),
        ("%TAG ! tag:x,2000:\n---\na: !b 1", "no tags"),
        ('a: "' + "\\u0041" * 100_000 + '"', "no key"),
        (
            "a: {b: c" + "".join(f", word{i} and a few more words" for i in range(24_000)) + "}",
            "a comma ends",
        ),
        (": " * 300_000, ""),
        ("\t" * 100_000, ""),
        ("- - - -\n" * 50_000, ""),
    ],
)
def test_hostile_files_are_refused_within_a_second(data, message):
    assert message in str(refused_at_once(data))


@pytest.mark.parametrize(
    "formula",
    [
        "9**9**9**9",
        "9" * 4000,
        "(" * 3900,
        "-" * 3900 + "tension",
        "not " * 900 + "tension",
        "tension" + " ** tension" * 300,
        "tension" + " + tension" * 400,
        "1 <" * 1200 + " 2",
        "min(" * 900 + "tension",
        "exp(exp(exp(exp(exp(exp(9))))))",
        "__import__('os').system('true')",
        "().__class__",
        "1" + "0" * 3000 + " * tension",
        "1e308 * 1e308",
        "0 ** -1",
    ],
)
def test_hostile_formulas_are_refused_within_a_second(formula):
    refused_at_once(MODEL.replace("FORMULA", formula))


def test_a_file_of_thousands_of_mistakes_is_refused_within_a_second():
    """Suggesting names must not cost the product of mistakes and names."""
    draw = random.Random(0)
    names = ["".join(draw.choices("abcdefgh_", k=30)).strip("_") + "x" for _ in range(200)]
    uses = "".join(f"  b{i}: {{value: {names[i % 200][1:]} + {names[i % 200][2:]}}}\n" for i in range(900))
    defined = "".join(f"  {name}: {{initial: 0}}\n" for name in dict.fromkeys(names))
    refused_at_once(
        MODEL.replace('  tension: {initial: 40, change: "FORMULA"}\n', defined) + f"parameters:\n{uses}"
    )


def test_nothing_is_ever_constructed(monkeypatch):
    """Only events are read: PyYAML's constructors, which can run code, are never reached."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError

    for name in ("load", "safe_load", "full_load", "unsafe_load", "compose"):
        monkeypatch.setattr(yaml, name, forbidden)
    loads(MODEL.replace("FORMULA", "1 / month"))


def test_without_the_c_library_the_same_is_read(monkeypatch):
    text = MODEL.replace("FORMULA", "1 / month") + "policies:\n  a:\n    title: >\n      b\n\n      c\n"
    fast = read(text.encode())
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert read(text.encode()) == fast


# ---------------------------------------------------------------------- arbitrary input

SMALL = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Pieces of YAML and of formulas, so that arbitrary text gets past the first character.
PIECES = st.sampled_from(
    [
        *("model", "horizon", "variables", "tension", "initial", "equals", "unit", "name", "actors", "do"),
        *(
            ":",
            ": ",
            "\n",
            "\n  ",
            "\n    ",
            "- ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "'",
            '"',
            "|",
            ">",
            "#",
            "&a",
            "*a",
        ),
        *(
            "!",
            "!!str",
            "%",
            "---",
            "...",
            "?",
            "<<",
            "~",
            "null",
            "true",
            "1",
            "-1",
            "1e9",
            "x + 1",
            "kg",
            "/",
        ),
        *("(", ")", "normal(1, 2)", "2020-06-01", "\t", "\r\n", "\u2028", "\x85", "é", "\ufeff", "\\", "\\x"),
    ]
)


def only_model_errors(data: str | bytes) -> None:
    """Anything but a model or a list of well-formed problems fails the test."""
    found: list[Problem] = []
    try:
        loads(data)
    except ModelError as error:
        found = list(error.problems)
        said = str(error)
    for problem in found:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert "\n" not in problem.message
        assert str(problem).splitlines()[0] in said  # a hint that many have is told once


@SMALL
@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_nothing_but_problems(data):
    only_model_errors(data)


@SMALL
@given(st.text(max_size=200))
def test_arbitrary_text_gives_nothing_but_problems(text):
    only_model_errors(text)


@SMALL
@given(st.lists(PIECES, max_size=60).map("".join))
@example("a: {b: c, d, e}\n")
@example("? [a]\n: b")
def test_arbitrary_yaml_gives_nothing_but_problems(text):
    only_model_errors(text)


def test_a_name_over_two_lines_is_said_in_one():
    with pytest.raises(ModelError) as caught:
        loads('model: {name: a, "n\\ntest": 1}')
    assert "`model` has no key `n test`" in [p.message for p in caught.value.problems]


@SMALL
@given(st.data())
def test_a_model_with_a_piece_torn_out_or_put_in_gives_nothing_but_problems(data):
    """The mistakes that are nearest to a right file."""
    text = FULL
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        end = at + data.draw(st.sampled_from([0, 1, 1, 2, 5, 30]))
        text = text[:at] + data.draw(st.one_of(st.just(""), PIECES)) + text[end:]
    only_model_errors(text)


FULL = """
model: {name: test, illustrative: true, sources: {a: {title: A}}}
horizon: {start: 2020-06-01, step: month, steps: 12}
variables:
  tension:
    {unit: points, initial: "normal(40, 5)", change: -decay * tension, bounds: [0, 100], saturates: true}
  stock: {unit: kg, initial: 5, noise: 1}
  left: {unit: month, equals: "max(stock, 1) / flow", source: a 1}
parameters:
  decay: {unit: 1/month, value: "uniform(0.05, 0.15)"}
  flow: {unit: kg/month, value: 2}
actors:
  blue:
    depth: 1
    horizon: 6
    precision: 0.1
    discount: 0.9
    utility: {calm: -tension}
    sees: {stock: {hidden: true, assumed: 3}, tension: {bias: 2, delay: 1}}
    misreads: {flow: {value: flow / 2}}
    actions: {wait: {}, strike: {when: tension > 50, effects: {tension: 5, stock: {set: 0}}, cost: 3}}
events:
  vote:
    on: 2020-11-03
    branches: {won: {probability: 0.4, effects: {tension: 3}}, lost: {probability: rest}}
  raid: {rate: 0.05 / month, effects: {tension: 10}}
outcomes:
  war: {rate: 0.001 / month * tension, absorbing: true, worth: {blue: -80}}
  late: {when: months_until(vote) < 0 and left > 3}
policies:
  hold: {do: [{from: 2020-07-01, until: 2021-01-01, force: {blue: wait}, set: {decay: 0.2}}]}
"""


def test_the_model_that_is_torn_is_right_when_whole():
    assert loads(FULL).name == "test"


@pytest.mark.parametrize(
    ("entry", "message", "column"),
    [
        ("{t: it's: so}", "a `:` in a text inside {...} that has no quotes", 9),
        ("{t: 'it''s', u: See P4: so}", "a `:` in a text inside {...} that has no quotes", 23),
        ("{t: [a: b: c]}", "a `:` in a text inside {...} that has no quotes", 10),
        ("{t: 'it's so'}", "the text ends at this ', and more follows", 8),
        ("'Iran's: so'", "the text ends at this ', and more follows", 6),
        ('"so "they" say"', 'the text ends at this ", and more follows', 5),
        ('{t: "no" he said}', 'the text ends at this ", and more follows', 8),
        ("{t: 40 title: so}", "a comma is missing before `title`, or a text needs quotes", 8),
        ("{t: a {b} c}", "a `{` in a text inside {...} that has no quotes", 7),
        ("{t: No #1}", "from ` #` on this line is a remark, and so is the bracket that ends it", 8),
        ("{t: [1, 2}", "this bracket is not closed, or a comma is missing after an entry", 5),
        ('{t: "40" title: so}', "this bracket is not closed, or a comma is missing after an entry", 1),
        ("{t: 40\n  u: 1}", "this bracket is not closed, or a comma is missing after an entry", 1),
    ],
)
def test_what_cuts_a_text_is_named_where_it_stands(entry, message, column):
    """PyYAML says of all of these that it expected a comma or a bracket."""
    with pytest.raises(ModelError) as error:
        read(f"a: {entry}\n".encode())
    (problem,) = error.value.problems
    assert (problem.message, problem.column - len("a: ")) == (message, column)
