"""Every key of the language is shown, set at random somewhere, and obeyed alike by both engines."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from functools import cache

import numpy as np
import pytest

import every_key
import offramp.model
from every_key import CHANGES
from offramp import anatomy
from offramp.engine.outputs import Outputs
from offramp.explanation import explain
from offramp.language import keys
from offramp.language.check import loads
from offramp.runs.design import Design
from offramp.runs.simulate import engine_for
from offramp.tell.model import explanation_text
from random_models import ModelMaker

# Read before there is a model (tests/language/test_extend.py), or needing another model (below).
ELSEWHERE = {(keys.FILE.what, "extend"), (keys.FILE.what, "without"), (keys.MODEL.what, "illustrative")}

# Keys that say what a model is, rests on or is held against: no run depends on them.
OF_NO_RUN = ("title", "source", "guess", "reason", "unit", "x_unit", "headline", "variant", "aim", "aims")
TABLES_OF_NO_RUN = (
    keys.SOURCE, keys.EVIDENCE, keys.CLAIM, keys.TEST, keys.SIDE, keys.QUANTITY,
)  # fmt: skip
NO_RUN = {(keys.MODEL.what, k.name) for k in keys.MODEL.keys} | {
    (t.what, k.name) for t in TABLES_OF_NO_RUN for k in t.keys
}


def every_key_of_the_language():
    """(kind of thing, key) for each key of each table that is reached from that of a file."""
    waiting, known = [keys.FILE], {}
    while waiting:
        table = waiting.pop()
        known[table.what] = table
        waiting += [k.of for k in table.keys if k.of is not None and k.of.what not in known]
    return [(t.what, k.name) for t in known.values() for k in t.keys]


SECTIONS = {(keys.FILE.what, k.name) for k in keys.FILE.keys} - ELSEWHERE
RUN = sorted(pair for pair in CHANGES if pair not in NO_RUN and pair[1] not in OF_NO_RUN)


def test_every_key_has_a_value_here_and_another_one():
    """Whoever adds a key adds it to tests/every_key.py; the tests below then hold it to what it must do."""
    missing = set(every_key_of_the_language()) - set(CHANGES) - ELSEWHERE - SECTIONS
    assert not missing, f"tests/every_key.py changes no {sorted(missing)}"
    assert set(CHANGES) <= set(every_key_of_the_language())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("every")
    return cache(lambda pair: every_key.model_in(folder, CHANGES[pair] if pair else {}))


def plain(model):
    """What `explain` gives, without what changes with any byte of the file."""

    def without(value):
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k not in ("hash", "line", "file")}
        return [without(v) for v in value] if isinstance(value, list) else value

    return without(json.loads(json.dumps(explain(model))))


@pytest.mark.parametrize("pair", sorted(CHANGES), ids=" ".join)
def test_explain_shows_every_key(made, pair):
    """In JSON and in text: with another value it says something else."""
    base, other = made(None), made(pair)
    assert plain(other) != plain(base)
    texts = [explanation_text(m, 100).replace(m.hash[:12], "") for m in (base, other)]
    assert texts[0] != texts[1]


def test_explain_says_whether_a_model_is_illustrative():
    text = "model: {name: m, illustrative: true}\nhorizon: {start: 2020-01-01, step: month, steps: 2}\n"
    text += "variables: {x: {initial: 1, guess: true, reason: R}}"
    one, other = loads(text), loads(text.replace("illustrative: true", "illustrative: false"))
    assert [explain(m)["summary"]["illustrative"] for m in (one, other)] == [True, False]
    assert ["Illustrative" in explanation_text(m, 100) for m in (one, other)] == [True, False]


# ---------------------------------------------------------------------- engines

OF_NO_ENGINE = {
    "Model", "Formula", "Distribution", "Origin", "LayerChange", "Base", "File", "Source", "Row", "Evidence",
    "Curve", "Quantity", "ClaimSide", "Test", "Claim",
}  # fmt: skip
# Descriptions; and what is resolved before an engine sees a model (tests/engine/test_depths.py,
# tests/runs/test_design.py).
FIELDS_OF_NO_ENGINE = {
    "title", "unit", "headline", "variant", "aim", "aims", "origin", "depth_as", "horizon_as",
    "inner_horizon_as", "parts",
}  # fmt: skip


def test_random_models_set_every_field_that_an_engine_may_read():
    """The two engines are held together on them, which says nothing about fields that none of them sets."""
    kinds = [k for k in vars(offramp.model).values() if is_dataclass(k) and k.__module__ == "offramp.model"]
    wanted = {(k.__name__, f.name) for k in kinds if k.__name__ not in OF_NO_ENGINE for f in fields(k)}
    found = set()
    for seed in range(32):
        for deep in (False, True):
            for part in anatomy.parts(ModelMaker(seed, deep, ladders=seed % 4 == 3).model()):
                found |= {
                    (type(part.item).__name__, f.name)
                    for f in fields(part.item)
                    if f.default is MISSING or getattr(part.item, f.name) != f.default
                }
    missing = {pair for pair in wanted - found if pair[1] not in FIELDS_OF_NO_ENGINE}
    assert not missing, f"tests/random_models.py never sets {sorted(missing)}"


POLICIES = ["baseline", "act", "both"]


@pytest.fixture(scope="module")
def engines(made):
    return cache(lambda pair, engine: engine_for(made(pair), engine))


@pytest.fixture(scope="module")
def runs(made, engines):
    """Outputs of the model in which one key is changed, by one engine under one policy."""

    @cache
    def found(pair, engine, policy) -> Outputs:
        inputs = Design(made(pair), POLICIES, 8, seed=3).inputs(policy)
        return engines(pair, engine).run(inputs, probabilities=True)

    return found


def differ(one: Outputs, other: Outputs) -> bool:
    """Whether anything came out otherwise."""
    return any(
        not np.array_equal(values, other.arrays[name], equal_nan=True) for name, values in one.arrays.items()
    )


@pytest.mark.parametrize("pair", RUN, ids=" ".join)
@pytest.mark.parametrize("engine", ["oracle", "compiled"])
def test_both_engines_obey_every_key(runs, pair, engine):
    assert any(differ(runs(pair, engine, p), runs(None, engine, p)) for p in POLICIES)
